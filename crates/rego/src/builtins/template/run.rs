//! What a template prints.

use super::super::Problem;
use super::functions;
use super::parser::{Base, Command, Node, Operand, Pipeline};
use super::{Item, NO_VALUE};
use crate::budget::Budget;

pub(super) fn run(nodes: &[Node], dot: &Item, budget: &mut Budget) -> Result<String, Problem> {
    let mut run = Run { out: String::new(), variables: vec![(String::new(), dot.clone())], budget };
    run.block(nodes, dot)?;
    Ok(run.out)
}

struct Run<'a> {
    out: String,
    variables: Vec<(String, Item)>,
    budget: &'a mut Budget,
}

/// How a block went on.
enum Goes {
    On,
    Break,
    Continue,
}

type Result<T, E = Problem> = std::result::Result<T, E>;

impl Run<'_> {
    fn block(&mut self, nodes: &[Node], dot: &Item) -> Result<Goes> {
        for node in nodes {
            self.budget.step()?;
            let goes = match node {
                Node::Text(text) => {
                    self.budget.bytes(text.len())?;
                    self.out.push_str(text);
                    Goes::On
                }
                Node::Print(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        self.print(&value)?;
                    }
                    Goes::On
                }
                Node::Break => Goes::Break,
                Node::Continue => Goes::Continue,
                Node::If(..) | Node::With(..) | Node::Range(..) => {
                    let known = self.variables.len();
                    let goes = self.control(node, dot)?;
                    self.variables.truncate(known);
                    goes
                }
            };
            if !matches!(goes, Goes::On) {
                return Ok(goes);
            }
        }
        Ok(Goes::On)
    }

    fn control(&mut self, node: &Node, dot: &Item) -> Result<Goes> {
        match node {
            Node::If(pipeline, then, otherwise) => {
                let holds = self.pipeline(pipeline, dot)?.is_true();
                self.block(if holds { then } else { otherwise }, dot)
            }
            Node::With(pipeline, then, otherwise) => {
                let value = self.pipeline(pipeline, dot)?;
                if value.is_true() { self.block(then, &value) } else { self.block(otherwise, dot) }
            }
            Node::Range(pipeline, then, otherwise) => self.range(pipeline, then, otherwise, dot),
            _ => Ok(Goes::On),
        }
    }

    fn range(&mut self, pipeline: &Pipeline, then: &[Node], otherwise: &[Node], dot: &Item) -> Result<Goes> {
        let value = self.commands(pipeline, dot)?;
        let pairs: Vec<(Item, Item)> = match value {
            Item::List(items) => (0..).map(Item::Int).zip(items.iter().cloned()).collect(),
            Item::Map(map) => map.iter().map(|(key, item)| (Item::Text(key.clone()), item.clone())).collect(),
            Item::Missing | Item::Null => vec![],
            Item::Int(count) if pipeline.variables.len() < 2 => {
                self.budget.items(usize::try_from(count).unwrap_or(0))?;
                (0..count).map(|index| (Item::Int(index), Item::Int(index))).collect()
            }
            Item::Int(_) | Item::Bool(_) | Item::Text(_) => return Err(Problem::Undefined),
        };
        self.budget.items(pairs.len())?;
        if pairs.is_empty() {
            return self.block(otherwise, dot);
        }
        for (key, item) in pairs {
            let known = self.variables.len();
            match pipeline.variables.as_slice() {
                [one] => self.set(one, &item, pipeline.declares),
                [one, two] => {
                    self.set(one, &key, pipeline.declares);
                    self.set(two, &item, pipeline.declares);
                }
                _ => {}
            }
            let goes = self.block(then, &item)?;
            self.variables.truncate(known);
            if matches!(goes, Goes::Break) {
                break;
            }
        }
        Ok(Goes::On)
    }

    fn print(&mut self, value: &Item) -> Result<()> {
        let before = self.out.len();
        if value.is_nothing() {
            self.out.push_str(NO_VALUE);
        } else {
            value.print(&mut self.out);
        }
        self.budget.bytes(self.out.len() - before)?;
        Ok(())
    }

    fn set(&mut self, name: &str, value: &Item, declares: bool) {
        if declares {
            self.variables.push((name.to_owned(), value.clone()));
        } else if let Some((_, known)) = self.variables.iter_mut().rfind(|(known, _)| known == name) {
            *known = value.clone();
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Item) -> Result<Item> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.variables {
            self.set(name, &value, pipeline.declares);
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &Pipeline, dot: &Item) -> Result<Item> {
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, dot, last)?);
        }
        last.ok_or(Problem::Undefined)
    }

    fn command(&mut self, command: &Command, dot: &Item, last: Option<Item>) -> Result<Item> {
        self.budget.step()?;
        let Some(function) = &command.function else {
            return match command.operands.first() {
                Some(operand) => self.operand(operand, dot),
                None => Err(Problem::Undefined),
            };
        };
        if matches!(function.as_str(), "and" | "or") {
            return self.first_decisive(function == "or", &command.operands, dot, last);
        }
        let mut arguments =
            command.operands.iter().map(|operand| self.operand(operand, dot)).collect::<Result<Vec<_>>>()?;
        arguments.extend(last);
        functions::call(function, &arguments, self.budget)
    }

    /// `and` and `or`: what follows the deciding operand is not looked at.
    fn first_decisive(&mut self, wanted: bool, operands: &[Operand], dot: &Item, last: Option<Item>) -> Result<Item> {
        let mut value = None;
        for operand in operands {
            let found = self.operand(operand, dot)?;
            if found.is_true() == wanted {
                return Ok(found);
            }
            value = Some(found);
        }
        last.or(value).ok_or(Problem::Undefined)
    }

    fn operand(&mut self, operand: &Operand, dot: &Item) -> Result<Item> {
        let mut value = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Variable(name) => {
                let found = self.variables.iter().rfind(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).ok_or(Problem::Undefined)?
            }
            Base::Const(value) => value.clone(),
            Base::Inner(pipeline) => self.commands(pipeline, dot)?,
            Base::Call(function) => functions::call(function, &[], self.budget)?,
        };
        for field in &operand.fields {
            value = value.field(field)?;
        }
        Ok(value)
    }
}
