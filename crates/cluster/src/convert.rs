//! The function port's plain data to and from the wire.

use std::collections::BTreeMap;

use plat_expand::function::{
    FunctionCondition, FunctionResource, FunctionResult, FunctionSeverity, Ready, Requirements, ResourceMatch,
    ResourceSelector, RunFunctionRequest, RunFunctionResponse, State,
};
use plat_resource::Value;
use prost::Message;
use sha2::{Digest, Sha256};

use crate::structure::{Struct, StructError};
use crate::wire::function as wire;

/// What is promised to functions, as Crossplane 2.4 promises it.
const CAPABILITIES: [wire::Capability; 5] = [
    wire::Capability::Capabilities,
    wire::Capability::RequiredResources,
    wire::Capability::Credentials,
    wire::Capability::Conditions,
    wire::Capability::RequiredSchemas,
];

/// What could not be converted, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub(crate) struct ConvertError {
    what: String,
    reason: StructError,
}

/// Puts a request on the wire, tag included.
pub(crate) fn request(request: &RunFunctionRequest) -> Result<wire::RunFunctionRequest, ConvertError> {
    let mut message = wire::RunFunctionRequest {
        meta: None,
        observed: Some(state("observed", &request.observed)?),
        desired: Some(state("desired", &request.desired)?),
        input: request.input.as_ref().map(|input| structure("input", input)).transpose()?,
        context: optional("context", &request.context)?,
        extra_resources: resource_lists("extra_resources", &request.extra_resources)?,
        credentials: credentials(&request.credentials),
        required_resources: resource_lists("required_resources", &request.required_resources)?,
        required_schemas: schemas(&request.required_schemas)?,
    };
    // The tag names the content, so it is made of the request without it.
    let tag = tag(&message);
    message.meta = Some(wire::RequestMeta { tag, capabilities: CAPABILITIES.iter().map(|c| i32::from(*c)).collect() });
    Ok(message)
}

fn tag(message: &wire::RunFunctionRequest) -> String {
    hexadecimal_digest(&message.encode_to_vec())
}

fn hexadecimal_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        for half in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
        text
    })
}

fn structure(what: &str, value: &Value) -> Result<Struct, ConvertError> {
    Struct::from_value(value).map_err(|reason| ConvertError { what: what.to_owned(), reason })
}

/// Null is nothing.
fn optional(what: &str, value: &Value) -> Result<Option<Struct>, ConvertError> {
    if value.is_null() { Ok(None) } else { structure(what, value).map(Some) }
}

fn state(what: &str, state: &State) -> Result<wire::State, ConvertError> {
    let composite = &state.composite;
    let composite = if *composite == FunctionResource::default() {
        None
    } else {
        Some(resource(&format!("{what}.composite"), composite)?)
    };
    let resources = state
        .resources
        .iter()
        .map(|(name, item)| Ok((name.clone(), resource(&format!("{what}.resources[{name}]"), item)?)))
        .collect::<Result<_, _>>()?;
    Ok(wire::State { composite, resources })
}

fn resource(what: &str, resource: &FunctionResource) -> Result<wire::Resource, ConvertError> {
    let ready = match resource.ready {
        Ready::Unspecified => wire::Ready::Unspecified,
        Ready::True => wire::Ready::True,
        Ready::False => wire::Ready::False,
    };
    Ok(wire::Resource {
        resource: optional(what, &resource.resource)?,
        connection_details: resource.connection_details.clone(),
        ready: ready.into(),
    })
}

fn resource_lists(
    what: &str,
    lists: &BTreeMap<String, Vec<FunctionResource>>,
) -> Result<BTreeMap<String, wire::Resources>, ConvertError> {
    lists
        .iter()
        .map(|(name, list)| {
            let what = format!("{what}[{name}]");
            let items = list.iter().map(|item| resource(&what, item)).collect::<Result<_, _>>()?;
            Ok((name.clone(), wire::Resources { items }))
        })
        .collect()
}

fn credentials(credentials: &BTreeMap<String, BTreeMap<String, Vec<u8>>>) -> BTreeMap<String, wire::Credentials> {
    let source = |data: &BTreeMap<_, _>| {
        Some(wire::credentials::Source::CredentialData(wire::CredentialData { data: data.clone() }))
    };
    credentials.iter().map(|(name, data)| (name.clone(), wire::Credentials { source: source(data) })).collect()
}

