//! Simulated visitors, whose true numbers are known, through the whole system.

use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use nest_haus::analytics::visits;
use nest_haus::testing::TestBed;
use nest_haus::tracking::bulk::{self, BulkReport};
use nest_haus::tracking::drain::DrainReport;
use nest_haus::tracking::ledger::ledger;
use nest_haus_synth::{
    INTERNAL_SESSION_PREFIX, Population, Scenario, Session, Simulation, Totals, Truth,
};
use serde_json::{Value, json};

use super::synth_reports::Reports;

/// Days that are young enough for nothing to be late.
const DAYS: u32 = 6;

/// So many sessions in so many days.
pub(super) fn simulate(
    (sessions, days): (u32, u32),
    seed: u64,
    until: DateTime<Utc>,
) -> (Vec<Session>, Truth) {
    let mut simulation = Simulation::new(Scenario::of_days(sessions, seed, days, until)).unwrap();
    let sessions = simulation.by_ref().collect();
    (sessions, simulation.into_truth())
}

async fn send(bed: &TestBed, session: &Session) {
    for transmission in &session.transmissions {
        let sent = transmission.request().moved_to(bed.now());
        let mut request = Request::builder().method(sent.method.as_str()).uri(&sent.path);
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        let reply = bed.send(request.body(Body::from(sent.body.to_string())).unwrap()).await;
        assert_eq!(reply.status, 202, "{}: {}", sent.path, reply.text);
    }
}

