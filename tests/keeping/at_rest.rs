//! What the file shows, and what somebody who can write to it achieves (promises 6, 7 and 8).

use crate::support::*;
use referrald::domain::*;
use referrald::store::*;
use sqlx::SqliteConnection;

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> u64 {
    sqlx::raw_sql(sql)
        .execute(connection)
        .await
        .unwrap()
        .rows_affected()
}

/// Everything that stores people: mail, draft, hashes, case, outbound mail, account, rejection.
async fn story(store: &Store) -> (MessageId, MessageId) {
    let accepted = read(store, 1, &parsed()).await;
    let (case, _) = store.accept(accepted, "RJ", &actor(), at(3)).await.unwrap();
    store.case_files(case, &actor(), at(3)).await.unwrap();
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

#[tokio::test]
async fn neither_the_file_nor_its_log_holds_anybody_in_any_encoding() {
    let home = Home::new();
    let store = home.open().await;
    story(&store).await;
    // Fresh pages in the write-ahead log too.
    read(&store, 3, &parsed()).await;
    let bytes = home.bytes();
    assert!(holds(&bytes, b"message.rejected"), "the search itself works");
    assert!(
        std::fs::metadata(home.folder().join("referrald.db-wal"))
            .unwrap()
            .len()
            > 0
    );
    let lower = bytes.to_ascii_lowercase();
    for identity in IDENTITIES {
        let plain = identity.to_ascii_lowercase();
        let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for needle in [plain.as_bytes(), &wide, &big] {
            assert!(!holds(&lower, needle), "{identity} stands in the database file");
        }
    }
}

#[tokio::test]
async fn an_unkeyed_hash_of_a_mail_or_address_is_not_in_the_file_either() {
    use sha2::{Digest, Sha256};
    let home = Home::new();
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

#[tokio::test]
async fn after_a_rejection_neither_key_nor_content_is_anywhere_in_the_files() {
    let home = Home::new();
    let store = home.open().await;
    let id = read(&store, 1, &parsed()).await;
    let mut attacker = home.attacker().await;
    let wrapped: Vec<u8> = sqlx::query_scalar("SELECT wrapped FROM record_keys WHERE id = ?")
        .bind(id.0.as_bytes().to_vec())
        .fetch_one(&mut attacker)
        .await
        .unwrap();
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar("SELECT bytes FROM sealed WHERE id = ?")
        .bind(id.0.as_bytes().to_vec())
        .fetch_all(&mut attacker)
        .await
        .unwrap();
    assert_eq!(sealed.len(), 2);
    assert!(holds(&home.bytes(), &wrapped));
    sqlx::Connection::close(attacker).await.unwrap();
    store.reject(id, &actor(), at(10)).await.unwrap();
    let bytes = home.bytes();
    assert!(
        !holds(&bytes, &wrapped[8..]),
        "the wrapped key is still in a file"
    );
    for content in sealed {
        let middle = content.len() / 2;
        assert!(
            !holds(&bytes, &content[middle..middle + 24]),
            "sealed content is still in a file"
        );
    }
    let mut attacker = home.attacker().await;
    for table in ["record_keys", "sealed", "blind_index", "threads"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut attacker)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[tokio::test]
async fn a_sealed_value_or_key_moved_to_another_row_is_found() {
    let home = Home::new();
    let store = home.open().await;
    let one = read(&store, 1, &parsed()).await;
    let two = read(&store, 2, &parsed()).await;
    let mut attacker = home.attacker().await;
    let swap = "UPDATE sealed SET bytes = (SELECT bytes FROM sealed WHERE id = ?2 AND part = ?3)
                WHERE id = ?1 AND part = ?4";
    let (a, b) = (one.0.as_bytes().to_vec(), two.0.as_bytes().to_vec());
    // From another message.
    sqlx::query(swap)
        .bind(&a)
        .bind(&b)
        .bind("raw")
        .bind("raw")
        .execute(&mut attacker)
        .await
        .unwrap();
    assert!(matches!(store.raw_message(one).await, Err(StoreError::Tampered)));
    assert!(store.raw_message(two).await.is_ok());
    // From another part of the same message.
    sqlx::query(swap)
        .bind(&b)
        .bind(&b)
        .bind("raw")
        .bind("draft")
        .execute(&mut attacker)
        .await
        .unwrap();
    assert!(matches!(store.parsed(two).await, Err(StoreError::Tampered)));
    // The key with it.
    let keys =
        "UPDATE record_keys SET wrapped = (SELECT wrapped FROM record_keys WHERE id = ?2) WHERE id = ?1";
    sqlx::query(keys)
        .bind(&a)
        .bind(&b)
        .execute(&mut attacker)
        .await
        .unwrap();
    assert!(matches!(store.raw_message(one).await, Err(StoreError::Tampered)));
    // One changed bit.
    run(
        &mut attacker,
        "UPDATE sealed SET bytes = CAST(bytes || x'00' AS BLOB) WHERE part = 'raw'",
    )
    .await;
    assert!(matches!(store.raw_message(two).await, Err(StoreError::Tampered)));
}

#[tokio::test]
async fn one_side_of_a_case_cannot_be_put_on_the_other() {
    let home = Home::new();
    let store = home.open().await;
    let id = read(&store, 1, &parsed()).await;
    let (case, _) = store.accept(id, "RJ", &actor(), at(3)).await.unwrap();
    let mut attacker = home.attacker().await;
    let changed = run(
        &mut attacker,
        "UPDATE sealed SET bytes = (SELECT s.bytes FROM sealed s JOIN case_files f ON f.id = s.id WHERE f.side = 'victim')
         WHERE id = (SELECT id FROM case_files WHERE side = 'offender')",
    )
    .await;
    assert_eq!(changed, 1);
    assert!(matches!(
        store.case_files(case, &actor(), at(4)).await,
        Err(StoreError::Tampered)
    ));
    assert!(
        matches!(store.known_cases().await, Err(StoreError::Tampered)),
        "redaction fails closed"
    );
}

#[tokio::test]
async fn the_audit_log_refuses_changes_and_shows_those_that_were_forced() {
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
        let home = Home::new();
        let store = home.open().await;
        story(&store).await;
        assert!(store.verify_audit().await.unwrap() > 10);
        let mut attacker = home.attacker().await;
        if !forgery.starts_with("INSERT") && !forgery.starts_with("UPDATE audit_head") {
            let refused = sqlx::raw_sql(*forgery).execute(&mut attacker).await;
            assert!(refused.is_err(), "append-only: {forgery}");
        }
        run(
            &mut attacker,
            "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete; DROP TRIGGER audit_head_refuses_delete",
        )
        .await;
        run(&mut attacker, forgery).await;
        let verdict = store.verify_audit().await;
        assert!(
            matches!(verdict, Err(StoreError::AuditBroken(_))),
            "not found: {forgery}"
        );
    }
}

#[tokio::test]
async fn the_daemon_does_not_sign_over_a_forged_end_of_the_audit_log() {
    let home = Home::new();
    let store = home.open().await;
    story(&store).await;
    let mut attacker = home.attacker().await;
    run(
        &mut attacker,
        "DROP TRIGGER audit_refuses_delete; DELETE FROM audit WHERE seq > 3",
    )
    .await;
    run(
        &mut attacker,
        "UPDATE audit_head SET count = 3, last = (SELECT mac FROM audit WHERE seq = 3)",
    )
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

#[tokio::test]
async fn a_refused_change_leaves_no_audit_row_and_a_change_leaves_one() {
    let home = Home::new();
    let store = home.open().await;
    let id = read(&store, 1, &parsed()).await;
    let before = store.verify_audit().await.unwrap();
    store.accept(id, "RJ", &actor(), at(3)).await.unwrap();
    let after = store.verify_audit().await.unwrap();
    assert_eq!(after, before + 2);
    assert!(store.reject(id, &actor(), at(4)).await.is_err());
    assert_eq!(store.verify_audit().await.unwrap(), after);
}

#[tokio::test]
async fn another_master_key_is_told_at_once_and_changes_nothing() {
    let home = Home::new();
    let store = home.open().await;
    let id = stored(&store, 1, "one").await;
    drop(store);
    let stranger = Home::new();
    let refused = Store::open(&home.path(), stranger.keys()).await;
    assert!(matches!(refused, Err(StoreError::WrongKey)));
    let store = home.open().await;
    assert_eq!(store.raw_message(id).await.unwrap().expose_personal(), b"one");
}

#[tokio::test]
async fn rotating_the_master_key_keeps_everything_and_retires_the_old_one() {
    let home = Home::new();
    let store = home.open().await;
    let (accepted, _) = story(&store).await;
    drop(store);
    let rotated = home.keys().with_new_generation(&OsEntropy).unwrap();
    let store = Store::open(&home.path(), MasterKeys::parse(rotated.as_bytes()).unwrap())
        .await
        .unwrap();
    let fresh = read(&store, 9, &parsed()).await;
    assert!(store.rewrap_keys(at(20)).await.unwrap() > 4);
    assert_eq!(store.rewrap_keys(at(21)).await.unwrap(), 0);
    drop(store);
    assert!(matches!(
        Store::open(&home.path(), home.keys()).await,
        Err(StoreError::WrongKey)
    ));
    let newest: String = rotated
        .lines()
        .filter(|line| !line.starts_with("1:"))
        .map(|l| format!("{l}\n"))
        .collect();
    let store = Store::open(&home.path(), MasterKeys::parse(newest.as_bytes()).unwrap())
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

#[tokio::test]
async fn a_reopened_database_has_everything() {
    let home = Home::new();
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

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
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
    let home = Home::new();
    std::fs::write(home.path(), b"these are letters, not a database ".repeat(100)).unwrap();
    assert!(matches!(
        Store::open(&home.path(), home.keys()).await,
        Err(StoreError::Corrupt(_))
    ));
    std::fs::remove_file(home.path()).unwrap();
    std::fs::write(home.path(), b"").unwrap();
    let mut other = home.attacker().await;
    run(&mut other, "CREATE TABLE theirs (x)").await;
    assert!(matches!(
        Store::open(&home.path(), home.keys()).await,
        Err(StoreError::Corrupt(_))
    ));
    run(&mut other, "DROP TABLE theirs; PRAGMA user_version = 999").await;
    assert!(matches!(
        Store::open(&home.path(), home.keys()).await,
        Err(StoreError::Corrupt(_))
    ));
    let nowhere = home.folder().join("no/such/folder/x.db");
    assert!(matches!(
        Store::open(&nowhere, home.keys()).await,
        Err(StoreError::CannotOpen)
    ));
}
