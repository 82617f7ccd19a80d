//! People side by side: a row that names them, and the rows below it.
//!
//! Invariant: two or more people make such a row, each with columns of their own.

use super::cells::{Flat, cell_as_lines};
use super::is_side;
use crate::domain::inline_text;
use crate::forms::labels::{Person, Section, Strictness, Who};
use crate::forms::pairs::{Context, Reader, Subject};

/// A row that names two or more people, one per column.
pub(super) fn people_row(
    reader: &mut Reader<'_>,
    row: &[Flat],
    filled: &[&Flat],
    next: Option<&Vec<Flat>>,
) -> Option<Vec<(usize, usize, Subject)>> {
    let person_of = |reader: &Reader<'_>, cell: &Flat| -> Option<Person> {
        // "Person 1 is the" asks what somebody is.
        let asks = cell.text.trim_end().ends_with([':', '?']) || cell.text.trim_end().ends_with(" is the");
        let holds_answer =
            cell.text.contains(['☐', '☒']) || cell.lines.len() > 1 && names_a_field(reader, cell);
        if cell.text.len() > 80 || cell.lines.len() > 2 || asks || holds_answer {
            return None;
        }
        let Some(Section::Person(person)) = reader.book.section(&cell.text, Strictness::Some) else {
            return None;
        };
        let more = reader.book.label(&cell.text).is_some_and(|l| !l.role_only);
        let is_one = is_side(person.who)
            || matches!(person.who, Who::Somebody | Who::Supporter | Who::AppropriateAdult);
        (!more && is_one).then_some(person)
    };
    let people: Vec<(&Flat, Person)> = filled
        .iter()
        .filter_map(|cell| person_of(reader, cell).map(|person| (*cell, person)))
        .collect();
    let others = filled.len() - people.len();
    let label_column = row
        .first()
        .is_some_and(|cell| cell.is_blank() || person_of(reader, cell).is_none());
    let is_main = |(_, person): &(&Flat, Person)| is_side(person.who) || person.who == Who::Somebody;
    if people.len() < 2 || !people.iter().any(is_main) || others > usize::from(label_column) {
        return None;
    }
    let own = !matches!(reader.context, Context::Consent);
    let mut columns = Vec::new();
    let places = people_columns(&people, label_column, next.map_or(0, Vec::len));
    for ((_, person), (start, end)) in people.into_iter().zip(places) {
        let occurrence = if own { reader.next_occurrence() } else { 0 };
        columns.push((
            start,
            end,
            Subject::Person {
                person,
                occurrence,
                own,
            },
        ));
    }
    Some(columns)
}

/// The first line of a cell is a label, so that what stands below it is an answer.
fn names_a_field(reader: &Reader<'_>, cell: &Flat) -> bool {
    let first = cell
        .lines
        .first()
        .map(|line| inline_text(line))
        .unwrap_or_default();
    reader
        .book
        .label(first.trim())
        .is_some_and(|label| !label.role_only)
}

/// The columns below each person's title. Where the row leaves out the blank cell above the labels, they
/// stand one further right; where each person has labels of their own, up to the next person.
fn people_columns(people: &[(&Flat, Person)], label_column: bool, below: usize) -> Vec<(usize, usize)> {
    let own = |(cell, _): &(&Flat, Person)| (cell.column, cell.column + cell.span);
    let plain: Vec<(usize, usize)> = people.iter().map(own).collect();
    let count = people.len();
    let is_narrow = people.iter().all(|(cell, _)| cell.span == 1);
    if label_column || !is_narrow {
        return plain;
    }
    if below == count + 1 && plain.iter().enumerate().all(|(at, (start, _))| at == *start) {
        return plain.iter().map(|(start, end)| (start + 1, end + 1)).collect();
    }
    if below >= 2 * count {
        let is_packed = plain.iter().enumerate().all(|(at, (start, _))| at == *start);
        if is_packed && below.is_multiple_of(count) {
            let width = below / count;
            return (0..count).map(|at| (at * width, (at + 1) * width)).collect();
        }
        let next_start = |at: usize| plain.get(at + 1).map_or(usize::MAX, |(start, _)| *start);
        return plain
            .iter()
            .enumerate()
            .map(|(at, (start, _))| (*start, next_start(at)))
            .collect();
    }
    plain
}

/// Rows under columns of people: `label | answer | answer`, `label | answer | label | answer`, or
/// `Label: answer` inside each column.
pub(super) fn people_cells(
    reader: &mut Reader<'_>,
    row: &[Flat],
    page: Option<u32>,
    people: &[(usize, usize, Subject)],
) {
    let owner = |cell: &Flat| {
        people
            .iter()
            .find(|(start, end, _)| (*start..*end).contains(&cell.column))
            .map(|p| p.2)
    };
    let label_cell = row.first().filter(|cell| owner(cell).is_none());
    if let Some(label_cell) = label_cell {
        let Some(label) = reader.book.label(&label_cell.text) else {
            for cell in row.iter().skip(1) {
                if let Some(subject) = owner(cell) {
                    reader.unmapped_of(&label_cell.text, cell.answer(), page, subject);
                }
            }
            return;
        };
        for cell in row.iter().skip(1) {
            if let Some(subject) = owner(cell) {
                reader.pair(label, &label_cell.text, cell.answer(), page, Some(subject));
            }
        }
        return;
    }
    for (start, end, subject) in people {
        let cells: Vec<&Flat> = row
            .iter()
            .filter(|c| (*start..*end).contains(&c.column))
            .collect();
        match cells.as_slice() {
            [label_cell, value, ..] => match reader.book.label(&label_cell.text) {
                Some(label) => {
                    reader.pair(label, &label_cell.text, value.answer(), page, Some(*subject));
                }
                None => reader.unmapped_of(&label_cell.text, value.answer(), page, *subject),
            },
            [cell] => {
                let before = reader.context;
                if let Subject::Person {
                    person,
                    occurrence,
                    own,
                } = subject
                {
                    reader.context = Context::Person {
                        person: *person,
                        occurrence: *occurrence,
                        own: *own,
                    };
                }
                cell_as_lines(reader, cell, page);
                reader.close();
                reader.context = before;
            }
            [] => {}
        }
    }
}
