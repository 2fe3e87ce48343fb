//! The path of a rule as a text, `data.a["b-c"].violation`: written and read as Rego has it.

use crate::EvalError;
use crate::ast::Name;

/// The text for names below `data`.
pub(crate) fn write(names: &[Name]) -> String {
    let mut text = "data".to_owned();
    for name in names {
        if is_plain(name) {
            text.push('.');
            text.push_str(name);
        } else {
            text.push_str(&format!("[{}]", serde_json::Value::from(&**name)));
        }
    }
    text
}

/// The names in such a text. What cannot be read is an error: a rule that nobody asked for would have nothing to say.
pub(crate) fn read(text: &str) -> Result<Vec<Name>, EvalError> {
    let fault = || EvalError::Failed(format!("{text} is not the path of a rule"));
    let mut rest = text.strip_prefix("data").ok_or_else(fault)?;
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (name, after) = first(rest).ok_or_else(fault)?;
        names.push(name);
        rest = after;
    }
    Ok(names)
}

fn first(text: &str) -> Option<(Name, &str)> {
    if let Some(text) = text.strip_prefix('.') {
        let (name, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
        return is_plain(name).then(|| (name.into(), rest));
    }
    let text = text.strip_prefix('[')?;
    let mut quoted = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let name = quoted.next()?.ok()?;
    let rest = text.get(quoted.byte_offset()..)?.strip_prefix(']')?;
    Some((name.into(), rest))
}

fn is_plain(name: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.starts_with(|first: char| is_part(first) && !first.is_ascii_digit()) && name.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for names in [vec![], vec!["a", "b_1"], vec!["a", "b-c", "d"], vec!["", "\"]", "x.y", "1", "ü\n"]] {
            let names: Vec<Name> = names.into_iter().map(Name::from).collect();
            assert_eq!(read(&write(&names)), Ok(names));
        }
        assert_eq!(write(&["a".into(), "b-c".into(), "violation".into()]), "data.a[\"b-c\"].violation");
    }

    #[test]
    fn what_is_no_path_is_an_error() {
        for text in ["", "input.a", "data.", "data..a", "data.a-b", "datas", "data[a]", "data[\"a\"", "data[\"a\"]b"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
