//! Findings about XRDs, and look-ups of the kinds they define.

use plat_resource::GroupVersionKind;

use super::{BUCKET, SQL, findings, load, sound, text};
use crate::{Role, Scope};

#[test]
fn every_mistake_of_a_definition_is_told_at_once() {
    let bad = "
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata:
  name: sqlinstances.acme.io
spec:
  group: sql.acme.io
  names:
    kind: XSQLInstance
    plural: XSQLInstances
  claimNames:
    kind: XSQLInstance
    plural: sqlinstances
  defaultCompositonRef: {name: sql-aws}
  defaultCompositionUpdatePolicy: automatic
  versions:
  - name: v1
    served: no
    referenceable: true
    schemas: {}
  - name: v1
  - served: yes
    schema: {openAPIV3Schema: {type: object}}
";
    insta::assert_snapshot!(findings(&[bad]), @r#"
    warning: XRD sqlinstances.acme.io may not do what it says
      caused by: platform.yaml:14:3: spec.defaultCompositonRef: unknown field; the API server drops it
      hint: did you mean "defaultCompositionRef"?
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:10:13: spec.names.plural: "XSQLInstances" must be in lower case
      hint: write xsqlinstances
    warning: XRD sqlinstances.acme.io may not do what it says
      caused by: platform.yaml:20:5: spec.versions[0].schemas: unknown field; the API server drops it
      hint: did you mean "schema"?
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:17:5: spec.versions[0]: schema is required and is missing
      hint: add schema.openAPIV3Schema with type: object
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:21:5: spec.versions[1]: schema is required and is missing
      hint: add schema.openAPIV3Schema with type: object
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:21:5: spec.versions[1]: version "v1" is given twice
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:22:5: spec.versions[2].name: is required and is missing
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:17:5: spec.versions: no version is served
      hint: set served: true on one version
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:17:5: spec.versions: the referenceable version "v1" is not served
      hint: set served: true on it
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:15:35: spec.defaultCompositionUpdatePolicy: unknown value "automatic"
      hint: did you mean "Automatic"?
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:5:9: metadata.name: "sqlinstances.acme.io" is not spec.names.plural and spec.group joined by a dot
      hint: write xsqlinstances.sql.acme.io
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:12:11: spec.claimNames.kind: "XSQLInstance" conflicts with the kind of the composite resource in spec.names
      hint: give claim and composite resource different names; an X in front is the custom
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:21:5: spec.versions[1].served: is required and is missing
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:21:5: spec.versions[1].referenceable: is required and is missing
    error: XRD sqlinstances.acme.io is not usable
      caused by: platform.yaml:22:5: spec.versions[2].referenceable: is required and is missing
    "#);
}

#[test]
fn versions_need_one_that_is_served_and_one_that_is_referenceable() {
    let none = SQL.replace("served: true", "served: false").replace("referenceable: true", "referenceable: false");
    insta::assert_snapshot!(findings(&[&none]), @r#"
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:11:5: spec.versions: no version is served
      hint: set served: true on one version
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:11:5: spec.versions: no version is referenceable
      hint: set referenceable: true on the version that Compositions target
    "#);
    let both = SQL.replace("referenceable: false", "referenceable: true");
    insta::assert_snapshot!(findings(&[&both]), @r#"
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:11:5: spec.versions: 3 versions are referenceable (v1alpha1, v1, v0)
      hint: set referenceable: true on exactly one version
    "#);
    let without = BUCKET.split("  versions:").next().unwrap();
    insta::assert_snapshot!(findings(&[without]), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:7:3: spec: versions is required and is missing
      hint: add spec.versions with one version that is served and referenceable
    "#);
}

#[test]
fn names_are_required() {
    let bad = SQL.replace("names: {kind: XSQLInstance, plural: xsqlinstances}", "names: {kynd: X, plural: x}");
    insta::assert_snapshot!(findings(&[&bad]), @r#"
    warning: XRD xsqlinstances.sql.acme.io may not do what it says
      caused by: platform.yaml:8:11: spec.names.kynd: unknown field; the API server drops it
      hint: did you mean "kind"?
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:8:10: spec.names.kind: is required and is missing
      hint: there is "kynd": write "kind"
    "#);
}

#[test]
fn only_the_legacy_scope_offers_claims_and_connection_secrets() {
    let bad =
        BUCKET.replace("  versions:", "  claimNames: {kind: B, plural: bs}\n  connectionSecretKeys: [a]\n  versions:");
    insta::assert_snapshot!(findings(&[&bad]), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:9:15: spec.claimNames: only scope LegacyCluster can offer claims; the scope here is Namespaced
      hint: remove it (users of this XRD make the composite resource itself), or write apiVersion: apiextensions.crossplane.io/v1 with scope: LegacyCluster
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:10:25: spec.connectionSecretKeys: only scope LegacyCluster can publish connection secrets; the scope here is Namespaced
      hint: remove it (compose a Secret instead), or write apiVersion: apiextensions.crossplane.io/v1 with scope: LegacyCluster
    "#);
    let first_form = bad.replace("io/v2", "io/v1");
    let platform = sound(&[&first_form]);
    assert_eq!(platform.definitions()[0].scope, Scope::LegacyCluster);
    // A live XRD of the first form, read in the second, keeps its scope.
    let live = bad.replace("  claimNames", "  scope: LegacyCluster\n  claimNames");
    assert!(sound(&[&live]).kind(&GroupVersionKind::new("acme.io/v1", "B")).is_some());
}

#[test]
fn the_same_object_twice_and_the_same_kind_twice_are_refused() {
    assert_eq!(findings(&[SQL, SQL]), "", "a copy is no mistake");
    let other = SQL.replace("sql.acme.io\nspec", "sql.acme.io\n  labels: {other: set}\nspec");
    insta::assert_snapshot!(findings(&[SQL, &other]), @r#"
    error: CompositeResourceDefinition xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:25:1: CompositeResourceDefinition/xsqlinstances.sql.acme.io is given twice, first at platform.yaml:2:1
      hint: keep one of the two
    "#);
    let clash = BUCKET
        .replace("buckets.acme.io", "sqlinstances.sql.acme.io")
        .replace("group: acme.io", "group: sql.acme.io")
        .replace("kind: Bucket, plural: buckets", "kind: SQLInstance, plural: sqlinstances");
    insta::assert_snapshot!(findings(&[SQL, &clash]), @r#"
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:9:22: spec.claimNames.kind: kind SQLInstance of group sql.acme.io is defined by XRD sqlinstances.sql.acme.io too, at platform.yaml:25:1
      hint: give one of the two another kind or another group
    "#);
}

#[test]
fn odd_documents_are_told_or_kept() {
    let (platform, diagnostics) = load(&[
        "{apiVersion: v1, kind: Secret, metadata: {name: s}}\n",
        "{apiVersion: apiextensions.crossplane.io/v1beta1, kind: Composition, metadata: {name: c}}\n",
        "{apiVersion: apiextensions.crossplane.io/v1, kind: Composition, metadata: {labels: {}}}\n",
        "{apiVersion: apiextensions.crossplane.io/v1, kind: Composition}\n",
        "{apiVersion: apiextensions.crossplane.io/v1, kind: CompositeResourceDefinition, metadata: {name: x}, spec: []}\n",
        "{kind: 7}\n",
    ]);
    assert_eq!(platform.others().len(), 3);
    assert_eq!(platform.objects("", "Secret").count(), 1);
    insta::assert_snapshot!(text(&diagnostics), @r#"
    error: Composition c is not usable
      caused by: platform.yaml:3:14: apiVersion: version "v1beta1" of Composition is not known
      hint: write apiVersion: apiextensions.crossplane.io/v1
    error: Composition is not usable
      caused by: platform.yaml:5:75: metadata.name: is required and is missing
    error: Composition is not usable
      caused by: platform.yaml:7:1: metadata: is required and is missing
    error: XRD x is not usable
      caused by: platform.yaml:9:108: spec: is a list, must be an object
    "#);
}

#[test]
fn kinds_are_found_by_group_version_and_kind() {
    let platform = sound(&[SQL, BUCKET]);
    let kind = |api_version: &str, kind: &str| GroupVersionKind::new(api_version, kind);
    let claim = platform.served_kind(&kind("sql.acme.io/v1alpha1", "SQLInstance")).unwrap();
    assert_eq!((claim.role, claim.version.name.as_str()), (Role::Claim, "v1alpha1"));
    let composite = platform.served_kind(&kind("acme.io/v1", "Bucket")).unwrap();
    assert_eq!((composite.role, composite.definition.name.as_str()), (Role::Composite, "buckets.acme.io"));
    assert_eq!(platform.is_namespaced(&kind("acme.io/v1", "Bucket")), Some(true));
    assert_eq!(platform.is_namespaced(&kind("sql.acme.io/v1", "XSQLInstance")), Some(false));
    assert_eq!(platform.is_namespaced(&kind("v1", "Secret")), None);
    let refusal =
        |api_version: &str, name: &str| platform.served_kind(&kind(api_version, name)).unwrap_err().to_string();
    insta::assert_snapshot!(refusal("sql.acme.io/v1", "SQLInstnce"), @r#"
    error: kind sql.acme.io/v1/SQLInstnce is unknown
      caused by: kind: no XRD of the platform defines SQLInstnce in group "sql.acme.io"
      hint: did you mean sql.acme.io/v1, kind SQLInstance?
    "#);
    insta::assert_snapshot!(refusal("sql.acme.com/v1", "SQLInstance"), @r#"
    error: kind sql.acme.com/v1/SQLInstance is unknown
      caused by: apiVersion: no XRD of the platform defines SQLInstance in group "sql.acme.com"
      hint: did you mean sql.acme.io/v1, kind SQLInstance?
    "#);
    insta::assert_snapshot!(refusal("sql.acme.io/v0", "SQLInstance"), @r#"
    error: kind sql.acme.io/v0/SQLInstance cannot be used
      caused by: apiVersion: version "v0" of XRD xsqlinstances.sql.acme.io (platform.yaml:2:1) is not served
      hint: served versions: v1alpha1, v1
    "#);
    insta::assert_snapshot!(refusal("acme.io/v2", "Bucket"), @r#"
    error: kind acme.io/v2/Bucket cannot be used
      caused by: apiVersion: version "v2" of XRD buckets.acme.io (platform.yaml:25:1) does not exist
      hint: write apiVersion: acme.io/v1
    "#);
    insta::assert_snapshot!(refusal("zoo.io/v2", "Zebra"), @r#"
    error: kind zoo.io/v2/Zebra is unknown
      caused by: kind: no XRD of the platform defines Zebra in group "zoo.io"
    "#);
}

#[test]
fn kinds_are_found_by_the_names_that_kubectl_takes() {
    let short = BUCKET.replace("plural: buckets", "plural: buckets, shortNames: [bk]");
    let platform = sound(&[SQL, &short]);
    let found = |word: &str| -> Vec<String> {
        let kinds = platform.kinds_named(word).into_iter();
        kinds.map(|kind| format!("{:?} {} {}", kind.role, kind.definition.name, kind.version.name)).collect()
    };
    for word in ["SQLInstance", "sqlinstances", "sqlinstance", "SqlInstances.sql.acme.io"] {
        assert_eq!(found(word), ["Claim xsqlinstances.sql.acme.io v1"], "{word}");
    }
    assert_eq!(found("bk"), ["Composite buckets.acme.io v1"]);
    assert!(found("buckets.acme.com").is_empty() && found("").is_empty());
}

#[test]
fn a_schema_that_is_not_structural_is_told_at_its_place() {
    let bad = "
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata:
  name: xs.acme.io
spec:
  group: acme.io
  names: {kind: X, plural: xs}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size:
                typ: integer
              count:
                type: int
";
    insta::assert_snapshot!(findings(&[bad]), @r#"
    warning: XRD xs.acme.io may not do what it says
      caused by: platform.yaml:21:17: spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.typ: unknown field; the API server drops it
      hint: did you mean "type"?
    error: XRD xs.acme.io is not usable
      caused by: platform.yaml:23:23: spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.count.type: Unsupported value: "int": supported values: "array", "boolean", "integer", "number", "object", "string"
    error: XRD xs.acme.io is not usable
      caused by: platform.yaml:23:23: spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.count.type: Required value: must not be empty for specified object fields
    error: XRD xs.acme.io is not usable
      caused by: platform.yaml:21:17: spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.type: Required value: must not be empty for specified object fields
    "#);
}

#[test]
fn schemas_are_those_of_the_made_crds() {
    let platform = sound(&[SQL]);
    let mut claim =
        super::object("{apiVersion: sql.acme.io/v1, kind: SQLInstance, metadata: {name: a}, spec: {size: x}}");
    let schema = platform.schema(&GroupVersionKind::of(&claim)).unwrap();
    schema.apply_defaults(&mut claim);
    assert_eq!(claim["spec"]["compositeDeletePolicy"], "Background");
    let violations: Vec<String> = schema.validate(&claim, None).violations.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(violations.join("; "), @r#"spec.size: Invalid value: "string": spec.size in body must be of type integer: "string""#);
    let definition = &platform.definitions()[0];
    assert!(definition.schema(Role::Composite, "v9").is_none());
    assert!(sound(&[BUCKET]).definitions()[0].schema(Role::Claim, "v1").is_none());
}

#[test]
fn schemas_of_given_crds_are_found_by_kind() {
    let crd = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.acme.io}
spec:
  group: acme.io
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
";
    let platform = sound(&[crd]);
    let kind = GroupVersionKind::new("acme.io/v1", "Thing");
    assert!(platform.schema(&kind).is_some());
    assert_eq!(platform.is_namespaced(&kind), Some(true));
    assert!(platform.schema(&GroupVersionKind::new("acme.io/v2", "Thing")).is_none());
}

#[test]
fn references_to_compositions_that_are_not_there_are_told() {
    let with = SQL.replace(
        "  versions:",
        "  defaultCompositionRef: {name: sql-aw}\n  enforcedCompositionRef: {name: other}\n  versions:",
    );
    insta::assert_snapshot!(findings(&[&with, &super::composition("sql-aws", "{}")]), @r#"
    warning: XRD xsqlinstances.sql.acme.io may not do what it says
      caused by: platform.yaml:10:33: spec.defaultCompositionRef.name: Composition "sql-aw" is not on the platform
      hint: did you mean "sql-aws"?
    warning: XRD xsqlinstances.sql.acme.io may not do what it says
      caused by: platform.yaml:11:34: spec.enforcedCompositionRef.name: Composition "other" is not on the platform
    "#);
}

#[test]
fn thousands_of_mistakes_are_told_in_no_time() {
    let fields: Vec<String> = (0..5_000).map(|index| format!("  field{index}: 1")).collect();
    let (_, diagnostics) = load(&[&format!("{BUCKET}{}\n", fields.join("\n"))]);
    assert_eq!(diagnostics.len(), 5_000);
}

#[test]
fn a_platform_of_thousands_of_objects_loads_and_answers() {
    let mut documents = Vec::new();
    for index in 0..2_000 {
        let definition = BUCKET
            .replace("buckets.acme.io", &format!("buckets.g{index}.io"))
            .replace("group: acme.io", &format!("group: g{index}.io"));
        documents.push(definition);
        let composition = super::composition(&format!("c{index}"), "{}")
            .replace("sql.acme.io/v1, kind: XSQLInstance", &format!("g{index}.io/v1, kind: Bucket"));
        documents.push(composition);
    }
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    let platform = sound(&texts);
    let kind = platform.kind(&GroupVersionKind::new("g1999.io/v1", "Bucket")).unwrap();
    let composite = serde_json::json!({"spec": {}});
    let selection = platform.select_composition(kind.definition, &composite).unwrap();
    assert_eq!(selection.composition.name, "c1999");
}

#[test]
fn of_two_environment_configs_with_one_name_the_later_counts() {
    let config = |value: &str| {
        format!(
            "apiVersion: apiextensions.crossplane.io/v1beta1\nkind: EnvironmentConfig\nmetadata: {{name: e}}\ndata: {{a: {value}}}\n"
        )
    };
    let (platform, found) = load(&[&config("one"), &config("two")]);
    assert!(found.iter().all(|finding| !finding.is_error()), "{found:?}");
    assert!(found[0].to_string().contains("given twice"), "{found:?}");
    let data: Vec<_> = platform.environment_configs().map(|document| document.value["data"]["a"].clone()).collect();
    assert_eq!(data, ["two"]);
}
