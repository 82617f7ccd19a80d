//! What the file shows, and what somebody who can write to it achieves (promises 6, 7 and 8).

use crate::on_both;
use crate::support::*;
use referrald::store::*;

on_both! {
    neither_the_file_nor_its_log_holds_anybody_in_any_encoding
    an_unkeyed_hash_of_a_mail_or_address_is_not_in_the_file_either
    after_a_rejection_neither_key_nor_content_is_anywhere_in_the_files
    a_sealed_value_or_key_moved_to_another_row_is_found
    one_side_of_a_case_cannot_be_put_on_the_other
    the_audit_log_refuses_changes_and_shows_those_that_were_forced
    the_daemon_does_not_sign_over_a_forged_end_of_the_audit_log
    a_refused_change_leaves_no_audit_row_and_a_change_leaves_one
    another_master_key_is_told_at_once_and_changes_nothing
    rotating_the_master_key_keeps_everything_and_retires_the_old_one
    a_store_that_is_open_goes_on_while_the_key_is_rotated_beside_it
    a_reopened_database_has_everything
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::sqlite();
    let store = home.open().await;
    stored(&store, 1, "one").await;
    let mut seen = 0;
    for entry in std::fs::read_dir(home.folder()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        seen += 1;
    }
    assert!(seen >= 2, "the log stands beside the database");
}

#[tokio::test]
async fn what_is_not_our_database_is_refused_and_left_alone() {
    let home = Home::sqlite();
    std::fs::write(home.path(), b"these are letters, not a database ".repeat(100)).unwrap();
    assert!(matches!(
        home.try_open(home.keys()).await,
        Err(StoreError::Corrupt(_))
    ));
    std::fs::remove_file(home.path()).unwrap();
    std::fs::write(home.path(), b"").unwrap();
    let mut other = home.attacker().await;
    other.run("CREATE TABLE theirs (x)").await;
    assert!(matches!(
        home.try_open(home.keys()).await,
        Err(StoreError::Corrupt(_))
    ));
    other.run("DROP TABLE theirs; PRAGMA user_version = 999").await;
    assert!(matches!(
        home.try_open(home.keys()).await,
        Err(StoreError::Corrupt(_))
    ));
    let nowhere = home.folder().join("no/such/folder/x.db");
    assert!(matches!(
        Store::open(&DatabasePlace::Sqlite(nowhere), home.keys()).await,
        Err(StoreError::CannotOpen)
    ));
}

mod stories {
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;
    use std::collections::BTreeSet;

    fn holds(bytes: &[u8], needle: &[u8]) -> bool {
        found(bytes, &[needle.to_vec()]).first().is_some()
    }

    /// Which of these stand somewhere, letter case of ASCII aside.
    fn found(bytes: &[u8], needles: &[Vec<u8>]) -> BTreeSet<usize> {
        let search = aho_corasick::AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(needles)
            .unwrap();
        let found = search.find_overlapping_iter(bytes);
        found.map(|hit| hit.pattern().as_usize()).collect()
    }

    /// Everything that stores people: mail, draft, hashes, case, outbound mail, account, rejection.
    async fn story(store: &Store) -> (MessageId, MessageId) {
        let accepted = read(store, 1, &parsed()).await;
        let (case, _) = store.accept(accepted, "RJ", &actor(), at(3)).await.unwrap();
        store.open_files(&staff(), case, at(3)).await.unwrap();
        let rejected = read(store, 2, &parsed()).await;
        let outbound = SubmittedMail {
            account: "hates-dogs".into(),
            sender: personal("v.blackstock@police.example"),
            recipients: vec![personal(VICTIM_MAIL), personal(OFFENDER_MAIL)],
            raw: Personal::new(format!("{RAW}{SUMMARY}").into_bytes()),
        };
        let mail = store.accept_outbound(&outbound, at(4)).await.unwrap();
        let plan = [VICTIM_MAIL, OFFENDER_MAIL].map(|recipient| PlannedDelivery {
            recipient: personal(recipient),
            route: MailRoute::Ordinary,
            action: DeliveryAction::Redact,
            reasons: vec![HoldReason::NotACjsmDomain],
            message: Some(Personal::new(SUMMARY.as_bytes().to_vec())),
            if_released: None,
            message_id: None,
        });
        store.save_plan(mail, &plan, at(5)).await.unwrap();
        let account = SubmissionAccount {
            user: "hates-dogs".into(),
            address: personal("v.blackstock@police.example"),
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$unmistakable-thread".into(),
            role: AccountRole::Volunteer,
        };
        store.put_account(&account, at(6)).await.unwrap();
        store.reject(rejected, &actor(), at(7)).await.unwrap();
        (accepted, rejected)
    }

