//! Word documents (Office Open XML): paragraphs, tables, fields, content controls, text boxes.
//!
//! Read as the author would see it with all changes accepted: deleted text is left out, hidden text kept
//! apart, prompts told from answers.
//!
//! # Security
//! Container and XML are bounded ([`super::container`], [`super::xml`]); a stack of our own, no recursion.

mod styles;
mod walker;

use super::ReadLimits;
use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use super::builder::Builder;
use super::container::{Container, ContainerError};
use super::xml::{self, Xml, XmlError};
use crate::domain::{Block, FormField, ReadStatus};
use styles::Styles;
use walker::Walker;

/// Most headers and footers read.
const MAX_MARGINS: usize = 24;

/// Reads a document.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    match read_parts(bytes, limits) {
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

fn read_parts(bytes: &[u8], limits: &ReadLimits) -> Result<Reading, ContainerError> {
    let mut container = Container::open(bytes, limits)?;
    let names = container.names();
    let main = main_part(&mut container, &names)?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let document = container.read(&main)?;
    let styles = match container.read(&format!("{folder}/styles.xml")) {
        Ok(bytes) => Styles::read(&bytes),
        Err(_) => Styles::default(),
    };
    let mut budget = Budget::new(limits);
    let mut fields = Vec::new();
    let mut blocks = Vec::new();
    let mut problem = None;
    for name in margins(&names, &folder, "header") {
        let bytes = container.read(&name)?;
        problem = problem.or(part(&bytes, &styles, &mut budget, &mut blocks, &mut fields).err());
    }
    problem = problem.or(part(&document, &styles, &mut budget, &mut blocks, &mut fields).err());
    for name in margins(&names, &folder, "footer") {
        let bytes = container.read(&name)?;
        problem = problem.or(part(&bytes, &styles, &mut budget, &mut blocks, &mut fields).err());
    }
    if let Some(problem) = problem {
        return Ok(broken_off(problem, blocks, fields));
    }
    let mut reading = Reading::of_blocks(blocks, &budget);
    reading.fields = fields;
    if budget.is_exhausted() {
        reading.reason = Some(TOO_LONG.to_owned());
    }
    Ok(reading)
}

/// What was read before the text broke off is kept; a file that declares entities is refused as a whole.
fn broken_off(problem: XmlError, blocks: Vec<Block>, fields: Vec<FormField>) -> Reading {
    if problem == XmlError::Declaration || blocks.is_empty() {
        return Reading::failed(ReadStatus::Unreadable, problem.to_string());
    }
    Reading {
        status: ReadStatus::Partial,
        reason: Some(problem.to_string()),
        blocks,
        fields,
    }
}

fn part(
    bytes: &[u8],
    styles: &Styles,
    budget: &mut Budget,
    blocks: &mut Vec<Block>,
    fields: &mut Vec<FormField>,
) -> Result<(), XmlError> {
    let mut walker = Walker::new(styles, Builder::new(budget));
    let result = xml::read(bytes, |event| walker.event(event));
    let (found, found_fields) = walker.finish();
    blocks.extend(found);
    fields.extend(found_fields);
    result
}

/// The part that `_rels/.rels` names as the document.
fn main_part(container: &mut Container<'_>, names: &[String]) -> Result<String, ContainerError> {
    let mut target = None;
    if let Ok(bytes) = container.read("_rels/.rels") {
        let _ = xml::read(&bytes, |event| {
            if let Xml::Start(tag) = event
                && tag.name() == "Relationship"
                && tag
                    .attribute("Type")
                    .is_some_and(|t| t.ends_with("/officeDocument"))
            {
                target = tag.attribute("Target");
            }
        });
    }
    let target = target.map(|t| t.trim_start_matches('/').to_owned());
    target
        .filter(|t| names.contains(t))
        .or_else(|| {
            let is_document = |name: &&String| name.starts_with("word/document") && name.ends_with(".xml");
            names.iter().find(is_document).cloned()
        })
        .ok_or(ContainerError::Missing)
}

fn margins(names: &[String], folder: &str, kind: &str) -> Vec<String> {
    let start = format!("{folder}/{kind}");
    let mut found: Vec<String> = names
        .iter()
        .filter(|name| name.starts_with(&start) && name.ends_with(".xml"))
        .take(MAX_MARGINS)
        .cloned()
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests;
