//! Bytes as the body of an AdmissionReview: always answered, with the uid wherever one can be read, and read alike by the
//! server, which looks at the envelope only, and by what decides, which reads all of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_admission::request::Request;
use plat_resource::Value;
use plat_webhook::review::{Envelope, Refusal};

fuzz_target!(|bytes: &[u8]| {
    let (envelope, fault) = Envelope::read(bytes);
    let message = fault.as_ref().map(|fault| fault.0.clone()).unwrap_or_default();
    assert!(message.len() < 1_000, "{message}");
    let refusal = Refusal::malformed(message);
    let review: Value = serde_json::from_slice(&refusal.review(&envelope)).expect("JSON");
    assert_eq!(review["response"]["uid"].as_str(), Some(envelope.uid.as_str()));
    assert_eq!(review["response"]["allowed"], Value::Bool(false));
    match Request::read(bytes) {
        Ok(request) => {
            assert_eq!(fault, None, "the server refuses what can be decided on");
            assert_eq!(request.uid, envelope.uid);
            assert_eq!(request.kind.kind, envelope.object_kind);
        }
        Err(malformed) => {
            let uid = malformed.uid.unwrap_or_default();
            assert!(uid.is_empty() || uid == envelope.uid, "{uid} is not {}", envelope.uid);
        }
    }
});
