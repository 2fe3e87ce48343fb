//! What Kubernetes accepts as a name, a label key and a label value, in its words.
//!
//! Owns the text rules of apimachinery's `validation`. Does not own which rule a field follows.

use std::sync::LazyLock;

use regex::Regex;

/// Longest DNS-1123 label.
pub const LABEL_MAX: usize = 63;
/// Longest DNS-1123 subdomain.
pub const SUBDOMAIN_MAX: usize = 253;

const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035_TEXT: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_TEXT: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const LABEL_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_1035_PATTERN: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE_PATTERN: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

/// Checks a DNS-1123 label. Empty means that it is one.
pub fn is_dns1123_label(value: &str) -> Vec<String> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL_PATTERN));
    let mut errors = too_long(value, LABEL_MAX, "characters");
    if !matches(&PATTERN, value) {
        let subdomain = is_dns1123_subdomain(value).is_empty();
        errors.push(if subdomain {
            "must not contain dots".to_owned()
        } else {
            regex_error(LABEL_TEXT, LABEL_PATTERN, &["my-name", "123-abc"])
        });
    }
    errors
}

/// Checks a DNS-1123 subdomain, which is what most object names must be. Empty means that it is one.
pub fn is_dns1123_subdomain(value: &str) -> Vec<String> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(SUBDOMAIN_PATTERN));
    let mut errors = too_long(value, SUBDOMAIN_MAX, "characters");
    if !matches(&PATTERN, value) {
        errors.push(regex_error(SUBDOMAIN_TEXT, SUBDOMAIN_PATTERN, &["example.com"]));
    }
    errors
}

/// Checks a DNS-1035 label. Empty means that it is one.
pub fn is_dns1035_label(value: &str) -> Vec<String> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL_1035_PATTERN));
    let mut errors = too_long(value, LABEL_MAX, "characters");
    if !matches(&PATTERN, value) {
        errors.push(regex_error(LABEL_1035_TEXT, LABEL_1035_PATTERN, &["my-name", "abc-123"]));
    }
    errors
}

/// Checks a qualified name, the form of label and annotation keys. Empty means that it is one.
pub fn is_qualified_name(value: &str) -> Vec<String> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(QUALIFIED_PATTERN));
    let mut errors = Vec::new();
    let parts: Vec<&str> = value.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                errors.extend(is_dns1123_subdomain(prefix).into_iter().map(|error| format!("prefix part {error}")));
            }
            *name
        }
        _ => {
            let text = regex_error(QUALIFIED_TEXT, QUALIFIED_PATTERN, &["MyName", "my.name", "123-abc"]);
            errors.push(format!(
                "a valid label key {text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ));
            return errors;
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else {
        errors.extend(too_long(name, LABEL_MAX, "bytes").into_iter().map(|error| format!("name part {error}")));
    }
    if !matches(&PATTERN, name) {
        let text = regex_error(QUALIFIED_TEXT, QUALIFIED_PATTERN, &["MyName", "my.name", "123-abc"]);
        errors.push(format!("name part {text}"));
    }
    errors
}

/// Checks the value of a label. Empty means that it is one.
pub fn is_label_value(value: &str) -> Vec<String> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL_VALUE_PATTERN));
    let mut errors = too_long(value, LABEL_MAX, "bytes");
    if !matches(&PATTERN, value) {
        errors.push(regex_error(LABEL_VALUE_TEXT, LABEL_VALUE_PATTERN, &["MyValue", "my_value", "12345"]));
    }
    errors
}

/// Checks a name as a segment of a URL path, which is all that is asked of embedded objects' names.
pub fn is_path_segment(value: &str) -> Vec<String> {
    match value {
        "." | ".." => vec![format!("may not be '{value}'")],
        _ => ["/", "%"]
            .iter()
            .filter(|part| value.contains(**part))
            .map(|part| format!("may not contain '{part}'"))
            .collect(),
    }
}

fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

/// The patterns are constants, tested to compile.
fn matches(pattern: &LazyLock<Option<Regex>>, value: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(value))
}

/// Kubernetes says `characters` of names and `bytes` of labels; both count bytes.
fn too_long(value: &str, max: usize, unit: &str) -> Vec<String> {
    if value.len() > max { vec![format!("must be no more than {max} {unit}")] } else { Vec::new() }
}

fn regex_error(message: &str, pattern: &str, examples: &[&str]) -> String {
    let quoted: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    let examples_text = quoted.join(" or ");
    format!("{message} (e.g. {examples_text}regex used for validation is '{pattern}')")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names() {
        assert_eq!(is_dns1123_label("a-1"), Vec::<String>::new());
        assert_eq!(is_dns1123_subdomain("a-1.b"), Vec::<String>::new());
        assert_eq!(is_dns1035_label("a-1"), Vec::<String>::new());
        assert_eq!(is_qualified_name("a.b/C_d"), Vec::<String>::new());
        assert_eq!(is_label_value(""), Vec::<String>::new());
        assert_eq!(is_path_segment("a:b"), Vec::<String>::new());
    }

    #[test]
    fn refuses_in_the_words_of_kubernetes() {
        let only = |errors: Vec<String>| match errors.as_slice() {
            [error] => error.clone(),
            other => panic!("one error expected: {other:?}"),
        };
        insta::assert_snapshot!(only(is_dns1123_subdomain("A_b")), @"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
        assert_eq!(only(is_dns1123_label("a.b")), "must not contain dots");
        assert_eq!(only(is_dns1123_label(&"a".repeat(64))), "must be no more than 63 characters");
        insta::assert_snapshot!(only(is_dns1123_label("-")), @"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
        assert_eq!(only(is_qualified_name("/x")), "prefix part must be non-empty");
        assert!(only(is_qualified_name("a/b/c")).starts_with("a valid label key must consist of"));
        assert!(only(is_label_value("-")).starts_with("a valid label must be an empty string"));
        assert_eq!(is_path_segment("a/%"), ["may not contain '/'", "may not contain '%'"]);
    }
}
