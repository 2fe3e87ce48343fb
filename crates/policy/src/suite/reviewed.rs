//! The object of a case to a [`Review`].

use plat_resource::{GroupVersionKind, Value, object};

use crate::{Review, Source};

/// The fields that an AdmissionReview may have; gator refuses others.
const REVIEW: [&str; 4] = ["apiVersion", "kind", "request", "response"];
const REQUEST: [&str; 15] = [
    "uid",
    "kind",
    "resource",
    "subResource",
    "requestKind",
    "requestResource",
    "requestSubResource",
    "name",
    "namespace",
    "operation",
    "userInfo",
    "object",
    "oldObject",
    "dryRun",
    "options",
];

/// Whether the object is an AdmissionReview rather than what is to be reviewed.
pub(super) fn is_admission_review(value: &Value) -> bool {
    let kind = GroupVersionKind::of(value);
    kind.group == "admission.k8s.io" && kind.kind == "AdmissionReview"
}

/// The review of an AdmissionReview.
pub(super) fn of_admission_review(value: &Value) -> Result<Review, String> {
    known_fields(value, &REVIEW)?;
    let request = value.get("request").filter(|request| !request.is_null());
    let request =
        request.ok_or("missing an AdmissionRequest object: request did not actually pass in an AdmissionRequest")?;
    known_fields(request, &REQUEST)?;
    let present = |key: &str| request.get(key).filter(|value| !value.is_null());
    if present("object").is_none() && present("oldObject").is_none() {
        let cause = "AdmissionRequest does not contain an \"object\" or \"oldObject\" to review";
        return Err(format!("no object or oldObject found to review: {cause}"));
    }
    for key in ["object", "oldObject"] {
        if let Some(value) = present(key)
            && object::string_at(value, &["kind"]).is_none_or(str::is_empty)
        {
            return Err(format!("object or oldObject cannot be unmarshalled: Object 'Kind' is missing in {key}"));
        }
    }
    let mut request = request.clone();
    if object::string_at(&request, &["operation"]) == Some("DELETE") {
        let old = request.get("oldObject").filter(|old| !old.is_null()).cloned();
        let old = old.ok_or("oldObject cannot be nil for DELETE operations")?;
        object::object_at_mut(&mut request, &[]).insert("object".to_owned(), old);
    }
    Ok(Review { request, namespace: None, source: Source::Original })
}

fn known_fields(value: &Value, known: &[&str]) -> Result<(), String> {
    let fields = value.as_object().ok_or("not a valid AdmissionReview object: it is no map")?;
    match fields.keys().find(|field| !known.contains(&field.as_str())) {
        Some(field) => Err(format!("not a valid AdmissionReview object: unknown field {field:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn review(request: &Value) -> Result<Review, String> {
        of_admission_review(
            &json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}),
        )
    }

    #[test]
    fn what_the_api_server_would_not_send_is_refused() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod"});
        assert!(review(&Value::Null).is_err());
        assert!(review(&json!({"operation": "CREATE"})).is_err());
        assert!(review(&json!({"object": {"apiVersion": "v1"}})).is_err());
        assert!(review(&json!({"object": pod, "other": 1})).is_err());
        assert!(review(&json!({"object": pod, "operation": "DELETE"})).is_err());
        let deleted = review(&json!({"oldObject": pod, "operation": "DELETE"})).unwrap();
        assert_eq!(deleted.object(), &pod);
    }
}
