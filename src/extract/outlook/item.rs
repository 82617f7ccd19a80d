//! What a calendar entry, a task or a contact says beside its text ([MS-OXOCAL], [MS-OXOTASK], [MS-OXOCNTC]).

use super::envelope;
use super::properties::{Named, Properties, id};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// PSETID_Appointment.
const APPOINTMENT: u32 = 0x0006_2002;
/// PSETID_Task.
const TASK: u32 = 0x0006_2003;
/// PSETID_Address.
const ADDRESS: u32 = 0x0006_2004;

/// The lines of such an item; `None` for a plain mail and for one without any.
pub(super) fn text(message: &Properties) -> Option<String> {
    let class = message.line(id::MESSAGE_CLASS)?.to_ascii_lowercase();
    let mut lines = Lines::default();
    if class.starts_with("ipm.appointment") || class.starts_with("ipm.schedule.meeting") {
        lines.text("Subject", envelope::subject(message));
        lines.text("Place", message.named_line(named(APPOINTMENT, 0x8208)));
        lines.time("Start", message.named_time(named(APPOINTMENT, 0x820d)));
        lines.time("End", message.named_time(named(APPOINTMENT, 0x820e)));
    } else if class.starts_with("ipm.task") {
        lines.text("Subject", envelope::subject(message));
        lines.time("Start", message.named_time(named(TASK, 0x8104)));
        lines.time("Due", message.named_time(named(TASK, 0x8105)));
        lines.text("Owner", message.named_line(named(TASK, 0x811f)));
    } else if class.starts_with("ipm.contact") {
        contact(message, &mut lines);
    }
    (!lines.0.is_empty()).then_some(lines.0)
}

fn contact(message: &Properties, lines: &mut Lines) {
    let full = message.line(id::DISPLAY_NAME).or_else(|| {
        let pieces = [id::GIVEN_NAME, id::SURNAME, id::GENERATION];
        let pieces: Vec<String> = pieces.into_iter().filter_map(|id| message.line(id)).collect();
        (!pieces.is_empty()).then(|| pieces.join(" "))
    });
    lines.text("Name", full);
    lines.text("Job title", message.line(id::TITLE));
    lines.text("Department", message.line(id::DEPARTMENT));
    lines.text("Company", message.line(id::COMPANY));
    // Kept as an instant, a birthday may fall on the day before; newer files have the day itself too.
    match message.named_time(named(ADDRESS, 0x80de)) {
        Some(day) => lines.day("Birthday", day),
        None => lines.time("Birthday", message.time(id::BIRTHDAY)),
    }
    for number in [0x8083, 0x8093, 0x80a3] {
        lines.text("E-mail", message.named_line(named(ADDRESS, number)));
    }
    for (label, id) in [
        ("Business telephone", id::BUSINESS_PHONE),
        ("Home telephone", id::HOME_PHONE),
        ("Mobile telephone", id::MOBILE_PHONE),
        ("Primary telephone", id::PRIMARY_PHONE),
        ("Other telephone", id::OTHER_PHONE),
        ("Postal address", id::POSTAL_ADDRESS),
    ] {
        lines.text(label, message.line(id));
    }
    lines.text("Home address", message.named_line(named(ADDRESS, 0x801a)));
    lines.text("Work address", message.named_line(named(ADDRESS, 0x801b)));
}

fn named(set: u32, number: u32) -> Named {
    Named { set, number }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn text(&mut self, label: &str, value: Option<String>) {
        if let Some(value) = value {
            self.0.push_str(&format!("{label}: {value}\n"));
        }
    }

    fn time(&mut self, label: &str, time: Option<Timestamp>) {
        self.format(label, time, "%Y-%m-%d %H:%M UTC");
    }

    fn day(&mut self, label: &str, time: Timestamp) {
        self.format(label, Some(time), "%Y-%m-%d");
    }

    fn format(&mut self, label: &str, time: Option<Timestamp>, format: &str) {
        let date = time.map(|time| TimeZone::UTC.to_datetime(time));
        let text = date.and_then(|date| jiff::fmt::strtime::format(format, date).ok());
        self.text(label, text);
    }
}
