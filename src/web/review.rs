//! Review of one message: where it was read, what was understood, what is doubtful, and the decision.

use super::correct::{self, EditForm, Editing, HistoryLine, Widget};
use super::draft::{self, Draft};
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_to};
use super::source::{self, FileSource, Look, Piece};
use super::words;
use crate::casework::MessageView;
use crate::domain::{MessageId, MessageState, ParsedMessage, UnmappedAnswer};
use askama::Template;

#[derive(Template)]
#[template(path = "review.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) id: String,
    pub(super) what: &'static str,
    pub(super) received: String,
    pub(super) sender: String,
    pub(super) no_draft: Option<&'static str>,
    pub(super) draft: Draft,
    pub(super) unmapped: Vec<UnmappedAnswer>,
    pub(super) mail: Vec<Piece>,
    pub(super) files: Vec<FileSource>,
    pub(super) similar: Vec<SimilarLine>,
    pub(super) quoted_case: String,
    pub(super) can_decide: bool,
    pub(super) can_accept: bool,
    pub(super) decided: Option<&'static str>,
    /// The group that is being corrected.
    pub(super) edit: Option<EditForm>,
    pub(super) errors: Vec<(String, String)>,
    pub(super) seen: usize,
    pub(super) history: Vec<HistoryLine>,
    pub(super) roles: Vec<(&'static str, String)>,
}

impl Page {
    /// The form of this group, where it is being corrected.
    fn form_of(&self, key: &str) -> Option<&EditForm> {
        self.edit.as_ref().filter(|form| form.key == key)
    }
}

/// Another message that may be about the same.
pub(super) struct SimilarLine {
    pub(super) id: String,
    pub(super) reason: &'static str,
    pub(super) case: Option<String>,
}

