//! Which visits conversions are owed to (definitions b8).

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::book::Visit;
use crate::visitor::Channel;

/// Conversions, and what was paid with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// Conversions.
    pub conversions: u64,
    /// Euro cents.
    pub revenue_cents: i64,
}

/// Each conversion credited to one channel, by one of three models.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credits {
    /// To that of the visitor's first visit.
    pub first: BTreeMap<&'static str, Credit>,
    /// To that of the visit that converted.
    pub last: BTreeMap<&'static str, Credit>,
    /// To that of the last visit that did not come directly; where all did, to that of the last.
    pub last_non_direct: BTreeMap<&'static str, Credit>,
}

impl Credits {
    /// Credits a conversion after some visits.
    fn note(&mut self, visits: &[Channel], cents: i64) {
        let (Some(first), Some(last)) = (visits.first(), visits.last()) else { return };
        let last_non_direct = visits.iter().rfind(|channel| **channel != Channel::Direct);
        for (credits, channel) in [
            (&mut self.first, first),
            (&mut self.last, last),
            (&mut self.last_non_direct, last_non_direct.unwrap_or(last)),
        ] {
            let credit = credits.entry(channel.name()).or_default();
            credit.conversions += 1;
            credit.revenue_cents += cents;
        }
    }
}

/// Conversions and the visits that they are owed to: of visitors with an id of their own all visits so
/// far, of others those of the session.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribution {
    /// Visits in which something went into the cart or a configuration was completed.
    pub micro: Credits,
    /// Orders paid.
    pub orders: Credits,
    /// Where each visitor came from so far.
    #[serde(skip)]
    came_from: HashMap<u32, Vec<Channel>>,
}

impl Attribution {
    /// Adds the visits of a session; the visitor where it is known.
    pub(super) fn add(&mut self, visitor: Option<u32>, visits: &[Visit]) {
        let before = visitor.and_then(|visitor| self.came_from.remove(&visitor));
        let mut channels = before.unwrap_or_default();
        for visit in visits {
            channels.push(visit.channel);
            if visit.converted() {
                self.micro.note(&channels, 0);
            }
            if let Some(cents) = visit.order_cents {
                self.orders.note(&channels, cents);
            }
        }
        if let Some(visitor) = visitor {
            self.came_from.insert(visitor, channels);
        }
    }
}
