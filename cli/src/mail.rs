//! The mails of local mode, in the browser: `/dev/mail`. They are the files that the mailer writes where
//! no mail server is configured.

use std::path::PathBuf;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use mail_parser::{Message, MessageParser};
use maud::{DOCTYPE, Markup, html};
use uuid::Uuid;

/// Where the list is.
const PATH: &str = "/dev/mail";

/// What mails a link to whoever forgot their password.
const FORGOT_PASSWORD: &str = "/api/admin/auth/forgot-password";

/// Most mails in the list.
const LISTED_MAX: usize = 200;

/// The folder of mails.
#[derive(Clone)]
pub(crate) struct MailFolder {
    folder: PathBuf,
    /// The address that the system is reached by.
    base: String,
}

impl MailFolder {
    /// The mails of a folder, which need not exist yet.
    pub(crate) const fn new(folder: PathBuf, base: String) -> Self {
        Self { folder, base }
    }

    /// The page of a path; nothing if the path is none of these.
    pub(crate) async fn page(&self, path: &str) -> Option<Response> {
        let rest = path.strip_prefix(PATH)?;
        Some(match rest {
            "" | "/" => Html(self.list().await.into_string()).into_response(),
            ".css" => {
                ([(header::CONTENT_TYPE, "text/css")], include_str!("mail.css")).into_response()
            }
            _ => match self.mail(rest.strip_prefix('/')?).await {
                Some(page) => Html(page.into_string()).into_response(),
                None => (StatusCode::NOT_FOUND, "There is no such mail.").into_response(),
            },
        })
    }

    async fn list(&self) -> Markup {
        let mut mails = Vec::new();
        for id in self.ids().await.into_iter().take(LISTED_MAX) {
            if let Some(bytes) = self.read(id).await {
                mails.push((id, bytes));
            }
        }
        let parsed = mails.iter().filter_map(|(id, bytes)| Some((id, parse(bytes)?)));
        let parsed: Vec<_> = parsed.collect();
        frame(
            "Mails",
            &html! {
                @if parsed.is_empty() {
                    p { "No mail was sent yet. Invite somebody, or ask for another password:" }
                    pre { "curl -d '{\"email\":\"owner@localhost\"}' " (self.base) (FORGOT_PASSWORD) }
                    p { "Then load this page again. Mails are files in " code { (self.folder.display()) } "." }
                } @else {
                    table {
                        tr { th { "Subject" } th { "To" } th { "Date" } }
                        @for (id, mail) in &parsed {
                            tr {
                                td { a href={ (PATH) "/" (id) } { (subject(mail)) } }
                                td { (recipient(mail)) }
                                td { (date(mail)) }
                            }
                        }
                    }
                }
            },
        )
    }

    async fn mail(&self, id: &str) -> Option<Markup> {
        let bytes = self.read(Uuid::parse_str(id).ok()?).await?;
        let mail = parse(&bytes)?;
        let text = mail.body_text(0).unwrap_or_default();
        Some(frame(
            subject(&mail),
            &html! {
                p { a href=(PATH) { "All mails" } }
                p { "To " (recipient(&mail)) ", " (date(&mail)) }
                pre { (with_links(&text)) }
                @if let Some(page) = mail.body_html(0) {
                    h2 { "As HTML" }
                    iframe title="The mail as HTML" sandbox="" srcdoc=(page) {}
                }
            },
        ))
    }

    /// The ids of all mails, newest first: they begin with the time.
    async fn ids(&self) -> Vec<Uuid> {
        let mut ids = Vec::new();
        let Ok(mut entries) = tokio::fs::read_dir(&self.folder).await else { return ids };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let path = entry.path();
            let is_mail = path.extension().is_some_and(|extension| extension == "eml");
            let name = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_mail);
            ids.extend(name.and_then(|name| Uuid::parse_str(name).ok()));
        }
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids
    }

    async fn read(&self, id: Uuid) -> Option<Vec<u8>> {
        tokio::fs::read(self.folder.join(format!("{id}.eml"))).await.ok()
    }
}

