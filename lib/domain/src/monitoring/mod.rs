//! What the system measures of itself.

mod recordings;
mod slow;
mod timings;
mod trace_context;

pub use recordings::{Metric, RECORDED_FOR, Recording, Recordings, SLOT, is_job, slot_of};
pub use slow::{SlowOperation, brief};
pub use timings::Timings;
pub use trace_context::{SpanId, TraceContext, TraceId};
