//! What a program must not do, said before it runs: calls of what does not exist or is not allowed, recursion, values
//! without a source, paths of `data` that are out of bounds.

use std::collections::{BTreeMap, BTreeSet};

use crate::Options;
use crate::ast::{Body, Kind, Makes, Name, Place, Rule, Term, Tree};
use crate::builtins::{self, Run};
use crate::compile::Placed;
use crate::ir::{GroupId, GroupKind, NodeId, Rules};
use crate::lexer::Fault;
use crate::types;
use crate::variables::{Look, Names, of_body, of_term};
use crate::visit::{Seen, rule as visit_rule};

/// How many arguments the function or builtin of a path takes.
pub(crate) fn arity(path: &[Name], rules: &Rules) -> Option<usize> {
    match path.first() {
        Some(first) if &**first == "data" => rules.function(&path[1..]).map(|(_, arity)| arity),
        _ => {
            let builtin = builtins::find(&path.join("."))?;
            Some(if builtin.name == "print" { usize::MAX } else { builtin.arity })
        }
    }
}

/// Unknown and forbidden functions, wrong numbers of arguments, also of what `with` replaces.
pub(crate) fn calls(rule: &Rule, rules: &Rules) -> Vec<Fault> {
    let mut faults = Vec::new();
    visit_rule(rule, &mut |seen| match seen {
        Seen::Call(place, name, arguments) => faults.extend(call(place, name, arguments, rules)),
        Seen::With(with) => {
            let value = path_of(&with.value);
            for path in [Some(with.target.clone()), value].into_iter().flatten() {
                if let Some(reason) = refused(&path) {
                    faults.push(Fault::new(with.place, reason));
                }
            }
            let first = with.target.first().map(AsRef::as_ref);
            if !matches!(first, Some("input" | "data")) && builtins::find(&with.target.join(".")).is_none() {
                let message = "with keyword target must reference existing input, data, or a function";
                faults.push(Fault::new(with.place, message));
            }
        }
        Seen::Term(_) | Seen::Arguments(..) | Seen::Assign(..) => {}
    });
    // As in OPA, types are looked at where nothing else is wrong.
    if faults.is_empty() {
        faults.extend(types::arguments(rule));
    }
    faults
}

fn refused(path: &[Name]) -> Option<String> {
    let builtin = builtins::find(&path.join("."))?;
    match builtin.run {
        Run::Refused(reason) => Some(format!("{} is not available: {reason}", builtin.name)),
        _ => None,
    }
}

fn call(place: Place, name: &[Name], arguments: usize, rules: &Rules) -> Option<Fault> {
    let shown = name.join(".");
    let arity = if name.first().is_some_and(|first| &**first == "data") {
        rules.function(&name[1..])?.1
    } else {
        let Some(builtin) = builtins::find(&shown) else {
            return Some(Fault::new(place, format!("undefined function {shown}")));
        };
        if let Some(reason) = refused(name) {
            return Some(Fault::new(place, reason));
        }
        if builtin.name == "print" {
            return None;
        }
        builtin.arity
    };
    let wrong = arguments != arity && arguments != arity + 1;
    wrong.then(|| Fault::new(place, format!("function {shown} has arity {arity}, got {arguments} arguments")))
}

/// The names of a variable or a reference made of names.
pub(crate) fn path_of(term: &Term) -> Option<Vec<Name>> {
    match &term.kind {
        Kind::Var(name) => Some(vec![Name::clone(name)]),
        Kind::Ref(path) => {
            let mut names = path_of(path.first()?)?;
            for element in path.iter().skip(1) {
                names.push(element.text().cloned()?);
            }
            Some(names)
        }
        _ => None,
    }
}

/// Variables of a rule's head that its body gives no value.
pub(crate) fn head_is_safe(rule: &Rule, arguments: &Names, faults: &mut Vec<Fault>) {
    let (Makes::Value(value) | Makes::Element(value)) = &rule.makes;
    value_is_safe(value, &rule.body, arguments, faults);
    for element in rule.path.iter().skip(1) {
        value_is_safe(element, &rule.body, arguments, faults);
    }
}

pub(crate) fn value_is_safe(value: &Term, body: &Body, arguments: &Names, faults: &mut Vec<Fault>) {
    let mut bound = arguments.clone();
    of_body(body, Look::OutsideClosures, &mut bound);
    let mut wanted = Names::new();
    of_term(value, Look::OutsideClosures, &mut wanted);
    for name in wanted.difference(&bound).filter(|name| !name.starts_with("$t")) {
        let shown = name.split('@').next().unwrap_or(name);
        faults.push(Fault::new(value.place, format!("var {shown} is unsafe")));
    }
}

