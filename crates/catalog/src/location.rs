//! Where entities come from: references of locations (`type:target`) and what Location entities lead to.
//!
//! Owns parsing with Backstage's words, targets made absolute, and the names of locations that a catalog makes itself. Reading a
//! target is a shell's.

use std::fmt;

use plat_resource::javascript::{Value, trim};
use sha1::{Digest, Sha1};

/// A place that entities are read from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocationRef {
    /// How it is read: `file`, `url`, or a name that a plugin knows.
    pub kind: String,
    /// What is read.
    pub target: String,
}

/// Why a text or an entity leads nowhere, in the words of Backstage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LocationError(String);

/// What a Location entity leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The place.
    pub location: LocationRef,
    /// Whether it may be missing.
    pub is_optional: bool,
}

impl LocationRef {
    /// A place.
    pub fn new(kind: impl Into<String>, target: impl Into<String>) -> Self {
        Self { kind: kind.into(), target: target.into() }
    }

    /// Reads `type:target`.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let fail = |what: String| Err(LocationError(what));
        let unable = || {
            fail(format!(
                "Unable to parse location ref '{text}', expected '<type>:<target>', e.g. 'url:https://host/path'"
            ))
        };
        let Some((kind, target)) = text.split_once(':') else { return unable() };
        let (kind, target) = (trim(kind), trim(target));
        if kind.is_empty() || target.is_empty() {
            return unable();
        }
        if kind == "http" || kind == "https" {
            return fail(format!("Invalid location ref '{text}', please prefix it with 'url:', e.g. 'url:{text}'"));
        }
        if is_script(target) {
            return fail(format!("Invalid location ref '{text}', target is a javascript: URL"));
        }
        Ok(Self::new(kind, target))
    }

    /// The name of the Location entity that a catalog makes for this place.
    pub fn entity_name(&self) -> String {
        let digest = Sha1::digest(self.to_string());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("generated-{hex}")
    }

    /// `target` as seen from here.
    fn resolve(&self, kind: &str, target: &str) -> String {
        if self.kind != kind {
            return target.to_owned();
        }
        match kind {
            "file" if target.starts_with('.') => beside(&self.target, target),
            "url" => match url::Url::parse(target) {
                Ok(_) => target.to_owned(),
                Err(_) => url::Url::parse(&self.target)
                    .and_then(|base| base.join(target))
                    .map_or_else(|_| target.to_owned(), |joined| joined.to_string()),
            },
            _ => target.to_owned(),
        }
    }
}

impl fmt::Display for LocationRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.target)
    }
}

/// Where `entity`, a Location that stands at `own`, leads. A target that cannot be is an error beside the others.
pub fn targets(entity: &Value, own: &LocationRef) -> Vec<Result<Target, LocationError>> {
    let kind = entity.text_at(&["spec", "type"]).unwrap_or(&own.kind);
    let is_optional = entity.text_at(&["spec", "presence"]) == Some("optional");
    let one = entity.text_at(&["spec", "target"]).into_iter();
    let more = entity.at(&["spec", "targets"]).and_then(Value::as_list).unwrap_or_default();
    one.chain(more.iter().filter_map(Value::as_str))
        .map(|target| {
            if kind == "file" && target.ends_with('/') {
                return Err(LocationError(format!(
                    "LocationEntityProcessor cannot handle file type location with target {} that ends with a path separator",
                    own.target
                )));
            }
            Ok(Target { location: LocationRef::new(kind, own.resolve(kind, target)), is_optional })
        })
        .collect()
}

/// `target` relative to the folder of `file`.
fn beside(file: &str, target: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // Above the root there is nothing.
            ".." if file.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let root = if file.starts_with('/') { "/" } else { "" };
    match parts.join("/") {
        path if path.is_empty() && root.is_empty() => ".".to_owned(),
        path => format!("{root}{path}"),
    }
}

/// Browsers look past control characters and blanks; so must this.
fn is_script(target: &str) -> bool {
    let start = target.trim_start_matches(|character: char| character <= ' ');
    let visible: String = start.chars().filter(|character| !matches!(character, '\r' | '\n' | '\t')).take(11).collect();
    visible.eq_ignore_ascii_case("javascript:") && !start.starts_with(['\r', '\n', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_seen_from_the_location() {
        let of = |own: LocationRef, spec: &str| -> Vec<String> {
            let entity = Value::from_json(&format!("{{\"spec\": {spec}}}")).unwrap();
            let told = |target: Result<Target, LocationError>| match target {
                Ok(target) => format!("{}{}", target.location, if target.is_optional { " optional" } else { "" }),
                Err(error) => error.to_string(),
            };
            targets(&entity, &own).into_iter().map(told).collect()
        };
        let file = || LocationRef::new("file", "/a/b/c.yaml");
        let spec = r#"{"target": "./x.yaml", "targets": ["../../../y", "z/q.yaml", "./d/"], "presence": "optional"}"#;
        let expected = [
            "file:/a/b/x.yaml optional",
            "file:/y optional",
            "file:z/q.yaml optional",
            "LocationEntityProcessor cannot handle file type location with target /a/b/c.yaml that ends with a path separator",
        ];
        assert_eq!(of(file(), spec), expected);
        assert_eq!(of(LocationRef::new("file", "a/c.yaml"), r#"{"target": "../../x"}"#), ["file:../x"]);
        assert_eq!(of(file(), r#"{"type": "url", "target": "./x"}"#), ["url:./x"]);
        let url = LocationRef::new("url", "https://github.com/a/b/blob/main/x.yaml");
        let expected = ["url:https://github.com/a/b/blob/main/y.yaml", "url:https://example.com/z"];
        assert_eq!(of(url, r#"{"targets": ["./y.yaml", "https://example.com/z"]}"#), expected);
    }

    #[test]
    fn a_location_has_the_name_that_a_catalog_gives_it() {
        let name = LocationRef::new("file", "/a/b.yaml").entity_name();
        assert_eq!(name, "generated-4a1986123eaf34d4d068414e2518a8adf2cbf26f");
    }
}
