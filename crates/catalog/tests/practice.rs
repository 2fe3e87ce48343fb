//! The practice answers of the real programs, where they stand beside the repository, and our own recorded ones.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests, which clippy does not see as tests")]

use std::fs;

use plat_catalog::export::catalog_info;
use plat_catalog::ingest::cluster::{self, Cluster};
use plat_catalog::ingest::{Definition, Settings, apis, claim, templates};
use plat_catalog::prepare::NothingToRead;
use plat_catalog::rules::Rules;
use plat_catalog::{Catalog, Defaults, EntityRef, LocationRef, Query, Relation, query, read, validate};
use plat_resource::javascript::Value;
use plat_resource::yaml;

/// The corpus stands beside the repository.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/backstage");
/// Answers to inputs of our own.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/answers");

/// As many answers as somebody made with the scripts of `tests/real-programs/backstage`.
const MADE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/backstage/answers");

/// The lines of a file of answers, in each folder that has one.
fn rows(name: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for folder in [OWN, MADE, CORPUS] {
        match fs::read_to_string(format!("{folder}/{name}.jsonl")) {
            Ok(text) => rows.extend(text.lines().map(|line| Value::from_json(line).unwrap())),
            Err(_) => eprintln!("skipped: no {name}.jsonl in {folder}"),
        }
    }
    rows
}

