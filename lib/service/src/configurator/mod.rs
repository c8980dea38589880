//! The catalogue and its prices: read by everybody, changed by administrators, in force by time.

pub mod catalog;
pub mod catalog_admin;
pub mod edit;
pub mod pricing;
mod store;

pub use store::{
    Known, PriceListLock, changed_price_lists, install_first, lock_price_lists, price_lists_in,
    price_lists_since,
};
