//! What a backup holds: every table with its columns, in the order of their foreign keys.
//!
//! A migration that adds a table or column adds a line here, with its number: a database with anything that is not listed
//! is not backed up.

use super::super::driver::{Connection, LiveColumn};
use crate::store::backup::BackupError;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A 64-bit number.
    Int,
    Text,
    Bytes,
}

/// Whether a column may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    Always,
    Maybe,
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) fill: Fill,
    /// The migration that made it.
    since: i64,
}

pub(super) struct Table {
    pub(super) name: &'static str,
    /// The migration that made it.
    since: i64,
    /// Rows are read in the order of these: the primary key, never NULL.
    pub(super) key: &'static [&'static str],
    /// Rows held in memory at a time.
    pub(super) page: i64,
    columns: &'static [Column],
}

/// Rows of a fixed, small size.
const SMALL: i64 = 500;
/// A sealed mail has up to 50 MB and more.
const ONE_BY_ONE: i64 = 1;

const fn int(name: &'static str) -> Column {
    column(name, Kind::Int)
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

const fn bytes(name: &'static str) -> Column {
    column(name, Kind::Bytes)
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        fill: Fill::Always,
        since: 1,
    }
}

impl Column {
    const fn or_null(mut self) -> Self {
        self.fill = Fill::Maybe;
        self
    }

    const fn since(mut self, migration: i64) -> Self {
        self.since = migration;
        self
    }
}

const fn table(
    name: &'static str,
    since: i64,
    key: &'static [&'static str],
    columns: &'static [Column],
) -> Table {
    Table {
        name,
        since,
        key,
        page: SMALL,
        columns,
    }
}

/// Every table, each after those it refers to.
pub(super) const TABLES: &[Table] = &[
    table(
        "data_key",
        1,
        &["one"],
        &[int("one"), int("generation"), bytes("wrapped")],
    ),
    table(
        "record_keys",
        1,
        &["kind", "id"],
        &[text("kind"), bytes("id"), int("generation"), bytes("wrapped")],
    ),
    Table {
        page: ONE_BY_ONE,
        ..table(
            "sealed",
            1,
            &["kind", "id", "part"],
            &[text("kind"), bytes("id"), text("part"), bytes("bytes")],
        )
    },
    table(
        "messages",
        1,
        NUMBER,
        &[
            int("number"),
            bytes("id"),
            int("received"),
            text("state"),
            text("kind").or_null(),
            int("checks"),
            text("unreadable").or_null(),
            bytes("raw_hash").or_null(),
            int("first_opened").or_null().since(4),
            int("decided").or_null().since(4),
            int("destroyed").or_null().since(4),
            bytes("claimed_by").or_null().since(3),
        ],
    ),
    table(
        "folders",
        1,
        &["mailbox", "folder"],
        &[
            text("mailbox"),
            text("folder"),
            int("uidvalidity"),
            int("adopted"),
        ],
    ),
    table(
        "ledger",
        1,
        PLACE,
        &[
            text("mailbox"),
            text("folder"),
            int("uidvalidity"),
            int("uid"),
            text("state"),
            int("attempts"),
            int("size").or_null(),
            int("internal_date").or_null(),
            bytes("message").or_null(),
            int("seen"),
            int("ended").or_null(),
        ],
    ),
    table(
        "move_receipts",
        1,
        PLACE,
        &[
            text("mailbox"),
            text("folder"),
            int("uidvalidity"),
            int("uid"),
            bytes("message"),
            text("target"),
            int("written"),
        ],
    ),
    table(
        "server_copies",
        1,
        PLACE,
        &[
            text("mailbox"),
            text("folder"),
            int("uidvalidity"),
            int("uid"),
            bytes("message"),
        ],
    ),
    table(
        "server_deletions",
        1,
        NUMBER,
        &[
            int("number"),
            text("mailbox"),
            bytes("message"),
            text("copy_folder").or_null(),
            int("copy_uidvalidity").or_null(),
            int("copy_uid").or_null(),
            int("queued"),
        ],
    ),
    table(
        "blind_index",
        1,
        &["kind", "hash", "message"],
        &[text("kind"), bytes("hash"), bytes("message")],
    ),
    table(
        "threads",
        1,
        &["hash", "message"],
        &[bytes("hash"), bytes("message")],
    ),
    table(
        "tombstones",
        1,
        &["id"],
        &[
            bytes("id"),
            text("kind"),
            int("received"),
            text("reason"),
            text("actor"),
            int("at"),
            int("server_copy_gone").or_null(),
            text("reference").or_null().since(4),
        ],
    ),
    table(
        "reference_counters",
        1,
        &["prefix", "year"],
        &[text("prefix"), int("year"), int("last")],
    ),
    table(
        "cases",
        1,
        NUMBER,
        &[
            int("number"),
            bytes("id"),
            text("reference"),
            text("state"),
            int("opened"),
            bytes("message"),
            int("closed").or_null().since(4),
            text("close_reason").or_null().since(4),
            text("outcome").or_null().since(4),
            int("destroyed").or_null().since(4),
        ],
    ),
    table(
        "case_files",
        1,
        NUMBER,
        &[
            int("number"),
            bytes("id"),
            bytes("case_id"),
            text("side"),
            int("position"),
        ],
    ),
    table(
        "accounts",
        1,
        &["id"],
        &[
            bytes("id"),
            bytes("user_hash"),
            int("changed"),
            int("privacy_notice").or_null().since(4),
            int("left_on").or_null().since(4),
        ],
    ),
    table(
        "outbound",
        1,
        // A notice has a higher number than the mail it is about.
        NUMBER,
        &[
            int("number"),
            bytes("id"),
            int("received"),
            text("state"),
            bytes("outbox_hash").or_null().since(2),
            bytes("notice_about").or_null().since(2),
            bytes("claimed_by").or_null().since(3),
            int("destroyed").or_null().since(4),
            bytes("account_hash").or_null().since(6),
        ],
    ),
    table(
        "deliveries",
        1,
        NUMBER,
        &[
            int("number"),
            bytes("id"),
            bytes("mail"),
            text("state"),
            text("route"),
            text("action"),
            text("reasons"),
            int("attempts"),
            int("last_code").or_null(),
            int("due"),
            int("ended").or_null(),
            text("if_released").or_null().since(2),
            text("told").or_null().since(2),
            bytes("claimed_by").or_null().since(3),
            int("sending_until").or_null().since(3),
        ],
    ),
    table(
        "audit",
        1,
        &["seq"],
        &[
            int("seq"),
            int("at"),
            text("actor"),
            text("action"),
            text("record"),
            bytes("mac"),
        ],
    ),
    table(
        "audit_head",
        1,
        &["one"],
        &[int("one"), int("count"), bytes("last"), bytes("mac")],
    ),
    table(
        "allocations",
        2,
        &["file", "account"],
        &[bytes("file"), bytes("account"), int("since")],
    ),
    table("correspondents", 2, &["hash"], &[bytes("hash"), int("since")]),
    table(
        "delivery_threads",
        2,
        &["hash", "delivery"],
        &[bytes("hash"), bytes("delivery")],
    ),
    table(
        "daemons",
        3,
        &["instance"],
        &[
            text("instance"),
            bytes("incarnation"),
            int("since"),
            int("alive_until"),
        ],
    ),
    table(
        "leases",
        3,
        &["mailbox", "duty"],
        &[text("mailbox"), text("duty"), bytes("incarnation"), int("since")],
    ),
    table(
        "staff",
        5,
        &["id"],
        &[bytes("id"), bytes("name_hash"), int("changed"), int("last_step")],
    ),
    table(
        "staff_sessions",
        5,
        &["id"],
        &[
            bytes("id"),
            bytes("hash"),
            bytes("staff"),
            text("stage"),
            int("started"),
            int("seen"),
        ],
    ),
    table("staff_recovery", 5, &["hash"], &[bytes("hash"), bytes("staff")]),
    table("filed", 4, &["message"], &[bytes("message"), bytes("case_id")]),
    table(
        "case_entries",
        4,
        NUMBER,
        &[
            int("number"),
            bytes("id"),
            bytes("case_id"),
            bytes("file").or_null(),
            text("kind"),
            int("at"),
        ],
    ),
    table(
        "case_index",
        4,
        &["kind", "hash", "file"],
        &[text("kind"), bytes("hash"), bytes("file")],
    ),
    table(
        "monitoring",
        4,
        &["year", "category", "answer"],
        &[int("year"), text("category"), text("answer"), int("people")],
    ),
];

