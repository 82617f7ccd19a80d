//! A database with something in every table, and what must be the same after a restore.

use crate::support::*;
use referrald::domain::*;
use referrald::store::*;
use std::path::{Path, PathBuf};

pub(crate) fn file(home: &Home) -> PathBuf {
    home.folder().join("everything.backup")
}

pub(crate) async fn back_up(store: &Store, home: &Home) -> PathBuf {
    let file = file(home);
    store.backup(&file, &actor(), at(50)).await.unwrap();
    file
}

pub(crate) async fn restore(
    into: &Home,
    file: &Path,
    options: &RestoreOptions,
) -> Result<RestoreSummary, RestoreError> {
    let (place, log) = (into.place(), into.log());
    let target = RestoreTarget {
        place: &place,
        destruction_log: &log,
        keys: into.keys(),
    };
    Store::restore(target, file, options, &actor(), at(60)).await
}

pub(crate) async fn restored(into: &Home, file: &Path) -> Store {
    restore(into, file, &RestoreOptions::default()).await.unwrap();
    into.open().await
}

pub(crate) fn submitted(recipients: &[&str]) -> SubmittedMail {
    SubmittedMail {
        account: "hates-dogs".into(),
        sender: personal("v.blackstock@police.example"),
        recipients: recipients.iter().map(|r| personal(r)).collect(),
        raw: Personal::new(format!("{RAW}{SUMMARY}").into_bytes()),
    }
}

pub(crate) fn planned(recipient: &str) -> PlannedDelivery {
    PlannedDelivery {
        recipient: personal(recipient),
        route: MailRoute::Ordinary,
        action: DeliveryAction::Redact,
        reasons: vec![HoldReason::NotACjsmDomain],
        message: Some(Personal::new(SUMMARY.as_bytes().to_vec())),
        if_released: None,
        message_id: Some(format!("<{recipient}.{THREAD}>")),
    }
}

pub(crate) fn account() -> SubmissionAccount {
    SubmissionAccount {
        user: "hates-dogs".into(),
        address: personal("v.blackstock@police.example"),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$unmistakable-thread".into(),
        role: AccountRole::Volunteer,
    }
}

/// Something in every table.
pub(crate) async fn story(store: &Store) -> (MessageId, MessageId) {
    store.adopt_uidvalidity(&inbox(1), at(0)).await.unwrap();
    store
        .note_seen(&inbox(1), &[seen(1), seen(2), seen(3), seen(4)], at(0))
        .await
        .unwrap();
    let accepted = read(store, 1, &parsed()).await;
    let (case, _) = store.accept(accepted, "RJ", &actor(), at(3)).await.unwrap();
    let rejected = read(store, 2, &parsed()).await;
    store.reject(rejected, &actor(), at(4)).await.unwrap();
    let large = format!("{RAW}{}", "window ".repeat(60_000));
    let waiting = stored(store, 3, &large).await;
    let receipt = MoveReceipt {
        from: inbox(1),
        uid: 3,
        message: waiting,
        target: "Taken".into(),
    };
    store.write_move_receipts(&[receipt], at(4)).await.unwrap();
    store.put_account(&account(), at(5)).await.unwrap();
    store
        .allocate(case, Side::Victim, "hates-dogs", &actor(), at(5))
        .await
        .unwrap();
    let mail = store
        .accept_outbound(&submitted(&[VICTIM_MAIL, OFFENDER_MAIL]), at(6))
        .await
        .unwrap();
    let plan = [VICTIM_MAIL, OFFENDER_MAIL].map(planned);
    store.save_plan(mail, &plan, at(6)).await.unwrap();
    let due = store.due_deliveries(at(7), 1).await.unwrap();
    let sent = DeliveryOutcome::Sent { code: 250 };
    store.record_delivery(due[0].id, sent, at(7)).await.unwrap();
    (accepted, waiting)
}

/// Something in a case's file, and an account for the pages.
pub(crate) async fn casework_story(store: &Store) {
    let case = store.cases().await.unwrap().remove(0).id;
    let note = FileChange::Note {
        text: SUMMARY.to_owned(),
    };
    store
        .change_file(&staff(), case, Side::Victim, &note, at(8))
        .await
        .unwrap();
    let letter = NewDocument {
        name: "letter.txt".into(),
        bytes: Personal::new(SUMMARY.as_bytes().to_vec()),
    };
    store
        .add_document(&staff(), case, Side::Victim, &letter, at(8))
        .await
        .unwrap();
    let new = NewStaff {
        name: "r.staff".into(),
        role: StaffRole::Staff,
        password_hash: account().password_hash,
    };
    store.put_staff(&new, &actor(), at(8)).await.unwrap();
}

