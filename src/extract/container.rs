//! Zip containers of documents, inflated within bounds.
//!
//! # Security
//! Names and sizes in a zip are claims: members are inflated up to a bound and no further, whatever their
//! headers say, and all of them together up to another.

use super::ReadLimits;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Most members of a container.
const MAX_MEMBERS: usize = 4096;
/// All members read of one container inflate to no more than this many times the bound of one.
const TOTAL_FACTOR: u64 = 2;

/// A container, open for reading.
pub(super) struct Container<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    member_limit: u64,
    left: u64,
}

/// Why a container or a member was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ContainerError {
    #[error("damaged file; it cannot be unpacked")]
    Damaged,
    #[error("more files inside than the limit; not read")]
    TooManyMembers,
    #[error("unpacks to more than the limit; not read")]
    TooLarge,
    #[error("file behind a password")]
    Encrypted,
    #[error("a part of the file is missing")]
    Missing,
}

/// Opens a zip, whatever was put after its end: its reader looks for the end in the last 64 KB only.
pub(super) fn open_zip(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, ContainerError> {
    let whole = ZipArchive::new(Cursor::new(bytes)).ok();
    whole
        .or_else(|| ZipArchive::new(Cursor::new(without_tail(bytes)?)).ok())
        .ok_or(ContainerError::Damaged)
}

/// The bytes up to the end of the last end-of-directory record (APPNOTE 4.3.16) and its comment.
fn without_tail(bytes: &[u8]) -> Option<&[u8]> {
    const RECORD_BYTES: usize = 22;
    let at = bytes.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let end = at.checked_add(RECORD_BYTES)?;
    let &[low, high] = bytes.get(end - 2..end)? else {
        return None;
    };
    let comment = usize::from(u16::from_le_bytes([low, high]));
    bytes.get(..end.saturating_add(comment).min(bytes.len()))
}

impl<'b> Container<'b> {
    pub(super) fn open(bytes: &'b [u8], limits: &ReadLimits) -> Result<Self, ContainerError> {
        // Counted before the archive reader makes a record of each.
        let entries = bytes.windows(4).filter(|w| *w == b"PK\x01\x02").count();
        if entries > MAX_MEMBERS {
            return Err(ContainerError::TooManyMembers);
        }
        let zip = open_zip(bytes)?;
        if zip.len() > MAX_MEMBERS {
            return Err(ContainerError::TooManyMembers);
        }
        Ok(Self {
            zip,
            member_limit: limits.max_document_bytes,
            left: limits.max_document_bytes.saturating_mul(TOTAL_FACTOR),
        })
    }

    /// The names of all members that can be told.
    pub(super) fn names(&self) -> Vec<String> {
        (0..self.zip.len())
            .filter_map(|at| self.zip.name_for_index(at)?.ok())
            .map(|name| name.into_owned())
            .collect()
    }

    /// Inflates a member.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, ContainerError> {
        let limit = self.member_limit.min(self.left);
        let index = self.zip.index_for_name(name).ok_or(ContainerError::Missing)?;
        let member = self.zip.by_index(index).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                ContainerError::Encrypted
            }
            _ => ContainerError::Damaged,
        })?;
        let mut bytes = Vec::new();
        // One byte more than allowed tells "as large as allowed" from "larger".
        member
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| ContainerError::Damaged)?;
        if bytes.len() as u64 > limit {
            return Err(ContainerError::TooLarge);
        }
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }
}
