//! What was decided, as a sentence says it.

use super::super::text::Token;
use crate::domain::OffenceOutcome;
use crate::forms::FormsContext;
use crate::forms::values;

/// How far behind "got" the years of a prison sentence may stand, in tokens.
const TERM_REACH: usize = 6;
/// Words without which a sentence tells of no decision.
const CUES: [&str; 28] = [
    "cr",
    "issued",
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
    "pre-sentence",
    "guilty",
    "custody",
    "suspended",
    "res",
    "adjourned",
    "licence",
    "jailed",
    "years",
    "months",
    "oocd",
    "yro",
    "bailed",
];

/// The one outcome that a sentence tells. `None` where it tells none, several, or one that is only thought of.
pub(super) fn outcome(words: &[Token], quote: &str, context: &FormsContext<'_>) -> Option<OffenceOutcome> {
    if !words.iter().any(|t| t.is_any(&CUES)) || is_thought_of(words) {
        return None;
    }
    let full = quote
        .replace("comm res ", "community resolution ")
        .replace("Comm res ", "community resolution ")
        .replace("comm. res. ", "community resolution ");
    let mut found = values::outcomes(&full, context.labels);
    if is_homeless(words) {
        found.retain(|outcome| *outcome != OffenceOutcome::NoFurtherAction);
    }
    if is_custodial(words) {
        return Some(OffenceOutcome::CustodialSentence);
    }
    if awaits_sentence(words) {
        return Some(OffenceOutcome::PreSentence);
    }
    // "was convicted and given a suspended sentence": the sentence says more than the conviction
    let is_exact = |outcome: &OffenceOutcome| {
        !matches!(
            outcome,
            OffenceOutcome::PostSentence
                | OffenceOutcome::PreSentence
                | OffenceOutcome::Charged
                | OffenceOutcome::UnderInvestigation
        )
    };
    let exact: Vec<OffenceOutcome> = found.iter().copied().filter(is_exact).collect();
    match (exact.as_slice(), found.as_slice()) {
        ([outcome], _) | ([], [outcome]) => Some(*outcome),
        (_, _) => None,
    }
}

/// "we are considering a caution", "he may be charged".
fn is_thought_of(words: &[Token]) -> bool {
    words.iter().any(|t| {
        t.is_any(&["considering", "consider", "might", "could", "if", "instead"])
            || t.lower == "may" && !t.is_capital
    })
}

/// "NFA at the moment, sofa surfing": of no fixed abode.
fn is_homeless(words: &[Token]) -> bool {
    words.iter().any(|t| {
        t.is_any(&[
            "surfing",
            "moment",
            "homeless",
            "abode",
            "address",
            "staying",
            "currently",
            "hostel",
            "dob",
            "sleeping",
        ])
    })
}

/// "will be sentenced on", "adjourned for a pre-sentence report".
fn awaits_sentence(words: &[Token]) -> bool {
    let will = words.windows(3).any(|w| {
        matches!(w, [will, be, sentenced] if will.is_any(&["will", "to"]) && be.lower == "be" && sentenced.lower == "sentenced")
    });
    let awaits = words.windows(2).any(|w| {
        matches!(w, [awaiting, sentence] if awaiting.is_any(&["awaiting", "awaits"]) && sentence.is_any(&["sentence", "sentencing"]))
    });
    let guilty = words.iter().any(|t| t.lower == "guilty");
    let adjourned = words.iter().any(|t| t.is_any(&["adjourned", "pre-sentence"]));
    will || awaits || guilty && adjourned
}

/// "sentenced to 27 months", "got seven years", "went to prison" - unless it is suspended.
fn is_custodial(words: &[Token]) -> bool {
    let says = |list: &[&str]| words.iter().any(|t| t.is_any(list));
    let term = words.iter().enumerate().any(|(at, token)| {
        let behind = words
            .get(at + 1..words.len().min(at + 1 + TERM_REACH))
            .unwrap_or_default();
        let years = behind
            .iter()
            .position(|t| t.is_any(&["months", "years", "month", "year"]));
        let old = years
            .and_then(|at| behind.get(at + 1))
            .is_some_and(|t| t.is_any(&["ago", "old", "into", "older"]));
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let is_term = token.lower == "of" && before.is_some_and(|t| t.is_any(&["sentence", "term"]));
        (is_term || token.is_any(&["got", "received", "given", "serving", "to"])) && years.is_some() && !old
    });
    // "got eleven years" needs no court beside it
    let got = words
        .windows(3)
        .any(|w| matches!(w, [got, _, years] if got.lower == "got" && years.is_any(&["years", "months"])));
    let sentenced = got
        || says(&["sentenced", "sentence", "serving", "prison", "custody"])
        || words
            .windows(2)
            .any(|w| matches!(w, [crown, court] if crown.lower == "crown" && court.lower == "court"));
    let prison = words
        .windows(2)
        .any(|pair| matches!(pair, [to, prison] if to.is_any(&["to", "in"]) && prison.is_any(&["prison", "custody"])));
    let will = says(&["will", "facing", "faces"]);
    (term && sentenced || prison && says(&["went", "sent", "sentenced", "gone"]))
        && !says(&["suspended", "community", "order"])
        && !will
}
