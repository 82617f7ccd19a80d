//! What commands print and how they end.

use crate::casework::CaseworkError;
use crate::config::ConfigErrors;
use crate::store::StoreError;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// `EX_CONFIG` of sysexits.h.
const EXIT_CONFIG: u8 = 78;

/// Why a command ended without doing its work.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    text: String,
}

/// How a command ends.
pub(super) type Outcome = Result<(), Failure>;

impl Failure {
    pub(super) fn failed(text: impl Display) -> Self {
        Self {
            code: 1,
            text: text.to_string(),
        }
    }

    pub(super) fn configuration(text: impl Display) -> Self {
        Self {
            code: EXIT_CONFIG,
            text: text.to_string(),
        }
    }

    /// Says it on standard error and gives the exit code.
    pub(super) fn report(&self) -> ExitCode {
        let mut stderr = io::stderr().lock();
        for line in self.text.lines() {
            // Nobody is left to tell when standard error is closed.
            let _closed = writeln!(stderr, "referrald: {line}");
        }
        ExitCode::from(self.code)
    }

    /// For the log.
    pub(super) fn in_one_line(&self) -> String {
        self.text.replace('\n', "; ")
    }

    /// The same failure, naming the file it is about on each line.
    pub(super) fn about(self, file: &Path) -> Self {
        let file = file.display();
        let lines: Vec<_> = self.text.lines().map(|line| format!("{file}: {line}")).collect();
        Self {
            code: self.code,
            text: lines.join("\n"),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::CannotOpen
            | StoreError::CannotConnect
            | StoreError::WrongKey
            | StoreError::DestructionLog(_) => Self::configuration(error),
            StoreError::DiskFull
            | StoreError::Transient(_)
            | StoreError::Tampered
            | StoreError::NotOurs
            | StoreError::NotFound
            | StoreError::WrongState(_)
            | StoreError::StaffOnly
            | StoreError::Refused(_)
            | StoreError::AuditBroken(_)
            | StoreError::Corrupt(_) => Self::failed(error),
        }
    }
}

impl From<CaseworkError> for Failure {
    fn from(error: CaseworkError) -> Self {
        match error {
            CaseworkError::Store(error) => error.into(),
            CaseworkError::NoSuchMessage
            | CaseworkError::AmbiguousMessage
            | CaseworkError::NoSuchCase
            | CaseworkError::NoSuchAccount
            | CaseworkError::NotAllocated
            | CaseworkError::NotWritten(_)
            | CaseworkError::FolderLeft(_)
            | CaseworkError::Table
            | CaseworkError::Import(_) => Self::failed(error),
            CaseworkError::NoDocumentsFolder => Self::configuration(error),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::configuration(errors)
    }
}

/// Prints one line; a closed pipe (`| head`) is not an error.
pub(super) fn line(text: impl Display) {
    let _closed = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a text that ends its own lines.
pub(super) fn text(text: &str) -> Outcome {
    let _closed = write!(io::stdout().lock(), "{text}");
    Ok(())
}

/// Says something beside the result, on standard error.
pub(super) fn aside(text: impl Display) {
    let _closed = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a value as indented JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Outcome {
    let text = serde_json::to_string_pretty(value).map_err(|_| Failure::failed("the result is not JSON"))?;
    line(text);
    Ok(())
}
