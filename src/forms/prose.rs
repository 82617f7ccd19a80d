//! Referrals written as sentences: a careful reader.
//!
//! A person is taken only from a phrase that names the role right beside the name ("my victim is Mrs Ann
//! Lee", "the offender is Tom Roe"), and what follows belongs to them only until the next person is named.
//! Invariant: every person read from sentences carries a check: staff confirm them.

use super::FormsContext;
use super::about::{self, Topics};
use super::classify::Wants;
use super::draft::{Notes, Place};
use super::labels::{Who, tokens};
use super::message::{cover, is_professional, writers_text};
use super::offence::{kind_of, push};
use crate::domain::dates::{self, DateUse};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Party, ReadMessage, ReferenceKind, Referral, Role, names};
use regex::Regex;
use std::sync::LazyLock;

/// Most characters of a mail that are read as sentences.
const MAX_TEXT: usize = 100_000;
/// How far behind a name its details may stand, in characters.
const REACH: usize = 400;

/// A role word, perhaps "is" and a title, then a name in capitals.
#[allow(clippy::expect_used)] // a constant of this file; the tests run it
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)\b(?i:(?:my|the|our|a)\s+)? (?P<role>(?i:victim|offender|suspect|harmer|person\ harmed|harmed\ person|person\ responsible|responsible\ person|injured\ party|perpetrator)|IP)
        (?:\s+is|\s*[:,]|\s+named|\s+called)? \s+
        (?P<name>(?:(?:Mr|Mrs|Miss|Ms|Mx|Dr|Rev)\.?\s+)? \p{Lu}[\p{L}'’-]+ (?:\s+\p{Lu}[\p{L}'’-]+){1,3})",
    )
    .expect("a constant pattern")
});
/// A name with numbers in brackets behind it: `Mr Tom Roe (DOB 22/09/1989, CRN X512907)`.
#[allow(clippy::expect_used)] // a constant of this file; the tests run it
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)\b(?P<name>(?:(?:Mr|Mrs|Miss|Ms|Mx|Dr|Rev)\.?\s+) \p{Lu}[\p{L}'’-]+ (?:\s+\p{Lu}[\p{L}'’-]+){1,3})
        \s* \( (?P<numbers>[^()\n]{4,100}) \)",
    )
    .expect("a constant pattern")
});
/// ` of 17 High Street, Town,` up to a postcode.
#[allow(clippy::expect_used)] // a constant of this file; the tests run it
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:of|lives at|living at|at)\s+(?P<address>(?:Flat\s|Room\s|\d)[^.;()]{4,100}?)[,\s]*$")
        .expect("a constant pattern")
});

/// Reads a mail that refers somebody in sentences. `None` where it does not.
pub(super) fn read(
    message: &ReadMessage,
    wants: Wants,
    context: &FormsContext<'_>,
) -> Option<(Referral, Notes)> {
    if wants.refers_nobody {
        return None;
    }
    let lines = writers_text(message);
    let text: String = lines.join(" \n").chars().take(MAX_TEXT).collect();
    let place = message
        .bodies
        .first()
        .map(|d| Place {
            part: d.part.clone(),
            ..Place::default()
        })
        .unwrap_or_default();
    let mut referral = Referral::default();
    let mut notes = Notes::default();
    people(&text, &mut referral, &mut notes, &place, context);
    let found = identifiers::find(&text);
    let numbered = found.iter().any(|f| f.kind == IdentifierKind::CrimeNumber);
    let somebody =
        numbered || !referral.parties.is_empty() || found.iter().any(|f| f.kind == IdentifierKind::Postcode);
    let mut signed = Referral::default();
    cover(&mut signed, &mut Notes::default(), message, &lines, context);
    if !(wants.refers && somebody || tells_of_case(&message.headers.subject, &text, &found, &signed)) {
        return None;
    }
    for piece in &found {
        let wanted = matches!(
            kind_of(piece.kind),
            Some(
                ReferenceKind::CrimeNumber
                    | ReferenceKind::PncId
                    | ReferenceKind::Crn
                    | ReferenceKind::PrisonNumber
                    | ReferenceKind::CollarNumber
            )
        );
        if let Some(kind) = kind_of(piece.kind).filter(|_| wanted) {
            push(
                &mut referral,
                &mut notes,
                kind,
                piece.normal.clone(),
                &sentence(&text, piece.start),
                &place,
                piece.check,
            );
        }
    }
    referral.referrer.is_self_referral = Some(false);
    cover(&mut referral, &mut notes, message, &lines, context);
    let mut topics = Topics::default();
    topics.read(&message.headers.subject);
    let header = Place {
        part: message.headers.part.clone(),
        ..Place::default()
    };
    about::note(
        &mut referral,
        &mut notes,
        topics,
        &message.headers.subject,
        &header,
    );
    for line in lines.iter().take(12) {
        let mut topics = Topics::default();
        topics.read(line);
        about::note(&mut referral, &mut notes, topics, line, &place);
    }
    about::settle(&mut referral, &mut notes, &place);
    notes.doubt(
        "/parties",
        "read_from_sentences",
        "written in sentences: check who is who and what belongs to whom",
    );
    Some((referral, notes))
}

/// A professional writes about a case of restorative justice and gives somebody's number: a referral,
/// though the word does not fall.
fn tells_of_case(subject: &str, text: &str, found: &[identifiers::Found], signed: &Referral) -> bool {
    let said = format!("{subject} {text}").to_lowercase();
    let restorative = said.contains("restorative") || said.contains("mediation");
    let numbered = found.iter().any(|f| {
        matches!(
            f.kind,
            IdentifierKind::CrimeNumber
                | IdentifierKind::Crn
                | IdentifierKind::PncId
                | IdentifierKind::PrisonNumber
        )
    });
    let born = ["born", "dob", "d.o.b", "date of birth"]
        .iter()
        .any(|w| said.contains(w));
    restorative && numbered && born && is_professional(signed)
}

