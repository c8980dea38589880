//! Popular configurations: every number worked out by hand from a few visits.

use axum::http::StatusCode;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use nest_haus::testing::TestBed;
use serde_json::{Value, json};

use super::synth::{prepare, simulate, store};

const REPORT: &str = "/api/admin/analytics/popular-configs";
const JOB: &str = "/api/cron/popular-configurations";

async fn sync(bed: &TestBed, session: &str, configuration: Value) {
    let body = json!({"sessionId": session, "configuration": configuration, "currentPrice": 1});
    assert_eq!(bed.post("/api/sessions/sync", body).await.status, StatusCode::OK);
    bed.advance(TimeDelta::milliseconds(5));
}

async fn interact(bed: &TestBed, session: &str, interaction: Value) {
    let body = json!({"sessionId": session, "interaction": interaction});
    assert_eq!(bed.post("/api/sessions/track-interaction", body).await.status, StatusCode::OK);
}

async fn select(bed: &TestBed, session: &str, category: &str, option: &str) {
    let body = json!({"sessionId": session, "category": category, "selection": option});
    assert_eq!(bed.post("/api/sessions/track", body).await.status, StatusCode::OK);
}

/// Five visits: two end with the small house as it comes, one of them after looking at a bigger one;
/// one takes the big one with spruce; one gives spruce up again; one does not want to be analysed.
async fn visits(bed: &TestBed) {
    sync(bed, "a", json!({"nest": "nest100"})).await;
    sync(bed, "a", json!({"nest": "nest80"})).await;
    let cart = json!({"sessionId": "a", "configuration": {"nest": "nest80"}, "totalPrice": 1});
    bed.post("/api/sessions/track-cart-add", cart).await;
    sync(bed, "b", json!({"nest": "nest80"})).await;
    select(bed, "b", "nest", "nest80").await;
    sync(bed, "c", json!({"nest": "nest160", "innenverkleidung": "fichte"})).await;
    sync(bed, "d", json!({"nest": "nest160", "innenverkleidung": "fichte"})).await;
    sync(bed, "d", json!({"nest": "nest160", "innenverkleidung": "ohne_innenverkleidung"})).await;
    sync(bed, "e", json!({"nest": "nest80"})).await;
    let consent = json!({"sessionId": "e", "analyticsConsent": false, "marketingConsent": false,
        "functionalConsent": false});
    bed.post("/api/sessions/update-consent", consent).await;
    bed.drain().await;
}

async fn report(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("{REPORT}?{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

fn option<'a>(report: &'a Value, category: &str, option: &str) -> &'a Value {
    let all = report["options"].as_array().unwrap();
    all.iter().find(|row| row["category"] == category && row["option"] == option).unwrap()
}

fn counts(rate: &Value) -> (i64, i64) {
    (rate["num"].as_i64().unwrap(), rate["den"].as_i64().unwrap())
}

#[tokio::test]
async fn configurations_are_ranked_by_sessions_and_shares_add_up() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let all = report(&bed, "timeRange=24h").await;
    assert_eq!((&all["sessions"], &all["votes"]), (&json!(4), &json!(4)));
    assert_eq!(
        (&all["distinctConfigurations"], &all["meta"]["excluded"]["noConsent"]),
        (&json!(3), &json!(1))
    );
    let top = &all["configurations"][0];
    assert_eq!(top["selections"]["nest"]["option"], "nest80");
    assert_eq!(counts(&top["share"]), (2, 4));
    assert_eq!(counts(&top["conversionRate"]), (1, 2));
    assert_eq!(
        (&top["medianPriceCents"], &top["currentPriceCents"]),
        (&json!(23_744_500), &json!(23_744_500))
    );
    let cut = report(&bed, "timeRange=24h&limit=1").await;
    assert_eq!(cut["configurations"].as_array().unwrap().len(), 1);
    assert_eq!((&cut["other"]["configurations"], &cut["other"]["votes"]), (&json!(2), &json!(2)));
    for report in [&all, &cut] {
        let listed = report["configurations"].as_array().unwrap().iter();
        let shares = listed.map(|c| c["share"]["value"].as_f64().unwrap()).sum::<f64>();
        assert!((shares + report["other"]["share"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    }
}

#[tokio::test]
async fn a_basis_says_which_configurations_of_a_session_count() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let ever = report(&bed, "timeRange=24h&basis=ever").await;
    assert_eq!((&ever["sessions"], &ever["votes"]), (&json!(4), &json!(6)));
    assert_eq!(ever["distinctConfigurations"], 4);
    assert_eq!(report(&bed, "timeRange=24h&basis=ordered").await["votes"], 0);
    let order = json!({"sessionId": "c", "trigger": "order_attempt",
        "configuration": {"nest": "nest160", "innenverkleidung": "fichte"}});
    bed.post("/api/sessions/save-config", order).await;
    bed.drain().await;
    let ordered = report(&bed, "timeRange=24h&basis=ordered").await;
    assert_eq!(ordered["configurations"][0]["selections"]["nest"]["option"], "nest160");
    assert_eq!(ordered["votes"], 1);
}

#[tokio::test]
async fn options_have_take_rates_regrets_and_switches() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let report = report(&bed, "timeRange=24h").await;
    let small = option(&report, "nest", "nest80");
    assert_eq!(counts(&small["takeRate"]), (2, 4));
    assert_eq!(counts(&small["activeTakeRate"]), (1, 4), "chosen by b alone; preselected for a");
    assert_eq!(counts(&small["defaultTakeRate"]), (1, 4));
    assert_eq!(counts(&small["conversionWith"]), (1, 2));
    assert_eq!(counts(&small["conversionWithout"]), (0, 2));
    let spruce = option(&report, "innenverkleidung", "fichte");
    assert_eq!(counts(&spruce["takeRate"]), (1, 4));
    assert_eq!(counts(&spruce["regretRate"]), (1, 2));
    assert_eq!(counts(&option(&report, "nest", "nest100")["regretRate"]), (1, 1));
    assert_eq!(counts(&option(&report, "nest", "nest120")["takeRate"]), (0, 4));
    assert_eq!(option(&report, "nest", "nest120")["regretRate"]["value"], json!(null));
    let switches = report["switches"].as_array().unwrap();
    let switch = |from: &str, to: &str| {
        switches.iter().any(|s| s["from"] == from && s["to"] == to && s["sessions"] == 1)
    };
    assert!(switch("nest100", "nest80") && switch("fichte", "ohne_innenverkleidung"));
    assert_eq!(switches.len(), 2);
}

