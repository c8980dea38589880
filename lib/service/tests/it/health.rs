//! Health for people: what is well, and what can be said where something is not.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::monitoring::{drain_recordings, flush};
use nest_haus::platform::{Measure, own_span};
use nest_haus::testing::TestBed;
use nest_haus_domain::monitoring::slot_of;
use serde_json::{Value, json};

const HEALTH: &str = "/api/admin/health";

async fn health(bed: &TestBed) -> Value {
    let reply = bed.get_as_admin(HEALTH).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

fn dependency<'a>(health: &'a Value, name: &str) -> &'a Value {
    let all = health["dependencies"].as_array().unwrap();
    all.iter().find(|of| of["name"] == name).unwrap()
}

#[tokio::test]
async fn a_system_that_is_well_says_all_about_itself() {
    let bed = TestBed::with(&[("RELEASE", "abc123"), ("QUEUE_ENTRIES_MAX", "10")]).await;
    bed.get("/api/cron/sync-interactions").await;
    for session in ["a", "b"] {
        let click = json!({"sessionId": session, "interaction": {"eventType": "click",
            "category": "button", "elementId": "b"}});
        bed.post("/api/sessions/track-interaction", click).await;
    }
    let began = bed.now();
    bed.advance(TimeDelta::seconds(90));
    let health = health(&bed).await;
    assert_eq!(
        (&health["status"], &health["release"]),
        (&json!("ok"), &json!("abc123")),
        "{health}"
    );
    for name in ["postgres", "redis"] {
        let of = dependency(&health, name);
        assert_eq!(of["status"], "ok", "{of}");
        assert!(of["latencyMs"].as_f64().unwrap() > 0.0, "{of}");
    }
    assert_eq!(dependency(&health, "redis")["detail"], "never evicts");
    assert_eq!(dependency(&health, "mail")["detail"], "mails go into a folder");
    let migrations = &health["migrations"];
    assert_eq!(migrations["applied"], migrations["known"]);
    assert!(migrations["known"].as_i64().unwrap() >= 11 && migrations["missing"] == 0);
    let queue = &health["queues"][0];
    assert_eq!((&queue["queue"], &queue["entries"]), (&json!("interactions"), &json!(2)));
    assert_eq!(queue["shareOfLimit"], 0.2);
    assert!(queue["oldestAgeS"].as_i64().unwrap() >= 90, "{queue}");
    assert_eq!(health["queues"][1]["oldestAgeS"], 0);
    assert_eq!(health["jobs"][0]["job"], "sync-interactions");
    let at = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert!(at(&health["jobs"][0]["lastSucceededAt"]) <= began);
    assert!(at(&health["processStartedAt"]) <= began);
    assert_eq!(health["uptime"][0]["range"], "24h");
    assert_eq!(health["uptime"][0]["slotsWithoutRequests"], 288, "nothing is recorded yet");
    assert_eq!(health["uptime"][2]["up"]["value"], Value::Null, "so that nothing is claimed");
}

#[tokio::test]
async fn uptime_is_the_share_of_recorded_slots_in_which_less_than_half_failed() {
    let bed = TestBed::new().await;
    let slot = slot_of(bed.now()) - TimeDelta::minutes(5);
    // Minutes before the last slot that is over; how many requests succeeded, how many failed.
    let slots = [(0, 3, 2), (5, 1, 1), (10, 0, 4), (60 * 25, 9, 0), (60 * 24 * 8, 0, 1)];
    let now_running = (-5, 0, 9);
    let too_old = (60 * 24 * 31, 0, 9);
    for (minutes, succeeded, failed) in slots.into_iter().chain([now_running, too_old]) {
        let statement = "INSERT INTO recorded_slots VALUES ($1, $2, $3)";
        sqlx::query(statement)
            .bind(slot - TimeDelta::minutes(minutes))
            .bind(i64::from(succeeded + failed))
            .bind(i64::from(failed))
            .execute(&bed.app.db)
            .await
            .unwrap();
    }
    let health = health(&bed).await;
    let up = |place: usize| {
        let of = &health["uptime"][place];
        (of["up"]["num"].clone(), of["up"]["den"].clone(), of["slotsWithoutRequests"].clone())
    };
    assert_eq!(up(0), (json!(1), json!(3), json!(285)));
    assert_eq!(up(1), (json!(2), json!(4), json!(2012)));
    assert_eq!(up(2), (json!(2), json!(5), json!(8635)));
    assert!(health["uptime"][0]["up"]["ciHigh"].as_f64().unwrap() < 1.0);
}

