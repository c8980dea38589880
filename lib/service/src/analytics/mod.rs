//! Reports for administrators.

pub mod data_quality;
mod meta;
pub mod overview;
pub mod real_time;
