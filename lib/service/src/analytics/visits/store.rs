//! What the projection of visits reads and writes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{EventKind, Touch, Visit, VisitEvent};
use nest_haus_domain::tracking::RequestContext;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::evidence::Verdict;

/// The lock that one projection holds at a time.
pub(in crate::analytics) const PROJECTION_LOCK: i64 = 7253;

/// A session with everything that its visits follow from.
pub(super) struct StoredSession {
    pub(super) key: Uuid,
    pub(super) session_id: String,
    pub(super) visitor_id: Option<String>,
    pub(super) analytics_consent: Option<bool>,
    device: Option<String>,
    pub(super) context: RequestContext,
    pub(super) events: Vec<VisitEvent>,
    pub(super) payments: Vec<DateTime<Utc>>,
    emitted: i64,
    captured: i64,
}

/// Takes the lock until the transaction ends; false if another projection holds it.
pub(super) async fn take_lock(tx: &mut PgTransaction<'_>) -> Result<bool, sqlx::Error> {
    let taken =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "taken!""#, PROJECTION_LOCK);
    taken.fetch_one(&mut **tx).await
}

/// Takes marks of sessions off the list. Those of transactions that are under way cannot be seen: they
/// stay, as the events that they stand for cannot be seen either.
pub(super) async fn take_stale_sessions(
    tx: &mut PgTransaction<'_>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH taken AS (
            DELETE FROM stale_visits WHERE session_key IN (
                SELECT DISTINCT session_key FROM stale_visits ORDER BY session_key LIMIT $1)
            RETURNING session_key)
         SELECT DISTINCT session_key FROM taken",
        limit
    )
    .fetch_all(&mut **tx)
    .await
}

/// The sessions of some keys.
pub(super) async fn sessions(
    tx: &mut PgTransaction<'_>,
    keys: &[Uuid],
) -> Result<Vec<StoredSession>, sqlx::Error> {
    let mut events = events(tx, keys).await?;
    let mut payments = payments(tx, keys).await?;
    let rows = sqlx::query!(
        r#"SELECT s.session_key, s.session_id, s.visitor_id, s.analytics_consent, s.device_type,
            f.facts #> '{context,value}' AS context, n.emitted AS "emitted!", n.captured AS "captured!"
         FROM user_sessions AS s JOIN session_facts AS f USING (session_key)
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.emitted), 0)::bigint AS emitted,
                coalesce(sum(least(t.emitted, t.stored + t.rejected + t.dead + t.erased
                    + dropped_events(t.dropped_local))), 0)::bigint AS captured
            FROM sequences AS t WHERE t.session_key = s.session_key) AS n
         WHERE s.session_key = ANY($1) ORDER BY s.session_key"#,
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    let sessions = rows.into_iter().map(|row| {
        let context = row.context.map(serde_json::from_value).transpose();
        Ok(StoredSession {
            key: row.session_key,
            session_id: row.session_id,
            visitor_id: row.visitor_id,
            analytics_consent: row.analytics_consent,
            device: row.device_type,
            context: context
                .map_err(|error| sqlx::Error::Decode(error.into()))?
                .unwrap_or_default(),
            events: events.remove(&row.session_key).unwrap_or_default(),
            payments: payments.remove(&row.session_key).unwrap_or_default(),
            emitted: row.emitted,
            captured: row.captured,
        })
    });
    sessions.collect()
}

/// The events of some sessions in their order (definitions b0.3). Of what clients add, only what page
/// views say about where the visitor came from is read.
async fn events(
    tx: &mut PgTransaction<'_>,
    keys: &[Uuid],
) -> Result<HashMap<Uuid, Vec<VisitEvent>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT session_key AS "session_key!", occurred_at AS "occurred_at!", kind AS "kind!",
            activity AS "activity!", name AS "name!", category AS "category!", value, time_spent_ms,
            CASE WHEN name IN ('page_visit', 'page_view') THEN additional_data END AS page_data
         FROM session_timeline WHERE session_key = ANY($1)
         ORDER BY session_key, occurred_at, seq, event_id"#,
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_session: HashMap<Uuid, Vec<VisitEvent>> = HashMap::new();
    for row in rows {
        by_session.entry(row.session_key).or_default().push(VisitEvent {
            at: row.occurred_at,
            kind: match row.kind.as_str() {
                "interaction" => EventKind::Interaction,
                "snapshot" => EventKind::Snapshot,
                _ => EventKind::Fact,
            },
            activity: row.activity,
            name: row.name,
            category: row.category,
            value: row.value,
            time_spent_ms: row.time_spent_ms,
            touch: row.page_data.as_ref().and_then(touch),
        });
    }
    Ok(by_session)
}

