//! Prices against the worked examples of the system that this replaces, and the laws of a quote.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::catalogue::first;
use super::super::catalogue_diff::catalogue_changes;
use super::super::samples::{any_list, any_selections, first_list, list};
use super::*;

/// Worked examples, computed with the production formula. Whole euros.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    /// Category, option, variant and size of the prices that the list `on_request` does not tell.
    on_request: Vec<[String; 4]>,
    cases: Vec<Case>,
    /// Category, option, and the difference of the total to the defaults of nest120.
    upgrades: Vec<(String, String, i64)>,
    /// Price and monthly payment.
    monthly: Vec<(i64, i64)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    list: String,
    configuration: Value,
    total: i64,
    monthly: i64,
    per_square_metre: Option<i64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden_prices.json")).unwrap()
}

fn with_prices(change: impl Fn(&str, &str, &str, Option<&str>, Price) -> Price) -> PriceList {
    let mut document = first().document().clone();
    for row in &mut document.prices {
        let variant = row.variant.clone().unwrap_or_default();
        row.price =
            row.price.map(|price| change(&row.category, &row.option, &variant, None, price));
        for (size, price) in &mut row.prices {
            *price = change(&row.category, &row.option, &variant, Some(size), *price);
        }
    }
    list(2, Catalogue::new(document).unwrap())
}

fn list_of(case: &Case, golden: &Golden) -> PriceList {
    match case.list.as_str() {
        "first" => first_list(),
        "on_request" => with_prices(|category, option, variant, size, price| {
            let cell = [category, option, variant, size.unwrap_or_default()];
            if golden.on_request.iter().any(|asked| *asked == cell) {
                Price::OnRequest
            } else {
                price
            }
        }),
        "sizes_alone" => with_prices(
            |category, _, _, _, price| {
                if category == "nest" { price } else { Price::OnRequest }
            },
        ),
        other => panic!("no list {other}"),
    }
}

fn quote(configuration: &Value) -> Quote {
    let list = first_list();
    price(&Selections::read(configuration, &list.catalogue), &list)
}

fn codes(quote: &Quote) -> Vec<(WarningCode, &str)> {
    quote.warnings.iter().map(|warning| (warning.code, warning.category.as_str())).collect()
}

#[test]
fn every_worked_example_has_its_total() {
    let golden = golden();
    assert_eq!(golden.cases.len(), 27);
    for case in &golden.cases {
        let list = list_of(case, &golden);
        let quote = price(&Selections::read(&case.configuration, &list.catalogue), &list);
        assert_eq!(quote.total_cents, case.total * 100, "{}", case.name);
        assert_eq!(quote.monthly_payment_cents, case.monthly * 100, "{}", case.name);
        // The old system divides by an area that it makes up where it does not know the size.
        let expected = case.per_square_metre.filter(|euros| *euros > 0).map(|euros| euros * 100);
        assert_eq!(quote.per_square_metre_cents, expected, "{}", case.name);
    }
}

#[test]
fn upgrades_and_monthly_payments_are_the_worked_ones() {
    let golden = golden();
    let configuration = json!({
        "nest": "nest120", "gebaeudehuelle": "holzlattung", "belichtungspaket": "light",
        "innenverkleidung": "ohne_innenverkleidung", "fussboden": "ohne_belag",
        "fenster": "pvc_fenster", "bodenaufbau": "ohne_heizung", "planungspaket": "basis",
    });
    let before = quote(&configuration).total_cents;
    for (category, option, delta) in golden.upgrades {
        let mut upgraded = configuration.clone();
        upgraded[&category] = json!(option);
        assert_eq!(quote(&upgraded).total_cents - before, delta * 100, "{option}");
    }
    for (total, monthly) in golden.monthly {
        assert_eq!(monthly_payment_cents(total * 100), monthly * 100);
    }
}

#[test]
fn the_configuration_of_the_recorded_visit_costs_what_its_page_showed() {
    let quote = quote(&json!({
        "nest": "nest160", "gebaeudehuelle": "trapezblech", "innenverkleidung": "laerche",
        "fussboden": "parkett", "belichtungspaket": "medium", "fenster": "holz",
        "pvanlage": {"value": "pv_modules", "quantity": 2}, "planungspaket": "pro",
        "bodenaufbau": "elektrische_fussbodenheizung", "kamindurchzug": "enabled",
        "fundament": "enabled", "stirnseite": null,
    }));
    assert_eq!(quote.total_cents, 62_686_100);
    assert_eq!(quote.per_square_metre_cents, Some(404_400));
    assert_eq!(quote.warnings, []);
    assert_eq!(quote.price_list_version, 1);
}

#[test]
fn what_is_odd_is_named_and_counts_nothing() {
    let odd = quote(&json!({
        "nest": "nest80", "gebaeudehuelle": "gold", "innenverkleidung": "fichte",
        "fussboden": "parkett", "fenster": "holz", "bodenaufbau": "ohne_heizung",
        "pvanlage": {"value": "pv_modules", "quantity": 17},
    }));
    assert_eq!(odd.total_cents, 21_303_200 + 2_302_000 + 2_053_100);
    assert_eq!(
        codes(&odd),
        [
            (WarningCode::UnknownOption, "gebaeudehuelle"),
            (WarningCode::QuantityAboveMaximum, "pvanlage"),
            (WarningCode::NoPrice, "pvanlage"),
            (WarningCode::MissingRequired, "belichtungspaket"),
            (WarningCode::NoPrice, "fenster"),
            (WarningCode::NotAllowed, "fenster"),
        ]
    );
}

