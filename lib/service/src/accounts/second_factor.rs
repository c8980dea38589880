//! The second factor of one's own account: switched on and off, and its recovery codes. The secret is
//! sealed, recovery codes are kept as hashes.

use axum::Json;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::accounts::{
    Code, RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES, SecondFactor, UnusableSecret, recovery_code,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{PgExecutor, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::may::SignedIn;
use super::session::Session;
use super::sign_in::prove_password;
use super::{audit, secret, tries};
use crate::http::{Actor, Body, Context, FieldError, Problem, ProblemDocument, read};
use crate::platform::{App, SealingFailure, begin};

/// How long a second factor that was begun waits for its first code.
const BEGUN_FOR: TimeDelta = TimeDelta::minutes(15);

impl From<UnusableSecret> for Problem {
    fn from(error: UnusableSecret) -> Self {
        Self::Internal(error.into())
    }
}

/// What is known of somebody's second factor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Status {
    pub(super) is_on: bool,
    pub(super) recovery_codes_left: i64,
}

/// Whether the second factor of an account is on, and how many recovery codes are left.
pub(super) async fn status(db: impl PgExecutor<'_>, user_id: Uuid) -> Result<Status, sqlx::Error> {
    sqlx::query_as!(
        Status,
        r#"SELECT EXISTS (
                SELECT FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL
            ) AS "is_on!",
            (SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL)
                AS "recovery_codes_left!""#,
        user_id
    )
    .fetch_one(db)
    .await
}

/// What became of what somebody showed as their second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The account has none.
    NotNeeded,
    /// It has one, and nothing was shown.
    Missing,
    /// What was shown is wrong, or was taken before.
    Wrong,
    /// A one-time code was taken.
    OneTime,
    /// A recovery code was taken.
    Recovery,
}

impl Shown {
    /// The name in the audit log; nothing where no code was taken.
    pub(super) const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::OneTime => Some("one_time_code"),
            Self::Recovery => Some("recovery_code"),
            Self::NotNeeded | Self::Missing | Self::Wrong => None,
        }
    }
}

/// Takes a code, if the account has a second factor. What is taken is used up when the transaction is
/// committed.
pub(super) async fn take_code(
    tx: &mut PgTransaction<'_>,
    app: &App,
    (user_id, email): (Uuid, &str),
    code: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Shown, Problem> {
    let factor = sqlx::query!(
        "SELECT secret_sealed, last_step FROM second_factors
         WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR UPDATE",
        user_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(factor) = factor else { return Ok(Shown::NotNeeded) };
    let Some(code) = code else { return Ok(Shown::Missing) };
    match Code::read(code) {
        Some(Code::OneTime(code)) => {
            let opened = open(app, user_id, email, &factor.secret_sealed)?;
            let Some(step) = opened.step_of(&code, factor.last_step, now) else {
                return Ok(Shown::Wrong);
            };
            sqlx::query!(
                "UPDATE second_factors SET last_step = $2 WHERE user_id = $1",
                user_id,
                step
            )
            .execute(&mut **tx)
            .await?;
            Ok(Shown::OneTime)
        }
        Some(Code::Recovery(code)) => {
            let taken = sqlx::query!(
                "UPDATE recovery_codes SET used_at = $3
                 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
                user_id,
                &secret::hash(&code)[..],
                now
            )
            .execute(&mut **tx)
            .await?;
            Ok(if taken.rows_affected() == 1 { Shown::Recovery } else { Shown::Wrong })
        }
        None => Ok(Shown::Wrong),
    }
}

/// What a secret is sealed for, so that it cannot be moved to another account.
fn seal_context(user_id: Uuid) -> String {
    format!("second-factor:{user_id}")
}

/// The second factor of a sealed secret. Without its key nobody gets past it, but by recovery codes.
fn open(app: &App, user_id: Uuid, email: &str, sealed: &str) -> Result<SecondFactor, Problem> {
    let text = app.sealer.open(&seal_context(user_id), sealed);
    let secret = text.and_then(|text| hex::decode(text).ok());
    let secret = secret.ok_or_else(|| Problem::Internal(Box::from(SealingFailure)))?;
    Ok(SecondFactor::new(&secret, email)?)
}

/// Removes the second factor of an account; answers whether there was one.
pub(super) async fn remove(tx: &mut PgTransaction<'_>, user_id: Uuid) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!("DELETE FROM second_factors WHERE user_id = $1", user_id)
        .execute(&mut **tx)
        .await?;
    Ok(removed.rows_affected() == 1)
}

/// A password, to prove that it is still the same person.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordProof {
    /// The account's password.
    password: String,
}

/// A second factor that was begun. It is shown once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BegunSecondFactor {
    /// The secret, to be typed into an app: base 32.
    secret: String,
    /// The same as an `otpauth://` address, to be shown as a picture.
    address: String,
}

