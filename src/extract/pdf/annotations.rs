//! Annotations that are drawn: typed text, stamps, marks by hand (ISO 32000-1 section 12.5).

use super::content::Painter;
use super::entries::rectangle_of;
use super::layout::{Item, Rectangle};
use super::pages::Page;
use super::values::text_string;
use lopdf::{Dictionary, Document, Object};

/// Most annotations of one page that are looked at.
const MAX_ANNOTATIONS: usize = 2_000;
/// Annotation flags (table 165): invisible, hidden, no view.
pub(super) const NOT_SHOWN: i64 = 1 | 1 << 1 | 1 << 5;

/// The annotations of a page that are shown.
pub(super) fn shown<'d>(document: &'d Document, page: &Page<'d>) -> Vec<&'d Dictionary> {
    let annotations = page
        .dictionary
        .get_deref(b"Annots", document)
        .and_then(Object::as_array);
    annotations
        .into_iter()
        .flatten()
        .take(MAX_ANNOTATIONS)
        .filter_map(|annotation| document.dereference(annotation).ok()?.1.as_dict().ok())
        .filter(|annotation| {
            let flags = annotation.get_deref(b"F", document).and_then(Object::as_i64);
            flags.unwrap_or(0) & NOT_SHOWN == 0
        })
        .collect()
}

pub(super) fn kind<'d>(document: &'d Document, annotation: &'d Dictionary) -> &'d [u8] {
    let kind = annotation
        .get_deref(b"Subtype", document)
        .and_then(Object::as_name);
    kind.unwrap_or_default()
}

/// Draws the annotations of a page over its content. Fields are not drawn: their values come from the form.
pub(super) fn paint<'d>(document: &'d Document, page: &Page<'d>, painter: &mut Painter<'_, 'd>) {
    for annotation in shown(document, page) {
        let is_drawn = match kind(document, annotation) {
            b"Popup" | b"Link" | b"Text" | b"FileAttachment" => false,
            b"Widget" => super::fields::is_drawn(document, annotation, painter.allowance()),
            _ => true,
        };
        if !is_drawn {
            continue;
        }
        let place = rectangle_of(document, annotation, b"Rect");
        if let (Some(place), Some(appearance)) = (place, appearance(document, annotation)) {
            painter.appearance(appearance, place, annotation);
        }
    }
}

/// The normal appearance, of the state that is on where there are several (section 12.5.5).
fn appearance<'d>(document: &'d Document, annotation: &'d Dictionary) -> Option<&'d Object> {
    let appearances = annotation
        .get_deref(b"AP", document)
        .and_then(Object::as_dict)
        .ok()?;
    let normal = appearances.get(b"N").ok()?;
    match document.dereference(normal).ok()?.1 {
        Object::Stream(_) => Some(normal),
        Object::Dictionary(states) => {
            let state = annotation
                .get_deref(b"AS", document)
                .and_then(Object::as_name)
                .ok()?;
            states.get(state).ok()
        }
        _ => None,
    }
}

/// Places that annotations strike out, and places they ring (section 12.5.6).
pub(super) fn marks(document: &Document, page: &Page<'_>) -> (Vec<Rectangle>, Vec<Rectangle>) {
    let mut struck = Vec::new();
    let mut ringed = Vec::new();
    for annotation in shown(document, page) {
        let place = || page.place(rectangle_of(document, annotation, b"Rect")?);
        match kind(document, annotation) {
            b"StrikeOut" => struck.extend(quadrilaterals(document, page, annotation)),
            b"Circle" | b"Square" => ringed.extend(place()),
            _ => {}
        }
    }
    (struck, ringed)
}

/// Most words one annotation marks.
const MAX_QUADRILATERALS: usize = 500;

/// The places of the words that an annotation marks.
fn quadrilaterals(document: &Document, page: &Page<'_>, annotation: &Dictionary) -> Vec<Rectangle> {
    let points = annotation
        .get_deref(b"QuadPoints", document)
        .and_then(Object::as_array);
    let numbers: Vec<f32> = points
        .into_iter()
        .flatten()
        .take(8 * MAX_QUADRILATERALS)
        .filter_map(|number| document.dereference(number).ok()?.1.as_float().ok())
        .collect();
    let place = |corners: &[f32]| {
        let [x0, y0, x1, y1, x2, y2, x3, y3] = *corners else {
            return None;
        };
        let low = [x0, x1, x2, x3].into_iter().fold(f32::INFINITY, f32::min);
        let high = [x0, x1, x2, x3].into_iter().fold(f32::NEG_INFINITY, f32::max);
        let bottom = [y0, y1, y2, y3].into_iter().fold(f32::INFINITY, f32::min);
        let top = [y0, y1, y2, y3].into_iter().fold(f32::NEG_INFINITY, f32::max);
        page.place([low, bottom, high, top])
    };
    numbers.chunks_exact(8).filter_map(place).collect()
}

/// Text typed onto the page by a program that drew no picture of it.
pub(super) fn typed(document: &Document, page: &Page<'_>) -> Vec<Item> {
    let text_of = |annotation: &Dictionary| {
        let is_undrawn =
            kind(document, annotation) == b"FreeText" && appearance(document, annotation).is_none();
        let contents = annotation
            .get_deref(b"Contents", document)
            .ok()
            .filter(|_| is_undrawn);
        let text = contents
            .and_then(text_string)
            .filter(|text| !text.trim().is_empty())?;
        let place = page.place(rectangle_of(document, annotation, b"Rect")?)?;
        Some(Item::of_typed(text, place))
    };
    shown(document, page).into_iter().filter_map(text_of).collect()
}
