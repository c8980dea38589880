//! Visits put into the database by hand, as the projection would leave them.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use nest_haus::testing::TestBed;
use serde_json::{Value, json};

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Plants a visit of a session: one of a desktop without a visitor that came directly and did nothing,
/// but for the columns that are given. `path` is what it went through.
pub(crate) async fn plant(
    bed: &TestBed,
    (session, number): (&str, i32),
    started: &str,
    other: Value,
) {
    let mut row = json!({
        "session_id": session, "number": number, "started_at": started, "ended_at": started,
        "population": "eligible", "bounced": false, "configuring": false, "funnel_level": 1,
        "page_views": 1, "interactions": 1, "selections": 0, "snapshots": 0, "duration_ms": 0,
        "engaged_ms": 0, "step_at": [started], "device": "desktop", "channel": "direct",
        "bot_reasons": [], "emitted": 0, "captured": 0,
    });
    let given = other.as_object().unwrap().clone();
    let path = given.get("path").cloned().unwrap_or(json!([]));
    row.as_object_mut().unwrap().extend(given);
    sqlx::query(
        "WITH planted AS (
            INSERT INTO visits SELECT (jsonb_populate_record(NULL::visits,
                $1 || jsonb_build_object('session_key', md5($1 ->> 'session_id')::uuid))).*
            RETURNING session_key, number, started_at
         ), hours AS (
            INSERT INTO stale_hours SELECT date_bin('1 hour', started_at, 'epoch') FROM planted
            ON CONFLICT DO NOTHING)
         INSERT INTO visit_paths
         SELECT session_key, number, ARRAY(SELECT jsonb_array_elements_text($2)) FROM planted",
    )
    .bind(row)
    .bind(path)
    .execute(&bed.app.db)
    .await
    .unwrap();
    link(bed).await;
}

/// Tells each visit which was before it, which was its visitor's first, and which the last that does not
/// count.
async fn link(bed: &TestBed) {
    sqlx::query(
        "UPDATE visits SET previous_visit_at = linked.previous, first_visit_at = linked.first,
            left_out_at = linked.left_out
         FROM (SELECT session_key, number, lag(started_at) OVER way AS previous,
                first_value(started_at) OVER way AS first,
                max(started_at) FILTER (WHERE population <> 'eligible')
                    OVER (PARTITION BY visitor_id) AS left_out
            FROM visits WHERE visitor_id IS NOT NULL
            WINDOW way AS (PARTITION BY visitor_id ORDER BY started_at, session_key, number)) AS linked
         WHERE (visits.session_key, visits.number) = (linked.session_key, linked.number)",
    )
    .execute(&bed.app.db)
    .await
    .unwrap();
}

/// Plants a payment or a refund of an order.
pub(crate) async fn pay(
    bed: &TestBed,
    (order, kind): (&str, &str),
    session: Option<&str>,
    paid: &str,
    cents: i64,
) {
    sqlx::query(
        "INSERT INTO payments VALUES ($1 || $5, $2::payment_kind, $1, md5($3)::uuid, $4, $5, 'EUR', $5,
            $4, 'test')",
    )
    .bind(order)
    .bind(kind)
    .bind(session)
    .bind(at(paid))
    .bind(cents)
    .execute(&bed.app.db)
    .await
    .unwrap();
}

/// A report on a range in the past, which must succeed.
pub(crate) async fn report(bed: &TestBed, name: &str, range: (&str, &str), query: &str) -> Value {
    let path = format!(
        "/api/admin/analytics/{name}?timeRange=custom&from={}T00:00:00Z&to={}T00:00:00Z&{query}",
        range.0, range.1
    );
    let reply = bed.get_as_admin(&path).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

/// Asks what must be refused for a field.
pub(crate) async fn refuses(bed: &TestBed, name: &str, questions: &[(&str, &str)]) {
    for (query, field) in questions {
        let reply = bed.get_as_admin(&format!("/api/admin/analytics/{name}?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", reply.text);
        assert_eq!(reply.body["errors"][0]["field"], *field, "{query}: {}", reply.text);
    }
}

/// The numerator and denominator of a rate.
pub(crate) fn counts(rate: &Value) -> (i64, i64) {
    (rate["num"].as_i64().unwrap(), rate["den"].as_i64().unwrap())
}
