//! What a printer, mail program or website put around the form: footers, page numbers, addresses of machines.
//!
//! Invariant: only whole lines and whole answers are furniture, never a piece of one.

use crate::domain::identifiers::{self, IdentifierKind};
use crate::forms::lines::{Element, Line};
use crate::forms::values::Answer;
use std::collections::{HashMap, HashSet};

/// Fewest and most words of a line that says who printed the form.
const MIN_IMPRINT_WORDS: usize = 4;
const MAX_IMPRINT_WORDS: usize = 16;

/// The first or last line of a printed page that ends in its number: `Printed 01/02/2026 Page 1 of 2`.
pub(super) fn is_page_furniture(
    line: &Line,
    all: &[Element<'_>],
    at: usize,
    repeated: &HashSet<String>,
) -> bool {
    let Some(page) = line.page else { return false };
    let same_page = |element: Option<&Element<'_>>| match element {
        Some(Element::Line(other)) => other.page == Some(page),
        Some(Element::Table(table)) => table.page == Some(page),
        Some(Element::Pair(..) | Element::Rule) => true,
        None => false,
    };
    let inside =
        same_page(all.get(at + 1)) && same_page(at.checked_sub(1).and_then(|before| all.get(before)));
    let text = line.text();
    let is_printed = text.to_lowercase().contains("printed ") && text.chars().any(|c| c.is_ascii_digit());
    !inside && (is_printed || ends_in_page_number(&text) || repeated.contains(&text))
}

/// The last line of a file that only names who printed it: "Brindlecombe City Council  Tenancy and Estates  MR/3".
pub(super) fn is_imprint(line: &Line, all: &[Element<'_>], at: usize) -> bool {
    const PRINTERS: [&str; 16] = [
        "service",
        "services",
        "council",
        "constabulary",
        "police",
        "trust",
        "association",
        "team",
        "hub",
        "form",
        "probation",
        "college",
        "school",
        "academy",
        "homes",
        "housing",
    ];
    let text = line.text();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_last = at + 1 == all.len();
    let is_title = words.iter().all(|word| {
        !word.starts_with(char::is_lowercase)
            || matches!(
                *word,
                "of" | "and" | "the" | "for" | "form" | "in" | "-" | "reviewed"
            )
    });
    let names_printer = words
        .iter()
        .any(|word| PRINTERS.contains(&word.to_lowercase().as_str()));
    is_last
        && is_title
        && names_printer
        && (MIN_IMPRINT_WORDS..=MAX_IMPRINT_WORDS).contains(&words.len())
        && !text.contains([',', ':', '?', '@', '☐', '☒'])
        && !text.ends_with('.')
}

fn ends_in_page_number(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let number = |word: &str| (1..=4).contains(&word.len()) && word.chars().all(|c| c.is_ascii_digit());
    match words.as_slice() {
        [.., "page", a, "of", b] => number(a) && number(b),
        ["page", a] => number(a),
        _ => false,
    }
}

/// An address of a machine or page, which websites put under their forms as "IP" and "Referrer".
pub(super) fn is_machines(answer: &Answer) -> bool {
    let text = answer.quote();
    if text.starts_with("https://") || text.starts_with("http://") {
        return !text.contains(' ');
    }
    [IdentifierKind::IpAddress, IdentifierKind::Url]
        .into_iter()
        .any(|kind| identifiers::whole(text.trim(), kind).is_some())
}

/// Where a mail's or website's own footer starts.
pub(super) fn is_footer(text: &str) -> bool {
    let lower = text.to_lowercase();
    text == "--"
        || [
            "this e-mail was sent from a contact form",
            "this email was sent from a contact form",
            "this mail is sent via contact form",
            "this e-mail was generated",
            "this email was generated",
            "this message was generated",
            "sent by an unverified visitor",
            "sent by a verified visitor",
            "you cannot reply to this email",
            "this message was sent by a flow",
            "ip address:",
            "remote ip:",
            "user agent:",
            "source url:",
            "page url:",
        ]
        .iter()
        .any(|start| lower.starts_with(start))
}

/// Lines that stand on more than one page.
pub(super) fn repeated(all: &[Element<'_>]) -> HashSet<String> {
    let mut first: HashMap<String, u32> = HashMap::new();
    let mut out = HashSet::new();
    for element in all {
        if let Element::Line(line) = element
            && let Some(page) = line.page
        {
            let text = line.text();
            match first.get(&text) {
                Some(other) if *other != page => {
                    out.insert(text);
                }
                Some(_) => {}
                None => {
                    first.insert(text, page);
                }
            }
        }
    }
    out
}
