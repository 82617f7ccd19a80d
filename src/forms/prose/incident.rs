//! What happened, when, and what came of it, as sentences say it.

use super::text::{Prose, Token};
use super::words::{OFFENCES, is_harm_done, is_harm_suffered};
use crate::domain::dates::{self, DateUse, FoundDate};
use crate::domain::identifiers::CheckLetter;
use crate::domain::{OffenceOutcome, ReferenceKind, Referral};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place};
use crate::forms::offence::push;
use crate::forms::values;
use std::ops::Range;

/// Words of something that happened.
const HAPPENING: [&str; 8] = [
    "happened",
    "incident",
    "fight",
    "occurred",
    "started",
    "offence",
    "committed",
    "what",
];
/// Longest reference number taken, in characters.
const MAX_REFERENCE: usize = 30;

/// Fills the offence and the agency's own reference.
pub(super) fn fill(
    prose: &Prose,
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    context: &FormsContext<'_>,
) {
    for (at, range) in prose.sentences.iter().enumerate() {
        let words = prose.words(range.clone());
        let quote = prose.quote(at);
        let kind = kind_at(words);
        if let Some((_, kind)) = kind.clone().filter(|_| referral.offence.kind.is_none()) {
            let tokens = range.start + kind.start..range.start + kind.end;
            referral.offence.kind = Some(prose.slice(tokens).to_owned());
            notes.read("/offence/kind", place, &quote);
            doubt(notes);
        }
        let harm = words
            .iter()
            .position(|t| is_harm_done(&t.lower) || is_harm_suffered(&t.lower) || t.is_any(&HAPPENING));
        let outcome = outcome(prose, at, words, referral, notes, place, context);
        let cue = kind.map(|(at, _)| at).or(harm);
        let dates = events(prose, range, context);
        if let (Some(cue), None) = (cue, &referral.offence.date)
            && let Some(found) = nearest(
                &dates,
                prose,
                range.start + cue,
                outcome.map(|at| range.start + at),
            )
        {
            referral.offence.date = found.date.iso();
            notes.read("/offence/date", place, &quote);
            doubt(notes);
        }
        own_reference(prose, range, referral, notes, place, &quote);
    }
}

fn doubt(notes: &mut Notes) {
    notes.doubt(
        "/offence",
        "read_from_sentences",
        "read from running text: check what, when and what came of it",
    );
}

/// The kind of offence in a sentence: where it begins and the words that name it.
fn kind_at(words: &[Token]) -> Option<(usize, Range<usize>)> {
    let mut best: Option<Range<usize>> = None;
    for phrase in OFFENCES {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let at = words
            .windows(phrase.len())
            .position(|window| window.iter().zip(&phrase).all(|(t, p)| t.lower == *p));
        if let Some(at) = at
            && best.as_ref().is_none_or(|best| phrase.len() > best.len())
        {
            best = Some(at..at + phrase.len());
        }
    }
    best.map(|range| (range.start, range))
}

/// Dates of a sentence that are nobody's birth.
fn events(prose: &Prose, range: &Range<usize>, context: &FormsContext<'_>) -> Vec<FoundDate> {
    let (Some(first), Some(last)) = (
        prose.tokens.get(range.start),
        prose.tokens.get(range.end.saturating_sub(1)),
    ) else {
        return Vec::new();
    };
    let text = prose.text.get(first.start..last.end).unwrap_or_default();
    dates::find(text, DateUse::Event, context.today)
        .into_iter()
        .map(|found| FoundDate {
            start: found.start + first.start,
            end: found.end + first.start,
            ..found
        })
        .filter(|found| !is_birth(prose, found))
        .collect()
}

pub(super) fn is_birth(prose: &Prose, found: &FoundDate) -> bool {
    let token = prose.token_at(found.start);
    let before = prose.words(token.saturating_sub(4)..token);
    let says_born = before
        .iter()
        .any(|t| t.is_any(&["born", "dob", "d.o.b", "birth"]));
    says_born || before.last().is_some_and(|t| t.lower == "(")
}

