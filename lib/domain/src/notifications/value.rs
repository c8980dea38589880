//! Values as they are kept with a message, to be written in the reader's language when it is sent.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::language::{Language, Texts};

/// A value in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = MessageValue))]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// So many.
    Count(i64),
    /// An amount in cents of a euro.
    Cents(i64),
    /// A share from 0 to 1, written in percent.
    Share(f64),
    /// A relative change, 0.1 for a tenth more, written in percent with its sign.
    Change(f64),
    /// A time in milliseconds.
    Milliseconds(f64),
    /// A time in minutes.
    Minutes(f64),
    /// A plain number, a ratio for example.
    Number(f64),
    /// A moment.
    Moment(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
    /// A text that is the same in every language, a name for example.
    Text(String),
    /// A text in every language.
    Texts(Texts),
    /// There is none.
    Unknown,
}

/// The same by a name that is not taken for that of any JSON in the description of the API.
#[cfg(feature = "schema")]
type MessageValue = Value;

/// A line of a message: what, and how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = MessageLine))]
pub struct Line {
    /// What, in German.
    pub label_de: String,
    /// What, in English.
    pub label_en: String,
    /// How much.
    #[cfg_attr(feature = "schema", schema(value_type = MessageValue))]
    pub value: Value,
}

impl Line {
    /// A line.
    pub fn new(label_de: impl Into<String>, label_en: impl Into<String>, value: Value) -> Self {
        Self { label_de: label_de.into(), label_en: label_en.into(), value }
    }

    /// What, in a language.
    #[must_use]
    pub fn label(&self, language: Language) -> &str {
        language.of(&self.label_de, &self.label_en)
    }
}

impl Value {
    /// The value as text.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Count(count) => language.count(*count),
            Self::Cents(cents) => language.euros(*cents),
            Self::Share(share) => language.percent(*share, if *share < 0.01 { 2 } else { 1 }),
            Self::Change(change) => {
                let sign = if *change > 0.0 { "+" } else { "" };
                format!("{sign}{}", language.percent(*change, 1))
            }
            Self::Milliseconds(ms) => format!("{} ms", language.number(*ms, 0)),
            Self::Minutes(minutes) => format!("{} min", language.number(*minutes, 0)),
            Self::Number(number) => language.number(*number, 1),
            Self::Moment(at) => language.moment(*at),
            Self::Day(day) => language.day(*day),
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => texts.in_language(language).to_owned(),
            Self::Unknown => "–".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_written_in_both_languages() {
        for (value, de, en) in [
            (Value::Count(12_345), "12.345", "12,345"),
            (Value::Cents(18_890_000), "188.900,00 €", "€188,900.00"),
            (Value::Share(0.0012), "0,12 %", "0.12%"),
            (Value::Share(0.5), "50,0 %", "50.0%"),
            (Value::Change(0.1), "+10,0 %", "+10.0%"),
            (Value::Change(-0.256), "-25,6 %", "-25.6%"),
            (Value::Milliseconds(1234.4), "1.234 ms", "1,234 ms"),
            (Value::Minutes(11.0), "11 min", "11 min"),
            (Value::Number(14.44), "14,4", "14.4"),
            (Value::Texts(Texts::new("ja", "yes")), "ja", "yes"),
            (Value::Unknown, "–", "–"),
        ] {
            assert_eq!((&*value.text(Language::De), &*value.text(Language::En)), (de, en));
        }
    }
}
