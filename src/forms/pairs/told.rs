//! One answer that tells several things: "Ann Lee, born 3.3.62, of 60 Kiln Lane", "Yes, 3 May, by phone, to PC Lee",
//! "Caution, ref 42/1/26".
//!
//! Invariant: what is taken beside the answer asked for is a stretch of it and carries a check; the answer asked for
//! only loses what was taken out of its end.

use super::described::somebody;
use super::{Fact, Reader, Subject};
use crate::domain::dates::{self, DateUse};
use crate::domain::identifiers::{self, Found, IdentifierKind};
use crate::domain::names;
use crate::forms::labels::{Field, LabelBook, tokens};
use crate::forms::values::Answer;
use jiff::civil::Date;

/// Most words of whoever took a consent: "PC 1793 Jago".
const MAX_TAKER_WORDS: usize = 5;
/// How far before "messages" the "not" may stand, in words.
const NEGATION_REACH: usize = 4;

/// What an answer tells: the answer asked for, where it is only a part, and what stands beside it.
#[derive(Default)]
pub(super) struct Told {
    /// The part that answers the question itself.
    pub(super) own: Option<String>,
    /// Everything else, by what would have asked for it.
    pub(super) beside: Vec<(Field, String)>,
}

impl Reader<'_> {
    /// Keeps what an answer tells beside the answer asked for, and gives back the latter.
    pub(super) fn keep_beside(
        &mut self,
        asked: (Field, &str),
        answer: Answer,
        subject: Subject,
        page: Option<u32>,
    ) -> (Answer, Vec<Fact>) {
        let (field, label) = asked;
        let quote = answer.quote();
        let is_typed = answer.clean(self.book).options.is_none();
        let told = match is_typed {
            true => told(field, label, &quote, self.book, self.today),
            false => Told::default(),
        };
        let beside = told.beside.into_iter().map(|(field, piece)| Fact {
            subject: if field.is_personal() {
                subject
            } else {
                Subject::Case
            },
            field,
            answer: Answer::of_text(&piece),
            label: label.trim().to_owned(),
            page,
            in_consent: false,
            guessed: true,
            by_position: false,
            beside: Some(quote.clone()),
        });
        let beside = beside.collect();
        (told.own.map_or(answer, |own| Answer::of_text(&own)), beside)
    }
}

/// Takes an answer apart.
fn told(field: Field, label: &str, answer: &str, book: &LabelBook, today: Date) -> Told {
    let only = |beside: Vec<(Field, String)>| Told { own: None, beside };
    let is_taking = matches!(
        field,
        Field::ConsentContact | Field::ConsentHow | Field::ConsentHowAndWhen | Field::ConsentDate
    );
    let is_reaching = matches!(
        field,
        Field::Prefers | Field::SafeToContact | Field::SafeToLeaveMessage | Field::BestTime
    );
    if field == Field::Name {
        somebody(answer, book, today)
    } else if field == Field::OffenceKind {
        kind_and_date(answer, today)
    } else if is_reaching {
        reached(field, answer)
    } else if is_taking {
        only(
            taker(answer)
                .or_else(|| asks_who(label).then(|| plain_taker(answer)).flatten())
                .map(|by| (Field::ConsentBy, by))
                .into_iter()
                .collect(),
        )
    } else if field == Field::Summary && asks_when(label) {
        only(
            only_date(answer, today)
                .map(|date| (Field::OffenceDate, date))
                .into_iter()
                .collect(),
        )
    } else if field == Field::Outcome {
        only(numbers(answer, &[IdentifierKind::CrimeNumber]))
    } else {
        Told::default()
    }
}

/// How to reach somebody, and that no message may be left, in the answer to another question about contact.
fn reached(field: Field, answer: &str) -> Told {
    let mut beside = numbers(answer, &[IdentifierKind::Phone, IdentifierKind::Email]);
    if field != Field::SafeToLeaveMessage && forbids_messages(answer) {
        beside.push((Field::SafeToLeaveMessage, "No".to_owned()));
    }
    let is_number_alone = field != Field::SafeToLeaveMessage
        && !beside.is_empty()
        && beside.iter().map(|(_, piece)| piece.len()).sum::<usize>() + 4 * beside.len() >= answer.len();
    Told {
        own: is_number_alone.then(String::new),
        beside,
    }
}

