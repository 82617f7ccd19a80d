//! The covering mail: what its writer says, and the signature below it.
//!
//! A signature is found by the writer's own name: the line that holds the words of the display name and
//! little else. What stands around it (job title, agency, telephone) is told by the agency book's words.

use super::agencies::AgencyBook;
use super::draft::{Notes, Place};
use super::labels::tokens;
use super::referrer::first;
use crate::domain::identifiers::IdentifierKind;
use crate::domain::{MessageHeaders, Referrer, names};

/// Lines below the name that belong to a signature.
const SIGNATURE_LINES: usize = 8;
/// Longest line of a signature, in bytes.
const LONGEST_LINE: usize = 160;
/// Words of a signature line beyond which it is a sentence.
const MAX_PIECE_WORDS: usize = 10;
/// Lines at the end among which somebody may sign whose name the mail does not bear.
const LAST_LINES: usize = 14;
/// A line of a signature has no more words than this.
const MAX_POST_WORDS: usize = 14;

/// Words of names that teams and places send under.
const NO_PERSON: [&str; 22] = [
    "team",
    "unit",
    "service",
    "services",
    "website",
    "web",
    "form",
    "forms",
    "reception",
    "surgery",
    "office",
    "mailbox",
    "notifications",
    "reply",
    "noreply",
    "admin",
    "enquiries",
    "referrals",
    "hub",
    "group",
    "trust",
    "council",
];

/// The writer's name from the From field, without title, rank and what stands in brackets: `"Redgate, Fiona"`,
/// `Obi Marcus 76120`, `HALLETT, Tom (EASTMERE TRUST)`.
pub(super) fn display_words(headers: &MessageHeaders) -> Vec<String> {
    let name = headers.from_name.as_deref().unwrap_or_default();
    let bare = name
        .split(['(', '[', '{'])
        .next()
        .filter(|bare| !bare.trim().is_empty());
    let words = tokens(bare.unwrap_or(name));
    let is_titled = |word: &str| names::is_rank(word) || names::is_title(word);
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let is_rest_of_rank = word == "con" && before.is_some_and(|before| before == "det");
        let is_name = word.chars().all(char::is_alphabetic) && word.chars().count() > 1;
        if is_name && !is_titled(word) && !is_rest_of_rank {
            out.push(word.clone());
        }
    }
    out
}

/// The line on which a signature begins: the writer's whole name, their rank or initial with the surname, else
/// the name of somebody who signs with their post from a shared mailbox.
pub(super) fn begins_at(lines: &[String], words: &[String]) -> Option<usize> {
    let is_of_place = words.iter().any(|word| NO_PERSON.contains(&word.as_str()));
    let named = || {
        let own = |line: &String| holds_name(line, words) && !crate::forms::prose::is_header(line);
        lines.iter().position(own)
    };
    Some(())
        .filter(|()| !is_of_place)
        .and_then(|()| named())
        .or_else(|| lines.iter().rposition(|line| holds_short_name(line, words)))
        .or_else(|| stranger_at(lines))
}

/// "DC Sung", "G Fenwick", "PC 2914 Hester / OIC": the surname behind a rank or initial.
pub(super) fn holds_short_name(line: &str, words: &[String]) -> bool {
    let said = tokens(line);
    let mut told = said.iter().skip_while(|w| {
        names::is_rank(w)
            || names::is_title(w)
            || w.chars().all(|c| c.is_ascii_digit())
            || w.chars().count() == 1
    });
    let lead = said.first();
    let is_initial = |w: &String| w.chars().count() == 1 && w.chars().all(char::is_alphabetic);
    let is_led = lead.is_some_and(|w| names::is_rank(w) || names::is_title(w) || is_initial(w));
    let is_short = said.len() <= MAX_PIECE_WORDS && !ends_a_sentence(line);
    is_led && is_short && told.by_ref().take(2).any(|surname| words.contains(surname))
}

/// "PC 3318 Ann Lee" of a mail sent as "PC 3318 Lee": the given name stands in the signature.
fn adds_given_name(piece: &str, words: &[String]) -> bool {
    let said = tokens(piece);
    let is_name = |w: &&String| {
        !names::is_rank(w)
            && !names::is_title(w)
            && w.chars().count() > 1
            && w.chars().all(char::is_alphabetic)
    };
    words.len() == 1 && holds_short_name(piece, words) && said.iter().filter(is_name).count() == 2
}

