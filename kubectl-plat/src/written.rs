//! Forms that several commands write: JUnit, annotations of GitHub Actions, places as JSON, counts.

use std::fmt::Write as _;

use plat_resource::{Location, Value};
use serde_json::json;

/// The version of plat's own documents.
pub(crate) const API_VERSION: &str = plat_plan::API_VERSION;

/// One test case of a JUnit report.
#[derive(Debug, Default)]
pub(crate) struct Case {
    /// The suite it belongs to; cases of one suite follow each other.
    pub(crate) group: String,
    /// Its name.
    pub(crate) name: String,
    /// Why it failed.
    pub(crate) failure: Option<String>,
    /// Whether it was skipped.
    pub(crate) skipped: bool,
    /// What else there is to say.
    pub(crate) output: String,
}

/// A JUnit report. Cases of one group make one suite.
pub(crate) fn junit(name: &str, cases: &[Case]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(out, "<testsuites name=\"{}\" {}>", xml(name), totals(cases));
    for suite in cases.chunk_by(|one, other| one.group == other.group) {
        let group = suite.first().map_or("", |case| case.group.as_str());
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", xml(group), totals(suite));
        for case in suite {
            push_case(&mut out, case);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn totals(cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let skipped = cases.iter().filter(|case| case.skipped).count();
    format!("tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\"", cases.len())
}

fn push_case(out: &mut String, case: &Case) {
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"", xml(&case.group), xml(&case.name));
    let mut body = String::new();
    if case.skipped {
        body.push_str("      <skipped/>\n");
    }
    if let Some(failure) = &case.failure {
        let first = failure.lines().next().unwrap_or_default();
        let _ = writeln!(body, "      <failure message=\"{}\">{}</failure>", xml(first), xml(failure));
    }
    if !case.output.is_empty() {
        let _ = writeln!(body, "      <system-out>{}</system-out>", xml(&case.output));
    }
    // Writing to a String cannot fail.
    let _ = if body.is_empty() { writeln!(out, "{head}/>") } else { writeln!(out, "{head}>\n{body}    </testcase>") };
}

/// Text as XML 1.0 allows it: what it cannot hold at all becomes the replacement character.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' => safe.push(character),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other if other.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// One annotation, as the runner of GitHub Actions reads it from the output of a step.
pub(crate) fn annotation(level: &str, place: &Location, title: &str, text: &str) -> String {
    let position =
        place.position.map_or_else(String::new, |position| format!(",line={},col={}", position.line, position.column));
    format!("::{level} file={}{position},title={}::{}\n", property(&place.file), property(title), data(text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A place as JSON.
pub(crate) fn location(place: &Location) -> Value {
    match place.position {
        Some(position) => json!({"file": place.file.as_ref(), "line": position.line, "column": position.column}),
        None => json!({"file": place.file.as_ref()}),
    }
}

/// `1 object`, `2 objects`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use plat_resource::Position;

    use super::*;

    #[test]
    fn a_report_is_xml_whatever_the_texts_are() {
        let case = |group: &str, failure: Option<&str>| Case {
            group: group.to_owned(),
            name: "a \"<b>\" & \u{1b}".to_owned(),
            failure: failure.map(str::to_owned),
            output: if failure.is_none() { "]]> said".to_owned() } else { String::new() },
            skipped: false,
        };
        let skipped = Case { group: "two".to_owned(), name: "later".to_owned(), skipped: true, ..Case::default() };
        let cases = [case("one", Some("bad\nworse")), case("two", None), skipped];
        insta::assert_snapshot!(junit("check", &cases), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="check" tests="3" failures="1" skipped="1">
          <testsuite name="one" tests="1" failures="1" skipped="0">
            <testcase classname="one" name="a &quot;&lt;b&gt;&quot; &amp; �">
              <failure message="bad">bad
        worse</failure>
            </testcase>
          </testsuite>
          <testsuite name="two" tests="2" failures="0" skipped="1">
            <testcase classname="two" name="a &quot;&lt;b&gt;&quot; &amp; �">
              <system-out>]]&gt; said</system-out>
            </testcase>
            <testcase classname="two" name="later">
              <skipped/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn an_annotation_is_one_line() {
        let position = Some(Position { line: 3, column: 7 });
        let place = Location { file: "a,b:c.yaml".into(), position };
        insta::assert_snapshot!(annotation("error", &place, "x,y", "50 %\nnext: line"), @"::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=x%2Cy::50 %25%0Anext: line");
        let place = Location { file: "a.yaml".into(), position: None };
        insta::assert_snapshot!(annotation("notice", &place, "x", "y"), @"::notice file=a.yaml,title=x::y");
    }
}
