//! The template of an XFA form (XFA 3.3): what its fields are called, and what their values mean.

use super::values::entity_char;
use super::xfa::{Answer, MAX_FIELDS, MAX_TAGS, leaf};
use crate::domain::{FieldValue, FormField};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;

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
pub(super) struct Controls {
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
    pub(super) fn read(&mut self, xml: &str) {
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
    pub(super) fn field(&self, answer: Answer) -> FormField {
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
