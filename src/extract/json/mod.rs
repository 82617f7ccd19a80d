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
use crate::domain::{Block, ReadLimits, ReadStatus};

/// Deepest objects and lists in one another.
const MAX_DEPTH: usize = 64;

/// Most values of an object in the text of a mail.
const MAX_MAIL_VALUES: usize = 2_000;
/// Fewest members of an object that is a form.
const MIN_MEMBERS: usize = 3;

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

/// The text of a mail, with an object in it, on lines of its own, read as pairs: a website that sends its form so.
pub(super) fn in_mail(content: &str, folding: Folding, budget: &mut Budget) -> Vec<Block> {
    let Some((before, object, after)) = object_within(content) else {
        return text::blocks(content, folding, budget);
    };
    let mut all = text::blocks(before, folding, budget);
    all.extend(blocks::of(&object, budget));
    all.extend(text::blocks(after, folding, budget));
    all
}

/// What stands before an object, the object, and what stands after it.
fn object_within(content: &str) -> Option<(&str, Node, &str)> {
    let (mut start, mut end, mut at) = (None, None, 0);
    for line in content.split_inclusive('\n') {
        let bare = line.trim();
        if start.is_none() && bare.starts_with('{') {
            start = Some(at);
        }
        at += line.len();
        if bare.ends_with('}') {
            end = Some(at);
        }
    }
    let (start, end) = (start?, end?);
    let parsed = parser::parse(content.get(start..end)?, MAX_MAIL_VALUES)?;
    let is_form = match &parsed.root {
        Node::Object(members) => members.len() >= MIN_MEMBERS && !parsed.is_cut,
        Node::Scalar(_) | Node::List(_) => false,
    };
    is_form.then_some((content.get(..start)?, parsed.root, content.get(end..)?))
}

#[cfg(test)]
mod tests;
