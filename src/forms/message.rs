//! One message: its kind, the document that counts, and the finished object.

use super::FormsContext;
use super::about::{self, Topics};
use super::assemble::{Form, assemble};
use super::classify;
use super::covering::{agency_kind, cover, is_professional, own_address, printed_agency, through_writer};
use super::draft::{Notes, Place};
use super::labels::spoken;
use super::lines::Quotes;
use super::pairs;
use super::person::Tools;
use super::wants::{Wants, wants};
use super::{officers, several, trust};
use crate::domain::{
    Attachment, AttachmentRow, Block, CaseReference, Check, Document, Kind, PARSED_SCHEMA, ParsedMessage,
    ReadMessage, ReadStatus, ReferenceKind, Referral, Referrer, Role, UnmappedAnswer, inline_text,
};
use std::collections::{HashMap, HashSet};

/// Answers that make a document a filled form.
const FILLED_ANSWERS: usize = 3;
/// Answers that explain what to write and make a document an instruction sheet, if they are half of all.
const EXPLAINED: usize = 4;
/// Known labels that make a mail body a form.
const FORM_LABELS: usize = 4;
/// Most unknown questions of one form that are kept.
const MAX_UNMAPPED: usize = 100;
/// Deepest nesting of attached mails that is read.
const MAX_NESTING: usize = 4;

/// Understands one message.
pub fn understand(message: &ReadMessage, context: &FormsContext<'_>) -> ParsedMessage {
    let mut parsed = understood(message, context);
    doubt_recognised(message, &mut parsed);
    parsed
}

/// Every value that was read in text recognised from a picture is to be compared with the original.
fn doubt_recognised(message: &ReadMessage, parsed: &mut ParsedMessage) {
    let documents = message.attachments.iter().filter_map(|a| a.document.as_ref());
    let recognised: HashSet<&str> = documents
        .filter(|document| document.recognised)
        .map(|document| document.part.as_str())
        .collect();
    let mut doubted: HashSet<&str> = HashSet::new();
    for evidence in &parsed.evidence {
        if recognised.contains(evidence.part.as_str()) && doubted.insert(&evidence.path) {
            parsed.checks.push(Check {
                path: evidence.path.clone(),
                code: "recognised_text".into(),
                detail: "recognised from a picture; compare it with the original".into(),
                candidates: Vec::new(),
            });
        }
    }
}

fn understood(message: &ReadMessage, context: &FormsContext<'_>) -> ParsedMessage {
    let Some(authored) = super::forwarded::as_authored(message) else {
        return as_sent(message, message, context);
    };
    let mut parsed = as_sent(message, &authored, context);
    if parsed.referral.is_some() {
        parsed.checks.push(Check {
            path: "/referral/referrer".into(),
            code: "passed_on".into(),
            detail: "the author of the mail below, for whom the sender says it was passed on".into(),
            candidates: Vec::new(),
        });
    }
    parsed
}

/// Understands a message that was sent by one and written by another, mostly the same.
fn as_sent(sent: &ReadMessage, message: &ReadMessage, context: &FormsContext<'_>) -> ParsedMessage {
    let text = writers_text(message);
    let mut parsed = ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Unrecognised,
        trust: trust::trust(&sent.headers, context),
        case_references: case_references(sent, context),
        attachments: message.attachments.iter().map(row).collect(),
        referral: None,
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
    };
    if classify::is_automatic(sent) {
        parsed.kind = Kind::Automatic;
        return parsed;
    }
    let wants = wants(&message.headers.subject, &text.join("\n"));
    if wants.portal {
        return parsed;
    }
    if wants.subject_access {
        parsed.kind = Kind::SubjectAccess;
        return parsed;
    }
    let forms = forms(message, context);
    let filled: Vec<&Read> = forms.iter().filter(|f| f.is_filled()).collect();
    if wants.withdrawal && filled.is_empty() {
        parsed.kind = Kind::ConsentWithdrawal;
        return parsed;
    }
    if !parsed.case_references.is_empty() || (context.known_thread && filled.is_empty()) {
        parsed.kind = Kind::Correspondence;
        return parsed;
    }
    match filled.first().copied() {
        Some(form) if form.is_question() && filled.len() == 1 => parsed.kind = Kind::Enquiry,
        Some(form) => {
            let (referral, notes) = finish(form, message, &text, context, None);
            // Whoever signs below a list refers everybody on it; the signature is read once.
            let signed = (!form.says_who()).then(|| Signed::of(&referral, &notes));
            parsed.kind = if form.form.is_self_referral {
                Kind::SelfReferral
            } else {
                Kind::Referral
            };
            put(&mut parsed, referral, notes);
            parsed.unmapped = form.unmapped();
            let more = further(form, &filled);
            for read in &more {
                let (referral, notes) = finish(read, message, &text, context, signed.as_ref());
                put_more(&mut parsed, referral, notes);
                parsed.unmapped.extend(read.unmapped());
            }
            doubt_several(&mut parsed, form.left_out);
            if context.known_thread {
                parsed.checks.push(Check {
                    path: "/kind".into(),
                    code: "known_thread".into(),
                    detail: "a new form came in a thread that belongs to a case".into(),
                    candidates: Vec::new(),
                });
            }
        }
        None => without_form(&mut parsed, message, wants, context),
    }
    parsed
}

