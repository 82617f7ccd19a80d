//! `keys`: the generations of the master key.
//!
//! # Security
//! The key file is replaced as a whole: written beside, flushed, renamed, with the old one's owner and for its owner only.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Clock, SystemClock};
use crate::store::{OsEntropy, Store};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::Path;

/// What `keys` does.
#[derive(clap::Subcommand)]
pub(super) enum KeysCommand {
    /// List the generations of the master key and how many keys each wraps
    List,
    /// Put a new generation on top of the key file and wrap every key under it; the daemon may go on running
    Rotate,
    /// Wrap every key under the newest generation that is in the file
    Rewrap,
    /// Take an old generation out of the key file, once nothing is wrapped under it any more
    Retire {
        /// Its number, as `keys list` shows it
        generation: u32,
    },
}

pub(super) async fn run(setup: Setup, command: KeysCommand) -> Outcome {
    let store = setup.store().await?;
    match command {
        KeysCommand::List => list(&store).await,
        KeysCommand::Rotate => {
            let file = setup.files.locate(&setup.config.keeping.master_key_file);
            let text = setup
                .master_keys()?
                .with_new_generation(&OsEntropy)
                .map_err(|_| Failure::failed("the operating system gave no random bytes; try again"))?;
            replace(&file, &text)?;
            if !store.take_up_keys() {
                return Err(Failure::failed(
                    "the new key file cannot be read back; nothing was wrapped anew",
                ));
            }
            output::line(format!("{} has a new generation: back it up now", file.display()));
            rewrap(&store).await
        }
        KeysCommand::Rewrap => rewrap(&store).await,
        KeysCommand::Retire { generation } => retire(&setup, &store, generation).await,
    }
}

async fn list(store: &Store) -> Outcome {
    for (generation, keys) in store.key_generations().await? {
        output::line(format!("generation {generation}: {keys} keys"));
    }
    Ok(())
}

async fn rewrap(store: &Store) -> Outcome {
    let done = store.rewrap_keys(SystemClock.now()).await?;
    output::line(format!(
        "{done} keys were wrapped anew; the old generation can be retired. A running daemon takes the new one up by itself; one \
         that reads the key as a systemd credential stores nothing until it is started again"
    ));
    Ok(())
}

async fn retire(setup: &Setup, store: &Store, generation: u32) -> Outcome {
    let used = store.key_generations().await?;
    if let Some((_, keys)) = used.iter().find(|(used, _)| *used == generation) {
        return Err(Failure::failed(format!(
            "{keys} keys are still wrapped under generation {generation}: run `referrald keys rewrap` first"
        )));
    }
    let text = setup.master_keys()?.without_generation(generation).ok_or_else(|| {
        Failure::failed("the key file has no such generation, or it is the newest one; `referrald keys list` shows them")
    })?;
    replace(&setup.files.locate(&setup.config.keeping.master_key_file), &text)?;
    output::line(format!(
        "generation {generation} is out of the key file; backups made under it need a copy of the file from before"
    ));
    Ok(())
}

fn replace(file: &Path, text: &str) -> Outcome {
    let beside = file.with_extension("new");
    let replaced = (|| {
        let old = fs::metadata(file)?;
        let _earlier = fs::remove_file(&beside);
        let mut new = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        chown(&beside, Some(old.uid()), Some(old.gid()))?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        fs::rename(&beside, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    })();
    replaced.map_err(|error: std::io::Error| {
        Failure::failed(format!(
            "{} cannot be replaced ({}): run this as the user that owns it, in a folder that can be written to",
            file.display(),
            error.kind()
        ))
    })
}
