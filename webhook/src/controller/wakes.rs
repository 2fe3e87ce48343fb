//! Which object wakes what, as a table.
//!
//! Owns who is looked at again when an object changes. What it does not own: when; news about the platform wakes XRs only once
//! the platform says the same ([`users_of`]).

use std::collections::HashMap;
use std::sync::Arc;

use plat_platform::kinds::{self, What};
use plat_platform::{USAGE_KINDS, Usage, UsageKind};
use plat_reconcile::function_runtime;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::objects::Objects;
use super::request::{Controller, Request};

/// XRDs, as they are followed: every version of Crossplane serves this one.
pub fn definition_kind() -> GroupVersionKind {
    GroupVersionKind::new("apiextensions.crossplane.io/v1", "CompositeResourceDefinition")
}

/// Compositions.
pub fn composition_kind() -> GroupVersionKind {
    GroupVersionKind::new("apiextensions.crossplane.io/v1", "Composition")
}

/// Revisions of Compositions.
pub fn revision_kind() -> GroupVersionKind {
    GroupVersionKind::new("apiextensions.crossplane.io/v1", "CompositionRevision")
}

/// CustomResourceDefinitions.
pub fn crd_kind() -> GroupVersionKind {
    GroupVersionKind::new("apiextensions.k8s.io/v1", "CustomResourceDefinition")
}

/// Functions.
pub fn function_kind() -> GroupVersionKind {
    GroupVersionKind::new("pkg.crossplane.io/v1", "Function")
}

/// EnvironmentConfigs.
pub fn environment_config_kind() -> GroupVersionKind {
    GroupVersionKind::new("apiextensions.crossplane.io/v1beta1", "EnvironmentConfig")
}

type GroupKind = (String, String);

/// What the XRDs make of kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    composites: HashMap<GroupKind, Composites>,
    claims: HashMap<GroupKind, GroupVersionKind>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Composites {
    kind: GroupVersionKind,
    is_namespaced: bool,
}

impl Roles {
    /// The roles that these XRDs give, each in its referenceable version, which is the one that is followed.
    pub fn of(definitions: &[Arc<Value>]) -> Self {
        let mut roles = Self::default();
        for definition in definitions {
            let text = |path: &[&str]| object::string_at(definition, path).map(str::to_owned);
            let versions = object::value_at(definition, &["spec", "versions"]).and_then(Value::as_array);
            let version = versions.into_iter().flatten().find(|version| version["referenceable"] == true);
            let (Some(group), Some(version)) = (text(&["spec", "group"]), version.and_then(|it| it["name"].as_str()))
            else {
                continue;
            };
            let kind_of = |kind: &str| GroupVersionKind::new(&format!("{group}/{version}"), kind);
            if let Some(kind) = text(&["spec", "names", "kind"]) {
                let is_namespaced = text(&["spec", "scope"]).as_deref() == Some("Namespaced");
                let composites = Composites { kind: kind_of(&kind), is_namespaced };
                roles.composites.insert((group.clone(), kind), composites);
            }
            if let Some(kind) = text(&["spec", "claimNames", "kind"]) {
                roles.claims.insert((group.clone(), kind.clone()), kind_of(&kind));
            }
        }
        roles
    }

    /// The kind of XRs with this group and kind, as they are followed.
    pub fn composite(&self, group: &str, kind: &str) -> Option<&GroupVersionKind> {
        self.composites.get(&(group.to_owned(), kind.to_owned())).map(|composites| &composites.kind)
    }

    /// The kind of claims with this group and kind, as they are followed.
    pub fn claim(&self, group: &str, kind: &str) -> Option<&GroupVersionKind> {
        self.claims.get(&(group.to_owned(), kind.to_owned()))
    }

    /// All kinds of XRs.
    pub fn composite_kinds(&self) -> impl Iterator<Item = &GroupVersionKind> {
        self.composites.values().map(|composites| &composites.kind)
    }

