//! Block tags: which there are, what each holds, and how they end.

use super::code;
use super::expression::{Depths, ExpressionParser};
use super::scan::{ScanOptions, Tag, TagKind, advanced, misplaced, scan, tag_name, tag_remainder};
use super::{Id, Kind, Literal, Tree};
use crate::template::error::{Failure, Outcome, Place, quoted_str, unknown};
use crate::template::text::{Text, find, find_last, part};

const STATEMENTS: [&str; 12] =
    ["if", "for", "set", "macro", "call", "filter", "block", "switch", "include", "import", "from", "extends"];
/// Tags that only stand inside or after others, and take nothing.
const EMPTY_TAGS: [&str; 9] =
    ["else", "endif", "endfor", "endmacro", "endcall", "endfilter", "endset", "default", "endswitch"];
const OTHER_STOPS: [&str; 3] = ["elif", "elseif", "case"];

/// What a parser is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParseOptions {
    pub(crate) scan: ScanOptions,
    pub(crate) nodes: usize,
    pub(crate) depths: Depths,
}

struct Parser<'a> {
    source: &'a [u16],
    tags: &'a [Tag],
    index: usize,
    depth: usize,
    depths: Depths,
    tree: Tree,
}

/// Tags up to one that ends them.
struct Body {
    body: Id,
    stop: Option<usize>,
}

/// Reads a template.
pub(crate) fn parse(source: &[u16], options: ParseOptions) -> Outcome<Tree> {
    let tags = scan(source, options.scan)?;
    let tree = Tree::new(options.nodes);
    let mut parser = Parser { source, tags: &tags, index: 0, depth: 0, depths: options.depths, tree };
    let parsed = parser.body(&[])?;
    let place = tags.first().map(|tag| tag.place).unwrap_or_default();
    let children = parser.tree.list(parsed.body).to_vec();
    let mut tree = parser.tree;
    tree.root = tree.add(Kind::List(children), place)?;
    refuse_repeated_blocks(&tree)?;
    Ok(tree)
}

