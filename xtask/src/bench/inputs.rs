//! Generated inputs: a platform with one wide Composition, and any number of XRs of it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

/// How many resources an XR is composed of.
pub(super) const RESOURCES_PER_XR: usize = 20;

const DEFINITION: &str = "\
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata:
  name: stacks.bench.example
spec:
  scope: Namespaced
  group: bench.example
  names: {kind: Stack, plural: stacks}
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
            required: [team]
            properties:
              team: {type: string, minLength: 2, maxLength: 40, pattern: '^[a-z0-9-]+$'}
              region: {type: string, enum: [eu, us], default: eu}
              sizeGB: {type: integer, minimum: 1, maximum: 1000, default: 20}
              ratio: {type: number, default: 0.5}
              tags: {type: object, additionalProperties: {type: string}}
              networks: {type: array, items: {type: string}}
            x-kubernetes-validations:
            - rule: self.sizeGB < 900 || self.region == 'eu'
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata:
  name: stack
spec:
  compositeTypeRef: {apiVersion: bench.example/v1, kind: Stack}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: function-patch-and-transform}
    input:
      apiVersion: pt.fn.crossplane.io/v1beta1
      kind: Resources
      patchSets:
      - name: common
        patches:
        - fromFieldPath: spec.region
          toFieldPath: spec.forProvider.region
          transforms:
          - type: map
            map: {eu: eu-west-1, us: us-east-1}
        - fromFieldPath: spec.tags
          toFieldPath: spec.forProvider.tags
        - fromFieldPath: spec.team
          toFieldPath: metadata.labels[bench.example/team]
      resources:
";

/// One of the templates; `@` stands for its number.
const TEMPLATE: &str = r#"      - name: part-@
        base:
          apiVersion: cloud.example/v1beta1
          kind: Part@
          metadata:
            labels: {bench.example/part: part-@}
          spec:
            deletionPolicy: Delete
            forProvider:
              encrypted: true
              replicas: 2
              monitoring: {enabled: true, intervalSeconds: 60, targets: [cpu, memory, disk]}
              rules:
              - {protocol: tcp, fromPort: 443, toPort: 443, description: from everywhere}
              - {protocol: tcp, fromPort: 5432, toPort: 5432, description: from the team}
            providerConfigRef: {name: default}
        patches:
        - {type: PatchSet, patchSetName: common}
        - fromFieldPath: spec.sizeGB
          toFieldPath: spec.forProvider.sizeBytes
          transforms:
          - {type: math, math: {type: Multiply, multiply: 1073741824}}
        - fromFieldPath: metadata.name
          toFieldPath: spec.forProvider.displayName
          transforms:
          - {type: string, string: {type: Format, fmt: "%s-part-@"}}
        - fromFieldPath: spec.team
          toFieldPath: spec.forProvider.costCenter
          transforms:
          - type: string
            string: {type: Regexp, regexp: {match: "^([a-z]+)-.*$", group: 1}}
          - {type: string, string: {type: Convert, convert: ToUpper}}
        - fromFieldPath: spec.networks
          toFieldPath: spec.forProvider.networks
        - type: CombineFromComposite
          combine:
            variables:
            - fromFieldPath: spec.team
            - fromFieldPath: metadata.namespace
            strategy: string
            string: {fmt: "%s.%s.example.org"}
          toFieldPath: spec.forProvider.hostName
        - type: ToCompositeFieldPath
          fromFieldPath: status.atProvider.arn
          toFieldPath: status.parts.part@
"#;

const READY: &str = "  - step: ready\n    functionRef: {name: function-auto-ready}\n";

/// The XRD and its Composition.
pub(super) fn platform() -> String {
    let templates: String = (0..RESOURCES_PER_XR).map(|index| TEMPLATE.replace('@', &index.to_string())).collect();
    format!("{DEFINITION}{templates}{READY}")
}

/// So many XRs, no two the same.
pub(super) fn composites(count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        let region = ["eu", "us"][index % 2];
        let size = 10 + index % 500;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\napiVersion: bench.example/v1\nkind: Stack\nmetadata:\n  name: stack-{index}\n  namespace: team-{}\n\
             spec:\n  team: orders-{index}\n  region: {region}\n  sizeGB: {size}\n  \
             tags: {{owner: team-{index}, stage: production}}\n  networks: [net-a, net-{index}]\n",
            index % 40,
        );
    }
    text
}

/// That the plan in the file `output` is one of `count` XRs: an error would be fast, and no measure.
pub(super) fn check(output: &Path, count: usize) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(output).with_context(|| format!("cannot read {}", output.display()))?;
    let wanted = format!("Plan: {} to add,", count * (RESOURCES_PER_XR + 1));
    let last = text.lines().last().unwrap_or_default();
    ensure!(last.starts_with(&wanted), "the plan of {count} XRs ends in {last:?}, not in {wanted:?}");
    Ok(())
}