#[derive(Template)]
#[template(path = "reject.html")]
struct RejectPage {
    frame: Frame,
    id: String,
    what: &'static str,
    received: String,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage {
    frame: Frame,
    id: String,
    drafts: Vec<AskDraft>,
}

struct AskDraft {
    to: String,
    subject: String,
    text: String,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let view = asked
        .casework()?
        .show_message(whole_id(&asked)?, asked.now)
        .await?;
    let key = asked.group_to_edit();
    let editing = Editing {
        key: &key,
        typed: None,
        errors: Vec::new(),
    };
    show(&lay_out(asked.frame("Review a message"), &view, &editing))
}

/// Pages name a message by its whole id.
pub(super) fn whole_id(asked: &Asked) -> Result<&str, Problem> {
    let id = asked.piece("message");
    match id.parse::<crate::domain::MessageId>() {
        Ok(_) => Ok(id),
        Err(_) => Err(Problem::NotFound),
    }
}

pub(super) fn lay_out(frame: Frame, view: &MessageView, editing: &Editing<'_>) -> Page {
    let summary = &view.summary;
    let parsed = view.draft.as_ref().map(|draft| draft.expose_personal());
    let decided = match summary.state {
        MessageState::Held | MessageState::Read | MessageState::Unreadable => None,
        MessageState::Filed => Some("It is filed: nobody has to decide about it."),
        MessageState::SetAside => Some("It was set aside and is destroyed after its term."),
        MessageState::Accepted => Some("It was accepted as a case."),
        MessageState::Rejected => Some("It was rejected. Its content is destroyed."),
    };
    let mut draft = parsed.map(draft::lay_out).unwrap_or_default();
    let source = parsed.map(|parsed| {
        let source = view.source.expose_personal();
        source::lay_out(source, &parsed.attachments, &parsed.evidence, &mut draft.quotes)
    });
    let source = source.unwrap_or_default();
    let can_decide = matches!(summary.state, MessageState::Read | MessageState::Unreadable);
    let edit = match can_decide {
        true => correct::form(view, &mut draft.groups, editing),
        false => None,
    };
    let similar = view.similar.iter().map(|similar| SimilarLine {
        id: similar.message.to_string(),
        reason: similar.reason(),
        case: similar
            .case
            .as_ref()
            .map(|reference| reference.as_str().to_owned()),
    });
    Page {
        frame,
        id: summary.id.to_string(),
        what: words::kind(summary.kind),
        received: words::moment(summary.received),
        sender: parsed.map_or_else(String::new, sender),
        no_draft: match (parsed, summary.state) {
            (Some(_), _) => None,
            (None, MessageState::Held) => Some("It is being read. Come back in a minute."),
            (None, MessageState::Rejected) => Some("Nothing is left of its content."),
            (
                None,
                MessageState::Read
                | MessageState::Unreadable
                | MessageState::Filed
                | MessageState::SetAside
                | MessageState::Accepted,
            ) => Some(
                summary
                    .unreadable
                    .map_or("It has no draft.", |reason| reason.explanation()),
            ),
        },
        draft,
        unmapped: parsed.map_or_else(Vec::new, |parsed| parsed.unmapped.clone()),
        mail: source.mail,
        files: source.files,
        similar: similar.collect(),
        quoted_case: parsed
            .and_then(|parsed| parsed.case_references.first().cloned())
            .unwrap_or_default(),
        can_decide,
        can_accept: can_decide && parsed.is_some_and(|parsed| parsed.referral.is_some()),
        decided,
        edit,
        errors: editing.errors.clone(),
        seen: view.history.len(),
        history: correct::history(&view.history, parsed),
        roles: correct::roles(),
    }
}

fn sender(parsed: &ParsedMessage) -> String {
    let trust = &parsed.trust;
    let proved = match trust.sender_authenticated {
        Some(true) => "The mail server vouches for the sender's domain.",
        Some(false) => "The mail server does not vouch for the sender: it may be forged.",
        None => "Nobody vouches for the sender.",
    };
    match &trust.agency {
        Some(agency) => format!("{proved} Agency: {agency}."),
        None => proved.to_owned(),
    }
}

/// To the first message that waits for a decision.
pub(super) async fn first(asked: Asked) -> Answer {
    let queue = asked.store().review_queue(0, 1).await?;
    to(queue.first().map(|message| message.id))
}

/// To the one after this.
pub(super) async fn next(asked: Asked) -> Answer {
    let id = whole_id(&asked)?.parse().map_err(|_| Problem::NotFound)?;
    to(asked.store().next_to_review(id).await?)
}

/// Home says that nothing waits.
fn to(message: Option<MessageId>) -> Answer {
    match message {
        Some(id) => go_to(&format!("/review/{id}")),
        None => go_to("/"),
    }
}

pub(super) async fn reject_page(asked: Asked) -> Answer {
    let summary = asked.casework()?.find_message(whole_id(&asked)?).await?;
    show(&RejectPage {
        id: summary.id.to_string(),
        what: words::kind(summary.kind),
        received: words::moment(summary.received),
        frame: asked.frame("Reject and destroy a message"),
    })
}

pub(super) async fn ask_page(asked: Asked) -> Answer {
    let drafts = asked.casework()?.ask(whole_id(&asked)?, asked.now).await?;
    let drafts = drafts.into_iter().map(|draft| AskDraft {
        to: draft
            .to
            .unwrap_or_else(|| "(the referral names no address of the referrer)".to_owned()),
        subject: draft.subject,
        text: draft.text,
    });
    show(&AskPage {
        id: asked.piece("message").to_owned(),
        drafts: drafts.collect(),
        frame: asked.frame("Ask the referrer"),
    })
}

pub(super) async fn accept(asked: Asked) -> Answer {
    let prefix = &asked.app.settings.reference_prefix;
    let (_, reference) = asked
        .casework()?
        .accept(whole_id(&asked)?, prefix, asked.now)
        .await?;
    go_to(&format!("/cases/{reference}"))
}

pub(super) async fn reject(asked: Asked) -> Answer {
    if asked.form.text("sure") != "yes" {
        return Err(Problem::Refused(
            "confirm first that it is to be destroyed".to_owned(),
        ));
    }
    asked.casework()?.reject(whole_id(&asked)?, asked.now).await?;
    go_to("/")
}

pub(super) async fn set_aside(asked: Asked) -> Answer {
    asked.casework()?.set_aside(whole_id(&asked)?, asked.now).await?;
    go_to("/")
}

pub(super) async fn file(asked: Asked) -> Answer {
    let case = asked.form.text("case");
    let filed = asked.casework()?.file(whole_id(&asked)?, case, asked.now).await;
    match filed {
        Ok(reference) => go_to(&format!("/cases/{reference}")),
        Err(crate::casework::CaseworkError::NoSuchCase) => Err(Problem::Refused(
            "there is no case with this reference: write it as RJ-2026-00012".to_owned(),
        )),
        Err(error) => Err(error.into()),
    }
}
