//! The actions of Backstage's own packages, of GitHub's and GitLab's modules, of Roadie's and Argo CD's.
//!
//! Their inputs, outputs and whether they support dry runs are data, which `actions.mjs` of the oracle wrote down from the real
//! packages. Who carries them out is not said here.

use super::{ActionInfo, Actions};
use crate::data::Data;

/// Actions whose inputs and outputs are known.
#[derive(Debug, Clone)]
pub struct KnownActions(Data);

impl Default for KnownActions {
    fn default() -> Self {
        // The file is part of the program; a test reads it.
        Self(serde_json::from_str(include_str!("actions.json")).unwrap_or_default())
    }
}

impl KnownActions {
    /// The names of all, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.as_object().into_iter().flat_map(|actions| actions.keys().map(String::as_str))
    }

    /// The name that was probably meant.
    pub fn suggestion(&self, id: &str) -> Option<&str> {
        crate::template::suggestion(id, self.names())
    }
}

impl Actions for KnownActions {
    fn action(&self, id: &str) -> Option<ActionInfo> {
        let action = self.0.get(id)?;
        let schema = |name: &str| action.get(name).filter(|schema| **schema != Data::Null).cloned();
        let supports_dry_run = action.get("dryRun").and_then(Data::as_bool).unwrap_or_default();
        Some(ActionInfo { input: schema("input"), output: schema("output"), supports_dry_run })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_actions_are_read() {
        let actions = KnownActions::default();
        assert_eq!(actions.names().count(), 52);
        let publish = actions.action("publish:github").expect("a known action");
        assert!(!publish.supports_dry_run);
        let output = publish.output.as_ref().and_then(super::super::example_output).map(|output| output.to_json());
        let wanted = r#"{"remoteUrl":"<example>","repoContentsUrl":"<example>","commitHash":"<example>"}"#;
        assert_eq!(output.as_deref(), Some(wanted));
        assert_eq!(actions.suggestion("fetch:tempalte"), Some("fetch:template"));
    }
}
