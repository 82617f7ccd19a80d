//! The inbound service: mailbox to draft referral.
//!
//! Invariant: a message is moved in the mailbox only after its raw bytes are committed, and every UID
//! the server ever showed has a ledger row and an end state.

mod ports;

pub use ports::{Connector, FetchOutcome, Mailbox, MailboxError, MoveOutcome, ReadFailure, Reader, Selected, UidMeta};
