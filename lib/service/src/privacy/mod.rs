//! Personal data: sealed before it leaves the function that received it.

mod sealing;

pub use sealing::{Sealer, SealingFailure, USER_DATA_FIELDS, is_personal};
