//! What a check finds in its globals.
//!
//! Owns the list of what may stay of Lua's libraries, and the shims. What is not on the list is taken away, so that a newer Lua
//! adds nothing by itself. Functions in C whose work is not bounded by what they are given are left out or are in `text`.

use std::rc::Rc;

use mlua::{Error, Function, Lua, Table, Value as LuaValue};

use super::budget::Budget;
use super::{clock, text};

const GLOBALS: &[&str] = &[
    "_G", "_VERSION", "assert", "error", "ipairs", "next", "pcall", "rawequal", "rawget", "rawlen", "rawset", "select",
    "tonumber", "tostring", "type", "table", "string", "math",
];
const TABLE: &[&str] = &["concat", "insert", "remove", "sort", "unpack"];
const STRING: &[&str] = &["byte", "char", "format", "len", "lower", "reverse", "sub", "upper"];
const MATH: &[&str] = &[
    "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max", "min", "modf",
    "pi", "rad", "sin", "sqrt", "tan",
];
/// What Lua 5.1 had. Lua's own `xpcall` would call a handler again for the handler's own errors, of which an ended run makes one
/// with each instruction.
const SHIMS: &str = r"
unpack = table.unpack
function xpcall(try, handler, ...)
  local results = {pcall(try, ...)}
  if results[1] then return unpack(results) end
  return false, handler(results[2])
end
function table.getn(list) return #list end
function table.maxn(list)
  local greatest = 0
  for key in pairs(list) do if type(key) == 'number' and key > greatest then greatest = key end end
  return greatest
end
if math then
  function math.pow(base, exponent) return base ^ exponent end
  math.mod = math.fmod
end
for _, name in ipairs({'ipairs', 'pairs'}) do
  local of = _G[name]
  _G[name] = function(list)
    if type(list) == 'table' then return of(list) end
    error('bad argument #1 to ' .. name .. ' (table expected, got ' .. type(list) .. ')', 2)
  end
end
function print() end
";

/// Makes the globals of `lua` what they are for a check.
pub(super) fn install(lua: &Lua, is_open: bool, now: i64, budget: &Rc<Budget>) -> mlua::Result<()> {
    let globals = lua.globals();
    keep(&globals, GLOBALS)?;
    for (name, kept) in [("table", TABLE), ("string", STRING), ("math", MATH)] {
        if let Some(library) = globals.raw_get::<Option<Table>>(name)? {
            keep(&library, kept)?;
        }
    }
    globals.raw_set("pairs", pairs(lua, budget)?)?;
    let time = clock::library(lua, now)?;
    if is_open {
        globals.raw_set("os", &time)?;
        text::install(&globals.raw_get("string")?, lua, budget)?;
    }
    globals.raw_set("require", require(lua, time)?)?;
    lua.load(SHIMS).set_name("=shims").exec()
}

/// Takes away everything that is not named.
fn keep(table: &Table, names: &[&str]) -> mlua::Result<()> {
    let mut others = Vec::new();
    for pair in table.pairs::<String, LuaValue>() {
        let (name, _) = pair?;
        if !names.contains(&name.as_str()) {
            others.push(name);
        }
    }
    others.into_iter().try_for_each(|name| table.raw_set(name, LuaValue::Nil))
}

/// Loads what is there anyway; there are no files to load from.
fn require(lua: &Lua, time: Table) -> mlua::Result<Function> {
    lua.create_function(move |lua, name: String| {
        let found = match name.as_str() {
            "os" => Some(time.clone()),
            "table" | "string" | "math" => lua.globals().raw_get(name.as_str())?,
            _ => None,
        };
        found.ok_or_else(|| Error::runtime(format!("module {name} not found")))
    })
}

/// `pairs` in an order: that of numbers, then that of texts, then whatever comes.
fn pairs(lua: &Lua, budget: &Rc<Budget>) -> mlua::Result<Function> {
    let budget = Rc::clone(budget);
    lua.create_function(move |lua, table: Table| {
        let mut keys = table.pairs::<LuaValue, LuaValue>().map(|pair| Ok(pair?.0)).collect::<mlua::Result<Vec<_>>>()?;
        budget.spend(u64::try_from(keys.len()).unwrap_or(u64::MAX).saturating_mul(8))?;
        keys.sort_by(order);
        let mut keys = keys.into_iter();
        let next = lua.create_function_mut(move |_, (table, _): (Table, LuaValue)| {
            for key in keys.by_ref() {
                let value: LuaValue = table.raw_get(key.clone())?;
                if !value.is_nil() {
                    return Ok((key, value));
                }
            }
            Ok((LuaValue::Nil, LuaValue::Nil))
        })?;
        Ok((next, table))
    })
}

fn order(one: &LuaValue, other: &LuaValue) -> std::cmp::Ordering {
    let number = |value: &LuaValue| value.as_number();
    let rank = |value: &LuaValue| match value {
        LuaValue::Integer(_) | LuaValue::Number(_) => 0,
        LuaValue::String(_) => 1,
        _ => 2,
    };
    rank(one).cmp(&rank(other)).then_with(|| match (one, other) {
        (LuaValue::String(one), LuaValue::String(other)) => one.as_bytes().cmp(&other.as_bytes()),
        _ => number(one).unwrap_or(0.0).total_cmp(&number(other).unwrap_or(0.0)),
    })
}
