//! The ledger's two identities (definitions c1): what each event and each transmission became.

use serde::{Deserialize, Serialize};

/// What became of transmitted events: `received = stored + rejected + duplicate + dead + queued`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TransmissionLedger {
    /// Events in accepted requests, counted on arrival.
    pub received: i64,
    /// Events stored, erased ones included.
    pub stored: i64,
    /// Events refused by content or consent.
    pub rejected: i64,
    /// Repetitions of events that were stored already.
    pub duplicate: i64,
    /// Events that the database refused, kept as dead letters.
    pub dead: i64,
    /// Events accepted and not drained yet.
    pub queued: i64,
}

impl TransmissionLedger {
    /// Events that nothing accounts for; zero when nothing was lost or counted twice.
    #[must_use]
    pub const fn difference(&self) -> i64 {
        self.received - self.stored - self.rejected - self.duplicate - self.dead - self.queued
    }
}

/// What became of the events that clients numbered:
/// `emitted = stored + dropped_local + rejected + dead + erased + in_flight + unknown`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SequenceLedger {
    /// Events that clients numbered.
    pub emitted: i64,
    /// Numbered events that are stored.
    pub stored: i64,
    /// Numbered events that clients say they gave up.
    pub dropped_local: i64,
    /// Numbered events refused.
    pub rejected: i64,
    /// Numbered events kept as dead letters.
    pub dead: i64,
    /// Numbered events stored and erased on request.
    pub erased: i64,
    /// Numbered events in the queue.
    pub in_flight: i64,
}

impl SequenceLedger {
    /// Numbered events of which nothing is known: lost, or still with the client.
    #[must_use]
    pub const fn unknown(&self) -> i64 {
        self.emitted
            - self.stored
            - self.dropped_local
            - self.rejected
            - self.dead
            - self.erased
            - self.in_flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_identity_names_what_is_missing() {
        let all = TransmissionLedger {
            received: 15,
            stored: 5,
            rejected: 4,
            duplicate: 3,
            dead: 2,
            queued: 1,
        };
        assert_eq!(all.difference(), 0);
        assert_eq!(TransmissionLedger { stored: 4, ..all }.difference(), 1);
        let numbered = SequenceLedger {
            emitted: 22,
            stored: 7,
            dropped_local: 5,
            rejected: 4,
            dead: 3,
            erased: 2,
            in_flight: 1,
        };
        assert_eq!(numbered.unknown(), 0);
        assert_eq!(SequenceLedger { emitted: 30, ..numbered }.unknown(), 8);
    }
}
