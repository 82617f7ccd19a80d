//! The token source: what is kept, when it is renewed, how long the endpoint is left alone.

use super::advice::TokenError;
use super::answer::{self, Issued};
use super::assertion::Assertion;
use super::endpoint::{TokenUrl, post};
use super::refresh::RefreshToken;
use crate::dial::{Proxy, Trust};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// A token is renewed this long before it ends, or after three quarters of a shorter life.
const AHEAD: Duration = Duration::from_secs(300);
/// First pause after a failure that may pass by itself; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Pause after a refusal, which somebody has to mend, and the longest that is not asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The longest that the endpoint is left alone because it asks so.
const LONGEST_ASKED: Duration = Duration::from_secs(900);
/// `client_assertion_type` of RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How the client proves who it is.
#[derive(Debug, Clone)]
pub enum ClientProof {
    /// Not at all: a public client, which only a refresh token may stand for.
    None,
    /// By a secret in the form (RFC 6749 section 2.3.1).
    Secret(SecretString),
    /// By a signed assertion (RFC 7523).
    Assertion(Assertion),
}

/// How a token is asked for.
#[derive(Debug, Clone)]
pub enum Grant {
    /// As the application itself.
    ClientCredentials,
    /// As the user who signed in once.
    RefreshToken(RefreshToken),
}

/// Where and as whom tokens are asked for.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// The token endpoint.
    pub url: TokenUrl,
    /// `client_id`.
    pub client_id: String,
    /// `scope`, where the endpoint wants one.
    pub scope: Option<String>,
    /// How.
    pub grant: Grant,
    /// Proof of the client.
    pub proof: ClientProof,
    /// Whom to trust.
    pub trust: Trust,
    /// The way there.
    pub proxy: Option<Proxy>,
    /// For the whole of one request.
    pub time_limit: Duration,
}

/// Whether a token was kept from an earlier request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It was fetched for this very request.
    New,
    /// It was in memory: should it be refused, a new one may do.
    Kept,
}

/// A token to sign in with.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    serial: u64,
    /// Whether it was kept.
    pub freshness: Freshness,
}

impl AccessToken {
    /// The token.
    pub fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }

    #[cfg(test)]
    pub(super) fn for_tests(secret: &str) -> Self {
        Self {
            secret: secret.into(),
            serial: 0,
            freshness: Freshness::New,
        }
    }
}

/// No token now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unavailable {
    /// Why.
    pub error: TokenError,
    /// When it is worth asking again.
    pub wait: Duration,
}

/// Hands out access tokens. Clones share what is kept.
#[derive(Clone)]
pub struct TokenSource(Arc<Source>);

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}

struct Source {
    settings: TokenSettings,
    kept: Mutex<Kept>,
}

/// What is kept between requests.
#[derive(Default)]
struct Kept {
    token: Option<Token>,
    failed: Option<Failed>,
    serial: u64,
    /// The newest refresh token, while its file cannot be written.
    unsaved: Option<SecretString>,
}

struct Token {
    secret: SecretString,
    renew_at: Instant,
    ends_at: Instant,
}

struct Failed {
    error: TokenError,
    /// In a row.
    times: u32,
    until: Instant,
}

impl Kept {
    fn hand_out(&self, freshness: Freshness, is_good: impl FnOnce(&Token) -> bool) -> Option<AccessToken> {
        let token = self.token.as_ref().filter(|token| is_good(token))?;
        Some(AccessToken {
            secret: token.secret.clone(),
            serial: self.serial,
            freshness,
        })
    }

    /// When the endpoint is to be asked next.
    fn due(&self) -> Option<Instant> {
        let renewal = self.token.as_ref().map(|token| token.renew_at);
        let allowed = self.failed.as_ref().map(|failed| failed.until);
        renewal.max(allowed)
    }
}

impl TokenSource {
    /// Asks nothing yet.
    pub fn new(settings: TokenSettings) -> Self {
        Self(Arc::new(Source {
            settings,
            kept: Mutex::default(),
        }))
    }

