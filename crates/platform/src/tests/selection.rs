//! Which Composition and revision a claim or XR uses.

use plat_resource::{GroupVersionKind, Value};

use super::{BUCKET, SQL, composition, load, object, sound};
use crate::{How, Platform};

/// A claim with `spec`.
fn claim(spec: &str) -> Value {
    object(&format!(
        "{{apiVersion: sql.acme.io/v1, kind: SQLInstance, metadata: {{namespace: team-a, name: orders}}, spec: {spec}}}"
    ))
}

/// The chosen Composition, how and why; or the refusal.
fn choose(platform: &Platform, composite: &Value) -> Result<(How, String), String> {
    let kind = platform.kind(&GroupVersionKind::of(composite)).unwrap();
    let selection = platform.select_composition(kind.definition, composite).map_err(|refusal| refusal.to_string())?;
    Ok((selection.how, format!("{}: {}", selection.composition.name, selection.reason)))
}

fn platform() -> Platform {
    sound(&[
        SQL,
        &composition("sql-aws", "{tier: gold, cloud: aws}"),
        &composition("sql-gcp", "{tier: gold, cloud: gcp}"),
    ])
}

#[test]
fn one_composition_needs_no_choice() {
    let platform = sound(&[SQL, &composition("sql-aws", "{}")]);
    let want = (How::Only, "sql-aws: the only one for XSQLInstance".to_owned());
    assert_eq!(choose(&platform, &claim("{}")), Ok(want));
}

#[test]
fn a_reference_wins_over_a_selector_and_both_over_the_default() {
    let named = claim("{compositionRef: {name: sql-gcp}, compositionSelector: {matchLabels: {cloud: aws}}}");
    let want = (How::Named, "sql-gcp: named by spec.compositionRef".to_owned());
    assert_eq!(choose(&platform(), &named), Ok(want));
    let selected = claim("{compositionSelector: {matchLabels: {cloud: aws}}}");
    let want = (How::Selector, "sql-aws: the only one that matches spec.compositionSelector {cloud: aws}".to_owned());
    assert_eq!(choose(&platform(), &selected), Ok(want));
    let with_default = SQL.replace("  versions:", "  defaultCompositionRef: {name: sql-gcp}\n  versions:");
    let platform = sound(&[&with_default, &composition("sql-aws", "{cloud: aws}"), &composition("sql-gcp", "{}")]);
    assert_eq!(choose(&platform, &selected).unwrap().0, How::Selector);
    let want = (How::Default, "sql-gcp: the default of the XRD".to_owned());
    assert_eq!(choose(&platform, &claim("{}")), Ok(want));
}

#[test]
fn an_enforced_composition_wins_over_all() {
    let enforced = SQL.replace("  versions:", "  enforcedCompositionRef: {name: sql-gcp}\n  versions:");
    let platform = sound(&[&enforced, &composition("sql-aws", "{}"), &composition("sql-gcp", "{}")]);
    let want = (How::Enforced, "sql-gcp: enforced by the XRD".to_owned());
    assert_eq!(choose(&platform, &claim("{compositionRef: {name: sql-aws}}")), Ok(want));
}