/// The key of tables whose rows are numbered as they are made.
pub(super) const NUMBER: &[&str] = &["number"];
const PLACE: &[&str] = &["mailbox", "folder", "uidvalidity", "uid"];

/// The tables of a version of the schema.
pub(super) fn tables(version: i64) -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(move |table| table.since <= version)
}

impl Table {
    /// The columns of a version of the schema.
    pub(super) fn columns(&self, version: i64) -> Vec<&'static Column> {
        self.columns
            .iter()
            .filter(|column| column.since <= version)
            .collect()
    }

    /// Rows are numbered as they are made.
    pub(super) fn is_numbered(&self) -> bool {
        self.key == NUMBER
    }
}

/// Nothing is in the database that a backup would leave out, and nothing is of another type.
pub(super) async fn demand_listed(connection: &mut Connection, version: i64) -> Result<(), BackupError> {
    let live = connection.columns().await?;
    for column in &live {
        let table = tables(version).find(|table| table.name == column.table);
        let listed = table.and_then(|table| {
            let mut columns = table.columns(version).into_iter();
            columns.find(|listed| listed.name == column.name)
        });
        if !listed.is_some_and(|listed| is_alike(listed, column)) {
            return Err(BackupError::NotListed {
                table: column.table.clone(),
                column: column.name.clone(),
            });
        }
    }
    let listed: usize = tables(version).map(|table| table.columns(version).len()).sum();
    match live.len() == listed {
        true => Ok(()),
        false => Err(BackupError::Incomplete),
    }
}

fn is_alike(listed: &Column, live: &LiveColumn) -> bool {
    let kind = match live.kind.as_str() {
        "INTEGER" | "bigint" => Some(Kind::Int),
        "TEXT" | "text" => Some(Kind::Text),
        "BLOB" | "bytea" => Some(Kind::Bytes),
        _ => None,
    };
    let fill = match live.filled {
        0 => Fill::Maybe,
        _ => Fill::Always,
    };
    kind == Some(listed.kind) && fill == listed.fill
}
