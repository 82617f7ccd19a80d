//! Bytes to Unicode: the declared charset if the bytes agree with it, else a detected one.

use super::transfer::base64_value;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Bytes looked at to detect a charset: enough to tell, and a bound on time.
const DETECTION_BYTES: usize = 256 * 1024;
/// Bytes looked at for a `<meta charset>` (as browsers do).
const META_BYTES: usize = 1024;

/// Decoded text, and whether the declaration had to be overruled (or was missing where one was needed).
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) overruled: bool,
}

/// Decodes. `declared` is a lower-case label, if there was one. Never fails: what no charset explains
/// becomes U+FFFD.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> Decoded {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[bom..]);
        let overruled = declared
            .and_then(|label| Encoding::for_label(label.as_bytes()))
            .is_some_and(|declared| declared != encoding && declared != UTF_16LE && declared != UTF_16BE);
        return Decoded {
            text: text.into_owned(),
            overruled,
        };
    }
    match declared {
        None => undeclared(bytes),
        Some(label) if is_utf7(label) => plain(Some(utf7(bytes)), bytes),
        Some("utf-16" | "utf16" | "ucs-2" | "iso-10646-ucs-2" | "unicode") => {
            plain(Some(utf16(bytes)), bytes)
        }
        Some("us-ascii" | "ascii" | "ansi_x3.4-1968") => undeclared(bytes),
        Some(label) => match Encoding::for_label(label.as_bytes()) {
            Some(encoding) if encoding == UTF_8 => undeclared(bytes),
            Some(encoding) => with_encoding(bytes, encoding),
            // Charsets that browsers do not know (ibm850, ...).
            None => match charset_decoder(label.as_bytes()) {
                Some(decode) if !has_utf8_sequences(bytes) => plain(Some(decode(bytes)), bytes),
                Some(_) | None => detected(bytes, !bytes.is_ascii()),
            },
        },
    }
}

/// A whole mail in UTF-16, as editors save one: with a byte order mark, or with a zero in every letter of
/// its first field's name.
pub(super) fn from_utf16(raw: &[u8]) -> Option<String> {
    let encoding = match raw {
        [0xff, 0xfe, ..] => UTF_16LE,
        [0xfe, 0xff, ..] => UTF_16BE,
        [a, 0, b, 0, ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => UTF_16LE,
        [0, a, 0, b, ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => UTF_16BE,
        _ => return None,
    };
    Some(encoding.decode_with_bom_removal(raw).0.into_owned())
}

fn is_utf7(label: &str) -> bool {
    matches!(
        label,
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "x-unicode-2-0-utf-7"
    )
}

/// UTF-7 (RFC 2152): `+` begins modified base64 of UTF-16, any other character ends it, `-` is swallowed.
fn utf7(bytes: &[u8]) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte != b'+' {
            units.push(u16::from(byte));
            continue;
        }
        if bytes.get(at) == Some(&b'-') {
            units.push(u16::from(b'+'));
            at += 1;
            continue;
        }
        let (mut bits, mut held): (u32, u32) = (0, 0);
        while let Some(value) = bytes.get(at).copied().and_then(base64_value) {
            bits = (bits << 6) | u32::from(value);
            held += 6;
            if held >= 16 {
                held -= 16;
                units.push((bits >> held) as u16);
                bits &= (1 << held) - 1;
            }
            at += 1;
        }
        if bytes.get(at) == Some(&b'-') {
            at += 1;
        }
    }
    String::from_utf16_lossy(&units)
}

fn plain(text: Option<String>, bytes: &[u8]) -> Decoded {
    match text {
        Some(text) => Decoded {
            text,
            overruled: false,
        },
        None => detected(bytes, true),
    }
}

