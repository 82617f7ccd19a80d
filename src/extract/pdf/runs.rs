//! Glyphs to runs of text, by the way they are drawn.
//!
//! Blanks come from the gaps between glyphs as much as from blanks drawn; a gap as wide as a type size ends a
//! run. Text printed twice in one place (a way to print bold) is taken once.

use super::drawing::Glyph;
use super::layout::{Content, Item, Rectangle};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// A gap of this many type sizes is a blank.
const WORD_GAP: f32 = 0.13;
/// A gap of this many type sizes ends a run.
const RUN_GAP: f32 = 1.0;
/// Glyphs may overlap by this many type sizes.
const OVERLAP: f32 = 0.5;
/// Baselines of one run differ by no more than this many type sizes.
const BASELINE_SLACK: f32 = 0.15;
/// Type of one run differs in size by no more than this factor.
const SIZE_SLACK: f32 = 1.25;
/// The same glyph within this many type sizes is a second printing.
const SAME_PLACE: f32 = 0.12;
/// How far letters reach below and above their baseline, in type sizes.
const DESCENT: f32 = 0.22;
const ASCENT: f32 = 0.74;
/// Most directions of text told apart on one page.
const MAX_DIRECTIONS: usize = 24;

/// Text that runs one way, laid out as if it ran to the right.
pub(super) struct Direction {
    /// From the right, counter-clockwise, in degrees.
    pub(super) degrees: i32,
    pub(super) items: Vec<Item>,
}

/// Sorts glyphs into runs; text that runs to the right comes first.
pub(super) fn directions(glyphs: &[Glyph]) -> Vec<Direction> {
    let mut seen = Seen::new();
    let mut groups: BTreeMap<i32, Runs> = BTreeMap::new();
    for glyph in glyphs {
        let degrees = degrees_of(glyph);
        if !groups.contains_key(&degrees) && groups.len() >= MAX_DIRECTIONS {
            continue;
        }
        if is_repeated(&mut seen, glyph, degrees) {
            continue;
        }
        groups.entry(degrees).or_default().add(glyph);
    }
    let mut found: Vec<Direction> = groups
        .into_iter()
        .map(|(degrees, runs)| Direction {
            degrees,
            items: runs.finish(),
        })
        .collect();
    found.sort_by_key(|direction| direction.degrees.abs());
    found
}

fn degrees_of(glyph: &Glyph) -> i32 {
    let (x, y) = glyph.direction;
    let degrees = y.atan2(x).to_degrees().round() as i32;
    if degrees == -180 { 180 } else { degrees }
}

/// The last glyph of each kind in each cell of a grid.
type Seen = HashMap<(u64, i32, i32), (f32, f32)>;

fn is_repeated(seen: &mut Seen, glyph: &Glyph, degrees: i32) -> bool {
    if glyph.text.trim().is_empty() {
        return false;
    }
    let mut hasher = DefaultHasher::new();
    (glyph.text.as_ref(), degrees).hash(&mut hasher);
    let hash = hasher.finish();
    let reach = SAME_PLACE * glyph.size;
    let cell = |at: f32| (at / (2.0 * reach)).floor() as i32;
    let (x, y) = glyph.start;
    let columns = [cell(x - reach), cell(x + reach)];
    let rows = [cell(y - reach), cell(y + reach)];
    let is_near = |known: &(f32, f32)| (known.0 - x).abs() <= reach && (known.1 - y).abs() <= reach;
    let is_known = columns.iter().any(|column| {
        rows.iter()
            .any(|row| seen.get(&(hash, *column, *row)).is_some_and(is_near))
    });
    if !is_known {
        seen.insert((hash, cell(x), cell(y)), (x, y));
    }
    is_known
}

#[derive(Default)]
struct Runs {
    done: Vec<Item>,
    open: Option<Run>,
}

struct Run {
    text: String,
    left: f32,
    right: f32,
    /// The end the next glyph joins on to, and whether the text is drawn towards the left.
    baseline: f32,
    size: f32,
    is_bold: bool,
    is_struck: bool,
    is_leftward: bool,
    is_blank_before_next: bool,
}

impl Runs {
    fn add(&mut self, glyph: &Glyph) {
        let (along_x, along_y) = glyph.direction;
        let turn = |(x, y): (f32, f32)| (x * along_x + y * along_y, y * along_x - x * along_y);
        let (start, baseline) = turn(glyph.start);
        let (end, _) = turn(glyph.end);
        let (left, right) = (start.min(end), start.max(end));
        if glyph.text.trim().is_empty() {
            if let Some(open) = &mut self.open {
                open.is_blank_before_next = true;
            }
            return;
        }
        if let Some(open) = &mut self.open
            && open.takes(glyph, left, right, baseline)
        {
            return;
        }
        self.end_run();
        self.open = Some(Run {
            text: glyph.text.as_ref().to_owned(),
            left,
            right,
            baseline,
            size: glyph.size,
            is_bold: glyph.is_bold,
            is_struck: glyph.is_struck,
            is_leftward: false,
            is_blank_before_next: false,
        });
    }