/// Rules that need themselves, however far around.
pub(crate) fn recursion(placed: &[Placed], rules: &Rules) -> Vec<(usize, Fault)> {
    let mut edges: BTreeMap<GroupId, BTreeSet<GroupId>> = BTreeMap::new();
    for one in placed {
        let needs = edges.entry(one.group).or_default();
        visit_rule(&one.rule, &mut |seen| match seen {
            Seen::Call(_, name, _) if name.first().is_some_and(|first| &**first == "data") => {
                needs.extend(rules.function(&name[1..]).map(|(group, _)| group));
            }
            Seen::With(with) => {
                let path = with.function.clone().filter(|path| path.first().is_some_and(|first| &**first == "data"));
                needs.extend(path.and_then(|path| rules.function(&path[1..])).map(|(group, _)| group));
            }
            Seen::Term(Term { kind: Kind::Ref(path), .. }) => reachable(path, rules, needs),
            Seen::Term(_) | Seen::Call(..) | Seen::Arguments(..) | Seen::Assign(..) => {}
        });
    }
    let mut faults = Vec::new();
    let mut finished = BTreeSet::new();
    for one in placed {
        if let Some(cycle) = cycle(one.group, &edges, &mut finished) {
            let names = cycle.iter().filter_map(|group| rules.groups.get(*group));
            let shown = names.map(|group| format!("data.{}", group.path.join("."))).collect::<Vec<_>>();
            let name = shown.first().cloned().unwrap_or_default();
            let message = format!("rule {name} is recursive: {}", shown.join(" -> "));
            faults.push((one.module, Fault::new(one.rule.place, message)));
        }
    }
    faults
}

/// The groups that a reference below `data` can reach.
fn reachable(path: &[Term], rules: &Rules, needs: &mut BTreeSet<GroupId>) {
    if !matches!(path.first().map(|head| &head.kind), Some(Kind::Var(name)) if &**name == "data") {
        return;
    }
    reachable_from(0, &path[1..], rules, needs);
}

fn reachable_from(node: NodeId, path: &[Term], rules: &Rules, needs: &mut BTreeSet<GroupId>) {
    let Some(found) = rules.nodes.get(node) else { return };
    if let Some(group) = found.group {
        let function = matches!(rules.groups.get(group).map(|group| group.kind), Some(GroupKind::Function(_)));
        if !function {
            needs.insert(group);
        }
    }
    match path.first() {
        Some(element) => match element.text() {
            Some(name) => {
                if let Some(child) = found.children.get(name) {
                    reachable_from(*child, &path[1..], rules, needs);
                }
            }
            None if element.is_ground() => {}
            None => found.children.values().for_each(|child| reachable_from(*child, &path[1..], rules, needs)),
        },
        None => found.children.values().for_each(|child| reachable_from(*child, &[], rules, needs)),
    }
}

/// A way from a group back to itself. Each group is looked at once.
fn cycle(
    start: GroupId,
    edges: &BTreeMap<GroupId, BTreeSet<GroupId>>,
    finished: &mut BTreeSet<GroupId>,
) -> Option<Vec<GroupId>> {
    let next = |group: GroupId| edges.get(&group).into_iter().flatten().copied().collect::<Vec<_>>();
    let mut way = vec![(start, next(start))];
    if finished.contains(&start) {
        return None;
    }
    while let Some((group, open)) = way.last_mut() {
        let group = *group;
        let Some(follow) = open.pop() else {
            finished.insert(group);
            way.pop();
            continue;
        };
        if let Some(at) = way.iter().position(|(known, _)| *known == follow) {
            let mut cycle: Vec<GroupId> = way.iter().skip(at).map(|(group, _)| *group).collect();
            cycle.push(follow);
            finished.extend(way.iter().map(|(group, _)| *group));
            return Some(cycle);
        }
        if !finished.contains(&follow) {
            way.push((follow, next(follow)));
        }
    }
    None
}

/// References below `data` that the options do not allow, and packages.
pub(crate) fn data_paths(tree: &Tree, options: &Options) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(allowed) = &options.allowed_data else { return faults };
    let fits = |names: &[Name]| {
        allowed.iter().any(|prefix| {
            let parts: Vec<&str> = prefix.split('.').collect();
            names.len() >= parts.len() && names.iter().zip(&parts).all(|(name, part)| &**name == *part)
        })
    };
    for import in &tree.imports {
        let below = import.path.first().is_some_and(|first| &**first == "data");
        if below && !fits(&import.path[1..]) {
            faults.push(Fault::new(import.place, format!("import {} is not allowed", import.path.join("."))));
        }
    }
    let mut look = |expr_or_term: Seen<'_>| {
        let (place, names) = match expr_or_term {
            Seen::Term(Term { place, kind: Kind::Ref(path) }) => {
                if !matches!(path.first().map(|head| &head.kind), Some(Kind::Var(name)) if &**name == "data") {
                    return;
                }
                (*place, path.iter().skip(1).map_while(Term::text).cloned().collect::<Vec<_>>())
            }
            Seen::Term(Term { place, kind: Kind::Var(name) }) if &**name == "data" => (*place, vec![]),
            Seen::With(with) if with.target.first().is_some_and(|first| &**first == "data") => {
                (with.place, with.target[1..].to_vec())
            }
            Seen::Call(place, name, _) if name.first().is_some_and(|first| &**first == "data") => {
                (place, name[1..].to_vec())
            }
            _ => return,
        };
        if !fits(&names) {
            let shown = if names.is_empty() { "data".to_owned() } else { format!("data.{}", names.join(".")) };
            faults.push(Fault::new(place, format!("reference to {shown} is not allowed")));
        }
    };
    for rule in &tree.rules {
        visit_rule(rule, &mut look);
    }
    faults
}
