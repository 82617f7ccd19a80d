//! Harm that a sentence tells: by whom it was done, and to whom, where they are no subject of its verb.

use super::Matter;
use super::said::{REACH, SORRY_REACH};
use crate::domain::Role;
use crate::forms::prose::cast::{Mention, Spoken};
use crate::forms::prose::text::{Prose, Token};
use crate::forms::prose::words::{is_harm_done, is_harm_suffered};

/// Taking something: a wrong where it is "from" somebody.
pub(super) const TAKING: [&str; 6] = ["took", "drew", "withdrew", "taken", "stole", "stolen"];

/// How far before somebody the "by" of a passive may stand, in tokens: "by a neighbour's student lodger (".
const BY_REACH: usize = 6;

/// "was taken by", "was assaulted by" before somebody; "it belongs to" before whom it was taken from.
pub(super) fn done_by(before: &[Token]) -> Option<Role> {
    if matches!(before, [.., belongs, to] if belongs.is_any(&["belongs", "belonged"]) && to.lower == "to") {
        return Some(Role::Victim);
    }
    let by = before.iter().rposition(|t| t.lower == "by")?;
    let between = before.get(by + 1..)?;
    // "by another pupil, Kit Lee"
    let between = match between {
        [rest @ .., comma] if comma.lower == "," => rest,
        whole => whole,
    };
    let turns = |t: &Token| {
        t.is_any(&[
            "when", "while", "because", "after", "before", "who", "and", ",", ";", "was", "is", "on", "in",
        ])
    };
    if between.len() > BY_REACH || between.iter().any(turns) {
        return None;
    }
    let lead = before.get(by.saturating_sub(REACH)..by)?;
    let clause = lead
        .iter()
        .rposition(|t| t.is_any(&["when", "while", "because", "after", ";"]))
        .map_or(0, |at| at + 1);
    let lead = lead.get(clause..)?;
    let was = lead
        .iter()
        .position(|t| t.is_any(&["was", "were", "been", "being", "got"]))?;
    let harmed = lead
        .iter()
        .rposition(|t| is_harm_suffered(&t.lower) || t.is_any(&TAKING))?;
    (was < harmed).then_some(Role::Offender)
}

/// "the person he hurt", "the man she stole from".
pub(super) fn hurt_by(mention: &Mention, after: &[Token]) -> Option<Role> {
    match after {
        [subject, verb, ..] if mention.kind == Spoken::Noun => {
            let acts = subject.is_any(&["he", "she", "they", "i"]) && is_harm_done(&verb.lower);
            acts.then_some(Role::Victim)
        }
        _ => None,
    }
}

/// "my house was burgled", "Mr Lee's greenhouse has been smashed": whose it is was harmed.
pub(super) fn owner_of(mention: &Mention, prose: &Prose, after: &[Token]) -> Option<Role> {
    let last = prose.words(mention.at.clone()).last()?;
    let owns = last.is_any(&["my", "our", "his", "her", "their"]) || last.lower.ends_with("'s");
    let verb = after
        .iter()
        .take(5)
        .position(|t| t.is_any(&["was", "were", "been", "got"]))?;
    let suffers = is_harm_suffered(&after.get(verb + 1)?.lower);
    (owns && verb > 0 && suffers).then_some(Role::Victim)
}

/// "an assault on", "theft from", "harassment of" right before somebody.
pub(super) fn is_harm_to(before: &[Token]) -> bool {
    const WRONGS: [&str; 10] = [
        "assault",
        "attack",
        "robbery",
        "theft",
        "harassment",
        "stalking",
        "abuse",
        "behaviour",
        "threats",
        "burglary",
    ];
    let lead = before
        .iter()
        .rposition(|t| t.is_any(&["on", "of", "from", "against", "towards", "to"]));
    let Some(lead) = lead else { return false };
    let close = before.get(lead + 1..).is_some_and(|rest| {
        rest.iter()
            .all(|t| t.is_any(&["a", "an", "the", "her", "his", "their"]))
    });
    let told = before
        .get(lead.saturating_sub(SORRY_REACH)..lead)
        .unwrap_or_default();
    let turns = told
        .iter()
        .any(|t| t.is_any(&["and", "but", "who", "was", "is", "says", "when"]));
    close && !turns && told.iter().any(|t| t.is_any(&WRONGS))
}

/// The person something is done to: "threw gravel at her", "stole from Mr X", "say sorry to the shopkeeper, Mr X".
pub(super) fn as_object(before: &[Token], owns: bool) -> Option<Role> {
    let takes = before.iter().rposition(|t| t.is_any(&TAKING));
    if let Some(takes) = takes
        && before.last().is_some_and(|t| t.lower == "from")
        && before.len() - takes <= REACH / 2
    {
        return Some(Role::Victim);
    }
    let took_own = before.iter().rposition(|t| t.is_any(&["took", "taken", "take"]));
    if took_own.is_some() && before.iter().any(|t| t.lower == "£") && owns {
        return Some(Role::Victim);
    }
    let verb = before.iter().rposition(|t| {
        is_harm_done(&t.lower) || t.is_any(&["sorry", "apologise", "apologised", "apology"])
    })?;
    let between = before.get(verb + 1..)?;
    let is_passive = verb
        .checked_sub(1)
        .and_then(|at| before.get(at))
        .is_some_and(|t| t.is_any(&["was", "were", "been", "being", "got"]));
    let by = between.iter().any(|t| {
        t.is_any(&[
            "by", "because", "but", "that", "with", "and", "when", "while", "before", "after", "then", "as",
            "who", ";", ":",
        ])
    });
    (!is_passive && !by).then_some(Role::Victim)
}

/// "the owner of the car" where a crime is told.
pub(super) fn owns_thing(mention: &Mention, prose: &Prose, after: &[Token], matter: Matter) -> Option<Role> {
    let is_owner = prose.words(mention.at.clone()).last()?.lower == "owner";
    let of_it = after.first().is_some_and(|t| t.lower == "of");
    (mention.kind == Spoken::Noun && is_owner && of_it && !matter.is_mediation).then_some(Role::Victim)
}

/// "Owner is Mrs Lee", "the owner, Mr Lee" where a crime is told.
pub(super) fn is_owner(mention: &Mention, before: &[Token], matter: Matter) -> Option<Role> {
    let at = before
        .iter()
        .rposition(|t| t.is_any(&["owner", "householder", "keyholder"]))?;
    let joins = before
        .get(at + 1..)?
        .iter()
        .all(|t| t.is_any(&["is", "was", ",", ":", "=", "-", "–", "(", "called", "named"]));
    (mention.is_named() && joins && !matter.is_mediation).then_some(Role::Victim)
}
