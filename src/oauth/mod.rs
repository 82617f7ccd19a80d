//! Access tokens for mail servers (OAuth 2.0, RFC 6749): fetched from a token endpoint, kept in memory, renewed ahead of time.
//!
//! Two grants: client credentials (RFC 6749 section 4.4), with a secret or with an assertion signed by a certificate's key
//! (RFC 7523), and refresh token (section 6).
//!
//! Invariants: one fetch at a time; a token is handed out only while it is valid; after a failure the endpoint is left alone
//! for as long as it asks, within a bound; a rotated refresh token is on disk before the access token that came with it is
//! used, or in memory with an error in the log while the disk cannot be written.
//!
//! # Security
//! Secrets go to the configured endpoint only, over TLS with a checked certificate, and redirects are not followed. Its
//! answers are bounded before they are held. Of an error answer only numbers and words of a fixed list are kept. A token
//! that could end the line that carries it is refused. Nothing here prints a secret, an answer, or a part of either.

mod advice;
mod answer;
mod assertion;
mod endpoint;
mod refresh;
mod sasl;
mod source;

pub use advice::{ErrorWord, Refusal, TokenError};
pub use assertion::{Assertion, AssertionError};
pub use endpoint::TokenUrl;
pub use refresh::RefreshToken;
pub use sasl::{OAUTHBEARER_END, oauthbearer, xoauth2};
pub use source::{AccessToken, ClientProof, Freshness, Grant, TokenSettings, TokenSource, Unavailable};
