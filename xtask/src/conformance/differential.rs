//! The native function-patch-and-transform beside the real one, over generated inputs.

use plat_expand::function::{
    FunctionResource, FunctionResult, FunctionRunner, FunctionSeverity, RunFunctionRequest, RunFunctionResponse,
};
use plat_expand::go::json as go_json;
use plat_expand::native::patch_and_transform::{self, Compiled};
use plat_resource::Value;

use super::Totals;
use super::generated;

/// How many differences are printed.
const SHOWN: usize = 20;

/// Puts `count` generated inputs before both.
pub(crate) fn run(runner: &dyn FunctionRunner, first: u64, count: u64) -> Totals {
    let mut totals = Totals::default();
    for seed in first..first + count {
        let request = generated::request(seed);
        let ours = native(&request);
        let real = match runner.run("function-patch-and-transform", &request) {
            Ok(real) => real,
            Err(error) => {
                println!("unsupported  generated {seed}\n             {error}");
                println!("             input {}", request.input.unwrap_or_default());
                totals.unsupported += 1;
                continue;
            }
        };
        match difference(&ours, &real) {
            None => totals.identical += 1,
            Some(difference) => {
                totals.differs += 1;
                if totals.differs <= SHOWN {
                    println!("differs      generated {seed}\n             {difference}");
                    println!("             input {}", request.input.unwrap_or_default());
                }
            }
        }
    }
    println!("{} of {count} generated inputs answered identically", totals.identical);
    totals
}

fn native(request: &RunFunctionRequest) -> RunFunctionResponse {
    match Compiled::new(request.input.as_ref().unwrap_or(&Value::Null)) {
        Ok(compiled) => patch_and_transform::run(&compiled, request).0,
        Err(fault) => RunFunctionResponse {
            desired: request.desired.clone(),
            context: Some(request.context.clone()),
            results: vec![FunctionResult {
                severity: FunctionSeverity::Fatal,
                message: fault.message,
                reason: None,
                to_claim: false,
            }],
            ..RunFunctionResponse::default()
        },
    }
}

fn difference(ours: &RunFunctionResponse, real: &RunFunctionResponse) -> Option<String> {
    let messages = |response: &RunFunctionResponse| {
        let texts =
            response.results.iter().map(|result| format!("{:?} {}", result.severity, squeezed(&result.message)));
        texts.collect::<Vec<_>>()
    };
    let (our_messages, real_messages) = (messages(ours), messages(real));
    if our_messages != real_messages {
        return Some(format!("says {our_messages:?}\n             real {real_messages:?}"));
    }
    // A fatal answer's state is never used.
    if real.results.iter().any(|result| result.severity == FunctionSeverity::Fatal) {
        return None;
    }
    let state = |response: &RunFunctionResponse| {
        let resources: Vec<String> =
            response.desired.resources.iter().map(|(name, found)| format!("{name} {}", shown(found))).collect();
        let context = go_json::normalized(response.context.as_ref().unwrap_or(&Value::Null));
        (resources, shown(&response.desired.composite), context.to_string())
    };
    let (our_state, real_state) = (state(ours), state(real));
    (our_state != real_state).then(|| format!("gives {our_state:?}\n             real  {real_state:?}"))
}

/// The protobuf and JSON libraries vary some messages on purpose; of an input that cannot be read, the fact is compared.
fn squeezed(text: &str) -> String {
    if text.starts_with("cannot get Function input") {
        return "cannot get Function input".to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(resource: &FunctionResource) -> String {
    let details: Vec<String> = resource
        .connection_details
        .iter()
        .map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(value)))
        .collect();
    format!("{} {:?} {details:?}", go_json::normalized(&resource.resource), resource.ready)
}
