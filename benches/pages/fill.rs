//! Cases, a queue and held mail for a service of six years.

use crate::support::*;
use crate::world::World;
use jiff::civil::date;
use referrald::domain::*;
use referrald::extract::read_message;
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use referrald::store::*;
use std::path::Path;

/// Where all victims of one street live: a search that finds many.
pub(crate) const POSTCODE: &str = "QX9 9XQ";
/// As many cases share the postcode.
const SHARING: u32 = 100;
/// Case files of the volunteer.
const OWN_FILES: u32 = 12;
const VOLUNTEERS: u32 = 40;
const HELD_MAILS: u32 = 60;
const UNREADABLE: u32 = 20;
/// Mails committed at once.
const BATCH: u32 = 500;
/// Cases of this many days.
const DAYS: i64 = 6 * 365;
const DAY: i64 = 86_400;

/// What requests ask for.
pub(crate) struct Filled {
    cases: Vec<String>,
    own: Vec<String>,
    messages: Vec<String>,
    mails: Vec<String>,
    month: String,
}

impl Filled {
    pub(crate) async fn new(world: &World, cases: u32, waiting: u32) -> Self {
        let store = &world.store;
        for number in 0..VOLUNTEERS {
            let user = format!("vol.{number}");
            let account = SubmissionAccount {
                address: personal(&format!("{user}@restorative.example")),
                user,
                password_hash: "unused".into(),
                role: AccountRole::Volunteer,
            };
            store.put_account(&account, at(0)).await.unwrap();
        }
        let drafts = drafts();
        let mut filled = Self {
            cases: Vec::new(),
            own: Vec::new(),
            messages: Vec::new(),
            mails: Vec::new(),
            month: "2026-09".to_owned(),
        };
        for first in (0..cases).step_by(BATCH as usize) {
            let many = BATCH.min(cases - first);
            filled.accept(store, first, many, cases).await;
        }
        for number in 0..waiting {
            let (draft, source) = &drafts[number as usize % drafts.len()];
            let id = message(store, 1_000_000 + number, at(0)).await;
            store.save_parsed(id, draft, source, &[], at(0)).await.unwrap();
            filled.messages.push(id.to_string());
        }
        for number in 0..UNREADABLE.min(waiting) {
            let id = message(store, 2_000_000 + number, at(0)).await;
            let reason = UnreadableReason::WorkerCrashed;
            store.save_unreadable(id, reason, at(0)).await.unwrap();
        }
        for number in 0..HELD_MAILS.min(cases) {
            filled.hold(store, number).await;
        }
        filled
    }

    /// Cases with these numbers; those of the last year are open.
    async fn accept(&mut self, store: &Store, first: u32, many: u32, cases: u32) {
        let when = |number: u32| {
            let days = DAYS * i64::from(number) / i64::from(cases);
            at((days - DAYS) * DAY)
        };
        let mails = (first..first + many).map(mail).collect();
        let committed = store.commit_batch(&inbox(1), mails, when(first)).await.unwrap();
        for (number, mail) in (first..).zip(committed) {
            let now = when(number);
            let draft = referral(number);
            let source = Source::default();
            store
                .save_parsed(mail.message, &draft, &source, &[], now)
                .await
                .unwrap();
            let (case, reference) = store.accept(mail.message, "RJ", &actor(), now).await.unwrap();
            let user = match number < OWN_FILES {
                true => {
                    self.own.push(reference.as_str().to_owned());
                    "vol.with".to_owned()
                }
                false => format!("vol.{}", number % VOLUNTEERS),
            };
            let given = store.allocate(case, Side::Victim, &user, &actor(), now).await;
            given.unwrap();
            if number >= OWN_FILES && number < cases - cases / 6 {
                let closing = Closing {
                    reason: CloseReason::Declined,
                    outcome: None,
                    note: None,
                };
                store.close_case(&staff(), case, &closing, now).await.unwrap();
            }
            self.cases.push(reference.as_str().to_owned());
        }
    }

