//! What must not be found, and the search for it.

use super::super::RedactionSettings;
use super::super::facts::street_forms;
use super::super::words::{
    is_common_name, is_name_first, is_plain_word, is_rank, is_suffix, is_title, may_be_possessive,
    without_asides,
};
use super::fold::{Folded, run};
use crate::domain::is_street_word;
use crate::domain::{CaseReference, KnownCase, Party, ReferenceKind, identifiers};
use aho_corasick::AhoCorasick;
use std::collections::HashSet;

/// From this length on a name counts within a longer word.
const WITHIN_A_WORD: usize = 7;
/// From this length on a name counts within a word that has digits.
const WITHIN_A_CODE: usize = 5;
/// From this length on a string counts wherever its letters stand in a row.
const ANYWHERE: usize = 8;
/// Shortest string that is searched for at all.
const SHORTEST: usize = 2;
/// Shortest number, address or original.
const SHORTEST_STRING: usize = 4;
/// Local parts that many people share.
const NOT_A_PERSON: [&str; 8] = [
    "info",
    "mail",
    "email",
    "contact",
    "admin",
    "office",
    "enquiries",
    "hello",
];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Everything that must not be found.
pub(super) struct Known {
    /// Parts of names: whole words.
    words: HashSet<String>,
    /// The longer ones, within words.
    within: Matcher,
    /// Strings with the way they count.
    strings: Matcher,
    /// What the first pass replaced: whole words.
    replaced: Matcher,
    /// Ordinary words that are names: only after a title.
    titled: HashSet<String>,
    /// Year of the century, month, day.
    births: Vec<(u16, u16, u16)>,
    titles: HashSet<String>,
    /// Words that say that a birth follows.
    labels: HashSet<String>,
    months: Vec<String>,
}

struct Matcher {
    patterns: Vec<String>,
    automaton: AhoCorasick,
}

impl Matcher {
    fn new(patterns: HashSet<String>) -> Option<Self> {
        let mut patterns: Vec<String> = patterns.into_iter().collect();
        patterns.sort();
        let automaton = AhoCorasick::new(&patterns).ok()?;
        Some(Self { patterns, automaton })
    }
}

/// Strings while they are gathered.
#[derive(Default)]
struct Gathered {
    words: HashSet<String>,
    strings: HashSet<String>,
    replaced: HashSet<String>,
    titled: HashSet<String>,
    /// Names that are words too, but hardly ever in a letter: whole words.
    first: HashSet<String>,
    births: Vec<(u16, u16, u16)>,
}

impl Known {
    /// Gathers from the cases and from what the first pass replaced. `None` where the search cannot be built.
    pub(super) fn new(
        cases: &[KnownCase],
        originals: &[String],
        settings: &RedactionSettings,
    ) -> Option<Self> {
        let mut all = Gathered::default();
        for case in cases {
            for reference in &case.referral.references {
                let own = !CaseReference::find_all(&settings.reference_prefixes, &reference.value).is_empty();
                if reference.kind != ReferenceKind::CollarNumber && !own {
                    all.string(&reference.value);
                }
            }
            for party in &case.referral.parties {
                all.party(party);
            }
        }
        for original in originals {
            let folded = run(original);
            if folded.chars().count() >= SHORTEST_STRING {
                all.replaced.insert(folded);
            }
        }
        let within = all
            .words
            .iter()
            .filter(|word| word.chars().count() >= WITHIN_A_CODE)
            .cloned()
            .collect();
        let titles = ["mr", "mrs", "ms", "mx", "miss"].into_iter().map(run).collect();
        Some(Self {
            words: all.words.into_iter().chain(all.first).collect(),
            within: Matcher::new(within)?,
            strings: Matcher::new(all.strings)?,
            replaced: Matcher::new(all.replaced)?,
            titled: all.titled,
            births: all.births,
            titles,
            labels: ["dob", "born", "birth", "birthday"]
                .into_iter()
                .map(run)
                .collect(),
            months: MONTHS.into_iter().map(run).collect(),
        })
    }

