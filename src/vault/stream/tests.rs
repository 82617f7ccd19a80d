//! Nothing opens but what was sealed, whole.

use super::super::seal::tests::Counter;
use super::*;
use proptest::prelude::*;

const ONE: &str = "1: AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TWO: &str = "2: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const OTHER: &str = "1: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

fn master(text: &str) -> MasterKeys {
    MasterKeys::parse(text.as_bytes()).unwrap()
}

fn sealed(content: &[u8]) -> Vec<u8> {
    let (mut sealer, header) = StreamSealer::begin(&master(ONE), 7, &Counter::new()).unwrap();
    let mut out = header.to_vec();
    let mut rest = content;
    while let Some((chunk, more)) = rest.split_first_chunk::<STREAM_CHUNK_BYTES>() {
        if more.is_empty() {
            break;
        }
        out.extend(sealer.middle(chunk).unwrap());
        rest = more;
    }
    out.extend(sealer.last(rest).unwrap());
    out
}

fn opened(bytes: &[u8], keys: &str) -> Result<Vec<u8>, StreamError> {
    let header = bytes.first_chunk().ok_or(StreamError::NotAStream)?;
    let mut opener = StreamOpener::begin(&master(keys), header)?;
    let mut rest = &bytes[STREAM_HEADER_BYTES..];
    let mut content = Vec::new();
    while rest.len() > STREAM_SEALED_BYTES {
        let (chunk, more) = rest.split_at(STREAM_SEALED_BYTES);
        content.extend(opener.middle(chunk)?);
        rest = more;
    }
    content.extend(opener.last(rest)?);
    Ok(content)
}

fn letters(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// Lengths around the ends of chunks.
fn length() -> impl Strategy<Value = usize> {
    (0usize..4, -3isize..4)
        .prop_map(|(chunks, beside)| (chunks * STREAM_CHUNK_BYTES).saturating_add_signed(beside))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_sealed_opens_to_the_same_bytes(length in length(), few: Vec<u8>) {
        let mut content = letters(length);
        content.extend(few);
        prop_assert_eq!(opened(&sealed(&content), ONE), Ok(content));
    }

    #[test]
    fn one_changed_bit_anywhere_and_it_does_not_open(length in length(), at: prop::sample::Index, bit in 0u8..8) {
        let mut bytes = sealed(&letters(length));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(opened(&bytes, ONE).is_err());
    }

    #[test]
    fn cut_anywhere_it_does_not_open(length in length(), at: prop::sample::Index) {
        let bytes = sealed(&letters(length));
        prop_assert!(opened(&bytes[..at.index(bytes.len())], ONE).is_err());
    }

    #[test]
    fn with_anything_appended_it_does_not_open(length in length(), more in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut bytes = sealed(&letters(length));
        bytes.extend(more);
        prop_assert!(opened(&bytes, ONE).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(bytes: Vec<u8>) {
        prop_assert!(opened(&bytes, ONE).is_err());
    }
}

/// The chunks of three and a bit.
fn chunks() -> (Vec<u8>, Vec<Vec<u8>>) {
    let bytes = sealed(&letters(3 * STREAM_CHUNK_BYTES + 5));
    let (header, rest) = bytes.split_at(STREAM_HEADER_BYTES);
    let chunks = rest.chunks(STREAM_SEALED_BYTES).map(<[u8]>::to_vec).collect();
    (header.to_vec(), chunks)
}

#[test]
fn chunks_that_are_left_out_repeated_swapped_or_cut_off_are_found() {
    let (header, whole) = chunks();
    let with = |chunks: &[&Vec<u8>]| {
        let mut bytes = header.clone();
        chunks.iter().for_each(|chunk| bytes.extend(*chunk));
        opened(&bytes, ONE)
    };
    let [a, b, c, d] = &whole[..] else {
        panic!("four chunks")
    };
    assert!(with(&[a, b, c, d]).is_ok());
    for order in [
        &[a, b, c][..],
        &[a, b],
        &[a],
        &[],
        &[a, c, d],
        &[b, c, d],
        &[a, b, d],
        &[a, a, b, c, d],
        &[b, a, c, d],
        &[a, c, b, d],
        &[a, b, c, d, d],
        &[d],
    ] {
        assert!(matches!(with(order), Err(StreamError::Damaged(_))));
    }
}

#[test]
fn a_chunk_of_another_stream_under_the_same_key_does_not_open() {
    let entropy = Counter::new();
    let seal = |content: &[u8]| {
        let (sealer, header) = StreamSealer::begin(&master(ONE), 7, &entropy).unwrap();
        (header, sealer.last(content).unwrap())
    };
    let (one, first) = seal(b"one");
    let (two, _) = seal(b"two");
    let open =
        |header: &StreamHeader, chunk: &[u8]| StreamOpener::begin(&master(ONE), header).unwrap().last(chunk);
    assert_eq!(open(&one, &first).unwrap(), b"one");
    assert_eq!(open(&two, &first), Err(StreamError::Damaged(0)));
    assert_ne!(stream_name(&one), stream_name(&two));
}

#[test]
fn every_byte_of_the_header_is_checked_and_problems_are_told_apart() {
    let bytes = sealed(b"content");
    let header: &StreamHeader = bytes.first_chunk().unwrap();
    assert_eq!(stream_version(header), 7);
    assert_eq!(StreamOpener::begin(&master(ONE), header).unwrap().version(), 7);
    for at in 0..STREAM_HEADER_BYTES {
        for bit in 0..8 {
            let mut changed = *header;
            changed[at] ^= 1 << bit;
            assert!(StreamOpener::begin(&master(ONE), &changed).is_err(), "byte {at}");
        }
    }
    assert_eq!(opened(&bytes, OTHER), Err(StreamError::WrongKey));
    assert_eq!(opened(&bytes, TWO), Err(StreamError::NoSuchGeneration(1)));
    assert!(opened(&bytes, &format!("{TWO}\n{ONE}")).is_ok());
    let mut newer = bytes.clone();
    newer[FORMAT_AT + 1] = 2;
    assert_eq!(opened(&newer, ONE), Err(StreamError::NewerFormat(2)));
    let mut other = bytes;
    other[0] = b'R';
    assert_eq!(opened(&other, ONE), Err(StreamError::NotAStream));
    assert_eq!(
        StreamSealer::begin(&master(ONE), 7, &Counter::new())
            .map(|(s, _)| s.last(&letters(STREAM_SEALED_BYTES))),
        Ok(Err(StreamError::Damaged(0)))
    );
}
