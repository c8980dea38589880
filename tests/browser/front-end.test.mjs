// A front end in a real browser uses the endpoints as today's does, and the server then holds
// exactly what the visitor saw. Run it by scripts/browser-tests.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { chromium } from "playwright-core";

import { assertJourney } from "./journey.mjs";
import { startOwnSystem } from "./system.mjs";
import { openVisitor, until } from "./visitor.mjs";

const CONFIGURATOR = "/konfigurator.html";
const SESSIONS = "/api/sessions/";

/** Choices of a real visitor to today's page, each with the price that it showed. */
const CHOICES = [
  ["Größe", "Hoam 100", "302.238€"],
  ["Gebäudehülle", "Fassadenplatten Schwarz", "315.836€"],
  ["Gebäudehülle", "Trapezblech", "273.615€"],
  ["Photovoltaik", "Photovoltaik-Module", "277.549€"],
  ["Innenverkleidung", "Fichte", "304.861€"],
  ["Innenverkleidung", "Lärche", "315.354€"],
  ["Fußboden", "Parkett Eiche", "341.725€"],
  ["Bodenaufbau", "Elektrische Fußbodenheizung", "355.277€"],
  ["Belichtung", "Medium", "366.638€"],
  ["Fenster", "Holz", "385.456€"],
  ["Planung", "Planung Plus", "390.356€"],
  ["Planung", "Planung Pro", "395.056€"],
  ["Größe", "Hoam 160", "592.896€"],
  ["Photovoltaik", "Photovoltaik: mehr", "595.014€"],
];

let system;
let browser;

before(async () => {
  assert.ok(process.env.CHROMIUM, "CHROMIUM is not set: use scripts/browser-tests");
  system = await startOwnSystem();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    chromiumSandbox: process.getuid() !== 0,
    args: ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
  });
});

after(async () => {
  await browser?.close();
  await system?.stop();
});

