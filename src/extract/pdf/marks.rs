//! What is drawn on a form by hand or by a program instead of typed: ticks in boxes, words struck through,
//! words ringed where the form says "please circle".
//!
//! Only clear geometry counts. A box with something unclear in it is left alone, as is a box without words
//! beside it; so nothing here can turn a drawing into an answer that nobody gave.

use super::drawing::{Drawing, Glyph, Paint, Segment, Shape};
use super::layout::{Content, Item, Rectangle};

/// Sides of a tick box, in points.
const BOX_SIDES: std::ops::RangeInclusive<f32> = 5.0..=22.0;
/// A tick box is no more than this much longer than wide.
const BOX_RATIO: f32 = 1.3;
/// Lines that meet are this close, in points.
const TOUCH: f32 = 1.6;
/// Most boxes, rings and lines of one page that are looked at.
const MAX_BOXES: usize = 400;
const MAX_LINES: usize = 400;
const MAX_RULINGS: usize = 2_000;
/// A line this far above the baseline, in type sizes, goes through the middle of the letters.
const MIDDLE: std::ops::RangeInclusive<f32> = 0.14..=0.45;
/// A line that strikes words out ends no further beyond them than this many type sizes.
const OVERHANG: f32 = 0.8;
/// A line is no thicker than this, in points.
const LINE_THICKNESS: f32 = 2.5;
/// Words belong to a box no further away than this many of its sides.
const CAPTION_GAP: f32 = 3.0;

/// What was found on a page.
pub(super) struct Marks {
    pub(super) ticks: Vec<Item>,
    /// Upright lines that are no part of a tick box or field: borders of cells.
    pub(super) rulings: Vec<Rectangle>,
}

/// Marks up the glyphs of a page; gives back the ticks and rulings found.
///
/// `fields` are places of form fields: their boxes are drawings of what the form already says. `struck` and
/// `ringed` are places that annotations strike out or ring.
pub(super) fn find(
    drawing: &mut Drawing,
    fields: &[Rectangle],
    struck: &[Rectangle],
    ringed: &[Rectangle],
) -> Marks {
    drawing.glyphs.iter_mut().for_each(|glyph| {
        glyph.is_struck = struck.iter().any(|place| holds(place, glyph));
    });
    let mut lines = Lines::of(&drawing.shapes);
    let mut rulings: Vec<Rectangle> = lines.upright.iter().take(MAX_RULINGS).copied().collect();
    strike(&mut drawing.glyphs, &lines.across);
    lines.bound();
    let mut boxes = boxes(&drawing.shapes);
    let frames = lines.frames();
    boxes.extend(frames.iter().copied());
    let rings: Vec<Rectangle> = rings(&drawing.shapes)
        .chain(frames)
        .chain(ringed.iter().copied())
        .collect();
    let mut ticks = glyph_boxes(&mut drawing.glyphs, fields);
    ticks.extend(drawn_boxes(drawing, boxes, fields));
    ticks.extend(ring_ticks(&mut drawing.glyphs, &rings));
    rulings.retain(|line| {
        let own = |place: &Rectangle| {
            let place = grown(place, TOUCH + 1.0);
            place.left <= line.left
                && line.right <= place.right
                && place.bottom <= line.bottom
                && line.top <= place.top
        };
        !fields.iter().any(own) && !ticks.iter().any(|tick| own(&tick.place))
    });
    Marks { ticks, rulings }
}

fn middle(glyph: &Glyph) -> (f32, f32) {
    let x = (glyph.start.0 + glyph.end.0) / 2.0;
    (x, glyph.start.1 + 0.3 * glyph.size)
}

fn holds(place: &Rectangle, glyph: &Glyph) -> bool {
    let (x, y) = middle(glyph);
    (place.left..=place.right).contains(&x) && (place.bottom..=place.top).contains(&y)
}

fn is_level(glyph: &Glyph) -> bool {
    glyph.direction.0 > 0.999
}

fn overlap(a: &Rectangle, b: &Rectangle) -> bool {
    a.left < b.right && b.left < a.right && a.bottom < b.top && b.bottom < a.top
}

fn grown(place: &Rectangle, by: f32) -> Rectangle {
    Rectangle {
        left: place.left - by,
        right: place.right + by,
        bottom: place.bottom - by,
        top: place.top + by,
    }
}

/// Straight lines along the axes.
struct Lines {
    across: Vec<Rectangle>,
    upright: Vec<Rectangle>,
}

impl Lines {
    fn of(shapes: &[Shape]) -> Self {
        let mut lines = Self {
            across: Vec::new(),
            upright: Vec::new(),
        };
        for shape in shapes.iter().filter(|shape| !shape.has_curves && !shape.is_light) {
            match shape.paint {
                Paint::Stroke => shape
                    .segments
                    .iter()
                    .for_each(|segment| lines.add(&around(segment))),
                Paint::Fill => lines.add(&shape.place),
            }
        }
        lines
    }

