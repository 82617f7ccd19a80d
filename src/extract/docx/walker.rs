//! The state machine over a Word part's events.

use super::super::MAX_COLUMN_SPAN;
use super::super::builder::{Builder, CONTINUES_CELL_ABOVE, CellKind, Filled, Kind, Mark, Space};
use super::super::form_field::{Field, FieldKind, is_prompt};
use super::super::inline::Style;
use super::super::symbols::{Symbol, symbol};
use super::super::xml::{Tag, Xml};
use super::styles::Styles;
use crate::domain::{Block, FieldValue, FormField, Inline};

/// Most fields in fields, controls in controls, text boxes in text boxes.
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
    pub(super) fn new(styles: &'s Styles, builder: Builder<'b>) -> Self {
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
        }
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
        if is_passed_over(name) || name == "del" && self.context.is_empty() {
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
                self.builder.begin(Kind::Paragraph);
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
                // A control around a table is part of the form's layout.
                self.controls.iter_mut().for_each(|c| c.is_transparent = true);
                self.builder.open_table();
            }
            "tr" => {
                self.is_row_deleted = false;
                self.is_header_row = false;
            }
            "tc" => {
                let kind = if self.is_header_row {
                    CellKind::Header
                } else {
                    CellKind::Data
                };
                self.builder.open_cell(1, 1, kind);
            }
            "sdt" if self.controls.len() < MAX_NESTED => self.controls.push(Control::default()),
            "txbxContent" if self.boxes.len() < MAX_NESTED => {
                self.boxes.push(self.builder.open_box());
            }
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
            "tc" => self.builder.close_cell(),
            "sdt" => self.end_control(),
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
        self.builder.boundary();
    }

    fn paragraph_property(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "pStyle" => {
                let id = tag.val().unwrap_or_default();
                self.paragraph.bold = self.styles.is_bold(&id);
                self.paragraph.hidden = self.styles.is_hidden(&id);
                if let Some(level) = self.styles.heading_level(&id) {
                    self.builder.set_kind(Kind::Heading(level));
                }
            }
            "outlineLvl" => {
                if let Some(level) = tag.val().and_then(|v| v.parse::<u8>().ok()).filter(|l| *l < 6) {
                    self.builder.set_kind(Kind::Heading(level + 1));
                }
            }
            "numId" if tag.val().is_none_or(|v| v != "0") => self.builder.set_list_item(),
            _ => {}
        }
    }

    fn run_property(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "b" => self.run.style.bold = tag.is_on(),
            "strike" | "dstrike" => self.run.style.struck = tag.is_on(),
            "vanish" => self.run.style.hidden = tag.is_on(),
            "sz" => {
                let size = tag.val().and_then(|v| v.parse::<u32>().ok());
                self.run.style.hidden |= size.is_some_and(|s| s <= TINY_HALF_POINTS);
            }
            "rStyle" => {
                let id = tag.val().unwrap_or_default();
                self.run.style.bold |= self.styles.is_bold(&id);
                self.run.style.hidden |= self.styles.is_hidden(&id);
                self.run.is_placeholder = self.styles.is_placeholder(&id);
            }
            "rFonts" => {
                self.run.font = tag.attribute("ascii").or_else(|| tag.attribute("hAnsi"));
            }
            _ => {}
        }
    }

    fn row_property(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "tblHeader" => self.is_header_row = tag.is_on(),
            "gridBefore" => {
                let columns = tag.val().and_then(|v| v.parse().ok()).unwrap_or(0);
                self.builder.skip_columns(MAX_COLUMN_SPAN.min(columns));
            }
            // A deleted row is passed over as text is: its whole change is accepted.
            "del" => self.is_row_deleted = true,
            _ => {}
        }
    }

    fn cell_property(&mut self, tag: &Tag<'_>) {
        let Some(cell) = self.builder.cell_mut() else {
            return;
        };
        match tag.name() {
            "gridSpan" => {
                let columns = tag.val().and_then(|v| v.parse().ok()).unwrap_or(1);
                cell.columns = MAX_COLUMN_SPAN.min(columns).max(1);
            }
            "vMerge" if tag.val().is_none_or(|v| v != "restart") => cell.rows = CONTINUES_CELL_ABOVE,
            _ => {}
        }
    }

    fn control_property(&mut self, tag: &Tag<'_>) {
        let Some(control) = self.controls.last_mut() else {
            return;
        };
        match tag.name() {
            "showingPlcHdr" => control.is_prompt = tag.is_on(),
            "checkbox" => control.checkbox = Some(control.checkbox.unwrap_or(false)),
            "checked" if control.checkbox.is_some() => control.checkbox = Some(tag.is_on()),
            "group"
            | "docPartObj"
            | "docPartList"
            | "repeatingSection"
            | "repeatingSectionItem"
            | "bibliography"
            | "citation" => control.is_transparent = true,
            _ => {}
        }
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

    /// The typed-text field whose result is being read.
    fn text_field(&mut self) -> Option<&mut Field> {
        let field = self.fields.last_mut()?;
        (field.in_result && !matches!(field.kind, FieldKind::Other)).then_some(field)
    }

    fn line_break(&mut self) {
        if let Some(field) = self.text_field() {
            field.result.push('\n');
        } else if self.builder.ends_in_answer() && self.answering().is_some() {
            self.builder.answer("\n", Filled::Answer);
        } else {
            self.builder.line_break();
        }
    }

    /// The content control that the text belongs to.
    fn answering(&mut self) -> Option<&mut Control> {
        self.controls.last_mut().filter(|c| !c.is_transparent)
    }

    fn text(&mut self, text: &str) {
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
        if is_placeholder && is_prompt(text) {
            return self.builder.answer(text, Filled::Placeholder);
        }
        self.plain_text(text, style);
    }

    /// Text outside of fields and controls; characters of symbol fonts may be tick boxes.
    fn plain_text(&mut self, text: &str, style: Style) {
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

    fn draw(&mut self, symbol: Symbol, style: Style) {
        match symbol {
            Symbol::Box(mark) if !style.hidden => self.builder.tick(mark),
            Symbol::Box(_) | Symbol::Drawing => {}
        }
    }

    fn symbol_element(&mut self, tag: &Tag<'_>) {
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

/// Elements whose content no reader sees: deleted or moved text, field codes, the second drawing of the
/// same thing for old programs, properties as they were before a change, properties of a paragraph's mark.
fn is_passed_over(name: &str) -> bool {
    matches!(
        name,
        "moveFrom"
            | "Fallback"
            | "instrText"
            | "delText"
            | "delInstrText"
            | "rubyBase"
            | "tblPr"
            | "tblGrid"
            | "sectPr"
            | "sdtEndPr"
    ) || name.ends_with("Change")
}
