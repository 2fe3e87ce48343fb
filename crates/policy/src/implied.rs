//! A review together with that of everything the object would make, by ExpansionTemplates.

use plat_resource::{Value, object};

use crate::mutation::MutationContext;
use crate::{EnforcementPoint, Expanded, Inventory, PolicySet, Review, Source, Verdict};

impl PolicySet {
    /// What the object of `review` would make, changed by mutators of source Generated. An error must be a refusal.
    pub fn expand(&self, review: &Review) -> Result<Vec<Expanded>, String> {
        if self.expansion.is_empty() || review.object().is_null() {
            return Ok(Vec::new());
        }
        let mut base = review.object().clone();
        let request = |path: &[&str]| object::string_at(&review.request, path).filter(|text| !text.is_empty());
        if let Some(namespace) = request(&["namespace"]) {
            object::set_metadata(&mut base, "namespace", namespace);
        }
        let namespace = review.namespace.as_ref();
        let context = MutationContext { namespace, source: Source::Generated, ..MutationContext::default() };
        let mut mutate = |made: Value| {
            let mutated = self.mutation.mutate(made, &context).map_err(|error| error.to_string())?;
            Ok(mutated.object)
        };
        let expanded = self.expansion.expand(&base, namespace.map(object::name), &mut mutate);
        expanded.map_err(|error| format!("unable to expand object: {error}"))
    }

    /// What the policies say of `review` and of what its object would make; of the latter with `[Implied by NAME]` before
    /// the message, and the action that the ExpansionTemplate wants. An error must be a refusal.
    pub fn review_implied(
        &self,
        review: &Review,
        point: EnforcementPoint,
        inventory: &Inventory,
    ) -> Result<Vec<Verdict>, String> {
        let mut verdicts = self.review(review, point, inventory);
        let expanded = self.expand(review)?;
        if expanded.is_empty() {
            return Ok(verdicts);
        }
        for Expanded { object: made, template, action } in expanded {
            let implied = review.of_made(&made);
            for mut verdict in self.review(&implied, point, inventory) {
                verdict.message = format!("[Implied by {template}] {}", verdict.message);
                verdict.action = action.clone().unwrap_or(verdict.action);
                // The field is one of an object that the user never wrote.
                verdict.field = None;
                if !verdicts.contains(&verdict) {
                    verdicts.push(verdict);
                }
            }
        }
        verdicts.sort_by(|one, other| {
            let key = |verdict: &Verdict| (verdict.action.name().to_owned(), verdict.message.clone());
            key(one).cmp(&key(other))
        });
        Ok(verdicts)
    }
}

impl Review {
    /// The review of a resource that this one's object would make, in the same request.
    fn of_made(&self, made: &Value) -> Self {
        let mut review = Self { source: Source::Generated, ..Self::of_object(made, self.namespace.clone()) };
        let operation = object::string_at(&self.request, &["operation"]).unwrap_or_default();
        let fields = object::object_at_mut(&mut review.request, &[]);
        fields.insert("operation".to_owned(), operation.into());
        if operation == "DELETE" {
            fields.insert("oldObject".to_owned(), made.clone());
        }
        review
    }
}

#[cfg(test)]
mod tests {
    use plat_resource::yaml;
    use serde_json::json;

    use super::*;
    use crate::Options;

    const POLICIES: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: labelled}
spec:
  crd: {spec: {names: {kind: Labelled}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package labelled
      violation[{"msg": msg}] {
        labels := object.get(input.review.object.metadata, "labels", {})
        msg := sprintf("%v %v %v", [input.review.operation, input.review.name, labels])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: pods}
spec: {match: {kinds: [{kinds: [Pod]}], source: Generated, namespaceSelector: {matchLabels: {tier: gold}}}}
---
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: deployments}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {group: "", version: v1, kind: Pod}
  enforcementAction: warn
---
apiVersion: mutations.gatekeeper.sh/v1
kind: AssignMetadata
metadata: {name: owner}
spec:
  match: {source: Generated, kinds: [{kinds: [Pod]}]}
  location: metadata.labels.owner
  parameters: {assign: {value: team}}
"#;

    #[test]
    fn what_would_be_made_is_mutated_judged_and_named() {
        let (documents, _) = yaml::parse("p.yaml", POLICIES.as_bytes());
        let (set, findings) = PolicySet::load(&documents, &Options::default());
        assert_eq!(findings, []);
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"}, "spec": {"template": {}}});
        let space =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"tier": "gold"}}});
        let mut review = Review::of_object(&deployment, Some(space));
        review.request["operation"] = json!("CREATE");
        let verdicts = set.review_implied(&review, EnforcementPoint::Webhook, &Inventory::default()).unwrap();
        let said: Vec<_> = verdicts.iter().map(|verdict| (verdict.action.name(), verdict.message.as_str())).collect();
        assert_eq!(said, [("warn", "[Implied by deployments] CREATE web-pod {\"owner\": \"team\"}")]);
        let broken =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"}});
        assert!(
            set.review_implied(&Review::of_object(&broken, None), EnforcementPoint::Webhook, &Inventory::default())
                .is_err()
        );
    }
}
