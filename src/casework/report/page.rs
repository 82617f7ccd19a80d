//! The report as HTML: tables, each with its chart beside it.
//!
//! Invariant: well-formed as XML too; every number of a chart stands in a table.

use super::markup::{derived, duration, escape, number, percent};
use super::suppress::Count;
use super::{Derived, Report, Table, WITHHELD, chart};

/// The style of the page, exactly as its one style element holds it.
pub const STYLE: &str = include_str!("page.css");

pub(super) fn document(report: &Report, service: &str) -> String {
    let (title, service) = (escape(&report.title()), escape(service));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title} - {service}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body class=\"report-page\">\n<main>\n<p class=\"report-service\">{service}</p>\n\
         <h1 class=\"report-title\">{title}</h1>\n{}</main>\n</body>\n</html>\n",
        body(report)
    )
}

pub(super) fn body(report: &Report) -> String {
    let mut page = Page::default();
    page.out.push_str("<div class=\"report\">\n");
    page.introduction(report);
    page.heading("Referrals received");
    report.referrals.iter().for_each(|table| page.block(table));
    page.heading("Decisions and first look");
    page.block(&report.decisions);
    page.rate(report);
    page.first_look(report);
    page.heading("Twelve months");
    page.trend(report);
    page.heading("Consent");
    page.paragraph(
        "Whether each person agrees to be contacted, as the referral says. Not stated is not a refusal.",
    );
    report.consent.iter().for_each(|table| page.block(table));
    page.heading("Cases");
    page.block(&report.cases);
    page.block(&report.closed);
    page.block(&report.outcomes);
    page.heading("Mail that refers nobody");
    page.block(&report.other_mail);
    page.about(report);
    page.out.push_str("</div>\n");
    page.out
}

/// The page so far, and the charts so far, for their ids.
#[derive(Default)]
struct Page {
    out: String,
    charts: usize,
}

impl Page {
    fn introduction(&mut self, report: &Report) {
        let figures = [
            ("Referrals received", number(report.received)),
            ("Accepted as a case", number(report.accepted)),
            (
                "Half were first looked at within",
                derived(report.first_look.0, duration),
            ),
            ("Cases open at month end", number(report.open)),
        ];
        self.out.push_str("<dl class=\"report-figures\">\n");
        for (name, figure) in figures {
            self.out.push_str(&format!(
                "<div><dt>{name}</dt><dd>{}</dd></div>\n",
                escape(&figure)
            ));
        }
        self.out.push_str("</dl>\n");
        self.paragraph(&format!(
            "{WITHHELD} stands for a number that is withheld so that nobody can be recognised. It is from 1 to {}, \
             or it would let a reader work out a number that is.",
            report.least.get().saturating_sub(1)
        ));
    }

    fn heading(&mut self, text: &str) {
        self.out.push_str(&format!("<h2>{}</h2>\n", escape(text)));
    }

    fn paragraph(&mut self, text: &str) {
        self.out.push_str(&format!("<p>{}</p>\n", escape(text)));
    }

    /// A table and its chart under a heading of the third level.
    fn block(&mut self, table: &Table) {
        let id = self.next_chart();
        self.open_block(table.name);
        self.out.push_str("<div class=\"report-pair\">\n");
        self.table(table);
        self.out.push_str(&chart::bars(&id, table));
        self.out.push_str("</div>\n</section>\n");
    }

    fn open_block(&mut self, heading: &str) {
        self.out.push_str(&format!(
            "<section class=\"report-block\">\n<h3>{}</h3>\n",
            escape(heading)
        ));
    }

    fn next_chart(&mut self) -> String {
        self.charts += 1;
        format!("report-chart-{}", self.charts)
    }

    fn table(&mut self, table: &Table) {
        self.open_table(&table.caption, "", &["Number"]);
        for (row, count) in &table.rows {
            self.row(row, &[*count]);
        }
        self.out.push_str("</tbody>\n");
        if let Some(total) = table.total {
            self.out.push_str("<tfoot>\n");
            self.row("Total", &[total]);
            self.out.push_str("</tfoot>\n");
        }
        self.out.push_str("</table>\n");
    }

    fn open_table(&mut self, caption: &str, class: &str, columns: &[&str]) {
        let caption = escape(caption);
        self.out.push_str(&format!(
            "<table class=\"{class}\">\n<caption>{caption}</caption>\n<thead><tr><td></td>"
        ));
        for column in columns {
            self.out.push_str(&format!(
                "<th scope=\"col\" class=\"report-number\">{column}</th>"
            ));
        }
        self.out.push_str("</tr></thead>\n<tbody>\n");
    }

    fn row(&mut self, name: &str, counts: &[Count]) {
        let cells: Vec<String> = counts.iter().map(|count| number(*count)).collect();
        self.text_row(name, &cells);
    }

    fn text_row(&mut self, name: &str, cells: &[String]) {
        self.out
            .push_str(&format!("<tr><th scope=\"row\">{}</th>", escape(name)));
        for cell in cells {
            self.out
                .push_str(&format!("<td class=\"report-number\">{}</td>", escape(cell)));
        }
        self.out.push_str("</tr>\n");
    }

    fn rate(&mut self, report: &Report) {
        let sentence = match report.rate {
            Derived::Shown(rate) => {
                format!(
                    "Of the referrals that were decided, {} were accepted as a case.",
                    percent(rate)
                )
            }
            Derived::Withheld => {
                format!("The share that was accepted is withheld ({WITHHELD}): it rests on withheld numbers.")
            }
            Derived::OfNothing => "None was decided yet.".to_owned(),
        };
        self.paragraph(&sentence);
    }

    fn first_look(&mut self, report: &Report) {
        let (median, ninetieth) = report.first_look;
        self.open_block("Time to first look");
        let month = report.month.in_words();
        let caption = format!("Time from arrival to the first look at a referral received in {month}");
        self.open_table(&caption, "report-wide", &["Time"]);
        self.text_row(
            "Half were looked at within (median)",
            &[derived(median, duration)],
        );
        self.text_row(
            "Nine in ten were looked at within (90th percentile)",
            &[derived(ninetieth, duration)],
        );
        self.out.push_str("</tbody>\n</table>\n</section>\n");
        self.paragraph("Nights and weekends count. Referrals that nobody has looked at yet are not in it.");
    }

    fn trend(&mut self, report: &Report) {
        let month = report.month.in_words();
        let caption = format!("Referrals received and accepted, twelve months to {month}");
        let id = self.next_chart();
        self.out.push_str("<section class=\"report-block\">\n");
        self.out.push_str(&chart::columns(&id, &caption, &report.trend));
        self.open_table(&caption, "report-wide", &["Received", "Accepted"]);
        for month in &report.trend {
            self.row(&month.month.in_words(), &[month.received, month.accepted]);
        }
        self.out.push_str("</tbody>\n</table>\n</section>\n");
    }

    fn about(&mut self, report: &Report) {
        let least = report.least.get();
        self.heading("About these figures");
        self.paragraph(&format!(
            "Numbers from 1 to {} are withheld. Where a reader could still work one of them out, from a total or from \
             other numbers, further numbers are withheld too. Zero is printed as 0, except where it would give a \
             withheld number away.",
            least.saturating_sub(1)
        ));
        self.paragraph(
            "A referral is counted in the month in which it arrived, whatever became of it later. A decision is the \
             one that stood when this report was made.",
        );
    }
}
