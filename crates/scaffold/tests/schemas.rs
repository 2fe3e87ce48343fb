//! Schemas against the verdicts of the real checker.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

mod answers;

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

fn compare(answers: &str) {
    let found: Vec<String> = answers.lines().filter_map(difference).collect();
    answers::settle(answers.lines().count(), &found);
}

#[test]
fn schemas_judge_as_the_real_checker() {
    answers::each("schemas.jsonl", "PLAT_SCHEMAS", compare);
}
