//! Names to what they mean: rules and imports to paths below `data`, declared variables to names of their own.
//!
//! After this pass a variable has one name throughout its rule, and `some` and `:=` need no thought any more.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{Action, Body, Every, Expr, Import, Kind, Makes, Name, Place, Rule, Term, Tree, With};
use crate::lexer::Fault;
use crate::value::Value;

/// The names of the rules of each package.
pub(crate) type Packages = BTreeMap<Vec<Name>, BTreeSet<Name>>;

/// Resolves all rules of a module in place.
pub(crate) fn resolve(tree: &mut Tree, packages: &Packages) -> Vec<Fault> {
    let mut faults = Vec::new();
    let imports = imports(tree, packages, &mut faults);
    let none = BTreeSet::new();
    let globals = packages.get(&tree.package).unwrap_or(&none);
    for rule in &mut tree.rules {
        let mut scopes = Scopes {
            package: &tree.package,
            globals,
            imports: &imports,
            open: vec![Scope::default()],
            fresh: 0,
            faults: &mut faults,
        };
        scopes.rule(rule);
    }
    faults
}

fn imports(tree: &Tree, packages: &Packages, faults: &mut Vec<Fault>) -> BTreeMap<Name, Vec<Name>> {
    let mut found = BTreeMap::new();
    let own = packages.get(&tree.package);
    for Import { place, path, alias } in &tree.imports {
        let Some(name) = alias.clone().or_else(|| path.last().cloned()) else { continue };
        if path.len() == 1 && alias.is_none() {
            continue;
        }
        let before = found.insert(Name::clone(&name), path.clone());
        if tree.v1 && before.is_some() {
            faults.push(Fault::new(*place, format!("import must not shadow import {}", path.join("."))));
        }
        if own.is_some_and(|names| names.contains(&name)) {
            faults.push(Fault::new(*place, format!("rule {name} conflicts with import {}", path.join("."))));
        }
    }
    found
}

#[derive(Default)]
struct Scope {
    declared: BTreeMap<Name, Name>,
    /// Names read before they were declared here.
    seen: BTreeSet<Name>,
}

struct Scopes<'a> {
    package: &'a [Name],
    globals: &'a BTreeSet<Name>,
    imports: &'a BTreeMap<Name, Vec<Name>>,
    open: Vec<Scope>,
    fresh: usize,
    faults: &'a mut Vec<Fault>,
}

