//! Guards: reasons to hold mail that could leave, because of whom it goes to and what it is about.
//!
//! They look at the message as it was written, not at the copy that would leave, and they hold for CJSM
//! recipients too. Staff may release what only a guard holds ([`HoldReason::is_guard`]).

use super::finder::Known;
use super::parts::{Segment, Taken};
use super::people::Piece;
use super::view::View;
use super::{DraftRequest, RedactionSettings, Remit};
use crate::domain::{
    CaseReference, ConsentAnswer, EmailAddress, HoldReason, KnownCase, Party, Recipient, Referral, Side,
    sides_of,
};
use crate::mail::Mail;
use std::collections::HashSet;

/// What the guards know of one message.
pub(super) struct Guards<'a> {
    request: &'a DraftRequest,
    views: Vec<View>,
    /// Reasons that count for every recipient.
    common: Vec<HoldReason>,
}

impl<'a> Guards<'a> {
    /// Reads what the message is about.
    pub(super) fn new(mail: &Mail, taken: &Taken, request: &'a DraftRequest) -> Self {
        let header: Vec<String> = mail
            .fields
            .iter()
            .filter(|field| matches!(field.name.as_str(), "subject" | "from" | "to" | "cc"))
            .map(|field| without_addresses(&field.value))
            .collect();
        let texts = taken.segments.iter().map(Segment::text);
        let views: Vec<View> = header
            .iter()
            .map(String::as_str)
            .chain(texts)
            .map(View::new)
            .collect();
        let mut guards = Self {
            request,
            views,
            common: Vec::new(),
        };
        if guards.quotes(|case| case.closed) {
            guards.common.push(HoldReason::CaseClosed);
        }
        if guards.is_about_the_silenced() {
            guards.common.push(HoldReason::PersonWithdrew);
        }
        if guards.leaves_remit() {
            guards.common.push(HoldReason::FileNotAllocated);
        }
        guards
    }

    /// Why this recipient's mail is held: empty where no guard minds.
    pub(super) fn reasons(&self, text: &str, recipient: &Recipient) -> Vec<HoldReason> {
        let address = recipient.address();
        let mut reasons = self.common.clone();
        reasons.extend(of_address(text, self.request));
        if self.request.cases.iter().any(|case| self.crosses(case, address)) {
            reasons.push(HoldReason::RecipientOnOtherSide);
        }
        reasons
    }

    /// Whether the mail quotes our reference of such a case.
    fn quotes(&self, wanted: impl Fn(&KnownCase) -> bool) -> bool {
        let references: Vec<&str> = self
            .request
            .cases
            .iter()
            .filter(|case| wanted(case))
            .filter_map(|case| case.reference.as_deref())
            .collect();
        !references.is_empty()
            && self
                .quoted()
                .iter()
                .any(|quoted| references.contains(&quoted.as_str()))
    }

    fn quoted(&self) -> Vec<CaseReference> {
        let prefixes = &self.request.settings.reference_prefixes;
        let texts = self.views.iter();
        texts
            .flat_map(|view| CaseReference::find_all(prefixes, &view.text))
            .collect()
    }

    /// The recipient is on one side of the case, and the mail names somebody of another side, or goes to
    /// them as well. Somebody who agreed to share with the other side may be named.
    fn crosses(&self, case: &KnownCase, address: &EmailAddress) -> bool {
        let parties = &case.referral.parties;
        let sides = sides_of(parties);
        let placed = || parties.iter().zip(&sides);
        let own: HashSet<Side> = placed()
            .filter(|(party, _)| has_address(party, address))
            .filter_map(|(_, side)| *side)
            .collect();
        if own.is_empty() {
            return false;
        }
        let others: Vec<Party> = placed()
            .filter(|(party, side)| {
                side.is_some_and(|side| !own.contains(&side))
                    && party.consent.share_with_other_party != Some(true)
            })
            .map(|(party, _)| party.clone())
            .collect();
        let written_to = self
            .request
            .recipients
            .iter()
            .filter_map(|text| EmailAddress::parse(text))
            .any(|recipient| others.iter().any(|party| has_address(party, &recipient)));
        written_to || self.mentions(others)
    }

    /// The mail names somebody about whom nothing may go out, or goes to them.
    fn is_about_the_silenced(&self) -> bool {
        let cases = self.request.cases.iter();
        let silenced: Vec<Party> = cases
            .flat_map(|case| {
                case.silenced
                    .iter()
                    .filter_map(|place| case.referral.parties.get(*place))
            })
            .cloned()
            .collect();
        let recipients = self.request.recipients.iter();
        let written_to = recipients
            .filter_map(|text| EmailAddress::parse(text))
            .any(|recipient| silenced.iter().any(|party| has_address(party, &recipient)));
        written_to || self.mentions(silenced)
    }

