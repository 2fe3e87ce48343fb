//! Values into Lua, and what a check returned out of it.

use mlua::{Error, Lua, Value as LuaValue};
use plat_health::{Health, Status};
use plat_resource::{Number, Value};

/// How deep a returned table may be.
const DEEPEST: usize = 64;

/// A JSON value as a check sees it: null is nothing, in lists, too.
pub(super) fn to_lua(lua: &Lua, value: &Value) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Null => LuaValue::Nil,
        Value::Bool(flag) => LuaValue::Boolean(*flag),
        Value::Number(number) => number_to_lua(number),
        Value::String(text) => LuaValue::String(lua.create_string(text)?),
        Value::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for item in items.iter().filter(|item| !item.is_null()) {
                table.raw_push(to_lua(lua, item)?)?;
            }
            LuaValue::Table(table)
        }
        Value::Object(map) => {
            let table = lua.create_table_with_capacity(0, map.len())?;
            for (key, item) in map {
                table.raw_set(key.as_str(), to_lua(lua, item)?)?;
            }
            LuaValue::Table(table)
        }
    })
}

fn number_to_lua(number: &Number) -> LuaValue {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => LuaValue::Integer(whole),
        (None, Some(float)) => LuaValue::Number(float),
        (None, None) => LuaValue::Nil,
    }
}

/// Reads what a check returned, as Argo CD does by way of JSON: what is not a table is an error; a table without fields, or
/// with a field of another type, says nothing; another status than the six is Unknown.
pub(super) fn health(returned: Option<LuaValue>) -> mlua::Result<Option<Health>> {
    let table = match returned {
        None | Some(LuaValue::Nil) => return Ok(None),
        Some(LuaValue::Table(table)) => table,
        Some(other) => {
            let message = format!("expect table output from Lua script, not {}", type_name(&other));
            return Err(Error::runtime(message));
        }
    };
    check_keys(&LuaValue::Table(table.clone()), 0)?;
    if table.raw_len() > 0 || table.is_empty() {
        return Ok(None);
    }
    let (Some(status), Some(message)) = (field(&table, "status")?, field(&table, "message")?) else {
        return Ok(None);
    };
    Ok(Some(match status.parse::<Status>() {
        Ok(status) => Health::new(status, message),
        Err(()) => Health::new(Status::Unknown, "Lua returned an invalid health status"),
    }))
}

/// The text of a field, empty where it is missing; nothing, where it is no text. Go finds a name in any case.
fn field(table: &mlua::Table, name: &str) -> mlua::Result<Option<String>> {
    let mut value: LuaValue = table.raw_get(name)?;
    if value.is_nil() {
        for pair in table.pairs::<LuaValue, LuaValue>() {
            let (key, other) = pair?;
            if key.as_string().is_some_and(|key| key.as_bytes().eq_ignore_ascii_case(name.as_bytes())) {
                value = other;
            }
        }
    }
    Ok(match value {
        LuaValue::Nil => Some(String::new()),
        LuaValue::String(text) => Some(text.to_string_lossy()),
        _ => None,
    })
}

/// What cannot be JSON is an error, wherever it is.
fn check_keys(value: &LuaValue, depth: usize) -> mlua::Result<()> {
    let table = match value {
        LuaValue::Table(table) if depth < DEEPEST => table,
        LuaValue::Table(_) => return Err(Error::runtime("cannot encode recursively nested tables to JSON")),
        LuaValue::Nil | LuaValue::Boolean(_) | LuaValue::Integer(_) | LuaValue::Number(_) | LuaValue::String(_) => {
            return Ok(());
        }
        other => return Err(Error::runtime(format!("cannot encode {} to JSON", type_name(other)))),
    };
    let is_list = table.raw_len() > 0;
    for pair in table.pairs::<LuaValue, LuaValue>() {
        let (key, item) = pair?;
        let fits = if is_list { key.is_integer() } else { key.is_string() };
        if !fits {
            return Err(Error::runtime("cannot encode mixed or invalid key types"));
        }
        check_keys(&item, depth + 1)?;
    }
    Ok(())
}

fn type_name(value: &LuaValue) -> &'static str {
    match value {
        LuaValue::Integer(_) => "number",
        other => other.type_name(),
    }
}
