//! What a house costs: a pure function of a configuration and a price list.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::catalogue::{Catalogue, CatalogueOption, Category, Pricing, Rule, RuleKind, Selector};
use super::price::Price;
use super::selections::{Choice, Selections};

/// Interest of the monthly payment, a year.
const YEARLY_INTEREST: f64 = 0.035;

/// Months of the monthly payment.
const MONTHS: i32 = 240;

/// A catalogue with its place in the history of prices.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceList {
    /// Names the list; greater is newer.
    pub version: i32,
    /// When it comes into force.
    pub effective_from: DateTime<Utc>,
    /// What it says.
    pub catalogue: Catalogue,
}

/// What a configuration costs under one price list. All amounts are cents.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// The price list that it follows.
    pub price_list_version: i32,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// The sum of `lines`.
    pub total_cents: i64,
    /// One line for each category that the house has a choice in.
    pub lines: Vec<Line>,
    /// What is paid beside the house, not in the total.
    pub billed_separately: Vec<Line>,
    /// Categories whose price must be asked for; they count as 0.
    pub on_request: Vec<String>,
    /// Usable area in square decimetres; nothing without a size.
    pub area_dm2: Option<u32>,
    /// The total by square metre, rounded to whole euros; nothing without a size.
    pub per_square_metre_cents: Option<i64>,
    /// Monthly payment of the total over 240 months at 3.5 % a year, rounded to whole euros.
    pub monthly_payment_cents: i64,
    /// Share of required categories that the visitor chose, 0 to 1 (definitions b3).
    pub completion: f64,
    /// The same, with what was preselected.
    pub completion_incl_defaults: f64,
    /// What is odd about the configuration.
    pub warnings: Vec<Warning>,
}

/// What one category adds to the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = QuoteLine))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The category.
    pub category: String,
    /// The option.
    pub option: String,
    /// What visitors call it.
    pub name: String,
    /// How many pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
    /// What it adds.
    pub amount_cents: i64,
    /// The visitor chose nothing here; this is what such a house gets.
    pub assumed: bool,
}

/// What is odd about a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = QuoteWarningCode))]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The price list does not know the option; it counts as 0.
    UnknownOption,
    /// There are more pieces than the size takes; they are priced as far as there are prices.
    QuantityAboveMaximum,
    /// There is no price for so many pieces, or for it without its other half; it counts as 0.
    NoPrice,
    /// Nothing was chosen where something must be.
    MissingRequired,
    /// Something is chosen without what it needs, or with what it cannot be combined with.
    NotAllowed,
}

/// Something odd about one choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = QuoteWarning))]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// What is odd.
    pub code: WarningCode,
    /// The category.
    pub category: String,
    /// For a person.
    pub message: String,
}

/// Prices a configuration. Never fails: what cannot be priced counts as 0 and is named.
#[must_use]
pub fn price(selections: &Selections, list: &PriceList) -> Quote {
    let catalogue = &list.catalogue;
    let canonical = selections.canonical(catalogue);
    let mut pricing = Run {
        catalogue,
        chosen: selections,
        canonical: &canonical,
        warnings: Vec::new(),
        on_request: Vec::new(),
    };
    let (mut lines, mut billed_separately) = (Vec::new(), Vec::new());
    for category in catalogue.categories() {
        pricing.check(category);
        if let Some(line) = pricing.line(category) {
            if category.billed_separately { &mut billed_separately } else { &mut lines }.push(line);
        }
    }
    pricing.check_rules();
    let total_cents = lines.iter().map(|line| line.amount_cents).sum();
    let area_dm2 = area_dm2(catalogue, &canonical);
    let (completion, completion_incl_defaults) = completion(selections, catalogue);
    Quote {
        price_list_version: list.version,
        currency: catalogue.document().currency.clone(),
        total_cents,
        billed_separately,
        on_request: pricing.on_request,
        area_dm2,
        per_square_metre_cents: area_dm2.map(|area| per_square_metre_cents(total_cents, area)),
        monthly_payment_cents: monthly_payment_cents(total_cents),
        completion,
        completion_incl_defaults,
        warnings: pricing.warnings,
        lines,
    }
}

