//! The filters and functions that the scaffolder adds to the template language.
//!
//! Owns `parseRepoUrl`, `parseEntityRef`, `pick` and `projectSlug`, and in the conditions of steps `always()` and `failure()`.

mod entity_ref;
mod pick;
mod repo_url;

use std::sync::atomic::{AtomicBool, Ordering};

pub use self::repo_url::{Integration, IntegrationKind, Integrations, RepoSpec};

use crate::data::Data;
use crate::template::{Host, Lent};

const FILTERS: [&str; 4] = ["parseRepoUrl", "parseEntityRef", "pick", "projectSlug"];

/// What templates and skeletons are lent.
#[derive(Debug, Default)]
pub struct Capabilities {
    integrations: Integrations,
    /// The state that `always()` and `failure()` ask for; none where there are no such functions.
    status: Option<Status>,
}

#[derive(Debug, Default)]
struct Status {
    failed: AtomicBool,
    asked: AtomicBool,
}

impl Capabilities {
    /// For skeletons.
    pub fn new(integrations: Integrations) -> Self {
        Self { integrations, status: None }
    }

    /// For the steps of a task.
    pub fn of_task(integrations: Integrations) -> Self {
        Self { integrations, status: Some(Status::default()) }
    }

    /// Where repositories may be.
    pub fn integrations(&self) -> &Integrations {
        &self.integrations
    }

    /// A step has failed.
    pub fn set_failed(&self) {
        if let Some(status) = &self.status {
            status.failed.store(true, Ordering::Relaxed);
        }
    }

    /// True where a step has failed.
    pub fn has_failed(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.failed.load(Ordering::Relaxed))
    }

    /// True where `always()` or `failure()` was called since this was asked last.
    pub fn was_asked(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.asked.swap(false, Ordering::Relaxed))
    }
}

impl Host for Capabilities {
    fn filter_names(&self) -> Vec<String> {
        FILTERS.map(str::to_owned).to_vec()
    }

    fn has_filter(&self, name: &str) -> bool {
        FILTERS.contains(&name)
    }

    fn filter(&self, name: &str, input: Option<Data>, arguments: Vec<Option<Data>>) -> Result<Lent, String> {
        let mut arguments = arguments.into_iter();
        match name {
            "parseRepoUrl" => Ok(self.integrations.parse(&text(input.as_ref())?)?.lent()),
            "projectSlug" => {
                let spec = self.integrations.parse(&text(input.as_ref())?)?;
                let or_undefined = |part: &Option<String>| part.clone().unwrap_or_else(|| "undefined".to_owned());
                Ok(Lent::Data(format!("{}/{}", or_undefined(&spec.owner), or_undefined(&spec.repo)).into()))
            }
            "parseEntityRef" => entity_ref::parse(input.as_ref(), arguments.next().flatten().as_ref()),
            _ => pick::pick(input.as_ref(), arguments.next().flatten().as_ref(), arguments.next().flatten()),
        }
    }

    fn has_global(&self, name: &str) -> bool {
        self.status.is_some() && ["always", "failure"].contains(&name)
    }

    fn global(&self, name: &str, _arguments: Vec<Option<Data>>) -> Result<Lent, String> {
        if let Some(status) = &self.status {
            status.asked.store(true, Ordering::Relaxed);
        }
        Ok(Lent::Data(Data::Bool(name == "always" || self.has_failed())))
    }
}

/// `${value}` of JavaScript.
fn text(value: Option<&Data>) -> Result<String, String> {
    Ok(match value {
        None => "undefined".to_owned(),
        Some(Data::Null) => "null".to_owned(),
        Some(Data::Bool(value)) => value.to_string(),
        Some(Data::Number(number)) => crate::template::number::print(*number),
        Some(Data::String(text)) => text.clone(),
        Some(Data::Array(items)) => {
            let items = items.iter().map(|item| if *item == Data::Null { Ok(String::new()) } else { text(Some(item)) });
            items.collect::<Result<Vec<_>, _>>()?.join(",")
        }
        // What templates give away has no methods, not even that.
        Some(Data::Object(_)) => return Err("Cannot convert object to primitive value".to_owned()),
    })
}
