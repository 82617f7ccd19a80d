//! What comes in besides mail: a list of cases that were kept elsewhere before.

use crate::on_both;

on_both! {
    an_imported_case_is_known_to_threads_redaction_and_the_counter
    the_same_rows_are_imported_once_also_after_their_destruction
    nothing_is_imported_unless_every_row_is_sound
    a_dry_run_keeps_nothing
    a_changed_list_does_not_make_its_cases_twice
    an_export_that_guards_its_cells_is_read_as_it_was
}

mod stories {
    use crate::support::*;
    use referrald::casework::{Casework, CaseworkError, ImportReport, ImportRun, cells};
    use referrald::domain::*;
    use referrald::store::*;

    const LIST: &str = "\u{feff}Reference,role,name,known_as,date_of_birth,phone,email,address,postcode,crime_number,opened,message_id\r\n\
        RJ-2026-00031,victim,Marguerite Tollington,Maggie,17/04/1991,07700 900461;01632 960123,marguerite@tollington.example,\"14 Quillfeather Close, Anytown\",,42/98765/26,03/02/2026,<unmistakable-thread@police.example>\r\n\
        RJ-2026-00031,supporter,Philippa Tollington,,,,,,,,,\r\n\
        ,,,,,,,,,,,\r\n\
        rj-2026-00031,offender,Desmond Wraxhall,,,,,,,,2026-02-03,\r\n\
        AC/77/2019,party,Osgood Penhallow,,,,,,,,,\r\n\
        ,party,Verity Blackstock,,,,,,,,,\r\n";

    async fn import(store: &Store, list: &str, run: ImportRun) -> Result<ImportReport, CaseworkError> {
        let list = Personal::new(list.as_bytes().to_vec());
        Casework::new(store.clone(), actor())
            .import(&list, "RJ", run, at(0))
            .await
    }

    async fn problems(store: &Store, list: &str) -> Vec<String> {
        match import(store, list, ImportRun::Real).await {
            Err(CaseworkError::Import(problems)) => problems.iter().map(ToString::to_string).collect(),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("it was imported"),
        }
    }

    pub(super) async fn an_imported_case_is_known_to_threads_redaction_and_the_counter(home: Home) {
        let store = home.open().await;
        let report = import(&store, LIST, ImportRun::Real).await.unwrap();
        let rows: Vec<_> = report
            .new
            .iter()
            .map(|(row, reference)| (*row, reference.as_ref().unwrap().as_str()))
            .collect();
        assert_eq!(
            rows,
            [(2, "RJ-2026-00031"), (6, "RJ-2026-00032"), (7, "RJ-2026-00033")]
        );
        assert_eq!((report.people, report.known), (5, 0));
        assert!(store.knows_thread(&[THREAD.to_owned()]).await.unwrap());
        let known = store.known_cases().await.unwrap();
        let names: Vec<_> = known[0]
            .referral
            .parties
            .iter()
            .filter_map(|party| party.name.as_deref())
            .collect();
        assert_eq!(names, [VICTIM, MOTHER, OFFENDER]);
        assert_eq!(
            known[0].referral.parties[0].phones,
            [VICTIM_PHONE, "01632 960123"]
        );
        let summary = store.cases().await.unwrap().pop().unwrap();
        assert_eq!(summary.opened.to_string(), "2026-02-03T00:00:00Z");
        assert_eq!(summary.sides, [Side::Victim, Side::Offender]);
        let files = store.open_files(&staff(), summary.id, at(1)).await.unwrap();
        let hers = &files[0].state.expose_personal().referral;
        assert_eq!(hers.parties[1].supports, Some(0), "her supporter is on her side");
        assert_eq!(hers.parties[0].date_of_birth.as_deref(), Some("1991-04-17"));
        let found = Lookup::Reference(personal("AC/77/2019"));
        assert_eq!(store.find_cases(&found).await.unwrap().len(), 1);
        // The next mail gets the next number.
        let mail = read(&store, 1, &parsed()).await;
        let (_, reference) = store.accept(mail, "RJ", &actor(), at(10)).await.unwrap();
        assert_eq!(reference.as_str(), "RJ-2026-00034");
        let from = at(-1);
        let received = store.message_facts(from, at(100)).await.unwrap();
        assert_eq!(received.len(), 1, "the report counts what came by mail");
        store.verify_audit().await.unwrap();
        drop(store);
        let bytes = home.table_bytes();
        for identity in [VICTIM, OFFENDER, "Quillfeather", THREAD] {
            let stands = bytes
                .windows(identity.len())
                .any(|part| part == identity.as_bytes());
            assert!(!stands, "{identity} is sealed");
        }
    }