impl<'a> Parser<'a> {
    fn tag(&self, index: usize) -> Outcome<&'a Tag> {
        self.tags.get(index).ok_or_else(|| Failure::new("Template rendering failed"))
    }

    fn body(&mut self, stops: &[&str]) -> Outcome<Body> {
        self.depth += 1;
        let place = self.tags.get(self.index.saturating_sub(1)).map(|tag| tag.place);
        self.depths.check(self.depth, place)?;
        let result = self.body_contents(stops);
        self.depth -= 1;
        result
    }

    fn body_contents(&mut self, stops: &[&str]) -> Outcome<Body> {
        let mut children = Vec::new();
        while let Some(tag) = self.tags.get(self.index) {
            self.index += 1;
            match tag.kind {
                TagKind::Text => {
                    let text = self.tree.add(Kind::Data(tag.value.clone()), tag.place)?;
                    children.push(self.tree.add(Kind::Output(text), tag.place)?);
                }
                TagKind::Variable => {
                    let expression = self.expression(tag.value.units(), tag)?;
                    children.push(self.tree.add(Kind::Output(expression), tag.place)?);
                }
                TagKind::Comment => {}
                TagKind::Block => {
                    let name = tag_name(&tag.value);
                    if stops.contains(&name.as_str()) {
                        check_stop(&name, tag)?;
                        let body = self.tree.add(Kind::List(children), tag.place)?;
                        return Ok(Body { body, stop: Some(self.index - 1) });
                    }
                    if EMPTY_TAGS.contains(&name.as_str()) || OTHER_STOPS.contains(&name.as_str()) {
                        return Err(Failure::syntax(mismatch(&name, stops), tag.place));
                    }
                    children.push(self.statement(&name, tag)?);
                }
            }
        }
        let body = self.tree.add(Kind::List(children), Place::default())?;
        Ok(Body { body, stop: None })
    }

    fn statement(&mut self, name: &str, tag: &'a Tag) -> Outcome<Id> {
        let header = tag_remainder(&tag.value);
        match name {
            "if" => self.conditional(header, tag),
            "for" => self.loop_over(header, tag),
            "set" => self.assignment(header, tag),
            "macro" => self.macro_declaration(header, tag),
            "call" => self.call_block(header, tag),
            "filter" => self.filter_block(header, tag),
            "block" => self.block(header, tag),
            "switch" => self.switch(header, tag),
            "include" | "import" | "from" | "extends" => {
                Err(Failure::syntax(format!("Unsupported template-loading tag {}", quoted_str(name)), tag.place))
            }
            "" => Err(Failure::syntax("Template block tag cannot be empty", tag.place)),
            _ => Err(Failure::syntax(unknown("template tag", name, STATEMENTS.into_iter()), tag.place)),
        }
    }

    /// Each `elif` is a conditional in the place of `else`; read in a row, for rows may be long.
    fn conditional(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let mut branches: Vec<(Id, Id, Place)> = Vec::new();
        let (mut header, mut branch_tag) = (header, tag);
        let mut last = loop {
            let condition = self.expression(header, branch_tag)?;
            let parsed = self.body(&["elif", "elseif", "else", "endif"])?;
            branches.push((condition, parsed.body, branch_tag.place));
            let stop = self.stop(&parsed, "endif", branch_tag)?;
            match tag_name(&stop.value).as_str() {
                "endif" => break None,
                "else" => {
                    let alternate = self.body(&["endif"])?;
                    self.stop(&alternate, "endif", branch_tag)?;
                    break Some(alternate.body);
                }
                _ => (header, branch_tag) = (tag_remainder(&stop.value), stop),
            }
        };
        while let Some((condition, body, place)) = branches.pop() {
            last = Some(self.tree.add(Kind::If { condition, body, otherwise: last }, place)?);
        }
        last.ok_or_else(|| Failure::syntax("Missing endif tag", tag.place))
    }

    fn loop_over(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let split = code::split_in(header).map_err(|error| misplaced(self.source, &error))?;
        let Some((left, right)) = split else {
            return Err(Failure::syntax("For tag requires an in expression", tag.place));
        };
        let targets = self.targets(left, tag)?;
        if let [only] = targets.as_slice() {
            if self.tree.symbol(*only).is_some_and(|name| name.is("loop")) {
                return Err(Failure::syntax("A single loop target cannot be named loop", tag.place));
            }
        } else {
            self.tree.count_extra(tag.place)?;
        }
        let list = self.expression(right, tag)?;
        let parsed = self.body(&["else", "endfor"])?;
        let stop = self.stop(&parsed, "endfor", tag)?;
        let mut otherwise = None;
        if tag_name(&stop.value) == "else" {
            let alternate = self.body(&["endfor"])?;
            self.stop(&alternate, "endfor", tag)?;
            otherwise = Some(alternate.body);
        }
        self.tree.add(Kind::For { list, targets, body: parsed.body, otherwise }, tag.place)
    }

    fn assignment(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let assignment = code::find_assignment(header).map_err(|error| misplaced(self.source, &error))?;
        if let Some(index) = assignment {
            let targets = self.targets(part(header, 0, index), tag)?;
            let value = Some(self.expression(part(header, index + 1, header.len()), tag)?);
            return self.tree.add(Kind::Set { targets, value, body: None }, tag.place);
        }
        let targets = self.targets(header, tag)?;
        let capture = self.capture("endset", "set", tag)?;
        self.tree.add(Kind::Set { targets, value: None, body: Some(capture) }, tag.place)
    }

    fn capture(&mut self, end: &str, name: &str, tag: &'a Tag) -> Outcome<Id> {
        let parsed = self.body(&[end])?;
        self.stop(&parsed, end, tag)?;
        if self.tree.declares_macro(parsed.body) {
            let message = format!("Macro declarations are not supported inside {name} captures");
            return Err(Failure::syntax(message, tag.place));
        }
        self.tree.add(Kind::Capture(parsed.body), tag.place)
    }

    fn macro_declaration(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let Some((name, parameters)) = macro_signature(code::trim(header)) else {
            return Err(Failure::syntax("Invalid macro signature", tag.place));
        };
        let name = self.expression_at(name, position(tag, name, false))?;
        let Some(name) = self.tree.symbol(name).cloned() else {
            return Err(Failure::syntax("Macro name must be an identifier", tag.place));
        };
        let arguments = self.signature(parameters, tag)?;
        let parsed = self.body(&["endmacro"])?;
        self.stop(&parsed, "endmacro", tag)?;
        self.tree.add(Kind::Macro { name, arguments, body: parsed.body }, tag.place)
    }

    fn call_block(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let mut call = code::trim(header);
        let mut parameters: &[u16] = &[];
        if call.first() == Some(&u16::from(b'(')) {
            let closing = code::find_closing(call).map_err(|error| misplaced(self.source, &error))?;
            let Some(closing) = closing else {
                return Err(Failure::syntax("Invalid call-block arguments", tag.place));
            };
            parameters = part(call, 1, closing);
            call = code::trim(part(call, closing + 1, call.len()));
        }
        let call = self.expression(call, tag)?;
        let Kind::Call { function, .. } = self.tree.kind(call)? else {
            return Err(Failure::syntax("Call block requires a function call", tag.place));
        };
        if !self.is_static_target(*function)? {
            return Err(Failure::syntax("Call block target must be a static macro reference", tag.place));
        }
        let parsed = self.body(&["endcall"])?;
        self.stop(&parsed, "endcall", tag)?;
        self.tree.count_extra(tag.place)?;
        let arguments = self.signature(parameters, tag)?;
        let caller = self.tree.add(Kind::Caller { arguments, body: parsed.body }, tag.place)?;
        self.tree.add(Kind::CallBlock { call, caller }, tag.place)
    }

    fn is_static_target(&self, mut target: Id) -> Outcome<bool> {
        loop {
            match self.tree.kind(target)? {
                Kind::Symbol(_) => return Ok(true),
                Kind::Lookup { target: inner, key } => match self.tree.kind(*key)? {
                    Kind::Literal(Literal::Regex { .. }) => return Ok(false),
                    Kind::Literal(_) => target = *inner,
                    _ => return Ok(false),
                },
                _ => return Ok(false),
            }
        }
    }

    fn filter_block(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let capture = self.capture("endfilter", "filter", tag)?;
        let place = position(tag, header, true);
        let filter = ExpressionParser::new(header, place, self.depths, &mut self.tree)?.filter_header(capture)?;
        self.tree.add(Kind::Output(filter), tag.place)
    }

    fn block(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        let name = self.expression(code::trim(header), tag)?;
        let Some(name) = self.tree.symbol(name).cloned() else {
            return Err(Failure::syntax("Block name must be an identifier", tag.place));
        };
        let parsed = self.body(&["endblock"])?;
        let stop = self.stop(&parsed, "endblock", tag)?;
        let closing = tag_remainder(&stop.value);
        if !closing.is_empty() && closing != name.units() {
            return Err(Failure::syntax("Endblock name must match its opening block", stop.place));
        }
        self.tree.add(Kind::Block { name, body: parsed.body }, tag.place)
    }

    fn switch(&mut self, header: &'a [u16], tag: &'a Tag) -> Outcome<Id> {
        const STOPS: [&str; 3] = ["case", "default", "endswitch"];
        let value = self.expression(header, tag)?;
        let mut cases = Vec::new();
        let mut default = None;
        let mut next = self.body(&STOPS)?;
        if !self.tree.list(next.body).is_empty() {
            return Err(Failure::syntax("Switch content must begin with case or default", tag.place));
        }
        while let Some(case) = self.stopped_by(&next, "case")? {
            let condition = self.expression(tag_remainder(&case.value), case)?;
            next = self.body(&STOPS)?;
            cases.push(self.tree.add(Kind::Case { condition, body: next.body }, case.place)?);
        }
        if self.stopped_by(&next, "default")?.is_some() {
            next = self.body(&["endswitch"])?;
            default = Some(next.body);
        }
        if self.stopped_by(&next, "endswitch")?.is_none() {
            return Err(Failure::syntax("Missing endswitch tag", tag.place));
        }
        if cases.is_empty() && default.is_none() {
            return Err(Failure::syntax("Switch requires at least one case or default", tag.place));
        }
        self.tree.add(Kind::Switch { value, cases, default }, tag.place)
    }

    fn stopped_by(&self, body: &Body, name: &str) -> Outcome<Option<&'a Tag>> {
        let Some(index) = body.stop else { return Ok(None) };
        let tag = self.tag(index)?;
        Ok((tag_name(&tag.value) == name).then_some(tag))
    }

    /// The tag that ended a body; `tag` is the one that it had to be ended for.
    fn stop(&self, body: &Body, wanted: &str, tag: &Tag) -> Outcome<&'a Tag> {
        match body.stop {
            Some(index) => self.tag(index),
            None => Err(Failure::syntax(format!("Missing {wanted} tag"), tag.place)),
        }
    }

    fn expression(&mut self, source: &[u16], tag: &Tag) -> Outcome<Id> {
        self.expression_at(source, position(tag, source, true))
    }

    fn expression_at(&mut self, source: &[u16], place: Place) -> Outcome<Id> {
        ExpressionParser::new(source, place, self.depths, &mut self.tree)?.parse()
    }

    fn targets(&mut self, source: &[u16], tag: &Tag) -> Outcome<Vec<Id>> {
        let place = position(tag, source, false);
        ExpressionParser::new(source, place, self.depths, &mut self.tree)?.targets()
    }

    fn signature(&mut self, source: &[u16], tag: &Tag) -> Outcome<Id> {
        if code::trim(source).is_empty() {
            return self.tree.add(Kind::List(Vec::new()), tag.place);
        }
        let place = position(tag, source, true);
        let closed = [source, &[u16::from(b')')]].concat();
        ExpressionParser::new(&closed, place, self.depths, &mut self.tree)?.signature()
    }
}

