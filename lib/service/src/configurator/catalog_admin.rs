//! The catalogue for administrators: drafts, changes with a dry run, publication, history, rollback.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use nest_haus_domain::configurator::{
    Catalogue, CatalogueChange, CatalogueDocument, PriceList, Selections, catalogue_changes, price,
    write_price_csv,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgTransaction};
use utoipa::{IntoParams, ToSchema};

use super::edit::{Content, EditOptions, JsonEdit, Scheduled, read_edit};
use super::store::{
    NewPriceList, PriceListLock, close_draft, insert, lock_price_lists, parse, price_lists_in,
    withdraw_scheduled,
};
use crate::accounts::{May, ReadCatalogue, WriteCatalogue};
use crate::http::{
    Actor, Body, Context, FieldError, Problem, ProblemDocument, Query, Upload, how_many, read,
};
use crate::platform::begin_bounded;

/// Popular configurations whose prices a change is tried on.
const TRIED_CONFIGURATIONS: i64 = 20;

/// How far back configurations count as popular.
const POPULAR_SINCE: TimeDelta = TimeDelta::days(90);

/// Most differences that the history shows of a version.
const HISTORY_CHANGES_MAX: usize = 20;

/// Most versions of a page of the history.
const HISTORY_MAX: i64 = 100;

/// Which price list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CatalogQuery {
    /// A version, draft or not; the one in force if left out.
    version: Option<i32>,
    /// `json` (default), or `csv` for the price table alone.
    #[param(pattern = "^(json|csv)$")]
    format: Option<String>,
}

/// A price list with its place in the history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceListView {
    /// The list.
    #[serde(flatten)]
    entry: HistoryEntry,
    /// The latest version that is published: what an edit must name as `expectedVersion`.
    latest_version: i32,
    /// Published versions that have not come into force.
    scheduled: Vec<i32>,
    /// Categories, options, rules and prices; prices are cents, or `on_request`.
    #[schema(value_type = CatalogueDocument)]
    catalogue: Value,
}

/// A price list, the one in force or a given one, as JSON or its prices as CSV.
#[utoipa::path(
    get, path = "/api/admin/catalog", tag = "configurator", params(CatalogQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The price list.", content(
            (PriceListView = "application/json"),
            (String = "text/csv"),
        )),
        (status = 404, description = "There is no such version.", body = ProblemDocument),
        (status = 422, description = "Unknown format.", body = ProblemDocument),
    )
)]
pub async fn get_catalog(
    cx: Context,
    _: May<ReadCatalogue>,
    Query(query): Query<CatalogQuery>,
) -> Result<Response, Problem> {
    let as_csv = match query.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => {
            let error = FieldError::new("format", "invalid", "must be `json` or `csv`");
            return Err(Problem::field(error));
        }
    };
    let mut tx = begin_bounded(&cx.app.db, cx.app.config.request_timeout).await?;
    let latest_version = latest_version(&mut tx).await?;
    let version = match query.version {
        Some(version) => version,
        None => base_at(&cx, &mut tx, cx.now).await?.version,
    };
    let one = (version, version.saturating_add(1));
    let entry = history_entries(&mut tx, one, 1, cx.now).await?.into_iter().next();
    let entry = entry.ok_or(Problem::NotFound("Price list"))?;
    let catalogue = documents(&mut tx, &[version]).await?.remove(&version);
    let catalogue = catalogue.ok_or(Problem::NotFound("Price list"))?;
    if as_csv {
        let csv = write_price_csv(&catalogue).map_err(|error| Problem::Internal(error.into()))?;
        let name = format!("attachment; filename=\"price-list-{version}.csv\"");
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ];
        return Ok((headers, csv).into_response());
    }
    let scheduled = scheduled_after(&mut tx, cx.now).await?;
    let catalogue = json!(catalogue.document());
    Ok(Json(PriceListView { entry, latest_version, scheduled, catalogue }).into_response())
}

/// What a change does, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueEdit {
    /// Nothing was changed.
    dry_run: bool,
    /// The version in force until then, which `changes` and `effect` compare with.
    base_version: i32,
    /// The new version; nothing in a dry run.
    version: Option<i32>,
    /// When it comes into force; nothing for a draft.
    effective_from: Option<DateTime<Utc>>,
    /// What is different.
    changes: Vec<CatalogueChange>,
    /// What the most popular configurations cost before and after.
    effect: Vec<PriceEffect>,
    /// Published versions that will replace this one later.
    scheduled: Vec<i32>,
    /// Published versions that were withdrawn before they came into force.
    withdrawn: Vec<i32>,
}

