//! The report as comma-separated values (RFC 4180): table, row, count.
//!
//! # Security
//! District names come from the configuration. A cell that a spreadsheet would take for a formula gets an
//! apostrophe in front.

use super::suppress::Count;
use super::{Derived, Report, Table, WITHHELD};

/// A spreadsheet takes a cell that begins so for a formula.
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

pub(super) fn csv(report: &Report) -> String {
    let mut out = String::new();
    line(&mut out, "table", "row", "count");
    line(&mut out, "Report", "Month", &report.month.to_string());
    line(
        &mut out,
        "Report",
        "Smallest count printed",
        &report.least.get().to_string(),
    );
    for table in report.tables() {
        counts(&mut out, table);
    }
    line(
        &mut out,
        "Decisions",
        "Acceptance rate (percent of decided)",
        &derived(report.rate),
    );
    let (median, ninetieth) = report.first_look;
    line(
        &mut out,
        "Time to first look",
        "Median (minutes)",
        &derived(median),
    );
    line(
        &mut out,
        "Time to first look",
        "90th percentile (minutes)",
        &derived(ninetieth),
    );
    for month in &report.trend {
        line(
            &mut out,
            "Received by month",
            &month.month.to_string(),
            &number(month.received),
        );
    }
    for month in &report.trend {
        line(
            &mut out,
            "Accepted by month received",
            &month.month.to_string(),
            &number(month.accepted),
        );
    }
    out
}

fn counts(out: &mut String, table: &Table) {
    for (row, count) in &table.rows {
        line(out, table.name, row, &number(*count));
    }
    if let Some(total) = table.total {
        line(out, table.name, "Total", &number(total));
    }
}

fn number(count: Count) -> String {
    match count {
        Count::Shown(count) => count.to_string(),
        Count::Withheld => WITHHELD.to_owned(),
    }
}

fn derived(derived: Derived) -> String {
    match derived {
        Derived::Shown(number) => number.to_string(),
        Derived::Withheld => WITHHELD.to_owned(),
        Derived::OfNothing => String::new(),
    }
}

fn line(out: &mut String, table: &str, row: &str, count: &str) {
    let cells = [table, row, count].map(cell);
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

fn cell(text: &str) -> String {
    let guard = if text.starts_with(FORMULA_STARTS) { "'" } else { "" };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => format!("{guard}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=SUM(A1:A9)"), "'=SUM(A1:A9)");
        assert_eq!(cell("+44"), "'+44");
        assert_eq!(cell("-1"), "'-1");
        assert_eq!(cell("@A1"), "'@A1");
        assert_eq!(cell("\t=1"), "'\t=1");
        assert_eq!(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
        assert_eq!(cell("Anti-social"), "Anti-social");
    }

    #[test]
    fn separators_and_quotes_are_quoted() {
        assert_eq!(cell("Harlow, Epping"), "\"Harlow, Epping\"");
        assert_eq!(cell("The \"Hundred\""), "\"The \"\"Hundred\"\"\"");
        assert_eq!(cell("a\nb"), "\"a\nb\"");
    }
}
