//! Replicas that end, and certificates that change, while requests come.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::instance::{Certificate, Instance, Stream, folder, register};
use super::server::{self, server};

/// A Service as kube-proxy makes it: a new connection goes to the first endpoint that is ready, an old one stays where it is.
async fn service(endpoints: Vec<(SocketAddr, SocketAddr)>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (sender, ready) = tokio::sync::watch::channel(endpoints.first().map(|(address, _)| *address));
    // As the kubelet asks, and as the Service hears of it: a moment later.
    std::thread::spawn(move || {
        while !sender.is_closed() {
            let first = endpoints.iter().find(|(_, health)| server::is_ready(*health));
            sender.send_replace(first.map(|(address, _)| *address));
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let endpoint = *ready.borrow();
            tokio::spawn(async move {
                let Some(endpoint) = endpoint else { return };
                if let Ok(mut server) = TcpStream::connect(endpoint).await {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    Ok(address)
}

#[test]
fn a_replica_ends_under_load_and_no_request_fails() {
    let server = server();
    server.run(async {
        let certificate = Certificate::until(2100).unwrap();
        let folder = folder(&certificate, &[]).unwrap();
        let first = Instance::start(server, "ending-first", folder.path()).await.unwrap();
        let second = Instance::start(server, "ending-second", folder.path()).await.unwrap();
        let service = service(vec![(first.address, first.health), (second.address, second.health)]).await.unwrap();
        register(server, "ending", service, &certificate.text).await.unwrap();
        let stream = Stream::start(server, "ending");
        first.answers(server, 100.0).await.unwrap();
        assert!(second.answered().unwrap() < 1.0, "all goes to the one that will end");
        first.terminate().unwrap();
        let words = || first.last_words(server);
        server
            .eventually("its end", || async {
                assert!(!words().contains("did not close in time"), "{}", words());
                Ok(words().contains("every request was answered"))
            })
            .await
            .unwrap();
        second.answers(server, 100.0).await.unwrap();
        assert!(stream.finish().await.unwrap() >= 200);
        second.terminate().unwrap();
    });
}

#[test]
fn a_certificate_is_swapped_under_open_connections() {
    let server = server();
    server.run(async {
        let (old, new) = (Certificate::until(2100).unwrap(), Certificate::until(2101).unwrap());
        let folder = folder(&old, &[]).unwrap();
        let instance = Instance::start(server, "swapping", folder.path()).await.unwrap();
        let expiry = || server::metric(instance.health, "plat_certificate_expiry_timestamp_seconds");
        let before = expiry().unwrap();
        register(server, "swapping", instance.address, &old.text).await.unwrap();
        let stream = Stream::start(server, "swapping");
        instance.answers(server, 50.0).await.unwrap();
        new.write(folder.path()).unwrap();
        server.eventually("the new certificate", || async { Ok(expiry()? > before) }).await.unwrap();
        // Those who trust only the old one keep the connection they have, those who trust only the new one get one.
        instance.answers(server, 50.0).await.unwrap();
        register(server, "swapped", instance.address, &new.text).await.unwrap();
        let after = Stream::start(server, "swapped");
        instance.answers(server, 50.0).await.unwrap();
        assert!(stream.finish().await.unwrap() > 0 && after.finish().await.unwrap() > 0);
        instance.terminate().unwrap();
    });
}
