//! Messages as mails, in text and HTML, and as posts to a webhook; in German and English.

use maud::{DOCTYPE, html};
use nest_haus_domain::notifications::{Language, Line, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::content::{AlertMail, Days, Message, ReportMail};
use crate::platform::Mail;

/// Most characters of a header and fields of a section that Slack takes (Block Kit reference).
const HEADER_CHARS_MAX: usize = 150;
const FIELDS_MAX: usize = 10;

/// A message, written in a language.
struct Page {
    language: Language,
    title: String,
    paragraphs: Vec<String>,
    rows: Vec<(String, String)>,
    link: String,
    link_text: &'static str,
    footer: Option<&'static str>,
}

/// A message as a mail of an id to an address.
pub(super) fn mail(
    (id, to): (Uuid, String),
    message: &Message,
    language: Language,
    public_url: &str,
) -> Mail {
    let page = Page::of(message, language, public_url);
    let (text, html) = (page.text(), page.html());
    Mail { id: Some(id), to, subject: page.title, text, html }
}

/// A message as Slack reads it.
pub(super) fn slack(message: &Message, language: Language, public_url: &str) -> Json {
    Page::of(message, language, public_url).slack()
}

impl Page {
    fn of(message: &Message, language: Language, public_url: &str) -> Self {
        match message {
            Message::Alert(alert) => Self::of_alert(alert, language, public_url),
            Message::Report(report) => Self::of_report(report, language, public_url),
            Message::Test => Self::of_test(language, public_url),
        }
    }

    fn of_alert(alert: &AlertMail, language: Language, public_url: &str) -> Self {
        let title = alert.title.in_language(language);
        let mark = match (alert.resolved_at, alert.severity.as_str()) {
            (Some(_), _) => language.of("Behoben", "Resolved"),
            (None, "critical") => language.of("Dringend", "Critical"),
            (None, _) => language.of("Warnung", "Warning"),
        };
        let about = alert.subject.as_ref().map(|subject| format!(" ({subject})"));
        let line = |de: &str, en: &str, value: Value| Line::new(de, en, value);
        let mut lines = vec![
            line("Gemessen", "Measured", alert.value.clone()),
            line("Schwelle", "Threshold", alert.threshold.clone()),
            line("Seit", "Since", Value::Moment(alert.started_at)),
        ];
        lines.extend(alert.resolved_at.map(|at| line("Behoben", "Resolved", Value::Moment(at))));
        lines.extend(alert.detail.iter().cloned());
        let what = match alert.resolved_at {
            Some(_) => language.of("Diese Störung ist vorbei.", "This incident is over."),
            None => language.of(
                "Diese Störung wird einmal gemeldet, auch wenn sie anhält.",
                "This incident is told of once, however long it lasts.",
            ),
        };
        Self {
            language,
            title: format!("{mark}: {title}{}", about.unwrap_or_default()),
            paragraphs: vec![what.to_owned()],
            rows: rows(&lines, language),
            link: format!("{public_url}{}", alert.path),
            link_text: language.of("Alarme ansehen und bestätigen", "See and acknowledge alerts"),
            footer: Some(footer(language)),
        }
    }

    fn of_report(report: &ReportMail, language: Language, public_url: &str) -> Self {
        let Days { first, last } = report.period;
        let (first, last) = (language.day(first), language.day(last));
        Self {
            language,
            title: language.of(&report.title_de, &report.title_en).to_owned(),
            paragraphs: vec![match language {
                Language::De => format!("{first} bis {last}"),
                Language::En => format!("{first} to {last}"),
            }],
            rows: rows(&report.lines, language),
            link: format!("{public_url}{}", report.path),
            link_text: language.of("Ganzen Bericht ansehen", "See the whole report"),
            footer: Some(footer(language)),
        }
    }

    fn of_test(language: Language, public_url: &str) -> Self {
        let what = language.of(
            "Jemand hat diese Nachricht geschickt, um zu prüfen, ob Nachrichten ankommen. Sie kommen an.",
            "Somebody sent this message to see whether messages arrive. They do.",
        );
        Self {
            language,
            title: language
                .of("Testnachricht von NEST-Haus", "Test message of NEST-Haus")
                .to_owned(),
            paragraphs: vec![what.to_owned()],
            rows: Vec::new(),
            link: format!("{public_url}/admin/notifications"),
            link_text: language.of("Benachrichtigungen einstellen", "Choose notifications"),
            footer: None,
        }
    }

    fn text(&self) -> String {
        let mut parts = self.paragraphs.clone();
        let rows: Vec<String> =
            self.rows.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        if !rows.is_empty() {
            parts.push(rows.join("\n"));
        }
        parts.push(format!("{}:\n{}", self.link_text, self.link));
        parts.extend(self.footer.map(str::to_owned));
        parts.join("\n\n") + "\n"
    }

    fn html(&self) -> String {
        html! {
            (DOCTYPE)
            html lang=(self.language.as_str()) {
                head {
                    meta charset="utf-8";
                    title { (self.title) }
                }
                body {
                    h1 style="font-size:1.25em" { (self.title) }
                    @for paragraph in &self.paragraphs {
                        p { (paragraph) }
                    }
                    @if !self.rows.is_empty() {
                        table cellpadding="4" {
                            @for (label, value) in &self.rows {
                                tr {
                                    th scope="row" align="left" { (label) }
                                    td align="right" { (value) }
                                }
                            }
                        }
                    }
                    p {
                        a href=(self.link) { (self.link_text) }
                    }
                    @if let Some(footer) = self.footer {
                        p style="color:#666" { (footer) }
                    }
                }
            }
        }
        .into_string()
    }

    /// `text` is what notifications of the platform show, `blocks` what the channel does.
    fn slack(&self) -> Json {
        let header: String = self.title.chars().take(HEADER_CHARS_MAX).collect();
        let section =
            |text: String| json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
        let mut blocks =
            vec![json!({"type": "header", "text": {"type": "plain_text", "text": header}})];
        blocks.extend(self.paragraphs.iter().map(|paragraph| section(escaped(paragraph))));
        let fields: Vec<Json> = self
            .rows
            .iter()
            .take(FIELDS_MAX)
            .map(|(label, value)| {
                let text = format!("*{}*\n{}", escaped(label), escaped(value));
                json!({"type": "mrkdwn", "text": text})
            })
            .collect();
        if !fields.is_empty() {
            blocks.push(json!({"type": "section", "fields": fields}));
        }
        blocks.push(section(format!("<{}|{}>", self.link, self.link_text)));
        json!({"text": self.title, "blocks": blocks})
    }
}

fn footer(language: Language) -> &'static str {
    language.of(
        "Welche Nachrichten Sie bekommen, stellen Sie in der Verwaltung unter „Benachrichtigungen“ ein.",
        "Choose which messages you get in the administration under “Notifications”.",
    )
}

fn rows(lines: &[Line], language: Language) -> Vec<(String, String)> {
    let row = |line: &Line| (line.label(language).to_owned(), line.value.text(language));
    lines.iter().map(row).collect()
}

/// Text in Slack's markup, in which these three characters mean something.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
