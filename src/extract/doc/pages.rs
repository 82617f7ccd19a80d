//! Formatted disk pages ([MS-DOC] sections 2.8.6, 2.8.7, 2.9.33, 2.9.174): the properties of the characters
//! and paragraphs between two byte offsets.
//!
//! Pages are looked up where they lie; nothing is kept, so that counts in the file cost no memory.

use super::bytes::{Plc, slice, u8_at, u16_at, u32_at};

const PAGE_BYTES: usize = 512;
/// Bytes of `BxPap`, of which the first is an offset.
const PARAGRAPH_PLACE_BYTES: usize = 13;

/// A range of byte offsets with one set of properties.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Run<'d> {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Empty where all is as the style says.
    pub(super) properties: &'d [u8],
}

/// The pages of one kind.
#[derive(Clone, Copy)]
pub(super) struct Pages<'d> {
    stream: &'d [u8],
    index: Plc<'d>,
}

impl<'d> Pages<'d> {
    pub(super) fn new(stream: &'d [u8], index: &'d [u8]) -> Self {
        Self {
            stream,
            index: Plc::new(index, 4),
        }
    }

    fn page(&self, offset: u32) -> Option<&'d [u8]> {
        let record = self.index.record(self.index.find(offset)?)?;
        let number = u32_at(record, 0)? & 0x003F_FFFF;
        slice(self.stream, number as usize * PAGE_BYTES, PAGE_BYTES)
    }

    /// The run that holds the offset, and its place on its page.
    fn find(&self, offset: u32) -> Option<(&'d [u8], usize, usize)> {
        let page = self.page(offset)?;
        let count = usize::from(u8_at(page, PAGE_BYTES - 1)?);
        let index = (0..count).find(|at| {
            u32_at(page, at * 4)
                .zip(u32_at(page, at * 4 + 4))
                .is_some_and(|(start, end)| start <= offset && offset < end)
        })?;
        Some((page, index, count))
    }

    /// Properties of the characters at an offset: a list of changes.
    pub(super) fn characters(&self, offset: u32) -> Option<Run<'d>> {
        let (page, index, count) = self.find(offset)?;
        let place = usize::from(u8_at(page, (count + 1) * 4 + index)?) * 2;
        let properties = if place == 0 {
            Some(&[][..])
        } else {
            u8_at(page, place).and_then(|length| slice(page, place + 1, usize::from(length)))
        };
        Some(Run {
            start: u32_at(page, index * 4)?,
            end: u32_at(page, index * 4 + 4)?,
            properties: properties.unwrap_or_default(),
        })
    }

    /// Properties of the paragraph at an offset: its style's number, then a list of changes.
    pub(super) fn paragraph(&self, offset: u32) -> Option<(u16, &'d [u8])> {
        let (page, index, count) = self.find(offset)?;
        let place = u8_at(page, (count + 1) * 4 + index * PARAGRAPH_PLACE_BYTES)?;
        let place = usize::from(place) * 2;
        if place == 0 {
            return None;
        }
        let (start, length) = match u8_at(page, place)? {
            0 => (place + 2, usize::from(u8_at(page, place + 1)?) * 2),
            words => (place + 1, usize::from(words) * 2 - 1),
        };
        let found = slice(page, start, length)?;
        Some((u16_at(found, 0)?, found.get(2..)?))
    }
}
