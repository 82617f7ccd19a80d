//! Transfer encodings (RFC 2045 section 6), read leniently.

/// The 6 bits of a base64 character.
pub(super) fn base64_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Decoded base64, and whether it was mended.
pub(super) struct Base64 {
    pub(super) bytes: Vec<u8>,
    pub(super) mended: bool,
}

/// Decodes base64: white space is skipped; foreign characters, missing padding and padding in the
/// middle (pieces encoded one by one) are mended. `None` where it is no base64 at all, but plain text
/// with a wrong label.
pub(super) fn base64(encoded: &[u8]) -> Option<Base64> {
    let decoded = decode_base64(encoded);
    if is_plain_text(encoded) && !is_readable(&decoded.bytes) {
        return None;
    }
    Some(decoded)
}

/// Words decode to readable text by chance only where they are few.
fn is_readable(decoded: &[u8]) -> bool {
    const FEWEST: usize = 9;
    decoded.len() >= FEWEST
        && std::str::from_utf8(decoded)
            .is_ok_and(|text| text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()))
}

fn decode_base64(encoded: &[u8]) -> Base64 {
    let mut out = Base64 {
        bytes: Vec::with_capacity(encoded.len() / 4 * 3 + 3),
        mended: false,
    };
    let (mut bits, mut held): (u32, u32) = (0, 0);
    for (at, &byte) in encoded.iter().enumerate() {
        if let Some(value) = base64_value(byte) {
            bits = (bits << 6) | u32::from(value);
            held += 6;
            if held >= 8 {
                held -= 8;
                out.bytes.push((bits >> held) as u8);
                bits &= (1 << held) - 1;
            }
        } else if byte == b'=' {
            if is_footer(&encoded[at..]) {
                out.mended = true;
                return out;
            }
            (bits, held) = (0, 0);
        } else if !byte.is_ascii_whitespace() {
            out.mended = true;
        }
    }
    // A whole number of quanta leaves no bits; padding has cleared them.
    out.mended |= held > 0;
    out
}

/// Most lines have spaces between words.
fn is_plain_text(encoded: &[u8]) -> bool {
    let (mut lines, mut spaced) = (0_usize, 0_usize);
    for line in encoded.split(|b| *b == b'\n') {
        let line = line.trim_ascii();
        if !line.is_empty() {
            lines += 1;
            spaced += usize::from(line.iter().any(|b| matches!(b, b' ' | b'\t')));
        }
    }
    lines > 0 && spaced * 2 > lines
}

/// What follows the padding is not more base64 (a mailing list's footer).
fn is_footer(rest: &[u8]) -> bool {
    let tail = rest.iter().position(|b| *b != b'=').unwrap_or(rest.len());
    rest[tail..]
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())
        .is_some_and(|line| !line.iter().all(|b| base64_value(*b).is_some() || *b == b'='))
}

/// Decodes quoted-printable; what is not an escape stays as it is.
pub(super) fn quoted_printable(encoded: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(&byte) = encoded.get(at) {
        at += 1;
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        if let (Some(high), Some(low)) = (hex(encoded.get(at)), hex(encoded.get(at + 1))) {
            out.push(high << 4 | low);
            at += 2;
            continue;
        }
        // A soft line break, possibly with white space before the line end.
        let blanks = encoded[at..]
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
            .count();
        match encoded.get(at + blanks) {
            Some(b'\n') => at += blanks + 1,
            None => at += blanks,
            Some(_) => out.push(byte),
        }
    }
    out
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: Option<&u8>) -> Option<u8> {
    digit
        .and_then(|d| char::from(*d).to_digit(16))
        .and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> (String, bool) {
        let base64 = base64(text.as_bytes()).unwrap();
        (String::from_utf8(base64.bytes).unwrap(), base64.mended)
    }

    #[test]
    fn base64_without_padding_keeps_its_tail() {
        assert_eq!(decoded("SGVsbG8gSmFuZQ=="), ("Hello Jane".into(), false));
        assert_eq!(decoded("SGVsbG8g\r\nSmFuZQ"), ("Hello Jane".into(), true));
        assert_eq!(decoded("SGVsbG8g!SmFuZQ=="), ("Hello Jane".into(), true));
        assert_eq!(decoded("SGVsbG8=\nIEphbmU=\n"), ("Hello Jane".into(), false));
        assert_eq!(decoded("SGVsbG8=\n-- \nlist footer\n"), ("Hello".into(), true));
    }

    #[test]
    fn plain_text_labelled_base64_is_told() {
        assert!(base64(b"Dear team,\r\nplease call me back.\r\n").is_none());
        assert!(base64(b"Yes please").is_none());
        assert_eq!(decoded("!!!SGVs~bG8g*d29y bGQ"), ("Hello world".into(), true));
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_escape() {
        assert_eq!(
            quoted_printable(b"a=3Db=e9 =\r\nc = d =\t\n=ZZ="),
            b"a=b\xe9 c = d =ZZ"
        );
    }
}

/// The mechanism a Content-Transfer-Encoding field names, lower case: comments (RFC 5322 section 3.2.2), quotes and what
/// else programs put beside the word left out.
pub(super) fn mechanism(field: &str) -> String {
    let mut depth = 0_usize;
    let mut word = String::new();
    for c in field.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' if !word.is_empty() => break,
            c if c.is_ascii_alphanumeric() || c == '-' => word.push(c.to_ascii_lowercase()),
            '_' => word.push('-'),
            _ => {}
        }
    }
    let plain = word.strip_prefix("x-").unwrap_or(&word);
    match plain {
        "base64" | "quoted-printable" => plain.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod mechanism_tests {
    use super::mechanism;

    #[test]
    fn comments_quotes_and_prefixes_hide_no_encoding() {
        for field in [
            "base64",
            "BASE64 (as ever)",
            "(x) base64",
            "\"base64\"",
            "base64,",
            "base64.",
            "x-base64",
            "base64;",
        ] {
            assert_eq!(mechanism(field), "base64", "{field}");
        }
        for field in [
            "Quoted-Printable",
            "(c) quoted-printable",
            "quoted_printable",
            "x-quoted-printable",
        ] {
            assert_eq!(mechanism(field), "quoted-printable", "{field}");
        }
        assert_eq!(mechanism("x-gzip64"), "x-gzip64");
        assert_eq!(mechanism("8bit"), "8bit");
    }
}
