//! What must hold of a catalogue before anybody may be shown a price from it.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{
    Catalogue, CatalogueDocument, CatalogueOption, Category, ChoiceKind, Pricing, Selector,
};
use super::price::PriceRow;
use super::pricing_data::pricing_data_paths;

/// Most categories of a catalogue.
const CATEGORIES_MAX: usize = 64;

/// Most options of a category.
const OPTIONS_MAX: usize = 100;

/// Most sizes.
const SIZES_MAX: usize = 20;

/// Most rules.
const RULES_MAX: usize = 200;

/// Most prices that a catalogue may ask for.
const ROWS_MAX: usize = 5000;

/// Most faults that are told at once.
pub(super) const FAULTS_MAX: usize = 100;

/// Most pieces of anything.
pub(super) const QUANTITY_MAX: u32 = 1000;

/// Most characters of a name.
const NAME_CHARS_MAX: usize = 200;

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the document: a path such as `categories[2].options[0].id`.
    Field(String),
    /// In the price table.
    Price {
        /// Index of the row, from 0.
        row: usize,
        /// `category`, `option`, `variant`, `price` or a size.
        column: String,
    },
}

/// Something that is wrong with a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFault {
    /// Where.
    pub place: Place,
    /// Stable reason: `duplicate`, `missing`, `unknown`, `unexpected`, `invalid`.
    pub code: &'static str,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl CatalogueFault {
    /// A fault of a cell of the price table.
    pub fn price(row: usize, column: &str, code: &'static str, message: impl Into<String>) -> Self {
        let place = Place::Price { row, column: column.to_owned() };
        Self { place, code, message: message.into() }
    }

    fn field(path: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { place: Place::Field(path.into()), code, message: message.into() }
    }
}

/// Everything that is wrong with a document.
pub(super) fn check(document: &CatalogueDocument) -> Vec<CatalogueFault> {
    let mut check = Check { document, faults: Vec::new() };
    check.whole();
    for (index, category) in document.categories.iter().enumerate() {
        check.category(&format!("categories[{index}]"), category);
    }
    for (index, rule) in document.rules.iter().enumerate() {
        check.selector(&format!("rules[{index}].when"), &rule.when);
        check.selector(&format!("rules[{index}].other"), &rule.other);
        check.name(&format!("rules[{index}].reason"), &rule.reason);
    }
    // Prices are looked at only in a catalogue whose names can be trusted.
    if check.faults.is_empty() {
        check.prices();
    }
    check.faults.truncate(FAULTS_MAX);
    check.faults
}

/// What is wrong with a catalogue that takes the place of another: what clients name in what they
/// send must go on being read, and what today's front end reads must go on being there.
#[must_use]
pub fn succession_faults(
    before: &Catalogue,
    after: &Catalogue,
    accept_removals: bool,
) -> Vec<CatalogueFault> {
    let mut faults = Vec::new();
    let mut fault = |path: &str, code, message: String| {
        faults.push(CatalogueFault::field(path, code, message));
    };
    if before.base() != after.base() {
        fault("base", "changed", format!("must stay `{}`", before.base()));
    }
    let currency = &before.document().currency;
    if *currency != after.document().currency {
        fault("currency", "changed", format!("must stay `{currency}`"));
    }
    for category in before.categories().iter().filter(|old| after.category(&old.id).is_none()) {
        let message = format!("`{}` cannot be removed: mark it `retired`", category.id);
        fault("categories", "removed", message);
    }
    if !accept_removals {
        let (old, new) = (pricing_data_paths(before), pricing_data_paths(after));
        for path in old.difference(&new) {
            let message = format!(
                "today's front end would no longer find `{path}`; `acceptRemovals` allows it"
            );
            fault("categories", "removed", message);
        }
    }
    faults.truncate(FAULTS_MAX);
    faults
}

struct Check<'a> {
    document: &'a CatalogueDocument,
    faults: Vec<CatalogueFault>,
}

