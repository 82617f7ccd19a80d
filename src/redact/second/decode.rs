//! The narrow MIME format of finished messages, read strictly, into every way its texts can be read.

use super::super::RedactionSettings;
use super::package;
use crate::domain::{EmailAddress, KnownCase};

/// Deepest nesting of multiparts.
const MAX_DEPTH: usize = 16;
/// The only kind of file.
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// The fields that a finished message may have.
const FIELDS: [&str; 11] = [
    "auto-submitted",
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "mime-version",
    "content-type",
    "content-disposition",
    "content-transfer-encoding",
];

/// Every reading of every text. `None` where anything is not as it should be.
pub(super) fn readings(
    bytes: &[u8],
    cases: &[KnownCase],
    settings: &RedactionSettings,
) -> Option<Vec<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut out = Vec::new();
    entity(text, 0, &Masks { cases, settings }, &mut out)?;
    Some(out)
}

/// What may stand in the header although it is written like something known.
struct Masks<'a> {
    cases: &'a [KnownCase],
    settings: &'a RedactionSettings,
}

impl Masks<'_> {
    /// The value to be searched: without the sender's own address and our own Message-ID.
    fn visible(&self, name: &str, value: &str) -> String {
        match name {
            "from" => match (value.rfind('<'), value.rfind('>')) {
                (Some(open), Some(close)) if open < close => {
                    let address = value.get(open + 1..close).unwrap_or_default();
                    if self.is_participant(address) {
                        return value.to_owned();
                    }
                    format!(
                        "{} {}",
                        value.get(..open).unwrap_or_default(),
                        value.get(close + 1..).unwrap_or_default()
                    )
                }
                (_, _) if EmailAddress::parse(value).is_some() && !self.is_participant(value) => {
                    String::new()
                }
                (_, _) => value.to_owned(),
            },
            "message-id" => {
                let end = format!("@{}>", self.settings.own_domain);
                let left = value
                    .trim()
                    .strip_prefix('<')
                    .and_then(|value| value.strip_suffix(end.as_str()));
                match left {
                    Some(hex) if hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                        String::new()
                    }
                    Some(_) | None => value.to_owned(),
                }
            }
            _ => value.to_owned(),
        }
    }

    fn is_participant(&self, address: &str) -> bool {
        EmailAddress::parse(address).is_none_or(|address| {
            let parties = self.cases.iter().flat_map(|case| &case.referral.parties);
            parties
                .flat_map(|party| &party.emails)
                .any(|email| email.eq_ignore_ascii_case(address.expose_address()))
        })
    }
}

fn entity(text: &str, depth: usize, masks: &Masks<'_>, out: &mut Vec<String>) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (header, body) = text
        .split_once("\r\n\r\n")
        .or_else(|| text.strip_prefix("\r\n").map(|body| ("", body)))?;
    let unfolded = header.replace("\r\n ", " ").replace("\r\n\t", " ");
    let (mut kind, mut encoding) = (String::from("text/plain"), String::from("7bit"));
    let mut seen = Vec::new();
    for line in unfolded.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = name.to_ascii_lowercase();
        if !FIELDS.contains(&name.as_str()) || seen.contains(&name) || value.contains(['\r', '\n']) {
            return None;
        }
        match name.as_str() {
            "content-type" => kind = value.trim().to_owned(),
            "content-transfer-encoding" => encoding = value.trim().to_ascii_lowercase(),
            _ => {}
        }
        let visible = masks.visible(&name, value.trim());
        if name != "content-type" || !is_plain_multipart(value) {
            push_views(&visible, out)?;
        }
        seen.push(name);
    }
    if depth == 0 && !seen.iter().any(|name| name == "from") {
        return None;
    }
    let media_type = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match media_type.as_str() {
        "multipart/mixed" | "multipart/alternative" => multipart(body, &boundary(&kind)?, depth, masks, out),
        WORD if encoding == "base64" => package::texts(&base64(body)?)?
            .iter()
            .try_for_each(|text| push_views(text, out)),
        "text/plain" | "text/html" | "text/csv" => {
            let charset = parameter(&kind, "charset")
                .unwrap_or_else(|| "us-ascii".to_owned())
                .to_ascii_lowercase();
            if !matches!(charset.as_str(), "utf-8" | "us-ascii") {
                return None;
            }
            let text = match encoding.as_str() {
                "7bit" | "8bit" => body.to_owned(),
                "quoted-printable" => quoted_printable(body)?,
                "base64" => String::from_utf8(base64(body)?).ok()?,
                _ => return None,
            };
            push_views(&text, out)
        }
        _ => None,
    }
}

/// A multipart's content type whose boundary is of our own making says nothing.
fn is_plain_multipart(value: &str) -> bool {
    let made = |boundary: String| {
        boundary
            .strip_prefix("=_")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_'))
    };
    value.trim().starts_with("multipart/")
        && value.matches('=').count() == 2
        && boundary(value).is_some_and(made)
}

