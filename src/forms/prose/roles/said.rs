//! What one sentence says of somebody it mentions.

use super::Matter;
use super::suffered::{TAKING, as_object, done_by, hurt_by, is_harm_to, is_owner, owner_of, owns_thing};
use crate::domain::{AgencyKind, Role};
use crate::forms::prose::cast::{Cast, Mention, Spoken, role_word};
use crate::forms::prose::text::{Prose, Token};
use crate::forms::prose::words::{
    DISPOSALS, RESPONSIBLE_PHRASES, ROLE_COMPOUNDS, is_harm_done, is_harm_suffered,
};
use std::ops::Range;

/// Most words before and behind somebody that are looked at.
const LONGEST: usize = 40;
/// How far before a name the word may stand that says what it is, in tokens.
pub(super) const REACH: usize = 12;
/// How far behind "was given" the caution may stand, in tokens.
const DISPOSAL_REACH: usize = 6;
/// Words behind a subject that are looked at.
const MAX_PHRASE: usize = 8;
/// Words that may stand anywhere before a verb: "later pleaded guilty", "has since admitted".
const ADVERBS: [&str; 19] = [
    "later",
    "since",
    "fully",
    "initially",
    "subsequently",
    "eventually",
    "immediately",
    "already",
    "recently",
    "openly",
    "readily",
    "freely",
    "allegedly",
    "duly",
    "just",
    "previously",
    "finally",
    "then",
    "also",
];
/// How far behind "would like" the "sorry" may stand, in tokens.
pub(super) const SORRY_REACH: usize = 10;
/// How far behind a subject its second verb may stand, in tokens: "lost his temper and threw".
const SECOND_VERB_REACH: usize = 14;

/// What a sentence says of the person it mentions.
pub(super) fn vote(
    prose: &Prose,
    cast: &Cast,
    sentence: &Range<usize>,
    mention: &Mention,
    group_did_harm: bool,
    matter: Matter,
) -> Option<Role> {
    let earlier = cast
        .before(mention.at.start, sentence.start)
        .map_or(sentence.start, |m| m.at.end);
    let from = earlier
        .max(mention.at.start.saturating_sub(REACH))
        .max(sentence.start);
    let named_before = cast
        .within(&(sentence.start.max(mention.at.start.saturating_sub(LONGEST))..mention.at.start))
        .iter()
        .rev()
        .find(|m| m.is_named())
        .map_or(sentence.start, |m| m.at.end);
    let lead_in = named_before.max(mention.at.start.saturating_sub(REACH));
    let lead_in = prose.words(lead_in..mention.at.start);
    let to = cast
        .behind(mention.at.end, sentence.end)
        .map_or(sentence.end, |m| m.at.start);
    let line = prose.words(sentence.start.max(mention.at.start.saturating_sub(LONGEST))..mention.at.start);
    let is_subject = prose
        .words(mention.at.clone())
        .first()
        .is_some_and(|t| t.is_any(&["i", "he", "she", "they", "we", "i've", "he's", "she's", "they've"]));
    let before = prose.words(from..mention.at.start);
    let after = prose.words(mention.at.end..sentence.end.min(mention.at.end + LONGEST));
    let own = prose.words(mention.at.end..to);
    introduced(lead_in, mention)
        .or_else(|| who_did_it(lead_in, mention))
        .or_else(|| called(own))
        .or_else(|| one_of_them(lead_in, group_did_harm))
        .or_else(|| written_for(before, matter))
        .or_else(|| done_by(line))
        .or_else(|| given_to(before, after))
        .or_else(|| owns_thing(mention, prose, after, matter))
        .or_else(|| is_owner(mention, lead_in, matter))
        .or_else(|| owner_of(mention, prose, after))
        .or_else(|| hurt_by(mention, after))
        .or_else(|| as_subject(after, own))
        .or_else(|| {
            // "theft from his employer" is no theft from him
            let is_others = mention.is_possessive && mention.kind == Spoken::Pronoun;
            (!is_others && is_harm_to(before)).then_some(Role::Victim)
        })
        .or_else(|| as_object(before, mention.is_possessive).filter(|_| !is_subject))
}

