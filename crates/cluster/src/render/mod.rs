//! Crossplane's render protocol: the bytes that `internal render` reads and writes, as plain data.
//!
//! Owns the conversion, and the answer to a request. The exit code that goes with a response is the caller's.

mod answer;
mod convert;

pub use answer::{Answer, Refusal, answer};

use plat_expand::function::{ResourceMatch, ResourceSelector};
use plat_resource::{Object, Value};
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::structure::StructError;
use crate::wire::render as wire;

/// What is to be rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RenderRequest {
    /// An XR.
    Composite(Box<CompositeInput>),
    /// An Operation of any sort, which plat does not render.
    Operation,
}

/// An XR and all that its rendering may use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CompositeInput {
    /// The XR.
    pub composite_resource: Value,
    /// The Composition.
    pub composition: Value,
    /// Where functions listen. The first entry of a name counts.
    pub functions: Vec<FunctionAddress>,
    /// Composed resources that exist.
    pub observed_resources: Vec<Value>,
    /// What functions may ask for.
    pub required_resources: Vec<Value>,
    /// Secrets with credentials for functions.
    pub credentials: Vec<Value>,
    /// OpenAPI v3 documents that functions may ask for.
    pub required_schemas: Vec<Value>,
    /// The XRD, if it is given.
    pub composite_resource_definition: Option<Value>,
}

/// A running function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionAddress {
    /// Name in `functionRef`.
    pub name: String,
    /// Its target.
    pub address: String,
}

/// What became of an XR.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RenderResponse {
    /// The XR as last written; `None` if it never was.
    pub composite_resource: Option<Value>,
    /// Composed resources that would be applied.
    pub composed_resources: Vec<Value>,
    /// Composed resources that would be deleted.
    pub deleted_resources: Vec<Value>,
    /// Events that would be emitted, in order.
    pub events: Vec<Event>,
    /// Selectors of resources that were asked for, in order; see [`resource_selector`].
    pub required_resources: Vec<Value>,
    /// Selectors of schemas that were asked for, in order; see [`schema_selector`].
    pub required_schemas: Vec<Value>,
}

/// A Kubernetes event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
}

/// Why bytes are no request or response, or a request or response has no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Not protobuf.
    #[error("cannot unmarshal render {message}: {reason}")]
    Malformed {
        /// `request` or `response`.
        message: &'static str,
        /// Why.
        reason: String,
    },
    /// A request for nothing.
    #[error("render request must set exactly one of: composite, operation, cron_operation, watch_operation")]
    NoInput,
    /// A response about nothing, or about an Operation.
    #[error("render response does not contain a composite output")]
    NoComposite,
    /// One object of it.
    #[error("cannot convert {field}: {reason}")]
    Object {
        /// Which field.
        field: String,
        /// Why.
        reason: StructError,
    },
}

/// Reads a request.
pub fn decode_request(bytes: &[u8]) -> Result<RenderRequest, RenderError> {
    use wire::render_request::Input;
    let request = wire::RenderRequest::decode(bytes).map_err(|error| malformed("request", &error))?;
    match request.input {
        None => Err(RenderError::NoInput),
        Some(Input::Composite(input)) => Ok(RenderRequest::Composite(Box::new(convert::read_composite_input(&input)?))),
        Some(Input::Operation(_) | Input::CronOperation(_) | Input::WatchOperation(_)) => Ok(RenderRequest::Operation),
    }
}

/// Writes a request to render an XR.
pub fn encode_request(input: &CompositeInput) -> Result<Vec<u8>, RenderError> {
    use wire::render_request::Input;
    let input = Input::Composite(convert::composite_input(input)?);
    let request = wire::RenderRequest { meta: Some(wire::RequestMeta {}), input: Some(input) };
    Ok(request.encode_to_vec())
}

/// Reads a response about an XR.
pub fn decode_response(bytes: &[u8]) -> Result<RenderResponse, RenderError> {
    use wire::render_response::Output;
    let response = wire::RenderResponse::decode(bytes).map_err(|error| malformed("response", &error))?;
    match response.output {
        Some(Output::Composite(output)) => convert::read_composite_output(output),
        _ => Err(RenderError::NoComposite),
    }
}

/// Writes a response.
pub fn encode_response(response: &RenderResponse) -> Result<Vec<u8>, RenderError> {
    use wire::render_response::Output;
    let output = Output::Composite(convert::composite_output(response)?);
    let response = wire::RenderResponse { meta: Some(wire::ResponseMeta {}), output: Some(output) };
    Ok(response.encode_to_vec())
}

fn malformed(message: &'static str, error: &prost::DecodeError) -> RenderError {
    RenderError::Malformed { message, reason: error.to_string() }
}

/// A resource selector as [`RenderResponse::required_resources`] holds it.
pub fn resource_selector(selector: &ResourceSelector) -> Value {
    let mut object = type_selector(&selector.api_version, &selector.kind);
    match &selector.matches {
        ResourceMatch::Name(name) => {
            object.insert("matchName".to_owned(), Value::from(name.as_str()));
        }
        ResourceMatch::Labels(labels) if labels.is_empty() => {}
        ResourceMatch::Labels(labels) => {
            let labels: Object = labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
            object.insert("matchLabels".to_owned(), serde_json::json!({ "labels": labels }));
        }
    }
    if let Some(namespace) = &selector.namespace {
        object.insert("namespace".to_owned(), Value::from(namespace.as_str()));
    }
    Value::Object(object)
}

/// A schema selector as [`RenderResponse::required_schemas`] holds it.
pub fn schema_selector(api_version: &str, kind: &str) -> Value {
    Value::Object(type_selector(api_version, kind))
}

/// Empty fields are left out, as protobuf's JSON form does.
fn type_selector(api_version: &str, kind: &str) -> Object {
    [("apiVersion", api_version), ("kind", kind)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect()
}

#[cfg(test)]
mod tests;
