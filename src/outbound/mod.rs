//! The outbound service: a submitted mail to one delivery per recipient.
//!
//! Invariant: any doubt, error, time-out or missing route means *held*, never sent.

mod ports;

pub use ports::{
    AcceptFailure, DraftFailure, Drafter, NonceSource, RawMail, Relay, RelayAnswer, SinkUnavailable,
    SubmissionAccount, SubmissionSink, SubmittedMail, SystemNonces,
};
