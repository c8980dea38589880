//! What the simulation itself knows of a session while it goes on: the books that the truth is
//! added up from. Written by what visitors do, and by nothing of the analytics.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use nest_haus_domain::configurator::Selections;
use nest_haus_domain::tracking::{Event, Interaction, Payload, SessionFact, Trigger};
use serde_json::Value;

use crate::truth::EventCounts;
use crate::visitor::Channel;

/// One visit, as what was kept of it shows it.
pub(crate) struct Visit {
    pub(crate) channel: Channel,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) last_activity_at: DateTime<Utc>,
    /// Engaged time that was reported after the last activity.
    trailing: TimeDelta,
    pub(crate) engaged: TimeDelta,
    pub(crate) page_views: u64,
    pub(crate) clicks: u64,
    pub(crate) selections: u64,
    pub(crate) snapshots: u64,
    /// When something first went into the cart.
    pub(crate) cart_at: Option<DateTime<Utc>>,
    /// A configuration was completed.
    pub(crate) completion: bool,
    /// When it came to each step of the funnel: visit, selection, cart, completion, order.
    pub(crate) step_at: Vec<DateTime<Utc>>,
    /// How many of the [`TOUR`]'s steps it took, in their order.
    pub(crate) toured: usize,
    /// Euro cents that an order was paid with.
    pub(crate) order_cents: Option<i64>,
    /// Pages, categories that something was chosen in, the cart and the completion, one after another.
    pub(crate) way: Vec<String>,
    /// The page that was opened last.
    pub(crate) last_page: String,
}

/// A page from its opening to the next.
pub(crate) struct PageView {
    pub(crate) page: String,
    /// How far down it was scrolled, in per cent.
    pub(crate) depth: i64,
    day: NaiveDate,
}

/// A configuration that was sent.
#[derive(Clone, PartialEq)]
pub(crate) struct Configuration {
    pub(crate) selections: Selections,
    /// What it costs.
    pub(crate) price_cents: i64,
}

/// Steps that a visit may take one after another, each by an event of its own: the configurator's page,
/// two choices, the cart, and a click on the order.
pub const TOUR: [&str; 5] = ["configurator", "choice", "choice", "cart", "order"];

/// The page of the configurator.
pub(crate) const CONFIGURATOR: &str = "/konfigurator";

/// The button that begins an order.
pub(crate) const ORDER_BUTTON: &str = "order-now";

impl Visit {
    /// From the first activity to the last, and the engaged time after it (definitions b1).
    pub(crate) fn duration(&self) -> TimeDelta {
        self.last_activity_at - self.started_at + self.trailing
    }

    /// Something went into the cart, or a configuration was completed.
    pub(crate) const fn converted(&self) -> bool {
        self.cart_at.is_some() || self.completion
    }

    /// Less than two page views, nothing done, engaged for less than ten seconds (definitions b1).
    pub(crate) fn bounced(&self) -> bool {
        let did_nothing = self.clicks + self.selections + self.snapshots == 0;
        self.page_views < 2 && did_nothing && self.engaged < TimeDelta::seconds(10)
    }
}

/// What is written down of one session.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) visits: Vec<Visit>,
    pub(crate) events: EventCounts,
    /// What the visitor said about consent in this session.
    pub(crate) consent: Option<bool>,
    /// The visitor's own id was sent along.
    pub(crate) identified: bool,
    /// Options that were chosen, as `(category, option)`.
    pub(crate) selected: BTreeSet<(String, String)>,
    /// Categories whose options were shown.
    pub(crate) shown: BTreeSet<String>,
    /// Every configuration that was sent, the last one at the end.
    pub(crate) configurations: Vec<Configuration>,
    /// Categories in which a choice was taken back on the same day.
    pub(crate) taken_back: BTreeSet<String>,
    pub(crate) page_views: Vec<PageView>,
    /// Clicks by page and element.
    pub(crate) clicks: BTreeMap<(String, String), u64>,
    /// Measurements: name and value.
    pub(crate) measured: Vec<(String, f64)>,
    /// After each choice: by how much the price rose, in cents, and whether the visitor left.
    pub(crate) price_jumps: Vec<(i64, bool)>,
}

impl Book {
    /// Opens the next visit.
    pub(crate) fn begin_visit(&mut self, channel: Channel, at: DateTime<Utc>) {
        self.visits.push(Visit {
            channel,
            started_at: at,
            last_activity_at: at,
            trailing: TimeDelta::zero(),
            engaged: TimeDelta::zero(),
            page_views: 0,
            clicks: 0,
            selections: 0,
            snapshots: 0,
            cart_at: None,
            completion: false,
            step_at: vec![at],
            toured: 0,
            order_cents: None,
            way: Vec::new(),
            last_page: String::new(),
        });
    }

    /// The configuration that was sent last.
    pub(crate) fn taken(&self) -> Option<&Configuration> {
        self.configurations.last()
    }

    /// Something went into the cart, or a configuration was completed.
    pub(crate) fn converted(&self) -> bool {
        self.visits.iter().any(Visit::converted)
    }

    /// A configuration was completed, or an order paid.
    pub(crate) fn completed(&self) -> bool {
        self.visits.iter().any(|visit| visit.completion || visit.order_cents.is_some())
    }

