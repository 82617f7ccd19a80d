//! Tokens with their characters decoded: code pages, fonts, `\u` and its substitutes.
//!
//! Invariant: as many groups are remembered as [`MAX_GROUPS`] says; in deeper ones fonts are not put back.

use super::codepage::{self, WESTERN};
use super::tokens::{Token, Tokens};
use crate::extract::symbols::is_symbol_font;
use std::collections::HashMap;

/// Most open groups remembered.
pub(super) const MAX_GROUPS: usize = 1024;
/// Most fonts remembered.
const MAX_FONTS: usize = 4096;
/// Longest font name, in bytes.
const MAX_FONT_NAME: usize = 64;

/// One event.
#[derive(PartialEq, Eq)]
pub(super) enum Event<'b> {
    Open,
    Close,
    /// `\*`: the destination that follows may be passed over.
    Ignorable,
    Word(&'b str, Option<i32>),
    Text(String),
}

#[derive(Default)]
struct Font {
    code_page: Option<u16>,
    is_symbol: bool,
    name: String,
}

#[derive(Clone, Copy)]
struct Group {
    font: i32,
    /// Bytes that stand for a `\u` in readers that do not know it (`\uc`).
    substitutes: u8,
    in_font_table: bool,
}

/// Decodes a document.
pub(super) struct Decoder<'b> {
    tokens: Tokens<'b>,
    groups: Vec<Group>,
    /// Open groups beyond [`MAX_GROUPS`].
    deeper: usize,
    group: Group,
    code_page: u16,
    default_font: i32,
    fonts: HashMap<i32, Font>,
    /// The font that the font table is describing.
    described: i32,
    /// Bytes not decoded yet: a character may be split between tokens.
    bytes: Vec<u8>,
    text: String,
    high_surrogate: Option<u16>,
    to_skip: u8,
    /// A token that ends the text before it.
    next: Option<Token<'b>>,
    /// Where [`Self::next`] begins.
    next_at: usize,
}

