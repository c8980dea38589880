//! The ledger: what became of every transmission and of every numbered event.
//!
//! Each hop counts for itself: Redis counts what it accepted, the database what it stored, and the
//! queue is counted by reading it. The identities compare these counts with one another.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Period, Rate};
use nest_haus_domain::tracking::{
    Entry, Kind, SequenceLedger, SessionId, SessionKey, TransmissionLedger,
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Numbered};
use crate::http::Problem;
use crate::platform::{App, RedisFailure, begin_bounded};
use crate::queue;

/// Queue entries that a report reads at the most.
const QUEUE_ENTRIES_READ_MAX: usize = 20_000;

/// Sessions out of balance that a report names at the most.
const UNBALANCED_MAX: i64 = 20;

/// Transmissions with what the identity leaves open.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transmissions {
    #[serde(flatten)]
    counts: TransmissionLedger,
    /// `received - stored - rejected - duplicate - dead - queued`: zero when nothing was lost.
    pub difference: i64,
}

impl From<TransmissionLedger> for Transmissions {
    fn from(counts: TransmissionLedger) -> Self {
        Self { counts, difference: counts.difference() }
    }
}

/// Numbered events with what the identity leaves open, added up tab by tab: what one tab lost is
/// not made good by what another counted twice.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sequences {
    #[serde(flatten)]
    counts: SequenceLedger,
    /// Numbered events of which nothing is known.
    pub unknown: i64,
    /// Numbered events of which more than one thing became: a mistake of a client or of ours.
    pub overcounted: i64,
}

impl Sequences {
    fn add(self, other: Self) -> Self {
        let (a, b) = (self.counts, other.counts);
        Self {
            counts: SequenceLedger {
                emitted: a.emitted + b.emitted,
                stored: a.stored + b.stored,
                dropped_local: a.dropped_local + b.dropped_local,
                rejected: a.rejected + b.rejected,
                dead: a.dead + b.dead,
                erased: a.erased + b.erased,
                in_flight: a.in_flight + b.in_flight,
            },
            unknown: self.unknown + other.unknown,
            overcounted: self.overcounted + other.overcounted,
        }
    }

    const fn is_closed(&self) -> bool {
        self.unknown == 0 && self.overcounted == 0
    }
}

impl From<SequenceLedger> for Sequences {
    fn from(counts: SequenceLedger) -> Self {
        let open = counts.unknown();
        Self { counts, unknown: open.max(0), overcounted: (-open).max(0) }
    }
}

/// The ledger of the whole system.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerReport {
    /// What became of transmissions.
    pub transmissions: Transmissions,
    /// What became of numbered events.
    pub sequences: Sequences,
    /// Events without a client's number: stored, but their loss could not be noticed.
    pub unaccountable: i64,
    /// Events that reached the database without the queue.
    pub received_directly: i64,
    /// Rows in the tables of events, where they were counted.
    pub rows: Option<i64>,
    /// Sessions whose ledger does not agree with their rows, where they were counted: twenty at most.
    pub unbalanced_sessions: Vec<String>,
    /// Events kept arriving or being drained while the report was made, so that the identity of
    /// transmissions may be off by what was on its way.
    pub moving: bool,
    /// The queue was too long to be read to its end, so that `queued` and `inFlight` are too low.
    pub queue_cut: bool,
    /// When the report was made.
    pub as_of: DateTime<Utc>,
}

impl LedgerReport {
    /// Whether both identities hold.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.transmissions.difference == 0
            && self.sequences.is_closed()
            && self.unbalanced_sessions.is_empty()
    }

    /// Numbered events of which it is known what became, of all numbered events.
    #[must_use]
    pub fn capture_rate(&self) -> Rate {
        let emitted = self.sequences.counts.emitted;
        Rate::new(emitted - self.sequences.unknown, emitted)
    }
}

/// The ledger of one session, its stored events counted as rows, those that went by age among them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionLedger {
    /// The session.
    #[schema(value_type = String)]
    pub session_id: SessionId,
    /// What became of its transmissions.
    pub transmissions: Transmissions,
    /// What became of its numbered events, by tab.
    pub tabs: Vec<TabLedger>,
    /// Stored events without a client's number.
    pub unaccountable: i64,
}

impl SessionLedger {
    /// Whether both identities hold.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.transmissions.difference == 0 && self.tabs.iter().all(|tab| tab.sequences.is_closed())
    }
}

/// The ledger of one tab.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabLedger {
    /// The tab.
    pub tab_id: String,
    /// What became of its numbered events.
    #[serde(flatten)]
    pub sequences: Sequences,
}

/// The events that wait in the queue.
#[derive(Default)]
struct Waiting {
    events: i64,
    by_session: HashMap<SessionKey, i64>,
    tabs: HashMap<(SessionKey, String), WaitingTab>,
    cut: bool,
}

