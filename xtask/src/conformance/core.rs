//! The whole reconcile: plat's `internal render` beside that of the real Crossplane core, over generated requests.
//!
//! Owns running the real program and what counts as the same. The functions of the requests run beside it, real ones
//! too, where plat has its own.

mod requests;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, bail};
use plat_cluster::render::{self as protocol, Answer, CompositeInput, FunctionAddress, RenderResponse};
use plat_cluster::{ClientOptions, FunctionClients};
use plat_expand::conditions::RENDER_TIME;
use plat_expand::function::FunctionRunner;
use plat_resource::{Value, object};
use plat_tests::programs::{CROSSPLANE_CORE, FUNCTION_PATCH_AND_TRANSFORM};

use super::Totals;

/// How many differences are printed.
const SHOWN: usize = 20;
/// Times that a request says itself start so; every other one is the time of the run.
const GIVEN_TIMES: &str = "2020-";
/// A name by which plat does not know function-patch-and-transform, so that it has to call it.
const REMOTE: &str = "function-elsewhere";
/// How often the real program is asked again where it differs: it goes through resources in the order of a Go map, so
/// which of several faults it names, and which of two equal references comes first, is chance.
const ASKED: usize = 64;

/// One end of a request, so that two can be compared.
#[derive(Debug, PartialEq)]
struct End {
    exit: i32,
    refusal: String,
    response: Option<Shown>,
}

/// What a response says, without the order that Go leaves to chance.
#[derive(Debug, PartialEq)]
struct Shown {
    composite: Value,
    composed: BTreeMap<String, Value>,
    deleted: BTreeMap<String, Value>,
    events: Vec<String>,
    required: Vec<Value>,
    schemas: Vec<Value>,
}

/// Puts `count` generated requests before both. `functions` are running functions by name.
pub(crate) fn run(functions: &[FunctionAddress], first: u64, count: u64) -> anyhow::Result<Totals> {
    let core = CROSSPLANE_CORE.build()?;
    let patches = functions.iter().find(|function| function.name == FUNCTION_PATCH_AND_TRANSFORM.name);
    let target = patches.context("function-patch-and-transform runs")?.address.clone();
    let remote = FunctionClients::new([(REMOTE, target.as_str())], ClientOptions::default())?;
    let mut functions = functions.to_vec();
    functions.push(FunctionAddress { name: REMOTE.to_owned(), address: target });
    let next = AtomicU64::new(first);
    let totals = Mutex::new(Totals::default());
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first.saturating_add(count) {
                    return Ok(());
                }
                let input = requests::request(seed, &functions);
                let difference = compare(&core, &remote, &input)?;
                let mut totals = totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                note(&mut totals, seed, &input, difference);
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker ended early")))
    })?;
    let totals = totals.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{} of {count} generated render requests answered identically", totals.identical);
    Ok(totals)
}

fn note(totals: &mut Totals, seed: u64, input: &CompositeInput, difference: Option<String>) {
    let Some(difference) = difference else {
        totals.identical += 1;
        return;
    };
    totals.differs += 1;
    if totals.differs <= SHOWN {
        println!("differs      render request {seed}\n             {difference}");
        println!("             request {}", serde_json::to_string(input).unwrap_or_default());
    }
}

fn compare(core: &Path, runner: &dyn FunctionRunner, input: &CompositeInput) -> anyhow::Result<Option<String>> {
    let ours = ours(input, runner)?;
    let request = protocol::encode_request(input)?;
    let mut difference = None;
    for _ in 0..ASKED {
        let real = real(core, &request)?;
        difference = first_difference(&ours, &real);
        if difference.is_none() {
            break;
        }
    }
    Ok(difference)
}

fn ours(input: &CompositeInput, runner: &dyn FunctionRunner) -> anyhow::Result<End> {
    Ok(match protocol::answer(input, runner) {
        Err(refusal) => End { exit: 1, refusal: told(&refusal.to_string()), response: None },
        Ok(Answer { response, fatal }) => {
            let response = protocol::decode_response(&protocol::encode_response(&response)?)?;
            let exit = if fatal.is_some() { 3 } else { 0 };
            End { exit, refusal: told(&fatal.unwrap_or_default()), response: Some(shown(response)) }
        }
    })
}

