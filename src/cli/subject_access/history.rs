//! What happened on a person's file, in words for them.
//!
//! Invariant: an entry's own words are given only cut; a note on a file is given to whom the file is about, and nobody else.

use super::bundle::{Event, day, word};
use super::cut::Cutter;
use crate::casework::{Concern, SubjectData};
use crate::domain::{ConsentPurpose, ErasureException, FileChange, PartyCorrection, Personal};
use crate::store::FileEntry;

pub(super) fn history(data: &SubjectData, cutter: &Cutter, withheld: &mut Vec<String>) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut notes, mut safeguarding) = (0, 0);
    for correction in &data.corrections {
        // What was read into their field by mistake may be somebody else's.
        match cutter.text(&correction_text(correction)) {
            None => notes += 1,
            Some(cut) => events.push(Event {
                date: day(correction.at),
                what: "Put right in the referral",
                text: Some(cut.to_owned()),
            }),
        }
    }
    for (concern, entry) in &data.entries {
        let Some(content) = entry.content.as_ref().map(Personal::expose_personal) else {
            continue;
        };
        let Some(change) = &content.change else { continue };
        if let FileChange::SafeguardingException { .. } = change {
            safeguarding += 1;
            continue;
        }
        let text = entry_text(entry).filter(|text| !text.trim().is_empty());
        let cut = text.as_deref().map(|text| cutter.text(text).map(str::to_owned));
        let is_theirs = match concern {
            Concern::Theirs => true,
            // A note on a file is about the person whom the file is about.
            Concern::File | Concern::Others => data.is_central,
        };
        match cut {
            Some(None) => notes += 1,
            Some(Some(_)) | None if !is_theirs => notes += 1,
            cut => events.push(Event {
                date: day(entry.at),
                what: what_happened(change),
                text: cut.flatten(),
            }),
        }
    }
    if notes > 0 {
        withheld.push(format!(
            "{notes} entries of the history: they may be about other people."
        ));
    }
    if safeguarding > 0 {
        withheld.push(format!(
            "{safeguarding} records of something shared to keep somebody safe: giving them may put that person in danger."
        ));
    }
    events
}

/// A correction of the referral, in words.
pub(super) fn correction_text(correction: &PartyCorrection) -> String {
    let field = correction.field.replace(['/', '_'], " ");
    let line = |value: &Option<String>| value.clone().unwrap_or_default().replace('\n', ", ");
    format!(
        "{field}: from \"{}\" to \"{}\"",
        line(&correction.before),
        line(&correction.after)
    )
}

/// What the history says in words of its own: a note, a reason, what stood there before.
pub(super) fn entry_text(entry: &FileEntry) -> Option<String> {
    let content = entry.content.as_ref()?.expose_personal();
    Some(match content.change.as_ref()? {
        FileChange::Note { text } => text.clone(),
        FileChange::Corrected { value, reason, .. } => format!(
            "from \"{}\" to \"{}\": {reason}",
            content.before.as_deref().unwrap_or_default(),
            value.as_deref().unwrap_or_default()
        ),
        FileChange::Route { reason, .. } => reason.clone()?,
        FileChange::Restricted { reason, .. } | FileChange::RestrictionLifted { reason, .. } => {
            reason.clone()
        }
        FileChange::ErasureRefused {
            exception, reason, ..
        } => format!("{}: {reason}", exception_words(*exception)),
        FileChange::Consent {
            purpose, answer, on, ..
        } => format!("{}, on {on}: {}", purpose_words(*purpose), word(answer)),
        FileChange::SafeguardingException { .. }
        | FileChange::PartyAdded { .. }
        | FileChange::FormSent { .. }
        | FileChange::FormSigned { .. }
        | FileChange::FormRefused { .. }
        | FileChange::Withdrawn { .. }
        | FileChange::Erased { .. } => return None,
    })
}

/// The name of the document that an entry keeps.
pub(super) fn document_name(entry: &FileEntry) -> Option<String> {
    let content = entry.content.as_ref()?.expose_personal();
    Some(content.document.as_ref()?.name.clone())
}

fn what_happened(change: &FileChange) -> &'static str {
    match change {
        FileChange::Note { .. } => "Note",
        FileChange::PartyAdded { .. } => "Somebody was added",
        FileChange::Corrected { .. } => "Put right",
        FileChange::Consent { .. } => "You were asked",
        FileChange::FormSent { .. } => "Form sent",
        FileChange::FormSigned { .. } => "Form signed",
        FileChange::FormRefused { .. } => "Form refused",
        FileChange::Route { .. } => "How you are reached was decided",
        FileChange::SafeguardingException { .. } => "Something was shared to keep somebody safe",
        FileChange::Withdrawn { .. } => "You withdrew",
        FileChange::Restricted { .. } => "Your data were restricted",
        FileChange::RestrictionLifted { .. } => "The restriction was lifted",
        FileChange::Erased { .. } => "Erased",
        FileChange::ErasureRefused { .. } => "Erasure was refused",
    }
}

fn purpose_words(purpose: ConsentPurpose) -> &'static str {
    match purpose {
        ConsentPurpose::Contact => "being contacted",
        ConsentPurpose::ShareWithOtherSide => "sharing with the other side",
        ConsentPurpose::ShareWithAgencies => "sharing with agencies",
    }
}

fn exception_words(exception: ErasureException) -> &'static str {
    match exception {
        ErasureException::LegalObligation => "a law demands that they are kept",
        ErasureException::PublicTask => "a public task is not done yet",
        ErasureException::LegalClaims => "a legal claim",
        ErasureException::Archiving => "archiving, research or statistics",
        ErasureException::Expression => "freedom of expression",
    }
}
