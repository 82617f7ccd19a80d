//! The file information block ([MS-DOC] section 2.5): where everything is.

use super::bytes::{slice, u16_at, u32_at};

/// Structures of the table stream, by their place in `FibRgFcLcb97` ([MS-DOC] section 2.5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    Styles = 1,
    FootnoteTexts = 3,
    CommentTexts = 5,
    Margins = 11,
    CharacterPages = 12,
    ParagraphPages = 13,
    Fonts = 15,
    Pieces = 33,
    Anchors = 40,
    MarginAnchors = 41,
    EndnoteTexts = 47,
    TextBoxes = 56,
    MarginTextBoxes = 58,
}

/// Length of each sub-document, in characters ([MS-DOC] section 2.5.4), in the order of the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) main: u32,
    pub(super) footnotes: u32,
    pub(super) margins: u32,
    pub(super) macros: u32,
    pub(super) comments: u32,
    pub(super) endnotes: u32,
    pub(super) text_boxes: u32,
    pub(super) margin_text_boxes: u32,
}

/// What the block says.
pub(super) struct Fib<'d> {
    pub(super) table_stream: &'static str,
    pub(super) lengths: Lengths,
    places: &'d [u8],
}

/// Why there is none, or none that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FibError {
    #[error("damaged file; it cannot be read as a Word document")]
    Damaged,
    #[error("Word document behind a password")]
    Encrypted,
    #[error("written by a Word older than version 2; ask for a copy saved anew")]
    TooOld,
}

/// `wIdent` of Word 97 and later, and of Word 6 and 95.
const WORD_97: u16 = 0xA5EC;
const WORD_6: u16 = 0xA5DC;
/// `wIdent` of Word 6 and 95 for East Asia, and of Word 2.
const WORD_6_EAST: [u16; 3] = [0xA697, 0xA698, 0xA699];
const WORD_2: u16 = 0xA5DB;
/// `nFib` of the first format with a table stream.
const FIRST_WITH_TABLE: u16 = 0x00C0;
const FIRST_OF_WORD_2: u16 = 0x0021;
const FLAG_ENCRYPTED: u16 = 0x0100;
const FLAG_TABLE_1: u16 = 0x0200;
const BASE_BYTES: usize = 32;

/// Whether it is a document of Word 2 to 95, by its first bytes, and not of a later one.
pub(super) fn is_old(stream: &[u8]) -> Result<bool, FibError> {
    let ident = u16_at(stream, 0).ok_or(FibError::Damaged)?;
    let version = u16_at(stream, 2).ok_or(FibError::Damaged)?;
    let is_known = matches!(ident, WORD_97 | WORD_6 | WORD_2) || WORD_6_EAST.contains(&ident);
    if !is_known {
        return Err(FibError::Damaged);
    }
    if version < FIRST_OF_WORD_2 {
        return Err(FibError::TooOld);
    }
    if u16_at(stream, 10).ok_or(FibError::Damaged)? & FLAG_ENCRYPTED != 0 {
        return Err(FibError::Encrypted);
    }
    Ok(version < FIRST_WITH_TABLE)
}

impl<'d> Fib<'d> {
    pub(super) fn read(stream: &'d [u8]) -> Option<Self> {
        let flags = u16_at(stream, 10)?;
        let words = BASE_BYTES + 2 + usize::from(u16_at(stream, BASE_BYTES)?) * 2;
        let longs = words + 2;
        let long = |index: usize| u32_at(stream, longs + index * 4).filter(|n| *n < 0x8000_0000);
        let lengths = Lengths {
            main: long(3)?,
            footnotes: long(4)?,
            margins: long(5)?,
            macros: long(6).unwrap_or(0),
            comments: long(7)?,
            endnotes: long(8)?,
            text_boxes: long(9)?,
            margin_text_boxes: long(10)?,
        };
        let places = longs + usize::from(u16_at(stream, words)?) * 4;
        let count = usize::from(u16_at(stream, places)?);
        Some(Self {
            table_stream: if flags & FLAG_TABLE_1 != 0 {
                "1Table"
            } else {
                "0Table"
            },
            lengths,
            places: slice(stream, places + 2, count * 8)
                .or_else(|| stream.get(places + 2..))
                .unwrap_or_default(),
        })
    }

    /// A structure's bytes; empty where there is none.
    pub(super) fn structure<'t>(&self, table: &'t [u8], structure: Structure) -> &'t [u8] {
        let at = structure as usize * 8;
        let place = u32_at(self.places, at).zip(u32_at(self.places, at + 4));
        place
            .and_then(|(offset, length)| slice(table, offset as usize, length as usize))
            .unwrap_or_default()
    }
}
