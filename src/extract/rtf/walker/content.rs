//! Lines, cells, fields and text of the flow being read.

use super::super::decoder::is_greek;
use super::super::fields::{Defaults, OpenField, Outcome};
use super::state::{Destination, Opened};
use super::{MAX_NESTED, Walker};
use crate::extract::builder::{Filled, Kind, Space};
use crate::extract::form_field::is_prompt;
use crate::extract::symbols::{Symbol, is_symbol_font, symbol};

impl Walker<'_> {
    pub(super) fn content(&mut self, name: &str) {
        match name {
            "par" | "sect" | "page" => self.end_paragraph(),
            "line" | "softline" | "lbr" => self.line_break(),
            "cell" => {
                self.tables.leave(1, &mut self.builder);
                self.end_cell(1);
            }
            "nestcell" => self.end_cell(self.depth().max(2)),
            "row" => self.end_row(),
            "nestrow" => self.end_nested_row(),
            _ => {}
        }
    }

    /// The line being read is a heading or a list item.
    pub(super) fn settle_kind(&mut self) {
        let paragraph = self.state.paragraph;
        let level = paragraph
            .heading
            .or_else(|| self.styles.heading_level(paragraph.style));
        if let Some(level) = level {
            self.builder.set_kind(Kind::Heading(level.min(6)));
        } else if paragraph.is_list_item || self.list_mark {
            self.builder.set_list_item();
        }
        self.list_mark = false;
    }

    pub(super) fn end_line(&mut self) {
        self.settle_kind();
        self.builder.boundary();
    }

    fn end_paragraph(&mut self) {
        if self.state.deleted {
            return;
        }
        if let Some(result) = self.form_text() {
            result.push('\n');
            return;
        }
        let depth = self.depth();
        if depth < self.tables.depth() {
            self.tables.leave(depth, &mut self.builder);
        }
        self.end_line();
    }

    fn line_break(&mut self) {
        if self.state.deleted {
            return;
        }
        match self.form_text() {
            Some(result) => result.push('\n'),
            None => self.builder.line_break(),
        }
    }

    pub(super) fn end_cell(&mut self, depth: usize) {
        if self.tables.depth() != depth {
            self.tables.enter(depth, &mut self.builder);
        }
        self.settle_kind();
        let at = self.decoder.position();
        let depth = self.tables.depth();
        let shape = self.rows.cell(depth, at, self.tables.cell_number());
        self.tables.end_cell(shape, &mut self.builder);
    }

    fn end_row(&mut self) {
        self.row_defined = false;
        if self.tables.depth() == 0 {
            return;
        }
        self.tables.leave(1, &mut self.builder);
        if self.tables.is_cell_open() {
            self.end_cell(1);
        }
        self.tables.end_row(&mut self.builder);
    }

    pub(super) fn end_nested_row(&mut self) {
        let depth = self.depth().max(2);
        self.tables.leave(depth, &mut self.builder);
        if self.tables.depth() == depth {
            self.tables.end_row(&mut self.builder);
        }
    }

    pub(super) fn open_field(&mut self) {
        if self.fields.len() < MAX_NESTED && self.state.opened == Opened::Nothing {
            self.fields.push(OpenField::new(self.state.destination));
            self.state.opened = Opened::Field;
        }
    }

    pub(super) fn end_field(&mut self) {
        let Some(mut field) = self.fields.pop() else {
            return;
        };
        if field.outer() != Destination::Body || self.state.deleted {
            return;
        }
        field.end_result();
        self.form_fields.extend(field.form_field());
        let Some(outcome) = field.outcome() else {
            return;
        };
        if self.depth() > 0 {
            self.tables.enter(self.depth(), &mut self.builder);
        }
        match outcome {
            Outcome::Answer(text, filled) => self.builder.answer(&text, filled),
            Outcome::Tick(mark) => self.builder.tick(mark),
            Outcome::Symbol(font, c) => {
                if let Some(Symbol::Box(mark)) = symbol(Some(&font), c) {
                    self.builder.tick(mark);
                }
            }
        }
    }

    /// The result of the typed-text field that is being read.
    fn form_text(&mut self) -> Option<&mut String> {
        self.fields.last_mut()?.form_text()
    }

    pub(super) fn text(&mut self, text: &str) {
        self.state.is_ignorable = false;
        self.state.is_fresh = false;
        match self.state.destination {
            Destination::Skipped | Destination::NestedRow | Destination::FormData => {}
            Destination::StyleSheet => self.styles.text(text),
            Destination::Generator => {
                if text.contains("LibreOffice") || text.contains("OpenOffice") {
                    self.defaults = Defaults::RepeatResults;
                }
            }
            Destination::Instruction => {
                if let Some(field) = self.fields.last_mut() {
                    field.push_instruction(text);
                }
            }
            Destination::Property(_) => {
                if let Some(field) = self.fields.last_mut() {
                    field.push_property(text);
                }
            }
            Destination::Body if self.state.deleted => {}
            Destination::Body => self.body_text(text),
        }
    }

    fn body_text(&mut self, text: &str) {
        if let Some(result) = self.form_text() {
            return result.push_str(text);
        }
        if self.fields.last().is_some_and(OpenField::draws_symbol) {
            return;
        }
        let depth = self.depth();
        if depth != self.tables.depth() || depth > 0 && !self.tables.is_cell_open() {
            // Blanks between rows are no cells.
            if text.trim().is_empty() {
                return;
            }
            if depth < self.tables.depth() {
                self.end_line();
            }
            self.tables.enter(depth, &mut self.builder);
        }
        if self.state.is_placeholder && is_prompt(text) {
            return self.builder.answer(text, Filled::Placeholder);
        }
        self.plain_text(text);
    }

    /// Text outside of fields; characters of symbol fonts may be tick boxes.
    fn plain_text(&mut self, text: &str) {
        let style = self.state.style();
        let font = self.decoder.font_name().unwrap_or_default().to_owned();
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match drawn(&font, c) {
                Drawn::Letter(c) => plain.push(c),
                Drawn::Symbol(found) => {
                    self.builder.text(&plain, style, Space::Keep);
                    plain.clear();
                    match found {
                        Symbol::Box(mark) if !style.hidden => self.builder.tick(mark),
                        Symbol::Box(_) | Symbol::Drawing => {}
                    }
                }
            }
        }
        self.builder.text(&plain, style, Space::Keep);
    }
}

/// What a reader sees of a character.
enum Drawn {
    Letter(char),
    Symbol(Symbol),
}

fn drawn(font: &str, c: char) -> Drawn {
    let code = u32::from(c);
    let is_private = (0xf000..=0xf0ff).contains(&code);
    if is_symbol_font(font) || is_private && font.is_empty() {
        let font = (!font.is_empty()).then_some(font);
        return symbol(font, c).map_or(Drawn::Letter(c), Drawn::Symbol);
    }
    if !is_private {
        return Drawn::Letter(c);
    }
    let Some(code) = u8::try_from(code & 0xff).ok().filter(u8::is_ascii_graphic) else {
        return Drawn::Symbol(Symbol::Drawing);
    };
    let from = |letters: &str, first: u8| letters.chars().nth(usize::from(code - first));
    match code {
        b'A'..=b'Z' if is_greek(font) => from("ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", b'A'),
        b'a'..=b'z' if is_greek(font) => from("αβχδεφγηιϕκλμνοπθρστυϖωξψζ", b'a'),
        code => Some(char::from(code)),
    }
    .map_or(Drawn::Symbol(Symbol::Drawing), Drawn::Letter)
}
