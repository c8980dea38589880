//! Mails: by SMTP, or as files in local mode. What goes wrong is told without anything personal, since
//! servers repeat addresses in their answers.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::config::{ConfigError, MailConfig};

/// Time that a server gets for a mail. It fits into the time that a request may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(6);

/// A mail to one person.
pub struct Mail {
    /// Names the mail to servers and mailboxes, which show it once however often it is sent; nothing
    /// for a mail that is never sent again.
    pub id: Option<Uuid>,
    /// The person's address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFailure {
    /// There is nowhere to send it.
    #[error("no mail server is configured")]
    NotConfigured,
    /// Nobody can have such an address.
    #[error("the address is none that mails can be sent to")]
    Address,
    /// The server did not take it.
    #[error("the mail server: {0}")]
    Server(String),
    /// The server will not take it, however often it is asked.
    #[error("the mail server: {0}")]
    Refused(String),
    /// It could not be written into the folder.
    #[error("the folder of mails: {0}")]
    Folder(std::io::ErrorKind),
}

/// Sends mails, by the configuration's way.
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Server(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
    Nowhere,
}

impl Mailer {
    /// A mailer; connects to nothing by itself.
    pub(super) fn new(config: &MailConfig) -> Result<Self, ConfigError> {
        let from = config.from.parse().map_err(|_| ConfigError::Invalid {
            variable: "MAIL_FROM",
            allowed: "an e-mail address, `Name <name@host>` or `name@host`",
        })?;
        let way = match (&config.smtp_url, &config.folder) {
            (Some(url), _) => Way::Server(server(url.expose_secret())?),
            (None, Some(folder)) => Way::Folder(folder.clone()),
            (None, None) => Way::Nowhere,
        };
        Ok(Self { from, way })
    }

    /// Whether there is any way for mails to go.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        !matches!(self.way, Way::Nowhere)
    }

    /// Sends a mail. When this returns without a failure, the server or the folder has it.
    pub async fn send(&self, mail: Mail, now: DateTime<Utc>) -> Result<(), MailFailure> {
        let id = mail.id.unwrap_or_else(Uuid::now_v7);
        match &self.way {
            Way::Server(server) => {
                let message = message(self.from.clone(), (id, mail), now)?;
                match tokio::time::timeout(SEND_TIMEOUT, server.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) if is_refusal(&error) => Err(MailFailure::Refused(kind(&error))),
                    Ok(Err(error)) => Err(MailFailure::Server(kind(&error))),
                    Err(_) => Err(MailFailure::Server("it takes too long".to_owned())),
                }
            }
            Way::Folder(folder) => {
                let message = message(self.from.clone(), (id, mail), now)?;
                let written = write(folder, id, &message.formatted()).await;
                written.map_err(|error| MailFailure::Folder(error.kind()))
            }
            Way::Nowhere => Err(MailFailure::NotConfigured),
        }
    }
}

fn server(url: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, ConfigError> {
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| {
        let allowed = "smtps://user:password@host:465 or smtp://user:password@host?tls=required";
        ConfigError::Invalid { variable: "SMTP_URL", allowed }
    })?;
    Ok(builder.timeout(Some(SEND_TIMEOUT)).build())
}

fn message(
    from: Mailbox,
    (id, mail): (Uuid, Mail),
    now: DateTime<Utc>,
) -> Result<Message, MailFailure> {
    let to = mail.to.parse().map_err(|_| MailFailure::Address)?;
    let id = format!("<{}@{}>", id.simple(), from.email.domain());
    Message::builder()
        .date(SystemTime::from(now))
        .message_id(Some(id))
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(mail.subject)
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .map_err(|_| MailFailure::Address)
}

/// Writes a mail as a file that its id names, so that files follow one another as mails were made. It
/// appears whole.
async fn write(folder: &Path, id: Uuid, message: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let unfinished = folder.join(format!("{id}.unfinished"));
    tokio::fs::write(&unfinished, message).await?;
    tokio::fs::rename(unfinished, folder.join(format!("{id}.eml"))).await
}

/// Whether asking again is of no use. A refusal of our own password is not about the mail (RFC 4954).
fn is_refusal(error: &smtp::Error) -> bool {
    let is_about_us = error.status().is_some_and(|code| (530..540).contains(&u16::from(code)));
    error.is_permanent() && !is_about_us
}

/// What went wrong, without what the server said.
fn kind(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        format!("it answered {code}")
    } else if error.is_timeout() {
        "it takes too long".to_owned()
    } else if error.is_tls() {
        "no TLS with it".to_owned()
    } else {
        "it cannot be reached".to_owned()
    }
}
