//! Destroying a case by order, before its term, and the certificate of a destruction.

use super::case_page::case_of;
use super::done::Done;
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_on, go_to};
use super::saved;
use crate::casework::certificate;
use crate::domain::CaseState;
use askama::Template;

#[derive(Template)]
#[template(path = "destroy.html")]
struct Page {
    frame: Frame,
    reference: String,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    match case.state {
        CaseState::Destroyed => go_to(&format!("/cases/{}", case.reference)),
        CaseState::Open | CaseState::Closed => show(&Page {
            frame: asked.frame("Destroy a case"),
            reference: case.reference.as_str().to_owned(),
        }),
    }
}

/// Whoever destroys types the reference: a whole case does not go by a slip.
pub(super) async fn destroy(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let reference = case.reference.as_str();
    if !asked.form.text("reference").eq_ignore_ascii_case(reference) {
        return Err(Problem::Refused(
            "type the reference of this case to confirm; nothing was destroyed".to_owned(),
        ));
    }
    asked.casework()?.destroy(reference, asked.now).await?;
    go_on(&format!("/cases/{reference}"), Done::Destroyed)
}

pub(super) async fn save_certificate(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let reference = case.reference.as_str();
    let (case, tombstones) = asked.casework()?.remains(reference).await?;
    let name = format!("{reference}-certificate-of-destruction.txt");
    saved::text(&name, certificate(&case, &tombstones))
}
