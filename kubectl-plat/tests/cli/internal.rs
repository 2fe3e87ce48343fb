//! `internal render`, as `crossplane composition render --crossplane-binary` runs it.

use std::io::Write as _;

use plat_cluster::render::{CompositeInput, FunctionAddress, RenderResponse, decode_response, encode_request};
use plat_resource::{Value, object, yaml};

use crate::sandbox::{CLAIM, COMPOSITION, DEFINITION, command};

fn value(text: &str) -> Value {
    yaml::parse("test.yaml", text.as_bytes()).0.remove(0).value
}

/// Exit code, stdout and stderr.
fn render(stdin: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut child = command(&["internal", "render"]).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

fn request(composition: &str) -> Vec<u8> {
    encode_request(&CompositeInput {
        composite_resource: value(&CLAIM.replace("kind: Disk", "kind: XDisk").replace(", namespace: team-a", "")),
        composition: value(composition),
        composite_resource_definition: Some(value(DEFINITION)),
        // Nothing listens there: it is the native one that runs.
        functions: vec![FunctionAddress {
            name: "function-patch-and-transform".to_owned(),
            address: "127.0.0.1:1".to_owned(),
        }],
        ..CompositeInput::default()
    })
    .unwrap()
}

#[test]
fn a_request_is_answered() {
    let (code, stdout, stderr) = render(&request(COMPOSITION));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let RenderResponse { composite_resource, composed_resources, events, .. } = decode_response(&stdout).unwrap();
    let composite = composite_resource.unwrap();
    assert_eq!(object::name(&composite), "data");
    let volume = composed_resources.first().unwrap();
    assert_eq!((composed_resources.len(), &volume["kind"], &volume["spec"]["size"]), (1, &"Volume".into(), &10.into()));
    assert_eq!(composite["spec"]["resourceRefs"][0]["name"], volume["metadata"]["name"]);
    assert_eq!(events.first().map(|event| event.reason.as_str()), Some("SelectComposition"));
}

#[test]
fn a_pipeline_that_stops_is_exit_code_3_with_an_answer() {
    let composition = COMPOSITION.replace("toFieldPath: spec.size", "toFieldPath: 'spec.disks[*].size'");
    let (code, stdout, stderr) = render(&request(&composition));
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("cannot expand ToFieldPath spec.disks[*].size"), "{stderr}");
    assert_eq!(decode_response(&stdout).unwrap().composed_resources, Vec::<Value>::new());
}

#[test]
fn what_is_no_request() {
    let (code, stdout, stderr) = render(b"\xff\xff not protobuf");
    assert_eq!((code, stdout.as_slice()), (Some(1), &b""[..]));
    assert!(stderr.starts_with("error: the render request cannot be answered\n"), "{stderr}");
}
