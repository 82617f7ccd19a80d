//! A service with one of everything: a message to review, a case with two files, a document, held mail, and people who look.

use crate::browser::Browser;
use crate::service;
use crate::support::*;
use axum::Router;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use referrald::casework::report::{Districts, Least};
use referrald::domain::*;
use referrald::store::*;
use referrald::web::{Bundling, MailboxHealth, SubjectBundles, WebParts, WebSettings, code_at, router};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zeroize::Zeroizing;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const HOST: &str = "127.0.0.1:8080";

/// A clock that stands until it is moved.
pub(crate) struct Stepped(AtomicI64);

impl Stepped {
    pub(crate) fn step(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Stepped {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) store: Store,
    pub(crate) clock: Arc<Stepped>,
    pub(crate) router: Router,
    pub(crate) to_review: MessageId,
    pub(crate) reference: String,
    pub(crate) document: EntryId,
    pub(crate) mail: OutboundId,
    /// Could not be read.
    pub(crate) failed: MessageId,
    tokens: Mutex<u32>,
}

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    Staff,
    WithFile,
    WithoutFile,
    Administrator,
}

pub(crate) const EVERYBODY: [Who; 5] = [
    Who::Nobody,
    Who::Staff,
    Who::WithFile,
    Who::WithoutFile,
    Who::Administrator,
];

pub(crate) fn settings() -> WebSettings {
    WebSettings {
        listen: HOST.parse().unwrap(),
        tls: None,
        public_origin: None,
        sessions: SessionTerms {
            idle: Duration::from_secs(15 * 60),
            absolute: Duration::from_secs(8 * 3600),
        },
        service: "Anyshire Restorative Service".into(),
        reference_prefix: "RJ".into(),
        mailbox: "referrals".into(),
        closed_years: 6,
        districts: Districts::new(Vec::new()).unwrap(),
        least: Least::new(5).unwrap(),
        breached: None,
        shown: vec![
            setting("service", "name", Some("Anyshire Restorative Service")),
            setting("service", "reference_prefix", Some("RJ")),
            setting("keeping", "database", None),
            setting("keeping", "master_key_file", None),
            setting("mailbox", "host", Some("imap.restorative.example")),
            setting("mailbox", "user", Some("referrals@restorative.example")),
            setting("mailbox", "password_file", None),
            setting("mailbox", "poll_seconds", Some("60")),
        ],
    }
}

