//! Patch-and-transform inputs, read and checked once for all the XRs that use them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use plat_platform::{Composition, Step};
use plat_resource::Value;

use super::patch_and_transform::{Compiled, Fault};

/// Keyed by the document of the Composition (or revision), which the Platform keeps alive, and the step.
type Key = (usize, usize);

/// A shared cache of compiled inputs.
#[derive(Debug, Default)]
pub struct CompiledInputs(Mutex<HashMap<Key, Arc<Result<Compiled, Fault>>>>);

impl CompiledInputs {
    /// The compiled input of `step` of `composition`.
    pub fn of_step(&self, composition: &Composition, step: &Step) -> Arc<Result<Compiled, Fault>> {
        let input = step.input.as_ref().unwrap_or(&Value::Null);
        self.get(composition, step.index, || match input {
            Value::Null => Compiled::new(&Value::Object(serde_json::Map::new())),
            input => Compiled::new(input),
        })
    }

    /// The compiled form under `index` of `composition`, made by `compile` the first time.
    pub fn get(
        &self,
        composition: &Composition,
        index: usize,
        compile: impl FnOnce() -> Result<Compiled, Fault>,
    ) -> Arc<Result<Compiled, Fault>> {
        let key = (Arc::as_ptr(&composition.document) as usize, index);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(entries.entry(key).or_insert_with(|| Arc::new(compile())))
    }
}
