//! Label selectors, with Kubernetes' meaning and its complaints.

use plat_resource::{FieldPath, Value, names, object};

/// A compiled label selector.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    requirements: Vec<Requirement>,
    /// Why it cannot be used: whoever asks whether it selects gets this as an error.
    fault: Option<String>,
}

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Reads a selector. What is wrong with it is an error on use, as in Kubernetes.
    pub fn read(value: &Value) -> Self {
        let mut selector = Self::default();
        if let Some(labels) = value.get("matchLabels").and_then(Value::as_object) {
            for (key, label) in labels {
                selector.add(key, Operator::In, vec![label.as_str().unwrap_or_default().to_owned()]);
            }
        }
        for expression in value.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let key = object::string_at(expression, &["key"]).unwrap_or_default();
            let name = object::string_at(expression, &["operator"]).unwrap_or_default();
            let operator = match name {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => {
                    selector.fail(format!("{name:?} is not a valid label selector operator"));
                    continue;
                }
            };
            let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
            selector.add(key, operator, values.filter_map(Value::as_str).map(str::to_owned).collect());
        }
        selector
    }

    fn fail(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }

    fn add(&mut self, key: &str, operator: Operator, values: Vec<String>) {
        if let Some(problem) = names::is_qualified_name(key).into_iter().next() {
            self.fail(format!("key: Invalid value: {key:?}: {problem}"));
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                self.fail("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty".into());
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                self.fail(format!(
                    "values: Invalid value: {values:?}: values set must be empty for exists and does not exist"
                ));
            }
            _ => {}
        }
        for value in &values {
            if let Some(problem) = names::is_label_value(value).into_iter().next() {
                self.fail(format!("values[0][{key}]: Invalid value: {value:?}: {problem}"));
            }
        }
        self.requirements.push(Requirement { key: key.to_owned(), operator, values });
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && self.fault.is_none()
    }

    /// Whether the labels of `object` are selected.
    pub fn matches(&self, object: &Value) -> Result<bool, String> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(self.requirements.iter().all(|requirement| requirement.holds(object))),
        }
    }

    /// The first requirement that the labels of `object` do not meet, in words.
    pub fn unmet(&self, object: &Value) -> Option<String> {
        let requirement = self.requirements.iter().find(|requirement| !requirement.holds(object))?;
        let key = &requirement.key;
        let has = match object::label(object, key) {
            Some(value) => format!("the label {key} is {value:?}"),
            None => format!("there is no label {key}"),
        };
        let wanted = match requirement.operator {
            Operator::In => format!("one of {} is wanted", requirement.values.join(", ")),
            Operator::NotIn => format!("none of {} may be", requirement.values.join(", ")),
            Operator::Exists => "the label is wanted".to_owned(),
            Operator::DoesNotExist => "the label may not be there".to_owned(),
        };
        Some(format!("{has}, {wanted}"))
    }

    /// Two requirements that no labels can meet together, by their keys.
    pub fn contradiction(&self) -> Option<&str> {
        let contradicts = |one: &Requirement, other: &Requirement| {
            one.key == other.key
                && match (one.operator, other.operator) {
                    (Operator::In, Operator::In) => !one.values.iter().any(|value| other.values.contains(value)),
                    (Operator::In, Operator::NotIn) => one.values.iter().all(|value| other.values.contains(value)),
                    (Operator::In | Operator::Exists, Operator::DoesNotExist) => true,
                    _ => false,
                }
        };
        self.requirements
            .iter()
            .find(|one| self.requirements.iter().any(|other| contradicts(one, other)))
            .map(|requirement| requirement.key.as_str())
    }
}

