//! The way out: the submission server, the relays, and the outbound service between them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

#[path = "outbound/client.rs"]
mod client;
#[path = "outbound/faults.rs"]
mod faults;
#[path = "support/postfix.rs"]
#[allow(dead_code)]
mod postfix;
#[path = "outbound/programs.rs"]
mod programs;
#[path = "outbound/relays.rs"]
mod relays;
#[path = "outbound/rfc.rs"]
mod rfc;
#[path = "outbound/service.rs"]
mod service;
#[path = "outbound/submission.rs"]
mod submission;
#[path = "support/tls.rs"]
mod tls;
#[path = "outbound/trusted.rs"]
mod trusted;
#[path = "outbound/whole.rs"]
mod whole;
