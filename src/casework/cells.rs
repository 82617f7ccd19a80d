//! Comma-separated values (RFC 4180) for spreadsheets and case management systems: UTF-8, CRLF, a header row.
//!
//! # Security
//! The cells are other people's texts. One that a spreadsheet would take for a formula gets an apostrophe in front, and
//! [`as_written`] takes exactly that apostrophe away again.

use std::borrow::Cow;

/// A spreadsheet takes a cell that begins so for a formula; the wide signs count in some of them.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A table; every row has as many cells as the header.
///
/// # Errors
/// Where a row has not: then nothing is written.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> Result<String, csv::Error> {
    let inert = rows
        .iter()
        .map(|row| row.iter().map(|cell| inert(cell)).collect());
    raw_table(header, inert)
}

/// The same without the apostrophes: for what no spreadsheet opens.
pub(super) fn raw_table<'a>(
    header: &[&str],
    rows: impl Iterator<Item = Vec<Cow<'a, str>>>,
) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| cell.as_bytes()))?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    // Only text went in.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that no spreadsheet takes for a formula.
pub fn inert(cell: &str) -> Cow<'_, str> {
    match behind_apostrophes(cell).starts_with(FORMULA_STARTS) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

/// A cell as it was before [`inert`].
pub fn as_written(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if behind_apostrophes(rest).starts_with(FORMULA_STARTS) => rest,
        Some(_) | None => cell,
    }
}

fn behind_apostrophes(cell: &str) -> &str {
    cell.trim_start_matches('\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let records = reader.records();
        records
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn a_formula_becomes_text_and_comes_back() {
        for (cell, written) in [
            ("=SUM(A1:A9)", "'=SUM(A1:A9)"),
            ("+44 7700 900461", "'+44 7700 900461"),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
            ("O'Brien", "O'Brien"),
            ("", ""),
        ] {
            assert_eq!(inert(cell), written);
            assert_eq!(as_written(written), cell);
        }
    }

    #[test]
    fn a_row_of_another_length_is_no_table() {
        assert!(table(&["a", "b"], &[vec!["1".to_owned()]]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_no_cell_is_a_formula(
            rows in prop::collection::vec(
                prop::collection::vec(prop_oneof![any::<String>(), "[=+@'\t\r\n,\";-]{0,4}.{0,3}"], 3), 0..6),
        ) {
            let text = table(&["a", "b", "c"], &rows).unwrap();
            let back = read(&text);
            prop_assert_eq!(&back[0], &["a", "b", "c"]);
            for cell in back[1..].iter().flatten() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{:?}", cell);
            }
            let back: Vec<Vec<String>> = back[1..]
                .iter()
                .map(|row| row.iter().map(|cell| as_written(cell).to_owned()).collect())
                .collect();
            prop_assert_eq!(back, rows);
        }
    }
}
