//! References of a text: crime numbers and their like, and the writer's own.

use super::super::text::{Prose, Token};
use crate::domain::identifiers::{CheckLetter, Found, IdentifierKind};
use crate::domain::{AgencyKind, ReferenceKind, Referral};
use crate::forms::draft::{Notes, Place};
use crate::forms::offence::{kind_of, push};
use std::ops::Range;

/// Longest reference number taken, in characters.
const MAX_REFERENCE: usize = 30;
/// Shortest reference of digits alone.
const MIN_DIGITS: usize = 5;
/// Fewest digits of a crime number that no word names.
const MIN_POLICE_DIGITS: usize = 6;
/// How far behind "reference" its number may stand, in tokens: "case no. on our system is".
const NUMBER_REACH: usize = 7;
/// How far before a number "incident" may stand, in bytes.
const LABEL_REACH: usize = 24;

/// Reference numbers of the text that have a shape of their own.
pub(in crate::forms::prose) fn numbers(
    found: &[Found],
    text: &str,
    agency: Option<AgencyKind>,
    (referral, notes): (&mut Referral, &mut Notes),
    place: &Place,
) {
    for piece in found {
        let kind = kind_of(piece.kind).filter(|kind| {
            matches!(
                kind,
                ReferenceKind::CrimeNumber
                    | ReferenceKind::Urn
                    | ReferenceKind::PncId
                    | ReferenceKind::Crn
                    | ReferenceKind::PrisonNumber
                    | ReferenceKind::CollarNumber
            )
        });
        let Some(kind) = kind else { continue };
        let kind = if is_own_incident(piece, text, agency) {
            ReferenceKind::AgencyReference
        } else {
            kind
        };
        let quote = line(text, piece.start);
        push(
            referral,
            notes,
            kind,
            piece.normal.clone(),
            &quote,
            place,
            piece.check,
        );
    }
}

/// "our incident number is": the log number of somebody who is not the police.
fn is_own_incident(piece: &Found, text: &str, agency: Option<AgencyKind>) -> bool {
    let from = text.floor_char_boundary(piece.start.saturating_sub(LABEL_REACH));
    let before = text.get(from..piece.start).unwrap_or_default().to_lowercase();
    piece.kind == IdentifierKind::CrimeNumber
        && agency != Some(AgencyKind::Police)
        && before.contains("incident")
        && !before.contains("police")
        && !before.contains("crime")
}

/// The line around a place.
fn line(text: &str, at: usize) -> String {
    let before = text
        .get(..at)
        .unwrap_or_default()
        .rfind('\n')
        .map_or(0, |n| n + 1);
    let after = text
        .get(at..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |n| at + n);
    text.get(before..after).unwrap_or_default().trim().to_owned()
}

/// "Our ref is CFH-44871", "reference ASB/2026/0388", "case no. on our system is CVH0098812".
pub(super) fn own_reference(
    prose: &Prose,
    range: &Range<usize>,
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    agency: Option<AgencyKind>,
) {
    let words = prose.words(range.clone());
    for at in (0..words.len()).filter(|at| names_reference(words, *at, agency)) {
        let rest = (at + 1..words.len()).take(NUMBER_REACH);
        let number = rest
            .take_while(|at| {
                words
                    .get(*at)
                    .is_none_or(|t| !t.is_any(&[",", ";", "crime", "and"]))
            })
            .find(|at| words.get(*at).is_some_and(|t| is_number(t, is_ours(words, *at))));
        let Some(number) = number else { continue };
        let value = prose.slice(range.start + number..range.start + number + 1);
        let is_known = referral
            .references
            .iter()
            .any(|r| r.value.eq_ignore_ascii_case(value));
        if !is_known && value.len() <= MAX_REFERENCE {
            let quote = prose.slice(range.clone()).to_owned();
            push(
                referral,
                notes,
                ReferenceKind::AgencyReference,
                value.to_owned(),
                &quote,
                place,
                CheckLetter::NotApplicable,
            );
        }
    }
}

/// "under 42/AB/001234" in a police officer's mail: the crime number, without the words that name it.
pub(super) fn number_of_police(
    prose: &Prose,
    range: &Range<usize>,
    (referral, notes): (&mut Referral, &mut Notes),
    place: &Place,
    agency: Option<AgencyKind>,
) {
    if agency != Some(AgencyKind::Police) {
        return;
    }
    let words = prose.words(range.clone());
    let is_under = |pair: &[Token]| {
        matches!(pair, [under, number] if under.lower == "under"
            && number.lower.contains('/')
            && number.lower.chars().filter(char::is_ascii_digit).count() >= MIN_POLICE_DIGITS
            && is_number(number, true))
    };
    let Some(at) = words.windows(2).position(is_under) else {
        return;
    };
    let value = prose.slice(range.start + at + 1..range.start + at + 2);
    let is_known = referral
        .references
        .iter()
        .any(|r| r.value.eq_ignore_ascii_case(value));
    if !is_known && value.len() <= MAX_REFERENCE {
        let quote = prose.slice(range.clone()).to_owned();
        push(
            referral,
            notes,
            ReferenceKind::CrimeNumber,
            value.to_owned(),
            &quote,
            place,
            CheckLetter::NotApplicable,
        );
        let path = format!("/references/{}", referral.references.len() - 1);
        notes.doubt(
            &path,
            "read_from_sentences",
            "taken for the crime number by its place in the sentence",
        );
    }
}

/// "our ref", "reference", "case no": what the writer's own number stands behind.
fn names_reference(words: &[Token], at: usize, agency: Option<AgencyKind>) -> bool {
    let Some(token) = words.get(at) else { return false };
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    let is_of_others = before.is_some_and(|t| {
        t.is_any(&[
            "crime", "police", "court", "niche", "pnc", "nomis", "urn", "athena", "with", "by", "in", "cad",
        ])
    });
    let owned = before.is_some_and(|t| t.is_any(&["our", "my", "your"]));
    let is_reference = token.is_any(&["ref", "reference"]);
    let is_case = token.is_any(&["case", "file"])
        && words
            .get(at + 1)
            .is_some_and(|t| owned || t.is_any(&["no", "number", "ref", "reference", "id"]));
    let is_police = agency == Some(AgencyKind::Police);
    !is_of_others && (is_reference || is_case) && (owned || !is_police)
}

fn is_ours(words: &[Token], number: usize) -> bool {
    let from = number.saturating_sub(NUMBER_REACH);
    words
        .get(from..number)
        .unwrap_or_default()
        .iter()
        .any(|t| t.is_any(&["our", "my"]))
}

/// Letters with digits, or a stroke or hyphen between digits; a long number alone only where it is called ours.
fn is_number(token: &Token, is_ours: bool) -> bool {
    let digits = token.lower.chars().filter(char::is_ascii_digit).count();
    let has_letter = token.lower.chars().any(char::is_alphabetic);
    let is_date = token.lower.split(['/', '.', '-']).count() == 3 && !has_letter;
    let is_ordinal = has_letter && digits <= 2 && !token.lower.contains(['/', '-']);
    digits > 0
        && !is_date
        && !is_ordinal
        && !token.lower.contains('@')
        && (has_letter || token.lower.contains(['/', '-']) || digits >= MIN_DIGITS)
        && (has_letter || is_ours)
}
