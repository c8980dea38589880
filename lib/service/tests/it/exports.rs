//! Reports as files: the same numbers as the API's, whatever the form.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::testing::TestBed;
use serde_json::{Value, json};
use uuid::Uuid;

const EXPORT: &str = "/api/admin/analytics/export";

/// Reports, where their rows stand in their answers, and what they need to be asked.
const REPORTS: [(&str, &str, &str); 13] = [
    ("overview", "/series", "timeRange=24h"),
    ("popular-configs", "/configurations", "timeRange=24h"),
    ("conversion-funnel", "/steps", "timeRange=24h"),
    ("sessions", "/visits", "timeRange=24h"),
    ("user-journey", "/rows", "sessionId=visitor-1"),
    ("retention", "/cohorts", "timeRange=30d"),
    ("journeys", "/links", "timeRange=24h"),
    ("heatmap", "/pages", "timeRange=24h"),
    ("price-distribution", "/distribution/bins", "timeRange=24h"),
    ("attribution", "/values", "timeRange=24h"),
    ("dropoff", "/levels", "timeRange=24h"),
    ("performance", "/metrics", "timeRange=24h"),
    ("data-quality", "/ledger", ""),
];

async fn visits(bed: &TestBed, count: usize) {
    for n in 0..count {
        let event = |name: &str, category: &str, value: &str| {
            json!({"eventId": Uuid::now_v7(), "eventType": name, "category": category,
                "selectionValue": value, "ageMs": 1000 * n})
        };
        let events = [
            event("page_visit", "navigation", "=HYPERLINK(1)"),
            event("selection", "nest", "nest80"),
        ];
        let body = json!({"sessionId": format!("visitor-{n}"), "events": events});
        assert_eq!(bed.post("/api/sessions/track-batch", body).await.status, StatusCode::ACCEPTED);
    }
    let cart =
        json!({"sessionId": "visitor-1", "configuration": {"nest": "nest80"}, "totalPrice": 1});
    bed.post("/api/sessions/track-cart-add", cart).await;
    let vital = json!({"sessionId": "visitor-1", "metricName": "LCP", "value": 1800});
    bed.post("/api/performance/track", vital).await;
    bed.drain().await;
}

/// The values of a row, each under its path.
fn flat(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flat(&path, value, found);
            }
        }
        other => found.push((path.to_owned(), other.clone())),
    }
}

fn rows_of(answer: &Value, path: &str) -> Vec<Value> {
    match answer.pointer(path).unwrap() {
        Value::Array(rows) => rows.clone(),
        one => vec![one.clone()],
    }
}

