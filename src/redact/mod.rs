//! Finding people and identifiers, cutting them down, rebuilding a message, and the second pass.
//!
//! Two halves on purpose: [`draft`] runs in the worker (it takes foreign MIME apart and proposes new
//! bytes), [`RedactedMessage::verify`] runs in the daemon, decodes the proposed bytes with code of its own
//! and is the only way to a [`RedactedMessage`].

mod addresses;
mod compose;
mod facts;
mod finder;
mod finish;
mod guards;
mod html;
mod initials;
mod layout;
mod lexicon;
mod ner;
mod parts;
mod people;
mod places;
mod rebuild;
mod recipients;
mod second;
mod streets;
mod suspects;
mod unknown;
mod verbatim;
mod view;
mod word;
mod words;

pub use ner::{ModelError, NameModel};

pub use finish::{Finished, FinishedDelivery, deliveries_as_json, finish};

use crate::domain::{
    AllocatedFile, Change, DeliveryAction, Document, HoldReason, KnownCase, MailRoute, OtherAttachments,
    Personal, Release, SpanKind, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What redaction may do, from the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RedactionSettings {
    /// A CJSM relay is configured.
    pub cjsm_route: bool,
    /// A relay for ordinary mail is configured.
    pub ordinary_route: bool,
    /// Prefixes of our own references (`RJ`), which stay readable.
    pub reference_prefixes: Vec<String>,
    /// Domain for new Message-IDs, and "ours" in addresses.
    pub own_domain: String,
    /// Largest message taken, in bytes.
    pub max_bytes: u64,
    /// Addresses or whole domains (`@example.org`) of the service and its volunteers: they stay readable.
    pub own_addresses: Vec<String>,
    /// Names in no case are told by the built-in model. Without it what it would have decided is held.
    pub name_model: bool,
    /// Attachments that are read but not written anew.
    pub attachments: OtherAttachments,
}

/// Reads the document in the bytes of an attachment of that name: `None` where it is no document, or where anything in
/// it could not be read. Reading hostile documents is not this module's business; whoever runs [`draft`] hands it in.
pub type DocumentReader = fn(&[u8], &str) -> Option<Document>;

/// One message to be split and redacted. It crosses the worker's pipe.
#[derive(Clone, Serialize, Deserialize)]
pub struct DraftRequest {
    /// The message as handed in.
    #[serde(with = "as_base64")]
    pub raw: Vec<u8>,
    /// Envelope recipients as handed in.
    pub recipients: Vec<String>,
    /// The known people.
    pub cases: Vec<KnownCase>,
    /// What may be done.
    pub settings: RedactionSettings,
    /// 16 bytes for the new Message-ID, drawn by the caller.
    pub nonce: [u8; 16],
    /// What the sender may write about.
    pub remit: Remit,
    /// Those of the recipients whose first mail is to be held, as handed in.
    pub strangers: Vec<String>,
}

/// What a sender may write about. Mail that concerns no case is anybody's to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remit {
    /// Every case.
    Everything,
    /// These files of cases only.
    Files(Vec<AllocatedFile>),
}

/// The worker's proposal: every recipient is in exactly one group.
#[derive(Clone, Serialize, Deserialize)]
pub struct DraftPlan {
    /// Groups of recipients that would receive the same bytes.
    pub groups: Vec<DraftGroup>,
}

/// One group of recipients and what it would receive.
#[derive(Clone, Serialize, Deserialize)]
pub struct DraftGroup {
    /// Recipients as handed in.
    pub recipients: Vec<String>,
    /// The relay it would take.
    pub route: MailRoute,
    /// What would happen.
    pub action: DeliveryAction,
    /// What would happen to a held mail if staff released it; `None` where they cannot.
    pub if_released: Option<Release>,
    /// Why.
    pub reasons: Vec<HoldReason>,
    /// What was replaced.
    pub changes: Vec<Change>,
    /// The proposed bytes: for a hold those that would leave if staff released it.
    #[serde(with = "as_optional_base64")]
    pub message: Option<Vec<u8>>,
    /// Every original text that was replaced, for the second pass.
    pub originals: Vec<String>,
}

/// A span that would be replaced, for `detect`. Offsets are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// What it is.
    pub kind: SpanKind,
    /// What would stand there.
    pub replacement: String,
}

/// Bytes that may go to open recipients: they passed the second pass. There is no other way to one:
///
/// ```compile_fail
/// let forged = referrald::redact::RedactedMessage { bytes: vec![] };
/// ```
pub struct RedactedMessage {
    bytes: Vec<u8>,
}

