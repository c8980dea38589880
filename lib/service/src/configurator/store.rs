//! Price lists in the database: which are in force, and new ones.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, TimeZone, Utc};
use nest_haus_domain::configurator::{Catalogue, PriceList, PriceLists};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, PgTransaction};

use crate::accounts;
use crate::http::{Actor, is_outage};
use crate::operations::{self, Annotation};
use crate::platform::{App, begin};

/// Held shared by whoever stores prices and alone by whoever publishes some: a list that comes into
/// force is known to everybody who prices anything seen after that.
const ADVISORY_LOCK: i64 = 0x6e68_7072_6963_6573;

/// The price lists that matter from a moment on.
pub struct Known {
    /// The lists.
    pub lists: PriceLists,
    /// Whether the database said so just now; otherwise they are what this process read last.
    pub live: bool,
}

/// The price lists that matter from a moment on. Without the database those read last have to do.
pub async fn price_lists_since(app: &App, moment: DateTime<Utc>) -> Result<Known, sqlx::Error> {
    let read = async { price_lists_in(app, &mut *app.db.acquire().await?, moment).await };
    match read.await {
        Err(error) if is_outage(&error) => {
            let known = app.price_lists.read().unwrap_or_else(PoisonError::into_inner).clone();
            let reach_back = known.at(moment).is_some_and(|list| list.effective_from <= moment);
            if reach_back { Ok(Known { lists: known, live: false }) } else { Err(error) }
        }
        other => other.map(|lists| Known { lists, live: true }),
    }
}

/// The price lists that matter from a moment on, read inside a transaction.
pub async fn price_lists_in(
    app: &App,
    db: &mut PgConnection,
    moment: DateTime<Utc>,
) -> Result<PriceLists, sqlx::Error> {
    let published = sqlx::query!(
        r#"SELECT version, effective_from AS "effective_from!" FROM price_lists
         WHERE state = 'published' ORDER BY effective_from, version"#
    )
    .fetch_all(&mut *db)
    .await?;
    let since = moment - PriceLists::OUTDATED_FOR;
    let begun = published.iter().rposition(|list| list.effective_from <= since).unwrap_or(0);
    let known = app.price_lists.read().unwrap_or_else(PoisonError::into_inner).clone();
    // What is known stays without gaps: all lists from some moment on.
    let reached = published.iter().position(|list| known.version(list.version).is_some());
    let (mut lists, mut missing) = (Vec::new(), Vec::new());
    for row in published.iter().skip(begun.min(reached.unwrap_or(begun))) {
        match known.version(row.version) {
            Some(list) => lists.push(list.clone()),
            None => missing.push(row.version),
        }
    }
    if !missing.is_empty() {
        lists.extend(load(db, &missing).await?.into_iter().map(Arc::new));
    }
    let lists = PriceLists::new(lists);
    *app.price_lists.write().unwrap_or_else(PoisonError::into_inner) = lists.clone();
    Ok(lists)
}

/// Published lists by version.
async fn load(db: &mut PgConnection, versions: &[i32]) -> Result<Vec<PriceList>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT version, effective_from AS "effective_from!", document FROM price_lists
         WHERE version = ANY($1) AND effective_from IS NOT NULL"#,
        versions
    )
    .fetch_all(db)
    .await?;
    let list = |version, effective_from, document| {
        Ok(PriceList { version, effective_from, catalogue: parse(document)? })
    };
    rows.into_iter().map(|row| list(row.version, row.effective_from, row.document)).collect()
}

/// A stored catalogue. It was checked before it was stored.
pub(super) fn parse(document: Value) -> Result<Catalogue, sqlx::Error> {
    let document = serde_json::from_value(document);
    document.map(Catalogue::trusted).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Names what a catalogue says: the SHA-256, in hexadecimal, of its JSON with sorted keys.
fn digest(document: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let sorted: BTreeMap<&String, Value> =
                    map.iter().map(|(key, value)| (key, sorted(value))).collect();
                json!(sorted)
            }
            Value::Array(items) => items.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    hex::encode(Sha256::digest(sorted(document).to_string()))
}

/// The versions that are not there any more, or not as the audit log recorded them.
pub async fn changed_price_lists(db: &PgPool) -> Result<Vec<i32>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH recorded AS (
            SELECT (detail::json ->> 'version')::integer AS version,
                detail::json ->> 'documentSha256' AS digest,
                (detail::json ->> 'effectiveFrom')::timestamptz AS effective_from
            FROM audit_log WHERE detail::json -> 'documentSha256' IS NOT NULL)
         SELECT version AS "version!", kept.document AS "document?", recorded.digest,
            kept.effective_from IS NOT DISTINCT FROM recorded.effective_from AS "same_time!"
         FROM recorded FULL JOIN price_lists AS kept USING (version) ORDER BY version"#
    )
    .fetch_all(db)
    .await?;
    let changed = rows
        .into_iter()
        .filter(|row| !row.same_time || row.document.as_ref().map(digest) != row.digest);
    Ok(changed.map(|row| row.version).collect())
}