/// No filled form: a referral in the writer's own words, a question, or neither.
fn without_form(parsed: &mut ParsedMessage, message: &ReadMessage, wants: Wants, context: &FormsContext<'_>) {
    let unread = message
        .attachments
        .iter()
        .any(|a| may_be_a_form(a) && a.read != ReadStatus::Ok);
    let told = super::prose::read(message, wants, context).or_else(|| letter(message, wants, context));
    if let Some((referral, notes)) = told {
        let is_own = referral.referrer.is_self_referral == Some(true);
        parsed.kind = if is_own {
            Kind::SelfReferral
        } else {
            Kind::Referral
        };
        if !wants.refers {
            let detail = if is_own {
                "taken for a self-referral by what the writer tells; no form says so"
            } else {
                "the mail tells of a case, but does not say that it refers anybody"
            };
            parsed.checks.push(Check {
                path: "/kind".into(),
                code: "read_from_sentences".into(),
                detail: detail.into(),
                candidates: Vec::new(),
            });
        }
        put(parsed, referral, notes);
    } else if unread
        && !wants.refers_nobody
        && let Some((referral, mut notes)) = covering(message, wants, context)
    {
        parsed.kind = Kind::Referral;
        parsed.checks.push(Check {
            path: "/kind".into(),
            code: "attachment_not_read".into(),
            detail: "taken for a referral by its covering mail alone".into(),
            candidates: Vec::new(),
        });
        notes.doubt(
            "/parties",
            "attachment_not_read",
            "the attached form could not be read; open it",
        );
        put(parsed, referral, notes);
    } else if wants.question || wants.refers_nobody {
        parsed.kind = Kind::Enquiry;
    }
}

/// A referral in the sentences of a letter that is the only document attached. A form that nobody filled in is no letter.
fn letter(message: &ReadMessage, wants: Wants, context: &FormsContext<'_>) -> Option<(Referral, Notes)> {
    if wants.refers_nobody || wants.question {
        return None;
    }
    let mut documents = message
        .attachments
        .iter()
        .filter(|attachment| may_be_a_form(attachment))
        .filter_map(|attachment| attachment.document.as_ref());
    let document = documents.next().filter(|_| documents.next().is_none())?;
    let greets = document.blocks.iter().any(|block| match block {
        Block::Paragraph { text, .. } | Block::Heading { text, .. } | Block::ListItem { text, .. } => {
            let text = inline_text(text).to_lowercase();
            text.lines()
                .any(|line| line.starts_with("dear ") || line.starts_with("to whom it may"))
        }
        Block::Definition { .. } | Block::Table(_) | Block::Rule | Block::Quote(_) => false,
    });
    if !greets {
        return None;
    }
    let written = ReadMessage {
        bodies: vec![document.clone()],
        ..message.clone()
    };
    super::prose::read(&written, wants, context)
}

