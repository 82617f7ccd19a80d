//! Characters of symbol fonts that draw tick boxes.

use super::builder::Mark;

/// What a symbol stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Box(Mark),
    /// Some other drawing: an arrow, a telephone.
    Drawing,
}

/// Whether a font draws symbols instead of letters.
pub(super) fn is_symbol_font(font: &str) -> bool {
    let font = font.to_ascii_lowercase();
    font.starts_with("wingdings") || font == "webdings" || font == "marlett"
}

/// The symbol that a character of a font draws. Word writes such characters at U+F000 and above, or as
/// they stand with the font beside them. Without a known font only the private range is read.
pub(super) fn symbol(font: Option<&str>, c: char) -> Option<Symbol> {
    let code = u32::from(c);
    let is_private = (0xF000..=0xF0FF).contains(&code);
    let font = font.filter(|f| is_symbol_font(f)).map(str::to_ascii_lowercase);
    if !is_private && (font.is_none() || code > 0xFF || c.is_whitespace()) {
        return None;
    }
    let is_checked = match (font.as_deref().unwrap_or("wingdings"), code & 0xFF) {
        ("wingdings", 0xFE | 0xFD | 0xFC | 0xFB | 0x78) => true,
        ("wingdings", 0xA8 | 0x6F | 0x71 | 0x72) => false,
        ("wingdings 2", 0x4F..=0x54) => true,
        ("wingdings 2", 0xA3 | 0x2A) => false,
        ("webdings", 0x61 | 0x72) => true,
        ("webdings", 0x63) => false,
        ("marlett", 0x61 | 0x62) => true,
        _ => return Some(Symbol::Drawing),
    };
    Some(Symbol::Box(is_checked.into()))
}