    fn add(&mut self, place: &Rectangle) {
        if place.height() <= LINE_THICKNESS && place.width() > 2.0 * place.height().max(1.0) {
            self.across.push(*place);
        } else if place.width() <= LINE_THICKNESS && place.height() > 2.0 * place.width().max(1.0) {
            self.upright.push(*place);
        }
    }

    /// A page with very many lines is a plan or a table, not a form filled in by hand.
    fn bound(&mut self) {
        if self.across.len() > MAX_LINES || self.upright.len() > MAX_LINES {
            self.across.clear();
            self.upright.clear();
        }
    }

    /// Frames put together of four lines.
    fn frames(&self) -> Vec<Rectangle> {
        let mut found = Vec::new();
        for left in &self.upright {
            for right in &self.upright {
                let is_pair = right.left - left.left > *BOX_SIDES.start() - TOUCH
                    && (left.bottom - right.bottom).abs() <= TOUCH
                    && (left.top - right.top).abs() <= TOUCH;
                if !is_pair || found.len() >= MAX_BOXES {
                    continue;
                }
                let closes = |level: f32| {
                    self.across.iter().any(|line| {
                        ((line.bottom + line.top) / 2.0 - level).abs() <= TOUCH
                            && (line.left - left.left).abs() <= TOUCH
                            && (line.right - right.right).abs() <= TOUCH
                    })
                };
                if closes(left.bottom) && closes(left.top) {
                    found.push(Rectangle {
                        left: left.left,
                        right: right.right,
                        bottom: left.bottom,
                        top: left.top,
                    });
                }
            }
        }
        found
    }
}

fn around(segment: &Segment) -> Rectangle {
    Rectangle {
        left: segment.from.0.min(segment.to.0),
        right: segment.from.0.max(segment.to.0),
        bottom: segment.from.1.min(segment.to.1),
        top: segment.from.1.max(segment.to.1),
    }
}

/// Strikes out the glyphs that lines go through.
fn strike(glyphs: &mut [Glyph], lines: &[Rectangle]) {
    if lines.is_empty() {
        return;
    }
    let mut order: Vec<usize> = (0..glyphs.len())
        .filter(|at| glyphs.get(*at).is_some_and(is_level))
        .collect();
    let level = |glyphs: &[Glyph], at: usize| glyphs.get(at).map_or(0.0, |glyph| glyph.start.1);
    order.sort_by(|a, b| level(glyphs, *a).total_cmp(&level(glyphs, *b)));
    let tallest = glyphs
        .iter()
        .map(|glyph| glyph.size)
        .fold(0.0, f32::max)
        .min(72.0);
    for line in lines {
        let y = (line.bottom + line.top) / 2.0;
        let first = order.partition_point(|at| level(glyphs, *at) < y - MIDDLE.end() * tallest);
        let near: Vec<usize> = order
            .iter()
            .skip(first)
            .copied()
            .take_while(|at| level(glyphs, *at) < y)
            .collect();
        for at in struck_by(glyphs, &near, line) {
            if let Some(glyph) = glyphs.get_mut(at) {
                glyph.is_struck = true;
            }
        }
    }
}

/// The glyphs among `near` that a line strikes out: whole words, and no more line than words.
fn struck_by(glyphs: &[Glyph], near: &[usize], line: &Rectangle) -> Vec<usize> {
    let y = (line.bottom + line.top) / 2.0;
    let (crossed, others): (Vec<usize>, Vec<usize>) = near
        .iter()
        .partition(|at| glyphs.get(**at).is_some_and(|glyph| is_crossed(glyph, line, y)));
    let own = || crossed.iter().filter_map(|at| glyphs.get(*at));
    let low = |glyph: &Glyph| glyph.start.0.min(glyph.end.0);
    let high = |glyph: &Glyph| glyph.start.0.max(glyph.end.0);
    let left = own().map(low).fold(f32::INFINITY, f32::min);
    let right = own().map(high).fold(f32::NEG_INFINITY, f32::max);
    let size = own().map(|glyph| glyph.size).fold(0.0, f32::max);
    let has_letters = own().any(is_lettered);
    let fits = line.left >= left - OVERHANG * size && line.right <= right + OVERHANG * size;
    // A line that begins or ends inside a word is none that strikes it out.
    let cuts_word = others.iter().filter_map(|at| glyphs.get(*at)).any(|glyph| {
        let slack = 0.1 * glyph.size;
        let meets = |end: f32, edge: f32, inner: fn(&Glyph) -> bool| {
            (end - edge).abs() <= slack
                && own()
                    .any(|own| inner(own) && (low(own) - edge).abs().min((high(own) - edge).abs()) <= slack)
        };
        let is_level = own().any(|own| (own.start.1 - glyph.start.1).abs() <= slack);
        is_lettered(glyph)
            && is_level
            && (meets(high(glyph), left, is_lettered) || meets(low(glyph), right, is_lettered))
    });
    if has_letters && fits && !cuts_word {
        crossed
    } else {
        Vec::new()
    }
}

