//! APIs of XRDs: what a claim or XR of it looks like, as entities that components consume.
//!
//! Owns the entity, and the OpenAPI document for XRDs whose CRD is not known.

use plat_resource::javascript::{Map, Value};

use super::dump::dump_folded;
use super::settings::Settings;
use super::template::{Definition, MAX_NAME, text_of};

/// The APIs of all versions; `crd` is the CRD that the XRD made. Those whose name would be too long are left out.
pub fn apis(definition: &Definition<'_>, crd: Option<&Value>, settings: &Settings) -> Result<Vec<Value>, String> {
    let versions = definition.xrd.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    let mut apis = Vec::new();
    for version in versions {
        let api = api(definition, version, crd, settings)?;
        if plat_resource::javascript::length(api.text_at(&["metadata", "name"]).unwrap_or_default()) <= MAX_NAME {
            apis.push(api);
        }
    }
    Ok(apis)
}

fn api(
    definition: &Definition<'_>,
    version: &Value,
    crd: Option<&Value>,
    settings: &Settings,
) -> Result<Value, String> {
    let group = text_of(definition.xrd.at(&["spec", "group"]));
    let version_name = text_of(version.get("name"));
    let name = format!("{}-{group}--{version_name}", definition.name("kind").to_lowercase());
    let (kind, text) = if let Some(crd) = crd.filter(|_| settings.apis_as_crds) {
        ("crd", dump_folded(&whole(crd)))
    } else {
        let properties = properties_of(version, crd)?;
        ("openapi", dump_folded(&document(definition, properties, &group, &version_name)))
    };
    let origin = format!("cluster origin: {}", definition.clusters.first().map_or("undefined", String::as_str));
    let mut annotations = Map::new();
    annotations.insert("backstage.io/managed-by-location", origin.as_str());
    annotations.insert("backstage.io/managed-by-origin-location", origin);
    let own = definition.annotation(settings.prefix(), "api-annotations").unwrap_or_default();
    for (key, value) in super::cluster::pairs(own, '=') {
        annotations.insert(key, value);
    }
    let metadata = Value::from([
        ("name", Value::from(name.as_str())),
        ("title", name.into()),
        ("tags", vec!["crossplane"].into()),
        ("annotations", annotations.into()),
    ]);
    let spec = Value::from([
        ("type", kind),
        ("lifecycle", "production"),
        ("owner", settings.default_owner()),
        ("system", "kubernetes-auto-ingested"),
        ("definition", &text),
    ]);
    let api_version = Value::from("backstage.io/v1alpha1");
    Ok([("apiVersion", api_version), ("kind", "API".into()), ("metadata", metadata), ("spec", spec)].into())
}

/// A CRD as a file has it: its type first, whether the list it came in said it or not.
fn whole(crd: &Value) -> Value {
    let mut whole = Map::new();
    whole.insert("apiVersion", "apiextensions.k8s.io/v1");
    whole.insert("kind", "CustomResourceDefinition");
    for (key, value) in crd.as_map().into_iter().flat_map(Map::iter) {
        whole.insert(key, value.clone());
    }
    whole.into()
}

fn literal(json: &str) -> Value {
    Value::from_json(json).unwrap_or_default()
}

/// The properties of a version: those of the CRD, which have more than the XRD says, where it is known.
fn properties_of<'a>(version: &'a Value, crd: Option<&'a Value>) -> Result<Option<&'a Value>, String> {
    let versions = crd.and_then(|crd| crd.at(&["spec", "versions"])).and_then(Value::as_list).unwrap_or_default();
    let served = versions.iter().find(|other| other.get("name") == version.get("name"));
    let stored = || versions.iter().find(|other| other.get("storage").is_some_and(Value::is_truthy));
    let of_crd = served.or_else(stored).or_else(|| versions.first());
    let way = ["schema", "openAPIV3Schema", "properties"];
    if let Some(properties) = of_crd.and_then(|version| version.at(&way)).filter(|properties| properties.is_truthy()) {
        return Ok(Some(properties));
    }
    if version.at(&["schema", "openAPIV3Schema"]).is_none() {
        return Err("Cannot read properties of undefined (reading 'openAPIV3Schema')".to_owned());
    }
    Ok(version.at(&way))
}

