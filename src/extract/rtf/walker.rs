//! The state machine over a document's events.

mod content;
mod state;

use super::decoder::{Decoder, Event, MAX_GROUPS};
use super::fields::{Defaults, OpenField, Property};
use super::flow::Tables;
use super::rows::{self, Rows};
use super::styles::{self, Styles};
use crate::domain::{Block, FormField, Inline};
use crate::extract::builder::{Builder, Kind};
use state::{Destination, Opened, Paragraph, State, is_passed_over};

/// Most fields in fields, text boxes in text boxes.
const MAX_NESTED: usize = 64;
/// Most headers and footers read.
const MAX_MARGINS: usize = 24;
/// Most footnotes, endnotes and footers read.
const MAX_DEFERRED: usize = 4000;
/// Type of this size or less (half-points) is not for readers.
const TINY_HALF_POINTS: i32 = 4;

/// A flow that goes on when the text box in it has ended.
struct Outer {
    line: (Vec<Inline>, Kind),
    tables: Tables,
    row_defined: bool,
    list_mark: bool,
}

/// What was read.
pub(super) struct Found {
    pub(super) blocks: Vec<Block>,
    pub(super) fields: Vec<FormField>,
    pub(super) pictures: usize,
    /// Groups were open at the end.
    pub(super) is_broken_off: bool,
    /// There were more footnotes than are read.
    pub(super) is_cut: bool,
}

pub(super) struct Walker<'b> {
    bytes: &'b [u8],
    decoder: Decoder<'b>,
    rows: Rows,
    styles: Styles,
    builder: Builder<'b>,
    state: State,
    groups: Vec<State>,
    /// Open groups beyond [`MAX_GROUPS`].
    deeper: usize,
    fields: Vec<OpenField<Destination>>,
    boxes: Vec<Outer>,
    tables: Tables,
    /// A row was defined and has not ended.
    row_defined: bool,
    /// The paragraph has a bullet or a number.
    list_mark: bool,
    /// Where footnotes and footers begin.
    deferred: Vec<usize>,
    /// The control word being read came after `\*`: one that is not known may be passed over.
    is_starred: bool,
    defaults: Defaults,
    is_deferring: bool,
    is_cut: bool,
    margins: usize,
    form_fields: Vec<FormField>,
    pictures: usize,
}

impl<'b> Walker<'b> {
    pub(super) fn new(bytes: &'b [u8], builder: Builder<'b>) -> Self {
        Self {
            bytes,
            decoder: Decoder::new(bytes),
            rows: Rows::read(bytes),
            styles: Styles::default(),
            builder,
            state: State::default(),
            groups: Vec::new(),
            deeper: 0,
            fields: Vec::new(),
            boxes: Vec::new(),
            tables: Tables::default(),
            row_defined: false,
            list_mark: false,
            deferred: Vec::new(),
            is_starred: false,
            defaults: Defaults::default(),
            is_deferring: true,
            is_cut: false,
            margins: 0,
            form_fields: Vec::new(),
            pictures: 0,
        }
    }

    /// Reads the document, then its footnotes and footers.
    pub(super) fn read(mut self) -> Found {
        let mut is_broken_off = true;
        while let Some(event) = self.decoder.next() {
            let is_close = event == Event::Close;
            self.event(event);
            // What follows the outermost group is no part of the document.
            if is_close && self.decoder.depth() == 0 {
                is_broken_off = false;
                break;
            }
        }
        self.end_flow();
        self.is_deferring = false;
        for at in std::mem::take(&mut self.deferred) {
            self.read_deferred(at);
        }
        let mut blocks = self.builder.finish();
        rows::settle(&mut blocks);
        Found {
            blocks,
            fields: self.form_fields,
            pictures: self.pictures,
            is_broken_off,
            is_cut: self.is_cut,
        }
    }

