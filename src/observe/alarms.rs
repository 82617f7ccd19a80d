//! Alarms: mail to the service's IT that needs no other system.
//!
//! Every minute the state of the service is looked at; what is wrong is told once, again every so often while it lasts, and
//! once more when it is over. A mail that could not be sent is tried again a minute later.
//!
//! # Security
//! A mail is made of fixed words and numbers ([`Alarm`]) and the daemon's own name: nothing that came in by mail can be in it.

use super::monitor::{Figures, ReadFigures};
use crate::domain::{Alarm, AlarmKind, Clock, Timestamp};
use crate::ingest::IngestStatus;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often the service is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// How long all must have been well before an alarm is told to be over: what goes to and fro is told once.
const CALM: Duration = Duration::from_secs(600);
/// The database and the disk must answer within this.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// How many looks pass between two questions for what has outlived its term: it reads many rows.
const LOOKS_BETWEEN_TERMS: u32 = 60;

/// From when on something is worth a mail.
#[derive(Debug, Clone, Copy)]
pub struct AlarmSettings {
    /// A database or mailbox that was silent for so long, or a mail not stored for so long.
    pub silent: Duration,
    /// Liaison mail that waited so long for staff.
    pub held: Duration,
    /// Less than so many per cent of the disk free.
    pub disk_free_percent: u64,
    /// How often a lasting alarm is told again.
    pub repeat: Duration,
}

/// What else is asked of the machine; each answers `None` where it cannot tell.
pub trait ReadMachine: Send + Sync {
    /// Per cent of the disk that are free.
    fn disk_free_percent(&self) -> Option<u64>;
    /// Records that outlived their term long enough for the daily run to have destroyed them.
    fn overdue(&self) -> Pin<Box<dyn Future<Output = Option<u64>> + Send + '_>>;
}

/// Sends a mail to the service's IT, past the database.
pub trait AlarmCourier: Send + Sync {
    /// Hands it to a relay; the error says in words of ours why none has it.
    fn send<'a>(
        &'a self,
        letter: &'a Letter,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
}

/// What is watched and told.
pub struct AlarmParts {
    /// The database's figures.
    pub figures: Arc<dyn ReadFigures>,
    /// The machine.
    pub machine: Box<dyn ReadMachine>,
    /// How the looks at the mailbox go.
    pub status: watch::Receiver<IngestStatus>,
    /// The way out.
    pub courier: Box<dyn AlarmCourier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When the daemon started.
    pub started: Timestamp,
    /// The daemon's own name.
    pub instance: String,
}

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// How one kind of alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    Fine,
    Wrong(u64),
    /// It cannot be told, or another daemon tells it: what was known stands.
    Unknown,
}

/// Looks and tells.
pub struct Alarms {
    parts: AlarmParts,
    settings: AlarmSettings,
    board: Board,
    /// The database has not answered since.
    silent_since: Option<Timestamp>,
    overdue: Finding,
    looks: u32,
}

impl Alarms {
    /// Nothing is wrong yet.
    pub fn new(parts: AlarmParts, settings: AlarmSettings) -> Self {
        Self {
            parts,
            settings,
            board: Board::default(),
            silent_since: None,
            overdue: Finding::Unknown,
            looks: 0,
        }
    }

