//! Outbound mail and accounts.

use crate::on_both;

on_both! {
    a_submitted_mail_is_kept_over_a_restart_and_comes_back_as_it_was
    deliveries_wait_retry_and_end_and_the_mail_ends_with_the_last
    held_deliveries_never_come_due_and_staff_return_them
    a_plan_that_loses_adds_or_misroutes_a_recipient_is_refused
    accounts_are_set_replaced_found_and_removed
    a_damaged_mail_is_held_with_its_reason_and_the_others_still_leave
    only_what_a_guard_holds_is_released_and_unredacted_only_to_cjsm
    news_is_told_once_and_a_notice_is_no_news
    files_are_allocated_side_by_side_and_go_with_the_account
    whom_mail_reached_is_remembered_without_the_address
    a_delivery_report_fails_exactly_the_delivery_it_is_about_and_is_filed
    own_mail_is_listed_newest_first_until_the_account_or_the_mail_is_gone
}

mod stories {
    use crate::support::*;
    use referrald::domain::*;
    use referrald::store::*;

    fn submitted(recipients: &[&str]) -> SubmittedMail {
        SubmittedMail {
            account: "hates-dogs".into(),
            sender: personal("v.blackstock@police.example"),
            recipients: recipients.iter().map(|r| personal(r)).collect(),
            raw: Personal::new(format!("{RAW}{SUMMARY}").into_bytes()),
        }
    }

    fn planned(recipient: &str, action: DeliveryAction) -> PlannedDelivery {
        let route = match action {
            DeliveryAction::Pass => MailRoute::Cjsm,
            DeliveryAction::Redact | DeliveryAction::Hold => MailRoute::Ordinary,
        };
        let message =
            (action != DeliveryAction::Hold).then(|| Personal::new(format!("to {recipient}").into_bytes()));
        let reasons = match action {
            DeliveryAction::Hold => vec![HoldReason::EncryptedPart],
            DeliveryAction::Pass | DeliveryAction::Redact => Vec::new(),
        };
        PlannedDelivery {
            recipient: personal(recipient),
            route,
            action,
            reasons,
            message,
            if_released: None,
            message_id: None,
        }
    }

