//! Files that old programs wrote into a text: uuencode (POSIX.1, utility `uuencode`).

use super::lines;

/// One piece of a text.
pub(super) enum Piece {
    Text(Vec<u8>),
    File { name: Vec<u8>, content: Vec<u8> },
}

/// Longest line of encoded data: a length, then 60 characters for 45 bytes. Some add a check character.
const MAX_LINE: usize = 62;
/// Most bytes of one line.
const MAX_LINE_BYTES: usize = 45;
/// Most files taken out of one text; what follows stays text.
const MAX_FILES: usize = 50;

/// Takes a text apart; `None` where no file stands in it. A file that is not closed by `end` is none:
/// somebody may have written about one.
pub(super) fn split(text: &[u8]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut files = 0;
    let mut from = 0;
    let mut at = 0;
    // Looked for once: without an `end` further on no file can be closed.
    let last_end = last_end(text)?;
    while at < last_end && files < MAX_FILES {
        let line = line_at(text, at);
        let Some(name) = begins(line) else {
            at += line.len();
            continue;
        };
        let body = at + line.len();
        match file(text, body) {
            (Some(content), after) => {
                pieces.push(Piece::Text(text.get(from..at).unwrap_or_default().to_vec()));
                pieces.push(Piece::File {
                    name: name.to_vec(),
                    content,
                });
                files += 1;
                from = after;
                at = after;
            }
            (None, after) => at = after.max(body),
        }
    }
    if files == 0 {
        return None;
    }
    pieces.push(Piece::Text(text.get(from..).unwrap_or_default().to_vec()));
    Some(pieces)
}

fn line_at(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    lines(rest)
        .next()
        .and_then(|line| rest.get(line))
        .unwrap_or_default()
}

fn last_end(text: &[u8]) -> Option<usize> {
    let ends = lines(text).filter(|line| text.get(line.clone()).is_some_and(is_end));
    ends.last().map(|line| line.start)
}

fn is_end(line: &[u8]) -> bool {
    line.trim_ascii_end() == b"end"
}

/// The file name of a line `begin 644 name`.
fn begins(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?;
    let digits = rest.iter().take_while(|b| (b'0'..=b'7').contains(b)).count();
    let name = rest.get(digits..)?.strip_prefix(b" ")?.trim_ascii();
    (matches!(digits, 3 | 4) && !name.is_empty()).then_some(name)
}

/// The content of the file whose data begins at `from`, and the place after it, or after what was looked
/// at and is none.
fn file(text: &[u8], from: usize) -> (Option<Vec<u8>>, usize) {
    let mut content = Vec::new();
    let mut at = from;
    loop {
        let line = line_at(text, at);
        if line.is_empty() {
            return (None, at);
        }
        let data = line.trim_ascii_end();
        if is_end(line) {
            return ((!content.is_empty()).then_some(content), at + line.len());
        }
        match decoded(data) {
            Some(bytes) => content.extend(bytes),
            None => return (None, at),
        }
        at += line.len();
    }
}

/// The bytes of one line; blanks at its end may have been lost on the way.
fn decoded(line: &[u8]) -> Option<Vec<u8>> {
    let value = |byte: &u8| (b' '..=b'`').contains(byte).then(|| (byte - b' ') & 0x3f);
    let Some((first, rest)) = line.split_first() else {
        return Some(Vec::new());
    };
    let length = usize::from(value(first)?);
    if length > MAX_LINE_BYTES || line.len() > MAX_LINE {
        return None;
    }
    let mut bytes = Vec::with_capacity(MAX_LINE_BYTES);
    for quantum in rest.chunks(4) {
        let mut bits: u32 = 0;
        for at in 0..4 {
            let six = quantum.get(at).map_or(Some(0), value)?;
            bits = bits << 6 | u32::from(six);
        }
        bytes.extend_from_slice(bits.to_be_bytes().get(1..)?);
    }
    bytes.resize(length.max(bytes.len()), 0);
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<Vec<String>> {
        let pieces = split(text.as_bytes())?;
        let tell = |piece| match piece {
            Piece::Text(text) => String::from_utf8(text).unwrap(),
            Piece::File { name, content } => {
                format!(
                    "{}={}",
                    String::from_utf8_lossy(&name),
                    String::from_utf8_lossy(&content)
                )
            }
        };
        Some(pieces.into_iter().map(tell).collect())
    }

    #[test]
    fn a_file_in_a_text_is_taken_out() {
        assert_eq!(
            told("Dear team\n\nbegin 644 form.txt\n#0V%T\n`\nend\nBest\n").unwrap(),
            ["Dear team\n\n", "form.txt=Cat", "Best\n"]
        );
    }

    #[test]
    fn text_about_files_stays_text() {
        for text in [
            "begin 644 form.txt\n#0V%T\n`\n",
            "begin 644 form.txt\nthis is not data at all, but words\nend\n",
            "begin the day\nend\n",
            "begin 644 form.txt\nend\n",
            "no file",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
