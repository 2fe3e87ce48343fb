//! function-patch-and-transform, in process.
//!
//! Owns reading, checking and running its input. The rules, their order and the messages are those of version 0.10.7,
//! read in its sources and measured against its recorded answers. Beyond the original, a run keeps a [`Trace`]: which
//! patch wrote which field, and which patches could not run because what they read does not exist yet.

pub mod connection;
pub mod input;
pub mod once;
pub mod patch;
pub mod readiness;
pub mod string_transform;
pub mod transform;
pub mod validate;

mod run;

pub use run::run;

use std::collections::BTreeMap;

use plat_resource::{FieldPath, Value};

use crate::budget::MAX_PATCHES;
use crate::go::json;
use crate::model::{Origin, Origins, Unknown};
use input::{Patch, Resources, Template, indexed};

/// Context key of the environment, shared by the functions that know of one.
pub const ENVIRONMENT_KEY: &str = "apiextensions.crossplane.io/environment";

/// An input that has been read and checked, patch sets inlined.
#[derive(Debug, Clone)]
pub struct Compiled {
    resources: Resources,
    templates: Vec<Template>,
}

/// Why an input cannot be used, or why a run stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In the real function's words.
    pub message: String,
    /// Where in the input, as near as is known.
    pub place: FieldPath,
    /// The template concerned.
    pub resource: Option<String>,
}

/// What a run leaves behind besides its response.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Fields of composed resources, by template.
    pub resources: BTreeMap<String, Origins>,
    /// Fields of the XR.
    pub composite: Origins,
    /// Fields of composed resources that only the apply will tell, by template.
    pub unknowns: BTreeMap<String, Vec<Unknown>>,
    /// Fields of the XR that only the apply will tell.
    pub composite_unknowns: Vec<Unknown>,
    /// Where the run stopped, if it did.
    pub fault: Option<Fault>,
}

impl Compiled {
    /// Reads and checks an input (the value of `pipeline[].input`).
    pub fn new(input: &Value) -> Result<Self, Fault> {
        // The input travels as a protobuf Struct and is read from JSON: no integer above 2^53 survives.
        let input = json::normalized(&json::to_struct(input));
        let resources = Resources::read(&input).map_err(|error| Fault {
            message: format!("cannot get Function input: {}{}", at(&error.place), error.reason),
            resource: template_at(&input, &error.place),
            place: error.place,
        })?;
        validate::resources(&resources).map_err(|error| Fault {
            message: format!("invalid Function input: {error}"),
            resource: template_at(&input, &error.place),
            place: error.place,
        })?;
        Self::inlined(resources)
    }

    fn inlined(resources: Resources) -> Result<Self, Fault> {
        for (set_index, set) in resources.patch_sets.iter().enumerate() {
            if let Some(index) = set.patches.iter().position(|patch| patch.kind() == "PatchSet") {
                let patches = indexed(&FieldPath::default().key("patchSets"), set_index).key("patches");
                return Err(Fault {
                    message: "cannot resolve PatchSets: a patch in a PatchSet cannot be of type PatchSet".to_owned(),
                    place: indexed(&patches, index),
                    resource: None,
                });
            }
        }
        // The last set of a name wins, as in a Go map.
        let sets: BTreeMap<&str, &[Patch]> =
            resources.patch_sets.iter().map(|set| (set.name.as_str(), set.patches.as_slice())).collect();
        let mut room = MAX_PATCHES;
        let mut templates = Vec::with_capacity(resources.resources.len());
        for template in &resources.resources {
            let template = inline(template, &sets, room)?;
            room = room.saturating_sub(template.patches.len());
            templates.push(template);
        }
        Ok(Self { resources, templates })
    }

    /// Drops the template of this name; false where there is none.
    pub fn leave_out(&mut self, name: &str) -> bool {
        let before = self.templates.len();
        self.templates.retain(|template| template.name != name);
        self.templates.len() < before
    }

    /// Names of its templates, in order.
    pub fn template_names(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().map(|template| template.name.as_str())
    }
}

fn at(place: &FieldPath) -> String {
    if place.segments().is_empty() { String::new() } else { format!("{place}: ") }
}

/// The name of the template that `place` is in.
fn template_at(input: &Value, place: &FieldPath) -> Option<String> {
    let segments = place.segments().get(..2)?;
    let template = FieldPath::new(segments.to_vec()).get(input).ok()?;
    (segments[0] == plat_resource::Segment::Field("resources".to_owned()))
        .then(|| template.get("name").and_then(Value::as_str).map(str::to_owned))?
}

/// The template with its patch sets inlined, `room` being how many patches it may have then.
fn inline(template: &Template, sets: &BTreeMap<&str, &[Patch]>, room: usize) -> Result<Template, Fault> {
    let mut patches = Vec::with_capacity(template.patches.len());
    for patch in &template.patches {
        let Some(name) = patch.patch_set_name.as_deref().filter(|_| patch.kind() == "PatchSet") else {
            patches.push(patch.clone());
            continue;
        };
        let set = sets.get(name).ok_or_else(|| Fault {
            message: format!("cannot resolve PatchSets: cannot find PatchSet by name {name}"),
            place: patch.place.key("patchSetName"),
            resource: Some(template.name.clone()),
        })?;
        if patches.len() + set.len() > room {
            return Err(Fault {
                message: format!("cannot resolve PatchSets: they come to more than {MAX_PATCHES} patches"),
                place: patch.place.clone(),
                resource: Some(template.name.clone()),
            });
        }
        patches.extend(set.iter().map(|patch| patch.inlined(name)));
    }
    Ok(Template { patches, ..template.clone() })
}

/// The origin of what `patch` (at `index`, patch sets inlined) writes.
fn origin(patch: &Patch, index: usize, resource: &str, source: &str) -> Origin {
    Origin {
        step: String::new(),
        resource: resource.to_owned(),
        patch: index,
        patch_type: patch.kind().to_owned(),
        patch_set: patch.inlined_from.clone(),
        from: patch.sources(),
        source: source.to_owned(),
    }
}

#[cfg(test)]
mod tests;
