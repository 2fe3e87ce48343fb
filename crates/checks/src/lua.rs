//! Running a custom check.
//!
//! Owns the sandbox: a fresh state for each run, without files, without the network, without a clock, with a limit on
//! steps and on memory. Which libraries there are is in `libraries`, what the script returned in `answer`.
//!
//! Argo CD runs checks in gopher-lua (5.1 with `goto`), here it is PUC Lua 5.4. Whole numbers of an object stay whole
//! numbers, so that both print them alike; shims bring what 5.1 had. There are no metatables, coroutines, chunks loaded at run time or random
//! numbers, and `pairs` has an order: a check is to say the same thing each time.

mod answer;
mod budget;
mod clock;
mod libraries;
mod pattern;
mod text;

use std::rc::Rc;
use std::sync::Arc;

use mlua::{Error, Lua, LuaOptions, MultiValue, StdLib};
use plat_health::{Health, Status};
use plat_resource::Value;

use crate::customizations::Check;
use budget::Budget;

/// Says whether a check has run long enough.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// How much one run of a check may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps: instructions of Lua, and the work that functions of the libraries do.
    pub steps: u64,
    /// Bytes that are in use at once.
    pub memory: usize,
}

impl Default for Limits {
    /// Well below a second, and more than a hundred times what any check of Argo CD uses.
    fn default() -> Self {
        Self { steps: 20_000_000, memory: 32 << 20 }
    }
}

/// Asks `check` about `object`. An error is the health Unknown, with what is wrong; nothing is what the check may say, too.
pub(crate) fn run(check: &Check, object: &Value, now: i64, limits: &Limits, stop: Option<&Stop>) -> Option<Health> {
    let budget = Rc::new(Budget::new(limits.steps, stop.cloned()));
    match evaluate(check, object, now, limits, &budget) {
        Ok(answer) => answer,
        Err(error) => Some(Health::new(Status::Unknown, budget.verdict().unwrap_or_else(|| told(&error)))),
    }
}

fn evaluate(
    check: &Check,
    object: &Value,
    now: i64,
    limits: &Limits,
    budget: &Rc<Budget>,
) -> mlua::Result<Option<Health>> {
    let open = if check.opens_libraries { StdLib::STRING | StdLib::MATH } else { StdLib::NONE };
    let lua = Lua::new_with(StdLib::TABLE | open, LuaOptions::new())?;
    lua.set_memory_limit(limits.memory)?;
    libraries::install(&lua, check.opens_libraries, now, budget)?;
    let object = answer::to_lua(&lua, object)?;
    lua.globals().raw_set("obj", object)?;
    Budget::watch(budget, &lua)?;
    // Text only: code that was compiled elsewhere could break out of the sandbox.
    let chunk = lua.load(&check.script).set_name("=<string>").set_mode(mlua::chunk::ChunkMode::Text);
    let returned: MultiValue = chunk.eval()?;
    lua.remove_hook();
    // As in Argo CD, the last of several values counts.
    answer::health(returned.into_iter().next_back())
}

/// What Argo CD would show of an error: the message, without the stack.
fn told(error: &Error) -> String {
    match error {
        Error::SyntaxError { message, .. } => message.clone(),
        Error::RuntimeError(message) => message.split("\nstack traceback:").next().unwrap_or_default().to_owned(),
        Error::CallbackError { cause, .. } => told(cause),
        Error::MemoryError(_) => "the check uses too much memory".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
