//! Writing liaison mail: what each recipient would get, then handing it to the outbound service.
//!
//! Invariant: what is sent is what was shown before, by the same service that takes mail from mail programs; a volunteer names
//! one of their own cases, and the service's guards decide about the text. What a mail would become tells whom redaction knows,
//! so looks are counted and noted like looks into a file.

use super::compare::Compared;
use super::done::Done;
use super::frame::{Frame, show};
use super::once::{ONCE_FIELD, Once};
use super::outbound::{read, side_by_side};
use super::previews::MAX_LOOKS;
use super::problem::Problem;
use super::request::{Answer, Asked, go_on};
use crate::casework::CaseworkError;
use crate::domain::{CaseReference, DeliveryAction, Release};
use crate::outbound::{MAX_RECIPIENTS, MAX_SUBJECT, MAX_TEXT, WrittenMail};
use crate::store::{AccountRole, PlannedDelivery, StaffRole};
use askama::Template;

#[derive(Template)]
#[template(path = "write.html")]
struct Page {
    frame: Frame,
    /// Why there is nothing to write with.
    barred: Option<&'static str>,
    problem: Option<String>,
    written: Written,
    /// References of a volunteer's own cases; staff type one.
    cases: Option<Vec<String>>,
    deliveries: Vec<Delivery>,
    /// What makes a second press of the button no second mail.
    once: String,
    max_recipients: usize,
    max_subject: usize,
    max_text: usize,
}

/// The form as it was filled in.
#[derive(Default, Clone)]
struct Written {
    to: String,
    case: String,
    subject: String,
    text: String,
}

/// What one recipient would get.
struct Delivery {
    recipient: String,
    what: &'static str,
    reasons: Vec<&'static str>,
    copy: Option<Compared>,
}

/// Why somebody of the staff cannot send.
pub(super) const NO_ACCOUNT: &str = "You have no account for sending. Your administrator makes one with your name: referrald users add NAME --staff.";

/// Who writes, and what about.
pub(super) struct Writer {
    pub(super) account: String,
    /// `None` for staff, who write about every case.
    cases: Option<Vec<String>>,
}

/// Who somebody writes as; `None` for staff without an account for sending.
pub(super) async fn writer(asked: &Asked) -> Result<Option<Writer>, Problem> {
    let account = &asked.session()?.account;
    match &account.role {
        StaffRole::Volunteer { user } => {
            let files = asked.store().allocated_files(user).await?;
            let mut cases: Vec<String> = files.into_iter().map(|file| file.reference).collect();
            cases.sort_unstable();
            cases.dedup();
            Ok(Some(Writer {
                account: user.clone(),
                cases: Some(cases),
            }))
        }
        // Somebody else's account of that name would be a volunteer's.
        StaffRole::Staff => {
            let own = asked.store().account(&account.name).await?;
            let own = own.filter(|own| own.role == AccountRole::Staff);
            Ok(own.map(|own| Writer {
                account: own.user,
                cases: None,
            }))
        }
        StaffRole::Administrator => Err(Problem::Forbidden),
    }
}

impl Written {
    fn of(asked: &Asked) -> Self {
        let text = |name| asked.form.text(name).to_owned();
        Self {
            to: text("to"),
            case: text("case"),
            subject: text("subject"),
            text: text("text"),
        }
    }

    /// Addresses stand on lines of their own, or with commas between.
    fn recipients(&self) -> Vec<String> {
        let pieces = self.to.split(['\n', ',', ';']).map(str::trim);
        let pieces = pieces.filter(|piece| !piece.is_empty());
        pieces.map(str::to_owned).collect()
    }

    /// The case's reference stands in the subject, so that answers find their case.
    fn subject(&self, case: Option<&str>) -> String {
        match case {
            Some(case) if !self.subject.contains(case) => format!("{case} {}", self.subject),
            Some(_) | None => self.subject.clone(),
        }
    }
}

/// The case that the mail is about, if `writer` may write about it.
async fn case_of(
    asked: &Asked,
    writer: &Writer,
    typed: &str,
) -> Result<Result<Option<String>, &'static str>, Problem> {
    let Some(cases) = &writer.cases else {
        if typed.is_empty() {
            return Ok(Ok(None));
        }
        return match asked.casework()?.find_case(typed).await {
            Ok(case) => Ok(Ok(Some(case.reference.as_str().to_owned()))),
            Err(CaseworkError::NoSuchCase) => Ok(Err(
                "There is no case with this reference: write it as RJ-2026-00012",
            )),
            Err(error) => Err(error.into()),
        };
    };
    if typed.is_empty() {
        return Ok(Err("Choose the case that you write about"));
    }
    let reference = CaseReference::parse(typed).ok_or(Problem::NotFound)?;
    match cases.iter().any(|case| case == reference.as_str()) {
        true => Ok(Ok(Some(reference.as_str().to_owned()))),
        false => Err(Problem::NotFound),
    }
}

