//! Real programs, built from their published Go modules at pinned versions and kept under `target/`.
//!
//! Owns the list of programs, where each is kept and how it is built. The versions stand in the `go.mod` of each folder
//! (`tests/control-plane`, `tests/real-programs/*`), which pins everything below them too. Does not run the programs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::repository;

/// A program that is built from a Go module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// The name of its binary.
    pub name: &'static str,
    /// The folder of the `go.mod` that pins it, below `tests/`.
    folder: &'static str,
    /// What `go build` builds.
    package: &'static str,
    /// The module whose version names the folder the binary is kept in.
    module: &'static str,
    /// How long a build with cold caches takes on two cores, as people say it.
    duration: &'static str,
}

/// The store behind the API server.
pub const ETCD: Program = Program {
    name: "etcd",
    folder: "control-plane",
    package: "go.etcd.io/etcd/server/v3",
    module: "go.etcd.io/etcd/server/v3",
    duration: "half a minute",
};

/// The API server.
pub const KUBE_APISERVER: Program = Program {
    name: "kube-apiserver",
    folder: "control-plane",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    module: "k8s.io/kubernetes",
    duration: "5 to 10 minutes",
};

/// Kubernetes' own controllers: namespaces, garbage collection, deployments.
pub const KUBE_CONTROLLER_MANAGER: Program = Program {
    name: "kube-controller-manager",
    folder: "control-plane",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    module: "k8s.io/kubernetes",
    duration: "2 minutes after the API server",
};

/// Crossplane's core, with its `internal render`.
pub const CROSSPLANE_CORE: Program = Program {
    name: "crossplane-core",
    folder: "real-programs/crossplane",
    package: "github.com/crossplane/crossplane/v2/cmd/crossplane",
    module: "github.com/crossplane/crossplane/v2",
    duration: "3 minutes",
};

/// Crossplane's command line, with `composition render`.
pub const CROSSPLANE_CLI: Program = Program {
    name: "crossplane",
    folder: "real-programs/crossplane",
    package: "github.com/crossplane/cli/v2/cmd/crossplane",
    module: "github.com/crossplane/cli/v2",
    duration: "4 minutes",
};

/// The function that composes by patches and transforms.
pub const FUNCTION_PATCH_AND_TRANSFORM: Program = Program {
    name: "function-patch-and-transform",
    folder: "real-programs/function-patch-and-transform",
    package: "github.com/crossplane-contrib/function-patch-and-transform",
    module: "github.com/crossplane-contrib/function-patch-and-transform",
    duration: "2 minutes",
};

/// The function that says when an XR is ready.
pub const FUNCTION_AUTO_READY: Program = Program {
    name: "function-auto-ready",
    folder: "real-programs/function-auto-ready",
    package: "github.com/crossplane/function-auto-ready",
    module: "github.com/crossplane/function-auto-ready",
    duration: "2 minutes",
};

/// A real provider: its Objects are any object of Kubernetes.
pub const PROVIDER_KUBERNETES: Program = Program {
    name: "provider-kubernetes",
    folder: "real-programs/provider-kubernetes",
    package: "github.com/crossplane-contrib/provider-kubernetes/cmd/provider",
    module: "github.com/crossplane-contrib/provider-kubernetes",
    duration: "3 minutes",
};

/// Gatekeeper: the admission webhook, the audit and the controllers of its policies.
pub const GATEKEEPER: Program = Program {
    name: "gatekeeper",
    folder: "real-programs/gatekeeper",
    package: "github.com/open-policy-agent/gatekeeper/v3",
    module: "github.com/open-policy-agent/gatekeeper/v3",
    duration: "4 minutes",
};

/// Gatekeeper's command line: `gator verify`, `test`, `expand`, `bench`.
pub const GATOR: Program = Program {
    name: "gator",
    folder: "real-programs/gatekeeper",
    package: "github.com/open-policy-agent/gatekeeper/v3/cmd/gator",
    module: "github.com/open-policy-agent/gatekeeper/v3",
    duration: "4 minutes",
};

