// Whether a link shows the same view to whoever opens it.

import { expect, test } from "vitest";
import { comparedQuery, parseSearch, parseView, rangeQuery, writeSearch, writeView } from "./view";

const ZONE = "Europe/Vienna";

function viewOf(address: string) {
  return parseView(parseSearch(address), ZONE);
}

test("an address without anything is the last seven days here, against those before", () => {
  expect(viewOf("")).toEqual({
    timeRange: "7d",
    tz: ZONE,
    population: "eligible",
    compare: "previous",
  });
});

test("a written view is read as the same one, wherever it is opened", () => {
  const addresses = [
    "?timeRange=24h&tz=UTC",
    "?timeRange=90d&tz=America/New_York&population=all&compare=year",
    "?timeRange=custom&from=2026-03-28T23:00:00Z&to=2026-03-29T22:00:00Z&tz=Europe/Vienna",
    "?timeRange=7d&tz=UTC&compare=custom&compareFrom=2026-01-01T00:00:00Z",
  ];
  for (const address of addresses) {
    const view = viewOf(address);
    const link = writeSearch(writeView(view));
    expect(parseView(parseSearch(link), "Asia/Tokyo")).toEqual(view);
  }
});

test("what makes no sense is the default", () => {
  const nonsense = [
    "?timeRange=8d&tz=Mars/Olympus&population=robots&compare=nothing",
    "?timeRange=custom",
    "?timeRange=custom&from=2026-02-01&to=2026-01-01",
    "?timeRange=custom&from=yesterday&to=tomorrow",
    "?compare=custom",
  ];
  for (const address of nonsense) expect(viewOf(address)).toEqual(viewOf(""));
});

test("a report is asked in the words of the API", () => {
  const view = viewOf(
    "?timeRange=custom&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&tz=UTC&compare=year",
  );
  const range = {
    timeRange: "custom",
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-02-01T00:00:00.000Z",
    tz: "UTC",
    population: "eligible",
  };
  expect(rangeQuery(view)).toEqual(range);
  expect(comparedQuery(view)).toEqual({ ...range, compare: "year" });
});

test("a range with a name is asked without instants", () => {
  const view = viewOf("?timeRange=30d&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z");
  expect(rangeQuery(view)).not.toHaveProperty("from");
});
