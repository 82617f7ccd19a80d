//! Workbooks: XLSX, XLS, ODS. Each sheet is a heading and a table.
//!
//! Text stands as the sheet shows it: dates in ISO form, digits as their format has them. Hidden sheets, rows
//! and columns are kept as hidden text.
//!
//! # Security
//! Cells are read one after another into a list ([`grid`]): addresses and repeats are claims, and the used
//! range is never laid out in memory. Containers, XML and streams are bounded as for other documents.

mod grid;
mod looks;
mod number;
mod ods;
mod records;
mod xls;
mod xlsx;

use super::ReadLimits;
use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use super::builder::Builder;
use super::container::ContainerError;
use super::opendocument::PackageError;
use super::xml::XmlError;
use crate::domain::ReadStatus;
use grid::Sheet;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const XLS: &str = "application/vnd.ms-excel";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// Why a workbook is not read, or not to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum SheetError {
    #[error(transparent)]
    Package(PackageError),
    #[error(transparent)]
    Xml(XmlError),
    #[error("damaged file; it cannot be read as a workbook")]
    Damaged,
    #[error("workbook behind a password")]
    Encrypted,
    #[error("workbook in binary form (.xlsb), not read; ask for an .xlsx copy")]
    Binary,
}

impl From<ContainerError> for SheetError {
    fn from(error: ContainerError) -> Self {
        Self::Package(error.into())
    }
}

impl From<XmlError> for SheetError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

/// What a workbook holds.
#[derive(Default)]
struct Workbook {
    sheets: Vec<Sheet>,
    /// More than the limits allow was left out.
    is_cut: bool,
    /// Why a sheet breaks off.
    problem: Option<SheetError>,
}

/// Reads a workbook; gives its media type too.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> (Reading, &'static str) {
    let (workbook, media_type) = if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        (xls::read(bytes, limits), XLS)
    } else if bytes.starts_with(b"PK") && xlsx::is_one(bytes, limits) {
        (xlsx::read(bytes, limits), XLSX)
    } else {
        (ods::read(bytes, limits), ODS)
    };
    let reading = match workbook {
        Ok(workbook) => reading(&workbook, limits),
        Err(error) => failed(error),
    };
    (reading, media_type)
}

fn failed(error: SheetError) -> Reading {
    let status = match error {
        SheetError::Package(error) => return error.into(),
        SheetError::Xml(_) | SheetError::Damaged => ReadStatus::Unreadable,
        SheetError::Encrypted => ReadStatus::Encrypted,
        SheetError::Binary => ReadStatus::Unsupported,
    };
    Reading::failed(status, error.to_string())
}

fn reading(workbook: &Workbook, limits: &ReadLimits) -> Reading {
    let mut budget = Budget::new(limits);
    let mut builder = Builder::new(&mut budget);
    for sheet in &workbook.sheets {
        sheet.write(&mut builder);
    }
    let blocks = builder.finish();
    if let Some(problem) = workbook.problem.filter(|_| blocks.is_empty()) {
        return failed(problem);
    }
    let mut reading = Reading::of_blocks(blocks, &budget);
    if let Some(problem) = workbook.problem {
        reading.status = ReadStatus::Partial;
        reading.reason = Some(problem.to_string());
    } else if workbook.is_cut {
        reading.status = ReadStatus::Partial;
        reading.reason = Some(TOO_LONG.to_owned());
    }
    reading
}

#[cfg(test)]
mod tests;
