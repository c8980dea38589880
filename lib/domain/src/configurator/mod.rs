//! The configurator: what can be chosen, what was chosen, and what it costs.

mod catalogue;
mod catalogue_check;
mod catalogue_diff;
mod price;
mod price_csv;
mod price_lists;
mod pricing_data;
mod quote;
#[cfg(test)]
mod samples;
mod selections;

pub use catalogue::{
    Catalogue, CatalogueDocument, CatalogueOption, Category, ChoiceKind, Pricing, Rule, RuleKind,
    Selector,
};
pub use catalogue_check::{CatalogueFault, Place, succession_faults};
pub use catalogue_diff::{CatalogueChange, catalogue_changes};
pub use price::{Price, PriceRow};
pub use price_csv::{PriceTable, read_price_csv, write_price_csv};
pub use price_lists::{Appraisal, PriceCheck, PriceLists};
pub use pricing_data::{euros, pricing_data};
pub use quote::{Line, PriceList, Quote, Warning, WarningCode, monthly_payment_cents, price};
pub use selections::{Choice, ConfigurationChange, Selections};
