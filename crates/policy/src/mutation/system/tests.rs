use plat_resource::yaml;
use serde_json::json;

use super::*;
use crate::Source;

fn system(text: &str) -> (MutationSystem, Vec<Diagnostic>) {
    let (documents, findings) = yaml::parse("m.yaml", text.as_bytes());
    assert_eq!(findings, []);
    MutationSystem::load(&documents)
}

fn clean(text: &str) -> MutationSystem {
    let (system, findings) = system(text);
    assert_eq!(findings, []);
    system
}

fn mutator(kind: &str, name: &str, location: &str, parameters: &str) -> String {
    let apply_to =
        if kind == "AssignMetadata" { "" } else { "applyTo: [{groups: [''], versions: [v1], kinds: [Pod]}]," };
    format!(
        "---\napiVersion: mutations.gatekeeper.sh/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{apply_to} location: '{location}', parameters: {{{parameters}}}}}\n"
    )
}

fn assign(name: &str, location: &str, value: &str) -> String {
    mutator("Assign", name, location, &format!("assign: {{value: {value}}}"))
}

fn pod(spec: Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "team-a"}});
    object["spec"] = spec;
    object
}

fn create() -> MutationContext<'static> {
    MutationContext { operation: Some(Operation::Create), ..MutationContext::default() }
}

fn names(mutators: &[MutatorId]) -> Vec<String> {
    mutators.iter().map(ToString::to_string).collect()
}

#[test]
fn mutators_act_in_order_until_nothing_changes() {
    // `a` needs what `b` makes, and comes first.
    let needs = "assign: {value: 1}, pathTests: [{subPath: spec.made, condition: MustExist}]";
    let text = mutator("Assign", "a", "spec.made.x", needs) + &assign("b", "spec.made.y", "2");
    let mutated = clean(&text).mutate(pod(json!({})), &create()).unwrap();
    assert_eq!(mutated.object["spec"], json!({"made": {"x": 1, "y": 2}}));
    assert!(mutated.changed);
    assert_eq!(names(&mutated.applied), ["Assign/a", "Assign/b"]);
}

#[test]
fn the_last_in_order_wins() {
    let text = assign("b", "spec.x", "b") + &assign("a", "spec.x", "a");
    let mutated = clean(&text).mutate(pod(json!({})), &create()).unwrap();
    assert_eq!(mutated.object["spec"]["x"], "b");
}

#[test]
fn nothing_to_do_leaves_the_object_as_it_is() {
    let system = clean(&assign("a", "spec.x", "1"));
    for (object, context) in [
        (pod(json!({"x": 1})), create()),
        // A number that the mutator does not change stays as it is written.
        (pod(json!({"x": 1.0})), create()),
        (pod(json!({})), MutationContext { operation: Some(Operation::Delete), ..create() }),
        (json!({"apiVersion": "v2", "kind": "Pod", "metadata": {}}), create()),
    ] {
        let expected = Mutated { object: object.clone(), changed: false, applied: Vec::new() };
        assert_eq!(system.mutate(object, &context), Ok(expected));
    }
}

#[test]
fn rounds_that_end_as_they_began_are_no_change() {
    let merge = mutator("ModifySet", "first", "spec.s", "values: {fromList: [a]}");
    let prune = mutator("ModifySet", "second", "spec.s", "operation: prune, values: {fromList: [a]}");
    let mutated = clean(&(merge + &prune)).mutate(pod(json!({"s": []})), &create()).unwrap();
    assert_eq!((mutated.changed, mutated.applied), (false, vec![]));
}

/// A chain in which each mutator makes what the one before it in the order waits for: one step a round.
fn chain(length: usize) -> String {
    let link = |index: usize| {
        let selector = if index + 1 == length {
            String::new()
        } else {
            format!("match: {{labelSelector: {{matchLabels: {{l{}: x}}}}}}, ", index + 1)
        };
        format!(
            "---\napiVersion: mutations.gatekeeper.sh/v1\nkind: AssignMetadata\nmetadata: {{name: m{index}}}\nspec: {{{selector}location: metadata.labels.l{index}, parameters: {{assign: {{value: x}}}}}}\n"
        )
    };
    (0..length).map(link).collect()
}

#[test]
fn a_chain_comes_to_its_end_in_time() {
    let mutated = clean(&chain(9)).mutate(pod(json!({})), &create()).unwrap();
    assert_eq!(mutated.applied.len(), 9);
}

