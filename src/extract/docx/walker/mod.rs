//! The state machine over a Word part's events.

mod properties;
mod text;

use super::super::builder::{Builder, CellKind, Filled, Kind, Space};
use super::super::form_field::{Field, FieldKind};
use super::super::inline::Style;
use super::super::xml::{Tag, Xml};
use super::embedded::Chunks;
use super::styles::Styles;
use crate::domain::{Block, FieldValue, FormField, Inline};

/// Most fields in fields. (Elements in elements are bounded by the XML reader.)
const MAX_NESTED: usize = 64;
/// Type of this size or less (half-points) is not for readers.
const TINY_HALF_POINTS: u32 = 4;

pub(super) struct Walker<'s, 'b> {
    styles: &'s Styles,
    builder: Builder<'b>,
    fields: Vec<Field>,
    controls: Vec<Control>,
    boxes: Vec<(Vec<Inline>, Kind)>,
    form_fields: Vec<FormField>,
    /// Elements inside one that is passed over, itself included.
    skipped: usize,
    /// The name of each open element that matters for its children.
    context: Vec<Context>,
    /// Style of the paragraph's runs, then of the run.
    paragraph: Style,
    run: Run,
    is_row_deleted: bool,
    is_header_row: bool,
    /// The cell being read was deleted: what is in it is passed over at its end.
    is_cell_deleted: bool,
    /// The mark at the end of the paragraph was deleted: the next one goes on in the same line.
    joins_next: bool,
    /// For each open `mc:AlternateContent`, whether one of its drawings has been read.
    alternatives: Vec<bool>,
    chunks: Chunks,
    holds_files: bool,
    holds_controls: bool,
}

/// What came out of a part.
pub(super) struct Walked {
    pub(super) blocks: Vec<Block>,
    pub(super) fields: Vec<FormField>,
    /// It holds objects that are not read.
    pub(super) holds_files: bool,
    /// It holds ActiveX fields; their values lie in storages of their programs.
    pub(super) holds_controls: bool,
}

/// The run being read.
#[derive(Default, Clone)]
struct Run {
    style: Style,
    font: Option<String>,
    is_placeholder: bool,
}

/// An element whose children mean something only inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    ParagraphProperties,
    RunProperties,
    RowProperties,
    CellProperties,
    ControlProperties,
    FieldData,
    Text,
}

/// A content control (`w:sdt`).
#[derive(Default)]
struct Control {
    is_prompt: bool,
    checkbox: Option<bool>,
    /// Its content is no answer but part of the form: a group, a repeated section, a table.
    is_transparent: bool,
    is_told: bool,
}

impl<'s, 'b> Walker<'s, 'b> {
    pub(super) fn new(styles: &'s Styles, chunks: Chunks, builder: Builder<'b>) -> Self {
        Self {
            styles,
            builder,
            fields: Vec::new(),
            controls: Vec::new(),
            boxes: Vec::new(),
            form_fields: Vec::new(),
            skipped: 0,
            context: Vec::new(),
            paragraph: Style::default(),
            run: Run::default(),
            is_row_deleted: false,
            is_header_row: false,
            is_cell_deleted: false,
            joins_next: false,
            alternatives: Vec::new(),
            chunks,
            holds_files: false,
            holds_controls: false,
        }
    }

    pub(super) fn finish(self) -> Walked {
        Walked {
            blocks: self.builder.finish(),
            fields: self.form_fields,
            holds_files: self.holds_files,
            holds_controls: self.holds_controls,
        }
    }

