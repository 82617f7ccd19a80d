//! Several daemons on one database: signing on, leases, claims. The clock is the database's; a step of it is made by
//! setting back what it is compared with.

use crate::on_both;

on_both! {
    a_lease_is_one_daemons_and_free_when_its_term_has_passed
    who_signs_on_again_has_at_once_what_its_earlier_run_had
    a_message_is_read_by_one_daemon_and_by_another_once_that_counts_no_more
    a_mail_is_planned_by_one_daemon
    a_mail_on_its_way_is_not_tried_by_another_before_it_must_have_arrived
    a_daemon_that_came_too_late_may_only_say_that_the_relay_has_the_mail
    many_at_once_claim_each_row_once
    without_the_lease_nothing_of_the_mailbox_is_changed
    news_that_two_daemons_would_tell_is_told_once
    files_that_are_taken_in_side_by_side_are_all_kept
}

mod stories {
    use crate::support::*;
    use futures::future::join_all;
    use referrald::domain::*;
    use referrald::store::*;
    use std::collections::BTreeSet;
    use std::time::Duration;

    const TERM: Duration = Duration::from_secs(60);
    const SENDING: Duration = Duration::from_secs(600);

    async fn daemon(store: &Store, instance: &str) -> Store {
        let daemon = store.for_daemon(instance, TERM).unwrap();
        daemon.sign_on().await.unwrap();
        daemon
    }

    /// The database's clock goes on by a second more than a term.
    async fn a_term_passes(home: &Home) {
        let step = "UPDATE daemons SET alive_until = alive_until - 61000000;
            UPDATE deliveries SET sending_until = sending_until - 61000000";
        home.attacker().await.run(step).await;
    }

    /// The database's clock goes on by a second more than a mail may be on its way.
    async fn sending_must_have_ended(home: &Home) {
        let step = "UPDATE daemons SET alive_until = alive_until - 601000000;
            UPDATE deliveries SET sending_until = sending_until - 601000000";
        home.attacker().await.run(step).await;
    }

    fn lease(mailbox: &str, duty: Duty) -> LeaseName {
        LeaseName {
            mailbox: mailbox.to_owned(),
            duty,
        }
    }

    fn inbox_lease() -> LeaseName {
        lease("referrals", Duty::Inbox)
    }

    fn is_not_ours<T>(result: Result<T, StoreError>) -> bool {
        matches!(result, Err(StoreError::NotOurs))
    }

    async fn submitted(store: &Store, recipients: &[&str]) -> OutboundId {
        let mail = SubmittedMail {
            account: "sam".into(),
            sender: personal("sam@restorative.example"),
            recipients: recipients.iter().map(|r| personal(r)).collect(),
            raw: Personal::new(b"Subject: x\r\n\r\nx\r\n".to_vec()),
        };
        store.accept_outbound(&mail, at(0)).await.unwrap()
    }

    fn planned(recipient: &str, action: DeliveryAction) -> PlannedDelivery {
        let reasons = match action {
            DeliveryAction::Hold => vec![HoldReason::EncryptedPart],
            DeliveryAction::Pass | DeliveryAction::Redact => Vec::new(),
        };
        let message = reasons.is_empty().then(|| Personal::new(b"x".to_vec()));
        PlannedDelivery {
            recipient: personal(recipient),
            route: MailRoute::Ordinary,
            action,
            reasons,
            message,
            if_released: None,
            message_id: None,
        }
    }

    async fn waiting_delivery(store: &Store) -> DeliveryId {
        let id = submitted(store, &["b@x.example"]).await;
        let plan = [planned("b@x.example", DeliveryAction::Redact)];
        store.save_plan(id, &plan, at(0)).await.unwrap();
        store.outbound().await.unwrap()[0].deliveries[0].id
    }

    async fn due(store: &Store) -> Vec<DeliveryId> {
        let due = store.due_deliveries(at(1), 10).await.unwrap();
        due.iter().map(|delivery| delivery.id).collect()
    }

