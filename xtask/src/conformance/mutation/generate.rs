//! Generated mutators and objects, the same for the same seed.
//!
//! Owns how likely what is. Names are few, so that mutators meet in the same places of the same objects.

use plat_resource::Value;
use serde_json::json;

use crate::conformance::generated::Random;

const FIELDS: [&str; 6] = ["a", "b", "list", "image", "\"x.y\"", "name"];
const KEYS: [&str; 3] = ["name", "name", "id"];
const ELEMENTS: [&str; 5] = ["*", "x", "y", "5", "\"5\""];

/// One case.
pub(super) fn case(seed: u64) -> Value {
    let mut random = Random::new(seed);
    let random = &mut random;
    if random.below(10) == 0 {
        return json!({"location": odd_location(random)});
    }
    let count = 1 + random.below(4);
    let mutators: Vec<Value> = (0..count).map(|_| mutator(random)).collect();
    let namespace = json!({"metadata": {"name": random.pick(&["team-a", "kube-system"]), "labels": labels(random)}});
    json!({
        "mutators": mutators,
        "object": object(random),
        "namespace": if random.below(3) == 0 { Value::Null } else { namespace },
        "requestNamespace": match random.below(3) { 0 => Value::Null, 1 => json!(""), _ => json!("team-a") },
        "operation": random.pick(&["CREATE", "CREATE", "UPDATE", ""]),
        "source": random.pick(&["Original", "Original", "Generated"]),
        "annotate": random.below(8) == 0,
    })
}

fn odd_location(random: &mut Random) -> String {
    const PARTS: [&str; 22] = [
        "a",
        "spec",
        ".",
        ".",
        "[",
        "]",
        ":",
        "*",
        "\"",
        "'",
        "\\",
        " ",
        "\n",
        "\t",
        "1",
        "42",
        "-",
        "_",
        "/",
        "é",
        "99999999999999999999",
        "name: ",
    ];
    (0..random.below(12)).map(|_| random.pick(&PARTS)).collect()
}

fn step(random: &mut Random) -> String {
    let field = random.pick(&FIELDS);
    if random.below(3) == 0 {
        return format!("{field}[{}: {}]", random.pick(&KEYS), random.pick(&ELEMENTS));
    }
    field.to_owned()
}

fn location(random: &mut Random, kind: &str) -> String {
    if random.below(25) == 0 {
        return odd_location(random);
    }
    if kind == "AssignMetadata" && random.below(12) > 0 {
        return format!("metadata.{}.{}", random.pick(&["labels", "annotations"]), random.pick(&["l", "m", "\"k/n\""]));
    }
    let mut text = random.pick(&["spec", "spec", "spec", "spec", "spec", "spec", "status", "metadata"]).to_owned();
    for _ in 0..random.below(4) {
        text.push('.');
        text.push_str(&step(random));
    }
    text
}

fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 7 } else { 11 }) {
        0 => json!(5),
        1 => json!(1),
        2 => json!(1.5),
        3 => json!("x"),
        4 => json!(random.pick(&["y", "nginx:1", "a.b/c@sha256:1", "localhost/n"])),
        5 => json!(true),
        6 => Value::Null,
        7 | 8 => (0..random.below(3)).map(|_| value(random, depth - 1)).collect(),
        _ => {
            let fields = (0..random.below(4)).map(|_| {
                let key = random.pick(&["a", "b", "list", "image", "x.y", "name", "id"]).to_owned();
                (key, value(random, depth - 1))
            });
            fields.collect()
        }
    }
}

/// The body of a Pod: lists of objects with keys, mostly.
fn body(random: &mut Random, depth: usize) -> Value {
    if depth == 0 || random.below(6) == 0 {
        return value(random, 1);
    }
    let mut fields = serde_json::Map::new();
    for key in ["a", "b", "list", "image", "x.y", "name"] {
        if random.below(3) == 0 {
            continue;
        }
        let field = match key {
            "image" => json!(random.pick(&["nginx", "docker.io/library/nginx:1", "r:5000/a@sha256:0"])),
            "list" | "b" if random.below(4) > 0 => (0..random.below(4)).map(|_| element(random, depth - 1)).collect(),
            _ => body(random, depth - 1),
        };
        fields.insert(key.to_owned(), field);
    }
    Value::Object(fields)
}

