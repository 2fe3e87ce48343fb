//! Reports, one for each object that violates something.
//!
//! Owns writing only what changed and removing what nobody says any more. Of reports that are there, only a hash is kept.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind as KubeKind;
use kube::discovery::ApiResource;
use kube::{Api, Client};
use plat_admission::report::{Finding, Format, MANAGED_BY, MANAGER, report, said};
use plat_resource::{GroupVersionKind, Value, object};
use tracing::{debug, warn};

use super::pages::Pages;
use crate::sources::words;

/// Owner of the fields of reports.
const FIELD_MANAGER: &str = "plat-webhook-audit";

/// A report that is there.
struct Known {
    namespace: String,
    /// The kind of the object that it is on.
    kind: GroupVersionKind,
    hash: u64,
    is_current: bool,
}

/// The reports of this program.
pub(super) struct Reports {
    client: Client,
    format: Format,
    seconds: i64,
    known: HashMap<String, Known>,
}

impl Reports {
    /// Reads which reports there are. Nothing where the cluster does not have the kinds.
    pub(super) async fn read(client: &Client, format: Format, seconds: i64) -> Option<Self> {
        let mut known = HashMap::new();
        for namespaced in [true, false] {
            let mut pages = Pages::new(client.clone(), &resource(format, namespaced));
            loop {
                match pages.next().await {
                    Ok(Some(objects)) => {
                        let own = objects.iter().filter(|object| object::label(object, MANAGED_BY) == Some(MANAGER));
                        known.extend(own.map(|object| (object::name(object).to_owned(), Known::of(object))));
                    }
                    Ok(None) => break,
                    Err(reason) => {
                        debug!(api = format.api_version(), "no reports are written: {reason}");
                        return None;
                    }
                }
            }
        }
        Some(Self { client: client.clone(), format, seconds, known })
    }

    /// Writes the report on an object, where it says something new.
    pub(super) async fn write(&mut self, object: &Value, findings: &[Finding]) {
        let Some(report) = report(self.format, object, findings, self.seconds) else { return };
        let name = object::name(&report).to_owned();
        let mut known = Known::of(&report);
        known.is_current = true;
        let is_same = self.known.get(&name).is_some_and(|old| old.hash == known.hash);
        if !is_same {
            let api = self.api(&known.namespace);
            let parameters = PatchParams::apply(FIELD_MANAGER).force();
            if let Err(error) = api.patch(&name, &parameters, &Patch::Apply(&report)).await {
                warn!(report = name, "cannot be written: {}", words(&error));
            }
        }
        self.known.insert(name, known);
    }

    /// Removes the reports of objects that violate nothing any more or are gone, except those on kinds that could not be
    /// listed.
    pub(super) async fn remove_others(self, failed: &[GroupVersionKind]) {
        let is_failed = |kind: &GroupVersionKind| {
            failed.iter().any(|failed| failed.group == kind.group && failed.kind == kind.kind)
        };
        for (name, known) in self.known.iter().filter(|(_, known)| !known.is_current && !is_failed(&known.kind)) {
            match self.api(&known.namespace).delete(name, &DeleteParams::default()).await {
                Ok(_) => {}
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => warn!(report = name, "cannot be removed: {}", words(&error)),
            }
        }
    }

    fn api(&self, namespace: &str) -> Api<DynamicObject> {
        let resource = resource(self.format, !namespace.is_empty());
        if namespace.is_empty() {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), namespace, &resource)
        }
    }
}

impl Known {
    fn of(report: &Value) -> Self {
        let text = |key: &str| object::string_at(report, &["scope", key]).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        said(report).to_string().hash(&mut hasher);
        Self {
            namespace: object::namespace(report).to_owned(),
            kind: GroupVersionKind::new(text("apiVersion"), text("kind")),
            hash: hasher.finish(),
            is_current: false,
        }
    }
}

fn resource(format: Format, namespaced: bool) -> ApiResource {
    let (group, version) = format.api_version().split_once('/').unwrap_or_default();
    let kind = KubeKind::gvk(group, version, format.kind(namespaced));
    ApiResource::from_gvk_with_plural(&kind, &format.plural(namespaced))
}
