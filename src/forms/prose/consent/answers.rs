//! What a sentence says about consent: given, refused, not asked for.

use super::super::text::Token;
use super::super::words::{PERSON_NOUNS, RELATIONS};
use crate::domain::ConsentAnswer;

/// How far before its words a "not" counts, in tokens.
const NEGATION_REACH: usize = 4;

/// What somebody may agree to, behind "happy", "willing", "would like" and their like.
const TAKING_PART: [&str; 42] = [
    "apologise",
    "sit",
    "explain",
    "approached",
    "called",
    "phoned",
    "rung",
    "texted",
    "emailed",
    "come",
    "visit",
    "visited",
    "write",
    "see",
    "approach",
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

/// What professionals are happy to do who close a mail with it: "Happy to talk it through".
const OFFERS: [&str; 14] = [
    "talk", "discuss", "speak", "call", "explain", "chat", "help", "answer", "come", "see", "visit",
    "provide", "send", "ring",
];

/// A sentence's statement about consent.
pub(super) struct Statement {
    pub(super) answer: ConsentAnswer,
    /// The token it turns on.
    pub(super) at: usize,
    /// Whom it is about stands behind it ("nobody has asked him").
    pub(super) is_about_object: bool,
    /// It begins its clause: "Consents to contact", "Happy to take part".
    pub(super) begins: bool,
}

/// Every statement of a sentence, in order.
pub(super) fn statements(words: &[Token]) -> Vec<Statement> {
    let mut out: Vec<Statement> = Vec::new();
    for at in (0..words.len()).filter(|at| !is_open(words, *at)) {
        let begins = begins_clause(words, at);
        let found = not_sought(words, at)
            .map(|about| (ConsentAnswer::NotSought, about))
            .or_else(|| given(words, at).map(|answer| (answer, About::Subject)))
            .or_else(|| permits(words, at).map(|answer| (answer, About::Object)));
        if let Some((answer, about)) = found {
            out.push(Statement {
                answer,
                at,
                is_about_object: about == About::Object,
                begins,
            });
        }
    }
    out
}

/// Whom a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// Who stands before it.
    Subject,
    /// Who stands behind it.
    Object,
}

/// "whether she is willing", "if he agrees": not yet a fact.
fn is_open(words: &[Token], at: usize) -> bool {
    let from = at.saturating_sub(NEGATION_REACH + 1);
    words
        .get(from..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|t| !t.is_mark())
        .any(|t| t.is_any(&["if", "whether", "unless", "until", "once"]))
}

/// Nothing but small words before it in its sentence: "Consents to contact", "Very happy to take part".
fn begins_clause(words: &[Token], at: usize) -> bool {
    let before = words.get(..at).unwrap_or_default();
    let names_somebody = |t: &Token| {
        RELATIONS.iter().any(|(word, _)| *word == t.base())
            || PERSON_NOUNS.iter().any(|(word, _)| *word == t.base())
            || t.is_any(&[
                "nobody", "everyone", "police", "council", "school", "family", "parents", "they", "somebody",
                "we", "i", "you", "who",
            ])
    };
    if at <= NEGATION_REACH && !before.iter().any(names_somebody) {
        return true;
    }
    before.iter().all(|t| {
        t.is_mark()
            || t.is_any(&[
                "is", "has", "also", "very", "quite", "would", "and", "not", "now", "says", "said", "still",
                "been", "verbally", "both", "already", "does", "did", "will", "to", "be", "the", "rj", "re",
                "so", "yes", "no", "that", "all", "happy", "he'll", "a",
            ])
    })
}

/// "you may contact him", "you can ring her", "I may share her details".
fn permits(words: &[Token], at: usize) -> Option<ConsentAnswer> {
    let word = words.get(at)?;
    let before = words.get(at.saturating_sub(NEGATION_REACH)..at)?;
    let may = before.iter().any(|t| t.is_any(&["may", "can", "could"]));
    let is_not = before
        .iter()
        .any(|t| t.is_any(&["not", "cannot", "never"]) || t.lower.ends_with("n't"));
    let is_asked = words.last().is_some_and(|t| t.lower == "?");
    if !may || is_not || is_asked {
        return None;
    }
    let next = words.get(at + 1)?;
    let reaches = word.is_any(&["contact", "ring", "call", "phone", "text", "approach"]);
    let by_you = before.iter().any(|t| t.lower == "you");
    let somebody = next.is_any(&["him", "her", "them", "both"]) || next.is_capital;
    let details = words
        .iter()
        .skip(at + 1)
        .take(NEGATION_REACH)
        .any(|t| t.is_any(&["details", "number"]));
    let shares = word.is_any(&["share", "pass"]) && details;
    (reaches && by_you && somebody || shares).then_some(ConsentAnswer::Given)
}

