//! The text of a `suite.yaml` to a [`Suite`].
//!
//! Owns the shape of a suite, and the one thing in it that the two YAML readers of Kubernetes' world read differently: a
//! bare `yes`.

use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, Segment, Value, yaml};

use super::{Assertion, Case, Suite, Test, Wanted};
use crate::report::Report;

/// Reads the file `path`. `None` where it holds something else than a suite.
pub fn read(path: &str, bytes: &[u8]) -> Result<Option<Suite>, Vec<Diagnostic>> {
    let (documents, findings) = yaml::parse(path, bytes);
    // Only the first document of a file counts, as in gator.
    let Some(document) = documents.first() else {
        return if findings.is_empty() { Ok(None) } else { Err(findings) };
    };
    let kind = GroupVersionKind::of(&document.value);
    if kind.group != "test.gatekeeper.sh" || kind.kind != "Suite" {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader { document, text: &text, report: Report::new(document, format!("suite {path}")) };
    let suite = reader.suite(path);
    let findings = reader.report.into_findings();
    if findings.is_empty() { Ok(Some(suite)) } else { Err(findings) }
}

struct Reader<'a> {
    document: &'a Document,
    text: &'a str,
    report: Report<'a>,
}

impl Reader<'_> {
    fn suite(&mut self, path: &str) -> Suite {
        let root = FieldPath::default();
        let tests = self.list(&root.key("tests"));
        Suite {
            path: path.to_owned(),
            skip: self.flag(&root.key("skip")),
            tests: tests.iter().map(|path| self.test(path)).collect(),
        }
    }

    fn test(&mut self, path: &FieldPath) -> Test {
        let cases = self.list(&path.key("cases"));
        Test {
            name: self.string(&path.key("name")),
            template: self.string(&path.key("template")),
            constraint: self.string(&path.key("constraint")),
            expansion: self.string(&path.key("expansion")),
            cases: cases.iter().map(|path| self.case(path)).collect(),
            invalid: self.flag(&path.key("invalid")),
            skip: self.flag(&path.key("skip")),
        }
    }

    fn case(&mut self, path: &FieldPath) -> Case {
        let inventory = self.list(&path.key("inventory"));
        let assertions = self.list(&path.key("assertions"));
        Case {
            name: self.string(&path.key("name")),
            object: self.string(&path.key("object")),
            inventory: inventory.iter().map(|path| self.string(path)).collect(),
            assertions: assertions.iter().map(|path| self.assertion(path)).collect(),
            skip: self.flag(&path.key("skip")),
        }
    }

    fn assertion(&mut self, path: &FieldPath) -> Assertion {
        let message = path.key("message");
        Assertion {
            violations: self.wanted(&path.key("violations")),
            message: self.get(&message).is_some().then(|| self.string(&message)),
        }
    }

    fn wanted(&mut self, path: &FieldPath) -> Wanted {
        match self.get(path) {
            None => Wanted::Yes,
            Some(Value::String(text)) => match text.as_str() {
                "yes" => Wanted::Yes,
                "no" => Wanted::No,
                other => Wanted::Unknown(other.to_owned()),
            },
            Some(Value::Number(number)) if number.as_i64().is_some() => {
                Wanted::Exactly(number.as_i64().unwrap_or_default())
            }
            // kubectl's reader takes a bare yes for true, gator's takes it for the word.
            Some(Value::Bool(_)) => match self.word(path).as_deref() {
                Some("yes") => Wanted::Yes,
                Some("no") => Wanted::No,
                Some(
                    word @ ("y" | "n" | "Y" | "N" | "on" | "off" | "On" | "Off" | "ON" | "OFF" | "Yes" | "No" | "YES"
                    | "NO"),
                ) => Wanted::Unknown(word.to_owned()),
                _ => self.wrong_wanted(path),
            },
            Some(_) => self.wrong_wanted(path),
        }
    }

    fn wrong_wanted(&mut self, path: &FieldPath) -> Wanted {
        self.report.error(path, "violations is yes, no or a count");
        Wanted::Yes
    }

    /// The word that stands in the text at `path`.
    fn word(&self, path: &FieldPath) -> Option<String> {
        let position = self.document.locate(path).position?;
        let line = self.text.lines().nth(position.line - 1)?;
        Some(line.chars().skip(position.column - 1).take_while(char::is_ascii_alphabetic).collect())
    }

    fn get(&self, path: &FieldPath) -> Option<&Value> {
        path.get(&self.document.value).ok().filter(|value| !value.is_null())
    }

    fn list(&mut self, path: &FieldPath) -> Vec<FieldPath> {
        let index = |index| path.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        match self.get(path) {
            None => Vec::new(),
            Some(Value::Array(items)) => (0..items.len()).map(index).collect(),
            Some(_) => {
                self.report.error(path, "this is not a list");
                Vec::new()
            }
        }
    }

    fn string(&mut self, path: &FieldPath) -> String {
        match self.get(path) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(_))
                if self.word(path).is_some_and(|word| !["true", "false"].contains(&word.to_lowercase().as_str())) =>
            {
                self.word(path).unwrap_or_default()
            }
            Some(_) => {
                self.report.error(path, "this is not a text");
                String::new()
            }
        }
    }

    fn flag(&mut self, path: &FieldPath) -> bool {
        match self.get(path) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.report.error(path, "this is neither true nor false");
                false
            }
        }
    }
}
