//! One side's file of a case: what it holds, and which changes it allows. Pure.
//!
//! Invariant: a change either gives the whole new state with the entry that tells it, or a [`Refusal`] in words for whoever
//! asked; nothing is half done. What stood there before is in the entry.

mod change;
mod limits;
#[cfg(test)]
mod tests;

pub use change::{FileChange, Refusal};
pub use limits::PartyLimits;

use super::{CloseReason, Consent, ConsentAnswer, Party, Referral, Role};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Longest note, reason or value, in characters.
pub(in crate::domain) const MAX_TEXT: usize = 20_000;

/// What a file holds. `progress` has one entry per party of the referral.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseFileState {
    /// People of this side, and what of the incident they may see.
    pub referral: Referral,
    /// How far each of them has come.
    pub progress: Vec<PartyProgress>,
}

/// How far somebody has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartyProgress {
    /// The consent and confidentiality form.
    pub form: Form,
    /// How they are reached; `None` while nobody has decided.
    pub route: Option<ContactRoute>,
    /// A professional was asked to reach them.
    pub professional_tried: bool,
    /// They withdrew on that day.
    pub withdrawn_on: Option<Date>,
    /// Their data are only stored (Article 18 UK GDPR).
    pub restricted: bool,
    /// Their data were erased on that day (Article 17 UK GDPR).
    pub erased_on: Option<Date>,
}

/// The consent and confidentiality form of one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "on")]
pub enum Form {
    /// Nobody has given it to them.
    #[default]
    NotSent,
    /// They have it.
    Sent(Date),
    /// They signed.
    Signed(Date),
    /// They would not sign.
    Refused(Date),
}

/// How somebody is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactRoute {
    /// Directly: they said yes.
    WithConsent,
    /// Through a professional whom they know.
    ViaProfessional,
    /// Directly, without their consent: a public task (Article 6(1)(e) UK GDPR), after a professional was asked first.
    PublicTask,
    /// Not at all.
    DoNotContact,
}

/// What somebody is asked to agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPurpose {
    /// To be contacted.
    Contact,
    /// That the other side learns what they say.
    ShareWithOtherSide,
    /// That agencies learn how the case goes.
    ShareWithAgencies,
}

/// Why data stay although somebody asked for their erasure (Article 17(3) UK GDPR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureException {
    /// A law demands that they are kept.
    LegalObligation,
    /// A public task is not done yet.
    PublicTask,
    /// A legal claim.
    LegalClaims,
    /// Archiving in the public interest, research, statistics.
    Archiving,
    /// Freedom of expression and information.
    Expression,
}

/// A field of a party that can be put right (Article 16 UK GDPR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PartyField {
    Name,
    KnownAs,
    Title,
    Organisation,
    Relationship,
    DateOfBirth,
    Address,
    Postcode,
    Phone,
    Email,
    Language,
    Needs,
    BestTime,
}

/// A change that was made.
pub struct Applied {
    /// The new state.
    pub state: CaseFileState,
    /// What the changed field held before.
    pub before: Option<String>,
    /// The case ends with it.
    pub closes: Option<CloseReason>,
}

impl CaseFileState {
    /// A file as it is when its case is accepted.
    pub fn new(referral: Referral) -> Self {
        let progress = vec![PartyProgress::default(); referral.parties.len()];
        Self { referral, progress }
    }

