//! Header fields: finding them, unfolding, encoded words (RFC 2047), parameters (RFC 2045, RFC 2231).

use super::charset;
use super::transfer::{base64, hex, quoted_printable};
use super::{Field, lines};

/// The header of one entity and where its body begins.
pub(super) struct Header {
    pub(super) fields: Vec<Field>,
    pub(super) body_at: usize,
    /// There was no blank line before the body.
    pub(super) no_blank_line: bool,
    /// Fields beyond the bound were left out.
    pub(super) truncated: bool,
}

/// Names that show that a block of lines is a header (to tell a stray line inside one from the body).
const TELLING_NAMES: [&str; 8] = [
    "content-type",
    "content-transfer-encoding",
    "mime-version",
    "subject",
    "from",
    "to",
    "date",
    "message-id",
];

/// Splits the header off an entity.
pub(super) fn split(entity: &[u8], max_bytes: usize) -> Header {
    let mut header = Header {
        fields: Vec::new(),
        body_at: entity.len(),
        no_blank_line: false,
        truncated: false,
    };
    // (start of the field, start of its value) of the field being read
    let mut open: Option<(usize, usize)> = None;
    let mut is_first = true;
    for line in lines(entity) {
        let text = &entity[line.clone()];
        let content = trim_line_end(text);
        if content.is_empty() || content.iter().all(|b| matches!(b, b' ' | b'\t')) && open.is_none() {
            header.body_at = line.end;
            break;
        }
        let is_folded = matches!(content.first(), Some(b' ' | b'\t'));
        if is_folded && open.is_some() {
            continue;
        }
        // An envelope line of a mailbox file.
        if is_first && (content.starts_with(b"From ") || content.starts_with(b">From ")) {
            is_first = false;
            continue;
        }
        is_first = false;
        if let Some(name) = field_name_length(content) {
            close(&mut header, entity, open.take(), line.start, max_bytes);
            open = Some((line.start, line.start + name));
        } else if !header_goes_on(&entity[line.end..]) {
            header.body_at = line.start;
            header.no_blank_line = true;
            break;
        } else {
            close(&mut header, entity, open.take(), line.start, max_bytes);
        }
    }
    let end = header.body_at;
    close(&mut header, entity, open, end, max_bytes);
    header
}

fn close(header: &mut Header, entity: &[u8], open: Option<(usize, usize)>, end: usize, max_bytes: usize) {
    let Some((start, colon)) = open else {
        return;
    };
    if end > max_bytes {
        header.truncated = true;
        return;
    }
    let name = entity[start..colon].trim_ascii();
    let after = entity.get(colon..end).unwrap_or_default();
    let after = after.trim_ascii_start().strip_prefix(b":").unwrap_or(after);
    let raw = trim_blank_line(after);
    header.fields.push(Field {
        name: String::from_utf8_lossy(name).to_ascii_lowercase(),
        value: decode_value(raw),
        raw: raw.to_vec(),
    });
}

/// The length of the field name that the line begins with (RFC 5322 section 3.6.8, blanks before the
/// colon allowed).
fn field_name_length(line: &[u8]) -> Option<usize> {
    let name = line
        .iter()
        .take_while(|b| b.is_ascii_graphic() && **b != b':')
        .count();
    let blanks = line[name..]
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    (name > 0 && line.get(name + blanks) == Some(&b':')).then_some(name)
}

