//! Numbers and the conditions under which they may be read.

mod period;
mod rate;

pub use period::{Period, TimeRange};
pub use rate::Rate;
