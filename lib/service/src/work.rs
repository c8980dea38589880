//! Work to be done after an answer, as data: each host does it in its own way.

use axum::response::Response;
use nest_haus_domain::tracking::Kind;

use crate::accounts::password_reset;
use crate::analytics::visits;
use crate::platform::App;
use crate::tracking::drain::drain;

/// Something to do once the visitor has the answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Work {
    /// Drain a stream whose cron is late, and bring reports up to date.
    Drain(Kind),
    /// Bring reports up to date with what was drained.
    Project,
    /// Mail a link for another password to this address, if there is such an account.
    MailPasswordReset(String),
}

impl Work {
    /// Hands the work to the host along with the answer.
    pub fn attach(self, response: &mut Response) {
        response.extensions_mut().insert(self);
    }

    /// Takes the work out of an answer.
    #[must_use]
    pub fn detach(response: &mut Response) -> Option<Self> {
        response.extensions_mut().remove()
    }

    /// What it is called in recordings.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Drain(_) => "drain",
            Self::Project => "project",
            Self::MailPasswordReset(_) => "mail",
        }
    }

    /// Does the work. Failures are logged: the visitor has the answer already. The next cron does the
    /// same drain, and a mail is asked for again.
    pub async fn run(self, app: &App) {
        match self {
            Self::Drain(kind) => {
                drain_late(app, kind).await;
                project(app).await;
            }
            Self::Project => project(app).await,
            Self::MailPasswordReset(email) => {
                if let Err(error) = password_reset::mail_link(app, &email, app.clock.now()).await {
                    tracing::error!(?error, "no mail for another password");
                }
            }
        }
    }
}

async fn drain_late(app: &App, kind: Kind) {
    match drain(app, kind, app.config.after_answer_budget).await {
        Ok(report) => tracing::info!(queue = kind.as_str(), ?report, "drained after an answer"),
        Err(error) => tracing::warn!(queue = kind.as_str(), ?error, "drain after an answer"),
    }
}

async fn project(app: &App) {
    match visits::project(app, app.config.after_answer_budget).await {
        Ok(report) => tracing::info!(?report, "visits projected after an answer"),
        Err(error) => tracing::warn!(?error, "projection after an answer"),
    }
}
