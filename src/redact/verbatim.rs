//! A message as handed in, without its `Bcc` fields.

/// Copies `raw` without the `Bcc` and `Resent-Bcc` fields of its top header (RFC 5322 section 3.6.3).
pub(super) fn without_bcc(raw: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(raw.len());
    let mut in_header = true;
    let mut dropping = false;
    let mut rest = raw;
    while !rest.is_empty() {
        let length = line_length(rest);
        let (line, after) = rest.split_at(length);
        rest = after;
        if in_header {
            let folded = line.first().is_some_and(|b| *b == b' ' || *b == b'\t');
            let blank = line.iter().all(|b| *b == b'\r' || *b == b'\n');
            if blank {
                in_header = false;
            } else if !folded {
                dropping = is_bcc(line);
            }
        }
        if !(in_header && dropping) {
            kept.extend_from_slice(line);
        }
    }
    kept
}

/// A line with its end: LF, or any run of CR with the LF behind it. A bare CR counts (some readers take it
/// for a line end), and CR CR LF is one end, not an empty line that would end the header early.
fn line_length(bytes: &[u8]) -> usize {
    let Some(text) = bytes.iter().position(|b| *b == b'\n' || *b == b'\r') else {
        return bytes.len();
    };
    let returns = bytes.iter().skip(text).take_while(|b| **b == b'\r').count();
    let feed = usize::from(bytes.get(text + returns) == Some(&b'\n'));
    text + returns + feed
}

fn is_bcc(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|b| *b == b':') else {
        return false;
    };
    let name = line.get(..colon).unwrap_or_default().trim_ascii();
    name.eq_ignore_ascii_case(b"bcc") || name.eq_ignore_ascii_case(b"resent-bcc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bcc_fields_of_the_top_header_go() {
        let raw = b"From: a@example.org\r\nbCC : x@example.org,\r\n\ty@example.org\r\nSubject: z\r\n\r\nBcc: stays\r\n";
        assert_eq!(
            without_bcc(raw),
            b"From: a@example.org\r\nSubject: z\r\n\r\nBcc: stays\r\n"
        );
        let odd = b"Subject: x\r\r\nBcc: hidden@example.org\r\n\r\nbody\r\n";
        assert_eq!(without_bcc(odd), b"Subject: x\r\r\n\r\nbody\r\n");
        let plain = b"From: a@example.org\nSubject: z\n\nbody\nno end";
        assert_eq!(without_bcc(plain), plain);
    }
}
