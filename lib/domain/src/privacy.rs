//! What is personal data, by the names that it comes under.

use serde_json::Value;

/// The fields of personal data that the front end sends.
pub const USER_DATA_FIELDS: [&str; 14] = [
    "name",
    "lastName",
    "phone",
    "email",
    "address",
    "addressLine2",
    "propertyNumber",
    "cadastralCommunity",
    "city",
    "state",
    "postalCode",
    "country",
    "notes",
    "service",
];

/// What stands in the place of a value that may not be kept.
const REDACTED: &str = "[redacted]";

/// Whether a key of free data names personal data. `name` alone does not: options have names.
#[must_use]
pub fn is_personal(key: &str) -> bool {
    const PARTS: [&str; 17] = [
        "email",
        "phone",
        "telefon",
        "mobil",
        "customername",
        "firstname",
        "vorname",
        "lastname",
        "nachname",
        "fullname",
        "address",
        "adresse",
        "strasse",
        "postalcode",
        "birth",
        "geburt",
        "iban",
    ];
    const WHOLE: [&str; 5] = ["userdata", "customerinfo", "customer", "plz", "visitorid"];
    let key: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    PARTS.iter().any(|part| key.contains(part)) || WHOLE.contains(&key.as_str())
}

/// Whether what is typed into a form's element is personal data.
#[must_use]
pub fn is_personal_input(element_id: &str) -> bool {
    is_personal(element_id)
        || ["name", "message", "notes"].iter().any(|end| element_id.to_lowercase().ends_with(end))
}

/// Takes personal values out of data that is kept for inspection alone.
pub fn redact(value: &mut Value) {
    let typed = value.get("eventType").is_some_and(|kind| kind == "input");
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let typed_value =
                    typed && ["selectionValue", "previousValue"].contains(&key.as_str());
                if is_personal(key) || typed_value {
                    *value = Value::String(REDACTED.to_owned());
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn personal_keys_are_known_in_both_languages_and_options_are_not() {
        for key in
            ["email", "customerEmail", "Telefon", "PLZ", "phone_number", "userData", "E-Mail"]
        {
            assert!(is_personal(key), "{key}");
        }
        for key in ["name", "nest", "category", "formType", "totalPrice"] {
            assert!(!is_personal(key), "{key}");
        }
    }

    #[test]
    fn what_was_typed_is_redacted_like_what_is_named() {
        let mut data = json!([
            {"eventType": "input", "elementId": "x", "selectionValue": "ada@example.com"},
            {"eventType": "click", "selectionValue": "Holz", "userData": {"name": "Ada"}},
        ]);
        redact(&mut data);
        assert_eq!(data[0]["selectionValue"], "[redacted]");
        assert_eq!(data[1]["selectionValue"], "Holz");
        assert!(!data.to_string().contains("Ada"));
    }
}
