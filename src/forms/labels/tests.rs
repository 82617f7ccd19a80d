use super::*;

fn book() -> LabelBook {
    match LabelBook::default_book() {
        Ok(book) => book,
        Err(error) => panic!("{error}"),
    }
}

fn ask(text: &str) -> Option<(Field, Option<Who>)> {
    book().label(text).map(|m| (m.field, m.person.map(|p| p.who)))
}

#[test]
fn labels_match_whatever_their_punctuation() {
    for text in [
        "D.O.B",
        "*D.O.B",
        "Date of Birth:",
        "DOB (Mandatory requirement)",
        "DATE OF BIRTH ......",
        "Dob",
        "5. Date of birth",
    ] {
        assert_eq!(ask(text), Some((Field::DateOfBirth, None)), "{text}");
    }
    assert_eq!(ask("Tel. Ext/ Email address"), Some((Field::PhoneAndEmail, None)));
    assert_eq!(ask("Name (SURNAME in capitals)"), Some((Field::Name, None)));
}

#[test]
fn roles_inside_labels_are_taken_out() {
    for (text, field, who) in [
        ("Victim DOB", Field::DateOfBirth, Who::Victim),
        ("Date of birth of person harmed", Field::DateOfBirth, Who::Victim),
        (
            "What is the person responsible’s date of birth?",
            Field::DateOfBirth,
            Who::Offender,
        ),
        ("Name of the other person", Field::Name, Who::Other),
        ("Your neighbour's address", Field::Address, Who::Other),
        ("Parent of person responsible", Field::Name, Who::Supporter),
        ("Probation officer's telephone", Field::Phone, Who::Professional),
        (
            "Person responsible: agreed to contact",
            Field::ConsentContact,
            Who::Offender,
        ),
        (
            "Does the harmed person require an interpreter?",
            Field::Interpreter,
            Who::Victim,
        ),
        (
            "Has the person harmed (with a parent or carer if under 18) agreed to be contacted?",
            Field::ConsentContact,
            Who::Victim,
        ),
        ("Victim", Field::Name, Who::Victim),
        ("Offender", Field::Name, Who::Offender),
        ("Your name", Field::Name, Who::You),
        ("Their mobile", Field::Phone, Who::Them),
    ] {
        assert_eq!(ask(text), Some((field, Some(who))), "{text}");
    }
    assert_eq!(ask("Relationship to victim"), Some((Field::Relationship, None)));
    assert_eq!(
        ask("Information may go to the client"),
        Some((Field::ConsentShareOther, None))
    );
}

#[test]
fn harmed_and_harmer_are_never_confused() {
    assert_eq!(ask("Harmer DOB"), Some((Field::DateOfBirth, Some(Who::Offender))));
    assert_eq!(ask("Harmed DOB"), Some((Field::DateOfBirth, Some(Who::Victim))));
    assert_eq!(ask("Harmex DOB"), None);
    assert_eq!(ask("Harme DOB"), None);
    let person = |text| match book().section(text, Strictness::Some) {
        Some(Section::Person(person)) => Some(person.who),
        Some(_) | None => None,
    };
    assert_eq!(person("Pupil who was harmed"), Some(Who::Victim));
    assert_eq!(person("Pupil who caused harm"), Some(Who::Offender));
    assert_eq!(person("Pupil who harmed"), Some(Who::Offender));
    assert_eq!(person("Person who has harmed you"), Some(Who::Offender));
}

#[test]
fn headings_start_sections() {
    let of = |text| book().section(text, Strictness::Some);
    let person = |who, number| {
        Some(Section::Person(Person {
            who,
            number,
            of: None,
        }))
    };
    assert_eq!(
        of("Section C - the offender (leave empty if not known)"),
        person(Who::Offender, None)
    );
    assert_eq!(
        of("OTHER PERSON (who caused the harm)"),
        person(Who::Offender, None)
    );
    assert_eq!(of("Victim 2"), person(Who::Victim, Some(2)));
    assert_eq!(of("Victim (2)"), person(Who::Victim, Some(2)));
    assert_eq!(of("Second household"), person(Who::Party, Some(2)));
    assert_eq!(of("4. For the restorative service only"), Some(Section::Office));
    assert_eq!(of("Agreement to this referral"), Some(Section::Consent(None)));
    assert_eq!(
        of("3. What happened (completed with the client)"),
        Some(Section::Offence(None))
    );
    assert_eq!(
        book().section("The victim was very upset", Strictness::Every),
        None
    );
}

#[test]
fn a_noun_with_a_telling_word_is_a_side_and_a_responsible_officer_is_none() {
    let book = book();
    let who = |text: &str| match book.section(text, Strictness::Every) {
        Some(Section::Person(person)) => Some(person.who),
        _ => None,
    };
    assert_eq!(who("2  Staff member affected"), Some(Who::Victim));
    assert_eq!(who("3  Patient / visitor responsible"), Some(Who::Offender));
    assert_eq!(who("C. Person who admits the offence"), Some(Who::Offender));
    for worker in [
        "Officer responsible",
        "Worker responsible",
        "Staff member responsible",
    ] {
        assert_ne!(who(worker), Some(Who::Offender), "{worker}");
    }
}

#[test]
fn every_problem_of_a_label_file_is_told_at_once() {
    let text = LabelBook::default_text()
        .replace("[fields]\n", "[fields]\nshoe_size = [\"shoes\"]\n")
        .replace("who = \"witness\"", "who = \"bystander\"");
    let problems = match LabelBook::from_toml(&text) {
        Ok(_) => Vec::new(),
        Err(BookError(problems)) => problems,
    };
    assert_eq!(problems.len(), 2, "{problems:?}");
}
