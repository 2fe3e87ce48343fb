//! `string.find`, `match`, `gmatch`, `gsub` and `rep`, whose work is counted.

use std::rc::Rc;

use mlua::{Error, Function, IntoLua as _, Lua, LuaString, MultiValue, Table, Value as LuaValue};

use super::budget::Budget;
use super::pattern::{Capture, Failure, Matcher};

/// Bytes that mean something in a pattern.
const SPECIAL: &[u8] = b"^$*+?.([%-";

/// Adds the functions to the library.
pub(super) fn install(library: &Table, lua: &Lua, budget: &Rc<Budget>) -> mlua::Result<()> {
    for (name, is_find) in [("find", true), ("match", false)] {
        let budget = Rc::clone(budget);
        let function =
            lua.create_function(move |lua, arguments: FindArguments| find(lua, &budget, is_find, &arguments))?;
        library.raw_set(name, function)?;
    }
    let kept = Rc::clone(budget);
    library
        .raw_set("gmatch", lua.create_function(move |lua, (text, pattern)| all_matches(lua, &kept, text, pattern))?)?;
    let kept = Rc::clone(budget);
    library.raw_set("gsub", lua.create_function(move |lua, arguments| substitute(lua, &kept, arguments))?)?;
    let kept = Rc::clone(budget);
    let repeat = lua.create_function(move |lua, (text, count): (LuaString, i64)| repeat(lua, &kept, &text, count))?;
    library.raw_set("rep", repeat)
}

type FindArguments = (LuaString, LuaString, Option<i64>, Option<LuaValue>);

fn told(failure: Failure) -> Error {
    match failure {
        Failure::Malformed(what) => Error::runtime(what),
        Failure::Ended(error) => error,
    }
}

