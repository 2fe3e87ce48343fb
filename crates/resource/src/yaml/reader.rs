//! The tree of a document to its value.
//!
//! Owns keys, duplicate keys, merge keys, aliases and their bounds. The rules are those of go-yaml v2 below
//! sigs.k8s.io/yaml, but for duplicate keys, which are refused.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use serde_json::{Map, Value};

use super::scalar::{self, Scalar};
use super::tree::{Kind, Node, Tree, too_deep};
use super::{DuplicateKeys, Fault, MAX_DEPTH};
use crate::Position;

/// The prefix of the tags of YAML itself.
const YAML_TAG: &str = "tag:yaml.org,2002:";

/// How many bytes of scalars may come from aliases. go-yaml shares them and needs no such bound.
const MAX_ALIASED_BYTES: usize = 32 << 20;

/// How many duplicate keys of a document are told.
const MAX_DUPLICATES_TOLD: usize = 10;

/// What a document says: its value and place, nothing for an empty or null document.
pub(super) type Read = Result<Option<(Value, Position)>, Fault>;

/// The value of the document, and the duplicate keys that were passed over.
pub(super) fn read(tree: &Tree<'_>, duplicate_keys: DuplicateKeys) -> (Read, Vec<Fault>) {
    let Some(root) = tree.node(0) else { return (Ok(None), Vec::new()) };
    let mut reader = Reader {
        tree,
        duplicate_keys,
        duplicates: Vec::new(),
        decoded: 0,
        aliased: 0,
        aliased_bytes: 0,
        outer_alias: None,
        depth: 0,
    };
    let value = reader.value(0).and_then(|value| as_object(value, root.position));
    (value, reader.duplicates)
}

fn as_object(value: Value, position: Position) -> Read {
    let found = match value {
        Value::Null => return Ok(None),
        value @ Value::Object(_) => return Ok(Some((value, position))),
        Value::Array(_) => "a list",
        Value::String(_) => "a string",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
    };
    Err(Fault::new(position, format!("the document is {found}, not an object"))
        .hint("an object starts with `apiVersion:` and `kind:`"))
}

struct Reader<'tree, 'text> {
    tree: &'tree Tree<'text>,
    duplicate_keys: DuplicateKeys,
    duplicates: Vec<Fault>,
    /// Nodes made so far, and how many of them by way of aliases.
    decoded: usize,
    aliased: usize,
    aliased_bytes: usize,
    /// The place of the alias that is being followed, the outermost if there are several.
    outer_alias: Option<Position>,
    depth: usize,
}

impl<'tree, 'text> Reader<'tree, 'text> {
    fn node(&self, index: usize) -> Result<&'tree Node<'text>, Fault> {
        // The indices come from the tree itself; a miss would be a fault of ours, said instead of a panic.
        self.tree.node(index).ok_or_else(|| Fault::new(Position { line: 1, column: 1 }, "the document ends too early"))
    }

    fn value(&mut self, index: usize) -> Result<Value, Fault> {
        let node = self.node(index)?;
        self.count(node)?;
        match &node.kind {
            Kind::Scalar { text, plain } => scalar_value(node, text, *plain),
            Kind::Alias(target) => self.alias(index, *target),
            Kind::Sequence => self.nested(node, |reader| {
                reader.tree.children(index).map(|child| reader.value(child)).collect::<Result<_, _>>().map(Value::Array)
            }),
            Kind::Mapping => self.nested(node, |reader| reader.mapping(index).map(Value::Object)),
        }
    }

    fn nested<T>(&mut self, node: &Node<'_>, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(node.position));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn count(&mut self, node: &Node<'_>) -> Result<(), Fault> {
        self.decoded += 1;
        if self.outer_alias.is_some() {
            self.aliased += 1;
            if let Kind::Scalar { text, .. } = &node.kind {
                self.aliased_bytes += text.len();
            }
        }
        if is_excessive(self.aliased, self.decoded) || self.aliased_bytes > MAX_ALIASED_BYTES {
            return Err(Fault::new(
                self.outer_alias.unwrap_or(node.position),
                "the document contains excessive aliasing",
            )
            .hint("write repeated parts out, or use fewer `*aliases` of large anchors"));
        }
        Ok(())
    }

