//! The AdmissionReview as it arrives.
//!
//! Owns reading it: bytes in, a [`Request`] or a [`Malformed`] out. The uid is kept wherever one can be found, because an
//! answer without it is no answer to the API server.

use std::fmt;

use plat_policy::{Review, Source};
use plat_resource::{GroupVersionKind, Value, object};

/// The version of AdmissionReview that is spoken.
pub const API_VERSION: &str = "admission.k8s.io/v1";
const GROUP: &str = "admission.k8s.io/";
const KIND: &str = "AdmissionReview";
/// The API server's are UUIDs.
const LONGEST_UID: usize = 256;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An object is made.
    Create,
    /// An object is changed, patched or applied.
    Update,
    /// An object goes; only the old one is there.
    Delete,
    /// A connection is made to an object; what is there are its options.
    Connect,
}

impl Operation {
    fn read(text: &str) -> Option<Self> {
        match text {
            "CREATE" => Some(Self::Create),
            "UPDATE" => Some(Self::Update),
            "DELETE" => Some(Self::Delete),
            "CONNECT" => Some(Self::Connect),
            _ => None,
        }
    }
}

/// One AdmissionRequest.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its uid.
    pub uid: String,
    /// Kind of the object, as the webhook asked to see it.
    pub kind: GroupVersionKind,
    /// The part of the resource that is asked for, empty for the whole.
    pub subresource: String,
    /// What is done.
    pub operation: Operation,
    /// Namespace; empty for a cluster-scoped object, and for a Namespace.
    pub namespace: String,
    /// Name; empty where the API server will make one.
    pub name: String,
    /// Who asks.
    pub username: String,
    /// Whether nothing is kept of it.
    pub dry_run: bool,
    value: Value,
}

/// Why nothing is read of a body.
fn unreadable(error: &str) -> String {
    if error.starts_with("recursion limit exceeded") {
        return "the object is nested too deeply to be judged".to_owned();
    }
    format!("the body is no JSON: {error}")
}

