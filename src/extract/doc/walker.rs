//! The state machine over the text: paragraphs, table cells, fields, text boxes.

use super::super::builder::{Builder, Filled, Kind, Space};
use super::super::form_field::{Field, FieldKind};
use super::super::inline::Style;
use super::super::symbols::{Symbol, symbol};
use super::boxes::Boxes;
use super::form_data;
use super::story::{Part, Source, Span};
use super::tables::Tables;
use crate::domain::{Block, FieldValue, FormField};

/// Marks in the text ([MS-DOC] section 2.4.1 and 2.8.25).
pub(super) const PARAGRAPH_END: u16 = 0x0D;
pub(super) const CELL_END: u16 = 0x07;
pub(super) const PAGE_END: u16 = 0x0C;
const PICTURE: u16 = 0x01;
const DRAWING: u16 = 0x08;
const TAB: u16 = 0x09;
const LINE_BREAK: u16 = 0x0B;
const COLUMN_BREAK: u16 = 0x0E;
const FIELD_BEGIN: u16 = 0x13;
const FIELD_SEPARATOR: u16 = 0x14;
const FIELD_END: u16 = 0x15;
const HYPHEN: u16 = 0x1E;
const SOFT_HYPHEN: u16 = 0x1F;
/// What stands for a character of a symbol font.
const SYMBOL: u16 = 0x28;

/// Most fields in fields.
const MAX_FIELDS: usize = 64;
/// Characters of a field's instruction that tell its kind.
const INSTRUCTION_UNITS: usize = 64;

/// A field being read.
#[derive(Default)]
struct OpenField {
    field: Field,
    instruction: String,
}

pub(super) struct Walker<'s, 'd, 'b> {
    source: &'s Source<'d>,
    builder: Builder<'b>,
    fields: Vec<OpenField>,
    /// Of the open fields, those whose instruction is being read.
    in_instruction: usize,
    form_fields: Vec<FormField>,
    is_cut: bool,
}

impl<'s, 'd, 'b> Walker<'s, 'd, 'b> {
    pub(super) fn new(source: &'s Source<'d>, builder: Builder<'b>) -> Self {
        Self {
            source,
            builder,
            fields: Vec::new(),
            in_instruction: 0,
            form_fields: Vec::new(),
            is_cut: false,
        }
    }

    /// The blocks, the form fields, and whether text was left out.
    pub(super) fn finish(self) -> (Vec<Block>, Vec<FormField>, bool) {
        (self.builder.finish(), self.form_fields, self.is_cut)
    }

    /// Opens a quotation around what is read next; `false` if it cannot be.
    pub(super) fn open_quote(&mut self) -> bool {
        self.builder.open_quote()
    }

    pub(super) fn close_quote(&mut self) {
        self.builder.close_quote();
    }

    /// Reads a range with the text boxes anchored in it.
    pub(super) fn read(&mut self, start: u32, end: u32, boxes: &mut Boxes<'_>) {
        let (parts, is_cut) = self.source.parts(start, end);
        self.is_cut |= is_cut;
        let mut tables = Tables::new(&parts);
        for (at, part) in parts.iter().enumerate() {
            tables.go_to(at, &parts, self.source, &mut self.builder);
            if part.paragraph.ends_row() {
                tables.end_row(&mut self.builder);
                continue;
            }
            tables.enter_cell(at, &parts, self.source, &mut self.builder);
            self.paragraph(part, boxes);
            if part.paragraph.ends_cell(part.mark) {
                self.end_instructions();
                tables.end_cell(&mut self.builder);
            }
        }
        self.end_fields();
        tables.close(&mut self.builder);
        self.builder.boundary();
    }

    /// Reads text boxes; where they have none of their own, nothing more is looked up.
    fn read_boxes(&mut self, ranges: &[(u32, u32)]) {
        for (start, end) in ranges {
            let line = self.builder.open_box();
            let fields = std::mem::take(&mut self.fields);
            let in_instruction = std::mem::take(&mut self.in_instruction);
            self.read(*start, *end, &mut Boxes::none());
            self.fields = fields;
            self.in_instruction = in_instruction;
            self.builder.close_box(line);
        }
    }

    /// Reads the text boxes that no character of the text anchors.
    pub(super) fn read_left_boxes(&mut self, boxes: &mut Boxes<'_>) {
        let ranges = boxes.take_left();
        self.read_boxes(&ranges);
    }

    fn paragraph(&mut self, part: &Part, boxes: &mut Boxes<'_>) {
        if self.in_instruction == 0 {
            let style = self.source.styles.get(part.paragraph.style);
            let by_level = part.paragraph.outline_level.filter(|l| *l < 9).map(|l| l + 1);
            if let Some(level) = style.heading.or(by_level) {
                self.builder.begin(Kind::Heading(level.clamp(1, 6)));
            } else if part.paragraph.is_list_item {
                self.builder.begin(Kind::ListItem);
            } else {
                self.builder.begin(Kind::Paragraph);
            }
        }
        let mut position = part.start;
        while position < part.end
            && let Some(span) = self.source.span(position, part.end, &part.paragraph)
        {
            position = span.end;
            self.span(&span, boxes);
        }
        if let Some(field) = self.text_field() {
            field.result.push('\n');
        }
        if self.in_instruction == 0 {
            self.builder.boundary();
        }
    }

