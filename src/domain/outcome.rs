//! What becomes of an outbound mail: `eval`-stable words for actions, hold reasons and changes.

use serde::{Deserialize, Serialize};

/// What happens to one group of recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryAction {
    /// Byte for byte as handed in (without `Bcc`); CJSM recipients only.
    Pass,
    /// Rebuilt from redacted text.
    Redact,
    /// Nothing leaves; staff decide.
    Hold,
}

/// What becomes of an attachment whose text can be read, but which is not written anew in its own format (PDF,
/// OpenDocument, RTF, spreadsheets). Word files, text, CSV and calendars are always written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtherAttachments {
    /// The mail is held.
    Hold,
    /// Its redacted text goes on in its place.
    Text,
}

/// How a held mail may leave once staff release it: an unredacted copy only ever to CJSM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// As handed in, over CJSM.
    Pass,
    /// The redacted copy.
    Redact,
}

/// Why a delivery was redacted or held. The code is public; it never carries input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Redacted because the recipient is not on a CJSM domain (not a hold).
    NotACjsmDomain,
    /// A CJSM address, but no CJSM relay is configured, so it is treated as open (not a hold).
    NoCjsmRelay,
    /// No relay for ordinary mail is configured.
    NoOrdinaryRelay,
    /// The recipient's address cannot be read strictly.
    AddressNotUnderstood,
    /// An attachment is in a format that is not redacted.
    AttachmentCannotBeRedacted,
    /// An encrypted or signed part.
    EncryptedPart,
    /// The message cannot be taken apart with certainty.
    MessageNotUnderstood,
    /// The second pass found a known identifier in the finished bytes.
    SecondPassFoundIdentifier,
    /// The second pass could not read the finished bytes.
    SecondPassFailed,
    /// The redacting process failed or ran out of time.
    RedactionFailed,
    /// The recipient refused contact.
    RecipientRefusedContact,
    /// The case quoted in the mail is closed.
    CaseClosed,
    /// The message is larger than the configured size.
    TooLarge,
    /// What was stored does not open any more.
    StoredCopyDamaged,
    /// Only the name model could tell whether somebody is named, and it is off or could not be made ready.
    NameModelMissing,
    /// The recipient is on one side of a case, and the mail names or also goes to somebody of another side.
    RecipientOnOtherSide,
    /// The mail names or goes to somebody who has withdrawn, or whose data are restricted.
    PersonWithdrew,
    /// The mail is about a case file that is not allocated to the sender.
    FileNotAllocated,
    /// Nobody has written to this address before, and it is no partner agency's.
    FirstMailToAddress,
    /// It is a copy that we sent, handed in again: a relay in front of us sends our own mail back.
    MailLoop,
}

impl HoldReason {
    /// A guard's reason: the mail could leave, and staff may release it.
    pub fn is_guard(self) -> bool {
        match self {
            Self::RecipientRefusedContact
            | Self::CaseClosed
            | Self::RecipientOnOtherSide
            | Self::PersonWithdrew
            | Self::FileNotAllocated
            | Self::FirstMailToAddress => true,
            Self::NotACjsmDomain
            | Self::NoCjsmRelay
            | Self::NoOrdinaryRelay
            | Self::AddressNotUnderstood
            | Self::AttachmentCannotBeRedacted
            | Self::EncryptedPart
            | Self::MessageNotUnderstood
            | Self::SecondPassFoundIdentifier
            | Self::SecondPassFailed
            | Self::RedactionFailed
            | Self::TooLarge
            | Self::StoredCopyDamaged
            | Self::MailLoop
            | Self::NameModelMissing => false,
        }
    }

