//! Making an answer fit its bound without losing the message: pictures go first, then the texts of the
//! largest attachments.

use super::serve::ServeError;
use crate::domain::{ReadMessage, ReadStatus, Repair, UnreadableReason};

const TOO_LARGE: &str = "the text of this mail's files is larger than the limit together; open it by hand";
/// Attached mails in attached mails that are handed on. JSON is read 128 levels deep; each of these takes two, and
/// tables and quotations in them take the rest.
const MAX_NESTED: usize = 16;
/// Bytes for the words above in place of a text.
const MARK_BYTES: usize = 256;

/// The answer as JSON of at most `bound` bytes.
///
/// # Errors
/// [`ServeError::Content`] where it cannot be encoded.
pub(super) fn fitted(
    answer: Result<ReadMessage, UnreadableReason>,
    bound: u32,
) -> Result<Vec<u8>, ServeError> {
    let bound = usize::try_from(bound).unwrap_or(usize::MAX);
    let mut answer = answer;
    if let Ok(message) = &mut answer
        && cut_nesting(message, MAX_NESTED)
    {
        message.repairs.push(Repair::Bounds);
    }
    let json = encode(&answer)?;
    let Ok(mut message) = answer else { return Ok(json) };
    if json.len() <= bound {
        return Ok(json);
    }
    let mut surplus = json.len() - bound;
    drop(json);
    drop_pictures(&mut message, &mut surplus)?;
    drop_texts(&mut message, &mut surplus)?;
    let json = encode(&Ok(message))?;
    if json.len() <= bound {
        return Ok(json);
    }
    encode(&Err(UnreadableReason::TooLarge))
}

/// Drops mails that are attached deeper than this; their attachments are listed further up. Tells whether there
/// were any.
fn cut_nesting(message: &mut ReadMessage, levels: usize) -> bool {
    if levels == 0 {
        let were_any = !message.nested.is_empty();
        message.nested.clear();
        return were_any;
    }
    let mut were_any = false;
    for nested in &mut message.nested {
        were_any |= cut_nesting(nested, levels - 1);
    }
    were_any
}

fn encode(answer: &Result<ReadMessage, UnreadableReason>) -> Result<Vec<u8>, ServeError> {
    serde_json::to_vec(answer).map_err(|_| ServeError::Content)
}

fn drop_pictures(message: &mut ReadMessage, surplus: &mut usize) -> Result<(), ServeError> {
    while *surplus > 0 && !message.pictures.is_empty() {
        let picture = message.pictures.pop();
        let bytes = serde_json::to_vec(&picture).map_err(|_| ServeError::Content)?;
        *surplus = surplus.saturating_sub(bytes.len());
    }
    Ok(())
}

fn drop_texts(message: &mut ReadMessage, surplus: &mut usize) -> Result<(), ServeError> {
    let mut sizes = Vec::new();
    for (at, row) in message.attachments.iter().enumerate() {
        if let Some(document) = &row.document {
            let json = serde_json::to_vec(document).map_err(|_| ServeError::Content)?;
            sizes.push((json.len(), at));
        }
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    for (size, at) in sizes {
        if *surplus == 0 {
            return Ok(());
        }
        if let Some(row) = message.attachments.get_mut(at) {
            row.document = None;
            row.read = ReadStatus::TooLarge;
            row.reason = Some(TOO_LARGE.to_owned());
            *surplus = surplus.saturating_sub(size.saturating_sub(MARK_BYTES));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Attachment, Block, Document, Inline, Picture, PictureKind};

    fn document(letters: usize) -> Document {
        let text = Inline::Text {
            text: "x".repeat(letters),
            bold: false,
            struck: false,
        };
        Document {
            blocks: vec![Block::Paragraph {
                text: vec![text],
                page: None,
            }],
            ..Document::default()
        }
    }

    fn message(letters: &[usize]) -> ReadMessage {
        let row = |(at, letters): (usize, &usize)| Attachment {
            part: (at + 2).to_string(),
            filename: None,
            media_type: "text/plain".to_owned(),
            bytes: 0,
            read: ReadStatus::Ok,
            reason: None,
            document: Some(document(*letters)),
        };
        ReadMessage {
            bodies: vec![document(10)],
            attachments: letters.iter().enumerate().map(row).collect(),
            ..ReadMessage::default()
        }
    }

    fn after(message: ReadMessage, bound: u32) -> Result<ReadMessage, UnreadableReason> {
        let json = fitted(Ok(message), bound).unwrap();
        assert!(json.len() <= bound as usize);
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn the_largest_texts_go_and_the_rest_stays() {
        let read = after(message(&[2_000, 90_000, 50_000, 3_000]), 20_000)
            .ok()
            .unwrap();
        let marks: Vec<_> = read.attachments.iter().map(|row| row.read).collect();
        use ReadStatus::{Ok, TooLarge};
        assert_eq!(marks, [Ok, TooLarge, TooLarge, Ok]);
        assert!(
            read.attachments
                .iter()
                .all(|row| row.document.is_some() == (row.read == Ok))
        );
        assert_eq!(read.bodies.len(), 1);
    }

    #[test]
    fn mails_attached_without_end_are_cut_so_that_the_answer_can_be_read() {
        let nest = |levels| {
            (0..levels).fold(message(&[10]), |inner, _| ReadMessage {
                nested: vec![inner],
                ..message(&[10])
            })
        };
        let read = after(nest(80), 1_000_000).ok().unwrap();
        assert_eq!(read.repairs, [Repair::Bounds]);
        assert_eq!((read.bodies.len(), read.attachments.len()), (1, 1));
        assert!(
            after(nest(MAX_NESTED), 1_000_000)
                .ok()
                .unwrap()
                .repairs
                .is_empty()
        );
    }

    #[test]
    fn pictures_go_before_texts() {
        let mut message = message(&[9_000]);
        message.pictures.push(Picture {
            part: "2".to_owned(),
            kind: PictureKind::Image,
            bytes: vec![7; 20_000],
        });
        let read = after(message, 15_000).ok().unwrap();
        assert!(read.pictures.is_empty());
        assert!(read.attachments.iter().all(|row| row.document.is_some()));
    }

    #[test]
    fn a_body_over_the_bound_is_too_large() {
        let mut large = message(&[]);
        large.bodies = vec![document(5_000)];
        assert_eq!(after(large, 1_000).err(), Some(UnreadableReason::TooLarge));
    }
}
