// The configurator page.

import { CATEGORIES, EXTRAS, item } from "./catalogue.js";
import { formatEuros, loadPrices } from "./price.js";
import { change, store, trackedSession } from "./store.js";
import {
  beaconConfiguration, endSession, finalizeConfiguration, scheduleSync, startTracking,
  trackLeaving, trackSelection,
} from "./tracking.js";

const main = document.querySelector("main");
const message = document.querySelector("#message");
const form = document.querySelector("#options");
const CONSENT_KEY = "nest-haus-cookie-consent";

/** What brings one part of the page in line with the store. */
const refreshers = [];
let prices;
let isLeft = false;

startTracking();
askForConsent();
try {
  prices = await loadPrices();
  show();
} catch {
  message.setAttribute("role", "alert");
  message.textContent = "Die Preise konnten nicht geladen werden. Bitte später noch einmal.";
}

function show() {
  form.append(...CATEGORIES.map(categoryGroup), extrasGroup());
  document.querySelector("#to-cart").addEventListener("click", goToCart);
  addEventListener("pagehide", () => isLeft || beaconConfiguration());
  refresh();
  message.remove();
  main.hidden = false;
}

function askForConsent() {
  const banner = document.querySelector("[aria-label=Cookies]");
  banner.hidden = localStorage.getItem(CONSENT_KEY) === "true";
  banner.querySelector("button").addEventListener("click", () => {
    localStorage.setItem(CONSENT_KEY, "true");
    banner.hidden = true;
  });
}

/** Takes a choice that is told to the server. */
function choose(category, chosen) {
  const before = trackedSession();
  change(category, chosen, prices);
  refresh();
  trackSelection(chosen);
  scheduleSync();
  if (trackedSession() !== before) endSession(before);
}

/** Takes a change that is told to nobody yet: it travels with the cart or with the exit. */
function adjust(category, chosen) {
  const before = trackedSession();
  change(category, chosen, prices);
  refresh();
  if (trackedSession() !== before) endSession(before);
}

function goToCart() {
  isLeft = true;
  finalizeConfiguration();
  trackLeaving();
  const query = new URLSearchParams(location.search);
  query.set("mode", "configuration");
  location.assign(`warenkorb.html?${query}`);
}

function refresh() {
  const price = store.hasUserInteracted ? store.currentPrice : 0;
  document.querySelector("#price").textContent = formatEuros(price);
  refreshers.forEach((each) => each());
}

function categoryGroup(category) {
  const buttons = category.options.map((option) => optionButton(category, option));
  const group = element("fieldset", {}, element("legend", {}, category.title), ...buttons);
  if (category.maximum) group.append(quantityControl(category));
  return group;
}

function optionButton({ key, maximum }, option) {
  const lines = [option.name, option.description, startingPrice(key, option)].filter(Boolean);
  const spans = lines.map((line) => element("span", {}, line));
  const button = element("button", { type: "button" }, ...spans);
  const quantity = () => maximum && (store.configuration[key]?.quantity ?? 1);
  button.addEventListener("click", () => choose(key, item(key, option, quantity())));
  refreshers.push(() => {
    button.setAttribute("aria-pressed", store.configuration[key]?.value === option.value);
  });
  return button;
}

function startingPrice(key, { value }) {
  return key === "nest" ? `Ab ${formatEuros(prices.nest[value].price)}` : "";
}

function quantityControl({ key, title, maximum, options: [option] }) {
  const quantity = () => store.configuration[key]?.quantity ?? 0;
  const set = (count) => choose(key, item(key, option, count));
  const less = element("button", { type: "button", "aria-label": `${title}: weniger` }, "−");
  const more = element("button", { type: "button", "aria-label": `${title}: mehr` }, "+");
  const count = element("output", {});
  less.addEventListener("click", () => {
    if (quantity() > 1) set(quantity() - 1);
    else adjust(key, null);
  });
  more.addEventListener("click", () => set(quantity() + 1));
  refreshers.push(() => {
    count.textContent = quantity();
    less.disabled = quantity() === 0;
    more.disabled = quantity() >= maximum(prices)[store.configuration.nest.value];
  });
  return element("div", { role: "group", "aria-label": `${title}: Anzahl` }, less, count, more);
}

function extrasGroup() {
  return element("fieldset", {}, element("legend", {}, "Extras"), ...EXTRAS.map(extraBox));
}

function extraBox({ key, ...option }) {
  const box = element("input", { type: "checkbox", name: key });
  box.addEventListener("change", () => adjust(key, box.checked ? item(key, option) : null));
  refreshers.push(() => {
    box.checked = Boolean(store.configuration[key]);
  });
  return element("label", {}, box, ` ${option.name}`);
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...children);
  return made;
}