#[tokio::test]
async fn every_report_has_the_same_numbers_as_a_file_as_by_the_api() {
    let bed = TestBed::new().await;
    visits(&bed, 3).await;
    let at = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (from, to) = (bed.now() - TimeDelta::days(1), bed.now() + TimeDelta::seconds(1));
    let fixed = format!("timeRange=custom&from={}&to={}", at(from), at(to));
    for (report, path, query) in REPORTS {
        let query = query.replace("timeRange=24h", &fixed);
        let api = bed.get_as_admin(&format!("/api/admin/analytics/{report}?{query}")).await;
        assert_eq!(api.status, StatusCode::OK, "{report}: {}", api.text);
        let expected = rows_of(&api.body, path);
        let ask = |format: &str| format!("{EXPORT}?report={report}&format={format}&{query}");
        let lines = bed.get_as_admin(&ask("ndjson")).await;
        assert_eq!(lines.status, StatusCode::OK, "{report}: {}", lines.text);
        let lines: Vec<Value> =
            lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let file = bed.get_as_admin(&ask("csv")).await;
        let mut reader = csv::Reader::from_reader(file.text.as_bytes());
        let columns = reader.headers().unwrap().clone();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((lines.len(), records.len()), (expected.len(), expected.len()), "{report}");
        for ((row, line), record) in expected.iter().zip(&lines).zip(&records) {
            let mut cells = Vec::new();
            flat("", row, &mut cells);
            for (name, value) in cells.into_iter().filter(|(name, _)| name != "asOf") {
                let pointer = format!("/{}", name.replace('.', "/"));
                assert_eq!(line.pointer(&pointer), Some(&value), "{report} {name}");
                let column = columns.iter().position(|column| column == name).unwrap();
                let text = match &value {
                    Value::Null => String::new(),
                    Value::String(text) if text.starts_with('=') => format!("'{text}"),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(&record[column], text, "{report} {name}");
            }
        }
    }
}

#[tokio::test]
async fn what_can_be_added_up_is_the_same_by_api_file_and_roll_up() {
    let bed = TestBed::new().await;
    visits(&bed, 5).await;
    let query = "timeRange=24h&interval=hour";
    let overview = bed.get_as_admin(&format!("/api/admin/analytics/overview?{query}")).await.body;
    let file = bed.get_as_admin(&format!("{EXPORT}?report=overview&format=csv&{query}")).await.text;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let measures: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_name = 'visit_rollups' AND data_type = 'bigint' ORDER BY ordinal_position",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    assert!(measures.len() >= 20);
    for measure in measures {
        let rolled = bed
            .count(&format!(
                "SELECT sum({measure})::bigint FROM visit_rollups WHERE grain = 'hour'"
            ))
            .await;
        let single = bed.count(&format!("SELECT sum({measure})::bigint FROM visit_measures")).await;
        let by_api = if let Some(step) = measure.strip_prefix("reached_") {
            let step: usize = step.parse().unwrap();
            overview["current"]["reached"][step - 1].clone()
        } else {
            let mut name = String::new();
            for (part, word) in measure.split('_').enumerate() {
                let (first, rest) = word.split_at(1);
                name += &if part == 0 { first.to_owned() } else { first.to_uppercase() };
                name += rest;
            }
            let column = columns.iter().position(|column| column == name).expect(&name);
            let by_file: i64 =
                records.iter().map(|record| record[column].parse::<i64>().unwrap()).sum();
            assert_eq!(by_file, single, "{measure}");
            overview["current"][&name].clone()
        };
        assert_eq!((rolled, by_api), (single, json!(single)), "{measure}");
    }
}

#[tokio::test]
async fn a_long_list_is_given_out_page_by_page() {
    let bed = TestBed::new().await;
    visits(&bed, 130).await;
    let file =
        bed.get_as_admin(&format!("{EXPORT}?report=sessions&format=csv&timeRange=24h")).await;
    assert_eq!(file.text.lines().count(), 131);
    assert!(file.text.contains("'=HYPERLINK(1)") && !file.text.contains(",=HYPERLINK"));
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    let disposition = file.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"sessions-"), "{disposition}");
    let book =
        bed.get_as_admin(&format!("{EXPORT}?report=sessions&format=xlsx&timeRange=24h")).await;
    assert!(book.text.starts_with("PK") && book.status == StatusCode::OK);
}

#[tokio::test]
async fn exports_are_on_record_and_bad_ones_are_refused() {
    let bed = TestBed::new().await;
    bed.get_as_admin(&format!("{EXPORT}?report=overview&format=csv")).await;
    let on_record =
        "SELECT count(*) FROM audit_log WHERE action = 'report.export' AND subject = 'overview'";
    assert_eq!(bed.count(on_record).await, 1);
    for (query, named) in [
        ("report=everything&format=csv", "overview"),
        ("report=overview&format=pdf", "ndjson"),
        ("report=overview", "format"),
        ("report=overview&format=csv&timeRange=1y", "90d"),
        ("report=overview&format=csv&limit=3", "interval"),
    ] {
        let reply = bed.get_as_admin(&format!("{EXPORT}?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", reply.text);
        assert!(reply.text.contains(named), "{query}: {}", reply.text);
    }
}
