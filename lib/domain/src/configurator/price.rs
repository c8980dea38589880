//! A price as a catalogue holds it, and the row that it stands in.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What something costs, or that it must be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// In cents of the catalogue's currency, 0 to [`Price::CENTS_MAX`].
    Amount(i64),
    /// Known to the maker alone.
    OnRequest,
}

impl Price {
    /// The greatest price: a hundred million euros.
    pub const CENTS_MAX: i64 = 10_000_000_000;

    /// How a price on request is spelled.
    pub const ON_REQUEST: &'static str = "on_request";

    /// A price of some cents; nothing where they are outside what a price may be.
    #[must_use]
    pub fn of_cents(cents: i64) -> Option<Self> {
        (0..=Self::CENTS_MAX).contains(&cents).then_some(Self::Amount(cents))
    }

    /// The cents, where the price is known.
    #[must_use]
    pub const fn cents(self) -> Option<i64> {
        match self {
            Self::Amount(cents) => Some(cents),
            Self::OnRequest => None,
        }
    }
}

impl fmt::Display for Price {
    /// Euros, with cents where there are some.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(cents) if cents % 100 == 0 => write!(f, "{}", cents / 100),
            Self::Amount(cents) => write!(f, "{}.{:02}", cents / 100, cents % 100),
            Self::OnRequest => f.write_str(Self::ON_REQUEST),
        }
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Amount(cents) => serializer.serialize_i64(*cents),
            Self::OnRequest => serializer.serialize_str(Self::ON_REQUEST),
        }
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PriceVisitor;
        impl Visitor<'_> for PriceVisitor {
            type Value = Price;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "whole cents from 0 to {}, or \"on_request\"", Price::CENTS_MAX)
            }

            fn visit_i64<E: Error>(self, cents: i64) -> Result<Price, E> {
                Price::of_cents(cents).ok_or_else(|| {
                    E::custom(format!(
                        "{cents} is not allowed: a price is from 0 to {} cents",
                        Price::CENTS_MAX
                    ))
                })
            }

            fn visit_u64<E: Error>(self, cents: u64) -> Result<Price, E> {
                self.visit_i64(i64::try_from(cents).unwrap_or(i64::MAX))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Price, E> {
                if text == Price::ON_REQUEST {
                    Ok(Price::OnRequest)
                } else {
                    Err(E::custom("must be whole cents or \"on_request\""))
                }
            }
        }
        deserializer.deserialize_any(PriceVisitor)
    }
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for Price {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        let cents = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("Cents."))
            .minimum(Some(0))
            .maximum(Some(Self::CENTS_MAX));
        let on_request =
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some([Self::ON_REQUEST]));
        let price = OneOfBuilder::new()
            .description(Some("What something costs, or that it must be asked for."))
            .item(cents)
            .item(on_request);
        price.into()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for Price {}

/// One row of a price table: what an option costs, the same for all sizes or for each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceRow {
    /// The option's category.
    pub category: String,
    /// The option.
    pub option: String,
    /// A quantity, or an option of another category, that the price is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The price for any size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The price by size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
}

impl PriceRow {
    /// What the row is for, in the words of the catalogue.
    #[must_use]
    pub fn subject(&self) -> String {
        let variant = self.variant.as_deref().map(|variant| format!(" {variant}"));
        format!("{} {}{}", self.category, self.option, variant.unwrap_or_default())
    }

    /// The price for a size.
    #[must_use]
    pub fn for_size(&self, size: Option<&str>) -> Option<Price> {
        self.price.or_else(|| self.prices.get(size?).copied())
    }
}
