//! The catalogue: read by the public, changed by administrators, kept for ever.

use axum::http::StatusCode;
use chrono::{SubsecRound, TimeDelta, Utc};
use nest_haus::accounts;
use nest_haus::configurator;
use nest_haus::testing::{Reply, TestBed};
use serde_json::{Value, json};

const CATALOG: &str = "/api/admin/catalog";
const ROLLBACK: &str = "/api/admin/catalog/rollback";
const HISTORY: &str = "/api/admin/catalog/history";

async fn catalogue(bed: &TestBed) -> Value {
    bed.get_as_admin(CATALOG).await.body["catalogue"].clone()
}

/// The catalogue with another price for the smallest house, in cents.
async fn with_house_price(bed: &TestBed, cents: i64) -> Value {
    let mut catalogue = catalogue(bed).await;
    catalogue["prices"][0]["price"] = json!(cents);
    catalogue
}

async fn put(bed: &TestBed, body: Value) -> Reply {
    bed.send_as_admin("PUT", CATALOG, body).await
}

async fn publish(bed: &TestBed, expected: i32, cents: i64) -> Reply {
    let catalogue = with_house_price(bed, cents).await;
    put(bed, json!({"expectedVersion": expected, "catalogue": catalogue})).await
}

async fn house_price(bed: &TestBed) -> Value {
    bed.get("/api/pricing/data").await.body["data"]["nest"]["nest80"]["price"].clone()
}

async fn states(bed: &TestBed) -> Vec<(i64, String)> {
    let history = bed.get_as_admin(HISTORY).await.body;
    let versions = history["versions"].as_array().unwrap();
    let state = |v: &Value| (v["version"].as_i64().unwrap(), v["state"].as_str().unwrap().into());
    versions.iter().map(state).collect()
}

fn expected_states(states: &[(i64, &str)]) -> Vec<(i64, String)> {
    states.iter().map(|(version, state)| (*version, (*state).to_owned())).collect()
}

#[tokio::test]
async fn prices_are_served_with_a_version_and_a_tag() {
    let bed = TestBed::new().await;
    let first = bed.get("/api/pricing/data").await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.body["version"], 1);
    assert_eq!(first.body["data"]["fenster"]["totalPrices"]["holz"]["nest80"]["bright"], 55_527);
    assert!(first.headers["cache-control"].to_str().unwrap().contains("s-maxage=60"));
    for path in ["/api/pricing/data", "/api/catalog", "/api/house-options"] {
        let tag = bed.get(path).await.headers["etag"].to_str().unwrap().to_owned();
        for named in [tag.clone(), format!("\"other\", {}", tag.trim_start_matches("W/"))] {
            let request = axum::http::Request::get(path).header("if-none-match", named);
            let again = bed.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(
                (again.status, again.text.as_str()),
                (StatusCode::NOT_MODIFIED, ""),
                "{path}"
            );
        }
    }
    publish(&bed, 1, 100).await;
    let tag = first.headers["etag"].to_str().unwrap();
    let request = axum::http::Request::get("/api/pricing/data").header("if-none-match", tag);
    let changed = bed.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((changed.status, &changed.body["version"]), (StatusCode::OK, &json!(2)));
}

#[tokio::test]
async fn a_configuration_has_one_price_in_every_shape_that_clients_send() {
    let bed = TestBed::new().await;
    let choices = json!({"nest": "nest80", "fenster": "holz", "belichtungspaket": "bright",
        "pvanlage": {"value": "pv_modules", "quantity": 4, "price": 1}});
    for body in [
        choices.clone(),
        json!({"selections": choices}),
        json!({"configuration": choices}),
        json!({"selections": {"nest": "nest80", "fenster": "holz", "belichtungspaket": "bright", "pvanlage": "4"}}),
        json!({"nest": {"category": "nest", "value": "nest80", "price": 155_500},
            "fenster": {"value": "holz", "price": 400}, "belichtungspaket": {"value": "bright"},
            "pvanlage": {"value": "pv_modules", "quantity": 4}, "totalPrice": 3}),
    ] {
        let reply = bed.post("/api/pricing/calculate", body).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.body["totalPrice"], 213_032 + 24_413 + 55_527 + 10_286);
        assert_eq!(reply.body["quote"]["totalCents"], 30_325_800);
        assert_eq!(reply.body["quote"]["priceListVersion"], 1);
        let breakdown = &reply.body["priceBreakdown"];
        let options: i64 = breakdown["options"]
            .as_object()
            .unwrap()
            .values()
            .map(|option| option["price"].as_i64().unwrap())
            .sum();
        assert_eq!(breakdown["basePrice"].as_i64().unwrap() + options, 303_258);
    }
}

