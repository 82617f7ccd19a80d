//! Word documents (Office Open XML): paragraphs, tables, fields, content controls, text boxes, notes.
//!
//! Read as the author would see it with all changes accepted: deleted text is left out, hidden text kept
//! apart, prompts told from answers. Comments are about the text and stand in a quotation of their own.
//!
//! # Security
//! Container and XML are bounded ([`super::container`], [`super::xml`]); a stack of our own, no recursion but into
//! embedded documents, to [`MAX_EMBEDDED_DEPTH`].

mod drawing;
mod embedded;
mod package;
mod styles;
mod walker;

use super::ReadLimits;
use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use super::builder::Builder;
use super::container::ContainerError;
use super::xml::{self, XmlError};
use crate::domain::{Block, FormField, Inline, ReadStatus};
use embedded::Chunks;
use package::{Package, Relationship};
use std::collections::HashSet;
use styles::Styles;
use walker::Walker;

/// Most headers and footers read.
const MAX_MARGINS: usize = 60;
/// Deepest documents embedded in one another.
const MAX_EMBEDDED_DEPTH: usize = 2;
/// Said of files inside that no reader here opens.
const HOLDS_FILES: &str = "holds other files that were not read; open it in Word to see them";
/// Said of fields of that kind.
const HOLDS_CONTROLS: &str =
    "holds fields of an old kind (ActiveX) that were not read; open it in Word to see them";

/// Reads a document.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    read_at(bytes, limits, 0)
}

fn read_at(bytes: &[u8], limits: &ReadLimits, depth: usize) -> Reading {
    match read_parts(bytes, limits, depth) {
        Ok(reading) => reading,
        Err(ContainerError::TooLarge) => failed(ReadStatus::TooLarge, ContainerError::TooLarge),
        Err(ContainerError::TooManyMembers) => failed(ReadStatus::TooLarge, ContainerError::TooManyMembers),
        Err(ContainerError::Encrypted) => failed(ReadStatus::Encrypted, ContainerError::Encrypted),
        Err(error @ (ContainerError::Damaged | ContainerError::Missing)) => {
            failed(ReadStatus::Unreadable, error)
        }
    }
}

fn failed(status: ReadStatus, error: ContainerError) -> Reading {
    Reading::failed(status, error.to_string())
}

fn read_parts(bytes: &[u8], limits: &ReadLimits, depth: usize) -> Result<Reading, ContainerError> {
    let mut package = Package::open(bytes, limits)?;
    let main = package.main_part()?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let document = package.read(&main)?;
    let styles = match package.read(&format!("{folder}/styles.xml")) {
        Ok(bytes) => Styles::read(&bytes),
        Err(_) => Styles::default(),
    };
    let relationships = package.relationships(&main);
    let found = embedded::read(&mut package, &relationships, limits, depth);
    let mut budget = Budget::new(limits);
    let mut reader = Reader {
        styles: &styles,
        budget: &mut budget,
        blocks: Vec::new(),
        fields: Vec::new(),
        problem: None,
        holds_files: found.holds_files,
        holds_controls: false,
        margins: HashSet::new(),
    };
    for name in targets(&package, &relationships, &folder, "header") {
        reader.margin(package.read(&name));
    }
    reader.part(&document, found.chunks);
    for kind in ["footnotes", "endnotes"] {
        for name in targets(&package, &relationships, &folder, kind) {
            reader.other(package.read(&name));
        }
    }
    for name in targets(&package, &relationships, &folder, "footer") {
        reader.margin(package.read(&name));
    }
    for (part, element) in [("charts/chart", "chart"), ("diagrams/data", "dataModel")] {
        for name in package.named(&format!("{folder}/{part}"), ".xml") {
            reader.drawing(package.read(&name), element);
        }
    }
    reader.blocks.extend(found.blocks);
    for name in targets(&package, &relationships, &folder, "comments") {
        reader.comments(package.read(&name));
    }
    Ok(reader.finish())
}

/// The parts of a kind that the document names, each once; where it names none, those with such names.
fn targets(package: &Package<'_>, relationships: &[Relationship], folder: &str, kind: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut found: Vec<String> = relationships
        .iter()
        .filter(|r| r.kind == kind && seen.insert(r.target.as_str()))
        .map(|r| r.target.clone())
        .collect();
    if found.is_empty() {
        found = package.named(&format!("{folder}/{kind}"), ".xml");
        found.retain(|name| {
            let rest = name.trim_start_matches(&format!("{folder}/{kind}"));
            rest.trim_end_matches(".xml").bytes().all(|b| b.is_ascii_digit())
        });
    }
    found.truncate(MAX_MARGINS);
    found
}

