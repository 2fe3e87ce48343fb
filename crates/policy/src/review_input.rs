//! `input.review`, built once for all constraints that match.
//!
//! Owns the fields of an AdmissionRequest as Gatekeeper's policies see them: those that Kubernetes always writes are
//! there even when nobody gave them, unknown ones are not.

use std::sync::OnceLock;

use plat_rego::Document;
#[cfg(test)]
use plat_resource::Map;
use plat_resource::Value;
use serde_json::json;

use crate::{Review, cel};

/// A review as engines see it.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    /// The review.
    pub(crate) review: &'a Review,
    document: OnceLock<Document>,
    cel: OnceLock<cel::Request>,
}

/// Fields of an AdmissionRequest, and what stands there where nothing was given; nothing for those that are left out then.
const FIELDS: [(&str, Option<Absent>); 15] = [
    ("uid", Some(Absent::Text)),
    ("kind", Some(Absent::Kind)),
    ("resource", Some(Absent::Resource)),
    ("subResource", None),
    ("requestKind", None),
    ("requestResource", None),
    ("requestSubResource", None),
    ("name", None),
    ("namespace", None),
    ("operation", Some(Absent::Text)),
    ("userInfo", Some(Absent::Object)),
    ("object", Some(Absent::Null)),
    ("oldObject", Some(Absent::Null)),
    ("dryRun", None),
    ("options", Some(Absent::Null)),
];

#[derive(Clone, Copy)]
enum Absent {
    Text,
    Kind,
    Resource,
    Object,
    Null,
}

impl Absent {
    fn value(self) -> Value {
        match self {
            Self::Text => json!(""),
            Self::Kind => json!({"group": "", "version": "", "kind": ""}),
            Self::Resource => json!({"group": "", "version": "", "resource": ""}),
            Self::Object => json!({}),
            Self::Null => Value::Null,
        }
    }
}

impl<'a> Input<'a> {
    /// The input of a review.
    pub(crate) fn new(review: &'a Review) -> Self {
        Self { review, document: OnceLock::new(), cel: OnceLock::new() }
    }

    /// `input.review` as a document, made on the first call.
    pub(crate) fn document(&self) -> &Document {
        self.document.get_or_init(|| {
            // Where there is none, Gatekeeper has an empty one.
            let namespace = self.review.namespace.as_ref().map_or_else(|| Document::new(&json!({})), Document::new);
            let fields = self.fields().map(|(name, value)| match value {
                Field::Given(value) => (name, Document::new(value)),
                Field::Absent(value) => (name, Document::new(&value)),
            });
            Document::object(fields.chain([("namespaceObject", namespace)]))
        })
    }

    /// What CEL sees of the review, made on the first call.
    pub(crate) fn cel(&self) -> cel::View<'_> {
        let request = self.cel.get_or_init(|| cel::Request::new(self.review));
        cel::View::new(self.review, request)
    }

    /// `input.review` as JSON.
    #[cfg(test)]
    pub(crate) fn to_json(&self) -> Value {
        let fields = self.fields().map(|(name, value)| match value {
            Field::Given(value) => (name.to_owned(), value.clone()),
            Field::Absent(value) => (name.to_owned(), value),
        });
        let mut fields: Map<String, Value> = fields.collect();
        fields.insert("namespaceObject".to_owned(), self.review.namespace.clone().unwrap_or_else(|| json!({})));
        Value::Object(fields)
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, Field<'a>)> {
        let request = &self.review.request;
        FIELDS.into_iter().filter_map(move |(name, absent)| {
            let empty = |value: &&Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
            match (request.get(name).filter(|value| !empty(value)), absent) {
                (Some(value), _) => Some((name, Field::Given(value))),
                (None, Some(absent)) => Some((name, Field::Absent(absent.value()))),
                (None, None) => None,
            }
        })
    }
}

enum Field<'a> {
    Given(&'a Value),
    Absent(Value),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_object_becomes_a_whole_request() {
        let object =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"}});
        let review = Review::of_object(&object, None);
        let expected = json!({
            "uid": "", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "resource": {"group": "", "version": "", "resource": ""}, "name": "web", "namespace": "a", "operation": "",
            "userInfo": {}, "object": object, "oldObject": null, "options": null, "namespaceObject": {},
        });
        assert_eq!(Input::new(&review).to_json(), expected);
    }

    #[test]
    fn unknown_fields_of_a_request_are_not_shown() {
        let review = Review {
            request: json!({"object": {}, "dryRun": false, "other": 1}),
            ..Review::of_object(&json!({}), None)
        };
        let shown = Input::new(&review).to_json();
        assert_eq!((shown.get("dryRun"), shown.get("other")), (Some(&json!(false)), None));
    }
}
