//! `ingest`: mail from files into the store, through the same ledger as mail from a mailbox.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Clock, Personal, SystemClock};
use crate::store::{FROM_FILES, FolderKey, Store};
use std::fs;
use std::path::{Path, PathBuf};

/// Files have no UIDVALIDITY of their own.
const FILES_UIDVALIDITY: u32 = 1;

/// Stores every mail of the paths; the daemon reads them.
pub(super) async fn run(setup: Setup, paths: &[PathBuf]) -> Outcome {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    let store = setup.store().await?;
    let largest = setup.config.mailbox.max_message_bytes;
    let (mut new, mut known) = (0_u64, 0_u64);
    for file in &files {
        let bytes = fs::read(file).map_err(|error| unreadable(file, &error))?;
        for mail in mails_in(bytes) {
            if u64::try_from(mail.len()).unwrap_or(u64::MAX) > largest {
                output::line(format!(
                    "skipped a mail of {} that is over max_message_mb",
                    file.display()
                ));
                continue;
            }
            if keep(&store, mail).await? {
                known += 1
            } else {
                new += 1
            }
        }
    }
    output::line(format!(
        "{new} mails stored, {known} were known already; the daemon reads them, see `referrald cases list`"
    ));
    Ok(())
}

/// Files as they are, folders as maildirs (`cur`, `new`) or as folders of files; in order of their names.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let is_maildir = path.join("cur").is_dir();
    let folders = if is_maildir {
        vec![path.join("cur"), path.join("new")]
    } else {
        vec![path.to_path_buf()]
    };
    for folder in folders {
        let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        let mut found: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.is_file())
            .collect();
        found.sort();
        files.extend(found);
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!(
        "{} cannot be read ({}); nothing after it was taken in",
        path.display(),
        error.kind()
    ))
}

/// The mails of one file: a file that begins with `From ` is an mbox (mboxrd quoting).
fn mails_in(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    // With bare CR as line ends there is one mail that the reader mends, not a mailbox.
    if !bytes.starts_with(b"From ") || !bytes.contains(&b'\n') {
        return vec![bytes];
    }
    let mut mails: Vec<Vec<u8>> = Vec::new();
    let mut after_blank = true;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if after_blank && line.starts_with(b"From ") {
            mails.push(Vec::new());
        } else if let Some(mail) = mails.last_mut() {
            let quotes = line.iter().take_while(|b| **b == b'>').count();
            let quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
            mail.extend_from_slice(&line[usize::from(quoted)..]);
        }
        after_blank = matches!(line, b"\n" | b"\r\n");
    }
    mails
}

/// Stores one mail; tells whether it was known already.
async fn keep(store: &Store, raw: Vec<u8>) -> Result<bool, Failure> {
    let folder = FolderKey {
        mailbox: FROM_FILES.to_owned(),
        folder: FROM_FILES.to_owned(),
        uidvalidity: FILES_UIDVALIDITY,
    };
    let committed = store
        .commit_file(&folder, Personal::new(raw), SystemClock.now())
        .await?;
    Ok(committed.already_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mbox_is_split_at_from_lines_after_blank_ones_and_unquoted() {
        let mbox = b"From a@example.org Mon\nSubject: 1\n\nbody\n>From here\nFrom there\n\nFrom b Mon\nSubject: 2\n\nx\n";
        let mails = mails_in(mbox.to_vec());
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0], b"Subject: 1\n\nbody\nFrom here\nFrom there\n\n");
        assert_eq!(mails[1], b"Subject: 2\n\nx\n");
    }

    #[test]
    fn a_single_mail_stays_as_it_is() {
        assert_eq!(
            mails_in(b"Subject: 1\n\nFrom x\n".to_vec()),
            [b"Subject: 1\n\nFrom x\n"]
        );
    }
}
