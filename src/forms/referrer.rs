//! Who refers: from the form's own block, else from the covering mail's signature.

use super::draft::{Notes, Place};
use super::labels::{Field, spoken};
use super::pairs::Fact;
use super::person::Tools;
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
            Some(old) if spoken(old) != spoken(&value) => notes.doubt(
                path,
                "conflicting_values",
                "two different answers stand there; the first was taken",
            ),
            Some(_) => {}
            None => {
                *slot = Some(value);
                notes.read(path, &place, &quote);
            }
        };
        match fact.field {
            Field::Name => {
                if let Some(read) = names::read(&text) {
                    set(&mut referrer.name, "/referrer/name", read.name);
                    if let Some(rank) = read.rank.filter(|_| referrer.role.is_none() && !has_post) {
                        set(&mut referrer.role, "/referrer/role", rank);
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
            Field::Organisation => set(&mut referrer.agency, "/referrer/agency", text),
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

/// The first identifier of a kind, normal form.
pub(super) fn first(text: &str, kind: IdentifierKind) -> Option<String> {
    identifiers::find(text)
        .into_iter()
        .find(|f| f.kind == kind)
        .map(|f| f.normal)
}