impl Check<'_> {
    fn fault(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.faults.push(CatalogueFault::field(path, code, message));
    }

    fn category_of(&self, id: &str) -> Option<&Category> {
        self.document.categories.iter().find(|category| category.id == id)
    }

    fn sizes(&self) -> BTreeSet<&str> {
        let base = self.category_of(&self.document.base);
        base.into_iter().flat_map(|base| &base.options).map(|size| size.id.as_str()).collect()
    }

    fn whole(&mut self) {
        let document = self.document;
        let currency = &document.currency;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.fault("currency", "invalid", "must be an ISO 4217 code of three letters");
        }
        if document.categories.len() > CATEGORIES_MAX {
            self.fault("categories", "invalid", format!("at most {CATEGORIES_MAX} are allowed"));
        }
        if document.rules.len() > RULES_MAX {
            self.fault("rules", "invalid", format!("at most {RULES_MAX} are allowed"));
        }
        let ids = document.categories.iter().map(|category| category.id.as_str());
        self.ids("categories", ids);
        self.pricing_data();
        if self.category_of(&document.base).is_none_or(|base| base.pricing != Pricing::Base) {
            let message = "must name a category whose pricing rule is `base`";
            self.fault("base", "unknown", message);
        }
    }

    fn ids<'b>(&mut self, path: &str, ids: impl Iterator<Item = &'b str>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            let path = format!("{path}[{index}].id");
            let allowed =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if id.is_empty() || id.len() > 64 || !id.bytes().all(allowed) {
                self.fault(&path, "invalid", "must be 1 to 64 of a to z, 0 to 9 and _");
            }
            if !seen.insert(id) {
                self.fault(&path, "duplicate", format!("`{id}` is there already"));
            }
        }
    }

    /// Places for today's front end must be readable, and none may stand in another's way.
    fn pricing_data(&mut self) {
        let mut seen: Vec<&str> = Vec::new();
        for (index, category) in self.document.categories.iter().enumerate() {
            let Some(path) = category.pricing_data.as_deref() else { continue };
            let at = format!("categories[{index}].pricingData");
            let is_step = |step: &str| {
                !step.is_empty() && step.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            };
            let lies_in = |one: &str, other: &str| {
                one == other || one.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'))
            };
            if !path.split('.').all(is_step) || path.len() > 100 {
                self.fault(
                    at,
                    "invalid",
                    "must be names of a to z, A to Z, 0 to 9 and _, with dots",
                );
            } else if seen.iter().any(|other| lies_in(path, other) || lies_in(other, path)) {
                self.fault(at, "duplicate", format!("`{path}` is taken by another category"));
            } else if matches!(category.pricing, Pricing::Included { reference: None, .. }) {
                let message = "prices of another category are shown by a `reference` to its option";
                self.fault(at, "missing", message);
            }
            seen.push(path);
        }
    }

    fn name(&mut self, path: &str, name: &str) {
        if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
            let message = format!("must have 1 to {NAME_CHARS_MAX} characters");
            self.fault(path, "invalid", message);
        }
    }

    fn category(&mut self, path: &str, category: &Category) {
        self.name(&format!("{path}.name"), &category.name);
        let options = category.options.len();
        if options == 0 || options > OPTIONS_MAX {
            let message = format!("must hold 1 to {OPTIONS_MAX} options");
            self.fault(format!("{path}.options"), "invalid", message);
        }
        if category.choice != ChoiceKind::One && options > 1 {
            let message = "a toggle or quantity has one option";
            self.fault(format!("{path}.options"), "invalid", message);
        }
        self.ids(
            &format!("{path}.options"),
            category.options.iter().map(|option| option.id.as_str()),
        );
        if category.options.iter().filter(|option| option.default).count() > 1 {
            self.fault(
                format!("{path}.options"),
                "invalid",
                "at most one option can be the default",
            );
        }
        if let Some(assumed) = &category.assumed {
            self.option_of(&format!("{path}.assumed"), category, assumed);
        }
        self.pricing(path, category);
        for (index, option) in category.options.iter().enumerate() {
            self.option(&format!("{path}.options[{index}]"), category, option);
        }
    }

    fn option_of(&mut self, path: &str, category: &Category, option: &str) {
        if category.option(option).is_none() {
            let message = format!("`{}` has no option `{option}`", category.id);
            self.fault(path, "unknown", message);
        }
    }

    fn pricing(&mut self, path: &str, category: &Category) {
        let at = format!("{path}.pricing");
        match &category.pricing {
            Pricing::Base => {
                if category.id != self.document.base {
                    self.fault(at, "invalid", "only the base category has the rule `base`");
                } else if category.choice != ChoiceKind::One {
                    self.fault(at, "invalid", "a size is one of several");
                } else if category.options.len() > SIZES_MAX {
                    self.fault(at, "invalid", format!("at most {SIZES_MAX} sizes are allowed"));
                } else if category.options.iter().any(|size| size.free) {
                    self.fault(at, "invalid", "a size is not free");
                }
            }
            Pricing::BySize { relative_to: Some(option) } => {
                let at = format!("{at}.relativeTo");
                self.option_of(&at, category, option);
                if category.option(option).is_some_and(|option| option.free) {
                    self.fault(at, "invalid", format!("`{option}` is free and has no price"));
                }
            }
            Pricing::PerUnit | Pricing::ByQuantity if category.choice != ChoiceKind::Quantity => {
                self.fault(at, "invalid", "only a quantity is priced by pieces");
            }
            Pricing::With { category: other } => self.other_category(&at, category, other),
            Pricing::Included { category: other, reference } => {
                self.other_category(&at, category, other);
                let Some(other) = self.category_of(other).cloned() else { return };
                if let Some(reference) = reference {
                    self.option_of(&format!("{at}.reference"), &other, reference);
                }
                if other.priced_with() != Some(&category.id) {
                    let message = format!("`{}` is not priced with `{}`", other.id, category.id);
                    self.fault(at, "invalid", message);
                }
            }
            Pricing::Flat | Pricing::BySize { .. } | Pricing::PerUnit | Pricing::ByQuantity => {}
        }
    }

    fn other_category(&mut self, path: &str, category: &Category, other: &str) {
        if other == category.id || self.category_of(other).is_none() {
            self.fault(
                format!("{path}.category"),
                "unknown",
                format!("there is no other category `{other}`"),
            );
        }
    }

    fn option(&mut self, path: &str, category: &Category, option: &CatalogueOption) {
        self.name(&format!("{path}.name"), &option.name);
        let sizes: Vec<String> = self.sizes().into_iter().map(str::to_owned).collect();
        let at = format!("{path}.quantityMax");
        if category.choice == ChoiceKind::Quantity {
            for size in &sizes {
                if !option.quantity_max.contains_key(size) {
                    self.fault(
                        format!("{at}.{size}"),
                        "missing",
                        format!("the size `{size}` has no maximum"),
                    );
                }
            }
        }
        for (size, quantity) in &option.quantity_max {
            if !sizes.contains(size) {
                self.fault(format!("{at}.{size}"), "unknown", format!("there is no size `{size}`"));
            }
            if *quantity > QUANTITY_MAX {
                self.fault(
                    format!("{at}.{size}"),
                    "invalid",
                    format!("at most {QUANTITY_MAX} are allowed"),
                );
            }
        }
        if category.id == self.document.base && option.area_dm2 == 0 {
            self.fault(format!("{path}.areaDm2"), "missing", "a size has a usable area");
        }
    }

    fn selector(&mut self, path: &str, selector: &Selector) {
        let Some(category) = self.category_of(&selector.category).cloned() else {
            let message = format!("there is no category `{}`", selector.category);
            self.fault(format!("{path}.category"), "unknown", message);
            return;
        };
        for (index, option) in selector.options.iter().enumerate() {
            self.option_of(&format!("{path}.options[{index}]"), &category, option);
        }
    }

    fn prices(&mut self) {
        let mut expected = self.expected_rows();
        if expected.len() > ROWS_MAX {
            let message =
                format!("{} prices are needed; at most {ROWS_MAX} are allowed", expected.len());
            return self.fault("prices", "invalid", message);
        }
        let mut seen = BTreeMap::new();
        let sizes: Vec<String> = self.sizes().into_iter().map(str::to_owned).collect();
        for (index, row) in self.document.prices.iter().enumerate() {
            let variant = row.variant.clone().unwrap_or_default();
            let key = (row.category.clone(), row.option.clone(), variant);
            if let Some(first) = seen.insert(key.clone(), index) {
                let message = format!(
                    "`{}` has a price already, {} rows above",
                    row.subject(),
                    index - first
                );
                self.faults.push(CatalogueFault::price(index, "option", "duplicate", message));
                continue;
            }
            match expected.remove(&key) {
                Some(form) => self.faults.extend(form.faults(index, row, &sizes)),
                None => self.faults.push(self.unexpected(index, row)),
            }
        }
        for (category, option, variant) in expected.into_keys() {
            let subject = format!("{category} {option} {variant}");
            let message = format!("there is no price for `{}`", subject.trim_end());
            self.fault("prices", "missing", message);
        }
    }

    /// The cell that makes a row one that no rule asks for.
    fn unexpected(&self, index: usize, row: &PriceRow) -> CatalogueFault {
        let unknown = |column, what: &str| {
            CatalogueFault::price(index, column, "unknown", format!("there is no {what}"))
        };
        let Some(category) = self.category_of(&row.category) else {
            return unknown("category", &format!("category `{}`", row.category));
        };
        match category.option(&row.option) {
            None => unknown("option", &format!("option `{}` in `{}`", row.option, category.id)),
            Some(option) if option.free => {
                let message = format!("`{}` is free and has no price", row.subject());
                CatalogueFault::price(index, "option", "unexpected", message)
            }
            Some(_) => {
                let variant = row.variant.as_deref().unwrap_or_default();
                let message = format!("`{}` is not priced for `{variant}`", category.id);
                CatalogueFault::price(index, "variant", "unexpected", message)
            }
        }
    }

    /// The rows that the pricing rules ask for, by category, option and variant.
    fn expected_rows(&self) -> BTreeMap<(String, String, String), RowForm> {
        let mut expected = BTreeMap::new();
        for category in &self.document.categories {
            for option in category.options.iter().filter(|option| !option.free) {
                let (form, variants) = self.row_form(category, option);
                let Some(form) = form else { continue };
                for variant in variants {
                    expected.insert((category.id.clone(), option.id.clone(), variant), form);
                }
            }
        }
        expected
    }

    fn row_form(
        &self,
        category: &Category,
        option: &CatalogueOption,
    ) -> (Option<RowForm>, Vec<String>) {
        let alone = || vec![String::new()];
        match &category.pricing {
            Pricing::Base | Pricing::Flat | Pricing::PerUnit => (Some(RowForm::AnySize), alone()),
            Pricing::BySize { .. } => (Some(RowForm::BySize), alone()),
            Pricing::ByQuantity => {
                let most = option.quantity_max.values().copied().max().unwrap_or(0);
                (Some(RowForm::BySize), (1..=most).map(|n| n.to_string()).collect())
            }
            Pricing::With { category: other } => {
                let options = self.category_of(other).into_iter().flat_map(|other| &other.options);
                (Some(RowForm::Either), options.map(|option| option.id.clone()).collect())
            }
            Pricing::Included { .. } => (None, Vec::new()),
        }
    }
}

