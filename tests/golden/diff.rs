//! A readable difference of two texts, line by line.

/// Lines of context around a change.
const CONTEXT: usize = 2;
/// Most lines shown.
const MAX_LINES: usize = 60;

/// Lines only in `old` with `-`, only in `new` with `+`; empty where they are the same.
pub(crate) fn lines(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old == new {
        return String::new();
    }
    let table = common(&old, &new);
    let (mut i, mut j) = (0, 0);
    let mut rows: Vec<(char, &str)> = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            rows.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && table[i + 1][j] >= table[i][j + 1]) {
            rows.push(('-', old[i]));
            i += 1;
        } else {
            rows.push(('+', new[j]));
            j += 1;
        }
    }
    let near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        rows[from..rows.len().min(at + CONTEXT + 1)]
            .iter()
            .any(|(mark, _)| *mark != ' ')
    };
    let shown: Vec<String> = (0..rows.len())
        .filter(|at| near(*at))
        .map(|at| format!("    {} {}", rows[at].0, rows[at].1))
        .collect();
    let more = shown.len().saturating_sub(MAX_LINES);
    let mut text = shown[..shown.len() - more].join("\n");
    if more > 0 {
        text.push_str(&format!("\n    ... {more} more lines"));
    }
    text
}

/// `table[i][j]`: length of the longest common subsequence of `old[i..]` and `new[j..]`.
pub(crate) fn common(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = if old[i] == new[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}
