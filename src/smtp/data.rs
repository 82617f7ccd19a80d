//! Finding the end of a mail in the bytes after `DATA` (RFC 5321 section 4.5.2).
//!
//! Invariant: only CRLF `.` CRLF ends a mail, and a mail with any other line end is refused, so no two
//! servers can disagree about where it ends (SMTP smuggling).

/// Longest line, without its CRLF (RFC 5321 section 4.5.3.1.6). Relays break longer ones, and then the
/// recipient would not get the bytes that were handed in.
pub(super) const MAX_TEXT_LINE: usize = 998;

/// Why a mail is refused once its end was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataFault {
    /// More bytes than `SIZE` allows.
    TooLarge,
    /// A CR or LF by itself.
    BareLineEnd,
    /// A line over [`MAX_TEXT_LINE`].
    LineTooLong,
    /// A NUL byte (RFC 5321 section 4.5.2 forbids it).
    NulByte,
    /// Nothing at all.
    Empty,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    InLine,
    AfterCr,
    AfterDot,
    AfterDotCr,
}

/// Takes the bytes as they come; after a fault only the end is looked for.
pub(super) struct DataDecoder {
    mail: Vec<u8>,
    place: Place,
    line: usize,
    fault: Option<DataFault>,
    swallowed: usize,
    max_bytes: usize,
}

