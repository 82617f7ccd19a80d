//! A look at the raw bytes before a parser sees them: a few megabytes of `0 0 0` or `<<>>` become gigabytes of
//! objects.

use super::super::ReadLimits;

/// Most objects of a file. A form of ten pages has some thousands.
const MAX_OBJECTS: usize = 300_000;
/// Most values (numbers, names, texts, brackets) outside streams; each takes some 150 bytes once parsed.
const MAX_VALUES: usize = 2_500_000;
/// One object stream inflates to no more than this many bytes, all of a file together to no more than that.
const MAX_OBJECT_STREAM_BYTES: usize = 4 * 1024 * 1024;
const MAX_OBJECT_STREAMS_BYTES: usize = 48 * 1024 * 1024;
/// Every object stream may inflate to this many bytes at least.
const MIN_OBJECT_STREAM_BYTES: usize = 64 * 1024;

/// To how many bytes each object stream may inflate, so that all of them together are within bounds; `None` if
/// the file has more objects or values than are read.
pub(super) fn object_stream_bound(bytes: &[u8], limits: &ReadLimits) -> Option<usize> {
    let mut counts = Counts::default();
    let mut at = 0;
    while let Some(word) = next_word(bytes, &mut at) {
        counts.values += 1;
        match word {
            b"obj" => counts.objects += 1,
            b"/ObjStm" => counts.object_streams += 1,
            b"stream" => at = end_of_stream(bytes, at),
            _ => {}
        }
        if counts.objects > MAX_OBJECTS || counts.values > MAX_VALUES {
            return None;
        }
    }
    let most = usize::try_from(limits.max_document_bytes).unwrap_or(usize::MAX);
    let each = MAX_OBJECT_STREAMS_BYTES / counts.object_streams.max(1);
    Some(
        each.clamp(MIN_OBJECT_STREAM_BYTES, MAX_OBJECT_STREAM_BYTES)
            .min(most),
    )
}

#[derive(Default)]
struct Counts {
    objects: usize,
    values: usize,
    object_streams: usize,
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

    #[test]
    fn many_object_streams_share_one_bound() {
        let one = b"1 0 obj <</Type /ObjStm>> stream \xff\xff endstream";
        assert_eq!(bound(one), Some(MAX_OBJECT_STREAM_BYTES));
        let many = b"<</Type/ObjStm>>\n".repeat(100);
        assert_eq!(bound(&many), Some(MAX_OBJECT_STREAMS_BYTES / 100));
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
