//! The text state and where glyphs stand (ISO 32000-1 sections 9.3 and 9.4).

use super::matrix::Matrix;

/// Text rendering modes (table 106) that fill and stroke: a way to print bold.
const FILL_AND_STROKE: [f32; 2] = [2.0, 6.0];
/// Letters set apart by no more than this part of the type size still belong to one word.
const MAX_LETTER_SPACE: f32 = 0.6;

#[derive(Clone)]
pub(super) struct TextState {
    matrix: Matrix,
    line: Matrix,
    pub(super) size: f32,
    letter_space: f32,
    word_space: f32,
    /// 1 is as wide as drawn.
    scale: f32,
    leading: f32,
    rise: f32,
    mode: f32,
}

impl Default for TextState {
    fn default() -> Self {
        Self {
            matrix: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            size: 0.0,
            letter_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            mode: 0.0,
        }
    }
}

/// Where a glyph stands on the page.
pub(super) struct Place {
    pub(super) start: (f32, f32),
    pub(super) end: (f32, f32),
    pub(super) size: f32,
    pub(super) direction: (f32, f32),
}

impl TextState {
    /// Whether text is drawn with an outline over the filling.
    pub(super) fn is_outlined(&self) -> bool {
        FILL_AND_STROKE.contains(&self.mode)
    }

    /// Carries out an operator of the text state; `false` if it is none.
    pub(super) fn operator(&mut self, operator: &[u8], numbers: &[f32]) -> bool {
        match (operator, numbers) {
            (b"BT", _) => {
                self.matrix = Matrix::IDENTITY;
                self.line = Matrix::IDENTITY;
            }
            (b"ET", _) => {}
            (b"Td", [x, y, ..]) => self.next_line(*x, *y),
            (b"TD", [x, y, ..]) => {
                self.leading = -y;
                self.next_line(*x, *y);
            }
            (b"Tm", numbers) => {
                if let Some(matrix) = numbers.get(..6).and_then(|n| n.try_into().ok()) {
                    self.matrix = Matrix(matrix);
                    self.line = self.matrix;
                }
            }
            (b"T*", _) => self.next_line(0.0, -self.leading),
            (b"Tc", [space, ..]) => self.letter_space = *space,
            (b"Tw", [space, ..]) => self.word_space = *space,
            (b"Tz", [percent, ..]) => self.scale = percent / 100.0,
            (b"TL", [leading, ..]) => self.leading = *leading,
            (b"Ts", [rise, ..]) => self.rise = *rise,
            (b"Tr", [mode, ..]) => self.mode = *mode,
            (b"Td" | b"TD" | b"Tc" | b"Tw" | b"Tz" | b"TL" | b"Ts" | b"Tr", []) => {}
            _ => return false,
        }
        true
    }

    /// What `'` and `"` do before they show their text.
    pub(super) fn move_before(&mut self, operator: &[u8], numbers: &[f32]) {
        if let (b"\"", [word, letter, ..]) = (operator, numbers) {
            self.word_space = *word;
            self.letter_space = *letter;
        }
        if operator != b"Tj" {
            self.next_line(0.0, -self.leading);
        }
    }

    fn next_line(&mut self, x: f32, y: f32) {
        self.line = Matrix::shift(x, y).then(&self.line);
        self.matrix = self.line;
    }

    /// A number between the texts of `TJ`, in thousandths of the type size.
    pub(super) fn adjust(&mut self, number: f32, is_vertical: bool) {
        let by = -number / 1000.0 * self.size;
        self.advance(if is_vertical { by } else { by * self.scale }, is_vertical);
    }

    fn advance(&mut self, by: f32, is_vertical: bool) {
        let step = if is_vertical {
            Matrix::shift(0.0, by)
        } else {
            Matrix::shift(by, 0.0)
        };
        self.matrix = step.then(&self.matrix);
    }

    /// Where a glyph stands that is `width` parts of the type size wide; moves on to the next. `None` where no
    /// page reaches.
    pub(super) fn place(
        &mut self,
        page: &Matrix,
        width: f32,
        is_blank: bool,
        is_vertical: bool,
    ) -> Option<Place> {
        let own = width * self.size;
        let word = if is_blank { self.word_space } else { 0.0 };
        // Wide letter spacing belongs to the glyph; what is wider is a gap.
        let letter = self.letter_space;
        let is_spaced = letter > 0.0 && letter <= MAX_LETTER_SPACE * self.size.abs();
        let drawn = if is_spaced && !is_vertical {
            own + letter
        } else {
            own
        };
        let stretch = if is_vertical { 1.0 } else { self.scale };
        let whole = self.matrix.then(page);
        let start = whole.point(0.0, self.rise);
        let drawn = drawn * stretch;
        let along = if is_vertical {
            whole.vector(0.0, drawn)
        } else {
            whole.vector(drawn, 0.0)
        };
        let upwards = whole.vector(0.0, self.size);
        let baseline = if is_vertical {
            whole.vector(0.0, -1.0)
        } else {
            whole.vector(self.size.signum() * self.scale.signum(), 0.0)
        };
        self.advance((own + letter + word) * stretch, is_vertical);
        let length = baseline.0.hypot(baseline.1);
        let size = if is_vertical {
            let across = whole.vector(self.size, 0.0);
            across.0.hypot(across.1)
        } else {
            upwards.0.hypot(upwards.1)
        };
        let is_sound = [start.0, start.1, along.0, along.1, size, length]
            .iter()
            .all(|n| n.is_finite())
            && length > 0.0
            && size > 0.0;
        is_sound.then(|| Place {
            start,
            end: (start.0 + along.0, start.1 + along.1),
            size,
            direction: (baseline.0 / length, baseline.1 / length),
        })
    }
}
