//! Exports of accepted cases for the case management system in use, one file per side. `docs/EXPORTS.md` documents them.
//!
//! Invariant: what is exported of a side comes from that side's file alone. Whoever is restricted or erased is left out, with
//! a row that says so and nothing else of them; people keep their numbers.

mod csv;

pub use csv::EXPORT_COLUMNS;

use super::{Casework, CaseworkError};
use crate::domain::{
    CaseKind, CaseReference, CaseState, Offence, Party, PartyProgress, Reference, ReferenceKind, Referral,
    Referrer, Role, Service, Side, Timestamp,
};
use crate::store::{CaseSummary, OpenedFile, Taking};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The schema that exports as JSON name. Fields, columns and words are a public interface.
pub const EXPORT_SCHEMA: &str = "referrald.export/1";

/// Which sides of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Every side that has a file.
    All,
    /// This one.
    One(Side),
}

/// One side's file of one case, as it is exported.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct ExportedFile {
    pub schema: &'static str,
    pub case: ExportedCase,
    /// `victim`, `offender`, `party 1`.
    #[serde(serialize_with = "as_printed")]
    pub side: Side,
    pub case_kind: Option<CaseKind>,
    pub service: Option<Service>,
    pub referrer: Referrer,
    pub references: Vec<Reference>,
    pub offence: Offence,
    pub people: Vec<ExportedPerson>,
    /// What is not in here, in words that name nobody.
    pub left_out: Vec<&'static str>,
}

/// A case without its people.
#[derive(Clone, Serialize)]
#[allow(missing_docs)]
pub struct ExportedCase {
    pub reference: CaseReference,
    pub state: CaseState,
    pub opened: Date,
    pub closed: Option<Date>,
    pub close_reason: Option<&'static str>,
    pub outcome: Option<&'static str>,
}

/// Somebody on a file.
#[derive(Serialize)]
pub struct ExportedPerson {
    /// Place on the file, from 1. It never changes.
    pub number: usize,
    /// Whether their data are here.
    pub status: PersonStatus,
    /// Their data; `supports` is the number of a person.
    pub person: Option<Party>,
    /// How far they have come.
    pub progress: Option<PartyProgress>,
}

/// Whether somebody's data are in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonStatus {
    /// They are.
    Included,
    /// Their data are only stored (Article 18 UK GDPR).
    Restricted,
    /// Their data were erased (Article 17 UK GDPR).
    Erased,
}

/// What belongs to a case as a whole; for staff.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct ExportedWhole {
    pub schema: &'static str,
    pub case: ExportedCase,
    pub whole_case: Referral,
    pub left_out: Vec<&'static str>,
}

impl Casework {
    /// The files of a case as they are exported, one per side; each is audited. `case` is its reference or id.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`]; of the store where the case has no file of that side or is destroyed.
    pub async fn export_files(
        &self,
        case: &str,
        sides: Sides,
        now: Timestamp,
    ) -> Result<Vec<ExportedFile>, CaseworkError> {
        let case = self.find_case(case).await?;
        let wanted = match sides {
            Sides::All => case.sides.clone(),
            Sides::One(side) => vec![side],
        };
        let taken = self
            .store
            .take_files(&self.viewer(), case.id, &wanted, Taking::Export, now)
            .await?;
        Ok(taken.iter().map(|file| exported(&case, file)).collect())
    }

    /// What belongs to a case as a whole and to no side; audited.
    ///
    /// # Errors
    /// As [`Casework::export_files`].
    pub async fn export_whole_case(
        &self,
        case: &str,
        now: Timestamp,
    ) -> Result<ExportedWhole, CaseworkError> {
        let case = self.find_case(case).await?;
        let core = self.store.take_core(&self.viewer(), case.id, now).await?;
        let mut whole_case = core.referral.into_personal();
        let mut left_out = Vec::new();
        if core.somebody_is_left_out {
            whole_case.offence.summary = None;
            whole_case.offence.location = None;
            whole_case.risks = None;
            whole_case.wishes = None;
            whole_case
                .references
                .retain(|number| !names_a_person(number.kind));
            left_out.push("texts and people's numbers, which may be of somebody restricted or erased");
        }
        Ok(ExportedWhole {
            schema: EXPORT_SCHEMA,
            case: case_of(&case),
            whole_case,
            left_out,
        })
    }

