//! Words that end a street's name.
//!
//! Invariant: lower case, in full and in short.

/// A word that ends a street's name.
pub fn is_street_word(word: &str) -> bool {
    STREET_WORDS.contains(&word)
}

/// Words that end a street's name, lower case.
pub const STREET_WORDS: [&str; 71] = [
    "road", "rd", "street", "st", "avenue", "ave", "close", "cl", "lane", "ln", "drive", "dr", "way",
    "court", "ct", "crescent", "cres", "gardens", "gdns", "place", "pl", "terrace", "walk", "row", "rise",
    "mews", "hill", "grove", "green", "park", "square", "sq", "gate", "view", "arcade", "parade", "wharf",
    "quay", "meadow", "meadows", "fields", "chase", "mead", "broadway", "cottage", "cottages", "villas",
    "croft", "link", "path", "ride", "passage", "yard", "heights", "common", "estate", "circus", "vale",
    "brow", "fold", "wynd", "drove", "garth", "loke", "ginnel", "nook", "approach", "av", "ter", "terr",
    "hl",
];
