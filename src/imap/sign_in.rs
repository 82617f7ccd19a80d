//! Signing in: with a password (AUTHENTICATE PLAIN, else LOGIN) or an access token (AUTHENTICATE XOAUTH2, else OAUTHBEARER).

use super::session::Capabilities;
use super::syntax::quoted;
use super::wire::{Answer, Tagged, Wire};
use crate::ingest::{MailboxError, TokenFault};
use crate::oauth::{AccessToken, OAUTHBEARER_END, oauthbearer, xoauth2};
use async_imap::imap_proto::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use zeroize::Zeroizing;

const SIGN_IN: &str = "the sign-in";
/// Largest challenge that is looked into, in bytes.
const MAX_CHALLENGE: usize = 4096;

/// What we sign in with.
pub(super) enum Proof<'a> {
    Password {
        user: &'a str,
        password: &'a SecretString,
    },
    Token {
        user: &'a str,
        token: &'a AccessToken,
    },
}

/// Whom we sign in to.
pub(super) struct Server<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) capabilities: &'a Capabilities,
}

pub(super) async fn sign_in<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    server: &Server<'_>,
    proof: &Proof<'_>,
    deadline: Instant,
) -> Result<(), MailboxError> {
    let capabilities = server.capabilities;
    match *proof {
        Proof::Password { user, password } if capabilities.auth_plain => {
            let plain = Zeroizing::new(format!("\0{user}\0{}", password.expose_secret()));
            let first = Zeroizing::new(STANDARD.encode(plain.as_bytes()));
            let tag = authenticate(wire, "PLAIN", &first, capabilities, deadline).await?;
            finish(wire, &tag, deadline).await
        }
        Proof::Password { .. } if capabilities.login_disabled => Err(MailboxError::MissingCapability(
            "a sign-in with password (AUTH=PLAIN or LOGIN)",
        )),
        Proof::Password { user, password } => login(wire, capabilities, user, password, deadline).await,
        Proof::Token { user, token } if capabilities.auth_xoauth2 => {
            let first = xoauth2(user, token);
            let tag = authenticate(wire, "XOAUTH2", &first, capabilities, deadline).await?;
            finish_token(wire, &tag, "", deadline).await
        }
        Proof::Token { user, token } if capabilities.auth_oauthbearer => {
            let first = oauthbearer(user, server.host, server.port, token);
            let tag = authenticate(wire, "OAUTHBEARER", &first, capabilities, deadline).await?;
            finish_token(wire, &tag, OAUTHBEARER_END, deadline).await
        }
        Proof::Token { .. } => Err(MailboxError::MissingCapability(
            "a sign-in with access token (AUTH=XOAUTH2 or AUTH=OAUTHBEARER)",
        )),
    }
}

async fn finish<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    tag: &str,
    deadline: Instant,
) -> Result<(), MailboxError> {
    match wire.finish(tag, SIGN_IN, deadline, &mut |_| {}).await? {
        Answer::Ok => Ok(()),
        Answer::No => Err(MailboxError::SignInRefused),
        Answer::Bad => Err(MailboxError::Bad(SIGN_IN)),
    }
}

/// A refusal comes as a challenge that tells why; the server answers with NO once that was acknowledged.
async fn finish_token<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    tag: &str,
    acknowledgement: &str,
    deadline: Instant,
) -> Result<(), MailboxError> {
    let mut fault = TokenFault::Unstated;
    loop {
        let (challenge, tagged) = wire
            .read(SIGN_IN, deadline, |response| {
                (challenge(response), Tagged::of(response))
            })
            .await?;
        if let Some(told) = challenge {
            fault = told;
            let line = format!("{acknowledgement}\r\n");
            wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
        }
        let Some(tagged) = tagged else { continue };
        if tagged.tag != tag {
            return Err(MailboxError::Lost(SIGN_IN));
        }
        return match wire.judge(tagged.answer, SIGN_IN)? {
            Answer::Ok => Ok(()),
            Answer::No => Err(MailboxError::TokenRefused(fault)),
            Answer::Bad => Err(MailboxError::Bad(SIGN_IN)),
        };
    }
}

/// The fault that a challenge tells: base64 of JSON with a `status` (RFC 7628 section 3.2.2).
fn challenge(response: &Response<'_>) -> Option<TokenFault> {
    let Response::Continue(outcome) = response else {
        return None;
    };
    let json = outcome
        .information
        .as_deref()
        .filter(|text| text.len() <= MAX_CHALLENGE)
        .and_then(|text| STANDARD.decode(text.trim()).ok())
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let status = json.as_ref().and_then(|json| json.get("status")?.as_str());
    Some(match status {
        Some("400" | "401" | "invalid_token") => TokenFault::Invalid,
        Some("403" | "insufficient_scope") => TokenFault::Scope,
        Some(_) | None => TokenFault::Unstated,
    })
}

/// AUTHENTICATE with the first message, at once where the server allows that (SASL-IR, RFC 4959). Gives the tag.
async fn authenticate<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    mechanism: &str,
    first: &str,
    capabilities: &Capabilities,
    deadline: Instant,
) -> Result<String, MailboxError> {
    let tag = wire.next_tag();
    if capabilities.sasl_ir {
        let line = Zeroizing::new(format!("{tag} AUTHENTICATE {mechanism} {first}\r\n"));
        wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
        return Ok(tag);
    }
    let line = format!("{tag} AUTHENTICATE {mechanism}\r\n");
    wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
    continuation(wire, deadline).await?;
    let line = Zeroizing::new(format!("{first}\r\n"));
    wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
    Ok(tag)
}

/// LOGIN with each argument quoted, or as a literal where it cannot be.
async fn login<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    capabilities: &Capabilities,
    user: &str,
    password: &SecretString,
    deadline: Instant,
) -> Result<(), MailboxError> {
    let tag = wire.next_tag();
    let mut line = Zeroizing::new(format!("{tag} LOGIN"));
    for argument in [user, password.expose_secret()] {
        line.push(' ');
        match quoted(argument).map(Zeroizing::new) {
            Some(text) => line.push_str(&text),
            None if capabilities.literal_plus => {
                line.push_str(&format!("{{{}+}}\r\n", argument.len()));
                line.push_str(argument);
            }
            None => {
                line.push_str(&format!("{{{}}}\r\n", argument.len()));
                wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
                continuation(wire, deadline).await?;
                line = Zeroizing::new(argument.to_owned());
            }
        }
    }
    line.push_str("\r\n");
    wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
    finish(wire, &tag, deadline).await
}

async fn continuation<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    deadline: Instant,
) -> Result<(), MailboxError> {
    loop {
        let (goes_on, tagged) = wire
            .read(SIGN_IN, deadline, |response| {
                (matches!(response, Response::Continue(_)), Tagged::of(response))
            })
            .await?;
        match tagged
            .map(|tagged| wire.judge(tagged.answer, SIGN_IN))
            .transpose()?
        {
            None if goes_on => return Ok(()),
            None => {}
            Some(Answer::No) => return Err(MailboxError::SignInRefused),
            Some(Answer::Ok | Answer::Bad) => return Err(MailboxError::Bad(SIGN_IN)),
        }
    }
}
