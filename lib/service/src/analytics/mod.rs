//! Reports for administrators.

pub mod data_quality;
mod meta;
pub mod overview;
pub mod popular;
mod popular_store;
mod price_integrity;
pub mod range;
pub mod real_time;
pub mod visits;
