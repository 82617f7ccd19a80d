//! People's names: titles, order, capitals, the name somebody goes by.
//!
//! Invariant: nothing is added. Every word of a read name stands in the text, only its case and place change.

/// Titles that stand before a name, lower case without a dot.
const TITLES: [&str; 23] = [
    "mr",
    "mrs",
    "miss",
    "ms",
    "mx",
    "dr",
    "rev",
    "revd",
    "reverend",
    "prof",
    "professor",
    "sir",
    "dame",
    "lord",
    "lady",
    "cllr",
    "councillor",
    "master",
    "canon",
    "sr",
    "fr",
    "rabbi",
    "imam",
];
/// Police ranks that stand before a name, lower case without a dot.
const RANKS: [&str; 20] = [
    "pc",
    "wpc",
    "dc",
    "tdc",
    "ps",
    "ds",
    "sgt",
    "sergeant",
    "insp",
    "inspector",
    "di",
    "dci",
    "ci",
    "supt",
    "pcso",
    "sc",
    "constable",
    "det",
    "detective",
    "a/ps",
];
/// Parts of a surname that are written small.
const PARTICLES: [&str; 14] = [
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "la", "le", "bin", "al",
];
/// Surnames in `Mac` whose next letter is a capital; other words in `MAC` (Mackey, Macey) stay one piece.
const MAC_STEMS: [&str; 14] = [
    "donald", "kenzie", "leod", "gregor", "intyre", "lean", "millan", "kinnon", "arthur", "farlane",
    "pherson", "dougall", "aulay", "bride",
];
/// Most words a name has; more is a sentence.
const MAX_NAME_WORDS: usize = 7;

/// A name taken apart. It is personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    /// `Mrs`, as written but with a capital, without a dot.
    pub title: Option<String>,
    /// `PC`, in capitals.
    pub rank: Option<String>,
    /// A collar number that stood between rank and name.
    pub collar: Option<String>,
    /// Given names first.
    pub name: String,
    /// What the person is called.
    pub known_as: Option<String>,
    /// Staff should look: several people, or an order that could be meant otherwise.
    pub doubtful: bool,
}

/// Reads the name of one person. `None` where nothing is left that could be a name.
pub fn read(text: &str) -> Option<PersonName> {
    let (text, known_as, mut doubtful) = split_known_as(text);
    let text = text.trim().trim_matches([',', ';', '.', ':', '-', '–']).trim();
    let (ordered, order_doubt) = given_first(text);
    doubtful |= order_doubt;
    let mut words: Vec<&str> = ordered.split_whitespace().collect();
    let is_couple = matches!(words.as_slice(), [first, and, ..] if is_title(first) && matches!(*and, "and" | "&" | "And"));
    // "Mr and Mrs Holloway" are two: neither has that title alone.
    doubtful |= is_couple;
    let title = match is_couple {
        true => None,
        false => take_first(&mut words, is_title).map(|word| capitalise(word.trim_end_matches('.'))),
    };
    let mut rank = None;
    while let Some(word) = take_first(&mut words, is_rank) {
        rank = Some(word.trim_end_matches('.').to_uppercase());
    }
    let is_number = |word: &str| word.chars().all(|c| c.is_ascii_digit()) && word.len() <= 6;
    if rank.is_none()
        && let [first, second, _, ..] = words.as_slice()
        && let Some(of_fire_service) = fire_rank(first, second)
    {
        rank = Some(of_fire_service);
        words.drain(..2);
    }
    let mut collar = take_first(&mut words, is_number).map(str::to_owned);
    // "PC Anton Brzezicki 4419"
    if rank.is_some() && collar.is_none() && words.last().is_some_and(|word| is_number(word)) {
        collar = words.pop().map(str::to_owned);
    }
    if words.is_empty() || !words.iter().any(|word| word.chars().any(char::is_alphabetic)) {
        return None;
    }
    let joined_people = words
        .iter()
        .any(|w| matches!(w.to_lowercase().as_str(), "&" | "and" | "or" | "+") || w.contains('/'));
    let odd =
        words.len() > MAX_NAME_WORDS || words.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()));
    Some(PersonName {
        title,
        rank,
        collar,
        name: recase(&words),
        known_as: known_as.filter(|alias| !alias.is_empty()),
        doubtful: doubtful || joined_people || odd,
    })
}

/// Given names and surname from two answers, each in the case of [`read`].
pub fn join(given: &str, family: &str) -> String {
    let family = recase(&family.split_whitespace().collect::<Vec<_>>());
    let given = recase(&given.split_whitespace().collect::<Vec<_>>());
    format!("{given} {family}").trim().to_owned()
}

