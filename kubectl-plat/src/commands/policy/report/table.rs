//! Reports for people: a table for each namespace, and what they count.

use std::fmt::Write as _;

use plat_resource::ObjectKey;

use super::rows::{RESULTS, Reports, Row, Unlisted};

const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const RESET: &str = "\u{1b}[0m";

/// The tables. `wide` shows what passed too, and more columns.
pub(super) fn text(reports: &Reports, wide: bool, color: bool) -> String {
    let mut out = String::new();
    let rows: Vec<&Row> = reports.rows.iter().filter(|row| wide || row.is_trouble()).collect();
    let mut namespaces: Vec<&str> = rows.iter().map(|row| row.object.namespace.as_str()).collect();
    namespaces.extend(reports.unlisted.iter().map(|each| each.object.namespace.as_str()));
    namespaces.sort_unstable();
    namespaces.dedup();
    for namespace in namespaces {
        let is_here = |object: &ObjectKey| object.namespace == namespace;
        let here: Vec<&Row> = rows.iter().copied().filter(|row| is_here(&row.object)).collect();
        let heading = if namespace.is_empty() { "Cluster".to_owned() } else { format!("Namespace {namespace}") };
        let _ = writeln!(out, "{heading}");
        table(&mut out, &here, wide, color);
        for unlisted in reports.unlisted.iter().filter(|each| is_here(&each.object)) {
            let _ = writeln!(out, "  {}", more(unlisted));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", summary(reports));
    out
}

fn summary(reports: &Reports) -> String {
    let count = |result: &str| reports.summary.get(result).copied().unwrap_or_default();
    let known = RESULTS.map(|result| format!("{} {result}", count(result)));
    let others = reports.summary.iter().filter(|(result, _)| !RESULTS.contains(&result.as_str()));
    let others = others.map(|(result, count)| format!("{count} {}", one_line(result)));
    format!("Reports: {}.", known.into_iter().chain(others).collect::<Vec<_>>().join(", "))
}

fn table(out: &mut String, rows: &[&Row], wide: bool, color: bool) {
    if rows.is_empty() {
        return;
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|row| columns(row, wide)).collect();
    let heads = heads(wide);
    let width = |column: usize| {
        let all = cells.iter().filter_map(|row| row.get(column)).map(String::as_str).chain(heads.get(column).copied());
        all.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let indent = " ".repeat(2 + widths.iter().map(|width| width + 2).sum::<usize>());
    let line = |cells: &mut dyn Iterator<Item = &str>, paint: Option<&str>| {
        let mut line = String::from("  ");
        for (index, (cell, width)) in cells.zip(&widths).enumerate() {
            let gap = " ".repeat(width - cell.chars().count() + 2);
            let _ = match paint.filter(|_| index == 0) {
                Some(paint) => write!(line, "{paint}{cell}{RESET}{gap}"),
                None => write!(line, "{cell}{gap}"),
            };
        }
        line
    };
    let _ = writeln!(out, "{}MESSAGE", line(&mut heads.iter().copied(), None));
    for (row, cells) in rows.iter().zip(&cells) {
        let message: Vec<String> = row.message.trim_end().lines().map(one_line).collect();
        let text =
            line(&mut cells.iter().map(String::as_str), paint(row, color)) + &message.join(&format!("\n{indent}"));
        let _ = writeln!(out, "{}", text.trim_end());
    }
}

/// Reports are written by many: what a terminal would obey is not passed on to it.
fn one_line(text: &str) -> String {
    text.chars().map(|each| if each.is_control() { '\u{fffd}' } else { each }).collect()
}

fn paint(row: &Row, color: bool) -> Option<&'static str> {
    let paint = match row.result.as_str() {
        "fail" | "error" => RED,
        "warn" => YELLOW,
        _ => return None,
    };
    color.then_some(paint)
}

/// Those before the message.
fn heads(wide: bool) -> &'static [&'static str] {
    if wide { &["RESULT", "OBJECT", "POLICY", "SEVERITY", "SOURCE", "FIELD"] } else { &["RESULT", "OBJECT", "POLICY"] }
}

fn columns(row: &Row, wide: bool) -> Vec<String> {
    let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { one_line(text) };
    let policy = if row.rule.is_empty() { row.policy.clone() } else { format!("{}/{}", row.policy, row.rule) };
    let mut columns = vec![or_none(&row.result), named(&row.object, &row.report), or_none(&policy)];
    if wide {
        columns.extend([&row.severity, &row.source, &row.field].map(|text| or_none(text)));
    }
    columns
}

fn named(object: &ObjectKey, report: &str) -> String {
    let name = match (object.kind.kind.as_str(), object.name.as_str()) {
        ("", "") => format!("(report {report})"),
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind}/{name}"),
    };
    one_line(&name)
}

