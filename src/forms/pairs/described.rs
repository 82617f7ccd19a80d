//! A person described in one answer: "Ann Lee, born 3.3.62, of 60 Kiln Lane, 07700 900001 (mother)".
//!
//! Invariant: an answer is taken apart only where a birth, a number or an address stands behind the name.

use super::told::{Told, numbers};
use crate::domain::dates::{self, DateUse, FoundDate};
use crate::domain::identifiers::{self, Found, IdentifierKind};
use crate::domain::{is_street_word, names};
use crate::forms::labels::{Field, LabelBook, tokens};
use crate::forms::prose::is_relation;
use crate::forms::signature::is_post;
use crate::forms::values::outcomes;
use jiff::civil::Date;

/// Words before a date that say of what it is.
const LEAD_WORDS: usize = 4;
/// A name is no longer than this, in words; more is a sentence.
const MAX_NAME_WORDS: usize = 6;
/// What may stand in front of somebody's home.
const HOME: [&str; 8] = [
    " of ",
    " at ",
    "lives at ",
    "living at ",
    "address ",
    "address: ",
    "resides at ",
    "residing at ",
];

/// A person described: the name, and behind it birth, home, numbers, what was decided of them.
pub(super) fn somebody(answer: &str, book: &LabelBook, today: Date) -> Told {
    let found = identifiers::find(answer);
    let births = dates::find(answer, DateUse::Birth, today);
    let name = name_of(answer);
    let rest = answer.get(name.len()..).unwrap_or_default();
    let is_described = rest.chars().any(char::is_alphanumeric)
        && (births.iter().any(|date| date.start >= name.len())
            || found
                .iter()
                .any(|f| f.start >= name.len() && f.kind != IdentifierKind::CollarNumber));
    let read =
        names::read(name).filter(|_| is_described && name.split_whitespace().count() <= MAX_NAME_WORDS);
    if read.is_none() || !name.contains(' ') {
        return Told::default();
    }
    let mut beside = numbers(
        answer,
        &[
            IdentifierKind::Phone,
            IdentifierKind::Email,
            IdentifierKind::Crn,
            IdentifierKind::PrisonNumber,
            IdentifierKind::PncId,
        ],
    );
    for date in births.iter().filter(|date| date.start >= name.len()) {
        let lead = lead(answer, date);
        let piece = answer.get(date.start..date.end).unwrap_or_default().to_owned();
        if lead
            .iter()
            .any(|word| matches!(word.as_str(), "born" | "dob" | "birth" | "d" | "b"))
        {
            beside.push((Field::DateOfBirth, piece));
        } else if lead
            .iter()
            .any(|word| matches!(word.as_str(), "sentenced" | "convicted" | "cautioned" | "charged"))
        {
            beside.push((Field::OutcomeDate, piece));
        }
    }
    beside.extend(relation(rest));
    beside.extend(home(rest, &found, name.len()));
    beside.extend(decided(rest, book));
    Told {
        own: Some(without_post(name).to_owned()),
        beside,
    }
}

/// The name at the beginning: up to the first comma, bracket or full stop, or the word that begins what is told of them.
/// "LEE, Ann" keeps its comma.
fn name_of(answer: &str) -> &str {
    let lower = answer.to_ascii_lowercase();
    let words = [
        " born ",
        " dob",
        " d.o.b",
        " date of birth",
        " aged ",
        " of ",
        " who ",
        " - ",
        " – ",
    ];
    let by_word = words.iter().filter_map(|word| lower.find(word)).min();
    let mut marks = answer
        .char_indices()
        .filter(|(at, c)| {
            matches!(c, ',' | '(' | ';' | '\n')
                || *c == '.'
                    && answer.get(at + 1..).is_some_and(|rest| rest.starts_with(' '))
                    && !is_title_before(answer, *at)
        })
        .map(|(at, _)| at);
    let first = marks.next();
    let is_surname = |at: usize| {
        let (before, rest) = answer.split_at(at);
        let given = rest
            .trim_start_matches(',')
            .trim_start()
            .split(',')
            .next()
            .unwrap_or_default();
        !before.trim().contains(' ')
            && (1..=2).contains(&given.split_whitespace().count())
            && given
                .split_whitespace()
                .all(|word| word.starts_with(char::is_uppercase))
    };
    let by_mark = match first {
        Some(at) if answer.get(at..).is_some_and(|rest| rest.starts_with(',')) && is_surname(at) => {
            marks.next()
        }
        other => other,
    };
    let end = [by_word, by_mark]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(answer.len());
    answer.get(..end).unwrap_or(answer)
}

