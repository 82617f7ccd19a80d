//! A crash at any commit, before it or just after it, leaves everything whole (promise 1).
//!
//! A story that passes every place in the store's source that commits; each of its steps is ended at each of its commits in
//! turn, the database is opened anew, looked through, and the step is done again.

use crate::support::*;
use referrald::domain::{CaseState, MessageState};
use referrald::store::*;
use std::collections::BTreeSet;
use std::ops::AsyncFn;
use std::path::Path;
use std::sync::{Arc, Mutex};

macro_rules! at_every_commit {
    ($($name:ident $moment:ident;)+) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::walk(crate::support::Home::sqlite(), super::Moment::$moment).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::walk(crate::support::Home::postgres(), super::Moment::$moment).await;
            }
        }
    )+};
}

at_every_commit! {
    ended_before_any_commit_nothing_of_the_step_is_there Before;
    ended_after_any_commit_everything_is_whole After;
    ended_at_any_line_of_the_destruction_log_everything_is_whole LogLine;
}

async fn walk(home: Home, moment: Moment) {
    let mut crashes = Crashes::begin(home, moment).await;
    story::everything(&mut crashes).await;
    crashes.end().await;
}

/// Where a step is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    Before,
    After,
    LogLine,
}

/// Lets so many moments pass, then ends the work: from then on nothing can be read or written, as in a process that is gone.
#[derive(Default)]
struct Fuse(Mutex<Burning>);

#[derive(Default)]
struct Burning {
    armed: Option<(Moment, usize)>,
    blown: bool,
    places: BTreeSet<String>,
}

impl Fuse {
    fn arm(&self, moment: Moment, after: usize) {
        let mut burning = self.0.lock().unwrap();
        burning.armed = Some((moment, after));
        burning.blown = false;
    }

    /// Whether it had blown.
    fn disarm(&self) -> bool {
        let mut burning = self.0.lock().unwrap();
        burning.armed = None;
        std::mem::take(&mut burning.blown)
    }
}