    /// Whether anything known is in a text.
    pub(super) fn is_in(&self, text: &Folded) -> bool {
        self.has_word(text) || self.has_string(text) || self.has_birth(text)
    }

    fn has_word(&self, text: &Folded) -> bool {
        let after_title = |pair: &[String]| matches!(pair, [title, name] if self.titles.contains(title) && self.titled.contains(name));
        text.words.windows(2).any(after_title)
            || self.is_cut_up_in(text)
            || text
                .words
                .iter()
                .any(|word| self.words.contains(word) || self.is_possessive(word) || self.is_within(word))
    }

    /// `Kyles phone`.
    fn is_possessive(&self, word: &str) -> bool {
        let name = word.strip_suffix('s').filter(|_| may_be_possessive(word));
        name.is_some_and(|name| self.words.contains(name))
    }

    /// A longer name that stands there in pieces, each a word of its own ("Hol loway", one letter a cell).
    fn is_cut_up_in(&self, text: &Folded) -> bool {
        let mut hits = self.within.automaton.find_overlapping_iter(&text.run);
        hits.any(|hit| text.is_whole(hit.start(), hit.end()))
    }

    fn is_within(&self, word: &str) -> bool {
        // Folding turns 0 and 1 into letters; other digits tell a code.
        let code = word.chars().any(|c| c.is_ascii_digit());
        let shortest = if code { WITHIN_A_CODE } else { WITHIN_A_WORD };
        self.within.automaton.find_overlapping_iter(word).any(|hit| {
            self.within
                .patterns
                .get(hit.pattern().as_usize())
                .is_some_and(|name| name.chars().count() >= shortest)
        })
    }

    fn has_string(&self, text: &Folded) -> bool {
        let mut replaced = self.replaced.automaton.find_overlapping_iter(&text.run);
        if replaced.any(|hit| text.is_whole(hit.start(), hit.end())) {
            return true;
        }
        self.strings
            .automaton
            .find_overlapping_iter(&text.run)
            .any(|hit| {
                let Some(pattern) = self.strings.patterns.get(hit.pattern().as_usize()) else {
                    return true;
                };
                pattern.chars().count() >= ANYWHERE && !is_ordinary(pattern)
                    || text.is_whole(hit.start(), hit.end())
            })
    }

    /// A known date of birth as three words, in any usual order, or as eight digits.
    fn has_birth(&self, text: &Folded) -> bool {
        if self.births.is_empty() {
            return false;
        }
        let is_birth = |year: u16, month: u16, day: u16| self.births.contains(&(year % 100, month, day));
        let three = |words: &[String]| {
            let [a, b, c] = words else { return false };
            let (first, second, third) = (self.number(a), self.number(b), self.number(c));
            [
                (third, second, first),
                (first, second, third),
                (third, first, second),
            ]
            .into_iter()
            .any(|date| match date {
                (Some(year), Some(month), Some(day)) => is_birth(year, month, day),
                (_, _, _) => false,
            })
        };
        let digits = |word: &String| {
            let digits: String = word.chars().map(digit).collect::<Option<String>>()?;
            (digits.len() == 8).then_some(digits)
        };
        let eight = |word: &String| {
            let Some(digits) = digits(word) else { return false };
            let part = |from: usize, to: usize| {
                digits
                    .get(from..to)
                    .and_then(|part| part.parse::<u16>().ok())
                    .unwrap_or(0)
            };
            is_birth(part(4, 8), part(2, 4), part(0, 2)) || is_birth(part(0, 4), part(4, 6), part(6, 8))
        };
        let six = |word: &String| {
            let digits: Option<String> = word.chars().map(digit).collect();
            let part = |from: usize, to: usize| digits.as_ref()?.get(from..to)?.parse::<u16>().ok();
            word.chars().count() == 6
                && matches!(
                    (part(0, 2), part(2, 4), part(4, 6)),
                    (Some(day), Some(month), Some(year)) if is_birth(year, month, day)
                )
        };
        text.words.windows(3).any(three)
            || text.words.iter().any(|word| eight(word) || six(word))
            || self.has_birthday(text)
    }