impl DataDecoder {
    /// A decoder for a mail of at most `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            mail: Vec::new(),
            place: Place::LineStart,
            line: 0,
            fault: None,
            swallowed: 0,
            max_bytes,
        }
    }

    /// Takes `bytes` up to the end of the mail. `Some(n)`: the mail ended with the `n`th byte.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.step(byte) {
                return Some(index + 1);
            }
        }
        None
    }

    /// Bytes that came after the mail was refused: the caller gives up at some point.
    pub(super) fn swallowed(&self) -> usize {
        self.swallowed
    }

    /// The mail, dots unstuffed; or why it is refused.
    pub(super) fn finish(self) -> Result<Vec<u8>, DataFault> {
        match self.fault {
            Some(fault) => Err(fault),
            None if self.mail.is_empty() => Err(DataFault::Empty),
            None => Ok(self.mail),
        }
    }

    fn step(&mut self, byte: u8) -> bool {
        use Place::{AfterCr, AfterDot, AfterDotCr, InLine, LineStart};
        self.place = match (self.place, byte) {
            (AfterDotCr, b'\n') => return true,
            (LineStart, b'.') => AfterDot,
            (AfterDot, b'\r') => AfterDotCr,
            (AfterCr, b'\n') => {
                self.line = 0;
                self.keep(b'\r');
                self.keep(b'\n');
                LineStart
            }
            (LineStart | InLine, b'\r') => AfterCr,
            (AfterCr | AfterDotCr, b'\r') => self.refuse(DataFault::BareLineEnd, AfterCr),
            (LineStart | InLine | AfterDot, b'\n') | (AfterCr | AfterDotCr, _) => {
                self.refuse(DataFault::BareLineEnd, InLine)
            }
            (LineStart | InLine | AfterDot, 0) => self.refuse(DataFault::NulByte, InLine),
            (LineStart | InLine | AfterDot, _) => {
                self.line += 1;
                self.keep(byte);
                InLine
            }
        };
        if self.line > MAX_TEXT_LINE {
            self.place = self.refuse(DataFault::LineTooLong, self.place);
        }
        false
    }

    fn keep(&mut self, byte: u8) {
        if self.fault.is_some() {
            self.swallowed += 1;
        } else if self.mail.len() >= self.max_bytes {
            self.refuse(DataFault::TooLarge, self.place);
        } else {
            self.mail.push(byte);
        }
    }

    /// The first fault counts; the bytes so far are let go at once.
    fn refuse(&mut self, fault: DataFault, place: Place) -> Place {
        if self.fault.is_none() {
            self.fault = Some(fault);
            self.mail = Vec::new();
        }
        self.swallowed += 1;
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(bytes: &[u8]) -> (Option<usize>, Result<Vec<u8>, DataFault>) {
        let mut decoder = DataDecoder::new(1000);
        let end = decoder.push(bytes);
        (end, decoder.finish())
    }

    #[test]
    fn dots_are_unstuffed_and_only_crlf_dot_crlf_ends_the_mail() {
        let (end, mail) = decode(b"a\r\n..b\r\n...\r\n.c\r\n\r\n.\r\nQUIT\r\n");
        assert_eq!(end, Some(b"a\r\n..b\r\n...\r\n.c\r\n\r\n.\r\n".len()));
        assert_eq!(mail, Ok(b"a\r\n.b\r\n..\r\nc\r\n\r\n".to_vec()));
    }

    #[test]
    fn smuggled_ends_are_not_ends_and_the_mail_is_refused() {
        for smuggled in [
            &b"a\n.\n"[..],
            b"a\n.\r\n",
            b"a\r\n.\n",
            b"a\r.\r",
            b"a\r.\r\n",
            b"a\r\n.\r",
            b"a\r\n\0.\r\n",
            b"a\r\n.\r\r\n",
            b"a\n\n.\r\n",
        ] {
            let whole = [smuggled, b"MAIL FROM:<x@example.org>\r\n.\r\n"].concat();
            let (end, mail) = decode(&whole);
            assert_eq!(end, Some(whole.len()), "{smuggled:?}");
            assert!(
                matches!(mail, Err(DataFault::BareLineEnd | DataFault::NulByte)),
                "{smuggled:?}"
            );
        }
    }

    #[test]
    fn bounds_are_exact() {
        let line = [vec![b'x'; MAX_TEXT_LINE], b"\r\n.\r\n".to_vec()].concat();
        let mut decoder = DataDecoder::new(MAX_TEXT_LINE + 2);
        assert!(decoder.push(&line).is_some());
        assert_eq!(decoder.finish().map(|mail| mail.len()), Ok(MAX_TEXT_LINE + 2));
        let mut decoder = DataDecoder::new(MAX_TEXT_LINE + 1);
        assert!(decoder.push(&line).is_some());
        assert_eq!(decoder.finish(), Err(DataFault::TooLarge));
        let longer = [vec![b'x'; MAX_TEXT_LINE + 1], b"\r\n.\r\n".to_vec()].concat();
        let mut decoder = DataDecoder::new(5000);
        assert!(decoder.push(&longer).is_some());
        assert_eq!(decoder.finish(), Err(DataFault::LineTooLong));
    }

    #[test]
    fn an_empty_mail_ends_at_once() {
        assert_eq!(decode(b".\r\n"), (Some(3), Err(DataFault::Empty)));
    }

    proptest! {
        #[test]
        fn what_a_client_stuffs_comes_back_however_it_is_cut(
            lines in proptest::collection::vec("[ -~]{0,40}", 1..20),
            cut in 1usize..50,
        ) {
            let mail = lines.join("\r\n") + "\r\n";
            let stuffed: String = lines
                .iter()
                .map(|line| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") })
                .collect::<String>() + ".\r\n";
            let mut decoder = DataDecoder::new(10_000);
            let mut ended = false;
            for piece in stuffed.as_bytes().chunks(cut) {
                prop_assert!(!ended);
                ended = decoder.push(piece).is_some();
            }
            prop_assert!(ended);
            prop_assert_eq!(decoder.finish(), Ok(mail.into_bytes()));
        }

        #[test]
        fn any_bytes_are_taken_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (_, mail) = decode(&bytes);
            if let Ok(mail) = mail {
                let text = mail.iter().map(|b| char::from(*b)).collect::<String>().replace("\r\n", "");
                prop_assert!(!text.contains(['\r', '\n', '\0']));
            }
        }
    }
}