fn people(text: &str, referral: &mut Referral, notes: &mut Notes, place: &Place, context: &FormsContext<'_>) {
    let mut hits: Vec<_> = NAMED
        .captures_iter(text)
        .filter_map(|c| {
            let role = match context.labels.role_in_answer(c.name("role")?.as_str()) {
                Some(Who::Victim) => Some(Role::Victim),
                Some(Who::Offender) => Some(Role::Offender),
                Some(_) | None => None,
            };
            Some((c.get(0)?, role, c.name("name")?))
        })
        .chain(NUMBERED.captures_iter(text).filter_map(|c| {
            let role = is_supervised(c.name("numbers")?.as_str()).then_some(Role::Offender);
            Some((c.get(0)?, role, c.name("name")?))
        }))
        .collect();
    hits.sort_by_key(|(whole, _, _)| whole.start());
    // a role before the name and numbers behind it speak of one person
    hits.dedup_by(|later, kept| later.0.start() < kept.0.end());
    for (at, (_, role, name)) in hits.iter().enumerate() {
        let Some(role) = *role else { continue };
        let Some(read) = names::read(name.as_str()) else {
            continue;
        };
        let known = |p: &Party| p.name.as_deref().is_some_and(|n| tokens(n) == tokens(&read.name));
        if referral.parties.iter().any(known) {
            continue;
        }
        let next = hits.get(at + 1).map_or(text.len(), |(whole, _, _)| whole.start());
        let end = clip(text, name.end(), next.min(name.end() + REACH));
        let index = referral.parties.len();
        let mut party = Party::new(role);
        let mut own = Notes::default();
        own.read("/name", place, &sentence(text, name.start()));
        party.name = Some(read.name);
        if read.title.is_some() {
            party.title = read.title;
            own.read("/title", place, &sentence(text, name.start()));
        }
        details(&mut party, &mut own, text, name.end(), end, place, context);
        own.doubt(
            "",
            "read_from_sentences",
            "read from running text: confirm this person",
        );
        notes.append(&format!("/parties/{index}"), own);
        referral.parties.push(party);
    }
}

/// Only people who are sentenced have a probation or prison number.
fn is_supervised(numbers: &str) -> bool {
    identifiers::find(numbers)
        .iter()
        .any(|f| matches!(f.kind, IdentifierKind::Crn | IdentifierKind::PrisonNumber))
}

/// Date of birth, address, postcode right behind a name.
fn details(
    party: &mut Party,
    own: &mut Notes,
    text: &str,
    from: usize,
    to: usize,
    place: &Place,
    context: &FormsContext<'_>,
) {
    let Some(behind) = text.get(from..to) else { return };
    let quote = sentence(text, from);
    if let Some(found) = dates::find(behind, DateUse::Birth, context.today).first() {
        let before = behind.get(..found.start).unwrap_or_default().to_lowercase();
        let near = before.len() <= 24
            && (before.contains("born")
                || before.contains("dob")
                || before.contains("d.o.b")
                || before.trim() == "(");
        if near && let Some(iso) = found.date.iso() {
            party.date_of_birth = Some(iso);
            own.read("/date_of_birth", place, &quote);
        }
    }
    let first = behind.split_once('\n').map_or(behind, |(line, _)| line);
    if let Some(postcode) = identifiers::find(first)
        .into_iter()
        .find(|f| f.kind == IdentifierKind::Postcode)
    {
        let before = first.get(..postcode.start).unwrap_or_default();
        if let Some(address) = ADDRESS.captures(before).and_then(|c| c.name("address")) {
            party.address = Some(address.as_str().trim_end_matches([',', ' ']).to_owned());
            own.read("/address", place, &sentence(text, from + address.start()));
            party.postcode = Some(postcode.normal);
            own.read("/postcode", place, &sentence(text, from + postcode.start));
        }
    }
}

/// `end` moved back to a character boundary, not before `start`.
fn clip(text: &str, start: usize, end: usize) -> usize {
    let mut end = end.min(text.len());
    while end > start && !text.is_char_boundary(end) {
        end -= 1;
    }
    end.max(start)
}

/// The line around a place.
fn sentence(text: &str, at: usize) -> String {
    let before = text
        .get(..at)
        .unwrap_or_default()
        .rfind('\n')
        .map_or(0, |n| n + 1);
    let after = text
        .get(at..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |n| at + n);
    text.get(before..after).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_must_stand_right_beside_the_name() {
        let names = |text: &str| {
            NAMED
                .captures_iter(text)
                .filter_map(|c| c.name("name").map(|m| m.as_str().to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names("My victim is Mrs Joan Ellery (born 30/01/1949)"),
            ["Mrs Joan Ellery"]
        );
        assert_eq!(
            names("The offender is Reece Danvers, dob 11.6.2005"),
            ["Reece Danvers"]
        );
        let numbered = NUMBERED.captures("I see Mr Tom Roe (DOB 22/09/1989, CRN X512907), who");
        let numbers = numbered.as_ref().and_then(|c| c.name("numbers"));
        assert!(numbers.is_some_and(|n| is_supervised(n.as_str())));
        assert!(!is_supervised("born 22/09/1989"));
        assert!(names("The victim came to Harlow Town station").is_empty());
        assert!(names("the offender will see the panel").is_empty());
        assert!(ADDRESS.is_match(" of 17 Balkerne Gardens, Colchester, "));
    }
}