/// Begins a second factor: answers what an app needs. It is on once a code confirms it, within a
/// quarter of an hour.
#[utoipa::path(
    post, path = "/api/admin/auth/totp", tag = "accounts", request_body = PasswordProof,
    security(("admin" = [])),
    responses(
        (status = 200, description = "Begun.", body = BegunSecondFactor),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "No CSRF token.", body = ProblemDocument),
        (status = 409, description = "There is one already.", body = ProblemDocument),
        (status = 422, description = "The password is another one.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn begin_totp(
    cx: Context,
    SignedIn(session): SignedIn,
    Body(body): Body,
) -> Result<Json<BegunSecondFactor>, Problem> {
    let PasswordProof { password } = read("", &body).map_err(Problem::field)?;
    let tried = prove_password(&cx, &session, "password", password).await?;
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|_| SealingFailure)?;
    let factor = SecondFactor::new(&random, &session.email)?;
    let sealed = cx.app.sealer.seal(&seal_context(session.user_id), &hex::encode(random))?;
    let mut tx = begin(&cx.app.db).await?;
    let begun = sqlx::query!(
        "INSERT INTO second_factors AS known (user_id, secret_sealed, begun_at)
         VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET secret_sealed = $2, begun_at = $3
         WHERE known.confirmed_at IS NULL",
        session.user_id,
        sealed,
        cx.now
    )
    .execute(&mut *tx)
    .await?;
    if begun.rows_affected() == 0 {
        return Err(conflict("there is a second factor already", true));
    }
    tried.succeeded(&mut tx, cx.now).await?;
    on_record(&mut tx, &session, "auth.begin_second_factor", cx.now).await?;
    tx.commit().await?;
    Ok(Json(BegunSecondFactor { secret: factor.secret(), address: factor.address()? }))
}

fn conflict(sentence: &'static str, is_on: bool) -> Problem {
    Problem::Conflict { sentence, conflict: json!({"secondFactor": is_on}) }
}

async fn on_record(
    tx: &mut PgTransaction<'_>,
    session: &Session,
    action: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (actor, detail) = (Actor::named(&*session.email), json!({"session": session.id}));
    audit::record(tx, &actor, (action, &session.email), &detail, now).await
}

/// A code of an app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FirstCode {
    /// Six digits.
    code: String,
}

/// Recovery codes. They are shown once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    /// Ten codes, each good once instead of a code of the app.
    recovery_codes: Vec<String>,
}

