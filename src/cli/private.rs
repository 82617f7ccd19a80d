//! Writing people's data to files outside the database.
//!
//! # Security
//! Folders are made with mode 0700 and files with 0600; nothing is overwritten and no symbolic link is followed.

use super::output::{Failure, Outcome};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Nothing of this name may be there: asked before anything is taken out for it.
pub(super) fn demand_absent(paths: &[PathBuf]) -> Outcome {
    match paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        None => Ok(()),
        Some(path) => Err(Failure::failed(format!(
            "{} is there already, and nothing is overwritten: move it away, or name another folder",
            path.display()
        ))),
    }
}

/// The folder that something is to be written to.
pub(super) fn demand_folder(path: &Path) -> Outcome {
    match path.is_dir() {
        true => Ok(()),
        false => Err(Failure::failed(format!("{} is not a folder", path.display()))),
    }
}

/// A new folder for its owner only.
pub(super) fn make_folder(path: &Path) -> Outcome {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(|error| refused(path, &error))
}

/// A new file for its owner only.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Outcome {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written ({})", path.display(), error.kind()))
}
