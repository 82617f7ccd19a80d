//! A value on its way into the parsed message: with its path, where it was read, and what is doubtful.
//!
//! Invariant: a value is written only together with its evidence.

use crate::domain::{Check, Evidence};
use serde::Serialize;

/// Parts that somebody may have whose part is not told.
pub(super) const SIDES: [&str; 3] = ["victim", "offender", "party"];

/// A word as the parsed message stores it.
pub(super) fn stored(word: impl Serialize) -> String {
    let value = serde_json::to_value(word).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// Where something was read.
#[derive(Clone, Default)]
pub(super) struct Place {
    pub(super) part: String,
    pub(super) filename: Option<String>,
    pub(super) page: Option<u32>,
    /// The label, where its wording is not a known one.
    pub(super) unknown_wording: Option<String>,
    /// The label does not say whose it is.
    pub(super) by_position: bool,
}

/// Checks and evidence of one object, with paths relative to it.
#[derive(Clone, Default)]
pub(super) struct Notes {
    pub(super) checks: Vec<Check>,
    pub(super) evidence: Vec<Evidence>,
}

impl Notes {
    /// Notes where the value at `path` was read.
    pub(super) fn read(&mut self, path: &str, place: &Place, quote: &str) {
        if let Some(label) = &place.unknown_wording {
            self.doubt(
                path,
                "unknown_wording",
                format!("the form asks {label:?}, which no known label fits: check that this answers it"),
            );
        }
        if place.by_position {
            self.doubt(
                path,
                "taken_by_position",
                "the question does not say whose answer it is: it stands below one about this person",
            );
        }
        if self.evidence.iter().any(|e| e.path == path && e.quote == quote) {
            return;
        }
        self.evidence.push(Evidence {
            path: path.to_owned(),
            part: place.part.clone(),
            filename: place.filename.clone(),
            page: place.page,
            quote: quote.to_owned(),
        });
    }

    /// Adds what was read further to the quote of the value at `path`.
    pub(super) fn widen(&mut self, path: &str, quote: &str) {
        if let Some(evidence) = self.evidence.iter_mut().rev().find(|e| e.path == path) {
            evidence.quote.push('\n');
            evidence.quote.push_str(quote);
        }
    }

    /// Notes a doubt about the value at `path`.
    pub(super) fn doubt(&mut self, path: &str, code: &str, detail: impl Into<String>) {
        self.doubt_between(path, code, detail, []);
    }

    /// Notes a doubt about the value at `path`, which may be one of these. A single one is no choice.
    pub(super) fn doubt_between(
        &mut self,
        path: &str,
        code: &str,
        detail: impl Into<String>,
        candidates: impl IntoIterator<Item = String>,
    ) {
        let at = self.checks.iter().position(|c| c.path == path && c.code == code);
        let mut check = match at {
            Some(at) => self.checks.remove(at),
            None => Check {
                path: path.to_owned(),
                code: code.to_owned(),
                detail: detail.into(),
                candidates: Vec::new(),
            },
        };
        check.offer(candidates);
        if check.candidates.len() < 2 {
            check.candidates.clear();
        }
        self.checks.insert(at.unwrap_or(self.checks.len()), check);
    }

    /// Notes that a second answer at `path` differs from the one that was taken.
    pub(super) fn conflict(
        &mut self,
        path: &str,
        detail: &str,
        taken: impl Into<String>,
        other: impl Into<String>,
    ) {
        self.doubt_between(path, "conflicting_values", detail, [taken.into(), other.into()]);
    }

    /// Takes over the notes of an object at `prefix`.
    pub(super) fn append(&mut self, prefix: &str, other: Notes) {
        self.checks.extend(other.checks.into_iter().map(|c| Check {
            path: format!("{prefix}{}", c.path),
            ..c
        }));
        self.evidence.extend(other.evidence.into_iter().map(|e| Evidence {
            path: format!("{prefix}{}", e.path),
            ..e
        }));
    }
}
