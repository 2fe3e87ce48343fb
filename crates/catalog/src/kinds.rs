//! The kinds of entities: which apiVersions they have, what their spec must look like, and which fields are relations.
//!
//! Owns the tables of Backstage's builtin kinds and of the scaffolder's Template. What is not in them is no kind that a
//! catalog without further plugins takes.

use crate::relations::Relation;
use crate::shape::{ANY_OBJECT, Fields, Others, Shape, TEXTS};

/// A kind of entity.
#[derive(Debug)]
pub struct Kind {
    /// Its name, letters as they must be written.
    pub name: &'static str,
    /// The apiVersions that it has.
    pub api_versions: &'static [&'static str],
    pub(crate) spec: Fields,
    /// The fields that name other entities, in the order their relations are made.
    pub fields: &'static [RelationField],
}

/// A field of the spec that names other entities.
#[derive(Debug)]
pub struct RelationField {
    /// The field below `spec`.
    pub name: &'static str,
    /// The kind that a short reference has; without it, a reference must name its kind.
    pub kind: Option<&'static str>,
    /// What the entity is to what it names.
    pub relation: Relation,
}

/// The kind of this name and apiVersion.
pub fn find(api_version: &str, name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name && kind.api_versions.contains(&api_version))
}

/// The kind of this name, whatever its apiVersion and letters.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
}

const BACKSTAGE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];
const NAMES: Shape = Shape::List(&Shape::NonEmpty);

const fn spec(required: &'static [&'static str], known: &'static [(&'static str, Shape)]) -> Fields {
    Fields { required, known, others: Others::Any }
}

const fn object(fields: &'static Fields) -> Shape {
    Shape::Object(fields)
}

const fn field(name: &'static str, kind: Option<&'static str>, relation: Relation) -> RelationField {
    RelationField { name, kind, relation }
}

const OWNER: RelationField = field("owner", Some("Group"), Relation::OwnedBy);
const SYSTEM: RelationField = field("system", Some("System"), Relation::PartOf);
const DEPENDS_ON: RelationField = field("dependsOn", None, Relation::DependsOn);
const DEPENDENCY_OF: RelationField = field("dependencyOf", None, Relation::DependencyOf);

const PROFILE: Shape =
    object(&spec(&[], &[("displayName", Shape::NonEmpty), ("email", Shape::NonEmpty), ("picture", Shape::NonEmpty)]));

/// Every kind, builtin ones first.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "API",
        api_versions: BACKSTAGE,
        spec: spec(
            &["type", "lifecycle", "owner", "definition"],
            &[
                ("type", Shape::NonEmpty),
                ("lifecycle", Shape::NonEmpty),
                ("owner", Shape::NonEmpty),
                ("system", Shape::NonEmpty),
                ("definition", Shape::NonEmpty),
            ],
        ),
        fields: &[OWNER, SYSTEM],
    },
    Kind {
        name: "Component",
        api_versions: BACKSTAGE,
        spec: spec(
            &["type", "lifecycle", "owner"],
            &[
                ("type", Shape::NonEmpty),
                ("lifecycle", Shape::NonEmpty),
                ("owner", Shape::NonEmpty),
                ("system", Shape::NonEmpty),
                ("subcomponentOf", Shape::NonEmpty),
                ("providesApis", NAMES),
                ("consumesApis", NAMES),
                ("dependsOn", NAMES),
            ],
        ),
        fields: &[
            OWNER,
            field("subcomponentOf", Some("Component"), Relation::PartOf),
            field("providesApis", Some("API"), Relation::ProvidesApi),
            field("consumesApis", Some("API"), Relation::ConsumesApi),
            DEPENDS_ON,
            DEPENDENCY_OF,
            SYSTEM,
        ],
    },
    Kind {
        name: "Resource",
        api_versions: BACKSTAGE,
        spec: spec(
            &["type", "owner"],
            &[("type", Shape::NonEmpty), ("owner", Shape::NonEmpty), ("dependsOn", NAMES), ("system", Shape::NonEmpty)],
        ),
        fields: &[OWNER, DEPENDS_ON, DEPENDENCY_OF, SYSTEM],
    },
    Kind {
        name: "Group",
        api_versions: BACKSTAGE,
        spec: spec(
            &["type", "children"],
            &[
                ("type", Shape::NonEmpty),
                ("profile", PROFILE),
                ("parent", Shape::NonEmpty),
                ("children", NAMES),
                ("members", NAMES),
            ],
        ),
        fields: &[
            field("parent", Some("Group"), Relation::ChildOf),
            field("children", Some("Group"), Relation::ParentOf),
            field("members", Some("User"), Relation::HasMember),
        ],
    },
    Kind {
        name: "Location",
        api_versions: BACKSTAGE,
        spec: spec(
            &[],
            &[
                ("type", Shape::NonEmpty),
                ("target", Shape::NonEmpty),
                ("targets", NAMES),
                ("presence", Shape::OneOf(&["required", "optional"])),
            ],
        ),
        fields: &[],
    },
    Kind {
        name: "User",
        api_versions: BACKSTAGE,
        spec: spec(&["memberOf"], &[("profile", PROFILE), ("memberOf", NAMES)]),
        fields: &[field("memberOf", Some("Group"), Relation::MemberOf)],
    },
    Kind {
        name: "System",
        api_versions: BACKSTAGE,
        spec: spec(&["owner"], &[("owner", Shape::NonEmpty), ("domain", Shape::NonEmpty), ("type", Shape::NonEmpty)]),
        fields: &[OWNER, field("domain", Some("Domain"), Relation::PartOf)],
    },
    Kind {
        name: "Domain",
        api_versions: BACKSTAGE,
        spec: spec(
            &["owner"],
            &[("owner", Shape::NonEmpty), ("subdomainOf", Shape::NonEmpty), ("type", Shape::NonEmpty)],
        ),
        fields: &[OWNER, field("subdomainOf", Some("Domain"), Relation::PartOf)],
    },
    Kind {
        name: "Template",
        api_versions: &["scaffolder.backstage.io/v1beta3"],
        spec: spec(&["type", "steps"], TEMPLATE),
        fields: &[OWNER],
    },
];

