//! YAML 1.2 with the core schema, as npm's `yaml` reads it and Backstage with it: no merge keys, `yes` is a text, keys keep
//! their order.
//!
//! Owns where documents end in YAML 1.2, what plain scalars mean there, and the values. The tree and its places are those
//! of the other road. Lists of objects are not taken apart: they are nothing to Backstage.

use std::collections::HashSet;
use std::sync::Arc;

use super::text::{self, Chunk};
use super::tree::{self, Kind, Node, Tree, too_deep};
use super::{Document, Fault, Findings, MAX_DEPTH, Source, SourceText};
use crate::javascript::{Map, Value};
use crate::{Diagnostic, FieldPath, Position};

/// How often an alias may lead to one anchor's nodes, all in all.
const MAX_ALIASED: usize = 100_000;

/// Reads all documents of `bytes`, a file called `name`. Empty and null documents are skipped; a document that cannot be
/// read gives a finding and the others are still read. Any value may be a document.
pub fn parse_core(name: &str, bytes: &[u8]) -> (Vec<Document<Value>>, Vec<Diagnostic>) {
    let mut findings = Findings { name: name.into(), diagnostics: Vec::new() };
    let text = match text::decode(bytes) {
        Ok(text) => SourceText::new(findings.name.clone(), text),
        Err(fault) => {
            findings.error(fault);
            return (Vec::new(), findings.diagnostics);
        }
    };
    let mut documents = Vec::new();
    for chunk in split(&text.text) {
        match read_chunk(&text, chunk) {
            Ok(found) => documents.extend(found),
            Err(fault) => findings.error(fault),
        }
    }
    (documents, findings.diagnostics)
}

fn read_chunk(text: &Arc<SourceText>, chunk: Chunk) -> Result<Option<Document<Value>>, Fault> {
    let tree = tree::build(&text.text, &chunk)?;
    let Some(root) = tree.node(0) else { return Ok(None) };
    let value = Reader { tree: &tree, depth: 0, aliased: 0, inside_alias: false }.value(0)?;
    if value == Value::Null {
        return Ok(None);
    }
    let start = Some(root.position);
    Ok(Some(Document {
        value,
        source: Source { text: text.clone(), chunk: Some(chunk), start, prefix: FieldPath::default() },
    }))
}

/// Cuts `text` where documents of YAML 1.2 begin and end. The line of `---` belongs to its document: content may
/// follow on it.
fn split(text: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let (mut start, mut line_of_start, mut offset) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let marks = |mark: &str| {
            line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
        };
        let line_start = offset;
        offset += line.len();
        let begins = marks("---") && text.get(start..line_start).is_some_and(has_content);
        if begins {
            chunks.push(chunk_of(start..line_start, line_of_start));
            (start, line_of_start) = (line_start, index + 1);
        } else if marks("...") {
            // Directives without a document are a fault, which the parser tells.
            let is_told = |part: &str| has_content(part) || part.lines().any(|line| line.starts_with('%'));
            if text.get(start..line_start).is_some_and(is_told) {
                chunks.push(chunk_of(start..line_start, line_of_start));
            }
            (start, line_of_start) = (offset, index + 2);
        }
    }
    if text.get(start..).is_some_and(has_content) {
        chunks.push(chunk_of(start..text.len(), line_of_start));
    }
    chunks
}

/// Directives and comments belong to the document that follows.
fn has_content(part: &str) -> bool {
    part.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%'))
}

fn chunk_of(range: std::ops::Range<usize>, line: usize) -> Chunk {
    Chunk { range, start: Position { line, column: 1 } }
}

struct Reader<'tree, 'text> {
    tree: &'tree Tree<'text>,
    depth: usize,
    aliased: usize,
    inside_alias: bool,
}

impl<'tree, 'text> Reader<'tree, 'text> {
    fn node(&self, index: usize) -> Result<&'tree Node<'text>, Fault> {
        self.tree.node(index).ok_or_else(|| Fault::new(Position { line: 1, column: 1 }, "the document ends too early"))
    }

