//! The state machine over the events of a part.

use super::super::builder::{Builder, CellKind, Filled, Kind, Space};
use super::super::form_field::{Field, is_prompt};
use super::super::symbols::{Symbol, symbol};
use super::super::xml::{Tag, Xml};
use super::super::{MAX_COLUMN_SPAN, MAX_ROW_SPAN};
use super::Seen;
use super::controls::Controls;
use super::styles::{Family, Look, Styles};
use crate::domain::{Block, FormField, Inline};

/// Most text boxes in text boxes.
const MAX_BOXES: usize = 64;
/// Most blanks that one element stands for.
const MAX_BLANKS: usize = 200;

/// What of a part is read in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Text,
    Notes,
    Comments,
    Headers,
    Footers,
}

/// What holds for the text inside an element.
#[derive(Default, Clone)]
pub(super) struct State {
    pub(super) look: Look,
    is_read: bool,
    pub(super) in_paragraph: bool,
    in_list_item: bool,
    in_header_rows: bool,
    in_forms: bool,
    pub(super) answer: Option<Filled>,
}

/// What is to be done at the end of an element.
enum Ending {
    Nothing,
    Line,
    Quote,
    Box((Vec<Inline>, Kind)),
    Table,
    Row,
    /// A cell and the number of empty ones that follow it.
    Cell(u16),
}

struct Open {
    ending: Ending,
    /// As it was outside.
    state: State,
}

pub(super) struct Walker<'s, 'b> {
    styles: &'s Styles,
    pub(super) builder: Builder<'b>,
    layer: Layer,
    open: Vec<Open>,
    pub(super) state: State,
    boxes: usize,
    /// Elements inside one that is passed over, itself included.
    skipped: usize,
    pub(super) controls: Controls,
    /// A field of Word's, between its marks.
    pub(super) field: Option<Field>,
    pub(super) form_fields: Vec<FormField>,
    seen: Seen,
}

