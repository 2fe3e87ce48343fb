//! Which walks over data can leave out most of what they walk over.
//!
//! `other := data.inventory.namespace[n][v].Ingress[name]`, and further on `other.spec.rules[_].host == host`: elements
//! that the equality refuses need not be looked at, if nothing between the two can end the evaluation. What is computed
//! of the element alone can be computed before. Only the choice of elements changes; every expression still runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::builtins::{Builtin, Run};
use crate::ir::{Action, Clause, GroupId, GroupKind, Head, Into, Narrow, Reference, Rules, Slot, Step, Term};

/// How many expressions behind a walk are looked at.
const REACH: usize = 64;
/// How deep functions are followed.
const MAX_DEPTH: usize = 30;

/// Notes with each walk how it can be narrowed.
pub(crate) fn note(rules: &mut Rules) {
    let mut found = Vec::new();
    let (mut pure, mut calm) = (Judge::new(rules, true), Judge::new(rules, false));
    for (group, clauses) in rules.groups.iter().map(|group| &group.clauses).enumerate() {
        for (at, clause) in clauses.iter().enumerate() {
            for (branch, body) in clause.branches.iter().map(|branch| &branch.body).enumerate() {
                for step in 0..body.len() {
                    if let Some(narrow) = search(clause, body, step, &mut pure, &mut calm) {
                        found.push((group, at, branch, step, Arc::new(narrow)));
                    }
                }
            }
        }
    }
    for (group, clause, branch, step, narrow) in found {
        let clause = rules.groups.get_mut(group).and_then(|group| group.clauses.get_mut(clause));
        let branch = clause.and_then(|clause| clause.branches.get_mut(branch));
        if let Some(step) = branch.and_then(|branch| branch.body.get_mut(step)) {
            step.narrow = Some(narrow);
        }
    }
}

/// A walk over a collection: the variable of the element, and the reference whose last part is the key.
pub(crate) fn walk(step: &Step) -> Option<(Slot, &Term, &Reference, Slot)> {
    if step.negated || !step.with.is_empty() {
        return None;
    }
    let (Action::Unify(target @ Term::Var(_), Term::Ref(reference))
    | Action::Unify(Term::Ref(reference), target @ Term::Var(_))) = &step.action
    else {
        return None;
    };
    let given = matches!(reference.head, Head::Data { node: None, .. });
    let plain = reference.path.iter().all(|part| matches!(part, Term::Const(_) | Term::Var(_)));
    match (target, reference.path.last()) {
        (Term::Var(element), Some(Term::Var(key))) if given && plain => Some((*element, target, reference, *key)),
        _ => None,
    }
}

fn search(clause: &Clause, body: &[Step], at: usize, pure: &mut Judge<'_>, calm: &mut Judge<'_>) -> Option<Narrow> {
    let (element, _, reference, _) = walk(body.get(at)?)?;
    let mut before = BTreeSet::new();
    clause.arguments.iter().chain(&reference.path).for_each(|term| slots_of_term(term, &mut before));
    body.get(..at)?.iter().for_each(|step| slots_of_step(step, &mut before));
    if before.contains(&element) {
        return None;
    }
    // What is bound before the walk, and what expressions behind it bind that the element alone does not say.
    let (known, mut before) = (before.clone(), before);
    let mut own = BTreeSet::from([element]);
    let mut chain = Vec::new();
    for step in body.iter().skip(at + 1).take(REACH) {
        if let Some((key, wanted)) = equality(step, &own, &known, &before) {
            let (key, wanted) = (key.clone(), wanted.clone());
            return Some(Narrow { element, chain, key, wanted, slots: clause.slots });
        }
        let mut slots = BTreeSet::new();
        slots_of_step(step, &mut slots);
        let depends_on_it_alone = slots.is_disjoint(&before) && !slots.is_disjoint(&own);
        if depends_on_it_alone && pure.step(step, 0) {
            chain.push(step.clone());
            own.append(&mut slots);
        } else if calm.step(step, 0) {
            before.extend(slots.difference(&own));
        } else {
            return None;
        }
    }
    None
}

/// An equality of what the element has and what is known before the walk.
fn equality<'a>(
    step: &'a Step,
    own: &BTreeSet<Slot>,
    known: &BTreeSet<Slot>,
    foreign: &BTreeSet<Slot>,
) -> Option<(&'a Term, &'a Term)> {
    if step.negated || !step.with.is_empty() {
        return None;
    }
    let (left, right) = match &step.action {
        Action::Unify(left, right) => (left, right),
        Action::Builtin(builtin, arguments, None) if builtin.name == "equal" => (arguments.first()?, arguments.get(1)?),
        _ => return None,
    };
    let plain = |reference: &Reference, fits: &dyn Fn(&Slot) -> bool| {
        reference.path.iter().all(|part| match part {
            Term::Const(_) => true,
            Term::Var(slot) => fits(slot),
            _ => false,
        })
    };
    let key = |term: &Term| match term {
        Term::Var(slot) => own.contains(slot),
        Term::Ref(reference) => match reference.head {
            Head::Var(slot) => own.contains(&slot) && plain(reference, &|slot| !foreign.contains(slot)),
            _ => false,
        },
        _ => false,
    };
    let wanted = |term: &Term| match term {
        Term::Const(_) => true,
        Term::Var(slot) => known.contains(slot),
        Term::Ref(reference) => match reference.head {
            Head::Input => plain(reference, &|slot| !own.contains(slot)),
            Head::Var(slot) => known.contains(&slot) && plain(reference, &|slot| !own.contains(slot)),
            Head::Data { .. } => false,
        },
        _ => false,
    };
    [(left, right), (right, left)].into_iter().find(|(one, other)| key(one) && wanted(other))
}

