//! `audit verify`.

use super::output::{self, Outcome};
use super::setup::Setup;

/// What `audit` does.
#[derive(clap::Subcommand)]
pub(super) enum AuditCommand {
    /// Walk the whole chain and say whether anything was changed, left out or cut off
    Verify,
}

pub(super) async fn run(setup: Setup, command: AuditCommand) -> Outcome {
    match command {
        AuditCommand::Verify => {
            let rows = setup.store().await?.verify_audit().await?;
            output::line(format!("the audit log is whole: {rows} rows"));
        }
    }
    Ok(())
}
