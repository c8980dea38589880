// What the dashboard uses of Papa Parse. Its published types would bring those of Node.js into browser code.

declare module "papaparse" {
  interface PapaParse {
    /** Writes rows, one line each. Text that `escapeFormulae` matches gets an apostrophe before it. */
    unparse(rows: readonly (readonly unknown[])[], config: { escapeFormulae: RegExp }): string;
    /** Takes a text apart into rows of cells. */
    parse(
      text: string,
      config: { delimiter: string; skipEmptyLines: boolean },
    ): { data: string[][] };
  }
  const papa: PapaParse;
  export default papa;
}