    /// What to tell staff.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::NotACjsmDomain => {
                "the recipient is not on a CJSM domain, so people were cut down to initials"
            }
            Self::NoCjsmRelay => {
                "no CJSM relay is configured, so this CJSM address is treated like any other"
            }
            Self::NoOrdinaryRelay => "no relay for ordinary mail is configured: set [relays.ordinary]",
            Self::AddressNotUnderstood => {
                "the recipient's address is written in a way that cannot be trusted"
            }
            Self::AttachmentCannotBeRedacted => {
                "an attachment is in a format that cannot be redacted; send it over CJSM or take it out"
            }
            Self::EncryptedPart => "a part is encrypted or signed and cannot be redacted",
            Self::MessageNotUnderstood => "the mail could not be taken apart with certainty",
            Self::SecondPassFoundIdentifier => {
                "the check of the finished mail still found a known identifier"
            }
            Self::SecondPassFailed => "the finished mail could not be checked",
            Self::RedactionFailed => "redacting this mail failed or took too long",
            Self::RecipientRefusedContact => "the recipient refused contact",
            Self::CaseClosed => "the case is closed",
            Self::TooLarge => "the mail is larger than the configured limit",
            Self::NameModelMissing => {
                "whether somebody is named can only be told by the name model, which is off or does not run here: \
                 set name_model = true in [redaction] and see what `referrald check` says"
            }
            Self::RecipientOnOtherSide => {
                "the recipient is on one side of the case, and the mail names or also goes to somebody of the other side, \
                 who has not agreed to share"
            }
            Self::PersonWithdrew => {
                "the mail names or goes to somebody who has withdrawn, or whose data are restricted: nothing goes out to them or \
                 about them"
            }
            Self::FileNotAllocated => {
                "the mail is about a case file that is not allocated to its sender: allocate it with `referrald cases allocate`"
            }
            Self::FirstMailToAddress => {
                "nobody has written to this address before: make sure that it is the right one"
            }
            Self::MailLoop => {
                "this is a copy that referrald sent, handed in again: the mail server in front must not route mail of the relays back"
            }
            Self::StoredCopyDamaged => {
                "the stored mail does not open: the database was changed from outside; ask the sender to send it again"
            }
        }
    }
}

/// The kinds of text that redaction replaces; the names are those that `detect` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum SpanKind {
    Person,
    Address,
    Postcode,
    Phone,
    Email,
    DateOfBirth,
    Age,
    Date,
    Location,
    Org,
    CaseNumber,
    NationalId,
    Vehicle,
    Url,
    IpAddress,
    Account,
    Other,
}

/// Where in a message something was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeWhere {
    /// A header field.
    Header,
    /// A text or HTML part.
    Body,
    /// An attachment's text.
    Attachment,
    /// An attachment's file name.
    FileName,
}

/// One replacement: never the original text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where it was.
    #[serde(rename = "where")]
    pub place: ChangeWhere,
    /// What kind of text it was.
    #[serde(rename = "type", with = "lower_kind")]
    pub kind: SpanKind,
    /// What stands there now.
    pub replacement: String,
}

/// `changes` rows print kinds in lower case, `detect` rows in upper case.
mod lower_kind {
    use super::SpanKind;
    use serde::{Deserialize, Deserializer, Serializer, de::IntoDeserializer};

    pub(super) fn serialize<S: Serializer>(kind: &SpanKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&kind.as_str().to_ascii_lowercase())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SpanKind, D::Error> {
        let word = String::deserialize(deserializer)?.to_ascii_uppercase();
        SpanKind::deserialize(word.into_deserializer())
    }
}

impl SpanKind {
    /// The word that `detect` prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Address => "ADDRESS",
            Self::Postcode => "POSTCODE",
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::DateOfBirth => "DATE_OF_BIRTH",
            Self::Age => "AGE",
            Self::Date => "DATE",
            Self::Location => "LOCATION",
            Self::Org => "ORG",
            Self::CaseNumber => "CASE_NUMBER",
            Self::NationalId => "NATIONAL_ID",
            Self::Vehicle => "VEHICLE",
            Self::Url => "URL",
            Self::IpAddress => "IP_ADDRESS",
            Self::Account => "ACCOUNT",
            Self::Other => "OTHER",
        }
    }
}
