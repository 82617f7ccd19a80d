//! Who the fixtures are about, in every spelling that a log or a database file might show.

use aho_corasick::AhoCorasick;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Keys whose text identifies a person.
const KEYS: &[&str] = &[
    "name",
    "known_as",
    "email",
    "emails",
    "phone",
    "phones",
    "postcode",
    "address",
    "date_of_birth",
    "obtained_by",
    "summary",
    "must_not_appear",
];
/// Shorter words of a name are looked for only as a part of the whole name.
const SHORTEST_WORD: usize = 4;
/// Shorter texts stand in megabytes of sealed bytes by chance.
const SHORTEST_IN_BYTES: usize = 6;
/// Digits of a telephone number without its country code or leading zero.
const PHONE_DIGITS: usize = 10;

/// Identity strings.
pub(crate) struct Identities {
    /// Searched as they are.
    texts: BTreeSet<String>,
    /// Searched as whole words.
    words: BTreeSet<String>,
    /// Searched in digits with the usual separators taken out.
    phones: BTreeSet<String>,
}

impl Identities {
    /// Collects them from every JSON file under `folder`.
    pub(crate) fn of_fixtures(folder: &Path) -> Self {
        let mut found = Self {
            texts: BTreeSet::new(),
            words: BTreeSet::new(),
            phones: BTreeSet::new(),
        };
        for path in files_named(folder, ".json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.collect("", &value);
        }
        found
    }

    fn collect(&mut self, key: &str, value: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| self.collect(key, value)),
            Value::Array(items) => items.iter().for_each(|item| self.collect(key, item)),
            Value::String(text) if KEYS.contains(&key) => self.add(key, text),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn add(&mut self, key: &str, text: &str) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if text.chars().count() >= SHORTEST_WORD {
            self.texts.insert(text.to_owned());
            self.texts.insert(text.to_lowercase());
            self.texts.insert(text.replace(' ', ""));
        }
        if matches!(key, "phone" | "phones") && digits.len() >= PHONE_DIGITS {
            self.phones
                .insert(digits[digits.len() - PHONE_DIGITS..].to_owned());
        }
        if matches!(key, "name" | "known_as") {
            let words = text.split([' ', '-']).filter(|word| {
                word.chars().count() >= SHORTEST_WORD && word.chars().next().is_some_and(char::is_uppercase)
            });
            self.words.extend(words.map(str::to_owned));
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len() + self.words.len() + self.phones.len()
    }

    /// Those that a log shows, with the line.
    pub(crate) fn found_in_log(&self, log: &str) -> Vec<String> {
        let mut found = Vec::new();
        let texts: Vec<&String> = self.texts.iter().collect();
        let phones: Vec<&String> = self.phones.iter().collect();
        let (any_text, any_phone) = (
            AhoCorasick::new(&texts).unwrap(),
            AhoCorasick::new(&phones).unwrap(),
        );
        for line in log.lines() {
            let joined = line.replace([' ', '-', '(', ')', '.', '/'], "");
            let hit = any_text.find(line).map(|hit| texts[hit.pattern().as_usize()]);
            let hit = hit.or_else(|| {
                let mut words = line.split(|c: char| !c.is_alphanumeric());
                words.find_map(|word| self.words.get(word))
            });
            let hit = hit.or_else(|| {
                any_phone
                    .find(&joined)
                    .map(|hit| phones[hit.pattern().as_usize()])
            });
            found.extend(hit.map(|hit| format!("{hit:?} in {line:?}")));
        }
        found
    }

    /// Those that stand in bytes in plain (whole texts only).
    pub(crate) fn found_in_bytes(&self, bytes: &[u8]) -> Vec<&str> {
        let texts: Vec<&str> = self
            .texts
            .iter()
            .map(String::as_str)
            .filter(|text| text.len() >= SHORTEST_IN_BYTES)
            .collect();
        let search = aho_corasick::AhoCorasick::new(&texts).unwrap();
        let places: BTreeSet<usize> = search
            .find_overlapping_iter(bytes)
            .map(|hit| hit.pattern().as_usize())
            .collect();
        places.into_iter().map(|place| texts[place]).collect()
    }
}

/// Files under a folder whose name ends so, in order.
pub(crate) fn files_named(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_named(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}
