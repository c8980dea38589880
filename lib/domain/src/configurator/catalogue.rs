//! The catalogue: what can be chosen, what goes with what, and how each choice is priced. All of it
//! is data; no option is known to the program by its name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::catalogue_check::{CatalogueFault, check};
use super::price::{Price, PriceRow};

/// A catalogue as it is written down, not checked yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Catalogue))]
#[serde(rename_all = "camelCase")]
pub struct CatalogueDocument {
    /// ISO 4217 code of all prices.
    pub currency: String,
    /// The category whose options are the sizes of a house.
    pub base: String,
    /// Categories in the order in which they are offered.
    pub categories: Vec<Category>,
    /// What goes with what.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What everything costs.
    pub prices: Vec<PriceRow>,
}

/// Something that is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// Names the category.
    pub id: String,
    /// What visitors read.
    pub name: String,
    /// How it is chosen.
    pub choice: ChoiceKind,
    /// How its choice is priced.
    pub pricing: Pricing,
    /// Without a choice here no house can be built.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// The option that a house has where the visitor chose none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
    /// Its price is listed beside the house's and not in its total.
    #[serde(default, skip_serializing_if = "is_false")]
    pub billed_separately: bool,
    /// No longer offered; still priced where somebody has it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retired: bool,
    /// Where today's front end looks for its prices: a path with dots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing_data: Option<String>,
    /// What can be chosen.
    pub options: Vec<CatalogueOption>,
}

/// How a category is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChoiceKind {
    /// One of its options.
    One,
    /// Its one option, or nothing.
    Toggle,
    /// Some pieces of its one option.
    Quantity,
}

/// How a choice is priced. All but `flat` need a size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "rule", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Pricing {
    /// The house itself: one price an option.
    Base,
    /// One price an option, house or not.
    Flat,
    /// One price an option and size; less that of another option, which the base price includes.
    BySize {
        /// The option that the base price includes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        relative_to: Option<String>,
    },
    /// One price a piece.
    PerUnit,
    /// One price for all pieces together, by quantity and size.
    ByQuantity,
    /// One price for each option of another category that it is combined with.
    With {
        /// The other category.
        category: String,
    },
    /// Nothing of its own: it is part of another category's price.
    Included {
        /// The category that is priced with it.
        category: String,
        /// The option of that category whose prices today's front end shows for reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
}

/// One thing that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CatalogueOption {
    /// Names the option within its category.
    pub id: String,
    /// What visitors read.
    pub name: String,
    /// What visitors read below the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Preselected when a visitor begins.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// Costs nothing and has no row in the prices.
    #[serde(default, skip_serializing_if = "is_false")]
    pub free: bool,
    /// Usable area that it adds, in square decimetres (1 m² = 100 dm²); of one piece.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub area_dm2: u32,
    /// Most pieces, by size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantity_max: BTreeMap<String, u32>,
    /// Anything else that a user interface shows.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(additional_properties))]
    pub properties: Map<String, Value>,
}

/// What goes with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// What the rule says.
    pub kind: RuleKind,
    /// The choice that the rule is about.
    pub when: Selector,
    /// What must, or must not, be chosen with it.
    pub other: Selector,
    /// What a visitor is told.
    pub reason: String,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The one must not be chosen without the other.
    Requires,
    /// The one must not be chosen with the other.
    Excludes,
}

/// Some options of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// The category.
    pub category: String,
    /// The options; none means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

impl Selector {
    /// Whether it means an option of its category.
    #[must_use]
    pub fn means(&self, option: &str) -> bool {
        self.options.is_empty() || self.options.iter().any(|id| id == option)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl Category {
    /// An option of this category.
    #[must_use]
    pub fn option(&self, id: &str) -> Option<&CatalogueOption> {
        self.options.iter().find(|option| option.id == id)
    }

    /// The option that is preselected.
    #[must_use]
    pub fn default_option(&self) -> Option<&CatalogueOption> {
        self.options.iter().find(|option| option.default)
    }

    /// The categories whose choice this category's price depends on, besides the size.
    #[must_use]
    pub fn priced_with(&self) -> Option<&str> {
        match &self.pricing {
            Pricing::With { category } => Some(category),
            _ => None,
        }
    }
}

/// A catalogue that was checked: everything it names exists and everything has its price.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    document: CatalogueDocument,
    rows: BTreeMap<String, BTreeMap<String, BTreeMap<String, usize>>>,
}

impl Catalogue {
    /// The catalogue of NEST-Haus as it was when this system began: the sheet of November 2025 with
    /// the house prices of December 2025.
    pub const FIRST: &'static str = include_str!("first_catalogue.json");

    /// Checks a document. All faults are found at once.
    pub fn new(document: CatalogueDocument) -> Result<Self, Vec<CatalogueFault>> {
        let faults = check(&document);
        if faults.is_empty() { Ok(Self::trusted(document)) } else { Err(faults) }
    }

    /// A document that was checked when it was stored, by the rules of its time: it must go on being
    /// read whatever is asked of new ones.
    #[must_use]
    pub fn trusted(document: CatalogueDocument) -> Self {
        let mut rows = BTreeMap::<_, BTreeMap<_, BTreeMap<_, _>>>::new();
        for (index, row) in document.prices.iter().enumerate() {
            let of_option: &mut BTreeMap<String, usize> = rows
                .entry(row.category.clone())
                .or_default()
                .entry(row.option.clone())
                .or_default();
            of_option.insert(row.variant.clone().unwrap_or_default(), index);
        }
        Self { document, rows }
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &CatalogueDocument {
        &self.document
    }

    /// The categories in the order in which they are offered.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.document.categories
    }

    /// What goes with what.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.document.rules
    }

    /// A category.
    #[must_use]
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.document.categories.iter().find(|category| category.id == id)
    }

    /// The category whose options are the sizes of a house.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.document.base
    }

    /// The sizes of a house.
    pub fn sizes(&self) -> impl Iterator<Item = &CatalogueOption> {
        self.category(self.base()).into_iter().flat_map(|base| &base.options)
    }

    /// What an option costs; nothing where there is no such row.
    #[must_use]
    pub fn price(
        &self,
        category: &str,
        option: &str,
        variant: &str,
        size: Option<&str>,
    ) -> Option<Price> {
        let index = self.rows.get(category)?.get(option)?.get(variant)?;
        self.document.prices.get(*index)?.for_size(size)
    }
}

#[cfg(test)]
pub(super) fn first() -> Catalogue {
    Catalogue::new(serde_json::from_str(Catalogue::FIRST).unwrap()).unwrap()
}
