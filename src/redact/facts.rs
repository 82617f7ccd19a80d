//! Known numbers, addresses and other strings of the cases (and of the message itself), found in any
//! spacing and punctuation: one automaton over the squash of a [`View`].

use super::view::{View, squash, words};
use super::words as lists;
use crate::domain::{CaseReference, KnownCase, Party, ReferenceKind, SpanKind, identifiers, is_street_word};
use aho_corasick::AhoCorasick;

/// Shortest string that is searched for.
const MIN_FACT: usize = 5;
/// From this length on a string counts inside longer words too.
const MIN_FREE: usize = 9;
/// National digits of a UK phone number without the leading zero.
const PHONE_TAIL: usize = 9;

/// A string that must go, squashed, with its kind.
pub(super) type Fact = (String, SpanKind);

/// Where a string counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    /// A longer one inside other words too.
    Free,
    /// From word to word only.
    Whole,
}

/// Strings ready to be found.
pub(super) struct Facts {
    facts: Vec<Fact>,
    bounds: Bounds,
    automaton: Option<AhoCorasick>,
}

impl Facts {
    /// Builds the automaton; what is too short to be searched for is left out.
    pub(super) fn new(mut facts: Vec<Fact>, bounds: Bounds) -> Self {
        facts.retain(|(text, _)| text.chars().count() >= MIN_FACT);
        facts.sort();
        facts.dedup();
        let automaton = AhoCorasick::new(facts.iter().map(|(text, _)| text.as_str())).ok();
        Self {
            facts,
            bounds,
            automaton,
        }
    }

    /// Whether the automaton could be built; what is not sound finds nothing.
    pub(super) fn is_sound(&self) -> bool {
        self.automaton.is_some()
    }

