//! The end: nothing that was begun is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::client::{Client, post, read};
use super::{Running, review, told};

#[tokio::test]
async fn what_is_in_work_is_finished() {
    let running = Running::start(&[]).await;
    let clients = [running.http1().await, running.http2().await];
    let working: Vec<_> =
        clients.iter().map(|client| client.send(post("/validate?timeout=30s", review("wait")))).collect();
    running.scripted.entered().await;
    running.scripted.entered().await;
    let Running { server, scripted, metrics, folder } = running;
    let address = server.address;
    let stopped = tokio::spawn(server.stop());
    // It has stopped listening when it takes nobody any more.
    while Client::http1(address, folder.trust()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(metrics.requests_in_flight(), 2);
    assert!(!stopped.is_finished());
    scripted.release(2);
    for answer in working {
        assert!(told(&read(answer.await.unwrap().unwrap()).await.1).1);
    }
    assert!(stopped.await.unwrap(), "everything was finished");
    for client in clients {
        client.connection.await.unwrap();
    }
}

#[tokio::test]
async fn what_does_not_finish_is_given_up() {
    let running = Running::start(&["--shutdown-timeout=0.1"]).await;
    let client = running.http2().await;
    let _working = client.send(post("/validate?timeout=30s", review("wait")));
    running.scripted.entered().await;
    let scripted = Arc::clone(&running.scripted);
    assert!(!running.server.stop().await);
    scripted.release(1);
}

#[tokio::test]
async fn while_it_leaves_it_serves_and_asks_to_close() {
    let running = Running::start(&[]).await;
    running.server.leave();
    let (one, two) = (running.http1().await, running.http2().await);
    let response = one.send(post("/validate", review("a"))).await.unwrap().unwrap();
    assert_eq!(response.headers()["connection"], "close");
    assert!(told(&read(response).await.1).1);
    one.connection.await.unwrap();
    let response = two.send(post("/validate", review("a"))).await.unwrap().unwrap();
    assert!(response.headers().get("connection").is_none(), "HTTP/2 has no such header");
    assert!(told(&read(response).await.1).1);
}

/// Clients that ask one thing after the other as the API server does, and connect again where they are told to; every answer
/// that is lost counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_no_request_is_lost() {
    let running = Running::start(&[]).await;
    let (address, trust) = (running.server.address, running.folder.trust());
    let answered = Arc::new(AtomicUsize::new(0));
    let mut load = Vec::new();
    for number in 0..8 {
        let (trust, answered) = (trust.clone(), Arc::clone(&answered));
        let task = async move {
            // Ends when nobody listens any more.
            while let Ok(client) = Client::http2(address, trust.clone()).await {
                let mut lost = 0;
                loop {
                    match client.send(post("/validate?timeout=30s", review(&format!("n{number}")))).await.unwrap() {
                        Ok(response) => {
                            assert!(told(&read(response).await.1).1);
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        // Never sent: GOAWAY came first, and the API server would take another connection.
                        Err(error) if error.is_canceled() || error.is_closed() || refused(&error) => break,
                        Err(error) => {
                            lost += 1;
                            panic!("a request was lost: {error:?} ({lost})");
                        }
                    }
                }
            }
        };
        load.push(tokio::spawn(task));
    }
    while answered.load(Ordering::Relaxed) < 500 {
        tokio::task::yield_now().await;
    }
    running.server.leave();
    let before = answered.load(Ordering::Relaxed);
    while answered.load(Ordering::Relaxed) < before + 100 {
        tokio::task::yield_now().await;
    }
    assert!(running.server.stop().await);
    for task in load {
        task.await.unwrap();
    }
}

/// True for a request that the server has promised not to have looked at.
fn refused(error: &hyper::Error) -> bool {
    let text = format!("{error:?}");
    text.contains("REFUSED_STREAM") || (text.contains("GoAway") && text.contains("NO_ERROR"))
}
