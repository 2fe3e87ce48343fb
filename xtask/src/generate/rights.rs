//! What webhook and controller may do in a cluster, one line for each reason.
//!
//! Owns the rights of the service account, the roles made of them and their table in the docs. Kinds that are composed are not
//! among them: platform teams add those by a label.

use std::fmt::Write as _;

use plat_admission::kinds::{CONSTRAINTS, KINDS};
use plat_reconcile::standing::CROSSPLANE_LEASE;
use plat_resource::Value;
use serde_json::json;

use super::install::{ACCOUNT, NAMESPACE, labels};

/// Label of ClusterRoles whose rights the controller gets.
const TO_CONTROLLER: &str = "rbac.kubectl-plat.dev/aggregate-to-controller";
/// Label of ClusterRoles whose rights the webhook gets.
const TO_WEBHOOK: &str = "rbac.kubectl-plat.dev/aggregate-to-webhook";

/// Where rights hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Cluster,
    /// In the Namespace of the installation alone.
    Own,
}

/// A set of rights that is given and taken as one.
struct Role {
    name: &'static str,
    reach: Reach,
    rights: Vec<Right>,
}

/// What may be done to some resources, and what for.
struct Right {
    group: &'static str,
    resources: Vec<String>,
    names: &'static [&'static str],
    verbs: &'static [&'static str],
    why: &'static str,
}

const READ: &[&str] = &["get", "list", "watch"];
const APPLY: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];
const WRITE: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete"];
const CHANGE: &[&str] = &["update", "patch"];

const CROSSPLANE: &str = "apiextensions.crossplane.io";
const PACKAGES: &str = "pkg.crossplane.io";
const PROTECTION: &str = "protection.crossplane.io";

fn right(group: &'static str, resources: &[&str], verbs: &'static [&'static str], why: &'static str) -> Right {
    let resources = resources.iter().map(|resource| (*resource).to_owned()).collect();
    Right { group, resources, names: &[], verbs, why }
}

fn roles() -> Vec<Role> {
    vec![
        Role { name: "plat-webhook", reach: Reach::Cluster, rights: webhook() },
        Role { name: "plat-webhook-audit", reach: Reach::Cluster, rights: audit() },
        Role { name: "plat-controller", reach: Reach::Cluster, rights: controller() },
        Role { name: "plat-controller-secrets", reach: Reach::Cluster, rights: secrets() },
        Role { name: "plat-controller", reach: Reach::Own, rights: own() },
    ]
}

fn webhook() -> Vec<Right> {
    let mut rights: Vec<Right> = Vec::new();
    for row in KINDS {
        match rights.iter_mut().find(|right| right.group == row.group) {
            Some(right) => right.resources.push(row.plural.to_owned()),
            None => rights.push(right(row.group, &[row.plural], READ, "follows platform and policies")),
        }
    }
    rights.extend([
        right(
            "templates.gatekeeper.sh",
            &["constrainttemplates/status"],
            &["patch"],
            "says what it makes of templates",
        ),
        right(
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
            &["get", "create", "patch"],
            "makes the constraint kinds of templates",
        ),
        right(CROSSPLANE, &["usages"], READ, "refuses to delete what is in use"),
        right(PROTECTION, &["usages", "clusterusages"], READ, "refuses to delete what is in use"),
        right("", &["namespaces"], READ, "judges objects by the labels of their Namespace"),
    ]);
    rights
}

fn audit() -> Vec<Right> {
    let verbs = &["get", "list", "create", "patch", "delete"];
    vec![
        right(CONSTRAINTS, &["*/status"], &["patch"], "says in constraints what violates them"),
        right("openreports.io", &["reports", "clusterreports"], verbs, "writes reports"),
        right("wgpolicyk8s.io", &["policyreports", "clusterpolicyreports"], verbs, "writes reports of the older kind"),
    ]
}

fn controller() -> Vec<Right> {
    vec![
        right(CROSSPLANE, &["compositeresourcedefinitions", "compositions"], READ, "follows the platform"),
        right(CROSSPLANE, &["compositeresourcedefinitions"], CHANGE, "keeps finalizers on XRDs"),
        right(CROSSPLANE, &["compositeresourcedefinitions/status"], CHANGE, "says how XRDs are"),
        right(
            CROSSPLANE,
            &["compositeresourcedefinitions/finalizers", "compositions/finalizers"],
            &["update"],
            "owns what it makes for XRDs and Compositions",
        ),
        right(CROSSPLANE, &["compositions"], CHANGE, "says how far a rollout is"),
        right(CROSSPLANE, &["compositionrevisions"], WRITE, "makes revisions of Compositions"),
        right(CROSSPLANE, &["compositionrevisions/status"], CHANGE, "says how revisions are"),
        right(CROSSPLANE, &["environmentconfigs"], READ, "composes with environments"),
        right(CROSSPLANE, &["usages"], WRITE, "composes Usages and looks after them"),
        right(CROSSPLANE, &["usages/status"], CHANGE, "says how Usages are"),
        right(PROTECTION, &["usages", "clusterusages"], WRITE, "composes Usages and looks after them"),
        right(PROTECTION, &["usages/status", "clusterusages/status"], CHANGE, "says how Usages are"),
        right(PACKAGES, &["functions", "deploymentruntimeconfigs"], READ, "runs functions"),
        right(PACKAGES, &["functions/status"], CHANGE, "says how functions are"),
        right(PACKAGES, &["functions/finalizers"], &["update"], "owns what it makes for functions"),
        right("apiextensions.k8s.io", &["customresourcedefinitions"], WRITE, "makes the kinds of XRDs"),
        right("", &["events"], &["create", "patch"], "tells what happened"),
        right("events.k8s.io", &["events"], &["create", "patch"], "tells what happened"),
        right("apps", &["deployments"], &["list", "watch"], "looks whether Crossplane runs, and how functions are"),
        Right {
            names: &[CROSSPLANE_LEASE],
            ..right("coordination.k8s.io", &["leases"], &["get", "list"], "looks whether Crossplane runs")
        },
    ]
}

fn secrets() -> Vec<Right> {
    let why = "connection details and credentials of functions, wherever claims are; without it those alone fail";
    vec![right("", &["secrets"], &["get", "create", "update", "patch", "delete"], why)]
}

fn own() -> Vec<Right> {
    vec![
        right("coordination.k8s.io", &["leases"], &["get", "create", "update", "patch"], "elects one of the replicas"),
        right("apps", &["deployments"], APPLY, "runs functions"),
        right("", &["services", "serviceaccounts"], APPLY, "runs functions"),
        right("", &["secrets"], &["get", "create", "update", "patch"], "keeps the certificates of functions"),
    ]
}

/// Roles, bindings, and the ClusterRoles that collect others.
pub(super) fn objects() -> Vec<Value> {
    let mut objects: Vec<Value> = roles().iter().flat_map(|role| [role.object(), role.binding()]).collect();
    for (name, label) in [("plat-controller-composed", TO_CONTROLLER), ("plat-webhook-read", TO_WEBHOOK)] {
        objects.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": name, "labels": labels()},
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]},
        }));
        objects.push(binding(Reach::Cluster, name, name));
    }
    // Without Secrets, and with what operators add to it: all that an audit should need.
    objects.push(binding(Reach::Cluster, "plat-webhook-view", "view"));
    objects
}

