//! `audit`: the log of who saw, changed, sent and destroyed what.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::store::{AuditRow, Store};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Rows read at a time.
const PAGE: u32 = 1000;

/// What `audit` does.
#[derive(clap::Subcommand)]
pub(super) enum AuditCommand {
    /// Walk the whole chain and say whether anything was changed, left out or cut off
    Verify {
        /// A row that was noted before, as this command prints it: also shows an older copy of the database put back
        #[arg(long, value_name = "ROW:HASH")]
        noted: Option<String>,
    },
    /// Print the log as JSON lines; people who did something are numbered, not named
    Export {
        /// Only rows after this one
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
}

pub(super) async fn run(setup: Setup, command: AuditCommand) -> Outcome {
    let store = setup.store().await?;
    match command {
        AuditCommand::Verify { noted } => verify(&store, noted.as_deref()).await,
        AuditCommand::Export { after } => export(&store, after).await,
    }
}

async fn verify(store: &Store, noted: Option<&str>) -> Outcome {
    let rows = store.verify_audit().await?;
    if let Some(noted) = noted {
        let (row, hash) = noted
            .split_once(':')
            .and_then(|(row, hash)| Some((row.parse::<u64>().ok()?, hash)))
            .filter(|(row, _)| *row > 0)
            .ok_or_else(|| Failure::failed("write the noted row as this command prints it: ROW:HASH"))?;
        let there = store.audit_rows(row - 1, 1).await?;
        if there
            .first()
            .is_none_or(|found| found.seq != row || hex(&found.mac) != hash)
        {
            return Err(Failure::failed(format!(
                "row {row} is not the one that was noted: an older copy of the database was put back, or another one is used"
            )));
        }
    }
    output::line(format!("the audit log is whole: {rows} rows"));
    if let Some(last) = store.audit_rows(rows.saturating_sub(1), 1).await?.first() {
        output::line(format!("note elsewhere: {}:{}", last.seq, hex(&last.mac)));
    }
    Ok(())
}

async fn export(store: &Store, mut after: u64) -> Outcome {
    let mut numbers = HashMap::new();
    loop {
        let rows = store.audit_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.seq;
        for row in &rows {
            output::line(as_json(row, &mut numbers));
        }
    }
}

/// The daemon is named; people are numbered in the order in which they first did something.
fn as_json(row: &AuditRow, numbers: &mut HashMap<String, usize>) -> serde_json::Value {
    let next = numbers.len() + 1;
    let actor = match row.actor.as_str() {
        crate::store::DAEMON => crate::store::DAEMON.to_owned(),
        person => format!("person {}", numbers.entry(person.to_owned()).or_insert(next)),
    };
    serde_json::json!({
        "row": row.seq,
        "at": row.at.to_string(),
        "actor": actor,
        "action": row.action,
        "record": row.record,
        "hash": hex(&row.mac),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, actor: &str) -> AuditRow {
        AuditRow {
            seq,
            at: crate::domain::Timestamp::UNIX_EPOCH,
            actor: actor.to_owned(),
            action: "case.accepted".to_owned(),
            record: "1".to_owned(),
            mac: [0xab; 32],
        }
    }

    #[test]
    fn people_are_numbered_and_the_daemon_is_named() {
        let mut numbers = HashMap::new();
        let actors = ["jo.bloggs (uid 1000)", "referrald", "sam", "jo.bloggs (uid 1000)"];
        let shown: Vec<String> = (1..)
            .zip(actors)
            .map(|(seq, actor)| as_json(&row(seq, actor), &mut numbers).to_string())
            .collect();
        let said = |text: &str| shown.iter().filter(|line| line.contains(text)).count();
        assert_eq!((said("person 1"), said("referrald"), said("person 2")), (2, 1, 1));
        assert_eq!((said("bloggs"), said("sam")), (0, 0));
        assert!(shown[0].contains(&"ab".repeat(32)));
    }
}
