// Every page, light and dark, wide in English and narrow in German: it loads without a mistake, is named, fits its
// window, is accessible, and speaks one language.
// With UPDATE=1 pictures of all are written into docs/screenshots.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import { visitNow } from "./live.mjs";
import { allPages } from "./pages.mjs";
import { REPOSITORY, startDashboard } from "./system.mjs";

const FOLDER = join(REPOSITORY, "docs", "screenshots");
const WINDOWS = {
  wide: { viewport: { width: 1440, height: 900 }, locale: "en-GB" },
  narrow: { viewport: { width: 360, height: 740 }, locale: "de-AT" },
};
/** Words of English sentences that German has not. */
const ENGLISH =
  /\b(the|and|are|were|with|which|every|been|have|has|from|until|visitors?|events?)\b/i;
/** Where names stand that are the same in every language, and what is marked as English. */
const NO_SENTENCES = "script, style, noscript, code, pre, [lang=en]";
/** Rules whose answer depends on colours; that of all others is the same in light and dark. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
const QUALITY = 80;
const RANGE = "?timeRange=30d&tz=Europe/Vienna";
/** Stands in a path for the session that is opened; which one it is, is known when the system runs. */
const SESSION = "SESSION";

const pages = await allPages(SESSION);
let dashboard;
let session;

/** Both windows at once, which takes less time: what a page waits for, the other one works in. */
suite("pages", { concurrency: 2 }, () => {
  before(async () => {
    dashboard = await startDashboard();
    await visitNow(dashboard.system);
    session = await richSession(dashboard.system);
    if (process.env.UPDATE) await mkdir(FOLDER, { recursive: true });
  });

  after(() => dashboard?.stop());

  for (const [width, { viewport, locale }] of Object.entries(WINDOWS)) {
    const language = locale.slice(0, 2);
    suite(width, { concurrency: 1 }, () => {
      const tabs = {};

      before(async () => {
        tabs.signedIn = await dashboard.openPage({ viewport, locale });
        tabs.signedOut = await dashboard.openPage({ viewport, locale, signedIn: false });
      });

      after(async () => {
        for (const tab of Object.values(tabs)) await tab.close();
      });

      for (const page of pages) {
        test(`${page.name}, ${width}`, async () => {
          const tab = page.signedIn ? tabs.signedIn : tabs.signedOut;
          const picture = async (scheme) => {
            if (!process.env.UPDATE) return;
            const file = join(FOLDER, `${page.name}-${width}-${scheme}.webp`);
            await writeFile(file, await pictureOf(tab, viewport));
          };
          await tab.page.emulateMedia({ colorScheme: "light" });
          await tab.open(addressOf(page));
          await assertNamed(tab, page.titles[language]);
          if (language === "de") assert.deepEqual(await englishOf(tab), [], "English in German");
          assert.equal(await tab.overflow(), 0, "pixels that the page is wider than its window");
          assert.deepEqual(await tab.violations(), [], "what axe finds in light");
          await picture("light");
          await tab.show("dark");
          assert.deepEqual(await tab.violations(COLOUR_RULES), [], "what axe finds in dark");
          await picture("dark");
          assert.deepEqual(tab.takeProblems(), [], "failed requests, and mistakes in the console");
        });
      }
    });
  }
});

function addressOf({ path, signedIn }) {
  return signedIn ? path.replace(SESSION, session) + RANGE : path;
}

/** A session that came as far as an order: the richest timeline there is. */
async function richSession(system) {
  const query = "timeRange=30d&hasOrder=true&limit=1";
  const { status, body } = await system.get(`/api/admin/analytics/sessions?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.visits[0].sessionId;
}

/** Asserts that a page has one heading of the first level, its own, and that the document is named by it. */
async function assertNamed({ page }, title) {
  const headings = await page.getByRole("heading", { level: 1 }).allTextContents();
  assert.equal(headings.length, 1, `headings of the first level: ${headings.join(", ")}`);
  assert.equal(headings[0], title);
  assert.equal(await page.title(), `${headings[0]} · NEST-Haus`);
}

/** The texts of a page that read like English. */
async function englishOf({ page }) {
  const texts = await page.evaluate((apart) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { parentElement, textContent } = walker.currentNode;
      if (!parentElement.closest(apart)) found.push(textContent);
    }
    return found;
  }, NO_SENTENCES);
  return texts.filter((text) => ENGLISH.test(text));
}

/** A picture of what a window of twice the height shows, or less where the page is shorter. */
async function pictureOf(tab, { width, height }) {
  const { page } = tab;
  const full = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(full, 2 * height) });
  await tab.loaded();
  const client = await page.context().newCDPSession(page);
  const { data } = await client.send("Page.captureScreenshot", {
    format: "webp",
    quality: QUALITY,
  });
  await client.detach();
  await page.setViewportSize({ width, height });
  return Buffer.from(data, "base64");
}
