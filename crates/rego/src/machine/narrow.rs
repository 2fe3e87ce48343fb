//! Walks over data with an index.

use std::sync::Arc;
use std::time::Duration;

use super::{Flow, Machine, Next};
use crate::Limits;
use crate::budget::Budget;
use crate::indexes::Index;
use crate::ir::{Narrow, Step};
use crate::narrow::walk;
use crate::value::{Object, Value};

/// Collections of fewer elements are walked over.
const SMALL: usize = 16;
/// What making an index may take: far more than one evaluation, since all those that follow have it.
const MAKING: Limits = Limits { time: Duration::from_secs(10), memory: 1 << 30, now: None };
/// How deep making one may get, on whatever stack there is.
const MAKING_DEPTH: usize = 50;

impl<'p> Machine<'p> {
    /// The walk of a step, without elements that the equality behind it refuses.
    pub(super) fn narrowed(&mut self, narrow: &'p Arc<Narrow>, step: &'p Step, next: Next<'_, 'p>) -> Flow {
        let Some((element, target, reference, last)) = walk(step) else { return self.bare(step, next) };
        let real = self.world.functions.is_empty() && self.world.builtins.is_empty() && self.lines.is_none();
        let free = self.slot(element).is_none() && self.slot(last).is_none();
        let (Some((key, path)), true) =
            (reference.path.split_last(), real && free && self.is_evaluable(&narrow.wanted))
        else {
            return self.bare(step, next);
        };
        let mut wanted = Vec::new();
        self.each(&narrow.wanted, &mut |_, value| {
            wanted.push(value.clone());
            Ok(())
        })?;
        self.each_static(None, 0, path, &mut |machine, collection| {
            let places = match collection {
                Value::Object(object) if object.pairs().len() >= SMALL => machine.places(object, narrow, &wanted),
                _ => None,
            };
            let (Value::Object(object), Some(places)) = (collection, places) else {
                return machine
                    .each_child(collection, key, &[], &mut |machine, item| machine.matched(target, item, next));
            };
            for (name, item) in places.iter().filter_map(|place| object.pairs().get(*place)) {
                machine.budget.step()?;
                machine.matched(key, name, &mut |machine| machine.matched(target, item, next))?;
            }
            Ok(())
        })
    }

    /// Where in a collection elements stand that have one of the keys, in order; none without an index.
    fn places(&mut self, object: &Object, narrow: &'p Arc<Narrow>, wanted: &[Value]) -> Option<Vec<usize>> {
        let rules = self.rules;
        let index = object.indexes().get(narrow, || {
            let mut maker = Machine::new(rules, None, Value::object(vec![]), Budget::new(MAKING), MAKING_DEPTH);
            maker.index(object, narrow).ok()
        })?;
        let mut places: Vec<usize> = wanted.iter().filter_map(|key| index.get(key)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    fn index(&mut self, object: &Object, narrow: &'p Narrow) -> Flow<Index> {
        let mut index = Index::new();
        for (place, (_, item)) in object.pairs().iter().enumerate() {
            self.framed(narrow.slots, |machine| {
                machine.bind(narrow.element, item.clone());
                machine.body(&narrow.chain, &mut |machine| {
                    machine.each(&narrow.key, &mut |machine, key| {
                        machine.budget.items(2)?;
                        let places: &mut Vec<usize> = index.entry(key.clone()).or_default();
                        if places.last() != Some(&place) {
                            places.push(place);
                        }
                        Ok(())
                    })
                })
            })?;
        }
        Ok(index)
    }
}
