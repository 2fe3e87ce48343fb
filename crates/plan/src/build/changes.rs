//! Field changes as a plan lists them: leaf by leaf, without machinery, with origins and notes, secrets covered.

use plat_expand::Origins;
use plat_resource::{FieldPath, Segment, Value};

use super::intern::{Interner, origin_of};
use super::node::Owner;
use super::sensitive::{is_sensitive, redact};
use crate::constants::{LAST_APPLIED, MACHINERY, SENSITIVE};
use crate::diff::{FieldChange, diff};
use crate::live::{CoreKind, Refusal, manager_of, same};
use crate::model::{Change, Note};

const MAX_DEPTH: usize = 256;

/// The two sides of one object, and what is known of its fields.
pub(super) struct Sides<'a> {
    pub live: Option<&'a Value>,
    pub after: &'a Value,
    /// What was asked for; a value of `after` that differs from it has no origin.
    pub desired: &'a Value,
    /// The object without defaults: what `after` has and it has not, a default has set.
    pub written: &'a Value,
    /// Whether defaults that a live object lacks are told. The API server shows them on every read, so that they are
    /// missing says more of where the live object was written down than of the plan.
    pub tells_defaults: bool,
    pub origins: Option<&'a Origins>,
    pub kind: &'a CoreKind<'a>,
    /// Who applies the object.
    pub owner: Owner<'a>,
    /// Changes that the schema refuses.
    pub refusals: &'a [Refusal],
}

impl Sides<'_> {
    /// The changes in path order.
    pub(super) fn changes(&self, interner: &mut Interner) -> Vec<Change> {
        let mut raw =
            self.live.map_or_else(|| leaves(self.after), |live| explode_all(diff(live, self.after, self.kind)));
        raw.retain(|change| !is_bookkeeping(change.path.segments()));
        if self.live.is_some() && !self.tells_defaults {
            raw.retain(|change| change.before.is_some() || !self.is_default(change));
        }
        raw.sort_by(|one, other| one.path.cmp(&other.path));
        raw.into_iter().map(|change| self.change(change, interner)).collect()
    }

    fn is_default(&self, raw: &FieldChange) -> bool {
        raw.after.is_some() && at(self.written, raw.path.segments()).is_none() && is_map_path(raw.path.segments())
    }

    fn is_immutable(&self, raw: &FieldChange) -> bool {
        let Some(live) = self.live else { return false };
        let concerns =
            |refusal: &Refusal| refusal.field.is_prefix_of(&raw.path) || raw.path.is_prefix_of(&refusal.field);
        let is_frozen = raw.before.is_some() && self.kind.is_immutable(live, raw.path.segments());
        is_frozen || self.refusals.iter().any(concerns)
    }

    fn change(&self, raw: FieldChange, interner: &mut Interner) -> Change {
        let segments = raw.path.segments();
        let mut notes = Vec::new();
        if self.is_immutable(&raw) {
            notes.push(Note::Immutable);
        }
        if self.is_default(&raw) {
            notes.push(Note::Defaulted);
        }
        let secret = is_sensitive(self.after, segments) || self.live.is_some_and(|live| is_sensitive(live, segments));
        if secret {
            notes.push(Note::Sensitive);
        }
        if matches!(segments.first(), Some(Segment::Field(field)) if field == "status") {
            notes.push(Note::Status);
        }
        let origin = self.origin(&raw).map(|origin| interner.origin(origin));
        let set_by = self.set_by(&raw);
        let show = |value: Value| if secret { SENSITIVE.into() } else { redact(value) };
        Change {
            path: interner.path(&raw.path),
            before: raw.before.map(show),
            after: raw.after.map(show),
            origin,
            set_by,
            notes,
        }
    }

    /// Who set what is live, where it was somebody else.
    fn set_by(&self, raw: &FieldChange) -> Option<std::sync::Arc<str>> {
        raw.before.as_ref()?;
        let manager = manager_of(self.live?, raw.path.segments())?;
        (!self.owner.is(manager)).then(|| manager.into())
    }

    /// Lists of the live object can be in another order than the desired ones, so the value has to agree too.
    fn origin(&self, raw: &FieldChange) -> Option<&plat_expand::Origin> {
        let after = raw.after.as_ref()?;
        let origin = origin_of(self.origins?, &raw.path)?;
        at(self.desired, raw.path.segments()).is_some_and(|value| same(value, after)).then_some(origin)
    }
}

