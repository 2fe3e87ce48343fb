//! Operators, comparisons, membership and slices.

use std::rc::Rc;

use super::scope::Scope;
use super::{Context, Evaluator, INDEXED_BYTES};
use crate::template::coerce;
use crate::template::error::{Failure, Outcome};
use crate::template::methods::own_value;
use crate::template::number;
use crate::template::syntax::{Comparison, Id, Kind, Operator};
use crate::template::text::find;
use crate::template::value::Value;

/// The longest text that is counted on.
const MAX_PLACE: usize = 1_000;

impl Evaluator<'_> {
    pub(super) fn binary(
        &self,
        operator: Operator,
        (left, right): (Id, Id),
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<Value> {
        let left = self.expression(left, scope, context, depth + 1)?;
        let right = self.expression(right, scope, context, depth + 1)?;
        match operator {
            Operator::Concat => return coerce::concat(&left, &right, self),
            Operator::Add => return coerce::add(&left, &right, self),
            _ => {}
        }
        let (left, right) = (coerce::to_number(&left, self)?, coerce::to_number(&right, self)?);
        Ok(Value::Number(match operator {
            Operator::Sub => left - right,
            Operator::Mul => left * right,
            Operator::Div => left / right,
            Operator::Mod => left % right,
            _ => number::power(left, right),
        }))
    }

    pub(super) fn comparison(
        &self,
        (first, operands): (Id, &[(Comparison, Id)]),
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<Value> {
        let mut left = self.expression(first, scope, context, depth + 1)?;
        for (comparison, operand) in operands {
            let right = self.expression(*operand, scope, context, depth + 1)?;
            // As in JavaScript, a chain compares the answer so far.
            left = Value::Bool(self.compare(*comparison, &left, &right)?);
        }
        Ok(left)
    }

    fn compare(&self, comparison: Comparison, left: &Value, right: &Value) -> Outcome<bool> {
        Ok(match comparison {
            Comparison::Equal => coerce::loosely_equal(left, right, self)?,
            Comparison::NotEqual => !coerce::loosely_equal(left, right, self)?,
            Comparison::Same => left.is_same(right),
            Comparison::NotSame => !left.is_same(right),
            Comparison::Less => coerce::order(left, right, self)? < 0.0,
            Comparison::LessOrEqual => coerce::order(left, right, self)? <= 0.0,
            Comparison::Greater => coerce::order(left, right, self)? > 0.0,
            Comparison::GreaterOrEqual => coerce::order(left, right, self)? >= 0.0,
        })
    }

    pub(super) fn contains(&self, container: &Value, needle: &Value) -> Outcome<Value> {
        Ok(Value::Bool(match container {
            Value::String(text) => find(text.units(), coerce::to_text(needle, self)?.units(), 0).is_some(),
            // An object around a text: only its own two fields are in it.
            Value::Safe(_) => {
                let key = coerce::to_text(needle, self)?;
                key.is("length") || key.is("val")
            }
            Value::Array(array) => array.items().iter().any(|item| item.is_same(needle)),
            Value::Record(record) => record.get(&coerce::to_text(needle, self)?).is_some(),
            _ => return Err(Failure::new("Membership requires an array, record, or string")),
        }))
    }

    pub(super) fn slice(
        &self,
        input: &Value,
        slice: Id,
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<Value> {
        let Kind::Slice { start, stop: end, step } = self.tree.kind(slice)? else {
            return Err(Failure::new("Unexpected expression node"));
        };
        if matches!(input, Value::Callable(_)) {
            return Err(Failure::new("Callable values cannot be sliced"));
        }
        let target = if input.is_truthy() { input.clone() } else { Value::array(Vec::new())? };
        let length = own_value(&target, &"length".into()).unwrap_or(Value::Undefined);
        let start = self.expression(*start, scope, context, depth + 1)?;
        let end = self.expression(*end, scope, context, depth + 1)?;
        let step = self.expression(*step, scope, context, depth + 1)?;
        let number = coerce::to_number(&step, self)?;
        if !number.is_finite() || number == 0.0 {
            return Err(Failure::new("Slice step must have finite non-zero numeric coercion"));
        }
        let forward = coerce::order(&step, &Value::Number(0.0), self)?;
        let (start, end) = self.slice_bounds((start, end), &length, forward)?;
        self.slice_items((&target, &length), (start, end, step), forward, depth)
    }

    fn slice_bounds(&self, (start, end): (Value, Value), length: &Value, forward: f64) -> Outcome<(Value, Value)> {
        let zero = Value::Number(0.0);
        let mut start = match start {
            Value::Null if forward < 0.0 => Value::Number(coerce::to_number(length, self)? - 1.0),
            Value::Null => zero.clone(),
            start => start,
        };
        let end = match end {
            Value::Null if forward < 0.0 => Value::Number(-1.0),
            Value::Null => length.clone(),
            end if coerce::order(&end, &zero, self)? < 0.0 => coerce::add(&end, length, self)?,
            end => end,
        };
        if coerce::order(&start, &zero, self)? < 0.0 {
            start = coerce::add(&start, length, self)?;
        }
        Ok((start, end))
    }

    fn slice_items(
        &self,
        (target, length): (&Value, &Value),
        (start, end, step): (Value, Value, Value),
        forward: f64,
        depth: usize,
    ) -> Outcome<Value> {
        let zero = Value::Number(0.0);
        let mut output = Vec::new();
        let mut scratch = 0;
        let mut index = start;
        loop {
            if coerce::order(&index, &zero, self)? < 0.0 || coerce::order(&index, length, self)? > 0.0 {
                break;
            }
            let passed = if forward > 0.0 {
                coerce::order(&index, &end, self)? >= 0.0
            } else {
                forward < 0.0 && coerce::order(&index, &end, self)? <= 0.0
            };
            if passed {
                break;
            }
            self.charge(depth)?;
            let value = own_value(target, &coerce::to_text(&index, self)?).unwrap_or(Value::Undefined);
            value.refuse_callable()?;
            scratch += INDEXED_BYTES + self.value_bytes(&value)?;
            self.limit_scratch(scratch)?;
            output.push(value);
            index = self.next_place(&index, &step)?;
        }
        Value::array(output)
    }

    /// `index + step`. Texts only get longer: one that is very long will go on to the end of what may be done.
    pub(super) fn next_place(&self, index: &Value, step: &Value) -> Outcome<Value> {
        let next = coerce::add(index, step, self)?;
        if let Value::String(text) = &next
            && text.len() > MAX_PLACE
        {
            return Err(self.out_of_work());
        }
        Ok(next)
    }
}
