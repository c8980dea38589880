//! Alerts: each threshold crossed and not, from what is stored to the incident and its one message.

use axum::http::StatusCode;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use nest_haus::jobs::{self, Job};
use nest_haus::operations::Trigger;
use nest_haus::testing::TestBed;
use nest_haus_domain::accounts::Role;
use nest_haus_domain::analytics::Histogram;
use serde_json::{Value, json};

use crate::accounts::{account, sign_in};
use crate::notifications::{run, webhook};

/// A bed some minutes into a slot, so that a test stays inside it.
async fn bed(overrides: &[(&str, &str)]) -> TestBed {
    let bed = TestBed::with(overrides).await;
    let next = slot(bed.now()) + TimeDelta::minutes(5) + TimeDelta::seconds(3);
    bed.advance(next - bed.now());
    bed
}

fn slot(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(5)).unwrap()
}

/// Plants durations in the last slot that is over, all of the same length.
async fn plant(
    bed: &TestBed,
    metric: &str,
    (endpoint, class): (&str, i16),
    (count, ms): (i64, f64),
) {
    plant_at(bed, slot(bed.now()) - TimeDelta::minutes(5), metric, (endpoint, class), (count, ms))
        .await;
}

async fn plant_at(
    bed: &TestBed,
    slot: DateTime<Utc>,
    metric: &str,
    (endpoint, class): (&str, i16),
    (count, ms): (i64, f64),
) {
    #[expect(clippy::cast_precision_loss, reason = "few values")]
    let sum = count as f64 * ms;
    sqlx::query(
        "INSERT INTO recordings VALUES ($1, $2, $3, $4, ARRAY[$5::int], ARRAY[$6::bigint], $7)",
    )
    .bind(slot)
    .bind(metric)
    .bind(endpoint)
    .bind(class)
    .bind(Histogram::bucket(ms))
    .bind(count)
    .bind(sum)
    .execute(&bed.app.db)
    .await
    .unwrap();
}

async fn evaluate(bed: &TestBed) -> Value {
    run(bed, "evaluate-alerts").await
}

async fn evaluate_next(bed: &TestBed) -> Value {
    bed.advance(TimeDelta::minutes(5));
    evaluate(bed).await
}

