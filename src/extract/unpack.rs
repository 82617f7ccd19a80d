//! Files that hold files, as trees of MIME parts.
//!
//! A reader of containers makes a [`Part`] of each thing it finds and a multipart of them all; the walk over
//! the message then goes on as if they had been parts of the mail.
//!
//! # Security
//! All containers of a message share one [`Room`]: nothing is unpacked that it has no room for, whatever
//! the containers say of their sizes and however they nest.

use super::attachment::Reading;
use crate::domain::{ReadLimits, ReadStatus};
use crate::mail::{NotRead, Part, PartBody};

/// How much the containers of one message may still unpack to.
pub(super) struct Room {
    bytes: u64,
    members: usize,
    depth: usize,
    /// What is being opened breaks off before its end.
    breaks_off: bool,
}

impl Room {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self {
            bytes: limits.max_unpacked_bytes,
            members: limits.max_members,
            depth: limits.max_container_depth,
            breaks_off: false,
        }
    }

    /// Notes that what is being opened breaks off: what there is of it is read.
    pub(super) fn note_breaks_off(&mut self) {
        self.breaks_off = true;
    }

    /// Whether that was noted since it was last asked.
    pub(super) fn did_break_off(&mut self) -> bool {
        std::mem::take(&mut self.breaks_off)
    }

    /// Bytes that may still be unpacked.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Accounts for unpacked bytes; `false` if there is no room for so many.
    pub(super) fn take_bytes(&mut self, bytes: u64) -> bool {
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                true
            }
            None => false,
        }
    }

    /// Accounts for one more file out of a container; `false` if there have been too many.
    pub(super) fn take_member(&mut self) -> bool {
        match self.members.checked_sub(1) {
            Some(left) => {
                self.members = left;
                true
            }
            None => false,
        }
    }

    /// Goes one container deeper; `false` if that is too deep. To be paired with [`Room::leave`].
    pub(super) fn enter(&mut self) -> bool {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                true
            }
            None => false,
        }
    }

    pub(super) fn leave(&mut self) {
        self.depth += 1;
    }
}

/// A file out of a container. Its number is set by [`multipart`].
pub(super) fn file(filename: Option<String>, media_type: &str, content: Vec<u8>) -> Part {
    let mut part = part(media_type, PartBody::Bytes(content));
    part.filename = filename;
    part.is_attachment = true;
    part
}

/// A file of a container that is listed and not unpacked, because there is no room for it.
pub(super) fn file_not_read(filename: Option<String>, size: u64) -> Part {
    file_without_content(filename, size, NotRead::Bounds)
}

/// A file of a container that is listed and not unpacked.
pub(super) fn file_without_content(filename: Option<String>, size: u64, why: NotRead) -> Part {
    let mut part = part("application/octet-stream", PartBody::NotRead(why));
    part.filename = filename;
    part.is_attachment = true;
    part.size = size;
    part
}

/// What the row of a part says whose content was not taken out.
pub(super) fn reading_of(why: NotRead) -> Reading {
    let (status, reason) = match why {
        NotRead::Bounds => (
            ReadStatus::TooLarge,
            "more parts or nesting than the limit; not read",
        ),
        NotRead::TooLarge => (ReadStatus::TooLarge, "unpacks to more than the limit; not read"),
        NotRead::Encrypted => (
            ReadStatus::Encrypted,
            "file behind a password; ask for it without one",
        ),
        NotRead::Method => (
            ReadStatus::Unsupported,
            "packed by a method that is not read; ask for the file itself",
        ),
        NotRead::Damaged => (ReadStatus::Unreadable, "damaged; it cannot be unpacked"),
        NotRead::SameName => (
            ReadStatus::Unreadable,
            "another file in the archive has the same name; only that one was read",
        ),
    };
    Reading::failed(status, reason)
}

/// A part without a name. Its number is set by [`multipart`].
pub(super) fn part(media_type: &str, body: PartBody) -> Part {
    let size = match &body {
        PartBody::Text(text) => text.len() as u64,
        PartBody::Bytes(bytes) => bytes.len() as u64,
        PartBody::Multipart(_) | PartBody::Message(_) | PartBody::NotRead(_) => 0,
    };
    Part {
        number: String::new(),
        media_type: media_type.to_owned(),
        charset: None,
        filename: None,
        is_attachment: false,
        content_id: None,
        fields: Vec::new(),
        size,
        body,
    }
}

/// A multipart of these parts, numbered from `1`; multiparts among them are numbered within.
pub(super) fn multipart(media_type: &str, mut parts: Vec<Part>) -> Part {
    for (at, part) in parts.iter_mut().enumerate() {
        renumber(part, &(at + 1).to_string());
    }
    part(media_type, PartBody::Multipart(parts))
}

/// Puts a number before those of a part and all parts in it.
pub(super) fn renumber(part: &mut Part, prefix: &str) {
    part.number = if part.number.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix}.{}", part.number)
    };
    match &mut part.body {
        PartBody::Multipart(parts) => parts.iter_mut().for_each(|part| renumber(part, prefix)),
        PartBody::Message(mail) => renumber(&mut mail.root, prefix),
        PartBody::Text(_) | PartBody::Bytes(_) | PartBody::NotRead(_) => {}
    }
}
