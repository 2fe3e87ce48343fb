//! The names of a kind: kind, plural, singular, list kind.

use serde::Serialize;

use crate::cursor::{Cursor, Findings};

/// Names of a custom resource, with the defaults the API server sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Names {
    /// Kind, for instance `XSQLInstance`.
    pub kind: String,
    /// Plural, for instance `xsqlinstances`.
    pub plural: String,
    /// Singular; the lower-case kind where it is left out.
    pub singular: String,
    /// Kind of a list; the kind and `List` where it is left out.
    pub list_kind: String,
    /// Short names that kubectl takes.
    pub short_names: Vec<String>,
}

const FIELDS: &[&str] = &["kind", "plural", "singular", "listKind", "shortNames", "categories"];

impl Names {
    /// Whether kubectl would take `word` (in lower case) for this kind.
    pub(crate) fn answers_to(&self, word: &str, group: &str) -> bool {
        let own = [&self.kind, &self.plural, &self.singular];
        let mut names = own.into_iter().chain(&self.short_names);
        let bare = word.strip_suffix(&group.to_lowercase()).and_then(|rest| rest.strip_suffix('.'));
        names.any(|name| name.to_lowercase() == word || Some(name.to_lowercase().as_str()) == bare)
    }

    /// Reads names; `None` where kind or plural is missing.
    pub(crate) fn read(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        findings.unknown_fields(cursor, FIELDS);
        let kind = findings.required_text(cursor, "kind").map(str::to_owned);
        let plural = findings.required_text(cursor, "plural").map(str::to_owned);
        let singular = lower_case(cursor, "singular", findings);
        let list_kind = findings.optional_text(cursor, "listKind").filter(|text| !text.is_empty()).map(str::to_owned);
        let short_names = findings.optional_list(cursor, "shortNames");
        let (kind, plural) = (kind?, plural?);
        lower_case(cursor, "plural", findings);
        Some(Self {
            singular: singular.unwrap_or_else(|| kind.to_lowercase()),
            list_kind: list_kind.unwrap_or_else(|| format!("{kind}List")),
            short_names: short_names.map(|list| texts(&list)).unwrap_or_default(),
            kind,
            plural,
        })
    }
}

fn lower_case(cursor: &Cursor<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let text = findings.optional_text(cursor, key)?;
    if text != text.to_lowercase()
        && let Some(at) = cursor.get(key)
    {
        let hint = format!("write {}", text.to_lowercase());
        findings.error(&at, format!("{text:?} must be in lower case")).hint = Some(hint);
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// The strings of a list.
pub(crate) fn texts(list: &Cursor<'_>) -> Vec<String> {
    let items = list.value().as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