/// Whether a word is a title such as `Mrs`.
pub fn is_title(word: &str) -> bool {
    TITLES.contains(&word.trim_end_matches('.').to_lowercase().as_str())
}

/// Whether a word is a police rank such as `PC`.
pub fn is_rank(word: &str) -> bool {
    RANKS.contains(&word.trim_end_matches('.').to_lowercase().as_str())
}

/// `Watch Manager`: a rank of the fire and rescue services, in two words.
fn fire_rank(first: &str, second: &str) -> Option<String> {
    let level = capitalise(first);
    let is_level = matches!(
        level.as_str(),
        "Crew" | "Watch" | "Station" | "Group" | "Area" | "Brigade"
    );
    (is_level && second.eq_ignore_ascii_case("manager")).then(|| format!("{level} Manager"))
}

/// A word with a capital first letter.
fn capitalise(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first
            .to_uppercase()
            .chain(chars.flat_map(char::to_lowercase))
            .collect(),
        None => String::new(),
    }
}

fn take_first<'a>(words: &mut Vec<&'a str>, test: impl Fn(&str) -> bool) -> Option<&'a str> {
    let first = words.first().copied().filter(|word| test(word))?;
    words.remove(0);
    Some(first)
}

/// Splits off `known as X`, `aka X`, `(X)`, `"X"`; says whether something in brackets was left out.
fn split_known_as(text: &str) -> (String, Option<String>, bool) {
    let lower = text.to_lowercase();
    if lower.len() == text.len() {
        for mark in [
            " known as ",
            " a.k.a. ",
            " a.k.a ",
            " aka ",
            "(known as ",
            "(aka ",
        ] {
            if let Some(at) = lower.find(mark)
                && let (Some(name), Some(alias)) = (text.get(..at), text.get(at + mark.len()..))
            {
                let alias = alias
                    .trim()
                    .trim_matches(['(', ')', '"', '“', '”', '\'', '‘', '’', '.'])
                    .trim();
                return (
                    name.trim_end_matches([',', '(', ' ']).to_owned(),
                    Some(alias.to_owned()),
                    false,
                );
            }
        }
    }
    for (open, close) in [('(', ')'), ('"', '"'), ('“', '”'), ('‘', '’')] {
        let Some(start) = text.find(open) else { continue };
        let inside = &text[start + open.len_utf8()..];
        let Some(length) = inside.find(close) else {
            continue;
        };
        let alias = inside[..length].trim();
        let rest = format!("{} {}", &text[..start], &inside[length + close.len_utf8()..]);
        let one_word = alias.split_whitespace().count() == 1
            && alias.chars().all(|c| c.is_alphabetic() || c == '-')
            && alias.chars().next().is_some_and(char::is_uppercase);
        return if one_word {
            (rest, Some(alias.to_owned()), false)
        } else {
            (rest, None, !is_maiden_name(alias) && !is_pronouns(alias))
        };
    }
    (text.to_owned(), None, false)
}

fn is_maiden_name(text: &str) -> bool {
    let text = text.to_lowercase();
    text.starts_with("née ") || text.starts_with("nee ") || text.starts_with("formerly ")
}

fn is_pronouns(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "she/her" | "he/him" | "they/them" | "she / her" | "he / him"
    )
}

/// Turns `SURNAME, Given` and `SURNAME Given` round.
fn given_first(text: &str) -> (String, bool) {
    if let Some((left, right)) = text.split_once(',') {
        let (left, right) = (left.trim(), right.trim());
        let words = left.split_whitespace().count();
        let right_words = right.split_whitespace().count();
        let particle = left
            .split_whitespace()
            .next()
            .is_some_and(|w| PARTICLES.contains(&w.to_lowercase().as_str()));
        if right.is_empty() || right.contains(',') || right_words > 4 || words > 3 {
            return (left.to_owned(), true);
        }
        if words == 1 || is_capitals(left) || particle {
            return (format!("{right} {left}"), false);
        }
        return (left.to_owned(), true);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let start = words.iter().take_while(|w| is_title(w) || is_rank(w)).count();
    let (head, rest) = words.split_at(start);
    let capitals = rest.iter().take_while(|word| is_surname_capitals(word)).count();
    if capitals > 0
        && capitals < rest.len()
        && rest[capitals..]
            .iter()
            .all(|word| !is_capitals(word) && starts_upper(word))
    {
        let (family, given) = rest.split_at(capitals);
        return ([head, given, family].concat().join(" "), false);
    }
    (text.to_owned(), false)
}

fn starts_upper(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

fn is_surname_capitals(word: &str) -> bool {
    is_capitals(word) && word.chars().filter(|c| c.is_alphabetic()).count() >= 3
}

/// At least two letters, all capitals.
fn is_capitals(text: &str) -> bool {
    let mut letters = 0;
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        if c.is_lowercase() {
            return false;
        }
        letters += 1;
    }
    letters >= 2
}

fn recase(words: &[&str]) -> String {
    let all = words
        .iter()
        .all(|word| is_capitals(word) || word.chars().count() == 1);
    let mut out = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let initials = at == 0 && letters <= 2 && words.len() > 1 && !all;
        if !is_capitals(word) || initials || word.contains('.') {
            out.push((*word).to_owned());
        } else if at > 0 && PARTICLES.contains(&word.to_lowercase().as_str()) {
            out.push(word.to_lowercase());
        } else {
            out.push(title_case(word));
        }
    }
    out.join(" ")
}

