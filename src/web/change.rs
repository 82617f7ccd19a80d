//! Changes of one side's file as forms: which there are, and what was filled in as a [`FileChange`].
//!
//! A form that cannot be done comes back with the reason and with everything that was typed.

use super::case_page::{self, case_of, side_of};
use super::frame::show;
use super::person;
use super::problem::Problem;
use super::request::{Answer, Asked, Fields, go_to};
use crate::domain::dates::{self, DateUse};
use crate::domain::{
    CloseReason, ConsentAnswer, ConsentHow, ConsentPurpose, ContactRoute, ErasureException, FileChange,
    Party, PartyField, PartyProgress, Role, Side,
};
use crate::store::{CaseSummary, Viewer};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A form that makes one kind of change.
pub(super) struct ChangeForm {
    /// The word in the form, and in ids.
    pub(super) word: &'static str,
    pub(super) title: &'static str,
    pub(super) hint: &'static str,
    pub(super) fields: Vec<ChangeField>,
    pub(super) button: &'static str,
    /// Whom it is about: their number on the file.
    pub(super) person: Option<usize>,
    /// Why it could not be done; then it is shown open.
    pub(super) error: Option<String>,
}

/// One field of a form.
pub(super) struct ChangeField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) value: String,
    pub(super) widget: ChangeWidget,
}

/// How a field is filled in.
pub(super) enum ChangeWidget {
    Line,
    Text,
    /// Words and what they are called.
    Choice(Vec<(String, String)>),
}

/// A form that came back.
pub(super) struct Refused<'a> {
    pub(super) word: &'a str,
    pub(super) why: String,
    pub(super) typed: &'a Fields,
}

const DAY: &str = "For example 14/3/2026";

fn line(name: &'static str, label: &'static str, hint: &'static str) -> ChangeField {
    ChangeField {
        name,
        label,
        hint,
        value: String::new(),
        widget: ChangeWidget::Line,
    }
}

fn text(name: &'static str, label: &'static str, hint: &'static str) -> ChangeField {
    ChangeField {
        widget: ChangeWidget::Text,
        ..line(name, label, hint)
    }
}

fn choice(name: &'static str, label: &'static str, words: &[(&str, &str)]) -> ChangeField {
    let words = words
        .iter()
        .map(|(word, label)| ((*word).to_owned(), (*label).to_owned()));
    ChangeField {
        widget: ChangeWidget::Choice(words.collect()),
        ..line(name, label, "")
    }
}

fn form(
    word: &'static str,
    title: &'static str,
    hint: &'static str,
    fields: Vec<ChangeField>,
    button: &'static str,
) -> ChangeForm {
    ChangeForm {
        word,
        title,
        hint,
        fields,
        button,
        person: None,
        error: None,
    }
}

const ANSWERS: &[(&str, &str)] = &[
    ("given", "Yes"),
    ("refused", "No"),
    ("not_sought", "Not asked yet"),
    ("unknown", "Not known"),
];
const PURPOSES: &[(&str, &str)] = &[
    ("contact", "To be contacted"),
    ("share_with_other_side", "To share with the other side"),
    ("share_with_agencies", "To share with agencies"),
];
const HOW: &[(&str, &str)] = &[("", "Not stated"), ("verbal", "Said"), ("written", "Written")];
const STEPS: &[(&str, &str)] = &[
    ("sent", "It was sent or handed over"),
    ("signed", "It was signed"),
    ("refused", "It was refused: the case is closed"),
];
const ROUTES: &[(&str, &str)] = &[
    ("with_consent", "Directly, with their consent"),
    ("via_professional", "Through a professional whom they know"),
    ("public_task", "Directly, as a public task"),
    ("do_not_contact", "Do not contact"),
];
const FIELDS: &[(&str, &str)] = &[
    ("name", "Name"),
    ("known_as", "Known as"),
    ("title", "Title"),
    ("organisation", "Organisation"),
    ("relationship", "Relationship"),
    ("date_of_birth", "Date of birth"),
    ("address", "Address"),
    ("postcode", "Postcode"),
    ("phone", "Telephone"),
    ("email", "E-mail"),
    ("language", "Language"),
    ("needs", "Needs"),
    ("best_time", "Best time"),
];
const EXCEPTIONS: &[(&str, &str)] = &[
    ("legal_obligation", "A law demands that they are kept"),
    ("public_task", "A public task is not done yet"),
    ("legal_claims", "A legal claim"),
    ("archiving", "Archiving, research or statistics"),
    ("expression", "Freedom of expression and information"),
];
const SUPPORTERS: &[(&str, &str)] = &[
    ("supporter", "Supporter"),
    ("appropriate_adult", "Appropriate adult"),
    ("professional", "Professional"),
];