    /// Looks at once and then every minute, until `stop`.
    pub async fn run(mut self, stop: &CancellationToken) {
        let looking = async {
            loop {
                self.look().await;
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = looking => {}
            () = stop.cancelled() => {}
        }
    }

    /// One look, and the mails that it calls for.
    async fn look(&mut self) {
        let findings = self.findings().await;
        let now = self.parts.clock.now();
        for due in self.board.due(now, &findings, self.settings.repeat) {
            let letter = due.letter(&self.parts.instance);
            match self.parts.courier.send(&letter).await {
                Ok(()) => {
                    self.board.told(due, now);
                    tracing::warn!(
                        alarm = due.kind().name(),
                        over = due.is_over(),
                        "the service's IT was told by mail"
                    );
                }
                Err(why) => tracing::error!(
                    alarm = due.kind().name(),
                    over = due.is_over(),
                    why,
                    "a mail to the service's IT was not taken; trying again"
                ),
            }
        }
    }

    async fn findings(&mut self) -> Vec<(AlarmKind, Finding)> {
        let now = self.parts.clock.now();
        let read = timeout(ANSWER_TIME, self.parts.figures.read()).await;
        let figures = read.ok().and_then(Result::ok);
        self.silent_since = match figures {
            Some(_) => None,
            None => self.silent_since.or(Some(now)),
        };
        let silent = self.silent_since.map(|since| minutes(now, since));
        let own = figures.filter(|figures| figures.works_on_mailbox);
        let overdue = self.overdue(own.is_some()).await;
        let free = self.parts.machine.disk_free_percent();
        vec![
            (AlarmKind::DatabaseSilent, self.longer_than_bearable(silent)),
            (AlarmKind::MailboxSilent, self.mailbox(now, own.as_ref())),
            (
                AlarmKind::LedgerBehind,
                own.as_ref().map_or(Finding::Unknown, |figures| {
                    self.longer_than_bearable(figures.oldest_unstored.map(|since| minutes(now, since)))
                }),
            ),
            (
                AlarmKind::MailHeld,
                own.as_ref().map_or(Finding::Unknown, |figures| {
                    let hours = figures.oldest_held.map(|since| minutes(now, since) / 60);
                    above(hours, self.settings.held.as_secs() / 3600)
                }),
            ),
            (
                AlarmKind::DiskFilling,
                match free {
                    None => Finding::Unknown,
                    Some(free) if free < self.settings.disk_free_percent => Finding::Wrong(free),
                    Some(_) => Finding::Fine,
                },
            ),
            (AlarmKind::TermsOverdue, overdue),
        ]
    }

    fn longer_than_bearable(&self, minutes: Option<u64>) -> Finding {
        above(minutes, self.settings.silent.as_secs() / 60)
    }

    fn mailbox(&self, now: Timestamp, figures: Option<&Figures>) -> Finding {
        match figures {
            None => Finding::Unknown,
            Some(_) => {
                let last = self.parts.status.borrow().last_success;
                self.longer_than_bearable(Some(minutes(now, last.unwrap_or(self.parts.started))))
            }
        }
    }

    /// Asked now and then only.
    async fn overdue(&mut self, works: bool) -> Finding {
        if !works {
            return Finding::Unknown;
        }
        if self.looks.is_multiple_of(LOOKS_BETWEEN_TERMS) {
            let asked = timeout(ANSWER_TIME, self.parts.machine.overdue()).await;
            self.overdue = asked
                .ok()
                .flatten()
                .map_or(Finding::Unknown, |records| above(Some(records), 1));
        }
        self.looks = self.looks.wrapping_add(1);
        self.overdue
    }
}

fn minutes(now: Timestamp, since: Timestamp) -> u64 {
    u64::try_from(now.duration_since(since).as_secs()).unwrap_or(0) / 60
}

fn above(figure: Option<u64>, least: u64) -> Finding {
    match figure {
        Some(figure) if figure >= least => Finding::Wrong(figure),
        Some(_) | None => Finding::Fine,
    }
}

/// What was told, and what is due.
#[derive(Default)]
struct Board(BTreeMap<AlarmKind, Told>);

/// An alarm that was told and is not over.
struct Told {
    at: Timestamp,
    /// All has been well since.
    fine_since: Option<Timestamp>,
}

/// A mail that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Raised(Alarm),
    Lasting(Alarm),
    Over(AlarmKind),
}

impl Board {
    fn due(&mut self, now: Timestamp, findings: &[(AlarmKind, Finding)], repeat: Duration) -> Vec<Due> {
        let lasted = |since: Timestamp, least: Duration| {
            now.duration_since(since) >= SignedDuration::try_from(least).unwrap_or(SignedDuration::MAX)
        };
        let mut due = Vec::new();
        for (kind, finding) in findings {
            let told = self.0.get_mut(kind);
            match (finding, told) {
                (Finding::Wrong(figure), told) => {
                    let alarm = Alarm {
                        kind: *kind,
                        figure: *figure,
                    };
                    match told {
                        None => due.push(Due::Raised(alarm)),
                        Some(told) => {
                            told.fine_since = None;
                            if lasted(told.at, repeat) {
                                due.push(Due::Lasting(alarm));
                            }
                        }
                    }
                }
                (Finding::Fine, Some(told)) => {
                    let since = *told.fine_since.get_or_insert(now);
                    if lasted(since, CALM) {
                        due.push(Due::Over(*kind));
                    }
                }
                (Finding::Fine, None) | (Finding::Unknown, _) => {}
            }
        }
        due
    }

    fn told(&mut self, due: Due, now: Timestamp) {
        match due {
            Due::Raised(alarm) | Due::Lasting(alarm) => {
                let told = Told {
                    at: now,
                    fine_since: None,
                };
                self.0.insert(alarm.kind, told)
            }
            Due::Over(kind) => self.0.remove(&kind),
        };
    }
}

impl Due {
    fn kind(self) -> AlarmKind {
        match self {
            Self::Raised(alarm) | Self::Lasting(alarm) => alarm.kind,
            Self::Over(kind) => kind,
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Over(_))
    }

