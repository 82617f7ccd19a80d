//! The text of Word 2 to 95 documents, whose tables and looks are kept in another form.

use super::super::ReadLimits;
use super::super::attachment::Reading;
use super::super::budget::Budget;
use super::super::builder::{Builder, Space};
use super::super::inline::Style;
use super::bytes::{Plc, slice, u16_at, u32_at};
use super::fib::FibError;
use super::walker::{CELL_END, PAGE_END, PARAGRAPH_END};
use crate::domain::ReadStatus;
use encoding_rs::{
    EUC_KR, Encoding, GBK, MACINTOSH, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
};

const FLAG_COMPLEX: u16 = 0x0004;
/// Places in the file information block of Word 2 to 95.
const TEXT_BEGINS: usize = 0x18;
const TEXT_ENDS: usize = 0x1C;
const LANGUAGE_AT: usize = 0x06;
const CHARSET_AT: usize = 0x14;
/// `chs` of documents written on a Macintosh.
const CHARSET_MACINTOSH: u16 = 0x0100;
const PIECES_AT: usize = 0x160;
const MAX_PIECES: usize = 100_000;
const PIECE_BYTES: usize = 8;
const REASON: &str = "written by Word 95 or older; only its text was read, without tables and ticks";

pub(super) fn read(stream: &[u8], limits: &ReadLimits) -> Result<Reading, FibError> {
    let is_complex = u16_at(stream, 10).ok_or(FibError::Damaged)? & FLAG_COMPLEX != 0;
    let text = if is_complex { pieces(stream) } else { plain(stream) };
    let text = text.ok_or(FibError::Damaged)?;
    let mut budget = Budget::new(limits);
    let mut builder = Builder::new(&mut budget);
    let mut in_instruction = 0_usize;
    let mut line = String::new();
    for c in text.chars() {
        let unit = u16::try_from(u32::from(c)).unwrap_or(0);
        match unit {
            PARAGRAPH_END | PAGE_END | CELL_END => {
                builder.text(&line, Style::default(), Space::Keep);
                line.clear();
                builder.boundary();
            }
            0x13 => in_instruction += 1,
            // The separator and the end of a field without a result.
            0x14 | 0x15 => in_instruction = in_instruction.saturating_sub(1),
            0x0B => line.push(' '),
            0x1E => line.push('-'),
            _ if in_instruction > 0 => {}
            0x09 => line.push('\t'),
            0..0x20 => {}
            _ => line.push(c),
        }
    }
    builder.text(&line, Style::default(), Space::Keep);
    let mut reading = Reading::of_blocks(builder.finish(), &budget);
    if reading.status == ReadStatus::Ok {
        reading.status = ReadStatus::Partial;
        reading.reason = Some(REASON.to_owned());
    }
    Ok(reading)
}

fn plain(stream: &[u8]) -> Option<String> {
    let begins = u32_at(stream, TEXT_BEGINS)? as usize;
    let ends = u32_at(stream, TEXT_ENDS)? as usize;
    let bytes = stream.get(begins..ends.min(stream.len()))?;
    Some(decode(bytes, encoding(stream)))
}

fn decode(bytes: &[u8], encoding: &'static Encoding) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// The encoding of the language that the document is in, by the primary part of its number ([MS-LCID]).
fn encoding(stream: &[u8]) -> &'static Encoding {
    if u16_at(stream, CHARSET_AT) == Some(CHARSET_MACINTOSH) {
        return MACINTOSH;
    }
    match u16_at(stream, LANGUAGE_AT).unwrap_or(0) & 0x03FF {
        0x01 | 0x20 | 0x29 => WINDOWS_1256,
        0x02 | 0x19 | 0x22 | 0x23 | 0x2F => WINDOWS_1251,
        0x04 => GBK,
        0x05 | 0x0E | 0x15 | 0x18 | 0x1A | 0x1B | 0x1C | 0x24 => WINDOWS_1250,
        0x08 => WINDOWS_1253,
        0x0D => WINDOWS_1255,
        0x11 => SHIFT_JIS,
        0x12 => EUC_KR,
        0x1F => WINDOWS_1254,
        _ => WINDOWS_1252,
    }
}

/// A piece table as the later format has it, in the same stream.
fn pieces(stream: &[u8]) -> Option<String> {
    let length = u32_at(stream, PIECES_AT + 4)? as usize;
    let table = slice(stream, u32_at(stream, PIECES_AT)? as usize, length)?;
    let mut at = 0;
    while table.get(at)? == &1 {
        at += 3 + usize::from(u16_at(table, at + 1)?);
    }
    if table.get(at)? != &2 {
        return None;
    }
    let plc = Plc::new(table.get(at + 5..)?, PIECE_BYTES);
    let encoding = encoding(stream);
    let mut text = String::new();
    let mut left = stream.len();
    for index in 0..plc.len().min(MAX_PIECES) {
        let characters = plc.position(index + 1)?.checked_sub(plc.position(index)?)? as usize;
        let offset = u32_at(plc.record(index)?, 2)? as usize;
        let characters = characters.min(left);
        left -= characters;
        let end = offset.saturating_add(characters).min(stream.len());
        text.push_str(&decode(stream.get(offset..end).unwrap_or_default(), encoding));
    }
    Some(text)
}
