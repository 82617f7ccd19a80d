//! What the data stream tells of a form field ([MS-DOC] section 2.9.78, `FFData`).

use super::super::form_field::{Field, FieldKind};
use super::bytes::{slice, u8_at, u16_at, u32_at, utf16};

/// Most entries of a drop-down.
const MAX_ENTRIES: usize = 500;
/// "As the field's default says."
const UNDEFINED: u16 = 25;

/// Reads the data at an offset into a field.
pub(super) fn read(data: &[u8], at: u32, field: &mut Field) -> Option<()> {
    let at = at as usize;
    let length = u32_at(data, at)? as usize;
    let header = usize::from(u16_at(data, at + 4)?);
    let data = slice(data, at, length)?.get(header..)?;
    let bits = u16_at(data, 4)?;
    let (kind, result) = (bits & 3, (bits >> 2) & 0x1F);
    let mut at = 10;
    field.name = text(data, &mut at)?;
    match kind {
        0 => {
            let prompt = text(data, &mut at)?;
            field.kind = FieldKind::Text {
                prompt: Some(prompt).filter(|p| !p.trim().is_empty()),
            };
        }
        1 => {
            let default = u16_at(data, at)?;
            at += 2;
            field.kind = FieldKind::Tick {
                checked: (result != UNDEFINED).then_some(result == 1),
                default: default == 1,
            };
        }
        _ => {
            let default = usize::from(u16_at(data, at)?);
            at += 2;
            field.kind = FieldKind::List {
                entries: Vec::new(),
                chosen: (result != UNDEFINED).then_some(usize::from(result)),
                default,
            };
        }
    }
    let _format = text(data, &mut at)?;
    let help = text(data, &mut at)?;
    let status = text(data, &mut at)?;
    let label = if status.trim().is_empty() { help } else { status };
    field.property("statusText", Some(label).filter(|l| !l.trim().is_empty()), false);
    let _on_entry = text(data, &mut at)?;
    let _on_exit = text(data, &mut at)?;
    if let FieldKind::List { entries, .. } = &mut field.kind {
        *entries = list(data, at).unwrap_or_default();
    }
    Some(())
}

/// `Xstz`: a counted text with a terminator.
fn text(data: &[u8], at: &mut usize) -> Option<String> {
    let length = usize::from(u16_at(data, *at)?) * 2;
    let found = utf16(slice(data, *at + 2, length)?);
    *at += 2 + length + 2;
    Some(found)
}

/// The entries of a drop-down (`STTB`). Writers differ in the size of the count; the one that uses up the
/// data is right.
fn list(data: &[u8], at: usize) -> Option<Vec<String>> {
    let count_short = usize::from(u16_at(data, at + 2)?);
    let wide = u32_at(data, at + 2).and_then(|count| entries(data, at + 8, count as usize));
    let short = || entries(data, at + 6, count_short);
    match wide {
        Some((found, end)) if end == data.len() => Some(found),
        other => match short() {
            Some((found, _)) => Some(found),
            None => other.map(|(found, _)| found),
        },
    }
}

fn entries(data: &[u8], mut at: usize, count: usize) -> Option<(Vec<String>, usize)> {
    if count > MAX_ENTRIES {
        return None;
    }
    let mut found = Vec::new();
    for _ in 0..count {
        let length = usize::from(u16_at(data, at)?) * 2;
        found.push(utf16(slice(data, at + 2, length)?));
        at += 2 + length;
    }
    Some((found, at))
}

/// Names of the fonts by their number (`SttbfFfn`, [MS-DOC] section 2.9.281).
pub(super) fn fonts(table: &[u8]) -> Vec<String> {
    /// Bytes of `FFN` before the name.
    const BEFORE_NAME: usize = 40;
    let count = usize::from(u16_at(table, 0).unwrap_or(0));
    let mut at = 4;
    let mut found = Vec::new();
    for _ in 0..count {
        let Some(length) = u8_at(table, at).map(usize::from) else {
            break;
        };
        let font = slice(table, at, length + 1).unwrap_or_default();
        let name = utf16(font.get(BEFORE_NAME..).unwrap_or_default());
        let end = name.find('\0').unwrap_or(name.len());
        found.push(name.get(..end).unwrap_or_default().to_owned());
        at += length + 1;
    }
    found
}