#[test]
fn what_does_not_end_is_an_error_that_names_who_goes_on() {
    let system = clean(&chain(4));
    let context = create();
    let rounds = Rounds { candidates: system.mutators.iter().collect(), most: 3, context: &context };
    let error = rounds.run(&mut pod(json!({})), &mut Nobody).map(|_| ()).unwrap_err();
    insta::assert_snapshot!(error.diagnostic(), @r"
    error: Pod team-a/p cannot be mutated
      caused by: mutation not converging after 3 rounds
      caused by: these still change it: AssignMetadata/m1
      hint: let only one of them set each field, or let their pathTests exclude each other
    ");
    insta::assert_snapshot!(error, @"mutation not converging for Pod team-a/p: after 3 rounds these still change it: AssignMetadata/m1");
}

#[test]
fn locations_that_cannot_both_hold_set_all_aside() {
    let text =
        assign("list", "spec.c[name: x].a", "1") + &assign("object", "spec.c.a", "1") + &assign("other", "spec.d", "1");
    let (system, findings) = system(&text);
    let set_aside: Vec<_> = system.conflicts().keys().map(ToString::to_string).collect();
    assert_eq!(set_aside, ["Assign/list", "Assign/object"]);
    let shown: Vec<_> = findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    warning: Assign/list is set aside, it changes nothing
      caused by: m.yaml:2:1: spec.location: its location cannot hold for the same objects as that of Assign/object
      hint: one place is an object, a list or a value: correct the locations, or let applyTo tell the kinds apart
    warning: Assign/object is set aside, it changes nothing
      caused by: m.yaml:7:1: spec.location: its location cannot hold for the same objects as that of Assign/list
      hint: one place is an object, a list or a value: correct the locations, or let applyTo tell the kinds apart
    ");
    let message = system.conflict_message(system.mutators()[0].id()).unwrap();
    assert_eq!(
        message,
        "the following mutators have conflicting schemas: [Assign.mutations.gatekeeper.sh /list,Assign.mutations.gatekeeper.sh /object]"
    );
    let mutated = system.mutate(pod(json!({})), &create()).unwrap();
    assert_eq!(mutated.object["spec"], json!({"d": 1}));
}

#[test]
fn conflicts_are_found_by_shape_key_and_end() {
    let image = |name: &str, location: &str| mutator("AssignImage", name, location, "assignTag: ':1'");
    let set = |name: &str, location: &str| mutator("ModifySet", name, location, "values: {fromList: [1]}");
    let cases = [
        (assign("a", "spec.c[name: x].a", "1") + &assign("b", "spec.c[name: y].b", "1"), 0),
        (assign("a", "spec.c[name: x].a", "1") + &assign("b", "spec.c[key: y].b", "1"), 2),
        (assign("a", "spec.c", "1") + &assign("b", "spec.c.d", "1"), 0),
        (image("a", "spec.c") + &assign("b", "spec.c.d", "1"), 2),
        (image("a", "spec.c") + &assign("b", "spec.c", "1"), 0),
        (image("a", "spec.c") + &set("b", "spec.c"), 2),
        (set("a", "spec.c") + &assign("b", "spec.c[name: x].a", "1"), 2),
        (set("a", "spec.c") + &set("b", "spec.c"), 0),
    ];
    for (text, conflicts) in cases {
        assert_eq!(system(&text).0.conflicts().len(), conflicts, "{text}");
    }
}

#[test]
fn an_obstacle_names_mutator_object_and_field() {
    let error = clean(&assign("a", "spec.c[name: *].x", "1")).mutate(pod(json!({"c": {}})), &create()).unwrap_err();
    insta::assert_snapshot!(error.diagnostic(), @r"
    error: Pod team-a/p cannot be mutated
      caused by: spec.c: it is an object, the location wants a list (Assign/a)
      hint: correct the object, or the location of Assign/a
    ");
    assert_eq!(
        error.to_string(),
        "Assign/a does not fit Pod team-a/p: spec.c: it is an object, the location wants a list"
    );
}

#[test]
fn the_namespace_of_the_request_is_there_for_mutators_only() {
    let text = mutator("AssignMetadata", "a", "metadata.labels.ns", "assign: {fromMetadata: {field: namespace}}");
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}});
    let context = MutationContext { request_namespace: Some("team-b"), ..create() };
    let mutated = clean(&text).mutate(object, &context).unwrap();
    assert_eq!(mutated.object["metadata"], json!({"generateName": "p-", "labels": {"ns": "team-b"}}));
}

#[test]
fn operations_and_sources_are_asked() {
    let text = "
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {name: a}
spec:
  applyTo:
  - {groups: [''], versions: [v1], kinds: [Pod], operations: [CREATE]}
  - {groups: [''], versions: [v1], kinds: [Secret], operations: [UPDATE]}
  match: {source: Generated}
  location: spec.x
  parameters: {assign: {value: 1}}
";
    let system = clean(text);
    let changed = |operation, source| {
        let context = MutationContext { operation, source, ..MutationContext::default() };
        system.mutate(pod(json!({})), &context).unwrap().changed
    };
    assert!(changed(Some(Operation::Create), Source::Generated));
    assert!(!changed(Some(Operation::Create), Source::Original));
    assert!(!changed(Some(Operation::Update), Source::Generated));
    assert!(!changed(None, Source::Generated));
}

#[test]
fn annotations_name_the_mutation_and_its_mutators() {
    let text = assign("b", "spec.x", "1") + &assign("a", "spec.y", "1");
    let context = MutationContext { annotate: Some("id-1"), ..create() };
    let mutated = clean(&text).mutate(pod(json!({"x": 1})), &context).unwrap();
    let annotations = &mutated.object["metadata"]["annotations"];
    assert_eq!(annotations[MUTATION_ID_ANNOTATION], "id-1");
    assert_eq!(annotations[MUTATIONS_ANNOTATION], "Assign//a:0, Assign//b:0");
}

#[test]
fn of_two_of_one_name_the_last_counts() {
    let (system, findings) = system(&(assign("a", "spec.x", "1") + &assign("a", "spec.x", "2")));
    assert_eq!(findings.len(), 1);
    assert_eq!(system.mutate(pod(json!({})), &create()).unwrap().object["spec"], json!({"x": 2}));
}

#[test]
fn an_assigned_object_is_each_elements_own() {
    // Gatekeeper gives all elements one Go value, so that `b` changes them all.
    let text = assign("a", "spec.l[name: *].r", "{x: 1}") + &assign("b", "spec.l[name: p].r.z", "2");
    let mutated = clean(&text).mutate(pod(json!({"l": [{"name": "p"}, {"name": "q"}]})), &create()).unwrap();
    let expected = json!([{"name": "p", "r": {"x": 1, "z": 2}}, {"name": "q", "r": {"x": 1}}]);
    assert_eq!(mutated.object["spec"]["l"], expected);
}
