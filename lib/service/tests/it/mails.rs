//! Mails by SMTP: what a server gets, and what happens where it takes nothing.

use axum::http::StatusCode;
use nest_haus::testing::TestBed;
use nest_haus_domain::accounts::Role;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::accounts::sign_in;

/// What a server answers to `RCPT TO`.
const TAKEN: &str = "250 ok";

/// A mail server that takes or refuses what comes; answers its address and what it got.
async fn server(recipient: &'static str) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (sender, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _mail_sent = sender.send(converse(stream, recipient).await.unwrap_or_default());
        }
    });
    (url, mails)
}

async fn converse(stream: TcpStream, recipient: &str) -> std::io::Result<String> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 test\r\n").await?;
    let (mut mail, mut in_mail) = (String::new(), false);
    while let Some(line) = lines.next_line().await? {
        if in_mail && line != "." {
            mail += &line;
            mail += "\n";
            continue;
        }
        let verb = line.split(' ').next().unwrap_or_default();
        let answer = match verb {
            "RCPT" => recipient,
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => TAKEN,
        };
        in_mail = verb == "DATA";
        writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(mail)
}

async fn invite(bed: &TestBed) -> nest_haus::testing::Reply {
    let owner = sign_in(bed, Role::Owner).await;
    let new = json!({"email": "ada@example.com", "name": "Ada", "role": "viewer"});
    owner.send(bed, "POST", "/api/admin/users", new).await
}

#[tokio::test]
async fn a_server_gets_the_mail_in_both_forms() {
    let (url, mut mails) = server(TAKEN).await;
    let from = "NEST-Haus <no-reply@nest-haus.test>";
    let public = ("PUBLIC_URL", "https://nest-haus.test/");
    let bed = TestBed::with(&[("SMTP_URL", &*url), ("MAIL_FROM", from), public]).await;
    assert_eq!(invite(&bed).await.status, StatusCode::OK);
    let mail = mails.recv().await.unwrap();
    for part in [
        "From: NEST-Haus <no-reply@nest-haus.test>",
        "To: ada@example.com",
        "Subject: Your account at NEST-Haus",
        "Content-Type: text/plain",
        "Content-Type: text/html",
        "https://nest-haus.test/admin/invitation#",
    ] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    assert!(bed.mails().is_empty(), "nothing goes to the folder");
}

#[tokio::test]
async fn without_its_mail_there_is_no_account() {
    let (refusing, _mails) = server("550 nobody of that name").await;
    for url in [&*refusing, "smtp://127.0.0.1:1", "smtps://user:password@127.0.0.1:1"] {
        let bed = TestBed::with(&[("SMTP_URL", url)]).await;
        let reply = invite(&bed).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text);
        assert_eq!(reply.body["code"], "mail_not_sent");
        assert!(reply.headers.contains_key("retry-after"));
        assert!(!reply.text.contains("nobody of that name"), "{}", reply.text);
        assert_eq!(bed.count("SELECT count(*) FROM admin_users").await, 1, "the owner");
        assert_eq!(bed.count("SELECT count(*) FROM password_links").await, 0);
        let acts = "SELECT count(*) FROM audit_log WHERE action = 'user.invite'";
        assert_eq!(bed.count(acts).await, 0);
    }
}

#[tokio::test]
async fn a_deployment_without_a_server_says_so() {
    let bed = TestBed::with(&[
        ("NEST_HAUS_ENV", "production"),
        ("ENCRYPTION_KEYS", "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("SESSION_TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
    ])
    .await;
    let invited = invite(&bed).await;
    let forgot =
        bed.post("/api/admin/auth/forgot-password", json!({"email": "owner@nest-haus.test"})).await;
    for reply in [invited, forgot] {
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text);
        assert_eq!(reply.body["code"], "mail_not_configured");
        assert_eq!(reply.body["detail"], "mails cannot be sent: SMTP_URL is not configured");
        assert_eq!(reply.body["errors"], Value::Array(Vec::new()));
    }
    assert_eq!(bed.count("SELECT count(*) FROM admin_users").await, 1);
}
