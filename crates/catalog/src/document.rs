//! Catalog files: text to entities that know where they stand, and to findings.
//!
//! Owns reading one file and turning a refusal into a finding with place and hint. One bad entity does not stop the others.

use plat_resource::javascript::Value;
use plat_resource::suggest::did_you_mean;
use plat_resource::yaml::{self, Document};
use plat_resource::{Diagnostic, FieldPath, Location, Segment};

use crate::entity_ref::EntityRef;
use crate::kinds::{self, KINDS, Kind};
use crate::prepare::{self, Reader};
use crate::relations::{self, Mention};
use crate::shape::Step;
use crate::validate::{Refusal, validate};

/// An entity of a file, taken by the catalog.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its reference, in the letters it was written with.
    pub entity_ref: EntityRef,
    /// Its kind.
    pub kind: &'static Kind,
    /// The entity: placeholders put in, namespace filled in.
    pub entity: Value,
    /// What it names, in order.
    pub mentions: Vec<Mention>,
    written: Document<Value>,
}

impl Entry {
    /// An entity that stands in no file, for instance one made of an object of a cluster; `origin` says what to call its
    /// place.
    pub fn synthetic(entity: Value, origin: &str) -> Result<Self, Box<Diagnostic>> {
        take(Document::made(entity, origin), &prepare::NothingToRead)
    }

    /// The file, as the user named it.
    pub fn file(&self) -> &str {
        self.written.file()
    }

    /// Where the entity starts.
    pub fn location(&self) -> Location {
        self.written.location()
    }

    /// The place of a field, or of its nearest ancestor that is there.
    pub fn locate(&self, path: &FieldPath) -> Location {
        self.written.locate(path)
    }

    /// The place of what `mention` says.
    pub fn location_of(&self, mention: &Mention) -> Location {
        self.written.locate(&mention_path(mention.field, mention.index))
    }
}

fn mention_path(field: &str, index: Option<usize>) -> FieldPath {
    let index = index.and_then(|index| u32::try_from(index).ok()).map(Segment::Index);
    let fields = ["spec", field].map(|name| Segment::Field(name.to_owned()));
    FieldPath::new(fields.into_iter().chain(index).collect())
}

/// Reads all entities of `bytes`, a file called `name`.
pub fn read(name: &str, bytes: &[u8], reader: &dyn Reader) -> (Vec<Entry>, Vec<Diagnostic>) {
    let (documents, mut findings) = yaml::parse_core(name, bytes);
    let mut entries = Vec::new();
    for document in documents {
        match take(document, reader) {
            Ok(entry) => entries.push(entry),
            Err(finding) => findings.push(*finding),
        }
    }
    (entries, findings)
}

fn take(document: Document<Value>, reader: &dyn Reader) -> Result<Entry, Box<Diagnostic>> {
    if document.value.as_map().is_none() {
        let found = match document.value {
            Value::Text(_) => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "boolean",
            _ => "object",
        };
        return Err(Box::new(
            Diagnostic::error("the document is no entity")
                .at(document.location())
                .because(format!("Expected object at root, got {found}"))
                .hint("an entity starts with `apiVersion:` and `kind:`"),
        ));
    }
    let prepared =
        prepare::prepare(&document.value, reader).map_err(|bad| Box::new(finding(&document, &bad.way, &bad.error)))?;
    let valid = validate(&prepared).map_err(|refusal| Box::new(refused(&document, &refusal)))?;
    let mentions = relations::mentions(&valid.entity, valid.kind).map_err(|bad| {
        let path = mention_path(bad.field, bad.index);
        Box::new(finding_at(&document, &path, &bad.error.to_string()))
    })?;
    Ok(Entry { entity_ref: valid.entity_ref, kind: valid.kind, entity: valid.entity, mentions, written: document })
}

fn refused(document: &Document<Value>, refusal: &Refusal) -> Diagnostic {
    finding(document, &refusal.way, &refusal.error).maybe_hint(hint(&document.value, refusal))
}

fn finding(document: &Document<Value>, way: &[Step], error: &str) -> Diagnostic {
    let segment = |step: &Step| match step {
        Step::Key(key) => Segment::Field(key.clone()),
        Step::Index(index) => Segment::Index(u32::try_from(*index).unwrap_or(u32::MAX)),
    };
    finding_at(document, &FieldPath::new(way.iter().map(segment).collect()), error)
}

