//! Word's form fields of the old kind: typed text, tick boxes, drop-downs.

use crate::domain::{FieldValue, FormField};

/// What a field holds.
#[derive(Default)]
pub(super) struct Field {
    pub(super) name: String,
    label: Option<String>,
    pub(super) kind: FieldKind,
    /// Between `separate` and `end`.
    pub(super) in_result: bool,
    pub(super) result: String,
}

#[derive(Default)]
pub(super) enum FieldKind {
    /// A page number, a link, ...: its result is ordinary text.
    #[default]
    Other,
    Text {
        prompt: Option<String>,
    },
    Tick {
        checked: Option<bool>,
        default: bool,
    },
    List {
        entries: Vec<String>,
        chosen: Option<usize>,
        default: usize,
    },
}

/// Most entries of a drop-down.
const MAX_ENTRIES: usize = 500;

impl Field {
    /// Takes one property of `w:ffData`.
    pub(super) fn property(&mut self, name: &str, val: Option<String>, is_on: bool) {
        match (name, &mut self.kind) {
            ("name", _) => self.name = val.unwrap_or_default(),
            ("statusText" | "helpText", _) => self.label = self.label.take().or(val),
            ("textInput", _) => self.kind = FieldKind::Text { prompt: None },
            ("checkBox", _) => {
                self.kind = FieldKind::Tick {
                    checked: None,
                    default: false,
                }
            }
            ("ddList", _) => {
                self.kind = FieldKind::List {
                    entries: Vec::new(),
                    chosen: None,
                    default: 0,
                }
            }
            ("default", FieldKind::Text { prompt }) => *prompt = val,
            ("default", FieldKind::Tick { default, .. }) => *default = is_on,
            ("checked", FieldKind::Tick { checked, .. }) => *checked = Some(is_on),
            ("default", FieldKind::List { default, .. }) => *default = index(val),
            ("result", FieldKind::List { chosen, .. }) => *chosen = Some(index(val)),
            ("listEntry", FieldKind::List { entries, .. }) if entries.len() < MAX_ENTRIES => {
                entries.push(val.unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Its value and, for text, whether that is only the prompt.
    pub(super) fn value(&self) -> (FieldValue, bool) {
        match &self.kind {
            FieldKind::Other => (FieldValue::Blank, false),
            FieldKind::Text { prompt } => {
                let text = self.result.trim();
                let is_prompt = prompt.as_deref().is_some_and(|p| p.trim() == text);
                if text.is_empty() {
                    (FieldValue::Blank, false)
                } else {
                    (FieldValue::Text(text.to_owned()), is_prompt)
                }
            }
            FieldKind::Tick { checked, default } => (FieldValue::Tick(checked.unwrap_or(*default)), false),
            FieldKind::List {
                entries,
                chosen,
                default,
            } => {
                let entry = entries.get(chosen.unwrap_or(*default)).map(|e| e.trim());
                match entry.filter(|e| !e.is_empty()) {
                    // The first entry is what an untouched list shows.
                    Some(entry) => {
                        let untouched = chosen.unwrap_or(0) == 0 && is_prompt(entry);
                        (FieldValue::Choice(vec![entry.to_owned()]), untouched)
                    }
                    None => (FieldValue::Blank, false),
                }
            }
        }
    }

    /// As a form field; prompts are blanks.
    pub(super) fn form_field(&self) -> Option<FormField> {
        if matches!(self.kind, FieldKind::Other) {
            return None;
        }
        let (value, is_prompt) = self.value();
        Some(FormField {
            name: self.name.clone(),
            label: self.label.clone().filter(|l| !l.trim().is_empty()),
            value: if is_prompt { FieldValue::Blank } else { value },
            page: None,
        })
    }
}

fn index(val: Option<String>) -> usize {
    val.and_then(|v| v.trim().parse().ok()).unwrap_or(0)
}

/// "Please select", "Choose an item.", "--"
pub(super) fn is_prompt(text: &str) -> bool {
    let text = text
        .trim()
        .trim_start_matches(['-', '<', '[', '(', ' '])
        .to_ascii_lowercase();
    text.is_empty()
        || [
            "choose",
            "select",
            "please select",
            "please choose",
            "click",
            "pick",
        ]
        .iter()
        .any(|start| text.starts_with(start))
}
