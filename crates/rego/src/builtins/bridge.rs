//! Functions that regorus has as OPA has them: dates, patches, YAML, units.
//!
//! Owns the way there and back. What a function cannot do there is undefined here, as in OPA.

use regorus::unstable::{BUILTINS, Expr, Ref, Span};

use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::number::Number;
use crate::value::{MAX_DEPTH, Value};

macro_rules! rows {
    ($(($name:literal, $arity:literal)),* $(,)?) => {
        &[$(($name, $arity, |budget, values| call($name, budget, values))),*]
    };
}

pub(super) const ROWS: &[Row] = rows![
    ("glob.quote_meta", 1),
    ("json.marshal_with_options", 2),
    ("json.patch", 2),
    ("time.clock", 1),
    ("time.date", 1),
    ("time.diff", 2),
    ("time.format", 1),
    ("time.weekday", 1),
    ("yaml.is_valid", 1),
    ("yaml.unmarshal", 1),
];

/// The rest, where OPA and regorus part ways for some arguments.
pub(super) const MENDED: &[Row] = &[("uuid.parse", 1, uuid), ("yaml.marshal", 1, yaml_marshal)];

/// As sigs.k8s.io/yaml prints it, and with it the OPA that Gatekeeper is built with. OPA 1.22 indents sequences.
fn yaml_marshal(budget: &mut Budget, values: &[Value]) -> Outcome {
    let [value] = values else { return Err(Problem::Undefined) };
    let written = plat_resource::yaml::to_string(&value.to_json());
    budget.bytes(written.len())?;
    Ok(Value::from(written))
}

/// As it is, without dashes, as a URN, or between any two characters. OPA takes apart what stands in those of versions 1
/// and 2 only.
fn uuid(budget: &mut Budget, values: &[Value]) -> Outcome {
    let [Value::String(text)] = values else { return Err(Problem::Undefined) };
    let plain = match text.len() {
        38 => text.get(1..37).ok_or(Problem::Undefined)?,
        _ => text,
    };
    let Value::Object(found) = call("uuid.parse", budget, &[Value::from(plain)])? else {
        return Err(Problem::Undefined);
    };
    let apart = matches!(found.get_text("version"), Some(Value::Number(Number::Int(1 | 2))));
    let kept = found.pairs().iter().filter_map(|(key, value)| match (key, value) {
        (Value::String(name), _) if !apart && !matches!(&**name, "version" | "variant") => None,
        (_, Value::String(text)) if &**text == "NCS" => Some((key.clone(), Value::from("Reserved"))),
        _ => Some((key.clone(), value.clone())),
    });
    Ok(Value::object(kept.collect()))
}

pub(super) fn call(name: &str, budget: &mut Budget, values: &[Value]) -> Outcome {
    let (run, _) = BUILTINS.get(name).ok_or(Problem::Undefined)?;
    let source = regorus::Source::from_contents(String::new(), String::new()).map_err(|_| Problem::Undefined)?;
    let span = Span { source, line: 1, col: 1, start: 0, end: 0 };
    let parameter = || Ref::new(Expr::Null { span: span.clone(), value: regorus::Value::Null, eidx: 0 });
    let parameters: Vec<_> = values.iter().map(|_| parameter()).collect();
    let given = values.iter().map(size).fold(1_usize, usize::saturating_add);
    budget.bytes(given.saturating_mul(4))?;
    let values: Vec<_> = values.iter().map(there).collect::<Option<_>>().ok_or(Problem::Undefined)?;
    // Strict, so that an error is told from a result.
    match run(&span, &parameters, &values, true) {
        Ok(result) => {
            let result = back(&result, 0).ok_or(Problem::Undefined)?;
            budget.bytes(size(&result))?;
            Ok(result)
        }
        Err(_) => Err(Problem::Undefined),
    }
}

/// Roughly what a value takes.
fn size(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Set(set) => set.items().iter().map(size).sum(),
        Value::Object(object) => object.pairs().iter().map(|(key, item)| size(key) + size(item)).sum(),
        _ => 0,
    }
}

fn there(value: &Value) -> Option<regorus::Value> {
    Some(match value {
        Value::Null => regorus::Value::Null,
        Value::Bool(flag) => regorus::Value::from(*flag),
        Value::Number(Number::Int(integer)) => regorus::Value::from(*integer),
        Value::Number(number) => regorus::Value::from_json_str(&number.to_string()).ok()?,
        Value::String(text) => regorus::Value::from(&**text),
        Value::Array(items) => regorus::Value::from(items.iter().map(there).collect::<Option<Vec<_>>>()?),
        Value::Set(set) => {
            regorus::Value::from(set.items().iter().map(there).collect::<Option<std::collections::BTreeSet<_>>>()?)
        }
        Value::Object(object) => {
            let pairs = object.pairs().iter().map(|(key, item)| Some((there(key)?, there(item)?)));
            regorus::Value::from(pairs.collect::<Option<std::collections::BTreeMap<_, _>>>()?)
        }
    })
}

fn back(value: &regorus::Value, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let inner = |item: &regorus::Value| back(item, depth + 1);
    Some(match value {
        regorus::Value::Null => Value::Null,
        regorus::Value::Bool(flag) => Value::Bool(*flag),
        regorus::Value::Number(_) => Value::Number(Number::parse(&value.to_json_str().ok()?)?),
        regorus::Value::String(text) => Value::from(&**text),
        regorus::Value::Array(items) => Value::array(items.iter().map(inner).collect::<Option<_>>()?),
        regorus::Value::Set(items) => Value::set(items.iter().map(inner).collect::<Option<_>>()?),
        regorus::Value::Object(pairs) => {
            Value::object(pairs.iter().map(|(key, item)| Some((inner(key)?, inner(item)?))).collect::<Option<_>>()?)
        }
        regorus::Value::Undefined => return None,
    })
}
