//! What the simulation itself knows of a session while it goes on: the books that the truth is
//! added up from. Written by what visitors do, and by nothing of the analytics.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::configurator::Selections;
use nest_haus_domain::tracking::{Event, Interaction, Payload, SessionFact, Trigger};

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
    /// Something went into the cart.
    pub(crate) cart: bool,
    /// A configuration was completed.
    pub(crate) completion: bool,
    /// How far it came in the funnel: 1 visit, 2 selection, 3 cart, 4 completion, 5 order.
    pub(crate) level: usize,
}

impl Visit {
    /// From the first activity to the last, and the engaged time after it (definitions b1).
    pub(crate) fn duration(&self) -> TimeDelta {
        self.last_activity_at - self.started_at + self.trailing
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
    /// The configuration that was sent last.
    pub(crate) taken: Option<Selections>,
    /// After each choice: by how much the price rose, in cents, and whether the visitor left.
    pub(crate) price_jumps: Vec<(i64, bool)>,
    pub(crate) order_cents: Option<i64>,
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
            cart: false,
            completion: false,
            level: 1,
        });
    }

    /// Notes an event that was kept.
    pub(crate) fn note(&mut self, event: &Event) {
        self.events.stored += 1;
        let Some(visit) = self.visits.last_mut() else { return };
        match &event.payload {
            Payload::Interaction(interaction) => {
                if interaction.event_type == Interaction::SELECTION
                    && let Some(option) = &interaction.selection_value
                {
                    self.selected.insert((interaction.category.clone(), option.clone()));
                }
                visit.note_interaction(event, interaction);
            }
            Payload::Snapshot(snapshot) => {
                visit.snapshots += 1;
                visit.act(event.occurred_at);
                if snapshot.trigger == Trigger::CartAdd {
                    visit.cart = true;
                    visit.reach(3);
                } else if snapshot.completes {
                    visit.completion = true;
                    visit.reach(4);
                }
            }
            Payload::Fact(SessionFact::Exited) | Payload::Metric(_) => {}
            Payload::Fact(_) => visit.act(event.occurred_at),
        }
    }

    /// Notes an order that was paid.
    pub(crate) fn note_order(&mut self, cents: i64) {
        self.order_cents = Some(cents);
        if let Some(visit) = self.visits.last_mut() {
            visit.reach(5);
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
            "page_visit" if interaction.time_spent_ms.is_none() => self.page_views += 1,
            Interaction::SELECTION => {
                self.selections += 1;
                self.reach(2);
            }
            "click" => self.clicks += 1,
            _ => {}
        }
        if interaction.interactive {
            self.act(event.occurred_at);
        }
    }

    fn act(&mut self, at: DateTime<Utc>) {
        self.last_activity_at = at;
        self.trailing = TimeDelta::zero();
    }

    /// Reaches a step of the funnel, if the one before it was reached.
    fn reach(&mut self, level: usize) {
        if self.level + 1 == level {
            self.level = level;
        }
    }
}
