//! SMTP at the edge: the submission server that volunteers' mail programs talk to, and the two relays.
//!
//! Invariants: no password and no mail crosses an unencrypted connection from outside this machine; a
//! mail has its 250 only after [`SubmissionSink::accept`](crate::outbound::SubmissionSink::accept) stored it; a relay is handed exactly the bytes and the
//! one recipient that the outbound service decided on.
//!
//! # Security
//!
//! The server reads bytes of anybody who can reach its port. Before AUTH it holds at most one bounded
//! command line per connection, for a bounded time, and a bounded number of connections. It never takes a
//! mail apart: it only finds its end.
//!
//! A trusted relay vouches for the sender: on its address no password is asked, and whoever may send as
//! somebody through the relay may do so here. So only peers of a configured list are talked to there, the
//! sender must be the address of an account, and what comes from outside this machine comes over TLS. The
//! list says which machines, not which program on them: every process on a listed machine can hand in mail
//! as any volunteer, and the addresses of a mail service that many customers share (Exchange Online) let each
//! of them do so. The relay must authenticate its users and let each use their own address only
//! (Postfix: `smtpd_sender_login_maps` with `reject_sender_login_mismatch`).
//!
//! Log targets of the libraries below this module: `lettre` prints whole commands and mails at debug level
//! when its `tracing` feature is on; it is off, and must stay off.

mod auth;
mod data;
mod relay;
mod replies;
mod server;
mod session;
mod settings;
mod sign_in;
mod throttle;
mod wire;

pub use crate::domain::password::{MIN_PASSWORD_CHARS, PasswordError, hash_password, verify_password};
pub use relay::{ProbeFailure, Relays, RelaysError};
pub use server::{OpenConversations, SubmissionError, SubmissionServer};
pub use settings::{
    RelayCredentials, RelayProof, RelaySettings, RelayTls, SubmissionSettings, TrustedRelaySettings,
};
