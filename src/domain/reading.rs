//! What reading a message is bounded by, and what is asked of the reader beside the message itself.

use super::document::ReadStatus;
use serde::{Deserialize, Serialize};

const MEGABYTE: u64 = 1024 * 1024;

/// Bounds of taking a message apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLimits {
    /// Deepest nesting of multiparts and attached mails together.
    pub max_depth: usize,
    /// Most parts, nested ones included.
    pub max_parts: usize,
    /// Most header bytes of one entity.
    pub max_header_bytes: usize,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self {
            max_depth: 12,
            max_parts: 500,
            max_header_bytes: 512 * 1024,
        }
    }
}

/// Bounds of reading one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadLimits {
    /// Bounds of the MIME tree.
    pub mail: MailLimits,
    /// Largest attachment read, in bytes, and largest member of a container once inflated.
    pub max_document_bytes: u64,
    /// Most bytes that all containers of a message (archives, Outlook files) unpack to together.
    pub max_unpacked_bytes: u64,
    /// Deepest nesting of files that hold files (an archive in an Outlook message is two).
    pub max_container_depth: usize,
    /// Most files listed out of the containers of one message.
    pub max_members: usize,
    /// Most pages of a PDF.
    pub max_pages: u32,
    /// Most blocks, rows and cells of one message.
    pub max_blocks: usize,
    /// Most text of one message, in bytes of UTF-8.
    pub max_chars: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            mail: MailLimits::default(),
            max_document_bytes: 32 * MEGABYTE,
            max_unpacked_bytes: 128 * MEGABYTE,
            max_container_depth: 4,
            max_members: 200,
            max_pages: 60,
            max_blocks: 40_000,
            max_chars: 4_000_000,
        }
    }
}

/// A part that is not to be opened, and what its row says instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedPart {
    /// MIME part number.
    pub part: String,
    /// How the row is marked.
    pub read: ReadStatus,
    /// Why, in plain words.
    pub reason: String,
}

/// What is asked of the reader beside the message itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRequest {
    /// Bounds.
    pub limits: ReadLimits,
    /// Parts that are listed without being opened: a reader failed on them, or they are infected.
    pub skip: Vec<SkippedPart>,
    /// This part and every one that comes after it are listed without being opened, with its words. The
    /// empty number comes before all others.
    #[serde(default)]
    pub skip_from: Option<SkippedPart>,
    /// Pictures and scanned documents are wanted as they are ([`super::ReadMessage::pictures`]).
    #[serde(default)]
    pub pictures: bool,
}

impl ReadRequest {
    /// The entry for that part, if it is to be skipped.
    pub fn skipped(&self, part: &str) -> Option<&SkippedPart> {
        let named = self.skip.iter().find(|skipped| skipped.part == part);
        let from = self.skip_from.as_ref();
        named.or_else(|| from.filter(|from| !comes_before(part, &from.part)))
    }
}

/// The part with the first number is opened before the one with the second: numbers compare piece by piece,
/// and a container comes before what it holds.
pub fn comes_before(first: &str, second: &str) -> bool {
    let pieces =
        |number: &str| -> Vec<u32> { number.split('.').filter_map(|piece| piece.parse().ok()).collect() };
    pieces(first) < pieces(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(part: &str) -> SkippedPart {
        SkippedPart {
            part: part.to_owned(),
            read: ReadStatus::Unreadable,
            reason: "a reason".to_owned(),
        }
    }

    #[test]
    fn parts_are_skipped_by_name_or_from_one_on() {
        let request = ReadRequest {
            skip: vec![skipped("1")],
            skip_from: Some(skipped("2.2")),
            ..ReadRequest::default()
        };
        let is_skipped = |part: &str| request.skipped(part).is_some();
        for part in ["1", "2.2", "2.2.1", "2.10", "3", "10"] {
            assert!(is_skipped(part), "{part}");
        }
        for part in ["1.1", "2", "2.1", "2.1.9"] {
            assert!(!is_skipped(part), "{part}");
        }
    }

    #[test]
    fn from_the_empty_number_on_everything_is_skipped() {
        let request = ReadRequest {
            skip_from: Some(skipped("")),
            ..ReadRequest::default()
        };
        assert!(
            ["", "1", "2.1"]
                .iter()
                .all(|part| request.skipped(part).is_some())
        );
    }
}
