//! Journeys and drop-off: every number worked out by hand.

use nest_haus::testing::TestBed;
use serde_json::{Value, json};

use super::planted::{counts, plant, refuses, report};

const DAYS: (&str, &str) = ("2024-09-02", "2024-09-05");

/// Three visits to the configurator and one to a page, over three days, and a robot.
async fn visits(bed: &TestBed) {
    let ended = |path: &[&str], page: &str, category: &str, level: i32, device: &str| {
        let at = "2024-09-02T09:00:00Z";
        json!({"path": path, "exit_page": page, "last_event": "selection", "last_category": category,
            "funnel_level": level, "step_at": vec![at; usize::try_from(level).unwrap()],
            "device": device, "engaged_ms": 10_000 * level})
    };
    let nest = ended(&["/", "/konfigurator", "nest"], "/konfigurator", "nest", 2, "desktop");
    plant(bed, ("a", 1), "2024-09-02T10:00:00Z", nest).await;
    let cart = ended(&["/", "/konfigurator", "nest", "cart"], "/warenkorb", "nest", 3, "mobile");
    plant(bed, ("b", 1), "2024-09-03T10:00:00Z", cart).await;
    let mut order = ended(
        &["/konfigurator", "nest", "/konfigurator", "cart"],
        "/warenkorb",
        "nest",
        4,
        "desktop",
    );
    order["ordered_at"] = json!("2024-09-10T10:00:00Z");
    plant(bed, ("c", 1), "2024-09-04T23:59:59Z", order).await;
    plant(bed, ("d", 1), "2024-09-04T10:00:00Z", ended(&["/"], "/", "", 1, "mobile")).await;
    let mut robot = ended(&["/"], "/", "", 1, "desktop");
    robot["population"] = json!("bot");
    plant(bed, ("e", 1), "2024-09-04T10:00:00Z", robot).await;
}

fn links(report: &Value) -> Vec<String> {
    let links = report["links"].as_array().unwrap().iter();
    let text = |part: &Value| part.as_str().unwrap().to_owned();
    let mut found: Vec<String> = links
        .map(|l| {
            format!("{} {} > {}: {}", l["depth"], text(&l["from"]), text(&l["to"]), l["visits"])
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn flows_are_the_same_from_sums_and_from_visits() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let before = report(&bed, "journeys", DAYS, "depth=3").await;
    assert_eq!(before["visits"], 4);
    assert_eq!(
        links(&before),
        [
            "1 / > $exit: 1",
            "1 / > /konfigurator: 2",
            "1 /konfigurator > nest: 1",
            "2 /konfigurator > nest: 2",
            "2 nest > /konfigurator: 1",
            "3 /konfigurator > $more: 1",
            "3 nest > $exit: 1",
            "3 nest > $more: 1",
        ]
    );
    assert_eq!(before["meta"]["excluded"]["bot"], 1);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM stale_hours").await, 0);
    assert!(bed.count("SELECT count(*) FROM path_edges").await > 0);
    let after = report(&bed, "journeys", DAYS, "depth=3").await;
    assert_eq!((&after["nodes"], &after["links"]), (&before["nodes"], &before["links"]));
    sqlx::query("DELETE FROM visit_paths").execute(&bed.app.db).await.unwrap();
    let sums = report(&bed, "journeys", DAYS, "depth=3").await;
    assert_eq!(sums["links"], before["links"], "whole days are read from their sums");
    let all = report(&bed, "journeys", DAYS, "depth=3&population=all").await;
    assert_eq!(all["visits"], 5);
}

#[tokio::test]
async fn late_visits_change_the_sums_of_their_day() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    bed.drain().await;
    plant(&bed, ("f", 1), "2024-09-02T23:00:00Z", json!({"path": ["/"]})).await;
    let stale = report(&bed, "journeys", DAYS, "").await;
    bed.drain().await;
    let fresh = report(&bed, "journeys", DAYS, "").await;
    assert_eq!((&stale["visits"], &fresh["visits"]), (&json!(5), &json!(5)));
    assert_eq!(stale["links"], fresh["links"]);
}

#[tokio::test]
async fn ways_can_be_read_from_their_end_between_nodes_and_without_some() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    bed.drain().await;
    let end = report(&bed, "journeys", DAYS, "anchor=end&depth=2").await;
    assert_eq!(
        links(&end),
        [
            "1 / > $entry: 1",
            "1 cart > /konfigurator: 1",
            "1 cart > nest: 1",
            "1 nest > /konfigurator: 1",
            "2 /konfigurator > $more: 2",
            "2 nest > $more: 1",
        ]
    );
    let between = report(&bed, "journeys", DAYS, "anchor=between&node=nest&node2=cart").await;
    assert_eq!(between["visits"], 2);
    assert_eq!(
        links(&between),
        [
            "1 nest > /konfigurator: 1",
            "1 nest > cart: 1",
            "2 /konfigurator > cart: 1",
            "2 cart > $exit: 1",
            "3 cart > $exit: 1"
        ]
    );
    let from = report(&bed, "journeys", DAYS, "node=nest&exclude=/konfigurator").await;
    assert_eq!(links(&from), ["1 nest > $exit: 1", "1 nest > cart: 2", "2 cart > $exit: 2"]);
    let only = report(&bed, "journeys", DAYS, "include=/,cart").await;
    assert_eq!(
        links(&only),
        ["1 / > $exit: 2", "1 / > cart: 1", "1 cart > $exit: 1", "2 cart > $exit: 1"]
    );
    let top = report(&bed, "journeys", DAYS, "limit=1&depth=1").await;
    assert_eq!(links(&top), ["1 $other > $more: 1", "1 / > $exit: 1", "1 / > $more: 2"]);
}

