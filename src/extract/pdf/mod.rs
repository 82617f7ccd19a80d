//! PDF: text in reading order by its positions, with the values of form fields put where they stand.
//!
//! lopdf is the gate (encryption, cross references, objects). `pages` walks the page tree, `content` carries
//! out each page's content and the pictures of its annotations, `runs` makes text of the glyphs, `marks` finds
//! what is ticked, struck out or ringed by hand, and `lines` puts all of it into rows and paragraphs. `fields`
//! and `xfa` read the form. pdf_oxide knows fonts only, each out of a small document of its own.
//!
//! What a form field's button says comes from the field alone; its drawing is not looked at.
//!
//! # Security
//! The bytes are foreign. `scan` counts objects and values before lopdf makes them; streams inflate within an
//! allowance and only if they are needed; operators, glyphs and forms are counted over the whole document;
//! nothing recurses further than a named bound. A panic in a parser costs only this attachment.

mod annotations;
mod content;
mod drawing;
mod entries;
mod fields;
mod font_tables;
mod fonts;
mod layers;
mod layout;
mod lines;
mod marks;
mod matrix;
mod pages;
mod path;
mod runs;
mod scan;
mod shared;
mod streams;
mod text_state;
mod tokens;
mod values;
mod xfa;
mod xfa_template;

use super::ReadLimits;
use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use crate::domain::{Block, FormField, ReadStatus, inline_text};
use content::Painter;
use drawing::Drawing;
use fields::Widget;
use layout::Item;
use lopdf::{Document, LoadOptions};
use pages::Page;
use shared::Shared;
use std::panic::{AssertUnwindSafe, catch_unwind};
use streams::Allowance;

/// A picture that covers this part of a page is the page.
const PAGE_PICTURE: f32 = 0.5;
/// Fewer letters on a page that is a picture are only a stamp or a page number.
const FEW_LETTERS: usize = 40;

/// Reads a document.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    catch_unwind(AssertUnwindSafe(|| read_guarded(bytes, limits))).unwrap_or_else(|_| {
        Reading::failed(
            ReadStatus::Unreadable,
            "damaged file; the PDF reader gave up on it",
        )
    })
}

fn read_guarded(bytes: &[u8], limits: &ReadLimits) -> Reading {
    let document = match load(bytes, limits) {
        Ok(document) => document,
        Err(reading) => return reading,
    };
    let most = limits.max_pages as usize;
    let mut pages = pages::pages(&document, most + 1);
    if pages.is_empty() {
        return Reading::failed(ReadStatus::Unreadable, "damaged file; it has no pages");
    }
    let is_long = pages.len() > most;
    pages.truncate(most);
    let mut budget = Budget::new(limits);
    let mut shared = Shared::new(&document, Allowance::new(limits));
    let (widgets, mut form_fields) = fields::read(&document, &pages, &mut shared.allowance);
    let mut found = read_pages(&mut shared, &pages, widgets, &mut budget);
    if let Some(form) = xfa::read(&document, &form_fields, &mut shared.allowance) {
        let says_so = form.needs_other_reader && is_notice(&found.blocks);
        if says_so {
            found.blocks.clear();
            found.needs_other_reader = form.fields.is_empty();
        }
        form_fields.extend(form.fields);
    }
    assess(found, form_fields, is_long, &shared, &budget)
}

/// Loads a document that is within bounds and not locked.
fn load(bytes: &[u8], limits: &ReadLimits) -> Result<Document, Reading> {
    let max_decompressed_size = match scan::object_stream_bound(bytes, limits) {
        Some(bound) => Some(bound),
        None => {
            let reason = "has more parts than the limit; not read";
            return Err(Reading::failed(ReadStatus::TooLarge, reason));
        }
    };
    let options = LoadOptions {
        max_decompressed_size,
        ..LoadOptions::default()
    };
    let mut document = Document::load_mem_with_options(bytes, options).map_err(|error| not_loaded(&error))?;
    // Loading tries the empty password: a document that is only locked against changes is open now.
    if document.trailer.has(b"Encrypt") && !document.was_encrypted() {
        return Err(Reading::failed(ReadStatus::Encrypted, "PDF behind a password"));
    }
    if !document.was_encrypted() {
        streams::recover(&mut document, bytes);
    }
    streams::settle_filters(&mut document);
    Ok(document)
}

fn not_loaded(error: &lopdf::Error) -> Reading {
    match error {
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => {
            Reading::failed(ReadStatus::Encrypted, "PDF behind a password")
        }
        lopdf::Error::Decompress(_) => {
            Reading::failed(ReadStatus::TooLarge, "unpacks to more than the limit; not read")
        }
        _ => Reading::failed(ReadStatus::Unreadable, "damaged file; it cannot be read as PDF"),
    }
}

/// What the pages hold.
#[derive(Default)]
struct Pages {
    blocks: Vec<Block>,
    /// Pages that are a picture without text.
    pictures: usize,
    /// Pages whose content could not be taken in full.
    failed: usize,
    /// The pages only say that another program is needed.
    needs_other_reader: bool,
}

