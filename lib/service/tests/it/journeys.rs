//! The journey of one session: order, diffs, dwells, gaps, pages, and what must not be shown.

use axum::http::StatusCode;
use chrono::TimeDelta;
use nest_haus::testing::TestBed;
use serde_json::{Value, json};
use uuid::Uuid;

use super::events::batch;

const JOURNEY: &str = "/api/admin/analytics/user-journey";

/// A numbered event of a tab, so many milliseconds ago.
fn event(seq: i64, age_ms: i64, event: Value) -> Value {
    let mut event = event;
    event["eventId"] = json!(Uuid::now_v7());
    event["seq"] = json!(seq);
    event["ageMs"] = json!(age_ms);
    event
}

fn selection(seq: i64, age_ms: i64, from: Option<&str>, to: &str) -> Value {
    event(
        seq,
        age_ms,
        json!({"eventType": "selection", "category": "nest",
        "previousValue": from, "selectionValue": to}),
    )
}

/// Two choices of the same tab 12 s apart, a click between them, and snapshots that repeat them; the
/// numbers 3 and 6 to 8 are missing.
async fn visit(bed: &TestBed) {
    let click = json!({"eventType": "click", "category": "button", "elementId": "more",
        "additionalData": {"customerEmail": "ada@example.com", "page": "/konfigurator"}});
    let events = json!([
        selection(1, 60_000, None, "nest80"),
        event(2, 55_000, click),
        selection(4, 48_000, Some("nest80"), "nest100"),
        event(
            5,
            40_000,
            json!({"eventType": "error", "category": "script",
            "selectionValue": "x is undefined"})
        ),
    ]);
    let body = json!({"sessionId": "s", "tabId": "t", "events": events});
    assert_eq!(bed.post("/api/sessions/track-batch", body).await.status, StatusCode::ACCEPTED);
    for (seq, age_ms, nest) in [(9, 59_000, "nest80"), (10, 47_000, "nest100")] {
        let body = json!({"sessionId": "s", "tabId": "t", "eventId": Uuid::now_v7(), "seq": seq,
            "ageMs": age_ms, "configuration": {"nest": nest}, "currentPrice": 1});
        assert_eq!(bed.post("/api/sessions/sync", body).await.status, StatusCode::ACCEPTED);
    }
    let vital = json!({"sessionId": "s", "metricName": "LCP", "value": 1200.5});
    bed.post("/api/performance/track", vital).await;
    let user = json!({"sessionId": "s", "userData": {"email": "ada@example.com"}});
    bed.post("/api/sessions/update-user-data", user).await;
    bed.drain().await;
}

async fn journey(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("{JOURNEY}?sessionId=s{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert!(!reply.text.contains("ada@") && !reply.text.contains("sealed:"), "{}", reply.text);
    reply.body
}

fn rows<'a>(journey: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = journey["rows"].as_array().unwrap().iter();
    all.filter(|row| row["kind"] == kind).collect()
}

#[tokio::test]
async fn a_journey_tells_changes_prices_and_dwells_and_names_what_is_missing() {
    let bed = TestBed::new().await;
    visit(&bed).await;
    let journey = journey(&bed, "").await;
    let chosen: Vec<_> = rows(&journey, "interaction")
        .into_iter()
        .filter(|row| row["eventType"] == "selection")
        .map(|row| (&row["selectionValue"], &row["dwell"]["ms"], &row["dwell"]["censored"]))
        .collect();
    let (nest80, nest100) = (json!("nest80"), json!("nest100"));
    let last = chosen[1].1.as_i64().unwrap();
    assert_eq!(chosen[0], (&nest80, &json!(12_000), &json!(false)));
    assert_eq!((chosen[1].0, last, chosen[1].2), (&nest100, 8_000, &json!(true)));
    let configurations = rows(&journey, "configuration");
    assert_eq!(configurations[0]["totalPriceCents"], 23_744_500);
    let price_change = configurations[1]["totalPriceCents"].as_i64().unwrap() - 23_744_500;
    assert_eq!(configurations[1]["priceChangeCents"], price_change);
    let change = &configurations[1]["changes"][0];
    assert_eq!((&change["from"]["option"], &change["to"]["option"]), (&nest80, &nest100));
    assert_eq!(configurations[1]["dwell"], Value::Null, "the selection announced it");
    let gaps: Vec<_> = rows(&journey, "gap")
        .into_iter()
        .map(|row| (row["first"].as_i64().unwrap(), row["last"].as_i64().unwrap(), &row["tabId"]))
        .collect();
    let tab = json!("t");
    assert_eq!(gaps, [(6, 8, &tab), (3, 3, &tab)], "each stands before what follows it");
    assert_eq!(journey["session"]["missing"], 4);
    assert_eq!(rows(&journey, "error")[0]["selectionValue"], "x is undefined");
    assert_eq!(rows(&journey, "measurement")[0]["value"], 1200.5);
    assert!(rows(&journey, "fact").iter().any(|row| row["fact"] == "user_data"));
}

