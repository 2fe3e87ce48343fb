//! Bodies to a form in which each expression does one thing, as OPA's compiler does it.
//!
//! Calls inside of terms become expressions of their own in front of the one that needs them, and so does the head of a
//! rule or comprehension. What is undefined then stops the body where OPA stops it, and not inside of a `not`.

use crate::ast::{Action, Body, Expr, Kind, Makes, Name, Place, Rule, Term};
use crate::check::path_of;
use crate::value::Value;

/// Makes names for the variables it adds. They begin with `$`, which no written name does.
pub(crate) struct Flattener<F> {
    fresh: usize,
    arity: F,
}

impl<F: Fn(&[Name]) -> Option<usize>> Flattener<F> {
    pub(crate) fn new(arity: F) -> Self {
        Self { fresh: 0, arity }
    }

    fn variable(&mut self, place: Place) -> Term {
        self.fresh += 1;
        Term::var(place, &Name::from(format!("$t{}", self.fresh)))
    }

    /// Flattens a rule: its bodies, and its heads into them.
    pub(crate) fn rule(&mut self, rule: &mut Rule) {
        self.body(&mut rule.body);
        let mut heads = Vec::new();
        for element in rule.path.iter_mut().skip(1) {
            self.head(element, &mut heads);
        }
        match &mut rule.makes {
            Makes::Value(term) | Makes::Element(term) => self.head(term, &mut heads),
        }
        rule.body.extend(heads);
        for branch in &mut rule.chain {
            self.body(&mut branch.body);
            let mut heads = Vec::new();
            self.head(&mut branch.value, &mut heads);
            branch.body.extend(heads);
        }
    }

    /// Moves what a head computes into the body.
    fn head(&mut self, term: &mut Term, body: &mut Body) {
        self.term(term, body);
        self.hoist_needing(term, body);
    }

