//! `learn-form`, and the folder of taught forms: `NAME.toml` says what the labels of a form ask, any other file is a
//! blank form whose texts are taught as labels.
//!
//! # Security
//! A blank form is foreign: it is taken apart by a fenced worker as mail from the mailbox is.

use super::blocks::{content, read};
use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Clock, Document, ReadMessage, SystemClock};
use crate::forms::{FormLine, LabelBook, Wording, learn};
use jiff::tz::Offset;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Most files of the folder of taught forms.
const MAX_FORMS: usize = 200;
/// Longest text of a table row that is shown, in characters.
const SHOWN: usize = 60;

/// What to print of which form.
#[derive(clap::Args)]
pub(super) struct LearnArguments {
    /// A blank form, in any format that referrals come in
    file: PathBuf,
    /// Print a file to complete and save in forms_dir, instead of a list to read
    #[arg(long)]
    toml: bool,
}

/// Prints what is recognised of a form and what is not.
pub(super) async fn run(setup: Setup, arguments: &LearnArguments) -> Outcome {
    let books = setup.books().await?;
    let file = &arguments.file;
    let content = content(file, setup.config.mailbox.max_message_bytes)?;
    let message = read(&setup, file, content).await?;
    let lines = lines_of(&message, &books.labels);
    if lines.is_empty() {
        return Err(Failure::failed(format!(
            "{}: no label was found; `referrald blocks --text` shows how the file is read",
            file.display()
        )));
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    output::line(if arguments.toml {
        as_toml(&name, &lines)
    } else {
        as_list(&lines)
    });
    Ok(())
}

/// Adds the forms of a folder to the labels.
pub(super) async fn teach(setup: &Setup, folder: &Path, labels: &mut LabelBook) -> Result<usize, Failure> {
    let files = files_of(folder)?;
    // What labels ask is read first: a blank form beside it then finds its labels known.
    let (taught, blank): (Vec<&PathBuf>, Vec<&PathBuf>) = files
        .iter()
        .partition(|file| file.extension().is_some_and(|extension| extension == "toml"));
    for file in taught {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::configuration(format!("{}: {error}", file.display())))?;
        labels
            .teach(&text)
            .map_err(|error| Failure::configuration(error).about(file))?;
    }
    for file in blank {
        let content = content(file, setup.config.mailbox.max_message_bytes)?;
        let message = read(setup, file, content).await?;
        let texts: Vec<String> = lines_of(&message, labels)
            .into_iter()
            .filter(|line| line.wording == Wording::Unknown)
            .map(|line| line.text)
            .collect();
        labels.teach_blank(texts);
    }
    Ok(files.len())
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::configuration(format!(
            "forms_dir {}: {error}; make the folder, or take forms_dir out of [service]",
            folder.display()
        ))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !is_hidden {
            files.push(path);
        }
    }
    if files.len() > MAX_FORMS {
        return Err(Failure::configuration(format!(
            "forms_dir {} holds {} files; {MAX_FORMS} are the most",
            folder.display(),
            files.len()
        )));
    }
    files.sort();
    Ok(files)
}

fn lines_of(message: &ReadMessage, labels: &LabelBook) -> Vec<FormLine> {
    let today = Offset::UTC.to_datetime(SystemClock.now()).date();
    let mut documents: Vec<&Document> = Vec::new();
    documents.extend(message.attachments.iter().filter_map(|a| a.document.as_ref()));
    if documents.is_empty() {
        documents.extend(&message.bodies);
    }
    documents
        .into_iter()
        .flat_map(|document| learn(document, labels, today))
        .collect()
}

fn as_list(lines: &[FormLine]) -> String {
    let mut out = String::new();
    let mut count = [0_usize; 3];
    for line in lines {
        let text: String = line.text.chars().take(SHOWN).collect();
        let meaning = line.meaning.unwrap_or("not recognised");
        let whose = line.whose.map(|who| format!(" of {who}")).unwrap_or_default();
        let mark = match line.wording {
            Wording::Known => ' ',
            Wording::Guessed => '?',
            Wording::Unknown => '!',
        };
        let row = if line.is_heading {
            format!("\n== {text}  [{meaning}{whose}]")
        } else {
            count[line.wording as usize] += 1;
            format!("{mark} {text:SHOWN$}  {meaning}{whose}")
        };
        let _always = writeln!(out, "{}", row.trim_end());
    }
    let [known, guessed, unknown] = count;
    let _always = write!(
        out,
        "\n{known} labels recognised, {guessed} by single words (?: answers carry a check), {unknown} not (!: kept as they stand).\n\
         `--toml` prints a file that says what they ask: complete it and save it in forms_dir.",
    );
    out
}

fn as_toml(name: &str, lines: &[FormLine]) -> String {
    let mut out = format!(
        "# What the labels of this form ask. Write the field behind each label that was not recognised (a key of [fields]\n\
         # in the label file, such as \"name\" or \"date_of_birth\") or \"ignored\", look at those that were guessed, and save the\n\
         # file in forms_dir. Lines with # were recognised already.\nform = {}\n\n[labels]\n",
        quoted(name)
    );
    let mut seen: Vec<&str> = Vec::new();
    for line in lines.iter().filter(|line| !line.is_heading) {
        if seen.contains(&line.text.as_str()) {
            continue;
        }
        seen.push(&line.text);
        let (mark, note) = match line.wording {
            Wording::Known => ("# ", ""),
            Wording::Guessed => ("", "  # guessed"),
            Wording::Unknown => ("", "  # not recognised"),
        };
        let meaning = quoted(line.meaning.unwrap_or_default());
        let _always = writeln!(out, "{mark}{} = {meaning}{note}", quoted(&line.text));
    }
    out.push_str(
        "\n# Headings that start a part: a role (victim, offender, party, supporter, referrer ...) or offence, consent, risk,\n\
         # office (nothing in it is the sender's).\n[headings]\n",
    );
    for line in lines.iter().filter(|line| line.is_heading) {
        let meaning = line.whose.or(line.meaning).unwrap_or_default();
        let _always = writeln!(out, "# {} = {}", quoted(&line.text), quoted(meaning));
    }
    out.trim_end().to_owned()
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, meaning: Option<&'static str>, wording: Wording) -> FormLine {
        FormLine {
            text: text.into(),
            meaning,
            whose: None,
            is_heading: false,
            wording,
        }
    }

    #[test]
    fn the_printed_file_teaches_once_it_is_completed() {
        let lines = [
            line("Full name", Some("name"), Wording::Known),
            line("Say \"when\" born", Some("date_of_birth"), Wording::Guessed),
            line("Aura", None, Wording::Unknown),
        ];
        let printed = as_toml("Sunny \"form\"", &lines);
        let mut book = LabelBook::default_book().expect("the compiled-in labels are sound");
        assert!(
            book.teach(&printed).is_err(),
            "a label without a field is a problem"
        );
        let completed = printed.replace("\"Aura\" = \"\"", "\"Aura\" = \"needs\"");
        assert!(book.teach(&completed).is_ok());
    }

    #[test]
    fn the_list_counts_what_was_recognised() {
        let lines = [
            line("Full name", Some("name"), Wording::Known),
            line("Aura", None, Wording::Unknown),
        ];
        let list = as_list(&lines);
        assert!(list.contains("! Aura"), "{list}");
        assert!(list.contains("1 labels recognised, 0 by single words"), "{list}");
    }
}
