// Every page of the dashboard, from its own list, so that none can be forgotten.

import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Pages that one sees without being signed in, which are not in the list. */
const ACCOUNT_PAGES = [
  { name: "sign-in", path: "/", titles: { en: "Sign in", de: "Anmelden" } },
  { name: "invitation", path: "/invitation#none", titles: { en: "Welcome", de: "Willkommen" } },
  {
    name: "forgot-password",
    path: "/forgot-password",
    titles: { en: "Password forgotten", de: "Passwort vergessen" },
  },
  {
    name: "reset-password",
    path: "/reset-password#none",
    titles: { en: "Another password", de: "Anderes Passwort" },
  },
].map((page) => ({ ...page, signedIn: false, ranged: false }));

/**
 * All pages: name, path below `/admin`, headings by language, whether one is signed in there, whether the
 * range of the header matters. `session` is the session to open.
 */
export async function allPages(session) {
  const { pages } = await load("src/app/pages.ts");
  const { shellTexts } = await load("src/app/shell-texts.ts");
  const listed = pages.map(({ path, key, ranged }) => ({
    name: key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    path: path.replace("$id", encodeURIComponent(session)),
    titles: { en: shellTexts.en.pages[key], de: shellTexts.de.pages[key] },
    signedIn: true,
    ranged,
  }));
  return [...listed, ...ACCOUNT_PAGES];
}

async function load(file) {
  const { module } = await runnerImport(`${ROOT}${file}`, { root: ROOT, logLevel: "error" });
  return module;
}