    /// The XR that an owner reference of an object in `namespace` names.
    pub(super) fn composite_of(&self, owner: &Value, namespace: &str) -> Option<ObjectKey> {
        let text = |key: &str| object::string_at(owner, &[key]).unwrap_or_default();
        let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
        let composites = self.composites.get(&(kind.group, kind.kind))?;
        let namespace = if composites.is_namespaced { namespace } else { "" };
        let (kind, namespace) = (composites.kind.clone(), namespace.to_owned());
        Some(ObjectKey { kind, namespace, name: text("name").to_owned() })
    }
}

/// Who is looked at when this object changes.
pub fn wakes(changed: &Value, roles: &Roles) -> Vec<Request> {
    let key = ObjectKey::of(changed);
    let (group, kind) = (key.kind.group.as_str(), key.kind.kind.as_str());
    let mut woken = Vec::new();
    match kinds::what_is(&key.kind).map(|row| row.what) {
        Some(What::Definition) => woken.push(Controller::Definition.of(key.clone())),
        Some(What::Composition) => woken.push(Controller::Composition.of(key.clone())),
        Some(What::Function) => woken.push(Controller::Function.of(key.clone())),
        // One that lost its owner, too: it gets it back.
        Some(What::Revision) => woken.extend(composition_of(changed)),
        Some(What::Crd | What::EnvironmentConfig) | None => {}
    }
    if UsageKind::of(&key.kind).is_some() {
        woken.push(Controller::Usage.of(key.clone()));
    }
    if roles.composite(group, kind).is_some() {
        woken.extend(claim_of(changed, roles).map(|claim| Controller::Claim.of(claim)));
        woken.push(Controller::Composite.of(key.clone()));
    }
    if roles.claim(group, kind).is_some() {
        woken.push(Controller::Claim.of(key.clone()));
    }
    if let Some(owner) = object::controller(changed) {
        woken.extend(owner_of(owner, &key.namespace, roles));
    }
    woken
}

/// Who tells of an XR that is not well: its claim, or what composed it.
pub fn waits_for(composite: &Value, roles: &Roles) -> Option<Request> {
    match claim_of(composite, roles) {
        Some(claim) => Some(Controller::Claim.of(claim)),
        None => owner_of(object::controller(composite)?, object::namespace(composite), roles),
    }
}

/// The owner, where it is something that a controller looks after.
fn owner_of(owner: &Value, namespace: &str, roles: &Roles) -> Option<Request> {
    let text = |key: &str| object::string_at(owner, &[key]).unwrap_or_default();
    let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
    let (controller, kind) = match (kind.group.as_str(), kind.kind.as_str()) {
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => (Controller::Definition, definition_kind()),
        ("apiextensions.crossplane.io", "Composition") => (Controller::Composition, composition_kind()),
        ("pkg.crossplane.io", "Function") => (Controller::Function, function_kind()),
        _ => return Some(Controller::Composite.of(roles.composite_of(owner, namespace)?)),
    };
    Some(controller.of(ObjectKey { kind, namespace: String::new(), name: text("name").to_owned() }))
}

/// The Composition that a revision is labelled with.
fn composition_of(revision: &Value) -> Option<Request> {
    let name = object::label(revision, COMPOSITION_NAME)?.to_owned();
    Some(Controller::Composition.of(ObjectKey { kind: composition_kind(), namespace: String::new(), name }))
}

/// The claim that an XR names.
pub(super) fn claim_of(composite: &Value, roles: &Roles) -> Option<ObjectKey> {
    let text = |key: &str| object::string_at(composite, &["spec", "claimRef", key]);
    let kind = GroupVersionKind::new(text("apiVersion")?, text("kind")?);
    let kind = roles.claim(&kind.group, &kind.kind)?.clone();
    Some(ObjectKey { kind, namespace: text("namespace")?.to_owned(), name: text("name")?.to_owned() })
}

