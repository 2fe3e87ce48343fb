//! The entities of workloads, claims and XRs.

use plat_resource::javascript::{Map, Value, length};

use super::super::settings::Settings;
use super::annotations::Annotations;
use super::models::{self, Named, Origin};
use super::{Cluster, MAX_NAME, annotations_of, functions_of, group_and_version, plural, plural_of};

const API_VERSION: &str = "backstage.io/v1alpha1";

/// What all three kinds of entities are made of.
struct Parts<'a> {
    object: &'a Value,
    cluster: &'a Cluster<'a>,
    settings: &'a Settings,
    annotations: Annotations<'a>,
    named: Named,
    owner: String,
    kind: &'static str,
}

impl<'a> Parts<'a> {
    fn new(object: &'a Value, origin: Origin, cluster: &'a Cluster<'a>, settings: &'a Settings) -> Self {
        let annotations = Annotations::new(annotations_of(object), settings);
        let named = models::name(object, origin, cluster, settings);
        let namespace = object.text_at(&["metadata", "namespace"]);
        let namespace = if origin == Origin::Workload { namespace.or(Some("default")) } else { namespace };
        let owner = annotations.owner(namespace, &named.references, cluster);
        let as_resource = match origin {
            Origin::Workload => match object.get("ingestAsResources") {
                Some(Value::Bool(flag)) => *flag,
                _ => settings.workloads_as_resources,
            },
            Origin::Claim | Origin::Composite => settings.claims_as_resources,
        };
        let kind = if as_resource { "Resource" } else { "Component" };
        Self { object, cluster, settings, annotations, named, owner, kind }
    }