/// Whether the lines up to the next blank one are a header's: then the line before was a stray one.
fn header_goes_on(rest: &[u8]) -> bool {
    const LINES_LOOKED_AT: usize = 40;
    let mut told = false;
    for line in lines(rest).take(LINES_LOOKED_AT) {
        let content = trim_line_end(&rest[line]);
        if content.is_empty() {
            return told;
        }
        if matches!(content.first(), Some(b' ' | b'\t')) {
            continue;
        }
        match field_name_length(content) {
            Some(length) => {
                let name = &content[..length];
                told |= TELLING_NAMES
                    .iter()
                    .any(|telling| name.eq_ignore_ascii_case(telling.as_bytes()));
            }
            None => return false,
        }
    }
    false
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without the last line end (and the blank line's, for the last field).
fn trim_blank_line(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Unfolds and decodes encoded words.
pub(super) fn decode_value(raw: &[u8]) -> String {
    let unfolded: Vec<u8> = raw
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\r' | b'\n' | 0))
        .collect();
    let text = charset::decode(unfolded.trim_ascii(), None).text;
    decode_words(&text)
}

/// One encoded word: `=?charset?encoding?text?=`.
struct Word<'a> {
    charset: &'a str,
    encoding: u8,
    text: &'a str,
    length: usize,
}

/// The encoded word that `text` begins with.
fn word_at(text: &str) -> Option<Word<'_>> {
    let rest = text.strip_prefix("=?")?;
    let (charset, rest) = rest.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let window = &rest[..rest.floor_char_boundary(MAX_WORD)];
    let (body, _) = window.split_once("?=")?;
    let encoding = match encoding.as_bytes() {
        [letter] => letter.to_ascii_lowercase(),
        _ => return None,
    };
    let is_word = !charset.is_empty()
        && charset.bytes().all(|b| b.is_ascii_graphic())
        && matches!(encoding, b'b' | b'q');
    is_word.then(|| Word {
        // A language may follow the charset (RFC 2231 section 5).
        charset: charset.split_once('*').map_or(charset, |(name, _)| name),
        encoding,
        text: body,
        length: "=?".len() + charset.len() + "?q?".len() + body.len() + "?=".len(),
    })
}

/// Longest encoded word read (RFC 2047 allows 75 characters; some mailers write whole subjects). Bounds
/// the search for its end.
const MAX_WORD: usize = 4096;

/// Decodes all encoded words of a text. White space between two of them is no text, and a character
/// may be split between two of the same charset, so their bytes are joined before decoding.
pub(super) fn decode_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let between = &rest[..start];
        let Some(word) = word_at(&rest[start..]) else {
            flush(&mut out, &mut pending);
            out.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        if pending.is_none() || !between.chars().all(char::is_whitespace) {
            flush(&mut out, &mut pending);
            out.push_str(between);
        }
        let bytes = match word.encoding {
            b'b' => base64(word.text.as_bytes()).map_or_else(|| word.text.into(), |b| b.bytes),
            _ => quoted_printable(word.text.replace('_', " ").as_bytes()),
        };
        let charset = word.charset.to_ascii_lowercase();
        match &mut pending {
            Some((before, joined)) if *before == charset => joined.extend(bytes),
            _ => {
                flush(&mut out, &mut pending);
                pending = Some((charset, bytes));
            }
        }
        rest = &rest[start + word.length..];
    }
    flush(&mut out, &mut pending);
    out.push_str(rest);
    // An encoded word cannot bring a line break into a header.
    out.replace(['\r', '\n', '\0'], " ")
}

/// A text with each run of encoded words put behind a token, and the decoded runs: what they hold cannot
/// be taken for the syntax around them. A token is [`WORD_TOKEN_START`], the run's
/// number and [`WORD_TOKEN_END`].
pub(crate) fn mask_words(text: &str) -> (String, Vec<String>) {
    let mut masked = String::with_capacity(text.len());
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let mut end = start;
        while let Some(word) = word_at(rest[end..].trim_start()) {
            let blanks = rest[end..].len() - rest[end..].trim_start().len();
            end += blanks + word.length;
        }
        masked.push_str(&rest[..start]);
        if end == start {
            masked.push_str("=?");
            end = start + 2;
        } else {
            masked.push_str(&format!("{WORD_TOKEN_START}{}{WORD_TOKEN_END}", runs.len()));
            runs.push(decode_words(&rest[start..end]));
        }
        rest = &rest[end..];
    }
    masked.push_str(rest);
    (masked, runs)
}

/// What the atom that stands for a run of encoded words begins with; the run's number follows.
pub(crate) const WORD_TOKEN_START: &str = "encoded-word-";
/// What it ends with.
pub(crate) const WORD_TOKEN_END: &str = "-run";

fn flush(out: &mut String, pending: &mut Option<(String, Vec<u8>)>) {
    if let Some((charset, bytes)) = pending.take() {
        out.push_str(&charset::decode(&bytes, Some(&charset)).text);
    }
}

