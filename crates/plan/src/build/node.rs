//! One object of the tree: what it is, what it becomes, and with which fields.

use std::borrow::Cow;

use plat_expand::{Origins, Unknown};
use plat_resource::object::{self, GroupVersionKind};
use plat_resource::{ObjectKey, Value};

use super::Planner;
use super::changes::{Sides, at};
use super::gate::{self, Gate};
use super::prepare::prepare;
use super::sensitive::{is_sensitive, redact};
use crate::constants::SENSITIVE;
use crate::foretold::{self, Answer, Question};
use crate::live::{CoreKind, Owned, Schemas, fill, predict};
use crate::model::{Action, Change, Node, Note, Role, UnknownField};

/// Who applies an object, and so may remove fields from it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Owner<'a> {
    /// The user, by `kubectl apply`.
    #[default]
    Kubectl,
    /// A field manager whose name begins so.
    Manager(&'a str),
}

impl Owner<'_> {
    /// Whether a field manager is this one.
    pub(super) fn is(self, manager: &str) -> bool {
        match self {
            Self::Kubectl => manager.starts_with("kubectl"),
            Self::Manager(prefix) => manager.starts_with(prefix),
        }
    }
}

/// One object to compare.
#[derive(Clone, Copy)]
pub(super) struct Subtree<'a> {
    pub role: Role,
    pub desired: &'a Value,
    /// `desired` with its defaults, where `desired` is without.
    pub defaulted: Option<&'a Value>,
    pub live: Option<&'a Value>,
    pub owner: Owner<'a>,
    /// The whole name of the field manager, where an engine writes the object.
    pub manager: &'a str,
    /// What the user writes, where that is not all of `desired`.
    pub given: Option<&'a Value>,
    pub origins: Option<&'a Origins>,
    pub unknowns: &'a [Unknown],
    pub resource: Option<&'a str>,
    pub ready: Option<bool>,
    /// UID of the live XR that should control the object.
    pub live_uid: Option<&'a str>,
}

impl Default for Subtree<'_> {
    fn default() -> Self {
        Self {
            role: Role::Composed,
            desired: &Value::Null,
            defaulted: None,
            live: None,
            owner: Owner::Kubectl,
            manager: "",
            given: None,
            origins: None,
            unknowns: &[],
            resource: None,
            ready: None,
            live_uid: None,
        }
    }
}

/// Whether applying `desired` as exactly the field manager `manager` would change `live`, by the same comparison as a plan's.
/// What that manager has never applied counts as a change: it is to own its fields.
pub fn would_change(desired: &Value, live: &Value, manager: &str, schemas: &dyn Schemas) -> bool {
    let kind = GroupVersionKind::of(desired);
    let schema = schemas.of(&kind);
    let known = CoreKind::new(&kind, schema.as_deref());
    let owned = Owned::by_manager(live, manager);
    !owned.is_known() || predict(live, &prepare(desired, Some(live), Role::Composed), &owned, &known) != *live
}

