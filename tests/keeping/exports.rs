//! What leaves: exports per side, the documents folder, subject access (promises 7 and 8).

use crate::on_both;

on_both! {
    an_export_holds_exactly_the_people_of_its_side_and_is_audited
    who_is_restricted_or_erased_is_in_no_export
    the_program_writes_a_private_file_per_side_and_overwrites_nothing
    documents_are_copied_for_their_owner_only_and_go_with_the_case
    a_folder_that_a_crash_left_goes_with_the_next_run_and_nothing_else_does
    an_erasure_takes_the_copies_of_its_side
    a_bundle_holds_all_of_a_person_and_nothing_of_the_other_side
    a_supporter_gets_only_what_is_theirs
}

mod stories {
    use crate::support::*;
    use referrald::casework::{Casework, DocumentsFolder, Sides, Terms, purge};
    use referrald::domain::*;
    use referrald::store::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    const VICTIMS: &[&str] = &[
        VICTIM,
        VICTIM_PHONE,
        VICTIM_MAIL,
        VICTIM_STREET,
        MOTHER,
        "QX9 9XQ",
        "1991-04-17",
    ];
    const NOT_VICTIMS: &[&str] = &[
        OFFENDER,
        OFFENDER_MAIL,
        OFFENDER_PNC,
        WITNESS,
        "Wraxhall",
        "Desmond",
        "Penhallow",
        "hates-dogs",
    ];
    const TERMS: Terms = Terms {
        closed_years: 6,
        automatic_days: 30,
        enquiry_days: 180,
        liaison_days: 90,
        statistics_years: 7,
        left_days: 365,
    };

    async fn accepted(store: &Store, uid: u32) -> (CaseId, String) {
        let id = read(store, uid, &parsed()).await;
        let (case, reference) = store.accept(id, "RJ", &actor(), at(10)).await.unwrap();
        (case, reference.to_string())
    }

    async fn change(store: &Store, case: CaseId, side: Side, change: FileChange) {
        store
            .change_file(&staff(), case, side, &change, at(20))
            .await
            .unwrap();
    }

    async fn keep_document(store: &Store, case: CaseId, side: Side, name: &str, text: &str) -> EntryId {
        let document = NewDocument {
            name: name.into(),
            bytes: Personal::new(text.as_bytes().to_vec()),
        };
        store
            .add_document(&staff(), case, side, &document, at(15))
            .await
            .unwrap()
    }

    async fn actions(home: &Home) -> Vec<String> {
        let rows: Vec<(String,)> = home
            .attacker()
            .await
            .all("SELECT action FROM audit ORDER BY seq")
            .await;
        rows.into_iter().map(|(action,)| action).collect()
    }

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn program(home: &Home, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_referrald"))
            .arg("--config")
            .arg(home.configuration())
            .args(arguments)
            .output()
            .unwrap()
    }

    fn done(output: &Output) {
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
    }

