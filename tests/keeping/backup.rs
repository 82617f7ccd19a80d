//! Backup and restore (promises 6, 7 and 8): everything comes back, or nothing changes.

use crate::on_both;

on_both! {
    everything_that_was_there_is_there_after_a_restore_and_work_goes_on
    a_backup_of_one_kind_of_database_restores_into_the_other_and_back
    a_backup_taken_while_others_write_is_one_moment
    a_changed_cut_or_appended_backup_is_refused_and_changes_nothing
    another_key_is_told_and_an_older_generation_is_enough
    a_backup_of_a_changed_audit_log_is_refused_and_changes_nothing
    a_backup_holds_nobody_and_is_for_its_owner_only
    a_backup_is_never_written_over_and_leaves_nothing_half_made
    only_an_empty_database_takes_a_backup_and_a_new_one_counts_as_empty
    what_the_list_of_tables_does_not_name_stops_the_backup
    backups_of_every_version_ever_made_still_restore
    what_every_version_kept_is_still_read
}

mod stories {
    use crate::restoring::*;
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;
    use referrald::vault::{STREAM_HEADER_BYTES, STREAM_SEALED_BYTES, StreamError};
    use std::path::Path;

    pub(super) async fn everything_that_was_there_is_there_after_a_restore_and_work_goes_on(home: Home) {
        let store = home.open().await;
        let ids = story(&store).await;
        let before = everything(&home).await;
        let file = back_up(&store, &home).await;
        let audited = store.verify_audit().await.unwrap();
        let into = home.successor();
        let summary = restore(&into, &file, &RestoreOptions::default()).await.unwrap();
        assert_eq!((summary.destroyed_again, summary.kept), (0, 0));
        let count = |table: &str| summary.rows.iter().find(|(name, _)| *name == table).unwrap().1;
        assert_eq!(
            (count("messages"), count("deliveries"), count("sealed")),
            (3, 2, 18)
        );
        let store = into.open().await;
        // One row of its own for the backup, which it does not hold, and one for the restore.
        assert_eq!(store.verify_audit().await.unwrap(), audited);
        demand_alike(&before, &into, &store, ids).await;
        let names: Vec<(String, String)> = into
            .attacker()
            .await
            .all("SELECT action, record FROM audit WHERE action LIKE 'backup.%'")
            .await;
        assert_eq!(names, [("backup.restored".to_owned(), summary.name.clone())]);
        let made: Vec<(String, String)> = home
            .attacker()
            .await
            .all("SELECT actor, record FROM audit WHERE action = 'backup.made'")
            .await;
        assert_eq!(made, [(actor().0, summary.name)]);
        work_goes_on(&store).await;
    }

    pub(super) async fn a_backup_of_one_kind_of_database_restores_into_the_other_and_back(home: Home) {
        let store = home.open().await;
        let ids = story(&store).await;
        let before = everything(&home).await;
        let file = back_up(&store, &home).await;
        let other = home.other_kind();
        let moved = restored(&other, &file).await;
        demand_alike(&before, &other, &moved, ids).await;
        let second = back_up(&moved, &other).await;
        let back = other.other_kind();
        let returned = restored(&back, &second).await;
        demand_alike(&before, &back, &returned, ids).await;
        work_goes_on(&moved).await;
        work_goes_on(&returned).await;
    }

