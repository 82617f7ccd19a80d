//! Who did harm and who was harmed, as far as a sentence says so about a person in as many words.

use super::cast::{Cast, Mention, role_word};
use super::text::{Prose, Token};
use super::words::{GROUPS, RESPONSIBLE_PHRASES, SUPPORTING, is_harm_done, is_harm_suffered};
use crate::domain::Role;
use std::ops::Range;

/// Taking something: a wrong where it is "from" somebody.
const TAKING: [&str; 4] = ["took", "drew", "withdrew", "taken"];
/// How far before a name the word may stand that says what it is, in tokens.
const REACH: usize = 12;

/// The role of each person. `None`: the text does not say.
pub(super) fn of(prose: &Prose, cast: &Cast, is_mediation: bool) -> Vec<Option<Role>> {
    let mut votes = vec![(0_u32, 0_u32); cast.people.len()];
    let mut did_harm = false;
    let mut listed = None;
    for sentence in &prose.sentences {
        let words = prose.words(sentence.clone());
        match list_heading(words, cast.within(sentence)) {
            Some(role) => listed = Some(role),
            None => {
                listed = listed.filter(|_| starts_with_name(words, sentence.start, cast.within(sentence)))
            }
        }
        for (at, mention) in cast.within(sentence).iter().enumerate() {
            let vote = listed
                .filter(|_| at == 0 && mention.is_named)
                .or_else(|| vote(prose, cast, sentence, mention, did_harm));
            for person in &mention.people {
                if let Some(count) = votes.get_mut(*person) {
                    match vote {
                        Some(Role::Victim) => count.0 += 1,
                        Some(Role::Offender) => count.1 += 1,
                        Some(_) | None => {}
                    }
                }
            }
        }
        did_harm = tells_of_group(prose.words(sentence.clone()));
    }
    let nobody_did = votes.iter().all(|(harmed, did)| *harmed == 0 && *did == 0);
    cast.people
        .iter()
        .zip(votes)
        .map(
            |(person, (harmed, did))| match (person.by_role, harmed.cmp(&did)) {
                (Some(role), _) => Some(role),
                (None, std::cmp::Ordering::Greater) => Some(Role::Victim),
                (None, std::cmp::Ordering::Less) => Some(Role::Offender),
                (None, std::cmp::Ordering::Equal) => match &person.relation {
                    Some((word, of)) => {
                        (of.is_some() && SUPPORTING.contains(&word.as_str())).then_some(Role::Supporter)
                    }
                    None => (nobody_did && is_mediation).then_some(Role::Party),
                },
            },
        )
        .collect()
}

/// Finds out whom "the victim" and "the offender" mean: the only named person of that role; or, where none
/// is named so, the only one without a role who was spoken of before.
pub(super) fn settle(cast: &mut Cast, roles: &mut [Option<Role>]) {
    for nameless in 0..cast.people.len() {
        let Some(role) = cast.people.get(nameless).and_then(|p| p.by_role) else {
            continue;
        };
        let named = |at: &usize| {
            cast.people
                .get(*at)
                .is_some_and(|p| p.by_role.is_none() && p.relation.is_none())
        };
        let of_role: Vec<usize> = (0..roles.len())
            .filter(|at| named(at) && roles.get(*at).copied().flatten() == Some(role))
            .collect();
        let spoken = cast.first(nameless).map_or(0, |m| m.at.start);
        let open: Vec<usize> = (0..roles.len())
            .filter(|at| named(at) && roles.get(*at).copied().flatten().is_none())
            .filter(|at| cast.first(*at).is_some_and(|m| m.at.start < spoken))
            .collect();
        let person = match (of_role.as_slice(), open.as_slice()) {
            ([one], _) | ([], [one]) => *one,
            (_, _) => continue,
        };
        cast.merge(nameless, person);
        for (at, slot) in [(person, Some(role)), (nameless, None)] {
            if let Some(place) = roles.get_mut(at) {
                *place = slot;
            }
        }
    }
}

