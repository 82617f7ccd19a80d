//! The inbound path against a real Dovecot.

mod support;

#[path = "inbound/mailbox.rs"]
mod mailbox;
#[path = "inbound/service.rs"]
mod service;