#[tokio::test]
async fn what_cannot_be_priced_is_refused_or_named() {
    let bed = TestBed::new().await;
    for body in [json!({}), json!({"gebaeudehuelle": "x"}), json!({"nest": null}), json!([])] {
        let reply = bed.post("/api/pricing/calculate", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.body["error"], "Hoam type required");
        assert_eq!(reply.body["errors"][0]["field"], "nest");
    }
    let reply = bed.post("/api/pricing/calculate", json!({"nest": "nest200"})).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.body["detail"].as_str().unwrap().contains("nest80, nest100"));
    let odd = json!({"nest": "nest80", "gebaeudehuelle": "gold"});
    let reply = bed.post("/api/pricing/calculate", odd).await;
    assert_eq!(reply.body["quote"]["warnings"][0]["code"], "unknown_option");
}

#[tokio::test]
async fn the_catalogue_and_its_options_are_public() {
    let bed = TestBed::new().await;
    let catalogue = bed.get("/api/catalog").await.body;
    assert_eq!(
        (&catalogue["version"], &catalogue["catalogue"]["base"]),
        (&json!(1), &json!("nest"))
    );
    let options = bed.get("/api/house-options?category=fussboden").await.body["data"].clone();
    let values: Vec<&str> =
        options.as_array().unwrap().iter().map(|o| o["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["ohne_belag", "parkett", "kalkstein_kanafar", "schiefer_massiv"]);
    assert_eq!(options[1]["basePrice"], 20_531);
    assert_eq!(bed.get("/api/house-options?category=none").await.body["data"], json!([]));
    let all = bed.get("/api/house-options").await.body["data"].clone();
    assert!(all.as_array().unwrap().iter().all(|option| option["category"] != "stirnseite"));
}

#[tokio::test]
async fn publishing_is_at_once_on_record_and_for_good() {
    let bed = TestBed::new().await;
    let reply = publish(&bed, 1, 30_000_000).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.body["version"], 2);
    let change = json!({"kind": "price", "category": "nest", "option": "nest80",
        "from": 21_303_200, "to": 30_000_000});
    assert_eq!(reply.body["changes"], json!([change]));
    assert_eq!(house_price(&bed).await, 300_000);
    assert_eq!(states(&bed).await, expected_states(&[(2, "published"), (1, "superseded")]));
    let history = bed.get_as_admin(HISTORY).await.body;
    assert_eq!(history["versions"][0]["changes"], json!([change]));
    assert_eq!(history["versions"][0]["publishedBy"], "api-key:tests");
    let annotations = "SELECT count(*) FROM annotations WHERE kind = 'price_list'";
    assert_eq!(bed.count(annotations).await, 2);
    let audit = accounts::verify(&bed.app).await.unwrap();
    assert_eq!((audit.entries, audit.broken), (3, None));
    for change in [
        "UPDATE price_lists SET document = '{}'",
        "UPDATE price_lists SET effective_from = now() WHERE version = 2",
        "UPDATE price_lists SET state = 'draft' WHERE version = 2",
        "UPDATE price_lists SET state = 'withdrawn' WHERE version = 2",
        "DELETE FROM price_lists",
        "TRUNCATE price_lists CASCADE",
        "UPDATE audit_log SET actor = 'nobody'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
    ] {
        assert!(sqlx::query(change).execute(&bed.app.db).await.is_err(), "{change}");
    }
}

#[tokio::test]
async fn whoever_gets_around_the_database_is_found_by_the_chain() {
    let bed = TestBed::new().await;
    publish(&bed, 1, 100).await;
    for statement in [
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "UPDATE audit_log SET actor = 'somebody else' WHERE seq = 1",
    ] {
        sqlx::query(statement).execute(&bed.app.db).await.unwrap();
    }
    let changed = configurator::changed_price_lists(&bed.app.db).await.unwrap();
    assert!(changed.is_empty());
    let audit = accounts::verify(&bed.app).await.unwrap();
    assert_eq!(audit.broken.as_deref(), Some("the audit log is broken at entry 1: it was changed"));
    for statement in [
        "ALTER TABLE price_lists DISABLE TRIGGER ALL",
        "UPDATE price_lists SET document = jsonb_set(document, '{base}', '1') WHERE version = 2",
    ] {
        sqlx::query(statement).execute(&bed.app.db).await.unwrap();
    }
    assert_eq!(configurator::changed_price_lists(&bed.app.db).await.unwrap(), [2]);
    for statement in [
        "UPDATE price_lists SET effective_from = now() WHERE version = 1",
        "DELETE FROM price_lists WHERE version = 2",
    ] {
        sqlx::query(statement).execute(&bed.app.db).await.unwrap();
    }
    assert_eq!(configurator::changed_price_lists(&bed.app.db).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let bed = TestBed::new().await;
    for session in ["a", "b"] {
        let body =
            json!({"sessionId": session, "configuration": {"nest": "nest80"}, "currentPrice": 1});
        bed.post("/api/sessions/sync", body).await;
    }
    bed.drain().await;
    let catalogue = with_house_price(&bed, 21_303_300).await;
    let reply =
        put(&bed, json!({"expectedVersion": 1, "dryRun": true, "catalogue": catalogue})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!((&reply.body["dryRun"], &reply.body["version"]), (&json!(true), &json!(null)));
    let effect = &reply.body["effect"][0];
    assert_eq!(effect["sessions"], 2);
    assert_eq!(
        (&effect["beforeCents"], &effect["afterCents"]),
        (&json!(23_744_500), &json!(23_744_600))
    );
    assert_eq!(reply.body["changes"].as_array().unwrap().len(), 1);
    assert_eq!(states(&bed).await, expected_states(&[(1, "published")]));
    assert_eq!(bed.count("SELECT count(*) FROM audit_log").await, 2);
}

#[tokio::test]
async fn prices_change_at_the_time_that_they_were_published_for() {
    let bed = TestBed::new().await;
    let from = bed.now().trunc_subsecs(6) + TimeDelta::seconds(30);
    let catalogue = with_house_price(&bed, 100).await;
    let body = json!({"expectedVersion": 1, "effectiveFrom": from, "catalogue": catalogue});
    assert_eq!(put(&bed, body).await.status, StatusCode::OK);
    assert_eq!(house_price(&bed).await, 213_032);
    assert_eq!(states(&bed).await, expected_states(&[(2, "scheduled"), (1, "published")]));
    let shared = bed.get("/api/pricing/data").await.headers["cdn-cache-control"].clone();
    let seconds: i64 = shared.to_str().unwrap().rsplit('=').next().unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds), "not beyond the change: {seconds}");
    let scheduled = bed.get_as_admin(CATALOG).await.body;
    assert_eq!((&scheduled["scheduled"], &scheduled["latestVersion"]), (&json!([2]), &json!(2)));
    assert_eq!((&scheduled["version"], &scheduled["state"]), (&json!(1), &json!("published")));
    bed.advance(TimeDelta::seconds(31));
    assert_eq!(house_price(&bed).await, 1);
    let past = json!({"expectedVersion": 2, "effectiveFrom": Utc::now() - TimeDelta::days(1),
        "catalogue": with_house_price(&bed, 200).await});
    let reply = put(&bed, past).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["field"], "effectiveFrom");
}

