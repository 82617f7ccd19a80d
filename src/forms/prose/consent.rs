//! Who agreed to be contacted, as sentences say it. Knowing of a referral is not agreeing to it.

use super::cast::{Cast, Mention};
use super::facts::Draft;
use super::text::{Prose, Token};
use crate::domain::dates::{self, DateUse};
use crate::domain::{ConsentAnswer, ConsentHow};
use crate::forms::FormsContext;
use crate::forms::draft::Place;
use std::ops::Range;

/// How far before its words a "not" counts, in tokens.
const NEGATION_REACH: usize = 4;

/// What somebody may agree to, behind "happy", "willing", "would like" and their like.
const TAKING_PART: [&str; 27] = [
    "ring",
    "ref",
    "coming",
    "room",
    "call",
    "contacted",
    "contact",
    "take",
    "taking",
    "part",
    "speak",
    "speaking",
    "talk",
    "talking",
    "meet",
    "meeting",
    "participate",
    "participating",
    "engage",
    "engaging",
    "hear",
    "referral",
    "referred",
    "mediation",
    "rj",
    "process",
    "restorative",
];

/// A sentence's statement about consent.
struct Statement {
    answer: ConsentAnswer,
    /// The token it turns on.
    at: usize,
    /// Whom it is about stands behind it ("nobody has asked him").
    is_about_object: bool,
}

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
        let quote = prose.quote(at);
        for statement in statements(words) {
            let token = range.start + statement.at;
            for person in about(cast, range, token, &statement) {
                let Some(Some(draft)) = drafts.get_mut(person) else {
                    continue;
                };
                let consent = &mut draft.party.consent;
                if consent.contact.is_some_and(|known| known != statement.answer) {
                    draft.notes.doubt(
                        "/consent/contact",
                        "conflicting_values",
                        "the text says different things about consent; the first was taken",
                    );
                    continue;
                }
                if consent.contact.is_none() {
                    consent.contact = Some(statement.answer);
                    draft.notes.read("/consent/contact", place, &quote);
                }
                if statement.answer != ConsentAnswer::Given {
                    continue;
                }
                if let Some(how) = how(words).filter(|_| consent.how.is_none()) {
                    consent.how = Some(how);
                    draft.notes.read("/consent/how", place, &quote);
                }
                let given = dates::find(&quote, DateUse::Event, context.today);
                if let ([day], None) = (given.as_slice(), &consent.given_on) {
                    consent.given_on = day.date.iso();
                    draft.notes.read("/consent/given_on", place, &quote);
                }
            }
        }
    }
}

/// "if she agrees", "once he has consented": not yet a fact.
fn is_conditional(words: &[Token]) -> bool {
    words
        .first()
        .is_some_and(|t| t.is_any(&["if", "once", "when", "unless", "should", "whether"]))
}

fn statements(words: &[Token]) -> Vec<Statement> {
    let mut out: Vec<Statement> = Vec::new();
    for at in 0..words.len() {
        let found = not_sought(words, at).or_else(|| {
            given(words, at).map(|answer| Statement {
                answer,
                at,
                is_about_object: false,
            })
        });
        if let Some(found) = found {
            out.push(found);
        }
    }
    out
}

/// "has not been approached", "nobody has asked him", "I have not spoken to", "knows nothing of this".
fn not_sought(words: &[Token], at: usize) -> Option<Statement> {
    let word = words.get(at)?;
    let from = at.saturating_sub(NEGATION_REACH);
    let before = words.get(from..at)?;
    let is_not = before
        .iter()
        .any(|t| t.is_any(&["not", "never", "nobody", "no-one", "noone", "no"]) || t.lower.ends_with("n't"));
    let is_passive = before.iter().any(|t| t.is_any(&["been", "being"]));
    let statement = |is_about_object| {
        Some(Statement {
            answer: ConsentAnswer::NotSought,
            at,
            is_about_object,
        })
    };
    if word.is_any(&[
        "asked",
        "approached",
        "contacted",
        "spoken",
        "told",
        "informed",
        "discussed",
    ]) && is_not
    {
        return statement(!is_passive);
    }
    let next = words.get(at + 1);
    if word.is_any(&["knows", "know"]) && next.is_some_and(|t| t.is_any(&["nothing"]))
        || word.is_any(&["unaware"])
    {
        return statement(false);
    }
    (word.is_any(&["aware"]) && is_not).then_some(())?;
    statement(false)
}

