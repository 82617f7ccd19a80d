//! Keeping: ledger, sealing, states, destruction, audit (promises 1, 6, 7 and 8).

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic
)]

#[path = "keeping/at_rest.rs"]
mod at_rest;
#[path = "keeping/backup.rs"]
mod backup;
#[path = "keeping/casework.rs"]
mod casework;
#[path = "keeping/corrections.rs"]
mod corrections;
#[path = "keeping/crash.rs"]
mod crash;
#[path = "keeping/daemons.rs"]
mod daemons;
#[path = "keeping/destroyed.rs"]
mod destroyed;
#[path = "keeping/exports.rs"]
mod exports;
#[path = "keeping/imports.rs"]
mod imports;
#[path = "keeping/inbound.rs"]
mod inbound;
#[path = "keeping/lifecycle.rs"]
mod lifecycle;
#[path = "keeping/outbound.rs"]
mod outbound;
#[path = "support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "keeping/restoring.rs"]
mod restoring;
#[macro_use]
#[path = "keeping/support.rs"]
mod support;
