//! What a visitor chose, read from what clients send, brought into one form, and how two differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::catalogue::{Catalogue, Category, ChoiceKind};
use super::catalogue_check::QUANTITY_MAX;

/// Most characters of an option's id that a client may send.
const OPTION_CHARS_MAX: usize = 100;

/// The choice in one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// The option's id, known to the catalogue or not.
    pub option: String,
    /// How many pieces; only where the category is chosen by quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
}

/// Choices by category: what makes a house, without prices and without state of a user interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Selections(BTreeMap<String, Choice>);

impl Selections {
    /// Reads the choices in a configuration as clients send it. Of each category of the catalogue
    /// there may be an object with `value` (or `option`) and `quantity`, the bare value, a number of
    /// pieces, or `true`; everything else is no choice.
    #[must_use]
    pub fn read(configuration: &Value, catalogue: &Catalogue) -> Self {
        let choices = catalogue.categories().iter().filter_map(|category| {
            let choice = read_choice(configuration.get(&category.id)?, category)?;
            Some((category.id.clone(), choice))
        });
        Self(choices.collect())
    }

    /// The choice in a category.
    #[must_use]
    pub fn get(&self, category: &str) -> Option<&Choice> {
        self.0.get(category)
    }

    /// The option chosen in a category.
    #[must_use]
    pub fn option(&self, category: &str) -> Option<&str> {
        self.get(category).map(|choice| choice.option.as_str())
    }

    /// Puts a choice in place of what was there.
    pub fn set(&mut self, category: impl Into<String>, choice: Choice) {
        self.0.insert(category.into(), choice);
    }

    /// Takes the choice of a category away.
    pub fn remove(&mut self, category: &str) -> Option<Choice> {
        self.0.remove(category)
    }

    /// All choices, in the order of their categories' ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Choice)> {
        self.0.iter().map(|(category, choice)| (category.as_str(), choice))
    }

    /// Whether nothing is chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The canonical form (definitions b4): with a size, categories without a choice have the option
    /// that such a house gets; quantities are there where they mean something and nowhere else; none
    /// of something, or an option that stands for nothing, is no choice of it; more pieces than anybody
    /// can build are one more than the most. Two configurations of one house have one canonical form.
    #[must_use]
    pub fn canonical(&self, catalogue: &Catalogue) -> Self {
        let mut canonical = Self::default();
        for category in catalogue.categories() {
            let chosen = self.get(&category.id).cloned();
            let assumed = || {
                self.get(catalogue.base())?;
                Some(Choice { option: category.assumed.clone()?, quantity: None })
            };
            let Some(mut choice) = chosen.or_else(assumed) else { continue };
            choice.quantity = match category.choice {
                ChoiceKind::Quantity => Some(choice.quantity.unwrap_or(1).min(QUANTITY_MAX + 1)),
                ChoiceKind::One | ChoiceKind::Toggle => None,
            };
            let is_nothing = category.option(&choice.option).is_some_and(|option| option.free)
                && category.assumed.as_ref() != Some(&choice.option);
            if choice.quantity != Some(0) && !is_nothing {
                canonical.set(category.id.clone(), choice);
            }
        }
        canonical
    }

    /// Names a canonical configuration: the SHA-256, in hexadecimal, of its JSON with sorted keys.
    #[must_use]
    pub fn hash(&self) -> String {
        // A map of texts and numbers always becomes JSON.
        hex::encode(Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// What must change here to become `after`.
    #[must_use]
    pub fn changes_to(&self, after: &Self) -> Vec<ConfigurationChange> {
        let categories: BTreeSet<&String> = self.0.keys().chain(after.0.keys()).collect();
        let change = |category: &String| {
            let (from, to) = (self.0.get(category).cloned(), after.0.get(category).cloned());
            (from != to).then(|| ConfigurationChange { category: category.clone(), from, to })
        };
        categories.into_iter().filter_map(change).collect()
    }

    /// Makes changes.
    pub fn apply(&mut self, changes: &[ConfigurationChange]) {
        for change in changes {
            match &change.to {
                Some(choice) => self.set(change.category.clone(), choice.clone()),
                None => {
                    self.remove(&change.category);
                }
            }
        }
    }
}

/// What changed in one category between two neighbouring snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationChange {
    /// The category.
    pub category: String,
    /// The choice before.
    pub from: Option<Choice>,
    /// The choice after.
    pub to: Option<Choice>,
}