fn schemas(schemas: &BTreeMap<String, Option<Value>>) -> Result<BTreeMap<String, wire::Schema>, ConvertError> {
    schemas
        .iter()
        .map(|(name, schema)| {
            let what = format!("required_schemas[{name}]");
            let openapi_v3 = schema.as_ref().map(|schema| structure(&what, schema)).transpose()?;
            Ok((name.clone(), wire::Schema { openapi_v3 }))
        })
        .collect()
}

/// Reads a response off the wire.
pub(crate) fn response(response: wire::RunFunctionResponse) -> Result<RunFunctionResponse, ConvertError> {
    Ok(RunFunctionResponse {
        desired: response.desired.map(|desired| read_state("desired", desired)).transpose()?.unwrap_or_default(),
        results: response.results.into_iter().map(read_result).collect(),
        context: response.context.map(|context| read("context", &context)).transpose()?,
        requirements: response.requirements.map(read_requirements).unwrap_or_default(),
        conditions: response.conditions.into_iter().map(read_condition).collect(),
    })
}

fn read(what: &str, structure: &Struct) -> Result<Value, ConvertError> {
    structure.to_value().map_err(|reason| ConvertError { what: what.to_owned(), reason })
}

fn read_state(what: &str, state: wire::State) -> Result<State, ConvertError> {
    let composite =
        state.composite.map(|composite| read_resource(&format!("{what}.composite"), composite)).transpose()?;
    let resources = state
        .resources
        .into_iter()
        .map(|(name, item)| {
            let what = format!("{what}.resources[{name}]");
            Ok((name, read_resource(&what, item)?))
        })
        .collect::<Result<_, _>>()?;
    Ok(State { composite: composite.unwrap_or_default(), resources })
}

fn read_resource(what: &str, resource: wire::Resource) -> Result<FunctionResource, ConvertError> {
    let ready = match resource.ready() {
        wire::Ready::Unspecified => Ready::Unspecified,
        wire::Ready::True => Ready::True,
        wire::Ready::False => Ready::False,
    };
    let object = resource.resource.map(|object| read(what, &object)).transpose()?.unwrap_or_default();
    Ok(FunctionResource { resource: object, connection_details: resource.connection_details, ready })
}

fn read_result(result: wire::Result) -> FunctionResult {
    let severity = match result.severity() {
        wire::Severity::Unspecified => FunctionSeverity::Unspecified,
        wire::Severity::Fatal => FunctionSeverity::Fatal,
        wire::Severity::Warning => FunctionSeverity::Warning,
        wire::Severity::Normal => FunctionSeverity::Normal,
    };
    let to_claim = result.target() == wire::Target::CompositeAndClaim;
    FunctionResult { severity, message: result.message, reason: result.reason, to_claim }
}

fn read_condition(condition: wire::Condition) -> FunctionCondition {
    let status = match condition.status() {
        wire::Status::ConditionTrue => "True",
        wire::Status::ConditionFalse => "False",
        wire::Status::ConditionUnknown | wire::Status::ConditionUnspecified => "Unknown",
    };
    let to_claim = condition.target() == wire::Target::CompositeAndClaim;
    FunctionCondition { kind: condition.r#type, status, reason: condition.reason, message: condition.message, to_claim }
}

fn read_requirements(requirements: wire::Requirements) -> Requirements {
    Requirements {
        resources: read_selectors(requirements.resources),
        extra_resources: read_selectors(requirements.extra_resources),
        schemas: requirements
            .schemas
            .into_iter()
            .map(|(name, selector)| (name, (selector.api_version, selector.kind)))
            .collect(),
    }
}

fn read_selectors(selectors: BTreeMap<String, wire::ResourceSelector>) -> BTreeMap<String, ResourceSelector> {
    selectors.into_iter().map(|(name, selector)| (name, read_selector(selector))).collect()
}

fn read_selector(selector: wire::ResourceSelector) -> ResourceSelector {
    use wire::resource_selector::Match;
    let matches = match selector.r#match {
        Some(Match::MatchName(name)) => ResourceMatch::Name(name),
        Some(Match::MatchLabels(labels)) => ResourceMatch::Labels(labels.labels),
        None => ResourceMatch::default(),
    };
    ResourceSelector { api_version: selector.api_version, kind: selector.kind, matches, namespace: selector.namespace }
}

#[cfg(test)]
mod tests;