    fn alias(&mut self, index: usize, target: usize) -> Result<Value, Fault> {
        self.check_target(index, target)?;
        let outer = self.outer_alias;
        self.outer_alias = outer.or(Some(self.node(index)?.position));
        let value = self.value(target);
        self.outer_alias = outer;
        value
    }

    fn check_target(&self, index: usize, target: usize) -> Result<(), Fault> {
        if (target..self.node(target)?.end).contains(&index) {
            return Err(Fault::new(self.node(index)?.position, "the anchor that this alias names contains itself"));
        }
        Ok(())
    }

    fn mapping(&mut self, index: usize) -> Result<Map<String, Value>, Fault> {
        let tree = self.tree;
        let mut map = Map::new();
        // The keys written here, once a merge has brought in others: own keys may replace merged ones only.
        let mut own: Option<BTreeSet<String>> = None;
        for (key, value) in tree.entries(index) {
            if is_merge(tree, key) {
                own.get_or_insert_with(|| map.keys().cloned().collect());
                self.merge(value, &mut map)?;
                continue;
            }
            let name = self.key(key)?;
            let is_new = own.as_mut().is_none_or(|own| own.insert(name.clone()));
            let value = self.value(value)?;
            let previous = map.insert(name, value);
            if !is_new || (own.is_none() && previous.is_some()) {
                self.take_duplicate(index, key)?;
            }
        }
        Ok(map)
    }

    fn key(&mut self, index: usize) -> Result<String, Fault> {
        let node = self.node(index)?;
        self.count(node)?;
        if let Kind::Alias(target) = node.kind {
            self.check_target(index, target)?;
        }
        key_text(self.tree, index).map(Cow::into_owned)
    }

    fn take_duplicate(&mut self, mapping: usize, key: usize) -> Result<(), Fault> {
        if self.duplicate_keys == DuplicateKeys::Refuse {
            return Err(self.duplicate(mapping, key)?);
        }
        if self.duplicates.len() < MAX_DUPLICATES_TOLD {
            self.duplicates.push(self.duplicate(mapping, key)?);
        }
        Ok(())
    }

    fn duplicate(&self, mapping: usize, key: usize) -> Result<Fault, Fault> {
        let name = key_text(self.tree, key)?;
        let first = self
            .tree
            .entries(mapping)
            .map(|(other, _)| other)
            .find(|other| !is_merge(self.tree, *other) && key_text(self.tree, *other).is_ok_and(|text| text == name))
            .unwrap_or(key);
        let Position { line, column } = self.node(first)?.position;
        Ok(Fault::new(
            self.node(key)?.position,
            format!("the key {name:?} is given twice, first at line {line}, column {column}"),
        )
        .hint("keep one of the two"))
    }

    fn merge(&mut self, index: usize, into: &mut Map<String, Value>) -> Result<(), Fault> {
        let tree = self.tree;
        let sources = match self.node(index)?.kind {
            Kind::Sequence => tree.children(index).collect::<Vec<_>>(),
            _ => vec![index],
        };
        // The first of a list counts most, so it is merged last.
        for source in sources.into_iter().rev() {
            let kind = match self.node(source)?.kind {
                Kind::Alias(target) => &self.node(target)?.kind,
                _ => &self.node(source)?.kind,
            };
            if !matches!(kind, Kind::Mapping) {
                return Err(Fault::new(self.node(source)?.position, "`<<` merges mappings only")
                    .hint("give a mapping, an alias of one, or a list of these"));
            }
            if let Value::Object(map) = self.value(source)? {
                into.extend(map);
            }
        }
        Ok(())
    }
}