/// A structured field: a first word and parameters.
pub(super) struct Structured {
    /// Lower case, comments taken out.
    pub(super) value: String,
    /// (lower-case name, decoded value), RFC 2231 pieces joined.
    pub(super) parameters: Vec<(String, String)>,
    /// A parameter's value was folded away from its `=`.
    pub(super) folded_value: bool,
}

impl Structured {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// One parameter as written.
struct Piece {
    name: String,
    index: u32,
    is_extended: bool,
    value: String,
}

/// Reads a Content-Type or Content-Disposition field's raw value.
pub(super) fn structured(raw: &[u8]) -> Structured {
    let unfolded: Vec<u8> = raw
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\r' | b'\n' | 0))
        .collect();
    let text = charset::decode(&unfolded, None).text;
    let mut scanner = Scanner {
        rest: &text,
        folded_value: false,
    };
    let value = scanner.until(';').trim().to_lowercase();
    let mut pieces = Vec::new();
    while let Some(piece) = scanner.parameter() {
        pieces.extend(piece);
    }
    Structured {
        value,
        parameters: join(pieces),
        folded_value: scanner.folded_value,
    }
}

struct Scanner<'a> {
    rest: &'a str,
    folded_value: bool,
}

impl<'a> Scanner<'a> {
    /// Text up to a character outside of comments, without the comments.
    fn until(&mut self, end: char) -> String {
        let mut out = String::new();
        let mut depth = 0_usize;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                c if depth == 0 && c == end => {
                    self.rest = &self.rest[at..];
                    return out;
                }
                c if depth == 0 => out.push(c),
                _ => {}
            }
        }
        self.rest = "";
        out
    }

    /// The next parameter: outer `None` at the end, inner `None` for what is not one.
    fn parameter(&mut self) -> Option<Option<Piece>> {
        self.rest = self.rest.trim_start_matches([';', ' ', '\t']);
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find(['=', ';']).unwrap_or(self.rest.len());
        let name = self.rest[..end].trim().to_ascii_lowercase();
        self.rest = &self.rest[end..];
        let Some(after) = self.rest.strip_prefix('=') else {
            return Some(None);
        };
        self.rest = after.trim_start_matches([' ', '\t']);
        self.folded_value |= self.rest.len() < after.len();
        let value = match self.rest.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted),
            None => self.bare(),
        };
        Some(piece(&name, value))
    }

    fn quoted(&mut self, text: &'a str) -> String {
        let mut out = String::new();
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => {
                    // `C:\path` is written without escaping: keep what escapes nothing.
                    if !matches!(c, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.rest = &text[at + 1..];
                    let next = self.rest.find(';').unwrap_or(self.rest.len());
                    self.rest = &self.rest[next..];
                    return out;
                }
                _ => out.push(c),
            }
        }
        self.rest = "";
        out
    }

    /// A value without quotes. File names with blanks are written so too; it ends at `;`.
    fn bare(&mut self) -> String {
        let end = self.rest.find(';').unwrap_or(self.rest.len());
        let value = self.rest[..end].trim();
        self.rest = &self.rest[end..];
        let value = value.split_once(" (").map_or(value, |(before, _)| before);
        value.trim().to_owned()
    }
}

fn piece(name: &str, value: String) -> Option<Piece> {
    let (name, is_extended) = match name.strip_suffix('*') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (name, index) = match name.split_once('*') {
        Some((name, index)) => (name, index.parse().ok()?),
        None => (name, 0),
    };
    (!name.is_empty()).then(|| Piece {
        name: name.to_owned(),
        index,
        is_extended,
        value,
    })
}

/// Joins the pieces of each parameter in the order of their numbers; an extended value wins over a plain one.
fn join(mut pieces: Vec<Piece>) -> Vec<(String, String)> {
    pieces.sort_by(|a, b| (&a.name, a.index).cmp(&(&b.name, b.index)));
    let mut parameters = Vec::new();
    for group in pieces.chunk_by(|a, b| a.name == b.name) {
        let Some(first) = group.first() else {
            continue;
        };
        let has_extended = group.iter().any(|p| p.is_extended);
        let has_pieces = group.iter().any(|p| p.index > 0);
        let value = if has_extended || has_pieces {
            join_extended(group, has_pieces)
        } else {
            decode_words(&first.value)
        };
        parameters.push((first.name.clone(), value));
    }
    parameters
}

