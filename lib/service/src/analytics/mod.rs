//! Reports for administrators.

pub mod data_quality;
mod meta;
pub mod overview;
mod price_integrity;
pub mod real_time;
