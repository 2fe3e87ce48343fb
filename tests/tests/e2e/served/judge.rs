//! An API server with one set of definitions.
//!
//! Owns putting the definitions there, below a group of their own, and asking: by dry-runs, besides the objects whose updates
//! are asked about.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use plat_resource::object::{object_at_mut, set_metadata};
use plat_resource::{GroupVersionKind, Map, Value, object};

use super::{Answers, Question};
use crate::cluster::{Answer, Cluster, Refusal, cluster};
use crate::definitions::{establish, in_group};

/// The definitions of one side.
pub(super) struct Judge {
    /// Their groups are below this one here: the API server has both sides at once.
    prefix: &'static str,
    definitions: Vec<Value>,
}

/// What an object is sent to.
struct Place {
    collection: String,
    version: String,
    has_status: bool,
}

impl Judge {
    /// Creates the definitions.
    pub(super) fn establish(prefix: &'static str, definitions: &[Value]) -> Self {
        let cluster = cluster();
        let created = cluster.run_all(definitions.iter().map(async |definition| {
            let group = format!("{prefix}.{}", definition["spec"]["group"].as_str().unwrap_or_default());
            establish(cluster, in_group(definition.clone(), &group)).await
        }));
        for definition in created {
            definition.unwrap_or_else(|error| panic!("{prefix}: {error:#}"));
        }
        Self { prefix, definitions: definitions.to_vec() }
    }

    /// What is said to each question, by its words.
    pub(super) fn ask_all(&self, questions: &[Question]) -> Answers {
        let cluster = cluster();
        let stored = self.store(cluster, questions);
        let answers = cluster.run_all(questions.iter().map(async |question| {
            let stored = stored.get(&question.document).filter(|_| question.is_updated);
            let answer = self.ask(cluster, question, stored).await;
            answer.with_context(|| format!("{}: {}", self.prefix, question.words())).map(|answers| (question, answers))
        }));
        let mut all = Answers::new();
        for answer in answers {
            let (question, answers) = answer.unwrap_or_else(|error| panic!("{error:#}"));
            for (way, answer) in answers {
                all.insert(format!("{way} {}", question.words()), answer);
            }
        }
        all
    }

    /// Creates every object that is to be updated as it is, where that is allowed.
    fn store(&self, cluster: &Cluster, questions: &[Question]) -> BTreeMap<String, Value> {
        let updated: BTreeSet<&String> = questions.iter().filter(|it| it.is_updated).map(|it| &it.document).collect();
        let originals = questions.iter().filter(|it| it.is_original() && updated.contains(&it.document));
        let stored = cluster.run_all(originals.map(async |question| {
            let place = self.place(&question.object)?;
            match cluster.create(&place.collection, &sent(&question.object, &place)).await? {
                Answer::Accepted(stored) => Ok(Some((question.document.clone(), stored))),
                Answer::Refused(refusal) if refusal.code == 422 => Ok(None),
                Answer::Refused(refusal) => anyhow::bail!("{} is refused: {}", question.words(), refusal.message),
            }
        }));
        let stored: anyhow::Result<Vec<_>> = stored.into_iter().collect();
        stored.unwrap_or_else(|error| panic!("{}: {error:#}", self.prefix)).into_iter().flatten().collect()
    }

