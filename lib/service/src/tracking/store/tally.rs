//! The ledger's counts: what some entries add for each session and for each tab.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nest_haus_domain::tracking::{
    Entry, IdSource, Rejection, SequenceNumber, SequenceReport, SessionId, SessionKey, TabId,
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::events::{Fates, Placed};
use super::{Origin, Outcome};

/// What the ledger adds for one session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) received: i64,
    pub(super) stored: i64,
    pub(super) rejected: i64,
    pub(super) duplicate: i64,
    pub(super) dead: i64,
    pub(super) unnumbered: i64,
}

/// What the ledger adds for one tab.
#[derive(Debug, Clone, Default)]
struct SequenceCounts {
    emitted: i64,
    stored: i64,
    rejected: i64,
    dead: i64,
    dropped_local: BTreeMap<String, i64>,
}

impl SequenceCounts {
    fn add(&mut self, stage: Stage, events: i64) {
        match stage {
            Stage::Stored => self.stored += events,
            Stage::Rejected => self.rejected += events,
            Stage::Dead => self.dead += events,
        }
    }
}

/// A numbered event: session, tab, sequence number.
pub(in crate::tracking) type Numbered = (SessionKey, String, i64);

/// What is known already of the numbered events of some entries. A client that missed an answer
/// sends refused events again, and one that corrects a refused event keeps its number: each number
/// counts once, for the best that became of it.
///
/// Stored events are looked up for refused ones alone: an accepted one that is stored already is a
/// repetition, and found as such.
pub(super) async fn known_stages(
    tx: &mut PgTransaction<'_>,
    entries: &[Entry],
) -> Result<HashMap<Numbered, Stage>, sqlx::Error> {
    let accepted = entries
        .iter()
        .flat_map(|entry| &entry.events)
        .filter_map(|event| numbered(event.session_id.as_ref(), event.tab_id.as_ref(), event.seq));
    let refused = entries.iter().flat_map(|entry| &entry.rejections).filter_map(|rejection| {
        numbered(rejection.session_id.as_ref(), rejection.tab_id.as_ref(), rejection.seq)
    });
    let refused: BTreeSet<Numbered> = refused.collect();
    let all: BTreeSet<Numbered> = accepted.chain(refused.iter().cloned()).collect();
    let mut stages = letter_stages(tx, &all).await?;
    for number in stored_numbers(tx, &refused).await? {
        stages.insert(number, Stage::Stored);
    }
    Ok(stages)
}

/// Of some numbers, those whose events are refused or dead.
async fn letter_stages(
    db: &mut PgConnection,
    numbers: &BTreeSet<Numbered>,
) -> Result<HashMap<Numbered, Stage>, sqlx::Error> {
    let (keys, tabs, seqs) = columns(numbers);
    let letters = sqlx::query!(
        r#"SELECT session_key, tab_id AS "tab_id!", seq AS "seq!", stage = 'dead' AS "dead!"
         FROM dead_letters
         JOIN unnest($1::uuid[], $2::text[], $3::bigint[]) AS numbers (session_key, tab_id, seq)
            USING (session_key, tab_id, seq)
         WHERE replayed_at IS NULL"#,
        &keys,
        &tabs,
        &seqs
    )
    .fetch_all(db)
    .await?;
    let stage = |dead| if dead { Stage::Dead } else { Stage::Rejected };
    Ok(letters
        .into_iter()
        .map(|row| ((SessionKey::from(row.session_key), row.tab_id, row.seq), stage(row.dead)))
        .collect())
}

/// Of some numbers, those of whose events it is known what became.
pub(in crate::tracking) async fn accounted_numbers(
    db: &mut PgConnection,
    numbers: &BTreeSet<Numbered>,
) -> Result<BTreeSet<Numbered>, sqlx::Error> {
    let mut known: BTreeSet<Numbered> = letter_stages(db, numbers).await?.into_keys().collect();
    known.extend(stored_numbers(db, numbers).await?);
    Ok(known)
}

/// Of some numbers, those whose events are stored.
async fn stored_numbers(
    db: &mut PgConnection,
    numbers: &BTreeSet<Numbered>,
) -> Result<Vec<Numbered>, sqlx::Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let (keys, tabs, seqs) = columns(numbers);
    let rows = sqlx::query!(
        r#"SELECT session_key AS "session_key!", tab_id AS "tab_id!", seq AS "seq!"
         FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS number (session_key, tab_id, seq)
         WHERE EXISTS (SELECT FROM interaction_events AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)
            OR EXISTS (SELECT FROM configuration_snapshots AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)
            OR EXISTS (SELECT FROM session_events AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)
            OR EXISTS (SELECT FROM performance_metrics AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)"#,
        &keys,
        &tabs,
        &seqs
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_key.into(), row.tab_id, row.seq)).collect())
}

