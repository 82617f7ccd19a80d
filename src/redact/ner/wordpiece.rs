//! Text to word pieces, as BERT's uncased models were trained on them (Devlin et al. 2019; the WordPiece algorithm):
//! words at white space and punctuation, lower case without marks, each cut greedily into the longest known pieces.
//!
//! Invariant: the ranges of the pieces are in order, do not overlap, and lie on character boundaries of the text.

use std::collections::HashMap;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word longer than this is one unknown piece, in characters (as in the reference implementation).
const MAX_WORD: usize = 100;

/// One piece of a text.
pub(super) struct WordPiece {
    pub(super) id: i64,
    /// Bytes of the text.
    pub(super) at: Range<usize>,
}

/// The pieces that are known.
pub(super) struct WordPieces {
    ids: HashMap<&'static str, i64>,
    unknown: i64,
    begin: i64,
    end: i64,
}

impl WordPieces {
    /// Reads the vocabulary. `None` where one of the marks is missing.
    pub(super) fn new(vocabulary: &'static str) -> Option<Self> {
        let ids: HashMap<&str, i64> = vocabulary.lines().zip(0..).collect();
        let id = |mark: &str| ids.get(mark).copied();
        Some(Self {
            unknown: id("[UNK]")?,
            begin: id("[CLS]")?,
            end: id("[SEP]")?,
            ids,
        })
    }

    /// The ids between the marks of beginning and end.
    pub(super) fn framed(&self, ids: &[i64]) -> Vec<i64> {
        let mut framed = Vec::with_capacity(ids.len() + 2);
        framed.push(self.begin);
        framed.extend_from_slice(ids);
        framed.push(self.end);
        framed
    }

    /// Cuts a text.
    pub(super) fn of(&self, text: &str) -> Vec<WordPiece> {
        let mut pieces = Vec::new();
        let mut word: Vec<(char, Range<usize>)> = Vec::new();
        for (start, c) in text.char_indices() {
            let at = start..start + c.len_utf8();
            if c.is_whitespace() {
                self.cut(&mut word, &mut pieces);
            } else if is_invisible(c) {
                // left out, as if it were not there
            } else if stands_alone(c) {
                self.cut(&mut word, &mut pieces);
                word.push((c, at));
                self.cut(&mut word, &mut pieces);
            } else {
                let plain = c.to_lowercase().nfd().filter(|part| !is_combining_mark(*part));
                word.extend(plain.map(|part| (part, at.clone())));
            }
        }
        self.cut(&mut word, &mut pieces);
        pieces
    }

    /// Cuts one word and empties it.
    fn cut(&self, word: &mut Vec<(char, Range<usize>)>, pieces: &mut Vec<WordPiece>) {
        let (Some((_, first)), Some((_, last))) = (word.first(), word.last()) else {
            return;
        };
        let whole = first.start..last.end;
        match self.greedy(word) {
            Some(found) => pieces.extend(found),
            None => pieces.push(WordPiece {
                id: self.unknown,
                at: whole,
            }),
        }
        word.clear();
    }

    fn greedy(&self, word: &[(char, Range<usize>)]) -> Option<Vec<WordPiece>> {
        if word.len() > MAX_WORD {
            return None;
        }
        let mut found = Vec::new();
        let mut from = 0;
        while from < word.len() {
            let longest = (from + 1..=word.len()).rev().find_map(|to| {
                let letters = word.get(from..to)?.iter().map(|(c, _)| *c);
                let piece: String = if from > 0 {
                    "##".chars().chain(letters).collect()
                } else {
                    letters.collect()
                };
                self.ids.get(piece.as_str()).map(|id| (*id, to))
            });
            let (id, to) = longest?;
            let at = word.get(from)?.1.start..word.get(to - 1)?.1.end;
            found.push(WordPiece { id, at });
            from = to;
        }
        Some(found)
    }
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || c == '\u{fffd}'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Punctuation and ideographs are words of their own.
fn stands_alone(c: char) -> bool {
    c.is_ascii_punctuation() || is_punctuation(c) || is_ideograph(c)
}

fn is_punctuation(c: char) -> bool {
    matches!(c,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
        | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}')
        && !matches!(c, '\u{2044}' | '\u{2052}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nfair\n##weather\n##we\n,\nzoe";

    fn cut(text: &str) -> Vec<(i64, &str)> {
        let pieces = WordPieces::new(KNOWN).expect("the marks are there").of(text);
        pieces
            .into_iter()
            .map(|piece| (piece.id, &text[piece.at]))
            .collect()
    }

    #[test]
    fn the_longest_known_piece_wins_and_ranges_lead_back_to_the_text() {
        assert_eq!(
            cut("Fairweather, Zoë\u{300}"),
            [(4, "Fair"), (5, "weather"), (7, ","), (8, "Zoë")].map(|(id, text)| (id, text))
        );
        assert_eq!(
            cut("fairest"),
            [(1, "fairest")],
            "what is not all known is one unknown piece"
        );
        assert_eq!(cut(&"fair".repeat(30)).len(), 1);
    }
}
