//! A list of people: one per row, under header labels.
//!
//! Invariant: whoever fills the form in is not in a list of people.

use super::cells::Flat;
use super::plain::plain_row;
use super::{MAX_ROLE_WORDS, Mode, is_side};
use crate::forms::labels::{Field, LabelMatch, Person, Who};
use crate::forms::pairs::{Context, Reader, Subject};

/// One person per row, under header labels. Gives back who that is.
pub(super) fn person_row(
    reader: &mut Reader<'_>,
    row: &[Flat],
    page: Option<u32>,
    mode: &Mode,
) -> (Person, u32) {
    let person = person_of(reader, row, mode);
    let occurrence = reader.next_occurrence();
    let column_subject = Subject::Person {
        person,
        occurrence,
        own: true,
    };
    for (column, label, text) in &mode.header {
        let Some(cell) = cell_at(row, *column) else {
            continue;
        };
        let subject = match label.person {
            Some(own) if is_side(own.who) || own.who == Who::Supporter => Subject::Person {
                person: Person {
                    of: own.of.or(Some(person.who)).filter(|_| own.who == Who::Supporter),
                    ..own
                },
                occurrence,
                own: true,
            },
            Some(_) | None => column_subject,
        };
        // In a list of parents "Parent of" names the child; in a list of children "Parent" names the parent.
        let names_child = person.who == Who::Supporter || text.trim_end().to_lowercase().ends_with(" of");
        let field = if names_child && label.role_only && label.person.is_some_and(|p| p.who == Who::Supporter)
        {
            Field::ChildOf
        } else {
            label.field
        };
        let subject = if field == Field::ChildOf {
            column_subject
        } else {
            subject
        };
        reader.pair(
            LabelMatch { field, ..*label },
            text,
            cell.answer(),
            page,
            Some(subject),
        );
    }
    untitled(reader, row, page, mode, column_subject);
    (person, occurrence)
}

/// A row of one label and its answer below the wider row of a person: more of the same person. `false` where it is
/// none.
pub(super) fn told_of_last(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>, mode: &Mode) -> bool {
    let columns = mode.header.len() + mode.untitled.len();
    let (Some((person, occurrence)), [label, _]) = (mode.last, row) else {
        return false;
    };
    let asks = reader.book.label(&label.text).is_some() || label.text.trim_end().ends_with(['?', ':']);
    if !asks || columns <= row.len() {
        return false;
    }
    let before = reader.context;
    reader.context = Context::Person {
        person,
        occurrence,
        own: true,
    };
    plain_row(reader, row, page);
    reader.close();
    reader.context = before;
    true
}

/// Columns whose title nobody knows, read by what stands in them.
fn untitled(reader: &mut Reader<'_>, row: &[Flat], page: Option<u32>, mode: &Mode, subject: Subject) {
    for cell in row {
        let headed = mode
            .header
            .iter()
            .any(|(column, _, _)| (cell.column..cell.column + cell.span).contains(column));
        if !headed && !cell.is_blank() {
            let title = mode.untitled.iter().find(|(column, _)| cell.column == *column);
            let title = title.map(|(_, text)| text.clone()).unwrap_or_default();
            reader.unmapped_of(&title, cell.answer(), page, subject);
        }
    }
}

/// Who a row is about: by the title of the list, unless a cell says what they are.
fn person_of(reader: &Reader<'_>, row: &[Flat], mode: &Mode) -> Person {
    let nobody = Person {
        who: Who::Somebody, // no title says that they are the sides of a dispute
        number: None,
        of: None,
    };
    let mut person = match reader.context {
        Context::Person { person, .. } if !matches!(person.who, Who::You | Who::Them | Who::Referrer) => {
            Person {
                number: None,
                ..person
            }
        }
        // Whoever fills the form in is not in a list of people with a title of its own.
        Context::Person { .. } => nobody,
        Context::Nothing | Context::Offence | Context::Consent | Context::Risk | Context::Skip => nobody,
    };
    for (column, label, _) in &mode.header {
        if matches!(label.field, Field::JobTitle | Field::SelfRole | Field::TheirRole)
            && let Some(cell) = cell_at(row, *column)
            && let Some(who) = reader
                .book
                .role_in_answer(&cell.text)
                .filter(|who| is_side(*who) || *who == Who::Supporter)
        {
            person.who = who;
        }
    }
    // A column whose title says nothing may hold what each person is ("Involvement": "Harmed").
    let untold = row.iter().filter(|cell| {
        let headed = mode
            .header
            .iter()
            .any(|(column, _, _)| (cell.column..cell.column + cell.span).contains(column));
        !headed && cell.text.split_whitespace().count() <= MAX_ROLE_WORDS
    });
    if matches!(person.who, Who::Party | Who::Somebody)
        && let Some(who) = untold
            .filter_map(|cell| reader.book.role_in_answer(&cell.text))
            .find(|who| is_side(*who) || *who == Who::Supporter)
    {
        person.who = who;
    }
    person
}

fn cell_at(row: &[Flat], column: usize) -> Option<&Flat> {
    row.iter()
        .find(|c| (c.column..c.column + c.span).contains(&column))
}
