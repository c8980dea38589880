//! Reports that are kept: made once when their period is over, made up for when missed, listed, and had as
//! files.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::jobs::{self, Job};
use nest_haus::operations::Trigger;
use nest_haus::testing::TestBed;
use nest_haus_domain::analytics::{Interval, Zone};
use serde_json::{Value, json};

use super::planted::{pay, plant};

const DAILY: &str = "daily-summary";
const WEEKLY: &str = "weekly-customer-behaviour";
const MONTHLY: &str = "monthly-revenue-conversion";

fn vienna() -> Zone {
    Zone::of_name("Europe/Vienna").unwrap()
}

/// Runs a job, and answers the beginnings of the periods that it made reports of.
async fn make(bed: &TestBed, job: &str) -> Vec<DateTime<Utc>> {
    let budget = bed.app.config.job_budget;
    let report = jobs::start(&bed.app, Job::of_name(job).unwrap(), &Trigger::Command, budget).await;
    let made = report.unwrap().report.unwrap()["made"].clone();
    serde_json::from_value(made).unwrap()
}

async fn list(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("/api/admin/reports?{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

async fn latest(bed: &TestBed, kind: &str) -> Value {
    let listed = list(bed, &format!("kind={kind}")).await;
    let id = listed["reports"][0]["id"].as_str().unwrap().to_owned();
    bed.get_as_admin(&format!("/api/admin/reports/content?id={id}")).await.body
}

/// Goes on to noon of a day that is some days after today.
fn to_noon(bed: &TestBed, days: i64) {
    let midnight = Interval::Day.start(bed.now() + TimeDelta::days(days), vienna());
    bed.advance(midnight + TimeDelta::hours(12) - bed.now());
}

#[tokio::test]
async fn a_summary_of_each_day_is_made_once_and_missed_days_are_made_up_for() {
    let bed = TestBed::new().await;
    to_noon(&bed, 1);
    let yesterday = Interval::Day.start(bed.now() - TimeDelta::days(1), vienna());
    assert_eq!(make(&bed, DAILY).await, [yesterday], "of the time before nobody asked");
    assert!(make(&bed, DAILY).await.is_empty(), "once");
    to_noon(&bed, 4);
    let made = make(&bed, DAILY).await;
    let days: Vec<_> = (-3..=0)
        .map(|day| Interval::Day.start(bed.now() + TimeDelta::days(day - 1), vienna()))
        .collect();
    assert_eq!(made, days);
    to_noon(&bed, 30);
    assert_eq!(make(&bed, DAILY).await.len(), 12, "and no more than twelve");
    assert!(make(&bed, DAILY).await.is_empty());
    assert_eq!(bed.count("SELECT count(*) FROM stored_reports").await, 17);
}

#[tokio::test]
async fn a_kept_report_says_what_the_live_report_said_and_stays_so() {
    let bed = TestBed::new().await;
    to_noon(&bed, 1);
    let body = json!({"sessionId": "s", "events": [
        {"eventId": uuid::Uuid::now_v7(), "eventType": "selection", "category": "nest",
            "selectionValue": "nest80", "ageMs": 0}]});
    bed.post("/api/sessions/track-batch", body).await;
    to_noon(&bed, 1);
    // What was accepted and not drained belongs to the day, too.
    assert_eq!(make(&bed, DAILY).await.len(), 1);
    let kept = latest(&bed, DAILY).await;
    assert_eq!(kept["overview"]["current"]["selections"], 1, "{kept}");
    let meta = &kept["overview"]["meta"];
    let range = format!(
        "timeRange=custom&tz=Europe/Vienna&from={}&to={}",
        meta["from"].as_str().unwrap(),
        meta["to"].as_str().unwrap()
    );
    let live = async |report: &str, query: &str| {
        let path = format!("/api/admin/analytics/{report}?{range}{query}");
        bed.get_as_admin(&path).await.body
    };
    let overview = live("overview", "&interval=hour").await;
    for field in ["current", "previous", "series"] {
        assert_eq!(kept["overview"][field], overview[field], "{field}");
    }
    let funnel = live("conversion-funnel", "").await;
    assert_eq!(kept["conversionFunnel"]["steps"], funnel["steps"]);
    assert!(kept["meta"]["note"].as_str().unwrap().contains("live reports"));
    // An event of that day that comes a day late is in the live report alone.
    let late = json!({"sessionId": "late", "events": [
        {"eventId": uuid::Uuid::now_v7(), "eventType": "selection", "category": "nest",
            "selectionValue": "nest80", "ageMs": TimeDelta::days(1).num_milliseconds()}]});
    bed.post("/api/sessions/track-batch", late).await;
    bed.drain().await;
    assert_eq!(live("overview", "").await["current"]["selections"], 2);
    assert!(make(&bed, DAILY).await.is_empty());
    assert_eq!(latest(&bed, DAILY).await, kept);
}

#[tokio::test]
async fn a_report_waits_until_what_belongs_to_it_can_be_read() {
    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let reply = bed.get("/api/cron/daily-summary").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text);
    assert_eq!(bed.count("SELECT count(*) FROM stored_reports").await, 0);
}

/// The first instant of the month of Vienna before the present one, and the present one's.
fn last_month(bed: &TestBed) -> (DateTime<Utc>, DateTime<Utc>) {
    let to = Interval::Month.start(bed.now(), vienna());
    (Interval::Month.start(to - TimeDelta::days(1), vienna()), to)
}

#[tokio::test]
async fn the_month_has_revenue_orders_and_rates_and_the_week_has_behaviour() {
    let bed = TestBed::new().await;
    to_noon(&bed, 1);
    let (from, to) = last_month(&bed);
    let in_month = (from + TimeDelta::days(3)).to_rfc3339();
    let paid = json!({"ordered_at": in_month, "channel": "email", "configuring": true});
    plant(&bed, ("buyer", 1), &in_month, paid).await;
    plant(&bed, ("looker", 1), &in_month, json!({})).await;
    pay(&bed, ("o1", "captured"), Some("buyer"), &in_month, 12_000_000).await;
    assert_eq!(make(&bed, MONTHLY).await, [from]);
    let month = latest(&bed, MONTHLY).await;
    assert_eq!(month["meta"]["to"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), to);
    let current = &month["overview"]["current"];
    assert_eq!(current["revenue"]["netCents"], 12_000_000, "{current}");
    assert_eq!(current["revenue"]["averageOrderCents"], 12_000_000);
    let macro_rate = &current["sessionConversion"]["macro"];
    assert_eq!((&macro_rate["num"], &macro_rate["den"]), (&json!(1), &json!(2)));
    let values = month["attribution"]["values"].as_array().unwrap();
    let email = values.iter().find(|value| value["value"] == "email").unwrap();
    assert_eq!(email["credits"]["last"]["revenueCents"], 12_000_000, "{email}");
    assert!(month["priceDistribution"].is_object() && month["popularConfigs"].is_object());

    assert_eq!(make(&bed, WEEKLY).await.len(), 1);
    let week = latest(&bed, WEEKLY).await;
    for section in
        ["overview", "channels", "dropoff", "journeys", "friction", "retention", "popularConfigs"]
    {
        assert!(week[section]["meta"].is_object(), "{section}: {}", week[section]);
    }
    assert_eq!(week["overview"]["series"].as_array().unwrap().len(), 7);
    assert!(!week["retention"]["cohorts"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn kept_reports_are_listed_page_by_page_and_had_as_files() {
    let bed = TestBed::new().await;
    to_noon(&bed, 1);
    for job in [DAILY, WEEKLY, MONTHLY] {
        make(&bed, job).await;
    }
    to_noon(&bed, 1);
    make(&bed, DAILY).await;
    let all = list(&bed, "").await;
    assert_eq!((all["reports"].as_array().unwrap().len(), &all["nextCursor"]), (4, &Value::Null));
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&bed, &format!("limit=1{cursor}")).await;
        paged.extend(page["reports"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(json!(paged), all["reports"]);
    let daily = list(&bed, "kind=daily-summary").await["reports"].clone();
    assert_eq!(daily.as_array().unwrap().len(), 2);

    let id = daily[0]["id"].as_str().unwrap();
    let file = async |query: &str| {
        bed.get_as_admin(&format!("/api/admin/reports/content?id={id}&{query}")).await
    };
    let csv = file("format=csv").await;
    assert!(csv.text.starts_with("german,english,unit,value,"), "{}", csv.text);
    assert!(csv.text.contains("\nBesuche,Visits,count,0.0,"), "{}", csv.text);
    let name = csv.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"daily-summary-2"), "{name}");
    let steps = file("format=csv&section=conversionFunnel").await;
    assert_eq!(steps.text.lines().count(), 6, "{}", steps.text);
    let book = file("format=xlsx").await;
    assert!(book.status == StatusCode::OK && book.text.starts_with("PK"));
    let exports = "SELECT count(*) FROM audit_log WHERE action = 'report.export'";
    assert_eq!(bed.count(exports).await, 3, "files are on record");

    for (query, field) in [("format=pdf", "query"), ("format=csv&section=x", "section")] {
        let reply = file(query).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
    }
    let nobody = "/api/admin/reports/content?id=00000000-0000-0000-0000-000000000000";
    assert_eq!(bed.get_as_admin(nobody).await.status, StatusCode::NOT_FOUND);
    for query in ["kind=hourly", "limit=0", "cursor=x", "sort=kind"] {
        let reply = bed.get_as_admin(&format!("/api/admin/reports?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
}