const PERMISSIONS: Shape = object(&spec(&[], &[("tags", Shape::List(&Shape::Text))]));
const PAGE: Shape = object(&spec(&[], &[("when", Shape::TextOrBool), ("backstage:permissions", PERMISSIONS)]));
const DECORATORS: Shape = Shape::List(&object(&spec(&[], &[("id", Shape::Text), ("input", ANY_OBJECT)])));

const TEMPLATE: &[(&str, Shape)] = &[
    ("type", Shape::NonEmpty),
    ("owner", Shape::NonEmpty),
    ("lifecycle", Shape::NonEmpty),
    ("parameters", Shape::Either(&object(&spec(&[], &[("backstage:permissions", PERMISSIONS)])), &Shape::List(&PAGE))),
    ("secrets", object(&spec(&[], &[("schema", ANY_OBJECT)]))),
    (
        "presentation",
        object(&spec(
            &[],
            &[(
                "buttonLabels",
                object(&spec(
                    &[],
                    &[
                        ("backButtonText", Shape::Text),
                        ("createButtonText", Shape::Text),
                        ("reviewButtonText", Shape::Text),
                    ],
                )),
            )],
        )),
    ),
    ("EXPERIMENTAL_recovery", object(&spec(&[], &[("EXPERIMENTAL_strategy", Shape::Text)]))),
    ("formDecorators", DECORATORS),
    ("EXPERIMENTAL_formDecorators", DECORATORS),
    ("steps", Shape::List(&object(&spec(&["action"], STEP)))),
    ("output", object(&Fields { required: &[], known: OUTPUT, others: Others::Texts })),
];

const STEP: &[(&str, Shape)] = &[
    ("id", Shape::Text),
    ("name", Shape::Text),
    ("action", Shape::Text),
    ("input", ANY_OBJECT),
    ("if", Shape::TextOrBool),
    ("backstage:permissions", PERMISSIONS),
];

const OUTPUT: &[(&str, Shape)] = &[
    (
        "links",
        Shape::List(&object(&spec(
            &[],
            &[
                ("if", Shape::TextOrBool),
                ("url", Shape::NonEmpty),
                ("entityRef", Shape::NonEmpty),
                ("title", Shape::NonEmpty),
                ("icon", Shape::NonEmpty),
            ],
        ))),
    ),
    (
        "text",
        Shape::List(&object(&spec(
            &[],
            &[
                ("if", Shape::TextOrBool),
                ("title", Shape::NonEmpty),
                ("icon", Shape::NonEmpty),
                ("content", Shape::Text),
            ],
        ))),
    ),
];

/// What every entity must have to have a reference.
pub(crate) const ENVELOPE: Shape = object(&Fields {
    required: &["apiVersion", "kind", "metadata"],
    known: &[
        ("apiVersion", Shape::NonEmpty),
        ("kind", Shape::NonEmpty),
        ("metadata", object(&spec(&["name"], &[("name", Shape::NonEmpty), ("namespace", Shape::NonEmpty)]))),
    ],
    others: Others::Any,
});

/// What every entity must look like, whatever its kind.
pub(crate) const ENTITY: Shape = object(&Fields {
    required: &["apiVersion", "kind", "metadata"],
    known: &[
        ("apiVersion", Shape::NonEmpty),
        ("kind", Shape::NonEmpty),
        ("metadata", object(&spec(&["name"], METADATA))),
        ("spec", ANY_OBJECT),
        ("relations", Shape::List(&RELATION)),
        ("status", object(&spec(&[], &[("items", Shape::List(&STATUS_ITEM))]))),
    ],
    others: Others::Refused,
});

const METADATA: &[(&str, Shape)] = &[
    ("uid", Shape::NonEmpty),
    ("etag", Shape::NonEmpty),
    ("name", Shape::NonEmpty),
    ("namespace", Shape::NonEmpty),
    ("title", Shape::NonEmpty),
    ("description", Shape::Text),
    ("labels", TEXTS),
    ("annotations", TEXTS),
    ("tags", NAMES),
    (
        "links",
        Shape::List(&object(&spec(
            &["url"],
            &[
                ("url", Shape::NonEmpty),
                ("title", Shape::NonEmpty),
                ("icon", Shape::NonEmpty),
                ("type", Shape::NonEmpty),
            ],
        ))),
    ),
];

const RELATION: Shape = object(&Fields {
    required: &["type", "targetRef"],
    known: &[
        ("type", Shape::Word),
        (
            "target",
            object(&Fields {
                required: &["kind", "namespace", "name"],
                known: &[("kind", Shape::NonEmpty), ("namespace", Shape::NonEmpty), ("name", Shape::NonEmpty)],
                others: Others::Refused,
            }),
        ),
        ("targetRef", Shape::NonEmpty),
    ],
    others: Others::Refused,
});

const STATUS_ITEM: Shape = object(&spec(
    &["type", "level", "message"],
    &[
        ("type", Shape::NonEmpty),
        ("level", Shape::OneOf(&["info", "warning", "error"])),
        ("message", Shape::Text),
        (
            "error",
            object(&spec(
                &["name", "message"],
                &[("name", Shape::NonEmpty), ("message", Shape::Text), ("code", Shape::Text), ("stack", Shape::Text)],
            )),
        ),
    ],
));
