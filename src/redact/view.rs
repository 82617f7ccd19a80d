//! A text as a reader sees it, with the way back to the original bytes.
//!
//! Compatibility forms, look-alike letters, invisible characters, combining marks, odd spaces, curly quotes
//! and quote prefixes at line starts are folded away, so that one search finds every disguise. Two levels:
//! [`View::text`] keeps case, spaces and punctuation; the *squash* keeps lower-case letters and digits only.

use super::lexicon::Classes;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Bytes of a word and what stands before it, at least: room is made for that many words at once.
const USUAL_WORD: usize = 5;

/// A maximal run of letters and digits.
pub(super) struct Token {
    /// First byte in [`View::text`].
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// First byte in the squash.
    pub(super) squash: usize,
    /// Byte after the last in the squash.
    pub(super) squash_end: usize,
    /// The lists that have it.
    classes: Classes,
    is_capital: bool,
    is_all_capitals: bool,
    is_word: bool,
    is_number: bool,
}

/// Bytes of the folded text, up to those of the next stretch, and where they come from.
struct Stretch {
    /// First byte in [`View::text`].
    folded: usize,
    /// First byte of the original.
    from: usize,
    /// Byte after the last.
    to: usize,
    /// Each byte stands for one of the original; else all of them stand for all of the original's.
    byte_by_byte: bool,
}

/// The folded text.
pub(super) struct View {
    /// Folded, case and spaces kept.
    pub(super) text: String,
    /// Words in order.
    pub(super) tokens: Vec<Token>,
    /// Lower-case letters and digits only.
    pub(super) squash: String,
    /// The way back, in order: a text is mostly long stretches that folding leaves as they are.
    origin: Vec<Stretch>,
}

impl View {
    /// Folds a text.
    pub(super) fn new(original: &str) -> Self {
        let mut view = Self {
            text: String::with_capacity(original.len()),
            tokens: Vec::new(),
            squash: String::new(),
            origin: Vec::new(),
        };
        let mut line_start = true;
        let mut at = 0;
        while let Some(rest) = original.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = match line_start {
                true => 0,
                false => rest.bytes().take_while(|byte| is_left_as_is(*byte)).count(),
            };
            if plain > 0 {
                view.push_plain(rest.get(..plain).unwrap_or_default(), at);
                at += plain;
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            let end = at + c.len_utf8();
            let prefix = line_start && matches!(c, '>' | '|');
            if prefix || is_invisible(c) {
                view.lengthen_last(end);
            } else {
                line_start = c == '\n' || c == '\r' || (line_start && (c == ' ' || c == '\t'));
                view.push_folded(c, at, end);
            }
            at = end;
        }
        view.find_tokens();
        view
    }

    fn push_plain(&mut self, text: &str, at: usize) {
        let folded = self.text.len();
        let to = at + text.len();
        match self.origin.last_mut() {
            Some(last) if last.byte_by_byte && last.to == at => last.to = to,
            Some(_) | None => self.origin.push(Stretch {
                folded,
                from: at,
                to,
                byte_by_byte: true,
            }),
        }
        self.text.push_str(text);
    }

    fn push_folded(&mut self, c: char, from: usize, to: usize) {
        let folded = self.text.len();
        fold_char(c, &mut self.text);
        match (self.text.len() - folded, self.origin.last_mut()) {
            (0, _) => self.lengthen_last(to),
            (1, Some(last)) if to == from + 1 && last.byte_by_byte && last.to == from => last.to = to,
            (length, _) => self.origin.push(Stretch {
                folded,
                from,
                to,
                byte_by_byte: length == 1 && to == from + 1,
            }),
        }
    }

    /// What is dropped belongs to the character before it.
    fn lengthen_last(&mut self, end: usize) {
        let Some(last) = self.origin.last_mut() else {
            return;
        };
        if last.byte_by_byte && last.to > last.from + 1 {
            last.to -= 1;
            let split = Stretch {
                folded: last.folded + last.to - last.from,
                from: last.to,
                to: end,
                byte_by_byte: false,
            };
            self.origin.push(split);
        } else {
            (last.to, last.byte_by_byte) = (end, false);
        }
    }

    fn find_tokens(&mut self) {
        self.squash.reserve(self.text.len());
        self.tokens.reserve(self.text.len() / USUAL_WORD);
        let mut from = 0;
        while let Some(start) = next_that(&self.text, from, true) {
            let end = next_that(&self.text, start, false).unwrap_or(self.text.len());
            let written = self.text.get(start..end).unwrap_or_default();
            self.tokens.push(token_of(written, start, &mut self.squash));
            from = end;
        }
    }