fn element(random: &mut Random, depth: usize) -> Value {
    let mut element = body(random, depth);
    if let Some(fields) = element.as_object_mut() {
        let key = random.pick(&KEYS).to_owned();
        let value = key_value(random);
        fields.insert(key, value);
    }
    element
}

fn key_value(random: &mut Random) -> Value {
    match random.below(4) {
        0 => json!("x"),
        1 => json!("y"),
        2 => json!(5),
        _ => json!("5"),
    }
}

fn labels(random: &mut Random) -> Value {
    let mut labels = serde_json::Map::new();
    for label in ["l", "m"] {
        if random.below(2) == 0 {
            labels.insert(label.to_owned(), json!(random.pick(&["x", "y", ""])));
        }
    }
    Value::Object(labels)
}

fn object(random: &mut Random) -> Value {
    let kind = random.pick(&["Pod", "Pod", "Pod", "Pod", "Namespace", "Deployment"]);
    let version = if kind == "Deployment" { "apps/v1" } else { "v1" };
    let mut metadata = json!({});
    let naming = random.pick(&["name", "name", "generateName"]);
    metadata[naming] = json!(random.pick(&["pod-a", "a-pod", "x"]));
    if random.below(2) == 0 {
        metadata["namespace"] = json!(random.pick(&["team-a", "kube-system"]));
    }
    if random.below(2) == 0 {
        metadata["labels"] = labels(random);
    }
    if random.below(6) == 0 {
        metadata["annotations"] = json!({"l": "x"});
    }
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
    if random.below(10) > 0 {
        object["spec"] = body(random, 3);
    }
    object
}

fn mutator(random: &mut Random) -> Value {
    let kind = random.pick(&["Assign", "Assign", "Assign", "ModifySet", "ModifySet", "AssignImage", "AssignMetadata"]);
    let location = location(random, kind);
    let mut spec = json!({"location": location, "parameters": parameters(random, kind, &location)});
    if kind != "AssignMetadata" {
        let entries: Value = (0..=random.below(2)).map(|_| apply_to(random)).collect();
        spec["applyTo"] = if random.below(40) == 0 { json!([]) } else { entries };
    }
    if random.below(3) == 0 {
        spec["match"] = criteria(random);
    }
    let long = "n".repeat(63 + random.below(2));
    let name = if random.below(40) == 0 { long } else { random.pick(&["a", "b", "c", "d", "e", "f"]).to_owned() };
    let version = if kind == "AssignImage" { "v1alpha1" } else { random.pick(&["v1", "v1beta1", "v1alpha1"]) };
    json!({
        "apiVersion": format!("mutations.gatekeeper.sh/{version}"), "kind": kind,
        "metadata": {"name": name, "generation": random.below(3)}, "spec": spec,
    })
}

fn parameters(random: &mut Random, kind: &str, location: &str) -> Value {
    let mut parameters = match kind {
        "Assign" | "AssignMetadata" => json!({"assign": assigned(random, kind, location)}),
        "ModifySet" => {
            let values: Vec<Value> = (0..random.below(3)).map(|_| value(random, 1)).collect();
            let mut set = json!({"values": {"fromList": values}});
            if random.below(4) > 0 {
                set["operation"] = json!(random.pick(&["merge", "prune"]));
            }
            set
        }
        _ => image(random),
    };
    if kind != "AssignMetadata" && random.below(3) == 0 {
        let tests: Value = (0..=random.below(3)).map(|_| path_test(random, location)).collect();
        parameters["pathTests"] = tests;
    }
    parameters
}

fn assigned(random: &mut Random, kind: &str, location: &str) -> Value {
    let metadata = json!({"field": random.pick(&["name", "name", "namespace", "namespace", "uid"])});
    match random.below(20) {
        0 => json!({}),
        1 => json!({"fromMetadata": metadata, "value": "x"}),
        2..=4 => json!({"fromMetadata": metadata}),
        _ if kind == "AssignMetadata" && random.below(10) > 0 => json!({"value": random.pick(&["x", "y", ""])}),
        _ if location.ends_with(']') && random.below(5) > 0 => {
            let mut element = value(random, 2);
            if !element.is_object() {
                element = json!({});
            }
            element[random.pick(&KEYS)] = key_value(random);
            json!({"value": element})
        }
        _ => json!({"value": value(random, 2)}),
    }
}