/// What a covering mail says where its attachment cannot be read: it refers in words, or a professional
/// who signs with post and agency encloses something. Anybody else's "form attached" is not taken on trust.
fn covering(message: &ReadMessage, wants: Wants, context: &FormsContext<'_>) -> Option<(Referral, Notes)> {
    let mut referral = Referral::default();
    let mut notes = Notes::default();
    referral.referrer.is_self_referral = Some(false);
    cover(
        &mut referral,
        &mut notes,
        message,
        &writers_text(message),
        context,
    );
    (wants.refers || (wants.encloses && is_professional(&referral))).then_some((referral, notes))
}

fn may_be_a_form(attachment: &Attachment) -> bool {
    let document =
        attachment.media_type.starts_with("application/") || attachment.media_type.starts_with("image/tiff");
    document && attachment.media_type != "application/pkcs7-signature"
}

fn put(parsed: &mut ParsedMessage, referral: Referral, notes: Notes) {
    let mut all = Notes::default();
    all.append("/referral", notes);
    parsed.checks.extend(all.checks);
    parsed.evidence.extend(all.evidence);
    parsed.referral = Some(referral);
}

fn put_more(parsed: &mut ParsedMessage, referral: Referral, notes: Notes) {
    let mut all = Notes::default();
    all.append(&format!("/more_referrals/{}", parsed.more_referrals.len()), notes);
    parsed.checks.extend(all.checks);
    parsed.evidence.extend(all.evidence);
    parsed.more_referrals.push(referral);
}

/// Says that there are several referrals, which of them share an incident, and how many were left out.
fn doubt_several(parsed: &mut ParsedMessage, left_out: usize) {
    let mut doubt = |path: String, code: &str, detail: String| {
        parsed.checks.push(Check {
            path,
            code: code.into(),
            detail,
            candidates: Vec::new(),
        });
    };
    if !parsed.more_referrals.is_empty() {
        let count = parsed.more_referrals.len() + 1;
        doubt(
            "/more_referrals".into(),
            "several_referrals",
            format!("this message holds {count} referrals; each becomes a case of its own"),
        );
    }
    if left_out > 0 {
        doubt(
            "/more_referrals".into(),
            "referrals_left_out",
            format!(
                "{left_out} further rows were not read: {} referrals of one document are the most",
                several::MAX_REFERRALS
            ),
        );
    }
    let numbers = |referral: &Referral| -> HashSet<String> {
        let crime = referral.references.iter();
        crime
            .filter(|reference| reference.kind == ReferenceKind::CrimeNumber)
            .map(|reference| reference.value.clone())
            .collect()
    };
    let mut seen: HashSet<String> = parsed.referral.as_ref().map(numbers).unwrap_or_default();
    for (at, referral) in parsed.more_referrals.iter().enumerate() {
        let own = numbers(referral);
        if !own.is_disjoint(&seen) {
            parsed.checks.push(Check {
                path: format!("/more_referrals/{at}/references"),
                code: "same_incident".into(),
                detail: "another referral of this message has the same crime number: perhaps one case".into(),
                candidates: Vec::new(),
            });
        }
        seen.extend(own);
    }
}

fn row(attachment: &Attachment) -> AttachmentRow {
    AttachmentRow {
        part: attachment.part.clone(),
        filename: attachment.filename.clone(),
        media_type: attachment.media_type.clone(),
        bytes: attachment.bytes,
        read: attachment.read,
        reason: attachment.reason.clone(),
    }
}

/// Our own references in the subject and the text, quoted history included: a reply is about its case.
fn case_references(message: &ReadMessage, context: &FormsContext<'_>) -> Vec<String> {
    let mut text = message.headers.subject.clone();
    for document in &message.bodies {
        for element in super::lines::elements(document, Quotes::Read) {
            if let super::lines::Element::Line(line) = element {
                text.push('\n');
                text.push_str(&line.text());
            }
        }
    }
    CaseReference::find_all(context.reference_prefixes, &text)
        .iter()
        .map(|r| r.as_str().to_owned())
        .collect()
}

/// Where the message text stands.
pub(super) fn text_place(message: &ReadMessage) -> Place {
    let part = message.bodies.first().map(|body| body.part.clone());
    Place {
        part: part.unwrap_or_default(),
        ..Place::default()
    }
}

/// The writer's own lines, without quoted history.
pub(super) fn writers_text(message: &ReadMessage) -> Vec<String> {
    message
        .bodies
        .iter()
        .flat_map(|document| plain_lines(document, Quotes::Skip))
        .collect()
}

