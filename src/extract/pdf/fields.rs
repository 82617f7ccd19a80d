//! Form fields (AcroForm, ISO 32000-1 section 12.7), read from the widgets of each page upwards.

use super::layout::Rectangle;
use crate::domain::{FieldValue, FormField};
use lopdf::{Dictionary, Document, Object, ObjectId, decode_text_string};
use std::collections::HashMap;

/// Most widgets read.
const MAX_WIDGETS: usize = 5_000;
/// Highest tree of fields followed.
const MAX_ANCESTORS: usize = 32;
/// Longest value of a text field kept as a stream.
const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// Annotation flags (table 165): invisible, hidden, no view.
const NOT_SHOWN: i64 = 1 | 1 << 1 | 1 << 5;
/// Field flags: password (table 228), radio and push button (table 226).
const PASSWORD: i64 = 1 << 13;
const RADIO: i64 = 1 << 15;
const PUSH_BUTTON: i64 = 1 << 16;

/// A field as it is drawn on a page.
pub(super) struct Widget {
    /// From 1.
    pub(super) page: u32,
    pub(super) place: Rectangle,
    pub(super) shown: Shown,
}

/// What a widget shows.
pub(super) enum Shown {
    Text(String),
    Tick { checked: bool },
    Blank,
}

/// Reads all widgets of the pages and the fields they belong to.
pub(super) fn read(document: &Document, pages: &[ObjectId]) -> (Vec<Widget>, Vec<FormField>) {
    let mut reader = Reader {
        document,
        widgets: Vec::new(),
        fields: Vec::new(),
        places: HashMap::new(),
    };
    let mut left = MAX_WIDGETS;
    for (at, page) in pages.iter().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let annotations = document
            .get_dictionary(*page)
            .and_then(|page| page.get_deref(b"Annots", document))
            .and_then(Object::as_array);
        for annotation in annotations.into_iter().flatten().take(left) {
            left -= 1;
            reader.annotation(annotation, number);
        }
    }
    (reader.widgets, reader.fields)
}

struct Reader<'d> {
    document: &'d Document,
    widgets: Vec<Widget>,
    fields: Vec<FormField>,
    /// Where the field of that object stands in `fields`.
    places: HashMap<ObjectId, usize>,
}

impl Reader<'_> {
    fn annotation(&mut self, annotation: &Object, page: u32) {
        let document = self.document;
        let Ok((Some(id), Object::Dictionary(widget))) = document.dereference(annotation) else {
            return;
        };
        if name_of(document, widget, b"Subtype") != Some(b"Widget") {
            return;
        }
        let number = |key: &[u8]| {
            inherited(document, widget, key)
                .and_then(|o| o.as_i64().ok())
                .unwrap_or(0)
        };
        let flags = number(b"Ff");
        let kind = inherited(document, widget, b"FT").and_then(|o| o.as_name().ok());
        let (value, shown) = match kind {
            Some(b"Tx") if flags & PASSWORD == 0 => text_value(document, widget),
            Some(b"Ch") => choice_value(document, widget),
            Some(b"Btn") if flags & PUSH_BUTTON == 0 => {
                // Some programs leave the flag out of a group of boxes that exclude one another.
                let is_group = flags & RADIO != 0 || has_siblings(document, widget);
                button_value(document, widget, is_group)
            }
            Some(_) | None => return,
        };
        let own_flags = widget.get(b"F").and_then(Object::as_i64).unwrap_or(0);
        if own_flags & NOT_SHOWN == 0
            && let Some(place) = rectangle(document, widget)
        {
            self.widgets.push(Widget { page, place, shown });
        }
        self.add(field_id(document, id, widget), widget, value, page);
    }

    /// Adds the field, or what a further widget of it says.
    fn add(&mut self, id: ObjectId, widget: &Dictionary, value: FieldValue, page: u32) {
        if let Some(known) = self.places.get(&id).and_then(|at| self.fields.get_mut(*at)) {
            match (&known.value, value) {
                (FieldValue::Blank, value) => known.value = value,
                (FieldValue::Tick(false), FieldValue::Tick(true)) => known.value = FieldValue::Tick(true),
                (FieldValue::Tick(_) | FieldValue::Text(_) | FieldValue::Choice(_), _) => {}
            }
            return;
        }
        let label = inherited(self.document, widget, b"TU").and_then(text_string);
        self.places.insert(id, self.fields.len());
        self.fields.push(FormField {
            name: full_name(self.document, widget),
            label: label.filter(|l| !l.trim().is_empty()),
            value,
            page: Some(page),
        });
    }
}

/// An entry of a field, or of the nearest field above it that has one.
pub(super) fn inherited<'d>(document: &'d Document, start: &'d Dictionary, key: &[u8]) -> Option<&'d Object> {
    ancestors(document, start).find_map(|field| field.get_deref(key, document).ok())
}

fn ancestors<'d>(document: &'d Document, start: &'d Dictionary) -> impl Iterator<Item = &'d Dictionary> {
    let mut next = Some(start);
    std::iter::from_fn(move || {
        let field = next?;
        next = field
            .get_deref(b"Parent", document)
            .and_then(Object::as_dict)
            .ok();
        Some(field)
    })
    .take(MAX_ANCESTORS)
}

/// The object that names the field: the widget itself, or its parent for one of several widgets.
fn field_id(document: &Document, id: ObjectId, widget: &Dictionary) -> ObjectId {
    if widget.has(b"T") {
        return id;
    }
    let parent = widget.get(b"Parent").and_then(Object::as_reference).ok();
    parent
        .filter(|p| document.get_dictionary(*p).is_ok())
        .unwrap_or(id)
}

