//! Reading a TOML table key by key while collecting every problem.

use super::ConfigErrors;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use toml::{Table, Value};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<String>>);

impl Problems {
    fn add(&self, key: &str, fix: &str) {
        self.0.borrow_mut().push(format!("{key}: {fix}"));
    }

    /// `value` if there was no problem.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, ConfigErrors> {
        let problems = self.0.into_inner();
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(ConfigErrors(problems))
        }
    }
}

/// One table. Each method takes its key out; what is left when it is dropped is unknown and reported.
pub(super) struct Fields<'a> {
    path: String,
    table: Table,
    known: BTreeSet<&'static str>,
    problems: &'a Problems,
}

impl<'a> Fields<'a> {
    pub(super) fn root(table: Table, problems: &'a Problems) -> Self {
        Self {
            path: String::new(),
            table,
            known: BTreeSet::new(),
            problems,
        }
    }

    fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        #[cfg(test)]
        READ.with_borrow_mut(|read| read.insert(name));
        self.table.remove(name)
    }

    fn problem(&self, name: &str, fix: &str) {
        self.problems.add(&self.key(name), fix);
    }

    /// Reports `fix` for the key unless `holds`.
    pub(super) fn demand(&self, holds: bool, name: &str, fix: &str) {
        if !holds {
            self.problem(name, fix);
        }
    }

    /// A section; an absent one counts as empty.
    pub(super) fn section(&mut self, name: &'static str) -> Fields<'a> {
        self.optional_section(name)
            .unwrap_or_else(|| self.child(name, Table::new()))
    }

    /// A section that may be absent.
    pub(super) fn optional_section(&mut self, name: &'static str) -> Option<Fields<'a>> {
        self.known.insert(name);
        match self.table.remove(name)? {
            Value::Table(table) => Some(self.child(name, table)),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => {
                self.problem(name, &format!("must be a section: write [{}]", self.key(name)));
                None
            }
        }
    }

    fn child(&self, name: &str, table: Table) -> Fields<'a> {
        Fields {
            path: self.key(name),
            table,
            known: BTreeSet::new(),
            problems: self.problems,
        }
    }

    /// Text that may be absent; empty text counts as absent.
    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            _other => {
                self.problem(name, "must be text in quotes");
                None
            }
        }
    }

    /// Text that must be there; `what` says what to write.
    pub(super) fn text(&mut self, name: &'static str, what: &str) -> String {
        let given = self.table.contains_key(name);
        self.optional_text(name).unwrap_or_else(|| {
            let wrong_type = given
                && self
                    .problems
                    .0
                    .borrow()
                    .iter()
                    .any(|p| p.starts_with(&self.key(name)));
            if !wrong_type {
                self.problem(name, &format!("is missing: write {what}"));
            }
            String::new()
        })
    }

    pub(super) fn text_or(&mut self, name: &'static str, default: &str) -> String {
        self.optional_text(name).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let Some(value) = self.take(name) else {
            return Vec::new();
        };
        let texts = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_else(|| {
            self.problem(name, "must be a list of texts: [\"one\", \"two\"]");
            Vec::new()
        })
    }

    /// A section whose keys are names of the service's own, each with a list of texts.
    pub(super) fn text_lists(&mut self, name: &'static str) -> Vec<(String, Vec<String>)> {
        let Some(value) = self.take(name) else {
            return Vec::new();
        };
        let lists = value.as_table().and_then(|table| {
            let list = |value: &Value| -> Option<Vec<String>> {
                value
                    .as_array()?
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect()
            };
            table
                .iter()
                .map(|(key, value)| Some((key.clone(), list(value)?)))
                .collect::<Option<Vec<_>>>()
        });
        lists.unwrap_or_else(|| {
            self.problem(
                name,
                "must be a section of lists, such as Anytown = [\"AB1\", \"AB2\"]",
            );
            Vec::new()
        })
    }

    pub(super) fn optional_path(&mut self, name: &'static str) -> Option<PathBuf> {
        self.optional_text(name).map(PathBuf::from)
    }

    pub(super) fn path_or(&mut self, name: &'static str, default: &str) -> PathBuf {
        self.optional_path(name).unwrap_or_else(|| PathBuf::from(default))
    }

    pub(super) fn number(&mut self, name: &'static str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.take(name) else {
            return default;
        };
        let number = value
            .as_integer()
            .and_then(|n| u64::try_from(n).ok())
            .filter(|n| range.contains(n));
        number.unwrap_or_else(|| {
            self.problem(
                name,
                &format!("must be a whole number from {} to {}", range.start(), range.end()),
            );
            default
        })
    }

    pub(super) fn port(&mut self, name: &'static str, default: u16) -> u16 {
        u16::try_from(self.number(name, default.into(), 1..=65_535)).unwrap_or(default)
    }

    pub(super) fn seconds(
        &mut self,
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Duration {
        Duration::from_secs(self.number(name, default, range))
    }

    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let Some(value) = self.take(name) else {
            return default;
        };
        value.as_bool().unwrap_or_else(|| {
            self.problem(name, "must be true or false");
            default
        })
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, default: T, choices: &[(&str, T)]) -> T {
        let Some(value) = self.take(name) else {
            return default;
        };
        let chosen = choices.iter().find(|(word, _)| value.as_str() == Some(word));
        chosen.map_or_else(
            || {
                let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                self.problem(name, &format!("must be one of {}", words.join(", ")));
                default
            },
            |(_, choice)| *choice,
        )
    }

    pub(super) fn optional_address(&mut self, name: &'static str) -> Option<SocketAddr> {
        let text = self.optional_text(name)?;
        let address = text.parse().ok();
        self.demand(
            address.is_some(),
            name,
            "must be an IP address and a port, such as \"127.0.0.1:8465\"",
        );
        address
    }
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        let what = if self.path.is_empty() { "section" } else { "key" };
        for (name, _) in &self.table {
            let near = self.known.iter().find(|known| is_near(known, name));
            let hint = near.map_or_else(
                || "see config/referrald.toml for what there is".to_owned(),
                |known| format!("did you mean `{known}`?"),
            );
            self.problem(name, &format!("there is no such {what}; {hint}"));
        }
    }
}

/// One letter wrong, missing, added, or two swapped.
fn is_near(a: &str, b: &str) -> bool {
    let same_start = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let same_end = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let longest = a.len().max(b.len());
    a.len().abs_diff(b.len()) <= 1 && longest - (same_start + same_end).min(longest) <= 2 && longest > 2
}

#[cfg(test)]
thread_local! {
    static READ: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// Every key that `work` asks for.
#[cfg(test)]
pub(super) fn keys_read_by(work: impl FnOnce()) -> BTreeSet<&'static str> {
    READ.with_borrow_mut(BTreeSet::clear);
    work();
    READ.with_borrow_mut(std::mem::take)
}
