//! Who agreed to be contacted, as sentences say it. Knowing of a referral is not agreeing to it.
//!
//! `answers` reads what a sentence says; here it is told whom it is about, when and how it was said.

mod answers;

use super::cast::{Cast, Mention};
use super::days;
use super::facts::Draft;
use super::incident::{is_birth, is_of_talk};
use super::text::{Prose, Token};
use crate::domain::dates::{self, ReadDate};
use crate::domain::{ConsentAnswer, ConsentHow};
use crate::forms::FormsContext;
use crate::forms::draft::{Place, stored};
use answers::{Statement, statements};
use std::ops::Range;

/// Longest ago that consent may have been given, in years: an earlier date is somebody's birth.
const MAX_YEARS: u16 = 8;
/// How far from the statement its date, and how it was said, may stand, in tokens.
const REACH: usize = 30;

/// How far before "by phone" it may stand whose way to be reached that is, in tokens.
const WISH_REACH: usize = 5;

/// Fills the consent of everybody who is said to have given, refused or not been asked for it.
pub(super) fn fill(
    prose: &Prose,
    cast: &Cast,
    drafts: &mut [Option<Draft>],
    place: &Place,
    context: &FormsContext<'_>,
) {
    for (at, range) in prose.sentences.iter().enumerate() {
        let words = prose.words(range.clone());
        if words.last().is_some_and(|t| t.lower == "?") || is_conditional(words) {
            continue;
        }
        for statement in statements(words) {
            for person in about(cast, prose, at, &statement) {
                if let Some(Some(draft)) = drafts.get_mut(person) {
                    let said = Said {
                        prose,
                        sentence: at,
                        statement: &statement,
                    };
                    take(draft, &said, place, context);
                }
            }
        }
    }
}

/// A statement in its sentence.
struct Said<'a> {
    prose: &'a Prose,
    sentence: usize,
    statement: &'a Statement,
}

impl Said<'_> {
    /// The tokens around the statement, within its sentence.
    fn around(&self) -> Range<usize> {
        let range = self
            .prose
            .sentences
            .get(self.sentence)
            .cloned()
            .unwrap_or_default();
        let at = range.start + self.statement.at;
        range.start.max(at.saturating_sub(REACH))..range.end.min(at + REACH)
    }
}

/// Writes a statement to the person it is about. A later word counts where it says that it does.
fn take(draft: &mut Draft, said: &Said<'_>, place: &Place, context: &FormsContext<'_>) {
    let words = said.prose.words(said.around());
    let answer = said.statement.answer;
    let consent = &mut draft.party.consent;
    let other = consent.contact.filter(|known| *known != answer);
    let differs = other.is_some();
    if let Some(other) = other {
        draft.notes.conflict(
            "/consent/contact",
            "the text says different things about consent: compare with the original",
            stored(other),
            stored(answer),
        );
    }
    if differs && !counts_now(words) {
        return;
    }
    let mut read: Vec<&str> = Vec::new();
    if differs || consent.contact.is_none() {
        consent.contact = Some(answer);
        read.push("/consent/contact");
    }
    if answer == ConsentAnswer::Given && consent.how.is_none() {
        consent.how = how(words);
        read.extend(consent.how.map(|_| "/consent/how"));
    }
    if answer == ConsentAnswer::Given && consent.given_on.is_none() {
        consent.given_on = given_on(said, context);
        read.extend(consent.given_on.as_ref().map(|_| "/consent/given_on"));
    }
    for path in read {
        draft.notes.read(path, place, &said.prose.quote(said.sentence));
    }
}

/// "but rang me back and will give it a go after all": what was said before no longer holds.
fn counts_now(words: &[Token]) -> bool {
    let after_all = words
        .windows(2)
        .any(|pair| matches!(pair, [after, all] if after.lower == "after" && all.lower == "all"));
    after_all
        || words
            .iter()
            .any(|t| t.is_any(&["now", "since", "anymore", "update", "yesterday"]))
}

/// The day nearest to a statement that is nobody's birth.
fn given_on(said: &Said<'_>, context: &FormsContext<'_>) -> Option<String> {
    let range = said.prose.sentences.get(said.sentence)?;
    let around = said.around();
    let first = said.prose.tokens.get(around.start)?.start;
    let near = said.prose.slice(around);
    let turn = range.start + said.statement.at;
    let distance = |start: usize| said.prose.token_at(first + start).abs_diff(turn);
    let days = days::find(near, context.today);
    let recent = days.into_iter().filter(|found| {
        let age = match found.date {
            ReadDate::Day { date, .. } => dates::age_on(date, context.today),
            ReadDate::Month { .. } | ReadDate::Impossible => return false,
        };
        let shifted = dates::FoundDate {
            start: found.start + first,
            end: found.end + first,
            ..*found
        };
        age.is_none_or(|years| years < MAX_YEARS)
            && !is_birth(said.prose, &shifted)
            && is_of_talk(said.prose, range, shifted.start)
    });
    recent
        .min_by_key(|found| distance(found.start))
        .and_then(|found| found.date.iso())
}

