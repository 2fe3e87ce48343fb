//! Reading mutators, with everything that Gatekeeper and its schemas refuse said at its place.
//!
//! Owns the rules of the four kinds. The way through a document is in `place`, `spec.match` in `criteria`.

mod criteria;
mod place;

use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object, suggest};

use place::{Place, Reader};

use super::image::ImageParts;
use super::location::{Step, Which};
use super::mutator::{Action, Assigned, GROUP, Mutator, MutatorId, MutatorKind};
use super::path_tests::{Condition, PathTests};
use super::{ApplyTo, Location, Operation, numbers};
use crate::matcher::Match;

/// The longest name of a mutator: it becomes the value of a label.
const MAX_NAME_BYTES: usize = 63;
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];

/// Whether `object` is a mutator, or would like to be.
pub fn is_mutator(object: &Value) -> bool {
    GroupVersionKind::of(object).group == GROUP
}

/// Reads one mutator. None where something is wrong with it; the findings say what, and what is odd.
pub fn read(document: &Document) -> (Option<Mutator>, Vec<Diagnostic>) {
    let kind = GroupVersionKind::of(&document.value);
    let name = object::name(&document.value);
    let Some(known) = MutatorKind::ALL.into_iter().find(|known| known.name() == kind.kind) else {
        let names = MutatorKind::ALL.map(MutatorKind::name);
        let finding = Diagnostic::error(format!("{}/{name} cannot be used", kind.kind))
            .at(document.location())
            .field("kind")
            .because(format!("{} is no kind of {GROUP}; there are {}", kind.kind, names.join(", ")))
            .maybe_hint(suggest::did_you_mean(&kind.kind, names));
        return (None, vec![finding]);
    };
    let id = MutatorId { kind: known, namespace: object::namespace(&document.value).to_owned(), name: name.to_owned() };
    let mut reader = Reader::new(document, &id);
    let mutator = reader.mutator(id, &kind.version);
    let refused = reader.findings.iter().any(Diagnostic::is_error);
    (mutator.filter(|_| !refused), reader.findings)
}

impl<'a> Reader<'a> {
    fn mutator(&mut self, id: MutatorId, version: &str) -> Option<Mutator> {
        let root = self.root();
        self.check_identity(&id, version, &root);
        let spec = root.at("spec");
        let has_kinds = id.kind != MutatorKind::AssignMetadata;
        let known: &[&str] = if has_kinds {
            &["applyTo", "match", "location", "parameters"]
        } else {
            &["match", "location", "parameters"]
        };
        self.known(&spec, known);
        let location = self.location(&spec.at("location"));
        let apply_to = has_kinds.then(|| self.apply_to(&spec.at("applyTo")));
        let criteria = self.criteria(&spec.at("match"));
        let parameters = spec.at("parameters");
        let location = location?;
        self.check_location(id.kind, &location, &spec.at("location"));
        let (action, tests) = match id.kind {
            MutatorKind::AssignMetadata => {
                self.known(&parameters, &["assign"]);
                (self.assigned(id.kind, &parameters.at("assign"), &location), Some(PathTests::absent(&location)))
            }
            MutatorKind::Assign => {
                self.known(&parameters, &["assign", "pathTests"]);
                let assigned = self.assigned(id.kind, &parameters.at("assign"), &location);
                (assigned, self.path_tests(&parameters.at("pathTests"), &location))
            }
            MutatorKind::ModifySet => {
                self.known(&parameters, &["operation", "pathTests", "values"]);
                (self.set(&parameters), self.path_tests(&parameters.at("pathTests"), &location))
            }
            MutatorKind::AssignImage => {
                self.known(&parameters, &["assignDomain", "assignPath", "assignTag", "pathTests"]);
                (self.image(&parameters), self.path_tests(&parameters.at("pathTests"), &location))
            }
        };
        let generation = root.at("metadata").at("generation").value.and_then(Value::as_i64).unwrap_or(0);
        let place = self.document.location();
        Some(Mutator { id, place, generation, apply_to, criteria, location, tests: tests?, action: action? })
    }

    fn check_identity(&mut self, id: &MutatorId, version: &str, root: &Place<'a>) {
        if !VERSIONS.contains(&version) {
            let reason = format!("{version} is no version of {GROUP}; there are {}", VERSIONS.join(", "));
            self.error(&root.at("apiVersion"), reason, None);
        } else if id.kind == MutatorKind::AssignImage && version != "v1alpha1" {
            self.warning(&root.at("apiVersion"), "Gatekeeper serves AssignImage as v1alpha1 only");
        }
        let name = root.at("metadata").at("name");
        if id.name.is_empty() {
            self.error(&name, "it has no name", None);
        } else if id.name.len() > MAX_NAME_BYTES {
            self.error(&name, format!("maximum name length is {MAX_NAME_BYTES} characters"), None);
        }
    }

