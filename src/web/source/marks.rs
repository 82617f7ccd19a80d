//! Where in a source the quotes of the evidence stand.
//!
//! A quote is its words: white space between them does not matter. Where the same words stand in several places, the place
//! nearest to what else was read of the same person or thing is marked, and the quote says that it is one of several.

use super::blocks::{Line, Lines};
use super::{Look, Mark, Piece, Run};
use crate::domain::Evidence;
use crate::web::draft::Quote;
use std::collections::HashMap;

/// Most quotes that are looked for.
const MAX_MARKED: usize = 400;
/// Most places of one quote that are weighed.
const MAX_PLACES: usize = 200;

/// The visible characters of one part without white space, each with its line and its place among the line's characters.
#[derive(Default)]
struct Compact {
    text: String,
    /// Where in `text` each character begins.
    begins: Vec<usize>,
    at: Vec<(usize, usize)>,
}

/// Characters `first` to `last` of a [`Compact`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Span {
    first: usize,
    last: usize,
}

/// The lines as pieces, with the evidence marked.
pub(super) fn mark(lines: &Lines, evidence: &[Evidence], quotes: &mut [Quote]) -> Vec<Vec<Piece>> {
    let chars: Vec<Vec<(char, Look)>> = lines.0.iter().map(characters).collect();
    let parts = compact(lines, &chars);
    let mut found = Found::default();
    for (number, evidence) in evidence.iter().take(MAX_MARKED).enumerate() {
        if let Some(part) = parts.get(evidence.part.as_str()) {
            found.places.push((number, part.places(&evidence.quote, &chars)));
        }
    }
    let chosen = found.choose(evidence);
    let mut segments: Vec<Vec<Segment>> = lines.0.iter().map(|_| Vec::new()).collect();
    for (part, compact) in &parts {
        let of_part = chosen
            .iter()
            .filter(|(number, ..)| evidence.get(*number).is_some_and(|e| e.part == *part));
        let spans: Vec<(usize, Span)> = of_part.map(|(number, span, _)| (*number, *span)).collect();
        for group in groups(spans) {
            compact.put(&group, &mut segments);
        }
    }
    for (number, _, places) in &chosen {
        if let Some(quote) = quotes.get_mut(*number) {
            quote.places = *places;
        }
    }
    lines
        .0
        .iter()
        .zip(&chars)
        .zip(segments)
        .map(|((_, chars), segments)| pieces(chars, segments, quotes))
        .collect()
}

fn characters(line: &Line) -> Vec<(char, Look)> {
    let runs = line.runs.iter();
    runs.flat_map(|run| run.text.chars().map(|c| (c, run.look)))
        .collect()
}

fn is_visible(c: char, look: Look) -> bool {
    match look {
        Look::Prompt | Look::Hidden => false,
        Look::Plain | Look::Bold | Look::Struck | Look::Ticked | Look::Unticked => !c.is_whitespace(),
    }
}

fn compact<'a>(lines: &'a Lines, chars: &[Vec<(char, Look)>]) -> HashMap<&'a str, Compact> {
    let mut parts: HashMap<&str, Compact> = HashMap::new();
    for (number, (line, chars)) in lines.0.iter().zip(chars).enumerate() {
        for part in &line.parts {
            let part = parts.entry(part.as_str()).or_default();
            for (at, (c, look)) in chars.iter().enumerate() {
                if is_visible(*c, *look) {
                    part.begins.push(part.text.len());
                    part.text.push(*c);
                    part.at.push((number, at));
                }
            }
        }
    }
    parts
}

impl Compact {
    /// Where these words stand, whole words only; places that are all of their lines come alone if there are any.
    fn places(&self, quote: &str, chars: &[Vec<(char, Look)>]) -> Vec<Span> {
        let wanted: String = quote.chars().filter(|c| !c.is_whitespace()).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut places: Vec<Span> = Vec::new();
        for (begin, found) in self.text.match_indices(&wanted).take(MAX_PLACES) {
            let first = self.begins.partition_point(|at| *at < begin);
            let next = self.begins.partition_point(|at| *at < begin + found.len());
            let span = Span {
                first,
                last: next.saturating_sub(1),
            };
            if self.is_whole_words(span, chars) {
                places.push(span);
            }
        }
        let whole = |span: &Span| self.is_whole_lines(*span);
        match places.iter().any(whole) {
            true => places.into_iter().filter(whole).collect(),
            false => places,
        }
    }

    fn is_whole_words(&self, span: Span, chars: &[Vec<(char, Look)>]) -> bool {
        let char_at = |line: usize, at: usize| chars.get(line).and_then(|line| line.get(at)).map(|(c, _)| *c);
        let joins = |one: Option<char>, other: Option<char>| {
            one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
        };
        let before = self.at.get(span.first).is_some_and(|(line, at)| {
            let earlier = at.checked_sub(1).and_then(|at| char_at(*line, at));
            joins(earlier, char_at(*line, *at))
        });
        let after = self.at.get(span.last).is_some_and(|(line, at)| {
            let later = char_at(*line, at.saturating_add(1));
            joins(char_at(*line, *at), later)
        });
        !before && !after
    }

    fn is_whole_lines(&self, span: Span) -> bool {
        let line_of = |at: Option<usize>| at.and_then(|at| self.at.get(at)).map(|(line, _)| *line);
        let begins = line_of(span.first.checked_sub(1)) != line_of(Some(span.first));
        begins && line_of(span.last.checked_add(1)) != line_of(Some(span.last))
    }

