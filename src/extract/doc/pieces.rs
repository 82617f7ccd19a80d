//! The piece table ([MS-DOC] section 2.8.35): which characters are where in the file.

use super::bytes::{Plc, slice, u8_at, u16_at, u32_at};

/// Most pieces; Word saves anew long before.
const MAX_PIECES: usize = 100_000;
/// Most property lists of pieces.
const MAX_LISTS: usize = 0x8000;
const PIECE_BYTES: usize = 8;
/// Bits of `FcCompressed` ([MS-DOC] section 2.9.73).
const NARROW: u32 = 0x4000_0000;
const RESERVED: u32 = 0x8000_0000;

/// A run of characters that stand together in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// First character and the one after the last.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Byte offset of the first character.
    pub(super) offset: u32,
    /// One byte a character (Windows-1252) instead of two.
    pub(super) is_narrow: bool,
    /// `prm`: changes to the properties of the whole piece.
    pub(super) changes: u16,
}

impl Piece {
    fn width(&self) -> u32 {
        if self.is_narrow { 1 } else { 2 }
    }

    /// Byte offset of a character in this piece.
    pub(super) fn offset_of(&self, position: u32) -> u32 {
        let characters = position.saturating_sub(self.start);
        self.offset
            .saturating_add(characters.saturating_mul(self.width()))
    }

    /// The character before which the bytes from `offset` on stand, at the most the piece's end.
    pub(super) fn position_of(&self, offset: u32) -> u32 {
        let bytes = offset.saturating_sub(self.offset);
        self.start
            .saturating_add(bytes.div_ceil(self.width()))
            .min(self.end)
    }
}

fn pieces(table: &[u8], stream_bytes: u32) -> Vec<Piece> {
    let plc = Plc::new(table, PIECE_BYTES);
    let mut pieces = Vec::new();
    let mut next = 0;
    let mut left = stream_bytes;
    for index in 0..plc.len().min(MAX_PIECES) {
        let (Some(start), Some(end)) = (plc.position(index), plc.position(index + 1)) else {
            break;
        };
        let place = plc.record(index).and_then(|r| u32_at(r, 2).zip(u16_at(r, 6)));
        let Some((place, changes)) = place.filter(|_| start >= next && end > start) else {
            continue;
        };
        next = end;
        let is_narrow = place & NARROW != 0;
        let offset = place & !(NARROW | RESERVED);
        let mut piece = Piece {
            start,
            end,
            offset: if is_narrow { offset / 2 } else { offset },
            is_narrow,
            changes,
        };
        let room = stream_bytes.saturating_sub(piece.offset) / piece.width();
        let characters = (end - start).min(room).min(left);
        piece.end = start + characters;
        left -= characters;
        if characters > 0 {
            pieces.push(piece);
        }
    }
    pieces
}

/// All pieces, in the order of the text and without overlaps.
pub(super) struct Pieces<'d> {
    pieces: Vec<Piece>,
    lists: Vec<&'d [u8]>,
}

impl<'d> Pieces<'d> {
    /// Reads a `Clx`. Pieces hold no more characters together than the stream has bytes: whatever the
    /// table claims, no text is read twice and more.
    pub(super) fn read(clx: &'d [u8], stream_bytes: usize) -> Option<Self> {
        let mut lists = Vec::new();
        let mut at = 0;
        while u8_at(clx, at)? == 1 {
            let length = usize::from(u16_at(clx, at + 1)?);
            let list = slice(clx, at + 3, length)?;
            if lists.len() < MAX_LISTS {
                lists.push(list);
            }
            at += 3 + length;
        }
        if u8_at(clx, at)? != 2 {
            return None;
        }
        let length = u32_at(clx, at + 1)? as usize;
        let table = slice(clx, at + 5, length).or_else(|| clx.get(at + 5..))?;
        Some(Self {
            pieces: pieces(table, u32::try_from(stream_bytes).ok()?),
            lists,
        })
    }

    /// The piece with the character, or the next one.
    pub(super) fn at_or_after(&self, position: u32) -> Option<&Piece> {
        let index = self.pieces.partition_point(|piece| piece.end <= position);
        self.pieces.get(index)
    }

    /// The property changes of a piece that are kept in a list (`Prm1`).
    pub(super) fn changes(&self, piece: &Piece) -> &'d [u8] {
        if piece.changes & 1 == 0 {
            return &[];
        }
        let index = usize::from(piece.changes >> 1);
        self.lists.get(index).copied().unwrap_or_default()
    }

    /// The characters from `start` to `end`, with what cannot be read left out.
    pub(super) fn text(&self, stream: &[u8], piece: &Piece, start: u32, end: u32) -> Vec<u16> {
        let from = piece.offset_of(start) as usize;
        let to = (piece.offset_of(end) as usize).min(stream.len());
        let bytes = stream.get(from..to).unwrap_or_default();
        if piece.is_narrow {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
            // One character a byte, none of them beyond the basic plane.
            text.encode_utf16().collect()
        } else {
            bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect()
        }
    }
}