impl StoreProbe for Fuse {
    fn at(&self, step: StoreStep) -> Result<(), StoreError> {
        const GONE: StoreError = StoreError::Transient("the process is gone");
        let mut burning = self.0.lock().unwrap();
        if burning.blown {
            return Err(GONE);
        }
        let moment = match step {
            StoreStep::Statement => return Ok(()),
            StoreStep::Commit(place) => {
                burning
                    .places
                    .insert(format!("{}:{}", place.file(), place.line()));
                Moment::Before
            }
            StoreStep::Committed(_) => Moment::After,
            StoreStep::DestructionLog => Moment::LogLine,
        };
        match &mut burning.armed {
            Some((waited, 0)) if *waited == moment => {
                burning.blown = true;
                Err(GONE)
            }
            Some((waited, left)) if *waited == moment => {
                *left -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A database whose process ends again and again.
struct Crashes {
    home: Home,
    moment: Moment,
    fuse: Arc<Fuse>,
    store: Store,
    crashes: usize,
}

impl Crashes {
    async fn begin(home: Home, moment: Moment) -> Self {
        let fuse = Arc::new(Fuse::default());
        let store = opened(&home, &fuse).await.unwrap();
        Self {
            home,
            moment,
            fuse,
            store,
            crashes: 0,
        }
    }

    /// Does something, ending it at each of its moments in turn and doing it again. What was durable before the end may
    /// refuse to be done twice.
    async fn step(&mut self, name: &str, run: impl AsyncFn(&Store) -> Result<(), StoreError>) {
        for passed in 0.. {
            let before = match (self.moment, passed) {
                (Moment::Before, 0) => Some(rows(&self.home).await),
                _ => None,
            };
            self.fuse.arm(self.moment, passed);
            let done = run(&self.store).await;
            if !self.fuse.disarm() {
                match done {
                    Err(error) if passed == 0 || self.moment == Moment::Before => {
                        panic!("{name}, after {passed} crashes: {error}")
                    }
                    _ => return,
                }
            }
            // That a line of the log is not written makes no destruction fail that has happened.
            if self.moment != Moment::LogLine {
                assert!(done.is_err(), "{name}: who ended is told that all is well");
            }
            self.crashes += 1;
            self.open_again().await;
            if let Some(before) = before {
                assert_eq!(before, rows(&self.home).await, "{name}: something was half done");
            }
        }
    }

    async fn open_again(&mut self) {
        self.store = opened(&self.home, &self.fuse).await.unwrap();
        whole(&self.home, &self.store).await;
    }

    /// Opening a new database can be ended too; then, every place that commits was passed.
    async fn end(mut self) {
        let fresh = self.home.another();
        let mut passed = 0;
        loop {
            self.fuse.arm(self.moment, passed);
            let done = opened(&fresh, &self.fuse).await;
            if !self.fuse.disarm() {
                assert!(done.is_ok());
                break;
            }
            passed += 1;
        }
        self.crashes += passed;
        self.open_again().await;
        let there = committing_places();
        let passed = &self.fuse.0.lock().unwrap().places;
        assert!(there.len() > 50, "the source is not where it was");
        let missed: Vec<_> = there.difference(passed).collect();
        assert!(
            missed.is_empty(),
            "no step of the story commits there: {missed:?}"
        );
        let unknown: Vec<_> = passed.difference(&there).collect();
        assert!(
            unknown.is_empty(),
            "commits that the search for them misses: {unknown:?}"
        );
        assert!(self.crashes >= 5);
    }
}

async fn opened(home: &Home, fuse: &Arc<Fuse>) -> Result<Store, StoreError> {
    let probe = Arc::clone(fuse) as Arc<dyn StoreProbe>;
    Store::open_probed(&home.place(), &home.log(), home.keys(), probe).await
}

/// Every row there is.
async fn rows(home: &Home) -> Vec<String> {
    let mut attacker = home.attacker().await;
    let mut all = Vec::new();
    for table in attacker.tables().await {
        let mut rows = attacker.rows(&table).await;
        rows.sort();
        all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    all
}

/// What must hold at every moment.
async fn whole(home: &Home, store: &Store) {
    store.verify_audit().await.unwrap();
    let tombstones = store.tombstones().await.unwrap();
    let destroyed: BTreeSet<_> = tombstones.iter().map(|tombstone| tombstone.id).collect();
    for message in store.messages().await.unwrap() {
        let raw = store.raw_message(message.id).await;
        let draft = store.parsed(message.id).await;
        if destroyed.contains(&message.id.0) {
            assert!(matches!(raw, Err(StoreError::NotFound)));
            assert!(matches!(draft, Ok(None)));
            continue;
        }
        match message.state {
            MessageState::Rejected => panic!("rejected, and not destroyed"),
            MessageState::Held => assert!(raw.is_ok() && draft.unwrap().is_none()),
            MessageState::Unreadable => assert!(draft.unwrap().is_none()),
            MessageState::Read | MessageState::Filed | MessageState::SetAside => {
                assert!(raw.is_ok() && draft.unwrap().is_some());
            }
            // What was imported is no mail that was read.
            MessageState::Accepted => assert!(raw.is_ok() && draft.is_ok()),
        }
    }
    let open: Vec<_> = store.cases().await.unwrap();
    let kept = open.iter().filter(|case| case.state != CaseState::Destroyed);
    assert_eq!(store.known_cases().await.unwrap().len(), kept.count());
    for mail in store.outbound().await.unwrap() {
        let content = store.outbound_mail(mail.id).await;
        assert_eq!(content.is_err(), destroyed.contains(&mail.id.0));
    }
    store.accounts().await.unwrap();
    store.staff_accounts().await.unwrap();
    let ledger = store.ledger_summary("referrals").await.unwrap();
    let unstored = ledger.gone + ledger.too_large + ledger.cannot_fetch + ledger.superseded;
    let accounted = ledger.seen + ledger.stored + ledger.moved + unstored;
    assert_eq!(ledger.arrived, accounted, "arrived = accounted for");

    let mut attacker = home.attacker().await;
    for without in [
        "SELECT kind FROM sealed WHERE NOT EXISTS
             (SELECT 1 FROM record_keys AS k WHERE k.kind = sealed.kind AND k.id = sealed.id)",
        "SELECT kind FROM record_keys WHERE kind = 'case_file' AND id NOT IN (SELECT id FROM case_files)",
        "SELECT reason FROM tombstones JOIN record_keys AS k ON k.id = tombstones.id AND k.kind <> 'facts'",
        "SELECT state FROM cases WHERE state = 'destroyed' AND id NOT IN (SELECT id FROM tombstones)",
        "SELECT state FROM cases WHERE state <> 'destroyed' AND id NOT IN (SELECT id FROM record_keys)",
    ] {
        let rows: Vec<(String,)> = attacker.all(without).await;
        assert_eq!(rows, [], "{without}");
    }
    settled(home);
}

/// No destruction is left without its end.
fn settled(home: &Home) {
    let log = std::fs::read_to_string(home.log()).unwrap();
    let mut open = BTreeSet::new();
    for line in log.lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words[1] {
            "intent" => open.insert(words[4]),
            "done" | "undone" => open.remove(words[4]),
            _ => continue,
        };
    }
    assert_eq!(open, BTreeSet::new(), "destructions without their end");
}

/// `file:line` of everything that commits in the store's source. Restoring fills a database that nobody uses yet, in one
/// transaction, and has its own tests.
fn committing_places() -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    let mut folders = vec!["src/store/sql".to_owned()];
    while let Some(folder) = folders.pop() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder);
        for entry in std::fs::read_dir(here).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("tests.rs") || path.contains("/driver/") || path.ends_with("/load.rs") {
                continue;
            }
            let source = std::fs::read_to_string(entry.path()).unwrap();
            let commits = |line: &str| {
                [".commit()", ".commit_destruction()"]
                    .iter()
                    .any(|call| line.contains(call))
            };
            let lines = source.lines().enumerate().filter(|(_, line)| commits(line));
            places.extend(lines.map(|(index, _)| format!("{path}:{}", index + 1)));
        }
    }
    places
}

