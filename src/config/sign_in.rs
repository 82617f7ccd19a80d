//! How to sign in to a mail server, and the way there: passwords, access tokens, client certificates, the proxy.

use super::fields::Fields;
use std::path::PathBuf;

/// The token endpoint of a tenant of Microsoft's identity platform.
const MICROSOFT: &str = "https://login.microsoftonline.com";
/// The scope of Exchange Online for applications, and for users who signed in.
const EXCHANGE_APP: &str = "https://outlook.office365.com/.default";
const EXCHANGE_USER: &str =
    "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access";

/// How to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInConfig {
    /// With the password in a file.
    Password(PathBuf),
    /// With an access token.
    OAuth2(OAuth2Config),
}

/// `[mailbox.oauth2]`, `[relays.cjsm.oauth2]` and `[relays.ordinary.oauth2]`. Sections that say the same share their tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2Config {
    /// Where tokens are asked for: an https address.
    pub token_url: String,
    /// Further trusted certificates for it.
    pub ca_file: Option<PathBuf>,
    /// The application's id.
    pub client_id: String,
    /// What the tokens are for.
    pub scope: Option<String>,
    /// How they are asked for.
    pub grant: GrantConfig,
    /// How the application proves who it is.
    pub proof: ProofConfig,
}

/// How tokens are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantConfig {
    /// As the application itself.
    ClientCredentials,
    /// As a user who signed in once.
    RefreshToken {
        /// The refresh token of that sign-in.
        given: PathBuf,
        /// Where its successors are kept.
        state: PathBuf,
    },
}

/// How an application proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofConfig {
    /// Not at all: a public client.
    None,
    /// With a secret.
    Secret(PathBuf),
    /// With assertions that a certificate's key signs.
    Certificate {
        /// The certificate.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// A certificate of ours with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityConfig {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What goes through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxied {
    /// Connections to the mailbox.
    Mailbox,
    /// Connections to token endpoints.
    Tokens,
    /// Connections to relays.
    Relays,
}

/// `[proxy]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and the file with the password, for a proxy that asks.
    pub login: Option<(String, PathBuf)>,
    /// What goes through it.
    pub uses: Vec<Proxied>,
}

/// The grant, before what belongs to it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GrantChoice {
    ClientCredentials,
    RefreshToken,
}

pub(super) fn oauth2(mut f: Fields) -> OAuth2Config {
    let choice = f.choice(
        "grant",
        GrantChoice::ClientCredentials,
        &[
            ("client_credentials", GrantChoice::ClientCredentials),
            ("refresh_token", GrantChoice::RefreshToken),
        ],
    );
    let (token_url, is_microsoft) = token_url(&mut f);
    let default_scope = is_microsoft.then_some(match choice {
        GrantChoice::ClientCredentials => EXCHANGE_APP,
        GrantChoice::RefreshToken => EXCHANGE_USER,
    });
    let config = OAuth2Config {
        token_url,
        ca_file: f.optional_path("ca_file"),
        client_id: f.text("client_id", "the application's id, as its registration shows it"),
        scope: f.optional_text("scope").or(default_scope.map(str::to_owned)),
        grant: grant(&mut f, choice),
        proof: proof(&mut f),
    };
    f.demand(
        choice == GrantChoice::RefreshToken || config.proof != ProofConfig::None,
        "client_secret_file",
        "give client_secret_file, or certificate_file and key_file: an application must prove who it is",
    );
    config
}

fn token_url(f: &mut Fields) -> (String, bool) {
    let tenant = f.optional_text("tenant");
    let given = f.optional_text("token_url");
    let is_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    f.demand(
        tenant.as_deref().is_none_or(is_name),
        "tenant",
        "write the Directory (tenant) ID, or the tenant's domain, such as \"restorative.onmicrosoft.com\"",
    );
    f.demand(
        tenant.is_some() != given.is_some(),
        "tenant",
        "give the tenant for Microsoft 365, or the token_url of another service; one of the two",
    );
    f.demand(
        given.as_deref().is_none_or(|url| url.starts_with("https://")),
        "token_url",
        "must begin with https://: secrets are sent there",
    );
    match (given, tenant) {
        (Some(url), _) => {
            let is_microsoft = url.starts_with(MICROSOFT);
            (url, is_microsoft)
        }
        (None, Some(tenant)) => (format!("{MICROSOFT}/{tenant}/oauth2/v2.0/token"), true),
        (None, None) => (String::new(), false),
    }
}

