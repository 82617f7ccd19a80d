//! `cases`: the review queue and the cases.

mod change;

pub(super) use change::ChangeCommand;

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::casework::{CaseView, Casework, CaseworkError};
use crate::domain::{Clock, MessageState, Personal, Side, SystemClock};
use crate::store::{Actor, FileEntry, HeldLease, Lookup, MessageSummary, SimilarMessage, Store};

/// What `cases` does.
#[derive(clap::Subcommand)]
pub(super) enum CasesCommand {
    /// List messages waiting for review, and cases; no personal data
    List,
    /// Print a message's draft, or the files of a case (by id or reference), as JSON
    Show {
        /// Message id (its last six characters are enough), case id, or case reference such as RJ-2026-00012
        id: String,
    },
    /// Make a case of a message
    Accept {
        /// Message id; its last six characters are enough
        id: String,
    },
    /// Draft a mail to the referrer about what is missing (consent, ways to reach people); nothing is sent
    Ask {
        /// Message id; its last six characters are enough
        id: String,
    },
    /// Let an account write about one side of a case
    Allocate {
        /// Case id or reference
        case: String,
        /// Whose file: victim, offender, or "party 1"
        #[arg(long)]
        side: Side,
        /// The account's user name
        #[arg(long)]
        to: String,
    },
    /// Take an allocation back
    TakeBack {
        /// Case id or reference
        case: String,
        /// Whose file: victim, offender, or "party 1"
        #[arg(long)]
        side: Side,
        /// The account's user name
        #[arg(long)]
        from: String,
    },
    /// File a message with an existing case: it is kept and destroyed with it
    File {
        /// Message id; its last six characters are enough
        id: String,
        /// Case id or reference
        #[arg(long = "with")]
        case: String,
    },
    /// Put a message aside that nobody has to work on; it is destroyed after its term
    SetAside {
        /// Message id; its last six characters are enough
        id: String,
    },
    /// Find cases and messages by what is known of somebody; the value is read from standard input
    Find {
        /// What the value is
        #[arg(value_enum)]
        by: FindBy,
    },
    #[command(flatten)]
    Change(ChangeCommand),
    /// Reject a message: its content is destroyed at once, here and in the mailbox
    Reject {
        /// Message id; its last six characters are enough
        id: String,
    },
}

/// What somebody is found by.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum FindBy {
    /// A full name, in any order of its words
    Name,
    /// A date of birth, such as 1991-04-17
    Birth,
    /// A phone number
    Phone,
    /// An e-mail address
    Email,
    /// A postcode
    Postcode,
    /// A number of an agency, of an incident or a person
    Reference,
}

pub(super) async fn run(setup: Setup, command: CasesCommand) -> Outcome {
    let store = setup.store().await?;
    let casework = Casework::new(store.clone(), actor()).with_documents(setup.documents_folder());
    let now = SystemClock.now();
    match command {
        CasesCommand::List => list(&setup, &store, &casework).await,
        CasesCommand::Show { id } => show(&casework, &id).await,
        CasesCommand::Accept { id } => {
            let prefix = &setup.config.service.reference_prefix;
            let (_case, reference) = casework.accept(&id, prefix, now).await?;
            output::line(format!("accepted as {reference}"));
            Ok(())
        }
        CasesCommand::Ask { id } => {
            let drafts = casework.ask(&id, now).await?;
            if drafts.is_empty() {
                output::line("nothing is missing that the referrer would have to be asked for");
            }
            for draft in drafts {
                let to = draft
                    .to
                    .as_deref()
                    .unwrap_or("(the referral names no address of the referrer)");
                output::line(format!("To: {to}\nSubject: {}\n\n{}", draft.subject, draft.text));
            }
            Ok(())
        }
        CasesCommand::Allocate { case, side, to } => {
            casework.allocate(&case, side, &to, now).await?;
            output::line(format!("{to} may write about the {side} file"));
            Ok(())
        }
        CasesCommand::TakeBack { case, side, from } => {
            casework.take_back(&case, side, &from, now).await?;
            output::line(format!("{from} may no longer write about the {side} file"));
            Ok(())
        }
        CasesCommand::File { id, case } => {
            let reference = casework.file(&id, &case, now).await?;
            output::line(format!("filed with {reference}"));
            Ok(())
        }
        CasesCommand::SetAside { id } => {
            casework.set_aside(&id, now).await?;
            output::line("put aside; it is destroyed after its term");
            Ok(())
        }
        CasesCommand::Find { by } => find(&casework, by).await,
        CasesCommand::Change(command) => change::run(&casework, command, now).await,
        CasesCommand::Reject { id } => {
            casework.reject(&id, now).await?;
            output::line(
                "rejected: the content is destroyed; the copy in the mailbox goes at the daemon's next look",
            );
            Ok(())
        }
    }
}

/// The operating-system user, for the audit log.
pub(super) fn actor() -> Actor {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let uid = rustix::process::getuid().as_raw();
    Actor(user.map_or_else(|_| format!("uid {uid}"), |user| format!("{user} (uid {uid})")))
}

