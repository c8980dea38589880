// Builds the dashboard for `/admin` on any origin; in development the API is on port 3000, or at API.

import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";
import { findTiers } from "./vite-tiers";

const BASE = "/admin/";

const COMPONENT = /@mantine\/core\/esm\/.*\/(\w+)\.module\.m?js$/;
const SHEET = /@mantine\/core\/styles\/(\w+)\.css$/;

export default defineConfig(async ({ command, mode }) => ({
  base: BASE,
  plugins: [react(), styledComponents()],
  build: {
    target: "es2022",
    manifest: true,
    chunkSizeWarningLimit: 800,
    rolldownOptions:
      command === "build" ? { output: { codeSplitting: { groups: await findTiers(BASE) } } } : {},
  },
  server: {
    proxy: { "/api": loadEnv(mode, ".", "API").API ?? "http://127.0.0.1:3000" },
  },
}));

/** Fails the build where a component of Mantine is in use without its style sheet, which is imported by name. */
function styledComponents(): Plugin {
  const namesOf = (files: readonly string[], pattern: RegExp) =>
    new Set(files.flatMap((file) => pattern.exec(file)?.[1] ?? []));
  return {
    name: "styled-components",
    apply: "build",
    generateBundle(_, bundle) {
      const used = Object.values(bundle).flatMap((file) =>
        file.type === "chunk" ? file.moduleIds : [],
      );
      const sheets = namesOf([...this.getModuleIds()], SHEET);
      const unstyled = [...namesOf(used, COMPONENT)].filter((name) => !sheets.has(name));
      if (unstyled.length > 0) {
        this.error(
          `style sheets missing in base-styles.ts or frame-styles.ts: ${unstyled.join(", ")}`,
        );
      }
    },
  };
}
