//! A store in a temporary folder, and invented people.

use crate::postgres;
use referrald::domain::*;
use referrald::store::*;
use sqlx::ConnectOptions;
use std::path::{Path, PathBuf};

/// The same story on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! on_both {
    ($($name:ident)+) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::stories::$name($crate::support::Home::sqlite()).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::stories::$name($crate::support::Home::postgres()).await;
            }
        }
    )+};
}

/// A database of its own with a master key.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    server: Option<postgres::Database>,
    keys: String,
    log: PathBuf,
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = MasterKeys::generate(&OsEntropy).unwrap().to_string();
        let server = None;
        let log = folder.path().join("destroyed.log");
        Self {
            folder,
            server,
            keys,
            log,
        }
    }

    pub(crate) fn postgres() -> Self {
        let server = Some(postgres::Database::new());
        Self {
            server,
            ..Self::sqlite()
        }
    }

    /// Another one on the same kind of database.
    pub(crate) fn another(&self) -> Self {
        match self.is_sqlite() {
            true => Self::sqlite(),
            false => Self::postgres(),
        }
    }

    /// A new database of the same kind, with the same master key and destruction log.
    pub(crate) fn successor(&self) -> Self {
        self.inherit(self.another())
    }

    /// The same of the other kind.
    pub(crate) fn other_kind(&self) -> Self {
        self.inherit(match self.is_sqlite() {
            true => Self::postgres(),
            false => Self::sqlite(),
        })
    }

    fn inherit(&self, new: Self) -> Self {
        Self {
            keys: self.keys.clone(),
            log: self.log.clone(),
            ..new
        }
    }

    pub(crate) fn place(&self) -> DatabasePlace {
        match &self.server {
            None => DatabasePlace::Sqlite(self.path()),
            Some(server) => DatabasePlace::Postgres(PostgresPlace::parse(&server.address()).unwrap()),
        }
    }

    /// The file, on SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("referrald.db")
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.server.is_none()
    }

    pub(crate) fn keys(&self) -> MasterKeys {
        MasterKeys::parse(self.keys.as_bytes()).unwrap()
    }

    pub(crate) async fn open(&self) -> Store {
        self.try_open(self.keys()).await.unwrap()
    }

    pub(crate) async fn try_open(&self, keys: MasterKeys) -> Result<Store, StoreError> {
        Store::open_logging(&self.place(), &self.log(), keys).await
    }

    /// The destruction log.
    pub(crate) fn log(&self) -> PathBuf {
        self.log.clone()
    }

    /// With another destruction log than it had.
    pub(crate) fn with_log(self, log: PathBuf) -> Self {
        Self { log, ..self }
    }

    /// The key file gets one more generation.
    pub(crate) fn rotate(&mut self) {
        self.keys = self.keys().with_new_generation(&OsEntropy).unwrap().to_string();
    }

    pub(crate) fn with_keys(self, keys: &str) -> Self {
        Self {
            keys: keys.to_owned(),
            ..self
        }
    }

    /// A connection that knows nothing of the store's rules: an attacker with the file, or with the server.
    pub(crate) async fn attacker(&self) -> Attacker {
        match &self.server {
            None => Attacker::Sqlite(
                sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(self.path())
                    .foreign_keys(false)
                    .connect()
                    .await
                    .unwrap(),
            ),
            Some(server) => {
                let options: sqlx::postgres::PgConnectOptions = server.address().parse().unwrap();
                Attacker::Postgres(options.connect().await.unwrap())
            }
        }
    }

    /// Every byte of the database's files; on PostgreSQL of this database's tables, indexes and the server's log.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.server {
            None => every_byte(self.folder.path()),
            Some(server) => {
                server.statement("CHECKPOINT");
                every_byte(&server.folder())
            }
        }
    }

    /// Every byte of the tables and indexes as they are, without the server's log.
    pub(crate) fn table_bytes(&self) -> Vec<u8> {
        match &self.server {
            None => every_byte(self.folder.path()),
            Some(server) => {
                server.statement("CHECKPOINT");
                every_byte(&server.folder().join("base"))
            }
        }
    }

    /// A configuration of the program for this database, with a documents folder.
    pub(crate) fn configuration(&self) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let database = match &self.server {
            None => self.path().display().to_string(),
            Some(server) => server.address(),
        };
        let folder = self.folder.path();
        let key = folder.join("master.key");
        std::fs::write(&key, &self.keys).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = format!(
            "service = {{ name = \"Anyshire Service\", domain = \"restorative.example\" }}\n\
             mailbox = {{ host = \"mailbox.invalid\", user = \"nobody\" }}\n\
             keeping = {{ database = \"{database}\", destruction_log = \"{}\", documents_dir = \"{}\" }}\n",
            self.log().display(),
            folder.join("documents").display()
        );
        let path = folder.join("referrald.toml");
        std::fs::write(&path, config).unwrap();
        path
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn every_byte(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(every_byte(&path));
        } else {
            // The server may take a temporary file away meanwhile.
            all.extend(std::fs::read(path).unwrap_or_default());
        }
    }
    all
}