/// Gatekeeper's mutation packages behind a pipe: cases as JSON lines in, what becomes of each out. Its source stands
/// beside its `go.mod`; whoever changes it removes the kept binary.
pub const GATEKEEPER_MUTATE: Program = Program {
    name: "gatekeeper-mutate",
    folder: "real-programs/gatekeeper",
    package: "kubectl-plat.dev/tests/real-programs/gatekeeper/mutate",
    module: "github.com/open-policy-agent/gatekeeper/v3",
    duration: "1 minute after Gatekeeper",
};

/// Kubernetes' CEL and Gatekeeper's use of it, by questions and answers.
pub const CEL_ORACLE: Program = Program {
    name: "cel",
    folder: "real-programs/gatekeeper",
    package: "./cel",
    module: "github.com/open-policy-agent/gatekeeper/v3",
    duration: "4 minutes",
};

/// OPA, whose Rego is the specification.
pub const OPA: Program = Program {
    name: "opa",
    folder: "real-programs/opa",
    package: "github.com/open-policy-agent/opa",
    module: "github.com/open-policy-agent/opa",
    duration: "3 minutes",
};

/// Every program there is.
pub const ALL: [Program; 13] = [
    ETCD,
    KUBE_APISERVER,
    KUBE_CONTROLLER_MANAGER,
    CROSSPLANE_CORE,
    CROSSPLANE_CLI,
    FUNCTION_PATCH_AND_TRANSFORM,
    FUNCTION_AUTO_READY,
    PROVIDER_KUBERNETES,
    GATEKEEPER,
    GATOR,
    GATEKEEPER_MUTATE,
    CEL_ORACLE,
    OPA,
];

impl Program {
    /// The version that its `go.mod` pins.
    pub fn version(&self) -> anyhow::Result<String> {
        let path = self.source().join("go.mod");
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let required = text.lines().filter(|line| !line.contains("=>")).find_map(|line| {
            let mut words = line.trim().trim_start_matches("require ").split_whitespace();
            (words.next() == Some(self.module)).then(|| words.next()).flatten()
        });
        required.map(str::to_owned).with_context(|| format!("{} does not require {}", path.display(), self.module))
    }

    /// Where the built binary is kept; it may not be there yet.
    pub fn kept(&self) -> anyhow::Result<PathBuf> {
        Ok(self.shelf().join(self.version()?).join(self.name))
    }

