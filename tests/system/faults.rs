//! Servers and processes that die at the worst moment: nothing accepted is lost or doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Server, System, batch};

const BATCH: &str = "/api/sessions/track-batch";

async fn stored(system: &System) -> i64 {
    let pool = system.pool().await;
    sqlx::query_scalar("SELECT count(*) FROM interaction_events").fetch_one(&pool).await.unwrap()
}

/// Sends batches of five as a good client does: again, unchanged, until they are accepted.
async fn send_until_stopped(system: &System, session: String, stop: Arc<AtomicBool>) -> i64 {
    let mut sent = 0;
    while !stop.load(Ordering::SeqCst) {
        let body = batch(&session, sent + 1..=sent + 5);
        send_until_accepted(system, &body).await;
        sent += 5;
    }
    sent
}

async fn send_until_accepted(system: &System, body: &Value) {
    loop {
        let sent = system.client.post(system.url(BATCH)).body(body.to_string()).send().await;
        match sent.map(|response| response.status()) {
            Ok(StatusCode::ACCEPTED) => return,
            Ok(StatusCode::SERVICE_UNAVAILABLE) | Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(other) => panic!("answered {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_in_the_middle_of_a_load() {
    let mut redis = Server::start("redis");
    let system = System::start(&[("REDIS_URL", &redis.url())]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let load = join_all((0..8).map(|n| send_until_stopped(&system, format!("s{n}"), stop.clone())));
    let fault = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(400)).await;
            redis.crash();
            tokio::time::sleep(Duration::from_millis(600)).await;
            redis.restart();
        }
        tokio::time::sleep(Duration::from_millis(800)).await;
        stop.store(true, Ordering::SeqCst);
    };
    let (sent, ()) = tokio::join!(load, fault);
    system.drain().await;
    assert_eq!(stored(&system).await, sent.iter().sum::<i64>());
    let ledger = system.ledger();
    assert!(
        ledger["receivedDirectly"].as_i64().unwrap() > 0,
        "the fault was not noticed: {ledger}"
    );
    assert_eq!(ledger["sequences"]["unknown"], 0);
}

#[tokio::test]
async fn an_answer_of_redis_that_is_lost_doubles_nothing() {
    let redis = Server::start("redis");
    let system = System::start(&[("REDIS_URL", &redis.url())]).await;
    // A stream that was never drained is drained after the first answer: a lease that such a drain
    // asked for while Redis was silent would be held until it runs out.
    system.drain().await;
    send_until_accepted(&system, &batch("s", 1..=3)).await;
    // Redis takes the request but answers only when the function has given up waiting.
    let mut connection =
        redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let pause: String =
        redis::cmd("CLIENT").arg("PAUSE").arg(4000).query_async(&mut connection).await.unwrap();
    assert_eq!(pause, "OK");
    send_until_accepted(&system, &batch("s", 4..=6)).await;
    assert_eq!(stored(&system).await, 3, "stored directly");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (_, report) = system.get("/api/cron/sync-interactions").await;
    assert_eq!(report["report"]["storedDirectly"], 1, "{report}");
    assert_eq!(stored(&system).await, 6);
    assert_eq!(system.ledger()["transmissions"]["duplicate"], 0);
}

#[tokio::test]
async fn postgres_killed_in_the_middle_of_a_drain() {
    let mut postgres = Server::start("postgres");
    let system = System::start(&[("DATABASE_URL", &postgres.url())]).await;
    system.drain().await;
    for n in 0..60 {
        send_until_accepted(&system, &batch(&format!("s{n}"), 1..=100)).await;
    }
    for delay_ms in [15, 60, 150] {
        let drain = system.get("/api/cron/sync-interactions");
        let fault = async {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            postgres.crash();
        };
        let ((status, _), ()) = tokio::join!(drain, fault);
        assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&status), "{status}");
        // Without the database events still get in.
        send_until_accepted(&system, &batch("late", [i64::try_from(delay_ms).unwrap()])).await;
        postgres.restart();
    }
    system.drain().await;
    assert_eq!(stored(&system).await, 6003);
    let pool = system.pool().await;
    let counted: i64 =
        sqlx::query_scalar("SELECT sum(interaction_count)::bigint FROM user_sessions")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(counted, 6003);
    let ledger: Value = serde_json::from_slice(&system.command(&["ledger"]).stdout).unwrap();
    assert_eq!(ledger["transmissions"]["difference"], 0);
}

#[tokio::test]
async fn a_process_killed_in_the_middle_of_a_drain() {
    let mut first = System::start(&[]).await;
    // A stream drained just now is not drained after answers.
    first.drain().await;
    for n in 0..120 {
        send_until_accepted(&first, &batch(&format!("s{n}"), 1..=100)).await;
    }
    let url = first.url("/api/cron/sync-interactions");
    let call = tokio::spawn(first.client.get(url).send());
    tokio::time::sleep(Duration::from_millis(80)).await;
    first.kill();
    assert!(call.await.unwrap().is_err(), "the drain was over before the fault");
    let second = System::over(first.variables.clone()).await;
    second.end_runs().await;
    let (_, report) = second.get("/api/cron/sync-interactions").await;
    if report["report"]["leaseHeldElsewhere"] == true {
        release_lease(&second).await;
    }
    second.drain().await;
    assert_eq!(stored(&second).await, 12_000);
    assert_eq!(second.ledger()["transmissions"]["duplicate"], 0);
}

/// Leases run out after 30 seconds; a test need not wait.
async fn release_lease(system: &System) {
    let client = redis::Client::open(system.variables["REDIS_URL"].as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = format!("{}lease:drain:interactions", system.variables["REDIS_KEY_PREFIX"]);
    let _: i64 = redis::cmd("DEL").arg(key).query_async(&mut connection).await.unwrap();
}
