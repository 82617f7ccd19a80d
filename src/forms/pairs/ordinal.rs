//! The number that a heading begins with: "Part 2", "Section B:", "3.", "2a)".
//!
//! Invariant: a number that no word or mark sets apart is none ("14 Mill Row").

/// Longest number of a heading: "12b".
const MAX_ORDINAL: usize = 3;

/// The number of a heading.
pub(in crate::forms) fn ordinal(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let (first, rest) = split(text);
    let is_named =
        ["part", "section", "step", "stage", "page"].contains(&first.to_ascii_lowercase().as_str());
    let (number, rest) = if is_named {
        split(rest.trim_start())
    } else {
        (first, rest)
    };
    let behind_mark = rest.strip_prefix(['.', ')', ':']);
    let is_marked = is_named
        || behind_mark.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
        || rest.starts_with(" -")
        || rest.starts_with(" –");
    if !is_marked || number.len() > MAX_ORDINAL {
        return None;
    }
    let digits = number.chars().take_while(char::is_ascii_digit).count();
    let mut letters = number.get(digits..)?.chars();
    match (number.get(..digits)?.parse().ok(), letters.next(), letters.next()) {
        (Some(number), _, None) => Some(number),
        (None, Some(letter), None) if letter.is_ascii_alphabetic() => {
            Some(u32::from(letter.to_ascii_lowercase()) - u32::from('a') + 1)
        }
        (Some(_) | None, _, _) => None,
    }
}

/// A heading whose number is the next after another's.
pub(in crate::forms) fn follows(before: &str, text: &str) -> bool {
    matches!((ordinal(before), ordinal(text)), (Some(before), Some(number)) if number == before + 1)
}

/// The letters and digits at the beginning, and the rest.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_apart_from_words() {
        for (text, number) in [
            ("Part 2 - Man in our care", Some(2)),
            ("Section B: the young person", Some(2)),
            ("Part 2a: Parent", Some(2)),
            ("3. Those affected", Some(3)),
            ("A. Officer", Some(1)),
            ("14 Mill Row", None),
            ("Name", None),
            ("p.wren@example.com", None),
            ("Mr. Lee", None),
            ("Part of the story", None),
        ] {
            assert_eq!(ordinal(text), number, "{text}");
        }
        assert!(follows("Part 1: Worker", "Part 2: Young person"));
        assert!(!follows("Part 1: Worker", "Contact details"));
    }
}
