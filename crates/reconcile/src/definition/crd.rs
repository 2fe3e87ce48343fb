//! One CRD of an XRD: as it is wanted, whose it is, and the write that makes it so.

use plat_plan::live::{CoreKind, Owned, predict};
use plat_platform::Definition;
use plat_resource::{GroupVersionKind, Map, ObjectKey, Value, object};
use serde_json::json;

use super::Role;
use crate::Write;
use crate::names::CROSSPLANE_MANAGER;

const API_VERSION: &str = "apiextensions.k8s.io/v1";
const KIND: &str = "CustomResourceDefinition";

/// Identity of the CRD of this name.
pub(super) fn key(name: &str) -> ObjectKey {
    ObjectKey { kind: GroupVersionKind::new(API_VERSION, KIND), namespace: String::new(), name: name.to_owned() }
}

/// The CRDs that a definition wants, owned by the XRD with this UID.
pub(super) fn wanted(definition: &Definition, uid: &str) -> Vec<(Role, Value)> {
    let crds = definition.crds().into_iter().map(|mut crd| {
        for owner in crd.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut).into_iter().flatten() {
            owner["uid"] = json!(uid);
        }
        let role = if object::name(&crd) == definition.name { Role::Composite } else { Role::Claim };
        (role, crd)
    });
    crds.collect()
}

/// The CRD of this name.
pub(super) fn find<'a>(crds: &'a [Value], name: &str) -> Option<&'a Value> {
    crds.iter().find(|crd| object::name(crd) == name)
}

/// Whether the object with this UID controls `crd`.
pub(super) fn is_controlled_by(crd: &Value, uid: &str) -> bool {
    let owner = object::controller(crd).and_then(|owner| owner.get("uid")).and_then(Value::as_str);
    owner == Some(uid)
}

/// What to write so that `live` is as wanted; nothing where it is.
///
/// What the API server filled in and what others added stays; what Crossplane or plat wrote before and is not wanted any more
/// goes. It is a merge patch of what differs: Crossplane updates CRDs as a whole, and whoever applies server-side cannot take
/// away a field that an update has written.
pub(super) fn write(live: Option<&Value>, mut wanted: Value) -> Option<Write> {
    fill_in(&mut wanted);
    let manager = CROSSPLANE_MANAGER.to_owned();
    let Some(live) = live else { return Some(Write::Create { object: wanted, manager }) };
    let kind = GroupVersionKind::new(API_VERSION, KIND);
    let owned = Owned::by_manager(live, CROSSPLANE_MANAGER);
    let after = predict(live, &wanted, &owned, &CoreKind::new(&kind, None));
    let mut patch = difference(live, &after)?;
    object::set_metadata(&mut patch, "resourceVersion", live.pointer("/metadata/resourceVersion").cloned()?);
    Some(Write::Patch { key: ObjectKey::of(live), patch, manager })
}

/// Fills in what the API server would: it counts as written by whoever made the CRD, and as missing from what is wanted.
fn fill_in(crd: &mut Value) {
    let kind = object::string_at(crd, &["spec", "names", "kind"]).unwrap_or_default().to_owned();
    let Some(spec) = crd.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let conversion = spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    if let Some(service) = conversion.pointer_mut("/webhook/clientConfig/service").and_then(Value::as_object_mut) {
        service.entry("port").or_insert_with(|| json!(443));
    }
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        names.entry("singular").or_insert_with(|| json!(kind.to_lowercase()));
        names.entry("listKind").or_insert_with(|| json!(format!("{kind}List")));
    }
}

/// The JSON merge patch from `before` to `after`; nothing where they are equal.
fn difference(before: &Value, after: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return (before != after).then(|| after.clone());
    };
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = new.iter().filter_map(|(key, value)| match old.get(key) {
        Some(present) => Some((key.clone(), difference(present, value)?)),
        None => Some((key.clone(), value.clone())),
    });
    let patch: Map<String, Value> = gone.chain(changed).collect();
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Whether the API server serves the kind of `crd`.
pub(super) fn is_established(crd: &Value) -> bool {
    crate::status::has_status(crd, "Established", "True")
}

/// Why the API server does not accept the names of `crd`.
pub(super) fn names_refused(crd: &Value) -> Option<&str> {
    let accepted = crate::status::condition_of(crd, "NamesAccepted")?;
    let text = |key: &str| accepted.get(key).and_then(Value::as_str);
    (text("status") == Some("False")).then(|| text("message").unwrap_or("the names are taken"))
}

/// The kind of `crd` in a version that is served, the stored one if possible.
pub(super) fn served_kind(crd: &Value) -> Option<GroupVersionKind> {
    let text = |path: &[&str]| object::string_at(crd, path).map(str::to_owned);
    let flag = |version: &Value, key: &str| version.get(key).and_then(Value::as_bool) == Some(true);
    let versions = object::value_at(crd, &["spec", "versions"])?.as_array()?;
    let served = || versions.iter().filter(|version| flag(version, "served"));
    let version = served().find(|version| flag(version, "storage")).or_else(|| served().next())?;
    Some(GroupVersionKind {
        group: text(&["spec", "group"])?,
        version: version.get("name")?.as_str()?.to_owned(),
        kind: text(&["spec", "names", "kind"])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_only_what_changes() {
        let before = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": {"f": 1}});
        let after = json!({"a": {"b": 1, "c": [1]}, "e": {"f": 1}, "g": 2});
        assert_eq!(difference(&before, &after), Some(json!({"a": {"c": [1]}, "d": null, "g": 2})));
        assert_eq!(difference(&before, &before), None);
    }

    #[test]
    fn what_the_api_server_fills_in_is_no_difference() {
        let wanted = json!({"metadata": {"name": "a"}, "spec": {"names": {"kind": "App"}, "conversion": {
            "strategy": "Webhook", "webhook": {"clientConfig": {"service": {"name": "s", "namespace": "n"}}},
        }}});
        let mut live = wanted.clone();
        live["metadata"] = json!({"name": "a", "resourceVersion": "1", "managedFields": [{
            "manager": CROSSPLANE_MANAGER, "fieldsV1": {"f:spec": {
                "f:names": {"f:singular": {}, "f:listKind": {}},
                "f:conversion": {"f:webhook": {"f:clientConfig": {"f:service": {"f:port": {}}}}},
            }},
        }]});
        live["spec"]["names"] = json!({"kind": "App", "singular": "app", "listKind": "AppList"});
        live["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"] = json!(443);
        assert_eq!(write(Some(&live), wanted.clone()), None);
        let mut without = wanted;
        without["spec"].as_object_mut().unwrap().remove("conversion");
        let Some(Write::Patch { patch, .. }) = write(Some(&live), without) else { panic!("no difference") };
        assert_eq!(patch["spec"]["conversion"]["strategy"], "None");
    }

    #[test]
    fn the_stored_version_is_asked_first() {
        let crd = |versions: Value| json!({"spec": {"group": "a.b", "names": {"kind": "K"}, "versions": versions}});
        let version = |crd: &Value| served_kind(crd).map(|kind| kind.version);
        let stored = crd(json!([{"name": "v1", "served": true}, {"name": "v2", "served": true, "storage": true}]));
        assert_eq!(version(&stored), Some("v2".to_owned()));
        let unserved = crd(json!([{"name": "v1", "served": true}, {"name": "v2", "served": false, "storage": true}]));
        assert_eq!(version(&unserved), Some("v1".to_owned()));
        assert_eq!(version(&crd(json!([]))), None);
    }
}