    /// Makes a change; `today` is the day it is made.
    ///
    /// # Errors
    /// [`Refusal`], which says what to do instead.
    pub fn apply(&self, change: &FileChange, today: Date) -> Result<Applied, Refusal> {
        self.check_common(change, today)?;
        let mut applied = Applied {
            state: self.clone(),
            before: None,
            closes: None,
        };
        let state = &mut applied.state;
        state
            .progress
            .resize(state.referral.parties.len(), PartyProgress::default());
        match change {
            FileChange::Note { .. }
            | FileChange::SafeguardingException { .. }
            | FileChange::ErasureRefused { .. } => {}
            FileChange::PartyAdded { party } => state.add(party)?,
            FileChange::Corrected {
                party, field, value, ..
            } => {
                applied.before = correct(state.party_mut(*party)?.0, *field, value.as_deref())?;
            }
            FileChange::Consent { party, .. } => {
                let (party, progress) = state.party_mut(*party)?;
                record_consent(party, progress, change)?;
            }
            FileChange::FormSent { party, on } => {
                let progress = state.party_mut(*party)?.1;
                progress.form = match progress.form {
                    Form::NotSent | Form::Sent(_) | Form::Refused(_) => Form::Sent(*on),
                    Form::Signed(_) => return Err(Refusal::FormSigned),
                };
            }
            FileChange::FormSigned { party, on } => {
                let progress = state.party_mut(*party)?.1;
                progress.form = Form::Signed(answered(progress.form, *on)?);
            }
            FileChange::FormRefused { party, on } => {
                let progress = state.party_mut(*party)?.1;
                progress.form = Form::Refused(answered(progress.form, *on)?);
                applied.closes = Some(CloseReason::RefusedToSign);
            }
            FileChange::Route { party, route, reason } => {
                let (party, progress) = state.party_mut(*party)?;
                choose_route(party, progress, *route, reason.as_deref())?;
            }
            FileChange::Withdrawn { party, on } => {
                let (party, progress) = state.party_mut(*party)?;
                withdraw(party, progress, *on)?;
            }
            FileChange::Restricted { party, .. } => {
                let progress = state.party_mut(*party)?.1;
                if std::mem::replace(&mut progress.restricted, true) {
                    return Err(Refusal::RestrictedAlready);
                }
            }
            FileChange::RestrictionLifted { party, .. } => {
                let progress = state.party_mut(*party)?.1;
                if !std::mem::replace(&mut progress.restricted, false) {
                    return Err(Refusal::NotRestricted);
                }
            }
            FileChange::Erased { party, on } => {
                let (party, progress) = state.party_mut(*party)?;
                *party = Party {
                    supports: party.supports,
                    ..Party::new(party.role)
                };
                party.consent.contact = Some(ConsentAnswer::Refused);
                progress.route = Some(ContactRoute::DoNotContact);
                progress.erased_on = Some(*on);
            }
        }
        Ok(applied)
    }

    fn check_common(&self, change: &FileChange, today: Date) -> Result<(), Refusal> {
        for text in change.texts() {
            if text.trim().is_empty() {
                return Err(Refusal::EmptyText);
            }
            if text.chars().count() > MAX_TEXT {
                return Err(Refusal::TextTooLong);
            }
        }
        if change.date().is_some_and(|on| on > today) {
            return Err(Refusal::InTheFuture);
        }
        let Some(index) = change.party() else {
            return Ok(());
        };
        if index >= self.referral.parties.len() {
            return Err(Refusal::NoSuchParty);
        }
        let progress = self.progress.get(index);
        if progress.is_some_and(|progress| progress.erased_on.is_some()) {
            return Err(Refusal::Erased);
        }
        // A restriction is about using data, not about the rights of the person.
        let restricted = progress.is_some_and(|progress| progress.restricted);
        if restricted && !change.outlives_the_case() {
            return Err(Refusal::Restricted);
        }
        Ok(())
    }

    fn party_mut(&mut self, index: usize) -> Result<(&mut Party, &mut PartyProgress), Refusal> {
        let party = self.referral.parties.get_mut(index);
        party
            .zip(self.progress.get_mut(index))
            .ok_or(Refusal::NoSuchParty)
    }

    fn add(&mut self, party: &Party) -> Result<(), Refusal> {
        match party.role {
            Role::Supporter | Role::AppropriateAdult | Role::Professional => {}
            Role::Victim | Role::Offender | Role::Party | Role::Witness => {
                return Err(Refusal::NotASupporter);
            }
        }
        if party.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
            return Err(Refusal::EmptyText);
        }
        if party
            .supports
            .is_some_and(|index| index >= self.referral.parties.len())
        {
            return Err(Refusal::NoSuchParty);
        }
        self.referral.parties.push(party.clone());
        self.progress.push(PartyProgress::default());
        Ok(())
    }

    /// Parties about whom nothing may go out: withdrawn, restricted or erased.
    pub fn silenced(&self) -> Vec<usize> {
        let quiet = |progress: &PartyProgress| progress.withdrawn_on.is_some() || progress.restricted;
        let numbered = self.progress.iter().enumerate();
        numbered
            .filter(|(_, progress)| quiet(progress))
            .map(|(index, _)| index)
            .collect()
    }
}

/// The day an answer about the form is dated, if that is possible.
fn answered(form: Form, on: Date) -> Result<Date, Refusal> {
    match form {
        Form::NotSent => Err(Refusal::FormNotSent),
        Form::Signed(_) => Err(Refusal::FormSigned),
        Form::Sent(sent) | Form::Refused(sent) if on < sent => Err(Refusal::FormBeforeItWasSent),
        Form::Sent(_) | Form::Refused(_) => Ok(on),
    }
}

