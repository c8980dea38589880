// Builds the dashboard for `/admin` on any origin; in development the API is on port 3000, or at API.

import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => ({
  base: "/admin/",
  plugins: [react()],
  build: { target: "es2022", manifest: true, chunkSizeWarningLimit: 800 },
  server: {
    proxy: { "/api": loadEnv(mode, ".", "API").API ?? "http://127.0.0.1:3000" },
  },
}));
