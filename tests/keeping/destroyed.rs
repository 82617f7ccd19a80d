//! What was destroyed after a backup stays destroyed when it is restored (promise 7).

use crate::on_both;

on_both! {
    what_was_rejected_after_the_backup_stays_destroyed
    a_mail_that_came_and_was_rejected_after_the_backup_is_known_as_rejected
    an_account_that_was_removed_after_the_backup_stays_removed
    an_unfinished_destruction_is_decided_by_a_person
    a_destruction_that_a_crash_left_open_is_settled_when_the_database_is_opened
    without_the_destruction_log_nothing_is_restored_unless_told_so
    a_forged_line_of_the_destruction_log_destroys_nothing
    a_destruction_that_cannot_be_logged_does_not_happen
    what_people_asked_for_after_the_backup_is_not_forgotten
}

mod stories {
    use crate::restoring::*;
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;
    use std::path::{Path, PathBuf};

    pub(super) async fn what_was_rejected_after_the_backup_stays_destroyed(home: Home) {
        let store = home.open().await;
        let (_, held) = story(&store).await;
        let unread = read(&store, 4, &parsed()).await;
        let live = read(&store, 5, &parsed()).await;
        let file = back_up(&store, &home).await;
        store.reject(unread, &actor(), at(51)).await.unwrap();
        // Its move was not proved when the backup was made.
        store
            .finish_move(&inbox(1), 3, Some(copy(3)), at(52))
            .await
            .unwrap();
        store
            .save_unreadable(held, UnreadableReason::Malformed, at(52))
            .await
            .unwrap();
        store.reject(held, &actor(), at(53)).await.unwrap();
        drop(store);
        let into = home.successor();
        let summary = restore(&into, &file, &RestoreOptions::default()).await.unwrap();
        assert_eq!(summary.destroyed_again, 2);
        for id in [unread, held] {
            assert!(!has_key(&into, id.0).await);
        }
        assert!(has_key(&into, live.0).await);
        let store = into.open().await;
        for id in [unread, held] {
            assert_eq!(store.message(id).await.unwrap().state, MessageState::Rejected);
            assert!(matches!(store.raw_message(id).await, Err(StoreError::NotFound)));
            assert!(store.parsed(id).await.unwrap().is_none());
            assert!(store.reject(id, &actor(), at(80)).await.is_err());
        }
        assert!(!store.knows_thread(&[format!("<4.{THREAD}>")]).await.unwrap());
        let live_draft = store.parsed(live).await.unwrap();
        assert!(live_draft.is_some(), "what was not rejected is there");
        let due: Vec<MessageId> = store
            .due_server_deletions("referrals")
            .await
            .unwrap()
            .iter()
            .map(|deletion| deletion.message)
            .collect();
        assert!(
            due.contains(&unread) && due.contains(&held),
            "the server's copies go"
        );
        // The copy of the one whose move is proved now goes too.
        store
            .finish_move(&inbox(1), 3, Some(copy(3)), at(81))
            .await
            .unwrap();
        let tombstones: Vec<(Vec<u8>,)> = into.attacker().await.all("SELECT id FROM tombstones").await;
        assert_eq!(tombstones.len(), 3);
        store.verify_audit().await.unwrap();
        // Nothing of it is in the files, and the next restore says the same.
        let again = home.successor();
        restore(&again, &file, &RestoreOptions::default()).await.unwrap();
        assert!(!has_key(&again, unread.0).await);
    }

    pub(super) async fn a_mail_that_came_and_was_rejected_after_the_backup_is_known_as_rejected(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let file = back_up(&store, &home).await;
        let id = read(&store, 6, &parsed()).await;
        store.reject(id, &actor(), at(51)).await.unwrap();
        drop(store);
        let into = home.successor();
        let store = restored(&into, &file).await;
        // Staff move what is in the processed folder back into the inbox.
        let met = store
            .commit_batch(&inbox(1), vec![mail_of(6)], at(70))
            .await
            .unwrap();
        assert!(met[0].already_known);
        assert_eq!(met[0].message, id);
        store
            .finish_move(&inbox(1), 106, Some(copy(106)), at(71))
            .await
            .unwrap();
        let due = store.due_server_deletions("referrals").await.unwrap();
        assert!(
            due.iter().any(|deletion| deletion.message == id),
            "and goes again"
        );
        let summary = store.message(id).await.unwrap();
        assert_eq!((summary.state, summary.received), (MessageState::Rejected, at(0)));
        store.verify_audit().await.unwrap();
    }