/// What a popular configuration costs before and after a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceEffect {
    /// Names the configuration.
    configuration_hash: String,
    /// Choice by category.
    #[schema(value_type = Selections)]
    selections: Value,
    /// Sessions of the last 90 days that ended with it.
    sessions: i64,
    /// Total in cents before.
    before_cents: i64,
    /// Total in cents after.
    after_cents: i64,
    /// Categories that must be asked for after the change.
    on_request: Vec<String>,
}

/// Changes the catalogue: a whole one, a price table, or a draft to be published. With `dryRun` it
/// only says what would change. A price table as `text/csv` takes what to do with it in the query.
#[utoipa::path(
    put, path = "/api/admin/catalog", tag = "configurator", params(EditOptions),
    request_body(content(
        (JsonEdit = "application/json"),
        (String = "text/csv"),
    )),
    security(("admin" = [])),
    responses(
        (status = 200, description = "What changed, or would change.", body = CatalogueEdit),
        (status = 404, description = "There is no such draft.", body = ProblemDocument),
        (status = 409, description = "Somebody published meanwhile; `conflict` says what changed.", body = ProblemDocument),
        (status = 413, description = "The file is too large.", body = ProblemDocument),
        (status = 415, description = "Neither JSON nor CSV.", body = ProblemDocument),
        (status = 422, description = "Faults of the catalogue, by row and column.", body = ProblemDocument),
    )
)]
pub async fn put_catalog(
    cx: Context,
    may: May<WriteCatalogue>,
    Query(query): Query<EditOptions>,
    upload: Upload,
) -> Result<Json<CatalogueEdit>, Problem> {
    let (options, content) = read_edit(&upload, query)?;
    let expected = options.check(cx.now)?;
    let mut tx = begin_bounded(&cx.app.db, cx.app.config.request_timeout).await?;
    refuse_if_published(&mut tx, expected).await?;
    // Lists that are to be withdrawn are not built upon.
    let onto = options.effective_from.filter(|_| options.scheduled != Scheduled::Withdraw);
    let base = base_at(&cx, &mut tx, onto.unwrap_or(cx.now)).await?;
    let (mut draft_version, mut note) = (None, options.note.clone());
    let catalogue = match content {
        Content::Draft(version) => {
            let draft = draft(&mut tx, version, &base).await?;
            draft_version = Some(version);
            note = if note.is_empty() { draft.note } else { note };
            draft.catalogue
        }
        content => content.onto(&base.catalogue, options.accept_removals)?,
    };
    let mut edit = compare(&mut tx, &base, &catalogue, cx.now).await?;
    if edit.changes.is_empty() {
        let error = FieldError::new("catalogue", "unchanged", "it says what is in force already");
        return Err(Problem::field(error));
    }
    edit.dry_run = options.dry_run;
    let list = NewPriceList {
        catalogue: &catalogue,
        base_version: Some(base.version),
        effective_from: (!options.draft).then(|| options.effective_from.unwrap_or(cx.now)),
        note: &note,
        action: if options.draft { "catalog.draft" } else { "catalog.publish" },
    };
    if options.dry_run {
        edit.effective_from = list.effective_from;
        edit.scheduled = scheduled_after(&mut tx, cx.now).await?;
        return Ok(Json(edit));
    }
    let place = Placing { actor: may.actor, expected, scheduled: options.scheduled, draft_version };
    store(&cx, tx, list, &place, &mut edit).await?;
    Ok(Json(edit))
}

/// How an edit takes its place in the history.
struct Placing {
    actor: Actor,
    expected: i32,
    scheduled: Scheduled,
    draft_version: Option<i32>,
}