/// The lines of a document, table cells included.
pub(super) fn plain_lines(document: &Document, quotes: Quotes) -> Vec<String> {
    let mut out = Vec::new();
    for element in super::lines::elements(document, quotes) {
        match element {
            super::lines::Element::Line(line) => out.push(line.text()),
            super::lines::Element::Pair(term, value) => {
                out.push(crate::domain::inline_text(&term));
                out.push(crate::domain::inline_text(&value));
            }
            super::lines::Element::Table(table) => {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    let inner = Document {
                        blocks: cell.blocks.clone(),
                        ..Document::default()
                    };
                    out.extend(flat_lines(&inner));
                }
            }
            super::lines::Element::Rule => {}
        }
    }
    out
}

fn flat_lines(document: &Document) -> Vec<String> {
    super::lines::elements(document, Quotes::Skip)
        .into_iter()
        .filter_map(|element| match element {
            super::lines::Element::Line(line) => Some(line.text()),
            super::lines::Element::Pair(..)
            | super::lines::Element::Table(_)
            | super::lines::Element::Rule => None,
        })
        .collect()
}

/// A document read as a form.
struct Read {
    form: Form,
    place: Place,
    is_body: bool,
    /// Attached for programs: JSON.
    is_for_machines: bool,
    /// Its number among the documents of the message.
    document: usize,
    /// One of several referrals of its document.
    of_several: bool,
    /// Further referrals of its document that were not read.
    left_out: usize,
    /// A sheet with a line for each of several people or cases, which could not be told apart.
    has_many_rows: bool,
}

impl Read {
    /// Enough answers, and not an instruction sheet whose "answers" explain the fields.
    fn is_filled(&self) -> bool {
        let (good, bad) = self.form.typed;
        let (explained, answers) = self.form.explained;
        let sheet = (good == 0 && bad >= 2) || (explained >= EXPLAINED && explained * 2 >= answers);
        let enough = self.form.weight >= FILLED_ANSWERS && (!self.is_body || self.form.labels >= FORM_LABELS);
        let somebody = !self.form.referral.parties.is_empty()
            || self.form.referral.offence.summary.is_some()
            || self.form.referral.offence.kind.is_some();
        enough && somebody && !sheet
    }
}

impl Read {
    /// Its unknown questions with their answers.
    fn unmapped(&self) -> Vec<UnmappedAnswer> {
        let kept = self.form.unmapped.iter().take(MAX_UNMAPPED);
        kept.map(|(label, answer, page)| UnmappedAnswer {
            label: label.clone(),
            answer: answer.clone(),
            part: self.place.part.clone(),
            filename: self.place.filename.clone(),
            page: *page,
        })
        .collect()
    }

    /// The names of those whom it is about, as they are compared.
    fn people(&self) -> HashSet<String> {
        let parties = self.form.referral.parties.iter();
        parties
            .filter(|party| matches!(party.role, Role::Victim | Role::Offender | Role::Party))
            .filter_map(|party| party.name.as_deref().or(party.organisation.as_deref()))
            .map(spoken)
            .collect()
    }

    /// The form itself names who refers.
    fn says_who(&self) -> bool {
        let named = &self.form.referral.referrer;
        named.name.is_some() || named.email.is_some() || named.phone.is_some()
    }

    /// A website's mail that tells of nobody but its writer and asks something.
    fn is_question(&self) -> bool {
        let referral = &self.form.referral;
        let asks = referral
            .offence
            .summary
            .as_deref()
            .is_some_and(|text| text.contains('?') || asks_without_a_mark(text));
        let tells_a_case = referral.offence.summary.as_deref().is_some_and(wants_to_meet);
        let writer_only = match referral.parties.as_slice() {
            [] => true,
            [one] => {
                self.form.is_self_referral
                    && one.role == Role::Party
                    && one.date_of_birth.is_none()
                    && one.address.is_none()
                    && one.consent.contact.is_none()
            }
            _ => false,
        };
        self.is_body
            && asks
            && !tells_a_case
            && writer_only
            && referral.references.is_empty()
            && referral.offence.kind.as_deref().is_none_or(is_of_enquiry)
            && referral.offence.date.is_none()
    }
}

