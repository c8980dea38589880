//! The description of the API: what all operations share, examples, and the page that shows it.

mod complete;
mod page;
mod security;

pub use complete::complete;
pub use page::{__path_docs, docs};
