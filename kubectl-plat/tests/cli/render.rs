//! `claim render`: documents as `crossplane composition render -x -r -c` prints them.

use insta::assert_snapshot;

use crate::sandbox::{COMPOSITION, Outcome, Sandbox, run_in_repository};

fn render(arguments: &[&str]) -> Outcome {
    run_in_repository(&[&["claim", "render", "--platform", "examples/platform"], arguments].concat())
}

fn kinds(arguments: &[&str]) -> Vec<String> {
    let text = render(arguments).answer();
    text.lines().filter_map(|line| line.strip_prefix("kind: ").map(str::to_owned)).collect()
}

const SHOP: [&str; 2] = ["-f", "examples/claims/shop.yaml"];

#[test]
fn yaml_with_results_and_context() {
    assert_snapshot!(render(&[&SHOP[..], &["-r", "-c"]].concat()).answer(), @r#"
    ---
    apiVersion: acme.example/v1
    kind: App
    metadata:
      name: shop
      namespace: team-a
    spec:
      crossplane:
        resourceRefs:
        - apiVersion: apps/v1
          kind: Deployment
          name: shop
        - apiVersion: storage.acme.example/v1
          kind: Bucket
          name: shop-99b665821a3d
        - apiVersion: v1
          kind: Service
          name: shop
      image: registry.acme.example/shop:1.4.2
      port: 8080
      region: eu
      replicas: 3
    status:
      conditions:
      - lastTransitionTime: "2024-01-01T00:00:00Z"
        reason: WatchCircuitClosed
        status: "True"
        type: Responsive
      - lastTransitionTime: "2024-01-01T00:00:00Z"
        reason: ReconcileSuccess
        status: "True"
        type: Synced
      - lastTransitionTime: "2024-01-01T00:00:00Z"
        message: 'Unready resources: deployment, files, and service'
        reason: Creating
        status: "False"
        type: Ready
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      annotations:
        crossplane.io/composition-resource-name: deployment
      labels:
        crossplane.io/composite: shop
      name: shop
      namespace: team-a
      ownerReferences:
      - apiVersion: acme.example/v1
        blockOwnerDeletion: true
        controller: true
        kind: App
        name: shop
        uid: 574ef8e0-7ee0-56e5-a47a-0de9bf1e1541
    spec:
      replicas: 3
      selector:
        matchLabels:
          app: shop
      template:
        metadata:
          labels:
            app: shop
        spec:
          containers:
          - env:
            - name: BUCKET
            image: registry.acme.example/shop:1.4.2
            name: app
            ports:
            - containerPort: 8080
    ---
    apiVersion: storage.acme.example/v1
    kind: Bucket
    metadata:
      annotations:
        crossplane.io/composition-resource-name: files
      generateName: shop-
      labels:
        crossplane.io/composite: shop
      name: shop-99b665821a3d
      namespace: team-a
      ownerReferences:
      - apiVersion: acme.example/v1
        blockOwnerDeletion: true
        controller: true
        kind: App
        name: shop
        uid: 574ef8e0-7ee0-56e5-a47a-0de9bf1e1541
    spec:
      region: eu
      versioning: true
    ---
    apiVersion: v1
    kind: Service
    metadata:
      annotations:
        crossplane.io/composition-resource-name: service
      labels:
        crossplane.io/composite: shop
      name: shop
      namespace: team-a
      ownerReferences:
      - apiVersion: acme.example/v1
        blockOwnerDeletion: true
        controller: true
        kind: App
        name: shop
        uid: 574ef8e0-7ee0-56e5-a47a-0de9bf1e1541
    spec:
      ports:
      - name: http
        port: 80
        targetPort: 8080
      selector:
        app: shop
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: 'Successfully selected composition: app'
    reason: SelectComposition
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: Composed resource "deployment" is not yet ready
    reason: ComposeResources
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: Composed resource "files" is not yet ready
    reason: ComposeResources
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: Composed resource "service" is not yet ready
    reason: ComposeResources
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    fields:
      apiextensions.crossplane.io/environment:
        apiVersion: internal.crossplane.io/v1alpha1
        kind: Environment
    kind: Context
    ---
    apiVersion: storage.acme.example/v1
    kind: Bucket
    metadata:
      name: invoices
      namespace: team-a
    spec:
      crossplane:
        resourceRefs:
        - apiVersion: s3.aws.m.upbound.io/v1beta1
          kind: BucketPublicAccessBlock
          name: invoices-e69953662525
        - apiVersion: s3.aws.m.upbound.io/v1beta1
          kind: BucketVersioning
          name: invoices-c153a1b8db2b
        - apiVersion: s3.aws.m.upbound.io/v1beta1
          kind: Bucket
          name: invoices-d348a06f9146
      region: us
      versioning: true
    status:
      conditions:
      - lastTransitionTime: "2024-01-01T00:00:00Z"
        reason: WatchCircuitClosed
        status: "True"
        type: Responsive
      - lastTransitionTime: "2024-01-01T00:00:00Z"
        reason: ReconcileSuccess
        status: "True"
        type: Synced
      - lastTransitionTime: "2024-01-01T00:00:00Z"
        message: 'Unready resources: bucket, privacy, and versioning'
        reason: Creating
        status: "False"
        type: Ready
    ---
    apiVersion: s3.aws.m.upbound.io/v1beta1
    kind: Bucket
    metadata:
      annotations:
        crossplane.io/composition-resource-name: bucket
      generateName: invoices-
      labels:
        crossplane.io/composite: invoices
      name: invoices-d348a06f9146
      namespace: team-a
      ownerReferences:
      - apiVersion: storage.acme.example/v1
        blockOwnerDeletion: true
        controller: true
        kind: Bucket
        name: invoices
        uid: 4abb2d1a-e201-5c46-a73b-7608d8ca9e2f
    spec:
      forProvider:
        region: us-east-1
    ---
    apiVersion: s3.aws.m.upbound.io/v1beta1
    kind: BucketPublicAccessBlock
    metadata:
      annotations:
        crossplane.io/composition-resource-name: privacy
      generateName: invoices-
      labels:
        crossplane.io/composite: invoices
      name: invoices-e69953662525
      namespace: team-a
      ownerReferences:
      - apiVersion: storage.acme.example/v1
        blockOwnerDeletion: true
        controller: true
        kind: Bucket
        name: invoices
        uid: 4abb2d1a-e201-5c46-a73b-7608d8ca9e2f
    spec:
      forProvider:
        blockPublicAcls: true
        blockPublicPolicy: true
        bucketSelector:
          matchControllerRef: true
        region: us-east-1
    ---
    apiVersion: s3.aws.m.upbound.io/v1beta1
    kind: BucketVersioning
    metadata:
      annotations:
        crossplane.io/composition-resource-name: versioning
      generateName: invoices-
      labels:
        crossplane.io/composite: invoices
      name: invoices-c153a1b8db2b
      namespace: team-a
      ownerReferences:
      - apiVersion: storage.acme.example/v1
        blockOwnerDeletion: true
        controller: true
        kind: Bucket
        name: invoices
        uid: 4abb2d1a-e201-5c46-a73b-7608d8ca9e2f
    spec:
      forProvider:
        bucketSelector:
          matchControllerRef: true
        region: us-east-1
        versioningConfiguration:
          status: Enabled
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: 'Successfully selected composition: bucket'
    reason: SelectComposition
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: Composed resource "bucket" is not yet ready
    reason: ComposeResources
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: Composed resource "privacy" is not yet ready
    reason: ComposeResources
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    kind: Result
    message: Composed resource "versioning" is not yet ready
    reason: ComposeResources
    severity: Normal
    ---
    apiVersion: render.crossplane.io/v1beta1
    fields:
      apiextensions.crossplane.io/environment:
        apiVersion: internal.crossplane.io/v1alpha1
        kind: Environment
    kind: Context
    "#);
}

#[test]
fn results_context_and_nested_xrs_are_asked_for() {
    let plain =
        ["App", "Deployment", "Bucket", "Service", "Bucket", "Bucket", "BucketPublicAccessBlock", "BucketVersioning"];
    assert_eq!(kinds(&SHOP), plain);
    let results = kinds(&[&SHOP[..], &["--include-function-results"]].concat());
    assert_eq!(results.iter().filter(|kind| *kind == "Result").count(), 8);
    let context = kinds(&[&SHOP[..], &["--include-context"]].concat());
    assert_eq!(context.iter().filter(|kind| *kind == "Context").count(), 2);
    let nested = kinds(&[&SHOP[..], &["--include-nested"]].concat());
    let inner = ["App", "Deployment", "Service", "Bucket", "Bucket", "BucketPublicAccessBlock", "BucketVersioning"];
    assert_eq!(nested[..7], inner);
}

#[test]
fn json_is_a_list_of_the_same_objects() {
    let json = render(&[&SHOP[..], &["-o", "json"]].concat()).answer();
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    let yaml = render(&SHOP).answer();
    let (documents, _) = plat_resource::yaml::parse("render.yaml", yaml.as_bytes());
    let objects: Vec<_> = documents.into_iter().map(|document| document.value).collect();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"].as_array(), Some(&objects));
}

#[test]
fn errors_say_that_nothing_was_rendered() {
    let talk = render(&["-f", "examples/claims/none.yaml"]).refusal();
    assert!(talk.ends_with("\n1 error; nothing was rendered\n"), "{talk}");
}

/// Three cases in one folder: an XR, a Composition with what is under test, and what is live.
fn disk(composition: &str, live: &str) -> Sandbox {
    Sandbox::with_platform()
        .file("platform/composition.yaml", composition)
        .file(
            "xr.yaml",
            "apiVersion: test.example/v1\nkind: XDisk\nmetadata: {name: data, namespace: team-a}\nspec: {size: 5}\n",
        )
        .file("live.yaml", live)
}

const RENDER_XR: [&str; 6] = ["claim", "render", "-f", "xr.yaml", "--platform", "platform"];

#[test]
fn a_namespace_on_a_cluster_scoped_xr_is_said_and_dropped_by_a_plan_only() {
    let sandbox = disk(COMPOSITION, "");
    let outcome = sandbox.plan(&["-f", "xr.yaml"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert!(!outcome.stdout.contains("team-a"), "{outcome}");
    assert_snapshot!(outcome.stderr, @"
    warning: XDisk data stands in no namespace
      caused by: xr.yaml:3:35: metadata.namespace: the kind is cluster-scoped: the API server drops the namespace
      hint: remove metadata.namespace
    ");
    let rendered = sandbox.run(&RENDER_XR);
    assert!(rendered.stdout.contains("  namespace: team-a\n"), "crossplane render keeps it: {rendered}");
}

const NAMESPACED: &str = "
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: places.test.example}
spec:
  group: test.example
  scope: Namespaced
  names: {kind: Place, plural: places}
  versions:
  - {name: v1, served: true, referenceable: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: place}
spec:
  compositeTypeRef: {apiVersion: test.example/v1, kind: Place}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: function-patch-and-transform}
    input:
      resources:
      - {name: map, base: {apiVersion: v1, kind: ConfigMap}}
";

#[test]
fn a_namespaced_xr_without_a_namespace_is_rendered_without_one_and_planned_in_the_default_one() {
    let sandbox = Sandbox::with_platform()
        .file("platform/place.yaml", NAMESPACED)
        .file("xr.yaml", "apiVersion: test.example/v1\nkind: Place\nmetadata: {name: here}\nspec: {}\n");
    let rendered = sandbox.run(&RENDER_XR).answer();
    assert!(rendered.contains("\nkind: ConfigMap\n"), "{rendered}");
    assert!(!rendered.contains("namespace:"), "{rendered}");
    let planned = sandbox.plan(&["-f", "xr.yaml"]).answer();
    assert!(planned.starts_with("XR     default/here "), "{planned}");
    let elsewhere = sandbox.run(&[&RENDER_XR[..], &["-n", "team-b"]].concat()).answer();
    assert!(elsewhere.contains("  namespace: team-b\n"), "{elsewhere}");
}

#[test]
fn results_name_their_step_as_crossplane_does() {
    let required = COMPOSITION.replace(
        "- {fromFieldPath: spec.size, toFieldPath: spec.size}",
        "- {fromFieldPath: spec.none, toFieldPath: spec.size, policy: {fromFieldPath: Required}}",
    );
    let outcome = disk(&required, "").run(&[&RENDER_XR[..], &["-x", "-r"]].concat());
    assert!(outcome.stdout.contains("Pipeline step \"compose\": not adding new composed resource"), "{outcome}");
}

#[test]
fn live_resources_that_name_no_xr_are_those_of_the_only_xr() {
    let live = "
apiVersion: cloud.example/v1
kind: Volume
metadata: {name: live-one, namespace: team-a, annotations: {crossplane.io/composition-resource-name: volume}}
";
    let outcome = disk(COMPOSITION, live).run(&[&RENDER_XR[..], &["--observed", "live.yaml"]].concat());
    assert!(outcome.stdout.contains("\n  name: live-one\n"), "{outcome}");
}

#[test]
fn a_live_xr_that_was_not_given_is_told_by_what_it_controls() {
    let live = "
apiVersion: cloud.example/v1
kind: Volume
metadata:
  name: data-one
  annotations: {crossplane.io/composition-resource-name: volume}
  labels: {crossplane.io/claim-name: data, crossplane.io/claim-namespace: team-a}
  ownerReferences: [{apiVersion: test.example/v1, kind: XDisk, name: data-abcde, uid: u-1, controller: true}]
spec: {size: 9}
";
    let outcome = disk(COMPOSITION, live).plan(&["-f", "claim.yaml", "--observed", "live.yaml"]);
    assert!(outcome.stdout.contains("+ XDisk/data-abcde"), "{outcome}");
    assert!(outcome.stdout.contains("~ cloud.example/Volume  data-one"), "{outcome}");
    assert!(outcome.stdout.contains("9 → 10"), "{outcome}");
    assert_snapshot!(outcome.stderr, @"
    warning: XDisk data-abcde is shown as new, but may be live
      caused by: claim.yaml:2:1: resources that it controls are among what is live, the XR is not
      hint: give the live XR with --observed too
    ");
}

#[test]
fn pipelines_find_what_the_context_flags_give() {
    let composition = COMPOSITION.replace(
        "- {fromFieldPath: spec.size, toFieldPath: spec.size}",
        "- {type: FromEnvironmentFieldPath, fromFieldPath: size, toFieldPath: spec.size}",
    );
    let sandbox = disk(&composition, "").file("environment.yaml", "size: 7\n");
    let key = "apiextensions.crossplane.io/environment";
    let rendered = |flags: &[&str]| sandbox.run(&[&RENDER_XR[..], flags].concat());
    let file = format!("{key}=environment.yaml");
    let outcome = rendered(&["--context-files", &file]);
    assert!(outcome.stdout.contains("  size: 7\n"), "{outcome}");
    let value = format!("{key}={{\"size\": 8}}");
    let outcome = rendered(&["--context-files", &file, "--context-values", &value]);
    assert!(outcome.stdout.contains("  size: 8\n"), "{outcome}");
    let outcome = rendered(&["--context-files", "a=missing.yaml", "--context-values", "b=[1"]);
    assert!(outcome.stderr.contains("--context-files missing.yaml cannot be read"), "{outcome}");
    assert!(outcome.stderr.contains("--context-values b"), "{outcome}");
    assert_eq!(outcome.code, 1);
}