impl Role {
    fn kind(&self) -> &'static str {
        match self.reach {
            Reach::Cluster => "ClusterRole",
            Reach::Own => "Role",
        }
    }

    fn object(&self) -> Value {
        let mut metadata = json!({"name": self.name, "labels": labels()});
        if self.reach == Reach::Own {
            metadata["namespace"] = NAMESPACE.into();
        }
        let rules: Vec<Value> = self.rights.iter().map(Right::rule).collect();
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": self.kind(), "metadata": metadata, "rules": rules,
        })
    }

    fn binding(&self) -> Value {
        binding(self.reach, self.name, self.name)
    }
}

impl Right {
    fn rule(&self) -> Value {
        let mut rule = json!({"apiGroups": [self.group], "resources": self.resources, "verbs": self.verbs});
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

fn binding(reach: Reach, name: &str, role: &str) -> Value {
    let (kind, role_kind) = match reach {
        Reach::Cluster => ("ClusterRoleBinding", "ClusterRole"),
        Reach::Own => ("RoleBinding", "Role"),
    };
    let mut metadata = json!({"name": name, "labels": labels()});
    if reach == Reach::Own {
        metadata["namespace"] = NAMESPACE.into();
    }
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "namespace": NAMESPACE, "name": ACCOUNT}],
    })
}

/// The rights as Markdown, for the docs.
pub(super) fn markdown() -> String {
    let mut text = "| role | group | resources | verbs | what for |\n|---|---|---|---|---|\n".to_owned();
    for role in roles() {
        for right in &role.rights {
            let group = if right.group.is_empty() { "core" } else { right.group };
            let names =
                if right.names.is_empty() { String::new() } else { format!(" named {}", right.names.join(", ")) };
            let (kind, name, why) = (role.kind(), role.name, right.why);
            let (resources, verbs) = (right.resources.join(", "), right.verbs.join(", "));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {kind} {name} | {group} | {resources}{names} | {verbs} | {why} |");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_right_reaches_further_than_its_reason() {
        for role in roles() {
            for right in role.rights {
                assert!(!right.verbs.contains(&"*") && right.group != "*", "{}: {}", role.name, right.why);
                let constraints = right.group == CONSTRAINTS;
                let wild = right.resources.iter().any(|resource| resource.contains('*'));
                assert!(!wild || constraints, "{}: every resource of {}", role.name, right.group);
                let powers = ["escalate", "bind", "impersonate", "deletecollection"];
                assert!(!right.verbs.iter().any(|verb| powers.contains(verb)), "{}", role.name);
                assert_ne!(right.group, "rbac.authorization.k8s.io");
            }
        }
    }

    #[test]
    fn every_kind_that_is_followed_may_be_read() {
        for row in KINDS {
            let found = webhook().iter().any(|right| {
                right.group == row.group && right.resources.iter().any(|it| it == row.plural) && right.verbs == READ
            });
            assert!(found, "{}", row.name());
        }
    }

    #[test]
    fn secrets_are_never_listed() {
        for role in roles() {
            for right in role.rights.iter().filter(|right| right.resources.iter().any(|name| name == "secrets")) {
                assert!(!right.verbs.contains(&"list") && !right.verbs.contains(&"watch"), "{}", role.name);
            }
        }
    }
}
