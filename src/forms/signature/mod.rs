//! The covering mail: what its writer says, and the signature below it.
//!
//! A signature is found by the writer's own name: the line that holds the words of the display name and
//! little else. What stands around it (job title, agency, telephone) is told by the agency book's words.

mod who;

pub(super) use who::{display_words, holds_name, holds_short_name, is_of_a_person, is_post, stranger_at};

use super::agencies::AgencyBook;
use super::draft::{Notes, Place};
use super::labels::tokens;
use super::referrer::first;
use crate::domain::identifiers::IdentifierKind;
use crate::domain::{MessageHeaders, Referrer, names};
use who::{adds_given_name, begins_at, is_plain_name, is_strangers, strip_pronouns};

/// Lines below the name that belong to a signature.
const SIGNATURE_LINES: usize = 8;
/// Longest line of a signature, in bytes.
const LONGEST_LINE: usize = 160;
/// Words of a signature line beyond which it is a sentence.
const MAX_PIECE_WORDS: usize = 10;

/// Reads the signature. Fills only what is still empty.
pub(super) fn fill(
    referrer: &mut Referrer,
    notes: &mut Notes,
    lines: &[String],
    headers: &MessageHeaders,
    book: &AgencyBook,
    place: &Place,
) {
    let words = display_words(headers);
    let owned = headers
        .from_address
        .as_deref()
        .and_then(|a| a.rsplit_once('@'))
        .and_then(|(_, domain)| book.of_domain(&domain.to_ascii_lowercase()));
    let at = begins_at(lines, &words);
    let stranger = at.filter(|at| lines.get(*at).is_some_and(|line| is_strangers(line, &words)));
    let mut set = |slot: &mut Option<String>, path: &str, value: String, quote: &str| {
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value);
            notes.read(path, place, quote);
        }
    };
    if let Some(at) = at {
        let block: Vec<&String> = lines
            .iter()
            .skip(at)
            .take(SIGNATURE_LINES)
            .take_while(|l| !is_disclaimer(l))
            .collect();
        let mut agencies: Vec<(String, String)> = Vec::new();
        for (offset, line) in block.iter().enumerate() {
            for piece in pieces(line) {
                let own_name = offset == 0
                    && (holds_name(&piece, &words)
                        || adds_given_name(&piece, &words)
                        || stranger.is_some() && is_plain_name(&piece));
                if offset == 0 && !own_name && holds_short_name(&piece, &words) {
                    // "PC Fielding 3301": the rank is the post, the name is in the From field
                    let rank = names::read(piece.trim()).and_then(|read| read.rank);
                    set(
                        &mut referrer.role,
                        "/referrer/role",
                        rank.unwrap_or_default(),
                        line,
                    );
                    continue;
                }
                if own_name {
                    if let Some((name, rank)) = signed_name(&piece, &words, stranger.is_some()) {
                        set(&mut referrer.name, "/referrer/name", name, line);
                        set(&mut referrer.role, "/referrer/role", rank, line);
                    }
                    continue;
                }
                let short = piece.split_whitespace().count() <= MAX_PIECE_WORDS;
                if let Some(phone) = first(&piece, IdentifierKind::Phone) {
                    set(&mut referrer.phone, "/referrer/phone", phone, line);
                    let before = before_phone(&piece);
                    if book.kind_of_name(&before).is_some() && !book.is_role(&before) {
                        agencies.push((before, (*line).clone()));
                    }
                } else if !short || piece.contains('@') || piece.contains("www.") {
                    // prose, or an address that is taken from the From field
                } else if book.is_role(&piece) && referrer.role.is_none() {
                    set(&mut referrer.role, "/referrer/role", role_only(&piece), line);
                } else if book.kind_of_name(&piece).is_some()
                    && !book.is_role(&piece)
                    && !ends_a_sentence(&piece)
                {
                    let name = piece.strip_prefix("The ").unwrap_or(&piece);
                    agencies.push((name.to_owned(), (*line).clone()));
                }
            }
        }
        let chosen = chosen(&agencies, owned, book);
        if let Some((name, line)) = chosen {
            set(&mut referrer.agency, "/referrer/agency", name.clone(), line);
        }
    }
    // A shared scanner or front desk sent it: the address below the writer's own name is theirs.
    if let Some(at) = stranger {
        let own = lines.iter().skip(at).take(SIGNATURE_LINES);
        if let Some((line, email)) = own
            .filter_map(|line| Some((line, first(line, IdentifierKind::Email)?)))
            .next()
        {
            set(&mut referrer.email, "/referrer/email", email, line);
        }
    }
    sent_from(referrer, notes, headers, place);
    if stranger.is_some() && referrer.name.is_some() {
        notes.doubt(
            "/referrer/name",
            "read_from_signature",
            "the name below the mail, which was sent under another",
        );
    }
}

/// The address that the mail was sent from, unless a program sent it or another one is known.
pub(super) fn sent_from(referrer: &mut Referrer, notes: &mut Notes, headers: &MessageHeaders, place: &Place) {
    let address = headers
        .from_address
        .as_deref()
        .filter(|address| !is_machine(address));
    let Some(address) = address.filter(|_| referrer.email.is_none()) else {
        return;
    };
    let address = address.strip_suffix(".cjsm.net").unwrap_or(address);
    let name = headers.from_name.as_deref().unwrap_or_default();
    referrer.email = Some(address.to_owned());
    notes.read("/referrer/email", place, &format!("From: {name} <{address}>"));
}