pub(crate) async fn demand_casework_story(store: &Store) {
    let case = store.cases().await.unwrap().remove(0).id;
    let files = store.open_files(&staff(), case, at(61)).await.unwrap();
    let victims = files.iter().find(|file| file.side == Side::Victim).unwrap();
    let kinds: Vec<_> = victims.entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["note", "document"]);
    let document = victims.entries[1].id;
    let letter = store
        .document(&staff(), case, Side::Victim, document, at(61))
        .await
        .unwrap();
    assert_eq!(letter.bytes.expose_personal(), SUMMARY.as_bytes());
    assert!(store.staff("r.staff").await.unwrap().is_some());
}

/// Everything in the database but what a restore adds, as text.
pub(crate) async fn everything(home: &Home) -> Vec<String> {
    let mut attacker = home.attacker().await;
    let mut all = Vec::new();
    macro_rules! table {
        ($sql:literal, $($column:ty),+) => {
            let rows = attacker.all::<($($column,)+)>($sql).await;
            assert!(!rows.is_empty(), "the story leaves this empty: {}", $sql);
            all.extend(rows.into_iter().map(|row| format!("{} {row:?}", $sql)));
        };
    }
    type Blob = Vec<u8>;
    type MaybeBlob = Option<Vec<u8>>;
    type MaybeText = Option<String>;
    type Maybe = Option<i64>;
    table!("SELECT one, generation, wrapped FROM data_key", i64, i64, Blob);
    table!(
        "SELECT kind, id, generation, wrapped FROM record_keys ORDER BY kind, id",
        String,
        Blob,
        i64,
        Blob
    );
    table!(
        "SELECT kind, id, part, bytes FROM sealed ORDER BY kind, id, part",
        String,
        Blob,
        String,
        Blob
    );
    table!(
        "SELECT number, id, received, state, kind, checks, unreadable, raw_hash FROM messages ORDER BY number",
        i64,
        Blob,
        i64,
        String,
        MaybeText,
        i64,
        MaybeText,
        MaybeBlob
    );
    table!(
        "SELECT mailbox, folder, uidvalidity, adopted FROM folders ORDER BY mailbox",
        String,
        String,
        i64,
        i64
    );
    table!(
        "SELECT uid, state, attempts, size, internal_date, message, seen, ended FROM ledger ORDER BY uid",
        i64,
        String,
        i64,
        Maybe,
        Maybe,
        MaybeBlob,
        i64,
        Maybe
    );
    table!(
        "SELECT mailbox, folder, uidvalidity, uid, message, target, written FROM move_receipts ORDER BY uid",
        String,
        String,
        i64,
        i64,
        Blob,
        String,
        i64
    );
    table!(
        "SELECT mailbox, folder, uidvalidity, uid, message FROM server_copies ORDER BY uid",
        String,
        String,
        i64,
        i64,
        Blob
    );
    table!("SELECT number, mailbox, message, copy_folder, copy_uidvalidity, copy_uid, queued FROM server_deletions
        ORDER BY number", i64, String, Blob, MaybeText, Maybe, Maybe, i64);
    table!(
        "SELECT kind, hash, message FROM blind_index ORDER BY kind, hash, message",
        String,
        Blob,
        Blob
    );
    table!("SELECT hash, message FROM threads ORDER BY hash", Blob, Blob);
    table!(
        "SELECT id, kind, received, reason, actor, at, server_copy_gone FROM tombstones ORDER BY id",
        Blob,
        String,
        i64,
        String,
        String,
        i64,
        Maybe
    );
    table!(
        "SELECT prefix, year, last FROM reference_counters",
        String,
        i64,
        i64
    );
    table!(
        "SELECT number, id, reference, state, opened, message FROM cases",
        i64,
        Blob,
        String,
        String,
        i64,
        Blob
    );
    table!(
        "SELECT number, id, case_id, side, position FROM case_files ORDER BY number",
        i64,
        Blob,
        Blob,
        String,
        i64
    );
    table!("SELECT id, user_hash, changed FROM accounts", Blob, Blob, i64);
    table!(
        "SELECT number, id, received, state, outbox_hash, notice_about FROM outbound",
        i64,
        Blob,
        i64,
        String,
        MaybeBlob,
        MaybeBlob
    );
    table!(
        "SELECT number, id, mail, state, route, action, reasons, attempts FROM deliveries ORDER BY number",
        i64,
        Blob,
        Blob,
        String,
        String,
        String,
        String,
        i64
    );
    table!(
        "SELECT number, last_code, due, ended, if_released, told FROM deliveries ORDER BY number",
        i64,
        Maybe,
        i64,
        Maybe,
        MaybeText,
        MaybeText
    );
    table!("SELECT file, account, since FROM allocations", Blob, Blob, i64);
    table!("SELECT hash, since FROM correspondents", Blob, i64);
    table!(
        "SELECT hash, delivery FROM delivery_threads ORDER BY hash",
        Blob,
        Blob
    );
    table!(
        "SELECT seq, at, actor, action, record, mac FROM audit WHERE action NOT LIKE 'backup.%' ORDER BY seq",
        i64,
        i64,
        String,
        String,
        String,
        Blob
    );
    all
}

/// Both see the same and go on alike.
pub(crate) async fn demand_alike(
    before: &[String],
    home: &Home,
    store: &Store,
    (accepted, waiting): (MessageId, MessageId),
) {
    let after = everything(home).await;
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    demand_story(store, (accepted, waiting)).await;
}

/// What the story left can be read.
pub(crate) async fn demand_story(store: &Store, (accepted, waiting): (MessageId, MessageId)) {
    store.verify_audit().await.unwrap();
    assert_eq!(
        store.raw_message(accepted).await.unwrap().expose_personal(),
        format!("{RAW}1").as_bytes()
    );
    assert!(store.raw_message(waiting).await.unwrap().expose_personal().len() > 400_000);
    assert_eq!(
        store.account("hates-dogs").await.unwrap().unwrap().user,
        "hates-dogs"
    );
    assert_eq!(store.known_cases().await.unwrap()[0].referral.parties.len(), 4);
    assert!(store.knows_thread(&[format!("<1.{THREAD}>")]).await.unwrap());
    assert_eq!(store.due_deliveries(at(100), 10).await.unwrap().len(), 1);
    assert_eq!(store.due_server_deletions("referrals").await.unwrap().len(), 1);
    assert_eq!(store.move_receipts("referrals").await.unwrap().len(), 1);
    assert_eq!(
        store
            .folder("referrals", "INBOX")
            .await
            .unwrap()
            .unwrap()
            .highest_uid,
        4
    );
}

/// New work of every kind that is numbered.
pub(crate) async fn work_goes_on(store: &Store) {
    let next = read(store, 9, &parsed()).await;
    assert!(
        !store.similar_messages(next).await.unwrap().is_empty(),
        "blind index"
    );
    let (_, reference) = store.accept(next, "RJ", &actor(), at(70)).await.unwrap();
    assert_eq!(reference.as_str(), "RJ-2026-00002", "the counter goes on");
    let rejected = read(store, 10, &parsed()).await;
    store.reject(rejected, &actor(), at(71)).await.unwrap();
    let mail = store
        .accept_outbound(&submitted(&["x@y.example"]), at(72))
        .await
        .unwrap();
    store
        .save_plan(mail, &[planned("x@y.example")], at(72))
        .await
        .unwrap();
    assert_eq!(store.messages().await.unwrap()[0].id, rejected, "numbers go on");
    assert_eq!(store.outbound().await.unwrap()[0].id, mail);
    // Known bytes are known.
    let again = store
        .commit_batch(&inbox(1), vec![mail_of(1)], at(73))
        .await
        .unwrap();
    assert!(again[0].already_known);
    store.verify_audit().await.unwrap();
}

pub(crate) fn mail_of(uid: u32) -> FetchedMail {
    mail(uid + 100, &format!("{RAW}{uid}"))
}

pub(crate) async fn has_key(home: &Home, id: uuid::Uuid) -> bool {
    let keys: Vec<(Vec<u8>,)> = home
        .attacker()
        .await
        .all("SELECT id FROM record_keys WHERE kind <> 'facts'")
        .await;
    keys.iter().any(|(key,)| key == id.as_bytes())
}