/// The numbered events of one tab that wait in the queue.
#[derive(Debug, Clone, Default)]
struct WaitingTab {
    /// Numbers of events of which nothing is known but that they wait.
    seqs: BTreeSet<i64>,
    emitted: i64,
}

impl WaitingTab {
    fn in_flight(&self) -> i64 {
        i64::try_from(self.seqs.len()).unwrap_or(i64::MAX)
    }
}

impl Waiting {
    async fn read(app: &App) -> Result<Self, RedisFailure> {
        let mut waiting = Self::default();
        let mut read = 0;
        for kind in Kind::ALL {
            let mut last = None;
            loop {
                let page = queue::read_page(app, kind, last.as_ref()).await?;
                let Some(end) = page.last() else { break };
                last = Some(end.stream_id.clone());
                read += page.len();
                for queued in &page {
                    waiting.add(queued);
                }
                if read > QUEUE_ENTRIES_READ_MAX {
                    waiting.cut = true;
                    return Ok(waiting);
                }
            }
        }
        Ok(waiting)
    }

    /// Leaves out the numbers of events that are stored, refused or dead already and only wait to
    /// be found repeated.
    async fn leave_out_known(&mut self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let numbers = self.tabs.iter().flat_map(|((key, tab_id), tab)| {
            tab.seqs.iter().map(move |seq| (*key, tab_id.clone(), *seq))
        });
        let numbers: BTreeSet<Numbered> = numbers.collect();
        for (key, tab_id, seq) in store::accounted_numbers(db, &numbers).await? {
            if let Some(tab) = self.tabs.get_mut(&(key, tab_id)) {
                tab.seqs.remove(&seq);
            }
        }
        Ok(())
    }

    fn add(&mut self, queued: &queue::Queued) {
        self.events += queued.events;
        let Ok(entry) = serde_json::from_str::<Entry>(&queued.data) else { return };
        let events = entry
            .events
            .iter()
            .map(|event| (event.session_id.as_ref(), event.tab_id.as_ref(), event.seq));
        let rejections = entry.rejections.iter().map(|rejection| {
            (rejection.session_id.as_ref(), rejection.tab_id.as_ref(), rejection.seq)
        });
        let repeated = entry.repeated.iter().map(|session| (session.as_ref(), None, None));
        for (session, tab, seq) in events.chain(rejections).chain(repeated) {
            let key = session.map_or(SessionKey::NONE, SessionId::key);
            *self.by_session.entry(key).or_default() += 1;
            if let (Some(tab), Some(seq)) = (tab, seq) {
                let tab = self.tabs.entry((key, tab.as_str().to_owned())).or_default();
                tab.seqs.insert(seq.get());
                tab.emitted = tab.emitted.max(seq.get());
            }
        }
        for report in &entry.sequences {
            let key = (report.session_id.key(), report.tab_id.as_str().to_owned());
            let tab = self.tabs.entry(key).or_default();
            tab.emitted = tab.emitted.max(report.emitted);
        }
    }
}

/// Times that a report is begun anew because events moved meanwhile.
const TRIES: usize = 5;

/// The ledger of the whole system. `count_rows` also counts the rows of all events and compares
/// them with the ledger session by session, which takes time in proportion to all events.
pub async fn ledger(
    app: &App,
    count_rows: bool,
    now: DateTime<Utc>,
) -> Result<LedgerReport, Problem> {
    let (rows, unbalanced_sessions) =
        if count_rows { count_all_rows(app).await? } else { (None, Vec::new()) };
    let mut tries = 1;
    loop {
        let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
        let before = progress(app, &mut tx).await?;
        let report = ledger_once(app, &mut tx, before.0, now).await?;
        let moving = progress(app, &mut tx).await? != before;
        if !moving || tries == TRIES {
            return Ok(LedgerReport { rows, unbalanced_sessions, moving, ..report });
        }
        tries += 1;
    }
}

/// Events that Redis accepted and events that were drained, so far.
async fn progress(app: &App, db: &mut PgConnection) -> Result<(i64, i64), Problem> {
    let accepted = queue::status(app).await?.iter().map(|(_, status)| status.accepted).sum();
    let drained = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(received), 0)::bigint AS "drained!" FROM drain_positions"#
    );
    Ok((accepted, drained.fetch_one(db).await?))
}

