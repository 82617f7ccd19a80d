//! Reads finished mail in every way a recipient's program (or a curious person) could, with code that
//! shares nothing with the program: no MIME structure is believed, everything is decoded everywhere.

use base64::{Engine, engine::general_purpose::STANDARD};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Fewest base64 characters in a row that are worth decoding.
const MIN_BASE64: usize = 16;

/// Every text that the bytes can be read as: as they stand, quoted-printable, base64 runs, encoded words,
/// and each of these with tags taken out and entities resolved.
pub(crate) fn readings(bytes: &[u8]) -> Vec<String> {
    let raw = String::from_utf8_lossy(bytes).into_owned();
    let unfolded = raw.replace("\r\n ", "").replace("\r\n\t", "");
    let mut all = vec![
        raw.clone(),
        raw.replace("\r\n ", " ").replace("\r\n\t", " "),
        unfolded.clone(),
        encoded_words(&unfolded),
        quoted_printable(&raw),
        quoted_printable(&percent_as_equals(&raw)),
    ];
    all.extend(base64_runs(&raw));
    let stripped: Vec<String> = all
        .iter()
        .flat_map(|text| [without_tags(text), entities(text)])
        .collect();
    all.extend(stripped);
    all
}

/// Lower case, compatibility forms, no accents, no invisible characters, single spaces.
pub(crate) fn folded(text: &str) -> String {
    let visible: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{2010}'..='\u{2015}' => '-',
            c => c,
        })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters and digits only.
pub(crate) fn squeezed(text: &str) -> String {
    folded(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    let bytes = joined.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'=')
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// URLs and RFC 2231 names escape with `%` what quoted-printable escapes with `=`.
fn percent_as_equals(text: &str) -> String {
    text.replace('%', "=")
}

/// Encoded words decoded and joined, whatever their charset says.
fn encoded_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        out.push_str(&rest[..start]);
        let mut pieces = rest[start + 2..].splitn(4, '?');
        let (_charset, kind, content) = (pieces.next(), pieces.next(), pieces.next());
        let after = pieces.next().and_then(|tail| tail.strip_prefix('='));
        match (kind, content, after) {
            (Some("B" | "b"), Some(content), Some(after)) => {
                out.push_str(&base64_text(content));
                rest = after
                    .strip_prefix(' ')
                    .filter(|next| next.starts_with("=?"))
                    .unwrap_or(after);
            }
            (Some("Q" | "q"), Some(content), Some(after)) => {
                out.push_str(&quoted_printable(&content.replace('_', " ")));
                rest = after
                    .strip_prefix(' ')
                    .filter(|next| next.starts_with("=?"))
                    .unwrap_or(after);
            }
            _ => {
                out.push_str("=?");
                rest = &rest[start + 2..];
            }
        }
    }
    out + rest
}

fn base64_text(run: &str) -> String {
    let run: String = run
        .chars()
        .filter(|c| !matches!(c, '=' | '\r' | '\n' | ' '))
        .collect();
    let whole = &run[..run.len() - usize::from(run.len() % 4 == 1)];
    let padded = format!("{whole}{}", "=".repeat((4 - whole.len() % 4) % 4));
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let bytes = STANDARD
        .decode(&padded)
        .or_else(|_| engine.decode(&padded))
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Everything that could be base64, lines joined and line by line.
fn base64_runs(text: &str) -> Vec<String> {
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let joined: Vec<String> = text
        .split("\r\n\r\n")
        .map(|block| block.lines().filter(|line| line.chars().all(is_code)).collect())
        .collect();
    let words = text.split(|c: char| !is_code(c)).map(str::to_owned);
    joined
        .into_iter()
        .chain(words)
        .filter(|run| run.len() >= MIN_BASE64)
        .map(|run| base64_text(&run))
        .collect()
}

fn without_tags(text: &str) -> String {
    let (mut out, mut inside) = (String::new(), false);
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    entities(&out)
}

fn entities(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let name = rest
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '#')
            .next()
            .unwrap_or_default();
        let number = name
            .strip_prefix('#')
            .and_then(|digits| match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => digits.parse().ok(),
            });
        let letter = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" | "rsquo" | "lsquo" => Some('\''),
            "nbsp" => Some(' '),
            "shy" | "zwnj" | "zwj" => Some('\u{ad}'),
            _ => number.and_then(char::from_u32),
        };
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = rest[name.len()..]
                    .strip_prefix(';')
                    .unwrap_or(&rest[name.len()..]);
            }
            None => out.push('&'),
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(bytes: &[u8], text: &str) -> bool {
        readings(bytes)
            .iter()
            .any(|reading| folded(reading).contains(&folded(text)))
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for hidden in [
            "Subject: =?utf-8?Q?Ja?=\r\n =?utf-8?B?bmUgU21pdGg=?=\r\n\r\n",
            "\r\n\r\nSmFuZSBTbWl0aCB3\r\ncm90ZSB0byB1cw==\r\n",
            "\r\n\r\nJa=6Ee Smi=\r\nth\r\n",
            "<p>J<b>a</b>ne&nbsp;Sm&#105;th</p>",
            "<a href=\"https://x.example/Jane%20Smith\">x</a>",
            "Ja\u{200b}ne Smi\u{ad}th",
            "\u{ff2a}\u{ff41}\u{ff4e}\u{ff45} Smith",
        ] {
            assert!(reads(hidden.as_bytes(), "Jane Smith"), "{hidden}");
        }
        assert!(!reads(b"Subject: J.S.\r\n\r\nJ.S. wrote to us\r\n", "Jane Smith"));
    }
}
