//! From an object in a file to what policies review: the object as it stands, or the request of an AdmissionReview.

use plat_policy::{Review, Source};
use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, Value, object};

/// Where the object of an AdmissionReview stands.
const REQUEST: &str = "request";

/// The review of a document; its Namespace object comes from `namespace`.
pub(crate) fn review_of(
    document: &Document,
    namespace: impl Fn(&str) -> Option<Value>,
) -> Result<Review, Box<Diagnostic>> {
    if !is_admission_review(&document.value) {
        let name = object::namespace(&document.value);
        let namespace = if name.is_empty() { None } else { namespace(name) };
        return Ok(Review::of_object(&document.value, namespace));
    }
    let request = document.value.get(REQUEST).filter(|request| request.is_object());
    let Some(mut request) = request.cloned() else {
        return Err(refused(document, REQUEST, "it has no request, and that is what is reviewed"));
    };
    let has = |key: &str| request.get(key).is_some_and(Value::is_object);
    if object::string_at(&request, &["operation"]) == Some("DELETE") {
        if !has("oldObject") {
            return Err(refused(document, "request.oldObject", "a request to DELETE is about its oldObject"));
        }
        let old = request.get("oldObject").cloned().unwrap_or_default();
        object::object_at_mut(&mut request, &[]).insert("object".to_owned(), old);
    } else if !has("object") && !has("oldObject") {
        return Err(refused(document, "request.object", "the request has neither object nor oldObject"));
    }
    let name = object::string_at(&request, &["namespace"]).unwrap_or_default();
    let namespace = if name.is_empty() { None } else { namespace(name) };
    Ok(Review { request, namespace, source: Source::Original })
}

/// Whether the document is a request instead of an object.
pub(crate) fn is_admission_review(value: &Value) -> bool {
    let kind = GroupVersionKind::of(value);
    kind.group == "admission.k8s.io" && kind.kind == "AdmissionReview"
}

/// The path of a field of the reviewed object in its document.
pub(crate) fn path_in(document: &Document, field: &FieldPath) -> FieldPath {
    if !is_admission_review(&document.value) {
        return field.clone();
    }
    let request = FieldPath::default().key(REQUEST);
    let is_new = document.value.get(REQUEST).and_then(|request| request.get("object")).is_some_and(Value::is_object);
    request.key(if is_new { "object" } else { "oldObject" }).concat(field)
}

fn refused(document: &Document, field: &str, cause: &str) -> Box<Diagnostic> {
    let path = FieldPath::parse(field).unwrap_or_default();
    let finding = Diagnostic::error(format!("{} has an AdmissionReview that cannot be reviewed", document.file()));
    Box::new(finding.at(document.locate(&path)).field(field).because(cause))
}