/// Stores a list as the next version. From here on whoever uses price lists waits.
async fn store(
    cx: &Context,
    mut tx: PgTransaction<'static>,
    mut list: NewPriceList<'_>,
    place: &Placing,
    edit: &mut CatalogueEdit,
) -> Result<(), Problem> {
    lock_price_lists(&mut tx, PriceListLock::Publish).await?;
    refuse_if_published(&mut tx, place.expected).await?;
    let now = next_instant(&mut tx, cx.app.clock.now().trunc_subsecs(6)).await?;
    list.effective_from = list.effective_from.map(|from| from.trunc_subsecs(6).max(now));
    let from = list.effective_from.unwrap_or(now);
    if list.effective_from.is_some() {
        if place.scheduled == Scheduled::Withdraw {
            edit.withdrawn = withdraw_scheduled(&mut tx, &place.actor, now).await?;
        }
        let later = scheduled_after(&mut tx, from).await?;
        if place.scheduled == Scheduled::Refuse && !later.is_empty() {
            return Err(Problem::Conflict {
                sentence: "published lists come into force later and would undo this; \
                           `scheduled` says what becomes of them",
                conflict: json!({"scheduled": later}),
            });
        }
    }
    edit.version = Some(insert(&mut tx, &list, &place.actor, now).await?);
    if let Some(version) = place.draft_version {
        close_draft(&mut tx, version).await?;
    }
    edit.effective_from = list.effective_from;
    edit.scheduled = scheduled_after(&mut tx, from).await?;
    tx.commit().await?;
    Ok(())
}

/// The present instant, but after the last list that came into force at once: clocks of other
/// machines may be ahead.
async fn next_instant(
    db: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, sqlx::Error> {
    let last = sqlx::query_scalar!(
        "SELECT max(effective_from) FROM price_lists
         WHERE state = 'published' AND effective_from = published_at"
    )
    .fetch_one(db)
    .await?;
    Ok(last.map_or(now, |last| now.max(last + TimeDelta::microseconds(1))))
}

/// A return to an earlier catalogue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollback {
    /// The version whose catalogue comes into force again.
    to_version: i32,
    /// The latest version that the administrator saw (`latestVersion`); another one answers 409.
    expected_version: i32,
    /// What becomes of published lists that come into force later: `refuse` (default), `keep` or
    /// `withdraw`.
    #[serde(default)]
    scheduled: Scheduled,
    /// Why.
    #[serde(default)]
    note: String,
}

/// Puts the catalogue of an earlier version in force again, at once, as a new version.
#[utoipa::path(
    post, path = "/api/admin/catalog/rollback", tag = "configurator", request_body = Rollback,
    security(("admin" = [])),
    responses(
        (status = 200, description = "What changed.", body = CatalogueEdit),
        (status = 404, description = "That version was never in force.", body = ProblemDocument),
        (status = 409, description = "Somebody published meanwhile; `conflict` says what changed.", body = ProblemDocument),
    )
)]
pub async fn rollback_catalog(
    cx: Context,
    may: May<WriteCatalogue>,
    Body(body): Body,
) -> Result<Json<CatalogueEdit>, Problem> {
    let rollback: Rollback = read("", &body).map_err(Problem::field)?;
    let expected_version = Some(rollback.expected_version);
    let options = EditOptions { expected_version, note: rollback.note, ..EditOptions::default() };
    let expected = options.check(cx.now)?;
    let mut tx = begin_bounded(&cx.app.db, cx.app.config.request_timeout).await?;
    refuse_if_published(&mut tx, expected).await?;
    let to = once_in_force(&mut tx, rollback.to_version, cx.now).await?;
    let base = base_at(&cx, &mut tx, cx.now).await?;
    let mut edit = compare(&mut tx, &base, &to, cx.now).await?;
    let list = NewPriceList {
        catalogue: &to,
        base_version: Some(rollback.to_version),
        effective_from: Some(cx.now),
        note: &options.note,
        action: "catalog.rollback",
    };
    let place =
        Placing { actor: may.actor, expected, scheduled: rollback.scheduled, draft_version: None };
    store(&cx, tx, list, &place, &mut edit).await?;
    Ok(Json(edit))
}

/// Refuses where the latest published list is not the one that the editor saw.
async fn refuse_if_published(db: &mut PgConnection, expected: i32) -> Result<(), Problem> {
    let latest = latest_version(db).await?;
    if latest == expected {
        return Ok(());
    }
    let by = sqlx::query!(
        "SELECT published_at, published_by FROM price_lists WHERE version = $1",
        latest
    )
    .fetch_one(&mut *db)
    .await?;
    let catalogues = documents(db, &[latest, expected]).await?;
    let changes = catalogues
        .get(&expected)
        .zip(catalogues.get(&latest))
        .map(|(seen, latest)| catalogue_changes(seen, latest));
    Err(Problem::Conflict {
        sentence: "the catalogue was published by somebody else meanwhile; nothing was changed",
        conflict: json!({
            "expectedVersion": expected,
            "latestVersion": latest,
            "publishedAt": by.published_at,
            "publishedBy": by.published_by,
            "changes": changes,
        }),
    })
}

