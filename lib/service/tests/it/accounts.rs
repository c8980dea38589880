//! Who may do what: signing in, roles, API keys, and what is on record of it.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use nest_haus::accounts::users::{NewUser, Rescue, make, rescue};
use nest_haus::http::Actor;
use nest_haus::testing::{Reply, TestBed};
use nest_haus_domain::accounts::Role;
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const LOGIN: &str = "/api/admin/auth/login";

/// Somebody who is signed in.
pub(crate) struct Person {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

pub(crate) async fn account(bed: &TestBed, role: Role) -> String {
    let email = format!("{}@nest-haus.test", role.as_str());
    let new = NewUser { email: email.to_uppercase(), name: "Somebody".into(), role };
    let password = PASSWORD.to_owned();
    make(&bed.app.db, new, password, &Actor::system(), bed.now()).await.unwrap();
    email
}

pub(crate) async fn try_login(bed: &TestBed, email: &str, password: &str) -> Reply {
    bed.post(LOGIN, json!({"email": email, "password": password})).await
}

pub(crate) async fn sign_in(bed: &TestBed, role: Role) -> Person {
    let email = account(bed, role).await;
    let reply = try_login(bed, &email, PASSWORD).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    Person::of(&reply)
}

impl Person {
    /// Whom an answer signed in.
    pub(crate) fn of(reply: &Reply) -> Self {
        let csrf = reply.body["csrfToken"].as_str().unwrap().to_owned();
        Self { cookie: reply.cookie().unwrap(), csrf }
    }

