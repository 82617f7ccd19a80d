//! Charts as inline SVG.
//!
//! Invariant: a chart shows no more than its table. A withheld bar is hatched and has the same length everywhere,
//! and only printed numbers set the scale.

use super::markup::{escape, grouped, number};
use super::suppress::Count;
use super::{Table, TrendMonth, WITHHELD};
use std::fmt::Display;

/// Text: 19:1 on white.
const INK: &str = "#0b0c0c";
/// First series: 11:1 on white.
const BLUE: &str = "#12436d";
/// Second series: 3.1:1 on white, told from the first by its lightness too.
const TEAL: &str = "#28a197";
/// Most characters of a label beside a bar; the table has the whole of it.
const LABEL: usize = 28;
/// Length of every withheld bar.
const HATCHED: u64 = 48;

/// One bar for each row.
pub(super) fn bars(id: &str, table: &Table) -> String {
    const WIDTH: u64 = 520;
    const ROW: u64 = 30;
    const LEFT: u64 = 220;
    const LONGEST: u64 = 240;
    let most = largest(table.rows.iter().map(|(_, count)| *count));
    let height = ROW * u64::try_from(table.rows.len()).unwrap_or_default();
    let mut out = open(id, WIDTH, height, &table.caption, &describe(table));
    for (at, (row, count)) in (0..).zip(&table.rows) {
        let (top, line): (u64, u64) = (at * ROW + 5, at * ROW + 20);
        text(&mut out, LEFT - 10, line, "end", &shortened(row));
        let length = match count {
            Count::Shown(count) => scaled(*count, most, LONGEST),
            Count::Withheld => HATCHED,
        };
        rect(&mut out, [LEFT, top, length, ROW - 10], &fill(id, *count, BLUE));
        text(&mut out, LEFT + length + 8, line, "start", &number(*count));
    }
    let axis = format!("<path d=\"M{LEFT} 0V{height}\" stroke=\"{INK}\" stroke-width=\"1\"/></svg>\n");
    out.push_str(&axis);
    out
}

/// Two columns for each month: received and accepted.
pub(super) fn columns(id: &str, caption: &str, months: &[TrendMonth]) -> String {
    const WIDTH: u64 = 960;
    const TOP: u64 = 50;
    const TALLEST: u64 = 210;
    const BASE: u64 = TOP + TALLEST;
    const STEP: u64 = 80;
    const COLUMN: u64 = 32;
    let most = largest(months.iter().flat_map(|month| [month.received, month.accepted]));
    let mut out = open(id, WIDTH, BASE + 50, caption, &describe_trend(months));
    for (left, fill, name) in [(0, BLUE, "Received"), (120, TEAL, "Accepted as a case")] {
        rect(&mut out, [left, 4, 16, 16], fill);
        text(&mut out, left + 24, 17, "start", name);
    }
    rect(&mut out, [310, 4, 16, 16], &format!("url(#{id}-hatch)"));
    text(
        &mut out,
        334,
        17,
        "start",
        &format!("{WITHHELD} withheld, its height says nothing"),
    );
    for (at, month) in (0..).zip(months) {
        let left: u64 = at * STEP + 6;
        for (left, count, colour) in [
            (left, month.received, BLUE),
            (left + COLUMN + 2, month.accepted, TEAL),
        ] {
            let height = match count {
                Count::Shown(count) => scaled(count, most, TALLEST),
                Count::Withheld => HATCHED,
            };
            rect(
                &mut out,
                [left, BASE - height, COLUMN, height],
                &fill(id, count, colour),
            );
            text(
                &mut out,
                left + COLUMN / 2,
                BASE - height - 6,
                "middle",
                &number(count),
            );
        }
        let middle = left + COLUMN + 1;
        text(&mut out, middle, BASE + 20, "middle", month.month.short_name());
        text(
            &mut out,
            middle,
            BASE + 38,
            "middle",
            &month.month.year().to_string(),
        );
    }
    let axis = format!("<path d=\"M0 {BASE}H{WIDTH}\" stroke=\"{INK}\" stroke-width=\"1\"/></svg>\n");
    out.push_str(&axis);
    out
}

fn open(id: &str, width: u64, height: u64, title: &str, description: &str) -> String {
    format!(
        "<svg class=\"report-chart\" role=\"img\" aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-desc\" \
         viewBox=\"0 0 {width} {height}\" font-size=\"15\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n\
         <defs><pattern id=\"{id}-hatch\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><path d=\"M0 0H8V8H0Z\" fill=\"#ffffff\"/>\
         <path d=\"M0 0V8\" stroke=\"{INK}\" stroke-width=\"5\"/></pattern></defs>\n",
        escape(&format!("Chart: {title}")),
        escape(description),
    )
}

fn text(out: &mut String, x: u64, y: u64, anchor: &str, text: &str) {
    let text = escape(text);
    out.push_str(&format!(
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{INK}\">{text}</text>\n"
    ));
}

fn rect(out: &mut String, [x, y, width, height]: [u64; 4], fill: &str) {
    if width > 0 && height > 0 {
        out.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>\n"
        ));
    }
}

fn fill(id: &str, count: Count, colour: &str) -> String {
    match count {
        Count::Shown(_) => colour.to_owned(),
        Count::Withheld => format!("url(#{id}-hatch)"),
    }
}

/// The largest printed number.
fn largest(counts: impl Iterator<Item = Count>) -> u64 {
    let shown = counts.map(|count| match count {
        Count::Shown(count) => count,
        Count::Withheld => 0,
    });
    shown.max().unwrap_or_default()
}

/// `count` as a length, `most` being `longest`; something can always be seen of what is not zero.
fn scaled(count: u64, most: u64, longest: u64) -> u64 {
    let length = u128::from(count) * u128::from(longest) / u128::from(most.max(1));
    u64::try_from(length).unwrap_or(longest).max(count.min(1))
}

fn shortened(label: &str) -> String {
    match label.chars().count() > LABEL {
        true => label.chars().take(LABEL - 1).chain(['…']).collect(),
        false => label.to_owned(),
    }
}

fn describe(table: &Table) -> String {
    let rows = table
        .rows
        .iter()
        .map(|(row, count)| format!("{row}: {}", spoken(*count)));
    let rows: Vec<String> = rows.collect();
    format!("Bars, one for each row of the table. {}.", rows.join("; "))
}

fn describe_trend(months: &[TrendMonth]) -> String {
    let months = months.iter().map(|month| {
        let (received, accepted) = (spoken(month.received), spoken(month.accepted));
        format!(
            "{}: received {received}, accepted {accepted}",
            month.month.in_words()
        )
    });
    let months: Vec<String> = months.collect();
    format!("Two columns for each month. {}.", months.join("; "))
}

fn spoken(count: Count) -> impl Display {
    match count {
        Count::Shown(count) => grouped(count),
        Count::Withheld => "withheld".to_owned(),
    }
}
