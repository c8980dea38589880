// The cart page.

import { formatEuros } from "./price.js";
import { store } from "./store.js";
import {
  getSession, pollPayment, startTracking, trackCart, trackLeaving,
} from "./tracking.js";

const query = new URLSearchParams(location.search);

startTracking();
showItems();
getSession();
trackCart(query.get("mode") !== "configuration");
document.querySelector("#to-configurator").addEventListener("click", goBack);
showPayment(await pollPayment());

function showItems() {
  const items = Object.values(store.configuration).filter((value) => value?.category);
  const lines = items.map(({ name, quantity }) => (quantity ? `${name} (${quantity})` : name));
  const entries = lines.map((line) => {
    const entry = document.createElement("li");
    entry.textContent = line;
    return entry;
  });
  document.querySelector("#items").append(...entries);
  document.querySelector("#price").textContent = formatEuros(store.currentPrice);
}

function showPayment(isPaid) {
  document.querySelector("#payment").textContent = isPaid ? "Bezahlt" : "Noch nicht bezahlt";
}

function goBack(event) {
  event.preventDefault();
  trackLeaving();
  location.assign(`${event.currentTarget.getAttribute("href")}?${query}`);
}
