//! What fields hold (ISO 32000-1 sections 12.7.4 and 7.9.2).

use super::fields::{Shown, Traits, WidgetObject};
use super::streams::Allowance;
use crate::domain::FieldValue;
use lopdf::{Dictionary, Document, Object, decode_text_string};
use quick_xml::Reader;
use quick_xml::events::Event;

/// Longest value of a text field kept as a stream, in bytes.
const MAX_VALUE_BYTES: u64 = 1024 * 1024;
/// Most options of a list, and most of them chosen.
const MAX_OPTIONS: usize = 5_000;

/// Field flags: password (table 228), radio and push button (table 226).
const PASSWORD: i64 = 1 << 13;
const RADIO: i64 = 1 << 15;
const PUSH_BUTTON: i64 = 1 << 16;

/// A field's value, and what each of its widgets shows; `None` for what is no question.
pub(super) fn read(
    document: &Document,
    traits: &Traits<'_>,
    widgets: &[WidgetObject<'_>],
    allowance: &mut Allowance,
) -> Option<(FieldValue, Vec<Shown>)> {
    let (value, shown) = match traits.kind {
        Some(b"Tx") if traits.flags & PASSWORD == 0 => text_value(document, traits, allowance),
        Some(b"Ch") => choice_value(document, traits, allowance),
        Some(b"Btn") if traits.flags & PUSH_BUTTON == 0 => {
            return Some(button_value(document, traits, widgets));
        }
        Some(_) | None => return None,
    };
    let shown = widgets.iter().map(|_| shown.clone()).collect();
    Some((value, shown))
}

/// Whether a widget's picture shows what its field does not hold: a signature, or text without a value.
pub(super) fn is_drawn(document: &Document, traits: &Traits<'_>, allowance: &mut Allowance) -> bool {
    match traits.kind {
        Some(b"Sig") => true,
        Some(b"Tx") if traits.flags & PASSWORD == 0 => {
            matches!(text_value(document, traits, allowance).0, FieldValue::Blank)
        }
        Some(_) | None => false,
    }
}

/// A text string (section 7.9.2.2), as far as it can be made out.
pub(super) fn text_string(object: &Object) -> Option<String> {
    match object {
        Object::String(bytes, _) => Some(decoded(bytes)),
        Object::Name(name) => Some(String::from_utf8_lossy(name).into_owned()),
        Object::Integer(number) => Some(number.to_string()),
        Object::Real(number) => Some(number.to_string()),
        Object::Null
        | Object::Boolean(_)
        | Object::Array(_)
        | Object::Dictionary(_)
        | Object::Stream(_)
        | Object::Reference(_) => None,
    }
}

fn decoded(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => decode_text_string(&Object::string_literal(bytes))
            .unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect()),
    };
    // Language marks (section 7.9.2.2) and padding are not text.
    let mut is_mark = false;
    text.chars()
        .filter(|c| {
            is_mark ^= *c == '\u{1b}';
            !is_mark && !matches!(*c, '\u{1b}' | '\0')
        })
        .collect()
}

fn text_value(document: &Document, traits: &Traits<'_>, allowance: &mut Allowance) -> (FieldValue, Shown) {
    let plain = traits
        .value
        .and_then(|value| long_text(document, value, allowance));
    let text = plain.filter(|text| !text.trim().is_empty()).or_else(|| {
        let rich = traits.rich.and_then(|rich| long_text(document, rich, allowance));
        rich.map(|rich| text_of_xml(&rich))
    });
    let text = text.map(|t| t.replace("\r\n", "\n").replace('\r', "\n"));
    match text.filter(|t| !t.trim().is_empty()) {
        Some(text) => (FieldValue::Text(text.clone()), Shown::Text(text)),
        None => (FieldValue::Blank, Shown::Blank),
    }
}

/// A text string or a stream of one (section 7.9.3).
fn long_text(document: &Document, object: &Object, allowance: &mut Allowance) -> Option<String> {
    match object {
        Object::Stream(stream) => Some(decoded(&allowance.content(stream, MAX_VALUE_BYTES)?)),
        Object::Array(parts) => {
            let texts = parts.iter().take(MAX_OPTIONS);
            let texts: Vec<String> = texts
                .filter_map(|part| text_string(document.dereference(part).ok()?.1))
                .collect();
            Some(texts.join("\n"))
        }
        single => text_string(single),
    }
}

/// The text of rich text (section 12.7.3.4), a line for each paragraph.
pub(super) fn text_of_xml(xml: &str) -> String {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let mut text = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Text(part) => text.push_str(part.as_ref()),
            Event::GeneralRef(entity) => text.extend(entity_char(&entity)),
            Event::End(tag) if matches!(tag.local_name().as_ref(), "p" | "div") => text.push('\n'),
            Event::Empty(tag) if matches!(tag.local_name().as_ref(), "br" | "p") => text.push('\n'),
            Event::Eof => break,
            _ => {}
        }
    }
    text.trim_end_matches('\n').to_owned()
}

/// The character a reference such as `&amp;` or `&#233;` stands for; others expand to nothing.
pub(super) fn entity_char(entity: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return Some(c);
    }
    match entity.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// (export value, what is shown) of each option.