/// `O'DOWD` to `O'Dowd`, `MCALLISTER-DUNNE` to `McAllister-Dunne`, `ZIELIŃSKI` to `Zieliński`.
pub fn title_case(word: &str) -> String {
    let hyphened: Vec<String> = word.split('-').map(title_case_piece).collect();
    hyphened.join("-")
}

fn title_case_piece(piece: &str) -> String {
    for mark in ['\'', '’'] {
        if let Some((before, after)) = piece.split_once(mark)
            && before.chars().count() == 1
        {
            return format!("{}{mark}{}", before.to_uppercase(), capitalise(after));
        }
    }
    let lower = piece.to_lowercase();
    if let Some(rest) = lower.strip_prefix("mc").filter(|rest| rest.chars().count() >= 3) {
        return format!("Mc{}", capitalise(rest));
    }
    if let Some(rest) = lower.strip_prefix("mac").filter(|rest| MAC_STEMS.contains(rest)) {
        return format!("Mac{}", capitalise(rest));
    }
    capitalise(&lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, Option<String>, bool) {
        match read(text) {
            Some(n) => (n.name, n.title, n.known_as, n.doubtful),
            None => (String::new(), None, None, true),
        }
    }

    #[test]
    fn capitals_and_surname_first_become_given_surname() {
        for (text, name) in [
            ("HOLLOWAY, Margaret Anne", "Margaret Anne Holloway"),
            ("Margaret Anne HOLLOWAY", "Margaret Anne Holloway"),
            ("Okonkwo, Chidi Emmanuel", "Chidi Emmanuel Okonkwo"),
            ("Tomasz ZIELIŃSKI", "Tomasz Zieliński"),
            ("CHANEL O'DOWD", "Chanel O'Dowd"),
            ("ROBERT MCALLISTER-DUNNE", "Robert McAllister-Dunne"),
            ("FIONA MACDONALD", "Fiona MacDonald"),
            ("PIETER VAN DER BERG", "Pieter van der Berg"),
            ("SMITH Jane", "Jane Smith"),
            ("Rebecca Louise Tunnicliffe", "Rebecca Louise Tunnicliffe"),
            ("jane smith", "jane smith"),
        ] {
            assert_eq!(parts(text).0, name, "{text}");
            assert!(!parts(text).3, "{text}");
        }
    }

    #[test]
    fn titles_ranks_and_nicknames_stand_apart() {
        assert_eq!(parts("Mrs Shirley Ann Budge").1.as_deref(), Some("Mrs"));
        assert_eq!(parts("MR. JOHN SMITH").0, "John Smith");
        assert_eq!(parts("William Smith known as Bill").2.as_deref(), Some("Bill"));
        assert_eq!(
            parts("William (Bill) Smith"),
            ("William Smith".into(), None, Some("Bill".into()), false)
        );
        let officer = read("PC 1234 Brown").map(|n| (n.rank, n.collar, n.name));
        assert_eq!(
            officer,
            Some((Some("PC".into()), Some("1234".into()), "Brown".into()))
        );
        assert_eq!(
            parts("Jane Smith (née Brown)"),
            ("Jane Smith".into(), None, None, false)
        );
    }

    #[test]
    fn two_people_in_one_answer_are_a_doubt() {
        let couple = ("Mr and Mrs Adebayo".to_owned(), None, None, true);
        assert_eq!(parts("Mr and Mrs Adebayo"), couple);
        assert!(parts("Mr John and Mrs Jane Smith").3);
        assert!(parts("John Smith, 4 High Street, Chelmsford").3);
        assert!(read("--").is_none());
        assert!(read("").is_none());
    }
}
