//! Accepting, rejecting, cases (promises 7 and 8).

use crate::on_both;

on_both! {
    accepting_opens_a_case_with_one_file_per_side_and_nothing_crosses
    redaction_gets_everybody_of_every_case_with_who_supports_whom
    references_count_per_prefix_and_year_without_gaps
    every_referral_of_a_message_becomes_a_case
    a_decision_is_made_once_and_only_on_what_was_read
    a_rejected_message_is_destroyed_and_its_server_copies_are_due
    nothing_is_to_be_deleted_where_a_mail_came_from_a_file
    a_rejected_mail_that_comes_again_is_no_second_message_and_must_go_again
    every_copy_of_a_rejected_mail_is_due_one_after_the_other
    a_copy_nobody_knows_is_due_to_be_looked_for_and_a_large_one_where_it_lies
    a_rejected_large_mail_is_met_again_after_a_new_uidvalidity_and_still_goes
    a_message_rejected_before_its_move_is_proved_loses_the_moved_copy_too
    staff_find_messages_by_the_end_of_the_id_and_cases_by_reference
}

mod stories {
    use crate::support::*;
    use referrald::casework::{Casework, CaseworkError};
    use referrald::domain::*;
    use referrald::store::*;

    fn all_of(file: &OpenedFile) -> String {
        serde_json::to_string(&file.state.expose_personal().referral).unwrap()
    }

    pub(super) async fn accepting_opens_a_case_with_one_file_per_side_and_nothing_crosses(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let (case, reference) = store.accept(id, "RJ", &actor(), at(10)).await.unwrap();
        assert_eq!(reference.as_str(), "RJ-2026-00001");
        assert_eq!(store.message(id).await.unwrap().state, MessageState::Accepted);
        let cases = store.cases().await.unwrap();
        assert_eq!((cases[0].id, &cases[0].reference), (case, &reference));
        assert_eq!((cases[0].state, cases[0].opened), (CaseState::Open, at(10)));
        assert_eq!(cases[0].sides, [Side::Victim, Side::Offender]);
        let files = store.open_files(&staff(), case, at(11)).await.unwrap();
        let (victim, offender) = (all_of(&files[0]), all_of(&files[1]));
        for text in [
            OFFENDER,
            OFFENDER_MAIL,
            OFFENDER_PNC,
            "Wraxhall",
            WITNESS,
            SUMMARY,
        ] {
            assert!(!victim.contains(text), "{text} on the victim's file");
        }
        for text in [
            VICTIM,
            VICTIM_MAIL,
            VICTIM_PHONE,
            VICTIM_STREET,
            MOTHER,
            "Tollington",
            WITNESS,
            "window",
        ] {
            assert!(!offender.contains(text), "{text} on the offender's file");
        }
        for text in [VICTIM, MOTHER, VICTIM_PHONE, CRIME, OFFICER] {
            assert!(victim.contains(text), "{text} missing on the victim's file");
        }
        for text in [OFFENDER, OFFENDER_PNC, CRIME, "criminal damage"] {
            assert!(offender.contains(text), "{text} missing on the offender's file");
        }
        let core = store.open_case_core(&staff(), case, at(11)).await.unwrap();
        let core = core.referral.expose_personal();
        assert_eq!(core.offence.summary.as_deref(), Some(SUMMARY));
        assert_eq!(core.parties[0].name.as_deref(), Some(WITNESS));
    }

    pub(super) async fn redaction_gets_everybody_of_every_case_with_who_supports_whom(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        store.accept(id, "RJ", &actor(), at(10)).await.unwrap();
        let known = store.known_cases().await.unwrap();
        assert_eq!((known.len(), known[0].closed), (1, false));
        assert_eq!(known[0].reference.as_deref(), Some("RJ-2026-00001"));
        let parties = &known[0].referral.parties;
        let mut names: Vec<_> = parties.iter().filter_map(|p| p.name.as_deref()).collect();
        names.sort_unstable();
        assert_eq!(names, [OFFENDER, VICTIM, WITNESS, MOTHER]);
        let mother = parties
            .iter()
            .find(|p| p.name.as_deref() == Some(MOTHER))
            .unwrap();
        assert_eq!(parties[mother.supports.unwrap()].name.as_deref(), Some(VICTIM));
        assert_eq!(known[0].referral.references.len(), 2);
    }

