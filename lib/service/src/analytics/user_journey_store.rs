//! What the journey of one session is read from: an outline of all its events, and the details of
//! those that a page shows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Effect, Moment};
use nest_haus_domain::configurator::{ConfigurationChange, Selections};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// Most events of a session that a journey covers.
pub(super) const EVENTS_MAX: i64 = 50_000;

/// The table that an event is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Interactions,
    Snapshots,
    Facts,
    Metrics,
}

/// An event without its details.
pub(super) struct Outline {
    pub(super) source: Source,
    pub(super) event_id: Uuid,
    pub(super) event_time: DateTime<Utc>,
    pub(super) late: bool,
    pub(super) moment: Moment,
}

/// Every event of a session in order, up to [`EVENTS_MAX`].
pub(super) async fn outline(
    db: &mut PgConnection,
    session_key: Uuid,
) -> Result<Vec<Outline>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT 'interactions' AS "source!", occurred_at AS "occurred_at!",
            coalesce(seq, 0) AS "place!", event_id AS "event_id!", event_time AS "event_time!",
            seq, tab_id, late AS "late!",
            CASE event_type WHEN 'engagement' THEN time_spent_ms END AS engaged_ms,
            CASE WHEN event_type = 'selection' AND selection_value IS DISTINCT FROM previous_value
                THEN category END AS category,
            selection_value AS option, NULL::jsonb AS changes
         FROM interaction_events WHERE session_key = $1
         UNION ALL
         SELECT 'snapshots', s.occurred_at, coalesce(s.seq, 0), s.event_id, s.event_time,
            s.seq, tab_id, late, NULL, NULL, NULL, coalesce(changes, '[]')
         FROM configuration_snapshots AS s LEFT JOIN configuration_changes AS c
            ON (c.session_key, c.occurred_at, c.seq, c.event_id)
                = (s.session_key, s.occurred_at, coalesce(s.seq, 0), s.event_id)
         WHERE s.session_key = $1
         UNION ALL
         SELECT 'facts', occurred_at, coalesce(seq, 0), event_id, event_time, seq, tab_id, late,
            NULL, NULL, NULL, NULL
         FROM session_events WHERE session_key = $1
         UNION ALL
         SELECT 'metrics', occurred_at, coalesce(seq, 0), event_id, event_time, seq, tab_id, late,
            NULL, NULL, NULL, NULL
         FROM performance_metrics WHERE session_key = $1
         ORDER BY 2, 3, 4 LIMIT $2"#,
        session_key,
        EVENTS_MAX
    )
    .fetch_all(db)
    .await?;
    let outline = rows.into_iter().map(|row| {
        let source = match row.source.as_str() {
            "snapshots" => Source::Snapshots,
            "facts" => Source::Facts,
            "metrics" => Source::Metrics,
            _ => Source::Interactions,
        };
        let effect = match (row.changes, row.category, row.option) {
            (Some(changes), ..) => Effect::Snapshot(options_of(changes)?),
            (None, Some(category), Some(option)) => {
                Effect::Selection { category, option, previous: None }
            }
            _ => Effect::None,
        };
        Ok(Outline {
            source,
            event_id: row.event_id,
            event_time: row.event_time,
            late: row.late,
            moment: Moment {
                at: row.occurred_at,
                tab: row.tab_id,
                seq: row.seq,
                engaged_ms: row.engaged_ms,
                effect,
            },
        })
    });
    outline.collect()
}

/// Stored changes, as categories and what is chosen in them now.
fn options_of(changes: Value) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
    let option =
        |change: ConfigurationChange| (change.category, change.to.map(|choice| choice.option));
    Ok(decode(changes)?.into_iter().map(option).collect())
}

fn decode(changes: Value) -> Result<Vec<ConfigurationChange>, sqlx::Error> {
    serde_json::from_value(changes).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Some events of a session, all of one table.
pub(super) struct Chosen<'a> {
    pub(super) session_key: Uuid,
    pub(super) ids: &'a [Uuid],
    pub(super) times: &'a [DateTime<Utc>],
}

/// An interaction.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct InteractionDetail {
    #[serde(skip)]
    pub(super) event_id: Uuid,
    /// What kind of interaction.
    pub(super) event_type: String,
    /// What it was about.
    pub(super) category: String,
    /// The element that was used.
    pub(super) element_id: Option<String>,
    /// The value that was chosen before.
    pub(super) previous_value: Option<String>,
    /// The value that was chosen.
    pub(super) selection_value: Option<String>,
    /// Milliseconds that the client says were spent.
    pub(super) time_spent_ms: Option<i64>,
    /// The price that the page showed, in cents.
    pub(super) shown_price_cents: Option<i64>,
    /// The change of price that the page showed, in cents.
    pub(super) shown_price_change_cents: Option<i64>,
    /// The device.
    pub(super) device_type: Option<String>,
    /// Anything else that the client sent, without personal values.
    pub(super) additional_data: Option<Value>,
}

