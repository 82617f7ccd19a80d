//! Inflating streams within an allowance.

use super::super::ReadLimits;
use lopdf::{DecompressError, Error, Object, Stream};

/// All streams of a document that are looked into inflate to no more than this many times the bound of one.
const TOTAL_FACTOR: u64 = 4;

/// What a document's streams may still inflate to.
pub(super) struct Allowance {
    /// Most bytes of one stream.
    one: u64,
    left: u64,
    is_exceeded: bool,
}

impl Allowance {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self {
            one: limits.max_document_bytes,
            left: limits.max_document_bytes.saturating_mul(TOTAL_FACTOR),
            is_exceeded: false,
        }
    }

    /// Something was left out because it is too large.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    /// The content of a stream of no more than `most` bytes; `None` if it is longer or damaged.
    pub(super) fn content(&mut self, stream: &Stream, most: u64) -> Option<Vec<u8>> {
        let most = most.min(self.one).min(self.left);
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        match stream.get_plain_content_with_limit(limit) {
            Ok(content) => {
                self.left = self.left.saturating_sub(content.len() as u64);
                Some(content)
            }
            Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
                self.is_exceeded = true;
                // The work was done all the same.
                self.left = self.left.saturating_sub(most);
                None
            }
            Err(_) => None,
        }
    }

    /// The same for an object that may be something else.
    pub(super) fn content_of(&mut self, object: &Object) -> Option<Vec<u8>> {
        let one = self.one;
        self.content(object.as_stream().ok()?, one)
    }
}
