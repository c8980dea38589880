//! Web vitals and timers: percentiles, ratings, repeated reports, roll-ups.

use axum::http::StatusCode;
use chrono::TimeDelta;
use nest_haus::testing::TestBed;
use serde_json::{Value, json};
use uuid::Uuid;

const REPORT: &str = "/api/admin/analytics/performance";

async fn track(bed: &TestBed, metrics: Vec<Value>) {
    for metrics in metrics.chunks(100) {
        let body = json!({"sessionId": "s", "metrics": metrics});
        let reply = bed.post("/api/performance/track", body).await;
        assert!(reply.status.is_success(), "{}", reply.text);
    }
}

fn metric(name: &str, value: f64, data: &Value) -> Value {
    json!({"eventId": Uuid::now_v7(), "ageMs": 0, "metricName": name, "value": value,
        "additionalData": data})
}

async fn report(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("{REPORT}?{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

fn is_about(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() / expected - 1.0).abs() < 0.0222
}

#[tokio::test]
async fn vitals_are_rated_at_the_75th_percentile_and_timers_are_not() {
    let bed = TestBed::new().await;
    let page = json!({"page": "/konfigurator/x?y", "deviceType": "mobile"});
    let lcp = (1..=100).map(|n| metric("LCP", f64::from(n) * 30.0, &page));
    let inp = (1..=80).map(|_| metric("INP", 180.0, &json!({"page": "/"})));
    let cls = (1..=75).map(|n| metric("CLS", f64::from(n) / 1000.0, &json!({})));
    let timer = (1..=3).map(|_| metric("price_calc_time", 7.0, &json!({})));
    track(&bed, lcp.chain(inp).chain(cls).chain(timer).collect()).await;
    bed.drain().await;
    let all = report(&bed, "").await;
    assert_eq!(all["verdict"], "pass");
    let names: Vec<_> = all["metrics"].as_array().unwrap().iter().map(|m| &m["metric"]).collect();
    assert_eq!(names, ["CLS", "INP", "LCP", "price_calc_time"]);
    let lcp = &all["metrics"][2];
    assert_eq!(
        (&lcp["n"], &lcp["rating"], &lcp["unit"]),
        (&json!(100), &json!("good"), &json!("ms"))
    );
    for (name, expected) in [("p50", 1500.0), ("p75", 2250.0), ("p95", 2850.0), ("p99", 2970.0)] {
        assert!(is_about(&lcp[name], expected), "{name}: {}", lcp[name]);
    }
    assert_eq!(lcp["byPageGroup"][0]["value"], "/konfigurator");
    assert_eq!(lcp["byDevice"][0]["value"], "mobile");
    assert_eq!(all["metrics"][0]["unit"], Value::Null, "CLS has no unit");
    let timer = &all["metrics"][3];
    assert_eq!((&timer["rating"], &timer["insufficient"]), (&Value::Null, &json!(true)));
    assert!(is_about(&timer["p75"], 7.0));
    let by_time = lcp["byTime"].as_array().unwrap();
    assert_eq!(by_time.len(), 8, "seven days touch eight");
    assert_eq!(by_time[7]["n"], 100);
}

#[tokio::test]
async fn the_last_report_of_a_measurement_counts_wherever_it_falls() {
    let bed = TestBed::new().await;
    let report_of = |value| metric("CLS", value, &json!({"id": "v5-1"}));
    track(&bed, vec![report_of(0.05)]).await;
    bed.drain().await;
    bed.advance(TimeDelta::hours(2));
    track(&bed, vec![report_of(0.4), metric("CLS", 0.01, &json!({"id": "v5-2"}))]).await;
    bed.drain().await;
    let cls = report(&bed, "metric=CLS&timeRange=24h").await["metrics"][0].clone();
    assert_eq!(cls["n"], 2);
    assert!(is_about(&cls["p99"], 0.4), "{cls}");
    let hours: Vec<i64> =
        cls["byTime"].as_array().unwrap().iter().map(|hour| hour["n"].as_i64().unwrap()).collect();
    assert_eq!((hours.iter().sum::<i64>(), hours.last()), (2, Some(&2)), "{hours:?}");
}

#[tokio::test]
async fn counts_are_the_same_from_roll_ups_and_from_single_measurements() {
    let bed = TestBed::new().await;
    for _ in 0..30 {
        track(&bed, vec![metric("TTFB", 100.0, &json!({})), metric("TTFB", 900.0, &json!({}))])
            .await;
        bed.advance(TimeDelta::hours(1));
    }
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM stale_metric_hours").await, 0);
    assert!(bed.count("SELECT count(*) FROM metric_histograms WHERE grain = 'day'").await >= 2);
    let rolled_up = report(&bed, "metric=TTFB&timeRange=7d&tz=Europe/Vienna").await;
    assert_eq!(rolled_up["metrics"][0]["n"], 60);
    for statement in [
        "DELETE FROM metric_histograms",
        "INSERT INTO stale_metric_hours
            SELECT DISTINCT date_trunc('hour', occurred_at) FROM performance_metrics",
    ] {
        sqlx::query(statement).execute(&bed.app.db).await.unwrap();
    }
    let single = report(&bed, "metric=TTFB&timeRange=7d&tz=Europe/Vienna").await;
    assert_eq!(rolled_up["metrics"], single["metrics"]);
}

#[tokio::test]
async fn a_metric_that_nobody_measured_is_insufficient_and_a_bad_name_is_refused() {
    let bed = TestBed::new().await;
    assert_eq!(report(&bed, "").await["verdict"], "insufficient");
    let none = report(&bed, "metric=INP").await["metrics"][0].clone();
    assert_eq!((&none["n"], &none["p75"]), (&json!(0), &Value::Null));
    let reply = bed.get_as_admin(&format!("{REPORT}?metric=")).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["field"], "metric");
}

#[tokio::test]
async fn every_vital_and_timer_is_told_by_device_and_page() {
    const METRICS: [&str; 8] = [
        "CLS",
        "FCP",
        "INP",
        "LCP",
        "TTFB",
        "configurator_load_time",
        "image_load_time",
        "price_calc_time",
    ];
    let bed = TestBed::new().await;
    let mobile = json!({"page": "/konfigurator/fassade", "deviceType": "mobile"});
    let desktop = json!({"page": "/galerie", "deviceType": "desktop"});
    let measured = METRICS.iter().flat_map(|name| {
        [metric(name, 0.5, &mobile), metric(name, 0.5, &mobile), metric(name, 2.0, &desktop)]
    });
    track(&bed, measured.collect()).await;
    bed.drain().await;
    let report = report(&bed, "timeRange=24h").await;
    let told = report["metrics"].as_array().unwrap();
    let names: Vec<_> = told.iter().map(|metric| metric["metric"].as_str().unwrap()).collect();
    assert_eq!(names, METRICS);
    for metric in told {
        for (by, often, rare) in
            [("byDevice", "mobile", "desktop"), ("byPageGroup", "/konfigurator", "/galerie")]
        {
            let parts = metric[by].as_array().unwrap();
            assert_eq!(
                (&parts[0]["value"], &parts[0]["n"]),
                (&json!(often), &json!(2)),
                "{metric}"
            );
            assert_eq!((&parts[1]["value"], &parts[1]["n"]), (&json!(rare), &json!(1)), "{metric}");
            assert!(is_about(&parts[0]["p75"], 0.5) && is_about(&parts[1]["p75"], 2.0), "{metric}");
        }
    }
}
