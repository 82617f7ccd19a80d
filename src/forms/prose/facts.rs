//! What a text tells of each person: birth, age, address, telephone, ways to reach them.

use super::cast::Cast;
use super::text::{Prose, Token};
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::domain::identifiers::{self, Found, IdentifierKind};
use crate::domain::{Party, PreferredContact};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place};
use crate::forms::values;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// How far before a date "born" may stand, in bytes.
const BIRTH_WORD_REACH: usize = 24;
/// Longest house number, in characters.
const MAX_HOUSE_NUMBER: usize = 5;
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 100;
/// Youngest somebody is whose birth is given as a bare date.
const MIN_AGE: u16 = 8;
/// Highest age taken.
const MAX_AGE: u16 = 115;

/// ` of 17 High Street, Town,` up to a postcode.
#[allow(clippy::expect_used)] // a constant of this file; the tests run it
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:of|lives at|lives in|living at|address is|address:|at)\s+(?P<address>(?:flat\s|room\s|unit\s|apartment\s|\d)[^.;()]{4,100}?)[,\s]*$")
        .expect("a constant pattern")
});

/// People as they will be in the referral, with notes relative to each.
pub(super) struct Draft {
    pub(super) party: Party,
    pub(super) notes: Notes,
}

/// Reads the facts of everybody in `drafts` (by person of the cast; `None` for people without a role).
pub(super) fn fill(
    prose: &Prose,
    cast: &Cast,
    drafts: &mut [Option<Draft>],
    place: &Place,
    context: &FormsContext<'_>,
) {
    let found = identifiers::find(&prose.text);
    let mut reader = Reader {
        prose,
        cast,
        drafts,
        place,
        context,
    };
    reader.births();
    reader.ages();
    for one in &found {
        match one.kind {
            IdentifierKind::Phone => reader.phone(one),
            IdentifierKind::Email => reader.email(one),
            IdentifierKind::Postcode => reader.address(one),
            IdentifierKind::CrimeNumber
            | IdentifierKind::PncId
            | IdentifierKind::Cro
            | IdentifierKind::Asn
            | IdentifierKind::Urn
            | IdentifierKind::Crn
            | IdentifierKind::PrisonNumber
            | IdentifierKind::NhsNumber
            | IdentifierKind::NiNumber
            | IdentifierKind::CollarNumber
            | IdentifierKind::Vehicle
            | IdentifierKind::DrivingLicence
            | IdentifierKind::Passport
            | IdentifierKind::IpAddress
            | IdentifierKind::Url
            | IdentifierKind::BankAccount
            | IdentifierKind::CourtCase => {}
        }
    }
    for sentence in 0..prose.sentences.len() {
        reader.contact(sentence);
    }
}

struct Reader<'a, 'c> {
    prose: &'a Prose,
    cast: &'a Cast,
    drafts: &'a mut [Option<Draft>],
    place: &'a Place,
    context: &'a FormsContext<'c>,
}

impl Reader<'_, '_> {
    fn sentence_of(&self, token: usize) -> Option<(usize, Range<usize>)> {
        let at = self.prose.sentences.partition_point(|s| s.end <= token);
        Some((at, self.prose.sentences.get(at)?.clone()))
    }

    /// Whom a fact at a byte of the text is about: the person last spoken of before it, or several ("their").
    fn owners(&self, byte: usize) -> (Vec<usize>, usize) {
        let token = self.prose.token_at(byte);
        let Some((sentence, range)) = self.sentence_of(token) else {
            return (Vec::new(), 0);
        };
        let people = match self.cast.before(token, range.start) {
            Some(mention) => mention.people.clone(),
            None => self.cast.in_mind(self.prose, range.start).into_iter().collect(),
        };
        (people, sentence)
    }

    fn set(&mut self, person: usize, path: &str, sentence: usize, write: impl FnOnce(&mut Party) -> bool) {
        let quote = self.prose.quote(sentence);
        if let Some(Some(draft)) = self.drafts.get_mut(person)
            && write(&mut draft.party)
        {
            draft.notes.read(path, self.place, &quote);
        }
    }

    fn births(&mut self) {
        for found in dates::find(&self.prose.text, DateUse::Birth, self.context.today) {
            let Some(iso) = found.date.iso() else { continue };
            let from = floor(&self.prose.text, found.start.saturating_sub(BIRTH_WORD_REACH));
            let before = self
                .prose
                .text
                .get(from..found.start)
                .unwrap_or_default()
                .to_lowercase();
            let says_born = ["born", "dob", "d.o.b", "date of birth", "birthday"]
                .iter()
                .any(|word| before.contains(word));
            let token = self.prose.token_at(found.start);
            let in_brackets = before.trim_end().ends_with('(')
                && self
                    .cast
                    .before(token, 0)
                    .is_some_and(|m| m.is_named && m.at.end + 1 == token);
            let short = token > 0
                && self
                    .prose
                    .tokens
                    .get(token - 1)
                    .is_some_and(|t| t.lower == "b" || t.lower == "b.");
            let behind_name = before.trim_end().ends_with(',')
                && self
                    .cast
                    .before(token, 0)
                    .is_some_and(|m| m.is_named && m.at.end + 1 == token)
                && is_adult_birth(found.date, self.context.today);
            if !(says_born || in_brackets || short || behind_name) {
                continue;
            }
            let (people, sentence) = self.owners(found.start);
            if let [.., person] = people.as_slice() {
                self.set(*person, "/date_of_birth", sentence, |party| {
                    put(&mut party.date_of_birth, iso)
                });
            }
        }
    }

