//! A reader whose mail has passed the scanner.

use super::clamd::{Clamd, SignatureName, Verdict};
use crate::domain::{Personal, ReadMessage, ReadStatus, SkippedPart};
use crate::ingest::{PartContent, ReadFailure, Reader, SelectiveReader};

const TOO_LARGE: &str = "not opened: the mail is too large to be scanned for viruses";
const NOT_SCANNED: &str = "not opened: it could not be scanned by itself, and the mail is infected";

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
        match scan(scanner, raw).await? {
            Verdict::Clean => self.reader.read(raw).await,
            Verdict::TooLarge => {
                let everything = skipped(String::new(), ReadStatus::TooLarge, TOO_LARGE.to_owned());
                tracing::warn!("a mail is too large for the virus scanner; its parts are not opened");
                self.reader.read_without(raw, Vec::new(), Some(everything)).await
            }
            Verdict::Infected(name) => self.read_rest(scanner, raw, &name).await,
        }
    }
}

impl<R: SelectiveReader> Scanned<R> {
    /// Reads what is left of an infected mail without its infected parts: nothing, where it cannot be told which
    /// they are.
    async fn read_rest(
        &self,
        scanner: &Clamd,
        raw: &Personal<Vec<u8>>,
        name: &SignatureName,
    ) -> Result<ReadMessage, ReadFailure> {
        let parts = match self.reader.contents(raw).await {
            Ok(parts) => parts,
            Err(ReadFailure::Transient) => return Err(ReadFailure::Transient),
            Err(ReadFailure::Permanent(_)) => Vec::new(),
        };
        let mut is_found = false;
        let mut skip = Vec::new();
        for PartContent { part, bytes } in parts {
            let verdict = match &bytes {
                Some(bytes) => scan(scanner, bytes).await?,
                None => Verdict::TooLarge,
            };
            match verdict {
                Verdict::Clean => {}
                Verdict::TooLarge => {
                    skip.push(skipped(part, ReadStatus::Unreadable, NOT_SCANNED.to_owned()));
                }
                Verdict::Infected(name) => {
                    is_found = true;
                    skip.push(infected(part, &name));
                }
            }
        }
        tracing::warn!(
            signature = %name,
            parts_left_out = skip.len(),
            is_found,
            "a mail is infected; what is infected is not opened"
        );
        let everything = (!is_found).then(|| infected(String::new(), name));
        let skip = if is_found { skip } else { Vec::new() };
        self.reader.read_without(raw, skip, everything).await
    }
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
