//! A session's start, and what its cart page reads back.

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use nest_haus_domain::configurator::{Appraisal, euros};
use nest_haus_domain::tracking::{Kind, Payload, Register, SessionFact, SessionFacts, SessionId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::accept::{Incoming, accept};
use super::session_token;
use super::store;
use super::track::{answer, event};
use super::wire::Envelope;
use crate::configurator;
use crate::http::{
    Context, FieldError, FreeObject, Problem, ProblemDocument, Query, etag, unless_known,
};
use crate::platform::App;
use crate::queue;

/// A new session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct StartedSession {
    /// Always true.
    success: bool,
    /// Names the session from now on.
    session_id: String,
    /// When it began, in milliseconds since 1970.
    timestamp: i64,
    /// Proves to be the session's own client; also a cookie. Nothing where it cannot be known
    /// whether somebody else has it.
    session_token: Option<String>,
    /// `Not tracked` where consent forbids to keep the start.
    message: Option<String>,
    /// Why it was not kept: `consent_missing` or `consent_denied`.
    reason: Option<String>,
}

/// Starts a session whose id the server makes up. The body does not matter.
#[utoipa::path(
    post, path = "/api/sessions", tag = "sessions",
    responses(
        (status = 200, description = "The session's id and its token.", body = StartedSession),
        (status = 503, description = "Nothing was kept; try again later.", body = ProblemDocument),
    )
)]
pub async fn start_session(cx: Context) -> Result<Response, Problem> {
    let millis = cx.now.timestamp_millis();
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| crate::platform::SealingFailure)?;
    let id = format!("config_{millis}_{}", hex::encode(random));
    let session_id = SessionId::try_from(id).map_err(|error| Problem::Internal(error.into()))?;
    let envelope = Envelope::default();
    let payload = Payload::Fact(SessionFact::Started);
    let event =
        event(&cx, &envelope, Some(session_id.clone()), 0, payload).map_err(Problem::field)?;
    let receipt = accept(&cx, Incoming::one(Kind::Configurations, event)).await?;
    let token = receipt.token.as_ref().map(|token| token.token.clone());
    let body = json!({
        "success": true, "sessionId": session_id, "timestamp": millis, "sessionToken": token,
    });
    Ok(answer(&cx, false, &receipt, body))
}

/// Names a session.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct SessionQuery {
    /// The session's id.
    #[param(value_type = String, pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: Option<String>,
}

impl SessionQuery {
    /// The session, or the refusal in the words of today's client.
    pub fn session_id(self, missing: &'static str) -> Result<SessionId, Problem> {
        let text = self
            .session_id
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Problem::legacy(missing, vec![FieldError::required("sessionId")]))?;
        SessionId::try_from(text).map_err(|error| {
            let field = FieldError::new("sessionId", "invalid", error.to_string());
            Problem::legacy(missing, vec![field])
        })
    }
}

