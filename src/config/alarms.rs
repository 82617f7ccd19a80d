//! The section of the alarms.

use super::fields::Fields;
use crate::domain::EmailAddress;
use std::time::Duration;

/// `[alarms]`
#[derive(Debug, Clone)]
pub struct AlarmsConfig {
    /// The service's IT.
    pub to: String,
    /// A mailbox or database that was silent for so long, or a mail not stored for so long.
    pub silent: Duration,
    /// Liaison mail that waited so long for staff.
    pub held: Duration,
    /// Less than so many per cent of the disk free.
    pub disk_free_percent: u64,
    /// How often a lasting alarm is told again.
    pub repeat: Duration,
}

pub(super) fn alarms(mut f: Fields) -> AlarmsConfig {
    let to = f.text("to", "the address of whoever looks after the daemon");
    f.demand(
        to.is_empty() || EmailAddress::parse(&to).is_some(),
        "to",
        "write one plain address, such as \"it@restorative.example\"",
    );
    AlarmsConfig {
        to,
        silent: Duration::from_secs(60 * f.number("silent_minutes", 30, 1..=1440)),
        held: Duration::from_secs(3600 * f.number("held_hours", 24, 1..=720)),
        disk_free_percent: f.number("disk_free_percent", 10, 1..=100),
        repeat: Duration::from_secs(3600 * f.number("repeat_hours", 24, 1..=720)),
    }
}
