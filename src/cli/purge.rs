//! `purge`: the end of terms; `run` does the same once a day.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::casework::{self, DocumentsFolder, Purged, Terms};
use crate::domain::{Clock, SystemClock};
use crate::store::{Expired, Store};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the daemon ends terms.
const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// How soon it tries again where the database failed.
const RETRY: Duration = Duration::from_secs(600);

/// `referrald purge`.
#[derive(clap::Args)]
pub(super) struct PurgeArguments {
    /// List what would go; nothing is destroyed
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(setup: Setup, arguments: &PurgeArguments) -> Outcome {
    let store = setup.store().await?;
    let now = SystemClock.now();
    let terms = setup.terms();
    if arguments.dry_run {
        let due = casework::due(&store, &terms, now).await?;
        for item in &due {
            output::line(listed(item));
        }
        output::line(match due.len() {
            0 => "nothing has outlived its term".to_owned(),
            many => format!("{many} would be destroyed; nothing was"),
        });
        return Ok(());
    }
    let purged = casework::purge(&store, &terms, setup.documents_folder().as_ref(), now).await?;
    output::line(format!(
        "destroyed: {} cases, {} messages, {} liaison mails, {} accounts, facts of {} messages; copies in the mailbox go at \
         the daemon's next look",
        purged.cases, purged.messages, purged.liaison_mails, purged.accounts, purged.statistics
    ));
    if purged.folders > 0 {
        output::line(format!(
            "removed from the documents folder: {} cases",
            purged.folders
        ));
    }
    match purged.folders_left {
        0 => Ok(()),
        left => Err(Failure::failed(format!(
            "{left} folders of destroyed cases could not be removed from the documents folder: mend its permissions"
        ))),
    }
}

fn listed(item: &Expired) -> String {
    let day = |at: &crate::domain::Timestamp| at.strftime("%Y-%m-%d").to_string();
    match item {
        Expired::Case { reference, since, .. } => format!("case          {reference}  closed {}", day(since)),
        Expired::Message { id, kind, since } => {
            let kind = kind.map_or("unread", |kind| kind.as_str());
            format!("message       {id}  {kind}, came {}", day(since))
        }
        Expired::LiaisonMail { id, since } => format!("liaison mail  {id}  handed in {}", day(since)),
        Expired::Account { id, since } => format!("account       {id}  left {}", day(since)),
        Expired::Statistics { id, since } => format!("facts         {id}  came {}", day(since)),
    }
}

/// Ends terms at the start and then every day, until it is told to stop.
pub(super) async fn daily(
    store: &Store,
    terms: Terms,
    documents: Option<DocumentsFolder>,
    stop: &CancellationToken,
) {
    while !stop.is_cancelled() {
        let wait = match casework::purge(store, &terms, documents.as_ref(), SystemClock.now()).await {
            Ok(purged) => {
                report(&purged);
                INTERVAL
            }
            Err(error) => {
                tracing::warn!(%error, "terms could not be ended; trying again");
                RETRY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn report(purged: &Purged) {
    if purged.folders_left > 0 {
        tracing::warn!(
            folders = purged.folders_left,
            "folders of destroyed cases could not be removed from the documents folder; trying again tomorrow"
        );
    }
    if !purged.is_empty() {
        tracing::info!(
            cases = purged.cases,
            messages = purged.messages,
            liaison_mails = purged.liaison_mails,
            accounts = purged.accounts,
            statistics = purged.statistics,
            folders = purged.folders,
            "destroyed at the end of their terms"
        );
    }
}