    pub(super) async fn a_submitted_mail_is_kept_over_a_restart_and_comes_back_as_it_was(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&[VICTIM_MAIL, OFFENDER_MAIL]), at(0))
            .await
            .unwrap();
        drop(store);
        let store = home.open().await;
        assert_eq!(store.unplanned_outbound(10).await.unwrap(), [id]);
        let mail = store.outbound_mail(id).await.unwrap();
        assert_eq!(mail.account, "hates-dogs");
        assert_eq!(mail.recipients[1].expose_personal(), OFFENDER_MAIL);
        assert_eq!(mail.raw.expose_personal(), format!("{RAW}{SUMMARY}").as_bytes());
        let none = store.accept_outbound(&submitted(&[]), at(0)).await;
        assert!(matches!(none, Err(StoreError::WrongState(_))));
    }

    pub(super) async fn own_mail_is_listed_newest_first_until_the_account_or_the_mail_is_gone(home: Home) {
        let store = home.open().await;
        let account = |user: &str| SubmissionAccount {
            user: user.into(),
            address: personal(&format!("{user}@restorative.example")),
            password_hash: "unused".into(),
            role: AccountRole::Volunteer,
        };
        for user in ["hates-dogs", "another"] {
            store.put_account(&account(user), at(0)).await.unwrap();
        }
        let first = submitted(&["a@x.cjsm.net", "b@example.org"]);
        let first = store.accept_outbound(&first, at(0)).await.unwrap();
        let plan = [
            planned("a@x.cjsm.net", DeliveryAction::Pass),
            planned("b@example.org", DeliveryAction::Hold),
        ];
        store.save_plan(first, &plan, at(1)).await.unwrap();
        let second = submitted(&[VICTIM_MAIL]);
        store.accept_outbound_once(&second, at(2)).await.unwrap();
        let list = |user: &'static str, part| {
            let store = store.clone();
            async move { store.own_mails(user, &actor(), part, at(3)).await }
        };
        let (mails, total) = list("hates-dogs", (0, 10)).await.unwrap();
        let shares: Vec<Vec<_>> = mails
            .iter()
            .map(|mail| {
                let state =
                    |share: &OwnDelivery| share.delivery.as_ref().map(|delivery| delivery.state.clone());
                let shares = mail.deliveries.iter();
                let shares = shares.map(|share| (share.recipient.expose_personal().clone(), state(share)));
                shares.collect()
            })
            .collect();
        let share = |to: &str, state: Option<&str>| (to.to_owned(), state.map(str::to_owned));
        assert_eq!(
            shares,
            [
                vec![share(VICTIM_MAIL, None)],
                vec![
                    share("a@x.cjsm.net", Some("waiting")),
                    share("b@example.org", Some("held"))
                ],
            ]
        );
        assert_eq!(total, 2);
        let (page, total) = list("hates-dogs", (1, 1)).await.unwrap();
        assert_eq!((page.len(), page[0].received, total), (1, at(0), 2));
        assert_eq!(list("another", (0, 10)).await.unwrap().1, 0);
        assert!(matches!(list("nobody", (0, 10)).await, Err(StoreError::NotFound)));
        store.remove_account("hates-dogs", at(4)).await.unwrap();
        store.put_account(&account("hates-dogs"), at(5)).await.unwrap();
        assert_eq!(list("hates-dogs", (0, 10)).await.unwrap().1, 0);
    }

    pub(super) async fn deliveries_wait_retry_and_end_and_the_mail_ends_with_the_last(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&["a@x.cjsm.net", "b@example.org"]), at(0))
            .await
            .unwrap();
        let plan = [
            planned("a@x.cjsm.net", DeliveryAction::Pass),
            planned("b@example.org", DeliveryAction::Redact),
        ];
        store.save_plan(id, &plan, at(1)).await.unwrap();
        assert!(store.unplanned_outbound(10).await.unwrap().is_empty());
        assert!(matches!(
            store.save_plan(id, &plan, at(1)).await,
            Err(StoreError::WrongState(_))
        ));
        assert_eq!(store.due_deliveries(at(1), 1).await.unwrap().len(), 1);
        let due = store.due_deliveries(at(1), 10).await.unwrap();
        assert_eq!(due.len(), 2);
        assert_eq!(
            (due[0].route, due[0].action, due[0].mail),
            (MailRoute::Cjsm, DeliveryAction::Pass, id)
        );
        assert_eq!(due[0].recipient.expose_personal(), "a@x.cjsm.net");
        assert_eq!(due[0].sender.expose_personal(), "v.blackstock@police.example");
        assert_eq!(due[1].message.expose_personal(), b"to b@example.org");
        store
            .record_delivery(due[0].id, DeliveryOutcome::Sent { code: 250 }, at(2))
            .await
            .unwrap();
        let retry = DeliveryOutcome::Retry {
            code: Some(451),
            at: at(100),
        };
        store.record_delivery(due[1].id, retry, at(2)).await.unwrap();
        assert!(store.due_deliveries(at(99), 10).await.unwrap().is_empty());
        assert_eq!(store.due_deliveries(at(100), 10).await.unwrap()[0].attempts, 1);
        assert_eq!(store.outbound().await.unwrap()[0].state, OutboundState::Planned);
        store
            .record_delivery(due[1].id, DeliveryOutcome::Failed { code: Some(550) }, at(101))
            .await
            .unwrap();
        let mail = &store.outbound().await.unwrap()[0];
        assert_eq!(
            (mail.state, mail.account.as_str()),
            (OutboundState::Done, "hates-dogs")
        );
        let ends: Vec<_> = mail
            .deliveries
            .iter()
            .map(|d| (d.state.as_str(), d.attempts, d.last_code))
            .collect();
        assert_eq!(ends, [("sent", 1, Some(250)), ("failed", 2, Some(550))]);
        let late = store
            .record_delivery(due[0].id, DeliveryOutcome::Failed { code: None }, at(102))
            .await;
        assert!(
            matches!(late, Err(StoreError::WrongState(_))),
            "an outcome stands"
        );
    }

    pub(super) async fn held_deliveries_never_come_due_and_staff_return_them(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&["a@x.example", "b@x.example"]), at(0))
            .await
            .unwrap();
        let plan = [
            planned("a@x.example", DeliveryAction::Hold),
            planned("b@x.example", DeliveryAction::Redact),
        ];
        store.save_plan(id, &plan, at(1)).await.unwrap();
        let due = store.due_deliveries(at(1000), 10).await.unwrap();
        assert_eq!(due.len(), 1);
        let held = DeliveryOutcome::Held {
            reason: HoldReason::SecondPassFoundIdentifier,
        };
        store.record_delivery(due[0].id, held, at(2)).await.unwrap();
        assert!(store.due_deliveries(at(1000), 10).await.unwrap().is_empty());
        let mail = &store.outbound().await.unwrap()[0];
        assert_eq!(mail.state, OutboundState::Planned);
        assert_eq!(mail.deliveries[0].reasons, [HoldReason::EncryptedPart]);
        assert_eq!(
            mail.deliveries[1].reasons,
            [HoldReason::SecondPassFoundIdentifier]
        );
        store.return_outbound(id, &actor(), at(3)).await.unwrap();
        let mail = &store.outbound().await.unwrap()[0];
        assert_eq!(mail.state, OutboundState::Returned);
        assert!(mail.deliveries.iter().all(|d| d.state == "returned"));
        let again = store.return_outbound(id, &actor(), at(4)).await;
        assert!(matches!(again, Err(StoreError::WrongState(_))));
        let nobody = store
            .return_outbound(OutboundId(Default::default()), &actor(), at(4))
            .await;
        assert!(matches!(nobody, Err(StoreError::NotFound)));
    }

    pub(super) async fn a_plan_that_loses_adds_or_misroutes_a_recipient_is_refused(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&["a@x.example", "b@x.example"]), at(0))
            .await
            .unwrap();
        let (a, b) = (
            planned("a@x.example", DeliveryAction::Redact),
            planned("b@x.example", DeliveryAction::Redact),
        );
        let c = planned("c@x.example", DeliveryAction::Redact);
        let open_pass = PlannedDelivery {
            action: DeliveryAction::Pass,
            route: MailRoute::Ordinary,
            ..b.clone()
        };
        let empty = PlannedDelivery {
            message: None,
            ..b.clone()
        };
        let leaky = PlannedDelivery {
            action: DeliveryAction::Hold,
            ..b.clone()
        };
        for plan in [
            vec![],
            vec![a.clone()],
            vec![a.clone(), b.clone(), c],
            vec![a.clone(), open_pass],
            vec![a.clone(), empty],
            vec![a.clone(), leaky],
        ] {
            assert!(matches!(
                store.save_plan(id, &plan, at(1)).await,
                Err(StoreError::WrongState(_))
            ));
        }
        store.save_plan(id, &[a, b], at(1)).await.unwrap();
    }

    pub(super) async fn accounts_are_set_replaced_found_and_removed(home: Home) {
        let store = home.open().await;
        let account = |hash: &str| SubmissionAccount {
            user: "hates-dogs".into(),
            address: personal(VICTIM_MAIL),
            password_hash: hash.into(),
            role: AccountRole::Volunteer,
        };
        assert!(store.account("hates-dogs").await.unwrap().is_none());
        store.put_account(&account("$argon2id$one"), at(0)).await.unwrap();
        store.put_account(&account("$argon2id$two"), at(1)).await.unwrap();
        assert_eq!(store.accounts().await.unwrap().len(), 1);
        let found = store.account("hates-dogs").await.unwrap().unwrap();
        assert_eq!(found.password_hash, "$argon2id$two");
        assert_eq!(found.address.expose_personal(), VICTIM_MAIL);
        let by_address = async |address: &str| {
            let address = EmailAddress::parse(address).expect("address");
            let found = store.account_of_address(&address).await.unwrap();
            found.map(|account| account.user)
        };
        let other = |user: &str, address: &str| SubmissionAccount {
            user: user.into(),
            address: Personal::new(address.into()),
            password_hash: "$argon2id$one".into(),
            role: AccountRole::Volunteer,
        };
        store
            .put_account(&other("second", "second@liaison.example.org"), at(1))
            .await
            .unwrap();
        assert_eq!(
            by_address("SECOND@Liaison.example.org").await.as_deref(),
            Some("second")
        );
        assert_eq!(by_address("third@liaison.example.org").await, None);
        store
            .put_account(&other("third", "second@liaison.example.org"), at(1))
            .await
            .unwrap();
        assert_eq!(
            by_address("second@liaison.example.org").await,
            None,
            "nobody could tell whose mail it is"
        );
        assert!(store.remove_account("second", at(1)).await.unwrap());
        assert_eq!(
            by_address("second@liaison.example.org").await.as_deref(),
            Some("third")
        );
        assert!(store.remove_account("hates-dogs", at(2)).await.unwrap());
        assert!(!store.remove_account("hates-dogs", at(3)).await.unwrap());
        assert!(store.account("hates-dogs").await.unwrap().is_none());
    }

    pub(super) async fn a_damaged_mail_is_held_with_its_reason_and_the_others_still_leave(home: Home) {
        let store = home.open().await;
        let mut ids = Vec::new();
        for recipient in ["a@example.org", "b@example.org"] {
            let id = store
                .accept_outbound(&submitted(&[recipient]), at(0))
                .await
                .unwrap();
            let plan = [planned(recipient, DeliveryAction::Redact)];
            store.save_plan(id, &plan, at(1)).await.unwrap();
            ids.push(id);
        }
        let set = "UPDATE sealed SET bytes = $1 WHERE id = $2";
        let parameters: [&[u8]; 2] = [&[0; 64], ids[0].0.as_bytes()];
        assert!(home.attacker().await.change(set, &parameters, &[]).await > 0);
        let due = store.due_deliveries(at(1), 10).await.unwrap();
        assert_eq!(
            due.iter().map(|delivery| delivery.mail).collect::<Vec<_>>(),
            [ids[1]]
        );
        let mails = store.outbound().await.unwrap();
        let damaged = mails.iter().find(|mail| mail.id == ids[0]).unwrap();
        assert_eq!(damaged.deliveries[0].state, "held");
        assert_eq!(damaged.deliveries[0].reasons, [HoldReason::StoredCopyDamaged]);
    }

    pub(super) async fn only_what_a_guard_holds_is_released_and_unredacted_only_to_cjsm(home: Home) {
        let store = home.open().await;
        let recipients = ["a@x.cjsm.net", "b@x.example", "c@x.example"];
        let id = store
            .accept_outbound(&submitted(&recipients), at(0))
            .await
            .unwrap();
        let message = Some(Personal::new(b"what would leave".to_vec()));
        let guarded = |recipient: &str, route, release| PlannedDelivery {
            route,
            reasons: vec![HoldReason::FirstMailToAddress],
            message: message.clone(),
            if_released: Some(release),
            ..planned(recipient, DeliveryAction::Hold)
        };
        let whole = guarded(recipients[0], MailRoute::Cjsm, Release::Pass);
        let cut = guarded(recipients[1], MailRoute::Ordinary, Release::Redact);
        let stuck = planned(recipients[2], DeliveryAction::Hold);
        let leaky = guarded(recipients[1], MailRoute::Ordinary, Release::Pass);
        let refused = store
            .save_plan(id, &[whole.clone(), leaky, stuck.clone()], at(1))
            .await;
        assert!(matches!(refused, Err(StoreError::WrongState(_))));
        store.save_plan(id, &[whole, cut, stuck], at(1)).await.unwrap();
        assert!(store.due_deliveries(at(1000), 10).await.unwrap().is_empty());
        assert_eq!(store.release_outbound(id, &actor(), at(2)).await.unwrap(), 2);
        let due = store.due_deliveries(at(2), 10).await.unwrap();
        let leaving: Vec<_> = due.iter().map(|d| (d.route, d.action)).collect();
        assert_eq!(
            leaving,
            [
                (MailRoute::Cjsm, DeliveryAction::Pass),
                (MailRoute::Ordinary, DeliveryAction::Redact)
            ]
        );
        let again = store.release_outbound(id, &actor(), at(3)).await;
        assert!(matches!(again, Err(StoreError::WrongState(_))));
        let mail = &store.outbound().await.unwrap()[0];
        assert_eq!(mail.deliveries[2].state, "held");
    }

    pub(super) async fn news_is_told_once_and_a_notice_is_no_news(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&["a@x.example", "b@x.example"]), at(0))
            .await
            .unwrap();
        let plan = [
            planned("b@x.example", DeliveryAction::Hold),
            planned("a@x.example", DeliveryAction::Redact),
        ];
        store.save_plan(id, &plan, at(1)).await.unwrap();
        let due = store.due_notices(10).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].mail, due[0].recipients), (id, 2));
        let told: Vec<_> = due[0].news.iter().map(|n| (n.place, n.state.as_str())).collect();
        assert_eq!(told, [(2, "held")]);
        let sender = personal("no-reply@service.example");
        let notice = planned("v.blackstock@police.example", DeliveryAction::Redact);
        store
            .queue_notice(&due[0], Some((&sender, &notice)), at(2))
            .await
            .unwrap();
        assert!(store.due_notices(10).await.unwrap().is_empty());
        let waiting = store.due_deliveries(at(2), 10).await.unwrap();
        let to: Vec<_> = waiting
            .iter()
            .map(|d| d.recipient.expose_personal().as_str())
            .collect();
        assert_eq!(to, ["a@x.example", "v.blackstock@police.example"]);
        assert_eq!(waiting[1].sender.expose_personal(), "no-reply@service.example");
        for delivery in &waiting {
            let failed = DeliveryOutcome::Failed { code: Some(550) };
            store.record_delivery(delivery.id, failed, at(3)).await.unwrap();
        }
        store.return_outbound(id, &actor(), at(4)).await.unwrap();
        let due = store.due_notices(10).await.unwrap();
        assert_eq!(due.len(), 1, "the failed notice makes no other one");
        let told: Vec<_> = due[0]
            .news
            .iter()
            .map(|n| (n.place, n.state.as_str(), n.last_code))
            .collect();
        assert_eq!(told, [(2, "returned", None), (1, "failed", Some(550))]);
    }

    pub(super) async fn files_are_allocated_side_by_side_and_go_with_the_account(home: Home) {
        let store = home.open().await;
        let message = read(&store, 1, &parsed()).await;
        let (case, reference) = store.accept(message, "RJ", &actor(), at(3)).await.unwrap();
        let account = SubmissionAccount {
            user: "sam".into(),
            address: personal("sam@service.example"),
            password_hash: "x".into(),
            role: AccountRole::Volunteer,
        };
        store.put_account(&account, at(4)).await.unwrap();
        for _ in 0..2 {
            store
                .allocate(case, Side::Victim, "sam", &actor(), at(5))
                .await
                .unwrap();
        }
        let files = store.allocated_files("sam").await.unwrap();
        assert_eq!(
            files,
            [AllocatedFile {
                reference: reference.as_str().to_owned(),
                side: Side::Victim
            }]
        );
        assert_eq!(store.allocations(case).await.unwrap()[0].user, "sam");
        let unknown = store.allocate(case, Side::Victim, "kim", &actor(), at(5)).await;
        assert!(matches!(unknown, Err(StoreError::NotFound)));
        let no_side = store.allocate(case, Side::Party(3), "sam", &actor(), at(5)).await;
        assert!(matches!(no_side, Err(StoreError::WrongState(_))));
        let staff = actor();
        let take = |side| store.take_back(case, side, "sam", &staff, at(6));
        let (victim, offender) = (Side::Victim, Side::Offender);
        assert!(!take(offender).await.unwrap());
        assert!(take(victim).await.unwrap());
        assert!(store.allocated_files("sam").await.unwrap().is_empty());
        store
            .allocate(case, victim, "sam", &actor(), at(7))
            .await
            .unwrap();
        assert!(store.remove_account("sam", at(8)).await.unwrap());
        assert!(store.allocations(case).await.unwrap().is_empty());
    }

    pub(super) async fn whom_mail_reached_is_remembered_without_the_address(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&["Kestrel@x.example"]), at(0))
            .await
            .unwrap();
        let plan = [planned("Kestrel@x.example", DeliveryAction::Redact)];
        store.save_plan(id, &plan, at(1)).await.unwrap();
        let asked = ["kestrel@X.example".to_owned(), "other@x.example".to_owned()];
        assert_eq!(store.corresponded(&asked).await.unwrap(), [false, false]);
        let due = store.due_deliveries(at(1), 10).await.unwrap();
        let sent = DeliveryOutcome::Sent { code: 250 };
        store.record_delivery(due[0].id, sent, at(2)).await.unwrap();
        assert_eq!(store.corresponded(&asked).await.unwrap(), [true, false]);
        drop(store);
        let bytes = String::from_utf8_lossy(&home.bytes()).to_lowercase();
        assert!(!bytes.contains("kestrel"));
    }

    pub(super) async fn a_delivery_report_fails_exactly_the_delivery_it_is_about_and_is_filed(home: Home) {
        let store = home.open().await;
        let id = store
            .accept_outbound(&submitted(&["a@x.example", "b@x.example"]), at(0))
            .await
            .unwrap();
        let under = |recipient: &str| PlannedDelivery {
            message_id: Some("5a5a@service.example".to_owned()),
            ..planned(recipient, DeliveryAction::Redact)
        };
        store
            .save_plan(id, &[under("a@x.example"), under("b@x.example")], at(1))
            .await
            .unwrap();
        for delivery in store.due_deliveries(at(1), 10).await.unwrap() {
            let sent = DeliveryOutcome::Sent { code: 250 };
            store.record_delivery(delivery.id, sent, at(2)).await.unwrap();
        }
        let thread = ["<5a5a@service.example>".to_owned()];
        assert!(
            store.knows_thread(&thread).await.unwrap(),
            "an answer to it is a reply"
        );
        let report = |message_id: &str, address: &str| DeliveryReport {
            message_ids: vec![message_id.to_owned()],
            recipients: vec![ReportedRecipient {
                address: address.to_owned(),
                code: Some(550),
            }],
        };
        let message = read(&store, 1, &parsed()).await;
        for foreign in [
            report("<other@service.example>", "a@x.example"),
            report("<5a5a@service.example>", "c@x.example"),
        ] {
            assert!(!store.apply_report(&foreign, at(3)).await.unwrap());
        }
        let ours = report("<5a5a@service.example>", "A@x.example");
        // A crash before the message is saved as read means that it is applied again.
        for _ in 0..2 {
            assert!(store.apply_report(&ours, at(3)).await.unwrap());
        }
        store.file_message(message, at(3)).await.unwrap();
        let states: Vec<_> = store.outbound().await.unwrap()[0]
            .deliveries
            .iter()
            .map(|d| (d.state.clone(), d.last_code))
            .collect();
        assert_eq!(states, [("failed".into(), Some(550)), ("sent".into(), Some(250))]);
        assert_eq!(store.message(message).await.unwrap().state, MessageState::Filed);
        let told = store.due_notices(10).await.unwrap();
        assert_eq!(
            (told[0].news[0].place, told[0].news[0].state.as_str()),
            (1, "failed")
        );
    }
}
