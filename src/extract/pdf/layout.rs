//! Things on a page with their places.

use super::fields::{Shown, Widget};
use super::matrix::Matrix;

/// Largest coordinate taken, in points (200 inches, ISO 32000-1 annex C).
const MAX_COORDINATE: f32 = 14_400.0;
/// A field taller than this, in points, holds several lines; its label stands at its top.
const TALL: f32 = 24.0;
/// Where the first line of a tall field is, below its top.
const FIRST_LINE: f32 = 8.0;

/// A rectangle, y upwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rectangle {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
    pub(super) top: f32,
}

impl Rectangle {
    /// `None` for coordinates that no page has.
    pub(super) fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Option<Self> {
        let is_sound = [x0, y0, x1, y1]
            .iter()
            .all(|c| c.is_finite() && c.abs() <= MAX_COORDINATE);
        is_sound.then(|| Self {
            left: x0.min(x1),
            right: x0.max(x1),
            bottom: y0.min(y1),
            top: y0.max(y1),
        })
    }

    /// Where a matrix puts the square from (0, 0) to (1, 1), as pictures are drawn.
    pub(super) fn unit_square(matrix: &Matrix) -> Option<Self> {
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(x, y)| matrix.point(x, y));
        let mut low = corners[0];
        let mut high = corners[0];
        for (x, y) in corners {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        Self::new(low.0, low.1, high.0, high.1)
    }

    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f32 {
        self.top - self.bottom
    }
}

/// What stands at a place.
pub(super) enum Content {
    Text { text: String, bold: bool, struck: bool },
    Answer(String),
    Blank,
    Tick { checked: bool },
}

/// A thing on a page.
pub(super) struct Item {
    pub(super) place: Rectangle,
    /// The height at which it is read.
    pub(super) level: f32,
    /// Size of its type, in points.
    pub(super) size: f32,
    pub(super) content: Content,
}

impl Item {
    /// Text in a rectangle of its own; its first line stands at the top.
    pub(super) fn of_typed(text: String, place: Rectangle) -> Self {
        let size = place.height().clamp(1.0, 12.0);
        Self {
            level: place.top - size / 2.0,
            size,
            content: Content::Text {
                text: text.replace(['\r', '\n'], " "),
                bold: false,
                struck: false,
            },
            place,
        }
    }

    pub(super) fn of_widget(widget: Widget) -> Option<Self> {
        let place = widget.place;
        let is_tall = place.height() > TALL;
        let level = if is_tall {
            place.top - FIRST_LINE
        } else {
            (place.bottom + place.top) / 2.0
        };
        Some(Self {
            level,
            size: place.height().clamp(1.0, 12.0),
            content: match widget.shown {
                Shown::Text(text) => Content::Answer(text),
                Shown::Tick { checked } => Content::Tick { checked },
                Shown::Blank => Content::Blank,
            },
            place,
        })
    }

    pub(super) fn is_widget(&self) -> bool {
        !matches!(self.content, Content::Text { .. })
    }

    /// Its printed text; empty for a field.
    pub(super) fn text(&self) -> &str {
        match &self.content {
            Content::Text { text, .. } => text,
            Content::Answer(_) | Content::Blank | Content::Tick { .. } => "",
        }
    }

    pub(super) fn is_tick(&self) -> bool {
        matches!(self.content, Content::Tick { .. })
    }
}