fn is_lettered(glyph: &Glyph) -> bool {
    glyph.text.chars().any(char::is_alphanumeric)
}

fn is_crossed(glyph: &Glyph, line: &Rectangle, y: f32) -> bool {
    let (x, _) = middle(glyph);
    let height = (y - glyph.start.1) / glyph.size;
    MIDDLE.contains(&height) && (line.left - 0.5..=line.right + 0.5).contains(&x)
}

/// Outlined boxes and rings the size of a tick box.
fn boxes(shapes: &[Shape]) -> Vec<Rectangle> {
    shapes
        .iter()
        .filter(|shape| shape.paint == Paint::Stroke)
        .filter(|shape| {
            let is_frame = shape.segments.len() >= 3 && shape.segments.iter().all(is_along_axis);
            shape.has_curves && shape.segments.len() <= 1 || !shape.has_curves && is_frame
        })
        .map(|shape| shape.place)
        .collect()
}

fn is_along_axis(segment: &Segment) -> bool {
    let place = around(segment);
    place.width() <= 0.5 || place.height() <= 0.5
}

fn is_box_sized(place: &Rectangle) -> bool {
    let (width, height) = (place.width(), place.height());
    BOX_SIDES.contains(&width)
        && BOX_SIDES.contains(&height)
        && width.max(height) <= BOX_RATIO * width.min(height)
}

/// Outlines larger than a tick box that may ring words.
fn rings(shapes: &[Shape]) -> impl Iterator<Item = Rectangle> + '_ {
    shapes
        .iter()
        .filter(|shape| shape.paint == Paint::Stroke)
        .filter(|shape| {
            shape.has_curves || shape.segments.len() >= 4 && shape.segments.iter().all(is_along_axis)
        })
        .map(|shape| shape.place)
        .filter(|place| place.width() > *BOX_SIDES.start() && place.height() > *BOX_SIDES.start())
        .take(MAX_BOXES)
}

/// Characters that are drawings of tick boxes.
fn glyph_boxes(glyphs: &mut Vec<Glyph>, fields: &[Rectangle]) -> Vec<Item> {
    let mut ticks = Vec::new();
    glyphs.retain(|glyph| {
        let checked = match glyph.text.as_ref() {
            "☑" | "☒" | "🗹" | "🗷" => true,
            "☐" | "❏" | "❑" | "❐" | "❒" => false,
            _ => return true,
        };
        let width = (glyph.end.0 - glyph.start.0).abs();
        let (x, y) = glyph.start;
        let place = Rectangle::new(x, y - 0.1 * glyph.size, x + width, y + 0.8 * glyph.size);
        let Some(place) = place.filter(|_| is_level(glyph)) else {
            return true;
        };
        if !fields.iter().any(|field| overlap(field, &place)) {
            ticks.push(tick(place, checked));
        }
        false
    });
    ticks
}

fn tick(place: Rectangle, checked: bool) -> Item {
    Item {
        level: (place.bottom + place.top) / 2.0,
        size: place.height().clamp(1.0, 12.0),
        content: Content::Tick { checked },
        place,
    }
}

fn drawn_boxes(drawing: &mut Drawing, boxes: Vec<Rectangle>, fields: &[Rectangle]) -> Vec<Item> {
    let mut kept: Vec<Rectangle> = Vec::new();
    for place in boxes.into_iter().filter(is_box_sized) {
        let is_known = kept.iter().any(|known| overlap(known, &place));
        if !is_known && kept.len() < MAX_BOXES {
            kept.push(place);
        }
    }
    let mut ticks = Vec::new();
    for place in &kept {
        // Boxes side by side are for single letters, or a table.
        let reach = grown(place, TOUCH);
        let is_row = kept.iter().filter(|other| overlap(other, &reach)).count() > 1;
        if is_row || fields.iter().any(|field| overlap(field, place)) {
            continue;
        }
        match inside(drawing, place) {
            Inside::Mark => ticks.push(tick(*place, true)),
            Inside::Nothing if has_caption(&drawing.glyphs, place) => ticks.push(tick(*place, false)),
            Inside::Nothing | Inside::Unclear => continue,
        }
        drawing
            .glyphs
            .retain(|glyph| !(holds(&grown(place, 1.0), glyph) && is_mark(glyph)));
    }
    ticks
}

