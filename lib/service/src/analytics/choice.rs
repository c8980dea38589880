//! Parameters that take one of a few values.

use crate::http::{FieldError, Problem};

/// The value that a parameter names, the first where it is absent.
pub(super) fn choice<T: Copy>(
    field: &'static str,
    asked: Option<&str>,
    allowed: &[(&'static str, T)],
) -> Result<T, Problem> {
    let found = match asked {
        None => allowed.first(),
        Some(asked) => allowed.iter().find(|(name, _)| *name == asked),
    };
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
        refused(field, format!("must be one of {}", names.join(", ")))
    })
}

/// A number that a parameter names, within bounds; a default where it is absent.
pub(super) fn bounded(
    field: &'static str,
    asked: Option<usize>,
    default: usize,
    bounds: std::ops::RangeInclusive<usize>,
) -> Result<usize, Problem> {
    let value = asked.unwrap_or(default);
    if bounds.contains(&value) {
        return Ok(value);
    }
    Err(refused(field, format!("must be {} to {}", bounds.start(), bounds.end())))
}

/// A value that its parameter does not allow.
pub(super) fn refused(field: &'static str, message: impl Into<String>) -> Problem {
    Problem::field(FieldError::new(field, "invalid", message))
}