/// A message as handed in (only `Bcc` taken out), for CJSM recipients.
pub struct VerbatimMessage {
    bytes: Personal<Vec<u8>>,
}

impl RedactedMessage {
    /// The second pass: decodes the finished bytes with code of its own and searches them, heavily
    /// folded, for every known identifier of `cases` and every one of `originals`.
    ///
    /// # Errors
    /// [`HoldReason::SecondPassFoundIdentifier`] or [`HoldReason::SecondPassFailed`].
    pub fn verify(
        bytes: Vec<u8>,
        cases: &[KnownCase],
        originals: &[String],
        settings: &RedactionSettings,
    ) -> Result<Self, HoldReason> {
        second::check(&bytes, cases, originals, settings)?;
        Ok(Self { bytes })
    }

    /// The bytes to hand to the relay.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl VerbatimMessage {
    /// Takes the `Bcc` fields out of the top header; every other byte stays.
    pub fn without_bcc(raw: &[u8]) -> Self {
        Self {
            bytes: Personal::new(verbatim::without_bcc(raw)),
        }
    }

    /// The bytes to hand to the CJSM relay.
    pub fn expose_bytes(&self) -> &[u8] {
        self.bytes.expose_personal()
    }
}

/// Splits recipients and proposes what each group would receive. Never panics on input; runs in the worker.
pub fn draft(request: &DraftRequest, documents: DocumentReader) -> DraftPlan {
    let known = finder::Known::new(&request.cases, &request.settings);
    recipients::plan(request, &known, documents)
}

/// A plain mail that is written here.
pub struct ServiceMail<'a> {
    /// The address of the service, or of whoever writes.
    pub from: &'a str,
    /// One address.
    pub to: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// Plain text.
    pub text: &'a str,
    /// When it is written.
    pub date: Timestamp,
    /// 16 random bytes for the Message-ID.
    pub nonce: [u8; 16],
    /// Domain of the Message-ID.
    pub own_domain: &'a str,
}

/// Writes a mail of the service in the format that the second pass reads; gives its Message-ID and bytes. It is marked as
/// made by a program (RFC 3834 section 5), so that no other program answers it.
pub fn service_mail(mail: &ServiceMail<'_>) -> (String, Vec<u8>) {
    plain_mail(mail, Some(("Auto-Submitted", "auto-generated".to_owned())))
}

/// Writes a mail of a person, as a mail program would hand it in. `mail.to` may be several addresses, with commas between;
/// all of them are ones that [`crate::domain::EmailAddress`] reads.
pub fn written_mail(mail: &ServiceMail<'_>) -> Vec<u8> {
    let (_, bytes) = plain_mail(mail, None);
    bytes
}

fn plain_mail(mail: &ServiceMail<'_>, mark: Option<(&'static str, String)>) -> (String, Vec<u8>) {
    let seed = rebuild::hex(&mail.nonce);
    let message_id = format!("{seed}@{}", mail.own_domain);
    let mut fields = vec![
        ("From", mail.from.to_owned()),
        // One address a line: a line has a bound (RFC 5322 section 2.1.1).
        ("To", mail.to.replace(", ", ",\r\n ")),
        (
            "Date",
            mail.date.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
        ),
        ("Subject", compose::encoded(mail.subject)),
        ("Message-ID", format!("<{message_id}>")),
    ];
    fields.extend(mark);
    let body = compose::Part::Text {
        subtype: "plain",
        text: mail.text.to_owned(),
    };
    (message_id, compose::message(&fields, &body, &seed))
}

/// The spans that redaction would replace in a plain text.
pub fn detect(text: &str, cases: &[KnownCase], settings: &RedactionSettings) -> Vec<Span> {
    let known = finder::Known::new(cases, settings);
    let findings = finder::find_all(&[text], &known, &finder::Setting::default(), settings);
    findings.spans.into_iter().flatten().collect()
}

/// The spans of texts that belong together, text by text; `None` where they hold names that only the name model could tell,
/// and it is off.
pub fn detect_together(
    texts: &[&str],
    cases: &[KnownCase],
    settings: &RedactionSettings,
) -> Option<Vec<Vec<Span>>> {
    let known = finder::Known::new(cases, settings);
    let findings = finder::find_all(texts, &known, &finder::Setting::default(), settings);
    (!findings.undecided).then_some(findings.spans)
}

mod as_base64 {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(|_| D::Error::custom("not base64"))
    }
}

mod as_optional_base64 {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|b| STANDARD.encode(b)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            None => Ok(None),
            Some(text) => STANDARD
                .decode(text)
                .map(Some)
                .map_err(|_| D::Error::custom("not base64")),
        }
    }
}
