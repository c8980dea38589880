//! Events as they stream out of the database, folded unit by unit: what is in memory at a time are the
//! visits of about a day, or one visitor.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::funnel::{
    BreakdownRow, DroppedUnit, Funnel, StepReport, Tally, TallyRules, TrendPoint, UnitEvent,
    UnitEvents,
};
use nest_haus_domain::analytics::{LENGTH_MAX, Period, Populations, Zone, buckets};
use uuid::Uuid;

use super::query::{AskedFunnel, Unit};
use super::store::{self, Dropped, Readers, VisitDay};
use crate::http::Problem;

/// Values of a breakdown that are listed.
const VALUES_LISTED: usize = 25;

/// A visit is over that long after its last activity: a pause, and time to arrive.
pub(super) const OVER_AFTER: TimeDelta = TimeDelta::minutes(40);

/// The number of an order, as `funnel_events` gives it: it may come days after its visit.
const ORDER_SEQ: i64 = 1 << 57;

/// The number of a visit's beginning: before the event that it begins with, which is no next event.
const VISIT_SEQ: i64 = -1;

/// What a mark says below this is a step, from here on an exclusion, and `OTHER` is neither.
const EXCLUSIONS_FROM: i64 = 20;
const OTHER: i64 = 31;

/// What a funnel came to, whichever way it was counted.
pub(super) struct Folded {
    pub(super) steps: Vec<StepReport>,
    pub(super) trend: Vec<TrendPoint>,
    pub(super) incomplete: Vec<i64>,
    pub(super) breakdown: Vec<BreakdownRow>,
    pub(super) excluded: i64,
    pub(super) unattributed: i64,
    pub(super) dropped: Vec<Dropped>,
}

/// The visits that a unit is made of: when each began, and of which session.
type Visits = Vec<(DateTime<Utc>, Uuid)>;

/// Folds the events of a period.
pub(super) async fn fold(
    readers: &mut Readers,
    asked: &AskedFunnel,
    (period, zone): (Period, Zone),
    populations: Populations,
    now: DateTime<Utc>,
) -> Result<Folded, Problem> {
    let mut folding = Folding::new(asked, period, zone, now);
    let by_visitor = asked.unit == Unit::Visitor;
    let mut rows = if by_visitor {
        store::by_visitor(&mut readers.main, asked, period, populations)?
    } else {
        store::by_day(readers, asked, period, populations)?
    };
    while let Some(row) = rows.try_next().await? {
        folding.take(row);
    }
    drop(rows);
    Ok(folding.finish())
}

/// Events of one visit, until no more can come.
struct OpenVisit {
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    events: Vec<(Option<String>, UnitEvent)>,
}

struct Folding {
    unit: Unit,
    funnel: Funnel,
    /// Whether the visit itself is the window.
    open_ended: bool,
    of_visits: bool,
    now: DateTime<Utc>,
    tally: Tally<Visits>,
    /// The day, or the day of a visitor, that rows are taken of.
    under_way: Option<(DateTime<Utc>, Option<Uuid>)>,
    /// Its rows by session.
    sessions: BTreeMap<Uuid, Vec<VisitDay>>,
    /// Visits by session and number: of about a day, or of one visitor.
    open: BTreeMap<(Uuid, i32), OpenVisit>,
}