fn more(unlisted: &Unlisted) -> String {
    let name = named(&unlisted.object, &unlisted.report);
    format!("and {} more of {name}: its report counts and does not list them", unlisted.count)
}

#[cfg(test)]
mod tests {
    use plat_resource::Value;
    use serde_json::json;

    use super::*;

    fn report(namespace: &str, scope: &Value, results: &Value, summary: &Value) -> Value {
        let mut metadata = json!({"name": "4b2f"});
        if !namespace.is_empty() {
            metadata["namespace"] = namespace.into();
        }
        json!({"metadata": metadata, "source": "kubectl-plat", "scope": scope, "results": results, "summary": summary})
    }

    fn reports() -> Reports {
        let disk = json!({"apiVersion": "test.example/v1", "kind": "Disk", "name": "data"});
        let results = json!([
            {"result": "warn", "policy": "OwnerRequired", "rule": "owner", "message": "nobody owns it\nadd an owner"},
            {"result": "fail", "policy": "SizeLimit", "rule": "limit", "message": "spec.size is 10, the limit is 5",
             "properties": {"field": "spec.size"}, "severity": "high"},
            {"result": "pass", "policy": "Names"},
        ]);
        let team = report("team-a", &disk, &results, &json!({"fail": 1, "warn": 1, "pass": 1}));
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "name": "team-a"});
        let results = json!([{"result": "error", "policy": "Labels", "rule": "\u{1b}[31mred", "message": "too slow"}]);
        let cluster = report("", &space, &results, &json!({"error": 3}));
        let nothing = report("team-b", &disk, &json!([{"result": "pass", "policy": "Names"}]), &json!({"pass": 1}));
        Reports::of(&[nothing, team, cluster])
    }

    #[test]
    fn a_table_for_each_namespace() {
        insta::assert_snapshot!(text(&reports(), false, false), @"
        Cluster
          RESULT  OBJECT            POLICY           MESSAGE
          error   Namespace/team-a  Labels/�[31mred  too slow
          and 2 more of Namespace/team-a: its report counts and does not list them

        Namespace team-a
          RESULT  OBJECT     POLICY               MESSAGE
          fail    Disk/data  SizeLimit/limit      spec.size is 10, the limit is 5
          warn    Disk/data  OwnerRequired/owner  nobody owns it
                                                  add an owner

        Reports: 1 fail, 3 error, 1 warn, 0 skip, 2 pass.
        ");
    }

    #[test]
    fn wide_shows_all() {
        insta::assert_snapshot!(text(&reports(), true, false), @"
        Cluster
          RESULT  OBJECT            POLICY           SEVERITY  SOURCE        FIELD  MESSAGE
          error   Namespace/team-a  Labels/�[31mred  -         kubectl-plat  -      too slow
          and 2 more of Namespace/team-a: its report counts and does not list them

        Namespace team-a
          RESULT  OBJECT     POLICY               SEVERITY  SOURCE        FIELD      MESSAGE
          fail    Disk/data  SizeLimit/limit      high      kubectl-plat  spec.size  spec.size is 10, the limit is 5
          warn    Disk/data  OwnerRequired/owner  -         kubectl-plat  -          nobody owns it
                                                                                     add an owner
          pass    Disk/data  Names                -         kubectl-plat  -

        Namespace team-b
          RESULT  OBJECT     POLICY  SEVERITY  SOURCE        FIELD  MESSAGE
          pass    Disk/data  Names   -         kubectl-plat  -

        Reports: 1 fail, 3 error, 1 warn, 0 skip, 2 pass.
        ");
    }

    #[test]
    fn colour_is_on_the_result_alone() {
        let painted = text(&reports(), true, true);
        assert!(painted.contains("\u{1b}[31mfail\u{1b}[0m    Disk/data"), "{painted}");
        let plain = [RED, YELLOW, RESET].iter().fold(painted, |text, code| text.replace(code, ""));
        assert_eq!(plain, text(&reports(), true, false));
    }

    #[test]
    fn no_reports_at_all() {
        assert_eq!(text(&Reports::of(&[]), false, false), "Reports: 0 fail, 0 error, 0 warn, 0 skip, 0 pass.\n");
    }
}
