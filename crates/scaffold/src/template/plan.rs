//! Which variable a name means, decided before anything runs.
//!
//! The real renderer keeps the habits of a compiler: macros, their parameters and loop targets have slots of their own that
//! names are bound to in the order of the source. This owns those slots. Loops with several targets have two plans, one
//! for lists and one for records.

use std::collections::HashMap;
use std::rc::Rc;

use super::error::{Failure, Outcome, Resource};
use super::syntax::{Id, Kind, Literal, Tree, for_children};
use super::text::Text;

/// What a region of the source knows.
#[derive(Default)]
pub(crate) struct ScopePlan {
    slots: HashMap<Id, usize>,
    callables: HashMap<Id, usize>,
    blocks: HashMap<Id, usize>,
    loops: HashMap<Id, LoopPlan>,
}

/// The slots that one call has for itself, and the region it begins in.
#[derive(Default)]
pub(crate) struct FramePlan {
    pub(crate) slots: Vec<usize>,
    pub(crate) scope: usize,
}

/// The regions of a loop's body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoopPlan {
    pub(crate) length: usize,
    pub(crate) array: usize,
    pub(crate) record: usize,
}

/// All plans of one template.
pub(crate) struct Plan {
    scopes: Vec<ScopePlan>,
    frames: Vec<FramePlan>,
    /// Something in it may change a list.
    pub(crate) may_mutate: bool,
}

impl Plan {
    pub(crate) fn slot(&self, scope: usize, node: Id) -> Option<usize> {
        self.scopes.get(scope)?.slots.get(&node).copied()
    }

    pub(crate) fn frame(&self, frame: usize) -> Outcome<&FramePlan> {
        self.frames.get(frame).ok_or_else(missing)
    }

    pub(crate) fn callable(&self, scope: usize, node: Id) -> Outcome<usize> {
        self.scopes.get(scope).and_then(|plan| plan.callables.get(&node)).copied().ok_or_else(missing)
    }

    pub(crate) fn block(&self, scope: usize, node: Id) -> Outcome<usize> {
        self.scopes.get(scope).and_then(|plan| plan.blocks.get(&node)).copied().ok_or_else(missing)
    }

    pub(crate) fn loop_plan(&self, scope: usize, node: Id) -> Outcome<LoopPlan> {
        self.scopes.get(scope).and_then(|plan| plan.loops.get(&node)).copied().ok_or_else(missing)
    }
}

fn missing() -> Box<Failure> {
    Failure::new("Template rendering failed")
}

type Bindings = Rc<HashMap<Text, usize>>;

/// Where in the plans the walk is.
struct Region {
    frame: usize,
    scope: usize,
    bindings: Bindings,
}

struct Planner<'a> {
    tree: &'a Tree,
    plan: Plan,
    visited: Vec<bool>,
    next_slot: usize,
    repeated: usize,
    most: usize,
    stack: usize,
    dynamic_lookup: bool,
    indirect_call: bool,
    mutating_lookup: bool,
}

/// Plans a template; what several plans repeat is limited.
pub(crate) fn plan(tree: &Tree, most: usize, stack: usize) -> Outcome<Plan> {
    let plan = Plan { scopes: Vec::new(), frames: Vec::new(), may_mutate: false };
    let mut planner = Planner {
        tree,
        plan,
        visited: Vec::new(),
        next_slot: 0,
        repeated: 0,
        most,
        stack,
        dynamic_lookup: false,
        indirect_call: false,
        mutating_lookup: false,
    };
    let (_, mut root) = planner.new_frame(&Bindings::default());
    planner.visit(tree.root, &mut root, 0)?;
    let mut plan = planner.plan;
    plan.may_mutate = planner.mutating_lookup || (planner.dynamic_lookup && planner.indirect_call);
    Ok(plan)
}