    pub(super) async fn a_backup_taken_while_others_write_is_one_moment(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let writer = tokio::spawn({
            let (store, stop) = (store.clone(), stop.clone());
            async move {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let id = store
                        .accept_outbound(&submitted(&["a@x.example", "b@x.example"]), at(8))
                        .await
                        .unwrap();
                    let plan = ["a@x.example", "b@x.example"].map(planned);
                    store.save_plan(id, &plan, at(9)).await.unwrap();
                }
            }
        });
        while store.outbound().await.unwrap().len() < 5 {
            tokio::task::yield_now().await;
        }
        // Where a loaded machine gave the writer no turn meanwhile, once more.
        let mut taken = None;
        for attempt in 0..50 {
            let before = store.outbound().await.unwrap().len();
            let file = home.folder().join(format!("{attempt}.backup"));
            let summary = store.backup(&file, &actor(), at(50)).await.unwrap();
            let held = summary.rows.iter().find(|(table, _)| *table == "outbound");
            let held = usize::try_from(held.unwrap().1).unwrap();
            assert!(held >= before);
            if held < store.outbound().await.unwrap().len() {
                taken = Some((file, held));
                break;
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.await.unwrap();
        let (file, held) = taken.expect("others wrote while a backup was taken");
        let into = home.successor();
        let restored = restored(&into, &file).await;
        restored.verify_audit().await.unwrap();
        let mails = restored.outbound().await.unwrap();
        assert_eq!(mails.len(), held);
        for mail in &mails {
            let expected = match mail.state {
                OutboundState::Accepted => 0,
                OutboundState::Planned | OutboundState::Done | OutboundState::Returned => 2,
            };
            assert_eq!(mail.deliveries.len(), expected);
            assert_eq!(restored.outbound_mail(mail.id).await.unwrap().recipients.len(), 2);
        }
        let due = restored.due_deliveries(at(100), 10_000).await.unwrap();
        let waiting = mails
            .iter()
            .flat_map(|mail| &mail.deliveries)
            .filter(|d| d.state == "waiting");
        assert_eq!(due.len(), waiting.count());
    }

    pub(super) async fn a_changed_cut_or_appended_backup_is_refused_and_changes_nothing(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let file = back_up(&store, &home).await;
        let whole = std::fs::read(&file).unwrap();
        assert!(whole.len() > 5 * STREAM_SEALED_BYTES, "several chunks");
        let into = home.successor();
        let damaged = home.folder().join("damaged");
        let refuse = async |bytes: &[u8], what: String| {
            std::fs::write(&damaged, bytes).unwrap();
            let refused = restore(&into, &damaged, &RestoreOptions::default()).await;
            assert!(
                matches!(refused, Err(RestoreError::Stream(_))),
                "{what}: {refused:?}"
            );
        };
        for at in 0..STREAM_HEADER_BYTES {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            refuse(&bytes, format!("byte {at}")).await;
        }
        let body = whole.len() - STREAM_HEADER_BYTES;
        let places = [
            0,
            1,
            4096,
            body / 2,
            body - STREAM_SEALED_BYTES,
            body - 17,
            body - 1,
        ];
        for at in places {
            let mut bytes = whole.clone();
            bytes[STREAM_HEADER_BYTES + at] ^= 0x80;
            refuse(&bytes, format!("body {at}")).await;
        }
        let chunks = body.div_ceil(STREAM_SEALED_BYTES);
        for chunk in 0..chunks {
            let cut = STREAM_HEADER_BYTES + chunk * STREAM_SEALED_BYTES;
            refuse(&whole[..cut], format!("cut before chunk {chunk}")).await;
        }
        for cut in [0, 10, STREAM_HEADER_BYTES - 1, whole.len() - 1] {
            refuse(&whole[..cut], format!("cut at {cut}")).await;
        }
        refuse(&[&whole[..], b"x"].concat(), "appended".into()).await;
        refuse(&[&whole[..], &whole[..]].concat(), "twice".into()).await;
        let mut swapped = whole.clone();
        let (_, rest) = swapped.split_at_mut(STREAM_HEADER_BYTES);
        let (one, two) = rest.split_at_mut(STREAM_SEALED_BYTES);
        one.swap_with_slice(&mut two[..STREAM_SEALED_BYTES]);
        refuse(&swapped, "swapped".into()).await;
        assert!(
            restore(&into, &home.folder().join("nowhere"), &RestoreOptions::default())
                .await
                .is_err()
        );
        // The database is still empty: the whole one goes in.
        restored(&into, &file).await;
        // And one that is in use is as it was.
        let before = everything(&into).await;
        std::fs::write(&damaged, &whole[..whole.len() - 1]).unwrap();
        assert!(
            restore(&into, &damaged, &RestoreOptions::default())
                .await
                .is_err()
        );
        assert_eq!(everything(&into).await, before);
    }

    pub(super) async fn another_key_is_told_and_an_older_generation_is_enough(home: Home) {
        let store = home.open().await;
        let ids = story(&store).await;
        let before = everything(&home).await;
        let file = back_up(&store, &home).await;
        let stranger = home.another();
        let refused = restore(&stranger, &file, &RestoreOptions::default()).await;
        assert!(matches!(
            refused,
            Err(RestoreError::Stream(StreamError::WrongKey))
        ));
        let rotated = home.keys().with_new_generation(&OsEntropy).unwrap();
        let into = home.successor().with_keys(&rotated);
        let opened = restored(&into, &file).await;
        demand_alike(&before, &into, &opened, ids).await;
        assert!(opened.rewrap_keys(at(90)).await.unwrap() > 4);
        let newest: String = rotated
            .lines()
            .filter(|line| !line.starts_with("1:"))
            .map(|l| format!("{l}\n"))
            .collect();
        let without = home.successor().with_keys(&newest);
        let refused = restore(&without, &file, &RestoreOptions::default()).await;
        assert!(matches!(
            refused,
            Err(RestoreError::Stream(StreamError::NoSuchGeneration(1)))
        ));
        // Taken before the last key was wrapped anew: both generations are needed.
        let half = home.successor().with_keys(&rotated);
        let store = restored(&half, &file).await;
        store.rewrap_keys(at(91)).await.unwrap();
        let mut attacker = half.attacker().await;
        attacker
            .run("UPDATE record_keys SET generation = 1 WHERE kind = 'account'")
            .await;
        let second = back_up(&store, &half).await;
        let refused = restore(
            &half.successor().with_keys(&newest),
            &second,
            &RestoreOptions::default(),
        )
        .await;
        assert!(
            matches!(
                refused,
                Err(RestoreError::Stream(StreamError::NoSuchGeneration(1)))
            ),
            "{refused:?}"
        );
        restored(&half.successor(), &second).await;
    }

    pub(super) async fn a_backup_of_a_changed_audit_log_is_refused_and_changes_nothing(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let mut attacker = home.attacker().await;
        attacker.lift_triggers().await;
        attacker
            .run("UPDATE audit SET actor = 'somebody' WHERE seq = 2")
            .await;
        let file = back_up(&store, &home).await;
        let into = home.successor();
        let refused = restore(&into, &file, &RestoreOptions::default()).await;
        assert!(matches!(
            refused,
            Err(RestoreError::Store(StoreError::AuditBroken(2)))
        ));
        assert_eq!(into.open().await.messages().await.unwrap().len(), 0);
    }

    pub(super) async fn a_backup_holds_nobody_and_is_for_its_owner_only(home: Home) {
        use std::os::unix::fs::PermissionsExt;
        let store = home.open().await;
        story(&store).await;
        let file = back_up(&store, &home).await;
        let bytes = std::fs::read(&file).unwrap();
        let needles: Vec<Vec<u8>> = IDENTITIES
            .iter()
            .map(|identity| identity.as_bytes().to_vec())
            .chain([
                b"record_keys".to_vec(),
                b"message.accepted".to_vec(),
                b"RJ-2026".to_vec(),
            ])
            .collect();
        let search = aho_corasick::AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&needles)
            .unwrap();
        assert!(search.find(&bytes).is_none());
        assert!(search.find(&home.bytes()).is_some(), "the search itself works");
        for path in [&file, &home.log()] {
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let log = std::fs::read(home.log()).unwrap();
        assert!(search.find(&log).is_none(), "nor does the destruction log");
        // The same database gives another file each time.
        let second = home.folder().join("second.backup");
        store.backup(&second, &actor(), at(51)).await.unwrap();
        let again = std::fs::read(&second).unwrap();
        assert_ne!(
            bytes[STREAM_HEADER_BYTES..][..64],
            again[STREAM_HEADER_BYTES..][..64]
        );
    }

    pub(super) async fn a_backup_is_never_written_over_and_leaves_nothing_half_made(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let file = back_up(&store, &home).await;
        let bytes = std::fs::read(&file).unwrap();
        let audited = store.verify_audit().await.unwrap();
        let refused = store.backup(&file, &actor(), at(51)).await;
        assert!(matches!(refused, Err(BackupError::Exists)));
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        let other = home.folder().join("other");
        let partial = home.folder().join("other.partial");
        std::fs::write(&partial, b"theirs").unwrap();
        let refused = store.backup(&other, &actor(), at(51)).await;
        assert!(matches!(refused, Err(BackupError::PartialExists)));
        assert_eq!(std::fs::read(&partial).unwrap(), b"theirs");
        let nowhere = home.folder().join("no/such/folder");
        let refused = store.backup(&nowhere, &actor(), at(51)).await;
        assert!(matches!(refused, Err(BackupError::CannotWrite(_))));
        assert_eq!(store.verify_audit().await.unwrap(), audited, "nothing was made");
        std::fs::remove_file(&partial).unwrap();
        let mut attacker = home.attacker().await;
        attacker.lift_triggers().await;
        attacker.run("DELETE FROM audit_head").await;
        let refused = store.backup(&other, &actor(), at(52)).await;
        assert!(refused.is_err(), "what cannot be audited is not made");
        assert!(!other.exists() && !partial.exists());
    }

    pub(super) async fn only_an_empty_database_takes_a_backup_and_a_new_one_counts_as_empty(home: Home) {
        let store = home.open().await;
        let ids = story(&store).await;
        let before = everything(&home).await;
        let file = back_up(&store, &home).await;
        let refused = restore(&home, &file, &RestoreOptions::default()).await;
        assert!(matches!(refused, Err(RestoreError::NotEmpty)), "{refused:?}");
        assert_eq!(everything(&home).await, before);
        for one in ["folder", "audit", "outbound"] {
            let used = home.successor();
            let other = used.open().await;
            match one {
                "folder" => other.adopt_uidvalidity(&inbox(1), at(0)).await.unwrap(),
                "audit" => {
                    other.rewrap_keys(at(0)).await.unwrap();
                }
                _ => {
                    other
                        .accept_outbound(&submitted(&["a@b.example"]), at(0))
                        .await
                        .unwrap();
                }
            }
            let refused = restore(&used, &file, &RestoreOptions::default()).await;
            assert!(
                matches!(refused, Err(RestoreError::NotEmpty)),
                "{one}: {refused:?}"
            );
        }
        // `referrald check` makes the tables.
        let new = home.successor();
        drop(new.open().await);
        let opened = restored(&new, &file).await;
        demand_alike(&before, &new, &opened, ids).await;
        work_goes_on(&opened).await;
        let mut attacker = new.attacker().await;
        assert!(
            attacker.try_run("DELETE FROM audit").await.is_err(),
            "still append-only"
        );
    }

    pub(super) async fn what_the_list_of_tables_does_not_name_stops_the_backup(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let mut attacker = home.attacker().await;
        let try_backup = async |name: &str| store.backup(&home.folder().join(name), &actor(), at(50)).await;
        attacker.run("ALTER TABLE messages ADD COLUMN colour TEXT").await;
        let Err(BackupError::NotListed { table, column }) = try_backup("a").await else {
            panic!("a new column")
        };
        assert_eq!((table.as_str(), column.as_str()), ("messages", "colour"));
        attacker.run("ALTER TABLE messages DROP COLUMN colour").await;
        attacker
            .run("CREATE TABLE colours (id BIGINT NOT NULL PRIMARY KEY)")
            .await;
        assert!(matches!(
            try_backup("b").await,
            Err(BackupError::NotListed { .. })
        ));
        attacker.run("DROP TABLE colours").await;
        try_backup("c").await.unwrap();
        attacker.run("DROP TABLE allocations").await;
        assert!(matches!(try_backup("d").await, Err(BackupError::Incomplete)));
        // Only the one that was made has a name.
        assert!(home.folder().join("c").exists());
        assert!(
            ["a", "b", "d"]
                .iter()
                .all(|name| !home.folder().join(name).exists())
        );
    }

    pub(super) async fn backups_of_every_version_ever_made_still_restore(home: Home) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/backups");
        let key = std::fs::read_to_string(folder.join("master.key")).unwrap();
        let accept = RestoreOptions {
            missing_log: MissingLog::Accept,
            ..RestoreOptions::default()
        };
        let mut seen = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_str().unwrap();
            if file.extension().is_none_or(|end| end != "backup") || name.starts_with("story-") {
                continue;
            }
            let into = home.another().with_keys(&key);
            restore(&into, &file, &accept).await.unwrap();
            let store = into.open().await;
            assert_eq!(store.verify_audit().await.unwrap(), 2);
            let told: Vec<(String, Option<String>)> = into
                .attacker()
                .await
                .all("SELECT state, told FROM deliveries ORDER BY number")
                .await;
            let old_news = file.ends_with("1.backup").then(|| "held".to_owned());
            assert_eq!(
                told,
                [("held".to_owned(), old_news), ("waiting".to_owned(), None)]
            );
            back_up(&store, &into).await;
            seen += 1;
        }
        assert!(seen >= 5);
    }

    /// Each was made from everything of [`story`] by the program of its version. A new version adds its own with
    /// `BLESS=1`, and keeps the others.
    pub(super) async fn what_every_version_kept_is_still_read(home: Home) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/backups");
        let key = std::fs::read_to_string(folder.join("master.key")).unwrap();
        if std::env::var_os("BLESS").is_some() && home.is_sqlite() {
            let here = home.another().with_keys(&key);
            let store = here.open().await;
            story(&store).await;
            casework_story(&store).await;
            let made = back_up(&store, &here).await;
            let version: Vec<(i64,)> = here.attacker().await.all("PRAGMA user_version").await;
            std::fs::copy(made, folder.join(format!("story-{}.backup", version[0].0))).unwrap();
        }
        let accept = RestoreOptions {
            missing_log: MissingLog::Accept,
            ..RestoreOptions::default()
        };
        let mut seen = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            if !file.file_name().unwrap().to_str().unwrap().starts_with("story-") {
                continue;
            }
            let into = home.another().with_keys(&key);
            restore(&into, &file, &accept).await.unwrap();
            let store = into.open().await;
            let messages = store.messages().await.unwrap();
            let of = |state| messages.iter().find(|message| message.state == state).unwrap().id;
            let ids = (of(MessageState::Accepted), of(MessageState::Held));
            demand_story(&store, ids).await;
            demand_casework_story(&store).await;
            work_goes_on(&store).await;
            seen += 1;
        }
        assert!(seen >= 1);
    }
}
