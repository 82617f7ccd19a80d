//! What a text tells of each person: birth, age, telephone, e-mail; `address` and `contact` read the rest.

mod address;
mod contact;

use super::cast::Cast;
use super::text::{Prose, Token};
use crate::domain::Party;
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::domain::identifiers::{self, Found, IdentifierKind};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place};
use std::ops::Range;

/// How far before a date "born" may stand, in bytes.
const BIRTH_WORD_REACH: usize = 24;
/// How far before a number "do not use" may stand, in tokens.
const UNWANTED_REACH: usize = 20;
/// Mentions looked back over for whom a statement is about.
const LOOK_BACK: usize = 8;
/// Youngest somebody is whose birth is given as a bare date.
const MIN_AGE: u16 = 8;
/// How far behind an age its name may stand, in tokens.
const NAME_BEHIND_AGE: usize = 5;
/// Highest age taken.
const MAX_AGE: u16 = 115;

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

/// What kind of thing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    /// A birth, an age, an address.
    Told,
    /// A telephone number or e-mail address.
    Reach,
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

    /// Whom a fact at a byte of the text is about, and its sentence: the person last spoken of before it, or
    /// several ("their"), else who was in mind. A way to reach somebody is nobody's where the writer stands
    /// before it ("ring me on"), unless they only "hold" it.
    fn owners(&self, byte: usize, fact: Fact) -> (Vec<usize>, usize) {
        let token = self.prose.token_at(byte);
        let Some((sentence, range)) = self.sentence_of(token) else {
            return (Vec::new(), 0);
        };
        let mentions = self.cast.within(&(range.start..token));
        for mention in mentions.iter().rev().take(LOOK_BACK) {
            if !mention.people.is_empty() {
                return (mention.people.clone(), sentence);
            }
            if fact == Fact::Reach && !self.is_held(mention.at.end) {
                return (Vec::new(), sentence);
            }
        }
        (self.cast.in_mind(sentence), sentence)
    }

    /// "the number we hold is": the writer tells what they know, not their own.
    fn is_held(&self, token: usize) -> bool {
        let behind = self.prose.words(token..token + 3);
        behind.iter().any(|t| {
            t.is_any(&[
                "hold",
                "have",
                "had",
                "got",
                "held",
                "spoke",
                "rang",
                "saw",
                "met",
                "understand",
            ])
        })
    }

    fn set(&mut self, person: usize, path: &str, sentence: usize, write: impl FnOnce(&mut Party) -> bool) {
        if let Some(Some(draft)) = self.drafts.get_mut(person)
            && write(&mut draft.party)
        {
            draft.notes.read(path, self.place, &self.prose.quote(sentence));
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
            let in_brackets = before.trim_end().ends_with('(') && self.is_beside_name(token);
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
                    .is_some_and(|m| m.is_named() && m.at.end + 1 == token)
                && is_adult_birth(found.date, self.context.today);
            if !(says_born || in_brackets || short || behind_name || self.is_born_too(token)) {
                continue;
            }
            let (people, sentence) = self.owners(found.start, Fact::Told);
            if let [.., person] = people.as_slice() {
                self.set(*person, "/date_of_birth", sentence, |party| {
                    put(&mut party.date_of_birth, iso)
                });
            }
        }
    }

    /// "Ann was born on 8 March 2013 and Kit on 19 December 2012".
    fn is_born_too(&self, token: usize) -> bool {
        let lead = self.prose.words(token.saturating_sub(UNWANTED_REACH)..token);
        let born = lead.iter().rposition(|t| t.lower == "born");
        let is_one_sentence = born.is_some_and(|at| {
            lead.get(at..)
                .is_some_and(|rest| !rest.iter().any(|t| t.is_any(&[".", ";"])))
        });
        let named = self.cast.before(token, 0);
        is_one_sentence
            && lead.last().is_some_and(|t| t.lower == "on")
            && named.is_some_and(|m| m.is_named() && m.at.end + 1 == token)
    }

    /// In brackets right behind a name, an age perhaps between them: "Kit Lee, 15 (23.07.2010)".
    fn is_beside_name(&self, token: usize) -> bool {
        self.cast.before(token, 0).is_some_and(|m| {
            let between = self.prose.words(m.at.end..token.saturating_sub(1));
            let is_detail = |t: &Token| t.lower == "," || t.lower.chars().all(|c| c.is_ascii_digit());
            m.is_named() && between.len() <= 2 && between.iter().all(is_detail)
        })
    }

    fn ages(&mut self) {
        for at in 0..self.prose.tokens.len() {
            let Some(age) = age_at(&self.prose.tokens, at) else {
                continue;
            };
            let Some(start) = self.prose.tokens.get(at).map(|t| t.start) else {
                continue;
            };
            let (mut people, sentence) = self.owners(start, Fact::Told);
            if let Some(person) = self.aged_behind(at) {
                people = vec![person];
            }
            if let [.., person] = people.as_slice() {
                self.set(*person, "/age", sentence, |party| put(&mut party.age, age));
            }
        }
    }

    /// "my 14 year old son Kit", "14-year-old Kit Lee": whose age stands before the name.
    fn aged_behind(&self, at: usize) -> Option<usize> {
        let words = self.prose.words(at..at + NAME_BEHIND_AGE);
        let years = words
            .iter()
            .position(|t| t.is_any(&["old"]) || t.lower.ends_with("-old"))?;
        let tail = words.get(years + 1..)?;
        let leads = tail.iter().take_while(|t| !t.is_capital && !t.is_mark()).count();
        let mention = self.cast.behind(at, at + NAME_BEHIND_AGE)?;
        let is_next = mention.is_named() && mention.at.start == at + years + 1 + leads && leads <= 1;
        mention.people.last().copied().filter(|_| is_next)
    }

    fn phone(&mut self, found: &Found) {
        let (people, sentence) = self.owners(found.start, Fact::Reach);
        if self.is_of_an_office(found.start, sentence) || self.is_unwanted(found.start, sentence) {
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

    /// "Please do not use the number on the record, 07700 900271".
    fn is_unwanted(&self, byte: usize, sentence: usize) -> bool {
        let range = self.prose.sentences.get(sentence).cloned().unwrap_or_default();
        let token = self.prose.token_at(byte);
        let words = self
            .prose
            .words(range.start.max(token.saturating_sub(UNWANTED_REACH))..token);
        let not = words.windows(2).rposition(|pair| {
            matches!(pair, [not, verb] if (not.lower == "not" || not.lower.ends_with("n't"))
                && verb.is_any(&["use", "ring", "call", "phone", "text", "email", "e-mail", "try"]))
        });
        not.and_then(|at| words.get(at..))
            .is_some_and(|rest| !rest.iter().any(|t| t.is_any(&["is", ";", "but", "instead"])))
    }

    fn email(&mut self, found: &Found) {
        let (people, sentence) = self.owners(found.start, Fact::Reach);
        if self.is_unwanted(found.start, sentence) {
            return;
        }
        for person in people {
            self.set(person, "/emails/0", sentence, |party| {
                add(&mut party.emails, &found.normal)
            });
        }
    }

    /// Whom a statement is about: who is spoken of last before it in its sentence, the professional who writes
    /// passed over; else who was in mind. Nobody where it is the writer's own ("ring me", "my number").
    fn spoken_of(&self, sentence: usize, range: &Range<usize>, token: usize) -> Vec<usize> {
        let mentions = self.cast.within(&(range.start..token));
        for mention in mentions.iter().rev().take(LOOK_BACK) {
            let word = self.prose.tokens.get(mention.at.start);
            if !mention.people.is_empty() {
                return mention.people.clone();
            }
            if word.is_some_and(|t| t.is_any(&["me", "my", "mine"])) {
                return Vec::new();
            }
        }
        self.cast.in_mind(sentence)
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
    let is_told = matches!(word(1), Some("aged" | "age" | "turned"))
        || matches!((word(2), word(1)), (Some("age"), Some("is" | ":")))
        || matches!(word(1), Some("am" | "i'm" | "im"))
            && matches!(next(1), None | Some("," | "." | "and" | "if" | "now" | ";"))
        || matches!(word(1), Some("is" | "was"))
            && matches!(next(1), None | Some("," | "." | "and" | ";" | ")" | "–" | "-"));
    let in_brackets = word(1) == Some("(") && next(1) == Some(")");
    let behind_name = word(1) == Some(",")
        && at
            .checked_sub(2)
            .and_then(|at| tokens.get(at))
            .is_some_and(|t| t.is_capital && !t.is_mark())
        && matches!(next(1), Some("," | "." | "–" | "-" | "and" | ")" | ";" | "("));
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
