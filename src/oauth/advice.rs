//! Why there is no token, and what to do about it.
//!
//! The numbers of Microsoft's identity platform decide about words only, never about what is done: they "are subject to
//! change at any time" (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).

use crate::dial::DialError;
use std::fmt;

/// Why there is no access token. Carries nothing of what the endpoint said but numbers and known words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No connection.
    #[error("the token endpoint {0}")]
    Dial(#[from] DialError),
    /// No answer in time.
    #[error("the token endpoint did not answer in time: check token_url and the network; it is asked again")]
    TimedOut,
    /// The connection ended, or carried what is not HTTP.
    #[error("the token endpoint's answer is no HTTP: check that token_url is a token endpoint")]
    NoHttp,
    /// The answer is over its bound.
    #[error("the token endpoint's answer is too large: check that token_url is a token endpoint")]
    TooLarge,
    /// The answer holds no token that can be used.
    #[error(
        "the token endpoint's answer (HTTP {0}) holds no access token: check that token_url is a token endpoint"
    )]
    NoToken(u16),
    /// The endpoint is busy or broken.
    #[error("the token endpoint cannot answer now (HTTP {0}); it is asked again")]
    Unwell(u16),
    /// The endpoint said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The signed assertion.
    #[error(transparent)]
    Assertion(#[from] super::AssertionError),
    /// The file that the newest refresh token is kept in.
    #[error(
        "the refresh token's state file cannot be read or written ({0}): its folder must belong to the user that \
         referrald runs as"
    )]
    State(std::io::ErrorKind),
}

/// The `error` of a refused request (RFC 6749 section 5.2); the words that mean something to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorWord {
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrant,
    /// `invalid_scope`
    InvalidScope,
    /// `invalid_request`
    InvalidRequest,
    /// `interaction_required` or `consent_required` (Microsoft)
    InteractionRequired,
    /// Any other.
    Other,
}

impl ErrorWord {
    pub(super) fn read(word: &str) -> Self {
        match word {
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrant,
            "invalid_scope" => Self::InvalidScope,
            "invalid_request" => Self::InvalidRequest,
            "interaction_required" | "consent_required" => Self::InteractionRequired,
            _ => Self::Other,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::InvalidClient => {
                "the client id, its secret or its certificate is wrong or has expired: check client_id and \
                 client_secret_file, or certificate_file and key_file"
            }
            Self::InvalidGrant => {
                "the refresh token is not valid any more: sign in anew and put the new one into refresh_token_file"
            }
            Self::UnauthorizedClient => {
                "this application may not ask for tokens this way: check its registration and grant"
            }
            Self::UnsupportedGrant => "the endpoint knows no such grant: check token_url and grant",
            Self::InvalidScope => "the scope is wrong: check scope",
            Self::InvalidRequest => {
                "the endpoint misses something in the request: check the settings of this section"
            }
            Self::InteractionRequired => {
                "somebody has to agree or sign in first: an administrator must grant consent to the application"
            }
            Self::Other => "check the settings of this section against the endpoint's documentation",
        }
    }
}

/// The endpoint said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The word of the standard.
    pub word: ErrorWord,
    /// The number of Microsoft's identity platform (`AADSTS...`).
    pub number: Option<u32>,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token endpoint refused: ")?;
        match self.number {
            None => f.write_str(self.word.advice()),
            Some(number) => {
                let advice = advice_on(number).unwrap_or_else(|| self.word.advice());
                write!(f, "{advice} (AADSTS{number})")
            }
        }
    }
}

/// What the usual mistakes need, by Microsoft's number.
fn advice_on(number: u32) -> Option<&'static str> {
    Some(match number {
        7_000_215 => {
            "the client secret is wrong: client_secret_file must hold the secret's value, not its id; it is shown only \
             once, so make a new one under Certificates & secrets if it is lost"
        }
        7_000_222 => {
            "the client secret has expired: make a new one under Certificates & secrets and put its value into \
             client_secret_file"
        }
        7_000_218 | 7_000_216 => {
            "the application needs a secret or a certificate: give client_secret_file, or certificate_file and key_file"
        }
        7_000_112 => {
            "the application is disabled in the tenant: let an administrator enable it under Enterprise applications"
        }
        7_000_229 => {
            "the tenant has no service principal for the application: an administrator must grant it consent in this \
             tenant"
        }
        90_002 | 900_023 => "there is no such tenant: check tenant, or the tenant in token_url",
        700_016 => {
            "the tenant knows no such application: check client_id (the Application ID) and the tenant"
        }
        700_027 => {
            "the signed assertion was refused: upload certificate_file to the application under Certificates & secrets, and \
             check that key_file belongs to it and that it has not expired"
        }
        700_024 => "the signed assertion is outside its time: check this machine's clock",
        65_001 => {
            "consent is missing: an administrator must grant admin consent to the application's permissions (API \
             permissions)"
        }
        70_011 | 1_002_012 => {
            "the scope is wrong: for Exchange Online with client_credentials write \
             \"https://outlook.office365.com/.default\""
        }
        500_011 => "the scope names a service that the tenant does not know: check scope",
        700_082 | 70_008 | 70_043 => {
            "the refresh token has expired: sign in anew and put the new one into refresh_token_file"
        }
        50_173 | 50_133 | 54_005 => {
            "the refresh token was revoked (a changed password does that): sign in anew and put the new one into \
             refresh_token_file"
        }
        50_076 | 50_079 | 50_074 => {
            "the account has to pass a second factor: sign in anew with it and put the new token into refresh_token_file"
        }
        53_003 => {
            "a Conditional Access policy of the tenant blocks this: let an administrator admit the application"
        }
        50_034 | 50_057 => "the account does not exist or is disabled: check it in the tenant",
        50_196 => "the tenant was asked too often in a row; it is asked again later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mistakes_are_told_with_what_to_do() {
        for (number, says) in [
            (7_000_215, "the secret's value, not its id"),
            (7_000_222, "has expired: make a new one"),
            (90_002, "no such tenant"),
            (700_016, "check client_id"),
            (65_001, "grant admin consent"),
            (700_027, "upload certificate_file"),
        ] {
            let refusal = Refusal {
                word: ErrorWord::InvalidClient,
                number: Some(number),
            };
            let told = refusal.to_string();
            assert!(told.contains(says), "{number}: {told}");
            assert!(told.contains(&format!("AADSTS{number}")), "{told}");
        }
        let unknown = Refusal {
            word: ErrorWord::read("invalid_grant"),
            number: Some(1),
        };
        assert!(unknown.to_string().contains("sign in anew"), "{unknown}");
        let other = Refusal {
            word: ErrorWord::read("<script>"),
            number: None,
        };
        assert!(!other.to_string().contains("script"), "{other}");
    }
}
