//! The inbound path against a real Dovecot.

mod support;

#[path = "inbound/mailbox.rs"]
mod mailbox;
