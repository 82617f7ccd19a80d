//! The life of a case: files, rights, changes, closing, destruction (promises 7 and 8).

use crate::on_both;

on_both! {
    a_change_is_kept_with_its_history_and_audited
    to_a_volunteer_only_allocated_files_are_there
    what_only_staff_may_do_is_refused_to_a_volunteer_and_changes_nothing
    a_refused_form_closes_the_case
    a_closed_case_takes_no_work_but_the_rights_of_its_people
    closing_and_opening_again_are_possible_once_each
    who_withdrew_is_silenced_for_redaction
    a_document_is_sealed_kept_and_given_back_to_its_side_only
    destroying_a_case_takes_its_mails_everything_it_is_found_by_and_its_server_copies
    a_mail_with_two_cases_goes_with_the_last_of_them
    a_message_filed_with_a_case_goes_with_it
    what_outlived_its_term_is_destroyed_and_nothing_else
    a_case_that_is_opened_again_survives_its_deadline
    people_and_numbers_are_found_in_any_spelling_until_they_are_destroyed
    a_withdrawal_stands_at_the_top_of_the_queue
    an_erased_person_is_in_no_part_of_their_case
    what_an_erasure_replaced_can_be_opened_by_no_key_that_is_left
    the_report_counts_what_was_destroyed_and_names_nobody
    who_has_left_sees_and_sends_nothing_and_goes_after_their_term
    equality_monitoring_is_counts
    the_cases_that_a_report_asks_for_count_like_all_of_them
}

mod stories {
    use crate::support::*;
    use referrald::casework::{Casework, certificate};
    use referrald::domain::*;
    use referrald::store::*;

    const DAY: i64 = 24 * 3600;

    fn today() -> jiff::civil::Date {
        jiff::tz::TimeZone::UTC.to_datetime(at(0)).date()
    }

    async fn accepted(store: &Store, uid: u32) -> (CaseId, MessageId) {
        let id = read(store, uid, &parsed()).await;
        (store.accept(id, "RJ", &actor(), at(10)).await.unwrap().0, id)
    }

    async fn volunteer(store: &Store, user: &str) -> Viewer {
        let account = SubmissionAccount {
            user: user.into(),
            address: personal(&format!("{user}@liaison.example")),
            password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".into(),
            role: AccountRole::Volunteer,
        };
        store.put_account(&account, at(0)).await.unwrap();
        Viewer::Volunteer { user: user.into() }
    }

    fn note(text: &str) -> FileChange {
        FileChange::Note { text: text.into() }
    }

    async fn file(store: &Store, viewer: &Viewer, case: CaseId, side: Side) -> OpenedFile {
        let files = store.open_files(viewer, case, at(50)).await.unwrap();
        files.into_iter().find(|file| file.side == side).unwrap()
    }

    pub(super) async fn a_change_is_kept_with_its_history_and_audited(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let before = store.verify_audit().await.unwrap();
        let change = FileChange::Corrected {
            party: 0,
            field: PartyField::Phone,
            value: Some("07700 900999".into()),
            reason: "she rang".into(),
        };
        let closed = store
            .change_file(&staff(), case, Side::Victim, &change, at(20))
            .await
            .unwrap();
        assert_eq!(closed, None);
        assert_eq!(store.verify_audit().await.unwrap(), before + 1);
        drop(store);
        let store = home.open().await;
        let file = file(&store, &staff(), case, Side::Victim).await;
        assert_eq!(
            file.state.expose_personal().referral.parties[0].phones,
            ["07700 900999"]
        );
        let entry = file.entries[0].content.as_ref().unwrap().expose_personal();
        assert_eq!(
            (file.entries[0].kind.as_str(), file.entries[0].at),
            ("corrected", at(20))
        );
        assert_eq!(
            (entry.actor.as_str(), entry.before.as_deref()),
            ("r.staff", Some(VICTIM_PHONE))
        );
        let known = store.known_cases().await.unwrap();
        let phones: Vec<_> = known[0].referral.parties.iter().flat_map(|p| &p.phones).collect();
        assert_eq!(phones, ["07700 900999"], "redaction knows the new number");
    }

