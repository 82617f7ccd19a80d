//! `init`: a documented configuration and a fresh master key, nothing overwritten.

use super::output::{self, Failure, Outcome};
use crate::config::REFERENCE_TOML;
use crate::store::{MasterKeys, OsEntropy};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What `init` takes.
#[derive(clap::Args)]
pub(super) struct InitArguments {
    /// Folder for the configuration and the master key
    #[arg(default_value = "/etc/referrald")]
    folder: PathBuf,
}

const OWNER_ONLY: u32 = 0o600;
const OWNER_WRITES: u32 = 0o640;

pub(super) fn run(arguments: &InitArguments) -> Outcome {
    let folder = &arguments.folder;
    fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    let key = MasterKeys::generate(&OsEntropy)
        .map_err(|_| Failure::failed("the operating system gave no random bytes; try again"))?;
    make(&folder.join("master.key"), key.as_bytes(), OWNER_ONLY)?;
    make(
        &folder.join("referrald.toml"),
        REFERENCE_TOML.as_bytes(),
        OWNER_WRITES,
    )?;
    let shown = folder.display();
    output::line(format!(
        "\nNext:\n\
         1. Back up {shown}/master.key apart from the database: without it nothing can be read.\n\
         2. Edit {shown}/referrald.toml; put the mailbox password into {shown}/mailbox.password (chmod 600).\n\
         3. Run `referrald --config {shown}/referrald.toml check`.\n\
         4. For the staff pages: take the \"# \" before [web] away, and make the first account with\n   \
            `referrald --config {shown}/referrald.toml staff add NAME --role staff`."
    ));
    Ok(())
}

/// Writes a new file and flushes it to disk; an existing one stays as it is.
fn make(file: &Path, content: &[u8], mode: u32) -> Outcome {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file);
    match opened {
        Ok(mut new) => {
            new.write_all(content)
                .and_then(|()| new.sync_all())
                .map_err(|error| cannot("write", file, &error))?;
            output::line(format!("made {}", file.display()));
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            output::line(format!("kept {} (it was there already)", file.display()));
        }
        Err(error) => return Err(cannot("make", file, &error)),
    }
    Ok(())
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!(
        "cannot {what} {} ({}): choose another folder or use sudo",
        path.display(),
        error.kind()
    ))
}