impl Scopes<'_> {
    fn rule(&mut self, rule: &mut Rule) {
        for argument in rule.arguments.iter_mut().flatten() {
            self.declare_pattern(argument);
        }
        self.open.push(Scope::default());
        self.body(&mut rule.body);
        for element in rule.path.iter_mut().skip(1) {
            self.term(element);
        }
        match &mut rule.makes {
            Makes::Value(term) | Makes::Element(term) => self.term(term),
        }
        self.open.pop();
        for branch in &mut rule.chain {
            self.open.push(Scope::default());
            self.body(&mut branch.body);
            self.term(&mut branch.value);
            self.open.pop();
        }
    }

    fn declare(&mut self, name: &mut Name, place: Place) {
        if name.starts_with('$') {
            return;
        }
        self.fresh += 1;
        let unique: Name = format!("{name}@{}", self.fresh).into();
        let Some(scope) = self.open.last_mut() else { return };
        if scope.seen.contains(name) {
            self.faults.push(Fault::new(place, format!("var {name} referenced above")));
        }
        if scope.declared.insert(Name::clone(name), Name::clone(&unique)).is_some() {
            self.faults.push(Fault::new(place, format!("var {name} declared above")));
        }
        *name = unique;
    }

    /// Declares each variable of a pattern; what is no variable is read.
    fn declare_pattern(&mut self, term: &mut Term) {
        let place = term.place;
        match &mut term.kind {
            Kind::Var(name) => {
                let known = self.open.last().and_then(|scope| scope.declared.get(name)).cloned();
                match known {
                    // The same variable twice in one pattern is a comparison.
                    Some(unique) if self.open.len() == 1 => *name = unique,
                    _ => self.declare(name, place),
                }
            }
            Kind::Array(items) => items.iter_mut().for_each(|item| self.declare_pattern(item)),
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key);
                    self.declare_pattern(value);
                }
            }
            _ => self.term(term),
        }
    }

    fn body(&mut self, body: &mut Body) {
        for expr in body.iter_mut() {
            self.expr(expr);
        }
        body.retain(|expr| !matches!(expr.action, Action::Some(_)));
    }

    fn expr(&mut self, expr: &mut Expr) {
        for With { target, value, .. } in &mut expr.with {
            self.term(value);
            self.path(target);
        }
        match &mut expr.action {
            Action::Term(term) => self.term(term),
            Action::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            Action::Assign(left, right) => {
                self.term(right);
                self.declare_pattern(left);
            }
            Action::Some(names) => {
                for (name, place) in names {
                    self.declare(name, *place);
                }
            }
            Action::SomeIn(key, value, domain) => {
                self.term(domain);
                if let Some(key) = key {
                    self.declare_pattern(key);
                }
                self.declare_pattern(value);
            }
            Action::Every(every) => self.every(every),
            Action::Call(name, arguments, _) => {
                self.path(name);
                for argument in arguments.iter_mut() {
                    self.term(argument);
                }
            }
        }
    }

    fn every(&mut self, every: &mut Every) {
        self.term(&mut every.domain);
        self.open.push(Scope::default());
        if let Some(key) = &mut every.key {
            self.declare_pattern(key);
        }
        self.declare_pattern(&mut every.value);
        self.open.push(Scope::default());
        self.body(&mut every.body);
        self.open.pop();
        self.open.pop();
    }

    /// What a name that begins a path stands for.
    fn global(&self, name: &Name) -> Option<Vec<Name>> {
        if let Some(path) = self.imports.get(name) {
            return Some(path.clone());
        }
        self.globals.contains(name).then(|| {
            let mut path = vec![Name::from("data")];
            path.extend(self.package.iter().cloned());
            path.push(Name::clone(name));
            path
        })
    }

    fn declared(&self, name: &Name) -> Option<&Name> {
        self.open.iter().rev().find_map(|scope| scope.declared.get(name))
    }

    /// The full name of a function, or of what `with` replaces.
    fn path(&self, path: &mut Vec<Name>) {
        let Some(first) = path.first() else { return };
        if self.declared(first).is_none()
            && let Some(mut full) = self.global(first)
        {
            full.extend(path.drain(1..));
            *path = full;
        }
    }

    fn term(&mut self, term: &mut Term) {
        let place = term.place;
        match &mut term.kind {
            Kind::Scalar(_) => {}
            Kind::Var(name) => {
                if let Some(path) = self.variable(name) {
                    term.kind = Kind::Ref(reference(place, &path));
                }
            }
            Kind::Ref(path) => {
                let mut elements = std::mem::take(path);
                for element in &mut elements {
                    self.term(element);
                }
                // A name that stands for a path, in front of a path.
                if let Some(Term { kind: Kind::Ref(front), .. }) = elements.first() {
                    let mut whole = front.clone();
                    whole.extend(elements.drain(1..));
                    elements = whole;
                }
                *path = elements;
            }
            Kind::Call(name, arguments) => {
                self.path(name);
                for argument in arguments.iter_mut() {
                    self.term(argument);
                }
            }
            Kind::Array(items) | Kind::Set(items) | Kind::Template(items) => {
                for item in items.iter_mut() {
                    self.term(item);
                }
            }
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key);
                    self.term(value);
                }
            }
            Kind::ArrayOf(head, body) | Kind::SetOf(head, body) => self.closure(body, &mut [head]),
            Kind::ObjectOf(key, value, body) => self.closure(body, &mut [key, value]),
        }
    }

    /// Gives a variable its name in this rule; the path, where it stands for one.
    fn variable(&mut self, name: &mut Name) -> Option<Vec<Name>> {
        if let Some(unique) = self.declared(name) {
            *name = Name::clone(unique);
            return None;
        }
        if matches!(&**name, "input" | "data") {
            return Some(vec![Name::clone(name)]);
        }
        if let Some(path) = self.global(name) {
            return Some(path);
        }
        if let Some(scope) = self.open.last_mut() {
            scope.seen.insert(Name::clone(name));
        }
        None
    }

    fn closure(&mut self, body: &mut Body, heads: &mut [&mut Box<Term>]) {
        self.open.push(Scope::default());
        self.body(body);
        for head in heads.iter_mut() {
            self.term(head);
        }
        self.open.pop();
    }
}

/// A path of names as a reference.
pub(crate) fn reference(place: Place, path: &[Name]) -> Vec<Term> {
    let element = |(index, name): (usize, &Name)| {
        if index == 0 { Term::var(place, name) } else { Term::scalar(place, Value::String(Name::clone(name))) }
    };
    path.iter().enumerate().map(element).collect()
}
