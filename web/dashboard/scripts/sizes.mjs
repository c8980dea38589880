// Prints what a build weighs, and fails when the script that a visitor loads before charts is too much.

import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 250_000;
const DIST = new URL("../dist/", import.meta.url);
const LATER = "src/pages/overview/index.tsx";

const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", DIST), "utf8"));
const before = new Set();
addImports("index.html");
addImports(LATER);

const rows = [];
for (const name of await readdir(new URL("assets/", DIST))) {
  const file = `assets/${name}`;
  const content = await readFile(new URL(file, DIST));
  rows.push({
    file,
    bytes: content.length,
    gzip: gzipSync(content).length,
    first: before.has(file),
  });
}
rows.sort((one, other) => other.gzip - one.gzip);
const total = rows
  .filter((row) => row.first && row.file.endsWith(".js"))
  .reduce((sum, row) => sum + row.gzip, 0);

print("file", "bytes", "gzip", "before charts");
for (const row of rows) print(row.file, row.bytes, row.gzip, row.first ? "yes" : "");
print("script before charts", "", total, `of ${LIMIT_BYTES}`);
if (total > LIMIT_BYTES) {
  process.stderr.write(`script before charts is ${total} bytes gzipped, over ${LIMIT_BYTES}\n`);
  process.exitCode = 1;
}

/** Marks a chunk and all that it imports at once; what it imports later is not marked. */
function addImports(key) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`the build has no ${key}`);
  if (before.has(chunk.file)) return;
  before.add(chunk.file);
  for (const sheet of chunk.css ?? []) before.add(sheet);
  for (const imported of chunk.imports ?? []) addImports(imported);
}

function print(file, bytes, gzip, first) {
  const cells = [
    file.padEnd(52),
    String(bytes).padStart(9),
    String(gzip).padStart(9),
    `  ${first}`,
  ];
  process.stdout.write(`${cells.join(" ").trimEnd()}\n`);
}