    pub(crate) async fn send(&self, bed: &TestBed, method: &str, path: &str, body: Value) -> Reply {
        let request = Request::builder().method(method).uri(path).header("cookie", &self.cookie);
        let request = request.header("x-csrf-token", &self.csrf);
        bed.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn me(&self, bed: &TestBed) -> Reply {
        self.send(bed, "GET", "/api/admin/auth/me", Value::Null).await
    }
}

#[tokio::test]
async fn signing_in_opens_what_the_role_may_and_signing_out_closes_it() {
    let bed = TestBed::new().await;
    let email = account(&bed, Role::Analyst).await;
    let reply = try_login(&bed, " Analyst@NEST-haus.test ", PASSWORD).await;
    assert_eq!((&reply.body["email"], &reply.body["role"]), (&json!(email), &json!("analyst")));
    let set = reply.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly; SameSite=Strict") && set.contains("Path=/"), "{set}");
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
    let person = Person::of(&reply);
    assert_eq!(
        person.me(&bed).await.body["permissions"],
        json!(["analytics:read", "catalog:read"])
    );
    let overview = "/api/admin/analytics/overview";
    assert_eq!(person.send(&bed, "GET", overview, Value::Null).await.status, StatusCode::OK);
    let users = person.send(&bed, "GET", "/api/admin/users", Value::Null).await;
    assert_eq!(users.status, StatusCode::FORBIDDEN);
    let out = person.send(&bed, "POST", "/api/admin/auth/logout", Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(person.me(&bed).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn neither_secret_is_kept_as_it_is() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Viewer).await;
    let token = person.cookie.split_once('=').unwrap().1;
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM admin_users")
        .fetch_one(&bed.app.db)
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let everything: Vec<String> = sqlx::query_scalar(
        "SELECT s::text FROM admin_sessions AS s UNION ALL SELECT a::text FROM audit_log AS a
         UNION ALL SELECT k::text FROM api_keys AS k",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    assert!(
        everything.iter().all(|row| !row.contains(token) && !row.contains("test-key-of-every"))
    );
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_in_any_case_after_half_a_day() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Viewer).await;
    for _ in 0..7 {
        bed.advance(TimeDelta::minutes(100));
        assert_eq!(person.me(&bed).await.status, StatusCode::OK);
    }
    bed.advance(TimeDelta::minutes(30));
    assert_eq!(person.me(&bed).await.status, StatusCode::UNAUTHORIZED, "after twelve hours");
    let other = try_login(&bed, "viewer@nest-haus.test", PASSWORD).await.cookie().unwrap();
    bed.advance(TimeDelta::minutes(121));
    let reply = bed.get_as("/api/admin/auth/me", &other).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "after two idle hours");
}

#[tokio::test]
async fn a_change_needs_the_token_that_no_other_page_knows() {
    let bed = TestBed::new().await;
    let mut owner = sign_in(&bed, Role::Owner).await;
    let key = json!({"name": "x", "scopes": ["analytics:read"]});
    let genuine = owner.csrf.clone();
    for csrf in ["", "00", &genuine.replace(|c: char| c.is_ascii_digit(), "0")] {
        csrf.clone_into(&mut owner.csrf);
        let reply = owner.send(&bed, "POST", "/api/admin/api-keys", key.clone()).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{csrf}");
    }
    owner.csrf = genuine;
    let reply = owner.send(&bed, "POST", "/api/admin/api-keys", key).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

#[tokio::test]
async fn wrong_passwords_make_an_account_wait_whether_it_is_there_or_not() {
    let bed = TestBed::new().await;
    account(&bed, Role::Viewer).await;
    for email in ["viewer@nest-haus.test", "nobody@nest-haus.test"] {
        for _ in 0..5 {
            let reply = try_login(&bed, email, "wrong").await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        }
        let reply = try_login(&bed, email, PASSWORD).await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert_eq!(reply.headers["retry-after"], "29");
    }
    bed.advance(TimeDelta::seconds(31));
    assert_eq!(try_login(&bed, "viewer@nest-haus.test", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(
        try_login(&bed, "viewer@nest-haus.test", "wrong").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn many_guesses_at_once_gain_nothing() {
    let bed = TestBed::new().await;
    account(&bed, Role::Viewer).await;
    let guesses = (0..12).map(|_| try_login(&bed, "viewer@nest-haus.test", "wrong"));
    let replies = futures::future::join_all(guesses).await;
    let tried = replies.iter().filter(|reply| reply.status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(tried, 5);
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Sales).await;
    let other = try_login(&bed, "sales@nest-haus.test", PASSWORD).await.cookie().unwrap();
    let path = "/api/admin/auth/password";
    let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
    for (body, field) in [
        (change("wrong", "another good password"), "currentPassword"),
        (change(PASSWORD, "short"), "newPassword"),
        (change(PASSWORD, "I am sales@nest-haus.test"), "newPassword"),
        (json!({"newPassword": "another good password"}), "body"),
    ] {
        let reply = person.send(&bed, "POST", path, body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
    }
    let reply = person.send(&bed, "POST", path, change(PASSWORD, "another good password")).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    assert_eq!(bed.get_as("/api/admin/auth/me", &other).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(person.me(&bed).await.status, StatusCode::OK);
    assert_eq!(
        try_login(&bed, "sales@nest-haus.test", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    let lost = Rescue {
        email: "SALES@nest-haus.test".into(),
        password: PASSWORD.into(),
        remove_second_factor: false,
    };
    rescue(&bed.app.db, lost, &Actor::system(), bed.now()).await.unwrap();
    assert_eq!(person.me(&bed).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(try_login(&bed, "sales@nest-haus.test", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn own_sessions_are_listed_and_ended() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Viewer).await;
    let other = try_login(&bed, "viewer@nest-haus.test", PASSWORD).await.cookie().unwrap();
    let path = "/api/admin/auth/sessions";
    let sessions = person.send(&bed, "GET", path, Value::Null).await.body;
    let sessions = sessions.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let others = sessions.iter().find(|session| session["current"] == false).unwrap();
    let one = format!("{path}?id={}", others["id"].as_str().unwrap());
    assert_eq!(person.send(&bed, "DELETE", &one, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(person.send(&bed, "DELETE", &one, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bed.get_as("/api/admin/auth/me", &other).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(person.me(&bed).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_makes_anybody_as_mighty_as_themselves_but_the_owner() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let admin = sign_in(&bed, Role::Admin).await;
    let new = |role: &str| json!({"email": format!("new-{role}@nest-haus.test"), "name": "New", "role": role});
    for (role, by_admin) in [("owner", 403), ("admin", 403), ("analyst", 200), ("viewer", 200)] {
        let reply = admin.send(&bed, "POST", "/api/admin/users", new(role)).await;
        assert_eq!(reply.status, by_admin, "{role}: {}", reply.text);
    }
    assert_eq!(owner.send(&bed, "POST", "/api/admin/users", new("owner")).await.status, 200);
    let again = owner.send(&bed, "POST", "/api/admin/users", new("owner")).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let users = owner.send(&bed, "GET", "/api/admin/users", Value::Null).await.body;
    let id = |email: &str| {
        let all = users.as_array().unwrap();
        all.iter().find(|user| user["email"] == email).unwrap()["id"].clone()
    };
    let change = |email: &str, what: Value| {
        let mut body = what;
        body["id"] = id(email);
        body
    };
    let lift = change("new-viewer@nest-haus.test", json!({"role": "admin"}));
    assert_eq!(admin.send(&bed, "PATCH", "/api/admin/users", lift.clone()).await.status, 403);
    let fell = change("owner@nest-haus.test", json!({"disabled": true}));
    assert_eq!(admin.send(&bed, "PATCH", "/api/admin/users", fell).await.status, 403);
    assert_eq!(owner.send(&bed, "PATCH", "/api/admin/users", lift).await.status, 204);
    let disable = change("new-owner@nest-haus.test", json!({"disabled": true}));
    assert_eq!(owner.send(&bed, "PATCH", "/api/admin/users", disable).await.status, 204);
    assert_eq!(try_login(&bed, "new-owner@nest-haus.test", PASSWORD).await.status, 401);
    for what in [json!({"disabled": true}), json!({"role": "admin"})] {
        let last = change("owner@nest-haus.test", what);
        let reply = owner.send(&bed, "PATCH", "/api/admin/users", last).await;
        assert_eq!(reply.status, StatusCode::CONFLICT, "{}", reply.text);
    }
    let disable = change("admin@nest-haus.test", json!({"disabled": true}));
    assert_eq!(owner.send(&bed, "PATCH", "/api/admin/users", disable).await.status, 204);
    assert_eq!(admin.me(&bed).await.status, StatusCode::UNAUTHORIZED, "at once");
    let unknown = json!({"id": uuid::Uuid::nil(), "role": "viewer"});
    assert_eq!(owner.send(&bed, "PATCH", "/api/admin/users", unknown).await.status, 404);
}

#[tokio::test]
async fn bad_accounts_and_keys_are_refused_by_field() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let user = |field: &str, value: Value| {
        let mut body = json!({"email": "a@b.at", "name": "A", "role": "viewer"});
        body[field] = value;
        ("/api/admin/users", body, field.to_owned())
    };
    let key = |field: &str, value: Value, named: &str| {
        let mut body = json!({"name": "a", "scopes": ["analytics:read"]});
        body[field] = value;
        ("/api/admin/api-keys", body, named.to_owned())
    };
    for (path, body, field) in [
        user("email", json!("nobody")),
        user("email", json!("a b@c.at")),
        user("name", json!("")),
        user("name", json!("two\nlines")),
        user("role", json!("king")),
        user("password", json!("a password of somebody else's making")),
        key("name", json!(""), "name"),
        key("scopes", json!([]), "scopes"),
        key("scopes", json!(["analytics:read", "all"]), "scopes[1]"),
        key("expiresInDays", json!(0), "expiresInDays"),
        key("surprise", json!(1), "surprise"),
    ] {
        let reply = owner.send(&bed, "POST", path, body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", reply.text);
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
    }
}

pub(crate) async fn get_with(bed: &TestBed, path: &str, key: &str) -> StatusCode {
    let request = Request::get(path).header("authorization", format!("Bearer {key}"));
    bed.send(request.body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn an_api_key_opens_its_scopes_until_it_ends_or_is_revoked() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let made = |scopes: Value, days: Value| {
        let body = json!({"name": "partner", "scopes": scopes, "expiresInDays": days});
        owner.send(&bed, "POST", "/api/admin/api-keys", body)
    };
    let reply = made(json!(["analytics:read"]), json!(30)).await;
    let key = reply.body["key"].as_str().unwrap().to_owned();
    let (overview, history) = ("/api/admin/analytics/overview", "/api/admin/catalog/history");
    assert_eq!(get_with(&bed, overview, &key).await, StatusCode::OK);
    assert_eq!(get_with(&bed, history, &key).await, StatusCode::FORBIDDEN);
    let forged = format!("{}x", &key[..key.len() - 1]);
    assert_eq!(get_with(&bed, overview, &forged).await, StatusCode::UNAUTHORIZED);
    let listed = owner.send(&bed, "GET", "/api/admin/api-keys", Value::Null).await;
    assert!(!listed.text.contains(&key));
    let row = &listed.body[0];
    assert_eq!(
        (&row["name"], &row["createdBy"]),
        (&json!("partner"), &json!("owner@nest-haus.test"))
    );
    assert!(row["lastUsedAt"].is_string());
    let revoke = format!("/api/admin/api-keys?id={}", row["id"].as_str().unwrap());
    assert_eq!(owner.send(&bed, "DELETE", &revoke, Value::Null).await.status, 204);
    assert_eq!(get_with(&bed, overview, &key).await, StatusCode::UNAUTHORIZED);
    assert_eq!(owner.send(&bed, "DELETE", &revoke, Value::Null).await.status, 404);
    let short = made(json!(["analytics:read"]), json!(1)).await.body["key"].clone();
    bed.advance(TimeDelta::days(1));
    assert_eq!(get_with(&bed, overview, short.as_str().unwrap()).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_gives_no_more_than_it_has() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let body = json!({"name": "keys", "scopes": ["api-keys:write"]});
    let key = owner.send(&bed, "POST", "/api/admin/api-keys", body).await.body["key"].clone();
    let request = Request::post("/api/admin/api-keys")
        .header("authorization", format!("Bearer {}", key.as_str().unwrap()))
        .body(Body::from(r#"{"name": "more", "scopes": ["users:write"]}"#));
    assert_eq!(bed.send(request.unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_administrators_do_is_on_record() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let body = json!({"name": "partner", "scopes": ["analytics:read"]});
    owner.send(&bed, "POST", "/api/admin/api-keys", body).await;
    let log = owner.send(&bed, "GET", "/api/admin/audit?limit=3", Value::Null).await.body;
    let acts: Vec<(&str, &str)> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["actor"].as_str().unwrap(), entry["action"].as_str().unwrap()))
        .collect();
    let who = "owner@nest-haus.test";
    assert_eq!(acts, [(who, "api_key.make"), (who, "auth.login"), ("system", "user.make")]);
    assert_eq!(log[0]["detail"]["scopes"], json!(["analytics:read"]));
    let older = format!("/api/admin/audit?before={}", log[2]["seq"]);
    let older = owner.send(&bed, "GET", &older, Value::Null).await.body;
    assert_eq!(older.as_array().unwrap().len(), 2, "the tests' key and the first catalogue");
    let odd = owner.send(&bed, "GET", "/api/admin/audit?limit=0", Value::Null).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(nest_haus::accounts::verify(&bed.app).await.unwrap().broken, None);
}

#[tokio::test]
async fn the_record_is_searched_by_who_what_and_when() {
    let bed = TestBed::new().await;
    let begun = bed.now();
    bed.advance(TimeDelta::hours(1));
    let owner = sign_in(&bed, Role::Owner).await;
    bed.advance(TimeDelta::hours(1));
    let body = json!({"name": "50% partner", "scopes": ["analytics:read"]});
    owner.send(&bed, "POST", "/api/admin/api-keys", body).await;
    let later = (bed.now() - TimeDelta::minutes(1)).to_rfc3339();
    let query = |pairs: &[(&str, &str)]| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("/api/admin/audit?{}", query.extend_pairs(pairs).finish())
    };
    let begun = begun.to_rfc3339();
    for (pairs, expected) in [
        (&[("action", "auth.login")][..], &["auth.login"][..]),
        (&[("actor", "owner@nest-haus.test")], &["api_key.make", "auth.login"]),
        (&[("actor", "owner@nest-haus.test"), ("action", "user.make")], &[]),
        (&[("search", "50% PART")], &["api_key.make"]),
        (&[("search", "50_ part")], &[]),
        (&[("from", &later)], &["api_key.make"]),
        (&[("to", &later), ("actor", "owner@nest-haus.test")], &["auth.login"]),
        (&[("to", &begun), ("action", "auth.login")], &[]),
    ] {
        let log = owner.send(&bed, "GET", &query(pairs), Value::Null).await.body;
        let acts: Vec<&str> =
            log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(acts, expected, "{pairs:?}");
    }
    for odd in [&[("from", "yesterday")], &[("who", "owner")]] {
        let refused = owner.send(&bed, "GET", &query(odd), Value::Null).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd:?}");
    }
}
