//! What is true of simulated visitors, added up from the simulation's own books.
//!
//! Days and weeks are those of UTC. Numbers are over what reached the server: what the network lost
//! is counted as lost, and what was refused for want of consent as rejected, and neither elsewhere.

mod credits;
mod houses;
mod pages;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use nest_haus_domain::configurator::{Catalogue, Category};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

pub use self::credits::{Attribution, Credit, Credits};
pub use self::houses::{Houses, OptionCounts, Votes};
pub use self::pages::{Deeds, LevelCounts, NodeCounts, Steps, Ways};
use crate::behaviour::{LEAVING_LOG_ODDS, LEAVING_PER_10_000_EUROS};
use crate::book::{Book, Visit};
use crate::configuring::offered;
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
        if let Some(cents) = visit.order_cents {
            self.orders += 1;
            self.revenue_cents += cents;
        }
        self.visits += 1;
        self.page_views += visit.page_views;
        self.selections += visit.selections;
        self.snapshots += visit.snapshots;
        self.bounces += u64::from(visit.bounced());
        self.duration_ms += visit.duration().num_milliseconds();
        self.engaged_ms += visit.engaged.num_milliseconds();
        self.carts += u64::from(visit.cart_at.is_some());
        self.completions += u64::from(visit.completion);
        for reached in self.funnel.iter_mut().take(visit.step_at.len()) {
            *reached += 1;
        }
        *self.visits_by_day.entry(visit.started_at.date_naive()).or_default() += 1;
        *self.visits_by_channel.entry(visit.channel.name()).or_default() += 1;
        *self.visits_by_device.entry(device.to_owned()).or_default() += 1;
    }
}

/// Visitors whose first visit was in one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cohort {
    /// The first day of the period.
    pub start: NaiveDate,
    /// Visitors.
    pub size: u64,
    /// How many of them came in this period and in each one after, up to the last of the range.
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

/// A visit of a visitor who is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Arrival {
    at: DateTime<Utc>,
    /// When something first went into the cart.
    cart_at: Option<DateTime<Utc>>,
}

impl Arrival {
    const fn of(visit: &Visit) -> Self {
        Self { at: visit.started_at, cart_at: visit.cart_at }
    }
}

/// Who comes again within this time has returned.
pub const RETURN_WINDOW: TimeDelta = TimeDelta::days(7);

/// The true numbers. Where nothing else is said they are those of visitors who may be counted.
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
    /// Sessions by the most that came of them.
    pub statuses: BTreeMap<&'static str, u64>,
    /// What houses were configured.
    pub houses: Houses,
    /// Which ways visits took, and where they ended.
    pub ways: Ways,
    /// Which visits conversions are owed to.
    pub attribution: Attribution,
    /// What everybody did on pages.
    pub deeds: Deeds,
    /// Choices by how much they raised the price.
    pub price_jumps: Vec<PriceJump>,
    /// Visitors with an id of their own who may be counted.
    pub visitors: u64,
    /// The same, by the week of their first visit.
    pub retention: Vec<Cohort>,
    /// The same, by the day of their first visit.
    pub retention_by_day: Vec<Cohort>,
    /// Visitors that came; that came again within [`RETURN_WINDOW`]; and those of them that put something
    /// into the cart no later than so long after the visit before.
    pub returns: [u64; 3],
    /// When each visitor came, and when something went into the cart then.
    #[serde(skip)]
    came: HashMap<u32, Vec<Arrival>>,
    /// Options that are shown, by category.
    #[serde(skip)]
    offered: BTreeMap<String, Vec<String>>,
}

fn by_name<S: Serializer>(
    populations: &BTreeMap<Population, Totals>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(populations)
}

