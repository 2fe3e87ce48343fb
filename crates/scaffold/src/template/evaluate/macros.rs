//! Macros and the bodies of call blocks.

use std::rc::Rc;

use super::call::Arguments;
use super::scope::{Frame, Scope};
use super::{Context, Evaluator};
use crate::template::coerce;
use crate::template::error::{Failure, Outcome};
use crate::template::syntax::{Id, Kind};
use crate::template::text::Text;
use crate::template::value::{CallableKind, Value};

/// One declared macro, or the body of one call block.
pub(super) struct Macro {
    node: Id,
    frame: usize,
    scope: Rc<Scope>,
    /// The slots around it, which only the body of a call block sees.
    around: Option<Rc<Frame>>,
    invocation: Rc<Scope>,
}

impl Evaluator<'_> {
    pub(super) fn new_macro(
        &self,
        node: Id,
        frame: usize,
        scope: &Rc<Scope>,
        around: Option<Rc<Frame>>,
        invocation: &Rc<Scope>,
        kind: CallableKind,
    ) -> Value {
        let id = self.new_id();
        let definition = Macro { node, frame, scope: Rc::clone(scope), around, invocation: Rc::clone(invocation) };
        self.macros.borrow_mut().insert(id, Rc::new(definition));
        Value::callable(kind, id)
    }

    pub(super) fn call_block(
        &self,
        call: Id,
        caller: Id,
        scope: &Rc<Scope>,
        context: &Context,
        output: &mut Vec<u16>,
        depth: usize,
    ) -> Outcome<()> {
        let Kind::Call { function, arguments } = self.tree.kind(call)? else {
            return Err(Failure::new("Invalid call block"));
        };
        let target = match self.expression(*function, scope, context, depth + 1)? {
            Value::Callable(target) if target.kind == CallableKind::Macro => target.id,
            _ => return Err(Failure::new("Call blocks can target only template macros")),
        };
        let mut arguments = self.arguments(*arguments, scope, context, depth + 1)?;
        let frame = self.plan.callable(context.scope_plan, caller)?;
        let around = Some(Rc::clone(&context.frame));
        let handle = self.new_macro(caller, frame, scope, around, &context.invocation, CallableKind::Caller);
        arguments.set_keyword("caller".into(), handle);
        let value = self.invoke_macro(target, arguments, depth + 1)?;
        let text = coerce::render(&value, self)?;
        self.append(output, text.units())
    }

    pub(super) fn invoke_macro(&self, id: usize, arguments: Arguments, depth: usize) -> Outcome<Value> {
        let definition = self.macros.borrow().get(&id).cloned();
        let definition = definition.ok_or_else(|| Failure::new("Unknown template macro"))?;
        let (is_caller, parameters, body) = match self.tree.kind(definition.node)? {
            Kind::Macro { arguments, body, .. } => (false, *arguments, *body),
            Kind::Caller { arguments, body } => (true, *arguments, *body),
            _ => return Err(Failure::new("Invalid macro arguments")),
        };
        let local = definition.scope.child(true);
        let frame = self.plan.frame(definition.frame)?;
        let context = Context {
            frame: Frame::new(&frame.slots, definition.around.clone()),
            scope_plan: frame.scope,
            invocation: Rc::clone(&definition.invocation),
            exports_macros: !is_caller,
            exports_assignments: false,
        };
        let arguments = self.normalized(parameters, arguments)?;
        let declares_caller = self.bind_parameters(parameters, &arguments, &local, &context, depth)?;
        if !declares_caller && let Some(caller) = arguments.keyword("caller") {
            local.set(&"caller".into(), caller);
        }
        self.capture(body, &local, &context, depth + 1).map(|text| Value::Safe(Rc::new(text)))
    }

    /// Gives parameters their values; true where one of them is `caller`.
    fn bind_parameters(
        &self,
        parameters: Id,
        normalized: &Arguments,
        local: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<bool> {
        let mut declares_caller = false;
        let mut positional = normalized.positional.iter();
        for parameter in self.tree.list(parameters) {
            let Kind::KeywordArgs(pairs) = self.tree.kind(*parameter)? else {
                declares_caller |= self.tree.symbol(*parameter).is_some_and(|name| name.is("caller"));
                let value = positional.next().cloned().unwrap_or(Value::Undefined);
                self.bind(*parameter, &value, local, context)?;
                continue;
            };
            for pair in pairs {
                let Kind::Pair { key, value } = self.tree.kind(*pair)? else { continue };
                let Some(name) = self.tree.symbol(*key) else { continue };
                declares_caller |= name.is("caller");
                let value = match normalized.keyword_text(name) {
                    Some(value) => value,
                    None => self.expression(*value, local, context, depth + 1)?,
                };
                self.bind(*key, &value, local, context)?;
            }
        }
        Ok(declares_caller)
    }

    /// Arguments as the parameters want them: too many fill those with defaults, too few are taken by name.
    fn normalized(&self, parameters: Id, mut arguments: Arguments) -> Outcome<Arguments> {
        let (mut positional, mut defaults): (Vec<&Text>, Vec<&Text>) = (Vec::new(), Vec::new());
        for parameter in self.tree.list(parameters) {
            match self.tree.kind(*parameter)? {
                Kind::Symbol(name) => positional.push(name),
                Kind::KeywordArgs(pairs) => {
                    let keys = pairs.iter().filter_map(|pair| match self.tree.kind(*pair) {
                        Ok(Kind::Pair { key, .. }) => self.tree.symbol(*key),
                        _ => None,
                    });
                    defaults.extend(keys);
                }
                _ => {}
            }
        }
        if arguments.positional.len() > positional.len() {
            let surplus = arguments.positional.split_off(positional.len());
            for (name, value) in defaults.into_iter().zip(surplus) {
                arguments.set_keyword(name.clone(), value);
            }
        } else {
            arguments.fill(positional.into_iter().cloned());
        }
        Ok(arguments)
    }
}
