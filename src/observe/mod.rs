//! Log output: events, ids, counts and codes, never content.
//!
//! # Security
//! Only this crate's own events are written. Libraries below it (the IMAP transport, the SMTP client, TLS)
//! print buffers and credentials at their finer levels, so their targets are closed at every level. A panic
//! message may quote the value that caused it, so only its place in the source is written.

mod alarms;
mod monitor;

pub use alarms::{AlarmCourier, AlarmParts, AlarmSettings, Alarms, Letter, ReadMachine};
pub use monitor::{Figures, Monitor, MonitorError, MonitorParts, ReadFigures};

use std::panic;
use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// Starts log output on standard error and closes panic messages. A second call changes nothing.
pub fn start(level: Level, format: Format) {
    quiet_panics();
    let own_events = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let registry = tracing_subscriber::registry().with(own_events);
    // The only error is "already started".
    let _already_started = match format {
        Format::Text => registry
            .with(fmt::layer().with_writer(std::io::stderr).with_ansi(false))
            .try_init(),
        Format::Json => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init(),
    };
}

/// From now on a panic writes where it happened, not what it says.
pub fn quiet_panics() {
    panic::set_hook(Box::new(|info| {
        let (file, line) = info
            .location()
            .map_or(("?", 0), |place| (place.file(), place.line()));
        tracing::error!(
            file,
            line,
            "a task stopped on an internal error; please report this place"
        );
    }));
}