    pub(super) async fn the_same_rows_are_imported_once_also_after_their_destruction(home: Home) {
        let store = home.open().await;
        import(&store, LIST, ImportRun::Real).await.unwrap();
        // Another order of the columns is the same list.
        let rows = store.verify_audit().await.unwrap();
        let again = import(&store, LIST, ImportRun::Real).await.unwrap();
        assert_eq!((again.new.len(), again.known), (0, 3));
        assert_eq!(store.verify_audit().await.unwrap(), rows, "nothing was done");
        let case = store.cases().await.unwrap().pop().unwrap().id;
        let source = store.case_sources(&staff(), case).await.unwrap().remove(0);
        assert_eq!(source.tie, SourceTie::Imported);
        assert!(store.raw_message(source.message).await.is_ok());
        store
            .destroy_case(&staff(), case, DestroyRule::Order, at(20))
            .await
            .unwrap();
        assert!(
            store.raw_message(source.message).await.is_err(),
            "its rows go with it"
        );
        assert!(!store.knows_thread(&[THREAD.to_owned()]).await.unwrap());
        let again = import(&store, LIST, ImportRun::Real).await.unwrap();
        assert_eq!(
            (again.new.len(), again.known),
            (0, 3),
            "what was destroyed stays so"
        );
    }

    pub(super) async fn nothing_is_imported_unless_every_row_is_sound(home: Home) {
        let store = home.open().await;
        let list = "reference,role,name,date_of_birth,phone,email,opened,message_id\n\
            A-1,victim,Marguerite Tollington,1991-04-17,07700 900461,,,\n\
            A-2,witness,Osgood Penhallow,,,,,\n\
            A-3,victim,,31/02/1990,call me,not-an-address,2099-01-01,nothing\n\
            A-4,supporter,Philippa Tollington,,,,,\n\
            A-5,victim,Desmond Wraxhall,,,,2026-01-01,\n\
            A-5,offender,Verity Blackstock,,,,2026-01-02,\n\
            short,victim\n";
        let found = problems(&store, list).await;
        let rows: Vec<_> = found
            .iter()
            .map(|problem| problem.split(" is ").next().unwrap())
            .map(|problem| problem.chars().take(24).collect::<String>())
            .collect();
        assert_eq!(found.len(), 10, "{found:#?}");
        for start in [
            "row 3: role:",
            "row 4: name:",
            "row 4: date_of_birth:",
            "row 4: phone:",
            "row 4: email:",
            "row 4: opened:",
            "row 4: message_id:",
            "row 5: role:",
            "row 7: opened:",
            "row 8: ",
        ] {
            assert!(
                found.iter().any(|problem| problem.starts_with(start)),
                "{start} of {rows:?}"
            );
        }
        for identity in IDENTITIES.iter().chain(&["call me", "not-an-address", "witness"]) {
            assert!(
                found.iter().all(|problem| !problem.contains(identity)),
                "{identity}"
            );
        }
        assert!(store.cases().await.unwrap().is_empty() && store.messages().await.unwrap().is_empty());
        let header = problems(&store, "Marguerite Tollington,role\nx,victim\n").await;
        assert_eq!(header.len(), 2, "{header:?}");
        assert!(header.iter().all(|problem| !problem.contains("Tollington")));
        assert_eq!(problems(&store, "").await.len(), 1);
        assert!(
            import(
                &store,
                "role,name\nvictim,Ann Lee\nvictim,Ann Lee\n",
                ImportRun::Real
            )
            .await
            .is_err()
        );
    }

    pub(super) async fn a_dry_run_keeps_nothing(home: Home) {
        let store = home.open().await;
        let rows = store.verify_audit().await.unwrap();
        let report = import(&store, LIST, ImportRun::Dry).await.unwrap();
        assert_eq!(report.new.len(), 3);
        assert_eq!(report.new[0].1.as_ref().unwrap().as_str(), "RJ-2026-00031");
        assert!(store.cases().await.unwrap().is_empty() && store.messages().await.unwrap().is_empty());
        assert_eq!(store.verify_audit().await.unwrap(), rows);
    }

    pub(super) async fn a_changed_list_does_not_make_its_cases_twice(home: Home) {
        let store = home.open().await;
        import(&store, LIST, ImportRun::Real).await.unwrap();
        let changed = LIST
            .replace("Maggie", "Meg")
            .replace("Osgood Penhallow", "Osgood P. Penhallow");
        let found = problems(&store, &changed).await;
        assert!(found[0].starts_with("row 2: reference:") && found[1].starts_with("row 6: reference:"));
        assert_eq!((found.len(), store.cases().await.unwrap().len()), (2, 3));
    }

    pub(super) async fn an_export_that_guards_its_cells_is_read_as_it_was(home: Home) {
        let store = home.open().await;
        let rows = [["victim", "Ann Lee", "+44 1632 960123"]
            .map(str::to_owned)
            .to_vec()];
        let list = cells::table(&["role", "name", "phone"], &rows).unwrap();
        assert!(list.contains("'+44"));
        import(&store, &list, ImportRun::Real).await.unwrap();
        let known = store.known_cases().await.unwrap();
        assert_eq!(known[0].referral.parties[0].phones, ["+44 1632 960123"]);
    }
}