    pub(super) async fn neither_the_file_nor_its_log_holds_anybody_in_any_encoding(home: Home) {
        let store = home.open().await;
        let needles: Vec<Vec<u8>> = IDENTITIES
            .iter()
            .flat_map(|identity| {
                let wide = identity.encode_utf16().flat_map(u16::to_le_bytes).collect();
                let big = identity.encode_utf16().flat_map(u16::to_be_bytes).collect();
                [identity.as_bytes().to_vec(), wide, big]
            })
            .collect();
        // Words of the database's own: "window" functions.
        let before = found(&home.bytes(), &needles);
        assert!(before.len() < 2);
        story(&store).await;
        // Fresh pages in the write-ahead log too.
        read(&store, 3, &parsed()).await;
        let bytes = home.bytes();
        assert!(holds(&bytes, b"message.rejected"), "the search itself works");
        if home.is_sqlite() {
            let log = std::fs::metadata(home.folder().join("referrald.db-wal")).unwrap();
            assert!(log.len() > 0);
        }
        if let Some(place) = found(&bytes, &needles).difference(&before).next() {
            panic!("{} stands in the database file", IDENTITIES[place / 3]);
        }
    }

    pub(super) async fn an_unkeyed_hash_of_a_mail_or_address_is_not_in_the_file_either(home: Home) {
        use sha2::{Digest, Sha256};
        let store = home.open().await;
        story(&store).await;
        let bytes = home.bytes();
        for value in [
            format!("{RAW}1"),
            VICTIM_MAIL.to_owned(),
            VICTIM_PHONE.replace(' ', ""),
            "hates-dogs".to_owned(),
        ] {
            assert!(!holds(&bytes, &Sha256::digest(value.as_bytes())));
        }
    }

    pub(super) async fn after_a_rejection_neither_key_nor_content_is_anywhere_in_the_files(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let mut attacker = home.attacker().await;
        let keys: Vec<(Vec<u8>,)> = attacker
            .all("SELECT wrapped FROM record_keys WHERE kind = 'message'")
            .await;
        let wrapped = &keys[0].0;
        let sealed: Vec<(Vec<u8>,)> = attacker
            .all("SELECT bytes FROM sealed WHERE kind = 'message'")
            .await;
        assert_eq!(sealed.len(), 3);
        assert!(holds(&home.table_bytes(), wrapped));
        drop(attacker);
        store.reject(id, &actor(), at(10)).await.unwrap();
        let bytes = home.table_bytes();
        assert!(
            !holds(&bytes, &wrapped[8..]),
            "the wrapped key is still in a file"
        );
        for (content,) in sealed {
            // On PostgreSQL a long value lies compressed in a table of its own, and its pages are used again.
            if !home.is_sqlite() {
                continue;
            }
            let middle = content.len() / 2;
            assert!(
                !holds(&bytes, &content[middle..middle + 24]),
                "sealed content is still in a file"
            );
        }
        let mut attacker = home.attacker().await;
        let left = "SELECT (SELECT count(*) FROM record_keys WHERE kind <> 'facts') + (SELECT count(*) FROM sealed WHERE kind <> 'facts')
        + (SELECT count(*) FROM blind_index) + (SELECT count(*) FROM threads)";
        assert_eq!(attacker.all::<(i64,)>(left).await, [(0,)]);
    }

    pub(super) async fn a_sealed_value_or_key_moved_to_another_row_is_found(home: Home) {
        let store = home.open().await;
        let one = read(&store, 1, &parsed()).await;
        let two = read(&store, 2, &parsed()).await;
        let mut attacker = home.attacker().await;
        let swap = "UPDATE sealed SET bytes = (SELECT bytes FROM sealed WHERE id = $2 AND part = $3)
                WHERE id = $1 AND part = $4";
        let (a, b) = (one.0.as_bytes().to_vec(), two.0.as_bytes().to_vec());
        // From another message.
        attacker.change(swap, &[&a, &b], &["raw", "raw"]).await;
        assert!(matches!(store.raw_message(one).await, Err(StoreError::Tampered)));
        assert!(store.raw_message(two).await.is_ok());
        // From another part of the same message.
        attacker.change(swap, &[&b, &b], &["raw", "draft"]).await;
        assert!(matches!(store.parsed(two).await, Err(StoreError::Tampered)));
        // The key with it.
        let keys = "UPDATE record_keys SET wrapped = (SELECT wrapped FROM record_keys WHERE id = $2 AND kind = 'message')\n             WHERE id = $1 AND kind = 'message'";
        attacker.change(keys, &[&a, &b], &[]).await;
        assert!(matches!(store.raw_message(one).await, Err(StoreError::Tampered)));
        // One changed bit.
        let raw: Vec<(Vec<u8>, Vec<u8>)> = attacker
            .all("SELECT id, bytes FROM sealed WHERE part = 'raw'")
            .await;
        let mut flipped = raw.iter().find(|(id, _)| *id == b).unwrap().1.clone();
        flipped[40] ^= 1;
        let set = "UPDATE sealed SET bytes = $1 WHERE id = $2 AND part = $3";
        attacker.change(set, &[&flipped, &b], &["raw"]).await;
        assert!(matches!(store.raw_message(two).await, Err(StoreError::Tampered)));
    }

