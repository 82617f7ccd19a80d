//! Multiparts nested deeper than the bound: all their parts in one flat list.
//!
//! Invariant: one pass. Boundaries are remembered as they are declared, so that a delimiter of any of them
//! ends the part before it; each header is looked at once.

use super::super::{NotRead, Part, PartBody, lines};
use super::boundary::without_line_end;
use super::{Declared, Multipart, Reader, TEXT, is_message, part_of};
use crate::domain::Repair;
use crate::mail::Field;
use std::collections::HashSet;

/// A part whose end has not been found yet.
struct Open {
    fields: Vec<Field>,
    declared: Declared,
    body_at: usize,
}

impl Reader<'_> {
    pub(super) fn flat(&mut self, multipart: &Multipart<'_>, prefix: &str) -> PartBody {
        let content: &[u8] = &multipart.content;
        let mut boundaries = HashSet::from([multipart.boundary.clone()]);
        let mut parts = Vec::new();
        let mut open: Option<Open> = None;
        for line in lines(content) {
            let text = content.get(line.clone()).unwrap_or_default();
            let Some(is_opening) = delimiter_of(text, &boundaries) else {
                continue;
            };
            if let Some(open) = open.take() {
                let end = without_line_end(content, open.body_at.min(line.start), line.start);
                if !self.close(open, content, end, prefix, &mut parts) {
                    return PartBody::Multipart(parts);
                }
            }
            if is_opening {
                open = self.open(content, line.end, &mut boundaries);
            }
        }
        if let Some(open) = open {
            self.close(open, content, content.len(), prefix, &mut parts);
        }
        PartBody::Multipart(parts)
    }

    /// Reads the header at `at`. A multipart's boundary is remembered; it is no part itself.
    fn open(&mut self, content: &[u8], at: usize, boundaries: &mut HashSet<Vec<u8>>) -> Option<Open> {
        let rest = content.get(at..).unwrap_or_default();
        let (fields, body_at) = self.header(rest.get(..header_length(rest)).unwrap_or_default());
        let declared = self.declared(&fields, TEXT);
        if declared.media_type.starts_with("multipart/")
            && let Some(boundary) = &declared.boundary
        {
            boundaries.insert(boundary.as_bytes().to_vec());
            return None;
        }
        Some(Open {
            fields,
            declared,
            body_at: at + body_at,
        })
    }

    /// Adds the part; `false` if there is no room for more.
    fn close(&mut self, open: Open, content: &[u8], end: usize, prefix: &str, parts: &mut Vec<Part>) -> bool {
        let at = parts.len() + 1;
        let number = match prefix {
            "" => at.to_string(),
            _ => format!("{prefix}.{at}"),
        };
        if self.parts_left == 0 {
            self.repaired(Repair::Bounds);
            parts.push(super::not_read(number));
            return false;
        }
        self.parts_left -= 1;
        let body = content.get(open.body_at..end).unwrap_or_default();
        let mut part = part_of(number, &open.declared, open.fields, body.len());
        if is_message(&part.media_type) {
            part.body = PartBody::NotRead(NotRead::Bounds);
        } else {
            self.leaf(&mut part, &open.declared, body);
        }
        parts.push(part);
        true
    }
}

/// Whether a line is a delimiter of one of the boundaries, and if so whether it opens a part.
fn delimiter_of(line: &[u8], boundaries: &HashSet<Vec<u8>>) -> Option<bool> {
    let boundary = line.strip_prefix(b"--")?.trim_ascii_end();
    if boundaries.contains(boundary) {
        return Some(true);
    }
    boundaries
        .contains(boundary.strip_suffix(b"--")?)
        .then_some(false)
}

/// The length of a header, its blank line included; it ends before a line that may be a delimiter.
fn header_length(rest: &[u8]) -> usize {
    for line in lines(rest) {
        let text = rest.get(line.clone()).unwrap_or_default();
        if text.starts_with(b"--") {
            return line.start;
        }
        if text.trim_ascii().is_empty() {
            return line.end;
        }
    }
    rest.len()
}
