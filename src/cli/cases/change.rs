//! What staff do on one side's file, and how a case ends.
//!
//! Names, texts and values come by standard input: a command line stands in the shell's history and in the list of
//! processes.

use super::super::output::{self, Failure, Outcome};
use crate::casework::Casework;
use crate::domain::{
    CaseOutcome, CloseReason, ConsentAnswer, ConsentHow, ConsentPurpose, ContactRoute, EntryId,
    ErasureException, FileChange, Party, PartyField, Personal, Role, Side, Timestamp,
};
use crate::store::{Closing, NewDocument};
use clap::Args;
use jiff::civil::Date;
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as WordError};
use std::io::Read as _;
use std::path::PathBuf;

/// Longest text read from standard input, in bytes.
const MAX_STDIN: u64 = 256 * 1024;

/// One side's file.
#[derive(Args)]
pub(in crate::cli) struct FileArguments {
    /// Case id or reference
    case: String,
    /// Whose file: victim, offender, or "party 1"
    #[arg(long)]
    side: Side,
}

/// Somebody on a file.
#[derive(Args)]
pub(in crate::cli) struct PersonArguments {
    #[command(flatten)]
    file: FileArguments,
    /// Number of the person on this file, as `cases show` numbers them
    #[arg(long, default_value_t = 1)]
    person: usize,
}

