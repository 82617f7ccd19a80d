//! Labels beside their answers: `label | answer`, `label | answer | label | answer`.
//!
//! Invariant: several cells are one answer only where they are the options of one question.

use super::cells::{Flat, cell_as_lines};
use crate::domain::Inline;
use crate::forms::labels::LabelMatch;
use crate::forms::pairs::Reader;
use crate::forms::values::{Answer, yes_no};

/// Longest option of a row of options.
const MAX_OPTION_BYTES: usize = 40;

/// `label | answer`, `label | answer | label | answer`, with help columns left out.
pub(super) fn plain_row(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>) {
    let mut cells = row.iter().peekable();
    while let Some(cell) = cells.next() {
        if cell.is_blank()
            || cell
                .text
                .chars()
                .all(|c| c.is_ascii_digit() || c == '.' || c == ')')
        {
            continue;
        }
        let label = reader.book.label(&cell.text);
        let Some(label) = label else {
            let stacked = cell.lines.len() > 1
                || cell.text.contains(':')
                || cell.text.contains('☐')
                || cell.text.contains('☒');
            if stacked {
                cell_as_lines(reader, cell, page);
                reader.close();
            } else if let Some(value) = cells.peek().filter(|v| reader.book.label(&v.text).is_none()) {
                reader.out.loose.push((value.text.clone(), page));
                cells.next();
            }
            continue;
        };
        reader.close();
        let mut values: Vec<&Flat> = Vec::new();
        while let Some(value) = cells.next_if(|value| !is_next_label(reader, value, label)) {
            values.push(value);
            // further cells are further options only where nothing else can be meant
            if !cells
                .peek()
                .is_some_and(|next| is_option_cell(reader, &values, next))
            {
                break;
            }
        }
        let answer = joined(&values);
        reader.pair(label, &cell.text, answer, page, None);
    }
}

/// Whether the cell after a label is itself a label, not its answer ("Title | Name"). A short word such as
/// "Parent" after "Relationship" is an answer.
fn is_next_label(reader: &Reader<'_>, cell: &Flat, before: LabelMatch) -> bool {
    if cell.is_blank() {
        return false;
    }
    reader.book.label(&cell.text).is_some_and(|label| {
        let bare_role = label.role_only;
        let asks = cell.heading || cell.text.trim_end().ends_with([':', '?']);
        asks && label.exact && !bare_role && label.field != before.field
    })
}

/// Whether a cell goes on with the options of the cells before: `Yes | No | Not asked`, each its own cell.
fn is_option_cell(reader: &Reader<'_>, before: &[&Flat], next: &Flat) -> bool {
    let mut all: Vec<&Flat> = before.to_vec();
    all.push(next);
    let short = all
        .iter()
        .all(|cell| cell.text.len() <= MAX_OPTION_BYTES && !cell.is_blank());
    let answer = joined(&all);
    let ticks = answer
        .lines
        .iter()
        .flatten()
        .any(|p| matches!(p, Inline::Tick { .. }));
    let said: Vec<bool> = all
        .iter()
        .map(|cell| yes_no(&cell.text, reader.book).is_some())
        .collect();
    short && (ticks || answer.clean(reader.book).is_blank() || said.iter().all(|yes_or_no| *yes_or_no))
}

/// Several cells as one answer.
fn joined(cells: &[&Flat]) -> Answer {
    match cells {
        [] => Answer::default(),
        [one] => one.answer(),
        many => {
            let mut line = Vec::new();
            for (at, cell) in many.iter().enumerate() {
                if at > 0 {
                    line.push(Inline::Text {
                        text: " / ".into(),
                        bold: false,
                        struck: false,
                    });
                }
                line.extend(cell.lines.iter().flatten().cloned());
            }
            Answer::of(vec![line])
        }
    }
}