/// The list that an edit for a moment takes the place of.
async fn base_at(
    cx: &Context,
    db: &mut PgConnection,
    moment: DateTime<Utc>,
) -> Result<Arc<PriceList>, Problem> {
    let lists = price_lists_in(&cx.app, db, moment).await?;
    lists.at(moment).cloned().ok_or(Problem::NotFound("Price list"))
}

/// A list that is, or was, in force.
async fn once_in_force(
    db: &mut PgConnection,
    version: i32,
    now: DateTime<Utc>,
) -> Result<Catalogue, Problem> {
    let document = sqlx::query_scalar!(
        "SELECT document FROM price_lists
         WHERE version = $1 AND state = 'published' AND effective_from <= $2",
        version,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(parse(document.ok_or(Problem::NotFound("Price list that was in force"))?)?)
}

/// Published versions that come into force after a moment.
async fn scheduled_after(
    db: &mut PgConnection,
    moment: DateTime<Utc>,
) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT version FROM price_lists WHERE state = 'published' AND effective_from > $1
         ORDER BY effective_from, version",
        moment
    )
    .fetch_all(db)
    .await
}

async fn latest_version(db: &mut PgConnection) -> Result<i32, Problem> {
    let latest =
        sqlx::query_scalar!("SELECT max(version) FROM price_lists WHERE state = 'published'")
            .fetch_one(db)
            .await?;
    latest.ok_or(Problem::NotFound("Price list"))
}

/// The catalogues of some versions, published or not.
async fn documents(
    db: &mut PgConnection,
    versions: &[i32],
) -> Result<HashMap<i32, Catalogue>, sqlx::Error> {
    let rows =
        sqlx::query!("SELECT version, document FROM price_lists WHERE version = ANY($1)", versions)
            .fetch_all(db)
            .await?;
    rows.into_iter().map(|row| Ok((row.version, parse(row.document)?))).collect()
}

struct Draft {
    catalogue: Catalogue,
    note: String,
}

/// A draft, if it was made from the list that it is to take the place of.
async fn draft(db: &mut PgConnection, version: i32, base: &PriceList) -> Result<Draft, Problem> {
    let row = sqlx::query!(
        r#"SELECT base_version AS "base_version!", note, document FROM price_lists
         WHERE version = $1 AND state = 'draft' AND base_version IS NOT NULL"#,
        version
    )
    .fetch_optional(&mut *db)
    .await?;
    let row = row.ok_or(Problem::NotFound("Draft"))?;
    let made_from = row.base_version;
    if made_from != base.version {
        let catalogues = documents(db, &[made_from]).await?;
        let changes =
            catalogues.get(&made_from).map(|seen| catalogue_changes(seen, &base.catalogue));
        return Err(Problem::Conflict {
            sentence: "the draft was made from another list than the one in force then",
            conflict: json!({
                "draftBaseVersion": made_from,
                "baseVersion": base.version,
                "changes": changes,
            }),
        });
    }
    Ok(Draft { catalogue: parse(row.document)?, note: row.note })
}

/// What is different in a catalogue, and what that does to the prices of popular configurations.
async fn compare(
    db: &mut PgConnection,
    base: &PriceList,
    catalogue: &Catalogue,
    now: DateTime<Utc>,
) -> Result<CatalogueEdit, sqlx::Error> {
    let after = PriceList { catalogue: catalogue.clone(), ..base.clone() };
    let popular = sqlx::query!(
        r#"SELECT configuration_hash AS "hash!", selections AS "selections!", count(*) AS "sessions!"
         FROM user_sessions
         WHERE started_at >= $1 AND total_price_cents IS NOT NULL
            AND analytics_consent IS NOT FALSE
         GROUP BY configuration_hash, selections
         ORDER BY count(*) DESC, configuration_hash LIMIT $2"#,
        now - POPULAR_SINCE,
        TRIED_CONFIGURATIONS
    )
    .fetch_all(&mut *db)
    .await?;
    let effect = popular.into_iter().map(|row| {
        let selections: Selections = serde_json::from_value(row.selections.clone())
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        let (before, after) = (price(&selections, base), price(&selections, &after));
        Ok(PriceEffect {
            configuration_hash: row.hash,
            selections: row.selections,
            sessions: row.sessions,
            before_cents: before.total_cents,
            after_cents: after.total_cents,
            on_request: after.on_request,
        })
    });
    let effect = effect.collect::<Result<_, sqlx::Error>>()?;
    Ok(CatalogueEdit {
        dry_run: false,
        base_version: base.version,
        version: None,
        effective_from: None,
        changes: catalogue_changes(&base.catalogue, catalogue),
        effect,
        scheduled: Vec::new(),
        withdrawn: Vec::new(),
    })
}

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Most versions, 1 to 100 (default 20).
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Only versions before this one.
    before: Option<i32>,
}

