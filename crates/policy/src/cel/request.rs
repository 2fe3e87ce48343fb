//! What expressions see of a review: bound once, borrowed by all policies.
//!
//! Owns the fields of `request` and `namespaceObject` as Kubernetes makes them from its own types: what it does not know
//! is not there.

use plat_resource::{Map, Value};
use serde_json::json;

use crate::Review;

/// What is made of a review.
#[derive(Debug)]
pub(crate) struct Request {
    request: Value,
    namespace: Value,
}

/// The variables of one review.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(super) object: &'a Value,
    pub(super) old_object: &'a Value,
    pub(super) request: &'a Value,
    pub(super) namespace: &'a Value,
}

/// The operations there are; any other is none.
const OPERATIONS: [&str; 4] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

impl Request {
    pub(crate) fn new(review: &Review) -> Self {
        let namespace = review.namespace.as_ref().map_or(Value::Null, namespace);
        Self { request: shown(&review.request, operation(review)), namespace }
    }
}

impl<'a> View<'a> {
    pub(crate) fn new(review: &'a Review, request: &'a Request) -> Self {
        // Kubernetes has no object in a deletion; Gatekeeper puts the old one there for its other engine.
        let object = if operation(review) == "DELETE" { &Value::Null } else { review.object() };
        let old_object = review.old_object().unwrap_or(&Value::Null);
        Self { object, old_object, request: &request.request, namespace: &request.namespace }
    }
}

fn operation(review: &Review) -> &str {
    review.request.get("operation").and_then(Value::as_str).unwrap_or_default()
}

/// Keeps fields that are not empty, as Go leaves those out that are.
fn keep(from: &Value, to: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        let empty = match from.get(*name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            Some(Value::Number(number)) => number.as_f64() == Some(0.0),
            Some(Value::Bool(_)) => false,
        };
        if let Some(value) = from.get(*name).filter(|_| !empty) {
            to.insert((*name).to_owned(), value.clone());
        }
    }
}

fn triple(from: Option<&Value>, names: [&str; 3]) -> Value {
    let text = |name: &str| from.and_then(|from| from.get(name)).and_then(Value::as_str).unwrap_or_default();
    names.iter().map(|name| ((*name).to_owned(), json!(text(name)))).collect::<Map<_, _>>().into()
}

fn shown(request: &Value, operation: &str) -> Value {
    let kind = triple(request.get("kind"), ["group", "version", "kind"]);
    let resource = triple(request.get("resource"), ["group", "version", "resource"]);
    let mut shown = Map::new();
    keep(request, &mut shown, &["subResource", "name", "namespace"]);
    if let Some(subresource) = shown.get("subResource").cloned() {
        shown.insert("requestSubResource".to_owned(), subresource);
    }
    let mut user = Map::new();
    if let Some(given) = request.get("userInfo") {
        keep(given, &mut user, &["username", "uid", "groups", "extra"]);
    }
    let fixed = [
        ("uid", json!("")),
        ("requestKind", kind.clone()),
        ("requestResource", resource.clone()),
        ("kind", kind),
        ("resource", resource),
        ("operation", json!(if OPERATIONS.contains(&operation) { operation } else { "" })),
        ("userInfo", user.into()),
        ("dryRun", json!(request.get("dryRun").and_then(Value::as_bool).unwrap_or(false))),
        ("options", request.get("options").cloned().unwrap_or(Value::Null)),
        ("object", Value::Null),
        ("oldObject", Value::Null),
    ];
    shown.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
    shown.into()
}

fn namespace(given: &Value) -> Value {
    let part = |name: &str, fields: &[&str]| {
        let mut kept = Map::new();
        if let Some(from) = given.get(name) {
            keep(from, &mut kept, fields);
        }
        Value::Object(kept)
    };
    let metadata = [
        "name",
        "generateName",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "annotations",
        "finalizers",
    ];
    json!({
        "metadata": part("metadata", &metadata),
        "spec": part("spec", &["finalizers"]),
        "status": part("status", &["phase", "conditions"]),
    })
}
