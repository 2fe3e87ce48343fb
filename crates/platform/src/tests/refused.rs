//! XRDs that the API server or Crossplane refuses, so that no CRD is made of them.

use super::{BUCKET, SQL, findings};

/// `BUCKET` with more in its version.
fn bucket(more: &str) -> String {
    let version = format!("    referenceable: true\n    {more}");
    findings(&[&BUCKET.replace("    referenceable: true", &version)])
}

/// `BUCKET` with more in its spec.
fn bucket_spec(more: &str) -> String {
    findings(&[&BUCKET.replace("  versions:", &format!("  {more}\n  versions:"))])
}

#[test]
fn a_schema_that_its_type_cannot_hold_is_refused_even_where_crossplane_drops_it() {
    let schema =
        "{type: object, maxProperties: a, required: [1, null], properties: {other: {minLength: 1.5}, x: null}}";
    let text = BUCKET.replace("{openAPIV3Schema: {type: object}}", &format!("{{openAPIV3Schema: {schema}}}"));
    insta::assert_snapshot!(findings(&[&text]), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:61: spec.versions[0].schema.openAPIV3Schema.maxProperties: is a string, must be a whole number
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:117: spec.versions[0].schema.openAPIV3Schema.properties.other.minLength: is a number, must be a whole number
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:75: spec.versions[0].schema.openAPIV3Schema.required[0]: is a number, must be a string
    "#);
}

#[test]
fn columns_and_scale_are_checked() {
    insta::assert_snapshot!(bucket("additionalPrinterColumns: [{name: A, jsonPath: .a, priority: high, kind: x}]"), @r#"
    warning: XRD buckets.acme.io may not do what it says
      caused by: platform.yaml:13:72: spec.versions[0].additionalPrinterColumns[0].kind: unknown field; the API server drops it
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:66: spec.versions[0].additionalPrinterColumns[0].priority: is a string, must be a whole number
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:32: spec.versions[0].additionalPrinterColumns[0].type: is required and is missing
    "#);
    insta::assert_snapshot!(bucket("subresources: {status: {}, scale: {specReplicasPath: 1}}"), @r#"
    warning: XRD buckets.acme.io may not do what it says
      caused by: platform.yaml:13:20: spec.versions[0].subresources.status: unknown field; the API server drops it
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:58: spec.versions[0].subresources.scale.specReplicasPath: is a number, must be a string
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:39: spec.versions[0].subresources.scale.statusReplicasPath: is required and is missing
    "#);
}

#[test]
fn a_deprecation_warning_needs_a_deprecated_version() {
    insta::assert_snapshot!(bucket("deprecationWarning: old"), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:25: spec.versions[0].deprecationWarning: can only be set for a deprecated version
      hint: set deprecated: true on this version, or remove the warning
    "#);
    insta::assert_snapshot!(bucket("deprecationWarning: ''\n    deprecated: true"), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:25: spec.versions[0].deprecationWarning: must not be empty
      hint: remove it: the API server has words of its own
    "#);
    let long = format!("deprecationWarning: {}\n    deprecated: true", "x".repeat(257));
    insta::assert_snapshot!(bucket(&long), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:13:25: spec.versions[0].deprecationWarning: is longer than 256 characters
    "#);
    assert_eq!(bucket(&long.replace("xx", "x").replace("xx", "x")), "");
}

#[test]
fn served_and_referenceable_must_be_said() {
    insta::assert_snapshot!(findings(&[&SQL.replace("    served: false\n    referenceable: false\n", "")]), @r#"
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:19:5: spec.versions[2].served: is required and is missing
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:19:5: spec.versions[2].referenceable: is required and is missing
    "#);
}

#[test]
fn a_conversion_needs_a_whole_webhook() {
    assert_eq!(bucket_spec("conversion: {strategy: None}"), "");
    // The form v1 refuses what the form v2 takes.
    let first = SQL.replace("  versions:", "  conversion: {strategy: None}\n  versions:");
    insta::assert_snapshot!(findings(&[&first]), @r#"
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:10:15: spec.conversion: must be strategy Webhook with a webhook
      hint: remove conversion: without it objects are the same in every version
    "#);
    assert_eq!(bucket_spec("conversion: {strategy: Webhook}").lines().count(), 3);
    insta::assert_snapshot!(bucket_spec("conversion: {}"), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:9:15: spec.conversion.strategy: is required and is missing
    "#);
    insta::assert_snapshot!(bucket_spec("conversion: {strategy: Webhook, webhook: {clientConfig: {service: {name: s}, caBundle: a}}}"), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:9:44: spec.conversion.webhook.conversionReviewVersions: is required and is missing
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:9:69: spec.conversion.webhook.clientConfig.service.namespace: is required and is missing
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:9:90: spec.conversion.webhook.clientConfig.caBundle: is not text in base64
    "#);
    let sound = "{service: {name: s, namespace: ns, port: 8443}, caBundle: Cg==}";
    let webhook = format!("{{conversionReviewVersions: [v1], clientConfig: {sound}}}");
    assert_eq!(bucket_spec(&format!("conversion: {{strategy: Webhook, webhook: {webhook}}}")), "");
}

#[test]
fn what_is_wrong_in_the_claim_only_is_told() {
    let with = |name: &str| SQL.replace("size: {type: integer}", &format!("{name}: {{type: array}}"));
    insta::assert_snapshot!(findings(&[&with("claimRef")]), @r#"
    error: XRD xsqlinstances.sql.acme.io is not usable
      caused by: platform.yaml:18:103: spec.versions[1].schema.openAPIV3Schema.properties.spec.properties.claimRef.items: Required value: must be specified
    "#);
    // Crossplane has its own in both.
    assert_eq!(findings(&[&with("compositionRef")]), "");
    let composite_only = with("resourceRefs").replace("  claimNames: {kind: SQLInstance, plural: sqlinstances}\n", "");
    assert_eq!(findings(&[&composite_only]), "");
}

#[test]
fn categories_are_strings() {
    let text = BUCKET.replace("plural: buckets}", "plural: buckets, categories: [all, 1]}");
    insta::assert_snapshot!(findings(&[&text]), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:8:60: spec.names.categories[1]: is a number, must be a string
    "#);
}

#[test]
fn labels_and_annotations_are_strings() {
    let text = BUCKET.replace("  name: buckets.acme.io", "  name: buckets.acme.io\n  labels: {a: 1, b: null, c: d}");
    insta::assert_snapshot!(findings(&[&text]), @r#"
    error: XRD buckets.acme.io is not usable
      caused by: platform.yaml:6:15: metadata.labels.a: is a number, must be a string
      hint: put it in quotes
    "#);
    assert_ne!(bucket_spec("metadata: {annotations: {a: true}}"), "");
}

#[test]
fn empty_list_kinds_do_not_clash() {
    let text = SQL.replace("plural: xsqlinstances}", "plural: xsqlinstances, listKind: ''}");
    assert_eq!(findings(&[&text.replace("plural: sqlinstances}", "plural: sqlinstances, listKind: ''}")]), "");
}