/// A year of a service, every write of it.
mod story {
    use super::Crashes;
    use crate::restoring::{account, planned, submitted};
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;
    use std::time::Duration;
    use zeroize::Zeroizing;

    const DAY: i64 = 24 * 3600;
    const HOUR: Duration = Duration::from_secs(3600);

    pub(super) async fn everything(crashes: &mut Crashes) {
        mail_comes(crashes).await;
        mail_is_read(crashes).await;
        staff_decide(crashes).await;
        cases_go_on(crashes).await;
        liaison_mail_leaves(crashes).await;
        staff_sign_in(crashes).await;
        daemons_share_the_work(crashes).await;
        everything_ends(crashes).await;
    }

    macro_rules! step {
        ($crashes:ident, $name:literal, |$store:ident| $call:expr) => {
            $crashes
                .step($name, async |$store: &Store| $call.await.map(|_| ()))
                .await
        };
    }

    async fn mail_comes(crashes: &mut Crashes) {
        let uids: Vec<_> = (1..=12).map(seen).collect();
        step!(crashes, "adopt", |store| store
            .adopt_uidvalidity(&inbox(1), at(0)));
        step!(crashes, "see", |store| store.note_seen(&inbox(1), &uids, at(0)));
        step!(crashes, "count", |store| store.count_attempt(&inbox(1), 12));
        step!(crashes, "take back", |store| store.uncount_attempt(&inbox(1), 12));
        step!(crashes, "too large", |store| store.end_unstored(
            &inbox(1),
            11,
            UnstoredEnd::TooLarge,
            at(0)
        ));
        step!(crashes, "gone", |store| store.end_unstored(
            &inbox(1),
            12,
            UnstoredEnd::Gone,
            at(0)
        ));
        step!(crashes, "fetch", |store| async {
            let mails = (1..=9).map(|uid| mail(uid, &format!("{RAW}{uid}"))).collect();
            store.commit_batch(&inbox(1), mails, at(1)).await
        });
        let folder = FolderKey {
            folder: "files".into(),
            ..inbox(1)
        };
        step!(crashes, "adopt files", |store| store
            .adopt_uidvalidity(&folder, at(1)));
        step!(crashes, "file", |store| async {
            let raw = Personal::new(format!("{RAW}of a file").into_bytes());
            store.commit_file(&folder, raw, at(1)).await
        });
        let mut receipts = Vec::new();
        for uid in 1..=9 {
            receipts.push(MoveReceipt {
                from: inbox(1),
                uid,
                message: message(crashes, &uid.to_string()).await,
                target: "Taken".into(),
            });
        }
        step!(crashes, "receipts", |store| store
            .write_move_receipts(&receipts, at(2)));
        step!(crashes, "not moved", |store| store.cancel_move(&inbox(1), 9));
        for uid in 1..=8 {
            step!(crashes, "moved", |store| store.finish_move(
                &inbox(1),
                uid,
                Some(copy(uid)),
                at(3)
            ));
        }
    }