fn parse(bytes: &[u8]) -> Option<Message<'_>> {
    MessageParser::default().parse(bytes)
}

fn subject<'a>(mail: &'a Message<'_>) -> &'a str {
    mail.subject().unwrap_or("(no subject)")
}

fn recipient<'a>(mail: &'a Message<'_>) -> &'a str {
    mail.to().and_then(|to| to.first()?.address()).unwrap_or("nobody")
}

fn date(mail: &Message<'_>) -> String {
    mail.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default()
}

/// A text whose addresses can be followed.
fn with_links(text: &str) -> Markup {
    let is_link = |word: &str| word.starts_with("http://") || word.starts_with("https://");
    html! {
        @for word in text.split_inclusive(char::is_whitespace) {
            @if is_link(word) { a href=(word.trim_end()) { (word) } } @else { (word) }
        }
    }
}

fn frame(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href={ (PATH) ".css" };
            }
            body {
                h1 { (title) }
                (content)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: a@b.at\r\nTo: <ada@example.com>\r\nSubject: =?utf-8?b?R3LDvMOfZSA8Yj4=?=\r\n\
        Date: Thu, 26 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGo to\r\nhttp://127.0.0.1:3000/x#token now.\r\n\
        --x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p onclick=\"x()\">\"Hello\"</p>\r\n--x--\r\n";

    fn folder_with(mails: usize) -> (MailFolder, Vec<Uuid>) {
        let path = std::env::temp_dir().join(format!("nest-haus-mail-{}", Uuid::new_v4()));
        let ids: Vec<Uuid> = (0..mails).map(|_| Uuid::now_v7()).collect();
        std::fs::create_dir_all(&path).unwrap();
        for id in &ids {
            std::fs::write(path.join(format!("{id}.eml")), MAIL).unwrap();
        }
        std::fs::write(path.join("half.unfinished"), "x").unwrap();
        (MailFolder::new(path, "http://127.0.0.1:4000".into()), ids)
    }

    async fn text(response: Option<Response>) -> String {
        let body = response.unwrap().into_body();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_empty_folder_says_what_to_do_and_a_missing_one_too() {
        let (folder, _) = folder_with(0);
        let empty = text(folder.page("/dev/mail").await).await;
        assert!(empty.contains("No mail was sent yet"), "{empty}");
        assert!(empty.contains("http://127.0.0.1:4000/api/admin/auth/forgot-password"), "{empty}");
        let missing = MailFolder::new(folder.folder.join("missing"), String::new());
        assert!(text(missing.page("/dev/mail/").await).await.contains("No mail was sent yet"));
    }

    #[tokio::test]
    async fn the_list_is_newest_first_and_a_mail_is_shown_without_running_it() {
        let (folder, ids) = folder_with(2);
        let list = text(folder.page("/dev/mail").await).await;
        assert!(list.contains("Grüße &lt;b&gt;") && list.contains("ada@example.com"), "{list}");
        let place = |id: &Uuid| list.find(&id.to_string()).unwrap();
        assert!(place(&ids[1]) < place(&ids[0]), "{list}");
        let mail = text(folder.page(&format!("/dev/mail/{}", ids[0])).await).await;
        assert!(mail.contains(r#"<a href="http://127.0.0.1:3000/x#token">"#), "{mail}");
        assert!(mail.contains(r#"sandbox="" srcdoc="&lt;p onclick=&quot;x()&quot;"#), "{mail}");
    }

    #[tokio::test]
    async fn nothing_but_mails_of_the_folder_is_shown() {
        let (folder, _) = folder_with(1);
        for path in ["/dev/mail/../../etc/passwd", "/dev/mail/half.unfinished", "/dev/mail/x"] {
            let response = folder.page(path).await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert!(folder.page("/index.html").await.is_none());
        assert!(folder.page("/dev/mailing").await.is_none());
    }
}