struct Reader<'s, 'b> {
    styles: &'s Styles,
    budget: &'b mut Budget,
    blocks: Vec<Block>,
    fields: Vec<FormField>,
    /// The first thing that went wrong.
    problem: Option<Problem>,
    holds_files: bool,
    holds_controls: bool,
    /// Headers and footers that were read.
    margins: HashSet<String>,
}

enum Problem {
    Xml(XmlError),
    Container(ContainerError),
}

impl Reader<'_, '_> {
    fn walk(&mut self, bytes: &[u8], chunks: Chunks) -> Vec<Block> {
        let mut walker = Walker::new(self.styles, chunks, Builder::new(self.budget));
        let result = xml::read(bytes, |event| walker.event(event));
        let walked = walker.finish();
        self.fields.extend(walked.fields);
        self.holds_files |= walked.holds_files;
        self.holds_controls |= walked.holds_controls;
        if let Err(error) = result {
            self.problem.get_or_insert(Problem::Xml(error));
        }
        walked.blocks
    }

    fn part(&mut self, bytes: &[u8], chunks: Chunks) {
        let blocks = self.walk(bytes, chunks);
        self.blocks.extend(blocks);
    }

    /// A part beside the text: where it cannot be read, the text still can.
    fn open(&mut self, bytes: Result<Vec<u8>, ContainerError>) -> Option<Vec<u8>> {
        match bytes {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.problem.get_or_insert(Problem::Container(error));
                None
            }
        }
    }

    fn other(&mut self, bytes: Result<Vec<u8>, ContainerError>) {
        if let Some(bytes) = self.open(bytes) {
            self.part(&bytes, Chunks::default());
        }
    }

    /// A header or footer. Each section has its own, often with the same text: that is read once.
    fn margin(&mut self, bytes: Result<Vec<u8>, ContainerError>) {
        let Some(bytes) = self.open(bytes) else {
            return;
        };
        let fields = self.fields.len();
        let blocks = self.walk(&bytes, Chunks::default());
        let text = serde_json::to_string(&blocks).unwrap_or_default();
        let is_known = !self.margins.insert(text) && self.fields.len() == fields;
        if !is_known {
            self.blocks.extend(blocks);
        }
    }

    fn drawing(&mut self, bytes: Result<Vec<u8>, ContainerError>, element: &str) {
        if let Some(bytes) = self.open(bytes) {
            let (blocks, result) = drawing::read(&bytes, element, self.budget);
            self.blocks.extend(blocks);
            if let Err(error) = result {
                self.problem.get_or_insert(Problem::Xml(error));
            }
        }
    }

    /// What others wrote about the text: never a part of it.
    fn comments(&mut self, bytes: Result<Vec<u8>, ContainerError>) {
        let Some(bytes) = self.open(bytes) else {
            return;
        };
        let fields = self.fields.len();
        let blocks = self.walk(&bytes, Chunks::default());
        self.fields.truncate(fields);
        if blocks.is_empty() {
            return;
        }
        let text = Inline::Text {
            text: "Comments".to_owned(),
            bold: false,
            struck: false,
        };
        let mut quoted = vec![Block::Heading {
            level: 1,
            text: vec![text],
            page: None,
        }];
        quoted.extend(blocks.into_iter().map(as_item));
        self.blocks.push(Block::Quote(quoted));
    }

    /// What was read before the text broke off is kept; a file that declares entities is refused as a whole.
    fn finish(self) -> Reading {
        let is_empty = self.blocks.is_empty() && self.fields.is_empty();
        let problem = match self.problem {
            None => None,
            Some(Problem::Xml(error)) if error == XmlError::Declaration || is_empty => {
                return Reading::failed(ReadStatus::Unreadable, error.to_string());
            }
            Some(Problem::Xml(error)) => Some(error.to_string()),
            Some(Problem::Container(error)) => Some(error.to_string()),
        };
        let mut reading = Reading::of_blocks(self.blocks, self.budget);
        reading.fields = self.fields;
        let files = || self.holds_files.then(|| HOLDS_FILES.to_owned());
        let controls = || self.holds_controls.then(|| HOLDS_CONTROLS.to_owned());
        let cut = || self.budget.is_exhausted().then(|| TOO_LONG.to_owned());
        if let Some(reason) = problem.or_else(cut).or_else(controls).or_else(files) {
            reading.status = ReadStatus::Partial;
            reading.reason = Some(reason);
        }
        reading
    }
}

fn as_item(block: Block) -> Block {
    match block {
        Block::Paragraph { text, page } => Block::ListItem { text, page },
        other @ (Block::Heading { .. }
        | Block::ListItem { .. }
        | Block::Definition { .. }
        | Block::Table(_)
        | Block::Rule
        | Block::Quote(_)) => other,
    }
}

#[cfg(test)]
mod tests;
