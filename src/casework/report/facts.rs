//! What the report may know: dates, kinds and answers.
//!
//! Invariant: no field names a person, gives a date of birth or a full postcode, or points back to a record.

use crate::domain::{
    AgencyKind, CaseKind, CaseOutcome, CloseReason, ConsentAnswer, Kind, OffenceGroup, Role,
};
use jiff::civil::Date;

/// What staff decided about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Nothing yet.
    Waiting,
    /// It became a case.
    Accepted,
    /// It went to a case that was there.
    Filed,
    /// Put aside.
    SetAside,
    /// Rejected, and destroyed.
    Rejected,
}

/// What the report may know of one message. Names nobody.
#[derive(Debug, Clone)]
pub struct ReferralFacts {
    /// The day it arrived.
    pub received: Date,
    /// `Referral` and `SelfReferral` are counted as referrals, the others as other mail.
    pub kind: Kind,
    /// Who referred; `None` is counted as self-referral where the kind is that, and as not stated otherwise.
    pub source: Option<AgencyKind>,
    /// What the case is about.
    pub case_kind: Option<CaseKind>,
    /// The offence, in groups.
    pub offence: Option<OffenceGroup>,
    /// The first half of the postcode, such as `CM2`.
    pub outward_code: Option<String>,
    /// One entry for each victim, offender or party of a dispute; other roles are not counted.
    pub consent: Vec<(Role, Option<ConsentAnswer>)>,
    /// Minutes from arrival to the first look; `None` while nobody has looked. A decision is a look: give
    /// its time where no earlier look is recorded.
    pub minutes_to_first_look: Option<u64>,
    /// What staff decided.
    pub decision: Decision,
}

/// What the report may know of one case. Names nobody.
#[derive(Debug, Clone)]
pub struct CaseFacts {
    /// The day it was opened.
    pub opened: Date,
    /// The day it was closed, and why.
    pub closed: Option<(Date, CloseReason)>,
    /// What came of it, where it was completed.
    pub outcome: Option<CaseOutcome>,
    /// The day it was destroyed.
    pub destroyed: Option<Date>,
}
