//! The inbound path against a real Dovecot.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

#[path = "inbound/mailbox.rs"]
mod mailbox;
#[path = "inbound/service.rs"]
mod service;