/// "Harmed", "Two victims, both work there:": a short line that says what the people listed below are.
fn list_heading(words: &[Token], mentions: &[Mention]) -> Option<Role> {
    const MAX_WORDS: usize = 8;
    let is_short = words.len() <= MAX_WORDS && words.last().is_none_or(|t| t.lower != ".");
    let names_somebody = mentions.iter().any(|m| m.is_named);
    let mut roles = words.iter().filter_map(role_word);
    let role = roles.next().filter(|_| is_short && !names_somebody)?;
    roles.all(|other| other == role).then_some(role)
}

/// A line of a list of people: a name stands at its beginning.
fn starts_with_name(words: &[Token], start: usize, mentions: &[Mention]) -> bool {
    let marks = words.iter().take_while(|t| t.is_mark()).count();
    let first = mentions.first();
    first.is_some_and(|m| m.is_named && m.at.start <= start + marks)
        || words.first().is_some_and(|t| t.is_mark())
}

/// "two boys threw gravel": the sentence tells what a group of people did.
fn tells_of_group(words: &[Token]) -> bool {
    let group = words.iter().position(|w| w.is_any(&GROUPS));
    let harm = words.iter().position(|w| is_harm_done(&w.lower));
    matches!((group, harm), (Some(group), Some(harm)) if group < harm)
}

/// What a sentence says of the person it mentions.
fn vote(
    prose: &Prose,
    cast: &Cast,
    sentence: &Range<usize>,
    mention: &Mention,
    group_did_harm: bool,
) -> Option<Role> {
    let earlier = cast
        .before(mention.at.start, sentence.start)
        .map_or(sentence.start, |m| m.at.end);
    let from = earlier
        .max(mention.at.start.saturating_sub(REACH))
        .max(sentence.start);
    let named_before = cast
        .within(&(sentence.start..mention.at.start))
        .iter()
        .rev()
        .find(|m| m.is_named)
        .map_or(sentence.start, |m| m.at.end);
    let lead_in = named_before.max(mention.at.start.saturating_sub(REACH));
    let lead_in = prose.words(lead_in..mention.at.start);
    let to = cast
        .behind(mention.at.end, sentence.end)
        .map_or(sentence.end, |m| m.at.start);
    let before = prose.words(from..mention.at.start);
    let after = prose.words(mention.at.end..sentence.end);
    let own = prose.words(mention.at.end..to);
    introduced(lead_in, mention)
        .or_else(|| who_did_it(lead_in, mention))
        .or_else(|| called(own))
        .or_else(|| one_of_them(lead_in, group_did_harm))
        .or_else(|| written_for(before))
        .or_else(|| done_by(before))
        .or_else(|| owner_of(mention, prose, after))
        .or_else(|| as_subject(after))
        .or_else(|| as_object(before))
}