pub(super) async fn interactions(
    db: &mut PgConnection,
    of: Chosen<'_>,
) -> Result<Vec<InteractionDetail>, sqlx::Error> {
    sqlx::query_as!(
        InteractionDetail,
        "SELECT event_id, event_type, category, element_id, previous_value, selection_value,
            time_spent_ms, total_price_cents AS shown_price_cents,
            price_change_cents AS shown_price_change_cents, device_type, additional_data
         FROM interaction_events WHERE (session_key, event_time, event_id) IN (
            SELECT $1::uuid, event_time, event_id
            FROM unnest($2::timestamptz[], $3::uuid[]) AS chosen (event_time, event_id))",
        of.session_key,
        of.times,
        of.ids
    )
    .fetch_all(db)
    .await
}

/// A configuration, by what changed since the one before.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigurationDetail {
    #[serde(skip)]
    pub(super) event_id: Uuid,
    /// What made the client send it.
    pub(super) trigger: String,
    /// The choices that changed.
    #[schema(value_type = Vec<ConfigurationChange>)]
    pub(super) changes: Value,
    /// Change of price since the configuration before, in cents.
    pub(super) price_change_cents: Option<i64>,
    /// What it costs by the price list in force then, in cents.
    pub(super) total_price_cents: Option<i64>,
    /// What the page showed, in cents.
    pub(super) claimed_price_cents: Option<i64>,
    /// Whether the page was right.
    pub(super) price_check: Option<String>,
    /// The price list.
    pub(super) price_list_version: Option<i32>,
    /// Categories whose price must be asked for.
    pub(super) on_request: Option<Vec<String>>,
    /// Share of required categories that the visitor chose.
    pub(super) completion: Option<f64>,
    /// Names the configuration.
    pub(super) configuration_hash: Option<String>,
    /// The visitor left with it.
    pub(super) exits: bool,
    /// The visitor finished configuring with it.
    pub(super) completes: bool,
}

pub(super) async fn configurations(
    db: &mut PgConnection,
    of: Chosen<'_>,
) -> Result<Vec<ConfigurationDetail>, sqlx::Error> {
    sqlx::query_as!(
        ConfigurationDetail,
        r#"SELECT s.event_id, trigger::text AS "trigger!",
            coalesce(changes, '[]') AS "changes!", price_change_cents, total_price_cents,
            claimed_price_cents, price_check::text AS price_check, price_list_version, on_request,
            completion, configuration_hash, exits, completes
         FROM configuration_snapshots AS s LEFT JOIN configuration_changes AS c
            ON (c.session_key, c.occurred_at, c.seq, c.event_id)
                = (s.session_key, s.occurred_at, coalesce(s.seq, 0), s.event_id)
         WHERE (s.session_key, s.event_time, s.event_id) IN (
            SELECT $1::uuid, event_time, event_id
            FROM unnest($2::timestamptz[], $3::uuid[]) AS chosen (event_time, event_id))"#,
        of.session_key,
        of.times,
        of.ids
    )
    .fetch_all(db)
    .await
}

/// A fact about the session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FactDetail {
    #[serde(skip)]
    pub(super) event_id: Uuid,
    /// Which.
    pub(super) fact: String,
    /// What it says, without personal values.
    pub(super) value: Option<Value>,
}

pub(super) async fn facts(
    db: &mut PgConnection,
    of: Chosen<'_>,
) -> Result<Vec<FactDetail>, sqlx::Error> {
    sqlx::query_as!(
        FactDetail,
        r#"SELECT event_id, fact::text AS "fact!", value
         FROM session_events WHERE (session_key, event_time, event_id) IN (
            SELECT $1::uuid, event_time, event_id
            FROM unnest($2::timestamptz[], $3::uuid[]) AS chosen (event_time, event_id))"#,
        of.session_key,
        of.times,
        of.ids
    )
    .fetch_all(db)
    .await
}

/// A measurement.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MeasurementDetail {
    #[serde(skip)]
    pub(super) event_id: Uuid,
    /// What was measured.
    pub(super) metric_name: String,
    /// The value, in the metric's own unit.
    pub(super) value: f64,
    /// The endpoint that was measured.
    pub(super) endpoint: Option<String>,
    /// Anything else that the client sent, without personal values.
    pub(super) additional_data: Option<Value>,
}

pub(super) async fn measurements(
    db: &mut PgConnection,
    of: Chosen<'_>,
) -> Result<Vec<MeasurementDetail>, sqlx::Error> {
    sqlx::query_as!(
        MeasurementDetail,
        "SELECT event_id, metric_name, value, endpoint, additional_data
         FROM performance_metrics WHERE session_key = $1 AND (event_time, event_id) IN (
            SELECT event_time, event_id
            FROM unnest($2::timestamptz[], $3::uuid[]) AS chosen (event_time, event_id))",
        of.session_key,
        of.times,
        of.ids
    )
    .fetch_all(db)
    .await
}

