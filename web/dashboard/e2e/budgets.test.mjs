// The first load of the dashboard is small and fast.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { measureMedian } from "./median.mjs";
import { startDashboard } from "./system.mjs";

const SCRIPT_BYTES_MAX = 250_000;
const LCP_MS_MAX = 1000;
const LOADS = 5;
/** The script that draws charts; it is fetched beside the page, which shows without it. */
const CHARTS = /\/chart-engine-[^/]+\.js$/;

suite("budgets", () => {
  let dashboard;

  before(async () => {
    dashboard = await startDashboard();
  });

  after(() => dashboard?.stop());

  for (const { name, signedIn } of [
    { name: "sign-in page", signedIn: false },
    { name: "overview", signedIn: true },
  ]) {
    test(`${name}: script before charts under 250 kB`, async (context) => {
      const scripts = await scriptsOf({ signedIn });
      const sum = scripts.reduce((bytes, each) => bytes + each.bytes, 0);
      context.diagnostic(`${name}: ${sum} bytes of script before charts`);
      assert.ok(scripts.length > 0);
      assert.ok(sum < SCRIPT_BYTES_MAX, `${sum} bytes: ${JSON.stringify(scripts, null, 1)}`);
    });

    test(`${name}: largest contentful paint under 1 s`, async (context) => {
      const isGood = (ms) => ms < LCP_MS_MAX;
      const median = await measureMedian(LOADS, () => largestPaint({ signedIn }), isGood);
      context.diagnostic(`${name}: largest contentful paint after ${median.measured} ms`);
      assert.ok(median.isGood, `after ${median.measured} ms`);
    });
  }

  /** The scripts of a first load: bytes as they came over the wire, which are gzipped where that pays. */
  async function scriptsOf(options) {
    const tab = await dashboard.openPage(options);
    const requests = [];
    tab.page.on("requestfinished", (request) => requests.push(request));
    await tab.open("/");
    const scripts = [];
    for (const request of requests.filter((each) => each.resourceType() === "script")) {
      const { pathname: path } = new URL(request.url());
      if (CHARTS.test(path)) continue;
      const { responseBodySize: bytes } = await request.sizes();
      scripts.push({ path, bytes });
    }
    await tab.close();
    return scripts;
  }

  /** Milliseconds from the beginning of a first load to its largest contentful paint. */
  async function largestPaint(options) {
    const tab = await dashboard.openPage(options);
    await tab.open("/");
    const ms = await tab.page.evaluate(
      () =>
        new Promise((resolve) => {
          const observer = new PerformanceObserver((list) => {
            resolve(Math.round(list.getEntries().at(-1).startTime));
          });
          observer.observe({ type: "largest-contentful-paint", buffered: true });
        }),
    );
    await tab.close();
    return ms;
  }
});
