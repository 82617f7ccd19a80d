//! Recipients into groups that receive the same bytes, and the guards that hold one back.

use super::rebuild::rebuild;
use super::{DraftGroup, DraftPlan, DraftRequest};
use crate::domain::{
    CaseReference, ConsentAnswer, DeliveryAction, HoldReason, KnownCase, MailLimits, MailRoute, Recipient,
};
use crate::mail::{self, Mail, Part, PartBody};
use std::collections::BTreeMap;

/// Why and how a recipient's mail goes: recipients with the same answer form one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// As handed in, over CJSM.
    Pass,
    /// Cut down, for this reason.
    Redact(HoldReason),
    /// Held, for this reason; the route it would have taken.
    Hold(HoldReason, bool),
}

/// Splits the recipients and proposes what each group receives.
pub(super) fn plan(request: &DraftRequest, known: &super::finder::Known) -> DraftPlan {
    let too_large = u64::try_from(request.raw.len()).unwrap_or(u64::MAX) > request.settings.max_bytes;
    let mail = (!too_large).then(|| mail::parse(&request.raw, &MailLimits::default()));
    let closed = mail
        .as_ref()
        .is_some_and(|mail| quotes_closed_case(mail, request));
    let mut classes: BTreeMap<Class, Vec<String>> = BTreeMap::new();
    for text in &request.recipients {
        let class = match (class(text, request), too_large, closed) {
            (Class::Hold(reason, cjsm), _, _) => Class::Hold(reason, cjsm),
            (other, true, _) => Class::Hold(HoldReason::TooLarge, other == Class::Pass),
            (other, false, true) => Class::Hold(HoldReason::CaseClosed, other == Class::Pass),
            (other, false, false) => other,
        };
        let group = classes.entry(class).or_default();
        if !group.contains(text) {
            group.push(text.clone());
        }
    }
    let cut_down = match (
        &mail,
        classes.keys().any(|class| matches!(class, Class::Redact(_))),
    ) {
        (Some(mail), true) => Some(rebuild(mail, known, request)),
        (_, _) => None,
    };
    let groups = classes.into_iter().map(|(class, recipients)| {
        let (action, route, reasons) = match class {
            Class::Pass => (DeliveryAction::Pass, MailRoute::Cjsm, Vec::new()),
            Class::Redact(reason) => (DeliveryAction::Redact, MailRoute::Ordinary, vec![reason]),
            Class::Hold(reason, cjsm) => (
                DeliveryAction::Hold,
                if cjsm {
                    MailRoute::Cjsm
                } else {
                    MailRoute::Ordinary
                },
                vec![reason],
            ),
        };
        let mut group = DraftGroup {
            recipients,
            route,
            action,
            reasons,
            changes: Vec::new(),
            message: None,
            originals: Vec::new(),
        };
        match (action, &cut_down) {
            (DeliveryAction::Pass | DeliveryAction::Hold, _) => {}
            (DeliveryAction::Redact, Some(Ok(rebuilt))) => {
                group.changes.clone_from(&rebuilt.changes);
                group.originals.clone_from(&rebuilt.originals);
                group.message = Some(rebuilt.bytes.clone());
            }
            (DeliveryAction::Redact, Some(Err(reasons))) => {
                group.action = DeliveryAction::Hold;
                group.reasons.extend(reasons);
            }
            (DeliveryAction::Redact, None) => {
                group.action = DeliveryAction::Hold;
                group.reasons.push(HoldReason::RedactionFailed);
            }
        }
        group
    });
    DraftPlan {
        groups: groups.collect(),
    }
}

fn class(text: &str, request: &DraftRequest) -> Class {
    let Some(recipient) = Recipient::parse(text) else {
        return Class::Hold(HoldReason::AddressNotUnderstood, false);
    };
    let cjsm = matches!(recipient, Recipient::Cjsm(_)) && request.settings.cjsm_route;
    if refused_contact(recipient.address().expose_address(), &request.cases) {
        return Class::Hold(HoldReason::RecipientRefusedContact, cjsm);
    }
    match (
        &recipient,
        request.settings.cjsm_route,
        request.settings.ordinary_route,
    ) {
        (Recipient::Cjsm(_), true, _) => Class::Pass,
        (_, _, false) => Class::Hold(HoldReason::NoOrdinaryRelay, false),
        (Recipient::Cjsm(_), false, true) => Class::Redact(HoldReason::NoCjsmRelay),
        (Recipient::Open(_), _, true) => Class::Redact(HoldReason::NotACjsmDomain),
    }
}

/// Whether a participant with this address said no to contact.
fn refused_contact(address: &str, cases: &[KnownCase]) -> bool {
    let parties = cases.iter().flat_map(|case| &case.referral.parties);
    parties
        .filter(|party| party.consent.contact == Some(ConsentAnswer::Refused))
        .any(|party| {
            party
                .emails
                .iter()
                .any(|email| email.eq_ignore_ascii_case(address))
        })
}

/// Whether the mail quotes our reference of a case that is closed.
fn quotes_closed_case(mail: &Mail, request: &DraftRequest) -> bool {
    let closed: Vec<&str> = request
        .cases
        .iter()
        .filter(|case| case.closed)
        .filter_map(|case| case.reference.as_deref())
        .collect();
    if closed.is_empty() {
        return false;
    }
    let prefixes = &request.settings.reference_prefixes;
    let quotes = |text: &str| {
        CaseReference::find_all(prefixes, text)
            .iter()
            .any(|found| closed.contains(&found.as_str()))
    };
    mail.field("subject").is_some_and(|field| quotes(&field.value)) || any_text(&mail.root, &quotes)
}

/// Whether a condition holds for some text of the tree, whose depth the parser bounds.
fn any_text(part: &Part, condition: &dyn Fn(&str) -> bool) -> bool {
    match &part.body {
        PartBody::Text(text) => condition(text),
        PartBody::Multipart(parts) => parts.iter().any(|part| any_text(part, condition)),
        PartBody::Message(mail) => any_text(&mail.root, condition),
        PartBody::Bytes(_) | PartBody::NotRead(_) => false,
    }
}
