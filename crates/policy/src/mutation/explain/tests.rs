use plat_resource::yaml;
use serde_json::json;

use super::*;

fn explain(text: &str, object: &Value, operation: Option<Operation>) -> (String, Option<String>) {
    let (documents, findings) = yaml::parse("m.yaml", text.as_bytes());
    assert_eq!(findings, []);
    let (system, _) = MutationSystem::load(&documents);
    let context = MutationContext { operation, ..MutationContext::default() };
    let (outcomes, error) = system.explain(object, &context);
    let is_other = outcomes.iter().any(|outcome| !outcome.changes.is_empty());
    if let Ok(mutated) = system.mutate(object.clone(), &context) {
        assert_eq!(mutated.changed, is_other, "{outcomes:?}");
    }
    let told = |outcome: &MutatorOutcome| {
        let change = |change: &FieldChange| {
            let text = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
            format!("\n  {}: {} -> {}", change.field, text(&change.before), text(&change.after))
        };
        let changes: String = outcome.changes.iter().map(change).collect();
        format!("{} {:?}{changes}\n", outcome.mutator, outcome.verdict)
    };
    (outcomes.iter().map(told).collect(), error.map(|error| error.to_string()))
}

fn mutator(kind: &str, name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: mutations.gatekeeper.sh/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{rest}}}\n"
    )
}

const PODS: &str = "applyTo: [{groups: [''], versions: [v1], kinds: [Pod]}]";

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"team": "a"}},
        "spec": {"replicas": 1, "containers": [{"name": "x", "args": ["-v", "-q"]}, {"name": "y"}]},
    })
}