    pub(super) async fn references_count_per_prefix_and_year_without_gaps(home: Home) {
        let store = home.open().await;
        let mut references = Vec::new();
        let year = 366 * 24 * 3600;
        for (uid, prefix, when) in [(1, "RJ", 0), (2, "RJ", 1), (3, "MED", 1), (4, "RJ", year)] {
            let id = read(&store, uid, &parsed()).await;
            references.push(
                store
                    .accept(id, prefix, &actor(), at(when))
                    .await
                    .unwrap()
                    .1
                    .to_string(),
            );
        }
        assert_eq!(
            references,
            [
                "RJ-2026-00001",
                "RJ-2026-00002",
                "MED-2026-00001",
                "RJ-2027-00001"
            ]
        );
    }

    pub(super) async fn every_referral_of_a_message_becomes_a_case(home: Home) {
        let store = home.open().await;
        let mut several = parsed();
        several.more_referrals = vec![referral(), referral()];
        let id = read(&store, 1, &several).await;
        let (_, first) = store.accept(id, "RJ", &actor(), at(10)).await.unwrap();
        assert_eq!(first.as_str(), "RJ-2026-00001");
        assert_eq!(store.cases().await.unwrap().len(), 3);
    }

    pub(super) async fn a_decision_is_made_once_and_only_on_what_was_read(home: Home) {
        let store = home.open().await;
        let refused = |result: Result<(), StoreError>| match result {
            Err(StoreError::WrongState(text)) => text,
            _ => panic!("not refused"),
        };
        let held = stored(&store, 1, "held").await;
        assert!(refused(store.reject(held, &actor(), at(3)).await).contains("waiting to be read"));
        let accepted = read(&store, 2, &parsed()).await;
        store.accept(accepted, "RJ", &actor(), at(3)).await.unwrap();
        assert!(refused(store.reject(accepted, &actor(), at(4)).await).contains("belongs to a case"));
        let again = store.accept(accepted, "RJ", &actor(), at(4)).await.map(|_| ());
        assert!(refused(again).contains("belongs to a case"));
        let rejected = read(&store, 3, &parsed()).await;
        store.reject(rejected, &actor(), at(3)).await.unwrap();
        assert!(refused(store.reject(rejected, &actor(), at(4)).await).contains("destroyed"));
        assert!(
            refused(
                store
                    .save_parsed(rejected, &parsed(), &Source::default(), &[], at(4))
                    .await
            )
            .contains("decided")
        );
        let unreadable = stored(&store, 4, "unreadable").await;
        store
            .save_unreadable(unreadable, UnreadableReason::Malformed, at(2))
            .await
            .unwrap();
        let accept = store.accept(unreadable, "RJ", &actor(), at(3)).await.map(|_| ());
        assert!(refused(accept).contains("could not be read"));
        store.reject(unreadable, &actor(), at(3)).await.unwrap();
        let mut enquiry = parsed();
        enquiry.referral = None;
        let enquiry = read(&store, 5, &enquiry).await;
        let accept = store.accept(enquiry, "RJ", &actor(), at(3)).await.map(|_| ());
        assert!(refused(accept).contains("refers nobody"));
        assert_eq!(
            store.cases().await.unwrap().len(),
            1,
            "a refused acceptance uses up no reference"
        );
        assert!(matches!(
            store.reject(MessageId(Default::default()), &actor(), at(3)).await,
            Err(StoreError::NotFound)
        ));
    }

