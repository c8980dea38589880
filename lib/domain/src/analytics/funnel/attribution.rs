//! Which value a unit is counted under where a funnel is broken down.

use super::events::UnitEvent;

/// What units without a value are counted under.
pub const NOT_SET: &str = "(not set)";

/// Which event of an attempt says what a unit is counted under.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attribution {
    /// The first with a value.
    #[default]
    First,
    /// The last with a value.
    Last,
    /// That of a step, counted from 1; units that did not reach it, or not with a value, are left out.
    Step(usize),
    /// All of them: units whose events differ are left out.
    All,
}

impl Attribution {
    /// The value of an attempt; nothing where it is left out.
    #[must_use]
    pub fn value<'a>(self, events: &'a [UnitEvent], attempt: &[usize]) -> Option<&'a str> {
        let mut values = attempt.iter().map(|place| events[*place].value.as_deref());
        match self {
            Self::First => Some(values.flatten().next().unwrap_or(NOT_SET)),
            Self::Last => Some(values.rev().flatten().next().unwrap_or(NOT_SET)),
            Self::Step(step) => values.nth(step.checked_sub(1)?)?,
            Self::All => {
                let first = values.next()?;
                values.all(|value| value == first).then(|| first.unwrap_or(NOT_SET))
            }
        }
    }
}
