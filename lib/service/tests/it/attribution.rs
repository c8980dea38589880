//! Attribution: every number worked out by hand.

use nest_haus::testing::TestBed;
use serde_json::{Value, json};

use super::planted::{counts, pay, plant, refuses, report};

const OCTOBER: (&str, &str) = ("2024-10-01", "2024-11-01");

/// Anna comes by an advertisement, a week later by mail, and another week later directly, and puts
/// a house into the cart. Somebody unknown comes back within a session and does so too. A robot does.
async fn visits(bed: &TestBed) {
    let cart = |at: &str| json!({"cart_at": at, "funnel_level": 3, "step_at": [at, at, at]});
    let with = |mut row: Value, more: Value| {
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let anna = |channel: &str| json!({"visitor_id": "anna", "channel": channel});
    let ad = with(anna("paid_search"), json!({"source": "google", "campaign": "spring"}));
    plant(bed, ("a1", 1), "2024-10-01T10:00:00Z", ad).await;
    plant(bed, ("a2", 1), "2024-10-08T10:00:00Z", anna("email")).await;
    let last = with(anna("direct"), cart("2024-10-15T10:05:00Z"));
    plant(bed, ("a3", 1), "2024-10-15T10:00:00Z", last).await;
    plant(bed, ("b", 1), "2024-10-10T10:00:00Z", json!({"channel": "referral"})).await;
    plant(bed, ("b", 2), "2024-10-10T12:00:00Z", cart("2024-10-10T12:01:00Z")).await;
    let robot = with(cart("2024-10-11T12:01:00Z"), json!({"population": "bot"}));
    plant(bed, ("c", 1), "2024-10-11T12:00:00Z", robot).await;
}

fn value<'a>(report: &'a Value, name: &str) -> &'a Value {
    let values = report["values"].as_array().unwrap();
    values.iter().find(|row| row["value"] == name).unwrap_or_else(|| panic!("{name} in {report}"))
}

fn credit(report: &Value, name: &str, model: &str) -> (f64, i64) {
    let credit = &value(report, name)["credits"][model];
    (credit["conversions"].as_f64().unwrap(), credit["revenueCents"].as_i64().unwrap())
}

/// The sums over all values, listed or not.
fn sums(report: &Value, model: &str) -> (f64, i64) {
    let rows = report["values"].as_array().unwrap().iter().chain([&report["other"]]);
    rows.map(|row| &row["credits"][model]).fold((0.0, 0), |sum, credit| {
        (
            sum.0 + credit["conversions"].as_f64().unwrap(),
            sum.1 + credit["revenueCents"].as_i64().unwrap(),
        )
    })
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[tokio::test]
async fn a_cart_is_owed_to_the_visits_before_it() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "attribution", OCTOBER, "").await;
    assert_eq!((&report["conversion"], &report["by"]), (&json!("micro"), &json!("channel")));
    assert_eq!(report["total"]["conversions"], 2);
    assert_eq!(report["unattributable"]["conversions"], 0);
    assert_eq!(report["meta"]["excluded"]["bot"], 1);
    for (channel, model, expected) in [
        ("paid_search", "first", 1.0),
        ("referral", "first", 1.0),
        ("direct", "last", 2.0),
        ("email", "lastNonDirect", 1.0),
        ("paid_search", "linear", 1.0 / 3.0),
        ("direct", "linear", 1.0 / 3.0 + 0.5),
        ("email", "position", 0.2),
        ("direct", "position", 0.4 + 0.5),
        ("paid_search", "timeDecay", 1.0 / 7.0),
        ("email", "timeDecay", 2.0 / 7.0),
    ] {
        near(credit(&report, channel, model).0, expected);
    }
    assert_eq!(counts(&value(&report, "direct")["conversionRate"]), (2, 2));
    assert_eq!(counts(&value(&report, "email")["conversionRate"]), (0, 1));
    assert_eq!(report["other"]["visits"], 0);
}

#[tokio::test]
async fn what_was_long_ago_or_before_the_visitor_was_known_gets_nothing() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let week = report(&bed, "attribution", OCTOBER, "lookbackDays=8").await;
    near(credit(&week, "email", "first").0, 1.0);
    near(credit(&week, "paid_search", "first").0, 0.0);
    let late = report(&bed, "attribution", ("2024-10-12", "2024-11-01"), "").await;
    assert_eq!(late["total"]["conversions"], 1);
    near(credit(&late, "paid_search", "first").0, 1.0);
    assert_eq!(value(&late, "paid_search")["visits"], 0, "it had no visit in the range");
}