/// The date nearest to a word, unless an outcome stands between them or nearer to it.
fn nearest(dates: &[FoundDate], prose: &Prose, cue: usize, outcome: Option<usize>) -> Option<FoundDate> {
    let distance = |found: &FoundDate, token: usize| prose.token_at(found.start).abs_diff(token);
    dates
        .iter()
        .filter(|found| outcome.is_none_or(|outcome| distance(found, cue) < distance(found, outcome)))
        .min_by_key(|found| distance(found, cue))
        .copied()
}

/// Reads what was decided; gives back where in the sentence that stands.
fn outcome(
    prose: &Prose,
    sentence: usize,
    words: &[Token],
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    context: &FormsContext<'_>,
) -> Option<usize> {
    let at = words.iter().position(|t| {
        t.is_any(&[
            "caution",
            "resolution",
            "sentenced",
            "convicted",
            "charged",
            "nfa",
            "action",
            "order",
            "cautioned",
            "prison",
            "serving",
            "disposal",
        ])
    })?;
    if words.iter().any(|t| {
        t.is_any(&[
            "considering",
            "consider",
            "might",
            "may",
            "could",
            "if",
            "instead",
        ])
    }) {
        return Some(at);
    }
    let quote = prose.quote(sentence);
    let mut found = values::outcomes(&quote, context.labels);
    if is_custodial(words) {
        found = vec![OffenceOutcome::CustodialSentence];
    }
    if let ([outcome], None) = (found.as_slice(), referral.offence.outcome) {
        referral.offence.outcome = Some(*outcome);
        notes.read("/offence/outcome", place, &quote);
        doubt(notes);
    }
    let range = prose.sentences.get(sentence)?.clone();
    let dates = events(prose, &range, context);
    let decided = dates
        .iter()
        .find(|date| prose.token_at(date.start) > range.start + at);
    if let (Some(date), None) = (decided, &referral.offence.outcome_date)
        && (!found.is_empty()
            || words
                .get(at)
                .is_some_and(|t| t.is_any(&["sentenced", "convicted", "charged"])))
    {
        referral.offence.outcome_date = date.date.iso();
        notes.read("/offence/outcome_date", place, &quote);
    }
    Some(at)
}

/// "sentenced to 27 months", "went to prison", "is serving" - unless it is suspended.
fn is_custodial(words: &[Token]) -> bool {
    let says = |list: &[&str]| words.iter().any(|t| t.is_any(list));
    let term = says(&["sentenced", "serving"]) && says(&["months", "years", "month", "year"]);
    let prison = words
        .windows(2)
        .any(|pair| matches!(pair, [to, prison] if to.is_any(&["to", "in"]) && prison.is_any(&["prison", "custody"])));
    (term || prison && says(&["went", "sent", "sentenced"])) && !says(&["suspended", "community"])
}

/// "Our ref is CFH-44871", "our reference: VCU/26/1182".
fn own_reference(
    prose: &Prose,
    range: &Range<usize>,
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    quote: &str,
) {
    let words = prose.words(range.clone());
    for at in 0..words.len() {
        let is_ours = words.get(at).is_some_and(|t| t.is_any(&["our", "my", "your"]))
            && words
                .get(at + 1)
                .is_some_and(|t| t.is_any(&["ref", "reference", "case"]));
        if !is_ours {
            continue;
        }
        let rest = words.iter().enumerate().skip(at + 2).take(5);
        let number = rest.map(|(at, _)| at).find(|at| {
            words
                .get(*at)
                .is_some_and(|t| t.lower.chars().any(|c| c.is_ascii_digit()))
        });
        let Some(number) = number else { continue };
        let value = prose.slice(range.start + number..range.start + number + 1);
        let is_known = referral
            .references
            .iter()
            .any(|r| r.value.eq_ignore_ascii_case(value));
        if !is_known && value.len() <= MAX_REFERENCE {
            push(
                referral,
                notes,
                ReferenceKind::AgencyReference,
                value.to_owned(),
                quote,
                place,
                CheckLetter::NotApplicable,
            );
        }
    }
}
