//! What is tracked at present: kinds of tracking that an administrator switched off, and kinds that wait
//! while the system is busy.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::event::{Event, Payload, Trigger};

/// A kind of tracking that can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrackingKind {
    /// Clicks, rage clicks and dead clicks.
    Clicks,
    /// Choices of options.
    Selections,
    /// What the pointer rested on.
    Hover,
    /// How far pages were scrolled.
    Scroll,
    /// Pages that were come to and left.
    PageVisits,
    /// Every other interaction.
    OtherInteractions,
    /// Configurations as they change. What goes into the cart, is ordered, completed or left is none of
    /// it: that is always kept.
    Configurations,
    /// Performance measurements.
    Performance,
}

impl TrackingKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Clicks,
        Self::Selections,
        Self::Hover,
        Self::Scroll,
        Self::PageVisits,
        Self::OtherInteractions,
        Self::Configurations,
        Self::Performance,
    ];

    /// The name in JSON, SQL and Redis.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Selections => "selections",
            Self::Hover => "hover",
            Self::Scroll => "scroll",
            Self::PageVisits => "page_visits",
            Self::OtherInteractions => "other_interactions",
            Self::Configurations => "configurations",
            Self::Performance => "performance",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind of an event; nothing for what is always kept: facts about the session (consent, carts,
    /// payments, personal data), and snapshots that say what became of a configuration.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        match &event.payload {
            Payload::Interaction(interaction) => Some(Self::of_event_type(&interaction.event_type)),
            Payload::Snapshot(snapshot) => {
                let is_change = matches!(snapshot.trigger, Trigger::Sync | Trigger::AutoSave);
                (is_change && !snapshot.completes).then_some(Self::Configurations)
            }
            Payload::Fact(_) => None,
            Payload::Metric(_) => Some(Self::Performance),
        }
    }

    fn of_event_type(event_type: &str) -> Self {
        match event_type {
            "selection" => Self::Selections,
            "scroll" | "scroll_depth" => Self::Scroll,
            "hover" => Self::Hover,
            "page_visit" | "page_view" | "page_exit" => Self::PageVisits,
            other if other.ends_with("click") => Self::Clicks,
            _ => Self::OtherInteractions,
        }
    }

    /// Whether it may wait while the system is busy.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Hover | Self::Scroll)
    }
}

/// What is tracked at present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Controls {
    /// What is switched off.
    pub off: BTreeSet<TrackingKind>,
    /// Until when optional tracking waits.
    pub paused_until: Option<DateTime<Utc>>,
}

/// Why an event is not tracked at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTracked {
    /// An administrator switched it off.
    Off,
    /// It waits while the system is busy.
    Paused,
}

impl NotTracked {
    /// The stable reason in answers and in the ledger.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Off => "tracking_off",
            Self::Paused => "tracking_paused",
        }
    }
}

impl Controls {
    /// Reads the two texts that Redis keeps: names of what is off, with commas between; and until when
    /// optional tracking waits, in milliseconds since 1970. Names that this release does not know are
    /// left out.
    #[must_use]
    pub fn decode(off: &str, paused_until: &str) -> Self {
        Self {
            off: off.split(',').filter_map(TrackingKind::of_name).collect(),
            paused_until: paused_until.parse().ok().and_then(DateTime::from_timestamp_millis),
        }
    }

    /// The names of what is off, as [`Self::decode`] reads them.
    #[must_use]
    pub fn encode_off(off: &BTreeSet<TrackingKind>) -> String {
        let mut text = String::new();
        for kind in off {
            let separator = if text.is_empty() { "" } else { "," };
            // Writing into a text cannot fail.
            let _written = write!(text, "{separator}{}", kind.as_str());
        }
        text
    }

    /// Whether optional tracking waits.
    #[must_use]
    pub fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Why a kind is not tracked; nothing if it is.
    #[must_use]
    pub fn forbid(&self, kind: TrackingKind, now: DateTime<Utc>) -> Option<NotTracked> {
        if self.off.contains(&kind) {
            Some(NotTracked::Off)
        } else if kind.is_optional() && self.is_paused(now) {
            Some(NotTracked::Paused)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn only_hover_and_scroll_wait() {
        let controls = Controls::decode("", "1000");
        for kind in TrackingKind::ALL {
            let expected = kind.is_optional().then_some(NotTracked::Paused);
            assert_eq!(controls.forbid(kind, at(999)), expected, "{kind:?}");
            assert_eq!(controls.forbid(kind, at(1000)), None, "{kind:?}");
        }
    }

    #[test]
    fn event_types_of_clients_have_their_kinds() {
        for (event_type, kind) in [
            ("click", TrackingKind::Clicks),
            ("rage_click", TrackingKind::Clicks),
            ("selection", TrackingKind::Selections),
            ("scroll_depth", TrackingKind::Scroll),
            ("hover", TrackingKind::Hover),
            ("page_visit", TrackingKind::PageVisits),
            ("category_opened", TrackingKind::OtherInteractions),
        ] {
            assert_eq!(TrackingKind::of_event_type(event_type), kind, "{event_type}");
        }
    }

    proptest! {
        #[test]
        fn what_is_off_is_read_as_it_was_written(bits in 0_u32..256, paused in proptest::option::of(0_i64..4_000_000_000_000)) {
            let off: BTreeSet<TrackingKind> = TrackingKind::ALL.into_iter().enumerate()
                .filter(|(index, _)| bits >> index & 1 == 1).map(|(_, kind)| kind).collect();
            let paused_text = paused.map(|millis| millis.to_string()).unwrap_or_default();
            let controls = Controls::decode(&Controls::encode_off(&off), &paused_text);
            prop_assert_eq!(&controls, &Controls { off, paused_until: paused.map(at) });
        }
    }
}