    /// What is said to creating the object, and to changing `stored` into it where that is something else.
    async fn ask(
        &self,
        cluster: &Cluster,
        question: &Question,
        stored: Option<&Value>,
    ) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
        let place = self.place(&question.object)?;
        let sent = sent(&question.object, &place);
        let name = object::name(&sent).to_owned();
        // A dry-run of a name that is taken is refused for that.
        let mut new = sent.clone();
        set_metadata(&mut new, "name", format!("{name}-new"));
        let create = format!("{}?dryRun=All&fieldValidation=Ignore", place.collection);
        let created = self.words(cluster.create(&create, &new).await?, &sent, place.main());
        let mut answers = vec![("create", created.clone())];
        let Some(stored) = stored else { return Ok(answers) };
        let mut changed = sent.clone();
        set_metadata(&mut changed, "resourceVersion", stored["metadata"]["resourceVersion"].clone());
        let (way, part, parts) = if question.is_about_status() && place.has_status {
            ("status", "/status", Parts::Status)
        } else {
            ("update", "", place.main())
        };
        let path = format!("{}/{name}{part}?dryRun=All&fieldValidation=Ignore", place.collection);
        let updated = self.words(cluster.replace(&path, &changed).await?, &sent, parts);
        if way == "status" || updated != created {
            answers.push((way, updated));
        }
        Ok(answers)
    }

    fn place(&self, object: &Value) -> anyhow::Result<Place> {
        let kind = GroupVersionKind::of(object);
        let mut specs = self.definitions.iter().map(|definition| &definition["spec"]);
        let spec = specs.find(|spec| spec["group"] == kind.group && spec["names"]["kind"] == kind.kind);
        let spec = spec.with_context(|| format!("there is no definition of {kind}"))?;
        let mut versions = spec["versions"].as_array().into_iter().flatten();
        let version = versions.find(|version| version["name"] == kind.version);
        let version = version.with_context(|| format!("{kind} is no version of its kind"))?;
        let plural = spec["names"]["plural"].as_str().context("a plural")?;
        let namespace = if spec["scope"] == "Namespaced" { "/namespaces/default" } else { "" };
        let full = format!("{}.{}/{}", self.prefix, kind.group, kind.version);
        Ok(Place {
            collection: format!("/apis/{full}{namespace}/{plural}"),
            version: full,
            has_status: version["subresources"]["status"].is_object(),
        })
    }

    fn words(&self, answer: Answer, sent: &Value, parts: Parts) -> Vec<String> {
        match answer {
            Answer::Accepted(stored) => changes(&parts.of(sent), &parts.of(&stored)),
            Answer::Refused(Refusal { code, reason, message, causes }) => {
                let reasons = if causes.is_empty() { vec![message] } else { causes };
                // That rules wait until types are right is said of no field.
                let reasons = reasons.iter().filter(|reason| !reason.starts_with("<nil>: "));
                let own = format!("{}.", self.prefix);
                let reasons: BTreeSet<String> = reasons.map(|reason| brief(&reason.replace(&own, ""))).collect();
                let first = format!("refused: {code} {reason}");
                std::iter::once(first).chain(reasons).collect()
            }
        }
    }
}

/// The object as it is sent: metadata are no definition's matter.
fn sent(object: &Value, place: &Place) -> Value {
    let mut sent = object.clone();
    sent["apiVersion"] = place.version.clone().into();
    let name = object::name(object).to_owned();
    let metadata = object_at_mut(&mut sent, &["metadata"]);
    metadata.clear();
    metadata.insert("name".to_owned(), name.into());
    sent
}

/// A reason that names its field once.
fn brief(reason: &str) -> String {
    match reason.split_once(": ") {
        Some((field, rest)) => format!("{field}: {}", rest.replace(&format!(": {field} in body"), ": it")),
        None => reason.to_owned(),
    }
}

/// What of an object is compared.
#[derive(Debug, Clone, Copy)]
enum Parts {
    All,
    AllButStatus,
    Status,
}

impl Place {
    fn main(&self) -> Parts {
        if self.has_status { Parts::AllButStatus } else { Parts::All }
    }
}

impl Parts {
    fn of(self, object: &Value) -> Value {
        let left_out = match self {
            Self::All => "",
            Self::AllButStatus => "status",
            Self::Status => return object["status"].clone(),
        };
        let mut object = object.as_object().cloned().unwrap_or_default();
        object.retain(|field, _| !["apiVersion", "kind", "metadata", left_out].contains(&field.as_str()));
        object.into()
    }
}

/// What the API server made of what it was sent: nothing where it is stored as it came.
fn changes(sent: &Value, stored: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(&mut found, "", sent, stored);
    found
}

fn compare(found: &mut Vec<String>, path: &str, sent: &Value, stored: &Value) {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            let keys: BTreeSet<&String> = sent.keys().chain(stored.keys()).collect();
            for key in keys {
                let path = format!("{path}.{key}");
                match (sent.get(key), stored.get(key)) {
                    (Some(sent), Some(stored)) => compare(found, &path, sent, stored),
                    (Some(_), None) => found.push(format!("without {path}")),
                    (_, stored) => found.push(format!("{path} = {}", stored.unwrap_or(&Value::Object(Map::new())))),
                }
            }
        }
        (Value::Array(sent), Value::Array(stored)) if sent.len() == stored.len() => {
            for (index, (sent, stored)) in sent.iter().zip(stored).enumerate() {
                compare(found, &format!("{path}[{index}]"), sent, stored);
            }
        }
        _ if sent != stored => found.push(format!("{path} = {stored}")),
        _ => {}
    }
}