#[tokio::test]
async fn revenue_is_credited_to_the_cent() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    pay(&bed, ("order", "captured"), Some("a3"), "2024-10-16T10:00:00Z", 10_000).await;
    pay(&bed, ("order", "refunded"), Some("a3"), "2024-12-01T10:00:00Z", 1_00).await;
    pay(&bed, ("order", "captured"), Some("a3"), "2024-12-02T10:00:00Z", 2).await;
    pay(&bed, ("phone", "captured"), None, "2024-10-17T10:00:00Z", 50_000).await;
    pay(&bed, ("robot", "captured"), Some("c"), "2024-10-17T10:00:00Z", 7_00).await;
    let report = report(&bed, "attribution", OCTOBER, "conversion=macro&removal=true").await;
    assert_eq!(report["total"], json!({"conversions": 2, "revenueCents": 9902 + 50_000}));
    assert_eq!(report["unattributable"], json!({"conversions": 1, "revenueCents": 50_000}));
    assert_eq!(report["currency"], "EUR");
    let linear = ["paid_search", "email", "direct"].map(|name| credit(&report, name, "linear").1);
    assert_eq!(linear, [33_01, 33_01, 33_00]);
    for model in ["first", "last", "lastNonDirect", "linear", "position", "timeDecay"] {
        let (conversions, cents) = sums(&report, model);
        near(conversions, 1.0);
        assert_eq!(cents, 99_02, "{model}");
    }
    let warnings = report["meta"]["warnings"].to_string();
    assert!(warnings.contains("no_conversion"), "no visit has the order yet: {warnings}");
    let november = super::planted::report(
        &bed,
        "attribution",
        ("2024-11-01", "2024-12-31"),
        "conversion=macro",
    )
    .await;
    assert_eq!(november["total"]["conversions"], 0, "an order converts with its first payment");
}

#[tokio::test]
async fn what_would_be_lost_without_a_channel_is_a_model_too() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "attribution", OCTOBER, "removal=true").await;
    // Two journeys: paid_search, email, direct, cart; referral, direct, cart. Without direct both are
    // lost, without any other one of the two is: effects of 1, 1/2, 1/2, 1/2, so shares of 0.4 and 0.2.
    for (channel, conversions) in
        [("direct", 0.8), ("paid_search", 0.4), ("email", 0.4), ("referral", 0.4)]
    {
        near(credit(&report, channel, "removal").0, conversions);
    }
}

#[tokio::test]
async fn what_is_not_listed_is_still_counted() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "attribution", OCTOBER, "limit=1&removal=true").await;
    assert_eq!(report["values"].as_array().unwrap().len(), 1);
    assert_eq!(report["other"]["visits"], 3);
    for model in ["first", "timeDecay", "removal"] {
        near(sums(&report, model).0, 2.0);
    }
    let campaigns = super::planted::report(&bed, "attribution", OCTOBER, "by=campaign").await;
    near(credit(&campaigns, "spring", "first").0, 1.0);
    near(credit(&campaigns, "(not set)", "first").0, 1.0);
}

#[tokio::test]
async fn first_visits_of_unknown_visitors_are_owed_what_they_led_to() {
    let bed = TestBed::new().await;
    let carts = [("d", "email", "01"), ("e", "email", "02"), ("f", "referral", "03")];
    for (session, channel, day) in carts {
        let at = format!("2024-10-{day}T10:00:00Z");
        let cart =
            json!({"channel": channel, "cart_at": at, "funnel_level": 3, "step_at": [at, at, at]});
        plant(&bed, (session, 1), &at, cart).await;
        pay(&bed, (session, "captured"), Some(session), "2024-10-10T10:00:00Z", 1_01).await;
    }
    let carts = report(&bed, "attribution", OCTOBER, "").await;
    let orders = report(&bed, "attribution", OCTOBER, "conversion=macro&lookbackDays=8").await;
    assert_eq!(carts["total"]["conversions"], 3);
    assert_eq!(orders["unattributable"], json!({"conversions": 1, "revenueCents": 1_01}));
    for model in ["first", "last", "lastNonDirect", "linear", "position", "timeDecay"] {
        near(credit(&carts, "email", model).0, 2.0);
        assert_eq!(credit(&orders, "email", model), (1.0, 1_01), "{model}");
        assert_eq!(credit(&orders, "referral", model), (1.0, 1_01), "{model}");
    }
}

#[tokio::test]
async fn the_chain_tells_fifty_values_apart_and_counts_the_rest_together() {
    let bed = TestBed::new().await;
    let at = "2024-10-05T10:00:00Z";
    for number in 0..52 {
        let name = format!("c{number:02}");
        let cart = json!({"cart_at": at, "funnel_level": 3, "step_at": [at, at, at]});
        let mut row = if [0, 51].contains(&number) { cart } else { json!({}) };
        row["campaign"] = json!(name);
        plant(&bed, (&name, 1), at, row).await;
    }
    let all = report(&bed, "attribution", OCTOBER, "by=campaign&removal=true&limit=200").await;
    near(credit(&all, "c00", "removal").0, 1.0);
    near(credit(&all, "c01", "removal").0, 0.0);
    near(all["other"]["credits"]["removal"]["conversions"].as_f64().unwrap(), 1.0);
}

#[tokio::test]
async fn odd_questions_are_refused_by_field() {
    let bed = TestBed::new().await;
    let questions = [
        ("conversion=sale", "conversion"),
        ("by=device", "by"),
        ("lookbackDays=0", "lookbackDays"),
        ("lookbackDays=401", "lookbackDays"),
        ("limit=0", "limit"),
        ("model=best", "model"),
    ];
    refuses(&bed, "attribution", &questions).await;
    let empty = report(&bed, "attribution", OCTOBER, "conversion=lead&removal=true").await;
    assert_eq!(empty["values"], json!([]));
    assert_eq!(empty["total"], json!({"conversions": 0, "revenueCents": 0}));
}