/// The incidents of a rule, those that began last first.
async fn alerts(bed: &TestBed, rule: &str) -> Vec<Value> {
    let reply = bed.get_as_admin(&format!("/api/admin/alerts?rule={rule}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body["alerts"].as_array().unwrap().clone()
}

async fn states(bed: &TestBed, rule: &str) -> Vec<String> {
    let alerts = alerts(bed, rule).await;
    alerts.iter().map(|alert| alert["state"].as_str().unwrap().to_owned()).collect()
}

async fn set_rule(bed: &TestBed, change: Value) {
    let reply = bed.send_as_admin("PUT", "/api/admin/alerts/rules", change).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
}

const API: &str = "api_response_time";
const TRACK: (&str, i16) = ("POST /api/sessions/track-interaction", 202);

fn ok(endpoint: &str) -> (&str, i16) {
    (endpoint, 2)
}

#[tokio::test]
async fn latencies_fire_over_their_thresholds_and_not_below_nor_out_of_few() {
    for (rule, metric, over, below) in [
        ("api_latency", API, 530.0, 470.0),
        ("database_latency", "database_query_time", 106.0, 94.0),
        ("redis_latency", "redis_operation_time", 53.0, 47.0),
    ] {
        for (count, ms, expected) in [(20, over, 1), (20, below, 0), (19, over, 0)] {
            let bed = bed(&[]).await;
            plant(&bed, metric, ok("GET /api/pricing/data"), (count, ms)).await;
            plant(&bed, metric, ok("GET /api/cron/sync-interactions"), (1000, 9000.0)).await;
            plant(&bed, metric, ok("WORK project"), (1000, 9000.0)).await;
            evaluate(&bed).await;
            assert_eq!(alerts(&bed, rule).await.len(), expected, "{rule} {count} of {ms}");
        }
    }
}

#[tokio::test]
async fn a_latency_names_the_slowest_endpoints() {
    let bed = bed(&[]).await;
    plant(&bed, API, ok("GET /api/catalog"), (100, 10.0)).await;
    plant(&bed, API, ok("POST /api/pricing/calculate"), (50, 900.0)).await;
    evaluate(&bed).await;
    let alert = alerts(&bed, "api_latency").await[0].clone();
    assert_eq!(alert["detail"][0]["label_en"], "POST /api/pricing/calculate");
    assert_eq!((&alert["count"], &alert["unit"]), (&json!(150), &json!("ms")));
}

#[tokio::test]
async fn failures_fire_over_one_percent_of_a_hundred_requests() {
    for (total, failed, expected) in [(100, 2, 1), (100, 1, 0), (99, 50, 0)] {
        let bed = bed(&[]).await;
        plant(&bed, API, ok(TRACK.0), (total - failed, 10.0)).await;
        plant(&bed, API, (TRACK.0, 5), (failed, 10.0)).await;
        evaluate(&bed).await;
        assert_eq!(alerts(&bed, "error_rate").await.len(), expected, "{failed} of {total}");
    }
}

#[tokio::test]
async fn the_error_budget_fires_where_both_windows_burn() {
    // Failures of a thousand in each slot of the last hour, in the last of them, and before these.
    for (in_last, before, expected) in [(20, 20, 1), (0, 20, 0), (10, 10, 1), (5, 5, 0)] {
        let bed = bed(&[]).await;
        for n in 1..=72 {
            let at = slot(bed.now()) - TimeDelta::minutes(5 * n);
            let failed = if n == 1 { in_last } else { before };
            plant_at(&bed, at, API, ok(TRACK.0), (1000 - failed, 10.0)).await;
            plant_at(&bed, at, API, (TRACK.0, 5), (failed, 10.0)).await;
        }
        evaluate(&bed).await;
        let fired = alerts(&bed, "error_budget").await.len();
        // With nothing in the last 5 minutes the slow pair still burns over 30 minutes.
        let expected = if (in_last, before) == (0, 20) { 1 } else { expected };
        assert_eq!(fired, expected, "{in_last} after {before}");
    }
}

#[tokio::test]
async fn a_burst_that_is_over_burns_no_budget() {
    let bed = bed(&[]).await;
    for n in 1..=12 {
        let at = slot(bed.now()) - TimeDelta::minutes(5 * n);
        let failed = if n == 8 { 300 } else { 0 };
        plant_at(&bed, at, API, ok(TRACK.0), (1000 - failed, 10.0)).await;
        plant_at(&bed, at, API, (TRACK.0, 5), (failed, 10.0)).await;
    }
    evaluate(&bed).await;
    assert_eq!(alerts(&bed, "error_budget").await.len(), 0);
}

async fn track(bed: &TestBed, session: &str) {
    let body =
        json!({"sessionId": session, "interaction": {"eventType": "click", "category": "nest"}});
    let reply = bed.post("/api/sessions/track-interaction", body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

#[tokio::test]
async fn what_waits_longer_than_ten_minutes_fires_until_it_is_drained() {
    // Redis' clock, which tells how long entries wait, cannot be set: this one must not be ahead of it.
    let bed = TestBed::new().await;
    track(&bed, "s").await;
    bed.advance(TimeDelta::minutes(9));
    evaluate(&bed).await;
    assert_eq!(states(&bed, "queue_age").await, [""; 0]);
    bed.advance(TimeDelta::minutes(2));
    evaluate(&bed).await;
    assert_eq!(states(&bed, "queue_age").await, ["firing"]);
    bed.drain().await;
    evaluate_next(&bed).await;
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "queue_age").await, ["resolved"]);
}

#[tokio::test]
async fn a_queue_that_fills_up_fires_before_it_is_full() {
    for (entries, expected) in [(7, 0), (8, 1)] {
        let bed = bed(&[("QUEUE_ENTRIES_MAX", "10")]).await;
        for n in 0..entries {
            track(&bed, &format!("s{n}")).await;
        }
        evaluate(&bed).await;
        assert_eq!(alerts(&bed, "queue_fill").await.len(), expected, "{entries} of 10");
    }
}

#[tokio::test]
async fn dead_letters_fire_and_refused_or_replayed_ones_do_not() {
    let bed = bed(&[]).await;
    let letter =
        "INSERT INTO dead_letters (id, stage, queue, entry_id, event_index, session_key, code,
            field, detail, payload, received_at, replayed_at)
        VALUES (gen_random_uuid(), $1::dead_letter_stage, 'interactions', gen_random_uuid(), 0,
            gen_random_uuid(), 'x', 'x', 'x', '{}', now(), $2)";
    for (stage, replayed) in [("rejected", None), ("dead", Some(bed.now()))] {
        sqlx::query(letter).bind(stage).bind(replayed).execute(&bed.app.db).await.unwrap();
    }
    evaluate(&bed).await;
    assert_eq!(alerts(&bed, "dead_letters").await.len(), 0);
    let none: Option<DateTime<Utc>> = None;
    sqlx::query(letter).bind("dead").bind(none).execute(&bed.app.db).await.unwrap();
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "dead_letters").await, ["firing"]);
    sqlx::query("UPDATE dead_letters SET replayed_at = now()").execute(&bed.app.db).await.unwrap();
    evaluate_next(&bed).await;
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "dead_letters").await, ["resolved"]);
}

