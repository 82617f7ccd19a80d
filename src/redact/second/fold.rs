//! Heavy folding: what looks alike becomes the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::GeneralSecurityProfile;

/// A text folded: its words, and their letters and digits run together.
pub(super) struct Folded {
    /// Runs of letters and digits.
    pub(super) words: Vec<String>,
    /// All words without anything between.
    pub(super) run: String,
    /// Bytes of `run` at which a word starts, ascending; the end of `run` last.
    starts: Vec<usize>,
}

impl Folded {
    /// Folds a text.
    pub(super) fn new(text: &str) -> Self {
        let mut words = Vec::new();
        let mut word = String::new();
        for c in unified(text).chars() {
            if c.is_alphanumeric() {
                word.push(c);
            } else if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        let mut run = String::new();
        let mut starts = Vec::with_capacity(words.len() + 1);
        for word in &words {
            starts.push(run.len());
            run.push_str(word);
        }
        starts.push(run.len());
        Self { words, run, starts }
    }

    /// Whether words begin (or the text ends) at both bytes of the run.
    pub(super) fn is_whole(&self, start: usize, end: usize) -> bool {
        self.starts.binary_search(&start).is_ok() && self.starts.binary_search(&end).is_ok()
    }
}

/// Letters and digits of a text, folded.
pub(super) fn run(text: &str) -> String {
    Folded::new(text).run
}

/// Compatibility forms, marks, case and confusable letters gone; invisible characters dropped.
fn unified(text: &str) -> String {
    let letters = text.chars().filter(|c| !is_dropped(*c)).nfkd();
    let letters = letters.filter(|c| !is_combining_mark(*c) && !is_dropped(*c));
    // Capitals of other scripts first: the small letter of "Н" looks like nothing Latin.
    let mut lower = String::with_capacity(text.len());
    for c in letters {
        if c.is_ascii() {
            lower.push(c.to_ascii_lowercase());
        } else {
            let alike: String = unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect();
            lower.extend(alike.chars().flat_map(char::to_lowercase).map(read_as));
        }
    }
    let alike: String = unicode_security::skeleton(&lower).collect();
    alike
        .chars()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Small letters that UTS 39 keeps apart although people read them as Latin.
fn read_as(c: char) -> char {
    match c {
        'к' | 'κ' | 'ĸ' => 'k',
        'м' | 'ʍ' => 'm',
        'т' | 'τ' => 't',
        'в' => 'b',
        'н' => 'h',
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        _ => c,
    }
}

/// Characters that show nothing: neither letters, digits, signs nor spaces of any script.
fn is_dropped(c: char) -> bool {
    if c.is_ascii() || c.is_alphanumeric() || c.is_whitespace() {
        return matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    }
    let format = matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{70f}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    format && !c.identifier_allowed()
}
