//! Labels in wording that no phrase of the label file fits: told by the words that give a question away.
//!
//! Invariant: what is read by such a label carries a check, because the wording is nobody's known one.

use super::labels::Field;
use serde::Deserialize;

/// One row of `[[keywords]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeywordEntry {
    pub(super) field: String,
    /// Groups of alternatives: each must have a word in the label. `agree*` is any word that begins so.
    words: Vec<String>,
    /// Words that must not be in the label.
    #[serde(default)]
    without: String,
}

/// A row, ready for comparing.
pub(super) struct Keywords {
    field: Field,
    groups: Vec<Vec<Pattern>>,
    without: Vec<Pattern>,
}

enum Pattern {
    Word(String),
    Start(String),
}

impl Pattern {
    fn of(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(start) => Self::Start(start.to_owned()),
            None => Self::Word(text.to_owned()),
        }
    }

    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Word(whole) => word == whole,
            Self::Start(start) => word.starts_with(start.as_str()),
        }
    }
}

fn patterns(text: &str) -> Vec<Pattern> {
    text.split_whitespace()
        .map(|word| Pattern::of(&word.to_lowercase()))
        .collect()
}

impl Keywords {
    /// `None` where a row has nothing to compare.
    pub(super) fn of(field: Field, entry: &KeywordEntry) -> Option<Self> {
        let groups: Vec<Vec<Pattern>> = entry.words.iter().map(|group| patterns(group)).collect();
        let is_sound = !groups.is_empty() && groups.iter().all(|group| !group.is_empty());
        is_sound.then(|| Self {
            field,
            groups,
            without: patterns(&entry.without),
        })
    }

    fn fits(&self, words: &[String]) -> bool {
        let has = |pattern: &Pattern| words.iter().any(|word| pattern.fits(word));
        self.groups.iter().all(|group| group.iter().any(has)) && !self.without.iter().any(has)
    }
}

/// The field that the first fitting row names, and in how many groups of words it did.
pub(super) fn find(rows: &[Keywords], words: &[String]) -> Option<(Field, usize)> {
    rows.iter()
        .find(|row| row.fits(words))
        .map(|row| (row.field, row.groups.len()))
}
