//! Documents inside a document: other formats taken in whole (`w:altChunk`), and files put in as objects.

use super::package::{Package, Relationship};
use super::{MAX_EMBEDDED_DEPTH, ReadLimits};
use crate::domain::Block;
use crate::extract::budget::Budget;
use crate::extract::kind::{self, Kind};
use crate::extract::text::{self, Folding};
use crate::extract::{html, opendocument, rtf, sheet};
use crate::mail::{self, Part, PartBody};
use std::collections::HashMap;

/// Most documents inside one document that are read.
const MAX_EMBEDDED: usize = 16;

/// Blocks that stand at the place of each `w:altChunk`, by its relationship.
pub(super) type Chunks = HashMap<String, Vec<Block>>;

/// What was found.
pub(super) struct Embedded {
    pub(super) chunks: Chunks,
    /// Of embedded objects, in order.
    pub(super) blocks: Vec<Block>,
    /// There are files that were not read.
    pub(super) holds_files: bool,
}

pub(super) fn read(
    package: &mut Package<'_>,
    relationships: &[Relationship],
    limits: &ReadLimits,
    depth: usize,
) -> Embedded {
    let mut found = Embedded {
        chunks: Chunks::new(),
        blocks: Vec::new(),
        holds_files: false,
    };
    let is_embedded = |r: &&Relationship| matches!(r.kind.as_str(), "aFChunk" | "package");
    for (at, relationship) in relationships.iter().filter(is_embedded).enumerate() {
        let content = package.read(&relationship.target).ok();
        let content = content.filter(|_| at < MAX_EMBEDDED && depth < MAX_EMBEDDED_DEPTH);
        let blocks = content.and_then(|content| blocks_of(&content, &relationship.target, limits, depth));
        match blocks {
            Some(blocks) if relationship.kind == "aFChunk" => {
                found.chunks.insert(relationship.id.clone(), blocks);
            }
            Some(blocks) => found.blocks.extend(blocks),
            None => found.holds_files = true,
        }
    }
    found
}

/// The blocks of a document of any format that is read here; `None` for others.
fn blocks_of(content: &[u8], name: &str, limits: &ReadLimits, depth: usize) -> Option<Vec<Block>> {
    let as_text = || mail::decode_text(content);
    let mut budget = Budget::new(limits);
    match kind::of("application/octet-stream", Some(name), content) {
        Kind::Docx => Some(super::read_at(content, limits, depth + 1).blocks),
        Kind::Sheet => Some(sheet::read(content, limits).0.blocks),
        Kind::OpenText => Some(opendocument::read(content, limits).blocks),
        Kind::Rtf => Some(rtf::read(content, limits).blocks),
        Kind::Html => Some(html::blocks(&as_text(), &mut budget)),
        Kind::Mail => Some(of_mail(content, limits)),
        Kind::Text | Kind::Csv => Some(text::blocks(&as_text(), Folding::Fixed, &mut budget)),
        _ => None,
    }
}

/// A web page saved as one file (MHTML, RFC 2557): its first text.
fn of_mail(content: &[u8], limits: &ReadLimits) -> Vec<Block> {
    let mail = mail::parse(content, &limits.mail);
    let mut budget = Budget::new(limits);
    match first_text(&mail.root) {
        Some((true, content)) => html::blocks(content, &mut budget),
        Some((false, content)) => text::blocks(content, Folding::Fixed, &mut budget),
        None => Vec::new(),
    }
}

/// The first text part, HTML or not. The tree is as deep as the bounds of mails allow.
fn first_text(part: &Part) -> Option<(bool, &str)> {
    match &part.body {
        PartBody::Text(text) => Some((part.media_type == "text/html", text)),
        PartBody::Multipart(parts) => parts.iter().find_map(first_text),
        PartBody::Bytes(_) | PartBody::Message(_) | PartBody::NotRead(_) => None,
    }
}
