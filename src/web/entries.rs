//! The history of a file in words.

use super::draft::word;
use super::words;
use crate::domain::FileChange;
use crate::store::FileEntry;

/// Something that was done.
pub(super) struct Entry {
    pub(super) at: String,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) text: String,
    /// Id, name and size of a document.
    pub(super) document: Option<(String, String, String)>,
}

/// Entries, the last one first.
pub(super) fn lay_out(entries: &[FileEntry]) -> Vec<Entry> {
    entries.iter().rev().map(entry).collect()
}

fn entry(entry: &FileEntry) -> Entry {
    let at = words::moment(entry.at);
    let Some(content) = entry.content.as_ref().map(|content| content.expose_personal()) else {
        return Entry {
            at,
            who: String::new(),
            what: format!("{} (erased)", words::plain(&entry.kind)),
            text: String::new(),
            document: None,
        };
    };
    let (what, mut text) = match &content.change {
        Some(change) => change_in_words(change),
        None => (
            words::plain(&entry.kind),
            content.note.clone().unwrap_or_default(),
        ),
    };
    if let Some(before) = &content.before {
        text.push_str(&format!("\nBefore: {before}"));
    }
    let document = content.document.as_ref().map(|document| {
        let size = format!("{} kB", document.bytes.div_ceil(1024));
        (entry.id.to_string(), document.name.clone(), size)
    });
    Entry {
        at,
        who: content.actor.clone(),
        what,
        text,
        document,
    }
}

/// What was done, and what was said about it. People are numbered from 1.
fn change_in_words(change: &FileChange) -> (String, String) {
    let person = |party: &usize| format!("person {}", party.saturating_add(1));
    match change {
        FileChange::Note { text } => ("Note".to_owned(), text.clone()),
        FileChange::PartyAdded { party } => (
            format!("{} added", words::role(party.role)),
            party.name.clone().unwrap_or_default(),
        ),
        FileChange::Corrected {
            party,
            field,
            value,
            reason,
        } => (
            format!(
                "{} of {} corrected",
                word(field).unwrap_or_default(),
                person(party)
            ),
            format!("Now: {}\nReason: {reason}", value.as_deref().unwrap_or("nothing")),
        ),
        FileChange::Consent {
            party,
            purpose,
            answer,
            how,
            on,
            by,
        } => (
            format!("Consent of {} {}", person(party), words::purpose(*purpose)),
            format!(
                "{}, {}{}{}",
                words::answer(Some(*answer)),
                words::date(*on),
                how.map_or_else(String::new, |how| format!(", {}", words::how(how).to_lowercase())),
                by.as_ref()
                    .map_or_else(String::new, |by| format!(", taken by {by}")),
            ),
        ),
        FileChange::FormSent { party, on } => (format!("Form sent to {}", person(party)), words::date(*on)),
        FileChange::FormSigned { party, on } => {
            (format!("Form signed by {}", person(party)), words::date(*on))
        }
        FileChange::FormRefused { party, on } => {
            (format!("Form refused by {}", person(party)), words::date(*on))
        }
        FileChange::Route { party, route, reason } => (
            format!("Way to reach {}", person(party)),
            format!(
                "{}\n{}",
                words::route(*route),
                reason.as_deref().unwrap_or_default()
            ),
        ),
        FileChange::SafeguardingException { told, reason } => (
            "Shared without consent, to keep somebody safe".to_owned(),
            format!("Told: {told}\nReason: {reason}"),
        ),
        FileChange::Withdrawn { party, on } => (
            format!("{} withdrew", words::plain(&person(party))),
            words::date(*on),
        ),
        FileChange::Restricted { party, reason } => {
            (format!("Data of {} restricted", person(party)), reason.clone())
        }
        FileChange::RestrictionLifted { party, reason } => {
            (format!("Restriction of {} lifted", person(party)), reason.clone())
        }
        FileChange::Erased { party, on } => (format!("Data of {} erased", person(party)), words::date(*on)),
        FileChange::ErasureRefused {
            party,
            exception,
            reason,
        } => (
            format!("Erasure for {} refused", person(party)),
            format!("{}\n{reason}", word(exception).unwrap_or_default()),
        ),
    }
}
