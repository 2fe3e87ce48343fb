//! CompositeResourceDefinition: what a platform offers.

use crate::common::{conditions, label_selector};
use crate::kind::{AGE, Column, Kind, Scope, Version, reference, whole};
use crate::schema::{Schema, atomic_list, boolean, int32, list, object, open_object, string, string_map};

use super::{CATEGORY, EXTENSIONS};

const COLUMNS: [Column; 3] = [
    Column(".status.conditions[?(@.type=='Established')].status", "ESTABLISHED", "string"),
    Column(".status.conditions[?(@.type=='Offered')].status", "OFFERED", "string"),
    AGE,
];
const ABOUT: &str =
    "Defines a kind of composite resources (XRs), and with the scope LegacyCluster a kind of claims on them.";

/// The kind.
pub(super) fn kind() -> Kind {
    Kind {
        group: EXTENSIONS,
        name: "CompositeResourceDefinition",
        plural: "compositeresourcedefinitions",
        short_names: &["xrd", "xrds"],
        categories: &[CATEGORY],
        scope: Scope::Cluster,
        versions: vec![first(), second()],
    }
}

fn first() -> Version {
    let spec = spec()
        .field("claimNames", fixed_names(names()).about("Names of the claims; left out where there are none."))
        .field("defaultCompositeDeletePolicy", delete_policy().default("Background"))
        .field("scope", scope(&["LegacyCluster", "Namespaced", "Cluster"], "LegacyCluster"))
        .rule(
            "self.scope == 'LegacyCluster' || !has(self.claimNames)",
            "Only LegacyCluster composite resources can offer claims",
        )
        .rule(
            "self.scope == 'LegacyCluster' || !has(self.connectionSecretKeys)",
            "Only LegacyCluster composite resources support connection secrets",
        );
    let spec = conversion(
        spec,
        Some((
            "self.strategy == 'Webhook' && has(self.webhook)",
            "Webhook configuration is required when conversion strategy is Webhook",
        )),
    );
    Version::new("v1", whole(ABOUT).field("spec", spec).field("status", status()), &COLUMNS).with_status().deprecated(
        "CompositeResourceDefinition v1 is deprecated and will be removed in a future release; consider migrating to v2",
    )
}

fn second() -> Version {
    let spec = spec()
        .field("claimNames", names().about("Not in this version: there are no claims."))
        .field("defaultCompositeDeletePolicy", delete_policy())
        .field("scope", scope(&["Namespaced", "Cluster"], "Namespaced"))
        .rule("!has(self.claimNames)", "Claims aren't supported in apiextensions.crossplane.io/v2")
        .rule(
            "!has(self.connectionSecretKeys)",
            "XR connection secrets aren't supported in apiextensions.crossplane.io/v2",
        );
    let spec = conversion(spec, None);
    Version::new("v2", whole(ABOUT).field("spec", spec).field("status", status()), &COLUMNS).with_status()
}

/// What both versions have.
fn spec() -> Schema {
    object()
        .required("group", string().immutable().about("API group of the kinds."))
        .required("names", fixed_names(names()).about("Names of the XRs."))
        .required("versions", list(version()).about("Versions of the kinds."))
        .field(
            "connectionSecretKeys",
            list(string()).about("Keys that connection Secrets of XRs may have; all where none is named."),
        )
        .field("defaultCompositionRef", reference().about("The Composition of XRs that name none and select none."))
        .field(
            "defaultCompositionRevisionSelector",
            label_selector().about("Which revisions are for XRs that neither name nor select one."),
        )
        .field(
            "defaultCompositionUpdatePolicy",
            string()
                .one_of(&["Automatic", "Manual"])
                .default("Automatic")
                .about("Whether XRs that do not say follow new revisions of their Composition."),
        )
        .field(
            "enforcedCompositionRef",
            reference().immutable().about("The Composition of all XRs, whatever they say."),
        )
        .field("metadata", given_metadata().about("What the made CustomResourceDefinitions carry."))
}

