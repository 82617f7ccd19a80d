//! Addresses: what stands before a postcode, and whose it is.

use super::{Fact, Reader, put};
use crate::domain::identifiers::Found;
use regex::Regex;
use std::sync::LazyLock;

/// How far before a postcode its address, and who lives there, may stand, in tokens.
const ADDRESS_REACH: usize = 40;
/// Longest house number, in characters.
const MAX_HOUSE_NUMBER: usize = 5;
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 100;

/// ` of 17 High Street, Town,` up to a postcode.
#[allow(clippy::expect_used)] // a constant of this file; the tests run it
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:of|lives at|lives in|living at|address is|address:|at)\s+(?P<address>(?:flat\s|room\s|unit\s|apartment\s|bungalow\s|caravan\s|plot\s|studio\s|\d)[^.;()]{4,100}?)[,\s]*$")
        .expect("a constant pattern")
});

impl Reader<'_, '_> {
    /// An address that ends in this postcode.
    pub(super) fn address(&mut self, postcode: &Found) {
        let token = self.prose.token_at(postcode.start);
        let Some((sentence, range)) = self.sentence_of(token) else {
            return;
        };
        let from = range.start.max(token.saturating_sub(ADDRESS_REACH));
        let from = self.prose.tokens.get(from).map_or(0, |t| t.start);
        let before = self.prose.text.get(from..postcode.start).unwrap_or_default();
        let Some((start, text)) = self.address_before(before, from, token, range.start) else {
            return self.postcode_alone(postcode, token);
        };
        let people = match self.introduced_behind(token + 1, range.end) {
            Some(person) => vec![person],
            None => match self.who_lives_with(start, range.start) {
                Some(person) => vec![person],
                None => self.owners(start, Fact::Told).0,
            },
        };
        for person in people {
            let mut took = false;
            self.set(person, "/address", sentence, |party| {
                took = put(&mut party.address, text.clone());
                took
            });
            if took {
                self.set(person, "/postcode", sentence, |party| {
                    put(&mut party.postcode, postcode.normal.clone())
                });
            }
        }
    }

    /// "Mrs Lee at number 5 (BD99 4RS)": a postcode in brackets, without its street.
    fn postcode_alone(&mut self, postcode: &Found, token: usize) {
        let lead = token.checked_sub(1).and_then(|at| self.prose.tokens.get(at));
        if lead.is_none_or(|lead| lead.lower != "(") {
            return;
        }
        let (people, sentence) = self.owners(postcode.start, Fact::Told);
        if let [.., person] = people.as_slice() {
            self.set(*person, "/postcode", sentence, |party| {
                put(&mut party.postcode, postcode.normal.clone())
            });
        }
    }

    /// "Kit lives with his dad, Jon Lee, at 3 Mill Row": who lives there, not the relative named in between.
    fn who_lives_with(&self, byte: usize, from: usize) -> Option<usize> {
        let address = self.prose.token_at(byte);
        let from = from.max(address.saturating_sub(ADDRESS_REACH));
        let words = self.prose.words(from..address);
        let lives = words.windows(2).rposition(|pair| {
            matches!(pair, [lives, with] if lives.is_any(&["lives", "living", "live", "lived"]) && with.lower == "with")
        })?;
        let mention = self.cast.before(from + lives, from)?;
        mention.people.last().copied()
    }

    /// "At 33 Mill Row, CO9 2AX is Ms Lee": who is named behind an address.
    fn introduced_behind(&self, token: usize, to: usize) -> Option<usize> {
        // A postcode is two words.
        let verb = (token..(token + 2).min(to)).find(|at| {
            self.prose
                .tokens
                .get(*at)
                .is_some_and(|t| t.is_any(&["is", "lives"]))
        })?;
        let next = self
            .cast
            .behind(verb, to)
            .filter(|m| m.is_named() && m.at.start <= verb + 2)?;
        next.people.last().copied()
    }

    /// The address that ends at a postcode, with its place in the text: behind "lives at" and its like, or
    /// right behind a name.
    fn address_before(
        &self,
        before: &str,
        from: usize,
        token: usize,
        sentence: usize,
    ) -> Option<(usize, String)> {
        let clean = |text: &str| text.trim_end_matches([',', ' ']).to_owned();
        if let Some(address) = ADDRESS.captures(before).and_then(|c| c.name("address")) {
            return Some((from + address.start(), clean(address.as_str())));
        }
        let start = self.address_run(token, sentence)?;
        let start = self.prose.tokens.get(start)?.start;
        let text = before.get(start.checked_sub(from)?..)?;
        (text.len() <= MAX_ADDRESS).then(|| (start, clean(text)))
    }

    /// Where the words in capitals, numbers and commas before a postcode begin to be an address: at a house
    /// number or flat; at a name of a house only behind "at" or "to".
    fn address_run(&self, postcode: usize, sentence: usize) -> Option<usize> {
        let named = self
            .cast
            .before(postcode, sentence)
            .filter(|m| m.is_named())
            .map_or(sentence, |m| m.at.end);
        let mut first = postcode;
        while let Some(token) = first.checked_sub(1).and_then(|at| self.prose.tokens.get(at)) {
            let is_number = token.lower.starts_with(|c: char| c.is_ascii_digit())
                && token.lower.chars().all(char::is_alphanumeric)
                && token.lower.len() <= MAX_HOUSE_NUMBER;
            let is_part =
                token.is_capital || token.lower == "," || is_number || token.is_any(&["flat", "the", "of"]);
            if first <= named || postcode - first > ADDRESS_REACH || !is_part {
                break;
            }
            first -= 1;
        }
        let run = self.prose.words(first..postcode);
        let numbered = run
            .iter()
            .position(|t| t.lower.starts_with(|c: char| c.is_ascii_digit()) || t.lower == "flat");
        // "Mr Lee, The Swan Inn, 1 High Street": what the house is called stands between name and number.
        let is_called = first == named
            && matches!(run, [comma, the, ..] if comma.lower == "," && the.lower == "the" && the.is_capital);
        if let Some(at) = numbered {
            return Some(if is_called { first + 1 } else { first + at });
        }
        // "Mr Lee, Marl Farm, Gosmore Road, Hitchin"
        if first == named && named > sentence && run.first().is_some_and(|t| t.lower == ",") {
            return (run.iter().filter(|t| t.lower == ",").count() > 2).then_some(first + 1);
        }
        let lead = first.checked_sub(1).and_then(|at| self.prose.tokens.get(at));
        let before_lead = first.checked_sub(2).and_then(|at| self.prose.tokens.get(at));
        // "Her address is Rose Cottage, Back Lane, Stoneby".
        let is_asked_for =
            lead.is_some_and(|t| t.is_any(&["is", ":"])) && before_lead.is_some_and(|t| t.lower == "address");
        let is_led = lead.is_some_and(|t| t.is_any(&["at", "to", "address"])) || is_asked_for;
        (is_led && run.len() > 2 && run.iter().any(|t| t.lower == ",")).then_some(first)
    }
}