pub(crate) fn setting(section: &str, name: &str, value: Option<&str>) -> ShownSetting {
    ShownSetting {
        section: section.into(),
        name: name.into(),
        value: value.map(str::to_owned),
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&parsed()).await
    }

    pub(crate) async fn with(draft: &ParsedMessage) -> Self {
        Self::on(Home::sqlite(), draft).await
    }

    pub(crate) async fn on(home: Home, draft: &ParsedMessage) -> Self {
        let store = home.open().await;
        for user in ["vol.with", "vol.without"] {
            let account = SubmissionAccount {
                user: user.into(),
                address: personal(&format!("{user}@restorative.example")),
                password_hash: "unused".into(),
                role: AccountRole::Volunteer,
            };
            store.put_account(&account, at(0)).await.unwrap();
        }
        let account = SubmissionAccount {
            user: "Staff".into(),
            address: personal("staff@restorative.example"),
            password_hash: "unused".into(),
            role: AccountRole::Staff,
        };
        store.put_account(&account, at(0)).await.unwrap();
        let accepted = read(&store, 1, draft).await;
        let (case, reference) = store.accept(accepted, "RJ", &actor(), at(3)).await.unwrap();
        store
            .allocate(case, Side::Victim, "vol.with", &actor(), at(4))
            .await
            .unwrap();
        let document = NewDocument {
            name: "signed form.pdf".into(),
            bytes: Personal::new(b"%PDF-1.7 <script>".to_vec()),
        };
        let document = store
            .add_document(&staff(), case, Side::Victim, &document, at(5))
            .await
            .unwrap();
        let to_review = read(&store, 2, draft).await;
        let mail = held_mail(&store).await;
        let failed = failed(&store).await;
        let clock = Arc::new(Stepped(AtomicI64::new(100)));
        let router = router(settings(), parts(&store, &clock)).unwrap();
        Self {
            home,
            store,
            clock,
            router,
            to_review,
            reference: reference.as_str().to_owned(),
            document,
            mail,
            failed,
            tokens: Mutex::new(0),
        }
    }

    pub(crate) fn parts(&self) -> WebParts {
        parts(&self.store, &self.clock)
    }

    pub(crate) fn router_with(&self, settings: WebSettings) -> Router {
        router(settings, self.parts()).unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A browser in which somebody is signed in, without the way there.
    pub(crate) async fn browser(&self, who: Who) -> Browser {
        let role = match who {
            Who::Nobody => return Browser::new(self.router.clone()),
            Who::Staff => StaffRole::Staff,
            Who::WithFile => StaffRole::Volunteer {
                user: "vol.with".into(),
            },
            Who::WithoutFile => StaffRole::Volunteer {
                user: "vol.without".into(),
            },
            Who::Administrator => StaffRole::Administrator,
        };
        let name = format!("{who:?}");
        let account = NewStaff {
            name: name.clone(),
            role,
            password_hash: "unused".into(),
        };
        if self.store.staff(&name).await.unwrap().is_none() {
            self.store
                .put_staff(&account, &actor(), self.now())
                .await
                .unwrap();
        }
        let id = self.store.staff(&name).await.unwrap().unwrap().id;
        let (first, token) = (self.token(), self.token());
        let now = self.now();
        self.store.begin_session(id, &first, now).await.unwrap();
        let terms = settings().sessions;
        let session = self.store.session(&first, terms, now).await.unwrap().unwrap();
        let done = match session.account.second_step {
            None => {
                self.store.pending_secret(id, now).await.unwrap();
                let enrolment = Enrolment {
                    step: 1,
                    recovery: Vec::new(),
                };
                self.store
                    .set_up_second_step(&session, &enrolment, &token, now)
                    .await
            }
            Some(_) => {
                let step = u64::from(*self.tokens.lock().unwrap());
                let proof = SecondProof::Step(step);
                self.store.complete_session(&session, &proof, &token, now).await
            }
        };
        assert!(done.unwrap());
        let mut browser = Browser::new(self.router.clone());
        browser.cookie = Some(("referrald".into(), URL_SAFE_NO_PAD.encode(token.0.as_slice())));
        browser
    }

    fn token(&self) -> SessionToken {
        let mut tokens = self.tokens.lock().unwrap();
        *tokens += 1;
        let mut bytes = [7; 32];
        bytes[..4].copy_from_slice(&tokens.to_be_bytes());
        SessionToken(Zeroizing::new(bytes))
    }

    /// An account with [`PASSWORD`], whose second step is not set up.
    pub(crate) async fn account(&self, name: &str) {
        let account = NewStaff {
            name: name.into(),
            role: StaffRole::Staff,
            password_hash: password::hash_password(&PASSWORD.into(), [7; 16]).unwrap(),
        };
        self.store
            .put_staff(&account, &actor(), self.now())
            .await
            .unwrap();
    }

    /// The secret of somebody's second step, or of the one that is being set up.
    pub(crate) async fn secret(&self, name: &str) -> Vec<u8> {
        let account = self.store.staff(name).await.unwrap().unwrap();
        let secret = match account.second_step {
            Some(secret) => secret,
            None => self.store.pending_secret(account.id, self.now()).await.unwrap(),
        };
        secret.into_personal()
    }

    /// What their authenticator shows now.
    pub(crate) async fn code(&self, name: &str) -> String {
        code_at(&self.secret(name).await, self.now()).unwrap()
    }

    /// A path of the route table with ids of this world.
    pub(crate) fn path(&self, template: &str) -> String {
        template
            .replace("{message}", &self.to_review.to_string())
            .replace("{case}", &self.reference)
            .replace("{side}", "victim")
            .replace("{person}", "1")
            .replace("{form}", "json")
            .replace("{document}", &self.document.to_string())
            .replace("{mail}", &self.mail.to_string())
            .replace("{failed}", &self.failed.to_string())
            .replace("{month}", "2026-09")
            .replace("{name}", "govuk.css")
    }

    /// Lines of the audit log: who did what.
    pub(crate) async fn audit(&self) -> Vec<(String, String)> {
        let rows = self.store.audit_rows(0, 10_000).await.unwrap();
        rows.into_iter().map(|row| (row.actor, row.action)).collect()
    }
}

