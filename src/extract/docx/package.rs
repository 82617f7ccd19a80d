//! The parts of an Office package and how they refer to each other (ECMA-376 part 2).

use super::super::container::{Container, ContainerError};
use super::ReadLimits;
use crate::extract::xml::{self, Xml};

/// Most relationships of one part.
const MAX_RELATIONSHIPS: usize = 5000;

pub(super) struct Package<'b> {
    container: Container<'b>,
    names: Vec<String>,
}

/// That one part names another.
pub(super) struct Relationship {
    pub(super) id: String,
    /// The last component of its type: `header`, `footnotes`, `aFChunk`, ...
    pub(super) kind: String,
    /// The name of the part it leads to.
    pub(super) target: String,
}

impl<'b> Package<'b> {
    pub(super) fn open(bytes: &'b [u8], limits: &ReadLimits) -> Result<Self, ContainerError> {
        let container = Container::open(bytes, limits)?;
        let names = container.names();
        Ok(Self { container, names })
    }

    /// The part of that name, whatever its case (ECMA-376 part 2 section 6.2.2.3).
    fn known(&self, name: &str) -> Option<&String> {
        self.names
            .iter()
            .find(|known| *known == name)
            .or_else(|| self.names.iter().find(|known| known.eq_ignore_ascii_case(name)))
    }

    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, ContainerError> {
        let name = self.known(name).cloned().ok_or(ContainerError::Missing)?;
        self.container.read(&name)
    }

    /// Names of parts that begin and end so, in their order.
    pub(super) fn named(&self, start: &str, end: &str) -> Vec<String> {
        let is = |name: &&String| name.starts_with(start) && name.ends_with(end);
        let mut found: Vec<String> = self.names.iter().filter(is).cloned().collect();
        // `header10` after `header9`.
        found.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        found
    }

    /// What a part refers to inside the package; nothing where that cannot be read.
    pub(super) fn relationships(&mut self, part: &str) -> Vec<Relationship> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let mut found = Vec::new();
        let Ok(bytes) = self.read(&join(folder, &format!("_rels/{file}.rels"))) else {
            return found;
        };
        let _ = xml::read(&bytes, |event| {
            if let Xml::Start(tag) = event
                && tag.name() == "Relationship"
                && found.len() < MAX_RELATIONSHIPS
                && tag.attribute("TargetMode").is_none_or(|mode| mode != "External")
                && let (Some(kind), Some(target)) = (tag.attribute("Type"), tag.attribute("Target"))
            {
                found.push(Relationship {
                    id: tag.attribute("Id").unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    target: join(folder, &target),
                });
            }
        });
        found
    }

    /// The part that the package names as its document.
    pub(super) fn main_part(&mut self) -> Result<String, ContainerError> {
        let relationships = self.relationships("");
        let main = relationships
            .into_iter()
            .find(|found| found.kind == "officeDocument" && self.known(&found.target).is_some());
        main.map(|found| found.target)
            .or_else(|| self.named("word/document", ".xml").into_iter().next())
            .ok_or(ContainerError::Missing)
    }
}

/// A reference resolved against the folder of the part that makes it.
fn join(folder: &str, target: &str) -> String {
    let mut components: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').collect(),
    };
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            named => components.push(named),
        }
    }
    components.retain(|component| !component.is_empty());
    components.join("/")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn references_are_resolved_inside_the_package() {
        assert_eq!(join("word", "header1.xml"), "word/header1.xml");
        assert_eq!(join("word", "/word/header1.xml"), "word/header1.xml");
        assert_eq!(join("word/charts", "../media/a.png"), "word/media/a.png");
        assert_eq!(join("", "../../word/./document.xml"), "word/document.xml");
    }
}
