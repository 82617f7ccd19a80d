//! The language of the worker's pipes: one kind byte, a length (u32, big endian), the payload.
//!
//! # Security
//! Both ends distrust the other: the length is compared with the reader's bound before anything is
//! allocated, and memory grows only with bytes that have really arrived.

use std::io::{Read, Write};

/// Bytes of a frame's header: kind and length.
pub(super) const HEADER_BYTES: usize = 5;
/// What is allocated before the first byte of a payload has arrived, at most.
const FIRST_ALLOCATION: usize = 64 * 1024;
/// Longest hello, in bytes.
pub(super) const MAX_HELLO: u32 = 4 * 1024;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// To a reading worker: a `Job` with its bytes.
    Read,
    /// To the worker: a `DraftRequest` (JSON).
    Draft,
    /// To the worker, debug builds only: a `Probe` (JSON).
    Probe,
    /// From the worker, first of all: its `FenceReport` (JSON).
    Hello,
    /// From the worker: the answer (JSON) to the one request it was given.
    Answer,
    /// From a reading worker before an answer: the number of the part that it opens next.
    Opening,
    /// From a reading worker before an answer: one part as it is, behind its number.
    Content,
}

impl FrameKind {
    pub(super) fn to_byte(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Draft => 2,
            Self::Probe => 3,
            Self::Hello => 16,
            Self::Answer => 17,
            Self::Opening => 18,
            Self::Content => 19,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Read,
            Self::Draft,
            Self::Probe,
            Self::Hello,
            Self::Answer,
            Self::Opening,
            Self::Content,
        ]
        .into_iter()
        .find(|kind| kind.to_byte() == byte)
    }
}

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The pipe ended between or inside frames.
    #[error("the pipe ended")]
    Ended,
    /// Reading or writing the pipe failed.
    #[error("the pipe failed")]
    Pipe,
    /// A kind nobody knows, or one that has no place here.
    #[error("a frame of kind {0} has no place here")]
    Kind(u8),
    /// Longer than the bound.
    #[error("a frame of {length} bytes is over the bound of {bound}")]
    TooLong {
        /// As announced, in bytes; `u64` because a caller may have more than a frame can say.
        length: u64,
        /// What is taken, in bytes.
        bound: u32,
    },
}

/// A frame's header, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: FrameKind,
    /// Payload length in bytes, within the bound it was checked against.
    pub(super) length: u32,
}

impl Header {
    /// A header for a payload of that many bytes.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] over `bound` bytes.
    pub(super) fn for_length(kind: FrameKind, length: u64, bound: u32) -> Result<Self, FrameError> {
        match u32::try_from(length) {
            Ok(length) => Self { kind, length }.within(bound),
            Err(_) => Err(FrameError::TooLong { length, bound }),
        }
    }

    /// Demands at most `bound` bytes.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub(super) fn within(self, bound: u32) -> Result<Self, FrameError> {
        if self.length > bound {
            return Err(FrameError::TooLong {
                length: self.length.into(),
                bound,
            });
        }
        Ok(self)
    }

    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let [a, b, c, d] = self.length.to_be_bytes();
        [self.kind.to_byte(), a, b, c, d]
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`FrameError::Kind`] and [`FrameError::TooLong`] over `bound` bytes.
    pub(super) fn decode(bytes: [u8; HEADER_BYTES], bound: u32) -> Result<Self, FrameError> {
        let [kind, a, b, c, d] = bytes;
        let length = u32::from_be_bytes([a, b, c, d]);
        let kind = FrameKind::from_byte(kind).ok_or(FrameError::Kind(kind))?;
        Self { kind, length }.within(bound)
    }

    /// Demands a kind.
    ///
    /// # Errors
    /// [`FrameError::Kind`].
    pub(super) fn expect(self, kind: FrameKind) -> Result<Self, FrameError> {
        if self.kind == kind {
            Ok(self)
        } else {
            Err(FrameError::Kind(self.kind.to_byte()))
        }
    }

    /// How much to allocate before the payload arrives.
    pub(super) fn first_allocation(self) -> usize {
        usize::try_from(self.length).map_or(FIRST_ALLOCATION, |length| length.min(FIRST_ALLOCATION))
    }
}

/// Reads one frame (worker's side). `None` when the pipe ends before its first byte.
///
/// # Errors
/// Any [`FrameError`].
pub(super) fn read_frame(
    pipe: &mut impl Read,
    bound: u32,
) -> Result<Option<(FrameKind, Vec<u8>)>, FrameError> {
    let mut bytes = [0; HEADER_BYTES];
    let mut have = 0;
    while let Some(room) = bytes.get_mut(have..).filter(|room| !room.is_empty()) {
        match pipe.read(room) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Ended),
            Ok(more) => have += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(FrameError::Pipe),
        }
    }
    let header = Header::decode(bytes, bound)?;
    let mut payload = Vec::with_capacity(header.first_allocation());
    let read = pipe
        .take(header.length.into())
        .read_to_end(&mut payload)
        .map_err(|_| FrameError::Pipe)?;
    if read as u64 != u64::from(header.length) {
        return Err(FrameError::Ended);
    }
    Ok(Some((header.kind, payload)))
}

/// Writes one frame (worker's side).
///
/// # Errors
/// [`FrameError::TooLong`] over `bound` bytes, [`FrameError::Pipe`].
pub(super) fn write_frame(
    pipe: &mut impl Write,
    kind: FrameKind,
    payload: &[u8],
    bound: u32,
) -> Result<(), FrameError> {
    let header = Header::for_length(kind, payload.len() as u64, bound)?;
    pipe.write_all(&header.encode())
        .and_then(|()| pipe.write_all(payload))
        .and_then(|()| pipe.flush())
        .map_err(|_| FrameError::Pipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_comes_back_as_it_was_written() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, FrameKind::Read, b"mail", 4).unwrap();
        write_frame(&mut pipe, FrameKind::Answer, b"", 4).unwrap();
        let mut pipe = pipe.as_slice();
        assert_eq!(
            read_frame(&mut pipe, 4),
            Ok(Some((FrameKind::Read, b"mail".to_vec())))
        );
        assert_eq!(
            read_frame(&mut pipe, 4),
            Ok(Some((FrameKind::Answer, Vec::new())))
        );
        assert_eq!(read_frame(&mut pipe, 4), Ok(None));
    }

    #[test]
    fn a_frame_over_the_bound_is_refused_before_its_payload_is_read() {
        let too_long = FrameError::TooLong { length: 5, bound: 4 };
        assert_eq!(
            write_frame(&mut Vec::new(), FrameKind::Read, b"mails", 4),
            Err(too_long)
        );
        let mut pipe: &[u8] = &[1, 0, 0, 0, 5, b'm'];
        assert_eq!(read_frame(&mut pipe, 4), Err(too_long));
        assert_eq!(pipe, b"m");
    }

    #[test]
    fn a_frame_that_announces_more_than_comes_ends_without_the_memory_it_announced() {
        let header = Header::decode([1, 0xff, 0xff, 0xff, 0xff], u32::MAX).unwrap();
        assert!(header.first_allocation() <= FIRST_ALLOCATION);
        let mut pipe: &[u8] = &[1, 0xff, 0xff, 0xff, 0xff, 0];
        assert_eq!(read_frame(&mut pipe, u32::MAX), Err(FrameError::Ended));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_frame_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut pipe = bytes.as_slice();
            while let Ok(Some((_, payload))) = read_frame(&mut pipe, 32) {
                prop_assert!(payload.len() <= 32);
            }
        }
    }
}