    fn read_deferred(&mut self, at: usize) {
        self.decoder.jump(self.bytes, at);
        self.state = State::default();
        while let Some(event) = self.decoder.next() {
            // The end of the group that was begun before.
            if event == Event::Close && self.groups.is_empty() && self.deeper == 0 {
                break;
            }
            self.event(event);
        }
        self.end_flow();
    }

    /// Ends all that is open, so that what follows stands for itself.
    fn end_flow(&mut self) {
        while !self.groups.is_empty() {
            self.close_group();
        }
        self.deeper = 0;
        self.fields.clear();
        self.end_line();
        self.tables.leave(0, &mut self.builder);
        self.row_defined = false;
    }

    fn event(&mut self, event: Event<'b>) {
        match event {
            Event::Open if self.groups.len() < MAX_GROUPS => {
                self.groups.push(self.state);
                self.state.opened = Opened::Nothing;
                self.state.is_fresh = true;
                self.state.is_ignorable = false;
            }
            Event::Open => self.deeper += 1,
            Event::Close if self.deeper > 0 => self.deeper -= 1,
            Event::Close => self.close_group(),
            Event::Ignorable => self.state.is_ignorable = self.state.is_fresh,
            Event::Word(name, number) => self.word(name, number),
            Event::Text(text) if self.decoder.in_font_table() => self.decoder.font_text(&text),
            Event::Text(text) => self.text(&text),
        }
    }

    fn close_group(&mut self) {
        match self.state.opened {
            Opened::Nothing => {}
            Opened::Field => self.end_field(),
            Opened::Property(property) => {
                if let Some(field) = self.fields.last_mut() {
                    field.end_property(property, self.defaults);
                }
            }
            Opened::Box => self.close_box(),
        }
        if let Some(state) = self.groups.pop() {
            self.state = state;
        }
    }

    fn word(&mut self, name: &str, number: Option<i32>) {
        self.is_starred = std::mem::take(&mut self.state.is_ignorable);
        self.state.is_fresh = false;
        match self.state.destination {
            Destination::Skipped => {
                if name == "ud"
                    && let Some(beneath) = self.state.beneath.take()
                {
                    self.state.destination = beneath;
                }
            }
            Destination::StyleSheet => self.style_word(name, number),
            Destination::NestedRow => {
                if name == "nestrow" {
                    self.end_nested_row();
                }
            }
            Destination::Generator => {}
            Destination::FormData | Destination::Property(_) => self.form_word(name, number),
            Destination::Body | Destination::Instruction => {
                if !self.destination(name) {
                    self.property(name, number);
                }
            }
        }
    }

    fn skip(&mut self) {
        self.state.beneath = None;
        self.state.destination = Destination::Skipped;
    }

    /// Takes a control word that begins a destination; `false` for any other.
    fn destination(&mut self, name: &str) -> bool {
        match name {
            "field" => self.open_field(),
            "fldinst" => self.state.destination = Destination::Instruction,
            "fldrslt" => {
                if let Some(field) = self.fields.last_mut() {
                    self.state.destination = field.begin_result();
                }
            }
            "formfield" => self.state.destination = Destination::FormData,
            "generator" => self.state.destination = Destination::Generator,
            "stylesheet" => self.state.destination = Destination::StyleSheet,
            "nesttableprops" => self.state.destination = Destination::NestedRow,
            "shptxt" | "dptxbxtext" => self.open_box(),
            // Holds one of the two above.
            "shpinst" | "shpgrp" | "do" | "ud" => {}
            "header" | "headerl" | "headerr" | "headerf" => self.header(),
            "footer" | "footerl" | "footerr" | "footerf" => {
                self.margins += 1;
                if self.margins <= MAX_MARGINS {
                    self.defer();
                }
                self.skip();
            }
            "footnote" if self.is_deferring => {
                self.defer();
                self.skip();
            }
            "footnote" => self.open_box(),
            "listtext" | "pntext" => {
                self.list_mark = true;
                self.skip();
            }
            "pict" | "shppict" => {
                self.pictures += 1;
                self.skip();
            }
            "upr" => {
                let beneath = self.state.destination;
                self.skip();
                self.state.beneath = Some(beneath);
            }
            _ if self.is_starred || is_passed_over(name) => self.skip(),
            _ => return false,
        }
        true
    }

