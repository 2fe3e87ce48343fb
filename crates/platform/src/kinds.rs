//! The kind table: every kind a Platform is made of, with its group and versions.
//!
//! Loading, duplicate detection and docs read this one table. Kinds that are not in it are kept as they are.

use plat_resource::GroupVersionKind;

/// What a document of a kind in the table is to the Platform.
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
    /// CustomResourceDefinition, or what becomes one.
    Crd,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlatformKind {
    /// API group.
    pub group: &'static str,
    /// Versions that are read.
    pub versions: &'static [&'static str],
    /// Kind.
    pub kind: &'static str,
    /// What it is.
    pub what: What,
}

const CROSSPLANE: &str = "apiextensions.crossplane.io";

/// The table.
pub const KINDS: &[PlatformKind] = &[
    row(CROSSPLANE, &["v1", "v2"], "CompositeResourceDefinition", What::Definition),
    row(CROSSPLANE, &["v1"], "Composition", What::Composition),
    row(CROSSPLANE, &["v1"], "CompositionRevision", What::Revision),
    row(CROSSPLANE, &["v1alpha1", "v1beta1"], "EnvironmentConfig", What::EnvironmentConfig),
    // What providers for Crossplane 2 bring in place of CRDs; it says the same.
    row(CROSSPLANE, &["v1alpha1"], "ManagedResourceDefinition", What::Crd),
    row("pkg.crossplane.io", &["v1", "v1beta1"], "Function", What::Function),
    row("apiextensions.k8s.io", &["v1"], "CustomResourceDefinition", What::Crd),
];

const fn row(group: &'static str, versions: &'static [&'static str], kind: &'static str, what: What) -> PlatformKind {
    PlatformKind { group, versions, kind, what }
}

/// The row of a group and kind, whatever the version.
pub fn what_is(kind: &GroupVersionKind) -> Option<&'static PlatformKind> {
    KINDS.iter().find(|row| row.group == kind.group && row.kind == kind.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_stands_twice_in_the_table() {
        for (index, row) in KINDS.iter().enumerate() {
            let kind = GroupVersionKind::new(&format!("{}/{}", row.group, row.versions[0]), row.kind);
            assert_eq!(what_is(&kind), KINDS.get(index));
        }
        assert_eq!(what_is(&GroupVersionKind::new("v1", "Secret")), None);
    }
}
