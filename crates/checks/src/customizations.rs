//! Custom checks: which script answers for which kind.
//!
//! Owns reading them from Argo CD's `argocd-cm` ConfigMap and from a folder laid out like Argo CD's own
//! `resource_customizations`. Running a script is in `lua`.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, GroupVersionKind, Value, yaml};

use crate::glob::{Glob, Star};

/// The key of the map, and how the keys of one customization each begin.
const KEY: &str = "resource.customizations";
/// What a customization may be of, besides health.
const OTHER_TYPES: &[&str] = &["actions", "ignoreDifferences", "ignoreResourceUpdates", "knownTypeFields"];

/// One script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Lua that reads `obj` and returns a table with `status` and `message`.
    pub script: String,
    /// Whether the script may use the libraries `string` and `math`.
    pub opens_libraries: bool,
}

/// The scripts of one Argo CD.
#[derive(Debug, Clone, Default)]
pub struct Customizations {
    configured: Scripts,
    shipped: Scripts,
}

/// Scripts by the kinds that they are for.
#[derive(Debug, Clone, Default)]
struct Scripts {
    exact: BTreeMap<String, Check>,
    /// In the order in which they are tried.
    wildcards: Vec<(String, Glob, Check)>,
}

impl Scripts {
    fn find(&self, kind: &str) -> Option<&Check> {
        let by_wildcard = || self.wildcards.iter().find(|(_, glob, _)| glob.matches(kind)).map(|(.., check)| check);
        self.exact.get(kind).or_else(by_wildcard)
    }
}

impl Customizations {
    /// Reads an `argocd-cm` ConfigMap. What cannot be read is told and left out; Argo CD would not start.
    pub fn read(config_map: &Value) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::default();
        let data = config_map.get("data").and_then(Value::as_object);
        let texts = || data.into_iter().flatten().filter_map(|(key, value)| Some((key, value.as_str()?)));
        if let Some((_, text)) = texts().find(|(key, _)| *key == KEY) {
            reader.map(text);
        }
        for (key, text) in texts() {
            reader.split_key(key, text);
        }
        (Self { configured: reader.finish(), shipped: Scripts::default() }, reader.findings)
    }

    /// Adds a script that ships with Argo CD, which configured ones come before. `folder` is `GROUP/KIND`, or `KIND` of the core
    /// group; `_` stands for anything within its part, and such folders are tried in the order of their names.
    pub fn ship(&mut self, folder: &str, script: &str) {
        let check = Check { script: script.to_owned(), opens_libraries: true };
        let pattern = folder.replace('_', "*");
        match Glob::new(&pattern, Star::WithinPart).filter(|_| folder.contains('_')) {
            Some(glob) => {
                self.shipped.wildcards.push((folder.to_owned(), glob, check));
                self.shipped.wildcards.sort_by(|one, other| one.0.cmp(&other.0));
            }
            None => _ = self.shipped.exact.insert(folder.to_owned(), check),
        }
    }

    /// The script that answers for a kind: configured for the kind, by a wildcard, shipped for the kind, shipped by a wildcard.
    ///
    /// Which of several configured wildcards answers is left to chance in Argo CD. Here it is the one with the most
    /// characters that stand for themselves, and among equals the first in the order of the alphabet.
    pub fn find(&self, kind: &GroupVersionKind) -> Option<&Check> {
        let key = if kind.group.is_empty() { kind.kind.clone() } else { format!("{}/{}", kind.group, kind.kind) };
        self.configured.find(&key).or_else(|| self.shipped.find(&key))
    }

    /// How many scripts there are.
    pub fn len(&self) -> usize {
        let count = |scripts: &Scripts| scripts.exact.len() + scripts.wildcards.len();
        count(&self.configured) + count(&self.shipped)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Default)]
struct Reader {
    checks: BTreeMap<String, Check>,
    findings: Vec<Diagnostic>,
}

impl Reader {
    fn tell(&mut self, key: &str, cause: impl Into<String>) {
        let finding = Diagnostic::warning(format!("{key} of the ConfigMap is not used"));
        self.findings.push(finding.because(cause));
    }

    /// `resource.customizations`: kinds, by whose name the customizations are.
    fn map(&mut self, text: &str) {
        let (documents, findings) = yaml::parse(KEY, text.as_bytes());
        self.findings.extend(findings);
        let Some(document) = documents.into_iter().next() else { return };
        for (kind, customization) in document.value.as_object().into_iter().flatten() {
            let script = customization.get("health.lua").and_then(Value::as_str).unwrap_or_default().to_owned();
            let opens = customization.get("health.lua.useOpenLibs");
            let opens_libraries = opens.and_then(Value::as_bool).unwrap_or(false);
            self.checks.insert(kind.clone(), Check { script, opens_libraries });
        }
    }

