//! Heat maps: cells, layers, rage and dead clicks, scroll depths, indecision, quick-backs.

use axum::http::StatusCode;
use nest_haus::testing::TestBed;
use serde_json::{Value, json};
use uuid::Uuid;

const REPORT: &str = "/api/admin/analytics/heatmap";

/// Sends interactions of one session, a second apart unless they say when they were.
async fn track(bed: &TestBed, session: &str, events: Vec<Value>) {
    let count = i64::try_from(events.len()).unwrap();
    let events: Vec<Value> = events
        .into_iter()
        .zip(1..)
        .map(|(mut event, seq)| {
            event["eventId"] = json!(Uuid::now_v7());
            event["seq"] = json!(seq);
            if event["ageMs"].is_null() {
                event["ageMs"] = json!((count - seq) * 1000);
            }
            event
        })
        .collect();
    let body = json!({"sessionId": session, "tabId": session, "events": events});
    let reply = bed.post("/api/sessions/track-batch", body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

fn visit(page: &str) -> Value {
    json!({"eventType": "page_visit", "category": "navigation", "selectionValue": page,
        "deviceInfo": {"type": "mobile", "width": 390, "height": 800}})
}

fn click(kind: &str, x: f64, y: f64, width: i32) -> Value {
    json!({"eventType": kind, "category": "button", "elementId": "viewer",
        "deviceInfo": {"type": "mobile", "width": width, "height": 800},
        "additionalData": {"x": x, "y": y, "clientX": 100.0 * x, "clientY": 100.0 * y,
            "layoutVersion": "7"}})
}

fn selection(category: &str, option: &str) -> Value {
    json!({"eventType": "selection", "category": category, "selectionValue": option})
}

async fn report(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("{REPORT}?timeRange=24h&{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

#[tokio::test]
async fn clicks_are_counted_by_cell_width_and_layout() {
    let bed = TestBed::new().await;
    let mut clicks = vec![visit("/konfigurator?x=1")];
    clicks.extend((0..2).map(|_| click("click", 0.5, 0.25, 390)));
    clicks.push(click("click", 0.5, 0.25, 1440));
    clicks.push(click("dead_click", 1.0, 1.0, 1440));
    clicks.push(json!({"eventType": "click", "category": "link", "elementId": "viewer"}));
    clicks.push(json!({"eventType": "click", "category": "link", "elementId": "price",
        "additionalData": {"page": "/preise"}}));
    track(&bed, "a", clicks).await;
    bed.drain().await;
    let pages = report(&bed, "").await["pages"].clone();
    assert_eq!(
        pages[0],
        json!({"page": "/konfigurator", "elements": 1, "clicks": 4, "rage": 0, "dead": 1})
    );
    assert_eq!(pages[1]["page"], "/preise");
    let viewer = report(&bed, "page=/konfigurator&element=viewer").await;
    assert_eq!(
        viewer["elements"],
        json!([{"elementId": "viewer", "clicks": 4, "rage": 0,
        "dead": 1, "placeless": 1}])
    );
    let layers = viewer["layers"].as_array().unwrap();
    let cells = |layer: &Value| {
        let cells = layer["cells"].as_array().unwrap().iter();
        cells
            .map(|c| {
                (
                    c["column"].as_i64().unwrap(),
                    c["row"].as_i64().unwrap(),
                    c["clicks"].as_i64().unwrap(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(layers.len(), 2);
    assert_eq!(
        (&layers[0]["breakpoint"], &layers[0]["layoutVersion"]),
        (&json!("narrow"), &json!("7"))
    );
    assert_eq!(cells(&layers[0]), [(32, 16, 2)]);
    assert_eq!(
        (&layers[1]["breakpoint"], cells(&layers[1])),
        (&json!("wide"), vec![(32, 16, 1), (63, 63, 0)])
    );
    assert_eq!(layers[1]["cells"][1]["dead"], 1);
}

#[tokio::test]
async fn rages_are_found_and_those_that_the_client_reports_are_not_counted_twice() {
    let bed = TestBed::new().await;
    let at = |mut event: Value, age_ms: i64| {
        event["ageMs"] = json!(age_ms);
        event
    };
    let mut clicks = vec![at(visit("/"), 20_000)];
    clicks.extend((0..4).map(|n| at(click("click", 0.1, 0.1, 390), 10_000 - n * 200)));
    clicks.push(at(click("rage_click", 0.1, 0.1, 390), 9_000));
    clicks.push(at(click("rage_click", 0.9, 0.9, 390), 1_000));
    track(&bed, "a", clicks).await;
    let stepper = |n: i64| {
        let mut event = at(click("click", 0.1, 0.1, 390), 500 - n * 100);
        event["additionalData"]["noRage"] = json!(true);
        event
    };
    track(&bed, "b", (0..5).map(stepper).collect()).await;
    bed.drain().await;
    let page = report(&bed, "page=/").await;
    assert_eq!(
        (&page["elements"][0]["clicks"], &page["elements"][0]["rage"]),
        (&json!(4), &json!(2))
    );
    let pages = report(&bed, "").await["pages"].clone();
    assert_eq!((&pages[0]["page"], &pages[0]["rage"]), (&json!("(not set)"), &json!(0)));
}

#[tokio::test]
async fn page_views_scroll_as_far_as_they_came() {
    let bed = TestBed::new().await;
    let scroll = |depth: i64| {
        json!({"eventType": "scroll", "category": "content",
        "additionalData": {"depth": depth, "page": "/"}})
    };
    let today = |depth: &str| {
        json!({"eventType": "scroll_depth", "category": "content",
        "selectionValue": depth})
    };
    track(&bed, "a", vec![visit("/"), scroll(20), scroll(55), scroll(30), visit("/"), visit("/x")])
        .await;
    track(&bed, "b", vec![visit("/"), today("25"), today("100")]).await;
    bed.drain().await;
    let page = report(&bed, "page=/").await;
    let curve = &page["scroll"][0];
    assert_eq!((&curve["device"], &curve["pageViews"]), (&json!("(all)"), &json!(3)));
    let reached: Vec<i64> = curve["reached"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["rate"]["num"].as_i64().unwrap())
        .collect();
    assert_eq!(reached, [3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
    assert_eq!(page["scroll"][1]["device"], "mobile");
}

#[tokio::test]
async fn quick_backs_are_counted_by_category() {
    let bed = TestBed::new().await;
    let opened = |category: &str| json!({"eventType": "category_opened", "category": category});
    let closed = |category: &str| json!({"eventType": "category_closed", "category": category});
    let after = |mut event: Value, seconds: i64| {
        event["ageMs"] = json!(30_000 - seconds * 1000);
        event
    };
    let hasty = vec![
        after(opened("hull"), 0),
        after(closed("hull"), 2),
        after(opened("hull"), 4),
        after(opened("pv"), 6),
        after(visit("/warenkorb"), 8),
    ];
    track(&bed, "a", hasty).await;
    let another = vec![
        after(opened("hull"), 0),
        after(selection("pv", "panels"), 2),
        after(opened("floor"), 10),
        after(selection("floor", "oak"), 11),
        after(closed("floor"), 12),
        after(opened("windows"), 20),
        after(closed("windows"), 23),
        after(opened("doors"), 29),
    ];
    track(&bed, "b", another).await;
    bed.drain().await;
    let found = report(&bed, "").await;
    let expected = json!([
        {"category": "hull", "sessions": 2, "times": 3},
        {"category": "pv", "sessions": 1, "times": 1},
    ]);
    assert_eq!(found["quickBacks"], expected);
    assert_eq!(found["indecision"], json!([]));
    assert_eq!(report(&bed, "page=/").await["quickBacks"], Value::Null);
    track(&bed, "c", vec![after(opened("pv"), 0), after(visit("/"), 1)]).await;
    bed.drain().await;
    assert_eq!(report(&bed, "").await["quickBacks"][1]["sessions"], 2, "the day is counted anew");
}

#[tokio::test]
async fn indecision_is_counted_by_category_and_days_are_counted_anew() {
    let bed = TestBed::new().await;
    track(
        &bed,
        "a",
        vec![selection("hull", "wood"), selection("hull", "metal"), selection("hull", "wood")],
    )
    .await;
    track(&bed, "b", vec![selection("hull", "wood"), selection("hull", "metal")]).await;
    bed.drain().await;
    let once = json!([{"category": "hull", "sessions": 1, "times": 1}]);
    assert_eq!(report(&bed, "").await["indecision"], once);
    let instead_of = |previous: &str, mut choice: Value| {
        choice["previousValue"] = json!(previous);
        choice
    };
    let back = [("wood", "metal"), ("metal", "wood")]
        .map(|(previous, option)| instead_of(previous, selection("hull", option)));
    track(&bed, "d", back.into()).await;
    bed.drain().await;
    let twice = json!([{"category": "hull", "sessions": 2, "times": 2}]);
    assert_eq!(report(&bed, "").await["indecision"], twice, "back to what was preselected");
    track(&bed, "c", vec![selection("pv", "a"), selection("pv", "b"), selection("pv", "c")]).await;
    bed.drain().await;
    assert_eq!(report(&bed, "").await["indecision"].as_array().unwrap().len(), 2);
    assert_eq!(bed.count("SELECT count(*) FROM stale_heatmap_days").await, 0);
    let reply = bed.get_as_admin(&format!("{REPORT}?element=x")).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["field"], "element");
}
