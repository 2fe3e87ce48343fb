//! Keeping the last good version of whatever is broken now.
//!
//! Owns which version of each unit (a file, an object of the cluster) is loaded: the newest that loads. One mistake in one
//! policy must neither take the others down nor let through what the policy refused a minute ago.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Document, GroupVersionKind, object};

use crate::kinds::{CONSTRAINTS, What, find};

/// What is written, read and broken as one: a file, or an object of the cluster.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its name; the documents in it say it is their file.
    pub name: String,
    /// The documents that could be read.
    pub documents: Vec<Document>,
    /// Why others could not be.
    pub unreadable: Vec<Diagnostic>,
}

/// A unit that does not load as it is written.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Its name.
    pub unit: String,
    /// What is wrong with it.
    pub findings: Vec<Diagnostic>,
    /// Whether an earlier version is in use; where there was none, what is right in it is.
    pub earlier_in_use: bool,
}

/// What came of loading.
#[derive(Debug)]
pub struct Loaded<T> {
    /// What is in use now.
    pub value: T,
    /// The documents it was made of.
    pub documents: Vec<Document>,
    /// What is not in use as it is written.
    pub broken: Vec<Broken>,
    /// What should be known about the rest.
    pub warnings: Vec<Diagnostic>,
}

/// The last version of each unit that loaded.
#[derive(Debug, Default)]
pub struct LastGood {
    units: BTreeMap<String, Vec<Document>>,
}

impl LastGood {
    /// Loads the newest version of each unit that loads. A unit that never loaded whole is loaded without what is wrong
    /// with it, which is the loader's to leave out. `load` is called again where something is broken.
    pub fn load<T>(
        &mut self,
        units: Vec<Unit>,
        mut load: impl FnMut(Vec<Document>) -> (T, Vec<Diagnostic>),
    ) -> Loaded<T> {
        let mut documents = self.chosen(&units, &[]);
        let (mut value, findings) = load(documents.clone());
        let mut broken = self.broken(&units, &findings);
        let warnings = findings.into_iter().filter(|finding| !finding.is_error()).collect();
        if !broken.is_empty() {
            documents = self.chosen(&units, &broken);
            let (second, findings) = load(documents.clone());
            value = second;
            let templates = self.templates_to_step_back(&units, &broken, &findings);
            if !templates.is_empty() {
                broken.extend(templates);
                documents = self.chosen(&units, &broken);
                value = load(documents.clone()).0;
            }
        }
        self.keep(units, &broken);
        Loaded { value, documents, broken, warnings }
    }

    /// The newest version of each unit, and of a broken one the last that loaded.
    fn chosen(&self, units: &[Unit], broken: &[Broken]) -> Vec<Document> {
        let version = |unit: &Unit| {
            let earlier = self.units.get(&unit.name).filter(|_| broken.iter().any(|each| each.unit == unit.name));
            earlier.unwrap_or(&unit.documents).clone()
        };
        units.iter().flat_map(version).collect()
    }

    fn keep(&mut self, units: Vec<Unit>, broken: &[Broken]) {
        let mut earlier = std::mem::take(&mut self.units);
        for unit in units {
            let is_broken = broken.iter().any(|each| each.unit == unit.name);
            let documents = if is_broken { earlier.remove(&unit.name) } else { Some(unit.documents) };
            self.units.extend(documents.map(|documents| (unit.name, documents)));
        }
    }

    /// Templates whose new version loads, and takes away a constraint that was in force: they are broken too.
    fn templates_to_step_back(&self, units: &[Unit], broken: &[Broken], findings: &[Diagnostic]) -> Vec<Broken> {
        let mut back: Vec<Broken> = Vec::new();
        for finding in findings.iter().filter(|finding| finding.is_error()) {
            let file = finding.location.as_ref().map(|location| &*location.file);
            let lost = broken.iter().find(|each| Some(each.unit.as_str()) == file);
            let constraints = lost.and_then(|lost| self.units.get(&lost.unit)).into_iter().flatten();
            for kind in constraints.map(|document| GroupVersionKind::of(&document.value)) {
                let is_template = |document: &Document| {
                    find(&GroupVersionKind::of(&document.value)).is_some_and(|row| row.what == What::Template)
                        && object::name(&document.value) == kind.kind.to_lowercase()
                };
                let unit = units.iter().find(|unit| unit.documents.iter().any(is_template));
                let Some(unit) = unit.filter(|unit| kind.group == CONSTRAINTS && self.units.contains_key(&unit.name))
                else {
                    continue;
                };
                if broken.iter().chain(&back).all(|each| each.unit != unit.name) {
                    let findings = vec![finding.clone()];
                    back.push(Broken { unit: unit.name.clone(), findings, earlier_in_use: true });
                }
            }
        }
        back
    }

