//! What stands inside the sealed stream: tables, their columns, their rows, and how many there were.
//!
//! Numbers are big-endian. An item is a byte that says what it is, then: for a table its name and its columns' names (each
//! with its length in two bytes), for a row one value per column, for the end of a table the number of its rows. A value is
//! a byte that says its type, then eight bytes of number or length, then the bytes of a text or blob.

use super::super::driver::{Row, Value};
use super::tables::{Fill, Kind};
use crate::store::StoreError;
use crate::store::backup::{BackupError, RestoreError};
use crate::vault::{
    STREAM_CHUNK_BYTES, STREAM_HEADER_BYTES, STREAM_SEALED_BYTES, StreamError, StreamHeader, StreamOpener,
    StreamSealer,
};
use std::io::{BufRead, BufReader, Read, Write};

const TABLE: u8 = 1;
const ROW: u8 = 2;
const END_OF_TABLE: u8 = 3;
const END: u8 = 4;

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;

/// Longest value that is taken back, in bytes: more than either database keeps in a row.
const MAX_VALUE: u64 = 2 * 1024 * 1024 * 1024;

/// What follows in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Table {
        name: String,
        columns: Vec<String>,
    },
    /// Its values follow.
    Row,
    EndOfTable {
        rows: u64,
    },
    End,
}

/// Writes a stream, chunk by chunk.
pub(super) struct ItemWriter<'a> {
    sink: &'a mut (dyn Write + Send),
    sealer: StreamSealer,
    /// At most one chunk of content.
    waiting: Vec<u8>,
}

impl<'a> ItemWriter<'a> {
    pub(super) fn begin(
        sink: &'a mut (dyn Write + Send),
        sealer: StreamSealer,
        header: &StreamHeader,
    ) -> Result<Self, BackupError> {
        sink.write_all(header)?;
        Ok(Self {
            sink,
            sealer,
            waiting: Vec::with_capacity(STREAM_CHUNK_BYTES),
        })
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            // A full chunk goes once it is known that it is not the last.
            if let Some(chunk) = self.waiting.first_chunk::<STREAM_CHUNK_BYTES>() {
                self.sink.write_all(&self.sealer.middle(chunk)?)?;
                self.waiting.clear();
            }
            let room = STREAM_CHUNK_BYTES - self.waiting.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(super) fn table<'n>(
        &mut self,
        name: &str,
        columns: impl ExactSizeIterator<Item = &'n str>,
    ) -> Result<(), BackupError> {
        self.put(&[TABLE])?;
        self.name(name)?;
        self.put(&short(columns.len()).to_be_bytes())?;
        for column in columns {
            self.name(column)?;
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), BackupError> {
        self.put(&short(name.len()).to_be_bytes())?;
        self.put(name.as_bytes())
    }

    pub(super) fn row(&mut self) -> Result<(), BackupError> {
        self.put(&[ROW])
    }

    /// One column of a row, without a copy of its own.
    pub(super) fn value(&mut self, row: &Row, at: usize, kind: Kind) -> Result<(), BackupError> {
        match kind {
            Kind::Int => match row.try_get::<Option<i64>>(at)? {
                None => self.put(&[NULL]),
                Some(number) => {
                    self.put(&[INT])?;
                    self.put(&number.to_be_bytes())
                }
            },
            Kind::Text => self.blob(TEXT, row.try_get::<Option<&str>>(at)?.map(str::as_bytes)),
            Kind::Bytes => self.blob(BYTES, row.try_get(at)?),
        }
    }

    fn blob(&mut self, tag: u8, bytes: Option<&[u8]>) -> Result<(), BackupError> {
        let Some(bytes) = bytes else {
            return self.put(&[NULL]);
        };
        self.put(&[tag])?;
        self.put(&(bytes.len() as u64).to_be_bytes())?;
        self.put(bytes)
    }

    pub(super) fn end_of_table(&mut self, rows: u64) -> Result<(), BackupError> {
        self.put(&[END_OF_TABLE])?;
        self.put(&rows.to_be_bytes())
    }

    /// The last chunk.
    pub(super) fn end(mut self) -> Result<(), BackupError> {
        self.put(&[END])?;
        self.sink.write_all(&self.sealer.last(&self.waiting)?)?;
        Ok(())
    }
}

/// Names of tables and columns are short, and so are lists of them.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Reads a stream; what it gives has been authenticated, what it has not given yet may be missing.
pub(super) struct ItemReader<R> {
    source: BufReader<R>,
    /// `None` once the last chunk has opened.
    opener: Option<StreamOpener>,
    content: std::io::Cursor<Vec<u8>>,
    chunk: u64,
}

/// The header of a stream.
pub(super) fn header(source: &mut impl Read) -> Result<StreamHeader, RestoreError> {
    let mut header = Vec::with_capacity(STREAM_HEADER_BYTES);
    let length = u64::try_from(STREAM_HEADER_BYTES).unwrap_or(u64::MAX);
    source.take(length).read_to_end(&mut header)?;
    header.try_into().map_err(|_| StreamError::NotAStream.into())
}

impl<R: Read> ItemReader<R> {
    pub(super) fn new(source: R, opener: StreamOpener) -> Self {
        Self {
            source: BufReader::with_capacity(STREAM_SEALED_BYTES, source),
            opener: Some(opener),
            content: std::io::Cursor::default(),
            chunk: 0,
        }
    }

