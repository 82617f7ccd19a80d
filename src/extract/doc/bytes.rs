//! Little-endian numbers at offsets that the file claims.

pub(super) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(found.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}

/// `length` bytes from `at`.
pub(super) fn slice(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

/// UTF-16 as far as it goes; lone surrogates become the replacement character.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// A PLC ([MS-DOC] section 2.2.2): `n + 1` positions, then `n` records of one size.
#[derive(Clone, Copy)]
pub(super) struct Plc<'d> {
    bytes: &'d [u8],
    record: usize,
    count: usize,
}

impl<'d> Plc<'d> {
    pub(super) fn new(bytes: &'d [u8], record: usize) -> Self {
        let count = bytes.len().saturating_sub(4) / (4 + record);
        Self { bytes, record, count }
    }

    /// Number of records; as many as the bytes have room for, whatever was claimed.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The position at which record `index` begins; `index` may be [`Plc::len`].
    pub(super) fn position(&self, index: usize) -> Option<u32> {
        if index > self.count {
            return None;
        }
        u32_at(self.bytes, index * 4)
    }

    pub(super) fn record(&self, index: usize) -> Option<&'d [u8]> {
        if index >= self.count {
            return None;
        }
        slice(
            self.bytes,
            (self.count + 1) * 4 + index * self.record,
            self.record,
        )
    }

    /// The record whose range holds `position`, where positions are in order.
    pub(super) fn find(&self, position: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.position(middle + 1)? <= position {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.count && self.position(low)? <= position).then_some(low)
    }
}