/// Where a part of a tag stands: its last or first place in the tag, as the real parser looks for it.
fn position(tag: &Tag, source: &[u16], last: bool) -> Place {
    let value = tag.value.units();
    let closing = source.last() == Some(&u16::from(b')'));
    let shown = if closing && find(value, source, 0).is_none() { part(source, 0, source.len() - 1) } else { source };
    let offset = if shown.is_empty() {
        Some(value.len())
    } else if last {
        find_last(value, shown, value.len())
    } else {
        find(value, shown, 0)
    };
    advanced(part(value, 0, offset.unwrap_or_default()), tag.value_place)
}

fn check_stop(name: &str, tag: &Tag) -> Outcome<()> {
    if EMPTY_TAGS.contains(&name) && !tag_remainder(&tag.value).is_empty() {
        return Err(Failure::syntax(format!("{name} tag does not accept trailing content"), tag.place));
    }
    Ok(())
}

fn mismatch(name: &str, expected: &[&str]) -> String {
    let name = quoted_str(name);
    let names: Vec<String> = expected.iter().map(|expected| quoted_str(expected)).collect();
    match names.as_slice() {
        [] => format!("Unexpected {name} tag without a matching opening tag"),
        [only] => format!("Unexpected {name} tag; expected {only}"),
        [rest @ .., last] => format!("Unexpected {name} tag; expected {}, or {last}", rest.join(", ")),
    }
}