/// What can be recorded of one person by whoever works on the file.
fn of_everybody() -> Vec<ChangeForm> {
    vec![
        form(
            "consent",
            "Record an answer about consent",
            "",
            vec![
                choice("purpose", "Asked whether they agree", PURPOSES),
                choice("answer", "Answer", ANSWERS),
                line("on", "On which day", DAY),
                choice("how", "How it was given", HOW),
                line("by", "Who asked", "Needed where they said yes"),
            ],
            "Record the answer",
        ),
        form(
            "form",
            "Record what became of the consent and confidentiality form",
            "",
            vec![
                choice("happened", "What happened", STEPS),
                line("on", "On which day", DAY),
            ],
            "Record it",
        ),
        form(
            "withdraw",
            "Record that they withdrew",
            "Nothing goes out to them or about them any more.",
            vec![line("on", "On which day", DAY)],
            "Record the withdrawal",
        ),
    ]
}

/// What staff can record besides.
fn of_staff(progress: &PartyProgress) -> Vec<ChangeForm> {
    let why = || vec![text("reason", "Why", "")];
    let restriction = match progress.restricted {
        false => form(
            "restrict",
            "Restrict their data",
            "From then on they are only stored (Article 18 UK GDPR).",
            why(),
            "Restrict",
        ),
        true => form(
            "lift-restriction",
            "End the restriction of their data",
            "",
            why(),
            "End the restriction",
        ),
    };
    vec![
        form(
            "route",
            "Decide how they are reached",
            "Contact as a public task comes after a professional was asked to reach them, and needs its reason.",
            vec![
                choice("route", "Way to reach them", ROUTES),
                text("reason", "Why", "Needed for a public task"),
            ],
            "Save the decision",
        ),
        form(
            "correct",
            "Put a field right",
            "What stands there now is kept in the history.",
            vec![
                choice("field", "Field", FIELDS),
                text(
                    "value",
                    "What is right",
                    "Empty clears the field. Several telephone numbers or e-mail addresses are parted by commas.",
                ),
                line("reason", "Why", ""),
            ],
            "Put it right",
        ),
        restriction,
        form(
            "refuse-erasure",
            "Record why their data stay although they asked for erasure",
            "",
            vec![
                choice("exception", "What applies (Article 17(3) UK GDPR)", EXCEPTIONS),
                text("reason", "Why it applies", ""),
            ],
            "Record the reason",
        ),
    ]
}

/// The forms of one person.
pub(super) fn of_person(
    viewer: &Viewer,
    number: usize,
    progress: &PartyProgress,
    refused: Option<&Refused<'_>>,
) -> Vec<ChangeForm> {
    let mut forms = of_everybody();
    match viewer {
        Viewer::Staff(_) => forms.extend(of_staff(progress)),
        Viewer::Volunteer { .. } => {}
    }
    forms.iter_mut().for_each(|form| form.person = Some(number));
    answer(forms, refused)
}

/// The forms of a file as a whole; `people` are those on it.
pub(super) fn of_file(people: &[String], refused: Option<&Refused<'_>>) -> Vec<ChangeForm> {
    let mut supports = vec![(String::new(), "Nobody in particular".to_owned())];
    supports.extend(
        (1..)
            .zip(people)
            .map(|(number, name)| (format!("{number}"), name.clone())),
    );
    let supports = ChangeField {
        widget: ChangeWidget::Choice(supports),
        ..line("supports", "Whom they support", "")
    };
    let forms = vec![
        form(
            "add-person",
            "Add a supporter, appropriate adult or professional",
            "",
            vec![
                choice("role", "Their part", SUPPORTERS),
                line("name", "Name", ""),
                supports,
            ],
            "Add this person",
        ),
        form(
            "safeguarding",
            "Record that something was shared without consent, to keep somebody safe",
            "",
            vec![line("told", "Who was told", ""), text("reason", "Why", "")],
            "Record it",
        ),
    ];
    answer(forms, refused)
}

/// Puts the reason and what was typed into the form that came back.
fn answer(mut forms: Vec<ChangeForm>, refused: Option<&Refused<'_>>) -> Vec<ChangeForm> {
    let Some(refused) = refused else { return forms };
    for form in forms.iter_mut().filter(|form| form.word == refused.word) {
        form.error = Some(refused.why.clone());
        for field in &mut form.fields {
            refused.typed.given(field.name).clone_into(&mut field.value);
        }
    }
    forms
}

/// Reads one of the words that the files use.
fn word<T: DeserializeOwned>(form: &Fields, name: &str) -> Result<T, String> {
    serde_json::from_value(Value::from(form.text(name)))
        .map_err(|_| "choose one of the answers in each list".to_owned())
}

fn day(form: &Fields, today: Date) -> Result<Date, String> {
    let text = form.text("on");
    let found = dates::find(text, DateUse::Event, today);
    let whole = found
        .iter()
        .find(|found| found.start == 0 && found.end == text.len());
    let date = whole
        .and_then(|found| found.date.iso())
        .and_then(|iso| iso.parse().ok());
    date.ok_or_else(|| "write the day as 14/3/2026".to_owned())
}

fn given(form: &Fields, name: &str) -> Option<String> {
    let text = form.text(name);
    (!text.is_empty()).then(|| text.to_owned())
}