    fn origin_of(&self, at: usize) -> Option<(usize, usize)> {
        let stretch = self
            .origin
            .partition_point(|stretch| stretch.folded <= at)
            .checked_sub(1)
            .and_then(|index| self.origin.get(index))
            .filter(|_| at < self.text.len())?;
        let from = stretch.from + at - stretch.folded;
        Some(match stretch.byte_by_byte {
            true => (from, from + 1),
            false => (stretch.from, stretch.to),
        })
    }

    /// The original bytes that `start..end` of the folded text stands for.
    pub(super) fn original_range(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.origin_of(start).map_or(0, |origin| origin.0);
        let to = end
            .checked_sub(1)
            .and_then(|last| self.origin_of(last))
            .map_or(from, |origin| origin.1);
        (from, to.max(from))
    }

    /// The first and the last token of a piece of the squash. `from` is where to begin looking: places are asked for by their
    /// ends, in order, so that nothing is looked at twice.
    pub(super) fn tokens_at(&self, start: usize, end: usize, from: &mut usize) -> Option<(usize, usize)> {
        while self.tokens.get(*from)?.squash_end < end {
            *from += 1;
        }
        let mut first = *from;
        while self.tokens.get(first)?.squash > start {
            first = first.checked_sub(1)?;
        }
        Some((first, *from))
    }

    /// The text of a token as written.
    pub(super) fn written(&self, token: &Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// Whether a token starts with a capital.
    pub(super) fn is_capital(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.is_capital)
    }

    /// Whether a token is written in capitals only (two letters or more).
    pub(super) fn is_all_capitals(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.is_all_capitals)
    }

    /// Whether a token is of letters only.
    pub(super) fn is_word(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.is_word)
    }

    /// Whether a token starts with a digit.
    pub(super) fn starts_with_digit(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.is_number)
    }

    /// The lists that have a token.
    pub(super) fn classes(&self, index: usize) -> Classes {
        self.tokens
            .get(index)
            .map_or(Classes::default(), |token| token.classes)
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
        self.tokens.get(index).map_or("", |token| self.low_of(token))
    }

    /// A token in lower case.
    pub(super) fn low_of(&self, token: &Token) -> &str {
        self.squash
            .get(token.squash..token.squash_end)
            .unwrap_or_default()
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

/// The next byte at or after `from` where a letter or digit stands (or, for `false`, anything else).
fn next_that(text: &str, from: usize, alphanumeric: bool) -> Option<usize> {
    let mut at = from;
    while let Some(byte) = text.as_bytes().get(at) {
        let (is_one, length) = match byte.is_ascii() {
            true => (byte.is_ascii_alphanumeric(), 1),
            false => {
                let c = text.get(at..)?.chars().next()?;
                (c.is_alphanumeric(), c.len_utf8())
            }
        };
        if is_one == alphanumeric {
            return Some(at);
        }
        at += length;
    }
    None
}

fn token_of(written: &str, start: usize, squash: &mut String) -> Token {
    let from = squash.len();
    let (is_capital, is_all_capitals) = match written.is_ascii() {
        true => {
            squash.push_str(written);
            if let Some(low) = squash.get_mut(from..) {
                low.make_ascii_lowercase();
            }
            let letters = written.bytes().filter(u8::is_ascii_alphabetic).count();
            (
                written.as_bytes().first().is_some_and(u8::is_ascii_uppercase),
                letters > 1 && !written.bytes().any(|byte| byte.is_ascii_lowercase()),
            )
        }
        false => {
            let low = written.chars().flat_map(char::to_lowercase);
            squash.extend(low.filter(|c| c.is_alphanumeric()));
            let letters = written.chars().filter(|c| c.is_alphabetic()).count();
            (
                written.starts_with(char::is_uppercase),
                letters > 1 && !written.chars().any(char::is_lowercase),
            )
        }
    };
    let low = squash.get(from..).unwrap_or_default();
    Token {
        start,
        end: start + written.len(),
        squash: from,
        squash_end: squash.len(),
        classes: Classes::of(low),
        is_capital,
        is_all_capitals,
        is_number: low.starts_with(char::is_numeric),
        is_word: !low.is_empty() && low.chars().all(char::is_alphabetic),
    }
}

/// Lower-case letters and digits of a folded text.
pub(super) fn squash(text: &str) -> String {
    if text.is_ascii() {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        return kept.map(|c| c.to_ascii_lowercase()).collect();
    }
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
    let view = View::new(text);
    let low = |token| view.low_of(token).to_owned();
    view.tokens.iter().map(low).collect()
}

/// Whether folding leaves a byte as it is and it ends no line.
fn is_left_as_is(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
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
