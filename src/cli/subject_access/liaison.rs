//! To whom liaison mail about one person went, as far as that is recorded.

use super::bundle::{Recipient, day};
use super::cut::Cutter;
use crate::casework::{CaseworkError, SubjectData};
use crate::cli::redact::readable;
use crate::domain::{CaseReference, MailRoute, Party, Recipient as Address};
use crate::store::{LiaisonDelivery, Store, StoreError};

/// What was found.
#[derive(Default)]
pub(super) struct Liaison {
    /// One row per delivery of a mail that is about them.
    pub(super) sent: Vec<Recipient>,
    /// Mails that quote the case's reference without naming them.
    pub(super) unclear: usize,
}

pub(super) async fn search(
    store: &Store,
    data: &SubjectData,
    prefixes: &[String],
    cutter: &Cutter,
) -> Result<Liaison, CaseworkError> {
    let party = data.party.expose_personal();
    let mut found = Liaison::default();
    let mut mails = store.outbound().await?;
    mails.reverse();
    for mail in mails.iter().filter(|mail| mail.notice_about.is_none()) {
        let text = match store.outbound_mail(mail.id).await {
            Ok(mail) => readable(mail.raw.expose_personal()),
            // Destroyed after its term, or damaged: nothing can be told of it.
            Err(StoreError::NotFound | StoreError::Tampered) => continue,
            Err(error) => return Err(error.into()),
        };
        let deliveries = store.liaison_deliveries(mail.id).await?;
        let to_them = deliveries.iter().any(|delivery| is_theirs(delivery, party));
        if to_them || names(&text, party) {
            let sent = deliveries.iter().filter(|delivery| delivery.state == "sent");
            found.sent.extend(sent.map(|delivery| Recipient {
                date: day(delivery.ended.unwrap_or(mail.received)),
                class: match delivery.route {
                    MailRoute::Cjsm => "CJSM (secure e-mail of the criminal justice system)",
                    MailRoute::Ordinary => "ordinary e-mail, with people as initials",
                },
                domain: domain_of(delivery, party, cutter),
            }));
        } else if CaseReference::find_all(prefixes, &text).contains(&data.case.reference) {
            found.unclear += 1;
        }
    }
    Ok(found)
}

fn is_theirs(delivery: &LiaisonDelivery, party: &Party) -> bool {
    let recipient = delivery.recipient.expose_personal().trim();
    party
        .emails
        .iter()
        .any(|email| email.trim().eq_ignore_ascii_case(recipient))
}

/// The domain alone; not even that where it tells another person's name.
fn domain_of(delivery: &LiaisonDelivery, party: &Party, cutter: &Cutter) -> String {
    if is_theirs(delivery, party) {
        return "you".to_owned();
    }
    let recipient = delivery.recipient.expose_personal();
    let Some(address) = Address::parse(recipient) else {
        return "not told".to_owned();
    };
    let domain = address.address().domain().to_owned();
    match cutter.names_another(&domain) {
        false => domain,
        true => "a private domain".to_owned(),
    }
}

/// Whether a text has their name in full, in this order, whatever stands between the words but letters.
fn names(text: &str, party: &Party) -> bool {
    let text = words(text);
    let surname = party.name.as_deref().and_then(|name| words(name).pop());
    let known = party.known_as.as_deref().zip(surname).map(|(known, surname)| {
        let mut words = words(known);
        words.push(surname);
        words
    });
    let full = party.name.as_deref().map(words);
    full.into_iter()
        .chain(known)
        .filter(|name| name.len() > 1)
        .any(|name| text.windows(name.len()).any(|window| window == name))
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