/// Numbers as the arrays that a query takes.
fn columns(numbers: &BTreeSet<Numbered>) -> (Vec<Uuid>, Vec<String>, Vec<i64>) {
    let keys = numbers.iter().map(|(key, _, _)| key.as_uuid()).collect();
    let tabs = numbers.iter().map(|(_, tab, _)| tab.clone()).collect();
    let seqs = numbers.iter().map(|(_, _, seq)| *seq).collect();
    (keys, tabs, seqs)
}

fn numbered(
    session_id: Option<&SessionId>,
    tab_id: Option<&TabId>,
    seq: Option<SequenceNumber>,
) -> Option<Numbered> {
    let key = session_id.map_or(SessionKey::NONE, SessionId::key);
    Some((key, tab_id?.as_str().to_owned(), seq?.get()))
}

/// What became of a numbered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Stored,
    Rejected,
    Dead,
}

/// What the ledger adds for some entries.
#[derive(Default)]
pub(super) struct Tally {
    sessions: BTreeMap<SessionKey, Counts>,
    sequences: BTreeMap<(SessionKey, String), SequenceCounts>,
    /// What became of numbered events so far.
    stages: HashMap<Numbered, Stage>,
}

impl Tally {
    pub(super) fn of(
        entries: &[Entry],
        events: &[Placed<'_>],
        fates: &Fates<'_>,
        stages: HashMap<Numbered, Stage>,
    ) -> Self {
        let mut tally = Self { stages, ..Self::default() };
        for placed in events.iter().filter(|placed| !fates.repeated.contains(&placed.entry.id)) {
            tally.count_event(placed, fates);
        }
        for entry in entries.iter().filter(|entry| !fates.repeated.contains(&entry.id)) {
            for rejection in &entry.rejections {
                tally.count_rejection(rejection);
            }
            for session in &entry.repeated {
                let key = session.as_ref().map_or(SessionKey::NONE, SessionId::key);
                let counts = tally.sessions.entry(key).or_default();
                counts.received += 1;
                counts.duplicate += 1;
            }
            for report in &entry.sequences {
                tally.note_report(report);
            }
        }
        tally
    }

    fn count_event(&mut self, placed: &Placed<'_>, fates: &Fates<'_>) {
        let event = placed.event;
        let (is_new, is_dead) = (fates.is_new(placed), fates.is_dead(placed));
        let counts = self.sessions.entry(placed.session_key).or_default();
        counts.received += 1;
        counts.stored += i64::from(is_new);
        counts.dead += i64::from(is_dead);
        counts.duplicate += i64::from(!is_new && !is_dead);
        let unaccountable = event.seq.is_none() || event.id_source == IdSource::Server;
        counts.unnumbered += i64::from(is_new && unaccountable);
        let numbered = numbered(event.session_id.as_ref(), event.tab_id.as_ref(), event.seq);
        if is_new {
            self.count_numbered(numbered, Stage::Stored);
        } else if is_dead {
            self.count_numbered(numbered, Stage::Dead);
        }
    }

    fn count_rejection(&mut self, rejection: &Rejection) {
        let session_id = rejection.session_id.as_ref();
        let counts = self.sessions.entry(session_id.map_or(SessionKey::NONE, SessionId::key));
        let counts = counts.or_default();
        counts.received += 1;
        counts.rejected += 1;
        let numbered = numbered(session_id, rejection.tab_id.as_ref(), rejection.seq);
        self.count_numbered(numbered, Stage::Rejected);
    }

    /// Counts a number once, for its best stage: what is stored is neither refused nor dead.
    fn count_numbered(&mut self, numbered: Option<Numbered>, stage: Stage) {
        let Some(numbered) = numbered else { return };
        let sequence = self.sequences.entry((numbered.0, numbered.1.clone())).or_default();
        sequence.emitted = sequence.emitted.max(numbered.2);
        match (self.stages.get(&numbered).copied(), stage) {
            (None, stage) => sequence.add(stage, 1),
            (Some(before @ (Stage::Rejected | Stage::Dead)), Stage::Stored) => {
                sequence.add(before, -1);
                sequence.add(Stage::Stored, 1);
            }
            (Some(_), _) => return,
        }
        self.stages.insert(numbered, stage);
    }

    fn note_report(&mut self, report: &SequenceReport) {
        let tab = (report.session_id.key(), report.tab_id.as_str().to_owned());
        let sequence = self.sequences.entry(tab).or_default();
        sequence.emitted = sequence.emitted.max(report.emitted);
        for (reason, dropped) in &report.dropped_local {
            let known = sequence.dropped_local.entry(reason.clone()).or_default();
            *known = (*known).max(*dropped);
        }
    }

    pub(super) fn total(&self) -> Outcome {
        self.sessions.values().fold(Outcome::default(), |sum, counts| Outcome {
            received: sum.received + counts.received,
            stored: sum.stored + counts.stored,
            rejected: sum.rejected + counts.rejected,
            duplicate: sum.duplicate + counts.duplicate,
            dead: sum.dead + counts.dead,
        })
    }

    pub(super) async fn write(
        &self,
        tx: &mut PgTransaction<'_>,
        origin: Origin,
    ) -> Result<(), sqlx::Error> {
        write_ledger(tx, &self.sessions, origin).await?;
        let rows = self.sequences.iter().map(|((key, tab_id), sequence)| {
            json!({
                "session_key": key,
                "tab_id": tab_id,
                "emitted": sequence.emitted,
                "stored": sequence.stored,
                "rejected": sequence.rejected,
                "dead": sequence.dead,
                "erased": 0,
                "dropped_local": sequence.dropped_local,
            })
        });
        let rows = rows.collect::<Value>().to_string();
        sqlx::query!(
            "INSERT INTO sequences (
            session_key, tab_id, emitted, stored, rejected, dead, erased, dropped_local)
         SELECT
            session_key, tab_id, emitted, stored, rejected, dead, erased, dropped_local
         FROM json_populate_recordset(NULL::sequences, $1::text::json)
             ON CONFLICT (session_key, tab_id) DO UPDATE SET
                emitted = greatest(sequences.emitted, excluded.emitted),
                stored = sequences.stored + excluded.stored,
                rejected = sequences.rejected + excluded.rejected,
                dead = sequences.dead + excluded.dead,
                dropped_local = (
                    SELECT coalesce(jsonb_object_agg(reason, dropped), '{}') FROM (
                        SELECT reason, max(dropped::bigint) AS dropped
                        FROM (SELECT * FROM jsonb_each_text(sequences.dropped_local)
                              UNION ALL SELECT * FROM jsonb_each_text(excluded.dropped_local))
                            AS reports (reason, dropped)
                        GROUP BY reason) AS greatest_reports)",
            rows
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

pub(super) async fn write_ledger(
    tx: &mut PgTransaction<'_>,
    sessions: &BTreeMap<SessionKey, Counts>,
    origin: Origin,
) -> Result<(), sqlx::Error> {
    let rows = sessions.iter().map(|(key, counts)| {
        let counted_before = match origin {
            Origin::Arrival => 0,
            Origin::DeadLetter => counts.received,
        };
        json!({
            "session_key": key,
            "received": counts.received - counted_before,
            "stored": counts.stored,
            "rejected": counts.rejected,
            "duplicate": counts.duplicate,
            "dead": counts.dead - counted_before,
            "unnumbered": counts.unnumbered,
        })
    });
    let rows = rows.collect::<Value>().to_string();
    sqlx::query!(
        "INSERT INTO ledger (
            session_key, received, stored, rejected, duplicate, dead, unnumbered)
         SELECT
            session_key, received, stored, rejected, duplicate, dead, unnumbered
         FROM json_populate_recordset(NULL::ledger, $1::text::json)
         ON CONFLICT (session_key) DO UPDATE SET
            received = ledger.received + excluded.received,
            stored = ledger.stored + excluded.stored,
            rejected = ledger.rejected + excluded.rejected,
            duplicate = ledger.duplicate + excluded.duplicate,
            dead = ledger.dead + excluded.dead,
            unnumbered = ledger.unnumbered + excluded.unnumbered",
        rows
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a damaged entry that could be read after all from the events without a session, under
/// which it was counted as received and dead: its events are counted under their own sessions now.
pub(in crate::tracking) async fn move_damaged_count(
    tx: &mut PgTransaction<'_>,
    events: i64,
) -> Result<(), sqlx::Error> {
    let moved = Counts { received: -events, dead: -events, ..Counts::default() };
    write_ledger(tx, &BTreeMap::from([(SessionKey::NONE, moved)]), Origin::Arrival).await
}