    /// Cases that were opened on this day or later and are not destroyed, oldest first.
    ///
    /// # Errors
    /// [`CaseworkError::Store`].
    pub async fn cases_since(&self, day: Date) -> Result<Vec<CaseSummary>, CaseworkError> {
        let mut cases = self.cases().await?;
        cases.retain(|case| case.state != CaseState::Destroyed && day_of(case.opened) >= day);
        cases.reverse();
        Ok(cases)
    }
}

impl ExportedFile {
    /// What the file is called, without its ending: `RJ-2026-00012-victim`.
    pub fn file_stem(&self) -> String {
        Self::stem_of(&self.case.reference, self.side)
    }

    /// What the export of a side would be called.
    pub fn stem_of(reference: &CaseReference, side: Side) -> String {
        format!("{reference}-{}", side_word(side))
    }
}

/// A side as it stands in file and folder names.
pub(super) fn side_word(side: Side) -> String {
    side.to_string().replace(' ', "-")
}

fn as_printed<S: serde::Serializer>(side: &Side, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(side)
}

fn case_of(case: &CaseSummary) -> ExportedCase {
    ExportedCase {
        reference: case.reference.clone(),
        state: case.state,
        opened: day_of(case.opened),
        closed: case.closed.map(day_of),
        close_reason: case.close_reason.map(|reason| reason.as_str()),
        outcome: case.outcome.map(|outcome| outcome.as_str()),
    }
}

fn exported(case: &CaseSummary, file: &OpenedFile) -> ExportedFile {
    let state = file.state.expose_personal();
    let people: Vec<ExportedPerson> = (0..state.referral.parties.len())
        .map(|index| exported_person(index, &state.referral.parties, &state.progress))
        .collect();
    let mut exported = ExportedFile {
        schema: EXPORT_SCHEMA,
        case: case_of(case),
        side: file.side,
        case_kind: state.referral.case_kind,
        service: state.referral.service,
        referrer: state.referral.referrer.clone(),
        references: state.referral.references.clone(),
        offence: state.referral.offence.clone(),
        people,
        left_out: Vec::new(),
    };
    leave_out(&mut exported, &state.referral.parties);
    exported
}

fn exported_person(index: usize, parties: &[Party], progress: &[PartyProgress]) -> ExportedPerson {
    let progress = progress.get(index).cloned().unwrap_or_default();
    let status = match (progress.erased_on, progress.restricted) {
        (Some(_), _) => PersonStatus::Erased,
        (None, true) => PersonStatus::Restricted,
        (None, false) => PersonStatus::Included,
    };
    let person = parties.get(index).map(|party| Party {
        supports: party.supports.map(|supported| supported + 1),
        ..party.clone()
    });
    let is_included = status == PersonStatus::Included;
    ExportedPerson {
        number: index + 1,
        status,
        person: person.filter(|_| is_included),
        progress: is_included.then_some(progress),
    }
}

/// Where somebody is left out, so is what may tell of them.
fn leave_out(file: &mut ExportedFile, parties: &[Party]) {
    let central: Vec<PersonStatus> = file
        .people
        .iter()
        .zip(parties)
        .filter(|(_, party)| is_central(party.role))
        .map(|(person, _)| person.status)
        .collect();
    let included = |status: &PersonStatus| *status == PersonStatus::Included;
    if !central.is_empty() && !central.iter().any(included) {
        file.referrer = Referrer::default();
        file.references.clear();
        file.offence = Offence::default();
        file.left_out.push(
            "everybody whom the file is about, and with them the incident, its numbers and the referrer",
        );
    } else if !central.iter().all(included) {
        file.references.retain(|number| !names_a_person(number.kind));
        file.left_out.push(
            "somebody whom the file is about, and with them every person's numbers in the justice system",
        );
    }
}

pub(super) fn is_central(role: Role) -> bool {
    match role {
        Role::Victim | Role::Offender | Role::Party => true,
        Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => false,
    }
}

fn names_a_person(kind: ReferenceKind) -> bool {
    match kind {
        ReferenceKind::PncId
        | ReferenceKind::Cro
        | ReferenceKind::Crn
        | ReferenceKind::PrisonNumber
        | ReferenceKind::NhsNumber => true,
        ReferenceKind::CrimeNumber
        | ReferenceKind::Urn
        | ReferenceKind::CollarNumber
        | ReferenceKind::AgencyReference => false,
    }
}

/// The word that JSON uses for it.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

pub(super) fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}