fn options(document: &Document, traits: &Traits<'_>) -> Vec<(String, String)> {
    let options = traits.options.and_then(|o| o.as_array().ok());
    let text = |object: &Object| text_string(document.dereference(object).ok()?.1);
    options
        .into_iter()
        .flatten()
        .take(MAX_OPTIONS)
        .filter_map(|option| match document.dereference(option).ok()?.1 {
            Object::Array(pair) => {
                let export = text(pair.first()?)?;
                let shown = pair.get(1).and_then(text).filter(|t| !t.is_empty());
                Some((export.clone(), shown.unwrap_or(export)))
            }
            single => text_string(single).map(|t| (t.clone(), t)),
        })
        .collect()
}

fn choice_value(document: &Document, traits: &Traits<'_>, allowance: &mut Allowance) -> (FieldValue, Shown) {
    let chosen: Vec<String> = match traits.value {
        Some(Object::Array(values)) => values
            .iter()
            .take(MAX_OPTIONS)
            .filter_map(|v| text_string(document.dereference(v).ok()?.1))
            .collect(),
        Some(value) => long_text(document, value, allowance).into_iter().collect(),
        None => Vec::new(),
    };
    let options = options(document, traits);
    let mut shown: Vec<String> = chosen
        .into_iter()
        .filter(|c| !c.trim().is_empty())
        .map(|export| {
            let option = options.iter().find(|(known, _)| *known == export);
            option.map_or(export, |(_, shown)| shown.clone())
        })
        .collect();
    if shown.is_empty() {
        shown = traits
            .chosen
            .and_then(|indices| indices.as_array().ok())
            .into_iter()
            .flatten()
            .take(MAX_OPTIONS)
            .filter_map(|at| usize::try_from(at.as_i64().ok()?).ok())
            .filter_map(|at| options.get(at).map(|(_, shown)| shown.clone()))
            .collect();
    }
    shown.retain(|text| !text.trim().is_empty());
    if shown.is_empty() {
        return (FieldValue::Blank, Shown::Blank);
    }
    let text = shown.join(", ");
    (FieldValue::Choice(shown), Shown::Text(text))
}

fn button_value(
    document: &Document,
    traits: &Traits<'_>,
    widgets: &[WidgetObject<'_>],
) -> (FieldValue, Vec<Shown>) {
    // Some programs leave the flag out of a group of boxes that exclude one another.
    let is_group = traits.flags & RADIO != 0 || widgets.len() > 1;
    let value = traits.value.and_then(text_string);
    let states: Vec<Option<String>> = widgets.iter().map(|w| on_state(document, w.dictionary)).collect();
    let checked: Vec<bool> = widgets
        .iter()
        .zip(&states)
        .map(|(widget, state)| is_checked(document, widget, value.as_deref(), state.as_deref(), is_group))
        .collect();
    let shown = checked
        .iter()
        .map(|checked| Shown::Tick { checked: *checked })
        .collect();
    if !is_group {
        let is_on = match checked.first() {
            Some(checked) => *checked,
            None => value.as_deref().is_some_and(is_on_name),
        };
        return (FieldValue::Tick(is_on), shown);
    }
    let options = options(document, traits);
    let mut names: Vec<String> = states
        .into_iter()
        .zip(checked)
        .filter(|(_, checked)| *checked)
        .filter_map(|(state, _)| state.or_else(|| value.clone()))
        .collect();
    names.dedup();
    if names.is_empty() {
        names.extend(value.filter(|value| is_on_name(value)));
    }
    // With options, the states are only their numbers.
    let names: Vec<String> = names
        .into_iter()
        .map(|name| {
            let option = name.parse::<usize>().ok().and_then(|at| options.get(at));
            option.map_or(name, |(_, shown)| shown.clone())
        })
        .collect();
    if names.is_empty() {
        (FieldValue::Blank, shown)
    } else {
        (FieldValue::Choice(names), shown)
    }
}

fn is_checked(
    document: &Document,
    widget: &WidgetObject<'_>,
    value: Option<&str>,
    state: Option<&str>,
    is_group: bool,
) -> bool {
    let appearance = widget
        .dictionary
        .get_deref(b"AS", document)
        .ok()
        .and_then(text_string);
    let is_drawn_on = appearance
        .as_deref()
        .map(|name| is_on_name(name) && state.is_none_or(|s| s == name));
    match (value, state) {
        (None, _) => is_drawn_on.unwrap_or(false),
        (Some(value), _) if !is_on_name(value) => false,
        (Some(value), Some(state)) if value == state => true,
        (Some(_), Some(_)) if is_group => false,
        (Some(_), Some(_)) => is_drawn_on.unwrap_or(true),
        (Some(_), None) => is_drawn_on.unwrap_or(!is_group),
    }
}

fn is_on_name(name: &str) -> bool {
    !name.is_empty() && !name.eq_ignore_ascii_case("off")
}

/// The appearance state that means "on" for this widget.
fn on_state(document: &Document, widget: &Dictionary) -> Option<String> {
    let appearances = widget.get_deref(b"AP", document).and_then(Object::as_dict).ok()?;
    let names = |key: &[u8]| -> Vec<String> {
        let states = appearances.get_deref(key, document).and_then(Object::as_dict);
        let names = states.into_iter().flat_map(|states| states.iter());
        names
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .filter(|name| is_on_name(name))
            .collect()
    };
    // Some programs have no state called "Off" but two called "Yes" and "No".
    let is_no = |name: &String| {
        ["no", "0", "false"]
            .iter()
            .any(|no| name.eq_ignore_ascii_case(no))
    };
    let drawn = names(b"N");
    let best = drawn
        .iter()
        .find(|name| drawn.len() == 1 || !is_no(name))
        .cloned();
    best.or_else(|| drawn.into_iter().next())
        .or_else(|| names(b"D").into_iter().next())
}