fn join_extended(group: &[Piece], has_pieces: bool) -> String {
    let mut bytes = Vec::new();
    let mut charset = None;
    let mut next = 0;
    let mut has_words = false;
    for piece in group {
        // A plain and an extended spelling of the same value: only the extended one.
        if !has_pieces && !piece.is_extended || piece.index < next {
            continue;
        }
        next = piece.index + 1;
        if !piece.is_extended {
            has_words |= piece.value.contains("=?");
            bytes.extend_from_slice(piece.value.as_bytes());
            continue;
        }
        let mut encoded = piece.value.as_str();
        if charset.is_none()
            && let Some((label, rest)) = encoded.split_once('\'')
            && let Some((_, text)) = rest.split_once('\'')
        {
            charset = Some(label.to_ascii_lowercase());
            encoded = text;
        }
        percent_decode(encoded, &mut bytes);
    }
    let text = charset::decode(&bytes, charset.as_deref().filter(|c| !c.is_empty())).text;
    let text = text.replace(['\r', '\n', '\0'], " ");
    if has_words { decode_words(&text) } else { text }
}

fn percent_decode(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, hex(bytes.get(at)), hex(bytes.get(at + 1))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 2;
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_joined_even_inside_a_character() {
        assert_eq!(decode_words("=?utf-8?B?Wm/D?= =?UTF-8?B?qw==?= Hart"), "Zoë Hart");
        assert_eq!(decode_words("=?iso-8859-1?q?Ren=E9_O'Hara?="), "René O'Hara");
        assert_eq!(decode_words("=?utf-8*en?q?a?= b =?utf-8?q?c?="), "a b c");
        assert_eq!(decode_words("=?utf-8?q?broken"), "=?utf-8?q?broken");
        assert_eq!(decode_words("=?utf-8?q?a=0D=0ABcc:_x?="), "a  Bcc: x");
    }

    #[test]
    fn split_and_extended_parameters_are_joined_in_their_order() {
        let field = structured(
            b"attachment;\r\n filename*1*=%20form%C3%A9.docx;\r\n filename*0*=UTF-8''referral; size=3",
        );
        assert_eq!(field.value, "attachment");
        assert_eq!(field.parameter("filename"), Some("referral formé.docx"));
        let field = structured(b"x; filename*0=\"a b\"; filename*1=.pdf; filename=\"other\"");
        assert_eq!(field.parameter("filename"), Some("a b.pdf"));
        let field = structured(b"x; filename=plain.pdf; filename*=iso-8859-1'en'caf%E9.pdf");
        assert_eq!(field.parameter("filename"), Some("café.pdf"));
        let field = structured(b"x; name=\"=?utf-8?q?caf=C3=A9?=.pdf\"");
        assert_eq!(field.parameter("name"), Some("café.pdf"));
    }

    #[test]
    fn values_may_be_folded_commented_or_unquoted() {
        let field = structured(b"Multipart/Mixed (a; b);\r\n boundary=\r\n \"x y\" ; charset=utf-8 (c)");
        assert_eq!(field.value, "multipart/mixed");
        assert_eq!(field.parameter("boundary"), Some("x y"));
        assert_eq!(field.parameter("charset"), Some("utf-8"));
        assert!(field.folded_value);
        let field = structured(b"application/pdf; name=my referral form.pdf");
        assert_eq!(field.parameter("name"), Some("my referral form.pdf"));
    }

    #[test]
    fn a_stray_line_in_a_header_does_not_end_it() {
        let header = split(
            b"Subject: a\r\n!! scanned !!\r\nContent-Type: text/html\r\n\r\nbody",
            1000,
        );
        assert_eq!(header.fields.len(), 2);
        assert!(!header.no_blank_line);
        let header = split(b"Subject: a\r\nDear team,\r\n\r\nbody", 1000);
        assert_eq!(header.fields.len(), 1);
        assert!(header.no_blank_line);
        assert_eq!(header.body_at, 12);
    }
}
