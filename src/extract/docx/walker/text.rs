//! Text, line breaks and symbols: as answers, ticks or plain text.

use super::super::super::builder::{Filled, Mark, Space};
use super::super::super::inline::Style;
use super::{Control, Walker, filled};
use crate::extract::form_field::{Field, FieldKind, is_prompt};
use crate::extract::symbols::{Symbol, symbol};
use crate::extract::xml::Tag;

impl Walker<'_, '_> {
    /// The typed-text field whose result is being read.
    pub(super) fn text_field(&mut self) -> Option<&mut Field> {
        let field = self.fields.last_mut()?;
        (field.in_result && !matches!(field.kind, FieldKind::Other)).then_some(field)
    }

    pub(super) fn line_break(&mut self) {
        if let Some(field) = self.text_field() {
            field.result.push('\n');
        } else if self.builder.ends_in_answer() && self.answering().is_some() {
            self.builder.answer("\n", Filled::Answer);
        } else {
            self.builder.line_break();
        }
    }

    /// The content control that the text belongs to.
    pub(super) fn answering(&mut self) -> Option<&mut Control> {
        self.controls.last_mut().filter(|c| !c.is_transparent)
    }

    pub(super) fn text(&mut self, text: &str) {
        if let Some(field) = self.text_field() {
            field.result.push_str(text);
            return;
        }
        if self.fields.last().is_some_and(|f| !f.in_result) || text.is_empty() {
            return;
        }
        let style = self.run.style;
        let is_placeholder = self.run.is_placeholder;
        if let Some(control) = self.answering() {
            let is_first = !std::mem::replace(&mut control.is_told, true);
            let checkbox = control.checkbox;
            let prompt = control.is_prompt || is_placeholder && is_prompt(text);
            match checkbox {
                Some(checked) if is_first => self.builder.tick(checked.into()),
                Some(_) => {}
                None if style.hidden => self.builder.text(text, style, Space::Keep),
                None => self.builder.answer(text, filled(prompt)),
            }
            return;
        }
        let in_prompt = self.controls.last().is_some_and(|control| control.is_prompt);
        if in_prompt || is_placeholder && is_prompt(text) {
            return self.builder.answer(text, Filled::Placeholder);
        }
        self.plain_text(text, style);
    }

    /// Text outside of fields and controls; characters of symbol fonts may be tick boxes.
    pub(super) fn plain_text(&mut self, text: &str, style: Style) {
        let font = self.run.font.clone();
        let mut plain = String::new();
        for c in text.chars() {
            match symbol(font.as_deref(), c) {
                None => plain.push(c),
                Some(found) => {
                    self.builder.text(&plain, style, Space::Keep);
                    plain.clear();
                    self.draw(found, style);
                }
            }
        }
        self.builder.text(&plain, style, Space::Keep);
    }

    pub(super) fn draw(&mut self, symbol: Symbol, style: Style) {
        match symbol {
            Symbol::Box(mark) if !style.hidden => self.builder.tick(mark),
            Symbol::Box(_) | Symbol::Drawing => {}
        }
    }

    pub(super) fn symbol_element(&mut self, tag: &Tag<'_>) {
        let font = tag.attribute("font");
        let code = tag
            .attribute("char")
            .and_then(|v| u32::from_str_radix(&v, 16).ok());
        let Some(c) = code.and_then(char::from_u32) else {
            return;
        };
        let style = self.run.style;
        if let Some(found) = symbol(font.as_deref(), c) {
            // A tick box control shows its state by such a symbol.
            match self
                .answering()
                .map(|control| (control.checkbox, std::mem::replace(&mut control.is_told, true)))
            {
                Some((Some(checked), false)) => self.builder.tick(Mark::from(checked)),
                Some((Some(_), true)) => {}
                Some((None, _)) | None => self.draw(found, style),
            }
        } else {
            self.text(c.encode_utf8(&mut [0; 4]));
        }
    }
}