suite("a visit", () => {
  let visitor;
  let session;
  let firstSession;
  let seen;
  let closedAt;

  before(async () => {
    visitor = await openVisitor(browser, system);
  });

  test("begins with the price list, and with no price", async () => {
    await visitor.causing(["track-interaction"], () => visitor.open(CONFIGURATOR));
    await visitor.find("button", "Hoam 80").waitFor();
    assert.equal(await visitor.price(), "0€");
    const accept = visitor.find("button", "Akzeptieren");
    await visitor.causing(["track-interaction"], () => accept.click());
    firstSession = visitor.requests.at(-1).body.sessionId;
  });

  test("goes on under another session from the first choice on", async () => {
    const ends = ["track", "track-interaction", "finalize", "sync"];
    await visitor.causing(ends, () => visitor.find("button", "Hoam 120").click());
    assert.equal(await visitor.price(), "351.924€");
    session = (await visitor.store()).sessionId;
    assert.match(session, /^client_\d{13}_[0-9a-z]{11}$/);
    assert.notEqual(session, firstSession);
    await visitor.arrived(firstSession);
    assert.equal((await visitor.read("get-session", firstSession)).session.status, "ABANDONED");
  });

  test("shows the price of every choice", async () => {
    for (const [group, option, price] of CHOICES) {
      await visitor.choose(group, option);
      assert.equal(await visitor.price(), price, option);
    }
  });

  test("tells choices in a burst one by one, but configuration and click once", async () => {
    const from = visitor.requests.length;
    const options = ["PVC", "Aluminium Holz", "Holz"];
    await visitor.causing(["sync", "track-interaction"], () => burst("Fenster", options));
    const told = visitor.requests.slice(from);
    const names = told.map(({ path }) => path.split("/").at(-1));
    assert.deepEqual(names, ["track", "track", "track", "sync", "track-interaction"]);
    await assertServerHolds("ACTIVE");
  });

  test("shows the price of extras, which travel with the cart", async () => {
    const sent = visitor.requests.length;
    await visitor.find("checkbox", "Kaminschacht-Vorbereitung").check();
    await visitor.find("checkbox", "Fundament").check();
    assert.equal(await visitor.price(), "626.861€");
    assert.equal(visitor.requests.length, sent);
  });

  test("takes floors by number", async () => {
    await visitor.choose("Geschossdecke", "Zusätzliche Decke");
    await visitor.choose("Geschossdecke", "Geschossdecke: mehr");
    assert.equal(await visitor.price(), "635.091€");
    assert.equal((await configuration()).geschossdecke.quantity, 2);
  });

  test("fills the cart", async () => {
    const told = ["track-interaction", "update-ohne-nest-mode", "track-cart-add"];
    await visitor.causing(told, () => leaveBy(visitor.find("button", "Zum Warenkorb")));
    await visitor.page.getByText("Noch nicht bezahlt").waitFor();
    assert.equal(await visitor.price(), "635.091€");
    assert.equal(await visitor.page.getByText("Zusätzliche Decke (2)").count(), 1);
    await assertServerHolds("IN_CART");
  });

  test("comes back to the configurator and finds everything as it was", async () => {
    const link = visitor.find("link", "Weiter konfigurieren");
    await visitor.causing(["track-interaction"], () => leaveBy(link));
    assert.equal(await visitor.price(), "635.091€");
    await assertServerHolds("IN_CART");
  });

  test("hands over at a reload what it had told nobody", async () => {
    await visitor.find("checkbox", "Fundament").uncheck();
    await visitor.causing(["track-interaction"], () => visitor.leave(() => visitor.page.reload()));
    assert.equal(await visitor.price(), "604.131€");
    assert.equal((await configuration()).fundament, null);
    await assertServerHolds("IN_CART");
  });

  test("goes on after the reload, and hands over the rest when the tab closes", async () => {
    await visitor.choose("Innenverkleidung", "Steirische Eiche");
    await visitor.find("checkbox", "Kaminschacht-Vorbereitung").uncheck();
    await look();
    closedAt = Date.now();
    const closed = visitor.page.waitForEvent("close");
    await visitor.leave(() => visitor.page.close({ runBeforeUnload: true }));
    await closed;
    await assertServerHeld("IN_CART");
  });

  test("sent beacons of both shapes, every one of which arrived", async () => {
    const beacons = await visitor.beacons();
    const count = (type) => beacons.filter((beacon) => beacon.type === type).length;
    assert.ok(beacons.every(({ isTaken }) => isTaken));
    assert.equal(count("application/json"), 8, "two at each of four exits");
    assert.equal(count("text/plain"), 2, "at the reload and at the end");
    await visitor.arrived(session);
  });

  test("is stored as the visitor went through it", async () => {
    await system.drain();
    await assertServerHeld("IN_CART");
    for (const id of [firstSession, session]) {
      const { interactions } = await visitor.read("get-journey", id);
      assertJourney(interactions, visitor.told(id));
    }
    const { session: stored } = await visitor.read("get-journey", session);
    assert.ok(Date.parse(stored.endTime) >= closedAt, "the last exit is known");
  });

  test("is nobody else's to read", async () => {
    const answer = await system.get(`/api/sessions/get-journey?sessionId=${session}`);
    assert.equal(answer.status, 403);
  });

  test("is accounted for in the ledger", async () => {
    const sent = visitor.told(session).length + (await visitor.beacons()).length;
    const ledger = await system.ledger(session);
    assert.equal(ledger.closed, true);
    const { received, stored, rejected, duplicate, dead, queued } = ledger.session.transmissions;
    const [nothing, all] = [[rejected, duplicate, dead, queued], [received, stored]];
    assert.deepEqual({ all, nothing }, { all: [sent, sent], nothing: [0, 0, 0, 0] });
  });

  test("met no failure, and no other server", async () => {
    const failed = visitor.requests.filter(({ failure, atLeaving }) => failure && !atLeaving);
    assert.deepEqual(failed, []);
    assert.deepEqual(visitor.errors, []);
    assert.deepEqual([...new Set(visitor.requests.map(({ origin }) => origin))], [system.base]);
    const lists = visitor.requests.filter(({ path }) => path === "/api/pricing/data");
    assert.equal(lists.length, 1, "the price list is kept for five minutes");
  });

  async function configuration() {
    return (await visitor.store()).configuration;
  }

  /** Clicks buttons of a group faster than anybody could. */
  async function burst(group, options) {
    const buttons = options.map((option) => visitor.find("button", option, group));
    const handles = await Promise.all(buttons.map((button) => button.elementHandle()));
    await visitor.page.evaluate((all) => all.forEach((each) => each.click()), handles);
  }

  function leaveBy(element) {
    return visitor.leave(async () => {
      const loaded = visitor.page.waitForEvent("load");
      await element.click();
      await loaded;
    });
  }

  async function look() {
    seen = { configuration: await configuration(), price: await visitor.price() };
  }

  async function assertServerHolds(status) {
    await look();
    await assertServerHeld(status);
  }

  /** Compares the server, queue and database together, with what the page showed last. */
  async function assertServerHeld(status) {
    await visitor.arrived(session);
    const { session: held } = await visitor.read("get-session", session);
    assert.deepEqual(held.configurationData, seen.configuration);
    assert.equal(`${held.totalPrice.toLocaleString("de-DE")}€`, seen.price);
    assert.equal(held.status, status);
  }
});

