//! What is true of simulated visitors, added up from the simulation's own books.
//!
//! Days and weeks are those of UTC. Numbers are over what reached the server: what the network lost
//! is counted as lost, and what was refused for want of consent as rejected, and neither elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use nest_haus_domain::configurator::Selections;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::behaviour::{LEAVING_LOG_ODDS, LEAVING_PER_10_000_EUROS};
use crate::book::{Book, Visit};
use crate::simulation::Scenario;
use crate::visitor::{INTERNAL_SESSION_PREFIX, Population, Visitor};

/// What became of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventCounts {
    /// Numbered by trackers: `lost + rejected + stored`.
    pub emitted: u64,
    /// Numbered and never sent.
    pub lost: u64,
    /// Refused, since the visitor had refused consent.
    pub rejected: u64,
    /// Kept.
    pub stored: u64,
    /// Sent again although they had arrived.
    pub duplicated: u64,
}

/// Sums over visits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Sessions.
    pub sessions: u64,
    /// Visits; a session that is taken up again after more than 30 minutes has two.
    pub visits: u64,
    /// Page views.
    pub page_views: u64,
    /// Choices of options.
    pub selections: u64,
    /// Configurations sent.
    pub snapshots: u64,
    /// Visits that came to nothing (definitions b1).
    pub bounces: u64,
    /// Milliseconds from first to last activity, and engaged after it.
    pub duration_ms: i64,
    /// Milliseconds engaged, as trackers reported them; robots report none.
    pub engaged_ms: i64,
    /// Visits in which something went into the cart.
    pub carts: u64,
    /// Visits in which a configuration was completed.
    pub completions: u64,
    /// Visits that reached visit, selection, cart, completion, order, each
    /// after the one before.
    pub funnel: [u64; 5],
    /// Visits by the day of their begin.
    pub visits_by_day: BTreeMap<NaiveDate, u64>,
    /// Visits by where they came from.
    pub visits_by_channel: BTreeMap<&'static str, u64>,
    /// Visits by device.
    pub visits_by_device: BTreeMap<String, u64>,
    /// Orders paid.
    pub orders: u64,
    /// Euro cents paid.
    pub revenue_cents: i64,
}

impl Totals {
    fn add_visit(&mut self, visit: &Visit, device: &str) {
        self.visits += 1;
        self.page_views += visit.page_views;
        self.selections += visit.selections;
        self.snapshots += visit.snapshots;
        self.bounces += u64::from(visit.bounced());
        self.duration_ms += visit.duration().num_milliseconds();
        self.engaged_ms += visit.engaged.num_milliseconds();
        self.carts += u64::from(visit.cart);
        self.completions += u64::from(visit.completion);
        for reached in self.funnel.iter_mut().take(visit.level) {
            *reached += 1;
        }
        *self.visits_by_day.entry(visit.started_at.date_naive()).or_default() += 1;
        *self.visits_by_channel.entry(visit.channel.name()).or_default() += 1;
        *self.visits_by_device.entry(device.to_owned()).or_default() += 1;
    }
}

/// What became of an option in the sessions of those who may be counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionCounts {
    /// Sessions in which it was chosen.
    pub selected: u64,
    /// Sessions whose last configuration has it, preselected or chosen.
    pub taken: u64,
}

/// Visitors whose first visit was in one week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cohort {
    /// The Monday of the week.
    pub week: NaiveDate,
    /// Visitors.
    pub size: u64,
    /// How many of them came in this week and in each week after, up to the last of the range.
    pub retained: Vec<u64>,
}

/// Choices after which the price rose by about the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceJump {
    /// Least rise of the price, in cents; those below zero count as zero.
    pub from_cents: i64,
    /// Choices.
    pub selections: u64,
    /// Choices after which the visitor left the configurator.
    pub departures: u64,
}

/// Width of a class of price jumps.
const JUMP_CENTS: i64 = 1_000_000;
/// Classes of price jumps; the last has no upper bound.
const JUMPS: usize = 8;

/// The true numbers. Money and options are those of visitors who may be counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// What was simulated.
    pub scenario: Scenario,
    /// How sessions of the maker's own people begin.
    pub internal_session_prefix: &'static str,
    /// The log-odds of leaving after a choice, and what 10,000 euros more add to them.
    pub leaving: Value,
    /// What became of events.
    pub events: EventCounts,
    /// Sums, by whom visits count for.
    #[serde(serialize_with = "by_name")]
    pub populations: BTreeMap<Population, Totals>,
    /// Options by category.
    pub options: BTreeMap<String, BTreeMap<String, OptionCounts>>,
    /// Choices by how much they raised the price.
    pub price_jumps: Vec<PriceJump>,
    /// Visitors with an id of their own who may be counted.
    pub visitors: u64,
    /// The same, by the week of their first visit.
    pub retention: Vec<Cohort>,
    /// Weeks in which each visitor came: bit 0 is the first week of the range.
    #[serde(skip)]
    weeks: HashMap<u32, u64>,
}

