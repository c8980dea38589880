//! Customers: the money that comes in.

pub mod payments;
