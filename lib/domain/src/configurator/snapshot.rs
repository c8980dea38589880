//! A configuration as the client sends it, and how complete it is.
//!
//! A category's choice is an object with a `value`, or, from older clients, the bare value.

use serde_json::Value;

/// Categories without which no house can be built, each of the same weight.
pub const REQUIRED_CATEGORIES: [&str; 4] =
    ["nest", "gebaeudehuelle", "innenverkleidung", "fussboden"];

/// The value chosen in a category; nothing where the visitor chose nothing.
#[must_use]
pub fn chosen_value<'a>(configuration: &'a Value, category: &str) -> Option<&'a str> {
    let choice = configuration.get(category)?;
    let value = choice.get("value").unwrap_or(choice).as_str()?;
    (!value.is_empty()).then_some(value)
}

/// The share of required categories that have a choice, 0 to 1 (definitions b3).
#[must_use]
pub fn completion(configuration: &Value) -> f64 {
    let chosen = REQUIRED_CATEGORIES
        .iter()
        .filter(|category| chosen_value(configuration, category).is_some())
        .count();
    #[expect(clippy::cast_precision_loss, reason = "both are at most the number of categories")]
    let share = chosen as f64 / REQUIRED_CATEGORIES.len() as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn choices_are_read_in_both_shapes() {
        let configuration = json!({
            "nest": {"category": "nest", "value": "nest160", "price": 289_900},
            "gebaeudehuelle": "trapezblech",
            "innenverkleidung": null,
            "fussboden": {"value": ""},
        });
        assert_eq!(chosen_value(&configuration, "nest"), Some("nest160"));
        assert_eq!(chosen_value(&configuration, "gebaeudehuelle"), Some("trapezblech"));
        assert_eq!(chosen_value(&configuration, "innenverkleidung"), None);
        assert!((completion(&configuration) - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_chosen_is_nothing_complete() {
        assert!(completion(&json!({})).abs() < f64::EPSILON);
        assert!(completion(&json!(null)).abs() < f64::EPSILON);
    }
}
