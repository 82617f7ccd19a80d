//! Which dates of a sentence are of what happened, of what was decided, of somebody's consent.

use super::super::days;
use super::super::text::{Prose, Token};
use super::super::words::{is_harm_done, is_harm_suffered};
use crate::domain::dates::FoundDate;
use crate::forms::FormsContext;
use std::ops::Range;

/// How far from a date the word may stand that it belongs to, in tokens.
const REACH: usize = 26;
/// A word behind a date counts as farther away by this: "on 3 May he was robbed" is the rarer order.
const BEHIND: usize = 2;
/// A comma or "and" between counts as so many tokens more.
const BREAK: usize = 2;

/// How far before a date "due" may stand, in tokens: "is due to be sentenced at the Crown Court on".
const AHEAD_REACH: usize = 12;
/// How far behind "That was" its date may stand, in tokens.
const POINTING_REACH: usize = 6;
/// How far before a date "between" may stand, in tokens: the date is the end of a stretch of time.
const RANGE_REACH: usize = 4;
/// How far behind "was given" the years of a sentence may stand, in tokens.
const TERM_REACH: usize = 5;
/// What stands before a date that begins a clause counts as so many tokens farther.
const FRONTED: usize = 8;

/// Words of something that happened.
const HAPPENING: [&str; 24] = [
    "happened",
    "incident",
    "fight",
    "occurred",
    "started",
    "offence",
    "committed",
    "what",
    "head",
    "began",
    "took",
    "drew",
    "crash",
    "collision",
    "row",
    "argument",
    "fire",
    "damage",
    "incidents",
    "matter",
    "overnight",
    "threw",
    "pulled",
    "attack",
];
/// Words of what was decided.
const DECISIONS: [&str; 29] = [
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
    "sentence",
    "court",
    "magistrates",
    "crown",
    "licence",
    "res",
    "guilty",
    "pleaded",
    "contract",
    "bailed",
    "issued",
    "oocd",
    "plea",
    "jailed",
    "suspended",
    "fined",
    "abc",
];
/// Words of consent and of talks about it.
const TALKS: [&str; 35] = [
    "ok'd",
    "okayed",
    "interviewed",
    "interview",
    "arrested",
    "agreed",
    "consented",
    "consent",
    "spoke",
    "spoken",
    "phoned",
    "rang",
    "signed",
    "told",
    "met",
    "visited",
    "visit",
    "explained",
    "statement",
    "statements",
    "asked",
    "wrote",
    "emailed",
    "e-mailed",
    "said",
    "saw",
    "discussed",
    "confirmed",
    "called",
    "update",
    "reviewed",
    "yes",
    "willing",
    "happy",
    "since",
];

/// Words of what is still to come.
const AHEAD: [&str; 14] = [
    "released",
    "due",
    "listed",
    "appear",
    "appears",
    "trial",
    "hearing",
    "until",
    "next",
    "expires",
    "release",
    "review",
    "leave",
    "adjourned",
];

/// What a date belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    Happening,
    Decision,
    Talk,
    /// What is still to come: a hearing, a release.
    Ahead,
}

/// A date with what it belongs to.
pub(super) struct Event {
    pub(super) found: FoundDate,
    pub(super) cue: Cue,
}

/// The dates of a sentence that are nobody's birth and belong to something. `told_before`: the sentence before
/// told what happened, so that "That was on 3 May" gives its day.
pub(super) fn events(
    prose: &Prose,
    range: &Range<usize>,
    kind: Option<&Range<usize>>,
    told_before: bool,
    context: &FormsContext<'_>,
) -> Vec<Event> {
    let words = prose.words(range.clone());
    let points_back = told_before
        && matches!(words, [it, was, ..] if it.is_any(&["that", "this", "it"]) && was.is_any(&["was", "happened"]));
    let dates = dates_in(prose, range, context);
    dates
        .into_iter()
        .filter_map(|found| {
            let at = prose.token_at(found.start).checked_sub(range.start)?;
            let lead = words.get(at.saturating_sub(RANGE_REACH)..at).unwrap_or_default();
            if lead.iter().any(|t| t.lower == "between") {
                return None;
            }
            let cue = if points_back && at <= POINTING_REACH {
                Some(Cue::Happening)
            } else {
                nearest(words, at, kind)
            };
            Some(Event { found, cue: cue? })
        })
        .collect()
}

/// Whether a date of a sentence is of a talk, as far as the words around it tell: of consent, not of a contract, a
/// caution or what happened.
pub(in crate::forms::prose) fn is_of_talk(prose: &Prose, sentence: &Range<usize>, byte: usize) -> bool {
    let words = prose.words(sentence.clone());
    let at = prose.token_at(byte).checked_sub(sentence.start);
    let cue = at.and_then(|at| nearest(words, at, None));
    cue.is_none_or(|cue| cue == Cue::Talk)
}

