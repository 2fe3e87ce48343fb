//! Ten thousand connections of which none wants an answer, and a body that nobody should send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::running::{Running, Stream, review, send};

const WANTED: usize = 10_000;
/// Descriptors that this process, or the webhook, needs for anything else.
const RESERVED: usize = 256;
/// How long anybody may wait for an answer amid the crowd; the machine may have other things to do.
const ANSWER: Duration = Duration::from_secs(20);

/// As many connections of `WANTED` as this process and its children may have descriptors for; fewer are told.
fn affordable() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit.current = limit.maximum;
    }
    let room = limit.current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let count = WANTED.min(room.saturating_sub(RESERVED));
    if count < WANTED {
        tell(&format!("only {count} of {WANTED} connections: a process may have {room} descriptors"));
    }
    count
}

/// Says it where the test runner captures nothing.
fn tell(what: &str) {
    let _ = writeln!(std::io::stderr(), "crowd: {what}");
}

/// Two crowds at once are more than a process may have descriptors for.
static TURN: Mutex<()> = Mutex::new(());

/// Connections that are kept open.
#[derive(Default)]
struct Crowd {
    /// They say nothing, or half a handshake.
    silent: Vec<TcpStream>,
    /// They send the head of a request without end.
    dripping: Vec<Stream>,
    /// They have had an answer.
    idle: Vec<Stream>,
}

impl Crowd {
    fn of(count: usize, running: &Running) -> Self {
        let mut crowd = Self::default();
        for number in 0..count {
            match number % 50 {
                0 => {
                    let mut stream = running.connect().unwrap();
                    stream.write_all(b"POST /validate HTTP/1.1\r\n").unwrap();
                    crowd.dripping.push(stream);
                }
                1 => {
                    let mut stream = running.connect().unwrap();
                    send(&mut stream, &review(""), "keep-alive").unwrap();
                    let mut answer = [0; 4096];
                    let read = stream.read(&mut answer).unwrap();
                    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
                    crowd.idle.push(stream);
                }
                half => {
                    let mut stream = TcpStream::connect(running.address).unwrap();
                    if half < 12 {
                        // The beginning of a ClientHello that says it is longer.
                        let _ = stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
                    }
                    crowd.silent.push(stream);
                }
            }
        }
        crowd
    }

    /// Another line of each head; who was closed has no say.
    fn drip(&mut self) {
        for stream in &mut self.dripping {
            let _ = stream.write_all(b"X-A: b\r\n").and_then(|()| stream.flush());
        }
    }
}

/// Asks as one who came later; the longest time that took.
fn longest_wait(running: &Running, crowd: &mut Crowd) -> Duration {
    let wait = |_| {
        crowd.drip();
        let asked = Instant::now();
        let answer = running.ask().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""allowed":true"#), "{answer}");
        asked.elapsed()
    };
    (0..20).map(wait).max().unwrap()
}

/// The process, with room for that many connections of a crowd.
fn start(count: usize, flags: &[&str]) -> Running {
    Running::start(u64::try_from(count + RESERVED).unwrap(), flags)
}

#[test]
fn ten_thousand_connections_stay_open_and_others_are_answered() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let count = affordable();
    let most = format!("--max-connections={}", count + 64);
    let running = start(count, &[&most, "--handshake-timeout=600", "--idle-timeout=600"]);
    let mut crowd = Crowd::of(count, &running);
    let longest = longest_wait(&running, &mut crowd);
    let (open, evicted) = (running.metric("plat_connections"), running.metric("plat_connections_evicted_total"));
    tell(&format!("{open} connections open, longest wait for an answer {longest:?}"));
    assert!(open >= f64::from(u32::try_from(count).unwrap()), "{open} of {count} are open");
    assert!(evicted < 1.0, "{evicted} were closed for others");
    assert!(longest < ANSWER, "{longest:?}");
    let idle = &mut crowd.idle[0];
    send(idle, &review(""), "keep-alive").unwrap();
    let mut answer = [0; 4096];
    let read = idle.read(&mut answer).unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "who was idle all the time is served too");
}

#[test]
fn ten_thousand_connections_do_not_keep_others_out_where_there_is_no_room() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let count = affordable();
    let running = start(count, &[]);
    let mut crowd = Crowd::of(count, &running);
    let longest = longest_wait(&running, &mut crowd);
    let (open, evicted) = (running.metric("plat_connections"), running.metric("plat_connections_evicted_total"));
    tell(&format!("{open} connections open, {evicted} closed for others, longest wait for an answer {longest:?}"));
    assert!(open <= 2048.0, "{open} are open");
    assert!(longest < ANSWER, "{longest:?}");
    assert!(running.health("/readyz").unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn fifty_megabytes_are_refused_with_an_answer() {
    let running = Running::start(1024, &["--body-timeout=60"]);
    let answer = running.post(&review(&"a".repeat(50_000_000))).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "an AdmissionReview, since the uid is known: {answer}");
    for part in [r#""uid":"u""#, r#""allowed":false"#, r#""code":413"#, "larger than 8388608 bytes"] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    let answer = running.post(&"a".repeat(50_000_000)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "a Status, since there is no uid: {answer}");
    assert!(running.ask().unwrap().contains(r#""allowed":true"#), "and it serves on");
}
