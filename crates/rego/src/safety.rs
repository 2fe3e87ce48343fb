//! Puts the expressions of a body in an order in which each variable has a value before it is needed, and says which
//! have none in any order.

use crate::ast::{Action, Body, Expr, Kind, Name, Place, Term};
use crate::lexer::Fault;
use crate::variables::{Look, Names, of_body, of_expr, of_term};
use crate::visit::{self, Seen};

/// Orders a body and the closures in it. `safe` are variables that have a value already.
pub(crate) fn order(body: &mut Body, safe: &Names, faults: &mut Vec<Fault>) {
    let ordered = Ordering::new(std::mem::take(body), safe).run(faults);
    let mut known = safe.clone();
    *body = ordered;
    for expr in body.iter_mut() {
        // Without a closure in it there is nothing to order, and nothing to copy for it.
        if has_closure(expr) {
            closures(expr, &known, faults);
        }
        of_expr(expr, Look::OutsideClosures, &mut known);
    }
}

struct Ordering {
    waiting: Vec<(Expr, Names)>,
    body_names: Names,
    globals: Names,
    safe: Names,
    done: Vec<Expr>,
}

impl Ordering {
    fn new(body: Body, globals: &Names) -> Self {
        let mut body_names = Names::new();
        of_body(&body, Look::OutsideClosures, &mut body_names);
        let waiting = body.into_iter().map(|expr| {
            let mut names = Names::new();
            of_expr(&expr, Look::OutsideClosures, &mut names);
            let needed = names.difference(globals).cloned().collect();
            (expr, needed)
        });
        Self { waiting: waiting.collect(), body_names, safe: globals.clone(), globals: globals.clone(), done: vec![] }
    }

    fn run(mut self, faults: &mut Vec<Fault>) -> Body {
        loop {
            let before = self.waiting.len();
            let mut left = Vec::new();
            for (expr, mut needed) in std::mem::take(&mut self.waiting) {
                if self.takes(&expr, &mut needed) {
                    self.done.push(expr);
                } else {
                    left.push((expr, needed));
                }
            }
            self.waiting = left;
            if self.waiting.is_empty() {
                return self.done;
            }
            if self.waiting.len() == before {
                break;
            }
        }
        let mut told = Names::new();
        for (expr, needed) in &self.waiting {
            let written = needed.iter().filter(|name| !name.starts_with('$')).cloned().collect::<Vec<_>>();
            for name in written {
                if told.insert(Name::clone(&name)) {
                    faults.push(unsafe_variable(expr.place, &name));
                }
            }
        }
        if told.is_empty()
            && let Some((expr, _)) = self.waiting.first()
        {
            faults.push(Fault::new(expr.place, "expression is unsafe"));
        }
        self.done
    }

    /// Whether an expression can come now; what it gives values to is safe from then on.
    fn takes(&mut self, expr: &Expr, needed: &mut Names) -> bool {
        let outputs = outputs(expr, &self.safe);
        let mut closed = Names::new();
        of_expr(expr, Look::OnlyClosures, &mut closed);
        let missing: Names = closed
            .into_iter()
            .filter(|name| self.body_names.contains(name) && !self.globals.contains(name) && !self.safe.contains(name))
            .collect();
        if !missing.is_empty() {
            if missing == outputs {
                return false;
            }
            needed.extend(missing);
        }
        needed.retain(|name| !outputs.contains(name) && !self.safe.contains(name));
        let ready = needed.is_empty();
        if ready {
            self.safe.extend(outputs);
        }
        ready
    }
}

fn unsafe_variable(place: Place, name: &str) -> Fault {
    let shown = name.split('@').next().unwrap_or(name);
    Fault::new(place, format!("var {shown} is unsafe"))
}

/// The variables that an expression gives values to, once `safe` have theirs.
fn outputs(expr: &Expr, safe: &Names) -> Names {
    let mut outputs = Names::new();
    if expr.negated {
        return outputs;
    }
    let mut with = Names::new();
    for with_value in &expr.with {
        of_term(&with_value.value, Look::OutsideClosures, &mut with);
    }
    if !with.is_subset(safe) {
        return outputs;
    }
    match &expr.action {
        Action::Term(term) => of_references(term, safe, &mut outputs),
        Action::Assign(left, right) => equality(left, right, true, safe, &mut outputs),
        Action::Unify(left, right) => equality(left, right, false, safe, &mut outputs),
        Action::Call(_, arguments, out) => {
            arguments.iter().chain(out).for_each(|term| of_references(term, safe, &mut outputs));
            let mut inputs = Names::new();
            for argument in arguments {
                of_term(argument, Look::OutsideClosures, &mut inputs);
            }
            if inputs.iter().all(|name| safe.contains(name) || outputs.contains(name)) {
                if let Some(term) = out {
                    pattern(term, &mut outputs);
                }
            } else {
                outputs.clear();
            }
        }
        Action::Every(every) => of_references(&every.domain, safe, &mut outputs),
        Action::Some(_) | Action::SomeIn(..) => {}
    }
    outputs.retain(|name| !safe.contains(name));
    outputs
}

fn equality(left: &Term, right: &Term, assignment: bool, safe: &Names, outputs: &mut Names) {
    of_references(left, safe, outputs);
    of_references(right, safe, outputs);
    // Only what these terms speak of matters; the whole of `safe` would be copied for each expression.
    let mut known = Names::new();
    of_term(left, Look::OutsideClosures, &mut known);
    of_term(right, Look::OutsideClosures, &mut known);
    known.retain(|name| safe.contains(name) || outputs.contains(name));
    if assignment {
        let mut declared = Names::new();
        pattern(left, &mut declared);
        known.retain(|name| !declared.contains(name));
    }
    unify(left, right, &mut known);
    outputs.extend(known);
}