#[tokio::test]
async fn pages_make_the_whole_and_any_row_has_its_state() {
    let bed = TestBed::new().await;
    visit(&bed).await;
    let whole = journey(&bed, "").await;
    let whole = whole["rows"].as_array().unwrap();
    let mut paged: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = journey(&bed, &format!("&limit=2{cursor}")).await;
        paged.extend(page["rows"].as_array().unwrap().iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(&paged, whole);
    let first = whole.iter().find(|row| row["kind"] == "configuration").unwrap();
    let at = first["id"].as_str().unwrap();
    let state = journey(&bed, &format!("&at={at}")).await["state"].clone();
    assert_eq!(state["selections"]["nest"]["option"], "nest80");
    assert_eq!(state["totalPriceCents"], 23_744_500);
    let state = journey(&bed, "&at=2100-01-01T00:00:00Z").await["state"].clone();
    assert_eq!(state["selections"]["nest"]["option"], "nest100");
    assert_eq!(journey(&bed, "&at=2001-01-01T00:00:00Z").await["state"], Value::Null);
}

#[tokio::test]
async fn visits_and_payments_stand_where_they_belong() {
    let bed = TestBed::new().await;
    visit(&bed).await;
    sqlx::query(
        "INSERT INTO payments (payment_id, kind, order_id, session_key, paid_at, amount_cents,
            currency, eur_cents, recorded_at, recorded_by)
         SELECT 'p1', 'captured', 'o1', session_key, last_activity_at + interval '1 hour', 150000,
            'EUR', 150000, now(), 'test' FROM user_sessions",
    )
    .execute(&bed.app.db)
    .await
    .unwrap();
    let told = journey(&bed, "").await;
    let all = told["rows"].as_array().unwrap();
    assert_eq!((&all[0]["kind"], &all[0]["number"]), (&json!("visit"), &json!(1)));
    assert_eq!(all[1]["visit"], 1);
    assert_eq!(all.last().unwrap()["paymentId"], "p1");
    assert_eq!(told["session"]["visits"], 1);
    assert_eq!(told["meta"]["partial"], true, "the visit may go on");
    bed.advance(TimeDelta::minutes(31));
    assert_eq!(journey(&bed, "").await["meta"]["partial"], false);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let bed = TestBed::new().await;
    let unknown = bed.get_as_admin(&format!("{JOURNEY}?sessionId=nobody")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    bed.post("/api/sessions/track-batch", batch("s", 1..=1)).await;
    for (query, field) in [
        ("", "sessionId"),
        ("sessionId=%20", "sessionId"),
        ("sessionId=s&limit=0", "limit"),
        ("sessionId=s&limit=501", "limit"),
        ("sessionId=s&cursor=x", "cursor"),
        ("sessionId=s&at=yesterday", "at"),
        ("sessionId=s&page=2", "page"),
    ] {
        let reply = bed.get_as_admin(&format!("{JOURNEY}?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(reply.body["errors"][0]["field"], field, "{query}");
    }
    assert_eq!(bed.get(&format!("{JOURNEY}?sessionId=s")).await.status, StatusCode::UNAUTHORIZED);
}
