//! AUTH at a relay: with a password, or with an access token (XOAUTH2, else OAUTHBEARER).

use super::relay::{Failure, expect};
use crate::oauth::{AccessToken, OAUTHBEARER_END, TokenSource, oauthbearer, xoauth2};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// The code of a challenge.
const CHALLENGE: u16 = 334;

pub(super) async fn with_password(
    connection: &mut AsyncSmtpConnection,
    user: &str,
    password: &SecretString,
) -> Result<(), Failure> {
    let credentials = Credentials::new(user.to_owned(), password.expose_secret().to_owned());
    let answer = connection
        .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
        .await;
    accepted(expect(answer, 235))
}

pub(super) async fn token_of(tokens: &TokenSource) -> Result<AccessToken, Failure> {
    let token = tokens.get().await;
    token.map_err(|unavailable| Failure::NoWay(unavailable.error.to_string()))
}

/// A relay that offers no XOAUTH2 is asked for OAUTHBEARER: what it offers beside that, the library does not tell.
pub(super) async fn with_token(
    connection: &mut AsyncSmtpConnection,
    (host, port): (&str, u16),
    user: &str,
    token: &AccessToken,
) -> Result<(), Failure> {
    let offers_xoauth2 = connection
        .server_info()
        .supports_auth_mechanism(Mechanism::Xoauth2);
    let (mechanism, first, end) = match offers_xoauth2 {
        true => ("XOAUTH2", xoauth2(user, token), ""),
        false => (
            "OAUTHBEARER",
            oauthbearer(user, host, port, token),
            OAUTHBEARER_END,
        ),
    };
    let line = Line(Zeroizing::new(format!("AUTH {mechanism} {}", *first)));
    let mut answer = connection.command(line).await;
    // The challenge tells why the token is refused; the refusal itself follows on its acknowledgement.
    if answer.as_ref().is_ok_and(|response| response.has_code(CHALLENGE)) {
        answer = connection.command(Line(Zeroizing::new(end.to_owned()))).await;
    }
    accepted(expect(answer, 235))
}

/// A refused sign-in is no refusal of the mail.
fn accepted(answer: Result<u16, Failure>) -> Result<(), Failure> {
    match answer {
        Ok(_) => Ok(()),
        Err(Failure::Mail(code)) => Err(Failure::Relay(Some(code))),
        Err(failure) => Err(failure),
    }
}

/// One line of the protocol.
struct Line(Zeroizing<String>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", *self.0)
    }
}
