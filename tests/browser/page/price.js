// The price list, and what a configuration costs by it, in euros.

const PRICES_PATH = "/api/pricing/data";
const CACHE_KEY = "nest-haus-pricing-data";
const CACHE_MS = 5 * 60 * 1000;
const ON_REQUEST = -1;

/** The price list, from this tab's cache where that is young enough. */
export async function loadPrices() {
  const cached = JSON.parse(sessionStorage.getItem(CACHE_KEY));
  if (cached && Date.now() - cached.timestamp < CACHE_MS) return cached.data;
  const answer = await fetch(PRICES_PATH);
  if (!answer.ok) throw new Error(`the price list was answered with ${answer.status}`);
  const { data } = await answer.json();
  sessionStorage.setItem(CACHE_KEY, JSON.stringify({ data, timestamp: Date.now() }));
  return data;
}

/** What a configuration of this page's categories costs in all. */
export function totalPrice(configuration, prices) {
  const chosen = (category) => configuration[category]?.value;
  const chimney = chosen("kamindurchzug") ? counted(prices.optionen.kaminschacht) : 0;
  const size = chosen("nest");
  return size ? chimney + sizedPrice(configuration, chosen, prices, size) : chimney;
}

function sizedPrice(configuration, chosen, prices, size) {
  const at = (table, option) => table[option]?.[size] ?? 0;
  const above = (table, option, base) => counted(at(table, option) - at(table, base));
  const windows = prices.fenster.totalPrices[chosen("fenster")]?.[size];
  const modules = configuration.pvanlage?.quantity;
  const floors = configuration.geschossdecke ? configuration.geschossdecke.quantity || 1 : 0;
  const parts = [
    counted(prices.nest[size]?.price),
    above(prices.gebaeudehuelle, chosen("gebaeudehuelle") ?? "holzlattung", "trapezblech"),
    above(prices.innenverkleidung, chosen("innenverkleidung"), "ohne_innenverkleidung"),
    above(prices.bodenbelag, chosen("fussboden"), "ohne_belag"),
    above(prices.bodenaufbau, chosen("bodenaufbau"), "ohne_heizung"),
    counted(windows?.[chosen("belichtungspaket")]),
    counted(prices.pvanlage.pricesByQuantity[size]?.[modules]),
    counted(prices.geschossdecke.basePrice) * floors,
    counted(prices.planungspaket[chosen("planungspaket")]?.[size]),
    chosen("fundament") ? counted(prices.optionen.fundament[size]) : 0,
  ];
  return parts.reduce((sum, part) => sum + part, 0);
}

function counted(price) {
  return price === undefined || price === ON_REQUEST ? 0 : price;
}

/** Euros as the page shows them. */
export function formatEuros(euros) {
  return `${euros.toLocaleString("de-DE", { maximumFractionDigits: 0 })}€`;
}