    async fn message(crashes: &Crashes, end: &str) -> MessageId {
        let raw = Personal::new(format!("{RAW}{end}").into_bytes());
        crashes.store.message_with_raw(&raw).await.unwrap().unwrap()
    }

    async fn mail_is_read(crashes: &mut Crashes) {
        for uid in 1..=7 {
            let id = message(crashes, &uid.to_string()).await;
            let thread = [format!("<{uid}.{THREAD}>")];
            step!(crashes, "read", |store| store.save_parsed(
                id,
                &parsed(),
                &source(),
                &thread,
                at(4)
            ));
        }
        let id = message(crashes, "8").await;
        step!(crashes, "unreadable", |store| store.save_unreadable(
            id,
            UnreadableReason::Malformed,
            at(4)
        ));
        step!(crashes, "look at what failed", |store| store.open_unreadable(
            id,
            &actor(),
            at(4)
        ));
        step!(crashes, "read again", |store| store.read_again(
            id,
            &actor(),
            at(4)
        ));
        let id = message(crashes, "7").await;
        step!(crashes, "nobody decides", |store| store.file_message(id, at(5)));
    }

    async fn staff_decide(crashes: &mut Crashes) {
        let [one, two, three, four, five] = {
            let mut ids = Vec::new();
            for uid in 1..=5 {
                ids.push(message(crashes, &uid.to_string()).await);
            }
            <[MessageId; 5]>::try_from(ids).unwrap()
        };
        step!(crashes, "look", |store| store.open_draft(one, &actor(), at(9)));
        step!(crashes, "look at all of it", |store| store.open_message(
            one,
            &actor(),
            at(9)
        ));
        let change = DraftChange::Set {
            path: "/referral/parties/1/name".into(),
            after: Some("Margaret Tollington".into()),
        };
        step!(crashes, "correct", |store| store.correct_draft(
            one,
            0,
            std::slice::from_ref(&change),
            &actor(),
            at(9)
        ));
        step!(crashes, "accept", |store| store.accept(
            one,
            "RJ",
            &actor(),
            at(10)
        ));
        step!(crashes, "accept another", |store| store.accept(
            two,
            "RJ",
            &actor(),
            at(10)
        ));
        step!(crashes, "reject", |store| store.reject(three, &actor(), at(11)));
        step!(crashes, "set aside", |store| store.set_aside(
            &staff(),
            four,
            at(11)
        ));
        let case = case(crashes, 1).await;
        step!(crashes, "file with", |store| store.file_with_case(
            &staff(),
            five,
            case,
            at(12)
        ));
        step!(crashes, "deleted there", |store| store
            .finish_server_deletion(three, at(13)));
        step!(crashes, "import", |store| {
            let cases = [NewCase {
                raw: Personal::new(b"a row of a list".to_vec()),
                referral: referral(),
                thread: Vec::new(),
                reference: None,
                opened: None,
            }];
            async move { store.import_cases(&cases, "RJ", &actor(), at(14)).await }
        });
    }

    async fn case(crashes: &Crashes, number: u32) -> CaseId {
        let reference = CaseReference::parse(&format!("RJ-2026-{number:05}")).unwrap();
        crashes
            .store
            .case_named(&CaseName::Reference(reference))
            .await
            .unwrap()
            .id
    }

