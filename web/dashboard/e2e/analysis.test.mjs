// The pages retention, channels, performance, alerts and data quality: they show what the API answers, their filters
// are in the address, what they change is changed, and axe finds nothing.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { RANGE, startAnalysis } from "./analysis-support.mjs";

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
const count = (value) => value.toLocaleString("en-GB");
const share = (value) =>
  value.toLocaleString("en-GB", {
    style: "percent",
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
const credit = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: 1 });

suite("analysis", () => {
  let analysis;

  before(async () => {
    analysis = await startAnalysis();
  });

  after(() => analysis?.stop());

  test("retention shows the cohorts of the API, and goes by arrow keys", async () => {
    const tab = await analysis.open(`/retention?${RANGE}`);
    const { cohorts } = await tab.ask(
      `/api/admin/analytics/retention?${RANGE}&interval=week&compare=none&periods=12`,
    );
    await tab.loaded();
    assert.ok(cohorts.some(({ size }) => size > 0));
    for (const [row, { size, cells }] of cohorts.entries()) {
      const line = tab.page.locator("tbody tr").nth(row);
      assert.equal(await line.locator("td").first().textContent(), count(size));
      for (const { offset, retained } of cells.filter((cell) => cell.retained)) {
        const cell = tab.page.locator(`[data-spot="${row}/${offset}"] > [aria-hidden]`);
        const shown = await cell.evaluate(({ childNodes }) =>
          [...childNodes].map(({ textContent }) => textContent),
        );
        assert.deepEqual(shown, [share(retained.value), count(retained.num)]);
      }
    }
    await tab.page.locator('[data-spot="0/0"]').focus();
    await tab.page.keyboard.press("ArrowRight");
    assert.equal(await tab.page.evaluate(() => document.activeElement.dataset.spot), "0/1");
    await tab.choose("Cohorts by", "Month");
    await tab.parameter("interval", "month");
    await tab.page.getByRole("columnheader", { name: "Month 0" }).waitFor();
    await tab.close();
  });

  test("channels shows the credits of the API, and the removal effect on demand", async () => {
    const tab = await analysis.open(`/channels?${RANGE}&compare=none`);
    const report = await tab.ask(`/api/admin/analytics/attribution?${RANGE}&compare=none`);
    await tab.loaded();
    const rows = await tab.rows("Credits by model");
    const models = ["first", "last", "lastNonDirect", "linear", "position", "timeDecay"];
    const expected = [...report.values, report.other].map(({ visits, credits }) => [
      count(visits),
      ...models.map((model) => credit(credits[model].conversions)),
    ]);
    assert.ok(report.total.conversions > 0);
    const shown = rows.map(([_value, visits, _rate, ...credits]) => [visits, ...credits]);
    assert.deepEqual(shown, expected);
    await tab.page.getByRole("button", { name: "Add removal effect" }).click();
    await tab.parameter("removal", "true");
    await tab.page.getByRole("columnheader", { name: "Removal effect" }).waitFor();
    await tab.choose("Conversion", "Orders");
    await tab.parameter("conversion", "macro");
    await tab.close();
  });

  test("performance shows the measurements, the requests and the health of the API", async () => {
    const tab = await analysis.open(`/performance?${RANGE}`);
    const { metrics } = await tab.ask(`/api/admin/analytics/performance?${RANGE}`);
    await tab.loaded();
    const lcp = metrics.find(({ metric }) => metric === "LCP");
    const tile = tab.page.getByRole("region", { name: "Largest content shows", exact: true });
    await tile.getByText(`${count(lcp.n)} measurements`).waitFor();
    await tile.getByText(`${share(lcp.good.value)} good`).waitFor();
    await tile.getByRole("button", { name: "Closer look" }).click();
    await tab.parameter("metric", "LCP");
    const devices = await tab.rows("By device");
    assert.deepEqual(
      devices.map(([_value, n]) => n),
      lcp.byDevice.map(({ n }) => count(n)),
    );
    await tab.page.getByRole("tab", { name: "Health" }).click();
    await tab.parameter("part", "health");
    const { migrations, dependencies } = await tab.ask("/api/admin/health");
    await tab.page.getByText(`${migrations.applied} of ${migrations.known} migrations`).waitFor();
    assert.equal((await tab.rows("Dependencies")).length, dependencies.length);
    await tab.close();
  });

  test("a wrong price fires, is acknowledged with a note, and its rule is muted", async () => {
    await showWrongPrice(analysis.system);
    const tab = await analysis.open("/alerts");
    const card = tab.page.getByRole("region", { name: "Pages show wrong prices", exact: true });
    await card.getByRole("button", { name: "Acknowledge" }).click();
    await tab.page.getByLabel("Note").fill("The page has an old list");
    await tab.page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
    await card.getByText("The page has an old list").waitFor();
    const { alerts } = await tab.ask("/api/admin/alerts?rule=price_mismatch");
    assert.equal(alerts[0].state, "acknowledged");
    assert.equal(alerts[0].note, "The page has an old list");
    await card.getByRole("button", { name: "Mute rule" }).click();
    await tab.page.getByRole("dialog").getByRole("button", { name: "Mute rule" }).click();
    await card.getByText(/muted until/).waitFor();
    assert.ok((await ruleOf(tab, "price_mismatch")).mutedUntil);
    await tab.close();
  });

  test("a rule is set, tried, and set back", async () => {
    const tab = await analysis.open("/alerts?part=rules");
    const open = () => tab.page.getByRole("button", { name: "Change: Requests fail" }).click();
    await open();
    await tab.page.getByLabel("Threshold (%)").fill("2.5");
    await tab.page.getByRole("button", { name: "Save" }).click();
    await tab.page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal((await ruleOf(tab, "error_rate")).settings.threshold, 0.025);
    await tab.page.getByRole("button", { name: "Back-test: A number is far" }).click();
    await tab.parameter("rule", "anomaly");
    const { fired } = await tab.ask("/api/admin/alerts/backtest?rule=anomaly&days=60");
    const sentences = ["Would not have fired", "Would have fired once"];
    await tab.page.getByText(sentences[fired] ?? `Would have fired ${fired} times`).waitFor();
    await tab.page.getByRole("tab", { name: "Rules" }).click();
    await open();
    await tab.page.getByRole("button", { name: "As it is by itself" }).click();
    await tab.page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal((await ruleOf(tab, "error_rate")).edited, false);
    await tab.close();
  });

  test("somebody chooses their messages, and has a test sent", async () => {
    const tab = await analysis.open("/alerts?part=messages");
    await tab.page.getByRole("switch", { name: "Alerts that are over" }).press("Space");
    await tab.page.getByText("Saved").waitFor();
    const chosen = await tab.ask("/api/admin/notifications/subscriptions");
    const over = chosen.subscriptions.find(({ kind }) => kind === "alert_resolved");
    assert.equal(over.enabled, true);
    await tab.page.getByRole("button", { name: "Test mail to me" }).click();
    await tab.page.getByText("A test message waits to be sent").waitFor();
    const { notifications } = await tab.ask("/api/admin/notifications");
    assert.ok(notifications.some(({ kind }) => kind === "test"));
    await tab.close();
  });

  test("data quality shows the ledger of the API, and that of one session", async () => {
    const tab = await analysis.open(`/data-quality?${RANGE}`);
    const { ledger, captureRate } = await tab.ask(`/api/admin/analytics/data-quality?${RANGE}`);
    await tab.loaded();
    const { received, stored, rejected, duplicate, dead, queued } = ledger.transmissions;
    const tile = tab.page.getByRole("region", { name: "What became of transmissions" });
    const shown = await tile.locator("dd").allTextContents();
    assert.deepEqual(
      shown.map((text) => text.replace(/^[=+]\s*/, "")),
      [received, stored, rejected, duplicate, dead, queued].map(count),
    );
    const { num, den } = captureRate;
    await tab.page.getByText(`${count(num)} of ${count(den)}`).waitFor();
    const { visits } = await tab.ask(`/api/admin/analytics/sessions?${RANGE}&limit=1`);
    const [{ sessionId }] = visits;
    const asked = await tab.ask(`/api/admin/analytics/data-quality?sessionId=${sessionId}`);
    await tab.page.getByLabel("Session id").fill(sessionId);
    await tab.parameter("sessionId", sessionId);
    const tabs = await tab.rows("One session");
    assert.deepEqual(
      tabs.map(([tabId, emitted]) => [tabId, emitted]),
      asked.session.tabs.map(({ tabId, emitted }) => [tabId, count(emitted)]),
    );
    await tab.close();
  });

  test("axe finds nothing in the dark on a phone, and nothing is too wide", async () => {
    const tab = await analysis.open("/alerts", PHONE);
    for (const path of PAGES) {
      await tab.go(path);
      assert.deepEqual(await tab.faults(), [], path);
    }
    await tab.close();
  });
});

/** A page that shows another price than the catalogue, and the evaluation that finds it. */
async function showWrongPrice(system) {
  const nest = { category: "nest", value: "nest80", name: "Hoam 80", price: 1 };
  const body = {
    sessionId: `client_${Date.now()}_wrongprice`,
    configuration: { nest, totalPrice: 1 },
    currentPrice: 1,
  };
  const answer = await fetch(`${system.base}/api/sessions/sync`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.text());
  await system.drain();
  const { status, body: evaluated } = await system.get("/api/cron/evaluate-alerts");
  assert.equal(status, 200, JSON.stringify(evaluated));
}

async function ruleOf(tab, name) {
  const { rules } = await tab.ask("/api/admin/alerts/rules");
  return rules.find(({ rule }) => rule === name);
}