/// A version of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The version.
    version: i32,
    /// `draft`, `closed` (a draft that was published), `scheduled`, `published` (in force),
    /// `superseded` or `withdrawn`.
    state: String,
    /// When it comes, or came, into force.
    effective_from: Option<DateTime<Utc>>,
    /// When another one took its place.
    superseded_at: Option<DateTime<Utc>>,
    /// The version that it was made from.
    base_version: Option<i32>,
    /// Why it was made.
    note: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Who made it.
    created_by: String,
    /// When it was published.
    published_at: Option<DateTime<Utc>>,
    /// Who published it.
    published_by: Option<String>,
}

/// A page of the history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Versions, newest first.
    versions: Vec<HistoryVersion>,
    /// What to give as `before` for the next page.
    next_before: Option<i32>,
}

/// A version of the catalogue and what it changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryVersion {
    /// The version.
    #[serde(flatten)]
    entry: HistoryEntry,
    /// How much is different from the version that it was made from.
    change_count: usize,
    /// The first of these differences.
    changes: Vec<CatalogueChange>,
}

/// Every version of the catalogue with what it changed, newest first.
#[utoipa::path(
    get, path = "/api/admin/catalog/history", tag = "configurator", params(HistoryQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The versions.", body = History),
        (status = 422, description = "Limit out of range.", body = ProblemDocument),
    )
)]
pub async fn catalog_history(
    cx: Context,
    _: May<ReadCatalogue>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let limit = how_many("limit", query.limit, 20, HISTORY_MAX)?;
    let mut tx = begin_bounded(&cx.app.db, cx.app.config.request_timeout).await?;
    let below = query.before.unwrap_or(i32::MAX);
    let mut entries = history_entries(&mut tx, (1, below), limit + 1, cx.now).await?;
    let more = i64::try_from(entries.len()).is_ok_and(|count| count > limit);
    entries.truncate(usize::try_from(limit).unwrap_or_default());
    let next_before = entries.last().filter(|_| more).map(|entry| entry.version);
    let bases = entries.iter().filter_map(|entry| entry.base_version);
    let wanted: Vec<i32> = entries.iter().map(|entry| entry.version).chain(bases).collect();
    let catalogues = documents(&mut tx, &wanted).await?;
    let changes = |entry: &HistoryEntry| {
        let base = catalogues.get(&entry.base_version?)?;
        Some(catalogue_changes(base, catalogues.get(&entry.version)?))
    };
    let versions = entries.into_iter().map(|entry| {
        let mut changes = changes(&entry).unwrap_or_default();
        let change_count = changes.len();
        changes.truncate(HISTORY_CHANGES_MAX);
        HistoryVersion { entry, change_count, changes }
    });
    Ok(Json(History { versions: versions.collect(), next_before }))
}

/// Some of the versions from one to below another, newest first.
async fn history_entries(
    db: &mut PgConnection,
    (from, below): (i32, i32),
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<HistoryEntry>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH lists AS (
            SELECT *, CASE WHEN state = 'published' THEN
                (SELECT min(later.effective_from) FROM price_lists AS later
                 WHERE later.state = 'published'
                    AND (later.effective_from, later.version) > (own.effective_from, own.version))
                END AS superseded_at
            FROM price_lists AS own WHERE version >= $1 AND version < $2
            ORDER BY version DESC LIMIT $3)
         SELECT version, effective_from, superseded_at, base_version, note, created_at, created_by,
            published_at, published_by,
            CASE WHEN state <> 'published' THEN state::text
                WHEN effective_from > $4 THEN 'scheduled'
                WHEN superseded_at <= $4 THEN 'superseded'
                ELSE 'published' END AS "state!"
         FROM lists ORDER BY version DESC"#,
        from,
        below,
        limit,
        now
    )
    .fetch_all(db)
    .await?;
    let entries = rows.into_iter().map(|row| HistoryEntry {
        version: row.version,
        state: row.state,
        effective_from: row.effective_from,
        superseded_at: row.superseded_at,
        base_version: row.base_version,
        note: row.note,
        created_at: row.created_at,
        created_by: row.created_by,
        published_at: row.published_at,
        published_by: row.published_by,
    });
    Ok(entries.collect())
}
