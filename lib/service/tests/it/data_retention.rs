//! What goes by age, what stays of it, and that counting anew afterwards takes nothing away.

use axum::http::StatusCode;
use chrono::TimeDelta;
use nest_haus::analytics::visits::{mark_all, project};
use nest_haus::testing::TestBed;
use nest_haus::tracking::ledger::{LedgerReport, ledger, session_ledger};
use nest_haus_domain::tracking::SessionId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::events::batch;

/// Longer ago than events are kept, whatever month it is.
const OLD: TimeDelta = TimeDelta::days(432);

const TABLES_OF_SESSIONS: [&str; 10] = [
    "interaction_events",
    "configuration_snapshots",
    "session_events",
    "performance_metrics",
    "user_sessions",
    "session_facts",
    "visits",
    "visit_paths",
    "configuration_changes",
    "sequences",
];

async fn retain(bed: &TestBed) -> Value {
    let path = "/api/admin/jobs/retention/run";
    let reply = bed.send_as_admin("POST", path, Value::Null).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.body["report"]["complete"], true, "{}", reply.text);
    reply.body["report"].clone()
}

async fn preview(bed: &TestBed) -> Value {
    let reply = bed.get_as_admin("/api/admin/retention").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

/// Rows that went, or would go, of a table.
fn rows(report: &Value, table: &str) -> i64 {
    let removed = report["removed"].as_array().unwrap();
    let of_table = removed.iter().filter(|removed| removed["table"] == table);
    of_table.map(|removed| removed["rows"].as_i64().unwrap()).sum()
}

async fn count(bed: &TestBed, table: &str) -> i64 {
    bed.count(&format!("SELECT count(*) FROM {table}")).await
}

async fn whole_ledger(bed: &TestBed) -> (LedgerReport, Value) {
    let report = ledger(&bed.app, true, bed.now()).await.unwrap();
    let value = json!({"transmissions": report.transmissions, "sequences": report.sequences,
        "direct": report.received_directly});
    (report, value)
}

fn partitions(now: chrono::DateTime<chrono::Utc>) -> String {
    format!(
        "SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_events\\_{}'",
        now.format("%Y_%m")
    )
}

/// Visitors with configurations, measurements, refused and repeated events, gaps, and requests past the queue.
async fn traffic(bed: &TestBed) {
    nest_haus::operations::ensure_partitions(&bed.app, bed.now()).await.unwrap();
    let mut body = batch("a", 1..=10);
    body["events"][4]["category"] = json!(null);
    bed.post("/api/sessions/track-batch", body.clone()).await;
    bed.post("/api/sessions/track-batch", body).await;
    bed.post("/api/sessions/track-batch", batch("gap", [1, 4])).await;
    let house = json!({"sessionId": "a", "configuration": {"nest": "nest80"}, "currentPrice": 1});
    assert_eq!(bed.post("/api/sessions/sync", house).await.status, StatusCode::OK);
    bed.post("/api/sessions/finalize", json!({"sessionId": "old"})).await;
    let measured = json!({"metricName": "LCP", "value": 1200});
    let reply = bed.post("/api/performance/track", measured).await;
    assert!(reply.status.is_success(), "{}", reply.text);
}

#[tokio::test]
async fn old_events_and_sessions_go_and_the_ledger_still_closes() {
    let bed = TestBed::new().await;
    traffic(&bed).await;
    bed.drain().await;
    let began = bed.now();
    let (before, counted) = whole_ledger(&bed).await;
    assert!(before.unbalanced_sessions.is_empty(), "{before:?}");
    assert_eq!(counted["sequences"]["unknown"], 2, "the gap");
    bed.advance(OLD);
    // Somebody is here today, too.
    let new: Vec<_> = (1..=3).collect();
    bed.post("/api/sessions/track-batch", batch("new", new)).await;
    let would = preview(&bed).await;
    assert_eq!((&would["dryRun"], &would["complete"]), (&json!(true), &json!(false)));
    assert!(rows(&would, "interaction_events") >= 11, "{would}");
    assert_eq!(bed.count(&partitions(began)).await, 2, "nothing went yet");

    let went = retain(&bed).await;
    assert_eq!(went["dryRun"], false);
    for table in ["interaction_events", "session_events", "user_sessions", "performance_metrics"] {
        assert_eq!(rows(&went, table), rows(&would, table), "{table}: {went}\n{would}");
        assert!(rows(&went, table) > 0, "{table}: {went}");
    }
    assert_eq!(bed.count(&partitions(began)).await, 0);
    for table in TABLES_OF_SESSIONS {
        assert_eq!(count(&bed, table).await, 0, "{table}");
    }
    assert_eq!(count(&bed, "ledger").await, 1, "one row for all that is gone");
    bed.drain().await;
    let (after, counted_after) = whole_ledger(&bed).await;
    assert!(after.unbalanced_sessions.is_empty(), "{after:?}");
    assert_eq!(after.transmissions.difference, 0);
    assert_eq!(counted_after["sequences"]["unknown"], 2, "what was lost stays lost");
    let stored = |counts: &Value| counts["transmissions"]["stored"].as_i64().unwrap();
    assert_eq!(stored(&counted_after), stored(&counted) + 3);
    let again = retain(&bed).await;
    assert_eq!(rows(&again, "interaction_events") + rows(&again, "user_sessions"), 0, "{again}");
}

#[tokio::test]
async fn a_session_that_goes_on_keeps_its_ledger_and_its_late_part() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("s", 1..=5)).await;
    bed.drain().await;
    bed.advance(OLD);
    let again = json!({"sessionId": "s", "tabId": "tab", "events": [
        {"eventId": Uuid::now_v7(), "eventType": "click", "category": "nest", "seq": 6, "ageMs": 1000}]});
    let reply = bed.post("/api/sessions/track-batch", again).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    bed.drain().await;
    let id = SessionId::try_from("s".to_owned()).unwrap();
    assert!(session_ledger(&bed.app, &id).await.unwrap().is_closed());
    retain(&bed).await;
    assert_eq!(count(&bed, "interaction_events").await, 1);
    assert_eq!(count(&bed, "user_sessions").await, 1);
    assert_eq!(count(&bed, "visits").await, 1, "the visit of long ago is gone");
    let session = session_ledger(&bed.app, &id).await.unwrap();
    assert!(session.is_closed(), "{session:?}");
    assert!(whole_ledger(&bed).await.0.is_closed());
}

