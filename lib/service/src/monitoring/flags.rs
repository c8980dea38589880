//! Feature flags: which kinds of tracking are switched on. The database keeps them; Redis tells every
//! process with the next request that it takes in.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::TrackingKind;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::accounts::{May, ReadAnalytics, WriteSettings, record};
use crate::http::{Body, Context, Problem, ProblemDocument, read};
use crate::platform::{App, begin};
use crate::queue;

/// Every flag.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlagList {
    /// Always true.
    success: bool,
    /// Every flag.
    flags: Vec<Flag>,
    /// Until when hover and scroll wait since taking events in is slow; nothing if they do not. Known to
    /// the process that answers.
    paused_until: Option<DateTime<Utc>>,
    /// Whether every process knows of a change. If not, Redis was out of reach, and they will within five
    /// minutes of its return.
    published: bool,
}

/// A flag.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Flag {
    /// The kind of tracking.
    name: TrackingKind,
    /// Whether it is switched on.
    enabled: bool,
    /// Whether it may wait while the system is busy.
    optional: bool,
    /// When it was last changed.
    changed_at: Option<DateTime<Utc>>,
    /// Who changed it.
    changed_by: Option<String>,
}

/// Flags to switch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FlagChange {
    /// Kinds of tracking, and whether each is on from now on: `clicks`, `selections`, `hover`, `scroll`,
    /// `page_visits`, `other_interactions`, `configurations`, `performance`. Others stay as they are.
    #[schema(value_type = BTreeMap<String, bool>)]
    flags: BTreeMap<TrackingKind, bool>,
}

/// Which kinds of tracking are switched on.
#[utoipa::path(
    get, path = "/api/admin/flags", tag = "operations", security(("admin" = [])),
    responses((status = 200, description = "Every flag.", body = FlagList))
)]
pub async fn get_flags(cx: Context, _: May<ReadAnalytics>) -> Result<Json<FlagList>, Problem> {
    Ok(Json(flags(&cx.app, true).await?))
}

/// Switches kinds of tracking on and off. Events of a kind that is off are refused as `tracking_off` and
/// counted in the ledger; consent, carts, orders and completed configurations are always kept.
#[utoipa::path(
    put, path = "/api/admin/flags", tag = "operations", request_body = FlagChange,
    security(("admin" = [])),
    responses(
        (status = 200, description = "Every flag, as it is now.", body = FlagList),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn put_flags(
    cx: Context,
    may: May<WriteSettings>,
    Body(body): Body,
) -> Result<Json<FlagList>, Problem> {
    let change: FlagChange = read("", &body).map_err(Problem::field)?;
    let mut tx = begin(&cx.app.db).await?;
    for (kind, enabled) in &change.flags {
        sqlx::query!(
            "INSERT INTO feature_flags (name, enabled, changed_at, changed_by) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled,
                changed_at = excluded.changed_at, changed_by = excluded.changed_by
             WHERE feature_flags.enabled <> excluded.enabled",
            kind.as_str(),
            enabled,
            cx.now,
            may.actor.as_str()
        )
        .execute(&mut *tx)
        .await?;
    }
    let detail = json!({"flags": change.flags});
    record(&mut tx, &may.actor, ("flags.change", "tracking"), &detail, cx.now).await?;
    tx.commit().await?;
    let published = match publish_flags(&cx.app).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(?error, "flags not published");
            false
        }
    };
    Ok(Json(flags(&cx.app, published).await?))
}

/// Tells every process which tracking is off, also after Redis lost it.
pub async fn publish_flags(app: &App) -> Result<(), Problem> {
    let off: Vec<String> = sqlx::query_scalar!("SELECT name FROM feature_flags WHERE NOT enabled")
        .fetch_all(&app.db)
        .await?;
    let off: BTreeSet<TrackingKind> =
        off.iter().filter_map(|name| TrackingKind::of_name(name)).collect();
    Ok(queue::publish_off(app, &off).await?)
}

async fn flags(app: &App, published: bool) -> Result<FlagList, Problem> {
    let rows = sqlx::query!("SELECT name, enabled, changed_at, changed_by FROM feature_flags")
        .fetch_all(&app.db)
        .await?;
    let flag = |kind: TrackingKind| {
        let row = rows.iter().find(|row| row.name == kind.as_str());
        Flag {
            name: kind,
            enabled: row.is_none_or(|row| row.enabled),
            optional: kind.is_optional(),
            changed_at: row.map(|row| row.changed_at),
            changed_by: row.map(|row| row.changed_by.clone()),
        }
    };
    let now = app.clock.now();
    let known = app.controls.read().unwrap_or_else(std::sync::PoisonError::into_inner).decode();
    Ok(FlagList {
        success: true,
        flags: TrackingKind::ALL.map(flag).into(),
        paused_until: known.paused_until.filter(|until| now < *until),
        published,
    })
}