fn given_metadata() -> Schema {
    object().field("annotations", string_map()).field("labels", string_map())
}

fn delete_policy() -> Schema {
    string()
        .one_of(&["Background", "Foreground"])
        .about("Whether deleting a claim that does not say waits until its XR is gone (Foreground).")
}

fn scope(values: &[&str], default: &str) -> Schema {
    string().one_of(values).default(default).immutable().about("Where XRs are; LegacyCluster ones may have claims.")
}

fn names() -> Schema {
    object()
        .required("kind", string().about("The kind, in CamelCase."))
        .required("plural", string().about("Its plural in lower case, as in URLs."))
        .field("singular", string().about("Its singular in lower case; the kind in lower case where it is left out."))
        .field("listKind", string().about("The kind of lists; the kind with List where it is left out."))
        .field("shortNames", atomic_list(string()).about("Short names for kubectl."))
        .field("categories", atomic_list(string()).about("Categories that kubectl shows the kind in."))
}

fn fixed_names(names: Schema) -> Schema {
    names
        .immutable()
        .rule("self.plural == self.plural.lowerAscii()", "Plural name must be lowercase")
        .rule("!has(self.singular) || self.singular == self.singular.lowerAscii()", "Singular name must be lowercase")
}

/// The spec with how versions are converted, and the rule on that.
fn conversion(spec: Schema, rule: Option<(&str, &str)>) -> Schema {
    let service = object()
        .required_strings(&["name", "namespace"])
        .field("path", string())
        .field("port", int32().about("443 where it is left out."));
    let client = object()
        .field("caBundle", string().format("byte").about("Certificates, in PEM, that the webhook's is signed by."))
        .field("service", service.about("The Service where the webhook is."))
        .field("url", string().about("The address of a webhook that is behind no Service."));
    let webhook = object().field("clientConfig", client.about("Where the webhook is.")).required(
        "conversionReviewVersions",
        atomic_list(string()).about("Versions of ConversionReview that it knows."),
    );
    let conversion = object()
        .required("strategy", string().about("None, or Webhook."))
        .field("webhook", webhook.about("What converts, with the strategy Webhook."));
    let conversion = match rule {
        Some((rule, message)) => conversion.rule(rule, message),
        None => conversion,
    };
    spec.field("conversion", conversion.about("How objects are converted between versions."))
}

fn version() -> Schema {
    let column = object()
        .required_strings(&["jsonPath", "name", "type"])
        .strings(&["description", "format"])
        .field("priority", int32());
    let scale =
        object().required_strings(&["specReplicasPath", "statusReplicasPath"]).field("labelSelectorPath", string());
    object()
        .required("name", string().about("Its name, as v1 or v2beta1."))
        .required("referenceable", boolean().about("Whether Compositions are for this version: exactly one is."))
        .required("served", boolean().about("Whether the API server serves it."))
        .field(
            "schema",
            object()
                .field(
                    "openAPIV3Schema",
                    open_object().about("The schema of spec and status, as in a CustomResourceDefinition."),
                )
                .about("What may be in XRs and claims."),
        )
        .field("additionalPrinterColumns", list(column).about("What kubectl get prints besides the name."))
        .field("deprecated", boolean().about("Whether clients are warned."))
        .field("deprecationWarning", string().with("maxLength", 256).about("What they are warned with."))
        .field("subresources", object().field("scale", scale).about("Subresources of XRs besides status."))
}

fn status() -> Schema {
    let kind = || object().required_strings(&["apiVersion", "kind"]);
    let controllers = object()
        .field("compositeResourceType", kind().about("The kind of XRs that is reconciled."))
        .field("compositeResourceClaimType", kind().about("The kind of claims that is reconciled."));
    object().field("conditions", conditions()).field("controllers", controllers.about("What is reconciled for it."))
}
