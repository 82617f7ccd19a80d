//! Documents of a file: keeping one, and saving one.

use super::case_page::{back_to, case_of, side_of};
use super::problem::Problem;
use super::request::{Answer, Asked};
use super::saved;
use crate::domain::Personal;
use crate::store::{NewDocument, StoreError};

/// Longest document that is taken in the browser, in bytes; longer ones by the command line.
pub(super) const MAX_UPLOAD: usize = 10 * 1024 * 1024;

pub(super) async fn add(mut asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.piece("side"))?;
    let chosen = asked.upload.take().filter(|upload| !upload.name.is_empty());
    let upload = chosen.ok_or_else(|| Problem::Refused("choose a document first".to_owned()))?;
    let document = NewDocument {
        name: upload.name,
        bytes: Personal::new(upload.bytes),
    };
    let viewer = asked.viewer()?;
    asked
        .store()
        .add_document(&viewer, case.id, side, &document, asked.now)
        .await?;
    back_to(&case)
}

pub(super) async fn save(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.piece("side"))?;
    let id = asked.piece("document").parse().map_err(|_| Problem::NotFound)?;
    let found = asked
        .store()
        .document(&asked.viewer()?, case.id, side, id, asked.now)
        .await;
    let document = match found {
        Ok(document) => document,
        // A side that the case does not have.
        Err(StoreError::WrongState(_)) => return Err(Problem::NotFound),
        Err(error) => return Err(error.into()),
    };
    saved::bytes(&document.name, document.bytes.into_personal())
}
