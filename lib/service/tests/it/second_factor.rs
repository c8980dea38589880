//! The second factor, waits after wrong tries, and what is swept away when somebody signs in.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use nest_haus::accounts::users::{Rescue, rescue};
use nest_haus::http::{Actor, Peer};
use nest_haus::testing::{Reply, TestBed};
use nest_haus_domain::accounts::Role;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::accounts::{LOGIN, PASSWORD, Person, account, sign_in, try_login};
use crate::invitations::latest_token;

const TOTP: &str = "/api/admin/auth/totp";
const CODES: &str = "/api/admin/auth/recovery-codes";

/// An app that makes codes.
struct Authenticator(String);

impl Authenticator {
    fn code(&self, bed: &TestBed) -> String {
        let secret = Secret::try_from_base32(&self.0).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        totp.generate(bed.now().timestamp().try_into().unwrap()).to_string()
    }
}

/// Switches the second factor of somebody on; answers their app and recovery codes. A minute later, so
/// that the app's next code was not taken yet.
async fn switch_on(bed: &TestBed, person: &Person) -> (Authenticator, Vec<String>) {
    let begun = person.send(bed, "POST", TOTP, json!({"password": PASSWORD})).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let app = Authenticator(begun.body["secret"].as_str().unwrap().to_owned());
    let address = begun.body["address"].as_str().unwrap();
    assert!(address.starts_with("otpauth://totp/NEST-Haus:") && address.contains(&app.0));
    let confirmed = person.send(bed, "PUT", TOTP, json!({"code": app.code(bed)})).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text);
    bed.advance(TimeDelta::minutes(1));
    (app, codes_of(&confirmed))
}

fn codes_of(reply: &Reply) -> Vec<String> {
    let codes = reply.body["recoveryCodes"].as_array().unwrap();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

async fn login(bed: &TestBed, password: &str, code: &str) -> Reply {
    let email = "analyst@nest-haus.test";
    bed.post(LOGIN, json!({"email": email, "password": password, "code": code})).await
}

#[tokio::test]
async fn signing_in_asks_for_a_code_and_takes_each_once() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Analyst).await;
    let (app, codes) = switch_on(&bed, &person).await;
    let me = person.me(&bed).await.body;
    assert_eq!((&me["secondFactor"], &me["recoveryCodesLeft"]), (&json!(true), &json!(10)));

    let without = try_login(&bed, "analyst@nest-haus.test", PASSWORD).await;
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
    assert_eq!(without.body["code"], "second_factor_required");
    let wrong = try_login(&bed, "analyst@nest-haus.test", "wrong").await;
    assert_eq!(wrong.body["code"], "unauthenticated", "the password comes first");

    let code = app.code(&bed);
    assert_eq!(login(&bed, "wrong", &code).await.body["code"], "unauthenticated");
    let reply = login(&bed, PASSWORD, &code).await;
    assert_eq!(reply.status, StatusCode::OK, "a wrong password uses no code up: {}", reply.text);
    let again = login(&bed, PASSWORD, &code).await;
    assert_eq!(again.body["code"], "unauthenticated", "{}", again.text);

    let typed = codes[3].to_uppercase().replace('-', " ");
    let reply = login(&bed, PASSWORD, &typed).await;
    assert_eq!((reply.status, &reply.body["recoveryCodesLeft"]), (StatusCode::OK, &json!(9)));
    assert_eq!(login(&bed, PASSWORD, &codes[3]).await.status, StatusCode::UNAUTHORIZED);
    let how = "SELECT count(*) FROM audit_log WHERE action = 'auth.login'
        AND detail::json ->> 'secondFactor' IN ('one_time_code', 'recovery_code')";
    assert_eq!(bed.count(how).await, 2);
}

#[tokio::test]
async fn of_the_same_code_shown_twice_at_once_one_is_taken() {
    let bed = TestBed::new().await;
    let (app, _) = switch_on(&bed, &sign_in(&bed, Role::Analyst).await).await;
    let code = app.code(&bed);
    let tries = (0..3).map(|_| login(&bed, PASSWORD, &code));
    let replies = futures::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == StatusCode::OK).count(), 1);
}

