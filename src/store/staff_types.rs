//! What crosses the store's interface about accounts and sessions of the staff pages.

use crate::domain::{Personal, SessionId, StaffId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// What somebody may do on the staff pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Reviews, decides, sees every case.
    Staff,
    /// Sees the files that are allocated to the submission account of this user name.
    Volunteer {
        /// User name of the submission account.
        user: String,
    },
    /// Runs the system; sees no case.
    Administrator,
}

/// An account to be made.
pub struct NewStaff {
    /// Name to sign in with; stands in the audit log.
    pub name: String,
    /// What it may do.
    pub role: StaffRole,
    /// PHC string (argon2id).
    pub password_hash: String,
}

/// An account.
#[derive(Clone)]
pub struct StaffAccount {
    /// Identity.
    pub id: StaffId,
    /// Name to sign in with.
    pub name: String,
    /// What it may do.
    pub role: StaffRole,
    /// PHC string (argon2id).
    pub password_hash: String,
    /// Secret of the second step; `None` until it is set up.
    pub second_step: Option<Personal<Vec<u8>>>,
}

/// What a browser shows to be known again: 32 random bytes. The store keeps their keyed hash only.
pub struct SessionToken(pub Zeroizing<[u8; 32]>);

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInStage {
    /// The password fitted; the second step is to come.
    Password,
    /// Signed in.
    Complete,
}

impl SignInStage {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Complete => "complete",
        }
    }
}

impl std::str::FromStr for SignInStage {
    type Err = crate::domain::CaseStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "password" => Ok(Self::Password),
            "complete" => Ok(Self::Complete),
            _ => Err(crate::domain::CaseStateError),
        }
    }
}

/// When sessions are over.
#[derive(Debug, Clone, Copy)]
pub struct SessionTerms {
    /// After so long without a request.
    pub idle: Duration,
    /// After so long in any case.
    pub absolute: Duration,
}

/// A session without its token.
#[derive(Debug, Clone, Copy)]
pub struct SessionInfo {
    /// Identity.
    pub id: SessionId,
    /// How far it has come.
    pub stage: SignInStage,
    /// When it began.
    pub started: Timestamp,
    /// When its last request came, to half a minute.
    pub seen: Timestamp,
}

/// A session that is not over, and whose it is.
#[derive(Clone)]
pub struct OpenSession {
    /// The session.
    pub info: SessionInfo,
    /// The account.
    pub account: StaffAccount,
}

/// What proves the second step.
pub enum SecondProof {
    /// A code of the authenticator that was checked; its number of thirty seconds since 1970.
    Step(u64),
    /// A recovery code, in the form in which codes are made.
    Recovery(Zeroizing<String>),
}

/// A second step that was just set up.
pub struct Enrolment {
    /// The step whose code proved it.
    pub step: u64,
    /// Recovery codes, to be kept as keyed hashes.
    pub recovery: Vec<Zeroizing<String>>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Cases, destroyed ones too.
    pub cases: u64,
    /// Messages that wait for a decision.
    pub to_review: u64,
    /// Mails of which something is held.
    pub held_mails: u64,
    /// When the oldest of the messages came.
    pub oldest_to_review: Option<Timestamp>,
    /// When the oldest of the held mails was handed in.
    pub oldest_held: Option<Timestamp>,
    /// Deliveries that wait to be sent.
    pub waiting_deliveries: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
}
