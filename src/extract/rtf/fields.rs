//! Fields: links and page numbers, symbols, and Word's form fields.

use crate::domain::{FieldValue, FormField};
use crate::extract::builder::{Filled, Mark};
use crate::extract::form_field::{Field, FieldKind, is_prompt};

/// Longest instruction kept, in bytes.
const MAX_INSTRUCTION: usize = 1024;
/// Longest name, prompt or entry of a form field, in bytes.
const MAX_PROPERTY: usize = 4096;
/// `\ffres` of a field that nobody touched (RTF specification 1.9.1, "Form fields").
const UNTOUCHED: i32 = 25;

/// A text that a form field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Name,
    Default,
    Entry,
    Label,
}

/// What the default texts of a document's fields are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Defaults {
    /// What stood in the field before anybody filled it in.
    #[default]
    Prompts,
    /// The result once more: LibreOffice writes its text controls so.
    RepeatResults,
}

impl Property {
    /// The property whose text follows a control word.
    pub(super) fn of_word(name: &str) -> Option<Self> {
        Some(match name {
            "ffname" => Self::Name,
            "ffdeftext" => Self::Default,
            "ffl" => Self::Entry,
            "ffhelptext" | "ffstattext" => Self::Label,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Default => "default",
            Self::Entry => "listEntry",
            Self::Label => "helpText",
        }
    }
}

/// What a field puts in the text where it ends.
pub(super) enum Outcome {
    Answer(String, Filled),
    Tick(Mark),
    /// A character of a font.
    Symbol(String, char),
}

fn push(to: &mut String, text: &str, most: usize) {
    let room = most.saturating_sub(to.len());
    to.push_str(&text[..text.floor_char_boundary(room)]);
}

/// A field being read; `D` is what its result is for.
pub(super) struct OpenField<D> {
    outer: D,
    field: Field,
    instruction: String,
    property: String,
    is_default_known: bool,
}

impl<D: Copy> OpenField<D> {
    pub(super) fn new(outer: D) -> Self {
        Self {
            outer,
            field: Field::default(),
            instruction: String::new(),
            property: String::new(),
            is_default_known: true,
        }
    }

    pub(super) fn outer(&self) -> D {
        self.outer
    }

    /// The instruction is complete.
    pub(super) fn begin_result(&mut self) -> D {
        self.field.in_result = true;
        if matches!(self.field.kind, FieldKind::Other) {
            let kind = match self.instruction.split_whitespace().next() {
                Some("FORMTEXT") => "textInput",
                Some("FORMCHECKBOX") => "checkBox",
                Some("FORMDROPDOWN") => "ddList",
                Some(_) | None => return self.outer,
            };
            self.field.property(kind, None, true);
        }
        self.outer
    }

    pub(super) fn push_instruction(&mut self, text: &str) {
        push(&mut self.instruction, text, MAX_INSTRUCTION);
    }

    /// Text of the property being read.
    pub(super) fn push_property(&mut self, text: &str) {
        push(&mut self.property, text, MAX_PROPERTY);
    }

    pub(super) fn end_property(&mut self, property: Property, defaults: Defaults) {
        let text = std::mem::take(&mut self.property);
        let text = text.trim().to_owned();
        if property == Property::Default && defaults == Defaults::RepeatResults {
            return self.is_default_known = false;
        }
        self.field.property(property.name(), Some(text), true);
    }

    /// A control word of `\formfield`.
    pub(super) fn form_word(&mut self, name: &str, number: Option<i32>) {
        let number = number.unwrap_or(0);
        let index = Some(number.to_string());
        match name {
            "fftype" => {
                let kind = match number {
                    1 => "checkBox",
                    2 => "ddList",
                    _ => "textInput",
                };
                self.field.property(kind, None, true);
            }
            "ffres" if number != UNTOUCHED => {
                let name = if matches!(self.field.kind, FieldKind::Tick { .. }) {
                    "checked"
                } else {
                    "result"
                };
                self.field.property(name, index, number == 1);
            }
            "ffdefres" if !matches!(self.field.kind, FieldKind::Text { .. }) => {
                self.field.property("default", index, number == 1);
            }
            _ => {}
        }
    }

    /// Its result is what somebody typed.
    pub(super) fn form_text(&mut self) -> Option<&mut String> {
        let is_form = self.field.in_result && !matches!(self.field.kind, FieldKind::Other);
        is_form.then_some(&mut self.field.result)
    }

    /// Its result is drawn from the instruction.
    pub(super) fn draws_symbol(&self) -> bool {
        self.symbol().is_some()
    }

    /// `SYMBOL 168 \f "Wingdings"`
    fn symbol(&self) -> Option<(String, char)> {
        let mut words = self.instruction.split_whitespace();
        if words.next() != Some("SYMBOL") {
            return None;
        }
        let code = words.next()?;
        let code = match code.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => code.parse().ok()?,
        };
        let (_, font) = self.instruction.split_once("\\f")?;
        let font = font.trim_start().trim_start_matches('"');
        let font = font.split(['"', '\\']).next()?.trim();
        Some((font.to_owned(), char::from_u32(code)?))
    }

    /// The result is complete. Where no default tells whether it is a prompt, its words do.
    pub(super) fn end_result(&mut self) {
        if !self.is_default_known && is_prompt(&self.field.result) {
            let prompt = self.field.result.clone();
            self.field.property("default", Some(prompt), true);
        }
    }

    pub(super) fn form_field(&self) -> Option<FormField> {
        self.field.form_field()
    }

    /// What stands in the text for it, beside its result.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        if matches!(self.field.kind, FieldKind::Other) {
            return self.symbol().map(|(font, c)| Outcome::Symbol(font, c));
        }
        let filled = |untouched| {
            if untouched {
                Filled::Placeholder
            } else {
                Filled::Answer
            }
        };
        Some(match self.field.value() {
            (FieldValue::Text(text), is_prompt) => Outcome::Answer(text, filled(is_prompt)),
            (FieldValue::Choice(chosen), is_prompt) => Outcome::Answer(chosen.join(", "), filled(is_prompt)),
            (FieldValue::Tick(checked), _) => Outcome::Tick(checked.into()),
            (FieldValue::Blank, _) => Outcome::Answer(String::new(), Filled::Placeholder),
        })
    }
}
