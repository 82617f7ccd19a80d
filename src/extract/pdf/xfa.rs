//! Forms of Adobe's XML Forms Architecture (XFA 3.3; ISO 32000-1 section 12.7.8): answers from the `datasets`
//! packet, what they mean from the `template` packet.
//!
//! What stands in the template is what the form was made with, never an answer. Nesting costs no stack: both
//! packets are read as a flat stream of tags.

use super::streams::Allowance;
use super::values::entity_char;
use crate::domain::{FieldValue, FormField};
use lopdf::{Document, Object};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use std::collections::{HashMap, HashSet};

/// Largest packet, in bytes.
const MAX_PACKET_BYTES: u64 = 16 * 1024 * 1024;
/// Most packets.
const MAX_PACKETS: usize = 32;
/// Most fields, and most tags of a packet that are looked at.
const MAX_FIELDS: usize = 20_000;
const MAX_TAGS: usize = 2_000_000;
/// Deepest tags whose names make up the name of a field.
const MAX_NESTING: usize = 64;

/// What an XFA form holds.
pub(super) struct Form {
    pub(super) fields: Vec<FormField>,
    /// The pages only say that another program is needed.
    pub(super) needs_other_reader: bool,
}

/// Reads the form of a document, if it has one; `known` are the fields found as AcroForm fields, which the same
/// answers often also are.
pub(super) fn read(document: &Document, known: &[FormField], allowance: &mut Allowance) -> Option<Form> {
    let catalog = document.catalog().ok()?;
    let acro_form = catalog
        .get_deref(b"AcroForm", document)
        .and_then(Object::as_dict)
        .ok()?;
    let packets = packets(document, acro_form.get_deref(b"XFA", document).ok()?, allowance);
    let mut controls = Controls::default();
    let mut answers = Vec::new();
    for packet in &packets {
        controls.read(packet);
        answers.extend(read_answers(packet));
    }
    let flag = catalog.get_deref(b"NeedsRendering", document);
    let answered: HashSet<String> = known
        .iter()
        .filter(|field| !matches!(field.value, FieldValue::Blank))
        .map(|field| leaf(&field.name).to_owned())
        .collect();
    let fields = answers
        .into_iter()
        .filter(|answer| !answered.contains(leaf(&answer.name)))
        .map(|answer| controls.field(answer))
        .filter(|field| {
            known.is_empty() || matches!(field.value, FieldValue::Text(_) | FieldValue::Choice(_))
        })
        .collect();
    Some(Form {
        fields,
        needs_other_reader: known.is_empty() || flag.is_ok_and(|flag| matches!(flag, Object::Boolean(true))),
    })
}

/// The last part of a field's name, without its number.
fn leaf(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.split('[').next().unwrap_or(last)
}

fn packets(document: &Document, entry: &Object, allowance: &mut Allowance) -> Vec<String> {
    let streams = match entry {
        Object::Array(pairs) => pairs.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut parts = Vec::new();
    for stream in streams.iter().take(2 * MAX_PACKETS) {
        let stream = document
            .dereference(stream)
            .ok()
            .and_then(|(_, o)| o.as_stream().ok());
        if let Some(content) = stream.and_then(|stream| allowance.content(stream, MAX_PACKET_BYTES)) {
            parts.push(crate::mail::decode_text(&content));
        }
    }
    parts
}

struct Answer {
    name: String,
    text: String,
}

/// The leaves of the data (XFA 3.3, "datasets"), blank ones included.
fn read_answers(xml: &str) -> Vec<Answer> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut found: Vec<Answer> = Vec::new();
    // Names from the data's root; how often each name was seen under its parent.
    let mut path: Vec<String> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let (mut in_datasets, mut in_data) = (false, false);
    let mut unkept = 0usize;
    let mut text = String::new();
    let mut is_leaf = false;
    let mut rich: Option<usize> = None;
    for _ in 0..MAX_TAGS {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let name = tag.local_name().into_inner().to_owned();
                match (in_datasets, in_data) {
                    (false, _) => in_datasets = name == "datasets",
                    (true, false) => in_data = name == "data",
                    (true, true) => {
                        if rich.is_none() && is_rich(&tag) {
                            rich = Some(path.len());
                        }
                        if path.len() >= MAX_NESTING {
                            unkept += 1;
                        } else {
                            path.push(numbered(&name, &path, &mut seen));
                            if rich.is_none() {
                                text.clear();
                            }
                            is_leaf = true;
                        }
                    }
                }
            }
            Ok(Event::Empty(tag)) if in_data && rich.is_none() && path.len() < MAX_NESTING => {
                let name = numbered(tag.local_name().into_inner(), &path, &mut seen);
                let prefix = joined(&path);
                let name = if prefix.is_empty() {
                    name
                } else {
                    format!("{prefix}.{name}")
                };
                add(&mut found, name, String::new());
                is_leaf = false;
            }
            Ok(Event::Text(part)) if in_data => text.push_str(part.as_ref()),
            Ok(Event::CData(part)) if in_data => text.push_str(part.as_ref()),
            Ok(Event::GeneralRef(entity)) if in_data => text.extend(entity_char(&entity)),
            Ok(Event::End(tag)) if in_data => {
                if unkept > 0 {
                    unkept -= 1;
                    continue;
                }
                if path.is_empty() {
                    in_data = false;
                    in_datasets = tag.local_name().into_inner() != "datasets";
                    continue;
                }
                if let Some(depth) = rich {
                    if matches!(tag.local_name().into_inner(), "p" | "div") {
                        text.push('\n');
                    }
                    path.pop();
                    if path.len() <= depth {
                        // The rich text belongs to the tag around it.
                        rich = None;
                        is_leaf = true;
                    }
                    continue;
                }
                if is_leaf {
                    add(&mut found, joined(&path), std::mem::take(&mut text));
                }
                is_leaf = false;
                path.pop();
            }
            Ok(Event::End(tag)) if tag.local_name().into_inner() == "datasets" => in_datasets = false,
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    found
}

