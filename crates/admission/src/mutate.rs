//! What should the object be?
//!
//! Owns the order: mutators, then what a claim leaves open, until neither changes anything; and what is never changed.

use plat_policy::mutation::{self, MutationContext};
use plat_policy::{Process, Source};
use plat_resource::{Value, object};

use crate::fill::fill;
use crate::kinds::{Part, find};
use crate::patch::diff;
use crate::request::{Operation, Request};
use crate::response::{Decision, Reason};
use crate::snapshot::Snapshot;
use crate::validate::is_exempt;

/// Mirrors of static Pods: the kubelet's own, changing them has no effect but confusion.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// How the user names of kubelets begin.
const NODE: &str = "system:node:";
/// The only part of an object that is changed by itself.
const EPHEMERAL: &str = "ephemeralcontainers";
/// Rounds of mutators and filling in; two that feed each other for longer do not come to an end.
const MOST_ROUNDS: usize = 5;

/// Completes the object of one request.
pub fn mutate(snapshot: &Snapshot, request: &Request) -> Decision {
    if is_left_alone(snapshot, request) {
        return Decision::allowed();
    }
    let namespace = if request.is_namespace() {
        Some(request.object())
    } else {
        snapshot.namespace(&request.namespace).filter(|_| !request.namespace.is_empty())
    };
    match settled(snapshot, request, namespace) {
        Ok(object) => Decision { patch: diff(request.object(), &object), ..Decision::default() },
        Err(message) => Decision::denied(Reason::InternalError, vec![message]),
    }
}

fn is_left_alone(snapshot: &Snapshot, request: &Request) -> bool {
    let is_change = matches!(request.operation, Operation::Create | Operation::Update);
    let is_policy = find(&request.kind).is_some_and(|row| row.part == Part::Policies);
    let is_part = !request.subresource.is_empty() && request.subresource != EPHEMERAL;
    !is_change
        || is_policy
        || is_part
        || snapshot.is_own(&request.username)
        || is_mirror(request)
        || is_exempt(snapshot, Process::Mutation, request)
}

/// Whether the object is the image of a static Pod, which a kubelet makes and nobody can change. The annotation alone, which
/// anybody may set on anything, is no reason to leave something alone.
fn is_mirror(request: &Request) -> bool {
    request.kind.group.is_empty()
        && request.kind.kind == "Pod"
        && request.username.starts_with(NODE)
        && object::annotation(request.object(), MIRROR).is_some()
}

fn settled(snapshot: &Snapshot, request: &Request, namespace: Option<&Value>) -> Result<Value, String> {
    let mut object = request.object().clone();
    for _ in 0..MOST_ROUNDS {
        let mut next = mutators(snapshot, request, namespace, object.clone())?;
        if request.is_whole() {
            fill(&snapshot.platform, &request.kind, namespace, &mut next);
        }
        if next == object {
            return Ok(object);
        }
        object = next;
    }
    Err("mutators and what claims are filled in with change each other's work without end".to_owned())
}

/// Applies every mutator until nothing changes.
fn mutators(snapshot: &Snapshot, request: &Request, namespace: Option<&Value>, object: Value) -> Result<Value, String> {
    let operation = match request.operation {
        Operation::Create => mutation::Operation::Create,
        Operation::Update => mutation::Operation::Update,
        Operation::Delete => mutation::Operation::Delete,
        Operation::Connect => mutation::Operation::Connect,
    };
    let context = MutationContext {
        namespace,
        request_namespace: Some(&request.namespace),
        operation: Some(operation),
        source: Source::Original,
        annotate: None,
    };
    let mutated = snapshot.policies.mutation().mutate(object, &context);
    mutated.map(|mutated| mutated.object).map_err(|error| format!("the object cannot be mutated: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::API_VERSION;
    use serde_json::json;

    #[test]
    fn only_what_a_kubelet_made_is_a_mirror() {
        let cases = [
            ("Pod", "system:node:a", MIRROR, true),
            ("Pod", "alice", MIRROR, false),
            ("Pod", "system:node:a", "other", false),
            ("ConfigMap", "system:node:a", MIRROR, false),
        ];
        for (kind, user, annotation, expected) in cases {
            let review = json!({
                "apiVersion": API_VERSION, "kind": "AdmissionReview",
                "request": {
                    "uid": "u", "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": kind},
                    "userInfo": {"username": user}, "object": {"metadata": {"annotations": {annotation: "x"}}},
                },
            });
            assert_eq!(is_mirror(&Request::of_review(review).unwrap()), expected, "{kind} {user} {annotation}");
        }
    }
}
