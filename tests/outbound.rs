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
#[path = "support/connect_proxy.rs"]
mod connect_proxy;
#[path = "support/dovecot.rs"]
#[allow(dead_code)]
mod dovecot;
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
#[allow(dead_code)]
mod tls;
#[path = "outbound/tokens.rs"]
mod tokens;
#[path = "support/tokens.rs"]
#[allow(dead_code)]
mod tokens_endpoint;
#[path = "outbound/trusted.rs"]
mod trusted;
#[path = "outbound/whole.rs"]
mod whole;
