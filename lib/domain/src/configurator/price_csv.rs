//! A price table as a spreadsheet: read with every fault named by row and column, and written.
//!
//! One row an option (and variant), one column a size; `price` holds what costs the same in all
//! sizes. Cells are euros, with two decimals where there are cents, or `on_request`.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::catalogue_check::{CatalogueFault, FAULTS_MAX, Place};
use super::price::{Price, PriceRow};

/// Columns that every table has, before those of the sizes.
const COLUMNS: [&str; 4] = ["category", "option", "variant", "price"];

/// The rows of a file, and the lines that they stand in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceTable {
    /// The rows.
    pub rows: Vec<PriceRow>,
    /// The line of each row, from 1, the header first.
    pub lines: Vec<u64>,
}

/// Reads a price table. Faults name the line of a row in place of its index. Empty rows are left out.
/// Commas or semicolons separate cells; a byte order mark is allowed.
pub fn read_price_csv(
    bytes: &[u8],
    catalogue: &Catalogue,
) -> Result<PriceTable, Vec<CatalogueFault>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        let message = format!("line {} is not UTF-8: save the file as CSV UTF-8", line + 1);
        vec![whole("encoding", message)]
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let columns = columns(&mut reader, catalogue)?;
    let (mut table, mut faults) = (PriceTable::default(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                table.rows.push(row(line, &record, &columns, &mut faults));
                table.lines.push(line);
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(at_line(line, "category", "malformed", error.to_string()));
            }
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

fn at_line(line: u64, column: &str, code: &'static str, message: String) -> CatalogueFault {
    let row = usize::try_from(line).unwrap_or(usize::MAX);
    CatalogueFault::price(row, column, code, message)
}

fn whole(code: &'static str, message: impl Into<String>) -> CatalogueFault {
    CatalogueFault { place: Place::Field("file".to_owned()), code, message: message.into() }
}

/// The names of the columns, each known and there once.
fn columns(
    reader: &mut csv::Reader<&[u8]>,
    catalogue: &Catalogue,
) -> Result<Vec<String>, Vec<CatalogueFault>> {
    let header = reader.headers().map_err(|error| vec![whole("malformed", error.to_string())])?;
    let found: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let sizes = catalogue.sizes().map(|size| size.id.as_str());
    let expected: Vec<&str> = COLUMNS.into_iter().chain(sizes).collect();
    let mut faults = Vec::new();
    for name in &expected {
        if !found.iter().any(|column| column == name) {
            faults.push(whole("missing", format!("the header has no column `{name}`")));
        }
    }
    for (index, name) in found.iter().enumerate() {
        if !expected.contains(&name.as_str()) {
            faults.push(whole("unknown", format!("the header has an unknown column `{name}`")));
        } else if found.iter().take(index).any(|earlier| earlier == name) {
            faults.push(whole("duplicate", format!("the header has the column `{name}` twice")));
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn row(
    line: u64,
    record: &csv::StringRecord,
    columns: &[String],
    faults: &mut Vec<CatalogueFault>,
) -> PriceRow {
    let mut fault = |column: &str, code, message| {
        faults.push(at_line(line, column, code, message));
    };
    if record.len() != columns.len() {
        let message = format!("{} cells; the header has {}", record.len(), columns.len());
        fault("category", "malformed", message);
    }
    let mut row = PriceRow {
        category: String::new(),
        option: String::new(),
        variant: None,
        price: None,
        prices: BTreeMap::new(),
    };
    for (column, cell) in columns.iter().zip(record) {
        let cell = cell.trim();
        match (column.as_str(), cell) {
            ("category" | "option" | "variant", text) if is_formula(text) => {
                fault(column, "formula", "a formula is not allowed".to_owned());
            }
            ("category", text) => text.clone_into(&mut row.category),
            ("option", text) => text.clone_into(&mut row.option),
            ("variant", text) => row.variant = (!text.is_empty()).then(|| text.to_owned()),
            (_, "") => {}
            (column, text) => match read_price(text) {
                Ok(price) if column == "price" => row.price = Some(price),
                Ok(price) => {
                    row.prices.insert(column.to_owned(), price);
                }
                Err((code, message)) => fault(column, code, message),
            },
        }
    }
    row
}

/// Spreadsheets take a cell that begins so for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '@', '-', '\t'])
}

/// Reads euros, or what says that a price must be asked for.
fn read_price(cell: &str) -> Result<Price, (&'static str, String)> {
    if cell == Price::ON_REQUEST || cell == "-" {
        return Ok(Price::OnRequest);
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = cell.strip_prefix('-')
        && rest.split(['.', ',']).all(is_number)
    {
        return Err(("negative", format!("{cell} is negative: a price is 0 or more")));
    }
    if is_formula(cell) {
        return Err(("formula", "a formula is not allowed: write its result".to_owned()));
    }
    let (euros, cents) = cell.split_once(['.', ',']).unwrap_or((cell, "00"));
    let invalid = || {
        let message =
            format!("`{cell}` is no price: write euros as 24413 or 24413.50, or on_request");
        ("invalid", message)
    };
    if !is_number(euros) || !is_number(cents) || cents.len() != 2 {
        return Err(invalid());
    }
    format!("{euros}{cents}").parse().ok().and_then(Price::of_cents).ok_or_else(|| {
        let most = Price::Amount(Price::CENTS_MAX);
        ("invalid", format!("`{cell}` is more than the greatest price, {most}"))
    })
}

/// Writes the price table of a catalogue.
pub fn write_price_csv(catalogue: &Catalogue) -> Result<String, csv::Error> {
    let sizes: Vec<&str> = catalogue.sizes().map(|size| size.id.as_str()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().chain(&sizes))?;
    for row in &catalogue.document().prices {
        let cell = |price: Option<Price>| price.map(|price| price.to_string()).unwrap_or_default();
        let mut record =
            vec![row.category.clone(), row.option.clone(), row.variant.clone().unwrap_or_default()];
        record.push(cell(row.price));
        record.extend(sizes.iter().map(|size| cell(row.prices.get(*size).copied())));
        writer.write_record(&record)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::first;
    use super::super::catalogue_check::CatalogueFault;
    use super::super::samples::any_list;
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "category,option,variant,price,nest80,nest100,nest120,nest140,nest160\n";

    fn fault_of(rows: &str) -> CatalogueFault {
        let faults = read_price_csv(format!("{HEADER}{rows}").as_bytes(), &first()).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.into_iter().next().unwrap()
    }

    #[test]
    fn bad_cells_are_named_by_row_and_column() {
        for (cell, code) in [
            ("-1", "negative"),
            ("-1.50", "negative"),
            ("=1+1", "formula"),
            ("+1", "formula"),
            ("@SUM(A1)", "formula"),
            ("-A1", "formula"),
            ("213.032", "invalid"),
            ("1e3", "invalid"),
            ("12 €", "invalid"),
            ("1.5", "invalid"),
            ("99999999999", "invalid"),
            ("99999999999999999999999", "invalid"),
        ] {
            let good = "nest,nest80,,1,,,,,\n";
            let fault = fault_of(&format!("{good}gebaeudehuelle,trapezblech,,,1,{cell},1,1,1\n"));
            assert_eq!(fault.code, code, "{cell}");
            assert_eq!(fault.place, Place::Price { row: 3, column: "nest100".into() }, "{cell}");
        }
        assert_eq!(fault_of("=x,nest80,,1,,,,,\n").code, "formula");
        assert_eq!(fault_of("nest,nest80\n").code, "malformed");
    }

    #[test]
    fn both_decimal_marks_delimiters_and_spellings_are_read() {
        let text = format!("\u{feff}{HEADER}fussboden,parkett,,,1,\"2,50\",-,on_request,4.05\n");
        let rows = read_price_csv(text.as_bytes(), &first()).unwrap().rows;
        let cents: Vec<_> = rows[0].prices.values().map(|price| price.cents()).collect();
        assert_eq!(cents, [Some(250), None, None, Some(405), Some(100)]);
        let text = format!("{HEADER}nest,nest80,,1,,,,,\n").replace(',', ";");
        assert_eq!(
            read_price_csv(text.as_bytes(), &first()).unwrap().rows[0].price,
            Some(Price::Amount(100))
        );
    }

    #[test]
    fn rows_are_named_by_their_lines() {
        let rows = "\n,,,,,,,,\n\"nest\n\",nest80,,1,,,,,\nnest,nest100,,x,,,,,\n";
        let fault = fault_of(rows);
        assert_eq!(fault.place, Place::Price { row: 6, column: "price".into() });
        let rows = "\n,,,,,,,,\nnest,nest100,,1,,,,,\n";
        let table = read_price_csv(format!("{HEADER}{rows}").as_bytes(), &first()).unwrap();
        assert_eq!((table.rows.len(), table.lines), (1, vec![4]));
    }

    #[test]
    fn a_file_that_is_no_table_is_refused() {
        let refusal = |bytes: &[u8]| read_price_csv(bytes, &first()).unwrap_err();
        let latin = [HEADER.as_bytes(), b"nest,geb\xe4ude,,1,,,,,\n"].concat();
        assert_eq!(refusal(&latin)[0].code, "encoding");
        assert!(refusal(&latin)[0].message.contains("line 2"));
        assert_eq!(refusal(b"").len(), 9);
        assert_eq!(refusal(HEADER.replace("nest80", "nest90").as_bytes()).len(), 2);
        assert_eq!(refusal(HEADER.replace("nest80", "nest100").as_bytes()).len(), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_written_table_reads_as_it_was(list in any_list()) {
            let text = write_price_csv(&list.catalogue).unwrap();
            let table = read_price_csv(text.as_bytes(), &list.catalogue).unwrap();
            prop_assert_eq!(&table.rows, &list.catalogue.document().prices);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_price_csv(&bytes, &first());
        }
    }
}
