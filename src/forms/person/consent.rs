//! Whether, when and how a person agreed to be contacted.
//!
//! Invariant: two ticked boxes, or written words that are neither yes nor no, are no consent.

use super::{PartyDraft, TWO_ANSWERS, Tools};
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::domain::{ConsentAnswer, ConsentHow};
use crate::forms::draft::{Place, stored};
use crate::forms::labels::tokens;
use crate::forms::values::{Cleaned, how, stated, tells_only_how, yes_no};

/// Whether an answer that holds no such value is worth a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) enum Demand {
    Needed,
    IfThere,
}

impl PartyDraft {
    pub(super) fn consent(&mut self, cleaned: &Cleaned, place: &Place, quote: &str, tools: Tools<'_>) {
        if cleaned.options.as_ref().is_some_and(|o| o.len() > 1) {
            let both = [ConsentAnswer::Given, ConsentAnswer::Refused].map(stored);
            self.notes.doubt_between(
                "/consent/contact",
                "several_answers",
                "more than one box is ticked",
                both,
            );
            return;
        }
        let text = cleaned.text();
        let ticked_statement = cleaned.options.is_some() && yes_no(&text, tools.book).is_none();
        let read = match yes_no(&text, tools.book) {
            Some(read) => read,
            None if ticked_statement => stated(&text, tools.book),
            // "Agreement was: verbal"
            None if tells_only_how(&text, tools.book) => {
                self.consent_how(&text, place, quote, tools, Demand::IfThere);
                return;
            }
            None => {
                self.notes.doubt(
                    "/consent/contact",
                    "unreadable_answer",
                    format!("the form says \"{quote}\""),
                );
                return;
            }
        };
        match self.party.consent.contact {
            Some(old) if old != read.answer => {
                self.notes
                    .conflict("/consent/contact", TWO_ANSWERS, stored(old), stored(read.answer));
            }
            Some(_) => {}
            None => {
                self.party.consent.contact = Some(read.answer);
                self.notes.read("/consent/contact", place, quote);
            }
        }
        if read.hedged {
            self.notes.doubt(
                "/consent/contact",
                "qualified_answer",
                format!("the form says \"{quote}\""),
            );
        }
        if read.answer == ConsentAnswer::Given {
            self.consent_how(&text, place, quote, tools, Demand::IfThere);
            self.consent_date(&text, place, quote, tools, Demand::IfThere);
        }
    }

    /// The answer to "Has she been asked?".
    pub(super) fn asked(&mut self, cleaned: &Cleaned, place: &Place, quote: &str, tools: Tools<'_>) {
        let said = yes_no(&cleaned.text(), tools.book).map(|read| read.answer);
        let is_not = matches!(said, Some(ConsentAnswer::Refused | ConsentAnswer::NotSought));
        if is_not && self.party.consent.contact.is_none() {
            self.party.consent.contact = Some(ConsentAnswer::NotSought);
            self.notes.read("/consent/contact", place, quote);
        }
    }

    pub(in crate::forms) fn consent_date(
        &mut self,
        text: &str,
        place: &Place,
        quote: &str,
        tools: Tools<'_>,
        demand: Demand,
    ) {
        match dates::parse(text, DateUse::Event, tools.today) {
            Some(date) => {
                if let Some(iso) = date.iso() {
                    self.text(&iso, "/consent/given_on", place, quote, |p| {
                        &mut p.consent.given_on
                    });
                }
                if !matches!(date, ReadDate::Day { ambiguous: false, .. }) {
                    self.notes.doubt_between(
                        "/consent/given_on",
                        "ambiguous_date",
                        format!("the form says \"{quote}\""),
                        dates::readings(text, DateUse::Event, tools.today),
                    );
                }
            }
            None if demand == Demand::Needed => {
                self.notes.doubt(
                    "/consent/given_on",
                    "unreadable_date",
                    format!("\"{quote}\" is not a whole date"),
                );
            }
            None => {}
        }
    }

    pub(super) fn consent_how(
        &mut self,
        text: &str,
        place: &Place,
        quote: &str,
        tools: Tools<'_>,
        demand: Demand,
    ) {
        match how(text, tools.book) {
            Some(way) => self.how(way, place, quote),
            None if demand == Demand::Needed => self.notes.doubt(
                "/consent/how",
                "unreadable_answer",
                format!("the form says \"{quote}\""),
            ),
            None => {}
        }
    }

    /// The way that a question asks about, which was answered with yes: "Has she given written consent?".
    pub(super) fn how_asked(&mut self, label: &str, place: &Place) {
        let words = tokens(label);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let is_written = has(&["written", "writing", "signed"]);
        let is_verbal = has(&["verbal", "verbally", "orally"]);
        match (is_written, is_verbal) {
            (true, false) => self.how(ConsentHow::Written, place, label),
            (false, true) => self.how(ConsentHow::Verbal, place, label),
            (true, true) | (false, false) => {}
        }
    }

    pub(in crate::forms) fn how(&mut self, way: ConsentHow, place: &Place, quote: &str) {
        match self.party.consent.how {
            Some(old) if old != way => {
                self.notes
                    .conflict("/consent/how", TWO_ANSWERS, stored(old), stored(way));
            }
            Some(_) => {}
            None => {
                self.party.consent.how = Some(way);
                self.notes.read("/consent/how", place, quote);
            }
        }
    }
}