    fn records(csv: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(csv.as_bytes());
        let records = reader.records();
        records
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    /// Every file below a folder, with its text, by its path.
    fn every_file(folder: &Path) -> Vec<(PathBuf, String)> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                assert_eq!(mode(&path), 0o700);
                all.extend(every_file(&path));
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                all.push((
                    path.clone(),
                    String::from_utf8(std::fs::read(&path).unwrap()).unwrap(),
                ));
            }
        }
        all
    }

    pub(super) async fn an_export_holds_exactly_the_people_of_its_side_and_is_audited(home: Home) {
        let store = home.open().await;
        let (_, reference) = accepted(&store, 1).await;
        let casework = Casework::new(store, actor());
        for (side, theirs, not_theirs) in [
            (Side::Victim, VICTIMS, NOT_VICTIMS),
            (
                Side::Offender,
                &[OFFENDER, OFFENDER_MAIL, OFFENDER_PNC][..],
                VICTIMS,
            ),
        ] {
            let before = actions(&home).await.len();
            let files = casework
                .export_files(&reference, Sides::One(side), at(30))
                .await
                .unwrap();
            assert_eq!(actions(&home).await[before..], ["case_file.exported"]);
            let json = serde_json::to_string(&files).unwrap();
            let csv = files[0].csv().unwrap();
            for text in theirs {
                assert!(json.contains(text) && csv.contains(text), "{side}: {text}");
            }
            for text in not_theirs {
                assert!(!json.contains(text) && !csv.contains(text), "{side}: {text}");
            }
            let rows = records(&csv);
            assert_eq!(rows[0], referrald::casework::EXPORT_COLUMNS);
            assert_eq!(rows[1][..3], [reference.as_str(), &side.to_string(), "1"]);
            assert_eq!(rows.len(), files[0].people.len() + 1);
            let crime = rows[0].iter().position(|name| name == "crime_number").unwrap();
            assert_eq!(rows[1][crime], CRIME);
        }
        let before = actions(&home).await.len();
        let all = casework
            .export_files(&reference, Sides::All, at(31))
            .await
            .unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(actions(&home).await.len(), before + 2, "audited per file");
        let whole = casework.export_whole_case(&reference, at(32)).await.unwrap();
        let whole = serde_json::to_string(&whole).unwrap();
        assert!(whole.contains(WITNESS) && whole.contains(SUMMARY));
        assert_eq!(actions(&home).await.last().unwrap(), "case_core.exported");
        let since = |day: &str| casework.cases_since(day.parse().unwrap());
        assert_eq!(since("2026-01-01").await.unwrap().len(), 1);
        assert!(since("2027-01-01").await.unwrap().is_empty());
    }

    pub(super) async fn who_is_restricted_or_erased_is_in_no_export(home: Home) {
        let store = home.open().await;
        let (case, reference) = accepted(&store, 1).await;
        let restricted = FileChange::Restricted {
            party: 0,
            reason: "disputes it".into(),
        };
        let erased = FileChange::Erased {
            party: 1,
            on: "2026-09-01".parse().unwrap(),
        };
        change(&store, case, Side::Offender, restricted).await;
        change(&store, case, Side::Victim, erased).await;
        let casework = Casework::new(store, actor());
        let files = casework
            .export_files(&reference, Sides::All, at(30))
            .await
            .unwrap();
        let json = serde_json::to_string(&files).unwrap();
        let csv: String = files.iter().map(|file| file.csv().unwrap()).collect();
        for text in [OFFENDER, OFFENDER_MAIL, OFFENDER_PNC, MOTHER, "Philippa"] {
            assert!(!json.contains(text) && !csv.contains(text), "{text}");
        }
        assert!(
            json.contains(VICTIM) && csv.contains(VICTIM),
            "nobody else is left out"
        );
        let rows = records(&files[1].csv().unwrap());
        assert_eq!(rows[1][..4], [reference.as_str(), "offender", "1", "restricted"]);
        assert!(rows[1][4..].iter().all(String::is_empty));
        let rows = records(&files[0].csv().unwrap());
        assert_eq!((rows[1][2].as_str(), rows[1][3].as_str()), ("1", "included"));
        assert_eq!((rows[2][2].as_str(), rows[2][3].as_str()), ("2", "erased"));
        let whole = casework.export_whole_case(&reference, at(31)).await.unwrap();
        let whole = serde_json::to_string(&whole).unwrap();
        assert!(
            !whole.contains("Wraxhall"),
            "texts may speak of whoever is restricted"
        );
    }

    pub(super) async fn the_program_writes_a_private_file_per_side_and_overwrites_nothing(home: Home) {
        let store = home.open().await;
        let (_, reference) = accepted(&store, 1).await;
        drop(store);
        let to = home.folder().join("out");
        std::fs::create_dir(&to).unwrap();
        let to = to.to_str().unwrap();
        let arguments = [
            "export", "case", &reference, "--as", "csv", "--side", "all", "--to", to,
        ];
        done(&program(&home, &arguments));
        let rows = actions(&home).await.len();
        let files = every_file(Path::new(to));
        assert_eq!(files.len(), 2, "the whole-case part was not asked for");
        for (path, text) in &files {
            let is_victims = path.ends_with(format!("{reference}-victim.csv"));
            assert!(is_victims || path.ends_with(format!("{reference}-offender.csv")));
            assert_eq!(text.contains(VICTIM), is_victims);
            assert_eq!(text.contains(OFFENDER), !is_victims);
        }
        assert!(
            !program(&home, &arguments).status.success(),
            "nothing is overwritten"
        );
        assert_eq!(actions(&home).await.len(), rows, "nor opened");
        let mixed = program(
            &home,
            &["export", "case", &reference, "--as", "json", "--side", "all"],
        );
        assert!(
            !mixed.status.success() && mixed.stdout.is_empty(),
            "no two sides in one stream"
        );
        let since = [
            "export",
            "cases",
            "--since",
            "2026-01-01",
            "--as",
            "json",
            "--to",
            to,
        ];
        done(&program(&home, &since));
        assert_eq!(every_file(Path::new(to)).len(), 4);
    }

    pub(super) async fn documents_are_copied_for_their_owner_only_and_go_with_the_case(home: Home) {
        let store = home.open().await;
        let folder = home.folder().join("documents");
        let (case, reference) = accepted(&store, 1).await;
        let (other, kept) = accepted(&store, 2).await;
        keep_document(&store, case, Side::Victim, "letter.txt", "one").await;
        keep_document(&store, case, Side::Victim, "letter.txt", "two").await;
        keep_document(&store, case, Side::Offender, "form.pdf", "three").await;
        keep_document(&store, other, Side::Victim, "letter.txt", "four").await;
        let casework = Casework::new(store, actor()).with_documents(Some(DocumentsFolder::new(&folder)));
        let done = casework.export_documents(&reference, at(30)).await.unwrap();
        assert_eq!((done.written, done.there), (3, 0));
        let again = casework.export_documents(&reference, at(31)).await.unwrap();
        assert_eq!((again.written, again.there), (0, 3), "nothing is overwritten");
        casework.export_documents(&kept, at(32)).await.unwrap();
        assert_eq!(mode(&folder), 0o700);
        let texts = |side: &str| {
            let mut texts: Vec<_> = every_file(&folder.join(&reference).join(side))
                .into_iter()
                .map(|(_, text)| text)
                .collect();
            texts.sort();
            texts
        };
        assert_eq!(texts("victim"), ["one", "two"]);
        assert_eq!(texts("offender"), ["three"]);
        let exported = actions(&home).await;
        let exported = exported.iter().filter(|action| *action == "document.exported");
        assert_eq!(exported.count(), 7);
        casework.destroy(&reference, at(40)).await.unwrap();
        assert!(!folder.join(&reference).exists());
        assert_eq!(
            every_file(&folder.join(&kept)).len(),
            1,
            "the other case keeps its own"
        );
    }

    pub(super) async fn a_folder_that_a_crash_left_goes_with_the_next_run_and_nothing_else_does(home: Home) {
        let store = home.open().await;
        let top = home.folder().join("documents");
        let folder = DocumentsFolder::new(&top);
        let (case, reference) = accepted(&store, 1).await;
        let (linked, linked_reference) = accepted(&store, 2).await;
        let (expired, expired_reference) = accepted(&store, 3).await;
        let (open, open_reference) = accepted(&store, 4).await;
        for case in [case, expired, open] {
            keep_document(&store, case, Side::Victim, "letter.txt", "a letter").await;
        }
        let casework = Casework::new(store.clone(), actor()).with_documents(Some(folder.clone()));
        for reference in [&reference, &expired_reference, &open_reference] {
            casework.export_documents(reference, at(30)).await.unwrap();
        }
        // Links to a folder elsewhere: in place of a case's folder, and in one.
        let elsewhere = home.folder().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        std::fs::write(elsewhere.join("precious"), "precious").unwrap();
        std::os::unix::fs::symlink(&elsewhere, top.join(&linked_reference)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, top.join(&reference).join("link")).unwrap();
        for name in ["RJ-1999-00001", "notes", "rj-2026-00001"] {
            std::fs::create_dir(top.join(name)).unwrap();
        }
        // The process dies right after the commit.
        for case in [case, linked] {
            store
                .destroy_case(&staff(), case, DestroyRule::Order, at(40))
                .await
                .unwrap();
        }
        let closing = Closing {
            reason: CloseReason::Declined,
            outcome: None,
            note: None,
        };
        store
            .close_case(&staff(), expired, &closing, at(41))
            .await
            .unwrap();
        let later = at(7 * 366 * 24 * 3600);
        let purged = purge(&store, &TERMS, Some(&folder), later).await.unwrap();
        assert_eq!((purged.cases, purged.folders, purged.folders_left), (1, 2, 0));
        assert!(!top.join(&reference).exists() && !top.join(&expired_reference).exists());
        assert!(
            top.join(&linked_reference).symlink_metadata().is_ok(),
            "a link is not ours"
        );
        assert_eq!(
            std::fs::read_to_string(elsewhere.join("precious")).unwrap(),
            "precious"
        );
        for name in ["RJ-1999-00001", "notes", "rj-2026-00001", &open_reference] {
            assert!(top.join(name).is_dir(), "{name}");
        }
        let again = purge(&store, &TERMS, Some(&folder), later).await.unwrap();
        assert_eq!(again.folders, 0);
        // Nothing is written through a link either.
        let side = top.join(&open_reference).join("offender");
        std::os::unix::fs::symlink(&elsewhere, &side).unwrap();
        keep_document(&store, open, Side::Offender, "form.txt", "a form").await;
        assert!(casework.export_documents(&open_reference, at(50)).await.is_err());
        assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 1);
    }

    pub(super) async fn an_erasure_takes_the_copies_of_its_side(home: Home) {
        let store = home.open().await;
        let top = home.folder().join("documents");
        let (case, reference) = accepted(&store, 1).await;
        for side in [Side::Victim, Side::Offender] {
            keep_document(&store, case, side, "letter.txt", "a letter").await;
        }
        let casework = Casework::new(store, actor()).with_documents(Some(DocumentsFolder::new(&top)));
        casework.export_documents(&reference, at(30)).await.unwrap();
        let erased = FileChange::Erased {
            party: 0,
            on: "2026-09-01".parse().unwrap(),
        };
        casework
            .change(&reference, Side::Victim, &erased, at(31))
            .await
            .unwrap();
        assert!(!top.join(&reference).join("victim").exists());
        assert!(top.join(&reference).join("offender").exists());
    }

    /// A mail that left to one recipient.
    async fn sent(store: &Store, text: &str, recipient: &str, route: MailRoute) {
        let mail = SubmittedMail {
            account: "vera".into(),
            sender: personal("vera@liaison.example"),
            recipients: vec![personal(recipient)],
            raw: Personal::new(format!("Subject: case\r\n\r\n{text}\r\n").into_bytes()),
        };
        let id = store.accept_outbound(&mail, at(50)).await.unwrap();
        let plan = PlannedDelivery {
            recipient: personal(recipient),
            route,
            action: match route {
                MailRoute::Cjsm => DeliveryAction::Pass,
                MailRoute::Ordinary => DeliveryAction::Redact,
            },
            reasons: Vec::new(),
            message: Some(Personal::new(b"Subject: case\r\n\r\nx".to_vec())),
            if_released: None,
            message_id: None,
        };
        store.save_plan(id, &[plan], at(51)).await.unwrap();
        let due = store.due_deliveries(at(52), 10).await.unwrap();
        store
            .record_delivery(due[0].id, DeliveryOutcome::Sent { code: 250 }, at(53))
            .await
            .unwrap();
    }

    pub(super) async fn a_bundle_holds_all_of_a_person_and_nothing_of_the_other_side(home: Home) {
        let store = home.open().await;
        let id = read(&store, 1, &parsed()).await;
        let put_right = [
            ("1/known_as", "taken for somebody"),
            ("0/needs", "his own need"),
            ("1/known_as", "called so now"),
            ("1/relationship", "a friend of Desmond Wraxhall"),
        ];
        let put_right = put_right.map(|(place, after)| DraftChange::Set {
            path: format!("/referral/parties/{place}"),
            after: Some(after.into()),
        });
        store
            .correct_draft(id, 0, &put_right, &actor(), at(2))
            .await
            .unwrap();
        let (case, reference) = store.accept(id, "RJ", &actor(), at(3)).await.unwrap();
        let reference = reference.as_str().to_owned();
        let note = |text: &str| FileChange::Note { text: text.into() };
        let needs = FileChange::Corrected {
            party: 0,
            field: PartyField::Needs,
            value: Some("afraid to meet Desmond Wraxhall <alone>".into()),
            reason: "she said so".into(),
        };
        change(&store, case, Side::Victim, needs).await;
        change(
            &store,
            case,
            Side::Victim,
            note("Rang her: she is glad of it. Osgood Penhallow saw it."),
        )
        .await;
        change(
            &store,
            case,
            Side::Offender,
            note("He wrote a letter of remorse."),
        )
        .await;
        let told = FileChange::SafeguardingException {
            told: "the police".into(),
            reason: "unmistakable threat".into(),
        };
        change(&store, case, Side::Victim, told).await;
        keep_document(
            &store,
            case,
            Side::Victim,
            "plain.txt",
            "She would like an apology.",
        )
        .await;
        keep_document(
            &store,
            case,
            Side::Victim,
            "to Desmond Wraxhall.txt",
            "Dear Desmond Wraxhall",
        )
        .await;
        keep_document(&store, case, Side::Offender, "his.txt", "His own words.").await;
        sent(
            &store,
            &format!("About {VICTIM}"),
            "pc@police.cjsm.net",
            MailRoute::Cjsm,
        )
        .await;
        sent(
            &store,
            &format!("About {OFFENDER}, {reference}"),
            "po@probation.example",
            MailRoute::Ordinary,
        )
        .await;
        let closing = Closing {
            reason: CloseReason::Declined,
            outcome: None,
            note: None,
        };
        store.close_case(&staff(), case, &closing, at(60)).await.unwrap();
        drop(store);
        let to = home.folder().join("out");
        std::fs::create_dir(&to).unwrap();
        let path = to.to_str().unwrap();
        let arguments = [
            "subject-access",
            &reference,
            "--side",
            "victim",
            "--person",
            "1",
            "--to",
            path,
        ];
        done(&program(&home, &arguments));
        let folder = to.join(format!("{reference}-victim-1"));
        assert_eq!(mode(&folder), 0o700);
        let files = every_file(&folder);
        let text_of = |name: &str| &files.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
        let (page, json) = (text_of("your-data.html"), text_of("your-data.json"));
        for text in [
            VICTIM,
            VICTIM_PHONE,
            VICTIM_MAIL,
            VICTIM_STREET,
            "QX9 9XQ",
            "1991-04-17",
            CRIME,
            OFFICER,
            "Anyshire Police",
            "criminal damage",
            "afraid to meet",
            "police.cjsm.net",
            "plain.txt",
            "2032-09-",
            "Put right in the referral",
            "taken for somebody",
            "called so now",
        ] {
            assert!(page.contains(text) && json.contains(text), "{text}");
        }
        assert!(!page.contains("<alone>") && !page.contains("<script"));
        for (path, text) in &files {
            for other in NOT_VICTIMS.iter().chain(&[
                MOTHER,
                "Philippa",
                "Osgood",
                "remorse",
                "unmistakable threat",
                "probation.example",
                "His own words",
                "his own need",
            ]) {
                assert!(!text.contains(other), "{other} in {}", path.display());
                assert!(!path.to_string_lossy().contains(other), "{other}");
            }
        }
        assert!(text_of("1-plain.txt").contains("an apology"), "copied");
        assert!(page.contains("1 liaison e-mails") && page.contains("1 documents"));
        let staff_only = every_file(&to.join(format!("{reference}-victim-1-for-staff")));
        assert_eq!(staff_only.len(), 1);
        assert!(staff_only[0].1.contains("Dear Desmond"));
        let audit = actions(&home).await;
        let count = |wanted: &str| audit.iter().filter(|action| *action == wanted).count();
        assert_eq!(count("case_file.subject_access"), 1, "only her side was opened");
        assert_eq!(count("document.subject_access"), 2);
        assert!(
            !program(&home, &arguments).status.success(),
            "nothing is overwritten"
        );
        let offenders = [
            "subject-access",
            &reference,
            "--side",
            "offender",
            "--person",
            "1",
            "--to",
            path,
        ];
        done(&program(&home, &offenders));
        for (path, text) in every_file(&to.join(format!("{reference}-offender-1"))) {
            for hers in VICTIMS
                .iter()
                .chain(&["Tollington", "afraid to meet", "an apology", "called so now"])
            {
                assert!(!text.contains(hers), "{hers} in {}", path.display());
            }
        }
    }

    pub(super) async fn a_supporter_gets_only_what_is_theirs(home: Home) {
        let store = home.open().await;
        let (case, reference) = accepted(&store, 1).await;
        keep_document(
            &store,
            case,
            Side::Victim,
            "plain.txt",
            "She would like an apology.",
        )
        .await;
        let note = FileChange::Note {
            text: "She is unwell.".into(),
        };
        change(&store, case, Side::Victim, note).await;
        drop(store);
        let to = home.folder().join("out");
        std::fs::create_dir(&to).unwrap();
        let path = to.to_str().unwrap();
        let arguments = [
            "subject-access",
            &reference,
            "--side",
            "victim",
            "--person",
            "2",
            "--to",
            path,
        ];
        done(&program(&home, &arguments));
        for (path, text) in every_file(&to) {
            assert!(text.contains(MOTHER), "{}", path.display());
            for hers in [
                "Marguerite",
                VICTIM_PHONE,
                VICTIM_STREET,
                "apology",
                "unwell",
                CRIME,
            ] {
                assert!(!text.contains(hers), "{hers}");
            }
        }
        let nobody = [
            "subject-access",
            &reference,
            "--side",
            "victim",
            "--person",
            "3",
            "--to",
            path,
        ];
        assert!(!program(&home, &nobody).status.success());
    }
}
