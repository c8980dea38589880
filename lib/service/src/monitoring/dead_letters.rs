//! Dead letters for administrators: which there are and why, and sending them again.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::{May, ReadAnalytics, RunJobs, record};
use crate::analytics::cursor;
use crate::http::{Body, Context, Only, Problem, ProblemDocument, how_many, read};
use crate::platform::begin;
use crate::tracking::dead_letters::{self, DeadLetter, DeadLetterReason, Place, Replay, Stage};

/// Dead letters that a page lists where nobody says how many.
const LIMIT_DEFAULT: i64 = 50;

/// Most dead letters of a page.
const LIMIT_MAX: i64 = 200;

/// Share of a request's time that sending again gets: the answer needs some, too.
const BUDGET_SHARE: f64 = 0.8;

/// Which dead letters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadLettersQuery {
    /// `rejected` on arrival or `dead` at the database; both, if left out.
    #[param(inline)]
    stage: Option<Stage>,
    /// Most dead letters, 1 to 200 (default 50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Dead letters that were not replayed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterList {
    /// Why there are any, whatever page is asked for: what is dead first, then by most events.
    reasons: Vec<DeadLetterReason>,
    /// Each of them, the newest first.
    dead_letters: Vec<DeadLetter>,
    /// Where the next page begins; nothing at the end.
    next_cursor: Option<String>,
}

/// Events that were refused or that the database could not take, and that were not replayed. What visitors
/// sent is not shown.
#[utoipa::path(
    get, path = "/api/admin/dead-letters", tag = "operations", params(DeadLettersQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The dead letters.", body = DeadLetterList),
        (status = 422, description = "Unknown stage, limit or cursor.", body = ProblemDocument),
    )
)]
pub async fn list_dead_letters(
    cx: Context,
    _: May<ReadAnalytics>,
    Only(query): Only<DeadLettersQuery>,
) -> Result<Json<DeadLetterList>, Problem> {
    let limit = how_many("limit", query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let after = query.cursor.as_deref().map(cursor::decode::<Place>).transpose()?;
    let mut letters = dead_letters::list(&cx.app, query.stage, after, limit + 1).await?;
    let page = usize::try_from(limit).unwrap_or_default();
    let more = letters.len() > page;
    letters.truncate(page);
    let last = letters.last().filter(|_| more);
    let next_cursor = last.and_then(|last| cursor::encode(&(last.created_at, last.id)));
    let reasons = dead_letters::reasons(&cx.app).await?;
    Ok(Json(DeadLetterList { reasons, dead_letters: letters, next_cursor }))
}

/// Which dead letters to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayRequest {
    /// One of them; all that are `dead`, if left out.
    #[serde(default)]
    id: Option<Uuid>,
}

/// Sends dead letters again, as far as a request's time goes. What the database takes now is stored and
/// counted once; what it refuses again stays a dead letter. Refused events are not sent again, since their
/// client was told.
#[utoipa::path(
    post, path = "/api/admin/dead-letters/replay", tag = "operations", request_body = ReplayRequest,
    security(("admin" = [])),
    responses(
        (status = 200, description = "What became of them.", body = Replay),
        (status = 404, description = "There is no such dead letter, or it was replayed.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
    )
)]
pub async fn replay_dead_letters(
    cx: Context,
    may: May<RunJobs>,
    Body(body): Body,
) -> Result<Json<Replay>, Problem> {
    let ReplayRequest { id } = read("", &body).map_err(Problem::field)?;
    let until = Instant::now() + cx.app.config.request_timeout.mul_f64(BUDGET_SHARE);
    let replay = dead_letters::replay(&cx.app, id, Some(until)).await?;
    if id.is_some() && replay.tried + replay.left == 0 {
        return Err(Problem::NotFound("Dead letter"));
    }
    let subject = id.map_or_else(|| "all".to_owned(), |id| id.to_string());
    let mut tx = begin(&cx.app.db).await?;
    record(&mut tx, &may.actor, ("dead_letters.replay", &subject), &json!(replay), cx.now).await?;
    tx.commit().await?;
    Ok(Json(replay))
}
