//! Which people a text names, and which of them it is about.
//!
//! Invariant: phrases are compared word for word, longest first.

use super::words::tokens;
use super::{LabelBook, Person, Who};

const SELF_HARMED: [&str; 18] = [
    "you been affected by crime",
    "you been harmed",
    "you a victim of",
    "somebody hurt me",
    "someone hurt me",
    "somebody harmed me",
    "i was hurt",
    "it happened to me",
    "i am the person harmed",
    "i was harmed",
    "i have been harmed",
    "i am a victim",
    "i am the victim",
    "i was a victim",
    "i was the victim",
    "i have been affected by",
    "i was affected by",
    "someone harmed me",
];
const SELF_CAUSED: [&str; 14] = [
    "have you caused harm",
    "you committed a crime",
    "i hurt somebody",
    "i hurt someone",
    "i have hurt",
    "i am the person responsible",
    "i caused",
    "i harmed",
    "i have harmed",
    "i have caused",
    "i am the offender",
    "i committed",
    "i am responsible",
    "i did it",
];

impl LabelBook {
    /// Every role phrase, longest first, without overlaps, in order.
    pub(super) fn roles_in(&self, raw: &[String]) -> Vec<RoleAt> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let longest = self.longest_role.min(raw.len() - at);
            let hit = (1..=longest).rev().find_map(|length| {
                let phrase = raw.get(at..at + length)?.join(" ");
                self.roles
                    .get(&phrase)
                    .map(|(who, number)| (length, *who, *number))
            });
            let Some((length, who, number)) = hit else {
                at += 1;
                continue;
            };
            let mut end = at + length;
            let mut number = number;
            if let Some(digit) = raw
                .get(end)
                .and_then(|w| w.parse::<u8>().ok())
                .filter(|n| (1..=9).contains(n))
            {
                number = Some(digit);
                end += 1;
            }
            found.push(RoleAt {
                start: at,
                end,
                who,
                number,
            });
            at = end;
        }
        found
    }

    /// The role that an answer names ("I was harmed by a crime", "A person responsible for harm").
    pub fn role_in_answer(&self, text: &str) -> Option<Who> {
        let raw = tokens(text);
        let text = raw.join(" ");
        if SELF_HARMED.iter().any(|phrase| text.contains(phrase)) {
            return Some(Who::Victim);
        }
        if SELF_CAUSED.iter().any(|phrase| text.contains(phrase)) {
            return Some(Who::Offender);
        }
        let mut roles: Vec<Who> = self
            .roles_in(&raw)
            .iter()
            .map(|r| r.who)
            .filter(|who| {
                matches!(
                    who,
                    Who::Victim | Who::Offender | Who::Party | Who::Professional | Who::Supporter
                )
            })
            .collect();
        roles.dedup();
        match roles.as_slice() {
            [one] => Some(*one),
            [Who::Supporter | Who::Professional, ..] => roles.first().copied(),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RoleAt {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) who: Who,
    pub(super) number: Option<u8>,
}

/// The one person that the roles of a label mean. `Some(Err)` where they contradict each other.
pub(super) fn subject(roles: &[&RoleAt]) -> Option<Result<Person, ()>> {
    let helper = roles
        .iter()
        .find(|r| matches!(r.who, Who::Supporter | Who::AppropriateAdult | Who::Professional));
    let mut mains: Vec<&&RoleAt> = roles
        .iter()
        .filter(|r| !matches!(r.who, Who::Supporter | Who::AppropriateAdult | Who::Professional))
        .collect();
    // "Pupil who was harmed": the pupil's part is told.
    if mains.iter().any(|role| role.who != Who::Somebody) {
        mains.retain(|role| role.who != Who::Somebody);
    }
    mains.dedup_by_key(|r| r.who);
    match (helper, mains.as_slice()) {
        (None, []) => None,
        (None, [main]) => Some(Ok(Person {
            who: main.who,
            number: main.number,
            of: None,
        })),
        (None, [first, second]) if second.who == Who::Party && first.who == Who::Other => Some(Ok(Person {
            who: first.who,
            number: first.number,
            of: None,
        })),
        (Some(helper), mains) if mains.len() < 2 => Some(Ok(Person {
            who: helper.who,
            number: helper.number,
            of: mains.first().map(|m| m.who),
        })),
        (_, _) => Some(Err(())),
    }
}

/// A role after "with", "to" ... is whom something is done to, not whose field it is.
pub(super) fn is_object(raw: &[String], start: usize) -> bool {
    let before = raw.get(..start).unwrap_or_default();
    let word = before
        .iter()
        .rev()
        .find(|w| !matches!(w.as_str(), "the" | "a" | "an" | "your" | "their" | "his" | "her"));
    word.is_some_and(|w| {
        matches!(
            w.as_str(),
            "with"
                | "to"
                | "towards"
                | "between"
                | "go"
                | "against"
                | "tell"
                | "telling"
                | "inform"
                | "informing"
        )
    })
}
