//! What happened, when, and what came of it, as sentences say it.
//!
//! A date belongs to the word it stands nearest to: to what happened, to what was decided, or to somebody's
//! consent (`events`). `outcome` reads what was decided, `numbers` the references.

mod events;
mod numbers;
mod outcome;

use super::text::{Prose, Token};
use super::words::OFFENCES;
use crate::domain::{AgencyKind, OffenceOutcome, Referral};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place};
use events::{Cue, Event, events};
pub(super) use events::{is_birth, is_of_talk};
pub(super) use numbers::numbers;
use std::ops::Range;

/// Fills the offence and the agency's own reference.
pub(super) fn fill(
    prose: &Prose,
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    context: &FormsContext<'_>,
    agency: Option<AgencyKind>,
) {
    let mut told_before = false;
    for (at, range) in prose.sentences.iter().enumerate() {
        let words = prose.words(range.clone());
        let quote = prose.quote(at);
        let kind = kind_at(words);
        if let Some(kind) = kind.clone().filter(|_| referral.offence.kind.is_none()) {
            let tokens = range.start + kind.start..range.start + kind.end;
            referral.offence.kind = Some(prose.slice(tokens).to_owned());
            notes.read("/offence/kind", place, &quote);
            doubt(notes);
        }
        let found = events(prose, range, kind.as_ref(), told_before, context);
        told_before = kind.is_some() || words.iter().any(events::tells_harm);
        let happened = found.iter().find(|event| event.cue == Cue::Happening);
        if let (Some(event), None) = (happened, &referral.offence.date) {
            referral.offence.date = event.found.date.iso();
            notes.read("/offence/date", place, &quote);
            doubt(notes);
        }
        decided(words, &found, &quote, referral, notes, place, context);
        numbers::own_reference(prose, range, referral, notes, place, agency);
        numbers::number_of_police(prose, range, (referral, notes), place, agency);
    }
}

/// Writes what a sentence tells was decided, and when.
fn decided(
    words: &[Token],
    found: &[Event],
    quote: &str,
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    context: &FormsContext<'_>,
) {
    let Some(outcome) = outcome::outcome(words, quote, context) else {
        return;
    };
    if referral.offence.outcome.is_none() {
        referral.offence.outcome = Some(outcome);
        notes.read("/offence/outcome", place, quote);
        doubt(notes);
    }
    let day = found.iter().find(|event| event.cue == Cue::Decision);
    if let (Some(event), None) = (day, &referral.offence.outcome_date)
        && (referral.offence.outcome == Some(outcome) || outcome == OffenceOutcome::PostSentence)
    {
        referral.offence.outcome_date = event.found.date.iso();
        notes.read("/offence/outcome_date", place, quote);
        doubt(notes);
    }
}

fn doubt(notes: &mut Notes) {
    notes.doubt(
        "/offence",
        "read_from_sentences",
        "read from running text: check what, when and what came of it",
    );
}

/// The kind of offence in a sentence, in tokens of it: the longest name of one.
fn kind_at(words: &[Token]) -> Option<Range<usize>> {
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
    best
}
