// Prints the size of each built file as it is sent (gzip, level 9) and fails where one is too large.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** Bytes: 5 kB for the core and for what captures. */
const LIMITS = {
  "index.js": 5000,
  "nest-haus.js": 5000,
  "capture.js": 5000,
  "vitals.js": 5000,
  "assignment.js": 1000,
};

const tooLarge = Object.entries(LIMITS).filter(([name, limit]) => {
  const bytes = gzipSync(readFileSync(new URL(`../dist/${name}`, import.meta.url)), { level: 9 });
  process.stdout.write(
    `${name.padEnd(14)} ${String(bytes.length).padStart(5)} of ${limit} bytes\n`,
  );
  return bytes.length > limit;
});

if (tooLarge.length > 0) {
  process.stderr.write(`too large: ${tooLarge.map(([name]) => name).join(", ")}\n`);
  process.exitCode = 1;
}
