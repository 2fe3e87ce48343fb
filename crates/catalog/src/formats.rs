//! The formats of names, keys, tags and links in an entity's metadata.
//!
//! Owns the rules and Backstage's words for them. Lengths count as JavaScript counts them.

use plat_resource::javascript::{self, Map, Value};

use crate::shape::Step;

/// A field of the wrong format: the way to it, and Backstage's words.
pub(crate) struct Malformed {
    pub(crate) way: Vec<Step>,
    pub(crate) message: String,
}

const MAX_NAME: usize = 63;
const MAX_SUBDOMAIN: usize = 253;
const HELP: &str = "To learn more about catalog file format, visit: \
https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md";
const OBJECT_NAME: &str =
    "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total";
const PREFIX_AND_SUFFIX: &str = "a valid prefix and/or suffix";
const LABEL: &str = "a string that is sequences of [a-z0-9] separated by [-], at most 63 characters in total";
const TAG: &str = "a string that is sequences of [a-z0-9+#] separated by [-], at most 63 characters in total";
const KIND: &str = "a string that is a sequence of [a-zA-Z][a-z0-9A-Z], at most 63 characters in total";
const NON_EMPTY: &str = "a non empty string";

/// Looks at each field that has a format, in Backstage's order; tells the first that is wrong. The entity has passed the
/// schema of all entities.
pub(crate) fn check(entity: &Value) -> Result<(), Malformed> {
    let text = |way: &[&str]| entity.text_at(way).unwrap_or_default();
    require(&["apiVersion"], "apiVersion", text(&["apiVersion"]), is_api_version, PREFIX_AND_SUFFIX)?;
    require(&["kind"], "kind", text(&["kind"]), is_kind, KIND)?;
    require(&["metadata", "name"], "metadata.name", text(&["metadata", "name"]), is_object_name, OBJECT_NAME)?;
    if let Some(namespace) = entity.text_at(&["metadata", "namespace"]) {
        require(&["metadata", "namespace"], "metadata.namespace", namespace, is_dns_label, LABEL)?;
    }
    for (key, value) in texts(entity, "labels") {
        let (way, field) = (["metadata", "labels", key], format!("labels.{key}"));
        require(&way, &field, key, is_qualified_name, PREFIX_AND_SUFFIX)?;
        require(&way, &field, value, |value| value.is_empty() || is_object_name(value), OBJECT_NAME)?;
    }
    for (key, _) in texts(entity, "annotations") {
        let field = format!("annotations.{key}");
        require(&["metadata", "annotations", key], &field, key, is_qualified_name, PREFIX_AND_SUFFIX)?;
    }
    let list = |name: &str| entity.at(&["metadata", name]).and_then(Value::as_list).unwrap_or_default();
    for (index, tag) in list("tags").iter().enumerate() {
        require_item("tags", index, None, tag.as_str().unwrap_or_default(), is_tag, TAG)?;
    }
    for (index, link) in list("links").iter().enumerate() {
        require_item(
            "links",
            index,
            Some("url"),
            link.text_at(&["url"]).unwrap_or_default(),
            is_url,
            "a string that is a valid url",
        )?;
        for name in ["title", "icon"] {
            if let Some(text) = link.text_at(&[name]) {
                require_item("links", index, Some(name), text, |text| !javascript::trim(text).is_empty(), NON_EMPTY)?;
            }
        }
    }
    Ok(())
}

fn texts<'a>(entity: &'a Value, field: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let map = entity.at(&["metadata", field]).and_then(Value::as_map);
    map.into_iter().flat_map(Map::iter).map(|(key, value)| (key, value.as_str().unwrap_or_default()))
}

fn require(
    way: &[&str],
    field: &str,
    value: &str,
    is_valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<(), Malformed> {
    if is_valid(value) {
        return Ok(());
    }
    let way = way.iter().map(|key| Step::Key((*key).to_owned())).collect();
    Err(Malformed {
        way,
        message: format!("\"{field}\" is not valid; expected {expected} but found \"{value}\". {HELP}"),
    })
}

fn require_item(
    list: &str,
    index: usize,
    name: Option<&str>,
    value: &str,
    is_valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<(), Malformed> {
    let field = name.map_or_else(|| format!("{list}.{index}"), |name| format!("{list}.{index}.{name}"));
    require(&["metadata", list], &field, value, is_valid, expected).map_err(|mut malformed| {
        malformed.way.push(Step::Index(index));
        malformed.way.extend(name.map(|name| Step::Key(name.to_owned())));
        malformed
    })
}

/// One or more of `allowed`, with `separator`s of at most `most` in a row between them.
fn is_sequence(text: &str, allowed: impl Fn(u8) -> bool, most: usize) -> bool {
    let mut dashes = most + 1;
    for byte in text.bytes() {
        dashes = match byte {
            b'-' if dashes < most => dashes + 1,
            byte if allowed(byte) => 0,
            _ => return false,
        };
    }
    dashes == 0
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= MAX_NAME
        && is_sequence(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(), usize::MAX - 1)
}

fn is_dns_subdomain(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SUBDOMAIN && text.split('.').all(is_dns_label)
}

/// The name of an object.
pub(crate) fn is_object_name(text: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.len() <= MAX_NAME
        && is_end(text.bytes().next())
        && is_end(text.bytes().next_back())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_kind(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'+' | b'#');
    text.len() <= MAX_NAME && is_sequence(text, allowed, 1)
}

fn is_qualified_name(text: &str) -> bool {
    with_prefix(text, is_object_name)
}

fn is_api_version(text: &str) -> bool {
    let is_version =
        |text: &str| (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    with_prefix(text, is_version)
}

fn with_prefix(text: &str, is_suffix: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        None => is_suffix(text),
        Some((prefix, suffix)) => is_dns_subdomain(prefix) && is_suffix(suffix),
    }
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok()
}