/// The change that a form asks for, or what is missing in it.
fn change_of(form: &Fields, party: usize, today: Date) -> Result<FileChange, String> {
    let reason = || form.text("reason").to_owned();
    Ok(match form.text("change") {
        "consent" => FileChange::Consent {
            party,
            purpose: word::<ConsentPurpose>(form, "purpose")?,
            answer: word::<ConsentAnswer>(form, "answer")?,
            how: match form.text("how") {
                "" => None,
                _stated => Some(word::<ConsentHow>(form, "how")?),
            },
            on: day(form, today)?,
            by: given(form, "by"),
        },
        "form" => {
            let on = day(form, today)?;
            match form.text("happened") {
                "sent" => FileChange::FormSent { party, on },
                "signed" => FileChange::FormSigned { party, on },
                "refused" => FileChange::FormRefused { party, on },
                _ => return Err("choose what happened".to_owned()),
            }
        }
        "withdraw" => FileChange::Withdrawn {
            party,
            on: day(form, today)?,
        },
        "route" => FileChange::Route {
            party,
            route: word::<ContactRoute>(form, "route")?,
            reason: given(form, "reason"),
        },
        "correct" => corrected(form, party, today)?,
        "restrict" => FileChange::Restricted {
            party,
            reason: reason(),
        },
        "lift-restriction" => FileChange::RestrictionLifted {
            party,
            reason: reason(),
        },
        "erase" if form.text("sure") != "yes" => {
            return Err("confirm first that it is to be erased".to_owned());
        }
        "erase" => FileChange::Erased { party, on: today },
        "refuse-erasure" => FileChange::ErasureRefused {
            party,
            exception: word::<ErasureException>(form, "exception")?,
            reason: reason(),
        },
        "add-person" => {
            let mut added = Party::new(word::<Role>(form, "role")?);
            added.name = given(form, "name");
            added.supports = match form.text("supports") {
                "" => None,
                number => number
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| number.checked_sub(1)),
            };
            FileChange::PartyAdded {
                party: Box::new(added),
            }
        }
        "safeguarding" => FileChange::SafeguardingException {
            told: form.text("told").to_owned(),
            reason: reason(),
        },
        _ => return Err("there is no such form".to_owned()),
    })
}

/// A date of birth may be written as it is written here.
fn corrected(form: &Fields, party: usize, today: Date) -> Result<FileChange, String> {
    let field = word::<PartyField>(form, "field")?;
    let mut value = given(form, "value").map(|value| value.replace("\r\n", "\n"));
    if let (PartyField::DateOfBirth, Some(text)) = (field, &value)
        && let Some(date) = dates::parse(text, DateUse::Birth, today).and_then(|date| date.iso())
    {
        value = Some(date);
    }
    Ok(FileChange::Corrected {
        party,
        field,
        value,
        reason: form.text("reason").to_owned(),
    })
}

/// Makes the change.
async fn make(
    asked: &Asked,
    case: &CaseSummary,
    side: Side,
    change: &FileChange,
) -> Result<Option<CloseReason>, Problem> {
    match asked.viewer()? {
        Viewer::Staff(_) => {
            let casework = asked.casework()?;
            let case = case.reference.as_str();
            Ok(casework.change(case, side, change, asked.now).await?)
        }
        viewer @ Viewer::Volunteer { .. } => {
            let store = asked.store();
            Ok(store
                .change_file(&viewer, case.id, side, change, asked.now)
                .await?)
        }
    }
}

pub(super) async fn save(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.piece("side"))?;
    let number: Option<usize> = match asked.form.text("person") {
        "" => None,
        number => Some(number.parse().map_err(|_| Problem::BadForm)?),
    };
    let party = number.unwrap_or(1).checked_sub(1).ok_or(Problem::BadForm)?;
    let today = TimeZone::UTC.to_datetime(asked.now).date();
    let done = match change_of(&asked.form, party, today) {
        Ok(change) => make(&asked, &case, side, &change).await,
        Err(why) => Err(Problem::Refused(why)),
    };
    let closes = match done {
        Ok(closes) => closes,
        Err(Problem::Refused(why)) => return come_back(&asked, &case, side, number, why).await,
        Err(problem) => return Err(problem),
    };
    match (number, closes) {
        (Some(number), None) => go_to(&person::path(&case.reference, side, number)),
        (Some(_), Some(_)) | (None, _) => case_page::back_to(&case),
    }
}

/// The page again, with the reason at the form.
async fn come_back(
    asked: &Asked,
    case: &CaseSummary,
    side: Side,
    number: Option<usize>,
    why: String,
) -> Answer {
    let refused = Refused {
        word: asked.form.text("change"),
        why,
        typed: &asked.form,
    };
    let mut response = match number {
        Some(number) => show(&person::lay_out(asked, case, side, number, Some(&refused)).await?)?,
        None => show(&case_page::lay_out(asked, case, Some((side, &refused))).await?)?,
    };
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
