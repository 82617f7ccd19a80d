//! The syntax of a stream: attributes and properties.

use super::super::properties::{Named, id, kind};

/// Bytes not read yet.
#[derive(Clone, Copy)]
pub(super) struct Input<'b> {
    pub(super) rest: &'b [u8],
}

impl<'b> Input<'b> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// As many bytes as there are, but not more than `length`.
    pub(super) fn take_up_to(&mut self, length: usize) -> &'b [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// Bytes with a length before them, filled up to a multiple of four.
    fn padded(&mut self, length: usize) -> &'b [u8] {
        let bytes = self.take_up_to(length);
        self.take_up_to(length.next_multiple_of(4) - length);
        bytes
    }

    /// Level, id and data of the next attribute, and whether the data is whole: the last one may be cut short.
    /// Its checksum is not looked at.
    pub(super) fn attribute(&mut self) -> Option<(u8, u16, &'b [u8], bool)> {
        let level = self.u8()?;
        // The type is known from the id.
        let id = self.u32()? as u16;
        let length = self.size()?;
        let data = self.take_up_to(length);
        self.take_up_to(2);
        Some((level, id, data, data.len() == length))
    }

    /// Takes the properties of one thing ([MS-OXTNEF] section 2.1.3.4), handing each value to `each`.
    pub(super) fn properties(&mut self, mut each: impl FnMut(PropertyTag, &'b [u8])) -> Option<()> {
        let count = self.u32()?;
        for _ in 0..count {
            let mut tag = self.tag()?;
            let is_multiple = tag.kind & kind::MULTIPLE != 0;
            tag.kind &= !kind::MULTIPLE;
            let fixed = match tag.kind {
                kind::INTEGER_16 | kind::INTEGER_32 | kind::FLOATING_32 | kind::ERROR | kind::BOOLEAN => {
                    Some(4)
                }
                kind::FLOATING_64 | kind::CURRENCY | kind::FLOATING_TIME | kind::INTEGER_64 | kind::TIME => {
                    Some(8)
                }
                kind::GUID => Some(16),
                kind::STRING_8 | kind::STRING | kind::BINARY | kind::OBJECT => None,
                // Of an unknown type nobody knows where it ends.
                _ => return None,
            };
            let values = if is_multiple || fixed.is_none() {
                self.u32()?
            } else {
                1
            };
            for number in 0..values {
                let length = match fixed {
                    Some(length) => length,
                    None => self.size()?,
                };
                if self.rest.is_empty() && length > 0 {
                    return None;
                }
                let value = self.padded(length);
                if number == 0 && !is_multiple {
                    each(tag, value);
                }
                if length == 0 && self.rest.is_empty() {
                    return None;
                }
            }
        }
        Some(())
    }

    fn tag(&mut self) -> Option<PropertyTag> {
        let kind = self.u16()?;
        let id = self.u16()?;
        let mut name = None;
        if id >= id::FIRST_NAMED {
            let guid = self.take(16)?;
            if self.u32()? == 0 {
                name = Named::of_guid(guid, self.u32()?);
            } else {
                let length = self.size()?;
                self.padded(length);
            }
        }
        Some(PropertyTag { id, kind, name })
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PropertyTag {
    pub(super) id: u16,
    pub(super) kind: u16,
    pub(super) name: Option<Named>,
}