/// go-yaml's bound: aliases may make most of a small document, little of a large one.
#[expect(clippy::cast_precision_loss, reason = "a ratio of counts needs no more than 52 bits")]
fn is_excessive(aliased: usize, decoded: usize) -> bool {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    if aliased <= 100 || decoded <= 1000 {
        return false;
    }
    let beyond = ((decoded as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    aliased as f64 / decoded as f64 > 0.99 - 0.89 * beyond
}

/// True for a key that merges.
pub(super) fn is_merge(tree: &Tree<'_>, index: usize) -> bool {
    tree.node(index).is_some_and(|node| match &node.kind {
        Kind::Scalar { text, plain } if text == "<<" => match tag_of(node) {
            None => *plain,
            Some(tag) if tag == "!" => true,
            Some(tag) => tag == "tag:yaml.org,2002:merge",
        },
        _ => false,
    })
}

/// The text of a key in JSON.
pub(super) fn key_text<'tree>(tree: &'tree Tree<'_>, index: usize) -> Result<Cow<'tree, str>, Fault> {
    let Some(node) = tree.node(index) else {
        return Err(Fault::new(Position { line: 1, column: 1 }, "the document ends too early"));
    };
    let refuse = |what: &str| {
        Err(Fault::new(node.position, format!("{what} cannot be a key"))
            .hint("put the key in quotes to make it a string"))
    };
    match &node.kind {
        Kind::Alias(target) if *target < index => key_text(tree, *target),
        Kind::Alias(_) => refuse("an alias of itself"),
        Kind::Sequence => refuse("a list"),
        Kind::Mapping => Err(Fault::new(node.position, "a mapping cannot be a key")
            .hint("`{{ }}` of a template must stand in quotes or be rendered first")),
        Kind::Scalar { text, plain } => match scalar_of(node, text, *plain)? {
            Content::Text(text) => Ok(text),
            Content::Scalar(Scalar::Null) => refuse("null"),
            Content::Scalar(Scalar::Uint(_)) => refuse("an integer beyond 64 bits with sign"),
            Content::Scalar(Scalar::Bool(flag)) => Ok(Cow::Borrowed(if flag { "true" } else { "false" })),
            Content::Scalar(Scalar::Int(number)) => Ok(Cow::Owned(number.to_string())),
            Content::Scalar(Scalar::Float(number)) => Ok(Cow::Owned(scalar::float_key(number))),
            Content::Scalar(Scalar::Merge | Scalar::Text) => Ok(Cow::Borrowed(text)),
        },
    }
}

fn scalar_value(node: &Node<'_>, text: &str, plain: bool) -> Result<Value, Fault> {
    Ok(match scalar_of(node, text, plain)? {
        Content::Text(text) => Value::String(text.into_owned()),
        Content::Scalar(Scalar::Null) => Value::Null,
        Content::Scalar(Scalar::Bool(flag)) => Value::Bool(flag),
        Content::Scalar(Scalar::Int(number)) => number.into(),
        Content::Scalar(Scalar::Uint(number)) => scalar::unsigned(number),
        Content::Scalar(Scalar::Float(number)) => scalar::float(number).ok_or_else(|| {
            Fault::new(node.position, format!("{text} is a number that JSON does not have"))
                .hint("put it in quotes to make it a string")
        })?,
        Content::Scalar(Scalar::Merge | Scalar::Text) => Value::String(text.to_owned()),
    })
}

enum Content<'text> {
    Text(Cow<'text, str>),
    Scalar(Scalar),
}

fn scalar_of<'text>(node: &Node<'_>, text: &'text str, plain: bool) -> Result<Content<'text>, Fault> {
    let Some(tag) = tag_of(node) else {
        return Ok(if plain { Content::Scalar(scalar::resolve(text)) } else { Content::Text(Cow::Borrowed(text)) });
    };
    match tag.strip_prefix(YAML_TAG) {
        Some("binary") => decode_binary(text)
            .map(|text| Content::Text(Cow::Owned(text)))
            .ok_or_else(|| Fault::new(node.position, "this !!binary value is not valid base64")),
        Some(short) => scalar::resolve_tagged(short, text)
            .map(Content::Scalar)
            .map_err(|cause| Fault::new(node.position, cause).hint("remove the tag or correct the value")),
        None => Ok(Content::Text(Cow::Borrowed(text))),
    }
}

fn decode_binary(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(compact).ok()?;
    let mut decoded = String::new();
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        // Go's JSON writes one replacement for each byte.
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Some(decoded)
}

/// The tag in its long form.
fn tag_of(node: &Node<'_>) -> Option<String> {
    let tag = node.tag.as_deref()?;
    Some(match tag.handle.as_str() {
        "!!" => format!("{YAML_TAG}{}", tag.suffix),
        handle => format!("{handle}{}", tag.suffix),
    })
}