    fn broken(&self, units: &[Unit], findings: &[Diagnostic]) -> Vec<Broken> {
        let mut by_unit: BTreeMap<&str, Vec<Diagnostic>> = BTreeMap::new();
        for unit in units.iter().filter(|unit| !unit.unreadable.is_empty()) {
            by_unit.entry(&unit.name).or_default().extend(unit.unreadable.iter().cloned());
        }
        for finding in findings.iter().filter(|finding| finding.is_error()) {
            let file = finding.location.as_ref().map(|location| &*location.file);
            if let Some(unit) = units.iter().find(|unit| Some(unit.name.as_str()) == file) {
                by_unit.entry(&unit.name).or_default().push(finding.clone());
            }
        }
        let broken = by_unit.into_iter().map(|(unit, findings)| Broken {
            unit: unit.to_owned(),
            findings,
            earlier_in_use: self.units.contains_key(unit),
        });
        broken.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_resource::Value;
    use serde_json::json;

    fn unit(name: &str, value: i64) -> Unit {
        Unit {
            name: name.to_owned(),
            documents: vec![Document::synthetic(json!({"metadata": {"name": name}, "value": value}), name)],
            unreadable: Vec::new(),
        }
    }

    /// Sums values; refuses negative ones.
    #[expect(clippy::needless_pass_by_value, reason = "the shape of a loader")]
    fn load(documents: Vec<Document>) -> (Vec<String>, Vec<Diagnostic>) {
        let (mut good, mut findings) = (Vec::new(), Vec::new());
        for document in &documents {
            let value = document.value.get("value").and_then(Value::as_i64).unwrap_or_default();
            if value < 0 {
                findings.push(Diagnostic::error("negative").at(document.location()));
            } else {
                good.push(format!("{} {value}", object::name(&document.value)));
            }
        }
        (good, findings)
    }

    #[test]
    fn a_broken_unit_keeps_its_last_good_version_and_the_others_go_on() {
        let mut last = LastGood::default();
        let first = last.load(vec![unit("a", 1), unit("b", 1)], load);
        assert_eq!((first.value, first.broken.len()), (vec!["a 1".to_owned(), "b 1".to_owned()], 0));
        let second = last.load(vec![unit("a", -1), unit("b", 2)], load);
        assert_eq!(second.value, ["a 1", "b 2"]);
        assert_eq!((second.broken[0].unit.as_str(), second.broken[0].earlier_in_use), ("a", true));
        // Still broken: the version from before is not forgotten.
        assert_eq!(last.load(vec![unit("a", -2), unit("b", 3)], load).value, ["a 1", "b 3"]);
        assert_eq!(last.load(vec![unit("a", 4), unit("b", 3)], load).value, ["a 4", "b 3"]);
    }

    #[test]
    fn what_never_loaded_is_left_out_and_what_is_gone_is_gone() {
        let mut last = LastGood::default();
        let loaded = last.load(vec![unit("a", -1), unit("b", 1)], load);
        assert_eq!((loaded.value, loaded.broken[0].earlier_in_use), (vec!["b 1".to_owned()], false));
        assert_eq!(last.load(vec![unit("a", 1)], load).value, ["a 1"]);
        assert!(last.load(vec![unit("b", -1)], load).value.is_empty());
    }

    #[test]
    fn one_mistake_in_a_file_does_not_take_the_rest_of_it_away() {
        let mut last = LastGood::default();
        let mut both = unit("a", 1);
        both.documents.extend(unit("a", -1).documents);
        let loaded = last.load(vec![both.clone(), unit("b", 1)], load);
        assert_eq!((loaded.value, loaded.broken[0].earlier_in_use), (vec!["a 1".to_owned(), "b 1".to_owned()], false));
        // It never loaded whole: it is no earlier version.
        assert!(!last.load(vec![both], load).broken[0].earlier_in_use);
    }

    fn template(parameter: &str) -> Unit {
        let schema = json!({"type": "object", "properties": {parameter: {"type": "string"}}, "required": [parameter]});
        let template = json!({
            "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "a"},
            "spec": {
                "crd": {"spec": {"names": {"kind": "A"}, "validation": {"openAPIV3Schema": schema}}},
                "targets": [{
                    "target": "admission.k8s.gatekeeper.sh",
                    "rego": "package a\nviolation[{\"msg\": \"no\"}] { input.parameters }",
                }],
            },
        });
        Unit { documents: vec![Document::synthetic(template, "template")], ..unit("template", 0) }
    }

    #[test]
    fn a_template_that_takes_a_constraint_away_steps_back_with_it() {
        let constraint = json!({
            "apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "A", "metadata": {"name": "one"},
            "spec": {"parameters": {"old": "x"}},
        });
        let constraint = Unit { documents: vec![Document::synthetic(constraint, "one")], ..unit("one", 0) };
        let policies = |documents: Vec<Document>| {
            let (set, findings) = plat_policy::PolicySet::load(&documents, &plat_policy::Options::default());
            (set.constraints().len(), findings)
        };
        let mut last = LastGood::default();
        assert_eq!(last.load(vec![template("old"), constraint.clone()], policies).value, 1);
        let loaded = last.load(vec![template("new"), constraint.clone()], policies);
        assert_eq!((loaded.value, loaded.broken.len()), (1, 2), "{:#?}", loaded.broken);
        // Again, as at the next change of anything else.
        assert_eq!(last.load(vec![template("new"), constraint], policies).value, 1);
    }

    #[test]
    fn a_unit_that_cannot_be_read_is_broken() {
        let mut last = LastGood::default();
        last.load(vec![unit("a", 1)], load);
        let unreadable = Unit { documents: Vec::new(), unreadable: vec![Diagnostic::error("no YAML")], ..unit("a", 0) };
        let loaded = last.load(vec![unreadable], load);
        assert_eq!((loaded.value, loaded.broken.len()), (vec!["a 1".to_owned()], 1));
    }
}