/// What stands beside the events: the rule that knows internal traffic, and the payments.
pub(super) async fn prepare(bed: &TestBed, sessions: &[Session]) {
    let rule = json!({"field": "session_id", "contains": INTERNAL_SESSION_PREFIX, "note": "staff"});
    let rules = json!({"rules": [rule]});
    let reply = bed.send_as_admin("PUT", "/api/admin/internal-traffic", rules).await;
    assert_eq!(reply.status, 204, "{}", reply.text);
    for payment in sessions.iter().filter_map(|session| session.payment.as_ref()) {
        let reply = bed.send_as_admin("POST", "/api/admin/payments", payment.body()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

pub(super) async fn store(bed: &TestBed, sessions: Vec<Session>) -> BulkReport {
    let entries = sessions.into_iter().map(Session::entries).collect();
    let report = bulk::store_sessions(&bed.app, entries).await.unwrap();
    let projected = visits::project(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert!(projected.complete);
    report
}

/// Numbers of a population, as the database has them.
async fn stored_totals(bed: &TestBed, population: Population) -> Totals {
    let filter = json!(population);
    let filter = filter.as_str().unwrap();
    let sums: Vec<i64> = sqlx::query_scalar(
        "SELECT unnest(ARRAY[count(DISTINCT session_key), count(*), coalesce(sum(page_views), 0),
            coalesce(sum(selections), 0), coalesce(sum(snapshots), 0), count(*) FILTER (WHERE bounced),
            coalesce(sum(duration_ms), 0)::bigint, coalesce(sum(engaged_ms), 0)::bigint,
            count(cart_at), count(completed_at), count(ordered_at),
            count(*) FILTER (WHERE funnel_level >= 2), count(*) FILTER (WHERE funnel_level >= 3),
            count(*) FILTER (WHERE funnel_level >= 4), count(*) FILTER (WHERE funnel_level >= 5)])
         FROM visits WHERE population = $1::text::population",
    )
    .bind(filter)
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    let by = |column: &str| {
        format!(
            "SELECT {column}, count(*) FROM visits WHERE population = '{filter}' GROUP BY 1 ORDER BY 1"
        )
    };
    let by_day: Vec<(NaiveDate, i64)> =
        sqlx::query_as(&by("(started_at AT TIME ZONE 'UTC')::date"))
            .fetch_all(&bed.app.db)
            .await
            .unwrap();
    let by_device: Vec<(String, i64)> =
        sqlx::query_as(&by("device")).fetch_all(&bed.app.db).await.unwrap();
    let revenue = format!(
        "SELECT coalesce(sum(eur_cents), 0)::bigint FROM payments WHERE session_key IN
            (SELECT session_key FROM visits WHERE population = '{filter}')"
    );
    let count = |index: usize| sums[index].cast_unsigned();
    Totals {
        sessions: count(0),
        visits: count(1),
        page_views: count(2),
        selections: count(3),
        snapshots: count(4),
        bounces: count(5),
        duration_ms: sums[6],
        engaged_ms: sums[7],
        carts: count(8),
        completions: count(9),
        orders: count(10),
        funnel: [count(1), count(11), count(12), count(13), count(14)],
        visits_by_day: by_day.into_iter().map(|(day, n)| (day, n.cast_unsigned())).collect(),
        visits_by_device: by_device
            .into_iter()
            .map(|(name, n)| (name, n.cast_unsigned()))
            .collect(),
        visits_by_channel: Totals::default().visits_by_channel,
        revenue_cents: bed.count(&revenue).await,
    }
}

/// Compares every population; times may differ by `tolerance` a visit, since over HTTP they pass a
/// real clock. Engaged time is the trackers' word, which robots do not give.
async fn compare(bed: &TestBed, truth: &Truth, tolerance: TimeDelta) {
    for population in
        [Population::Eligible, Population::Bot, Population::Internal, Population::NoConsent]
    {
        let mut expected = truth.population(population);
        let mut stored = stored_totals(bed, population).await;
        let channels = std::mem::take(&mut expected.visits_by_channel);
        for (channel, visits) in channels {
            let query = format!(
                "SELECT count(*) FROM visits WHERE channel = '{channel}' AND population = '{}'",
                json!(population).as_str().unwrap()
            );
            assert_eq!(bed.count(&query).await.cast_unsigned(), visits, "{population:?} {channel}");
        }
        let allowed = tolerance.num_milliseconds() * expected.visits.cast_signed();
        let off = (stored.duration_ms - expected.duration_ms).abs();
        assert!(off <= allowed, "{population:?}: {off} ms");
        stored.duration_ms = expected.duration_ms;
        if population == Population::Bot {
            stored.engaged_ms = expected.engaged_ms;
        }
        assert_eq!(stored, expected, "{population:?}");
    }
    compare_options(bed, truth).await;
    compare_visitors(bed, truth).await;
}

/// Options in the last configuration of each session.
async fn compare_options(bed: &TestBed, truth: &Truth) {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT category, choice->>'option', count(*)
         FROM user_sessions AS s CROSS JOIN jsonb_each(s.selections) AS c (category, choice)
         WHERE session_key IN (SELECT session_key FROM visits WHERE population = 'eligible')
         GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    let stored: Vec<_> = rows.into_iter().map(|(c, o, n)| (c, o, n.cast_unsigned())).collect();
    let expected = truth.houses.options.iter().flat_map(|(category, options)| {
        let taken = options.iter().filter(|(_, counts)| counts.taken > 0);
        taken.map(move |(option, counts)| (category.clone(), option.clone(), counts.taken))
    });
    assert_eq!(stored, expected.collect::<Vec<_>>());
}

/// Visitors by the week of their first visit, and how many of them came in later weeks.
async fn compare_visitors(bed: &TestBed, truth: &Truth) {
    let rows: Vec<(NaiveDate, i32, i64)> = sqlx::query_as(
        "WITH weeks AS (
            SELECT DISTINCT visitor_id, date_trunc('week', started_at AT TIME ZONE 'UTC')::date AS week
            FROM visits WHERE visitor_id IS NOT NULL AND population = 'eligible'),
         firsts AS (SELECT visitor_id, min(week) AS first FROM weeks GROUP BY 1)
         SELECT first, (week - first) / 7, count(*) FROM weeks JOIN firsts USING (visitor_id)
         GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    let expected = truth.retention.iter().flat_map(|cohort| {
        let weeks = (0..).zip(&cohort.retained).filter(|(_, came)| **came > 0);
        weeks.map(|(week, came)| (cohort.start, week, came.cast_signed()))
    });
    assert_eq!(rows, expected.collect::<Vec<(NaiveDate, i32, i64)>>());
}

async fn compare_ledger(bed: &TestBed, truth: &Truth) {
    let report = json!(ledger(&bed.app, true, bed.now()).await.unwrap());
    let (transmissions, sequences) = (&report["transmissions"], &report["sequences"]);
    let events = &truth.events;
    assert_eq!(transmissions["difference"], 0);
    assert_eq!(transmissions["stored"], events.stored);
    assert_eq!(transmissions["rejected"], events.rejected);
    assert_eq!(transmissions["duplicate"], events.duplicated);
    assert_eq!(transmissions["dead"], 0);
    assert_eq!(sequences["emitted"], events.emitted);
    assert_eq!(sequences["unknown"], events.lost);
    assert_eq!(report["rows"], events.stored);
}

#[tokio::test]
async fn what_is_true_of_simulated_visitors_is_found_after_requests_and_drain() {
    let bed = TestBed::new().await;
    let (sessions, truth) = simulate((200, DAYS), 11, bed.now());
    prepare(&bed, &sessions).await;
    for session in &sessions {
        send(&bed, session).await;
    }
    let reports = bed.drain().await;
    let sum = |count: fn(&DrainReport) -> i64| reports.iter().map(count).sum::<i64>();
    assert_eq!(sum(|report| report.stored), truth.events.stored.cast_signed());
    assert_eq!(sum(|report| report.rejected), truth.events.rejected.cast_signed());
    assert_eq!(sum(|report| report.duplicate), truth.events.duplicated.cast_signed());
    compare_ledger(&bed, &truth).await;
    compare(&bed, &truth, TimeDelta::milliseconds(500)).await;
    Reports::new(&bed, &truth).compare().await;
}

#[tokio::test]
async fn what_is_stored_in_bulk_is_what_arrives_one_by_one() {
    let bed = TestBed::new().await;
    let (sessions, truth) = simulate((400, DAYS), 12, bed.now());
    prepare(&bed, &sessions).await;
    let report = store(&bed, sessions.clone()).await;
    assert_eq!(report.stored, truth.events.stored.cast_signed());
    compare_ledger(&bed, &truth).await;
    compare(&bed, &truth, TimeDelta::zero()).await;
    let again = store(&bed, sessions).await;
    assert_eq!(again.stored, 0);
    assert_eq!(again.duplicate + again.rejected, again.received);
    compare(&bed, &truth, TimeDelta::zero()).await;
}

/// The rows of a table of events, without what says how they arrived.
async fn rows(bed: &TestBed, table: &str) -> Vec<Value> {
    let query = format!(
        "SELECT to_jsonb(e) - '{{occurred_at,received_at,entry_id,late,stored_at}}'::text[] FROM {table} AS e
         ORDER BY session_key, event_time, event_id"
    );
    sqlx::query_scalar(&query).fetch_all(&bed.app.db).await.unwrap()
}

#[tokio::test]
async fn requests_and_bulk_leave_the_same_rows() {
    let (by_http, in_bulk) = (TestBed::new().await, TestBed::new().await);
    let (sessions, _) = simulate((60, DAYS), 13, by_http.now());
    for session in &sessions {
        send(&by_http, session).await;
    }
    by_http.drain().await;
    store(&in_bulk, sessions).await;
    for table in
        ["interaction_events", "configuration_snapshots", "session_events", "performance_metrics"]
    {
        let (one_by_one, at_once) = (rows(&by_http, table).await, rows(&in_bulk, table).await);
        assert!(!at_once.is_empty());
        for (one, other) in one_by_one.iter().zip(&at_once) {
            assert_eq!(one, other, "{table}");
        }
        assert_eq!(one_by_one.len(), at_once.len());
    }
}
