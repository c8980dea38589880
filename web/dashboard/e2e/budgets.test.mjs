// The first load of the dashboard is small. How soon it paints is measured by hand: paint.mjs.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startDashboard } from "./system.mjs";

const SCRIPT_BYTES_MAX = 250_000;
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
});
