//! A look at the raw bytes before a parser sees them: a few megabytes of `0 0 0` or `<<>>` become gigabytes of
//! objects.

use super::super::ReadLimits;
use lopdf::{DecompressError, Error, Stream, dictionary};

/// Most objects of a file. A form of ten pages has some thousands.
const MAX_OBJECTS: usize = 300_000;
/// Most values (numbers, names, texts, brackets) outside streams; each takes some 150 bytes once parsed.
const MAX_VALUES: usize = 2_500_000;
/// All object streams of a file together inflate to no more than this many bytes.
const MAX_OBJECT_STREAM_BYTES: usize = 64 * 1024 * 1024;
/// What those that cannot be measured here (encrypted ones) may inflate to together, and each at least.
const MAX_UNMEASURED_BYTES: usize = 8 * 1024 * 1024;
const MIN_UNMEASURED_BYTES: usize = 256 * 1024;

/// To how many bytes each object stream may inflate; `None` if the file has more objects or values than are
/// read, those in object streams included.
pub(super) fn object_stream_bound(bytes: &[u8], limits: &ReadLimits) -> Option<usize> {
    let mut counts = Counts::default();
    let mut at = 0;
    let mut is_object_stream = false;
    while let Some(word) = next_word(bytes, &mut at) {
        counts.values += 1;
        match word {
            b"obj" => {
                counts.objects += 1;
                is_object_stream = false;
            }
            b"/ObjStm" => is_object_stream = true,
            b"stream" => {
                let end = end_of_stream(bytes, at);
                if is_object_stream {
                    counts.inflate(bytes.get(at..end).unwrap_or_default())?;
                }
                at = end;
            }
            _ => {}
        }
        if counts.objects > MAX_OBJECTS || counts.values > MAX_VALUES {
            return None;
        }
    }
    let most = usize::try_from(limits.max_document_bytes).unwrap_or(usize::MAX);
    if counts.unmeasured == 0 {
        return Some(most);
    }
    let each = (MAX_UNMEASURED_BYTES / counts.unmeasured).max(MIN_UNMEASURED_BYTES);
    Some(each.max(counts.largest).min(most))
}

#[derive(Default)]
struct Counts {
    objects: usize,
    values: usize,
    /// Bytes that object streams inflate to: together, and the largest.
    inflated: usize,
    largest: usize,
    unmeasured: usize,
}

impl Counts {
    /// Counts the values of an object stream; `None` if it goes beyond the bound.
    fn inflate(&mut self, raw: &[u8]) -> Option<()> {
        let raw = raw.strip_prefix(b"\r").unwrap_or(raw);
        let raw = raw.strip_prefix(b"\n").unwrap_or(raw);
        let stream = Stream::new(dictionary! { "Filter" => "FlateDecode" }, raw.to_vec());
        let left = MAX_OBJECT_STREAM_BYTES.saturating_sub(self.inflated);
        let content = match stream.decompressed_content_with_limit(left) {
            Ok(content) if !content.is_empty() => content,
            Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => return None,
            Ok(_) | Err(_) => {
                self.unmeasured += 1;
                return Some(());
            }
        };
        self.inflated += content.len();
        self.largest = self.largest.max(content.len());
        let mut at = 0;
        while next_word(&content, &mut at).is_some() {
            self.values += 1;
            if self.values > MAX_VALUES {
                return None;
            }
        }
        Some(())
    }
}

/// The next run of letters and figures (with the slash of a name), or a single bracket.
fn next_word<'b>(bytes: &'b [u8], at: &mut usize) -> Option<&'b [u8]> {
    let is_blank = |byte: u8| byte.is_ascii_whitespace() || byte == 0;
    while bytes.get(*at).is_some_and(|byte| is_blank(*byte)) {
        *at += 1;
    }
    let start = *at;
    let is_part = |byte: u8| !is_blank(byte) && !b"()<>[]{}/%".contains(&byte);
    bytes.get(start)?;
    *at += 1;
    let is_bracket = bytes
        .get(start)
        .is_some_and(|byte| !is_part(*byte) && *byte != b'/');
    while !is_bracket && bytes.get(*at).is_some_and(|byte| is_part(*byte)) {
        *at += 1;
    }
    bytes.get(start..*at)
}

/// Where the stream that begins here ends; at the end of the file if it never does.
fn end_of_stream(bytes: &[u8], start: usize) -> usize {
    const END: &[u8] = b"endstream";
    let mut at = start;
    while let Some(rest) = bytes.get(at..) {
        let Some(found) = rest.iter().position(|byte| *byte == b'e') else {
            break;
        };
        at += found;
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(END)) {
            return at + END.len();
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(bytes: &[u8]) -> Option<usize> {
        object_stream_bound(bytes, &ReadLimits::default())
    }

    fn object_stream(content: &[u8]) -> Vec<u8> {
        let mut stream = Stream::new(dictionary! {}, content.to_vec());
        stream.compress().unwrap();
        [
            b"1 0 obj <</Type /ObjStm>> stream\n",
            stream.content.as_slice(),
            b"\nendstream",
        ]
        .concat()
    }

    #[test]
    fn values_in_object_streams_count_as_well() {
        let limits = ReadLimits::default();
        let few = object_stream(&b"0 ".repeat(1000));
        assert_eq!(bound(&few), usize::try_from(limits.max_document_bytes).ok());
        let part = object_stream(&b"0 ".repeat(MAX_VALUES / 4));
        assert!(bound(&part.repeat(3)).is_some());
        assert_eq!(bound(&part.repeat(5)), None);
    }

    #[test]
    fn object_streams_that_cannot_be_measured_share_one_bound() {
        let sealed = b"1 0 obj <</Type /ObjStm>> stream\nsealed\nendstream ";
        assert_eq!(bound(sealed), Some(MAX_UNMEASURED_BYTES));
        assert_eq!(bound(&sealed.repeat(16)), Some(MAX_UNMEASURED_BYTES / 16));
        assert_eq!(bound(&sealed.repeat(1000)), Some(MIN_UNMEASURED_BYTES));
    }

    #[test]
    fn more_objects_or_values_than_are_read_are_refused() {
        assert_eq!(bound(&b"1 0 obj ".repeat(MAX_OBJECTS + 1)), None);
        assert_eq!(bound(&b"0 ".repeat(MAX_VALUES + 1)), None);
        assert_eq!(bound(&b"<<>>".repeat(MAX_VALUES / 4 + 1)), None);
    }

    #[test]
    fn what_streams_hold_is_not_counted() {
        let mut bytes = b"1 0 obj <<>> stream\n".to_vec();
        bytes.extend(b"0 ".repeat(MAX_VALUES + 1));
        assert!(bound(&bytes).is_some());
        bytes.extend_from_slice(b"endstream endobj");
        assert!(bound(&bytes).is_some());
    }
}