struct Run<'a> {
    catalogue: &'a Catalogue,
    chosen: &'a Selections,
    canonical: &'a Selections,
    warnings: Vec<Warning>,
    on_request: Vec<String>,
}

impl Run<'_> {
    fn warn(&mut self, code: WarningCode, category: &str, message: String) {
        self.warnings.push(Warning { code, category: category.to_owned(), message });
    }

    fn size(&self) -> Option<&str> {
        let size = self.canonical.option(self.catalogue.base())?;
        self.catalogue.category(self.catalogue.base())?.option(size).map(|size| size.id.as_str())
    }

    fn check(&mut self, category: &Category) {
        let (id, name) = (category.id.as_str(), &category.name);
        let Some(choice) = self.canonical.get(id).cloned() else {
            if category.required {
                self.warn(WarningCode::MissingRequired, id, format!("{name}: nothing is chosen"));
            }
            return;
        };
        if self.chosen.get(id).is_none() && category.required {
            self.warn(WarningCode::MissingRequired, id, format!("{name}: nothing is chosen"));
        }
        let Some(option) = category.option(&choice.option) else {
            let message = format!("{name}: `{}` is not in the catalogue", choice.option);
            self.warn(WarningCode::UnknownOption, id, message);
            return;
        };
        let most = self.size().and_then(|size| option.quantity_max.get(size)).copied();
        if let (Some(quantity), Some(most)) = (choice.quantity, most)
            && quantity > most
        {
            let message = format!("{name}: {quantity} pieces; this size takes at most {most}");
            self.warn(WarningCode::QuantityAboveMaximum, id, message);
        }
    }

    fn line(&mut self, category: &Category) -> Option<Line> {
        let choice = self.canonical.get(&category.id)?;
        let option = category.option(&choice.option)?;
        if self.size().is_none() && category.pricing != Pricing::Flat {
            return None;
        }
        let amount_cents = match self.amount(category, option, choice) {
            Amount::Cents(cents) => cents,
            Amount::OnRequest => {
                self.on_request.push(category.id.clone());
                0
            }
            Amount::Missing => {
                let message = format!("{}: there is no price for this", category.name);
                self.warn(WarningCode::NoPrice, &category.id, message);
                0
            }
        };
        Some(Line {
            category: category.id.clone(),
            option: option.id.clone(),
            name: option.name.clone(),
            quantity: choice.quantity,
            amount_cents,
            assumed: self.chosen.get(&category.id).is_none(),
        })
    }

    fn amount(&self, category: &Category, option: &CatalogueOption, choice: &Choice) -> Amount {
        if option.free {
            return Amount::Cents(0);
        }
        let size = self.size();
        let price = |option: &str, variant: &str| {
            Amount::of(self.catalogue.price(&category.id, option, variant, size))
        };
        let pieces = choice.quantity.unwrap_or(1);
        match &category.pricing {
            Pricing::Base | Pricing::Flat | Pricing::BySize { relative_to: None } => {
                price(&option.id, "")
            }
            Pricing::BySize { relative_to: Some(baseline) } => {
                price(&option.id, "").less(price(baseline, ""))
            }
            Pricing::PerUnit => price(&option.id, "").times(pieces),
            Pricing::ByQuantity => price(&option.id, &pieces.to_string()),
            Pricing::With { category: other } => match self.canonical.option(other) {
                Some(other) => price(&option.id, other),
                None => Amount::Missing,
            },
            Pricing::Included { .. } => Amount::Cents(0),
        }
    }

    fn check_rules(&mut self) {
        for rule in self.catalogue.rules() {
            if is_broken(rule, self.canonical) {
                self.warn(WarningCode::NotAllowed, &rule.when.category, rule.reason.clone());
            }
        }
    }
}

/// What a price table says of a choice.
#[derive(Debug, Clone, Copy)]
enum Amount {
    Cents(i64),
    OnRequest,
    Missing,
}