/// Confirms a second factor by a code of the app: it is on from now on.
#[utoipa::path(
    put, path = "/api/admin/auth/totp", tag = "accounts", request_body = FirstCode,
    security(("admin" = [])),
    responses(
        (status = 200, description = "On; the recovery codes.", body = RecoveryCodes),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "No CSRF token.", body = ProblemDocument),
        (status = 409, description = "None was begun, or too long ago, or it is on already.", body = ProblemDocument),
        (status = 422, description = "The code is wrong.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn confirm_totp(
    cx: Context,
    SignedIn(session): SignedIn,
    Body(body): Body,
) -> Result<Json<RecoveryCodes>, Problem> {
    let FirstCode { code } = read("", &body).map_err(Problem::field)?;
    let tried = tries::count(&cx, &session.email).await?;
    let mut tx = begin(&cx.app.db).await?;
    let begun = sqlx::query!(
        "SELECT secret_sealed, last_step FROM second_factors
         WHERE user_id = $1 AND confirmed_at IS NULL AND begun_at > $2 FOR UPDATE",
        session.user_id,
        cx.now - BEGUN_FOR
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(begun) = begun else {
        tried.taken_back(&mut tx, cx.now).await?;
        tx.commit().await?;
        return Err(conflict("no second factor was begun within a quarter of an hour", false));
    };
    let factor = open(&cx.app, session.user_id, &session.email, &begun.secret_sealed)?;
    let step = match Code::read(&code) {
        Some(Code::OneTime(code)) => factor.step_of(&code, begun.last_step, cx.now),
        Some(Code::Recovery(_)) | None => None,
    };
    let step = step.ok_or_else(wrong_code)?;
    sqlx::query!(
        "UPDATE second_factors SET confirmed_at = $2, last_step = $3 WHERE user_id = $1",
        session.user_id,
        cx.now,
        step
    )
    .execute(&mut *tx)
    .await?;
    tried.succeeded(&mut tx, cx.now).await?;
    let codes = replace_recovery_codes(&mut tx, session.user_id).await?;
    on_record(&mut tx, &session, "auth.confirm_second_factor", cx.now).await?;
    tx.commit().await?;
    Ok(Json(codes))
}

fn wrong_code() -> Problem {
    let message = "the code is wrong, was taken already, or the clock of your device is off";
    Problem::field(FieldError::new("code", "invalid", message))
}

/// Gives an account new recovery codes; the old ones are void.
async fn replace_recovery_codes(
    tx: &mut PgTransaction<'_>,
    user_id: Uuid,
) -> Result<RecoveryCodes, Problem> {
    let (mut codes, mut hashes) = (Vec::new(), Vec::new());
    for _ in 0..RECOVERY_CODES {
        let mut random = [0; RECOVERY_BYTES];
        getrandom::fill(&mut random).map_err(|_| SealingFailure)?;
        codes.push(recovery_code(random));
        hashes.push(secret::hash(&hex::encode(random)).to_vec());
    }
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user_id)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])",
        user_id,
        &hashes
    )
    .execute(&mut **tx)
    .await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

/// Both factors, to change the second one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BothFactors {
    /// The account's password.
    password: String,
    /// Six digits of the app, or a recovery code.
    code: String,
}

/// Begins a transaction in which both factors were right, and the code is used up. Where one is wrong,
/// the try counts.
async fn prove_both(
    cx: &Context,
    session: &Session,
    body: &serde_json::Value,
) -> Result<PgTransaction<'static>, Problem> {
    let BothFactors { password, code } = read("", body).map_err(Problem::field)?;
    let tried = prove_password(cx, session, "password", password).await?;
    let mut tx = begin(&cx.app.db).await?;
    let whose = (session.user_id, &*session.email);
    match take_code(&mut tx, &cx.app, whose, Some(&code), cx.now).await? {
        Shown::OneTime | Shown::Recovery => {}
        Shown::Missing | Shown::Wrong => return Err(wrong_code()),
        Shown::NotNeeded => {
            tried.taken_back(&mut tx, cx.now).await?;
            tx.commit().await?;
            return Err(conflict("there is no second factor", false));
        }
    }
    tried.succeeded(&mut tx, cx.now).await?;
    Ok(tx)
}

/// Switches the second factor off; its recovery codes are void.
#[utoipa::path(
    delete, path = "/api/admin/auth/totp", tag = "accounts", request_body = BothFactors,
    security(("admin" = [])),
    responses(
        (status = 204, description = "Off."),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "No CSRF token.", body = ProblemDocument),
        (status = 409, description = "There is none.", body = ProblemDocument),
        (status = 422, description = "The password or the code is wrong.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn end_totp(
    cx: Context,
    SignedIn(session): SignedIn,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let mut tx = prove_both(&cx, &session, &body).await?;
    remove(&mut tx, session.user_id).await?;
    on_record(&mut tx, &session, "auth.end_second_factor", cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes new recovery codes; the old ones are void.
#[utoipa::path(
    post, path = "/api/admin/auth/recovery-codes", tag = "accounts", request_body = BothFactors,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The new codes.", body = RecoveryCodes),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "No CSRF token.", body = ProblemDocument),
        (status = 409, description = "There is no second factor.", body = ProblemDocument),
        (status = 422, description = "The password or the code is wrong.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn make_recovery_codes(
    cx: Context,
    SignedIn(session): SignedIn,
    Body(body): Body,
) -> Result<Json<RecoveryCodes>, Problem> {
    let mut tx = prove_both(&cx, &session, &body).await?;
    let codes = replace_recovery_codes(&mut tx, session.user_id).await?;
    on_record(&mut tx, &session, "auth.make_recovery_codes", cx.now).await?;
    tx.commit().await?;
    Ok(Json(codes))
}
