// The pages retention, channels, performance, alerts and data quality: they show what the API answers, their filters
// are in the address, what they change is changed, and axe finds nothing.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { count, share } from "./formats.mjs";
import { visitNow } from "./live.mjs";
import { openDashboard } from "./system.mjs";

const DAY_MS = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS;
/** 30 days that are over, so that the API answers the same whenever it is asked. */
const RANGE = new URLSearchParams({
  timeRange: "custom",
  from: new Date(TODAY - 30 * DAY_MS).toISOString(),
  to: new Date(TODAY).toISOString(),
  tz: "UTC",
});

const PHONE = { colorScheme: "dark", viewport: { width: 360, height: 740 } };
const PAGES = [
  `/retention?${RANGE}`,
  `/channels?${RANGE}`,
  `/performance?${RANGE}`,
  `/performance?${RANGE}&part=system`,
  "/performance?part=health",
  "/alerts",
  "/alerts?part=rules",
  "/alerts?part=backtest&rule=anomaly",
  "/alerts?part=messages",
  `/data-quality?${RANGE}`,
];
const credit = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: 1 });

suite("analysis", async () => {
  const { dashboard, tab, page } = await openDashboard();

  test("retention shows the cohorts of the API, and goes by arrow keys", async () => {
    await tab.open(`/retention?${RANGE}`);
    const { cohorts } = await tab.ask(
      `/api/admin/analytics/retention?${RANGE}&interval=week&compare=none&periods=12`,
    );
    assert.ok(cohorts.some(({ size }) => size > 0));
    for (const [row, { size, cells }] of cohorts.entries()) {
      const line = page.locator("tbody tr").nth(row);
      assert.equal(await line.locator("td").first().textContent(), count(size));
      for (const { offset, retained } of cells.filter((cell) => cell.retained)) {
        const cell = page.locator(`[data-spot="${row}/${offset}"] > [aria-hidden]`);
        const shown = await cell.evaluate(({ childNodes }) =>
          [...childNodes].map(({ textContent }) => textContent),
        );
        assert.deepEqual(shown, [share(retained.value), count(retained.num)]);
      }
    }
    await page.locator('[data-spot="0/0"]').focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.spot), "0/1");
    await tab.choose("Cohorts by", "Month");
    await tab.parameterIs("interval", "month");
    await page.getByRole("columnheader", { name: "Month 0" }).waitFor();
  });

  test("channels shows the credits of the API, and the removal effect on demand", async () => {
    await tab.open(`/channels?${RANGE}&compare=none`);
    const report = await tab.ask(`/api/admin/analytics/attribution?${RANGE}&compare=none`);
    const rows = await tab.cellsOf("Credits by model");
    const models = ["first", "last", "lastNonDirect", "linear", "position", "timeDecay"];
    const expected = [...report.values, report.other].map(({ visits, credits }) => [
      count(visits),
      ...models.map((model) => credit(credits[model].conversions)),
    ]);
    assert.ok(report.total.conversions > 0);
    const shown = rows.map(([_value, visits, _rate, ...credits]) => [visits, ...credits]);
    assert.deepEqual(shown, expected);
    await page.getByRole("button", { name: "Add removal effect" }).click();
    await tab.parameterIs("removal", "true");
    await page.getByRole("columnheader", { name: "Removal effect" }).waitFor();
    await tab.choose("Conversion", "Orders");
    await tab.parameterIs("conversion", "macro");
  });

  test("performance shows the measurements, the requests and the health of the API", async () => {
    await tab.open(`/performance?${RANGE}`);
    const { metrics } = await tab.ask(`/api/admin/analytics/performance?${RANGE}`);
    const lcp = metrics.find(({ metric }) => metric === "LCP");
    const tile = page.getByRole("region", { name: "Largest content shows", exact: true });
    await tile.getByText(`${count(lcp.n)} measurements`).waitFor();
    await tile.getByText(`${share(lcp.good.value)} good`).waitFor();
    await tile.getByRole("button", { name: "Closer look" }).click();
    await tab.parameterIs("metric", "LCP");
    const devices = await tab.cellsOf("By device");
    assert.deepEqual(
      devices.map(([_value, n]) => n),
      lcp.byDevice.map(({ n }) => count(n)),
    );
    await page.getByRole("tab", { name: "Health" }).click();
    await tab.parameterIs("part", "health");
    const { migrations, dependencies } = await tab.ask("/api/admin/health");
    await page.getByText(`${migrations.applied} of ${migrations.known} migrations`).waitFor();
    assert.equal((await tab.cellsOf("Dependencies")).length, dependencies.length);
  });

  test("a wrong price fires, is acknowledged with a note, and its rule is muted", async () => {
    await visitNow(dashboard.system);
    await tab.open("/alerts");
    const card = page.getByRole("region", { name: "Pages show wrong prices", exact: true });
    await card.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByLabel("Note").fill("The page has an old list");
    await tab.dialogue().getByRole("button", { name: "Acknowledge" }).click();
    await card.getByText("The page has an old list").waitFor();
    const { alerts } = await tab.ask("/api/admin/alerts?rule=price_mismatch");
    assert.equal(alerts[0].state, "acknowledged");
    assert.equal(alerts[0].note, "The page has an old list");
    await card.getByRole("button", { name: "Mute rule" }).click();
    await tab.dialogue().getByRole("button", { name: "Mute rule" }).click();
    await card.getByText(/muted until/).waitFor();
    assert.ok((await ruleOf("price_mismatch")).mutedUntil);
  });

  test("a rule is set, tried, and set back", async () => {
    await tab.open("/alerts?part=rules");
    const open = () => page.getByRole("button", { name: "Change: Requests fail" }).click();
    await open();
    await page.getByLabel("Threshold (%)").fill("2.5");
    await page.getByRole("button", { name: "Save" }).click();
    await tab.dialogue().waitFor({ state: "hidden" });
    assert.equal((await ruleOf("error_rate")).settings.threshold, 0.025);
    await page.getByRole("button", { name: "Back-test: A number is far" }).click();
    await tab.parameterIs("rule", "anomaly");
    const { fired } = await tab.ask("/api/admin/alerts/backtest?rule=anomaly&days=60");
    const sentences = ["Would not have fired", "Would have fired once"];
    await page.getByText(sentences[fired] ?? `Would have fired ${fired} times`).waitFor();
    await page.getByRole("tab", { name: "Rules" }).click();
    await open();
    await page.getByRole("button", { name: "As it is by itself" }).click();
    await tab.dialogue().waitFor({ state: "hidden" });
    assert.equal((await ruleOf("error_rate")).edited, false);
  });

  test("somebody chooses their messages, and has a test sent", async () => {
    await tab.open("/alerts?part=messages");
    await page.getByRole("switch", { name: "Alerts that are over" }).press("Space");
    await page.getByText("Saved").waitFor();
    const chosen = await tab.ask("/api/admin/notifications/subscriptions");
    const over = chosen.subscriptions.find(({ kind }) => kind === "alert_resolved");
    assert.equal(over.enabled, true);
    await page.getByRole("button", { name: "Test mail to me" }).click();
    await page.getByText("A test message waits to be sent").waitFor();
    const { notifications } = await tab.ask("/api/admin/notifications");
    assert.ok(notifications.some(({ kind }) => kind === "test"));
  });

  test("data quality shows the ledger of the API, and that of one session", async () => {
    await tab.open(`/data-quality?${RANGE}`);
    const { ledger, captureRate } = await tab.ask(`/api/admin/analytics/data-quality?${RANGE}`);
    const { received, stored, rejected, duplicate, dead, queued } = ledger.transmissions;
    const tile = page.getByRole("region", { name: "What became of transmissions" });
    const shown = await tile.locator("dd").allTextContents();
    assert.deepEqual(
      shown.map((text) => text.replace(/^[=+]\s*/, "")),
      [received, stored, rejected, duplicate, dead, queued].map(count),
    );
    const { num, den } = captureRate;
    await page.getByText(`${count(num)} of ${count(den)}`).waitFor();
    const { visits } = await tab.ask(`/api/admin/analytics/sessions?${RANGE}&limit=1`);
    const [{ sessionId }] = visits;
    const asked = await tab.ask(`/api/admin/analytics/data-quality?sessionId=${sessionId}`);
    await page.getByLabel("Session id").fill(sessionId);
    await tab.parameterIs("sessionId", sessionId);
    const tabs = await tab.cellsOf("One session");
    assert.deepEqual(
      tabs.map(([tabId, emitted]) => [tabId, emitted]),
      asked.session.tabs.map(({ tabId, emitted }) => [tabId, count(emitted)]),
    );
  });

  test("axe finds nothing in the dark on a phone, and nothing is too wide", async () => {
    const phone = await dashboard.openPage(PHONE);
    for (const path of PAGES) {
      await phone.open(path);
      assert.deepEqual(await phone.violations(), [], path);
      assert.equal(await phone.overflow(), 0, path);
    }
    await phone.close();
  });

  async function ruleOf(name) {
    const { rules } = await tab.ask("/api/admin/alerts/rules");
    return rules.find(({ rule }) => rule === name);
  }
});