enum Inside {
    Nothing,
    Mark,
    Unclear,
}

fn is_mark(glyph: &Glyph) -> bool {
    let marks = ["x", "X", "✓", "✔", "✗", "✘", "✕", "✖", "×", "■", "●", "☑", "☒"];
    marks.contains(&glyph.text.as_ref())
}

/// What is drawn in a box.
fn inside(drawing: &Drawing, place: &Rectangle) -> Inside {
    let reach = grown(place, 1.0);
    let written = drawing
        .glyphs
        .iter()
        .filter(|g| holds(&reach, g) && !g.text.trim().is_empty());
    let mut has_mark = false;
    for glyph in written {
        if !is_mark(glyph) {
            return Inside::Unclear;
        }
        has_mark = true;
    }
    let side = place.width().min(place.height());
    let area = place.width() * place.height();
    let reach = grown(place, 2.5);
    let mut slants = 0;
    for shape in &drawing.shapes {
        let own = &shape.place;
        let is_inside = own.left >= reach.left
            && own.right <= reach.right
            && own.bottom >= reach.bottom
            && own.top <= reach.top;
        if !is_inside || shape.is_light {
            continue;
        }
        let part = own.width() * own.height() / area;
        if shape.paint == Paint::Fill && (0.12..0.85).contains(&part) {
            has_mark = true;
        }
        let is_slanted = |segment: &&Segment| {
            let place = around(segment);
            place.width() >= 0.2 * side && place.height() >= 0.2 * side
        };
        slants += shape.segments.iter().filter(is_slanted).count();
    }
    match (has_mark, slants) {
        (true, _) | (_, 2..) => Inside::Mark,
        (false, 0) => Inside::Nothing,
        (false, 1) => Inside::Unclear,
    }
}

/// Whether words stand beside a box.
fn has_caption(glyphs: &[Glyph], place: &Rectangle) -> bool {
    let gap = CAPTION_GAP * place.width();
    glyphs.iter().any(|glyph| {
        let (_, y) = middle(glyph);
        let left = glyph.start.0.min(glyph.end.0);
        let right = glyph.start.0.max(glyph.end.0);
        let is_beside = (place.bottom..=place.top).contains(&y) && glyph.size <= 2.0 * place.height();
        is_beside
            && glyph.text.chars().any(char::is_alphanumeric)
            && ((0.0..=gap).contains(&(left - place.right)) || (0.0..=gap).contains(&(place.left - right)))
    })
}

/// Words ringed on a line that asks for a ring count as ticked.
fn ring_ticks(glyphs: &mut [Glyph], rings: &[Rectangle]) -> Vec<Item> {
    let mut ticks: Vec<Item> = Vec::new();
    for ring in rings.iter().take(MAX_BOXES) {
        let Some(first) = first_ringed(glyphs, ring) else {
            continue;
        };
        let Some(glyph) = glyphs.get_mut(first) else {
            continue;
        };
        let left = glyph.start.0;
        let (bottom, top) = (glyph.start.1 - 0.2 * glyph.size, glyph.start.1 + 0.7 * glyph.size);
        let is_known = ticks
            .iter()
            .any(|known| (known.place.right - left).abs() < glyph.size);
        if let Some(place) = Rectangle::new(left - 0.01, bottom, left, top)
            && !is_known
        {
            glyph.is_apart = true;
            ticks.push(tick(place, true));
        }
    }
    ticks
}

/// The first glyph in a ring around some of the words of a line that says "circle".
fn first_ringed(glyphs: &[Glyph], ring: &Rectangle) -> Option<usize> {
    let ringed = |glyph: &Glyph| holds(ring, glyph) && glyph.text.chars().any(char::is_alphanumeric);
    let first = glyphs
        .iter()
        .enumerate()
        .filter(|(_, glyph)| is_level(glyph) && ringed(glyph))
        .min_by(|a, b| a.1.start.0.total_cmp(&b.1.start.0))?;
    let (at, glyph) = first;
    if ring.height() > 3.0 * glyph.size {
        return None;
    }
    let mut line: Vec<&Glyph> = glyphs
        .iter()
        .filter(|other| is_level(other) && (other.start.1 - glyph.start.1).abs() <= 0.3 * glyph.size)
        .collect();
    line.sort_by(|a, b| a.start.0.total_cmp(&b.start.0));
    let text: String = line.iter().map(|glyph| glyph.text.as_ref()).collect();
    let asks = text.to_lowercase().contains("circle");
    let is_whole = line
        .iter()
        .all(|glyph| holds(ring, glyph) || glyph.text.trim().is_empty());
    (asks && !is_whole).then_some(at)
}