    fn span(&mut self, span: &Span, boxes: &mut Boxes<'_>) {
        let mut plain: Vec<u16> = Vec::new();
        for (position, unit) in (span.start..).zip(&span.units) {
            if *unit >= 0x20 && *unit != SYMBOL || *unit == SYMBOL && span.properties.symbol.is_none() {
                plain.push(*unit);
                continue;
            }
            self.units(&mut plain, span);
            match *unit {
                FIELD_BEGIN => self.begin_field(),
                FIELD_SEPARATOR => self.separate_field(),
                FIELD_END => self.end_field(),
                PICTURE => self.form_data(span),
                _ if span.properties.is_deleted => {}
                TAB => self.text("\t", span.style()),
                LINE_BREAK => self.line_break(),
                COLUMN_BREAK => self.builder.boundary(),
                HYPHEN => self.text("-", span.style()),
                SYMBOL => self.symbol(span),
                DRAWING => {
                    let ranges = boxes.take_at(position);
                    self.read_boxes(&ranges);
                }
                SOFT_HYPHEN => {}
                _ => {}
            }
        }
        self.units(&mut plain, span);
    }

    fn units(&mut self, plain: &mut Vec<u16>, span: &Span) {
        if plain.is_empty() {
            return;
        }
        let text = String::from_utf16_lossy(plain);
        plain.clear();
        if !span.properties.is_deleted {
            let font = span.properties.font;
            self.drawn(&text, font, span.style());
        }
    }

    /// Text whose font may draw tick boxes.
    fn drawn(&mut self, text: &str, font: Option<u16>, style: Style) {
        let source = self.source;
        let font = font.and_then(|number| source.fonts.get(usize::from(number)));
        let mut plain = String::new();
        for c in text.chars() {
            match symbol(font.map(String::as_str), c) {
                None => plain.push(c),
                Some(found) => {
                    self.text(&plain, style);
                    plain.clear();
                    self.draw(found, style);
                }
            }
        }
        self.text(&plain, style);
    }

    fn symbol(&mut self, span: &Span) {
        let Some((font, code)) = span.properties.symbol else {
            return;
        };
        let text = String::from_utf16_lossy(&[code]);
        self.drawn(&text, Some(font), span.style());
    }

    fn draw(&mut self, symbol: Symbol, style: Style) {
        match symbol {
            Symbol::Box(mark) if !style.hidden && self.in_instruction == 0 => self.builder.tick(mark),
            Symbol::Box(_) | Symbol::Drawing => {}
        }
    }

    fn text(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        if self.in_instruction > 0 {
            if let Some(open) = self.fields.last_mut()
                && open.instruction.len() < INSTRUCTION_UNITS
            {
                open.instruction.push_str(text);
            }
        } else if let Some(field) = self.text_field() {
            field.result.push_str(text);
        } else {
            self.builder.text(text, style, Space::Keep);
        }
    }

    fn line_break(&mut self) {
        if self.in_instruction > 0 {
            return;
        }
        if let Some(field) = self.text_field() {
            field.result.push('\n');
        } else {
            self.builder.line_break();
        }
    }

    fn begin_field(&mut self) {
        // Beyond the bound a field's marks count for those of the innermost one.
        if self.fields.len() < MAX_FIELDS {
            self.fields.push(OpenField::default());
            self.in_instruction += 1;
        }
    }

    fn separate_field(&mut self) {
        if let Some(open) = self.fields.last_mut()
            && !open.field.in_result
        {
            open.field.in_result = true;
            open.settle_kind();
            self.in_instruction = self.in_instruction.saturating_sub(1);
        }
    }

    /// Where the data of a form field stands, in its instruction.
    fn form_data(&mut self, span: &Span) {
        if let (Some(open), Some(at)) = (self.fields.last_mut(), span.properties.data_at)
            && !open.field.in_result
        {
            let _ = form_data::read(self.source.data, at, &mut open.field);
        }
    }

    fn end_field(&mut self) {
        let Some(mut open) = self.fields.pop() else {
            return;
        };
        if !open.field.in_result {
            open.settle_kind();
            self.in_instruction = self.in_instruction.saturating_sub(1);
        }
        let field = open.field;
        if matches!(field.kind, FieldKind::Other) || self.in_instruction > 0 {
            return;
        }
        self.form_fields.extend(field.form_field());
        match field.value() {
            (FieldValue::Text(text), is_prompt) => self.builder.answer(&text, filled(is_prompt)),
            (FieldValue::Choice(chosen), is_prompt) => {
                self.builder.answer(&chosen.join(", "), filled(is_prompt));
            }
            (FieldValue::Tick(checked), _) => self.builder.tick(checked.into()),
            (FieldValue::Blank, _) => self.builder.answer("", Filled::Placeholder),
        }
    }

    /// No instruction goes on beyond its cell: one that has not ended would hide the rest of the text.
    fn end_instructions(&mut self) {
        while self.fields.last().is_some_and(|open| !open.field.in_result) {
            self.end_field();
        }
    }

    /// Fields that never end.
    fn end_fields(&mut self) {
        while !self.fields.is_empty() {
            self.end_field();
        }
    }

    /// The typed-text field whose result is being read.
    fn text_field(&mut self) -> Option<&mut Field> {
        let open = self.fields.last_mut()?;
        (open.field.in_result && !matches!(open.field.kind, FieldKind::Other)).then_some(&mut open.field)
    }
}

impl OpenField {
    /// Without data the instruction alone tells what the field is; with other instructions the data is a
    /// picture.
    fn settle_kind(&mut self) {
        let word = self.instruction.split_whitespace().next().unwrap_or_default();
        let by_instruction = match word.to_ascii_uppercase().as_str() {
            "FORMTEXT" => FieldKind::Text { prompt: None },
            "FORMCHECKBOX" => FieldKind::Tick {
                checked: None,
                default: false,
            },
            "FORMDROPDOWN" => FieldKind::List {
                entries: Vec::new(),
                chosen: None,
                default: 0,
            },
            _ => FieldKind::Other,
        };
        let is_same = std::mem::discriminant(&by_instruction) == std::mem::discriminant(&self.field.kind);
        if !is_same {
            self.field.kind = by_instruction;
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
