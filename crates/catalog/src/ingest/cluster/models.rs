//! Names, titles, namespaces and systems: which part of an object each comes from.

use plat_resource::javascript::Value;

use super::super::settings::Settings;
use super::Cluster;

/// Which part of an object becomes which part of its entity.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mappings {
    pub(crate) name: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) references_namespace: Option<String>,
}

impl Mappings {
    /// Reads `mappings` of the configuration.
    pub(crate) fn read(mappings: Option<&Value>) -> Self {
        let model = |key: &str| {
            let text = mappings.and_then(|mappings| mappings.text_at(&[key]));
            text.filter(|text| !text.is_empty()).map(str::to_lowercase)
        };
        Self {
            name: model("nameModel"),
            title: model("titleModel"),
            system: model("systemModel"),
            namespace: model("namespaceModel"),
            references_namespace: model("referencesNamespaceModel"),
        }
    }
}

/// The kinds of objects that are named in ways of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Workload,
    Claim,
    Composite,
}

/// What an entity is called.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) namespace: String,
    /// The namespace of short references.
    pub(super) references: String,
    /// The system's name; absent where there are no systems.
    pub(super) system: Option<String>,
    /// Whether the entity says which cluster it is in.
    pub(super) tells_cluster: bool,
}

/// Names an object by the models of the configuration.
pub(super) fn name(object: &Value, origin: Origin, cluster: &Cluster<'_>, settings: &Settings) -> Named {
    let mappings = &settings.mappings;
    let text = |way: &[&str]| object.text_at(way).unwrap_or_default();
    let (own, kind) = (text(&["metadata", "name"]), text(&["kind"]).to_lowercase());
    let own_namespace = object.text_at(&["metadata", "namespace"]).filter(|namespace| !namespace.is_empty());
    let or_default = own_namespace.unwrap_or("default");
    let in_names = if origin == Origin::Claim { own_namespace.unwrap_or("undefined") } else { or_default };
    let cluster = settings.cluster(cluster.name);
    let namespace = match mappings.namespace.as_deref() {
        Some("cluster") => cluster.clone(),
        Some("namespace") => or_default.to_owned(),
        _ => "default".to_owned(),
    };
    let system = match mappings.system.as_deref() {
        Some("cluster") => Some(cluster.clone()),
        None | Some("namespace") if origin == Origin::Workload => Some(or_default.to_owned()),
        None | Some("namespace") => Some(own_namespace.unwrap_or(own).to_owned()),
        Some("cluster-namespace") => {
            Some(own_namespace.map_or_else(|| cluster.clone(), |namespace| format!("{cluster}-{namespace}")))
        }
        Some("none") => None,
        Some(_) => Some("default".to_owned()),
    };
    Named {
        name: match mappings.name.as_deref() {
            Some("uid") => text(&["metadata", "uid"]).to_owned(),
            Some("name-kind") => format!("{own}-{kind}"),
            Some("name-cluster") => format!("{own}-{cluster}"),
            Some("name-namespace") => format!("{own}-{in_names}"),
            _ => own.to_owned(),
        },
        title: match mappings.title.as_deref() {
            Some("name-cluster") => format!("{own}-{cluster}"),
            Some("name-namespace") => format!("{own}-{in_names}"),
            _ => own.to_owned(),
        },
        references: match mappings.references_namespace.as_deref() {
            Some("same") => namespace.clone(),
            None | Some("default") => "default".to_owned(),
            Some(_) => String::new(),
        },
        tells_cluster: mappings.system.as_deref() == Some("cluster-namespace")
            || mappings.namespace.as_deref() == Some("cluster"),
        namespace,
        system,
    }
}