fn image(random: &mut Random) -> Value {
    let mut image = json!({});
    if random.below(2) == 0 {
        image["assignDomain"] =
            json!(random.pick(&["a.b", "localhost", "r.x:5000", "localhost:1", "", "host", "a.b/c"]));
    }
    if random.below(2) == 0 {
        image["assignPath"] = json!(random.pick(&["p/q", "nginx", "a__b", "c.d/e", "localhost/x", "P", "a:1", ""]));
    }
    if random.below(2) == 0 {
        let digest = format!("@sha256:{}", "0".repeat(64));
        image["assignTag"] = json!(random.pick(&[":1", ":latest", "latest", "@x", ":", &digest]));
    }
    image
}

fn path_test(random: &mut Random, location: &str) -> Value {
    let ends: Vec<usize> = location.match_indices(['.', '[']).map(|(index, _)| index).collect();
    let sub_path = match random.below(12) {
        0 => step(random),
        1 => String::new(),
        2..=4 => location.to_owned(),
        _ if ends.is_empty() => location.to_owned(),
        _ => ends.get(random.below(ends.len())).and_then(|end| location.get(..*end)).unwrap_or_default().to_owned(),
    };
    json!({"subPath": sub_path, "condition": random.pick(&["MustExist", "MustNotExist"])})
}

fn apply_to(random: &mut Random) -> Value {
    let mut entry = json!({
        "groups": [random.pick(&["", "", "", "", "apps"])],
        "versions": ["v1"],
        "kinds": match random.below(8) { 0 => json!(["Deployment"]), 1 => json!(["*"]), 2 => json!(["Pod", "Namespace"]), _ => json!(["Pod"]) },
    });
    if random.below(4) == 0 {
        entry["operations"] = match random.below(9) {
            0 | 1 => json!(["CREATE"]),
            2 | 3 => json!(["UPDATE"]),
            4 => json!(["CREATE", "UPDATE"]),
            5 => json!(["*"]),
            6 => json!([]),
            7 => json!(["*", "CREATE"]),
            _ => json!([random.pick(&["DELETE", "create", "CONNECT"])]),
        };
    }
    if random.below(40) == 0 {
        entry[random.pick(&["groups", "versions", "kinds"])] = json!([]);
    }
    entry
}

fn criteria(random: &mut Random) -> Value {
    let mut criteria = json!({});
    if random.below(4) == 0 {
        criteria["source"] = json!(random.pick(&["All", "Original", "Generated", ""]));
    }
    if random.below(4) == 0 {
        criteria["scope"] = json!(random.pick(&["*", "Cluster", "Namespaced", "cluster"]));
    }
    if random.below(4) == 0 {
        let kinds = random.pick(&["Pod", "*", "Namespace"]);
        criteria["kinds"] = json!([{"apiGroups": [random.pick(&["", "*", "apps"])], "kinds": [kinds]}]);
    }
    for field in ["namespaces", "excludedNamespaces"] {
        if random.below(4) == 0 {
            criteria[field] = json!([random.pick(&["team-*", "*-system", "team-a", "*e*", "*", "other"])]);
        }
    }
    if random.below(4) == 0 {
        criteria["name"] = json!(random.pick(&["pod-*", "*-pod", "*o*", "x", ""]));
    }
    for field in ["labelSelector", "namespaceSelector"] {
        if random.below(3) == 0 {
            criteria[field] = selector(random);
        }
    }
    criteria
}

fn selector(random: &mut Random) -> Value {
    let label = random.pick(&["l", "m", "l", "m", "bad key"]);
    match random.below(3) {
        0 => json!({"matchLabels": {label: random.pick(&["x", "y"])}}),
        1 => {
            let values = json!([random.pick(&["x", "y"])]);
            json!({"matchExpressions": [{"key": label, "operator": random.pick(&["In", "NotIn"]), "values": values}]})
        }
        _ => {
            json!({"matchExpressions": [{"key": label, "operator": random.pick(&["Exists", "DoesNotExist", "Near"])}]})
        }
    }
}