async fn list(setup: &Setup, store: &Store, casework: &Casework) -> Outcome {
    let messages = casework.messages().await?;
    output::line(
        "MESSAGE                               RECEIVED              STATE       KIND                CHECKS",
    );
    for message in messages {
        let kind = message.kind.map_or("-", |kind| kind.as_str());
        let why = message.unreadable.map_or("", |reason| reason.explanation());
        let row = format!(
            "{}  {:20.20}  {:10}  {:18}  {:>6}  {why}",
            message.id,
            message.received.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            message.state.as_str(),
            kind,
            message.checks,
        );
        output::line(row.trim_end());
    }
    output::line("\nCASE                                  REFERENCE         STATE   OPENED      FILES");
    for case in casework.cases().await? {
        let sides: Vec<_> = case.sides.iter().map(ToString::to_string).collect();
        output::line(format!(
            "{}  {:16}  {:6}  {}  {}",
            case.id,
            case.reference.as_str(),
            case.state.as_str(),
            case.opened.strftime("%Y-%m-%d"),
            sides.join(", "),
        ));
    }
    let ledger = store.ledger_summary(&setup.config.mailbox.name).await?;
    output::line(format!(
        "\nArrived {} = moved {} + waiting {} + left in the mailbox {} + taken away by somebody {} + seen again under new numbers {}",
        ledger.arrived,
        ledger.moved,
        ledger.seen + ledger.stored,
        ledger.too_large + ledger.cannot_fetch,
        ledger.gone,
        ledger.superseded,
    ));
    let leases = store.leases().await?;
    for lease in &leases {
        output::line(lease_line(lease));
    }
    if leases.is_empty() {
        output::line("no daemon works on a mailbox now");
    }
    Ok(())
}

/// Who works on a mailbox, and since when.
pub(super) fn lease_line(lease: &HeldLease) -> String {
    format!(
        "{} of {} is worked on by {} since {}",
        lease.name.duty,
        lease.name.mailbox,
        lease.instance,
        lease.since.strftime("%Y-%m-%d %H:%M:%SZ"),
    )
}

async fn show(casework: &Casework, id: &str) -> Outcome {
    let now = SystemClock.now();
    match casework.show_case(id, now).await {
        Ok(case) => return output::json(&case_as_json(&case)),
        Err(CaseworkError::NoSuchCase) => {}
        Err(error) => return Err(error.into()),
    }
    let message = casework.show_message(id, now).await?;
    for similar in &message.similar {
        output::aside(suggestion(similar));
    }
    match message.draft {
        Some(draft) => output::json(draft.expose_personal()),
        None => Err(Failure::failed(format!(
            "nothing to show: {}",
            why_no_draft(&message.summary)
        ))),
    }
}

async fn find(casework: &Casework, by: FindBy) -> Outcome {
    let value = Personal::new(change::stdin_text()?);
    let lookup = match by {
        FindBy::Name => Lookup::Name(value),
        FindBy::Birth => Lookup::Birth(value),
        FindBy::Phone => Lookup::Phone(value),
        FindBy::Email => Lookup::Email(value),
        FindBy::Postcode => Lookup::Postcode(value),
        FindBy::Reference => Lookup::Reference(value),
    };
    let (cases, messages) = (
        casework.find_cases(&lookup).await?,
        casework.find_messages(&lookup).await?,
    );
    for case in &cases {
        output::line(format!("case     {}  {}", case.reference, case.state.as_str()));
    }
    for message in &messages {
        output::line(format!("message  {}  {}", message.id, message.state.as_str()));
    }
    if cases.is_empty() && messages.is_empty() {
        output::line("nothing is found by this; parts of a name or number are not looked for");
    }
    Ok(())
}

/// Which other message, what it may be, and the case that was made of it.
fn suggestion(similar: &SimilarMessage) -> String {
    let case = similar.case.as_ref();
    let case = case.map_or(String::new(), |reference| {
        format!(" (accepted as {})", reference.as_str())
    });
    format!("message {}{case}: {}", similar.message, similar.reason())
}

fn case_as_json(case: &CaseView) -> serde_json::Value {
    let files: Vec<_> = case
        .files
        .iter()
        .map(|file| {
            let allocated = case.allocations.iter().filter(|row| row.side == file.side);
            serde_json::json!({
                "side": file.side,
                "allocated_to": allocated.map(|row| row.user.as_str()).collect::<Vec<_>>(),
                "content": file.state.expose_personal().referral,
                "progress": file.state.expose_personal().progress,
                "entries": entries_as_json(&file.entries),
            })
        })
        .collect();
    serde_json::json!({
        "reference": case.summary.reference,
        "state": case.summary.state,
        "closed": case.summary.closed.map(|at| at.to_string()),
        "close_reason": case.summary.close_reason,
        "outcome": case.summary.outcome,
        "whole_case": case.core.referral.expose_personal(),
        "entries": entries_as_json(&case.core.entries),
        "files": files,
    })
}

fn entries_as_json(entries: &[FileEntry]) -> Vec<serde_json::Value> {
    let entries = entries.iter().map(|entry| {
        serde_json::json!({
            "id": entry.id,
            "at": entry.at.to_string(),
            "kind": entry.kind,
            "content": entry.content.as_ref().map(Personal::expose_personal),
        })
    });
    entries.collect()
}

fn why_no_draft(message: &MessageSummary) -> &'static str {
    match message.state {
        MessageState::Held => "it is not read yet",
        MessageState::Rejected => "it was rejected and its content destroyed",
        MessageState::Unreadable => message
            .unreadable
            .map_or("it could not be read", |r| r.explanation()),
        MessageState::Read | MessageState::Filed | MessageState::SetAside | MessageState::Accepted => {
            "it has no draft"
        }
    }
}
