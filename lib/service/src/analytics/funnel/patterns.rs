//! Which events satisfy which step, as the database is asked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::query::Unit;
use crate::http::{FieldError, Problem};

/// Most ways to satisfy a step besides the first.
const ALTERNATIVES_MAX: usize = 10;

/// Most filters of a pattern: the database has room for as many.
const FILTERS_MAX: usize = 3;

/// Longest text to compare with, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// The bits of a mark that say what an event is; steps begin at 0.
const EXCLUSIONS_FROM: usize = 20;

/// Names of facts of a session.
const FACTS: [&str; 7] =
    ["started", "exited", "cart_add", "ohne_nest_mode", "converted", "consent", "user_data"];

/// Names of events that carry a configuration.
const SNAPSHOTS: [&str; 3] = ["snapshot", "cart_add", "completion"];

/// Names of what is known of the visit itself.
const OF_VISITS: [&str; 2] = ["visit", "order"];

/// Properties that are columns; every other is looked up in what clients add.
const COLUMNS: [&str; 5] = ["category", "element", "value", "previousValue", "device"];

/// A step, another way to satisfy one, or an exclusion, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PatternWire {
    event: String,
    name: Option<String>,
    category: Option<String>,
    element: Option<String>,
    value: Option<String>,
    #[serde(default)]
    filters: Vec<FilterWire>,
    #[serde(default)]
    alternatives: Vec<PatternWire>,
    pub(super) after: Option<usize>,
    pub(super) before: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterWire {
    property: String,
    op: Op,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Is,
    IsNot,
    Contains,
    Greater,
    Less,
}

/// One way to satisfy a step or an exclusion, as a row for the database.
#[derive(Debug, Serialize)]
struct Row {
    mark: usize,
    event: String,
    category: Option<String>,
    element: Option<String>,
    value: Option<String>,
    properties: Option<Vec<String>>,
    ops: Option<Vec<Op>>,
    wanted: Option<Vec<Option<String>>>,
    bounds: Option<Vec<Option<f64>>>,
}

/// Everything that a funnel asks of events.
#[derive(Debug)]
pub(super) struct Patterns {
    /// What steps are called.
    pub(super) names: Vec<String>,
    rows: Vec<Row>,
    identified: bool,
}

impl Patterns {
    /// Checks steps and exclusions.
    pub(super) fn new(
        steps: &[PatternWire],
        exclusions: &[PatternWire],
        unit: Unit,
    ) -> Result<Self, Problem> {
        let mut rows = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let field = format!("steps[{index}]");
            if step.after.is_some() || step.before.is_some() {
                return refuse(
                    format!("{field}.after"),
                    "only exclusions have `after` and `before`",
                );
            }
            rows.extend(step.rows(&field, index, unit)?);
        }
        for (index, exclusion) in exclusions.iter().enumerate() {
            let field = format!("exclusions[{index}]");
            rows.extend(exclusion.rows(&field, EXCLUSIONS_FROM + index, unit)?);
        }
        let name = |step: &PatternWire| step.name.clone().unwrap_or_else(|| step.event.clone());
        Ok(Self { names: steps.iter().map(name).collect(), rows, identified: false })
    }

    /// The same, where every event's identity and properties are needed.
    pub(super) fn identified(self) -> Self {
        Self { identified: true, ..self }
    }

    /// The rows for the database.
    pub(super) fn rows(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&self.rows)
    }

    /// Interactions that the index alone tells apart: no filter looks at them, and none satisfies two
    /// steps.
    pub(super) fn plain(&self) -> Vec<String> {
        self.events(|event| self.is_plain(event))
    }

    /// Every other interaction.
    pub(super) fn known(&self) -> Vec<String> {
        self.events(|event| is_interaction(event) && !self.is_plain(event))
    }

    /// Snapshots, and what is known of visits.
    pub(super) fn own(&self) -> Vec<String> {
        self.events(|event| SNAPSHOTS.contains(&event) || OF_VISITS.contains(&event))
    }

    /// Facts of sessions.
    pub(super) fn facts(&self) -> Vec<String> {
        self.events(|event| FACTS.contains(&event))
    }

    fn events(&self, holds: impl Fn(&str) -> bool) -> Vec<String> {
        let mut events: Vec<String> =
            self.rows.iter().filter(|row| holds(&row.event)).map(|row| row.event.clone()).collect();
        events.sort_unstable();
        events.dedup();
        events
    }

    fn is_plain(&self, event: &str) -> bool {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.event == event).collect();
        let apart = |a: &Row, b: &Row| {
            let differ =
                |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
            differ(&a.category, &b.category)
                || differ(&a.element, &b.element)
                || differ(&a.value, &b.value)
        };
        let all_apart = rows
            .iter()
            .enumerate()
            .all(|(index, row)| rows[index + 1..].iter().all(|other| apart(row, other)));
        !self.identified
            && is_interaction(event)
            && all_apart
            && rows.iter().all(|row| row.ops.is_none())
    }
}