/// "has not been approached", "nobody has asked him", "I have not spoken to", "knows nothing of this".
fn not_sought(words: &[Token], at: usize) -> Option<About> {
    let word = words.get(at)?;
    let from = at.saturating_sub(NEGATION_REACH);
    let before = words.get(from..at)?;
    let is_not = before.iter().any(|t| {
        t.is_any(&["not", "never", "nobody", "no-one", "noone", "no", "none"]) || t.lower.ends_with("n't")
    });
    let is_passive = before.iter().any(|t| t.is_any(&["been", "being"]));
    let next = |offset: usize| words.get(at + offset);
    let follows = |list: &[&str]| next(1).is_some_and(|t| t.is_any(list));
    let is_asking = word.is_any(&[
        "asked",
        "approached",
        "contacted",
        "spoken",
        "told",
        "informed",
        "discussed",
        "raised",
        "mentioned",
        "broached",
        "consulted",
        "sounded",
        "said",
        "put",
    ]);
    if word.lower == "put" && next(2).is_none_or(|t| t.lower != "to") {
        return None;
    }
    if word.lower == "said" && !follows(&["anything", "a"]) {
        return None;
    }
    // "does not want to be contacted" refuses
    let is_wanted = before
        .iter()
        .any(|t| t.is_any(&["want", "wants", "wish", "wishes", "like"]));
    if is_asking && is_not && !is_wanted {
        return Some(if is_passive { About::Subject } else { About::Object });
    }
    let is_unaware = word.is_any(&["knows", "know"]) && follows(&["nothing"])
        || word.is_any(&["know"]) && is_not && follows(&["about", "of", "that", "yet", "anything"])
        || word.is_any(&["idea"]) && is_not && before.iter().any(|t| t.is_any(&["has", "have", "had"]))
        || word.is_any(&["unaware"])
        || word.is_any(&["aware"]) && is_not && !follows(&["whether", "if", "of"]);
    is_unaware.then_some(About::Subject)
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
        "consent" if before.last().is_some_and(|t| t.is_any(&["i", "we"])) => {
            Some(said(ConsentAnswer::Given))
        }
        "consent" => consent_noun(words, at, is_not),
        "agreed" | "agrees" => agrees(&after).then(|| said(ConsentAnswer::Given)),
        "yes" if after.first() == Some(&"to") && takes_part => Some(ConsentAnswer::Given),
        "do" if after.first() == Some(&"it") => {
            let will = before
                .last()
                .is_some_and(|t| t.lower == "will" || t.lower.ends_with("'ll"));
            will.then_some(ConsentAnswer::Given)
        }
        "take" if after.first() == Some(&"part") => {
            let will = before
                .iter()
                .any(|t| t.is_any(&["will", "would"]) || t.lower.ends_with("'ll"));
            will.then(|| said(ConsentAnswer::Given))
        }
        "give" | "gave" | "giving" => {
            let tries = matches!(after.as_slice(), [_, "a", "go" | "try" | "chance" | "shot", ..]);
            (tries && !before.iter().any(|t| t.is_any(&["might", "may", "could"])))
                .then(|| said(ConsentAnswer::Given))
        }
        "up" => matches!(
            after.as_slice(),
            [
                "for",
                "it" | "this" | "that" | "rj" | "mediation" | "a" | "meeting" | "restorative",
                ..
            ]
        )
        .then(|| said(ConsentAnswer::Given)),
        "want" | "wants" if is_not && is_refusal(&after) => Some(ConsentAnswer::Refused),
        "welcome" | "glad" if before.iter().any(|t| t.is_any(&["would"])) => Some(said(ConsentAnswer::Given)),
        "happy" | "willing" | "keen" | "content" | "okay" | "ok" | "open" | "prepared" | "glad" => {
            let by_itself = ["willing", "keen"].contains(&word.lower.as_str())
                && ends_clause(&after)
                && before
                    .iter()
                    .any(|t| t.is_any(&["is", "are", "he's", "she's", "they're", "still"]));
            let is_writers = begins_clause(words, at)
                && matches!(after.as_slice(), ["to", verb, ..] if OFFERS.contains(verb));
            ((takes_part || by_itself) && !is_writers).then(|| said(ConsentAnswer::Given))
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

/// "is willing too.", "are still keen,".
fn ends_clause(after: &[&str]) -> bool {
    let rest = match after {
        ["too" | "now", rest @ ..] => rest,
        ["as", "well", rest @ ..] => rest,
        rest => rest,
    };
    rest.first()
        .is_none_or(|word| [".", ",", ";", ")", "and", "but"].contains(word))
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
        ["to", "be", "contacted" | "referred", ..] | ["mediation" | "rj", ..] => true,
        ["to", verb, ..] => ["take", "meet", "speak", "talk", "participate", "engage"].contains(verb),
        _ => false,
    }
}
