//! From a field of a composed resource back to the field of the claim that decides it.
//!
//! Owns the way up through nested XRs and from an XR to its claim. One step of it, which patch wrote a field, is known to
//! the expansion.

use plat_expand::{Composed, Expansion, Origin, Origins, origin_of};
use plat_resource::{FieldPath, Segment, Value};

use super::Subject;
use crate::model::Role;

/// What an origin calls the XR.
const COMPOSITE: &str = "composite";
/// What an origin calls the environment.
const ENVIRONMENT: &str = "environment";

/// Where an object stands, and what wrote its fields.
pub(super) struct Trace<'a> {
    above: Option<&'a Trace<'a>>,
    /// Composition-resource name.
    name: Option<&'a str>,
    /// What wrote its fields; of the root XR, what composed resources wrote back to it.
    origins: Option<&'a Origins>,
    /// The Composition that made it; of an XR, the one that makes what is below.
    composition: &'a str,
    /// Whether the root XR was made of a claim.
    has_claim: bool,
}

/// A field at fault.
pub(super) struct Fault<'a> {
    pub(super) path: &'a FieldPath,
    pub(super) object: &'a Value,
    pub(super) subject: Subject,
    pub(super) given: Role,
}

impl<'a> Trace<'a> {
    /// An object that the user wrote.
    pub(super) fn given() -> Self {
        Self { above: None, name: None, origins: None, composition: "", has_claim: false }
    }

    /// The XR of `expansion`.
    pub(super) fn root(expansion: &'a Expansion) -> Self {
        Self {
            above: None,
            name: None,
            origins: Some(&expansion.origins),
            composition: &expansion.composition,
            has_claim: expansion.claim.is_some(),
        }
    }

    /// A composed resource of this XR.
    pub(super) fn below(&'a self, composed: &'a Composed) -> Self {
        Self { above: Some(self), name: Some(&composed.name), origins: Some(&composed.origins), ..*self }
    }

    /// A resource of this XR that goes.
    pub(super) fn removed(&'a self, name: &'a str) -> Self {
        Self { above: Some(self), name: Some(name), origins: None, ..*self }
    }

    /// The same composed resource as the XR it is.
    pub(super) fn into_nested(self, nested: &'a Expansion) -> Self {
        Self { composition: &nested.composition, ..self }
    }

    /// Composition-resource names from the root down.
    pub(super) fn place(&self) -> Vec<String> {
        let mut place = self.above.map_or_else(Vec::new, Trace::place);
        place.extend(self.name.map(str::to_owned));
        place
    }

    /// The same as one text.
    pub(super) fn resource(&self) -> Option<String> {
        Some(self.place().join("/")).filter(|text| !text.is_empty())
    }

    /// The patch that wrote `path`.
    pub(super) fn origin(&self, path: &FieldPath) -> Option<&'a Origin> {
        origin_of(self.origins?, path)
    }

    /// The fields of what the user gave that decide `path`; empty where other things decide it.
    pub(super) fn given_fields(&self, path: &FieldPath) -> Vec<FieldPath> {
        let mut fields = match (self.above, self.origin(path)) {
            (None, None) => self.of_claim(path).into_iter().collect(),
            (Some(above), Some(origin)) if origin.source == COMPOSITE => {
                let read = origin.from.iter().filter_map(|field| FieldPath::parse(field).ok());
                read.flat_map(|field| above.given_fields(&field)).collect()
            }
            // What a patch wrote to the root XR comes from below.
            _ => Vec::new(),
        };
        fields.sort();
        fields.dedup();
        fields
    }

    /// A field of the root XR as the user wrote it.
    fn of_claim(&self, path: &FieldPath) -> Option<FieldPath> {
        let keys: Vec<&str> = path
            .segments()
            .iter()
            .map_while(|segment| match segment {
                Segment::Field(key) => Some(key.as_str()),
                Segment::Index(_) => None,
            })
            .collect();
        let metadata = |key: &str| Some(FieldPath::default().key("metadata").key(key));
        match keys.as_slice() {
            ["spec", "claimRef", key @ ("name" | "namespace")] if self.has_claim => metadata(key),
            ["metadata", "labels", "crossplane.io/claim-name"] | ["metadata", "name"] if self.has_claim => {
                metadata("name")
            }
            ["metadata", "labels", "crossplane.io/claim-namespace"] if self.has_claim => metadata("namespace"),
            ["metadata", "name" | "namespace"] | ["spec", ..] => Some(path.clone()),
            ["metadata", "labels" | "annotations", key, ..] if !key.contains("crossplane.io/") => Some(path.clone()),
            _ => None,
        }
    }

    /// What to do about a field at fault.
    pub(super) fn hint(&self, fault: &Fault<'_>, given_fields: &[String]) -> Option<String> {
        if matches!(fault.subject, Subject::Claim | Subject::Object | Subject::Removed) {
            return None;
        }
        let given = if fault.given == Role::Claim { "claim" } else { "XR" };
        if !given_fields.is_empty() {
            return Some(format!("change {} of the {given}", given_fields.join(" or ")));
        }
        let name = self.name?;
        let Some(origin) = self.origin(fault.path) else {
            let is_there = fault.path.get(fault.object).is_ok();
            let makes = self.above.map_or(self.composition, |above| above.composition);
            let what = if is_there { "sets it itself" } else { "does not set it" };
            return Some(format!(
                "no field of the {given} decides this: composition {makes} {what}, in its resource \"{name}\""
            ));
        };
        let fields = origin.from.join(", ");
        Some(match origin.source.as_str() {
            ENVIRONMENT => format!("no field of the {given} decides this: it is {fields} of the environment"),
            COMPOSITE => format!("no field of the {given} decides this: it comes of {fields} of the XR"),
            resource => format!("no field of the {given} decides this: it comes of {fields} of \"{resource}\""),
        })
    }
}
