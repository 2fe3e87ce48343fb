//! The deepest cause of something that is not well.
//!
//! Crossplane leaves it at an XR, or at a composed resource, which the owner of a claim often may not read. Owns the search, for live
//! objects as a controller has them and for the nodes of a graph alike.

use std::fmt;
use std::sync::Arc;

use plat_resource::{GroupVersionKind, Value, object};

use crate::fields::{Condition, condition};

/// Stops a reconcile.
pub(crate) const PAUSED: &str = "crossplane.io/paused";
/// Annotation that carries the composition-resource name.
pub(crate) const RESOURCE_NAME: &str = "crossplane.io/composition-resource-name";
/// How deep things may be nested for a cause to be looked for.
const DEEPEST: usize = 12;

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

/// What a thing says is wrong with itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) message: String,
    pub(crate) is_failure: bool,
    /// Whether it keeps the thing from doing anything for what is below it, so that nothing deeper is to blame.
    pub(crate) is_first: bool,
}

/// How a search goes through things of one type.
pub(crate) struct Search<'a, T> {
    pub(crate) trouble: &'a dyn Fn(&T) -> Option<Trouble>,
    /// What is below a thing, in the order in which it is looked at.
    pub(crate) below: &'a dyn Fn(&T) -> Vec<T>,
}

impl<T> Search<'_, T> {
    /// The way to the deepest trouble, and what it is. What failed comes before what is only not ready.
    pub(crate) fn deepest(&self, thing: T) -> Option<(Vec<T>, Trouble)> {
        let (mut way, trouble) = self.find(thing, 0)?;
        way.reverse();
        Some((way, trouble))
    }

    /// The same with the way from the end.
    fn find(&self, thing: T, depth: usize) -> Option<(Vec<T>, Trouble)> {
        let own = (self.trouble)(&thing);
        if let Some(own) = own.clone().filter(|own| own.is_first) {
            return Some((vec![thing], own));
        }
        let below = if depth < DEEPEST { (self.below)(&thing) } else { Vec::new() };
        let mut found: Vec<_> = below.into_iter().filter_map(|it| self.find(it, depth + 1)).collect();
        found.sort_by_key(|(_, trouble)| !trouble.is_failure);
        match found.into_iter().next() {
            Some((mut way, trouble)) => {
                way.push(thing);
                Some((way, trouble))
            }
            None => own.map(|own| (vec![thing], own)),
        }
    }
}

/// What is known of XRs besides what they say.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The live objects that an XR controls.
    pub composed: &'a dyn Fn(&Value) -> Vec<Arc<Value>>,
    /// A resource of an XR that the API server refused, and why: the XR says its name alone.
    pub refused: &'a dyn Fn(&Value) -> Option<(String, String)>,
}

/// The deepest cause below `composite`: of one that is Ready, what failed since then.
pub fn deepest_cause(composite: &Value, known: Known<'_>) -> Option<Cause> {
    let below = |object: &Arc<Value>| {
        let mut below = (known.composed)(object);
        below.sort_by(|one, other| {
            object::annotation(one, RESOURCE_NAME).cmp(&object::annotation(other, RESOURCE_NAME))
        });
        below
    };
    let trouble = |object: &Arc<Value>| {
        let mut trouble = trouble(object)?;
        if let Some((name, why)) = (known.refused)(object).filter(|_| trouble.is_failure) {
            trouble.message.push_str(&format!(" ({name}: {why})"));
        }
        Some(trouble)
    };
    let search = Search { trouble: &trouble, below: &below };
    let (way, Trouble { message, is_failure, .. }) = search.deepest(Arc::new(composite.clone()))?;
    if !is_failure && condition(composite, "Ready").is_some_and(Condition::is_true) {
        return None;
    }
    let mut steps = way.iter();
    let mut place = steps.next().map(|first| described(first)).unwrap_or_default();
    for step in steps {
        let name = object::annotation(step, RESOURCE_NAME).unwrap_or_default();
        place.push_str(&format!(" → resource \"{name}\" ({})", described(step)));
    }
    Some(Cause { place, message, is_failure })
}

/// What the conditions of Crossplane's controllers say is wrong.
fn trouble(object: &Value) -> Option<Trouble> {
    let of = |kind: &str| condition(object, kind).filter(|it| it.is_false());
    let (condition, is_first) = of("Synced").map(|it| (it, true)).or_else(|| of("Ready").map(|it| (it, false)))?;
    if object::annotation(object, PAUSED) == Some("true") {
        return Some(Trouble { message: "reconciling it is paused".to_owned(), is_failure: false, is_first });
    }
    Some(Trouble { message: condition.told().to_owned(), is_failure: is_first, is_first })
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
        let children = |of: &Value| match object::uid(of) {
            "1" => vec![Arc::new(object("Bucket", "a", "3", &unready)), Arc::new(inner.clone())],
            "2" => vec![Arc::new(object("Disk", "d", "4", &failed))],
            _ => Vec::new(),
        };
        let known = Known { composed: &children, refused: &|_| None };
        let cause = deepest_cause(&xr, known).unwrap();
        assert_eq!(cause.to_string(), "XA xa → resource \"b\" (XB b) → resource \"d\" (Disk d): no quota");
        assert!(cause.is_failure);
        let alone = Known { composed: &|_| Vec::new(), refused: &|_| None };
        let cause = deepest_cause(&xr, alone).unwrap();
        assert_eq!((cause.to_string().as_str(), cause.is_failure), ("XA xa: wait", false));
        let fine = object("XA", "xa", "1", &json!([{"type": "Ready", "status": "True"}]));
        assert_eq!(deepest_cause(&fine, alone), None);
        let cause = deepest_cause(&fine, known).unwrap();
        assert!(cause.is_failure, "what fails though all was well before is told: {cause}");
    }

    #[test]
    fn what_the_api_server_refused_is_told_with_its_words() {
        let failed = json!([{"type": "Synced", "status": "False", "message": "Unsynced resources: a"}]);
        let known = Known {
            composed: &|_| Vec::new(),
            refused: &|_| Some(("a".to_owned(), "data[b!]: Invalid value".to_owned())),
        };
        let cause = deepest_cause(&object("XA", "xa", "1", &failed), known).unwrap();
        assert_eq!(cause.to_string(), "XA xa: Unsynced resources: a (a: data[b!]: Invalid value)");
    }
}