impl Planner<'_> {
    /// The node of one object, without those below it.
    pub(super) fn object_node(&mut self, object: &Subtree<'_>, gate: Option<&Gate>) -> Node {
        let kind = GroupVersionKind::of(object.desired);
        let schema = self.schemas.of(&kind);
        let known = CoreKind::new(&kind, schema.as_deref());
        let prepared = prepare(object.desired, object.live, object.role);
        let key = key_of(object);
        let told = self.foretold.and_then(|foretold| foretold.of(&key));
        let mut after = self.after(object, &prepared, &known);
        if let Some(Answer::After(answer)) = told {
            let mut answer = foretold::comparable(answer, &after, object.live);
            if object.role != Role::Composed {
                // What the engine adds by itself is not in what the user writes.
                fill(&mut answer, &after);
            }
            after = Cow::Owned(answer);
        }
        // Rules are dear to run, and most objects stay as they are. Where the API server was asked it ran them.
        let changed = object.live.filter(|live| **live != *after && !matches!(told, Some(Answer::After(_))));
        let refusals = changed.map_or_else(Vec::new, |live| known.refusals(live, &after));
        let sides = Sides {
            live: object.live,
            after: &after,
            desired: object.desired,
            written: &prepared,
            tells_defaults: object.role == Role::Claim,
            origins: object.origins,
            kind: &known,
            owner: object.owner,
            refusals: &refusals,
        };
        let mut node = Node {
            role: object.role,
            object: key,
            generate_name: generate_name(object),
            resource: object.resource.map(str::to_owned),
            ready: object.ready,
            changes: sides.changes(&mut self.interner),
            unknowns: object.unknowns.iter().map(UnknownField::from).collect(),
            ..Node::default()
        };
        self.add_unknown_fields(&mut node, object);
        node.action = action(&node, object);
        if node.action == Action::Replace {
            node.notes.extend(refusals.iter().map(|refusal| refusal.message.clone()));
            node.notes.push(MADE_ANEW.to_owned());
        }
        let refused = of_answer(&mut node, told);
        self.ask(&node, object, &prepared, &after);
        let own = || gate::of_change(node.action, &after, object.live, &node, object.live_uid);
        let gate = match object.role {
            Role::Composed => gate.cloned().or_else(own),
            Role::Claim | Role::Composite => {
                gate.cloned().or_else(|| object.live.and_then(|live| gate::of_owner(live, object.live_uid)))
            }
        };
        if let Some(gate) = gate.or(refused) {
            gate.close(&mut node);
        }
        node
    }

    /// Notes the question to the API server about an object that would be written.
    fn ask(&mut self, node: &Node, object: &Subtree<'_>, prepared: &Value, after: &Value) {
        let Some(questions) = &mut self.questions else { return };
        let is_written = matches!(node.action, Action::Create | Action::Update | Action::Replace);
        if !is_written || node.object.name.is_empty() {
            return;
        }
        let (writing, manager) = match object.owner {
            Owner::Kubectl => {
                let given = object.given.unwrap_or(object.desired);
                foretold::by_user(&prepare(given, object.live, object.role), object.live, after)
            }
            Owner::Manager(_) => foretold::by_engine(&foretold::applicable(prepared, object.role), object.manager),
        };
        questions.push(Question { key: node.object.clone(), writing, manager });
    }

    fn after<'p>(&mut self, object: &Subtree<'_>, prepared: &'p Value, known: &CoreKind<'_>) -> Cow<'p, Value> {
        let mut after = match object.live {
            None => Cow::Borrowed(prepared),
            Some(live) => {
                let owned = match object.owner {
                    Owner::Kubectl => Owned::by_kubectl(live, known),
                    Owner::Manager(manager) => Owned::by_manager(live, manager),
                };
                self.without_owner += usize::from(!owned.is_known());
                Cow::Owned(predict(live, prepared, &owned, known))
            }
        };
        if let Some(defaulted) = object.defaulted {
            fill(after.to_mut(), &prepare(defaulted, object.live, object.role));
        }
        after
    }

    fn add_unknown_fields(&mut self, node: &mut Node, object: &Subtree<'_>) {
        for unknown in object.unknowns.iter().filter(|unknown| !unknown.field.segments().is_empty()) {
            let path = self.interner.path(&unknown.field);
            if let Some(change) = node.changes.iter_mut().find(|change| change.path == path) {
                change.notes.push(Note::KnownAfterApply);
                continue;
            }
            let before = object.live.and_then(|live| {
                let value = at(live, unknown.field.segments())?.clone();
                Some(if is_sensitive(live, unknown.field.segments()) { SENSITIVE.into() } else { redact(value) })
            });
            let notes = vec![Note::KnownAfterApply];
            let place = node.changes.partition_point(|change| change.path < path);
            node.changes.insert(place, Change { path, before, after: None, origin: None, set_by: None, notes });
        }
    }
}

/// What a refusal by the API server makes of a node; the gate where nothing can be done about it.
fn of_answer(node: &mut Node, told: Option<&Answer>) -> Option<Gate> {
    match told? {
        Answer::After(_) => None,
        Answer::Unasked(reason) => {
            node.notes.push(format!("worked out here, the API server was not asked: {reason}"));
            None
        }
        Answer::Refused(message) if node.action != Action::Create && foretold::is_immutable(message) => {
            node.action = Action::Replace;
            node.notes.push(message.clone());
            node.notes.push(MADE_ANEW.to_owned());
            None
        }
        Answer::Refused(message) => Some(Gate::refused(message)),
    }
}

const MADE_ANEW: &str = "the API server refuses this change: it has to be deleted and made anew";

fn action(node: &Node, object: &Subtree<'_>) -> Action {
    if object.unknowns.iter().any(|unknown| unknown.field.segments().is_empty()) {
        return Action::Unknown;
    }
    if object.live.is_none() {
        return Action::Create;
    }
    let has = |note: Note| node.changes.iter().any(|change| change.notes.contains(&note));
    let quiet = |change: &Change| {
        let is_default = change.before.is_none() && change.notes.contains(&Note::Defaulted);
        is_default || change.notes.iter().any(|note| matches!(note, Note::Status | Note::KnownAfterApply))
    };
    if has(Note::Immutable) {
        Action::Replace
    } else if node.changes.iter().any(|change| !quiet(change)) {
        Action::Update
    } else if has(Note::KnownAfterApply) {
        Action::Unknown
    } else {
        Action::NoOp
    }
}

/// The key of the desired object; a name that only the cluster has given is taken from there.
fn key_of(object: &Subtree<'_>) -> ObjectKey {
    let mut key = ObjectKey::of(object.desired);
    if let Some(live) = object.live {
        if key.name.is_empty() {
            object::name(live).clone_into(&mut key.name);
        }
        if key.namespace.is_empty() {
            object::namespace(live).clone_into(&mut key.namespace);
        }
    }
    key
}

fn generate_name(object: &Subtree<'_>) -> Option<String> {
    let prefix = object::generate_name(object.desired);
    let is_unnamed = object.live.is_none() && object::name(object.desired).is_empty();
    (is_unnamed && !prefix.is_empty()).then(|| prefix.to_owned())
}
