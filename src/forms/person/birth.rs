//! When a person was born, or how old they are.
//!
//! Invariant: a date that can be read in more than one way is in doubt.

use super::{PartyDraft, Tools};
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::forms::draft::Place;
use crate::forms::labels::spoken;

/// Oldest age that is believed.
const MAX_AGE: u16 = 115;

impl PartyDraft {
    pub(super) fn birth(&mut self, text: &str, place: &Place, quote: &str, tools: Tools<'_>) {
        let found = dates::find(text, DateUse::Birth, tools.today);
        match found.first().map(|f| f.date) {
            Some(ReadDate::Impossible) => {
                self.notes.doubt(
                    "/date_of_birth",
                    "impossible_date",
                    format!("\"{quote}\" is no day in the past"),
                );
            }
            Some(date) => {
                let two_digits = found
                    .first()
                    .and_then(|f| text.get(f.start..f.end))
                    .is_some_and(has_two_digit_year);
                let doubtful = found.len() > 1
                    || two_digits
                    || matches!(date, ReadDate::Day { ambiguous: true, .. })
                    || matches!(date, ReadDate::Month { .. });
                if let Some(iso) = date.iso() {
                    self.text(&iso, "/date_of_birth", place, quote, |p| &mut p.date_of_birth);
                }
                if doubtful {
                    self.notes.doubt_between(
                        "/date_of_birth",
                        "ambiguous_date",
                        format!("\"{quote}\" can be read in more than one way"),
                        dates::readings(text, DateUse::Birth, tools.today),
                    );
                }
            }
            None => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                if (1..=3).contains(&digits) {
                    self.age(text, place, quote);
                } else {
                    self.notes.doubt(
                        "/date_of_birth",
                        "unreadable_date",
                        format!("\"{quote}\" is not a whole date"),
                    );
                }
            }
        }
    }

    pub(super) fn age(&mut self, text: &str, place: &Place, quote: &str) {
        let numbers: Vec<u16> = text
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|n| n.parse().ok())
            .collect();
        let plain = spoken(text).split(' ').all(|w| {
            w.chars().all(|c| c.is_ascii_digit())
                || matches!(w, "years" | "year" | "old" | "yrs" | "aged" | "age" | "y" | "o")
        });
        match numbers.as_slice() {
            [age] if self.party.age == Some(*age) => {}
            [age] if *age <= MAX_AGE && self.party.age.is_none() => {
                self.party.age = Some(*age);
                self.notes.read("/age", place, quote);
                if !plain {
                    self.notes
                        .doubt("/age", "approximate_age", format!("the form says \"{quote}\""));
                }
            }
            _ => self
                .notes
                .doubt("/age", "unreadable_age", format!("the form says \"{quote}\"")),
        }
    }
}

/// `12/05/85`: the century is worked out, not read.
fn has_two_digit_year(date: &str) -> bool {
    let mut numbers = date
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty());
    let first = numbers.next().unwrap_or_default();
    first.len() <= 2 && numbers.next_back().is_some_and(|year| year.len() == 2)
}
