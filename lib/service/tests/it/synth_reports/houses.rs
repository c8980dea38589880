//! What houses cost, and which were configured.

use std::collections::{BTreeMap, BTreeSet};

use nest_haus_synth::{OptionCounts, Votes};
use serde_json::Value;

use super::{Reports, by_name, list, number, percentile, rate, text};

type VotesOf = fn(&Votes) -> u64;

/// Bases of votes, and the votes that count by each.
const BASES: [(&str, VotesOf); 3] = [
    ("final", |votes| votes.ended),
    ("ordered", |votes| votes.ordered),
    ("ever", |votes| votes.ever),
];

/// Choices as JSON, in the order of categories.
fn choices(selections: &Value) -> String {
    let sorted: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_value(selections.clone()).unwrap();
    serde_json::to_string(&sorted).unwrap()
}

/// The size of a house.
fn size(choices: &str) -> String {
    let choices: Value = serde_json::from_str(choices).unwrap();
    text(&choices["nest"]["option"])
}

impl Reports<'_> {
    /// What configurations cost, on each basis, exactly.
    pub(super) async fn compare_prices(&self) {
        let houses = &self.truth.houses;
        for (basis, votes_of) in BASES {
            let report = self.ask("price-distribution", &[("basis", basis)]).await;
            assert_eq!(report["onRequest"], 0, "{basis}");
            let prices = self.prices(votes_of, |_| true);
            compare_distribution(&report["distribution"], &prices);
            self.compare_sizes(&report["byBase"], (basis, votes_of));
        }
        let report = self.ask("price-distribution", &[]).await;
        let by_status =
            by_name(list(&report["byStatus"]), "value", |slice| number(&slice["votes"]));
        for status in ["IN_CART", "COMPLETED", "CONVERTED"] {
            assert_eq!(by_status.get(status), self.truth.statuses.get(status), "{status}");
        }
        assert_eq!(by_status.values().sum::<u64>(), houses.sessions);
    }

    /// What houses of each size cost.
    fn compare_sizes(&self, slices: &Value, (basis, votes_of): (&str, VotesOf)) {
        let configurations = self.truth.houses.configurations.iter();
        let voted = configurations.filter(|(_, votes)| votes_of(votes) > 0);
        let sizes: BTreeSet<String> = voted.map(|(choices, _)| size(choices)).collect();
        assert_eq!(list(slices).len(), sizes.len(), "{basis}");
        for slice in list(slices) {
            let prices = self.prices(votes_of, |choices| slice["value"] == size(choices));
            let votes: u64 = prices.iter().map(|(_, votes)| votes).sum();
            assert_eq!(slice["votes"], votes, "{basis} {slice}");
            for (field, percent) in [("p25Cents", 25), ("p50Cents", 50), ("p75Cents", 75)] {
                let expected = percentile(&prices, percent);
                assert_eq!(slice[field].as_i64(), expected, "{basis} {slice}");
            }
        }
    }

    /// Votes by price of the configurations that are let through, cheapest first.
    pub(super) fn prices(
        &self,
        votes_of: VotesOf,
        let_through: impl Fn(&str) -> bool,
    ) -> Vec<(i64, u64)> {
        let mut prices: BTreeMap<i64, u64> = BTreeMap::new();
        let configurations = self.truth.houses.configurations.iter();
        for (_, votes) in configurations.filter(|(choices, _)| let_through(choices)) {
            *prices.entry(votes.price_cents).or_default() += votes_of(votes);
        }
        prices.into_iter().filter(|(_, votes)| *votes > 0).collect()
    }

    /// Configurations by their votes, on each basis.
    pub(super) async fn compare_configurations(&self) {
        let houses = &self.truth.houses;
        for (basis, votes_of) in BASES {
            let report = self.ask("popular-configs", &[("basis", basis), ("limit", "100")]).await;
            let voted = || houses.configurations.values().filter(|votes| votes_of(votes) > 0);
            let all: u64 = voted().map(votes_of).sum();
            assert_eq!(report["votes"], all, "{basis}");
            assert_eq!(report["distinctConfigurations"], voted().count(), "{basis}");
            let listed = list(&report["configurations"]);
            for row in listed {
                let votes = &houses.configurations[&choices(&row["selections"])];
                assert_eq!(row["votes"], votes_of(votes), "{basis} {row}");
                assert_eq!(rate(&row["share"]), (votes_of(votes), all));
                assert_eq!(row["medianPriceCents"], votes.price_cents);
                assert_eq!(row["currentPriceCents"], votes.price_cents);
            }
            let mut most: Vec<u64> = voted().map(votes_of).collect();
            most.sort_unstable_by_key(|votes| std::cmp::Reverse(*votes));
            most.truncate(100);
            let votes: Vec<u64> = listed.iter().map(|row| number(&row["votes"])).collect();
            assert_eq!(votes, most, "{basis}: the most voted for come first");
            assert_eq!(report["other"]["votes"], all - votes.iter().sum::<u64>(), "{basis}");
            compare_distribution(
                &report["prices"]["distribution"],
                &self.prices(votes_of, |_| true),
            );
        }
    }

    /// Take rates, regrets and switches.
    pub(super) async fn compare_options(&self) {
        let houses = &self.truth.houses;
        let report = self.ask("popular-configs", &[("limit", "100")]).await;
        assert_eq!(report["sessions"], houses.sessions);
        let converted: u64 = houses.configurations.values().map(|votes| votes.converted).sum();
        for row in list(&report["configurations"]) {
            let votes = &houses.configurations[&choices(&row["selections"])];
            assert_eq!(rate(&row["conversionRate"]), (votes.converted, votes.ended), "{row}");
        }
        let mut known = 0;
        for row in list(&report["options"]) {
            let options = houses.options.get(&text(&row["category"]));
            let counts = options.and_then(|options| options.get(&text(&row["option"])));
            known += usize::from(counts.is_some());
            let OptionCounts {
                selected,
                regretted,
                shown,
                taken,
                taken_shown,
                taken_chosen,
                converted: with,
            } = counts.copied().unwrap_or_default();
            assert_eq!(row["votes"], taken, "{row}");
            assert_eq!(rate(&row["regretRate"]), (regretted, selected), "{row}");
            assert_eq!(rate(&row["conversionWith"]), (with, taken), "{row}");
            assert_eq!(
                rate(&row["conversionWithout"]),
                (converted - with, houses.sessions - taken),
                "{row}"
            );
            if counts.is_some() {
                assert_eq!(rate(&row["takeRate"]), (taken_shown, shown), "{row}");
                assert_eq!(rate(&row["activeTakeRate"]), (taken_chosen, shown), "{row}");
                assert_eq!(
                    rate(&row["defaultTakeRate"]),
                    (taken_shown - taken_chosen, shown),
                    "{row}"
                );
            }
        }
        assert_eq!(known, houses.options.values().map(BTreeMap::len).sum::<usize>());
        let switches = list(&report["switches"]).iter().map(|row| {
            (text(&row["category"]), text(&row["from"]), text(&row["to"]), number(&row["sessions"]))
        });
        let expected = houses.switches.iter().flat_map(|(category, from)| {
            from.iter().flat_map(move |(from, to)| {
                to.iter().map(move |(to, n)| (category.clone(), from.clone(), to.clone(), *n))
            })
        });
        assert_eq!(switches.collect::<BTreeSet<_>>(), expected.collect());
    }
}

fn compare_distribution(distribution: &Value, prices: &[(i64, u64)]) {
    let all: u64 = prices.iter().map(|(_, votes)| votes).sum();
    assert_eq!(distribution["sessions"], all);
    assert_eq!(distribution["minCents"].as_i64(), prices.first().map(|(price, _)| *price));
    assert_eq!(distribution["maxCents"].as_i64(), prices.last().map(|(price, _)| *price));
    for percent in [5, 10, 25, 50, 75, 90, 95] {
        let found = distribution["percentiles"][format!("p{percent}")].as_i64();
        assert_eq!(found, percentile(prices, percent), "p{percent}");
    }
    let mut binned = 0;
    for bin in list(&distribution["bins"]) {
        let (from, to) = (bin["fromCents"].as_i64(), bin["toCents"].as_i64());
        let inside =
            |price: i64| from.is_none_or(|from| price >= from) && to.is_none_or(|to| price < to);
        let votes: u64 =
            prices.iter().filter(|(price, _)| inside(*price)).map(|(_, votes)| votes).sum();
        assert_eq!(bin["sessions"], votes, "{bin}");
        binned += votes;
    }
    assert_eq!(binned, all);
}
