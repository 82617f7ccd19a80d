//! Which values of a draft or of a case file go into the blind index, and in which spelling.
//!
//! For looking up, and for *suggestions*: nothing merges without a person. The spelling is coarse on purpose (case,
//! spaces and punctuation do not count); a changed spelling would need the index to be written anew.

use super::Lookup;
use crate::domain::{ParsedMessage, Party, ReferenceKind, Referral};
use crate::vault::IndexedAs;
use zeroize::Zeroizing;

/// Shortest reference, phone or postcode that says anything.
const MIN_LENGTH: usize = 5;

/// Values to be hashed, each with its kind.
pub(super) fn index_values(parsed: &ParsedMessage) -> Values {
    let mut values = Vec::new();
    for referral in parsed.referral.iter().chain(&parsed.more_referrals) {
        reference_values(&mut values, referral);
        for party in &referral.parties {
            person_values(&mut values, party);
            match_values(&mut values, referral, party);
        }
    }
    values
}

/// What one side's file of a case is found by.
pub(super) fn file_values(referral: &Referral) -> Values {
    let mut values = Vec::new();
    reference_values(&mut values, referral);
    for party in &referral.parties {
        person_values(&mut values, party);
    }
    values
}

/// The hashed spelling of what somebody looks for.
pub(super) fn lookup_values(lookup: &Lookup) -> Values {
    let mut values = Vec::new();
    match lookup {
        Lookup::Name(name) => push(&mut values, IndexedAs::Name, sorted_words(name.expose_personal())),
        Lookup::Birth(birth) => push(
            &mut values,
            IndexedAs::Birth,
            alphanumeric(birth.expose_personal()),
        ),
        Lookup::Phone(phone) => push(
            &mut values,
            IndexedAs::Phone,
            national_digits(phone.expose_personal()),
        ),
        Lookup::Email(email) => push(&mut values, IndexedAs::Email, address(email.expose_personal())),
        Lookup::Postcode(code) => push(
            &mut values,
            IndexedAs::Postcode,
            alphanumeric(code.expose_personal()),
        ),
        Lookup::Reference(number) => {
            for kind in [IndexedAs::Reference, IndexedAs::PersonNumber] {
                push(&mut values, kind, alphanumeric(number.expose_personal()));
            }
        }
    }
    values
}

/// How a number is looked up; an officer's own number ties nothing together.
fn indexed_as(kind: ReferenceKind) -> Option<IndexedAs> {
    match kind {
        ReferenceKind::CrimeNumber | ReferenceKind::Urn | ReferenceKind::AgencyReference => {
            Some(IndexedAs::Reference)
        }
        ReferenceKind::PncId
        | ReferenceKind::Cro
        | ReferenceKind::Crn
        | ReferenceKind::PrisonNumber
        | ReferenceKind::NhsNumber => Some(IndexedAs::PersonNumber),
        ReferenceKind::CollarNumber => None,
    }
}

type Values = Vec<(IndexedAs, Zeroizing<String>)>;

fn reference_values(values: &mut Values, referral: &Referral) {
    for reference in &referral.references {
        if let Some(kind) = indexed_as(reference.kind) {
            push(values, kind, alphanumeric(&reference.value));
        }
    }
}

fn person_values(values: &mut Values, party: &Party) {
    for email in &party.emails {
        push(values, IndexedAs::Email, address(email));
    }
    for phone in &party.phones {
        push(values, IndexedAs::Phone, national_digits(phone));
    }
    let names = [&party.name, &party.known_as, &party.organisation];
    for name in names.into_iter().flatten() {
        push(values, IndexedAs::Name, sorted_words(name));
    }
    if let Some(birth) = &party.date_of_birth {
        push(values, IndexedAs::Birth, alphanumeric(birth));
    }
    if let Some(postcode) = &party.postcode {
        push(values, IndexedAs::Postcode, alphanumeric(postcode));
    }
}

/// Values that only together say that two mails are about the same people.
fn match_values(values: &mut Values, referral: &Referral, party: &Party) {
    if let (Some(name), Some(birth)) = (&party.name, &party.date_of_birth) {
        let value = Zeroizing::new(format!("{}|{}", *sorted_words(name), *alphanumeric(birth)));
        push(values, IndexedAs::NameAndBirth, value);
    }
    if let (Some(postcode), Some(date)) = (&party.postcode, &referral.offence.date) {
        let value = Zeroizing::new(format!("{}|{}", *alphanumeric(postcode), *alphanumeric(date)));
        push(values, IndexedAs::PostcodeAndOffenceDate, value);
    }
}

fn address(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_lowercase())
}

fn push(values: &mut Values, kind: IndexedAs, value: Zeroizing<String>) {
    if value.len() >= MIN_LENGTH {
        values.push((kind, value));
    }
}

fn alphanumeric(text: &str) -> Zeroizing<String> {
    Zeroizing::new(
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect(),
    )
}

/// The words of a name in the order of the alphabet: "LEE, Ann" and "Ann Lee" are one.
fn sorted_words(name: &str) -> Zeroizing<String> {
    let mut words: Vec<Zeroizing<String>> = name
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .map(alphanumeric)
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    let mut joined = Zeroizing::new(String::with_capacity(name.len()));
    for word in &words {
        joined.push_str(word);
        joined.push(' ');
    }
    joined
}

/// Digits of a United Kingdom number as dialled inside the country.
fn national_digits(text: &str) -> Zeroizing<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = digits.strip_prefix("0044").or_else(|| digits.strip_prefix("44"));
    Zeroizing::new(match international {
        Some(rest) => format!("0{}", rest.trim_start_matches('0')),
        None => digits,
    })
}

/// A Message-ID without angle brackets and white space; `None` for an empty one.
pub(super) fn thread_value(message_id: &str) -> Option<&str> {
    let value = message_id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_phone_are_one_value() {
        for text in [
            "01632 960 123",
            "+44 1632 960123",
            "0044 (0)1632 960123",
            "(01632) 960-123",
        ] {
            assert_eq!(*national_digits(text), "01632960123", "{text}");
        }
    }

    #[test]
    fn names_are_one_in_any_order() {
        assert_eq!(
            *sorted_words("O’BRIEN, Ann-Marie"),
            *sorted_words("Ann Marie O'Brien")
        );
        assert_ne!(*sorted_words("Ann Lee"), *sorted_words("Anne Lee"));
    }

    #[test]
    fn message_ids_with_and_without_brackets_are_one_value() {
        assert_eq!(thread_value(" <a@example.org> "), Some("a@example.org"));
        assert_eq!(thread_value("a@example.org"), Some("a@example.org"));
        assert_eq!(thread_value("<>"), None);
    }
}
