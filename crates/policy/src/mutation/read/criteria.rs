//! The shape of a mutator's `spec.match`.
//!
//! Owns what Gatekeeper's schema refuses in it. What the criteria mean is in `crate::matcher`.

use plat_resource::{FieldPath, Value};

use super::place::{Place, Reader};
use crate::matcher;

const FIELDS: [&str; 8] =
    ["source", "kinds", "scope", "namespaces", "excludedNamespaces", "labelSelector", "namespaceSelector", "name"];

impl<'a> Reader<'a> {
    pub(super) fn check_criteria(&mut self, place: &Place<'a>) {
        self.known(place, &FIELDS);
        let source = self.text(&place.at("source"));
        if !["", "All", "Generated", "Original"].contains(&source.as_str()) {
            self.error(&place.at("source"), format!("{source:?} is none of All, Generated, Original"), None);
        }
        let scope = self.text(&place.at("scope"));
        if !["", "*", "Cluster", "Namespaced"].contains(&scope.as_str()) {
            self.warning(&place.at("scope"), "it is none of *, Cluster, Namespaced: it counts as *");
        }
        for item in self.items(&place.at("kinds")) {
            self.known(&item, &["apiGroups", "kinds"]);
            self.texts(&item.at("apiGroups"));
            self.texts(&item.at("kinds"));
        }
        for field in ["namespaces", "excludedNamespaces"] {
            for item in self.items(&place.at(field)) {
                self.check_wildcard(&item);
            }
        }
        self.check_wildcard(&place.at("name"));
        for field in ["labelSelector", "namespaceSelector"] {
            self.check_selector(&place.at(field));
        }
    }

    /// Small letters, digits, `-` and `:`, with a star at either end.
    fn check_wildcard(&mut self, place: &Place<'a>) {
        let text = self.text(place);
        let inner = text.strip_prefix('*').unwrap_or(&text);
        let inner = inner.strip_suffix('*').unwrap_or(inner);
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b':';
        if !inner.bytes().all(is_allowed) {
            self.error(place, format!("{text:?} is no name with a * at its start or end"), None);
        }
    }

    fn check_selector(&mut self, place: &Place<'a>) {
        self.known(place, &["matchLabels", "matchExpressions"]);
        let labels = place.at("matchLabels");
        match labels.value {
            None => {}
            Some(Value::Object(fields)) => {
                for key in fields.keys() {
                    self.text(&labels.at(key));
                }
            }
            Some(_) => self.error(&labels, "it must be an object", None),
        }
        for item in self.items(&place.at("matchExpressions")) {
            self.known(&item, &["key", "operator", "values"]);
            for field in ["key", "operator"] {
                if item.at(field).value.is_none() {
                    self.error(&item.at(field), "it is required", None);
                }
                self.text(&item.at(field));
            }
            self.texts(&item.at("values"));
        }
        for (path, problem) in place.value.map(matcher::selector_faults).unwrap_or_default() {
            let path = place.path.concat(&path);
            self.selector_fault(path, &problem);
        }
    }

    /// Gatekeeper takes the mutator and fails whenever it is asked whether it matches.
    fn selector_fault(&mut self, path: FieldPath, problem: &str) {
        let place = Place { value: None, path };
        self.warning(&place, format!("{problem}: every object that comes so far is refused"));
    }
}
