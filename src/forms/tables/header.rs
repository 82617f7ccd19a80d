//! Rows of labels: what stands below them is answers, or one person per row.
//!
//! Invariant: a row is a header only where most of its cells are known labels and most of those below are not.

use super::cells::Flat;
use super::{MAX_ROLE_WORDS, RowOrder, is_side};
use crate::forms::labels::{Field, LabelMatch, Who, spoken};
use crate::forms::pairs::{Reader, shape_of};

/// A row of labels with people below.
pub(super) fn header_row(
    reader: &Reader<'_>,
    filled: &[&Flat],
    next: Option<&Vec<Flat>>,
    order: RowOrder,
) -> Option<Vec<(usize, LabelMatch, String)>> {
    let is_expected = order == RowOrder::LabelsOverAnswers;
    if filled.len() < 2 {
        return None;
    }
    let mut header = Vec::new();
    for cell in filled {
        let label = reader.book.label(&cell.text);
        match label {
            // "Which are you? | Person harmed" is a question with its answer.
            Some(label) if label.role_only && filled.len() == 2 => return None,
            Some(label) if label.exact || label.guessed || label.words >= 2 => {
                header.push((cell.column, label, cell.text.clone()))
            }
            Some(_) | None
                if (filled.len() >= 4
                    || is_expected
                    || filled.len() == 3 && others_exact(reader, filled))
                    && !cell.text.contains(':')
                    && cell.text.len() < 60
                    && !cell.text.contains(|c: char| c.is_ascii_digit() || c == '@')
                    && shape_of(&cell.text).is_none() => {}
            Some(_) | None => return None,
        }
    }
    let next = next?;
    let next_labels = next
        .iter()
        .filter(|c| !c.is_blank())
        .filter(|c| reader.book.label(&c.text).is_some())
        .count();
    let first_next_is_label = next
        .first()
        .is_some_and(|c| !c.is_blank() && reader.book.label(&c.text).is_some_and(|l| !l.role_only));
    let names = header.iter().any(|(_, label, _)| {
        matches!(label.field, Field::Name | Field::Family | Field::Given)
            || label.field == Field::NameAndAgency
    });
    let enough = header.len() >= 3
        || (header.len() == 2 && filled.len() == 3)
        || (is_expected && header.iter().any(|(_, label, _)| !label.guessed))
        || (header.len() == 2 && filled.len() == 2 && names);
    let same_width = next.len() + 1 >= filled.len();
    (enough
        && (header.len() * 3 >= filled.len() * 2
            || header.len() >= 3 && header.len() * 2 > filled.len()
            || is_expected)
        && !first_next_is_label
        && next_labels * 2 < next.len().max(1)
        && same_width)
        .then_some(header)
}

/// Two of three cells are whole known labels: the third is one too.
fn others_exact(reader: &Reader<'_>, filled: &[&Flat]) -> bool {
    let exact = |cell: &&&Flat| {
        reader
            .book
            .label(&cell.text)
            .is_some_and(|label| label.exact && !label.role_only)
    };
    filled.iter().filter(exact).count() == 2
}

/// A row of nothing but labels, or of one cell.
pub(super) fn is_labels(reader: &Reader<'_>, row: &[Flat]) -> bool {
    let mut filled = row.iter().filter(|cell| !cell.is_blank());
    row.len() == 1
        || filled.all(|cell| {
            reader
                .book
                .label(&cell.text)
                .is_some_and(|label| !label.role_only)
        })
}

/// One of the answers says what somebody is ("Victim"): then it is a list of people with one entry.
pub(super) fn tells_role(reader: &Reader<'_>, row: Option<&Vec<Flat>>) -> bool {
    row.into_iter().flatten().any(|cell| {
        cell.text.split_whitespace().count() <= MAX_ROLE_WORDS
            && reader
                .book
                .role_in_answer(&cell.text)
                .is_some_and(|who| is_side(who) || who == Who::Supporter)
    })
}

/// Leaves out the column that explains the questions, where the header row says which that is.
pub(super) fn without_guidance(mut rows: Vec<Vec<Flat>>) -> Vec<Vec<Flat>> {
    const ANSWERS: [&str; 6] = [
        "answer",
        "answers",
        "response",
        "your answer",
        "your response",
        "details",
    ];
    const GUIDANCE: [&str; 9] = [
        "guidance",
        "guidance notes",
        "notes",
        "help",
        "help text",
        "example",
        "examples",
        "hint",
        "what to write",
    ];
    let Some(header) = rows.first() else { return rows };
    let column = |names: &[&str]| {
        let cell = header
            .iter()
            .find(|cell| names.contains(&spoken(&cell.text).as_str()));
        cell.map(|cell| cell.column)
    };
    if let (Some(_), Some(guidance)) = (column(&ANSWERS), column(&GUIDANCE)) {
        rows.remove(0);
        rows.iter_mut()
            .for_each(|row| row.retain(|cell| cell.column != guidance));
    }
    rows
}