#[tokio::test]
async fn a_missed_job_fires_by_its_name_and_is_over_when_it_ran() {
    let bed = bed(&[]).await;
    for job in jobs::ALL {
        run(&bed, job.name).await;
    }
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "job_missed").await, [""; 0]);
    bed.advance(TimeDelta::minutes(12));
    let late = ["sync-performance", "evaluate-alerts"];
    for job in jobs::ALL.iter().filter(|job| !late.contains(&job.name)) {
        run(&bed, job.name).await;
    }
    evaluate(&bed).await;
    let alert = alerts(&bed, "job_missed").await;
    assert_eq!((alert.len(), &alert[0]["subject"]), (1, &json!("sync-performance")));
    assert_eq!(alert[0]["value"], 3.0);
    run(&bed, "sync-performance").await;
    evaluate_next(&bed).await;
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "job_missed").await, ["resolved"]);
}

#[tokio::test]
async fn a_wrong_price_fires_for_an_hour() {
    let bed = bed(&[]).await;
    let save = |price: i64| {
        json!({"sessionId": "s", "trigger": "auto_save", "configuration": {"nest": {"category": "nest", "value": "nest80",
            "name": "Nest 80", "price": price}, "totalPrice": price}})
    };
    let saved = bed.post("/api/sessions/save-config", save(1)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    evaluate(&bed).await;
    assert_eq!(alerts(&bed, "price_mismatch").await.len(), 0);
    bed.drain().await;
    assert_eq!(
        bed.count("SELECT count(*) FROM configuration_snapshots WHERE price_check = 'mismatch'")
            .await,
        1
    );
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "price_mismatch").await, ["firing"]);
    bed.advance(TimeDelta::minutes(60));
    evaluate_next(&bed).await;
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "price_mismatch").await, ["resolved"]);
}

#[tokio::test]
async fn lost_events_fire_once_their_session_is_closed() {
    for (emitted, lost, expected) in [(1000, 2, 1), (1000, 1, 0), (999, 500, 0)] {
        let bed = bed(&[]).await;
        track(&bed, "s").await;
        bed.drain().await;
        sqlx::query(
            "INSERT INTO sequences (session_key, tab_id, emitted, stored)
             SELECT session_key, 'tab', $1, $2 FROM user_sessions",
        )
        .bind(emitted)
        .bind(emitted - lost)
        .execute(&bed.app.db)
        .await
        .unwrap();
        evaluate(&bed).await;
        assert_eq!(alerts(&bed, "ledger_loss").await.len(), 0, "it is not closed");
        bed.advance(TimeDelta::minutes(41));
        evaluate(&bed).await;
        assert_eq!(alerts(&bed, "ledger_loss").await.len(), expected, "{lost} of {emitted}");
    }
}

#[tokio::test]
async fn a_configurator_that_loads_slowly_fires() {
    for (ms, count, expected) in [(2100.0, 20, 1), (1900.0, 20, 0), (2100.0, 19, 0)] {
        let bed = bed(&[]).await;
        let metric = json!({"metricName": "configurator_load_time", "value": ms, "unit": "ms"});
        let metrics: Vec<Value> = (0..count).map(|_| metric.clone()).collect();
        let reply = bed.post("/api/performance/track", json!({"metrics": metrics})).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        bed.drain().await;
        evaluate(&bed).await;
        assert_eq!(alerts(&bed, "configurator_load").await.len(), expected, "{count} of {ms}");
    }
}

#[tokio::test]
async fn redis_out_of_reach_fires() {
    let bed = bed(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    evaluate(&bed).await;
    let alert = alerts(&bed, "dependency").await;
    assert_eq!((alert.len(), &alert[0]["subject"]), (1, &json!("redis")));
    assert_eq!(alert[0]["severity"], "critical");
}

#[tokio::test]
async fn messages_that_were_given_up_fire() {
    let (url, _posts) = webhook(&[404]).await;
    let bed = bed(&[("ALERT_WEBHOOK_URL", &*url)]).await;
    evaluate(&bed).await;
    assert_eq!(states(&bed, "notification_failed").await, [""; 0]);
    let body = json!({"channel": "webhook"});
    bed.send_as_admin("POST", "/api/admin/notifications/test", body).await;
    run(&bed, "send-notifications").await;
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "notification_failed").await, ["firing"]);
}

/// What is wrong for an hour.
async fn slow(bed: &TestBed, ms: f64) {
    plant(bed, API, ok("GET /api/catalog"), (100, ms)).await;
}

