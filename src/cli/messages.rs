//! `outbound`: liaison mail, what became of it, and giving held mail back.

use super::cases::actor;
use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Clock, DeliveryAction, OutboundId, SystemClock};
use crate::store::OutboundSummary;

/// What `outbound` does.
#[derive(clap::Subcommand)]
pub(super) enum OutboundCommand {
    /// List submitted mails and their deliveries; no addresses
    List,
    /// Say of one mail what became of each delivery, and why
    Show {
        /// Mail id
        id: OutboundId,
    },
    /// Give a held mail back: nothing of it will leave
    Return {
        /// Mail id
        id: OutboundId,
    },
}

pub(super) async fn run(setup: Setup, command: OutboundCommand) -> Outcome {
    let store = setup.store().await?;
    match command {
        OutboundCommand::List => {
            for mail in store.outbound().await? {
                output::line(head(&mail));
                for delivery in &mail.deliveries {
                    output::line(format!("    {}", delivery.state));
                }
            }
        }
        OutboundCommand::Show { id } => {
            let mails = store.outbound().await?;
            let mail = mails.iter().find(|mail| mail.id == id);
            show(mail.ok_or_else(|| Failure::failed("there is no such mail; see `outbound list`"))?);
        }
        OutboundCommand::Return { id } => {
            store.return_outbound(id, &actor(), SystemClock.now()).await?;
            output::line("returned: nothing more of this mail will leave; tell its sender");
        }
    }
    Ok(())
}

fn head(mail: &OutboundSummary) -> String {
    format!(
        "{}  {}  {}  by {}",
        mail.id,
        mail.received.strftime("%Y-%m-%d %H:%M:%SZ"),
        mail.state.as_str(),
        mail.account,
    )
}

fn show(mail: &OutboundSummary) {
    output::line(head(mail));
    for (number, delivery) in mail.deliveries.iter().enumerate() {
        let action = match delivery.action {
            DeliveryAction::Pass => "as it is, through CJSM",
            DeliveryAction::Redact => "cut down",
            DeliveryAction::Hold => "held",
        };
        let code = delivery
            .last_code
            .map_or_else(String::new, |code| format!(", last reply {code}"));
        output::line(format!(
            "  recipient {}: {} ({action}), tries {}{code}",
            number + 1,
            delivery.state,
            delivery.attempts,
        ));
        for reason in &delivery.reasons {
            output::line(format!("    because {}", reason.explanation()));
        }
    }
}