impl<'s, 'b> Walker<'s, 'b> {
    pub(super) fn new(styles: &'s Styles, builder: Builder<'b>, layer: Layer) -> Self {
        Self {
            styles,
            builder,
            layer,
            open: Vec::new(),
            state: State::default(),
            boxes: 0,
            skipped: 0,
            controls: Controls::default(),
            field: None,
            form_fields: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    pub(super) fn finish(self) -> (Vec<Block>, Vec<FormField>) {
        (self.builder.finish(), self.form_fields)
    }

    pub(super) fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Start(_) if self.skipped > 0 => self.skipped += 1,
            Xml::End(_) if self.skipped > 0 => self.skipped -= 1,
            Xml::Start(tag) => self.start(&tag),
            Xml::End(name) => self.end(&name),
            Xml::Text(text) if self.skipped == 0 && self.state.is_read && self.state.in_paragraph => {
                self.text(&text, Space::Collapse);
            }
            Xml::Text(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        if is_passed_over(tag) || self.is_of_other_layer(tag) {
            self.skipped = 1;
            return;
        }
        let mut state = self.state.clone();
        let ending = if self.state.in_forms {
            self.controls.element(tag);
            Ending::Nothing
        } else if self.state.is_read {
            self.content(tag)
        } else {
            self.outside(tag)
        };
        // This field hides the paragraph it stands in, not what it holds.
        if tag.name() == "hidden-paragraph" {
            state.look.style.hidden |= self.state.look.style.hidden;
        }
        self.open.push(Open { ending, state });
    }

    /// Notes and comments are not part of the text.
    fn is_of_other_layer(&mut self, tag: &Tag<'_>) -> bool {
        match tag.name() {
            "note-citation" => true,
            "note" => {
                self.seen.notes = true;
                self.layer != Layer::Notes
            }
            "annotation" => {
                self.seen.comments = true;
                self.layer != Layer::Comments
            }
            _ => false,
        }
    }

    /// An element outside of what is read.
    fn outside(&mut self, tag: &Tag<'_>) -> Ending {
        let begins = match self.layer {
            Layer::Text => tag.name() == "body",
            Layer::Notes => tag.name() == "note-body",
            Layer::Comments => tag.name() == "annotation",
            Layer::Headers => tag.prefix() == Some("style") && tag.name().starts_with("header"),
            Layer::Footers => tag.prefix() == Some("style") && tag.name().starts_with("footer"),
        };
        self.state.is_read = begins;
        if begins && self.layer == Layer::Comments && self.builder.open_quote() {
            return Ending::Quote;
        }
        Ending::Nothing
    }

    fn content(&mut self, tag: &Tag<'_>) -> Ending {
        match tag.name() {
            "p" | "h" => return self.start_paragraph(tag),
            "list-item" => self.state.in_list_item = true,
            "section" if is_hidden(tag) => self.state.look.style.hidden = true,
            "forms" => self.state.in_forms = true,
            "table-header-rows" => self.state.in_header_rows = true,
            "table" => {
                let name = tag.attribute("style-name").unwrap_or_default();
                self.state.look.style.hidden |= self.styles.is_hidden_table(&name);
                self.state.in_list_item = false;
                self.state.in_paragraph = false;
                self.builder.open_table();
                return Ending::Table;
            }
            "table-row" => return Ending::Row,
            "table-cell" => return self.start_cell(tag),
            "text-box" | "custom-shape" | "rect" | "ellipse" | "circle" | "polygon" | "polyline" | "path"
            | "line" | "connector" | "caption"
                if self.boxes < MAX_BOXES =>
            {
                self.boxes += 1;
                self.state.in_paragraph = false;
                self.state.in_list_item = false;
                self.state.look = Look::default();
                return Ending::Box(self.builder.open_box());
            }
            _ if self.state.in_paragraph => self.inline(tag),
            _ => {}
        }
        Ending::Nothing
    }

    fn start_paragraph(&mut self, tag: &Tag<'_>) -> Ending {
        let style = tag.attribute("style-name").unwrap_or_default();
        let outline = tag.attribute("outline-level").and_then(|l| l.parse::<u8>().ok());
        let level = match tag.name() {
            "h" => Some(outline.unwrap_or(1).clamp(1, 6)),
            _ => self.styles.heading_level(&style),
        };
        let kind = match level {
            Some(level) => Kind::Heading(level),
            None if self.state.in_list_item => Kind::ListItem,
            None => Kind::Paragraph,
        };
        self.builder.begin(kind);
        self.state.look = self.styles.over(&self.state.look, Family::Paragraph, &style);
        self.state.in_paragraph = true;
        Ending::Line
    }

    fn start_cell(&mut self, tag: &Tag<'_>) -> Ending {
        let number = |name: &str, most: u16| {
            let claimed = tag.attribute(name).and_then(|n| n.parse::<u32>().ok());
            claimed.map_or(1, |n| u16::try_from(n).unwrap_or(most).clamp(1, most))
        };
        let kind = if self.state.in_header_rows {
            CellKind::Header
        } else {
            CellKind::Data
        };
        let columns = number("number-columns-spanned", MAX_COLUMN_SPAN);
        let rows = number("number-rows-spanned", MAX_ROW_SPAN);
        self.builder.open_cell(columns, rows, kind);
        Ending::Cell(number("number-columns-repeated", MAX_COLUMN_SPAN) - 1)
    }

    fn inline(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "span" => {
                let name = tag.attribute("style-name").unwrap_or_default();
                self.state.look = self.styles.over(&self.state.look, Family::Text, &name);
            }
            "s" => {
                let count = tag.attribute("c").and_then(|c| c.parse::<usize>().ok());
                let blanks = " ".repeat(count.unwrap_or(1).min(MAX_BLANKS));
                self.text(&blanks, Space::Keep);
            }
            "tab" => self.text("\t", Space::Keep),
            "line-break" => self.line_break(),
            "placeholder" => self.state.answer = Some(Filled::Placeholder),
            "text-input" | "drop-down" => self.state.answer = Some(Filled::Answer),
            "hidden-text" | "hidden-paragraph" => self.hidden_field(tag),
            "variable-set" | "variable-get" | "user-field-get" | "expression" if is_hidden(tag) => {
                self.state.look.style.hidden = true;
            }
            "control" => self.control(tag),
            "content-control" => self.content_control(tag),
            "fieldmark-start" | "fieldmark" => self.start_field(tag),
            "param" => self.field_parameter(tag),
            "fieldmark-end" => self.end_field(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let Some(Open { ending, state }) = self.open.pop() else {
            return;
        };
        if matches!(name, "fieldmark" | "fieldmark-end") {
            self.end_field();
        }
        match ending {
            Ending::Nothing => {}
            Ending::Line => match &mut self.field {
                Some(field) => field.result.push('\n'),
                None => self.builder.boundary(),
            },
            Ending::Quote => self.builder.close_quote(),
            Ending::Box(line) => {
                self.boxes = self.boxes.saturating_sub(1);
                self.builder.close_box(line);
            }
            Ending::Table => self.builder.close_table(),
            Ending::Row => self.builder.close_row(),
            Ending::Cell(empty) => {
                self.field = None;
                self.builder.close_cell();
                for _ in 0..empty {
                    self.builder.open_cell(1, 1, CellKind::Data);
                    self.builder.close_cell();
                }
            }
        }
        self.state = state;
    }

    fn line_break(&mut self) {
        match (&mut self.field, self.state.answer) {
            (Some(field), _) => field.result.push('\n'),
            (None, Some(filled)) => self.builder.answer("\n", filled),
            (None, None) => self.builder.line_break(),
        }
    }

    fn text(&mut self, text: &str, space: Space) {
        if let Some(field) = &mut self.field {
            field.result.push_str(text);
        } else if let Some(filled) = self.state.answer {
            if filled == Filled::Answer && is_prompt(text) {
                self.builder.answer(text, Filled::Placeholder);
            } else {
                self.builder.answer(text, filled);
            }
        } else {
            self.drawn(text, space);
        }
    }

    /// Text whose font may draw tick boxes.
    fn drawn(&mut self, text: &str, space: Space) {
        let style = self.state.look.style;
        let font = self.state.look.font.clone();
        let mut plain = String::new();
        for c in text.chars() {
            match symbol(font.as_deref(), c) {
                None => plain.push(c),
                Some(found) => {
                    self.builder.text(&plain, style, space);
                    plain.clear();
                    match found {
                        Symbol::Box(mark) if !style.hidden => self.builder.tick(mark),
                        Symbol::Box(_) | Symbol::Drawing => {}
                    }
                }
            }
        }
        self.builder.text(&plain, style, space);
    }
}

/// A section or field that is not shown.
fn is_hidden(tag: &Tag<'_>) -> bool {
    match tag.attribute("display").as_deref() {
        Some("none") => true,
        Some("condition") => tag.attribute("is-hidden").as_deref() != Some("false"),
        Some(_) | None => false,
    }
}

/// Elements whose content no reader sees: deleted text, cells under others, descriptions of pictures,
/// formulas and files inside, macros.
fn is_passed_over(tag: &Tag<'_>) -> bool {
    match tag.name() {
        "tracked-changes"
        | "covered-table-cell"
        | "object"
        | "object-ole"
        | "math"
        | "binary-data"
        | "event-listeners"
        | "scripts"
        | "ruby-text"
        | "sequence-decls"
        | "variable-decls"
        | "user-field-decls"
        | "dde-connection-decls" => true,
        "title" | "desc" => tag.prefix() == Some("svg"),
        "creator" | "date" => tag.prefix() == Some("dc"),
        "label" => tag.prefix() == Some("text"),
        _ => false,
    }
}
