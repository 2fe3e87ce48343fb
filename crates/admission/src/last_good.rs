//! Keeping the last good version of whatever is broken now.
//!
//! Owns which version of each unit (a file, an object of the cluster) is loaded: the newest that loads. One mistake in one
//! policy must neither take the others down nor let through what the policy refused a minute ago.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Document};

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
    /// Whether an earlier version is in use; where there was none, nothing of it is.
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
    /// Loads the newest version of each unit that loads. `load` is called twice where something is broken.
    pub fn load<T>(
        &mut self,
        units: Vec<Unit>,
        mut load: impl FnMut(Vec<Document>) -> (T, Vec<Diagnostic>),
    ) -> Loaded<T> {
        let newest = units.iter().flat_map(|unit| unit.documents.iter().cloned()).collect::<Vec<_>>();
        let (value, findings) = load(newest.clone());
        let broken = self.broken(&units, &findings);
        let warnings = findings.into_iter().filter(|finding| !finding.is_error()).collect();
        if broken.is_empty() {
            self.units = units.into_iter().map(|unit| (unit.name, unit.documents)).collect();
            return Loaded { value, documents: newest, broken, warnings };
        }
        let is_broken = |name: &str| broken.iter().any(|each| each.unit == name);
        let mut kept = BTreeMap::new();
        for unit in units {
            let earlier = self.units.remove(&unit.name);
            let documents = if is_broken(&unit.name) { earlier } else { Some(unit.documents) };
            kept.extend(documents.map(|documents| (unit.name, documents)));
        }
        self.units = kept;
        let documents = self.units.values().flatten().cloned().collect::<Vec<_>>();
        // A constraint may load only with the template that is broken now: what is wrong the second time is left out by
        // the loader itself, as it leaves out what is wrong the first time.
        let (value, _) = load(documents.clone());
        Loaded { value, documents, broken, warnings }
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
    use plat_resource::{Value, object};
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
    fn a_unit_that_cannot_be_read_is_broken() {
        let mut last = LastGood::default();
        last.load(vec![unit("a", 1)], load);
        let unreadable = Unit { documents: Vec::new(), unreadable: vec![Diagnostic::error("no YAML")], ..unit("a", 0) };
        let loaded = last.load(vec![unreadable], load);
        assert_eq!((loaded.value, loaded.broken.len()), (vec!["a 1".to_owned()], 1));
    }
}
