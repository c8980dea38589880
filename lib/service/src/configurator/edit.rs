//! A change of the catalogue as an administrator sends it: JSON, or a price table as CSV.

use chrono::{DateTime, Utc};
use nest_haus_domain::configurator::{
    Catalogue, CatalogueDocument, CatalogueFault, Place, PriceRow, read_price_csv,
    succession_faults,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::http::{FieldError, Problem, Upload, read};

/// Most characters of a note.
const NOTE_CHARS_MAX: usize = 500;

/// What becomes of published lists that come into force after an edit. They were made before it, and
/// will undo it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheduled {
    /// The edit is refused with 409 where there are some.
    #[default]
    Refuse,
    /// They stay.
    Keep,
    /// They are withdrawn.
    Withdraw,
}

/// What to do with the changed catalogue. In the query of a CSV upload, in the body of a JSON one.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, IntoParams, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditOptions {
    /// The latest version that the editor saw (`latestVersion`); another one answers 409.
    pub expected_version: Option<i32>,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// Keep it without publishing it.
    #[serde(default)]
    pub draft: bool,
    /// When it comes into force; now, if left out.
    pub effective_from: Option<DateTime<Utc>>,
    /// What becomes of published lists that come into force later: `refuse` (default), `keep` or
    /// `withdraw`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(refuse|keep|withdraw)$")]
    pub scheduled: Scheduled,
    /// Allow that today's front end no longer finds some prices.
    #[serde(default)]
    pub accept_removals: bool,
    /// Why.
    #[serde(default)]
    #[param(max_length = 500)]
    pub note: String,
}

impl EditOptions {
    /// Checks what can be checked without the database.
    pub(super) fn check(&self, now: DateTime<Utc>) -> Result<i32, Problem> {
        let mut errors = Vec::new();
        if self.expected_version.is_none() {
            errors.push(FieldError::required("expectedVersion"));
        }
        if self.note.chars().count() > NOTE_CHARS_MAX || self.note.contains('\0') {
            let message = format!("at most {NOTE_CHARS_MAX} characters, none of them NUL");
            errors.push(FieldError::new("note", "too_long", message));
        }
        if self.effective_from.is_some_and(|from| from < now) {
            let message = "prices of the past stay as they were: must be now or later";
            errors.push(FieldError::new("effectiveFrom", "invalid", message));
        }
        if self.draft && self.effective_from.is_some() {
            let message = "a draft does not come into force";
            errors.push(FieldError::new("effectiveFrom", "unexpected", message));
        }
        match self.expected_version {
            Some(version) if errors.is_empty() => Ok(version),
            _ => Err(Problem::Invalid(errors)),
        }
    }
}

/// A change as JSON: one of `catalogue`, `prices` and `draftVersion`, and what to do with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JsonEdit {
    /// A whole catalogue.
    #[schema(value_type = Option<CatalogueDocument>)]
    catalogue: Option<Value>,
    /// A whole price table, the rest of the catalogue as it is.
    #[schema(value_type = Option<Vec<PriceRow>>)]
    prices: Option<Value>,
    /// A draft to publish as it is.
    draft_version: Option<i32>,
    #[serde(flatten)]
    #[schema(value_type = JsonEditOptions)]
    options: Value,
}

