//! Accounts by invitation, and passwords that were lost: what the links in mails do, and for how long.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use mail_parser::MessageParser;
use nest_haus::testing::{Reply, TestBed};
use nest_haus_domain::accounts::Role;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person, account, sign_in, try_login};

const ACCEPT: &str = "/api/admin/auth/accept-invitation";
const FORGOT: &str = "/api/admin/auth/forgot-password";
const RESET: &str = "/api/admin/auth/reset-password";
const USERS: &str = "/api/admin/users";
const ADA: &str = "ada@nest-haus.test";

/// The token of the link in the latest mail, which must be to somebody.
pub(crate) fn latest_token(bed: &TestBed, to: &str, page: &str) -> String {
    let mails = bed.mails();
    let mail = MessageParser::default().parse(mails.last().unwrap()).unwrap();
    assert_eq!(mail.to().unwrap().first().unwrap().address(), Some(to));
    let text = mail.body_text(0).unwrap();
    let link = text.lines().find(|line| line.starts_with("http://")).unwrap().to_owned();
    assert!(mail.body_html(0).unwrap().contains(&link), "{link}");
    let (address, token) = link.split_once('#').unwrap();
    assert_eq!(address, format!("http://127.0.0.1:3000/admin/{page}"));
    token.to_owned()
}

async fn invite(bed: &TestBed, owner: &Person, role: &str) -> Reply {
    let new = json!({"email": "Ada@nest-haus.test", "name": "Ada", "role": role});
    owner.send(bed, "POST", USERS, new).await
}

/// Whoever was invited as Ada, as the list of accounts shows them.
async fn listed(bed: &TestBed, owner: &Person) -> Value {
    let users = owner.send(bed, "GET", USERS, Value::Null).await.body;
    users.as_array().unwrap().iter().find(|user| user["email"] == ADA).unwrap().clone()
}

async fn with_token(bed: &TestBed, path: &str, token: &str, password: &str) -> Reply {
    bed.post(path, json!({"token": token, "password": password})).await
}

fn assert_void(reply: &Reply) {
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text);
    assert_eq!(reply.body["errors"][0]["field"], "token", "{}", reply.text);
}

#[tokio::test]
async fn an_invited_account_is_opened_once_by_the_link_of_its_mail() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let id = invite(&bed, &owner, "analyst").await.body["id"].clone();
    let token = latest_token(&bed, ADA, "invitation");
    let invited = listed(&bed, &owner).await;
    assert_eq!((&invited["id"], &invited["state"]), (&id, &json!("invited")));
    assert!(invited["invitedUntil"].is_string() && invited["secondFactor"] == false);
    assert_eq!(try_login(&bed, ADA, "").await.status, StatusCode::UNAUTHORIZED);
    let short = with_token(&bed, ACCEPT, &token, "short").await;
    assert_eq!(short.body["errors"][0]["field"], "password", "{}", short.text);
    assert_void(&with_token(&bed, RESET, &token, "a very good password").await);

    let reply = with_token(&bed, ACCEPT, &token, "a very good password").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!((&reply.body["email"], &reply.body["role"]), (&json!(ADA), &json!("analyst")));
    assert_eq!(Person::of(&reply).me(&bed).await.status, StatusCode::OK);
    assert_void(&with_token(&bed, ACCEPT, &token, "another good password").await);
    assert_eq!(try_login(&bed, ADA, "a very good password").await.status, StatusCode::OK);
    let opened = listed(&bed, &owner).await;
    assert_eq!((&opened["state"], &opened["invitedUntil"]), (&json!("active"), &Value::Null));

    let log = owner.send(&bed, "GET", "/api/admin/audit?limit=3", Value::Null).await.body;
    let acts: Vec<_> = log.as_array().unwrap().iter().map(|act| act["action"].clone()).collect();
    assert_eq!(acts, ["auth.login", "auth.accept_invitation", "user.invite"]);
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_gets_the_account() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    invite(&bed, &owner, "viewer").await;
    let token = latest_token(&bed, ADA, "invitation");
    let tries = (0..4).map(|n| {
        let (bed, token) = (&bed, &token);
        async move { with_token(bed, ACCEPT, token, &format!("a very good password {n}")).await }
    });
    let replies = futures::future::join_all(tries).await;
    let opened = replies.iter().filter(|reply| reply.status == StatusCode::OK).count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn an_invitation_ends_after_a_week_and_with_the_next_mail() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let id = invite(&bed, &owner, "viewer").await.body["id"].clone();
    let first = latest_token(&bed, ADA, "invitation");
    let again = || owner.send(&bed, "POST", "/api/admin/users/invite", json!({"id": id}));
    assert_eq!(again().await.status, StatusCode::NO_CONTENT);
    let second = latest_token(&bed, ADA, "invitation");
    assert_void(&with_token(&bed, ACCEPT, &first, "a very good password").await);

    bed.advance(TimeDelta::days(7));
    assert_void(&with_token(&bed, ACCEPT, &second, "a very good password").await);
    let owner = Person::of(&try_login(&bed, "owner@nest-haus.test", PASSWORD).await);
    let again = |id: Value| owner.send(&bed, "POST", "/api/admin/users/invite", json!({"id": id}));
    assert_eq!(again(id.clone()).await.status, StatusCode::NO_CONTENT);
    let third = latest_token(&bed, ADA, "invitation");
    bed.advance(TimeDelta::minutes(30));
    assert_eq!(with_token(&bed, ACCEPT, &third, "a very good password").await.status, 200);

    let opened = again(id).await;
    assert_eq!(opened.status, StatusCode::CONFLICT);
    assert_eq!(opened.body["conflict"]["state"], "active");
    assert_eq!(again(json!(uuid::Uuid::nil())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_disabled_account_is_opened_by_no_link() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let id = invite(&bed, &owner, "viewer").await.body["id"].clone();
    let token = latest_token(&bed, ADA, "invitation");
    let disable = |disabled: bool| json!({"id": id, "disabled": disabled});
    assert_eq!(owner.send(&bed, "PATCH", USERS, disable(true)).await.status, 204);
    assert_eq!(listed(&bed, &owner).await["state"], "disabled");
    let again = owner.send(&bed, "POST", "/api/admin/users/invite", json!({"id": id})).await;
    assert_eq!(again.body["conflict"]["state"], "disabled", "{}", again.text);
    assert_eq!(owner.send(&bed, "PATCH", USERS, disable(false)).await.status, 204);
    assert_void(&with_token(&bed, ACCEPT, &token, "a very good password").await);
}

#[tokio::test]
async fn an_owner_who_was_only_invited_is_not_the_last_one() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    invite(&bed, &owner, "owner").await;
    let users = owner.send(&bed, "GET", USERS, Value::Null).await.body;
    let own = users.as_array().unwrap().iter().find(|user| user["state"] == "active").unwrap();
    let leave = json!({"id": own["id"], "role": "admin"});
    assert_eq!(owner.send(&bed, "PATCH", USERS, leave).await.status, StatusCode::CONFLICT);
}

