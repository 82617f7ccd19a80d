//! Several referrals in one document: a sheet with a row per case, or a form filled in again and again under
//! numbered headings. Each becomes a small document of its own, which is read as any form is.
//!
//! Invariant: what stands above the rows or the first heading belongs to every referral of the document.

use super::labels::{Field, LabelBook, Who, tokens};
use super::lines::split_breaks;
use crate::domain::{Block, Cell, Document, Inline, Row, Table, inline_text};
use std::collections::HashMap;

/// Most referrals of one document.
pub(super) const MAX_REFERRALS: usize = 200;
/// Fewest known labels of a header row whose rows are cases.
const MIN_LABELS: usize = 4;
/// Fewest filled cells of a row that is a case.
const MIN_CELLS: usize = 3;
/// Blocks above the rows that are read with each of them.
const MAX_COMMON_BLOCKS: usize = 12;
/// Longest cell that says what part somebody has, in words.
const MAX_ROLE_WORDS: usize = 5;
/// Longest heading of one of several referrals, in words: "Referral no 2 of 12".
const MAX_HEADING_WORDS: usize = 6;

/// A document taken apart.
pub(super) struct Apart {
    /// One document per referral, in order, at most [`MAX_REFERRALS`].
    pub(super) documents: Vec<Document>,
    /// Referrals beyond the limit, which were left out.
    pub(super) left_out: usize,
}

/// The referrals of a document that holds several; `None` for an ordinary one.
pub(super) fn apart(document: &Document, book: &LabelBook) -> Option<Apart> {
    let pieces = rows(document, book).or_else(|| numbered(document))?;
    let left_out = pieces.len().saturating_sub(MAX_REFERRALS);
    let documents = pieces
        .into_iter()
        .take(MAX_REFERRALS)
        .map(|blocks| Document {
            part: document.part.clone(),
            filename: document.filename.clone(),
            media_type: document.media_type.clone(),
            blocks,
            fields: Vec::new(),
            recognised: document.recognised,
        })
        .collect();
    Some(Apart { documents, left_out })
}

/// A spreadsheet or its text form.
pub(super) fn is_sheet(document: &Document) -> bool {
    document.media_type.contains("spreadsheet")
        || document.media_type.contains("excel")
        || document.media_type == "text/csv"
}

fn rows(document: &Document, book: &LabelBook) -> Option<Vec<Vec<Block>>> {
    document.blocks.iter().enumerate().find_map(|(at, block)| {
        let Block::Table(table) = block else { return None };
        let cases = cases_of(table, book, is_sheet(document))?;
        let above = document.blocks.get(at.saturating_sub(MAX_COMMON_BLOCKS)..at)?;
        let pieces = cases.into_iter().map(|case| {
            let mut blocks: Vec<Block> = above.iter().filter(|b| !is_table(b)).cloned().collect();
            blocks.push(Block::Table(case));
            blocks
        });
        Some(pieces.collect())
    })
}

fn is_table(block: &Block) -> bool {
    match block {
        Block::Table(_) => true,
        Block::Heading { .. }
        | Block::Paragraph { .. }
        | Block::ListItem { .. }
        | Block::Definition { .. }
        | Block::Rule
        | Block::Quote(_) => false,
    }
}

/// A table of `label | answer` for each row below a header row that asks for a whole case.
fn cases_of(table: &Table, book: &LabelBook, is_sheet: bool) -> Option<Vec<Table>> {
    let (at, header) = table
        .rows
        .iter()
        .enumerate()
        .take(MAX_COMMON_BLOCKS)
        .find(|(_, row)| asks_for_cases(row, book, is_sheet))?;
    let below: Vec<&Row> = table
        .rows
        .get(at + 1..)?
        .iter()
        .filter(|row| filled(row) >= MIN_CELLS)
        .collect();
    // Labels again below the answers: one form, not a list.
    if below.iter().any(|row| is_labels(row, book)) {
        return None;
    }
    if let Some(cases) = cases_of_people(header, &below, table.page, book) {
        return (cases.len() > 1).then_some(cases);
    }
    let cases: Vec<Table> = below
        .iter()
        .map(|row| Table {
            rows: header
                .cells
                .iter()
                .zip(&row.cells)
                .filter(|(label, _)| !cell_text(label).is_empty())
                .map(|(label, answer)| Row {
                    cells: vec![label.clone(), answer.clone()],
                })
                .collect(),
            page: table.page,
        })
        .collect();
    // A form may ask in a row of labels over one row of answers; a list of cases has more.
    (cases.len() > usize::from(!is_sheet)).then_some(cases)
}