#[tokio::test]
async fn an_incident_is_over_after_two_good_slots_and_its_end_is_told_to_who_wants_to_know() {
    let bed = bed(&[]).await;
    let owner = sign_in(&bed, Role::Owner).await;
    let choice =
        json!({"subscriptions": [{"kind": "alert_resolved", "language": "en", "enabled": true}]});
    owner.send(&bed, "PUT", "/api/admin/notifications/subscriptions", choice).await;
    for (ms, state) in [
        (900.0, "firing"),
        (450.0, "firing"),
        (450.0, "firing"),
        (100.0, "firing"),
        (450.0, "firing"),
        (100.0, "firing"),
        (100.0, "resolved"),
    ] {
        slow(&bed, ms).await;
        evaluate(&bed).await;
        assert_eq!(states(&bed, "api_latency").await, [state], "{ms}");
        bed.advance(TimeDelta::minutes(5));
    }
    let kinds =
        "SELECT count(*) FROM notifications WHERE payload #>> '{title,en}' = 'Answers are slow'
        AND state = 'sent' AND kind = ";
    assert_eq!(bed.count(&format!("{kinds} 'alert'")).await, 1);
    assert_eq!(bed.count(&format!("{kinds} 'alert_resolved'")).await, 1);
}

#[tokio::test]
async fn what_fires_again_within_the_cool_down_is_the_same_incident_and_sends_nothing() {
    let bed = bed(&[]).await;
    account(&bed, Role::Owner).await;
    let told =
        "SELECT count(*) FROM notifications WHERE payload #>> '{title,en}' = 'Answers are slow'";
    for ms in [900.0, 1.0, 1.0, 900.0, 1.0, 1.0] {
        slow(&bed, ms).await;
        evaluate(&bed).await;
        bed.advance(TimeDelta::minutes(5));
    }
    let alert = alerts(&bed, "api_latency").await;
    assert_eq!((alert.len(), &alert[0]["reopened"]), (1, &json!(1)));
    assert_eq!(bed.count(told).await, 1);
    bed.advance(TimeDelta::minutes(40));
    slow(&bed, 900.0).await;
    evaluate(&bed).await;
    assert_eq!(states(&bed, "api_latency").await, ["firing", "resolved"]);
    assert_eq!(bed.count(told).await, 2);
}

#[tokio::test]
async fn without_measurements_an_incident_ends_after_an_hour() {
    let bed = bed(&[]).await;
    slow(&bed, 900.0).await;
    evaluate(&bed).await;
    bed.advance(TimeDelta::minutes(55));
    evaluate(&bed).await;
    assert_eq!(states(&bed, "api_latency").await, ["firing"]);
    evaluate_next(&bed).await;
    assert_eq!(states(&bed, "api_latency").await, ["resolved"]);
}

#[tokio::test]
async fn a_thousand_failing_requests_are_one_message_a_channel() {
    let (url, posts) = webhook(&[200]).await;
    let bed = bed(&[("ALERT_WEBHOOK_URL", &*url)]).await;
    account(&bed, Role::Owner).await;
    for job in jobs::ALL {
        run(&bed, job.name).await;
    }
    posts.lock().unwrap().clear();
    let sent = "SELECT count(*) FROM notifications
        WHERE kind = 'alert' AND channel = 'mail' AND state = 'sent'";
    let before = bed.count(sent).await;
    plant(&bed, API, (TRACK.0, 5), (1000, 10.0)).await;
    for _ in 0..10 {
        evaluate(&bed).await;
        bed.advance(TimeDelta::seconds(10));
    }
    let about = |title: &str| {
        let posts = posts.lock().unwrap();
        posts.iter().filter(|post| post.message["text"].as_str().unwrap().contains(title)).count()
    };
    assert_eq!(about("Anfragen schlagen fehl"), 1);
    assert_eq!(about("Fehlerbudget"), 1);
    assert_eq!(posts.lock().unwrap().len(), 2);
    assert_eq!(bed.count(sent).await - before, 2);
}

#[tokio::test]
async fn two_evaluations_at_once_make_one_incident_and_one_message() {
    let bed = bed(&[("DATABASE_POOL_MAX", "12")]).await;
    account(&bed, Role::Owner).await;
    slow(&bed, 900.0).await;
    let run = nest_haus::operations::Run {
        app: bed.app.clone(),
        now: bed.now(),
        budget: bed.app.config.job_budget,
    };
    let evaluate = || nest_haus::monitoring::alerts::evaluate(&run, Vec::new());
    let (a, b, c) = tokio::join!(evaluate(), evaluate(), evaluate());
    for report in [a, b, c] {
        report.unwrap();
    }
    assert_eq!(alerts(&bed, "api_latency").await.len(), 1);
    assert_eq!(bed.count("SELECT count(*) FROM notifications").await, 1);
}