fn given(words: &[Token], at: usize) -> Option<ConsentAnswer> {
    let word = words.get(at)?;
    let after: Vec<&str> = words
        .iter()
        .skip(at + 1)
        .take(8)
        .map(|t| t.lower.as_str())
        .collect();
    let takes_part = after.iter().any(|w| TAKING_PART.contains(w));
    let before = words.get(at.saturating_sub(NEGATION_REACH)..at)?;
    let is_not = before
        .iter()
        .any(|t| t.is_any(&["not", "never", "neither"]) || t.lower.ends_with("n't"));
    let said = |answer: ConsentAnswer| if is_not { ConsentAnswer::Refused } else { answer };
    match word.lower.as_str() {
        "consented" | "consents" | "consenting" | "ok'd" | "okayed" => Some(said(ConsentAnswer::Given)),
        "consent" => consent_noun(words, at, is_not),
        "agreed" | "agrees" => agrees(&after).then(|| said(ConsentAnswer::Given)),
        "yes" if after.first() == Some(&"to") && takes_part => Some(ConsentAnswer::Given),
        "take" if after.first() == Some(&"part") => {
            let will = before
                .iter()
                .any(|t| t.is_any(&["will", "would"]) || t.lower.ends_with("'ll"));
            will.then(|| said(ConsentAnswer::Given))
        }
        "share" | "pass" if after.contains(&"details") => {
            let may = before.iter().any(|t| t.is_any(&["may", "can", "could"]));
            (may && !is_not).then_some(ConsentAnswer::Given)
        }
        "want" | "wants" if is_not && is_refusal(&after) => Some(ConsentAnswer::Refused),
        "welcome" | "glad" if before.iter().any(|t| t.is_any(&["would"])) => Some(said(ConsentAnswer::Given)),
        "happy" | "willing" | "keen" | "content" | "okay" | "ok" | "open" => {
            takes_part.then(|| said(ConsentAnswer::Given))
        }
        "like" | "likes" | "wants" | "wishes" | "want" | "wish" if is_wish(&after) => {
            let asks = word.lower != "like"
                || before
                    .last()
                    .is_some_and(|t| t.is_any(&["would"]) || t.lower.ends_with("'d"));
            let writer = before.iter().any(|t| t.is_any(&["i", "we"]));
            (asks && !writer).then(|| said(ConsentAnswer::Given))
        }
        "says" | "said" | "saying" => match after.as_slice() {
            ["yes", ..] | ["“" | "\"" | "'" | "‘", "yes", ..] => Some(ConsentAnswer::Given),
            ["no", rest @ ..] if rest.first().is_none_or(|w| *w != "to") || takes_part => {
                Some(ConsentAnswer::Refused)
            }
            _ => None,
        },
        "refused" | "refuses" | "declined" | "declines" | "unwilling" => {
            (takes_part || after.is_empty() || after.first().is_some_and(|w| [".", ","].contains(w)))
                .then_some(ConsentAnswer::Refused)
        }
        _ => None,
    }
}

/// "gave me her consent", "signed our consent form", "no consent".
fn consent_noun(words: &[Token], at: usize, is_not: bool) -> Option<ConsentAnswer> {
    let before = words.get(at.saturating_sub(6)..at)?;
    let gives = before.iter().any(|t| {
        t.is_any(&[
            "gave",
            "gives",
            "given",
            "giving",
            "signed",
            "provided",
            "obtained",
            "got",
            "have",
            "has",
            "confirmed",
        ])
    });
    let needs = before.iter().any(|t| {
        t.is_any(&[
            "need", "needs", "seek", "seeking", "get", "ask", "asking", "without", "does",
        ])
    });
    match (gives && !needs, is_not) {
        (true, false) => Some(ConsentAnswer::Given),
        (_, true) if gives || before.iter().any(|t| t.is_any(&["does", "do", "did"])) => {
            Some(ConsentAnswer::Refused)
        }
        (_, _) => None,
    }
}

/// "agreed to be contacted", "agreed verbally" - not "agreed to a conditional caution".
fn agrees(after: &[&str]) -> bool {
    let sentenced = ["caution", "resolution", "order", "plea", "charge"];
    !after.iter().any(|w| sentenced.contains(w))
}

/// "(does not want) RJ", "to", "anything to do with it".
fn is_refusal(after: &[&str]) -> bool {
    match after {
        ["rj" | "anything" | "any" | "mediation" | "contact", ..] => true,
        ["to"] | ["to", "." | "," | ";", ..] => true,
        rest => is_wish(rest),
    }
}

/// "to take part", "to be contacted", "to meet".
fn is_wish(after: &[&str]) -> bool {
    match after {
        ["to", "be", "contacted" | "referred", ..] => true,
        ["to", verb, ..] => ["take", "meet", "speak", "talk", "participate", "engage"].contains(verb),
        _ => false,
    }
}

fn how(words: &[Token]) -> Option<ConsentHow> {
    let says = |list: &[&str]| words.iter().any(|t| t.is_any(list));
    let pair = |a: &str, b: &str| {
        words
            .windows(2)
            .any(|w| matches!(w, [x, y] if x.lower == a && y.lower == b))
    };
    let verbal = says(&["verbally", "verbal", "orally", "face-to-face"])
        || pair("the", "phone")
        || pair("by", "phone")
        || pair("in", "person")
        || pair("told", "me");
    let written = says(&["signed", "writing", "written"]) || pair("consent", "form") || pair("by", "email");
    match (verbal, written) {
        (true, false) => Some(ConsentHow::Verbal),
        (false, true) => Some(ConsentHow::Written),
        (true, true) | (false, false) => None,
    }
}

/// Whom a statement is about.
fn about(cast: &Cast, range: &Range<usize>, token: usize, statement: &Statement) -> Vec<usize> {
    let of = |mention: Option<&Mention>| mention.map(|m| m.people.clone()).unwrap_or_default();
    if statement.is_about_object {
        let object = of(cast.behind(token, range.end).filter(|m| !m.people.is_empty()));
        if !object.is_empty() {
            return object;
        }
    }
    // "gave me her consent": whose it is stands before, the writer in between does not count
    let subject = cast
        .within(&(range.start..token))
        .iter()
        .rev()
        .find(|m| !m.people.is_empty());
    let subject = of(subject);
    if !subject.is_empty() {
        return subject;
    }
    of(cast
        .behind(token, range.end)
        .filter(|m| statement.is_about_object && !m.people.is_empty()))
}
