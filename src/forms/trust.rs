//! Who sent it, as far as the receiving server vouches for it.
//!
//! # Security
//! From, Reply-To and display names prove nothing. Only the topmost `Authentication-Results` field
//! (RFC 8601) counts, and only if it carries the configured authserv-id: anybody can write others below.

use super::FormsContext;
use crate::domain::{MessageHeaders, Trust};

/// Works out the trust of a message.
pub(super) fn trust(headers: &MessageHeaders, context: &FormsContext<'_>) -> Trust {
    let domain = headers
        .from_address
        .as_deref()
        .and_then(|a| a.rsplit_once('@'))
        .map(|(_, domain)| domain.to_ascii_lowercase());
    let agency = domain
        .as_deref()
        .and_then(|domain| context.agencies.of_domain(domain));
    Trust {
        sender_authenticated: authenticated(headers, context.authserv_id, domain.as_deref()),
        agency: agency.map(|(name, _)| name.to_owned()),
        agency_kind: agency.map(|(_, kind)| kind),
    }
}

/// DMARC pass for the From domain, by the configured server; `None` without a result that counts.
fn authenticated(headers: &MessageHeaders, authserv_id: Option<&str>, domain: Option<&str>) -> Option<bool> {
    let wanted = authserv_id?.trim();
    let topmost = headers.field("authentication-results")?;
    let (id, results) = without_comments(topmost)
        .split_once(';')
        .map(|(id, rest)| (id.trim().to_owned(), rest.to_owned()))?;
    let id = id.split_whitespace().next()?;
    if wanted.is_empty() || !id.eq_ignore_ascii_case(wanted) {
        return None;
    }
    let dmarc = results
        .split(';')
        .map(str::trim)
        .find(|result| result.to_ascii_lowercase().starts_with("dmarc="))?;
    let mut words = dmarc.split_whitespace();
    let pass = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("dmarc=pass"));
    let from = words.find_map(|word| {
        word.to_ascii_lowercase()
            .strip_prefix("header.from=")
            .map(str::to_owned)
    });
    let aligned = match (from, domain) {
        (Some(from), Some(domain)) => domain == from || domain.ends_with(&format!(".{from}")),
        (None, _) | (_, None) => true,
    };
    Some(pass && aligned)
}

/// RFC 5322 comments taken out, so that nothing in them can pose as a result.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: &[&str], id: Option<&str>) -> Option<bool> {
        let headers = MessageHeaders {
            fields: fields
                .iter()
                .map(|v| ("authentication-results".to_owned(), (*v).to_owned()))
                .collect(),
            ..MessageHeaders::default()
        };
        authenticated(&headers, id, Some("essex.police.uk"))
    }

    #[test]
    fn only_the_topmost_result_of_our_own_server_counts() {
        let ours = "mx.example.org; spf=pass smtp.mailfrom=x; dmarc=pass header.from=essex.police.uk";
        let forged = "mx.evil.example; dmarc=pass header.from=essex.police.uk";
        assert_eq!(with(&[ours], Some("mx.example.org")), Some(true));
        assert_eq!(with(&[forged, ours], Some("mx.example.org")), None);
        assert_eq!(with(&[ours], None), None);
        assert_eq!(
            with(&["mx.example.org; dmarc=fail"], Some("mx.example.org")),
            Some(false)
        );
        assert_eq!(
            with(
                &["mx.example.org; spf=pass (; dmarc=pass)"],
                Some("mx.example.org")
            ),
            None
        );
        assert_eq!(
            with(
                &["mx.example.org; dmarc=pass header.from=other.example"],
                Some("mx.example.org")
            ),
            Some(false)
        );
        assert_eq!(with(&[], Some("mx.example.org")), None);
    }
}
