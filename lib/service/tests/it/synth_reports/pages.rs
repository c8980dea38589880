//! Where visits go and end, and what is done on pages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Reports, by_name, list, number, percentile, rate, text};

impl Reports<'_> {
    /// Where visits end without an order, or without anything in the cart.
    pub(super) async fn compare_drop_off(&self) {
        let (ways, visits) = (&self.truth.ways, self.eligible().visits);
        let report = self.ask("dropoff", &[("limit", "100")]).await;
        let left: u64 = ways.levels.iter().map(|level| level.left).sum();
        assert_eq!(rate(&report["dropOffRate"]), (left, visits));
        for (row, (level, reached)) in
            list(&report["levels"]).iter().zip(ways.levels.iter().zip(self.eligible().funnel))
        {
            assert_eq!(rate(&row["dropOffRate"]), (level.left, reached), "{row}");
        }
        let pages = list(&report["exitPages"]["values"]);
        let ended = ways.nodes.iter().filter(|(_, counts)| counts.ended > 0);
        assert_eq!(pages.len(), ended.count());
        for row in pages {
            let counts = &ways.nodes[&text(&row["value"])];
            assert_eq!(rate(&row["dropOffRate"]), (counts.left, counts.visits), "{row}");
        }
        let report = self.ask("dropoff", &[("conversion", "micro")]).await;
        for (row, level) in list(&report["levels"]).iter().zip(&ways.levels) {
            assert_eq!(rate(&row["dropOffRate"]).0, level.left_without_cart, "{row}");
        }
    }

    /// Every step of every way, from the begin and from the end.
    pub(super) async fn compare_journeys(&self) {
        let ways = &self.truth.ways;
        for (anchor, steps) in [("start", &ways.steps), ("end", &ways.steps_back)] {
            let query = [("anchor", anchor), ("depth", "20"), ("limit", "50")];
            let report = self.ask("journeys", &query).await;
            assert_eq!(report["visits"], self.eligible().visits);
            let links = list(&report["links"]).iter().map(|link| {
                let (from, to) = (text(&link["from"]), text(&link["to"]));
                (number(&link["depth"]), from, to, number(&link["visits"]))
            });
            let expected = (1..).zip(steps).flat_map(|(depth, nodes)| {
                nodes.iter().flat_map(move |(from, to)| {
                    to.iter().map(move |(to, visits)| (depth, from.clone(), to.clone(), *visits))
                })
            });
            assert_eq!(links.collect::<BTreeSet<_>>(), expected.collect(), "{anchor}");
        }
    }

    /// Clicks, scroll depths and choices that were taken back, of everybody.
    pub(super) async fn compare_heatmap(&self) {
        let deeds = &self.truth.deeds;
        let report = self.ask("heatmap", &[]).await;
        let pages = by_name(list(&report["pages"]), "page", |page| number(&page["clicks"]));
        let clicked = deeds.clicks.iter().map(|(page, of)| (page.clone(), of.values().sum()));
        assert_eq!(pages, clicked.collect());
        let taken_back =
            by_name(list(&report["indecision"]), "category", |row| number(&row["times"]));
        assert_eq!(taken_back, deeds.taken_back);
        for (page, elements) in &deeds.clicks {
            let report = self.ask("heatmap", &[("page", page)]).await;
            let rows = list(&report["elements"]);
            assert_eq!(
                by_name(rows, "elementId", |row| number(&row["clicks"])),
                *elements,
                "{page}"
            );
            for row in rows {
                assert_eq!((&row["rage"], &row["placeless"]), (&json!(0), &json!(0)), "{row}");
            }
            for (element, clicks) in elements {
                let report = self.ask("heatmap", &[("page", page), ("element", element)]).await;
                let cells = list(&report["layers"]).iter().flat_map(|layer| list(&layer["cells"]));
                assert_eq!(
                    cells.map(|cell| number(&cell["clicks"])).sum::<u64>(),
                    *clicks,
                    "{element}"
                );
            }
        }
        for (page, depths) in &deeds.scrolls {
            let report = self.ask("heatmap", &[("page", page)]).await;
            compare_scrolls(&report["scroll"], depths);
        }
    }

    /// How many measurements there were, and percentiles as near as histograms come.
    pub(super) async fn compare_performance(&self) {
        let report = self.ask("performance", &[]).await;
        let metrics = list(&report["metrics"]);
        assert_eq!(metrics.len(), self.truth.deeds.measured.len());
        for row in metrics {
            let mut values: Vec<(f64, u64)> = self.truth.deeds.measured[&text(&row["metric"])]
                .iter()
                .map(|value| (*value, 1))
                .collect();
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert_eq!(row["n"], values.len(), "{row}");
            for (field, percent) in [("p50", 50), ("p75", 75), ("p95", 95), ("p99", 99)] {
                let (expected, found) =
                    (percentile(&values, percent).unwrap(), row[field].as_f64().unwrap());
                assert!((found / expected - 1.0).abs() <= 0.022, "{field} {expected} {row}");
            }
            let by_device: u64 = list(&row["byDevice"]).iter().map(|part| number(&part["n"])).sum();
            assert_eq!(by_device, values.len() as u64);
        }
    }
}

fn compare_scrolls(curves: &Value, depths: &BTreeMap<i64, u64>) {
    let views: u64 = depths.values().sum();
    let curves = list(curves);
    let all = curves.iter().find(|curve| curve["device"] == "(all)").unwrap();
    assert_eq!(all["pageViews"], views, "{all}");
    for reached in list(&all["reached"]) {
        let depth = reached["depth"].as_i64().unwrap();
        let came: u64 = depths.range(depth..).map(|(_, views)| views).sum();
        assert_eq!(rate(&reached["rate"]), (came, views), "{reached}");
    }
    let devices = curves.iter().filter(|curve| curve["device"] != "(all)");
    assert_eq!(devices.map(|curve| number(&curve["pageViews"])).sum::<u64>(), views);
}
