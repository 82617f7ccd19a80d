//! States of messages, cases and outbound mail, and the service's own case reference.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where a message stands. `Held` is "bytes are ours, not read yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Committed, waiting for the worker.
    Held,
    /// Read into a draft; waits for staff.
    Read,
    /// Could not be read; staff look at it, with the reason.
    Unreadable,
    /// Filed with an existing case.
    Filed,
    /// Put aside by staff (newsletter, spam).
    SetAside,
    /// Became a case.
    Accepted,
    /// Rejected: content destroyed, tombstone left.
    Rejected,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Work goes on.
    Open,
    /// Ended; kept for its term.
    Closed,
    /// Key, rows and copies are gone.
    Destroyed,
}

/// Why a case was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The process ran to its end.
    Completed,
    /// A participant would not sign the confidentiality form.
    RefusedToSign,
    /// A participant said no, or withdrew.
    Declined,
    /// Nobody could be reached.
    NoContact,
    /// Not suitable.
    NotSuitable,
    /// Something else.
    Other,
}

/// What came of a completed case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// The people met.
    Meeting,
    /// Messages were carried between them.
    Indirect,
    /// A letter or another apology was passed on.
    Apology,
    /// Something was made good: money, work, repair.
    Reparation,
    /// A dispute ended with an agreement.
    Agreement,
    /// It ran to its end without an agreement.
    NoAgreement,
}

/// Which side of a case a file belongs to; the sides never see each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The person harmed and their supporters.
    Victim,
    /// The person responsible and their supporters.
    Offender,
    /// One neutral side of a dispute, numbered from 0 within the case.
    Party(u16),
}

/// One side's file of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocatedFile {
    /// Our reference of the case.
    pub reference: String,
    /// Whose file.
    pub side: Side,
}

impl FromStr for Side {
    type Err = CaseStateError;

    /// As it is printed: `victim`, `offender`, `party 1`.
    fn from_str(text: &str) -> Result<Self, CaseStateError> {
        match text {
            "victim" => Ok(Self::Victim),
            "offender" => Ok(Self::Offender),
            _ => {
                let number = text.strip_prefix("party").map(str::trim_start);
                let number = number.and_then(|number| number.parse::<u16>().ok());
                number
                    .and_then(|number| number.checked_sub(1))
                    .map(Self::Party)
                    .ok_or(CaseStateError)
            }
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Victim => f.write_str("victim"),
            Self::Offender => f.write_str("offender"),
            Self::Party(number) => write!(f, "party {}", number + 1),
        }
    }
}

/// A text that is not a state, side or reference of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value this field can hold")]
pub struct CaseStateError;

macro_rules! stored_as_text {
    ($type:ty { $($variant:path => $text:literal),+ $(,)? }) => {
        impl $type {
            /// The word that is stored and printed.
            pub fn as_str(self) -> &'static str {
                match self { $($variant => $text),+ }
            }
        }
        impl FromStr for $type {
            type Err = CaseStateError;
            fn from_str(text: &str) -> Result<Self, CaseStateError> {
                match text { $($text => Ok($variant),)+ _ => Err(CaseStateError) }
            }
        }
    };
}

stored_as_text!(MessageState {
    MessageState::Held => "held", MessageState::Read => "read", MessageState::Unreadable => "unreadable",
    MessageState::Filed => "filed", MessageState::SetAside => "set_aside",
    MessageState::Accepted => "accepted", MessageState::Rejected => "rejected",
});
stored_as_text!(CaseState {
    CaseState::Open => "open", CaseState::Closed => "closed", CaseState::Destroyed => "destroyed",
});
stored_as_text!(CloseReason {
    CloseReason::Completed => "completed", CloseReason::RefusedToSign => "refused_to_sign",
    CloseReason::Declined => "declined", CloseReason::NoContact => "no_contact",
    CloseReason::NotSuitable => "not_suitable", CloseReason::Other => "other",
});
stored_as_text!(CaseOutcome {
    CaseOutcome::Meeting => "meeting", CaseOutcome::Indirect => "indirect", CaseOutcome::Apology => "apology",
    CaseOutcome::Reparation => "reparation", CaseOutcome::Agreement => "agreement",
    CaseOutcome::NoAgreement => "no_agreement",
});
stored_as_text!(OutboundState {
    OutboundState::Accepted => "accepted", OutboundState::Planned => "planned",
    OutboundState::Done => "done", OutboundState::Returned => "returned",
});
stored_as_text!(UnreadableReason {
    UnreadableReason::WorkerCrashed => "worker_crashed", UnreadableReason::WorkerTimeout => "worker_timeout",
    UnreadableReason::WorkerMemory => "worker_memory", UnreadableReason::TooLarge => "too_large",
    UnreadableReason::CannotFetch => "cannot_fetch", UnreadableReason::Malformed => "malformed",
});

