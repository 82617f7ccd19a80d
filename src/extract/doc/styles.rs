//! The style sheet ([MS-DOC] section 2.9.271): headings, lists, bold and hidden text.

use super::bytes::{slice, u16_at};
use super::properties::{Characters, Paragraph};

/// Longest chain of styles based on one another that is followed.
const MAX_CHAIN: usize = 16;
/// A style based on none.
const NO_BASE: u16 = 0x0FFF;
/// `stk` of paragraph and of character styles.
const PARAGRAPH_STYLE: u16 = 1;
const CHARACTER_STYLE: u16 = 2;
/// `sti` of the built-in style for titles; headings are 1 to 9.
const TITLE: u16 = 62;

/// What a style makes of text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Resolved {
    pub(super) paragraph: Paragraph,
    pub(super) characters: Characters,
    /// 1 to 6 for a heading.
    pub(super) heading: Option<u8>,
}

#[derive(Clone, Copy, Default)]
struct Definition<'d> {
    identity: u16,
    kind: u16,
    base: u16,
    paragraph: &'d [u8],
    characters: &'d [u8],
}

/// All styles by their number.
#[derive(Default)]
pub(super) struct Styles<'d> {
    resolved: Vec<Resolved>,
    definitions: Vec<Option<Definition<'d>>>,
}

impl<'d> Styles<'d> {
    pub(super) fn read(sheet: &'d [u8]) -> Self {
        let definitions = definitions(sheet).unwrap_or_default();
        let resolved = (0..definitions.len())
            .map(|number| resolve(&definitions, number))
            .collect();
        Self {
            resolved,
            definitions,
        }
    }

    pub(super) fn get(&self, number: u16) -> Resolved {
        self.resolved
            .get(usize::from(number))
            .copied()
            .unwrap_or_default()
    }

    /// What a character style adds.
    pub(super) fn add(&self, number: u16, to: Characters) -> Characters {
        let style = to;
        chain(&self.definitions, usize::from(number))
            .iter()
            .rev()
            .filter(|definition| definition.kind == CHARACTER_STYLE)
            .fold(to, |characters, definition| {
                characters.changed(definition.characters, &style)
            })
    }
}

fn definitions(sheet: &[u8]) -> Option<Vec<Option<Definition<'_>>>> {
    let header = usize::from(u16_at(sheet, 0)?);
    let count = usize::from(u16_at(sheet, 2)?);
    let base_bytes = usize::from(u16_at(sheet, 4)?);
    let mut at = 2 + header;
    let mut found = Vec::new();
    for _ in 0..count.min(usize::from(NO_BASE)) {
        let Some(length) = u16_at(sheet, at).map(usize::from) else {
            break;
        };
        let Some(bytes) = slice(sheet, at + 2, length) else {
            break;
        };
        found.push(definition(bytes, base_bytes));
        at += 2 + length;
    }
    Some(found)
}

/// `STD` ([MS-DOC] section 2.9.260).
fn definition(bytes: &[u8], base_bytes: usize) -> Option<Definition<'_>> {
    let identity = u16_at(bytes, 0)? & 0x0FFF;
    let second = u16_at(bytes, 2)?;
    let kind = second & 0x000F;
    let name = usize::from(u16_at(bytes, base_bytes)?);
    // Length, characters, terminator.
    let mut at = base_bytes + 2 + name * 2 + 2;
    let mut next = || {
        at += at % 2;
        let length = usize::from(u16_at(bytes, at)?);
        let found = slice(bytes, at + 2, length)?;
        at += 2 + length;
        Some(found)
    };
    let (paragraph, characters) = match kind {
        PARAGRAPH_STYLE => {
            let paragraph = next().and_then(|p| p.get(2..)).unwrap_or_default();
            (paragraph, next().unwrap_or_default())
        }
        CHARACTER_STYLE => (&[][..], next().unwrap_or_default()),
        _ => (&[][..], &[][..]),
    };
    Some(Definition {
        identity,
        kind,
        base: second >> 4,
        paragraph,
        characters,
    })
}

/// A style and those it is based on.
fn chain<'d>(definitions: &[Option<Definition<'d>>], number: usize) -> Vec<Definition<'d>> {
    let mut found = Vec::new();
    let mut next = Some(number);
    while let Some(definition) = next.and_then(|n| definitions.get(n).copied().flatten()) {
        found.push(definition);
        next = (definition.base != NO_BASE && found.len() < MAX_CHAIN).then_some(definition.base.into());
    }
    found
}

fn resolve(definitions: &[Option<Definition<'_>>], number: usize) -> Resolved {
    let chain = chain(definitions, number);
    let mut resolved = Resolved::default();
    for definition in chain.iter().rev() {
        resolved.paragraph = resolved.paragraph.changed(definition.paragraph);
        let base = resolved.characters;
        resolved.characters = base.changed(definition.characters, &base);
        let level = match definition.identity {
            level @ 1..=9 => Some(level),
            TITLE => Some(1),
            _ => None,
        };
        resolved.heading = level
            .and_then(|l| u8::try_from(l.clamp(1, 6)).ok())
            .or(resolved.heading);
    }
    resolved
}