    fn letter(self, instance: &str) -> Letter {
        let (subject, what) = match self {
            Self::Raised(alarm) => (alarm.headline(), alarm.kind.advice()),
            Self::Lasting(alarm) => (format!("still: {}", alarm.headline()), alarm.kind.advice()),
            Self::Over(kind) => (format!("over: {}", kind.over()), "Nothing needs to be done."),
        };
        Letter {
            subject: format!("referrald: {subject}"),
            text: format!(
                "{subject}.\n\n{what}\n\nTold by the daemon \"{instance}\" (alarm {}). This mail was made by a program; it holds \
                 nothing of any case.\n",
                self.kind().name()
            ),
        }
    }
}

impl Letter {
    /// One to try the way with.
    pub fn trial(instance: &str) -> Self {
        Self {
            subject: "referrald: a trial of the alarms".to_owned(),
            text: format!(
                "Alarms of the daemon \"{instance}\" reach you.\n\nNothing is wrong; somebody ran `referrald try-alarm`. This mail \
                 was made by a program; it holds nothing of any case.\n"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    const HOUR: i64 = 3600;

    #[derive(Default)]
    struct World {
        now: AtomicI64,
        figures: Mutex<Option<Figures>>,
        free: AtomicU64,
        overdue: AtomicU64,
        relay_is_down: std::sync::atomic::AtomicBool,
        sent: Mutex<Vec<String>>,
    }

    struct Shared(Arc<World>);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    impl Clock for Shared {
        fn now(&self) -> Timestamp {
            at(self.0.now.load(Ordering::Relaxed))
        }
    }

    impl ReadFigures for Shared {
        fn read(&self) -> Pin<Box<dyn Future<Output = Result<Figures, String>> + Send + '_>> {
            let figures = self.0.figures.lock().unwrap().clone();
            Box::pin(async move { figures.ok_or_else(|| "gone".to_owned()) })
        }
    }

    impl ReadMachine for Shared {
        fn disk_free_percent(&self) -> Option<u64> {
            Some(self.0.free.load(Ordering::Relaxed))
        }

        fn overdue(&self) -> Pin<Box<dyn Future<Output = Option<u64>> + Send + '_>> {
            Box::pin(async { Some(self.0.overdue.load(Ordering::Relaxed)) })
        }
    }

    impl AlarmCourier for Shared {
        fn send<'a>(
            &'a self,
            letter: &'a Letter,
        ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
            Box::pin(async {
                if self.0.relay_is_down.load(Ordering::Relaxed) {
                    return Err("it does not answer".to_owned());
                }
                self.0.sent.lock().unwrap().push(letter.subject.clone());
                Ok(())
            })
        }
    }

    struct Watched {
        world: Arc<World>,
        status: watch::Sender<IngestStatus>,
        alarms: Alarms,
    }

    fn watched() -> Watched {
        let world = Arc::new(World::default());
        world.free.store(50, Ordering::Relaxed);
        *world.figures.lock().unwrap() = Some(Figures {
            works_on_mailbox: true,
            ..Figures::default()
        });
        let (sender, status) = watch::channel(IngestStatus::default());
        let parts = AlarmParts {
            figures: Arc::new(Shared(Arc::clone(&world))),
            machine: Box::new(Shared(Arc::clone(&world))),
            status,
            courier: Box::new(Shared(Arc::clone(&world))),
            clock: Arc::new(Shared(Arc::clone(&world))),
            started: at(0),
            instance: "here".to_owned(),
        };
        let settings = AlarmSettings {
            silent: Duration::from_secs(30 * 60),
            held: Duration::from_secs(24 * 3600),
            disk_free_percent: 10,
            repeat: Duration::from_secs(24 * 3600),
        };
        Watched {
            world,
            status: sender,
            alarms: Alarms::new(parts, settings),
        }
    }

    impl Watched {
        /// What is sent at a look so many seconds after the start.
        async fn sent_at(&mut self, seconds: i64) -> Vec<String> {
            self.world.now.store(seconds, Ordering::Relaxed);
            self.alarms.look().await;
            std::mem::take(&mut *self.world.sent.lock().unwrap())
        }

        /// A look at the mailbox went well.
        fn looked(&self, seconds: i64) {
            self.status
                .send_modify(|status| status.last_success = Some(at(seconds)));
        }

        fn figures(&self, change: impl FnOnce(&mut Figures)) {
            change(self.world.figures.lock().unwrap().as_mut().unwrap());
        }
    }

