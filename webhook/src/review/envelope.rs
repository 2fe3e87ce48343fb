//! The envelope of an AdmissionReview, read from any bytes.
//!
//! Owns finding the uid wherever one can be found: a body that is cut off, or no AdmissionReview of a known version, is still
//! answered with the uid it carries. Objects are skipped, not kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

/// The version that is spoken.
pub(super) const API_VERSION: &str = "admission.k8s.io/v1";
pub(super) const KIND: &str = "AdmissionReview";
const GROUP: &str = "admission.k8s.io/";
/// The API server's are UUIDs.
const LONGEST_UID: usize = 256;

/// What stands around the object of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `apiVersion` of the review; empty where there is none.
    pub api_version: String,
    /// `kind` of the review.
    pub kind: String,
    /// Whether there is a request.
    pub has_request: bool,
    /// `request.uid`.
    pub uid: String,
    /// `request.operation`.
    pub operation: String,
    /// `request.kind.group`.
    pub object_group: String,
    /// `request.kind.kind`.
    pub object_kind: String,
    /// `request.namespace`.
    pub namespace: String,
    /// `request.name`.
    pub name: String,
    /// `request.subResource`.
    pub subresource: String,
    /// `request.dryRun`.
    pub dry_run: bool,
}

/// Why a body cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl Envelope {
    /// Reads as much as there is, and says what is wrong with the rest.
    pub fn read(body: &[u8]) -> (Self, Option<Fault>) {
        let mut envelope = Self::default();
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let read = Review(&mut envelope).deserialize(&mut deserializer).and_then(|()| deserializer.end());
        let fault = match read {
            Err(error) => Some(describe(&error)),
            Ok(()) => envelope.missing(),
        };
        envelope.uid.truncate(if envelope.uid.len() > LONGEST_UID { 0 } else { LONGEST_UID });
        (envelope, fault.map(Fault))
    }

    fn missing(&self) -> Option<String> {
        if self.kind != KIND || !self.api_version.starts_with(GROUP) {
            let what = format!("{} of {}", named(&self.kind), named(&self.api_version));
            return Some(format!("the body is no AdmissionReview but {what}"));
        }
        if self.api_version != API_VERSION {
            return Some(format!("{} is not spoken here: set admissionReviewVersions: [v1]", self.api_version));
        }
        if !self.has_request {
            return Some("the AdmissionReview has no request".to_owned());
        }
        match self.uid.len() {
            0 => Some("the request has no uid".to_owned()),
            length if length > LONGEST_UID => Some("the request's uid is too long".to_owned()),
            _ => None,
        }
    }

    /// The version to answer in: the API server wants its own back.
    pub(super) fn answer_version(&self) -> &str {
        let known = self.api_version.starts_with(GROUP) && self.api_version.len() < 2 * API_VERSION.len();
        if known { &self.api_version } else { API_VERSION }
    }
}

fn named(text: &str) -> String {
    match text.char_indices().nth(60) {
        None if text.is_empty() => "nothing".to_owned(),
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

/// How serde begins what it says of a value of a wrong type, before it quotes the value.
const WRONG_TYPE: &str = "invalid type";

/// The words of serde_json name a place; only of values of a wrong type it quotes the body, which is nobody's business.
fn describe(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return format!("the body ends in the middle of its JSON, at line {} column {}", error.line(), error.column());
    }
    match error.to_string() {
        text if !error.is_data() => format!("the body is no JSON: {text}"),
        text if text.starts_with(WRONG_TYPE) => {
            format!("the body is no AdmissionReview: a wrong type at line {} column {}", error.line(), error.column())
        }
        text => format!("the body is no AdmissionReview: {text}"),
    }
}

struct Review<'a>(&'a mut Envelope);
struct Request<'a>(&'a mut Envelope);
struct Kind<'a>(&'a mut Envelope);

/// A map whose values go into the envelope one by one, so that what was read before a mistake is kept.
macro_rules! map_into {
    ($name:ident, $what:literal, |$envelope:ident, $key:ident, $map:ident| $body:block) => {
        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_map(self)
            }
        }
        impl<'de> Visitor<'de> for $name<'_> {
            type Value = ();
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str($what)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<(), A::Error> {
                let $envelope = self.0;
                while let Some($key) = $map.next_key::<String>()? {
                    $body
                }
                Ok(())
            }
        }
    };
}

map_into!(Review, "an AdmissionReview", |envelope, key, map| {
    match key.as_str() {
        "apiVersion" => envelope.api_version = text(&mut map, "apiVersion")?,
        "kind" => envelope.kind = text(&mut map, "kind")?,
        "request" => {
            // Of a key that stands twice the last one counts, as for whoever reads the whole body.
            let review = (std::mem::take(&mut envelope.api_version), std::mem::take(&mut envelope.kind));
            *envelope = Envelope { api_version: review.0, kind: review.1, ..Envelope::default() };
            envelope.has_request = map.next_value_seed(Nullable(Request(envelope)))?.is_some();
        }
        _ => skip(&mut map)?,
    }
});

map_into!(Request, "a request", |envelope, key, map| {
    match key.as_str() {
        "uid" => envelope.uid = text(&mut map, "request.uid")?,
        "operation" => envelope.operation = text(&mut map, "request.operation")?,
        "namespace" => envelope.namespace = text(&mut map, "request.namespace")?,
        "name" => envelope.name = text(&mut map, "request.name")?,
        "subResource" => envelope.subresource = text(&mut map, "request.subResource")?,
        "dryRun" => {
            let dry_run = map.next_value::<Option<bool>>().map_err(rename("request.dryRun"))?;
            envelope.dry_run = dry_run == Some(true);
        }
        "kind" => {
            envelope.object_group.clear();
            envelope.object_kind.clear();
            map.next_value_seed(Nullable(Kind(envelope)))?;
        }
        _ => skip(&mut map)?,
    }
});

map_into!(Kind, "a kind", |envelope, key, map| {
    match key.as_str() {
        "group" => envelope.object_group = text(&mut map, "request.kind.group")?,
        "kind" => envelope.object_kind = text(&mut map, "request.kind.kind")?,
        _ => skip(&mut map)?,
    }
});

/// A text, or nothing for null.
fn text<'de, A: MapAccess<'de>>(map: &mut A, field: &'static str) -> Result<String, A::Error> {
    map.next_value::<Option<String>>().map(Option::unwrap_or_default).map_err(rename(field))
}

fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// Keeps what serde_json says of the text, replaces what serde says of the value.
fn rename<E: serde::de::Error>(field: &'static str) -> impl Fn(E) -> E {
    move |error| {
        let wrong = error.to_string().starts_with(WRONG_TYPE);
        if wrong { E::custom(format_args!("{field} has a wrong type")) } else { error }
    }
}

/// Null, or what the seed reads.
struct Nullable<S>(S);

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Nullable<S> {
    type Value = Option<()>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Nullable<S> {
    type Value = Option<()>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}
