//! Methods of text.

use super::{Invocation, relative};
use crate::template::coerce::to_number;
use crate::template::error::Outcome;
use crate::template::number;
use crate::template::pattern::{self, Match, Pattern};
use crate::template::text::{Text, find, find_last, part, split, trim_end, trim_start};
use crate::template::value::Value;

impl Invocation<'_> {
    pub(super) fn string(&self, text: &Text, name: &str) -> Outcome<Value> {
        let units = text.units();
        Ok(match name {
            "replace" => self.replace(text)?,
            "split" => self.split(text)?,
            "includes" => Value::Bool(self.find_from(units)?.is_some()),
            "indexOf" => Value::Number(self.find_from(units)?.map_or(-1.0, number::from_count)),
            "lastIndexOf" => {
                let needle = self.text(0)?;
                let from = match self.get(1) {
                    Value::Undefined => f64::NAN,
                    from => to_number(from, self.charge)?,
                };
                let from = if from.is_nan() { units.len() } else { number::to_count(from) };
                Value::Number(find_last(units, needle.units(), from).map_or(-1.0, number::from_count))
            }
            "startsWith" | "endsWith" => {
                let needle = self.text(0)?;
                let place = self.integer(1)?.map(|place| number::to_count(place).min(units.len()));
                Value::Bool(if name == "startsWith" {
                    part(units, place.unwrap_or(0), units.len()).starts_with(needle.units())
                } else {
                    part(units, 0, place.unwrap_or(units.len())).ends_with(needle.units())
                })
            }
            "slice" => {
                let start = self.integer(0)?.map_or(0, |start| relative(start, units.len()));
                let end = self.integer(1)?.map_or(units.len(), |end| relative(end, units.len()));
                Value::String(Text::new(part(units, start, end)))
            }
            "substring" => {
                let start = number::to_count(self.integer(0)?.unwrap_or(0.0)).min(units.len());
                let end = self.integer(1)?.map_or(units.len(), |end| number::to_count(end).min(units.len()));
                Value::String(Text::new(part(units, start.min(end), start.max(end))))
            }
            "charAt" | "charCodeAt" => {
                let index = self.integer(0)?.unwrap_or(0.0);
                let unit = if index < 0.0 { None } else { units.get(number::to_count(index)) };
                if name == "charAt" {
                    Value::String(unit.map_or_else(|| "".into(), |unit| Text::new(&[*unit])))
                } else {
                    Value::Number(unit.map_or(f64::NAN, |unit| f64::from(*unit)))
                }
            }
            "concat" => {
                let mut output = units.to_vec();
                for index in 0..self.positional.len() {
                    output.extend_from_slice(self.text(index)?.units());
                }
                Value::text(output)
            }
            "trim" => Value::String(text.trimmed()),
            "trimStart" => Value::String(Text::new(trim_start(units))),
            "trimEnd" => Value::String(Text::new(trim_end(units))),
            "toLowerCase" => Value::String(text.to_lower()),
            _ => Value::String(text.to_upper()),
        })
    }

    fn find_from(&self, units: &[u16]) -> Outcome<Option<usize>> {
        let needle = self.text(0)?;
        let from = number::to_count(self.integer(1)?.unwrap_or(0.0));
        Ok(find(units, needle.units(), from))
    }

    fn replace(&self, text: &Text) -> Outcome<Value> {
        let replacement = self.text(1)?;
        if let Value::Regex(regex) = self.get(0) {
            self.check_regex()?;
            let pattern = Pattern::of(regex)?;
            let (output, next) = pattern::replace(&pattern, text, replacement.units(), regex.last_index.get())?;
            regex.last_index.set(next);
            return Ok(Value::String(output));
        }
        let needle = self.text(0)?;
        let units = text.units();
        let Some(start) = find(units, needle.units(), 0) else { return Ok(Value::String(text.clone())) };
        let end = start + needle.len();
        let mut output = part(units, 0, start).to_vec();
        let found = Match { start, end, groups: Vec::new() };
        pattern::expand(replacement.units(), units, &found, &[], &mut output);
        output.extend_from_slice(part(units, end, units.len()));
        Ok(Value::text(output))
    }

    fn split(&self, text: &Text) -> Outcome<Value> {
        let limit = match self.get(1) {
            Value::Undefined => None,
            limit => Some(number::to_u32(to_number(limit, self.charge)?)),
        };
        if let Value::Regex(regex) = self.get(0) {
            self.check_regex()?;
            return Value::array(pattern::split(&Pattern::of(regex)?, text, limit)?);
        }
        let mut parts = match self.get(0) {
            Value::Undefined => vec![text.clone()],
            separator => split(text.units(), crate::template::coerce::to_text(separator, self.charge)?.units()),
        };
        if let Some(limit) = limit {
            parts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Value::texts(parts)
    }
}
