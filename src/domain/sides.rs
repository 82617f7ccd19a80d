//! Which side of a case somebody is on.

use super::{Party, Role, Side};

/// The side of every party, in their order; `None` for people on no side, whom only staff see: witnesses, and people whose
/// side cannot be told. Where there is one side only, unplaced supporters and appropriate adults are on it.
pub fn sides_of(parties: &[Party]) -> Vec<Option<Side>> {
    let mut neutral = 0_u16;
    let own: Vec<Option<Side>> = parties
        .iter()
        .map(|party| match party.role {
            Role::Victim => Some(Side::Victim),
            Role::Offender => Some(Side::Offender),
            Role::Party => {
                neutral = neutral.saturating_add(1);
                Some(Side::Party(neutral - 1))
            }
            Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => None,
        })
        .collect();
    let mut sides = own.iter().flatten();
    let only = sides
        .next()
        .copied()
        .filter(|first| sides.all(|side| side == first));
    let all = parties.iter().enumerate().map(|(index, party)| match party.role {
        Role::Victim | Role::Offender | Role::Party => own.get(index).copied().flatten(),
        Role::Supporter | Role::AppropriateAdult => supported_side(parties, &own, party).or(only),
        Role::Professional => supported_side(parties, &own, party),
        Role::Witness => None,
    });
    all.collect()
}

/// Follows `supports` to somebody who has a side. A circle or a wrong index leads nowhere.
fn supported_side(parties: &[Party], own: &[Option<Side>], party: &Party) -> Option<Side> {
    let mut next = party.supports;
    for _ in 0..parties.len() {
        let index = next?;
        if let Some(side) = own.get(index)? {
            return Some(*side);
        }
        next = parties.get(index)?.supports;
    }
    None
}
