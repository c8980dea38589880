//! The events of a unit, as far as a funnel looks at them.

use chrono::{DateTime, Utc};

/// An event of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Its number among the client's events.
    pub seq: i64,
    /// Its identity.
    pub id: u128,
    /// The steps that it satisfies: bit 0 is the first.
    pub steps: u32,
    /// The exclusions that it is: bit 0 is the first.
    pub exclusions: u32,
    /// What it is broken down by.
    pub value: Option<String>,
}

/// Events in their order (definitions b0.3), each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitEvents(Vec<UnitEvent>);

impl UnitEvents {
    /// Puts events in order. One that comes repeatedly, each time for another step, becomes one.
    #[must_use]
    pub fn new(mut events: Vec<UnitEvent>) -> Self {
        events.sort_by_key(|event| (event.at, event.seq, event.id));
        events.dedup_by(|event, kept| {
            let same = (event.at, event.seq, event.id) == (kept.at, kept.seq, kept.id);
            if same {
                kept.steps |= event.steps;
                kept.exclusions |= event.exclusions;
            }
            same
        });
        Self(events)
    }

    /// The events in order.
    #[must_use]
    pub fn as_slice(&self) -> &[UnitEvent] {
        &self.0
    }
}
