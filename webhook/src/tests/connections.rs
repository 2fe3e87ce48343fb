//! Connections that say nothing, too little or too often.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::connect;
use super::{Running, review, told};

/// Reads until the server closes.
async fn closed(mut stream: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is a close too.
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn who_says_nothing_is_closed() {
    let running = Running::start(&["--handshake-timeout=0.2"]).await;
    let silent = TcpStream::connect(running.server.address).await.unwrap();
    assert!(closed(silent).await.is_empty());
    for protocol in [&b"http/1.1"[..], b"h2"] {
        let silent = connect(running.server.address, running.folder.trust(), protocol).await.unwrap();
        closed(silent).await;
    }
    assert!(running.metrics.failed_handshakes.get() >= 1);
}

#[tokio::test]
async fn who_sends_a_head_for_ever_is_closed() {
    let running = Running::start(&["--handshake-timeout=0.2", "--idle-timeout=0.2"]).await;
    let stream = connect(running.server.address, running.folder.trust(), b"http/1.1").await.unwrap();
    let (reader, mut writer) = tokio::io::split(stream);
    let drip = tokio::spawn(async move {
        let mut sent = writer.write_all(b"POST /validate HTTP/1.1\r\n").await;
        while sent.is_ok() {
            sent = writer.write_all(b"X-A: b\r\n").await;
            let _ = writer.flush().await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    closed(reader).await;
    drip.abort();
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_in_work_is_not() {
    let running = Running::start(&["--idle-timeout=0.2", "--handshake-timeout=0.2"]).await;
    for version in [1, 2] {
        let client = if version == 1 { running.http1().await } else { running.http2().await };
        let working = client.send(super::client::post("/validate?timeout=30s", review("wait")));
        running.scripted.entered().await;
        // Longer than the connection may idle.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        running.scripted.release(1);
        let answer = super::client::read(working.await.unwrap().unwrap()).await;
        assert!(told(&answer.1).1);
        client.connection.await.unwrap();
    }
}

#[tokio::test]
async fn at_the_limit_the_longest_idle_one_gives_way() {
    let running = Running::start(&["--max-connections=4"]).await;
    let working = running.http2().await;
    let answer = working.send(super::client::post("/validate?timeout=30s", review("wait")));
    running.scripted.entered().await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        let client = running.http1().await;
        assert!(told(&client.validate(review("a")).await.1).1);
        idle.push(client);
    }
    assert!(running.metrics.evicted.get() >= 36);
    running.scripted.release(1);
    assert!(told(&super::client::read(answer.await.unwrap().unwrap()).await.1).1, "it was in work all the time");
    idle.remove(0).connection.await.unwrap();
}

#[tokio::test]
async fn a_crowd_that_says_nothing_does_not_keep_others_out() {
    let running = Running::start(&["--max-connections=16"]).await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(TcpStream::connect(running.server.address).await.unwrap());
    }
    for client in [running.http1().await, running.http2().await] {
        assert!(told(&client.validate(review("a")).await.1).1);
    }
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_no_request() {
    let running = Running::start(&[]).await;
    let mut stream = TcpStream::connect(running.server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let answer = closed(stream).await;
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn http2_that_is_none_is_closed() {
    let running = Running::start(&[]).await;
    let mut stream = connect(running.server.address, running.folder.trust(), b"h2").await.unwrap();
    stream.write_all(&[b'x'; 100]).await.unwrap();
    closed(stream).await;
    assert!(told(&running.http2().await.validate(review("a")).await.1).1);
}
