//! Sorting as V8 does it: stable, undefined last, and the same steps for comparisons that contradict themselves.

use std::cmp::Ordering;

use crate::template::error::Outcome;
use crate::template::value::Value;

/// Shorter lists are sorted by insertion alone.
const SHORT: usize = 64;

/// Sorts values.
pub(crate) fn values(
    values: Vec<Value>,
    compare: &mut dyn FnMut(&Value, &Value) -> Outcome<Ordering>,
) -> Outcome<Vec<Value>> {
    let (undefined, mut defined): (Vec<Value>, Vec<Value>) =
        values.into_iter().partition(|value| matches!(value, Value::Undefined));
    items(&mut defined, compare)?;
    defined.extend(undefined);
    Ok(defined)
}

/// Sorts anything.
pub(crate) fn items<T: Clone>(items: &mut Vec<T>, compare: &mut dyn FnMut(&T, &T) -> Outcome<Ordering>) -> Outcome<()> {
    if items.len() < 2 {
        return Ok(());
    }
    if items.len() < SHORT {
        return short(items, compare);
    }
    let mut right = items.split_off(items.len() / 2);
    self::items(items, compare)?;
    self::items(&mut right, compare)?;
    let left = std::mem::take(items);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let next = if compare(second, first)?.is_lt() { right.next() } else { left.next() };
        items.extend(next);
    }
    items.extend(left);
    items.extend(right);
    Ok(())
}

/// The run that a list begins with, and then each of the others into its place.
fn short<T: Clone>(items: &mut Vec<T>, compare: &mut dyn FnMut(&T, &T) -> Outcome<Ordering>) -> Outcome<()> {
    let [first, second, rest @ ..] = items.as_slice() else { return Ok(()) };
    let descending = compare(second, first)?.is_lt();
    let mut run = 2;
    let mut previous = second;
    for next in rest {
        if compare(next, previous)?.is_lt() != descending {
            break;
        }
        previous = next;
        run += 1;
    }
    if descending && let Some(run) = items.get_mut(..run) {
        run.reverse();
    }
    for start in run..items.len() {
        let pivot = items.remove(start);
        let (mut low, mut high) = (0, start);
        while low < high {
            let middle = low + (high - low) / 2;
            let less = match items.get(middle) {
                Some(item) => compare(&pivot, item)?.is_lt(),
                None => false,
            };
            if less {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        items.insert(low, pivot);
    }
    Ok(())
}