async fn ledger_once(
    app: &App,
    db: &mut PgConnection,
    accepted: i64,
    now: DateTime<Utc>,
) -> Result<LedgerReport, Problem> {
    let mut waiting = Waiting::read(app).await?;
    waiting.leave_out_known(db).await?;
    let sums = sqlx::query!(
        r#"SELECT coalesce(sum(stored), 0)::bigint AS "stored!",
            coalesce(sum(rejected), 0)::bigint AS "rejected!",
            coalesce(sum(duplicate), 0)::bigint AS "duplicate!",
            coalesce(sum(dead), 0)::bigint AS "dead!",
            coalesce(sum(unnumbered), 0)::bigint AS "unnumbered!",
            (SELECT coalesce(sum(received), 0)::bigint FROM (
                SELECT received FROM direct_entries WHERE NOT in_queue
                UNION ALL SELECT received FROM removed_direct_entries) AS entries) AS "direct!"
         FROM ledger"#
    )
    .fetch_one(&mut *db)
    .await?;
    let transmissions = TransmissionLedger {
        received: accepted + sums.direct,
        stored: sums.stored,
        rejected: sums.rejected,
        duplicate: sums.duplicate,
        dead: sums.dead,
        queued: waiting.events,
    };
    Ok(LedgerReport {
        transmissions: transmissions.into(),
        sequences: all_sequences(db, &waiting).await?,
        unaccountable: sums.unnumbered,
        received_directly: sums.direct,
        rows: None,
        unbalanced_sessions: Vec::new(),
        moving: false,
        queue_cut: waiting.cut,
        as_of: now,
    })
}

/// The numbered events of all tabs: those that the queue says nothing about, added up by the
/// database, and those that it does.
async fn all_sequences(db: &mut PgConnection, waiting: &Waiting) -> Result<Sequences, sqlx::Error> {
    let (keys, tabs): (Vec<_>, Vec<_>) =
        waiting.tabs.keys().map(|(key, tab)| (key.as_uuid(), tab.clone())).unzip();
    let quiet = sqlx::query!(
        r#"WITH quiet AS (
            SELECT sequences.*,
                CASE WHEN dropped_local = '{}' THEN 0 ELSE dropped_events(dropped_local) END AS dropped
            FROM sequences
            LEFT JOIN unnest($1::uuid[], $2::text[]) AS waiting (session_key, tab_id)
                USING (session_key, tab_id)
            WHERE waiting.session_key IS NULL
         ), compared AS (
            SELECT emitted, stored, rejected, dead, erased, dropped,
                emitted - stored - rejected - dead - erased - dropped AS open
            FROM (
                SELECT emitted, stored, rejected, dead, erased, dropped FROM quiet
                UNION ALL
                SELECT emitted, stored, rejected, dead, erased, dropped FROM removed_sequences
            ) AS known
         )
         SELECT coalesce(sum(emitted), 0)::bigint AS "emitted!",
            coalesce(sum(stored), 0)::bigint AS "stored!",
            coalesce(sum(rejected), 0)::bigint AS "rejected!",
            coalesce(sum(dead), 0)::bigint AS "dead!",
            coalesce(sum(erased), 0)::bigint AS "erased!",
            coalesce(sum(dropped), 0)::bigint AS "dropped!",
            coalesce(sum(greatest(open, 0)), 0)::bigint AS "unknown!",
            coalesce(sum(greatest(-open, 0)), 0)::bigint AS "overcounted!"
         FROM compared"#,
        &keys,
        &tabs
    )
    .fetch_one(&mut *db)
    .await?;
    let counts = SequenceLedger {
        emitted: quiet.emitted,
        stored: quiet.stored,
        dropped_local: quiet.dropped,
        rejected: quiet.rejected,
        dead: quiet.dead,
        erased: quiet.erased,
        in_flight: 0,
    };
    let quiet = Sequences { counts, unknown: quiet.unknown, overcounted: quiet.overcounted };
    let busy = tab_ledgers(db, &keys, Some(&tabs), waiting).await?;
    Ok(busy.into_iter().fold(quiet, |sum, tab| sum.add(tab.sequences)))
}

/// Numbered events of which nothing is known, and all numbered events, of the sessions whose last activity
/// lies in a period; added up tab by tab, as the ledger does. What waits in the queue counts as unknown.
pub async fn loss_of_closed_sessions(
    db: &mut PgConnection,
    period: Period,
) -> Result<(i64, i64), sqlx::Error> {
    let sums = sqlx::query!(
        r#"SELECT coalesce(sum(greatest(emitted - stored - rejected - dead - erased
                - dropped_events(dropped_local), 0)), 0)::bigint AS "unknown!",
            coalesce(sum(emitted), 0)::bigint AS "emitted!"
         FROM user_sessions JOIN sequences USING (session_key)
         WHERE last_activity_at >= $1 AND last_activity_at < $2"#,
        period.from,
        period.to
    )
    .fetch_one(db)
    .await?;
    Ok((sums.unknown, sums.emitted))
}

