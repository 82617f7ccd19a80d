//! Inflating streams within an allowance.

use super::super::ReadLimits;
use lopdf::{DecompressError, Document, Error, Object, Stream};

/// All streams of a document that are looked into inflate to no more than this many times the bound of one.
const TOTAL_FACTOR: u64 = 4;
/// Most filters of one stream.
const MAX_FILTERS: usize = 16;

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

/// Writes the filters of all streams in place and under their whole names: they may be objects of their own,
/// and some programs use the short names that only pictures inside a content may have (table 94).
pub(super) fn settle_filters(document: &mut Document) {
    let mut settled = Vec::new();
    for (id, object) in &document.objects {
        let Object::Stream(stream) = object else {
            continue;
        };
        for key in [b"Filter".as_slice(), b"DecodeParms"] {
            if let Ok(entry) = stream.dict.get(key)
                && let Some(whole) = whole_entry(document, entry)
            {
                settled.push((*id, key, whole));
            }
        }
    }
    for (id, key, entry) in settled {
        if let Some(Object::Stream(stream)) = document.objects.get_mut(&id) {
            stream.dict.set(key, entry);
        }
    }
}

/// Finds the content of streams whose length is missing or wrong: up to the next `endstream`.
pub(super) fn recover(document: &mut Document, bytes: &[u8]) {
    // Streams that never end would each take all the rest.
    let mut left = bytes.len().saturating_mul(2);
    let header = bytes
        .windows(5)
        .take(HEADER_REACH)
        .position(|part| part == b"%PDF-");
    for object in document.objects.values_mut() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let (true, Some(start)) = (stream.content.is_empty(), stream.start_position) else {
            continue;
        };
        let starts = [start, start.saturating_add(header.unwrap_or(0))];
        let start = starts.into_iter().find(|start| follows_keyword(bytes, *start));
        let Some(rest) = start.and_then(|start| bytes.get(start..)) else {
            continue;
        };
        let reach = rest.get(..left.min(rest.len())).unwrap_or_default();
        let length = reach
            .windows(END.len())
            .position(|part| part == END)
            .unwrap_or(reach.len());
        left -= length;
        let content = reach.get(..length).unwrap_or_default();
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if !content.is_empty() {
            stream.set_content(content.to_vec());
        }
        if left == 0 {
            return;
        }
    }
}

const END: &[u8] = b"endstream";
/// The header of a file stands within so many bytes (ISO 32000-1 annex H.3).
const HEADER_REACH: usize = 1024;

/// Whether the keyword `stream` and the end of its line stand before a place.
fn follows_keyword(bytes: &[u8], place: usize) -> bool {
    let before = bytes.get(place.saturating_sub(8)..place).unwrap_or_default();
    before.trim_ascii_end().ends_with(b"stream")
}

/// An entry with what it refers to in place and whole names; `None` if it is so already.
fn whole_entry(document: &Document, entry: &Object) -> Option<Object> {
    let whole = |name: &[u8]| -> Option<&'static str> {
        match name {
            b"A85" => Some("ASCII85Decode"),
            b"AHx" => Some("ASCIIHexDecode"),
            b"Fl" => Some("FlateDecode"),
            b"LZW" => Some("LZWDecode"),
            b"RL" => Some("RunLengthDecode"),
            _ => None,
        }
    };
    let one = |object: &Object| -> Option<Object> {
        match object {
            Object::Name(name) => Some(Object::Name(whole(name)?.into())),
            Object::Reference(_) => match document.dereference(object).ok()?.1 {
                Object::Name(name) => {
                    let name = whole(name).map_or_else(|| name.clone(), |whole| whole.into());
                    Some(Object::Name(name))
                }
                other @ (Object::Dictionary(_) | Object::Array(_)) => Some(other.clone()),
                _ => Some(Object::Null),
            },
            _ => None,
        }
    };
    match entry {
        Object::Array(items) if items.iter().any(|item| one(item).is_some()) => {
            let items = items.iter().take(MAX_FILTERS);
            Some(
                items
                    .map(|item| one(item).unwrap_or_else(|| item.clone()))
                    .collect::<Vec<_>>()
                    .into(),
            )
        }
        single => one(single),
    }
}
