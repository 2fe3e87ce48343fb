//! Schemas against the verdicts of the real checker.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

use plat_scaffold::Data;
use plat_scaffold::schema::validate;

fn difference(line: &str) -> Option<String> {
    let case: Data = serde_json::from_str(line).expect("an answer is JSON");
    let found = validate(case.get("instance"), case.get("schema").expect("a schema"));
    let same = match (&found, case.get("errors")) {
        (Ok(faults), Some(Data::Array(wanted))) => {
            wanted.iter().map(|error| error.as_str().unwrap_or_default()).eq(faults.iter().map(String::as_str))
        }
        (Err(_), None) => true,
        _ => false,
    };
    (!same).then(|| format!("{line}\n  found {found:?}"))
}

fn compare(path: &std::path::Path) {
    let answers = std::fs::read_to_string(path).expect("the answers");
    let found: Vec<String> = answers.lines().filter_map(difference).collect();
    let count = answers.lines().count();
    assert!(
        count > 0 && found.is_empty(),
        "{} of {count} differ:\n{}",
        found.len(),
        found[..found.len().min(20)].join("\n")
    );
}

#[test]
fn schemas_judge_as_the_real_checker() {
    compare(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas.jsonl"));
    // As many more as somebody made.
    if let Some(answers) = std::env::var_os("PLAT_SCHEMAS") {
        compare(std::path::Path::new(&answers));
    }
}

#[test]
fn a_schema_of_itself_ends() {
    let schema: Data = serde_json::from_str(r##"{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}"##).expect("a schema");
    assert!(validate(Some(&Data::Null), &schema).is_err());
}