impl Amount {
    const fn of(price: Option<Price>) -> Self {
        match price {
            Some(Price::Amount(cents)) => Self::Cents(cents),
            Some(Price::OnRequest) => Self::OnRequest,
            None => Self::Missing,
        }
    }

    fn less(self, baseline: Self) -> Self {
        match (self, baseline) {
            (Self::Cents(cents), Self::Cents(baseline)) => Self::Cents(cents - baseline),
            (Self::Missing, _) | (_, Self::Missing) => Self::Missing,
            (Self::OnRequest, _) | (_, Self::OnRequest) => Self::OnRequest,
        }
    }

    fn times(self, pieces: u32) -> Self {
        match self {
            Self::Cents(cents) => Self::Cents(cents * i64::from(pieces)),
            other => other,
        }
    }
}

fn is_broken(rule: &Rule, selections: &Selections) -> bool {
    let holds = |selector: &Selector| {
        selections.option(&selector.category).is_some_and(|option| selector.means(option))
    };
    holds(&rule.when)
        && match rule.kind {
            RuleKind::Requires => !holds(&rule.other),
            RuleKind::Excludes => holds(&rule.other),
        }
}

/// Usable area of a house in square decimetres; nothing without a size.
fn area_dm2(catalogue: &Catalogue, selections: &Selections) -> Option<u32> {
    let area = |category: &Category| {
        let choice = selections.get(&category.id)?;
        Some(category.option(&choice.option)?.area_dm2.saturating_mul(choice.quantity.unwrap_or(1)))
    };
    let base = area(catalogue.category(catalogue.base())?)?;
    let others = catalogue.categories().iter().filter(|category| category.id != catalogue.base());
    Some(others.filter_map(area).fold(base, u32::saturating_add))
}

/// Rounded half up to whole euros.
fn per_square_metre_cents(total_cents: i64, area_dm2: u32) -> i64 {
    let area = i64::from(area_dm2.max(1));
    // Cents by square decimetre are euros by square metre.
    (total_cents + area / 2).div_euclid(area) * 100
}

/// The annuity `P r (1+r)^n / ((1+r)^n − 1)` with monthly interest `r` over `n` months, rounded to
/// whole euros.
#[must_use]
pub fn monthly_payment_cents(total_cents: i64) -> i64 {
    let monthly = YEARLY_INTEREST / 12.0;
    let growth = (1.0 + monthly).powi(MONTHS);
    #[expect(clippy::cast_precision_loss, reason = "totals stay far below 2^52 cents")]
    let euros = (total_cents as f64 / 100.0 * monthly * growth / (growth - 1.0)).round();
    #[expect(clippy::cast_possible_truncation, reason = "whole, and smaller than the total")]
    let cents = euros as i64 * 100;
    cents
}

fn chosen_option<'a>(
    selections: &Selections,
    category: &'a Category,
) -> Option<&'a CatalogueOption> {
    category.option(selections.option(&category.id)?)
}

/// The shares of required categories that have a choice of the catalogue: chosen by the visitor,
/// and chosen or preselected. A choice of what was preselected counts as preselected: a
/// configuration does not say more.
fn completion(selections: &Selections, catalogue: &Catalogue) -> (f64, f64) {
    let excluded = |category: &Category| {
        catalogue.rules().iter().any(|rule| {
            rule.kind == RuleKind::Excludes
                && rule.other.category == category.id
                && rule.other.options.is_empty()
                && selections
                    .option(&rule.when.category)
                    .is_some_and(|option| rule.when.means(option))
        })
    };
    let required: Vec<&Category> = catalogue
        .categories()
        .iter()
        .filter(|category| category.required && !excluded(category))
        .collect();
    let present =
        required.iter().filter(|category| chosen_option(selections, category).is_some()).count();
    let own = |category: &&&Category| {
        chosen_option(selections, category).is_some_and(|option| !option.default)
    };
    let chosen = required.iter().filter(own).count();
    #[expect(clippy::cast_precision_loss, reason = "both are at most the number of categories")]
    let share = |count: usize| {
        if required.is_empty() { 1.0 } else { count as f64 / required.len() as f64 }
    };
    (share(chosen), share(present))
}

#[cfg(test)]
mod tests;
