//! What is live, as files give it: everything for the engine, and the claim and XR themselves for a plan.

use std::collections::{BTreeMap, HashMap};

use plat_expand::{Expansion, Observed};
use plat_resource::{Document, GroupVersionKind, ObjectKey, Value, object};

/// Everything given with `--observed`.
#[derive(Debug, Default)]
pub(crate) struct Live {
    observed: Observed,
    by_key: HashMap<ObjectKey, usize>,
}

impl Live {
    /// Indexes live objects, and reads connection details from the Secrets among them.
    pub(crate) fn new(documents: Vec<Document>) -> Self {
        Self::of_objects(documents.into_iter().map(|document| document.value).collect())
    }

    fn of_objects(resources: Vec<Value>) -> Self {
        let by_key = resources.iter().enumerate().map(|(index, object)| (ObjectKey::of(object), index)).collect();
        let mut live = Self { observed: Observed { resources, ..Observed::default() }, by_key };
        live.observed.connection_details = live.connection_details();
        live
    }

    /// The same with more objects; of two with the same key, the later counts.
    pub(crate) fn and(self, more: Vec<Value>) -> Self {
        let all = self.observed.resources.into_iter().chain(more);
        let by_key: BTreeMap<ObjectKey, Value> = all.map(|object| (ObjectKey::of(&object), object)).collect();
        Self::of_objects(by_key.into_values().collect())
    }

    /// All of it, for the engine.
    pub(crate) fn everything(&self) -> &Observed {
        &self.observed
    }

    /// The live claim and XR of an expansion.
    pub(crate) fn of(&self, expansion: &Expansion) -> Observed {
        Observed {
            claim: expansion.claim.as_ref().and_then(|claim| self.get(&ObjectKey::of(claim))).cloned(),
            composite: self.get(&ObjectKey::of(&expansion.composite)).cloned(),
            ..Observed::default()
        }
    }

    fn get(&self, key: &ObjectKey) -> Option<&Value> {
        self.observed.resources.get(*self.by_key.get(key)?)
    }

    /// What the Secrets that composed resources write say, by composed resource.
    fn connection_details(&self) -> BTreeMap<ObjectKey, BTreeMap<String, Vec<u8>>> {
        let details = self.observed.resources.iter().filter_map(|resource| {
            let reference = object::value_at(resource, &["spec", "writeConnectionSecretToRef"])?;
            let secret = self.get(&ObjectKey {
                kind: GroupVersionKind::new("v1", "Secret"),
                namespace: object::string_at(reference, &["namespace"])
                    .unwrap_or(object::namespace(resource))
                    .to_owned(),
                name: object::string_at(reference, &["name"])?.to_owned(),
            })?;
            Some((ObjectKey::of(resource), secret_data(secret)))
        });
        details.collect()
    }
}

fn secret_data(secret: &Value) -> BTreeMap<String, Vec<u8>> {
    let mut data = plat_expand::pipeline::secret_data(secret);
    // The API server puts these into the data; a file may still have them.
    let text = secret.get("stringData").and_then(Value::as_object).into_iter().flatten();
    data.extend(text.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.as_bytes().to_vec()))));
    data
}

#[cfg(test)]
mod tests {
    use plat_resource::yaml;

    use super::*;

    #[test]
    fn connection_details_come_from_the_secret_that_a_resource_writes() {
        let text = "
apiVersion: v1
kind: List
items:
- apiVersion: cloud.example/v1
  kind: Database
  metadata: {name: db, namespace: team-a}
  spec: {writeConnectionSecretToRef: {name: conn}}
- {apiVersion: v1, kind: Secret, metadata: {name: conn, namespace: team-a}, data: {user: YWRtaW4=}, stringData: {port: '1'}}
- {apiVersion: v1, kind: Secret, metadata: {name: conn, namespace: team-b}, stringData: {port: '2'}}
";
        let (documents, findings) = yaml::parse("live.yaml", text.as_bytes());
        assert_eq!(findings, []);
        let live = Live::new(documents);
        let details: Vec<_> = live.everything().connection_details.values().collect();
        let wanted = BTreeMap::from([("port".to_owned(), b"1".to_vec()), ("user".to_owned(), b"admin".to_vec())]);
        assert_eq!(details, [&wanted]);
    }
}