fn finding_at(document: &Document<Value>, path: &FieldPath, error: &str) -> Diagnostic {
    let message = match EntityRef::of(&document.value) {
        Some(entity_ref) => format!("{entity_ref} is no valid entity"),
        None => "the document is no valid entity".to_owned(),
    };
    let finding = Diagnostic::error(message).at(document.locate(path)).because(error);
    if path.segments().is_empty() { finding } else { finding.field(path.to_string()) }
}

fn hint(entity: &Value, refusal: &Refusal) -> Option<String> {
    if !refusal.error.starts_with("No processor recognized") {
        return None;
    }
    let kind = entity.text_at(&["kind"])?;
    match kinds::named(kind) {
        Some(known) if known.name == kind => {
            Some(format!("{kind} has the apiVersion {}", known.api_versions.join(" or ")))
        }
        Some(known) => Some(format!("write `kind: {}`: letters count", known.name)),
        None => did_you_mean(kind, KINDS.iter().map(|kind| kind.name))
            .or_else(|| Some(format!("kinds: {}", KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files;

    impl Reader for Files {
        fn read(&self, target: &str) -> Result<String, String> {
            match target {
                "./api.yaml" => Ok("openapi: 3.0.0\n".to_owned()),
                "./spec.json" => Ok(r#"{"type": "team", "children": []}"#.to_owned()),
                "./two.yaml" => Ok("a: 1\n---\nb: 1\n".to_owned()),
                _ => Err("no such file".to_owned()),
            }
        }
    }

    fn told(text: &str) -> (Vec<String>, Vec<String>) {
        let (entries, findings) = read("catalog-info.yaml", text.as_bytes(), &Files);
        let refs = entries.iter().map(|entry| entry.entity_ref.to_string()).collect();
        (refs, findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_bad_entity_does_not_stop_the_others() {
        let text = "\
apiVersion: backstage.io/v1alpha1
kind: component
metadata: {name: a}
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata:
  name: b
  tags:
    - ok
    - Not OK
spec: {owner: x}
---
[]
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: c}
spec:
  owner: a/
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: d}
spec: {memberOf: [x]}
";
        let (refs, findings) = told(text);
        assert_eq!(refs, ["user:default/d"]);
        let expected = [
            ("catalog-info.yaml:2:7", "write `kind: Component`: letters count"),
            ("catalog-info.yaml:11:7", "metadata.tags[1]"),
            ("catalog-info.yaml:14:1", "Expected object at root, got object"),
            ("catalog-info.yaml:20:10", "Entity reference \"a/\" was not on the form"),
        ];
        assert_eq!(findings.len(), expected.len(), "{findings:#?}");
        for (finding, (place, words)) in findings.iter().zip(expected) {
            assert!(finding.contains(place) && finding.contains(words), "{finding} / {place} / {words}");
        }
    }

    #[test]
    fn placeholders_are_put_in() {
        let text = "\
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: a}
spec: {type: openapi, lifecycle: x, owner: y, definition: {$text: ./api.yaml}}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: g, note: {$unknown: x}, more: {$text: 1, b: 2}}
spec: {$json: ./spec.json}
";
        let (entries, findings) = read("x.yaml", text.as_bytes(), &Files);
        assert_eq!(findings, []);
        assert_eq!(entries[0].entity.text_at(&["spec", "definition"]), Some("openapi: 3.0.0\n"));
        assert_eq!(entries[1].entity.get("spec").unwrap().to_json(), r#"{"type":"team","children":[]}"#);
        assert_eq!(entries[1].entity.at(&["metadata", "note"]).unwrap().to_json(), r#"{"$unknown":"x"}"#);
    }

    #[test]
    fn a_placeholder_that_fails_is_told_at_its_place() {
        for (placeholder, words) in [
            ("{$text: ./none}", "Placeholder $text could not read location ./none, no such file"),
            ("{$text: 1}", "Placeholder $text expected a string value parameter"),
            ("{$json: ./api.yaml}", "Placeholder $json failed to parse JSON data at ./api.yaml"),
            ("{$yaml: ./two.yaml}", "expected to find exactly one document of data at ./two.yaml, found 2"),
        ] {
            let text = format!(
                "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: a}}\nspec:\n  definition: {placeholder}\n"
            );
            let (_, findings) = told(&text);
            assert!(findings[0].contains("catalog-info.yaml:5:") && findings[0].contains(words), "{findings:?}");
        }
    }
}
