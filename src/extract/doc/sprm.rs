//! Property changes ([MS-DOC] section 2.2.5): an operation and its operand, one after another.

use super::bytes::{u8_at, u16_at};

/// One change.
pub(super) struct Sprm<'d> {
    pub(super) code: u16,
    pub(super) operand: &'d [u8],
}

impl Sprm<'_> {
    pub(super) fn byte(&self) -> u8 {
        u8_at(self.operand, 0).unwrap_or(0)
    }

    pub(super) fn word(&self) -> u16 {
        u16_at(self.operand, 0).unwrap_or(0)
    }

    pub(super) fn is_on(&self) -> bool {
        self.byte() != 0
    }
}

/// `sprmTDefTable`, whose operand counts its bytes in two.
pub(super) const DEFINE_TABLE: u16 = 0xD608;
/// `sprmPChgTabs`, whose operand may be longer than its count can say.
const CHANGE_TABS: u16 = 0xC615;

/// The changes of a list, up to the first that does not fit.
pub(super) fn sprms(list: &[u8]) -> impl Iterator<Item = Sprm<'_>> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let code = u16_at(list, at)?;
        let (skipped, length) = operand_place(list, at + 2, code)?;
        let start = at + 2 + skipped;
        let operand = list.get(start..start.checked_add(length)?)?;
        at = start + length;
        Some(Sprm { code, operand })
    })
}

/// Bytes before an operand and bytes of it. The size is in the top three bits of the code (`spra`).
fn operand_place(list: &[u8], at: usize, code: u16) -> Option<(usize, usize)> {
    Some(match code >> 13 {
        0 | 1 => (0, 1),
        2 | 4 | 5 => (0, 2),
        3 => (0, 4),
        7 => (0, 3),
        _ => match (code, u8_at(list, at)?) {
            // The count is one more than the bytes that follow it.
            (DEFINE_TABLE, _) => (2, usize::from(u16_at(list, at)?).saturating_sub(1)),
            (CHANGE_TABS, 255) => {
                let deleted = usize::from(u8_at(list, at + 1)?);
                let added = usize::from(u8_at(list, at + 2 + deleted * 4)?);
                (1, 2 + deleted * 4 + added * 3)
            }
            (_, count) => (1, usize::from(count)),
        },
    })
}
