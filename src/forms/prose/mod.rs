//! Referrals written as sentences.
//!
//! `text` cuts the writer's words into sentences, `cast` finds who appears and where each is spoken of,
//! `roles` takes from the sentences who did harm and who was harmed, `facts` and `consent` hang what is told
//! on the person last spoken of, `incident` reads what happened. The words all this turns on are in `words`.
//!
//! Invariant: nobody gets a role that a sentence does not give them, and everybody read from sentences
//! carries a check: staff confirm them.

mod cast;
mod consent;
mod facts;
mod incident;
mod roles;
mod text;
mod words;

use super::FormsContext;
use super::about::{self, Topics};
use super::classify::Wants;
use super::draft::{Notes, Place};
use super::message::{cover, is_professional, writers_text};
use super::offence::{kind_of, push};
use super::signature::display_words;
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{CaseKind, Party, ReadMessage, ReferenceKind, Referral, Role, names};
use cast::Cast;
use facts::Draft;
use text::Prose;

/// Lines at the beginning that may say what the matter is.
const FIRST_LINES: usize = 12;

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
    let writer = display_words(&message.headers);
    let prose = Prose::of(&lines, &writer);
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
    let topics = topics_of(message, &lines);
    people(
        &prose,
        &writer,
        topics,
        &mut referral,
        &mut notes,
        &place,
        context,
    );
    let text = lines.join(" \n");
    let found = identifiers::find(&text);
    let numbered = found.iter().any(|f| f.kind == IdentifierKind::CrimeNumber);
    let somebody =
        numbered || !referral.parties.is_empty() || found.iter().any(|f| f.kind == IdentifierKind::Postcode);
    let mut signed = Referral::default();
    cover(&mut signed, &mut Notes::default(), message, &lines, context);
    let tells = is_professional(&signed)
        && (tells_of_case(&message.headers.subject, &text, &found)
            || numbered && topics.restorative && referral.parties.iter().any(can_be_reached));
    if !(wants.refers && somebody || tells) {
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
    incident::fill(&prose, &mut referral, &mut notes, &place, context);
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
    for line in lines.iter().take(FIRST_LINES) {
        let mut topics = Topics::default();
        topics.read(line);
        about::note(&mut referral, &mut notes, topics, line, &place);
    }
    neighbours(&prose, &mut referral, &mut notes, &place);
    about::settle(&mut referral, &mut notes, &place);
    notes.doubt(
        "/parties",
        "read_from_sentences",
        "written in sentences: check who is who and what belongs to whom",
    );
    Some((referral, notes))
}

/// Two sides of a dispute who live side by side.
fn neighbours(prose: &Prose, referral: &mut Referral, notes: &mut Notes, place: &Place) {
    const LIVING_CLOSE: [&str; 8] = [
        "tenants",
        "neighbours",
        "neighbour",
        "neighbouring",
        "underneath",
        "upstairs",
        "downstairs",
        "residents",
    ];
    let sides = referral.parties.iter().filter(|p| p.role == Role::Party).count();
    let close = prose.tokens.iter().position(|t| t.is_any(&LIVING_CLOSE));
    if let (None, Some(close)) = (referral.case_kind, close.filter(|_| sides > 0)) {
        let sentence = prose.sentences.iter().position(|s| s.contains(&close));
        referral.case_kind = Some(CaseKind::NeighbourDispute);
        notes.read(
            "/case_kind",
            place,
            &sentence.map(|at| prose.quote(at)).unwrap_or_default(),
        );
        notes.doubt(
            "/case_kind",
            "read_from_sentences",
            "the text does not say it in as many words",
        );
    }
}

/// A mail about a case of restorative justice that gives somebody's number: from a professional, that is a
/// referral, though the word does not fall.
fn tells_of_case(subject: &str, text: &str, found: &[identifiers::Found]) -> bool {
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
    restorative && numbered && born
}

/// Somebody with a side, and a way to reach them.
fn can_be_reached(party: &Party) -> bool {
    matches!(party.role, Role::Victim | Role::Offender)
        && !(party.phones.is_empty() && party.emails.is_empty() && party.address.is_none())
}

/// What the subject line and the first lines say the matter is.
fn topics_of(message: &ReadMessage, lines: &[String]) -> Topics {
    let mut topics = Topics::default();
    topics.read(&message.headers.subject);
    lines.iter().take(FIRST_LINES).for_each(|line| topics.read(line));
    topics
}

fn people(
    prose: &Prose,
    writer: &[String],
    topics: Topics,
    referral: &mut Referral,
    notes: &mut Notes,
    place: &Place,
    context: &FormsContext<'_>,
) {
    let mut cast = Cast::of(prose, writer);
    let is_mediation = topics.neighbour || topics.mediation && !topics.restorative;
    let mut roles = roles::of(prose, &cast, is_mediation);
    roles::settle(&mut cast, &mut roles);
    let mut drafts: Vec<Option<Draft>> = cast
        .people
        .iter()
        .zip(&roles)
        .map(|(person, role)| draft(person, (*role)?, prose, place))
        .collect();
    facts::fill(prose, &cast, &mut drafts, place, context);
    consent::fill(prose, &cast, &mut drafts, place, context);
    let nameless = |draft: &Draft| draft.party.name.is_none() && draft.notes.evidence.is_empty();
    let mut indices = vec![None; drafts.len()];
    let mut next = referral.parties.len();
    for (index, draft) in indices.iter_mut().zip(&drafts) {
        if draft.as_ref().is_some_and(|draft| !nameless(draft)) {
            *index = Some(next);
            next += 1;
        }
    }
    for (person, draft) in cast.people.iter().zip(drafts) {
        let Some(Draft {
            mut party,
            notes: mut own,
        }) = draft.filter(|draft| !nameless(draft))
        else {
            continue;
        };
        if party.role == Role::Supporter {
            party.supports = person
                .relation
                .as_ref()
                .and_then(|(_, of)| indices.get((*of)?).copied().flatten());
        }
        own.doubt(
            "",
            "read_from_sentences",
            "read from running text: confirm this person",
        );
        notes.append(&format!("/parties/{}", referral.parties.len()), own);
        referral.parties.push(party);
    }
}

/// A person of the cast as a party: name, title, relation.
fn draft(person: &cast::Person, role: Role, prose: &Prose, place: &Place) -> Option<Draft> {
    let mut party = Party::new(role);
    let mut notes = Notes::default();
    if person.by_role.is_none() {
        let read = names::read(&person.name)?;
        let quote = prose
            .text
            .find(&person.name)
            .and_then(|at| prose.sentence_at(at))
            .map(|sentence| prose.quote(sentence))
            .unwrap_or_default();
        notes.read("/name", place, &quote);
        party.name = Some(read.name);
        if read.title.is_some() {
            party.title = read.title;
            notes.read("/title", place, &quote);
        }
        if let Some((relation, Some(_))) = &person.relation
            && role == Role::Supporter
        {
            party.relationship = Some(relation.clone());
            notes.read("/relationship", place, &quote);
        }
    }
    Some(Draft { party, notes })
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
