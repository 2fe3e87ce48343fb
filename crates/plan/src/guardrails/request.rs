//! The request that the API server would see for one object of a tree.
//!
//! Owns operation, object and old object. For a live object, `object` is what server-side apply would leave behind: that
//! is what a webhook judges, not what is applied.

use plat_policy::{Review, Source};
use plat_resource::object::GroupVersionKind;
use plat_resource::{Map, Value, object};

use crate::build::prepare;
use crate::live::{CoreKind, Owned, Schemas, predict};
use crate::model::Role;

/// One object that is to be applied.
pub(super) struct Request<'a> {
    pub(super) desired: &'a Value,
    pub(super) live: Option<&'a Value>,
    pub(super) role: Role,
    /// How the name of the field manager begins that applies it; `None` for kubectl.
    pub(super) manager: Option<&'a str>,
}

impl Request<'_> {
    pub(super) fn review(&self, schemas: &dyn Schemas, namespace: Option<Value>, source: Source) -> Review {
        let prepared = prepare(self.desired, self.live, self.role);
        let Some(live) = self.live else { return review(&prepared, "CREATE", None, namespace, source) };
        let kind = GroupVersionKind::of(self.desired);
        let schema = schemas.of(&kind);
        let known = CoreKind::new(&kind, schema.as_deref());
        let owned = match self.manager {
            Some(manager) => Owned::by_manager(live, manager),
            None => Owned::by_kubectl(live, &known),
        };
        let after = predict(live, &prepared, &owned, &known);
        review(&after, "UPDATE", Some(live), namespace, source)
    }

    /// A deletion: its object is the one that goes.
    pub(super) fn deletion(live: &Value, namespace: Option<Value>) -> Review {
        review(live, "DELETE", Some(live), namespace, Source::Generated)
    }
}

/// What an object implies comes and goes as the object does: with its operation, as in Gatekeeper.
pub(super) fn implied(object: &Value, of: &Review, namespace: Option<Value>) -> Review {
    let operation = object::string_at(&of.request, &["operation"]).unwrap_or_default();
    let old = (operation == "DELETE").then_some(object);
    review(object, operation, old, namespace, Source::Generated)
}

fn review(object: &Value, operation: &str, old: Option<&Value>, namespace: Option<Value>, source: Source) -> Review {
    let mut review = Review::of_object(object, namespace);
    review.source = source;
    if let Value::Object(request) = &mut review.request {
        describe(request, operation, old);
    }
    review
}

fn describe(request: &mut Map<String, Value>, operation: &str, old: Option<&Value>) {
    request.insert("operation".to_owned(), operation.into());
    if let Some(old) = old {
        request.insert("oldObject".to_owned(), old.clone());
    }
}