#[test]
fn each_change_is_told_with_what_was_there() {
    let text = [
        mutator("Assign", "level", &format!("{PODS}, location: spec.replicas, parameters: {{assign: {{value: 3}}}}")),
        mutator(
            "Assign",
            "policy",
            &format!("{PODS}, location: 'spec.containers[name: *].pull', parameters: {{assign: {{value: Always}}}}"),
        ),
        mutator("AssignMetadata", "cost", "location: metadata.labels.cost, parameters: {assign: {value: '1'}}"),
        mutator(
            "ModifySet",
            "quiet",
            &format!(
                "{PODS}, location: 'spec.containers[name: x].args', parameters: {{operation: prune, values: {{fromList: [-v]}}}}"
            ),
        ),
        mutator(
            "ModifySet",
            "sets",
            &format!(
                "{PODS}, location: 'spec.containers[name: x].args', parameters: {{values: {{fromList: [-q, -z]}}}}"
            ),
        ),
    ];
    let (told, error) = explain(&text.concat(), &pod(), Some(Operation::Create));
    insta::assert_snapshot!(told, @r#"
    Assign/level Matches(None)
      spec.replicas: 1 -> 3
    Assign/policy Matches(None)
      spec.containers[0].pull: nothing -> "Always"
      spec.containers[1].pull: nothing -> "Always"
    AssignMetadata/cost Matches(None)
      metadata.labels.cost: nothing -> "1"
    ModifySet/quiet Matches(None)
      spec.containers[0].args: ["-v","-q"] -> ["-q"]
    ModifySet/sets Matches(None)
      spec.containers[0].args[1]: nothing -> "-z"
    "#);
    assert_eq!(error, None);
}

#[test]
fn what_changes_nothing_says_why() {
    let assign = |name: &str, location: &str, rest: &str| {
        mutator("Assign", name, &format!("{PODS}, location: '{location}', parameters: {{assign: {{value: 1}}{rest}}}"))
    };
    let text = [
        assign("a-same", "spec.replicas", ""),
        assign(
            "b-missing",
            "spec.volumes[name: v].size",
            ", pathTests: [{subPath: spec.volumes, condition: MustExist}]",
        ),
        assign(
            "c-there",
            "spec.containers[name: x].cpu",
            ", pathTests: [{subPath: 'spec.containers[name: x]', condition: MustNotExist}]",
        ),
        assign("d-no-element", "spec.init[name: *].cpu", ""),
        mutator("AssignMetadata", "e-label", "location: metadata.labels.team, parameters: {assign: {value: b}}"),
        mutator(
            "Assign",
            "f-kind",
            "applyTo: [{groups: [apps], versions: [v1, v2], kinds: [Deployment]}], location: spec.x, parameters: {assign: {value: 1}}",
        ),
        mutator(
            "Assign",
            "g-operation",
            "applyTo: [{groups: [''], versions: [v1], kinds: [Pod], operations: [UPDATE]}], location: spec.x, parameters: {assign: {value: 1}}",
        ),
        mutator(
            "Assign",
            "h-match",
            &format!("{PODS}, match: {{name: q-*}}, location: spec.x, parameters: {{assign: {{value: 1}}}}"),
        ),
        assign("i-list", "spec.z[name: x].a", ""),
        assign("j-object", "spec.z.a", ""),
    ];
    let (told, error) = explain(&text.concat(), &pod(), Some(Operation::Create));
    insta::assert_snapshot!(told, @r#"
    Assign/a-same Matches(Some("everything is so already"))
    Assign/b-missing Matches(Some("spec.volumes is not there, and must be"))
    Assign/c-there Matches(Some("spec.containers[name: x] is there already"))
    Assign/d-no-element Matches(Some("there is no spec.init"))
    Assign/f-kind AppliesNot("applyTo: it is Pod of v1, wanted is Deployment of apps/v1 or apps/v2")
    Assign/g-operation AppliesNot("applyTo: CREATE, wanted is UPDATE")
    Assign/h-match Differs(Mismatch { criterion: Name, reason: "the name p is not q-*" })
    Assign/i-list SetAside([MutatorId { kind: Assign, namespace: "", name: "j-object" }])
    Assign/j-object SetAside([MutatorId { kind: Assign, namespace: "", name: "i-list" }])
    AssignMetadata/e-label Matches(Some("metadata.labels.team is there already"))
    "#);
    assert_eq!(error, None);
    let (told, _) = explain(&assign("a", "spec.x", ""), &pod(), Some(Operation::Delete));
    insta::assert_snapshot!(told, @r#"Assign/a AppliesNot("nothing is mutated on DELETE")"#);
}

#[test]
fn an_error_tells_who_was_not_asked_any_more() {
    let assign = |name: &str, location: &str| {
        mutator("Assign", name, &format!("{PODS}, location: '{location}', parameters: {{assign: {{value: 1}}}}"))
    };
    let text = assign("a", "spec.x") + &assign("b", "spec.containers.x") + &assign("c", "spec.y");
    let (told, error) = explain(&text, &pod(), None);
    insta::assert_snapshot!(told, @r#"
    Assign/a Matches(None)
      spec.x: nothing -> 1
    Assign/b Fails("spec.containers: it is a list, the location wants an object")
    Assign/c Unasked
    "#);
    insta::assert_snapshot!(error.unwrap(), @"Assign/b does not fit Pod p: spec.containers: it is a list, the location wants an object");
    let selector = "match: {namespaceSelector: {matchLabels: {a: b}}}";
    let text =
        mutator("Assign", "a", &format!("{PODS}, {selector}, location: spec.x, parameters: {{assign: {{value: 1}}}}"));
    let mut object = pod();
    object["metadata"]["namespace"] = json!("team");
    insta::assert_snapshot!(explain(&text, &object, None).0, @r#"Assign/a Fails("failed to run Match criteria: namespace selector for namespace-scoped object but missing Namespace")"#);
}

#[test]
fn what_matches_in_a_later_round_only_matches() {
    let label = |name: &str, selector: &str, location: &str| {
        let selector = if selector.is_empty() {
            String::new()
        } else {
            format!("match: {{labelSelector: {{matchLabels: {{{selector}: x}}}}}}, ")
        };
        mutator(
            "AssignMetadata",
            name,
            &format!("{selector}location: metadata.labels.{location}, parameters: {{assign: {{value: x}}}}"),
        )
    };
    let (told, _) = explain(&(label("a", "second", "first") + &label("b", "", "second")), &pod(), None);
    insta::assert_snapshot!(told, @r#"
    AssignMetadata/a Matches(None)
      metadata.labels.first: nothing -> "x"
    AssignMetadata/b Matches(None)
      metadata.labels.second: nothing -> "x"
    "#);
}
