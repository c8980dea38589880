//! The funnel: every number worked out by hand from a few visits.

use axum::http::StatusCode;
use chrono::TimeDelta;
use nest_haus::testing::{Reply, TestBed};
use serde_json::{Value, json};
use sqlx::Executor;
use uuid::Uuid;

const REPORT: &str = "/api/admin/analytics/conversion-funnel";

/// Sends an interaction that happened some seconds ago.
async fn interact(bed: &TestBed, session: &str, seconds_ago: i64, interaction: Value) {
    let mut event = json!({"eventId": Uuid::now_v7(), "category": "button",
        "ageMs": seconds_ago * 1000});
    event.as_object_mut().unwrap().extend(interaction.as_object().unwrap().clone());
    let body = json!({"sessionId": session, "events": [event]});
    let reply = bed.post("/api/sessions/track-batch", body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

async fn click(bed: &TestBed, session: &str, seconds_ago: i64, element: &str) {
    let event = json!({"eventType": "click", "elementId": element});
    interact(bed, session, seconds_ago, event).await;
}

/// `a` comes through three steps in 10 and 20 seconds, `b` through two in 40, `c` through one; `d` does
/// them the wrong way round; `e` does not want to be analysed.
async fn clicks(bed: &TestBed) {
    let visits: [(&str, &[(i64, &str)]); 5] = [
        ("a", &[(100, "one"), (90, "two"), (70, "three")]),
        ("b", &[(100, "one"), (80, "other"), (60, "two"), (50, "other")]),
        ("c", &[(100, "one")]),
        ("d", &[(100, "two"), (90, "one")]),
        ("e", &[(100, "one")]),
    ];
    for (session, clicks) in visits {
        let event = |(seconds_ago, element): &(i64, &str)| {
            json!({"eventId": Uuid::now_v7(), "category": "button", "eventType": "click",
                "elementId": element, "ageMs": seconds_ago * 1000})
        };
        let events: Vec<Value> = clicks.iter().map(event).collect();
        let body = json!({"sessionId": session, "events": events});
        let reply = bed.post("/api/sessions/track-batch", body).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    }
    let consent = json!({"sessionId": "e", "analyticsConsent": false, "marketingConsent": false,
        "functionalConsent": false});
    bed.post("/api/sessions/update-consent", consent).await;
    bed.drain().await;
}

fn elements(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"event": "click", "element": name})).collect()
}

async fn ask(bed: &TestBed, parameters: &[(&str, &str)]) -> Reply {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    bed.get_as_admin(&format!("{REPORT}?{query}")).await
}

