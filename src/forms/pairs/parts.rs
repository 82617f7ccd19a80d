//! The labels of one line with what stands behind each: `Label: value   Label: value`.
//!
//! Invariant: answers are slices of the line's own pieces; nothing is rewritten.

use super::Reader;
use super::emit::unmapped_label;
use crate::domain::{Inline, inline_text};
use crate::forms::labels::LabelMatch;
use crate::forms::lines::{cut_places, gaps, slice};

/// Most places of one line that are tried as the end of a label.
const MAX_CUTS: usize = 6;
/// Longest unknown label between two leaders, in words.
const MAX_UNKNOWN_WORDS: usize = 5;
/// A line longer than this is text, not a label.
pub(super) const MAX_LABEL_BYTES: usize = 220;

pub(super) struct Part {
    pub(super) label: LabelMatch,
    pub(super) text: String,
    pub(super) answer: Vec<Inline>,
    value_start: usize,
    colon: bool,
    /// Dots or a line to write on stand behind it.
    pub(super) leader: bool,
}

impl Reader<'_> {
    /// Splits `Label: value   Label: value` into its parts.
    pub(super) fn parts(&self, pieces: &[Inline]) -> Vec<Part> {
        let text = inline_text(pieces);
        let Some(first) = self.first_label(pieces, &text, 0, text.len()) else {
            return Vec::new();
        };
        let mut parts = vec![first];
        for (_, gap_end) in gaps(&text).into_iter().take(MAX_CUTS) {
            let Some(last) = parts.last_mut() else { break };
            if gap_end <= last.value_start {
                continue;
            }
            let known = self
                .first_label(pieces, &text, gap_end, text.len())
                .filter(|p| (p.colon || p.leader) && !p.label.guessed);
            let is_answered = last.leader
                && text
                    .get(last.value_start..gap_end)
                    .is_some_and(|answer| answer.chars().any(char::is_alphanumeric));
            let unknown = || {
                is_answered
                    .then(|| unknown_between_leaders(pieces, &text, gap_end))
                    .flatten()
            };
            let behind_colon = || {
                last.colon
                    .then(|| unknown_with_colon(pieces, &text, gap_end))
                    .flatten()
            };
            let Some(next) = known.or_else(unknown).or_else(behind_colon) else {
                continue;
            };
            last.answer = slice(pieces, last.value_start, gap_end);
            parts.push(next);
        }
        parts
    }

    /// The label at the start of a stretch of a line, cut where an answer could begin.
    fn first_label(&self, pieces: &[Inline], text: &str, from: usize, to: usize) -> Option<Part> {
        let stretch = slice(pieces, from, to);
        let mut role_only = None;
        for cut in cut_places(&stretch, MAX_CUTS) {
            let end = from + cut;
            let raw = text.get(from..end)?;
            // What stands behind room for an answer is one.
            if raw.len() > MAX_LABEL_BYTES || raw.contains("__") || raw.contains("...") || raw.contains('…')
            {
                break;
            }
            // "07700 900712 <tab> E-mail:" is an answer and the label behind it.
            if spans_answer(raw) {
                break;
            }
            // "☒ Telephone" is an answer.
            if raw.trim_start().starts_with(['☐', '☒']) {
                return None;
            }
            let colon = raw.trim_end().ends_with([':', '?', '：']);
            let Some(label) = self
                .book
                .label(raw.trim())
                .filter(|label| colon || leads(text, end) || label.exact || label.first_person)
            else {
                continue;
            };
            let part = Part {
                leader: leads(text, end),
                label,
                text: raw.trim().to_owned(),
                answer: slice(pieces, end, to),
                value_start: end,
                colon,
            };
            let bare_role = label.role_only;
            // "Has the person consented? If yes, when?" is one question.
            let rest = inline_text(&part.answer).trim().to_lowercase();
            if rest.starts_with("if ") && rest.ends_with('?') {
                continue;
            }
            // "Pupil harmed (copy this box for each pupil)" is a heading with a hint.
            if bare_role && !colon && inline_text(&part.answer).trim_start().starts_with('(') {
                continue;
            }
            if bare_role && role_only.is_none() {
                role_only = Some(part);
                continue;
            }
            if !colon
                && inline_text(&part.answer).trim().is_empty()
                && !part.answer.iter().any(|p| matches!(p, Inline::Answer { .. }))
            {
                continue;
            }
            return Some(part);
        }
        role_only
    }
}

/// Whether a wide gap parts something other than a number ("4." or "b)") from what is behind it.
fn spans_answer(raw: &str) -> bool {
    let text = raw.trim();
    gaps(text).iter().any(|(start, end)| {
        let before = text.get(..*start).unwrap_or_default();
        let marker = before.trim_end_matches(['.', ')', ':']);
        let is_number = marker.chars().all(|c| c.is_ascii_digit() || c == '.') && marker.len() <= 5;
        let is_letter = marker.len() == 1;
        let is_inside = *end < text.len();
        is_inside && !is_number && !is_letter
    })
}

/// Words between two rooms for an answer, the first of them filled in: a label in unknown wording
/// ("Offence ....Robbery.... Release date ....").
fn unknown_between_leaders(pieces: &[Inline], text: &str, from: usize) -> Option<Part> {
    let rest = text.get(from..)?;
    let before = text.get(..from)?.trim_end();
    let is_behind_room = before.ends_with("...") || before.ends_with("__") || before.ends_with('…');
    let words = rest.find(['.', '_', '…'])?;
    let raw = rest.get(..words)?;
    let is_label = raw.trim_start().starts_with(char::is_uppercase)
        && (1..=MAX_UNKNOWN_WORDS).contains(&raw.split_whitespace().count());
    let end = from + words;
    (is_behind_room && is_label && leads(text, end)).then(|| Part {
        label: unmapped_label(),
        text: raw.trim().to_owned(),
        answer: slice(pieces, end, text.len()),
        value_start: end,
        colon: false,
        leader: true,
    })
}

/// A few words with a colon behind a wide gap, beside other labels with colons: "Officer: Beth   Patch: Eastfield".
fn unknown_with_colon(pieces: &[Inline], text: &str, from: usize) -> Option<Part> {
    let rest = text.get(from..)?;
    let (raw, _) = rest.split_once(':')?;
    let words = raw.split_whitespace().count();
    let is_label = raw.starts_with(char::is_uppercase)
        && raw
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, ' ' | '/' | '-'))
        && !raw.contains("  ")
        && (1..=MAX_UNKNOWN_WORDS).contains(&words);
    let end = from + raw.len() + 1;
    is_label.then(|| Part {
        label: unmapped_label(),
        text: raw.to_owned(),
        answer: slice(pieces, end, text.len()),
        value_start: end,
        colon: true,
        leader: false,
    })
}

/// Dots or underscores begin there: room for an answer.
fn leads(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default().trim_start();
    rest.starts_with("...") || rest.starts_with("__") || rest.starts_with('…') || rest.starts_with(". . .")
}
