//! The hash by which Crossplane tells one state of a Composition from another.
//!
//! It covers labels, annotations and spec, each printed as YAML. Where it differs from Crossplane's by one bit, whoever
//! takes over a cluster makes a new revision of every Composition: so the printed form is go-yaml's to the byte.

use plat_resource::yaml::to_hashable_string;
use plat_resource::{Value, object};
use sha2::{Digest as _, Sha256};

/// Longest value of a label.
const LABEL_LENGTH: usize = 63;
/// How much of the hash is in the name of a revision.
const SUFFIX_LENGTH: usize = 7;

/// The hash of one state of a Composition, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// The hash of `composition` as it is.
    pub fn of(composition: &Value) -> Self {
        let digest = Sha256::digest(text(composition));
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As much as a label can hold.
    pub fn label(&self) -> &str {
        self.0.get(..LABEL_LENGTH).unwrap_or(&self.0)
    }

    /// What ends the name of the revision.
    pub fn suffix(&self) -> &str {
        self.0.get(..SUFFIX_LENGTH).unwrap_or(&self.0)
    }
}

/// What is hashed.
fn text(composition: &Value) -> String {
    let texts = |key| {
        let map = object::value_at(composition, &["metadata", key]).and_then(Value::as_object);
        map.map_or(Value::Null, |map| Value::Object(map.clone()))
    };
    let parts = [texts("labels"), texts("annotations"), super::kept::spec(composition)];
    parts.iter().map(to_hashable_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Recorded from `Composition.Hash` of Crossplane 2.4.0.
    #[test]
    fn hashes_are_those_of_crossplane() {
        for line in include_str!("vectors.jsonl").lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let hash = Hash::of(&vector["composition"]);
            assert_eq!(json!(hash.0), vector["hash"], "{}", vector["composition"]);
        }
    }

    #[test]
    fn what_crossplane_does_not_know_and_the_rest_of_the_metadata_do_not_count() {
        let plain =
            json!({"metadata": {"name": "a"}, "spec": {"compositeTypeRef": {"apiVersion": "a/v1", "kind": "K"}}});
        let mut same = plain.clone();
        same["metadata"] = json!({"name": "b", "generation": 7, "annotations": null});
        same["spec"]["unknown"] = json!(1);
        assert_eq!(Hash::of(&plain), Hash::of(&same));
        let mut other = plain.clone();
        other["metadata"]["annotations"] = json!({"a": "b"});
        assert_ne!(Hash::of(&plain), Hash::of(&other));
        assert_eq!((Hash::of(&plain).label().len(), Hash::of(&plain).suffix().len()), (63, 7));
    }
}
