//! What annotations of an object say about its entity.

use plat_resource::javascript::{Map, Value, trim};

use super::super::settings::Settings;
use super::Cluster;

/// The annotations of one object.
pub(super) struct Annotations<'a> {
    pub(super) all: Map,
    settings: &'a Settings,
}

impl<'a> Annotations<'a> {
    pub(super) fn new(all: Map, settings: &'a Settings) -> Self {
        Self { all, settings }
    }

    /// An annotation of the ingestor that says something.
    pub(super) fn own(&self, name: &str) -> Option<&str> {
        self.said(&format!("{}/{name}", self.settings.prefix()))
    }

    fn said(&self, key: &str) -> Option<&str> {
        self.all.get(key)?.as_str().filter(|value| !value.is_empty())
    }

    /// A list: values between commas or on lines. An annotation that is there and empty is an empty list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.all.get(&format!("{}/{name}", self.settings.prefix()))?.as_str()?;
        Some(values(value).map(str::to_owned).collect())
    }

    /// All that the object has, without the links, which are no text for an entity.
    pub(super) fn without_links(&self) -> Map {
        let links = format!("{}/links", self.settings.prefix());
        self.all.iter().filter(|(key, _)| *key != links).map(|(key, value)| (key, value.clone())).collect()
    }

    /// Annotations that the object gives to its entity, below those that every entity has.
    pub(super) fn for_entity(&self, cluster: &Cluster<'_>) -> Map {
        let origin = format!("cluster origin: {}", cluster.name);
        let mut made = Map::new();
        made.insert("backstage.io/managed-by-location", origin.as_str());
        made.insert("backstage.io/managed-by-origin-location", origin);
        for (key, value) in pairs(self.own("component-annotations").unwrap_or_default(), '=') {
            made.insert(key, value);
        }
        made
    }

    /// The application of Argo CD that the object belongs to.
    pub(super) fn argo(&self) -> Option<&str> {
        let tracking = self.said("argocd.argoproj.io/tracking-id").filter(|_| self.settings.argo)?;
        tracking.split(':').next().filter(|app| !app.is_empty())
    }

    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags = Map::new();
        for (key, value) in pairs(self.own("backstage-tags").unwrap_or_default(), ':') {
            tags.insert(key, value);
        }
        let tag = |(key, value): (&str, &Value)| {
            let (key, value) = (as_tag(key), as_tag(value.as_str().unwrap_or_default()));
            let whole = format!("{key}:{value}");
            let cut = whole.get(..whole.len().min(63)).unwrap_or(&whole).trim_end_matches('-').to_owned();
            (!key.is_empty() && !value.is_empty() && cut.contains(':')).then_some(cut)
        };
        tags.iter().filter_map(tag).collect()
    }

    pub(super) fn links(&self) -> Vec<Value> {
        let links = self.own("links").and_then(|links| Value::from_json(links).ok());
        let Some(Value::List(links)) = links else { return Vec::new() };
        if links.contains(&Value::Null) {
            return Vec::new();
        }
        let link = |link: &Value| {
            let known = ["url", "title", "icon", "type"];
            known.into_iter().filter_map(|key| Some((key, link.get(key)?.clone()))).collect::<Map>().into()
        };
        links.iter().map(link).collect()
    }

    /// The owner: said by the object, else by its namespace, else the default.
    pub(super) fn owner(&self, namespace: Option<&str>, references: &str, cluster: &Cluster<'_>) -> String {
        let key = format!("{}/owner", self.settings.prefix());
        let inherited =
            namespace.filter(|namespace| self.settings.inherit_owner && !namespace.is_empty()).and_then(|name| {
                let is_it = |it: &&Value| it.text_at(&["metadata", "name"]) == Some(name);
                cluster.namespaces.iter().find(is_it)?.text_at(&["metadata", "annotations", &key])
            });
        match self.said(&key).or(inherited).filter(|owner| !owner.is_empty()) {
            Some(owner) if owner.contains(':') => owner.to_owned(),
            Some(owner) => format!("{references}/{owner}"),
            None => format!("{references}/{}", self.settings.default_owner()),
        }
    }
}

fn values(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(trim).filter(|value| !value.is_empty())
}

/// Pairs of a list, without those that lack a side.
pub(crate) fn pairs(text: &str, separator: char) -> impl Iterator<Item = (&str, &str)> {
    values(text).filter_map(move |pair| {
        let (key, value) = pair.split_once(separator)?;
        let (key, value) = (trim(key), trim(value));
        (!key.is_empty() && !value.is_empty()).then_some((key, value))
    })
}

fn as_tag(text: &str) -> String {
    let mut out = String::new();
    for character in text.to_lowercase().chars() {
        match character {
            'a'..='z' | '0'..='9' | '+' | '#' => out.push(character),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    out.trim_matches('-').to_owned()
}
