//! A text as a reader sees it, with the way back to the original bytes.
//!
//! Compatibility forms, look-alike letters, invisible characters, combining marks, odd spaces, curly quotes
//! and quote prefixes at line starts are folded away, so that one search finds every disguise. Two levels:
//! [`View::text`] keeps case, spaces and punctuation; the *squash* keeps lower-case letters and digits only.

use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A maximal run of letters and digits.
pub(super) struct Token {
    /// First byte in [`View::text`].
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// In lower case.
    pub(super) low: String,
    /// First byte in the squash.
    pub(super) squash: usize,
}

/// The folded text.
pub(super) struct View {
    /// Folded, case and spaces kept.
    pub(super) text: String,
    /// Words in order.
    pub(super) tokens: Vec<Token>,
    /// Lower-case letters and digits only.
    pub(super) squash: String,
    /// For each byte of `text`, the bytes of the original that it stands for.
    origin: Vec<(usize, usize)>,
}

impl View {
    /// Folds a text.
    pub(super) fn new(original: &str) -> Self {
        let mut view = Self {
            text: String::new(),
            tokens: Vec::new(),
            squash: String::new(),
            origin: Vec::new(),
        };
        let mut line_start = true;
        for (at, c) in original.char_indices() {
            let end = at + c.len_utf8();
            let prefix = line_start && matches!(c, '>' | '|');
            if prefix || is_invisible(c) {
                view.lengthen_last(end);
                continue;
            }
            line_start = c == '\n' || c == '\r' || (line_start && (c == ' ' || c == '\t'));
            let before = view.text.len();
            fold_char(c, &mut view.text);
            if view.text.len() == before {
                view.lengthen_last(end);
            }
            view.origin.resize(view.text.len(), (at, end));
        }
        view.find_tokens();
        view
    }

    /// What is dropped belongs to the character before it.
    fn lengthen_last(&mut self, end: usize) {
        if let Some((start, _)) = self.origin.last().copied() {
            for entry in self.origin.iter_mut().rev().take_while(|entry| entry.0 == start) {
                entry.1 = end;
            }
        }
    }

    fn find_tokens(&mut self) {
        let mut open: Option<Token> = None;
        for (at, c) in self.text.char_indices() {
            if c.is_alphanumeric() {
                let token = open.get_or_insert_with(|| Token {
                    start: at,
                    end: at,
                    low: String::new(),
                    squash: self.squash.len(),
                });
                let before = self.squash.len();
                self.squash
                    .extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
                token.low.push_str(self.squash.get(before..).unwrap_or_default());
                token.end = at + c.len_utf8();
            } else {
                self.tokens.extend(open.take());
            }
        }
        self.tokens.extend(open);
    }

    /// The original bytes that `start..end` of the folded text stands for.
    pub(super) fn original_range(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.origin.get(start).map_or(0, |entry| entry.0);
        let to = end
            .checked_sub(1)
            .and_then(|last| self.origin.get(last))
            .map_or(from, |entry| entry.1);
        (from, to.max(from))
    }

    /// The token that holds byte `at` of the squash.
    pub(super) fn token_at_squash(&self, at: usize) -> Option<usize> {
        self.tokens
            .partition_point(|token| token.squash <= at)
            .checked_sub(1)
    }

    /// The text of a token as written.
    pub(super) fn written(&self, token: &Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// Whether a token starts with a capital.
    pub(super) fn is_capital(&self, index: usize) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|token| self.written(token).starts_with(char::is_uppercase))
    }

    /// Whether a token is written in capitals only (two letters or more).
    pub(super) fn is_all_capitals(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| {
            let written = self.written(token);
            written.chars().filter(|c| c.is_alphabetic()).count() > 1
                && !written.chars().any(char::is_lowercase)
        })
    }

    /// What stands between a token and the next one.
    pub(super) fn gap_after(&self, index: usize) -> &str {
        let from = self.tokens.get(index).map_or(0, |token| token.end);
        let to = self
            .tokens
            .get(index + 1)
            .map_or(self.text.len(), |token| token.start);
        self.text.get(from..to).unwrap_or_default()
    }

    /// What stands between a token and the one before it.
    pub(super) fn gap_before(&self, index: usize) -> &str {
        match index.checked_sub(1) {
            Some(before) => self.gap_after(before),
            None => {
                let to = self.tokens.first().map_or(self.text.len(), |token| token.start);
                self.text.get(..to).unwrap_or_default()
            }
        }
    }

    /// The lower-case word at `index`, or nothing.
    pub(super) fn low(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| token.low.as_str())
    }

    /// Whether a token opens a sentence or a line of its own.
    pub(super) fn opens_sentence(&self, index: usize) -> bool {
        let gap = self.gap_before(index);
        if index == 0 || gap.contains(['.', '!', '?', ':', '"', '•', '*', '\u{2022}']) {
            return true;
        }
        let breaks = gap.matches('\n').count();
        breaks > 1 || (breaks == 1 && (gap.contains(['-', '(']) || self.line_is_short(index)))
    }

    /// Whether the line before this token ends early, so that the break was meant.
    fn line_is_short(&self, index: usize) -> bool {
        const WRAPPED_LINE: usize = 50;
        let start = self.tokens.get(index).map_or(0, |token| token.start);
        let before = self.text.get(..start).unwrap_or_default().trim_end();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.trim().len() < WRAPPED_LINE
    }
}

