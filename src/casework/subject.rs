//! Subject access (Article 15 UK GDPR): what is kept of one person, gathered from their own side's file.
//!
//! Invariant: nothing of another side's file is opened. What may be of other people is marked, not decided here.

use super::export::is_central;
use super::{Casework, CaseworkError, Terms};
use crate::domain::{
    CaseReference, EntryId, FileChange, Party, PartyCorrection, PartyProgress, Personal, Referral, Refusal,
    Side, Timestamp,
};
use crate::store::{CaseSource, CaseSummary, FileEntry, NewDocument, StoreError, Taking};

/// What is kept of one person, for a bundle that staff read before it is given.
pub struct SubjectData {
    /// The case.
    pub case: CaseSummary,
    /// Whose file.
    pub side: Side,
    /// Place on the file, from 1.
    pub number: usize,
    /// Everything that is recorded of them.
    pub party: Personal<Party>,
    /// How far they have come.
    pub progress: PartyProgress,
    /// What the file says of the incident and the referrer; its people but this one are left out.
    pub file: Personal<Referral>,
    /// The file is about them; not so of a supporter.
    pub is_central: bool,
    /// The history of the file with whom each entry is about; what is about other people is not in it.
    pub entries: Vec<(Concern, FileEntry)>,
    /// How many entries about other people of the file were left out.
    pub others_entries: usize,
    /// How the referral was corrected where it tells of them, before the case was made of it.
    pub corrections: Vec<PartyCorrection>,
    /// Mails and lists that the case came from, or that were filed with it.
    pub sources: Vec<CaseSource>,
    /// When the data are destroyed; `None` while the case is open.
    pub ends: Option<Timestamp>,
}

/// Whom an entry of a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The person themself.
    Theirs,
    /// The file as a whole: a note, a document.
    File,
    /// Somebody else.
    Others,
}

impl Casework {
    /// What is kept of the person with this number on a file; audited.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`]; [`Refusal::NoSuchParty`], [`Refusal::Erased`]; of the store.
    pub async fn subject_data(
        &self,
        case: &str,
        side: Side,
        number: usize,
        terms: &Terms,
        now: Timestamp,
    ) -> Result<SubjectData, CaseworkError> {
        let case = self.find_case(case).await?;
        let viewer = self.viewer();
        let mut taken = self
            .store
            .take_files(&viewer, case.id, &[side], Taking::SubjectAccess, now)
            .await?;
        let file = taken.pop().ok_or(StoreError::NotFound)?;
        let mut state = file.state.into_personal();
        let index = number
            .checked_sub(1)
            .filter(|index| *index < state.referral.parties.len())
            .ok_or(StoreError::Refused(Refusal::NoSuchParty))?;
        let progress = state.progress.get(index).cloned().unwrap_or_default();
        if progress.erased_on.is_some() {
            return Err(StoreError::Refused(Refusal::Erased).into());
        }
        let party = state.referral.parties.swap_remove(index);
        state.referral.parties.clear();
        let concerned = file
            .entries
            .into_iter()
            .map(|entry| (concern(&entry, index), entry));
        let (entries, others): (Vec<_>, Vec<_>) =
            concerned.partition(|(concern, _)| *concern != Concern::Others);
        Ok(SubjectData {
            side,
            number,
            is_central: is_central(party.role),
            party: Personal::new(party),
            progress,
            file: Personal::new(state.referral),
            entries,
            others_entries: others.len(),
            corrections: self
                .store
                .party_corrections(&viewer, case.id, side, number)
                .await?,
            sources: self.store.case_sources(&viewer, case.id).await?,
            ends: case.closed.and_then(|closed| terms.case_ends(closed)),
            case,
        })
    }

    /// A document of a person's file, for their bundle; audited.
    ///
    /// # Errors
    /// As [`Casework::document`].
    pub async fn subject_document(
        &self,
        case: &CaseReference,
        side: Side,
        id: EntryId,
        now: Timestamp,
    ) -> Result<NewDocument, CaseworkError> {
        let case = self.find_case(case.as_str()).await?.id;
        let viewer = self.viewer();
        Ok(self
            .store
            .take_document(&viewer, (case, side), id, Taking::SubjectAccess, now)
            .await?)
    }
}

/// Erased entries have nothing to tell.
fn concern(entry: &FileEntry, index: usize) -> Concern {
    let Some(content) = entry.content.as_ref().map(Personal::expose_personal) else {
        return Concern::Others;
    };
    match &content.change {
        None => Concern::File,
        Some(FileChange::PartyAdded { .. }) => Concern::Others,
        Some(change) => match change.party() {
            Some(party) if party == index => Concern::Theirs,
            Some(_) => Concern::Others,
            None => Concern::File,
        },
    }
}