    fn ages(&mut self) {
        for at in 0..self.prose.tokens.len() {
            let Some(age) = age_at(&self.prose.tokens, at) else {
                continue;
            };
            let Some(start) = self.prose.tokens.get(at).map(|t| t.start) else {
                continue;
            };
            let (people, sentence) = self.owners(start);
            if let [.., person] = people.as_slice() {
                self.set(*person, "/age", sentence, |party| put(&mut party.age, age));
            }
        }
    }

    fn phone(&mut self, found: &Found) {
        let (people, sentence) = self.owners(found.start);
        if self.is_of_an_office(found.start, sentence) {
            return;
        }
        for person in people {
            self.set(person, "/phones/0", sentence, |party| {
                add(&mut party.phones, &found.normal)
            });
        }
    }

    /// The number of a place of work, not of the person spoken of before.
    fn is_of_an_office(&self, byte: usize, sentence: usize) -> bool {
        let token = self.prose.token_at(byte);
        let range = self.prose.sentences.get(sentence).cloned().unwrap_or_default();
        let from = self
            .cast
            .before(token, range.start)
            .map_or(range.start, |m| m.at.end);
        let between = self.prose.words(from..token);
        between.iter().any(|t| {
            t.is_any(&[
                "office",
                "school",
                "station",
                "switchboard",
                "desk",
                "college",
                "reception",
            ])
        })
    }

    fn email(&mut self, found: &Found) {
        let (people, sentence) = self.owners(found.start);
        for person in people {
            self.set(person, "/emails/0", sentence, |party| {
                add(&mut party.emails, &found.normal)
            });
        }
    }