async fn forget(bed: &TestBed, email: &str) -> Reply {
    let body = Body::from(json!({"email": email}).to_string());
    bed.send_and_work(Request::post(FORGOT).body(body).unwrap()).await
}

#[tokio::test]
async fn a_lost_password_is_set_anew_by_mail_and_ends_all_sessions() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Sales).await;
    for _ in 0..5 {
        try_login(&bed, "sales@nest-haus.test", "wrong").await;
    }
    let reply = forget(&bed, " Sales@nest-haus.test").await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::ACCEPTED, ""));
    let token = latest_token(&bed, "sales@nest-haus.test", "reset-password");
    assert_eq!(person.me(&bed).await.status, StatusCode::OK, "nothing happens by asking");
    assert_void(&with_token(&bed, ACCEPT, &token, "a very good password").await);
    let reply = with_token(&bed, RESET, &token, "a very good password").await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    assert!(reply.cookie().is_none(), "nobody is signed in by a mail alone");
    assert_eq!(person.me(&bed).await.status, StatusCode::UNAUTHORIZED);
    let signed_in = try_login(&bed, "sales@nest-haus.test", "a very good password").await;
    assert_eq!(signed_in.status, StatusCode::OK, "and the wait is over");
    assert_void(&with_token(&bed, RESET, &token, "another good password").await);

    forget(&bed, "sales@nest-haus.test").await;
    let token = latest_token(&bed, "sales@nest-haus.test", "reset-password");
    bed.advance(TimeDelta::hours(1));
    assert_void(&with_token(&bed, RESET, &token, "another good password").await);
}

#[tokio::test]
async fn a_changed_password_voids_the_link_that_was_asked_for() {
    let bed = TestBed::new().await;
    let person = sign_in(&bed, Role::Viewer).await;
    forget(&bed, "viewer@nest-haus.test").await;
    let token = latest_token(&bed, "viewer@nest-haus.test", "reset-password");
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    let changed = person.send(&bed, "POST", "/api/admin/auth/password", change).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    assert_void(&with_token(&bed, RESET, &token, "a third good password").await);
}

#[tokio::test]
async fn whether_there_is_an_account_shows_neither_in_the_answer_nor_in_its_work() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    account(&bed, Role::Viewer).await;
    invite(&bed, &owner, "sales").await;
    let before = bed.mails().len();
    let known = bed.post(FORGOT, json!({"email": "viewer@nest-haus.test"})).await;
    assert_eq!(bed.mails().len(), before, "the account is looked for after the answer");
    for email in ["nobody@nest-haus.test", ADA] {
        let unknown = forget(&bed, email).await;
        assert_eq!((unknown.status, &unknown.text), (known.status, &known.text));
    }
    assert_eq!(bed.mails().len(), before, "neither a stranger nor an invited account gets one");
    assert_eq!(forget(&bed, "nobody").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn mails_are_limited_by_account_and_by_address() {
    let bed = TestBed::new().await;
    account(&bed, Role::Viewer).await;
    for asked in 1..=4 {
        let reply = forget(&bed, "viewer@nest-haus.test").await;
        let expected = if asked <= 3 { 202 } else { 429 };
        assert_eq!(reply.status, expected, "{asked}");
        assert_eq!(reply.headers.contains_key("retry-after"), asked > 3);
    }
    assert_eq!(bed.mails().len(), 3);
    let others = (0..7).map(|n| format!("nobody-{n}@nest-haus.test"));
    let mut statuses = Vec::new();
    for email in others {
        statuses.push(forget(&bed, &email).await.status.as_u16());
    }
    assert_eq!(statuses, [202, 202, 202, 202, 202, 202, 429]);
}

#[tokio::test]
async fn without_redis_the_database_limits_mails() {
    let bed = TestBed::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    account(&bed, Role::Viewer).await;
    for _ in 0..5 {
        assert_eq!(forget(&bed, "viewer@nest-haus.test").await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(bed.mails().len(), 3);
}

#[tokio::test]
async fn tokens_are_kept_as_hashes_alone() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    invite(&bed, &owner, "viewer").await;
    let token = latest_token(&bed, ADA, "invitation");
    assert_eq!(token.len(), 43, "256 bits");
    let kept: Vec<String> = sqlx::query_scalar(
        "SELECT l::text FROM password_links AS l UNION ALL SELECT a::text FROM audit_log AS a",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    assert!(kept.len() > 2 && kept.iter().all(|row| !row.contains(&token)));
}
