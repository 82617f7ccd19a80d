//! The documents folder: copies of files' documents outside the database, a folder per case and side.
//!
//! Invariant: everything in it is a copy that can be made again, and what belongs to a destroyed case goes: at once where it
//! is destroyed by order, and otherwise, and after a crash, with the next daily run.
//!
//! # Security
//! Names in the folder are not trusted. Nothing is followed that is a symbolic link, nothing outside the folder is touched,
//! and only folders named exactly like a reference of a destroyed case are removed. Folders are made with mode 0700, files
//! with 0600; nothing is overwritten.

use super::export::side_word;
use super::{Casework, CaseworkError};
use crate::domain::{CaseReference, CaseState, EntryId, Personal, Side, Timestamp};
use crate::store::{CaseName, NewDocument, Store, StoreError, Taking};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Longest file name that is written, in bytes; file systems take 255.
const MAX_NAME: usize = 200;
/// Characters of a document's id that make its file name its own.
const ID_CHARACTERS: usize = 8;

/// `[keeping] documents_dir`.
#[derive(Debug, Clone)]
pub struct DocumentsFolder {
    path: PathBuf,
}

/// What became of the folders of destroyed cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Removed.
    pub removed: u64,
    /// Could not be removed; the next run tries again.
    pub left: u64,
}

/// What an export of documents did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportedDocuments {
    /// Files that were written.
    pub written: usize,
    /// Files that were there already.
    pub there: usize,
    /// Documents that belong to a file about somebody restricted.
    pub left_out: usize,
}

impl DocumentsFolder {
    /// The folder at this path; it is made, for its owner only, when something is written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one document; `false` where it is there already.
    fn write(
        &self,
        reference: &CaseReference,
        side: Side,
        id: EntryId,
        document: &NewDocument,
    ) -> io::Result<bool> {
        match fs::DirBuilder::new().create(&self.path) {
            Ok(()) => {
                use std::os::unix::fs::PermissionsExt as _;
                fs::set_permissions(&self.path, fs::Permissions::from_mode(0o700))?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let top = open(&self.path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let case = own_folder(&top, reference.as_str())?;
        let side = own_folder(&case, &side_word(side))?;
        write_new(&side, &file_name(id, &document.name), &document.bytes)
    }

    /// The references that name folders in here. Links, files and everything else are passed over.
    fn cases(&self) -> io::Result<Vec<CaseReference>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let reference = name.to_str().and_then(|name| {
                let reference = CaseReference::parse(name)?;
                (reference.as_str() == name).then_some(reference)
            });
            if let Some(reference) = reference
                && entry.file_type()?.is_dir()
            {
                found.push(reference);
            }
        }
        Ok(found)
    }

    /// Removes a folder of a case, or of one side of it; `false` where there is none.
    fn remove(&self, reference: &CaseReference, side: Option<Side>) -> io::Result<bool> {
        let mut folder = self.path.join(reference.as_str());
        if !is_folder(&folder)? {
            return Ok(false);
        }
        if let Some(side) = side {
            folder.push(side_word(side));
            if !is_folder(&folder)? {
                return Ok(false);
            }
        }
        // Takes links away, follows none.
        fs::remove_dir_all(&folder)?;
        Ok(true)
    }
}

impl Casework {
    /// Writes the documents of a case's files to the documents folder; each is audited.
    ///
    /// # Errors
    /// [`CaseworkError::NoDocumentsFolder`], [`CaseworkError::NoSuchCase`], [`CaseworkError::NotWritten`].
    pub async fn export_documents(
        &self,
        case: &str,
        now: Timestamp,
    ) -> Result<ExportedDocuments, CaseworkError> {
        let folder = self.documents.as_ref().ok_or(CaseworkError::NoDocumentsFolder)?;
        let case = self.find_case(case).await?;
        let viewer = self.viewer();
        let files = self
            .store
            .take_files(&viewer, case.id, &case.sides, Taking::Export, now)
            .await?;
        let mut done = ExportedDocuments::default();
        for file in &files {
            let documents = documents_of(file);
            if file.state.expose_personal().progress.iter().any(|p| p.restricted) {
                done.left_out += documents.len();
                continue;
            }
            for id in documents {
                let document = self
                    .store
                    .take_document(&viewer, (case.id, file.side), id, Taking::Export, now)
                    .await?;
                let written = folder.write(&case.reference, file.side, id, &document);
                match written.map_err(|error| CaseworkError::NotWritten(error.kind()))? {
                    true => done.written += 1,
                    false => done.there += 1,
                }
            }
        }
        self.take_back_if_destroyed(folder, &case.reference).await?;
        Ok(done)
    }

