//! Whether the system is well, what it records of itself, and saying so when something is wrong.

pub mod alerts;
pub mod dead_letters;
pub mod flags;
mod flush;
pub mod health;
mod recorded;
mod recordings;
pub mod system_health;
pub mod system_performance;

pub use flush::flush;
pub use recorded::{
    Recorded, SlowGroup, each_recorded, overall, recorded, recorded_by_hour, slow_operations,
};
pub use recordings::{RecordingsReport, RollUpReport, drain_recordings, roll_up_recordings};