/// The name and the parameters of `name(parameters)`.
fn macro_signature(header: &[u16]) -> Option<(&[u16], &[u16])> {
    let end = code::name_end(header, 0, false)?;
    let rest = code::trim_start(part(header, end, header.len()));
    let (open, rest) = rest.split_first()?;
    let (close, parameters) = rest.split_last()?;
    (*open == u16::from(b'(') && *close == u16::from(b')')).then(|| (part(header, 0, end), parameters))
}

fn refuse_repeated_blocks(tree: &Tree) -> Outcome<()> {
    let mut blocks: Vec<(Place, &Text)> = tree
        .nodes()
        .filter_map(|node| if let Kind::Block { name, .. } = &node.kind { Some((node.place, name)) } else { None })
        .collect();
    blocks.sort_by_key(|(place, _)| (place.line, place.column));
    let mut seen: std::collections::HashMap<&Text, Place> = std::collections::HashMap::new();
    for (place, name) in blocks {
        if let Some(first) = seen.insert(name, place) {
            let message = format!(
                "Block {} is declared more than once; the first declaration is at line {}, column {}",
                crate::template::error::quoted(name.units()),
                first.line + 1,
                first.column + 1
            );
            return Err(Failure::syntax(message, place));
        }
    }
    Ok(())
}