async fn payments(
    tx: &mut PgTransaction<'_>,
    keys: &[Uuid],
) -> Result<HashMap<Uuid, Vec<DateTime<Utc>>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT session_key AS "session_key!", paid_at FROM payments
         WHERE session_key = ANY($1) AND kind = 'captured' ORDER BY paid_at, payment_id"#,
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_session: HashMap<Uuid, Vec<DateTime<Utc>>> = HashMap::new();
    for row in rows {
        by_session.entry(row.session_key).or_default().push(row.paid_at);
    }
    Ok(by_session)
}

/// What a page view says about where the visitor came from.
fn touch(data: &Value) -> Option<Touch> {
    let text =
        |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_lowercase);
    let utm = &data["utm"];
    let touch = Touch {
        source: text(&utm["source"]),
        medium: text(&utm["medium"]),
        campaign: text(&utm["campaign"]),
        click_id: text(&data["clickId"]),
        referrer_host: data["referrer"].as_str().and_then(host),
    };
    (touch != Touch::default()).then_some(touch)
}

/// The host of an address.
fn host(address: &str) -> Option<String> {
    let uri: axum::http::Uri = address.parse().ok()?;
    uri.host().map(str::to_lowercase)
}

/// A visit as a row of its tables.
pub(super) fn row(
    session: &StoredSession,
    verdict: &Verdict,
    index: usize,
    visit: &Visit,
) -> Value {
    // The first request's `Referer` is the page that the visitor is on: it may carry a campaign, and
    // its host is the site's own.
    let page = session.context.referrer.as_deref();
    let own_hosts: Vec<String> = page.and_then(host).into_iter().collect();
    let of_first_request = || page.filter(|_| index == 0).map(Touch::of_address);
    let touch = visit.touch.clone().or_else(of_first_request).unwrap_or_default();
    let (last, next) = (visit.last.as_ref(), visit.next.as_ref());
    json!({
        "session_key": session.key,
        "number": index + 1,
        "session_id": session.session_id,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "population": verdict.population,
        "bounced": visit.bounced,
        "configuring": visit.configuring,
        "funnel_level": visit.step_at.len(),
        "page_views": visit.page_views,
        "interactions": visit.interactions,
        "selections": visit.selections,
        "snapshots": visit.snapshots,
        "duration_ms": visit.duration.num_milliseconds(),
        "engaged_ms": visit.engaged.num_milliseconds(),
        "step_at": visit.step_at,
        "cart_at": visit.cart_at,
        "completed_at": visit.completed_at,
        "lead_at": visit.lead_at,
        "claimed_at": visit.claimed_at,
        "ordered_at": visit.ordered_at,
        "emitted": if index == 0 { session.emitted } else { 0 },
        "captured": if index == 0 { session.captured } else { 0 },
        "visitor_id": session.visitor_id,
        "device": session.device.as_deref().unwrap_or("unknown"),
        "channel": touch.channel(&own_hosts),
        "source": touch.source,
        "medium": touch.medium,
        "campaign": touch.campaign,
        "referrer_host": touch.referrer(&own_hosts),
        "country": session.context.country,
        "entry_page": visit.entry_page,
        "exit_page": visit.exit_page,
        "last_event": last.map(|(name, _)| name),
        "last_category": last.map(|(_, category)| category),
        "next_event": next.map(|(name, _)| name),
        "next_category": next.map(|(_, category)| category),
        "bot_reasons": verdict.suspicions.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
        "path": visit.path,
    })
}

