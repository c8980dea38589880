//! The distribution of prices: worked out by hand from a few configurations.

use axum::http::StatusCode;
use nest_haus::testing::TestBed;
use serde_json::{Value, json};

const REPORT: &str = "/api/admin/analytics/price-distribution";

async fn sync(bed: &TestBed, session: &str, configuration: Value) {
    let body = json!({"sessionId": session, "configuration": configuration, "currentPrice": 1});
    assert_eq!(bed.post("/api/sessions/sync", body).await.status, StatusCode::OK);
}

async fn report(bed: &TestBed, query: &str) -> Value {
    let reply = bed.get_as_admin(&format!("{REPORT}?timeRange=24h&{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body
}

/// Three houses of the first size, one of which was the largest before, and one session that is
/// somebody's of the maker.
async fn houses(bed: &TestBed) {
    sync(bed, "a", json!({"nest": "nest160"})).await;
    bed.advance(chrono::TimeDelta::milliseconds(5));
    for session in ["a", "b", "c", "own"] {
        sync(bed, session, json!({"nest": "nest80"})).await;
    }
    bed.drain().await;
    // Requests without a browser's headers look like a robot's.
    let populations = "UPDATE visits SET population =
        (CASE session_id WHEN 'own' THEN 'internal' ELSE 'eligible' END)::population";
    sqlx::query(populations).execute(&bed.app.db).await.unwrap();
    let votes = "UPDATE votes SET population = v.population
        FROM visits AS v WHERE v.session_key = votes.session_key";
    sqlx::query(votes).execute(&bed.app.db).await.unwrap();
}

#[tokio::test]
async fn a_session_votes_once_by_the_basis_that_is_asked_for() {
    let bed = TestBed::new().await;
    houses(&bed).await;
    let last = report(&bed, "").await;
    assert_eq!(last["distribution"]["sessions"], 3);
    assert_eq!(last["distribution"]["percentiles"]["p50"], 23_744_500);
    assert_eq!(last["byBase"][0]["value"], "nest80");
    assert_eq!(last["byBase"][0]["votes"], 3);
    assert_eq!(last["bySource"][0]["value"], "(not set)");
    assert_eq!(last["repriced"], false);
    let bins = last["distribution"]["bins"].as_array().unwrap().iter();
    assert_eq!(bins.map(|bin| bin["sessions"].as_i64().unwrap()).sum::<i64>(), 3);
    let ever = report(&bed, "basis=ever").await;
    assert_eq!(ever["distribution"]["sessions"], 4);
    assert_eq!(ever["byBase"][1]["value"], "nest160");
    assert_eq!(report(&bed, "basis=ordered").await["distribution"]["sessions"], 0);
    assert_eq!(report(&bed, "population=all").await["distribution"]["sessions"], 4);
    let refused = bed.get_as_admin(&format!("{REPORT}?basis=best")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["errors"][0]["field"], "basis");
}

#[tokio::test]
async fn prices_can_be_those_of_the_list_in_force_now() {
    let bed = TestBed::new().await;
    houses(&bed).await;
    let mut catalogue = bed.get_as_admin("/api/admin/catalog").await.body["catalogue"].clone();
    let dearer = catalogue["prices"][0]["price"].as_i64().unwrap() + 1_000_000;
    catalogue["prices"][0]["price"] = json!(dearer);
    let body = json!({"expectedVersion": 1, "catalogue": catalogue});
    let put = bed.send_as_admin("PUT", "/api/admin/catalog", body).await;
    assert!(put.status.is_success(), "{}", put.text);
    bed.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(report(&bed, "").await["distribution"]["percentiles"]["p50"], 23_744_500);
    let repriced = report(&bed, "repriced=true").await;
    assert_eq!(repriced["distribution"]["percentiles"]["p50"], 24_744_500);
    assert_eq!((&repriced["repriced"], &repriced["priceListVersion"]), (&json!(true), &json!(2)));
}
