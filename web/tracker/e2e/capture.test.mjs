// What is captured without the page's doing, and what never is.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startBareBrowser } from "./bare-browser.mjs";
import { until } from "./visitor.mjs";
import { createWorld, sent, testPage } from "./world.mjs";

/** A module that is loaded later, by its own content's name. */
const MODULE = /\/dist\/assets\/(capture|vitals)-[A-Za-z0-9]{8}\.js$/;
const CAPTURE = { consent: { analytics: true }, vitals: false, layoutVersion: "v1" };

/** Whether a request tells that a page was visited. */
function isVisitOf(body, page) {
  return body?.events?.some(
    ({ eventType, selectionValue }) => eventType === "page_visit" && selectionValue === page,
  );
}

const UPDATE_USER_DATA = "/api/sessions/update-user-data";

suite("capture", () => {
  let world;

  before(async () => {
    world = await createWorld();
  });

  after(() => world?.stop());

  async function visit(query = "", options = {}) {
    const visitor = await world.visitor(options);
    await visitor.open(testPage(CAPTURE, query));
    await until(() => visitor.kept().then((kept) => kept?.session));
    return visitor;
  }

  /** What a page told, of one type. */
  async function told(visitor, eventType, page = visitor.page) {
    await sent(visitor, page);
    const rows = await world.journey(await visitor.sessionId());
    return rows.filter((row) => row.eventType === eventType);
  }

  /** Lets the page tell its sums, as when it is hidden. */
  async function hide(visitor) {
    await visitor.page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      delete document.hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    });
  }

  test("visits of pages, with what tells where from and nothing else of the address", async () => {
    const visitor = await visit(
      "&utm_source=Ad&utm_medium=cpc&gclid=secret-7&email=ada@example.com",
    );
    await visitor.page.evaluate(() => history.pushState(null, "", "/shop/kitchen?token=secret-8"));
    await visitor.page.evaluate(() => history.replaceState(null, "", "/shop/kitchen?x=1"));
    await visitor.page.evaluate(() => history.back());
    const visits = await told(visitor, "page_visit");
    assert.deepEqual(
      visits.map(({ selectionValue }) => selectionValue),
      ["/e2e/page/index.html", "/shop/kitchen", "/e2e/page/index.html"],
    );
    const [{ additionalData }] = visits;
    assert.deepEqual(additionalData.utm, { source: "Ad", medium: "cpc" });
    assert.equal(additionalData.clickId, "gclid");
    assert.ok(visits.every(({ deviceType }) => deviceType === "desktop"));
    const all = JSON.stringify(world.shop.requests.map(({ body }) => body));
    assert.doesNotMatch(all, /secret|example\.com/);
  });

  test("clicks, where in their element", async () => {
    const visitor = await visit();
    await visitor.page.locator("#alive").click({ position: { x: 1, y: 1 } });
    await visitor.page.locator("#alive").focus();
    await visitor.page.keyboard.press("Enter");
    const [byMouse, byKey] = await told(visitor, "click");
    assert.deepEqual([byMouse.elementId, byMouse.category], ["alive", "button"]);
    assert.equal(byMouse.selectionValue, "Something happens");
    assert.ok(byMouse.additionalData.x < 0.1 && byMouse.additionalData.y < 0.2);
    assert.equal(byMouse.additionalData.layoutVersion, "v1");
    assert.deepEqual([byKey.additionalData.x, byKey.additionalData.y], [0.5, 0.5]);
  });

  test("neither what is typed nor what the page excludes", async () => {
    const visitor = await visit();
    await visitor.page.locator("#secret").click();
    await visitor.page.keyboard.type("correct horse");
    await visitor.page.getByText("Private").click();
    const clicks = await told(visitor, "click");
    assert.deepEqual(
      clicks.map(({ elementId, selectionValue }) => [elementId, selectionValue]),
      [["secret", null]],
    );
    const all = JSON.stringify(world.shop.requests.map(({ body }) => body));
    assert.doesNotMatch(all, /correct|horse|Private/);
  });

  test("a dead click, but none that the page answers", async () => {
    const visitor = await visit();
    await visitor.page.locator("#alive").click();
    await visitor.page.locator("#dead").click();
    await visitor.page.locator("#viewer").click();
    await visitor.page.evaluate(() =>
      globalThis.tracker.track({
        eventType: "viewer_response",
        category: "viewer",
        interactive: false,
      }),
    );
    await visitor.page.waitForTimeout(2800);
    const dead = await told(visitor, "dead_click");
    assert.deepEqual(
      dead.map(({ elementId }) => elementId),
      [],
    );
    await visitor.page.locator("#dead").click();
    await visitor.page.waitForTimeout(2800);
    const again = await told(visitor, "dead_click");
    assert.deepEqual(
      again.map(({ elementId }) => elementId),
      ["dead"],
    );
  });

  test("no dead click by which the visitor comes back to the window", async () => {
    const visitor = await visit();
    await visitor.page.evaluate(() => {
      window.dispatchEvent(new Event("focus"));
      document.getElementById("dead").click();
    });
    await visitor.page.waitForTimeout(2800);
    assert.deepEqual(await told(visitor, "dead_click"), []);
    assert.equal((await told(visitor, "click")).length, 1);
  });

  test("no rage on what is made for hasty clicks", async () => {
    const visitor = await visit();
    for (const id of ["stepper", "carousel"])
      for (let click = 0; click < 4; click += 1) await visitor.page.locator(`#${id}`).click();
    assert.deepEqual(await told(visitor, "rage_click"), []);
    assert.equal((await told(visitor, "click")).length, 8);
  });

  test("three hasty clicks are one rage, slow ones none", async () => {
    const visitor = await visit();
    for (let click = 0; click < 5; click += 1) await visitor.page.locator("#alive").click();
    await visitor.page.waitForTimeout(1200);
    await visitor.page.locator("#dead").click();
    await visitor.page.waitForTimeout(1100);
    await visitor.page.locator("#dead").click();
    await visitor.page.waitForTimeout(1100);
    await visitor.page.locator("#dead").click();
    const rages = await told(visitor, "rage_click");
    assert.deepEqual(
      rages.map(({ elementId }) => elementId),
      ["alive"],
    );
    assert.equal((await told(visitor, "click")).length, 8);
  });

  test("options that are chosen, once, with price and what was chosen before", async () => {
    const visitor = await visit();
    await visitor.page.getByText("Wood").click();
    await visitor.page.getByText("PVC").click();
    await visitor.page.getByText("PVC").click();
    const chosen = await told(visitor, "selection");
    assert.deepEqual(
      chosen.map((row) => [
        row.category,
        row.selectionValue,
        row.previousValue,
        row.shownPriceCents,
      ]),
      [
        ["fenster", "holz", null, 100_000],
        ["fenster", "pvc", "holz", null],
      ],
    );
  });

  test("options that were before the visitor for a second", async () => {
    const visitor = await visit();
    await visitor.page.waitForTimeout(1300);
    await hide(visitor);
    const shown = await told(visitor, "options_shown");
    const options = shown.map(({ category, additionalData }) => [category, additionalData.options]);
    assert.deepEqual(options, [["fenster", ["holz", "pvc"]]]);
    await visitor.page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await visitor.page.waitForTimeout(1300);
    const later = await told(visitor, "options_shown");
    assert.deepEqual(later.at(-1).additionalData.options, ["keller"]);
  });

  test("categories that are opened and closed", async () => {
    const visitor = await visit();
    await visitor.page.getByText("Planning").click();
    await visitor.page.getByText("Planning").click();
    await visitor.page.waitForTimeout(100);
    assert.equal((await told(visitor, "category_opened")).length, 1);
    const [closed] = await told(visitor, "category_closed");
    assert.equal(closed.category, "planung");
  });

  test("how far was scrolled and what was hovered, summed up", async () => {
    const visitor = await visit();
    await visitor.page.getByText("Wood").hover();
    await visitor.page.waitForTimeout(600);
    await visitor.page.locator("#answer").dispatchEvent("pointerover");
    await visitor.page.mouse.move(5, 5);
    for (const part of [0.2, 0.6, 0.4]) {
      await visitor.page.evaluate((to) => {
        scrollTo(0, to * (document.documentElement.scrollHeight - innerHeight));
      }, part);
      await visitor.page.waitForTimeout(100);
    }
    await hide(visitor);
    const [hover] = await told(visitor, "hover");
    assert.equal(hover.selectionValue, "holz");
    assert.ok(hover.timeSpentMs >= 500 && hover.timeSpentMs < 1500, `${hover.timeSpentMs}`);
    const scrolls = await told(visitor, "scroll");
    assert.equal(scrolls.length, 1);
    const { depth } = scrolls[0].additionalData;
    const expected = await visitor.page.evaluate(() => {
      const { scrollHeight } = document.documentElement;
      return ((0.6 * (scrollHeight - innerHeight) + innerHeight) / scrollHeight) * 100;
    });
    assert.ok(Math.abs(depth - expected) <= 1, `${depth} of ${expected}`);
  });

  test("how far was scrolled, in percent of the height that the page has in the end", async () => {
    const visitor = await visit();
    const setHeight = (height) =>
      visitor.page.locator("#tall").evaluate((element, css) => {
        element.style.height = css;
      }, height);
    await setHeight("0");
    await visitor.page.evaluate(() => dispatchEvent(new Event("scroll")));
    await visitor.page.evaluate(() => new Promise(requestAnimationFrame));
    await setHeight("3000px");
    await hide(visitor);
    const [{ additionalData }] = await told(visitor, "scroll");
    const expected = await visitor.page.evaluate(
      () => (innerHeight / document.documentElement.scrollHeight) * 100,
    );
    assert.ok(Math.abs(additionalData.depth - expected) <= 1, `${additionalData.depth}`);
  });

  test("a visitor who does nothing any more attends for half a minute", async () => {
    const visitor = await world.visitor();
    await visitor.page.clock.install();
    await visitor.open(testPage(CAPTURE));
    await until(() => visitor.kept().then((kept) => kept?.session));
    await visitor.page.clock.runFor(5000);
    await visitor.page.mouse.move(50, 50);
    await visitor.page.clock.runFor(120_000);
    await hide(visitor);
    const spent = (await told(visitor, "engagement")).map(({ timeSpentMs }) => timeSpentMs);
    const ms = spent.reduce((sum, each) => sum + each, 0);
    assert.ok(spent.length >= 2 && Math.max(...spent) <= 16_000, `told every 15 s: ${spent}`);
    assert.ok(ms >= 35_000 && ms < 38_000, `${ms}`);
  });

  test("how long the visitor attended to the page", async () => {
    const visitor = await visit();
    await visitor.page.mouse.move(50, 50);
    await visitor.page.waitForTimeout(2000);
    await hide(visitor);
    const engagement = await told(visitor, "engagement");
    const ms = engagement.reduce((sum, { timeSpentMs }) => sum + timeSpentMs, 0);
    assert.ok(ms >= 1900 && ms < 4500, `${ms}`);
  });

  test("gestures on the viewer, and another orientation", async () => {
    const phone = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
    const visitor = await visit("", phone);
    const client = await visitor.context.newCDPSession(visitor.page);
    const box = await visitor.page.locator("#viewer").boundingBox();
    const [x, y] = [box.x + 100, box.y + 100];
    const touch = (type, ...points) =>
      client.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: points.map(([dx, dy], id) => ({ x: x + dx, y: y + dy, id })),
      });
    await touch("touchStart", [0, 0]);
    await touch("touchEnd");
    await touch("touchStart", [0, 0]);
    await touch("touchMove", [80, 5]);
    await touch("touchEnd");
    await touch("touchStart", [-10, 0], [10, 0]);
    await touch("touchMove", [-60, 0], [60, 0]);
    await touch("touchEnd");
    const gestures = await told(visitor, "touch");
    assert.deepEqual(
      gestures.map(({ selectionValue }) => selectionValue),
      ["tap", "swipe_right", "pinch_out"],
    );
    assert.equal(gestures[0].deviceType, "mobile");
    await client.send("Emulation.setDeviceMetricsOverride", {
      ...{ width: 844, height: 390, deviceScaleFactor: 1, mobile: true },
      screenOrientation: { type: "landscapePrimary", angle: 90 },
    });
    await until(async () => (await told(visitor, "orientation")).length === 1);
    const [{ selectionValue }] = await told(visitor, "orientation");
    assert.equal(selectionValue, "landscape-primary");
  });

  test("a page that comes back from the browser's cache", async () => {
    world.shop.requests = [];
    const browser = await startBareBrowser();
    try {
      const page = await browser.open(world.shop.base + testPage(CAPTURE));
      await until(() =>
        page.run(
          () => globalThis.tracker && localStorage.getItem("nest-haus")?.includes("session"),
        ),
      );
      await until(() => page.run(() => globalThis.tracker.flush()));
      await page.run((other) => {
        globalThis.isTheSamePage = true;
        location.assign(other);
      }, "/example/style.css");
      await until(() => page.run(() => location.pathname.endsWith(".css")));
      await page.run(() => history.back());
      await until(() => page.run(() => globalThis.isTheSamePage));
      const visited = () =>
        world.shop.sent().filter(({ body }) => isVisitOf(body, "/e2e/page/index.html")).length;
      await until(() => visited() === 2);
      const [{ body }] = world.shop.sent();
      await page.run(() => globalThis.tracker.flush());
      const { tabs } = await world.assertClosed(body.sessionId);
      assert.equal(tabs.length, 1);
    } finally {
      await browser.stop();
    }
  });

  /** Loads the page for tests where files are missing, uses it, and gives which modules were asked for. */
  async function visitWithout(missing) {
    const visitor = await world.visitor();
    world.shop.missing = missing;
    const scripts = [];
    visitor.page.on("request", (request) => scripts.push(request.url()));
    await visitor.open(testPage(CAPTURE));
    const modules = () => scripts.filter((url) => /\/dist\/.*(capture|vitals)/.test(url));
    await until(() => modules().length > 0);
    await visitor.page.waitForLoadState("networkidle");
    await visitor.page.locator("#alive").click();
    await visitor.page.evaluate(() => globalThis.tracker.select("fenster", "pvc"));
    return { visitor, modules: modules() };
  }

  test("what captures has its content's name, and is asked for once", async () => {
    const { visitor, modules } = await visitWithout([]);
    assert.equal(modules.length, 1, String(modules));
    assert.match(modules[0], MODULE);
    assert.equal((await told(visitor, "click")).length, 1);
  });

  test("a script whose own modules a later release has taken away goes on with that release's", async () => {
    const { visitor, modules } = await visitWithout(["/dist/assets/"]);
    assert.equal(modules.length, 2, String(modules));
    const [, hash] = /capture-(\w+)\.js$/.exec(modules[0]);
    assert.ok(modules[1].endsWith(`/dist/capture.js?${hash}`), modules[1]);
    assert.equal((await told(visitor, "page_visit")).length, 1);
    assert.equal((await told(visitor, "click")).length, 1);
  });

  test("without any module the page is told what it tells itself", async () => {
    const { visitor } = await visitWithout(["/dist/assets/", "/dist/capture.js"]);
    assert.equal((await told(visitor, "selection")).length, 1);
    assert.equal((await told(visitor, "click")).length, 0);
    assert.deepEqual(visitor.errors, []);
    await world.assertClosed(await visitor.sessionId());
  });

  test("what the visitor typed in is told once, and nobody reads it in a journey", async () => {
    const visitor = await world.visitor();
    await visitor.open(testPage({ consent: { analytics: true } }));
    const told = { name: "Ada Bauer", email: "ada@example.com" };
    await visitor.page.evaluate((userData) => globalThis.tracker.identify(userData), told);
    await sent(visitor);
    const requests = world.shop.sent().filter(({ path }) => path === UPDATE_USER_DATA);
    assert.deepEqual(
      requests.map(({ status, body }) => [status, body.userData]),
      [[202, told]],
    );
    const session = await visitor.sessionId();
    assert.doesNotMatch(JSON.stringify(await world.journey(session)), /Ada|ada@/);
    await world.assertClosed(session);
  });

  test("web vitals, late", async () => {
    const visitor = await world.visitor();
    const scripts = [];
    visitor.page.on("request", (request) => scripts.push(request.url()));
    await visitor.open(testPage({ consent: { analytics: true } }));
    await until(() => scripts.some((url) => MODULE.test(url) && url.includes("vitals")));
    await visitor.page.locator("#alive").click();
    await visitor.page.waitForTimeout(500);
    await hide(visitor);
    await sent(visitor);
    const names = world.shop.requests
      .flatMap(({ body }) => body.metrics ?? [])
      .map(({ metricName }) => metricName);
    for (const name of ["TTFB", "FCP", "LCP"])
      assert.ok(names.includes(name), `${name} in ${names}`);
    await world.assertClosed(await visitor.sessionId());
  });
});
