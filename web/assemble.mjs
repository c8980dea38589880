// Puts what the packages were built to where the hosts take static files from: dashboard/dist into public/admin,
// tracker/dist into public/tracker. With --compress a gzip of each text is put beside it, for a host that sends files as
// they are.

import { cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const WEB = fileURLToPath(new URL(".", import.meta.url));
const PUBLIC = join(WEB, "..", "public");
const PARTS = [
  { built: join(WEB, "dashboard", "dist"), published: join(PUBLIC, "admin") },
  { built: join(WEB, "tracker", "dist"), published: join(PUBLIC, "tracker") },
];

/** What tools leave for each other, and types, which are for whoever compiles against a package. */
const NOT_PUBLISHED = /(^|\/)\.|\.d\.[cm]?ts(\.map)?$/;
const COMPRESSED = /\.(html|m?js|css|json|svg|map)$/;
/** A shorter file fits into one packet anyway. */
const COMPRESSED_BYTES_MIN = 1_000;

const { values: options } = parseArgs({ options: { compress: { type: "boolean" } } });
for (const { built, published } of PARTS) {
  await rm(published, { recursive: true, force: true });
  if (!(await exists(built))) continue;
  const filter = (name) => !NOT_PUBLISHED.test(relative(built, name));
  await cp(built, published, { recursive: true, filter });
  if (options.compress) await compressAll(published);
}

async function exists(folder) {
  return (await stat(folder).catch(() => null)) !== null;
}

async function compressAll(folder) {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!COMPRESSED.test(name)) continue;
    const file = join(folder, name);
    const content = await readFile(file);
    if (content.length < COMPRESSED_BYTES_MIN) continue;
    await writeFile(`${file}.gz`, gzipSync(content, { level: 9 }));
  }
}
