//! Word documents of the old kind ([MS-DOC]): Word 97 to 2003, and the text of Word 2 to 95.
//!
//! Read as the author would see it with all changes accepted, as the reader of the newer format does:
//! deleted text is left out, hidden text kept apart, prompts told from answers, comments kept apart as
//! quotations.
//!
//! # Security
//! Offsets and counts in the file are claims: every access is checked, nothing is allocated for a count, and
//! characters are read no more than once each ([`pieces`]). No recursion but one step into text boxes.

mod boxes;
mod bytes;
mod fib;
mod form_data;
mod old;
mod pages;
mod pieces;
mod properties;
mod sprm;
mod story;
mod styles;
mod tables;
mod walker;

use super::ReadLimits;
use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use super::builder::Builder;
use super::compound::Compound;
use crate::domain::{Block, FormField, ReadStatus};
use boxes::Boxes;
use bytes::{Plc, u32_at};
use fib::{Fib, FibError, Lengths, Structure};
use pages::Pages;
use pieces::Pieces;
use std::collections::HashSet;
use story::Source;
use styles::Styles;
use walker::Walker;

/// Most stories (headers and footers of all sections, footnotes, comments) of one kind.
const MAX_STORIES: usize = 2000;
/// Separators of footnotes and endnotes, which come before the headers.
const SEPARATOR_STORIES: usize = 6;
/// Headers and footers of a section ([MS-DOC] section 2.3.1.3).
const STORIES_OF_SECTION: usize = 6;

/// Reads a document.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    read_file(bytes, limits).unwrap_or_else(|error| {
        let status = match error {
            FibError::Encrypted => ReadStatus::Encrypted,
            FibError::Damaged => ReadStatus::Unreadable,
            FibError::TooOld => ReadStatus::Unsupported,
        };
        Reading::failed(status, error.to_string())
    })
}

fn read_file(bytes: &[u8], limits: &ReadLimits) -> Result<Reading, FibError> {
    let Some(file) = Compound::open(bytes) else {
        // Files of Word 2 are no compound files.
        return match fib::is_old(bytes)? {
            true => old::read(bytes, limits),
            false => Err(FibError::Damaged),
        };
    };
    let main = file.stream("WordDocument").ok_or(FibError::Damaged)?;
    if fib::is_old(&main)? {
        return old::read(&main, limits);
    }
    let fib = Fib::read(&main).ok_or(FibError::Damaged)?;
    let table = file.stream(fib.table_stream).ok_or(FibError::Damaged)?;
    let data = file.stream("Data").unwrap_or_default();
    let pieces =
        Pieces::read(fib.structure(&table, Structure::Pieces), main.len()).ok_or(FibError::Damaged)?;
    let source = Source {
        stream: &main,
        data: &data,
        pieces,
        characters: Pages::new(&main, fib.structure(&table, Structure::CharacterPages)),
        paragraphs: Pages::new(&main, fib.structure(&table, Structure::ParagraphPages)),
        styles: Styles::read(fib.structure(&table, Structure::Styles)),
        fonts: form_data::fonts(fib.structure(&table, Structure::Fonts)),
    };
    let document = Document {
        source,
        fib: &fib,
        table: &table,
        starts: Starts::of(&fib.lengths),
    };
    Ok(document.read(limits))
}

/// The first character of each sub-document.
struct Starts {
    footnotes: u32,
    margins: u32,
    comments: u32,
    endnotes: u32,
    text_boxes: u32,
    margin_text_boxes: u32,
}

impl Starts {
    fn of(lengths: &Lengths) -> Self {
        let mut at = lengths.main;
        let mut next = |length: u32| {
            let start = at;
            at = at.saturating_add(length);
            start
        };
        let footnotes = next(lengths.footnotes);
        let margins = next(lengths.margins);
        next(lengths.macros);
        Self {
            footnotes,
            margins,
            comments: next(lengths.comments),
            endnotes: next(lengths.endnotes),
            text_boxes: next(lengths.text_boxes),
            margin_text_boxes: next(lengths.margin_text_boxes),
        }
    }
}