    async fn cases_go_on(crashes: &mut Crashes) {
        let (first, second) = (case(crashes, 1).await, case(crashes, 2).await);
        step!(crashes, "account", |store| store.put_account(&account(), at(20)));
        let user = account().user;
        step!(crashes, "allocate", |store| store.allocate(
            first,
            Side::Victim,
            &user,
            &actor(),
            at(21)
        ));
        step!(crashes, "take back", |store| store.take_back(
            first,
            Side::Victim,
            &user,
            &actor(),
            at(22)
        ));
        step!(crashes, "allocate anew", |store| store.allocate(
            first,
            Side::Victim,
            &user,
            &actor(),
            at(23)
        ));
        let today = jiff::tz::TimeZone::UTC.to_datetime(at(0)).date();
        let note = FileChange::Note {
            text: "rang her".into(),
        };
        step!(crashes, "note", |store| store.change_file(
            &staff(),
            first,
            Side::Victim,
            &note,
            at(24)
        ));
        let letter = NewDocument {
            name: "letter.txt".into(),
            bytes: Personal::new(SUMMARY.as_bytes().to_vec()),
        };
        step!(crashes, "document", |store| store.add_document(
            &staff(),
            first,
            Side::Victim,
            &letter,
            at(25)
        ));
        step!(crashes, "see files", |store| store.open_files(
            &staff(),
            first,
            at(26)
        ));
        step!(crashes, "see the case", |store| store.open_case_core(
            &staff(),
            first,
            at(26)
        ));
        let files = crashes.store.open_files(&staff(), first, at(26)).await.unwrap();
        let victim = files.iter().find(|file| file.side == Side::Victim).unwrap();
        let entry = victim
            .entries
            .iter()
            .find(|entry| entry.kind == "document")
            .unwrap()
            .id;
        step!(crashes, "see a document", |store| store.document(
            &staff(),
            first,
            Side::Victim,
            entry,
            at(27)
        ));
        let taking = Taking::SubjectAccess;
        step!(crashes, "take files", |store| store.take_files(
            &staff(),
            first,
            &[Side::Victim],
            taking,
            at(28)
        ));
        step!(crashes, "take the case", |store| store.take_core(
            &staff(),
            first,
            at(28)
        ));
        step!(crashes, "take a document", |store| async {
            store
                .take_document(&staff(), (first, Side::Victim), entry, taking, at(28))
                .await
        });
        let withdrawn = FileChange::Withdrawn { party: 0, on: today };
        step!(crashes, "withdraw", |store| store.change_file(
            &staff(),
            first,
            Side::Offender,
            &withdrawn,
            at(28)
        ));
        let erased = FileChange::Erased { party: 0, on: today };
        step!(crashes, "erase", |store| store.change_file(
            &staff(),
            second,
            Side::Victim,
            &erased,
            at(29)
        ));
        let closing = Closing {
            reason: CloseReason::Other,
            outcome: None,
            note: None,
        };
        step!(crashes, "close", |store| store.close_case(
            &staff(),
            second,
            &closing,
            at(30)
        ));
        step!(crashes, "reopen", |store| store.reopen_case(
            &staff(),
            second,
            "once more",
            at(31)
        ));
        let refused = [
            FileChange::FormSent { party: 0, on: today },
            FileChange::FormRefused { party: 0, on: today },
        ];
        for change in &refused {
            step!(crashes, "form", |store| store.change_file(
                &staff(),
                second,
                Side::Offender,
                change,
                at(32)
            ));
        }
        step!(crashes, "destroy", |store| store.destroy_case(
            &staff(),
            second,
            DestroyRule::Order,
            at(33)
        ));
    }

