//! A small reader of Rust source: comments out, strings apart, test items out, paths listed.

/// Source without comments and test items; strings and characters are blanked and listed apart.
pub(crate) struct Source {
    /// The code, string and character contents blanked.
    pub(crate) code: String,
    /// The contents of string literals, as written.
    pub(crate) strings: Vec<String>,
    /// Modules in files of their own that are declared for tests only.
    pub(crate) test_modules: Vec<String>,
}

impl Source {
    pub(crate) fn read(text: &str) -> Self {
        let (code, strings) = split(text);
        let tests = test_items(&code);
        let test_modules = tests
            .iter()
            .filter_map(|(from, to)| declared_module(&code[*from..*to]))
            .collect();
        let in_tests = |at: usize| tests.iter().any(|(from, to)| (*from..*to).contains(&at));
        let kept = code
            .bytes()
            .enumerate()
            .map(|(at, byte)| if in_tests(at) && byte != b'\n' { b' ' } else { byte });
        Self {
            code: String::from_utf8(kept.collect()).unwrap(),
            strings: strings
                .into_iter()
                .filter(|(at, _)| !in_tests(*at))
                .map(|(_, text)| text)
                .collect(),
            test_modules,
        }
    }
}

/// `NAME` of an item that ends in `mod NAME;`.
fn declared_module(item: &str) -> Option<String> {
    let words: Vec<&str> = item.strip_suffix(';')?.split_whitespace().collect();
    match words.as_slice() {
        [.., "mod", name] => Some((*name).to_owned()),
        _ => None,
    }
}

/// Blanks comments, strings, characters; keeps every offset. Gives string contents with their offsets.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut strings = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let before_is_name = at > 0 && is_name(bytes[at - 1]);
        let blank = if rest.starts_with(b"//") {
            rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block_comment(rest)
        } else if let Some((open, close)) = raw_string(rest).filter(|_| !before_is_name) {
            strings.push((at, String::from_utf8_lossy(&rest[open..close]).into_owned()));
            close + open - usize::from(rest[0] == b'b') - 1
        } else if rest[0] == b'"' {
            let end = 1 + quoted(&rest[1..], b'"');
            strings.push((at, String::from_utf8_lossy(&rest[1..end]).into_owned()));
            end + 1
        } else if rest[0] == b'\'' {
            character(rest)
        } else {
            code.push(if rest[0].is_ascii() { rest[0] } else { b'_' });
            at += 1;
            continue;
        };
        let blank = blank.min(rest.len());
        code.extend(
            rest[..blank]
                .iter()
                .map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }),
        );
        at += blank;
    }
    (String::from_utf8(code).unwrap(), strings)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Length of a block comment, nested ones inside.
fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Offsets of the content of `r"..."`, `r#"..."#`, `br"..."`.
fn raw_string(text: &[u8]) -> Option<(usize, usize)> {
    let letter = usize::from(text.starts_with(b"b"));
    let hashes = text
        .get(letter..)?
        .strip_prefix(b"r")?
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = letter + 1 + hashes + 1;
    if text.get(open - 1) != Some(&b'"') {
        return None;
    }
    let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let length = text[open..].windows(end.len()).position(|window| window == end)?;
    Some((open, open + length))
}

/// Bytes before the closing quote.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while at < text.len() && text[at] != quote {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at
}

/// Length of a character literal, or 1 for the quote of a lifetime.
fn character(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'\\') => 2 + quoted(&text[1..], b'\''),
        Some(first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if text.get(1 + width) == Some(&b'\'') {
                width + 2
            } else {
                1
            }
        }
        None => 1,
    }
}

/// Offsets of items under `#[cfg(test)]`.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    code.match_indices("#[cfg(test)]")
        .map(|(at, _)| (at, at + item(&code[at..])))
        .collect()
}

/// Length of an item with its attributes: to the `;` or the closing brace of its first braces.
fn item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every path that follows `root` (`crate`, `std`, ...), as segments without the root; `use` trees are
/// spread out, a glob is `*`.
pub(crate) fn paths_under(root: &str, code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        let alone = !code[..at].bytes().next_back().is_some_and(is_name);
        let tail = code[at + root.len()..].trim_start();
        if let Some(tree) = tail.strip_prefix("::").filter(|_| alone) {
            spread(&mut Vec::new(), tree, &mut found);
        }
    }
    found
}

/// Reads one path tree; gives what follows it.
fn spread<'a>(before: &mut Vec<String>, tree: &'a str, found: &mut Vec<Vec<String>>) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut rest) = tree.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let after = spread(before, rest, found).trim_start();
            rest = after.split_once([',', '}']).map_or("", |(skipped, _)| {
                let end = &after[skipped.len()..];
                end.strip_prefix(',').unwrap_or(end)
            });
            if rest.is_empty() {
                return "";
            }
        }
    }
    let tree = tree.strip_prefix("r#").unwrap_or(tree);
    let length = tree.bytes().take_while(|byte| is_name(*byte)).count();
    let (name, rest) = if tree.starts_with('*') {
        tree.split_at(1)
    } else {
        tree.split_at(length)
    };
    let depth = before.len();
    if name != "self" && !name.is_empty() {
        before.push(name.to_owned());
    }
    let rest = match rest.trim_start().strip_prefix("::").map(str::trim_start) {
        Some(deeper) if !deeper.starts_with('<') => spread(before, deeper, found),
        Some(_) | None => {
            found.push(before.clone());
            rest
        }
    };
    before.truncate(depth);
    rest
}
