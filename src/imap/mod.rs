//! The mailbox port served over IMAP (RFC 3501, 4315, 6851, 2177).
//!
//! Framing and response grammar come from `async-imap`; everything above is a command layer of our own,
//! because that library answers a tagged NO and a closed connection with an empty `Ok`.
//!
//! Invariant: a method gives a result only after the tagged OK of its own command; every wait has a
//! deadline.
//!
//! # Security
//! The bytes are the server's, and inside them anybody's. Literals and lines are bounded before the
//! parser allocates for them. No server text, buffer or library error is kept or printed: they can quote
//! mail and passwords. Only TLS is spoken; there is no plain-text mode. `async_imap` logs both directions
//! at trace level, so its log target has to stay off.

mod connect;
mod gate;
mod meaning;
mod session;
mod sign_in;
mod syntax;
mod wire;

pub use connect::{Auth, ImapConnector, ImapSettings, ImapTimeouts, TlsMode, connect};
pub use session::ImapMailbox;
