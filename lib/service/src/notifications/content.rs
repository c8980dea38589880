//! What messages say, as it is kept until it is sent: values, not sentences, since each reader has a
//! language.

use chrono::{DateTime, NaiveDate, Utc};
use nest_haus_domain::notifications::{Line, Texts, Value};
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// Something is wrong, or, with `resolved_at`, was.
    Alert(AlertMail),
    /// A report.
    Report(ReportMail),
    /// Nothing: somebody tries whether messages arrive.
    Test,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertMail {
    /// What is wrong.
    pub title: Texts,
    /// How bad it is: `critical` or `warning`.
    pub severity: String,
    /// What it is about, the name of a job for example; nothing where the rule says it all.
    pub subject: Option<String>,
    /// What was measured.
    pub value: Value,
    /// What may be.
    pub threshold: Value,
    /// More about it.
    pub detail: Vec<Line>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub resolved_at: Option<DateTime<Utc>>,
    /// The page to look at, under the public address: `/admin/alerts` for example.
    pub path: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportMail {
    /// Its title in German.
    pub title_de: String,
    /// Its title in English.
    pub title_en: String,
    /// The days that it is about.
    pub period: Days,
    /// Its numbers.
    pub lines: Vec<Line>,
    /// The page that shows it, under the public address.
    pub path: String,
}

/// Some days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first.
    pub first: NaiveDate,
    /// The last, which is one of them.
    pub last: NaiveDate,
}