    /// `resource.customizations.TYPE.GROUP_KIND`.
    fn split_key(&mut self, key: &str, text: &str) {
        let Some((kind_of, name)) = key.strip_prefix(KEY).and_then(|it| it.strip_prefix('.')?.split_once('.')) else {
            return;
        };
        let name = match name.split('_').collect::<Vec<_>>().as_slice() {
            ["all"] => "*/*".to_owned(),
            [kind] if !kind.is_empty() => (*kind).to_owned(),
            [group, kind] => format!("{group}/{kind}"),
            _ => return self.tell(key, "its end has to be GROUP_KIND, or KIND of the core group"),
        };
        match kind_of {
            "health" => text.clone_into(&mut self.checks.entry(name).or_default().script),
            "useOpenLibs" => match parse_bool(text) {
                Some(opens) => self.checks.entry(name).or_default().opens_libraries = opens,
                None => self.tell(key, format!("{text:?} is not true or false")),
            },
            other if OTHER_TYPES.contains(&other) => {}
            other => self.tell(key, format!("there is no customization of the type {other}")),
        }
    }

    /// Those that have a script, in their order.
    fn finish(&mut self) -> Scripts {
        let mut scripts = Scripts::default();
        for (kind, check) in std::mem::take(&mut self.checks).into_iter().filter(|(_, check)| !check.script.is_empty())
        {
            match Glob::new(&kind, Star::Anything) {
                Some(glob) => scripts.wildcards.push((kind.clone(), glob, check.clone())),
                None => self.tell(KEY, format!("{kind:?} is no pattern of kinds")),
            }
            scripts.exact.insert(kind, check);
        }
        let order = |(kind, glob, _): &(String, Glob, Check)| (std::cmp::Reverse(glob.literals()), kind.clone());
        scripts.wildcards.sort_by_key(order);
        scripts
    }
}

/// Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(data: &Value) -> (Customizations, Vec<String>) {
        let (found, findings) = Customizations::read(&json!({"kind": "ConfigMap", "data": data}));
        let findings = findings.into_iter().map(|it| format!("{}: {}", it.message, it.causes.join(": ")));
        (found, findings.collect())
    }

    fn script(customizations: &Customizations, api_version: &str, kind: &str) -> String {
        let check = customizations.find(&GroupVersionKind::new(api_version, kind));
        check.map(|it| format!("{}{}", it.script, if it.opens_libraries { "+" } else { "" })).unwrap_or_default()
    }

    #[test]
    fn keys_of_their_own_come_over_the_map() {
        let (found, findings) = read(&json!({
            "resource.customizations": "acme.io/Db:\n  health.lua: map\n  health.lua.useOpenLibs: true\nPod:\n  health.lua: pod\n",
            "resource.customizations.health.acme.io_Db": "own",
            "resource.customizations.health.cert-manager.io_Certificate": "certificate",
            "resource.customizations.useOpenLibs.cert-manager.io_Certificate": "true",
            "resource.customizations.ignoreDifferences.all": "jsonPointers: []",
            "resource.exclusions": "",
        }));
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!(script(&found, "acme.io/v1", "Db"), "own+");
        assert_eq!(script(&found, "v1", "Pod"), "pod");
        assert_eq!(script(&found, "cert-manager.io/v1", "Certificate"), "certificate+");
        assert_eq!(script(&found, "v1", "Service"), "");
    }

    #[test]
    fn of_several_wildcards_the_most_specific_answers_and_what_is_shipped_comes_last() {
        let (mut found, _) = read(&json!({"resource.customizations":
            "'*/*':\n  health.lua: any\n'*.acme.io/*':\n  health.lua: acme\n'db.acme.io/*':\n  health.lua: ''\n"}));
        found.ship("db.acme.io/Db", "shipped");
        found.ship("_.crossplane.io/_", "crossplane");
        assert_eq!(script(&found, "db.acme.io/v1", "Db"), "acme");
        assert_eq!(script(&found, "other.io/v1", "X"), "any");
        assert_eq!(script(&found, "v1", "Pod"), "", "a kind of the core group has no slash in its name");
        let mut shipped = Customizations::default();
        shipped.ship("db.acme.io/Db", "shipped");
        shipped.ship("_.crossplane.io/_", "crossplane");
        assert_eq!(script(&shipped, "db.acme.io/v1", "Db"), "shipped+");
        assert_eq!(script(&shipped, "a.b.crossplane.io/v1", "X"), "crossplane+");
        assert_eq!(script(&shipped, "crossplane.io/v1", "X"), "");
        assert_eq!((shipped.len(), found.len()), (2, 6));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let (_, findings) = read(&json!({
            "resource.customizations": "- a\n",
            "resource.customizations.health.a_b_c": "x",
            "resource.customizations.healht.a_b": "x",
            "resource.customizations.useOpenLibs.a_b": "yes",
        }));
        insta::assert_snapshot!(findings.join("\n"), @r#"
        cannot read resource.customizations: the document is a list, not an object
        resource.customizations.healht.a_b of the ConfigMap is not used: there is no customization of the type healht
        resource.customizations.health.a_b_c of the ConfigMap is not used: its end has to be GROUP_KIND, or KIND of the core group
        resource.customizations.useOpenLibs.a_b of the ConfigMap is not used: "yes" is not true or false
        "#);
    }
}
