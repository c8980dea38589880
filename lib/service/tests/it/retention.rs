//! Retention: every number worked out by hand.

use nest_haus::testing::TestBed;
use serde_json::{Value, json};

use super::planted::{counts, plant, refuses, report};

/// Four weeks that begin on a Monday.
const WEEKS: (&str, &str) = ("2024-09-02", "2024-09-30");

fn configuring(visitor: &str, device: &str, at: &str) -> Value {
    json!({"visitor_id": visitor, "device": device, "configuring": true, "funnel_level": 2,
        "step_at": [at, at]})
}

/// Anna configures in the first week, looks in twice in the second, and configures on a phone in the
/// fourth. Ben comes in the first week only, Cleo in the second and third, and asks. Dora was here before.
async fn visits(bed: &TestBed) {
    let looks = |visitor: &str| json!({"visitor_id": visitor});
    plant(
        bed,
        ("a1", 1),
        "2024-09-03T10:00:00Z",
        configuring("anna", "desktop", "2024-09-03T10:01:00Z"),
    )
    .await;
    plant(bed, ("a2", 1), "2024-09-09T10:00:00Z", looks("anna")).await;
    plant(bed, ("a3", 1), "2024-09-10T10:00:00Z", looks("anna")).await;
    plant(
        bed,
        ("a4", 1),
        "2024-09-24T10:00:00Z",
        configuring("anna", "mobile", "2024-09-24T10:01:00Z"),
    )
    .await;
    plant(bed, ("b1", 1), "2024-09-08T22:30:00Z", json!({"visitor_id": "ben", "device": "mobile"}))
        .await;
    plant(bed, ("c1", 1), "2024-09-10T10:00:00Z", looks("cleo")).await;
    let asks = json!({"visitor_id": "cleo", "lead_at": "2024-09-17T10:30:00Z"});
    plant(bed, ("c2", 1), "2024-09-17T10:00:00Z", asks).await;
    plant(bed, ("d0", 1), "2024-08-01T10:00:00Z", looks("dora")).await;
    plant(bed, ("d1", 1), "2024-09-04T10:00:00Z", looks("dora")).await;
    plant(bed, ("e1", 1), "2024-09-04T10:00:00Z", json!({})).await;
}

fn retained(cohort: &Value) -> Vec<i64> {
    let cells = cohort["cells"].as_array().unwrap();
    cells.iter().map(|cell| cell["retained"]["num"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn cohorts_are_by_the_first_visit_of_all() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "retention", WEEKS, "periods=3").await;
    assert_eq!(report["cohorts"].as_array().unwrap().len(), 4);
    let first = &report["cohorts"][0];
    assert_eq!((&first["size"], &first["label"]), (&json!(2), &json!("2024-09-02T00:00:00+00:00")));
    assert_eq!(retained(first), [2, 1, 0, 1]);
    assert_eq!(retained(&report["cohorts"][1]), [1, 1, 0, 0]);
    assert_eq!(report["cohorts"][2]["size"], 0);
    assert_eq!(report["cohorts"][2]["cells"][0]["retained"]["value"], json!(null));
    assert_eq!(counts(&report["mean"][1]["pooled"]), (2, 3));
    assert_eq!(report["mean"][1]["simple"], 0.75);
    assert_eq!(counts(&report["consentCoverage"]), (8, 9));
}

#[tokio::test]
async fn the_quick_way_and_the_general_way_agree() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    for (query, tz) in [
        ("periods=3", "UTC"),
        ("periods=5&interval=day", "UTC"),
        ("periods=2&interval=month", "Europe/Vienna"),
    ] {
        let quick = report(&bed, "retention", WEEKS, &format!("{query}&tz={tz}")).await;
        let general = format!("{query}&tz={tz}&breakdown=country");
        let general = report(&bed, "retention", WEEKS, &general).await;
        assert_eq!(quick["cohorts"], general["cohorts"], "{query}");
        assert_eq!(general["segments"][0]["cohorts"], general["cohorts"]);
    }
}

#[tokio::test]
async fn weeks_are_those_of_the_zone() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    // Ben came on Sunday at 22:30 UTC, which is Monday in Vienna.
    let report = report(&bed, "retention", WEEKS, "periods=1&tz=Europe/Vienna").await;
    assert_eq!(
        (&report["cohorts"][0]["size"], &report["cohorts"][1]["size"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(report["cohorts"][0]["label"], "2024-09-02T00:00:00+02:00");
}

#[tokio::test]
async fn starts_returns_and_criteria_can_be_chosen() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let of = |query: &'static str| {
        let bed = &bed;
        async move { report(bed, "retention", WEEKS, query).await }
    };
    let later = of("periods=3&criterion=on_or_after").await;
    assert_eq!(retained(&later["cohorts"][0]), [2, 1, 1, 1]);
    let configuration = of("periods=3&start=configuration&return=configuration").await;
    assert_eq!(configuration["cohorts"][0]["size"], 1);
    assert_eq!(retained(&configuration["cohorts"][0]), [1, 0, 0, 1]);
    let back = of("periods=3&start=visit&return=configuration").await;
    assert_eq!(retained(&back["cohorts"][0]), [1, 0, 0, 1], "Ben never configured");
    let rolling = of("periods=6&rolling=24h&interval=day").await;
    // Anna came back after 5 days and 23:59, counted from her own start, and after 7.
    assert_eq!(retained(&rolling["cohorts"][1]), [1, 0, 0, 0, 0, 0, 1]);
    let recurring = of("periods=2&mode=recurring").await;
    let sizes: Vec<_> =
        recurring["cohorts"].as_array().unwrap().iter().map(|c| c["size"].clone()).collect();
    assert_eq!(sizes, [3, 2, 1, 1], "Dora is in the cohort of her visit in the range");
    assert_eq!(
        retained(&recurring["cohorts"][1]),
        [2, 1, 1],
        "Cleo the week after, Anna two weeks"
    );
}