    pub(super) async fn a_lease_is_one_daemons_and_free_when_its_term_has_passed(home: Home) {
        let store = home.open().await;
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        let name = inbox_lease();
        assert_eq!(a.take_lease(&name).await.unwrap(), LeaseAnswer::Ours);
        let LeaseAnswer::Held {
            instance,
            since,
            left,
        } = b.take_lease(&name).await.unwrap()
        else {
            panic!("it is taken");
        };
        assert_eq!(instance, "a");
        assert!(!left.is_zero() && left <= TERM, "{left:?}");
        assert!(Timestamp::now().duration_since(since).as_secs().abs() < 60);
        for other in [lease("referrals", Duty::Outbox), lease("youth", Duty::Inbox)] {
            assert_eq!(
                b.take_lease(&other).await.unwrap(),
                LeaseAnswer::Ours,
                "{other:?}"
            );
        }
        assert!(a.holds_lease(&name).await.unwrap() && !b.holds_lease(&name).await.unwrap());
        let listed = store.leases().await.unwrap();
        let listed: Vec<_> = listed
            .iter()
            .map(|held| (held.name.mailbox.as_str(), held.name.duty, held.instance.as_str()))
            .collect();
        assert_eq!(
            listed,
            [
                ("referrals", Duty::Inbox, "a"),
                ("referrals", Duty::Outbox, "b"),
                ("youth", Duty::Inbox, "b")
            ]
        );

        a_term_passes(&home).await;
        assert!(!a.holds_lease(&name).await.unwrap() && store.leases().await.unwrap().is_empty());
        assert_eq!(a.renew().await.unwrap(), Standing::Current);
        assert!(a.holds_lease(&name).await.unwrap(), "nobody took it meanwhile");
        a_term_passes(&home).await;
        assert_eq!(b.take_lease(&name).await.unwrap(), LeaseAnswer::Ours);
        assert_eq!(a.renew().await.unwrap(), Standing::Current);
        assert!(!a.holds_lease(&name).await.unwrap());
        assert!(
            matches!(a.take_lease(&name).await.unwrap(), LeaseAnswer::Held { instance, .. } if instance == "b")
        );

        a.give_up_lease(&name).await.unwrap();
        assert!(b.holds_lease(&name).await.unwrap(), "nobody gives up another's");
        b.give_up_lease(&name).await.unwrap();
        assert_eq!(a.take_lease(&name).await.unwrap(), LeaseAnswer::Ours);
        a.sign_off().await.unwrap();
        assert_eq!(b.take_lease(&name).await.unwrap(), LeaseAnswer::Ours);
        let nobody = store.take_lease(&name).await;
        assert!(matches!(nobody, Err(StoreError::WrongState(_))));
    }

    pub(super) async fn who_signs_on_again_has_at_once_what_its_earlier_run_had(home: Home) {
        let store = home.open().await;
        let message = stored(&store, 1, "one").await;
        let mail = submitted(&store, &["a@x.example"]).await;
        let delivery = waiting_delivery(&store).await;
        let first = store.for_daemon("a", TERM).unwrap();
        assert_eq!(first.sign_on().await.unwrap(), None);
        assert_eq!(first.take_lease(&inbox_lease()).await.unwrap(), LeaseAnswer::Ours);
        assert_eq!(first.claim_held(9).await.unwrap(), [message]);
        assert_eq!(first.claim_unplanned(9).await.unwrap(), [mail]);
        assert_eq!(due(&first).await, [delivery]);
        first.begin_delivery(delivery, SENDING).await.unwrap();

        let second = home.open().await.for_daemon("a", TERM).unwrap();
        let earlier = second.sign_on().await.unwrap().unwrap();
        assert!(!earlier.left.is_zero(), "it may run still");
        assert_eq!(
            second.take_lease(&inbox_lease()).await.unwrap(),
            LeaseAnswer::Ours
        );
        assert_eq!(second.claim_held(9).await.unwrap(), [message]);
        assert_eq!(second.claim_unplanned(9).await.unwrap(), [mail]);
        assert_eq!(due(&second).await, [delivery]);

        assert_eq!(first.renew().await.unwrap(), Standing::Superseded);
        assert_eq!(
            first.take_lease(&inbox_lease()).await.unwrap(),
            LeaseAnswer::Superseded
        );
        assert!(is_not_ours(first.begin_delivery(delivery, SENDING).await));
        assert!(is_not_ours(first.claim_held(9).await));
        let seen = [seen(7)];
        let leased = first.under_lease(&inbox_lease());
        assert!(is_not_ours(leased.note_seen(&inbox(1), &seen, at(1)).await));
        let claimed = first.under_claim(Claim::Message(message));
        assert!(is_not_ours(
            claimed
                .save_parsed(message, &parsed(), &Source::default(), &[], at(1))
                .await
        ));
        // Its end is not the end of its successor.
        first.sign_off().await.unwrap();
        assert!(second.holds_lease(&inbox_lease()).await.unwrap());
    }