#[tokio::test]
async fn flapping_is_one_message() {
    let bed = bed(&[]).await;
    account(&bed, Role::Owner).await;
    for n in 0..20 {
        slow(&bed, if n % 2 == 0 { 900.0 } else { 10.0 }).await;
        evaluate(&bed).await;
        bed.advance(TimeDelta::minutes(5));
    }
    assert_eq!(alerts(&bed, "api_latency").await.len(), 1);
    let told =
        "SELECT count(*) FROM notifications WHERE payload #>> '{title,en}' = 'Answers are slow'";
    assert_eq!(bed.count(told).await, 1);
}

#[tokio::test]
async fn a_muted_rule_keeps_its_incident_and_tells_of_it_when_that_is_over() {
    let bed = bed(&[]).await;
    account(&bed, Role::Owner).await;
    let until = bed.now() + TimeDelta::minutes(12);
    let mute = json!({"rule": "api_latency", "until": until});
    let reply = bed.send_as_admin("POST", "/api/admin/alerts/mute", mute).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    let told =
        "SELECT count(*) FROM notifications WHERE payload #>> '{title,en}' = 'Answers are slow'";
    for (expected, minutes) in [(0, 5), (0, 5), (0, 5), (1, 5), (1, 5)] {
        slow(&bed, 900.0).await;
        evaluate(&bed).await;
        assert_eq!(states(&bed, "api_latency").await, ["firing"]);
        assert_eq!(bed.count(told).await, expected);
        bed.advance(TimeDelta::minutes(minutes));
    }
    let past = json!({"rule": "api_latency", "until": "2020-01-01T00:00:00Z"});
    let reply = bed.send_as_admin("POST", "/api/admin/alerts/mute", past).await;
    assert_eq!(reply.body["errors"][0]["field"], "until");
    let never = json!({"rule": "api_latency", "until": null});
    let reply = bed.send_as_admin("POST", "/api/admin/alerts/mute", never).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_alert_is_acknowledged_once_somebody_says_so_and_not_when_it_is_over() {
    let bed = bed(&[]).await;
    let admin = sign_in(&bed, Role::Admin).await;
    slow(&bed, 900.0).await;
    evaluate(&bed).await;
    let id = alerts(&bed, "api_latency").await[0]["id"].clone();
    let path = "/api/admin/alerts/acknowledge";
    let reply = admin.send(&bed, "POST", path, json!({"id": id, "note": "I look"})).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    bed.advance(TimeDelta::minutes(5));
    slow(&bed, 900.0).await;
    evaluate(&bed).await;
    let alert = alerts(&bed, "api_latency").await[0].clone();
    assert_eq!(
        (&alert["state"], &alert["acknowledgedBy"], &alert["note"]),
        (&json!("acknowledged"), &json!("admin@nest-haus.test"), &json!("I look"))
    );
    let counts =
        bed.get_as_admin("/api/admin/alerts?rule=api_latency").await.body["counts"].clone();
    assert_eq!(counts, json!({"firing": 0, "acknowledged": 1, "resolved": 0}));
    for _ in 0..2 {
        bed.advance(TimeDelta::minutes(5));
        slow(&bed, 1.0).await;
        evaluate(&bed).await;
    }
    let over = admin.send(&bed, "POST", path, json!({"id": id})).await;
    assert_eq!(over.status, StatusCode::CONFLICT);
    let nothing = json!({"id": "01a20092-49d4-7000-971c-cfe364d48c01"});
    assert_eq!(admin.send(&bed, "POST", path, nothing).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_rule_that_is_set_otherwise_fires_otherwise_and_its_change_is_on_record() {
    let bed = bed(&[]).await;
    set_rule(
        &bed,
        json!({"rule": "api_latency", "threshold": 1000, "severity": "critical", "owner": "Ada"}),
    )
    .await;
    slow(&bed, 900.0).await;
    evaluate(&bed).await;
    assert_eq!(alerts(&bed, "api_latency").await.len(), 0);
    bed.advance(TimeDelta::minutes(5));
    slow(&bed, 1100.0).await;
    evaluate(&bed).await;
    let alert = alerts(&bed, "api_latency").await[0].clone();
    assert_eq!((&alert["threshold"], &alert["severity"]), (&json!(1000.0), &json!("critical")));
    set_rule(&bed, json!({"rule": "api_latency", "enabled": false})).await;
    evaluate(&bed).await;
    assert_eq!(states(&bed, "api_latency").await, ["resolved"]);
    let rules = bed.get_as_admin("/api/admin/alerts/rules").await.body["rules"].clone();
    let rule = rules.as_array().unwrap().iter().find(|rule| rule["rule"] == "api_latency").unwrap();
    assert_eq!(
        (&rule["settings"]["enabled"], &rule["settings"]["threshold"]),
        (&json!(false), &json!(500.0))
    );
    assert_eq!((&rule["defaults"]["enabled"], &rule["edited"]), (&json!(true), &json!(true)));
    assert_eq!(
        bed.count("SELECT count(*) FROM audit_log WHERE action = 'alert_rule.change'").await,
        2
    );
}

#[tokio::test]
async fn what_a_rule_cannot_be_set_to_is_refused_by_the_name_of_the_field() {
    let bed = bed(&[]).await;
    for (change, field) in [
        (json!({"rule": "nonsense"}), "rule"),
        (json!({"rule": "api_latency", "threshold": -1}), "threshold"),
        (json!({"rule": "api_latency", "countMin": -1}), "countMin"),
        (json!({"rule": "api_latency", "coolDownMinutes": 10081}), "coolDownMinutes"),
        (json!({"rule": "api_latency", "severity": "dreadful"}), "severity"),
        (json!({"rule": "api_latency", "owner": ""}), "owner"),
        (json!({"rule": "api_latency", "limit": 3}), "limit"),
    ] {
        let reply = bed.send_as_admin("PUT", "/api/admin/alerts/rules", change).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text);
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
    }
    for query in ["state=lost", "rule=nonsense", "limit=0", "cursor=x", "page=1"] {
        let reply = bed.get_as_admin(&format!("/api/admin/alerts?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", reply.text);
    }
}

/// Rows of roll-ups, an hour each: visits, micro conversions and leads.
async fn roll_up(bed: &TestBed, grain: &str, bucket: DateTime<Utc>, visits: i64) {
    sqlx::query(
        "INSERT INTO visit_rollups SELECT (jsonb_populate_record(NULL::visit_rollups,
            (SELECT jsonb_object_agg(column_name, 0) FROM information_schema.columns
             WHERE table_name = 'visit_rollups' AND data_type = 'bigint')
            || jsonb_build_object('grain', $1::text, 'bucket', $2::timestamptz, 'population', 'eligible',
                'visits', $3::bigint))).*",
    )
    .bind(grain)
    .bind(bucket)
    .bind(visits)
    .execute(&bed.app.db)
    .await
    .unwrap();
}

/// The latest hour that is complete, with the same hours of four weeks before: about a hundred visits each.
async fn usual_hours(bed: &TestBed) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    let latest = (bed.now() - TimeDelta::minutes(40)).duration_trunc(hour).unwrap() - hour;
    for day in 1..=28 {
        roll_up(bed, "hour", latest - TimeDelta::days(day), 95 + day % 11).await;
    }
    latest
}

