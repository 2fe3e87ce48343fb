//! Comprehensions.

use super::{Flow, Machine};
use crate::EvalError;
use crate::ir::{Collect, Into};
use crate::value::{Object, Value};

impl<'p> Machine<'p> {
    pub(super) fn collect(&mut self, collect: &'p Collect) -> Flow<Value> {
        let mut values = Vec::new();
        let mut pairs = Vec::new();
        self.body(&collect.body, &mut |machine| {
            let Some(value) = machine.ground(&collect.value)? else { return Ok(()) };
            machine.budget.items(2)?;
            if collect.into == Into::Object {
                let Some(key) = machine.ground(&collect.key)? else { return Ok(()) };
                pairs.push((key, value));
            } else {
                values.push(value);
            }
            Ok(())
        })?;
        match collect.into {
            Into::Array => Ok(Value::array(values)),
            Into::Set => Ok(Value::set(values)),
            Into::Object => match Object::unique(pairs) {
                Ok(object) => Ok(Value::Object(object.into())),
                Err(_) => Err(EvalError::Failed("object keys must be unique".to_owned()).into()),
            },
        }
    }
}
