//! What is to be done about a violation, where.

use plat_resource::{Value, object};

use crate::{EnforcementAction, EnforcementPoint};

/// `spec.enforcementAction` and `spec.scopedEnforcementActions`.
#[derive(Debug, Clone)]
pub(crate) struct Actions {
    raw: String,
    /// Action and point, in order, each pair once; only for `scoped`.
    scoped: Vec<(String, String)>,
}

impl Actions {
    /// Reads a `spec` whose shape was checked; what is missing is the error.
    pub(crate) fn read(spec: &Value) -> Result<Self, &'static str> {
        let raw = object::string_at(spec, &["enforcementAction"]).unwrap_or("deny").to_owned();
        if raw != "scoped" {
            return Ok(Self { raw, scoped: Vec::new() });
        }
        let list = spec.get("scopedEnforcementActions").and_then(Value::as_array);
        let list = list.ok_or("enforcementAction is scoped, and scopedEnforcementActions is missing")?;
        let mut scoped = Vec::new();
        for entry in list {
            let action = object::string_at(entry, &["action"]).unwrap_or_default();
            for point in entry.get("enforcementPoints").and_then(Value::as_array).into_iter().flatten() {
                let point = object::string_at(point, &["name"]).unwrap_or_default();
                scoped.push((action.to_owned(), point.to_owned()));
            }
        }
        scoped.sort();
        scoped.dedup();
        Ok(Self { raw, scoped })
    }

    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn at(&self, point: EnforcementPoint) -> Vec<EnforcementAction> {
        if self.raw != "scoped" {
            return vec![EnforcementAction::named(&self.raw)];
        }
        let name = point.name();
        let here = self.scoped.iter().filter(|(_, point)| point == name || point == "*");
        let mut actions: Vec<_> = here.map(|(action, _)| EnforcementAction::named(action)).collect();
        actions.dedup();
        actions
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_action_without_scope_is_for_every_point() {
        for (spec, action) in [
            (json!({}), EnforcementAction::Deny),
            (json!({"enforcementAction": "warn"}), EnforcementAction::Warn),
            (json!({"enforcementAction": "Deny"}), EnforcementAction::Other("Deny".to_owned())),
        ] {
            assert_eq!(Actions::read(&spec).unwrap().at(EnforcementPoint::Audit), [action], "{spec}");
        }
    }

    #[test]
    fn scoped_actions_are_those_of_the_point() {
        let spec = json!({"enforcementAction": "scoped", "scopedEnforcementActions": [
            {"action": "warn", "enforcementPoints": [{"name": "*"}]},
            {"action": "deny", "enforcementPoints": [{"name": "validation.gatekeeper.sh"}]},
            {"action": "dryrun", "enforcementPoints": []},
        ]});
        let actions = Actions::read(&spec).unwrap();
        assert_eq!(actions.at(EnforcementPoint::Webhook), [EnforcementAction::Deny, EnforcementAction::Warn]);
        assert_eq!(actions.at(EnforcementPoint::CommandLine), [EnforcementAction::Warn]);
        let none = json!({"enforcementAction": "scoped", "scopedEnforcementActions": []});
        assert!(Actions::read(&none).unwrap().at(EnforcementPoint::Webhook).is_empty());
        assert!(Actions::read(&json!({"enforcementAction": "scoped"})).is_err());
    }
}
