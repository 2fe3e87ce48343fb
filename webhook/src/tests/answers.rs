//! Bodies of every kind over the router: what is wrong with them is told, with the uid wherever there is one.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;

use super::scripted::Scripted;
use super::{arguments, review, told};
use crate::body::Bodies;
use crate::decision::{Admission, Endpoint};
use crate::evaluate::Evaluator;
use crate::metrics::Metrics;
use crate::routes::{Service, router};

pub(super) fn service(admission: Arc<dyn Admission>, flags: &[&str]) -> Service {
    let arguments = arguments(flags);
    Service {
        bodies: Bodies::new(&arguments.bodies),
        evaluator: Evaluator::start(&arguments.evaluation, admission).unwrap(),
        metrics: Arc::new(Metrics::default()),
        default_timeout: arguments.evaluation.default_timeout,
    }
}

async fn send(service: &Service, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let response = router(service.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

fn post(body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri("/validate?timeout=30s");
    request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

async fn answer(body: impl Into<Body>) -> (StatusCode, Vec<u8>) {
    send(&service(Arc::new(Scripted::default()), &[]), post(body)).await
}

/// Code, reason and message of a Status.
fn status(body: &[u8]) -> (u64, String, String) {
    let status: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!((&status["kind"], &status["status"]), (&"Status".into(), &"Failure".into()), "{status}");
    let text = |key: &str| status[key].as_str().unwrap().to_owned();
    (status["code"].as_u64().unwrap(), text("reason"), text("message"))
}

#[tokio::test]
async fn each_endpoint_answers_and_nothing_else_is_there() {
    let service = service(Arc::new(Scripted::default()), &[]);
    for endpoint in Endpoint::ALL {
        let mut request = post(review("a"));
        *request.uri_mut() = endpoint.path().parse().unwrap();
        let (code, body) = send(&service, request).await;
        assert_eq!((code, told(&body)), (StatusCode::OK, ("uid-a".into(), true, String::new())));
        let mut request = post("");
        *request.method_mut() = Method::GET;
        *request.uri_mut() = endpoint.path().parse().unwrap();
        assert_eq!(send(&service, request).await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
    for path in ["/", "/validate/", "/metrics", "/healthz", "/v1/validate"] {
        let mut request = post(review("a"));
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(send(&service, request).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn bodies_without_a_uid_get_a_status() {
    let envelope = |request: &str| {
        format!(r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#)
    };
    let cases = [
        (String::new(), "the body ends in the middle"),
        ("not JSON".to_owned(), "the body is no JSON"),
        ("\u{0}\u{1}".to_owned(), "the body is no JSON"),
        ("null".to_owned(), "the body is no AdmissionReview: a wrong type at line 1"),
        ("[]".to_owned(), "the body is no AdmissionReview: a wrong type at line 1"),
        (r#""a secret""#.to_owned(), "the body is no AdmissionReview: a wrong type at line 1"),
        ("{}".to_owned(), "the body is no AdmissionReview but nothing of nothing"),
        (r#"{"kind":"Pod","apiVersion":"v1"}"#.to_owned(), r#"the body is no AdmissionReview but "Pod" of "v1""#),
        (envelope("null"), "the AdmissionReview has no request"),
        (r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#.to_owned(), "has no request"),
        (envelope("{}"), "the request has no uid"),
        (envelope(r#"{"uid":""}"#), "the request has no uid"),
        (envelope(r#"{"uid":null}"#), "the request has no uid"),
        (envelope(r#"{"uid":{"a":"a secret"}}"#), "request.uid has a wrong type"),
        (envelope(r#""a secret""#), "a wrong type at line 1"),
        (envelope(&format!(r#"{{"uid":"{}"}}"#, "u".repeat(300))), "the request's uid is too long"),
    ];
    for (body, expected) in cases {
        let shown: String = body.chars().take(80).collect();
        let (code, answer) = answer(body).await;
        let (inner, reason, message) = status(&answer);
        assert_eq!((code, inner, reason.as_str()), (StatusCode::BAD_REQUEST, 400, "BadRequest"), "{shown}");
        assert!(message.contains(expected), "{shown}: {message}");
        assert!(!message.contains("secret"), "{shown}: {message}");
    }
    let (code, body) = answer(vec![0xff, 0xfe, b'{']).await;
    assert_eq!((code, status(&body).0), (StatusCode::BAD_REQUEST, 400));
}

#[tokio::test]
async fn a_uid_is_always_answered() {
    let head = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","object":"#;
    let of =
        |version: &str| format!(r#"{{"kind":"AdmissionReview","apiVersion":"{version}","request":{{"uid":"u"}}}}"#);
    let deep = format!("{head}{}", "[".repeat(100_000));
    let cases = [
        (head.to_owned(), "the body ends in the middle of its JSON"),
        (deep, "the body ends in the middle of its JSON"),
        (format!("{head}nonsense"), "the body is no JSON"),
        (format!("{head}{{}}}}}} trailing"), "trailing characters"),
        (of("admission.k8s.io/v1beta1"), "admission.k8s.io/v1beta1 is not spoken here"),
        (of("admission.k8s.io/v9"), "admission.k8s.io/v9 is not spoken here"),
        (of("v1"), "the body is no AdmissionReview but"),
        (r#"{"request":{"uid":"u"}}"#.to_owned(), "the body is no AdmissionReview but nothing of nothing"),
        (format!(r#"{head}{{}},"operation":[1]}}}}"#), "request.operation has a wrong type"),
        (format!(r#"{head}{{}},"dryRun":"a secret"}}}}"#), "request.dryRun has a wrong type"),
    ];
    for (body, expected) in cases {
        let shown: String = body.chars().take(120).collect();
        let (code, answer) = answer(body).await;
        let (uid, allowed, message) = told(&answer);
        assert_eq!((code, uid.as_str(), allowed), (StatusCode::OK, "u", false), "{shown}");
        assert!(message.contains(expected), "{shown}: {message}");
        assert!(!message.contains("secret"), "{shown}: {message}");
    }
}

#[tokio::test]
async fn the_answer_is_of_the_version_of_the_question() {
    let body =
        |version: &str| format!(r#"{{"kind":"AdmissionReview","apiVersion":"{version}","request":{{"uid":"u"}}}}"#);
    for (version, expected) in [
        ("admission.k8s.io/v1beta1", "admission.k8s.io/v1beta1"),
        ("example.org/v1", "admission.k8s.io/v1"),
        (&format!("admission.k8s.io/{}", "v".repeat(1000)), "admission.k8s.io/v1"),
    ] {
        let answer: Value = serde_json::from_slice(&answer(body(version)).await.1).unwrap();
        assert_eq!(answer["apiVersion"], expected);
    }
}

#[tokio::test]
async fn other_forms_than_plain_json_are_refused() {
    let service = service(Arc::new(Scripted::default()), &[]);
    let mut gzip = post(vec![0x1f, 0x8b, 8, 0]);
    gzip.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    let (code, body) = send(&service, gzip).await;
    assert_eq!((code, status(&body).0), (StatusCode::UNSUPPORTED_MEDIA_TYPE, 415));
    for kind in ["text/plain", "application/vnd.kubernetes.protobuf", "application/jsonx", ""] {
        let mut request = post(review("a"));
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let (uid, allowed, message) = told(&send(&service, request).await.1);
        assert_eq!((uid.as_str(), allowed), ("uid-a", false), "{kind}");
        assert!(message.contains("Content-Type"), "{message}");
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let mut request = post(review("a"));
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        request.headers_mut().insert(header::CONTENT_ENCODING, "identity".parse().unwrap());
        assert!(told(&send(&service, request).await.1).1, "{kind}");
    }
}

#[tokio::test]
async fn a_panic_denies_and_the_next_request_is_served() {
    let service = service(Arc::new(Scripted::default()), &["--evaluation-threads=1"]);
    for _ in 0..3 {
        let (uid, allowed, message) = told(&send(&service, post(review("panic"))).await.1);
        assert_eq!((uid.as_str(), allowed), ("uid-panic", false));
        assert_eq!(message, "a mistake in the webhook itself, its log says where; refused");
        assert!(told(&send(&service, post(review("a"))).await.1).1);
    }
    assert_eq!(service.metrics.requests_in_flight(), 0);
}

#[tokio::test]
async fn a_late_decision_is_a_denial() {
    let scripted = Arc::new(Scripted::default());
    let service = service(scripted.clone(), &[]);
    let mut request = post(review("wait"));
    *request.uri_mut() = "/validate?timeout=200ms".parse().unwrap();
    let (uid, allowed, message) = told(&send(&service, request).await.1);
    assert_eq!((uid.as_str(), allowed), ("uid-wait", false));
    assert!(message.contains("no decision within 0.1 s"), "{message}");
    scripted.release(1);
    assert!(told(&send(&service, post(review("a"))).await.1).1);
}

#[tokio::test]
async fn what_finds_no_room_is_refused_at_once() {
    let scripted = Arc::new(Scripted::default());
    let service = service(scripted.clone(), &["--evaluation-threads=1", "--max-waiting=1"]);
    let spawn = |name: &str| {
        let (service, body) = (service.clone(), review(name));
        tokio::spawn(async move { told(&send(&service, post(body)).await.1) })
    };
    let working = spawn("wait-1");
    scripted.entered().await;
    let waiting = spawn("wait-2");
    while service.evaluator.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let (uid, allowed, message) = told(&send(&service, post(review("a"))).await.1);
    assert_eq!((uid.as_str(), allowed), ("uid-a", false));
    assert!(message.contains("too many requests wait"), "{message}");
    scripted.release(2);
    assert!(working.await.unwrap().1 && waiting.await.unwrap().1);
}

#[tokio::test]
async fn what_is_not_prepared_is_waited_for_by_no_thread_and_decided_in_the_end() {
    let scripted = Arc::new(Scripted::default());
    let service = service(scripted.clone(), &["--evaluation-threads=1"]);
    assert!(told(&send(&service, post(review("unprepared"))).await.1).1);
    let [by_threads, by_others] = scripted.looks();
    assert!(by_threads == 1 && by_others > 1, "{by_threads} {by_others}");
    assert!(told(&send(&service, post(review("a"))).await.1).1);
    assert_eq!(scripted.looks(), [2, by_others], "what is there is decided at once");
}

#[tokio::test]
async fn nothing_is_decided_for_a_client_that_went() {
    let scripted = Arc::new(Scripted::default());
    let service = service(scripted.clone(), &["--evaluation-threads=1"]);
    let spawn = |name: &str| {
        let (service, body) = (service.clone(), review(name));
        tokio::spawn(async move { told(&send(&service, post(body)).await.1) })
    };
    let working = spawn("wait-1");
    scripted.entered().await;
    let gone = spawn("wait-2");
    while service.evaluator.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    scripted.release(1);
    // Had the second one been decided, it would wait for ever and this with it.
    assert!(working.await.unwrap().1);
    assert!(told(&send(&service, post(review("a"))).await.1).1);
}

#[tokio::test]
async fn decisions_go_on_side_by_side() {
    let scripted = Arc::new(Scripted::default());
    let service = service(scripted.clone(), &["--evaluation-threads=2"]);
    let both = ["wait-1", "wait-2"].map(|name| {
        let (service, body) = (service.clone(), review(name));
        tokio::spawn(async move { told(&send(&service, post(body)).await.1).1 })
    });
    scripted.entered().await;
    scripted.entered().await;
    scripted.release(2);
    for one in both {
        assert!(tokio::time::timeout(Duration::from_mins(1), one).await.unwrap().unwrap());
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, cut in 0usize..400) {
        let whole = review("a").into_bytes();
        for body in [bytes, whole[..cut.min(whole.len())].to_vec()] {
            let (envelope, fault) = crate::review::Envelope::read(&body);
            let refusal = crate::review::Refusal::malformed(fault.map(|fault| fault.0).unwrap_or_default());
            let (again, answer) = crate::evaluate::refuse(&body, &refusal);
            proptest::prop_assert_eq!(&again, &envelope);
            proptest::prop_assert_eq!(answer.is_none(), envelope.uid.is_empty());
            if let Some(answer) = answer {
                proptest::prop_assert_eq!(told(&answer.review).0, envelope.uid);
            }
            proptest::prop_assert_eq!(status(&refusal.status()).0, 400);
        }
    }
}

/// What the server reads of a body, which is its envelope, and what decides reads of it, which is all of it, is the same.
fn read_alike(body: &[u8]) {
    let (envelope, fault) = crate::review::Envelope::read(body);
    match plat_admission::Request::read(body) {
        Ok(request) => {
            assert_eq!(fault, None, "the server refuses what can be decided on");
            assert_eq!((&request.uid, &request.kind.kind), (&envelope.uid, &envelope.object_kind));
            assert_eq!((&request.name, &request.subresource), (&envelope.name, &envelope.subresource));
            assert_eq!(request.dry_run, envelope.dry_run);
        }
        Err(malformed) => {
            let uid = malformed.uid.unwrap_or_default();
            assert!(uid.is_empty() || uid == envelope.uid, "{uid} is not {}", envelope.uid);
        }
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_one_counts() {
    let review = |request: &str| {
        format!(r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"a"}},{request}}}"#)
    };
    let read = |request: &str| {
        let body = review(request);
        read_alike(body.as_bytes());
        crate::review::Envelope::read(body.as_bytes())
    };
    let (envelope, fault) = read(r#""request":{"uid":"b","kind":{"group":"x","kind":"Pod"},"kind":{"kind":"Job"}}"#);
    assert_eq!((envelope.uid.as_str(), envelope.object_kind.as_str(), fault), ("b", "Job", None));
    assert_eq!(envelope.object_group, "");
    assert!(read(r#""request":{"name":"x"}"#).1.unwrap().0.contains("no uid"));
    assert!(read(r#""request":null"#).1.unwrap().0.contains("no request"));
}

proptest::proptest! {
    #[test]
    fn a_body_is_read_alike_by_both(changes in proptest::collection::vec((0usize..400, proptest::num::u8::ANY, 0u8..4), 0..4)) {
        let mut body = review("a").into_bytes();
        for (place, byte, what) in changes {
            let place = place % body.len();
            let kept = body.clone();
            match what {
                0 => body[place] = byte,
                1 => drop(body.remove(place)),
                2 => body.insert(place, byte),
                // A key or a value that stands twice, or is gone.
                _ => body.splice(place..(place + usize::from(byte) / 8).min(kept.len()), kept[place / 2..place].to_vec()).for_each(drop),
            }
        }
        read_alike(&body);
    }
}