/// The Usages on their way out that wait for an object that is gone now.
pub fn usages_waiting_for(gone: &Value, objects: &Objects) -> Vec<Request> {
    let key = ObjectKey::of(gone);
    let all = USAGE_KINDS.iter().flat_map(|row| objects.list(&row.kind()));
    let ending = all.filter(|usage| object::value_at(usage, &["metadata", "deletionTimestamp"]).is_some());
    let waiting = ending.filter_map(|usage| Usage::read(&usage)).filter(|usage| usage.using().as_ref() == Some(&key));
    waiting.map(|usage| Controller::Usage.of(usage.key)).collect()
}

/// The Functions that a DeploymentRuntimeConfig is for.
pub fn configured_by(changed: &Value, objects: &Objects) -> Vec<Request> {
    if GroupVersionKind::of(changed) != function_runtime::config_kind() {
        return Vec::new();
    }
    let functions = objects.list(&function_kind()).into_iter();
    let meant = functions.filter(|function| function_runtime::runtime_config(function) == object::name(changed));
    meant.map(|function| Controller::Function.of(ObjectKey::of(&function))).collect()
}

/// The XRs that this part of the platform may concern, and the Compositions whose pipelines need it.
pub fn users_of(changed: &Value, roles: &Roles, objects: &Objects) -> Vec<Request> {
    let name = object::name(changed);
    match kinds::what_is(&GroupVersionKind::of(changed)).map(|row| row.what) {
        Some(What::Definition) => {
            let text = |path: &[&str]| object::string_at(changed, path).unwrap_or_default();
            let kind = roles.composite(text(&["spec", "group"]), text(&["spec", "names", "kind"]));
            kind.map(|kind| composites(kind, objects, |_| true)).unwrap_or_default()
        }
        Some(What::Composition) => by_composition(changed, name, roles, objects),
        Some(What::Revision) => {
            by_composition(changed, object::label(changed, COMPOSITION_NAME).unwrap_or_default(), roles, objects)
        }
        Some(What::Function) => {
            let is_meant = |step: &Value| object::string_at(step, &["functionRef", "name"]) == Some(name);
            let mut woken = by_step(roles, objects, is_meant);
            woken.extend(with_step(objects, is_meant).iter().filter_map(|revision| composition_of(revision)));
            woken
        }
        Some(What::EnvironmentConfig) => by_step(roles, objects, |step| {
            let function = object::string_at(step, &["functionRef", "name"]).unwrap_or_default();
            function.contains("environment-configs") || step.get("requirements").is_some()
        }),
        Some(What::Crd) | None => Vec::new(),
    }
}

const COMPOSITION_NAME: &str = plat_reconcile::names::COMPOSITION_NAME_LABEL;

/// XRs of the type of a Composition or revision that use this Composition, or have not chosen one.
fn by_composition(document: &Value, composition: &str, roles: &Roles, objects: &Objects) -> Vec<Request> {
    let Some(kind) = composite_type(document, roles) else { return Vec::new() };
    composites(kind, objects, |composite| {
        let chosen = [&["spec", "crossplane", "compositionRef", "name"][..], &["spec", "compositionRef", "name"]];
        let chosen = chosen.into_iter().find_map(|path| object::string_at(composite, path));
        chosen.is_none_or(|chosen| chosen == composition)
    })
}

/// XRs of each type that has a revision with such a step.
fn by_step(roles: &Roles, objects: &Objects, is_meant: impl Fn(&Value) -> bool) -> Vec<Request> {
    let revisions = with_step(objects, is_meant);
    let mut kinds: Vec<&GroupVersionKind> =
        revisions.iter().filter_map(|revision| composite_type(revision, roles)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().flat_map(|kind| composites(kind, objects, |_| true)).collect()
}

/// The revisions with such a step.
fn with_step(objects: &Objects, is_meant: impl Fn(&Value) -> bool) -> Vec<Arc<Value>> {
    let mut revisions = objects.list(&revision_kind());
    revisions.retain(|revision| {
        let steps = object::value_at(revision, &["spec", "pipeline"]).and_then(Value::as_array);
        steps.into_iter().flatten().any(&is_meant)
    });
    revisions
}

fn composite_type<'a>(document: &Value, roles: &'a Roles) -> Option<&'a GroupVersionKind> {
    let text = |key: &str| object::string_at(document, &["spec", "compositeTypeRef", key]);
    let kind = GroupVersionKind::new(text("apiVersion")?, text("kind")?);
    roles.composite(&kind.group, &kind.kind)
}