/// What stands in for the bundle of a person; the command line has its own tests.
pub(crate) const BUNDLE: &[u8] = b"PK of one person";

pub(crate) struct Bundles;

impl SubjectBundles for Bundles {
    fn bundle<'a>(&'a self, _: Actor, _: &'a CaseReference, side: Side, number: usize) -> Bundling<'a> {
        Box::pin(async move {
            match (side, number) {
                (Side::Victim, 1) => Ok(Personal::new(BUNDLE.to_vec())),
                _ => Err(StoreError::Refused(Refusal::NoSuchParty).into()),
            }
        })
    }
}

fn parts(store: &Store, clock: &Arc<Stepped>) -> WebParts {
    WebParts {
        store: store.clone(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        desk: service::desk(store, clock),
        source: Arc::new(service::Source),
        health: Box::new(|| MailboxHealth {
            last_look: Some(at(90)),
            failures: 0,
            problem: None,
        }),
        documents: None,
        subjects: Arc::new(Bundles),
    }
}

fn letter(subject: &str, text: &str) -> Vec<u8> {
    format!(
        "From: vol.with@restorative.example\r\nTo: {VICTIM_MAIL}\r\nSubject: RJ-2026-00001 {subject}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}

/// Bytes of a mail whose reader stopped.
pub(crate) const UNREADABLE: &str = "Subject: <script>alert(1)</script>\r\n\r\n\u{202e}odd";

async fn failed(store: &Store) -> MessageId {
    let id = stored(store, 90, UNREADABLE).await;
    let place = Some(copy(90));
    store.finish_move(&inbox(1), 90, place, at(1)).await.unwrap();
    let reason = UnreadableReason::WorkerCrashed;
    store.save_unreadable(id, reason, at(2)).await.unwrap();
    id
}

async fn held_mail(store: &Store) -> OutboundId {
    let original = format!(
        "Dear {VICTIM},\r\n\r\nthank you for the talk on the telephone ({VICTIM_PHONE}). Can we meet on Tuesday at ten, at \
         {VICTIM_STREET}? Your mother {MOTHER} may come too <b>.\r\n\r\nKind regards\r\nSam"
    );
    let copy = "Dear M.T.,\r\n\r\nthank you for the talk on the telephone ([phone]). Can we meet on Tuesday at ten, at \
                [address]? Your mother P.T. may come too <b>.\r\n\r\nKind regards\r\nSam";
    let mail = SubmittedMail {
        account: "vol.with".into(),
        sender: personal("vol.with@restorative.example"),
        recipients: vec![personal(VICTIM_MAIL)],
        raw: Personal::new(letter(&format!("{VICTIM} and us"), &original)),
    };
    let id = store.accept_outbound(&mail, at(6)).await.unwrap();
    let delivery = PlannedDelivery {
        recipient: personal(VICTIM_MAIL),
        route: MailRoute::Ordinary,
        action: DeliveryAction::Hold,
        reasons: vec![HoldReason::FirstMailToAddress],
        message: Some(Personal::new(letter("M.T. and us", copy))),
        if_released: Some(Release::Redact),
        message_id: None,
    };
    store.save_plan(id, &[delivery], at(7)).await.unwrap();
    id
}
