//! Small pieces of IMAP syntax: strings, mailbox names, UID sets, dates. Pure.

use async_imap::imap_proto::rfc4315::UidSetMember;
use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// Modified base64 of RFC 3501 section 5.1.3.
const MODIFIED_BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A quoted string, or `None` where the text needs a literal (RFC 3501 `QUOTED-CHAR`).
pub(super) fn quoted(text: &str) -> Option<String> {
    if !text
        .bytes()
        .all(|b| (0x01..=0x7f).contains(&b) && b != b'\r' && b != b'\n')
    {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    Some(out)
}

/// A mailbox name in modified UTF-7 (RFC 3501 section 5.1.3), quoted. Control characters, which no
/// server takes, are encoded as well, so the result is always one line.
pub(super) fn mailbox_name(name: &str) -> String {
    let mut out = String::from("\"");
    let mut shifted: Vec<u8> = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            end_shift(&mut out, &mut shifted);
            match c {
                '&' => out.push_str("&-"),
                '"' | '\\' => out.extend(['\\', c]),
                plain => out.push(plain),
            }
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                shifted.extend(unit.to_be_bytes());
            }
        }
    }
    end_shift(&mut out, &mut shifted);
    out.push('"');
    out
}

fn end_shift(out: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        out.push('&');
        out.push_str(&MODIFIED_BASE64.encode(&shifted));
        out.push('-');
        shifted.clear();
    }
}

/// A UID set, runs as ranges. Empty for no UIDs: the caller must not send it.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut out = String::new();
    let mut rest = sorted.as_slice();
    while let Some(&first) = rest.first() {
        let run = rest
            .iter()
            .zip(first..=u32::MAX)
            .take_while(|(uid, wanted)| *uid == wanted)
            .count()
            .max(1);
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&first.to_string());
        if let Some(last) = rest.get(run - 1).filter(|last| **last != first) {
            out.push_str(&format!(":{last}"));
        }
        rest = rest.get(run..).unwrap_or_default();
    }
    out
}

/// The UIDs of a set as the server wrote it, in order; `None` where there are more than `at_most`.
pub(super) fn expand(set: &[UidSetMember], at_most: usize) -> Option<Vec<u32>> {
    let mut uids = Vec::new();
    for member in set {
        let range = match member {
            UidSetMember::Uid(uid) => *uid..=*uid,
            UidSetMember::UidRange(range) => range.clone(),
        };
        let room = at_most.checked_sub(uids.len())?;
        if (range.end() - range.start()) as usize >= room {
            return None;
        }
        uids.extend(range);
    }
    Some(uids)
}

/// INTERNALDATE (`" 7-Nov-2026 09:30:00 +0000"`) as seconds since 1970.
pub(super) fn internal_date(text: &str) -> Option<i64> {
    jiff::Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", text.trim())
        .ok()
        .map(|at| at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_or_need_a_literal() {
        assert_eq!(quoted(r#"a"b\c d"#).as_deref(), Some(r#""a\"b\\c d""#));
        for text in ["a\r\nb", "pässword", "a\0"] {
            assert_eq!(quoted(text), None);
        }
    }

    #[test]
    fn mailbox_names_are_modified_utf7() {
        assert_eq!(mailbox_name("INBOX"), r#""INBOX""#);
        assert_eq!(mailbox_name("A & B"), r#""A &- B""#);
        assert_eq!(mailbox_name("Entwürfe"), r#""Entw&APw-rfe""#);
        assert_eq!(mailbox_name("台北/x"), r#""&U,BTFw-/x""#);
        assert_eq!(mailbox_name("a\r\nb"), r#""a&AA0ACg-b""#);
    }

    #[test]
    fn uid_sets_use_ranges() {
        assert_eq!(uid_set(&[5, 1, 2, 3, 9, 10, 3]), "1:3,5,9:10");
        assert_eq!(uid_set(&[u32::MAX - 1, u32::MAX]), "4294967294:4294967295");
        assert_eq!(uid_set(&[]), "");
    }

    #[test]
    fn sets_from_the_server_are_bounded() {
        let set = [UidSetMember::UidRange(7..=9), UidSetMember::Uid(2)];
        assert_eq!(expand(&set, 4), Some(vec![7, 8, 9, 2]));
        assert_eq!(expand(&set, 3), None);
        assert_eq!(expand(&[UidSetMember::UidRange(0..=u32::MAX)], 1000), None);
    }

    #[test]
    fn internal_dates_are_read() {
        assert_eq!(internal_date(" 7-Nov-2026 09:30:00 +0100"), Some(1_794_040_200));
        assert_eq!(internal_date("17-Jul-1996 02:44:25 -0700"), Some(837_596_665));
        assert_eq!(internal_date("31-Feb-2026 00:00:00 +0000"), None);
    }
}