    /// Day and month of a known birth shortly after a label.
    fn has_birthday(&self, text: &Folded) -> bool {
        /// Most words from the label to the date, date included.
        const NEAR: usize = 5;
        let mut labels = text.words.iter().enumerate();
        labels.any(|(at, word)| {
            let near = text.words.get(at + 1..).unwrap_or_default();
            self.labels.contains(word)
                && near.iter().zip(near.iter().skip(1)).take(NEAR).any(|(a, b)| {
                    let (first, second) = (self.number(a), self.number(b));
                    let is = |day: Option<u16>, month: Option<u16>| {
                        self.births
                            .iter()
                            .any(|birth| Some(birth.1) == month && Some(birth.2) == day)
                    };
                    let named =
                        |word: &String| self.months.iter().any(|month| word.starts_with(month.as_str()));
                    (named(b) && is(first, second)) || (named(a) && is(second, first))
                })
        })
    }

    /// A day, month or year: digits (folded ones too), an ordinal, or a month's name.
    fn number(&self, word: &str) -> Option<u16> {
        let digits: String = word.chars().map_while(digit).collect();
        let rest = word.chars().count() - digits.chars().count();
        if !digits.is_empty() && (rest == 0 || rest == 2) {
            return digits.parse().ok();
        }
        let head = self
            .months
            .iter()
            .position(|month| word.starts_with(month.as_str()))?;
        u16::try_from(head + 1).ok()
    }
}

/// A digit, or the letter that folding made of one.
fn digit(c: char) -> Option<char> {
    match c {
        'o' => Some('0'),
        'l' => Some('1'),
        _ => c.is_ascii_digit().then_some(c),
    }
}

/// Two ordinary words in a row count only as whole words.
fn is_ordinary(pattern: &str) -> bool {
    (2..pattern.len().saturating_sub(1)).any(|at| {
        pattern.is_char_boundary(at) && {
            let (left, right) = pattern.split_at(at);
            let word = |text: &str| is_common_name(text) || is_plain_word(text);
            word(left) && word(right)
        }
    })
}

impl Gathered {
    fn string(&mut self, text: &str) {
        let folded = run(text);
        if folded.chars().count() >= SHORTEST_STRING {
            self.strings.insert(folded);
        }
    }

    fn party(&mut self, party: &Party) {
        self.names(party);
        for phone in &party.phones {
            let normal = identifiers::normal_phone(phone).unwrap_or_else(|| phone.clone());
            let digits: String = normal.chars().filter(char::is_ascii_digit).collect();
            self.string(
                digits
                    .strip_prefix("44")
                    .unwrap_or(digits.trim_start_matches('0')),
            );
        }
        for email in &party.emails {
            self.string(email);
            let user_name = email.split('@').next().unwrap_or_default();
            let ordinary =
                self.is_ordinary_part(user_name) || NOT_A_PERSON.contains(&user_name.to_lowercase().as_str());
            if !ordinary && user_name.chars().count() >= WITHIN_A_CODE {
                self.string(user_name);
            }
        }
        if let Some(postcode) = &party.postcode {
            self.string(postcode);
        }
        if let Some(organisation) = &party.organisation {
            self.string(organisation);
        }
        if let Some(address) = &party.address {
            self.address(address);
        }
        let birth = party
            .date_of_birth
            .as_deref()
            .and_then(|date| date.parse::<jiff::civil::Date>().ok());
        let small = |value: i8| u16::try_from(value).unwrap_or(0);
        let key = |date: jiff::civil::Date| {
            let year = u16::try_from(date.year().rem_euclid(100)).unwrap_or(0);
            (year, small(date.month()), small(date.day()))
        };
        self.births.extend(birth.map(key));
    }