/// "The offender is", "my victim, " right before a name.
fn introduced(before: &[Token], mention: &Mention) -> Option<Role> {
    if !mention.is_named() {
        return None;
    }
    let at = before.iter().rposition(|t| role_word(t).is_some())?;
    if before.get(at + 1).is_some_and(|t| t.is_any(&ROLE_COMPOUNDS)) {
        return None;
    }
    let between = before.get(at + 1..)?;
    let turns = between.iter().any(|t| {
        t.is_any(&[
            "of", "by", "with", "from", "to", "against", "for", "and", "that", "has", "knows",
        ]) || is_harm_done(&t.lower)
    });
    let joins = between.is_empty()
        || between.iter().any(|t| {
            t.is_any(&[
                "is", "was", ",", ":", "(", "-", "–", "=", "named", "called", "being",
            ])
        });
    let role = role_word(before.get(at)?);
    // "the man convicted of the arson is"
    let is_convicted = before
        .get(at)
        .is_some_and(|t| t.is_any(&["convicted", "responsible", "accused"]))
        && between.last().is_some_and(|t| t.is_any(&["is", "was", ","]));
    (is_convicted || joins && !turns).then_some(role).flatten()
}

/// "the girl who got hurt is", "the man who did it, " right before a name.
fn who_did_it(before: &[Token], mention: &Mention) -> Option<Role> {
    let who = before.iter().rposition(|t| t.is_any(&["who", "that"]))?;
    let told = before.get(who + 1..).filter(|_| mention.is_named())?;
    let did = matches!(told, [did, it, ..] if did.lower == "did" && it.is_any(&["it", "this", "that"]));
    let joins = told
        .last()
        .is_some_and(|t| t.is_any(&["is", "was", ",", "called", "named", "it", "this"]));
    match told {
        [was, verb, ..] if was.is_any(&["was", "got", "were"]) && is_harm_suffered(&verb.lower) && joins => {
            Some(Role::Victim)
        }
        [died, ..] if died.lower == "died" && joins => Some(Role::Victim),
        [verb, ..] if (did || is_harm_done(&verb.lower)) && joins => Some(Role::Offender),
        _ => None,
    }
}

/// "is the victim", "(victim)", "as the offender" right behind a name.
fn called(after: &[Token]) -> Option<Role> {
    let lead = after
        .iter()
        .take_while(|t| {
            t.is_any(&[
                "is", "was", "the", "(", ",", "-", "–", "as", "a", "our", "my", "who",
            ])
        })
        .count();
    if lead == 0 || lead > 4 {
        return None;
    }
    role_word(after.get(lead)?)
}

/// "one of them is", "the only one we have identified is" behind a sentence about a group that did harm.
fn one_of_them(before: &[Token], group_did_harm: bool) -> Option<Role> {
    let says = before.windows(2).any(|pair| match pair {
        [of, them] => of.lower == "of" && them.is_any(&["them", "these", "those"]),
        _ => false,
    });
    let one = before.iter().position(|t| t.lower == "one");
    let known = before
        .iter()
        .position(|t| t.is_any(&["identified", "known", "named", "traced"]));
    let is_known = matches!((one, known), (Some(one), Some(known)) if one < known);
    ((says || is_known) && group_did_harm).then_some(Role::Offender)
}

/// Whom a liaison officer writes for was harmed; whom a probation officer supervises did harm.
fn written_for(before: &[Token], matter: Matter) -> Option<Role> {
    let told: Vec<&str> = before.iter().rev().take(4).map(|t| t.lower.as_str()).collect();
    let is_youth_justice = matter.agency == Some(AgencyKind::YouthJustice);
    let is_of_prison = matter.agency == Some(AgencyKind::Prison);
    match told.as_slice() {
        // a prison writes for its prisoners
        ["of", "behalf", ..] if is_of_prison => Some(Role::Offender),
        ["of", "behalf", ..] | ["for", "officer", "liaison", ..] | ["for", "vlo", ..] => Some(Role::Victim),
        ["for", "officer", "care" | "support", "victim" | "witness"] => Some(Role::Victim),
        ["supervise" | "supervising", ..]
        | ["for", "practitioner", "probation", ..]
        | ["for", "officer", "probation", ..]
        | ["for", "manager", "offender", ..]
        | ["for", "pom" | "com", ..] => Some(Role::Offender),
        [":" | "is" | "," | "-" | "–", "person", "young", ..] => is_youth_justice.then_some(Role::Offender),
        _ => None,
    }
}

