//! `blocks`: how one mail or document was read, before any meaning is given to it.
//!
//! # Security
//! The file is foreign: it is taken apart by a fenced worker as mail from the mailbox is. Its text may hold
//! control characters; the outline prints none of them, and JSON escapes them.

mod outline;

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Personal, ReadMessage, UnreadableReason};
use crate::ingest::{ReadFailure, Reader};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Fields of which the header of any delivered or sent mail has one, and no letter does.
const MAIL_FIELDS: [&str; 5] = [
    "received",
    "return-path",
    "delivered-to",
    "message-id",
    "mime-version",
];
/// Beginning of a file in which those are looked for, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// What to print of which file.
#[derive(clap::Args)]
pub(super) struct BlocksArguments {
    /// A mail or a document of any kind
    file: PathBuf,
    /// Print an outline to read instead of JSON: ☒ and ☐ are ticks, ‹› holds prompts, {} what is hidden
    #[arg(long)]
    text: bool,
}

/// Prints the blocks of one file.
pub(super) async fn run(setup: Setup, arguments: &BlocksArguments) -> Outcome {
    let file = &arguments.file;
    let content = content(file, setup.config.mailbox.max_message_bytes)?;
    let message = read(&setup, file, content).await?;
    if arguments.text {
        output::line(outline::of(&message).trim_end());
        return Ok(());
    }
    output::json(&message)
}

pub(super) fn content(file: &Path, limit: u64) -> Result<Personal<Vec<u8>>, Failure> {
    let name = file.display();
    let refused = |error: std::io::Error| {
        Failure::failed(match error.kind() {
            std::io::ErrorKind::NotFound => format!("{name} is not there"),
            std::io::ErrorKind::IsADirectory => format!("{name} is a folder; name one file"),
            std::io::ErrorKind::PermissionDenied => {
                format!("{name} cannot be read by you: ask its owner, or copy it where you can")
            }
            kind => format!("{name} cannot be read ({kind})"),
        })
    };
    let mut content = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(limit.saturating_add(1)).read_to_end(&mut content))
        .map_err(refused)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > limit {
        return Err(Failure::failed(format!(
            "{name} is larger than max_message_mb allows ({} MB); raise it in [mailbox] to read it",
            limit / (1024 * 1024)
        )));
    }
    Ok(Personal::new(content))
}

pub(super) async fn read(
    setup: &Setup,
    file: &Path,
    content: Personal<Vec<u8>>,
) -> Result<ReadMessage, Failure> {
    let pool = setup.reading_pool();
    let answer = if is_mail(file, content.expose_personal()) {
        pool.read(&content).await
    } else {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        pool.read_file(&content, &name).await
    };
    answer.map_err(|failure| match failure {
        ReadFailure::Permanent(reason) => Failure::failed(explanation(reason)).about(file),
        ReadFailure::Transient => {
            Failure::failed("no reading process could be started; see `referrald check`")
        }
    })
}

/// By its name, else by its header. Outlook's own formats are documents that hold a mail.
fn is_mail(file: &Path, content: &[u8]) -> bool {
    if file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("eml"))
    {
        return true;
    }
    let head = String::from_utf8_lossy(content.get(..HEAD_BYTES).unwrap_or(content));
    let header = head.lines().take_while(|line| !line.trim().is_empty());
    header
        .filter_map(|line| line.split_once(':'))
        .any(|(name, _)| MAIL_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field)))
}

/// What to say and do about a file that gave nothing; there may be no mailbox in which to look for it.
fn explanation(reason: UnreadableReason) -> &'static str {
    match reason {
        UnreadableReason::WorkerCrashed => {
            "the reading process stopped on this file; open it in the program it was made with"
        }
        UnreadableReason::WorkerTimeout => {
            "reading took too long; open it in the program it was made with, or have only its text sent"
        }
        UnreadableReason::WorkerMemory => {
            "reading needed too much memory; open it in the program it was made with"
        }
        UnreadableReason::TooLarge => "larger than max_message_mb allows; raise it in [mailbox] to read it",
        UnreadableReason::CannotFetch | UnreadableReason::Malformed => {
            "this is neither a mail nor a document that can be taken apart"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_told_by_its_name_or_its_header_and_a_memo_is_none() {
        assert!(is_mail(Path::new("a.EML"), b"anything"));
        assert!(is_mail(
            Path::new("1.mx:2,S"),
            b"Return-Path: <a@example.org>\r\nSubject: x\r\n\r\nbody"
        ));
        assert!(!is_mail(
            Path::new("memo.txt"),
            b"From: Al\nTo: Jo\nDate: 3 May\n\nMessage-ID: none"
        ));
        assert!(!is_mail(Path::new("form.docx"), b"PK\x03\x04"));
    }
}
