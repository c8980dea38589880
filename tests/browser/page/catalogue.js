// What can be chosen, in the order of the page. An option's price is a label of old that travels
// with it; what it costs stands in the price list.

const option = (value, name, price, description) => ({ value, name, price, description });

const SIZES = [80, 100, 120, 140, 160].map((size, step) => {
  const description = `${step + 4} Module für\n${75 + 20 * step}m² Nutzfläche`;
  return option(`nest${size}`, `Hoam ${size}`, 155500 + 33600 * step, description);
});

/**
 * Categories of which one option is chosen. Those with a `maximum` come in a quantity, and may be
 * left out; `maximum` finds the greatest quantity by size in the price list.
 */
export const CATEGORIES = [
  { key: "nest", title: "Größe", preset: "nest80", options: SIZES },
  {
    key: "geschossdecke",
    title: "Geschossdecke",
    maximum: (prices) => prices.geschossdecke.maxAmounts,
    options: [option("geschossdecke_module", "Zusätzliche Decke", 4115, "6,5m² mehr Fläche")],
  },
  {
    key: "gebaeudehuelle",
    title: "Gebäudehülle",
    preset: "holzlattung",
    options: [
      option("trapezblech", "Trapezblech", -9600, "RAL 9005\n3000 x 1142 mm"),
      option("holzlattung", "Holzlattung Lärche Natur", 0, "Sägerau\nUnbehandelt"),
      option("fassadenplatten_schwarz", "Fassadenplatten Schwarz", 26800, "268 x 130 cm"),
      option("fassadenplatten_weiss", "Fassadenplatten Weiß", 26800, "268 x 130 cm"),
    ],
  },
  {
    key: "pvanlage",
    title: "Photovoltaik",
    maximum: (prices) => prices.pvanlage.maxModules,
    options: [
      option("pv_modules", "Photovoltaik-Module", 1170, "1,8 kWpeak\n4 Panele pro PV-Modul"),
    ],
  },
  {
    key: "innenverkleidung",
    title: "Innenverkleidung",
    preset: "ohne_innenverkleidung",
    options: [
      option("ohne_innenverkleidung", "Ohne Innenverkleidung", 0, "Für Selbermacher"),
      option("fichte", "Fichte", 23020, "PEFC-Zertifiziert\nSicht 1,9 cm"),
      option("laerche", "Lärche", 31921, "PEFC-Zertifiziert\nSicht 1,5 cm"),
      option("steirische_eiche", "Steirische Eiche", 37235, "PEFC-Zertifiziert\nSicht 1,5 cm"),
    ],
  },
  {
    key: "fussboden",
    title: "Fußboden",
    preset: "ohne_belag",
    options: [
      option("ohne_belag", "Ohne Belag", 0, "Für Selbermacher"),
      option("parkett", "Parkett Eiche", 3800, "Eichenparkett\nSchwimmend verlegt\n"),
      option("kalkstein_kanafar", "Steinbelag Hell", 4500, "Kalkstein"),
      option("schiefer_massiv", "Steinbelag Dunkel", 5500, "Schiefer"),
    ],
  },
  {
    key: "bodenaufbau",
    title: "Bodenaufbau",
    preset: "ohne_heizung",
    options: [
      option("ohne_heizung", "Ohne Heizung", 0, "Vorbereitet"),
      option("elektrische_fussbodenheizung", "Elektrische Fußbodenheizung", 5000, "Nach Größe"),
      option("wassergefuehrte_fussbodenheizung", "Wassergeführte Heizung", 6500, "Nach Größe"),
    ],
  },
  {
    key: "belichtungspaket",
    title: "Belichtung",
    preset: "light",
    options: [
      option("light", "Light", 0, "15% der ®Hoam Fläche\nSparsame Belichtung"),
      option("medium", "Medium", 0, "22% der ®Hoam Fläche\nAusgewogene Belichtung"),
      option("bright", "Bright", 0, "28% der ®Hoam Fläche\nGroßzügige Belichtung"),
    ],
  },
  {
    key: "fenster",
    title: "Fenster",
    preset: "pvc_fenster",
    options: [
      option("pvc_fenster", "PVC", 280, "RAL 9016"),
      option("holz", "Holz", 400, "Farbtöne können variieren\nFichte"),
      option("aluminium_schwarz", "Aluminium Holz", 700, "RAL 9005\nInnen Holz"),
    ],
  },
  {
    key: "planungspaket",
    title: "Planung",
    preset: "basis",
    options: [
      option("basis", "Planung Basis", 0, "Einreichplanung"),
      option("plus", "Planung Plus", 4900, "Inkl. Planungspaket Basis\nPlus Gebäudetechnik"),
      option("pro", "Planung Pro", 9600, "Inkl. Planungspaket Plus\nPlus Möblierungsvorschlag"),
    ],
  },
];

/** Extras that are either wanted or not. */
export const EXTRAS = [
  {
    key: "kamindurchzug",
    ...option("enabled", "Kaminschacht-Vorbereitung", 887, "Durchzug für den Kamin"),
  },
  { key: "fundament", ...option("enabled", "Fundament", 5000, "Fundamentvorbereitung") },
];

/** A choice as configurations hold it. */
export function item(category, { value, name, price, description }, quantity) {
  const plain = { category, value, name, price, description };
  return quantity === undefined ? plain : { ...plain, quantity };
}

/** What is chosen before the visitor chooses. Extras and quantities are null or not there. */
export function presetConfiguration() {
  const chosen = CATEGORIES.filter(({ preset }) => preset).map(({ key, preset, options }) => {
    return [key, item(key, options.find(({ value }) => value === preset))];
  });
  const empty = { pvanlage: null, stirnseite: null, kamindurchzug: null, fussbodenheizung: null };
  return { sessionId: "", ...Object.fromEntries(chosen), ...empty, totalPrice: 0, timestamp: 0 };
}