/// The value at `segments`, if there is one; unlike a field path, the empty path is the root.
pub(super) fn at<'a>(root: &'a Value, segments: &[Segment]) -> Option<&'a Value> {
    segments.iter().try_fold(root, |value, segment| match segment {
        Segment::Field(key) => value.as_object()?.get(key),
        Segment::Index(index) => value.as_array()?.get(*index as usize),
    })
}

/// Indices of a live list and of a written one are not the same, so nothing is said of what is below a list.
fn is_map_path(segments: &[Segment]) -> bool {
    segments.iter().all(|segment| matches!(segment, Segment::Field(_)))
}

/// The fields of a new object.
fn leaves(object: &Value) -> Vec<FieldChange> {
    let mut leaves = Vec::new();
    explode_to(&mut Vec::new(), object, &mut |segments, value| {
        if !is_identity(segments) {
            leaves.push(FieldChange { path: path_of(segments), before: None, after: Some(value.clone()) });
        }
    });
    leaves
}

/// Changes that add or take away a whole container become one change per leaf.
fn explode_all(changes: Vec<FieldChange>) -> Vec<FieldChange> {
    let mut all = Vec::with_capacity(changes.len());
    for mut change in changes {
        match (&change.before, &change.after) {
            (None, Some(after)) => explode(&mut change.path, after, &mut |segments, value| {
                all.push(FieldChange { path: path_of(segments), before: None, after: Some(value.clone()) });
            }),
            (Some(before), None) => explode(&mut change.path, before, &mut |segments, value| {
                all.push(FieldChange { path: path_of(segments), before: Some(value.clone()), after: None });
            }),
            _ => all.push(change),
        }
    }
    all
}

/// Visits scalars, empty containers and lists of scalars.
fn explode(path: &mut FieldPath, value: &Value, visit: &mut dyn FnMut(&[Segment], &Value)) {
    let mut segments = std::mem::take(path).segments().to_vec();
    explode_to(&mut segments, value, visit);
}

fn path_of(segments: &[Segment]) -> FieldPath {
    FieldPath::new(segments.to_vec())
}

fn explode_to(segments: &mut Vec<Segment>, value: &Value, visit: &mut dyn FnMut(&[Segment], &Value)) {
    match value {
        Value::Object(map) if !map.is_empty() && segments.len() < MAX_DEPTH => {
            for (key, value) in map {
                segments.push(Segment::Field(key.clone()));
                explode_to(segments, value, visit);
                segments.pop();
            }
        }
        Value::Array(items) if segments.len() < MAX_DEPTH && items.iter().any(is_container) => {
            for (index, value) in items.iter().enumerate() {
                segments.push(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
                explode_to(segments, value, visit);
                segments.pop();
            }
        }
        leaf => visit(segments, leaf),
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

/// What the line of a new object says already, and what Crossplane puts on every object.
fn is_identity(segments: &[Segment]) -> bool {
    let (fields, count) = fields(segments);
    match fields.get(..count).unwrap_or_default() {
        ["apiVersion" | "kind"] | ["metadata", "name" | "namespace" | "generateName" | "ownerReferences", ..] => true,
        ["metadata", "labels" | "annotations", key] => MACHINERY.contains(key),
        _ => false,
    }
}

/// What nobody sets by hand and no plan is about.
fn is_bookkeeping(segments: &[Segment]) -> bool {
    let (fields, count) = fields(segments);
    let fields = fields.get(..count).unwrap_or_default();
    matches!(fields, ["metadata", "managedFields" | "generation" | "resourceVersion", ..])
        || matches!(fields, ["metadata", "annotations", key] if *key == LAST_APPLIED)
}

/// The names among the first three steps, and how many there are. Asked of every field of a plan, so without a list.
fn fields(segments: &[Segment]) -> ([&str; 3], usize) {
    let mut fields = [""; 3];
    let mut count = 0;
    for segment in segments.iter().take(fields.len()) {
        if let (Segment::Field(field), Some(slot)) = (segment, fields.get_mut(count)) {
            *slot = field;
            count += 1;
        }
    }
    (fields, count)
}
