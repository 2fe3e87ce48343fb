//! Bodies that are too large, too slow, or too many.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Duration, Instant};

use super::client::{connect, post};
use super::{Running, arguments, review, told};
use crate::body::Bodies;

const HEAD: &str = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","object":""#;

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())])
}

fn later() -> Instant {
    Instant::now() + Duration::from_mins(2)
}

/// A body of that many bytes that ends as it should.
fn of_size(size: usize) -> String {
    let tail = r#""}}"#;
    format!("{HEAD}{}{tail}", "a".repeat(size - HEAD.len() - tail.len()))
}

#[tokio::test]
async fn the_limit_is_exact() {
    let running = Running::start(&["--max-body-bytes=1000"]).await;
    for client in [running.http1().await, running.http2().await] {
        assert!(told(&client.validate(of_size(1000)).await.1).1);
        let (uid, allowed, message) = told(&client.validate(of_size(1001)).await.1);
        assert_eq!((uid.as_str(), allowed), ("u", false));
        assert_eq!(message, "the AdmissionReview is larger than 1000 bytes (--max-body-bytes)");
    }
}

#[tokio::test]
async fn fifty_megabytes_are_answered() {
    let running = Running::start(&[]).await;
    for client in [running.http1().await, running.http2().await] {
        let (uid, allowed, message) = told(&client.validate(of_size(50_000_000)).await.1);
        assert_eq!((uid.as_str(), allowed), ("u", false));
        assert!(message.contains("larger than 8388608 bytes"), "{message}");
    }
    let (code, _) = running.http2().await.validate("a".repeat(50_000_000)).await;
    assert_eq!(code, 413, "without a uid");
    assert!(told(&running.http2().await.validate(review("a")).await.1).1, "and the server lives");
}

#[tokio::test]
async fn an_eight_megabyte_body_is_judged() {
    let running = Running::start(&[]).await;
    assert!(told(&running.http2().await.validate(of_size(8 * 1024 * 1024)).await.1).1);
}

/// Bytes that never end and never come.
fn stuck(bytes: &'static str) -> Body {
    use futures_util::StreamExt as _;
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
    Body::from_stream(first.chain(futures_util::stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let bodies = Bodies::new(&arguments(&["--body-timeout=7"]).bodies);
    let started = Instant::now();
    let (buffered, result) = bodies.read(&headers(), stuck(HEAD), later()).await;
    assert_eq!(result.unwrap_err().code, 408);
    assert_eq!(started.elapsed().as_secs(), 7);
    assert_eq!(buffered.bytes, HEAD.as_bytes(), "the uid is there");
    let started = Instant::now();
    let soon = Instant::now() + Duration::from_secs(2);
    assert_eq!(bodies.read(&headers(), stuck(HEAD), soon).await.1.unwrap_err().code, 408);
    assert_eq!(started.elapsed().as_secs(), 2, "the API server's time is shorter");
}

#[tokio::test]
async fn bodies_share_their_memory() {
    let bodies = Bodies::new(&arguments(&["--max-buffered-bytes=65536", "--max-body-bytes=100000"]).bodies);
    let read = async |size: usize| bodies.read(&headers(), Body::from("a".repeat(size)), later()).await;
    let (first, result) = read(40_000).await;
    result.unwrap();
    let (second, result) = read(40_000).await;
    let refusal = result.unwrap_err();
    assert_eq!((refusal.code, refusal.reason), (503, "ServiceUnavailable"));
    drop((first, second));
    let (third, result) = read(65_536).await;
    result.unwrap();
    drop(third);
    assert_eq!(read(70_000).await.1.unwrap_err().code, 503);
}

#[tokio::test]
async fn a_stream_that_breaks_is_malformed() {
    let bodies = Bodies::new(&arguments(&[]).bodies);
    let broken = futures_util::stream::iter([Ok(Bytes::from(HEAD)), Err(std::io::Error::other("gone"))]);
    let (buffered, result) = bodies.read(&headers(), Body::from_stream(broken), later()).await;
    assert_eq!((buffered.bytes.len(), result.unwrap_err().code), (HEAD.len(), 400));
}

#[tokio::test]
async fn a_slow_body_over_a_connection_is_answered_with_its_uid() {
    let running = Running::start(&["--body-timeout=0.2"]).await;
    let mut stream = connect(running.server.address, running.folder.trust(), b"http/1.1").await.unwrap();
    let head = "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
    stream.write_all(format!("{head}{HEAD}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The server closes: it cannot tell where the next request would begin.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(told(body.as_bytes()).0, "u");
}

#[tokio::test]
async fn many_at_once_over_one_connection() {
    let running = Arc::new(Running::start(&[]).await);
    let client = running.http2().await;
    let all: Vec<_> = (0..600).map(|number| client.send(post("/mutate", review(&format!("n{number}"))))).collect();
    for (number, answer) in all.into_iter().enumerate() {
        let (_, body) = super::client::read(answer.await.unwrap().unwrap()).await;
        assert_eq!(told(&body), (format!("uid-n{number}"), true, String::new()));
    }
}
