//! The inbound path against a real Dovecot.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

#[path = "inbound/exchange.rs"]
mod exchange;
#[path = "inbound/mailbox.rs"]
mod mailbox;
#[path = "inbound/service.rs"]
mod service;
#[path = "inbound/tokens.rs"]
mod tokens;