    pub(super) async fn to_a_volunteer_only_allocated_files_are_there(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let (other_case, _) = accepted(&store, 2).await;
        let vera = volunteer(&store, "vera").await;
        let stranger = Viewer::Volunteer {
            user: "nobody".into(),
        };
        store
            .allocate(case, Side::Victim, "vera", &actor(), at(11))
            .await
            .unwrap();
        // The other side is another volunteer's.
        volunteer(&store, "olga").await;
        store
            .allocate(case, Side::Offender, "olga", &actor(), at(11))
            .await
            .unwrap();
        let document = NewDocument {
            name: "letter.txt".into(),
            bytes: Personal::new(b"of the offender".to_vec()),
        };
        let theirs = store
            .add_document(&staff(), case, Side::Offender, &document, at(12))
            .await
            .unwrap();
        let files = store.open_files(&vera, case, at(13)).await.unwrap();
        assert_eq!(
            files.iter().map(|file| file.side).collect::<Vec<_>>(),
            [Side::Victim]
        );
        let shown = serde_json::to_string(files[0].state.expose_personal()).unwrap();
        assert!(shown.contains(VICTIM) && !shown.contains("Wraxhall"));
        // Every way to read or write, at the other side, at another case, and without an account.
        let rows = store.verify_audit().await.unwrap();
        for (viewer, case, side) in [
            (&vera, case, Side::Offender),
            (&vera, case, Side::Party(0)),
            (&vera, other_case, Side::Victim),
            (&stranger, case, Side::Victim),
        ] {
            let read = store.document(viewer, case, side, theirs, at(14)).await;
            assert!(matches!(read, Err(StoreError::NotFound)), "{side}");
            let write = store.change_file(viewer, case, side, &note("x"), at(14)).await;
            assert!(matches!(write, Err(StoreError::NotFound)), "{side}");
            let write = store.add_document(viewer, case, side, &document, at(14)).await;
            assert!(matches!(write, Err(StoreError::NotFound)), "{side}");
        }
        for (viewer, case) in [(&vera, other_case), (&stranger, case)] {
            assert!(matches!(
                store.open_files(viewer, case, at(14)).await,
                Err(StoreError::NotFound)
            ));
        }
        let through_own_side = store.document(&vera, case, Side::Victim, theirs, at(14)).await;
        assert!(
            matches!(through_own_side, Err(StoreError::NotFound)),
            "an id does not open another side"
        );
        assert!(matches!(
            store.open_case_core(&vera, case, at(14)).await,
            Err(StoreError::StaffOnly)
        ));
        assert_eq!(
            store.verify_audit().await.unwrap(),
            rows,
            "nothing was seen or changed"
        );
        store
            .take_back(case, Side::Victim, "vera", &actor(), at(15))
            .await
            .unwrap();
        assert!(matches!(
            store.open_files(&vera, case, at(16)).await,
            Err(StoreError::NotFound)
        ));
    }

    pub(super) async fn what_only_staff_may_do_is_refused_to_a_volunteer_and_changes_nothing(home: Home) {
        let store = home.open().await;
        let (case, message) = accepted(&store, 1).await;
        let waiting = read(&store, 2, &parsed()).await;
        let vera = volunteer(&store, "vera").await;
        store
            .allocate(case, Side::Victim, "vera", &actor(), at(11))
            .await
            .unwrap();
        let rows = store.verify_audit().await.unwrap();
        let route = FileChange::Route {
            party: 0,
            route: ContactRoute::DoNotContact,
            reason: None,
        };
        let closing = Closing {
            reason: CloseReason::Other,
            outcome: None,
            note: None,
        };
        let refused = [
            store
                .change_file(&vera, case, Side::Victim, &route, at(12))
                .await
                .map(|_| ()),
            store.close_case(&vera, case, &closing, at(12)).await,
            store.reopen_case(&vera, case, "why", at(12)).await,
            store.destroy_case(&vera, case, DestroyRule::Order, at(12)).await,
            store.file_with_case(&vera, waiting, case, at(12)).await,
            store.set_aside(&vera, waiting, at(12)).await,
        ];
        for refused in refused {
            assert!(matches!(refused, Err(StoreError::StaffOnly)));
        }
        assert_eq!(store.verify_audit().await.unwrap(), rows);
        assert_eq!(
            store.message(message).await.unwrap().state,
            MessageState::Accepted
        );
        let allowed = store
            .change_file(&vera, case, Side::Victim, &note("rang her"), at(13))
            .await;
        assert!(allowed.is_ok());
    }

