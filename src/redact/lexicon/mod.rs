//! Every word list as one table: what a word is takes one look-up, whichever list is asked. `NOTICE.md` beside this file says
//! where the two long lists, English words and people's names, come from and under which licence.
//!
//! Words are lower case without accents. Many words are in several lists ("grace", "price"): then only the context tells.

use super::words;
use crate::domain::GIVEN_NAMES;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// The lists that have a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Classes(u16);

impl Classes {
    const TITLE: u16 = 1;
    const RANK: u16 = 1 << 1;
    const COMMON_NAME: u16 = 1 << 2;
    const NAME_FIRST: u16 = 1 << 3;
    const PLAIN: u16 = 1 << 4;
    const CALENDAR: u16 = 1 << 5;
    const GIVEN_NAME: u16 = 1 << 6;
    const INSTITUTION: u16 = 1 << 7;
    const PLACE: u16 = 1 << 8;
    const RELATION: u16 = 1 << 9;
    const PARTICLE: u16 = 1 << 10;
    const PERSON_VERB: u16 = 1 << 11;
    const ENGLISH: u16 = 1 << 12;
    const NAME: u16 = 1 << 13;

    /// Looks a word up.
    pub(super) fn of(word: &str) -> Self {
        TABLE.get(word).copied().unwrap_or_default()
    }

    fn has(self, classes: u16) -> bool {
        self.0 & classes != 0
    }

    /// A title of private people, without a full stop.
    pub(super) fn is_title(self) -> bool {
        self.has(Self::TITLE)
    }

    /// A rank: the name after one is an officer's.
    pub(super) fn is_rank(self) -> bool {
        self.has(Self::RANK)
    }

    /// A name that is also an ordinary word: it counts only in a name's context.
    pub(super) fn is_common_name(self) -> bool {
        self.has(Self::COMMON_NAME)
    }

    /// A name that is hardly ever an ordinary word in a letter, although it is one: it counts everywhere.
    pub(super) fn is_name_first(self) -> bool {
        self.has(Self::NAME_FIRST)
    }

    /// A frequent word that is no name.
    pub(super) fn is_plain_word(self) -> bool {
        self.has(Self::PLAIN | Self::CALENDAR)
    }

    /// A weekday or month, whole or cut short.
    pub(super) fn is_calendar(self) -> bool {
        self.has(Self::CALENDAR)
    }

    /// A given name in use in the United Kingdom.
    pub(super) fn is_given_name(self) -> bool {
        self.has(Self::GIVEN_NAME)
    }

    /// A word that makes a run of capitalised words an organisation, office, document or place.
    pub(super) fn is_institution_word(self) -> bool {
        self.has(Self::INSTITUTION)
    }

    /// A town, city, county, country, people, language or denomination.
    pub(super) fn is_place(self) -> bool {
        self.has(Self::PLACE)
    }

    /// A word for a relative or somebody near.
    pub(super) fn is_relation(self) -> bool {
        self.has(Self::RELATION)
    }

    /// A small word within surnames.
    pub(super) fn is_particle(self) -> bool {
        self.has(Self::PARTICLE)
    }

    /// What people do in reports: "Grace said".
    pub(super) fn is_person_verb(self) -> bool {
        self.has(Self::PERSON_VERB)
    }

    /// A word of the English language, inflected forms included.
    pub(super) fn is_english(self) -> bool {
        self.has(Self::ENGLISH)
    }

    /// A given name or surname in use somewhere: British, Irish, Welsh, South Asian, African, European and more.
    pub(super) fn is_name(self) -> bool {
        self.has(Self::NAME)
    }
}

static TABLE: LazyLock<HashMap<&str, Classes, BuildHasherDefault<WordHasher>>> = LazyLock::new(|| {
    /// A little more than all lists together.
    const ROOM: usize = 130_000;
    let lists = [
        (Classes::ENGLISH, include_str!("english.txt")),
        (Classes::NAME, include_str!("names.txt")),
        (Classes::GIVEN_NAME, GIVEN_NAMES),
        (Classes::TITLE, words::TITLES),
        (Classes::RANK, words::RANKS),
        (Classes::COMMON_NAME, words::COMMON_NAMES),
        (Classes::NAME_FIRST, words::NAME_FIRST),
        (Classes::PLAIN, words::PLAIN_WORDS),
        (Classes::CALENDAR, words::CALENDAR),
        (Classes::INSTITUTION, words::INSTITUTION_WORDS),
        (Classes::PLACE, words::PLACES),
        (Classes::RELATION, words::RELATIONS),
        (Classes::PARTICLE, words::PARTICLES),
        (Classes::PERSON_VERB, words::PERSON_VERBS),
    ];
    let mut table: HashMap<&str, Classes, _> = HashMap::with_capacity_and_hasher(ROOM, Default::default());
    for (class, words) in lists {
        for word in words.split_ascii_whitespace() {
            table.entry(word).or_default().0 |= class;
        }
    }
    table
});

/// A hash of short words, eight bytes at a time. Who writes a text cannot make it slow: only the lists, which are fixed,
/// are ever put into the table.
#[derive(Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut eight = [0; 8];
            for (to, from) in eight.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.write_u64(u64::from_le_bytes(eight));
        }
    }

    fn write_u8(&mut self, _: u8) {
        // the mark of a string's end tells nothing where a key is one string
    }

    fn write_u64(&mut self, number: u64) {
        /// The digits of pi: any odd number with as many ones as zeros does.
        const SPREAD: u128 = 0x243f_6a88_85a3_08d3;
        let wide = u128::from(self.0 ^ number ^ 0x1319_8a2e_0370_7344) * SPREAD;
        // Both halves: the table takes its place from the low bits and its tag from the high ones.
        self.0 = u64::try_from(wide >> 64).unwrap_or_default()
            ^ u64::try_from(wide & u128::from(u64::MAX)).unwrap_or_default();
    }

    fn finish(&self) -> u64 {
        self.0
    }
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
            assert!(Classes::of(name).is_name(), "{name}");
        }
        for word in ["meeting", "apologised", "grace", "neighbour", "neighbor"] {
            assert!(Classes::of(word).is_english(), "{word}");
        }
        assert!(!Classes::of("okafor").is_english() && !Classes::of("meeting").is_name());
        assert_eq!(Classes::of(""), Classes::default());
    }

    #[test]
    fn a_word_is_in_each_of_its_lists() {
        let may = Classes::of("may");
        assert!(may.is_calendar() && may.is_plain_word() && may.is_common_name() && may.is_given_name());
        assert!(!may.is_title() && !may.is_place());
    }
}
