//! A label in words that nobody knows: what its place, its answer or a single word of it tells, else it is kept as it is.
//!
//! Invariant: what is read so carries a check.

use super::emit::{NEAR_CONSENT, is_bare_when, unmapped_label};
use super::{Context, Reader, Subject};
use crate::forms::labels::{Field, LabelMatch, Who, tokens};
use crate::forms::values::{Answer, tells_only_how};

/// Alone in the part about what happened, these ask what kind of thing it was.
const KIND_WORDS: [&str; 5] = ["type", "kind", "nature", "subject", "category"];
/// Behind an agency's own word, these ask for its number: "Liquidlogic ID".
const NUMBER_WORDS: [&str; 5] = ["number", "no", "ref", "reference", "id"];
/// Shortest sentence that tells what happened, in words.
const MIN_STORY_WORDS: usize = 8;
/// Longest collar number.
const MAX_COLLAR_DIGITS: usize = 6;

impl Reader<'_> {
    /// A label that nothing known fits, in the column or row of a person.
    pub(in crate::forms) fn unmapped_of(
        &mut self,
        text: &str,
        answer: Answer,
        page: Option<u32>,
        whose: Subject,
    ) {
        if !self.by_shape(text, &answer, page, Some(whose)) {
            self.emit(unmapped_label(), text, Subject::Case, answer, page);
        }
    }

    /// Keeps a label that nothing known fits, with its answer.
    pub(in crate::forms) fn unmapped(&mut self, text: &str, answer: Answer, page: Option<u32>) {
        if self.by_shape(text, &answer, page, None) {
            return;
        }
        let words = tokens(text);
        let is_of_kind = matches!(words.as_slice(), [one] if KIND_WORDS.contains(&one.as_str()));
        let asks_number = words.len() == 2
            && words
                .last()
                .is_some_and(|last| NUMBER_WORDS.contains(&last.as_str()))
            && answer.quote().contains(|c: char| c.is_ascii_digit());
        let tells = self.context == Context::Offence && self.tells_what_happened(&answer);
        let is_collar = is_number_alone(&words, &answer)
            && matches!(self.context, Context::Person { person, .. } if person.who == Who::Referrer);
        let of_person = matches!(self.context, Context::Person { person, .. } if person.who != Who::You && person.who != Who::Referrer);
        let asks_when = tokens(text).iter().any(|word| word == "date" || word == "when");
        let label = LabelMatch {
            guessed: true,
            field: Field::OffenceDate,
            ..unmapped_label()
        };
        let label = if asks_when && self.context == Context::Offence {
            label
        } else if self.is_below_consent() && tells_only_how(&answer.clean(self.book).text(), self.book) {
            LabelMatch {
                field: Field::ConsentHow,
                ..label
            }
        } else if is_of_kind && self.context == Context::Offence {
            LabelMatch {
                field: Field::OffenceKind,
                ..label
            }
        } else if tells {
            LabelMatch {
                field: Field::Summary,
                ..label
            }
        } else if is_collar {
            LabelMatch {
                field: Field::CollarNumber,
                ..label
            }
        } else if asks_number && !of_person {
            LabelMatch {
                field: Field::AgencyReference,
                ..label
            }
        } else if is_bare_when(text) && self.is_below_consent() {
            LabelMatch {
                field: Field::BareDate,
                ..label
            }
        } else {
            unmapped_label()
        };
        let subject = if label.field == Field::ConsentHow {
            self.asked_for_consent().unwrap_or(Subject::Case)
        } else {
            Subject::Case
        };
        self.emit(label, text, subject, answer, page);
    }

    /// A sentence in the part about what happened, where nothing has told it yet.
    fn tells_what_happened(&self, answer: &Answer) -> bool {
        let said = answer.clean(self.book).text();
        let is_sentence = !said.contains("..")
            && said.split_whitespace().count() >= MIN_STORY_WORDS
            && said.trim_end().ends_with('.');
        is_sentence && !self.out.facts.iter().any(|fact| fact.field == Field::Summary)
    }

    /// Whose consent was asked about last.
    fn asked_for_consent(&self) -> Option<Subject> {
        let of_this_part = self.out.facts.get(self.part_began..).unwrap_or_default();
        let last = of_this_part.iter().rev().take(NEAR_CONSENT);
        last.filter(|fact| fact.field.is_consent())
            .map(|fact| fact.subject)
            .next()
    }
}

/// "Number: 1793" without a word of what.
fn is_number_alone(words: &[String], answer: &Answer) -> bool {
    let said = answer.quote();
    let digits = said.chars().filter(char::is_ascii_digit).count();
    matches!(words, [one] if NUMBER_WORDS.contains(&one.as_str()))
        && (1..=MAX_COLLAR_DIGITS).contains(&digits)
        && said.trim().len() == digits
}