    /// The host of the token endpoint.
    pub fn endpoint(&self) -> &str {
        self.0.settings.url.host()
    }

    /// A token that is valid now: the kept one, or a new one when that is due. A request goes on when the caller does not
    /// wait for it any more, so that a rotated refresh token is never lost.
    ///
    /// # Errors
    /// [`Unavailable`]: there is no valid token, and when to ask again.
    pub async fn get(&self) -> Result<AccessToken, Unavailable> {
        let source = Arc::clone(&self.0);
        let asking = tokio::spawn(async move { source.get().await });
        asking.await.unwrap_or(Err(Unavailable {
            error: TokenError::TimedOut,
            wait: FIRST_PAUSE,
        }))
    }

    /// The server refused this token: the next one is fetched anew.
    pub async fn discard(&self, token: &AccessToken) {
        let mut kept = self.0.kept.lock().await;
        if kept.serial == token.serial {
            kept.token = None;
        }
    }

    /// Keeps a valid token in memory until `stop`, so that a failing endpoint is noticed ahead of time.
    pub async fn keep(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            // What failed was logged, and is tried again when it is due.
            let _kept_or_told = self.get().await;
            let due = self.0.kept.lock().await.due();
            let soonest = Instant::now() + FIRST_PAUSE / 4;
            let due = due.map_or(soonest, |due| due.max(soonest));
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

impl Source {
    async fn get(&self) -> Result<AccessToken, Unavailable> {
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if let Some(token) = kept.hand_out(Freshness::Kept, |token| now < token.renew_at) {
            return Ok(token);
        }
        let is_paused = kept.failed.as_ref().is_some_and(|failed| now < failed.until);
        if !is_paused {
            self.ask(&mut kept).await;
        }
        let now = Instant::now();
        let freshness = match is_paused || kept.failed.is_some() {
            true => Freshness::Kept,
            false => Freshness::New,
        };
        // A token whose renewal failed is good until it ends.
        kept.hand_out(freshness, |token| now < token.ends_at)
            .ok_or_else(|| {
                let failed = kept.failed.as_ref();
                Unavailable {
                    error: failed.map_or(TokenError::TimedOut, |failed| failed.error.clone()),
                    wait: failed.map_or(FIRST_PAUSE, |failed| failed.until.saturating_duration_since(now)),
                }
            })
    }

    async fn ask(&self, kept: &mut Kept) {
        let asked_at = Instant::now();
        let mut asked_pause = None;
        let fetching = self.fetch(&mut asked_pause, &mut kept.unsaved);
        let fetched = timeout(self.settings.time_limit, fetching).await;
        let endpoint = self.settings.url.host();
        match fetched.unwrap_or(Err(TokenError::TimedOut)) {
            Ok(issued) => {
                tracing::info!(endpoint, life_s = issued.life.as_secs(), "access token renewed");
                kept.serial += 1;
                kept.failed = None;
                kept.token = Some(Token {
                    secret: issued.access,
                    renew_at: asked_at + issued.life - AHEAD.min(issued.life / 4),
                    ends_at: asked_at + issued.life,
                });
            }
            Err(error) => {
                let times = kept.failed.as_ref().map_or(0, |failed| failed.times);
                let wait = pause(&error, times, asked_pause);
                tracing::warn!(endpoint, %error, wait_s = wait.as_secs(), "no new access token; trying again");
                kept.failed = Some(Failed {
                    error,
                    times: times.saturating_add(1),
                    until: Instant::now() + wait,
                });
            }
        }
    }

    async fn fetch(
        &self,
        asked_pause: &mut Option<Duration>,
        unsaved: &mut Option<SecretString>,
    ) -> Result<Issued, TokenError> {
        let settings = &self.settings;
        let now = jiff::Timestamp::now().as_second();
        let refresh = match &settings.grant {
            Grant::ClientCredentials => None,
            Grant::RefreshToken(token) => Some(token.hold().await?),
        };
        let newest = match (&refresh, unsaved.as_ref()) {
            (None, _) => None,
            (Some(_), Some(unsaved)) => Some(unsaved.clone()),
            (Some(held), None) => Some(held.newest()?),
        };
        let form = self.form(newest.as_ref(), now)?;
        let reply = post(
            &settings.url,
            settings.proxy.as_ref(),
            &settings.trust,
            &form,
            now,
        )
        .await?;
        *asked_pause = reply.retry_after;
        let issued = answer::read(reply.status, &reply.body)?;
        let successor = issued.refresh.as_ref().or(unsaved.as_ref());
        if let (Some(held), Some(successor)) = (&refresh, successor) {
            // The one that was used may be spent: without its successor everything would stand still.
            *unsaved = match held.replace(successor) {
                Ok(()) => None,
                Err(error) => {
                    tracing::error!(%error, "the new refresh token is in memory only; a restart needs a new sign-in");
                    Some(successor.clone())
                }
            };
        }
        Ok(issued)
    }

    fn form(&self, refresh: Option<&SecretString>, now: i64) -> Result<Zeroizing<String>, TokenError> {
        let settings = &self.settings;
        let mut fields = vec![("client_id", settings.client_id.as_str())];
        fields.extend(settings.scope.as_deref().map(|scope| ("scope", scope)));
        match refresh {
            None => fields.push(("grant_type", "client_credentials")),
            Some(token) => fields.extend([
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose_secret()),
            ]),
        }
        let signed = match &settings.proof {
            ClientProof::Assertion(assertion) => {
                Some(assertion.sign(&settings.client_id, settings.url.as_str(), now)?)
            }
            ClientProof::None | ClientProof::Secret(_) => None,
        };
        match (&settings.proof, &signed) {
            (ClientProof::Secret(secret), _) => fields.push(("client_secret", secret.expose_secret())),
            (_, Some(signed)) => fields.extend([
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", signed.as_str()),
            ]),
            (ClientProof::None | ClientProof::Assertion(_), None) => {}
        }
        serde_urlencoded::to_string(fields)
            .map(Zeroizing::new)
            .map_err(|_| TokenError::NoHttp)
    }
}

/// How long the endpoint is left alone after `times` failures in a row before this one.
fn pause(error: &TokenError, times: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE
        .saturating_mul(1u32.checked_shl(times).unwrap_or(u32::MAX))
        .min(LONGEST_PAUSE);
    match error {
        TokenError::Refused(_) | TokenError::Assertion(_) => LONGEST_PAUSE,
        TokenError::Unwell(_) => asked.map_or(doubled, |asked| asked.clamp(FIRST_PAUSE, LONGEST_ASKED)),
        TokenError::Dial(_)
        | TokenError::TimedOut
        | TokenError::NoHttp
        | TokenError::TooLarge
        | TokenError::NoToken(_)
        | TokenError::State(_) => doubled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::{ErrorWord, Refusal};

    #[test]
    fn the_endpoint_is_left_alone_as_it_asks_within_a_bound() {
        let unwell = TokenError::Unwell(429);
        let seconds = Duration::from_secs;
        assert_eq!(pause(&unwell, 0, Some(seconds(17))), seconds(17));
        assert_eq!(pause(&unwell, 9, Some(seconds(0))), FIRST_PAUSE);
        assert_eq!(pause(&unwell, 0, Some(seconds(86_400))), LONGEST_ASKED);
        let waits: Vec<u64> = (0..11)
            .map(|times| pause(&unwell, times, None).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(pause(&TokenError::TimedOut, 200, Some(seconds(1))), LONGEST_PAUSE);
        let refused = TokenError::Refused(Refusal {
            word: ErrorWord::InvalidClient,
            number: None,
        });
        assert_eq!(
            pause(&refused, 0, None),
            LONGEST_PAUSE,
            "a wrong secret mends nothing by itself"
        );
    }
}
