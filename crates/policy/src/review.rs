//! What is reviewed: an admission request, or an object as the command line and the audit see it.

use plat_resource::{GroupVersionKind, Value, object};
use serde_json::json;

/// Whether a user wrote the object or something made it (`spec.match.source`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// A user wrote it.
    #[default]
    Original,
    /// It comes of something a user wrote: a composed resource, a Pod of an ExpansionTemplate.
    Generated,
}

/// One thing to review.
#[derive(Debug, Clone)]
pub struct Review {
    /// The AdmissionRequest in its JSON shape, as policies see it in `input.review` (without `namespaceObject`, which is
    /// added). For a DELETE `object` is the old object already.
    pub request: Value,
    /// The Namespace object of the reviewed object, where it is known.
    pub namespace: Option<Value>,
    /// Who made the object.
    pub source: Source,
}

impl Review {
    /// A review of an object that stands by itself: `operation` is empty and `userInfo` is `{}`, as in Gatekeeper's audit
    /// and `gator`.
    pub fn of_object(object: &Value, namespace: Option<Value>) -> Self {
        let kind = GroupVersionKind::of(object);
        let request = json!({
            "kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
            "name": object::name(object),
            "namespace": object::namespace(object),
            "operation": "",
            "userInfo": {},
            "object": object,
        });
        Self { request, namespace, source: Source::Original }
    }

    /// The object as it is or will be; null for a request without one.
    pub fn object(&self) -> &Value {
        self.request.get("object").unwrap_or(&Value::Null)
    }

    /// The object as it was, where the request has one.
    pub fn old_object(&self) -> Option<&Value> {
        self.request.get("oldObject").filter(|value| !value.is_null())
    }
}
