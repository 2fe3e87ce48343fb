//! What guardrails say, written down: the section of a plan, and the same lines for objects that are no part of one.

use std::fmt::Write as _;

use plat_policy::EnforcementAction;

use super::fields;
use super::value::{escape, escape_lines, wrap};
use crate::guardrails::{Finding, Subject};
use crate::model::Node;

/// Lines below a first one stand so far to the right.
const INDENT: usize = 8;
/// Longer names of constraints get no column.
const LONGEST_NAME: usize = 24;

const RESET: &str = "\u{1b}[0m";
const DIM: &str = "\u{1b}[2m";

/// The word of an action.
pub(super) fn word(action: &EnforcementAction) -> &str {
    match action {
        EnforcementAction::Deny => "deny",
        EnforcementAction::Warn => "warn",
        EnforcementAction::Dryrun => "dryrun",
        EnforcementAction::Other(other) => other,
    }
}

fn color(action: &EnforcementAction) -> &'static str {
    match action {
        EnforcementAction::Deny => "\u{1b}[31m",
        EnforcementAction::Warn => "\u{1b}[33m",
        EnforcementAction::Dryrun | EnforcementAction::Other(_) => DIM,
    }
}

/// All findings of a tree, in tree order.
pub(super) fn of_tree(node: &Node) -> Vec<&Finding> {
    let below = node.children.iter().flat_map(of_tree);
    node.verdicts.iter().chain(below).collect()
}

/// How findings are to look, and where in the input they are.
pub struct FindingStyle<'a> {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Columns to keep within.
    pub width: usize,
    /// The place in a file that a finding is about, where that is known.
    pub place: &'a dyn Fn(&Finding) -> Option<String>,
}

/// Findings as lines of text, two spaces in: action, constraint and what it says, then where, the origin of the field and
/// what to do.
pub fn text_of_findings(findings: &[&Finding], style: &FindingStyle<'_>) -> String {
    let (color_wanted, width) = (style.color, style.width);
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let actions = longest(&mut findings.iter().map(|finding| word(&finding.action).chars().count()));
    let names = longest(&mut findings.iter().map(|finding| finding.constraint.name.chars().count())).min(LONGEST_NAME);
    let mut out = String::new();
    for finding in findings {
        let action = escape(word(&finding.action));
        let lead = format!("{action:actions$}  {:names$}  ", escape(&finding.constraint.name));
        let room = width.saturating_sub(INDENT);
        let text = format!("{lead}{}", escape_lines(&sentence(finding)).join("\n"));
        let mut lines = text.lines().flat_map(|line| wrap(line, room)).collect::<Vec<_>>().into_iter();
        if let Some(first) = lines.next() {
            let rest = first.strip_prefix(&action).unwrap_or_default();
            let painted = if color_wanted { format!("{}{action}{RESET}{rest}", color(&finding.action)) } else { first };
            let _ = writeln!(out, "  {painted}");
        }
        for line in lines {
            let _ = writeln!(out, "{:INDENT$}{line}", "");
        }
        let place = (style.place)(finding).map(|place| format!("at {}", escape(&place)));
        for line in place.into_iter().chain(below(finding)).flat_map(|line| wrap(&line, room)) {
            let line = if color_wanted { format!("{DIM}{line}{RESET}") } else { line };
            let _ = writeln!(out, "{:INDENT$}{line}", "");
        }
    }
    out
}

/// Which object, which field, what is wrong with it.
pub(super) fn sentence(finding: &Finding) -> String {
    let field = finding.field.as_deref().filter(|field| !finding.message.contains(field));
    let field = field.map_or_else(String::new, |field| format!("{field}: "));
    format!("{}: {field}{}", finding.object_in_words(), finding.message.trim_end())
}

/// Where the field comes from, and what to do.
pub(super) fn below(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(field), Some(origin)) = (&finding.field, &finding.origin) {
        lines.push(format!("{} {}", escape(field), fields::origin(origin)));
    }
    if finding.subject == Subject::Removed {
        lines.push("this is the request to delete it".to_owned());
    }
    lines.extend(finding.hint.as_ref().map(|hint| format!("hint: {}", escape(hint))));
    lines
}

#[cfg(test)]
mod tests {
    use plat_policy::{Cause, ConstraintName};
    use plat_resource::ObjectKey;
    use serde_json::json;

    use crate::Plan;
    use crate::fixtures::{VpcIsImmutable, orders_db, origin};
    use crate::guardrails::{Finding, Subject};
    use crate::render::{TextOptions, json, markdown, text};

    use super::*;

    fn finding(action: EnforcementAction, constraint: &str, message: &str) -> Finding {
        Finding {
            subject: Subject::Claim,
            object: ObjectKey::default(),
            resource: None,
            implied_by: Vec::new(),
            constraint: ConstraintName { kind: "Limit".to_owned(), name: constraint.to_owned() },
            action,
            message: message.to_owned(),
            details: json!({}),
            field: None,
            origin: None,
            given_fields: Vec::new(),
            hint: None,
            cause: Cause::Violation,
            place: Vec::new(),
        }
    }

