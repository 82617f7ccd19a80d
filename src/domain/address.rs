//! E-mail addresses, parsed strictly, and the two classes of recipients.
//!
//! A CJSM address is one on `cjsm.net` or a name under it, label-exact, on the ASCII domain.
//! `evilcjsm.net`, `cjsm.net.evil.org`, quoted local parts and look-alike letters are not.

use std::fmt;

/// Longest address taken (RFC 5321 section 4.5.3.1.3, path without brackets).
const MAX_ADDRESS: usize = 254;
/// Longest local part (RFC 5321 section 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// An address in strict dot-atom form (RFC 5321 `Mailbox` without quoted strings and literals), ASCII,
/// domain in lower case without a trailing dot. It is personal data: it does not print.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

impl EmailAddress {
    /// Reads exactly one bare address (no display name, comment, quotes or brackets).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let (local, domain) = text.rsplit_once('@')?;
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let sound = text.len() <= MAX_ADDRESS
            && local.len() <= MAX_LOCAL
            && local.split('.').all(is_atom)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        sound.then(|| Self {
            text: format!("{local}@{}", domain.to_ascii_lowercase()),
            at: local.len(),
        })
    }

    /// The address. Personal data: not for logs.
    pub fn expose_address(&self) -> &str {
        &self.text
    }

    /// The domain, lower case: not personal data.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The part before the `@`.
    pub fn expose_local_part(&self) -> &str {
        &self.text[..self.at]
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// An address on a CJSM domain. [`CjsmAddress::parse`] is the only way to one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CjsmAddress(EmailAddress);

impl CjsmAddress {
    /// `Some` only for a strictly written address whose domain is `cjsm.net` or ends in `.cjsm.net`.
    pub fn parse(text: &str) -> Option<Self> {
        let address = EmailAddress::parse(text)?;
        let domain = address.domain();
        (domain == "cjsm.net" || domain.ends_with(".cjsm.net")).then_some(Self(address))
    }

    /// The address itself.
    pub fn address(&self) -> &EmailAddress {
        &self.0
    }
}

/// An address that is not on a CJSM domain, or is treated as if it were not.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OpenAddress(EmailAddress);

impl OpenAddress {
    /// The address itself.
    pub fn address(&self) -> &EmailAddress {
        &self.0
    }
}

impl From<CjsmAddress> for OpenAddress {
    /// Treats a CJSM address as open, for want of a CJSM relay.
    fn from(address: CjsmAddress) -> Self {
        Self(address.0)
    }
}

/// An envelope recipient, classed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Recipient {
    /// On a CJSM domain.
    Cjsm(CjsmAddress),
    /// Anywhere else.
    Open(OpenAddress),
}

impl Recipient {
    /// Classes an envelope recipient. `None` for what cannot be read strictly: such mail is held.
    pub fn parse(text: &str) -> Option<Self> {
        match CjsmAddress::parse(text) {
            Some(address) => Some(Self::Cjsm(address)),
            None => EmailAddress::parse(text).map(|address| Self::Open(OpenAddress(address))),
        }
    }

    /// The address itself.
    pub fn address(&self) -> &EmailAddress {
        match self {
            Self::Cjsm(address) => address.address(),
            Self::Open(address) => address.address(),
        }
    }
}

/// The relay that a delivery takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailRoute {
    /// Through the CJSM relay only.
    Cjsm,
    /// Through the ordinary relay.
    Ordinary,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> &'static str {
        match Recipient::parse(text) {
            Some(Recipient::Cjsm(_)) => "cjsm",
            Some(Recipient::Open(_)) => "open",
            None => "refused",
        }
    }

    #[test]
    fn cjsm_is_told_by_whole_labels_of_the_ascii_domain() {
        for text in [
            "a@cjsm.net",
            "a@b.gov.uk.cjsm.net",
            "Crime@X.CO.UK.CJSM.NET.",
            "o'b+c@x.cjsm.net",
        ] {
            assert_eq!(class(text), "cjsm", "{text}");
        }
        for text in [
            "a@evilcjsm.net",
            "a@cjsm.net.evil.org",
            "a@x.cjsm.network",
            "cjsm.net@evil.org",
            "a@xn--jsm-lia.net",
        ] {
            assert_eq!(class(text), "open", "{text}");
        }
    }

    #[test]
    fn what_is_not_one_plain_address_is_refused() {
        for text in [
            "\"a@cjsm.net\"@evil.org",
            "a@сjsm.net",
            "a b@cjsm.net",
            "<a@cjsm.net>",
            "a@cjsm.net,b@evil.org",
            "a@cjsm.net\0",
            "a@cjsm。net",
            "a@[127.0.0.1]",
            "(x)a@cjsm.net",
            "a@@cjsm.net",
            "@cjsm.net",
            "a@cjsm",
            "a@cjsm.net..",
            "a..b@cjsm.net",
            "a@-x.cjsm.net",
            "a@cjsm.net\r\nRCPT TO:<b@evil.org>",
            "",
        ] {
            assert_eq!(class(text), "refused", "{text}");
        }
    }

    #[test]
    fn addresses_do_not_print() {
        let address = EmailAddress::parse("somebody@example.org");
        assert_eq!(format!("{address:?}"), "Some([address])");
    }
}