#[test]
fn what_must_be_asked_for_counts_nothing_and_is_listed() {
    let list = with_prices(|category, option, _, _, price| {
        let asked = category == "bodenaufbau" && option == "elektrische_fussbodenheizung";
        if asked || category == "kamindurchzug" { Price::OnRequest } else { price }
    });
    let configuration = json!({
        "nest": "nest80", "kamindurchzug": true, "bodenaufbau": "elektrische_fussbodenheizung",
    });
    let quote = price(&Selections::read(&configuration, &list.catalogue), &list);
    assert_eq!(quote.on_request, ["bodenaufbau", "kamindurchzug"]);
    assert_eq!(quote.total_cents, 23_744_500);
}

#[test]
fn what_is_billed_separately_is_not_in_the_total() {
    let with = quote(&json!({"nest": "nest80", "grundstueckscheck": true}));
    assert_eq!(with.total_cents, quote(&json!({"nest": "nest80"})).total_cents);
    assert_eq!(with.billed_separately.len(), 1);
    assert_eq!(with.billed_separately[0].amount_cents, 150_000);
}

#[test]
fn completion_counts_choices_and_beside_them_what_was_preselected() {
    let nothing = quote(&json!({}));
    assert!(nothing.completion.abs() < 1e-9 && nothing.completion_incl_defaults.abs() < 1e-9);
    let some = quote(&json!({
        "nest": "nest160", "gebaeudehuelle": "holzlattung", "innenverkleidung": "fichte",
        "fussboden": "gold",
    }));
    assert!((some.completion - 2.0 / 7.0).abs() < 1e-9);
    assert!((some.completion_incl_defaults - 3.0 / 7.0).abs() < 1e-9);
}

#[test]
fn what_rules_forbid_is_named() {
    let mut document = first().document().clone();
    document.rules.push(Rule {
        kind: RuleKind::Excludes,
        when: Selector { category: "nest".into(), options: vec!["nest80".into()] },
        other: Selector { category: "kamindurchzug".into(), options: Vec::new() },
        reason: "too small".into(),
    });
    let list = list(2, Catalogue::new(document).unwrap());
    let forbidden = |size: &str| {
        let configuration = json!({"nest": size, "kamindurchzug": true});
        let quote = price(&Selections::read(&configuration, &list.catalogue), &list);
        quote.warnings.iter().any(|warning| warning.message == "too small")
    };
    assert!(forbidden("nest80"));
    assert!(!forbidden("nest100"));
}

fn sum(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.amount_cents).sum()
}

/// The categories whose line may change with a choice: its own; those priced together with it; and
/// all where it is the size.
fn priced_by(category: &str, catalogue: &Catalogue) -> BTreeSet<String> {
    catalogue
        .categories()
        .iter()
        .filter(|other| {
            category == catalogue.base()
                || other.id == category
                || other.priced_with() == Some(category)
        })
        .map(|other| other.id.clone())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn lines_sum_to_the_total_under_two_price_lists(
        selections in any_selections(), other in any_list()
    ) {
        let first = first_list();
        for list in [&first, &other] {
            let quote = price(&selections, list);
            prop_assert_eq!(quote.total_cents, sum(&quote.lines));
            prop_assert!(quote.lines.iter().all(|line| line.quantity != Some(0)));
            prop_assert_eq!(quote.price_list_version, list.version);
            prop_assert_eq!(&quote, &price(&selections.canonical(&list.catalogue), list)
                .with_the_remarks_of(&quote));
        }
        let (before, after) = (price(&selections, &first), price(&selections, &other));
        let changed: BTreeSet<String> = catalogue_changes(&first.catalogue, &other.catalogue)
            .iter()
            .map(|change| json!(change)["category"].as_str().unwrap().to_owned())
            .collect();
        for (before, after) in before.lines.iter().zip(&after.lines) {
            prop_assert_eq!(&before.category, &after.category);
            prop_assert!(before == after || changed.contains(&before.category));
        }
    }
}

impl Quote {
    /// This quote with what another says about which choices were made, which a canonical
    /// configuration no longer tells.
    fn with_the_remarks_of(mut self, other: &Self) -> Self {
        self.warnings.clone_from(&other.warnings);
        self.completion = other.completion;
        self.completion_incl_defaults = other.completion_incl_defaults;
        for (line, other) in self.lines.iter_mut().zip(&other.lines) {
            line.assumed = other.assumed;
        }
        self
    }
}

proptest! {
    #[test]
    fn taking_an_option_away_changes_no_line_but_those_priced_with_it(
        selections in any_selections(), list in any_list()
    ) {
        let before = price(&selections, &list);
        for (category, _) in selections.iter() {
            let mut without = selections.clone();
            without.remove(category);
            let after = price(&without, &list);
            let touched = priced_by(category, &list.catalogue);
            let others = |quote: &Quote| -> Vec<Line> {
                let lines = quote.lines.iter().filter(|line| !touched.contains(&line.category));
                lines.cloned().collect()
            };
            prop_assert_eq!(others(&before), others(&after));
        }
    }
}
