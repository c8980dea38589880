// Prints how long every page takes until all of it is there, with a range of 90 days: for a system with the database
// that scripts/large-database makes. Fails where a page takes longer than three seconds.
//
//   PASSWORD=... node web/dashboard/e2e/large.mjs http://127.0.0.1:3000 owner@localhost

import assert from "node:assert/strict";

import { openPage } from "./page.mjs";
import { allPages } from "./pages.mjs";
import { launchBrowser, signIn } from "./system.mjs";

const RANGE = "?timeRange=90d&tz=Europe/Vienna";
const GOOD_MS_MAX = 3000;
const LOAD_MS_MAX = 120_000;
/** Requests of a page that are named. */
const NAMED = 2;

const [base, email] = process.argv.slice(2);
const password = process.env.PASSWORD;
assert.ok(base && email && password, "usage: PASSWORD=... node large.mjs ADDRESS EMAIL");

const browser = await launchBrowser();
try {
  const storageState = await signIn(browser, base, { email, password });
  const options = { storageState, locale: "en-GB", viewport: { width: 1440, height: 900 } };
  const context = await browser.newContext(options);
  const pages = await allPages(await anySession(context));
  const times = [];
  for (const page of pages.filter(({ signedIn }) => signedIn))
    times.push(await time(context, page));
  const slow = times.filter((ms) => ms > GOOD_MS_MAX).length;
  print(
    `${times.length} pages, the slowest ${Math.max(...times)} ms, ${slow} over ${GOOD_MS_MAX} ms`,
  );
  process.exitCode = slow > 0 ? 1 : 0;
} finally {
  await browser.close();
}

/** The newest session that came as far as an order. */
async function anySession({ request }) {
  const query = "timeRange=90d&hasOrder=true&limit=1";
  const answer = await request.get(`${base}/api/admin/analytics/sessions?${query}`);
  const { visits } = await answer.json();
  return visits[0].sessionId;
}

/** Opens a page in a new tab, and prints its time and its slowest requests. */
async function time(context, { name, path }) {
  const tab = await openPage(context, base);
  const requests = [];
  tab.page.on("requestfinished", (request) => requests.push(request));
  const ms = await tab.open(path + RANGE, LOAD_MS_MAX);
  const slowest = requests
    .map((request) => ({ ms: Math.round(request.timing().responseEnd), path: pathOf(request) }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, NAMED)
    .map((each) => `${each.path} ${each.ms}`);
  print(`${name.padEnd(16)}${String(ms).padStart(6)} ms   ${slowest.join(", ")}`);
  for (const problem of tab.takeProblems()) print(`  ${problem}`);
  await tab.page.close();
  return ms;
}

function pathOf(request) {
  return new URL(request.url()).pathname;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
