//! How much was lost, how many prices were wrong, and what was said otherwise before: the ledger, the
//! price check and restatements as a report.

use axum::Json;
use nest_haus_domain::analytics::Rate;
use nest_haus_domain::tracking::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::meta::Meta;
use super::price_integrity::{PriceIntegrity, price_integrity};
use super::range::{Asked, RangeQuery};
use super::restatements::{Restatements, restatements};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, FieldError, Problem, ProblemDocument};
use crate::queue;
use crate::tracking::ledger::{LedgerReport, SessionLedger, ledger, session_ledger};

/// Names a session, for its own ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct DataQualityQuery {
    /// A session's id.
    #[param(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: Option<String>,
}

/// The ledger with the share of numbered events that are stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataQuality {
    /// Whether both identities hold.
    closed: bool,
    /// Numbered events stored or refused knowingly, of all numbered events.
    capture_rate: Rate,
    /// The ledger.
    ledger: LedgerReport,
    /// The ledger of the session that was asked for.
    session: Option<SessionLedger>,
    /// Whether pages showed the right prices, in the range that was asked for.
    prices: PriceIntegrity,
    /// Days of the range that count otherwise than they did, since events came late.
    restatements: Restatements,
    /// What the report says about itself.
    meta: Meta,
}

/// What became of every transmission and of every numbered event, in total and by session.
#[utoipa::path(
    get, path = "/api/admin/analytics/data-quality", tag = "analytics", params(DataQualityQuery, RangeQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The ledger.", body = DataQuality),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 422, description = "No session id.", body = ProblemDocument),
        (status = 503, description = "Queue or database out of reach.", body = ProblemDocument),
    )
)]
pub async fn data_quality(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, query }: Asked<DataQualityQuery>,
) -> Result<Json<DataQuality>, Problem> {
    let session = match query.session_id {
        Some(text) => {
            let session_id = SessionId::try_from(text).map_err(|error| {
                Problem::field(FieldError::new("sessionId", "invalid", error.to_string()))
            })?;
            Some(session_ledger(&cx.app, &session_id).await?)
        }
        None => None,
    };
    let ledger = ledger(&cx.app, false, cx.now).await?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("data_quality", &range, queues.as_deref(), cx.now);
    meta.approx = ledger.queue_cut;
    Ok(Json(DataQuality {
        closed: ledger.is_closed(),
        capture_rate: ledger.capture_rate(),
        ledger,
        session,
        prices: price_integrity(&cx.app, range.period).await?,
        restatements: restatements(&cx.app, range.period).await?,
        meta,
    }))
}