impl Planner<'_> {
    fn new_scope(&mut self) -> usize {
        self.plan.scopes.push(ScopePlan::default());
        self.plan.scopes.len() - 1
    }

    fn new_frame(&mut self, inherited: &Bindings) -> (usize, Region) {
        let scope = self.new_scope();
        self.plan.frames.push(FramePlan { slots: Vec::new(), scope });
        let frame = self.plan.frames.len() - 1;
        (frame, Region { frame, scope, bindings: Rc::clone(inherited) })
    }

    fn inner(&mut self, region: &Region) -> Region {
        Region { frame: region.frame, scope: self.new_scope(), bindings: Rc::clone(&region.bindings) }
    }

    fn scope(&mut self, region: &Region) -> Outcome<&mut ScopePlan> {
        self.plan.scopes.get_mut(region.scope).ok_or_else(missing)
    }

    fn anonymous_slot(&mut self, region: &Region) -> Outcome<usize> {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.plan.frames.get_mut(region.frame).ok_or_else(missing)?.slots.push(slot);
        Ok(slot)
    }

    fn new_slot(&mut self, region: &mut Region, name: &Text, node: Id) -> Outcome<usize> {
        let slot = self.anonymous_slot(region)?;
        Rc::make_mut(&mut region.bindings).insert(name.clone(), slot);
        self.scope(region)?.slots.insert(node, slot);
        Ok(slot)
    }

    fn use_slot(&mut self, region: &Region, node: Id) -> Outcome<()> {
        let slot = self.tree.symbol(node).and_then(|name| region.bindings.get(name)).copied();
        if let Some(slot) = slot {
            self.scope(region)?.slots.insert(node, slot);
        }
        Ok(())
    }

    /// Nodes are seen again in the second plan of a loop, twice as often in each inner loop.
    fn count(&mut self, node: Id) -> Outcome<()> {
        if self.visited.len() <= node {
            self.visited.resize(node + 1, false);
        }
        match self.visited.get_mut(node) {
            Some(visited) if !*visited => *visited = true,
            _ => self.repeated += 1,
        }
        if self.repeated > self.most {
            let observed = super::number::from_count(self.repeated);
            let place = self.tree.place(self.tree.root);
            return Err(Failure::limit(Resource::WorkUnits, self.most, observed).at(place));
        }
        Ok(())
    }

    fn visit(&mut self, id: Id, region: &mut Region, depth: usize) -> Outcome<()> {
        if depth > self.stack {
            return Err(Box::new(Failure::Deep));
        }
        self.count(id)?;
        let tree = self.tree;
        match tree.kind(id)? {
            Kind::Symbol(_) => self.use_slot(region, id),
            Kind::Dict(pairs) | Kind::KeywordArgs(pairs) => {
                for pair in pairs {
                    self.visit(*pair, region, depth + 1)?;
                }
                Ok(())
            }
            // Keys are names, not variables.
            Kind::Pair { value, .. } => self.visit(*value, region, depth + 1),
            Kind::Lookup { key, .. } => {
                self.lookup(*key)?;
                self.children(id, region, depth)
            }
            Kind::Call { function, .. } => {
                self.call(*function)?;
                self.children(id, region, depth)
            }
            Kind::For { .. } => self.visit_loop(id, region, depth),
            Kind::Macro { name, arguments, body } => {
                self.new_slot(region, name, id)?;
                let frame = self.callable(*arguments, *body, &Bindings::default(), depth)?;
                self.scope(region)?.callables.insert(id, frame);
                Ok(())
            }
            Kind::CallBlock { call, caller } => {
                self.visit(*call, region, depth + 1)?;
                let Kind::Caller { arguments, body } = tree.kind(*caller)? else { return Err(missing()) };
                let frame = self.callable(*arguments, *body, &Rc::clone(&region.bindings), depth)?;
                self.scope(region)?.callables.insert(*caller, frame);
                Ok(())
            }
            Kind::Block { body, .. } => {
                let (frame, mut inner) = self.new_frame(&Bindings::default());
                self.visit(*body, &mut inner, depth + 1)?;
                self.scope(region)?.blocks.insert(id, frame);
                Ok(())
            }
            Kind::Set { targets, value, body } => {
                for child in value.iter().chain(body) {
                    self.visit(*child, region, depth + 1)?;
                }
                targets.iter().try_for_each(|target| self.use_slot(region, *target))
            }
            _ => self.children(id, region, depth),
        }
    }

    fn children(&mut self, id: Id, region: &mut Region, depth: usize) -> Outcome<()> {
        let mut result = Ok(());
        let tree = self.tree;
        for_children(tree.kind(id)?, |child| {
            if result.is_ok() {
                result = self.visit(child, region, depth + 1);
            }
        });
        result
    }

    fn lookup(&mut self, key: Id) -> Outcome<()> {
        match self.tree.kind(key)? {
            Kind::Literal(Literal::String(name)) => {
                self.mutating_lookup |= super::methods::is_mutating(&name.to_string());
            }
            Kind::Literal(_) => {}
            _ => self.dynamic_lookup = true,
        }
        Ok(())
    }

    fn call(&mut self, function: Id) -> Outcome<()> {
        match self.tree.kind(function)? {
            Kind::Lookup { key, .. } => {
                self.mutating_lookup |= !matches!(self.tree.kind(*key)?, Kind::Literal(_));
            }
            _ => self.indirect_call = true,
        }
        Ok(())
    }

    fn visit_loop(&mut self, id: Id, region: &mut Region, depth: usize) -> Outcome<()> {
        let tree = self.tree;
        let Kind::For { list, targets, body, otherwise } = tree.kind(id)? else { return Err(missing()) };
        self.visit(*list, region, depth + 1)?;
        let length = self.anonymous_slot(region)?;
        let mut array = self.inner(region);
        self.loop_targets(targets, &mut array)?;
        self.visit(*body, &mut array, depth + 1)?;
        let mut record = None;
        if targets.len() > 1 {
            let mut second = self.inner(&array);
            self.loop_targets(targets.get(..2).unwrap_or_default(), &mut second)?;
            self.visit(*body, &mut second, depth + 1)?;
            record = Some(second);
        }
        let last = record.as_mut().unwrap_or(&mut array);
        if let Some(otherwise) = otherwise {
            self.visit(*otherwise, last, depth + 1)?;
        }
        let record = last.scope;
        let plan = LoopPlan { length, array: array.scope, record };
        self.scope(region)?.loops.insert(id, plan);
        Ok(())
    }

    fn loop_targets(&mut self, targets: &[Id], region: &mut Region) -> Outcome<()> {
        for target in targets {
            if let Some(name) = self.tree.symbol(*target) {
                self.new_slot(region, &name.clone(), *target)?;
            }
        }
        Ok(())
    }

    fn callable(&mut self, arguments: Id, body: Id, inherited: &Bindings, depth: usize) -> Outcome<usize> {
        let tree = self.tree;
        let (frame, mut region) = self.new_frame(inherited);
        let mut positional: HashMap<&Text, usize> = HashMap::new();
        for argument in tree.list(arguments) {
            match tree.kind(*argument)? {
                Kind::KeywordArgs(pairs) => {
                    for pair in pairs {
                        if let Kind::Pair { value, .. } = tree.kind(*pair)? {
                            self.visit(*value, &mut region, depth + 1)?;
                        }
                    }
                }
                // A name that comes twice is one variable.
                Kind::Symbol(name) => {
                    if let Some(slot) = positional.get(name).copied() {
                        self.scope(&region)?.slots.insert(*argument, slot);
                    } else {
                        positional.insert(name, self.new_slot(&mut region, name, *argument)?);
                    }
                }
                _ => {}
            }
        }
        self.visit(body, &mut region, depth + 1)?;
        Ok(frame)
    }
}
