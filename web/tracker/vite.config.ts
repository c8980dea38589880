// Builds the package: ES modules, of which `capture` and `vitals` are loaded when they are needed,
// and in the mode `script` the file for a script tag, which loads the same two modules.

import { defineConfig } from "vite";

const modules = {
  entry: {
    index: "src/index.ts",
    assignment: "src/assignment.ts",
    capture: "src/capture/index.ts",
    vitals: "src/vitals.ts",
  },
  formats: ["es" as const],
};

const script = {
  entry: "src/script.ts",
  formats: ["iife" as const],
  name: "nestHaus",
  fileName: () => "nest-haus.js",
};

export default defineConfig(({ mode }) => ({
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    target: "es2022",
    lib: mode === "script" ? script : modules,
    emptyOutDir: mode !== "script",
    minify: "terser",
    terserOptions: { compress: { passes: 3, ecma: 2020, unsafe_arrows: true } },
    reportCompressedSize: false,
    rolldownOptions: { output: { generatedCode: { symbols: false } } },
  },
  test: { include: ["test/**/*.test.ts"] },
}));
