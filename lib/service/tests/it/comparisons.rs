//! Reports against the period that they are compared with: every number worked out by hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use nest_haus::testing::TestBed;
use serde_json::{Value, json};
use uuid::Uuid;

use super::planted::{counts, pay, plant, refuses, report};

/// Three days, before which there are three others.
const DAYS: (&str, &str) = ("2024-09-05", "2024-09-08");

/// Reports that compare their range, by where the comparison stands.
const COMPARED: [(&str, &str); 8] = [
    ("overview", "previous"),
    ("conversion-funnel", "comparison"),
    ("retention", "comparison"),
    ("journeys", "comparison"),
    ("price-distribution", "comparison"),
    ("attribution", "comparison"),
    ("dropoff", "comparison"),
    ("performance", "comparison"),
];

/// Four visits, of which two came to the configurator and one of these ordered; then two, of which one
/// came to the configurator and the other only looked into the blog.
async fn visits(bed: &TestBed) {
    let came = |path: &[&str], level: usize| {
        let at = "2024-09-02T09:00:00Z";
        json!({"path": path, "funnel_level": level, "step_at": vec![at; level]})
    };
    let looked = came(&["/"], 1);
    plant(bed, ("a", 1), "2024-09-02T10:00:00Z", looked.clone()).await;
    plant(bed, ("b", 1), "2024-09-03T10:00:00Z", looked).await;
    plant(bed, ("c", 1), "2024-09-03T11:00:00Z", came(&["/", "nest"], 2)).await;
    let mut ordered = came(&["/", "nest"], 5);
    ordered["ordered_at"] = json!("2024-09-04T11:00:00Z");
    plant(bed, ("d", 1), "2024-09-04T10:00:00Z", ordered).await;
    plant(bed, ("e", 1), "2024-09-05T00:00:00Z", came(&["/", "nest"], 2)).await;
    plant(bed, ("f", 1), "2024-09-06T10:00:00Z", came(&["/blog"], 1)).await;
}

/// The counts of a rate before, and by how many percentage points it changed.
fn compared(rate: &Value) -> ((i64, i64), Option<f64>) {
    (counts(&rate["before"]), rate["change"]["points"].as_f64())
}

/// A number before, and by how much it changed.
fn changed(number: &Value) -> (i64, Option<f64>) {
    (number["before"].as_i64().unwrap(), number["change"].as_f64())
}

#[tokio::test]
async fn drop_off_and_the_funnel_changed_by_step() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let comparison = report(&bed, "dropoff", DAYS, "").await["comparison"].clone();
    assert_eq!(
        (&comparison["from"], &comparison["to"]),
        (&json!("2024-09-02T00:00:00Z"), &json!("2024-09-05T00:00:00Z"))
    );
    assert_eq!(compared(&comparison["dropOffRate"]), ((3, 4), Some(25.0)));
    let levels = comparison["levels"].as_array().unwrap().iter();
    let rates: Vec<_> = levels.map(|level| compared(&level["dropOffRate"])).collect();
    let unknown = ((0, 1), None);
    let expected = [((2, 4), Some(0.0)), ((1, 2), Some(50.0)), unknown, unknown, unknown];
    assert_eq!(rates, expected);
    let funnel = report(&bed, "conversion-funnel", DAYS, "").await["comparison"].clone();
    assert_eq!(funnel["entered"], json!([4, 2, 1, 1, 1]));
    assert_eq!(counts(&funnel["conversionRate"]), (1, 4));
    assert_eq!(funnel["conversionRateChange"]["points"], -25.0);
}

#[tokio::test]
async fn ways_have_the_share_that_they_had_before() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    for drained in [false, true] {
        if drained {
            bed.drain().await;
        }
        let comparison = report(&bed, "journeys", DAYS, "limit=2").await["comparison"].clone();
        assert_eq!(changed(&comparison["visits"]), (4, Some(-0.5)));
        let links = comparison["links"].as_array().unwrap().iter();
        let shares: Vec<_> = links.map(|l| (&l["from"], &l["to"], compared(&l["share"]))).collect();
        let expected = [
            (&json!("/"), &json!("nest"), ((2, 4), Some(0.0))),
            (&json!("/blog"), &json!("$exit"), ((0, 4), Some(50.0))),
            (&json!("nest"), &json!("$exit"), ((2, 4), Some(0.0))),
        ];
        assert_eq!(shares, expected);
    }
}