/// Rich text is XHTML inside a value.
fn is_rich(tag: &BytesStart<'_>) -> bool {
    tag.local_name().into_inner() == "body"
}

fn joined(path: &[String]) -> String {
    path.join(".")
}

/// A name told apart from the same one before it under the same parent.
fn numbered(name: &str, path: &[String], seen: &mut HashMap<String, usize>) -> String {
    let key = format!("{}.{name}", joined(path));
    let count = seen.entry(key).or_default();
    *count += 1;
    if *count == 1 {
        name.to_owned()
    } else {
        format!("{name}[{}]", *count - 1)
    }
}

/// Several options chosen in a list are `value` tags below it: they become one answer, a line for each.
fn add(found: &mut Vec<Answer>, name: String, text: String) {
    let (name, is_part) = match name.rsplit_once('.') {
        Some((list, last)) if leaf(last) == "value" => (list.to_owned(), true),
        Some(_) | None => (name, false),
    };
    if let Some(last) = found.last_mut()
        && is_part
        && last.name == name
    {
        last.text.push('\n');
        last.text.push_str(&text);
    } else if found.len() < MAX_FIELDS {
        found.push(Answer { name, text });
    }
}

/// What a field of the template is.
#[derive(Default, Clone)]
struct Control {
    caption: String,
    tool_tip: String,
    is_tick: bool,
    is_password: bool,
    /// What the form was made with.
    preset: String,
    /// What the options are called, and what they are kept as.
    shown: Vec<String>,
    kept: Vec<String>,
    is_kept_list: bool,
}

impl Control {
    fn label(&self) -> Option<String> {
        let label = if self.caption.trim().is_empty() {
            self.tool_tip.trim()
        } else {
            self.caption.trim()
        };
        (!label.is_empty()).then(|| label.to_owned())
    }
}

/// The fields of the template by their last name.
#[derive(Default)]
struct Controls {
    by_name: HashMap<String, Control>,
    /// (value, caption) of the choices of each group.
    groups: HashMap<String, Vec<(String, String)>>,
}

/// Where text of the template belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    Caption,
    ToolTip,
    Preset,
    Items,
}