    pub(super) async fn one_side_of_a_case_cannot_be_put_on_the_other(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let (case, _) = store.accept(id, "RJ", &actor(), at(3)).await.unwrap();
        let mut attacker = home.attacker().await;
        let changed = attacker.run("UPDATE sealed SET bytes = (SELECT s.bytes FROM sealed s JOIN case_files f ON f.id = s.id WHERE f.side = 'victim' AND s.part = 'referral')
         WHERE id = (SELECT id FROM case_files WHERE side = 'offender') AND part = 'referral'")
    .await;
        assert_eq!(changed, 1);
        assert!(matches!(
            store.open_files(&staff(), case, at(4)).await,
            Err(StoreError::Tampered)
        ));
        assert!(
            matches!(store.known_cases().await, Err(StoreError::Tampered)),
            "redaction fails closed"
        );
    }

    pub(super) async fn the_audit_log_refuses_changes_and_shows_those_that_were_forced(home: Home) {
        let forgeries: &[&'static str] = &[
            "UPDATE audit SET actor = 'somebody' WHERE seq = 2",
            "UPDATE audit SET at = at + 1 WHERE seq = 3",
            "UPDATE audit SET action = 'message.read' WHERE seq = 1",
            "UPDATE audit SET record = 'x' WHERE seq = 4",
            "DELETE FROM audit WHERE seq = 2",
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
            "DELETE FROM audit",
            "DELETE FROM audit; UPDATE audit_head SET count = 0",
            "DELETE FROM audit WHERE seq > 3; UPDATE audit_head SET count = 3, last = (SELECT mac FROM audit WHERE seq = 3)",
            "DELETE FROM audit_head",
            "UPDATE audit_head SET count = count + 1",
            "INSERT INTO audit SELECT seq + 1, at, actor, action, record, mac FROM audit ORDER BY seq DESC LIMIT 1",
            "INSERT INTO audit SELECT -5, at, actor, action, record, mac FROM audit ORDER BY seq DESC LIMIT 1",
            "UPDATE audit SET seq = 5000 - seq WHERE seq IN (2, 3); UPDATE audit SET seq = seq - 4995 WHERE seq > 4000",
            "UPDATE audit SET seq = seq + 1000",
        ];
        for forgery in forgeries {
            let home = home.another();
            let store = home.open().await;
            story(&store).await;
            assert!(store.verify_audit().await.unwrap() > 10);
            let mut attacker = home.attacker().await;
            if !forgery.starts_with("INSERT") && !forgery.starts_with("UPDATE audit_head") {
                let refused = attacker.try_run(forgery).await;
                assert!(refused.is_err(), "append-only: {forgery}");
            }
            attacker.lift_triggers().await;
            attacker.run(forgery).await;
            let verdict = store.verify_audit().await;
            assert!(
                matches!(verdict, Err(StoreError::AuditBroken(_))),
                "not found: {forgery}"
            );
        }
    }

    pub(super) async fn the_daemon_does_not_sign_over_a_forged_end_of_the_audit_log(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let mut attacker = home.attacker().await;
        attacker.lift_triggers().await;
        attacker.run("DELETE FROM audit WHERE seq > 3").await;
        attacker
            .run("UPDATE audit_head SET count = 3, last = (SELECT mac FROM audit WHERE seq = 3)")
            .await;
        let refused = store.commit_batch(&inbox(1), vec![mail(99, "new")], at(9)).await;
        assert!(matches!(refused, Err(StoreError::AuditBroken(_))));
        assert!(
            store
                .message_with_raw(&Personal::new(b"new".to_vec()))
                .await
                .unwrap()
                .is_none()
        );
    }

    pub(super) async fn a_refused_change_leaves_no_audit_row_and_a_change_leaves_one(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let before = store.verify_audit().await.unwrap();
        store.accept(id, "RJ", &actor(), at(3)).await.unwrap();
        let after = store.verify_audit().await.unwrap();
        assert_eq!(after, before + 2);
        assert!(store.reject(id, &actor(), at(4)).await.is_err());
        assert_eq!(store.verify_audit().await.unwrap(), after);
    }

    pub(super) async fn another_master_key_is_told_at_once_and_changes_nothing(home: Home) {
        let store = home.open().await;
        let id = stored(&store, 1, "one").await;
        drop(store);
        let stranger = home.another();
        let refused = home.try_open(stranger.keys()).await;
        assert!(matches!(refused, Err(StoreError::WrongKey)));
        let store = home.open().await;
        assert_eq!(store.raw_message(id).await.unwrap().expose_personal(), b"one");
    }

    pub(super) async fn rotating_the_master_key_keeps_everything_and_retires_the_old_one(home: Home) {
        let store = home.open().await;
        let (accepted, _) = story(&store).await;
        drop(store);
        let rotated = home.keys().with_new_generation(&OsEntropy).unwrap();
        let store = home
            .try_open(MasterKeys::parse(rotated.as_bytes()).unwrap())
            .await
            .unwrap();
        let fresh = read(&store, 9, &parsed()).await;
        assert!(store.rewrap_keys(at(20)).await.unwrap() > 4);
        assert_eq!(store.rewrap_keys(at(21)).await.unwrap(), 0);
        drop(store);
        assert!(matches!(
            home.try_open(home.keys()).await,
            Err(StoreError::WrongKey)
        ));
        let newest: String = rotated
            .lines()
            .filter(|line| !line.starts_with("1:"))
            .map(|l| format!("{l}\n"))
            .collect();
        let store = home
            .try_open(MasterKeys::parse(newest.as_bytes()).unwrap())
            .await
            .unwrap();
        assert_eq!(
            store.raw_message(accepted).await.unwrap().expose_personal(),
            format!("{RAW}1").as_bytes()
        );
        assert!(store.parsed(fresh).await.unwrap().is_some());
        assert_eq!(store.known_cases().await.unwrap().len(), 1);
        assert!(
            store.account("hates-dogs").await.unwrap().is_some(),
            "hashes do not rotate"
        );
        store.verify_audit().await.unwrap();
    }

    pub(super) async fn a_store_that_is_open_goes_on_while_the_key_is_rotated_beside_it(home: Home) {
        let daemon = home.open().await;
        let (accepted, _) = story(&daemon).await;
        let rotated = home.keys().with_new_generation(&OsEntropy).unwrap();
        let newer = std::sync::Arc::new(std::sync::Mutex::new(None::<String>));
        let file = std::sync::Arc::clone(&newer);
        daemon.watch_keys(Box::new(move || {
            let text = file.lock().unwrap().clone()?;
            MasterKeys::parse(text.as_bytes()).ok()
        }));
        assert!(!daemon.take_up_keys(), "there is nothing newer");
        let beside = home
            .try_open(MasterKeys::parse(rotated.as_bytes()).unwrap())
            .await
            .unwrap();
        assert!(beside.rewrap_keys(at(20)).await.unwrap() > 4);
        assert_eq!(beside.key_generations().await.unwrap().len(), 1);
        let behind = daemon
            .commit_batch(&inbox(1), vec![mail(8, "eight")], at(21))
            .await;
        assert!(
            matches!(behind, Err(StoreError::WrongKey)),
            "nothing more under a key that may be retired"
        );
        *newer.lock().unwrap() = Some(rotated.to_string());
        let raw = daemon.raw_message(accepted).await.unwrap();
        assert_eq!(raw.expose_personal(), format!("{RAW}1").as_bytes());
        read(&daemon, 9, &parsed()).await;
        let used: Vec<u32> = beside
            .key_generations()
            .await
            .unwrap()
            .iter()
            .map(|(used, _)| *used)
            .collect();
        assert_eq!(used, [2], "what is new is wrapped under the new one");
        let newest = MasterKeys::parse(rotated.as_bytes()).unwrap();
        assert!(newest.without_generation(2).is_none(), "the newest stays");
        let alone = newest.without_generation(1).unwrap();
        drop((daemon, beside));
        let store = home
            .try_open(MasterKeys::parse(alone.as_bytes()).unwrap())
            .await
            .unwrap();
        assert!(store.raw_message(accepted).await.is_ok());
    }

    pub(super) async fn a_reopened_database_has_everything(home: Home) {
        let store = home.open().await;
        let (accepted, rejected) = story(&store).await;
        let rows = store.verify_audit().await.unwrap();
        drop(store);
        let store = home.open().await;
        assert_eq!(store.verify_audit().await.unwrap(), rows);
        assert_eq!(
            store.message(accepted).await.unwrap().state,
            MessageState::Accepted
        );
        assert_eq!(
            store.message(rejected).await.unwrap().state,
            MessageState::Rejected
        );
        assert_eq!(store.cases().await.unwrap().len(), 1);
        assert_eq!(store.due_deliveries(at(100), 10).await.unwrap().len(), 2);
        assert_eq!(store.due_server_deletions("referrals").await.unwrap().len(), 1);
    }
}