    pub(super) fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Start(_) if self.skipped > 0 => self.skipped += 1,
            Xml::End(_) if self.skipped > 0 => self.skipped -= 1,
            Xml::Start(tag) => self.start(&tag),
            Xml::End(name) => self.end(&name),
            Xml::Text(text) => {
                if self.context.last() == Some(&Context::Text) {
                    self.text(&text);
                }
            }
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        let name = tag.name();
        // `w:del` around runs is deleted text; as a property it says that a row or a paragraph mark is.
        let is_deleted = matches!(name, "del" | "moveFrom") && self.context.is_empty();
        if is_passed_over(name) || is_deleted || self.is_other_drawing(name) {
            self.skipped = 1;
            return;
        }
        if let Some(context) = context_of(name) {
            self.context.push(context);
        }
        match self.context.last() {
            Some(Context::ParagraphProperties) => self.paragraph_property(tag),
            Some(Context::RunProperties) => self.run_property(tag),
            Some(Context::RowProperties) => self.row_property(tag),
            Some(Context::CellProperties) => self.cell_property(tag),
            Some(Context::ControlProperties) => self.control_property(tag),
            Some(Context::FieldData) => self.field_property(tag),
            Some(Context::Text) | None => self.content(tag),
        }
    }

    fn content(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "p" => {
                if !std::mem::take(&mut self.joins_next) {
                    self.builder.begin(Kind::Paragraph);
                }
                self.paragraph = Style::default();
                self.run = Run::default();
            }
            "r" => {
                self.run = Run {
                    style: self.paragraph,
                    ..Run::default()
                }
            }
            "tab" | "ptab" => self.text("\t"),
            "br" | "cr" => self.line_break(),
            "noBreakHyphen" => self.text("-"),
            "sym" => self.symbol_element(tag),
            "fldChar" => self.field_char(tag),
            "tbl" => {
                self.see_through_controls();
                self.joins_next = false;
                self.builder.open_table();
            }
            "tr" => {
                self.see_through_controls();
                self.is_row_deleted = false;
                self.is_header_row = false;
            }
            "tc" => {
                let kind = if self.is_header_row {
                    CellKind::Header
                } else {
                    CellKind::Data
                };
                self.joins_next = false;
                self.is_cell_deleted = false;
                self.builder.open_cell(1, 1, kind);
            }
            "altChunk" => {
                let id = tag.attribute("id").unwrap_or_default();
                self.builder.insert(self.chunks.remove(&id).unwrap_or_default());
            }
            "OLEObject" => self.object(tag),
            "AlternateContent" => self.alternatives.push(false),
            "sdt" => {
                self.see_through_controls();
                self.controls.push(Control::default());
            }
            "control" => self.holds_controls = true,
            "textpath" => self.drawn_text(tag),
            "txbxContent" => self.boxes.push(self.builder.open_box()),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if context_of(name).is_some() {
            self.context.pop();
            return;
        }
        if !self.context.is_empty() {
            return;
        }
        match name {
            "p" => self.end_paragraph(),
            "tbl" => self.builder.close_table(),
            "tr" if self.is_row_deleted => self.builder.drop_row(),
            "tr" => self.builder.close_row(),
            "tc" => {
                self.joins_next = false;
                self.builder.close_cell();
                if std::mem::take(&mut self.is_cell_deleted) {
                    self.builder.drop_cell();
                }
            }
            "sdt" => self.end_control(),
            "AlternateContent" => {
                self.alternatives.pop();
            }
            "txbxContent" => {
                if let Some(line) = self.boxes.pop() {
                    self.builder.close_box(line);
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        if let Some(field) = self.text_field() {
            field.result.push('\n');
        }
        if !self.joins_next {
            self.builder.boundary();
        }
    }

    /// One of `mc:Choice` and `mc:Fallback` is read: they show the same thing to newer and older programs.
    fn is_other_drawing(&mut self, name: &str) -> bool {
        if !matches!(name, "Choice" | "Fallback") {
            return false;
        }
        match self.alternatives.last_mut() {
            Some(is_read) => std::mem::replace(is_read, true),
            None => name == "Fallback",
        }
    }

    /// Controls around a table, a row or another control are part of the form's layout.
    fn see_through_controls(&mut self) {
        self.controls
            .iter_mut()
            .for_each(|control| control.is_transparent = true);
    }

    /// Text drawn along a line (WordArt, a watermark): a box of its own.
    fn drawn_text(&mut self, tag: &Tag<'_>) {
        if let Some(text) = tag.attribute("string") {
            let line = self.builder.open_box();
            self.builder.text(&text, Style::default(), Space::Keep);
            self.builder.close_box(line);
        }
    }

    /// A file put into the text. Formulas of the old editor are objects too.
    fn object(&mut self, tag: &Tag<'_>) {
        let program = tag.attribute("ProgID").unwrap_or_default();
        let is_drawn = ["Equation", "MathType", "PBrush", "Word.Picture"]
            .iter()
            .any(|drawn| program.starts_with(drawn));
        // What is kept in Office's newer formats is read from its part.
        self.holds_files |= !is_drawn && !program.ends_with(".12");
    }

    fn end_control(&mut self) {
        if let Some(Control {
            checkbox: Some(checked),
            is_told: false,
            ..
        }) = self.controls.pop()
        {
            self.builder.tick(checked.into());
        }
    }

    fn field_char(&mut self, tag: &Tag<'_>) {
        match tag.attribute("fldCharType").as_deref() {
            Some("begin") if self.fields.len() < MAX_NESTED => self.fields.push(Field::default()),
            Some("separate") => {
                if let Some(field) = self.fields.last_mut() {
                    field.in_result = true;
                }
            }
            Some("end") => self.end_field(),
            Some(_) | None => {}
        }
    }

    fn field_property(&mut self, tag: &Tag<'_>) {
        if let Some(field) = self.fields.last_mut() {
            field.property(tag.name(), tag.val(), tag.is_on());
        }
    }

    fn end_field(&mut self) {
        let Some(field) = self.fields.pop() else {
            return;
        };
        self.form_fields.extend(field.form_field());
        if matches!(field.kind, FieldKind::Other) {
            return;
        }
        match field.value() {
            (FieldValue::Text(text), is_prompt) => self.builder.answer(&text, filled(is_prompt)),
            (FieldValue::Choice(chosen), is_prompt) => {
                self.builder.answer(&chosen.join(", "), filled(is_prompt));
            }
            (FieldValue::Tick(checked), _) => self.builder.tick(checked.into()),
            (FieldValue::Blank, _) => self.builder.answer("", Filled::Placeholder),
        }
    }
}

fn filled(is_prompt: bool) -> Filled {
    if is_prompt {
        Filled::Placeholder
    } else {
        Filled::Answer
    }
}

fn context_of(name: &str) -> Option<Context> {
    Some(match name {
        "pPr" => Context::ParagraphProperties,
        "rPr" => Context::RunProperties,
        "trPr" | "tblPrEx" => Context::RowProperties,
        "tcPr" => Context::CellProperties,
        "sdtPr" => Context::ControlProperties,
        "ffData" => Context::FieldData,
        "t" => Context::Text,
        _ => return None,
    })
}

/// Elements whose content no reader sees: deleted text, field codes, the reading aid above a ruby base,
/// properties as they were before a change, those of tables and sections.
fn is_passed_over(name: &str) -> bool {
    matches!(
        name,
        "instrText" | "delText" | "delInstrText" | "rt" | "tblPr" | "tblGrid" | "sectPr" | "sdtEndPr"
    ) || name.ends_with("Change")
}