    /// A name or a number of one of them stands in the mail.
    fn mentions(&self, people: Vec<Party>) -> bool {
        if people.is_empty() {
            return false;
        }
        let known = known_people(people, &self.request.settings);
        !known.is_sound() || self.views.iter().any(|view| known.is_in(view))
    }

    /// The mail quotes a reference, or names somebody in full, of a file that is not the sender's.
    fn leaves_remit(&self) -> bool {
        let Remit::Files(files) = &self.request.remit else {
            return false;
        };
        let allocated: HashSet<&str> = files.iter().map(|file| file.reference.as_str()).collect();
        if self
            .quoted()
            .iter()
            .any(|quoted| !allocated.contains(quoted.as_str()))
        {
            return true;
        }
        let (mut own, mut foreign) = (Vec::new(), Vec::new());
        for case in &self.request.cases {
            let reference = case.reference.as_deref().unwrap_or_default();
            let parties = &case.referral.parties;
            for (party, side) in parties.iter().zip(sides_of(parties)) {
                let is_own = files
                    .iter()
                    .any(|file| file.reference == reference && side.is_none_or(|side| side == file.side));
                let list = if is_own { &mut own } else { &mut foreign };
                list.push(party.clone());
            }
        }
        let writes_to_foreign = self
            .request
            .recipients
            .iter()
            .filter_map(|text| EmailAddress::parse(text))
            .any(|recipient| {
                let is_there = |people: &[Party]| people.iter().any(|party| has_address(party, &recipient));
                is_there(&foreign) && !is_there(&own)
            });
        writes_to_foreign || self.names_in_full(own, foreign)
    }

    /// Somebody of `foreign` is named in full, at a place where nobody of `own` is.
    fn names_in_full(&self, own: Vec<Party>, foreign: Vec<Party>) -> bool {
        if foreign.is_empty() {
            return false;
        }
        let settings = &self.request.settings;
        let (own, foreign) = (known_people(own, settings), known_people(foreign, settings));
        if !own.is_sound() || !foreign.is_sound() {
            return true;
        }
        self.views.iter().any(|view| {
            let allowed = own.names(view);
            foreign
                .names(view)
                .iter()
                .filter(|hit| matches!(hit.piece, Piece::Full | Piece::UserName))
                .any(|hit| {
                    !allowed
                        .iter()
                        .any(|own| own.start < hit.end && hit.start < own.end)
                })
        })
    }
}

/// Guards that need the recipient's address alone.
pub(super) fn of_address(recipient: &str, request: &DraftRequest) -> Vec<HoldReason> {
    let Some(address) = EmailAddress::parse(recipient) else {
        return Vec::new();
    };
    let refused = request
        .cases
        .iter()
        .flat_map(|case| &case.referral.parties)
        .filter(|party| party.consent.contact == Some(ConsentAnswer::Refused))
        .any(|party| has_address(party, &address));
    let stranger = request.strangers.iter().any(|text| text == recipient);
    let reasons = [
        (refused, HoldReason::RecipientRefusedContact),
        (stranger, HoldReason::FirstMailToAddress),
    ];
    reasons
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, reason)| reason)
        .collect()
}

/// A header field's words without what stands in angle brackets: whom a mail goes to is judged by its envelope.
fn without_addresses(value: &str) -> String {
    let mut text = String::new();
    let mut is_inside = false;
    for c in value.chars() {
        match c {
            '<' => is_inside = true,
            '>' => is_inside = false,
            _ if is_inside => {}
            _ => text.push(c),
        }
    }
    text
}

/// `jane+rj@example.com` reaches `jane@example.com` (RFC 5233).
fn has_address(party: &Party, address: &EmailAddress) -> bool {
    let whole = without_detail(address.expose_address());
    party.emails.iter().any(|email| without_detail(email) == whole)
}

fn without_detail(address: &str) -> String {
    let lower = address.to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, domain)) => {
            let local = local.split_once('+').map_or(local, |(user, _)| user);
            format!("{local}@{domain}")
        }
        None => lower,
    }
}

/// Only these people, found by rules alone.
fn known_people(parties: Vec<Party>, settings: &RedactionSettings) -> Known {
    let case = KnownCase {
        silenced: Vec::new(),
        reference: None,
        closed: false,
        referral: Referral {
            parties,
            ..Referral::default()
        },
    };
    let settings = RedactionSettings {
        name_model: false,
        ..settings.clone()
    };
    Known::new(&[case], &settings)
}