#[derive(clap::Subcommand)]
pub(in crate::cli) enum ChangeCommand {
    /// Keep a note on a file; the text is read from standard input
    Note {
        #[command(flatten)]
        file: FileArguments,
    },
    /// Keep a document on a file
    AddDocument {
        #[command(flatten)]
        file: FileArguments,
        /// The document, at most 50 MB
        document: PathBuf,
    },
    /// Write a document of a file to a folder
    Document {
        #[command(flatten)]
        file: FileArguments,
        /// Its id, as `cases show` gives it
        id: EntryId,
        /// Folder to write to
        #[arg(long)]
        to: PathBuf,
    },
    /// Add a supporter, appropriate adult or professional; the name is read from standard input
    AddPerson {
        #[command(flatten)]
        file: FileArguments,
        /// supporter, appropriate_adult or professional
        #[arg(long, value_parser = word::<Role>)]
        role: Role,
        /// Number of the person they support
        #[arg(long)]
        supports: Option<usize>,
    },
    /// Put a field right; the value is read from standard input (nothing there empties it), what stood there is kept
    Correct {
        #[command(flatten)]
        person: PersonArguments,
        /// name, known_as, title, organisation, relationship, date_of_birth, address, postcode, phone, email, language, needs
        /// or best_time; several phones or e-mails are parted by commas
        #[arg(long, value_parser = word::<PartyField>)]
        field: PartyField,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Record what somebody answered when they were asked
    Consent {
        #[command(flatten)]
        person: PersonArguments,
        /// contact, share_with_other_side or share_with_agencies
        #[arg(long, value_parser = word::<ConsentPurpose>)]
        purpose: ConsentPurpose,
        /// given, refused, not_sought or unknown
        #[arg(long, value_parser = word::<ConsentAnswer>)]
        answer: ConsentAnswer,
        /// verbal or written
        #[arg(long, value_parser = word::<ConsentHow>)]
        how: Option<ConsentHow>,
        /// The day, such as 2026-03-14
        #[arg(long)]
        on: Date,
        /// Who asked
        #[arg(long)]
        by: Option<String>,
    },
    /// Record what became of the consent and confidentiality form; a refusal closes the case
    Form {
        #[command(flatten)]
        person: PersonArguments,
        /// What happened
        #[arg(value_enum)]
        happened: FormStep,
        /// The day, such as 2026-03-14
        #[arg(long)]
        on: Date,
    },
    /// Decide how somebody is reached
    Route {
        #[command(flatten)]
        person: PersonArguments,
        /// with_consent, via_professional, public_task or do_not_contact
        #[arg(value_parser = word::<ContactRoute>)]
        route: ContactRoute,
        /// Why; needed for a public task
        #[arg(long)]
        reason: Option<String>,
    },
    /// Record that something was shared without consent to keep somebody safe; the reason is read from standard input
    Safeguarding {
        #[command(flatten)]
        file: FileArguments,
        /// Who was told
        #[arg(long)]
        told: String,
    },
    /// Record that somebody withdrew: nothing goes out to them or about them any more
    Withdraw {
        #[command(flatten)]
        person: PersonArguments,
        /// The day, such as 2026-03-14
        #[arg(long)]
        on: Date,
    },
    /// Only store somebody's data from now on (Article 18 UK GDPR)
    Restrict {
        #[command(flatten)]
        person: PersonArguments,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// End a restriction
    LiftRestriction {
        #[command(flatten)]
        person: PersonArguments,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Erase somebody's data (Article 17 UK GDPR); of the person whom a file is about also its notes and documents, the
    /// case's free texts and the mails it came from
    Erase {
        #[command(flatten)]
        person: PersonArguments,
    },
    /// Record why somebody's data stay although they asked for erasure
    RefuseErasure {
        #[command(flatten)]
        person: PersonArguments,
        /// legal_obligation, public_task, legal_claims, archiving or expression
        #[arg(long, value_parser = word::<ErasureException>)]
        exception: ErasureException,
        /// Why it applies
        #[arg(long)]
        reason: String,
    },
    /// Close a case
    Close {
        /// Case id or reference
        case: String,
        /// completed, refused_to_sign, declined, no_contact, not_suitable or other
        #[arg(long)]
        reason: CloseReason,
        /// Of a completed case: meeting, indirect, apology, reparation, agreement or no_agreement
        #[arg(long)]
        outcome: Option<CaseOutcome>,
    },
    /// Open a closed case again; the reason is read from standard input
    Reopen {
        /// Case id or reference
        case: String,
    },
    /// Destroy a case at once, before its term; it cannot be undone
    Destroy {
        /// Case reference in full, to be sure
        case: String,
        /// The reference again
        #[arg(long, value_name = "REFERENCE")]
        confirm: String,
    },
    /// Print what is proved of a destroyed case: for the record, it names nobody
    Certificate {
        /// Case id or reference
        case: String,
    },
}

/// What became of the form.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(in crate::cli) enum FormStep {
    /// It was sent or handed over
    Sent,
    /// It was signed
    Signed,
    /// It was refused
    Refused,
}

/// Reads one of the words that the files use.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let deserializer: serde::de::value::StrDeserializer<'_, WordError> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|error| error.to_string())
}

pub(in crate::cli) async fn run(casework: &Casework, command: ChangeCommand, now: Timestamp) -> Outcome {
    match command {
        ChangeCommand::AddDocument { file, document } => add_document(casework, &file, &document, now).await,
        ChangeCommand::Document { file, id, to } => {
            let document = casework.document(&file.case, file.side, id, now).await?;
            write_document(&document, &to)
        }
        ChangeCommand::Close {
            case,
            reason,
            outcome,
        } => {
            let note = None;
            casework
                .close(
                    &case,
                    &Closing {
                        reason,
                        outcome,
                        note,
                    },
                    now,
                )
                .await?;
            output::line("closed; its term for destruction runs from now");
            Ok(())
        }
        ChangeCommand::Reopen { case } => {
            casework.reopen(&case, &stdin_text()?, now).await?;
            output::line("open again");
            Ok(())
        }
        ChangeCommand::Destroy { case, confirm } => {
            if !case.eq_ignore_ascii_case(&confirm) {
                return Err(Failure::failed(
                    "the two references differ; nothing was destroyed",
                ));
            }
            let reference = casework.destroy(&case, now).await?;
            output::line(format!(
                "{reference} is destroyed; the copies in the mailbox go at the daemon's next look, then \
                 `cases certificate {reference}` proves it"
            ));
            Ok(())
        }
        ChangeCommand::Certificate { case } => {
            let (summary, tombstones) = casework.remains(&case).await?;
            output::line(crate::casework::certificate(&summary, &tombstones));
            Ok(())
        }
        ChangeCommand::Note { .. }
        | ChangeCommand::AddPerson { .. }
        | ChangeCommand::Correct { .. }
        | ChangeCommand::Consent { .. }
        | ChangeCommand::Form { .. }
        | ChangeCommand::Route { .. }
        | ChangeCommand::Safeguarding { .. }
        | ChangeCommand::Withdraw { .. }
        | ChangeCommand::Restrict { .. }
        | ChangeCommand::LiftRestriction { .. }
        | ChangeCommand::Erase { .. }
        | ChangeCommand::RefuseErasure { .. } => {
            let Some((file, change)) = file_change(command, now)? else {
                return Ok(());
            };
            match casework.change(&file.case, file.side, &change, now).await? {
                None => output::line("recorded"),
                Some(reason) => output::line(format!("recorded; the case is closed ({})", reason.as_str())),
            }
            Ok(())
        }
    }
}

/// The change that a command asks for; `None` for commands that are no change of a file.
fn file_change(
    command: ChangeCommand,
    now: Timestamp,
) -> Result<Option<(FileArguments, FileChange)>, Failure> {
    Ok(Some(match command {
        ChangeCommand::Note { file } => (file, FileChange::Note { text: stdin_text()? }),
        ChangeCommand::AddPerson { file, role, supports } => {
            let mut party = Party::new(role);
            party.name = Some(stdin_text()?);
            party.supports = supports.map(place).transpose()?;
            (
                file,
                FileChange::PartyAdded {
                    party: Box::new(party),
                },
            )
        }
        ChangeCommand::Correct {
            person,
            field,
            reason,
        } => {
            let (file, party) = person.split()?;
            let value = Some(stdin_text()?);
            (
                file,
                FileChange::Corrected {
                    party,
                    field,
                    value,
                    reason,
                },
            )
        }
        ChangeCommand::Consent {
            person,
            purpose,
            answer,
            how,
            on,
            by,
        } => {
            let (file, party) = person.split()?;
            (
                file,
                FileChange::Consent {
                    party,
                    purpose,
                    answer,
                    how,
                    on,
                    by,
                },
            )
        }
        ChangeCommand::Form { person, happened, on } => {
            let (file, party) = person.split()?;
            let change = match happened {
                FormStep::Sent => FileChange::FormSent { party, on },
                FormStep::Signed => FileChange::FormSigned { party, on },
                FormStep::Refused => FileChange::FormRefused { party, on },
            };
            (file, change)
        }
        ChangeCommand::Route {
            person,
            route,
            reason,
        } => {
            let (file, party) = person.split()?;
            (file, FileChange::Route { party, route, reason })
        }
        ChangeCommand::Safeguarding { file, told } => {
            let reason = stdin_text()?;
            (file, FileChange::SafeguardingException { told, reason })
        }
        ChangeCommand::Withdraw { person, on } => {
            let (file, party) = person.split()?;
            (file, FileChange::Withdrawn { party, on })
        }
        ChangeCommand::Restrict { person, reason } => {
            let (file, party) = person.split()?;
            (file, FileChange::Restricted { party, reason })
        }
        ChangeCommand::LiftRestriction { person, reason } => {
            let (file, party) = person.split()?;
            (file, FileChange::RestrictionLifted { party, reason })
        }
        ChangeCommand::Erase { person } => {
            let (file, party) = person.split()?;
            let on = jiff::tz::TimeZone::UTC.to_datetime(now).date();
            (file, FileChange::Erased { party, on })
        }
        ChangeCommand::RefuseErasure {
            person,
            exception,
            reason,
        } => {
            let (file, party) = person.split()?;
            (
                file,
                FileChange::ErasureRefused {
                    party,
                    exception,
                    reason,
                },
            )
        }
        ChangeCommand::AddDocument { .. }
        | ChangeCommand::Document { .. }
        | ChangeCommand::Close { .. }
        | ChangeCommand::Reopen { .. }
        | ChangeCommand::Destroy { .. }
        | ChangeCommand::Certificate { .. } => return Ok(None),
    }))
}

impl PersonArguments {
    fn split(self) -> Result<(FileArguments, usize), Failure> {
        Ok((self.file, place(self.person)?))
    }
}

/// People are numbered from 1 for staff.
fn place(number: usize) -> Result<usize, Failure> {
    number
        .checked_sub(1)
        .ok_or_else(|| Failure::failed("people are numbered from 1, as `cases show` shows them"))
}

async fn add_document(
    casework: &Casework,
    file: &FileArguments,
    path: &std::path::Path,
    now: Timestamp,
) -> Outcome {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::failed(format!("the document cannot be read: {}", error.kind())))?;
    let document = NewDocument {
        name: name.unwrap_or_default(),
        bytes: Personal::new(bytes),
    };
    let id = casework
        .add_document(&file.case, file.side, &document, now)
        .await?;
    output::line(format!("kept as {id}"));
    Ok(())
}

/// Writes a document for its reader only; nothing is overwritten.
fn write_document(document: &NewDocument, folder: &std::path::Path) -> Outcome {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = folder.join(&document.name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
        .open(&path)
        .and_then(|mut file| file.write_all(document.bytes.expose_personal()))
        .map_err(|error| Failure::failed(format!("the document cannot be written: {}", error.kind())))?;
    output::line("written; destroy the copy when it is no longer needed");
    Ok(())
}

/// What stands on standard input, without the white space around it.
pub(super) fn stdin_text() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_STDIN)
        .read_to_string(&mut text)
        .map_err(|_| Failure::failed("standard input is not text"))?;
    Ok(text.trim().to_owned())
}