/// Lower-case letters and digits of a folded text.
pub(super) fn squash(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        fold_char(c, &mut plain);
    }
    plain
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The lower-case words of a folded text.
pub(super) fn words(text: &str) -> Vec<String> {
    View::new(text)
        .tokens
        .into_iter()
        .map(|token| token.low)
        .collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}'))
}

fn fold_char(c: char, out: &mut String) {
    match c {
        '\t' | '\u{b}' | '\u{c}' => out.push(' '),
        '\r' => {}
        '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
        _ if c.is_ascii() => out.push(c),
        _ if c.is_whitespace() || c == '\u{2800}' => out.push(' '),
        '‘' | '’' | 'ʼ' | '‛' | '´' | '′' | 'ʹ' | '＇' | 'ʻ' => out.push('\''),
        '“' | '”' | '„' | '‟' | '«' | '»' => out.push('"'),
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁃' | '﹣' | '－' => out.push('-'),
        _ => {
            for part in std::iter::once(c).nfkd().filter(|part| !is_combining_mark(*part)) {
                match look_alike(part) {
                    Some(latin) => out.push(latin),
                    None if part.is_ascii() || !is_invisible(part) => out.push(part),
                    None => {}
                }
            }
        }
    }
}

/// Letters that UTS 39 does not fold to the Latin letter that people read, or not with the right case:
/// each pair is the letter and what it is read as.
const LOOK_ALIKES: &str = "\
    аa еe оo рp сc хx уy іi јj ѕs ԁd ոn ɡg ɑa АA ВB \
    ЕE КK МM НH ОO РP СC ТT ХX ЅS ІI ЈJ ΑA ΒB ΕE ΖZ \
    ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX οo νv гr һh кk мm \
    тt ԛq ԝw ѵv ӏl Ӏl ҮY үy УY З3 вb нh ԍg ԌG ԚQ ԜW \
    ҺH αa εe ιi κk ρp τt υu χx γy ηn ωw ϲc ϹC ϳj ͿJ \
    ɩi ıi ȷj օo սu հh ցg զq ՏS ՕO ՍU ᴀa ʙb ᴄc ᴅd ᴇe \
    ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv \
    ᴡw ʏy ᴢz łl ŁL øo ØO đd ĐD ħh ĦH ɓb ɗd ƙk";

static LOOK_ALIKE_MAP: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let pair = |pair: &str| {
        let mut chars = pair.chars();
        Some((chars.next()?, chars.next()?))
    };
    LOOK_ALIKES.split_whitespace().filter_map(pair).collect()
});

fn look_alike(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    if let Some(latin) = LOOK_ALIKE_MAP.get(&c) {
        return Some(*latin);
    }
    let mut skeleton = c.to_string();
    skeleton = unicode_security::skeleton(&skeleton).collect();
    let mut chars = skeleton.chars().filter(|c| !is_combining_mark(*c));
    match (chars.next(), chars.next()) {
        (Some(latin), None) if latin.is_ascii_alphanumeric() && c.is_alphanumeric() => Some(latin),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_fold_to_the_plain_name() {
        for text in [
            "Thоmas Раrgeter",
            "Ｔｈｏｍａｓ　Ｐａｒｇｅｔｅｒ",
            "𝐓𝐡𝐨𝐦𝐚𝐬 𝐏𝐚𝐫𝐠𝐞𝐭𝐞𝐫",
            "Tho\u{ad}mas\u{a0}Par\u{200b}geter",
            "Thomas\r\n> > Pargeter",
            "Thömas Pargetér",
        ] {
            assert_eq!(View::new(text).squash, "thomaspargeter", "{text}");
        }
    }

    #[test]
    fn ranges_lead_back_to_the_original_with_its_marks() {
        let original = "x Zoe\u{308}\u{200b}! y";
        let view = View::new(original);
        let token = &view.tokens[1];
        assert_eq!(view.written(token), "Zoe");
        let (start, end) = view.original_range(token.start, token.end);
        assert_eq!(&original[start..end], "Zoe\u{308}\u{200b}");
    }
}