/// Says of expressions that they are pure: the same for the same variables, whatever the input and the data are. Or that
/// they are calm: they never end an evaluation, except for what it may take.
struct Judge<'a> {
    rules: &'a Rules,
    pure: bool,
    known: BTreeMap<GroupId, bool>,
}

impl<'a> Judge<'a> {
    fn new(rules: &'a Rules, pure: bool) -> Self {
        Self { rules, pure, known: BTreeMap::new() }
    }

    fn step(&mut self, step: &Step, depth: usize) -> bool {
        let mut all = |terms: &[Term]| terms.iter().all(|term| self.term(term, depth));
        let terms = match &step.action {
            Action::Term(term) => self.term(term, depth),
            Action::Unify(left, right) => self.term(left, depth) && self.term(right, depth),
            Action::Builtin(_, arguments, out) | Action::Function(_, arguments, out) => {
                all(arguments) && out.as_ref().is_none_or(|out| self.term(out, depth))
            }
            Action::Every(every) => {
                let key = every.key.as_ref().is_none_or(|key| self.term(key, depth));
                key && self.term(&every.value, depth)
                    && self.term(&every.domain, depth)
                    && self.body(&every.body, depth)
            }
        };
        terms
            && step.with.is_empty()
            && match &step.action {
                Action::Builtin(builtin, ..) => self.builtin(builtin),
                Action::Function(group, ..) => self.group(*group, depth + 1),
                _ => true,
            }
    }

    fn body(&mut self, body: &[Step], depth: usize) -> bool {
        body.iter().all(|step| self.step(step, depth))
    }

    fn builtin(&self, builtin: &Builtin) -> bool {
        let may_fail = builtin.name == "strings.render_template";
        !matches!(builtin.run, Run::Refused(_)) && builtin.name != "time.now_ns" && (self.pure || !may_fail)
    }

    fn term(&mut self, term: &Term, depth: usize) -> bool {
        match term {
            Term::Const(_) | Term::Var(_) => true,
            Term::Ref(reference) => {
                let head = match reference.head {
                    Head::Var(_) => true,
                    Head::Input => !self.pure,
                    Head::Data { node, .. } => !self.pure && node.is_none(),
                };
                head && reference.path.iter().all(|part| self.term(part, depth))
            }
            Term::Array(items) | Term::Set(items) => items.iter().all(|item| self.term(item, depth)),
            // Two values of one key are an error, and so are two of one template.
            Term::Object(pairs) => {
                (self.pure || keys_differ(pairs))
                    && pairs.iter().all(|(key, value)| self.term(key, depth) && self.term(value, depth))
            }
            Term::Template(items) => self.pure && items.iter().all(|item| self.term(item, depth)),
            Term::Collect(collect) => {
                (self.pure || collect.into != Into::Object)
                    && self.term(&collect.key, depth)
                    && self.term(&collect.value, depth)
                    && self.body(&collect.body, depth)
            }
        }
    }

    fn group(&mut self, id: GroupId, depth: usize) -> bool {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        self.known.insert(id, false);
        let rules = self.rules;
        let Some(group) = rules.groups.get(id) else { return false };
        // Where all clauses give one constant, they cannot differ.
        let fits = matches!(group.kind, GroupKind::Function(_)) && (self.pure || group.constant) && depth < MAX_DEPTH;
        let holds = fits
            && group.clauses.iter().chain(&group.default).all(|clause| {
                clause.arguments.iter().all(|argument| self.term(argument, depth))
                    && clause
                        .branches
                        .iter()
                        .all(|branch| self.body(&branch.body, depth) && self.term(&branch.value, depth))
            });
        self.known.insert(id, holds);
        holds
    }
}

fn keys_differ(pairs: &[(Term, Term)]) -> bool {
    let keys: Option<BTreeSet<_>> =
        pairs.iter().map(|(key, _)| if let Term::Const(key) = key { Some(key) } else { None }).collect();
    keys.is_some_and(|keys| keys.len() == pairs.len())
}

fn slots_of_step(step: &Step, slots: &mut BTreeSet<Slot>) {
    match &step.action {
        Action::Term(term) => slots_of_term(term, slots),
        Action::Unify(left, right) => [left, right].into_iter().for_each(|term| slots_of_term(term, slots)),
        Action::Builtin(_, arguments, out) | Action::Function(_, arguments, out) => {
            arguments.iter().chain(out).for_each(|term| slots_of_term(term, slots));
        }
        Action::Every(every) => {
            every.key.iter().chain([&every.value, &every.domain]).for_each(|term| slots_of_term(term, slots));
            every.body.iter().for_each(|step| slots_of_step(step, slots));
        }
    }
    for with in &step.with {
        if let crate::ir::Replacement::Value(term) = &with.replacement {
            slots_of_term(term, slots);
        }
    }
}

fn slots_of_term(term: &Term, slots: &mut BTreeSet<Slot>) {
    match term {
        Term::Const(_) => {}
        Term::Var(slot) => {
            slots.insert(*slot);
        }
        Term::Ref(reference) => {
            if let Head::Var(slot) = reference.head {
                slots.insert(slot);
            }
            reference.path.iter().for_each(|part| slots_of_term(part, slots));
        }
        Term::Array(items) | Term::Set(items) | Term::Template(items) => {
            for item in items {
                slots_of_term(item, slots);
            }
        }
        Term::Object(pairs) => {
            for (key, value) in pairs {
                slots_of_term(key, slots);
                slots_of_term(value, slots);
            }
        }
        Term::Collect(collect) => {
            slots_of_term(&collect.key, slots);
            slots_of_term(&collect.value, slots);
            collect.body.iter().for_each(|step| slots_of_step(step, slots));
        }
    }
}

#[cfg(test)]
mod tests;
