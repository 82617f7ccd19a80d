//! A reader whose mail has passed the scanner.

use super::clamd::{Clamd, SignatureName, Verdict};
use crate::domain::{Personal, ReadMessage, ReadStatus, SkippedPart};
use crate::ingest::{PartContent, ReadFailure, Reader, SelectiveReader};

const TOO_LARGE: &str = "not opened: the mail is too large to be scanned for viruses";
const NOT_SCANNED: &str = "not opened: it is too large to be scanned for viruses by itself";

/// Has each mail scanned before it is read, where there is a scanner.
pub struct Scanned<R> {
    reader: R,
    scanner: Option<Clamd>,
}

impl<R> Scanned<R> {
    /// Puts the scanner before a reader.
    pub fn new(reader: R, scanner: Option<Clamd>) -> Self {
        Self { reader, scanner }
    }

    /// The reader behind the scanner.
    pub fn reader(&self) -> &R {
        &self.reader
    }
}

impl<R: SelectiveReader> Reader for Scanned<R> {
    async fn read(&self, raw: &Personal<Vec<u8>>) -> Result<ReadMessage, ReadFailure> {
        let Some(scanner) = &self.scanner else {
            return self.reader.read(raw).await;
        };
        let whole = match scan(scanner, raw).await? {
            Verdict::Clean => None,
            Verdict::Infected(name) => Some(name),
            Verdict::TooLarge => {
                tracing::warn!("a mail is too large for the virus scanner; its parts are not opened");
                let everything = skipped(String::new(), ReadStatus::TooLarge, TOO_LARGE.to_owned());
                return self.reader.read_without(raw, Vec::new(), Some(everything)).await;
            }
        };
        // The scanner takes mails apart by its own lights: what a broken or crafted mail holds it may not see
        // where our reader does. So each part that the reader would open is scanned by itself as well.
        let parts = match (self.reader.contents(raw).await, &whole) {
            (Ok(parts), _) => parts,
            (Err(ReadFailure::Permanent(_)), Some(_)) => Vec::new(),
            (Err(failure), _) => return Err(failure),
        };
        let Left { skip, is_found } = scan_parts(scanner, parts).await?;
        // Where it cannot be told which part it is, none is opened.
        let everything = whole
            .as_ref()
            .filter(|_| !is_found)
            .map(|name| infected(String::new(), name));
        if whole.is_some() || is_found {
            tracing::warn!(
                whole = whole.map(|name| name.to_string()),
                parts_left_out = skip.len(),
                "a mail is infected; what is infected is not opened"
            );
        }
        self.reader.read_without(raw, skip, everything).await
    }
}

/// What is not to be opened.
struct Left {
    skip: Vec<SkippedPart>,
    /// An infected part is among them.
    is_found: bool,
}

async fn scan_parts(scanner: &Clamd, parts: Vec<PartContent>) -> Result<Left, ReadFailure> {
    let mut left = Left {
        skip: Vec::new(),
        is_found: false,
    };
    for PartContent { part, bytes } in parts {
        let verdict = match &bytes {
            Some(bytes) => scan(scanner, bytes).await?,
            None => Verdict::TooLarge,
        };
        match verdict {
            Verdict::Clean => {}
            Verdict::TooLarge => {
                let reason = NOT_SCANNED.to_owned();
                left.skip.push(skipped(part, ReadStatus::TooLarge, reason));
            }
            Verdict::Infected(name) => {
                left.is_found = true;
                left.skip.push(infected(part, &name));
            }
        }
    }
    Ok(left)
}

/// Asks the scanner; without a verdict the mail waits.
async fn scan(scanner: &Clamd, bytes: &Personal<Vec<u8>>) -> Result<Verdict, ReadFailure> {
    scanner.scan(bytes.expose_personal()).await.map_err(|failure| {
        tracing::error!(
            ?failure,
            "the virus scanner gave no verdict and the mail waits: see `referrald check`"
        );
        ReadFailure::Transient
    })
}

fn infected(part: String, name: &SignatureName) -> SkippedPart {
    skipped(part, ReadStatus::Unreadable, format!("infected: {name}"))
}

fn skipped(part: String, read: ReadStatus, reason: String) -> SkippedPart {
    SkippedPart { part, read, reason }
}
