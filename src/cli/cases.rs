//! `cases`: the review queue and the cases.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{CaseId, Clock, MessageId, MessageState, SystemClock};
use crate::store::{Actor, Store};

/// What `cases` does.
#[derive(clap::Subcommand)]
pub(super) enum CasesCommand {
    /// List messages waiting for review, and cases; no personal data
    List,
    /// Print a message's draft, or the files of a case (by id or reference), as JSON
    Show {
        /// Message id, case id, or case reference such as RJ-2026-00012
        id: String,
    },
    /// Make a case of a message
    Accept {
        /// Message id
        id: MessageId,
    },
    /// Reject a message: its content is destroyed at once, here and in the mailbox
    Reject {
        /// Message id
        id: MessageId,
    },
}

pub(super) async fn run(setup: Setup, command: CasesCommand) -> Outcome {
    let store = setup.store().await?;
    let now = SystemClock.now();
    match command {
        CasesCommand::List => list(&setup, &store).await,
        CasesCommand::Show { id } => show(&store, &id).await,
        CasesCommand::Accept { id } => {
            let prefix = &setup.config.service.reference_prefix;
            let (_case, reference) = store.accept(id, prefix, &actor(), now).await?;
            output::line(format!("accepted as {reference}"));
            Ok(())
        }
        CasesCommand::Reject { id } => {
            store.reject(id, &actor(), now).await?;
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

async fn list(setup: &Setup, store: &Store) -> Outcome {
    let messages = store.messages().await?;
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
    for case in store.cases().await? {
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
    Ok(())
}

async fn show(store: &Store, id: &str) -> Outcome {
    let now = SystemClock.now();
    if let Some(case) = find_case(store, id).await? {
        let files = store.case_files(case, &actor(), now).await?;
        let files: Vec<_> = files
            .iter()
            .map(|file| serde_json::json!({ "side": file.side, "content": file.content.expose_personal() }))
            .collect();
        return output::json(&files);
    }
    let id: MessageId = id
        .parse()
        .map_err(|_| Failure::failed("give a message id, case id or case reference from `cases list`"))?;
    match store.open_draft(id, &actor(), now).await? {
        Some(parsed) => output::json(&parsed),
        None => {
            let message = store.message(id).await?;
            let why = match message.state {
                MessageState::Held => "it is not read yet",
                MessageState::Rejected => "it was rejected and its content destroyed",
                MessageState::Unreadable => message
                    .unreadable
                    .map_or("it could not be read", |r| r.explanation()),
                MessageState::Read
                | MessageState::Filed
                | MessageState::SetAside
                | MessageState::Accepted => "it has no draft",
            };
            Err(Failure::failed(format!("nothing to show: {why}")))
        }
    }
}

async fn find_case(store: &Store, id: &str) -> Result<Option<CaseId>, Failure> {
    let as_id: Option<CaseId> = id.parse().ok();
    let cases = store.cases().await?;
    let found = cases
        .iter()
        .find(|case| Some(case.id) == as_id || case.reference.as_str().eq_ignore_ascii_case(id));
    Ok(found.map(|case| case.id))
}
