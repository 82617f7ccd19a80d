//! Bundles for the staff pages: the same files, as one archive.

use super::{BundleFile, Gathered, Subjects, stem};
use crate::casework::CaseworkError;
use crate::domain::{CaseReference, Clock, Personal, Side, SystemClock};
use crate::store::Actor;
use crate::web::{Bundling, SubjectBundles};
use std::io::{Cursor, Write as _};
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

impl SubjectBundles for Subjects {
    fn bundle<'a>(
        &'a self,
        actor: Actor,
        case: &'a CaseReference,
        side: Side,
        number: usize,
    ) -> Bundling<'a> {
        Box::pin(async move {
            let casework = self.casework(actor);
            let gathered = self
                .gather(&casework, (case, side, number), SystemClock.now())
                .await?;
            let archive = archive(&stem(case, side, number), &gathered);
            archive.map(Personal::new).map_err(|_| CaseworkError::Table)
        })
    }
}

fn archive(stem: &str, gathered: &Gathered) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |folder: &str, files: &[BundleFile]| -> Result<(), ZipError> {
        for (path, bytes) in files {
            zip.start_file(format!("{folder}/{path}"), SimpleFileOptions::default())?;
            zip.write_all(bytes)?;
        }
        Ok(())
    };
    add(stem, &gathered.to_give)?;
    add(&format!("{stem}-for-staff"), &gathered.for_staff)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_is_given_and_what_is_read_first_are_in_folders_of_their_own() {
        let file = |path: &str| (path.to_owned(), path.as_bytes().to_vec());
        let gathered = Gathered {
            to_give: vec![file("documents/1-a.txt"), file("your-data.html")],
            for_staff: vec![file("2-b.pdf")],
            withheld: 0,
        };
        let bytes = archive("RJ-2026-00001-victim-1", &gathered).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(
            names,
            [
                "RJ-2026-00001-victim-1/documents/1-a.txt",
                "RJ-2026-00001-victim-1/your-data.html",
                "RJ-2026-00001-victim-1-for-staff/2-b.pdf"
            ]
        );
        let mut text = String::new();
        zip.by_index(1).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "your-data.html");
    }
}