/// What to do with a change that comes as JSON. The same as the query of a price table.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "describes what is read as `EditOptions`, which knows no other fields"
)]
struct JsonEditOptions {
    /// The latest version that the editor saw (`latestVersion`); another one answers 409.
    expected_version: i32,
    /// Only say what would change.
    dry_run: Option<bool>,
    /// Keep it without publishing it.
    draft: Option<bool>,
    /// When it comes into force; now, if left out.
    effective_from: Option<DateTime<Utc>>,
    /// What becomes of published lists that come into force later; `refuse` if left out.
    scheduled: Option<Scheduled>,
    /// Allow that today's front end no longer finds some prices.
    accept_removals: Option<bool>,
    /// Why.
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// What a changed catalogue is made of.
#[derive(Debug)]
pub(super) enum Content {
    Catalogue(Box<CatalogueDocument>),
    Prices(Vec<PriceRow>),
    Csv(Vec<u8>),
    Draft(i32),
}

/// Reads an upload by its content type.
pub(super) fn read_edit(
    upload: &Upload,
    query: EditOptions,
) -> Result<(EditOptions, Content), Problem> {
    match upload.content_type.as_str() {
        "text/csv" => Ok((query, Content::Csv(upload.bytes.to_vec()))),
        "application/json" if query != EditOptions::default() => {
            let message = "with a JSON body these belong into the body";
            Err(Problem::field(FieldError::new("query", "unexpected", message)))
        }
        "application/json" => read_json_edit(&upload.json()?),
        _ => Err(Problem::UnsupportedMediaType("application/json or text/csv")),
    }
}

fn read_json_edit(body: &Value) -> Result<(EditOptions, Content), Problem> {
    let invalid = Problem::field;
    let edit: JsonEdit = read("", body).map_err(invalid)?;
    let options: EditOptions = read("", &edit.options).map_err(invalid)?;
    let content = match (&edit.catalogue, &edit.prices, edit.draft_version) {
        (Some(catalogue), None, None) => {
            refuse_unknown_fields(catalogue)?;
            Content::Catalogue(Box::new(read("catalogue", catalogue).map_err(invalid)?))
        }
        (None, Some(prices), None) => Content::Prices(read("prices", prices).map_err(invalid)?),
        (None, None, Some(version)) => Content::Draft(version),
        _ => {
            let message = "one of `catalogue`, `prices` and `draftVersion` is required";
            return Err(invalid(FieldError::new("catalogue", "required", message)));
        }
    };
    Ok((options, content))
}

/// Stored catalogues may hold fields of other releases; an edit may not, since they would be lost.
fn refuse_unknown_fields(catalogue: &Value) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let note = |path: serde_ignored::Path<'_>| {
        let field = format!("catalogue.{path}");
        errors.push(FieldError::new(field, "unknown", "there is no such field"));
    };
    // What cannot be read at all is told by the reading itself.
    let _read: Result<CatalogueDocument, _> = serde_ignored::deserialize(catalogue, note);
    if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid(errors)) }
}

impl Content {
    /// The changed catalogue, given the one that it was made from.
    pub(super) fn onto(
        self,
        base: &Catalogue,
        accept_removals: bool,
    ) -> Result<Catalogue, Problem> {
        let with_prices = |prices| CatalogueDocument { prices, ..base.document().clone() };
        let whole = matches!(self, Self::Catalogue(_));
        let mut lines = None;
        let document = match self {
            Self::Catalogue(document) => *document,
            Self::Prices(prices) => with_prices(prices),
            Self::Csv(bytes) => {
                let table = read_price_csv(&bytes, base).map_err(|faults| {
                    refuse(&faults, |place| in_csv(place, |line| u64::try_from(line).ok()))
                })?;
                lines = Some(table.lines);
                with_prices(table.rows)
            }
            Self::Draft(_) => return Err(Problem::NotFound("Draft")),
        };
        let place = |place: &Place| match &lines {
            Some(lines) => in_csv(place, |row| lines.get(row).copied()),
            None => in_json(place, whole),
        };
        let catalogue = Catalogue::new(document).map_err(|faults| refuse(&faults, place))?;
        let faults = succession_faults(base, &catalogue, accept_removals);
        if faults.is_empty() { Ok(catalogue) } else { Err(refuse(&faults, place)) }
    }
}

fn refuse(faults: &[CatalogueFault], name: impl Fn(&Place) -> String) -> Problem {
    let error = |fault: &CatalogueFault| {
        FieldError::new(name(&fault.place), fault.code, fault.message.clone())
    };
    Problem::Invalid(faults.iter().map(error).collect())
}

/// The path in the body, in a whole catalogue or in a price table alone.
fn in_json(place: &Place, whole: bool) -> String {
    let path = match place {
        Place::Field(path) => path.clone(),
        Place::Price { row, column } => match column.as_str() {
            "category" | "option" | "variant" | "price" => format!("prices[{row}].{column}"),
            size => format!("prices[{row}].prices.{size}"),
        },
    };
    if whole { format!("catalogue.{path}") } else { path }
}

/// Rows as a spreadsheet numbers them: from 1, the header first.
fn in_csv(place: &Place, line: impl Fn(usize) -> Option<u64>) -> String {
    match place {
        Place::Field(path) => path.clone(),
        Place::Price { row, column } => {
            format!("row {}, column {column}", line(*row).unwrap_or_default())
        }
    }
}
