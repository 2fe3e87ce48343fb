//! The cluster as input: its platform, its policies, and what is live.
//!
//! Owns what is asked of the API server and in which order, and what is said where something may not be read. What objects
//! mean is for the other rooms.

mod foretell;
mod live;
mod named;
mod parts;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use plat_cluster::api_server::{ApiServer, ClusterError, Collection, Pace, Request, Served};
use plat_resource::{Diagnostic, GroupVersionKind, ObjectKey, Value, object};

use crate::arguments::ClusterArgs;

pub(crate) use foretell::foretell;
pub(crate) use live::{live_of, required};
pub(crate) use named::{all, named};
pub(crate) use parts::{Parts, overlaid};

/// From so many objects of one kind on they are listed, instead of being read one by one.
const MANY: usize = 40;
/// What every composed resource has.
const COMPOSITE_LABEL: &str = "crossplane.io/composite";

/// A cluster, and what is known of the kinds it serves.
pub(crate) struct Cluster {
    server: ApiServer,
    pace: Pace,
    kinds: RefCell<BTreeMap<String, Vec<(GroupVersionKind, Served)>>>,
    hidden: RefCell<BTreeMap<String, String>>,
}

impl Cluster {
    /// Finds the cluster; nothing is asked of it yet.
    pub(crate) fn connect(arguments: &ClusterArgs) -> Result<Self, Diagnostic> {
        let server = ApiServer::connect(&arguments.options()).map_err(|error| error.diagnostic())?;
        Ok(Self { server, pace: arguments.pace(), kinds: RefCell::default(), hidden: RefCell::default() })
    }

    /// The namespace of the context.
    pub(crate) fn namespace(&self) -> &str {
        self.server.namespace()
    }

    /// The API server.
    pub(crate) fn server(&self) -> &ApiServer {
        &self.server
    }

    /// What a cluster serves of a group and version; asked once.
    fn kinds(&self, api_version: &str) -> Result<Vec<(GroupVersionKind, Served)>, ClusterError> {
        if let Some(kinds) = self.kinds.borrow().get(api_version) {
            return Ok(kinds.clone());
        }
        let kinds = self.server.kinds(api_version)?;
        self.kinds.borrow_mut().insert(api_version.to_owned(), kinds.clone());
        Ok(kinds)
    }

    /// What the cluster says of a kind; `None` where it does not serve it.
    pub(crate) fn served(&self, kind: &GroupVersionKind) -> Result<Option<Served>, ClusterError> {
        let mut kinds = self.kinds(&kind.api_version())?.into_iter();
        Ok(kinds.find(|(found, _)| found == kind).map(|(_, served)| served))
    }

    /// Sends requests at the pace that the user allows; an answer for each.
    pub(crate) fn send_all(
        &self,
        requests: &[Request],
        done: &mut dyn FnMut(usize),
    ) -> Vec<Result<Value, ClusterError>> {
        self.server.send_all(requests, self.pace, done)
    }

    /// The path of an object; `None` where its kind is not served.
    pub(crate) fn path(&self, key: &ObjectKey) -> Result<Option<String>, ClusterError> {
        Ok(self.served(&key.kind)?.map(|served| served.path(key)))
    }

    /// The live objects of these keys. What is not there is left out; what may not be read is noted as hidden.
    pub(crate) fn read(&self, keys: &[ObjectKey]) -> Result<Vec<Value>, ClusterError> {
        let mut by_kind: BTreeMap<&GroupVersionKind, Vec<&ObjectKey>> = BTreeMap::new();
        for key in keys {
            by_kind.entry(&key.kind).or_default().push(key);
        }
        let (mut found, mut requests) = (Vec::new(), Vec::new());
        for (kind, keys) in by_kind {
            let Some(served) = self.served(kind)? else { continue };
            if keys.len() > MANY
                && !is_secret(kind)
                && let Some(listed) = self.list_these(kind, &keys)?
            {
                found.extend(listed);
                continue;
            }
            requests.extend(keys.into_iter().map(|key| Request::get(&served.path(key), described(key))));
        }
        for answer in self.send_all(&requests, &mut |_| {}) {
            found.extend(self.or_hidden(answer)?);
        }
        Ok(found)
    }

    /// Those of a kind that have one of these keys; `None` where listing them is not allowed.
    fn list_these(&self, kind: &GroupVersionKind, keys: &[&ObjectKey]) -> Result<Option<Vec<Value>>, ClusterError> {
        match self.list(kind, None, None) {
            Ok(objects) => {
                let wanted: BTreeSet<&ObjectKey> = keys.iter().copied().collect();
                Ok(Some(objects.into_iter().filter(|object| wanted.contains(&ObjectKey::of(object))).collect()))
            }
            Err(error) if error.is_forbidden() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of a kind, of one namespace or of all; empty where the kind is not served.
    pub(crate) fn list(
        &self,
        kind: &GroupVersionKind,
        namespace: Option<&str>,
        selector: Option<&str>,
    ) -> Result<Vec<Value>, ClusterError> {
        let Some(served) = self.served(kind)? else { return Ok(Vec::new()) };
        let collection = Collection {
            api_version: kind.api_version(),
            plural: served.plural,
            namespace: namespace.filter(|_| served.is_namespaced).map(str::to_owned),
        };
        let objects = self.server.list(&collection, selector)?.unwrap_or_default();
        Ok(objects.into_iter().map(|object| of_kind(object, kind)).collect())
    }

    /// The object of an answer; `None` where there is none, or it may not be read, which is noted.
    pub(crate) fn or_hidden(&self, answer: Result<Value, ClusterError>) -> Result<Option<Value>, ClusterError> {
        match answer {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) if error.is_forbidden() => {
                let message = error.refusal().map(|(_, message)| message.to_owned()).unwrap_or_default();
                self.hidden.borrow_mut().insert(error.to_string(), message);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Warnings of what may not be read, each kind of refusal once.
    pub(crate) fn hidden(&self) -> Vec<Diagnostic> {
        let hidden = self.hidden.borrow();
        let warning = |(what, why): (&String, &String)| {
            Diagnostic::warning(format!("{what}: it counts as not being there")).because(why.clone())
        };
        hidden.iter().map(warning).collect()
    }
}

/// Items of a list do not say what they are.
fn of_kind(mut item: Value, kind: &GroupVersionKind) -> Value {
    let fields = object::object_at_mut(&mut item, &[]);
    fields.entry("apiVersion").or_insert_with(|| kind.api_version().into());
    fields.entry("kind").or_insert_with(|| kind.kind.clone().into());
    item
}

fn is_secret(kind: &GroupVersionKind) -> bool {
    kind.group.is_empty() && kind.kind == "Secret"
}

/// An object in words.
fn described(key: &ObjectKey) -> String {
    match key.namespace.as_str() {
        "" => format!("{} {}", key.kind.kind, key.name),
        namespace => format!("{} {namespace}/{}", key.kind.kind, key.name),
    }
}