/// Counts the rows of all events, and names sessions whose ledger says something else.
async fn count_all_rows(app: &App) -> Result<(Option<i64>, Vec<String>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH events AS (
            SELECT session_key FROM interaction_events
            UNION ALL SELECT session_key FROM configuration_snapshots
            UNION ALL SELECT session_key FROM session_events
            UNION ALL SELECT coalesce(session_key, '00000000-0000-0000-0000-000000000000')
                FROM performance_metrics
         ), counted AS (
            SELECT session_key, count(*) AS n FROM events GROUP BY session_key
         ), compared AS (
            SELECT coalesce(ledger.session_key, counted.session_key) AS session_key,
                coalesce(n, 0) AS n,
                coalesce(n, 0) + coalesce(removed, 0) = coalesce(stored, 0) AND coalesce(received, 0) =
                    coalesce(stored, 0) + rejected + duplicate + dead AS balanced
            FROM ledger FULL JOIN counted USING (session_key)
         )
         SELECT coalesce(sum(n), 0)::bigint AS "rows!",
            coalesce((SELECT array_agg(session_key::text) FROM (
                SELECT session_key FROM compared WHERE balanced IS NOT TRUE LIMIT $1) AS named),
                '{}') AS "unbalanced!"
         FROM compared"#,
        UNBALANCED_MAX
    )
    .fetch_one(&app.db)
    .await?;
    Ok((Some(rows.rows), rows.unbalanced))
}

/// The ledger of one session.
pub async fn session_ledger(app: &App, session_id: &SessionId) -> Result<SessionLedger, Problem> {
    let mut waiting = Waiting::read(app).await?;
    let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
    waiting.leave_out_known(&mut tx).await?;
    let key = session_id.key();
    let counts = sqlx::query!(
        r#"SELECT coalesce(sum(received), 0)::bigint AS "received!",
            coalesce(sum(duplicate), 0)::bigint AS "duplicate!",
            coalesce(sum(unnumbered), 0)::bigint AS "unnumbered!",
            (SELECT count(*) FROM interaction_events WHERE session_key = $1)
                + (SELECT count(*) FROM configuration_snapshots WHERE session_key = $1)
                + (SELECT count(*) FROM session_events WHERE session_key = $1)
                + (SELECT count(*) FROM performance_metrics WHERE session_key = $1)
                + coalesce(sum(removed), 0)::bigint AS "rows!",
            (SELECT count(*) FROM dead_letters WHERE session_key = $1 AND stage = 'rejected')
                + coalesce(sum(removed_rejected), 0)::bigint AS "rejected!",
            (SELECT coalesce(sum(events), 0)::bigint FROM dead_letters
             WHERE session_key = $1 AND stage = 'dead' AND replayed_at IS NULL)
                + coalesce(sum(removed_dead), 0)::bigint AS "dead!"
         FROM ledger WHERE session_key = $1"#,
        key.as_uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    let queued = waiting.by_session.get(&key).copied().unwrap_or(0);
    let transmissions = TransmissionLedger {
        received: counts.received + queued,
        stored: counts.rows,
        rejected: counts.rejected,
        duplicate: counts.duplicate,
        dead: counts.dead,
        queued,
    };
    Ok(SessionLedger {
        session_id: session_id.clone(),
        transmissions: transmissions.into(),
        tabs: tab_ledgers(&mut tx, &[key.as_uuid()], None, &waiting).await?,
        unaccountable: counts.unnumbered,
    })
}

/// The ledgers of the tabs of some sessions, or of some tabs alone, each with what waits of it.
async fn tab_ledgers(
    db: &mut PgConnection,
    keys: &[Uuid],
    tabs: Option<&[String]>,
    waiting: &Waiting,
) -> Result<Vec<TabLedger>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT session_key, tab_id, emitted, stored, rejected, dead, erased,
            dropped_events(dropped_local) AS "dropped_local!"
         FROM sequences
         WHERE session_key = ANY($1)
            AND ($2::text[] IS NULL OR (session_key, tab_id) IN (SELECT * FROM unnest($1, $2)))
         ORDER BY session_key, tab_id"#,
        keys,
        tabs
    )
    .fetch_all(db)
    .await?;
    let mut stored: BTreeMap<(SessionKey, String), SequenceLedger> = rows
        .into_iter()
        .map(|row| {
            let counts = SequenceLedger {
                emitted: row.emitted,
                stored: row.stored,
                dropped_local: row.dropped_local,
                rejected: row.rejected,
                dead: row.dead,
                erased: row.erased,
                in_flight: 0,
            };
            ((row.session_key.into(), row.tab_id), counts)
        })
        .collect();
    for (tab, waiting) in &waiting.tabs {
        if keys.contains(&tab.0.as_uuid()) {
            let counts = stored.entry(tab.clone()).or_default();
            counts.emitted = counts.emitted.max(waiting.emitted);
            counts.in_flight = waiting.in_flight();
        }
    }
    let ledger = |((_, tab_id), counts): ((SessionKey, String), SequenceLedger)| TabLedger {
        tab_id,
        sequences: counts.into(),
    };
    Ok(stored.into_iter().map(ledger).collect())
}