impl Controls {
    fn read(&mut self, xml: &str) {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_dangling_amp = true;
        let mut in_template = false;
        let mut group: Option<String> = None;
        let mut open: Option<(String, Control)> = None;
        let mut part = Part::None;
        let mut item = String::new();
        for _ in 0..MAX_TAGS {
            match reader.read_event() {
                Ok(Event::Start(tag) | Event::Empty(tag)) if !in_template => {
                    in_template = tag.local_name().into_inner() == "template";
                }
                Ok(Event::Start(tag)) => match tag.local_name().into_inner() {
                    "exclGroup" => group = attribute(&tag, "name"),
                    "field" => {
                        open = Some((attribute(&tag, "name").unwrap_or_default(), Control::default()));
                        part = Part::None;
                    }
                    name => {
                        if let Some((_, control)) = &mut open {
                            part = control.begin(name, &tag, part);
                            item.clear();
                        }
                    }
                },
                Ok(Event::Empty(tag)) => {
                    if let Some((_, control)) = &mut open {
                        let name = tag.local_name().into_inner();
                        control.begin(name, &tag, part);
                        if part == Part::Items && matches!(name, "text" | "integer") {
                            control.end_item(String::new());
                        }
                    }
                }
                Ok(Event::Text(text)) => item.push_str(text.as_ref()),
                Ok(Event::CData(text)) => item.push_str(text.as_ref()),
                Ok(Event::GeneralRef(entity)) => item.extend(entity_char(&entity)),
                Ok(Event::End(tag)) => match tag.local_name().into_inner() {
                    "template" => in_template = false,
                    "exclGroup" => group = None,
                    "field" => {
                        if let Some((name, control)) = open.take() {
                            self.add(name, control, group.as_ref());
                        }
                    }
                    name => {
                        if let Some((_, control)) = &mut open {
                            part = control.end(name, part, std::mem::take(&mut item));
                        }
                    }
                },
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
    }

    fn add(&mut self, name: String, control: Control, group: Option<&String>) {
        if self.by_name.len() >= MAX_FIELDS {
            return;
        }
        if let Some(group) = group
            && let Some(value) = control.shown.first().or(control.kept.first())
        {
            let caption = control.label().unwrap_or_else(|| value.clone());
            let choices = self.groups.entry(group.clone()).or_default();
            choices.push((value.clone(), caption));
        }
        self.by_name.entry(name).or_insert(control);
    }

    /// What an answer means.
    fn field(&self, answer: Answer) -> FormField {
        let name = leaf(&answer.name);
        let text = answer.text.trim();
        let control = self.by_name.get(name);
        let value = match (self.groups.get(name), control) {
            (Some(choices), _) => {
                let choice = choices.iter().find(|(value, _)| value == text);
                match choice {
                    Some((_, caption)) => FieldValue::Choice(vec![caption.clone()]),
                    None => FieldValue::Blank,
                }
            }
            (None, Some(control)) => control.value(text),
            (None, None) => text_value(text),
        };
        FormField {
            label: control.and_then(Control::label),
            name: answer.name,
            value,
            page: None,
        }
    }
}

fn text_value(text: &str) -> FieldValue {
    if text.is_empty() {
        FieldValue::Blank
    } else {
        FieldValue::Text(text.to_owned())
    }
}

impl Control {
    fn begin(&mut self, name: &str, tag: &BytesStart<'_>, part: Part) -> Part {
        match name {
            "checkButton" => self.is_tick = true,
            "passwordEdit" => self.is_password = true,
            "caption" => return Part::Caption,
            "toolTip" => return Part::ToolTip,
            "items" => {
                self.is_kept_list = attribute(tag, "save").is_some_and(|save| save == "1");
                return Part::Items;
            }
            "value" if part == Part::None => return Part::Preset,
            _ => {}
        }
        part
    }

    fn end_item(&mut self, text: String) {
        if self.is_kept_list {
            self.kept.push(text);
        } else {
            self.shown.push(text);
        }
    }

    fn end(&mut self, name: &str, part: Part, text: String) -> Part {
        match (part, name) {
            (Part::Caption, "caption") | (Part::Items, "items") => Part::None,
            (Part::Preset, "value") => Part::None,
            (Part::ToolTip, "toolTip") => {
                self.tool_tip = text;
                Part::None
            }
            (Part::Caption, _) => {
                self.caption.push_str(&text);
                part
            }
            (Part::Preset, _) => {
                self.preset.push_str(&text);
                part
            }
            (Part::Items, "text" | "integer" | "float" | "decimal" | "date") => {
                self.end_item(text);
                part
            }
            (Part::Items | Part::ToolTip | Part::None, _) => part,
        }
    }

    /// What a value of the data means.
    fn value(&self, text: &str) -> FieldValue {
        if self.is_password {
            return FieldValue::Blank;
        }
        let options = if self.kept.is_empty() {
            &self.shown
        } else {
            &self.kept
        };
        if self.is_tick {
            let on = options.first().map_or("1", String::as_str);
            return FieldValue::Tick(!text.is_empty() && text == on);
        }
        if text.is_empty() || text == self.preset.trim() {
            return FieldValue::Blank;
        }
        if options.is_empty() {
            return text_value(text);
        }
        let chosen = text
            .lines()
            .map(|line| {
                let at = options.iter().position(|option| option == line);
                let shown = at.and_then(|at| self.shown.get(at));
                shown.map_or_else(|| line.to_owned(), Clone::clone)
            })
            .collect();
        FieldValue::Choice(chosen)
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().into_inner() == name)
        .map(|attribute| {
            unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), |v| v.into_owned())
        })
}