    fn end_run(&mut self) {
        if let Some(item) = self.open.take().and_then(Run::finish) {
            self.done.push(item);
        }
    }

    fn finish(mut self) -> Vec<Item> {
        self.end_run();
        self.done
    }
}

impl Run {
    /// Takes a glyph in if it goes on where the run ends.
    fn takes(&mut self, glyph: &Glyph, left: f32, right: f32, baseline: f32) -> bool {
        let size = self.size.min(glyph.size);
        let is_alike = self.size.max(glyph.size) <= SIZE_SLACK * size
            && self.is_bold == glyph.is_bold
            && self.is_struck == glyph.is_struck
            && !glyph.is_apart
            && (baseline - self.baseline).abs() <= BASELINE_SLACK * size;
        if !is_alike {
            return false;
        }
        let gap = left - self.right;
        let is_next = (-OVERLAP * size..=RUN_GAP * size).contains(&gap) && !self.is_leftward;
        let back = self.left - right;
        let is_previous = (-0.2 * size..=RUN_GAP * size).contains(&back)
            && glyph.text.chars().all(|c| is_leftward(c) || !c.is_alphanumeric());
        let gap = match (is_next, is_previous) {
            (true, _) => gap,
            (false, true) => {
                self.is_leftward = true;
                back
            }
            (false, false) => return false,
        };
        if self.is_blank_before_next || gap > WORD_GAP * size {
            self.text.push(' ');
        }
        self.is_blank_before_next = false;
        self.text.push_str(&glyph.text);
        self.left = self.left.min(left);
        self.right = self.right.max(right);
        true
    }

    fn finish(self) -> Option<Item> {
        let bottom = self.baseline - DESCENT * self.size;
        let top = self.baseline + ASCENT * self.size;
        let place = Rectangle::new(self.left, bottom, self.right, top)?;
        let text = if self.is_leftward {
            self.text
        } else {
            in_reading_order(self.text)
        };
        Some(Item {
            level: (bottom + top) / 2.0,
            size: self.size.max(1.0),
            content: Content::Text {
                text,
                bold: self.is_bold,
                struck: self.is_struck,
            },
            place,
        })
    }
}

/// Letters of Hebrew, Arabic and their forms, written towards the left.
fn is_leftward(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// Turns text drawn from left to right in the order it looks into the order in which it is read.
fn in_reading_order(text: String) -> String {
    let leftward = text.chars().filter(|c| is_leftward(*c)).count();
    if leftward == 0 || leftward * 2 < text.chars().filter(|c| c.is_alphanumeric()).count() {
        return text;
    }
    let mut turned = String::with_capacity(text.len());
    let mut plain: Vec<char> = Vec::new();
    for c in text.chars().rev() {
        if c.is_alphanumeric() && !is_leftward(c) {
            plain.push(c);
        } else {
            turned.extend(plain.drain(..).rev());
            turned.push(c);
        }
    }
    turned.extend(plain.into_iter().rev());
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyph(text: &str, x: f32, y: f32, width: f32) -> Glyph {
        Glyph {
            text: text.into(),
            start: (x, y),
            end: (x + width, y),
            size: 10.0,
            direction: (1.0, 0.0),
            is_bold: false,
            is_struck: false,
            is_apart: false,
        }
    }

    fn texts(glyphs: &[Glyph]) -> Vec<String> {
        let items = directions(glyphs).into_iter().flat_map(|d| d.items);
        items
            .filter_map(|item| match item.content {
                Content::Text { text, .. } => Some(text),
                Content::Answer(_) | Content::Blank | Content::Tick { .. } => None,
            })
            .collect()
    }

    #[test]
    fn gaps_make_blanks_and_end_runs() {
        let glyphs = [
            glyph("a", 0.0, 0.0, 5.0),
            glyph("b", 5.5, 0.0, 5.0),
            glyph("c", 13.0, 0.0, 5.0),
            glyph(" ", 18.0, 0.0, 3.0),
            glyph("d", 18.0, 0.0, 5.0),
            glyph("e", 40.0, 0.0, 5.0),
            glyph("f", 45.0, -12.0, 5.0),
        ];
        assert_eq!(texts(&glyphs), ["ab c d", "e", "f"]);
    }

    #[test]
    fn text_printed_twice_is_taken_once() {
        let twice = [
            glyph("a", 0.0, 0.0, 5.0),
            glyph("a", 0.4, 0.3, 5.0),
            glyph("l", 5.0, 0.0, 2.2),
            glyph("l", 7.2, 0.0, 2.2),
        ];
        assert_eq!(texts(&twice), ["all"]);
    }

    #[test]
    fn hebrew_reads_from_the_right_however_it_is_drawn() {
        let drawn = [glyph("ב", 0.0, 0.0, 5.0), glyph("א", 5.0, 0.0, 5.0)];
        let written = [glyph("א", 5.0, 0.0, 5.0), glyph("ב", 0.0, 0.0, 5.0)];
        assert_eq!(texts(&drawn), ["אב"]);
        assert_eq!(texts(&written), ["אב"]);
    }
}