    fn text(&self, way: &[&str]) -> &'a str {
        self.object.text_at(way).unwrap_or_default()
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.settings.prefix())
    }

    /// What the object says, or a default.
    fn said(&self, name: &str, default: &str) -> String {
        self.annotations.own(name).unwrap_or(default).to_owned()
    }

    fn description(&self) -> String {
        let default =
            format!("{} {} from {}", self.text(&["kind"]), self.text(&["metadata", "name"]), self.cluster.name);
        self.said("description", &default)
    }

    fn tags(&self) -> Vec<String> {
        let own = [
            format!("cluster:{}", self.settings.cluster(self.cluster.name)),
            format!("kind:{}", self.text(&["kind"]).to_lowercase()),
        ];
        own.into_iter().chain(self.annotations.tags()).collect()
    }

    fn namespace(&self) -> String {
        self.said("backstage-namespace", &self.named.namespace)
    }

    fn system(&self) -> Option<String> {
        let default = self.named.system.as_ref().map(|system| format!("{}/{system}", self.named.references));
        self.annotations.own("system").map(str::to_owned).or(default)
    }

    fn spec(&self, default_type: &str, provides: Option<Vec<String>>, consumes: Option<Vec<String>>) -> Map {
        let workload_type = self.object.text_at(&["workloadType"]).filter(|it| !it.is_empty()).unwrap_or(default_type);
        let mut spec = Map::new();
        spec.insert("type", self.said("component-type", workload_type));
        spec.insert("lifecycle", self.said("lifecycle", "production"));
        spec.insert("owner", self.owner.as_str());
        if let Some(system) = self.system().filter(|system| !system.is_empty()) {
            spec.insert("system", system);
        }
        let is_component = self.kind == "Component";
        let lists = [
            ("dependsOn", self.annotations.list("dependsOn")),
            ("providesApis", provides.filter(|_| is_component)),
            ("consumesApis", consumes.filter(|_| is_component)),
        ];
        for (key, list) in lists {
            if let Some(list) = list {
                spec.insert(key, list);
            }
        }
        if let Some(whole) = self.annotations.own("subcomponent-of") {
            spec.insert("subcomponentOf", whole);
        }
        spec
    }

    /// The API that the object provides, where it says where the definition is, and its reference.
    fn api(&self) -> Option<(Value, String)> {
        let definition = self.annotations.own("provides-api-from-def").filter(|_| self.kind == "Component")?;
        let (name, title) = (self.said("name", &self.named.name), self.said("title", &self.named.title));
        if length(&name) > MAX_NAME {
            return None;
        }
        let origin = format!("cluster origin: {}", self.cluster.name);
        let annotations = Value::from([
            ("backstage.io/managed-by-location".to_owned(), origin.clone()),
            ("backstage.io/managed-by-origin-location".to_owned(), origin),
            (self.key("auto-generated-api"), "true".to_owned()),
        ]);
        let namespace = self.namespace();
        let tag = format!("cluster:{}", self.settings.cluster(self.cluster.name));
        let metadata = Value::from([
            ("name", Value::from(name.as_str())),
            ("namespace", namespace.as_str().into()),
            ("title", format!("{title} API").into()),
            ("description", format!("API provided by {title}").into()),
            ("annotations", annotations),
            ("tags", vec![tag].into()),
        ]);
        let mut spec = Map::new();
        spec.insert("type", "openapi");
        spec.insert("lifecycle", "production");
        spec.insert("owner", self.owner.as_str());
        if let Some(system) = self.system().filter(|system| !system.is_empty()) {
            spec.insert("system", system);
        }
        spec.insert("definition", Value::from([("$text", definition)]));
        let reference = if namespace == "default" { name } else { format!("{namespace}/{name}") };
        Some((whole("API", metadata, spec), reference))
    }

    /// The API that a claim or XR is made by.
    fn consumed(&self) -> Vec<String> {
        let api_version = self.text(&["apiVersion"]).replace('/', "--");
        vec![format!("{}/{}-{api_version}", self.named.references, self.text(&["kind"]))]
    }

    fn cluster_annotation(&self, into: &mut Map) {
        into.insert("backstage.io/kubernetes-cluster", self.settings.shown_cluster(self.cluster.name));
    }

    fn namespace_annotation(&self, into: &mut Map) {
        if let Some(namespace) = self.object.text_at(&["metadata", "namespace"]).filter(|it| !it.is_empty()) {
            into.insert("backstage.io/kubernetes-namespace", namespace);
        }
    }

    fn argo_annotation(&self, into: &mut Map) {
        if let Some(app) = self.annotations.argo() {
            into.insert("argocd/app-name", app);
        }
    }

    /// The entities of a claim or XR.
    fn entities(&self, annotations: Map, default_type: &str) -> Vec<Value> {
        let (api, reference) = self.api().unzip();
        let metadata = Value::from([
            ("name", Value::from(self.said("name", &self.named.name))),
            ("title", self.said("title", &self.named.title).into()),
            ("description", self.description().into()),
            ("tags", self.tags().into()),
            ("namespace", self.namespace().into()),
            ("links", Value::List(self.annotations.links())),
            ("annotations", annotations.into()),
        ]);
        let spec = self.spec(default_type, reference.map(|reference| vec![reference]), Some(self.consumed()));
        [whole(self.kind, metadata, spec)].into_iter().chain(api).collect()
    }
}

fn whole(kind: &str, metadata: Value, spec: Map) -> Value {
    [("apiVersion", Value::from(API_VERSION)), ("kind", kind.into()), ("metadata", metadata), ("spec", spec.into())]
        .into()
}

fn extend(map: &mut Map, with: impl IntoIterator<Item = (String, Value)>) {
    for (key, value) in with {
        map.insert(key, value);
    }
}