    fn damaged(&self) -> RestoreError {
        StreamError::Damaged(self.chunk).into()
    }

    /// Opens the next chunk; `false` after the last.
    fn refill(&mut self) -> Result<bool, RestoreError> {
        let Some(mut opener) = self.opener.take() else {
            return Ok(false);
        };
        let mut sealed = Vec::with_capacity(STREAM_SEALED_BYTES);
        let length = u64::try_from(STREAM_SEALED_BYTES).unwrap_or(u64::MAX);
        (&mut self.source).take(length).read_to_end(&mut sealed)?;
        self.chunk = self.chunk.saturating_add(1);
        let content = match self.source.fill_buf()?.is_empty() {
            true => opener.last(&sealed)?,
            false => {
                let content = opener.middle(&sealed)?;
                self.opener = Some(opener);
                content
            }
        };
        self.content = std::io::Cursor::new(content);
        Ok(true)
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, RestoreError> {
        if length > MAX_VALUE {
            return Err(self.damaged());
        }
        let mut out = Vec::new();
        loop {
            let missing = length.saturating_sub(out.len() as u64);
            (&mut self.content).take(missing).read_to_end(&mut out)?;
            if out.len() as u64 == length {
                return Ok(out);
            }
            if !self.refill()? {
                return Err(self.damaged());
            }
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let bytes = self.bytes(N as u64)?;
        bytes.try_into().map_err(|_| self.damaged())
    }

    fn byte(&mut self) -> Result<u8, RestoreError> {
        let [byte] = self.fixed()?;
        Ok(byte)
    }

    fn text(&mut self, length: u64) -> Result<String, RestoreError> {
        String::from_utf8(self.bytes(length)?).map_err(|_| self.damaged())
    }

    fn name(&mut self) -> Result<String, RestoreError> {
        let length = u16::from_be_bytes(self.fixed()?);
        self.text(u64::from(length))
    }

    pub(super) fn item(&mut self) -> Result<Item, RestoreError> {
        match self.byte()? {
            TABLE => {
                let name = self.name()?;
                let count = u16::from_be_bytes(self.fixed()?);
                let columns = (0..count).map(|_| self.name()).collect::<Result<_, _>>()?;
                Ok(Item::Table { name, columns })
            }
            ROW => Ok(Item::Row),
            END_OF_TABLE => Ok(Item::EndOfTable {
                rows: u64::from_be_bytes(self.fixed()?),
            }),
            END => Ok(Item::End),
            _ => Err(self.damaged()),
        }
    }

    /// A value of a row.
    pub(super) fn value(&mut self, kind: Kind, fill: Fill) -> Result<Value, RestoreError> {
        match (self.byte()?, kind, fill) {
            (NULL, Kind::Int, Fill::Maybe) => Ok(Value::Int(None)),
            (NULL, Kind::Text, Fill::Maybe) => Ok(Value::Text(None)),
            (NULL, Kind::Bytes, Fill::Maybe) => Ok(Value::Bytes(None)),
            (INT, Kind::Int, _) => Ok(Value::Int(Some(i64::from_be_bytes(self.fixed()?)))),
            (TEXT, Kind::Text, _) => {
                let length = u64::from_be_bytes(self.fixed()?);
                Ok(Value::Text(Some(self.text(length)?)))
            }
            (BYTES, Kind::Bytes, _) => {
                let length = u64::from_be_bytes(self.fixed()?);
                Ok(Value::Bytes(Some(self.bytes(length)?)))
            }
            _ => Err(self.damaged()),
        }
    }

    /// After [`Item::End`]: the last chunk has opened and holds nothing else.
    pub(super) fn demand_end(mut self) -> Result<(), RestoreError> {
        let left = self.content.get_ref().len() as u64 > self.content.position();
        match !left && !self.refill()? {
            true => Ok(()),
            false => Err(self.damaged()),
        }
    }
}

impl From<StreamError> for BackupError {
    fn from(_: StreamError) -> Self {
        Self::Store(StoreError::Transient(
            "the operating system gives no random bytes",
        ))
    }
}
