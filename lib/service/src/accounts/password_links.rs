//! Links in mails that let somebody set a password: 256 random bits, kept as a hash alone, good once
//! and for a while.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::{PgExecutor, PgTransaction};
use uuid::Uuid;

use super::secret;
use crate::http::{FieldError, Problem};
use crate::platform::App;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The first password of an account.
    Invitation,
    /// Another password, when the old one is lost.
    Reset,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// How long a link is good for.
    const fn lasts(self) -> TimeDelta {
        match self {
            Self::Invitation => TimeDelta::days(7),
            Self::Reset => TimeDelta::hours(1),
        }
    }

    /// The page that takes the token.
    const fn page(self) -> &'static str {
        match self {
            Self::Invitation => "/admin/invitation",
            Self::Reset => "/admin/reset-password",
        }
    }
}

/// A link as it goes into a mail.
pub(super) struct Link {
    /// Its address. The token stands behind `#`, which browsers keep to themselves.
    pub(super) address: String,
    /// Until when it is good.
    pub(super) until: DateTime<Utc>,
}

/// Makes a link for an account, which takes the place of an earlier one of its kind.
pub(super) async fn issue(
    tx: &mut PgTransaction<'_>,
    app: &App,
    (user_id, purpose): (Uuid, Purpose),
    now: DateTime<Utc>,
) -> Result<Link, Problem> {
    let (token, until) = (secret::new_secret()?, now + purpose.lasts());
    sqlx::query!(
        "UPDATE password_links SET ended_at = $3
         WHERE user_id = $1 AND purpose = ($2::text)::password_link_purpose AND ended_at IS NULL",
        user_id,
        purpose.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    let made = sqlx::query!(
        "INSERT INTO password_links (token_hash, user_id, purpose, created_at, expires_at)
         VALUES ($1, $2, ($3::text)::password_link_purpose, $4, $5) ON CONFLICT DO NOTHING",
        &secret::hash(&token)[..],
        user_id,
        purpose.as_str(),
        now,
        until
    )
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() == 0 {
        let sentence = "another mail to this account is being sent";
        return Err(Problem::Conflict { sentence, conflict: json!({"id": user_id}) });
    }
    let (base, page) = (&app.config.mail.public_url, purpose.page());
    Ok(Link { address: format!("{base}{page}#{token}"), until })
}

/// Ends all links of an account.
pub(super) async fn end_all(
    db: impl PgExecutor<'_>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE password_links SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL",
        user_id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The e-mail address of the account that a token is for.
pub(super) async fn email_of(
    db: impl PgExecutor<'_>,
    token: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<String, Problem> {
    sqlx::query_scalar!(
        "SELECT u.email FROM password_links AS l JOIN admin_users AS u ON u.id = l.user_id
         WHERE l.token_hash = $1 AND l.purpose = ($2::text)::password_link_purpose
            AND l.ended_at IS NULL AND l.expires_at > $3 AND u.disabled_at IS NULL
            AND (u.password_hash IS NULL) = (l.purpose = 'invitation')",
        &secret::hash(token)[..],
        purpose.as_str(),
        now
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(not_good)
}

/// Uses a link up, and answers whose it is. Of several at once, one gets it.
pub(super) async fn take(
    tx: &mut PgTransaction<'_>,
    token: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    sqlx::query_scalar!(
        "UPDATE password_links SET ended_at = $3
         WHERE token_hash = $1 AND purpose = ($2::text)::password_link_purpose
            AND ended_at IS NULL AND expires_at > $3
         RETURNING user_id",
        &secret::hash(token)[..],
        purpose.as_str(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(not_good)
}

/// The refusal of a token, whatever is wrong with it.
pub(super) fn not_good() -> Problem {
    let message = "the link was used already, was replaced by a later one, or is too old";
    Problem::field(FieldError::new("token", "invalid", message))
}