    pub(super) async fn a_message_is_read_by_one_daemon_and_by_another_once_that_counts_no_more(home: Home) {
        let store = home.open().await;
        let mut messages = Vec::new();
        for uid in 1..=5 {
            messages.push(stored(&store, uid, &format!("mail {uid}")).await);
        }
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        assert_eq!(a.claim_held(2).await.unwrap(), messages[..2]);
        assert_eq!(b.claim_held(9).await.unwrap(), messages[2..]);
        assert_eq!(a.claim_held(9).await.unwrap(), messages[..2], "ours come again");
        assert_eq!(
            store.held_messages(9).await.unwrap(),
            messages,
            "looking claims nothing"
        );

        a_term_passes(&home).await;
        assert!(is_not_ours(a.claim_held(9).await), "not before it has renewed");
        b.renew().await.unwrap();
        assert_eq!(b.claim_held(9).await.unwrap(), messages);
        a.renew().await.unwrap();
        assert!(a.claim_held(9).await.unwrap().is_empty());
        let [one, two, ..] = messages[..] else {
            panic!("five messages")
        };
        let late = a.under_claim(Claim::Message(one));
        assert!(is_not_ours(
            late.save_unreadable(one, UnreadableReason::WorkerTimeout, at(2))
                .await
        ));
        let ours = b.under_claim(Claim::Message(one));
        ours.save_parsed(one, &parsed(), &Source::default(), &[], at(2))
            .await
            .unwrap();
        ours.file_message(one, at(2)).await.unwrap();
        assert!(is_not_ours(
            late.save_unreadable(one, UnreadableReason::WorkerTimeout, at(3))
                .await
        ));
        assert_eq!(store.message(one).await.unwrap().state, MessageState::Filed);
        assert_eq!(b.claim_held(1).await.unwrap(), [two]);
        b.sign_off().await.unwrap();
        assert_eq!(a.claim_held(9).await.unwrap(), messages[1..]);
    }

    pub(super) async fn a_mail_is_planned_by_one_daemon(home: Home) {
        let store = home.open().await;
        let mail = submitted(&store, &["b@x.example"]).await;
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        assert_eq!(a.claim_unplanned(9).await.unwrap(), [mail]);
        assert!(b.claim_unplanned(9).await.unwrap().is_empty());
        a_term_passes(&home).await;
        b.renew().await.unwrap();
        assert_eq!(b.claim_unplanned(9).await.unwrap(), [mail]);
        let plan = [planned("b@x.example", DeliveryAction::Redact)];
        let late = a.under_claim(Claim::Mail(mail));
        assert!(is_not_ours(late.save_plan(mail, &plan, at(1)).await));
        let ours = b.under_claim(Claim::Mail(mail));
        ours.save_plan(mail, &plan, at(1)).await.unwrap();
        assert!(is_not_ours(late.save_plan(mail, &plan, at(1)).await));
        assert_eq!(store.outbound().await.unwrap()[0].deliveries.len(), 1);
    }

    pub(super) async fn a_mail_on_its_way_is_not_tried_by_another_before_it_must_have_arrived(home: Home) {
        let store = home.open().await;
        let delivery = waiting_delivery(&store).await;
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        assert_eq!(due(&a).await, [delivery]);
        assert!(due(&b).await.is_empty() && is_not_ours(b.begin_delivery(delivery, SENDING).await));
        a.begin_delivery(delivery, SENDING).await.unwrap();
        a_term_passes(&home).await;
        b.renew().await.unwrap();
        assert!(due(&b).await.is_empty(), "it may be on its way");
        a.renew().await.unwrap();
        assert_eq!(due(&a).await, [delivery], "who sends it has it still");
        a.sign_off().await.unwrap();
        assert!(due(&b).await.is_empty(), "no outcome was recorded");
        sending_must_have_ended(&home).await;
        b.renew().await.unwrap();
        assert_eq!(due(&b).await, [delivery]);

        // What was claimed and not begun is free with its daemon.
        a_term_passes(&home).await;
        let c = daemon(&store, "c").await;
        assert_eq!(due(&c).await, [delivery]);
        b.renew().await.unwrap();
        assert!(is_not_ours(b.begin_delivery(delivery, SENDING).await));
        a_term_passes(&home).await;
        let late = c.begin_delivery(delivery, SENDING).await;
        assert!(is_not_ours(late), "it may be another's any moment");
        c.renew().await.unwrap();
        c.begin_delivery(delivery, SENDING).await.unwrap();
        let retry = DeliveryOutcome::Retry {
            code: Some(451),
            at: at(1),
        };
        c.record_delivery(delivery, retry, at(1)).await.unwrap();
        b.renew().await.unwrap();
        assert_eq!(due(&b).await, [delivery], "it is on its way no more");
    }