    pub(super) async fn a_refused_form_closes_the_case(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let vera = volunteer(&store, "vera").await;
        store
            .allocate(case, Side::Offender, "vera", &actor(), at(11))
            .await
            .unwrap();
        let sent = FileChange::FormSent {
            party: 0,
            on: today(),
        };
        let refused = FileChange::FormRefused {
            party: 0,
            on: today(),
        };
        let unsent = store
            .change_file(&vera, case, Side::Offender, &refused, at(12))
            .await;
        assert!(matches!(unsent, Err(StoreError::Refused(Refusal::FormNotSent))));
        store
            .change_file(&vera, case, Side::Offender, &sent, at(12))
            .await
            .unwrap();
        // A refusal that a volunteer records ends the case too.
        let closed = store
            .change_file(&vera, case, Side::Offender, &refused, at(13))
            .await
            .unwrap();
        assert_eq!(closed, Some(CloseReason::RefusedToSign));
        let summary = store.cases().await.unwrap().remove(0);
        assert_eq!((summary.state, summary.closed), (CaseState::Closed, Some(at(13))));
        assert_eq!(summary.close_reason, Some(CloseReason::RefusedToSign));
        assert!(
            store.known_cases().await.unwrap()[0].closed,
            "mail about it is held"
        );
    }

    pub(super) async fn a_closed_case_takes_no_work_but_the_rights_of_its_people(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let closing = Closing {
            reason: CloseReason::NoContact,
            outcome: None,
            note: None,
        };
        store.close_case(&staff(), case, &closing, at(20)).await.unwrap();
        let sent = FileChange::FormSent {
            party: 0,
            on: today(),
        };
        let refused = store
            .change_file(&staff(), case, Side::Victim, &sent, at(21))
            .await;
        assert!(matches!(refused, Err(StoreError::WrongState(_))));
        let withdrawn = FileChange::Withdrawn {
            party: 0,
            on: today(),
        };
        let done = store
            .change_file(&staff(), case, Side::Victim, &withdrawn, at(22))
            .await;
        assert!(done.is_ok());
    }

