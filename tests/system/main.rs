//! Black-box tests of the running system. `scripts/test` builds what they run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its own environment"
)]

mod executables;
mod faults;
mod lambda;
mod load;
mod support;
mod vercel;
