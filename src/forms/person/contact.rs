//! How to reach a person and speak with them: telephone, e-mail, preferred way, language.
//!
//! Invariant: only whole numbers and addresses are listed, each once; anything else is a doubt.

use super::{PartyDraft, Tools};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::forms::draft::{Place, stored};
use crate::forms::labels::spoken;
use crate::forms::values::{Cleaned, contacts, yes_no};

impl PartyDraft {
    pub(super) fn phones(&mut self, text: &str, place: &Place, quote: &str) {
        let found: Vec<_> = identifiers::find(text)
            .into_iter()
            .filter(|f| f.kind == IdentifierKind::Phone)
            .collect();
        let numbers = if found.is_empty() {
            identifiers::normal_phone(text).into_iter().collect()
        } else {
            found.into_iter().map(|f| f.normal).collect::<Vec<_>>()
        };
        if numbers.is_empty() {
            let code = if text.chars().filter(char::is_ascii_digit).count() >= 5 {
                "unreadable_phone"
            } else {
                "no_phone"
            };
            self.notes.doubt(
                "/phones",
                code,
                format!("\"{quote}\" is not a whole telephone number"),
            );
        }
        let remark = text.chars().filter(|c| c.is_alphabetic()).count() > 12;
        for number in numbers {
            if !self.party.phones.contains(&number) {
                self.party.phones.push(number);
                let path = format!("/phones/{}", self.party.phones.len() - 1);
                self.notes.read(&path, place, quote);
            }
        }
        if remark && !self.party.phones.is_empty() {
            self.notes.doubt(
                "/phones",
                "remark_beside_phone",
                format!("the form says \"{quote}\""),
            );
        }
    }

    pub(super) fn emails(&mut self, text: &str, place: &Place, quote: &str) {
        let found: Vec<_> = identifiers::find(text)
            .into_iter()
            .filter(|f| f.kind == IdentifierKind::Email)
            .collect();
        if found.is_empty() {
            self.notes.doubt(
                "/emails",
                "unreadable_email",
                format!("\"{quote}\" is not an e-mail address"),
            );
        }
        for email in found {
            if !self.party.emails.contains(&email.normal) {
                self.party.emails.push(email.normal);
                let path = format!("/emails/{}", self.party.emails.len() - 1);
                self.notes.read(&path, place, quote);
            }
        }
    }

    pub(super) fn phone_and_email(&mut self, text: &str, place: &Place, quote: &str) {
        let kinds: Vec<IdentifierKind> = identifiers::find(text).iter().map(|f| f.kind).collect();
        if kinds.contains(&IdentifierKind::Phone) {
            self.phones(text, place, quote);
        }
        if kinds.contains(&IdentifierKind::Email) {
            self.emails(text, place, quote);
        }
    }

    pub(super) fn prefers(&mut self, cleaned: &Cleaned, place: &Place, quote: &str, tools: Tools<'_>) {
        let ways = contacts(&cleaned.text(), tools.book);
        let Some(first) = ways.first() else {
            self.notes.doubt(
                "/preferred_contact",
                "unreadable_answer",
                format!("the form says \"{quote}\""),
            );
            return;
        };
        if self.party.preferred_contact.is_none() {
            self.party.preferred_contact = Some(*first);
            self.notes.read("/preferred_contact", place, quote);
        }
        if ways.len() > 1 {
            self.notes.doubt_between(
                "/preferred_contact",
                "several_answers",
                "more than one way of contact is named",
                ways.iter().map(stored),
            );
        }
    }

    pub(super) fn language(&mut self, text: &str, place: &Place, quote: &str, tools: Tools<'_>) {
        let lower = text.to_lowercase();
        let mut language = text.to_owned();
        if let Some(at) = lower.find("interpreter").filter(|_| lower.len() == text.len()) {
            let refused = spoken(&lower).split(' ').any(|w| matches!(w, "no" | "not"));
            if self.party.interpreter_needed.is_none() {
                self.party.interpreter_needed = Some(!refused);
                self.notes.read("/interpreter_needed", place, quote);
            }
            language = text
                .get(..at)
                .unwrap_or_default()
                .trim_end_matches([' ', '-', '–', ',', ';', '(', '.'])
                .to_owned();
            language = language
                .trim_end_matches(" no")
                .trim_end_matches(" No")
                .trim_end_matches([' ', '-', ',', '–'])
                .to_owned();
        }
        if yes_no(&language, tools.book).is_none() && language.chars().any(char::is_alphabetic) {
            self.text(&language, "/language", place, quote, |p| &mut p.language);
        }
    }
}