    #[tokio::test]
    async fn an_alarm_is_told_once_again_after_a_day_and_when_it_is_over() {
        let mut watched = watched();
        assert_eq!(watched.sent_at(29 * 60).await, Vec::<String>::new());
        assert_eq!(
            watched.sent_at(30 * 60).await,
            ["referrald: the mailbox was not looked at for 30 minutes"]
        );
        assert_eq!(watched.sent_at(23 * HOUR).await, Vec::<String>::new());
        assert_eq!(
            watched.sent_at(25 * HOUR).await,
            ["referrald: still: the mailbox was not looked at for 1500 minutes"]
        );
        watched.looked(26 * HOUR);
        assert_eq!(watched.sent_at(26 * HOUR).await, Vec::<String>::new());
        watched.looked(26 * HOUR + 600);
        assert_eq!(
            watched.sent_at(26 * HOUR + 600).await,
            ["referrald: over: the mailbox is looked at again"]
        );
        assert_eq!(watched.sent_at(26 * HOUR + 660).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_goes_to_and_fro_is_told_once() {
        let mut watched = watched();
        watched.looked(HOUR);
        watched.world.free.store(9, Ordering::Relaxed);
        assert_eq!(watched.sent_at(HOUR).await.len(), 1);
        for minute in 1..20 {
            watched.looked(HOUR + minute * 60);
            let free = if minute % 2 == 0 { 9 } else { 10 };
            watched.world.free.store(free, Ordering::Relaxed);
            assert_eq!(watched.sent_at(HOUR + minute * 60).await, Vec::<String>::new());
        }
    }

    #[tokio::test]
    async fn a_mail_that_no_relay_takes_is_tried_again() {
        let mut watched = watched();
        watched.world.relay_is_down.store(true, Ordering::Relaxed);
        assert_eq!(watched.sent_at(HOUR).await, Vec::<String>::new());
        watched.world.relay_is_down.store(false, Ordering::Relaxed);
        assert_eq!(watched.sent_at(HOUR + 60).await.len(), 1);
    }

    #[tokio::test]
    async fn each_finding_has_its_bound() {
        let mut watched = watched();
        watched.looked(100 * HOUR);
        watched.figures(|figures| {
            figures.oldest_held = Some(at(77 * HOUR));
            figures.oldest_unstored = Some(at(100 * HOUR - 29 * 60));
        });
        watched.world.free.store(10, Ordering::Relaxed);
        assert_eq!(watched.sent_at(100 * HOUR).await, Vec::<String>::new());
        watched.figures(|figures| {
            figures.oldest_held = Some(at(76 * HOUR));
            figures.oldest_unstored = Some(at(100 * HOUR - 30 * 60));
        });
        watched.world.free.store(9, Ordering::Relaxed);
        assert_eq!(
            watched.sent_at(100 * HOUR).await,
            [
                "referrald: a mail that arrived 30 minutes ago is not stored",
                "referrald: liaison mail has waited 24 hours for staff",
                "referrald: the disk has 9 % left",
            ]
        );
    }

    #[tokio::test]
    async fn terms_are_asked_for_once_an_hour() {
        let mut watched = watched();
        assert_eq!(watched.sent_at(60).await, Vec::<String>::new());
        watched.world.overdue.store(3, Ordering::Relaxed);
        for minute in 2..=60 {
            watched.looked(minute * 60);
            assert_eq!(watched.sent_at(minute * 60).await, Vec::<String>::new());
        }
        assert_eq!(
            watched.sent_at(61 * 60).await,
            ["referrald: 3 records have outlived their term"]
        );
    }

    #[tokio::test]
    async fn without_the_database_only_that_is_told_and_nothing_is_taken_for_over() {
        let mut watched = watched();
        assert_eq!(watched.sent_at(HOUR).await.len(), 1, "the mailbox");
        let figures = watched.world.figures.lock().unwrap().take();
        assert_eq!(watched.sent_at(2 * HOUR).await, Vec::<String>::new());
        assert_eq!(
            watched.sent_at(2 * HOUR + 30 * 60).await,
            ["referrald: the database has not answered for 30 minutes"]
        );
        *watched.world.figures.lock().unwrap() = figures;
        watched.looked(3 * HOUR);
        assert_eq!(watched.sent_at(3 * HOUR).await, Vec::<String>::new());
        assert_eq!(
            watched.sent_at(3 * HOUR + 600).await,
            [
                "referrald: over: the database answers again",
                "referrald: over: the mailbox is looked at again",
            ]
        );
    }

    #[tokio::test]
    async fn a_daemon_that_stands_by_leaves_the_mailbox_to_the_one_that_works() {
        let mut watched = watched();
        watched.figures(|figures| figures.works_on_mailbox = false);
        watched.world.overdue.store(3, Ordering::Relaxed);
        assert_eq!(watched.sent_at(50 * HOUR).await, Vec::<String>::new());
    }

    #[test]
    fn a_letter_says_what_to_do_and_who_tells_it() {
        let alarm = Alarm {
            kind: AlarmKind::DiskFilling,
            figure: 4,
        };
        let letter = Due::Raised(alarm).letter("here");
        assert!(letter.text.contains(AlarmKind::DiskFilling.advice()) && letter.text.contains("\"here\""));
    }
}
