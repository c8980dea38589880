//! The drain: from the queue into the database, exactly once.
//!
//! The place up to which a stream is committed is written in the transaction that stores its
//! entries. Whoever reads next first finishes the trim that a crashed drain still owed, so that no
//! entry is ever stored or counted twice; and two drains at once wait for each other. While the
//! database stores a full batch the next one is read ahead; it counts only if the committed place is
//! then still where that read began.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use nest_haus_domain::tracking::{Entry, Kind, SessionId};
use serde::Serialize;
use sqlx::error::DatabaseError;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, DamagedEntry, Origin, Outcome};
use crate::http::Problem;
use crate::operations::{self, Run};
use crate::platform::{App, RedisFailure, begin_bounded};
use crate::queue::{self, Committed, Lease, Queued, StreamId};

const LEASE_TTL: Duration = Duration::from_secs(30);

/// Share of a job's time after which no further batch is begun.
const BUDGET_SHARE: f64 = 0.8;

/// A batch that has begun may finish, however little time a drain was given.
const STATEMENT_TIME_MIN: Duration = Duration::from_secs(5);

/// Times that a batch is tried again when the database asks for it.
const RETRIES: usize = 3;

/// Why a drain stopped. Nothing that was read and not committed is lost: it stays in the queue.
#[derive(Debug, thiserror::Error)]
pub enum DrainFailure {
    /// The queue could not be read or trimmed.
    #[error(transparent)]
    Redis(#[from] RedisFailure),
    /// The database could not take a batch.
    #[error("the database could not take a batch")]
    Database(#[from] sqlx::Error),
}

impl From<DrainFailure> for Problem {
    fn from(failure: DrainFailure) -> Self {
        match failure {
            DrainFailure::Redis(failure) => failure.into(),
            DrainFailure::Database(error) => error.into(),
        }
    }
}

/// What a drain did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainReport {
    /// Another process was draining the stream, so this one did nothing.
    pub lease_held_elsewhere: bool,
    /// Whether the stream was drained to its end.
    pub complete: bool,
    /// Transactions committed.
    pub batches: u64,
    /// Queue entries committed.
    pub entries: u64,
    /// Events received in them.
    pub received: i64,
    /// Events stored.
    pub stored: i64,
    /// Events refused on arrival.
    pub rejected: i64,
    /// Events that were stored before.
    pub duplicate: i64,
    /// Events that the database could not take.
    pub dead: i64,
    /// Entries that had been stored without the queue.
    pub stored_directly: u64,
}

impl DrainReport {
    fn add(&mut self, batch: &Batch) {
        self.batches += 1;
        self.entries += u64::try_from(batch.entries).unwrap_or(u64::MAX);
        self.received += batch.outcome.received;
        self.stored += batch.outcome.stored;
        self.rejected += batch.outcome.rejected;
        self.duplicate += batch.outcome.duplicate;
        self.dead += batch.outcome.dead;
        self.stored_directly += u64::try_from(batch.stored_directly).unwrap_or(u64::MAX);
    }
}

/// The job that drains clicks, selections and visits.
pub async fn sync_interactions(run: Run) -> Result<DrainReport, Problem> {
    drain_with_partitions(&run, Kind::Interactions).await
}

/// The job that drains snapshots and facts about sessions.
pub async fn sync_configurations(run: Run) -> Result<DrainReport, Problem> {
    drain_with_partitions(&run, Kind::Configurations).await
}

/// The job that drains performance measurements.
pub async fn sync_performance(run: Run) -> Result<DrainReport, Problem> {
    drain_with_partitions(&run, Kind::Metrics).await
}

async fn drain_with_partitions(run: &Run, kind: Kind) -> Result<DrainReport, Problem> {
    // Without a partition of their own rows go to the default one: draining does not wait.
    if let Err(error) = operations::ensure_partitions(&run.app, run.now).await {
        tracing::error!(?error, "partitions not made");
    }
    Ok(drain(&run.app, kind, run.budget).await?)
}

/// Drains a stream until it is empty or most of the time is gone.
pub async fn drain(app: &App, kind: Kind, budget: Duration) -> Result<DrainReport, DrainFailure> {
    let name = format!("drain:{}", kind.as_str());
    let Some(lease) = Lease::take(app, &name, LEASE_TTL).await? else {
        return Ok(DrainReport { lease_held_elsewhere: true, ..DrainReport::default() });
    };
    let drained = drain_under_lease(app, kind, &lease, budget).await;
    lease.release(app).await;
    drained
}

async fn drain_under_lease(
    app: &App,
    kind: Kind,
    lease: &Lease,
    budget: Duration,
) -> Result<DrainReport, DrainFailure> {
    let started = Instant::now();
    let mut report = DrainReport::default();
    let mut ahead = None;
    loop {
        let batch = drain_batch_retrying(app, kind, budget, ahead).await?;
        if batch.entries == 0 {
            report.complete = true;
            return Ok(report);
        }
        report.add(&batch);
        ahead = batch.ahead;
        if started.elapsed() > budget.mul_f64(BUDGET_SHARE) || !lease.renew(app).await? {
            return Ok(report);
        }
    }
}

/// Deadlocks and serialisation failures are the database's way to ask for another try.
async fn drain_batch_retrying(
    app: &App,
    kind: Kind,
    budget: Duration,
    mut ahead: Option<Page>,
) -> Result<Batch, DrainFailure> {
    for _ in 1..RETRIES {
        match drain_batch(app, kind, budget, ahead.take()).await {
            Err(DrainFailure::Database(error)) if asks_for_another_try(&error) => {
                tracing::warn!(?error, queue = kind.as_str(), "batch tried again");
            }
            other => return other,
        }
    }
    drain_batch(app, kind, budget, None).await
}

fn asks_for_another_try(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01"))
}

/// What one transaction committed, and what was read meanwhile.
#[derive(Default)]
struct Batch {
    entries: usize,
    stored_directly: usize,
    outcome: Outcome,
    ahead: Option<Page>,
}

/// Entries that were read after a place: what each says, or why it cannot be read.
struct Page {
    after: Option<Committed>,
    queued: Vec<Queued>,
    entries: Vec<Result<Entry, serde_json::Error>>,
}

impl Page {
    fn new(after: Option<Committed>, queued: Vec<Queued>) -> Self {
        let entries = queued.iter().map(|entry| serde_json::from_str(&entry.data)).collect();
        Self { after, queued, entries }
    }