    fn value(&mut self, index: usize) -> Result<Value, Fault> {
        let node = self.node(index)?;
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(node.position));
        }
        self.aliased += usize::from(self.inside_alias);
        if self.aliased > MAX_ALIASED {
            return Err(Fault::new(node.position, "excessive aliases").hint("write repeated parts out"));
        }
        self.depth += 1;
        let value = match &node.kind {
            Kind::Scalar { text, plain } => scalar(node, text, *plain),
            Kind::Alias(target) => self.alias(index, *target)?,
            Kind::Sequence => {
                Value::List(self.tree.children(index).map(|child| self.value(child)).collect::<Result<_, _>>()?)
            }
            Kind::Mapping => Value::Map(self.mapping(index)?),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn alias(&mut self, index: usize, target: usize) -> Result<Value, Fault> {
        if (target..self.node(target)?.end).contains(&index) {
            return Err(Fault::new(self.node(index)?.position, "the anchor that this alias names contains itself"));
        }
        let outer = std::mem::replace(&mut self.inside_alias, true);
        let value = self.value(target);
        self.inside_alias = outer;
        value
    }

    fn mapping(&mut self, index: usize) -> Result<Map, Fault> {
        let mut map = Map::new();
        // Two keys may differ and still have the same text: the last one counts then.
        let mut seen = HashSet::new();
        for (key, value) in self.tree.entries(index) {
            let place = self.node(key)?.position;
            let key = self.value(key)?;
            let is_new = seen.insert((std::mem::discriminant(&key), key.to_text()));
            let name = match key {
                Value::Null => String::new(),
                Value::List(_) | Value::Map(_) => {
                    return Err(Fault::new(place, "a list or mapping cannot be a key")
                        .hint("`{{ }}` of a template must stand in quotes"));
                }
                key => key.to_text(),
            };
            let value = self.value(value)?;
            map.insert(name.as_str(), value);
            if !is_new {
                return Err(Fault::new(place, format!("the key {name:?} is given twice; map keys must be unique")));
            }
        }
        Ok(map)
    }
}

fn scalar(node: &Node<'_>, text: &str, plain: bool) -> Value {
    match node.tag.as_deref().map(|tag| tag.suffix.as_str()) {
        None if plain => resolve(text),
        Some("int" | "float" | "bool" | "null") => resolve(text),
        _ => text.into(),
    }
}

/// A plain scalar by the core schema.
fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        ".nan" | ".NaN" | ".NAN" => Value::Number(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Number(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Number(f64::NEG_INFINITY),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

fn number(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0o") {
        return whole(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return whole(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let sound = digits(before)
        && digits(after)
        && !(before.is_empty() && after.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if sound { text.parse().ok() } else { None }
}

fn whole(digits: &str, radix: u32) -> Option<f64> {
    let all = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    all.then(|| {
        digits
            .chars()
            .filter_map(|digit| digit.to_digit(radix))
            .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let (documents, findings) = parse_core("x.yaml", text.as_bytes());
        let place = |finding: &Diagnostic| finding.location.as_ref().map(ToString::to_string).unwrap_or_default();
        (documents.iter().map(|document| document.value.to_json()).collect(), findings.iter().map(place).collect())
    }

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        let text = "a: yes\nb: 012\nc: 0o17\nd: 0x1F\ne: 1_000\nf: .5\ng: 2001-01-01\nh: ~\ni: 'true'\nj: !!str 1\nk: +1.0e3\n<<: {x: 1}\n1.0: n\n";
        let expected = r#"{"1":"n","a":"yes","b":12,"c":15,"d":31,"e":"1_000","f":0.5,"g":"2001-01-01","h":null,"i":"true","j":"1","k":1000,"<<":{"x":1}}"#;
        assert_eq!(read(text), (vec![expected.to_owned()], vec![]));
    }

    #[test]
    fn documents_end_as_in_yaml_1_2() {
        let text = "# only a comment\n---\n---\n# empty\n--- {a: 1}\n--- # comment\nb: 2\n...\nc: 3\n---\n[1]\n";
        let expected = [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#, "[1]"].map(str::to_owned).to_vec();
        assert_eq!(read(text), (expected, vec![]));
    }

    #[test]
    fn one_bad_document_does_not_stop_the_others() {
        let text = "a: 1\n---\nb: 1\nb: 2\n---\nc: [1\n---\nd: 4\n";
        let (documents, places) = read(text);
        assert_eq!(documents, [r#"{"a":1}"#, r#"{"d":4}"#]);
        assert_eq!(places.len(), 2);
        assert_eq!(places[0], "x.yaml:4:1");
    }
}