#[tokio::test]
async fn a_number_far_from_what_is_usual_fires_and_one_near_it_does_not() {
    for (visits, anomaly, zero) in
        [(100, 0, 0), (140, 0, 0), (60, 0, 0), (160, 1, 0), (40, 1, 0), (0, 0, 1)]
    {
        let bed = bed(&[]).await;
        let latest = usual_hours(&bed).await;
        roll_up(&bed, "hour", latest, visits).await;
        evaluate(&bed).await;
        let fired = (alerts(&bed, "anomaly").await.len(), alerts(&bed, "drop_to_zero").await.len());
        assert_eq!(fired, (anomaly, zero), "{visits}");
    }
}

#[tokio::test]
async fn a_day_is_compared_with_the_same_weekday() {
    let bed = bed(&[]).await;
    let day = TimeDelta::days(1);
    let latest = (bed.now() - TimeDelta::minutes(40)).duration_trunc(day).unwrap() - day;
    for n in 1..=60 {
        let visits = if n % 7 == 0 { 1000 } else { 50 };
        roll_up(&bed, "day", latest - TimeDelta::days(n), visits).await;
    }
    roll_up(&bed, "day", latest, 50).await;
    evaluate(&bed).await;
    let alert = alerts(&bed, "anomaly").await;
    assert_eq!((alert.len(), &alert[0]["subject"]), (1, &json!("sessions:day")));
    assert_eq!(alert[0]["count"], 8);
}