/// The name of a signature and the rank before it, both perhaps empty.
fn signed_name(piece: &str, words: &[String], is_stranger: bool) -> Option<(String, String)> {
    let bare = strip_pronouns(piece);
    let bare = bare.trim();
    let read = names::read(bare.strip_prefix("The ").unwrap_or(bare))?;
    let kept: Vec<&str> = read
        .name
        .split(' ')
        .filter(|w| {
            words.contains(&w.to_lowercase())
                || is_stranger
                || w.chars().next().is_some_and(char::is_uppercase)
        })
        .filter(|w| !is_letters_after_name(w))
        .collect();
    Some((kept.join(" "), read.rank.unwrap_or_default()))
}

/// The agency of several lines: the one that owns the domain, else the last of its kind, else the last.
fn chosen<'a>(
    agencies: &'a [(String, String)],
    owned: Option<(&str, crate::domain::AgencyKind)>,
    book: &AgencyBook,
) -> Option<&'a (String, String)> {
    let is_owner = |name: &str| owned.is_some_and(|(owner, _)| tokens(owner) == tokens(name));
    let is_of_kind = |name: &str| owned.is_none_or(|(_, kind)| book.kind_of_name(name) == Some(kind));
    agencies
        .iter()
        .find(|(name, _)| is_owner(name))
        .or_else(|| agencies.iter().rev().find(|(name, _)| is_of_kind(name)))
        .or_else(|| agencies.last())
}

/// "Dorset Police 01632 960333": what stands before the number.
fn before_phone(piece: &str) -> String {
    let before = piece
        .split(|c: char| c.is_ascii_digit() || c == '+' || c == '(')
        .next();
    let words = before.unwrap_or_default().split_whitespace();
    let kept: Vec<&str> = words
        .filter(|w| {
            !["tel", "t", "phone", "telephone", "mob", "mobile"]
                .contains(&w.trim_end_matches([':', '.']).to_lowercase().as_str())
        })
        .collect();
    kept.join(" ")
}

/// An address that programs send from: nobody who refers reads it.
fn is_machine(address: &str) -> bool {
    const MACHINES: [&str; 10] = [
        "no-reply",
        "noreply",
        "do-not-reply",
        "donotreply",
        "notifications",
        "notification",
        "website",
        "wordpress",
        "webform",
        "mailer",
    ];
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    MACHINES.contains(&local.as_str())
}

fn is_letters_after_name(word: &str) -> bool {
    word.len() >= 3
        && word.chars().filter(|c| c.is_uppercase()).count() >= 2
        && !word.contains('-')
        && !word.contains('\'')
        && !word.starts_with("Mc")
        && !word.starts_with("Mac")
}

/// A signature line cut at its separators.
pub(super) fn pieces(line: &str) -> Vec<String> {
    let spaced = line
        .replace(" – ", "|")
        .replace(" - ", "|")
        .replace(" — ", "|")
        .replace(" • ", "|");
    spaced
        .split(['|', ',', '\t', '·'])
        .map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|p| p.chars().any(char::is_alphanumeric))
        .collect()
}

/// A title without the number behind it: `Police Constable 1187`.
fn role_only(piece: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in piece.split_whitespace() {
        let is_number = word.chars().all(|c| c.is_ascii_digit());
        let is_counted = words.last().is_some_and(|before| {
            ["year", "band", "level", "grade", "key", "stage"].contains(&before.to_lowercase().as_str())
        });
        if !is_number || is_counted {
            words.push(word);
        }
    }
    words.join(" ").trim_end_matches("(POM)").trim().to_owned()
}

fn ends_a_sentence(piece: &str) -> bool {
    piece.ends_with('.') || piece.contains(". ")
}

/// What stands below a signature: boilerplate, or a line too long to be part of one.
pub(super) fn is_disclaimer(line: &str) -> bool {
    is_boilerplate(line) || line.len() > LONGEST_LINE
}

/// A line that programs and employers put under every mail.
pub(super) fn is_boilerplate(line: &str) -> bool {
    let lower = line.to_lowercase();
    [
        "this communication",
        "this email",
        "this e-mail",
        "this message",
        "registered charity",
        "please consider the environment",
        "caution:",
        "get outlook",
        "sent from my",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_found_by_the_writers_name() {
        let book = match AgencyBook::default_book() {
            Ok(book) => book,
            Err(error) => panic!("{error}"),
        };
        let headers = MessageHeaders {
            from_name: Some("Obi Marcus 76120".into()),
            from_address: Some("marcus.obi@essex.police.uk".into()),
            ..MessageHeaders::default()
        };
        let lines: Vec<String> = [
            "Thanks",
            "Marcus",
            "",
            "Marcus Obi",
            "Police Constable, collar number 76120",
            "Colchester Local Policing Team, Essex Police",
            "Tel: 01632 960244",
        ]
        .map(str::to_owned)
        .to_vec();
        let mut referrer = Referrer::default();
        let mut notes = Notes::default();
        fill(
            &mut referrer,
            &mut notes,
            &lines,
            &headers,
            &book,
            &Place::default(),
        );
        assert_eq!(referrer.name.as_deref(), Some("Marcus Obi"));
        assert_eq!(referrer.role.as_deref(), Some("Police Constable"));
        assert_eq!(referrer.agency.as_deref(), Some("Essex Police"));
        assert_eq!(referrer.phone.as_deref(), Some("+441632960244"));
        assert_eq!(referrer.email.as_deref(), Some("marcus.obi@essex.police.uk"));
    }
}
