// Lighthouse gives the sign-in page, and the example page with the tracker, 95 points or more in each category.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { judge } from "../../../tests/browser/lighthouse.mjs";
import { startShop } from "../../tracker/e2e/shop.mjs";
import { EXAMPLE } from "../../tracker/e2e/visitor.mjs";
import { measureMedian } from "./median.mjs";
import { startDashboard } from "./system.mjs";

const SCORE_MIN = 95;
const RUNS = 3;

suite("lighthouse", () => {
  let dashboard;
  let shop;

  before(async () => {
    dashboard = await startDashboard({ simulated: false });
    shop = await startShop(dashboard.system);
  });

  after(async () => {
    await shop?.stop();
    await dashboard?.stop();
  });

  async function assertGood(url) {
    const isGood = ({ scores }) => Object.values(scores).every((score) => score >= SCORE_MIN);
    const median = await measureMedian(RUNS, () => judge(url), isGood);
    assert.ok(median.isGood, `${url}: ${JSON.stringify(median.measured, null, 1)}`);
  }

  test("sign-in page", () => assertGood(`${dashboard.base}/admin`));

  test("example page of the tracker", () => assertGood(shop.base + EXAMPLE));
});
