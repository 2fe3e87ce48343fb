//! How much a run may still do.

use std::cell::Cell;
use std::rc::Rc;

use mlua::{Error, HookTriggers, Lua, VmState};

use super::Stop;

/// After how many instructions the budget is looked at.
const INSTRUCTIONS: u32 = 1000;

/// Steps that are left, and who may end a run before that.
pub(super) struct Budget {
    left: Cell<u64>,
    stop: Option<Stop>,
    verdict: Cell<Option<&'static str>>,
}

impl Budget {
    pub(super) fn new(steps: u64, stop: Option<Stop>) -> Self {
        Self { left: Cell::new(steps), stop, verdict: Cell::new(None) }
    }

    /// Takes away `steps`, or ends the run.
    pub(super) fn spend(&self, steps: u64) -> mlua::Result<()> {
        if self.verdict.get().is_none() {
            match self.left.get().checked_sub(steps) {
                Some(left) => self.left.set(left),
                None => self.verdict.set(Some("the check takes too many steps")),
            }
        }
        self.verdict.get().map_or(Ok(()), |verdict| Err(Error::runtime(verdict)))
    }

    /// Why the run was ended, if it was: a script may catch the error and return another.
    pub(super) fn verdict(&self) -> Option<String> {
        self.verdict.get().map(str::to_owned)
    }

    /// Counts the instructions of everything that `lua` runs from here on.
    pub(super) fn watch(budget: &Rc<Self>, lua: &Lua) -> mlua::Result<()> {
        let budget = Rc::clone(budget);
        lua.set_hook(HookTriggers::new().every_nth_instruction(INSTRUCTIONS), move |lua, _| {
            if budget.stop.as_ref().is_some_and(|stop| stop()) && budget.verdict.get().is_none() {
                budget.verdict.set(Some("the check takes too long"));
            }
            let spent = budget.spend(u64::from(INSTRUCTIONS));
            if spent.is_err() {
                // Or a loop around `pcall` would go on between two looks.
                let ended = spent.clone();
                lua.set_hook(HookTriggers::new().every_nth_instruction(1), move |_, _| {
                    ended.clone().map(|()| VmState::Continue)
                })?;
            }
            spent.map(|()| VmState::Continue)
        })
    }
}
