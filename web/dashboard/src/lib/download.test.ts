// Whether files have names that every system takes.

import { expect, test } from "vitest";
import { fileName } from "./download";

test("a file's name has plain letters and the day", () => {
  const name = fileName("Häufigste Größen (7 T)", "csv", new Date("2026-11-29T19:00:00Z"));
  expect(name).toBe("nest-haus-haufigste-gro-en-7-t-2026-11-29.csv");
});
