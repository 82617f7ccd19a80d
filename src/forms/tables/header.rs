//! Rows of labels: what stands below them is answers, or one person per row.
//!
//! Invariant: a row is a header only where most of its cells are known labels and most of those below are not.

use super::cells::Flat;
use super::{MAX_ROLE_WORDS, RowOrder, is_side};
use crate::forms::labels::{Field, LabelMatch, Who};
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

/// Fewest rows of a table that alternates.
const MIN_ALTERNATING: usize = 4;

/// From its first row to its last, rows of labels stand over rows of answers.
pub(super) fn alternates(reader: &Reader<'_>, rows: &[Vec<Flat>]) -> bool {
    let wide: Vec<&Vec<Flat>> = rows
        .iter()
        .filter(|row| row.iter().filter(|cell| !cell.is_blank()).count() >= 2)
        .collect();
    let (pairs, rest) = wide.as_chunks::<2>();
    let is_pair = |[labels, answers]: &[&Vec<Flat>; 2]| {
        labels.len() == answers.len()
            && labels.len() >= 3
            && mostly_labels(reader, labels)
            && !mostly_labels(reader, answers)
    };
    wide.len() >= MIN_ALTERNATING && rest.is_empty() && pairs.iter().all(is_pair)
}

/// More than half of the cells are labels that ask for something.
fn mostly_labels(reader: &Reader<'_>, row: &[Flat]) -> bool {
    let (mut all, mut labels) = (0_usize, 0_usize);
    for cell in row.iter().filter(|cell| !cell.is_blank()) {
        all += 1;
        let label = reader.book.label(&cell.text);
        labels += usize::from(label.is_some_and(|label| !label.role_only));
    }
    labels * 2 > all
}
