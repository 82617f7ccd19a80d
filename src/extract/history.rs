//! Telling the message from the mails quoted below it.

use super::inline::is_visible;
use crate::domain::{Block, Inline, inline_text};

/// Blocks looked at for the fields of an earlier mail's header.
const HEADER_BLOCKS: usize = 8;

/// What the subject says about an earlier mail below the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// `FW:`: the mail below is what the sender wants read.
    Forward,
    /// Anything else: it is only history.
    Reply,
}

impl Intent {
    /// Reads a subject; tags in brackets (`[CJSM]`) may stand before the mark.
    pub(super) fn of_subject(subject: &str) -> Self {
        let mut rest = subject.trim_start();
        while let Some((_, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            rest = after.trim_start();
        }
        let mark = rest.split_once(':').map_or("", |(mark, _)| mark.trim());
        let is_forward = ["fw", "fwd"].iter().any(|known| mark.eq_ignore_ascii_case(known));
        if is_forward { Self::Forward } else { Self::Reply }
    }
}

/// Puts the earlier mails below a message into one [`Block::Quote`]. A message that *begins* with such a
/// header (a plain forward) stays readable, and so does one that is nothing but a quotation. Of a mail
/// that says it is a forward, the first earlier mail stays readable.
pub(super) fn settle(mut blocks: Vec<Block>, intent: Intent) -> Vec<Block> {
    if !blocks.iter().any(has_own_text) {
        return unwrap_quotes(blocks);
    }
    take_attributions(&mut blocks);
    let Some(start) = history_start(&blocks, intent) else {
        return blocks;
    };
    let older = blocks.split_off(start);
    blocks.push(Block::Quote(older));
    blocks
}

/// "On Tuesday, A wrote:" belongs to the quotation below it.
fn take_attributions(blocks: &mut Vec<Block>) {
    for at in 1..blocks.len() {
        let (before, rest) = blocks.split_at_mut(at);
        if let (Some(last), Some(Block::Quote(inner))) = (before.last_mut(), rest.first_mut())
            && is_attribution(last)
        {
            inner.insert(0, std::mem::replace(last, Block::Quote(Vec::new())));
        }
    }
    blocks.retain(|block| !matches!(block, Block::Quote(inner) if inner.is_empty()));
}

fn is_attribution(block: &Block) -> bool {
    match block {
        Block::Paragraph { text, .. } => {
            let text = inline_text(text);
            text.starts_with("On ") && text.ends_with("wrote:")
        }
        Block::Heading { .. }
        | Block::ListItem { .. }
        | Block::Definition { .. }
        | Block::Table(_)
        | Block::Rule
        | Block::Quote(_) => false,
    }
}

fn has_own_text(block: &Block) -> bool {
    match block {
        Block::Quote(_) | Block::Rule => false,
        Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
            is_visible(text)
        }
        Block::Definition { .. } | Block::Table(_) => true,
    }
}

fn unwrap_quotes(blocks: Vec<Block>) -> Vec<Block> {
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Block::Quote(inner) => out.extend(inner),
            Block::Heading { .. }
            | Block::Paragraph { .. }
            | Block::ListItem { .. }
            | Block::Definition { .. }
            | Block::Table(_)
            | Block::Rule => out.push(block),
        }
    }
    out
}

/// Where the history begins: a header of an earlier mail, or the line that announces one.
fn history_start(blocks: &[Block], intent: Intent) -> Option<usize> {
    let mut own_text = false;
    for (at, block) in blocks.iter().enumerate() {
        let first = first_line(block).unwrap_or_default();
        if own_text && intent == Intent::Reply {
            if is_original_mark(&first) {
                return Some(at);
            }
            if is_header(&blocks[at..]) {
                // The rule above it belongs to it.
                let after_rule = at.checked_sub(1).filter(|i| matches!(blocks[*i], Block::Rule));
                return Some(after_rule.unwrap_or(at));
            }
        }
        own_text |= has_own_text(block) && !is_original_mark(&first);
        // A forward's own mark: what follows is what the sender wants read.
        let may_be_forward = !own_text || intent == Intent::Forward;
        if is_forward_mark(&first) || may_be_forward && is_header(&blocks[at..]) {
            return later_history(blocks, at + 1);
        }
    }
    None
}

/// In a forward: the first header that is not the forwarded mail's own.
fn later_history(blocks: &[Block], from: usize) -> Option<usize> {
    let mut own_header_seen = is_header(&blocks[from - 1..]);
    let mut at = from;
    while at < blocks.len() {
        let first = first_line(&blocks[at]).unwrap_or_default();
        if is_header(&blocks[at..]) || is_original_mark(&first) {
            if own_header_seen {
                return Some(at);
            }
            own_header_seen = true;
        }
        at += 1;
    }
    None
}