test("a choice waits for no answer", async () => {
  const visitor = await openVisitor(browser, system);
  const release = await holdBack(visitor);
  await visitor.open(CONFIGURATOR);
  assert.equal(await priceInClick(visitor, "Hoam 100"), "302.238€");
  assert.equal(await priceInClick(visitor, "Hoam 120"), "351.924€");
  const tracked = visitor.requests.filter(({ path }) => path.startsWith(SESSIONS));
  assert.deepEqual(tracked.filter(({ endedAt }) => endedAt !== Infinity), []);
  release();
  await visitor.arrived((await visitor.store()).sessionId);
  assert.deepEqual(visitor.errors, []);
});

test("the page works while tracking is out of order, and is heard again afterwards", async () => {
  const visitor = await openVisitor(browser, system);
  await visitor.context.route(`**${SESSIONS}**`, (route) => route.fulfill({ status: 503 }));
  await visitor.open(CONFIGURATOR);
  await visitor.choose("Größe", "Hoam 100");
  assert.equal(await visitor.price(), "302.238€");
  const attempts = () => arrivals(visitor).length;
  await until(() => attempts() === 3, () => `the visit was told ${attempts()} times`);

  await visitor.context.unroute(`**${SESSIONS}**`);
  await visitor.choose("Größe", "Hoam 120");
  assert.equal(await visitor.price(), "351.924€");
  const { sessionId, configuration } = await visitor.store();
  const { session } = await visitor.read("get-session", sessionId);
  assert.deepEqual(session.configurationData, configuration);
  assert.equal(attempts(), 3, "sent twice more, then given up");
  assert.deepEqual(visitor.errors.filter((message) => !message.includes("503")), []);
});

test("without a price list the page says so, and starts at the next try", async () => {
  const visitor = await openVisitor(browser, system);
  await visitor.context.route("**/api/pricing/data", (route) => route.fulfill({ status: 503 }));
  await visitor.open(CONFIGURATOR);
  await visitor.find("alert", "").waitFor();
  assert.equal(await visitor.find("button", "Hoam 80").count(), 0);

  await visitor.context.unroute("**/api/pricing/data");
  await visitor.page.reload();
  await visitor.find("button", "Hoam 80").waitFor();
});

/** Keeps requests about sessions from the server until the function that it gives is called. */
async function holdBack(visitor) {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await visitor.context.route(`**${SESSIONS}**`, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

/** Chooses a size; the price that is there as soon as the click has been handled. */
async function priceInClick(visitor, size) {
  const isTold = (request) => request.url().endsWith(`${SESSIONS}track`);
  const told = visitor.context.waitForEvent("request", isTold);
  const price = await visitor.find("button", size).evaluate((button) => {
    button.click();
    return document.querySelector("#price").textContent;
  });
  await told;
  return price;
}

/** What told that the visitor arrived at a page. */
function arrivals(visitor) {
  return visitor.requests.filter(({ body }) => {
    const { eventType, timeSpent } = body?.interaction ?? {};
    return eventType === "page_visit" && timeSpent === undefined;
  });
}
