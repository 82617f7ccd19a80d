//! The inbound service: mailbox to draft referral.
//!
//! `connect -> select -> ledger rows -> fetch -> commit -> receipts -> UID MOVE -> finish`, and beside it
//! `held messages -> worker -> forms -> draft`. The ledger in the store is the only state: after a stop at
//! any point the next look at the mailbox goes on from there (see [`Step`]).
//!
//! [`Outbox`] watches a second folder, from which liaison mail goes out.
//!
//! Invariant: a message is moved in the mailbox only after its raw bytes are committed, and every UID
//! the server ever showed has a ledger row and an end state.
//!
//! # Security
//! Message bytes are carried, hashed and compared here, never taken apart: that is the worker's. What is
//! logged are ids, counts and the content-free texts of [`MailboxError`] and the store's errors.

mod backoff;
mod copies;
mod look;
mod outbox;
mod ports;
mod reading;
mod report;
mod service;
mod settings;
mod steps;

pub use backoff::{BackoffSettings, Jitter, SystemJitter};
pub use outbox::{Outbox, OutboxParts, OutboxSettings};
pub use ports::{
    Connector, FetchOutcome, Mailbox, MailboxError, MoveOutcome, PartContent, ReadFailure, Reader, Selected,
    SelectiveReader, TokenFault, UidMeta,
};
pub use service::{Ingest, IngestParts};
pub use settings::{IngestSettings, IngestStatus, Understanding};
pub use steps::{NoProbe, Step, StepProbe, StopAt, UnknownStep};
