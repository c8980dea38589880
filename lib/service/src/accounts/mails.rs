//! What administrators are told by mail.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, html};

use crate::platform::Mail;

/// The mail that brings somebody the link of their invitation.
pub(super) fn invitation(
    to: String,
    name: &str,
    invited_by: &str,
    (link, until): (&str, DateTime<Utc>),
) -> Mail {
    let what = format!("{invited_by} has made an account for you at NEST-Haus.");
    let ask = "Choose a password to open it:";
    let rest = "If you did not expect this, do nothing: without a password nobody can sign in.";
    let paragraphs = [&format!("Hello {name},"), &*what, ask];
    mail(to, "Your account at NEST-Haus", paragraphs, (link, until), rest)
}

/// The mail that brings somebody the link to another password.
pub(super) fn password_reset(to: String, name: &str, (link, until): (&str, DateTime<Utc>)) -> Mail {
    let what = "Somebody, probably you, asked for another password of your account at NEST-Haus.";
    let ask = "Choose it here; you will be signed out everywhere:";
    let rest = "If it was not you, do nothing: your password stays as it is.";
    let paragraphs = [&format!("Hello {name},"), what, ask];
    mail(to, "Another password for NEST-Haus", paragraphs, (link, until), rest)
}

fn mail(
    to: String,
    subject: &str,
    paragraphs: [&str; 3],
    (link, until): (&str, DateTime<Utc>),
    rest: &str,
) -> Mail {
    let until = format!("The link works once, until {}.", until.format("%-d %B %Y, %H:%M UTC"));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (subject) }
            }
            body {
                @for paragraph in paragraphs {
                    p { (paragraph) }
                }
                p {
                    a href=(link) { (link) }
                }
                p { (until) }
                p { (rest) }
            }
        }
    };
    let text = format!("{}\n\n{link}\n\n{until}\n\n{rest}\n", paragraphs.join("\n\n"));
    Mail { id: None, to, subject: subject.to_owned(), text, html: page.into_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_never_markup() {
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let link = "https://example.com/admin/invitation#token";
        let mail = invitation("a@b.at".into(), "<b>Ada</b>", "owner@b.at", (link, until));
        assert!(mail.html.contains("Hello &lt;b&gt;Ada&lt;/b&gt;,"), "{}", mail.html);
        assert!(mail.html.contains(&format!(r#"<a href="{link}">{link}</a>"#)), "{}", mail.html);
        assert!(mail.text.contains("Hello <b>Ada</b>,"));
        assert!(mail.text.contains(&format!("\n\n{link}\n\n")), "{}", mail.text);
        assert!(mail.text.contains("until 15 January 2027, 08:00 UTC."), "{}", mail.text);
    }
}