/// "I would like to meet him": nobody asks that without a case of their own.
fn wants_to_meet(text: &str) -> bool {
    let said = format!(" {} ", spoken(text));
    let own = [
        "meet him",
        "meet her",
        "meet them",
        "say sorry to",
        "apologise to",
        "write to him",
        "write to her",
    ];
    said.contains(" i ") && own.iter().any(|words| said.contains(&format!(" {words} ")))
}

/// "I wondered whether one of you would come and talk to us": a question, though no mark says so.
fn asks_without_a_mark(text: &str) -> bool {
    let said = format!(" {} ", spoken(text));
    [
        "wondered whether",
        "wondered if",
        "wondering whether",
        "wondering if",
    ]
    .iter()
    .any(|words| said.contains(&format!(" {words} ")))
}

/// "General question": what a website's menu offers to those who have no case.
fn is_of_enquiry(kind: &str) -> bool {
    super::labels::tokens(kind).iter().any(|word| {
        matches!(
            word.as_str(),
            "question" | "enquiry" | "general" | "information" | "volunteering" | "training"
        )
    })
}

/// Every document of the message as a form: the fullest first, rows of one sheet in their order.
fn forms(message: &ReadMessage, context: &FormsContext<'_>) -> Vec<Read> {
    let mut out = Vec::new();
    push_forms(message, context, 0, &mut out);
    // Of a website's two copies, the one for machines says without doubt what belongs to which question.
    let worth = |read: &Read| {
        read.form.weight
            + if read.is_for_machines {
                read.form.weight / 2
            } else {
                0
            }
    };
    let mut of_document: HashMap<usize, usize> = HashMap::new();
    for read in &out {
        let best = of_document.entry(read.document).or_default();
        *best = worth(read).max(*best);
    }
    out.sort_by_key(|read| {
        (
            std::cmp::Reverse(of_document.get(&read.document).copied()),
            read.document,
        )
    });
    out
}

fn push_forms(message: &ReadMessage, context: &FormsContext<'_>, depth: usize, out: &mut Vec<Read>) {
    let is_form = |body: &&Document| !super::prose::answers_in_sentences(&plain_lines(body, Quotes::Skip));
    for body in message.bodies.iter().filter(is_form) {
        push_document(body, Stands::InTheMail(&message.headers.subject), context, out);
    }
    if depth == 0 {
        for document in message.attachments.iter().filter_map(|a| a.document.as_ref()) {
            push_document(document, Stands::Attached, context, out);
        }
    }
    if depth < MAX_NESTING {
        for nested in &message.nested {
            push_forms(nested, context, depth + 1, out);
        }
    }
}

/// Where a form stands.
#[derive(Clone, Copy)]
enum Stands<'m> {
    /// In the text of a mail with this subject.
    InTheMail(&'m str),
    Attached,
}

fn push_document(document: &Document, stands: Stands<'_>, context: &FormsContext<'_>, out: &mut Vec<Read>) {
    let tools = Tools {
        book: context.labels,
        agencies: context.agencies,
        today: context.today,
    };
    let place = Place {
        part: document.part.clone(),
        filename: document.filename.clone(),
        page: None,
        ..Place::default()
    };
    let number = out.last().map_or(0, |last| last.document + 1);
    let mut add = |document: &Document, of_several: bool, left_out: usize| {
        let mail = match stands {
            Stands::InTheMail(_) => pairs::Stands::InMail,
            Stands::Attached => pairs::Stands::InFile,
        };
        let mut facts = pairs::read(document, context.labels, context.today, Quotes::Skip, mail);
        match stands {
            Stands::InTheMail(subject) => facts.subject = subject.to_owned(),
            Stands::Attached => facts.is_row_of_list = of_several,
        }
        out.push(Read {
            form: assemble(&facts, &place, tools),
            place: place.clone(),
            is_body: matches!(stands, Stands::InTheMail(_)),
            is_for_machines: matches!(document.media_type.as_str(), "application/json" | "text/csv"),
            document: number,
            of_several,
            left_out,
            has_many_rows: !of_several && is_sheet_of_rows(document),
        });
    };
    match several::apart(document, context.labels) {
        Some(apart) => {
            for own in &apart.documents {
                add(own, true, apart.left_out);
            }
        }
        None => add(document, false, 0),
    }
}