    /// Every place of every string: bytes of the view and the kind.
    pub(super) fn find(&self, view: &View) -> Vec<(usize, usize, SpanKind)> {
        let Some(automaton) = self.automaton.as_ref().filter(|_| !self.facts.is_empty()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut from = 0;
        for hit in automaton.find_overlapping_iter(&view.squash) {
            let Some((text, kind)) = self.facts.get(hit.pattern().as_usize()) else {
                continue;
            };
            let Some((first, last)) = view.tokens_at(hit.start(), hit.end(), &mut from) else {
                continue;
            };
            let (Some(head), Some(tail)) = (view.tokens.get(first), view.tokens.get(last)) else {
                continue;
            };
            let starts = head.squash == hit.start();
            let stops = tail.squash_end == hit.end();
            // "RJ-2026-00131 Mossfield Avenue" holds no "31 Mossfield Avenue"; a telephone number has digits before its last.
            let cuts_number =
                !starts && *kind != SpanKind::Phone && text.starts_with(|c: char| c.is_ascii_digit());
            let free = self.bounds == Bounds::Free
                && !cuts_number
                && text.chars().count() >= MIN_FREE
                && (!text.chars().all(|c| c.is_ascii_digit()) || *kind == SpanKind::Phone);
            if (starts && stops) || free {
                found.push((head.start, tail.end, *kind));
            }
        }
        found
    }
}

/// Every string of the cases that must go, names aside.
pub(super) fn of_cases(cases: &[KnownCase], own_prefixes: &[String]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for case in cases {
        for reference in &case.referral.references {
            if !CaseReference::find_all(own_prefixes, &reference.value).is_empty() {
                continue;
            }
            let kind = match reference.kind {
                ReferenceKind::CollarNumber => continue,
                ReferenceKind::CrimeNumber | ReferenceKind::Urn | ReferenceKind::AgencyReference => {
                    SpanKind::CaseNumber
                }
                ReferenceKind::PncId
                | ReferenceKind::Cro
                | ReferenceKind::Crn
                | ReferenceKind::PrisonNumber
                | ReferenceKind::NhsNumber => SpanKind::NationalId,
            };
            facts.push((squash(&reference.value), kind));
        }
        for party in &case.referral.parties {
            of_party(party, &mut facts);
        }
        if case.referral.referrer.is_self_referral == Some(true) {
            let referrer = &case.referral.referrer;
            facts.extend(referrer.email.iter().map(|text| (squash(text), SpanKind::Email)));
            facts.extend(referrer.phone.iter().filter_map(|text| phone(text)));
        }
    }
    facts
}

fn of_party(party: &Party, facts: &mut Vec<Fact>) {
    facts.extend(party.phones.iter().filter_map(|text| phone(text)));
    facts.extend(party.emails.iter().map(|text| (squash(text), SpanKind::Email)));
    facts.extend(
        party
            .postcode
            .iter()
            .map(|text| (squash(text), SpanKind::Postcode)),
    );
    facts.extend(
        party
            .organisation
            .iter()
            .map(|text| (squash(text), SpanKind::Org)),
    );
    if let Some(address) = &party.address {
        of_address(address, facts);
    }
}

/// The last digits of a phone number: what every way of writing it shares.
fn phone(text: &str) -> Option<Fact> {
    let normal = identifiers::normal_phone(text).unwrap_or_else(|| text.to_owned());
    let digits: String = normal.chars().filter(char::is_ascii_digit).collect();
    let national = digits
        .strip_prefix("44")
        .unwrap_or(digits.trim_start_matches('0'));
    (national.len() >= PHONE_TAIL).then(|| (national.to_owned(), SpanKind::Phone))
}

/// An address: every run of its lines, each line that leads to the door, and the street alone.
fn of_address(address: &str, facts: &mut Vec<Fact>) {
    for found in identifiers::find(address) {
        if found.kind == identifiers::IdentifierKind::Postcode {
            facts.push((squash(&found.normal), SpanKind::Postcode));
        }
    }
    let lines: Vec<&str> = address
        .split([',', '\n', ';'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    for (from, first) in lines.iter().enumerate() {
        let mut run = String::new();
        for (length, line) in lines.iter().skip(from).enumerate() {
            run.push_str(&squash(line));
            if length > 0 && (from == 0 || leads_to_door(first)) {
                facts.push((run.clone(), SpanKind::Address));
            }
        }
        let is_town = words(first).iter().all(|word| lists::is_place(word));
        if leads_to_door(first) || (from == 0 && lines.len() > 1 && !is_town) {
            facts.push((squash(first), SpanKind::Address));
        }
        let inner = from + 1 < lines.len() && words(first).len() > 1;
        if inner && !is_town {
            facts.push((squash(first), SpanKind::Address));
        }
        streets(&words(first), facts);
    }
}

/// Every street or house within a line, without its number, in each way its last word is written.
fn streets(line: &[String], facts: &mut Vec<Fact>) {
    let ends = |word: &String| is_street_word(word) || HOUSE_WORDS.contains(&word.as_str());
    for (at, word) in line.iter().enumerate().skip(1) {
        if !ends(word) || line.get(at + 1).is_some_and(|next| is_street_word(next)) {
            continue;
        }
        let before = line.get(..at).unwrap_or_default();
        let from = before
            .iter()
            .rposition(|word| word.chars().any(|c| c.is_ascii_digit()))
            .map_or(0, |number| number + 1);
        let name = before.get(from..).unwrap_or_default().concat();
        if !name.is_empty() {
            for form in street_forms(word) {
                facts.push((format!("{name}{form}"), SpanKind::Address));
            }
        }
    }
}

/// A street word in each way it is written; any other word as it is.
pub(super) fn street_forms(word: &str) -> Vec<&str> {
    const ROWS: [&[&str]; 13] = [
        &["road", "rd"],
        &["street", "st"],
        &["avenue", "ave", "av"],
        &["close", "cl"],
        &["lane", "ln"],
        &["drive", "dr"],
        &["court", "ct"],
        &["crescent", "cres"],
        &["gardens", "gdns"],
        &["place", "pl"],
        &["terrace", "ter", "terr"],
        &["square", "sq"],
        &["hill", "hl"],
    ];
    ROWS.iter()
        .find(|row| row.contains(&word))
        .map_or_else(|| vec![word], |row| row.to_vec())
}

/// Words that end a building's name, lower case.
const HOUSE_WORDS: [&str; 9] = [
    "house",
    "lodge",
    "mansions",
    "buildings",
    "tower",
    "towers",
    "apartments",
    "flats",
    "maltings",
];

fn leads_to_door(line: &str) -> bool {
    let words = words(line);
    let numbered = words
        .first()
        .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    (numbered && words.len() > 1)
        || (words.len() > 1 && words.last().is_some_and(|word| is_street_word(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_is_found_wherever_it_stands_in_an_address_and_in_short() {
        let mut facts = Vec::new();
        of_address("41 Wexford Terrace Colchester CO2 7QT", &mut facts);
        of_address("Flat 3, The Maltings, Station Approach, Witham", &mut facts);
        let facts = Facts::new(facts, Bounds::Free);
        for text in [
            "off Wexford Terrace",
            "in Wexford Ter.",
            "at The Maltings",
            "by Station Approach",
        ] {
            assert!(!facts.find(&View::new(text)).is_empty(), "{text}");
        }
        assert!(facts.find(&View::new("in Colchester or Witham")).is_empty());
    }
}