#[tokio::test]
async fn a_move_is_owed_to_the_device_and_channel_that_moved_most() {
    let bed = bed(&[]).await;
    let latest = usual_hours(&bed).await;
    for day in 0..=28 {
        let hour = (latest - TimeDelta::days(day)).to_rfc3339();
        let mobiles = if day == 0 { 1 } else { 8 };
        for n in 0..mobiles + 2 {
            let (device, channel) =
                if n < mobiles { ("mobile", "paid_search") } else { ("desktop", "direct") };
            let session = format!("{day}-{n}");
            let other = json!({"device": device, "channel": channel});
            crate::planted::plant(&bed, (&session, 1), &hour, other).await;
        }
    }
    sqlx::query("DELETE FROM stale_hours").execute(&bed.app.db).await.unwrap();
    roll_up(&bed, "hour", latest, 30).await;
    evaluate(&bed).await;
    let detail = alerts(&bed, "anomaly").await[0]["detail"].clone();
    let line = |label: &str| {
        let lines = detail.as_array().unwrap();
        lines.iter().find(|line| line["label_en"] == label).unwrap()["value"]["text"].clone()
    };
    assert_eq!(line("Most of it on devices"), "mobile (8 → 1)");
    assert_eq!(line("Most of it by the channel"), "paid_search (8 → 1)");
}

#[tokio::test]
async fn while_visits_are_not_all_stored_no_number_is_missed() {
    let bed = bed(&[]).await;
    track(&bed, "s").await;
    bed.advance(TimeDelta::hours(3));
    usual_hours(&bed).await;
    evaluate(&bed).await;
    assert_eq!(states(&bed, "drop_to_zero").await, [""; 0]);
    bed.drain().await;
    evaluate(&bed).await;
    assert_eq!(states(&bed, "drop_to_zero").await, ["firing"]);
}

#[tokio::test]
async fn a_backtest_finds_what_evaluations_found() {
    let bed = bed(&[]).await;
    let times = [900.0, 10.0, 900.0, 450.0, 10.0, 10.0, 10.0, 900.0, 10.0, 10.0]
        .into_iter()
        .chain([10.0; 8])
        .chain([700.0, 300.0, 300.0]);
    for ms in times {
        slow(&bed, ms).await;
        plant(&bed, API, (TRACK.0, 5), (if ms > 600.0 { 40 } else { 0 }, ms)).await;
        evaluate(&bed).await;
        bed.advance(TimeDelta::minutes(5));
    }
    bed.advance(TimeDelta::minutes(-5));
    for rule in ["api_latency", "error_rate", "error_budget"] {
        let live: Vec<Value> = alerts(&bed, rule).await;
        let path = format!("/api/admin/alerts/backtest?rule={rule}&days=1");
        let backtest = bed.get_as_admin(&path).await.body;
        assert_eq!(backtest["fired"], live.len(), "{rule}: {backtest}");
        let found = backtest["incidents"].as_array().unwrap();
        let moment = |value: &Value| value.as_str().map(|at| slot(at.parse().unwrap()));
        for (live, found) in live.iter().zip(found) {
            for field in ["startedAt", "resolvedAt"] {
                assert_eq!(moment(&live[field]), moment(&found[field]), "{rule} {field}");
            }
            assert_eq!(
                (&live["peak"], &live["reopened"]),
                (&found["peak"], &found["reopened"]),
                "{rule}"
            );
        }
    }
    assert_eq!(alerts(&bed, "api_latency").await.len(), 2);
    let other = "/api/admin/alerts/backtest?rule=api_latency&days=60&threshold=1000";
    let none = bed.get_as_admin(other).await.body;
    assert_eq!(
        (&none["fired"], &none["summary"]),
        (&json!(0), &json!("would have fired 0 times in 60 days"))
    );
}

#[tokio::test]
async fn a_backtest_of_numbers_finds_what_an_evaluation_found() {
    let bed = bed(&[]).await;
    let latest = usual_hours(&bed).await;
    roll_up(&bed, "hour", latest, 300).await;
    evaluate(&bed).await;
    assert_eq!(alerts(&bed, "anomaly").await[0]["subject"], "sessions:hour");
    let backtest = bed.get_as_admin("/api/admin/alerts/backtest?rule=anomaly&days=1").await.body;
    assert_eq!(
        (&backtest["fired"], &backtest["incidents"][0]["subject"]),
        (&json!(1), &json!("sessions:hour"))
    );
    assert_eq!(backtest["incidents"][0]["peak"], alerts(&bed, "anomaly").await[0]["peak"]);
}

