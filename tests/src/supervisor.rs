//! Processes that never outlive the one that started them, nor leave their files behind.
//!
//! A watcher (a small shell script in a process group of its own, so that Ctrl-C does not reach it) holds the reading end
//! of a pipe. It is told the id of each process started, and of each that was waited for; when the pipe closes — the owner
//! was dropped, has ended, panicked or was killed — it ends all others and removes their folder. Nothing depends on the
//! owner's last words.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::programs::tail;

/// Kills without asking: all state is in the folder, which goes too. An id with a minus before it is forgotten, as it may
/// soon be another process'.
const WATCHER: &str = r#"
processes=
while read -r process; do
    case $process in
        -*)
            kept=
            for each in $processes; do [ "-$each" = "$process" ] || kept="$kept $each"; done
            processes=$kept
            ;;
        *) processes="$processes $process" ;;
    esac
done
[ -z "$processes" ] || kill -KILL $processes 2>/dev/null
rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }
"#;

/// Owns processes and the folder they work in.
#[derive(Debug)]
pub struct Supervisor {
    folder: PathBuf,
    watcher: Child,
    processes: Vec<(&'static str, Child)>,
}

impl Supervisor {
    /// Starts with no process, and a folder of its own.
    pub fn start() -> anyhow::Result<Self> {
        // Kept: the watcher removes it, whatever becomes of this process.
        let folder = tempfile::Builder::new().prefix("plat-control-plane-").tempdir()?.keep();
        let watcher = Command::new("sh")
            .args(["-c", WATCHER, "watcher"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("sh cannot be started")?;
        Ok(Self { folder, watcher, processes: Vec::new() })
    }

    /// The folder that goes with the processes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts one process and tells its id; what it prints goes to `NAME.log` in the folder, where it works too.
    pub fn spawn(&mut self, name: &'static str, command: &mut Command) -> anyhow::Result<u32> {
        let log = File::create(self.log(name))?;
        let process = command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let id = process.id();
        self.processes.push((name, process));
        self.tell(&id.to_string())?;
        Ok(id)
    }

    /// Kills one process; it can be started again under its name.
    pub fn end(&mut self, name: &str) -> anyhow::Result<()> {
        self.process(name)?.kill()?;
        self.wait(name, Duration::MAX).map(|_| ())
    }

    /// Asks one process to end, as the kubelet does, and waits until it has.
    pub fn terminate(&mut self, name: &str, patience: Duration) -> anyhow::Result<ExitStatus> {
        let id = self.process(name)?.id();
        let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status()?;
        ensure!(asked.success(), "{name} cannot be asked to end");
        self.wait(name, patience)
    }

    /// Waits until one process has ended by itself; it can be started again under its name.
    pub fn wait(&mut self, name: &str, patience: Duration) -> anyhow::Result<ExitStatus> {
        let began = Instant::now();
        let (id, status) = loop {
            let process = self.process(name)?;
            if let Some(status) = process.try_wait()? {
                break (process.id(), status);
            }
            if began.elapsed() > patience {
                bail!("{name} still runs after {} s:\n{}", patience.as_secs(), self.last_words(name));
            }
            thread::sleep(Duration::from_millis(10));
        };
        self.processes.retain(|(each, _)| *each != name);
        self.tell(&format!("-{id}"))?;
        Ok(status)
    }

    /// Whether a process has ended, and not by [`Supervisor::end`].
    pub fn has_ended(&mut self, name: &str) -> bool {
        let found = self.processes.iter_mut().find(|(each, _)| *each == name);
        found.is_some_and(|(_, process)| !matches!(process.try_wait(), Ok(None)))
    }

    /// The id of a process.
    pub fn id(&self, name: &str) -> Option<u32> {
        self.processes.iter().find(|(each, _)| *each == name).map(|(_, process)| process.id())
    }

    /// Name and last words of a process that has ended though nobody asked it to.
    pub fn ended(&mut self) -> Option<(&'static str, String)> {
        let name = self.processes.iter_mut().find_map(|(name, process)| match process.try_wait() {
            Ok(None) => None,
            Ok(Some(_)) | Err(_) => Some(*name),
        })?;
        Some((name, self.last_words(name)))
    }

    /// The end of a process' log.
    pub fn last_words(&self, name: &str) -> String {
        tail(&self.log(name), 20)
    }

    /// Where a process' log is.
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension("log")
    }

    fn process(&mut self, name: &str) -> anyhow::Result<&mut Child> {
        let found = self.processes.iter_mut().find(|(each, _)| *each == name);
        found.map(|(_, process)| process).with_context(|| format!("{name} does not run"))
    }

    fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let pipe = self.watcher.stdin.as_mut().context("the watcher has a pipe")?;
        pipe.write_all(format!("{line}\n").as_bytes()).context("the watcher has ended")
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // Where the watcher was killed, it is up to us.
        if self.watcher.wait().is_ok_and(|status| !status.success()) {
            for (_, process) in &mut self.processes {
                let _ = process.kill();
            }
        }
        for (_, process) in &mut self.processes {
            let _ = process.wait();
        }
        if self.folder.exists() {
            thread::sleep(Duration::from_millis(100));
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive(id: u32) -> bool {
        Command::new("kill").args(["-0", &id.to_string()]).stderr(Stdio::null()).status().unwrap().success()
    }

    #[test]
    fn dropping_ends_processes_and_removes_their_folder() {
        let mut supervisor = Supervisor::start().unwrap();
        supervisor.spawn("sleeper", Command::new("sleep").arg("600")).unwrap();
        let (folder, id) = (supervisor.folder().to_owned(), supervisor.processes[0].1.id());
        assert!(alive(id) && folder.join("sleeper.log").exists() && supervisor.ended().is_none());
        drop(supervisor);
        assert!(!alive(id) && !folder.exists());
    }

    #[test]
    fn one_process_can_be_ended_and_started_again() {
        let mut supervisor = Supervisor::start().unwrap();
        let first = supervisor.spawn("sleeper", Command::new("sleep").arg("600")).unwrap();
        assert_eq!(supervisor.id("sleeper"), Some(first));
        supervisor.end("sleeper").unwrap();
        assert!(!alive(first) && supervisor.end("sleeper").is_err() && supervisor.ended().is_none());
        let second = supervisor.spawn("sleeper", Command::new("sleep").arg("600")).unwrap();
        assert!(alive(second));
    }

    #[test]
    fn one_process_is_asked_to_end_and_says_how_it_did() {
        let mut supervisor = Supervisor::start().unwrap();
        let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";
        supervisor.spawn("listener", Command::new("sh").args(["-c", script])).unwrap();
        eventually(|| (supervisor.last_words("listener") == "ready").then_some(()));
        let status = supervisor.terminate("listener", Duration::from_secs(30)).unwrap();
        assert_eq!((status.code(), supervisor.id("listener")), (Some(7), None));
        supervisor.spawn("deaf", Command::new("sh").args(["-c", "trap '' TERM; echo ready; exec sleep 600"])).unwrap();
        eventually(|| (supervisor.last_words("deaf") == "ready").then_some(()));
        let error = supervisor.terminate("deaf", Duration::ZERO).unwrap_err().to_string();
        assert_eq!(error, "deaf still runs after 0 s:\nready");
    }

    #[test]
    fn a_process_that_was_waited_for_is_not_killed_under_its_number() {
        let mut supervisor = Supervisor::start().unwrap();
        let mut other = Command::new("sleep").arg("600").spawn().unwrap();
        let id = other.id().to_string();
        supervisor.tell(&id).unwrap();
        supervisor.tell(&format!("-{id}")).unwrap();
        drop(supervisor);
        assert!(other.try_wait().unwrap().is_none(), "killed though it is another's");
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_process_that_ended_is_named_with_its_last_words() {
        let mut supervisor = Supervisor::start().unwrap();
        supervisor.spawn("sleeper", Command::new("sleep").arg("600")).unwrap();
        supervisor.spawn("speaker", Command::new("sh").args(["-c", "echo port taken >&2; exit 3"])).unwrap();
        assert_eq!(eventually(|| supervisor.ended()), ("speaker", "port taken".to_owned()));
        assert!(supervisor.has_ended("speaker") && !supervisor.has_ended("sleeper") && !supervisor.has_ended("other"));
    }

    /// Set in the process that plays the owner in the test below, to the file it tells its folder in.
    const OWNER: &str = "PLAT_TEST_SUPERVISOR_OWNER";

    #[test]
    fn killing_the_owner_ends_processes_and_removes_their_folder() {
        if let Some(told) = std::env::var_os(OWNER) {
            let mut supervisor = Supervisor::start().unwrap();
            supervisor.spawn("sleeper", Command::new("sleep").arg("600")).unwrap();
            let text = format!("{} {}", supervisor.processes[0].1.id(), supervisor.folder().display());
            std::fs::write(&told, text).unwrap();
            thread::sleep(Duration::from_mins(1));
        }
        let told = tempfile::NamedTempFile::new().unwrap();
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "supervisor::tests::killing_the_owner_ends_processes_and_removes_their_folder"])
            .env(OWNER, told.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let text = eventually(|| std::fs::read_to_string(told.path()).ok().filter(|text| !text.is_empty()));
        let (id, folder) = text.split_once(' ').unwrap();
        owner.kill().unwrap();
        owner.wait().unwrap();
        eventually(|| (!Path::new(folder).exists()).then_some(()));
        // An orphan that nobody collects stays in the table as a zombie, which is ended too.
        let state = Command::new("ps").args(["-o", "stat=", "-p", id]).output().unwrap();
        let state = String::from_utf8(state.stdout).unwrap();
        assert!(state.trim().is_empty() || state.starts_with('Z'), "{id} lives: {state}");
    }

    fn eventually<T>(mut poll: impl FnMut() -> Option<T>) -> T {
        for _ in 0..1000 {
            if let Some(value) = poll() {
                return value;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("not within 10 s");
    }
}
