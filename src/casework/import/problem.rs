//! What is wrong with a row, in words for whoever keeps the list. Carries no content.

use std::fmt;

/// A problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProblem {
    /// The row as a spreadsheet counts (the header is row 1); `None` for the list as a whole.
    pub row: Option<u64>,
    /// The column, by our name for it.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub problem: RowProblem,
}

impl ImportProblem {
    pub(super) fn of_list(problem: RowProblem) -> Self {
        Self {
            row: None,
            column: None,
            problem,
        }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.row {
            write!(f, "row {row}: ")?;
        }
        if let Some(column) = self.column {
            write!(f, "{column}: ")?;
        }
        self.problem.fmt(f)
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum RowProblem {
    #[error("the list is longer than 32 MB: import it in parts")]
    ListTooLong,
    #[error("the list is not UTF-8 text: save it as \"CSV UTF-8\"")]
    NotUtf8,
    #[error("the list holds nothing: the first row names the columns, each further row is a person")]
    Empty,
    #[error("more than 20,000 rows: import the list in parts")]
    TooManyRows,
    #[error("the list cannot be read as comma-separated values from here on")]
    NotCsv,
    #[error(
        "column {0} has a name that is not known: take reference, role, name, known_as, date_of_birth, phone, email, address, \
         postcode, crime_number, opened, message_id"
    )]
    UnknownColumn(usize),
    #[error("column {0} has the name of an earlier one")]
    ColumnTwice(usize),
    #[error("this column is missing")]
    ColumnMissing,
    #[error("the row has another number of cells than the first one")]
    CellCount,
    #[error("is empty, and has to be filled in")]
    Missing,
    #[error("is longer than 2,000 characters")]
    TooLong,
    #[error("holds characters that do not print")]
    Control,
    #[error("is none of victim, offender, party, supporter")]
    NotARole,
    #[error("is not a date: write it as 2026-03-14 or 14/03/2026")]
    NotADate,
    #[error("lies in the future")]
    InTheFuture,
    #[error("is not a telephone number: several are parted by ;")]
    NotAPhone,
    #[error("is not an e-mail address: several are parted by ;")]
    NotAnEmail,
    #[error("is not a postcode of the United Kingdom")]
    NotAPostcode,
    #[error("is not a Message-ID, which looks like <something@domain>: several are parted by spaces")]
    NotAMessageId,
    #[error("differs from that of an earlier row of the same case")]
    OpenedDiffers,
    #[error(
        "a supporter follows the person whom they support: no victim, offender or party of this case stands above"
    )]
    SupportsNobody,
    #[error("the same as an earlier row without a reference")]
    SameAsEarlier,
    #[error(
        "another case has this reference: it was not made of these rows; leave them out, or change that case"
    )]
    ReferenceTaken,
    #[error(
        "a case with this number is kept already, and was not made of these rows; leave them out, or change that case"
    )]
    ReferenceOfAnother,
}