fn is_interaction(event: &str) -> bool {
    !FACTS.contains(&event) && !SNAPSHOTS.contains(&event) && !OF_VISITS.contains(&event)
}

impl PatternWire {
    fn rows(&self, field: &str, mark: usize, unit: Unit) -> Result<Vec<Row>, Problem> {
        if self.alternatives.len() > ALTERNATIVES_MAX {
            let message = format!("must be at most {ALTERNATIVES_MAX}");
            return refuse(format!("{field}.alternatives"), message);
        }
        let mut rows = vec![self.row(field, mark, unit)?];
        for (index, alternative) in self.alternatives.iter().enumerate() {
            let field = format!("{field}.alternatives[{index}]");
            if !alternative.alternatives.is_empty() {
                let message = "an alternative has none of its own";
                return refuse(format!("{field}.alternatives"), message);
            }
            rows.push(alternative.row(&field, mark, unit)?);
        }
        Ok(rows)
    }

    fn row(&self, field: &str, mark: usize, unit: Unit) -> Result<Row, Problem> {
        let texts = [
            ("event", Some(&self.event)),
            ("name", self.name.as_ref()),
            ("category", self.category.as_ref()),
            ("element", self.element.as_ref()),
            ("value", self.value.as_ref()),
        ];
        for (name, text) in texts {
            check_text(&format!("{field}.{name}"), text.map(String::as_str))?;
        }
        if unit == Unit::Configuration && !SNAPSHOTS.contains(&self.event.as_str()) {
            let message = "of a configuration there are snapshot, cart_add and completion";
            return refuse(format!("{field}.event"), message);
        }
        if self.filters.len() > FILTERS_MAX {
            return refuse(format!("{field}.filters"), format!("must be at most {FILTERS_MAX}"));
        }
        for (index, filter) in self.filters.iter().enumerate() {
            filter.check(&format!("{field}.filters[{index}]"))?;
        }
        let filters = || self.filters.iter();
        let some = |any: bool| any.then_some(());
        let filtered = some(!self.filters.is_empty());
        Ok(Row {
            mark,
            event: self.event.clone(),
            category: self.category.clone(),
            element: self.element.clone(),
            value: self.value.clone(),
            properties: filtered.map(|()| filters().map(|f| f.property.clone()).collect()),
            ops: filtered.map(|()| filters().map(|f| f.op).collect()),
            wanted: filtered.map(|()| filters().map(FilterWire::text).collect()),
            bounds: filtered.map(|()| filters().map(|f| f.value.as_f64()).collect()),
        })
    }
}

impl FilterWire {
    fn check(&self, field: &str) -> Result<(), Problem> {
        check_text(&format!("{field}.property"), Some(&self.property))?;
        let number = matches!(self.op, Op::Greater | Op::Less);
        if number && COLUMNS.contains(&self.property.as_str()) {
            return refuse(
                format!("{field}.op"),
                "this property is a text: is, is_not or contains",
            );
        }
        if number && !self.value.is_number() {
            return refuse(format!("{field}.value"), "must be a number");
        }
        if self.text().is_none() {
            return refuse(format!("{field}.value"), "must be a text, a number, true or false");
        }
        check_text(&format!("{field}.value"), self.text().as_deref())
    }

    /// The value as the database writes properties.
    fn text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(self.value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

fn check_text(field: &str, text: Option<&str>) -> Result<(), Problem> {
    let Some(text) = text else { return Ok(()) };
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX || text.contains('\0') {
        return refuse(field, format!("must be 1 to {TEXT_CHARS_MAX} characters, without NUL"));
    }
    Ok(())
}

fn refuse<T>(field: impl Into<String>, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::field(FieldError::new(field, "invalid", message)))
}
