// The live page shows who is configuring, and notices when their price and configuration change.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { money } from "./formats.mjs";
import { tell, visitNow } from "./live.mjs";
import { openDashboard } from "./system.mjs";

const REAL_TIME = "/api/admin/analytics/real-time";

suite("live", async () => {
  const { dashboard, tab, page } = await openDashboard({ simulated: false });
  let sessions;

  const card = (sessionId) => page.getByRole("listitem").filter({ hasText: sessionId });

  test("nobody is there: the page says what will show", async () => {
    await tab.open("/live");
    await page.getByText("Nobody is configuring right now").waitFor();
    assert.deepEqual(await tab.violations(), []);
  });

  test("whoever configures shows with price and configuration", async () => {
    sessions = await visitNow(dashboard.system);
    await page.keyboard.press("r");
    for (const sessionId of sessions) await card(sessionId).waitFor();
    await tab.loaded();
    const { configuring, activeNow } = await tab.ask(REAL_TIME);
    assert.deepEqual(configuring.map(({ sessionId }) => sessionId).toSorted(), sessions.toSorted());
    for (const { sessionId, priceCents } of configuring) {
      await card(sessionId).getByText(money(priceCents), { exact: true }).waitFor();
      await card(sessionId).getByText("Hoam 80", { exact: true }).waitFor();
    }
    await tab.metricIs("Here now", activeNow);
    await tab.metricIs("Configuring", configuring.length);
    assert.deepEqual(await tab.violations(), []);
  });

  test("another choice changes price and configuration, and both say so", async () => {
    const [sessionId] = sessions;
    const before = await priceOf(sessionId);
    await choose(sessionId, "nest120");
    await page.keyboard.press("r");
    await card(sessionId).getByText("changed", { exact: true }).waitFor();
    const now = await priceOf(sessionId);
    assert.ok(now > before, "a larger house costs more");
    await card(sessionId).getByText(money(now), { exact: true }).waitFor();
    await card(sessionId)
      .getByText(`+${money(now - before)} since`)
      .waitFor();
    await card(sessionId).getByText("Hoam 120", { exact: true }).waitFor();
  });

  test("the dearest may stand first, and updates may be off: both by the address", async () => {
    await tab.choose("Order", "Dearest first");
    await page.getByRole("switch").click({ force: true });
    await page.waitForURL(/updates=off/);
    await page.reload();
    await tab.loaded();
    await page.getByText("Paused").waitFor();
    const { configuring } = await tab.ask(REAL_TIME);
    const wanted = configuring
      .toSorted((one, other) => other.priceCents - one.priceCents)
      .map(({ sessionId }) => sessionId);
    const shown = await page.locator("main ul > li h3").allInnerTexts();
    assert.deepEqual(shown, wanted);
  });

  test("old numbers are marked, and failed ones say which request it was", async () => {
    await page.route(`**${REAL_TIME}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), stale: true } });
    });
    await refreshUntil(page.getByText("These numbers are out of date"));
    await tab.loaded();
    await page.unroute(`**${REAL_TIME}`);
    await page.route(`**${REAL_TIME}`, (route) => route.fulfill(refusal));
    await page.keyboard.press("r");
    await page.getByRole("alert").getByText("request-of-the-test").waitFor();
    await tab.loaded();
    await page.unroute(`**${REAL_TIME}`);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
  });

  test("a card leads to its session", async () => {
    const [sessionId] = sessions;
    await card(sessionId).getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: "Session", exact: true }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/admin/sessions/${sessionId}`);
    await page.getByText("Going on now").waitFor();
  });

  /** Asks for the numbers anew until something shows: on a busy machine an answer from before may come last. */
  async function refreshUntil(shown) {
    for (let tries = 0; tries < 3; tries += 1) {
      await page.keyboard.press("r");
      const timeout = 5000;
      if (
        await shown.waitFor({ timeout }).then(
          () => true,
          () => false,
        )
      )
        return;
    }
    await shown.waitFor();
  }

  async function priceOf(sessionId) {
    const { configuring } = await tab.ask(REAL_TIME);
    return configuring.find((session) => session.sessionId === sessionId).priceCents;
  }

  async function choose(sessionId, value) {
    const configuration = {
      nest: { category: "nest", value },
      gebaeudehuelle: { category: "gebaeudehuelle", value: "trapezblech" },
    };
    await tell(dashboard.system, "desktop", "sync", { sessionId, configuration, currentPrice: 0 });
  }
});

const refusal = {
  status: 422,
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: "urn:nest-haus:problem:invalid",
    title: "Unprocessable Entity",
    status: 422,
    detail: "refused by the test",
    code: "invalid",
    errors: [],
    requestId: "request-of-the-test",
  }),
};
