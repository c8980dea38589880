// Which modules are loaded together. By itself the bundler makes a file of whatever two pages share, so that a first load
// would ask for sixty; what is loaded at once anyway is one file here.

import react from "@vitejs/plugin-react";
import { build, type Rolldown } from "vite";

/** What is loaded at first, and what comes next for whoever is signed in, by the ends of their entries' names. */
const TIERS = {
  door: ["/index.html"],
  app: ["/src/app/app.tsx", "/src/app/frame.tsx"],
};

/** The groups of modules that are one file each: found by a build that is not written, since only that knows what is used. */
export async function findTiers(base: string): Promise<Rolldown.CodeSplittingGroup[]> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    base,
    plugins: [react()],
    build: { target: "es2022", write: false, minify: false },
  });
  const { output } = built as Rolldown.RolldownOutput;
  const chunks = new Map(
    output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])),
  );
  const taken = new Set<string>();
  return Object.entries(TIERS).map(([name, ends]) => {
    const isRoot = ({ facadeModuleId }: Rolldown.OutputChunk) =>
      ends.some((end) => facadeModuleId?.endsWith(end));
    const files = [...chunks.values()].filter(isRoot).map(({ fileName }) => fileName);
    const modules = new Set<string>();
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      const chunk = chunks.get(file);
      if (!chunk || taken.has(file)) continue;
      taken.add(file);
      for (const id of chunk.moduleIds) modules.add(id);
      files.push(...chunk.imports);
    }
    return { name, test: (id: string) => modules.has(id) };
  });
}
