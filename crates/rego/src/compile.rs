//! Modules to rules that can be evaluated, with all that is wrong with them.

use std::collections::BTreeMap;

use crate::ast::{Kind, Makes, Name, Place, Rule, Tree};
use crate::check;
use crate::flatten::Flattener;
use crate::ir::{Clause, Group, GroupId, GroupKind, Node, NodeId, Rules, Term};
use crate::lexer::Fault;
use crate::parser::{constant_path, parse};
use crate::resolve::{Packages, resolve};
use crate::safety;
use crate::variables::{Look, Names, of_term};
use crate::{CompileError, Module, Options};

/// A rule on its way, with the module it came from.
pub(crate) struct Placed {
    pub(crate) module: usize,
    pub(crate) group: GroupId,
    /// How many elements of its path are where its group stands.
    pub(crate) ground: usize,
    pub(crate) rule: Rule,
}

/// Compiles modules together.
pub(crate) fn compile(modules: &[Module<'_>], options: &Options) -> Result<Rules, Vec<CompileError>> {
    let mut errors = Errors { modules, found: Vec::new() };
    let mut trees = Vec::new();
    for (index, module) in modules.iter().enumerate() {
        match parse(module.source, options.version) {
            Ok(tree) => trees.push((index, tree)),
            Err(fault) => errors.add(index, fault),
        }
    }
    errors.finish()?;
    for (index, tree) in &trees {
        for fault in check::data_paths(tree, options) {
            errors.add(*index, fault);
        }
    }
    let packages = packages(&trees);
    for (index, tree) in &mut trees {
        for fault in resolve(tree, &packages) {
            errors.add(*index, fault);
        }
    }
    let packages = trees.iter().map(|(_, tree)| tree.package.clone()).collect();
    let mut rules = Rules { nodes: vec![Node::default()], groups: vec![], packages };
    let mut placed = Vec::new();
    for (index, tree) in trees {
        place(tree, index, &mut rules, &mut placed, &mut errors);
    }
    kinds(&mut rules, &placed, &mut errors);
    errors.finish()?;
    for one in &mut placed {
        for fault in check::calls(&one.rule, &rules) {
            errors.add(one.module, fault);
        }
    }
    errors.finish()?;
    for one in &mut placed {
        let mut faults = Vec::new();
        prepare(&mut one.rule, &rules, &mut faults);
        for fault in faults {
            errors.add(one.module, fault);
        }
    }
    for (module, fault) in check::recursion(&placed, &rules) {
        errors.add(module, fault);
    }
    errors.finish()?;
    lower(&mut rules, placed);
    crate::narrow::note(&mut rules);
    Ok(rules)
}

struct Errors<'a> {
    modules: &'a [Module<'a>],
    found: Vec<CompileError>,
}

impl Errors<'_> {
    fn add(&mut self, module: usize, fault: Fault) {
        self.found.push(CompileError {
            module: self.modules.get(module).map_or_else(String::new, |module| module.name.to_owned()),
            line: fault.place.line as usize,
            column: fault.place.column as usize,
            message: fault.message,
            hint: None,
        });
    }

    fn finish(&mut self) -> Result<(), Vec<CompileError>> {
        if self.found.is_empty() { Ok(()) } else { Err(std::mem::take(&mut self.found)) }
    }
}

fn packages(trees: &[(usize, Tree)]) -> Packages {
    let mut packages = Packages::new();
    for (_, tree) in trees {
        let names = packages.entry(tree.package.clone()).or_default();
        for rule in &tree.rules {
            if let Some(Kind::Var(name)) = rule.path.first().map(|first| &first.kind) {
                names.insert(Name::clone(name));
            }
        }
    }
    packages
}

fn node(rules: &mut Rules, path: &[Name]) -> NodeId {
    let mut at = 0;
    for name in path {
        let next = rules.nodes.len();
        let Some(node) = rules.nodes.get_mut(at) else { break };
        at = *node.children.entry(Name::clone(name)).or_insert(next);
        if at == next {
            rules.nodes.push(Node::default());
        }
    }
    at
}

