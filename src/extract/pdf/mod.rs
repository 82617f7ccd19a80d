//! PDF: text in reading order by its positions, with the values of form fields put where they stand.
//!
//! lopdf is the gate (encryption, pages, inflated size) and the only source of field values and ticks;
//! pdf_oxide gives the page's text with positions. A tick is never taken from text: the text layer shows
//! unselected buttons as selected.
//!
//! # Security
//! Both parsers are large and the bytes foreign. Inflated sizes are measured before text is looked for, a
//! panic in a parser costs only this attachment, and a stack overflow only the worker process.

mod fields;
mod layout;
mod lines;

use super::ReadLimits;
use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use crate::domain::{Block, FormField, ReadStatus};
use fields::Widget;
use layout::Item;
use lopdf::{Document, LoadOptions, Object, ObjectId};
use pdf_oxide::PdfDocument;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// All streams of a document inflate to no more than this many times the bound of one.
const TOTAL_FACTOR: u64 = 4;
/// Most pieces of text of one page.
const MAX_ITEMS: usize = 50_000;

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
    let mut options = LoadOptions::default();
    options.max_decompressed_size = usize::try_from(limits.max_document_bytes).ok();
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        Err(error) => return not_loaded(&error),
    };
    // Loading tries the empty password: a document that is only locked against changes is open now.
    if document.trailer.has(b"Encrypt") && !document.was_encrypted() {
        return Reading::failed(ReadStatus::Encrypted, "PDF behind a password");
    }
    let pages: Vec<ObjectId> = document.page_iter().take(limits.max_pages as usize + 1).collect();
    if pages.is_empty() {
        return Reading::failed(ReadStatus::Unreadable, "damaged file; it has no pages");
    }
    if inflates_beyond(&document, limits) {
        let reason = "unpacks to more than the limit; not read";
        return Reading::failed(ReadStatus::TooLarge, reason);
    }
    let is_long = pages.len() > limits.max_pages as usize;
    let pages = &pages[..pages.len().min(limits.max_pages as usize)];
    let (widgets, form_fields) = fields::read(&document, pages);
    let mut budget = Budget::new(limits);
    let text = PdfDocument::from_bytes(bytes.to_vec()).ok();
    let found = read_pages(&document, pages, text.as_ref(), widgets, &mut budget);
    if text.is_none() && form_fields.is_empty() {
        return Reading::failed(
            ReadStatus::Unreadable,
            "damaged file; no text can be taken from it",
        );
    }
    assess(found, form_fields, is_long, &budget)
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

/// Measures what all streams but pictures inflate to.
fn inflates_beyond(document: &Document, limits: &ReadLimits) -> bool {
    let mut left = limits.max_document_bytes.saturating_mul(TOTAL_FACTOR);
    for object in document.objects.values() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let is_picture = stream.dict.get(b"Subtype").and_then(Object::as_name).ok() == Some(b"Image");
        if is_picture {
            continue;
        }
        let most = usize::try_from(left.min(limits.max_document_bytes)).unwrap_or(usize::MAX);
        match stream.decompressed_content_with_limit(most) {
            Ok(content) => left = left.saturating_sub(content.len() as u64),
            Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => return true,
            // Damaged or of a filter that only pictures have: nothing is inflated.
            Err(_) => {}
        }
        if left == 0 {
            return true;
        }
    }
    false
}

/// What the pages hold.
#[derive(Default)]
struct Pages {
    blocks: Vec<Block>,
    /// Pages with a picture and no text.
    pictures: usize,
    /// Pages whose text could not be taken.
    failed: usize,
    with_text: usize,
}

fn read_pages(
    document: &Document,
    pages: &[ObjectId],
    text: Option<&PdfDocument>,
    mut widgets: Vec<Widget>,
    budget: &mut Budget,
) -> Pages {
    let mut found = Pages::default();
    for (at, page) in pages.iter().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let (mine, others) = widgets.into_iter().partition(|w| w.page == number);
        widgets = others;
        let spans = text.map(|text| catch_unwind(AssertUnwindSafe(|| text.extract_spans(at))));
        let mut items: Vec<Item> = match spans {
            Some(Ok(Ok(spans))) => spans
                .into_iter()
                .take(MAX_ITEMS)
                .filter_map(Item::of_span)
                .collect(),
            Some(_) => {
                found.failed += 1;
                Vec::new()
            }
            None => Vec::new(),
        };
        if !items.is_empty() {
            found.with_text += 1;
        } else if shows_picture(document, *page) {
            found.pictures += 1;
        }
        let mine: Vec<Widget> = mine;
        items.extend(mine.into_iter().filter_map(Item::of_widget));
        found.blocks.extend(lines::blocks(items, number, budget));
    }
    found
}

/// The page's resources (its own or inherited) name a picture.
fn shows_picture(document: &Document, page: ObjectId) -> bool {
    let Ok(page) = document.get_dictionary(page) else {
        return false;
    };
    let resources = fields::inherited(document, page, b"Resources").and_then(|r| r.as_dict().ok());
    let objects = resources
        .and_then(|r| r.get_deref(b"XObject", document).ok())
        .and_then(|x| x.as_dict().ok());
    objects.is_some_and(|objects| {
        objects.iter().any(|(_, object)| {
            document
                .dereference(object)
                .ok()
                .and_then(|(_, object)| object.as_stream().ok())
                .and_then(|stream| stream.dict.get(b"Subtype").ok()?.as_name().ok())
                == Some(b"Image")
        })
    })
}

fn assess(found: Pages, fields: Vec<FormField>, is_long: bool, budget: &Budget) -> Reading {
    let (status, reason) = if found.blocks.is_empty() && fields.is_empty() {
        let reason = match (found.pictures, found.failed) {
            (0, 0) => "no text in it",
            (0, _) => "no text can be taken from it",
            (_, _) => "only pictures of pages (a scan); no text in it",
        };
        (ReadStatus::Empty, Some(reason.to_owned()))
    } else if is_long || budget.is_exhausted() {
        (ReadStatus::Partial, Some(TOO_LONG.to_owned()))
    } else if found.failed > 0 {
        let reason = format!("{} page(s) could not be read", found.failed);
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