impl<'b> Decoder<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self {
            tokens: Tokens::new(bytes, 0),
            groups: Vec::new(),
            deeper: 0,
            group: Group {
                font: -1,
                substitutes: 1,
                in_font_table: false,
            },
            code_page: WESTERN,
            default_font: -1,
            fonts: HashMap::new(),
            described: -1,
            bytes: Vec::new(),
            text: String::new(),
            high_surrogate: None,
            to_skip: 0,
            next: None,
            next_at: 0,
        }
    }

    /// Goes on at another place of the document, with what is known of its fonts.
    pub(super) fn jump(&mut self, bytes: &'b [u8], at: usize) {
        self.tokens = Tokens::new(bytes, at);
        self.next = None;
        self.groups.clear();
        self.deeper = 0;
        self.group = Group {
            font: self.default_font,
            substitutes: 1,
            in_font_table: false,
        };
        self.bytes.clear();
        self.text.clear();
        self.to_skip = 0;
        self.high_surrogate = None;
    }

    /// Where the event that comes next begins.
    pub(super) fn position(&self) -> usize {
        if self.next.is_some() {
            self.next_at
        } else {
            self.tokens.position()
        }
    }

    /// Groups that are open.
    pub(super) fn depth(&self) -> usize {
        self.groups.len() + self.deeper
    }

    /// The name of the font that text is in.
    pub(super) fn font_name(&self) -> Option<&str> {
        self.font().map(|font| font.name.as_str())
    }

    fn font(&self) -> Option<&Font> {
        self.fonts
            .get(&self.group.font)
            .or_else(|| self.fonts.get(&self.default_font))
    }

    /// The next event; `None` at the end of the document.
    pub(super) fn next(&mut self) -> Option<Event<'b>> {
        loop {
            let token = match self.next.take() {
                Some(token) => token,
                None => {
                    self.next_at = self.tokens.position();
                    match self.tokens.next() {
                        Some(token) => token,
                        None => return self.take_text(),
                    }
                }
            };
            if self.is_text(token) {
                continue;
            }
            self.flush_bytes();
            if let Some(text) = self.take_text() {
                self.next = Some(token);
                return Some(text);
            }
            if let Some(event) = self.event(token) {
                return Some(event);
            }
        }
    }

    fn take_text(&mut self) -> Option<Event<'b>> {
        self.flush_bytes();
        (!self.text.is_empty()).then(|| Event::Text(std::mem::take(&mut self.text)))
    }

    /// Takes a token that is text, or a substitute to pass over.
    fn is_text(&mut self, token: Token<'b>) -> bool {
        match token {
            Token::Bytes(bytes) => {
                let skipped = usize::from(self.to_skip).min(bytes.len());
                self.to_skip -= skipped as u8;
                self.bytes
                    .extend_from_slice(bytes.get(skipped..).unwrap_or_default());
            }
            Token::Hex(byte) => self.byte(byte),
            Token::Symbol(byte @ (b'{' | b'}' | b'\\')) => self.byte(byte),
            Token::Symbol(b'~') => self.character('\u{a0}'),
            Token::Symbol(b'_') => self.character('-'),
            Token::Symbol(b'-' | b':' | b'|' | b'\'') => {}
            Token::Word("u", Some(code)) => self.unicode(code),
            Token::Word(name, None) => match character(name) {
                Some(c) => self.character(c),
                None => return false,
            },
            Token::Binary if self.to_skip > 0 => self.to_skip -= 1,
            Token::Binary => {}
            Token::Open | Token::Close | Token::Symbol(_) | Token::Word(..) => return false,
        }
        true
    }

    fn byte(&mut self, byte: u8) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else {
            self.bytes.push(byte);
        }
    }

    fn character(&mut self, c: char) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else {
            self.flush_bytes();
            self.text.push(c);
        }
    }

    /// `\u`: a signed 16-bit code unit; some writers give whole code points.
    fn unicode(&mut self, code: i32) {
        self.flush_bytes();
        self.to_skip = self.group.substitutes;
        let code = if code < 0 {
            code.saturating_add(0x1_0000)
        } else {
            code
        };
        let Ok(code) = u32::try_from(code) else {
            return self.text.push(char::REPLACEMENT_CHARACTER);
        };
        let high = self.high_surrogate.take();
        match (code, high) {
            (0xd800..=0xdbff, _) => self.high_surrogate = u16::try_from(code).ok(),
            (0xdc00..=0xdfff, Some(high)) => {
                let units = [high, u16::try_from(code).unwrap_or(0)];
                self.text.extend(char::decode_utf16(units).flatten());
            }
            (_, _) => self
                .text
                .push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn flush_bytes(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let font = self.font();
        let draws = font.is_some_and(|font| font.is_symbol && draws_symbols(&font.name));
        if draws && !self.group.in_font_table {
            // Symbols stand in the private range, as Word writes them with `\u`.
            let symbols = self.bytes.iter().map(|b| match b {
                b'\t' | b' ' => char::from(*b),
                _ => char::from_u32(0xF000 + u32::from(*b)).unwrap_or(' '),
            });
            self.text.extend(symbols);
        } else {
            let code_page = font.and_then(|font| font.code_page).unwrap_or(self.code_page);
            self.text.push_str(&codepage::decode(&self.bytes, code_page));
        }
        self.bytes.clear();
    }

    /// What is not text; `None` for what only matters here.
    fn event(&mut self, token: Token<'b>) -> Option<Event<'b>> {
        // Substitutes do not reach over a group's end.
        match token {
            Token::Open => {
                self.to_skip = 0;
                if self.groups.len() < MAX_GROUPS {
                    self.groups.push(self.group);
                } else {
                    self.deeper += 1;
                }
                Some(Event::Open)
            }
            Token::Close => {
                self.to_skip = 0;
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else if let Some(group) = self.groups.pop() {
                    self.group = group;
                }
                Some(Event::Close)
            }
            _ if self.to_skip > 0 => {
                self.to_skip -= 1;
                None
            }
            Token::Word(name, number) => self.word(name, number),
            Token::Symbol(b'*') => Some(Event::Ignorable),
            Token::Symbol(b'\r' | b'\n') => Some(Event::Word("par", None)),
            Token::Symbol(b'\t') => Some(Event::Text("\t".to_owned())),
            Token::Symbol(_) | Token::Hex(_) | Token::Binary | Token::Bytes(_) => None,
        }
    }

    fn word(&mut self, name: &'b str, number: Option<i32>) -> Option<Event<'b>> {
        match (name, number) {
            ("ansicpg", Some(page)) => {
                self.code_page = u16::try_from(page).ok().filter(|p| *p > 0).unwrap_or(WESTERN);
            }
            ("mac", None) => self.code_page = 10000,
            ("pc", None) => self.code_page = 437,
            ("pca", None) => self.code_page = 850,
            ("deff", Some(font)) => {
                self.default_font = font;
                self.group.font = font;
            }
            ("uc", Some(count)) => self.group.substitutes = u8::try_from(count).unwrap_or(1),
            ("fonttbl", _) => {
                self.group.in_font_table = true;
                return Some(Event::Word(name, number));
            }
            ("plain", _) => {
                self.group.font = self.default_font;
                return Some(Event::Word(name, number));
            }
            ("f", Some(font)) if self.group.in_font_table => self.describe(font),
            ("f", Some(font)) => self.group.font = font,
            ("fcharset" | "cpg", Some(value)) if self.group.in_font_table => self.font_charset(name, value),
            (_, _) => return Some(Event::Word(name, number)),
        }
        None
    }

    fn describe(&mut self, font: i32) {
        self.described = font;
        if self.fonts.len() < MAX_FONTS {
            self.fonts.insert(font, Font::default());
        }
    }

    fn font_charset(&mut self, name: &str, value: i32) {
        let Some(font) = self.fonts.get_mut(&self.described) else {
            return;
        };
        if name == "cpg" {
            font.code_page = u16::try_from(value).ok().filter(|page| *page > 0);
        } else {
            font.is_symbol = value == 2;
            font.code_page = font.code_page.or(codepage::of_charset(value));
        }
    }

    /// Text of the font table: names, each ended by a semicolon.
    pub(super) fn font_text(&mut self, text: &str) {
        let Some(font) = self.fonts.get_mut(&self.described) else {
            return;
        };
        for c in text.chars() {
            if c != ';' && font.name.len() < MAX_FONT_NAME {
                font.name.push(c);
            }
        }
        let trimmed = font.name.trim_start().len();
        font.name.drain(..font.name.len() - trimmed);
    }

    /// Text comes from the font table, not from the document.
    pub(super) fn in_font_table(&self) -> bool {
        self.group.in_font_table
    }
}

/// Whether a font has drawings where others have letters. Fonts of firms and agencies may say so of
/// themselves and hold letters.
pub(super) fn draws_symbols(font: &str) -> bool {
    is_symbol_font(font) || is_greek(font)
}

/// Whether a font has Greek letters where others have Latin ones.
pub(super) fn is_greek(font: &str) -> bool {
    font.eq_ignore_ascii_case("symbol")
}

/// Control words that stand for a character.
fn character(name: &str) -> Option<char> {
    Some(match name {
        "tab" => '\t',
        "lquote" => '‘',
        "rquote" => '’',
        "ldblquote" => '“',
        "rdblquote" => '”',
        "emdash" => '—',
        "endash" => '–',
        "bullet" => '•',
        "emspace" | "enspace" | "qmspace" => ' ',
        "zwj" => '\u{200d}',
        "zwnj" => '\u{200c}',
        "ltrmark" => '\u{200e}',
        "rtlmark" => '\u{200f}',
        _ => return None,
    })
}