/// Variables in references whose head is known: looking up finds them.
fn of_references(term: &Term, safe: &Names, outputs: &mut Names) {
    match &term.kind {
        Kind::Ref(path) => {
            let head = match path.first().map(|head| &head.kind) {
                Some(Kind::Var(name)) => safe.contains(name) || matches!(&**name, "input" | "data"),
                _ => true,
            };
            if head {
                path.iter().skip(1).for_each(|element| of_term(element, Look::OutsideClosures, outputs));
            }
        }
        Kind::Array(items) | Kind::Set(items) => items.iter().for_each(|item| of_references(item, safe, outputs)),
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                of_references(key, safe, outputs);
                of_references(value, safe, outputs);
            }
        }
        _ => {}
    }
}

/// Variables that a value gives to a pattern.
fn pattern(term: &Term, names: &mut Names) {
    match &term.kind {
        Kind::Var(name) => {
            names.insert(Name::clone(name));
        }
        Kind::Array(items) => items.iter().for_each(|item| pattern(item, names)),
        Kind::Object(pairs) => pairs.iter().for_each(|(_, value)| pattern(value, names)),
        _ => {}
    }
}

fn is_known(term: &Term, known: &Names) -> bool {
    match &term.kind {
        Kind::Ref(path) => match path.first().map(|head| &head.kind) {
            Some(Kind::Var(name)) => known.contains(name) || matches!(&**name, "input" | "data"),
            _ => true,
        },
        Kind::ArrayOf(..) | Kind::SetOf(..) | Kind::ObjectOf(..) => true,
        _ => {
            let mut names = Names::new();
            of_term(term, Look::OutsideClosures, &mut names);
            names.is_subset(known)
        }
    }
}

/// Spreads what is known over both sides, until nothing is added.
fn unify(left: &Term, right: &Term, known: &mut Names) {
    loop {
        let before = known.len();
        unify_once(left, right, known);
        if known.len() == before {
            return;
        }
    }
}

fn unify_once(left: &Term, right: &Term, known: &mut Names) {
    if is_known(left, known) {
        pattern(right, known);
    }
    if is_known(right, known) {
        pattern(left, known);
    }
    match (&left.kind, &right.kind) {
        (Kind::Array(lefts), Kind::Array(rights)) if lefts.len() == rights.len() => {
            lefts.iter().zip(rights).for_each(|(left, right)| unify_once(left, right, known));
        }
        (Kind::Object(lefts), Kind::Object(rights)) => {
            for (key, left) in lefts {
                let other = rights.iter().find(|(candidate, _)| candidate.kind == key.kind);
                if let Some((_, right)) = other {
                    unify_once(left, right, known);
                }
            }
        }
        _ => {}
    }
}

fn has_closure(expr: &Expr) -> bool {
    let mut found = matches!(expr.action, Action::Every(_));
    visit::body(std::slice::from_ref(expr), &mut |seen| {
        let closure = |kind: &Kind| matches!(kind, Kind::ArrayOf(..) | Kind::SetOf(..) | Kind::ObjectOf(..));
        found |= matches!(seen, Seen::Term(term) if closure(&term.kind));
    });
    found
}

/// Orders the closures of an expression.
fn closures(expr: &mut Expr, known: &Names, faults: &mut Vec<Fault>) {
    let mut known = known.clone();
    of_expr(expr, Look::OutsideClosures, &mut known);
    let mut term = |term: &mut Term| closures_of_term(term, &known, faults);
    for with in &mut expr.with {
        term(&mut with.value);
    }
    match &mut expr.action {
        Action::Term(only) => term(only),
        Action::Assign(left, right) | Action::Unify(left, right) => {
            term(left);
            term(right);
        }
        Action::Call(_, arguments, out) => arguments.iter_mut().chain(out).for_each(term),
        Action::Some(_) | Action::SomeIn(..) => {}
        Action::Every(every) => {
            term(&mut every.domain);
            let mut inner = known.clone();
            every.key.iter().chain([&every.value]).for_each(|term| pattern(term, &mut inner));
            order(&mut every.body, &inner, faults);
        }
    }
}

fn closures_of_term(term: &mut Term, known: &Names, faults: &mut Vec<Fault>) {
    match &mut term.kind {
        Kind::Scalar(_) | Kind::Var(_) => {}
        Kind::Ref(items) | Kind::Array(items) | Kind::Set(items) | Kind::Template(items) | Kind::Call(_, items) => {
            for item in items.iter_mut() {
                closures_of_term(item, known, faults);
            }
        }
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                closures_of_term(key, known, faults);
                closures_of_term(value, known, faults);
            }
        }
        Kind::ArrayOf(head, body) | Kind::SetOf(head, body) => closure(&[head], body, known, faults),
        Kind::ObjectOf(key, value, body) => closure(&[key, value], body, known, faults),
    }
}

fn closure(heads: &[&Term], body: &mut Body, known: &Names, faults: &mut Vec<Fault>) {
    order(body, known, faults);
    let mut bound = known.clone();
    of_body(body, Look::OutsideClosures, &mut bound);
    let mut wanted = Names::new();
    for head in heads {
        of_term(head, Look::OutsideClosures, &mut wanted);
    }
    for name in wanted.difference(&bound) {
        faults.push(unsafe_variable(heads.first().map_or(Place::default(), |head| head.place), name));
    }
}