fn real(core: &Path, request: &[u8]) -> anyhow::Result<End> {
    let mut child = Command::new(core)
        .args(["internal", "render", "--timeout=60s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", core.display()))?;
    child.stdin.take().context("it has a standard input")?.write_all(request)?;
    let output = child.wait_with_output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let refusal = stderr.trim().trim_start_matches("crossplane: error: ");
    let refusal = refusal.trim_start_matches("cannot render composite resource: ");
    let response =
        if output.stdout.is_empty() { None } else { Some(shown(protocol::decode_response(&output.stdout)?)) };
    Ok(End { exit: output.status.code().unwrap_or(-1), refusal: told(refusal), response })
}

/// The protobuf and JSON libraries vary the white space of some messages on purpose.
fn told(text: &str) -> String {
    timeless(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Gives every time that a run made itself one fixed value.
fn timeless(text: &str) -> String {
    let form = RENDER_TIME.as_bytes();
    let is_time = |window: &[u8]| {
        window
            .iter()
            .zip(form)
            .all(|(byte, form)| if form.is_ascii_digit() { byte.is_ascii_digit() } else { byte == form })
    };
    let mut bytes = text.as_bytes().to_vec();
    for start in 0..bytes.len().saturating_sub(form.len() - 1) {
        let window = &mut bytes[start..start + form.len()];
        if is_time(window) && !window.starts_with(GIVEN_TIMES.as_bytes()) {
            window.copy_from_slice(form);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shown(response: RenderResponse) -> Shown {
    let by_name = |resources: Vec<Value>| {
        let named = resources.into_iter().map(|mut resource| {
            at_run_time(&mut resource);
            let name = object::annotation(&resource, "crossplane.io/composition-resource-name").unwrap_or("");
            (format!("{name} {}", object::name(&resource)), resource)
        });
        named.collect()
    };
    let mut composite = response.composite_resource.unwrap_or_default();
    at_run_time(&mut composite);
    let events = response.events.into_iter();
    let mut events: Vec<String> =
        events.map(|event| format!("{} {} {}", event.kind, event.reason, told(&event.message))).collect();
    events.sort();
    Shown {
        composite,
        composed: by_name(response.composed_resources),
        deleted: by_name(response.deleted_resources),
        events,
        required: response.required_resources,
        schemas: response.required_schemas,
    }
}

/// The same for every text in a value.
fn at_run_time(value: &mut Value) {
    match value {
        Value::String(text) => *text = told(text),
        Value::Array(items) => items.iter_mut().for_each(at_run_time),
        Value::Object(fields) => fields.values_mut().for_each(at_run_time),
        _ => {}
    }
}

fn first_difference(ours: &End, real: &End) -> Option<String> {
    if (ours.exit, &ours.refusal) != (real.exit, &real.refusal) {
        let tell = |end: &End| format!("exit {} {:?}", end.exit, end.refusal);
        return Some(format!("{}\n             real {}", tell(ours), tell(real)));
    }
    let (ours, real) = match (&ours.response, &real.response) {
        (Some(ours), Some(real)) => (ours, real),
        (None, None) => return None,
        (ours, _) => {
            return Some(format!("{} a response", if ours.is_some() { "plat alone gives" } else { "plat lacks" }));
        }
    };
    let tell = |what: &str, ours: &dyn std::fmt::Debug, real: &dyn std::fmt::Debug| {
        Some(format!("{what} {ours:?}\n             real {real:?}"))
    };
    if ours.composite != real.composite {
        return Some(format!("XR   {}\n             real {}", ours.composite, real.composite));
    }
    for (what, ours, real) in [("composed", &ours.composed, &real.composed), ("deleted", &ours.deleted, &real.deleted)]
    {
        let text = |all: &BTreeMap<String, Value>| -> Vec<String> {
            all.iter().map(|(name, value)| format!("{name} {value}")).collect()
        };
        if ours != real {
            return tell(what, &text(ours), &text(real));
        }
    }
    if ours.events != real.events {
        return tell("events", &ours.events, &real.events);
    }
    let lookups = |shown: &Shown| format!("{:?} {:?}", shown.required, shown.schemas);
    (lookups(ours) != lookups(real)).then(|| format!("{}\n             real {}", lookups(ours), lookups(real)))
}
