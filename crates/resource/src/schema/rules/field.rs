//! `fieldPath` of a rule: which field below its own a rule blames.

use crate::schema::node::Node;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A property.
    Field(String),
    /// A key of a map.
    Key(String),
}

/// Reads `.a.b['c-d']` against the schema that has the rule. `None` where it names no field.
pub(super) fn parse(path: &str, node: &Node) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let (mut rest, mut node) = (path, node);
    while !rest.is_empty() {
        let (name, after) = if let Some(quoted) = rest.strip_prefix("['") {
            read_quoted(quoted)?
        } else {
            let plain = rest.strip_prefix('.')?;
            let end = plain.find(['.', '[', ']']).unwrap_or(plain.len());
            let (name, after) = plain.split_at_checked(end)?;
            (name.to_owned(), after)
        };
        if name.is_empty() {
            return None;
        }
        let is_map = node.properties.is_empty();
        node = if is_map { node.additional_schema()? } else { node.properties.get(&name)? };
        steps.push(if is_map { Step::Key(name) } else { Step::Field(name) });
        rest = after;
    }
    (!steps.is_empty()).then_some(steps)
}

fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '\'' => return Some((name, characters.as_str().strip_prefix(']')?)),
            '\\' => name.push(match characters.next()? {
                'a' => '\x07',
                'b' => '\x08',
                'f' => '\x0c',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\x0b',
                escaped @ ('\'' | '\\') => escaped,
                _ => return None,
            }),
            character => name.push(character),
        }
    }
}
