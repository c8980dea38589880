//! What the system records of itself, from the request to the report.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use nest_haus::monitoring::{
    Recorded, drain_recordings, flush, overall, recorded, recorded_by_hour, roll_up_recordings,
    slow_operations,
};
use nest_haus::platform::{Flush, Measure, own_span};
use nest_haus::testing::TestBed;
use nest_haus_domain::analytics::Period;
use nest_haus_domain::monitoring::{Metric, Recording, Recordings, Timings};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use uuid::Uuid;

use crate::notifications::run;

/// Hands on what the process recorded, and drains it.
async fn store(bed: &TestBed) {
    flush(&bed.app, bed.now()).await;
    let report = drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert!(report.complete && report.damaged == 0, "{report:?}");
}

async fn today(bed: &TestBed, metric: Metric) -> Vec<Recorded> {
    let day = TimeDelta::days(1);
    let period = Period { from: bed.now() - day, to: bed.now() + day };
    let mut db = bed.app.db.acquire().await.unwrap();
    recorded(&mut db, period, metric).await.unwrap()
}

/// How often each endpoint is recorded, with the class of its answers.
async fn counts(bed: &TestBed, metric: Metric) -> Vec<(String, i16, i64)> {
    let all = today(bed, metric).await;
    let mut counts: Vec<(String, i16, i64)> = Vec::new();
    for of in all {
        match counts.iter_mut().find(|(endpoint, class, _)| {
            (endpoint.as_str(), *class) == (of.endpoint.as_str(), of.status_class)
        }) {
            Some((_, _, n)) => *n += of.timings.count(),
            None => counts.push((of.endpoint, of.status_class, of.timings.count())),
        }
    }
    counts.sort();
    counts
}

fn click(session: &str) -> serde_json::Value {
    json!({"sessionId": session, "interaction": {"eventType": "click", "category": "button",
        "elementId": "b"}})
}

#[tokio::test]
async fn every_request_is_recorded_by_endpoint_and_class_with_its_statements_and_operations() {
    let bed = TestBed::new().await;
    for _ in 0..3 {
        bed.get("/api/health").await;
    }
    bed.post("/api/sessions/track-interaction", click("a")).await;
    bed.post("/api/sessions/track-interaction", json!({})).await;
    bed.get_as_admin("/api/admin/analytics/overview").await;
    bed.get("/api/nowhere").await;
    store(&bed).await;

    let requests = counts(&bed, Metric::ApiResponseTime).await;
    let of = |endpoint: &str, class, n| (endpoint.to_owned(), class, n);
    let overview = "GET /api/admin/analytics/overview";
    let track = "POST /api/sessions/track-interaction";
    let expected = [
        of("GET (none)", 4, 1),
        of(overview, 2, 1),
        of("GET /api/health", 2, 3),
        of(track, 2, 1),
        of(track, 4, 1),
    ];
    assert_eq!(requests, expected);

    let operations = counts(&bed, Metric::RedisOperationTime).await;
    assert!(operations.contains(&of(track, 2, 1)), "accepting is one call: {operations:?}");
    let statements = counts(&bed, Metric::DatabaseQueryTime).await;
    let [(endpoint, 2, n)] = &statements[..] else { panic!("{statements:?}") };
    assert!(endpoint == overview && *n >= 3, "a report begins, reads and ends: {statements:?}");

    let all = today(&bed, Metric::ApiResponseTime).await;
    let whole = overall(&all);
    assert_eq!(whole.count(), 7);
    let p95 = whole.histogram.quantile(0.95).unwrap();
    assert!(p95 > 0.0 && p95 <= whole.sum_ms * 1.03, "{p95} of {}", whole.sum_ms);
    let share = overall(&today(&bed, Metric::DatabaseQueryTime).await).sum_ms / whole.sum_ms;
    assert!(share > 0.0 && share < 1.0, "{share}");
}