impl Requirement {
    fn holds(&self, object: &Value) -> bool {
        let value = object::label(object, &self.key);
        let listed = || value.is_some_and(|value| self.values.iter().any(|one| one == value));
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// What Kubernetes refuses in a label selector, with the field below the selector.
pub fn faults(value: &Value) -> Vec<(FieldPath, String)> {
    let mut faults = Vec::new();
    let root = FieldPath::default();
    if !value.is_object() {
        return vec![(root, "a selector is a map".to_owned())];
    }
    for (key, label) in value.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        let path = root.key("matchLabels").key(key);
        faults.extend(names::is_qualified_name(key).into_iter().map(|problem| (path.clone(), problem)));
        if !label.is_string() {
            faults.push((path.clone(), "a label's value is a text".to_owned()));
        }
        let problems = names::is_label_value(label.as_str().unwrap_or_default());
        faults.extend(problems.into_iter().map(|problem| (path.clone(), problem)));
    }
    for (index, expression) in value.get("matchExpressions").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        let path =
            root.key("matchExpressions").join(plat_resource::Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        expression_faults(expression, &path, &mut faults);
    }
    faults
}

fn expression_faults(expression: &Value, path: &FieldPath, faults: &mut Vec<(FieldPath, String)>) {
    let values: Vec<_> = expression.get("values").and_then(Value::as_array).into_iter().flatten().collect();
    match object::string_at(expression, &["operator"]).unwrap_or_default() {
        "In" | "NotIn" if values.is_empty() => {
            faults.push((path.key("values"), "must be specified when `operator` is 'In' or 'NotIn'".to_owned()));
        }
        "In" | "NotIn" => {}
        "Exists" | "DoesNotExist" if values.is_empty() => {}
        "Exists" | "DoesNotExist" => faults.push((
            path.key("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'".to_owned(),
        )),
        _ => faults.push((path.key("operator"), "not a valid selector operator".to_owned())),
    }
    let key = object::string_at(expression, &["key"]).unwrap_or_default();
    faults.extend(names::is_qualified_name(key).into_iter().map(|problem| (path.key("key"), problem)));
    for value in values.into_iter().filter_map(Value::as_str) {
        faults.extend(names::is_label_value(value).into_iter().map(|problem| (path.key("values"), problem)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(selector: &Value, labels: &Value) -> Result<bool, String> {
        Selector::read(selector).matches(&json!({"metadata": {"labels": labels}}))
    }

    #[test]
    fn operators_mean_what_kubernetes_means() {
        let expression = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]});
        let cases = [
            (json!({}), json!({}), true),
            (json!({"matchLabels": {"a": "1"}}), json!({"a": "1", "b": "2"}), true),
            (json!({"matchLabels": {"a": "1"}}), json!({"a": "2"}), false),
            (expression("In", json!(["1", "2"])), json!({"a": "2"}), true),
            (expression("In", json!(["1", "2"])), json!({}), false),
            (expression("NotIn", json!(["1"])), json!({}), true),
            (expression("NotIn", json!(["1"])), json!({"a": "1"}), false),
            (expression("Exists", json!([])), json!({"a": ""}), true),
            (expression("Exists", json!([])), json!({}), false),
            (expression("DoesNotExist", json!([])), json!({}), true),
            (expression("DoesNotExist", json!([])), json!({"a": ""}), false),
        ];
        for (selector, labels, expected) in cases {
            assert_eq!(selects(&selector, &labels), Ok(expected), "{selector} {labels}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_an_error_on_use() {
        let expression = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]});
        for selector in [
            expression("Matches", json!([])),
            expression("In", json!([])),
            expression("Exists", json!(["1"])),
            json!({"matchLabels": {"-": "1"}}),
            json!({"matchLabels": {"a": "not a value"}}),
        ] {
            assert!(selects(&selector, &json!({"a": "1"})).is_err(), "{selector}");
            assert!(!faults(&selector).is_empty(), "{selector}");
        }
    }

    #[test]
    fn contradictions_are_seen() {
        let selector = Selector::read(
            &json!({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}),
        );
        assert_eq!(selector.contradiction(), Some("a"));
        assert_eq!(Selector::read(&json!({"matchLabels": {"a": "1", "b": "2"}})).contradiction(), None);
    }
}