#[tokio::test]
async fn wrong_codes_make_an_account_wait_and_the_right_password_does_not_help() {
    let bed = TestBed::new().await;
    let (app, _) = switch_on(&bed, &sign_in(&bed, Role::Analyst).await).await;
    for _ in 0..5 {
        let asked = try_login(&bed, "analyst@nest-haus.test", PASSWORD).await;
        assert_eq!(asked.body["code"], "second_factor_required", "{}", asked.text);
        assert_eq!(login(&bed, PASSWORD, "000 000").await.body["code"], "unauthenticated");
    }
    let reply = login(&bed, PASSWORD, &app.code(&bed)).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(reply.headers.contains_key("retry-after"));
    bed.advance(TimeDelta::seconds(31));
    let asked = try_login(&bed, "analyst@nest-haus.test", PASSWORD).await;
    assert_eq!(asked.body["code"], "second_factor_required");
    assert_eq!(login(&bed, PASSWORD, &app.code(&bed)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_factor_is_on_only_once_a_code_confirms_it_in_time() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Analyst).await;
    let confirm = |code: &str| person.send(&bed, "PUT", TOTP, json!({"code": code}));
    assert_eq!(confirm("123456").await.status, StatusCode::CONFLICT, "none was begun");
    let wrong = person.send(&bed, "POST", TOTP, json!({"password": "wrong"})).await;
    assert_eq!(wrong.body["errors"][0]["field"], "password", "{}", wrong.text);
    let begin = || person.send(&bed, "POST", TOTP, json!({"password": PASSWORD}));
    let app = Authenticator(begin().await.body["secret"].as_str().unwrap().to_owned());
    let wrong = confirm("12345").await;
    assert_eq!(wrong.body["errors"][0]["field"], "code", "{}", wrong.text);
    assert_eq!(try_login(&bed, "analyst@nest-haus.test", PASSWORD).await.status, StatusCode::OK);
    bed.advance(TimeDelta::minutes(15));
    assert_eq!(confirm(&app.code(&bed)).await.status, StatusCode::CONFLICT, "too late");
    switch_on(&bed, &person).await;
    assert_eq!(begin().await.status, StatusCode::CONFLICT, "it is on already");
}

#[tokio::test]
async fn both_factors_switch_it_off_and_make_new_recovery_codes() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Analyst).await;
    let both = |password: &str, code: &str| json!({"password": password, "code": code});
    let none = person.send(&bed, "DELETE", TOTP, both(PASSWORD, "123456")).await;
    assert_eq!(none.status, StatusCode::CONFLICT, "{}", none.text);
    let (app, first) = switch_on(&bed, &person).await;
    for (body, field) in [(both("wrong", &first[0]), "password"), (both(PASSWORD, "1"), "code")] {
        for (method, path) in [("DELETE", TOTP), ("POST", CODES)] {
            let reply = person.send(&bed, method, path, body.clone()).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
        }
    }
    let made = person.send(&bed, "POST", CODES, both(PASSWORD, &first[0])).await;
    let second = codes_of(&made);
    assert_eq!(second.len(), 10);
    assert_eq!(login(&bed, PASSWORD, &first[1]).await.status, StatusCode::UNAUTHORIZED, "void");
    assert_eq!(login(&bed, PASSWORD, &second[1]).await.status, StatusCode::OK);
    let off = person.send(&bed, "DELETE", TOTP, both(PASSWORD, &app.code(&bed))).await;
    assert_eq!(off.status, StatusCode::NO_CONTENT, "{}", off.text);
    assert_eq!(try_login(&bed, "analyst@nest-haus.test", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(person.me(&bed).await.body["secondFactor"], false);
    assert_eq!(bed.count("SELECT count(*) FROM recovery_codes").await, 0);
}

#[tokio::test]
async fn neither_the_secret_nor_recovery_codes_are_kept_in_clear() {
    let bed = TestBed::new().await;
    let (app, codes) = switch_on(&bed, &sign_in(&bed, Role::Analyst).await).await;
    let bytes = hex::encode(Secret::try_from_base32(&app.0).unwrap().as_bytes());
    let kept: Vec<String> = sqlx::query_scalar(
        "SELECT f::text FROM second_factors AS f UNION ALL SELECT c::text FROM recovery_codes AS c
         UNION ALL SELECT a::text FROM audit_log AS a",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    assert!(kept.iter().any(|row| row.contains("sealed:local:")));
    for secret in [&app.0, &bytes].into_iter().chain(&codes) {
        let dense = secret.replace('-', "");
        assert!(kept.iter().all(|row| !row.contains(secret) && !row.contains(&dense)));
    }
}

#[tokio::test]
async fn a_reset_by_mail_does_not_go_past_the_second_factor() {
    let bed = TestBed::new().await;
    switch_on(&bed, &sign_in(&bed, Role::Analyst).await).await;
    let body = Body::from(r#"{"email": "analyst@nest-haus.test"}"#);
    bed.send_and_work(Request::post("/api/admin/auth/forgot-password").body(body).unwrap()).await;
    let token = latest_token(&bed, "analyst@nest-haus.test", "reset-password");
    let set = json!({"token": token, "password": "a very good password"});
    assert_eq!(bed.post("/api/admin/auth/reset-password", set).await.status, 204);
    let reply = try_login(&bed, "analyst@nest-haus.test", "a very good password").await;
    assert_eq!(reply.body["code"], "second_factor_required");
}

#[tokio::test]
async fn an_owner_and_the_operator_remove_a_second_factor_that_is_lost() {
    let bed = TestBed::new().await;
    let (owner, admin) = (sign_in(&bed, Role::Owner).await, sign_in(&bed, Role::Admin).await);
    let person = sign_in(&bed, Role::Analyst).await;
    switch_on(&bed, &person).await;
    switch_on(&bed, &owner).await;
    let users = owner.send(&bed, "GET", "/api/admin/users", Value::Null).await.body;
    let user = |email: &str| {
        users.as_array().unwrap().iter().find(|user| user["email"] == email).unwrap().clone()
    };
    assert_eq!(user("analyst@nest-haus.test")["secondFactor"], true);
    let change = |email: &str, on: bool| json!({"id": user(email)["id"], "secondFactor": on});
    let (theirs, own) = ("analyst@nest-haus.test", "owner@nest-haus.test");
    for (who, body, status) in [
        (&admin, change(theirs, false), 403),
        (&owner, change(own, false), 403),
        (&owner, change(theirs, true), 422),
        (&owner, change(theirs, false), 204),
    ] {
        let reply = who.send(&bed, "PATCH", "/api/admin/users", body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
    assert_eq!(try_login(&bed, theirs, PASSWORD).await.status, StatusCode::OK);
    let lost = |remove_second_factor| Rescue {
        email: own.into(),
        password: PASSWORD.into(),
        remove_second_factor,
    };
    rescue(&bed.app.db, lost(false), &Actor::system(), bed.now()).await.unwrap();
    assert_eq!(try_login(&bed, own, PASSWORD).await.body["code"], "second_factor_required");
    rescue(&bed.app.db, lost(true), &Actor::system(), bed.now()).await.unwrap();
    assert_eq!(try_login(&bed, own, PASSWORD).await.status, StatusCode::OK);
}

async fn login_from(bed: &TestBed, address: [u8; 4], email: &str, password: &str) -> Reply {
    let body = Body::from(json!({"email": email, "password": password}).to_string());
    let mut request = Request::post(LOGIN).body(body).unwrap();
    request.extensions_mut().insert(Peer(address.into()));
    bed.send(request).await
}

/// Forgets how often an address asked within the minute, which is a limit of its own.
async fn forget_requests(bed: &TestBed, address: [u8; 4]) {
    let address = std::net::IpAddr::from(address).to_string();
    let hash = hex::encode(&<sha2::Sha256 as sha2::Digest>::digest(address)[..8]);
    let key = bed.app.redis.key(&format!("login:{hash}"));
    let _: () = bed.app.redis.query(redis::cmd("DEL").arg(key)).await.unwrap();
}

#[tokio::test]
async fn an_address_waits_after_wrong_tries_at_many_accounts_and_others_do_not() {
    let bed = TestBed::new().await;
    let email = account(&bed, Role::Viewer).await;
    let (guesser, other) = ([203, 0, 113, 7], [203, 0, 113, 8]);
    let guess = |n: usize| format!("nobody-{n}@nest-haus.test");
    for n in 0..10 {
        assert_eq!(login_from(&bed, guesser, &guess(n), "wrong").await.status, 401);
    }
    let own = login_from(&bed, guesser, &email, PASSWORD).await;
    assert_eq!(own.status, StatusCode::OK, "and it buys no further guesses");
    forget_requests(&bed, guesser).await;
    for n in 10..20 {
        assert_eq!(login_from(&bed, guesser, &guess(n), "wrong").await.status, 401, "{n}");
    }
    let reply = login_from(&bed, guesser, &email, PASSWORD).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((25..=30).contains(&wait), "{wait}");
    assert_eq!(login_from(&bed, other, &email, PASSWORD).await.status, StatusCode::OK);
    bed.advance(TimeDelta::seconds(31));
    assert_eq!(login_from(&bed, guesser, &email, PASSWORD).await.status, StatusCode::OK);
    let kept: Vec<String> = sqlx::query_scalar("SELECT f::text FROM login_failures AS f")
        .fetch_all(&bed.app.db)
        .await
        .unwrap();
    let plain = hex::encode(&<sha2::Sha256 as sha2::Digest>::digest("203.0.113.7")[..8]);
    assert!(kept.iter().all(|row| !row.contains("203.0.113") && !row.contains(&plain)));
}

#[tokio::test]
async fn what_ended_long_ago_is_swept_away_when_somebody_signs_in() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let new = json!({"email": "ada@nest-haus.test", "name": "Ada", "role": "viewer"});
    assert_eq!(owner.send(&bed, "POST", "/api/admin/users", new).await.status, StatusCode::OK);
    try_login(&bed, "nobody@nest-haus.test", "wrong").await;
    let counts = async || {
        let count = |table: &str| format!("SELECT count(*) FROM {table}");
        let (sessions, links) = (count("admin_sessions"), count("password_links"));
        [
            bed.count(&sessions).await,
            bed.count(&links).await,
            bed.count(&count("login_failures")).await,
        ]
    };
    let sign_in_again = || try_login(&bed, "owner@nest-haus.test", PASSWORD);
    bed.advance(TimeDelta::days(89));
    sign_in_again().await;
    assert_eq!(counts().await, [2, 1, 2], "kept: the stranger, and the address");
    bed.advance(TimeDelta::days(2));
    sign_in_again().await;
    assert_eq!(counts().await, [2, 1, 1], "the first session and the stranger went");
    bed.advance(TimeDelta::days(10));
    sign_in_again().await;
    assert_eq!(counts().await, [3, 0, 1], "the invitation was good for a week");
}
