//! A mail that somebody passes on for its author: a clerk who writes that the officer below refers.
//!
//! Invariant: only where the sender says so, and tells nothing of a case, is the author of the mail below taken for the
//! one who refers; it carries a check.

use super::labels::spoken;
use super::lines::split_breaks;
use super::prose::is_header;
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Block, Document, Inline, MessageHeaders, ReadMessage, inline_text};

/// Header lines below "From:" that make it the head of a mail.
const HEADER_LINES: usize = 2;
/// Longest note above a mail that is passed on, in words.
const MAX_NOTE_WORDS: usize = 80;

/// The message as its author wrote it, where the sender says that the author refers.
pub(super) fn as_authored(message: &ReadMessage) -> Option<ReadMessage> {
    message.bodies.iter().enumerate().find_map(|(at, body)| {
        let (note, author, blocks) = cut(body)?;
        if !passes_on(&note) {
            return None;
        }
        let mut bodies = message.bodies.clone();
        bodies.get_mut(at)?.blocks = blocks;
        Some(ReadMessage {
            bodies,
            headers: MessageHeaders {
                from_name: Some(author.name),
                from_address: author.address,
                ..message.headers.clone()
            },
            ..message.clone()
        })
    })
}

struct Author {
    name: String,
    address: Option<String>,
}

/// What stands above the head of an earlier mail, its author, and what stands below.
fn cut(body: &Document) -> Option<(String, Author, Vec<Block>)> {
    let mut note = String::new();
    for (at, block) in body.blocks.iter().enumerate() {
        let Block::Paragraph { text, page } = block else {
            note.push_str(&text_of(block));
            continue;
        };
        let lines = split_breaks(text);
        let is_head = |at: usize| {
            let below = lines.get(at + 1..).unwrap_or_default();
            let heads = below
                .iter()
                .take_while(|line| is_header(inline_text(line).trim()));
            inline_text(lines.get(at).map_or(&[], Vec::as_slice))
                .trim()
                .starts_with("From:")
                && heads.count() >= HEADER_LINES
        };
        let Some(head) = (0..lines.len()).find(|at| is_head(*at)) else {
            note.push_str(&inline_text(text));
            note.push('\n');
            continue;
        };
        for line in lines.get(..head)? {
            note.push_str(&inline_text(line));
            note.push('\n');
        }
        let author = author(&inline_text(lines.get(head)?))?;
        let told = lines
            .get(head..)?
            .iter()
            .skip_while(|line| is_header(inline_text(line).trim()));
        let told: Vec<Vec<Inline>> = told.cloned().collect();
        let mut blocks = Vec::new();
        if !told.is_empty() {
            blocks.push(Block::Paragraph {
                text: told.join(&Inline::Break),
                page: *page,
            });
        }
        blocks.extend(body.blocks.get(at + 1..).unwrap_or_default().iter().cloned());
        return Some((note, author, blocks));
    }
    None
}

fn text_of(block: &Block) -> String {
    match block {
        Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
            format!("{}\n", inline_text(text))
        }
        Block::Definition { .. } | Block::Table(_) | Block::Rule | Block::Quote(_) => String::new(),
    }
}

/// `From: Lee, Ann 3358 <ann.lee@example.org>`.
fn author(line: &str) -> Option<Author> {
    let (_, written) = line.split_once(':')?;
    let name = written
        .split(['<', '[', '('])
        .next()
        .unwrap_or_default()
        .trim()
        .trim_matches('"');
    let address = identifiers::find(written)
        .into_iter()
        .find(|found| found.kind == IdentifierKind::Email)
        .map(|found| found.normal);
    name.chars().any(char::is_alphabetic).then(|| Author {
        name: name.to_owned(),
        address,
    })
}

/// "Forwarding on behalf of PC Lee", "please treat the below as her referral and reply to her".
fn passes_on(note: &str) -> bool {
    const PASSED: [&str; 9] = [
        "forward",
        "forwarding",
        "forwarded",
        "pass",
        "passing",
        "passed",
        "sending",
        "below",
        "behalf",
    ];
    const SAYS: [&str; 22] = [
        "on behalf of",
        "on his behalf",
        "on her behalf",
        "on their behalf",
        "his referral",
        "her referral",
        "their referral",
        "reply to him",
        "reply to her",
        "reply to them",
        "respond to him",
        "respond to her",
        "contact him directly",
        "contact her directly",
        "and not me",
        "not to me",
        "is the referrer",
        "is referring",
        "is making the referral",
        "made the referral",
        "the referring officer",
        "passing this on for",
    ];
    let said = format!(" {} ", spoken(note));
    let tells = identifiers::find(note).iter().any(|found| {
        matches!(
            found.kind,
            IdentifierKind::Postcode
                | IdentifierKind::CrimeNumber
                | IdentifierKind::PncId
                | IdentifierKind::Crn
                | IdentifierKind::PrisonNumber
        )
    });
    !tells
        && said.split_whitespace().count() <= MAX_NOTE_WORDS
        && said.split(' ').any(|word| PASSED.contains(&word))
        && SAYS.iter().any(|words| said.contains(&format!(" {words} ")))
}