    fn defer(&mut self) {
        if self.is_deferring && self.deferred.len() < MAX_DEFERRED {
            self.deferred.push(self.decoder.position());
        } else {
            self.is_cut = true;
        }
    }

    fn header(&mut self) {
        self.margins += 1;
        if self.margins <= MAX_MARGINS {
            self.open_box();
        } else {
            self.skip();
        }
    }

    fn open_box(&mut self) {
        if self.boxes.len() >= MAX_NESTED || self.state.opened != Opened::Nothing {
            return;
        }
        if self.tables.depth() > 0 {
            self.tables.enter(self.depth(), &mut self.builder);
        }
        self.boxes.push(Outer {
            line: self.builder.open_box(),
            tables: std::mem::take(&mut self.tables),
            row_defined: std::mem::take(&mut self.row_defined),
            list_mark: std::mem::take(&mut self.list_mark),
        });
        self.state.opened = Opened::Box;
        self.state.destination = Destination::Body;
        self.state.paragraph = Paragraph::default();
    }

    fn close_box(&mut self) {
        let Some(outer) = self.boxes.pop() else {
            return;
        };
        self.settle_kind();
        self.tables.leave(0, &mut self.builder);
        self.builder.close_box(outer.line);
        self.tables = outer.tables;
        self.row_defined = outer.row_defined;
        self.list_mark = outer.list_mark;
    }

    /// How deep in tables the text is.
    fn depth(&self) -> usize {
        let paragraph = self.state.paragraph;
        let named = if paragraph.in_table {
            paragraph.table_depth.max(1)
        } else {
            0
        };
        // Some writers define rows and forget to say that paragraphs are in them.
        named.max(usize::from(self.row_defined))
    }

    fn style_word(&mut self, name: &str, number: Option<i32>) {
        match name {
            "s" | "cs" | "ds" | "ts" => self.styles.word(name, number),
            _ if self.is_starred => self.skip(),
            _ => self.styles.word(name, number),
        }
    }

    fn form_word(&mut self, name: &str, number: Option<i32>) {
        if let Some(property) = Property::of_word(name) {
            self.state.destination = Destination::Property(property);
            self.state.opened = Opened::Property(property);
        } else if self.is_starred {
            self.skip();
        } else if let Some(field) = self.fields.last_mut() {
            field.form_word(name, number);
        }
    }

    fn property(&mut self, name: &str, number: Option<i32>) {
        if self.state.destination != Destination::Body {
            return;
        }
        let is_on = number != Some(0);
        let state = &mut self.state;
        match name {
            "plain" => {
                *state = State {
                    destination: state.destination,
                    beneath: state.beneath,
                    opened: state.opened,
                    paragraph: state.paragraph,
                    ..State::default()
                }
            }
            "pard" => state.paragraph = Paragraph::default(),
            "b" => state.bold = is_on,
            "strike" | "striked" => state.struck = is_on,
            "v" => state.hidden = is_on,
            "deleted" => state.deleted = is_on,
            "fs" => state.tiny = number.is_some_and(|size| (1..=TINY_HALF_POINTS).contains(&size)),
            "cs" => state.is_placeholder = self.styles.is_placeholder(number.unwrap_or(0)),
            "s" => state.paragraph.style = number.unwrap_or(0),
            "outlinelevel" => state.paragraph.heading = number.and_then(styles::heading_level),
            "ls" => state.paragraph.is_list_item = is_on,
            "intbl" => state.paragraph.in_table = is_on,
            "itap" => {
                state.paragraph.table_depth = usize::try_from(number.unwrap_or(1)).unwrap_or(0);
                state.paragraph.in_table |= state.paragraph.table_depth > 0;
            }
            "trowd" => self.row_defined = true,
            _ => self.content(name),
        }
    }
}
