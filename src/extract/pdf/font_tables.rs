//! Measures the tables of a font before they are expanded: a few bytes may name ranges of 65,536 codes.

use super::tokens::{Operand, Operators};
use lopdf::{Document, Object};

/// Most codes that the ranges of one table name together; four times as many as two bytes can tell apart.
const MAX_CODES: u64 = 4 * 65_536;
/// Most entries of a table of widths or differences.
const MAX_ENTRIES: usize = 4 * 65_536;

/// Whether the ranges of a character map (ISO 32000-1 section 9.7.5.4) are within bounds; what is no character
/// map is.
pub(super) fn is_within_bounds(content: &[u8]) -> bool {
    const MARK: &[u8] = b"range";
    if content.starts_with(b"\0\x01\0\0") || content.starts_with(b"OTTO") || content.starts_with(b"true") {
        return true;
    }
    let has_ranges = content.len() >= MARK.len() && content.windows(MARK.len()).any(|part| part == MARK);
    !has_ranges || range_codes(content) <= MAX_CODES
}

/// How many codes the ranges name.
fn range_codes(content: &[u8]) -> u64 {
    let mut total = 0u64;
    let mut reader = Operators::new(content).with_all_operands();
    let mut operands = Vec::new();
    while let Some(operator) = reader.next(&mut operands) {
        if !matches!(operator, b"endbfrange" | b"endcidrange" | b"endnotdefrange") {
            continue;
        }
        for range in operands.chunks(3) {
            if let [Operand::Text(low), Operand::Text(high), ..] = range {
                let span = number(high).saturating_sub(number(low));
                total = total.saturating_add(span).saturating_add(1);
            }
        }
    }
    total
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0u64, |value, byte| value << 8 | u64::from(*byte))
}

/// Whether an entry of a font's dictionaries is within bounds.
pub(super) fn is_entry_within_bounds(document: &Document, key: &[u8], value: &Object) -> bool {
    let array = || {
        let found = document.dereference(value).ok();
        found.and_then(|(_, object)| object.as_array().ok())
    };
    match key {
        b"W" => array().is_none_or(|items| width_codes(items, 1) <= MAX_CODES),
        b"W2" => array().is_none_or(|items| width_codes(items, 3) <= MAX_CODES),
        b"Widths" | b"Differences" => array().is_none_or(|items| items.len() <= MAX_ENTRIES),
        _ => true,
    }
}

/// How many codes a table of widths names (section 9.7.4.3): `first [w w ...]` or `first last w`, with
/// `values` numbers for each width.
fn width_codes(items: &[Object], values: usize) -> u64 {
    let mut total = 0u64;
    let mut rest = items;
    loop {
        match rest {
            [_, Object::Array(widths), after @ ..] => {
                total = total.saturating_add(widths.len() as u64);
                rest = after;
            }
            [first, last, after @ ..] => {
                let ends = (first.as_float().ok(), last.as_float().ok());
                if let (Some(first), Some(last)) = ends {
                    total = total.saturating_add((last - first).max(0.0) as u64 + 1);
                }
                rest = after.get(values..).unwrap_or_default();
            }
            _ => return total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_counted_before_they_are_expanded() {
        let few = b"1 beginbfrange <0000> <00ff> <0041> endbfrange";
        assert_eq!(range_codes(few), 256);
        let mut many = b"100 beginbfrange ".to_vec();
        many.extend(b"<0000> <ffff> <0041> ".repeat(100));
        many.extend_from_slice(b"endbfrange");
        assert_eq!(range_codes(&many), 100 * 65_536);
        assert!(is_within_bounds(few) && !is_within_bounds(&many));
        assert!(is_within_bounds(b"arrange"));
    }

    #[test]
    fn tables_of_widths_are_counted() {
        let list = Object::Array(vec![500.into(), 600.into()]);
        let items = vec![1.into(), list, 10.into(), 65_535.into(), 500.into(), 7.into()];
        assert_eq!(width_codes(&items, 1), 2 + 65_526);
    }
}