#[tokio::test]
async fn a_process_hands_on_every_ten_seconds_after_an_answer_and_never_before() {
    let bed = TestBed::new().await;
    let health = || axum::http::Request::get("/api/health").body(axum::body::Body::empty());
    let entries = async || {
        let mut length = redis::cmd("XLEN");
        length.arg(bed.app.redis.key("q:recordings"));
        bed.app.redis.query::<i64>(&length).await.unwrap()
    };
    let first = bed.service.call(health().unwrap()).await;
    assert_eq!(entries().await, 0, "nothing before the answer");
    first.after.expect("the first answer hands on").await;
    assert_eq!(entries().await, 1);
    assert!(bed.service.call(health().unwrap()).await.after.is_none(), "within ten seconds");
    bed.advance(TimeDelta::seconds(10));
    bed.send_and_work(health().unwrap()).await;
    assert_eq!(entries().await, 2);
    drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert_eq!(entries().await, 0);
    assert_eq!(counts(&bed, Metric::ApiResponseTime).await, [("GET /api/health".to_owned(), 2, 3)]);
}

#[tokio::test]
async fn jobs_and_work_after_answers_are_recorded_apart() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-interaction", click("a")).await;
    let job = axum::http::Request::get("/api/cron/sync-interactions");
    bed.send_and_work(job.body(axum::body::Body::empty()).unwrap()).await;
    store(&bed).await;
    let statements = counts(&bed, Metric::DatabaseQueryTime).await;
    let names: Vec<&str> = statements.iter().map(|(endpoint, ..)| endpoint.as_str()).collect();
    assert_eq!(names, ["GET /api/cron/sync-interactions", "WORK project"]);
    let requests = counts(&bed, Metric::ApiResponseTime).await;
    assert!(requests.iter().all(|(endpoint, ..)| endpoint != "WORK project"), "{requests:?}");
}

#[tokio::test]
async fn without_redis_recordings_stay_in_the_process_for_an_hour() {
    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    bed.get("/api/health").await;
    flush(&bed.app, bed.now()).await;
    let kept = bed.app.recorder.next_flush(bed.now()).expect("still there");
    assert_eq!(kept.recordings.len(), 1);
    bed.get("/api/health").await;
    let again = bed.app.recorder.next_flush(bed.now()).unwrap();
    assert_eq!((again.id, again.recordings), (kept.id, kept.recordings), "sent again as it was");
    bed.app.recorder.handed_on(kept.id);
    let rest = bed.app.recorder.next_flush(bed.now()).expect("what came meanwhile");
    assert_ne!(rest.id, kept.id);
    bed.advance(TimeDelta::minutes(66));
    assert!(bed.app.recorder.next_flush(bed.now()).is_none(), "given up");
}

async fn append(bed: &TestBed, flush: &Flush) {
    let mut add = redis::cmd("XADD");
    add.arg(bed.app.redis.key("q:recordings")).arg("*").arg("id").arg(flush.id.to_string());
    add.arg("data").arg(serde_json::to_string(flush).unwrap());
    bed.app.redis.query::<String>(&add).await.unwrap();
}

#[tokio::test]
async fn what_is_sent_or_read_twice_counts_once_and_what_cannot_be_read_stops_nothing() {
    let bed = TestBed::new().await;
    bed.get("/api/health").await;
    let sent = bed.app.recorder.next_flush(bed.now()).unwrap();
    append(&bed, &sent).await;
    let mut damaged = redis::cmd("XADD");
    damaged.arg(bed.app.redis.key("q:recordings")).arg("*").arg("data").arg("{");
    bed.app.redis.query::<String>(&damaged).await.unwrap();
    append(&bed, &sent).await;
    let budget = bed.app.config.job_budget;
    let report = drain_recordings(&bed.app, budget).await.unwrap();
    assert_eq!((report.stored, report.repeated, report.damaged), (1, 1, 1));
    append(&bed, &sent).await;
    let report = drain_recordings(&bed.app, budget).await.unwrap();
    assert_eq!((report.stored, report.repeated, report.damaged), (0, 1, 0));
    assert_eq!(counts(&bed, Metric::ApiResponseTime).await, [("GET /api/health".to_owned(), 2, 1)]);
}

/// Durations of a few endpoints within three hours, and the flush that each goes out with.
fn noted() -> impl Strategy<Value = Vec<(i64, usize, u8, i16, f64, usize)>> {
    let one = (0_i64..10_800, 0_usize..3, 0_u8..3, 2_i16..6, 0.0_f64..1e5, 0_usize..5);
    proptest::collection::vec(one, 1..80)
}