/// Puts each rule of a module where it stands below `data`.
fn place(tree: Tree, module: usize, rules: &mut Rules, placed: &mut Vec<Placed>, errors: &mut Errors<'_>) {
    node(rules, &tree.package);
    for rule in tree.rules {
        let own = constant_path(&rule.path);
        let ground = own.len();
        // A path that ends in a constant key of a value rule is a rule of that whole path.
        let mut path = tree.package.clone();
        path.extend(own);
        let at = node(rules, &path);
        let next = rules.groups.len();
        let Some(found) = rules.nodes.get_mut(at) else { continue };
        let group = *found.group.get_or_insert(next);
        if group == next {
            rules.groups.push(Group {
                path: path.clone(),
                node: at,
                kind: GroupKind::Complete,
                clauses: vec![],
                default: None,
                constant: false,
                is_set: false,
            });
        }
        if rule.default && ground < rule.path.len() {
            errors.add(module, Fault::new(rule.place, "default rules must have a constant path"));
        }
        placed.push(Placed { module, group, ground, rule });
    }
}

/// What kind of rule each group is; rules of one name must agree.
fn kinds(rules: &mut Rules, placed: &[Placed], errors: &mut Errors<'_>) {
    let mut kinds: BTreeMap<GroupId, GroupKind> = BTreeMap::new();
    let mut defaults: BTreeMap<GroupId, Place> = BTreeMap::new();
    for one in placed {
        let kind = match (&one.rule.arguments, &one.rule.makes) {
            (Some(arguments), _) => GroupKind::Function(arguments.len()),
            (None, Makes::Element(_)) => GroupKind::Partial,
            (None, Makes::Value(_)) if one.ground < one.rule.path.len() => GroupKind::Partial,
            (None, Makes::Value(_)) => GroupKind::Complete,
        };
        let path = rules.groups.get(one.group).map_or_else(String::new, |group| group.path.join("."));
        if *kinds.entry(one.group).or_insert(kind) != kind {
            errors.add(one.module, Fault::new(one.rule.place, format!("conflicting rules data.{path} found")));
        }
        if one.rule.default && defaults.insert(one.group, one.rule.place).is_some() {
            errors.add(one.module, Fault::new(one.rule.place, format!("multiple default rules data.{path} found")));
        }
        let whole = one.ground == one.rule.path.len();
        if let Some(group) = rules.groups.get_mut(one.group) {
            group.kind = kind;
            group.is_set |= whole && matches!(one.rule.makes, Makes::Element(_));
        }
    }
    for one in placed {
        let Some(group) = rules.groups.get(one.group) else { continue };
        let below = rules.nodes.get(group.node).is_some_and(|node| !node.children.is_empty());
        if below && (group.kind != GroupKind::Partial || group.is_set) {
            let message = format!("rule data.{} conflicts with rules below it", group.path.join("."));
            errors.add(one.module, Fault::new(one.rule.place, message));
        }
    }
}

/// Flattens a rule and puts its bodies in order.
fn prepare(rule: &mut Rule, rules: &Rules, faults: &mut Vec<Fault>) {
    let mut flattener = Flattener::new(|path| check::arity(path, rules));
    flattener.rule(rule);
    let mut arguments = Names::new();
    for argument in rule.arguments.iter().flatten() {
        of_term(argument, Look::OutsideClosures, &mut arguments);
    }
    safety::order(&mut rule.body, &arguments, faults);
    check::head_is_safe(rule, &arguments, faults);
    flattener.dynamics(&mut rule.body);
    for branch in &mut rule.chain {
        safety::order(&mut branch.body, &arguments, faults);
        check::value_is_safe(&branch.value, &branch.body, &arguments, faults);
        flattener.dynamics(&mut branch.body);
    }
}

fn lower(rules: &mut Rules, placed: Vec<Placed>) {
    let mut clauses: Vec<(GroupId, bool, Clause)> = Vec::new();
    for one in placed {
        let clause = crate::lower::clause(&one.rule, one.module, one.ground, rules);
        clauses.push((one.group, one.rule.default, clause));
    }
    for (group, default, clause) in clauses {
        let Some(group) = rules.groups.get_mut(group) else { continue };
        if default {
            group.default = Some(clause);
        } else {
            group.clauses.push(clause);
        }
    }
    for group in &mut rules.groups {
        let mut values = group.clauses.iter().flat_map(|clause| &clause.branches).map(|branch| match &branch.value {
            Term::Const(value) => Some(value),
            _ => None,
        });
        let first = values.next().flatten();
        group.constant = first.is_some() && values.all(|value| value == first);
    }
}
