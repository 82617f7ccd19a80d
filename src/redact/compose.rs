//! Writing a MIME message from text that is already redacted: UTF-8, quoted-printable, nothing else but files written anew.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;

/// Longest line of quoted-printable (RFC 2045 section 6.7).
const QP_LINE: usize = 76;
/// Length of a line of base64 (RFC 2045 section 6.8).
const BASE64_LINE: usize = 76;
/// Most bytes of text in one encoded word: all escaped, it stays below 75 characters (RFC 2047 section 2).
const WORD_BYTES: usize = 20;

/// One part of a message.
pub(super) enum Part {
    /// Text shown as the message.
    Text {
        /// `plain` or `html`.
        subtype: &'static str,
        /// Its content.
        text: String,
    },
    /// Text as an attachment under a neutral name.
    Attachment {
        /// `plain` or `csv`.
        subtype: &'static str,
        /// File name, ASCII.
        name: String,
        /// Its content.
        text: String,
    },
    /// A file as an attachment under a neutral name.
    File {
        /// Its media type.
        media_type: &'static str,
        /// File name, ASCII.
        name: String,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// Several parts, `mixed` or `alternative`.
    Multipart {
        /// `mixed` or `alternative`.
        subtype: &'static str,
        /// In order.
        parts: Vec<Part>,
    },
}

/// Writes header fields (already encoded) and a body.
pub(super) fn message(fields: &[(&str, String)], body: &Part, boundary_seed: &str) -> Vec<u8> {
    let mut out = String::new();
    for (name, value) in fields {
        let _ = write!(out, "{name}: {value}\r\n");
    }
    out.push_str("MIME-Version: 1.0\r\n");
    let mut count = 0;
    write_part(&mut out, body, boundary_seed, &mut count);
    out.into_bytes()
}

fn write_part(out: &mut String, part: &Part, seed: &str, count: &mut usize) {
    match part {
        Part::Text { subtype, text } => {
            let _ = write!(
                out,
                "Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            );
            quoted_printable(out, text);
        }
        Part::Attachment { subtype, name, text } => {
            let _ = write!(
                out,
                "Content-Type: text/{subtype}; charset=utf-8\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            );
            quoted_printable(out, text);
        }
        Part::File {
            media_type,
            name,
            bytes,
        } => {
            let _ = write!(
                out,
                "Content-Type: {media_type}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n"
            );
            for line in STANDARD.encode(bytes).as_bytes().chunks(BASE64_LINE) {
                out.extend(line.iter().copied().map(char::from));
                out.push_str("\r\n");
            }
        }
        Part::Multipart { subtype, parts } => {
            *count += 1;
            // "=_" never occurs in quoted-printable text (RFC 2045 section 6.7).
            let boundary = format!("=_{count}_{seed}");
            let _ = write!(
                out,
                "Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\n"
            );
            for part in parts {
                let _ = write!(out, "--{boundary}\r\n");
                write_part(out, part, seed, count);
                if !out.ends_with("\r\n") {
                    out.push_str("\r\n");
                }
            }
            let _ = write!(out, "--{boundary}--\r\n");
        }
    }
}

fn quoted_printable(out: &mut String, text: &str) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for line in text.split('\n') {
        let mut length = 0;
        let bytes = line.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let last = at + 1 == bytes.len();
            let blank = matches!(byte, b' ' | b'\t');
            // A leading dot or "From " is harmless when encoded.
            let plain =
                ((b'!'..=b'~').contains(byte) && *byte != b'=' && !(at == 0 && matches!(byte, b'.' | b'F')))
                    || (blank && !last);
            let needed = if plain { 1 } else { 3 };
            if length + needed > QP_LINE - 1 {
                out.push_str("=\r\n");
                length = 0;
            }
            if plain {
                out.push(char::from(*byte));
            } else {
                let _ = write!(out, "={byte:02X}");
            }
            length += needed;
        }
        out.push_str("\r\n");
    }
}

/// A field value: as it is where it is plain ASCII and short, else in encoded words (RFC 2047).
pub(super) fn encoded(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim();
    let plain = text.is_ascii() && text.len() <= QP_LINE - 12 && !text.contains("=?");
    if plain {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > WORD_BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let encode = |word: String| {
        let mut coded = String::from("=?utf-8?Q?");
        for byte in word.bytes() {
            match byte {
                b' ' => coded.push('_'),
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => coded.push(char::from(byte)),
                _ => {
                    let _ = write!(coded, "={byte:02X}");
                }
            }
        }
        coded + "?="
    };
    words.into_iter().map(encode).collect::<Vec<_>>().join("\r\n ")
}
