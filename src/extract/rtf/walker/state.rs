//! What a group of a document may change for itself.

use super::super::fields::Property;
use crate::extract::inline::Style;

/// What text is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Destination {
    #[default]
    Body,
    Skipped,
    StyleSheet,
    /// The name of the program that wrote the document.
    Generator,
    /// The definition of a row in a table in a table.
    NestedRow,
    Instruction,
    FormData,
    Property(Property),
}

/// What ends with a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Opened {
    #[default]
    Nothing,
    Field,
    Property(Property),
    Box,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paragraph {
    pub(super) style: i32,
    pub(super) heading: Option<u8>,
    pub(super) is_list_item: bool,
    pub(super) in_table: bool,
    pub(super) table_depth: usize,
}

/// What a group may change for itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    pub(super) destination: Destination,
    /// What a `\ud` inside a passed-over `\upr` goes back to.
    pub(super) beneath: Option<Destination>,
    pub(super) opened: Opened,
    /// The group has just begun: only there is `\*` said of a destination.
    pub(super) is_fresh: bool,
    pub(super) is_ignorable: bool,
    pub(super) paragraph: Paragraph,
    pub(super) bold: bool,
    pub(super) struck: bool,
    pub(super) hidden: bool,
    pub(super) tiny: bool,
    pub(super) deleted: bool,
    pub(super) is_placeholder: bool,
}

impl State {
    pub(super) fn style(&self) -> Style {
        Style {
            bold: self.bold,
            struck: self.struck,
            hidden: self.hidden || self.tiny,
        }
    }
}

/// Destinations that no reader sees, or that say again what another says.
pub(super) fn is_passed_over(name: &str) -> bool {
    matches!(
        name,
        "fonttbl"
            | "colortbl"
            | "info"
            | "nonshppict"
            | "shprslt"
            | "sp"
            | "nonesttables"
            | "listtable"
            | "listoverridetable"
            | "revtbl"
            | "filetbl"
            | "annotation"
            | "atnid"
            | "atnauthor"
            | "bkmkstart"
            | "bkmkend"
            | "tc"
            | "xe"
            | "rxe"
            | "txe"
            | "bxe"
            | "ftnsep"
            | "ftnsepc"
            | "ftncn"
            | "aftnsep"
            | "aftnsepc"
            | "aftncn"
            | "objdata"
            | "objclass"
            | "objname"
            | "private"
            | "template"
            | "pnseclvl"
            | "rsidtbl"
            | "themedata"
            | "datastore"
            | "fldtype"
            | "panose"
            | "falt"
            | "xmlnstbl"
    )
}