/// "the police gave him a caution": what was decided of somebody.
fn given_to(before: &[Token], after: &[Token]) -> Option<Role> {
    let gave = before.last()?.is_any(&["gave", "given", "issued", "handed"]);
    (gave && tells_disposal(after)).then_some(Role::Offender)
}

/// A caution, an order or years of prison in the next words; not an order against somebody else.
fn tells_disposal(after: &[Token]) -> bool {
    let said = after.get(..after.len().min(DISPOSAL_REACH)).unwrap_or_default();
    let is_protection = after.iter().take(DISPOSAL_REACH * 2).any(|t| {
        t.is_any(&[
            "restraining",
            "protection",
            "non-molestation",
            "against",
            "compensation",
            "ago",
            "old",
        ])
    });
    said.iter().any(|t| t.is_any(&DISPOSALS)) && !is_protection
}

/// What a person does or suffers as the subject of what follows.
fn as_subject(after: &[Token], own: &[Token]) -> Option<Role> {
    let after = skip_details(after);
    let plain = after.iter().take(2 * MAX_PHRASE).filter(|t| !t.is_any(&ADVERBS));
    let said: Vec<&str> = plain.take(MAX_PHRASE).map(|t| t.lower.as_str()).collect();
    let starts = |phrase: &str| {
        let words: Vec<&str> = phrase.split(' ').collect();
        said.starts_with(&words)
    };
    if RESPONSIBLE_PHRASES.iter().any(|phrase| starts(phrase)) {
        return Some(Role::Offender);
    }
    let suffers = |words: &[&str]| match words {
        ["was" | "were" | "been" | "got", verb, "out", ..] if is_harm_suffered(verb) => false,
        ["was" | "been", "the", "target", ..] => true,
        ["was" | "were" | "been" | "got", rest @ ..] => {
            rest.iter().take(2).any(|verb| is_harm_suffered(verb))
        }
        _ => false,
    };
    match said.as_slice() {
        ["had" | "has" | "have", rest @ ..] if suffers(rest) => Some(Role::Victim),
        words if suffers(words) => Some(Role::Victim),
        ["whose", ..] => after
            .windows(2)
            .any(|pair| matches!(pair, [was, verb] if was.is_any(&["was", "were"]) && is_harm_suffered(&verb.lower)))
            .then_some(Role::Victim),
        ["had" | "has", "his" | "her" | "their" | "the" | "a", ..] | ["came", "home", ..] | ["found", ..] => after
            .iter()
            .take(12)
            .any(|t| is_harm_suffered(&t.lower))
            .then_some(Role::Victim),
        [verb, "out", ..] if is_harm_done(verb) => None,
        [verb, ..] if TAKING.contains(verb) => {
            said.contains(&"from").then_some(Role::Offender)
        }
        [verb, object, ..] if is_harm_done(verb) && *object != "by" => Some(Role::Offender),
        ["on", "a" | "an", ..] if said.contains(&"order") || said.contains(&"licence") => Some(Role::Offender),
        ["lost", "her" | "his" | "their", what, ..] if !["temper", "patience", "rag", "job"].contains(what) => {
            Some(Role::Victim)
        }
        ["was" | "been" | "got" | "received" | "accepted" | "signed", ..]
        | ["has" | "had", "been" | "got" | "had" | "received" | "accepted" | "signed", ..]
        | ["is", "on", ..]
            if tells_disposal(after) =>
        {
            Some(Role::Offender)
        }
        ["was", "the", "one", "who", ..] => Some(Role::Offender),
        ["has" | "had", "asked", ..] if says_sorry(after) => Some(Role::Offender),
        ["would", "like", ..]
        | ["want" | "wants" | "wanted" | "wish" | "wishes" | "hope" | "hopes" | "asked" | "offered", ..]
        | ["is" | "am" | "feel" | "feels", ..]
            if says_sorry(own) =>
        {
            Some(Role::Offender)
        }
        _ => second_verb(own),
    }
}

