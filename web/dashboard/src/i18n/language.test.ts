// Whether the browser's languages choose the dashboard's.

import { expect, test } from "vitest";
import { preferredLanguage } from "./language";

test("the first language that the dashboard speaks wins; English is the last resort", () => {
  expect(preferredLanguage(["fr-FR", "de-AT", "en"])).toBe("de");
  expect(preferredLanguage(["EN-us", "de"])).toBe("en");
  expect(preferredLanguage(["fr"])).toBe("en");
});
