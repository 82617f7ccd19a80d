//! Fields, form controls and content controls in the text.

use super::super::builder::{Filled, Space};
use super::super::form_field::{Field, is_prompt};
use super::super::xml::Tag;
use super::controls::Value;
use super::walker::Walker;
use crate::domain::FieldValue;

impl Walker<'_, '_> {
    pub(super) fn hidden_field(&mut self, tag: &Tag<'_>) {
        if tag.attribute("is-hidden").as_deref() == Some("false") {
            return;
        }
        self.state.look.style.hidden = true;
    }

    pub(super) fn control(&mut self, tag: &Tag<'_>) {
        let id = tag.attribute("control").unwrap_or_default();
        let Some(control) = self.controls.get(&id).cloned() else {
            return;
        };
        self.form_fields.extend(control.form_field());
        match &control.value {
            Value::Tick(checked) => {
                self.builder.tick((*checked).into());
                if let Some(label) = &control.label {
                    self.builder
                        .text(&format!(" {label}"), self.state.look.style, Space::Keep);
                }
            }
            Value::Text(text) => self.builder.answer(text, filled(text)),
            Value::Chosen(chosen) => {
                let text = chosen.join(", ");
                self.builder.answer(&text, filled(&text));
            }
            Value::Nothing => {}
        }
    }

    /// What newer writers have in place of form controls (LibreOffice 7.4 on).
    pub(super) fn content_control(&mut self, tag: &Tag<'_>) {
        let is = |name: &str| tag.attribute(name).as_deref() == Some("true");
        if is("checkbox") {
            self.builder.tick(is("checked").into());
            // The box is drawn once more inside.
            self.state.in_paragraph = false;
        } else if is("showing-place-holder") {
            self.state.answer = Some(Filled::Placeholder);
        } else {
            self.state.answer = Some(Filled::Answer);
        }
    }

    /// A form field out of a Word document.
    pub(super) fn start_field(&mut self, tag: &Tag<'_>) {
        let mut field = Field::default();
        // Names that a converter made up tell nothing.
        field.name = tag
            .attribute("name")
            .filter(|name| !name.starts_with("__Fieldmark__"))
            .unwrap_or_default();
        let kind = tag.attribute("type").unwrap_or_default();
        match kind.rsplit('.').next().unwrap_or_default() {
            "FORMTEXT" => field.property("textInput", None, true),
            "FORMCHECKBOX" => field.property("checkBox", None, true),
            "FORMDROPDOWN" => field.property("ddList", None, true),
            _ => return,
        }
        self.field = Some(field);
    }

    pub(super) fn field_parameter(&mut self, tag: &Tag<'_>) {
        let Some(field) = &mut self.field else {
            return;
        };
        let value = tag.attribute("value");
        let is_on = value.as_deref() == Some("true");
        match tag.attribute("name").unwrap_or_default().as_str() {
            "Checkbox_Checked" => field.property("checked", value, is_on),
            "Dropdown_Selected" => field.property("result", value, is_on),
            "Dropdown_ListEntry" => field.property("listEntry", value, is_on),
            "Name" => field.property("name", value, is_on),
            "Description" | "Help" => field.property("helpText", value, is_on),
            _ => {}
        }
    }

    pub(super) fn end_field(&mut self) {
        let Some(field) = self.field.take() else {
            return;
        };
        self.form_fields.extend(field.form_field());
        match field.value() {
            (FieldValue::Text(text), false) => self.builder.answer(&text, Filled::Answer),
            (FieldValue::Text(text), true) => self.builder.answer(&text, Filled::Placeholder),
            (FieldValue::Choice(chosen), is_prompt) => {
                let filled = if is_prompt {
                    Filled::Placeholder
                } else {
                    Filled::Answer
                };
                self.builder.answer(&chosen.join(", "), filled);
            }
            (FieldValue::Tick(checked), _) => self.builder.tick(checked.into()),
            (FieldValue::Blank, _) => self.builder.answer("", Filled::Placeholder),
        }
    }
}

fn filled(text: &str) -> Filled {
    if is_prompt(text) {
        Filled::Placeholder
    } else {
        Filled::Answer
    }
}