    /// The binary, built now unless it is kept already. Says on standard error what it does.
    pub fn build(&self) -> anyhow::Result<PathBuf> {
        let binary = self.kept()?;
        if binary.is_file() {
            return Ok(binary);
        }
        let folder = binary.parent().context("a kept binary has a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        // Two runs at once build once: the second waits and finds the binary.
        let lock = File::create(self.shelf().join(".lock")).context("the lock of the build folder cannot be made")?;
        lock.lock().context("the build folder cannot be locked")?;
        if !binary.is_file() {
            self.compile(&binary)?;
        }
        Ok(binary)
    }

    /// The folder that Go keeps the sources of its module in; none where there is no Go, or it has not brought them.
    pub fn module_folder(&self) -> Option<PathBuf> {
        let output = Command::new("go")
            .args(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", self.module])
            .current_dir(self.source())
            // Nothing is downloaded only to be looked at.
            .envs([("GOFLAGS", ""), ("GOWORK", "off"), ("GOPROXY", "off")])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        folder.is_dir().then_some(folder)
    }

    /// The same folder, its module brought by Go where it is not there.
    pub fn sources(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = self.module_folder() {
            return Ok(folder);
        }
        let mut download = Command::new("go");
        download.args(["mod", "download", self.module]).current_dir(self.source());
        let output = download.envs([("GOFLAGS", ""), ("GOWORK", "off")]).output().context("go cannot be started")?;
        let words = String::from_utf8_lossy(&output.stderr);
        self.module_folder().with_context(|| format!("the module {} cannot be had:\n{words}", self.module))
    }

    fn source(&self) -> PathBuf {
        repository().join("tests").join(self.folder)
    }

    fn shelf(&self) -> PathBuf {
        let area = self.folder.split('/').next().unwrap_or(self.folder);
        repository().join("target").join(area)
    }

    fn compile(&self, binary: &Path) -> anyhow::Result<()> {
        let version = self.version()?;
        if !has_go() {
            bail!("{} {version} cannot be built: there is no go command. Install Go 1.26 or newer", self.name);
        }
        progress(&format!("building {} {version} with Go: {} with cold caches", self.name, self.duration));
        let started = Instant::now();
        let unfinished = binary.with_extension("unfinished");
        let log_path = binary.with_extension("log");
        let log = File::create(&log_path).with_context(|| format!("{} cannot be written", log_path.display()))?;
        let mut child = Command::new("go")
            .args(["build", "-buildvcs=false", "-mod=readonly", "-ldflags", &self.linker_flags(&version), "-o"])
            .args([unfinished.as_os_str(), self.package.as_ref()])
            .current_dir(self.source())
            // The user's own settings for other modules must not change what is built.
            .env("GOFLAGS", "")
            .env("GOWORK", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("go cannot be started")?;
        let status = loop {
            if let Some(status) = child.try_wait().context("go cannot be waited for")? {
                break status;
            }
            thread::sleep(Duration::from_millis(100));
            let seconds = started.elapsed().as_secs_f32();
            if seconds % 30.0 < 0.1 && seconds > 1.0 {
                progress(&format!("  still building {} ({seconds:.0} s)", self.name));
            }
        };
        if !status.success() {
            bail!("{} {version} cannot be built:\n{}", self.name, tail(&log_path, 20));
        }
        // Empty by now: go is silent when it succeeds.
        let _ = fs::remove_file(&log_path);
        fs::rename(&unfinished, binary).with_context(|| format!("{} cannot be put in place", binary.display()))?;
        progress(&format!("  built {} in {:.0} s", self.name, started.elapsed().as_secs_f32()));
        Ok(())
    }

    /// Without a version stamped in, Kubernetes calls itself v0.0.0 and its clients misbehave.
    fn linker_flags(&self, version: &str) -> String {
        let mut flags = String::from("-s -w");
        if self.module == "k8s.io/kubernetes" {
            let mut numbers = version.trim_start_matches('v').split('.');
            let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
            for (name, value) in [("gitVersion", version), ("gitMajor", major), ("gitMinor", minor)] {
                flags.push_str(" -X k8s.io/component-base/version.");
                flags.push_str(name);
                flags.push('=');
                flags.push_str(value);
            }
        }
        if self.module == PROVIDER_KUBERNETES.module {
            // It has no flag for the port of its metrics, which functions serve theirs on, too: none are served.
            flags.push_str(" -X sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress=0");
        }
        flags
    }
}

/// True when a `go` command runs.
pub fn has_go() -> bool {
    Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

/// Says one line on standard error, past the test runner's capture: a build of minutes must be seen.
pub fn progress(line: &str) {
    // Nobody listening is no reason to stop.
    let _ = writeln!(io::stderr(), "{line}");
}

/// The last lines of a log, as much as there is of it.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_pinned_in_its_go_mod() {
        for program in ALL {
            let version = program.version().unwrap();
            assert!(version.starts_with('v'), "{}: {version}", program.name);
            let text = fs::read_to_string(program.source().join("go.mod")).unwrap();
            let (_, tools) = text.split_once("\ntool ").expect("a tool directive");
            // Our own programs are packages of that module; their folder must be there.
            if let Some(folder) = program.package.strip_prefix("./") {
                assert!(program.source().join(folder).is_dir(), "{} is no folder", program.package);
                continue;
            }
            assert!(tools.split_whitespace().any(|word| word == program.package), "{} is no tool", program.package);
        }
    }

    #[test]
    fn kubernetes_knows_its_version() {
        assert_eq!(
            KUBE_APISERVER.linker_flags("v1.36.3"),
            "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
             -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
        );
        assert_eq!(CROSSPLANE_CORE.linker_flags("v2.4.0"), "-s -w");
    }
}