    /// The entries after these, if these are as many as one read takes. Whether Redis answers is found
    /// out once more when they are needed.
    async fn read_ahead(&self, app: &App, kind: Kind) -> Option<Self> {
        let last = self.queued.last().filter(|_| queue::was_full(&self.queued))?;
        let after = Committed { stream_id: last.stream_id.clone(), entry_id: last.entry_id };
        let queued = queue::read_ahead(app, kind, &after.stream_id).await.ok()?;
        (!queued.is_empty()).then(|| Self::new(Some(after), queued))
    }
}

async fn drain_batch(
    app: &App,
    kind: Kind,
    budget: Duration,
    ahead: Option<Page>,
) -> Result<Batch, DrainFailure> {
    let mut tx = begin_bounded(&app.db, budget.max(STATEMENT_TIME_MIN)).await?;
    let committed = lock_position(&mut tx, kind).await?;
    let mut page = if let Some(page) = ahead.filter(|page| page.after == committed) {
        page
    } else {
        let queued = queue::read_oldest(app, kind, committed.as_ref()).await?;
        Page::new(committed, queued)
    };
    let Some(last) = page.queued.last() else { return Ok(Batch::default()) };
    let place = (last.stream_id.clone(), last.offset);
    let entries = std::mem::take(&mut page.entries);
    let (stored, ahead) = tokio::join!(
        store_page(app, &mut tx, kind, (&page.queued, entries)),
        page.read_ahead(app, kind)
    );
    let Kept { sessions, stored_directly, outcome } = stored?;
    tx.commit().await?;
    queue::trim(app, kind, (&place.0, place.1), &sessions, app.clock.now()).await?;
    Ok(Batch { entries: page.queued.len(), stored_directly, outcome, ahead })
}

/// What a page brought into its transaction.
struct Kept {
    sessions: Vec<SessionId>,
    stored_directly: usize,
    outcome: Outcome,
}

async fn store_page(
    app: &App,
    tx: &mut sqlx::PgTransaction<'_>,
    kind: Kind,
    (queued, entries): (&[Queued], Vec<Result<Entry, serde_json::Error>>),
) -> Result<Kept, DrainFailure> {
    let mut decoded = decode(tx, queued, entries).await?;
    forget_visitor_ids(app, &mut decoded.entries).await?;
    let sessions = sessions_of(&decoded.entries);
    let mut outcome = store::store(app, tx, decoded.entries, Origin::Arrival).await?;
    store::insert_damaged_entries(tx, kind, &decoded.damaged).await?;
    let damaged: i64 = decoded.damaged.iter().map(|entry| i64::from(entry.events)).sum();
    outcome.received += damaged;
    outcome.dead += damaged;
    if let Some(last) = queued.last() {
        let received = queued.iter().map(|entry| entry.events).sum();
        write_position(tx, kind, last, received).await?;
    }
    Ok(Kept { sessions, stored_directly: decoded.stored_directly, outcome })
}

/// Locks the stream's position, so that batches of one stream follow one another.
async fn lock_position(
    tx: &mut sqlx::PgTransaction<'_>,
    kind: Kind,
) -> Result<Option<Committed>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT last_stream_id, last_entry_id FROM drain_positions WHERE queue = $1 FOR UPDATE",
        kind.as_str()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row
        .last_stream_id
        .map(|id| Committed { stream_id: StreamId::new(id), entry_id: row.last_entry_id }))
}