/// "The offender is", "my victim, " right before a name.
fn introduced(before: &[Token], mention: &Mention) -> Option<Role> {
    if !mention.is_named {
        return None;
    }
    let at = before.iter().rposition(|t| role_word(t).is_some())?;
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
    let told = before.get(who + 1..).filter(|_| mention.is_named)?;
    let did = matches!(told, [did, it, ..] if did.lower == "did" && it.is_any(&["it", "this", "that"]));
    let joins = told
        .last()
        .is_some_and(|t| t.is_any(&["is", "was", ",", "called", "named", "it", "this"]));
    match told {
        [was, verb, ..] if was.is_any(&["was", "got", "were"]) && is_harm_suffered(&verb.lower) && joins => {
            Some(Role::Victim)
        }
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

fn one_of_them(before: &[Token], group_did_harm: bool) -> Option<Role> {
    let says = before.windows(2).any(|pair| match pair {
        [of, them] => of.lower == "of" && them.is_any(&["them", "these", "those"]),
        _ => false,
    });
    (says && group_did_harm).then_some(Role::Offender)
}

/// "was taken by", "was assaulted by" before somebody; "it belongs to" before whom it was taken from.
fn done_by(before: &[Token]) -> Option<Role> {
    let by = before.iter().rposition(|t| t.lower == "by");
    let is_passive = by.is_some_and(|by| {
        let lead = before.get(by.saturating_sub(6)..by).unwrap_or_default();
        lead.iter().any(|t| t.is_any(&["was", "were", "been", "got"]))
            && lead.iter().any(|t| is_harm_suffered(&t.lower))
    });
    let belongs =
        matches!(before, [.., belongs, to] if belongs.is_any(&["belongs", "belonged"]) && to.lower == "to");
    if belongs {
        return Some(Role::Victim);
    }
    is_passive.then_some(Role::Offender)
}

/// Whom a liaison officer writes for was harmed; whom a probation officer supervises did harm.
fn written_for(before: &[Token]) -> Option<Role> {
    match before {
        [.., behalf, of] if behalf.lower == "behalf" && of.lower == "of" => Some(Role::Victim),
        [.., verb] if verb.is_any(&["supervise", "supervising"]) => Some(Role::Offender),
        _ => None,
    }
}

/// What a person does or suffers as the subject of what follows.
fn as_subject(after: &[Token]) -> Option<Role> {
    let after = skip_details(after);
    let said: Vec<&str> = after.iter().take(8).map(|t| t.lower.as_str()).collect();
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
        ["lost", "her" | "his" | "their", ..] => Some(Role::Victim),
        ["was", "the", "one", "who", ..] => Some(Role::Offender),
        ["has" | "had", "asked", ..] => says_sorry(after).then_some(Role::Offender),
        _ => None,
    }
}

/// "my house was burgled", "Mr Lee's greenhouse has been smashed": whose it is was harmed.
fn owner_of(mention: &Mention, prose: &Prose, after: &[Token]) -> Option<Role> {
    let last = prose.words(mention.at.clone()).last()?;
    let owns = last.is_any(&["my", "our", "his", "her", "their"]) || last.lower.ends_with("'s");
    let verb = after
        .iter()
        .take(5)
        .position(|t| t.is_any(&["was", "were", "been", "got"]))?;
    let suffers = is_harm_suffered(&after.get(verb + 1)?.lower);
    (owns && verb > 0 && suffers).then_some(Role::Victim)
}

/// Passes over brackets, an age, "who" and commas between a name and its verb.
fn skip_details(after: &[Token]) -> &[Token] {
    let mut rest = after;
    loop {
        rest = match rest {
            [open, ..] if open.lower == "(" => match rest.iter().position(|t| t.lower == ")") {
                Some(close) => rest.get(close + 1..).unwrap_or_default(),
                None => return rest,
            },
            [who, ..] if who.is_any(&["who", ",", "then", "also"]) => rest.get(1..).unwrap_or_default(),
            _ => return rest,
        };
    }
}

fn says_sorry(after: &[Token]) -> bool {
    after
        .iter()
        .take(10)
        .any(|t| t.is_any(&["sorry", "apologise", "apology"]))
}

/// The person something is done to: "threw gravel at her", "stole from Mr X", "say sorry to the shopkeeper, Mr X".
fn as_object(before: &[Token]) -> Option<Role> {
    let takes = before.iter().rposition(|t| t.is_any(&TAKING));
    if let Some(takes) = takes
        && before.last().is_some_and(|t| t.lower == "from")
        && before.len() - takes <= REACH / 2
    {
        return Some(Role::Victim);
    }
    let verb = before
        .iter()
        .rposition(|t| is_harm_done(&t.lower) || t.is_any(&["sorry", "apologise", "apologised"]))?;
    let between = before.get(verb + 1..)?;
    let is_passive = verb
        .checked_sub(1)
        .and_then(|at| before.get(at))
        .is_some_and(|t| t.is_any(&["was", "were", "been", "being", "got"]));
    let by = between
        .iter()
        .any(|t| t.is_any(&["by", "because", "but", "that", "with"]));
    (!is_passive && !by).then_some(Role::Victim)
}
