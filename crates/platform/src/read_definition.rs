//! Reads a CompositeResourceDefinition, with every mistake at its place.

use std::collections::HashSet;
use std::sync::Arc;

use plat_resource::{Diagnostic, Document, object};

use crate::crd::check_parts;
use crate::cursor::{Cursor, Findings};
use crate::names::{Names, texts};
use crate::schemas::Compiled;
use crate::{Definition, Scope, Version};

const SPEC_FIELDS: &[&str] = &[
    "group",
    "names",
    "scope",
    "claimNames",
    "connectionSecretKeys",
    "defaultCompositeDeletePolicy",
    "defaultCompositionRef",
    "defaultCompositionRevisionSelector",
    "defaultCompositionUpdatePolicy",
    "enforcedCompositionRef",
    "versions",
    "conversion",
    "metadata",
];
const VERSION_FIELDS: &[&str] = &[
    "name",
    "served",
    "referenceable",
    "deprecated",
    "deprecationWarning",
    "schema",
    "additionalPrinterColumns",
    "subresources",
];
const LEGACY_SCOPES: &[(&str, Scope)] =
    &[("LegacyCluster", Scope::LegacyCluster), ("Cluster", Scope::Cluster), ("Namespaced", Scope::Namespaced)];

/// Reads one XRD; `None` where it does not even say what it defines.
pub(crate) fn read_definition(document: &Arc<Document>, diagnostics: &mut Vec<Diagnostic>) -> Option<Definition> {
    let root = Cursor::root(document);
    let name = object::name(&document.value).to_owned();
    let mut findings = Findings::new(format!("XRD {name}"), diagnostics);
    let spec = findings.object(&root, "spec")?;
    findings.unknown_fields(&spec, SPEC_FIELDS);
    let group = findings.required_text(&spec, "group");
    let names = findings.object(&spec, "names").and_then(|names| Names::read(&names, &mut findings));
    let claim_names =
        findings.optional_object(&spec, "claimNames").and_then(|names| Names::read(&names, &mut findings));
    let versions = read_versions(&spec, &mut findings);
    let scope = read_scope(&spec, root.text("apiVersion"), &mut findings);
    let policies = [("Automatic", "Automatic"), ("Manual", "Manual")];
    let update_policy = findings.choice(&spec, "defaultCompositionUpdatePolicy", &policies);
    let deletions = [("Background", "Background"), ("Foreground", "Foreground")];
    let delete_policy = findings.choice(&spec, "defaultCompositeDeletePolicy", &deletions);
    let definition = Definition {
        api_version: root.text("apiVersion").unwrap_or_default().to_owned(),
        default_composition_ref: read_reference(&spec, "defaultCompositionRef", &mut findings),
        enforced_composition_ref: read_reference(&spec, "enforcedCompositionRef", &mut findings),
        default_composition_revision_selector: spec
            .get("defaultCompositionRevisionSelector")
            .map(|selector| selector.text_map("matchLabels")),
        default_composition_update_policy: update_policy.unwrap_or("Automatic").to_owned(),
        default_composite_delete_policy: delete_policy.unwrap_or("Background").to_owned(),
        connection_secret_keys: findings
            .optional_list(&spec, "connectionSecretKeys")
            .map(|list| texts(&list))
            .unwrap_or_default(),
        group: group?.to_owned(),
        names: names?,
        document: Arc::clone(document),
        name,
        scope,
        claim_names,
        versions,
    };
    check_name(&root, &definition, &mut findings);
    check_claim(&spec, &definition, &mut findings);
    check_parts(&root, &spec, &mut findings);
    if let Some(versions) = spec.get("versions") {
        definition.check_schemas(&versions, &mut findings);
    }
    Some(definition)
}

fn read_scope(spec: &Cursor<'_>, api_version: Option<&str>, findings: &mut Findings<'_>) -> Scope {
    let is_first = api_version.is_some_and(|version| version.ends_with("/v1"));
    // A live XRD of the v1 form reads as LegacyCluster in the v2 form too, so the scope decides, not the version.
    let default = if is_first { Scope::LegacyCluster } else { Scope::Namespaced };
    findings.choice(spec, "scope", LEGACY_SCOPES).unwrap_or(default)
}

fn read_reference(spec: &Cursor<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let reference = findings.optional_object(spec, key)?;
    findings.unknown_fields(&reference, &["name"]);
    findings.required_text(&reference, "name").map(str::to_owned)
}

