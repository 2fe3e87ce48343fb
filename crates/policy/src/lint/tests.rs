use plat_resource::yaml;

use super::*;

fn linted(text: &str) -> Vec<Lint> {
    let (documents, findings) = yaml::parse("p.yaml", text.as_bytes());
    assert_eq!(findings, []);
    lint(&documents, &Options::default())
}

fn told(lints: &[Lint]) -> String {
    let line = |lint: &Lint| format!("[{}] {}", lint.rule.id(), lint.finding.to_string().replace('\n', "\n    "));
    lints.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A template of kind Repos with this Rego.
fn template(rego: &str) -> String {
    let rego: String = rego.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: repos
spec:
  crd:
    spec:
      names: {{kind: Repos}}
      validation:
        openAPIV3Schema:
          type: object
          properties:
            repos: {{type: array, items: {{type: string}}}}
            nested: {{type: object, properties: {{deep: {{type: string}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package repos
{rego}"
    )
}

fn constraint(spec: &str) -> String {
    format!("---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Repos\nmetadata: {{name: one}}\nspec: {spec}\n")
}

const GOOD: &str = "violation[{\"msg\": \"no\"}] {
  image := input.review.object.spec.containers[_].image
  repo := input.parameters.repos[_]
  not startswith(image, repo)
}";

#[test]
fn good_policies_give_no_findings() {
    let spec =
        "{match: {kinds: [{kinds: [Pod]}], excludedNamespaces: [kube-*]}, parameters: {repos: [docker.io/org/]}}";
    assert_eq!(told(&linted(&format!("{}{}", template(GOOD), constraint(spec)))), "");
}

#[test]
fn templates_are_told_what_they_forget() {
    let rego = "violation[{\"msg\": input.parameters.nested.depth}] {
  input.parameters.mesage != input.parameters.nested.deep
  container := input.review.object.spec.initContainers[_]
  pod := input.review.object
  pod.spec.containers[_].image == container.image
}";
    insta::assert_snapshot!(told(&linted(&template(rego))), @r#"
    [template-without-constraint] warning: ConstraintTemplate repos may not do what it says
          caused by: p.yaml:4:9: metadata.name: no constraint uses it, so it judges nothing
          hint: add a constraint of kind Repos, or remove it
    [parameter-unknown] warning: ConstraintTemplate repos may not do what it says
          caused by: p.yaml:19:25: spec.targets[0].rego: it reads the parameter nested.depth, which the schema does not have
          hint: add it to spec.crd.spec.validation.openAPIV3Schema
    [parameter-unknown] warning: ConstraintTemplate repos may not do what it says
          caused by: p.yaml:20:9: spec.targets[0].rego: it reads the parameter mesage, which the schema does not have
          hint: add it to spec.crd.spec.validation.openAPIV3Schema
    [ephemeral-containers] warning: ConstraintTemplate repos may not do what it says
          caused by: p.yaml:21:22: spec.targets[0].rego: it looks at containers and initContainers, and not at ephemeralContainers
          hint: look at spec.ephemeralContainers too: kubectl debug adds such containers to running pods
    "#);
}

#[test]
fn constraints_are_told_what_they_do_not_do() {
    let specs = [
        "{enforcementAction: wran, match: {scope: namespaced}}",
        "{enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: webhook}]}]}",
        "{match: {kinds: [{kinds: [Pod]}], namespaces: [a, kube-system], excludedNamespaces: ['a*', '*system']}}",
        "{match: {namespaces: [a, b-*], excludedNamespaces: [c, 'b-1', '*']}}",
        "{match: {kinds: [{kinds: [Node]}], namespaceSelector: {}, scope: Namespaced}}",
        "{match: {labelSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}}}",
        "{parameters: {repos: [docker.io/org, quay.io, docker.io/org/, nginx, 'docker.io/org/image:v1']}}",
    ];
    let told: Vec<_> =
        specs.iter().map(|spec| told(&linted(&format!("{}{}", template(GOOD), constraint(spec))))).collect();
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    [action-unknown] warning: Repos one may not do what it says
          caused by: p.yaml:28:27: spec.enforcementAction: "wran" is no enforcement action: it stops nothing and tells nobody
          hint: did you mean "warn"?
    [scope-unknown] warning: Repos one may not do what it says
          caused by: p.yaml:28:48: spec.match.scope: there is no scope "namespaced": it is ignored, and every scope matches
          hint: did you mean "Namespaced"?

    [action-unknown] warning: Repos one may not do what it says
          caused by: p.yaml:28:96: spec.scopedEnforcementActions[0].enforcementPoints: "webhook" is no enforcement point: it stops nothing and tells nobody
          hint: use one of *, validation.gatekeeper.sh, audit.gatekeeper.sh, gator.gatekeeper.sh, vap.k8s.io

    [matches-nothing] warning: Repos one may not do what it says
          caused by: p.yaml:28:91: spec.match.excludedNamespaces: every namespace of spec.match.namespaces is excluded

    [exclusion-dead] warning: Repos one may not do what it says
          caused by: p.yaml:28:59: spec.match.excludedNamespaces[0]: c is none of spec.match.namespaces, so it is excluded already

    [matches-nothing] warning: Repos one may not do what it says
          caused by: p.yaml:28:72: spec.match.scope: the scope is Namespaced, and these kinds are in no namespace
    [selector-on-cluster-kinds] warning: Repos one may not do what it says
          caused by: p.yaml:28:61: spec.match.namespaceSelector: namespaceSelector does not hold for kinds that are in no namespace: they all match

    [matches-nothing] warning: Repos one may not do what it says
          caused by: p.yaml:28:31: spec.match.labelSelector: no labels satisfy it: what it asks of a contradicts itself

    [prefix-open] warning: Repos one may not do what it says
          caused by: p.yaml:28:29: spec.parameters.repos[0]: docker.io/org also allows names that only start like it, such as docker.io/org-evil/image
          hint: write docker.io/org/
    [prefix-open] warning: Repos one may not do what it says
          caused by: p.yaml:28:44: spec.parameters.repos[1]: quay.io also allows names that only start like it, such as quay.io-evil/image
          hint: write quay.io/
    "#);
}

#[test]
fn what_does_not_load_is_a_finding_too() {
    let orphan = constraint("{}").replace("kind: Repos", "kind: Repo");
    let lints = linted(&format!("{}{orphan}", template("deny { true }")));
    let rules: Vec<_> = lints.iter().map(|lint| lint.rule).collect();
    assert_eq!(rules, [Rule::Unusable, Rule::ConstraintWithoutTemplate, Rule::TemplateWithoutConstraint]);
}

#[test]
fn an_inventory_that_is_not_filled_is_told() {
    let requires = "[[{\"groups\": [\"\"], \"versions\": [\"v1\"], \"kinds\": [\"Service\"]}]]";
    let template = template(GOOD).replace(
        "  name: repos\n",
        &format!("  name: repos\n  annotations:\n    metadata.gatekeeper.sh/requires-sync-data: '{requires}'\n"),
    );
    let config = |kind: &str| {
        format!(
            "---\napiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {{name: config}}\nspec: {{sync: {{syncOnly: [{{group: '', version: v1, kind: {kind}}}]}}}}\n"
        )
    };
    let rules = |text: &str| linted(text).iter().map(|lint| lint.rule).collect::<Vec<_>>();
    let base = format!("{template}{}", constraint("{}"));
    assert_eq!(rules(&base), []);
    assert_eq!(rules(&format!("{base}{}", config("Service"))), []);
    assert_eq!(rules(&format!("{base}{}", config("Pod"))), [Rule::InventoryNotSynced]);
}

#[test]
fn every_rule_has_an_id_of_its_own() {
    let mut ids = Rule::ALL.map(Rule::id).to_vec();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
}
