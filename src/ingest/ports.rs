//! What the inbound service needs from outside: a mailbox and a reader.

use crate::domain::{Personal, ReadMessage, SkippedPart, UnreadableReason};
use crate::store::ServerCopy;
use std::future::Future;
use std::time::Duration;

/// A folder, selected (RFC 3501 section 6.3.1). UIDVALIDITY is demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// UIDVALIDITY: UIDs mean nothing without it.
    pub uidvalidity: u32,
    /// UIDNEXT: no message has this UID or a higher one yet.
    pub uidnext: u32,
    /// How many messages the folder holds.
    pub exists: u32,
}

/// What the server says of one message before its bytes are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UidMeta {
    /// UID.
    pub uid: u32,
    /// RFC822.SIZE in octets.
    pub size: u64,
    /// INTERNALDATE, seconds since 1970, if it could be read.
    pub internal_date: Option<i64>,
}

/// The answer to fetching one message.
#[derive(Debug)]
pub enum FetchOutcome {
    /// The whole message; never empty, never shorter than announced.
    Bytes(Personal<Vec<u8>>),
    /// The server has no such UID any more.
    Gone,
    /// Empty or short: not yet there; try later.
    NotYet,
}

/// The answer to moving messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveOutcome {
    /// Source UID and where it went, as COPYUID told (RFC 4315); empty where the server did not say.
    pub moved: Vec<(u32, ServerCopy)>,
}

/// What the server finds wrong with an access token (RFC 7628 section 3.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// It does not say.
    Unstated,
    /// `invalid_token`, 400 or 401: expired, of another issuer, for another audience.
    Invalid,
    /// `insufficient_scope` or 403.
    Scope,
}

impl TokenFault {
    fn words(self) -> &'static str {
        match self {
            Self::Unstated => "",
            Self::Invalid => " as invalid (expired, or for another service)",
            Self::Scope => " for what it permits",
        }
    }
}