#[tokio::test]
async fn conversions_changed_by_value() {
    let bed = TestBed::new().await;
    let visit = |channel: &str, cart: Option<&str>| json!({"channel": channel, "cart_at": cart});
    let cart = Some("2024-09-03T10:05:00Z");
    plant(&bed, ("a", 1), "2024-09-03T10:00:00Z", visit("email", cart)).await;
    plant(&bed, ("b", 1), "2024-09-03T10:00:00Z", visit("email", None)).await;
    plant(&bed, ("c", 1), "2024-09-04T10:00:00Z", visit("direct", None)).await;
    let cart = Some("2024-09-06T10:05:00Z");
    for session in ["d", "e", "f"] {
        plant(&bed, (session, 1), "2024-09-06T10:00:00Z", visit("email", None)).await;
    }
    plant(&bed, ("g", 1), "2024-09-06T10:00:00Z", visit("email", cart)).await;
    plant(&bed, ("h", 1), "2024-09-06T10:00:00Z", visit("referral", cart)).await;
    let comparison = report(&bed, "attribution", DAYS, "removal=true").await["comparison"].clone();
    assert_eq!(changed(&comparison["total"]["conversions"]), (1, Some(1.0)));
    let [email, referral] = [&comparison["values"][0], &comparison["values"][1]];
    assert_eq!((&email["value"], changed(&email["visits"])), (&json!("email"), (2, Some(1.0))));
    assert_eq!(compared(&email["conversionRate"]), ((1, 2), Some(-25.0)));
    assert_eq!(email["credits"]["first"]["conversions"], json!({"before": 1.0, "change": 0.0}));
    assert_eq!(email["credits"]["removal"], Value::Null);
    assert_eq!((&referral["value"], changed(&referral["visits"])), (&json!("referral"), (0, None)));
    assert_eq!(referral["credits"]["last"]["conversions"], json!({"before": 0.0, "change": null}));
    assert_eq!(changed(&comparison["other"]["visits"]), (1, Some(-1.0)));
    pay(&bed, ("o1", "captured"), Some("a"), "2024-09-04T10:00:00Z", 10_000).await;
    pay(&bed, ("o2", "captured"), Some("g"), "2024-09-07T10:00:00Z", 15_000).await;
    let paid = report(&bed, "attribution", DAYS, "conversion=macro").await["comparison"].clone();
    assert_eq!(changed(&paid["total"]["revenueCents"]), (10_000, Some(0.5)));
    let credited = &paid["values"][0]["credits"]["linear"]["revenueCents"];
    assert_eq!(changed(credited), (10_000, Some(0.5)));
}

#[tokio::test]
async fn means_of_cohorts_are_compared() {
    let bed = TestBed::new().await;
    for (session, visitor, at) in [
        ("a1", "anna", "2024-09-03T10:00:00Z"),
        ("a2", "anna", "2024-09-10T10:00:00Z"),
        ("b1", "ben", "2024-09-03T10:00:00Z"),
        ("c1", "cleo", "2024-09-17T10:00:00Z"),
        ("c2", "cleo", "2024-09-24T10:00:00Z"),
    ] {
        plant(&bed, (session, 1), at, json!({"visitor_id": visitor})).await;
    }
    let weeks = ("2024-09-16", "2024-09-30");
    let report = report(&bed, "retention", weeks, "periods=1&breakdown=device").await;
    assert_eq!(counts(&report["mean"][1]["pooled"]), (1, 1));
    let mean = &report["comparison"]["mean"];
    assert_eq!(compared(&mean[0]["pooled"]), ((2, 2), Some(0.0)));
    assert_eq!(compared(&mean[1]["pooled"]), ((1, 2), Some(50.0)));
}