/// Puts visits in the place of those that some sessions had, and marks the hours of both.
pub(super) async fn replace(
    tx: &mut PgTransaction<'_>,
    keys: &[Uuid],
    visits: &[Value],
) -> Result<(), sqlx::Error> {
    let mut hours: Vec<DateTime<Utc>> = Vec::new();
    let mut visitors: Vec<String> = Vec::new();
    let removed = sqlx::query!(
        "DELETE FROM visits WHERE session_key = ANY($1) RETURNING started_at, visitor_id",
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!("DELETE FROM visit_paths WHERE session_key = ANY($1)", keys)
        .execute(&mut **tx)
        .await?;
    let rows = Value::from(visits).to_string();
    let added = insert_visits(tx, &rows).await?;
    let removed = removed.into_iter().map(|row| (row.started_at, row.visitor_id));
    for (started_at, visitor_id) in removed.chain(added) {
        hours.push(started_at);
        visitors.extend(visitor_id);
    }
    sqlx::query!(
        "INSERT INTO visit_paths (session_key, number, path)
         SELECT session_key, number, path FROM json_populate_recordset(NULL::visit_paths, $1::text::json)",
        rows
    )
    .execute(&mut **tx)
    .await?;
    replace_votes(tx, keys).await?;
    link_visits(tx, &visitors).await?;
    mark_hours(tx, &hours).await
}

/// Puts the votes of some sessions, whose visits are there, in the place of those that they had, and marks
/// the days of both.
async fn replace_votes(tx: &mut PgTransaction<'_>, keys: &[Uuid]) -> Result<(), sqlx::Error> {
    let removed = sqlx::query_scalar!(
        "DELETE FROM votes WHERE session_key = ANY($1) RETURNING started_at",
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    let added = sqlx::query_scalar!(
        "WITH voters AS (
            SELECT s.*, coalesce(v.population,
                    CASE WHEN s.analytics_consent IS FALSE THEN 'no_consent' ELSE 'eligible' END::population)
                    AS population,
                s.first_cart_at IS NOT NULL OR s.completed_at IS NOT NULL AS converted,
                s.completed_at IS NOT NULL OR s.converted_at IS NOT NULL AS ordered,
                EXISTS (
                    SELECT FROM interaction_events AS shown
                    WHERE shown.session_key = s.session_key AND shown.event_type = 'options_shown')
                    AS observed,
                substring(s.referrer FROM '[?&]utm_source=([^&#]+)') AS source
            FROM user_sessions AS s
            LEFT JOIN visits AS v ON v.session_key = s.session_key AND v.number = 1
            WHERE s.session_key = ANY($1) AND s.total_price_cents IS NOT NULL
         ), chosen AS (
            SELECT session_key, 'final'::vote_basis AS basis, configuration_hash, selections,
                total_price_cents, on_request, price_list_version
            FROM voters
            UNION ALL
            (SELECT DISTINCT ON (session_key, configuration_hash)
                session_key, 'ever', configuration_hash, selections, total_price_cents, on_request,
                price_list_version
            FROM configuration_snapshots
            WHERE session_key = ANY($1) AND total_price_cents IS NOT NULL
            ORDER BY session_key, configuration_hash, occurred_at DESC, event_id)
         ), named AS (
            INSERT INTO configurations
            SELECT configuration_hash, min(selections::text)::jsonb FROM chosen GROUP BY configuration_hash
            ON CONFLICT DO NOTHING
         )
         INSERT INTO votes
         SELECT session_key, voters.started_at, chosen.total_price_cents, chosen.basis,
            voters.population, voters.status, coalesce(cardinality(chosen.on_request), 0) > 0,
            voters.converted, voters.ordered, voters.observed, chosen.configuration_hash,
            chosen.price_list_version, voters.source,
            chosen.selections -> (list.document ->> 'base') ->> 'option'
         FROM voters JOIN chosen USING (session_key)
         LEFT JOIN price_lists AS list ON list.version = chosen.price_list_version
         RETURNING started_at",
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    mark_vote_days(tx, &[removed, added].concat()).await
}

async fn insert_visits(
    tx: &mut PgTransaction<'_>,
    rows: &str,
) -> Result<Vec<(DateTime<Utc>, Option<String>)>, sqlx::Error> {
    let added = sqlx::query!(
        "INSERT INTO visits (session_key, number, session_id, started_at, ended_at, population,
            bounced, configuring, funnel_level, page_views, interactions, selections, snapshots,
            duration_ms, engaged_ms, step_at, cart_at, completed_at, lead_at, claimed_at, ordered_at, visitor_id,
            emitted, captured,
            device, channel, source, medium, campaign, referrer_host, country, entry_page, exit_page,
            last_event, last_category, next_event, next_category, bot_reasons)
         SELECT session_key, number, session_id, started_at, ended_at, population,
            bounced, configuring, funnel_level, page_views, interactions, selections, snapshots,
            duration_ms, engaged_ms, step_at, cart_at, completed_at, lead_at, claimed_at, ordered_at, visitor_id,
            emitted, captured,
            device, channel, source, medium, campaign, referrer_host, country, entry_page, exit_page,
            last_event, last_category, next_event, next_category, bot_reasons
         FROM json_populate_recordset(NULL::visits, $1::text::json)
         RETURNING started_at, visitor_id",
        rows
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(added.into_iter().map(|row| (row.started_at, row.visitor_id)).collect())
}

/// Tells each visit of some visitors which one was before it, which was the first, and which was the
/// last that does not count.
async fn link_visits(tx: &mut PgTransaction<'_>, visitors: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH linked AS (
            SELECT session_key, number, lag(started_at) OVER by_time AS previous,
                first_value(started_at) OVER by_time AS first,
                max(started_at) FILTER (WHERE population <> 'eligible')
                    OVER (PARTITION BY visitor_id) AS left_out
            FROM visits WHERE visitor_id = ANY($1)
            WINDOW by_time AS (PARTITION BY visitor_id ORDER BY started_at, session_key, number))
         UPDATE visits SET previous_visit_at = linked.previous, first_visit_at = linked.first,
            left_out_at = linked.left_out
         FROM linked
         WHERE (visits.session_key, visits.number) = (linked.session_key, linked.number)
            AND (visits.previous_visit_at, visits.first_visit_at, visits.left_out_at)
                IS DISTINCT FROM (linked.previous, linked.first, linked.left_out)",
        visitors
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Marks the hours that some instants lie in: their roll-ups must be made anew.
pub(super) async fn mark_hours(
    db: &mut PgConnection,
    instants: &[DateTime<Utc>],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stale_hours (hour)
         SELECT DISTINCT date_bin('1 hour', at, 'epoch') AS hour FROM unnest($1::timestamptz[]) AS at
         ORDER BY hour ON CONFLICT DO NOTHING",
        instants
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks the days that some instants lie in: what options visitors chose must be counted anew.
async fn mark_vote_days(
    db: &mut PgConnection,
    instants: &[DateTime<Utc>],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stale_vote_days
         SELECT DISTINCT date_bin('1 day', at, 'epoch') FROM unnest($1::timestamptz[]) AS at",
        instants
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks every session, takes out visits whose session is gone, and marks every hour that has a roll-up.
pub(super) async fn mark_all(tx: &mut PgTransaction<'_>) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (
            DELETE FROM visits AS v
            WHERE NOT EXISTS (SELECT FROM user_sessions AS s WHERE s.session_key = v.session_key)
            RETURNING session_key, number)
         DELETE FROM visit_paths AS p USING gone
         WHERE (p.session_key, p.number) = (gone.session_key, gone.number)"
    )
    .execute(&mut **tx)
    .await?;
    let gone = sqlx::query_scalar!(
        "DELETE FROM votes AS v
         WHERE NOT EXISTS (SELECT FROM user_sessions AS s WHERE s.session_key = v.session_key)
         RETURNING started_at"
    )
    .fetch_all(&mut **tx)
    .await?;
    mark_vote_days(tx, &gone).await?;
    sqlx::query!(
        "INSERT INTO stale_hours (hour)
         SELECT DISTINCT bucket FROM visit_rollups WHERE grain = 'hour' ON CONFLICT DO NOTHING"
    )
    .execute(&mut **tx)
    .await?;
    let marked = sqlx::query!(
        "INSERT INTO stale_visits (session_key)
         SELECT session_key FROM user_sessions"
    )
    .execute(&mut **tx)
    .await?;
    Ok(marked.rows_affected())
}