fn compare(name: &str, answer: impl Fn(&Value) -> Value) {
    let rows = rows(name);
    let mut wrong = Vec::new();
    for row in &rows {
        let (expected, actual) = (row.get("expected").unwrap(), answer(row));
        if *expected != actual {
            wrong.push(format!(
                "{}\n  expected {}\n  actual   {}",
                row.to_json(),
                expected.to_json(),
                actual.to_json()
            ));
        }
    }
    eprintln!("{name}: {} of {} identical", rows.len() - wrong.len(), rows.len());
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn entities_are_judged_as_by_the_real_backend() {
    compare("entities", |row| match validate(row.get("entity").unwrap()) {
        Ok(valid) => [("ok", Value::from(true)), ("ref", valid.entity_ref.to_string().into())].into(),
        Err(refusal) => {
            [("ok", Value::from(false)), ("stage", refusal.stage.name().into()), ("error", refusal.error.into())].into()
        }
    });
}

#[test]
fn relations_are_those_of_the_real_backend() {
    compare("relations", |row| {
        let valid = validate(row.get("entity").unwrap()).unwrap();
        match valid.relations() {
            Ok(relations) => {
                let text = |(source, relation, target): &(EntityRef, Relation, EntityRef)| {
                    format!("{source} {} {target}", relation.name())
                };
                let texts: Vec<String> = relations.iter().map(text).collect();
                [("ok", Value::from(true)), ("relations", texts.into())].into()
            }
            Err(bad) => [("ok", Value::from(false)), ("error", bad.error.to_string().into())].into(),
        }
    });
}

#[test]
fn references_are_read_as_by_the_real_model() {
    compare("entity-refs", |row| {
        let context = row.get("context").unwrap();
        let defaults =
            Defaults { kind: context.text_at(&["defaultKind"]), namespace: context.text_at(&["defaultNamespace"]) };
        match EntityRef::parse(row.text_at(&["ref"]).unwrap(), defaults) {
            Ok(found) => {
                let text = found.to_string();
                let EntityRef { kind, namespace, name } = found;
                let value = Value::from([("kind", kind), ("namespace", namespace), ("name", name)]);
                [("ok", Value::from(true)), ("value", value), ("string", text.into())].into()
            }
            Err(error) => [("ok", Value::from(false)), ("error", error.to_string().into())].into(),
        }
    });
}

#[test]
fn documents_are_those_of_the_real_parser() {
    // Findings are told apart from entities: in a row of answers, documents that cannot be read come last.
    compare("yaml", |row| {
        let (documents, findings) = yaml::parse_core("x.yaml", row.text_at(&["text"]).unwrap().as_bytes());
        let found = documents.into_iter().map(|document| match document.value {
            // What JSON has no number for is null in the answers.
            Value::Map(map) => Value::from_json(&Value::Map(map).to_json()).unwrap(),
            _ => "no object".into(),
        });
        let mut found: Vec<Value> = found.collect();
        found.extend(findings.iter().map(|_| Value::from("error")));
        found.into()
    });
}

/// The verdict on templates made of a definition.
fn templates_of(definition: &Definition<'_>, config: &Value) -> Value {
    match templates(definition, &Settings::read(config)) {
        Ok(templates) => [("ok", Value::from(true)), ("templates", Value::List(templates))].into(),
        Err(error) => [("ok", Value::from(false)), ("error", error.into())].into(),
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.unwrap().as_list().unwrap().iter().map(Value::to_text).collect()
}

#[test]
fn templates_are_those_of_the_real_ingestor() {
    compare("templates", |row| {
        let (clusters, compositions) = (texts(row.get("clusters")), texts(row.get("compositions")));
        let xrd = row.get("definition").unwrap();
        let definition = Definition { xrd, clusters: &clusters, compositions: &compositions };
        templates_of(&definition, row.get("config").unwrap())
    });
}

#[test]
fn apis_are_those_of_the_real_ingestor() {
    compare("apis", |row| {
        let clusters = texts(row.get("clusters"));
        let definition = Definition { xrd: row.get("definition").unwrap(), clusters: &clusters, compositions: &[] };
        let crd = row.get("crd").filter(|crd| crd.is_truthy());
        match apis(&definition, crd, &Settings::read(row.get("config").unwrap())) {
            Ok(apis) => [("ok", Value::from(true)), ("apis", Value::List(apis))].into(),
            Err(error) => [("ok", Value::from(false)), ("error", error.into())].into(),
        }
    });
}

/// The files that the action writes, by path.
fn files_of(input: &Value, config: &Value) -> Result<Value, String> {
    let manifests = claim::manifests(input, &Settings::read(config)).map_err(|error| error.to_string())?;
    let mut files = manifests.files;
    files.sort();
    Ok(Value::Map(files.into_iter().collect()))
}

#[test]
fn claims_are_those_of_the_real_action() {
    compare("claims", |row| match files_of(row.get("input").unwrap(), row.get("config").unwrap()) {
        Ok(files) => [("ok", Value::from(true)), ("files", files)].into(),
        Err(error) => [("ok", Value::from(false)), ("error", error.into())].into(),
    });
}

#[test]
fn entities_of_a_cluster_are_those_of_the_real_ingestor() {
    let list = |row: &Value, key: &str| row.get(key).unwrap().as_list().unwrap().to_vec();
    compare("objects", |row| {
        let (crds, definitions) = (list(row, "crds"), list(row, "definitions"));
        let (compositions, namespaces) = (list(row, "compositions"), list(row, "namespaces"));
        let cluster = Cluster {
            name: row.text_at(&["cluster"]).unwrap(),
            crds: &crds,
            definitions: &definitions,
            compositions: &compositions,
            namespaces: &namespaces,
        };
        let settings = Settings::read(row.get("config").unwrap());
        let entities = cluster::entities(row.get("object").unwrap(), &cluster, &settings);
        for (entity, accepted) in entities.iter().zip(list(row, "accepted")) {
            assert_eq!(Value::from(validate(entity).is_ok()), accepted, "{}", entity.to_json());
        }
        Value::List(entities)
    });
}

#[test]
fn filters_fit_as_in_the_real_backend() {
    compare("queries", |row| {
        let text = row.get("entity").unwrap().to_json();
        let (entries, findings) = read("x.json", text.as_bytes(), &NothingToRead);
        assert_eq!(findings, []);
        let (catalog, _) = Catalog::new(entries);
        let (entity_ref, entry) = catalog.entries().next().unwrap();
        let relations =
            catalog.relations(entity_ref).map(|(relation, target)| (relation.name().to_owned(), target.to_string()));
        let fact = |(key, value): (String, Option<String>)| {
            Value::List(vec![key.into(), value.map_or(Value::Null, Value::from)]).to_json()
        };
        let mut facts: Vec<String> = query::facts(&entry.entity, relations).into_iter().map(fact).collect();
        facts.sort_by_cached_key(|fact| fact.encode_utf16().collect::<Vec<_>>());
        let query = Query::read(row.get("filter").unwrap()).unwrap();
        let fits = catalog.query(&query).next().is_some();
        [("facts", Value::from(facts)), ("fits", fits.into())].into()
    });
}

/// What plat would write of a cluster's objects, XRDs and templates; `accept.mjs` gives it to the real backend.
#[test]
fn what_is_exported_reads_back() {
    let mut entities = Vec::new();
    for (name, way) in
        [("objects", &["expected"][..]), ("templates", &["expected", "templates"]), ("apis", &["expected", "apis"])]
    {
        for row in rows(name) {
            entities.extend(row.at(way).and_then(Value::as_list).unwrap_or_default().iter().cloned());
        }
    }
    entities.retain(|entity| validate(entity).is_ok_and(|valid| valid.relations().is_ok()));
    let text = catalog_info(&entities);
    let (entries, findings) = read("catalog-info.yaml", text.as_bytes(), &NothingToRead);
    assert_eq!(findings, []);
    assert_eq!(entries.len(), entities.len());
    assert_eq!(
        catalog_info(entries.iter().map(|entry| &entry.entity)).lines().count(),
        text.lines().count() + added(&entities)
    );
    if fs::metadata(MADE).is_ok() {
        fs::write(format!("{MADE}/exported.yaml"), text).unwrap();
    }
}

/// Lines that reading adds: the namespace, where there was none.
fn added(entities: &[Value]) -> usize {
    entities.iter().filter(|entity| entity.at(&["metadata", "namespace"]).is_none()).count()
}

#[test]
fn rules_and_locations_are_those_of_the_real_backend() {
    compare("rules", |row| {
        let location = LocationRef::new(
            row.text_at(&["location", "type"]).unwrap(),
            row.text_at(&["location", "target"]).unwrap(),
        );
        let rules = Rules::read(row.get("config").unwrap()).unwrap();
        let read = match LocationRef::parse(row.text_at(&["text"]).unwrap()) {
            Ok(LocationRef { kind, target }) => Value::from([("type", kind), ("target", target)]),
            Err(error) => error.to_string().into(),
        };
        [("allowed", Value::from(rules.allow(row.get("entity").unwrap(), &location))), ("ref", read)].into()
    });
}

#[test]
fn the_corpus_of_templates_and_claims_is_reproduced() {
    let Ok(configs) = fs::read_to_string(format!("{CORPUS}/templates-from-xrd.configs.json")) else {
        eprintln!("skipped: no corpus at {CORPUS}");
        return;
    };
    let configs = Value::from_json(&configs).unwrap();
    let (clusters, compositions) = (["dev", "prod"].map(str::to_owned), ["comp-a", "comp-b"].map(str::to_owned));
    for row in rows("templates-from-xrd") {
        let source = row.text_at(&["source"]).unwrap();
        let text = fs::read(format!("{CORPUS}/../crossplane/{source}")).unwrap();
        let (documents, _) = yaml::parse_core(source, &text);
        let definition = Definition { xrd: &documents[0].value, clusters: &clusters, compositions: &compositions };
        let made = templates_of(&definition, configs.get(row.text_at(&["config"]).unwrap()).unwrap());
        assert_eq!(made.get("ok"), row.get("ok"), "{source}");
        assert_eq!(made.get("templates").map(Value::to_json), row.get("templates").map(Value::to_json), "{source}");
    }
    for row in rows("claim-template") {
        let files = files_of(row.get("input").unwrap(), configs.get("default").unwrap()).unwrap();
        assert_eq!(files.to_json(), row.get("files").unwrap().to_json());
    }
}