/// Why a message became a review item instead of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreadableReason {
    /// The worker process died on it (twice).
    WorkerCrashed,
    /// The worker did not answer within its time.
    WorkerTimeout,
    /// The worker wanted more memory than allowed.
    WorkerMemory,
    /// Larger than the configured size; left in the mailbox.
    TooLarge,
    /// The server would not hand it over after several tries; left in the mailbox.
    CannotFetch,
    /// The worker answered that this is not a mail it can take apart.
    Malformed,
}

impl UnreadableReason {
    /// What to tell staff.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::WorkerCrashed => "the reading process stopped on this mail; open it in the mail program",
            Self::WorkerTimeout => "reading this mail took too long; open it in the mail program",
            Self::WorkerMemory => "reading this mail needed too much memory; open it in the mail program",
            Self::TooLarge => "the mail is larger than the configured limit; it was left in the mailbox",
            Self::CannotFetch => "the mail server would not hand this mail over; it was left in the mailbox",
            Self::Malformed => "this is not a mail that can be taken apart; open it in the mail program",
        }
    }
}

/// Where an outbound mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundState {
    /// Stored, the sender has the 250; not split yet.
    Accepted,
    /// Split into deliveries, at least one not finished.
    Planned,
    /// Every delivery sent, failed for good, or returned.
    Done,
    /// Staff gave it back to the sender.
    Returned,
}

/// The service's own case reference, such as `RJ-2026-00012`: prefix, year, number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseReference(String);

impl CaseReference {
    /// Builds `PREFIX-YYYY-NNNNN`.
    pub fn new(prefix: &str, year: i16, number: u32) -> Self {
        Self(format!("{prefix}-{year:04}-{number:05}"))
    }

    /// Reads `PREFIX-YYYY-NNNNN` in either letter case; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.trim().split_once('-')?;
        let upper = prefix.to_ascii_uppercase();
        Self::read_after(&upper, &format!("-{rest}").to_ascii_uppercase())
    }

    /// Reads a reference written exactly as [`CaseReference::new`] writes one with this prefix (in either letter case), with
    /// its year and its number.
    pub fn parse_own(prefix: &str, text: &str) -> Option<(Self, i16, u32)> {
        let reference = Self::parse(text)?;
        let rest = reference.0.strip_prefix(&prefix.to_ascii_uppercase())?;
        let (year, number) = rest.strip_prefix('-')?.split_once('-')?;
        let (year, number) = (year.parse().ok()?, number.parse().ok()?);
        (number > 0 && Self::new(prefix, year, number) == reference).then_some((reference, year, number))
    }

    /// The reference as it is quoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every reference with one of `prefixes` in a text, in order, without repeats. Letters may be in
    /// either case; `RJ-2026-00012`, `RJ/2026/00012` and `RJ 2026 00012` are the same.
    pub fn find_all(prefixes: &[String], text: &str) -> Vec<Self> {
        let upper = text.to_ascii_uppercase();
        let mut found = Vec::new();
        for prefix in prefixes {
            let prefix = prefix.to_ascii_uppercase();
            for (at, _) in upper.match_indices(&prefix) {
                let before = upper[..at].chars().next_back();
                if before.is_some_and(char::is_alphanumeric) {
                    continue;
                }
                if let Some(reference) = Self::read_after(&prefix, &upper[at + prefix.len()..])
                    && !found.contains(&reference)
                {
                    found.push(reference);
                }
            }
        }
        found
    }

    fn read_after(prefix: &str, rest: &str) -> Option<Self> {
        let rest = rest.strip_prefix(['-', '/', ' '])?;
        let year = rest.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?;
        let rest = rest[4..].strip_prefix(['-', '/', ' '])?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let next = rest[digits..].chars().next();
        if !(4..=7).contains(&digits) || next.is_some_and(char::is_alphanumeric) {
            return None;
        }
        Some(Self(format!("{prefix}-{year}-{}", &rest[..digits])))
    }
}

impl fmt::Display for CaseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reference_in_our_own_form_is_ours() {
        let own =
            |text| CaseReference::parse_own("RJ", text).map(|(own, year, number)| (own.0, year, number));
        assert_eq!(own("RJ-2025-00031"), Some(("RJ-2025-00031".into(), 2025, 31)));
        assert_eq!(
            own(" rj-2025-123456 "),
            Some(("RJ-2025-123456".into(), 2025, 123_456))
        );
        for other in [
            "RJ-2025-0031",
            "RJ-2025-000031",
            "RJ-2025-00000",
            "XY-2025-00031",
            "RJX-2025-00031",
            "31",
            "",
        ] {
            assert_eq!(own(other), None, "{other}");
        }
    }

    #[test]
    fn references_are_found_in_every_usual_spelling() {
        let prefixes = vec!["RJ".to_owned()];
        let text = "Re: rj-2026-00012, (RJ/2026/00013) and XRJ-2026-00014, RJ-2026-0001x";
        let found = CaseReference::find_all(&prefixes, text);
        let found: Vec<_> = found.iter().map(CaseReference::as_str).collect();
        assert_eq!(found, ["RJ-2026-00012", "RJ-2026-00013"]);
    }
}
