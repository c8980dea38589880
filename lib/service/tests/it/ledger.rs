//! The ledger closes, in total and by session, and names what does not.

use nest_haus::testing::TestBed;
use nest_haus::tracking::ledger::{ledger, session_ledger};
use nest_haus_domain::tracking::SessionId;
use serde_json::json;

use super::events::batch;

fn id(text: &str) -> SessionId {
    SessionId::try_from(text.to_owned()).unwrap()
}

#[tokio::test]
async fn everything_transmitted_is_accounted_for_before_and_after_the_drain() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=10);
    body["events"][4]["category"] = json!(null);
    bed.post("/api/sessions/track-batch", body.clone()).await;
    bed.post("/api/sessions/track-batch", body).await;
    bed.post("/api/sessions/finalize", json!({"sessionId": "old"})).await;
    let before = ledger(&bed.app, true, bed.now()).await.unwrap();
    assert!(before.is_closed(), "{before:?}");
    bed.drain().await;
    let after = ledger(&bed.app, true, bed.now()).await.unwrap();
    assert!(after.is_closed(), "{after:?}");
    let after = serde_json::to_value(&after).unwrap();
    let expected = json!({"received": 21, "stored": 10, "rejected": 2, "duplicate": 9, "dead": 0, "queued": 0, "difference": 0});
    assert_eq!(after["transmissions"], expected);
    assert_eq!(after["rows"], 10);
    assert_eq!(after["unaccountable"], 1);
}

#[tokio::test]
async fn a_gap_in_the_numbering_is_unknown_until_the_client_explains_it() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("s", 1..=3)).await;
    bed.post("/api/sessions/track-batch", batch("s", 6..=8)).await;
    bed.drain().await;
    let unknown =
        |ledger: &nest_haus::tracking::ledger::SessionLedger| ledger.tabs[0].sequences.unknown;
    let session = session_ledger(&bed.app, &id("s")).await.unwrap();
    assert_eq!(unknown(&session), 2);
    assert!(!session.is_closed());
    // The client says later that it gave one up and that it has numbered one more.
    let mut body = batch("s", [9]);
    body["emitted"] = json!(10);
    body["droppedLocal"] = json!({"overflow": 1});
    bed.post("/api/sessions/track-batch", body).await;
    bed.drain().await;
    assert_eq!(unknown(&session_ledger(&bed.app, &id("s")).await.unwrap()), 2);
    bed.post("/api/sessions/track-batch", batch("s", [4])).await;
    bed.post("/api/sessions/track-batch", batch("s", [10])).await;
    let waiting = session_ledger(&bed.app, &id("s")).await.unwrap();
    assert_eq!(unknown(&waiting), 0);
    bed.drain().await;
    assert!(session_ledger(&bed.app, &id("s")).await.unwrap().is_closed());
    let report = bed.get_as_admin("/api/admin/analytics/data-quality?sessionId=s").await.body;
    assert_eq!(report["captureRate"]["value"], 1.0);
    assert_eq!(report["session"]["tabs"][0]["emitted"], 10);
    assert_eq!(report["session"]["tabs"][0]["droppedLocal"], 1);
}

#[tokio::test]
async fn a_row_that_vanished_is_noticed() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("s", 1..=3)).await;
    bed.drain().await;
    sqlx::query("DELETE FROM interaction_events WHERE seq = 2").execute(&bed.app.db).await.unwrap();
    let report = ledger(&bed.app, true, bed.now()).await.unwrap();
    assert_eq!(report.unbalanced_sessions, [id("s").key().as_uuid().to_string()]);
    assert!(!report.is_closed());
    assert_eq!(session_ledger(&bed.app, &id("s")).await.unwrap().transmissions.difference, 1);
}

#[tokio::test]
async fn an_entry_that_vanished_from_the_queue_is_noticed() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("s", 1..=3)).await;
    let mut delete = redis::cmd("DEL");
    delete.arg(bed.app.redis.key("q:interactions"));
    bed.app.redis.query::<i64>(&delete).await.unwrap();
    let report = ledger(&bed.app, true, bed.now()).await.unwrap();
    assert_eq!(report.transmissions.difference, 3);
}
