//! The mailbox port: folders, UIDs, fetching, moving, waiting.

use super::connect::{ImapTimeouts, is_read_only};
use super::syntax::{expand, internal_date, mailbox_name, uid_set};
use super::wire::{Answer, Tagged, Wire, outcome};
use crate::domain::Personal;
use crate::ingest::{FetchOutcome, Mailbox, MailboxError, MoveOutcome, Selected, UidMeta};
use crate::store::ServerCopy;
use async_imap::imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// IDLE is ended and started anew after this long: servers may drop it after 10 minutes and more.
const IDLE_AT_MOST: Duration = Duration::from_secs(9 * 60);
/// Slowest transfer that is waited for, in bytes per second.
const SLOWEST: u64 = 16 * 1024;
/// Most UIDs in one command, so that its line stays short.
const UIDS_PER_COMMAND: usize = 500;
/// A literal shorter than the announced size is taken as whole once it came with the same length this
/// often: some servers (Exchange by default) announce estimates.
const SAME_SHORT_LENGTH: u8 = 3;
/// Most short literals that are remembered.
const MOST_SHORT: usize = 1000;

/// What the server can do, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) auth_plain: bool,
    pub(super) auth_xoauth2: bool,
    pub(super) auth_oauthbearer: bool,
    pub(super) login_disabled: bool,
    pub(super) sasl_ir: bool,
    pub(super) literal_plus: bool,
    pub(super) uidplus: bool,
    pub(super) moves: bool,
    pub(super) idle: bool,
}

impl Capabilities {
    pub(super) fn read(list: &[Capability<'_>]) -> Self {
        let has = |name: &str| {
            list.iter().any(|capability| match capability {
                Capability::Atom(atom) => atom.eq_ignore_ascii_case(name),
                Capability::Imap4rev1 | Capability::Auth(_) => false,
            })
        };
        let auth = |mechanism: &str| {
            list.iter().any(|capability| match capability {
                Capability::Auth(name) => name.eq_ignore_ascii_case(mechanism),
                Capability::Imap4rev1 | Capability::Atom(_) => false,
            })
        };
        Self {
            auth_plain: auth("PLAIN"),
            auth_xoauth2: auth("XOAUTH2"),
            auth_oauthbearer: auth("OAUTHBEARER"),
            login_disabled: has("LOGINDISABLED"),
            sasl_ir: has("SASL-IR"),
            literal_plus: has("LITERAL+"),
            uidplus: has("UIDPLUS"),
            moves: has("MOVE"),
            idle: has("IDLE"),
        }
    }
}

/// The hierarchy delimiter (RFC 3501 section 6.3.8). Configured folders have `/` between their levels
/// whatever the server uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delimiter(Option<String>);

impl Delimiter {
    /// Asks the server for it.
    pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin + Send>(
        wire: &mut Wire<S>,
        deadline: Instant,
    ) -> Result<Self, MailboxError> {
        let mut found = None;
        wire.command("LIST", "LIST \"\" \"\"", deadline, |response| {
            if let Response::MailboxData(MailboxDatum::List(list)) = response {
                found = list.delimiter.as_deref().map(str::to_owned);
            }
        })
        .await?
        .demand_ok("LIST")?;
        Ok(Self(found))
    }

