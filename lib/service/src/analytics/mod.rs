//! Reports for administrators.

pub mod data_quality;
pub mod export;
pub mod internal_traffic;
mod meta;
pub mod overview;
pub mod popular;
mod popular_store;
mod price_integrity;
pub mod range;
pub mod real_time;
mod sums;
pub mod visits;
