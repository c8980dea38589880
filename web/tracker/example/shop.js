// The example's configurator: shows the price of what is chosen, and tells the tracker.

const BASE_PRICE = 213_032;
const PRICES = {
  gebaeudehuelle: { trapezblech: 0, holzlattung: 24_413, fassadenplatten_schwarz: 36_011 },
  pvanlage: { ohne_pvanlage: 0, pv_modules: 20_572 },
};
const MODULES = 8;
const NAMES = {
  trapezblech: "Trapezblech",
  holzlattung: "Holzlattung Lärche Natur",
  fassadenplatten_schwarz: "Fassadenplatten Schwarz",
};

const element = (id) => document.getElementById(id);
const form = element("options");
const euros = new Intl.NumberFormat("en", {
  style: "currency",
  currency: "EUR",
  maximumFractionDigits: 0,
});

const tracker = globalThis.nestHaus.init({ layoutVersion: "example-1" });

function chosen() {
  const { gebaeudehuelle, pvanlage } = Object.fromEntries(new FormData(form));
  return { gebaeudehuelle, pvanlage };
}

function price() {
  const options = Object.entries(chosen());
  return options.reduce((sum, [category, value]) => sum + PRICES[category][value], BASE_PRICE);
}

function configuration() {
  const { gebaeudehuelle, pvanlage } = chosen();
  const configuration = {
    nest: { category: "nest", value: "nest80", name: "Hoam 80", price: BASE_PRICE },
    gebaeudehuelle: {
      category: "gebaeudehuelle",
      value: gebaeudehuelle,
      name: NAMES[gebaeudehuelle],
      price: PRICES.gebaeudehuelle[gebaeudehuelle],
    },
    totalPrice: price(),
  };
  if (pvanlage === "ohne_pvanlage") return configuration;
  const name = "Photovoltaik-Module";
  const modules = { category: "pvanlage", value: pvanlage, name, price: PRICES.pvanlage[pvanlage] };
  return { ...configuration, pvanlage: { ...modules, quantity: MODULES } };
}

function show() {
  const { gebaeudehuelle, pvanlage } = chosen();
  element("price").textContent = euros.format(price());
  element("viewer").dataset.exterior = gebaeudehuelle;
  const count = pvanlage === "pv_modules" ? MODULES : 0;
  element("modules").replaceChildren(...Array.from({ length: count }, (_, index) => module(index)));
}

/** A solar module on the roof. */
function module(index) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const place = { x: 93 + (index % 4) * 34, y: 66 + Math.floor(index / 4) * 17 };
  for (const [name, value] of Object.entries({ ...place, width: 32, height: 15 })) {
    shape.setAttribute(name, value);
  }
  return shape;
}

function showConsent() {
  const isChosen = tracker.consent.get() !== "unset";
  element("consent").hidden = isChosen;
  element("settings").hidden = !isChosen;
}

form.addEventListener("change", ({ target }) => {
  show();
  tracker.select(target.name, target.value, { price: price() });
  tracker.saveConfiguration(configuration(), { price: price() });
});
element("cart").addEventListener("click", () => {
  tracker.saveConfiguration(configuration(), { price: price(), reason: "cart" });
  element("message").textContent = `In the cart for ${euros.format(price())}.`;
});
for (const [id, analytics] of [
  ["agree", true],
  ["refuse", false],
]) {
  element(id).addEventListener("click", () => {
    tracker.consent.set({ analytics });
    showConsent();
  });
}
element("settings").addEventListener("click", () => {
  element("consent").hidden = false;
});

show();
showConsent();
