//! Ledger, moves, messages (promise 1).

use crate::on_both;

on_both! {
    every_uid_gets_one_row_and_noting_it_again_changes_nothing
    the_same_bytes_are_one_message_whatever_uid_they_come_under
    after_a_new_uidvalidity_known_mail_is_recognised_and_old_rows_are_superseded
    a_move_is_receipted_proved_and_survives_reopening
    a_cancelled_move_leaves_the_row_stored
    only_a_stored_mail_may_be_moved
    attempts_count_and_unstored_mails_end_with_a_review_item
    a_mail_too_large_stays_one_review_item_over_a_new_uidvalidity
    a_held_message_becomes_read_or_a_review_item
    messages_with_the_same_person_or_crime_number_are_suggested
    a_suggestion_names_the_case_and_an_officers_number_makes_none
    a_batch_is_all_or_nothing
    two_processes_on_one_file_do_not_disturb_each_other
}

mod stories {
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;

    pub(super) async fn every_uid_gets_one_row_and_noting_it_again_changes_nothing(home: Home) {
        let store = home.open().await;
        assert_eq!(store.folder("referrals", "INBOX").await.unwrap(), None);
        store.adopt_uidvalidity(&inbox(1), at(0)).await.unwrap();
        store
            .note_seen(&inbox(1), &[seen(9), seen(3), seen(4)], at(0))
            .await
            .unwrap();
        stored(&store, 4, "four").await;
        store
            .note_seen(&inbox(1), &[seen(3), seen(4), seen(10)], at(1))
            .await
            .unwrap();
        let rows = store.open_rows(&inbox(1)).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.uid).collect::<Vec<_>>(), [3, 4, 9, 10]);
        assert_eq!(rows.iter().filter(|row| row.stored.is_some()).count(), 1);
        let folder = store.folder("referrals", "INBOX").await.unwrap().unwrap();
        assert_eq!((folder.uidvalidity, folder.highest_uid), (1, 10));
        let summary = store.ledger_summary("referrals").await.unwrap();
        assert_eq!((summary.arrived, summary.seen, summary.stored), (4, 3, 1));
        assert_eq!(summary.oldest_seen, Some(at(0)));
        assert_eq!(
            store.ledger_summary("another").await.unwrap(),
            LedgerSummary::default()
        );
    }

    pub(super) async fn the_same_bytes_are_one_message_whatever_uid_they_come_under(home: Home) {
        let store = home.open().await;
        let batch = vec![mail(1, "one"), mail(2, "two"), mail(3, "one")];
        let first = store.commit_batch(&inbox(1), batch, at(0)).await.unwrap();
        assert_eq!(
            first.iter().map(|mail| mail.already_known).collect::<Vec<_>>(),
            [false, false, true]
        );
        assert_eq!(first[0].message, first[2].message);
        // The same UID again, as after a crash between commit and answer.
        let again = store
            .commit_batch(&inbox(1), vec![mail(2, "two")], at(1))
            .await
            .unwrap();
        assert_eq!(
            (again[0].message, again[0].already_known),
            (first[1].message, true)
        );
        assert_eq!(store.messages().await.unwrap().len(), 2);
        assert_eq!(
            store
                .message_with_raw(&Personal::new(b"two".to_vec()))
                .await
                .unwrap(),
            Some(first[1].message)
        );
        assert_eq!(
            store
                .message_with_raw(&Personal::new(b"three".to_vec()))
                .await
                .unwrap(),
            None
        );
    }

    pub(super) async fn after_a_new_uidvalidity_known_mail_is_recognised_and_old_rows_are_superseded(
        home: Home,
    ) {
        let store = home.open().await;
        store
            .note_seen(&inbox(1), &[seen(1), seen(2)], at(0))
            .await
            .unwrap();
        let id = stored(&store, 1, "one").await;
        let receipt = MoveReceipt {
            from: inbox(1),
            uid: 1,
            message: id,
            target: "Taken".into(),
        };
        store.write_move_receipts(&[receipt], at(0)).await.unwrap();
        store.adopt_uidvalidity(&inbox(2), at(1)).await.unwrap();
        assert!(store.move_receipts("referrals").await.unwrap().is_empty());
        assert!(store.open_rows(&inbox(1)).await.unwrap().is_empty());
        assert_eq!(
            store
                .folder("referrals", "INBOX")
                .await
                .unwrap()
                .unwrap()
                .highest_uid,
            0
        );
        store
            .note_seen(&inbox(2), &[seen(1), seen(2)], at(1))
            .await
            .unwrap();
        let batch = vec![mail(1, "two"), mail(2, "one")];
        let committed = store.commit_batch(&inbox(2), batch, at(1)).await.unwrap();
        assert_eq!((committed[1].message, committed[1].already_known), (id, true));
        assert!(!committed[0].already_known);
        let summary = store.ledger_summary("referrals").await.unwrap();
        assert_eq!((summary.arrived, summary.superseded, summary.stored), (4, 2, 2));
        assert_eq!(store.messages().await.unwrap().len(), 2);
        let late = store.note_seen(&inbox(1), &[seen(3)], at(2)).await;
        assert!(
            matches!(late, Err(StoreError::WrongState(_))),
            "rows under the old numbers are refused"
        );
    }

    pub(super) async fn a_move_is_receipted_proved_and_survives_reopening(home: Home) {
        let store = home.open().await;
        let id = stored(&store, 5, "five").await;
        let receipt = MoveReceipt {
            from: inbox(1),
            uid: 5,
            message: id,
            target: "Taken".into(),
        };
        store
            .write_move_receipts(std::slice::from_ref(&receipt), at(0))
            .await
            .unwrap();
        drop(store);
        let store = home.open().await;
        assert_eq!(store.move_receipts("referrals").await.unwrap(), [receipt]);
        assert_eq!(store.open_rows(&inbox(1)).await.unwrap()[0].stored, Some(id));
        store
            .finish_move(&inbox(1), 5, Some(copy(77)), at(1))
            .await
            .unwrap();
        store.finish_move(&inbox(1), 5, None, at(1)).await.unwrap();
        assert!(store.move_receipts("referrals").await.unwrap().is_empty());
        assert!(store.open_rows(&inbox(1)).await.unwrap().is_empty());
        assert_eq!(store.ledger_summary("referrals").await.unwrap().moved, 1);
        assert_eq!(store.raw_message(id).await.unwrap().expose_personal(), b"five");
    }

    pub(super) async fn a_cancelled_move_leaves_the_row_stored(home: Home) {
        let store = home.open().await;
        let id = stored(&store, 5, "five").await;
        let receipt = MoveReceipt {
            from: inbox(1),
            uid: 5,
            message: id,
            target: "Taken".into(),
        };
        store.write_move_receipts(&[receipt], at(0)).await.unwrap();
        store.cancel_move(&inbox(1), 5).await.unwrap();
        assert!(store.move_receipts("referrals").await.unwrap().is_empty());
        assert_eq!(store.open_rows(&inbox(1)).await.unwrap()[0].stored, Some(id));
    }

    pub(super) async fn only_a_stored_mail_may_be_moved(home: Home) {
        let store = home.open().await;
        store.note_seen(&inbox(1), &[seen(6)], at(0)).await.unwrap();
        let id = stored(&store, 5, "five").await;
        let receipt = MoveReceipt {
            from: inbox(1),
            uid: 6,
            message: id,
            target: "Taken".into(),
        };
        let refused = store.write_move_receipts(&[receipt], at(0)).await;
        assert!(matches!(refused, Err(StoreError::WrongState(_))));
        assert!(matches!(
            store.finish_move(&inbox(1), 6, None, at(0)).await,
            Err(StoreError::WrongState(_))
        ));
        assert!(matches!(
            store.finish_move(&inbox(1), 99, None, at(0)).await,
            Err(StoreError::NotFound)
        ));
    }

    pub(super) async fn attempts_count_and_unstored_mails_end_with_a_review_item(home: Home) {
        let store = home.open().await;
        store
            .note_seen(&inbox(1), &[seen(1), seen(2), seen(3)], at(0))
            .await
            .unwrap();
        assert_eq!(store.count_attempt(&inbox(1), 2).await.unwrap(), 1);
        assert_eq!(store.count_attempt(&inbox(1), 2).await.unwrap(), 2);
        assert_eq!(store.open_rows(&inbox(1)).await.unwrap()[1].attempts, 2);
        for left in [1, 0, 0] {
            store.uncount_attempt(&inbox(1), 2).await.unwrap();
            assert_eq!(store.open_rows(&inbox(1)).await.unwrap()[1].attempts, left);
        }
        store
            .end_unstored(&inbox(1), 1, UnstoredEnd::TooLarge, at(1))
            .await
            .unwrap();
        store
            .end_unstored(&inbox(1), 1, UnstoredEnd::TooLarge, at(1))
            .await
            .unwrap();
        store
            .end_unstored(&inbox(1), 2, UnstoredEnd::CannotFetch, at(1))
            .await
            .unwrap();
        store
            .end_unstored(&inbox(1), 3, UnstoredEnd::Gone, at(1))
            .await
            .unwrap();
        assert!(store.open_rows(&inbox(1)).await.unwrap().is_empty());
        let reasons: Vec<_> = store
            .messages()
            .await
            .unwrap()
            .iter()
            .map(|m| m.unreadable)
            .collect();
        assert_eq!(
            reasons,
            [
                Some(UnreadableReason::CannotFetch),
                Some(UnreadableReason::TooLarge)
            ]
        );
        let summary = store.ledger_summary("referrals").await.unwrap();
        assert_eq!(
            (
                summary.arrived,
                summary.too_large,
                summary.cannot_fetch,
                summary.gone
            ),
            (3, 1, 1, 1)
        );
    }

    pub(super) async fn a_mail_too_large_stays_one_review_item_over_a_new_uidvalidity(home: Home) {
        let store = home.open().await;
        store.note_seen(&inbox(1), &[seen(1)], at(0)).await.unwrap();
        store
            .end_unstored(&inbox(1), 1, UnstoredEnd::TooLarge, at(1))
            .await
            .unwrap();
        store.adopt_uidvalidity(&inbox(2), at(2)).await.unwrap();
        let same = SeenUid { uid: 40, ..seen(1) };
        let other = SeenUid { uid: 41, ..seen(2) };
        store.note_seen(&inbox(2), &[same, other], at(2)).await.unwrap();
        store
            .end_unstored(&inbox(2), 40, UnstoredEnd::TooLarge, at(3))
            .await
            .unwrap();
        store
            .end_unstored(&inbox(2), 41, UnstoredEnd::TooLarge, at(3))
            .await
            .unwrap();
        assert_eq!(store.messages().await.unwrap().len(), 2);
    }

    pub(super) async fn a_held_message_becomes_read_or_a_review_item(home: Home) {
        let store = home.open().await;
        let (one, two) = (stored(&store, 1, "one").await, stored(&store, 2, "two").await);
        assert_eq!(store.held_messages(10).await.unwrap(), [one, two]);
        assert_eq!(store.held_messages(1).await.unwrap(), [one]);
        store
            .save_parsed(
                one,
                &parsed(),
                &Source::default(),
                &["<a@x.example>".into(), "b@x.example".into()],
                at(1),
            )
            .await
            .unwrap();
        store
            .save_unreadable(two, UnreadableReason::WorkerCrashed, at(1))
            .await
            .unwrap();
        assert!(store.held_messages(10).await.unwrap().is_empty());
        let message = store.message(one).await.unwrap();
        assert_eq!(
            (message.state, message.kind, message.checks),
            (MessageState::Read, Some(Kind::Referral), 1)
        );
        let message = store.message(two).await.unwrap();
        assert_eq!(message.unreadable, Some(UnreadableReason::WorkerCrashed));
        let draft = store.parsed(one).await.unwrap().unwrap();
        assert_eq!(draft.referral.unwrap().parties[1].name.as_deref(), Some(VICTIM));
        assert!(store.parsed(two).await.unwrap().is_none());
        assert!(
            store
                .knows_thread(&["other@x.example".into(), "<b@x.example>".into()])
                .await
                .unwrap()
        );
        assert!(!store.knows_thread(&["other@x.example".into()]).await.unwrap());
        assert!(matches!(
            store.parsed(MessageId(Default::default())).await,
            Err(StoreError::NotFound)
        ));
    }

    pub(super) async fn messages_with_the_same_person_or_crime_number_are_suggested(home: Home) {
        let store = home.open().await;
        let one = read(&store, 1, &parsed()).await;
        let mut other = parsed();
        let referral = other.referral.as_mut().unwrap();
        referral.references.clear();
        referral.parties[1].name = Some("MARGUERITE  TOLLINGTON".into());
        referral.offence.date = None;
        let two = read(&store, 2, &other).await;
        let mut stranger = parsed();
        stranger.referral = Some(Referral::default());
        read(&store, 3, &stranger).await;
        let suggested = store.similar_messages(one).await.unwrap();
        let [suggestion] = suggested.as_slice() else {
            panic!("one suggestion, not {}", suggested.len());
        };
        assert_eq!(
            (suggestion.message, suggestion.shared.as_slice()),
            (two, [Shared::NameAndBirth].as_slice())
        );
        assert!(suggestion.reason().contains("same person"));
        assert_eq!(store.similar_messages(two).await.unwrap()[0].message, one);
    }

    pub(super) async fn a_suggestion_names_the_case_and_an_officers_number_makes_none(home: Home) {
        let store = home.open().await;
        let one = read(&store, 1, &parsed()).await;
        let (_, reference) = store.accept(one, "RJ", &actor(), at(2)).await.unwrap();
        let mut resent = parsed();
        let referral = resent.referral.as_mut().unwrap();
        referral.parties.truncate(2);
        let two = read(&store, 2, &resent).await;
        let suggested = store.similar_messages(two).await.unwrap();
        assert_eq!(suggested[0].case, Some(reference));
        assert!(
            suggested[0]
                .reason()
                .starts_with("perhaps the same referral again")
        );
        let mut other = parsed();
        other.referral = Some(Referral {
            references: vec![Reference {
                kind: ReferenceKind::CollarNumber,
                value: "71234".into(),
            }],
            ..Referral::default()
        });
        read(&store, 3, &other).await;
        let again = read(&store, 4, &other).await;
        assert_eq!(store.similar_messages(again).await.unwrap(), []);
    }

    pub(super) async fn a_batch_is_all_or_nothing(home: Home) {
        let store = home.open().await;
        store
            .note_seen(&inbox(1), &[seen(1), seen(2)], at(0))
            .await
            .unwrap();
        let mut attacker = home.attacker().await;
        attacker
        .run(match home.is_sqlite() {
            true => {
                "CREATE TRIGGER fails BEFORE UPDATE ON ledger WHEN new.uid = 2 BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            false => {
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
                 CREATE TRIGGER fails BEFORE UPDATE ON ledger FOR EACH ROW WHEN (new.uid = 2)
                     EXECUTE FUNCTION refuse()"
            }
        })
        .await;
        let failed = store
            .commit_batch(&inbox(1), vec![mail(1, "one"), mail(2, "two")], at(1))
            .await;
        assert!(failed.is_err());
        assert!(store.messages().await.unwrap().is_empty());
        assert!(
            store
                .open_rows(&inbox(1))
                .await
                .unwrap()
                .iter()
                .all(|row| row.stored.is_none())
        );
        attacker
            .run(match home.is_sqlite() {
                true => "DROP TRIGGER fails",
                false => "DROP TRIGGER fails ON ledger",
            })
            .await;
        store
            .commit_batch(&inbox(1), vec![mail(1, "one"), mail(2, "two")], at(1))
            .await
            .unwrap();
        assert_eq!(store.messages().await.unwrap().len(), 2);
        assert_eq!(store.verify_audit().await.unwrap(), 2);
    }

    pub(super) async fn two_processes_on_one_file_do_not_disturb_each_other(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        let work = |store: Store, base: u32| async move {
            for uid in base..base + 25 {
                store
                    .commit_batch(&inbox(1), vec![mail(uid, &format!("mail {uid}"))], at(0))
                    .await
                    .unwrap();
            }
        };
        let first = tokio::spawn(work(one.clone(), 100));
        let second = tokio::spawn(work(two, 200));
        first.await.unwrap();
        second.await.unwrap();
        assert_eq!(one.messages().await.unwrap().len(), 50);
        assert_eq!(one.verify_audit().await.unwrap(), 50);
    }
}
