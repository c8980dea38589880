//! The audit log's hash chain: every entry's hash covers the entry and the hash before it, so that
//! none can be changed, removed or put in between without all that follow telling.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// What the first entry follows.
pub const FIRST_HASH: [u8; 32] = [0; 32];

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Place in the log, from 1, without gaps.
    pub seq: i64,
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What, `catalog.publish` for example.
    pub action: String,
    /// To what, `price list 4` for example.
    pub subject: String,
    /// More about it, as JSON.
    pub detail: String,
}

impl AuditEntry {
    /// The entry's hash: SHA-256 of the hash before it and of every field with its length.
    #[must_use]
    pub fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(previous);
        digest.update(self.seq.to_be_bytes());
        digest.update(self.at.timestamp_micros().to_be_bytes());
        for field in [&self.actor, &self.action, &self.subject, &self.detail] {
            digest.update(field.len().to_be_bytes());
            digest.update(field);
        }
        digest.finalize().into()
    }
}

/// Where a chain of entries breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log is broken at entry {seq}: {what}")]
pub struct BrokenChain {
    /// The first entry that does not fit.
    pub seq: i64,
    /// What does not fit.
    pub what: &'static str,
}

/// Checks some entries in their order against the hash before them; answers the last one's hash.
pub fn verify_chain<'a>(
    after: (i64, [u8; 32]),
    entries: impl IntoIterator<Item = (&'a AuditEntry, &'a [u8], &'a [u8])>,
) -> Result<(i64, [u8; 32]), BrokenChain> {
    let (mut last, mut hash) = after;
    for (entry, previous, stored) in entries {
        let broken = |what| Err(BrokenChain { seq: entry.seq, what });
        if entry.seq != last + 1 {
            return broken("an entry before it is missing");
        }
        if previous != hash {
            return broken("it does not follow the entry before it");
        }
        hash = entry.hash(&hash);
        if stored != hash {
            return broken("it was changed");
        }
        last = entry.seq;
    }
    Ok((last, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Stored = (AuditEntry, [u8; 32], [u8; 32]);

    fn chain(details: &[String]) -> Vec<Stored> {
        let mut hash = FIRST_HASH;
        let mut stored = Vec::new();
        for (seq, detail) in (1..).zip(details) {
            let entry = AuditEntry {
                seq,
                at: DateTime::from_timestamp_micros(seq * 1_000_001).unwrap(),
                actor: "key".into(),
                action: "catalog.publish".into(),
                subject: "price list".into(),
                detail: detail.clone(),
            };
            let previous = hash;
            hash = entry.hash(&previous);
            stored.push((entry, previous, hash));
        }
        stored
    }

    fn verify(chain: &[Stored]) -> Result<(i64, [u8; 32]), BrokenChain> {
        let entries = chain.iter().map(|(entry, previous, hash)| (entry, &previous[..], &hash[..]));
        verify_chain((0, FIRST_HASH), entries)
    }

    #[test]
    fn fields_do_not_run_into_one_another() {
        let [(entry, ..)] = &chain(&["x".to_owned()])[..] else { panic!("one entry") };
        let shifted = AuditEntry {
            actor: "keyc".into(),
            action: entry.action.replacen('c', "", 1),
            ..entry.clone()
        };
        assert_ne!(entry.hash(&FIRST_HASH), shifted.hash(&FIRST_HASH));
    }

    proptest! {
        #[test]
        fn whatever_is_done_to_a_chain_is_found(
            details in proptest::collection::vec(".{0,8}", 2..8), at in any::<prop::sample::Index>()
        ) {
            let whole = chain(&details);
            prop_assert_eq!(verify(&whole).map(|(last, _)| last), Ok(i64::try_from(whole.len()).unwrap()));
            let at = at.index(whole.len() - 1);
            let mut changed = whole.clone();
            changed[at].0.detail.push('!');
            prop_assert!(verify(&changed).is_err());
            let mut removed = whole.clone();
            removed.remove(at);
            prop_assert!(verify(&removed).is_err());
            let mut swapped = whole;
            swapped.swap(at, at + 1);
            prop_assert!(verify(&swapped).is_err());
        }
    }
}