impl Truth {
    pub(crate) fn new(scenario: Scenario, catalogue: &Catalogue) -> Self {
        let jump = |class| PriceJump { from_cents: class * JUMP_CENTS, ..PriceJump::default() };
        Self {
            scenario,
            internal_session_prefix: INTERNAL_SESSION_PREFIX,
            leaving: json!({"logOdds": LEAVING_LOG_ODDS, "per10000Euros": LEAVING_PER_10_000_EUROS}),
            events: EventCounts::default(),
            populations: BTreeMap::new(),
            statuses: BTreeMap::new(),
            houses: Houses::default(),
            ways: Ways::default(),
            attribution: Attribution::default(),
            deeds: Deeds::default(),
            price_jumps: (0..).take(JUMPS).map(jump).collect(),
            visitors: 0,
            retention: Vec::new(),
            retention_by_day: Vec::new(),
            returns: [0; 3],
            came: HashMap::new(),
            offered: offered(catalogue)
                .map(|category| (category.id.clone(), option_ids(category)))
                .collect(),
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
        self.deeds.add(book);
        let population = visitor.population(book.consent);
        let device = visitor.device.kind.as_deref().unwrap_or_default();
        let totals = self.populations.entry(population).or_default();
        totals.sessions += 1;
        for visit in &book.visits {
            totals.add_visit(visit, device);
        }
        if population == Population::Eligible {
            self.add_eligible(visitor, book, device);
        }
    }

    fn add_eligible(&mut self, visitor: &Visitor, book: &Book, device: &str) {
        *self.statuses.entry(book.status()).or_default() += 1;
        self.houses.add(book, &self.offered);
        self.add_price_jumps(book);
        for visit in &book.visits {
            self.ways.add(visit, device);
        }
        let identified = book.identified.then_some(visitor.index);
        self.attribution.add(identified, &book.visits);
        if let Some(index) = identified {
            self.came.entry(index).or_default().extend(book.visits.iter().map(Arrival::of));
        }
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

    /// Counts visitors and cohorts, once all sessions were added.
    pub(crate) fn count_visitors(&mut self) {
        self.visitors = self.came.len() as u64;
        self.returns = self.returns();
        self.retention = self.cohorts(monday, TimeDelta::weeks(1));
        self.retention_by_day = self.cohorts(|day| day, TimeDelta::days(1));
    }

    fn returns(&self) -> [u64; 3] {
        let mut returns = [self.visitors, 0, 0];
        for visits in self.came.values() {
            let pairs = || visits.iter().zip(visits.iter().skip(1));
            let soon = |(before, at): (&Arrival, DateTime<Utc>)| at - before.at <= RETURN_WINDOW;
            returns[1] += u64::from(pairs().any(|(before, again)| soon((before, again.at))));
            let mut carts = pairs().filter_map(|(before, again)| Some((before, again.cart_at?)));
            returns[2] += u64::from(carts.any(soon));
        }
        returns
    }

    /// Cohorts by periods of a length, each named by its first day.
    fn cohorts(&self, period_of: fn(NaiveDate) -> NaiveDate, length: TimeDelta) -> Vec<Cohort> {
        let last = period_of(self.scenario.until.date_naive());
        let after = |first: NaiveDate, period: NaiveDate| {
            usize::try_from((period - first).num_days() / length.num_days()).unwrap_or(0)
        };
        let mut cohorts: BTreeMap<NaiveDate, Cohort> = BTreeMap::new();
        for visits in self.came.values() {
            let days = visits.iter().map(|arrival| arrival.at.date_naive());
            let periods: BTreeSet<NaiveDate> = days.map(period_of).collect();
            let Some(start) = periods.first().copied() else { continue };
            let none = || Cohort { start, size: 0, retained: vec![0; after(start, last) + 1] };
            let cohort = cohorts.entry(start).or_insert_with(none);
            cohort.size += 1;
            for period in periods {
                if let Some(came) = cohort.retained.get_mut(after(start, period)) {
                    *came += 1;
                }
            }
        }
        cohorts.into_values().collect()
    }
}

fn option_ids(category: &Category) -> Vec<String> {
    category.options.iter().map(|option| option.id.clone()).collect()
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
}
