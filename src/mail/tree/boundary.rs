//! Delimiters of multiparts (RFC 2046 section 5.1.1): finding them, guessing them, splitting at them.

use super::super::lines;
use super::{BOUNDARY_SEARCH_BYTES, MAX_BOUNDARY};

#[derive(PartialEq, Eq)]
pub(super) enum Delimiter {
    Opens,
    Closes,
}

/// Whether a line is a delimiter of that boundary (RFC 2046 section 5.1.1).
pub(super) fn delimiter(line: &[u8], boundary: &[u8]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let rest = rest.trim_ascii_end();
    match rest {
        b"" => Some(Delimiter::Opens),
        b"--" => Some(Delimiter::Closes),
        _ => None,
    }
}

pub(super) fn has_delimiter(body: &[u8], boundary: &[u8]) -> bool {
    lines(body).any(|line| delimiter(&body[line], boundary) == Some(Delimiter::Opens))
}

/// The boundary that a body shows: a line of `--` and more, with a `Content-` field or a blank line and
/// its own repetition after it.
pub(super) fn guess_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let head = &body[..body.len().min(BOUNDARY_SEARCH_BYTES)];
    let mut candidate: Option<&[u8]> = None;
    for line in lines(head) {
        let text = head[line].trim_ascii_end();
        if let Some(boundary) = candidate.take()
            && text
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
        {
            return Some(boundary.to_vec());
        }
        candidate = text
            .strip_prefix(b"--")
            .filter(|b| (1..=MAX_BOUNDARY).contains(&b.len()) && !b.contains(&b' ') && *b != b"--");
    }
    None
}

/// The ranges of a multipart's parts, at most `most`, and whether it was closed.
pub(super) fn split_parts(
    content: &[u8],
    boundary: &[u8],
    most: usize,
) -> (Vec<std::ops::Range<usize>>, bool) {
    let mut parts = Vec::new();
    let mut open: Option<usize> = None;
    for line in lines(content) {
        let Some(found) = delimiter(&content[line.clone()], boundary) else {
            continue;
        };
        if let Some(start) = open.take() {
            // The line end before a delimiter belongs to the delimiter.
            parts.push(start..without_line_end(content, start, line.start));
        }
        if found == Delimiter::Closes || parts.len() >= most {
            return (parts, true);
        }
        open = Some(line.end);
    }
    if let Some(start) = open {
        parts.push(start..content.len());
    }
    (parts, false)
}

pub(super) fn without_line_end(content: &[u8], start: usize, end: usize) -> usize {
    let part = &content[start..end.max(start)];
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    let part = part.strip_suffix(b"\r").unwrap_or(part);
    start + part.len()
}
