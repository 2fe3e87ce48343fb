//! Reading fields that may be missing, as Go's typed objects have them: an absent number is 0, an absent text is empty.

use plat_resource::{Value, object};

/// The number at `path`, or 0.
pub(crate) fn number(object: &Value, path: &[&str]) -> i64 {
    optional_number(object, path).unwrap_or(0)
}

/// The number at `path`, where Go has a pointer.
pub(crate) fn optional_number(object: &Value, path: &[&str]) -> Option<i64> {
    object::value_at(object, path)?.as_i64()
}

/// The text at `path`, or empty.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    object::string_at(object, path).unwrap_or("")
}

/// The list at `path`, or nothing.
pub(crate) fn list<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    object::value_at(object, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether there is something other than null at `path`.
pub(crate) fn is_set(object: &Value, path: &[&str]) -> bool {
    object::value_at(object, path).is_some_and(|value| !value.is_null())
}

/// One entry of `status.conditions`.
#[derive(Clone, Copy)]
pub(crate) struct Condition<'a>(&'a Value);

impl<'a> Condition<'a> {
    pub(crate) fn kind(self) -> &'a str {
        text(self.0, &["type"])
    }

    pub(crate) fn status(self) -> &'a str {
        text(self.0, &["status"])
    }

    pub(crate) fn reason(self) -> &'a str {
        text(self.0, &["reason"])
    }

    pub(crate) fn message(self) -> &'a str {
        text(self.0, &["message"])
    }

    pub(crate) fn is_true(self) -> bool {
        self.status() == "True"
    }

    pub(crate) fn is_false(self) -> bool {
        self.status() == "False"
    }

    /// The generation that it speaks of.
    pub(crate) fn observed_generation(self) -> Option<i64> {
        optional_number(self.0, &["observedGeneration"])
    }

    /// The message, or what there is instead of one.
    pub(crate) fn told(self) -> &'a str {
        [self.message(), self.reason()].into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

/// The conditions of `object`, in their order.
pub(crate) fn conditions(object: &Value) -> impl Iterator<Item = Condition<'_>> {
    list(object, &["status", "conditions"]).iter().map(Condition)
}

/// The first condition of a type.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<Condition<'a>> {
    conditions(object).find(|condition| condition.kind() == kind)
}