/// "lost his temper and threw a clipboard": a wrong told by a later verb of the same subject.
fn second_verb(own: &[Token]) -> Option<Role> {
    let said = own.get(..own.len().min(SECOND_VERB_REACH)).unwrap_or_default();
    let turns = said
        .iter()
        .position(|t| {
            t.is_any(&[
                "who", "that", "when", "because", "but", "if", "by", "was", "were", "to",
            ])
        })
        .unwrap_or(said.len());
    let harms = said
        .get(..turns)?
        .windows(2)
        .any(|pair| matches!(pair, [and, verb] if and.is_any(&["and", "then"]) && is_harm_done(&verb.lower)));
    harms.then_some(Role::Offender)
}

/// Passes over brackets, an age, "who", commas and "one of our nurses," between a name and its verb.
fn skip_details(after: &[Token]) -> &[Token] {
    let mut rest = after;
    loop {
        rest = match rest {
            [open, ..] if open.lower == "(" => match rest.iter().position(|t| t.lower == ")") {
                Some(close) => rest.get(close + 1..).unwrap_or_default(),
                None => return rest,
            },
            [comma, what, ..] if comma.lower == "," && opens_detail(what) => {
                let inner = rest.get(1..rest.len().min(REACH)).unwrap_or_default();
                match inner.iter().position(|t| t.lower == ",") {
                    Some(close) => rest.get(close + 2..).unwrap_or_default(),
                    None => rest.get(1..).unwrap_or_default(),
                }
            }
            [of, place, ..] if of.is_any(&["of", "at"]) && is_of_address(place) => {
                let long = rest
                    .iter()
                    .position(|t| !(is_of_address(t) || t.is_any(&["of", "at", ","])));
                rest.get(long.unwrap_or(rest.len())..).unwrap_or_default()
            }
            // "who on 16 November 2026 pleaded guilty"
            [on, day, ..] if on.is_any(&["on", "in"]) && is_of_date(day) => {
                let long = rest
                    .iter()
                    .skip(1)
                    .position(|t| !(is_of_date(t) || t.lower == ","));
                rest.get(long.map_or(rest.len(), |long| long + 1)..)
                    .unwrap_or_default()
            }
            // "who is 20," and "who lives at 3 Mill Row,"
            [is, age, ..] if is.is_any(&["is", "was"]) && is_of_address(age) && !age.is_capital => {
                rest.get(2..).unwrap_or_default()
            }
            [lives, ..] if lives.is_any(&["lives", "works", "lived", "worked", "runs"]) => {
                let comma = rest.iter().take(REACH).position(|t| t.lower == ",");
                match comma {
                    Some(comma) => rest.get(comma + 1..).unwrap_or_default(),
                    None => return rest,
                }
            }
            [who, ..] if who.is_any(&["who", ",", "then", "also", "both", "now"]) => {
                rest.get(1..).unwrap_or_default()
            }
            _ => return rest,
        };
    }
}

/// A word of an address: in capitals or with a number.
fn is_of_address(token: &Token) -> bool {
    token.is_capital || token.lower.starts_with(|c: char| c.is_ascii_digit())
}

/// A piece of a date: a number or a month.
fn is_of_date(token: &Token) -> bool {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    token.lower.starts_with(|c: char| c.is_ascii_digit()) || token.is_any(&MONTHS)
}

/// What begins a remark between commas: "one of our nurses", "aged 31", "date of birth".
fn opens_detail(token: &Token) -> bool {
    token.is_any(&[
        "one", "a", "an", "the", "our", "my", "aged", "age", "dob", "d.o.b", "born", "date",
    ]) || token.lower.starts_with(|c: char| c.is_ascii_digit())
}

/// "say sorry", "apologise", "write a letter of apology" - not "asking for an apology".
fn says_sorry(after: &[Token]) -> bool {
    let said = after.get(..after.len().min(SORRY_REACH)).unwrap_or_default();
    let is_not = |at: usize| {
        let before = said.get(..at).unwrap_or_default();
        before
            .iter()
            .any(|t| t.is_any(&["not", "no", "never"]) || t.lower.ends_with("n't"))
    };
    said.iter().enumerate().any(|(at, token)| {
        let own = token.is_any(&["sorry", "apologise", "apologize", "amends"]);
        let offers = token.lower == "apology"
            && said
                .get(at.saturating_sub(3)..at)
                .unwrap_or_default()
                .iter()
                .any(|t| t.is_any(&["of", "write", "give", "make", "offer", "written"]));
        (own || offers) && !is_not(at)
    })
}