async fn write_position(
    tx: &mut sqlx::PgTransaction<'_>,
    kind: Kind,
    last: &Queued,
    received: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE drain_positions
         SET last_stream_id = $2, last_entry_id = $3, received = received + $4, drained_at = now()
         WHERE queue = $1",
        kind.as_str(),
        last.stream_id.as_str(),
        last.entry_id,
        received,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Entries that can be stored, and those that cannot be read.
struct Decoded<'a> {
    entries: Vec<Entry>,
    damaged: Vec<DamagedEntry<'a>>,
    stored_directly: usize,
}

async fn decode<'a>(
    tx: &mut sqlx::PgTransaction<'_>,
    queued: &'a [Queued],
    entries: Vec<Result<Entry, serde_json::Error>>,
) -> Result<Decoded<'a>, sqlx::Error> {
    let stored_directly = stored_directly(tx, queued).await?;
    let mut decoded = Decoded { entries: Vec::new(), damaged: Vec::new(), stored_directly: 0 };
    for (entry, content) in queued.iter().zip(entries) {
        if entry.entry_id.is_some_and(|id| stored_directly.contains(&id)) {
            decoded.stored_directly += 1;
            continue;
        }
        match content {
            Ok(entry) => decoded.entries.push(entry),
            Err(error) => decoded.damaged.push(DamagedEntry {
                entry_id: entry.entry_id.unwrap_or_else(Uuid::now_v7),
                events: i32::try_from(entry.events.max(1)).unwrap_or(i32::MAX),
                reason: error.to_string(),
                data: &entry.data,
                received_at: entry.stream_id.time().unwrap_or_default(),
            }),
        }
    }
    Ok(decoded)
}

/// The entries that were stored without the queue although the queue had taken them too: the
/// answer of Redis had got lost. Noted for the ledger.
async fn stored_directly(
    tx: &mut sqlx::PgTransaction<'_>,
    queued: &[Queued],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = queued.iter().filter_map(|entry| entry.entry_id).collect();
    let stored = sqlx::query_scalar!(
        "UPDATE direct_entries SET in_queue = true WHERE entry_id = ANY($1) RETURNING entry_id",
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(stored.into_iter().collect())
}

/// Keeps visitors' own ids only where Redis knows that the visitor agreed: the agreement itself may
/// still wait in another stream.
async fn forget_visitor_ids(app: &App, entries: &mut [Entry]) -> Result<(), RedisFailure> {
    let named: BTreeSet<SessionId> = entries
        .iter()
        .flat_map(|entry| &entry.events)
        .filter(|event| event.visitor_id.is_some())
        .filter_map(|event| event.session_id.clone())
        .collect();
    let agreed = queue::agreed_sessions(app, named).await?;
    for entry in entries {
        store::forget_visitor_ids(entry, |id| agreed.contains(id));
    }
    Ok(())
}

fn sessions_of(entries: &[Entry]) -> Vec<SessionId> {
    let sessions: BTreeSet<&SessionId> = entries
        .iter()
        .flat_map(|entry| entry.events.iter().filter_map(|event| event.session_id.as_ref()))
        .collect();
    sessions.into_iter().cloned().collect()
}
