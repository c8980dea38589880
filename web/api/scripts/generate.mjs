// Writes src/generated/schema.d.ts from docs/openapi.json. It runs before every build and check, and
// its result is never committed, so that nothing can be built against an older description.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const FOLDER = new URL("../src/generated/", import.meta.url);

const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
for (const [path, item] of Object.entries(document.paths)) {
  for (const operation of Object.values(item)) {
    for (const parameter of operation.parameters ?? []) placeParameter(path, parameter);
  }
}
const ast = await openapiTS(document, { emptyObjectsUnknown: true });
await mkdir(FOLDER, { recursive: true });
await writeFile(new URL("schema.d.ts", FOLDER), astToString(ast));

/** The document says `path` of most parameters of the query: a path has those of its template alone. */
function placeParameter(path, parameter) {
  if (parameter.in !== "path" || path.includes(`{${parameter.name}}`)) return;
  parameter.in = "query";
  parameter.required = false;
}
