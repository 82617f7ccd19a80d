//! The label file: its shape, and reading it into a checked [`LabelBook`].
//!
//! Invariant: every problem of a file is told at once, with its fix; a book with a problem is no book.

use super::words::{content, spoken, tokens};
use super::{AnswerWords, BookError, Field, LabelBook, Topic, Who};
use crate::forms::keywords::{KeywordEntry, Keywords};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The label file that is compiled in.
const DEFAULT_LABELS: &str = include_str!("../../../config/labels.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelFile {
    fields: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    keywords: Vec<KeywordEntry>,
    #[serde(default)]
    people: Vec<String>,
    roles: Vec<RoleEntry>,
    sections: SectionWords,
    answers: AnswerWords,
    contact: BTreeMap<String, Vec<String>>,
    outcomes: BTreeMap<String, Vec<String>>,
    genders: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    who: String,
    #[serde(default)]
    number: Option<u8>,
    phrases: Vec<String>,
    /// Words that make any noun of `people` before them this role: "pupil affected".
    #[serde(default)]
    after: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionWords {
    offence: Vec<String>,
    consent: Vec<String>,
    risk: Vec<String>,
    office: Vec<String>,
    instructions: Vec<String>,
    you: Vec<String>,
    filler: Vec<String>,
}

impl LabelBook {
    /// The label file that is compiled in.
    ///
    /// # Errors
    /// Never for a released build: a test reads it.
    pub fn default_book() -> Result<Self, BookError> {
        Self::from_toml(DEFAULT_LABELS)
    }

    /// The text of the label file that is compiled in, as a start for an own one.
    pub fn default_text() -> &'static str {
        DEFAULT_LABELS
    }

    /// Reads a label file.
    ///
    /// # Errors
    /// Lists every problem with its fix.
    pub fn from_toml(text: &str) -> Result<Self, BookError> {
        let file: LabelFile =
            toml::from_str(text).map_err(|error| BookError(vec![format!("label file: {error}")]))?;
        let mut problems = Vec::new();
        let mut book = Self {
            plain: HashMap::new(),
            exact: HashMap::new(),
            wild: Vec::new(),
            keywords: Vec::new(),
            vocabulary: HashSet::new(),
            roles: HashMap::new(),
            longest_role: 0,
            topics: topics(&file.sections),
            filler: file.sections.filler.iter().flat_map(|w| tokens(w)).collect(),
            answers: file.answers,
            contact: Vec::new(),
            outcomes: Vec::new(),
            genders: HashMap::new(),
        };
        book.take_fields(&file.fields, &mut problems);
        book.take_keywords(&file.keywords, &mut problems);
        book.take_roles(&file.roles, &mut problems);
        book.take_people(&file.people, &file.roles);
        book.take_contact(&file.contact, &mut problems);
        book.take_outcomes(&file.outcomes, &mut problems);
        for (gender, phrases) in file.genders {
            book.genders
                .extend(phrases.iter().map(|p| (spoken(p), gender.clone())));
        }
        book.answers.speak();
        if problems.is_empty() {
            Ok(book)
        } else {
            Err(BookError(problems))
        }
    }

    fn take_contact(&mut self, contact: &BTreeMap<String, Vec<String>>, problems: &mut Vec<String>) {
        for (key, phrases) in contact {
            match word::<crate::domain::PreferredContact>(key) {
                Some(value) => self.contact.push((value, phrases.iter().map(|p| spoken(p)).collect())),
                None => problems.push(format!("[contact] {key}: no such way of contact; use phone, text, email, post or via_professional")),
            }
        }
    }

    fn take_outcomes(&mut self, outcomes: &BTreeMap<String, Vec<String>>, problems: &mut Vec<String>) {
        for (key, phrases) in outcomes {
            match word::<crate::domain::OffenceOutcome>(key) {
                Some(value) => self.outcomes.extend(phrases.iter().map(|p| (value, spoken(p)))),
                None => problems.push(format!(
                    "[outcomes] {key}: no such outcome; see the list of outcomes in the documentation"
                )),
            }
        }
        self.outcomes
            .sort_by_key(|(_, phrase)| std::cmp::Reverse(phrase.len()));
    }

    fn take_fields(&mut self, fields: &BTreeMap<String, Vec<String>>, problems: &mut Vec<String>) {
        for (key, phrases) in fields {
            let Some(field) = word::<Field>(key) else {
                problems.push(format!(
                    "[fields] {key}: no such field; take the name of one in the supplied label file"
                ));
                continue;
            };
            for phrase in phrases {
                self.take_phrase(key, field, phrase, problems);
            }
        }
    }

    fn take_keywords(&mut self, entries: &[KeywordEntry], problems: &mut Vec<String>) {
        for entry in entries {
            match word::<Field>(&entry.field).map(|field| Keywords::of(field, entry)) {
                Some(Some(row)) => self.keywords.push(row),
                Some(None) => problems.push(format!(
                    "[[keywords]] {}: write at least one group of words, none of them empty",
                    entry.field
                )),
                None => problems.push(format!(
                    "[[keywords]] {}: no such field; take the name of one in the supplied label file",
                    entry.field
                )),
            }
        }
    }

    fn take_phrase(&mut self, key: &str, field: Field, phrase: &str, problems: &mut Vec<String>) {
        let words = pattern_words(phrase);
        if words.iter().any(|w| w == "*") {
            if words.iter().all(|w| w == "*") {
                problems.push(format!(
                    "[fields] {key}: {phrase:?} has no word to compare; remove it"
                ));
            } else {
                self.wild.push((words, field));
            }
            return;
        }
        let plain = tokens(phrase);
        self.vocabulary.extend(plain.iter().cloned());
        if plain.is_empty() {
            problems.push(format!(
                "[fields] {key}: {phrase:?} has no word to compare; remove it"
            ));
            return;
        }
        if let Some(other) = self.plain.insert(plain.join(" "), field)
            && other != field
        {
            problems.push(format!(
                "[fields] {key}: {phrase:?} also stands under {other:?}; a label can mean only one field"
            ));
        }
        if words.is_empty() {
            return;
        }
        // "name of agency" and "name and agency" are one without small words: the shorter phrase is it.
        let length = plain.len();
        let entry = self.exact.entry(words.join(" ")).or_insert((field, length));
        if length < entry.1 {
            *entry = (field, length);
        }
    }

    fn take_roles(&mut self, roles: &[RoleEntry], problems: &mut Vec<String>) {
        for entry in roles {
            let Some(who) = word::<Who>(&entry.who) else {
                problems.push(format!("[[roles]] {}: no such role; use victim, offender, party, other, supporter, appropriate_adult, witness, professional or referrer", entry.who));
                continue;
            };
            for phrase in &entry.phrases {
                let words = tokens(phrase);
                self.vocabulary.extend(words.iter().cloned());
                self.longest_role = self.longest_role.max(words.len());
                // "Worker making this referral" is "worker making the referral".
                if words.iter().any(|word| word == "the") {
                    let pointed = words.iter().map(|word| if word == "the" { "this" } else { word });
                    let pointed = pointed.collect::<Vec<_>>().join(" ");
                    self.roles.entry(pointed).or_insert((who, entry.number));
                }
                match self.roles.insert(words.join(" "), (who, entry.number)) {
                    Some((other, _)) if other != who => problems.push(format!(
                        "[[roles]] {}: {phrase:?} also stands under {other:?}; a heading can mean only one role",
                        entry.who
                    )),
                    Some(_) | None => {}
                }
            }
        }
    }
}