fn composites(kind: &GroupVersionKind, objects: &Objects, is_meant: impl Fn(&Value) -> bool) -> Vec<Request> {
    let meant = objects.list(kind).into_iter().filter(|composite| is_meant(composite));
    meant.map(|composite| Controller::Composite.of(ObjectKey::of(&composite))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::watches::WatchScope;
    use serde_json::json;

    fn definition(kind: &str, scope: &str, claim: Option<&str>) -> Arc<Value> {
        let mut definition = json!({
            "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
            "metadata": {"name": "it"},
            "spec": {
                "group": "acme.example", "names": {"kind": kind}, "scope": scope,
                "versions": [{"name": "v1alpha1"}, {"name": "v1", "referenceable": true}],
            },
        });
        if let Some(claim) = claim {
            definition["spec"]["claimNames"] = json!({"kind": claim});
        }
        Arc::new(definition)
    }

    fn roles() -> Roles {
        Roles::of(&[
            definition("XBucket", "LegacyCluster", Some("Bucket")),
            definition("Store", "Namespaced", None),
            Arc::new(json!({"spec": {}})),
        ])
    }

    fn shown(requests: &[Request]) -> Vec<String> {
        requests.iter().map(ToString::to_string).collect()
    }

    fn owned(owner: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "a", "namespace": "team", "ownerReferences": [owner],
        }})
    }

    #[test]
    fn each_object_wakes_who_looks_after_it() {
        let roles = roles();
        let plain =
            |api_version: &str, kind: &str| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
        let owner = |api_version: &str, kind: &str| json!({"apiVersion": api_version, "kind": kind, "name": "o", "uid": "u", "controller": true});
        let mut composite = plain("acme.example/v1", "XBucket");
        composite["spec"] = json!({"claimRef":
            {"apiVersion": "acme.example/v1alpha1", "kind": "Bucket", "namespace": "team", "name": "mine"}});
        let claim =
            json!({"apiVersion": "acme.example/v1", "kind": "Bucket", "metadata": {"name": "c", "namespace": "team"}});
        let mut nested = composite.clone();
        nested["spec"] = json!({});
        nested["metadata"]["ownerReferences"] = json!([owner("acme.example/v1", "XBucket")]);
        let mut foreign = owned(&owner("acme.example/v1", "XBucket"));
        foreign["metadata"]["ownerReferences"][0]["controller"] = json!(false);
        let crossplane = "apiextensions.crossplane.io/v1";
        let cases = [
            (
                plain(crossplane, "CompositeResourceDefinition"),
                vec!["definition: CompositeResourceDefinition.apiextensions.crossplane.io/a"],
            ),
            (plain(crossplane, "Composition"), vec!["composition: Composition.apiextensions.crossplane.io/a"]),
            (plain("pkg.crossplane.io/v1", "Function"), vec!["function: Function.pkg.crossplane.io/a"]),
            (plain("protection.crossplane.io/v1beta1", "Usage"), vec!["usage: Usage.protection.crossplane.io/a"]),
            (composite, vec!["claim: Bucket.acme.example/team/mine", "composite: XBucket.acme.example/a"]),
            (nested, vec!["composite: XBucket.acme.example/a", "composite: XBucket.acme.example/o"]),
            (claim, vec!["claim: Bucket.acme.example/team/c"]),
            // An XR that names an older version is the one that is followed in the newer.
            (owned(&owner("acme.example/v1alpha1", "XBucket")), vec!["composite: XBucket.acme.example/o"]),
            (owned(&owner("acme.example/v1", "Store")), vec!["composite: Store.acme.example/team/o"]),
            (
                owned(&owner(crossplane, "CompositeResourceDefinition")),
                vec!["definition: CompositeResourceDefinition.apiextensions.crossplane.io/o"],
            ),
            (owned(&owner(crossplane, "Composition")), vec!["composition: Composition.apiextensions.crossplane.io/o"]),
            (
                json!({"apiVersion": crossplane, "kind": "CompositionRevision",
                    "metadata": {"name": "r", "labels": {COMPOSITION_NAME: "a"}}}),
                vec!["composition: Composition.apiextensions.crossplane.io/a"],
            ),
            (owned(&owner("pkg.crossplane.io/v1beta1", "Function")), vec!["function: Function.pkg.crossplane.io/o"]),
            (owned(&owner("apps/v1", "ReplicaSet")), vec![]),
            (foreign, vec![]),
            (plain("v1", "Secret"), vec![]),
        ];
        for (changed, expected) in cases {
            assert_eq!(shown(&wakes(&changed, &roles)), expected, "{changed}");
        }
    }

    #[test]
    fn a_runtime_configuration_wakes_the_functions_that_name_it() {
        let objects = Objects::default();
        objects.follow(&function_kind(), WatchScope::All);
        for (name, config) in [("a", Some("big")), ("b", None)] {
            objects.put(json!({
                "apiVersion": "pkg.crossplane.io/v1", "kind": "Function", "metadata": {"name": name, "resourceVersion": "1"},
                "spec": {"runtimeConfigRef": config.map(|name| json!({"name": name}))},
            }));
        }
        let config = |name: &str| json!({"apiVersion": "pkg.crossplane.io/v1beta1", "kind": "DeploymentRuntimeConfig", "metadata": {"name": name}});
        let woken = |name: &str| shown(&configured_by(&config(name), &objects));
        assert_eq!(woken("big"), ["function: Function.pkg.crossplane.io/a"]);
        assert_eq!(woken("default"), ["function: Function.pkg.crossplane.io/b"]);
        assert!(woken("other").is_empty());
    }

    #[test]
    fn the_platform_wakes_the_xrs_it_may_concern() {
        let (roles, objects) = (roles(), Objects::default());
        let kind = GroupVersionKind::new("acme.example/v1", "XBucket");
        objects.follow(&kind, WatchScope::All);
        objects.follow(&revision_kind(), WatchScope::All);
        for (name, composition) in [("one", Some("plain")), ("two", Some("other")), ("new", None)] {
            let mut composite = json!({
                "apiVersion": "acme.example/v1", "kind": "XBucket", "metadata": {"name": name, "resourceVersion": "1"},
            });
            if let Some(composition) = composition {
                composite["spec"] = json!({"compositionRef": {"name": composition}});
            }
            objects.put(composite);
        }
        let revision = json!({
            "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositionRevision",
            "metadata": {"name": "plain-1", "labels": {COMPOSITION_NAME: "plain"}, "resourceVersion": "1"},
            "spec": {
                "compositeTypeRef": {"apiVersion": "acme.example/v1", "kind": "XBucket"},
                "pipeline": [{"step": "a", "functionRef": {"name": "function-go-templating"}}],
            },
        });
        objects.put(revision.clone());
        let users = |changed: &Value| {
            let mut names: Vec<_> = users_of(changed, &roles, &objects).into_iter().map(|it| it.key.name).collect();
            names.sort();
            names
        };
        assert_eq!(users(&revision), ["new", "one"]);
        let function =
            |name: &str| json!({"apiVersion": "pkg.crossplane.io/v1", "kind": "Function", "metadata": {"name": name}});
        assert_eq!(users(&function("function-go-templating")), ["new", "one", "plain", "two"]);
        assert!(users(&function("function-other")).is_empty());
        let environment = json!({"apiVersion": "apiextensions.crossplane.io/v1beta1", "kind": "EnvironmentConfig"});
        assert!(users(&environment).is_empty());
    }
}
