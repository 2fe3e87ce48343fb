//! `string.find`, `match`, `gmatch`, `gsub` and `rep`, whose work is counted.

use std::rc::Rc;

use mlua::{Error, Function, Lua, LuaString, MultiValue, Table, Value as LuaValue};

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
        let found = Found { lua, text: &text, captures: &matcher.captures, start: from, end };
        if !is_find {
            return Ok(MultiValue::from_vec(found.values()?));
        }
        let mut values = vec![place(from), integer(end)];
        values.extend(found.captures()?);
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

/// One match.
struct Found<'a> {
    lua: &'a Lua,
    text: &'a [u8],
    captures: &'a [Capture],
    start: usize,
    end: usize,
}

impl Found<'_> {
    fn whole(&self) -> &[u8] {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// One capture, from 0; where there are none, the whole match is the first.
    fn capture(&self, index: usize) -> mlua::Result<Option<LuaValue>> {
        let text = |start: usize, end: usize| {
            let slice = self.text.get(start..end).unwrap_or_default();
            Ok(Some(LuaValue::String(self.lua.create_string(slice)?)))
        };
        match self.captures.get(index) {
            Some(Capture::Place(at)) => Ok(Some(place(*at))),
            Some(Capture::Text(start, end)) => text(*start, *end),
            Some(Capture::Open(_)) => Err(Error::runtime("unfinished capture")),
            None if self.captures.is_empty() && index == 0 => text(self.start, self.end),
            None => Ok(None),
        }
    }

    /// All captures; without the whole match in place of none.
    fn captures(&self) -> mlua::Result<Vec<LuaValue>> {
        let values = (0..self.captures.len()).map(|index| self.capture(index));
        Ok(values.collect::<mlua::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// All captures, or the whole match.
    fn values(&self) -> mlua::Result<Vec<LuaValue>> {
        if self.captures.is_empty() { Ok(self.capture(0)?.into_iter().collect()) } else { self.captures() }
    }
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
                let found = Found { lua, text: &text, captures: &matcher.captures, start, end };
                return Ok(MultiValue::from_vec(found.values()?));
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
            let found = Found { lua, text: &text, captures: &matcher.captures, start: from, end };
            let before = out.len();
            append(&mut out, &replacement, &found)?;
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
fn append(out: &mut Vec<u8>, replacement: &LuaValue, found: &Found<'_>) -> mlua::Result<()> {
    let lua = found.lua;
    let value = match replacement {
        LuaValue::Table(table) => table.raw_get(found.capture(0)?.unwrap_or(LuaValue::Nil))?,
        LuaValue::Function(function) => function.call(MultiValue::from_vec(found.values()?))?,
        other => {
            let template = lua.coerce_string(other.clone())?;
            let template = template.ok_or_else(|| Error::runtime("string/function/table expected"))?;
            return fill(out, &template.as_bytes(), found);
        }
    };
    match value {
        LuaValue::Nil | LuaValue::Boolean(false) => out.extend_from_slice(found.whole()),
        value => push_text(lua, out, value)?,
    }
    Ok(())
}

/// `%0` to `%9` in a replacement.
fn fill(out: &mut Vec<u8>, template: &[u8], found: &Found<'_>) -> mlua::Result<()> {
    let mut bytes = template.iter();
    while let Some(byte) = bytes.next() {
        match (*byte, if *byte == b'%' { bytes.next() } else { None }) {
            (b'%', Some(b'0')) => out.extend_from_slice(found.whole()),
            (b'%', Some(b'%')) => out.push(b'%'),
            (b'%', Some(digit)) if digit.is_ascii_digit() => {
                let value = found.capture(usize::from(digit - b'1'))?;
                let value = value.ok_or_else(|| Error::runtime("invalid capture index in replacement string"))?;
                push_text(found.lua, out, value)?;
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