async fn report(bed: &TestBed, steps: &Value, parameters: &[(&str, &str)]) -> Value {
    let steps = steps.to_string();
    let mut all = vec![("timeRange", "24h"), ("steps", steps.as_str())];
    all.extend(parameters);
    let reply = ask(bed, &all).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

fn entered(report: &Value) -> Vec<i64> {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().map(|step| step["entered"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn steps_are_counted_timed_and_explained() {
    let bed = TestBed::new().await;
    clicks(&bed).await;
    let report =
        report(&bed, &elements(&["one", "two", "three"]), &[("tz", "Europe/Vienna")]).await;
    assert_eq!(entered(&report), [4, 2, 1]);
    let steps = &report["steps"];
    assert_eq!((&steps[0]["name"], &steps[1]["dropped"]), (&json!("click"), &json!(2)));
    assert_eq!(steps[2]["conversionRate"]["value"], 0.25);
    assert_eq!(steps[2]["stepConversionRate"]["value"], 0.5);
    // From the first step to the second it took 10 and 40 seconds.
    assert_eq!(steps[1]["fromPrevious"]["p25Ms"], 17_500.0);
    assert_eq!(steps[1]["fromStart"]["p50Ms"], 25_000.0);
    assert_eq!(steps[2]["fromPrevious"]["p50Ms"], 20_000.0);
    assert_eq!(steps[2]["fromStart"]["p90Ms"], 30_000.0);
    let mut dropped = steps[0]["droppedSessions"].as_array().unwrap().clone();
    dropped.sort_by_key(ToString::to_string);
    assert_eq!(dropped, ["c", "d"]);
    assert_eq!(steps[1]["droppedSessions"], json!(["b"]));
    assert_eq!(steps[1]["nextEvents"]["units"], 1);
    assert_eq!(steps[1]["nextEvents"]["events"][0]["event"], "click");
    assert_eq!(steps[0]["nextEvents"]["events"][0]["event"], Value::Null, "nothing followed");
    let sum = |at: usize| -> i64 {
        let trend = report["trend"].as_array().unwrap().iter();
        trend.map(|point| point["entered"][at].as_i64().unwrap()).sum()
    };
    assert_eq!([sum(0), sum(1), sum(2)], [4, 2, 1]);
    assert_eq!(report["incomplete"], json!([4, 2, 1]), "all these visits are still under way");
    let meta = &report["meta"];
    assert_eq!((&meta["excluded"]["noConsent"], &meta["tz"]), (&json!(1), &json!("Europe/Vienna")));
    assert_eq!(report["comparison"]["entered"], json!([0, 0, 0]));
    assert_eq!(report["comparison"]["conversionRate"]["value"], Value::Null);
}

#[tokio::test]
async fn order_window_population_and_exclusions_change_who_counts() {
    let bed = TestBed::new().await;
    clicks(&bed).await;
    let steps = elements(&["one", "two", "three"]);
    let counts =
        async |parameters: &[(&str, &str)]| entered(&report(&bed, &steps, parameters).await);
    assert_eq!(counts(&[("order", "strict")]).await, [4, 1, 1]);
    assert_eq!(counts(&[("order", "any")]).await, [4, 3, 1]);
    assert_eq!(counts(&[("windowHours", "0.005")]).await, [4, 1, 0]);
    assert_eq!(counts(&[("stepWindowHours", "[null,0.005]")]).await, [4, 2, 0]);
    assert_eq!(counts(&[("population", "all")]).await, [5, 2, 1]);
    assert_eq!(counts(&[("completeOnly", "true")]).await, [0, 0, 0]);
    assert_eq!(counts(&[("counting", "total")]).await, [4, 2, 1]);
    let exclusions = r#"[{"event":"click","element":"other","after":1,"before":2}]"#;
    let report = report(&bed, &steps, &[("exclusions", exclusions)]).await;
    assert_eq!((entered(&report), &report["excluded"]), (vec![3, 1, 1], &json!(1)));
}

#[tokio::test]
async fn patterns_filters_and_alternatives_say_which_events_satisfy_a_step() {
    let bed = TestBed::new().await;
    for (session, price) in [("a", json!(300)), ("b", json!(100)), ("c", json!("300"))] {
        let data = json!({"price": price, "page": "/konfigurator"});
        let select = json!({"eventType": "selection", "category": "nest", "selectionValue": "nest80",
            "additionalData": data});
        interact(&bed, session, 100, json!({"eventType": "page_visit", "selectionValue": "/"}))
            .await;
        interact(&bed, session, 90, select).await;
    }
    click(&bed, "a", 95, "x").await;
    bed.drain().await;
    let of = async |step: Value| {
        let steps = json!([{"event": "page_visit", "value": "/"}, step]);
        entered(&report(&bed, &steps, &[]).await)[1]
    };
    let filtered = |property: &str, op: &str, value: Value| json!({"event": "selection", "filters": [{"property": property, "op": op, "value": value}]});
    assert_eq!(of(json!({"event": "selection", "category": "nest"})).await, 3);
    assert_eq!(of(json!({"event": "selection", "category": "fenster"})).await, 0);
    assert_eq!(of(json!({"event": "selection", "value": "nest80"})).await, 3);
    assert_eq!(of(filtered("price", "greater", json!(200))).await, 1, "a text is no number");
    assert_eq!(of(filtered("price", "less", json!(200))).await, 1);
    assert_eq!(of(filtered("price", "is", json!(300))).await, 2);
    assert_eq!(of(filtered("price", "is_not", json!(300))).await, 1);
    assert_eq!(of(filtered("page", "contains", json!("konfig"))).await, 3);
    assert_eq!(of(filtered("missing", "is_not", json!("x"))).await, 3);
    assert_eq!(of(filtered("value", "contains", json!("nest1"))).await, 0);
    let either = json!({"event": "click", "alternatives": [filtered("price", "less", json!(200))]});
    assert_eq!(of(either).await, 2);
    let long = "x".repeat(3000);
    let select = json!({"eventType": "selection", "category": "nest", "selectionValue": long});
    interact(&bed, "a", 80, select).await;
    bed.drain().await;
    let steps = json!([{"event": "page_visit"}, {"event": "selection"}, {"event": "selection"}]);
    assert_eq!(entered(&report(&bed, &steps, &[]).await), [3, 3, 1], "one event is one step");
}

#[tokio::test]
async fn a_breakdown_adds_up() {
    let bed = TestBed::new().await;
    clicks(&bed).await;
    let steps = elements(&["one", "two", "three"]);
    let broken = async |by: &str, attribution: &str| {
        report(&bed, &steps, &[("breakdown", by), ("attribution", attribution)]).await
    };
    let by_element = broken("event.element", "last").await;
    assert_eq!(
        by_element["breakdown"]["values"],
        json!([
            {"value": "one", "entered": [2, 0, 0],
                "conversionRate": by_element["breakdown"]["values"][0]["conversionRate"]},
            {"value": "three", "entered": [1, 1, 1],
                "conversionRate": by_element["breakdown"]["values"][1]["conversionRate"]},
            {"value": "two", "entered": [1, 1, 0],
                "conversionRate": by_element["breakdown"]["values"][2]["conversionRate"]},
        ])
    );
    let by_campaign = broken("campaign", "first").await;
    assert_eq!(by_campaign["breakdown"]["values"][0]["value"], "(not set)");
    assert_eq!(by_campaign["breakdown"]["values"][0]["entered"], json!([4, 2, 1]));
    let at_second = broken("event.element", "step2").await;
    assert_eq!((entered(&at_second), &at_second["unattributed"]), (vec![2, 2, 1], &json!(2)));
}

/// Makes visits of a visitor out of the sessions of the same letter.
async fn identify(bed: &TestBed) {
    let rename = "UPDATE visits SET visitor_id = left(session_id, 1)";
    bed.app.db.execute(rename).await.unwrap();
}

#[tokio::test]
async fn visitors_come_through_steps_over_several_visits() {
    let bed = TestBed::new().await;
    for (session, seconds_ago, element) in [
        ("a1", 6 * 86_400, "one"),
        ("a2", 3 * 86_400, "two"),
        ("b1", 6 * 86_400, "one"),
        ("b2", 5 * 86_400, "x"),
        ("c1", 5 * 86_400, "two"),
    ] {
        click(&bed, session, seconds_ago, element).await;
    }
    bed.drain().await;
    identify(&bed).await;
    let steps = elements(&["one", "two"]);
    let week = [("timeRange", "7d")];
    let by_session = ask(&bed, &[week[0], ("steps", &steps.to_string())]).await.body;
    assert_eq!(entered(&by_session), [2, 0]);
    let steps = steps.to_string();
    let visitor = [week[0], ("steps", steps.as_str()), ("unit", "visitor")];
    let by_visitor = ask(&bed, &visitor).await.body;
    assert_eq!(entered(&by_visitor), [2, 1]);
    assert_eq!(by_visitor["windowHours"], 168.0);
    assert_eq!(by_visitor["steps"][0]["droppedSessions"], json!(["b1"]));
    let mut short = visitor.to_vec();
    short.push(("windowHours", "71"));
    assert_eq!(entered(&ask(&bed, &short).await.body), [2, 0]);
}

/// Visits that come as far as each step of the configurator funnel.
async fn configurations(bed: &TestBed) {
    let configuration = json!({"nest": "nest80"});
    for session in ["a", "b", "c", "d"] {
        interact(bed, session, 0, json!({"eventType": "page_visit", "selectionValue": "/"})).await;
        bed.advance(TimeDelta::seconds(10));
        if session == "d" {
            continue;
        }
        let choice = json!({"sessionId": session, "category": "nest", "selection": "nest80"});
        bed.post("/api/sessions/track", choice).await;
        bed.advance(TimeDelta::seconds(10));
        if session == "c" {
            continue;
        }
        let cart = json!({"sessionId": session, "configuration": configuration, "totalPrice": 1});
        bed.post("/api/sessions/track-cart-add", cart).await;
        bed.advance(TimeDelta::seconds(10));
        if session == "b" {
            continue;
        }
        let order = json!({"sessionId": session, "trigger": "order_attempt",
            "configuration": configuration});
        bed.post("/api/sessions/save-config", order).await;
        bed.advance(TimeDelta::seconds(10));
    }
    bed.drain().await;
}

#[tokio::test]
async fn the_configurator_funnel_asked_for_step_by_step_is_the_projected_one() {
    let bed = TestBed::new().await;
    configurations(&bed).await;
    let projected = ask(&bed, &[("timeRange", "24h")]).await;
    assert_eq!(projected.status, StatusCode::OK, "{}", projected.text);
    let projected = projected.body;
    assert_eq!(entered(&projected), [4, 3, 2, 1, 0]);
    let steps = json!([{"event": "visit"}, {"event": "selection"}, {"event": "cart_add"},
        {"event": "completion"}, {"event": "order"}]);
    let asked = report(&bed, &steps, &[]).await;
    assert_eq!(entered(&asked), entered(&projected));
    assert_eq!(asked["incomplete"], projected["incomplete"]);
    for (asked, projected) in
        asked["trend"].as_array().unwrap().iter().zip(projected["trend"].as_array().unwrap())
    {
        assert_eq!(asked, projected);
    }
    for step in 0..5 {
        let (asked, projected) = (&asked["steps"][step], &projected["steps"][step]);
        for rate in ["conversionRate", "stepConversionRate", "dropped"] {
            assert_eq!(asked[rate], projected[rate]);
        }
        assert_eq!(asked["nextEvents"], projected["nextEvents"], "step {step}");
        assert_eq!(asked["droppedSessions"], projected["droppedSessions"], "step {step}");
        for times in ["fromPrevious", "fromStart"] {
            let exact = asked[times]["p50Ms"].as_f64();
            let counted = projected[times]["p50Ms"].as_f64();
            let near = |exact: f64| (counted.unwrap() / exact - 1.0).abs() < 0.0222;
            assert!(
                exact.map_or_else(|| counted.is_none(), near),
                "step {step}: {exact:?} {counted:?}"
            );
        }
    }
}

#[tokio::test]
async fn configurations_are_units_of_their_own() {
    let bed = TestBed::new().await;
    configurations(&bed).await;
    let saved = json!({"sessionId": "a", "configuration": {"nest": "nest100"}, "currentPrice": 1});
    bed.post("/api/sessions/sync", saved).await;
    bed.drain().await;
    let steps = json!([{"event": "cart_add", "alternatives": [{"event": "snapshot"}]},
        {"event": "completion"}]);
    let report = report(&bed, &steps, &[("unit", "configuration")]).await;
    assert_eq!(entered(&report), [3, 1], "nest80 of a and b, nest100 of a");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_place() {
    let bed = TestBed::new().await;
    let two = r#"[{"event":"a"},{"event":"b"}]"#;
    for (parameters, field) in [
        (vec![("steps", "[")], "steps"),
        (vec![("steps", r#"[{"event":"a"}]"#)], "steps"),
        (vec![("steps", r#"[{"event":"a"},{"evnt":"b"}]"#)], "steps[1].evnt"),
        (
            vec![(
                "steps",
                r#"[{"event":"a"},{"event":"b"},{"event":"c","filters":[{"property":"p","op":"like","value":1}]}]"#,
            )],
            "steps[2].filters[0].op",
        ),
        (
            vec![(
                "steps",
                r#"[{"event":"a"},{"event":"b","filters":[{"property":"p","op":"less","value":"x"}]}]"#,
            )],
            "steps[1].filters[0].value",
        ),
        (
            vec![(
                "steps",
                r#"[{"event":"a"},{"event":"b","filters":[{"property":"element","op":"less","value":1}]}]"#,
            )],
            "steps[1].filters[0].op",
        ),
        (vec![("steps", r#"[{"event":"a"},{"event":""}]"#)], "steps[1].event"),
        (vec![("steps", r#"[{"event":"a"},{"event":"b","after":1}]"#)], "steps[1].after"),
        (vec![("steps", two), ("order", "sideways")], "order"),
        (vec![("steps", two), ("unit", "inquiry")], "unit"),
        (vec![("steps", two), ("unit", "configuration")], "steps[0].event"),
        (vec![("steps", two), ("windowHours", "0")], "windowHours"),
        (vec![("steps", two), ("stepWindowHours", "[-1]")], "stepWindowHours[0]"),
        (
            vec![("steps", two), ("exclusions", r#"[{"event":"x","before":2}]"#)],
            "exclusions[0].after",
        ),
        (
            vec![("steps", two), ("exclusions", r#"[{"event":"x","after":2,"before":2}]"#)],
            "exclusions",
        ),
        (vec![("steps", two), ("order", "any"), ("stepWindowHours", "[1]")], "order"),
        (vec![("steps", two), ("breakdown", "mood")], "breakdown"),
        (vec![("steps", two), ("attribution", "last")], "attribution"),
        (vec![("steps", two), ("breakdown", "device"), ("attribution", "step3")], "attribution"),
        (vec![("steps", two), ("interval", "year")], "interval"),
        (vec![("step", two)], "step"),
    ] {
        let reply = ask(&bed, &parameters).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{parameters:?} {}", reply.text);
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
    }
    assert_eq!(bed.get(REPORT).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn no_table_of_events_is_read_from_end_to_end_and_no_text_is_sorted() {
    let bed = TestBed::new().await;
    nest_haus::operations::ensure_partitions(&bed.app, bed.now()).await.unwrap();
    let mut db = bed.app.db.acquire().await.unwrap();
    db.execute("SET enable_seqscan = off").await.unwrap();
    let ask = "EXPLAIN (VERBOSE) SELECT * FROM funnel_events(
        '[]', '{a}', '{b}', '{cart_add,snapshot,completion,visit,order}', '{cart_add}', true, true, 'p',
        'channel', true, '{eligible}', '2026-11-01', '2026-11-08', 1)";
    let lines: Vec<String> = sqlx::query_scalar(ask).fetch_all(&mut *db).await.unwrap();
    let plan = lines.join("\n");
    for table in ["interaction_events", "configuration_snapshots", "session_events", "visits"] {
        assert!(!plan.contains(&format!("Seq Scan on public.{table}")), "{plan}");
    }
    assert!(plan.contains("Index Only Scan using interaction_events"), "{plan}");
    let sorted = lines.iter().filter(|line| line.contains("Sort Key:"));
    for line in sorted {
        assert!(line.trim_end().ends_with("session_key"), "{line}");
    }
}