fn read_choice(value: &Value, category: &Category) -> Option<Choice> {
    let only = || category.options.first().map(|option| option.id.clone());
    let (option, quantity) = match value {
        Value::String(text) => match text.parse::<u32>() {
            Ok(pieces) if category.choice == ChoiceKind::Quantity => (only()?, Some(pieces)),
            _ => (text.clone(), None),
        },
        Value::Number(_) if category.choice == ChoiceKind::Quantity => (only()?, pieces(value)),
        Value::Bool(true) if category.choice != ChoiceKind::One => (only()?, None),
        Value::Object(item) => {
            let mut named = ["value", "option"].into_iter().filter_map(|name| item.get(name));
            let option = named.find_map(Value::as_str)?;
            (option.to_owned(), item.get("quantity").and_then(pieces))
        }
        _ => return None,
    };
    let quantity = quantity.filter(|_| category.choice == ChoiceKind::Quantity);
    let readable = !option.is_empty() && option.chars().count() <= OPTION_CHARS_MAX;
    readable.then_some(Choice { option, quantity })
}

/// A whole number of pieces.
fn pieces(value: &Value) -> Option<u32> {
    let number = value.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and not negative; what is too great becomes the greatest"
    )]
    let pieces = number as u32;
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::first;
    use super::super::samples::any_selections;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(configuration: &Value) -> Selections {
        Selections::read(configuration, &first())
    }

    #[test]
    fn choices_are_read_in_every_shape_that_clients_send() {
        let items = json!({
            "sessionId": "s", "totalPrice": 1, "timestamp": 2,
            "nest": {"category": "nest", "value": "nest80", "price": 155_500},
            "pvanlage": {"value": "pv_modules", "quantity": 4, "price": 1170},
            "kamindurchzug": {"value": "enabled"},
            "stirnseite": null,
        });
        let texts = json!({"nest": "nest80", "pvanlage": "4", "kamindurchzug": true});
        let most = read(&json!({"pvanlage": u32::MAX.to_string()})).canonical(&first());
        assert_eq!(most.get("pvanlage").unwrap().quantity, Some(1001));
        let own = json!({
            "nest": {"value": null, "option": "nest80"},
            "pvanlage": {"option": "pv_modules", "quantity": 4},
            "kamindurchzug": {"option": "enabled"},
        });
        assert_eq!(read(&items), read(&texts));
        assert_eq!(read(&items), read(&own));
        assert_eq!(
            json!(read(&items)),
            json!({
                "kamindurchzug": {"option": "enabled"},
                "nest": {"option": "nest80"},
                "pvanlage": {"option": "pv_modules", "quantity": 4},
            })
        );
    }

    #[test]
    fn what_is_no_choice_is_left_out() {
        for odd in [
            json!(null),
            json!([]),
            json!({}),
            json!({"value": 3}),
            json!(""),
            json!(7),
            json!(false),
        ] {
            assert!(read(&json!({"nest": odd})).is_empty(), "{odd}");
        }
        for (sent, kept) in [(json!(-1), None), (json!(1.5), None), (json!(1e30), Some(u32::MAX))] {
            let choice = read(&json!({"pvanlage": {"value": "pv_modules", "quantity": sent}}));
            assert_eq!(choice.get("pvanlage").unwrap().quantity, kept);
        }
        assert!(read(&json!(null)).is_empty());
    }

    #[test]
    fn one_house_has_one_canonical_form_and_hash() {
        let catalogue = first();
        let hash = |configuration| read(&configuration).canonical(&catalogue).hash();
        let spelled_out = json!({
            "nest": "nest80", "gebaeudehuelle": "holzlattung", "bodenaufbau": "ohne_heizung",
            "innenverkleidung": "ohne_innenverkleidung", "fussboden": "ohne_belag",
            "planungspaket": {"value": "basis", "price": 3}, "stirnseite": "keine_verglasung",
            "pvanlage": {"value": "pv_modules", "quantity": 0},
        });
        assert_eq!(hash(json!({"nest": "nest80"})), hash(spelled_out));
        assert_ne!(hash(json!({"nest": "nest80"})), hash(json!({"nest": "nest100"})));
        assert_eq!(
            hash(json!({"nest": "nest80", "pvanlage": {"value": "pv_modules"}})),
            hash(json!({"nest": "nest80", "pvanlage": {"value": "pv_modules", "quantity": 1}}))
        );
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own(selections in any_selections()) {
            let catalogue = first();
            let canonical = selections.canonical(&catalogue);
            prop_assert_eq!(canonical.canonical(&catalogue), canonical.clone());
            prop_assert_eq!(Selections::read(&json!(canonical), &catalogue), canonical);
        }

        #[test]
        fn any_moment_is_rebuilt_from_changes(
            moments in proptest::collection::vec(any_selections(), 0..20)
        ) {
            let mut before = Selections::default();
            let mut rebuilt = Selections::default();
            for moment in moments {
                let changes = before.changes_to(&moment);
                rebuilt.apply(&changes);
                prop_assert_eq!(&rebuilt, &moment);
                prop_assert_eq!(changes.is_empty(), before == moment);
                before = moment;
            }
        }
    }
}