    /// A case that was destroyed while its documents were written leaves none.
    async fn take_back_if_destroyed(
        &self,
        folder: &DocumentsFolder,
        reference: &CaseReference,
    ) -> Result<(), CaseworkError> {
        if is_destroyed(&self.store, reference).await? {
            remove_folder(folder, reference, None)?;
        }
        Ok(())
    }
}

/// Removes the folders of destroyed cases.
///
/// # Errors
/// Of the store.
pub(super) async fn clear(store: &Store, folder: &DocumentsFolder) -> Result<Cleared, StoreError> {
    let mut cleared = Cleared::default();
    let Ok(references) = folder.cases() else {
        cleared.left += 1;
        return Ok(cleared);
    };
    for reference in references {
        if is_destroyed(store, &reference).await? {
            match folder.remove(&reference, None) {
                Ok(_) => cleared.removed += 1,
                Err(_) => cleared.left += 1,
            }
        }
    }
    Ok(cleared)
}

/// Removes the folder of a case or of one side.
pub(super) fn remove_folder(
    folder: &DocumentsFolder,
    reference: &CaseReference,
    side: Option<Side>,
) -> Result<(), CaseworkError> {
    match folder.remove(reference, side) {
        Ok(_) => Ok(()),
        Err(error) => Err(CaseworkError::FolderLeft(error.kind())),
    }
}

async fn is_destroyed(store: &Store, reference: &CaseReference) -> Result<bool, StoreError> {
    match store.case_named(&CaseName::Reference(reference.clone())).await {
        Ok(case) => Ok(case.state == CaseState::Destroyed),
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The documents of a file that were not erased.
pub(super) fn documents_of(file: &crate::store::OpenedFile) -> Vec<EntryId> {
    let kept = file.entries.iter().filter(|entry| {
        let content = entry.content.as_ref().map(Personal::expose_personal);
        content.is_some_and(|content| content.document.is_some())
    });
    kept.map(|entry| entry.id).collect()
}

/// A folder of that name, made for its owner only where it is missing. A link is refused.
fn own_folder(parent: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    match mkdirat(parent, name, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::empty())?)
}

/// Writes a file whole or not at all; `false` where one of that name is there.
fn write_new(folder: &OwnedFd, name: &str, bytes: &Personal<Vec<u8>>) -> io::Result<bool> {
    let there = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    match there {
        Ok(_) => return Ok(false),
        Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let part = format!(".{name}.part");
    match unlinkat(folder, &part, AtFlags::empty()) {
        // Left by a crash.
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(folder, &part, flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = fs::File::from(opened);
    file.write_all(bytes.expose_personal())?;
    file.sync_all()?;
    renameat(folder, &part, folder, name)?;
    Ok(true)
}

/// The document's name with the end of its id in front: two of the same name stay apart, and the same one is known again.
fn file_name(id: EntryId, name: &str) -> String {
    let id = id.0.simple().to_string();
    let own = id.get(id.len() - ID_CHARACTERS..).unwrap_or(&id);
    let clean: String = name
        .chars()
        .map(|c| match c.is_control() || matches!(c, '/' | '\\') {
            true => '_',
            false => c,
        })
        .collect();
    let (stem, ending) = match clean.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 10 => (stem, format!(".{ending}")),
        Some(_) | None => (clean.as_str(), String::new()),
    };
    let stem = &stem[..stem.floor_char_boundary(MAX_NAME)];
    format!("{own}-{stem}{ending}")
}

/// A link is no folder, and neither is what is not there.
fn is_folder(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(data) => Ok(data.file_type().is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_bounded_and_leave_no_folder() {
        let id = EntryId(uuid::Uuid::from_u128(0x1234_5678));
        assert_eq!(file_name(id, "letter.txt"), "12345678-letter.txt");
        assert_eq!(file_name(id, "../../etc/x\n"), "12345678-.._.._etc_x_");
        let long = file_name(id, &format!("{}.pdf", "ü".repeat(400)));
        assert!(long.len() < 230 && long.ends_with(".pdf"));
    }
}
