//! Paths (ISO 32000-1 section 8.5): boxes, lines, crosses and rings.

use super::drawing::{Paint, Segment, Shape};
use super::layout::Rectangle;
use super::matrix::Matrix;

/// Most straight pieces of one subpath that are kept.
const MAX_SEGMENTS: usize = 24;
/// Most subpaths of one path.
const MAX_SUBPATHS: usize = 2_000;

/// The path being built.
#[derive(Default)]
pub(super) struct Path {
    done: Vec<Subpath>,
    open: Option<Subpath>,
}

struct Subpath {
    first: (f32, f32),
    last: (f32, f32),
    low: (f32, f32),
    high: (f32, f32),
    segments: Vec<Segment>,
    has_curves: bool,
}

impl Subpath {
    fn new(at: (f32, f32)) -> Self {
        Self {
            first: at,
            last: at,
            low: at,
            high: at,
            segments: Vec::new(),
            has_curves: false,
        }
    }

    fn reach(&mut self, at: (f32, f32)) {
        self.low = (self.low.0.min(at.0), self.low.1.min(at.1));
        self.high = (self.high.0.max(at.0), self.high.1.max(at.1));
        self.last = at;
    }

    fn line(&mut self, to: (f32, f32)) {
        if self.segments.len() < MAX_SEGMENTS {
            self.segments.push(Segment { from: self.last, to });
        }
        self.reach(to);
    }
}

impl Path {
    /// Carries out an operator; painting gives back the shapes painted.
    pub(super) fn operator(
        &mut self,
        operator: &[u8],
        numbers: &[f32],
        page: &Matrix,
        is_light: bool,
    ) -> Option<Vec<Shape>> {
        let at = |index: usize| -> Option<(f32, f32)> {
            let pair = numbers.get(2 * index..2 * index + 2)?;
            let [x, y] = pair else { return None };
            Some(page.point(*x, *y))
        };
        match operator {
            b"m" => self.begin(at(0)?),
            b"l" => self.open.as_mut()?.line(at(0)?),
            b"c" => self.curve([at(0)?, at(1)?, at(2)?]),
            b"v" => self.curve([at(0)?, at(0)?, at(1)?]),
            b"y" => self.curve([at(0)?, at(1)?, at(1)?]),
            b"h" => self.close(),
            b"re" => self.rectangle(numbers, page),
            b"S" => return Some(self.paint(Paint::Stroke, false)),
            b"s" | b"b" | b"b*" => {
                self.close();
                return Some(self.paint(Paint::Stroke, false));
            }
            b"B" | b"B*" => return Some(self.paint(Paint::Stroke, false)),
            b"f" | b"F" | b"f*" => return Some(self.paint(Paint::Fill, is_light)),
            b"n" => {
                self.done.clear();
                self.open = None;
            }
            _ => {}
        }
        None
    }

    fn begin(&mut self, at: (f32, f32)) {
        self.end_subpath();
        self.open = Some(Subpath::new(at));
    }

    fn end_subpath(&mut self) {
        if let Some(open) = self.open.take()
            && self.done.len() < MAX_SUBPATHS
        {
            self.done.push(open);
        }
    }

    fn curve(&mut self, points: [(f32, f32); 3]) {
        if let Some(open) = self.open.as_mut() {
            open.has_curves = true;
            for point in points {
                open.reach(point);
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.as_mut()
            && open.first != open.last
        {
            let first = open.first;
            open.line(first);
        }
    }

    fn rectangle(&mut self, numbers: &[f32], page: &Matrix) {
        let [x, y, width, height, ..] = numbers else {
            return;
        };
        self.begin(page.point(*x, *y));
        if let Some(open) = self.open.as_mut() {
            open.line(page.point(x + width, *y));
            open.line(page.point(x + width, y + height));
            open.line(page.point(*x, y + height));
        }
        self.close();
    }

    fn paint(&mut self, paint: Paint, is_light: bool) -> Vec<Shape> {
        self.end_subpath();
        let shape = |subpath: Subpath| {
            let place = Rectangle::new(subpath.low.0, subpath.low.1, subpath.high.0, subpath.high.1)?;
            Some(Shape {
                place,
                paint,
                segments: subpath.segments,
                has_curves: subpath.has_curves,
                is_light,
            })
        };
        self.done.drain(..).filter_map(shape).collect()
    }
}
