//! What the monthly report may know of a referral. Names nobody.

use super::{AgencyKind, CaseKind, ConsentAnswer, Kind, OffenceGroup, ParsedMessage, Referral, Role};
use serde::{Deserialize, Serialize};

/// Facts of one referral, or of one message that refers nobody: groups and answers, no name, no number, no date of birth,
/// no full postcode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnonymousFacts {
    /// What the message is.
    pub kind: Kind,
    /// Who referred.
    pub source: Option<AgencyKind>,
    /// What the case is about.
    pub case_kind: Option<CaseKind>,
    /// The offence.
    pub offence: Option<OffenceGroup>,
    /// The first half of the postcode of the first victim or party who has one, such as `CM2`.
    pub outward_code: Option<String>,
    /// Whether each victim, offender and party agreed to be contacted.
    pub consent: Vec<(Role, Option<ConsentAnswer>)>,
}

impl AnonymousFacts {
    /// One entry per referral of a message; one without facts where it refers nobody.
    pub fn of(parsed: &ParsedMessage) -> Vec<Self> {
        let referrals: Vec<&Referral> = match parsed.kind {
            Kind::Referral | Kind::SelfReferral => {
                parsed.referral.iter().chain(&parsed.more_referrals).collect()
            }
            Kind::Enquiry
            | Kind::Correspondence
            | Kind::ConsentWithdrawal
            | Kind::SubjectAccess
            | Kind::Automatic
            | Kind::Unrecognised => Vec::new(),
        };
        if referrals.is_empty() {
            return vec![Self::of_referral(parsed.kind, &Referral::default())];
        }
        let facts = referrals
            .into_iter()
            .map(|referral| Self::of_referral(parsed.kind, referral));
        facts.collect()
    }

    fn of_referral(kind: Kind, referral: &Referral) -> Self {
        let central = || {
            referral.parties.iter().filter(|party| match party.role {
                Role::Victim | Role::Offender | Role::Party => true,
                Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => false,
            })
        };
        let harmed = central().filter(|party| party.role != Role::Offender);
        Self {
            kind,
            source: referral.referrer.agency_kind,
            case_kind: referral.case_kind,
            offence: referral.offence.kind.as_deref().map(OffenceGroup::of),
            outward_code: harmed
                .filter_map(|party| outward(party.postcode.as_deref()?))
                .next(),
            consent: central()
                .map(|party| (party.role, party.consent.contact))
                .collect(),
        }
    }
}

/// `CM2` of `CM2 6XB`: everything but the last three characters.
fn outward(postcode: &str) -> Option<String> {
    let solid: String = postcode.chars().filter(char::is_ascii_alphanumeric).collect();
    let outward = solid.get(..solid.len().checked_sub(3)?)?;
    ((2..=4).contains(&outward.len())).then(|| outward.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_half_of_a_postcode_is_kept() {
        assert_eq!(outward("cm2 6xb").as_deref(), Some("CM2"));
        assert_eq!(outward("SS11AA").as_deref(), Some("SS1"));
        assert_eq!(outward("6XB"), None);
        assert_eq!(outward(""), None);
    }
}