/// A claim, with the API it provides; nothing where its kind is not served.
pub(super) fn of_claim(claim: &Value, cluster: &Cluster<'_>, settings: &Settings) -> Vec<Value> {
    let parts = Parts::new(claim, Origin::Claim, cluster, settings);
    let (group, version) = group_and_version(claim);
    let kind = parts.text(&["kind"]);
    let Some(plural) = plural_of(cluster, group, kind) else { return Vec::new() };
    let reference = |key: &str| parts.text(&["spec", "resourceRef", key]);
    let mut composite = reference("apiVersion").split('/');
    let (composite_group, composite_version) =
        (composite.next().unwrap_or_default(), composite.next().unwrap_or_default());
    let composite_plural = Some(reference("kind")).filter(|kind| !kind.is_empty());
    let composite_plural =
        composite_plural.and_then(|kind| plural_of(cluster, composite_group, kind)).unwrap_or_default();
    let composition = composition_of(claim);
    let functions = functions_of(cluster, composition).join(",");
    let name = parts.text(&["metadata", "name"]);
    let namespace = claim.text_at(&["metadata", "namespace"]).unwrap_or("undefined");
    let told = [
        ("claim-name", name),
        ("claim-kind", kind),
        ("claim-version", version),
        ("claim-group", group),
        ("claim-plural", plural),
        ("crossplane-resource", "true"),
        ("composite-kind", reference("kind")),
        ("composite-name", reference("name")),
        ("composite-group", composite_group),
        ("composite-version", composite_version),
        ("composite-plural", composite_plural),
        ("composition-name", composition),
        ("composition-functions", &functions),
    ];
    let selector = format!(
        "crossplane.io/claim-name={name},crossplane.io/claim-namespace={namespace},crossplane.io/composite={}",
        reference("name")
    );
    let mut annotations = parts.annotations.without_links();
    annotations.insert(parts.key("component-type"), "crossplane-claim");
    if parts.named.tells_cluster {
        parts.cluster_annotation(&mut annotations);
    }
    parts.namespace_annotation(&mut annotations);
    extend(&mut annotations, parts.annotations.for_entity(cluster));
    parts.argo_annotation(&mut annotations);
    extend(&mut annotations, told.map(|(name, value)| (parts.key(name), value.into())));
    annotations.insert("backstage.io/kubernetes-label-selector", selector);
    parts.entities(annotations, "crossplane-claim")
}

/// The Composition that a claim or XR names.
fn composition_of(object: &Value) -> &str {
    let named = |way: &[&str]| object.text_at(way).filter(|name| !name.is_empty());
    named(&["spec", "crossplane", "compositionRef", "name"])
        .or_else(|| named(&["spec", "compositionRef", "name"]))
        .unwrap_or_default()
}

/// An XR that users write themselves.
pub(super) fn of_composite(xr: &Value, definition: &Value, cluster: &Cluster<'_>, settings: &Settings) -> Vec<Value> {
    let parts = Parts::new(xr, Origin::Composite, cluster, settings);
    let (group, version) = group_and_version(xr);
    let name = parts.text(&["metadata", "name"]);
    let named = parts.text(&["spec", "crossplane", "compositionRef", "name"]);
    let of_definition = |way: &[&str]| definition.text_at(way).unwrap_or_default();
    let namespace = xr.text_at(&["metadata", "namespace"]).filter(|it| !it.is_empty()).unwrap_or("default");
    let told = [
        ("crossplane-version", "v2"),
        ("crossplane-scope", of_definition(&["spec", "scope"])),
        ("composite-kind", parts.text(&["kind"])),
        ("composite-name", name),
        ("composite-namespace", namespace),
        ("composite-group", group),
        ("composite-version", version),
        ("composite-plural", of_definition(&["spec", "names", "plural"])),
        ("composition-name", named),
        ("crossplane-resource", "true"),
        ("component-type", "crossplane-xr"),
    ];
    let mut annotations = parts.annotations.without_links();
    parts.cluster_annotation(&mut annotations);
    parts.namespace_annotation(&mut annotations);
    extend(&mut annotations, parts.annotations.for_entity(cluster));
    parts.argo_annotation(&mut annotations);
    extend(&mut annotations, told.map(|(name, value)| (parts.key(name), value.into())));
    annotations.insert("backstage.io/kubernetes-label-selector", format!("crossplane.io/composite={name}"));
    let functions = functions_of(cluster, composition_of(xr));
    if !functions.is_empty() {
        annotations.insert(parts.key("composition-functions"), functions.join(","));
    }
    parts.entities(annotations, "crossplane-xr")
}

