//! Forms of Adobe's XML Forms Architecture (XFA 3.3; ISO 32000-1 section 12.7.8): answers from the `datasets`
//! packet, what they mean from the `template` packet.
//!
//! What stands in the template is what the form was made with, never an answer. Nesting costs no stack: both
//! packets are read as a flat stream of tags.

use super::streams::Allowance;
use super::values::entity_char;
use super::xfa_template::Controls;
use crate::domain::{FieldValue, FormField};
use lopdf::{Document, Object};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::{HashMap, HashSet};

/// Largest packet, in bytes.
const MAX_PACKET_BYTES: u64 = 16 * 1024 * 1024;
/// Most packets.
const MAX_PACKETS: usize = 32;
/// Most fields, and most tags of a packet that are looked at.
pub(super) const MAX_FIELDS: usize = 20_000;
pub(super) const MAX_TAGS: usize = 2_000_000;
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
pub(super) fn leaf(name: &str) -> &str {
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

pub(super) struct Answer {
    pub(super) name: String,
    pub(super) text: String,
}

/// The leaves of the data (XFA 3.3, "datasets"), blank ones included.
fn read_answers(xml: &str) -> Vec<Answer> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut data = Data::default();
    for _ in 0..MAX_TAGS {
        match reader.read_event() {
            Ok(Event::Start(tag)) => data.start(tag.local_name().into_inner()),
            Ok(Event::Empty(tag)) => data.empty(tag.local_name().into_inner()),
            Ok(Event::Text(part)) => data.text.push_str(part.as_ref()),
            Ok(Event::CData(part)) => data.text.push_str(part.as_ref()),
            Ok(Event::GeneralRef(entity)) => data.text.extend(entity_char(&entity)),
            Ok(Event::End(tag)) => data.end(tag.local_name().into_inner()),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    data.found
}

/// The data while it is read.
#[derive(Default)]
struct Data {
    found: Vec<Answer>,
    in_datasets: bool,
    in_data: bool,
    /// Names from the data's root.
    path: Vec<String>,
    /// How often each name was seen under its parent.
    seen: HashMap<String, usize>,
    /// Open tags below the deepest that is kept.
    unkept: usize,
    text: String,
    is_leaf: bool,
    /// Where rich text (XHTML inside a value) began.
    rich: Option<usize>,
}

impl Data {
    fn start(&mut self, name: &str) {
        if !self.in_datasets {
            self.in_datasets = name == "datasets";
            return;
        }
        if !self.in_data {
            self.in_data = name == "data";
            return;
        }
        if self.rich.is_none() && name == "body" {
            self.rich = Some(self.path.len());
        }
        if self.path.len() >= MAX_NESTING {
            self.unkept += 1;
            return;
        }
        let name = numbered(name, &self.path, &mut self.seen);
        self.path.push(name);
        if self.rich.is_none() {
            self.text.clear();
        }
        self.is_leaf = true;
    }

    fn empty(&mut self, name: &str) {
        if !self.in_data || self.rich.is_some() || self.path.len() >= MAX_NESTING {
            return;
        }
        let name = numbered(name, &self.path, &mut self.seen);
        self.path.push(name);
        let name = joined(&self.path);
        self.path.pop();
        add(&mut self.found, name, String::new());
        self.is_leaf = false;
    }

    fn end(&mut self, name: &str) {
        if !self.in_data {
            self.in_datasets &= name != "datasets";
            return;
        }
        if self.unkept > 0 {
            self.unkept -= 1;
            return;
        }
        if let Some(depth) = self.rich {
            if matches!(name, "p" | "div") {
                self.text.push('\n');
            }
            self.path.pop();
            if self.path.len() <= depth {
                // The rich text belongs to the tag around it.
                self.rich = None;
                self.is_leaf = true;
            }
            return;
        }
        if self.path.is_empty() {
            self.in_data = false;
            return;
        }
        if self.is_leaf {
            let text = std::mem::take(&mut self.text);
            add(&mut self.found, joined(&self.path), text);
        }
        self.is_leaf = false;
        self.path.pop();
    }
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
