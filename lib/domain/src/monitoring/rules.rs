//! The rules of alerts: what each measures, and from when on it says so. A value is stated so that a high
//! one is bad.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::notifications::{Line, Texts, Value};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody should look at it.
    Warning,
    /// Somebody has to look at it now.
    Critical,
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Critical];

    /// The name in SQL and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// What a rule measures in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
    /// A share from 0 to 1.
    Share,
    /// So many times what is allowed.
    Times,
    /// So many, none of which there should be.
    Count,
    /// A robust z-score.
    Score,
}

impl Unit {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Minutes => "minutes",
            Self::Share => "share",
            Self::Times => "times",
            Self::Count => "count",
            Self::Score => "score",
        }
    }

    /// A measured value as it stands in a message.
    #[must_use]
    pub fn value(self, value: f64) -> Value {
        match self {
            Self::Milliseconds => Value::Milliseconds(value),
            Self::Minutes => Value::Minutes(value),
            Self::Share => Value::Share(value),
            Self::Times | Self::Score => Value::Number(value),
            #[expect(clippy::cast_possible_truncation, reason = "counts fit")]
            Self::Count => Value::Count(value as i64),
        }
    }
}

/// What somebody may change of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Whether it is looked at.
    pub enabled: bool,
    /// Values over this are bad; in the rule's unit.
    pub threshold: f64,
    /// Values out of fewer measurements say nothing.
    pub count_min: i64,
    /// It is over below the threshold times this; zero where only zero is good.
    pub clear_factor: f64,
    /// What comes again so soon after it was over is the same incident.
    pub cool_down: TimeDelta,
    /// How bad it is.
    pub severity: Severity,
}

/// A rule's measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The rule.
    pub rule: RuleId,
    /// What it is about, where the rule is about several things; else nothing.
    pub subject: String,
    /// The value, in the rule's unit.
    pub value: f64,
    /// Measurements that it comes from.
    pub count: i64,
    /// More about it.
    pub detail: Vec<Line>,
}

impl Signal {
    /// A signal about a subject.
    pub fn about(rule: RuleId, subject: impl Into<String>, value: f64, count: i64) -> Self {
        Self { rule, subject: subject.into(), value, count, detail: Vec::new() }
    }

    /// A signal of a rule that is about one thing.
    #[must_use]
    pub fn new(rule: RuleId, value: f64, count: i64) -> Self {
        Self::about(rule, "", value, count)
    }

    /// The same with more about it.
    #[must_use]
    pub fn with_detail(self, detail: Vec<Line>) -> Self {
        Self { detail, ..self }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident, $name:literal, $summary:literal, ($de:literal, $en:literal),
        $unit:ident over $threshold:literal, at least $count:literal, clear at $clear:literal,
        $severity:ident;)+) => {
        /// A rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RuleId {
            $($(#[$doc])* $id,)+
        }

        impl RuleId {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$id),+];

            /// The name in SQL and answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name),+ }
            }

            /// When it fires, for a person.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$id => $summary),+ }
            }

            /// What is wrong when it fires.
            #[must_use]
            pub fn title(self) -> Texts {
                match self { $(Self::$id => Texts::new($de, $en)),+ }
            }

            /// What it measures in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$id => Unit::$unit),+ }
            }

            /// How it is set where nobody changed it.
            #[must_use]
            pub const fn defaults(self) -> Settings {
                match self { $(Self::$id => Settings {
                    enabled: true,
                    threshold: $threshold,
                    count_min: $count,
                    clear_factor: $clear,
                    cool_down: COOL_DOWN,
                    severity: Severity::$severity,
                }),+ }
            }
        }
    };
}

/// How soon what comes again is the same incident, where nobody changed it.
const COOL_DOWN: TimeDelta = TimeDelta::minutes(30);

