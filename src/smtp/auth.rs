//! AUTH PLAIN (RFC 4616) and AUTH LOGIN within a session (RFC 4954).
//!
//! A failed sign-in says the same, and costs the same, whether the user name exists or not.

use super::replies;
use super::session::{MAX_AUTH_FAILURES, Next, Session};
use super::wire::WireError;
use crate::domain::password::{MAX_PASSWORD_BYTES, verify_password};
use crate::outbound::{SubmissionAccount, SubmissionSink};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

/// Longest user name taken, in bytes (RFC 4616).
const MAX_USER_BYTES: usize = 255;

/// What the client gave.
struct Given {
    user: String,
    password: SecretString,
}

/// Why there is nothing to check.
enum NotGiven {
    Cancelled,
    Malformed,
    Wire(WireError),
}

/// What came of the check.
enum Checked {
    Fits(SubmissionAccount),
    DoesNotFit,
    NotNow,
    Throttled,
}

impl<S: AsyncRead + AsyncWrite + Unpin, K: SubmissionSink> Session<'_, S, K> {
    /// The AUTH command, up to its last reply.
    pub(super) async fn auth(&mut self, mechanism: u64, initial: &[u8]) -> Result<Next, WireError> {
        if let Some(obstacle) = self.auth_obstacle() {
            return self.refuse(obstacle).await;
        }
        let given = match mechanism {
            AUTH_PLAIN => self.ask_plain(initial).await,
            AUTH_LOGIN => self.ask_login(initial).await,
            _ => return self.refuse(replies::MECHANISM).await,
        };
        match given {
            Ok(given) => {
                let checked = self.check(given).await;
                self.answer(checked).await
            }
            Err(NotGiven::Cancelled) => self.refuse(replies::AUTH_CANCELLED).await,
            Err(NotGiven::Malformed) => self.refuse(replies::AUTH_MALFORMED).await,
            Err(NotGiven::Wire(error)) => Err(error),
        }
    }

    async fn ask_plain(&mut self, initial: &[u8]) -> Result<Given, NotGiven> {
        let response = match initial {
            b"" => self.ask(replies::ASK_PLAIN).await?,
            initial => decode(initial)?,
        };
        let mut fields = response.split(|&byte| byte == 0);
        let (Some(authzid), Some(user), Some(password), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(NotGiven::Malformed);
        };
        if !authzid.is_empty() && authzid != user {
            return Err(NotGiven::Malformed);
        }
        given(user, password)
    }

    async fn ask_login(&mut self, initial: &[u8]) -> Result<Given, NotGiven> {
        let user = match initial {
            b"" => self.ask(replies::ASK_USER).await?,
            initial => decode(initial)?,
        };
        let password = self.ask(replies::ASK_PASSWORD).await?;
        given(&user, &password)
    }

    /// One challenge and its response.
    async fn ask(&mut self, challenge: &str) -> Result<Zeroizing<Vec<u8>>, NotGiven> {
        self.reply(challenge).await.map_err(NotGiven::Wire)?;
        let line = self.wire.read_line(self.login_deadline).await;
        let line = line.map_err(NotGiven::Wire)?;
        match line.as_slice() {
            b"*" => Err(NotGiven::Cancelled),
            b"" => Ok(Zeroizing::new(Vec::new())),
            line => decode(line),
        }
    }

    async fn check(&mut self, given: Given) -> Checked {
        let Given { user, password } = given;
        if !self
            .shared
            .lock_throttle()
            .allows(self.caller.peer, &user, Instant::now())
        {
            return Checked::Throttled;
        }
        let Ok(account) = self.shared.sink.account(&user).await else {
            return Checked::NotNow;
        };
        let Ok(_permit) = self.shared.hashing.acquire().await else {
            return Checked::NotNow;
        };
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let fits = tokio::task::spawn_blocking(move || verify_password(&password, hash.as_deref())).await;
        match (fits, account) {
            (Ok(true), Some(account)) => Checked::Fits(account),
            (Ok(_), _) => {
                self.shared
                    .lock_throttle()
                    .failed(self.caller.peer, &user, Instant::now());
                Checked::DoesNotFit
            }
            (Err(_), _) => Checked::NotNow,
        }
    }

    async fn answer(&mut self, checked: Checked) -> Result<Next, WireError> {
        match checked {
            Checked::Fits(account) => {
                self.account = Some(account);
                self.accept(replies::SIGNED_IN).await
            }
            Checked::NotNow => self.refuse(replies::AUTH_LATER).await,
            Checked::Throttled => {
                tracing::warn!("sign-in refused: too many failures");
                self.reply(replies::AUTH_THROTTLED).await?;
                Ok(Next::Close)
            }
            Checked::DoesNotFit => {
                self.auth_failures += 1;
                tracing::warn!(failures = self.auth_failures, "sign-in failed");
                if self.auth_failures >= MAX_AUTH_FAILURES {
                    self.reply(replies::WRONG_PASSWORD).await?;
                    return Ok(Next::Close);
                }
                self.refuse(replies::WRONG_PASSWORD).await
            }
        }
    }
}

/// `=` stands for an empty initial response (RFC 4954 section 4).
fn decode(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotGiven> {
    match base64 {
        b"=" => Ok(Zeroizing::new(Vec::new())),
        base64 => STANDARD
            .decode(base64)
            .map(Zeroizing::new)
            .map_err(|_| NotGiven::Malformed),
    }
}

fn given(user: &[u8], password: &[u8]) -> Result<Given, NotGiven> {
    let bounded =
        (1..=MAX_USER_BYTES).contains(&user.len()) && (1..=MAX_PASSWORD_BYTES).contains(&password.len());
    match (std::str::from_utf8(user), std::str::from_utf8(password)) {
        (Ok(user), Ok(password)) if bounded && !user.contains('\0') => Ok(Given {
            user: user.to_owned(),
            password: SecretString::from(password),
        }),
        _ => Err(NotGiven::Malformed),
    }
}