    pub(super) async fn a_daemon_that_came_too_late_may_only_say_that_the_relay_has_the_mail(home: Home) {
        let store = home.open().await;
        let delivery = waiting_delivery(&store).await;
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        assert_eq!(due(&a).await, [delivery]);
        a_term_passes(&home).await;
        b.renew().await.unwrap();
        assert_eq!(due(&b).await, [delivery]);
        a.renew().await.unwrap();
        let reason = HoldReason::SecondPassFailed;
        for outcome in [
            DeliveryOutcome::Retry {
                code: None,
                at: at(50),
            },
            DeliveryOutcome::Failed { code: Some(550) },
            DeliveryOutcome::Held { reason },
        ] {
            assert!(
                is_not_ours(a.record_delivery(delivery, outcome, at(1)).await),
                "{outcome:?}"
            );
        }
        let sent = DeliveryOutcome::Sent { code: 250 };
        a.record_delivery(delivery, sent, at(1)).await.unwrap();
        assert!(is_not_ours(b.begin_delivery(delivery, SENDING).await));
        let again = b
            .record_delivery(delivery, DeliveryOutcome::Failed { code: None }, at(2))
            .await;
        assert!(matches!(again, Err(StoreError::WrongState(_))));
        assert!(due(&b).await.is_empty());
    }

    pub(super) async fn many_at_once_claim_each_row_once(home: Home) {
        let store = home.open().await;
        for uid in 1..=60 {
            stored(&store, uid, &format!("mail {uid}")).await;
        }
        let mut daemons = Vec::new();
        for number in 0..4 {
            daemons.push(daemon(&home.open().await, &number.to_string()).await);
        }
        let claims = join_all(daemons.iter().map(|daemon| async move {
            let mut claimed = BTreeSet::new();
            for at_most in (0..60).step_by(3) {
                claimed.extend(daemon.claim_held(at_most).await.unwrap());
            }
            claimed
        }))
        .await;
        let total: usize = claims.iter().map(BTreeSet::len).sum();
        let all: BTreeSet<MessageId> = claims.into_iter().flatten().collect();
        assert_eq!((total, all.len()), (60, 60));

        // Claiming does not wait for a write transaction.
        if !home.is_sqlite() {
            for daemon in &daemons {
                daemon.sign_off().await.unwrap();
            }
            let mut writer = home.attacker().await;
            writer
                .run("BEGIN; SELECT count FROM audit_head WHERE one = 1 FOR UPDATE")
                .await;
            let other = daemon(&store, "other").await;
            assert_eq!(other.claim_held(9).await.unwrap().len(), 9);
            assert_eq!(other.take_lease(&inbox_lease()).await.unwrap(), LeaseAnswer::Ours);
        }
    }