/// Whom a transaction keeps from changing, or using, the price lists meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceListLock {
    /// Lists stay as they are while the transaction uses them.
    Use,
    /// Nobody uses lists while the transaction publishes one.
    Publish,
}

/// Takes the lock for the rest of the transaction.
pub async fn lock_price_lists(
    tx: &mut PgTransaction<'_>,
    lock: PriceListLock,
) -> Result<(), sqlx::Error> {
    match lock {
        PriceListLock::Use => {
            sqlx::query!("SELECT pg_advisory_xact_lock_shared($1)", ADVISORY_LOCK)
                .execute(&mut **tx)
                .await?
        }
        PriceListLock::Publish => {
            sqlx::query!("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK)
                .execute(&mut **tx)
                .await?
        }
    };
    Ok(())
}

/// A price list to be stored.
pub(super) struct NewPriceList<'a> {
    /// What it says.
    pub catalogue: &'a Catalogue,
    /// The list that it was made from.
    pub base_version: Option<i32>,
    /// When it comes into force; nothing makes it a draft.
    pub effective_from: Option<DateTime<Utc>>,
    /// Why it was made.
    pub note: &'a str,
    /// What the audit log calls this.
    pub action: &'a str,
}

/// Stores a price list under the next version, with its audit entry and, if published, its
/// annotation. The caller holds [`PriceListLock::Publish`].
pub(super) async fn insert(
    tx: &mut PgTransaction<'_>,
    list: &NewPriceList<'_>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<i32, sqlx::Error> {
    let document = json!(list.catalogue.document());
    let published = list.effective_from.is_some();
    let version = sqlx::query_scalar!(
        r#"INSERT INTO price_lists (version, state, effective_from, base_version, document, note,
            created_at, created_by, published_at, published_by)
         SELECT coalesce(max(version), 0) + 1,
            CASE WHEN $1 THEN 'published' ELSE 'draft' END::price_list_state, $2, $3, $4, $5,
            $6, $7, CASE WHEN $1 THEN $6::timestamptz END, CASE WHEN $1 THEN $7::text END
         FROM price_lists RETURNING version"#,
        published,
        list.effective_from,
        list.base_version,
        document,
        list.note,
        now,
        actor.as_str(),
    )
    .fetch_one(&mut **tx)
    .await?;
    note_change(tx, version, list, actor, now).await?;
    Ok(version)
}

/// Closes a draft of which a published list was made.
pub(super) async fn close_draft(
    tx: &mut PgTransaction<'_>,
    version: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE price_lists SET state = 'closed' WHERE version = $1", version)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn note_change(
    tx: &mut PgTransaction<'_>,
    version: i32,
    list: &NewPriceList<'_>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let detail = json!({
        "version": version,
        "baseVersion": list.base_version,
        "effectiveFrom": list.effective_from,
        "note": list.note,
        "documentSha256": digest(&json!(list.catalogue.document())),
    });
    let subject = format!("price list {version}");
    accounts::record(tx, actor, (list.action, &subject), &detail, now).await?;
    let Some(at) = list.effective_from else { return Ok(()) };
    let title = format!("Price list {version}");
    let annotation = Annotation { at, kind: "price_list", title: &title, detail };
    operations::annotate(tx, annotation, actor, now).await
}

/// Withdraws lists that have not come into force, with their annotations; answers which.
pub(super) async fn withdraw_scheduled(
    tx: &mut PgTransaction<'_>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<i32>, sqlx::Error> {
    let withdrawn = sqlx::query_scalar!(
        "UPDATE price_lists SET state = 'withdrawn'
         WHERE state = 'published' AND effective_from > $1 RETURNING version",
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    for version in &withdrawn {
        let subject = format!("price list {version}");
        let act = ("catalog.withdraw", subject.as_str());
        accounts::record(tx, actor, act, &json!({"version": version}), now).await?;
    }
    sqlx::query!(
        "DELETE FROM annotations
         WHERE kind = 'price_list' AND (detail ->> 'version')::integer = ANY($1)",
        &withdrawn
    )
    .execute(&mut **tx)
    .await?;
    Ok(withdrawn)
}

/// Puts the first catalogue in force where there is none yet; answers whether it did.
pub async fn install_first(db: &PgPool, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let mut tx = begin(db).await?;
    lock_price_lists(&mut tx, PriceListLock::Publish).await?;
    let any = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM price_lists) AS "any!""#)
        .fetch_one(&mut *tx)
        .await?;
    if any {
        return Ok(false);
    }
    let document = serde_json::from_str(Catalogue::FIRST)
        .map_err(|error| sqlx::Error::Decode(error.into()))?;
    let catalogue = parse(document)?;
    let list = NewPriceList {
        catalogue: &catalogue,
        base_version: None,
        effective_from: Utc.with_ymd_and_hms(2025, 12, 1, 0, 0, 0).single(),
        note: "Prices of November 2025, houses of December 2025",
        action: "catalog.publish",
    };
    insert(&mut tx, &list, &Actor::system(), now).await?;
    tx.commit().await?;
    Ok(true)
}
