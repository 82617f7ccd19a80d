//! A draft for staff: what to ask the referrer where a referral lacks what the work cannot begin without.
//!
//! People stand in it as initials, so that it may leave by any way; staff read and send it themselves. Whom to ask is what
//! the referral says, never who a mail claims to be from.

use crate::domain::{ConsentAnswer, Party, ReferenceKind, Referral, Role};
use std::fmt::Write as _;

/// A mail to the referrer, to be read and sent by staff.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// The referrer's address, where the referral names one.
    pub to: Option<String>,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// What one party lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Whether they agree to be contacted.
    Consent,
    /// When and how they agreed.
    ConsentDetails,
    /// Any way to reach them.
    Contact,
    /// What they are called.
    Name,
}

impl Missing {
    fn question(self) -> &'static str {
        match self {
            Self::Consent => {
                "do they agree to be contacted by us? Please ask them, and tell us when they agreed, to whom and how"
            }
            Self::ConsentDetails => {
                "when did they agree to be contacted, to whom, and was it said or written?"
            }
            Self::Contact => {
                "how may we reach them: a telephone number, an e-mail address or a postal address?"
            }
            Self::Name => "what is their name?",
        }
    }
}

/// The draft, or `None` where nothing is missing. A party who said no is not asked about again.
pub(super) fn draft(referral: &Referral) -> Option<Draft> {
    let mut questions = String::new();
    let referrer = &referral.referrer;
    // Somebody who writes for themself has not to be asked whether they may be written to.
    let writes = |party: &Party| referrer.is_self_referral == Some(true) && party.name == referrer.name;
    let central = referral.parties.iter().filter(|party| is_central(party));
    for party in central.filter(|party| !writes(party)) {
        for missing in missing_of(party) {
            let _ = writeln!(questions, "- {}: {}", called(party), missing.question());
        }
    }
    if questions.is_empty() {
        return None;
    }
    let number = referral.references.iter().find(|reference| match reference.kind {
        ReferenceKind::CrimeNumber | ReferenceKind::Urn | ReferenceKind::AgencyReference => true,
        ReferenceKind::PncId
        | ReferenceKind::Cro
        | ReferenceKind::Crn
        | ReferenceKind::PrisonNumber
        | ReferenceKind::NhsNumber
        | ReferenceKind::CollarNumber => false,
    });
    let about = number.map_or_else(String::new, |number| format!(" {}", number.value));
    let greeting = referrer.name.as_deref().unwrap_or("colleague");
    Some(Draft {
        to: referrer.email.clone(),
        subject: format!("Your referral{about}: what we still need"),
        text: format!(
            "Dear {greeting},\n\nThank you for your referral{about}. Before we can begin, we need to know:\n\n{questions}\n\
             Being aware of the referral is not the same as agreeing to be contacted. Where somebody cannot be asked, please say \
             so and why.\n\nPlease answer by secure e-mail (CJSM) if you can; otherwise write initials only.\n"
        ),
    })
}

/// Without whom there is no case.
fn is_central(party: &Party) -> bool {
    match party.role {
        Role::Victim | Role::Offender | Role::Party => true,
        Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => false,
    }
}

fn missing_of(party: &Party) -> Vec<Missing> {
    let consent = &party.consent;
    let asked = match consent.contact {
        Some(ConsentAnswer::Refused) => return Vec::new(),
        None | Some(ConsentAnswer::NotSought | ConsentAnswer::Unknown) => Some(Missing::Consent),
        Some(ConsentAnswer::Given) if consent.given_on.is_none() && consent.how.is_none() => {
            Some(Missing::ConsentDetails)
        }
        Some(ConsentAnswer::Given) => None,
    };
    let reachable = !party.phones.is_empty() || !party.emails.is_empty() || party.address.is_some();
    let named = party.name.is_some() || party.organisation.is_some();
    asked
        .into_iter()
        .chain((!reachable).then_some(Missing::Contact))
        .chain((!named).then_some(Missing::Name))
        .collect()
}

/// "J.S. (person harmed)".
fn called(party: &Party) -> String {
    let role = match party.role {
        Role::Victim => "person harmed",
        Role::Offender => "person responsible",
        Role::Party | Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => {
            "party"
        }
    };
    let name = party.name.as_deref().unwrap_or_default();
    let letters: Vec<String> = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphabetic()))
        .map(|letter| letter.to_uppercase().chain(['.']).collect())
        .collect();
    match letters.as_slice() {
        [] => format!("the {role}"),
        [only] => format!("{only} ({role})"),
        [first, .., last] => format!("{first}{last} ({role})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ConsentHow, Reference};

    fn referral() -> Referral {
        let mut victim = Party::new(Role::Victim);
        victim.name = Some("margaret Ann Holloway".to_owned());
        victim.phones = vec!["+447700900417".to_owned()];
        let mut offender = Party::new(Role::Offender);
        offender.name = Some("Desmond Wraxhall".to_owned());
        offender.consent.contact = Some(ConsentAnswer::Refused);
        let mut referral = Referral {
            parties: vec![victim, offender, Party::new(Role::Witness)],
            references: vec![Reference {
                kind: ReferenceKind::CrimeNumber,
                value: "42/98765/26".to_owned(),
            }],
            ..Referral::default()
        };
        referral.referrer.name = Some("PC Verity Blackstock".to_owned());
        referral.referrer.email = Some("v.blackstock@police.example".to_owned());
        referral
    }

    #[test]
    fn what_is_missing_is_asked_in_initials_and_a_no_is_left_alone() {
        let draft = draft(&referral()).expect("consent is missing");
        assert_eq!(draft.to.as_deref(), Some("v.blackstock@police.example"));
        assert_eq!(draft.subject, "Your referral 42/98765/26: what we still need");
        assert!(draft.text.contains("Dear PC Verity Blackstock"), "{}", draft.text);
        assert!(
            draft.text.contains("- M.H. (person harmed): do they agree"),
            "{}",
            draft.text
        );
        for gone in ["Holloway", "Wraxhall", "D.W.", "900417", "reach them:"] {
            assert!(!draft.text.contains(gone), "{gone} in {}", draft.text);
        }
    }

    #[test]
    fn a_referral_with_everything_asks_nothing() {
        let mut referral = referral();
        referral.parties[0].consent.contact = Some(ConsentAnswer::Given);
        let details = draft(&referral).expect("how it was given is missing");
        assert!(details.text.contains("was it said or written?"));
        referral.parties[0].consent.how = Some(ConsentHow::Verbal);
        assert!(draft(&referral).is_none());
        let mut own = referral.clone();
        own.parties[0].consent = Default::default();
        own.referrer.name = own.parties[0].name.clone();
        own.referrer.is_self_referral = Some(true);
        assert!(draft(&own).is_none());
        referral.parties[0].phones.clear();
        assert!(draft(&referral).is_some_and(|draft| draft.text.contains("how may we reach them")));
    }
}
