//! Messages to administrators: who gets them, in which language, how often they are tried, and that nobody
//! gets one twice.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{NaiveDate, TimeDelta};
use mail_parser::MessageParser;
use nest_haus::jobs::{self, Job};
use nest_haus::notifications::{Days, ReportMail, queue_report};
use nest_haus::operations::Trigger;
use nest_haus::testing::TestBed;
use nest_haus_domain::accounts::Role;
use nest_haus_domain::notifications::{Kind, Line, Value as Told};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::accounts::{account, sign_in};

/// What a webhook got.
pub(crate) struct Post {
    id: String,
    trace: Option<String>,
    pub(crate) message: Value,
}

/// All that a webhook got.
pub(crate) type Posts = Arc<Mutex<Vec<Post>>>;

/// A webhook that answers these statuses one after another, then the last of them for ever.
pub(crate) async fn webhook(statuses: &'static [u16]) -> (String, Posts) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let posts = Posts::default();
    let kept = posts.clone();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let status = statuses.get(number).or_else(|| statuses.last()).copied().unwrap_or(200);
            number += 1;
            if let Some(post) = answer(stream, status).await {
                kept.lock().unwrap().push(post);
            }
        }
    });
    (url, posts)
}

async fn answer(mut stream: TcpStream, status: u16) -> Option<Post> {
    let mut request = Vec::new();
    let (id, trace, body) = loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let length: usize = header("content-length")?.parse().ok()?;
        if body.len() >= length {
            break (header("idempotency-key")?, header("traceparent"), body.to_owned());
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.ok()?;
    Some(Post { id, trace, message: serde_json::from_str(&body).unwrap() })
}

pub(crate) async fn run(bed: &TestBed, name: &str) -> Value {
    let job = Job::of_name(name).unwrap();
    let budget = bed.app.config.job_budget;
    let ran = jobs::start(&bed.app, job, &Trigger::Command, budget).await.unwrap();
    ran.report.unwrap()
}

fn report() -> ReportMail {
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    ReportMail {
        title_de: "Wochenbericht".into(),
        title_en: "Weekly report".into(),
        period: Days { first: day(23), last: day(29) },
        lines: vec![
            Line::new("Besuche", "Visits", Told::Count(1234)),
            Line::new("Umsatz <netto>", "Revenue <net>", Told::Cents(18_890_050)),
            Line::new("Konversion", "Conversion", Told::Share(0.0421)),
            Line::new("Veränderung", "Change", Told::Change(-0.125)),
        ],
        path: "/admin/reports/2026-W48".into(),
    }
}

async fn queue(bed: &TestBed, key: &str) -> u64 {
    let mut tx = bed.app.db.begin().await.unwrap();
    let kind = (Kind::WeeklyReport, key);
    let queued = queue_report(&bed.app, &mut tx, kind, &report(), bed.now()).await.unwrap();
    tx.commit().await.unwrap();
    queued
}

async fn listed(bed: &TestBed, query: &str) -> Vec<Value> {
    let reply = bed.get_as_admin(&format!("/api/admin/notifications{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.body["notifications"].as_array().unwrap().clone()
}

fn part(mail: &[u8], html: bool) -> String {
    let mail = MessageParser::default().parse(mail).unwrap();
    let body = if html { mail.body_html(0) } else { mail.body_text(0) };
    format!("Subject: {}\n\n{}", mail.subject().unwrap(), body.unwrap().replace("\r\n", "\n"))
}

#[tokio::test]
async fn owners_and_administrators_get_reports_in_german_unless_they_choose_otherwise() {
    let bed = TestBed::new().await;
    account(&bed, Role::Owner).await;
    let admin = sign_in(&bed, Role::Admin).await;
    let analyst = sign_in(&bed, Role::Analyst).await;
    let path = "/api/admin/notifications/subscriptions";
    let choose = |enabled: bool| json!({"subscriptions": [{"kind": "weekly_report", "language": "en", "enabled": enabled}]});
    let before = admin.send(&bed, "GET", path, Value::Null).await;
    assert_eq!(
        before.body["subscriptions"],
        json!([
            {"kind": "alert", "language": "de", "enabled": true},
            {"kind": "alert_resolved", "language": "de", "enabled": false},
            {"kind": "weekly_report", "language": "de", "enabled": true},
            {"kind": "monthly_report", "language": "de", "enabled": true},
        ])
    );
    for (person, enabled) in [(&admin, false), (&analyst, true)] {
        let reply = person.send(&bed, "PUT", path, choose(enabled)).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    }
    assert_eq!(queue(&bed, "w48").await, 2, "the owner and the analyst");
    assert_eq!(queue(&bed, "w48").await, 0, "once");
    assert_eq!(run(&bed, "send-notifications").await["sent"], 2);
    let mails = bed.mails();
    let of = |who: &str| mails.iter().find(|mail| is_to(mail, who)).unwrap();
    check_weekly_report(of("owner"), of("analyst"));
}

fn is_to(mail: &[u8], who: &str) -> bool {
    let mail = MessageParser::default().parse(mail).unwrap();
    mail.to().unwrap().first().unwrap().address() == Some(&format!("{who}@nest-haus.test"))
}

fn check_weekly_report(german: &[u8], english: &[u8]) {
    insta::assert_snapshot!(part(german, false), @r"
    Subject: Wochenbericht

    23.11.2026 bis 29.11.2026

    Besuche: 1.234
    Umsatz <netto>: 188.900,50 €
    Konversion: 4,2 %
    Veränderung: -12,5 %

    Ganzen Bericht ansehen:
    http://127.0.0.1:3000/admin/reports/2026-W48

    Welche Nachrichten Sie bekommen, stellen Sie in der Verwaltung unter „Benachrichtigungen“ ein.
    ");
    insta::assert_snapshot!(part(english, false), @r"
    Subject: Weekly report

    23 November 2026 to 29 November 2026

    Visits: 1,234
    Revenue <net>: €188,900.50
    Conversion: 4.2%
    Change: -12.5%

    See the whole report:
    http://127.0.0.1:3000/admin/reports/2026-W48

    Choose which messages you get in the administration under “Notifications”.
    ");
    insta::assert_snapshot!(part(english, true).replace("><", ">\n<"), @r#"
    Subject: Weekly report

    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <title>Weekly report</title>
    </head>
    <body>
    <h1 style="font-size:1.25em">Weekly report</h1>
    <p>23 November 2026 to 29 November 2026</p>
    <table cellpadding="4">
    <tr>
    <th scope="row" align="left">Visits</th>
    <td align="right">1,234</td>
    </tr>
    <tr>
    <th scope="row" align="left">Revenue &lt;net&gt;</th>
    <td align="right">€188,900.50</td>
    </tr>
    <tr>
    <th scope="row" align="left">Conversion</th>
    <td align="right">4.2%</td>
    </tr>
    <tr>
    <th scope="row" align="left">Change</th>
    <td align="right">-12.5%</td>
    </tr>
    </table>
    <p>
    <a href="http://127.0.0.1:3000/admin/reports/2026-W48">See the whole report</a>
    </p>
    <p style="color:#666">Choose which messages you get in the administration under “Notifications”.</p>
    </body>
    </html>
    "#);
}

#[tokio::test]
async fn only_who_may_change_accounts_chooses_for_others() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let viewer = sign_in(&bed, Role::Viewer).await;
    let path = "/api/admin/notifications/subscriptions";
    let id_of = async |person: &crate::accounts::Person| {
        person.send(&bed, "GET", path, Value::Null).await.body["userId"].clone()
    };
    let (owners, viewers) = (id_of(&owner).await, id_of(&viewer).await);
    let change = |id: &Value| json!({"userId": id, "subscriptions": [{"kind": "alert", "language": "en", "enabled": true}]});
    let refused = viewer.send(&bed, "PUT", path, change(&owners)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        owner.send(&bed, "PUT", path, change(&viewers)).await.status,
        StatusCode::NO_CONTENT
    );
    let seen = viewer.send(&bed, "GET", path, Value::Null).await;
    assert_eq!(seen.body["subscriptions"][0]["enabled"], true);
    let nobody = json!("01a20092-49d4-7000-971c-cfe364d48c01");
    assert_eq!(owner.send(&bed, "PUT", path, change(&nobody)).await.status, StatusCode::NOT_FOUND);
    let empty = owner.send(&bed, "PUT", path, json!({"subscriptions": []})).await;
    assert_eq!(empty.body["errors"][0]["field"], "subscriptions");
    let acts = "SELECT count(*) FROM audit_log WHERE action = 'notifications.subscribe'";
    assert_eq!(bed.count(acts).await, 1);
}

#[tokio::test]
async fn who_lost_the_account_gets_nothing_any_more() {
    let bed = TestBed::new().await;
    account(&bed, Role::Owner).await;
    assert_eq!(queue(&bed, "w48").await, 1);
    sqlx::query("UPDATE admin_users SET disabled_at = now()").execute(&bed.app.db).await.unwrap();
    assert_eq!(run(&bed, "send-notifications").await["withdrawn"], 1);
    assert!(bed.mails().is_empty());
    assert_eq!(queue(&bed, "w49").await, 0);
}

/// Whoever dies between sending and marking leaves a claim behind that runs out.
#[tokio::test]
async fn a_mail_that_is_sent_again_is_the_same_mail() {
    let bed = TestBed::new().await;
    account(&bed, Role::Owner).await;
    queue(&bed, "w48").await;
    run(&bed, "send-notifications").await;
    let first = bed.mails();
    sqlx::query("UPDATE notifications SET state = 'queued', sent_at = NULL, leased_until = $1")
        .bind(bed.now() + TimeDelta::minutes(1))
        .execute(&bed.app.db)
        .await
        .unwrap();
    assert_eq!(run(&bed, "send-notifications").await["sent"], 0, "somebody has it");
    bed.advance(TimeDelta::minutes(2));
    assert_eq!(run(&bed, "send-notifications").await["sent"], 1);
    let id = |mail: &[u8]| {
        MessageParser::default().parse(mail).unwrap().message_id().unwrap().to_owned()
    };
    let again = bed.mails();
    assert_eq!((first.len(), again.len()), (1, 1), "one mailbox, one mail");
    assert_eq!(id(&first[0]), id(&again[0]));
}

#[tokio::test]
async fn two_senders_at_once_send_each_message_once() {
    let (url, posts) = webhook(&[200]).await;
    let bed = TestBed::with(&[("ALERT_WEBHOOK_URL", &*url), ("DATABASE_POOL_MAX", "8")]).await;
    for _ in 0..12 {
        let body = json!({"channel": "webhook"});
        let reply = bed.send_as_admin("POST", "/api/admin/notifications/test", body).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    }
    let run = || nest_haus::operations::Run {
        app: bed.app.clone(),
        now: bed.now(),
        budget: bed.app.config.job_budget,
    };
    let (one, other) = tokio::join!(
        nest_haus::notifications::send_notifications(run()),
        nest_haus::notifications::send_notifications(run())
    );
    assert_eq!(one.unwrap().sent + other.unwrap().sent, 12);
    let mut ids: Vec<String> = posts.lock().unwrap().iter().map(|post| post.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 12);
    assert_eq!(posts.lock().unwrap().len(), 12);
}

async fn test_post(statuses: &'static [u16]) -> (TestBed, Posts) {
    let (url, posts) = webhook(statuses).await;
    let bed = TestBed::with(&[("ALERT_WEBHOOK_URL", &*url)]).await;
    let body = json!({"channel": "webhook"});
    let reply = bed.send_as_admin("POST", "/api/admin/notifications/test", body).await;
    assert_eq!(reply.body, json!({"success": true, "queued": 1}), "{}", reply.text);
    (bed, posts)
}

#[tokio::test]
async fn a_webhook_is_told_the_trace_that_the_post_is_part_of() {
    let (bed, posts) = test_post(&[200]).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get("/api/cron/send-notifications")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    let reply = bed.send_and_work(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let posts = posts.lock().unwrap();
    assert!(posts[0].trace.as_ref().unwrap().starts_with(&format!("00-{trace}-")));
}

#[tokio::test]
async fn what_a_webhook_does_not_take_now_is_sent_again_later() {
    let (bed, posts) = test_post(&[500, 429, 200]).await;
    assert_eq!(run(&bed, "send-notifications").await["retried"], 1);
    let waiting = listed(&bed, "?state=queued").await;
    assert_eq!(
        (&waiting[0]["attempts"], &waiting[0]["lastError"]),
        (&json!(1), &json!("the webhook answered 500"))
    );
    assert_eq!(run(&bed, "send-notifications").await["retried"], 0, "it is not time yet");
    bed.advance(TimeDelta::minutes(1));
    assert_eq!(run(&bed, "send-notifications").await["retried"], 1);
    bed.advance(TimeDelta::minutes(2));
    assert_eq!(run(&bed, "send-notifications").await["sent"], 1);
    let ids: Vec<String> = posts.lock().unwrap().iter().map(|post| post.id.clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]) && ids.len() == 3, "the same message each time");
    let sent = listed(&bed, "?state=sent").await;
    assert_eq!(
        (&sent[0]["recipient"], &sent[0]["attempts"]),
        (&json!("ALERT_WEBHOOK_URL"), &json!(3))
    );
    assert!(
        !serde_json::to_string(&sent).unwrap().contains("127.0.0.1"),
        "the address is a secret"
    );
    insta::assert_json_snapshot!(posts.lock().unwrap()[0].message, @r#"
    {
      "text": "Testnachricht von NEST-Haus",
      "blocks": [
        {
          "type": "header",
          "text": {
            "type": "plain_text",
            "text": "Testnachricht von NEST-Haus"
          }
        },
        {
          "type": "section",
          "text": {
            "type": "mrkdwn",
            "text": "Jemand hat diese Nachricht geschickt, um zu prüfen, ob Nachrichten ankommen. Sie kommen an."
          }
        },
        {
          "type": "section",
          "text": {
            "type": "mrkdwn",
            "text": "<http://127.0.0.1:3000/admin/notifications|Benachrichtigungen einstellen>"
          }
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn what_a_webhook_refuses_or_sends_elsewhere_is_given_up_at_once() {
    for (statuses, error) in
        [(&[404_u16][..], "the webhook answered 404"), (&[302], "the webhook answered 302")]
    {
        let (bed, posts) = test_post(statuses).await;
        assert_eq!(run(&bed, "send-notifications").await["failed"], 1);
        assert_eq!(listed(&bed, "?state=failed").await[0]["lastError"], error);
        bed.advance(TimeDelta::hours(2));
        run(&bed, "send-notifications").await;
        assert_eq!(posts.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_not_taken_for_a_day_is_given_up() {
    let (bed, posts) = test_post(&[503]).await;
    for _ in 0..40 {
        run(&bed, "send-notifications").await;
        bed.advance(TimeDelta::hours(1));
    }
    assert_eq!(listed(&bed, "?state=failed").await.len(), 1);
    let tries = posts.lock().unwrap().len();
    assert!((24..=26).contains(&tries), "{tries}");
}

#[tokio::test]
async fn a_test_message_goes_to_whoever_asks_for_it() {
    let bed = TestBed::new().await;
    let owner = sign_in(&bed, Role::Owner).await;
    let path = "/api/admin/notifications/test";
    let reply = owner.send(&bed, "POST", path, json!({"channel": "mail"})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    run(&bed, "send-notifications").await;
    assert!(part(&bed.mails()[0], false).starts_with("Subject: Testnachricht von NEST-Haus\n"));
    let key = bed.send_as_admin("POST", path, json!({"channel": "mail"})).await;
    assert_eq!(
        (key.status, &key.body["errors"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("channel"))
    );
    let nowhere = owner.send(&bed, "POST", path, json!({"channel": "webhook"})).await;
    assert_eq!(nowhere.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_outbox_is_listed_page_by_page() {
    let bed = TestBed::new().await;
    account(&bed, Role::Owner).await;
    for week in 0..5 {
        queue(&bed, &format!("w{week}")).await;
        bed.advance(TimeDelta::minutes(1));
    }
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = bed.get_as_admin(&format!("/api/admin/notifications{query}")).await.body;
        seen.extend(page["notifications"].as_array().unwrap().iter().map(|n| n["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&before={next}");
    }
    assert_eq!(seen.len(), 5);
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    for (query, field) in [("?state=lost", "state"), ("?limit=0", "limit"), ("?page=2", "page")] {
        let reply = bed.get_as_admin(&format!("/api/admin/notifications{query}")).await;
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
    }
}
