//! Where words begin, as patterns see it.

use regex::Regex;
use std::sync::LazyLock;

/// Whether a word begins at a byte of a text: what `\b` says before a letter or digit.
pub fn opens_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(is_of_word)
}

/// Where words begin, in order.
pub fn word_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut within = false;
    text.char_indices().filter_map(move |(at, c)| {
        let before = std::mem::replace(&mut within, is_of_word(c));
        (within && !before).then_some(at)
    })
}

fn is_of_word(c: char) -> bool {
    #[allow(clippy::expect_used)] // a constant; the tests run it
    static OF_WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\w").expect("a constant pattern"));
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || c == '_',
        false => OF_WORD.is_match(c.encode_utf8(&mut [0; 4])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_where_a_pattern_says() {
        let text = "é1 a_b-c\u{301}d ²x \u{203f}y";
        let pattern = Regex::new(r"\b\w").expect("a constant pattern");
        let expected: Vec<usize> = pattern.find_iter(text).map(|found| found.start()).collect();
        assert_eq!(word_starts(text).collect::<Vec<_>>(), expected);
        assert!(expected.into_iter().all(|at| opens_word(text, at)));
        assert!(!opens_word(text, 2));
    }
}