    async fn hold(&mut self, store: &Store, number: u32) {
        let letter = |text: &str| {
            format!(
                "From: vol.with@restorative.example\r\nTo: officer@police.example\r\nSubject: meeting\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            )
            .into_bytes()
        };
        let mail = SubmittedMail {
            account: "vol.with".into(),
            sender: personal("vol.with@restorative.example"),
            recipients: vec![personal("officer@police.example")],
            raw: Personal::new(letter(&format!(
                "Please tell {} that Tuesday suits.",
                name(number)
            ))),
        };
        let id = store.accept_outbound(&mail, at(0)).await.unwrap();
        let delivery = PlannedDelivery {
            recipient: personal("officer@police.example"),
            route: MailRoute::Ordinary,
            action: DeliveryAction::Hold,
            reasons: vec![HoldReason::FirstMailToAddress],
            message: Some(Personal::new(letter("Please tell M.T. that Tuesday suits."))),
            if_released: Some(Release::Redact),
            message_id: None,
        };
        store.save_plan(id, &[delivery], at(0)).await.unwrap();
        self.mails.push(id.to_string());
    }

    /// A path, or a value of a form, for one request.
    pub(crate) fn path(&self, template: &str, number: u32) -> String {
        // Far from each other: nothing is asked for twice in a row.
        let spread = number.wrapping_mul(7919) as usize;
        let one = |all: &[String]| match all {
            [] => String::new(),
            all => all[spread % all.len()].clone(),
        };
        template
            .replace("{case}", &one(&self.cases))
            .replace("{own}", &one(&self.own))
            .replace("{message}", &one(&self.messages))
            .replace("{mail}", &one(&self.mails))
            .replace("{month}", &self.month)
            .replace("{name}", &name((spread % self.cases.len().max(1)) as u32))
    }
}

async fn message(store: &Store, number: u32, now: Timestamp) -> MessageId {
    let committed = store
        .commit_batch(&inbox(1), vec![mail(number)], now)
        .await
        .unwrap();
    committed[0].message
}

fn mail(number: u32) -> FetchedMail {
    FetchedMail {
        uid: 1_000 + number,
        raw: Personal::new(
            format!("Subject: referral {number}\r\n\r\n{}\r\n", "words ".repeat(200)).into_bytes(),
        ),
        internal_date: None,
    }
}

fn name(number: u32) -> String {
    format!("Marguerite Tollington{number}")
}

fn referral(number: u32) -> ParsedMessage {
    let mut draft = parsed();
    let referral = draft.referral.as_mut().expect("a referral");
    for party in &mut referral.parties {
        // Not a number of anybody: too long for one.
        party.phones = vec![format!("07700900{number:08}")];
        party.postcode = Some(match number.is_multiple_of(SHARING) {
            true => POSTCODE.to_owned(),
            false => format!("QX{} 9XQ", number % 90 + 10),
        });
        if party.role == Role::Victim {
            party.name = Some(name(number));
        }
    }
    for reference in &mut referral.references {
        reference.value = format!("42/{number}/26");
    }
    draft
}

/// What is understood of each inbound fixture, with its source.
fn drafts() -> Vec<(ParsedMessage, Source)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inbound");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("message.eml"))
        .collect();
    paths.sort();
    let (labels, agencies) = (
        LabelBook::default_book().unwrap(),
        AgencyBook::default_book().unwrap(),
    );
    let context = FormsContext {
        labels: &labels,
        agencies: &agencies,
        reference_prefixes: &["RJ".to_owned()],
        today: date(2026, 11, 28),
        authserv_id: None,
        known_thread: false,
    };
    let draft = |path: &std::path::PathBuf| {
        let raw = std::fs::read(path).ok()?;
        let read = read_message(&raw, &ReadRequest::default(), &mut |_| {}).ok()?;
        Some((understand(&read, &context), Source::of(&read)))
    };
    paths.iter().filter_map(draft).collect()
}