/// A visit: a run of activity.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VisitDetail {
    /// Its number in the session.
    pub(super) number: i32,
    #[serde(skip)]
    pub(super) started_at: DateTime<Utc>,
    /// Its last activity.
    pub(super) ended_at: DateTime<Utc>,
    /// Who it counts for.
    pub(super) population: String,
    /// Where it came from.
    pub(super) channel: String,
    /// The device.
    pub(super) device: String,
    /// The first page.
    pub(super) entry_page: Option<String>,
    /// Pages seen.
    pub(super) page_views: i32,
    /// Engaged time in milliseconds.
    pub(super) engaged_ms: i64,
    /// How far it came in the configurator, 1 to 5.
    pub(super) funnel_level: i16,
}

pub(super) async fn visits(
    db: &mut PgConnection,
    session_key: Uuid,
) -> Result<Vec<VisitDetail>, sqlx::Error> {
    sqlx::query_as!(
        VisitDetail,
        r#"SELECT number, started_at, ended_at, population::text AS "population!", channel, device,
            entry_page, page_views, engaged_ms, funnel_level
         FROM visits WHERE session_key = $1 ORDER BY number"#,
        session_key
    )
    .fetch_all(db)
    .await
}

/// A payment as its provider reports it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentDetail {
    /// Names the payment.
    pub(super) payment_id: String,
    /// `captured` or `refunded`.
    pub(super) payment_kind: String,
    /// The order.
    pub(super) order_id: String,
    #[serde(skip)]
    pub(super) paid_at: DateTime<Utc>,
    /// In cents of its own currency.
    pub(super) amount_cents: i64,
    /// ISO 4217 code.
    pub(super) currency: String,
    /// In euro cents.
    pub(super) eur_cents: i64,
}

pub(super) async fn payments(
    db: &mut PgConnection,
    session_key: Uuid,
) -> Result<Vec<PaymentDetail>, sqlx::Error> {
    sqlx::query_as!(
        PaymentDetail,
        r#"SELECT payment_id, kind::text AS "payment_kind!", order_id, paid_at, amount_cents,
            currency, eur_cents
         FROM payments WHERE session_key = $1 ORDER BY paid_at, payment_id, kind LIMIT 1000"#,
        session_key
    )
    .fetch_all(db)
    .await
}

/// How many events each tab of a session says that it emitted.
pub(super) async fn emitted(
    db: &mut PgConnection,
    session_key: Uuid,
) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let rows =
        sqlx::query!("SELECT tab_id, emitted FROM sequences WHERE session_key = $1", session_key)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| (row.tab_id, row.emitted)).collect())
}

/// Tab and number of the events of a session that arrived and were not stored.
pub(super) async fn refused(
    db: &mut PgConnection,
    session_key: Uuid,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT tab_id AS "tab_id!", seq AS "seq!" FROM dead_letters
         WHERE session_key = $1 AND tab_id IS NOT NULL AND seq IS NOT NULL LIMIT 10000"#,
        session_key
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tab_id, row.seq)).collect())
}

/// The configuration of a session at one moment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigurationState {
    /// The moment.
    at: DateTime<Utc>,
    /// The snapshot that it follows from.
    snapshot_id: Uuid,
    /// When that was taken.
    snapshot_at: DateTime<Utc>,
    /// Choice by category.
    selections: Selections,
    /// What it costs by the price list in force then, in cents.
    total_price_cents: Option<i64>,
    /// The price list.
    price_list_version: Option<i32>,
    /// Categories whose price must be asked for.
    on_request: Option<Vec<String>>,
}

/// A place in the order of a session's events.
pub(super) type EventPlace = (DateTime<Utc>, i64, Uuid);

/// The configuration up to and with a place, rebuilt from the changes; nothing before the first.
pub(super) async fn state_at(
    db: &mut PgConnection,
    session_key: Uuid,
    (at, seq, event_id): EventPlace,
) -> Result<Option<ConfigurationState>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT occurred_at, event_id, event_time, changes FROM configuration_changes
         WHERE session_key = $1 AND (occurred_at, seq, event_id) <= ($2, $3, $4)
         ORDER BY occurred_at, seq, event_id LIMIT $5",
        session_key,
        at,
        seq,
        event_id,
        EVENTS_MAX
    )
    .fetch_all(&mut *db)
    .await?;
    let Some((snapshot_id, event_time, snapshot_at)) =
        rows.last().map(|row| (row.event_id, row.event_time, row.occurred_at))
    else {
        return Ok(None);
    };
    let mut selections = Selections::default();
    for row in rows {
        selections.apply(&decode(row.changes)?);
    }
    let price = sqlx::query!(
        "SELECT total_price_cents, price_list_version, on_request FROM configuration_snapshots
         WHERE session_key = $1 AND event_time = $2 AND event_id = $3",
        session_key,
        event_time,
        snapshot_id
    )
    .fetch_one(db)
    .await?;
    Ok(Some(ConfigurationState {
        at,
        snapshot_id,
        snapshot_at,
        selections,
        total_price_cents: price.total_price_cents,
        price_list_version: price.price_list_version,
        on_request: price.on_request,
    }))
}
