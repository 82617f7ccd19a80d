//! JSON (RFC 8259) as pairs: what a website's form sends beside its mail.
//!
//! Members of an object are term and value; an object or a list inside one goes under a heading with its
//! key. A list of objects without objects inside is a table, unless each of them is a question with its
//! answer: then it is pairs. Keys and numbers stay as written.
//!
//! # Security
//! One pass; what the budget has no room for is not kept. Nesting is bounded by [`MAX_DEPTH`].

mod blocks;
mod parser;

use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use super::text::{self, Folding};
use crate::domain::{ReadLimits, ReadStatus};

/// Deepest objects and lists in one another.
const MAX_DEPTH: usize = 64;

/// A value.
enum Node {
    /// A text, a number, `true`, `false`, or nothing for `null`.
    Scalar(String),
    List(Vec<Node>),
    /// Members in their order, repeated keys too.
    Object(Vec<(String, Node)>),
}

impl Node {
    fn scalar(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// It holds no objects and no lists in lists.
    fn is_plain(&self) -> bool {
        match self {
            Self::Scalar(_) => true,
            Self::List(items) => items.iter().all(|item| item.scalar().is_some()),
            Self::Object(_) => false,
        }
    }
}

/// Reads a document; what is not JSON is read as plain text.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    let content = crate::mail::decode_text(bytes);
    let mut budget = Budget::new(limits);
    let Some(parsed) = parser::parse(&content, limits.max_blocks) else {
        let blocks = text::blocks(&content, Folding::Fixed, &mut budget);
        return Reading::of_blocks(blocks, &budget);
    };
    let blocks = blocks::of(&parsed.root, &mut budget);
    let mut reading = Reading::of_blocks(blocks, &budget);
    if parsed.is_cut {
        reading.status = ReadStatus::Partial;
        reading.reason = Some(TOO_LONG.to_owned());
    }
    reading
}

#[cfg(test)]
mod tests;
