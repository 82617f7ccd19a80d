//! What a worker tells before its answer, checked: it may have been taken over.

use super::frame::{FrameError, FrameKind};
use super::job::{MAX_PART_NUMBER, decode_content, part_number};
use crate::domain::{Personal, comes_before};

/// Most parts of one mail that are taken from a worker.
const MAX_CONTENTS: usize = 10_000;

/// What may come before an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Nothing,
    Openings,
    Contents,
}

/// What came before an answer.
pub(super) struct Told {
    expected: Expected,
    /// The part that was opened last.
    part: Option<String>,
    contents: Vec<(String, Personal<Vec<u8>>)>,
    /// Bytes of contents that are still taken.
    room: u32,
}

impl Told {
    fn expecting(expected: Expected, room: u32) -> Self {
        Self {
            expected,
            part: None,
            contents: Vec::new(),
            room,
        }
    }

    /// Nothing may come.
    pub(super) fn nothing() -> Self {
        Self::expecting(Expected::Nothing, 0)
    }

    /// Numbers of parts that are being opened may come, in order.
    pub(super) fn openings() -> Self {
        Self::expecting(Expected::Openings, 0)
    }

    /// Parts may come, of so many bytes together.
    pub(super) fn contents(room: u32) -> Self {
        Self::expecting(Expected::Contents, room)
    }

    /// The part that was opened last.
    pub(super) fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// The parts that came.
    pub(super) fn into_contents(self) -> Vec<(String, Personal<Vec<u8>>)> {
        self.contents
    }

    /// How long a frame of that kind may be, where it may come.
    ///
    /// # Errors
    /// [`FrameError::Kind`].
    pub(super) fn bound(&self, kind: FrameKind, answer: u32) -> Result<u32, FrameError> {
        match (kind, self.expected) {
            (FrameKind::Answer, Expected::Nothing | Expected::Openings | Expected::Contents) => Ok(answer),
            (FrameKind::Opening, Expected::Openings) => Ok(MAX_PART_NUMBER),
            (FrameKind::Content, Expected::Contents) => Ok(self.room),
            (
                FrameKind::Read
                | FrameKind::Draft
                | FrameKind::Probe
                | FrameKind::Hello
                | FrameKind::Opening
                | FrameKind::Content,
                _,
            ) => Err(FrameError::Kind(kind.to_byte())),
        }
    }

    /// Takes a frame that came before the answer. `None` where it makes no sense.
    pub(super) fn take(&mut self, kind: FrameKind, payload: Vec<u8>) -> Option<()> {
        match kind {
            FrameKind::Opening => {
                let part = part_number(&payload)?;
                // Parts are opened in order, so a worker can put the blame on no part that was read.
                if self.part.as_ref().is_some_and(|last| comes_before(&part, last)) {
                    return None;
                }
                self.part = Some(part);
            }
            FrameKind::Content => {
                self.room = self.room.checked_sub(u32::try_from(payload.len()).ok()?)?;
                if self.contents.len() >= MAX_CONTENTS {
                    return None;
                }
                self.contents.push(decode_content(payload)?);
            }
            FrameKind::Read | FrameKind::Draft | FrameKind::Probe | FrameKind::Hello | FrameKind::Answer => {
                return None;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::job::encode_content;

    #[test]
    fn parts_are_opened_in_order() {
        let mut told = Told::openings();
        for part in ["1", "2", "2.1", "2.2", "10"] {
            assert_eq!(told.take(FrameKind::Opening, part.into()), Some(()), "{part}");
        }
        assert_eq!(told.take(FrameKind::Opening, b"2".to_vec()), None);
        assert_eq!(told.take(FrameKind::Opening, b"x".to_vec()), None);
        assert_eq!(told.part(), Some("10"));
    }

    #[test]
    fn contents_over_the_room_are_refused() {
        let payload = encode_content("1", b"bytes").unwrap();
        let mut told = Told::contents(15);
        assert_eq!(told.take(FrameKind::Content, payload.clone()), Some(()));
        assert!(told.bound(FrameKind::Content, 99).unwrap() < payload.len() as u32);
        assert_eq!(told.take(FrameKind::Content, payload), None);
    }

    #[test]
    fn only_what_was_asked_for_may_come() {
        assert!(Told::nothing().bound(FrameKind::Opening, 9).is_err());
        assert!(Told::openings().bound(FrameKind::Content, 9).is_err());
        assert!(Told::contents(9).bound(FrameKind::Opening, 9).is_err());
        assert_eq!(Told::nothing().bound(FrameKind::Answer, 9), Ok(9));
        assert!(Told::openings().bound(FrameKind::Hello, 9).is_err());
    }
}