    fn address(&mut self, address: &str) {
        for line in address.split([',', '\n', ';']) {
            let words = Folded::new(line).words;
            let written: Vec<String> = line.split_whitespace().map(plain).collect();
            for (at, word) in written.iter().enumerate().skip(1) {
                if !is_street_word(word) || written.get(at + 1).is_some_and(|next| is_street_word(next)) {
                    continue;
                }
                let before = written.get(..at).unwrap_or_default();
                let from = before
                    .iter()
                    .rposition(|word| word.chars().any(|c| c.is_ascii_digit()))
                    .map_or(0, |number| number + 1);
                let name = before.get(from..).unwrap_or_default();
                if !name.is_empty() {
                    for form in street_forms(word) {
                        self.string(&format!("{} {form}", name.join(" ")));
                    }
                }
            }
            let street = written.last().is_some_and(|last| is_street_word(last));
            let numbered = words
                .first()
                .is_some_and(|word| word.chars().next().is_some_and(|c| digit(c).is_some()));
            if (street || numbered) && words.len() > 2 {
                self.string(line);
            }
        }
    }

    fn names(&mut self, party: &Party) {
        let name = party.name.as_deref().unwrap_or_default();
        let name = match name.split_once(',') {
            Some((surname, given)) => format!("{given} {surname}"),
            None => name.to_owned(),
        };
        let (name, asides) = without_asides(&name);
        let mut written: Vec<&str> = name
            .split_whitespace()
            .filter(|word| !is_title(&plain(word)))
            .collect();
        while written.len() > 1 && written.first().is_some_and(|word| is_rank(&plain(word))) {
            written.remove(0);
        }
        while written.len() > 1 && written.last().is_some_and(|word| is_suffix(&plain(word))) {
            written.pop();
        }
        let mut parts: Vec<String> = written.iter().map(|word| (*word).to_owned()).collect();
        let mut givens: Vec<String> = written
            .first()
            .map(|word| (*word).to_owned())
            .into_iter()
            .collect();
        for aside in asides {
            parts.push(aside.clone());
            givens.push(aside);
        }
        if let Some(known_as) = &party.known_as {
            let others = known_as
                .split([',', '/', ';'])
                .map(|other| other.trim().to_owned())
                .filter(|other| !other.is_empty());
            for other in others {
                parts.push(other.clone());
                givens.push(other);
            }
        }
        for part in &parts {
            self.part(part);
            for half in part
                .split(['-', '\'', '\u{2019}', '\u{2010}', '\u{2011}', ' '])
                .filter(|half| half.chars().count() > 2)
            {
                self.part(half);
            }
        }
        if let Some(surname) = written.last().filter(|_| written.len() > 1) {
            for given in &givens {
                self.string(&format!("{given} {surname}"));
                let ordinary = self.is_ordinary_part(given) && self.is_ordinary_part(surname);
                if !ordinary {
                    self.string(&format!("{surname} {given}"));
                }
            }
        }
    }

    fn is_ordinary_part(&self, part: &str) -> bool {
        let word = plain(part);
        is_common_name(&word) || is_plain_word(&word)
    }

    fn part(&mut self, part: &str) {
        let folded = run(part);
        if self.is_ordinary_part(part) {
            if is_name_first(&plain(part)) {
                self.first.insert(folded.clone());
            }
            self.titled.insert(folded);
        } else if folded.chars().count() >= SHORTEST && !is_particle(&folded) {
            self.words.insert(folded);
        }
    }
}

/// Small words within surnames are no names of their own.
fn is_particle(word: &str) -> bool {
    super::super::words::is_particle(word)
}

/// Lower case, letters only: for the word lists.
fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
