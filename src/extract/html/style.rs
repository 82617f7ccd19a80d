//! How an element looks, as far as it matters: bold, struck, hidden, kept white space.

use super::super::inline::Style;

/// Attributes of a tag.
pub(super) struct Attributes<'a>(pub(super) &'a [(String, String)]);

impl Attributes<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The inherited look of text.
#[derive(Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) style: Style,
    /// One-pixel type; a descendant may set a readable size again.
    tiny: bool,
    /// White space is kept.
    pub(super) keeps_space: bool,
    /// Inside an element that holds nothing for readers.
    pub(super) silent: bool,
}

impl Look {
    pub(super) fn is_hidden(&self) -> bool {
        self.style.hidden || self.tiny
    }

    /// The style with tiny type counted as hidden.
    pub(super) fn shown(&self) -> Style {
        Style {
            hidden: self.is_hidden(),
            ..self.style
        }
    }
}

/// Type of this size or less (px or pt) is not for readers.
const TINY: f32 = 2.0;

/// The look of an element inside an element that looks like `outer`.
pub(super) fn of(name: &str, attributes: &Attributes<'_>, outer: Look) -> Look {
    let mut look = outer;
    match name {
        "b" | "strong" | "th" => look.style.bold = true,
        "s" | "strike" | "del" => look.style.struck = true,
        "pre" | "textarea" | "xmp" => look.keeps_space = true,
        _ => {}
    }
    look.silent |= super::SILENT.contains(&name);
    if attributes.get("hidden").is_some() {
        look.style.hidden = true;
    }
    if let Some(css) = attributes.get("style") {
        css.split(';')
            .filter_map(|declaration| declaration.split_once(':'))
            .for_each(|(property, value)| declare(&mut look, property, value));
    }
    look
}

fn declare(look: &mut Look, property: &str, value: &str) {
    let value = value
        .trim()
        .trim_end_matches("!important")
        .trim()
        .to_ascii_lowercase();
    match property.trim().to_ascii_lowercase().as_str() {
        "display" if value == "none" => look.style.hidden = true,
        "visibility" if value == "hidden" || value == "collapse" => look.style.hidden = true,
        "mso-hide" if value == "all" => look.style.hidden = true,
        "opacity" if value.parse() == Ok(0.0_f32) => look.style.hidden = true,
        "font-size" => look.tiny = is_tiny(&value).unwrap_or(look.tiny),
        "font-weight" => {
            let weight = value.parse::<u16>().ok();
            look.style.bold = value.starts_with("bold") || weight.is_some_and(|w| w >= 600);
        }
        "text-decoration" | "text-decoration-line" => {
            look.style.struck |= value.contains("line-through");
        }
        "white-space" => look.keeps_space = value.starts_with("pre") || value == "break-spaces",
        _ => {}
    }
}

/// Whether a font size is too small to read; `None` for sizes relative to the outer one.
fn is_tiny(value: &str) -> Option<bool> {
    let digits = value
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let number: f32 = number.parse().ok()?;
    match unit.trim() {
        "px" | "pt" | "" => Some(number <= TINY),
        "em" | "rem" | "%" => (number == 0.0).then_some(true),
        _ => None,
    }
}
