//! Record identities: UUID version 7 (RFC 9562), so they sort by the time they were made.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! record_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

record_id!(
    /// One mail that came in.
    MessageId
);
record_id!(
    /// What staff accepted.
    CaseId
);
record_id!(
    /// One side of a case.
    CaseFileId
);
record_id!(
    /// Something that was done in a case.
    EntryId
);
record_id!(
    /// One liaison mail that a volunteer submitted.
    OutboundId
);
record_id!(
    /// One envelope of an outbound mail: what goes to one recipient.
    DeliveryId
);
record_id!(
    /// One volunteer's account on the submission server.
    SubmissionAccountId
);
record_id!(
    /// One account for the staff pages.
    StaffId
);
record_id!(
    /// One sign-in to the staff pages.
    SessionId
);