    pub(super) async fn an_account_that_was_removed_after_the_backup_stays_removed(home: Home) {
        let store = home.open().await;
        story(&store).await;
        let file = back_up(&store, &home).await;
        assert!(store.remove_account("hates-dogs", at(51)).await.unwrap());
        let into = home.successor();
        let store = restored(&into, &file).await;
        assert!(store.accounts().await.unwrap().is_empty());
        let case = store.cases().await.unwrap()[0].id;
        assert!(store.allocations(case).await.unwrap().is_empty());
        store.put_account(&account(), at(70)).await.unwrap();
    }

    /// The log without its lines of this step.
    fn without(log: &Path, step: &str) -> String {
        let text = std::fs::read_to_string(log).unwrap();
        let kept = text.lines().filter(|line| line.split(' ').nth(1) != Some(step));
        kept.map(|line| format!("{line}\n")).collect()
    }

    pub(super) async fn an_unfinished_destruction_is_decided_by_a_person(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let file = back_up(&store, &home).await;
        store.reject(id, &actor(), at(51)).await.unwrap();
        drop(store);
        // The power failed after the order was written, and the disk of the database is gone.
        let log = home.folder().join("cut.log");
        std::fs::write(&log, without(&home.log(), "done")).unwrap();
        let into = home.successor().with_log(log.clone());
        let refused = restore(&into, &file, &RestoreOptions::default()).await;
        let Err(RestoreError::Unfinished(names)) = &refused else {
            panic!("{refused:?}")
        };
        assert_eq!(*names, [format!("message {}", id.0)]);
        let told = refused.unwrap_err().to_string();
        assert!(
            told.contains("--unfinished destroy or --unfinished keep"),
            "{told}"
        );

        let keep = RestoreOptions {
            unfinished: Unfinished::Keep,
            ..RestoreOptions::default()
        };
        let summary = restore(&into, &file, &keep).await.unwrap();
        assert_eq!((summary.destroyed_again, summary.kept), (0, 1));
        assert!(into.open().await.parsed(id).await.unwrap().is_some());
        // Once decided it is not asked again.
        let second = into.successor();
        let summary = restore(&second, &file, &RestoreOptions::default()).await.unwrap();
        assert_eq!((summary.destroyed_again, summary.kept), (0, 0));

        std::fs::write(&log, without(&home.log(), "done")).unwrap();
        let destroy = RestoreOptions {
            unfinished: Unfinished::Destroy,
            ..RestoreOptions::default()
        };
        let third = into.successor();
        let summary = restore(&third, &file, &destroy).await.unwrap();
        assert_eq!((summary.destroyed_again, summary.kept), (1, 0));
        let store = third.open().await;
        assert_eq!(store.message(id).await.unwrap().state, MessageState::Rejected);
        let fourth = into.successor();
        let store = restored(&fourth, &file).await;
        assert!(matches!(store.raw_message(id).await, Err(StoreError::NotFound)));
    }

