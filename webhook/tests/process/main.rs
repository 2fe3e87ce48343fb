//! The program as a process: its flags, its signals, few file descriptors, and a crowd.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test, which clippy does not see as one")]

mod crowd;
mod running;

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use running::Running;

#[test]
fn it_serves_and_ends_by_a_signal() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(1024, &[]);
        let answer = running.ask().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""allowed":true"#), "{answer}");
        assert!(running.health("/metrics").unwrap().contains("plat_admission_requests_total"));
        running.signal(signal);
        assert!(running.child.wait().unwrap().success());
        let mut log = String::new();
        running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
        assert!(log.contains("every request was answered"), "{log}");
    }
}

#[test]
fn few_file_descriptors_are_enough() {
    let running = Running::start(96, &[]);
    let crowd: Vec<_> = (0..300).filter_map(|_| TcpStream::connect(running.address).ok()).collect();
    for _ in 0..20 {
        let answer = running.ask().unwrap();
        assert!(answer.contains(r#""uid":"u""#), "{answer}");
    }
    assert!(running.health("/readyz").unwrap().starts_with("HTTP/1.1 200"));
    drop(crowd);
    assert!(running.ask().unwrap().contains(r#""uid":"u""#));
}

#[test]
fn flags_that_cannot_be_are_told() {
    let run = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_plat-webhook")).args(flags).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = run(&["--tls-cert", "a"]);
    assert!(code == Some(2) && told.contains("--tls-key"), "{told}");
    let (code, told) = run(&["--no-cluster", "--policies-dir=.", "--tls-cert=missing.crt", "--tls-key=missing.key"]);
    assert!(code == Some(1) && told.contains("missing.crt"), "{told}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", taken.local_addr().unwrap());
    let (code, told) = run(&["--no-cluster", "--policies-dir=.", "--health-addr=127.0.0.1:0", &listen]);
    assert!(code == Some(1) && told.contains("cannot listen on"), "{told}");
}