/// Everything known of a session, stored or still in the queue. If Redis is out of reach, what is
/// stored has to do; if the database is, nobody counts as the session's own client, since an older
/// claim may be there.
pub async fn facts_of(cx: &Context, session_id: &SessionId) -> Result<SessionFacts, Problem> {
    match (stored_facts(cx, session_id).await, queue::live_facts(&cx.app, session_id).await) {
        (Ok(mut stored), Ok(live)) => {
            stored.merge(live);
            Ok(stored)
        }
        (Ok(stored), Err(error)) => {
            tracing::warn!(?error, "session read without redis");
            Ok(stored)
        }
        (Err(error), Ok(mut live)) if !live.is_empty() => {
            tracing::warn!(?error, "session read without the database");
            live.forget(&Register::Owner);
            Ok(live)
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// Some registers of some sessions, stored or still in the queue, in the order of these. If Redis or the
/// database is out of reach, what the other knows has to do.
pub async fn registers_of(
    app: &App,
    sessions: &[SessionId],
    registers: &[Register],
) -> Result<Vec<SessionFacts>, Problem> {
    let keys: Vec<_> = sessions.iter().map(|session| session.key().as_uuid()).collect();
    let stored = async { store::load_facts(&mut *app.db.acquire().await?, &keys).await };
    let (mut stored, live) =
        match (stored.await, queue::live_registers(app, sessions, registers).await) {
            (Err(error), Err(_)) => return Err(error.into()),
            (stored, live) => (stored.unwrap_or_default(), live.unwrap_or_default()),
        };
    let mut live = live.into_iter();
    let facts = sessions.iter().map(|session| {
        let mut facts = stored.remove(&session.key()).unwrap_or_default();
        facts.merge(live.next().unwrap_or_default());
        facts
    });
    Ok(facts.collect())
}

async fn stored_facts(cx: &Context, session_id: &SessionId) -> Result<SessionFacts, sqlx::Error> {
    let mut db = cx.app.db.acquire().await?;
    let mut facts = store::load_facts(&mut db, &[session_id.key().as_uuid()]).await?;
    Ok(facts.remove(&session_id.key()).unwrap_or_default())
}

/// What is known of a session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose entity tag is that of its JSON")]
struct SessionAnswer {
    /// Always true.
    success: bool,
    /// The session.
    session: SessionState,
    /// When this was read, in milliseconds since 1970.
    timestamp: i64,
}

/// A session's configuration, price and status.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose entity tag is that of its JSON")]
struct SessionState {
    /// The session's id.
    session_id: String,
    /// The configuration as it was sent last, and `userData` for the session's own client.
    #[schema(value_type = Option<FreeObject>)]
    configuration_data: Option<Value>,
    /// What it costs by the price list in force when it was seen, in euros; nothing without a size.
    total_price: Option<f64>,
    /// Categories whose price must be asked for.
    on_request: Option<Vec<String>>,
    /// The price list.
    price_list_version: Option<i32>,
    /// `ACTIVE`, `ABANDONED`, `IN_CART`, `COMPLETED` or `CONVERTED`.
    status: String,
    /// When the visitor did something last.
    last_activity: Option<DateTime<Utc>>,
}

/// A session's configuration, price and status; with the session's token its personal data too.
#[utoipa::path(
    get, path = "/api/sessions/get-session", tag = "sessions", params(SessionQuery),
    responses(
        (status = 200, description = "The session.", body = SessionAnswer),
        (status = 304, description = "As the client has it."),
        (status = 400, description = "No session named.", body = ProblemDocument),
        (status = 404, description = "Unknown session.", body = ProblemDocument),
    )
)]
pub async fn get_session(
    cx: Context,
    Query(query): Query<SessionQuery>,
) -> Result<Response, Problem> {
    let session_id = query.session_id("Session ID is required")?;
    let facts = facts_of(&cx, &session_id).await?;
    if facts.is_empty() {
        return Err(Problem::NotFound("Session"));
    }
    let is_owner = session_token::is_owner(&cx.app, &cx.caller, &session_id, &facts);
    let appraisal = appraise(&cx, &facts).await;
    let session = json!({
        "sessionId": session_id,
        "configurationData": configuration_data(&cx, &session_id, &facts, is_owner),
        "totalPrice": appraisal.as_ref().and_then(house_price),
        "onRequest": appraisal.as_ref().map(|appraisal| &appraisal.quote.on_request),
        "priceListVersion": appraisal.as_ref().map(|appraisal| appraisal.quote.price_list_version),
        "status": facts.status(),
        "lastActivity": last_activity(&facts),
    });
    let etag = etag(&session.to_string());
    Ok(unless_known(&cx.caller, &etag, "private, no-cache", || {
        let timestamp = cx.now.timestamp_millis();
        axum::Json(json!({"success": true, "session": session, "timestamp": timestamp}))
            .into_response()
    }))
}

/// Euros; nothing without a size.
fn house_price(appraisal: &Appraisal) -> Option<Value> {
    appraisal.quote.area_dm2.map(|_| euros(appraisal.quote.total_cents))
}

/// The session's configuration and what it costs. The browser's claim is never passed on: where no
/// price list can be had there is no price.
async fn appraise(cx: &Context, facts: &SessionFacts) -> Option<Appraisal> {
    let moment = facts.at(&Register::Configuration)?;
    match configurator::price_lists_since(&cx.app, moment).await {
        Ok(known) => {
            known.lists.appraise(facts.configuration()?, facts.claimed_price_cents(), moment)
        }
        Err(error) => {
            tracing::warn!(?error, "session read without price lists");
            None
        }
    }
}

/// The configuration as the front end reads it, `userData` inside. Sealed values are opened for
/// the session's own client and left out for anybody else.
pub(super) fn configuration_data(
    cx: &Context,
    session_id: &SessionId,
    facts: &SessionFacts,
    is_owner: bool,
) -> Value {
    let mut data = facts.configuration().and_then(Value::as_object).cloned();
    if is_owner {
        let open = |(name, sealed)| {
            Some((String::from(name), json!(cx.app.sealer.open(session_id.as_str(), sealed)?)))
        };
        let user_data: Map<String, Value> = facts.user_data().filter_map(open).collect();
        if !user_data.is_empty() {
            data.get_or_insert_default().insert("userData".to_owned(), user_data.into());
        }
    }
    let mut data = data.map_or(Value::Null, Value::Object);
    cx.app.sealer.open_or_remove(session_id.as_str(), &mut data, is_owner);
    data
}

pub(super) fn last_activity(facts: &SessionFacts) -> Option<String> {
    let at = facts.at(&Register::LastActivity).or_else(|| facts.at(&Register::Started));
    at.map(iso)
}

pub(super) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
