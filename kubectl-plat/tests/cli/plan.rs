//! `claim plan` on the example platform: every format, exit codes, live state.

use insta::assert_snapshot;

use crate::sandbox::{CLAIM, COMPOSITION, Outcome, Sandbox, repository, run_in_repository};

fn plan(arguments: &[&str]) -> Outcome {
    run_in_repository(&[&["claim", "plan", "--platform", "examples/platform"], arguments].concat())
}

const ORDERS: [&str; 4] = ["-f", "examples/claims/orders-db.yaml", "--observed", "examples/observed"];

#[test]
fn everything_new() {
    assert_snapshot!(plan(&["-f", "examples/claims/shop.yaml"]).answer(), @r#"
    XR     team-a/shop   (App, acme.example/v1)
    Uses   composition app: the only one for App

      + App/shop
          spec.image      registry.acme.example/shop:1.4.2
          spec.port       8080
          spec.region     eu
          spec.replicas   3
        + apps/Deployment  shop   (deployment)
            spec.replicas                          3
              ← spec.replicas via patch 3 of "deployment", step "compose"
            spec.selector.matchLabels.app          shop
              ← metadata.name via patch 1 of "deployment", step "compose"
            spec.template.metadata.labels.app      shop
              ← metadata.name via patch 2 of "deployment", step "compose"
            spec.template.spec.containers[0].env[0].name   BUCKET
            spec.template.spec.containers[0].image
              registry.acme.example/shop:1.4.2
              ← spec.image via patch 4 of "deployment", step "compose"
            spec.template.spec.containers[0].name   app
            spec.template.spec.containers[0].ports[0].containerPort   8080
              ← spec.port via patch 5 of "deployment", step "compose"
        + Bucket/shop-99b665821a3d
            (files, composition bucket, known after apply: name)
            status.bucketName: known after apply: taken from
            metadata.annotations[crossplane.io/external-name] of "bucket", which
            does not exist yet
            spec.region       eu
              ← spec.region via patch 0 of "files", step "compose"
            spec.versioning   true
          + s3.aws.m.upbound.io/Bucket  shop-d5ce71db38fa
              (bucket, known after apply: name)
              spec.forProvider.region   eu-west-1
                ← spec.region
                  via patch 0 (patch set "region") of "bucket", step "compose"
          + s3.aws.m.upbound.io/BucketPublicAccessBlock  shop-cee3eb6e8a05
              (privacy, known after apply: name)
              spec.forProvider.blockPublicAcls      true
              spec.forProvider.blockPublicPolicy    true
              spec.forProvider.bucketSelector.matchControllerRef   true
              spec.forProvider.region               eu-west-1
                ← spec.region
                  via patch 0 (patch set "region") of "privacy", step "compose"
          + s3.aws.m.upbound.io/BucketVersioning  shop-7444dcd6f860
              (versioning, known after apply: name)
              spec.forProvider.bucketSelector.matchControllerRef   true
              spec.forProvider.region               eu-west-1
                ← spec.region
                  via patch 0 (patch set "region") of "versioning", step "compose"
              spec.forProvider.versioningConfiguration.status   Enabled
                ← spec.versioning via patch 1 of "versioning", step "compose"
        + v1/Service  shop   (service)
            spec.ports[0].name         http
            spec.ports[0].port         80
            spec.ports[0].targetPort   8080
              ← spec.port via patch 2 of "service", step "compose"
            spec.selector.app          shop
              ← metadata.name via patch 1 of "service", step "compose"

    Results
      normal   Successfully selected composition: app
      normal   Composed resource "deployment" is not yet ready
      normal   Composed resource "files" is not yet ready
      normal   Composed resource "service" is not yet ready
      normal   files: Successfully selected composition: bucket
      normal   files: Composed resource "bucket" is not yet ready
      normal   files: Composed resource "privacy" is not yet ready
      normal   files: Composed resource "versioning" is not yet ready

    Not known offline
      metadata.name of new resources: the name is made from the UID of the XR, which
      does not exist yet
      status.bucketName: taken from status.bucketName of "files", which does not
      exist yet

    XR     team-a/invoices   (Bucket, storage.acme.example/v1)
    Uses   composition bucket: the only one for Bucket

      + Bucket/invoices
          spec.region       us
          spec.versioning   true
        + s3.aws.m.upbound.io/Bucket  invoices-d348a06f9146
            (bucket, known after apply: name)
            spec.forProvider.region   us-east-1
              ← spec.region
                via patch 0 (patch set "region") of "bucket", step "compose"
        + s3.aws.m.upbound.io/BucketPublicAccessBlock  invoices-e69953662525
            (privacy, known after apply: name)
            spec.forProvider.blockPublicAcls       true
            spec.forProvider.blockPublicPolicy     true
            spec.forProvider.bucketSelector.matchControllerRef   true
            spec.forProvider.region                us-east-1
              ← spec.region
                via patch 0 (patch set "region") of "privacy", step "compose"
        + s3.aws.m.upbound.io/BucketVersioning  invoices-c153a1b8db2b
            (versioning, known after apply: name)
            spec.forProvider.bucketSelector.matchControllerRef   true
            spec.forProvider.region                us-east-1
              ← spec.region
                via patch 0 (patch set "region") of "versioning", step "compose"
            spec.forProvider.versioningConfiguration.status   Enabled
              ← spec.versioning via patch 1 of "versioning", step "compose"

    Results
      normal   Successfully selected composition: bucket
      normal   Composed resource "bucket" is not yet ready
      normal   Composed resource "privacy" is not yet ready
      normal   Composed resource "versioning" is not yet ready

    Not known offline
      metadata.name of new resources: the name is made from the UID of the XR, which
      does not exist yet
      status.bucketName: taken from
      metadata.annotations[crossplane.io/external-name] of "bucket", which does not
      exist yet

    Plan: 11 to add, 0 to change, 0 to replace, 0 to destroy.
    "#);
}

#[test]
fn against_what_is_live() {
    assert_snapshot!(plan(&ORDERS).answer(), @r#"
    Claim  team-a/orders-db   (SQLInstance, sql.acme.example/v1)
    Uses   composition sql-aws: named by spec.compositionRef

      ~ claim orders-db
          spec.parameters.storageGB   20 → 50
      ~ XSQLInstance/orders-db-x7k2p
          spec.parameters.storageGB   20 → 50
        + ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-ed2d0455d3aa
            (firewall)
            spec.forProvider.description        "clients of team-a/orders-db"
              ← spec.claimRef.namespace, spec.claimRef.name
                via patch 4 of "firewall", step "compose"
            spec.forProvider.region             eu-west-1
              ← spec.parameters.region
                via patch 0 (patch set "region") of "firewall", step "compose"
            spec.forProvider.tags.cost-center   platform-4711
              ← environment costCenter
                via patch 2 (patch set "ownership") of "firewall", step "compose"
            spec.forProvider.tags.port          "5432"
              ← spec.parameters.port via patch 5 of "firewall", step "compose"
            spec.forProvider.tags.team          team-a
              ← spec.claimRef.namespace
                via patch 1 (patch set "ownership") of "firewall", step "compose"
            spec.forProvider.vpcId              vpc-0a1b2c3d
              ← environment network.vpcId via patch 3 of "firewall", step "compose"
        ~ rds.aws.upbound.io/Instance  orders-db-x7k2p-f0beca50c924   (instance)
            spec.forProvider.allocatedStorage      20 → 50
              ← spec.parameters.storageGB via patch 6 of "instance", step "compose"
            spec.forProvider.maxAllocatedStorage   40 → 100
              ← spec.parameters.storageGB via patch 7 of "instance", step "compose"
        = rds.aws.upbound.io/SubnetGroup  orders-db-x7k2p-8005e7381934   (subnets)
        - rds.aws.upbound.io/ParameterGroup  orders-db-x7k2p-a70e9d6a62d4
            (parameters)

    Results
      normal   Composed resource "firewall" is not yet ready

    Not known offline
      4 live objects do not say who set the fields (metadata.managedFields): fields
      that are no longer set are not shown as removed

    Plan: 1 to add, 3 to change, 0 to replace, 1 to destroy.
    "#);
}

#[test]
fn all_examples_plan_without_a_word_on_stderr() {
    let text = plan(&["-f", "examples/claims"]).answer();
    assert!(text.ends_with("\nPlan: 20 to add, 0 to change, 0 to replace, 0 to destroy.\n"), "{text}");
}

#[test]
fn markdown() {
    assert_snapshot!(plan(&[&ORDERS[..], &["-o", "markdown"]].concat()).answer(), @r#"
    ### Plan: 1 to add, 3 to change, 0 to replace, 1 to destroy

    | add | change | replace | destroy | unchanged | blocked | unknown |
    |---:|---:|---:|---:|---:|---:|---:|
    | 1 | 3 | 0 | 1 | 1 | 0 | 0 |

    #### `team-a/orders-db` (`sql.acme.example/v1/SQLInstance`)

    Composition `sql-aws`: named by spec.compositionRef

    ```diff
    ~   claim orders-db
    ~   XSQLInstance/orders-db-x7k2p
    +     ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-ed2d0455d3aa   (firewall)
    ~     rds.aws.upbound.io/Instance  orders-db-x7k2p-f0beca50c924   (instance)
    =     rds.aws.upbound.io/SubnetGroup  orders-db-x7k2p-8005e7381934   (subnets)
    -     rds.aws.upbound.io/ParameterGroup  orders-db-x7k2p-a70e9d6a62d4   (parameters)
    ```

    ```text
    normal   Composed resource "firewall" is not yet ready
    unknown  4 live objects do not say who set the fields (metadata.managedFields): fields that are no longer set are not shown as removed
    ```

    <details open><summary><code>~ claim orders-db</code> 1 field</summary>

    ```text
    spec.parameters.storageGB   20 → 50
    ```

    </details>

    <details open><summary><code>~ XSQLInstance/orders-db-x7k2p</code> 1 field</summary>

    ```text
    spec.parameters.storageGB   20 → 50
    ```

    </details>

    <details><summary><code>+ ec2.aws.upbound.io/SecurityGroup  orders-db-x7k2p-ed2d0455d3aa</code> 6 fields</summary>

    ```text
    spec.forProvider.description        "clients of team-a/orders-db"   ← spec.claimRef.namespace, spec.claimRef.name via patch 4 of "firewall", step "compose"
    spec.forProvider.region             eu-west-1   ← spec.parameters.region via patch 0 (patch set "region") of "firewall", step "compose"
    spec.forProvider.tags.cost-center   platform-4711   ← environment costCenter via patch 2 (patch set "ownership") of "firewall", step "compose"
    spec.forProvider.tags.port          "5432"   ← spec.parameters.port via patch 5 of "firewall", step "compose"
    spec.forProvider.tags.team          team-a   ← spec.claimRef.namespace via patch 1 (patch set "ownership") of "firewall", step "compose"
    spec.forProvider.vpcId              vpc-0a1b2c3d   ← environment network.vpcId via patch 3 of "firewall", step "compose"
    ```

    </details>

    <details open><summary><code>~ rds.aws.upbound.io/Instance  orders-db-x7k2p-f0beca50c924</code> 2 fields</summary>

    ```text
    spec.forProvider.allocatedStorage      20 → 50   ← spec.parameters.storageGB via patch 6 of "instance", step "compose"
    spec.forProvider.maxAllocatedStorage   40 → 100   ← spec.parameters.storageGB via patch 7 of "instance", step "compose"
    ```

    </details>
    "#);
}

#[test]
fn json_and_yaml_say_the_same() {
    let json = plan(&[&ORDERS[..], &["-o", "json"]].concat()).answer();
    let yaml = plan(&[&ORDERS[..], &["--output", "yaml"]].concat()).answer();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let (documents, findings) = plat_resource::yaml::parse("plan.yaml", yaml.as_bytes());
    assert_eq!(findings, []);
    assert_eq!(documents.first().map(|document| &document.value), Some(&json));
    assert_eq!((json["apiVersion"].as_str(), json["kind"].as_str()), (Some("kubectl-plat.dev/v1alpha1"), Some("Plan")));
    assert_snapshot!(json["summary"].to_string(), @r#"{"add":1,"blocked":0,"change":3,"denied":0,"destroy":1,"noted":0,"replace":0,"unchanged":1,"unknown":0,"warned":0}"#);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let json = || plan(&["-f", "examples/claims", "-o", "json"]).answer();
    assert_eq!(json(), json());
}

#[test]
fn exit_code_2_is_for_changes_when_asked_for() {
    let codes = |arguments: &[&str]| {
        let plain = plan(arguments);
        let detailed = plan(&[arguments, &["--detailed-exitcode"]].concat());
        assert_eq!(plain.stdout, detailed.stdout);
        (plain.code, detailed.code)
    };
    assert_eq!(codes(&ORDERS), (0, 2));
    assert_eq!(codes(&["-f", "examples/broken/claims.yaml"]), (1, 1));
}

#[test]
fn exit_code_0_is_for_no_changes() {
    let sandbox = Sandbox::with_platform();
    let render = ["claim", "render", "--platform", "platform", "-f", "xr.yaml"];
    let sandbox =
        sandbox.file("xr.yaml", CLAIM.replace("kind: Disk", "kind: XDisk").replace(", namespace: team-a", ""));
    let live = sandbox.run(&render).answer();
    let sandbox = sandbox.file("live/all.yaml", live);
    let outcome = sandbox.plan(&["-f", "xr.yaml", "--observed", "live", "--detailed-exitcode"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert!(outcome.stdout.ends_with("Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy.\n"), "{outcome}");
}

#[test]
fn broken_examples_are_refused_with_place_and_hint() {
    let outcome = plan(&["-f", "examples/broken/claims.yaml", "--platform", "examples/broken/platform"]);
    assert_snapshot!(outcome.refusal(), @r#"
    error: kind sql.acme.example/v1/SQLInstanse is unknown
      caused by: examples/broken/claims.yaml:51:7: kind: no XRD of the platform defines SQLInstanse in group "sql.acme.example"
      hint: did you mean sql.acme.example/v1, kind SQLInstance?

    error: kind sql.acme.example/v2/SQLInstance cannot be used
      caused by: examples/broken/claims.yaml:57:7: apiVersion: version "v2" of XRD xsqlinstances.sql.acme.example (examples/platform/sql/definition.yaml:1:1) does not exist
      hint: write apiVersion: sql.acme.example/v1

    error: composition sql-broken is not usable
      caused by: examples/broken/platform/composition.yaml:36:19: spec.pipeline[0].input.resources[0].patches[1].transforms[0].type: pipeline step "compose", resource "instance", invalid Function input: resources[0].patches[1].transforms[0].type: Invalid value: "strng": unknown transform type
      hint: did you mean "string"?

    error: SQLInstance team-a/wrong-type is not valid
      caused by: examples/broken/claims.yaml:13:16: spec.parameters.storageGB: "50GB" is a string, the schema wants an integer
      hint: write storageGB: 50

    error: SQLInstance team-a/unknown-field is not valid
      caused by: examples/broken/claims.yaml:26:5: spec.parameters.storageGb: unknown field
      hint: did you mean "storageGB"?

    error: SQLInstance team-a/rule-violated is not valid
      caused by: examples/broken/claims.yaml:38:5: spec.parameters: Invalid value: size large needs storageGB of 100 or more

    error: no Composition can be chosen for XSQLInstance ambiguous-tjvqc
      caused by: examples/broken/claims.yaml:41:1: 3 Compositions are for XSQLInstance and nothing says which; Crossplane would take one at random
      caused by: candidate sql-aws with labels {provider: aws}
      caused by: candidate sql-broken with labels {provider: broken}
      caused by: candidate sql-gcp with labels {provider: gcp}
      hint: write spec.compositionRef.name: sql-aws (or another of them), a spec.compositionSelector.matchLabels that only one has, or give the XRD a defaultCompositionRef
    7 errors; nothing was planned
    "#);
}

#[test]
fn compatibility_changes_names() {
    let names = |version: &str| {
        let json = plan(&["-f", "examples/claims/shop.yaml", "-o", "json", "--compatibility", version]).answer();
        let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(plan["compatibility"], version);
        plan["claims"][1]["tree"]["children"][0]["object"]["name"].to_string()
    };
    assert_ne!(names("v2"), names("v2.0"));
}

#[test]
fn a_paused_claim_is_said() {
    let claim = CLAIM.replace("namespace: team-a", "namespace: team-a, annotations: {crossplane.io/paused: 'true'}");
    let outcome = Sandbox::with_platform().file("claim.yaml", claim).plan(&["-f", "claim.yaml"]);
    assert!(outcome.answer().contains("paused"));
}

#[test]
fn a_function_annotated_as_running_is_called_there() {
    let function = "
apiVersion: pkg.crossplane.io/v1
kind: Function
metadata:
  name: function-go-templating
  annotations: {render.crossplane.io/runtime-development-target: 'localhost:2'}
spec: {package: example.org/function-go-templating:v1}
";
    let sandbox = Sandbox::with_platform()
        .file("platform/function.yaml", function)
        .file("platform/composition.yaml", COMPOSITION.replace("-patch-and-transform", "-go-templating"));
    let talk = sandbox.plan(&["-f", "claim.yaml"]).refusal();
    assert!(talk.contains("localhost:2"), "{talk}");
    let flag = sandbox.plan(&["-f", "claim.yaml", "--function", "function-go-templating=localhost:3"]).refusal();
    assert!(flag.contains("localhost:3") && !flag.contains("localhost:2"), "{flag}");
    let sandbox = sandbox.file("platform/function.yaml", function.replace("localhost:2", "nowhere"));
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml", "--skip-unavailable-functions"]).refusal(), @r#"
    error: Function function-go-templating cannot be called
      caused by: platform/function.yaml:6:66: metadata.annotations[render.crossplane.io/runtime-development-target]: "nowhere" has no port between 1 and 65535; give HOST:PORT
    1 error; nothing was planned
    "#);
}

#[test]
fn a_function_that_nobody_calls_is_said() {
    let outcome =
        Sandbox::with_platform().plan(&["-f", "claim.yaml", "--function", "function-patch-transform=localhost:1"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_snapshot!(outcome.stderr, @r#"
    warning: --function function-patch-transform is not used: no Composition calls it
      hint: did you mean "function-patch-and-transform"?
    "#);
}

#[test]
fn a_function_given_by_flag_replaces_the_native_one() {
    let talk = Sandbox::with_platform()
        .plan(&["-f", "claim.yaml", "--function", "function-patch-and-transform=localhost:1"])
        .refusal();
    assert!(talk.contains("localhost:1"), "{talk}");
}

#[test]
fn the_readme_shows_what_the_plugin_prints() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let plan = plan(&ORDERS).answer();
    assert!(readme.contains(&plan), "the plan in README.md is out of date; it should be:\n{plan}");
    let arguments = ["claim", "explain", "sql.spec.parameters.storageGB", "--platform", "examples/platform"];
    assert!(readme.contains(&run_in_repository(&arguments).answer()), "the explanation in README.md is out of date");
}
