//! Access tokens, client certificates and the proxy, from the configuration.

use super::output::Failure;
use super::setup::Setup;
use crate::config::{GrantConfig, IdentityConfig, OAuth2Config, ProofConfig, Proxied};
use crate::dial::{ClientIdentity, Proxy, Trust};
use crate::oauth::{Assertion, ClientProof, Grant, RefreshToken, TokenSettings, TokenSource, TokenUrl};
use std::sync::PoisonError;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// For the whole of one request to a token endpoint.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

impl Setup {
    /// The token source of a section. Sections that say the same share one, and with it their tokens.
    pub(super) fn token_source(&self, config: &OAuth2Config) -> Result<TokenSource, Failure> {
        let mut sources = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, source)) = sources.iter().find(|(made_of, _)| made_of == config) {
            return Ok(source.clone());
        }
        let source = TokenSource::new(self.token_settings(config)?);
        sources.push((config.clone(), source.clone()));
        Ok(source)
    }

    fn token_settings(&self, config: &OAuth2Config) -> Result<TokenSettings, Failure> {
        let url = TokenUrl::parse(&config.token_url).ok_or_else(|| {
            Failure::configuration("token_url: write an address such as \"https://login.example/token\"")
        })?;
        Ok(TokenSettings {
            url,
            client_id: config.client_id.clone(),
            scope: config.scope.clone(),
            grant: match &config.grant {
                GrantConfig::ClientCredentials => Grant::ClientCredentials,
                GrantConfig::RefreshToken { given, state } => Grant::RefreshToken(RefreshToken {
                    given: self.files.password(given)?,
                    state_file: self.files.own(state),
                }),
            },
            proof: match &config.proof {
                ProofConfig::None => ClientProof::None,
                ProofConfig::Secret(file) => ClientProof::Secret(self.files.password(file)?),
                ProofConfig::Certificate { certificate, key } => {
                    let pem = self.files.plain(certificate)?;
                    let assertion = Assertion::new(&pem, &self.files.password(key)?);
                    ClientProof::Assertion(assertion.map_err(Failure::configuration)?)
                }
            },
            trust: Trust {
                ca_pem: self.optional_pem(config.ca_file.as_deref())?,
                identity: None,
            },
            proxy: self.proxy(Proxied::Tokens)?,
            time_limit: TOKEN_TIMEOUT,
        })
    }

    pub(super) fn identity(
        &self,
        config: Option<&IdentityConfig>,
    ) -> Result<Option<ClientIdentity>, Failure> {
        let Some(config) = config else { return Ok(None) };
        Ok(Some(ClientIdentity {
            certificate_pem: self.files.plain(&config.certificate)?.to_vec(),
            key_pem: self.files.password(&config.key)?,
        }))
    }

    /// The proxy, where it is configured for that.
    pub(super) fn proxy(&self, what_for: Proxied) -> Result<Option<Proxy>, Failure> {
        let Some(config) = self
            .config
            .proxy
            .as_ref()
            .filter(|proxy| proxy.uses.contains(&what_for))
        else {
            return Ok(None);
        };
        let login = match &config.login {
            None => None,
            Some((user, file)) => Some((user.clone(), self.files.password(file)?)),
        };
        Ok(Some(Proxy {
            host: config.host.clone(),
            port: config.port,
            login,
        }))
    }

    /// Keeps every token that was asked for so far fresh until `stop`.
    pub(super) async fn keep_tokens(&self, stop: &CancellationToken) {
        let sources: Vec<TokenSource> = {
            let sources = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            sources.iter().map(|(_, source)| source.clone()).collect()
        };
        futures::future::join_all(sources.iter().map(|source| source.keep(stop))).await;
    }
}
