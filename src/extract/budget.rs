//! What one document may still hold.

use super::ReadLimits;

/// Counts blocks and characters down; what does not fit is left out and remembered as such.
pub(super) struct Budget {
    blocks: usize,
    chars: usize,
    exhausted: bool,
}

impl Budget {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        Self {
            blocks: limits.max_blocks,
            chars: limits.max_chars,
            exhausted: false,
        }
    }

    /// Something was left out.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Room for one more block (or row, or cell).
    pub(super) fn take_block(&mut self) -> bool {
        match self.blocks.checked_sub(1) {
            Some(left) => {
                self.blocks = left;
                true
            }
            None => {
                self.exhausted = true;
                false
            }
        }
    }

    /// As much of the text as there is room for.
    pub(super) fn take_text<'t>(&mut self, text: &'t str) -> &'t str {
        if text.len() <= self.chars {
            self.chars -= text.len();
            return text;
        }
        let kept = &text[..text.floor_char_boundary(self.chars)];
        self.chars = 0;
        self.exhausted = true;
        kept
    }
}
