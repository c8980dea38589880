//! Visits and the headline numbers made of them, worked out by hand; roll-ups against single visits.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::analytics::visits::{mark_all, project};
use nest_haus::testing::{BROWSER_HEADERS, Reply, TestBed};
use serde_json::{Value, json};

use super::planted::{pay, plant, report};

const OVERVIEW: &str = "/api/admin/analytics/overview";

/// An event some seconds before now.
fn ago(bed: &TestBed, seconds: i64, event_type: &str, more: Value) -> Value {
    let now = bed.now();
    let mut event = json!({
        "eventId": uuid::Uuid::now_v7(),
        "eventType": event_type,
        "category": "navigation",
        "clientTs": now - TimeDelta::seconds(seconds),
        "sentAt": now,
    });
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event
}

async fn send(bed: &TestBed, session: &str, events: Vec<Value>) {
    let reply = bed
        .post("/api/sessions/track-batch", json!({"sessionId": session, "events": events}))
        .await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    assert_eq!(reply.body["rejected"], json!([]));
}

fn page(path: &str) -> Value {
    json!({"selectionValue": path})
}

async fn cart_add(bed: &TestBed, session: &str) {
    let body = json!({"sessionId": session, "configuration": {"nest": "nest80"}, "totalPrice": 1});
    assert_eq!(bed.post("/api/sessions/track-cart-add", body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn headline_numbers_are_those_worked_out_by_hand() {
    let bed = TestBed::new().await;
    let selection = json!({"category": "nest", "selectionValue": "nest80"});
    send(
        &bed,
        "buys",
        vec![
            ago(&bed, 600, "page_visit", page("/")),
            ago(&bed, 590, "page_visit", page("/konfigurator")),
            ago(&bed, 500, "selection", selection.clone()),
        ],
    )
    .await;
    cart_add(&bed, "buys").await;
    send(&bed, "bounces", vec![ago(&bed, 60, "page_visit", page("/"))]).await;
    send(
        &bed,
        "comes-back",
        vec![ago(&bed, 7200, "page_visit", page("/")), ago(&bed, 100, "selection", selection)],
    )
    .await;
    bed.drain().await;
    let body = bed.get_as_admin(&format!("{OVERVIEW}?timeRange=24h")).await.body;
    let current = &body["current"];
    let numbers = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| current[*name].clone()).collect()
    };
    let counts = ["visits", "pageViews", "selections", "bounces", "configuring", "carts", "micro"];
    assert_eq!(json!(numbers(&counts)), json!([4, 4, 2, 2, 2, 1, 1]), "{body}");
    assert_eq!(current["sessionConversion"]["micro"]["den"], 4);
    assert_eq!(current["configuratorConversion"]["micro"]["value"], 0.5);
    assert_eq!(current["sessionConversion"]["macro"]["value"], 0.0);
    let reached: Vec<_> =
        current["funnel"].as_array().unwrap().iter().map(|step| &step["reached"]["num"]).collect();
    assert_eq!(json!(reached), json!([4, 2, 1, 0, 0]));
    assert_eq!(current["duration"]["approx"], false);
    let longest: i64 = sqlx::query_scalar("SELECT max(duration_ms) FROM visits")
        .fetch_one(&bed.app.db)
        .await
        .unwrap();
    assert!((600_000..602_000).contains(&longest), "from first activity to the cart: {longest}");
    let series: i64 = body["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["visits"].as_i64().unwrap())
        .sum();
    assert_eq!(series, 4);
    assert_eq!(body["previous"]["visits"], 0);
    assert_eq!(body["previous"]["sessionConversion"]["micro"]["value"], json!(null));
}

#[tokio::test]
async fn robots_the_makers_own_people_and_who_refused_are_left_out_and_counted() {
    let bed = TestBed::new().await;
    send(&bed, "person", vec![ago(&bed, 9, "page_visit", page("/"))]).await;
    let batch = json!({"sessionId": "robot", "events": [ago(&bed, 9, "page_visit", page("/"))]});
    let request = Request::post("/api/sessions/track-batch").header("user-agent", "curl/8.5.0");
    bed.send(request.body(Body::from(batch.to_string())).unwrap()).await;
    let batch = json!({"sessionId": "named", "events": [ago(&bed, 9, "page_visit", page("/"))]});
    let request = BROWSER_HEADERS[1..]
        .iter()
        .fold(Request::post("/api/sessions/track-batch"), |request, (name, value)| {
            request.header(*name, *value)
        });
    let request = request.header("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)");
    bed.send(request.body(Body::from(batch.to_string())).unwrap()).await;
    let refusal = json!({"sessionId": "refuses", "analyticsConsent": false, "marketingConsent": false, "functionalConsent": false});
    bed.post("/api/sessions/update-consent", refusal).await;
    send(&bed, "office-1", vec![ago(&bed, 9, "page_visit", page("/"))]).await;
    sqlx::query(
        "INSERT INTO internal_rules (id, field, contains, created_at, created_by)
         VALUES (gen_random_uuid(), 'session_id', 'OFFICE-', now(), 'test')",
    )
    .execute(&bed.app.db)
    .await
    .unwrap();
    bed.drain().await;
    let body = bed.get_as_admin(&format!("{OVERVIEW}?timeRange=24h")).await.body;
    assert_eq!(body["current"]["visits"], 2, "a robot's name alone is no verdict");
    let excluded = &body["meta"]["excluded"];
    assert_eq!((&excluded["bot"], &excluded["internal"]), (&json!(1), &json!(1)));
    assert_eq!(excluded["noConsent"], 1);
    let all = bed.get_as_admin(&format!("{OVERVIEW}?timeRange=24h&population=all")).await.body;
    assert_eq!((&all["current"]["visits"], &all["meta"]["population"]), (&json!(5), &json!("all")));
    assert_eq!(
        bed.count("SELECT count(*) FROM interaction_events").await,
        4,
        "flagged, not dropped"
    );
}

#[tokio::test]
async fn what_a_client_says_about_being_a_robot_is_not_kept() {
    let bed = TestBed::new().await;
    let data = json!({"additionalData": {"__botScore": 0, "x": 0.5}});
    send(&bed, "s", vec![ago(&bed, 1, "click", data)]).await;
    bed.drain().await;
    let kept: Value = sqlx::query_scalar("SELECT additional_data FROM interaction_events")
        .fetch_one(&bed.app.db)
        .await
        .unwrap();
    assert_eq!(kept, json!({"x": 0.5}));
}

/// Visits spread over two weeks, some of them long, some of them with everything.
async fn spread(bed: &TestBed) {
    for n in 0..60_i64 {
        let at = 3600 * 5 * n + 1000 * (n % 7);
        let selection = json!({"category": "nest", "selectionValue": "nest80"});
        let mut events = vec![ago(bed, at + 300, "page_visit", page("/"))];
        if n % 2 == 0 {
            events.push(ago(bed, at + 200 - n, "selection", selection));
        }
        if n % 3 == 0 {
            events.push(ago(bed, at + 20, "contact_form_submission", json!({})));
        }
        if n % 11 == 0 {
            events.push(ago(bed, at + 40_000, "click", json!({})));
        }
        send(bed, &format!("spread-{n}"), events).await;
    }
    bed.drain().await;
}

const MEASURES: &str = "visits, page_views, interactions, selections, snapshots, bounces, duration_ms, \
    engaged_ms, identified, configuring, carts, completions, micro, micro_configuring, leads, \
    leads_configuring, orders, orders_configuring, claims, emitted, captured, reached_2, reached_3, \
    reached_4, reached_5";

async fn summed(bed: &TestBed, source: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Value {
    let sums: Vec<String> =
        MEASURES.split(", ").map(|name| format!("sum({name})::bigint AS {name}")).collect();
    let query = format!("SELECT to_jsonb(s) FROM (SELECT {} FROM {source}) AS s", sums.join(", "));
    sqlx::query_scalar(&query).bind(from).bind(to).fetch_one(&bed.app.db).await.unwrap()
}

/// The same from roll-ups and from single visits.
async fn assert_same(bed: &TestBed, from: DateTime<Utc>, to: DateTime<Utc>) {
    let rolled = summed(bed, "visit_sums($1, $2)", from, to).await;
    let single = "visit_measures WHERE started_at >= $1 AND started_at < $2";
    assert_eq!(rolled, summed(bed, single, from, to).await, "{from} to {to}");
    let counts = |source: &str| {
        let query = format!(
            "SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY metric, index), '[]') FROM (
                SELECT metric, index, sum(count)::bigint FROM {source} GROUP BY metric, index) AS c"
        );
        let db = bed.app.db.clone();
        async move {
            sqlx::query_scalar::<_, Value>(&query).bind(from).bind(to).fetch_one(&db).await.unwrap()
        }
    };
    let rolled = counts(
        "visit_time_counts($1, $2) CROSS JOIN LATERAL unnest(indexes, counts) AS part (index, count)",
    )
    .await;
    let single = "(SELECT metric, histogram_bucket(ms) AS index, 1 AS count FROM visit_times
        WHERE started_at >= $1 AND started_at < $2) AS t";
    assert_eq!(rolled, counts(single).await);
}

#[tokio::test]
async fn any_range_adds_up_to_the_same_from_roll_ups_as_from_visits() {
    let bed = TestBed::new().await;
    spread(&bed).await;
    assert_eq!(bed.count("SELECT count(*) FROM stale_hours").await, 0);
    assert!(bed.count("SELECT count(*) FROM visit_rollups WHERE grain = 'day'").await >= 12);
    let now = bed.now();
    let ranges: Vec<(i64, i64)> = vec![
        (20_000, 0),
        (20_000, 3_333),
        (400, 100),
        (59, 1),
        (60 * 24 * 9, 60 * 24 * 2),
        (61, 60),
    ];
    for round in 0..2 {
        for (from, to) in &ranges {
            let at = |minutes: &i64| now - TimeDelta::minutes(*minutes);
            assert_same(&bed, at(from), at(to)).await;
        }
        let day: DateTime<Utc> = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        assert_same(&bed, day - TimeDelta::days(9), day).await;
        assert_same(&bed, day - TimeDelta::hours(30), day + TimeDelta::hours(1)).await;
        if round == 0 {
            // Hours whose roll-ups are out of date are read visit by visit.
            sqlx::raw_sql(
                "INSERT INTO stale_hours SELECT bucket FROM visit_rollups WHERE grain = 'hour'
                    AND extract(hour FROM bucket)::int % 3 = 0 ON CONFLICT DO NOTHING;
                 UPDATE visit_rollups SET visits = visits + 7 WHERE grain = 'hour'
                    AND bucket IN (SELECT hour FROM stale_hours);
                 UPDATE visit_rollups SET visits = visits + 7 WHERE grain = 'day' AND bucket IN (
                    SELECT date_bin('1 day', hour, 'epoch') FROM stale_hours)",
            )
            .execute(&bed.app.db)
            .await
            .unwrap();
        }
    }
}

/// All that is projected.
const TABLES: [&str; 9] = [
    "visits",
    "visit_paths",
    "visit_rollups",
    "visit_histograms",
    "votes",
    "configurations",
    "option_votes",
    "option_regrets",
    "option_switches",
];

async fn tables(bed: &TestBed) -> Vec<String> {
    let mut found = Vec::new();
    for table in TABLES {
        let query =
            format!("SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} AS t");
        let hash: Option<String> = sqlx::query_scalar(&query).fetch_one(&bed.app.db).await.unwrap();
        found.push(hash.expect(table));
    }
    found
}

#[tokio::test]
async fn a_rebuild_gives_identical_tables() {
    let bed = TestBed::new().await;
    spread(&bed).await;
    for size in ["nest100", "nest80"] {
        let chosen = json!({"nest": size});
        let house = json!({"sessionId": "spread-10", "configuration": chosen, "currentPrice": 1});
        assert_eq!(bed.post("/api/sessions/sync", house).await.status, StatusCode::OK);
        bed.advance(TimeDelta::milliseconds(5));
    }
    bed.drain().await;
    let before = tables(&bed).await;
    assert_eq!(mark_all(&bed.app).await.unwrap(), 60);
    let report = project(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert_eq!((report.sessions, report.complete), (60, true));
    assert_eq!(tables(&bed).await, before);
    for table in TABLES {
        sqlx::query(&format!("DELETE FROM {table}")).execute(&bed.app.db).await.unwrap();
    }
    mark_all(&bed.app).await.unwrap();
    project(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert_eq!(tables(&bed).await, before, "from nothing");
}

#[tokio::test]
async fn administrators_of_any_zone_get_the_same_totals_and_days_of_their_own() {
    let bed = TestBed::new().await;
    spread(&bed).await;
    let now = bed.now();
    let range = format!(
        "timeRange=custom&from={}&to={}",
        (now - TimeDelta::days(11)).format("%Y-%m-%dT%H:%M:%SZ"),
        now.format("%Y-%m-%dT%H:%M:%SZ")
    );
    let mut totals = Vec::new();
    for zone in ["UTC", "Europe/Vienna", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"] {
        let body = bed.get_as_admin(&format!("{OVERVIEW}?{range}&tz={zone}")).await.body;
        let points = body["series"].as_array().unwrap();
        for measure in ["visits", "pageViews", "durationMs", "leads"] {
            let sum: i64 = points.iter().map(|point| point[measure].as_i64().unwrap()).sum();
            assert_eq!(sum, body["current"][measure].as_i64().unwrap(), "{zone} {measure}");
        }
        assert_eq!(body["meta"]["tz"], zone);
        assert!(points[1]["label"].as_str().unwrap().contains("T00:00:00"), "{zone}");
        totals.push(body["current"].clone());
    }
    assert!(totals[0]["visits"].as_i64().unwrap() > 40);
    assert!(totals.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_late_event_restates_the_day_that_it_belongs_to() {
    let bed = TestBed::new().await;
    send(&bed, "a", vec![ago(&bed, 3 * 86_400, "page_visit", page("/"))]).await;
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM restatements").await, 0);
    send(&bed, "b", vec![ago(&bed, 3 * 86_400, "page_visit", page("/"))]).await;
    bed.drain().await;
    let restated: (i64, i64) =
        sqlx::query_as("SELECT visits_before, visits_after FROM restatements")
            .fetch_one(&bed.app.db)
            .await
            .unwrap();
    assert_eq!(restated, (1, 2));
    bed.advance(TimeDelta::hours(1));
    send(&bed, "c", vec![ago(&bed, 3 * 86_400 + 3600, "page_visit", page("/"))]).await;
    bed.drain().await;
    let report = async |range: &str| {
        let path = format!("/api/admin/analytics/data-quality?timeRange={range}");
        bed.get_as_admin(&path).await.body["restatements"].clone()
    };
    let week = report("7d").await;
    let latest = week["latest"].as_array().unwrap();
    let visits: Vec<_> = latest.iter().map(|r| (&r["visitsBefore"], &r["visitsAfter"])).collect();
    assert_eq!(visits, [(&json!(2), &json!(3)), (&json!(1), &json!(2))], "the latest first");
    let day = (bed.now() - TimeDelta::hours(1) - TimeDelta::days(3)).date_naive();
    assert_eq!(latest[0]["day"], format!("{day}T00:00:00Z"));
    let restated_at: DateTime<Utc> = latest[0]["restatedAt"].as_str().unwrap().parse().unwrap();
    assert!((bed.now() - restated_at).abs() < TimeDelta::minutes(1), "{restated_at}");
    assert_eq!(week["total"], 2);
    assert_eq!(report("24h").await, json!({"total": 0, "latest": []}));
}

#[tokio::test]
async fn a_payment_makes_revenue_and_an_order_of_the_visit_before_it() {
    let bed = TestBed::new().await;
    send(
        &bed,
        "s",
        vec![ago(&bed, 600, "selection", json!({"category": "nest", "selectionValue": "nest80"}))],
    )
    .await;
    bed.drain().await;
    let paid_at = bed.now() - TimeDelta::seconds(60);
    let payment = |payment: &str, kind: &str, cents: i64| {
        json!({"paymentId": payment, "orderId": "o-1", "kind": kind, "sessionId": "s",
            "amountCents": cents, "currency": "EUR", "paidAt": paid_at})
    };
    let path = "/api/admin/payments";
    for _ in 0..2 {
        let reply = bed.send_as_admin("POST", path, payment("p-1", "captured", 150_000)).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    }
    let refund = bed.send_as_admin("POST", path, payment("p-1", "refunded", 50_000)).await;
    assert_eq!(refund.status, StatusCode::OK, "{}", refund.text);
    let other = bed.send_as_admin("POST", path, payment("p-1", "captured", 1)).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "a payment does not change: {}", other.text);
    bed.drain().await;
    let body = bed.get_as_admin(&format!("{OVERVIEW}?timeRange=24h")).await.body;
    let revenue = &body["current"]["revenue"];
    assert_eq!(
        (&revenue["capturedCents"], &revenue["refundedCents"], &revenue["netCents"]),
        (&json!(150_000), &json!(50_000), &json!(100_000))
    );
    assert_eq!((&revenue["orders"], &revenue["perVisitCents"]), (&json!(1), &json!(100_000)));
    assert_eq!(body["current"]["orders"], 1);
    assert_eq!(body["current"]["configuratorConversion"]["macro"]["value"], 1.0);
}

#[tokio::test]
async fn revenue_is_of_those_who_are_counted_and_of_nobody_known() {
    let bed = TestBed::new().await;
    let noon = |day: u32| format!("2024-10-{day:02}T12:00:00Z");
    plant(&bed, ("person", 1), &noon(1), json!({})).await;
    plant(&bed, ("robot", 1), &noon(1), json!({"population": "bot"})).await;
    plant(&bed, ("mixed", 1), &noon(1), json!({"population": "internal"})).await;
    plant(&bed, ("mixed", 2), &noon(3), json!({})).await;
    pay(&bed, ("a", "captured"), Some("person"), &noon(2), 1_000).await;
    pay(&bed, ("b", "captured"), Some("robot"), &noon(2), 200).await;
    pay(&bed, ("b", "refunded"), None, &noon(4), 50).await;
    pay(&bed, ("c", "captured"), Some("mixed"), &noon(2), 30).await;
    pay(&bed, ("d", "captured"), Some("mixed"), &noon(4), 4).await;
    pay(&bed, ("e", "captured"), None, &noon(2), 10_000).await;
    pay(&bed, ("f", "captured"), Some("nobody"), &noon(2), 20_000).await;
    let october = ("2024-10-01", "2024-11-01");
    let eligible = report(&bed, "overview", october, "").await["current"]["revenue"].clone();
    assert_eq!((&eligible["capturedCents"], &eligible["orders"]), (&json!(31_004), &json!(4)));
    assert_eq!(eligible["refundedCents"], 0, "the refund is of the robot's order");
    let all =
        report(&bed, "overview", october, "population=all").await["current"]["revenue"].clone();
    assert_eq!((&all["capturedCents"], &all["orders"]), (&json!(31_234), &json!(6)));
    assert_eq!(all["netCents"], 31_184);
    let november = report(&bed, "overview", ("2024-11-01", "2024-12-02"), "").await;
    assert_eq!(november["previous"]["revenue"]["netCents"], 31_004);
}

#[tokio::test]
async fn a_change_of_the_rules_about_internal_traffic_counts_for_the_past_too() {
    let bed = TestBed::new().await;
    send(&bed, "office-1", vec![ago(&bed, 9, "page_visit", page("/"))]).await;
    send(&bed, "visitor", vec![ago(&bed, 9, "page_visit", page("/"))]).await;
    bed.drain().await;
    let path = "/api/admin/internal-traffic";
    let visits = || async {
        bed.drain().await;
        bed.get_as_admin(&format!("{OVERVIEW}?timeRange=24h")).await.body["current"]["visits"]
            .clone()
    };
    assert_eq!(visits().await, 2);
    let rules =
        json!({"rules": [{"field": "session_id", "contains": "office", "note": "the office"}]});
    let reply = bed.send_as_admin("PUT", path, rules.clone()).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    assert_eq!(bed.get_as_admin(path).await.body, rules);
    assert_eq!(visits().await, 1);
    let bad = json!({"rules": [{"field": "address", "contains": "ab"}]});
    let reply = bed.send_as_admin("PUT", path, bad).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][1]["field"], "rules[0].contains", "{}", reply.text);
    bed.send_as_admin("PUT", path, json!({"rules": []})).await;
    assert_eq!(visits().await, 2);
}

#[tokio::test]
async fn a_session_that_goes_on_while_it_is_projected_is_projected_again() {
    let bed = TestBed::new().await;
    send(&bed, "s", vec![ago(&bed, 9, "page_visit", page("/"))]).await;
    bed.drain().await;
    let mark = "INSERT INTO stale_visits SELECT session_key FROM visits";
    sqlx::query(mark).execute(&bed.app.db).await.unwrap();
    let mut under_way = bed.app.db.begin().await.unwrap();
    sqlx::query(mark).execute(&mut *under_way).await.unwrap();
    let report = project(&bed.app, bed.app.config.job_budget).await.unwrap();
    assert_eq!((report.sessions, report.complete), (1, true));
    under_way.commit().await.unwrap();
    assert_eq!(bed.count("SELECT count(*) FROM stale_visits").await, 1);
}

async fn refused(bed: &TestBed, query: &str) -> Reply {
    let reply = bed.get_as_admin(&format!("{OVERVIEW}?{query}")).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", reply.text);
    reply
}

#[tokio::test]
async fn bad_ranges_and_unknown_parameters_are_refused_with_what_is_allowed() {
    let bed = TestBed::new().await;
    for (query, field, allowed) in [
        ("timeRange=1y", "timeRange", "90d"),
        ("timeRange=custom&from=2026-11-01T00:00:00Z", "to", "RFC 3339"),
        ("timeRange=custom&from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "to", "later"),
        ("timeRange=custom&from=2024-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "to", "400 days"),
        ("from=2026-11-02T00:00:00Z", "timeRange", "custom"),
        ("tz=Vienna", "tz", "Europe/Vienna"),
        ("compare=yesterday", "compare", "previous_weekdays"),
        ("compare=custom", "compareFrom", "RFC 3339"),
        ("timeRange=custom&from=-0001-11-02T00:00:00Z&to=-0001-11-03T00:00:00Z", "from", "2000"),
        ("timeRange=custom&from=2100-12-31T00:00:00Z&to=2101-01-01T00:00:00Z", "to", "2100"),
        ("compare=custom&compareFrom=%2B262142-12-31T23:00:00Z", "compareFrom", "2100"),
        ("population=everyone", "population", "all"),
        ("timerange=7d", "timerange", "timeRange"),
        ("timeRange=90d&interval=hour", "interval", "longer"),
    ] {
        let reply = refused(&bed, query).await;
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
        assert!(reply.text.contains(allowed), "{query}: {}", reply.text);
    }
}
