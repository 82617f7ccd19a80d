//! Corrections of drafts: history, what is found, what is refused, who decides in between.

use crate::on_both;

on_both! {
    a_correction_keeps_what_stood_there_settles_its_doubt_and_is_found
    nothing_is_changed_by_a_correction_that_is_refused
    the_next_message_follows_the_order_of_the_queue
}

mod stories {
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;

    fn set(path: &str, after: &str) -> DraftChange {
        DraftChange::Set {
            path: path.into(),
            after: Some(after.into()),
        }
    }

    pub(super) async fn a_correction_keeps_what_stood_there_settles_its_doubt_and_is_found(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let changes = [
            set("/referral/parties/1/name", "Margaret Tollington"),
            DraftChange::Settled {
                path: "/referral/parties/0".into(),
            },
        ];
        store
            .correct_draft(id, 0, &changes, &actor(), at(3))
            .await
            .unwrap();
        let opened = store.open_message(id, &actor(), at(4)).await.unwrap();
        assert_eq!(opened.history.len(), 2);
        assert_eq!(opened.history[0].before.as_deref(), Some(VICTIM));
        assert_eq!(opened.history[0].actor, "r.staff");
        assert_eq!(opened.history[1].settled[0].code, "consent_missing");
        assert_eq!(store.message(id).await.unwrap().checks, 0);
        let named = |name: &str| Lookup::Name(personal(name));
        assert_eq!(
            store
                .find_messages(&named("Margaret Tollington"))
                .await
                .unwrap()
                .len(),
            1
        );
        assert!(store.find_messages(&named(VICTIM)).await.unwrap().is_empty());
        // The threads that it belongs to stay.
        assert!(store.knows_thread(&[format!("1.{THREAD}")]).await.unwrap());
        let (case, _) = store.accept(id, "RJ", &actor(), at(5)).await.unwrap();
        let files = store.open_files(&staff(), case, at(6)).await.unwrap();
        let victim = files.iter().find(|file| file.side == Side::Victim).unwrap();
        let state = victim.state.expose_personal();
        assert_eq!(
            state.referral.parties[0].name.as_deref(),
            Some("Margaret Tollington")
        );
        let late = store.correct_draft(id, 2, &changes[..1], &actor(), at(7)).await;
        assert!(matches!(late, Err(StoreError::WrongState(_))));
        assert_eq!(
            store
                .open_message(id, &actor(), at(8))
                .await
                .unwrap()
                .history
                .len(),
            2
        );
        let audit = store.audit_rows(0, 1_000).await.unwrap();
        assert!(
            audit
                .iter()
                .any(|row| row.action == "message.corrected" && row.actor == "r.staff")
        );
    }

    pub(super) async fn nothing_is_changed_by_a_correction_that_is_refused(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let right = set("/referral/parties/1/name", "Margaret Tollington");
        let wrong = set("/referral/parties/1/age", "old");
        let both = [right.clone(), wrong];
        let refused = store.correct_draft(id, 0, &both, &actor(), at(3)).await;
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::NotAnAge))));
        store
            .correct_draft(id, 0, std::slice::from_ref(&right), &actor(), at(4))
            .await
            .unwrap();
        // Somebody who saw the draft before that.
        let refused = store
            .correct_draft(id, 0, std::slice::from_ref(&right), &actor(), at(5))
            .await;
        assert!(matches!(
            refused,
            Err(StoreError::Refused(Refusal::ChangedMeanwhile))
        ));
        let opened = store.open_message(id, &actor(), at(6)).await.unwrap();
        assert_eq!(opened.history.len(), 1);
        store.reject(id, &actor(), at(7)).await.unwrap();
        assert!(
            store
                .correct_draft(id, 1, &[right], &actor(), at(8))
                .await
                .is_err()
        );
    }

    pub(super) async fn the_next_message_follows_the_order_of_the_queue(home: Home) {
        let store = home.open().await;
        let first = read(&store, 1, &parsed()).await;
        let second = read(&store, 2, &parsed()).await;
        let mut withdrawal = parsed();
        withdrawal.kind = Kind::ConsentWithdrawal;
        let urgent = read(&store, 3, &withdrawal).await;
        let next = async |id| store.next_to_review(id).await.unwrap();
        assert_eq!(next(urgent).await, Some(first));
        assert_eq!(next(first).await, Some(second));
        assert_eq!(next(second).await, None);
        store.set_aside(&staff(), first, at(3)).await.unwrap();
        assert_eq!(next(urgent).await, Some(second));
        assert_eq!(
            next(first).await,
            Some(urgent),
            "it waits no longer: from the start"
        );
    }
}