    async fn liaison_mail_leaves(crashes: &mut Crashes) {
        let to = [VICTIM_MAIL, OFFENDER_MAIL];
        step!(crashes, "submit", |store| {
            let mail = submitted(&to);
            async move { store.accept_outbound_once(&mail, at(40)).await }
        });
        step!(crashes, "submit another", |store| {
            let mail = submitted(&[OFFICER_MAIL]);
            async move { store.accept_outbound(&mail, at(41)).await }
        });
        step!(crashes, "claim mails", |store| store.claim_unplanned(10));
        let mails = crashes.store.outbound().await.unwrap();
        for mail in &mails {
            let plan: Vec<_> = mail.deliveries.iter().map(|_| ()).collect();
            assert!(plan.is_empty());
            let recipients = crashes.store.outbound_mail(mail.id).await.unwrap().recipients;
            let mut plan: Vec<_> = recipients
                .iter()
                .map(|to| planned(to.expose_personal()))
                .collect();
            if let Some(held) = plan.get_mut(1) {
                held.action = DeliveryAction::Hold;
                held.if_released = Some(Release::Redact);
            }
            step!(crashes, "plan", |store| store.save_plan(mail.id, &plan, at(42)));
        }
        step!(crashes, "claim deliveries", |store| store
            .due_deliveries(at(43), 10));
        let due = crashes.store.due_deliveries(at(43), 10).await.unwrap();
        for delivery in &due {
            step!(crashes, "begin", |store| {
                async move {
                    // A claim belongs to the process that made it.
                    store.due_deliveries(at(43), 10).await?;
                    store.begin_delivery(delivery.id, HOUR).await
                }
            });
            let sent = DeliveryOutcome::Sent { code: 250 };
            step!(crashes, "sent", |store| store.record_delivery(
                delivery.id,
                sent,
                at(44)
            ));
        }
        let with_held = mails.last().unwrap().id;
        step!(crashes, "copies", |store| store.open_outbound(
            with_held,
            &actor(),
            at(45)
        ));
        for notice in crashes.store.due_notices(10).await.unwrap() {
            step!(crashes, "notice", |store| store.queue_notice(
                &notice,
                None,
                at(46)
            ));
        }
        step!(crashes, "release", |store| store.release_outbound(
            with_held,
            &actor(),
            at(47)
        ));
        let report = DeliveryReport {
            message_ids: vec![format!("<{VICTIM_MAIL}.{THREAD}>")],
            recipients: vec![ReportedRecipient {
                address: VICTIM_MAIL.into(),
                code: Some(550),
            }],
        };
        step!(crashes, "report", |store| store.apply_report(&report, at(48)));
        step!(crashes, "submit a third", |store| {
            let mail = submitted(&[OFFENDER_MAIL]);
            async move { store.accept_outbound(&mail, at(49)).await }
        });
        let third = crashes.store.outbound().await.unwrap()[0].id;
        let held = PlannedDelivery {
            action: DeliveryAction::Hold,
            message: None,
            message_id: None,
            ..planned(OFFENDER_MAIL)
        };
        step!(crashes, "plan a third", |store| store.save_plan(
            third,
            std::slice::from_ref(&held),
            at(49)
        ));
        step!(crashes, "return", |store| store.return_outbound(
            third,
            &actor(),
            at(50)
        ));
    }

    const OFFICER_MAIL: &str = "v.blackstock@police.example";

    fn token(byte: u8) -> SessionToken {
        SessionToken(Zeroizing::new([byte; 32]))
    }

