//! What a page's content draws, in the upright space of the page: glyphs, lines, pictures.

use super::layout::Rectangle;
use std::rc::Rc;

/// Most glyphs of one page.
const MAX_GLYPHS: usize = 200_000;
/// Most drawn shapes of one page that are kept.
const MAX_SHAPES: usize = 20_000;

/// A code of a text as it is drawn.
pub(super) struct Glyph {
    pub(super) text: Rc<str>,
    /// Where it stands on its baseline.
    pub(super) start: (f32, f32),
    /// Where the next one would stand.
    pub(super) end: (f32, f32),
    /// Height of its type, in points.
    pub(super) size: f32,
    /// The way the text runs, as a vector of length 1.
    pub(super) direction: (f32, f32),
    pub(super) is_bold: bool,
    /// A line goes through it.
    pub(super) is_struck: bool,
    /// It begins a run of its own.
    pub(super) is_apart: bool,
}

/// How a path is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Stroke,
    Fill,
}

/// A straight piece of a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) from: (f32, f32),
    pub(super) to: (f32, f32),
}

/// A painted path.
pub(super) struct Shape {
    pub(super) place: Rectangle,
    pub(super) paint: Paint,
    /// Its straight pieces, as far as they are few.
    pub(super) segments: Vec<Segment>,
    pub(super) has_curves: bool,
    /// Lighter than the text it may lie under: paper, shading.
    pub(super) is_light: bool,
}

/// All that a page draws.
#[derive(Default)]
pub(super) struct Drawing {
    pub(super) glyphs: Vec<Glyph>,
    pub(super) shapes: Vec<Shape>,
    /// Places of pictures.
    pub(super) pictures: Vec<Rectangle>,
    /// Something was left out.
    pub(super) is_cut: bool,
}

impl Drawing {
    pub(super) fn add_glyph(&mut self, glyph: Glyph) {
        if self.glyphs.len() < MAX_GLYPHS {
            self.glyphs.push(glyph);
        } else {
            self.is_cut = true;
        }
    }

    pub(super) fn add_shape(&mut self, shape: Shape) {
        if self.shapes.len() < MAX_SHAPES {
            self.shapes.push(shape);
        }
    }

    pub(super) fn add_picture(&mut self, place: Rectangle) {
        if self.pictures.len() < MAX_SHAPES {
            self.pictures.push(place);
        }
    }
}