/// A body that is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The uid to answer with, where the body has one.
    pub uid: Option<String>,
    /// The version to answer in.
    pub api_version: String,
    /// What is wrong with the body.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Request {
    /// Reads an AdmissionReview.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        match serde_json::from_slice(body) {
            Ok(review) => Self::of_review(review),
            // What it says of the place is of use; what it quotes of the body may be secret, and it quotes none here.
            Err(error) => Err(Malformed {
                uid: None,
                api_version: API_VERSION.to_owned(),
                message: unreadable(&error.to_string()),
            }),
        }
    }

    /// Reads an AdmissionReview that is JSON already.
    pub fn of_review(mut review: Value) -> Result<Self, Malformed> {
        let uid = object::string_at(&review, &["request", "uid"])
            .filter(|uid| !uid.is_empty() && uid.len() <= LONGEST_UID)
            .map(str::to_owned);
        let given = object::string_at(&review, &["apiVersion"]).unwrap_or_default().to_owned();
        let is_known = given.starts_with(GROUP) && given.len() < 2 * API_VERSION.len();
        let refuse = |message: String| Malformed {
            uid: uid.clone(),
            api_version: if is_known { given.clone() } else { API_VERSION.to_owned() },
            message,
        };
        if object::string_at(&review, &["kind"]) != Some(KIND) || !given.starts_with(GROUP) {
            return Err(refuse("the body is no AdmissionReview of admission.k8s.io".to_owned()));
        }
        if given != API_VERSION {
            let message = format!("{given:.60} is not spoken here: set admissionReviewVersions: [v1]");
            return Err(refuse(message));
        }
        let request = review.get_mut("request").map(Value::take).unwrap_or_default();
        if !request.is_object() {
            return Err(refuse("the AdmissionReview has no request".to_owned()));
        }
        let Some(uid) = uid.clone() else { return Err(refuse("the request has no usable uid".to_owned())) };
        Self::of_request(uid, request).map_err(refuse)
    }

    fn of_request(uid: String, value: Value) -> Result<Self, String> {
        let text = |path: &[&str]| match object::value_at(&value, path) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("request.{} has a wrong type", path.join("."))),
        };
        let operation = text(&["operation"])?;
        let Some(operation) = Operation::read(&operation) else {
            return Err("request.operation is none of CREATE, UPDATE, DELETE and CONNECT".to_owned());
        };
        let kind = GroupVersionKind {
            group: text(&["kind", "group"])?,
            version: text(&["kind", "version"])?,
            kind: text(&["kind", "kind"])?,
        };
        if kind.kind.is_empty() || kind.version.is_empty() {
            return Err("request.kind does not name a kind and a version".to_owned());
        }
        let dry_run = match value.get("dryRun") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(dry_run)) => *dry_run,
            Some(_) => return Err("request.dryRun has a wrong type".to_owned()),
        };
        let mut request = Self {
            uid,
            kind,
            subresource: text(&["subResource"])?,
            operation,
            namespace: text(&["namespace"])?,
            name: text(&["name"])?,
            username: text(&["userInfo", "username"])?,
            dry_run,
            value,
        };
        request.settle()?;
        Ok(request)
    }

    /// Brings the object of a DELETE to where it is looked for, checks that what is judged is there, and takes the
    /// namespace off a Namespace, which only server-side apply sends.
    fn settle(&mut self) -> Result<(), String> {
        for key in ["object", "oldObject"] {
            if self.value.get(key).is_some_and(|object| !object.is_object() && !object.is_null()) {
                return Err(format!("request.{key} is no object"));
            }
        }
        let has = |key: &str| self.value.get(key).is_some_and(Value::is_object);
        match self.operation {
            Operation::Create | Operation::Update if !has("object") => {
                return Err("the request has no object".to_owned());
            }
            Operation::Delete if !has("oldObject") => {
                return Err("the request to delete has no oldObject, so that nothing can be judged".to_owned());
            }
            Operation::Delete => self.value["object"] = self.value["oldObject"].clone(),
            _ => {}
        }
        if self.is_namespace() {
            self.namespace.clear();
            self.value["namespace"] = "".into();
        }
        Ok(())
    }

    /// Whether the object is a Namespace.
    pub fn is_namespace(&self) -> bool {
        self.kind.group.is_empty() && self.kind.kind == "Namespace"
    }

    /// The object that is judged: the new one, the old one for a DELETE, options for a CONNECT. Null for a CONNECT
    /// without options.
    pub fn object(&self) -> &Value {
        self.value.get("object").unwrap_or(&Value::Null)
    }

    /// The object as it was, where there was one.
    pub fn old_object(&self) -> Option<&Value> {
        self.value.get("oldObject").filter(|object| object.is_object())
    }

    /// A text of the request, where there is one.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        object::string_at(&self.value, path)
    }

    /// The request as policies see it.
    pub fn review(&self, namespace: Option<Value>) -> Review {
        Review { request: self.value.clone(), namespace, source: Source::Original }
    }

    /// Whether the request is for an object as a whole.
    pub fn is_whole(&self) -> bool {
        self.subresource.is_empty() && self.operation != Operation::Connect
    }

    /// Name for people, also where the API server will make the end of it.
    pub fn display_name(&self) -> &str {
        [self.name.as_str(), object::name(self.object()), object::generate_name(self.object())]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or("without a name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut review = json!({
            "apiVersion": API_VERSION, "kind": "AdmissionReview",
            "request": {
                "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
                "namespace": "a", "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}},
            },
        });
        change(&mut review);
        review.to_string().into_bytes()
    }

    #[test]
    fn reads_a_request() {
        let request = Request::read(&body(|_| {})).unwrap();
        assert_eq!((request.uid.as_str(), request.namespace.as_str()), ("u-1", "a"));
        assert_eq!((request.operation, request.dry_run, request.is_whole()), (Operation::Create, false, true));
        assert_eq!(request.display_name(), "x-");
    }

    #[test]
    fn every_malformed_body_has_an_answer_with_the_uid_where_there_is_one() {
        type Change = fn(&mut Value);
        let cases: &[(Change, Option<&str>, &str)] = &[
            (|review| *review = json!([]), None, "the body is no AdmissionReview of admission.k8s.io"),
            (|review| review["kind"] = json!("Pod"), Some("u-1"), "the body is no AdmissionReview of admission.k8s.io"),
            (
                |review| review["apiVersion"] = json!("admission.k8s.io/v1beta1"),
                Some("u-1"),
                "admission.k8s.io/v1beta1 is not spoken here: set admissionReviewVersions: [v1]",
            ),
            (|review| review["request"] = json!(null), None, "the AdmissionReview has no request"),
            (|review| review["request"]["uid"] = json!(""), None, "the request has no usable uid"),
            (|review| review["request"]["uid"] = json!("x".repeat(300)), None, "the request has no usable uid"),
            (
                |review| review["request"]["operation"] = json!("PATCH"),
                Some("u-1"),
                "request.operation is none of CREATE, UPDATE, DELETE and CONNECT",
            ),
            (|review| review["request"]["operation"] = json!(1), Some("u-1"), "request.operation has a wrong type"),
            (
                |review| review["request"]["kind"] = json!({}),
                Some("u-1"),
                "request.kind does not name a kind and a version",
            ),
            (|review| review["request"]["object"] = json!(null), Some("u-1"), "the request has no object"),
            (|review| review["request"]["object"] = json!("text"), Some("u-1"), "request.object is no object"),
            (|review| review["request"]["dryRun"] = json!("yes"), Some("u-1"), "request.dryRun has a wrong type"),
            (
                |review| review["request"]["operation"] = json!("DELETE"),
                Some("u-1"),
                "the request to delete has no oldObject, so that nothing can be judged",
            ),
        ];
        for (change, uid, message) in cases {
            let found = Request::read(&body(change)).unwrap_err();
            assert_eq!((found.uid.as_deref(), found.message.as_str()), (*uid, *message));
        }
        assert!(Request::read(b"{").unwrap_err().message.starts_with("the body is no JSON"));
        assert!(Request::read(b"").is_err());
    }

    #[test]
    fn a_deletion_is_judged_by_the_old_object() {
        let request = Request::read(&body(|review| {
            review["request"]["operation"] = json!("DELETE");
            review["request"]["oldObject"] = json!({"metadata": {"name": "old"}});
            review["request"]["object"] = json!(null);
        }));
        assert_eq!(object::name(request.unwrap().object()), "old");
    }

    #[test]
    fn what_is_nested_too_deeply_is_said_to_be() {
        let deep = (0..1_000).fold(json!("a"), |inner, _| json!({"a": inner}));
        let malformed = Request::read(&body(|review| review["request"]["object"] = deep)).unwrap_err();
        assert_eq!(malformed.message, "the object is nested too deeply to be judged");
    }

    #[test]
    fn a_namespace_is_in_no_namespace_even_when_server_side_apply_says_so() {
        let request = Request::read(&body(|review| {
            review["request"]["kind"] = json!({"group": "", "version": "v1", "kind": "Namespace"});
        }))
        .unwrap();
        assert_eq!(request.namespace, "");
        assert_eq!(request.review(None).request["namespace"], "");
    }
}
