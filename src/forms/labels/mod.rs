//! The label book: which words on a form mean which field, whose they are, and what answers mean.
//!
//! `file` (the label file, checked) -> `words` (a text as words) -> `roles` (who is named) -> `matching` (labels)
//! and `headings` (sections). `field` lists what can be asked.
//!
//! Invariant: role words are compared letter by letter, never by likeness: `harmed` and `harmer` differ
//! by one letter and must never be confused.

mod field;
mod file;
mod headings;
mod matching;
mod roles;
mod taught;
mod words;

#[cfg(test)]
mod tests;

pub(super) use field::Field;
pub(super) use words::{spoken, tokens};

use super::keywords::Keywords;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// Everything wrong with a label or agency file, in plain words.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BookError(pub Vec<String>);

/// Whose part of a form it is. `You` is whoever fills it in, `Them` who is referred, `Other` the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Who {
    Referrer,
    Victim,
    Offender,
    Party,
    Other,
    Supporter,
    AppropriateAdult,
    Witness,
    Professional,
    You,
    Them,
    /// Somebody under a heading in words that nobody knows.
    Somebody,
}

impl Who {
    /// The word of the label file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Referrer => "referrer",
            Self::Victim => "victim",
            Self::Offender => "offender",
            Self::Party => "party",
            Self::Other => "other",
            Self::Supporter => "supporter",
            Self::AppropriateAdult => "appropriate_adult",
            Self::Witness => "witness",
            Self::Professional => "professional",
            Self::You => "you",
            Self::Them => "them",
            Self::Somebody => "somebody",
        }
    }
}

/// A person that a label or heading names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person {
    /// The role.
    pub who: Who,
    /// `2` in "Victim 2".
    pub number: Option<u8>,
    /// Whose parent, supporter or worker.
    pub of: Option<Who>,
}

/// What a heading starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Section {
    Person(Person),
    Offence(Option<Person>),
    Consent(Option<Person>),
    Risk,
    Office,
    Instructions,
}

/// A label that the book knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelMatch {
    /// What it asks.
    pub field: Field,
    /// Whose, where the label itself says so.
    pub person: Option<Person>,
    /// "each", "both", "all".
    pub everybody: bool,
    /// In the first person ("I agree").
    pub first_person: bool,
    /// Every word of the label is accounted for.
    pub exact: bool,
    /// Words of the label that matched.
    pub words: usize,
    /// The label is nothing but a role ("Victim"): it may be a heading as well.
    pub role_only: bool,
    /// No phrase of the label file fits; single words gave it away.
    pub guessed: bool,
}

/// The words that answers are made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub(super) struct AnswerWords {
    pub(super) blank: Vec<String>,
    pub(super) elsewhere: Vec<String>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    pub(super) not_sought: Vec<String>,
    pub(super) unknown: Vec<String>,
    pub(super) verbal: Vec<String>,
    pub(super) written: Vec<String>,
    pub(super) qualifiers: Vec<String>,
}

/// How much of a heading must be known words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// A role or topic somewhere in it is enough: it is drawn as a heading.
    Some,
    /// Every word: it is drawn as a plain line.
    Every,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Topic {
    Offence,
    Consent,
    Risk,
    Office,
    Instructions,
    You,
}

/// The label file (`config/labels.toml`), checked.
pub struct LabelBook {
    /// Phrases as written, small words included: they win over [`Self::exact`].
    plain: HashMap<String, Field>,
    /// Phrases without small words, with the length of the phrase they came from.
    exact: HashMap<String, (Field, usize)>,
    wild: Vec<(Vec<String>, Field)>,
    keywords: Vec<Keywords>,
    /// Every word of the phrases of fields and roles.
    vocabulary: HashSet<String>,
    roles: HashMap<String, (Who, Option<u8>)>,
    longest_role: usize,
    topics: Vec<(Vec<String>, Topic)>,
    filler: HashSet<String>,
    pub(super) answers: AnswerWords,
    pub(super) contact: Vec<(crate::domain::PreferredContact, Vec<String>)>,
    pub(super) outcomes: Vec<(crate::domain::OffenceOutcome, String)>,
    pub(super) genders: HashMap<String, String>,
}