/// Why a mailbox call failed. Never carries server text: it may quote mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// Nothing answers there.
    #[error("the mail server cannot be reached: check [mailbox] host and port, and the network")]
    Unreachable,
    /// TLS failed.
    #[error(
        "the TLS connection to the mail server failed: check its certificate, [mailbox] host and ca_file"
    )]
    Tls,
    /// There is no way to the server: the proxy, or a client certificate. The text is our own.
    #[error("the mail server {0}")]
    NoWay(String),
    /// User name or password refused.
    #[error("the mail server refused the sign-in: check [mailbox] user and password_file")]
    SignInRefused,
    /// There is no access token to sign in with. The text is our own.
    #[error("there is no access token for the mailbox: {reason}")]
    NoToken {
        /// Why, and what to do.
        reason: String,
        /// When it is worth asking again.
        wait: Duration,
    },
    /// The access token was refused, a fresh one too.
    #[error(
        "the mail server refused the access token{words}: check that [mailbox] user is the mailbox's address, that scope and \
         tenant are the mail server's, and that the application may open this mailbox (docs/EXCHANGE-ONLINE.md)", words = .0.words()
    )]
    TokenRefused(TokenFault),
    /// Signed in, but the server does not open the mailbox.
    #[error(
        "the mail server signed us in but does not open the mailbox: check that the application has been given access to it \
         (Add-MailboxPermission), and that the mailbox exists and has IMAP enabled (docs/EXCHANGE-ONLINE.md)"
    )]
    NotConnected,
    /// Too much was asked of the server.
    #[error("the mail server throttles us and asks for a pause; no mail is lost, it is taken up later")]
    Throttled {
        /// How long, where it says so.
        wait: Option<Duration>,
    },
    /// The server cannot serve anybody, or this account, for now (RFC 5530).
    #[error("the mail server cannot serve {0} now; it is tried again")]
    NotNow(&'static str),
    /// The folder cannot be selected.
    #[error("the mail server has no folder {0}: create it or change [mailbox] folders")]
    NoSuchFolder(String),
    /// A needed capability is missing.
    #[error("the mail server lacks {0}")]
    MissingCapability(&'static str),
    /// The server answered NO.
    #[error("the mail server answered NO to {0}")]
    No(&'static str),
    /// The server answered BAD.
    #[error("the mail server answered BAD to {0}")]
    Bad(&'static str),
    /// The connection ended, timed out or carried what is not IMAP.
    #[error("the connection to the mail server was lost during {0}")]
    Lost(&'static str),
}

/// The longest pause that a server may ask for. Exchange Online has been seen to ask for 50 minutes.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

impl MailboxError {
    /// How long the other side asks to be left alone, within a bound.
    pub fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::NoToken { wait, .. } => Some(*wait),
            Self::Throttled { wait } => *wait,
            Self::Unreachable
            | Self::Tls
            | Self::NoWay(_)
            | Self::SignInRefused
            | Self::TokenRefused(_)
            | Self::NotConnected
            | Self::NotNow(_)
            | Self::NoSuchFolder(_)
            | Self::MissingCapability(_)
            | Self::No(_)
            | Self::Bad(_)
            | Self::Lost(_) => None,
        }
        .map(|wait| wait.min(LONGEST_ASKED))
    }

    /// It says nothing about the message that was asked for: another one would have met the same. "Not now" may be about one
    /// message that the server fails on each time.
    pub fn is_about_the_server(&self) -> bool {
        match self {
            Self::NoToken { .. }
            | Self::Throttled { .. }
            | Self::Unreachable
            | Self::Tls
            | Self::NoWay(_)
            | Self::SignInRefused
            | Self::TokenRefused(_)
            | Self::NotConnected
            | Self::MissingCapability(_) => true,
            Self::NoSuchFolder(_) | Self::NotNow(_) | Self::No(_) | Self::Bad(_) | Self::Lost(_) => false,
        }
    }
}

/// One mailbox account on a server. Every method either gives the tagged OK's result or an error;
/// after any error but [`MailboxError::No`] and [`MailboxError::NoSuchFolder`] the caller drops it and connects again.
pub trait Mailbox: Send {
    /// Selects a folder.
    fn select(&mut self, folder: &str) -> impl Future<Output = Result<Selected, MailboxError>> + Send;
    /// All UIDs of the selected folder that are `from` or higher, ascending.
    fn uids_from(&mut self, from: u32) -> impl Future<Output = Result<Vec<u32>, MailboxError>> + Send;
    /// Size and date of those UIDs; UIDs that are gone are left out.
    fn meta(&mut self, uids: &[u32]) -> impl Future<Output = Result<Vec<UidMeta>, MailboxError>> + Send;
    /// The bytes of those UIDs (`BODY.PEEK[]`, pipelined), one outcome each, in order.
    fn fetch(
        &mut self,
        metas: &[UidMeta],
    ) -> impl Future<Output = Result<Vec<(u32, FetchOutcome)>, MailboxError>> + Send;
    /// `UID MOVE` (RFC 6851), or COPY + \Deleted + `UID EXPUNGE` of just these UIDs where MOVE is missing.
    fn move_uids(
        &mut self,
        uids: &[u32],
        folder: &str,
    ) -> impl Future<Output = Result<MoveOutcome, MailboxError>> + Send;
    /// Deletes just these UIDs of the selected folder (\Deleted + `UID EXPUNGE`; never a bare EXPUNGE).
    fn delete_uids(&mut self, uids: &[u32]) -> impl Future<Output = Result<(), MailboxError>> + Send;
    /// Creates a folder if it is not there.
    fn ensure_folder(&mut self, folder: &str) -> impl Future<Output = Result<(), MailboxError>> + Send;
    /// Waits for news (IDLE, RFC 2177) or until `at_most` has passed; without IDLE it just waits.
    fn wait_for_news(&mut self, at_most: Duration) -> impl Future<Output = Result<(), MailboxError>> + Send;
}

/// Opens connections to one mailbox account.
pub trait Connector: Send + Sync {
    /// What it gives.
    type Mailbox: Mailbox;
    /// A fresh connection, signed in.
    fn connect(&self) -> impl Future<Output = Result<Self::Mailbox, MailboxError>> + Send;
}

/// Why a message could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFailure {
    /// The message's own fault: it becomes a review item.
    Permanent(UnreadableReason),
    /// Ours (no process could be started ...): try again later, burns no attempt.
    Transient,
}

/// Takes a mail apart, away from secrets (the worker process).
pub trait Reader: Send + Sync {
    /// Reads one message.
    fn read(&self, raw: &Personal<Vec<u8>>) -> impl Future<Output = Result<ReadMessage, ReadFailure>> + Send;
}

/// One part of a mail as it is.
#[derive(Debug)]
pub struct PartContent {
    /// MIME part number.
    pub part: String,
    /// Its bytes, transfer-decoded; `None` where they could not be handed out.
    pub bytes: Option<Personal<Vec<u8>>>,
}

/// A reader that can leave parts of a mail unopened.
pub trait SelectiveReader: Reader {
    /// Reads one message. The parts of `skip`, and those from `skip_from` on, are listed without being opened
    /// (see [`crate::domain::ReadRequest`]).
    fn read_without(
        &self,
        raw: &Personal<Vec<u8>>,
        skip: Vec<SkippedPart>,
        skip_from: Option<SkippedPart>,
    ) -> impl Future<Output = Result<ReadMessage, ReadFailure>> + Send;
    /// The parts of a mail that hold no parts themselves.
    fn contents(
        &self,
        raw: &Personal<Vec<u8>>,
    ) -> impl Future<Output = Result<Vec<PartContent>, ReadFailure>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_alone_as_it_asks_for_an_hour_at_most() {
        let asked = |seconds| {
            let wait = Some(Duration::from_secs(seconds));
            MailboxError::Throttled { wait }.asked_wait()
        };
        assert_eq!(asked(3000), Some(Duration::from_secs(3000)));
        assert_eq!(asked(u64::MAX / 1000), Some(LONGEST_ASKED));
        assert_eq!(MailboxError::Throttled { wait: None }.asked_wait(), None);
        assert_eq!(MailboxError::Lost("FETCH").asked_wait(), None);
    }
}
