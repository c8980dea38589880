//! Reports for administrators.

pub mod attribution;
mod choice;
pub mod data_quality;
pub mod drop_off;
pub mod export;
pub mod internal_traffic;
pub mod journeys;
mod meta;
pub mod overview;
pub mod popular;
mod popular_store;
mod price_integrity;
pub mod range;
pub mod real_time;
pub mod retention;
mod retention_store;
mod sums;
pub mod visits;
