//! What the guards are told of a sender and of the recipients.

use super::{AllocationGuard, Drafter, FirstMailGuard, NonceSource, Outbound, Relay};
use crate::domain::{Clock, EmailAddress, KnownCase};
use crate::redact::{RedactionSettings, Remit};
use crate::store::{AccountRole, StoreError};

/// What CJSM appends to an agency's own domain.
const CJSM_SUFFIX: &str = ".cjsm.net";

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Outbound<D, R, C, N> {
    /// What an account may write about. One that is gone meanwhile may write about no case.
    pub(super) async fn remit(&self, user: &str) -> Result<Remit, StoreError> {
        match self.settings.guards.allocation {
            AllocationGuard::Off => return Ok(Remit::Everything),
            AllocationGuard::AllocatedFiles => {}
        }
        match self.parts.store.account(user).await? {
            Some(account) if account.role == AccountRole::Staff => Ok(Remit::Everything),
            Some(_) | None => Ok(Remit::Files(self.parts.store.allocated_files(user).await?)),
        }
    }

    /// Those of the recipients whose first mail this is.
    pub(super) async fn strangers(
        &self,
        recipients: &[String],
        cases: &[KnownCase],
    ) -> Result<Vec<String>, StoreError> {
        let FirstMailGuard::Strangers { familiar_domains } = &self.settings.guards.first_mail else {
            return Ok(Vec::new());
        };
        let mut strangers: Vec<String> = recipients.to_vec();
        strangers.retain(|recipient| {
            EmailAddress::parse(recipient).is_some_and(|address| {
                !is_of(&address, familiar_domains)
                    && !is_own(&address, &self.settings.redaction)
                    && !stands_in(&address, cases)
            })
        });
        let known = self.parts.store.corresponded(&strangers).await?;
        let mut known = known.into_iter();
        strangers.retain(|_| known.next() == Some(false));
        Ok(strangers)
    }
}

/// At one of these domains or below it, label by label; over CJSM as well.
fn is_of(address: &EmailAddress, domains: &[String]) -> bool {
    let domain = address.domain().to_lowercase();
    let domain = domain.strip_suffix(CJSM_SUFFIX).unwrap_or(&domain);
    domains.iter().any(|known| {
        domain
            .strip_suffix(known.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

fn is_own(address: &EmailAddress, settings: &RedactionSettings) -> bool {
    let whole = address.expose_address().to_lowercase();
    let at_domain = format!("@{}", settings.own_domain.to_lowercase());
    whole.ends_with(&at_domain)
        || settings.own_addresses.iter().any(|own| {
            let own = own.to_lowercase();
            if own.starts_with('@') {
                whole.ends_with(&own)
            } else {
                whole == own
            }
        })
}

/// A participant's or a referrer's address, as staff accepted it.
fn stands_in(address: &EmailAddress, cases: &[KnownCase]) -> bool {
    let whole = address.expose_address();
    cases.iter().any(|case| {
        let referral = &case.referral;
        let parties = referral.parties.iter().flat_map(|party| &party.emails);
        parties
            .chain(&referral.referrer.email)
            .any(|email| email.eq_ignore_ascii_case(whole))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_what_is_below_it_also_over_cjsm_and_nothing_beside_it() {
        let domains = ["essex.police.example".to_owned()];
        for (address, familiar) in [
            ("a@essex.police.example", true),
            ("a@mail.essex.police.example", true),
            ("a@ESSEX.police.example.cjsm.net", true),
            ("a@wessex.police.example", false),
            ("a@police.example", false),
            ("a@essex.police.example.evil.example", false),
        ] {
            let parsed = EmailAddress::parse(address).expect("an address");
            assert_eq!(is_of(&parsed, &domains), familiar, "{address}");
        }
    }
}
