//! Checking types and turning a tree into steps, in one walk: what a name means decides what its step is.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue, SelectExpr,
    SourceInfo,
};

use super::declarations::{self, Function, Overload};
use super::environment::{Environment, type_named};
use super::literals;
use super::make::{instantiate, make_step, negated, read_literal, some};
use super::node::{Fold, Node};
use super::parse::Parsed;
use super::types::{Mapping, Type, most_general};
use super::value::Value;

/// A fault and the part of the tree that it is in.
pub(super) struct Fault {
    pub(super) id: u64,
    pub(super) message: String,
}

/// What is found of an expression.
pub(super) struct Checked {
    pub(super) node: Node,
    pub(super) of: Type,
    pub(super) faults: Vec<Fault>,
    /// A constant that cannot be made ready: told only where nothing else is wrong.
    pub(super) unready: Option<Fault>,
}

/// The parser expands a macro that Kubernetes has not.
const NO_MACRO: &str = "existsOne";

/// A variable of a loop.
struct Local<'t> {
    name: &'t str,
    of: Type,
    place: usize,
}

/// A call of `format`: its id, its text and the types of what is put in.
type Format<'t> = (u64, &'t str, Vec<(u64, Type)>);

/// The types of the parts of a list or a map, which must be the same.
struct Alike(Vec<(u64, Type)>);

pub(super) struct Checker<'e, 't> {
    environment: &'e Environment,
    places: &'e SourceInfo,
    mapping: Mapping,
    locals: Vec<Local<'t>>,
    /// Places of loops that are open.
    open: usize,
    alike: Vec<Alike>,
    /// Within the arguments of `format`, where types may be mixed.
    mixed: usize,
    pub(super) faults: Vec<Fault>,
    formats: Vec<Format<'t>>,
    unready: Option<Fault>,
}

type Typed = (Node, Type);

/// Checks a tree.
pub(super) fn check(environment: &Environment, parsed: &Parsed) -> Checked {
    let tree = &parsed.tree;
    let mut checker = Checker {
        environment,
        places: &parsed.places,
        mapping: Mapping::default(),
        locals: Vec::new(),
        open: 0,
        alike: Vec::new(),
        mixed: 0,
        faults: Vec::new(),
        formats: Vec::new(),
        unready: None,
    };
    let (node, of) = checker.check(tree);
    let of = checker.mapping.substitute(&of, true);
    if checker.faults.is_empty() {
        checker.check_alike();
        checker.check_formats();
        checker.check_literals(tree);
    }
    Checked { node, of, faults: checker.faults, unready: checker.unready }
}

/// Stands for what has no value.
fn broken() -> Typed {
    (Node::Constant(Value::Null), Type::Error)
}

