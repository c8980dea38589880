//! The languages of messages, and how each writes numbers and times.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Europe::Vienna;
use serde::{Deserialize, Serialize};

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// German, which whoever chose nothing gets.
    #[default]
    De,
    /// English.
    En,
}

/// The same in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Texts {
    /// In German.
    pub de: String,
    /// In English.
    pub en: String,
}

impl Texts {
    /// The same in both languages.
    pub fn new(de: impl Into<String>, en: impl Into<String>) -> Self {
        Self { de: de.into(), en: en.into() }
    }

    /// The text in a language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        language.of(&self.de, &self.en)
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::De, Self::En];

    /// The name in SQL and answers, as in ISO 639-1.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// The language of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == name)
    }

    /// Of two texts, the one in this language.
    #[must_use]
    pub const fn of<'a>(self, de: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::De => de,
            Self::En => en,
        }
    }

    /// A number with this many decimals: `1.234,5` or `1,234.5`.
    #[must_use]
    pub fn number(self, value: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let whole = self.grouped(whole);
        // What rounds to zero has no sign.
        let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
        let sign = if value < 0.0 && !is_zero { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { self.of(",", ".") };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// A whole number: `1.234` or `1,234`.
    #[must_use]
    pub fn count(self, count: i64) -> String {
        let sign = if count < 0 { "-" } else { "" };
        format!("{sign}{}", self.grouped(&count.unsigned_abs().to_string()))
    }

    /// An amount in euros out of cents: `1.234,50 €` or `€1,234.50`.
    #[must_use]
    pub fn euros(self, cents: i64) -> String {
        let sign = if cents < 0 { "-" } else { "" };
        let cents = cents.unsigned_abs();
        let whole = self.grouped(&(cents / 100).to_string());
        let rest = cents % 100;
        match self {
            Self::De => format!("{sign}{whole},{rest:02} €"),
            Self::En => format!("{sign}€{whole}.{rest:02}"),
        }
    }

    /// A share in percent: `12,5 %` or `12.5%`.
    #[must_use]
    pub fn percent(self, share: f64, decimals: usize) -> String {
        let number = self.number(share * 100.0, decimals);
        format!("{number}{}", self.of(" %", "%"))
    }

    /// A day: `29.11.2026` or `29 November 2026`.
    #[must_use]
    pub fn day(self, day: NaiveDate) -> String {
        let month = usize::try_from(day.month0()).ok().and_then(|month| MONTHS.get(month));
        match self {
            Self::De => day.format("%d.%m.%Y").to_string(),
            Self::En => format!("{} {} {}", day.day(), month.unwrap_or(&""), day.year()),
        }
    }

    /// A moment by the clock of Vienna: `29.11.2026, 17:05 Uhr` or `29 November 2026, 17:05`.
    #[must_use]
    pub fn moment(self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&Vienna);
        let (day, hour, minute) = (self.day(local.date_naive()), local.hour(), local.minute());
        format!("{day}, {hour:02}:{minute:02}{}", self.of(" Uhr", ""))
    }

    fn grouped(self, digits: &str) -> String {
        let separator = self.of(".", ",");
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped += separator;
            }
            grouped.push(digit);
        }
        grouped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_language_writes_numbers_its_own_way() {
        let (de, en) = (Language::De, Language::En);
        for (value, decimals, german, english) in [
            (0.0, 0, "0", "0"),
            (999.5, 1, "999,5", "999.5"),
            (1234.56, 1, "1.234,6", "1,234.6"),
            (-1_234_567.0, 0, "-1.234.567", "-1,234,567"),
            (-0.04, 1, "0,0", "0.0"),
        ] {
            assert_eq!(
                (&*de.number(value, decimals), &*en.number(value, decimals)),
                (german, english)
            );
        }
        assert_eq!(
            (&*de.count(i64::MIN), &*en.count(1000)),
            ("-9.223.372.036.854.775.808", "1,000")
        );
        assert_eq!((&*de.euros(123_450), &*en.euros(-5)), ("1.234,50 €", "-€0.05"));
        assert_eq!((&*de.percent(0.125, 1), &*en.percent(1.0, 0)), ("12,5 %", "100%"));
    }

    #[test]
    fn times_are_those_of_vienna_in_summer_and_winter() {
        let winter = "2026-11-29T16:05:00Z".parse().unwrap();
        let summer = "2026-06-30T22:05:00Z".parse().unwrap();
        assert_eq!(Language::De.moment(winter), "29.11.2026, 17:05 Uhr");
        assert_eq!(Language::En.moment(summer), "1 July 2026, 00:05");
    }

    proptest! {
        #[test]
        fn a_number_can_be_read_back(value in -1e9_f64..1e9) {
            let text = Language::De.number(value, 3).replace('.', "").replace(',', ".");
            prop_assert!((text.parse::<f64>().unwrap() - value).abs() <= 0.000_501);
            let text = Language::En.number(value, 3).replace(',', "");
            prop_assert!((text.parse::<f64>().unwrap() - value).abs() <= 0.000_501);
        }
    }
}