/// UTF-16 without a byte order mark: RFC 2781 says big-endian, many write little-endian; the zero
/// bytes of Latin text tell.
fn utf16(bytes: &[u8]) -> String {
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let encoding = if zeros(1) > zeros(0) { UTF_16LE } else { UTF_16BE };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn with_encoding(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    if encoding != UTF_16LE && encoding != UTF_16BE && has_utf8_sequences(bytes) {
        return detected(bytes, true);
    }
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors {
        let other = detected(bytes, true);
        if replacements(&other.text) < replacements(&text) {
            return other;
        }
    }
    Decoded {
        text: text.into_owned(),
        overruled: false,
    }
}

fn replacements(text: &str) -> usize {
    text.matches('\u{FFFD}').count()
}

/// No charset, or one that a mailer writes without looking (UTF-8, ASCII).
fn undeclared(bytes: &[u8]) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0x1b) => Decoded {
            text: text.to_owned(),
            overruled: false,
        },
        Ok(_) => detected(bytes, false),
        Err(_) => match meta_charset(bytes) {
            Some(encoding) => {
                let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
                if had_errors {
                    detected(bytes, true)
                } else {
                    Decoded {
                        text: text.into_owned(),
                        overruled: true,
                    }
                }
            }
            None => detected(bytes, true),
        },
    }
}

fn detected(bytes: &[u8], overruled: bool) -> Decoded {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !bytes.contains(&0x1b)
    {
        return Decoded {
            text: text.to_owned(),
            overruled,
        };
    }
    // UTF-8 with a few broken bytes is still UTF-8: no other charset explains many whole sequences.
    let lossy = String::from_utf8_lossy(bytes);
    let broken = replacements(&lossy);
    let whole = lossy.chars().filter(|c| !c.is_ascii()).count() - broken;
    if whole > 4 * broken {
        return Decoded {
            text: lossy.into_owned(),
            overruled,
        };
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(DETECTION_BYTES)], true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    Decoded {
        text: encoding.decode_without_bom_handling(bytes).0.into_owned(),
        overruled,
    }
}

/// Non-ASCII bytes, all of them well-formed UTF-8 sequences: hardly ever anything but UTF-8.
fn has_utf8_sequences(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

fn meta_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(META_BYTES)]).to_ascii_lowercase();
    let meta = head.find("<meta")?;
    let at = head[meta..].find("charset=")? + meta + "charset=".len();
    let label: String = head[at..]
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c))
        .collect();
    Encoding::for_label(label.as_bytes()).filter(|e| *e != UTF_8 && *e != UTF_16LE && *e != UTF_16BE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], declared: Option<&str>, text: &str, overruled: bool) {
        let decoded = decode(bytes, declared);
        assert_eq!(decoded.text, text);
        assert_eq!(decoded.overruled, overruled, "{declared:?}");
    }

    #[test]
    fn a_right_declaration_is_followed() {
        check(b"caf\xe9 \x80", Some("windows-1252"), "café €", false);
        check("café".as_bytes(), Some("utf-8"), "café", false);
        check(b"Zo+AOs- O'Brien +- co", Some("utf-7"), "Zoë O'Brien + co", false);
        check(b"Zo+AOs", Some("utf-7"), "Zoë", false);
        check(b"\0H\0i", Some("utf-16"), "Hi", false);
        check(b"H\0i\0", Some("utf-16"), "Hi", false);
        check(b"\xff\xfeH\0i\0", Some("utf-16"), "Hi", false);
    }

    #[test]
    fn a_wrong_or_missing_one_is_overruled() {
        check("Zoë – née".as_bytes(), Some("gb2312"), "Zoë – née", true);
        check("Zoë – née".as_bytes(), Some("iso-8859-1"), "Zoë – née", true);
        check(
            b"na\xefve caf\xe9 \x96 it\x92s here",
            None,
            "naïve café – it’s here",
            true,
        );
        check(
            b"na\xefve caf\xe9 it\x92s here",
            Some("utf-8"),
            "naïve café it’s here",
            true,
        );
        check(
            b"na\xefve caf\xe9 it\x92s here",
            Some("x-unknown"),
            "naïve café it’s here",
            true,
        );
        check(
            b"<meta http-equiv=x content='text/html; charset=iso-8859-2'>\xb1",
            None,
            "<meta http-equiv=x content='text/html; charset=iso-8859-2'>ą",
            true,
        );
    }
}
