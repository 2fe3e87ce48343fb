use plat_resource::yaml;

use super::*;

/// The findings about one mutator, as a user sees them, and whether it is usable.
fn found(text: &str) -> (bool, String) {
    let (documents, findings) = yaml::parse("m.yaml", text.as_bytes());
    assert_eq!(findings, []);
    let (mutator, findings) = read(&documents[0]);
    let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
    (mutator.is_some(), findings.join("\n"))
}

fn assign(spec: &str) -> (bool, String) {
    let apply_to = "applyTo: [{groups: [''], versions: [v1], kinds: [Pod]}]";
    let head = "apiVersion: mutations.gatekeeper.sh/v1\nkind: Assign\nmetadata: {name: m}";
    found(&format!("{head}\nspec: {{{apply_to}, {spec}}}\n"))
}

#[test]
fn a_good_mutator_needs_no_words() {
    assert_eq!(assign("location: spec.x, parameters: {assign: {value: 1}}"), (true, String::new()));
    let full = "
apiVersion: mutations.gatekeeper.sh/v1beta1
kind: ModifySet
metadata: {name: m, generation: 3}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment], operations: [CREATE, UPDATE]}]
  match:
    source: All
    scope: Namespaced
    kinds: [{apiGroups: ['*'], kinds: ['*']}]
    namespaces: ['team-*']
    excludedNamespaces: ['*-system']
    name: '*a*'
    labelSelector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}
    namespaceSelector: {matchExpressions: [{key: c, operator: In, values: [d]}]}
  location: 'spec.template.spec.containers[name: *].args'
  parameters:
    operation: prune
    pathTests: [{subPath: spec.template, condition: MustExist}]
    values: {fromList: [a]}
";
    assert_eq!(found(full), (true, String::new()));
}

