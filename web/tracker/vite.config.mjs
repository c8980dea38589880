// Builds the package: ES modules, of which `capture` and `vitals` are loaded when they are needed, and then, in the
// mode `script`, the file for a script tag, which loads the same two under names with a hash of their content.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { defineConfig } from "vite";

const DIST = new URL("dist/", import.meta.url);
const HASH_LENGTH = 8;
/** Properties of the core's own objects: no page, module, server, storage or other tab ever sees them. */
const INTERNAL = /^(activity|choose|hear|oldest|record)$/;

const modules = {
  entry: {
    index: "src/index.ts",
    assignment: "src/assignment.ts",
    capture: "src/capture/index.ts",
    vitals: "src/vitals.ts",
  },
  formats: ["es"],
};

const script = {
  entry: "src/script.ts",
  formats: ["iife"],
  name: "nestHaus",
  fileName: () => "nest-haus.js",
};

/** Puts a module below `assets/` under a name with a hash of its content, which it gives as source text. */
async function publish(name) {
  const content = await readFile(new URL(`${name}.js`, DIST));
  const digest = createHash("sha256").update(content).digest("base64url");
  // Not the usual `-`, `_`: they would make names that begin or end oddly.
  const hash = digest.replace(/[-_]/g, "").slice(0, HASH_LENGTH);
  await mkdir(new URL("assets/", DIST), { recursive: true });
  await writeFile(new URL(`assets/${name}-${hash}.js`, DIST), content);
  return JSON.stringify(hash);
}

export default defineConfig(async ({ mode }) => {
  const isScript = mode === "script";
  const hashes = isScript && {
    CAPTURE_HASH: await publish("capture"),
    VITALS_HASH: await publish("vitals"),
  };
  return {
    define: { "process.env.NODE_ENV": JSON.stringify("production"), ...hashes },
    build: {
      target: "es2022",
      lib: isScript ? script : modules,
      emptyOutDir: !isScript,
      minify: "terser",
      terserOptions: {
        compress: { passes: 3, ecma: 2020, unsafe_arrows: true },
        mangle: { properties: { regex: INTERNAL } },
      },
      reportCompressedSize: false,
      rolldownOptions: { output: { generatedCode: { symbols: false } } },
    },
    test: { include: ["test/**/*.test.ts"] },
  };
});
