//! Whether a checked-in template is still the one that its XRD makes.
//!
//! Owns the comparison and what is no difference: what a catalog adds to metadata.

use plat_resource::javascript::{Map, Value};
use plat_resource::{Diagnostic, FieldPath, Segment};

use crate::document::Entry;

/// How many differences are told.
const MAX_TOLD: usize = 50;
/// How long a value may be that is told in full.
const MAX_VALUE: usize = 60;
/// What a catalog or an author may add to metadata.
const OWN: [&str; 3] = ["uid", "etag", "namespace"];

/// What in `written` is not as `made`, the template that the XRD makes now.
pub fn drift(written: &Entry, made: &Value) -> Vec<Diagnostic> {
    let mut walk =
        Walk { written, findings: Vec::new(), message: format!("{} is not what its XRD makes", written.entity_ref) };
    for key in ["apiVersion", "kind", "metadata", "spec"] {
        let mut way = vec![Segment::Field(key.to_owned())];
        walk.compare(&mut way, written.entity.get(key), made.get(key));
    }
    walk.findings
}

struct Walk<'a> {
    written: &'a Entry,
    findings: Vec<Diagnostic>,
    message: String,
}

impl Walk<'_> {
    fn compare(&mut self, way: &mut Vec<Segment>, written: Option<&Value>, made: Option<&Value>) {
        match (written, made) {
            (Some(Value::Map(written)), Some(Value::Map(made))) => self.maps(way, written, made),
            (Some(Value::List(written)), Some(Value::List(made))) => {
                for index in 0..written.len().max(made.len()) {
                    way.push(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
                    self.compare(way, written.get(index), made.get(index));
                    way.pop();
                }
            }
            (Some(written), Some(made)) if written != made => {
                self.tell(way, format!("it is {}, the XRD makes {}", shown(written), shown(made)));
            }
            (None, Some(made)) => self.tell(way, format!("it is missing; the XRD makes {}", shown(made))),
            (Some(written), None) => self.tell(way, format!("the XRD makes no such field; it is {}", shown(written))),
            _ => {}
        }
    }

    fn maps(&mut self, way: &mut Vec<Segment>, written: &Map, made: &Map) {
        let in_metadata = matches!(way.as_slice(), [Segment::Field(first)] if first == "metadata");
        let is_ours = |key: &str| in_metadata && OWN.contains(&key);
        let keys = made.keys().chain(written.keys().filter(|key| !made.contains_key(key)));
        for key in keys.filter(|key| !is_ours(key) && !key.starts_with("backstage.io/managed-by-")) {
            way.push(Segment::Field(key.to_owned()));
            self.compare(way, written.get(key), made.get(key));
            way.pop();
        }
        let is_form = matches!(way.last(), Some(Segment::Field(last)) if last == "properties");
        let same_keys = written.len() == made.len() && made.keys().all(|key| written.contains_key(key));
        if is_form && same_keys && !written.keys().eq(made.keys()) {
            let order: Vec<&str> = made.keys().collect();
            self.tell(way, format!("the fields are in another order; the XRD makes {}", order.join(", ")));
        }
    }

    fn tell(&mut self, way: &[Segment], cause: String) {
        if self.findings.len() < MAX_TOLD {
            let path = FieldPath::new(way.to_vec());
            let finding = Diagnostic::error(self.message.clone()).at(self.written.locate(&path));
            self.findings.push(finding.field(path.to_string()).because(cause).hint("make it again from the XRD"));
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_json();
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Definition, Settings, templates};
    use super::*;
    use crate::export::catalog_info;
    use crate::prepare::NothingToRead;
    use crate::read;

    #[test]
    fn a_template_drifts_when_its_xrd_changes() {
        let xrd = |spec: &str| {
            let text = format!(
                r#"{{"metadata": {{"name": "xdbs.example.org"}}, "spec": {{"group": "example.org", "claimNames": {{"kind": "DB"}},
                    "versions": [{{"name": "v1", "schema": {{"openAPIV3Schema": {{"properties": {{"spec": {{"properties": {spec}}}}}}}}}}}]}}}}"#
            );
            Value::from_json(&text).unwrap()
        };
        let made = |xrd: &Value| {
            let clusters = ["dev".to_owned()];
            let definition = Definition { xrd, clusters: &clusters, compositions: &[] };
            templates(&definition, &Settings::default()).unwrap().remove(0)
        };
        let old = xrd(r#"{"size": {"type": "string", "default": "small"}, "region": {"type": "string"}}"#);
        let text = catalog_info([&made(&old)]);
        let (entries, findings) = read("template.yaml", text.as_bytes(), &NothingToRead);
        assert_eq!(findings, []);
        assert_eq!(drift(&entries[0], &made(&old)), []);
        let new = xrd(r#"{"region": {"type": "string"}, "size": {"type": "string", "default": "large"}}"#);
        let told: Vec<String> = drift(&entries[0], &made(&new)).iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:#?}");
        for (finding, words) in told.iter().zip(["it is \"small\", the XRD makes \"large\"", "in another order"]) {
            assert!(finding.contains("template.yaml:5") && finding.contains(words), "{finding} / {words}");
        }
    }
}