fn grant(f: &mut Fields, choice: GrantChoice) -> GrantConfig {
    let given = f.optional_path("refresh_token_file");
    let state = f.path_or("refresh_token_state", "/var/lib/referrald/refresh.token");
    match (choice, given) {
        (GrantChoice::ClientCredentials, given) => {
            f.demand(
                given.is_none(),
                "refresh_token_file",
                "is for grant = \"refresh_token\" only: take it away, or choose that grant",
            );
            GrantConfig::ClientCredentials
        }
        (GrantChoice::RefreshToken, given) => {
            f.demand(
                given.is_some(),
                "refresh_token_file",
                "is missing: name the file that holds the refresh token of the sign-in",
            );
            GrantConfig::RefreshToken {
                given: given.unwrap_or_default(),
                state,
            }
        }
    }
}

fn proof(f: &mut Fields) -> ProofConfig {
    let secret = f.optional_path("client_secret_file");
    let pair = identity(f, "certificate_file", "key_file");
    f.demand(
        secret.is_none() || pair.is_none(),
        "client_secret_file",
        "give client_secret_file, or certificate_file and key_file, not both",
    );
    match (secret, pair) {
        (_, Some(pair)) => ProofConfig::Certificate {
            certificate: pair.certificate,
            key: pair.key,
        },
        (Some(secret), None) => ProofConfig::Secret(secret),
        (None, None) => ProofConfig::None,
    }
}

/// A certificate and its key: never one without the other.
pub(super) fn identity(
    f: &mut Fields,
    certificate: &'static str,
    key: &'static str,
) -> Option<IdentityConfig> {
    let pair = (f.optional_path(certificate), f.optional_path(key));
    f.demand(
        pair.0.is_some() == pair.1.is_some(),
        certificate,
        &format!("give both {certificate} and {key}, or neither"),
    );
    let (Some(certificate), Some(key)) = pair else {
        return None;
    };
    Some(IdentityConfig { certificate, key })
}

/// The user name goes into a line of the protocol.
pub(super) fn demand_user(f: &Fields, user: &str) {
    f.demand(
        !user.chars().any(char::is_control),
        "user",
        "must be on one line, without control characters",
    );
}

pub(super) fn proxy(mut f: Fields) -> ProxyConfig {
    let address = f.text(
        "address",
        "the proxy's name and port, such as \"proxy.restorative.example:3128\"",
    );
    let split = address.rsplit_once(':').and_then(|(host, port)| {
        let host = host.trim_matches(['[', ']']);
        Some((host.to_owned(), port.parse().ok()?)).filter(|_| !host.is_empty() && !host.contains('/'))
    });
    f.demand(
        address.is_empty() || split.is_some(),
        "address",
        "must be a name and a port without anything before or after them, such as \"proxy.restorative.example:3128\"",
    );
    let login = (f.optional_text("user"), f.optional_path("password_file"));
    f.demand(
        login.0.is_some() == login.1.is_some(),
        "user",
        "give both user and password_file, or neither",
    );
    let uses = uses(&mut f);
    let (host, port) = split.unwrap_or_default();
    ProxyConfig {
        host,
        port,
        login: login.0.zip(login.1),
        uses,
    }
}

fn uses(f: &mut Fields) -> Vec<Proxied> {
    let given = f.texts("for");
    let known: Vec<Proxied> = given
        .iter()
        .filter_map(|word| match word.as_str() {
            "mailbox" => Some(Proxied::Mailbox),
            "tokens" => Some(Proxied::Tokens),
            "relays" => Some(Proxied::Relays),
            _ => None,
        })
        .collect();
    f.demand(
        known.len() == given.len(),
        "for",
        "list what goes through the proxy: \"mailbox\", \"tokens\", \"relays\"",
    );
    match known.is_empty() {
        true => vec![Proxied::Mailbox, Proxied::Tokens],
        false => known,
    }
}
