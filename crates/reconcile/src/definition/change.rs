//! What of a change is refused, because the API server cannot do it or instances would be lost.

use plat_resource::{Value, object};

use super::{Observed, Refusal, Role, crd};

/// Why `wanted` cannot be put in the place of what is live.
pub(super) fn refusal(observed: &Observed<'_>, role: Role, wanted: &Value) -> Option<Refusal> {
    let uid = object::uid(observed.definition);
    let live = crd::find(observed.crds, object::name(wanted));
    if let Some(live) = live {
        return taken(live, uid).or_else(|| breaking(live, wanted, role)).or_else(|| dropped(live, wanted));
    }
    renamed(observed, role, wanted)
}

fn taken(live: &Value, uid: &str) -> Option<Refusal> {
    let owner = object::controller(live).filter(|_| !crd::is_controlled_by(live, uid))?;
    let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
    let message = format!(
        "CustomResourceDefinition {} is controlled by {} {} with UID {}, not by this XRD; delete one of the two, or remove \
         that owner reference and this XRD takes the CRD over",
        object::name(live),
        text("kind"),
        text("name"),
        text("uid")
    );
    Some(Refusal { reason: "ControlledByAnother", message })
}

fn breaking(live: &Value, wanted: &Value, role: Role) -> Option<Refusal> {
    let names = role.words().names;
    let fields = [
        (["spec", "group"].as_slice(), "spec.group".to_owned()),
        (&["spec", "scope"], "spec.scope".to_owned()),
        (&["spec", "names", "kind"], format!("{names}.kind")),
        (&["spec", "names", "plural"], format!("{names}.plural")),
    ];
    let changed = |path: &[&str]| {
        let (before, after) = (object::string_at(live, path)?, object::string_at(wanted, path)?);
        (before != after).then_some((before, after))
    };
    fields.iter().find_map(|(path, field)| {
        let (before, after) = changed(path)?;
        let message = format!(
            "{field}: cannot change from {before} to {after} while CustomResourceDefinition {} exists; put {before} back, or \
             make a new XRD under another name and move to it",
            object::name(live)
        );
        Some(Refusal { reason: "BreakingChange", message })
    })
}

/// A version in which objects may be stored cannot go: nobody could read them.
fn dropped(live: &Value, wanted: &Value) -> Option<Refusal> {
    let stored = object::value_at(live, &["status", "storedVersions"])?.as_array()?;
    let versions = object::value_at(wanted, &["spec", "versions"]).and_then(Value::as_array);
    let is_there = |name: &str| {
        let mut names = versions.into_iter().flatten().filter_map(|version| version.get("name")?.as_str());
        names.any(|present| present == name)
    };
    let lost = stored.iter().filter_map(Value::as_str).find(|name| !is_there(name))?;
    let message = format!(
        "spec.versions: version {lost} cannot be dropped: objects may be stored in it, as status.storedVersions of \
         CustomResourceDefinition {} says; keep it with served: false, or write every object once in a newer version and take \
         {lost} out of status.storedVersions",
        object::name(live)
    );
    Some(Refusal { reason: "StoredVersionDropped", message })
}

/// Another claim CRD of this XRD: its claims would be left behind.
fn renamed(observed: &Observed<'_>, role: Role, wanted: &Value) -> Option<Refusal> {
    let uid = object::uid(observed.definition);
    let is_other = |live: &&Value| {
        crd::is_controlled_by(live, uid) && Role::of(observed.definition, live) == role && !super::is_deleted(live)
    };
    let other = observed.crds.iter().find(is_other)?;
    let plural = |crd| object::string_at(crd, &["spec", "names", "plural"]).unwrap_or_default();
    let message = format!(
        "{}.plural: cannot change from {} to {} while CustomResourceDefinition {} exists; put {} back, or delete that CRD once \
         none of its objects is needed",
        role.words().names,
        plural(other),
        plural(wanted),
        object::name(other),
        plural(other)
    );
    Some(Refusal { reason: "BreakingChange", message })
}
