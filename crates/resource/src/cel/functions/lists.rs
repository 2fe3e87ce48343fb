//! Lists and sets.

use std::cmp::Ordering;

use super::strings::{index_in_text, last_index_in_text};
use super::{Answer, add_numbers, compare, one_list};
use crate::cel::eval::{Arguments, Fault, Work};
use crate::cel::value::{List, Value};

/// Most numbers that `lists.range` makes.
pub(in crate::cel) const MAX_RANGE: i64 = 1_000_000;

pub(in crate::cel) fn is_sorted<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let list = one_list(arguments)?;
    let mut before: Option<Value<'a>> = None;
    for item in list.iter() {
        if let Some(before) = &before
            && compare(before, &item)?.is_gt()
        {
            return Ok(Value::Bool(false));
        }
        before = Some(item);
    }
    Ok(Value::Bool(true))
}

pub(in crate::cel) fn sum<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let mut items = one_list(arguments)?.iter();
    let Some(mut total) = items.next() else { return Ok(Value::Int(0)) };
    if !matches!(total, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)) {
        return Err(Fault::Said("no such overload: sum(list)".to_owned()));
    }
    for item in items {
        total = add_numbers(&total, &item)?;
    }
    Ok(total)
}

fn extreme<'a>(name: &str, wanted: Ordering, arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let mut items = one_list(arguments)?.iter();
    let mut best = items.next().ok_or_else(|| Fault::Said(format!("{name} called on empty list")))?;
    for item in items {
        if compare(&item, &best)? == wanted {
            best = item;
        }
    }
    Ok(best)
}

pub(in crate::cel) fn min<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    extreme("min", Ordering::Less, arguments)
}

pub(in crate::cel) fn max<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    extreme("max", Ordering::Greater, arguments)
}

fn place<'a>(place: Option<usize>) -> Value<'a> {
    Value::Int(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1))
}

pub(in crate::cel) fn index_of<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [Value::List(list), wanted] = arguments.values else { return index_in_text(arguments) };
    let found = list.iter().position(|item| item.equals_within(wanted, arguments.work));
    arguments.work.need(0).map(|()| place(found))
}

pub(in crate::cel) fn last_index_of<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [Value::List(list), wanted] = arguments.values else { return last_index_in_text(arguments) };
    let same = |index: &usize| list.get(*index).is_some_and(|item| item.equals_within(wanted, arguments.work));
    let found = (0..list.len()).rev().find(same);
    arguments.work.need(0).map(|()| place(found))
}

pub(in crate::cel) fn slice<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = arguments.values else {
        return Err(Fault::Overload);
    };
    let fault = |why: String| Err(Fault::Said(format!("cannot slice({start}, {end}), {why}")));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return fault("negative indexes not supported".to_owned());
    };
    if from > to {
        return fault("start index must be less than or equal to end index".to_owned());
    }
    if to > list.len() {
        return fault(format!("list is length {}", list.len()));
    }
    Ok(Value::list((from..to).filter_map(|index| list.get(index)).collect()))
}

pub(in crate::cel) fn flatten<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (list, depth) = match arguments.values {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] => (list, *depth),
        _ => return Err(Fault::Overload),
    };
    if depth < 0 {
        return Err("level must be non-negative".into());
    }
    let mut flat = Vec::new();
    // A stack of lists to go through, with what is left of the depth.
    let mut open = vec![(list.clone(), 0, depth)];
    while let Some((list, index, depth)) = open.pop() {
        let Some(item) = list.get(index) else { continue };
        arguments.work.need(4)?;
        open.push((list, index + 1, depth));
        match item {
            Value::List(inner) if depth > 0 => open.push((inner, 0, depth - 1)),
            item => flat.push(item),
        }
    }
    Ok(Value::list(flat))
}

fn sorted<'a>(list: &List<'a>, keys: &List<'a>) -> Answer<'a> {
    if list.len() != keys.len() {
        let (items, keys) = (list.len(), keys.len());
        return Err(Fault::Said(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {items} and {keys} elements respectively"
        )));
    }
    let mut pairs: Vec<(Value<'a>, Value<'a>)> = keys.iter().zip(list.iter()).collect();
    if let Some((first, _)) = pairs.first() {
        if compare(first, first).is_err_and(|fault| fault == Fault::Overload) {
            return Err("list elements must be comparable".into());
        }
        if pairs.iter().any(|(key, _)| key.type_name() != first.type_name()) {
            return Err("list elements must have the same type".into());
        }
    }
    pairs.sort_by(|(one, _), (other, _)| compare(one, other).unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item).collect()))
}

pub(in crate::cel) fn sort<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let list = one_list(arguments)?;
    sorted(list, list)
}

pub(in crate::cel) fn sort_by_keys<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::List(list), Value::List(keys)] => sorted(list, keys),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn range<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    match arguments.values {
        [Value::Int(count)] if *count < 0 => {
            Err(Fault::Said(format!("lists.range: size must be non-negative, got {count}")))
        }
        [Value::Int(count)] if *count > MAX_RANGE => {
            Err(Fault::Said(format!("lists.range: size {count} exceeds maximum allowed ({MAX_RANGE})")))
        }
        [Value::Int(count)] => {
            arguments.work.need(usize::try_from(*count).unwrap_or(usize::MAX))?;
            Ok(Value::list((0..*count).map(Value::Int).collect()))
        }
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn reverse<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let list = one_list(arguments)?;
    Ok(Value::list((0..list.len()).rev().filter_map(|index| list.get(index)).collect()))
}

pub(in crate::cel) fn distinct<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let mut unique: Vec<Value<'a>> = Vec::new();
    for item in one_list(arguments)?.iter() {
        if !unique.iter().any(|known| item.equals_within(known, arguments.work)) {
            unique.push(item);
        }
        arguments.work.need(0)?;
    }
    Ok(Value::list(unique))
}

fn two_lists<'x, 'a>(arguments: &'x Arguments<'a, '_>) -> Result<(&'x List<'a>, &'x List<'a>), Fault> {
    match arguments.values {
        [Value::List(one), Value::List(other)] => Ok((one, other)),
        _ => Err(Fault::Overload),
    }
}

fn has(list: &List<'_>, wanted: &Value<'_>, work: &Work) -> bool {
    list.iter().any(|item| item.equals_within(wanted, work))
}

fn has_all(list: &List<'_>, wanted: &List<'_>, work: &Work) -> bool {
    wanted.iter().all(|wanted| has(list, &wanted, work))
}

pub(in crate::cel) fn sets_contains<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (one, other) = two_lists(arguments)?;
    let holds = has_all(one, other, arguments.work);
    arguments.work.need(0).map(|()| Value::Bool(holds))
}

pub(in crate::cel) fn sets_equivalent<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (one, other) = two_lists(arguments)?;
    let holds = has_all(one, other, arguments.work) && has_all(other, one, arguments.work);
    arguments.work.need(0).map(|()| Value::Bool(holds))
}

pub(in crate::cel) fn sets_intersects<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (one, other) = two_lists(arguments)?;
    let holds = one.iter().any(|item| has(other, &item, arguments.work));
    arguments.work.need(0).map(|()| Value::Bool(holds))
}
