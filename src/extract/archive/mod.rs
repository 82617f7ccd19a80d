//! Zip archives (PKWARE APPNOTE): each file in one becomes a part.
//!
//! # Security
//! Sizes and names are claims. A file is unpacked up to a bound and no further, and one that unpacks to far
//! more than it was packed in is not. Packed bytes count once: files that overlap (the trick of bombs that
//! do without nesting) run out of them. A name is only shown, never a path.

use super::attachment::Reading;
use super::container::open_zip;
use super::unpack::{self, Room};
use crate::domain::{ReadLimits, ReadStatus};
use crate::mail::{NotRead, Part};
use std::collections::HashSet;
use std::io::{Cursor, Read};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Most entries of a directory: the archive reader makes a record of each.
const MAX_ENTRIES: usize = 20_000;
/// A file may unpack to this many times its packed size ...
const MAX_RATIO: u64 = 200;
/// ... or to this many bytes, whatever the ratio: forms and spreadsheets pack very well.
const UNSUSPICIOUS_BYTES: u64 = 4 * 1024 * 1024;
/// Longest file name shown, in characters.
const MAX_NAME: usize = 200;

/// Size of the fixed part of a directory entry, and its mark (APPNOTE 4.3.12).
const ENTRY_BYTES: usize = 46;
const ENTRY_MARK: &[u8; 4] = b"PK\x01\x02";

/// Unpacks an archive.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits, room: &mut Room) -> Result<Part, Reading> {
    let entries = bytes
        .windows(ENTRY_MARK.len())
        .filter(|w| w == ENTRY_MARK)
        .count();
    if entries > MAX_ENTRIES {
        let reason = "archive of more files than the limit; not read";
        return Err(Reading::failed(ReadStatus::TooLarge, reason));
    }
    let archive = open_zip(bytes).map_err(|_| {
        let reason = "damaged archive; it cannot be unpacked";
        Reading::failed(ReadStatus::Unreadable, reason)
    })?;
    let repeated = repeated_names(bytes, archive.central_directory_start());
    let mut unpacker = Unpacker {
        archive,
        limits,
        room,
        packed_left: bytes.len() as u64,
        parts: Vec::new(),
        has_more: false,
    };
    unpacker.all();
    for name in repeated {
        unpacker.list(&name, 0, NotRead::SameName);
    }
    if unpacker.parts.is_empty() && unpacker.has_more {
        let reason = "archive of more files than the limit; not read";
        return Err(Reading::failed(ReadStatus::TooLarge, reason));
    }
    if unpacker.has_more {
        unpacker.parts.push(unpack::file_not_read(None, 0));
    }
    if unpacker.parts.is_empty() {
        return Err(Reading::failed(ReadStatus::Empty, "archive without files"));
    }
    Ok(unpack::multipart("multipart/mixed", unpacker.parts))
}

struct Unpacker<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    limits: &'a ReadLimits,
    room: &'a mut Room,
    /// Bytes of the archive that no file was unpacked from yet.
    packed_left: u64,
    parts: Vec<Part>,
    /// Files were left out.
    has_more: bool,
}

impl Unpacker<'_> {
    fn all(&mut self) {
        for at in 0..self.archive.len() {
            let Ok(entry) = self.archive.by_index_data(at) else {
                continue;
            };
            let name = entry.name().map(|name| name.into_owned()).unwrap_or_default();
            let size = entry.size();
            if entry.is_dir() || name.ends_with(['/', '\\']) || is_clutter(&name) {
                continue;
            }
            if !self.room.take_member() {
                self.has_more = true;
                return;
            }
            let name = shown_name(&name);
            let part = match self.unpacked(at) {
                Ok(content) => unpack::file(name, "application/octet-stream", content),
                Err(why) => unpack::file_without_content(name, size, why),
            };
            self.parts.push(part);
        }
    }

    fn unpacked(&mut self, at: usize) -> Result<Vec<u8>, NotRead> {
        let mut entry = self.archive.by_index(at).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
                NotRead::Encrypted
            }
            ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => NotRead::Method,
            _ => NotRead::Damaged,
        })?;
        // The reader of an unknown method fails only when bytes are asked of it.
        if !matches!(
            entry.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return Err(NotRead::Method);
        }
        let packed = entry.compressed_size();
        self.packed_left = self.packed_left.checked_sub(packed).ok_or(NotRead::Damaged)?;
        let by_ratio = packed.saturating_mul(MAX_RATIO).max(UNSUSPICIOUS_BYTES);
        let limit = self
            .limits
            .max_document_bytes
            .min(by_ratio)
            .min(self.room.bytes());
        let mut content = Vec::new();
        // One byte more than allowed tells "as large as allowed" from "larger".
        let read = entry.by_ref().take(limit + 1).read_to_end(&mut content);
        let length = content.len() as u64;
        // What was unpacked in vain counts too: the time for it was spent.
        let has_room = self.room.take_bytes(length.min(limit));
        if length > limit || !has_room {
            return Err(NotRead::TooLarge);
        }
        read.map_err(|_| NotRead::Damaged)?;
        Ok(content)
    }

    fn list(&mut self, name: &str, size: u64, why: NotRead) {
        if is_clutter(name) {
            return;
        }
        if !self.room.take_member() {
            self.has_more = true;
            return;
        }
        let part = unpack::file_without_content(shown_name(name), size, why);
        self.parts.push(part);
    }
}

/// What systems put into archives beside the files.
fn is_clutter(name: &str) -> bool {
    let mut components = name.split(['/', '\\']);
    let last = components.clone().next_back().unwrap_or_default();
    components.any(|c| c == "__MACOSX") || matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

/// The last component of a path without drive letters and characters that play tricks on a screen.
fn shown_name(path: &str) -> Option<String> {
    let last = path.split(['/', '\\', ':']).rfind(|part| {
        let part = part.trim();
        !part.is_empty() && part.chars().any(|c| c != '.')
    })?;
    let name: String = crate::mail::without_controls(last)
        .trim()
        .chars()
        .take(MAX_NAME)
        .collect();
    (!name.is_empty()).then_some(name)
}

/// Names that stand in the directory more than once, once for each time but one: the archive reader keeps
/// the last.
fn repeated_names(bytes: &[u8], directory_at: u64) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut repeated = Vec::new();
    let start = usize::try_from(directory_at).unwrap_or(usize::MAX);
    let mut rest = bytes.get(start..).unwrap_or_default();
    while rest.starts_with(ENTRY_MARK) {
        let length = |at: usize| match rest.get(at..at + 2) {
            Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
            Some(_) | None => 0,
        };
        let (name, extra, comment) = (length(28), length(30), length(32));
        let Some(raw) = rest.get(ENTRY_BYTES..ENTRY_BYTES + name) else {
            break;
        };
        if !seen.insert(raw) && !raw.ends_with(b"/") {
            repeated.push(String::from_utf8_lossy(raw).into_owned());
        }
        rest = rest
            .get(ENTRY_BYTES + name + extra + comment..)
            .unwrap_or_default();
    }
    repeated
}

#[cfg(test)]
mod tests;
