//! What every report says of simulated visitors, compared with what is true of them.

mod houses;
mod pages;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, TimeDelta};
use nest_haus::testing::TestBed;
use nest_haus_synth::{Cohort, Credit, Credits, Population, RETURN_WINDOW, TOUR, Totals, Truth};
use serde_json::{Value, json};

use crate::planted::counts;
use crate::synth::{prepare, simulate, store};

/// Over HTTP times pass a real clock, which takes them apart by less than this.
const CLOCK_MS: u64 = 500;

/// The reports of one system on everything that was simulated.
pub(crate) struct Reports<'a> {
    bed: &'a TestBed,
    truth: &'a Truth,
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn rate(value: &Value) -> (u64, u64) {
    let (num, den) = counts(value);
    (num.cast_unsigned(), den.cast_unsigned())
}

/// Counts of a list by the text in a field of its items, without those that are zero.
fn by_name<'a>(
    items: impl IntoIterator<Item = &'a Value>,
    name: &str,
    count: fn(&Value) -> u64,
) -> BTreeMap<String, u64> {
    let items = items.into_iter().map(|item| (text(&item[name]), count(item)));
    items.filter(|(_, count)| *count > 0).collect()
}

/// The least value at which at least some per cent of all values lie, given values in order and how
/// many there are of each.
fn percentile<T: Copy>(values: &[(T, u64)], percent: u64) -> Option<T> {
    let all: u64 = values.iter().map(|(_, count)| count).sum();
    let mut below = 0;
    values.iter().find_map(|(value, count)| {
        below += count;
        (below * 100 >= percent * all).then_some(*value)
    })
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

impl<'a> Reports<'a> {
    pub(crate) fn new(bed: &'a TestBed, truth: &'a Truth) -> Self {
        Self { bed, truth }
    }

    fn eligible(&self) -> Totals {
        self.truth.population(Population::Eligible)
    }

    /// Visits in which something went into the cart or a configuration was completed.
    fn converted(&self) -> u64 {
        let levels = self.truth.ways.levels.iter();
        levels.map(|level| level.ended - level.left_without_cart).sum()
    }

    async fn ask(&self, report: &str, query: &[(&str, &str)]) -> Value {
        let from = self.truth.scenario.from - TimeDelta::hours(1);
        self.ask_since(from, report, query).await
    }

    async fn ask_since(
        &self,
        from: DateTime<chrono::Utc>,
        report: &str,
        query: &[(&str, &str)],
    ) -> Value {
        let to = self.truth.scenario.until + TimeDelta::days(1);
        let instant = |at: DateTime<chrono::Utc>| at.format("%FT%TZ").to_string();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("timeRange", "custom")
            .append_pair("from", &instant(from))
            .append_pair("to", &instant(to))
            .extend_pairs(query)
            .finish();
        let reply = self.bed.get_as_admin(&format!("/api/admin/analytics/{report}?{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{report}: {}", reply.text);
        reply.body
    }

    /// Compares every report.
    pub(crate) async fn compare(&self) {
        self.compare_overview().await;
        self.compare_populations().await;
        self.compare_funnel().await;
        self.compare_tour().await;
        self.compare_returns().await;
        self.compare_prices().await;
        self.compare_configurations().await;
        self.compare_options().await;
        self.compare_retention().await;
        self.compare_attribution().await;
        self.compare_sessions().await;
        self.compare_drop_off().await;
        self.compare_journeys().await;
        self.compare_heatmap().await;
        self.compare_performance().await;
        self.compare_data_quality().await;
    }

    /// Headline numbers.
    async fn compare_overview(&self) {
        let (report, expected) = (self.ask("overview", &[]).await, self.eligible());
        let current = &report["current"];
        let engaged_ms = expected.engaged_ms.cast_unsigned();
        for (field, number) in [
            ("visits", expected.visits),
            ("pageViews", expected.page_views),
            ("selections", expected.selections),
            ("snapshots", expected.snapshots),
            ("bounces", expected.bounces),
            ("engagedMs", engaged_ms),
            ("configuring", expected.funnel[1]),
            ("carts", expected.carts),
            ("completions", expected.completions),
            ("orders", expected.orders),
        ] {
            assert_eq!(current[field], number, "{field}");
        }
        let off = current["durationMs"].as_i64().unwrap() - expected.duration_ms;
        assert!(off.unsigned_abs() <= CLOCK_MS * expected.visits, "{off} ms");
        for (rate_of, denominator) in
            [("sessionConversion", expected.visits), ("configuratorConversion", expected.funnel[1])]
        {
            let conversion = &current[rate_of];
            assert_eq!(rate(&conversion["micro"]), (self.converted(), denominator), "{rate_of}");
            assert_eq!(rate(&conversion["macro"]), (expected.orders, denominator), "{rate_of}");
        }
        for field in ["identified", "new"] {
            assert_eq!(current["visitors"][field], self.truth.visitors, "{field}");
        }
        let revenue = &current["revenue"];
        assert_eq!(revenue["netCents"], expected.revenue_cents);
        assert_eq!(revenue["orders"], expected.orders);
        for (step, reached) in list(&current["funnel"]).iter().zip(expected.funnel) {
            assert_eq!(step["reached"]["num"], reached, "{step}");
        }
        let visits: u64 =
            list(&report["series"]).iter().map(|point| number(&point["visits"])).sum();
        assert_eq!(visits, expected.visits);
    }

    /// Who is left out, and what is counted where nobody is.
    async fn compare_populations(&self) {
        let visits = |population| self.truth.population(population).visits;
        for report in [
            "overview",
            "conversion-funnel",
            "price-distribution",
            "popular-configs",
            "retention",
            "attribution",
            "sessions",
            "dropoff",
            "journeys",
        ] {
            let excluded = &self.ask(report, &[]).await["meta"]["excluded"];
            assert_eq!(excluded["bot"], visits(Population::Bot), "{report}");
            assert_eq!(excluded["internal"], visits(Population::Internal), "{report}");
            assert_eq!(excluded["noConsent"], visits(Population::NoConsent), "{report}");
        }
        let report = self.ask("conversion-funnel", &[("population", "all")]).await;
        let all = |step: usize| self.truth.populations.values().map(|of| of.funnel[step]).sum();
        assert_eq!(entered(&report), (0..5).map(all).collect::<Vec<u64>>());
        assert_eq!(self.visits(&[("population", "all")]).await.len() as u64, self.truth.visits());
        let report = self.ask("overview", &[("population", "all")]).await;
        let cents: i64 = self.truth.populations.values().map(|of| of.revenue_cents).sum();
        assert_eq!(report["current"]["revenue"]["netCents"], cents);
    }

    /// The configurator's funnel, by step and by day.
    async fn compare_funnel(&self) {
        let report = self.ask("conversion-funnel", &[("interval", "day")]).await;
        let expected = self.eligible();
        assert_eq!(entered(&report), expected.funnel);
        for (pair, step) in expected.funnel.windows(2).zip(&list(&report["steps"])[1..]) {
            assert_eq!(number(&step["dropped"]), pair[0] - pair[1], "{step}");
            assert_eq!(rate(&step["stepConversionRate"]), (pair[1], pair[0]));
        }
        for (step, times) in list(&report["steps"])[1..].iter().zip(&self.truth.ways.step_times) {
            let mut times: Vec<(i64, u64)> = times.iter().map(|ms| (*ms, 1)).collect();
            times.sort_unstable();
            for (field, percent) in [("p25Ms", 25), ("p50Ms", 50), ("p75Ms", 75), ("p90Ms", 90)] {
                let found = step["fromPrevious"][field].as_f64();
                let Some(expected) = percentile(&times, percent).map(i64::cast_unsigned) else {
                    assert_eq!(found, None, "{step}");
                    continue;
                };
                let off = (found.unwrap() - float(expected)).abs();
                assert!(
                    off <= float(CLOCK_MS) + 0.022 * float(expected),
                    "{field} {expected} {step}"
                );
            }
        }
        let by_day = by_name(list(&report["trend"]), "start", |point| number(&point["entered"][0]));
        let day = |(day, visits): (String, u64)| (day[..10].parse::<NaiveDate>().unwrap(), visits);
        let by_day: BTreeMap<NaiveDate, u64> = by_day.into_iter().map(day).collect();
        assert_eq!(by_day, expected.visits_by_day);
    }

    /// A funnel of events, in three orders and by device.
    async fn compare_tour(&self) {
        let steps = json!([
            {"name": TOUR[0], "event": "page_visit", "value": "/konfigurator"},
            {"name": TOUR[1], "event": "selection"},
            {"name": TOUR[2], "event": "selection"},
            {"name": TOUR[3], "event": "cart_add"},
            {"name": TOUR[4], "event": "click", "element": "order-now"},
        ]);
        let steps = steps.to_string();
        let asked = [("steps", steps.as_str()), ("breakdown", "device")];
        let report = self.ask("conversion-funnel", &asked).await;
        let tours = &self.truth.ways.tours;
        let of_all = |step: usize| tours.values().map(|taken| taken[step]).sum::<u64>();
        let expected: Vec<u64> = (0..TOUR.len()).map(of_all).collect();
        assert_eq!(entered(&report), expected);
        let values = list(&report["breakdown"]["values"]).iter();
        let by_device: BTreeMap<String, Vec<u64>> = values
            .map(|value| {
                (text(&value["value"]), list(&value["entered"]).iter().map(number).collect())
            })
            .collect();
        let of_device = tours.iter().filter(|(_, taken)| taken[0] > 0);
        assert_eq!(
            by_device,
            of_device.map(|(device, taken)| (device.clone(), taken.to_vec())).collect()
        );
        let any = self.ask("conversion-funnel", &[("steps", &steps), ("order", "any")]).await;
        let strict = self.ask("conversion-funnel", &[("steps", &steps), ("order", "strict")]).await;
        for ((least, ordered), most) in entered(&strict).iter().zip(expected).zip(entered(&any)) {
            assert!(*least <= ordered && ordered <= most, "{least} {ordered} {most}");
        }
    }

    /// A funnel of visitors over several visits, within a window from the first of them.
    async fn compare_returns(&self) {
        let steps =
            json!([{"event": "visit"}, {"event": "visit"}, {"event": "cart_add"}]).to_string();
        let hours = RETURN_WINDOW.num_hours().to_string();
        let query = [("steps", steps.as_str()), ("unit", "visitor"), ("windowHours", &hours)];
        let report = self.ask("conversion-funnel", &query).await;
        assert_eq!(entered(&report), self.truth.returns);
    }

    /// Cohorts by week and by day, and those of a part of the range, whose visitors may have come before.
    async fn compare_retention(&self) {
        let from = self.truth.scenario.from;
        let monday = from + TimeDelta::days(7);
        for (since, interval, cohorts) in [
            (from - TimeDelta::hours(1), "week", &self.truth.retention),
            (from - TimeDelta::hours(1), "day", &self.truth.retention_by_day),
            (midnight(monday), "day", &self.truth.retention_by_day),
        ] {
            let query = [("interval", interval), ("periods", "60")];
            let report = self.ask_since(since, "retention", &query).await;
            let rows = list(&report["cohorts"]).iter().filter(|row| row["size"] != 0);
            let expected = cohorts
                .iter()
                .filter(|cohort| interval == "week" || cohort.start >= since.date_naive());
            let expected: Vec<&Cohort> = expected.collect();
            let rows: Vec<&Value> = rows.collect();
            assert_eq!(rows.len(), expected.len(), "{interval}");
            for (row, cohort) in rows.into_iter().zip(expected) {
                compare_cohort(row, cohort);
            }
        }
        let visits = self.eligible().visits;
        let report = self.ask("retention", &[]).await;
        assert_eq!(rate(&report["consentCoverage"]).1, visits);
    }

    /// Conversions by channel, credited whole to one visit or divided among several.
    async fn compare_attribution(&self) {
        let eligible = self.eligible();
        for (conversion, credits, conversions, cents) in [
            ("micro", &self.truth.attribution.micro, self.converted(), 0),
            ("macro", &self.truth.attribution.orders, eligible.orders, eligible.revenue_cents),
        ] {
            let query = [("conversion", conversion), ("lookbackDays", "400")];
            let report = self.ask("attribution", &query).await;
            let total = json!({"conversions": conversions, "revenueCents": cents});
            assert_eq!(report["total"], total, "{conversion}");
            assert_eq!(report["unattributable"], json!({"conversions": 0, "revenueCents": 0}));
            let rows = list(&report["values"]);
            let visits = by_name(rows, "value", |row| number(&row["visits"]));
            let by_channel = eligible.visits_by_channel.iter();
            assert_eq!(visits, by_channel.map(|(name, n)| ((*name).to_owned(), *n)).collect());
            for row in rows {
                compare_credits(row, credits);
            }
            let all: Vec<&Value> = rows.iter().chain([&report["other"]]).collect();
            let models = report["other"]["credits"].as_object().unwrap().keys();
            for model in models {
                let credits = all.iter().map(|row| &row["credits"][model]);
                let credited: f64 =
                    credits.clone().map(|credit| credit["conversions"].as_f64().unwrap()).sum();
                assert!((credited - float(conversions)).abs() < 1e-6, "{model}");
                let revenue = credits.map(|credit| credit["revenueCents"].as_i64().unwrap());
                assert_eq!(revenue.sum::<i64>(), cents, "{model}");
            }
        }
    }

    /// All pages of the list: how many visits there are, and what their numbers add up to.
    async fn compare_sessions(&self) {
        let expected = self.eligible();
        let all = self.visits(&[]).await;
        let sum = |field: &str| all.iter().map(|visit| number(&visit[field])).sum::<u64>();
        assert_eq!(all.len() as u64, expected.visits);
        assert_eq!(sum("pageViews"), expected.page_views);
        assert_eq!(sum("selections"), expected.selections);
        assert_eq!(sum("snapshots"), expected.snapshots);
        let sessions: BTreeSet<String> =
            all.iter().map(|visit| text(&visit["sessionId"])).collect();
        assert_eq!(sessions.len() as u64, expected.sessions);
        let without = |n: u64| expected.visits - n;
        for (filter, present, visits) in [
            ("hasConfiguration", "true", expected.funnel[1]),
            ("hasConfiguration", "false", without(expected.funnel[1])),
            ("hasCart", "true", expected.carts),
            ("hasCart", "false", without(expected.carts)),
            ("hasCompletion", "true", expected.completions),
            ("hasCompletion", "false", without(expected.completions)),
            ("hasOrder", "true", expected.orders),
            ("hasOrder", "false", without(expected.orders)),
        ] {
            let found = self.visits(&[(filter, present)]).await;
            assert_eq!(found.len() as u64, visits, "{filter}={present}");
        }
        for (device, visits) in &expected.visits_by_device {
            assert_eq!(self.visits(&[("device", device)]).await.len() as u64, *visits, "{device}");
        }
        for (channel, visits) in &expected.visits_by_channel {
            assert_eq!(
                self.visits(&[("channel", channel)]).await.len() as u64,
                *visits,
                "{channel}"
            );
        }
        for (page, counts) in &self.truth.ways.nodes {
            assert_eq!(self.visits(&[("page", page)]).await.len() as u64, counts.visits, "{page}");
        }
        for (status, sessions) in &self.truth.statuses {
            let found = self.visits(&[("status", status)]).await;
            let ids: BTreeSet<String> =
                found.iter().map(|visit| text(&visit["sessionId"])).collect();
            assert_eq!(ids.len() as u64, *sessions, "{status}");
        }
        self.compare_sessions_by_price().await;
    }

    /// Sessions whose latest configuration costs as much as the median or more.
    async fn compare_sessions_by_price(&self) {
        let prices = self.prices(|votes| votes.ended, |_| true);
        let least = percentile(&prices, 50).unwrap();
        let dear: u64 = prices.iter().filter(|(price, _)| *price >= least).map(|(_, n)| n).sum();
        let found = self.visits(&[("minPriceCents", &least.to_string()), ("sort", "price")]).await;
        let ids: BTreeSet<String> = found.iter().map(|visit| text(&visit["sessionId"])).collect();
        assert_eq!(ids.len() as u64, dear);
        assert!(found.is_sorted_by(|a, b| a["priceCents"].as_i64() >= b["priceCents"].as_i64()));
    }

    /// The visits of a list, page by page, none of them twice.
    async fn visits(&self, query: &[(&str, &str)]) -> Vec<Value> {
        let (mut visits, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut asked = query.to_vec();
            asked.push(("limit", "200"));
            asked.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.ask("sessions", &asked).await;
            assert_eq!(page["countIsLeast"], false);
            let all = number(&page["count"]);
            visits.extend(list(&page["visits"]).iter().cloned());
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                let key =
                    |visit: &Value| (visit["sessionId"].to_string(), visit["number"].to_string());
                let different: BTreeSet<_> = visits.iter().map(key).collect();
                assert_eq!((visits.len() as u64, different.len() as u64), (all, all), "{query:?}");
                return visits;
            }
        }
    }

    /// What became of every event, and whether pages showed the right prices.
    async fn compare_data_quality(&self) {
        let (report, events) = (self.ask("data-quality", &[]).await, &self.truth.events);
        assert_eq!(report["closed"], events.lost == 0);
        assert_eq!(rate(&report["captureRate"]), (events.emitted - events.lost, events.emitted));
        let transmissions = &report["ledger"]["transmissions"];
        for (field, count) in [
            ("stored", events.stored),
            ("rejected", events.rejected),
            ("duplicate", events.duplicated),
            ("dead", 0),
            ("difference", 0),
        ] {
            assert_eq!(transmissions[field], count, "{field}");
        }
        let sequences = &report["ledger"]["sequences"];
        assert_eq!(
            (&sequences["emitted"], &sequences["unknown"]),
            (&json!(events.emitted), &json!(events.lost))
        );
        let snapshots: u64 = self.truth.populations.values().map(|totals| totals.snapshots).sum();
        let prices = &report["prices"];
        assert_eq!(
            (&prices["snapshots"], &prices["matching"]),
            (&json!(snapshots), &json!(snapshots))
        );
        assert_eq!(prices["mismatched"], 0);
    }
}

fn midnight(at: DateTime<chrono::Utc>) -> DateTime<chrono::Utc> {
    at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
}

fn entered(report: &Value) -> Vec<u64> {
    list(&report["steps"]).iter().map(|step| number(&step["entered"])).collect()
}

fn compare_cohort(row: &Value, cohort: &Cohort) {
    assert_eq!(text(&row["label"])[..10].parse::<NaiveDate>().unwrap(), cohort.start);
    assert_eq!(row["size"], cohort.size, "{row}");
    for (offset, cell) in list(&row["cells"]).iter().enumerate() {
        assert_eq!(cell["offset"], offset);
        let came = cohort.retained.get(offset).copied().unwrap_or(0);
        match &cell["retained"] {
            Value::Null => assert_eq!(cell["incomplete"], true, "{row}"),
            retained => assert_eq!(rate(retained), (came, cohort.size), "{offset} {row}"),
        }
    }
}

fn compare_credits(row: &Value, credits: &Credits) {
    let channel = text(&row["value"]);
    let last = credits.last.get(channel.as_str()).copied().unwrap_or_default();
    assert_eq!(rate(&row["conversionRate"]).0, last.conversions, "{row}");
    for (model, by_channel) in [
        ("first", &credits.first),
        ("last", &credits.last),
        ("lastNonDirect", &credits.last_non_direct),
    ] {
        let Credit { conversions, revenue_cents } =
            by_channel.get(channel.as_str()).copied().unwrap_or_default();
        let credit = &row["credits"][model];
        assert_eq!(credit["conversions"].as_f64(), Some(float(conversions)), "{model} {row}");
        assert_eq!(credit["revenueCents"], revenue_cents, "{model} {row}");
    }
}

#[tokio::test]
async fn every_report_says_what_is_true_of_simulated_visitors() {
    let bed = TestBed::new().await;
    let until = DateTime::from_timestamp(1_741_000_000, 0).unwrap();
    let (sessions, truth) = simulate((600, 42), 20, until);
    let orders = &truth.attribution.orders;
    assert!(truth.returns[2] > 0 && orders.first != orders.last, "too little happens");
    prepare(&bed, &sessions).await;
    store(&bed, sessions).await;
    Reports::new(&bed, &truth).compare().await;
}
