//! Inputs: objects and parameters as written, and with fields deleted, nulled and of another kind.

use serde_json::{Map, Value, json};

use super::super::generated::Random;
use super::templates::Template;

/// Inputs of a template: each pair of object and parameters as it stands, then changed ones.
pub(crate) fn of(template: &Template, seed: u64, count: usize) -> Vec<Value> {
    let mut random = Random::new(seed);
    let mut inputs = Vec::new();
    for parameters in &template.parameters {
        for object in &template.objects {
            inputs.push(input(object, parameters, &mut random));
        }
    }
    inputs.truncate(count);
    let originals = inputs.len().max(1);
    while inputs.len() < count {
        let Some(mut changed) = inputs.get(random.below(originals)).cloned() else { break };
        for _ in 0..=random.below(3) {
            // Mostly the object, sometimes the parameters.
            let part = if random.one_in(4) { "/parameters" } else { "/review" };
            if let Some(part) = changed.pointer_mut(part) {
                mutate(part, &mut random);
            }
        }
        inputs.push(changed);
    }
    inputs
}

fn input(object: &Value, parameters: &Value, random: &mut Random) -> Value {
    let parameters = if parameters.is_null() { json!({}) } else { parameters.clone() };
    if object["kind"] == "AdmissionReview" {
        return json!({ "review": object["request"], "parameters": parameters });
    }
    let (group, version) = object["apiVersion"].as_str().and_then(|text| text.split_once('/')).unwrap_or(("", "v1"));
    let mut review = json!({
        "kind": { "group": group, "version": version, "kind": object["kind"] },
        "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
        "operation": random.pick(&["CREATE", "UPDATE", "DELETE", ""]),
        "userInfo": { "username": "someone", "groups": ["people"] }, "object": object,
    });
    if random.one_in(2) {
        review["oldObject"] = object.clone();
    }
    json!({ "review": review, "parameters": parameters })
}

/// Goes down a random way and changes what stands there.
fn mutate(value: &mut Value, random: &mut Random) {
    let deeper = match value {
        Value::Object(map) => !map.is_empty() && !random.one_in(8),
        Value::Array(items) => !items.is_empty() && !random.one_in(6),
        _ => false,
    };
    if !deeper {
        *value = other(value, random);
        return;
    }
    match value {
        Value::Object(map) => {
            let key = map.keys().nth(random.below(map.len())).cloned().unwrap_or_default();
            if random.one_in(6) {
                map.remove(&key);
            } else if let Some(below) = map.get_mut(&key) {
                mutate(below, random);
            }
        }
        Value::Array(items) => {
            let index = random.below(items.len());
            match random.below(8) {
                0 => drop(items.remove(index)),
                1 => items.push(items[index].clone()),
                _ => mutate(&mut items[index], random),
            }
        }
        _ => {}
    }
}

fn other(value: &Value, random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!(false),
        2 => json!(true),
        3 => json!(0),
        4 => json!(-1.5),
        5 => json!(""),
        6 => json!([]),
        7 => json!({}),
        8 => json!([value]),
        9 => json!({ "name": value }),
        10 => value.as_str().map_or_else(|| json!(value.to_string()), |text| json!(format!("{text}x"))),
        _ => match value {
            Value::Number(number) => json!(number.to_string()),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (index.to_string(), item.clone()))
                .collect::<Map<_, _>>()
                .into(),
            _ => json!(7),
        },
    }
}
