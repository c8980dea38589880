//! Recorded click streams through the whole system, compared with what independent tools counted.
//!
//! The recordings are not part of this project. Where they are absent these tests say so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use nest_haus::testing::TestBed;
use nest_haus_synth::clickstream::{self, Portion};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::postgres::PgRow;

/// Requests on their way at a time.
const CONCURRENCY: usize = 4;

fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var("NEST_HAUS_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {name} is absent; NEST_HAUS_DATA names its folder");
    None
}

fn reference<T: DeserializeOwned>(name: &str) -> T {
    let path = data(&format!("reference/{name}.json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A bed where a batch may take long, on a machine that does other things too.
async fn patient_bed() -> TestBed {
    TestBed::with(&[("REQUEST_TIMEOUT_MS", "60000"), ("JOB_BUDGET_MS", "600000")]).await
}

/// Portions of a recorded stream; nothing where it is absent.
fn portions(name: &str) -> Option<impl Iterator<Item = Portion>> {
    let portions = clickstream::open(&data(&format!("clickstreams/{name}.ndjson.gz"))?).unwrap();
    Some(portions.map(Result::unwrap))
}

/// Sends portions of a stream and drains them. Answers the number of events.
async fn load(bed: &TestBed, portions: impl Iterator<Item = Portion>) -> i64 {
    let portions: Vec<Portion> = portions.collect();
    let sessions: usize = portions.iter().map(|portion| portion.consents.len()).sum();
    let events: usize = portions.iter().map(|portion| portion.events).sum();
    let consents = portions.iter().flat_map(|portion| &portion.consents);
    for requests in [consents.collect::<Vec<_>>(), portions.iter().map(|p| &p.batch).collect()] {
        let replies = futures::stream::iter(requests)
            .map(|request| bed.post(&request.path, request.body.clone()))
            .buffer_unordered(CONCURRENCY);
        replies.for_each(async |reply| assert_eq!(reply.status, 202, "{}", reply.text)).await;
    }
    let reports = bed.drain().await;
    let stored: i64 = reports.iter().map(|report| report.stored).sum();
    assert_eq!(stored.unsigned_abs(), (events + sessions) as u64);
    assert_eq!(reports.iter().map(|report| report.dead + report.rejected).sum::<i64>(), 0);
    i64::try_from(events).unwrap()
}

async fn rows<T>(bed: &TestBed, query: &str) -> Vec<T>
where
    T: for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin,
{
    sqlx::query_as(query).fetch_all(&bed.app.db).await.unwrap()
}

/// Quantiles of a number, by their share.
async fn quantiles(bed: &TestBed, query: &str, shares: &[f64]) -> Vec<f64> {
    let query = format!(
        "SELECT unnest(percentile_cont($1::float8[]) WITHIN GROUP (ORDER BY number))
         FROM ({query}) AS numbers (number)"
    );
    sqlx::query_scalar(&query).bind(shares).fetch_all(&bed.app.db).await.unwrap()
}

fn assert_close(found: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

async fn the_shop_with_durations(bed: &TestBed) {
    let expected = &reference::<Value>("sessions")["ecom"];
    let visits = "SELECT extract(epoch FROM ended_at - started_at)::float8 FROM visits";
    let [count, single, seconds] = [
        "SELECT count(*) FROM visits",
        "SELECT count(*) FROM visits WHERE interactions = 1",
        "SELECT sum(duration_ms)::bigint / 1000 FROM visits",
    ];
    assert_eq!(bed.count(count).await, expected["sessions"].as_i64().unwrap());
    assert_eq!(bed.count(single).await, expected["single_event_sessions"].as_i64().unwrap());
    let sessions = expected["sessions"].as_f64().unwrap();
    let durations = &expected["duration_seconds_all"];
    #[expect(clippy::cast_precision_loss, reason = "some thousand hours")]
    let mean = bed.count(seconds).await as f64 / sessions;
    assert_close(mean, &durations["mean"], 1e-6);
    let shares = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
    for (found, name) in quantiles(bed, visits, &shares)
        .await
        .into_iter()
        .zip(["p25", "p50", "p75", "p90", "p95", "p99"])
    {
        assert_close(found, &durations[name], 1e-6);
    }
    let several = format!("{visits} WHERE interactions > 1");
    let several = quantiles(bed, &several, &[0.5, 0.95]).await;
    let of_several = &expected["duration_seconds_multi_event"];
    assert_close(several[0], &of_several["median"], 1e-6);
    assert_close(several[1], &of_several["p95"], 1e-6);
}

/// Weekly cohorts by the first visit of each visitor.
async fn its_cohorts(bed: &TestBed) {
    let found: Vec<(String, i32, i64)> = rows(
        bed,
        "SELECT to_char(date_trunc('week', first_visit_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD'),
            ((date_trunc('week', occurred_at AT TIME ZONE 'UTC')::date
                - date_trunc('week', first_visit_at AT TIME ZONE 'UTC')::date) / 7)::int,
            count(DISTINCT visitor_id)
         FROM visits JOIN interaction_events USING (session_key) GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .await;
    let cohorts = &reference::<Value>("cohorts_weekly")["results"][0]["cohorts"];
    let mut expected = Vec::new();
    for cohort in cohorts.as_array().unwrap() {
        let week = cohort["week"].as_str().unwrap();
        for (offset, came) in (0..).zip(cohort["retained"].as_array().unwrap()) {
            if came != 0 {
                expected.push((week.to_owned(), offset, came.as_i64().unwrap()));
            }
        }
    }
    assert_eq!(found, expected);
}

const ECOM_RANGE: &str = "timeRange=custom&from=2024-01-01T00:00:00Z&to=2024-12-31T00:00:00Z";

async fn report(bed: &TestBed, name: &str, query: &str) -> Value {
    let path = format!("/api/admin/analytics/{name}?{ECOM_RANGE}&population=all&{query}");
    let reply = bed.get_as_admin(&path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.body
}

/// Its funnels by session and by visitor, in every window and with both readings of equal times.
async fn its_funnels(bed: &TestBed) {
    let expected: Value = reference("funnels");
    let types: Vec<(String, String)> =
        rows(bed, "SELECT DISTINCT element_id, event_type FROM interaction_events").await;
    for (name, unit) in [("ecom_session_id", "session"), ("ecom_user_id", "visitor")] {
        let funnels = expected["funnels"].as_array().unwrap();
        let funnel = funnels.iter().find(|funnel| funnel["name"] == name).unwrap();
        let step = |element: &Value| {
            let (_, event) = types.iter().find(|(name, _)| name == element).unwrap();
            json!({"event": event, "element": element})
        };
        let steps: Vec<Value> = funnel["steps"].as_array().unwrap().iter().map(step).collect();
        let steps = json!(steps).to_string().replace('"', "%22");
        for result in funnel["results"].as_array().unwrap() {
            // Without a window: longer than all of the recording.
            let window = result["window_us"].as_f64().map_or(8700.0, |micros| micros / 3.6e9);
            for (ties, counts) in [("strict", "counts"), ("log", "counts_log_order_ties")] {
                let query = format!("steps={steps}&unit={unit}&windowHours={window}&ties={ties}");
                let found = report(bed, "conversion-funnel", &query).await;
                let entered: Vec<&Value> = found["steps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|step| &step["entered"])
                    .collect();
                assert_eq!(json!(entered), result[counts], "{name} {window} h {ties}");
            }
        }
    }
}

/// Its weekly cohorts, as far as a visit is not over a Sunday's midnight, which other tools count for
/// both weeks.
async fn its_retention(bed: &TestBed) {
    let found = report(bed, "retention", "interval=week").await;
    let cohorts = &reference::<Value>("cohorts_weekly")["results"][0]["cohorts"];
    let over_midnight = "SELECT count(*) FROM visits
        WHERE date_trunc('week', started_at) <> date_trunc('week', ended_at)";
    let mut difference = 0;
    for cohort in cohorts.as_array().unwrap() {
        let found = found["cohorts"].as_array().unwrap();
        let label = format!("{}T00:00:00+00:00", cohort["week"].as_str().unwrap());
        let found = found.iter().find(|found| found["label"] == label).unwrap();
        assert_eq!(found["size"], cohort["size"]);
        for (cell, came) in
            found["cells"].as_array().unwrap().iter().zip(cohort["retained"].as_array().unwrap())
        {
            difference +=
                (came.as_i64().unwrap() - cell["retained"]["num"].as_i64().unwrap()).abs();
        }
    }
    assert!(difference <= bed.count(over_midnight).await, "{difference}");
}

/// The headline numbers of its visits.
async fn its_overview(bed: &TestBed) {
    let expected = &reference::<Value>("sessions")["ecom"];
    let current = &report(bed, "overview", "interval=month").await["current"];
    assert_eq!(current["visits"], expected["sessions"]);
    assert_eq!(current["interactions"], expected["events"]);
    assert_eq!(current["visitors"]["identified"], 600);
    let durations = &expected["duration_seconds_all"];
    for (name, expected) in [("meanMs", "mean"), ("p50Ms", "p50"), ("p90Ms", "p90")] {
        assert_close(
            current["duration"][name].as_f64().unwrap() / 1000.0,
            &durations[expected],
            1e-6,
        );
    }
}

#[tokio::test]
async fn visits_of_a_shop_last_as_long_as_other_tools_say() {
    let Some(portions) = portions("ecom_retentioneering") else { return };
    let bed = patient_bed().await;
    let events = load(&bed, portions).await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, events);
    assert_eq!(bed.count("SELECT count(DISTINCT visitor_id) FROM visits").await, 600);
    the_shop_with_durations(&bed).await;
    its_overview(&bed).await;
    its_cohorts(&bed).await;
    its_retention(&bed).await;
    its_funnels(&bed).await;
}

/// What `eshop_popularity.json` says.
#[derive(serde::Deserialize)]
struct Popularity {
    events: i64,
    sessions: i64,
    single_event_sessions: i64,
    events_per_session: EventsPerSession,
    top20_models: Vec<(String, i64)>,
    category_counts: BTreeMap<String, i64>,
    colour_counts: BTreeMap<String, i64>,
    transitions_category: Vec<((String, String), i64)>,
    heat_cells: Vec<(f64, f64, i64)>,
    heat_cells_by_category: Vec<(String, f64, f64, i64)>,
    price: Price,
    daily: Vec<(String, i64, i64, i64)>,
    #[serde(rename = "previousValue_changes")]
    previous_value_changes: i64,
}

#[derive(serde::Deserialize)]
struct EventsPerSession {
    mean: f64,
    max: i64,
    quantiles_type7: BTreeMap<String, f64>,
}

#[derive(serde::Deserialize)]
struct Price {
    mean: f64,
    median: f64,
    p90: f64,
    histogram_10: Vec<(i64, i64)>,
}

async fn its_sessions(bed: &TestBed, expected: &Popularity) {
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, expected.events);
    assert_eq!(bed.count("SELECT count(*) FROM user_sessions").await, expected.sessions);
    let single = "SELECT count(*) FROM user_sessions WHERE interaction_count = 1";
    assert_eq!(bed.count(single).await, expected.single_event_sessions);
    let (mean, max): (f64, i64) = rows(
        bed,
        "SELECT avg(interaction_count)::float8, max(interaction_count)::bigint FROM user_sessions",
    )
    .await[0];
    assert!((mean - expected.events_per_session.mean).abs() < 1e-9);
    assert_eq!(max, expected.events_per_session.max);
    let quantile_shares = &expected.events_per_session.quantiles_type7;
    let shares: Vec<f64> = quantile_shares.keys().map(|share| share.parse().unwrap()).collect();
    let found =
        quantiles(bed, "SELECT interaction_count::float8 FROM user_sessions", &shares).await;
    assert_eq!(found, quantile_shares.values().copied().collect::<Vec<_>>());
}

/// Events, sessions and prices by day.
async fn its_days(bed: &TestBed) -> Vec<(String, i64, i64, i64)> {
    rows(
        bed,
        "SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*),
            count(DISTINCT session_key), sum((additional_data->>'price')::numeric)::bigint
         FROM interaction_events GROUP BY 1 ORDER BY 1",
    )
    .await
}

async fn its_choices(bed: &TestBed, expected: &Popularity) {
    let models: Vec<(String, i64)> = rows(
        bed,
        "SELECT selection_value, count(*) FROM interaction_events
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
    )
    .await;
    assert_eq!(models, expected.top20_models);
    let categories: Vec<(String, i64)> =
        rows(bed, "SELECT category, count(*) FROM interaction_events GROUP BY 1").await;
    assert_eq!(BTreeMap::from_iter(categories), expected.category_counts);
    let colours: Vec<(String, i64)> = rows(
        bed,
        "SELECT additional_data #>> '{attributes,colour}', count(*) FROM interaction_events GROUP BY 1",
    )
    .await;
    assert_eq!(BTreeMap::from_iter(colours), expected.colour_counts);
    let transitions: Vec<(String, String, i64)> = rows(
        bed,
        "SELECT before, category, count(*) FROM (
            SELECT category, lag(category) OVER (
                PARTITION BY session_key ORDER BY occurred_at, seq, event_id) AS before
            FROM interaction_events) AS steps
         WHERE before IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .await;
    let transitions: Vec<_> = transitions.into_iter().map(|(a, b, n)| ((a, b), n)).collect();
    assert_eq!(transitions, expected.transitions_category);
    let changes = "SELECT count(*) FROM interaction_events WHERE previous_value <> selection_value";
    assert_eq!(bed.count(changes).await, expected.previous_value_changes);
}

async fn its_places(bed: &TestBed, expected: &Popularity) {
    let x = "(additional_data->>'x')::float8";
    let y = "(additional_data->>'y')::float8";
    let group = |columns: &str, count: usize| {
        let order: Vec<String> = (1..=count).map(|n| n.to_string()).collect();
        let order = order.join(", ");
        format!(
            "SELECT {columns}, count(*) FROM interaction_events GROUP BY {order} ORDER BY {order}"
        )
    };
    let cells: Vec<(f64, f64, i64)> = rows(bed, &group(&format!("{x}, {y}"), 2)).await;
    let counts = |cells: &[(f64, f64, i64)]| cells.iter().map(|cell| cell.2).collect::<Vec<_>>();
    assert_eq!(counts(&cells), counts(&expected.heat_cells));
    for (found, expected) in cells.iter().zip(&expected.heat_cells) {
        assert!((found.0 - expected.0).abs() < 1e-9 && (found.1 - expected.1).abs() < 1e-9);
    }
    let cells: Vec<(String, f64, f64, i64)> =
        rows(bed, &group(&format!("category, {x}, {y}"), 3)).await;
    let counts = |cells: &[(String, f64, f64, i64)]| {
        cells.iter().map(|cell| (cell.0.clone(), cell.3)).collect::<Vec<_>>()
    };
    assert_eq!(counts(&cells), counts(&expected.heat_cells_by_category));
}

async fn its_prices(bed: &TestBed, expected: &Popularity) {
    let prices = "SELECT (additional_data->>'price')::float8 FROM interaction_events";
    let mean = format!("SELECT avg(price)::float8 FROM ({prices}) AS prices (price)");
    let (mean,): (f64,) = rows(bed, &mean).await[0];
    assert!((mean - expected.price.mean).abs() < 1e-9);
    let found = quantiles(bed, prices, &[0.5, 0.9]).await;
    assert_eq!(found, [expected.price.median, expected.price.p90]);
    let histogram: Vec<(i64, i64)> = rows(
        bed,
        &format!(
            "SELECT (floor(price / 10) * 10)::bigint, count(*) FROM ({prices}) AS prices (price)
             GROUP BY 1 ORDER BY 1"
        ),
    )
    .await;
    assert_eq!(histogram, expected.price.histogram_10);
}

/// All of it takes some minutes without optimisation: `cargo test --release -- --ignored`.
#[tokio::test]
#[ignore = "takes some minutes without optimisation"]
async fn choices_in_a_shop_are_as_many_as_other_tools_say() {
    let Some(portions) = portions("eshop_apr_may_2008") else { return };
    let bed = patient_bed().await;
    load(&bed, portions).await;
    let expected: Popularity = reference("eshop_popularity");
    its_sessions(&bed, &expected).await;
    assert_eq!(its_days(&bed).await, expected.daily);
    its_choices(&bed, &expected).await;
    its_places(&bed, &expected).await;
    its_prices(&bed, &expected).await;
}

/// Its first days, which other tools counted one by one.
#[tokio::test]
async fn the_first_days_of_a_shop_are_as_other_tools_say() {
    const DAYS: usize = 5;
    let Some(portions) = portions("eshop_apr_may_2008") else { return };
    let bed = patient_bed().await;
    let expected: Popularity = reference("eshop_popularity");
    let days = expected.daily.get(..DAYS).unwrap();
    let events: i64 = days.iter().map(|day| day.1).sum();
    let enough = usize::try_from(events).unwrap().div_ceil(100);
    load(&bed, portions.take(enough)).await;
    assert_eq!(its_days(&bed).await[..DAYS], *days);
}
