//! What a token endpoint answers (RFC 6749 sections 5.1 and 5.2). Pure.

use super::advice::{ErrorWord, Refusal, TokenError};
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;

/// Longest token taken, in bytes: it goes into one line of IMAP or SMTP.
const MAX_TOKEN: usize = 16 * 1024;
/// How long a token is taken for valid that does not say so itself.
const UNSTATED_LIFE: Duration = Duration::from_secs(300);
/// Longest life believed.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

/// A token as it was issued.
pub(super) struct Issued {
    pub(super) access: SecretString,
    pub(super) life: Duration,
    /// A new refresh token, in place of the one that was used.
    pub(super) refresh: Option<SecretString>,
}

/// The token of an answer, or why there is none.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Issued, TokenError> {
    let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match status {
        200 => issued(&json).ok_or(TokenError::NoToken(status)),
        // Redirects are not followed: a secret must not go on to somewhere else.
        429 | 500..=599 => Err(TokenError::Unwell(status)),
        _ => match json.get("error").and_then(Value::as_str) {
            // Section 4.1.2.1 has it for another endpoint; some use it here.
            Some("temporarily_unavailable" | "server_error") => Err(TokenError::Unwell(status)),
            Some(word) => Err(TokenError::Refused(Refusal {
                word: ErrorWord::read(word),
                number: number(&json),
            })),
            None => Err(TokenError::NoToken(status)),
        },
    }
}

fn issued(json: &Value) -> Option<Issued> {
    let access = usable(json.get("access_token")?.as_str()?)?;
    // Servers that leave the type out mean this one.
    let kind = json.get("token_type").map_or(Some("Bearer"), Value::as_str)?;
    if !kind.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let seconds = json.get("expires_in").and_then(|life| match life {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    });
    Some(Issued {
        access,
        life: seconds
            .map_or(UNSTATED_LIFE, Duration::from_secs)
            .min(LONGEST_LIFE),
        refresh: json.get("refresh_token").and_then(Value::as_str).and_then(usable),
    })
}

/// A token of visible ASCII (RFC 6750 `b64token` and some more): nothing that ends a line or a field.
fn usable(token: &str) -> Option<SecretString> {
    let fits = (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| SecretString::from(token))
}

/// Microsoft's number: in `error_codes`, else in front of the description.
fn number(json: &Value) -> Option<u32> {
    let listed = json.get("error_codes").and_then(|codes| codes.get(0)?.as_u64());
    let described = || {
        let text = json.get("error_description")?.as_str()?.strip_prefix("AADSTS")?;
        let digits: String = text.chars().take_while(char::is_ascii_digit).take(9).collect();
        digits.parse().ok()
    };
    listed
        .or_else(described)
        .and_then(|number| u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(status: u16, body: &str) -> Result<Issued, TokenError> {
        super::read(status, body.as_bytes())
    }

    #[test]
    fn a_token_comes_with_its_life() {
        let issued = read(
            200,
            r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ0.eyJh.c2ln"}"#,
        )
        .ok()
        .unwrap();
        assert_eq!(issued.access.expose_secret(), "eyJ0.eyJh.c2ln");
        assert_eq!(issued.life, Duration::from_secs(3599));
        assert!(issued.refresh.is_none());
        let rotated = read(
            200,
            r#"{"token_type":"bearer","expires_in":"60","access_token":"a","refresh_token":"1.b"}"#,
        )
        .ok()
        .unwrap();
        assert_eq!(rotated.life, Duration::from_secs(60));
        assert_eq!(rotated.refresh.unwrap().expose_secret(), "1.b");
        let unstated = read(200, r#"{"access_token":"a"}"#).ok().unwrap();
        assert_eq!(unstated.life, UNSTATED_LIFE);
        let boundless = read(200, r#"{"access_token":"a","expires_in":99999999999}"#)
            .ok()
            .unwrap();
        assert_eq!(boundless.life, LONGEST_LIFE);
    }

    #[test]
    fn what_is_no_usable_token_is_none() {
        let long = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(MAX_TOKEN + 1));
        for body in [
            "",
            "<html>Sign in</html>",
            "[]",
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nA1 LOGOUT"}"#,
            r#"{"access_token":"a\u0001"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            long.as_str(),
        ] {
            assert_eq!(
                read(200, body).err(),
                Some(TokenError::NoToken(200)),
                "{body:.60}"
            );
        }
        assert_eq!(
            read(302, r#"{"access_token":"a"}"#).err(),
            Some(TokenError::NoToken(302))
        );
    }

    #[test]
    fn refusals_keep_the_word_and_the_number_only() {
        let refused = |body: &str| match read(400, body).err() {
            Some(TokenError::Refused(refusal)) => Some((refusal.word, refusal.number)),
            _ => None,
        };
        let secret = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.",
            "error_codes":[7000215],"trace_id":"x"}"#;
        assert_eq!(refused(secret), Some((ErrorWord::InvalidClient, Some(7_000_215))));
        let described =
            r#"{"error":"invalid_request","error_description":"AADSTS90002: Tenant 'x' not found."}"#;
        assert_eq!(
            refused(described),
            Some((ErrorWord::InvalidRequest, Some(90_002)))
        );
        assert_eq!(
            refused(r#"{"error":"invalid_scope"}"#),
            Some((ErrorWord::InvalidScope, None))
        );
        assert_eq!(refused("no JSON"), None);
        for (status, body) in [
            (429, ""),
            (503, "{}"),
            (500, r#"{"error":"invalid_client"}"#),
            (400, r#"{"error":"temporarily_unavailable"}"#),
        ] {
            assert_eq!(read(status, body).err(), Some(TokenError::Unwell(status)));
        }
    }
}
