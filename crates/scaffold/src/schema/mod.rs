//! JSON Schema as the scaffolder checks parameters and inputs: the rules and words of the npm package `jsonschema` 1.5.
//!
//! Owns one validation; every fault is told, each with its place. Schemas refer only to parts of themselves.

mod formats;
mod keywords;
mod values;

pub(crate) use self::values::{shown, suffix};

use crate::data::Data;

/// Schemas in schemas beyond this are refused: they refer to themselves.
const MAX_DEPTH: usize = 100;
/// What one validation may look at: schemas that choose between schemas that choose grow without end.
const MAX_STEPS: usize = 200_000;

/// Says what is wrong with a value; a schema that is none is an error.
pub fn validate(instance: Option<&Data>, schema: &Data) -> Result<Vec<String>, String> {
    validate_around(instance, schema, &[])
}

/// The same, where some items of lists, by their paths, are not there.
pub(crate) fn validate_around(instance: Option<&Data>, schema: &Data, holes: &[String]) -> Result<Vec<String>, String> {
    if !matches!(schema, Data::Object(_) | Data::Bool(_) | Data::Array(_)) {
        return Err("Expected `schema` to be an object or boolean".to_owned());
    }
    let mut validator = Validator { root: schema, holes, steps: 0 };
    let mut faults = Vec::new();
    validator.schema(At { instance, path: "instance", depth: 0 }, schema, &mut faults)?;
    Ok(faults)
}

struct Validator<'a> {
    root: &'a Data,
    holes: &'a [String],
    steps: usize,
}

/// What is looked at, and where.
#[derive(Clone, Copy)]
struct At<'a> {
    instance: Option<&'a Data>,
    path: &'a str,
    depth: usize,
}

type Faults = Vec<String>;

impl At<'_> {
    fn fault(&self, message: &str, faults: &mut Faults) {
        faults.push(format!("{} {message}", self.path));
    }

    fn inner(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl Validator<'_> {
    fn schema(&mut self, at: At<'_>, schema: &Data, faults: &mut Faults) -> Result<(), String> {
        self.steps += 1;
        if at.depth > MAX_DEPTH || self.steps > MAX_STEPS {
            return Err("the schema refers to itself without end".to_owned());
        }
        let keywords = match schema {
            Data::Bool(false) => {
                if at.instance.is_some() {
                    at.fault("is not of a type(s) ", faults);
                }
                return Ok(());
            }
            Data::Object(keywords) => keywords,
            Data::Bool(true) | Data::Array(_) => return Ok(()),
            _ => return Err("schema is undefined".to_owned()),
        };
        if let Some(Data::String(reference)) = keywords.get("$ref") {
            let target = self.resolve(reference)?;
            return self.schema(at.inner(), &target, faults);
        }
        for keyword in keywords.keys() {
            self.keyword(at.inner(), keyword, schema, faults)?;
        }
        Ok(())
    }

    /// A part of the schema that is read, by its pointer.
    fn resolve(&self, reference: &str) -> Result<Data, String> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(format!("no such schema <{reference}>"));
        };
        let mut target = self.root;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match target {
                Data::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                other => other.get(&step),
            };
            let missing = || format!("no such schema {reference} located in </undefined>");
            target = next.ok_or_else(missing)?;
        }
        Ok(target.clone())
    }

    /// True where an item of a list is not there.
    fn is_hole(&self, path: &str) -> bool {
        self.holes.iter().any(|hole| path.strip_prefix("instance") == Some(hole))
    }

    /// True where a value fits; what is wrong is not told.
    fn fits(&mut self, at: At<'_>, schema: &Data) -> Result<bool, String> {
        let mut faults = Vec::new();
        self.schema(at.inner(), schema, &mut faults)?;
        Ok(faults.is_empty())
    }
}