#[tokio::test]
async fn what_a_browser_sends_becomes_a_way() {
    let bed = TestBed::new().await;
    for interaction in [
        json!({"eventType": "page_visit", "category": "navigation", "selectionValue": "/konfigurator?x=1"}),
        json!({"eventType": "selection", "category": "nest", "selectionValue": "nest80"}),
        json!({"eventType": "selection", "category": "nest", "selectionValue": "nest100"}),
        json!({"eventType": "selection", "category": "gebaeudehuelle", "selectionValue": "trapezblech"}),
    ] {
        let body = json!({"sessionId": "s", "interaction": interaction});
        let reply = bed.post("/api/sessions/track-interaction", body).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        bed.advance(chrono::TimeDelta::seconds(1));
    }
    bed.drain().await;
    bed.advance(chrono::TimeDelta::seconds(1));
    let path = "/api/admin/analytics/journeys?timeRange=24h";
    let report = bed.get_as_admin(path).await.body;
    assert_eq!(
        links(&report),
        ["1 /konfigurator > nest: 1", "2 nest > gebaeudehuelle: 1", "3 gebaeudehuelle > $exit: 1"]
    );
    let left = bed.get_as_admin("/api/admin/analytics/dropoff?timeRange=24h").await.body;
    assert_eq!(counts(&left["levels"][1]["dropOffRate"]), (1, 1));
    assert_eq!(left["lastCategories"]["values"][0]["value"], "gebaeudehuelle");
}

#[tokio::test]
async fn drop_off_says_where_and_after_what_visitors_leave() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    bed.drain().await;
    let report = report(&bed, "dropoff", DAYS, "").await;
    assert_eq!(report["conversion"], "macro");
    assert_eq!(counts(&report["dropOffRate"]), (3, 4));
    assert_eq!(report["devices"], json!({"desktop": 1, "mobile": 2}));
    let levels = report["levels"].as_array().unwrap().iter();
    let rates: Vec<_> = levels.map(|level| counts(&level["dropOffRate"])).collect();
    assert_eq!(rates, [(1, 4), (1, 3), (1, 2), (0, 1), (0, 0)]);
    let pages = report["exitPages"]["values"].as_array().unwrap();
    let page = |name: &str| {
        counts(&pages.iter().find(|page| page["value"] == name).unwrap()["dropOffRate"])
    };
    assert_eq!(page("/"), (1, 3), "three saw it");
    assert_eq!(page("/konfigurator"), (1, 3), "each visit counts once, however often it came by");
    assert_eq!(page("/warenkorb"), (1, 2), "the way does not show it, but two ended there");
    let categories = &report["lastCategories"]["values"];
    assert_eq!(
        (&categories[0]["value"], counts(&categories[0]["dropOffRate"])),
        (&json!("nest"), (2, 3))
    );
    assert_eq!(categories[1]["value"], "(not set)");
    assert_eq!(counts(&report["lastEvents"]["values"][0]["dropOffRate"]), (3, 4));
    assert_eq!(report["engagedMs"]["mean"], 20_000);
    let median = report["engagedMs"]["p50"].as_f64().unwrap();
    assert!((median / 20_000.0 - 1.0).abs() < 0.022);
}

#[tokio::test]
async fn drop_off_depends_on_what_converts_and_adds_up() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let lead = report(&bed, "dropoff", DAYS, "conversion=lead&limit=1").await;
    assert_eq!(counts(&lead["dropOffRate"]), (4, 4));
    for table in ["exitPages", "lastEvents", "lastCategories"] {
        let values = lead[table]["values"].as_array().unwrap();
        assert_eq!(values.len(), 1, "{table}");
        let listed: i64 = values.iter().map(|row| counts(&row["dropOffRate"]).0).sum();
        assert_eq!(listed + lead[table]["other"]["left"].as_i64().unwrap(), 4, "{table}");
    }
    let empty = report(&bed, "dropoff", ("2023-01-01", "2023-01-02"), "").await;
    assert_eq!(empty["dropOffRate"]["value"], json!(null));
    assert_eq!(empty["engagedMs"]["p50"], json!(null));
}

#[tokio::test]
async fn odd_questions_are_refused_by_field() {
    let bed = TestBed::new().await;
    let many = format!("include={}", vec!["x"; 51].join(","));
    let questions = [
        ("anchor=middle", "anchor"),
        ("anchor=between", "node"),
        ("anchor=between&node=a", "node2"),
        ("node2=a", "node2"),
        ("depth=21", "depth"),
        ("limit=51", "limit"),
        ("steps=2", "steps"),
        (many.as_str(), "include"),
    ];
    refuses(&bed, "journeys", &questions).await;
    refuses(&bed, "dropoff", &[("conversion=x", "conversion"), ("limit=0", "limit")]).await;
}