    /// A configured folder as an argument of a command.
    fn mailbox_name(&self, folder: &str) -> String {
        match &self.0 {
            Some(delimiter) => mailbox_name(&folder.replace('/', delimiter)),
            None => mailbox_name(folder),
        }
    }
}

/// A signed-in connection.
pub struct ImapMailbox<S: AsyncRead + AsyncWrite + Unpin + Send> {
    wire: Wire<S>,
    capabilities: Capabilities,
    timeouts: ImapTimeouts,
    /// What stands between the levels of a folder's name on this server.
    delimiter: Delimiter,
    selected: String,
    /// Lengths of literals that were shorter than announced, by folder and UID, and how often they came.
    short: HashMap<(String, u32), (usize, u8)>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ImapMailbox<S> {
    pub(super) fn new(
        wire: Wire<S>,
        capabilities: Capabilities,
        delimiter: Delimiter,
        timeouts: ImapTimeouts,
    ) -> Result<Self, MailboxError> {
        if !capabilities.uidplus && !capabilities.moves {
            return Err(MailboxError::MissingCapability(
                "MOVE and UIDPLUS; one of them is needed",
            ));
        }
        Ok(Self {
            wire,
            capabilities,
            timeouts,
            delimiter,
            selected: String::new(),
            short: HashMap::new(),
        })
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeouts.command
    }

    async fn run(
        &mut self,
        doing: &'static str,
        command: &str,
        each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<(), MailboxError> {
        let deadline = self.deadline();
        self.wire
            .command(doing, command, deadline, each)
            .await?
            .demand_ok(doing)
    }

    /// Sends one FETCH per UID in one go and collects what comes back.
    async fn fetch_bodies(&mut self, metas: &[UidMeta]) -> Result<Fetched, MailboxError> {
        const DOING: &str = "UID FETCH (BODY.PEEK[])";
        let announced: u64 = metas.iter().map(|meta| meta.size).sum();
        let deadline = self.deadline() + Duration::from_secs(announced / SLOWEST);
        let mut pending = BTreeSet::new();
        let mut commands = String::new();
        for meta in metas {
            let tag = self.wire.next_tag();
            commands.push_str(&format!("{tag} UID FETCH {} (UID BODY.PEEK[])\r\n", meta.uid));
            pending.insert(tag);
        }
        self.wire.write(commands.as_bytes(), DOING, deadline).await?;
        let mut fetched = Fetched {
            bodies: BTreeMap::new(),
            mentioned: BTreeSet::new(),
        };
        let mut refused = Answer::Ok;
        while !pending.is_empty() {
            let tagged = self
                .wire
                .read(DOING, deadline, |response| {
                    if let Response::Fetch(_, attributes) = response {
                        fetched.take(attributes, metas);
                    }
                    Tagged::of(response)
                })
                .await?;
            if let Some(Tagged { tag, answer }) = tagged {
                if !pending.remove(&tag) {
                    return Err(MailboxError::Lost(DOING));
                }
                if answer != Answer::Ok {
                    refused = answer;
                }
            }
        }
        self.wire.judge(refused, DOING)?.demand_ok(DOING)?;
        Ok(fetched)
    }

    /// Whether a literal is the whole message.
    fn judge(&mut self, meta: &UidMeta, body: Vec<u8>) -> FetchOutcome {
        if body.is_empty() {
            return FetchOutcome::NotYet;
        }
        if (body.len() as u64) < meta.size {
            let seen = self
                .short
                .entry((self.selected.clone(), meta.uid))
                .or_insert((body.len(), 0));
            if seen.0 != body.len() {
                *seen = (body.len(), 0);
            }
            seen.1 = seen.1.saturating_add(1);
            if seen.1 < SAME_SHORT_LENGTH {
                return FetchOutcome::NotYet;
            }
        }
        self.short.remove(&(self.selected.clone(), meta.uid));
        FetchOutcome::Bytes(Personal::new(body))
    }

    async fn copy_and_delete(&mut self, uids: &[u32], folder: &str) -> Result<MoveOutcome, MailboxError> {
        let outcome = self.copy_or_move("UID COPY", uids, folder).await?;
        self.delete_uids(uids).await?;
        Ok(outcome)
    }

    async fn copy_or_move(
        &mut self,
        verb: &'static str,
        uids: &[u32],
        folder: &str,
    ) -> Result<MoveOutcome, MailboxError> {
        let command = format!("{verb} {} {}", uid_set(uids), self.delimiter.mailbox_name(folder));
        let deadline = self.deadline();
        let mut moved = Vec::new();
        let mut try_create = false;
        let answer = self
            .wire
            .command(verb, &command, deadline, |response| {
                match outcome(response).and_then(|outcome| outcome.code.as_ref()) {
                    Some(ResponseCode::CopyUid(uidvalidity, from, to)) => {
                        let pairs = expand(from, uids.len()).zip(expand(to, uids.len()));
                        if let Some((from, to)) = pairs.filter(|(from, to)| from.len() == to.len()) {
                            moved.extend(from.into_iter().zip(to).map(|(uid, copy)| {
                                (
                                    uid,
                                    ServerCopy {
                                        folder: folder.to_owned(),
                                        uidvalidity: *uidvalidity,
                                        uid: copy,
                                    },
                                )
                            }));
                        }
                    }
                    Some(ResponseCode::TryCreate) => try_create = true,
                    Some(_) | None => {}
                }
            })
            .await?;
        if answer == Answer::No && try_create {
            return Err(MailboxError::NoSuchFolder(folder.to_owned()));
        }
        answer.demand_ok(verb)?;
        moved.retain(|(uid, _)| uids.contains(uid));
        Ok(MoveOutcome { moved })
    }

    /// One IDLE of at most `at_most`; `true` when there is news.
    async fn idle(&mut self, at_most: Duration) -> Result<bool, MailboxError> {
        const DOING: &str = "IDLE";
        let tag = self.wire.next_tag();
        let deadline = self.deadline();
        self.wire
            .write(format!("{tag} IDLE\r\n").as_bytes(), DOING, deadline)
            .await?;
        loop {
            let (goes_on, tagged) = self
                .wire
                .read(DOING, deadline, |response| {
                    (matches!(response, Response::Continue(_)), Tagged::of(response))
                })
                .await?;
            if goes_on {
                break;
            }
            if let Some(tagged) = tagged {
                if tagged.tag != tag || tagged.answer == Answer::Ok {
                    return Err(MailboxError::Lost(DOING));
                }
                self.wire.judge(tagged.answer, DOING)?;
                // Refused: polling has to do.
                self.capabilities.idle = false;
                return Ok(false);
            }
        }
        let until = Instant::now() + at_most;
        let mut news = self.wire.take_news();
        while !news {
            match self.wire.read_until(DOING, until, Tagged::of).await? {
                Some(Some(_)) => return Err(MailboxError::Lost(DOING)),
                Some(None) => news = self.wire.take_news(),
                None => break,
            }
        }
        let deadline = self.deadline();
        self.wire.write(b"DONE\r\n", DOING, deadline).await?;
        self.wire
            .finish(&tag, DOING, deadline, &mut |_| {})
            .await?
            .demand_ok(DOING)?;
        Ok(news || self.wire.take_news())
    }
}

/// What came back of a batch.
struct Fetched {
    bodies: BTreeMap<u32, Vec<u8>>,
    mentioned: BTreeSet<u32>,
}

impl Fetched {
    fn take(&mut self, attributes: &[AttributeValue<'_>], metas: &[UidMeta]) {
        let Some(uid) = uid_of(attributes).filter(|uid| metas.iter().any(|meta| meta.uid == *uid)) else {
            return;
        };
        self.mentioned.insert(uid);
        for attribute in attributes {
            if let AttributeValue::BodySection {
                section: None,
                index: None,
                data: Some(data),
            } = attribute
            {
                self.bodies.entry(uid).or_insert_with(|| data.to_vec());
            }
        }
    }
}

fn uid_of(attributes: &[AttributeValue<'_>]) -> Option<u32> {
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _other_attribute => None,
    })
}

fn meta_of(attributes: &[AttributeValue<'_>]) -> Option<UidMeta> {
    let mut size = None;
    let mut date = None;
    for attribute in attributes {
        match attribute {
            AttributeValue::Rfc822Size(octets) => size = Some(u64::from(*octets)),
            AttributeValue::InternalDate(text) => date = internal_date(text),
            _other_attribute => {}
        }
    }
    Some(UidMeta {
        uid: uid_of(attributes)?,
        size: size?,
        internal_date: date,
    })
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Mailbox for ImapMailbox<S> {
    async fn select(&mut self, folder: &str) -> Result<Selected, MailboxError> {
        const DOING: &str = "SELECT";
        if self.short.len() > MOST_SHORT {
            self.short.clear();
        }
        self.selected = folder.to_owned();
        let (mut uidvalidity, mut uidnext, mut exists) = (None, None, None);
        let mut read_only = false;
        let command = format!("SELECT {}", self.delimiter.mailbox_name(folder));
        let deadline = self.deadline();
        let answer = self
            .wire
            .command(DOING, &command, deadline, |response| {
                if let Response::MailboxData(MailboxDatum::Exists(count)) = response {
                    exists = Some(*count);
                }
                match outcome(response).and_then(|outcome| outcome.code.as_ref()) {
                    Some(ResponseCode::UidValidity(value)) => uidvalidity = Some(*value),
                    Some(ResponseCode::UidNext(value)) => uidnext = Some(*value),
                    Some(_) | None => {}
                }
                read_only |= is_read_only(response);
            })
            .await?;
        match answer {
            Answer::Ok => {}
            Answer::No => return Err(MailboxError::NoSuchFolder(folder.to_owned())),
            Answer::Bad => return Err(MailboxError::Bad(DOING)),
        }
        if read_only {
            return Err(MailboxError::MissingCapability("write access to the folder"));
        }
        Ok(Selected {
            uidvalidity: uidvalidity.ok_or(MailboxError::MissingCapability("UIDVALIDITY"))?,
            uidnext: uidnext.unwrap_or(0),
            exists: exists.unwrap_or(0),
        })
    }

    async fn uids_from(&mut self, from: u32) -> Result<Vec<u32>, MailboxError> {
        self.wire.take_news();
        let mut uids = BTreeSet::new();
        self.run("UID SEARCH", &format!("UID SEARCH UID {from}:*"), |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                // `n:*` always names the last message, even one below n.
                uids.extend(found.iter().copied().filter(|uid| *uid >= from && *uid > 0));
            }
        })
        .await?;
        Ok(uids.into_iter().collect())
    }

    async fn meta(&mut self, uids: &[u32]) -> Result<Vec<UidMeta>, MailboxError> {
        let mut metas = BTreeMap::new();
        for some in uids.chunks(UIDS_PER_COMMAND) {
            let command = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", uid_set(some));
            self.run("UID FETCH (RFC822.SIZE)", &command, |response| {
                if let Response::Fetch(_, attributes) = response
                    && let Some(meta) = meta_of(attributes).filter(|meta| some.contains(&meta.uid))
                {
                    metas.insert(meta.uid, meta);
                }
            })
            .await?;
        }
        Ok(metas.into_values().collect())
    }

    async fn fetch(&mut self, metas: &[UidMeta]) -> Result<Vec<(u32, FetchOutcome)>, MailboxError> {
        let mut fetched = self.fetch_bodies(metas).await?;
        let mut outcomes = Vec::with_capacity(metas.len());
        for meta in metas {
            let outcome = match fetched.bodies.remove(&meta.uid) {
                Some(body) => self.judge(meta, body),
                None if fetched.mentioned.contains(&meta.uid) => FetchOutcome::NotYet,
                None => FetchOutcome::Gone,
            };
            outcomes.push((meta.uid, outcome));
        }
        Ok(outcomes)
    }

    async fn move_uids(&mut self, uids: &[u32], folder: &str) -> Result<MoveOutcome, MailboxError> {
        let mut moved = Vec::new();
        for some in uids.chunks(UIDS_PER_COMMAND) {
            let outcome = if self.capabilities.moves {
                self.copy_or_move("UID MOVE", some, folder).await?
            } else {
                self.copy_and_delete(some, folder).await?
            };
            moved.extend(outcome.moved);
        }
        Ok(MoveOutcome { moved })
    }

    async fn delete_uids(&mut self, uids: &[u32]) -> Result<(), MailboxError> {
        if !self.capabilities.uidplus {
            return Err(MailboxError::MissingCapability("UIDPLUS"));
        }
        for some in uids.chunks(UIDS_PER_COMMAND) {
            let set = uid_set(some);
            let mark = format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)");
            self.run("UID STORE", &mark, |_| {}).await?;
            self.run("UID EXPUNGE", &format!("UID EXPUNGE {set}"), |_| {})
                .await?;
        }
        Ok(())
    }

    async fn ensure_folder(&mut self, folder: &str) -> Result<(), MailboxError> {
        let name = self.delimiter.mailbox_name(folder);
        let ask = format!("STATUS {name} (UIDVALIDITY)");
        let deadline = self.deadline();
        match self.wire.command("STATUS", &ask, deadline, |_| {}).await? {
            Answer::Ok => return Ok(()),
            Answer::No => {}
            Answer::Bad => return Err(MailboxError::Bad("STATUS")),
        }
        match self
            .wire
            .command("CREATE", &format!("CREATE {name}"), deadline, |_| {})
            .await?
        {
            Answer::Ok => Ok(()),
            Answer::No => Err(MailboxError::NoSuchFolder(folder.to_owned())),
            Answer::Bad => Err(MailboxError::Bad("CREATE")),
        }
    }

    async fn wait_for_news(&mut self, at_most: Duration) -> Result<(), MailboxError> {
        let until = Instant::now() + at_most;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.wire.take_news() {
                return Ok(());
            }
            if !self.capabilities.idle {
                tokio::time::sleep(left).await;
            } else if self.idle(left.min(IDLE_AT_MOST)).await? {
                return Ok(());
            }
        }
    }
}