    pub(super) async fn without_the_lease_nothing_of_the_mailbox_is_changed(home: Home) {
        let store = home.open().await;
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        let name = inbox_lease();
        let leased = a.under_lease(&name);
        assert!(is_not_ours(leased.note_seen(&inbox(1), &[seen(1)], at(0)).await));
        a.take_lease(&name).await.unwrap();
        leased
            .note_seen(&inbox(1), &[seen(1), seen(2)], at(0))
            .await
            .unwrap();
        let batch = vec![mail(1, "one")];
        let message = leased.commit_batch(&inbox(1), batch, at(0)).await.unwrap()[0].message;
        let receipt = MoveReceipt {
            from: inbox(1),
            uid: 1,
            message,
            target: "Taken".into(),
        };
        leased
            .write_move_receipts(std::slice::from_ref(&receipt), at(0))
            .await
            .unwrap();

        a_term_passes(&home).await;
        b.take_lease(&name).await.unwrap();
        a.renew().await.unwrap();
        let rows = store.verify_audit().await.unwrap();
        let batch = vec![mail(2, "two")];
        assert!(is_not_ours(leased.commit_batch(&inbox(1), batch, at(1)).await));
        assert!(is_not_ours(
            leased
                .write_move_receipts(std::slice::from_ref(&receipt), at(1))
                .await
        ));
        assert!(is_not_ours(
            leased.finish_move(&inbox(1), 1, Some(copy(1)), at(1)).await
        ));
        assert!(is_not_ours(leased.cancel_move(&inbox(1), 1).await));
        assert!(is_not_ours(leased.count_attempt(&inbox(1), 2).await));
        assert!(is_not_ours(leased.uncount_attempt(&inbox(1), 2).await));
        assert!(is_not_ours(
            leased.end_unstored(&inbox(1), 2, UnstoredEnd::Gone, at(1)).await
        ));
        assert!(is_not_ours(leased.adopt_uidvalidity(&inbox(2), at(1)).await));
        assert!(is_not_ours(leased.finish_server_deletion(message, at(1)).await));
        assert_eq!(store.move_receipts("referrals").await.unwrap(), [receipt]);
        let ledger = store.ledger_summary("referrals").await.unwrap();
        assert_eq!((ledger.seen, ledger.stored, ledger.moved), (1, 1, 0));
        assert_eq!(store.verify_audit().await.unwrap(), rows);

        let leased = b.under_lease(&name);
        leased
            .finish_move(&inbox(1), 1, Some(copy(1)), at(2))
            .await
            .unwrap();
        assert!(store.move_receipts("referrals").await.unwrap().is_empty());
    }

    pub(super) async fn news_that_two_daemons_would_tell_is_told_once(home: Home) {
        let store = home.open().await;
        let mail = submitted(&store, &["b@x.example"]).await;
        let plan = [planned("b@x.example", DeliveryAction::Hold)];
        store.save_plan(mail, &plan, at(0)).await.unwrap();
        let (a, b) = (daemon(&store, "a").await, daemon(&store, "b").await);
        let (for_a, for_b) = (a.due_notices(9).await.unwrap(), b.due_notices(9).await.unwrap());
        let sender = personal("no-reply@restorative.example");
        let notice = planned("sam@restorative.example", DeliveryAction::Redact);
        let queue = Some((&sender, &notice));
        a.queue_notice(&for_a[0], queue, at(1)).await.unwrap();
        assert!(is_not_ours(b.queue_notice(&for_b[0], queue, at(1)).await));
        assert_eq!(
            store.outbound().await.unwrap().len(),
            2,
            "the mail and one notice"
        );
        // Not even after there is later news.
        store.return_outbound(mail, &actor(), at(2)).await.unwrap();
        assert!(is_not_ours(b.queue_notice(&for_b[0], queue, at(3)).await));
        let later = b.due_notices(9).await.unwrap();
        b.queue_notice(&later[0], queue, at(3)).await.unwrap();
        assert!(a.due_notices(9).await.unwrap().is_empty());
    }

    pub(super) async fn files_that_are_taken_in_side_by_side_are_all_kept(home: Home) {
        let stores = [home.open().await, home.open().await, home.open().await];
        let files = FolderKey {
            mailbox: "files".into(),
            folder: "files".into(),
            uidvalidity: 1,
        };
        let taken = join_all(stores.iter().enumerate().map(|(who, store)| {
            let files = &files;
            async move {
                for number in 0..10 {
                    let raw = Personal::new(format!("file {who}.{number}").into_bytes());
                    let kept = store.commit_file(files, raw, at(0)).await.unwrap();
                    assert!(!kept.already_known);
                }
            }
        }));
        taken.await;
        let again = Personal::new(b"file 0.0".to_vec());
        assert!(
            stores[0]
                .commit_file(&files, again, at(1))
                .await
                .unwrap()
                .already_known
        );
        assert_eq!(stores[0].messages().await.unwrap().len(), 30);
        let ledger = stores[0].ledger_summary("files").await.unwrap();
        assert_eq!((ledger.arrived, ledger.moved), (31, 31));
    }
}
