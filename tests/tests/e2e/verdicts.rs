//! A claim or XR gets the same verdict, for the same reasons, from the real API server and offline.
//!
//! Owns asking both judges and comparing what they say. The API server is asked for a dry-run with strict fields.

use std::collections::BTreeSet;

use anyhow::Context;
use plat_platform::{Definition, Role};
use plat_resource::schema::Schema;
use plat_resource::{GroupVersionKind, Value, names, object};

use crate::cases::Case;
use crate::cluster::{Answer, Cluster, cluster};
use crate::definitions::{self, Established};
use crate::mutations::{Depth, Mutation, mutations};

/// What a judge says.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is taken, and with defaults its `spec` is this.
    Accepted(Value),
    /// These fields are not known.
    Unknown(BTreeSet<String>),
    /// These are the reasons, each with its field.
    Refused(BTreeSet<String>),
}

impl Verdict {
    fn refused(reasons: BTreeSet<String>, accepted: impl FnOnce() -> Value) -> Self {
        if reasons.is_empty() { Self::Accepted(accepted()) } else { Self::Refused(reasons) }
    }

    /// Without what it says of `fields`: an offline judge that cannot run the rules there leaves them open.
    fn leaving_out(self, fields: &BTreeSet<String>, accepted: &Verdict) -> Self {
        let Self::Refused(reasons) = self else { return self };
        let left_out = |reason: &String| fields.iter().any(|field| reason.starts_with(&format!("{field}: ")));
        let reasons = reasons.into_iter().filter(|reason| !left_out(reason)).collect();
        let defaulted = || if let Self::Accepted(spec) = accepted { spec.clone() } else { Value::Null };
        Self::refused(reasons, defaulted)
    }
}

/// An object with what is needed to judge it.
struct Subject<'a> {
    established: &'a Established,
    role: Role,
    version: &'a str,
    definition: &'a Definition,
}

impl<'a> Subject<'a> {
    /// None for an object of another kind.
    fn of(established: &'a Established, case: &'a Case, object: &'a Value) -> Option<Self> {
        let definition = case.definition();
        let kind = GroupVersionKind::of(object);
        let named = |role: &Role| definition.names_of(*role).is_some_and(|names| names.kind == kind.kind);
        let role = [Role::Claim, Role::Composite].into_iter().find(named)?;
        let version = definition.version(&kind.version)?.name.as_str();
        (kind.group == definition.group).then_some(Self { established, role, version, definition })
    }

    /// The schema of the CRD as plain data.
    fn open_api(&self) -> Value {
        let plural = self.definition.names_of(self.role).map(|names| names.plural.as_str());
        let crds = self.definition.crds();
        let crd = crds.iter().find(|crd| object::string_at(crd, &["spec", "names", "plural"]) == plural);
        let versions = crd.and_then(|crd| crd["spec"]["versions"].as_array()).into_iter().flatten();
        let mut named = versions.filter(|version| version["name"] == self.version);
        named.next().map(|version| version["schema"]["openAPIV3Schema"].clone()).unwrap_or_default()
    }

    fn is_namespaced(&self) -> bool {
        self.role == Role::Claim || self.definition.scope == plat_platform::Scope::Namespaced
    }

    /// The object as it is given to both judges: in the one namespace there is, or in none.
    fn place(&self, object: &Value) -> Value {
        let mut object = object.clone();
        let name = Some(object::name(&object)).filter(|name| !name.is_empty() && !name.contains('$')).unwrap_or("some");
        let name = Value::from(name);
        let metadata = object::object_at_mut(&mut object, &["metadata"]);
        // Labels and the like have no schema, and published ones have placeholders.
        metadata.clear();
        metadata.insert("name".to_owned(), name);
        if self.is_namespaced() {
            metadata.insert("namespace".to_owned(), "default".into());
        }
        object
    }

    async fn ask_server(&self, cluster: &Cluster, object: &Value) -> anyhow::Result<Verdict> {
        let (group, version) = (&self.established.group, self.version);
        let plural = self.definition.names_of(self.role).context("the role has names")?.plural.as_str();
        let namespace = if self.is_namespaced() { "/namespaces/default" } else { "" };
        let path = format!("/apis/{group}/{version}{namespace}/{plural}?dryRun=All&fieldValidation=Strict");
        let mut object = object.clone();
        object["apiVersion"] = format!("{group}/{version}").into();
        let refusal = match cluster.create(&path, &object).await? {
            Answer::Accepted(stored) => return Ok(Verdict::Accepted(plain(&stored["spec"]))),
            Answer::Refused(refusal) => refusal,
        };
        match refusal.message.split_once("strict decoding error: ") {
            Some((_, fields)) => Ok(Verdict::Unknown(fields.split(", ").map(str::to_owned).collect())),
            None if refusal.code == 422 => Ok(Verdict::Refused(refusal.causes.into_iter().collect())),
            None => anyhow::bail!("{} {}: {}", refusal.code, refusal.reason, refusal.message),
        }
    }
}