#[tokio::test]
async fn of_two_administrators_the_second_learns_what_the_first_changed() {
    let bed = TestBed::new().await;
    let (first, second) = tokio::join!(publish(&bed, 1, 100), publish(&bed, 1, 200));
    let (won, lost) =
        if first.status == StatusCode::OK { (first, second) } else { (second, first) };
    assert_eq!((won.status, lost.status), (StatusCode::OK, StatusCode::CONFLICT));
    let conflict = &lost.body["conflict"];
    assert_eq!(conflict["latestVersion"], 2);
    assert_eq!(conflict["publishedBy"], "api-key:tests");
    assert_eq!(conflict["changes"], won.body["changes"]);
    assert_eq!(states(&bed).await.len(), 2);
    let merged = publish(&bed, 2, 300).await;
    assert_eq!(merged.body["version"], 3);
}

#[tokio::test]
async fn a_draft_is_published_as_it_is() {
    let bed = TestBed::new().await;
    let catalogue = with_house_price(&bed, 100).await;
    let body =
        json!({"expectedVersion": 1, "draft": true, "note": "spring", "catalogue": catalogue});
    assert_eq!(put(&bed, body).await.body["version"], 2);
    assert_eq!(house_price(&bed).await, 213_032);
    assert_eq!(states(&bed).await, expected_states(&[(2, "draft"), (1, "published")]));
    let draft = bed.get_as_admin("/api/admin/catalog?version=2").await.body;
    assert_eq!(draft["catalogue"], catalogue);
    assert_eq!(draft["latestVersion"], 1);
    let reply = put(&bed, json!({"expectedVersion": 1, "draftVersion": 2})).await;
    assert_eq!(reply.body["version"], 3, "{}", reply.text);
    assert_eq!(house_price(&bed).await, 1);
    assert_eq!(
        states(&bed).await,
        expected_states(&[(3, "published"), (2, "closed"), (1, "superseded")])
    );
    assert_eq!(bed.get_as_admin(HISTORY).await.body["versions"][0]["note"], "spring");
    for version in [1, 2, 99] {
        let reply = put(&bed, json!({"expectedVersion": 3, "draftVersion": version})).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_draft_undoes_nothing_that_was_published_since_it_was_made() {
    let bed = TestBed::new().await;
    let draft = with_house_price(&bed, 100).await;
    put(&bed, json!({"expectedVersion": 1, "draft": true, "catalogue": draft})).await;
    assert_eq!(publish(&bed, 1, 200).await.body["version"], 3);
    let reply = put(&bed, json!({"expectedVersion": 3, "draftVersion": 2})).await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    let conflict = &reply.body["conflict"];
    assert_eq!((&conflict["draftBaseVersion"], &conflict["baseVersion"]), (&json!(1), &json!(3)));
    assert_eq!(conflict["changes"][0]["to"], 200);
    assert_eq!(house_price(&bed).await, 2);
}

#[tokio::test]
async fn an_edit_is_of_the_list_in_force_then_and_says_what_becomes_of_later_ones() {
    let bed = TestBed::new().await;
    let in_a_day = bed.now() + TimeDelta::days(1);
    let later = json!({"expectedVersion": 1, "effectiveFrom": in_a_day,
        "catalogue": with_house_price(&bed, 100).await});
    assert_eq!(put(&bed, later).await.body["version"], 2);
    let mut now = catalogue(&bed).await;
    now["categories"][0]["name"] = json!("Haus");
    let edit =
        |scheduled: &str| json!({"expectedVersion": 2, "scheduled": scheduled, "catalogue": now});
    let reply = put(&bed, edit("refuse")).await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    assert_eq!(reply.body["conflict"]["scheduled"], json!([2]));
    let reply = put(&bed, edit("keep")).await;
    assert_eq!(reply.body["baseVersion"], 1, "{}", reply.text);
    assert_eq!(reply.body["changes"].as_array().unwrap().len(), 1, "the name alone");
    assert_eq!(reply.body["scheduled"], json!([2]));
    assert_eq!(house_price(&bed).await, 213_032);
    let mut then = bed.get_as_admin("/api/admin/catalog?version=2").await.body["catalogue"].clone();
    then["prices"][0]["price"] = json!(300);
    let after = json!({"expectedVersion": 3, "effectiveFrom": in_a_day + TimeDelta::days(1),
        "dryRun": true, "catalogue": then});
    let mut replacing = after.clone();
    replacing["scheduled"] = json!("withdraw");
    assert_eq!(put(&bed, replacing).await.body["baseVersion"], 3, "2 is to be withdrawn");
    let reply = put(&bed, after).await;
    assert_eq!(
        (&reply.body["baseVersion"], &reply.body["changes"][0]["from"]),
        (&json!(2), &json!(100))
    );
}

#[tokio::test]
async fn lists_that_come_into_force_at_once_follow_one_another_whatever_clocks_say() {
    let bed = TestBed::new().await;
    bed.advance(TimeDelta::minutes(1));
    publish(&bed, 1, 100).await;
    bed.advance(TimeDelta::minutes(-1));
    let reply =
        bed.send_as_admin("POST", ROLLBACK, json!({"toVersion": 1, "expectedVersion": 2})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    bed.advance(TimeDelta::minutes(2));
    assert_eq!(house_price(&bed).await, 213_032);
}

#[tokio::test]
async fn what_todays_front_end_reads_is_not_taken_away_unknowingly() {
    let bed = TestBed::new().await;
    let good = catalogue(&bed).await;
    let mut without_hull = good.clone();
    without_hull["categories"][2]["pricingData"] = json!(null);
    let body = json!({"expectedVersion": 1, "catalogue": without_hull});
    let reply = put(&bed, body.clone()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["code"], "removed");
    let mut accepted = body;
    accepted["acceptRemovals"] = json!(true);
    accepted["dryRun"] = json!(true);
    assert_eq!(put(&bed, accepted).await.status, StatusCode::OK);
    let mut renamed = good;
    renamed["base"] = json!("haus");
    let reply = put(&bed, json!({"expectedVersion": 1, "catalogue": renamed})).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_rollback_brings_an_earlier_catalogue_back_as_a_new_version() {
    let bed = TestBed::new().await;
    publish(&bed, 1, 100).await;
    let later = json!({"expectedVersion": 2, "effectiveFrom": bed.now() + TimeDelta::days(1),
        "catalogue": with_house_price(&bed, 300).await});
    assert_eq!(put(&bed, later).await.body["version"], 3);
    let stale = json!({"toVersion": 1, "expectedVersion": 2});
    let reply = bed.send_as_admin("POST", ROLLBACK, stale).await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    let body =
        json!({"toVersion": 1, "expectedVersion": 3, "scheduled": "withdraw", "note": "wrong"});
    let reply = bed.send_as_admin("POST", ROLLBACK, body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!((&reply.body["version"], &reply.body["withdrawn"]), (&json!(4), &json!([3])));
    assert_eq!(house_price(&bed).await, 213_032);
    let expected = [(4, "published"), (3, "withdrawn"), (2, "superseded"), (1, "superseded")];
    assert_eq!(states(&bed).await, expected_states(&expected));
    bed.advance(TimeDelta::days(2));
    assert_eq!(house_price(&bed).await, 213_032);
    let annotations = "SELECT count(*) FROM annotations WHERE kind = 'price_list'";
    assert_eq!(bed.count(annotations).await, 3, "not of the withdrawn one");
    for version in [3, 99] {
        let never = json!({"toVersion": version, "expectedVersion": 4});
        let reply = bed.send_as_admin("POST", ROLLBACK, never).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(accounts::verify(&bed.app).await.unwrap().broken, None);
}

#[tokio::test]
async fn the_history_is_read_in_pages() {
    let bed = TestBed::new().await;
    for version in 1..=4 {
        publish(&bed, version, i64::from(version) * 100).await;
    }
    let page = bed.get_as_admin(&format!("{HISTORY}?limit=2")).await.body;
    assert_eq!((&page["versions"][0]["version"], &page["nextBefore"]), (&json!(5), &json!(4)));
    let page = bed.get_as_admin(&format!("{HISTORY}?limit=10&before=4")).await.body;
    assert_eq!(page["versions"].as_array().unwrap().len(), 3);
    assert_eq!(page["nextBefore"], json!(null));
    let reply = bed.get_as_admin(&format!("{HISTORY}?limit=0")).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn upload(bed: &TestBed, query: &str, csv: impl Into<axum::body::Body>) -> Reply {
    bed.upload_as_admin(("PUT", &format!("{CATALOG}?{query}")), "text/csv; charset=utf-8", csv)
        .await
}

#[tokio::test]
async fn a_price_table_comes_as_csv_and_goes_back_as_csv() {
    let bed = TestBed::new().await;
    let table = bed.get_as_admin(&format!("{CATALOG}?format=csv")).await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert!(table.text.contains("gebaeudehuelle,holzlattung,,,24413,28623,32833,37043,41253"));
    let same = upload(&bed, "expectedVersion=1", table.text.clone()).await;
    assert_eq!(same.body["errors"][0]["code"], "unchanged", "{}", same.text);
    let changed = table.text.replace("holzlattung,,,24413,", "holzlattung,,,24414.50,");
    let reply = upload(&bed, "expectedVersion=1&dryRun=true", changed.clone()).await;
    assert_eq!(reply.body["changes"].as_array().unwrap().len(), 1, "{}", reply.text);
    let reply = upload(&bed, "expectedVersion=1&note=hull", changed).await;
    assert_eq!(reply.body["version"], 2, "{}", reply.text);
    let price =
        bed.get("/api/pricing/data").await.body["data"]["gebaeudehuelle"]["holzlattung"]["nest80"]
            .clone();
    assert_eq!(price, 24_414.5);
}

#[tokio::test]
async fn bad_price_tables_are_refused_by_row_and_column_and_change_nothing() {
    let bed = TestBed::new().await;
    let good = bed.get_as_admin(&format!("{CATALOG}?format=csv")).await.text;
    let row = "gebaeudehuelle,holzlattung,,,24413,28623,32833,37043,41253\n";
    assert_eq!(good.lines().nth(8), Some(row.trim_end()));
    let with = |other: &str| good.replace(row, other);
    let cell = |cell: &str| with(&row.replace("32833", cell));
    let at = |column: &str| format!("row 9, column {column}");
    for (what, table, field, code) in [
        ("missing size", cell(""), at("nest120"), "missing"),
        ("negative price", cell("-5"), at("nest120"), "negative"),
        ("formula", cell("=SUM(E2:E9)"), at("nest120"), "formula"),
        ("thousands", cell("32.833"), at("nest120"), "invalid"),
        ("text", cell("viel"), at("nest120"), "invalid"),
        ("duplicate", with(&row.repeat(2)), "row 10, column option".to_owned(), "duplicate"),
        ("unknown option", with(&row.replace("holzlattung", "gold")), at("option"), "unknown"),
        (
            "unknown category",
            with(&row.replace("gebaeudehuelle", "dach")),
            at("category"),
            "unknown",
        ),
        ("row left out", with(""), "prices".to_owned(), "missing"),
        ("column left out", good.replace("nest160", "nest170"), "file".to_owned(), "missing"),
        ("short row", with("gebaeudehuelle,holzlattung\n"), at("category"), "malformed"),
    ] {
        let reply = upload(&bed, "expectedVersion=1", table).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", reply.text);
        let errors = reply.body["errors"].as_array().unwrap();
        let found = errors.iter().any(|e| e["field"] == json!(field) && e["code"] == code);
        assert!(found, "{what}: {}", reply.text);
    }
    let latin: Vec<u8> = good.replace(row, "geb\u{e4}ude").chars().map(|c| c as u8).collect();
    let reply = upload(&bed, "expectedVersion=1", latin).await;
    assert_eq!(reply.body["errors"][0]["code"], "encoding", "{}", reply.text);
    let reply = upload(&bed, "expectedVersion=1", vec![b'x'; 10_000_000]).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let pdf = bed.upload_as_admin(("PUT", CATALOG), "application/pdf", "%PDF").await;
    assert_eq!(pdf.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(states(&bed).await, expected_states(&[(1, "published")]));
    assert_eq!(bed.count("SELECT count(*) FROM audit_log").await, 2);
}

#[tokio::test]
async fn bad_catalogues_are_refused_by_place_and_change_nothing() {
    let bed = TestBed::new().await;
    let good = catalogue(&bed).await;
    let with = |change: fn(&mut Value)| {
        let mut catalogue = good.clone();
        change(&mut catalogue);
        json!({"expectedVersion": 1, "catalogue": catalogue})
    };
    for (body, field) in [
        (with(|c| c["prices"][0]["price"] = json!(-1)), "catalogue.prices[0].price"),
        (with(|c| c["prices"][0]["price"] = json!(1.5)), "catalogue.prices[0].price"),
        (
            with(|c| c["prices"][6]["prices"]["nest80"] = json!(-1)),
            "catalogue.prices[6].prices.nest80",
        ),
        (with(|c| c["surprise"] = json!(1)), "catalogue.surprise"),
        (
            with(|c| c["categories"][2]["options"][1]["id"] = json!("trapezblech")),
            "catalogue.categories[2].options[1].id",
        ),
        (
            with(|c| {
                c["prices"][6]["prices"].as_object_mut().unwrap().remove("nest80");
            }),
            "catalogue.prices[6].prices.nest80",
        ),
        (
            with(|c| {
                c.as_object_mut().unwrap().remove("base");
            }),
            "catalogue",
        ),
        (json!({"expectedVersion": 1}), "catalogue"),
        (json!({"expectedVersion": 1, "prices": [], "draftVersion": 1}), "catalogue"),
        (json!({"expectedVersion": 1, "prices": []}), "prices"),
        (json!({"catalogue": good}), "expectedVersion"),
        (json!({"expectedVersion": 1, "catalogue": good, "surprise": 1}), "surprise"),
        (json!({"expectedVersion": 1, "catalogue": good, "note": "x".repeat(501)}), "note"),
        (json!({"expectedVersion": "one", "catalogue": good}), "expectedVersion"),
    ] {
        let reply = put(&bed, body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", reply.text);
        let found = reply.body["errors"][0]["field"].as_str().unwrap();
        assert_eq!(found, field, "{}", reply.text);
    }
    let query = "/api/admin/catalog?dryRun=true&expectedVersion=1";
    let body = json!({"expectedVersion": 1, "catalogue": good});
    let reply = bed.send_as_admin("PUT", query, body).await;
    assert_eq!(reply.body["errors"][0]["field"], "query", "{}", reply.text);
    assert_eq!(states(&bed).await, expected_states(&[(1, "published")]));
}
