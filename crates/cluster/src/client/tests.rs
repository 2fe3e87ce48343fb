use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plat_expand::function::{FunctionError, FunctionResource, FunctionRunner, RunFunctionRequest, State};
use serde_json::json;
use tonic::Status;

use super::*;
use crate::test_server::{TestServer, Version};
use crate::wire::function as wire;

fn request() -> RunFunctionRequest {
    RunFunctionRequest {
        observed: State {
            composite: FunctionResource { resource: json!({"kind": "XBucket"}), ..FunctionResource::default() },
            ..State::default()
        },
        context: json!({}),
        ..RunFunctionRequest::default()
    }
}

fn clients(target: &str) -> FunctionClients {
    FunctionClients::new([("f", target)], ClientOptions::default()).unwrap()
}

/// A function that wants what is wanted, and says so.
#[expect(clippy::unnecessary_wraps, reason = "test functions may refuse")]
fn echo(request: &wire::RunFunctionRequest) -> Result<wire::RunFunctionResponse, Status> {
    let said = wire::Result { severity: 3, message: "done".to_owned(), ..wire::Result::default() };
    Ok(wire::RunFunctionResponse {
        desired: request.desired.clone(),
        context: request.context.clone(),
        results: vec![said],
        ..wire::RunFunctionResponse::default()
    })
}

fn reason(result: Result<RunFunctionResponse, FunctionError>) -> String {
    match result.unwrap_err() {
        FunctionError::Failed { reason, .. } => reason,
        other => panic!("unexpected {other}"),
    }
}

#[test]
fn a_function_is_asked_and_answers() {
    let server = TestServer::start(Version::Stable, echo);
    let clients = clients(&server.target());
    let answer = clients.run("f", &request()).unwrap();
    assert_eq!(answer.results[0].message, "done");
    assert_eq!(answer.context, Some(json!({})));
    clients.run("f", &request()).unwrap();

    let asked = server.requests();
    assert_eq!(asked.len(), 2, "one call each");
    let meta = asked[0].meta.as_ref().unwrap();
    assert_eq!(meta.capabilities, [1, 2, 3, 4, 5]);
    assert_eq!(meta.tag.len(), 64);
    assert_eq!(
        asked[0].observed.as_ref().unwrap().composite.as_ref().unwrap().resource.as_ref().unwrap().to_value().unwrap(),
        json!({"kind": "XBucket"})
    );
    assert_eq!(asked[0].meta, asked[1].meta, "the same request has the same tag");
}

#[test]
fn an_older_function_is_asked_in_its_version_and_remembered() {
    let server = TestServer::start(Version::Beta, echo);
    let clients = clients(&format!("dns:///{}", server.target()));
    assert_eq!(clients.run("f", &request()).unwrap().results.len(), 1);
    assert!(clients.functions["f"].is_beta());
    assert_eq!(clients.run("f", &request()).unwrap().results.len(), 1);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_function_without_a_target_is_unavailable() {
    let clients = clients("localhost:1");
    assert!(clients.knows("f") && !clients.knows("g"));
    assert!(clients.replaces_native("f") && !clients.replaces_native("g"));
    assert_eq!(clients.run("g", &request()), Err(FunctionError::Unavailable { function: "g".to_owned() }));
}

#[test]
fn nobody_listens() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    drop(listener);
    let reason = reason(clients(&target).run("f", &request()));
    assert!(reason.contains("refused"), "{reason}");
}

#[test]
fn a_slow_function_is_given_up() {
    let server = TestServer::start_slow(Version::Stable, Duration::from_secs(20), echo);
    let options = ClientOptions { timeout: Duration::from_millis(200), ..ClientOptions::default() };
    let clients = FunctionClients::new([("f", server.target().as_str())], options).unwrap();
    let start = Instant::now();
    assert_eq!(reason(clients.run("f", &request())), "no answer within 200ms");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_answer_may_be_too_large() {
    let large = |_: &wire::RunFunctionRequest| {
        let said = wire::Result { message: "x".repeat(2000), ..wire::Result::default() };
        Ok(wire::RunFunctionResponse { results: vec![said], ..wire::RunFunctionResponse::default() })
    };
    let server = TestServer::start(Version::Stable, large);
    let options = ClientOptions { max_message_bytes: 1000, ..ClientOptions::default() };
    let clients = FunctionClients::new([("f", server.target().as_str())], options).unwrap();
    assert_eq!(reason(clients.run("f", &request())), "its answer is larger than 1000 bytes");
}

#[test]
fn what_a_function_refuses_is_told() {
    let server = TestServer::start(Version::Stable, |_| Err(Status::invalid_argument("no such mode")));
    assert_eq!(reason(clients(&server.target()).run("f", &request())), "no such mode (InvalidArgument)");
}

#[test]
fn no_function_at_all() {
    let server = TestServer::start(Version::Beta, |_| Err(Status::unimplemented("gone")));
    let clients = clients(&server.target());
    assert_eq!(reason(clients.run("f", &request())), "it does not implement the function protocol (v1 or v1beta1)");
    assert!(!clients.functions["f"].is_beta(), "only what worked is remembered");
}

#[test]
fn an_answer_that_is_no_answer() {
    // A string that is not UTF-8, in an otherwise sound answer.
    let encoded: &[u8] = &[0x0a, 8, 0x0a, 1, b'a', 0x12, 3, 0x1a, 1, 0xff];
    let server = TestServer::start(Version::Stable, move |_| {
        let context = <crate::structure::Struct as prost::Message>::decode(encoded).ok();
        Ok(wire::RunFunctionResponse { context, ..wire::RunFunctionResponse::default() })
    });
    let reason = reason(clients(&server.target()).run("f", &request()));
    assert_eq!(reason, "cannot read the answer: context: a string is not valid UTF-8");
}

#[test]
fn many_threads_share_the_clients() {
    let server = TestServer::start(Version::Stable, echo);
    let clients = Arc::new(clients(&server.target()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| clients.run("f", &request()).unwrap());
        }
    });
    assert_eq!(server.requests().len(), 8);
}

#[test]
fn blocking_an_event_loop_is_refused() {
    let clients = clients("localhost:1");
    let runtime = Builder::new_current_thread().build().unwrap();
    let result = runtime.block_on(async { clients.run("f", &request()) });
    assert_eq!(reason(result), "called from within an async task, which it would block");
}

#[test]
fn a_wrong_target_names_its_function() {
    let error = FunctionClients::new([("f", "host")], ClientOptions::default()).unwrap_err();
    insta::assert_snapshot!(error, @r#"the target of function "f" cannot be used"#);
    insta::assert_snapshot!(error.source().unwrap(), @r#""host" has no port between 1 and 65535; give HOST:PORT"#);
}
