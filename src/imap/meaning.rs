//! What a refusal means beyond NO, BAD and BYE: response codes (RFC 5530) and the texts that Exchange Online answers with in
//! their place. Pure.
//!
//! A text decides only about how long is waited and what is told to the administrator, never that something was done.

use super::wire::outcome;
use crate::dial::DialError;
use crate::ingest::MailboxError;
use async_imap::imap_proto::{Response, Status};
use std::time::Duration;

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Too much was asked; how long to wait, where that is said.
    Throttled(Option<Duration>),
    /// Signed in, but to no mailbox.
    NotConnected,
    /// Not now, whatever was asked.
    NotNow,
    /// The server wants a certificate of ours, or another one.
    NoCertificate,
}

impl Meaning {
    pub(super) fn error(self, doing: &'static str) -> MailboxError {
        match self {
            Self::Throttled(wait) => MailboxError::Throttled { wait },
            Self::NotConnected => MailboxError::NotConnected,
            Self::NotNow => MailboxError::NotNow(doing),
            Self::NoCertificate => MailboxError::NoWay(DialError::IdentityRefused.to_string()),
        }
    }
}

/// Beginnings of texts that mean "not now". The codes are RFC 5530's; the texts are Exchange Online's, the last one when a
/// token ends during a session.
const NOT_NOW: &[&str] = &[
    "[UNAVAILABLE]",
    "[INUSE]",
    "[LIMIT]",
    "[SERVERBUG]",
    "Server Unavailable",
    "Connection closed",
    "Session invalidated",
];
const NOT_CONNECTED: &str = "User is authenticated but not connected";
/// Dovecot's, for `auth_ssl_require_client_cert`.
const NO_CERTIFICATE: &str = "Client didn't present valid SSL certificate";
const THROTTLED: &[&str] = &["[THROTTLED]", "Request is throttled"];
const BACKOFF: &str = "Suggested Backoff Time:";

/// The meaning of a status response that is no OK.
pub(super) fn meaning(response: &Response<'_>) -> Option<Meaning> {
    let (Response::Done { status, .. } | Response::Data { status, .. }) = response else {
        return None;
    };
    match status {
        Status::No | Status::Bad | Status::Bye => {
            outcome(response).and_then(|outcome| of_text(outcome.information.as_deref()?))
        }
        Status::Ok | Status::PreAuth => None,
    }
}

fn of_text(text: &str) -> Option<Meaning> {
    let starts = |with: &&str| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if THROTTLED.iter().any(starts) {
        return Some(Meaning::Throttled(backoff(text)));
    }
    if starts(&NOT_CONNECTED) {
        return Some(Meaning::NotConnected);
    }
    if starts(&NO_CERTIFICATE) {
        return Some(Meaning::NoCertificate);
    }
    NOT_NOW.iter().any(starts).then_some(Meaning::NotNow)
}

/// `Suggested Backoff Time: 299961 milliseconds`
fn backoff(text: &str) -> Option<Duration> {
    let (_, time) = text.split_once(BACKOFF)?;
    let (number, unit) = time.trim_start().split_once(' ')?;
    unit.starts_with("milliseconds")
        .then(|| number.parse().ok().map(Duration::from_millis))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_line(line: &str) -> Option<Meaning> {
        let line = format!("{line}\r\n");
        let (_, response) = Response::parse(line.as_bytes()).unwrap();
        meaning(&response)
    }

    #[test]
    fn refusals_of_exchange_online_are_understood() {
        let wait = Some(Duration::from_millis(299_961));
        for (line, meant) in [
            (
                "A1 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
                Meaning::Throttled(wait),
            ),
            (
                "A1 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds",
                Meaning::Throttled(wait),
            ),
            ("A1 BAD Request is throttled.", Meaning::Throttled(None)),
            (
                "A1 NO Request is throttled. Suggested Backoff Time: soon milliseconds",
                Meaning::Throttled(None),
            ),
            (
                "A1 BAD User is authenticated but not connected.",
                Meaning::NotConnected,
            ),
            ("* BYE Connection closed. 14", Meaning::NotNow),
            ("* BYE Session invalidated - AccessTokenExpired", Meaning::NotNow),
            ("A1 BAD Server Unavailable. 15", Meaning::NotNow),
            (
                "A1 NO [UNAVAILABLE] Temporary authentication failure.",
                Meaning::NotNow,
            ),
            ("A1 NO [INUSE] Mailbox in use", Meaning::NotNow),
            ("* BYE [unavailable] Shutting down", Meaning::NotNow),
            ("A1 NO [LIMIT] Too many connections", Meaning::NotNow),
            (
                "A1 NO [ALERT] Client didn't present valid SSL certificate",
                Meaning::NoCertificate,
            ),
        ] {
            assert_eq!(of_line(line), Some(meant), "{line}");
        }
    }

    #[test]
    fn other_answers_mean_what_they_are() {
        for line in [
            "A1 OK Request is throttled.",
            "* OK [UNAVAILABLE] not really",
            "A1 NO [NONEXISTENT] Request is throttled is no folder",
            "A1 NO no folder \"User is authenticated but not connected\"",
            "A1 NO AUTHENTICATE failed.",
            "A1 NO [AUTHENTICATIONFAILED] Authentication failed.",
            "* 3 EXISTS",
            "* BYE Logging out",
        ] {
            assert_eq!(of_line(line), None, "{line}");
        }
    }
}
