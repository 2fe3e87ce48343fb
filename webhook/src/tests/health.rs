//! The plain port.

use axum::http::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Running, review, told};

async fn get(address: std::net::SocketAddr, path: &str) -> (StatusCode, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (code, body.to_owned())
}

#[tokio::test]
async fn readiness_tells_each_condition() {
    let running = Running::start(&[]).await;
    let address = running.server.health_address;
    assert_eq!(get(address, "/healthz").await, (StatusCode::OK, "ok".to_owned()));
    let (code, body) = get(address, "/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &body["ready"]), (StatusCode::OK, &Value::Bool(true)), "{body}");
    let names: Vec<_> = body["conditions"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["server", "certificate", "policies"]);
    running.server.leave();
    let (code, body) = get(address, "/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &body["conditions"][0]["detail"]), (StatusCode::SERVICE_UNAVAILABLE, &"shutting down".into()));
    assert_eq!(get(address, "/healthz").await.0, StatusCode::OK);
    assert_eq!(get(address, "/validate").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn metrics_count_what_was_answered() {
    let running = Running::start(&[]).await;
    let client = running.http2().await;
    assert!(told(&client.validate(review("a")).await.1).1);
    assert!(!told(&client.validate(review("panic")).await.1).1);
    let (code, text) = get(running.server.health_address, "/metrics").await;
    assert_eq!(code, StatusCode::OK);
    for expected in [
        r#"plat_admission_requests_total{endpoint="validate",operation="CREATE",kind="Pod",verdict="allow"} 1"#,
        r#"plat_admission_requests_total{endpoint="validate",operation="CREATE",kind="Pod",verdict="error"} 1"#,
        "plat_admission_in_flight 0",
        r#"plat_constraint_templates{status="active"} 2"#,
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected} in\n{text}");
    }
    let page = include_str!("../../../docs/webhook.md");
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let missing: Vec<_> = names.filter(|name| !page.contains(name)).collect();
    assert!(missing.is_empty(), "docs/webhook.md does not name {missing:?}");
}
