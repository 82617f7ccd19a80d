//! Whose client somebody is does not tell their side: where one heading says it, the other labels mean the same person.

use super::{Fact, Facts, Part, Subject};
use crate::forms::labels::{Section, Who, tokens};

/// "Client (defendant)" over a part: "Client has given authority" is about the defendant, wherever it stands.
pub(super) fn one_client(read: &mut Facts) {
    let is_of_client = |part: &&Part| {
        let is_told = matches!(part.section, Section::Person(person) if matches!(person.who, Who::Offender | Who::Party));
        is_told && speaks_of_client(&part.text)
    };
    let Some(part) = read.parts.iter().find(is_of_client) else {
        return;
    };
    let Section::Person(own) = part.section else {
        return;
    };
    let of_part =
        |fact: &&Fact| matches!(fact.subject, Subject::Person { person, .. } if person.who == own.who);
    let Some(subject) = read
        .facts
        .get(part.before..)
        .unwrap_or_default()
        .iter()
        .find(of_part)
        .map(|fact| fact.subject)
    else {
        return;
    };
    for fact in &mut read.facts {
        let is_theirs = matches!(fact.subject, Subject::Person { person, occurrence: 0, .. } if person.who == Who::Victim)
            && speaks_of_client(&fact.label);
        if is_theirs {
            fact.subject = subject;
        }
    }
}

fn speaks_of_client(text: &str) -> bool {
    tokens(text)
        .iter()
        .any(|word| matches!(word.as_str(), "client" | "clients"))
}
