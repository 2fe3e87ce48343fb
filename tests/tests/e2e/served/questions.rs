//! The objects that both sides are asked about.
//!
//! Owns finding them: our own in `tests/fixtures/served`, each with what becomes of it by one change, and the published
//! practice cases where somebody has laid them beside the repository.

use std::collections::BTreeSet;
use std::path::Path;

use plat_resource::{GroupVersionKind, Value, object};

use crate::cases::{self, PRACTICE_CASES};
use crate::mutations::{Depth, Mutation, mutations};

/// Every so many published objects, one is also asked about in all its changes.
const CHANGED: usize = 40;

/// One object to ask about.
pub(super) struct Question {
    /// The object it was made from.
    pub(super) document: String,
    /// What was changed.
    pub(super) change: String,
    /// The object.
    pub(super) object: Value,
    /// Whether it is asked too what comes of changing the original into it: only some kinds know of before and after.
    pub(super) is_updated: bool,
}

impl Question {
    pub(super) fn words(&self) -> String {
        format!("{}: {}", self.document, self.change)
    }

    /// Whether it is the object as it was written.
    pub(super) fn is_original(&self) -> bool {
        self.change == "as it is"
    }

    pub(super) fn is_about_status(&self) -> bool {
        self.change.trim_start_matches("without ").starts_with("status")
    }
}

/// Our own objects; the first of each kind and version has every field, and is asked about in all its changes.
pub(super) fn own() -> Vec<Question> {
    let folder = plat_tests::repository().join("tests/fixtures/served");
    let files = ["definitions.yaml", "compositions.yaml", "functions.yaml", "usages.yaml"];
    let (mut found, mut kinds) = (Vec::new(), BTreeSet::new());
    for file in files {
        let objects = cases::values(&folder.join(file)).unwrap_or_else(|error| panic!("{error:#}"));
        assert!(!objects.is_empty(), "{file} is empty");
        for object in objects {
            let all = kinds.insert(GroupVersionKind::of(&object).to_string());
            found.extend(changed(file, &object).into_iter().take(if all { usize::MAX } else { 1 }));
        }
    }
    found
}

/// The published objects, some of them with all their changes; none where nobody has laid them beside the repository.
pub(super) fn published() -> Vec<Question> {
    let root = plat_tests::repository().join(PRACTICE_CASES);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for case in cases::folders(&root).iter().flat_map(|repository| cases::folders(repository)) {
        for file in ["definition.yaml", "composition.yaml", "extra.yaml", "composition.original.yaml"] {
            // What is no YAML is no object.
            for object in cases::values(&case.join(file)).unwrap_or_default() {
                if schema(&object).is_some() && seen.insert(object.to_string()) {
                    let document = words(&case, &root, file);
                    let asked = changed(&document, &object).into_iter().map(|it| Question { is_updated: false, ..it });
                    let all = seen.len() % CHANGED == 0;
                    found.extend(asked.take(if all { usize::MAX } else { 1 }));
                }
            }
        }
    }
    found
}

fn words(case: &Path, root: &Path, file: &str) -> String {
    format!("{}/{file}", case.strip_prefix(root).unwrap_or(case).display())
}

/// The object as it is, then what becomes of it by one change each.
fn changed(document: &str, object: &Value) -> Vec<Question> {
    let schema = schema(object).unwrap_or_else(|| panic!("{document}: nobody brings {}", GroupVersionKind::of(object)));
    let document = format!("{document} {} {}", GroupVersionKind::of(object).kind, object::name(object));
    let has_fixed_fields = schema.to_string().contains("oldSelf");
    let mutations = mutations(object, &schema, Depth::Few).into_iter();
    // Names are Kubernetes' matter.
    let mutations = mutations.filter(|mutation| !mutation.change.starts_with("metadata"));
    let question = |Mutation { change, object }| {
        let mut question = Question { document: document.clone(), change, object, is_updated: has_fixed_fields };
        question.is_updated |= question.is_about_status();
        question
    };
    mutations.map(question).collect()
}

/// The schema of the object's kind and version, as plat brings it.
fn schema(object: &Value) -> Option<Value> {
    let kind = GroupVersionKind::of(object);
    let definitions = plat_served::definitions();
    let mut specs = definitions.iter().map(|definition| &definition["spec"]);
    let spec = specs.find(|spec| spec["group"] == kind.group && spec["names"]["kind"] == kind.kind)?;
    let version = spec["versions"].as_array()?.iter().find(|version| version["name"] == kind.version)?;
    Some(version["schema"]["openAPIV3Schema"].clone())
}