/// Most columns that a form laid out in a sheet has: label and answer, twice.
const FORM_COLUMNS: usize = 4;

/// A spreadsheet whose rows are entries, not a form laid out in one.
fn is_sheet_of_rows(document: &Document) -> bool {
    several::is_sheet(document)
        && document.blocks.iter().any(|block| match block {
            Block::Table(table) => {
                table.rows.len() > 2 && table.rows.iter().any(|row| row.cells.len() > FORM_COLUMNS)
            }
            Block::Heading { .. }
            | Block::Paragraph { .. }
            | Block::ListItem { .. }
            | Block::Definition { .. }
            | Block::Rule
            | Block::Quote(_) => false,
        })
}

/// The filled forms that are referrals of their own beside the first: further rows of its document, and
/// documents about other people. A second copy of the same form is none.
fn further<'f>(first: &'f Read, filled: &[&'f Read]) -> Vec<&'f Read> {
    let mut known = first.people();
    let mut out: Vec<&Read> = Vec::new();
    for read in filled.iter().skip(1) {
        let people = read.people();
        let same_sheet = read.of_several && out.last().copied().unwrap_or(first).document == read.document;
        let others = !people.is_empty() && people.is_disjoint(&known);
        if (same_sheet || others) && !read.is_question() {
            known.extend(people);
            out.push(read);
        }
    }
    out
}

/// Who refers, as the signature of the message says.
struct Signed {
    referrer: Referrer,
    notes: Notes,
}

impl Signed {
    fn of(referral: &Referral, notes: &Notes) -> Self {
        let of_referrer = |path: &str| path.starts_with("/referrer");
        let mut own = notes.clone();
        own.checks.retain(|check| of_referrer(&check.path));
        own.evidence.retain(|evidence| of_referrer(&evidence.path));
        Self {
            referrer: referral.referrer.clone(),
            notes: own,
        }
    }

    fn sign(&self, referral: &mut Referral, notes: &mut Notes) {
        referral.referrer = self.referrer.clone();
        notes.append("", self.notes.clone());
    }
}

/// Completes a form's referral from the covering mail and the agency book.
fn finish(
    read: &Read,
    message: &ReadMessage,
    text: &[String],
    context: &FormsContext<'_>,
    signed: Option<&Signed>,
) -> (Referral, Notes) {
    let mut referral = read.form.referral.clone();
    let mut notes = read.form.notes.clone();
    if !read.form.is_self_referral {
        // A form typed into the writer's own mail leaves to the signature what it does not ask.
        officers::sent_by_officer(
            &read.form.officers,
            &message.headers,
            &read.place,
            &mut referral,
            &mut notes,
        );
        let is_writers = referral.referrer.name.is_none()
            && referral.referrer.email.is_some()
            && referral.referrer.email == message.headers.from_address;
        if read.is_body && read.says_who() && !is_writers {
            own_address(&mut referral, &mut notes, message);
            agency_kind(&mut referral, &mut notes, context);
        } else if let Some(signed) = signed.filter(|_| read.is_body) {
            signed.sign(&mut referral, &mut notes);
        } else {
            cover(&mut referral, &mut notes, message, text, context);
        }
        officers::collar_number(&mut referral, &mut notes);
        through_writer(&mut referral, &mut notes, text, &text_place(message));
        printed_agency(&read.form.titles, &read.place, &mut referral, &mut notes, context);
    }
    let mut topics = Topics::default();
    topics.read(&message.headers.subject);
    let header = Place {
        part: message.headers.part.clone(),
        ..Place::default()
    };
    about::note(
        &mut referral,
        &mut notes,
        topics,
        &message.headers.subject,
        &header,
    );
    if !read.is_body {
        about::asked_in_words(&mut referral, &mut notes, text, &text_place(message));
    }
    about::young_person(&mut referral, &mut notes);
    about::served_side(&mut referral, &mut notes);
    about::settle(&mut referral, &mut notes, &read.place);
    if read.has_many_rows {
        for path in ["/referrer", "/parties", "/references", "/offence"] {
            notes.doubt(
                path,
                "rows_of_a_sheet",
                "the sheet has several rows, each perhaps a referral of its own: compare with the original",
            );
        }
    }
    (referral, notes)
}
