//! Who refers, where the form does not say it: the signature of the covering mail, the sender, the agency that printed
//! the form.
//!
//! Invariant: what a form itself says stays; what only the sender or a title tells carries a check.

use super::draft::{Notes, Place};
use super::message::text_place;
use super::{FormsContext, signature};
use crate::domain::{Evidence, PreferredContact, ReadMessage, Referral, Role, names};

/// Longest name of an agency, in words.
const MAX_AGENCY_WORDS: usize = 8;

/// The writer signs with a post and an agency.
pub(super) fn is_professional(referral: &Referral) -> bool {
    referral.referrer.role.is_some() && referral.referrer.agency.is_some()
}

/// "All contact must go through me": how the person whom the writer looks after is to be reached. Whose it is where
/// several are told of: the one who was harmed.
pub(super) fn through_writer(referral: &mut Referral, notes: &mut Notes, lines: &[String], place: &Place) {
    let Some(line) = lines.iter().find(|line| asks_to_go_between(line)) else {
        return;
    };
    let mains: Vec<usize> = (0..referral.parties.len())
        .filter(|at| {
            referral
                .parties
                .get(*at)
                .is_some_and(|p| matches!(p.role, Role::Victim | Role::Offender | Role::Party))
        })
        .collect();
    let harmed: Vec<usize> = mains
        .iter()
        .copied()
        .filter(|at| referral.parties.get(*at).is_some_and(|p| p.role == Role::Victim))
        .collect();
    let (([one], _) | (_, [one])) = (harmed.as_slice(), mains.as_slice()) else {
        return;
    };
    let Some(party) = referral
        .parties
        .get_mut(*one)
        .filter(|p| p.preferred_contact.is_none())
    else {
        return;
    };
    party.preferred_contact = Some(PreferredContact::ViaProfessional);
    let path = format!("/parties/{one}/preferred_contact");
    notes.read(&path, place, line);
    notes.doubt(
        &path,
        "read_from_sentences",
        "the writer asks that contact goes through them",
    );
}

fn asks_to_go_between(line: &str) -> bool {
    const SAYS: [&str; 8] = [
        "contact must go through me",
        "contact must be through me",
        "contact should go through me",
        "contact should be through me",
        "contact is through me",
        "contact to go through me",
        "contact through me",
        "contact via me",
    ];
    let said = super::labels::spoken(line);
    SAYS.iter().any(|words| said.contains(words))
}

/// The name the mail was sent under, where nothing else says who refers.
fn sender(referral: &mut Referral, notes: &mut Notes, message: &ReadMessage) {
    let headers = &message.headers;
    let (Some(written), Some(address)) = (&headers.from_name, &headers.from_address) else {
        return;
    };
    if referral.referrer.name.is_some() || !signature::is_of_a_person(written, address) {
        return;
    }
    let words = written.split_whitespace();
    let numberless: Vec<&str> = words
        .filter(|word| !word.chars().all(|c| c.is_ascii_digit()))
        .collect();
    let Some(read) = names::read(&numberless.join(" ")) else {
        return;
    };
    let header = Place {
        part: headers.part.clone(),
        ..Place::default()
    };
    referral.referrer.name = Some(read.name);
    notes.read("/referrer/name", &header, written);
    notes.doubt(
        "/referrer/name",
        "read_from_sender",
        "the name the mail was sent under: it proves nothing, and may not be who refers",
    );
}

/// The address that the mail was sent from, where it was sent under the very name that its form gives as the referrer's.
pub(super) fn own_address(referral: &mut Referral, notes: &mut Notes, message: &ReadMessage) {
    let writer = signature::display_words(&message.headers);
    let named = referral
        .referrer
        .name
        .as_deref()
        .map(super::labels::tokens)
        .unwrap_or_default();
    if writer.len() > 1 && writer.iter().all(|word| named.contains(word)) {
        signature::sent_from(
            &mut referral.referrer,
            notes,
            &message.headers,
            &text_place(message),
        );
    }
}