    /// An address that ends in this postcode.
    fn address(&mut self, postcode: &Found) {
        let token = self.prose.token_at(postcode.start);
        let Some((sentence, range)) = self.sentence_of(token) else {
            return;
        };
        let from = self.prose.tokens.get(range.start).map_or(0, |t| t.start);
        let before = self.prose.text.get(from..postcode.start).unwrap_or_default();
        let Some((start, text)) = self.address_before(before, from, token, range.start) else {
            return;
        };
        let people = match self.introduced_behind(token + 1, range.end) {
            Some(person) => vec![person],
            None => self.owners(start).0,
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
            .filter(|m| m.is_named && m.at.start <= verb + 2)?;
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
        let mut first = postcode;
        while let Some(token) = first.checked_sub(1).and_then(|at| self.prose.tokens.get(at)) {
            let is_number = token.lower.starts_with(|c: char| c.is_ascii_digit())
                && token.lower.chars().all(char::is_alphanumeric)
                && token.lower.len() <= MAX_HOUSE_NUMBER;
            let is_part =
                token.is_capital || token.lower == "," || is_number || token.is_any(&["flat", "the", "of"]);
            if first <= sentence || !is_part {
                break;
            }
            first -= 1;
        }
        let run = self.prose.words(first..postcode);
        let numbered = run
            .iter()
            .position(|t| t.lower.starts_with(|c: char| c.is_ascii_digit()) || t.lower == "flat");
        if let Some(at) = numbered {
            return Some(first + at);
        }
        let lead = first.checked_sub(1).and_then(|at| self.prose.tokens.get(at));
        let is_led = lead.is_some_and(|t| t.is_any(&["at", "to", "address"]));
        (is_led && run.len() > 2 && run.iter().any(|t| t.lower == ",")).then_some(first)
    }

    /// Voicemail, preferred way of contact, interpreter.
    fn contact(&mut self, sentence: usize) {
        let range = self.prose.sentences.get(sentence).cloned().unwrap_or_default();
        let words = self.prose.words(range.clone());
        let is_not = words
            .iter()
            .any(|t| t.is_any(&["not", "no", "never", "without"]) || t.lower.ends_with("n't"));
        let message = words.iter().position(|t| {
            t.is_any(&[
                "voicemail",
                "voicemails",
                "voice-mail",
                "answerphone",
                "message",
                "messages",
            ])
        });
        let leaves = words.iter().any(|t| t.is_any(&["leave", "leaving", "left"]));
        let fine = words.iter().any(|t| {
            t.is_any(&[
                "fine", "ok", "okay", "happy", "can", "may", "safe", "please", "welcome",
            ])
        });
        if let Some(at) = message.filter(|_| leaves && (is_not || fine))
            && let Some(person) = self.spoken_of(&range, range.start + at)
        {
            self.set(person, "/safe_to_leave_message", sentence, |party| {
                put(&mut party.safe_to_leave_message, !is_not)
            });
        }
        if let Some(at) = words
            .iter()
            .position(|t| t.is_any(&["interpreter", "interpreters"]))
            && (is_not
                || words
                    .iter()
                    .any(|t| t.is_any(&["need", "needs", "require", "requires", "with", "use", "uses"])))
            && let Some(person) = self.spoken_of(&range, range.start + at)
        {
            self.set(person, "/interpreter_needed", sentence, |party| {
                put(&mut party.interpreter_needed, !is_not)
            });
        }
        self.preferred(sentence, &range);
    }

    fn preferred(&mut self, sentence: usize, range: &Range<usize>) {
        let words = self.prose.words(range.clone());
        let says = |phrase: &[&str]| {
            words
                .windows(phrase.len())
                .any(|w| w.iter().zip(phrase).all(|(t, p)| t.lower == *p))
        };
        let prefers = words
            .iter()
            .position(|t| t.is_any(&["prefer", "prefers", "preferred", "rather"]));
        let wants = says(&["wants", "to", "be", "contacted"])
            || says(&["wishes", "to", "be", "contacted"])
            || says(&["best", "way"])
            || says(&["best", "contacted"])
            || says(&["best", "reached"]);
        if says(&["through", "me"]) || says(&["via", "me"]) {
            if let Some(person) = self.spoken_of(range, range.end) {
                self.set(person, "/preferred_contact", sentence, |party| {
                    put(&mut party.preferred_contact, PreferredContact::ViaProfessional)
                });
            }
            return;
        }
        let only = says(&["text", "only"]) || says(&["only", "text"]) || says(&["pls", "text"]);
        if prefers.is_none() && !wants && !only {
            return;
        }
        let text = self.prose.quote(sentence);
        // "ring rather than write": what stands behind is what is not wanted.
        let wanted = text.split(" than ").next().unwrap_or_default();
        let ways: Vec<PreferredContact> = values::contacts(wanted, self.context.labels);
        let ([way], Some(person)) = (ways.as_slice(), self.spoken_of(range, range.end)) else {
            return;
        };
        let way = *way;
        self.set(person, "/preferred_contact", sentence, |party| {
            put(&mut party.preferred_contact, way)
        });
    }

    /// Whom a statement is about: who is spoken of before it in its sentence, else who was before.
    fn spoken_of(&self, range: &Range<usize>, token: usize) -> Option<usize> {
        match self.cast.before(token, range.start) {
            Some(mention) => mention.people.last().copied(),
            None => self.cast.in_mind(self.prose, range.start),
        }
    }
}

/// "aged 12", "is 79,", "(84)", "45-year-old", "15 years old": the age that a token is.
fn age_at(tokens: &[Token], at: usize) -> Option<u16> {
    let token = tokens.get(at)?;
    if let Some((years, rest)) = token.lower.split_once('-')
        && (rest == "year-old" || rest == "years-old")
    {
        return years.parse().ok().filter(|age| *age <= MAX_AGE);
    }
    let age: u16 = token.lower.parse().ok().filter(|age| *age <= MAX_AGE)?;
    let word = |offset: usize| {
        at.checked_sub(offset)
            .and_then(|at| tokens.get(at))
            .map(|t| t.lower.as_str())
    };
    let next = |offset: usize| tokens.get(at + offset).map(|t| t.lower.as_str());
    let says_years = matches!(
        (next(1), next(2)),
        (Some("years" | "yrs" | "year" | "yo"), Some("old" | "of"))
    ) || matches!(next(1), Some("yo" | "yrs"));
    let is_told = matches!(word(1), Some("aged" | "age"))
        || matches!((word(2), word(1)), (Some("age"), Some("is" | ":")))
        || matches!(word(1), Some("is" | "was"))
            && matches!(next(1), None | Some("," | "." | "and" | ";" | ")" | "–" | "-"));
    let in_brackets = word(1) == Some("(") && next(1) == Some(")");
    let behind_name = word(1) == Some(",")
        && at
            .checked_sub(2)
            .and_then(|at| tokens.get(at))
            .is_some_and(|t| t.is_capital && !t.is_mark())
        && matches!(next(1), Some("," | "." | "–" | "-" | "and" | ")" | ";"));
    (says_years || is_told || in_brackets || behind_name).then_some(age)
}

/// Long enough ago for somebody who can take part: a bare date behind a name is a birth then.
fn is_adult_birth(date: ReadDate, today: jiff::civil::Date) -> bool {
    match date {
        ReadDate::Day { date, .. } => dates::age_on(date, today).is_some_and(|age| age >= MIN_AGE),
        ReadDate::Month { .. } | ReadDate::Impossible => false,
    }
}

fn put<T>(slot: &mut Option<T>, value: T) -> bool {
    let is_free = slot.is_none();
    if is_free {
        *slot = Some(value);
    }
    is_free
}

/// Adds the first of a kind; a second one of the same sentence may be somebody else's.
fn add(list: &mut Vec<String>, value: &str) -> bool {
    let is_first = list.is_empty();
    if is_first {
        list.push(value.to_owned());
    }
    is_first
}

/// `at` moved back to a character boundary.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}