    fn location(&mut self, place: &Place<'a>) -> Option<Location> {
        let text = self.text(place);
        match Location::parse(&text) {
            Ok(location) => Some(location),
            Err(error) => {
                self.error(place, error, Some("write it as in spec.containers[name: *].image"));
                None
            }
        }
    }

    /// What each kind allows.
    fn check_location(&mut self, kind: MutatorKind, location: &Location, place: &Place<'a>) {
        let steps = location.steps();
        if kind == MutatorKind::AssignMetadata {
            let is_allowed = matches!(steps, [Step::Field(root), Step::Field(part), Step::Field(_)]
                if root == "metadata" && (part == "labels" || part == "annotations"));
            if !is_allowed {
                let hint =
                    "AssignMetadata sets one label or annotation: metadata.labels.KEY or metadata.annotations.KEY";
                self.error(place, "it is neither a label nor an annotation", Some(hint));
            }
            return;
        }
        if location.is_metadata() {
            let hint = "AssignMetadata sets labels and annotations; nothing else of metadata can be changed";
            self.error(place, format!("{} can't change metadata", kind.name()), Some(hint));
        }
        let ends_in_list = matches!(steps.last(), Some(Step::Elements { .. }));
        match kind {
            MutatorKind::ModifySet if ends_in_list => {
                self.error(place, "final node in a modifyset location cannot be a keyed list", None);
            }
            MutatorKind::ModifySet if steps.is_empty() => {
                self.warning(place, "it is empty: every object that matches is refused");
            }
            MutatorKind::AssignImage if ends_in_list => {
                self.error(place, "assignImage cannot mutate list-type fields", None);
            }
            MutatorKind::Assign | MutatorKind::AssignImage => self.check_key(steps, place),
            _ => {}
        }
    }

    fn check_key(&mut self, steps: &[Step], place: &Place<'a>) {
        match steps {
            [] => self.error(place, "empty path", None),
            [.., Step::Elements { key, .. }, Step::Field(name)] if key == name => {
                self.error(place, "invalid path format: changing the item key is not allowed", None);
            }
            _ => {}
        }
    }

    fn apply_to(&mut self, place: &Place<'a>) -> Vec<ApplyTo> {
        let items = self.items(place);
        if items.is_empty() {
            self.error(place, "applyTo required", Some("list the groups, versions and kinds that it may change"));
        }
        items.iter().map(|item| self.apply_to_entry(item)).collect()
    }

    fn apply_to_entry(&mut self, place: &Place<'a>) -> ApplyTo {
        self.known(place, &["groups", "versions", "kinds", "operations"]);
        let [groups, versions, kinds] = ["groups", "versions", "kinds"].map(|field| self.texts(&place.at(field)));
        if groups.is_empty() || versions.is_empty() || kinds.is_empty() {
            self.error(place, "invalid applyTo, all of group, version and kind must be specified", None);
        }
        for (field, texts) in [("groups", &groups), ("versions", &versions), ("kinds", &kinds)] {
            if texts.iter().any(|text| text.contains('*')) {
                self.warning(&place.at(field), "there are no globs in applyTo: * matches nothing");
            }
        }
        let operations = self.operations(&place.at("operations"));
        ApplyTo { groups, versions, kinds, operations }
    }