fn by_name<S: Serializer>(
    populations: &BTreeMap<Population, Totals>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(populations)
}

impl Truth {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let jump = |class| PriceJump { from_cents: class * JUMP_CENTS, ..PriceJump::default() };
        Self {
            scenario,
            internal_session_prefix: INTERNAL_SESSION_PREFIX,
            leaving: json!({"logOdds": LEAVING_LOG_ODDS, "per10000Euros": LEAVING_PER_10_000_EUROS}),
            events: EventCounts::default(),
            populations: BTreeMap::new(),
            options: BTreeMap::new(),
            price_jumps: (0..).take(JUMPS).map(jump).collect(),
            visitors: 0,
            retention: Vec::new(),
            weeks: HashMap::new(),
        }
    }

    /// The sums of one population.
    #[must_use]
    pub fn population(&self, population: Population) -> Totals {
        self.populations.get(&population).cloned().unwrap_or_default()
    }

    /// The sums of all visits over all populations.
    #[must_use]
    pub fn visits(&self) -> u64 {
        self.populations.values().map(|totals| totals.visits).sum()
    }

    /// Adds a session.
    pub(crate) fn add(&mut self, visitor: &Visitor, book: &Book) {
        let counts = &mut self.events;
        counts.emitted += book.events.emitted;
        counts.lost += book.events.lost;
        counts.rejected += book.events.rejected;
        counts.stored += book.events.stored;
        counts.duplicated += book.events.duplicated;
        let population = visitor.population(book.consent);
        let totals = self.populations.entry(population).or_default();
        totals.sessions += 1;
        for visit in &book.visits {
            totals.add_visit(visit, visitor.device.kind.as_deref().unwrap_or_default());
        }
        if let Some(cents) = book.order_cents {
            totals.orders += 1;
            totals.revenue_cents += cents;
        }
        if population == Population::Eligible {
            self.add_options(book);
            self.add_price_jumps(book);
            if book.identified {
                self.add_visitor(visitor, book);
            }
        }
    }

    fn add_options(&mut self, book: &Book) {
        for (category, option) in &book.selected {
            self.option(category, option).selected += 1;
        }
        for (category, choice) in book.taken.iter().flat_map(Selections::iter) {
            self.option(category, &choice.option).taken += 1;
        }
    }

    fn option(&mut self, category: &str, option: &str) -> &mut OptionCounts {
        let options = self.options.entry(category.to_owned()).or_default();
        options.entry(option.to_owned()).or_default()
    }

    fn add_price_jumps(&mut self, book: &Book) {
        for (cents, left) in &book.price_jumps {
            let class = usize::try_from(cents.max(&0) / JUMP_CENTS).unwrap_or(0).min(JUMPS - 1);
            if let Some(jump) = self.price_jumps.get_mut(class) {
                jump.selections += 1;
                jump.departures += u64::from(*left);
            }
        }
    }

    fn add_visitor(&mut self, visitor: &Visitor, book: &Book) {
        for visit in &book.visits {
            let bit = 1 << self.week_of(visit.started_at).min(63);
            *self.weeks.entry(visitor.index).or_default() |= bit;
        }
    }

    /// The number of a moment's week, from 0 at the begin of the range.
    fn week_of(&self, at: DateTime<Utc>) -> u32 {
        let weeks = (monday(at) - monday(self.scenario.from)).num_weeks();
        u32::try_from(weeks).unwrap_or(0)
    }

    /// Counts visitors and cohorts, once all sessions were added.
    pub(crate) fn count_visitors(&mut self) {
        let last = self.week_of(self.scenario.until);
        let firsts: BTreeSet<u32> =
            self.weeks.values().map(|weeks| weeks.trailing_zeros()).collect();
        self.visitors = self.weeks.len() as u64;
        self.retention = firsts.into_iter().map(|first| self.cohort(first, last)).collect();
    }

    fn cohort(&self, first: u32, last: u32) -> Cohort {
        let members: Vec<u64> =
            self.weeks.values().copied().filter(|weeks| weeks.trailing_zeros() == first).collect();
        let came =
            |week: u32| members.iter().filter(|weeks| *weeks >> week & 1 == 1).count() as u64;
        Cohort {
            week: monday(self.scenario.from) + TimeDelta::weeks(i64::from(first)),
            size: members.len() as u64,
            retained: (first..=last.min(63)).map(came).collect(),
        }
    }
}

fn monday(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
}
