//! OpenDocument text (ODF 1.3): packages and single files.
//!
//! Read as the author would see it with all changes accepted: deleted text is left out, hidden text kept
//! apart, prompts told from answers, comments kept apart as quotations.
//!
//! # Security
//! Container and XML are bounded ([`super::container`], [`super::xml`]); a stack of our own, no recursion.

mod controls;
mod fields;
mod styles;
mod walker;

use super::ReadLimits;
use super::attachment::Reading;
use super::budget::Budget;
use super::builder::Builder;
use super::container::{Container, ContainerError};
use super::xml::{self, Xml, XmlError};
use crate::domain::{Block, FormField, ReadStatus};
pub(super) use styles::{Family, Look, Styles};
use walker::{Layer, Walker};

/// Why a document is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PackageError {
    #[error("{0}")]
    Container(ContainerError),
    #[error("OpenDocument file behind a password")]
    Encrypted,
}

impl From<ContainerError> for PackageError {
    fn from(error: ContainerError) -> Self {
        Self::Container(error)
    }
}

impl From<PackageError> for Reading {
    fn from(error: PackageError) -> Self {
        let status = match error {
            PackageError::Encrypted | PackageError::Container(ContainerError::Encrypted) => {
                ReadStatus::Encrypted
            }
            PackageError::Container(ContainerError::TooLarge | ContainerError::TooManyMembers) => {
                ReadStatus::TooLarge
            }
            PackageError::Container(ContainerError::Damaged | ContainerError::Missing) => {
                ReadStatus::Unreadable
            }
        };
        Reading::failed(status, error.to_string())
    }
}

/// The parts of a document.
pub(super) struct Package {
    pub(super) content: Vec<u8>,
    pub(super) styles: Option<Vec<u8>>,
}

impl Package {
    /// Opens a package, or takes a single file for the content and the styles at once.
    pub(super) fn open(bytes: &[u8], limits: &ReadLimits) -> Result<Self, PackageError> {
        if !bytes.starts_with(b"PK") {
            if !bytes.trim_ascii_start().starts_with(b"<") {
                return Err(ContainerError::Damaged.into());
            }
            return Ok(Self {
                content: bytes.to_vec(),
                styles: None,
            });
        }
        let mut container = Container::open(bytes, limits)?;
        if let Ok(manifest) = container.read("META-INF/manifest.xml")
            && is_encrypted(&manifest)
        {
            return Err(PackageError::Encrypted);
        }
        let content = container.read("content.xml")?;
        let styles = match container.read("styles.xml") {
            Ok(styles) => Some(styles),
            Err(ContainerError::Missing | ContainerError::Damaged) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { content, styles })
    }
}

/// The manifest names a key for the content (ODF 1.3 part 2 section 4.4).
fn is_encrypted(manifest: &[u8]) -> bool {
    let mut found = false;
    let _ = xml::read(manifest, |event| {
        if let Xml::Start(tag) = event {
            found |= tag.name() == "encryption-data";
        }
    });
    found
}

/// Reads a document.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    match Package::open(bytes, limits) {
        Ok(package) => read_package(&package, limits),
        Err(error) => error.into(),
    }
}

fn read_package(package: &Package, limits: &ReadLimits) -> Reading {
    let mut named = Styles::default();
    if let Some(bytes) = &package.styles {
        named.add(bytes);
    }
    let mut styles = named.clone();
    styles.add(&package.content);
    let mut budget = Budget::new(limits);
    let mut found = Found::default();
    let (margins, named) = match package.styles.as_deref() {
        Some(bytes) => (bytes, named),
        None => (package.content.as_slice(), styles.clone()),
    };
    found.layer(margins, &named, Layer::Headers, &mut budget);
    let seen = found.layer(&package.content, &styles, Layer::Text, &mut budget);
    if seen.notes {
        found.layer(&package.content, &styles, Layer::Notes, &mut budget);
    }
    if seen.comments {
        found.layer(&package.content, &styles, Layer::Comments, &mut budget);
    }
    found.layer(margins, &named, Layer::Footers, &mut budget);
    found.reading(&budget)
}

/// What a part holds beside its text.
#[derive(Default, Clone, Copy)]
struct Seen {
    notes: bool,
    comments: bool,
}

#[derive(Default)]
struct Found {
    blocks: Vec<Block>,
    fields: Vec<FormField>,
    problem: Option<XmlError>,
}

impl Found {
    fn layer(&mut self, bytes: &[u8], styles: &Styles, layer: Layer, budget: &mut Budget) -> Seen {
        let mut walker = Walker::new(styles, Builder::new(budget), layer);
        let result = xml::read(bytes, |event| walker.event(event));
        let seen = walker.seen();
        let (blocks, fields) = walker.finish();
        self.blocks.extend(blocks);
        self.fields.extend(fields);
        self.problem = self.problem.or(result.err());
        seen
    }

    /// What was read before the text broke off is kept; a file that declares entities is refused as a whole.
    fn reading(self, budget: &Budget) -> Reading {
        let Some(problem) = self.problem else {
            let mut reading = Reading::of_blocks(self.blocks, budget);
            reading.fields = self.fields;
            return reading;
        };
        if problem == XmlError::Declaration || self.blocks.is_empty() {
            return Reading::failed(ReadStatus::Unreadable, problem.to_string());
        }
        Reading {
            status: ReadStatus::Partial,
            reason: Some(problem.to_string()),
            blocks: self.blocks,
            fields: self.fields,
        }
    }
}

#[cfg(test)]
mod tests;