#[tokio::test]
async fn who_was_not_shown_an_option_could_not_take_it() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let shown = json!({"eventType": "options_shown", "category": "nest",
        "additionalData": {"options": ["nest80", "nest160"]}});
    interact(&bed, "c", shown.clone()).await;
    interact(&bed, "c", shown).await;
    bed.drain().await;
    let report = report(&bed, "timeRange=24h").await;
    assert_eq!(counts(&option(&report, "nest", "nest160")["takeRate"]), (2, 4));
    assert_eq!(counts(&option(&report, "nest", "nest120")["takeRate"]), (0, 3));
    let spruce = option(&report, "innenverkleidung", "fichte");
    assert_eq!(counts(&spruce["takeRate"]), (0, 3), "c did not say that it saw spruce");
    assert_eq!(spruce["votes"], 1);
}

#[tokio::test]
async fn a_rule_takes_an_option_away_from_those_it_is_not_for() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let mut catalogue = bed.get_as_admin("/api/admin/catalog").await.body["catalogue"].clone();
    catalogue["rules"].as_array_mut().unwrap().push(json!({
        "kind": "excludes", "when": {"category": "nest", "options": ["nest80"]},
        "other": {"category": "kamindurchzug"}, "reason": "too small",
    }));
    let body = json!({"expectedVersion": 1, "catalogue": catalogue});
    let reply = bed.send_as_admin("PUT", "/api/admin/catalog", body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let report = report(&bed, "timeRange=24h").await;
    assert_eq!(counts(&option(&report, "kamindurchzug", "enabled")["takeRate"]), (0, 2));
    assert_eq!(counts(&option(&report, "fundament", "enabled")["takeRate"]), (0, 4));
}

#[tokio::test]
async fn prices_have_a_distribution_and_slices() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let prices = report(&bed, "timeRange=24h").await["prices"].clone();
    assert_eq!(prices["currency"], "EUR");
    let distribution = &prices["distribution"];
    assert_eq!(
        (&distribution["sessions"], &distribution["minCents"]),
        (&json!(4), &json!(23_744_500))
    );
    assert_eq!(distribution["percentiles"]["p50"], 23_744_500);
    let bins = distribution["bins"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["sessions"].as_i64().unwrap()).sum::<i64>(), 4);
    let value = |slices: &Value, n: usize| {
        (slices[n]["value"].as_str().unwrap().to_owned(), slices[n]["votes"].as_i64().unwrap())
    };
    assert_eq!(value(&prices["byBase"], 0), ("nest160".to_owned(), 2));
    assert_eq!(value(&prices["byBase"], 1), ("nest80".to_owned(), 2));
    assert_eq!(value(&prices["byStatus"], 1), ("IN_CART".to_owned(), 1));
    assert_eq!(value(&prices["bySource"], 0), ("(not set)".to_owned(), 4));
    assert_eq!(value(&prices["byPriceListVersion"], 0), ("1".to_owned(), 4));
}

#[tokio::test]
async fn named_ranges_are_served_as_the_job_made_them_until_they_are_old() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let made = bed.get(JOB).await.body["report"].clone();
    assert_eq!(made, json!({"reports": 12, "complete": true}));
    let before = report(&bed, "timeRange=7d").await;
    sync(&bed, "f", json!({"nest": "nest120"})).await;
    bed.drain().await;
    bed.advance(TimeDelta::minutes(15));
    assert_eq!(report(&bed, "timeRange=7d").await, before);
    let (from, to) = (bed.now() - TimeDelta::days(7), bed.now());
    let range = format!("from={}&to={}", from.format("%FT%TZ"), to.format("%FT%TZ"));
    assert_eq!(report(&bed, &format!("timeRange=custom&{range}")).await["votes"], 5);
    bed.advance(TimeDelta::minutes(20));
    assert_eq!(report(&bed, "timeRange=7d").await["votes"], 5);
    bed.get(JOB).await;
    assert_eq!(bed.count("SELECT count(*) FROM popular_configurations").await, 12);
}