/// The agency that printed the form, where nothing else says who refers.
pub(super) fn printed_agency(
    titles: &[String],
    place: &Place,
    referral: &mut Referral,
    notes: &mut Notes,
    context: &FormsContext<'_>,
) {
    if referral.referrer.agency.is_some() {
        return;
    }
    let ours = |title: &str| {
        let said = title.to_lowercase().replace("sixth form", "sixth");
        [
            "restorative",
            "mediation",
            "form",
            "referral",
            "disposal",
            "registered charity",
        ]
        .iter()
        .any(|word| said.contains(word))
    };
    let pieces = titles
        .iter()
        .flat_map(|title| title.split(". "))
        .flat_map(|sentence| sentence.split(" - "))
        // "BRADSTOW CONSTABULARY   Form RJ/7"
        .flat_map(|title| title.split("   "))
        .flat_map(|title| title.split([',', '–', '·', '•', '|', '(', ')']))
        .map(|piece| piece.trim().trim_end_matches('.'));
    let agency = pieces
        .filter(|piece| !ours(piece) && piece.split_whitespace().count() <= MAX_AGENCY_WORDS)
        .filter(|piece| !piece.contains(|c: char| c.is_ascii_digit()))
        .filter(|piece| context.labels.label(piece).is_none_or(|label| !label.exact))
        .find(|piece| context.agencies.kind_of_name(piece).is_some());
    if let Some(agency) = agency {
        referral.referrer.agency = Some(agency.to_owned());
        notes.read("/referrer/agency", place, agency);
        for path in ["/referrer/agency", "/referrer/agency_kind"] {
            notes.doubt(
                path,
                "read_from_title",
                "taken from the top of the form: check that they refer",
            );
        }
        agency_kind(referral, notes, context);
    }
}

/// The covering mail: its signature fills what the form leaves out about the referrer.
pub(super) fn cover(
    referral: &mut Referral,
    notes: &mut Notes,
    message: &ReadMessage,
    text: &[String],
    context: &FormsContext<'_>,
) {
    let place = text_place(message);
    let writer = signature::display_words(&message.headers);
    let same = referral.referrer.name.as_ref().is_none_or(|name| {
        let name = super::labels::tokens(name);
        writer.iter().any(|w| name.contains(w))
    });
    if same {
        signature::fill(
            &mut referral.referrer,
            notes,
            text,
            &message.headers,
            context.agencies,
            &place,
        );
    }
    sender(referral, notes, message);
    agency_kind(referral, notes, context);
}

/// "Offender Management Unit", "Huddersfield Probation Office".
fn is_sub_unit(name: &str) -> bool {
    const PARTS: [&str; 7] = ["unit", "team", "office", "department", "hub", "section", "branch"];
    super::labels::tokens(name)
        .iter()
        .any(|word| PARTS.contains(&word.as_str()))
}

/// The kind of the referrer's agency: by its name, else by the domain of the referrer's address.
pub(super) fn agency_kind(referral: &mut Referral, notes: &mut Notes, context: &FormsContext<'_>) {
    let referrer = &mut referral.referrer;
    let named = referrer.agency.as_deref();
    if named.is_some_and(is_sub_unit) {
        notes.doubt(
            "/referrer/agency",
            "part_of_agency",
            "this names a part of an agency: check which agency refers",
        );
    }
    let by_name = named.and_then(|name| context.agencies.kind_of_name(name));
    let domain = referrer.email.as_deref().and_then(|email| email.rsplit_once('@'));
    let by_domain = domain.and_then(|(_, domain)| context.agencies.of_domain(domain));
    let (kind, source) = match (by_name, by_domain) {
        (Some(kind), _) => (kind, "/referrer/agency"),
        (None, Some((_, kind))) => (kind, "/referrer/email"),
        (None, None) => return,
    };
    referrer.agency_kind = Some(kind);
    if by_name.is_none() {
        notes.doubt(
            "/referrer/agency_kind",
            "read_from_domain",
            "told by the domain of the e-mail address alone",
        );
    }
    let found = notes.evidence.iter().find(|e| e.path == source).cloned();
    if let Some(source) = found {
        notes.evidence.push(Evidence {
            path: "/referrer/agency_kind".into(),
            ..source
        });
    }
}
