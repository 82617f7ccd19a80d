//! The Basic Encoding Rules (ITU-T X.690), as far as the beginning of a CMS object needs them: definite and
//! indefinite lengths, strings in one piece or in several.
//!
//! Invariant: no recursion; open elements are counted, and nothing is allocated beyond the input's size.

pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Bit 6 of an identifier: the element is made of elements.
const CONSTRUCTED: u8 = 0x20;
/// Most elements of indefinite length, or pieces of a string, open in one another.
const MAX_OPEN: usize = 32;

/// Whether a tag is an octet string's, in one piece or in several.
pub(super) fn is_string(tag: u8) -> bool {
    tag & !CONSTRUCTED == OCTET_STRING
}

/// A place in the encoding.
pub(super) struct Ber<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// An element's beginning: its tag and where it ends (`None`: at its end-of-contents mark).
struct Header {
    tag: u8,
    end: Option<usize>,
}

impl<'b> Ber<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Tags of more than one byte do not come up here. A definite length that goes beyond the input ends
    /// with it: what was cut off may still be read.
    fn header(&mut self) -> Option<Header> {
        let tag = self.byte()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let first = self.byte()?;
        let length = match first {
            0x80 if tag & CONSTRUCTED != 0 => return Some(Header { tag, end: None }),
            0x80 | 0xff => return None,
            short @ 0..0x80 => usize::from(short),
            long => {
                let mut length: usize = 0;
                for _ in 0..long & 0x7f {
                    length = length.checked_mul(256)?.checked_add(usize::from(self.byte()?))?;
                }
                length
            }
        };
        let end = self.at.saturating_add(length).min(self.bytes.len());
        Some(Header { tag, end: Some(end) })
    }

    /// Goes into an element; gives its end where that is known.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Option<usize>> {
        let header = self.header()?;
        (header.tag == tag).then_some(header.end)
    }

    /// The content of a primitive element.
    pub(super) fn content(&mut self, tag: u8) -> Option<&'b [u8]> {
        let end = self.enter(tag)??;
        let content = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(content)
    }

    /// The bytes inside an element of definite length, whatever its tag.
    pub(super) fn value(&mut self) -> Option<&'b [u8]> {
        let end = self.header()?.end?;
        let content = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(content)
    }

    /// Passes over an element.
    pub(super) fn skip(&mut self, tag: u8) -> Option<()> {
        match self.enter(tag)? {
            Some(end) => {
                self.at = end;
                Some(())
            }
            None => self.skip_to_mark(),
        }
    }

    /// Passes over elements up to the mark that ends an element of indefinite length.
    fn skip_to_mark(&mut self) -> Option<()> {
        let mut open = 1;
        while open > 0 {
            let header = self.header()?;
            match header.end {
                Some(_) if header.tag == 0 => open -= 1,
                Some(end) => self.at = end,
                None if open < MAX_OPEN => open += 1,
                None => return None,
            }
        }
        Some(())
    }

    /// A string: in one piece, or the pieces of a constructed one joined. One that breaks off gives what
    /// is there.
    pub(super) fn octets(&mut self, tag: u8) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut open: Vec<Option<usize>> = Vec::new();
        loop {
            while let Some(Some(end)) = open.last()
                && self.at >= *end
            {
                open.pop();
                if open.is_empty() {
                    return Some(out);
                }
            }
            let Some(header) = self.header() else {
                return (!out.is_empty()).then_some(out);
            };
            match header.end {
                // The mark that ends an indefinite length.
                Some(_) if header.tag == 0 && !open.is_empty() => {
                    open.pop();
                }
                Some(end) if header.tag == tag => {
                    out.extend_from_slice(self.bytes.get(self.at..end)?);
                    self.at = end;
                }
                end if header.tag == tag | CONSTRUCTED && open.len() < MAX_OPEN => open.push(end),
                Some(_) | None => return None,
            }
            if open.is_empty() {
                return Some(out);
            }
        }
    }
}