/// What the word nearest to a date says that it is of.
fn nearest(words: &[Token], date: usize, kind: Option<&Range<usize>>) -> Option<Cue> {
    let mut best: Option<(usize, Cue)> = None;
    let mut consider = |distance: usize, cue: Cue| {
        if best.is_none_or(|(known, _)| distance < known) {
            best = Some((distance, cue));
        }
    };
    // ", and on 3 May he was sentenced": such a date belongs to what follows
    let lead = date
        .checked_sub(1)
        .filter(|at| words.get(*at).is_some_and(|t| t.is_any(&["on", "in"])));
    let lead = lead.unwrap_or(date);
    let is_fronted = lead > 0 && words.get(lead - 1).is_some_and(|t| break_at(t) > 0);
    let mut breaks = if is_fronted { FRONTED } else { 0 };
    for step in 1..=REACH.min(date) {
        let at = date - step;
        let Some(token) = words.get(at) else { break };
        if let Some(cue) = cue_of(words, at, kind) {
            consider(step + breaks, cue);
        }
        breaks += break_at(token);
    }
    breaks = 0;
    for step in 1..=REACH {
        let Some(token) = words.get(date + step) else {
            break;
        };
        if let Some(cue) = cue_of(words, date + step, kind) {
            consider(step + breaks + BEHIND, cue);
        }
        breaks += break_at(token);
    }
    let told = best.map(|(_, cue)| cue)?;
    let lead = words
        .get(date.saturating_sub(AHEAD_REACH)..date)
        .unwrap_or_default();
    let clause = lead.iter().rev().take_while(|t| break_at(t) == 0);
    let is_ahead = clause.into_iter().any(|t| t.is_any(&AHEAD) || t.lower == "will");
    Some(if told == Cue::Decision && is_ahead {
        Cue::Ahead
    } else {
        told
    })
}

fn break_at(token: &Token) -> usize {
    let is_break = token.is_any(&[",", "and", "but", "(", ")", ";", "–", "when"]);
    if is_break { BREAK } else { 0 }
}

fn cue_of(words: &[Token], at: usize, kind: Option<&Range<usize>>) -> Option<Cue> {
    let token = words.get(at)?;
    if let Some(kind) = kind.filter(|kind| kind.contains(&at)) {
        let lead = words
            .get(kind.start.saturating_sub(2)..kind.start)
            .unwrap_or_default();
        let is_convicted = matches!(lead, [decided, of] if decided.is_any(&["convicted", "charged", "cautioned", "sentenced"])
            && of.is_any(&["of", "with", "for"]));
        return Some(if is_convicted {
            Cue::Decision
        } else {
            Cue::Happening
        });
    }
    // "was given nine years"
    let term = words
        .get(at + 1..words.len().min(at + TERM_REACH))
        .unwrap_or_default();
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let is_given = token.lower == "given"
        && before.is_some_and(|t| t.is_any(&["was", "were", "been"]))
        && term.iter().any(|t| t.is_any(&["years", "months"]));
    if is_given {
        return Some(Cue::Decision);
    }
    if token.is_any(&TALKS) {
        return Some(Cue::Talk);
    }
    if token.is_any(&AHEAD) {
        return Some(Cue::Ahead);
    }
    // "public order" is an offence, "in order to" nothing
    let is_other_order = token.lower == "order" && before.is_some_and(|t| t.is_any(&["public", "in"]));
    let is_other_action =
        token.lower == "action" && before.is_none_or(|t| !t.is_any(&["further", "police", "no"]));
    if token.is_any(&DECISIONS) && !is_other_order && !is_other_action {
        return Some(Cue::Decision);
    }
    tells_harm(token).then_some(Cue::Happening)
}

/// A word of something that happened.
pub(super) fn tells_harm(token: &Token) -> bool {
    token.is_any(&HAPPENING) || is_harm_done(&token.lower) || is_harm_suffered(&token.lower)
}

/// Dates of a sentence that are nobody's birth.
fn dates_in(prose: &Prose, range: &Range<usize>, context: &FormsContext<'_>) -> Vec<FoundDate> {
    let (Some(first), Some(last)) = (
        prose.tokens.get(range.start),
        prose.tokens.get(range.end.saturating_sub(1)),
    ) else {
        return Vec::new();
    };
    let text = prose.text.get(first.start..last.end).unwrap_or_default();
    days::find(text, context.today)
        .into_iter()
        .map(|found| FoundDate {
            start: found.start + first.start,
            end: found.end + first.start,
            ..found
        })
        .filter(|found| !is_birth(prose, found))
        .collect()
}

/// Behind "born" and its like, or in brackets right behind a name.
pub(in crate::forms::prose) fn is_birth(prose: &Prose, found: &FoundDate) -> bool {
    let token = prose.token_at(found.start);
    let before = prose.words(token.saturating_sub(4)..token);
    let says_born = before
        .iter()
        .any(|t| t.is_any(&["born", "dob", "d.o.b", "birth"]));
    let in_brackets = match before {
        [.., name, open] => open.lower == "(" && name.is_capital && !name.is_mark(),
        _ => false,
    };
    says_born || in_brackets
}
