//! The render protocol's messages to and from plain data.

use plat_resource::Value;

use super::{CompositeInput, Event, FunctionAddress, RenderError, RenderResponse};
use crate::structure::Struct;
use crate::wire::render as wire;

fn write(field: &str, value: &Value) -> Result<Struct, RenderError> {
    Struct::from_value(value).map_err(|reason| RenderError::Object { field: field.to_owned(), reason })
}

fn write_all(field: &str, values: &[Value]) -> Result<Vec<Struct>, RenderError> {
    values.iter().enumerate().map(|(index, value)| write(&format!("{field}[{index}]"), value)).collect()
}

fn read(field: &str, object: &Struct) -> Result<Value, RenderError> {
    object.to_value().map_err(|reason| RenderError::Object { field: field.to_owned(), reason })
}

fn read_all(field: &str, objects: &[Struct]) -> Result<Vec<Value>, RenderError> {
    objects.iter().enumerate().map(|(index, object)| read(&format!("{field}[{index}]"), object)).collect()
}

/// An object that is not there reads as an empty one.
fn read_or_empty(field: &str, object: Option<&Struct>) -> Result<Value, RenderError> {
    object.map_or_else(|| Ok(Value::Object(plat_resource::Object::new())), |object| read(field, object))
}

pub(super) fn composite_input(input: &CompositeInput) -> Result<wire::CompositeInput, RenderError> {
    let function = |function: &FunctionAddress| wire::FunctionInput {
        name: function.name.clone(),
        address: function.address.clone(),
    };
    let definition = input.composite_resource_definition.as_ref();
    Ok(wire::CompositeInput {
        composite_resource: Some(write("composite_resource", &input.composite_resource)?),
        composition: Some(write("composition", &input.composition)?),
        functions: input.functions.iter().map(function).collect(),
        observed_resources: write_all("observed_resources", &input.observed_resources)?,
        required_resources: write_all("required_resources", &input.required_resources)?,
        credentials: write_all("credentials", &input.credentials)?,
        required_schemas: write_all("required_schemas", &input.required_schemas)?,
        composite_resource_definition: definition
            .map(|definition| write("composite_resource_definition", definition))
            .transpose()?,
    })
}

pub(super) fn read_composite_input(input: &wire::CompositeInput) -> Result<CompositeInput, RenderError> {
    let function = |function: &wire::FunctionInput| FunctionAddress {
        name: function.name.clone(),
        address: function.address.clone(),
    };
    let definition = input.composite_resource_definition.as_ref();
    Ok(CompositeInput {
        composite_resource: read_or_empty("composite_resource", input.composite_resource.as_ref())?,
        composition: read_or_empty("composition", input.composition.as_ref())?,
        functions: input.functions.iter().map(function).collect(),
        observed_resources: read_all("observed_resources", &input.observed_resources)?,
        required_resources: read_all("required_resources", &input.required_resources)?,
        credentials: read_all("credentials", &input.credentials)?,
        required_schemas: read_all("required_schemas", &input.required_schemas)?,
        composite_resource_definition: definition
            .map(|definition| read("composite_resource_definition", definition))
            .transpose()?,
    })
}

pub(super) fn composite_output(output: &RenderResponse) -> Result<wire::CompositeOutput, RenderError> {
    let event = |event: &Event| wire::Event {
        r#type: event.kind.clone(),
        reason: event.reason.clone(),
        message: event.message.clone(),
    };
    let composite = output.composite_resource.as_ref();
    Ok(wire::CompositeOutput {
        composite_resource: composite.map(|composite| write("composite_resource", composite)).transpose()?,
        composed_resources: write_all("composed_resources", &output.composed_resources)?,
        deleted_resources: write_all("deleted_resources", &output.deleted_resources)?,
        events: output.events.iter().map(event).collect(),
        required_resources: write_all("required_resources", &output.required_resources)?,
        required_schemas: write_all("required_schemas", &output.required_schemas)?,
    })
}

pub(super) fn read_composite_output(output: wire::CompositeOutput) -> Result<RenderResponse, RenderError> {
    let event = |event: wire::Event| Event { kind: event.r#type, reason: event.reason, message: event.message };
    let composite = output.composite_resource.as_ref();
    Ok(RenderResponse {
        composite_resource: composite.map(|composite| read("composite_resource", composite)).transpose()?,
        composed_resources: read_all("composed_resources", &output.composed_resources)?,
        deleted_resources: read_all("deleted_resources", &output.deleted_resources)?,
        events: output.events.into_iter().map(event).collect(),
        required_resources: read_all("required_resources", &output.required_resources)?,
        required_schemas: read_all("required_schemas", &output.required_schemas)?,
    })
}