/// Visits, events and measurements of a day by the reports of that day.
async fn numbers(bed: &TestBed, day: &str) -> Value {
    let range = format!("timeRange=custom&from={day}T00:00:00Z&to={day}T23:00:00Z&compare=none");
    let overview = bed.get_as_admin(&format!("/api/admin/analytics/overview?{range}")).await;
    assert_eq!(overview.status, StatusCode::OK, "{}", overview.text);
    let speed = bed.get_as_admin(&format!("/api/admin/analytics/performance?{range}")).await;
    assert_eq!(speed.status, StatusCode::OK, "{}", speed.text);
    let mut current = overview.body["current"].clone();
    // How times are spread is known exactly as long as there are single visits.
    for time in ["duration", "engaged"] {
        let times = current[time].take();
        assert_ne!(times["p50Ms"], Value::Null, "{times}");
    }
    json!({"current": current, "metrics": speed.body["metrics"]})
}

#[tokio::test]
async fn numbers_of_days_whose_events_are_gone_are_never_counted_anew() {
    let bed = TestBed::new().await;
    // Away from the edges of the day.
    let noon = bed.now().date_naive().and_hms_opt(12, 0, 0).unwrap().and_utc();
    bed.advance(noon + TimeDelta::days(1) - bed.now());
    let day = bed.now().format("%Y-%m-%d").to_string();
    traffic(&bed).await;
    bed.drain().await;
    bed.advance(TimeDelta::days(1));
    let before = numbers(&bed, &day).await;
    assert!(before["current"]["visits"].as_i64().unwrap() > 0, "{before}");
    assert!(!before["metrics"].as_array().unwrap().is_empty(), "{before}");
    bed.advance(OLD);
    retain(&bed).await;
    assert_eq!(count(&bed, "visits").await, 0);
    assert_eq!(numbers(&bed, &day).await, before, "roll-ups outlive events");
    // A tab that was offline all the while, and a rebuild.
    let then = bed.now() - OLD - TimeDelta::days(1);
    let late = json!({"sessionId": "late", "tabId": "t", "sentAt": bed.now(), "events": [
        {"eventId": Uuid::now_v7(), "eventType": "click", "category": "nest", "seq": 1, "clientTs": then}]});
    let reply = bed.post("/api/sessions/track-batch", late).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    bed.drain().await;
    mark_all(&bed.app).await.unwrap();
    assert!(project(&bed.app, bed.app.config.job_budget).await.unwrap().complete);
    retain(&bed).await;
    assert_eq!(numbers(&bed, &day).await, before);
}

