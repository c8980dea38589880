//! The configuration of a house as the visitor's browser holds it.

mod snapshot;

pub use snapshot::{REQUIRED_CATEGORIES, chosen_value, completion};