    /// The most that came of the session.
    pub(crate) fn status(&self) -> &'static str {
        if self.visits.iter().any(|visit| visit.order_cents.is_some()) {
            "CONVERTED"
        } else if self.completed() {
            "COMPLETED"
        } else if self.converted() {
            "IN_CART"
        } else {
            "ACTIVE"
        }
    }

    /// Notes an event that was kept.
    pub(crate) fn note(&mut self, event: &Event) {
        self.events.stored += 1;
        let Some(visit) = self.visits.last_mut() else { return };
        match &event.payload {
            Payload::Interaction(interaction) => {
                visit.note_interaction(event, interaction);
                self.note_interaction(event, interaction);
            }
            Payload::Snapshot(snapshot) => {
                visit.snapshots += 1;
                visit.act(event.occurred_at);
                if snapshot.trigger == Trigger::CartAdd {
                    visit.cart_at.get_or_insert(event.occurred_at);
                    visit.come_to("cart");
                    visit.take_step("cart");
                    visit.reach(3, event.occurred_at);
                } else if snapshot.completes {
                    visit.completion = true;
                    visit.come_to("completion");
                    visit.reach(4, event.occurred_at);
                }
            }
            Payload::Metric(metric) => self.measured.push((metric.name.clone(), metric.value)),
            Payload::Fact(SessionFact::Exited) => {}
            Payload::Fact(_) => visit.act(event.occurred_at),
        }
    }

    fn note_interaction(&mut self, event: &Event, interaction: &Interaction) {
        let value = interaction.selection_value.clone().unwrap_or_default();
        let category = interaction.category.clone();
        let said =
            |name: &str| interaction.additional_data.as_ref().and_then(|data| data.get(name));
        let day = event.occurred_at.date_naive();
        match interaction.event_type.as_str() {
            "page_visit" if interaction.time_spent_ms.is_none() => {
                self.page_views.push(PageView { page: value, depth: 0, day });
            }
            "scroll" => self.note_scroll(said("depth").and_then(Value::as_i64).unwrap_or(0), day),
            "click" => {
                let page = said("page").and_then(Value::as_str).unwrap_or_default().to_owned();
                let element = interaction.element_id.clone().unwrap_or_default();
                *self.clicks.entry((page, element)).or_default() += 1;
            }
            "options_shown" => {
                self.shown.insert(category);
            }
            Interaction::SELECTION => {
                self.selected.insert((category, value));
            }
            _ => {}
        }
    }

    /// Notes how far down the present page was scrolled. What goes on over midnight is a page view on
    /// both days.
    fn note_scroll(&mut self, depth: i64, day: NaiveDate) {
        match self.page_views.last_mut() {
            Some(view) if view.day == day => view.depth = view.depth.max(depth),
            Some(PageView { page, .. }) => {
                let page = page.clone();
                self.page_views.push(PageView { page, depth, day });
            }
            None => {}
        }
    }

    /// Notes that a choice was taken back, unless what the visitor does is not kept any more.
    pub(crate) fn note_taken_back(
        &mut self,
        category: &str,
        (chosen_at, back_at): (DateTime<Utc>, DateTime<Utc>),
    ) {
        if self.consent != Some(false) && chosen_at.date_naive() == back_at.date_naive() {
            self.taken_back.insert(category.to_owned());
        }
    }

    /// Notes an order that was paid.
    pub(crate) fn note_order(&mut self, cents: i64, paid_at: DateTime<Utc>) {
        if let Some(visit) = self.visits.last_mut() {
            visit.order_cents = Some(cents);
            visit.reach(5, paid_at);
        }
    }
}

impl Visit {
    fn note_interaction(&mut self, event: &Event, interaction: &Interaction) {
        match interaction.event_type.as_str() {
            "engagement" => {
                let engaged = TimeDelta::milliseconds(interaction.time_spent_ms.unwrap_or(0));
                self.engaged += engaged;
                self.trailing += engaged;
            }
            "page_visit" if interaction.time_spent_ms.is_none() => {
                self.page_views += 1;
                self.open(interaction.selection_value.as_deref().unwrap_or_default());
            }
            Interaction::SELECTION => {
                self.selections += 1;
                self.come_to(&interaction.category);
                self.take_step("choice");
                self.reach(2, event.occurred_at);
            }
            "click" => {
                self.clicks += 1;
                if interaction.element_id.as_deref() == Some(ORDER_BUTTON) {
                    self.take_step("order");
                }
            }
            _ => {}
        }
        if interaction.interactive {
            self.act(event.occurred_at);
        }
    }

    fn open(&mut self, page: &str) {
        page.clone_into(&mut self.last_page);
        self.come_to(page);
        if page == CONFIGURATOR {
            self.take_step("configurator");
        }
    }

    /// Comes to something else than before.
    fn come_to(&mut self, node: &str) {
        if self.way.last().is_none_or(|last| last != node) {
            self.way.push(node.to_owned());
        }
    }

    /// Takes a step of the tour, if it is the next.
    fn take_step(&mut self, step: &str) {
        if TOUR.get(self.toured) == Some(&step) {
            self.toured += 1;
        }
    }

    fn act(&mut self, at: DateTime<Utc>) {
        self.last_activity_at = at;
        self.trailing = TimeDelta::zero();
    }

    /// Reaches a step of the funnel, if the one before it was reached.
    fn reach(&mut self, step: usize, at: DateTime<Utc>) {
        if self.step_at.len() + 1 == step {
            self.step_at.push(at);
        }
    }
}
