//! Which object stands below which.
//!
//! Owns finding live objects by what refers to them, and choosing the one parent of each.

use std::collections::BTreeMap;

use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use crate::crossplane::is_claim;
use crate::fields::{is_set, list, text};

/// Kinds that tell something about others and stand in no tree.
const NO_NODES: &[(&str, &str)] = &[("", "Event"), ("events.k8s.io", "Event"), ("", "Namespace")];

/// How deep a tree may be. Real ones have a handful of levels; anybody may write owner references that have thousands.
const DEEPEST: usize = 64;

/// Group, kind, namespace, name: the version of a reference need not be the one that was listed.
type Place = (String, String, String, String);

/// A reference from one object to another.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// What it names.
    pub(super) key: ObjectKey,
    /// Sync and health that an Application gives it.
    pub(super) entry: Option<Value>,
}

/// The objects of a world, by what refers to them.
pub(super) struct Edges<'a> {
    objects: Vec<&'a Value>,
    by_place: BTreeMap<Place, usize>,
    by_uid: BTreeMap<&'a str, usize>,
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
}

fn place(key: &ObjectKey) -> Place {
    (key.kind.group.clone(), key.kind.kind.clone(), key.namespace.clone(), key.name.clone())
}

impl<'a> Edges<'a> {
    pub(super) fn new(objects: &'a [Value]) -> Self {
        let is_node = |object: &&Value| {
            let kind = GroupVersionKind::of(object);
            !NO_NODES.contains(&(kind.group.as_str(), kind.kind.as_str()))
        };
        let objects: Vec<&Value> = objects.iter().filter(is_node).collect();
        let by_place = objects.iter().enumerate().map(|(index, it)| (place(&ObjectKey::of(it)), index)).collect();
        let by_uid = objects.iter().enumerate().map(|(index, it)| (object::uid(it), index));
        let by_uid = by_uid.filter(|(uid, _)| !uid.is_empty()).collect();
        let (parents, children) = (vec![None; objects.len()], vec![Vec::new(); objects.len()]);
        let mut edges = Self { objects, by_place, by_uid, parents, children };
        edges.connect();
        edges.cut();
        edges
    }

    fn connect(&mut self) {
        for index in 0..self.objects.len() {
            if let Some(parent) = self.controller_of(index) {
                self.put(index, parent);
            }
        }
        // What nobody controls, whoever refers to it first: claims and XRs before Applications.
        for is_application in [false, true] {
            for parent in 0..self.objects.len() {
                if self::is_application(self.objects[parent]) == is_application {
                    for child in self.references(parent).iter().filter_map(|it| self.find(&it.key)).collect::<Vec<_>>()
                    {
                        self.put(child, parent);
                    }
                }
            }
        }
    }

    /// Puts an object below another, unless it stands somewhere already, or the other stands below it.
    fn put(&mut self, child: usize, parent: usize) {
        let mut above = std::iter::successors(Some(parent), |index| self.parents[*index]);
        if self.parents[child].is_none() && !above.any(|index| index == child) {
            self.parents[child] = Some(parent);
            self.children[parent].push(child);
        }
    }

    /// Makes what is too deep stand by itself.
    fn cut(&mut self) {
        let mut open: Vec<(usize, usize)> = self.roots().map(|root| (root, 0)).collect();
        while let Some((index, depth)) = open.pop() {
            let below =
                if depth < DEEPEST { self.children[index].clone() } else { std::mem::take(&mut self.children[index]) };
            for child in below {
                if depth < DEEPEST {
                    open.push((child, depth + 1));
                } else {
                    self.parents[child] = None;
                    open.push((child, 0));
                }
            }
        }
    }

    /// What controls an object, or else owns it; a reference without a UID, as in files, is followed by its name.
    fn controller_of(&self, index: usize) -> Option<usize> {
        let object = self.objects[index];
        let owners = list(object, &["metadata", "ownerReferences"]);
        let owner = object::controller(object).or_else(|| owners.first())?;
        match text(owner, &["uid"]) {
            "" => {
                let kind = GroupVersionKind::new(text(owner, &["apiVersion"]), text(owner, &["kind"]));
                let key = |namespace: &str| ObjectKey {
                    kind: kind.clone(),
                    namespace: namespace.to_owned(),
                    name: text(owner, &["name"]).to_owned(),
                };
                self.find(&key(object::namespace(object))).or_else(|| self.find(&key("")))
            }
            uid => self.by_uid.get(uid).copied(),
        }
    }

    pub(super) fn find(&self, key: &ObjectKey) -> Option<usize> {
        self.by_place.get(&place(key)).copied()
    }

    pub(super) fn object(&self, index: usize) -> &'a Value {
        self.objects[index]
    }

    pub(super) fn children(&self, index: usize) -> &[usize] {
        &self.children[index]
    }

    /// What stands below nothing.
    pub(super) fn roots(&self) -> impl Iterator<Item = usize> {
        (0..self.objects.len()).filter(|index| self.parents[*index].is_none())
    }

    /// What an object refers to as its own: the XR of a claim, what an XR composes, what an Application applies.
    pub(super) fn references(&self, index: usize) -> Vec<Reference> {
        let object = self.objects[index];
        if is_application(object) {
            return list(object, &["status", "resources"]).iter().map(applied).collect();
        }
        let claimed = object::value_at(object, &["spec", "resourceRef"]).filter(|_| is_claim(object));
        let lists = [&["spec", "crossplane", "resourceRefs"][..], &["spec", "resourceRefs"][..]];
        let composed = lists.iter().flat_map(|path| list(object, path));
        claimed
            .into_iter()
            .chain(composed)
            .filter(|it| is_set(it, &["name"]))
            .map(|it| self.composed(object, it))
            .collect()
    }

    /// A namespaced XR composes in its own namespace unless a reference says otherwise, and cluster-scoped objects.
    fn composed(&self, object: &Value, reference: &Value) -> Reference {
        let kind = GroupVersionKind::new(text(reference, &["apiVersion"]), text(reference, &["kind"]));
        let key = |namespace: &str| ObjectKey {
            kind: kind.clone(),
            namespace: namespace.to_owned(),
            name: text(reference, &["name"]).to_owned(),
        };
        let own = if is_claim(object) { "" } else { object::namespace(object) };
        let named = text(reference, &["namespace"]);
        let candidates = [named, own, ""].map(key);
        let found = candidates.iter().find(|key| self.find(key).is_some());
        let unseen = if named.is_empty() { &candidates[1] } else { &candidates[0] };
        Reference { key: found.unwrap_or(unseen).clone(), entry: None }
    }
}

fn applied(entry: &Value) -> Reference {
    let of = |field: &str| text(entry, &[field]).to_owned();
    let kind = GroupVersionKind { group: of("group"), version: of("version"), kind: of("kind") };
    Reference { key: ObjectKey { kind, namespace: of("namespace"), name: of("name") }, entry: Some(entry.clone()) }
}

pub(super) fn is_application(object: &Value) -> bool {
    let kind = GroupVersionKind::of(object);
    kind.group == "argoproj.io" && kind.kind == "Application"
}
