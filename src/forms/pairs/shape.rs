//! A question in unknown words whose answer shows what it is: an e-mail address, a telephone number, a name.
//!
//! Invariant: what is taken by its shape carries a check, and only where that person's answer is still missing.

use super::subject::{MAX_LOOKBACK, is_helper, is_main};
use super::{Context, Reader, Subject};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{is_given_name, is_street_word, names};
use crate::forms::labels::{Field, LabelMatch, Person, Who, spoken, tokens};
use crate::forms::values::Answer;

/// Most words of a name.
const MAX_NAME_WORDS: usize = 5;
/// Most words of an address.
const MAX_ADDRESS_WORDS: usize = 14;
/// Longest answer that says what the writer is, in words: "I caused harm to somebody".
const MAX_ROLE_WORDS: usize = 8;
/// Most bytes that may stand beside an address or number that is the answer.
const MAX_BESIDE: usize = 6;

impl Reader<'_> {
    /// Takes an answer by its shape for whoever is being asked about. `false` where it shows nothing.
    pub(super) fn by_shape(
        &mut self,
        text: &str,
        answer: &Answer,
        page: Option<u32>,
        column: Option<Subject>,
    ) -> bool {
        if matches!(
            self.context,
            Context::Skip | Context::Offence | Context::Risk | Context::Consent
        ) {
            return false;
        }
        let cleaned = answer.clean(self.book);
        let said = format!(" {} ", spoken(&cleaned.text()));
        let is_own = said.starts_with(" i ") && said.split_whitespace().count() <= MAX_ROLE_WORDS;
        if is_own && column.is_none() && self.book.role_in_answer(&cleaned.text()).is_some() {
            let label = LabelMatch {
                field: Field::SelfRole,
                guessed: true,
                ..super::emit::unmapped_label()
            };
            self.emit(label, text, Subject::Case, answer.clone(), page);
            return true;
        }
        if cleaned.options.is_none() && self.helper_with_number(text, &cleaned.text(), page, column) {
            return true;
        }
        let Some(field) = shape_of(&cleaned.text()).filter(|_| cleaned.options.is_none()) else {
            return false;
        };
        let label = LabelMatch {
            field,
            guessed: true,
            ..super::emit::unmapped_label()
        };
        // "Who is the complainant in this?": a role in the question tells whose name it is.
        let label = LabelMatch {
            person: self
                .book
                .role_in_answer(text)
                .filter(|_| field == Field::Name)
                .map(|who| Person {
                    who,
                    number: None,
                    of: None,
                }),
            ..label
        };
        let subject = match column {
            Some(column) => column,
            None => self.subject(&label, None),
        };
        // "Parent's number" in a pupil's row is the parent's.
        let helper = self.book.role_in_answer(text).filter(|who| is_helper(*who));
        let subject = match (helper, subject) {
            (
                Some(helper),
                Subject::Person {
                    person, occurrence, ..
                },
            ) if !is_helper(person.who) => Subject::Person {
                person: Person {
                    who: helper,
                    number: None,
                    of: Some(person.who),
                },
                occurrence,
                own: column.is_some(),
            },
            (_, subject) => subject,
        };
        let may_be_theirs = match subject {
            Subject::Person { person, .. } => column.is_some() || !matches!(person.who, Who::Them),
            Subject::Everybody(_) | Subject::Case => false,
        };
        let same = |asked: Field| match field {
            Field::Name => matches!(
                asked,
                Field::Name | Field::Given | Field::Family | Field::NameAndAgency
            ),
            other => asked == other,
        };
        let is_known = self
            .out
            .facts
            .iter()
            .rev()
            .take(MAX_LOOKBACK)
            .any(|fact| fact.subject == subject && same(fact.field) && !fact.answer.quote().is_empty());
        if !may_be_theirs || is_known {
            return false;
        }
        self.emit(label, text, subject, answer.clone(), page);
        true
    }
}

impl Reader<'_> {
    /// "Parent / carer and number: Lorraine Tuck (mum) 07700 900707": name, relation and number of whoever helps the
    /// person of this part or row. `false` where the answer is not made so.
    fn helper_with_number(
        &mut self,
        text: &str,
        said: &str,
        page: Option<u32>,
        column: Option<Subject>,
    ) -> bool {
        let here = self.context.subject();
        let helper = self.book.role_in_answer(text).filter(|who| is_helper(*who));
        let (
            Some(who),
            Some(Subject::Person {
                person, occurrence, ..
            }),
        ) = (helper, column.or(here))
        else {
            return false;
        };
        let Some(phone) = identifiers::find(said)
            .into_iter()
            .find(|found| found.kind == IdentifierKind::Phone)
        else {
            return false;
        };
        let before = said.get(..phone.start).unwrap_or_default();
        let number = said.get(phone.start..phone.end).unwrap_or_default();
        let (name, relation) = before.split_once(['(', ',']).unwrap_or((before, ""));
        let relation = relation.trim_matches(|c: char| !c.is_alphabetic());
        if !is_main(person.who) || shape_of(name) != Some(Field::Name) {
            return false;
        }
        let subject = Subject::Person {
            person: Person {
                who,
                number: None,
                of: Some(person.who),
            },
            occurrence,
            own: column.is_some(),
        };
        let pieces = [
            (Field::Name, name.trim()),
            (Field::Relationship, relation),
            (Field::Phone, number),
        ];
        for (field, piece) in pieces {
            let label = LabelMatch {
                field,
                guessed: true,
                exact: true,
                ..super::emit::unmapped_label()
            };
            if !piece.is_empty() && piece.split_whitespace().count() <= MAX_NAME_WORDS {
                self.emit(label, text, subject, Answer::of_text(piece), page);
            }
        }
        true
    }
}

/// A house number with a street: "Flat 2, 61 Sandgate Street, Port Easter".
fn is_street(text: &str) -> bool {
    let words: Vec<String> = tokens(text);
    let numbered = words
        .iter()
        .position(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let street = words.iter().rposition(|word| is_street_word(word));
    words.len() <= MAX_ADDRESS_WORDS
        && numbered.is_some_and(|at| at <= 2)
        && numbered
            .zip(street)
            .is_some_and(|(number, street)| number + 1 < street)
        && !text.contains(". ")
}

/// What an answer is by its looks.
pub(in crate::forms) fn shape_of(text: &str) -> Option<Field> {
    let text = text.trim();
    let found = identifiers::find(text);
    if let Some(first) = found.first() {
        let is_whole = first.start <= MAX_BESIDE && text.len() - first.end <= MAX_BESIDE;
        return match first.kind {
            IdentifierKind::Email if is_whole => Some(Field::Email),
            IdentifierKind::Phone if is_whole => Some(Field::Phone),
            IdentifierKind::Postcode if text.len() == first.end && text.contains(',') => Some(Field::Address),
            _ => None,
        };
    }
    if is_street(text) {
        return Some(Field::Address);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_short = (2..=MAX_NAME_WORDS).contains(&words.len());
    let all_capital = words.iter().all(|word| word.starts_with(char::is_uppercase));
    let plain = text
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.'));
    let first = words.first()?.trim_end_matches('.').to_lowercase();
    let is_named = names::is_title(&first) || names::is_rank(&first) || is_given_name(&first);
    (is_short && all_capital && plain && is_named).then_some(Field::Name)
}
