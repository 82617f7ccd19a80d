//! Which facts are one person's.
//!
//! Invariant: a second name, or a second section that tells who it is about, is a second person.

use super::{answered, is_helper, numbered};
use crate::domain::names;
use crate::forms::labels::{Field, LabelBook, Person, Who, spoken};
use crate::forms::pairs::{Fact, Facts, Subject};
use crate::forms::person::is_of_nobody_known;

/// Most people of one form; more is not a referral form.
const MAX_SLOTS: usize = 200;

/// One person of the form.
pub(super) struct Slot {
    pub(super) who: Who,
    number: Option<u8>,
    pub(super) of: Option<Who>,
    pub(super) occurrences: Vec<u32>,
    pub(super) identified: bool,
    name: Option<String>,
    pub(super) facts: Vec<usize>,
}

/// Puts a fact with the person it is about, opening a new one where it must be somebody else.
pub(super) fn place_fact(
    slots: &mut Vec<Slot>,
    read: &Facts,
    at: usize,
    person: Person,
    occurrence: u32,
    own: bool,
    book: &LabelBook,
) {
    let Some(fact) = read.facts.get(at) else { return };
    let same = |slot: &Slot| {
        slot.who == person.who
            && (!is_helper(person.who) || person.of.is_none() || slot.of.is_none() || slot.of == person.of)
    };
    let by_occurrence = slots
        .iter()
        .position(|s| same(s) && occurrence > 0 && s.occurrences.contains(&occurrence));
    let found = if by_occurrence.is_some() {
        by_occurrence
    } else if own {
        slots.iter().position(|s| {
            same(s)
                && !s.identified
                && s.occurrences.is_empty()
                && s.number.is_none_or(|n| person.number == Some(n))
        })
    } else if person.number.is_some() {
        slots.iter().position(|s| same(s) && s.number == person.number)
    } else if occurrence == 0 {
        slots.iter().position(same)
    } else {
        let (identified, name) = identity(read, fact.subject, book);
        let last = slots.iter().rposition(same);
        last.filter(|at| {
            slots.get(*at).is_some_and(|slot| {
                let differs = matches!((&slot.name, &name), (Some(a), Some(b)) if a != b);
                let both = slot.identified && identified && (slot.name.is_none() || name.is_none());
                !(differs || both)
            })
        })
    };
    let index = match found {
        Some(index) => index,
        None if slots.len() >= MAX_SLOTS => return,
        None => {
            slots.push(Slot {
                who: person.who,
                number: person.number,
                of: person.of,
                occurrences: Vec::new(),
                identified: false,
                name: None,
                facts: Vec::new(),
            });
            slots.len() - 1
        }
    };
    let Some(slot) = slots.get_mut(index) else { return };
    if occurrence > 0 && !slot.occurrences.contains(&occurrence) {
        slot.occurrences.push(occurrence);
    }
    slot.of = slot.of.or(person.of);
    if identifies(fact, book) {
        slot.identified = true;
        if names_person(fact, book) && slot.name.is_none() {
            slot.name = Some(name_key(fact, book));
        }
    }
    slot.facts.push(at);
}

/// It tells this person from others; a name that nobody knows does too.
fn identifies(fact: &Fact, book: &LabelBook) -> bool {
    is_of_nobody_known(fact) || (is_identity(fact.field) && answered(fact, book))
}

fn names_person(fact: &Fact, book: &LabelBook) -> bool {
    matches!(fact.field, Field::Name | Field::Family) && answered(fact, book) && !is_of_nobody_known(fact)
}

fn name_key(fact: &Fact, book: &LabelBook) -> String {
    let text = fact.answer.clean(book).text();
    spoken(&names::read(&text).map(|n| n.name).unwrap_or(text))
}

/// What all facts of one section say about who it is.
fn identity(read: &Facts, subject: Subject, book: &LabelBook) -> (bool, Option<String>) {
    let own = read
        .facts
        .iter()
        .filter(|f| f.subject == subject && identifies(f, book));
    let mut name = None;
    let mut any = false;
    for fact in own {
        any = true;
        if names_person(fact, book) && name.is_none() {
            name = Some(name_key(fact, book));
        }
    }
    (any, name)
}

fn is_identity(field: Field) -> bool {
    matches!(
        field,
        Field::Name
            | Field::Family
            | Field::Given
            | Field::DateOfBirth
            | Field::DobOrAge
            | Field::Age
            | Field::Gender
    )
}

/// "Person 1 is the: person harmed": gives numbered people the side that an answer names.
pub(super) fn name_sides(slots: &mut [Slot], read: &Facts, book: &LabelBook) {
    for fact in read.facts.iter().filter(|fact| fact.field == Field::TheirRole) {
        let side = book.role_in_answer(&fact.answer.clean(book).text());
        let (Some(number), Some(side @ (Who::Victim | Who::Offender))) = (numbered(fact), side) else {
            continue;
        };
        let same = slots
            .iter_mut()
            .filter(|slot| slot.who == Who::Party && slot.number == Some(number));
        same.for_each(|slot| slot.who = side);
    }
}
