//! `format.dns1123Label()` and its kin, with the words in which Kubernetes says what does not fit.

use std::sync::LazyLock;

use regex::Regex;

use super::network::Url;
use crate::go_regex;
use crate::schema::TextFormat;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_1035: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// A format with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedFormat(usize);

type Check = fn(&str) -> Vec<String>;

/// Name of the function, name of the format, length of its pattern for reckoning costs, check.
const FORMATS: [(&str, &str, u64, Check); 13] = [
    ("dns1123Label", "DNS1123Label", 30, label),
    ("dns1123Subdomain", "DNS1123Subdomain", 60, subdomain),
    ("dns1035Label", "DNS1035Label", 30, label_1035),
    ("qualifiedName", "QualifiedName", 60, qualified_name),
    ("dns1123LabelPrefix", "DNS1123LabelPrefix", 30, |text| label(&masked(text))),
    ("dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", 60, |text| subdomain(&masked(text))),
    ("dns1035LabelPrefix", "DNS1035LabelPrefix", 30, |text| label_1035(&masked(text))),
    ("labelValue", "LabelValue", 40, label_value),
    ("uri", "URI", 1103, |text| Url::parse(text).err().into_iter().collect()),
    ("uuid", "uuid", 70, |text| unless(TextFormat::Uuid.accepts(text), "does not match the UUID format")),
    ("byte", "byte", 84, |text| unless(TextFormat::Byte.accepts(text), "invalid base64")),
    ("date", "date", 70, |text| unless(TextFormat::Date.accepts(text), "invalid date")),
    ("datetime", "datetime", 70, |text| unless(TextFormat::DateTime.accepts(text), "invalid datetime")),
];

impl NamedFormat {
    /// The format of a function `format.NAME()`.
    pub(super) fn named(name: &str) -> Option<Self> {
        FORMATS.iter().position(|format| format.0 == name).map(Self)
    }

    /// All names of functions.
    pub(super) fn functions() -> impl Iterator<Item = &'static str> {
        FORMATS.iter().map(|format| format.0)
    }

    pub(super) fn name(self) -> &'static str {
        FORMATS.get(self.0).map_or("", |format| format.1)
    }

    pub(super) fn pattern_size(self) -> u64 {
        FORMATS.get(self.0).map_or(0, |format| format.2)
    }

    /// What is wrong with the text; empty if nothing is.
    pub(super) fn faults(self, text: &str) -> Vec<String> {
        FORMATS.get(self.0).map_or_else(Vec::new, |format| (format.3)(text))
    }
}

fn unless(fits: bool, fault: &str) -> Vec<String> {
    if fits { Vec::new() } else { vec![fault.to_owned()] }
}

fn whole(pattern: &str) -> Option<Regex> {
    go_regex::compile(&format!("^{pattern}$")).ok()
}

fn subdomain_pattern() -> String {
    format!("{LABEL}(\\.{LABEL})*")
}

fn fits(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// A name that is made from a prefix may end with a hyphen.
fn masked(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => text.to_owned(),
    }
}

fn pattern_fault(message: &str, pattern: &str, examples: &[&str]) -> String {
    let shown: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{pattern}')", shown.join(" or "))
}

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} bytes"))
}

static LABEL_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL));
static LABEL_1035_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL_1035));
static SUBDOMAIN_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(&subdomain_pattern()));
static KEY_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(KEY));
static VALUE_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| whole(&format!("({KEY})?")));

fn label(text: &str) -> Vec<String> {
    let mut faults: Vec<String> = too_long(text, 63).into_iter().collect();
    if !fits(&LABEL_PATTERN, text) {
        let message = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
        faults.push(if fits(&SUBDOMAIN_PATTERN, text) {
            "must not contain dots".to_owned()
        } else {
            pattern_fault(message, LABEL, &["my-name", "123-abc"])
        });
    }
    faults
}

fn label_1035(text: &str) -> Vec<String> {
    let mut faults: Vec<String> = too_long(text, 63).into_iter().collect();
    if !fits(&LABEL_1035_PATTERN, text) {
        let message = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
        faults.push(pattern_fault(message, LABEL_1035, &["my-name", "abc-123"]));
    }
    faults
}

fn subdomain(text: &str) -> Vec<String> {
    let mut faults: Vec<String> = too_long(text, 253).into_iter().collect();
    if !fits(&SUBDOMAIN_PATTERN, text) {
        let message = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
        faults.push(pattern_fault(message, &subdomain_pattern(), &["example.com"]));
    }
    faults
}

fn qualified_name(text: &str) -> Vec<String> {
    let message = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let fault = pattern_fault(message, KEY, &["MyName", "my.name", "123-abc"]);
    let parts: Vec<&str> = text.split('/').collect();
    let (prefix, name) = match parts.as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            return vec![format!(
                "a valid label key {fault} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    let mut faults = Vec::new();
    match prefix {
        Some("") => faults.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => faults.extend(subdomain(prefix).into_iter().map(|fault| format!("prefix part {fault}"))),
        None => {}
    }
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if let Some(fault) = too_long(name, 63) {
        faults.push(format!("name part {fault}"));
    }
    if !fits(&KEY_PATTERN, name) {
        faults.push(format!("name part {fault}"));
    }
    faults
}

fn label_value(text: &str) -> Vec<String> {
    let mut faults: Vec<String> = too_long(text, 63).into_iter().collect();
    if !fits(&VALUE_PATTERN, text) {
        let message = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
        faults.push(pattern_fault(message, &format!("({KEY})?"), &["MyValue", "my_value", "12345"]));
    }
    faults
}