#[tokio::test]
async fn what_cannot_be_tried_is_refused() {
    let bed = bed(&[]).await;
    for (query, field) in [
        ("rule=queue_age", "rule"),
        ("rule=nonsense", "rule"),
        ("rule=api_latency&days=61", "days"),
        ("rule=api_latency&threshold=-1", "threshold"),
        ("rule=api_latency&countMin=-1", "countMin"),
        ("rule=api_latency&coolDownMinutes=-1", "coolDownMinutes"),
        ("rule=api_latency&until=now", "until"),
    ] {
        let reply = bed.get_as_admin(&format!("/api/admin/alerts/backtest?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(reply.body["errors"][0]["field"], field, "{query}");
    }
}

async fn evaluate_away(bed: &TestBed) {
    let job = Job::of_name("evaluate-alerts").unwrap();
    let budget = bed.app.config.job_budget;
    assert!(jobs::start(&bed.app, job, &Trigger::Cron, budget).await.is_err());
}

#[tokio::test]
async fn an_outage_of_the_database_is_said_once_and_kept_as_an_incident_when_it_is_back() {
    let (url, posts) = webhook(&[500, 200]).await;
    let prefix = format!("test:{}:", uuid());
    let common = [("ALERT_WEBHOOK_URL", &*url), ("REDIS_KEY_PREFIX", &*prefix)];
    let back = bed(&common).await;
    let away = ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let away = bed(&[common[0], common[1], away]).await;
    evaluate_away(&away).await;
    assert_eq!(posts.lock().unwrap().len(), 1, "not taken");
    evaluate_away(&away).await;
    evaluate_away(&away).await;
    assert_eq!(posts.lock().unwrap().len(), 2, "taken, and not told again");
    let text = posts.lock().unwrap()[1].message["text"].clone();
    assert_eq!(text, "Dringend: Ein Dienst ist nicht erreichbar (postgresql)");
    evaluate(&back).await;
    let kept = alerts(&back, "dependency").await;
    assert_eq!(
        (kept.len(), &kept[0]["subject"], &kept[0]["state"]),
        (1, &json!("postgresql"), &json!("resolved"))
    );
    let told = "SELECT count(*) FROM notifications WHERE payload ->> 'subject' = 'postgresql'";
    assert_eq!(back.count(told).await, 0);
    let told = posts.lock().unwrap().len();
    away.advance(TimeDelta::minutes(5));
    evaluate_away(&away).await;
    assert_eq!(posts.lock().unwrap().len(), told, "soon after it is the same outage");
    evaluate_next(&back).await;
    let kept = alerts(&back, "dependency").await;
    assert_eq!((kept.len(), &kept[0]["reopened"]), (1, &json!(1)));
}

#[tokio::test]
async fn with_both_stores_away_each_process_says_it_once() {
    let (url, posts) = webhook(&[200]).await;
    let away = TestBed::with(&[
        ("ALERT_WEBHOOK_URL", &*url),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("ALERT_MAIL_TO", "ada@example.com, grace@example.com"),
    ])
    .await;
    evaluate_away(&away).await;
    evaluate_away(&away).await;
    assert_eq!((posts.lock().unwrap().len(), away.mails().len()), (1, 2));
}

fn uuid() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[tokio::test]
async fn an_alert_reads_well_in_both_languages() {
    let bed = bed(&[("PUBLIC_URL", "https://nest-haus.test")]).await;
    account(&bed, Role::Owner).await;
    let admin = sign_in(&bed, Role::Admin).await;
    let choice = json!({"subscriptions": [{"kind": "alert", "language": "en", "enabled": true}]});
    admin.send(&bed, "PUT", "/api/admin/notifications/subscriptions", choice).await;
    for job in jobs::ALL {
        run(&bed, job.name).await;
    }
    sqlx::query("DELETE FROM notifications").execute(&bed.app.db).await.unwrap();
    slow(&bed, 1234.0).await;
    evaluate(&bed).await;
    let sent = bed.mails();
    let mails: Vec<_> = sent.iter().rev().take(2).collect();
    let texts: Vec<String> = mails
        .iter()
        .map(|mail| {
            let mail = mail_parser::MessageParser::default().parse(&mail[..]).unwrap();
            let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
            format!("{}\n\n{text}", mail.subject().unwrap())
        })
        .collect();
    let find = |needle: &str| {
        let text = texts.iter().find(|text| text.contains(needle)).unwrap();
        let lines = text.lines().map(|line| match line.split_once(": ") {
            Some((label @ ("Seit" | "Since"), _)) => format!("{label}: …"),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(find("Warnung"), @r"
    Warnung: Antworten sind langsam

    Diese Störung wird einmal gemeldet, auch wenn sie anhält.

    Gemessen: 1.244 ms
    Schwelle: 500 ms
    Seit: …
    GET /api/catalog: 1.244 ms

    Alarme ansehen und bestätigen:
    https://nest-haus.test/admin/alerts

    Welche Nachrichten Sie bekommen, stellen Sie in der Verwaltung unter „Benachrichtigungen“ ein.
    ");
    insta::assert_snapshot!(find("Warning"), @r"
    Warning: Answers are slow

    This incident is told of once, however long it lasts.

    Measured: 1,244 ms
    Threshold: 500 ms
    Since: …
    GET /api/catalog: 1,244 ms

    See and acknowledge alerts:
    https://nest-haus.test/admin/alerts

    Choose which messages you get in the administration under “Notifications”.
    ");
}
