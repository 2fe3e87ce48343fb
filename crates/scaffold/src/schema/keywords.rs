//! Keywords: what each wants, and what is said where it does not get it.

use super::values::{decimals, is_of_type, length, name_of, same, shown, suffix};
use super::{At, Faults, Validator, formats};
use crate::data::Data;
use crate::template::{matches, number};

impl Validator<'_> {
    pub(super) fn keyword(
        &mut self,
        at: At<'_>,
        keyword: &str,
        schema: &Data,
        faults: &mut Faults,
    ) -> Result<(), String> {
        let rule = schema.get(keyword).unwrap_or(&Data::Null);
        if keyword == "required" {
            required(at, rule, faults);
            return Ok(());
        }
        // Nothing has to keep a rule by being there; properties look for what is not.
        let Some(instance) = at.instance else { return Ok(()) };
        match keyword {
            "type" => self.types(at, rule, faults)?,
            "enum" => one_of(at, instance, rule, faults)?,
            "const" if !same(rule, instance) => {
                at.fault(&format!("does not exactly match expected constant: {}", shown(rule)), faults);
            }
            "anyOf" | "oneOf" => self.choice(at, keyword, rule, faults)?,
            "allOf" => self.all_of(at, rule, faults)?,
            "not" | "disallow" => self.not(at, rule, faults)?,
            "if" => self.condition(at, schema, faults)?,
            "properties" | "patternProperties" | "additionalProperties" | "propertyNames" | "dependencies" => {
                if matches!(instance, Data::Object(_)) {
                    self.object(at, keyword, schema, faults)?;
                }
            }
            "items" | "contains" => self.items(at, keyword, schema, faults)?,
            "minProperties" | "maxProperties" | "minItems" | "maxItems" | "minLength" | "maxLength" => {
                size(at, instance, keyword, rule, faults);
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                if let Data::Number(value) = instance
                    && value.is_finite()
                {
                    range(at, *value, keyword, schema, faults);
                }
            }
            "pattern" => pattern(at, instance, rule, faults)?,
            "format" => format(at, instance, rule, faults),
            "uniqueItems" if *rule == Data::Bool(true) => unique(at, instance, faults),
            _ => {}
        }
        Ok(())
    }

    fn types(&mut self, at: At<'_>, rule: &Data, faults: &mut Faults) -> Result<(), String> {
        let types: Vec<&Data> = match rule {
            Data::Array(types) => types.iter().collect(),
            single => vec![single],
        };
        for one in &types {
            if self.is_of(at, one)? {
                return Ok(());
            }
        }
        let names: Vec<String> = types.into_iter().map(shown).collect();
        at.fault(&format!("is not of a type(s) {}", names.join(",")), faults);
        Ok(())
    }

    fn is_of(&mut self, at: At<'_>, rule: &Data) -> Result<bool, String> {
        match (at.instance, rule) {
            (Some(instance), Data::String(name)) => Ok(is_of_type(instance, name)),
            (_, Data::Object(_)) => self.fits(at, rule),
            (_, Data::Null) => Err("Unexpected null in \"type\" keyword".to_owned()),
            _ => Ok(true),
        }
    }

    fn choice(&mut self, at: At<'_>, keyword: &str, rule: &Data, faults: &mut Faults) -> Result<(), String> {
        let Data::Array(schemas) = rule else { return Err(format!("{keyword} must be an array")) };
        let mut count = 0;
        for schema in schemas {
            count += usize::from(self.fits(at, schema)?);
            if count > 0 && keyword == "anyOf" {
                return Ok(());
            }
        }
        if count == 1 && keyword == "oneOf" {
            return Ok(());
        }
        let any = keyword == "anyOf";
        let names: Vec<String> =
            schemas.iter().enumerate().map(|(index, schema)| name_of(schema, index, any)).collect();
        let wanted = if any { "is not any of" } else { "is not exactly one from" };
        at.fault(&format!("{wanted} {}", names.join(",")), faults);
        Ok(())
    }

    fn all_of(&mut self, at: At<'_>, rule: &Data, faults: &mut Faults) -> Result<(), String> {
        let Data::Array(schemas) = rule else { return Err("allOf must be an array".to_owned()) };
        for (index, schema) in schemas.iter().enumerate() {
            let mut inner = Vec::new();
            self.schema(at, schema, &mut inner)?;
            if !inner.is_empty() {
                let name = name_of(schema, index, false);
                at.fault(&format!("does not match allOf schema {name} with {} error[s]:", inner.len()), faults);
                faults.extend(inner);
            }
        }
        Ok(())
    }

    fn not(&mut self, at: At<'_>, rule: &Data, faults: &mut Faults) -> Result<(), String> {
        if !rule.is_truthy() {
            return Ok(());
        }
        let types: Vec<&Data> = match rule {
            Data::Array(types) => types.iter().collect(),
            single => vec![single],
        };
        for one in types {
            if self.is_of(at, one)? {
                at.fault(&format!("is of prohibited type {}", shown(one)), faults);
            }
        }
        Ok(())
    }

    fn condition(&mut self, at: At<'_>, schema: &Data, faults: &mut Faults) -> Result<(), String> {
        let Some(condition) = schema.get("if") else { return Ok(()) };
        let branch = if self.fits(at, condition)? { "then" } else { "else" };
        match schema.get(branch) {
            Some(branch) => self.schema(at, branch, faults),
            None => Ok(()),
        }
    }

    fn object(&mut self, at: At<'_>, keyword: &str, schema: &Data, faults: &mut Faults) -> Result<(), String> {
        let Some(Data::Object(fields)) = at.instance else { return Ok(()) };
        match keyword {
            "properties" => {
                let properties = schema.get(keyword).and_then(Data::as_object);
                for (name, rule) in properties.into_iter().flatten() {
                    if *rule == Data::Null {
                        return Err("Unexpected null, expected schema in \"properties\"".to_owned());
                    }
                    self.child(at, fields.get(name), name, rule, faults)?;
                }
            }
            "propertyNames" => {
                let Some(rule) = schema.get(keyword) else { return Ok(()) };
                for name in fields.keys() {
                    let name = Data::from(name.as_str());
                    self.schema(At { instance: Some(&name), ..at }, rule, faults)?;
                }
            }
            "dependencies" => self.dependencies(at, schema, faults)?,
            "additionalProperties" if schema.get("patternProperties").is_some() => {}
            "additionalProperties" => {
                for (name, value) in fields {
                    self.additional(at, name, value, schema, faults)?;
                }
            }
            _ => {
                for (name, value) in fields {
                    let mut matched = false;
                    for (pattern, rule) in schema.get(keyword).and_then(Data::as_object).into_iter().flatten() {
                        if matches(pattern, name)? {
                            matched = true;
                            self.child(at, Some(value), name, rule, faults)?;
                        }
                    }
                    if !matched {
                        self.additional(at, name, value, schema, faults)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn additional(
        &mut self,
        at: At<'_>,
        name: &str,
        value: &Data,
        schema: &Data,
        faults: &mut Faults,
    ) -> Result<(), String> {
        if schema.get("properties").is_some_and(|properties| properties.get(name).is_some()) {
            return Ok(());
        }
        match schema.get("additionalProperties") {
            Some(Data::Bool(false)) => {
                let name = Data::from(name).to_json();
                at.fault(&format!("is not allowed to have the additional property {name}"), faults);
                Ok(())
            }
            Some(rule) if rule.is_truthy() => self.child(at, Some(value), name, rule, faults),
            _ => Ok(()),
        }
    }

    fn child(
        &mut self,
        at: At<'_>,
        instance: Option<&Data>,
        name: &str,
        rule: &Data,
        faults: &mut Faults,
    ) -> Result<(), String> {
        let path = format!("{}{}", at.path, suffix(name));
        self.schema(At { instance, path: &path, depth: at.depth }, rule, faults)
    }

    fn dependencies(&mut self, at: At<'_>, schema: &Data, faults: &mut Faults) -> Result<(), String> {
        let Some(instance) = at.instance else { return Ok(()) };
        for (name, rule) in schema.get("dependencies").and_then(Data::as_object).into_iter().flatten() {
            if instance.get(name).is_none() {
                continue;
            }
            let path = format!("{}{}", at.path, suffix(name));
            let names: Vec<&str> = match rule {
                Data::String(name) => vec![name],
                Data::Array(names) => names.iter().filter_map(Data::as_str).collect(),
                schema => {
                    let mut inner = Vec::new();
                    self.schema(At { path: &path, ..at }, schema, &mut inner)?;
                    if !inner.is_empty() {
                        at.fault(&format!("does not meet dependency required by {path}"), faults);
                        faults.extend(inner);
                    }
                    continue;
                }
            };
            for wanted in names.into_iter().filter(|wanted| instance.get(wanted).is_none()) {
                at.fault(&format!("property {wanted} not found, required by {path}"), faults);
            }
        }
        Ok(())
    }

    fn items(&mut self, at: At<'_>, keyword: &str, schema: &Data, faults: &mut Faults) -> Result<(), String> {
        let (Some(Data::Array(items)), Some(rule)) = (at.instance, schema.get(keyword)) else { return Ok(()) };
        if keyword == "contains" {
            for item in items {
                if self.fits(At { instance: Some(item), ..at }, rule)? {
                    return Ok(());
                }
            }
            at.fault("must contain an item matching given schema", faults);
            return Ok(());
        }
        for (index, item) in items.iter().enumerate() {
            if self.is_hole(&format!("{}[{index}]", at.path)) {
                continue;
            }
            let rule = match rule {
                Data::Array(rules) => rules.get(index).or_else(|| schema.get("additionalItems")),
                rule => Some(rule),
            };
            match rule {
                None => {}
                Some(Data::Bool(false)) => {
                    at.fault("additionalItems not permitted", faults);
                    return Ok(());
                }
                Some(rule) => self.child(at, Some(item), &index.to_string(), rule, faults)?,
            }
        }
        Ok(())
    }
}

fn required(at: At<'_>, rule: &Data, faults: &mut Faults) {
    match (at.instance, rule) {
        (None, Data::Bool(true)) => at.fault("is required", faults),
        (Some(instance @ Data::Object(_)), Data::Array(names)) => {
            for name in names.iter().filter(|name| instance.get(&shown(name)).is_none()) {
                at.fault(&format!("requires property {}", name.to_json()), faults);
            }
        }
        _ => {}
    }
}

fn one_of(at: At<'_>, instance: &Data, rule: &Data, faults: &mut Faults) -> Result<(), String> {
    let Data::Array(values) = rule else { return Err("enum expects an array".to_owned()) };
    if !values.iter().any(|value| same(instance, value)) {
        let values: Vec<String> = values.iter().map(shown).collect();
        at.fault(&format!("is not one of enum values: {}", values.join(",")), faults);
    }
    Ok(())
}

fn size(at: At<'_>, instance: &Data, keyword: &str, rule: &Data, faults: &mut Faults) {
    let (size, what) = match (instance, keyword) {
        (Data::Object(fields), "minProperties" | "maxProperties") => {
            (number::from_count(fields.len()), "property length")
        }
        (Data::Array(items), "minItems" | "maxItems") => (number::from_count(items.len()), "length"),
        (Data::String(text), "minLength" | "maxLength") => (length(text), "length"),
        _ => return,
    };
    let Data::Number(bound) = rule else { return };
    let least = keyword.starts_with("min");
    if (least && size < *bound) || (!least && size > *bound) {
        let word = if least { "minimum" } else { "maximum" };
        at.fault(&format!("does not meet {word} {what} of {}", shown(rule)), faults);
    }
}

fn range(at: At<'_>, value: f64, keyword: &str, schema: &Data, faults: &mut Faults) {
    let Some(rule @ Data::Number(bound)) = schema.get(keyword) else { return };
    let strict = |keyword: &str| schema.get(keyword) == Some(&Data::Bool(true));
    let (holds, wanted) = match keyword {
        "minimum" if strict("exclusiveMinimum") => (value > *bound, "must be greater than"),
        "minimum" => (value >= *bound, "must be greater than or equal to"),
        "maximum" if strict("exclusiveMaximum") => (value < *bound, "must be less than"),
        "maximum" => (value <= *bound, "must be less than or equal to"),
        "exclusiveMinimum" => (value > *bound, "must be strictly greater than"),
        "exclusiveMaximum" => (value < *bound, "must be strictly less than"),
        _ => {
            let factor = number::power(10.0, decimals(value).max(decimals(*bound)));
            let rest = number::round(value * factor) % number::round(bound * factor);
            (rest == 0.0, "is not a multiple of (divisible by)")
        }
    };
    if !holds {
        at.fault(&format!("{wanted} {}", shown(rule)), faults);
    }
}

fn pattern(at: At<'_>, instance: &Data, rule: &Data, faults: &mut Faults) -> Result<(), String> {
    if let Data::String(text) = instance
        && !matches(&shown(rule), text)?
    {
        at.fault(&format!("does not match pattern {}", Data::from(shown(rule)).to_json()), faults);
    }
    Ok(())
}

fn format(at: At<'_>, instance: &Data, rule: &Data, faults: &mut Faults) {
    if let (Data::String(text), Data::String(format)) = (instance, rule)
        && !formats::keeps(text, format)
    {
        at.fault(&format!("does not conform to the {} format", rule.to_json()), faults);
    }
}

fn unique(at: At<'_>, instance: &Data, faults: &mut Faults) {
    let Data::Array(items) = instance else { return };
    let repeated = |(index, item): (usize, &Data)| items.iter().skip(index + 1).any(|other| same(item, other));
    if items.iter().enumerate().any(repeated) {
        at.fault("contains duplicate item", faults);
    }
}
