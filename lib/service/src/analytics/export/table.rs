//! A report's rows as a table: nested fields become columns, and no text becomes a formula.

use std::io;

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::{Map, Value};

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Most characters that a cell of a spreadsheet holds.
const CELL_CHARS_MAX: usize = 32_767;

/// Rows, each an object of plain values.
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Map<String, Value>>,
}

impl Table {
    /// The table of some rows. Columns stand in the order in which rows first name them.
    pub fn of(rows: &[Value]) -> Self {
        let rows: Vec<Map<String, Value>> = rows.iter().map(flat).collect();
        let mut columns: Vec<String> = Vec::new();
        for name in rows.iter().flat_map(Map::keys) {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        Self { columns, rows }
    }

    /// The table as CSV (RFC 4180), with the names of its columns where it is the first part.
    pub fn csv(&self, columns: &[String], with_names: bool) -> io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        if with_names {
            writer.write_record(columns.iter().map(|name| defused(name)))?;
        }
        for row in &self.rows {
            writer.write_record(
                columns.iter().map(|name| row.get(name).map_or_else(String::new, text)),
            )?;
        }
        writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }

    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The table as a workbook, with what the report says about itself on a second sheet.
    pub fn xlsx(&self, meta: &Value) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet().set_name("report")?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.columns) {
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        for (line, row) in (1..).zip(&self.rows) {
            for (column, name) in (0..).zip(&self.columns) {
                match row.get(name) {
                    None | Some(Value::Null) => {}
                    Some(Value::Bool(value)) => {
                        sheet.write_boolean(line, column, *value)?;
                    }
                    Some(Value::Number(number)) => {
                        sheet.write_number(line, column, number.as_f64().unwrap_or(0.0))?;
                    }
                    Some(value) => {
                        sheet.write_string(line, column, cell(value))?;
                    }
                }
            }
        }
        let sheet = book.add_worksheet().set_name("meta")?;
        for (line, (name, value)) in (0..).zip(&flat(meta)) {
            sheet.write_string_with_format(line, 0, name, &bold)?;
            sheet.write_string(line, 1, cell(value))?;
        }
        book.save_to_buffer()
    }
}

/// The text of a cell, no longer than a cell may be.
fn cell(value: &Value) -> String {
    plain(value).chars().take(CELL_CHARS_MAX).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The text of a value. A number stays one, whatever it begins with.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => defused(text),
        other => plain(other),
    }
}

/// A text that no spreadsheet takes for a formula.
fn defused(text: &str) -> String {
    if text.starts_with(FORMULA_STARTS) { format!("'{text}") } else { text.to_owned() }
}

/// The plain values of an object, each under its path. Lists stay as they are.
fn flat(value: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    flatten_into(&mut found, "", value);
    found
}

fn flatten_into(found: &mut Map<String, Value>, path: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten_into(found, &path, value);
            }
        }
        other => {
            let name = if path.is_empty() { "value" } else { path };
            found.insert(name.to_owned(), other.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn csv(rows: &[Value]) -> String {
        let table = Table::of(rows);
        let columns = table.columns().to_vec();
        String::from_utf8(table.csv(&columns, true).unwrap()).unwrap()
    }

    #[test]
    fn nested_fields_are_columns_in_the_order_of_their_first_row() {
        let rows = [
            json!({"step": "visit", "reached": {"num": 3, "value": null}}),
            json!({"step": "cart", "reached": {"num": 1, "value": 0.5}, "list": [1, 2]}),
        ];
        assert_eq!(
            csv(&rows),
            "step,reached.num,reached.value,list\nvisit,3,,\ncart,1,0.5,\"[1,2]\"\n"
        );
    }

    #[test]
    fn texts_that_look_like_formulas_are_defused_and_numbers_are_not() {
        for start in ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"] {
            let line = csv(&[json!({"a": start})]);
            assert!(line.contains(&format!("'{start}")), "{line:?}");
        }
        assert_eq!(csv(&[json!({"a": -1, "b": "a=1", "=c": 1})]), "a,b,'=c\n-1,a=1,1\n");
    }

    #[test]
    fn a_workbook_is_a_zip_with_two_sheets() {
        let book = Table::of(&[json!({"a": "=1", "b": 2, "c": true})])
            .xlsx(&json!({"tz": "UTC"}))
            .unwrap();
        assert_eq!(&book[..2], b"PK");
    }
}