fn boundary(kind: &str) -> Option<String> {
    parameter(kind, "boundary").filter(|boundary| !boundary.is_empty())
}

/// A parameter, quoted or not. Continued or encoded ones (RFC 2231) are not of our making.
fn parameter(kind: &str, name: &str) -> Option<String> {
    for piece in kind.split(';').skip(1) {
        let (key, value) = piece.split_once('=')?;
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().trim_matches('"').to_owned());
        }
    }
    None
}

fn multipart(
    body: &str,
    boundary: &str,
    depth: usize,
    masks: &Masks<'_>,
    out: &mut Vec<String>,
) -> Option<()> {
    let (open, close) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut part: Option<String> = None;
    let mut closed = false;
    for line in body.split_inclusive("\r\n") {
        let bare = line.trim_end();
        if closed {
            if !bare.is_empty() {
                return None;
            }
        } else if bare == open || bare == close {
            if let Some(part) = part.take() {
                entity(&part, depth + 1, masks, out)?;
            }
            closed = bare == close;
            part = (!closed).then(String::new);
        } else {
            match &mut part {
                Some(part) => part.push_str(line),
                None if bare.is_empty() => {}
                None => return None,
            }
        }
    }
    closed.then_some(())
}

fn quoted_printable(body: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'=' {
            bytes.push(*first);
            rest = after;
        } else if let Some(next) = after.strip_prefix(b"\r\n") {
            rest = next;
        } else {
            let pair = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(pair, 16).ok()?);
            rest = after.get(2..)?;
        }
    }
    String::from_utf8(bytes).ok()
}

fn base64(body: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut padded) = (0u32, 0u8, false);
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    for c in body
        .bytes()
        .filter(|b| !matches!(b, b'\r' | b'\n' | b' ' | b'\t'))
    {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padded = true;
                continue;
            }
            _ => return None,
        };
        if padded {
            return None;
        }
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// The readings of one decoded text: as it is, as a page with and without gaps for tags, unescaped.
fn push_views(text: &str, out: &mut Vec<String>) -> Option<()> {
    let mut views = vec![text.to_owned()];
    if text.contains(['<', '&']) {
        views.push(entities(&without_tags(text, "")));
        views.push(entities(&without_tags(text, " ")));
        views.push(entities(text));
    }
    if text.contains("=?") {
        views.push(encoded_words(text));
    }
    if text.contains('%') {
        views.push(percent(text));
    }
    out.append(&mut views);
    Some(())
}

fn without_tags(text: &str, gap: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or_default());
        let tag = rest.get(open..).unwrap_or_default();
        match tag.find('>') {
            Some(close) => {
                out.push_str(gap);
                rest = tag.get(close + 1..).unwrap_or_default();
            }
            None => {
                out.push_str(tag);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out
}

fn entities(text: &str) -> String {
    /// Longest entity that is read.
    const LONGEST: usize = 10;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        let end = tail.bytes().take(LONGEST + 1).position(|b| b == b';');
        let decoded = end.and_then(|end| entity_char(tail.get(1..end)?).map(|c| (c, end)));
        match decoded {
            Some((c, end)) => {
                out.push(c);
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity_char(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "shy" | "zwnj" | "zwj" => Some('\u{ad}'),
        _ => None,
    }
}

/// Encoded words (RFC 2047) decoded, neighbours joined; bytes that are no UTF-8 are shown as they can be.
fn encoded_words(text: &str) -> String {
    let joined: String = {
        let pieces: Vec<&str> = text.split("?=").collect();
        let mut joined = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            let next_is_word =
                pieces.get(index + 1).is_some() && piece.trim_start().starts_with("=?") && index > 0;
            joined.push_str(if next_is_word { piece.trim_start() } else { piece });
            if index + 1 < pieces.len() {
                joined.push_str("?=");
            }
        }
        joined
    };
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some(at) = rest.find("=?") {
        bytes.extend_from_slice(rest.get(..at).unwrap_or_default().as_bytes());
        let tail = rest.get(at + 2..).unwrap_or_default();
        let mut fields = tail.splitn(4, '?');
        let (_, coding, data, after) = (fields.next(), fields.next(), fields.next(), fields.next());
        let decoded = match (coding, data, after.and_then(|after| after.strip_prefix('='))) {
            (Some("Q" | "q"), Some(data), Some(after)) => {
                quoted_printable(&data.replace('_', " ")).map(|text| (text.into_bytes(), after))
            }
            (Some("B" | "b"), Some(data), Some(after)) => base64(data).map(|data| (data, after)),
            (_, _, _) => None,
        };
        match decoded {
            Some((mut data, after)) => {
                bytes.append(&mut data);
                rest = after;
            }
            None => {
                bytes.extend_from_slice(b"=?");
                rest = tail;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn percent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