pub(crate) enum Attacker {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Attacker {
    pub(crate) async fn try_run(&mut self, sql: &'static str) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await?.rows_affected(),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await?.rows_affected(),
        })
    }

    pub(crate) async fn run(&mut self, sql: &'static str) -> u64 {
        self.try_run(sql).await.unwrap()
    }

    /// A statement with bytes and texts as parameters; first the bytes.
    pub(crate) async fn change(&mut self, sql: &'static str, bytes: &[&[u8]], texts: &[&str]) -> u64 {
        macro_rules! go {
            ($connection:expr) => {{
                let mut query = sqlx::query(sql);
                for value in bytes {
                    query = query.bind(value.to_vec());
                }
                for text in texts {
                    query = query.bind((*text).to_owned());
                }
                query.execute($connection).await.unwrap().rows_affected()
            }};
        }
        match self {
            Self::Sqlite(connection) => go!(connection),
            Self::Postgres(connection) => go!(connection),
        }
    }

    pub(crate) async fn all<T>(&mut self, sql: &'static str) -> Vec<T>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
            + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
            + Send
            + Unpin,
    {
        match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await.unwrap(),
            Self::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await.unwrap(),
        }
    }

    /// The names of all tables.
    pub(crate) async fn tables(&mut self) -> Vec<String> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Self::Postgres(_) => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
            }
        };
        let rows: Vec<(String,)> = self.all(sql).await;
        rows.into_iter().map(|(name,)| name).collect()
    }

    /// Every row of a table, as text.
    pub(crate) async fn rows(&mut self, table: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let columns = format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')");
                let columns: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(columns))
                    .fetch_all(&mut *connection)
                    .await
                    .unwrap();
                let rows = format!("SELECT {} FROM {table}", columns.join(" || ' ' || "));
                let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(rows));
                rows.fetch_all(connection).await.unwrap()
            }
            Self::Postgres(connection) => {
                let rows = format!("SELECT row::text FROM {table} AS row");
                let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(rows));
                rows.fetch_all(connection).await.unwrap()
            }
        }
    }

    /// The triggers that keep the audit log append-only are gone.
    pub(crate) async fn lift_triggers(&mut self) {
        match self {
            Self::Sqlite(_) => {
                self.run(
                    "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete;
                     DROP TRIGGER audit_head_refuses_delete",
                )
                .await
            }
            Self::Postgres(_) => self.run("DROP FUNCTION audit_refuses() CASCADE").await,
        };
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn inbox(uidvalidity: u32) -> FolderKey {
    FolderKey {
        mailbox: "referrals".into(),
        folder: "INBOX".into(),
        uidvalidity,
    }
}

pub(crate) fn seen(uid: u32) -> SeenUid {
    SeenUid {
        uid,
        size: Some(1000),
        internal_date: Some(1_790_000_000 + i64::from(uid)),
    }
}

pub(crate) fn mail(uid: u32, raw: &str) -> FetchedMail {
    FetchedMail {
        uid,
        raw: Personal::new(raw.as_bytes().to_vec()),
        internal_date: None,
    }
}

pub(crate) fn personal(text: &str) -> Personal<String> {
    Personal::new(text.to_owned())
}

pub(crate) fn copy(uid: u32) -> ServerCopy {
    ServerCopy {
        folder: "Taken".into(),
        uidvalidity: 7,
        uid,
    }
}

pub(crate) fn staff() -> Viewer {
    Viewer::Staff(actor())
}

pub(crate) fn actor() -> Actor {
    Actor("r.staff".into())
}

/// A message that was committed with these bytes.
pub(crate) async fn stored(store: &Store, uid: u32, raw: &str) -> MessageId {
    store
        .commit_batch(&inbox(1), vec![mail(uid, raw)], at(0))
        .await
        .unwrap()[0]
        .message
}

/// A message that was committed, moved and read.
pub(crate) async fn read(store: &Store, uid: u32, parsed: &ParsedMessage) -> MessageId {
    read_from(store, uid, parsed, &source()).await
}

/// The same, read from this source.
pub(crate) async fn read_from(store: &Store, uid: u32, parsed: &ParsedMessage, source: &Source) -> MessageId {
    let id = stored(store, uid, &format!("{RAW}{uid}")).await;
    store
        .finish_move(&inbox(1), uid, Some(copy(uid)), at(1))
        .await
        .unwrap();
    store
        .save_parsed(id, parsed, source, &[format!("<{uid}.{THREAD}>")], at(2))
        .await
        .unwrap();
    id
}

/// Texts that must never stand in the database file.
pub(crate) const VICTIM: &str = "Marguerite Tollington";
pub(crate) const VICTIM_PHONE: &str = "07700 900461";
pub(crate) const VICTIM_MAIL: &str = "marguerite@tollington.example";
pub(crate) const VICTIM_STREET: &str = "14 Quillfeather Close";
pub(crate) const MOTHER: &str = "Philippa Tollington";
pub(crate) const OFFENDER: &str = "Desmond Wraxhall";
pub(crate) const OFFENDER_MAIL: &str = "des.wraxhall@example.org";
pub(crate) const OFFENDER_PNC: &str = "2019/0418233Q";
pub(crate) const WITNESS: &str = "Osgood Penhallow";
pub(crate) const OFFICER: &str = "Verity Blackstock";
pub(crate) const CRIME: &str = "42/98765/26";
pub(crate) const SUMMARY: &str = "Desmond Wraxhall broke the window of Marguerite Tollington";
pub(crate) const RAW: &str =
    "From: Verity Blackstock <v.blackstock@police.example>\r\nSubject: window at Quillfeather\r\n\r\n";
pub(crate) const THREAD: &str = "unmistakable-thread@police.example";
pub(crate) const IDENTITIES: &[&str] = &[
    VICTIM,
    VICTIM_PHONE,
    VICTIM_MAIL,
    VICTIM_STREET,
    MOTHER,
    OFFENDER,
    OFFENDER_MAIL,
    OFFENDER_PNC,
    WITNESS,
    OFFICER,
    CRIME,
    "v.blackstock@police.example",
    "Quillfeather",
    "Tollington",
    "Wraxhall",
    THREAD,
    "QX9 9XQ",
    "1991-04-17",
    "hates-dogs",
    "window",
];

pub(crate) fn referral() -> Referral {
    let text = |text: &str| Some(text.to_owned());
    let mut victim = Party::new(Role::Victim);
    victim.name = text(VICTIM);
    victim.phones = vec![VICTIM_PHONE.to_owned()];
    victim.emails = vec![VICTIM_MAIL.to_owned()];
    victim.address = text(VICTIM_STREET);
    victim.postcode = text("QX9 9XQ");
    victim.date_of_birth = text("1991-04-17");
    let mut offender = Party::new(Role::Offender);
    offender.name = text(OFFENDER);
    offender.emails = vec![OFFENDER_MAIL.to_owned()];
    let mut mother = Party::new(Role::Supporter);
    mother.name = text(MOTHER);
    mother.supports = Some(1);
    let mut witness = Party::new(Role::Witness);
    witness.name = text(WITNESS);
    Referral {
        case_kind: Some(CaseKind::Crime),
        service: Some(Service::RestorativeJustice),
        referrer: Referrer {
            name: text(OFFICER),
            agency: text("Anyshire Police"),
            ..Referrer::default()
        },
        references: vec![
            Reference {
                kind: ReferenceKind::CrimeNumber,
                value: CRIME.to_owned(),
            },
            Reference {
                kind: ReferenceKind::PncId,
                value: OFFENDER_PNC.to_owned(),
            },
        ],
        offence: Offence {
            kind: text("criminal damage"),
            summary: text(SUMMARY),
            date: text("2026-03-02"),
            location: text(VICTIM_STREET),
            ..Offence::default()
        },
        // The offender stands first: positions must not matter.
        parties: vec![offender, victim, mother, witness],
        risks: text("hates-dogs"),
        wishes: text("an apology for the window"),
    }
}

/// A mail with a form, as staff are shown it.
pub(crate) fn source() -> Source {
    let text = |text: &str| Inline::Text {
        text: text.to_owned(),
        bold: false,
        struck: false,
    };
    let paragraph = |inlines: Vec<Inline>| Block::Paragraph {
        text: inlines,
        page: None,
    };
    let cell = |inlines: Vec<Inline>| Cell {
        blocks: vec![paragraph(inlines)],
        columns: 1,
        rows: 1,
        header: false,
    };
    let rows = vec![
        Row {
            cells: vec![cell(vec![text("Person harmed")]), cell(vec![text(VICTIM)])],
        },
        Row {
            cells: vec![
                cell(vec![text("Agrees to be contacted")]),
                cell(vec![Inline::Tick { checked: true }, text(" Yes")]),
            ],
        },
    ];
    let body = Document {
        part: "1".into(),
        blocks: vec![
            paragraph(vec![text(SUMMARY)]),
            Block::Table(Table { rows, page: None }),
        ],
        ..Document::default()
    };
    Source::of(&ReadMessage {
        headers: MessageHeaders {
            from_name: Some(OFFICER.into()),
            from_address: Some("v.blackstock@police.example".into()),
            subject: "window at Quillfeather".into(),
            ..MessageHeaders::default()
        },
        bodies: vec![body],
        ..ReadMessage::default()
    })
}

pub(crate) fn parsed() -> ParsedMessage {
    ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: Vec::new(),
        attachments: Vec::new(),
        referral: Some(referral()),
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: vec![Check {
            path: "/referral/parties/0".into(),
            code: "consent_missing".into(),
            detail: format!("no consent of {OFFENDER}"),
            candidates: Vec::new(),
        }],
        evidence: vec![Evidence {
            path: "/referral/parties/1/name".into(),
            part: "1".into(),
            filename: None,
            page: None,
            quote: VICTIM.into(),
        }],
    }
}