/// "If she agrees", "Once he has consented": not yet a fact.
fn is_conditional(words: &[Token]) -> bool {
    words
        .first()
        .is_some_and(|t| t.is_any(&["if", "once", "unless", "should", "whether"]))
}

fn how(words: &[Token]) -> Option<ConsentHow> {
    let says = |list: &[&str]| words.iter().any(|t| t.is_any(list));
    let pair = |a: &str, b: &[&str]| {
        let at = words
            .windows(2)
            .position(|w| matches!(w, [x, y] if x.lower == a && y.is_any(b)));
        // "happy to be contacted by phone" tells how they want to be reached
        at.is_some_and(|at| {
            let lead = words.get(at.saturating_sub(WISH_REACH)..at).unwrap_or_default();
            !lead.iter().any(|t| {
                t.is_any(&[
                    "contact",
                    "contacted",
                    "contacting",
                    "ring",
                    "call",
                    "reached",
                    "preferably",
                    "prefers",
                    "prefer",
                    "her",
                    "him",
                    "them",
                    "please",
                ])
            })
        })
    };
    let signed_other = says(&["contract", "abc", "agreement", "tenancy"]);
    let verbal = says(&[
        "verbally",
        "verbal",
        "orally",
        "face-to-face",
        "phoned",
        "rang",
        "telephoned",
    ]) || pair("the", &["phone"])
        || pair("by", &["phone"])
        || pair("in", &["person"])
        || words
            .windows(2)
            .any(|w| matches!(w, [told, me] if told.lower == "told" && me.is_any(&["me", "us"])));
    let written = says(&["signed"]) && !signed_other
        || says(&["written", "emailed", "e-mailed"])
        || pair("in", &["writing"])
        || pair("consent", &["form"])
        || pair("by", &["email", "e-mail", "letter", "text"]);
    match (verbal, written) {
        (true, false) => Some(ConsentHow::Verbal),
        (false, true) => Some(ConsentHow::Written),
        (true, true) | (false, false) => None,
    }
}

/// Whom a statement is about.
fn about(cast: &Cast, prose: &Prose, sentence: usize, statement: &Statement) -> Vec<usize> {
    let Some(range) = prose.sentences.get(sentence) else {
        return Vec::new();
    };
    let token = range.start + statement.at;
    if statement.is_about_object {
        let object = objects(cast, prose, token, range.end);
        if !object.is_empty() {
            return object;
        }
    }
    if let Some(person) = listed(cast, prose, range, token) {
        return vec![person];
    }
    // "gave me her consent": whose it is stands before, the writer in between does not count
    let before = cast.within(&(range.start..token));
    if let Some(subject) = before.iter().rev().find(|m| !m.people.is_empty()) {
        return subject.people.clone();
    }
    if before.is_empty() && statement.begins {
        return cast.in_mind(sentence);
    }
    Vec::new()
}

/// "Ann Lee, 15 – same house as Kit – does not want to": the person with whose name the line begins, where the
/// statement stands by itself behind a dash.
fn listed(cast: &Cast, prose: &Prose, range: &Range<usize>, token: usize) -> Option<usize> {
    let words = prose.words(range.start..token.min(range.start + REACH));
    let dash = words.iter().rposition(|t| t.is_any(&["–", "-", "—"]))?;
    let marks = words.iter().take_while(|t| t.is_mark()).count();
    let first = cast.within(&(range.start..token)).first()?;
    let leads = first.is_named() && first.at.start == range.start + marks;
    let is_alone = cast.within(&(range.start + dash..token)).is_empty();
    first.people.last().copied().filter(|_| leads && is_alone)
}

/// Whom a statement names behind its verb: "nobody has asked him or Harvey".
fn objects(cast: &Cast, prose: &Prose, token: usize, end: usize) -> Vec<usize> {
    let mentions = cast.within(&(token..end));
    let mut out: Vec<usize> = Vec::new();
    let mut last: Option<&Mention> = None;
    for mention in mentions.iter().filter(|m| !m.people.is_empty()) {
        let joins = |last: &Mention| {
            let word = prose.tokens.get(last.at.end);
            mention.at.start == last.at.end + 1 && word.is_some_and(|t| t.is_any(&["or", "and", "nor", "&"]))
        };
        if last.is_some_and(|last| !joins(last)) {
            break;
        }
        out.extend(mention.people.iter().copied());
        last = Some(mention);
    }
    out
}