fn record_consent(
    party: &mut Party,
    progress: &mut PartyProgress,
    change: &FileChange,
) -> Result<(), Refusal> {
    let FileChange::Consent {
        purpose,
        answer,
        how,
        on,
        by,
        ..
    } = change
    else {
        return Ok(());
    };
    let by = by.as_deref().map(str::trim).filter(|by| !by.is_empty());
    let given = match answer {
        ConsentAnswer::Given => true,
        ConsentAnswer::Refused | ConsentAnswer::NotSought | ConsentAnswer::Unknown => false,
    };
    if given && (how.is_none() || by.is_none()) {
        return Err(Refusal::ConsentWithoutDetails);
    }
    match purpose {
        ConsentPurpose::Contact => {
            party.consent = Consent {
                contact: Some(*answer),
                given_on: given.then(|| on.to_string()),
                obtained_by: by.map(str::to_owned),
                how: *how,
                ..party.consent.clone()
            };
            match answer {
                ConsentAnswer::Given => {
                    progress.withdrawn_on = None;
                    if progress.route == Some(ContactRoute::DoNotContact) {
                        progress.route = None;
                    }
                }
                ConsentAnswer::Refused => progress.route = Some(ContactRoute::DoNotContact),
                ConsentAnswer::NotSought | ConsentAnswer::Unknown => {
                    if progress.route == Some(ContactRoute::WithConsent) {
                        progress.route = None;
                    }
                }
            }
        }
        ConsentPurpose::ShareWithOtherSide => party.consent.share_with_other_party = answered_yes(*answer),
        ConsentPurpose::ShareWithAgencies => party.consent.share_with_agencies = answered_yes(*answer),
    }
    Ok(())
}

fn answered_yes(answer: ConsentAnswer) -> Option<bool> {
    match answer {
        ConsentAnswer::Given => Some(true),
        ConsentAnswer::Refused => Some(false),
        ConsentAnswer::NotSought | ConsentAnswer::Unknown => None,
    }
}

fn choose_route(
    party: &Party,
    progress: &mut PartyProgress,
    route: ContactRoute,
    reason: Option<&str>,
) -> Result<(), Refusal> {
    let refused = party.consent.contact == Some(ConsentAnswer::Refused) || progress.withdrawn_on.is_some();
    match route {
        ContactRoute::DoNotContact => {}
        ContactRoute::WithConsent | ContactRoute::ViaProfessional | ContactRoute::PublicTask if refused => {
            return Err(Refusal::RefusedContact);
        }
        ContactRoute::WithConsent => {
            if party.consent.contact != Some(ConsentAnswer::Given) {
                return Err(Refusal::NoConsent);
            }
        }
        ContactRoute::ViaProfessional => progress.professional_tried = true,
        ContactRoute::PublicTask => {
            let reasoned = reason.is_some_and(|reason| !reason.trim().is_empty());
            if !progress.professional_tried || !reasoned {
                return Err(Refusal::ProfessionalFirst);
            }
        }
    }
    progress.route = Some(route);
    Ok(())
}

fn withdraw(party: &mut Party, progress: &mut PartyProgress, on: Date) -> Result<(), Refusal> {
    if progress.withdrawn_on.is_some() {
        return Err(Refusal::WithdrawnAlready);
    }
    progress.withdrawn_on = Some(on);
    progress.route = Some(ContactRoute::DoNotContact);
    party.consent.contact = Some(ConsentAnswer::Refused);
    party.consent.share_with_other_party = Some(false);
    party.consent.share_with_agencies = Some(false);
    Ok(())
}

/// Puts a field right; gives what stood there. A phone or e-mail replaces all of its kind, several are parted by commas.
fn correct(party: &mut Party, field: PartyField, value: Option<&str>) -> Result<Option<String>, Refusal> {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    if value.is_some_and(|value| value.chars().count() > MAX_TEXT) {
        return Err(Refusal::TextTooLong);
    }
    if let (PartyField::DateOfBirth, Some(date)) = (field, value)
        && date.parse::<Date>().is_err()
    {
        return Err(Refusal::NotADate);
    }
    let list = |list: &mut Vec<String>| {
        let before = (!list.is_empty()).then(|| list.join(", "));
        let parts = value.into_iter().flat_map(|value| value.split(','));
        let parts = parts.map(str::trim).filter(|part| !part.is_empty());
        *list = parts.map(str::to_owned).collect();
        before
    };
    let one = |field: &mut Option<String>| std::mem::replace(field, value.map(str::to_owned));
    Ok(match field {
        PartyField::Phone => list(&mut party.phones),
        PartyField::Email => list(&mut party.emails),
        PartyField::Name => one(&mut party.name),
        PartyField::KnownAs => one(&mut party.known_as),
        PartyField::Title => one(&mut party.title),
        PartyField::Organisation => one(&mut party.organisation),
        PartyField::Relationship => one(&mut party.relationship),
        PartyField::DateOfBirth => one(&mut party.date_of_birth),
        PartyField::Address => one(&mut party.address),
        PartyField::Postcode => one(&mut party.postcode),
        PartyField::Language => one(&mut party.language),
        PartyField::Needs => one(&mut party.needs),
        PartyField::BestTime => one(&mut party.best_time),
    })
}