fn cost(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn find(lua: &Lua, budget: &Budget, is_find: bool, arguments: &FindArguments) -> mlua::Result<MultiValue> {
    let (text, pattern, init, plain) = arguments;
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let start = match init.unwrap_or(1) {
        0 => 0,
        init if init > 0 => usize::try_from(init - 1).unwrap_or(usize::MAX),
        init => text.len().saturating_sub(usize::try_from(init.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let nothing = || Ok(MultiValue::from_vec(vec![LuaValue::Nil]));
    if start > text.len() {
        return nothing();
    }
    let is_plain = plain.as_ref().is_some_and(|plain| !matches!(plain, LuaValue::Nil | LuaValue::Boolean(false)));
    if is_find && (is_plain || !pattern.iter().any(|byte| SPECIAL.contains(byte))) {
        budget.spend(cost(text.len() - start).saturating_mul(cost(pattern.len().max(1))))?;
        let found = (start..=text.len()).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(&pattern)));
        let Some(found) = found else { return nothing() };
        return Ok(MultiValue::from_vec(vec![place(found), integer(found + pattern.len())]));
    }
    let (is_anchored, pattern) = unanchored(&pattern);
    let spend = |steps| budget.spend(steps);
    let mut matcher = Matcher::new(&text, pattern, &spend);
    for from in start..=if is_anchored { start } else { text.len() } {
        let Some(end) = matcher.at(from).map_err(told)? else { continue };
        let mut values = if is_find { vec![place(from), integer(end)] } else { Vec::new() };
        let whole = (!is_find).then_some((from, end));
        values.extend(captured(lua, &text, &matcher.captures, whole)?);
        return Ok(MultiValue::from_vec(values));
    }
    nothing()
}

fn unanchored(pattern: &[u8]) -> (bool, &[u8]) {
    pattern.strip_prefix(b"^").map_or((false, pattern), |rest| (true, rest))
}

/// A place in a text, counted from 1.
fn place(index: usize) -> LuaValue {
    integer(index.wrapping_add(1))
}

fn integer(number: usize) -> LuaValue {
    LuaValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The captures; the whole match, where there is none and it is wanted.
fn captured(
    lua: &Lua,
    text: &[u8],
    captures: &[Capture],
    whole: Option<(usize, usize)>,
) -> mlua::Result<Vec<LuaValue>> {
    let slice = |start: usize, end: usize| lua.create_string(text.get(start..end).unwrap_or_default())?.into_lua(lua);
    if let Some((start, end)) = whole.filter(|_| captures.is_empty()) {
        return Ok(vec![slice(start, end)?]);
    }
    let value = |capture: &Capture| match *capture {
        Capture::Place(at) | Capture::Open(at) => Ok(place(at)),
        Capture::Text(start, end) => slice(start, end),
    };
    captures.iter().map(value).collect()
}

fn all_matches(lua: &Lua, budget: &Rc<Budget>, text: LuaString, pattern: LuaString) -> mlua::Result<Function> {
    let budget = Rc::clone(budget);
    let (mut from, mut last_end) = (0, None);
    lua.create_function_mut(move |lua, ()| {
        let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
        let spend = |steps| budget.spend(steps);
        let mut matcher = Matcher::new(&text, &pattern, &spend);
        while from <= text.len() {
            let found = matcher.at(from).map_err(told)?.filter(|end| last_end != Some(*end));
            let start = from;
            from = found.unwrap_or(from + 1);
            if let Some(end) = found {
                last_end = Some(end);
                return Ok(MultiValue::from_vec(captured(lua, &text, &matcher.captures, Some((start, end)))?));
            }
        }
        Ok(MultiValue::from_vec(vec![LuaValue::Nil]))
    })
}

fn substitute(
    lua: &Lua,
    budget: &Rc<Budget>,
    (text, pattern, replacement, most): (LuaString, LuaString, LuaValue, Option<usize>),
) -> mlua::Result<(LuaString, usize)> {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let (is_anchored, pattern) = unanchored(&pattern);
    let spend = |steps| budget.spend(steps);
    let mut matcher = Matcher::new(&text, pattern, &spend);
    let (mut out, mut from, mut count, mut last_end) = (Vec::new(), 0, 0, None);
    while most.is_none_or(|most| count < most) {
        let found = matcher.at(from).map_err(told)?.filter(|end| last_end != Some(*end));
        if let Some(end) = found {
            count += 1;
            last_end = Some(end);
            let values = captured(lua, &text, &matcher.captures, Some((from, end)))?;
            let whole = text.get(from..end).unwrap_or_default();
            let before = out.len();
            append(lua, &mut out, &replacement, whole, &values)?;
            budget.spend(cost(out.len() - before))?;
            from = end;
        } else if let Some(byte) = text.get(from) {
            out.push(*byte);
            from += 1;
        } else {
            break;
        }
        if is_anchored {
            break;
        }
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    Ok((lua.create_string(out)?, count))
}

/// What comes in place of one match.
fn append(lua: &Lua, out: &mut Vec<u8>, replacement: &LuaValue, whole: &[u8], values: &[LuaValue]) -> mlua::Result<()> {
    let first = values.first().cloned().unwrap_or(LuaValue::Nil);
    let value = match replacement {
        LuaValue::Table(table) => table.raw_get(first)?,
        LuaValue::Function(function) => function.call(MultiValue::from_vec(values.to_vec()))?,
        other => {
            let template = lua.coerce_string(other.clone())?;
            let template = template.ok_or_else(|| Error::runtime("string/function/table expected"))?;
            return fill(lua, out, &template.as_bytes(), whole, values);
        }
    };
    match value {
        LuaValue::Nil | LuaValue::Boolean(false) => out.extend_from_slice(whole),
        value => push_text(lua, out, value)?,
    }
    Ok(())
}

/// `%0` to `%9` in a replacement.
fn fill(lua: &Lua, out: &mut Vec<u8>, template: &[u8], whole: &[u8], values: &[LuaValue]) -> mlua::Result<()> {
    let mut bytes = template.iter();
    while let Some(byte) = bytes.next() {
        match (*byte, if *byte == b'%' { bytes.next() } else { None }) {
            (b'%', Some(b'0')) => out.extend_from_slice(whole),
            (b'%', Some(b'%')) => out.push(b'%'),
            (b'%', Some(digit)) if digit.is_ascii_digit() => {
                let value = values.get(usize::from(digit - b'1')).cloned();
                push_text(
                    lua,
                    out,
                    value.ok_or_else(|| Error::runtime("invalid capture index in replacement string"))?,
                )?;
            }
            (b'%', _) => return Err(Error::runtime("invalid use of '%' in replacement string")),
            (other, _) => out.push(other),
        }
    }
    Ok(())
}

fn push_text(lua: &Lua, out: &mut Vec<u8>, value: LuaValue) -> mlua::Result<()> {
    let kind = value.type_name();
    let text = lua.coerce_string(value)?;
    let text = text.ok_or_else(|| Error::runtime(format!("invalid replacement value (a {kind})")))?;
    out.extend_from_slice(&text.as_bytes());
    Ok(())
}

fn repeat(lua: &Lua, budget: &Budget, text: &LuaString, count: i64) -> mlua::Result<LuaString> {
    let count = usize::try_from(count).unwrap_or(0);
    let text = text.as_bytes();
    let length = text.len().checked_mul(count).ok_or_else(|| Error::runtime("resulting string too large"))?;
    budget.spend(cost(length))?;
    lua.create_string(text.repeat(if text.is_empty() { 0 } else { count }))
}
