//! The description of the API: what all operations share, examples, and the page that shows it.

mod complete;
pub mod page;
mod security;

pub use complete::complete;
