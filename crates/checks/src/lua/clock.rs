//! `os.time` and `os.date`, of a time that is given. The time zone is UTC.

use mlua::{Lua, Table, Value as LuaValue};
use plat_resource::{calendar, time};

/// The library, as far as it is safe.
pub(super) fn library(lua: &Lua, now: i64) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.raw_set(
        "time",
        lua.create_function(move |_, table: Option<Table>| table.map_or(Ok(now), |it| seconds(&it)))?,
    )?;
    let date = lua.create_function(move |lua, (format, at): (Option<String>, Option<i64>)| {
        date(lua, format.as_deref().unwrap_or("%c"), at.unwrap_or(now))
    })?;
    library.raw_set("date", date)?;
    Ok(library)
}

/// The second that a table of year, month, day and so on names; what is beyond its range carries over, as in Go.
fn seconds(table: &Table) -> mlua::Result<i64> {
    let field = |name: &str, default: i64| -> mlua::Result<i64> {
        let value: Option<i64> = table.raw_get(name)?;
        Ok(value.unwrap_or(default))
    };
    let months = field("month", -1)?.saturating_sub(1);
    let year = field("year", -1)?.saturating_add(months.div_euclid(12)).clamp(-9999, 99_999);
    let first = calendar::days_from(year, months.rem_euclid(12) + 1, 1);
    let days = field("day", -1)?.saturating_sub(1).saturating_add(first);
    let parts = [(days, 86_400), (field("hour", 12)?, 3600), (field("min", 0)?, 60), (field("sec", 0)?, 1)];
    Ok(parts.into_iter().fold(0, |sum: i64, (count, of)| sum.saturating_add(count.saturating_mul(of))))
}

fn date(lua: &Lua, format: &str, at: i64) -> mlua::Result<LuaValue> {
    // Years of four digits; others are none that a check could mean.
    let at = at.clamp(-62_135_596_800, 253_402_300_799);
    let format = format.strip_prefix('!').unwrap_or(format);
    let text = time::format(at);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    let weekday = (at.div_euclid(86_400) + 4).rem_euclid(7);
    if format.starts_with("*t") {
        let table = lua.create_table()?;
        let parts =
            [("year", 0..4), ("month", 5..7), ("day", 8..10), ("hour", 11..13), ("min", 14..16), ("sec", 17..19)];
        for (name, range) in parts {
            table.raw_set(name, part(range).parse::<i64>().unwrap_or_default())?;
        }
        table.raw_set("wday", weekday + 1)?;
        table.raw_set("yday", 0)?;
        table.raw_set("isdst", false)?;
        return Ok(LuaValue::Table(table));
    }
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        let flag = if character == '%' { characters.next() } else { None };
        match flag {
            None => out.push(character),
            Some('Y') => out.push_str(&part(0..4)),
            Some('y') => out.push_str(&part(2..4)),
            Some('m') => out.push_str(&part(5..7)),
            Some('d') => out.push_str(&part(8..10)),
            Some('F') => out.push_str(&part(0..10)),
            Some('H') => out.push_str(&part(11..13)),
            Some('M') => out.push_str(&part(14..16)),
            Some('S') => out.push_str(&part(17..19)),
            Some('X') => out.push_str(&part(11..19)),
            Some('c') => out.push_str(&text),
            Some('w') => out.push_str(&weekday.to_string()),
            Some('z') => out.push_str("+0000"),
            Some('Z') => out.push_str("UTC"),
            Some('%') => out.push('%'),
            Some(other) => out.extend(['%', other]),
        }
    }
    Ok(LuaValue::String(lua.create_string(out)?))
}
