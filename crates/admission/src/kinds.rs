//! The kind table: every kind that plat reads from a cluster or judges more closely than by constraints.
//!
//! Routing, the webhook configurations' rules, the watch list of the webhook and the table in the docs are made from it.
//! Claims and XRs are not in it: which kinds they are is said by the XRDs of the snapshot.

use plat_resource::GroupVersionKind;

/// What an object of a kind is to plat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// CompositeResourceDefinition.
    Definition,
    /// Composition.
    Composition,
    /// CompositionRevision.
    Revision,
    /// EnvironmentConfig.
    EnvironmentConfig,
    /// Function.
    Function,
    /// ConstraintTemplate.
    Template,
    /// A constraint: every kind of its group.
    Constraint,
    /// Assign, AssignMetadata, ModifySet or AssignImage.
    Mutator,
    /// Gatekeeper's Config.
    Config,
    /// SyncSet.
    SyncSet,
    /// ExpansionTemplate.
    Expansion,
}

/// Which snapshot an object becomes a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The platform: what claims mean.
    Platform,
    /// The policies.
    Policies,
}

/// What the webhook does with an object of a kind before constraints see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// It is read as the snapshot will read it; what does not load is refused, also when the webhook is down.
    Loads,
    /// It is read by the snapshot and not checked at admission: nothing in it can be wrong in a way that plat tells.
    Read,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// API group.
    pub group: &'static str,
    /// Versions that are read, the preferred one first.
    pub versions: &'static [&'static str],
    /// Kind; `None` for every kind of the group.
    pub kind: Option<&'static str>,
    /// Resource name in URLs and rules; `*` for every resource of the group.
    pub plural: &'static str,
    /// What it is.
    pub what: What,
    /// Where it goes.
    pub part: Part,
    /// What admission does.
    pub check: Check,
}

impl Kind {
    /// The row where nothing can be wrong with its objects.
    const fn read(self) -> Self {
        Self { check: Read, ..self }
    }

    /// The row of a policy.
    const fn policy(self) -> Self {
        Self { part: Policies, ..self }
    }

    /// Its kind for people.
    pub fn name(&self) -> &'static str {
        self.kind.unwrap_or("every kind")
    }
}

const CROSSPLANE: &str = "apiextensions.crossplane.io";
const MUTATIONS: &str = "mutations.gatekeeper.sh";

use Check::{Loads, Read};
use Part::{Platform, Policies};

/// The table.
pub const KINDS: &[Kind] = &[
    row(CROSSPLANE, &["v2", "v1"], "CompositeResourceDefinition", "compositeresourcedefinitions", What::Definition),
    row(CROSSPLANE, &["v1"], "Composition", "compositions", What::Composition),
    row(CROSSPLANE, &["v1"], "CompositionRevision", "compositionrevisions", What::Revision).read(),
    row(CROSSPLANE, &["v1beta1", "v1alpha1"], "EnvironmentConfig", "environmentconfigs", What::EnvironmentConfig)
        .read(),
    row("pkg.crossplane.io", &["v1", "v1beta1"], "Function", "functions", What::Function).read(),
    row(
        "templates.gatekeeper.sh",
        &["v1", "v1beta1", "v1alpha1"],
        "ConstraintTemplate",
        "constrainttemplates",
        What::Template,
    )
    .policy(),
    Kind { kind: None, ..row(CONSTRAINTS, &["v1beta1", "v1alpha1"], "", "*", What::Constraint).policy() },
    row(MUTATIONS, &["v1", "v1beta1", "v1alpha1"], "Assign", "assign", What::Mutator).policy(),
    row(MUTATIONS, &["v1", "v1beta1", "v1alpha1"], "AssignMetadata", "assignmetadata", What::Mutator).policy(),
    row(MUTATIONS, &["v1", "v1beta1", "v1alpha1"], "ModifySet", "modifyset", What::Mutator).policy(),
    row(MUTATIONS, &["v1alpha1"], "AssignImage", "assignimage", What::Mutator).policy(),
    row("config.gatekeeper.sh", &["v1alpha1"], "Config", "configs", What::Config).policy(),
    row("syncset.gatekeeper.sh", &["v1alpha1"], "SyncSet", "syncsets", What::SyncSet).policy(),
    row("expansion.gatekeeper.sh", &["v1beta1", "v1alpha1"], "ExpansionTemplate", "expansiontemplate", What::Expansion)
        .policy(),
];

/// Group of all constraints.
pub const CONSTRAINTS: &str = "constraints.gatekeeper.sh";

/// A row of the platform that must load.
const fn row(
    group: &'static str,
    versions: &'static [&'static str],
    kind: &'static str,
    plural: &'static str,
    what: What,
) -> Kind {
    Kind { group, versions, kind: Some(kind), plural, what, part: Platform, check: Loads }
}

/// The row of a kind, whatever the version.
pub fn find(kind: &GroupVersionKind) -> Option<&'static Kind> {
    KINDS.iter().find(|row| row.group == kind.group && row.kind.is_none_or(|name| name == kind.kind))
}

/// The table as Markdown, for the docs.
pub fn markdown() -> String {
    let mut text = "| group | kind | versions | part of | at admission |\n|---|---|---|---|---|\n".to_owned();
    for row in KINDS {
        let part = match row.part {
            Platform => "the platform",
            Policies => "the policies",
        };
        let check = match row.check {
            Loads => "refused where it does not load; fails closed",
            Read => "constraints only",
        };
        let versions = row.versions.join(", ");
        text.push_str(&format!("| {} | {} | {versions} | {part} | {check} |\n", row.group, row.name()));
    }
    text.push_str(
        "| those of your XRDs | claims and XRs | all served | | filled in; expanded, and every composed resource judged |\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_kind_and_no_other() {
        for (index, row) in KINDS.iter().enumerate() {
            for version in row.versions {
                let kind =
                    GroupVersionKind::new(&format!("{}/{version}", row.group), row.kind.unwrap_or("K8sAnything"));
                assert_eq!(find(&kind), KINDS.get(index), "{kind}");
            }
        }
        assert_eq!(find(&GroupVersionKind::new("v1", "Composition")), None);
        assert_eq!(find(&GroupVersionKind::new("mutations.gatekeeper.sh/v1", "Other")), None);
    }

    #[test]
    fn what_the_platform_reads_is_in_the_table_or_left_out_on_purpose() {
        // CRDs are not watched: the XRDs say all that claims need, and clusters have hundreds of large ones.
        let left_out = ["CustomResourceDefinition", "ManagedResourceDefinition"];
        for row in plat_platform::KINDS {
            let kind = GroupVersionKind::new(&format!("{}/{}", row.group, row.versions[0]), row.kind);
            match find(&kind) {
                Some(found) => {
                    let all = row.versions.iter().all(|version| found.versions.contains(version));
                    assert!(all, "{kind}: {:?} and {:?}", row.versions, found.versions);
                }
                None => assert!(left_out.contains(&row.kind), "{kind} is missing"),
            }
        }
    }
}
