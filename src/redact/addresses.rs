//! Address lists of header fields (RFC 5322 section 3.4), read loosely, kept strictly: what is not one plain
//! address is not kept.

use crate::domain::EmailAddress;

/// Most mailboxes of one field that are read.
const MAX_MAILBOXES: usize = 1_000;

/// A mailbox: what is shown, and the address where it is a plain one.
pub(super) struct Mailbox {
    /// Display name, comments included, unquoted.
    pub(super) display: String,
    /// The address.
    pub(super) address: Option<EmailAddress>,
}

/// The mailboxes of an address field whose encoded words are decoded.
pub(super) fn mailboxes(value: &str) -> Vec<Mailbox> {
    let mut all = Vec::new();
    let (mut display, mut angle) = (String::new(), String::new());
    let (mut quoted, mut escaped, mut in_angle, mut depth) = (false, false, false, 0usize);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        let target = if in_angle { &mut angle } else { &mut display };
        match c {
            _ if escaped => {
                target.push(c);
                escaped = false;
            }
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                // A quoted local part is not a plain address: the quote must show.
                if in_angle || !quoted && chars.peek() == Some(&'@') {
                    target.push('"');
                }
            }
            _ if quoted => target.push(c),
            '(' => {
                depth += 1;
                display.push(' ');
            }
            ')' if depth > 0 => {
                depth -= 1;
                display.push(' ');
            }
            _ if depth > 0 => display.push(c),
            '<' => in_angle = true,
            '>' => in_angle = false,
            ',' | ';' => push(&mut all, &mut display, &mut angle),
            ':' if !in_angle => display.clear(),
            _ => target.push(c),
        }
    }
    push(&mut all, &mut display, &mut angle);
    all.truncate(MAX_MAILBOXES);
    all
}

fn push(all: &mut Vec<Mailbox>, display: &mut String, angle: &mut String) {
    let shown = display.split_whitespace().collect::<Vec<_>>().join(" ");
    let written = std::mem::take(angle);
    display.clear();
    if shown.is_empty() && written.is_empty() {
        return;
    }
    let bare = written.is_empty();
    let address = EmailAddress::parse(if bare { &shown } else { &written });
    let display = if bare && address.is_some() {
        String::new()
    } else {
        shown
    };
    all.push(Mailbox { display, address });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(String, Option<String>)> {
        mailboxes(value)
            .into_iter()
            .map(|m| (m.display, m.address.map(|a| a.expose_address().to_owned())))
            .collect()
    }

    #[test]
    fn names_comments_groups_and_quotes_are_taken_apart() {
        let row = |display: &str, address: &str| (display.to_owned(), Some(address.to_owned()));
        assert_eq!(
            read("\"Foss, Leanne (re x)\" <l.foss@h.example>, b@h.example (Bob), Team: c@h.example;"),
            [
                row("Foss, Leanne (re x)", "l.foss@h.example"),
                ("b@h.example Bob".to_owned(), None),
                row("", "c@h.example")
            ]
        );
    }

    #[test]
    fn a_quoted_local_part_is_no_plain_address() {
        assert!(
            read("\"officer@cjsm.net\"@evil.org")
                .iter()
                .all(|(_, address)| address.is_none())
        );
        assert!(
            read("X <\"a@cjsm.net\"@evil.org>")
                .iter()
                .all(|(_, address)| address.is_none())
        );
    }
}