/// "Mr." before a name ends no sentence.
fn is_title_before(answer: &str, at: usize) -> bool {
    answer
        .get(..at)
        .and_then(|before| before.split_whitespace().next_back())
        .is_some_and(|word| names::is_title(word) || names::is_rank(word) || word.len() == 1)
}

/// "Sister Catriona Muir", "Nurse Ann Lee": the name without the post before it.
fn without_post(name: &str) -> &str {
    let bare = name.trim();
    match bare.split_once(' ') {
        Some((first, rest))
            if rest.contains(' ') && (is_post(first) || first == "Sister") && !names::is_rank(first) =>
        {
            rest.trim()
        }
        Some(_) | None => bare,
    }
}

/// Where somebody lives: behind "of" or "at", or a piece between commas that ends in a postcode or is a street.
fn home(rest: &str, found: &[Found], offset: usize) -> Option<(Field, String)> {
    let postcode = found
        .iter()
        .find(|f| f.kind == IdentifierKind::Postcode && f.start >= offset)
        .map(|f| (f.start - offset, f.end - offset));
    let end = match postcode {
        Some((_, end)) => end,
        None => {
            let street = rest.split(',').find(|piece| is_street(piece))?;
            let at = rest.find(street)?;
            let town = rest.get(at + street.len()..)?.strip_prefix(',').map(|tail| {
                let town = tail.split([',', '.', ';', '\n']).next().unwrap_or_default();
                let is_town =
                    !town.is_empty() && town.split_whitespace().all(|w| w.starts_with(char::is_uppercase));
                if is_town { town.len() + 1 } else { 0 }
            });
            at + street.len() + town.unwrap_or(0)
        }
    };
    let before = rest.get(..end)?;
    let lower = before.to_ascii_lowercase();
    let led = HOME
        .iter()
        .filter_map(|lead| lower.rfind(lead).map(|at| at + lead.len()))
        .max();
    let start = led.or_else(|| {
        let mut at = 0;
        before.split_inclusive(',').find_map(|piece| {
            let own = at;
            at += piece.len();
            let begins = piece.trim_start().starts_with(|c: char| c.is_ascii_digit())
                || piece.trim_start().to_ascii_lowercase().starts_with("flat ");
            (begins && dates_free(piece)).then_some(own)
        })
    });
    let address = before.get(start?..)?.trim().trim_matches([',', '.']).trim();
    (!address.is_empty()).then(|| (Field::Address, address.to_owned()))
}

/// "(mother)", ", her son,": what somebody is to the other, right behind their name.
fn relation(rest: &str) -> Option<(Field, String)> {
    let inner = rest.trim_start().strip_prefix(['(', ','])?;
    let first = inner.split([')', ',', ';', '.']).next()?.trim();
    let last = first.split_whitespace().next_back()?.to_lowercase();
    (first.split_whitespace().count() <= 2 && is_relation(&last))
        .then(|| (Field::Relationship, first.to_owned()))
}

fn dates_free(piece: &str) -> bool {
    !piece.contains('/') && piece.matches('.').count() < 2 && piece.chars().any(char::is_alphabetic)
}

fn is_street(piece: &str) -> bool {
    let words = tokens(piece);
    let number = words
        .iter()
        .position(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let street = words.iter().rposition(|word| is_street_word(word));
    matches!((number, street), (Some(number), Some(street)) if number < street)
}

/// "serving 3 years": the piece between commas that names what was decided.
fn decided(rest: &str, book: &LabelBook) -> Option<(Field, String)> {
    let pieces = rest.split([',', ';', '(', ')']).map(str::trim);
    let mut named = pieces.filter(|piece| outcomes(piece, book).len() == 1);
    named.next().map(|piece| (Field::Outcome, piece.to_owned()))
}

/// The words right before a date.
fn lead(answer: &str, date: &FoundDate) -> Vec<String> {
    let words = tokens(answer.get(..date.start).unwrap_or_default());
    words
        .get(words.len().saturating_sub(LEAD_WORDS)..)
        .unwrap_or_default()
        .to_vec()
}