    pub(super) async fn a_rejected_message_is_destroyed_and_its_server_copies_are_due(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let other = read(&store, 2, &parsed()).await;
        store.reject(id, &actor(), at(10)).await.unwrap();
        assert!(matches!(store.raw_message(id).await, Err(StoreError::NotFound)));
        assert!(store.parsed(id).await.unwrap().is_none());
        assert!(!store.knows_thread(&[format!("1.{THREAD}")]).await.unwrap());
        assert!(store.knows_thread(&[format!("2.{THREAD}")]).await.unwrap());
        assert!(store.similar_messages(other).await.unwrap().is_empty());
        let message = store.message(id).await.unwrap();
        assert_eq!((message.state, message.kind), (MessageState::Rejected, None));
        let due = store.due_server_deletions("referrals").await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].message, due[0].copy.clone()), (id, Some(copy(1))));
        assert_ne!(due[0].raw_hash, ServerDeletion::NEVER_FETCHED);
        store.finish_server_deletion(id, at(11)).await.unwrap();
        assert!(store.due_server_deletions("referrals").await.unwrap().is_empty());
        let tombstone: (Vec<u8>, String, String, Option<i64>) = home
            .attacker()
            .await
            .all("SELECT id, reason, actor, server_copy_gone FROM tombstones")
            .await
            .remove(0);
        assert_eq!(tombstone.0, id.0.as_bytes());
        assert_eq!(
            (tombstone.1.as_str(), tombstone.2.as_str()),
            ("rejected", "r.staff")
        );
        assert_eq!(tombstone.3, Some(at(11).as_microsecond()));
    }

    pub(super) async fn nothing_is_to_be_deleted_where_a_mail_came_from_a_file(home: Home) {
        let store = home.open().await;
        let files = FolderKey {
            mailbox: FROM_FILES.into(),
            folder: FROM_FILES.into(),
            uidvalidity: 1,
        };
        let id = store
            .commit_batch(&files, vec![mail(1, "one")], at(0))
            .await
            .unwrap()[0]
            .message;
        store.finish_move(&files, 1, None, at(1)).await.unwrap();
        store
            .save_parsed(id, &parsed(), &Source::default(), &[], at(2))
            .await
            .unwrap();
        store.reject(id, &actor(), at(3)).await.unwrap();
        // The same file again.
        store
            .commit_batch(&files, vec![mail(2, "one")], at(4))
            .await
            .unwrap();
        store.finish_move(&files, 2, None, at(5)).await.unwrap();
        assert!(store.due_server_deletions(FROM_FILES).await.unwrap().is_empty());
        assert_eq!(store.tombstones().await.unwrap()[0].copies_left, 0);
    }

    pub(super) async fn a_rejected_mail_that_comes_again_is_no_second_message_and_must_go_again(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        store.reject(id, &actor(), at(10)).await.unwrap();
        store.finish_server_deletion(id, at(11)).await.unwrap();
        let again = store
            .commit_batch(&inbox(1), vec![mail(50, &format!("{RAW}1"))], at(12))
            .await
            .unwrap();
        assert_eq!((again[0].message, again[0].already_known), (id, true));
        assert!(
            matches!(store.raw_message(id).await, Err(StoreError::NotFound)),
            "its bytes are not kept again"
        );
        store
            .finish_move(&inbox(1), 50, Some(copy(51)), at(13))
            .await
            .unwrap();
        let due = store.due_server_deletions("referrals").await.unwrap();
        assert_eq!(due[0].copy, Some(copy(51)));
        assert_eq!(store.messages().await.unwrap().len(), 1);
    }

    pub(super) async fn every_copy_of_a_rejected_mail_is_due_one_after_the_other(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        store
            .commit_batch(&inbox(1), vec![mail(2, &format!("{RAW}1"))], at(3))
            .await
            .unwrap();
        store
            .finish_move(&inbox(1), 2, Some(copy(2)), at(4))
            .await
            .unwrap();
        store.reject(id, &actor(), at(10)).await.unwrap();
        let mut copies = Vec::new();
        while let Some(due) = store.due_server_deletions("referrals").await.unwrap().pop() {
            copies.push(due.copy.unwrap().uid);
            store.finish_server_deletion(due.message, at(11)).await.unwrap();
        }
        assert_eq!(copies, [1, 2]);
        assert!(matches!(
            store.finish_server_deletion(id, at(12)).await,
            Err(StoreError::NotFound)
        ));
    }

    pub(super) async fn a_copy_nobody_knows_is_due_to_be_looked_for_and_a_large_one_where_it_lies(
        home: Home,
    ) {
        let store = home.open().await;
        let id = stored(&store, 1, "one").await;
        store
            .save_parsed(id, &parsed(), &Source::default(), &[], at(1))
            .await
            .unwrap();
        store.finish_move(&inbox(1), 1, None, at(2)).await.unwrap();
        store.reject(id, &actor(), at(3)).await.unwrap();
        store.note_seen(&inbox(1), &[seen(2)], at(3)).await.unwrap();
        store
            .end_unstored(&inbox(1), 2, UnstoredEnd::TooLarge, at(3))
            .await
            .unwrap();
        let large = store.messages().await.unwrap()[0].id;
        store.reject(large, &actor(), at(4)).await.unwrap();
        let due = store.due_server_deletions("referrals").await.unwrap();
        assert_eq!((due[0].message, due[0].copy.clone()), (id, None));
        let there = ServerCopy {
            folder: "INBOX".into(),
            uidvalidity: 1,
            uid: 2,
        };
        assert_eq!((due[1].message, due[1].copy.clone()), (large, Some(there)));
        assert_eq!(due[1].raw_hash, ServerDeletion::NEVER_FETCHED);
    }

    pub(super) async fn a_rejected_large_mail_is_met_again_after_a_new_uidvalidity_and_still_goes(
        home: Home,
    ) {
        let store = home.open().await;
        store.note_seen(&inbox(1), &[seen(2)], at(0)).await.unwrap();
        store
            .end_unstored(&inbox(1), 2, UnstoredEnd::TooLarge, at(1))
            .await
            .unwrap();
        let large = store.messages().await.unwrap()[0].id;
        store.reject(large, &actor(), at(2)).await.unwrap();
        store.adopt_uidvalidity(&inbox(9), at(3)).await.unwrap();
        assert!(
            store.due_server_deletions("referrals").await.unwrap().is_empty(),
            "its old number means nothing"
        );
        store
            .note_seen(&inbox(9), &[SeenUid { uid: 70, ..seen(2) }], at(3))
            .await
            .unwrap();
        store
            .end_unstored(&inbox(9), 70, UnstoredEnd::TooLarge, at(3))
            .await
            .unwrap();
        let due = store.due_server_deletions("referrals").await.unwrap();
        let there = ServerCopy {
            folder: "INBOX".into(),
            uidvalidity: 9,
            uid: 70,
        };
        assert_eq!(
            (due.len(), due[0].message, due[0].copy.clone()),
            (1, large, Some(there))
        );
        assert_eq!(store.messages().await.unwrap().len(), 1);
    }

    pub(super) async fn a_message_rejected_before_its_move_is_proved_loses_the_moved_copy_too(home: Home) {
        let store = home.open().await;
        let id = stored(&store, 1, "one").await;
        store
            .save_parsed(id, &parsed(), &Source::default(), &[], at(1))
            .await
            .unwrap();
        store.reject(id, &actor(), at(2)).await.unwrap();
        assert_eq!(
            store.open_rows(&inbox(1)).await.unwrap()[0].stored,
            Some(id),
            "the ledger still expects its move"
        );
        store
            .finish_move(&inbox(1), 1, Some(copy(8)), at(3))
            .await
            .unwrap();
        let mut copies = Vec::new();
        while let Some(due) = store.due_server_deletions("referrals").await.unwrap().pop() {
            copies.push(due.copy.map(|copy| copy.uid));
            store.finish_server_deletion(due.message, at(4)).await.unwrap();
        }
        assert_eq!(copies, [None, Some(8)]);
        assert_eq!(store.ledger_summary("referrals").await.unwrap().moved, 1);
    }

    pub(super) async fn staff_find_messages_by_the_end_of_the_id_and_cases_by_reference(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let work = Casework::new(store.clone(), actor());
        let text = id.to_string();
        let view = work.show_message(&text[text.len() - 8..], at(5)).await.unwrap();
        assert_eq!(view.summary.id, id);
        assert!(view.draft.is_some());
        assert!(matches!(
            work.find_message("abc").await,
            Err(CaseworkError::NoSuchMessage)
        ));
        assert!(matches!(
            work.find_message("ffffffffffff").await,
            Err(CaseworkError::NoSuchMessage)
        ));
        let (_, reference) = work.accept(&text, "RJ", at(6)).await.unwrap();
        let case = work
            .show_case(&reference.to_string().to_lowercase(), at(7))
            .await
            .unwrap();
        assert_eq!(case.files.len(), 2);
        assert!(matches!(
            work.show_case("RJ-2026-00009", at(7)).await,
            Err(CaseworkError::NoSuchCase)
        ));
        let actions: Vec<(String, String)> = home
            .attacker()
            .await
            .all("SELECT actor, action FROM audit WHERE actor <> 'referrald' ORDER BY seq")
            .await;
        let actions: Vec<_> = actions.iter().map(|(_, action)| action.as_str()).collect();
        assert_eq!(
            actions,
            [
                "message.opened",
                "case.accepted",
                "message.accepted",
                "case_core.opened",
                "case_file.opened",
                "case_file.opened"
            ]
        );
    }
}