/// "Do not leave messages", "no voicemails".
fn forbids_messages(answer: &str) -> bool {
    let words = tokens(answer);
    let message = words
        .iter()
        .position(|word| matches!(word.as_str(), "message" | "messages" | "voicemail" | "voicemails"));
    message.is_some_and(|at| {
        let before = words
            .get(at.saturating_sub(NEGATION_REACH)..at)
            .unwrap_or_default();
        before
            .iter()
            .any(|word| matches!(word.as_str(), "not" | "no" | "never" | "dont"))
    })
}

/// "Who asked, and when?"
fn asks_who(label: &str) -> bool {
    tokens(label)
        .iter()
        .any(|word| matches!(word.as_str(), "who" | "whom"))
}

/// A first piece of two or more capitalised words and nothing else: "Ann Lee, 3 May".
fn plain_taker(answer: &str) -> Option<String> {
    let (first, _) = answer.split_once([',', ';', '\n'])?;
    let words: Vec<&str> = first.split_whitespace().collect();
    let is_name = |word: &&str| {
        word.starts_with(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    ((2..=MAX_TAKER_WORDS).contains(&words.len()) && words.iter().all(is_name))
        .then(|| first.trim().to_owned())
}

/// Whoever took a consent: the piece between commas that is an officer's or worker's name, also behind "to" or "by".
fn taker(answer: &str) -> Option<String> {
    let pieces = answer.split([',', ';', '\n', '(', ')']).map(str::trim);
    let mut named = pieces.filter_map(|piece| {
        let is_led = ["to ", "by ", "with "].iter().find_map(|lead| {
            piece
                .get(..lead.len())
                .filter(|start| start.eq_ignore_ascii_case(lead))?;
            piece.get(lead.len()..)
        });
        let name = is_led.unwrap_or(piece);
        let first = name.split_whitespace().next()?;
        let last = name.split_whitespace().next_back()?;
        let is_titled = names::is_rank(first) || names::is_title(first);
        let is_name = last.chars().count() > 1 && last.starts_with(char::is_uppercase) && name.contains(' ');
        let is_short = name.split_whitespace().count() <= MAX_TAKER_WORDS;
        (is_titled && is_name && is_short).then(|| name.to_owned())
    });
    named.next()
}

/// The identifiers of some kinds, as what would have asked for them.
pub(super) fn numbers(answer: &str, kinds: &[IdentifierKind]) -> Vec<(Field, String)> {
    const ASKED_BY: [(IdentifierKind, Field); 6] = [
        (IdentifierKind::Phone, Field::Phone),
        (IdentifierKind::Email, Field::Email),
        (IdentifierKind::Crn, Field::Crn),
        (IdentifierKind::PrisonNumber, Field::PrisonNumber),
        (IdentifierKind::PncId, Field::PncId),
        (IdentifierKind::CrimeNumber, Field::CrimeNumber),
    ];
    let wanted = |found: &Found| {
        let (_, field) = ASKED_BY.iter().find(|(kind, _)| *kind == found.kind)?;
        // With the words before it: they may be what tells "Crime number 52/26/1190" from other numbers.
        let before = answer.get(..found.start)?;
        let sentence = before.rfind(['.', ',', ';', '(', '\n']).map_or(0, |at| at + 1);
        let start = if *field == Field::CrimeNumber {
            sentence
        } else {
            found.start
        };
        let piece = answer.get(start..found.end)?.trim();
        kinds.contains(&found.kind).then(|| (*field, piece.to_owned()))
    };
    identifiers::find(answer).iter().filter_map(wanted).collect()
}

/// "What happened, and when?"
fn asks_when(label: &str) -> bool {
    tokens(label).iter().any(|word| word == "when")
}

/// The date of a text that holds no other.
fn only_date(answer: &str, today: Date) -> Option<String> {
    let found = dates::find(answer, DateUse::Event, today);
    let one = found.first().filter(|_| found.len() == 1)?;
    answer.get(one.start..one.end).map(str::to_owned)
}

/// "Stalking, between November 2024 and May 2025", "Burglary on 3 May 2026": the offence, and when it was.
fn kind_and_date(answer: &str, today: Date) -> Told {
    let found = dates::find(answer, DateUse::Event, today);
    let Some(first) = found.first() else {
        return Told::default();
    };
    let before = answer.get(..first.start).unwrap_or_default();
    let cut = before
        .char_indices()
        .filter(|(_, c)| matches!(c, ' ' | ','))
        .map(|(at, _)| at)
        .find(|at| before.get(*at..).is_some_and(only_leads_to_date));
    let kind = cut.and_then(|at| before.get(..at)).unwrap_or_default();
    let kind = kind.trim().trim_end_matches([',', ';', '-', '–']).trim();
    // A story tells more behind the date.
    let behind = found
        .last()
        .and_then(|last| answer.get(last.end..))
        .unwrap_or_default();
    if kind.is_empty() || behind.chars().any(char::is_alphanumeric) {
        return Told::default();
    }
    let date = only_date(answer, today).map(|date| (Field::OffenceDate, date));
    Told {
        own: Some(kind.to_owned()),
        beside: date.into_iter().collect(),
    }
}

/// "on Sunday", ", between", "from about": nothing but what stands before a date.
fn only_leads_to_date(text: &str) -> bool {
    const LEADS: [&str; 20] = [
        "on",
        "in",
        "from",
        "between",
        "of",
        "the",
        "about",
        "around",
        "approximately",
        "since",
        "early",
        "late",
        "mid",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let words = tokens(text);
    let has_mark = text.trim_start().starts_with(',');
    (has_mark || !words.is_empty()) && words.iter().all(|word| LEADS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn taken(field: Field, label: &str, answer: &str) -> (Option<String>, Vec<(Field, String)>) {
        let book = match LabelBook::default_book() {
            Ok(book) => book,
            Err(error) => panic!("{error}"),
        };
        let told = told(field, label, answer, &book, date(2026, 11, 1));
        (told.own, told.beside)
    }

    fn has(beside: &[(Field, String)], field: Field, piece: &str) -> bool {
        beside.contains(&(field, piece.to_owned()))
    }

    #[test]
    fn a_person_described_in_one_answer_is_taken_apart() {
        let (own, beside) = taken(
            Field::Name,
            "Who did it?",
            "Alfred Yarwood, born 03.03.1962, of 60 Kiln Lane, Wendlebury BS99 4EN. Telephone 01632 960388.",
        );
        assert_eq!(own.as_deref(), Some("Alfred Yarwood"));
        assert!(has(&beside, Field::DateOfBirth, "03.03.1962"));
        assert!(has(&beside, Field::Address, "60 Kiln Lane, Wendlebury BS99 4EN"));
        assert!(has(&beside, Field::Phone, "01632 960388"));
        for plain in ["Ann Lee", "LEE, Ann", "Mr. J. Lee", "Lee's Garage, 14 Mill Row"] {
            assert_eq!(taken(Field::Name, "Name", plain), (None, Vec::new()), "{plain}");
        }
    }

    #[test]
    fn other_answers_give_what_no_other_question_asks() {
        let (_, beside) = taken(
            Field::ConsentContact,
            "Consent",
            "Yes, 18 October 2026, verbal, PC Jago",
        );
        assert!(has(&beside, Field::ConsentBy, "PC Jago"));
        let (_, beside) = taken(
            Field::Prefers,
            "How to reach her",
            "07700 900552. Do not leave messages.",
        );
        assert!(has(&beside, Field::SafeToLeaveMessage, "No"));
        let (own, beside) = taken(Field::OffenceKind, "Offence", "Burglary on 3 May 2026");
        assert_eq!(own.as_deref(), Some("Burglary"));
        assert!(has(&beside, Field::OffenceDate, "3 May 2026"));
        let (own, _) = taken(
            Field::OffenceKind,
            "Offence",
            "Theft of lead, on Sunday 3 May 2026",
        );
        assert_eq!(own.as_deref(), Some("Theft of lead"));
        let (own, _) = taken(Field::OffenceKind, "Offence", "On 3 May 2026 he broke a window");
        assert_eq!(own, None);
    }
}
