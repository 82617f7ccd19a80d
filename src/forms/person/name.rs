//! A person's name, whole or in pieces, and the words that say nobody knows it.
//!
//! Invariant: a role, or a yes or no, is nobody's name.

use super::organisation::names_organisation;
use super::{PartyDraft, Tools};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::names;
use crate::forms::draft::Place;
use crate::forms::labels::Field;
use crate::forms::labels::{Strictness, spoken, tokens};
use crate::forms::pairs::Fact;
use crate::forms::prose::is_relation;
use crate::forms::values::{Cleaned, yes_no};

impl PartyDraft {
    pub(super) fn name(&mut self, cleaned: &Cleaned, quote: &str, place: &Place, tools: Tools<'_>) {
        let mut text = cleaned.text();
        // "Appropriate adult? N" names nobody.
        if text.chars().filter(|c| c.is_alphabetic()).count() < 2 || yes_no(&text, tools.book).is_some() {
            return;
        }
        let mut mixed = false;
        if let Some(first) = identifiers::find(&text)
            .into_iter()
            .find(|f| f.kind != IdentifierKind::CollarNumber)
        {
            mixed = first.start > 0;
            if first.kind == IdentifierKind::Email {
                self.emails(&cleaned.text(), place, quote);
                mixed = false;
            }
            if first.kind == IdentifierKind::Phone {
                self.phones(&cleaned.text(), place, quote);
                mixed = false;
            }
            text.truncate(first.start);
        }
        let text = text
            .trim()
            .trim_end_matches(['<', '(', ',', ';', '-'])
            .trim()
            .to_owned();
        let (text, relation) = without_relation(&text);
        let Some(read) = names::read(text) else { return };
        if tools.book.section(text, Strictness::Every).is_some() {
            return; // "the person responsible" is nobody's name
        }
        if names_organisation(&read.name) && read.title.is_none() && self.party.organisation.is_none() {
            self.party.organisation = Some(read.name.clone());
            self.notes.read("/organisation", place, quote);
            self.notes.doubt(
                "/organisation",
                "business_as_name",
                "a business stands where a person's name is asked",
            );
            return;
        }
        if self.party.name.is_some() {
            self.text(&read.name, "/name", place, quote, |p| &mut p.name);
            return;
        }
        self.party.name = Some(read.name);
        self.notes.read("/name", place, quote);
        if let Some(relation) = relation {
            self.text(relation, "/relationship", place, quote, |p| &mut p.relationship);
        }
        if read.doubtful || mixed || cleaned.lines.len() > 1 {
            self.notes.doubt(
                "/name",
                "unclear_name",
                "more than one plain name stands in this answer",
            );
        }
        if let Some(title) = read.title {
            self.text(&title, "/title", place, quote, |p| &mut p.title);
        }
        if let Some(alias) = read.known_as {
            self.text(&alias, "/known_as", place, quote, |p| &mut p.known_as);
        }
    }

    pub(super) fn joined(&mut self, place: &Place, quote: &str) {
        let given = self.given.clone().unwrap_or_default();
        let family = self.family.clone().unwrap_or_default();
        let words: Vec<&str> = given.split_whitespace().collect();
        let (title, given) = match words.split_first() {
            Some((first, rest)) if names::is_title(first) && !rest.is_empty() => {
                (Some((*first).to_owned()), rest.join(" "))
            }
            Some(_) | None => (None, given),
        };
        let name = names::join(&given, &family);
        let holds = |whole: &str| {
            let words: Vec<String> = tokens(&name);
            tokens(whole).iter().all(|word| words.contains(word))
        };
        // A whole name that was given before and is another one stays.
        if self.party.name.as_ref().is_some_and(|whole| !holds(whole)) {
            self.text(&name, "/name", place, quote, |p| &mut p.name);
            return;
        }
        self.party.name = Some(name);
        self.notes.read("/name", place, quote);
        if let Some(title) = title {
            self.text(&title, "/title", place, quote, |p| &mut p.title);
        }
    }
}

/// "Tracey Rowbotham (mother)", "Mother, Parwin Kamali": the name, and how they are related.
fn without_relation(text: &str) -> (&str, Option<&str>) {
    if let Some((first, name)) = text.split_once(',')
        && is_relation(&first.trim().to_lowercase())
        && name.trim().contains(' ')
    {
        return (name.trim(), Some(first.trim()));
    }
    // "Janine Lee (foster carer)"
    if let Some((name, inner)) = text.trim().split_once('(')
        && let Some(inner) = inner.strip_suffix(')')
        && inner
            .split_whitespace()
            .next_back()
            .is_some_and(|last| is_relation(&last.to_lowercase()))
        && name.trim().contains(' ')
    {
        return (name.trim(), Some(inner.trim()));
    }
    let Some((name, last)) = text.trim().rsplit_once(char::is_whitespace) else {
        return (text, None);
    };
    let relation = last.trim_matches(['(', ')', ',', '-']);
    let name = name.trim_end_matches([',', '-', '–', ' ']);
    match is_relation(&relation.to_lowercase()) && name.contains(' ') {
        true => (name, Some(relation)),
        false => (text, None),
    }
}

/// A name that the form says nobody knows.
pub(in crate::forms) fn is_of_nobody_known(fact: &Fact) -> bool {
    fact.field == Field::Name && says_unknown(&fact.answer.quote())
}

/// "Unknown male", "not known at present": words about a name that nobody knows.
fn says_unknown(text: &str) -> bool {
    let said = spoken(text);
    [
        "not known",
        "not yet known",
        "unknown",
        "unidentified",
        "name unknown",
        "name not known",
    ]
    .iter()
    .any(|start| {
        said.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}
