//! Form controls (ODF 1.3 part 3 section 13) and what is entered in them.

use super::super::form_field::is_prompt;
use super::super::xml::Tag;
use crate::domain::{FieldValue, FormField};
use std::collections::HashMap;

/// Most controls of a document, and most entries of a list.
const MAX_CONTROLS: usize = 20_000;
const MAX_ENTRIES: usize = 500;

/// A control.
#[derive(Default, Clone)]
pub(super) struct Control {
    name: String,
    /// What is written beside a tick box.
    pub(super) label: Option<String>,
    title: Option<String>,
    pub(super) value: Value,
}

#[derive(Default, Clone)]
pub(super) enum Value {
    Text(String),
    Tick(bool),
    Chosen(Vec<String>),
    /// A button, a frame around others.
    #[default]
    Nothing,
}

/// All controls by their id.
#[derive(Default)]
pub(super) struct Controls {
    by_id: HashMap<String, Control>,
    /// The list whose entries are being read.
    list: Option<String>,
}

impl Controls {
    /// Takes one element inside `office:forms`.
    pub(super) fn element(&mut self, tag: &Tag<'_>) {
        if tag.prefix() != Some("form") {
            return;
        }
        match tag.name() {
            "option" => return self.option(tag),
            "item" | "properties" | "property" | "list-property" | "form" => return,
            _ => {}
        }
        let Some(id) = tag.attribute("id").filter(|_| self.by_id.len() < MAX_CONTROLS) else {
            return;
        };
        let current = |name: &str, otherwise: &str| tag.attribute(name).or_else(|| tag.attribute(otherwise));
        let value = match tag.name() {
            "checkbox" => Value::Tick(current("current-state", "state").as_deref() == Some("checked")),
            "radio" => Value::Tick(current("current-selected", "selected").as_deref() == Some("true")),
            "listbox" => Value::Chosen(Vec::new()),
            "text" | "textarea" | "formatted-text" | "number" | "date" | "time" | "combobox" | "file" => {
                Value::Text(current("current-value", "value").unwrap_or_default())
            }
            _ => Value::Nothing,
        };
        self.list = matches!(value, Value::Chosen(_)).then(|| id.clone());
        let control = Control {
            name: tag.attribute("name").unwrap_or_default(),
            label: tag.attribute("label").filter(|label| !label.trim().is_empty()),
            title: tag.attribute("title").filter(|title| !title.trim().is_empty()),
            value,
        };
        self.by_id.insert(id, control);
    }

    fn option(&mut self, tag: &Tag<'_>) {
        let is_chosen = tag
            .attribute("current-selected")
            .or_else(|| tag.attribute("selected"));
        if is_chosen.as_deref() != Some("true") {
            return;
        }
        let entry = tag.attribute("label").or_else(|| tag.attribute("value"));
        if let Some(Value::Chosen(chosen)) = self
            .list
            .as_ref()
            .and_then(|id| self.by_id.get_mut(id))
            .map(|control| &mut control.value)
            && chosen.len() < MAX_ENTRIES
        {
            chosen.extend(entry);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Control> {
        self.by_id.get(id)
    }
}

impl Control {
    /// As a form field; prompts are blanks.
    pub(super) fn form_field(&self) -> Option<FormField> {
        let value = match &self.value {
            Value::Nothing => return None,
            Value::Tick(checked) => FieldValue::Tick(*checked),
            Value::Text(text) if text.trim().is_empty() || is_prompt(text) => FieldValue::Blank,
            Value::Text(text) => FieldValue::Text(text.clone()),
            Value::Chosen(chosen) if chosen.iter().all(|c| is_prompt(c)) => FieldValue::Blank,
            Value::Chosen(chosen) => FieldValue::Choice(chosen.clone()),
        };
        Some(FormField {
            name: self.name.clone(),
            label: self.title.clone().or_else(|| self.label.clone()),
            value,
            page: None,
        })
    }
}
