//! Jobs and what keeps the database in shape.

mod annotations;
mod jobs;
mod partitions;

pub use annotations::{Annotation, annotate};
pub use jobs::{JobOutcome, JobReport, Run, Trigger, run};
pub use partitions::{EVENT_TABLES, PartitionsReport, ensure_partitions, partitions};
