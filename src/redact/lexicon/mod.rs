//! English words and people's names, to tell a name from a word. `NOTICE.md` beside this file says where each list
//! comes from and under which licence.
//!
//! Words are lower case without accents. Many words are in both lists ("grace", "price"): then only the context tells.

use std::collections::HashSet;
use std::sync::LazyLock;

static ENGLISH: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("english.txt").lines().collect());
static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("names.txt").lines().collect());

/// A word of the English language, inflected forms included.
pub(super) fn is_english(word: &str) -> bool {
    ENGLISH.contains(word)
}

/// A given name or surname in use somewhere: British, Irish, Welsh, South Asian, African, European and more.
pub(super) fn is_name(word: &str) -> bool {
    NAMES.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_peoples_are_names_and_ordinary_words_are_words() {
        for name in [
            "siobhan",
            "rhys",
            "patel",
            "okafor",
            "oluwaseun",
            "kowalczyk",
            "grace",
        ] {
            assert!(is_name(name), "{name}");
        }
        for word in ["meeting", "apologised", "grace", "neighbour", "neighbor"] {
            assert!(is_english(word), "{word}");
        }
        assert!(!is_english("okafor") && !is_name("meeting"));
    }
}