impl LabelBook {
    /// Every noun for people with every word that tells a role behind it; a phrase that is written out comes first.
    fn take_people(&mut self, nouns: &[String], roles: &[RoleEntry]) {
        for entry in roles {
            let Some(who) = word::<Who>(&entry.who) else {
                continue;
            };
            for (noun, after) in nouns
                .iter()
                .flat_map(|noun| entry.after.iter().map(move |after| (noun, after)))
            {
                let words = tokens(&format!("{noun} {after}"));
                self.vocabulary.extend(words.iter().cloned());
                self.longest_role = self.longest_role.max(words.len());
                self.roles.entry(words.join(" ")).or_insert((who, entry.number));
            }
        }
    }
}

impl AnswerWords {
    /// As answers are compared.
    fn speak(&mut self) {
        for list in [
            &mut self.blank,
            &mut self.elsewhere,
            &mut self.yes,
            &mut self.no,
            &mut self.not_sought,
            &mut self.unknown,
            &mut self.verbal,
            &mut self.written,
            &mut self.qualifiers,
        ] {
            list.iter_mut().for_each(|phrase| *phrase = spoken(phrase));
        }
    }
}

fn topics(words: &SectionWords) -> Vec<(Vec<String>, Topic)> {
    [
        (&words.offence, Topic::Offence),
        (&words.consent, Topic::Consent),
        (&words.risk, Topic::Risk),
        (&words.office, Topic::Office),
        (&words.instructions, Topic::Instructions),
        (&words.you, Topic::You),
    ]
    .into_iter()
    .flat_map(|(phrases, topic)| phrases.iter().map(move |p| (tokens(p), topic)))
    .filter(|(words, _)| !words.is_empty())
    .collect()
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

fn pattern_words(phrase: &str) -> Vec<String> {
    let spaced = phrase.replace('*', " qqstarqq ");
    let raw = tokens(&spaced);
    content(raw.iter())
        .into_iter()
        .map(|w| {
            if w == "qqstarqq" {
                "*".to_owned()
            } else {
                w.to_owned()
            }
        })
        .collect()
}
