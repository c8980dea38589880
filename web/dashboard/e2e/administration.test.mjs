// Accounts, keys, the audit log, jobs, kept reports and settings show what the API answers, and change it.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { suite, test } from "node:test";

import { count } from "./formats.mjs";
import { OWNER, openDashboard } from "./system.mjs";

suite("administration", async () => {
  const { dashboard, tab, page } = await openDashboard();

  function row(text) {
    return page.getByRole("row").filter({ hasText: text });
  }

  test("somebody is invited, gets another role, and is disabled", async () => {
    await tab.open("/users");
    await page.getByRole("button", { name: "Invite" }).click();
    await tab.dialogue().getByLabel("E-mail address").fill("eva@example.com");
    await tab.dialogue().getByLabel("Name").fill("Eva Berger");
    assert.deepEqual(await tab.violations(), []);
    await tab.dialogue().getByRole("button", { name: "Invite" }).click();
    await row("eva@example.com").waitFor();
    const user = async () => {
      const users = await tab.ask("/api/admin/users");
      return users.find(({ email }) => email === "eva@example.com");
    };
    assert.deepEqual([(await user()).role, (await user()).state], ["viewer", "invited"]);

    await page.getByRole("button", { name: "Actions for Eva Berger" }).click();
    await page.getByRole("menuitem", { name: "Change role" }).click();
    await tab.dialogue().getByLabel("Sales").check();
    await tab.dialogue().getByRole("button", { name: "Save" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    assert.equal((await user()).role, "sales");

    await page.getByRole("button", { name: "Actions for Eva Berger" }).click();
    await page.getByRole("menuitem", { name: "Disable" }).click();
    await tab.dialogue().getByRole("button", { name: "Disable" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    assert.equal((await user()).state, "disabled");
    assert.equal(await page.getByRole("button", { name: "Actions for Ada Bauer" }).count(), 0);
    assert.deepEqual(tab.takeProblems(), []);
  });

  test("filters of accounts are in the address", async () => {
    await tab.open("/users?state=disabled");
    await row("eva@example.com").waitFor();
    assert.equal(await row(OWNER.email).count(), 0);
    await page.getByLabel("Search name").fill("nobody");
    await page.waitForURL(/search=nobody/);
    await page.getByText("No account matches").waitFor();
  });

  test("a key opens what it may, and nothing once it is revoked", async () => {
    await tab.open("/api-keys");
    await page.getByRole("button", { name: "New key" }).click();
    await tab.dialogue().getByLabel("What it is for").fill("Spreadsheet");
    await tab.dialogue().getByRole("button", { name: "New key" }).click();
    const key = await tab.dialogue().getByRole("textbox", { name: "Key" }).inputValue();
    assert.deepEqual(await tab.violations(), []);
    await tab.dialogue().getByRole("button", { name: "I have kept it" }).click();
    const status = async (path) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(dashboard.base + path, { headers })).status;
    };
    assert.equal(await status("/api/admin/analytics/overview"), 200);
    assert.equal(await status("/api/admin/users"), 403);
    await page.getByRole("button", { name: "Revoke Spreadsheet" }).click();
    await tab.dialogue().getByRole("button", { name: "Revoke" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    assert.equal(await status("/api/admin/analytics/overview"), 401);
  });

  test("the audit log shows what was done, and filters it", async () => {
    await tab.open("/audit");
    const entries = await tab.ask("/api/admin/audit?limit=200");
    const shown = await page
      .locator("tbody tr")
      .evaluateAll((rows) =>
        rows.map(({ cells }) => [Number(cells[0].textContent), cells[2].textContent]),
      );
    assert.deepEqual(
      shown,
      entries.map(({ seq, actor }) => [seq, actor]),
    );
    assert.deepEqual(await tab.violations(), []);
    await tab.open("/audit?action=api_key.revoke");
    await row("api_key.revoke").waitFor();
    const revoked = entries.filter(({ action }) => action === "api_key.revoke");
    assert.equal(await page.locator("tbody tr").count(), revoked.length);
    await tab.open("/audit?search=SPREAD&action=api_key.make");
    await row("api_key.make").waitFor();
    assert.equal(await page.locator("tbody tr").count(), 1);
    await tab.open("/audit?last=2020-01-01");
    await page.getByText("No entry matches").waitFor();
  });

  test("a job runs by hand, and its run is listed", async () => {
    await tab.open("/jobs");
    const { jobs } = await tab.ask("/api/admin/jobs");
    assert.equal(await page.locator("tbody tr").count(), jobs.length);
    await page.getByRole("button", { name: "Run now: partitions" }).click();
    await page
      .getByText(/^partitions is done after/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Runs of partitions" }).click();
    await tab.dialogue().getByText(OWNER.email).waitFor();
    assert.deepEqual(await tab.violations(), []);
    const runs = (await tab.ask("/api/admin/jobs")).jobs.find(
      ({ name }) => name === "partitions",
    ).runs;
    assert.equal(runs[0].startedBy, OWNER.email);
  });

  test("a kept report shows its own numbers and rows", async () => {
    const { reports } = await tab.ask("/api/admin/reports?kind=weekly-customer-behaviour");
    const content = `/api/admin/reports/content?id=${reports[0].id}`;
    const report = await tab.ask(content);
    await tab.open("/reports?kind=weekly-customer-behaviour");
    await page.getByRole("button", { name: /^Open Customer behaviour/ }).click();
    const visits = page.getByRole("region", { name: "Visits", exact: true });
    await visits.getByText(count(report.overview.current.visits), { exact: true }).waitFor();
    await tab.open(`/reports?report=${reports[0].id}&section=channels`);
    const csv = await page.request.get(`${dashboard.base}${content}&format=csv&section=channels`);
    const lines = (await csv.text()).trim().split("\n");
    assert.equal(await page.locator("tbody tr").count(), lines.length - 1);
    assert.deepEqual(await tab.violations(), []);
  });

  test("tracking is switched, mails are chosen, rules are kept", async () => {
    const saved = () => page.getByRole("alert");
    await tab.open("/settings?tab=tracking");
    assert.deepEqual(await tab.violations(), []);
    await page.getByLabel("Hover").click();
    await tab.dialogue().getByRole("button", { name: "Stop" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    const { flags } = await tab.ask("/api/admin/flags");
    assert.deepEqual(
      flags.filter(({ enabled }) => !enabled).map(({ name }) => name),
      ["hover"],
    );

    await tab.open("/settings?tab=mails");
    await page.getByLabel("Weekly report: how visitors behaved", { exact: true }).click();
    await saved().filter({ hasText: "Saved" }).waitFor();
    const { subscriptions } = await tab.ask("/api/admin/notifications/subscriptions");
    const weekly = subscriptions.find(({ kind }) => kind === "weekly_report");
    assert.equal(weekly.enabled, false);

    await tab.open("/settings?tab=internal");
    const before = await tab.ask("/api/admin/internal-traffic");
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByLabel("Contains").last().fill("nest-haus-office");
    await page.getByRole("button", { name: "Save rules" }).click();
    await saved().filter({ hasText: "The rules are in force" }).waitFor();
    const { rules } = await tab.ask("/api/admin/internal-traffic");
    const added = { field: "user_agent", contains: "nest-haus-office", note: "" };
    assert.deepEqual(rules, [...before.rules, added]);
    assert.deepEqual(tab.takeProblems(), []);
  });

  test("a second factor is set up by its secret, and ended by a recovery code", async () => {
    await tab.open("/settings");
    assert.deepEqual(await tab.violations(), []);
    await page.getByRole("button", { name: "Set up" }).click();
    await tab.dialogue().getByLabel("Your password").fill(OWNER.password);
    await page.keyboard.press("Enter");
    await tab
      .dialogue()
      .getByRole("img", { name: /^QR code/ })
      .waitFor();
    const secret = await tab.dialogue().locator("pre").textContent();
    await tab.dialogue().getByLabel("Six digits").fill(codeOf(secret.trim(), Date.now()));
    await tab.dialogue().getByRole("button", { name: "Switch on" }).click();
    await tab.dialogue().getByText("never again").waitFor();
    const codes = (await tab.dialogue().locator("pre").textContent()).trim().split("\n");
    assert.equal(codes.length, 10);
    await tab.dialogue().getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("10 recovery codes are left").waitFor();
    assert.equal((await tab.ask("/api/admin/auth/me")).secondFactor, true);

    await page.getByRole("button", { name: "Switch off" }).click();
    await tab.dialogue().getByLabel("Your password").fill(OWNER.password);
    await tab.dialogue().getByLabel("Six digits").fill(codes[0]);
    await tab.dialogue().getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("button", { name: "Set up" }).waitFor();
    assert.equal((await tab.ask("/api/admin/auth/me")).secondFactor, false);
  });
});

/** The six digits of an app (RFC 6238) at a moment. */
function codeOf(secret, nowMs) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const hash = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

function fromBase32(text) {
  const bits = [...text].map((letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