    pub(super) async fn a_destruction_that_a_crash_left_open_is_settled_when_the_database_is_opened(
        home: Home,
    ) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let large = UnstoredEnd::TooLarge;
        store.note_seen(&inbox(1), &[seen(2)], at(3)).await.unwrap();
        store.end_unstored(&inbox(1), 2, large, at(4)).await.unwrap();
        let unfetched = store.messages().await.unwrap()[0].id;
        let file = back_up(&store, &home).await;
        for message in [id, unfetched] {
            store.reject(message, &actor(), at(51)).await.unwrap();
        }
        drop(store);
        // The process was killed after the commit: it did happen.
        std::fs::write(home.log(), without(&home.log(), "done")).unwrap();
        drop(home.open().await);
        let settled = std::fs::read_to_string(home.log()).unwrap();
        assert_eq!(settled.matches(" done ").count(), 2);
        drop(home.open().await);
        assert_eq!(std::fs::read_to_string(home.log()).unwrap(), settled, "once");
        // The process was killed before the commit: it did not.
        let log = home.folder().join("before.log");
        std::fs::write(&log, without(&home.log(), "done")).unwrap();
        let accept = RestoreOptions {
            missing_log: MissingLog::Accept,
            ..RestoreOptions::default()
        };
        let before = home.successor().with_log(home.folder().join("other.log"));
        restore(&before, &file, &accept).await.unwrap();
        let before = before.with_log(log.clone());
        let store = before.open().await;
        assert_eq!(store.message(id).await.unwrap().state, MessageState::Read);
        let settled = std::fs::read_to_string(&log).unwrap();
        assert_eq!(
            (
                settled.matches(" undone ").count(),
                settled.matches(" done ").count()
            ),
            (2, 0)
        );
        drop(store);
        let after = before.successor();
        restore(&after, &file, &RestoreOptions::default()).await.unwrap();
        assert!(has_key(&after, id.0).await);
    }

    pub(super) async fn without_the_destruction_log_nothing_is_restored_unless_told_so(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let file = back_up(&store, &home).await;
        store.reject(id, &actor(), at(51)).await.unwrap();
        let elsewhere = home.folder().join("elsewhere.log");
        let into = home.successor().with_log(elsewhere.clone());
        let refused = restore(&into, &file, &RestoreOptions::default()).await;
        assert!(matches!(refused, Err(RestoreError::NoLog)));
        // Another database's log is none of this one.
        let stranger = home.another();
        stored(&stranger.open().await, 1, "one").await;
        let with = |log: PathBuf| RestoreOptions {
            destruction_logs: vec![log],
            ..RestoreOptions::default()
        };
        for log in [stranger.log(), home.folder().join("nothing.log")] {
            let refused = restore(&into, &file, &with(log)).await;
            assert!(matches!(refused, Err(RestoreError::NotOurLog(_))));
        }
        std::fs::copy(stranger.log(), &elsewhere).unwrap();
        let refused = restore(&into, &file, &RestoreOptions::default()).await;
        assert!(matches!(refused, Err(RestoreError::NoLog)));
        // Its own, named.
        restore(&into, &file, &with(home.log())).await.unwrap();
        assert!(!has_key(&into, id.0).await);
        // From then on the new place knows.
        let next = into.successor();
        restore(&next, &file, &RestoreOptions::default()).await.unwrap();
        assert!(!has_key(&next, id.0).await);
        let lost = home.successor().with_log(home.folder().join("lost.log"));
        let accept = RestoreOptions {
            missing_log: MissingLog::Accept,
            ..RestoreOptions::default()
        };
        restore(&lost, &file, &accept).await.unwrap();
        assert!(has_key(&lost, id.0).await);
    }

    pub(super) async fn a_forged_line_of_the_destruction_log_destroys_nothing(home: Home) {
        let store = home.open().await;
        let (gone, live) = (read(&store, 1, &parsed()).await, read(&store, 2, &parsed()).await);
        let file = back_up(&store, &home).await;
        store.reject(gone, &actor(), at(51)).await.unwrap();
        drop(store);
        let text = std::fs::read_to_string(home.log()).unwrap();
        let forged = text.replace(&gone.0.to_string(), &live.0.to_string());
        let log = home.folder().join("forged.log");
        std::fs::write(&log, format!("{text}{forged}")).unwrap();
        let into = home.successor().with_log(log);
        let refused = restore(&into, &file, &RestoreOptions::default()).await;
        let lines = text.lines().count() as u64;
        let Err(RestoreError::LogChanged { line, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(line, lines + 2);
        assert!(
            restore(&home.successor(), &file, &RestoreOptions::default())
                .await
                .is_ok()
        );
    }

    pub(super) async fn a_destruction_that_cannot_be_logged_does_not_happen(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        std::fs::remove_file(home.log()).unwrap();
        std::fs::create_dir(home.log()).unwrap();
        let refused = store.reject(id, &actor(), at(10)).await;
        assert!(
            matches!(refused, Err(StoreError::DestructionLog(_))),
            "{refused:?}"
        );
        assert!(store.parsed(id).await.unwrap().is_some());
        // Other work goes on.
        store.file_message(id, at(11)).await.unwrap();
        let other = read(&store, 2, &parsed()).await;
        std::fs::remove_dir(home.log()).unwrap();
        store.reject(other, &actor(), at(12)).await.unwrap();
        drop(store);
        std::fs::remove_file(home.log()).unwrap();
        std::fs::create_dir(home.log()).unwrap();
        let refused = home.try_open(home.keys()).await.err();
        assert!(matches!(refused, Some(StoreError::DestructionLog(_))));
    }

    /// What keeps us from the people of a side, by number.
    async fn limits(store: &Store, case: CaseId, side: Side) -> Vec<PartyLimits> {
        let files = store.open_files(&staff(), case, at(90)).await.unwrap();
        let file = files.iter().find(|file| file.side == side).unwrap();
        file.state.expose_personal().limits()
    }

    pub(super) async fn what_people_asked_for_after_the_backup_is_not_forgotten(home: Home) {
        let store = home.open().await;
        let today = jiff::tz::TimeZone::UTC.to_datetime(at(0)).date();
        let mut cases = Vec::new();
        for uid in 1..=4 {
            let id = read(&store, uid, &parsed()).await;
            cases.push(store.accept(id, "RJ", &actor(), at(10)).await.unwrap().0);
        }
        let [gone, lifted, asked, back] = cases[..] else {
            panic!("four cases")
        };
        let restricted = |party| FileChange::Restricted {
            party,
            reason: "she disputes it".into(),
        };
        let change = async |case, side, change: FileChange| {
            store
                .change_file(&staff(), case, side, &change, at(20))
                .await
                .unwrap();
        };
        change(back, Side::Victim, FileChange::Withdrawn { party: 0, on: today }).await;
        let file = back_up(&store, &home).await;

        change(gone, Side::Victim, FileChange::Erased { party: 0, on: today }).await;
        change(lifted, Side::Victim, restricted(0)).await;
        let lift = FileChange::RestrictionLifted {
            party: 0,
            reason: "it is settled".into(),
        };
        change(lifted, Side::Victim, lift).await;
        change(asked, Side::Victim, FileChange::Withdrawn { party: 0, on: today }).await;
        change(asked, Side::Victim, restricted(1)).await;
        let no = FileChange::Consent {
            party: 0,
            purpose: ConsentPurpose::Contact,
            answer: ConsentAnswer::Refused,
            how: None,
            on: today,
            by: None,
        };
        change(asked, Side::Offender, no).await;
        // Who comes back after the backup is not taken back by it, but staff have to record it anew.
        let yes = FileChange::Consent {
            party: 0,
            purpose: ConsentPurpose::Contact,
            answer: ConsentAnswer::Given,
            how: Some(ConsentHow::Verbal),
            on: today,
            by: Some("r.staff".into()),
        };
        change(back, Side::Victim, yes).await;
        let log = std::fs::read_to_string(home.log()).unwrap();
        assert!(!IDENTITIES.iter().any(|identity| log.contains(identity)));
        drop(store);

        let into = home.successor();
        let summary = restore(&into, &file, &RestoreOptions::default()).await.unwrap();
        assert_eq!(summary.limited_again, 4);
        let store = into.open().await;
        assert!(limits(&store, gone, Side::Victim).await[0].erased);
        let shown = store.open_files(&staff(), gone, at(91)).await.unwrap();
        let victims = shown.iter().find(|file| file.side == Side::Victim).unwrap();
        assert!(
            !serde_json::to_string(victims.state.expose_personal())
                .unwrap()
                .contains(VICTIM)
        );
        assert_eq!(
            limits(&store, lifted, Side::Victim).await[0],
            PartyLimits::default()
        );
        let both = limits(&store, asked, Side::Victim).await;
        assert!(both[0].withdrawn && !both[0].restricted);
        assert!(both[1].restricted && !both[1].withdrawn);
        assert!(limits(&store, asked, Side::Offender).await[0].refuses_contact);
        assert!(limits(&store, back, Side::Victim).await[0].withdrawn);
        store.verify_audit().await.unwrap();

        // The same once more, from a log that only the restored database wrote.
        drop(store);
        let again = into.successor();
        let summary = restore(&again, &file, &RestoreOptions::default()).await.unwrap();
        assert_eq!(summary.limited_again, 4);
    }
}