/// A workload, with the system that it belongs to.
pub(super) fn of_workload(object: &Value, cluster: &Cluster<'_>, settings: &Settings) -> Vec<Value> {
    let parts = Parts::new(object, Origin::Workload, cluster, settings);
    let made = workload_annotations(&parts);
    let mut annotations = parts.annotations.without_links();
    let told = [
        ("kubernetes-resource-kind", parts.text(&["kind"])),
        ("kubernetes-resource-name", parts.text(&["metadata", "name"])),
        ("kubernetes-resource-api-version", parts.text(&["apiVersion"])),
        ("kubernetes-resource-namespace", parts.text(&["metadata", "namespace"])),
    ];
    extend(&mut annotations, told.map(|(name, value)| (parts.key(name), value.into())));
    extend(&mut annotations, made.clone());
    parts.argo_annotation(&mut annotations);
    if parts.named.tells_cluster {
        parts.cluster_annotation(&mut annotations);
    }
    parts.namespace_annotation(&mut annotations);
    let metadata = Value::from([
        ("name", Value::from(parts.said("name", &parts.named.name))),
        ("title", parts.said("title", &parts.named.title).into()),
        ("description", parts.description().into()),
        ("namespace", parts.namespace().into()),
        ("links", Value::List(parts.annotations.links())),
        ("annotations", annotations.into()),
        ("tags", parts.tags().into()),
    ]);
    let (api, reference) = parts.api().unzip();
    let mut provides = parts.annotations.list("providesApis").unwrap_or_default();
    provides.extend(reference);
    let provides = Some(provides).filter(|apis| !apis.is_empty());
    let spec = parts.spec("service", provides, parts.annotations.list("consumesApis"));
    system_of(&parts, made).into_iter().chain([whole(parts.kind, metadata, spec)]).chain(api).collect()
}

fn system_of(parts: &Parts<'_>, annotations: Map) -> Option<Value> {
    let system = parts.named.system.as_deref()?;
    let metadata = Value::from([
        ("name", Value::from(system)),
        ("namespace", parts.namespace().into()),
        ("annotations", annotations.into()),
    ]);
    let mut spec = Map::new();
    spec.insert("owner", parts.owner.as_str());
    spec.insert("type", parts.said("system-type", "kubernetes-namespace"));
    if let Some(domain) = parts.annotations.own("domain") {
        spec.insert("domain", domain);
    }
    Some(whole("System", metadata, spec))
}

/// Annotations that lead from the entity to the cluster and to the source.
fn workload_annotations(parts: &Parts<'_>) -> Map {
    let mut made = parts.annotations.for_entity(parts.cluster);
    let kind = parts.text(&["kind"]);
    let common = || {
        common_labels(parts.object).filter(|_| matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob"))
    };
    if let Some(selector) = parts.annotations.own("kubernetes-label-selector").map(str::to_owned).or_else(common) {
        made.insert("backstage.io/kubernetes-label-selector", selector);
    }
    if !parts.text(&["apiVersion"]).is_empty() {
        let (group, version) = group_and_version(parts.object);
        let (plural, name) = (plural::of(kind), parts.text(&["metadata", "name"]));
        let within = match parts.text(&["metadata", "namespace"]) {
            "" => String::new(),
            namespace => format!("/namespaces/{namespace}"),
        };
        let path = format!("/apis/{group}/{version}{within}/{plural}/{name}");
        made.insert(parts.key("custom-workload-uri"), path.to_lowercase());
    }
    if let Some(url) = parts.annotations.own("source-code-repo-url") {
        made.insert("backstage.io/source-location", format!("url:{url}"));
        if let Some(path) = parts.annotations.own("techdocs-path") {
            let branch = parts.said("source-branch", "main");
            made.insert("backstage.io/techdocs-ref", format!("url:{url}/blob/{branch}/{path}"));
        }
    }
    made
}

/// The labels that a workload shares with its pods, or all of them.
fn common_labels(object: &Value) -> Option<String> {
    let labels = object.at(&["metadata", "labels"])?.as_map().filter(|labels| !labels.is_empty())?;
    let pods = object.at(&["spec", "template", "metadata", "labels"]);
    let on_pods = |key: &str| pods.and_then(|pods| pods.get(key)).is_some_and(Value::is_truthy);
    let shared: Vec<_> = labels.iter().filter(|(key, _)| on_pods(key)).collect();
    let told = if shared.is_empty() { labels.iter().collect() } else { shared };
    Some(told.into_iter().map(|(key, value)| format!("{key}={}", value.to_text())).collect::<Vec<_>>().join(","))
}