#[tokio::test]
async fn places_of_clicks_go_after_a_month_and_their_cells_stay() {
    let bed = TestBed::new().await;
    let click = |age: i64| {
        json!({"eventType": "click", "category": "button", "elementId": "viewer", "ageMs": age,
            "eventId": Uuid::now_v7(),
            "additionalData": {"x": 0.5, "y": 0.5, "clientX": 7, "clientY": 8, "layoutVersion": "7"}})
    };
    let body = json!({"sessionId": "s", "tabId": "t", "events": [click(1000)]});
    bed.post("/api/sessions/track-batch", body).await;
    bed.drain().await;
    let cells = "SELECT count(*) FROM heatmap_cells WHERE cell >= 0 AND clicks = 1";
    let placed =
        "SELECT count(*) FROM interaction_events WHERE additional_data ?| '{x,y,clientX,clientY}'";
    bed.advance(TimeDelta::days(29));
    retain(&bed).await;
    assert_eq!((bed.count(cells).await, bed.count(placed).await), (1, 1), "within the month");
    bed.advance(TimeDelta::days(3));
    assert_eq!(rows(&preview(&bed).await, "interaction_events"), 1);
    retain(&bed).await;
    assert_eq!((bed.count(cells).await, bed.count(placed).await), (1, 0));
    let kept =
        "SELECT count(*) FROM interaction_events WHERE additional_data ->> 'layoutVersion' = '7'";
    assert_eq!(bed.count(kept).await, 1, "the rest of the event stays");
    let age = TimeDelta::days(32).num_milliseconds();
    let body = json!({"sessionId": "s", "tabId": "t", "events": [click(age)]});
    bed.post("/api/sessions/track-batch", body).await;
    bed.drain().await;
    assert_eq!((bed.count(cells).await, bed.count(placed).await), (1, 1), "a late one comes");
    retain(&bed).await;
    assert_eq!((bed.count(cells).await, bed.count(placed).await), (1, 0));
    assert_eq!(rows(&retain(&bed).await, "interaction_events"), 0, "and is done with");
}

#[tokio::test]
async fn failed_events_go_after_a_month_and_are_counted_still() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=3);
    body["events"][1]["category"] = json!(null);
    bed.post("/api/sessions/track-batch", body).await;
    bed.drain().await;
    assert_eq!(count(&bed, "dead_letters").await, 1);
    bed.advance(TimeDelta::days(29));
    retain(&bed).await;
    assert_eq!(count(&bed, "dead_letters").await, 1);
    bed.advance(TimeDelta::days(2));
    assert_eq!(rows(&retain(&bed).await, "dead_letters"), 1);
    assert_eq!(count(&bed, "dead_letters").await, 0);
    let id = SessionId::try_from("s".to_owned()).unwrap();
    let session = session_ledger(&bed.app, &id).await.unwrap();
    assert!(session.is_closed(), "{session:?}");
    assert!(whole_ledger(&bed).await.0.is_closed());
}

#[tokio::test]
async fn what_went_past_the_queue_counts_as_received_after_its_name_is_gone() {
    let bed = TestBed::new().await;
    let database: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&bed.app.db).await.unwrap();
    let server = nest_haus::platform::process_var("DATABASE_URL").unwrap();
    let url = format!("{}/{database}", server.rsplit_once('/').unwrap().0);
    let without_queue =
        TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1"), ("DATABASE_URL", &url)]).await;
    without_queue.post("/api/sessions/track-batch", batch("s", 1..=3)).await;
    assert_eq!(count(&bed, "direct_entries").await, 1);
    let before = whole_ledger(&bed).await;
    assert!(before.0.is_closed() && before.1["direct"] == 3, "{:?}", before.0);
    bed.advance(TimeDelta::days(31));
    retain(&bed).await;
    assert_eq!(count(&bed, "direct_entries").await, 0);
    assert_eq!(whole_ledger(&bed).await.1, before.1);
}

#[tokio::test]
async fn of_old_runs_the_last_good_one_of_each_job_stays() {
    let bed = TestBed::new().await;
    for _ in 0..3 {
        bed.get("/api/cron/sync-interactions").await;
        bed.advance(TimeDelta::minutes(5));
    }
    let roll_up = "INSERT INTO indecisions VALUES ($1, 'nest', 1, 1)";
    for years in [4, 6] {
        let at = bed.now() - TimeDelta::days(366 * years);
        sqlx::query(roll_up).bind(at).execute(&bed.app.db).await.unwrap();
    }
    bed.advance(TimeDelta::days(91));
    let went = retain(&bed).await;
    assert_eq!((rows(&went, "job_runs"), rows(&went, "indecisions")), (2, 1), "{went}");
    let left = "SELECT count(*) FROM job_runs WHERE job = 'sync-interactions'";
    assert_eq!(bed.count(left).await, 1);
    assert_eq!(count(&bed, "indecisions").await, 1);
}