/// Which cells of a row hold prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowForm {
    AnySize,
    BySize,
    Either,
}

impl RowForm {
    fn faults(self, index: usize, row: &PriceRow, sizes: &[String]) -> Vec<CatalogueFault> {
        let mut faults = Vec::new();
        let mut fault = |column: &str, code, message: String| {
            faults.push(CatalogueFault::price(index, column, code, message));
        };
        let subject = row.subject();
        for size in row.prices.keys().filter(|size| !sizes.contains(size)) {
            fault(size, "unknown", format!("there is no size `{size}`"));
        }
        let by_size = match self {
            Self::AnySize => false,
            Self::BySize => true,
            Self::Either => row.price.is_none(),
        };
        if by_size {
            if row.price.is_some() {
                fault("price", "unexpected", format!("`{subject}` is priced by size"));
            }
            for size in sizes.iter().filter(|size| !row.prices.contains_key(*size)) {
                fault(size, "missing", format!("`{subject}` has no price for `{size}`"));
            }
        } else {
            if row.price.is_none() {
                fault("price", "missing", format!("`{subject}` has no price"));
            }
            for size in row.prices.keys().filter(|size| sizes.contains(size)) {
                fault(size, "unexpected", format!("`{subject}` has one price for all sizes"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{Catalogue, first};
    use super::super::price::Price;
    use super::*;

    fn faults(change: impl FnOnce(&mut CatalogueDocument)) -> Vec<(Place, &'static str)> {
        let mut document = first().document().clone();
        change(&mut document);
        let faults = Catalogue::new(document).err().unwrap_or_default();
        faults.into_iter().map(|fault| (fault.place, fault.code)).collect()
    }

    fn field(path: &str) -> Place {
        Place::Field(path.to_owned())
    }

    fn cell(row: usize, column: &str) -> Place {
        Place::Price { row, column: column.to_owned() }
    }

    #[test]
    fn the_first_catalogue_has_no_faults() {
        assert_eq!(faults(|_| {}), []);
    }

    #[test]
    fn names_must_exist_once() {
        assert_eq!(
            faults(|document| document.categories[1].id = "nest".into()),
            [(field("categories[1].id"), "duplicate")]
        );
        let twice = |document: &mut CatalogueDocument| {
            let option = document.categories[2].options[0].clone();
            document.categories[2].options.push(option);
        };
        assert_eq!(faults(twice), [(field("categories[2].options[4].id"), "duplicate")]);
        assert_eq!(
            faults(|document| document.categories[2].options[1].id = "Holz lattung".into())[0],
            (field("categories[2].options[1].id"), "invalid")
        );
        assert_eq!(
            faults(|document| document.base = "fenster".into())[0],
            (field("base"), "unknown")
        );
        assert_eq!(
            faults(|document| document.categories[2].assumed = Some("gold".into())),
            [(field("categories[2].assumed"), "unknown")]
        );
        assert_eq!(
            faults(|document| document.rules[0].other.category = "gold".into()),
            [(field("rules[0].other.category"), "unknown")]
        );
        assert_eq!(
            faults(|document| document.rules[0].when.options.push("gold".into())),
            [(field("rules[0].when.options[0]"), "unknown")]
        );
    }

    #[test]
    fn fields_must_make_sense() {
        for (change, place) in [
            ((|d| d.currency = "euro".into()) as fn(&mut CatalogueDocument), "currency"),
            (|d| d.categories[0].name = " ".into(), "categories[0].name"),
            (|d| d.categories[0].options[0].free = true, "categories[0].pricing"),
            (|d| d.categories[2].options[0].free = true, "categories[2].pricing.relativeTo"),
            (|d| d.categories[1].pricing_data = Some("nest".into()), "categories[1].pricingData"),
            (|d| d.categories[1].pricing_data = Some("nest.x".into()), "categories[1].pricingData"),
            (
                |d| d.categories[9].pricing_data = Some("optionen".into()),
                "categories[11].pricingData",
            ),
            (|d| d.categories[1].pricing_data = Some("a..b".into()), "categories[1].pricingData"),
            (
                |d| {
                    let category = "fenster".to_owned();
                    d.categories[7].pricing = Pricing::Included { category, reference: None };
                },
                "categories[7].pricingData",
            ),
            (|d| d.categories[0].options[0].area_dm2 = 0, "categories[0].options[0].areaDm2"),
            (|d| d.categories[0].choice = ChoiceKind::Toggle, "categories[0].options"),
            (|d| d.categories[2].options.clear(), "categories[2].options"),
            (|d| d.categories[0].options[1].default = true, "categories[0].options"),
            (|d| d.categories[2].pricing = Pricing::PerUnit, "categories[2].pricing"),
            (|d| d.categories[2].pricing = Pricing::Base, "categories[2].pricing"),
            (
                |d| d.categories[2].pricing = Pricing::With { category: "gebaeudehuelle".into() },
                "categories[2].pricing.category",
            ),
            (
                |d| {
                    let reference = Some("gold".to_owned());
                    let category = "fenster".to_owned();
                    d.categories[7].pricing = Pricing::Included { category, reference };
                },
                "categories[7].pricing.reference",
            ),
            (
                |d| {
                    let category = "nest".to_owned();
                    d.categories[7].pricing = Pricing::Included { category, reference: None };
                },
                "categories[7].pricing",
            ),
            (
                |d| {
                    d.categories[1].options[0].quantity_max.remove("nest80");
                },
                "categories[1].options[0].quantityMax.nest80",
            ),
            (
                |d| {
                    d.categories[1].options[0].quantity_max.insert("nest81".into(), 1);
                },
                "categories[1].options[0].quantityMax.nest81",
            ),
            (
                |d| {
                    d.categories[1].options[0].quantity_max.insert("nest80".into(), 1001);
                },
                "categories[1].options[0].quantityMax.nest80",
            ),
        ] {
            let found = faults(change);
            assert!(found.iter().any(|(at, _)| *at == field(place)), "{place}: {found:?}");
        }
    }

    #[test]
    fn a_catalogue_that_asks_for_too_much_is_refused_shortly() {
        let many = |document: &mut CatalogueDocument| {
            document.categories[1].options[0]
                .quantity_max
                .values_mut()
                .for_each(|most| *most = 1000);
            document.categories[1].pricing = Pricing::ByQuantity;
            for n in 0..10 {
                let mut again = document.categories[1].clone();
                (again.id, again.pricing_data) = (format!("deck_{n}"), None);
                document.categories.push(again);
            }
        };
        assert_eq!(faults(many), [(field("prices"), "invalid")]);
        assert_eq!(faults(|document| document.prices.truncate(1)).len(), 63);
        let unknown = |document: &mut CatalogueDocument| {
            let row = document.prices[0].clone();
            document.prices =
                (0..500).map(|_| PriceRow { category: "gold".into(), ..row.clone() }).collect();
        };
        assert_eq!(faults(unknown).len(), FAULTS_MAX);
    }

    #[test]
    fn what_clients_name_and_todays_front_end_reads_stays() {
        let places = |change: fn(&mut CatalogueDocument), accept| {
            let mut document = first().document().clone();
            change(&mut document);
            let faults = succession_faults(&first(), &Catalogue::trusted(document), accept);
            faults.into_iter().map(|fault| (fault.place, fault.code)).collect::<Vec<_>>()
        };
        assert_eq!(places(|_| {}, false), []);
        assert_eq!(places(|d| d.currency = "CHF".into(), true), [(field("currency"), "changed")]);
        assert_eq!(places(|d| d.base = "fenster".into(), true)[0], (field("base"), "changed"));
        let without_category = |d: &mut CatalogueDocument| {
            d.categories.remove(11);
        };
        assert_eq!(places(without_category, true), [(field("categories"), "removed")]);
        let without_place = |d: &mut CatalogueDocument| d.categories[3].pricing_data = None;
        assert_eq!(places(without_place, false).len(), 85);
        assert_eq!(places(without_place, true), []);
    }

    fn row_of(document: &CatalogueDocument, category: &str) -> usize {
        document.prices.iter().position(|row| row.category == category).unwrap()
    }

    #[test]
    fn every_price_is_there_once_and_nowhere_else() {
        let row = row_of(first().document(), "gebaeudehuelle");
        let size = "nest120";
        let without_size = |document: &mut CatalogueDocument| {
            document.prices[row].prices.remove(size);
        };
        assert_eq!(faults(without_size), [(cell(row, size), "missing")]);
        let without_row = |document: &mut CatalogueDocument| {
            document.prices.remove(row);
        };
        assert_eq!(faults(without_row), [(field("prices"), "missing")]);
        let twice = |document: &mut CatalogueDocument| {
            let again = document.prices[row].clone();
            document.prices.insert(row + 1, again);
        };
        assert_eq!(faults(twice), [(cell(row + 1, "option"), "duplicate")]);
        let of = |change: fn(&mut PriceRow)| {
            faults(|document| change(&mut document.prices[row])).into_iter().next().unwrap()
        };
        let unknown_size = |row: &mut PriceRow| {
            row.prices.insert("nest81".into(), Price::OnRequest);
        };
        assert_eq!(of(unknown_size), (cell(row, "nest81"), "unknown"));
        assert_eq!(
            of(|row| row.price = Some(Price::OnRequest)),
            (cell(row, "price"), "unexpected")
        );
        assert_eq!(of(|row| row.category = "gold".into()), (cell(row, "category"), "unknown"));
        assert_eq!(of(|row| row.option = "gold".into()), (cell(row, "option"), "unknown"));
        assert_eq!(of(|row| row.variant = Some("9".into())), (cell(row, "variant"), "unexpected"));
        let free = |row: &mut PriceRow| {
            (row.category, row.option) = ("planungspaket".into(), "basis".into());
        };
        assert_eq!(of(free), (cell(row, "option"), "unexpected"));
        let sizes_of_flat = |document: &mut CatalogueDocument| {
            document.prices[0].prices.insert("nest80".into(), Price::OnRequest);
            document.prices[0].price = None;
        };
        assert_eq!(
            faults(sizes_of_flat),
            [(cell(0, "price"), "missing"), (cell(0, "nest80"), "unexpected")]
        );
    }
}
