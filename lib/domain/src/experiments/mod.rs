//! Which variant of an experiment a unit gets (definitions b9).
//!
//! A pure function, the same as in the browser's `@nest-haus/tracker/assignment`: page and server never have
//! to ask one another. Both are held to `web/tracker/test/vectors/assignment.json`.

use sha2::{Digest, Sha256};

/// Buckets that units are spread over.
pub const BUCKETS: u64 = 10_000;

/// A variant of an experiment with its share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// What the variant is called.
    pub key: String,
    /// Its share is its weight by the sum of all weights.
    pub weight: u32,
}

/// The bucket of a unit (a visitor, a session), below [`BUCKETS`]: SHA-256 of experiment, salt and unit one
/// after another in UTF-8, read as a number, modulo 10,000.
#[must_use]
pub fn bucket(experiment_id: &str, salt: &str, unit_id: &str) -> u64 {
    let mut hasher = Sha256::new();
    for part in [experiment_id, salt, unit_id] {
        hasher.update(part.as_bytes());
    }
    let digest = hasher.finalize();
    digest.iter().fold(0, |remainder, byte| (remainder * 256 + u64::from(*byte)) % BUCKETS)
}

/// The variant of a unit; nothing if no variant has a weight. Another salt deals all units anew.
#[must_use]
pub fn assign<'a>(
    experiment_id: &str,
    salt: &str,
    unit_id: &str,
    variants: &'a [Variant],
) -> Option<&'a Variant> {
    variant_of(variants, bucket(experiment_id, salt, unit_id))
}

/// The variant that a bucket belongs to: variants take the buckets in their order, by their weights.
#[must_use]
pub fn variant_of(variants: &[Variant], bucket: u64) -> Option<&Variant> {
    let weight = |variant: &Variant| u128::from(variant.weight);
    let total: u128 = variants.iter().map(weight).sum();
    let mut sum = 0;
    variants.iter().find(|variant| {
        sum += weight(variant);
        u128::from(bucket) * total < sum * u128::from(BUCKETS)
    })
}

#[cfg(test)]
mod tests;
