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
        /// Also print what left, or would leave after a release; the look is audited
        #[arg(long)]
        text: bool,
    },
    /// Let go what only a guard holds: the redacted copy leaves, or over CJSM the mail as handed in
    Release {
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
        OutboundCommand::Show { id, text } => {
            let mails = store.outbound().await?;
            let mail = mails.iter().find(|mail| mail.id == id);
            show(mail.ok_or_else(|| Failure::failed("there is no such mail; see `outbound list`"))?);
            if text {
                let opened = store.open_outbound(id, &actor(), SystemClock.now()).await?;
                for (number, delivery) in opened.deliveries.iter().enumerate() {
                    output::line(format!("\n--- recipient {}", number + 1));
                    output::line(delivery.message.as_ref().map_or_else(
                        || "nothing".to_owned(),
                        |copy| super::redact::readable(copy.expose_personal()),
                    ));
                }
            }
        }
        OutboundCommand::Release { id } => {
            let released = store.release_outbound(id, &actor(), SystemClock.now()).await?;
            output::line(format!(
                "released: {released} of its deliveries leave with the daemon's next look"
            ));
        }
        OutboundCommand::Return { id } => {
            store.return_outbound(id, &actor(), SystemClock.now()).await?;
            output::line("returned: nothing more of this mail will leave; its sender is told");
        }
    }
    Ok(())
}

fn head(mail: &OutboundSummary) -> String {
    let whose = match mail.notice_about {
        None => format!("by {}", mail.account),
        Some(about) => format!("notice to {} about {about}", mail.account),
    };
    format!(
        "{}  {}  {}  {whose}",
        mail.id,
        mail.received.strftime("%Y-%m-%d %H:%M:%SZ"),
        mail.state.as_str(),
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
        if delivery.state == "held" && delivery.if_released.is_some() {
            output::line("    can be released: `referrald outbound release`");
        }
    }
}