fn first_line(block: &Block) -> Option<String> {
    match block {
        Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
            let until_break: Vec<Inline> = text
                .iter()
                .take_while(|piece| !matches!(piece, Inline::Break))
                .cloned()
                .collect();
            Some(inline_text(&until_break).trim().to_owned())
        }
        Block::Definition { .. } | Block::Table(_) | Block::Rule | Block::Quote(_) => None,
    }
}

pub(super) fn is_original_mark(line: &str) -> bool {
    let inner = line.trim_matches(['-', '_', ' ']);
    line.starts_with("--") && inner.eq_ignore_ascii_case("original message")
}

pub(super) fn is_forward_mark(line: &str) -> bool {
    let inner = line.trim_matches(['-', '_', ' ', ':']);
    line.starts_with("--") && inner.eq_ignore_ascii_case("forwarded message")
        || inner.eq_ignore_ascii_case("begin forwarded message")
}

/// An earlier mail's header: From, then Sent or Date, and To or Subject, within a few lines.
/// `From:` and `Subject:` alone are what a website form writes.
fn is_header(blocks: &[Block]) -> bool {
    let starts_with_from = blocks
        .first()
        .and_then(first_line)
        .is_some_and(|line| label(&line) == Some("from"));
    if !starts_with_from {
        return false;
    }
    let (mut dated, mut addressed) = (false, false);
    for block in blocks.iter().take(HEADER_BLOCKS) {
        let Block::Paragraph { text, .. } = block else {
            break;
        };
        for line in inline_text(text).lines().take(HEADER_BLOCKS) {
            match label(line) {
                Some("sent" | "date") => dated = true,
                Some("to" | "subject") => addressed = true,
                Some(_) | None => {}
            }
        }
        if dated && addressed {
            return true;
        }
    }
    false
}

/// A `From:` line with a `Sent:` or `Date:` line soon after it: such a header ends the paragraph before it.
pub(super) fn begins_header(lines: &[&str]) -> bool {
    const LINES: usize = 4;
    let mut labels = lines.iter().take(LINES).map(|line| label(line));
    labels.next() == Some(Some("from")) && labels.any(|label| matches!(label, Some("sent" | "date")))
}

/// The field that a line of such a header names.
fn label(line: &str) -> Option<&'static str> {
    let line = line.trim_start_matches(['*', ' ', '\u{a0}']);
    let (name, _) = line.split_once(':')?;
    let name = name.trim_matches(['*', ' ', '\u{a0}']);
    ["from", "sent", "date", "to", "cc", "subject"]
        .into_iter()
        .find(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::super::outline::outline;
    use super::super::text::{Folding, blocks};
    use super::*;
    use crate::extract::ReadLimits;

    fn read(text: &str) -> String {
        let found = blocks(text, Folding::Fixed, &mut Budget::new(&ReadLimits::default()));
        outline(&settle(found, Intent::Reply))
    }

    const EARLIER: &str = "From: A <a@example.org>\nSent: 1 May 2026 10:00\nTo: B\nSubject: C\n\nold text";

    #[test]
    fn an_earlier_mail_below_other_text_is_history() {
        let found = read(&format!("Thanks.\n\n________________________________\n{EARLIER}"));
        assert!(found.starts_with("P Thanks.\nQ[-\nP From: A"), "{found}");
        let found = read(&format!("Thanks.\n\n-----Original Message-----\n{EARLIER}"));
        assert!(found.starts_with("P Thanks.\nQ[P -----Original"), "{found}");
    }

    #[test]
    fn a_message_that_begins_with_a_header_stays_readable() {
        for text in [
            EARLIER.to_owned(),
            format!("-----Original Message-----\n{EARLIER}"),
            format!("See below.\n\n---------- Forwarded message ---------\n{EARLIER}"),
        ] {
            assert!(!read(&text).contains("Q["), "{}", read(&text));
        }
        assert!(!read("From: Jo jo@example.org\nSubject: Help\n\nMessage Body:\nhello").contains("Q["));
    }

    #[test]
    fn the_mail_below_a_declared_forward_stays_readable() {
        for (subject, quoted) in [
            ("[CJSM] FW: x", false),
            ("Fwd: x", false),
            ("RE: FW: x", true),
            ("x", true),
        ] {
            let text = format!("Please see below.\n\n{EARLIER}");
            let found = blocks(&text, Folding::Fixed, &mut Budget::new(&ReadLimits::default()));
            let found = outline(&settle(found, Intent::of_subject(subject)));
            assert_eq!(found.contains("Q["), quoted, "{subject}: {found}");
        }
    }

    #[test]
    fn only_the_mail_below_a_forwarded_one_is_history() {
        let found = read(&format!("{EARLIER}\n\n{EARLIER}"));
        assert!(
            found.starts_with("P From: A") && found.contains("P old text\nQ[P From"),
            "{found}"
        );
    }

    #[test]
    fn a_message_of_quoted_lines_only_stays_readable() {
        assert_eq!(read("> Name: Jo\n> Phone: none"), "P Name: Jo|Phone: none\n");
    }
}
