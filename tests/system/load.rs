//! Many visitors at once, and the operator's commands on a running system.

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{System, batch, root};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_sessions_of_twenty_events_at_once_are_all_stored_in_order() {
    let system = System::start(&[]).await;
    let visitor = |n: usize| {
        let system = &system;
        async move {
            for seq in 1..=20 {
                let (status, body) =
                    system.post("/api/sessions/track-batch", &batch(&format!("s{n}"), [seq])).await;
                assert_eq!(status, StatusCode::ACCEPTED, "{body}");
            }
        }
    };
    join_all((0..500).map(visitor)).await;
    system.drain().await;
    let pool = system.pool().await;
    let orders: Vec<Vec<i64>> = sqlx::query_scalar(
        "SELECT array_agg(seq ORDER BY occurred_at, seq, event_id)
         FROM interaction_events GROUP BY session_key",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(orders.len(), 500);
    let in_order: Vec<i64> = (1..=20).collect();
    assert!(orders.iter().all(|order| *order == in_order));
    let ledger = system.ledger();
    assert_eq!(ledger["transmissions"]["stored"], 10_000);
    assert_eq!(ledger["sequences"]["unknown"], 0);
}

#[tokio::test]
async fn a_trace_is_replayed_and_the_ledger_shows_it() {
    let system = System::start(&[]).await;
    let trace = root().join("tests/system/trace.jsonl");
    let replay = system.command(&["replay", trace.to_str().unwrap(), "--base", system.base()]);
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    system.drain().await;
    assert_eq!(system.ledger()["transmissions"]["stored"], 23);
    let session = system.command(&["ledger", "--session", "client_demo_1"]);
    let session: Value = serde_json::from_slice(&session.stdout).unwrap();
    assert_eq!(session["transmissions"]["difference"], 0);
    // What replays a trace is no browser, and so a robot.
    let path = "/api/admin/analytics/overview?timeRange=30d&population=all";
    let (_, overview) = system.get(path).await;
    assert_eq!(overview["current"]["carts"], 1, "{overview}");
    let missing = system.command(&["replay", "no-such-file", "--base", system.base()]);
    assert!(!missing.status.success());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot be read"));
}

#[tokio::test]
async fn a_gap_makes_the_ledger_command_fail_and_dead_letters_are_listed() {
    let system = System::start(&[]).await;
    system.post("/api/sessions/track-batch", &batch("s", [1, 3])).await;
    let refused = json!({"sessionId": "s", "interaction": {"eventType": "click"}});
    let (status, _) = system.post("/api/sessions/track-interaction", &refused).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    system.drain().await;
    let ledger = system.command(&["ledger"]);
    assert!(!ledger.status.success());
    let ledger: Value = serde_json::from_slice(&ledger.stdout).unwrap();
    assert_eq!(ledger["sequences"]["unknown"], 1);
    let letters = system.command(&["dead-letters", "list"]);
    let letters: Value = serde_json::from_slice(&letters.stdout).unwrap();
    assert_eq!(letters[0]["stage"], "rejected");
    let replayed = system.command(&["dead-letters", "replay"]);
    let replayed: Value = serde_json::from_slice(&replayed.stdout).unwrap();
    assert_eq!(replayed["tried"], 0);
}

#[tokio::test]
async fn static_files_are_served_beside_the_endpoints() {
    let system = System::start(&[]).await;
    let robots = system.client.get(system.url("/robots.txt")).send().await.unwrap();
    assert_eq!(robots.status(), StatusCode::OK);
    let escape = system.client.get(system.url("/../Cargo.toml")).send().await.unwrap();
    assert_eq!(escape.status(), StatusCode::NOT_FOUND);
    let asset = system.client.get(system.url("/admin/assets/none.js")).send().await.unwrap();
    assert_eq!(asset.status(), StatusCode::NOT_FOUND);
    for path in ["/api/admin/none", "/api/", "/api/admin/assets/none.js"] {
        let response = system.client.get(system.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
}
