//! Sessions listed and searched: filters, orders, pages.

use axum::http::StatusCode;
use nest_haus::testing::TestBed;
use serde_json::{Value, json};

const LIST: &str = "/api/admin/analytics/sessions";

/// Twelve sessions with a visit each, an hour apart: number 1 is the latest. Every third has a price,
/// number 6 is in the cart, number 9 a robot.
async fn visits(bed: &TestBed) {
    for statement in [
        "INSERT INTO user_sessions (session_key, session_id, status, started_at, total_price_cents)
         SELECT md5(i::text)::uuid, 'client_' || i || '_x',
            (CASE i WHEN 6 THEN 'IN_CART' ELSE 'ACTIVE' END)::session_status,
            now() - i * interval '1 hour', CASE WHEN i % 3 = 0 THEN i * 1000 END
         FROM generate_series(1, 12) AS i",
        "INSERT INTO visits (session_key, number, session_id, started_at, ended_at, population,
            bounced, configuring, funnel_level, page_views, interactions, selections, snapshots,
            duration_ms, engaged_ms, emitted, captured, step_at, cart_at, device, channel, country)
         SELECT session_key, 1, session_id, started_at, started_at,
            (CASE session_id WHEN 'client_9_x' THEN 'bot' ELSE 'eligible' END)::population,
            false, total_price_cents IS NOT NULL, 1, 1, 0, 0, 0, 0,
            split_part(session_id, '_', 2)::int % 4 * 1000, 0, 0, ARRAY[started_at],
            CASE WHEN status = 'IN_CART' THEN started_at END,
            CASE WHEN session_id LIKE '%1\\_x' THEN 'mobile' ELSE 'desktop' END, 'direct', 'AT'
         FROM user_sessions",
        "INSERT INTO visit_paths
         SELECT session_key, number, ARRAY['/', CASE device WHEN 'mobile' THEN '/kontakt' ELSE 'nest' END]
         FROM visits",
        "INSERT INTO stale_hours SELECT DISTINCT date_trunc('hour', started_at) FROM visits",
    ] {
        sqlx::query(statement).execute(&bed.app.db).await.unwrap();
    }
}

async fn list(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("{LIST}?{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{query}: {}", reply.text);
    reply.body
}

/// The numbers in the session ids of a page.
fn numbers(page: &Value) -> Vec<i64> {
    let visits = page["visits"].as_array().unwrap().iter();
    let number = |visit: &Value| {
        let id = visit["sessionId"].as_str().unwrap();
        id.split('_').nth(1).unwrap().parse().unwrap()
    };
    visits.map(number).collect()
}

#[tokio::test]
async fn filters_leave_what_matches() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12][..]),
        ("population=all", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ("status=IN_CART", &[6]),
        ("device=mobile", &[1, 11]),
        ("page=/kontakt", &[1, 11]),
        ("page=/nowhere", &[]),
        ("country=DE", &[]),
        ("search=client_1", &[1, 10, 11, 12]),
        ("search=client-1", &[]),
        ("search=client%25", &[]),
        ("minPriceCents=4000", &[6, 12]),
        ("maxPriceCents=6000", &[3, 6]),
        ("hasConfiguration=true", &[3, 6, 12]),
        ("hasCart=true", &[6]),
        ("hasCart=false&hasConfiguration=true", &[3, 12]),
        ("hasCompletion=true", &[]),
        ("hasOrder=false&channel=direct&device=mobile&search=client_11", &[11]),
    ] {
        let page = list(&bed, query).await;
        assert_eq!(numbers(&page), expected, "{query}");
        assert_eq!(page["count"], expected.len(), "{query}");
        assert_eq!(page["countIsLeast"], false);
    }
    let page = list(&bed, "search=client_6").await;
    assert_eq!(page["visits"][0]["priceCents"], 6000);
    assert_eq!(page["visits"][0]["status"], "IN_CART");
    assert_eq!(page["meta"]["excluded"]["bot"], 1);
    let early = list(&bed, "timeRange=custom&from=2001-01-01T00:00:00Z&to=2001-02-01T00:00:00Z");
    assert_eq!(early.await["count"], 0);
}

#[tokio::test]
async fn every_order_comes_in_pages_that_new_visits_do_not_disturb() {
    let bed = TestBed::new().await;
    visits(&bed).await;
    for (sort, first) in [("newest", [1, 2]), ("price", [12, 6]), ("engaged", [0, 0])] {
        let whole = numbers(&list(&bed, &format!("sort={sort}")).await);
        if first == [0, 0] {
            assert!(whole[..3].iter().all(|number| number % 4 == 3), "{whole:?}");
        } else {
            assert_eq!(whole[..2], first, "{sort}");
        }
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = list(&bed, &format!("sort={sort}&limit=3{cursor}")).await;
            paged.extend(numbers(&page));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            let newer = "UPDATE visits SET started_at = started_at + interval '1 second'
                WHERE session_id = 'client_1_x'";
            sqlx::query(newer).execute(&bed.app.db).await.unwrap();
        }
        assert_eq!(paged, whole, "{sort}");
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_by_name() {
    let bed = TestBed::new().await;
    let cursor = {
        visits(&bed).await;
        let page = list(&bed, "limit=1").await;
        page["nextCursor"].as_str().unwrap().to_owned()
    };
    for (query, field) in [
        ("status=OPEN", "status"),
        ("sort=oldest", "sort"),
        ("limit=201", "limit"),
        ("minPriceCents=-1", "minPriceCents"),
        ("cursor=abc", "cursor"),
        (&format!("sort=price&cursor={cursor}"), "cursor"),
        ("colour=red", "colour"),
    ] {
        let reply = bed.get_as_admin(&format!("{LIST}?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(reply.body["errors"][0]["field"], json!(field), "{query}");
    }
}
