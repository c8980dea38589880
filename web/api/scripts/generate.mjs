// Writes src/generated/schema.d.ts from docs/openapi.json. It runs before every build and check, and
// its result is never committed, so that nothing can be built against an older description.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const FOLDER = new URL("../src/generated/", import.meta.url);

const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
const ast = await openapiTS(document, { emptyObjectsUnknown: true });
await mkdir(FOLDER, { recursive: true });
await writeFile(new URL("schema.d.ts", FOLDER), astToString(ast));