#[tokio::test]
async fn who_did_it_long_before_the_range_does_not_start_in_it() {
    let bed = TestBed::new().await;
    for (visitor, before) in [("eve", true), ("fay", false)] {
        let first = if before {
            configuring(visitor, "desktop", "2024-06-01T10:01:00Z")
        } else {
            json!({"visitor_id": visitor})
        };
        plant(&bed, (&format!("{visitor}0"), 1), "2024-06-01T10:00:00Z", first).await;
        let looks = json!({"visitor_id": visitor});
        plant(&bed, (&format!("{visitor}1"), 1), "2024-07-01T10:00:00Z", looks).await;
        let configures = configuring(visitor, "desktop", "2024-09-03T10:01:00Z");
        plant(&bed, (&format!("{visitor}2"), 1), "2024-09-03T10:00:00Z", configures).await;
    }
    let query = "periods=1&start=configuration&return=configuration&curves=true";
    let first = report(&bed, "retention", WEEKS, query).await;
    assert_eq!(first["cohorts"][0]["size"], 1, "Fay only looked before");
    assert_eq!(first["curves"][0]["segments"][0]["visitors"], 1);
    assert_eq!(first["curves"][2]["segments"], json!([]), "both visited before");
    let recurring = report(&bed, "retention", WEEKS, &format!("{query}&mode=recurring")).await;
    assert_eq!(recurring["cohorts"][0]["size"], 2);
}

#[tokio::test]
async fn segments_are_by_the_value_at_the_start() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "retention", WEEKS, "periods=3&breakdown=device").await;
    let desktop = &report["segments"][0];
    assert_eq!((&desktop["value"], &desktop["visitors"]), (&json!("desktop"), &json!(2)));
    assert_eq!(retained(&desktop["cohorts"][0]), [1, 1, 0, 1], "Anna came back on a phone");
    assert_eq!(report["segments"][1]["value"], "mobile");
}

#[tokio::test]
async fn curves_count_who_has_not_come_back_yet() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "retention", WEEKS, "curves=true").await;
    let curve = |n: usize| &report["curves"][n];
    assert_eq!(curve(0)["name"], "returnToConfigure");
    let again = &curve(0)["segments"][0];
    assert_eq!((&again["visitors"], &again["happened"]), (&json!(1), &json!(1)));
    assert_eq!(again["medianHours"], 21 * 24);
    let inquiry = &curve(1)["segments"][0];
    assert_eq!((&inquiry["visitors"], &inquiry["happened"]), (&json!(3), &json!(1)));
    assert_eq!(inquiry["medianHours"], json!(null));
    let step = &inquiry["steps"][0];
    assert_eq!((&step["time"], &step["atRisk"]), (&json!(7 * 24), &json!(3)));
    assert!((step["reached"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9);
    assert_eq!(curve(2)["segments"][0]["steps"], json!([]));
    assert_eq!(curve(1)["logRank"], json!(null), "there is one segment");
}

#[tokio::test]
async fn a_robot_is_no_visitor_that_returns() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let robot = json!({"visitor_id": "ben", "population": "bot"});
    plant(&bed, ("b0", 1), "2024-09-11T10:00:00Z", robot).await;
    for query in ["periods=1", "periods=1&breakdown=device"] {
        let report = report(&bed, "retention", WEEKS, query).await;
        assert_eq!(retained(&report["cohorts"][0]), [1, 1], "{query}");
    }
    let all = report(&bed, "retention", WEEKS, "periods=1&population=all").await;
    assert_eq!(retained(&all["cohorts"][0]), [2, 2]);
}

#[tokio::test]
async fn a_running_week_is_not_observed() {
    let bed = TestBed::new().await;
    let now = bed.now();
    plant(&bed, ("a", 1), &now.to_rfc3339(), json!({"visitor_id": "anna"})).await;
    bed.advance(chrono::TimeDelta::minutes(1));
    let report =
        bed.get_as_admin("/api/admin/analytics/retention?timeRange=24h&periods=2").await.body;
    let cohorts = report["cohorts"].as_array().unwrap();
    let cell = &cohorts.last().unwrap()["cells"][1];
    assert_eq!((&cell["retained"], &cell["incomplete"]), (&json!(null), &json!(true)));
    assert_eq!(report["mean"][1]["pooled"]["value"], json!(null));
}

#[tokio::test]
async fn odd_questions_are_refused_by_field() {
    let bed = TestBed::new().await;
    let questions = [
        ("interval=hour", "interval"),
        ("rolling=7d", "rolling"),
        ("criterion=maybe", "criterion"),
        ("start=sale", "start"),
        ("return=sale", "return"),
        ("mode=x", "mode"),
        ("breakdown=city", "breakdown"),
        ("periods=61", "periods"),
        ("cohort=1", "cohort"),
    ];
    refuses(&bed, "retention", &questions).await;
}
