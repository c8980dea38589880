//! Every snapshot is priced by the list in force at its time, whatever the browser claims.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::testing::TestBed;
use nest_haus_domain::configurator::{ConfigurationChange, Selections};
use serde_json::{Value, json};
use uuid::Uuid;

async fn publish(bed: &TestBed, expected: i32, cents: i64) {
    let mut catalogue = bed.get_as_admin("/api/admin/catalog").await.body["catalogue"].clone();
    catalogue["prices"][0]["price"] = json!(cents);
    let body = json!({"expectedVersion": expected, "catalogue": catalogue});
    let reply = bed.send_as_admin("PUT", "/api/admin/catalog", body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

fn sync(session: &str, configuration: &Value, price: i64) -> Value {
    json!({"sessionId": session, "configuration": configuration, "currentPrice": price})
}

async fn keep(bed: &TestBed, body: Value) {
    let reply = bed.post("/api/sessions/sync", body).await;
    assert!(reply.status.is_success(), "{}", reply.text);
}

#[tokio::test]
async fn a_snapshot_is_priced_by_the_list_of_its_own_time() {
    let bed = TestBed::new().await;
    let house = json!({"nest": "nest80"});
    let before = bed.now();
    keep(&bed, sync("early", &house, 237_445)).await;
    bed.advance(TimeDelta::minutes(10));
    publish(&bed, 1, 10_000_000).await;
    keep(&bed, sync("after", &house, 124_413)).await;
    let late = json!({"sessionId": "late", "eventId": Uuid::now_v7(), "clientTs": before,
        "sentAt": bed.now(), "configuration": house, "currentPrice": 237_445});
    keep(&bed, late).await;
    bed.drain().await;
    let rows: Vec<(String, i64, i32, String)> = sqlx::query_as(
        "SELECT session_id, total_price_cents, price_list_version, price_check::text
         FROM user_sessions ORDER BY session_id",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    let row =
        |session: &str, cents, version| (session.to_owned(), cents, version, "match".to_owned());
    let (old, new) = (23_744_500, 12_441_300);
    assert_eq!(rows, [row("after", new, 2), row("early", old, 1), row("late", old, 1)]);
    let stored: Vec<(i64, i32)> = sqlx::query_as(
        "SELECT total_price_cents, price_list_version FROM configuration_snapshots
         ORDER BY total_price_cents",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    assert_eq!(stored, [(new, 2), (old, 1), (old, 1)]);
    let session =
        bed.get("/api/sessions/get-session?sessionId=early").await.body["session"].clone();
    assert_eq!(
        (&session["totalPrice"], &session["priceListVersion"]),
        (&json!(237_445), &json!(1))
    );
}

#[tokio::test]
async fn wrong_prices_on_pages_are_counted_and_shown() {
    let bed = TestBed::new().await;
    let house = json!({"nest": "nest80"});
    keep(&bed, sync("right", &house, 237_445)).await;
    keep(&bed, sync("wrong", &house, 1)).await;
    let silent = json!({"sessionId": "silent", "configuration": house, "trigger": "auto_save"});
    bed.post("/api/sessions/save-config", silent).await;
    bed.drain().await;
    publish(&bed, 1, 10_000_000).await;
    keep(&bed, sync("outdated", &house, 237_445)).await;
    bed.drain().await;
    let report = bed.get_as_admin("/api/admin/analytics/data-quality").await.body;
    let prices = &report["prices"];
    for (field, count) in [
        ("snapshots", 4),
        ("matching", 1),
        ("outdated", 1),
        ("mismatched", 1),
        ("unclaimed", 1),
        ("unpriced", 0),
    ] {
        assert_eq!(prices[field], count, "{field}: {prices}");
    }
    let example = &prices["examples"][0];
    assert_eq!(example["sessionId"], "wrong");
    assert_eq!(
        (&example["claimedCents"], &example["priceCents"]),
        (&json!(100), &json!(23_744_500))
    );
    assert_eq!(prices["mismatchRate"]["den"], 3);
}

/// A snapshot that a browser took at a moment, with the price it showed.
fn snapshot(at: DateTime<Utc>, now: DateTime<Utc>, configuration: &Value) -> Value {
    json!({"sessionId": "s", "eventId": Uuid::now_v7(), "clientTs": at, "sentAt": now,
        "configuration": configuration, "currentPrice": 1})
}

fn choices(n: usize) -> Value {
    let floors = ["parkett", "ohne_belag", "kalkstein_kanafar"];
    let mut choices =
        json!({"nest": format!("nest{}", 80 + 20 * (n % 5)), "fussboden": floors[n % 3]});
    if n.is_multiple_of(2) {
        choices["pvanlage"] = json!({"value": "pv_modules", "quantity": n % 7});
    }
    if n % 4 == 1 {
        choices["kamindurchzug"] = json!("enabled");
    }
    choices
}

#[tokio::test]
async fn any_moment_of_a_session_is_rebuilt_whatever_order_its_snapshots_came_in() {
    const SNAPSHOTS: usize = 30;
    // Steps that visit every snapshot once, in order, backwards and all over the place.
    for step in [1, SNAPSHOTS - 1, 7, 11, 13] {
        let bed = TestBed::new().await;
        let start = bed.now() - TimeDelta::hours(1);
        for n in 0..SNAPSHOTS {
            let n = (n * step + step - 1) % SNAPSHOTS;
            let at = start + TimeDelta::seconds(i64::try_from(n / 2).unwrap());
            keep(&bed, snapshot(at, bed.now(), &choices(n))).await;
            if n.is_multiple_of(4) {
                bed.drain().await;
            }
        }
        bed.drain().await;
        let moments: Vec<(Value, Value, i64, Option<i64>)> = sqlx::query_as(
            "SELECT selections, changes, total_price_cents, price_change_cents
             FROM configuration_changes JOIN configuration_snapshots USING (session_key, event_time, event_id)
             ORDER BY configuration_changes.occurred_at, configuration_changes.seq, event_id",
        )
        .fetch_all(&bed.app.db)
        .await
        .unwrap();
        assert_eq!(moments.len(), SNAPSHOTS);
        let (mut rebuilt, mut price) = (Selections::default(), None);
        for (selections, changes, total, price_change) in moments {
            let changes: Vec<ConfigurationChange> = serde_json::from_value(changes).unwrap();
            rebuilt.apply(&changes);
            assert_eq!(json!(rebuilt), selections, "step {step}");
            assert_eq!(price_change, price.map(|before: i64| total - before), "step {step}");
            price = Some(total);
        }
        let last: Value = sqlx::query_scalar("SELECT selections FROM user_sessions")
            .fetch_one(&bed.app.db)
            .await
            .unwrap();
        assert_eq!(json!(rebuilt), last, "step {step}");
    }
}

#[tokio::test]
async fn a_snapshot_stored_without_the_queue_is_priced_too() {
    let bed = TestBed::with(&[("QUEUE_ENTRIES_MAX", "1")]).await;
    for session in ["queued", "direct"] {
        keep(&bed, sync(session, &json!({"nest": "nest80"}), 1)).await;
    }
    let priced = "SELECT count(*) FROM configuration_snapshots WHERE price_list_version = 1";
    assert_eq!(bed.count(priced).await, 1);
    bed.drain().await;
    assert_eq!(bed.count(priced).await, 2);
}

#[tokio::test]
async fn the_greatest_completion_of_a_session_stays() {
    let bed = TestBed::new().await;
    let more = json!({"nest": "nest160", "gebaeudehuelle": "trapezblech", "fussboden": "parkett"});
    for configuration in [&more, &json!({"nest": "nest160"})] {
        keep(&bed, sync("s", configuration, 1)).await;
        bed.drain().await;
    }
    let (last, greatest): (f64, f64) =
        sqlx::query_as("SELECT completion, completion_max FROM user_sessions")
            .fetch_one(&bed.app.db)
            .await
            .unwrap();
    assert!((last - 1.0 / 7.0).abs() < 1e-9 && (greatest - 3.0 / 7.0).abs() < 1e-9);
}

#[tokio::test]
async fn what_has_no_size_has_no_price_and_what_must_be_asked_for_is_named() {
    let bed = TestBed::new().await;
    let mut catalogue = bed.get_as_admin("/api/admin/catalog").await.body["catalogue"].clone();
    let rows = catalogue["prices"].as_array_mut().unwrap();
    let shaft = rows.iter_mut().find(|row| row["category"] == "kamindurchzug").unwrap();
    shaft["price"] = json!("on_request");
    let body = json!({"expectedVersion": 1, "catalogue": catalogue});
    bed.send_as_admin("PUT", "/api/admin/catalog", body).await;
    keep(&bed, sync("none", &json!({"fussboden": "parkett"}), 0)).await;
    keep(&bed, sync("asked", &json!({"nest": "nest80", "kamindurchzug": true}), 237_445)).await;
    bed.drain().await;
    let session = |id: &str| {
        let path = format!("/api/sessions/get-session?sessionId={id}");
        let bed = &bed;
        async move { bed.get(&path).await.body["session"].clone() }
    };
    assert_eq!(session("none").await["totalPrice"], json!(null));
    let asked = session("asked").await;
    assert_eq!(
        (&asked["totalPrice"], &asked["onRequest"]),
        (&json!(237_445), &json!(["kamindurchzug"]))
    );
    let stored =
        "SELECT count(*) FROM configuration_snapshots WHERE on_request = '{kamindurchzug}'";
    assert_eq!(bed.count(stored).await, 1);
    let report = bed.get_as_admin("/api/admin/analytics/popular-configs").await.body;
    assert_eq!((&report["votes"], &report["prices"]["onRequest"]), (&json!(1), &json!(1)));
    assert_eq!(report["prices"]["distribution"]["sessions"], 0);
}

#[tokio::test]
async fn prices_that_were_read_last_serve_while_the_database_is_away() {
    let bed = TestBed::new().await;
    keep(&bed, sync("s", &json!({"nest": "nest80"}), 237_445)).await;
    let live = bed.get("/api/pricing/data").await;
    assert_eq!(live.body["cached"], false);
    bed.app.db.close().await;
    let kept = bed.get("/api/pricing/data").await;
    assert_eq!((kept.status, &kept.body["cached"]), (StatusCode::OK, &json!(true)));
    assert_eq!(kept.body["data"], live.body["data"]);
    assert!(kept.headers["cache-control"].to_str().unwrap().contains("s-maxage=0"));
    let session = bed.get("/api/sessions/get-session?sessionId=s").await.body["session"].clone();
    assert_eq!(session["totalPrice"], 237_445);
}
