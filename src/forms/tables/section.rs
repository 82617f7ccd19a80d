//! A row of one cell that starts a part of the form.
//!
//! Invariant: a cell that holds an answer, or has its answer in the row below, starts nothing.

use super::cells::{Flat, as_line};
use crate::forms::labels::{Field, Person, Section, Strictness, Who};
use crate::forms::pairs::{Context, Reader, asks, follows, ordinal};

pub(super) fn lone_cell_section(reader: &mut Reader<'_>, cell: &Flat, next: Option<&Vec<Flat>>) -> bool {
    // label row, then a row with a spacer and the answer
    let answer_follows = next.is_some_and(|row| {
        row.len() > 1
            && row.first().is_some_and(Flat::is_blank)
            && row.iter().filter(|c| !c.is_blank()).count() == 1
    });
    if answer_follows {
        return false;
    }
    if holds_answer(reader, &cell.text) {
        return false;
    }
    if cell.lines.len() > 2 || cell.text.contains('☐') || cell.text.contains('☒') {
        return false;
    }
    let capitals = !cell.text.chars().any(char::is_lowercase);
    let is_numbered = ordinal(&cell.text).is_some(); // "Part 3: Offence and order", however it is drawn
    let strictness = if cell.heading || capitals || is_numbered {
        Strictness::Some
    } else {
        Strictness::Every
    };
    let first_line = first_sentence(cell.text.lines().next().unwrap_or_default());
    let label = reader.book.label(first_line);
    let Some(section) = reader.book.section(first_line, strictness) else {
        let counts_on =
            label.is_none() && !first_line.ends_with(['?', ':']) && follows(&reader.heading, first_line);
        if counts_on {
            reader.enter_unknown(first_line);
        }
        return counts_on;
    };
    if cell.lines.len() > 1 && label.is_some_and(|l| l.field.is_story()) {
        return false; // "WHAT HAPPENED?" with the answer below it in the same cell
    }
    let bare_role = label.is_some_and(|l| l.role_only);
    if label.is_some_and(|label| asks(&label, first_line))
        && (cell.lines.len() == 1 && (first_line.ends_with('?') || label.is_some_and(|l| l.person.is_some())))
    {
        return false;
    }
    // "The person you are referring": a part, not a question which side they are on.
    let names_them = label.is_some_and(|l| l.field == Field::TheirRole) && !first_line.ends_with(['?', ':']);
    if !names_them
        && label.is_some_and(|l| {
            l.exact && !bare_role && !l.field.is_story() && (l.words > 1 || !cell.heading) && !capitals
        })
    {
        return false;
    }
    if first_line.ends_with(':') && !cell.heading {
        return false;
    }
    // Inside the part about what happened, "Offence" over a cell of its own asks which.
    let is_asked_here = reader.context == Context::Offence
        && label.is_some_and(|l| l.exact && l.field == Field::OffenceKind)
        && next.is_some_and(|row| {
            matches!(row.as_slice(), [answer] if !answer.is_blank() && reader.book.label(&answer.text).is_none())
        });
    if is_asked_here {
        return false;
    }
    if reader.is_form_title(first_line) {
        return true;
    }
    if names_them {
        let them = Person {
            who: Who::Them,
            number: None,
            of: None,
        };
        reader.enter(Section::Person(them), first_line);
        return true;
    }
    if label.is_some_and(|l| !l.role_only && l.field.is_story() && (l.exact || l.guessed || l.words >= 2)) {
        let line = as_line(&cell.lines.first().cloned().unwrap_or_default(), true);
        reader.line(&line, false);
    } else {
        reader.enter(section, first_line);
    }
    true
}

/// `Crime number: 42/1/26`: a label and its answer, though its words are those of a heading.
fn holds_answer(reader: &Reader<'_>, text: &str) -> bool {
    let first_line = text.lines().next().unwrap_or_default();
    first_line.split_once(':').is_some_and(|(label, answer)| {
        answer.chars().any(char::is_alphanumeric) && reader.book.label(label).is_some_and(|l| l.exact)
    })
}

/// A line up to the end of its first sentence; "A." before a heading ends none.
fn first_sentence(line: &str) -> &str {
    let end = line.match_indices(". ").map(|(at, _)| at).find(|at| {
        line.get(..*at)
            .is_some_and(|before| before.split_whitespace().count() > 1)
    });
    end.and_then(|at| line.get(..at)).unwrap_or(line)
}