/// Whether the pages only say that another program is needed to see the form.
fn is_notice(blocks: &[Block]) -> bool {
    /// Longest such notice, in blocks.
    const LONGEST: usize = 12;
    let says = |block: &Block| match block {
        Block::Paragraph { text, .. } | Block::Heading { text, .. } => {
            let text = inline_text(text).to_lowercase();
            text.contains("please wait") || text.contains("adobe reader") || text.contains("pdf viewer")
        }
        Block::ListItem { .. }
        | Block::Definition { .. }
        | Block::Table(_)
        | Block::Rule
        | Block::Quote(_) => false,
    };
    blocks.len() <= LONGEST && blocks.iter().any(says)
}

fn read_pages<'d>(
    shared: &mut Shared<'d>,
    pages: &[Page<'d>],
    widgets: Vec<Widget>,
    budget: &mut Budget,
) -> Pages {
    let mut found = Pages::default();
    let mut by_page: Vec<Vec<Widget>> = pages.iter().map(|_| Vec::new()).collect();
    for widget in widgets {
        if let Some(own) = widget.index().and_then(|at| by_page.get_mut(at)) {
            own.push(widget);
        }
    }
    for ((at, page), widgets) in pages.iter().enumerate().zip(by_page) {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let (mut drawing, is_whole) = draw(shared, page);
        if !is_whole || drawing.is_cut {
            found.failed += 1;
        }
        if is_picture(&drawing, page) {
            found.pictures += 1;
        }
        let places: Vec<_> = widgets.iter().map(|widget| widget.place).collect();
        let (struck, ringed) = annotations::marks(shared.document, page);
        let marks = marks::find(&mut drawing, &places, &struck, &ringed);
        let mut directions = runs::directions(&drawing.glyphs);
        let is_level = directions.first().is_some_and(|first| first.degrees == 0);
        let mut items: Vec<Item> = if is_level {
            directions.remove(0).items
        } else {
            Vec::new()
        };
        items.extend(annotations::typed(shared.document, page));
        items.extend(marks.ticks);
        items.extend(widgets.into_iter().filter_map(Item::of_widget));
        found
            .blocks
            .extend(lines::blocks(items, &marks.rulings, number, budget));
        for direction in directions {
            found
                .blocks
                .extend(lines::blocks(direction.items, &[], number, budget));
        }
    }
    found
}

/// Draws a page with its annotations; whether all of it could be drawn.
fn draw<'d>(shared: &mut Shared<'d>, page: &Page<'d>) -> (Drawing, bool) {
    let document = shared.document;
    let (content, is_whole) = page.content(document, &mut shared.allowance);
    let mut painter = Painter::new(shared, page.upright);
    // A page without resources has no fonts to name; its text is legible all the same.
    painter.run(&content, page.resources.unwrap_or(page.dictionary));
    painter.begin(page.upright);
    annotations::paint(document, page, &mut painter);
    let mut drawing = painter.finish();
    drawing.glyphs.retain(|glyph| {
        let (x, y) = glyph.start;
        let size = glyph.size;
        (-size..=page.width + size).contains(&x) && (-size..=page.height + size).contains(&y)
    });
    (drawing, is_whole)
}

fn is_picture(drawing: &Drawing, page: &Page<'_>) -> bool {
    let letters = drawing
        .glyphs
        .iter()
        .filter(|g| !g.text.trim().is_empty())
        .count();
    if letters == 0 {
        return !drawing.pictures.is_empty();
    }
    let area = page.width * page.height;
    letters < FEW_LETTERS
        && drawing
            .pictures
            .iter()
            .any(|picture| picture.width() * picture.height() >= PAGE_PICTURE * area)
}

fn assess(
    found: Pages,
    fields: Vec<FormField>,
    is_long: bool,
    shared: &Shared<'_>,
    budget: &Budget,
) -> Reading {
    let is_empty = found.blocks.is_empty() && fields.is_empty();
    let (status, reason) = if is_empty && (shared.allowance.is_exceeded() || shared.work.is_exhausted()) {
        let reason = "unpacks to more than the limit; not read";
        (ReadStatus::TooLarge, Some(reason.to_owned()))
    } else if is_empty && found.needs_other_reader {
        let reason =
            "a form that only Adobe Reader shows and that holds no answers; ask for it as a printed PDF";
        (ReadStatus::Empty, Some(reason.to_owned()))
    } else if is_empty {
        let reason = match (found.pictures, found.failed) {
            (0, 0) => "no text in it",
            (0, _) => "no text can be taken from it",
            (_, _) => "only pictures of pages (a scan); no text in it",
        };
        (ReadStatus::Empty, Some(reason.to_owned()))
    } else if is_long || budget.is_exhausted() || shared.work.is_exhausted() {
        (ReadStatus::Partial, Some(TOO_LONG.to_owned()))
    } else if found.failed > 0 {
        let reason = format!("{} page(s) could not be read in full", found.failed);
        (ReadStatus::Partial, Some(reason))
    } else if found.pictures > 0 {
        let reason = format!(
            "{} page(s) are only a picture; their text was not read",
            found.pictures
        );
        (ReadStatus::Partial, Some(reason))
    } else {
        (ReadStatus::Ok, None)
    };
    Reading {
        status,
        reason,
        blocks: found.blocks,
        fields,
    }
}

#[cfg(test)]
mod tests;
