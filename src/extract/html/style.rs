//! How an element looks, as far as it matters: bold, struck, hidden, kept white space.

use super::super::inline::Style;
use super::sheet::Sheet;

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
    /// Text in the colour of its ground; a descendant may set another.
    blended: bool,
    /// White space is kept.
    pub(super) keeps_space: bool,
    /// Inside an element that holds nothing for readers.
    pub(super) silent: bool,
}

impl Look {
    pub(super) fn is_hidden(&self) -> bool {
        self.style.hidden || self.tiny || self.blended
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
pub(super) fn of(name: &str, attributes: &Attributes<'_>, sheet: &Sheet, outer: Look) -> Look {
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
    for (property, value) in sheet.matching(name, attributes.get("class"), attributes.get("id")) {
        declare(&mut look, outer, property, value);
    }
    if let Some(css) = attributes.get("style") {
        css.split(';')
            .filter_map(|declaration| declaration.split_once(':'))
            .for_each(|(property, value)| declare(&mut look, outer, property, value));
        blend(&mut look, css);
    }
    look
}

/// Text is taken to be invisible where one and the same `style` gives it and its ground one colour.
fn blend(look: &mut Look, css: &str) {
    let mut colour = None;
    let mut ground = None;
    for (property, value) in css.split(';').filter_map(|d| d.split_once(':')) {
        match property.trim().to_ascii_lowercase().as_str() {
            "color" => colour = Some(plain_colour(value)),
            "background" | "background-color" => ground = Some(plain_colour(value)),
            _ => {}
        }
    }
    match (colour, ground) {
        (Some(Some(colour)), Some(Some(ground))) => look.blended = colour == ground,
        (None, None) => {}
        (_, _) => look.blended = false,
    }
}

/// A colour as six hexadecimal digits; `None` for other ways to write one.
fn plain_colour(value: &str) -> Option<String> {
    let value = value
        .trim()
        .trim_end_matches("!important")
        .trim()
        .to_ascii_lowercase();
    match value.as_str() {
        "white" => return Some("ffffff".to_owned()),
        "black" => return Some("000000".to_owned()),
        _ => {}
    }
    let digits = value.strip_prefix('#')?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        3 => Some(digits.chars().flat_map(|c| [c, c]).collect()),
        6 => Some(digits.to_owned()),
        _ => None,
    }
}

fn declare(look: &mut Look, outer: Look, property: &str, value: &str) {
    let value = value
        .trim()
        .trim_end_matches("!important")
        .trim()
        .to_ascii_lowercase();
    match property.trim().to_ascii_lowercase().as_str() {
        "display" if value == "none" => look.style.hidden = true,
        // Overrules what a sheet says of the same element, not what hides an outer one.
        "display" => look.style.hidden = outer.style.hidden,
        "visibility" if value == "hidden" || value == "collapse" => look.style.hidden = true,
        "mso-hide" if value == "all" => look.style.hidden = true,
        "opacity" if value.parse() == Ok(0.0_f32) => look.style.hidden = true,
        "font-size" => look.tiny = is_tiny(&value).unwrap_or(look.tiny),
        "font" => look.tiny = value.split([' ', '/']).find_map(is_tiny).unwrap_or(look.tiny),
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
    const SIZES: [&str; 9] = [
        "xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "initial", "unset",
    ];
    if SIZES.contains(&value) {
        return Some(false);
    }
    let digits = value
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let number: f32 = number.parse().ok()?;
    match unit.trim() {
        "px" | "pt" => Some(number <= TINY),
        "" if number == 0.0 => Some(true),
        "em" | "rem" | "%" => (number == 0.0).then_some(true),
        _ => None,
    }
}
