//! Filters and tests as expressions name them.

use std::rc::Rc;

use super::call::Arguments;
use super::scope::Scope;
use super::{Context, Evaluator};
use crate::template::coerce::{self, Free};
use crate::template::copy;
use crate::template::error::{Failure, Outcome, neutralized, quoted_str, unknown};
use crate::template::filters::{self, Work};
use crate::template::predicates;
use crate::template::syntax::{Id, Kind, Literal};
use crate::template::text::Text;
use crate::template::value::{Regex, Value, is_reserved};

impl Evaluator<'_> {
    pub(super) fn filter(&self, id: Id, scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Value> {
        let Kind::Filter { name, name_place, arguments } = self.tree.kind(id)? else {
            return Err(Failure::new("Unexpected expression node"));
        };
        let name = name.to_string();
        let cookiecutter = self.options.cookiecutter_compat;
        let own = if cookiecutter && name == "jsonify" { "dump" } else { name.as_str() };
        if self.host.has_filter(&name) {
            self.check_positional_only(*arguments, &format!("Registered filter {name}"))?;
            let arguments = self.arguments(*arguments, scope, context, depth + 1)?;
            return self.host_filter(&name, &arguments);
        }
        if !filters::is_known(own) {
            let hosts = self.host.filter_names();
            let known = filters::NAMES.iter().copied().chain(cookiecutter.then_some("jsonify"));
            return Err(Failure::new(unknown("template filter", &name, known.chain(hosts.iter().map(|name| &**name)))));
        }
        let mut arguments = self.arguments(*arguments, scope, context, depth + 1)?;
        let input = if arguments.positional.is_empty() { Value::Undefined } else { arguments.positional.remove(0) };
        let (positional, scratch) = lowered(own, arguments)?;
        let scratch = self.check_scratch(std::iter::once(&input).chain(&scratch))?;
        let work = Work {
            regex: self.options.allow_regex_execution,
            reserve: &|count| self.reserve(count, scratch),
            random: &|bound| self.random(bound),
        };
        filters::apply(own, &input, &positional, &work).map_err(|failure| {
            failure.within(&format!("Filter {} failed for {} input", quoted_str(own), input.kind()), *name_place)
        })
    }

    fn host_filter(&self, name: &str, arguments: &Arguments) -> Outcome<Value> {
        arguments.refuse_callables()?;
        self.check_scratch(&arguments.positional)?;
        self.charge_capability()?;
        let given = || arguments.positional.iter().map(copy::to_data).collect::<Outcome<Vec<_>>>();
        let failed = |detail: &str| {
            Failure::capability(format!("Template filter {} failed: {}", quoted_str(name), neutralized(detail)))
        };
        let crossing = |failure: Box<Failure>| match *failure {
            Failure::Evaluation { message, .. } => failed(&message),
            _ => failure,
        };
        let mut given = given().map_err(crossing)?;
        let input = if given.is_empty() { None } else { given.remove(0) };
        let result = self.host.filter(name, input, given).map_err(|detail| failed(&detail))?;
        copy::from_lent(result).map_err(crossing)
    }

    pub(super) fn test(
        &self,
        (left, right): (Id, Id),
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<Value> {
        let (name, arguments) = self.test_invocation(right)?;
        if is_reserved(&name) {
            return Err(Failure::new(format!("Template test {name} is reserved")));
        }
        let name = name.to_string();
        let Some(arity) = predicates::arity(&name) else {
            return Err(Failure::new(unknown("template test", &name, predicates::NAMES.iter().map(|(name, _)| *name))));
        };
        match arguments {
            Some(arguments) => self.check_exact(arguments, &format!("Template test {name}"), arity)?,
            None if arity != 0 => {
                return Err(Failure::new(format!("Template test {name} requires {arity} positional argument")));
            }
            None => {}
        }
        let input = self.expression(left, scope, context, depth + 1)?;
        let arguments = match arguments {
            Some(arguments) => self.arguments(arguments, scope, context, depth + 1)?.positional,
            None => Vec::new(),
        };
        std::iter::once(&input).chain(&arguments).try_for_each(|value| self.charge_expanded(value))?;
        predicates::apply(&name, &input, &arguments).map(Value::Bool).map_err(|failure| {
            let context = format!("Test {} failed for {} input", quoted_str(&name), input.kind());
            failure.within(&context, self.tree.place(right))
        })
    }

    fn test_invocation(&self, right: Id) -> Outcome<(Text, Option<Id>)> {
        match self.tree.kind(right)? {
            Kind::Call { function, arguments } => Ok((self.test_name(*function)?, Some(*arguments))),
            Kind::Filter { name, arguments, .. } => Ok((name.clone(), Some(*arguments))),
            _ => Ok((self.test_name(right)?, None)),
        }
    }

    /// Anything but a name or a literal is the test that `undefined` names.
    fn test_name(&self, node: Id) -> Outcome<Text> {
        let value = match self.tree.kind(node)? {
            Kind::Symbol(name) => return Ok(name.clone()),
            Kind::Literal(Literal::Null) => Value::Null,
            Kind::Literal(Literal::Bool(value)) => Value::Bool(*value),
            Kind::Literal(Literal::Number(number)) => Value::Number(*number),
            Kind::Literal(Literal::String(text)) => return Ok(text.clone()),
            Kind::Literal(Literal::Regex { source, flags }) => {
                let regex = Regex { source: source.clone(), flags: flags.to_string(), last_index: 0.into() };
                return Ok(regex.print());
            }
            _ => Value::Undefined,
        };
        coerce::to_text(&value, &Free)
    }
}

/// Arguments as a filter of the real renderer gets them, and all that counts towards its limit.
fn lowered(name: &str, mut arguments: Arguments) -> Outcome<(Vec<Value>, Vec<Value>)> {
    arguments.refuse_callables()?;
    let names: &[&str] = match name {
        "int" => &["default", "base"],
        "sort" => &["reverse", "case_sensitive", "attribute"],
        _ => {
            if !arguments.keywords.is_empty() {
                arguments.set_keyword("__keywords".into(), Value::Bool(true));
                let keywords = Value::record(std::mem::take(&mut arguments.keywords))?;
                arguments.positional.push(keywords);
            }
            return Ok((arguments.positional.clone(), arguments.positional));
        }
    };
    let scratch =
        [arguments.positional.clone(), arguments.keywords.iter().map(|(_, value)| value.clone()).collect()].concat();
    arguments.positional.truncate(names.len());
    arguments.fill(names.iter().map(|name| Text::from(*name)));
    Ok((arguments.positional, scratch))
}
