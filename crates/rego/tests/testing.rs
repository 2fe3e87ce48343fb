//! Tests written in Rego, and the lines they reach.

use plat_rego::{Document, EvalError, Limits, Module, Program, Reached, TestResult, Version};

const POLICY: &str = "package t
violation[msg] {
  input.bad
  msg := \"bad\"
}
violation[msg] {
  input.worse
  msg := \"worse\"
}";

const TESTS: &str = "package t
test_bad { count(violation) == 1 with input as {\"bad\": true} }
test_false = false { true }
test_undefined { input.nothing }
test_conflict = x { x := [1, 2][_] }
todo_test_later { true }
testing { true }";

#[test]
fn tests_are_listed_run_and_measured() {
    let modules = [Module { name: "t.rego", source: POLICY }, Module { name: "t_test.rego", source: TESTS }];
    let program = Program::compile(&modules, Version::V0).expect("it compiles");
    let tests = program.tests();
    let names: Vec<_> = tests.iter().map(|test| (test.name.as_str(), test.module, test.line, test.todo)).collect();
    assert_eq!(
        names,
        [
            ("data.t.test_bad", 1, 2, false),
            ("data.t.test_false", 1, 3, false),
            ("data.t.test_undefined", 1, 4, false),
            ("data.t.test_conflict", 1, 5, false),
            ("data.t.todo_test_later", 1, 6, true),
        ]
    );
    let mut reached = Reached::default();
    let mut run =
        |index: usize| program.run_test(&tests[index], &Document::default(), Limits::default(), Some(&mut reached));
    assert_eq!(run(0), TestResult::Pass);
    assert_eq!(run(1), TestResult::Fail);
    assert_eq!(run(2), TestResult::Undefined);
    let conflict = EvalError::Failed("complete rules must not produce multiple outputs".to_owned());
    assert_eq!(run(3), TestResult::Error(conflict));
    let coverage = program.coverage(&reached);
    let policy = &coverage[&0];
    assert_eq!(policy.covered.iter().copied().collect::<Vec<_>>(), [2, 3, 4, 7]);
    assert_eq!(policy.not_covered.iter().copied().collect::<Vec<_>>(), [6, 8]);
    assert!((policy.percent() - 66.6).abs() < 0.1);
}

#[test]
fn tests_of_any_package_are_run() {
    let source = "package a[\"b.c\"]\ntest_true { true }\ntest_false = false { true }";
    let program = Program::compile(&[Module { name: "t.rego", source }], Version::V0).expect("it compiles");
    let tests = program.tests();
    let results: Vec<_> = tests
        .iter()
        .map(|test| (test.name.as_str(), program.run_test(test, &Document::default(), Limits::default(), None)))
        .collect();
    let expected = [("data.a[\"b.c\"].test_true", TestResult::Pass), ("data.a[\"b.c\"].test_false", TestResult::Fail)];
    assert_eq!(results, expected);
}
