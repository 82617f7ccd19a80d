//! The staff pages: what case workers, volunteers and administrators do in a browser.
//!
//! Invariants: a page is reached only through the route table ([`route_table`]), where each route says who may; what a
//! volunteer sees passes the store's own check of allocations; forms are taken only from our own pages; nothing of a case
//! stands in a URL, a title or a log line.
//!
//! # Security
//!
//! Whose bytes: requests of anybody who reaches the port, bounded in header, body, time and number before anything is done with
//! them, and texts out of mails, which are shown as text only (templates escape; no script, no inline style, a policy that
//! allows none). What privilege: the open store, so every handler runs behind the table's check. Never: a session without the
//! second step, a token of a session in the database or the log, a redirect to where a request says, parsing of a mail.

mod account;
mod assets;
mod audit;
mod breached;
mod case_page;
mod cases;
mod change;
mod compare;
mod configuration;
mod copy;
mod correct;
mod destroy;
mod documents;
mod done;
mod draft;
mod entries;
mod failed;
mod fields;
mod frame;
mod guard;
mod home;
mod mailbox;
mod once;
mod outbound;
mod person;
mod previews;
mod problem;
mod report;
mod request;
mod review;
mod routes;
mod saved;
mod sent;
mod server;
mod settings;
mod sign_in;
mod source;
mod staff;
mod taking;
mod throttle;
mod totp;
mod words;
mod write;

pub use breached::{BreachedError, BreachedPasswords};
pub use routes::{Access, RouteEntry, route_table};
pub use server::{WebError, WebServer, router};
pub use settings::{
    Behind, Bundling, MailboxHealth, SourceReader, SubjectBundles, WebParts, WebSettings, WebTls,
};
pub use totp::code_at;
