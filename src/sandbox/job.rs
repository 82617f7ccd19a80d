//! What a reading worker is asked to do: a small description in front of the foreign bytes.

use crate::domain::{Personal, ReadRequest};
use serde::{Deserialize, Serialize};

/// Longest description of a job, in bytes of JSON: room for every part of a mail to be named as one to skip.
pub(super) const MAX_JOB_BYTES: u32 = 256 * 1024;
/// Longest part number that a worker tells, in bytes: five numbers of three digits per level of nesting would
/// be less.
pub(super) const MAX_PART_NUMBER: u32 = 512;
/// Bytes of the length in front of a job's description, or of a part's number.
const LENGTH_BYTES: usize = 4;

/// A job without its bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) request: ReadRequest,
}

/// What the bytes are and what is wanted of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    /// A raw mail, to be read.
    ReadMail,
    /// A single file, to be read.
    ReadFile { filename: String },
    /// A raw mail whose parts are wanted as they are, for a virus scanner.
    Contents,
}

impl Job {
    /// What stands in front of the bytes. `None` if it is longer than [`MAX_JOB_BYTES`].
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let json = serde_json::to_vec(self).ok()?;
        let length = u32::try_from(json.len())
            .ok()
            .filter(|length| *length <= MAX_JOB_BYTES)?;
        Some([length.to_be_bytes().as_slice(), &json].concat())
    }

    /// Takes a payload apart into the job and its bytes.
    pub(super) fn decode(mut payload: Vec<u8>) -> Option<(Self, Vec<u8>)> {
        let (length, rest) = payload.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let job = serde_json::from_slice(rest.get(..length)?).ok()?;
        payload.drain(..LENGTH_BYTES + length);
        Some((job, payload))
    }
}

/// One part of a mail as it is, on its way through the pipe: the length of its number, the number, the bytes.
pub(super) fn encode_content(part: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(part.len())
        .ok()
        .filter(|length| *length <= MAX_PART_NUMBER)?;
    Some([length.to_be_bytes().as_slice(), part.as_bytes(), bytes].concat())
}

/// Reads [`encode_content`] back.
pub(super) fn decode_content(mut payload: Vec<u8>) -> Option<(String, Personal<Vec<u8>>)> {
    let (length, rest) = payload.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let part = part_number(rest.get(..length)?)?;
    payload.drain(..LENGTH_BYTES + length);
    Some((part, Personal::new(payload)))
}

/// A part number as a worker tells it; `None` for anything but numbers and dots.
pub(super) fn part_number(bytes: &[u8]) -> Option<String> {
    let is_short = u32::try_from(bytes.len()).is_ok_and(|length| length <= MAX_PART_NUMBER);
    let is_number = bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (is_short && is_number).then(|| bytes.iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            task: Task::ReadFile {
                filename: "form.pdf".to_owned(),
            },
            request: ReadRequest::default(),
        }
    }

    #[test]
    fn a_job_comes_back_with_its_bytes() {
        let mut payload = job().encode().unwrap();
        payload.extend_from_slice(b"bytes");
        assert_eq!(Job::decode(payload), Some((job(), b"bytes".to_vec())));
        for broken in [b"".as_slice(), b"\0\0\0", b"\0\0\0\x09{}", b"\0\0\0\x02{}mail"] {
            assert_eq!(Job::decode(broken.to_vec()), None, "{broken:?}");
        }
    }

    #[test]
    fn only_numbers_are_part_numbers() {
        assert_eq!(part_number(b"2.10.1"), Some("2.10.1".to_owned()));
        assert_eq!(part_number(b""), Some(String::new()));
        for wrong in [b"1\n".as_slice(), b"a", b"-1", "1٣".as_bytes()] {
            assert_eq!(part_number(wrong), None, "{wrong:?}");
        }
        assert_eq!(part_number(&[b'1'; 513]), None);
    }

    #[test]
    fn a_content_comes_back_with_its_number() {
        let payload = encode_content("2.1", b"\0bytes").unwrap();
        let (part, bytes) = decode_content(payload).unwrap();
        assert_eq!(
            (part.as_str(), bytes.expose_personal().as_slice()),
            ("2.1", b"\0bytes".as_slice())
        );
        assert!(decode_content(b"\0\0\0\x09xx".to_vec()).is_none());
    }
}
