use super::*;
use crate::store::{MasterKeys, OsEntropy};

fn keys() -> Keys {
    let text = MasterKeys::generate(&OsEntropy).unwrap();
    Keys::create(MasterKeys::parse(text.as_bytes()).unwrap())
        .unwrap()
        .0
}

fn record(number: u128) -> Destroyed {
    Destroyed {
        name: RecordName::new(RecordKind::Message, Uuid::from_u128(number)),
        held: Held::Key,
        raw_hash: Some([7; 32]),
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
    log: DestructionLog,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("destroyed.log");
    let log = DestructionLog::new(&path, &keys());
    Place {
        _folder: folder,
        path,
        log,
    }
}

#[test]
fn what_was_written_is_read_and_done_stands_for_ever() {
    let place = place();
    assert!(!place.log.read().unwrap().is_ours);
    place.log.append(Step::Begun, &[], now()).unwrap();
    let lines = place.log.read().unwrap();
    assert!(lines.is_ours && lines.done.is_empty() && lines.open.is_empty());
    for (step, records) in [
        (Step::Intent, [record(1), record(2)]),
        (Step::Undone, [record(1), record(3)]),
        (Step::Intent, [record(1), record(4)]),
        (Step::Done, [record(2), record(5)]),
        (Step::Undone, [record(2), record(4)]),
        (Step::Intent, [record(2), record(2)]),
    ] {
        place.log.append(step, &records, now()).unwrap();
    }
    let lines = place.log.read().unwrap();
    assert_eq!(lines.done, [record(2), record(5)]);
    assert_eq!(lines.open, [record(1)]);
}

#[test]
fn the_file_is_for_its_owner_only_and_names_ids_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    place.log.append(Step::Done, &[record(9)], now()).unwrap();
    let mode = std::fs::metadata(&place.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&place.path).unwrap();
    assert!(text.starts_with("2026-09-21T14:13:20Z done "), "{text}");
    assert!(text.contains(" message 00000000-0000-0000-0000-000000000009 key 0707"));
}

#[test]
fn a_line_that_a_crash_cut_off_counts_as_not_written_and_the_next_stands_alone() {
    let place = place();
    place.log.append(Step::Intent, &[record(1)], now()).unwrap();
    let whole = std::fs::read(&place.path).unwrap();
    for length in 0..whole.len() - 1 {
        std::fs::write(&place.path, &whole[..length]).unwrap();
        assert!(place.log.read().unwrap().open.is_empty(), "cut at {length}");
        place.log.append(Step::Done, &[record(2)], now()).unwrap();
        let lines = place.log.read().unwrap();
        assert_eq!(
            (lines.done, lines.open),
            (vec![record(2)], vec![]),
            "cut at {length}"
        );
    }
}

#[test]
fn a_changed_or_forged_line_is_found_and_another_database_s_is_passed_over() {
    let place = place();
    let other = DestructionLog::new(&place.path, &keys());
    other.append(Step::Done, &[record(1)], now()).unwrap();
    let lines = place.log.read().unwrap();
    assert!(!lines.is_ours && lines.done.is_empty());
    place.log.append(Step::Intent, &[record(2)], now()).unwrap();
    let text = std::fs::read_to_string(&place.path).unwrap();
    for (from, to) in [
        (" intent ", " done "),
        ("000000000002", "000000000003"),
        (" key ", " nothing "),
        ("0707", "0708"),
        ("2026-", "2025-"),
    ] {
        let (before, own) = text.split_once('\n').unwrap();
        std::fs::write(&place.path, format!("{before}\n{}", own.replacen(from, to, 1))).unwrap();
        assert_eq!(place.log.read().err(), Some(LogError::Changed(2)), "{from}");
    }
    // Another database's line under our mark.
    let forged = std::fs::read_to_string(&place.path).unwrap();
    let line = forged
        .lines()
        .next()
        .unwrap()
        .replace(&other.mark, &place.log.mark);
    std::fs::write(&place.path, line).unwrap();
    assert_eq!(place.log.read().err(), Some(LogError::Changed(1)));
    std::fs::write(&place.path, "x".repeat(MAX_LINE * 3)).unwrap();
    assert!(!place.log.read().unwrap().is_ours);
}