fn read_versions(spec: &Cursor<'_>, findings: &mut Findings<'_>) -> Vec<Version> {
    let Some(list) = findings.optional_list(spec, "versions") else {
        if spec.get("versions").is_none() {
            findings.error(spec, "versions is required and is missing").hint =
                Some("add spec.versions with one version that is served and referenceable".to_owned());
        }
        return Vec::new();
    };
    let mut versions: Vec<Version> = Vec::new();
    let mut seen = HashSet::new();
    for cursor in list.items() {
        let Some(version) = read_version(&cursor, findings) else { continue };
        if !seen.insert(version.name.clone()) {
            findings.error(&cursor, format!("version {:?} is given twice", version.name));
            continue;
        }
        versions.push(version);
    }
    check_versions(&list, &versions, findings);
    versions
}

fn read_version(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Version> {
    if !cursor.value().is_object() {
        findings.error(cursor, "must be an object");
        return None;
    }
    findings.unknown_fields(cursor, VERSION_FIELDS);
    let name = findings.required_text(cursor, "name");
    let version = Version {
        served: findings.flag(cursor, "served"),
        referenceable: findings.flag(cursor, "referenceable"),
        deprecated: findings.flag(cursor, "deprecated"),
        deprecation_warning: findings.optional_text(cursor, "deprecationWarning").map(str::to_owned),
        name: name?.to_owned(),
        composite_schema: Compiled::default(),
        claim_schema: Compiled::default(),
    };
    let schema = cursor.get("schema").and_then(|schema| findings.object(&schema, "openAPIV3Schema"));
    if schema.is_none() && cursor.get("schema").is_none() {
        findings.error(cursor, "schema is required and is missing").hint =
            Some("add schema.openAPIV3Schema with type: object".to_owned());
    }
    Some(version)
}

fn check_versions(list: &Cursor<'_>, versions: &[Version], findings: &mut Findings<'_>) {
    if !versions.iter().any(|version| version.served) {
        findings.error(list, "no version is served").hint = Some("set served: true on one version".to_owned());
    }
    let referenceable: Vec<&Version> = versions.iter().filter(|version| version.referenceable).collect();
    match referenceable.as_slice() {
        [only] if !only.served => {
            let cause = format!("the referenceable version {:?} is not served", only.name);
            findings.error(list, cause).hint = Some("set served: true on it".to_owned());
        }
        [_] => {}
        [] => {
            findings.error(list, "no version is referenceable").hint =
                Some("set referenceable: true on the version that Compositions target".to_owned());
        }
        several => {
            let names: Vec<&str> = several.iter().map(|version| version.name.as_str()).collect();
            let cause = format!("{} versions are referenceable ({})", several.len(), names.join(", "));
            findings.error(list, cause).hint = Some("set referenceable: true on exactly one version".to_owned());
        }
    }
}

fn check_name(root: &Cursor<'_>, definition: &Definition, findings: &mut Findings<'_>) {
    let want = format!("{}.{}", definition.names.plural, definition.group);
    if definition.name == want {
        return;
    }
    let metadata = root.get("metadata");
    let at = metadata.and_then(|metadata| metadata.get("name")).unwrap_or_else(|| root.clone());
    let cause = format!("{:?} is not spec.names.plural and spec.group joined by a dot", definition.name);
    findings.error(&at, cause).hint = Some(format!("write {}", want.to_lowercase()));
}

fn check_claim(spec: &Cursor<'_>, definition: &Definition, findings: &mut Findings<'_>) {
    if !definition.is_legacy() {
        refuse_legacy_fields(spec, definition, findings);
        return;
    }
    let (Some(claim), Some(at)) = (&definition.claim_names, spec.get("claimNames")) else { return };
    let names = &definition.names;
    let pairs = [
        ("kind", &claim.kind, &names.kind),
        ("plural", &claim.plural, &names.plural),
        ("singular", &claim.singular, &names.singular),
        ("listKind", &claim.list_kind, &names.list_kind),
    ];
    if let Some((field, name, _)) = pairs.into_iter().find(|(_, claim, composite)| claim == composite) {
        let at = at.get(field).unwrap_or(at);
        let cause = format!("{name:?} conflicts with the {field} of the composite resource in spec.names");
        findings.error(&at, cause).hint =
            Some("give claim and composite resource different names; an X in front is the custom".to_owned());
    }
}

fn refuse_legacy_fields(spec: &Cursor<'_>, definition: &Definition, findings: &mut Findings<'_>) {
    let scope = format!("{:?}", definition.scope);
    let fields = [
        ("claimNames", "offer claims", "users of this XRD make the composite resource itself"),
        ("connectionSecretKeys", "publish connection secrets", "compose a Secret instead"),
    ];
    for (field, what, instead) in fields {
        let Some(at) = spec.get(field) else { continue };
        let cause = format!("only scope LegacyCluster can {what}; the scope here is {scope}");
        findings.error(&at, cause).hint = Some(format!(
            "remove it ({instead}), or write apiVersion: apiextensions.crossplane.io/v1 with scope: LegacyCluster"
        ));
    }
}