    async fn staff_sign_in(crashes: &mut Crashes) {
        let terms = SessionTerms {
            idle: HOUR,
            absolute: HOUR * 12,
        };
        for name in ["r.staff", "s.second"] {
            let new = NewStaff {
                name: name.into(),
                role: StaffRole::Staff,
                password_hash: "$argon2id$v=19$m=19456,t=2,p=1$unmistakable".into(),
            };
            step!(crashes, "staff", |store| store.put_staff(&new, &actor(), at(60)));
        }
        let id = crashes.store.staff("r.staff").await.unwrap().unwrap().id;
        step!(crashes, "failed", |store| store
            .note_failed_sign_in(Some(id), at(61)));
        step!(crashes, "begin session", |store| async move {
            store.begin_session(id, &token(1), at(62)).await
        });
        step!(crashes, "secret", |store| store.pending_secret(id, at(63)));
        let enrolment = Enrolment {
            step: 1,
            recovery: vec![Zeroizing::new("abcd-efgh".into())],
        };
        let open = crashes
            .store
            .session(&token(1), terms, at(63))
            .await
            .unwrap()
            .unwrap();
        step!(crashes, "second step", |store| async {
            store
                .set_up_second_step(&open, &enrolment, &token(2), at(64))
                .await
        });
        step!(crashes, "begin again", |store| async move {
            store.begin_session(id, &token(3), at(65)).await
        });
        let open = crashes
            .store
            .session(&token(3), terms, at(66))
            .await
            .unwrap()
            .unwrap();
        step!(crashes, "complete", |store| async {
            store
                .complete_session(&open, &SecondProof::Step(2), &token(4), at(66))
                .await
        });
        step!(crashes, "request", |store| async move {
            store.session(&token(4), terms, at(300)).await
        });
        let open = crashes
            .store
            .session(&token(4), terms, at(300))
            .await
            .unwrap()
            .unwrap();
        step!(crashes, "own password", |store| store.change_password(
            &open,
            "$argon2id$v=19$m=19456,t=2,p=1$another",
            at(300)
        ));
        step!(crashes, "end session", |store| store.end_session(
            &open.account,
            open.info.id,
            at(301)
        ));
        step!(crashes, "a last session", |store| async move {
            store.begin_session(id, &token(5), at(301)).await
        });
        step!(crashes, "too late", |store| async move {
            store.session(&token(5), terms, at(2 * DAY)).await
        });
        step!(crashes, "reset", |store| store.reset_second_step(
            "r.staff",
            &actor(),
            at(302)
        ));
        step!(crashes, "remove", |store| store.remove_staff(
            "s.second",
            &actor(),
            at(303)
        ));
    }

    async fn daemons_share_the_work(crashes: &mut Crashes) {
        let lease = LeaseName {
            mailbox: "referrals".into(),
            duty: Duty::Inbox,
        };
        // Every run is a new incarnation, so that each step signs on by itself.
        step!(crashes, "sign on", |store| async {
            let daemon = store.for_daemon("one", HOUR)?;
            daemon.sign_on().await?;
            daemon.take_lease(&lease).await?;
            daemon.renew().await?;
            daemon.claim_held(10).await?;
            daemon.give_up_lease(&lease).await?;
            daemon.sign_off().await
        });
    }

    async fn everything_ends(crashes: &mut Crashes) {
        let user = account().user;
        step!(crashes, "notice given", |store| store.note_privacy_notice(
            &user,
            at(0),
            at(400)
        ));
        step!(crashes, "own mail", |store| async {
            let listed = store.own_mails(&user, &actor(), (0, 10), at(400)).await;
            listed.map(|_| ())
        });
        step!(crashes, "preview", |store| async {
            store.note_preview(&user, &actor(), at(400)).await
        });
        let answer = MonitoringAnswer {
            year: 2026,
            category: "age".into(),
            answer: "40-49".into(),
        };
        step!(crashes, "count", |store| store.count_monitoring(&answer));
        step!(crashes, "left", |store| store.account_left(
            &user,
            &actor(),
            at(401)
        ));
        let second = SubmissionAccount {
            user: "somebody".into(),
            ..account()
        };
        step!(crashes, "account", |store| store.put_account(&second, at(402)));
        step!(crashes, "remove account", |store| store
            .remove_account("somebody", at(403)));
        crashes.home.rotate();
        crashes.open_again().await;
        step!(crashes, "rewrap", |store| store.rewrap_keys(at(404)));
        let file = crashes.home.folder().join("crash.backup");
        step!(crashes, "backup", |store| async {
            let _gone_or_not = std::fs::remove_file(&file);
            let made = store.backup(&file, &actor(), at(405)).await;
            made.map_err(|_| StoreError::Transient("no backup"))
        });
        let all = Deadlines {
            closed: at(9 * DAY),
            automatic: at(9 * DAY),
            enquiries: at(9 * DAY),
            liaison: at(9 * DAY),
            statistics: at(9 * DAY),
            left: at(9 * DAY),
        };
        for _ in 0..2 {
            step!(crashes, "terms", |store| store.destroy_expired(
                &all,
                3,
                at(10 * DAY)
            ));
        }
        step!(crashes, "the last terms", |store| store.destroy_expired(
            &all,
            100,
            at(10 * DAY)
        ));
        assert!(crashes.store.expired(&all, 10).await.unwrap().is_empty());
    }
}