#[tokio::test]
async fn prices_moved_by_quartile() {
    let bed = TestBed::new().await;
    let sync = async |session: &str, nest: &str| {
        let body =
            json!({"sessionId": session, "configuration": {"nest": nest}, "currentPrice": 1});
        assert_eq!(bed.post("/api/sessions/sync", body).await.status, StatusCode::OK);
    };
    sync("a", "nest80").await;
    bed.drain().await;
    bed.advance(TimeDelta::hours(36));
    sync("b", "nest80").await;
    sync("c", "nest160").await;
    bed.drain().await;
    let eligible = "WITH all_votes AS (UPDATE votes SET population = 'eligible')
        UPDATE visits SET population = 'eligible'";
    sqlx::query(eligible).execute(&bed.app.db).await.unwrap();
    let path = "/api/admin/analytics/price-distribution?timeRange=24h";
    let report = bed.get_as_admin(path).await.body;
    let comparison = &report["comparison"];
    assert_eq!(changed(&comparison["sessions"]), (1, Some(1.0)));
    assert_eq!(changed(&comparison["onRequest"]), (0, None));
    assert_eq!(comparison["percentiles"]["p75"], 23_744_500);
    assert_eq!(
        (&comparison["changes"]["p25"], &comparison["changes"]["p50"]),
        (&json!(0.0), &json!(0.0))
    );
    let dearest = report["distribution"]["percentiles"]["p75"].as_f64().unwrap();
    let change = comparison["changes"]["p75"].as_f64().unwrap();
    assert!(change > 0.1 && (change - (dearest / 23_744_500.0 - 1.0)).abs() < 1e-9, "{change}");
}

#[tokio::test]
async fn speed_is_compared_at_the_75th_percentile() {
    let bed = TestBed::new().await;
    let track = async |metrics: &[(&str, i32, f64)]| {
        for (name, times, value) in metrics {
            let metric = |_| json!({"eventId": Uuid::now_v7(), "ageMs": 0, "metricName": name, "value": value});
            let metrics: Vec<Value> = (0..*times).map(metric).collect();
            let reply = bed
                .post("/api/performance/track", json!({"sessionId": "s", "metrics": metrics}))
                .await;
            assert!(reply.status.is_success(), "{}", reply.text);
        }
        bed.drain().await;
    };
    track(&[("LCP", 60, 1000.0), ("LCP", 20, 3000.0)]).await;
    bed.advance(TimeDelta::hours(36));
    track(&[("LCP", 80, 2000.0), ("price_calc_time", 3, 7.0)]).await;
    let report = bed.get_as_admin("/api/admin/analytics/performance?timeRange=24h").await.body;
    assert_eq!(counts(&report["metrics"][0]["good"]), (80, 80));
    let comparison = &report["comparison"];
    assert_eq!(comparison["verdict"], "insufficient");
    let [lcp, timer] = [&comparison["metrics"][0], &comparison["metrics"][1]];
    assert_eq!((&lcp["metric"], changed(&lcp["n"])), (&json!("LCP"), (80, Some(0.0))));
    assert!((lcp["p75"]["before"].as_f64().unwrap() / 1000.0 - 1.0).abs() < 0.0222);
    assert!((lcp["p75"]["change"].as_f64().unwrap() - 1.0).abs() < 0.0888, "{lcp}");
    assert_eq!(compared(&lcp["good"]), ((60, 80), Some(25.0)));
    assert_eq!(changed(&timer["n"]), (0, None));
    assert_eq!((&timer["p75"]["before"], &timer["good"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn nothing_is_compared_where_nobody_asks_or_it_would_mean_nothing() {
    let bed = TestBed::new().await;
    for (name, place) in COMPARED {
        let with = report(&bed, name, DAYS, "compare=year").await;
        assert_eq!(with[place]["from"], "2023-09-05T00:00:00Z", "{name}");
        let without = report(&bed, name, DAYS, "compare=none").await;
        assert!(without[place].is_null(), "{name}: {}", without[place]);
        refuses(&bed, name, &[("compare=custom", "compareFrom")]).await;
    }
    let from = "compareFrom=2024-09-01T00:00:00Z";
    for name in ["sessions", "heatmap", "data-quality", "popular-configs"] {
        refuses(&bed, name, &[("compare=previous", "compare"), (from, "compareFrom")]).await;
    }
    let file = "report=overview&format=csv&compare=previous";
    refuses(&bed, "export", &[(file, "compare")]).await;
}