fn document(definition: &Definition<'_>, properties: Option<&Value>, group: &str, version_name: &str) -> Value {
    let plural = definition.name("plural");
    let server = |cluster: &String| Value::from([("url", cluster.as_str()), ("description", cluster)]);
    let mut resource = Map::new();
    resource.insert("type", "object");
    if let Some(properties) = properties {
        resource.insert("properties", properties.clone());
    }
    let security = literal(
        r#"{"bearerHttpAuthentication": {"description": "Bearer token using a JWT", "type": "http", "scheme": "bearer",
            "bearerFormat": "JWT"}}"#,
    );
    let components = Value::from([("schemas", Value::from([("Resource", resource)])), ("securitySchemes", security)]);
    [
        ("openapi", Value::from("3.0.0")),
        ("info", Value::from([("title", format!("{plural}.{group}")), ("version", version_name.to_owned())])),
        ("servers", Value::List(definition.clusters.iter().map(server).collect())),
        ("tags", literal(TAGS)),
        ("paths", paths(&plural, &definition.name("kind"), group, version_name)),
        ("components", components),
        ("security", literal(r#"[{"bearerHttpAuthentication": []}]"#)),
    ]
    .into()
}

const TAGS: &str = r#"[{"name": "Cluster Scoped Operations", "description": "Operations on the cluster level"},
    {"name": "Namespace Scoped Operations", "description": "Operations on the namespace level"},
    {"name": "Specific Object Scoped Operations", "description": "Operations on a specific resource"}]"#;

const NAMESPACE: &str = r#"{"name": "namespace", "in": "path", "required": true, "schema": {"type": "string"}}"#;
const NAME: &str = r#"{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}}"#;

fn paths(plural: &str, kind: &str, group: &str, version: &str) -> Value {
    let base = format!("/apis/{group}/{version}");
    let in_namespace = format!("{base}/namespaces/{{namespace}}/{plural}");
    let of_cluster = operation(
        "Cluster",
        &format!("List all {plural} in all namespaces"),
        &format!("list{plural}AllNamespaces"),
        &[],
        &listed(&format!("List of {plural} in all namespaces")),
    );
    let all = operation(
        "Namespace",
        &format!("List all {plural} in a namespace"),
        &format!("list{plural}"),
        &[NAMESPACE],
        &listed(&format!("List of {plural}")),
    );
    let create = written("Namespace", "Create a resource", "createResource", &[NAMESPACE], ("201", "Resource created"));
    let both = [NAMESPACE, NAME];
    let get = operation("Specific Object", &format!("Get a {kind}"), &format!("get{kind}"), &both, &details());
    let update = written("Specific Object", "Update a resource", "updateResource", &both, ("200", "Resource updated"));
    let deleted = Value::from([("200", Value::from([("description", "Resource deleted")]))]);
    let delete = operation("Specific Object", "Delete a resource", "deleteResource", &both, &deleted);
    [
        (format!("{base}/{plural}"), Value::from([("get", of_cluster)])),
        (in_namespace.clone(), Value::from([("get", all), ("post", create)])),
        (format!("{in_namespace}/{{name}}"), Value::from([("get", get), ("put", update), ("delete", delete)])),
    ]
    .into()
}

fn operation(scope: &str, summary: &str, id: &str, parameters: &[&str], responses: &Value) -> Map {
    let mut operation = Map::new();
    operation.insert("tags", vec![format!("{scope} Scoped Operations")]);
    operation.insert("summary", summary);
    operation.insert("operationId", id);
    if !parameters.is_empty() {
        operation.insert("parameters", Value::List(parameters.iter().map(|json| literal(json)).collect()));
    }
    operation.insert("responses", responses.clone());
    operation
}

fn written(scope: &str, summary: &str, id: &str, parameters: &[&str], (code, description): (&str, &str)) -> Map {
    let mut operation = operation(scope, summary, id, parameters, &Value::Null);
    operation.remove("responses");
    let body = literal(
        r##"{"required": true, "content": {"application/json": {"schema": {"type": "object", "$ref": "#/components/schemas/Resource"}}}}"##,
    );
    operation.insert("requestBody", body);
    operation.insert("responses", Value::from([(code, Value::from([("description", description)]))]));
    operation
}

fn listed(description: &str) -> Value {
    let schema = literal(r##"{"type": "array", "items": {"$ref": "#/components/schemas/Resource"}}"##);
    answer(description, schema)
}

fn details() -> Value {
    answer("Resource details", literal(r##"{"type": "object", "$ref": "#/components/schemas/Resource"}"##))
}

fn answer(description: &str, schema: Value) -> Value {
    let content = Value::from([("application/json", Value::from([("schema", schema)]))]);
    [("200", Value::from([("description", Value::from(description)), ("content", content)]))].into()
}