    fn findings() -> Vec<Finding> {
        let mut storage = finding(
            EnforcementAction::Deny,
            "storage-limit",
            "the database has 50 GB, the limit of tier gold is 40 GB; ask the platform team for tier platinum",
        );
        storage.subject = Subject::Composed;
        storage.resource = Some("instance".to_owned());
        storage.place = vec!["instance".to_owned()];
        storage.field = Some("spec.forProvider.allocatedStorage".to_owned());
        storage.origin = Some(origin("instance", 3, "spec.parameters.storageGB"));
        storage.hint = Some("change spec.parameters.storageGB of the claim".to_owned());
        let mut removed = finding(EnforcementAction::Dryrun, "keep", "a replica goes\nand its data");
        removed.subject = Subject::Removed;
        removed.resource = Some("replica".to_owned());
        removed.place = vec!["replica".to_owned()];
        let mut nowhere = finding(EnforcementAction::Other("audit".to_owned()), "any", "of | `code` \u{1b}[31m @all");
        nowhere.subject = Subject::Composed;
        nowhere.place = vec!["no such name".to_owned()];
        vec![finding(EnforcementAction::Warn, "owner-required", "no owner annotation"), storage, removed, nowhere]
    }

    fn plan() -> Plan {
        let (given, expansion, observed) = orders_db();
        let findings = findings();
        let subject = crate::Subject {
            file: Some("claim.yaml"),
            given: Some(&given),
            expansion: &expansion,
            observed: &observed,
            warnings: &[],
            verdicts: &findings,
        };
        Plan::new(plat_expand::Compatibility::V2, &[subject], &VpcIsImmutable)
    }

    #[test]
    fn a_plan_says_what_guardrails_say() {
        let text = text(&plan(), &TextOptions::default());
        let section = text.split_once("Guardrails\n").unwrap().1.split_once("\nResults").unwrap().0;
        insta::assert_snapshot!(section, @r#"
        warn    owner-required  claim: no owner annotation
        audit   any             : of | `code` \u001b[31m @all
        deny    storage-limit   instance: spec.forProvider.allocatedStorage: the
              database has 50 GB, the limit of tier gold is 40 GB; ask the platform
              team for tier platinum
              spec.forProvider.allocatedStorage ← spec.parameters.storageGB via patch
              3 of "instance", step "compose"
              hint: change spec.parameters.storageGB of the claim
        dryrun  keep            replica (to be deleted): a replica goes
              and its data
              this is the request to delete it
        "#);
        insta::assert_snapshot!(text.lines().last().unwrap(), @"Plan: 1 to add, 3 to change, 1 to replace, 1 to destroy. 1 denied.");
        let painted = crate::render::text(&plan(), &TextOptions { color: true, ..TextOptions::default() });
        assert!(painted.contains("\u{1b}[31mdeny\u{1b}[0m    storage-limit"), "{painted}");
        let mut plain = String::new();
        for piece in painted.split('\u{1b}') {
            plain.push_str(
                piece.split_once('m').filter(|(code, _)| code.starts_with('[')).map_or(piece, |(_, rest)| rest),
            );
        }
        assert_eq!(plain, text);
    }

    #[test]
    fn a_comment_shows_them_unfolded() {
        let comment = markdown(&plan());
        let section = comment.split_once("**Guardrails**\n").unwrap().1.split_once("\n\n```text").unwrap().0;
        insta::assert_snapshot!(section, @r#"
        | action | constraint | what it says |
        |---|---|---|
        | `warn` | `owner-required` | `claim: no owner annotation` |
        | `audit` | `any` | ``: of \| `code` \u001b[31m @all`` |
        | `deny` | `storage-limit` | `instance: spec.forProvider.allocatedStorage: the database has 50 GB, the limit of tier gold is 40 GB; ask the platform team for tier platinum`<br>`spec.forProvider.allocatedStorage ← spec.parameters.storageGB via patch 3 of "instance", step "compose"`<br>`hint: change spec.parameters.storageGB of the claim` |
        | `dryrun` | `keep` | `replica (to be deleted): a replica goes\nand its data`<br>`this is the request to delete it` |
        "#);
        assert!(
            comment.starts_with("### Plan: 1 to add, 3 to change, 1 to replace, 1 to destroy, 1 denied\n"),
            "{comment}"
        );
    }

    #[test]
    fn nodes_carry_their_verdicts() {
        let plan: plat_resource::Value = serde_json::from_str(&json(&plan()).unwrap()).unwrap();
        let summary = ["denied", "warned", "noted"].map(|key| plan["summary"][key].clone());
        assert_eq!(summary, [json!(1), json!(1), json!(2)]);
        let tree = &plan["claims"][0]["tree"];
        assert_eq!(tree["verdicts"][0]["constraint"]["name"], "owner-required");
        let composite = &tree["children"][0];
        assert_eq!(composite["verdicts"][0]["constraint"]["name"], "any");
        let instance = composite["children"].as_array().unwrap().iter().find(|node| node["resource"] == "instance");
        insta::assert_snapshot!(serde_json::to_string_pretty(&instance.unwrap()["verdicts"][0]).unwrap(), @r#"
        {
          "action": "deny",
          "cause": "violation",
          "constraint": {
            "kind": "Limit",
            "name": "storage-limit"
          },
          "details": {},
          "field": "spec.forProvider.allocatedStorage",
          "hint": "change spec.parameters.storageGB of the claim",
          "message": "the database has 50 GB, the limit of tier gold is 40 GB; ask the platform team for tier platinum",
          "object": {
            "group": "",
            "kind": "",
            "name": "",
            "namespace": "",
            "version": ""
          },
          "origin": {
            "from": [
              "spec.parameters.storageGB"
            ],
            "patch": 3,
            "patchType": "FromCompositeFieldPath",
            "resource": "instance",
            "source": "composite",
            "step": "compose"
          },
          "resource": "instance",
          "subject": "composed"
        }
        "#);
    }
}