    pub(super) async fn closing_and_opening_again_are_possible_once_each(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let closing = |reason, outcome| Closing {
            reason,
            outcome,
            note: Some(personal("they met twice")),
        };
        let wrong = [
            closing(CloseReason::Completed, None),
            closing(CloseReason::Declined, Some(CaseOutcome::Meeting)),
        ];
        for closing in &wrong {
            let refused = store.close_case(&staff(), case, closing, at(20)).await;
            assert!(matches!(refused, Err(StoreError::WrongState(_))));
        }
        assert!(store.reopen_case(&staff(), case, "why", at(20)).await.is_err());
        let met = closing(CloseReason::Completed, Some(CaseOutcome::Meeting));
        store.close_case(&staff(), case, &met, at(21)).await.unwrap();
        assert!(store.close_case(&staff(), case, &met, at(22)).await.is_err());
        assert_eq!(
            store.cases().await.unwrap()[0].outcome,
            Some(CaseOutcome::Meeting)
        );
        store
            .reopen_case(&staff(), case, "a further meeting", at(23))
            .await
            .unwrap();
        let summary = store.cases().await.unwrap().remove(0);
        assert_eq!(
            (summary.state, summary.closed, summary.outcome),
            (CaseState::Open, None, None)
        );
        let core = store.open_case_core(&staff(), case, at(24)).await.unwrap();
        let kinds: Vec<_> = core.entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["closed", "reopened"]);
    }

    pub(super) async fn who_withdrew_is_silenced_for_redaction(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let withdrawn = FileChange::Withdrawn {
            party: 0,
            on: today(),
        };
        store
            .change_file(&staff(), case, Side::Offender, &withdrawn, at(20))
            .await
            .unwrap();
        let known = store.known_cases().await.unwrap().remove(0);
        let silenced: Vec<_> = known
            .silenced
            .iter()
            .map(|place| known.referral.parties[*place].name.as_deref())
            .collect();
        assert_eq!(silenced, [Some(OFFENDER)]);
    }

    pub(super) async fn a_document_is_sealed_kept_and_given_back_to_its_side_only(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let document = |name: &str, bytes: &[u8]| NewDocument {
            name: name.into(),
            bytes: Personal::new(bytes.to_vec()),
        };
        let text = format!("{SUMMARY} once more");
        let letter = document("../../etc/apology.txt", text.as_bytes());
        let id = store
            .add_document(&staff(), case, Side::Offender, &letter, at(20))
            .await
            .unwrap();
        let back = store
            .document(&staff(), case, Side::Offender, id, at(21))
            .await
            .unwrap();
        assert_eq!(
            (back.name.as_str(), back.bytes.expose_personal().as_slice()),
            ("apology.txt", text.as_bytes())
        );
        for (name, bytes) in [("", b"x".as_slice()), ("..", b"x"), ("a.txt", b"")] {
            let refused = store
                .add_document(&staff(), case, Side::Victim, &document(name, bytes), at(22))
                .await;
            assert!(matches!(refused, Err(StoreError::WrongState(_))), "{name}");
        }
        let missing = store.document(&staff(), case, Side::Victim, id, at(23)).await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
        let files = home.bytes();
        assert!(
            aho_corasick::AhoCorasick::new([SUMMARY])
                .unwrap()
                .find(&files)
                .is_none()
        );
    }

    pub(super) async fn destroying_a_case_takes_its_mails_everything_it_is_found_by_and_its_server_copies(
        home: Home,
    ) {
        let store = home.open().await;
        let (case, message) = accepted(&store, 1).await;
        volunteer(&store, "vera").await;
        store
            .allocate(case, Side::Victim, "vera", &actor(), at(11))
            .await
            .unwrap();
        store
            .change_file(&staff(), case, Side::Victim, &note("rang her"), at(12))
            .await
            .unwrap();
        let work = Casework::new(store.clone(), actor());
        assert!(
            work.remains("RJ-2026-00001").await.is_err(),
            "nothing to certify yet"
        );
        store
            .destroy_case(&staff(), case, DestroyRule::Order, at(30))
            .await
            .unwrap();
        let again = store
            .destroy_case(&staff(), case, DestroyRule::Order, at(31))
            .await;
        assert!(matches!(again, Err(StoreError::WrongState(_))));
        assert!(store.open_files(&staff(), case, at(31)).await.is_err());
        assert!(store.known_cases().await.unwrap().is_empty());
        assert!(matches!(
            store.raw_message(message).await,
            Err(StoreError::NotFound)
        ));
        assert!(store.open_draft(message, &actor(), at(31)).await.is_err());
        let left = "SELECT (SELECT count(*) FROM case_entries) + (SELECT count(*) FROM case_index)
            + (SELECT count(*) FROM allocations) + (SELECT count(*) FROM blind_index) + (SELECT count(*) FROM threads)
            + (SELECT count(*) FROM record_keys WHERE kind NOT IN ('account', 'facts'))";
        assert_eq!(home.attacker().await.all::<(i64,)>(left).await, [(0,)]);
        assert_eq!(
            store.message(message).await.unwrap().state,
            MessageState::Accepted
        );
        let due = store.due_server_deletions("referrals").await.unwrap();
        assert_eq!(due.iter().map(|due| due.message).collect::<Vec<_>>(), [message]);
        let (summary, stones) = work.remains("rj-2026-00001").await.unwrap();
        let text = certificate(&summary, &stones);
        assert!(
            text.contains("RJ-2026-00001") && text.contains("1 still to be deleted"),
            "{text}"
        );
        store.finish_server_deletion(message, at(40)).await.unwrap();
        let (summary, stones) = work.remains("RJ-2026-00001").await.unwrap();
        let text = certificate(&summary, &stones);
        assert!(
            text.contains("proved gone") && !text.contains("still to be"),
            "{text}"
        );
        for identity in IDENTITIES {
            assert!(!text.contains(identity), "{identity}");
        }
        // The same mail again is the message that was destroyed, and goes from the server too.
        let again = store
            .commit_batch(&inbox(1), vec![mail(9, &format!("{RAW}1"))], at(50))
            .await
            .unwrap();
        assert_eq!((again[0].message, again[0].already_known), (message, true));
        store
            .finish_move(&inbox(1), 9, Some(copy(9)), at(51))
            .await
            .unwrap();
        assert_eq!(store.due_server_deletions("referrals").await.unwrap().len(), 1);
    }

    pub(super) async fn a_mail_with_two_cases_goes_with_the_last_of_them(home: Home) {
        let store = home.open().await;
        let two = ParsedMessage {
            more_referrals: vec![referral()],
            ..parsed()
        };
        let message = read(&store, 1, &two).await;
        store.accept(message, "RJ", &actor(), at(10)).await.unwrap();
        let cases: Vec<CaseId> = store.cases().await.unwrap().iter().map(|case| case.id).collect();
        store
            .destroy_case(&staff(), cases[0], DestroyRule::Order, at(20))
            .await
            .unwrap();
        assert!(store.raw_message(message).await.is_ok());
        store
            .destroy_case(&staff(), cases[1], DestroyRule::Order, at(21))
            .await
            .unwrap();
        assert!(store.raw_message(message).await.is_err());
    }

    pub(super) async fn a_message_filed_with_a_case_goes_with_it(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let reply = read(&store, 2, &parsed()).await;
        store.file_with_case(&staff(), reply, case, at(20)).await.unwrap();
        assert_eq!(store.message(reply).await.unwrap().state, MessageState::Filed);
        assert!(
            store.file_with_case(&staff(), reply, case, at(20)).await.is_err(),
            "once"
        );
        store
            .destroy_case(&staff(), case, DestroyRule::Order, at(30))
            .await
            .unwrap();
        assert!(matches!(
            store.raw_message(reply).await,
            Err(StoreError::NotFound)
        ));
        let late = read(&store, 3, &parsed()).await;
        assert!(
            store.file_with_case(&staff(), late, case, at(40)).await.is_err(),
            "nothing to file it with"
        );
    }

    fn deadlines(days: i64) -> Deadlines {
        let before = at(days * DAY);
        Deadlines {
            closed: before,
            automatic: before,
            enquiries: before,
            liaison: before,
            statistics: at(-DAY),
            left: before,
        }
    }

    pub(super) async fn what_outlived_its_term_is_destroyed_and_nothing_else(home: Home) {
        let store = home.open().await;
        let (closed, _) = accepted(&store, 1).await;
        let (open, _) = accepted(&store, 2).await;
        let closing = Closing {
            reason: CloseReason::Declined,
            outcome: None,
            note: None,
        };
        store
            .close_case(&staff(), closed, &closing, at(5 * DAY))
            .await
            .unwrap();
        let kind = |kind| ParsedMessage { kind, ..parsed() };
        let automatic = read(&store, 3, &kind(Kind::Automatic)).await;
        let enquiry = read(&store, 4, &kind(Kind::Enquiry)).await;
        let undecided = read(&store, 5, &kind(Kind::Referral)).await;
        let aside = read(&store, 6, &kind(Kind::Unrecognised)).await;
        store.set_aside(&staff(), aside, at(20)).await.unwrap();
        let sent = SubmittedMail {
            account: "vera".into(),
            sender: personal("vera@liaison.example"),
            recipients: vec![personal("a@example.org")],
            raw: Personal::new(b"Subject: x\r\n\r\nx".to_vec()),
        };
        let waiting = store.accept_outbound(&sent, at(0)).await.unwrap();
        let held = store.accept_outbound(&sent, at(0)).await.unwrap();
        let hold = PlannedDelivery {
            recipient: personal("a@example.org"),
            route: MailRoute::Ordinary,
            action: DeliveryAction::Hold,
            reasons: vec![HoldReason::EncryptedPart],
            message: None,
            if_released: None,
            message_id: None,
        };
        store.save_plan(held, &[hold], at(1)).await.unwrap();
        store.return_outbound(held, &actor(), at(2)).await.unwrap();
        assert!(store.expired(&deadlines(0), 100).await.unwrap().is_empty());
        let listed = store.expired(&deadlines(5), 100).await.unwrap();
        assert_eq!(listed.len(), 4, "the case was closed on that day, not before");
        let listed = store.expired(&deadlines(6), 100).await.unwrap();
        let done = store
            .destroy_expired(&deadlines(6), 100, at(7 * DAY))
            .await
            .unwrap();
        assert_eq!(listed, done, "the dry run says what goes");
        assert_eq!(done.len(), 5);
        for id in [automatic, enquiry, aside] {
            assert!(matches!(store.raw_message(id).await, Err(StoreError::NotFound)));
        }
        assert!(
            store.raw_message(undecided).await.is_ok(),
            "nobody has decided about it"
        );
        assert!(store.outbound_mail(held).await.is_err());
        assert!(store.outbound_mail(waiting).await.is_ok());
        assert_eq!(
            store.outbound().await.unwrap().len(),
            2,
            "the list stays readable"
        );
        assert!(store.open_files(&staff(), closed, at(8 * DAY)).await.is_err());
        assert!(store.open_files(&staff(), open, at(8 * DAY)).await.is_ok());
        assert!(
            store
                .destroy_expired(&deadlines(6), 100, at(8 * DAY))
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            store
                .review_queue(0, 10)
                .await
                .unwrap()
                .iter()
                .all(|message| message.id == undecided)
        );
        store.verify_audit().await.unwrap();
    }

    /// Opened, closed and destroyed within, open before, open after.
    fn counts(cases: &[CaseSummary], from: Timestamp, to: Timestamp) -> [usize; 5] {
        let within = |time: Option<Timestamp>| time.is_some_and(|time| time >= from && time < to);
        let is_open = |case: &CaseSummary, end: Timestamp| {
            let is_after = |time: Option<Timestamp>| time.is_none_or(|time| time >= end);
            case.opened < end && is_after(case.closed) && is_after(case.destroyed)
        };
        let count = |counts: &dyn Fn(&CaseSummary) -> bool| cases.iter().filter(|case| counts(case)).count();
        [
            count(&|case| within(Some(case.opened))),
            count(&|case| within(case.closed)),
            count(&|case| within(case.destroyed)),
            count(&|case| is_open(case, from)),
            count(&|case| is_open(case, to)),
        ]
    }

    pub(super) async fn the_cases_that_a_report_asks_for_count_like_all_of_them(home: Home) {
        let store = home.open().await;
        // Opened, closed and destroyed on these days.
        let lives = [
            (0, None, None),
            (0, Some(5), None),
            (0, Some(5), Some(15)),
            (0, Some(15), None),
            (0, None, Some(5)),
            (0, None, Some(15)),
            (12, None, None),
            (12, Some(13), Some(14)),
            (12, Some(25), Some(26)),
            (25, None, None),
        ];
        for (uid, (opened, closed, destroyed)) in (1..).zip(lives) {
            let id = read(&store, uid, &parsed()).await;
            let case = store
                .accept(id, "RJ", &actor(), at(opened * DAY))
                .await
                .unwrap()
                .0;
            let closing = Closing {
                reason: CloseReason::Declined,
                outcome: None,
                note: None,
            };
            if let Some(day) = closed {
                store
                    .close_case(&staff(), case, &closing, at(day * DAY))
                    .await
                    .unwrap();
            }
            if let Some(day) = destroyed {
                let order = DestroyRule::Order;
                store
                    .destroy_case(&staff(), case, order, at(day * DAY))
                    .await
                    .unwrap();
            }
        }
        let all = store.cases().await.unwrap();
        for (from, to, most) in [(0, 10, 6), (10, 20, 8), (20, 30, 7), (40, 50, 3)] {
            let (from, to) = (at(from * DAY), at(to * DAY));
            let counted = store.cases_counted(from, to).await.unwrap();
            assert_eq!(counts(&counted, from, to), counts(&all, from, to));
            assert!(counted.len() <= most, "{} of {}", counted.len(), all.len());
        }
    }

    pub(super) async fn a_case_that_is_opened_again_survives_its_deadline(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let closing = Closing {
            reason: CloseReason::Declined,
            outcome: None,
            note: None,
        };
        store.close_case(&staff(), case, &closing, at(0)).await.unwrap();
        assert_eq!(store.expired(&deadlines(1), 10).await.unwrap().len(), 1);
        store
            .reopen_case(&staff(), case, "a question", at(5))
            .await
            .unwrap();
        assert!(
            store
                .destroy_expired(&deadlines(1), 10, at(2 * DAY))
                .await
                .unwrap()
                .is_empty()
        );
        assert!(store.open_files(&staff(), case, at(6)).await.is_ok());
    }

    pub(super) async fn people_and_numbers_are_found_in_any_spelling_until_they_are_destroyed(home: Home) {
        let store = home.open().await;
        let (case, message) = accepted(&store, 1).await;
        let lookups = [
            Lookup::Name(personal("TOLLINGTON, marguerite")),
            Lookup::Birth(personal("1991-04-17")),
            Lookup::Phone(personal("+44 7700 900461")),
            Lookup::Email(personal(" Marguerite@Tollington.example")),
            Lookup::Postcode(personal("qx99xq")),
            Lookup::Reference(personal("42 98765 26")),
            Lookup::Reference(personal("2019/418233q".replace("/4", "/04").as_str())),
        ];
        for (place, lookup) in lookups.iter().enumerate() {
            let cases = store.find_cases(lookup).await.unwrap();
            assert_eq!(
                cases.iter().map(|case| case.id).collect::<Vec<_>>(),
                [case],
                "{place}"
            );
            let messages = store.find_messages(lookup).await.unwrap();
            assert_eq!(
                messages.iter().map(|message| message.id).collect::<Vec<_>>(),
                [message],
                "{place}"
            );
        }
        let part = Lookup::Name(personal("Tollington"));
        assert!(
            store.find_cases(&part).await.unwrap().is_empty(),
            "parts are not looked for"
        );
        let renamed = FileChange::Corrected {
            party: 0,
            field: PartyField::Name,
            value: Some("Marguerite Penhaligon".into()),
            reason: "married".into(),
        };
        store
            .change_file(&staff(), case, Side::Victim, &renamed, at(20))
            .await
            .unwrap();
        assert!(store.find_cases(&lookups[0]).await.unwrap().is_empty());
        let new = Lookup::Name(personal("Marguerite Penhaligon"));
        assert_eq!(store.find_cases(&new).await.unwrap().len(), 1);
        store
            .destroy_case(&staff(), case, DestroyRule::Order, at(30))
            .await
            .unwrap();
        assert!(store.find_cases(&new).await.unwrap().is_empty());
        assert!(store.find_messages(&lookups[3]).await.unwrap().is_empty());
    }

    pub(super) async fn a_withdrawal_stands_at_the_top_of_the_queue(home: Home) {
        let store = home.open().await;
        let kind = |kind| ParsedMessage { kind, ..parsed() };
        let first = read(&store, 1, &kind(Kind::Referral)).await;
        let withdrawal = read(&store, 2, &kind(Kind::ConsentWithdrawal)).await;
        let request = read(&store, 3, &kind(Kind::SubjectAccess)).await;
        let last = read(&store, 4, &kind(Kind::SelfReferral)).await;
        let page = |after, at_most| store.review_queue(after, at_most);
        let ids = |page: Vec<MessageSummary>| page.iter().map(|message| message.id).collect::<Vec<_>>();
        assert_eq!(
            ids(page(0, 10).await.unwrap()),
            [withdrawal, request, first, last]
        );
        assert_eq!(ids(page(1, 2).await.unwrap()), [request, first]);
    }

    pub(super) async fn what_an_erasure_replaced_can_be_opened_by_no_key_that_is_left(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let victims = file(&store, &staff(), case, Side::Victim).await.id;
        let offenders = file(&store, &staff(), case, Side::Offender).await.id;
        let mut attacker = home.attacker().await;
        let keys =
            "SELECT id, wrapped FROM record_keys WHERE kind IN ('case_file', 'case_core') ORDER BY kind, id";
        let parts = "SELECT id, bytes FROM sealed WHERE kind = 'case_file' AND part = 'referral'";
        let before: Vec<(Vec<u8>, Vec<u8>)> = attacker.all(keys).await;
        let sealed: Vec<(Vec<u8>, Vec<u8>)> = attacker.all(parts).await;
        let erased = FileChange::Erased {
            party: 0,
            on: today(),
        };
        store
            .change_file(&staff(), case, Side::Victim, &erased, at(30))
            .await
            .unwrap();
        let after: Vec<(Vec<u8>, Vec<u8>)> = attacker.all(keys).await;
        assert_eq!(before.len(), 3, "the case and its two files");
        let bytes = home.table_bytes();
        for ((id, old), (_, new)) in before.iter().zip(&after) {
            let is_others = id.as_slice() == offenders.0.as_bytes();
            assert_eq!(old == new, is_others, "the other side's file keeps its key");
            assert!(
                is_others || !bytes.windows(old.len()).any(|bytes| bytes == old),
                "the old key is gone"
            );
        }
        // Whoever finds the old row and puts it back opens nothing with it.
        let (id, old) = sealed
            .iter()
            .find(|(id, _)| id.as_slice() == victims.0.as_bytes())
            .unwrap();
        let put_back = "UPDATE sealed SET bytes = $1 WHERE id = $2 AND part = 'referral'";
        assert_eq!(attacker.change(put_back, &[old, id], &[]).await, 1);
        let opened = store.open_files(&staff(), case, at(31)).await;
        assert!(matches!(opened, Err(StoreError::Tampered)));
    }

    pub(super) async fn an_erased_person_is_in_no_part_of_their_case(home: Home) {
        let store = home.open().await;
        let (case, message) = accepted(&store, 1).await;
        let corrected = FileChange::Corrected {
            party: 0,
            field: PartyField::Name,
            value: Some("Marguerite Penhaligon".into()),
            reason: "married".into(),
        };
        for change in [corrected, note("Marguerite Tollington rang")] {
            store
                .change_file(&staff(), case, Side::Victim, &change, at(20))
                .await
                .unwrap();
        }
        let erased = FileChange::Erased {
            party: 0,
            on: today(),
        };
        store
            .change_file(&staff(), case, Side::Victim, &erased, at(30))
            .await
            .unwrap();
        let files = store.open_files(&staff(), case, at(31)).await.unwrap();
        let core = store.open_case_core(&staff(), case, at(31)).await.unwrap();
        let mut shown = serde_json::to_string(core.referral.expose_personal()).unwrap();
        for file in &files {
            shown += &serde_json::to_string(file.state.expose_personal()).unwrap();
            for entry in file.entries.iter().filter_map(|entry| entry.content.as_ref()) {
                shown += &serde_json::to_string(entry.expose_personal()).unwrap();
            }
        }
        for text in [
            VICTIM,
            VICTIM_PHONE,
            VICTIM_MAIL,
            VICTIM_STREET,
            "Penhaligon",
            "Marguerite",
        ] {
            assert!(!shown.contains(text), "{text}");
        }
        assert!(
            shown.contains(OFFENDER) && shown.contains(MOTHER),
            "nobody else was erased"
        );
        assert!(store.raw_message(message).await.is_err(), "the mail names her");
        let kinds: Vec<_> = files[0].entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(
            kinds,
            ["corrected", "note", "erased"],
            "that something was done stays"
        );
        assert!(
            store
                .find_cases(&Lookup::Phone(personal(VICTIM_PHONE)))
                .await
                .unwrap()
                .is_empty()
        );
    }

    pub(super) async fn the_report_counts_what_was_destroyed_and_names_nobody(home: Home) {
        use referrald::casework::monthly_report;
        use referrald::casework::report::{Districts, Least};
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        for uid in 2..=8 {
            let id = read(&store, uid, &parsed()).await;
            if uid > 3 {
                store.reject(id, &actor(), at(3600)).await.unwrap();
            }
        }
        store
            .destroy_case(&staff(), case, DestroyRule::Order, at(7200))
            .await
            .unwrap();
        let month = at(0).strftime("%Y-%m").to_string().parse().unwrap();
        let least = Least::new(3).unwrap();
        let report = monthly_report(&store, month, &Districts::default(), least)
            .await
            .unwrap();
        let csv = report.csv();
        let row = |start: &str| {
            csv.lines()
                .find(|line| line.starts_with(start))
                .map(str::to_owned)
        };
        assert!(csv.contains(",8"), "all eight are counted: {csv}");
        assert!(row("Decisions").is_some() || csv.contains("Rejected"), "{csv}");
        let page = report.html("Anyshire Restorative Service");
        for identity in IDENTITIES.iter().filter(|identity| **identity != "window") {
            assert!(!csv.contains(identity) && !page.contains(identity), "{identity}");
        }
        let late = Deadlines {
            statistics: at(DAY),
            ..deadlines(-30)
        };
        let gone = store.destroy_expired(&late, 100, at(2 * DAY)).await.unwrap();
        assert_eq!(gone.len(), 8);
        assert!(gone.iter().all(|item| matches!(item, Expired::Statistics { .. })));
        assert!(
            store
                .destroy_expired(&late, 100, at(2 * DAY))
                .await
                .unwrap()
                .is_empty()
        );
    }

    pub(super) async fn who_has_left_sees_and_sends_nothing_and_goes_after_their_term(home: Home) {
        let store = home.open().await;
        let (case, _) = accepted(&store, 1).await;
        let vera = volunteer(&store, "vera").await;
        store
            .allocate(case, Side::Victim, "vera", &actor(), at(11))
            .await
            .unwrap();
        store.note_privacy_notice("vera", at(0), at(12)).await.unwrap();
        assert!(store.open_files(&vera, case, at(12)).await.is_ok());
        store.account_left("vera", &actor(), at(20)).await.unwrap();
        assert!(store.account("vera").await.unwrap().is_none(), "cannot sign in");
        assert!(matches!(
            store.open_files(&vera, case, at(21)).await,
            Err(StoreError::NotFound)
        ));
        assert_eq!(store.accounts().await.unwrap().len(), 1, "kept for its term");
        let term = |left| Deadlines {
            left,
            ..deadlines(-30)
        };
        assert!(
            store
                .destroy_expired(&term(at(20)), 10, at(30))
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            store
                .destroy_expired(&term(at(21)), 10, at(30))
                .await
                .unwrap()
                .len(),
            1
        );
        assert!(store.accounts().await.unwrap().is_empty());
        assert!(matches!(
            store.account_left("vera", &actor(), at(31)).await,
            Err(StoreError::NotFound)
        ));
    }

    pub(super) async fn equality_monitoring_is_counts(home: Home) {
        let store = home.open().await;
        let answer = |answer: &str| MonitoringAnswer {
            year: 2026,
            category: "ethnicity".into(),
            answer: answer.into(),
        };
        for given in ["Asian", "White", "Asian "] {
            store.count_monitoring(&answer(given)).await.unwrap();
        }
        let counts = store.monitoring().await.unwrap();
        assert_eq!(counts, [(answer("Asian"), 2), (answer("White"), 1)]);
        for wrong in ["", &"x".repeat(61)] {
            assert!(store.count_monitoring(&answer(wrong)).await.is_err());
        }
        let columns: Vec<(i64, String, String, i64)> = home
            .attacker()
            .await
            .all("SELECT * FROM monitoring ORDER BY answer")
            .await;
        assert_eq!(columns.len(), 2, "nothing else is kept");
    }
}