fn filled(row: &Row) -> usize {
    row.cells
        .iter()
        .filter(|cell| !cell_text(cell).is_empty())
        .count()
}

/// Half of what stands in a row, two cells at least, are whole known labels.
fn is_labels(row: &Row, book: &LabelBook) -> bool {
    let labels = row.cells.iter().filter(|cell| {
        let label = book.label(&cell_text(cell));
        label.is_some_and(|label| label.exact && !label.role_only)
    });
    let count = labels.count();
    count >= 2 && count * 2 >= filled(row)
}

/// Rows of people, each with their part in a column of its own: the people of one incident are one case, a list below
/// the same labels. `None` where no column tells parts, or every row has a number of its own.
fn cases_of_people(header: &Row, rows: &[&Row], page: Option<u32>, book: &LabelBook) -> Option<Vec<Table>> {
    let text = |row: &Row, column: usize| row.cells.get(column).map(cell_text).unwrap_or_default();
    let tells_part = |column: usize| {
        rows.iter().all(|row| {
            let said = text(row, column);
            said.split_whitespace().count() <= MAX_ROLE_WORDS && book.role_in_answer(&said).is_some()
        })
    };
    (0..header.cells.len()).find(|column| tells_part(*column))?;
    let number_of = |wanted: Field| {
        let is_it = |cell: &Cell| {
            book.label(&cell_text(cell))
                .is_some_and(|label| label.field == wanted)
        };
        header.cells.iter().position(is_it)
    };
    let number = number_of(Field::CrimeNumber).or_else(|| number_of(Field::AgencyReference))?;
    let mut incidents: Vec<Vec<Row>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let at = *places.entry(text(row, number)).or_insert_with(|| {
            incidents.push(Vec::new());
            incidents.len() - 1
        });
        if let Some(people) = incidents.get_mut(at) {
            people.push((*row).clone());
        }
    }
    let is_shared = incidents.iter().any(|people| people.len() > 1);
    is_shared.then(|| {
        let case = |people: Vec<Row>| Table {
            rows: std::iter::once(header.clone()).chain(people).collect(),
            page,
        };
        incidents.into_iter().map(case).collect()
    })
}

/// A row of labels that names somebody and asks what happened. Below a list of the people of one case,
/// the incident is asked about elsewhere.
fn asks_for_cases(row: &Row, book: &LabelBook, is_sheet: bool) -> bool {
    if row.cells.iter().any(|cell| cell.columns > 1 || cell.rows > 1) {
        return false;
    }
    let labels: Vec<_> = row
        .cells
        .iter()
        .filter_map(|cell| book.label(&cell_text(cell)))
        .collect();
    let names = labels.iter().any(|label| {
        matches!(label.field, Field::Name | Field::Family | Field::Given)
            && label.person.is_none_or(|person| person.who != Who::Referrer)
    });
    let numbered = labels.iter().any(|label| label.field == Field::CrimeNumber);
    let of_the_incident = labels
        .iter()
        .filter(|label| {
            matches!(
                label.field,
                Field::CrimeNumber
                    | Field::AgencyReference
                    | Field::OffenceKind
                    | Field::OffenceDate
                    | Field::OffenceLocation
                    | Field::Summary
                    | Field::Outcome
            )
        })
        .count();
    let enough = if is_sheet {
        of_the_incident >= 1
    } else {
        numbered && of_the_incident >= 2
    };
    labels.len() >= MIN_LABELS && names && enough
}

fn cell_text(cell: &Cell) -> String {
    let mut text = String::new();
    for block in &cell.blocks {
        if let Block::Heading { text: pieces, .. }
        | Block::Paragraph { text: pieces, .. }
        | Block::ListItem { text: pieces, .. } = block
        {
            text.push_str(&inline_text(pieces));
            text.push(' ');
        }
    }
    text.trim().to_owned()
}

/// The parts below "Referral 1", "Referral 2" ...
fn numbered(document: &Document) -> Option<Vec<Vec<Block>>> {
    let mut starts: Vec<usize> = Vec::new();
    for (at, block) in document.blocks.iter().enumerate() {
        let wanted = u32::try_from(starts.len()).ok()? + 1;
        if numbered_heading(block) == Some(wanted) {
            starts.push(at);
        }
    }
    if starts.len() < 2 {
        return None;
    }
    let first = *starts.first()?;
    let common = document
        .blocks
        .get(first.saturating_sub(MAX_COMMON_BLOCKS)..first)?;
    let ends = starts.iter().skip(1).copied().chain([document.blocks.len()]);
    let pieces = starts.iter().zip(ends).map(|(start, end)| {
        let own = document.blocks.get(start + 1..end).unwrap_or_default();
        common.iter().chain(own).cloned().collect()
    });
    Some(pieces.collect())
}