fn rows_of(recorded: Vec<Recorded>, metric: Metric) -> Vec<Recording> {
    let mut recordings = Recordings::default();
    for of in recorded {
        let place = (of.endpoint.as_str(), of.status_class);
        recordings.add(of.slot, metric, place, &of.timings);
    }
    rounded(recordings.into_rows())
}

/// Sums of fractions depend on their order in the last digits.
fn rounded(rows: Vec<Recording>) -> Vec<Recording> {
    let round = |row: Recording| Recording { sum_ms: (row.sum_ms * 1e3).round(), ..row };
    rows.into_iter().map(round).collect()
}

#[tokio::test]
async fn any_split_into_processes_flushes_and_drains_gives_the_same_rows_and_hours() {
    let bed = TestBed::new().await;
    let mut runner = TestRunner::deterministic();
    for case in 0..6 {
        let begin =
            bed.now().duration_trunc(TimeDelta::hours(1)).unwrap() - TimeDelta::days(9 - case);
        let (mut slots, mut hours) = (Recordings::default(), Recordings::default());
        let mut flushes = vec![Recordings::default(); 5];
        for (second, metric, endpoint, class, ms, flush) in
            noted().new_tree(&mut runner).unwrap().current()
        {
            let at: DateTime<Utc> = begin + TimeDelta::seconds(second);
            let endpoint = format!("GET /api/{endpoint}");
            let mut timings = Timings::default();
            timings.note(ms);
            let hour = at.duration_trunc(TimeDelta::hours(1)).unwrap();
            let (metric, of) = (Metric::ALL[metric], (endpoint.as_str(), class));
            slots.add(at, metric, of, &timings);
            hours.add(hour, metric, of, &timings);
            flushes[flush].add(at, metric, of, &timings);
        }
        for (place, part) in flushes.into_iter().enumerate() {
            let recordings = part.into_rows();
            append(&bed, &Flush { id: Uuid::now_v7(), recordings, slow: Vec::new() }).await;
            if place % 2 == 1 {
                // Slots that come late make their hours anew.
                drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
                roll_up_recordings(&bed.app, bed.now()).await.unwrap();
            }
        }
        drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
        let period = Period { from: begin, to: begin + TimeDelta::hours(3) };
        let mut db = bed.app.db.acquire().await.unwrap();
        for rolled_up in [false, true] {
            if rolled_up {
                roll_up_recordings(&bed.app, bed.now()).await.unwrap();
            }
            let (mut by_slot, mut by_hour) = (Vec::new(), Vec::new());
            for metric in Metric::ALL {
                by_slot.extend(rows_of(recorded(&mut db, period, metric).await.unwrap(), metric));
                let rows = recorded_by_hour(&mut db, period, metric).await.unwrap();
                by_hour.extend(rows_of(rows, metric));
            }
            by_slot.sort_by_key(|row| (row.slot, row.metric));
            by_hour.sort_by_key(|row| (row.slot, row.metric));
            assert_eq!(by_slot, rounded(slots.clone().into_rows()));
            assert_eq!(by_hour, rounded(hours.clone().into_rows()));
        }
        let stored: i64 = bed.count("SELECT count(*) FROM recordings_hourly").await;
        roll_up_recordings(&bed.app, bed.now()).await.unwrap();
        assert_eq!(stored, bed.count("SELECT count(*) FROM recordings_hourly").await);
    }
    assert_eq!(bed.count("SELECT count(*) FROM stale_recording_hours").await, 0);
}

#[tokio::test]
async fn hours_that_a_period_cuts_are_read_from_their_slots() {
    let bed = TestBed::new().await;
    let hour = bed.now().duration_trunc(TimeDelta::hours(1)).unwrap() - TimeDelta::days(5);
    let mut recordings = Recordings::default();
    let mut timings = Timings::default();
    timings.note(10.0);
    for slot in 0..36 {
        let at = hour + TimeDelta::minutes(5 * slot);
        recordings.add(at, Metric::ApiResponseTime, ("GET /api/a", 2), &timings);
    }
    let flush = Flush { id: Uuid::now_v7(), recordings: recordings.into_rows(), slow: Vec::new() };
    append(&bed, &flush).await;
    drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert_eq!(roll_up_recordings(&bed.app, bed.now()).await.unwrap().hours, 3);
    let mut db = bed.app.db.acquire().await.unwrap();
    for (from, to, expected) in
        [(0, 180, vec![12, 12, 12]), (30, 65, vec![6, 1]), (35, 125, vec![5, 12, 1])]
    {
        let minutes = TimeDelta::minutes;
        let period = Period { from: hour + minutes(from), to: hour + minutes(to) };
        let found = recorded_by_hour(&mut db, period, Metric::ApiResponseTime).await.unwrap();
        let counts: Vec<i64> = found.iter().map(|of| of.timings.count()).collect();
        assert_eq!(counts, expected, "{from} to {to}");
    }
}