#[test]
fn everything_wrong_is_said_at_once_with_its_place() {
    let text = "
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata:
  name: m
spec:
  applyTo:
  - groups: [\"\"]
    kinds: [Pod]
    operations: [CREATE, DELETE, '*', CREATE]
  match:
    source: Some
    namespaces: [Team]
    kinds: Pod
  location: 'spec.containers[name: a].name'
  parameters:
    asign: {}
    assign: {externalData: {provider: p}}
    pathTests: [{subPath: spec.other, condition: MustExist}]
";
    let (usable, findings) = found(text);
    assert!(!usable);
    insta::assert_snapshot!(findings, @r#"
    error: Assign/m cannot be used
      caused by: m.yaml:8:5: spec.applyTo[0]: invalid applyTo, all of group, version and kind must be specified
    error: Assign/m cannot be used
      caused by: m.yaml:10:17: spec.applyTo[0].operations: invalid operation "DELETE": must be one of CREATE, UPDATE, *
    error: Assign/m cannot be used
      caused by: m.yaml:10:17: spec.applyTo[0].operations: duplicate operation "CREATE"
    error: Assign/m cannot be used
      caused by: m.yaml:10:17: spec.applyTo[0].operations: wildcard "*" must not be combined with other operations
    error: Assign/m cannot be used
      caused by: m.yaml:12:13: spec.match.source: "Some" is none of All, Generated, Original
    error: Assign/m cannot be used
      caused by: m.yaml:14:12: spec.match.kinds: it must be a list
    error: Assign/m cannot be used
      caused by: m.yaml:13:18: spec.match.namespaces[0]: "Team" is no name with a * at its start or end
    error: Assign/m cannot be used
      caused by: m.yaml:15:13: spec.location: invalid path format: changing the item key is not allowed
    warning: Assign/m is odd
      caused by: m.yaml:17:12: spec.parameters.asign: there is no such field: it is not read
      hint: did you mean "assign"?
    error: Assign/m cannot be used
      caused by: m.yaml:18:28: spec.parameters.assign.externalData: plat asks no external data providers
      hint: assign a value or fromMetadata; a webhook that asks another server for each request is slow and fails
    error: Assign/m cannot be used
      caused by: m.yaml:19:16: spec.parameters.pathTests: all subpaths must be a prefix of the `location` value of the mutation: "spec.other" is none of "spec.containers[name: a].name"
      hint: list MustExist before MustNotExist, each a beginning of location
    "#);
}

#[test]
fn each_kind_has_its_own_locations() {
    let metadata = |location: &str, assign: &str| {
        found(&format!(
            "apiVersion: mutations.gatekeeper.sh/v1\nkind: AssignMetadata\nmetadata: {{name: m}}\nspec: {{location: {location}, parameters: {{assign: {assign}}}}}\n"
        ))
    };
    assert!(metadata("metadata.labels.owner", "{value: x}").0);
    assert!(metadata("metadata.annotations.\"a.b/c\"", "{fromMetadata: {field: namespace}}").0);
    for (location, assign, reason) in [
        ("metadata.name", "{value: x}", "neither a label nor an annotation"),
        ("metadata.labels", "{value: x}", "neither a label nor an annotation"),
        ("metadata.labels.a.b", "{value: x}", "neither a label nor an annotation"),
        ("spec.labels.a", "{value: x}", "neither a label nor an annotation"),
        ("metadata.labels.a", "{value: 1}", "it must be a string"),
        ("metadata.labels.a", "{value: null}", "must set one of"),
        ("metadata.labels.a", "{value: x, fromMetadata: {field: name}}", "must only set one of"),
        ("metadata.labels.a", "{fromMetadata: {field: uid}}", "\"uid\" is not recognized"),
        ("metadata.labels.a", "{externalData: {provider: p}}", "asks no external data providers"),
    ] {
        let (usable, findings) = metadata(location, assign);
        assert!(!usable && findings.contains(reason), "{location} {assign}: {findings}");
    }
    for (spec, reason) in [
        ("location: metadata.labels.a, parameters: {assign: {value: x}}", "can't change metadata"),
        ("location: '', parameters: {assign: {value: x}}", "empty path"),
        ("location: 'a[b: *]', parameters: {assign: {value: {b: x}}}", "globbed list"),
        ("location: 'a[b: x]', parameters: {assign: {value: x}}", "only objects can be added"),
        ("location: 'a[b: x]', parameters: {assign: {value: {b: y}}}", "different key b"),
        ("location: 'a[b: 5]', parameters: {assign: {value: {b: 5}}}", "different key b"),
        ("location: 'a[b: x]', parameters: {assign: {fromMetadata: {field: name}}}", "to a list"),
        ("location: 'a[b: x].b', parameters: {assign: {value: x}}", "changing the item key"),
        ("location: a/b, parameters: {assign: {value: x}}", "expected '.' or eof"),
        ("location: 5, parameters: {assign: {value: x}}", "it must be a string"),
    ] {
        let (usable, findings) = assign(spec);
        assert!(!usable && findings.contains(reason), "{spec}: {findings}");
    }
    assert!(assign("location: 'a[b: x]', parameters: {assign: {value: {b: x, c: 1}}}").0);
}

#[test]
fn path_tests_are_checked_as_gatekeeper_does() {
    let with =
        |tests: &str| assign(&format!("location: a.b.c, parameters: {{assign: {{value: 1}}, pathTests: [{tests}]}}"));
    let test = |path: &str, condition: &str| format!("{{subPath: {path}, condition: {condition}}}");
    assert!(with(&format!("{}, {}", test("a", "MustExist"), test("a.b", "MustNotExist"))).0);
    // In the other order the same is refused.
    assert!(with(&format!("{}, {}", test("a.b", "MustNotExist"), test("a", "MustExist"))).1.contains("stands after"));
    assert!(with(&format!("{}, {}", test("a", "MustExist"), test("a", "MustNotExist"))).1.contains("marked both"));
    assert!(with(&test("a.c", "MustExist")).1.contains("must be a prefix"));
    assert!(with(&test("a", "Exists")).1.contains("is not a valid path test condition"));
    assert!(with(&test("a.", "MustExist")).1.contains("trailing separators"));
}

#[test]
fn what_is_odd_is_said_and_taken() {
    let odd = [
        ("match: {scope: Cluser}, location: a, parameters: {assign: {value: 1}}", "it counts as *"),
        ("location: a, parameters: {assign: {value: 1}, values: 1}", "no such field"),
        (
            "match: {labelSelector: {matchLabels: {'a b': c}}}, location: a, parameters: {assign: {value: 1}}",
            "is refused",
        ),
    ];
    for (spec, reason) in odd {
        let (usable, findings) = assign(spec);
        assert!(usable && findings.contains(reason), "{spec}: {findings}");
    }
    let image = "apiVersion: mutations.gatekeeper.sh/v1\nkind: AssignImage\nmetadata: {name: m}\nspec: {applyTo: [{groups: ['*'], versions: [v1], kinds: [Pod]}], location: spec.image, parameters: {assignTag: ':1'}}\n";
    let (usable, findings) = found(image);
    assert!(usable && findings.contains("v1alpha1 only") && findings.contains("no globs in applyTo"), "{findings}");
    assert!(
        found("apiVersion: mutations.gatekeeper.sh/v1\nkind: Asign\nmetadata: {name: m}\n")
            .1
            .contains("did you mean \"Assign\"?")
    );
    assert!(!found("apiVersion: mutations.gatekeeper.sh/v9\nkind: AssignMetadata\nmetadata: {name: m}\n").0);
}