/// `2` of a line of its own that says "Referral 2 of 3".
fn numbered_heading(block: &Block) -> Option<u32> {
    let (Block::Heading { text, .. } | Block::Paragraph { text, .. }) = block else {
        return None;
    };
    let lines: Vec<Vec<Inline>> = split_breaks(text);
    let [line] = lines.as_slice() else { return None };
    let words = tokens(&inline_text(line));
    if words.len() > MAX_HEADING_WORDS {
        return None;
    }
    let mut words = words.iter().map(String::as_str);
    matches!(
        words.next()?,
        "referral" | "case" | "submission" | "application" | "entry"
    )
    .then_some(())?;
    let number: u32 = words
        .find(|word| !matches!(*word, "no" | "number" | "form"))?
        .parse()
        .ok()?;
    let rest: Vec<&str> = words.collect();
    let counts = matches!(rest.as_slice(), ["of", total] if total.parse::<u32>().is_ok());
    (rest.is_empty() || counts).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraph(text: &str) -> Block {
        Block::Paragraph {
            text: vec![Inline::Text {
                text: text.into(),
                bold: false,
                struck: false,
            }],
            page: None,
        }
    }

    fn table(rows: &[&[&str]]) -> Block {
        let cell = |text: &&str| Cell {
            blocks: vec![paragraph(text)],
            columns: 1,
            rows: 1,
            header: false,
        };
        Block::Table(Table {
            rows: rows
                .iter()
                .map(|row| Row {
                    cells: row.iter().map(cell).collect(),
                })
                .collect(),
            page: None,
        })
    }

    fn count(media_type: &str, blocks: Vec<Block>) -> Option<usize> {
        let book = LabelBook::default_book().expect("the compiled-in labels are sound");
        let document = Document {
            media_type: media_type.into(),
            blocks,
            ..Document::default()
        };
        apart(&document, &book).map(|found| found.documents.len())
    }

    #[test]
    fn a_row_is_a_case_only_where_the_header_asks_for_one() {
        let cases = table(&[
            &["Crime number", "Offence", "Victim name", "Victim DOB"],
            &["42/1/26", "Theft", "Ann Lee", "01/02/1980"],
            &["42/2/26", "Assault", "Bo Day", "03/04/1990"],
        ]);
        assert_eq!(count("text/csv", vec![cases.clone()]), Some(2));
        assert_eq!(count("text/html", vec![cases]), Some(2));
        let people = table(&[
            &["Name", "Date of birth", "Address", "Telephone", "Offence"],
            &["Ann Lee", "01/02/1980", "1 High Street", "01632 960001", "Theft"],
            &["Bo Day", "03/04/1990", "2 High Street", "01632 960002", "Theft"],
        ]);
        assert_eq!(count("text/html", vec![people]), None);
    }

    #[test]
    fn numbered_headings_part_referrals_and_sentences_do_not() {
        let parted = |first: &str, second: &str| {
            count(
                "text/plain",
                vec![paragraph(first), paragraph("Victim: Ann Lee"), paragraph(second)],
            )
        };
        assert_eq!(parted("Referral 1 of 2", "Referral 2 of 2"), Some(2));
        assert_eq!(parted("CASE NO. 1", "CASE NO. 2"), Some(2));
        assert_eq!(parted("Referral 2", "Referral 3"), None);
        assert_eq!(
            parted("Referral 1 was made on Monday", "Referral 2 was made today"),
            None
        );
    }

    #[test]
    fn rows_beyond_the_limit_are_counted() {
        let header: &[&str] = &["Crime number", "Offence", "Victim name", "Victim DOB"];
        let row: &[&str] = &["42/1/26", "Theft", "Ann Lee", "01/02/1980"];
        let mut all = vec![header];
        all.extend(std::iter::repeat_n(row, MAX_REFERRALS + 3));
        let book = LabelBook::default_book().expect("the compiled-in labels are sound");
        let document = Document {
            media_type: "text/csv".into(),
            blocks: vec![table(&all)],
            ..Document::default()
        };
        let found = apart(&document, &book).expect("rows of cases");
        assert_eq!((found.documents.len(), found.left_out), (MAX_REFERRALS, 3));
    }
}
