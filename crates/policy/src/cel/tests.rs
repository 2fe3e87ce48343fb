use plat_resource::{Document, FieldPath, Value};
use serde_json::json;

use super::{Policy, Request, View, compile};
use crate::report::Report;
use crate::{Inventory, Options, PolicySet, Review};

/// Sources with requests, and what Gatekeeper's own driver says of them.
const RECORDED: &str = include_str!("../../../../tests/fixtures/cel/policies.jsonl");

fn policy(source: &Value) -> Result<Policy, Vec<String>> {
    let document = Document::synthetic(json!({"source": source}), "template.yaml");
    let mut report = Report::new(&document, "ConstraintTemplate cel".to_owned());
    let compiled = compile(source, &FieldPath::new(Vec::new()).key("source"), &mut report);
    let causes = || report.into_findings().into_iter().flat_map(|finding| finding.causes).collect();
    compiled.ok_or_else(causes)
}

fn messages(policy: &Policy, review: &Review, constraint: &Value) -> Vec<String> {
    let request = Request::new(review);
    policy.review(View::new(review, &request), constraint).0
}

/// What ends in another way, and why.
const EXPLAINED: &[(&str, &str)] = &[("expression missing", "fails too, in the parser's own words")];

#[test]
fn sources_say_what_gatekeeper_says() {
    let mut differences = Vec::new();
    for line in RECORDED.lines() {
        let question: Value = serde_json::from_str(line).unwrap();
        let namespace = question.get("namespace").cloned();
        let review = Review { request: question["request"].clone(), namespace, ..Review::of_object(&json!({}), None) };
        let expected = &question["expected"];
        let answer = match policy(&question["source"]) {
            Err(_) => json!({"refused": expected["refused"]}),
            Ok(policy) => match messages(&policy, &review, &question["constraint"]) {
                messages if messages.is_empty() => json!({}),
                messages => json!({"messages": messages}),
            },
        };
        let name = question["name"].as_str().unwrap();
        let explained = EXPLAINED.iter().any(|(explained, _)| *explained == name);
        let refused = answer.get("refused").is_some() == expected.get("refused").is_some();
        if (answer == *expected && refused) == explained {
            differences.push(format!("{name}\n  wants {expected}\n  gives {answer}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

const TEMPLATE: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: imagesfrom
spec:
  crd:
    spec:
      names:
        kind: ImagesFrom
      validation:
        openAPIV3Schema:
          type: object
          properties:
            repos: {type: array, items: {type: string}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: K8sNativeValidation
      source:
        variables:
        - name: bad
          expression: |
            variables.anyObject.spec.containers
              .filter(c, !variables.params.repos.exists(r, c.image.startsWith(r)))
              .map(c, c.name)
        validations:
        - expression: size(variables.bad) == 0
          messageExpression: '\"not from an allowed place: \" + variables.bad.join(\", \")'
    - engine: Rego
      source:
        rego: |
          package imagesfrom
          violation[{\"msg\": \"rego\"}] { true }
";

const CONSTRAINT: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: ImagesFrom
metadata: {name: own}
spec:
  parameters: {repos: [registry.acme.io/]}
";

fn said(template: &str, options: &Options) -> (Vec<String>, Vec<String>) {
    let text = format!("{template}\n---{CONSTRAINT}");
    let (documents, errors) = plat_resource::yaml::parse("policy.yaml", text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    let (set, findings) = PolicySet::load(&documents, options);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
        {"name": "a", "image": "registry.acme.io/a"}, {"name": "b", "image": "docker.io/b"}]}});
    let point = crate::EnforcementPoint::Webhook;
    let verdicts = set.review(&Review::of_object(&pod, None), point, &Inventory::default());
    let messages = verdicts.into_iter().map(|verdict| verdict.message).collect();
    (messages, findings.iter().map(ToString::to_string).collect())
}

#[test]
fn cel_comes_first_unless_it_is_off() {
    let (messages, findings) = said(TEMPLATE, &Options::default());
    assert_eq!((messages, findings), (vec!["not from an allowed place: b".to_owned()], Vec::new()));
    let (messages, _) = said(TEMPLATE, &Options { cel: false, ..Options::default() });
    assert_eq!(messages, ["rego"]);
}

#[test]
fn an_expression_that_does_not_compile_is_told_at_its_place_and_denies() {
    let broken = TEMPLATE.replace("startsWith(r)", "beginsWith(r)");
    let (messages, findings) = said(&broken, &Options::default());
    assert!(messages[0].contains("undeclared reference to 'beginsWith'"), "{messages:?}");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].contains("policy.yaml:25:78"), "{findings:?}");
    assert!(findings[0].contains("undeclared reference to 'beginsWith'"), "{findings:?}");
}

#[test]
fn hostile_policies_deny_and_end() {
    let nested = format!("{}true{}", "[1].all(x, ".repeat(60), ")".repeat(60));
    let deep = format!("{}true", "!".repeat(99));
    let chain = (0..200).map(|number| {
        let before = number - 1;
        let expression =
            if number == 0 { "1".to_owned() } else { format!("variables.v{before} + variables.v{before}") };
        json!({"name": format!("v{number}"), "expression": expression})
    });
    let doubling = "dyn('0123456789')".to_owned() + &".optMap(x, x)".repeat(0);
    let texts = format!("[{doubling}]{}", ".map(a, a + a)".repeat(60)) + ".all(a, a == '')";
    let lists = format!("[[1, 2]]{}", ".map(a, [a, a])".repeat(60)) + ".all(a, a == [])";
    let loops = format!("{}true{}", "lists.range(1000).all(x, ".repeat(9), ")".repeat(9));
    let sources = [
        json!({"validations": [{"expression": loops}]}),
        json!({"validations": [{"expression": texts}]}),
        json!({"validations": [{"expression": lists.replace("== []", "== dyn(a) && false")}]}),
        json!({"validations": [{"expression": deep}]}),
        json!({"validations": [{"expression": format!("{nested} && false")}]}),
        json!({"validations": [{"expression": "'%.999999999f'.format([1.0]) == ''"}]}),
        json!({"validations": [{"expression": "lists.range(9000000000000).size() == 0"}]}),
        json!({"validations": [{"expression": "(".repeat(5000)}]}),
        json!({"variables": chain.collect::<Vec<_>>(), "validations": [{"expression": "variables.v199 == 0"}]}),
    ];
    for source in sources {
        let policy = policy(&source).unwrap();
        let review = Review::of_object(&json!({}), None);
        let answer = plat_resource::cel::with_stack(|| messages(&policy, &review, &json!({}))).unwrap();
        assert!(!answer.is_empty(), "{source}");
    }
}

#[test]
fn a_message_that_costs_too_much_admits_nothing() {
    let costly = "string(lists.range(1000).all(x, lists.range(1000).all(y, y >= 0)))";
    let said = |expression: &str, failure_policy: &str| {
        let validations = json!([{"expression": expression, "message": "no", "messageExpression": costly}]);
        let policy = policy(&json!({"failurePolicy": failure_policy, "validations": validations})).unwrap();
        messages(&policy, &Review::of_object(&json!({}), None), &json!({}))
    };
    let failed = [
        "failed messageExpression: validation failed due to running out of cost budget, no further validation rules will be run",
    ];
    assert_eq!(said("false", "Fail"), failed);
    assert_eq!(said("true", "Fail"), failed);
    assert_eq!(said("false", "Ignore"), ["no"]);
    assert_eq!(said("true", "Ignore"), [""; 0]);
}

#[test]
fn messages_pay_for_variables_again() {
    // One use is within the budget for validations and messages together, two are not, though it is made once only.
    let validations = json!([{"expression": "variables.outer", "messageExpression": "string(variables.outer)"}]);
    let said = |size: u32| {
        let inner = format!("lists.range({size}).all(x, lists.range(100).all(y, y >= 0))");
        let variables =
            json!([{"name": "inner", "expression": inner}, {"name": "outer", "expression": "variables.inner"}]);
        let policy = policy(&json!({"variables": variables, "validations": validations})).unwrap();
        messages(&policy, &Review::of_object(&json!({}), None), &json!({}))
    };
    assert_eq!(said(10), [""; 0]);
    let answer = said(1000);
    assert_eq!(answer.len(), 1, "{answer:?}");
    assert!(answer[0].starts_with("failed messageExpression: "), "{answer:?}");
}
