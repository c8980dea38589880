//! Jobs: on record, one run at a time, by hand, overdue after answers, missed.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::jobs::{self, Job};
use nest_haus::operations::{JobOutcome, Trigger};
use nest_haus::testing::TestBed;
use serde_json::{Value, json};

async fn select(bed: &TestBed) {
    let body = json!({"sessionId": "s", "interaction": {"eventType": "click", "category": "nest"}});
    let reply = bed.post("/api/sessions/track-interaction", body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

/// Goes on to noon of tomorrow and half a minute.
fn to_noon(bed: &TestBed) {
    let noon = (bed.now() + TimeDelta::days(1)).date_naive().and_hms_opt(12, 0, 30).unwrap();
    bed.advance(noon.and_utc() - bed.now());
}

fn ask() -> Request<Body> {
    Request::get("/api/health").body(Body::empty()).unwrap()
}

async fn listed(bed: &TestBed, name: &str) -> Value {
    let reply = bed.get_as_admin("/api/admin/jobs").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let jobs = reply.body["jobs"].as_array().unwrap();
    jobs.iter().find(|job| job["name"] == name).unwrap().clone()
}

async fn run(bed: &TestBed, name: &str) -> JobOutcome {
    let job = Job::of_name(name).unwrap();
    let budget = bed.app.config.job_budget;
    jobs::start(&bed.app, job, &Trigger::Command, budget).await.unwrap().outcome
}

#[tokio::test]
async fn every_run_is_on_record_with_what_started_it_and_what_it_did() {
    let bed = TestBed::new().await;
    select(&bed).await;
    assert_eq!(bed.get("/api/cron/sync-interactions").await.status, StatusCode::OK);
    let by_hand =
        bed.send_as_admin("POST", "/api/admin/jobs/sync-interactions/run", Value::Null).await;
    assert_eq!(by_hand.status, StatusCode::OK, "{}", by_hand.text);
    assert_eq!(by_hand.body["outcome"], "succeeded");
    let job = listed(&bed, "sync-interactions").await;
    let runs = job["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(
        (&runs[0]["trigger"], &runs[0]["startedBy"]),
        (&json!("administrator"), &json!("api-key:tests"))
    );
    assert_eq!((&runs[1]["trigger"], &runs[1]["startedBy"]), (&json!("cron"), &Value::Null));
    assert_eq!(
        (&runs[0]["report"]["stored"], &runs[1]["report"]["stored"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(job["lastSucceededAt"], runs[0]["startedAt"]);
    let scheduled: DateTime<Utc> = runs[1]["scheduledAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(scheduled.timestamp() % 300, 0, "the moment that it was due");
    assert_eq!(job["overdueSince"], Value::Null);
}

#[tokio::test]
async fn a_job_runs_once_at_a_time_and_a_run_that_never_ended_gives_way() {
    let bed = TestBed::new().await;
    let begun =
        "INSERT INTO job_runs (id, job, scheduled_minute, started_at, outcome, leased_until)
        VALUES (gen_random_uuid(), 'sync-interactions', $1, $1, 'running', $2)";
    let (now, until) = (bed.now(), bed.now() + TimeDelta::minutes(1));
    sqlx::query(begun).bind(now).bind(until).execute(&bed.app.db).await.unwrap();
    let reply = bed.get("/api/cron/sync-interactions").await;
    assert_eq!((reply.status, &reply.body["outcome"]), (StatusCode::OK, &json!("already_running")));
    assert_eq!(reply.body["report"], Value::Null);
    let by_hand =
        bed.send_as_admin("POST", "/api/admin/jobs/sync-interactions/run", Value::Null).await;
    assert_eq!(by_hand.status, StatusCode::CONFLICT, "{}", by_hand.text);
    bed.advance(TimeDelta::seconds(61));
    assert_eq!(run(&bed, "sync-interactions").await, JobOutcome::Succeeded);
    let runs = listed(&bed, "sync-interactions").await["runs"].clone();
    assert_eq!((&runs[0]["outcome"], &runs[1]["outcome"]), (&json!("succeeded"), &json!("failed")));
    assert_eq!(runs[1]["error"], "the run did not come to an end in its time");
}

#[tokio::test]
async fn a_run_that_fails_is_on_record_without_internal_detail() {
    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    assert_eq!(
        bed.get("/api/cron/sync-interactions").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let run = listed(&bed, "sync-interactions").await["runs"][0].clone();
    assert_eq!(run["outcome"], "failed");
    assert_eq!(run["error"], "the service is unavailable for the moment, please send again later");
    assert_eq!(listed(&bed, "sync-interactions").await["lastSucceededAt"], Value::Null);
}

#[tokio::test]
async fn what_is_no_job_cannot_be_run() {
    let bed = TestBed::new().await;
    let reply = bed.send_as_admin("POST", "/api/admin/jobs/rm-rf/run", Value::Null).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let reply = bed.get_as_admin("/api/admin/jobs?runs=0").await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["field"], "runs");
}

#[tokio::test]
async fn a_missed_run_is_noticed_after_its_grace() {
    let bed = TestBed::new().await;
    to_noon(&bed);
    run(&bed, "sync-interactions").await;
    bed.advance(TimeDelta::minutes(14));
    assert_eq!(listed(&bed, "sync-interactions").await["overdueSince"], Value::Null);
    bed.advance(TimeDelta::minutes(2));
    let job = listed(&bed, "sync-interactions").await;
    assert_ne!(job["overdueSince"], Value::Null);
    assert_eq!(job["missedRuns"], 3);
}

#[tokio::test]
async fn where_cron_calls_once_a_day_a_job_is_not_missed_within_the_day() {
    let bed = TestBed::with(&[("CRON_PLAN", "daily")]).await;
    to_noon(&bed);
    run(&bed, "sync-interactions").await;
    bed.advance(TimeDelta::hours(14));
    let job = listed(&bed, "sync-interactions").await;
    assert_eq!((&job["overdueSince"], &job["schedule"]), (&Value::Null, &json!("0 1 * * *")));
    bed.advance(TimeDelta::hours(26));
    assert_ne!(listed(&bed, "sync-interactions").await["overdueSince"], Value::Null);
}

/// With a cron that never comes, whoever asks for anything sees to it that what is late is done.
#[tokio::test]
async fn without_a_cron_every_job_is_caught_up_with_after_answers() {
    let bed = TestBed::with(&[("CRON_PLAN", "daily")]).await;
    for job in jobs::ALL {
        assert_eq!(run(&bed, job.name).await, JobOutcome::Succeeded, "{}", job.name);
    }
    select(&bed).await;
    bed.advance(TimeDelta::days(40));
    bed.send_and_work(ask()).await;
    for job in jobs::ALL {
        let runs = listed(&bed, job.name).await["runs"].clone();
        assert_eq!(
            (&runs[0]["trigger"], &runs[0]["outcome"]),
            (&json!("overdue"), &json!("succeeded")),
            "{}: {}",
            job.name,
            runs[0]["error"]
        );
    }
    assert_eq!(
        bed.count("SELECT count(*) FROM visits").await,
        1,
        "and what they drained is projected"
    );
    let before = bed.count("SELECT count(*) FROM job_runs").await;
    bed.send_and_work(ask()).await;
    assert_eq!(bed.count("SELECT count(*) FROM job_runs").await, before, "once a minute is enough");
}
