//! Whether all mail is accounted for, and how the mailbox is doing.

use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked};
use super::settings::MailboxHealth;
use super::words;
use crate::store::LedgerSummary;
use askama::Template;

#[derive(Template)]
#[template(path = "mailbox.html")]
struct Page {
    frame: Frame,
    ledger: Ledger,
    rows: [(&'static str, u64); 7],
}

/// Arrived = accounted for.
pub(super) struct Ledger {
    pub(super) arrived: u64,
    pub(super) accounted: u64,
    pub(super) waiting: u64,
    pub(super) left: u64,
    /// How the mailbox is doing.
    pub(super) health: String,
    pub(super) is_ill: bool,
}

impl Ledger {
    fn new(ledger: &LedgerSummary, health: &MailboxHealth) -> Self {
        let waiting = ledger.seen.saturating_add(ledger.stored);
        let left = ledger.too_large.saturating_add(ledger.cannot_fetch);
        let ended = [ledger.moved, left, ledger.gone, ledger.superseded];
        Self {
            arrived: ledger.arrived,
            accounted: ended.iter().fold(waiting, |sum, part| sum.saturating_add(*part)),
            waiting,
            left,
            health: in_words(health),
            is_ill: health.failures > 0,
        }
    }

    /// As it is now.
    pub(super) async fn now(asked: &Asked) -> Result<(Self, LedgerSummary), Problem> {
        let summary = asked.store().ledger_summary(&asked.app.settings.mailbox).await?;
        let health = (asked.app.parts.health)();
        Ok((Self::new(&summary, &health), summary))
    }
}

fn in_words(health: &MailboxHealth) -> String {
    let last = health.last_look.map(words::moment);
    match (health.failures, last) {
        (0, Some(last)) => format!("The mailbox is well: it was last looked at on {last}."),
        (0, None) => {
            "The mailbox was not looked at yet since the program started, or another daemon works on it."
                .to_owned()
        }
        (failures, last) => {
            let times = match failures {
                1 => "The last look at the mailbox failed".to_owned(),
                many => format!("The last {many} looks at the mailbox failed"),
            };
            let why = health.problem.as_deref().unwrap_or("the reason is not known");
            let last = last.map_or_else(String::new, |last| {
                format!(" The last one that went well was on {last}.")
            });
            format!("{times}: {why}. New mail waits on the mail server; nothing is lost.{last}")
        }
    }
}

pub(super) async fn page(asked: Asked) -> Answer {
    let (ledger, summary) = Ledger::now(&asked).await?;
    show(&Page {
        rows: [
            (
                "Taken in, and moved to the folder of processed mail",
                summary.moved,
            ),
            ("Taken in, and not moved yet", summary.stored),
            ("Seen, and not taken in yet", summary.seen),
            (
                "Moved or deleted by somebody else before it could be taken in",
                summary.gone,
            ),
            (
                "Left in the mailbox: larger than the configured limit",
                summary.too_large,
            ),
            (
                "Left in the mailbox: the mail server would not hand it over",
                summary.cannot_fetch,
            ),
            (
                "Counted anew after the mail server renumbered the folder",
                summary.superseded,
            ),
        ],
        ledger,
        frame: asked.frame("Mailbox"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_said_with_their_reason_and_that_nothing_is_lost() {
        let mut health = MailboxHealth::default();
        assert!(in_words(&health).contains("not looked at yet"));
        health.last_look = Some("2026-11-02T09:00:00Z".parse().unwrap());
        assert!(
            in_words(&health).starts_with("The mailbox is well") && in_words(&health).contains("2 November")
        );
        health.failures = 3;
        health.problem = Some("the mail server cannot be reached".to_owned());
        let said = in_words(&health);
        assert!(
            said.contains("last 3 looks")
                && said.contains("cannot be reached")
                && said.contains("nothing is lost")
        );
    }
}