impl<'t> Checker<'_, 't> {
    fn fault(&mut self, id: u64, message: impl Into<String>) {
        self.faults.push(Fault { id, message: message.into() });
    }

    fn check(&mut self, tree: &'t IdedExpr) -> Typed {
        match &tree.expr {
            Expr::Literal(literal) => read_literal(literal),
            Expr::Ident(name) => self.ident(tree.id, name),
            Expr::Select(select) => self.select(tree, select),
            Expr::Call(call) => self.call(tree.id, call),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(&map.entries),
            Expr::Comprehension(fold) => self.fold(tree.id, fold),
            Expr::Struct(structure) => {
                self.undeclared(tree.id, &structure.type_name);
                broken()
            }
            Expr::Unspecified => {
                self.fault(tree.id, "it has no value");
                broken()
            }
        }
    }

    fn undeclared(&mut self, id: u64, name: &str) {
        self.fault(id, format!("undeclared reference to '{name}' (in container '')"));
    }

    fn ident(&mut self, id: u64, name: &'t str) -> Typed {
        if let Some(found) = self.resolve(name) {
            return found;
        }
        if name == "variables" && self.environment.composed().is_some() {
            self.fault(id, "variables can only be used one by one, as variables.name");
        } else {
            self.undeclared(id, name);
        }
        broken()
    }

    fn resolve(&self, name: &str) -> Option<Typed> {
        if let Some(local) = self.locals.iter().rev().find(|local| local.name == name) {
            return Some((Node::Local(local.place), local.of.clone()));
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some((number, of)) = self.environment.global(name) {
            return Some((Node::Global(number), of.clone()));
        }
        type_named(name).map(|of| {
            let runtime: std::sync::Arc<str> = match &of {
                Type::List(_) => "list".into(),
                Type::Map(_) => "map".into(),
                Type::Optional(_) => "optional_type".into(),
                other => other.runtime_name().into(),
            };
            (Node::Constant(Value::Type(runtime)), Type::Type(Some(of.into())))
        })
    }

    /// `a.b.c` where that is one name, such as that of a type.
    fn qualified(tree: &'t IdedExpr) -> Option<String> {
        match &tree.expr {
            Expr::Ident(name) => Some(name.clone()),
            Expr::Select(select) if !select.test => {
                Some(format!("{}.{}", Self::qualified(&select.operand)?, select.field))
            }
            _ => None,
        }
    }

    fn composed(&mut self, id: u64, operand: &IdedExpr, field: &str) -> Option<Typed> {
        let composed = self.environment.composed()?;
        let is_variables = matches!(&operand.expr, Expr::Ident(name) if name.trim_start_matches('.') == "variables");
        if !is_variables || self.locals.iter().any(|local| local.name == "variables") {
            return None;
        }
        let found = composed.iter().rposition(|(name, _)| name == field);
        let Some(number) = found else {
            self.fault(id, format!("undefined field '{field}'"));
            return Some(broken());
        };
        composed.get(number).map(|(_, of)| (Node::Variable(number), of.clone()))
    }

    fn select(&mut self, tree: &'t IdedExpr, select: &'t SelectExpr) -> Typed {
        if !select.test
            && let Some(name) = Self::qualified(tree)
            && !self.locals.iter().any(|local| name.starts_with(&format!("{}.", local.name)))
            && let Some(found) = self.resolve(&name)
        {
            return found;
        }
        if let Some((node, of)) = self.composed(tree.id, &select.operand, &select.field) {
            // A declared variable is always there.
            return if select.test { (Node::Constant(Value::Bool(true)), Type::Bool) } else { (node, of) };
        }
        let (operand, of) = self.field(tree.id, &select.operand, &select.field, false);
        let (operand, field) = (Box::new(operand), select.field.as_str().into());
        if select.test {
            (Node::Has { operand, field }, Type::Bool)
        } else {
            (Node::Select { operand, field, optional: false }, self.mapping.substitute(&of, false))
        }
    }

    /// The operand of a selection and the type of what is selected.
    fn field(&mut self, id: u64, operand: &'t IdedExpr, field: &str, optional: bool) -> Typed {
        let (node, of) = self.check(operand);
        let (target, was_optional) = self.mapping.substitute(&of, false).unwrap_optional();
        let result = match &target {
            Type::Map(entry) => entry.1.clone(),
            Type::Named(object) => {
                let found = self.environment.field(object, field).cloned();
                if found.is_none() {
                    self.fault(id, format!("undefined field '{field}'"));
                }
                found.unwrap_or(Type::Error)
            }
            Type::Parameter(_) => {
                self.mapping.assign(&Type::Dyn, &target);
                Type::Dyn
            }
            Type::Dyn | Type::Error => Type::Dyn,
            other => {
                self.fault(id, format!("type '{other}' does not support field selection"));
                Type::Dyn
            }
        };
        (node, if was_optional || optional { Type::optional(result) } else { result })
    }

    fn call(&mut self, id: u64, call: &'t CallExpr) -> Typed {
        if call.func_name == "_?._" {
            return self.optional_select(id, call);
        }
        let is_format = call.func_name == "format";
        self.mixed += usize::from(is_format);
        let mut typed = Vec::with_capacity(call.args.len() + 1);
        if call.func_name == "-_"
            && let [IdedExpr { expr: Expr::Literal(literal), .. }] = call.args.as_slice()
            && let Some(negated) = negated(literal)
        {
            self.mixed -= usize::from(is_format);
            return negated;
        }
        for argument in &call.args {
            typed.push(self.check(argument));
        }
        self.mixed -= usize::from(is_format);
        let Some(target) = &call.target else {
            let name = call.func_name.strip_prefix('.').unwrap_or(&call.func_name);
            let Some(function) = declarations::function(name) else {
                self.undeclared(id, &call.func_name);
                return broken();
            };
            return self.resolved(id, function, false, typed);
        };
        let qualified = Self::qualified(target).map(|prefix| format!("{prefix}.{}", call.func_name));
        if let Some(function) =
            qualified.as_deref().and_then(|name| declarations::function(name.trim_start_matches('.')))
        {
            return self.resolved(id, function, false, typed);
        }
        if is_format {
            self.note_format(id, call, target, &typed);
        }
        self.mixed += usize::from(is_format);
        typed.insert(0, self.check(target));
        self.mixed -= usize::from(is_format);
        let Some(function) = declarations::function(&call.func_name) else {
            self.undeclared(id, &call.func_name);
            return broken();
        };
        self.resolved(id, function, true, typed)
    }

    fn optional_select(&mut self, id: u64, call: &'t CallExpr) -> Typed {
        let [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(field)), .. }] = call.args.as_slice() else {
            self.fault(id, "unsupported optional field selection");
            return broken();
        };
        if let Some((node, of)) = self.composed(id, operand, field.inner()) {
            return (
                Node::OptionalOr(Box::new(some(node)), Box::new(Node::Constant(Value::Optional(None)))),
                Type::optional(of),
            );
        }
        let (operand, of) = self.field(id, operand, field.inner(), true);
        let node = Node::Select { operand: Box::new(operand), field: field.inner().into(), optional: true };
        (node, self.mapping.substitute(&of, false))
    }

    fn resolved(&mut self, id: u64, function: &'static Function, member: bool, parts: Vec<Typed>) -> Typed {
        let (steps, types): (Vec<Node>, Vec<Type>) = parts.into_iter().unzip();
        let Some((of, known)) = self.overload(id, function, member, &types) else { return broken() };
        match make_step(function, known, steps) {
            Ok(node) => (node, of),
            Err(fault) => {
                self.unready.get_or_insert(Fault { id, message: fault });
                (Node::Constant(Value::Null), of)
            }
        }
    }

    /// The type of a call, and the overload if there is but one.
    fn overload(
        &mut self,
        id: u64,
        function: &'static Function,
        member: bool,
        types: &[Type],
    ) -> Option<(Type, Option<&'static Overload>)> {
        let (mut of, mut fitting) = (None, Vec::new());
        for overload in function.overloads.iter().filter(|overload| overload.member == member) {
            let fresh: Vec<Type> = (0..overload.open).map(|_| self.mapping.fresh()).collect();
            let parameters: Vec<Type> = overload.parameters.iter().map(|of| instantiate(of, &fresh)).collect();
            if !self.mapping.assign_all(types, &parameters) {
                continue;
            }
            fitting.push(overload);
            let result = self.mapping.substitute(&instantiate(&overload.result, &fresh), false);
            of = Some(match of {
                None => result,
                Some(of) if of == Type::Dyn || of == result => of,
                Some(_) => Type::Dyn,
            });
        }
        if of.is_none() {
            let shown: Vec<String> = types.iter().map(|of| self.mapping.substitute(of, true).to_string()).collect();
            let (target, arguments) = if member { shown.split_at(1) } else { shown.split_at(0) };
            let target = target.first().map(|target| format!("{target}.")).unwrap_or_default();
            let signature = format!("{target}({})", arguments.join(", "));
            let name = function.name;
            self.fault(id, format!("found no matching overload for '{name}' applied to '{signature}'"));
        }
        Some((of?, if let [only] = fitting.as_slice() { Some(*only) } else { None }))
    }

    fn list(&mut self, list: &'t ListExpr) -> Typed {
        let (mut nodes, mut parts) = (Vec::new(), Vec::new());
        let mut element: Option<Type> = None;
        for (index, item) in list.elements.iter().enumerate() {
            let (node, of) = self.check(item);
            let optional = list.optional_indices.contains(&index);
            let of = if optional { self.optional_entry(item.id, &of) } else { of };
            parts.push((item.id, of.clone()));
            element = Some(self.join(element, of));
            nodes.push((node, optional));
        }
        self.note_alike(parts);
        let element = element.unwrap_or_else(|| self.mapping.fresh());
        let constants: Option<Vec<Value<'static>>> =
            nodes.iter().map(|(node, optional)| node.constant().filter(|_| !optional)).collect();
        let node = constants.map_or(Node::List(nodes), |constants| Node::Constant(Value::list(constants)));
        (node, Type::list(element))
    }

    fn map(&mut self, entries: &'t [IdedEntryExpr]) -> Typed {
        let (mut nodes, mut key_parts, mut value_parts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut key_type, mut value_type): (Option<Type>, Option<Type>) = (None, None);
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let (key, of) = self.check(&entry.key);
            key_parts.push((entry.key.id, of.clone()));
            key_type = Some(self.join(key_type, of));
            let (value, of) = self.check(&entry.value);
            let of = if entry.optional { self.optional_entry(entry.value.id, &of) } else { of };
            value_parts.push((entry.value.id, of.clone()));
            value_type = Some(self.join(value_type, of));
            nodes.push((key, value, entry.optional));
        }
        self.note_alike(key_parts);
        self.note_alike(value_parts);
        let key_type = key_type.unwrap_or_else(|| self.mapping.fresh());
        let value_type = value_type.unwrap_or_else(|| self.mapping.fresh());
        (literals::map(nodes), Type::map(key_type, value_type))
    }

    fn optional_entry(&mut self, id: u64, of: &Type) -> Type {
        let (inner, is_optional) = of.unwrap_optional();
        if !is_optional && !inner.is_dyn() {
            self.fault(id, format!("expected type '{}' but found '{inner}'", Type::optional(inner.clone())));
        }
        inner
    }

    fn join(&mut self, before: Option<Type>, of: Type) -> Type {
        let Some(before) = before else { return of };
        if self.mapping.assign(&before, &of) { most_general(&before, &of) } else { Type::Dyn }
    }

    fn note_alike(&mut self, parts: Vec<(u64, Type)>) {
        if self.mixed == 0 && parts.len() > 1 {
            self.alike.push(Alike(parts));
        }
    }

    fn fold(&mut self, id: u64, fold: &'t ComprehensionExpr) -> Typed {
        let (range, range_type) = self.check(&fold.iter_range);
        let (init, gathered) = self.check(&fold.accu_init);
        if fold.iter_var2.is_none() && self.is_written(id, NO_MACRO) {
            self.undeclared(id, NO_MACRO);
        }
        let range_type = self.mapping.substitute(&range_type, false);
        let two = fold.iter_var2.is_some();
        let (first, second) = match &range_type {
            Type::List(element) if two => (Type::Int, (**element).clone()),
            Type::List(element) => ((**element).clone(), Type::Dyn),
            Type::Map(entry) => (entry.0.clone(), entry.1.clone()),
            Type::Dyn | Type::Error | Type::Parameter(_) => {
                self.mapping.assign(&Type::Dyn, &range_type);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.fault(fold.iter_range.id, message);
                (Type::Error, Type::Error)
            }
        };
        let place = self.open;
        self.open += 3;
        let outer = self.locals.len();
        self.locals.push(Local { name: &fold.accu_var, of: gathered.clone(), place });
        self.locals.push(Local { name: &fold.iter_var, of: first, place: place + 1 });
        if let Some(name) = &fold.iter_var2 {
            self.locals.push(Local { name, of: second, place: place + 2 });
        }
        let condition = self.check_as(&fold.loop_cond, &Type::Bool);
        let step = self.check_as(&fold.loop_step, &gathered);
        self.locals.truncate(outer + 1);
        let (result, of) = self.check(&fold.result);
        self.locals.truncate(outer);
        self.open = place;
        let step = if two || fold.accu_var == super::parse::GATHERED { literals::appending(step, place) } else { step };
        let node = Fold { range, init, place, two, condition, step, result };
        (Node::Fold(Box::new(node)), self.mapping.substitute(&of, false))
    }

    /// True if the part stands right behind this word.
    fn is_written(&self, id: u64, word: &str) -> bool {
        let start = self.places.offset_for(id).map_or(0, |(start, _)| start as usize);
        let before: Vec<char> = self.places.source.chars().take(start).collect();
        before.iter().rev().zip(word.chars().rev()).filter(|(one, other)| **one == *other).count() == word.len()
    }

    fn check_as(&mut self, tree: &'t IdedExpr, wanted: &Type) -> Node {
        let (node, of) = self.check(tree);
        if !self.mapping.assign(wanted, &of) {
            self.fault(tree.id, format!("expected type '{wanted}' but found '{of}'"));
        }
        node
    }

    /// Notes a call of `format` of which text and arguments can be compared.
    fn note_format(&mut self, id: u64, call: &'t CallExpr, target: &'t IdedExpr, typed: &[Typed]) {
        let Expr::Literal(LiteralValue::String(text)) = &target.expr else { return };
        let ([IdedExpr { expr: Expr::List(list), .. }], [_]) = (call.args.as_slice(), typed) else { return };
        let before = self.faults.len();
        let parts = list.elements.iter().map(|item| (item.id, self.check(item).1)).collect();
        self.faults.truncate(before);
        self.formats.push((id, text.inner(), parts));
    }

    fn check_alike(&mut self) {
        for Alike(parts) in std::mem::take(&mut self.alike) {
            let types: Vec<(u64, Type)> =
                parts.into_iter().map(|(id, of)| (id, self.mapping.substitute(&of, true))).collect();
            let Some((_, first)) = types.first() else { continue };
            if let Some((id, other)) = types.iter().find(|(_, of)| of != first) {
                self.fault(*id, format!("expected type '{first}' but found '{other}'"));
            }
        }
    }

    fn check_formats(&mut self) {
        for (id, text, parts) in std::mem::take(&mut self.formats) {
            let types = parts.into_iter().map(|(id, of)| (id, self.mapping.substitute(&of, true))).collect::<Vec<_>>();
            if let Err((at, message)) = literals::check_format(text, &types) {
                self.fault(at.unwrap_or(id), message);
            }
        }
    }

    /// Patterns, spans and points of time that are constants must be what they are used as.
    fn check_literals(&mut self, tree: &'t IdedExpr) {
        let mut waiting = vec![tree];
        while let Some(part) = waiting.pop() {
            if let Expr::Call(call) = &part.expr
                && let Some(IdedExpr { id, expr: Expr::Literal(literal) }) = call.args.first()
                && !literals::fits(&call.func_name, literal)
            {
                self.fault(*id, format!("invalid {} argument", call.func_name));
            }
            waiting.extend(literals::below(part));
        }
    }
}