rules! {
    /// Answers are slow.
    ApiLatency, "api_latency",
    "p95 of the answers of all endpoints but the cron functions, in a slot of 5 minutes",
    ("Antworten sind langsam", "Answers are slow"),
    Milliseconds over 500.0, at least 20, clear at 0.8, Warning;
    /// Queries are slow.
    DatabaseLatency, "database_latency",
    "p95 of the database's queries for requests, in a slot of 5 minutes",
    ("Die Datenbank ist langsam", "The database is slow"),
    Milliseconds over 100.0, at least 20, clear at 0.8, Warning;
    /// Redis is slow.
    RedisLatency, "redis_latency",
    "p95 of the operations of Redis for requests, in a slot of 5 minutes",
    ("Redis ist langsam", "Redis is slow"),
    Milliseconds over 50.0, at least 20, clear at 0.8, Warning;
    /// The configurator loads slowly.
    ConfiguratorLoad, "configurator_load",
    "p75 of the time that the configurator takes to load, over the last hour",
    ("Der Konfigurator lädt langsam", "The configurator loads slowly"),
    Milliseconds over 2000.0, at least 20, clear at 0.8, Warning;
    /// Requests fail.
    ErrorRate, "error_rate",
    "share of answers with a status of 500 or above, in a slot of 5 minutes",
    ("Anfragen schlagen fehl", "Requests fail"),
    Share over 0.01, at least 100, clear at 0.8, Critical;
    /// The error budget burns too fast.
    ErrorBudget, "error_budget",
    "how fast the error budget of 99.9 % burns, relative to 14.4 times over 1 hour and 5 minutes, and 6 times over 6 hours and 30 minutes",
    ("Das Fehlerbudget wird zu schnell aufgebraucht", "The error budget burns too fast"),
    Times over 1.0, at least 1000, clear at 0.8, Critical;
    /// Events wait too long.
    QueueAge, "queue_age",
    "age of the oldest entry in a stream of the queue",
    ("Ereignisse warten zu lange in der Warteschlange", "Events wait too long in the queue"),
    Minutes over 10.0, at least 0, clear at 0.8, Warning;
    /// The queue fills up.
    QueueFill, "queue_fill",
    "how full a stream of the queue is, by entries or bytes",
    ("Die Warteschlange läuft voll", "The queue fills up"),
    Share over 0.7, at least 0, clear at 0.8, Critical;
    /// Events could not be stored.
    DeadLetters, "dead_letters",
    "events that the database refused and that were not replayed",
    ("Ereignisse konnten nicht gespeichert werden", "Events could not be stored"),
    Count over 0.0, at least 0, clear at 0.0, Warning;
    /// A job did not run when it was due.
    JobMissed, "job_missed",
    "runs of a job that were due and did not happen or failed",
    ("Eine regelmäßige Aufgabe läuft nicht", "A job does not run"),
    Count over 0.0, at least 0, clear at 0.0, Warning;
    /// Pages show wrong prices.
    PriceMismatch, "price_mismatch",
    "configurations of the last hour whose page showed a wrong price",
    ("Seiten zeigen falsche Preise", "Pages show wrong prices"),
    Count over 0.0, at least 0, clear at 0.0, Critical;
    /// Events get lost.
    LedgerLoss, "ledger_loss",
    "share of numbered events of which nothing is known, of the sessions of the last 24 hours that are closed",
    ("Ereignisse gehen verloren", "Events get lost"),
    Share over 0.001, at least 1000, clear at 0.8, Warning;
    /// Something that the system needs is out of reach.
    Dependency, "dependency",
    "PostgreSQL or Redis does not answer",
    ("Ein Dienst ist nicht erreichbar", "A service is out of reach"),
    Count over 0.0, at least 0, clear at 0.0, Critical;
    /// Messages were given up.
    NotificationFailed, "notification_failed",
    "messages to administrators that were given up in the last 24 hours",
    ("Benachrichtigungen kommen nicht an", "Notifications do not arrive"),
    Count over 0.0, at least 0, clear at 0.0, Warning;
    /// A number moved far from what is usual.
    Anomaly, "anomaly",
    "robust z-score of the latest complete hour or day, where it moved by half or more",
    ("Eine Kennzahl weicht stark vom Üblichen ab", "A number is far from what is usual"),
    Score over 3.5, at least 0, clear at 0.8, Warning;
    /// A number that never is zero dropped to zero.
    DropToZero, "drop_to_zero",
    "the latest complete hour or day has nothing, where there usually are 20 or more",
    ("Eine Kennzahl ist auf null gefallen", "A number dropped to zero"),
    Count over 0.0, at least 0, clear at 0.0, Critical;
}

impl RuleId {
    /// The rule of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.as_str() == name)
    }

    /// Whether a value is bad. A score is from its threshold on, as definitions b15 say; the rest above.
    #[must_use]
    pub fn is_breach(self, value: f64, settings: &Settings) -> bool {
        match self.unit() {
            Unit::Score => value >= settings.threshold,
            _ => value > settings.threshold,
        }
    }

    /// Whether a value is good again.
    #[must_use]
    pub fn is_clear(self, value: f64, settings: &Settings) -> bool {
        match self.unit() {
            Unit::Count => value <= 0.0,
            _ => value < settings.threshold * settings.clear_factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_a_name_and_a_title_of_its_own() {
        let names: BTreeSet<&str> = RuleId::ALL.iter().map(|rule| rule.as_str()).collect();
        let titles: BTreeSet<String> = RuleId::ALL.iter().map(|rule| rule.title().de).collect();
        assert_eq!((names.len(), titles.len()), (RuleId::ALL.len(), RuleId::ALL.len()));
        for rule in RuleId::ALL {
            assert_eq!(RuleId::of_name(rule.as_str()), Some(*rule));
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
        }
    }

    #[test]
    fn nothing_is_bad_and_good_at_once() {
        for rule in RuleId::ALL {
            let settings = rule.defaults();
            for step in 0..=400 {
                let value = settings.threshold.max(1.0) * f64::from(step) / 200.0;
                let both = rule.is_breach(value, &settings) && rule.is_clear(value, &settings);
                assert!(!both, "{rule:?} at {value}");
            }
            assert!(!rule.is_breach(0.0, &settings) && rule.is_clear(0.0, &settings), "{rule:?}");
        }
    }
}