fn full_name(document: &Document, widget: &Dictionary) -> String {
    let mut names: Vec<String> = ancestors(document, widget)
        .filter_map(|field| text_string(field.get_deref(b"T", document).ok()?))
        .collect();
    names.reverse();
    names.join(".")
}

fn name_of<'d>(document: &'d Document, dictionary: &'d Dictionary, key: &[u8]) -> Option<&'d [u8]> {
    dictionary.get_deref(key, document).ok()?.as_name().ok()
}

fn text_string(object: &Object) -> Option<String> {
    match object {
        Object::String(..) => decode_text_string(object).ok(),
        Object::Name(name) => Some(String::from_utf8_lossy(name).into_owned()),
        Object::Stream(stream) => {
            let content = stream.decompressed_content_with_limit(MAX_VALUE_BYTES).ok()?;
            decode_text_string(&Object::string_literal(content)).ok()
        }
        _ => None,
    }
}

fn text_value(document: &Document, widget: &Dictionary) -> (FieldValue, Shown) {
    let text = inherited(document, widget, b"V").and_then(text_string);
    let text = text.map(|t| t.replace("\r\n", "\n").replace('\r', "\n"));
    match text.filter(|t| !t.trim().is_empty()) {
        Some(text) => (FieldValue::Text(text.clone()), Shown::Text(text)),
        None => (FieldValue::Blank, Shown::Blank),
    }
}

/// (export value, what is shown) of each option.
fn options(document: &Document, widget: &Dictionary) -> Vec<(String, String)> {
    let options = inherited(document, widget, b"Opt").and_then(|o| o.as_array().ok());
    let text = |object: &Object| text_string(document.dereference(object).ok()?.1);
    options
        .into_iter()
        .flatten()
        .filter_map(|option| match document.dereference(option).ok()?.1 {
            Object::Array(pair) => {
                let export = text(pair.first()?)?;
                let shown = pair.get(1).and_then(text).unwrap_or_else(|| export.clone());
                Some((export, shown))
            }
            single => text_string(single).map(|t| (t.clone(), t)),
        })
        .collect()
}

fn choice_value(document: &Document, widget: &Dictionary) -> (FieldValue, Shown) {
    let chosen: Vec<String> = match inherited(document, widget, b"V") {
        Some(Object::Array(values)) => values
            .iter()
            .filter_map(|v| text_string(document.dereference(v).ok()?.1))
            .collect(),
        Some(value) => text_string(value).into_iter().collect(),
        None => Vec::new(),
    };
    let chosen: Vec<String> = chosen.into_iter().filter(|c| !c.trim().is_empty()).collect();
    if chosen.is_empty() {
        return (FieldValue::Blank, Shown::Blank);
    }
    let options = options(document, widget);
    let shown: Vec<String> = chosen
        .iter()
        .map(|export| {
            let option = options.iter().find(|(known, _)| known == export);
            option.map_or(export, |(_, shown)| shown).clone()
        })
        .collect();
    (FieldValue::Choice(chosen), Shown::Text(shown.join(", ")))
}

fn button_value(document: &Document, widget: &Dictionary, is_radio: bool) -> (FieldValue, Shown) {
    let state = on_state(document, widget);
    let value = inherited(document, widget, b"V").and_then(text_string);
    let appearance = name_of(document, widget, b"AS").map(|n| String::from_utf8_lossy(n).into_owned());
    let is_on = |name: &Option<String>| name.as_deref().is_some_and(|n| !n.is_empty() && n != "Off");
    let checked = match (&value, &state) {
        (Some(value), Some(state)) if is_on(&Some(value.clone())) => value == state,
        (Some(_), _) if is_on(&value) => is_on(&appearance) || appearance.is_none() && !is_radio,
        (Some(_), _) => false,
        (None, _) => is_on(&appearance),
    };
    let shown = Shown::Tick { checked };
    if !is_radio {
        return (FieldValue::Tick(checked), shown);
    }
    if !checked {
        return (FieldValue::Blank, shown);
    }
    let name = state.or(value).unwrap_or_default();
    // With options, the states are only their numbers.
    let export = name
        .parse::<usize>()
        .ok()
        .and_then(|at| options(document, widget).into_iter().nth(at))
        .map_or(name, |(export, _)| export);
    (FieldValue::Choice(vec![export]), shown)
}

/// The widget is one of several of its field.
fn has_siblings(document: &Document, widget: &Dictionary) -> bool {
    let parent = widget.get_deref(b"Parent", document).and_then(Object::as_dict);
    let siblings = parent
        .and_then(|p| p.get_deref(b"Kids", document))
        .and_then(Object::as_array);
    !widget.has(b"T") && siblings.is_ok_and(|kids| kids.len() > 1)
}

/// The appearance state that means "on" for this widget.
fn on_state(document: &Document, widget: &Dictionary) -> Option<String> {
    let states = widget
        .get_deref(b"AP", document)
        .and_then(Object::as_dict)
        .and_then(|ap| ap.get_deref(b"N", document))
        .and_then(Object::as_dict)
        .ok()?;
    states
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .find(|name| name != "Off")
}

fn rectangle(document: &Document, widget: &Dictionary) -> Option<Rectangle> {
    let corners: Vec<f32> = widget
        .get_deref(b"Rect", document)
        .and_then(Object::as_array)
        .ok()?
        .iter()
        .filter_map(|n| document.dereference(n).ok()?.1.as_float().ok())
        .collect();
    match corners.as_slice() {
        [x0, y0, x1, y1] => Rectangle::new(*x0, *y0, *x1, *y1),
        _ => None,
    }
}