fn midnight_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}

/// The reports of some ranges, which begin and end within hours, by every basis.
async fn odd_reports(bed: &TestBed, until: DateTime<Utc>) -> Vec<Value> {
    let ago = |ms| (until - TimeDelta::milliseconds(ms)).format("%FT%T%.3fZ");
    let mut reports = Vec::new();
    for (from, to) in [(500_000_000, 0), (451_234_567, 98_765_432), (190_000_001, 170_000_000)] {
        for basis in ["final", "ordered", "ever"] {
            for population in ["eligible", "all"] {
                let range = format!("timeRange=custom&from={}&to={}", ago(from), ago(to));
                let query = format!("{range}&basis={basis}&population={population}");
                let mut report = report(bed, &query).await;
                report["meta"].take();
                reports.push(report);
            }
        }
    }
    reports
}

#[tokio::test]
async fn numbers_are_the_same_from_roll_ups_and_from_single_votes() {
    let bed = TestBed::new().await;
    let (sessions, _) = simulate((400, 6), 12, bed.now());
    prepare(&bed, &sessions).await;
    store(&bed, sessions).await;
    let until = bed.now();
    let today = midnight_before(until);
    let stale: Vec<DateTime<Utc>> =
        sqlx::query_scalar("SELECT DISTINCT day FROM stale_vote_days ORDER BY day")
            .fetch_all(&bed.app.db)
            .await
            .unwrap();
    assert!(stale.iter().all(|day| *day == today), "{stale:?}");
    let rolled_up = odd_reports(&bed, until).await;
    let longest = &rolled_up[0];
    assert!(longest["votes"].as_i64().unwrap() > 50, "{longest}");
    assert!(!longest["switches"].as_array().unwrap().is_empty());
    for table in ["option_votes", "option_regrets", "option_switches"] {
        let deleted = sqlx::query(&format!("DELETE FROM {table}")).execute(&bed.app.db).await;
        assert!(deleted.unwrap().rows_affected() > 0, "{table}");
    }
    assert_ne!(
        odd_reports(&bed, until).await,
        rolled_up,
        "days that are not marked are read from roll-ups"
    );
    let marks = "INSERT INTO stale_vote_days
        SELECT DISTINCT date_bin('1 day', started_at, 'epoch') FROM votes";
    sqlx::query(marks).execute(&bed.app.db).await.unwrap();
    assert_eq!(odd_reports(&bed, until).await, rolled_up);
}

#[tokio::test]
async fn what_changes_in_a_day_that_is_over_is_counted() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    let began = midnight_before(bed.now());
    let range = format!(
        "timeRange=custom&from={}&to={}",
        began.format("%FT%TZ"),
        (began + TimeDelta::days(1)).format("%FT%TZ")
    );
    bed.advance(TimeDelta::days(1));
    bed.get("/api/cron/aggregate-daily").await;
    assert_eq!(bed.count("SELECT count(*) FROM stale_vote_days").await, 0);
    let before = report(&bed, &range).await;
    assert_eq!(counts(&option(&before, "innenverkleidung", "fichte")["regretRate"]), (1, 2));
    assert_eq!(counts(&option(&before, "nest", "nest80")["takeRate"]), (2, 4));
    sync(&bed, "c", json!({"nest": "nest80"})).await;
    bed.drain().await;
    let after = report(&bed, &range).await;
    assert_eq!(counts(&option(&after, "innenverkleidung", "fichte")["regretRate"]), (2, 2));
    assert_eq!(counts(&option(&after, "nest", "nest80")["takeRate"]), (3, 4));
}

#[tokio::test]
async fn nothing_configured_is_an_empty_report_and_no_error() {
    let bed = TestBed::new().await;
    let report = report(&bed, "timeRange=90d").await;
    assert_eq!(report["configurations"], json!([]));
    assert_eq!(report["other"]["share"]["value"], json!(null));
    assert_eq!(report["prices"]["distribution"]["sessions"], 0);
    assert_eq!(option(&report, "nest", "nest80")["takeRate"]["value"], json!(null));
}

#[tokio::test]
async fn odd_questions_are_refused_by_field() {
    let bed = TestBed::new().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "query"),
        ("basis=best", "query"),
        ("timeRange=2d", "timeRange"),
        ("timeRange=custom", "from"),
        ("timeRange=custom&from=2026-01-01T00:00:00Z", "to"),
        ("timeRange=custom&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("timeRange=custom&from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("timeRange=7d&from=2026-01-01T00:00:00Z", "timeRange"),
        ("timeRange=custom&from=yesterday", "query"),
    ] {
        let reply = bed.get_as_admin(&format!("{REPORT}?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(reply.body["errors"][0]["field"], field, "{query}");
    }
}
