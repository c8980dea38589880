//! Reports for administrators.

pub mod attribution;
mod change;
mod choice;
mod counts;
mod cursor;
pub mod data_quality;
pub mod drop_off;
pub mod export;
pub mod funnel;
pub mod heatmap;
mod heatmap_store;
pub mod internal_traffic;
pub mod journeys;
mod live_sessions;
mod meta;
pub mod overview;
pub mod performance;
mod performance_store;
pub mod popular;
mod popular_store;
pub mod price_distribution;
mod price_integrity;
mod prices;
pub mod range;
pub mod real_time;
mod restatements;
pub mod retention;
mod retention_store;
pub mod sessions;
mod sums;
pub mod user_journey;
mod user_journey_store;
pub mod visits;

pub use meta::Meta;
pub use range::{Asked, RangeQuery};
