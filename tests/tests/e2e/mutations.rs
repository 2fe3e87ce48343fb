//! Objects made from a good one by one change each, as its schema suggests: some still good, most bad.
//!
//! Owns which changes are worth trying. Says nothing about whether the result is valid: two judges do.

use plat_resource::Value;
use serde_json::json;

/// Texts for a field with a format: each is good for some format and bad for others.
const TEXTS: &[&str] = &[
    "",
    "2024-01-31",
    "2024-02-30",
    "2024-01-31T10:00:00Z",
    "2024-01-31 10:00",
    "1h30m",
    "1 day",
    "10.0.0.1",
    "300.0.0.1",
    "::1",
    "10.0.0.0/8",
    "someone@example.org",
    "someone",
    "www.example.org",
    "-bad-.host",
    "https://example.org/a?b",
    "/a",
    ":",
    "123e4567-e89b-12d3-a456-426614174000",
    "01:23:45:67:89:ab",
    "aGVsbG8=",
    "!",
    "#fff",
    "#ggg",
];

/// One changed object.
pub(crate) struct Mutation {
    /// What was changed, for the failure's message.
    pub(crate) change: String,
    /// The result.
    pub(crate) object: Value,
}

/// How far to go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every change to every field.
    Every,
    /// A few changes to every field.
    Few,
    /// A few changes to each field that the XRD's author wrote.
    Some,
}

/// The object itself, then one mutation for each change.
pub(crate) fn mutations(object: &Value, schema: &Value, depth: Depth) -> Vec<Mutation> {
    let mut walk =
        Walk { object, depth, found: vec![Mutation { change: "as it is".to_owned(), object: object.clone() }] };
    for name in [json!("a".repeat(63)), json!("a".repeat(64)), json!("A_B"), json!("a.b"), json!("a.".repeat(130))] {
        walk.set(&[Step::Field("metadata"), Step::Field("name")], name);
    }
    walk.set(&[Step::Field("platUnknown")], json!({"a": 1}));
    for (field, schema) in properties(schema) {
        if !["apiVersion", "kind", "metadata"].contains(&field.as_str()) {
            walk.property(&mut Vec::new(), field, schema);
        }
    }
    for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        walk.remove(&[Step::Field(field)]);
    }
    walk.found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

struct Walk<'a> {
    object: &'a Value,
    depth: Depth,
    found: Vec<Mutation>,
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn get<'a>(object: &'a Value, path: &[Step<'_>]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Index(index) => value.get(index),
    })
}

fn get_mut<'a>(object: &'a mut Value, path: &[Step<'_>]) -> Option<&'a mut Value> {
    path.iter().try_fold(object, |value, step| match step {
        Step::Field(name) => value.get_mut(name),
        Step::Index(index) => value.get_mut(index),
    })
}

impl<'a> Walk<'a> {
    /// Tries values for `name` below `path`, then what is below it where the object has it.
    fn property(&mut self, path: &mut Vec<Step<'a>>, name: &'a str, schema: &'a Value) {
        if self.depth == Depth::Some && is_machinery(path, name) {
            return;
        }
        path.push(Step::Field(name));
        for value in self.candidates(schema) {
            self.set(path, value);
        }
        self.below(path, schema);
        path.pop();
    }

    fn below(&mut self, path: &mut Vec<Step<'a>>, schema: &'a Value) {
        let object = self.object;
        match get(object, path) {
            Some(Value::Object(map)) => {
                path.push(Step::Field("platUnknown"));
                self.set(path, json!({"a": 1}));
                path.pop();
                for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    path.push(Step::Field(field));
                    self.remove(path);
                    path.pop();
                }
                for (field, schema) in properties(schema) {
                    self.property(path, field, schema);
                }
                if schema["additionalProperties"].is_object() {
                    for key in map.keys().take(1).map(String::as_str).chain(["other.key/of"]) {
                        self.property(path, key, &schema["additionalProperties"]);
                    }
                }
            }
            Some(Value::Array(items)) => {
                if let Some(first) = items.first() {
                    self.set(path, json!([first, first]));
                    self.set(path, Value::Array(vec![first.clone(); 12]));
                    path.push(Step::Index(0));
                    for value in self.candidates(&schema["items"]) {
                        self.set(path, value);
                    }
                    self.below(path, &schema["items"]);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// Values worth trying where `schema` holds.
    fn candidates(&self, schema: &Value) -> Vec<Value> {
        let mut values = vec![json!(null), json!("text"), json!(7), json!({})];
        if self.depth == Depth::Every {
            values.extend([json!(true), json!(7.5), json!(7.0), json!([]), json!(["x"]), json!("5"), json!(-1)]);
            values.extend([json!(0), json!(2_147_483_648_u64), json!(9_223_372_036_854_775_808_u64), json!(1e30)]);
        }
        for bound in ["minimum", "maximum"] {
            if let Some(bound) = schema[bound].as_i64() {
                values.extend([json!(bound - 1), json!(bound), json!(bound + 1)]);
            }
        }
        for bound in ["minLength", "maxLength"] {
            if let Some(bound) = schema[bound].as_u64().and_then(|bound| usize::try_from(bound).ok()) {
                values.extend([json!("é".repeat(bound)), json!("a".repeat(bound + 1))]);
            }
        }
        values.extend(schema["enum"].as_array().into_iter().flatten().take(2).cloned());
        if !schema["pattern"].is_null() {
            values.extend(["", "a", "0", "!"].map(Value::from));
        }
        if !schema["format"].is_null() && schema["type"] == "string" {
            values.extend(TEXTS.iter().copied().map(Value::from));
        }
        values
    }

    fn set(&mut self, path: &[Step<'_>], value: Value) {
        let Some((last, parents)) = path.split_last() else { return };
        let change = format!("{} = {}", print(path), shorten(&value));
        let mut object = self.object.clone();
        match (last, get_mut(&mut object, parents)) {
            (Step::Field(name), Some(Value::Object(map))) => drop(map.insert((*name).to_owned(), value)),
            (Step::Index(index), Some(Value::Array(items))) if *index < items.len() => items[*index] = value,
            _ => return,
        }
        self.found.push(Mutation { change, object });
    }

    fn remove(&mut self, path: &[Step<'_>]) {
        let Some((Step::Field(name), parents)) = path.split_last() else { return };
        let mut object = self.object.clone();
        if let Some(Value::Object(map)) = get_mut(&mut object, parents)
            && map.remove(*name).is_some()
        {
            self.found.push(Mutation { change: format!("without {}", print(path)), object });
        }
    }
}

/// Crossplane's own fields: the same on every platform, so our own XRDs are enough to try them.
fn is_machinery(path: &[Step<'_>], name: &str) -> bool {
    const OWN: &[&str] = &[
        "crossplane",
        "claimRef",
        "resourceRef",
        "resourceRefs",
        "publishConnectionDetailsTo",
        "writeConnectionSecretToRef",
    ];
    match path {
        [] => name == "status",
        [Step::Field("spec")] => name.starts_with("composit") || OWN.contains(&name),
        _ => false,
    }
}

fn print(path: &[Step<'_>]) -> String {
    let step = |step: &Step<'_>| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Index(index) => format!("[{index}]"),
    };
    path.iter().map(step).collect::<String>().trim_start_matches('.').to_owned()
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}