/// Somebody who signs from a mailbox that does not bear their name: a name, with a post beside or below it, and no
/// more sentences behind.
pub(super) fn stranger_at(lines: &[String]) -> Option<usize> {
    let told: Vec<usize> = (0..lines.len())
        .filter(|at| lines.get(*at).is_some_and(|line| !line.trim().is_empty()))
        .collect();
    let last = told.get(told.len().saturating_sub(LAST_LINES)..)?;
    let line = |at: &usize| lines.get(*at).map(String::as_str).unwrap_or_default();
    let sentence = last.iter().rposition(|at| {
        let text = line(at);
        text.ends_with(['.', '?', '!'])
            && text.split_whitespace().count() > MAX_PIECE_WORDS
            && !is_disclaimer(text)
            || crate::forms::prose::is_sign_off(text)
    });
    let block = last.get(sentence.map_or(0, |at| at + 1)..)?;
    let found = block.iter().enumerate().find(|(offset, at)| {
        let mut pieces = pieces(line(at)).into_iter();
        let named = pieces.next().is_some_and(|head| is_plain_name(&head));
        let below = block.get(offset + 1).map(line).unwrap_or_default();
        named && (pieces.any(|piece| is_post(&piece)) || is_post(below))
    });
    found.map(|(_, at)| *at).filter(|at| *at > 0)
}

/// Two or three words in capitals of which the first is a given name.
fn is_plain_name(text: &str) -> bool {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !names::is_title(word))
        .collect();
    let is_word = |word: &&str| {
        word.chars().next().is_some_and(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    let given = words
        .first()
        .is_some_and(|word| crate::domain::is_given_name(&word.to_lowercase()));
    (2..=3).contains(&words.len()) && words.iter().all(is_word) && given
}

/// A short line or piece that names a post: "Practice Manager", "Head of Year 9".
pub(super) fn is_post(text: &str) -> bool {
    const POSTS: [&str; 40] = [
        "officer",
        "manager",
        "worker",
        "coordinator",
        "co-ordinator",
        "practitioner",
        "constable",
        "sergeant",
        "teacher",
        "headteacher",
        "head",
        "nurse",
        "doctor",
        "vicar",
        "rector",
        "chaplain",
        "solicitor",
        "advisor",
        "adviser",
        "warden",
        "supervisor",
        "lead",
        "pcso",
        "dc",
        "pc",
        "sgt",
        "director",
        "caseworker",
        "assistant",
        "secretary",
        "governor",
        "leader",
        "advocate",
        "priest",
        "minister",
        "matron",
        "principal",
        "ranger",
        "mentor",
        "facilitator",
    ];
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .map(str::to_lowercase)
        .collect();
    words.len() <= MAX_POST_WORDS
        && !text.ends_with('.')
        && words.iter().any(|word| POSTS.contains(&word.as_str()))
}

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
    if let Some(address) = headers
        .from_address
        .as_deref()
        .filter(|address| !is_machine(address))
    {
        let address = address.strip_suffix(".cjsm.net").unwrap_or(address);
        let shown = format!(
            "From: {} <{address}>",
            headers.from_name.as_deref().unwrap_or_default()
        );
        set(&mut referrer.email, "/referrer/email", address.to_owned(), &shown);
    }
    if stranger.is_some() && referrer.name.is_some() {
        notes.doubt(
            "/referrer/name",
            "read_from_signature",
            "the name below the mail, which was sent under another",
        );
    }
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

/// A signature line without the words of the name that the mail was sent under.
fn is_strangers(line: &str, words: &[String]) -> bool {
    !holds_name(line, words) && !holds_short_name(line, words)
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

/// A display name of two words or more that no program, team or place sends under.
pub(super) fn is_of_a_person(name: &str, address: &str) -> bool {
    let words: Vec<String> = tokens(name);
    let named = words
        .iter()
        .filter(|w| w.chars().all(|c| c.is_alphabetic() || c == '-'))
        .count();
    named >= 2 && !is_machine(address) && !words.iter().any(|word| NO_PERSON.contains(&word.as_str()))
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

/// Whether a line is the writer's name, perhaps with more behind a separator.
pub(super) fn holds_name(line: &str, words: &[String]) -> bool {
    let head = pieces(line).into_iter().next().unwrap_or_default();
    let said = tokens(&strip_pronouns(&head));
    let told: Vec<&String> = said
        .iter()
        .filter(|w| !names::is_rank(w) && !names::is_title(w) && !w.chars().all(|c| c.is_ascii_digit()))
        .collect();
    words.len() >= 2 && words.iter().all(|w| told.contains(&w)) && told.len() <= words.len() + 2
}

fn strip_pronouns(text: &str) -> String {
    match text.split_once('(') {
        Some((before, _)) => before.to_owned(),
        None => text.to_owned(),
    }
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
