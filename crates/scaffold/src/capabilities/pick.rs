//! A value deep in another, by a path as lodash reads it: `a.b[0]["c d"]`.

use super::text;
use crate::data::Data;
use crate::template::Lent;
use crate::template::number;

/// Names that lists and text have without being asked; their values are functions, which templates cannot hold.
const FUNCTIONS: [&str; 62] = [
    "at",
    "big",
    "bold",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "concat",
    "constructor",
    "copyWithin",
    "endsWith",
    "entries",
    "every",
    "fill",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flat",
    "flatMap",
    "forEach",
    "hasOwnProperty",
    "includes",
    "indexOf",
    "isPrototypeOf",
    "join",
    "keys",
    "lastIndexOf",
    "localeCompare",
    "map",
    "match",
    "matchAll",
    "normalize",
    "padEnd",
    "padStart",
    "pop",
    "propertyIsEnumerable",
    "push",
    "reduce",
    "reduceRight",
    "repeat",
    "replace",
    "replaceAll",
    "reverse",
    "search",
    "shift",
    "slice",
    "some",
    "sort",
    "splice",
    "split",
    "startsWith",
    "substring",
    "toLocaleString",
    "toLowerCase",
    "toString",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
    "unshift",
    "valueOf",
];

pub(super) fn pick(input: Option<&Data>, path: Option<&Data>, default: Option<Data>) -> Result<Lent, String> {
    let path = match path {
        Some(Data::Array(keys)) => keys.iter().map(|key| text(Some(key))).collect::<Result<_, _>>()?,
        Some(Data::String(path)) if !is_key(path, input) => parse(path),
        key => vec![text(key)?],
    };
    if path.is_empty() {
        return Ok(default.into());
    }
    let mut current = input.cloned();
    for key in path {
        current = match current.as_ref() {
            None | Some(Data::Null) => None,
            Some(value) => get(value, &key)?,
        };
    }
    Ok(current.or(default).into())
}

/// A path that is one name, as it stands.
fn is_key(path: &str, input: Option<&Data>) -> bool {
    let plain = path.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    let deep = path.contains('.') || (path.contains('[') && path.contains(']'));
    plain || !deep || input.is_some_and(|input| input.get(path).is_some())
}

fn get(value: &Data, key: &str) -> Result<Option<Data>, String> {
    let index = |length: usize| key.parse::<usize>().ok().filter(|index| *index < length && index.to_string() == key);
    let found = match value {
        Data::Object(entries) => return Ok(entries.get(key).cloned()),
        Data::Array(items) if key == "length" => Some(Data::Number(number::from_count(items.len()))),
        Data::Array(items) => index(items.len()).and_then(|index| items.get(index)).cloned(),
        Data::String(text) => {
            let units: Vec<u16> = text.encode_utf16().collect();
            if key == "length" {
                Some(Data::Number(number::from_count(units.len())))
            } else {
                let unit = index(units.len()).and_then(|index| units.get(index..=index));
                unit.map(|unit| Data::String(String::from_utf16_lossy(unit)))
            }
        }
        _ => None,
    };
    if found.is_none() && is_function(value, key) {
        return Err("Unsupported template value of type function".to_owned());
    }
    Ok(found)
}

fn is_function(value: &Data, key: &str) -> bool {
    const EVERYWHERE: [&str; 6] =
        ["constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toString", "valueOf"];
    match value {
        Data::String(_) | Data::Array(_) => FUNCTIONS.contains(&key),
        Data::Number(_) => EVERYWHERE.contains(&key) || ["toExponential", "toFixed", "toPrecision"].contains(&key),
        _ => EVERYWHERE.contains(&key),
    }
}

/// The names on a path: between dots, in brackets, in quotes in brackets.
fn parse(path: &str) -> Vec<String> {
    let characters: Vec<char> = path.chars().collect();
    let mut keys = Vec::new();
    let mut index = 0;
    if characters.first() == Some(&'.') {
        keys.push(String::new());
    }
    while let Some(character) = characters.get(index) {
        if is_empty_name(&characters, index) {
            keys.push(String::new());
        }
        match character {
            '.' | ']' => index += 1,
            '[' => match bracketed(&characters, index) {
                Some((key, end)) => {
                    keys.push(key);
                    index = end;
                }
                None => index += 1,
            },
            _ => {
                let name: String =
                    characters.iter().skip(index).take_while(|character| !".[]".contains(**character)).collect();
                index += name.chars().count();
                keys.push(name);
            }
        }
    }
    keys
}

/// Between two dots, or a dot and the end, is a name without letters.
fn is_empty_name(characters: &[char], index: usize) -> bool {
    let opens = |index: usize| match characters.get(index) {
        Some('.') => Some(index + 1),
        Some('[') if characters.get(index + 1) == Some(&']') => Some(index + 2),
        _ => None,
    };
    opens(index).is_some_and(|next| next == characters.len() || opens(next).is_some())
}

fn bracketed(characters: &[char], start: usize) -> Option<(String, usize)> {
    let quote = characters.get(start + 1).filter(|character| "\"'".contains(**character));
    let Some(quote) = quote else {
        let length = characters.iter().skip(start + 1).position(|character| *character == ']')?;
        let key: String = characters.iter().skip(start + 1).take(length).collect();
        let digits = key.strip_prefix('-').unwrap_or(&key);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        return (number(whole) && number(fraction)).then_some((key, start + length + 2));
    };
    let mut key = String::new();
    let mut index = start + 2;
    loop {
        match characters.get(index)? {
            '\\' => {
                key.push(*characters.get(index + 1)?);
                index += 2;
            }
            character if character == quote => {
                return (characters.get(index + 1) == Some(&']')).then_some((key, index + 2));
            }
            character => {
                key.push(*character);
                index += 1;
            }
        }
    }
}