impl Folding {
    fn new(asked: &AskedFunnel, period: Period, zone: Zone, now: DateTime<Utc>) -> Self {
        let funnel = asked.funnel.entered(period);
        let rules = TallyRules {
            incomplete_after: asked.incomplete_after(now),
            complete_only: asked.complete_only,
            buckets: buckets(period, asked.interval, zone, now),
            attribution: asked.breakdown.as_ref().map(|breakdown| breakdown.attribution),
        };
        Self {
            unit: asked.unit,
            open_ended: funnel.rules().window.is_none(),
            of_visits: asked.breakdown.as_ref().is_some_and(|b| b.of_visits.is_some()),
            now,
            tally: Tally::new(&funnel, rules),
            funnel,
            under_way: None,
            sessions: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    fn take(&mut self, row: VisitDay) {
        let of_row = (row.day, row.visitor);
        if let Some((day, visitor)) = self.under_way.filter(|under_way| *under_way != of_row) {
            self.place_all();
            if visitor != row.visitor {
                self.note_visitor();
            } else if row.visitor.is_none() && day != row.day {
                self.close_visits(row.day);
            }
        }
        self.under_way = Some(of_row);
        self.sessions.entry(row.session_key).or_default().push(row);
    }

    fn place_all(&mut self) {
        for (_, mut visits) in std::mem::take(&mut self.sessions) {
            visits.sort_by_key(|visit| visit.number);
            self.place_events(&visits);
        }
    }

    /// Gives each event of a session's day to the visit that it belongs to: the last that began before,
    /// at most a day before, or the first of all.
    fn place_events(&mut self, visits: &[VisitDay]) {
        let Some(first) = visits.first() else { return };
        let mut placed: Vec<Vec<_>> = visits.iter().map(|_| Vec::new()).collect();
        for index in 0..first.at.len() {
            let Some(event) = event(first, index) else { continue };
            let begun = visits.iter().rposition(|visit| visit.started_at <= event.at);
            let place = begun.unwrap_or(0);
            let (Some(visit), Some(events)) = (visits.get(place), placed.get_mut(place)) else {
                continue;
            };
            let belongs = match begun {
                Some(_) => event.at - visit.started_at <= LENGTH_MAX || event.seq == ORDER_SEQ,
                None => visit.number == 1,
            };
            if !belongs {
                continue;
            }
            let value = if self.of_visits {
                visit.visit_value.as_ref()
            } else {
                text(first.value.as_ref(), index)
            };
            let event = UnitEvent { value: value.cloned(), ..event };
            events.push((text(first.configuration.as_ref(), index).cloned(), event));
        }
        for (visit, events) in visits.iter().zip(placed) {
            let open = self.open.entry((visit.session_key, visit.number));
            let open = open.or_insert_with(|| OpenVisit {
                started_at: visit.started_at,
                ended_at: visit.ended_at,
                events: Vec::new(),
            });
            open.events.extend(events);
        }
    }

    /// Folds the visits that no event of this day or later belongs to.
    fn close_visits(&mut self, day: DateTime<Utc>) {
        let over: Vec<(Uuid, i32)> = self
            .open
            .iter()
            .filter(|(_, visit)| visit.started_at + LENGTH_MAX < day)
            .map(|(key, _)| *key)
            .collect();
        for key in over {
            if let Some(visit) = self.open.remove(&key) {
                self.note_visit(key.0, visit);
            }
        }
    }

    fn note_visit(&mut self, session_key: Uuid, visit: OpenVisit) {
        let under_way = self.open_ended && visit.ended_at + OVER_AFTER > self.now;
        let visits = vec![(visit.started_at, session_key)];
        if self.unit == Unit::Configuration {
            let mut units: BTreeMap<String, Vec<UnitEvent>> = BTreeMap::new();
            for (configuration, event) in visit.events {
                if let Some(configuration) = configuration {
                    units.entry(configuration).or_default().push(event);
                }
            }
            for events in units.into_values() {
                self.tally.note(&self.funnel, &visits, &UnitEvents::new(events), under_way);
            }
        } else {
            let events = visit.events.into_iter().map(|(_, event)| event).collect();
            self.tally.note(&self.funnel, &visits, &UnitEvents::new(events), under_way);
        }
    }

    fn note_visitor(&mut self) {
        let mut events = Vec::new();
        let mut visits = Visits::new();
        for ((session_key, _), visit) in std::mem::take(&mut self.open) {
            visits.push((visit.started_at, session_key));
            events.extend(visit.events.into_iter().map(|(_, event)| event));
        }
        visits.sort_unstable();
        self.tally.note(&self.funnel, &visits, &UnitEvents::new(events), false);
    }

    fn finish(mut self) -> Folded {
        self.place_all();
        if self.unit == Unit::Visitor {
            self.note_visitor();
        } else {
            for ((session_key, _), visit) in std::mem::take(&mut self.open) {
                self.note_visit(session_key, visit);
            }
        }
        let steps = self.tally.steps();
        let dropped = (0..steps.len()).flat_map(|step| self.dropped(step)).collect();
        Folded {
            steps,
            trend: self.tally.trend().to_vec(),
            incomplete: self.tally.incomplete().to_vec(),
            breakdown: self.tally.breakdown(VALUES_LISTED),
            excluded: self.tally.excluded(),
            unattributed: self.tally.unattributed(),
            dropped,
        }
    }

    /// The units that came no further than a step, each by the visit of its last event.
    fn dropped(&self, step: usize) -> Vec<Dropped> {
        let of_unit = |unit: &DroppedUnit<Visits>| {
            let visit = unit.key.iter().rfind(|(started_at, _)| *started_at <= unit.at);
            let (_, session_key) = visit.or_else(|| unit.key.first())?;
            let step = i32::try_from(step).ok()?;
            let seq = if unit.seq == VISIT_SEQ { i64::MAX } else { unit.seq };
            Some(Dropped { step, session_key: *session_key, at: unit.at, seq })
        };
        self.tally.dropped(step).iter().filter_map(of_unit).collect()
    }
}

/// An event of a session's day. One whose identity was not asked for has its own by its place.
fn event(row: &VisitDay, index: usize) -> Option<UnitEvent> {
    let (at, mark) = (*row.at.get(index)?, *row.mark.get(index)?);
    let what = mark & OTHER;
    let id = row.event_id.get(index)?.map_or_else(|| unnamed(row, index), |id| id.as_u128());
    Some(UnitEvent {
        at,
        seq: mark >> 5,
        id,
        steps: if what < EXCLUSIONS_FROM { 1 << what } else { 0 },
        exclusions: if (EXCLUSIONS_FROM..OTHER).contains(&what) {
            1 << (what - EXCLUSIONS_FROM)
        } else {
            0
        },
        value: None,
    })
}

fn text(texts: Option<&Vec<Option<String>>>, index: usize) -> Option<&String> {
    texts?.get(index)?.as_ref()
}

/// An identity that no other event of a unit has.
fn unnamed(row: &VisitDay, index: usize) -> u128 {
    let day = u128::from(row.day.timestamp_micros().unsigned_abs());
    row.session_key.as_u128() ^ (day << 32 | index as u128)
}
