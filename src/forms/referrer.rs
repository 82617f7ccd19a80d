//! Who refers: from the form's own block, else from the covering mail's signature.

use super::agencies::AgencyBook;
use super::draft::{Notes, Place};
use super::labels::{Field, spoken};
use super::pairs::Fact;
use super::person::Tools;
use super::signature::is_post;
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Referrer, names};

/// Fills the referrer from the facts of their block.
pub(super) fn fill<'a>(
    referrer: &mut Referrer,
    notes: &mut Notes,
    facts: impl Iterator<Item = &'a Fact>,
    place: &Place,
    tools: Tools<'_>,
) {
    let facts: Vec<&Fact> = facts.collect();
    let has_post = facts
        .iter()
        .any(|fact| fact.field == Field::JobTitle && !fact.answer.clean(tools.book).is_blank());
    for fact in facts {
        let cleaned = fact.answer.clean(tools.book);
        if cleaned.is_blank() {
            continue;
        }
        let text = cleaned.text();
        let quote = fact.answer.quote();
        let place = Place {
            page: fact.page,
            unknown_wording: fact.unknown_wording(),
            ..place.clone()
        };
        let mut set = |slot: &mut Option<String>, path: &str, value: String| match slot {
            Some(old) if spoken(old) != spoken(&value) => notes.conflict(
                path,
                "two different answers stand there; the first was taken",
                old.as_str(),
                value,
            ),
            Some(_) => {}
            None => {
                *slot = Some(value);
                notes.read(path, &place, &quote);
            }
        };
        match fact.field {
            Field::Name => {
                let (name, post) = match text.split_once(',') {
                    Some((name, post)) if tools.agencies.is_role(post) || is_post(post) => {
                        (name, Some(post.trim().to_owned()))
                    }
                    Some(_) | None => (text.as_str(), None),
                };
                if let Some(read) = names::read(name) {
                    let rank = rank_in_words(name, &read.name).or(read.rank);
                    set(&mut referrer.name, "/referrer/name", read.name);
                    let role = post
                        .or(rank)
                        .or_else(|| post_of_label(&fact.label, tools.agencies));
                    if let Some(role) = role.filter(|_| referrer.role.is_none() && !has_post) {
                        set(&mut referrer.role, "/referrer/role", role);
                    }
                }
            }
            Field::From => {
                let end = text.find('<').unwrap_or(text.len());
                if let Some(read) = text.get(..end).and_then(names::read) {
                    set(&mut referrer.name, "/referrer/name", read.name);
                }
                if let Some(email) = first(&text, IdentifierKind::Email) {
                    set(&mut referrer.email, "/referrer/email", email);
                }
            }
            Field::NameAndAgency => {
                let (name, agency) = text.split_once([',', '/', '–']).unwrap_or((&text, ""));
                if let Some(read) = names::read(name) {
                    set(&mut referrer.name, "/referrer/name", read.name);
                }
                if !agency.trim().is_empty() {
                    set(&mut referrer.agency, "/referrer/agency", agency.trim().to_owned());
                }
            }
            Field::JobTitle => {
                let is_ranked = text.split_whitespace().next().is_some_and(names::is_rank);
                let role = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
                let role = if is_ranked && !role.is_empty() {
                    role
                } else {
                    text.as_str()
                };
                set(&mut referrer.role, "/referrer/role", role.to_owned());
            }
            Field::Organisation => {
                // "Safe Harbour Project (registered charity 1090000)".
                let (name, aside) = text.rsplit_once('(').unwrap_or((&text, ""));
                let charity = aside.to_lowercase().contains("charity") && !name.trim().is_empty();
                let agency = if charity { name.trim() } else { &text };
                set(&mut referrer.agency, "/referrer/agency", agency.to_owned());
            }
            Field::Phone => match first(&text, IdentifierKind::Phone) {
                Some(phone) if referrer.phone.is_none() => set(&mut referrer.phone, "/referrer/phone", phone),
                Some(_) | None => {}
            },
            Field::Email => match first(&text, IdentifierKind::Email) {
                Some(email) if referrer.email.is_none() => set(&mut referrer.email, "/referrer/email", email),
                Some(_) | None => {}
            },
            Field::PhoneAndEmail => {
                if let Some(phone) = first(&text, IdentifierKind::Phone).filter(|_| referrer.phone.is_none())
                {
                    set(&mut referrer.phone, "/referrer/phone", phone);
                }
                if let Some(email) = first(&text, IdentifierKind::Email).filter(|_| referrer.email.is_none())
                {
                    set(&mut referrer.email, "/referrer/email", email);
                }
            }
            _ => {}
        }
    }
}

/// "Detective Constable Ann Lee": a rank of several words as it is written.
fn rank_in_words(written: &str, name: &str) -> Option<String> {
    let first = name.split_whitespace().next()?.to_lowercase();
    let words: Vec<&str> = written
        .split_whitespace()
        .take_while(|word| word.to_lowercase() != first)
        .filter(|word| word.chars().any(char::is_alphabetic))
        .collect();
    (words.len() > 1 && words.iter().all(|word| names::is_rank(word))).then(|| words.join(" "))
}

/// `Neighbourhood Officer: Beth Ormerod`: the label is the post. One that asks for somebody ("Referring officer", "Name of
/// worker") is none.
fn post_of_label(label: &str, agencies: &AgencyBook) -> Option<String> {
    const ASKS: [&str; 16] = [
        "name",
        "names",
        "referring",
        "referrer",
        "referred",
        "requesting",
        "making",
        "completing",
        "completed",
        "contact",
        "details",
        "signed",
        "rank",
        "your",
        "responsible",
        "allocated",
    ];
    let label = label.trim().trim_end_matches(':').trim();
    let said = spoken(label);
    let words: Vec<&str> = said.split(' ').collect();
    let post = words.len() > 1 && agencies.is_role(label) && !words.iter().any(|word| ASKS.contains(word));
    post.then(|| label.to_owned())
}

/// The first identifier of a kind, normal form.
pub(super) fn first(text: &str, kind: IdentifierKind) -> Option<String> {
    identifiers::find(text)
        .into_iter()
        .find(|f| f.kind == kind)
        .map(|f| f.normal)
}
