//! The bundle as a page: plain HTML without script, to be read or printed.
//!
//! # Security
//! Every text goes through [`escape`]; the page loads nothing and a policy says so.

use super::bundle::{Bundle, Field};
use std::fmt::Write as _;

const STYLE: &str = "body{font:1rem/1.5 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#111}\
    h1,h2{font-family:Arial,sans-serif;line-height:1.2}h2{margin-top:2rem}\
    table{border-collapse:collapse;width:100%}th,td{border:1px solid #777;padding:.3rem .5rem;text-align:left;vertical-align:top}\
    td{white-space:pre-wrap;overflow-wrap:anywhere}\
    @media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

pub(super) fn page(bundle: &Bundle) -> String {
    let mut out = String::from("<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\"><title>Your data</title>\n");
    let _ = writeln!(out, "<style>{STYLE}</style></head><body><main>");
    let _ = writeln!(
        out,
        "<h1>Your data</h1>\n<p>{} keeps these data about you. This copy was made on {} under Article 15 of the UK GDPR. \
         Case {}; you are in it as: {}.</p>",
        escape(&bundle.service),
        escape(&bundle.made_on),
        escape(&bundle.case_reference),
        escape(&bundle.part),
    );
    if bundle.restricted {
        out.push_str(
            "<p><strong>Your data are restricted: they are stored and not used otherwise.</strong></p>\n",
        );
    }
    fields(&mut out, "What is recorded of you", &bundle.your_data);
    fields(&mut out, "The incident", &bundle.incident);
    let history = bundle.history.iter().map(|event| {
        let text = event.text.clone().unwrap_or_default();
        vec![event.date.clone(), event.what.to_owned(), text]
    });
    table(&mut out, "What happened", ["Date", "What", "In words"], history);
    let documents = bundle.documents.iter().map(|document| {
        let place = document.file.clone();
        let place = place.unwrap_or_else(|| "after staff have read it".to_owned());
        let size = format!("{} bytes", document.bytes);
        vec![document.date.clone(), document.name.clone(), size, place]
    });
    table(&mut out, "Documents", ["Date", "Name", "Size", "File"], documents);
    origin(&mut out, bundle);
    list(&mut out, "What your data are used for", bundle.purposes);
    section(&mut out, "How long they are kept", &bundle.retention);
    list(&mut out, "Your rights", bundle.rights);
    out.push_str("<p>No decision about you is made by a machine alone.</p>\n");
    list(&mut out, "What is left out", &bundle.left_out);
    list(
        &mut out,
        "Withheld for review by staff",
        &bundle.withheld_for_review,
    );
    out.push_str("</main></body></html>\n");
    out
}

fn origin(out: &mut String, bundle: &Bundle) {
    let sources = bundle.sources.iter().map(|source| {
        vec![
            source.date.clone(),
            source.what.to_owned(),
            source.agency.clone().unwrap_or_default(),
            source.professional.clone().unwrap_or_default(),
        ]
    });
    let titles = ["Date", "What", "Agency", "Professional"];
    table(out, "Where your data came from", titles, sources);
    out.push_str(
        "<p>A person is named here only where they acted in their profession, for an agency. Who referred somebody \
         privately is not told.</p>\n",
    );
    let recipients = bundle.recipients.iter().map(|recipient| {
        vec![
            recipient.date.clone(),
            recipient.class.to_owned(),
            recipient.domain.clone(),
        ]
    });
    let titles = ["Date", "By", "To (domain)"];
    table(out, "To whom e-mails about you went", titles, recipients);
    let _ = writeln!(out, "<p>{}</p>", escape(bundle.recipients_not_recorded));
}

fn fields(out: &mut String, title: &str, fields: &[Field]) {
    let rows = fields
        .iter()
        .map(|field| vec![field.name.to_owned(), field.value.clone()]);
    table(out, title, ["What", "Value"], rows);
}

fn table<const N: usize>(
    out: &mut String,
    title: &str,
    head: [&str; N],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        section(out, title, "Nothing is recorded.");
        return;
    }
    let _ = writeln!(out, "<h2>{}</h2>\n<table><thead><tr>", escape(title));
    for cell in head {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(cell));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", escape(&cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

fn section(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "<h2>{}</h2>\n<p>{}</p>", escape(title), escape(text));
}

fn list(out: &mut String, title: &str, items: &[impl AsRef<str>]) {
    let _ = writeln!(out, "<h2>{}</h2>\n<ul>", escape(title));
    for item in items {
        let _ = writeln!(out, "<li>{}</li>", escape(item.as_ref()));
    }
    out.push_str("</ul>\n");
}

/// Text as it may stand between tags.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for any in text.chars() {
        match any {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn no_text_is_markup() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