/// A form, empty or with what was wrong about it.
fn form(asked: &Asked, writer: Option<Writer>, written: Written, problem: Option<String>) -> Page {
    Page {
        frame: asked.frame("Write"),
        barred: match &writer {
            None => Some(NO_ACCOUNT),
            Some(Writer {
                cases: Some(cases), ..
            }) if cases.is_empty() => {
                Some("No file is allocated to you, so there is nothing to write about.")
            }
            Some(_) => None,
        },
        problem,
        written,
        cases: writer.and_then(|writer| writer.cases),
        deliveries: Vec::new(),
        once: String::new(),
        max_recipients: MAX_RECIPIENTS,
        max_subject: MAX_SUBJECT,
        max_text: MAX_TEXT,
    }
}

pub(super) async fn page(asked: Asked) -> Answer {
    let writer = writer(&asked).await?;
    show(&form(&asked, writer, Written::default(), None))
}

/// The mail of a form, or the page that says what is wrong with it.
async fn checked(asked: &Asked, written: &Written) -> Result<Result<(Writer, WrittenMail), Page>, Problem> {
    let Some(writer) = writer(asked).await? else {
        return Ok(Err(form(asked, None, written.clone(), None)));
    };
    match case_of(asked, &writer, &written.case).await? {
        Err(problem) => Ok(Err(form(
            asked,
            Some(writer),
            written.clone(),
            Some(problem.to_owned()),
        ))),
        Ok(case) => {
            let mail = WrittenMail {
                account: writer.account.clone(),
                recipients: written.recipients(),
                subject: written.subject(case.as_deref()),
                text: written.text.clone(),
            };
            Ok(Ok((writer, mail)))
        }
    }
}

pub(super) async fn preview(asked: Asked) -> Answer {
    let written = Written::of(&asked);
    let (writer, mail) = match checked(&asked, &written).await? {
        Ok(checked) => checked,
        Err(page) => return show(&page),
    };
    if let Err(wait) = asked.app.previews.admit(&writer.account, asked.now) {
        let minutes = wait.as_secs().div_ceil(60);
        let why = format!("You looked at {MAX_LOOKS} mails within an hour: wait {minutes} minutes");
        return show(&form(&asked, Some(writer), written, Some(why)));
    }
    asked
        .store()
        .note_preview(&writer.account, &asked.actor()?, asked.now)
        .await?;
    let original = format!("{}\n\n{}", mail.subject, mail.text.replace("\r\n", "\n"));
    let planned = match asked.app.parts.desk.preview(mail).await {
        Ok(planned) => planned,
        Err(why) => return show(&form(&asked, Some(writer), written, Some(why.to_string()))),
    };
    let mut page = form(&asked, Some(writer), written, None);
    page.once = Once::draw()?;
    for delivery in planned {
        page.deliveries.push(lay_out(&asked, &original, delivery).await);
    }
    show(&page)
}

async fn lay_out(asked: &Asked, original: &str, planned: PlannedDelivery) -> Delivery {
    let (what, redacted) = match (planned.action, planned.if_released) {
        (DeliveryAction::Pass, _) => ("Gets the mail as you wrote it, over CJSM.", None),
        (DeliveryAction::Redact, _) => ("Gets the text on the right.", planned.message),
        (DeliveryAction::Hold, Some(Release::Redact)) => (
            "Is held until staff release it. Then it is the text on the right.",
            planned.message,
        ),
        (DeliveryAction::Hold, Some(Release::Pass)) => (
            "Is held until staff release it. Then it goes over CJSM as you wrote it.",
            None,
        ),
        (DeliveryAction::Hold, None) => (
            "Gets nothing: the mail would be held and cannot be released.",
            None,
        ),
    };
    let copy = match redacted {
        Some(message) => read(asked, message).await,
        None => None,
    };
    Delivery {
        recipient: planned.recipient.expose_personal().clone(),
        what,
        reasons: planned
            .reasons
            .iter()
            .map(|reason| reason.explanation())
            .collect(),
        copy: side_by_side(Some(original), copy.as_deref()),
    }
}

pub(super) async fn send(asked: Asked) -> Answer {
    let written = Written::of(&asked);
    let (writer, mail) = match checked(&asked, &written).await? {
        Ok(checked) => checked,
        Err(page) => return show(&page),
    };
    let Some(turn) = asked.app.once.turn(asked.form.text(ONCE_FIELD)).await else {
        return go_on("/write", Done::Sent);
    };
    match asked.app.parts.desk.send(mail).await {
        Ok(_id) => {
            turn.done();
            go_on("/write", Done::Sent)
        }
        Err(why) => show(&form(&asked, Some(writer), written, Some(why.to_string()))),
    }
}