    fn operations(&mut self, place: &Place<'a>) -> Vec<Operation> {
        let names = self.texts(place);
        let mut operations = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|earlier| earlier == name) {
                self.error(place, format!("duplicate operation {name:?}"), None);
            }
            match Operation::parse(name).filter(|operation| operation.is_mutated()) {
                Some(operation) => operations.push(operation),
                None if name == "*" => {}
                None => {
                    self.error(place, format!("invalid operation {name:?}: must be one of CREATE, UPDATE, *"), None);
                }
            }
        }
        if names.len() > 1 && names.iter().any(|name| name == "*") {
            self.error(place, "wildcard \"*\" must not be combined with other operations", None);
        }
        operations
    }

    fn criteria(&mut self, place: &Place<'a>) -> Match {
        self.check_criteria(place);
        Match::read(place.value.unwrap_or(&Value::Null))
    }

    fn path_tests(&mut self, place: &Place<'a>, location: &Location) -> Option<PathTests> {
        let mut tests = Vec::new();
        for item in self.items(place) {
            self.known(&item, &["subPath", "condition"]);
            let sub_path = item.at("subPath");
            let path = match Location::parse(&self.text(&sub_path)) {
                Ok(path) => path,
                Err(error) => {
                    self.error(&sub_path, error, None);
                    continue;
                }
            };
            let condition = match self.text(&item.at("condition")).as_str() {
                "MustExist" => Condition::MustExist,
                "MustNotExist" => Condition::MustNotExist,
                other => {
                    let reason = format!("{other:?} is not a valid path test condition: MustExist or MustNotExist");
                    self.error(&item.at("condition"), reason, None);
                    continue;
                }
            };
            tests.push((path, condition));
        }
        match PathTests::new(location, &tests) {
            Ok(tests) => Some(tests),
            Err(error) => {
                self.error(place, error, Some("list MustExist before MustNotExist, each a beginning of location"));
                None
            }
        }
    }

    /// `parameters.assign`: one of its three fields.
    fn assigned(&mut self, kind: MutatorKind, place: &Place<'a>, location: &Location) -> Option<Action> {
        self.known(place, &["value", "fromMetadata", "externalData"]);
        let [value, metadata, external] = ["value", "fromMetadata", "externalData"].map(|field| place.at(field));
        if external.value.is_some() {
            let hint =
                "assign a value or fromMetadata; a webhook that asks another server for each request is slow and fails";
            self.error(&external, "plat asks no external data providers", Some(hint));
            return None;
        }
        match (value.value, metadata.value) {
            (None, None) => {
                self.error(place, "assign must set one of `value` or `fromMetadata`", None);
                None
            }
            (Some(_), Some(_)) => {
                self.error(place, "assign must only set one of `value` or `fromMetadata`", None);
                None
            }
            (Some(assigned), None) => {
                let assigned = numbers::to_floats(assigned);
                if kind == MutatorKind::AssignMetadata && !assigned.is_string() {
                    self.error(&value, "it must be a string: labels and annotations are", Some("put it in quotes"));
                }
                if kind == MutatorKind::Assign {
                    self.check_element(&assigned, location, &value);
                }
                Some(Action::Assign(Assigned::Value(assigned)))
            }
            (None, Some(_)) => {
                if matches!(location.steps().last(), Some(Step::Elements { .. })) {
                    self.error(&metadata, "cannot assign a metadata field to a list", None);
                }
                self.own_metadata(&metadata)
            }
        }
    }

    fn own_metadata(&mut self, place: &Place<'a>) -> Option<Action> {
        self.known(place, &["field"]);
        match self.text(&place.at("field")).as_str() {
            "name" => Some(Action::Assign(Assigned::Name)),
            "namespace" => Some(Action::Assign(Assigned::Namespace)),
            other => {
                let reason = format!("field {other:?} is not recognized: name or namespace");
                self.error(&place.at("field"), reason, None);
                None
            }
        }
    }

    /// What is put into a list must be an object with the key of the location.
    fn check_element(&mut self, value: &Value, location: &Location, place: &Place<'a>) {
        let Some(Step::Elements { key, which }) = location.steps().last() else { return };
        if *which == Which::All {
            self.error(place, "can't append to a globbed list", Some("name one element: [name: sidecar]"));
        } else if !value.is_object() {
            self.error(place, "only objects can be added to keyed lists", None);
        } else if !value.get(key).is_some_and(|value| which.is(value)) {
            let reason = format!("adding object to list with different key {key}: it must be that of the location");
            let hint = matches!(which, Which::Integer(_)).then_some(
                "Gatekeeper never takes a whole number as the key of a new element; set the fields one by one",
            );
            self.error(&place.at(key), reason, hint);
        }
    }

    fn set(&mut self, parameters: &Place<'a>) -> Option<Action> {
        let values = parameters.at("values");
        self.known(&values, &["fromList"]);
        let list = values.at("fromList");
        if list.value.is_none() {
            self.error(&list, "there are no values", Some("list them; Gatekeeper would write null"));
        }
        let values: Vec<Value> =
            self.items(&list).into_iter().map(|item| item.value.cloned().unwrap_or_default()).collect();
        let operation = parameters.at("operation");
        match self.text(&operation).as_str() {
            "merge" | "" => Some(Action::Merge(values)),
            "prune" => Some(Action::Prune(values)),
            other => {
                self.error(
                    &operation,
                    format!("unrecognized operation for modifyset: {other}"),
                    Some("merge or prune"),
                );
                None
            }
        }
    }

    fn image(&mut self, parameters: &Place<'a>) -> Option<Action> {
        let [domain, path, tag] =
            ["assignDomain", "assignPath", "assignTag"].map(|field| self.text(&parameters.at(field)));
        let parts = ImageParts { domain, path, tag };
        let faults = parts.faults();
        for fault in &faults {
            let place = fault.field.map_or_else(|| parameters.clone(), |field| parameters.at(field));
            self.error(&place, &fault.reason, None);
        }
        faults.is_empty().then_some(Action::Image(parts))
    }
}

#[cfg(test)]
mod tests;