#[test]
fn the_wish_of_a_modern_composite_stands_under_crossplane() {
    let for_bucket =
        |name: &str| composition(name, "{}").replace("sql.acme.io/v1, kind: XSQLInstance", "acme.io/v1, kind: Bucket");
    let platform = sound(&[BUCKET, &for_bucket("one"), &for_bucket("two")]);
    let bucket = |spec: &str| {
        object(&format!("{{apiVersion: acme.io/v1, kind: Bucket, metadata: {{namespace: ns, name: b}}, spec: {spec}}}"))
    };
    let want = (How::Named, "two: named by spec.crossplane.compositionRef".to_owned());
    assert_eq!(choose(&platform, &bucket("{crossplane: {compositionRef: {name: two}}}")), Ok(want));
    insta::assert_snapshot!(choose(&platform, &bucket("{compositionRef: {name: two}}")).unwrap_err(), @r#"
    error: no Composition can be chosen for Bucket ns/b
      caused by: 2 Compositions are for Bucket and nothing says which; Crossplane would take one at random
      caused by: candidate one with labels {}
      caused by: candidate two with labels {}
      hint: write spec.crossplane.compositionRef.name: one (or another of them), a spec.crossplane.compositionSelector.matchLabels that only one has, or give the XRD a defaultCompositionRef
    "#);
}

#[test]
fn refusals_say_what_there_is() {
    let platform = platform();
    let refusal = |spec: &str| choose(&platform, &claim(spec)).unwrap_err();
    insta::assert_snapshot!(refusal("{}"), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: 2 Compositions are for XSQLInstance and nothing says which; Crossplane would take one at random
      caused by: candidate sql-aws with labels {cloud: aws, tier: gold}
      caused by: candidate sql-gcp with labels {cloud: gcp, tier: gold}
      hint: write spec.compositionRef.name: sql-aws (or another of them), a spec.compositionSelector.matchLabels that only one has, or give the XRD a defaultCompositionRef
    "#);
    insta::assert_snapshot!(refusal("{compositionSelector: {matchLabels: {tier: gold}}}"), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: spec.compositionSelector: 2 Compositions match {tier: gold}; Crossplane would take one at random
      caused by: candidate sql-aws with labels {cloud: aws, tier: gold}
      caused by: candidate sql-gcp with labels {cloud: gcp, tier: gold}
      hint: write spec.compositionRef.name: sql-aws (or another of them), a spec.compositionSelector.matchLabels that only one has, or give the XRD a defaultCompositionRef
    "#);
    insta::assert_snapshot!(refusal("{compositionSelector: {matchLabels: {tier: glod}}}"), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: spec.compositionSelector: no compatible Compositions found for sql.acme.io/v1/XSQLInstance
      caused by: Composition sql-aws has labels {cloud: aws, tier: gold}, the selector wants {tier: glod}
      caused by: Composition sql-gcp has labels {cloud: gcp, tier: gold}, the selector wants {tier: glod}
      hint: did you mean tier: gold?
    "#);
    insta::assert_snapshot!(refusal("{compositionRef: {name: sql-azs}}"), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: spec.compositionRef.name: Composition "sql-azs" (named by spec.compositionRef) is not on the platform
      hint: did you mean "sql-aws"?
    "#);
    let (other, _) = load(&[SQL, &composition("old", "{}").replace("io/v1, kind", "io/v1alpha1, kind")]);
    insta::assert_snapshot!(choose(&other, &claim("{}")).unwrap_err(), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: no compatible Compositions found for sql.acme.io/v1/XSQLInstance
      caused by: Composition old is for sql.acme.io/v1alpha1/XSQLInstance
      hint: add a Composition with compositeTypeRef sql.acme.io/v1, kind XSQLInstance
    "#);
    insta::assert_snapshot!(choose(&other, &claim("{compositionRef: {name: old}}")).unwrap_err(), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: Composition old (named by spec.compositionRef) is not compatible with this composite resource: it is for sql.acme.io/v1alpha1/XSQLInstance, not for sql.acme.io/v1/XSQLInstance
    "#);
}

/// A revision of `sql-aws` whose one step is called `step`.
fn revision(number: u8, step: &str, labels: &str) -> String {
    composition(&format!("sql-aws-{number}"), &format!("{{crossplane.io/composition-name: sql-aws{labels}}}"))
        .replace("kind: Composition\n", "kind: CompositionRevision\n")
        .replace("spec:\n", &format!("spec:\n  revision: {number}\n"))
        .replace("step: compose", &format!("step: {step}"))
}

#[test]
fn the_newest_revision_is_used_unless_another_is_pinned() {
    let own = composition("sql-aws", "{}");
    let platform = sound(&[SQL, &revision(2, "compose", ""), &revision(1, "old", ", channel: stable"), &own]);
    assert_eq!(platform.revisions("sql-aws").iter().map(|each| each.revision).collect::<Vec<_>>(), [1, 2]);
    let reason = |spec: &str| choose(&platform, &claim(spec)).map_or_else(|refusal| refusal, |(_, reason)| reason);
    insta::assert_snapshot!(reason("{}"), @"sql-aws: the only one for XSQLInstance; revision sql-aws-2 (number 2)");
    insta::assert_snapshot!(reason("{compositionUpdatePolicy: Manual, compositionRevisionRef: {name: sql-aws-1}}"), @"sql-aws: the only one for XSQLInstance; revision sql-aws-1 is pinned by spec.compositionRevisionRef");
    // Under the Automatic policy the reference is only what was used last.
    insta::assert_snapshot!(reason("{compositionRevisionRef: {name: sql-aws-1}}"), @"sql-aws: the only one for XSQLInstance; revision sql-aws-2 (number 2)");
    insta::assert_snapshot!(reason("{compositionRevisionSelector: {matchLabels: {channel: stable}}}"), @"sql-aws: the only one for XSQLInstance; revision sql-aws-1 (number 1)");
    insta::assert_snapshot!(
        reason("{compositionUpdatePolicy: Manual, compositionRevisionSelector: {matchLabels: {channel: stable}}}"), @"sql-aws: the only one for XSQLInstance; revision sql-aws-2 (number 2)");
    insta::assert_snapshot!(reason("{compositionRevisionSelector: {matchLabels: {channel: none}}}"), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: spec.compositionRevisionSelector: no compatible CompositionRevisions found that match {channel: none}
      hint: given revisions: sql-aws-1 {channel: stable, crossplane.io/composition-name: sql-aws}, sql-aws-2 {crossplane.io/composition-name: sql-aws}
    "#);
    insta::assert_snapshot!(reason("{compositionUpdatePolicy: Manual, compositionRevisionRef: {name: sql-aws-7}}"), @r#"
    error: no Composition can be chosen for SQLInstance team-a/orders
      caused by: spec.compositionRevisionRef: CompositionRevision "sql-aws-7" is not on the platform
      hint: did you mean "sql-aws-1"?
    "#);
}

#[test]
fn a_composition_that_no_revision_says_is_the_newest() {
    let changed = composition("sql-aws", "{}").replace("step: compose", "step: changed");
    let platform = sound(&[SQL, &revision(1, "compose", ""), &changed]);
    insta::assert_snapshot!(choose(&platform, &claim("{}")).unwrap().1, @"sql-aws: the only one for XSQLInstance; newer than its latest revision sql-aws-1");
    // Without its Composition, a pinned revision still says everything.
    let platform = sound(&[SQL, &revision(1, "compose", "")]);
    let pinned = claim(
        "{compositionRef: {name: sql-aws}, compositionUpdatePolicy: Manual, compositionRevisionRef: {name: sql-aws-1}}",
    );
    insta::assert_snapshot!(choose(&platform, &pinned).unwrap().1, @"sql-aws: named by spec.compositionRef; revision sql-aws-1 is pinned by spec.compositionRevisionRef");
}

#[test]
fn revisions_that_are_not_given_are_said_and_not_guessed() {
    let platform = sound(&[SQL, &composition("sql-aws", "{}")]);
    let reason = |spec: &str| choose(&platform, &claim(spec)).unwrap().1;
    insta::assert_snapshot!(reason("{compositionUpdatePolicy: Manual, compositionRevisionRef: {name: sql-aws-7}}"), @"sql-aws: the only one for XSQLInstance; spec.compositionRevisionRef pins revision sql-aws-7, which is not given: planned with the Composition as given");
    insta::assert_snapshot!(reason("{compositionRevisionSelector: {matchLabels: {channel: stable}}}"), @"sql-aws: the only one for XSQLInstance; spec.compositionRevisionSelector {channel: stable} does not match it, and no revisions are given");
}
