//! One cell for several answers: "Victim name & DOB", "Address / tel / email", "Crime number & offence".
//!
//! Invariant: each piece is a stretch of the answer as it stands; what no question claims stays with the
//! first question that takes words.

use super::labels::{Field, LabelBook, LabelMatch};
use crate::domain::dates::{self, DateUse};
use crate::domain::identifiers::{self, IdentifierKind};
use jiff::civil::Date;
use std::ops::Range;

/// Most questions of one label.
const MAX_QUESTIONS: usize = 4;

/// The fields that a label asks for in one, if it is several questions.
pub(super) fn questions(label: &str, book: &LabelBook) -> Vec<Field> {
    let spaced = format!(" {label} ").replace(" and ", "&").replace(" + ", "&");
    let mut fields: Vec<Field> = Vec::new();
    let parts: Vec<&str> = spaced.split(['&', '/']).map(str::trim).collect();
    if !(2..=MAX_QUESTIONS).contains(&parts.len()) {
        return fields;
    }
    for part in parts {
        match book
            .label(part)
            .map(|found| found.field)
            .filter(|field| is_piece(*field))
        {
            Some(field) if !fields.contains(&field) => fields.push(field),
            Some(_) | None => return Vec::new(),
        }
    }
    fields
}

/// Most questions that stand stacked in one label.
const MAX_STACKED: usize = 12;

/// Questions parted by `/` with answers parted by ` / `, one each. `None` where the numbers differ, or a
/// question is not known.
pub(super) fn zipped(
    label: &str,
    answer: &str,
    book: &LabelBook,
) -> Option<Vec<(LabelMatch, String, String)>> {
    let questions: Vec<&str> = label.split('/').map(str::trim).collect();
    let answers: Vec<&str> = answer.split(" / ").map(str::trim).collect();
    if !(2..=MAX_STACKED).contains(&questions.len()) || questions.len() != answers.len() {
        return None;
    }
    let pairs: Option<Vec<_>> = questions
        .iter()
        .zip(&answers)
        .map(|(question, answer)| {
            let label = book.label(question).filter(|label| !label.role_only)?;
            Some((label, (*question).to_owned(), (*answer).to_owned()))
        })
        .collect();
    let pairs = pairs?;
    let distinct = pairs.iter().enumerate().all(|(at, (label, _, _))| {
        pairs
            .iter()
            .skip(at + 1)
            .all(|(other, _, _)| other.field != label.field)
    });
    distinct.then_some(pairs)
}

/// Fields whose part of a mixed answer can be told.
fn is_piece(field: Field) -> bool {
    takes_words(field) || matcher(field).is_some()
}

/// Takes what is left of a mixed answer.
fn takes_words(field: Field) -> bool {
    matches!(
        field,
        Field::Name
            | Field::Address
            | Field::OffenceKind
            | Field::OffenceLocation
            | Field::Outcome
            | Field::Organisation
            | Field::Team
            | Field::JobTitle
    )
}

enum Matcher {
    Identifier(IdentifierKind),
    Date(DateUse),
}

fn matcher(field: Field) -> Option<Matcher> {
    match field {
        Field::Phone => Some(Matcher::Identifier(IdentifierKind::Phone)),
        Field::Email => Some(Matcher::Identifier(IdentifierKind::Email)),
        Field::CrimeNumber => Some(Matcher::Identifier(IdentifierKind::CrimeNumber)),
        Field::DateOfBirth => Some(Matcher::Date(DateUse::Birth)),
        Field::OffenceDate | Field::OutcomeDate => Some(Matcher::Date(DateUse::Event)),
        _ => None,
    }
}

/// Deals an answer out to the fields. Empty where it cannot be told what belongs to which.
pub(super) fn deal(answer: &str, fields: &[Field], today: Date) -> Vec<(Field, String)> {
    let mut out = Vec::new();
    let mut taken: Vec<Range<usize>> = Vec::new();
    for field in fields {
        let range = match matcher(*field) {
            Some(Matcher::Identifier(kind)) => identifiers::find(answer)
                .into_iter()
                .find(|found| found.kind == kind)
                .map(|found| found.start..found.end),
            Some(Matcher::Date(usage)) => dates::find(answer, usage, today)
                .first()
                .map(|found| found.start..found.end),
            None => continue,
        };
        if let Some(range) = range {
            out.push((*field, answer.get(range.clone()).unwrap_or_default().to_owned()));
            taken.push(range);
        }
    }
    let wordy: Vec<Field> = fields
        .iter()
        .copied()
        .filter(|field| takes_words(*field))
        .collect();
    let rest = longest_rest(answer, taken);
    match (wordy.as_slice(), rest) {
        ([field], Some(rest)) => out.push((*field, rest)),
        ([], _) | (_, None) => {}
        (_, Some(_)) => return Vec::new(),
    }
    out
}

/// The longest stretch that nothing was taken from.
fn longest_rest(answer: &str, mut taken: Vec<Range<usize>>) -> Option<String> {
    taken.sort_by_key(|range| range.start);
    let mut stretches = Vec::new();
    let mut from = 0;
    for range in taken {
        stretches.push(from..range.start.max(from));
        from = from.max(range.end);
    }
    stretches.push(from..answer.len());
    let is_joint =
        |c: char| c.is_whitespace() || matches!(c, ',' | '/' | ';' | '-' | '–' | '(' | ')' | '|' | ':');
    stretches
        .into_iter()
        .filter_map(|range| answer.get(range))
        .map(|text| {
            text.split(" / ")
                .next()
                .unwrap_or_default()
                .trim_matches(is_joint)
        })
        .filter(|text| text.chars().any(char::is_alphabetic))
        .max_by_key(|text| text.len())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn dealt(answer: &str, fields: &[Field]) -> Vec<(Field, String)> {
        deal(answer, fields, date(2026, 11, 1))
    }

    #[test]
    fn each_question_takes_its_own_piece() {
        assert_eq!(
            dealt("Mrs Ada Lind, 11/11/1980", &[Field::Name, Field::DateOfBirth]),
            [
                (Field::DateOfBirth, "11/11/1980".to_owned()),
                (Field::Name, "Mrs Ada Lind".to_owned())
            ]
        );
        assert_eq!(
            dealt(
                "15 Oak Row, Wendmere, CM9 6ZT / 07700 900366 / not given",
                &[Field::Address, Field::Phone, Field::Email]
            ),
            [
                (Field::Phone, "07700 900366".to_owned()),
                (Field::Address, "15 Oak Row, Wendmere, CM9 6ZT".to_owned())
            ]
        );
        assert!(dealt("Ann Lind of Mill House", &[Field::Name, Field::Address]).is_empty());
    }
}
