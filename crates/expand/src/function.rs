//! The Function port: what goes to a Composition Function and what comes back, as plain data.
//!
//! The shapes follow `apiextensions.fn.proto.v1`; how they travel (gRPC, in process) is the shell's matter. Numbers inside
//! [`serde_json::Value`]s sent to a remote function become doubles on the wire, as protobuf `Struct` has no integers.

use std::collections::BTreeMap;

use plat_resource::Value;

/// A resource as functions see it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FunctionResource {
    /// The object.
    pub resource: Value,
    /// Connection details.
    pub connection_details: BTreeMap<String, Vec<u8>>,
    /// Readiness; only functions set it.
    pub ready: Ready,
}

/// Readiness as a function says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ready {
    /// Nothing said.
    #[default]
    Unspecified,
    /// Ready.
    True,
    /// Not ready.
    False,
}

/// Observed or desired state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The XR.
    pub composite: FunctionResource,
    /// Composed resources by composition-resource name.
    pub resources: BTreeMap<String, FunctionResource>,
}

/// `RunFunctionRequest`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFunctionRequest {
    /// What is live.
    pub observed: State,
    /// What earlier steps want.
    pub desired: State,
    /// The step's input.
    pub input: Option<Value>,
    /// The context so far (an object).
    pub context: Value,
    /// Required resources by requirement name; `None` where a by-name selector found nothing.
    pub required_resources: BTreeMap<String, Vec<FunctionResource>>,
    /// The same, for functions that still ask for extra resources.
    pub extra_resources: BTreeMap<String, Vec<FunctionResource>>,
    /// Required OpenAPI schemas by requirement name.
    pub required_schemas: BTreeMap<String, Option<Value>>,
    /// Credentials by name: key to bytes.
    pub credentials: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

/// `RunFunctionResponse`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFunctionResponse {
    /// What is wanted now.
    pub desired: State,
    /// Messages.
    pub results: Vec<FunctionResult>,
    /// The context for the next step; `None` empties it.
    pub context: Option<Value>,
    /// What the function needs to see.
    pub requirements: Requirements,
    /// Conditions for the XR.
    pub conditions: Vec<FunctionCondition>,
}

/// One message of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionResult {
    /// How grave.
    pub severity: FunctionSeverity,
    /// The message.
    pub message: String,
    /// Event reason, if the function gives one.
    pub reason: Option<String>,
    /// Whether the claim is told too.
    pub to_claim: bool,
}

/// Gravity of a function's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionSeverity {
    /// Nothing said; Crossplane takes it as a warning.
    Unspecified,
    /// Stops the pipeline.
    Fatal,
    /// Goes on.
    Warning,
    /// For information.
    Normal,
}

/// A condition that a function sets on the XR.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionCondition {
    /// Condition type.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// Reason.
    pub reason: String,
    /// Message, if any.
    pub message: Option<String>,
    /// Whether the claim gets it too.
    pub to_claim: bool,
}

/// What a function needs to see before its answer is final.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Requirements {
    /// Resources by requirement name.
    pub resources: BTreeMap<String, ResourceSelector>,
    /// The deprecated form of the same.
    pub extra_resources: BTreeMap<String, ResourceSelector>,
    /// Schemas by requirement name: apiVersion and kind.
    pub schemas: BTreeMap<String, (String, String)>,
}

/// Which resources a function asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceSelector {
    /// apiVersion.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// By name or by labels.
    pub matches: ResourceMatch,
    /// Namespace, if one is given.
    pub namespace: Option<String>,
}

/// The two ways to select resources.
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceMatch {
    /// The one of this name.
    Name(String),
    /// Those that carry these labels; all where there are none.
    Labels(BTreeMap<String, String>),
}

impl Default for ResourceMatch {
    fn default() -> Self {
        Self::Labels(BTreeMap::new())
    }
}

/// Runs a Function that is not native.
pub trait FunctionRunner {
    /// Runs `function` (the name in `functionRef`) once.
    fn run(&self, function: &str, request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError>;

    /// Whether `function` is to be run here even where plat has it natively.
    fn replaces_native(&self, _function: &str) -> bool {
        false
    }
}

/// Why a function could not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// Nothing says where the function runs.
    #[error("function {function:?} is not native to plat and no running instance of it was given")]
    Unavailable {
        /// Name in `functionRef`.
        function: String,
    },
    /// What asks for a render does not list the function.
    #[error("unknown function {function:?} - is it listed in the render input?")]
    Unlisted {
        /// Name in `functionRef`.
        function: String,
    },
    /// It is there and cannot be called yet.
    #[error("function {function:?} is not ready: {reason}")]
    NotReady {
        /// Name in `functionRef`.
        function: String,
        /// What it waits for, or what is wrong with it.
        reason: String,
    },
    /// It was called and failed.
    #[error("function {function:?} at {target} failed: {reason}")]
    Failed {
        /// Name in `functionRef`.
        function: String,
        /// Where it was called.
        target: String,
        /// Why, in the transport's words.
        reason: String,
    },
}

/// Runs nothing: every function is unavailable.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFunctions;

impl FunctionRunner for NoFunctions {
    fn run(&self, function: &str, _request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        Err(FunctionError::Unavailable { function: function.to_owned() })
    }
}