/// The offline verdict, and the fields with rules that could not be run.
fn judge_offline(schema: &Schema, object: &Value) -> (Verdict, BTreeSet<String>) {
    let mut object = object.clone();
    let unknown: BTreeSet<String> =
        schema.prune(&mut object).into_iter().map(|path| format!("unknown field \"{path}\"")).collect();
    if !unknown.is_empty() {
        return (Verdict::Unknown(unknown), BTreeSet::new());
    }
    // Creating an object leaves its status to the status subresource.
    object.as_object_mut().map(|object| object.remove("status"));
    schema.apply_defaults(&mut object);
    let name = object::name(&object);
    let invalid = |detail: String| format!("metadata.name: Invalid value: \"{name}\": {detail}");
    let mut reasons: BTreeSet<String> = names::is_dns1123_subdomain(name).into_iter().map(invalid).collect();
    let validation = schema.validate(&object, None);
    reasons.extend(validation.violations.into_iter().map(|violation| violation.message));
    let unchecked = validation.unchecked.into_iter().map(|rule| rule.field.to_string()).collect();
    (Verdict::refused(reasons, || plain(&object["spec"])), unchecked)
}

/// The value as Go prints it: a whole number has no fraction, and one too large for an integer is a float.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").and_then(|text| text.parse::<i64>().ok());
            let float = number.as_u64().filter(|_| !number.is_i64()).and(number.as_f64());
            whole.map(Value::from).or(float.map(Value::from)).unwrap_or_else(|| value.clone())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        _ => value.clone(),
    }
}

/// The outcome of one comparison that is not agreement.
#[derive(Debug)]
struct Disagreement {
    /// Taken by one and refused by the other; else the words differ.
    verdict: bool,
    text: String,
}

/// Asks both about every mutation of every object of `established`.
async fn compare(
    cluster: &Cluster,
    established: &Established,
    depth: Depth,
) -> anyhow::Result<(usize, Vec<Disagreement>)> {
    let Ok(case) = &established.case else { return Ok((0, Vec::new())) };
    let (mut asked, mut found) = (0, Vec::new());
    for object in &case.objects {
        let Some(subject) = Subject::of(established, case, object) else { continue };
        let schema = case.definition().schema(subject.role, subject.version);
        let schema = schema.with_context(|| format!("{}: no schema", established.name))?;
        for Mutation { change, object } in mutations(&subject.place(object), &subject.open_api(), depth) {
            // kubectl reads YAML and sends JSON, in which Go writes 7.0 as 7.
            let object = plain(&object);
            asked += 1;
            let server = subject
                .ask_server(cluster, &object)
                .await
                .with_context(|| format!("{}: {change}", established.name))?;
            let (offline, unchecked) = judge_offline(&schema, &object);
            let server = server.leaving_out(&unchecked, &offline);
            if server != offline {
                let verdict = matches!(server, Verdict::Accepted(_)) != matches!(offline, Verdict::Accepted(_));
                let (name, kind) = (&established.name, object::string_at(&object, &["kind"]).unwrap_or_default());
                let text = format!("{name}: {kind} with {change}\n  server:  {server:?}\n  offline: {offline:?}");
                found.push(Disagreement { verdict, text });
            }
        }
    }
    Ok((asked, found))
}

fn compare_all(all: &[Established], depth: Depth) {
    let cluster = cluster();
    let outcomes = cluster.run_all(all.iter().map(|established| compare(cluster, established, depth)));
    let (mut asked, mut found) = (0, Vec::new());
    for outcome in outcomes {
        let (more, disagreements) = outcome.unwrap_or_else(|error| panic!("{error:#}"));
        asked += more;
        found.extend(disagreements);
    }
    let verdicts = found.iter().filter(|it| it.verdict).count();
    found.sort_by_key(|it| !it.verdict);
    let texts: Vec<&str> = found.iter().map(|it| it.text.as_str()).collect();
    assert!(
        found.is_empty(),
        "{asked} objects, {verdicts} other verdicts, {} other words:\n{}",
        found.len() - verdicts,
        texts.join("\n")
    );
    assert!(asked > 0 || all.is_empty(), "no object was asked about");
}

#[test]
fn own_objects_get_the_same_verdict() {
    compare_all(definitions::own(), Depth::Every);
}

#[test]
fn published_objects_get_the_same_verdict() {
    compare_all(definitions::published(), Depth::Some);
}
