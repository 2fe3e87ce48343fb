//! The deepest cause of an XR that is not well, for whoever sees only the claim.
//!
//! Crossplane leaves it at the XR, or at a composed resource, which the owner of a claim often may not read.

use std::fmt;

use plat_resource::{GroupVersionKind, Value, object};

use crate::names::PAUSED;
use crate::status::condition_of;

/// Annotation that carries the composition-resource name.
const RESOURCE_NAME: &str = "crossplane.io/composition-resource-name";
/// How deep XRs may be nested for a cause to be looked for.
const DEEPEST: usize = 8;

/// Why an XR is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Where it is: the way from the XR down, without the claim.
    pub place: String,
    /// What it says of itself.
    pub message: String,
    /// Whether something failed, as opposed to not being ready yet.
    pub is_failure: bool,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// The deepest cause below `composite`. `composed` finds the live objects that an XR controls, by its UID.
pub fn deepest_cause(composite: &Value, composed: &dyn Fn(&str) -> Vec<Value>) -> Option<Cause> {
    find(composite, &described(composite), composed, 0)
}

fn find(object: &Value, place: &str, composed: &dyn Fn(&str) -> Vec<Value>, depth: usize) -> Option<Cause> {
    // What the object itself fails at keeps it from doing anything for what is below it.
    if let Some(cause) = own(object, place, "Synced", true) {
        return Some(cause);
    }
    let mut below = if depth < DEEPEST { composed(object::uid(object)) } else { Vec::new() };
    below.sort_by(|one, other| object::annotation(one, RESOURCE_NAME).cmp(&object::annotation(other, RESOURCE_NAME)));
    let causes = below.iter().filter_map(|child| {
        let name = object::annotation(child, RESOURCE_NAME).unwrap_or_default();
        find(child, &format!("{place} → resource \"{name}\" ({})", described(child)), composed, depth + 1)
    });
    let mut causes: Vec<Cause> = causes.collect();
    causes.sort_by_key(|cause| !cause.is_failure);
    if let Some(cause) = causes.into_iter().next() {
        return Some(cause);
    }
    own(object, place, "Ready", false)
}

fn own(object: &Value, place: &str, kind: &str, is_failure: bool) -> Option<Cause> {
    let condition = condition_of(object, kind)?;
    let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("status") != "False" {
        return None;
    }
    if object::annotation(object, PAUSED) == Some("true") {
        return Some(Cause {
            place: place.to_owned(),
            message: "reconciling it is paused".to_owned(),
            is_failure: false,
        });
    }
    let message = match (text("reason"), text("message")) {
        (reason, "") => reason.to_owned(),
        (_, message) => message.to_owned(),
    };
    Some(Cause { place: place.to_owned(), message, is_failure })
}

fn described(object: &Value) -> String {
    let kind = GroupVersionKind::of(object).kind;
    match object::namespace(object) {
        "" => format!("{kind} {}", object::name(object)),
        namespace => format!("{kind} {namespace}/{}", object::name(object)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(kind: &str, name: &str, uid: &str, conditions: &Value) -> Value {
        json!({"apiVersion": "x.org/v1", "kind": kind, "metadata": {
            "name": name, "uid": uid, "annotations": {RESOURCE_NAME: name}}, "status": {"conditions": conditions}})
    }

    #[test]
    fn the_deepest_failure_is_told_before_what_is_only_not_ready() {
        let unready = json!([{"type": "Ready", "status": "False", "reason": "Creating", "message": "wait"}]);
        let failed = json!([{"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "no quota"}]);
        let xr = object("XA", "xa", "1", &unready);
        let inner = object("XB", "b", "2", &unready);
        let children = |uid: &str| match uid {
            "1" => vec![object("Bucket", "a", "3", &unready), inner.clone()],
            "2" => vec![object("Disk", "d", "4", &failed)],
            _ => Vec::new(),
        };
        let cause = deepest_cause(&xr, &children).unwrap();
        assert_eq!(cause.to_string(), "XA xa → resource \"b\" (XB b) → resource \"d\" (Disk d): no quota");
        assert!(cause.is_failure);
        let cause = deepest_cause(&xr, &|_| Vec::new()).unwrap();
        assert_eq!((cause.to_string().as_str(), cause.is_failure), ("XA xa: wait", false));
        let fine = object("XA", "xa", "1", &json!([{"type": "Ready", "status": "True"}]));
        assert_eq!(deepest_cause(&fine, &|_| Vec::new()), None);
    }
}
