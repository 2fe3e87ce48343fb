//! The kinds that plat brings are Crossplane's: each definition says the same, and judges the same objects the same.
//!
//! Owns comparing them. Crossplane's are read from its Go module, where that is to be had; else what a real API server said
//! by them is in `tests/fixtures/served/recorded.jsonl`. `PLAT_RECORD=1` writes that anew.

mod judge;
mod questions;
mod recorded;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::OnceLock;

use plat_resource::{Value, object};
use plat_tests::Program;
use plat_tests::programs::{self, progress};

use crate::cases;
use crate::definitions::first_difference;
use judge::Judge;
use questions::Question;

/// What judges by plat's definitions.
fn ours() -> &'static Judge {
    static OURS: OnceLock<Judge> = OnceLock::new();
    OURS.get_or_init(|| Judge::establish("ours", &plat_served::definitions()))
}

/// What judges by Crossplane's; nobody where they are not to be had.
fn theirs() -> Option<&'static Judge> {
    static THEIRS: OnceLock<Option<Judge>> = OnceLock::new();
    THEIRS.get_or_init(|| Some(Judge::establish("theirs", &crossplanes()?.into_values().collect::<Vec<_>>()))).as_ref()
}

/// Crossplane's own definitions of the kinds that plat brings, by name.
fn crossplanes() -> Option<BTreeMap<String, Value>> {
    published(programs::CROSSPLANE_CORE, "cluster/crds", &plat_served::definitions())
}

/// The definitions of the same names in a folder of a program's module.
fn published(program: Program, folder: &str, ours: &[Value]) -> Option<BTreeMap<String, Value>> {
    let Some(module) = program.module_folder() else {
        progress(&format!("the Go module of {} is not here: its definitions are not compared with", program.name));
        return None;
    };
    let wanted: BTreeSet<String> = ours.iter().map(|it| object::name(it).to_owned()).collect();
    let read = || -> anyhow::Result<BTreeMap<String, Value>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(module.join(folder))? {
            for definition in cases::values(&entry?.path())? {
                found.insert(object::name(&definition).to_owned(), definition);
            }
        }
        found.retain(|name, _| wanted.contains(name));
        Ok(found)
    };
    Some(read().unwrap_or_else(|error| panic!("{}: {error:#}", module.display())))
}

/// The schema without what only people read, and with the order of lists that have none.
fn essence(schema: &Value) -> Value {
    let fields =
        |map: &Value| map.as_object().into_iter().flatten().map(|(name, it)| (name.clone(), essence(it))).collect();
    let Value::Object(map) = schema else { return schema.clone() };
    let keywords = map.iter().filter(|(keyword, _)| *keyword != "description");
    let essence = keywords.map(|(keyword, value)| {
        let value = match keyword.as_str() {
            "properties" => Value::Object(fields(value)),
            "items" | "additionalProperties" => essence(value),
            "required" => {
                value.as_array().into_iter().flatten().map(Value::as_str).collect::<BTreeSet<_>>().into_iter().collect()
            }
            _ => value.clone(),
        };
        (keyword.clone(), value)
    });
    Value::Object(essence.collect())
}

/// What a definition says besides its name: the annotation of a generator and empty subresources say nothing.
fn meaning(definition: &Value) -> Value {
    let mut spec = definition["spec"].clone();
    for version in spec["versions"].as_array_mut().into_iter().flatten() {
        version["schema"]["openAPIV3Schema"] = essence(&version["schema"]["openAPIV3Schema"]);
        if let Some(version) = version.as_object_mut()
            && version.get("subresources").and_then(Value::as_object).is_some_and(plat_resource::Map::is_empty)
        {
            version.remove("subresources");
        }
    }
    spec
}

#[test]
fn each_definition_is_crossplanes_in_our_own_words() {
    same(&plat_served::definitions(), crossplanes());
}

#[test]
fn each_definition_of_policies_is_gatekeepers_in_our_own_words() {
    let ours = plat_served::policy_definitions();
    same(&ours, published(programs::GATEKEEPER, "charts/gatekeeper/crds", &ours));
}

#[test]
fn an_api_server_takes_the_definitions_of_policies() {
    Judge::establish("policies", &plat_served::policy_definitions());
}

fn same(ours: &[Value], theirs: Option<BTreeMap<String, Value>>) {
    let Some(theirs) = theirs else { return };
    assert_eq!(ours.len(), theirs.len(), "there are only {:?}", theirs.keys());
    let difference = |definition: &Value| {
        let name = object::name(definition);
        first_difference(name, &meaning(definition), &meaning(theirs.get(name)?))
    };
    let differences: Vec<String> = ours.iter().filter_map(difference).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn own_objects_are_judged_as_by_crossplanes_definitions() {
    let questions = questions::own();
    let ours = ours().ask_all(&questions);
    if let Some(theirs) = theirs() {
        let theirs = theirs.ask_all(&questions);
        agree(&ours, &theirs);
        if std::env::var_os("PLAT_RECORD").is_some() {
            recorded::write(&theirs).unwrap_or_else(|error| panic!("{error:#}"));
        }
    }
    let recorded = recorded::read().unwrap_or_else(|error| panic!("{error:#}"));
    agree(&ours, &recorded);
}

#[test]
fn published_objects_are_judged_as_by_crossplanes_definitions() {
    let questions = questions::published();
    let Some(theirs) = theirs().filter(|_| !questions.is_empty()) else { return };
    agree(&ours().ask_all(&questions), &theirs.ask_all(&questions));
}

/// What was said to each question.
type Answers = BTreeMap<String, Vec<String>>;

/// Fails with every question to which not the same was said.
fn agree(ours: &Answers, theirs: &Answers) {
    let questions: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = |question: &&&String| ours.get(**question) != theirs.get(**question);
    let differences: Vec<String> = (questions.iter().filter(differ))
        .map(|question| {
            format!("{question}\n  ours:   {:?}\n  theirs: {:?}", ours.get(*question), theirs.get(*question))
        })
        .collect();
    let shown: Vec<&str> = differences.iter().take(30).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), questions.len(), shown.join("\n"));
    let refused = ours.values().filter(|answer| answer.first().is_some_and(|it| it.starts_with("refused"))).count();
    assert!(refused > 0 && refused < ours.len(), "{refused} of {} refused: that tells nothing", ours.len());
    progress(&format!("{} answers about the kinds that plat brings, {refused} of them no", ours.len()));
}