#[tokio::test]
async fn slow_operations_are_kept_with_what_they_were_and_without_parameters() {
    let bed = TestBed::new().await;
    let measure =
        Measure::begin("GET /api/x".to_owned(), "request-1".to_owned(), own_span(None), bed.now());
    measure
        .around(async {
            sqlx::query("SELECT pg_sleep($1), length($2) AS length_of_what_nobody_may_see")
                .bind(0.12)
                .bind("geheim@example.com")
                .execute(&bed.app.db)
                .await
                .unwrap();
            sqlx::query("SELECT 1").execute(&bed.app.db).await.unwrap();
            let mut wait = redis::cmd("BLPOP");
            wait.arg(bed.app.redis.key("geheim")).arg(0.06);
            bed.app.redis.query::<Option<String>>(&wait).await.unwrap();
        })
        .await;
    bed.app.recorder.note_request(&measure, 200, measure.elapsed());
    store(&bed).await;
    let period =
        Period { from: bed.now() - TimeDelta::hours(1), to: bed.now() + TimeDelta::hours(1) };
    let mut db = bed.app.db.acquire().await.unwrap();
    let slow = slow_operations(&mut db, period, 10).await.unwrap();
    let of = |metric| slow.iter().find(|slow| slow.metric == metric).unwrap();
    let (query, wait) = (of("database_query_time"), of("redis_operation_time"));
    assert_eq!(slow.len(), 2);
    assert_eq!(query.name, "SELECT pg_sleep($1), length($2) AS");
    let statement = query.statement.as_deref().unwrap();
    assert_eq!(statement, "SELECT pg_sleep($1), length($2) AS length_of_what_nobody_may_see");
    assert_eq!((query.n, query.last_endpoint.as_str()), (1, "GET /api/x"));
    assert_eq!(query.last_request_id, "request-1");
    assert!(query.p95_ms > 100.0 && (query.max_ms - query.p95_ms).abs() < 1e-9);
    assert_eq!((wait.name.as_str(), &wait.statement), ("BLPOP", &None));
    assert!(!format!("{slow:?}").contains("geheim"));
    let queries = counts(&bed, Metric::DatabaseQueryTime).await;
    assert_eq!(queries, [("GET /api/x".to_owned(), 2, 2)], "the fast one is recorded too");
}

#[tokio::test]
async fn old_recordings_are_deleted_and_slow_operations_are_few() {
    let bed = TestBed::new().await;
    bed.get("/api/health").await;
    store(&bed).await;
    for statement in [
        "INSERT INTO recordings SELECT slot - interval '91 days', metric, endpoint, status_class,
            indexes, counts, sum_ms FROM recordings",
        "INSERT INTO recordings_hourly SELECT slot - days * interval '1 day', metric, endpoint,
            status_class, indexes, counts, sum_ms FROM recordings, unnest(ARRAY[1800, 1900]) AS days
            WHERE slot > now() - interval '1 day'",
        "INSERT INTO slow_operations (at, metric, name, duration_ms, endpoint, request_id)
            SELECT now() - days * interval '1 day', 'database_query_time', 'x', 200, 'GET /', 'r'
            FROM unnest(ARRAY[89, 91]) AS days",
    ] {
        sqlx::query(statement).execute(&bed.app.db).await.unwrap();
    }
    run(&bed, "retention").await;
    assert_eq!(bed.count("SELECT count(*) FROM recordings").await, 1);
    assert_eq!(bed.count("SELECT count(*) FROM recordings_hourly").await, 1);
    assert_eq!(bed.count("SELECT count(*) FROM slow_operations").await, 1);

    sqlx::query(
        "INSERT INTO slow_operations (at, metric, name, duration_ms, endpoint, request_id)
         SELECT now(), 'database_query_time', 'many', 200, 'GET /', 'r' FROM generate_series(1, 11000)",
    )
    .execute(&bed.app.db)
    .await
    .unwrap();
    let slow = serde_json::from_value(json!([{"at": bed.now(), "metric": "redis_operation_time",
        "name": "latest", "statement": null, "duration_ms": 60.0, "endpoint": "GET /",
        "request_id": "r"}]));
    let flush = Flush { id: Uuid::now_v7(), recordings: Vec::new(), slow: slow.unwrap() };
    append(&bed, &flush).await;
    drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert_eq!(bed.count("SELECT count(*) FROM slow_operations").await, 10_000);
    let latest = "SELECT count(*) FROM slow_operations WHERE name = 'latest'";
    assert_eq!(bed.count(latest).await, 1);
}

