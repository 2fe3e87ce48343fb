//! One entry of `spec.match.kinds`.

use std::fmt;

use plat_resource::{Value, object};

/// Groups and kinds; `*` or nothing stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds {
    groups: Vec<String>,
    kinds: Vec<String>,
}

impl Kinds {
    pub(super) fn read(value: &Value) -> Self {
        let list = |field: &str| -> Vec<String> {
            let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self { groups: list("apiGroups"), kinds: list("kinds") }
    }

    /// The groups as they are written.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The kinds as they are written.
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// The kinds where they are listed; `None` for all.
    pub fn listed_kinds(&self) -> Option<&[String]> {
        (!is_all(&self.kinds)).then_some(self.kinds.as_slice())
    }

    /// Whether objects of this group and kind match.
    pub fn matches(&self, group: &str, kind: &str) -> bool {
        (is_all(&self.kinds) || self.kinds.iter().any(|one| one == kind))
            && (is_all(&self.groups) || self.groups.iter().any(|one| one == group))
    }

    pub(super) fn match_object(&self, value: &Value) -> bool {
        let version = object::string_at(value, &["apiVersion"]).unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        self.matches(group, object::string_at(value, &["kind"]).unwrap_or_default())
    }
}

fn is_all(list: &[String]) -> bool {
    list.is_empty() || list.iter().any(|one| one == "*")
}

impl fmt::Display for Kinds {
    /// Kinds, then groups: `Pod, Service (core)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = if is_all(&self.kinds) { "any kind".to_owned() } else { self.kinds.join(", ") };
        let name = |group: &String| if group.is_empty() { "core".to_owned() } else { group.clone() };
        let groups: Vec<_> = self.groups.iter().map(name).collect();
        let groups = if is_all(&self.groups) { "any group".to_owned() } else { groups.join(", ") };
        write!(formatter, "{kinds} ({groups})")
    }
}