    /// Moves references and comprehensions, also those inside of collections, into the body.
    fn hoist_needing(&mut self, term: &mut Term, body: &mut Body) {
        let place = term.place;
        match &mut term.kind {
            Kind::Scalar(_) | Kind::Var(_) | Kind::Call(..) => {}
            Kind::Array(items) => items.iter_mut().for_each(|item| self.hoist_needing(item, body)),
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.hoist_needing(key, body);
                    self.hoist_needing(value, body);
                }
            }
            Kind::Ref(path) => {
                path.iter_mut().skip(1).for_each(|element| self.hoist_needing(element, body));
                self.replace(term, place, body);
            }
            Kind::Set(items) => {
                for item in items.iter_mut() {
                    self.hoist_needing(item, body);
                }
            }
            Kind::ArrayOf(..) | Kind::SetOf(..) | Kind::ObjectOf(..) | Kind::Template(_) => {
                self.replace(term, place, body);
            }
        }
    }

    /// `$t = term` in the body, `$t` in its place.
    fn replace(&mut self, term: &mut Term, place: Place, body: &mut Body) {
        let variable = self.variable(place);
        let moved = std::mem::replace(term, variable.clone());
        body.push(Expr::new(place, Action::Unify(variable, moved)));
    }

    pub(crate) fn body(&mut self, body: &mut Body) {
        let mut flat = Vec::with_capacity(body.len());
        for expr in std::mem::take(body) {
            self.expr(expr, &mut flat);
        }
        *body = flat;
    }

    fn expr(&mut self, mut expr: Expr, out: &mut Body) {
        let place = expr.place;
        for with in &mut expr.with {
            let path = path_of(&with.value).filter(|path| (self.arity)(path).is_some());
            if let Some(path) = path.filter(|_| (self.arity)(&with.target).is_some()) {
                with.value = Term::scalar(place, Value::Null);
                with.function = Some(path);
                continue;
            }
            self.term(&mut with.value, out);
            self.hoist_needing(&mut with.value, out);
        }
        let mut extra = Vec::new();
        match &mut expr.action {
            Action::Term(term) => self.term(term, &mut extra),
            Action::Assign(left, right) | Action::Unify(left, right) => {
                self.term(left, &mut extra);
                self.term(right, &mut extra);
            }
            Action::Call(name, arguments, out) => {
                // One argument more than a function takes is where its result goes.
                if (self.arity)(name).is_some_and(|arity| arguments.len() > arity) {
                    *out = arguments.pop();
                }
                arguments.iter_mut().chain(out).for_each(|argument| self.term(argument, &mut extra));
            }
            Action::Every(every) => {
                self.term(&mut every.domain, &mut extra);
                self.body(&mut every.body);
            }
            Action::Some(_) => return,
            Action::SomeIn(key, value, domain) => {
                let (key, value) = (key.take(), value.clone());
                let domain = std::mem::replace(domain, value.clone());
                expr.action = self.some_in(place, (key, value), domain, &mut extra);
            }
        }
        for mut found in extra {
            found.with.clone_from(&expr.with);
            out.push(found);
        }
        out.push(expr);
    }

    /// `some key, value in domain` is `domain[key] = value`.
    fn some_in(
        &mut self,
        place: Place,
        (key, mut value): (Option<Term>, Term),
        mut domain: Term,
        extra: &mut Body,
    ) -> Action {
        self.term(&mut domain, extra);
        let mut key = key.unwrap_or_else(|| self.variable(place));
        self.term(&mut key, extra);
        self.term(&mut value, extra);
        if !matches!(domain.kind, Kind::Var(_) | Kind::Ref(_)) {
            self.replace(&mut domain, place, extra);
        }
        let mut path = match domain.kind {
            Kind::Ref(path) => path,
            kind => vec![Term::new(place, kind)],
        };
        path.push(key);
        Action::Unify(Term::new(place, Kind::Ref(path)), value)
    }

    /// Takes calls out of a term, into expressions in front.
    fn term(&mut self, term: &mut Term, out: &mut Body) {
        let place = term.place;
        match &mut term.kind {
            Kind::Scalar(_) | Kind::Var(_) => {}
            Kind::Call(name, arguments) => {
                for argument in arguments.iter_mut() {
                    self.term(argument, out);
                }
                let variable = self.variable(place);
                let call = Action::Call(std::mem::take(name), std::mem::take(arguments), Some(variable.clone()));
                out.push(Expr::new(place, call));
                *term = variable;
            }
            Kind::Ref(path) => {
                for element in path.iter_mut() {
                    self.term(element, out);
                }
                if let Some(head) = path.first_mut().filter(|head| !matches!(head.kind, Kind::Var(_))) {
                    self.replace(head, place, out);
                }
            }
            Kind::Array(items) | Kind::Set(items) | Kind::Template(items) => {
                for item in items {
                    self.term(item, out);
                }
            }
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key, out);
                    self.term(value, out);
                }
            }
            Kind::ArrayOf(head, body) | Kind::SetOf(head, body) => {
                self.body(body);
                self.head(head, body);
            }
            Kind::ObjectOf(key, value, body) => {
                self.body(body);
                self.head(key, body);
                self.head(value, body);
            }
        }
    }

    /// Moves references and comprehensions that an expression uses in front of it, out of reach of its `not`. This comes
    /// after the expressions were put in order.
    pub(crate) fn dynamics(&mut self, body: &mut Body) {
        let mut flat = Vec::with_capacity(body.len());
        for mut expr in std::mem::take(body) {
            let mut extra = Vec::new();
            match &mut expr.action {
                Action::Assign(left, right) | Action::Unify(left, right) => {
                    self.inside(left, &mut extra);
                    self.inside(right, &mut extra);
                }
                Action::Call(name, arguments, None)
                    if name.len() == 1 && &*name[0] == "equal" && arguments.len() == 2 =>
                {
                    for argument in arguments.iter_mut() {
                        self.inside(argument, &mut extra);
                    }
                    let (right, left) = (arguments.pop(), arguments.pop());
                    if let (Some(left), Some(right)) = (left, right) {
                        expr.action = Action::Unify(left, right);
                    }
                }
                Action::Call(_, arguments, out) => {
                    arguments.iter_mut().chain(out).for_each(|argument| self.one(argument, &mut extra));
                }
                Action::Every(every) => {
                    self.one(&mut every.domain, &mut extra);
                    self.dynamics(&mut every.body);
                }
                Action::Term(term) => self.inside(term, &mut extra),
                Action::Some(_) | Action::SomeIn(..) => {}
            }
            for mut found in extra {
                found.with.clone_from(&expr.with);
                flat.push(found);
            }
            flat.push(expr);
        }
        *body = flat;
    }

    /// A term on its own side of an equality: only what it contains moves.
    fn inside(&mut self, term: &mut Term, out: &mut Body) {
        match &mut term.kind {
            Kind::Ref(path) => path.iter_mut().skip(1).for_each(|element| self.one(element, out)),
            Kind::ArrayOf(_, body) | Kind::SetOf(_, body) | Kind::ObjectOf(_, _, body) => self.dynamics(body),
            Kind::Template(items) => items.iter_mut().for_each(|item| self.inside(item, out)),
            _ => self.one(term, out),
        }
    }

    fn one(&mut self, term: &mut Term, out: &mut Body) {
        let place = term.place;
        match &mut term.kind {
            Kind::Scalar(_) | Kind::Var(_) | Kind::Call(..) => {}
            Kind::Ref(path) => {
                path.iter_mut().skip(1).for_each(|element| self.one(element, out));
                self.replace(term, place, out);
            }
            Kind::Array(items) | Kind::Set(items) => items.iter_mut().for_each(|item| self.one(item, out)),
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.one(key, out);
                    self.one(value, out);
                }
            }
            Kind::ArrayOf(_, body) | Kind::SetOf(_, body) | Kind::ObjectOf(_, _, body) => {
                self.dynamics(body);
                self.replace(term, place, out);
            }
            Kind::Template(items) => {
                for item in items.iter_mut() {
                    self.inside(item, out);
                }
                self.replace(term, place, out);
            }
        }
    }
}