#[tokio::test]
async fn recorded_requests_are_what_uptime_is_made_of() {
    let bed = TestBed::new().await;
    // Well inside a slot, whatever the time is.
    bed.advance(slot_of(bed.now()) + TimeDelta::seconds(330) - bed.now());
    let outcomes = |statuses: [u16; 2]| {
        for status in statuses {
            let at = bed.now();
            let measure =
                Measure::begin("GET /api/a".to_owned(), "r".to_owned(), own_span(None), at);
            bed.app.recorder.note_request(&measure, status, measure.elapsed());
        }
    };
    for statuses in [[200, 404], [200, 503]] {
        outcomes(statuses);
        bed.get("/api/nowhere").await;
        flush(&bed.app, bed.now()).await;
        drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
    }
    bed.advance(TimeDelta::minutes(5));
    let up = health(&bed).await["uptime"][0]["up"].clone();
    assert_eq!((&up["num"], &up["den"]), (&json!(1), &json!(1)), "one of six failed");
    for _ in 0..2 {
        outcomes([503, 500]);
        flush(&bed.app, bed.now()).await;
        drain_recordings(&bed.app, bed.app.config.job_budget).await.unwrap();
    }
    bed.advance(TimeDelta::minutes(5));
    let up = health(&bed).await["uptime"][0]["up"].clone();
    assert_eq!((&up["num"], &up["den"]), (&json!(1), &json!(2)), "four of five failed");
}

#[tokio::test]
async fn without_redis_the_system_is_degraded_and_says_what_postgres_knows() {
    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let health = health(&bed).await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(dependency(&health, "redis")["status"], "down");
    assert_eq!(dependency(&health, "postgres")["status"], "ok");
    assert_eq!(health["queues"], Value::Null);
    assert_eq!(health["uptime"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn without_postgres_it_says_what_redis_knows_and_without_both_it_is_down() {
    let bed = TestBed::new().await;
    health(&bed).await;
    bed.app.db.close().await;
    let told = health(&bed).await;
    assert_eq!((&told["status"], &told["jobs"]), (&json!("degraded"), &Value::Null));
    assert_eq!(dependency(&told, "postgres")["status"], "down");
    assert_eq!(told["queues"].as_array().unwrap().len(), 3);

    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    health(&bed).await;
    bed.app.db.close().await;
    let told = health(&bed).await;
    assert_eq!(told["status"], "down");
    assert_eq!((&told["queues"], &told["uptime"]), (&Value::Null, &Value::Null));
    assert!(!told["release"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn missing_migrations_a_late_queue_and_no_mail_are_named() {
    let bed = TestBed::with(&[("DRAIN_LATE_AFTER_S", "60")]).await;
    let delete = "DELETE FROM _sqlx_migrations WHERE version = 11";
    sqlx::query(delete).execute(&bed.app.db).await.unwrap();
    let told = health(&bed).await;
    assert_eq!(told["status"], "degraded");
    assert_eq!(told["migrations"]["missing"], 1);
    assert_eq!(dependency(&told, "postgres")["detail"], "migrations are missing");

    let bed = TestBed::with(&[("DRAIN_LATE_AFTER_S", "60")]).await;
    let click = json!({"sessionId": "a", "interaction": {"eventType": "click",
        "category": "button", "elementId": "b"}});
    bed.post("/api/sessions/track-interaction", click).await;
    assert_eq!(health(&bed).await["status"], "ok");
    bed.advance(TimeDelta::seconds(62));
    assert_eq!(health(&bed).await["status"], "degraded");

    let deployed = TestBed::with(&[
        ("NEST_HAUS_ENV", "staging"),
        ("CRON_SECRET", "cron-secret-of-tests"),
        ("ENCRYPTION_KEYS", "k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("SESSION_TOKEN_SECRET", "a-session-token-secret-for-tests-alone"),
    ])
    .await;
    let told = health(&deployed).await;
    assert_eq!(
        (&told["status"], &dependency(&told, "mail")["status"]),
        (&json!("degraded"), &json!("degraded"))
    );
}