struct Document<'s, 'd> {
    source: Source<'d>,
    fib: &'s Fib<'d>,
    table: &'d [u8],
    starts: Starts,
}

/// Headers stand before the text, footers after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Margin {
    Header,
    Footer,
}

impl<'d> Document<'_, 'd> {
    fn structure(&self, structure: Structure) -> &'d [u8] {
        self.fib.structure(self.table, structure)
    }

    fn read(&self, limits: &ReadLimits) -> Reading {
        let mut budget = Budget::new(limits);
        let mut walker = Walker::new(&self.source, Builder::new(&mut budget));
        let lengths = self.fib.lengths;
        let mut margin_boxes = Boxes::new(
            self.structure(Structure::MarginTextBoxes),
            self.starts.margin_text_boxes,
            lengths.margin_text_boxes,
            self.structure(Structure::MarginAnchors),
            self.starts.margins,
        );
        let mut boxes = Boxes::new(
            self.structure(Structure::TextBoxes),
            self.starts.text_boxes,
            lengths.text_boxes,
            self.structure(Structure::Anchors),
            0,
        );
        for (start, end) in self.margins(Margin::Header) {
            walker.read(start, end, &mut margin_boxes);
        }
        walker.read(0, lengths.main, &mut boxes);
        walker.read_left_boxes(&mut boxes);
        for (start, length, texts) in [
            (self.starts.footnotes, lengths.footnotes, Structure::FootnoteTexts),
            (self.starts.endnotes, lengths.endnotes, Structure::EndnoteTexts),
        ] {
            for (start, end) in stories(self.structure(texts), start, length) {
                walker.read(start, end, &mut Boxes::none());
            }
        }
        let comments = self.structure(Structure::CommentTexts);
        for (start, end) in stories(comments, self.starts.comments, lengths.comments) {
            let is_apart = walker.open_quote();
            walker.read(start, end, &mut Boxes::none());
            if is_apart {
                walker.close_quote();
            }
        }
        for (start, end) in self.margins(Margin::Footer) {
            walker.read(start, end, &mut margin_boxes);
        }
        walker.read_left_boxes(&mut margin_boxes);
        let (blocks, fields, is_cut) = walker.finish();
        reading(blocks, fields, is_cut, &budget)
    }

    /// Headers or footers, those of later sections only where they differ.
    fn margins(&self, wanted: Margin) -> Vec<(u32, u32)> {
        let plc = Plc::new(self.structure(Structure::Margins), 0);
        let length = self.fib.lengths.margins;
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut next = 0;
        for index in SEPARATOR_STORIES..plc.len().min(MAX_STORIES) {
            let Some((from, to)) = plc.position(index).zip(plc.position(index + 1)) else {
                break;
            };
            let to = to.min(length);
            if from < next || to <= from {
                continue;
            }
            next = to;
            let margin = match (index - SEPARATOR_STORIES) % STORIES_OF_SECTION {
                0 | 1 | 4 => Margin::Header,
                _ => Margin::Footer,
            };
            let range = (
                self.starts.margins.saturating_add(from),
                self.starts.margins.saturating_add(to),
            );
            if margin == wanted && seen.insert(self.source.units(range.0, range.1)) {
                found.push(range);
            }
        }
        found
    }
}

/// The ranges of footnotes or comments: a list of positions, the last two of which mark the end.
fn stories(positions: &[u8], start: u32, length: u32) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut at = 1;
    while let Some(to) = u32_at(positions, at * 4)
        && found.len() < MAX_STORIES
    {
        at += 1;
        let to = to.min(length);
        if to > next {
            found.push((start.saturating_add(next), start.saturating_add(to)));
            next = to;
        }
    }
    if next < length {
        found.push((start.saturating_add(next), start.saturating_add(length)));
    }
    found
}

fn reading(blocks: Vec<Block>, fields: Vec<FormField>, is_cut: bool, budget: &Budget) -> Reading {
    let mut reading = Reading::of_blocks(blocks, budget);
    if is_cut {
        reading.status = ReadStatus::Partial;
        reading.reason = Some(TOO_LONG.to_owned());
    }
    reading.fields = fields;
    reading
}

#[cfg(test)]
mod tests;
