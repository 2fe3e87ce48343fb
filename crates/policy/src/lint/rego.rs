//! Rules about the Rego of a template.

use plat_resource::{Document, FieldPath, Segment, Value};

use super::{Lints, Rule};
use crate::Template;
use crate::template::code::rego_modules;
use crate::template::outline::{Outline, Reference};

pub(super) fn check(document: &Document, template: &Template, lints: &mut Lints) {
    let modules = rego_modules(&document.value);
    // A library is written for many templates, and may read what only some of them have.
    let is_library = |path: &FieldPath| path.segments().contains(&Segment::Field("libs".to_owned()));
    for (path, text) in modules.iter().filter(|(path, _)| !is_library(path)) {
        let outline = Outline::read(text);
        let mut told = Vec::new();
        for reference in &outline.references {
            let Some(parameter) = unknown_parameter(reference, template.parameters_schema()) else { continue };
            if !told.contains(&parameter) {
                let cause = format!("it reads the parameter {parameter}, which the schema does not have");
                let place = (reference.line, reference.column);
                lints.warn_within(Rule::ParameterUnknown, document, path, place, cause).hint =
                    Some("add it to spec.crd.spec.validation.openAPIV3Schema".to_owned());
                told.push(parameter);
            }
        }
    }
    ephemeral(document, &modules, lints);
}

/// The parameter that is read and cannot be given, by its path.
fn unknown_parameter(reference: &Reference, schema: Option<&Value>) -> Option<String> {
    if reference.name(0) != Some("input") || reference.name(1) != Some("parameters") {
        return None;
    }
    let mut schema = schema;
    let mut path = String::new();
    for name in reference.path.iter().skip(2) {
        // What is computed cannot be told, nor what is below an open schema.
        let name = name.as_deref()?;
        path.push_str(if path.is_empty() { "" } else { "." });
        path.push_str(name);
        let Some(below) = schema else { return Some(path) };
        let open = below.get("x-kubernetes-preserve-unknown-fields").is_some_and(|open| open == true);
        match below.get("properties").and_then(|properties| properties.get(name)) {
            Some(property) => schema = Some(property),
            None if open || below.get("additionalProperties").is_some() => return None,
            None => return Some(path),
        }
    }
    None
}

/// The lists of containers of a pod.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

fn ephemeral(document: &Document, modules: &[(FieldPath, &str)], lints: &mut Lints) {
    let outlines: Vec<_> = modules.iter().map(|(path, text)| (path, Outline::read(text))).collect();
    let place = |name: &str| {
        outlines.iter().find_map(|(path, outline)| outline.place_of(name).map(|place| ((*path).clone(), place)))
    };
    let [Some(_), Some((path, found)), None] = CONTAINERS.map(place) else { return };
    let cause = "it looks at containers and initContainers, and not at ephemeralContainers".to_owned();
    lints.warn_within(Rule::EphemeralContainers, document, &path, found, cause).hint =
        Some("look at spec.ephemeralContainers too: kubectl debug adds such containers to running pods".to_owned());
}

impl Outline {
    /// Where a field of this name is first read, or named in a text.
    fn place_of(&self, name: &str) -> Option<(usize, usize)> {
        let named = |reference: &&Reference| reference.path.iter().flatten().any(|part| part == name);
        let found = self.references.iter().chain(&self.locals).find(named).map(|found| (found.line, found.column));
        found.or_else(|| self.strings.iter().any(|text| text == name).then_some((1, 1)))
    }
}