    /// Cuts a group into a segment per line.
    fn put(&self, group: &Group, segments: &mut [Vec<Segment>]) {
        let mut quotes = group.quotes.clone();
        let Some(at) = self.at.get(group.span.first..=group.span.last) else {
            return;
        };
        for (line, of_line) in in_lines(at) {
            if let Some(segments) = segments.get_mut(line) {
                segments.push(Segment {
                    from: of_line.0,
                    to: of_line.1,
                    quotes: std::mem::take(&mut quotes),
                    all: group.quotes.clone(),
                });
            }
        }
    }
}

/// Consecutive places of each line: the first and the last.
fn in_lines(at: &[(usize, usize)]) -> Vec<(usize, (usize, usize))> {
    let mut lines: Vec<(usize, (usize, usize))> = Vec::new();
    for (line, place) in at {
        match lines.last_mut() {
            Some((last, (_, to))) if last == line => *to = *place,
            Some(_) | None => lines.push((*line, (*place, *place))),
        }
    }
    lines
}

/// Quotes with every place where they stand.
#[derive(Default)]
struct Found {
    places: Vec<(usize, Vec<Span>)>,
}

impl Found {
    /// One place for each quote, and out of how many.
    fn choose(&self, evidence: &[Evidence]) -> Vec<(usize, Span, usize)> {
        let about = |number: usize| evidence.get(number).map(|e| (e.part.as_str(), subject(&e.path)));
        let mut anchors: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (number, places) in &self.places {
            if let (Some(about), [span]) = (about(*number), places.as_slice()) {
                anchors.entry(about).or_default().push(span.first);
            }
        }
        let mut chosen = Vec::new();
        for (number, places) in &self.places {
            let near = about(*number).and_then(|about| anchors.get(&about));
            let distance = |span: &Span| {
                let near = near.into_iter().flatten();
                near.map(|anchor| distance(*anchor, span.first)).min()
            };
            if let Some(span) = places.iter().min_by_key(|span| distance(span)) {
                chosen.push((*number, *span, places.len()));
            }
        }
        chosen
    }
}

/// From what was read of somebody to a further place. Answers follow the name, so a place before it counts as further away.
fn distance(anchor: usize, place: usize) -> usize {
    const BEFORE: usize = 4;
    match place.checked_sub(anchor) {
        Some(after) => after,
        None => anchor.saturating_sub(place).saturating_mul(BEFORE),
    }
}

/// Whom or what a path is about: `/referral/parties/1` of `/referral/parties/1/name`.
fn subject(path: &str) -> &str {
    const PARTIES: &str = "/parties/";
    let Some(at) = path.find(PARTIES) else {
        return path.rsplit_once('/').map_or(path, |(parent, _)| parent);
    };
    let number = at.saturating_add(PARTIES.len());
    let end = path.get(number..).and_then(|rest| rest.find('/'));
    let end = end.map_or(path.len(), |end| number.saturating_add(end));
    path.get(..end).unwrap_or(path)
}

/// Quotes whose places overlap, with all that they cover.
struct Group {
    span: Span,
    quotes: Vec<usize>,
}

fn groups(mut spans: Vec<(usize, Span)>) -> Vec<Group> {
    spans.sort_by_key(|(number, span)| (span.first, *number));
    let mut groups: Vec<Group> = Vec::new();
    for (number, span) in spans {
        match groups.last_mut() {
            Some(last) if span.first <= last.span.last => {
                last.span.last = last.span.last.max(span.last);
                last.quotes.push(number);
            }
            Some(_) | None => groups.push(Group {
                span,
                quotes: vec![number],
            }),
        }
    }
    groups
}

/// Characters of a line that are marked.
struct Segment {
    from: usize,
    to: usize,
    /// Quotes that begin here.
    quotes: Vec<usize>,
    /// Quotes of the whole group.
    all: Vec<usize>,
}

/// Segments in their order; those that overlap, which only a line of two parts has, are one.
fn in_order(mut segments: Vec<Segment>) -> Vec<Segment> {
    segments.sort_by_key(|segment| segment.from);
    let mut merged: Vec<Segment> = Vec::new();
    for mut segment in segments {
        match merged.last_mut().filter(|last| segment.from <= last.to) {
            Some(last) => {
                last.to = last.to.max(segment.to);
                last.quotes.append(&mut segment.quotes);
                last.all.append(&mut segment.all);
            }
            None => merged.push(segment),
        }
    }
    merged
}

fn pieces(chars: &[(char, Look)], segments: Vec<Segment>, quotes: &[Quote]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut done = 0;
    for segment in in_order(segments) {
        let before = chars.get(done..segment.from).unwrap_or_default();
        out.extend(runs(before).into_iter().map(Piece::Run));
        let end = segment.to.saturating_add(1);
        let mut fields: Vec<(usize, &'static str)> = Vec::new();
        for number in &segment.all {
            let row = quotes.get(*number).and_then(|quote| quote.row);
            if let Some(row) = row.filter(|row| !fields.contains(row)) {
                fields.push(row);
            }
        }
        out.push(Piece::Mark(Mark {
            quotes: segment.quotes.iter().map(|number| number + 1).collect(),
            runs: runs(chars.get(segment.from..end).unwrap_or_default()),
            fields,
        }));
        done = end;
    }
    out.extend(
        runs(chars.get(done..).unwrap_or_default())
            .into_iter()
            .map(Piece::Run),
    );
    out
}

fn runs(chars: &[(char, Look)]) -> Vec<Run> {
    let same = chars.chunk_by(|one, other| one.1 == other.1);
    same.map(|chars| Run {
        text: chars.iter().map(|(c, _)| *c).collect(),
        look: chars.first().map_or(Look::Plain, |(_, look)| *look),
    })
    .collect()
}
