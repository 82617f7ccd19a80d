//! What needs a schema of another version, or destructions that no command makes yet.

use super::super::driver::sqlite::{connect_options, open_with};
use super::super::driver::{Pools, Server, newest_version, query, query_scalar};
use super::super::{Database, Write, blob, load_keys};
use super::take::write_snapshot;
use crate::domain::*;
use crate::store::backup::{RestoreOptions, RestoreSummary, RestoreTarget};
use crate::store::sealing::OsEntropy;
use crate::store::*;
use crate::vault::{RecordKind, RecordName};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// The key of the backups in `fixtures/backups`.
const FIXTURE_KEY: &str = include_str!("../../../../fixtures/backups/master.key");

fn keys(text: &str) -> MasterKeys {
    MasterKeys::parse(text.as_bytes()).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn staff() -> Actor {
    Actor("r.staff".into())
}

struct Home {
    folder: tempfile::TempDir,
    key: String,
}

impl Home {
    fn new(key: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: key.to_owned(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn open(&self, name: &str) -> Store {
        let place = DatabasePlace::Sqlite(self.file(name));
        Store::open(&place, keys(&self.key)).await.unwrap()
    }

    async fn restore(&self, backup: &Path, name: &str) -> RestoreSummary {
        let options = RestoreOptions {
            missing_log: MissingLog::Accept,
            ..RestoreOptions::default()
        };
        let place = DatabasePlace::Sqlite(self.file(name));
        let into = RestoreTarget {
            place: &place,
            destruction_log: &place.destruction_log(),
            keys: keys(&self.key),
        };
        Store::restore(into, backup, &options, &staff(), now())
            .await
            .unwrap()
    }
}

/// A backup as the program of that version made it.
async fn backup_of_version(home: &Home, version: i64) -> PathBuf {
    let path = home.file("old.db");
    let server = Server::Sqlite(open_with(&path, connect_options(&path)).await.unwrap());
    let pools = Pools::new(server, Arc::new(NoStoreProbe));
    let mut tx = pools.set_up().await.unwrap();
    tx.migrate(version).await.unwrap();
    let master = keys(&home.key);
    let keys = load_keys(&mut tx, master).await.unwrap();
    tx.commit().await.unwrap();
    let database = Database::new(pools, &home.file("old.log"), keys).unwrap();
    let mut write = database.write().await.unwrap();
    let (mail, held, waiting) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let record = write
        .create_record(RecordName::new(RecordKind::Outbound, mail))
        .await
        .unwrap();
    let sealed = record.seal("raw", b"words").unwrap();
    write.put_part(&record, "raw", sealed).await.unwrap();
    query("INSERT INTO outbound (id, received, state) VALUES ($1, 1, 'planned')")
        .bind(blob(mail))
        .execute(write.connection())
        .await
        .unwrap();
    for (id, state) in [(held, "held"), (waiting, "waiting")] {
        query(
            "INSERT INTO deliveries (id, mail, state, route, action, reasons, due)
             VALUES ($1, $2, $3, 'ordinary', 'redact', '[]', 1)",
        )
        .bind(blob(id))
        .bind(blob(mail))
        .bind(state)
        .execute(write.connection())
        .await
        .unwrap();
    }
    write
        .audit("r.staff", "outbound.accepted", mail, now())
        .await
        .unwrap();
    write.commit().await.unwrap();
    let file = home.file("old.backup");
    let mut sink = std::fs::File::create(&file).unwrap();
    let mut tx = database.read().await.unwrap();
    write_snapshot(&mut tx, database.keys(), &mut sink).await.unwrap();
    file
}

#[tokio::test]
async fn a_backup_of_every_older_version_is_restored_and_brought_up_to_date() {
    for version in 1..=newest_version() {
        let home = Home::new(FIXTURE_KEY);
        let file = backup_of_version(&home, version).await;
        home.restore(&file, "new.db").await;
        let store = home.open("new.db").await;
        assert_eq!(store.verify_audit().await.unwrap(), 2);
        let mut tx = store.database.read().await.unwrap();
        let told: Vec<Option<String>> = query_scalar("SELECT told FROM deliveries ORDER BY number")
            .fetch_all(&mut tx)
            .await
            .unwrap();
        let old_news = match version {
            1 => Some("held".to_owned()),
            _ => None,
        };
        assert_eq!(told, [old_news, None], "version {version}");
        drop(tx);
        let next = home.file("again.backup");
        store.backup(&next, &staff(), now()).await.unwrap();
        // Kept for good: what this version writes, every later one must read.
        if std::env::var_os("BLESS").is_some() {
            let kept =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/backups/{version}.backup"));
            std::fs::copy(&file, kept).unwrap();
        }
    }
}

fn referral() -> Referral {
    let party = |role, name: &str| Party {
        name: Some(name.to_owned()),
        ..Party::new(role)
    };
    Referral {
        parties: vec![
            party(Role::Victim, "Ada Example"),
            party(Role::Offender, "Bob Example"),
        ],
        ..Referral::default()
    }
}

fn parsed() -> ParsedMessage {
    ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: Vec::new(),
        attachments: Vec::new(),
        referral: Some(referral()),
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
    }
}

async fn case(store: &Store, uid: u32) -> (MessageId, CaseId) {
    let folder = FolderKey {
        mailbox: "referrals".into(),
        folder: "INBOX".into(),
        uidvalidity: 1,
    };
    let mail = FetchedMail {
        uid,
        raw: Personal::new(uid.to_be_bytes().to_vec()),
        internal_date: None,
    };
    let id = store.commit_batch(&folder, vec![mail], now()).await.unwrap()[0].message;
    store
        .save_parsed(id, &parsed(), &Source::default(), &[], now())
        .await
        .unwrap();
    let (case, _) = store.accept(id, "RJ", &staff(), now()).await.unwrap();
    (id, case)
}

async fn destroy(store: &Store, kind: RecordKind, id: Uuid) {
    let mut write: Write<'_> = store.database.write().await.unwrap();
    write.destroy_record(RecordName::new(kind, id)).await.unwrap();
    write
        .audit("r.staff", "record.destroyed", id, now())
        .await
        .unwrap();
    // However it is committed, it is logged.
    write.commit().await.unwrap();
}

#[tokio::test]
async fn every_kind_of_record_stays_destroyed_and_leaves_rows_that_can_be_read() {
    let home = Home::new(&MasterKeys::generate(&OsEntropy).unwrap());
    let store = home.open("one.db").await;
    let (message, whole) = case(&store, 1).await;
    let (_, one_side) = case(&store, 2).await;
    let (_, untouched) = case(&store, 3).await;
    let submitted = |recipient: &str| SubmittedMail {
        account: "sam".into(),
        sender: Personal::new("sam@service.example".into()),
        recipients: vec![Personal::new(recipient.to_owned())],
        raw: Personal::new(b"words".to_vec()),
    };
    let gone = store
        .accept_outbound(&submitted("a@b.example"), now())
        .await
        .unwrap();
    let kept = store
        .accept_outbound(&submitted("c@d.example"), now())
        .await
        .unwrap();
    let hold = |recipient: &str| PlannedDelivery {
        recipient: Personal::new(recipient.to_owned()),
        route: MailRoute::Ordinary,
        action: DeliveryAction::Hold,
        reasons: vec![HoldReason::EncryptedPart],
        message: None,
        if_released: None,
        message_id: Some("<1@service.example>".to_owned()),
    };
    store
        .save_plan(gone, &[hold("a@b.example")], now())
        .await
        .unwrap();
    let notice = &store.due_notices(1).await.unwrap()[0];
    let told = PlannedDelivery {
        action: DeliveryAction::Redact,
        reasons: Vec::new(),
        message: Some(Personal::new(b"held".to_vec())),
        message_id: None,
        ..hold("sam@service.example")
    };
    let from = Personal::new("no-reply@service.example".to_owned());
    store
        .queue_notice(notice, Some((&from, &told)), now())
        .await
        .unwrap();
    assert_eq!(store.outbound().await.unwrap().len(), 3);
    let backup = home.file("one.backup");
    store.backup(&backup, &staff(), now()).await.unwrap();

    let files = store
        .open_files(&Viewer::Staff(staff()), whole, now())
        .await
        .unwrap();
    // Sides first, and the core first: the order does not matter.
    destroy(&store, RecordKind::CaseFile, files[0].id.0).await;
    destroy(&store, RecordKind::CaseCore, whole.0).await;
    destroy(&store, RecordKind::CaseFile, files[1].id.0).await;
    destroy(&store, RecordKind::Message, message.0).await;
    let side = &store
        .open_files(&Viewer::Staff(staff()), one_side, now())
        .await
        .unwrap()[1];
    destroy(&store, RecordKind::CaseFile, side.id.0).await;
    destroy(&store, RecordKind::Outbound, gone.0).await;

    let summary = home.restore(&backup, "two.db").await;
    assert_eq!(summary.destroyed_again, 6);
    let store = home.open("two.db").await;
    let state = |id| {
        let cases = store.cases();
        async move {
            let cases = cases.await.unwrap();
            let case = cases.iter().find(|case| case.id == id).unwrap();
            (case.state, case.sides.clone())
        }
    };
    let both = vec![Side::Victim, Side::Offender];
    assert_eq!(state(whole).await, (CaseState::Destroyed, both.clone()));
    assert_eq!(state(one_side).await, (CaseState::Open, vec![Side::Victim]));
    assert_eq!(state(untouched).await, (CaseState::Open, both));
    assert_eq!(store.known_cases().await.unwrap().len(), 2, "redaction goes on");
    assert!(
        store
            .open_case_core(&Viewer::Staff(staff()), whole, now())
            .await
            .is_err()
    );
    let left = store
        .open_files(&Viewer::Staff(staff()), one_side, now())
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    let accepted = store.message(message).await.unwrap();
    assert_eq!(accepted.state, MessageState::Accepted, "a case was made of it");
    assert!(store.parsed(message).await.unwrap().is_none());
    let mails = store.outbound().await.unwrap();
    assert_eq!(mails.iter().map(|mail| mail.id).collect::<Vec<_>>(), [kept]);
    assert!(store.due_deliveries(now(), 10).await.unwrap().is_empty());
    store.verify_audit().await.unwrap();
}