#[tokio::test]
async fn the_report_tells_endpoints_times_and_slow_operations() {
    let bed = TestBed::new().await;
    for _ in 0..3 {
        bed.get("/api/health").await;
    }
    bed.get_as_admin("/api/admin/analytics/overview").await;
    bed.get("/api/cron/sync-interactions").await;
    let failing =
        Measure::begin("GET /api/failing".to_owned(), "r-1".to_owned(), own_span(None), bed.now());
    failing
        .around(async {
            let sleep = sqlx::query("SELECT pg_sleep(0.11)");
            sleep.execute(&bed.app.db).await.unwrap();
        })
        .await;
    let took = failing.elapsed() * 2;
    bed.app.recorder.note_request(&failing, 500, took);
    store(&bed).await;

    let path = "/api/admin/monitoring/performance?timeRange=24h";
    let report = bed.get_as_admin(path).await.body;
    assert_eq!(report["total"]["n"], 5, "the job is left out: {report}");
    assert_eq!(report["total"]["errorRate"]["num"], 1);
    assert!(report["total"]["errorRate"]["ciHigh"].as_f64().unwrap() > 0.2);
    let endpoints = report["endpoints"].as_array().unwrap();
    let of = |name: &str| endpoints.iter().find(|of| of["endpoint"] == name).unwrap();
    let health = of("GET /api/health");
    assert_eq!((&health["n"], &health["job"]), (&json!(3), &json!(false)));
    assert_eq!(
        (&health["database"]["n"], &health["database"]["perRequest"]),
        (&json!(0), &json!(0.0))
    );
    assert_eq!(of("GET /api/cron/sync-interactions")["job"], true);
    let failing = of("GET /api/failing");
    let p99 = failing["responseMs"]["p99"].as_f64().unwrap();
    assert!((p99 / (took.as_secs_f64() * 1e3) - 1.0).abs() < 0.022, "{failing}");
    assert_eq!(failing["errorRate"]["value"], 1.0);
    assert_eq!(failing["database"]["perRequest"], 1.0);
    let share = failing["database"]["timeShare"].as_f64().unwrap();
    assert!(share > 0.3 && share <= 0.51, "{failing}");
    let hours = report["byTime"].as_array().unwrap();
    let told: i64 = hours.iter().map(|hour| hour["n"].as_i64().unwrap()).sum();
    assert_eq!(told, 5, "every request is in an hour");
    let slow = &report["slowOperations"][0];
    assert_eq!((&slow["name"], &slow["n"]), (&json!("SELECT pg_sleep(0.11)"), &json!(1)));
    assert_eq!(slow["lastEndpoint"], "GET /api/failing");

    let month = bed.get_as_admin("/api/admin/monitoring/performance?timeRange=30d").await.body;
    assert_eq!(month["total"]["n"], 5, "read by hour: {month}");
    assert_eq!(month["byTime"].as_array().unwrap().len(), 31);
    roll_up_recordings(&bed.app, bed.now() + TimeDelta::hours(1)).await.unwrap();
    bed.advance(TimeDelta::hours(2));
    let month = bed.get_as_admin("/api/admin/monitoring/performance?timeRange=30d").await.body;
    assert_eq!(month["total"]["n"], 5, "from the roll-up: {month}");
}
