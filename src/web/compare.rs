//! Two texts side by side: what was replaced, what stands there instead, and the words with a capital letter that stay.

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::time::{Duration, Instant};

/// After this long the rest of two texts that have little in common counts as replaced.
const PATIENCE: Duration = Duration::from_millis(300);
/// Most words that are listed.
const MAX_LISTED: usize = 100;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The same on both sides.
    Same,
    /// On the left only.
    Gone,
    /// On the right only.
    New,
    /// The same, and it begins with a capital letter: perhaps a name.
    Capital,
}

/// A piece of text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) mark: Mark,
    pub(super) text: String,
}

impl Piece {
    pub(super) fn is_gone(&self) -> bool {
        self.mark == Mark::Gone
    }

    pub(super) fn is_new(&self) -> bool {
        self.mark == Mark::New
    }

    pub(super) fn is_capital(&self) -> bool {
        self.mark == Mark::Capital
    }
}

/// The two texts in pieces.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) original: Vec<Piece>,
    pub(super) copy: Vec<Piece>,
    /// Places at which they differ.
    pub(super) changes: usize,
    /// The words with a capital letter that stay, each once, at most [`MAX_LISTED`].
    pub(super) capitals: Vec<String>,
}

/// Compares word by word.
pub(super) fn compare(original: &str, copy: &str) -> Compared {
    let (left, right) = (words(original), words(copy));
    let until = Instant::now().checked_add(PATIENCE);
    let mut compared = Compared::default();
    for step in capture_diff_slices_deadline(Algorithm::Myers, &left, &right, until) {
        let (old, new) = (step.old_range(), step.new_range());
        let (old, new) = (left.get(old), right.get(new));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        if let DiffOp::Equal { .. } = step {
            push(&mut compared.original, Mark::Same, &old.concat());
            compared.keep(new);
        } else {
            compared.changes = compared.changes.saturating_add(1);
            push(&mut compared.original, Mark::Gone, &old.concat());
            push(&mut compared.copy, Mark::New, &new.concat());
        }
    }
    compared
}

impl Compared {
    /// Words that stay.
    fn keep(&mut self, words: &[&str]) {
        for word in words {
            let mark = match word.starts_with(char::is_uppercase) {
                true => Mark::Capital,
                false => Mark::Same,
            };
            push(&mut self.copy, mark, word);
            let is_listed = mark != Mark::Capital || self.capitals.iter().any(|other| other == word);
            if !is_listed && self.capitals.len() < MAX_LISTED {
                self.capitals.push((*word).to_owned());
            }
        }
    }
}

/// Adds to the last piece where it is of the same kind; words with a capital letter stand alone.
fn push(pieces: &mut Vec<Piece>, mark: Mark, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.mark == mark && mark != Mark::Capital => last.text.push_str(text),
        Some(_) | None => pieces.push(Piece {
            mark,
            text: text.to_owned(),
        }),
    }
}

/// Words, and every other character by itself; joined they are the text.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first.is_alphanumeric() {
            true => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(pieces: &[Piece], mark: Mark) -> Vec<&str> {
        let pieces = pieces.iter().filter(|piece| piece.mark == mark);
        pieces.map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn replaced_words_are_marked_on_both_sides_and_capitals_that_stay_are_listed() {
        let compared = compare(
            "Dear Mina Tolland, Mark and I meet you at 12 Elm Row on Monday.",
            "Dear M.T., Mark and I meet you at [address] on Monday.",
        );
        assert_eq!(
            marked(&compared.original, Mark::Gone),
            ["Mina Tolland", "12 Elm Row"]
        );
        assert_eq!(marked(&compared.copy, Mark::New), ["M.T.", "[address]"]);
        assert_eq!(compared.capitals, ["Dear", "Mark", "I", "Monday"]);
        assert_eq!(compared.changes, 2);
    }

    #[test]
    fn the_same_text_has_no_change() {
        let compared = compare("nothing to hide\n", "nothing to hide\n");
        assert_eq!((compared.changes, compared.capitals.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn nothing_of_either_text_is_lost(left in "(\\PC|\n){0,80}", right in "(\\PC|\n){0,80}") {
            let compared = compare(&left, &right);
            let joined = |pieces: &[Piece]| pieces.iter().map(|piece| piece.text.as_str()).collect::<String>();
            prop_assert_eq!(joined(&compared.original), left);
            prop_assert_eq!(joined(&compared.copy), right);
        }
    }
}
