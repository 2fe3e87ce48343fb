//! Runs the built plugin in an empty folder and an empty environment.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// An XRD for a claim with few fields, used by most tests.
pub(crate) const DEFINITION: &str = r"
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata:
  name: xdisks.test.example
spec:
  group: test.example
  names: {kind: XDisk, plural: xdisks}
  claimNames: {kind: Disk, plural: disks, shortNames: [dk]}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        description: A disk.
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1, description: In gigabytes.}
              kind: {type: string, enum: [fast, cheap], default: cheap}
              tags: {type: array, items: {type: string}}
              labels: {type: object, additionalProperties: {type: string}}
            x-kubernetes-validations:
            - {rule: self.kind != 'fast' || self.size <= 100, message: fast disks have at most 100}
  - name: v0
    served: false
    referenceable: false
    schema: {openAPIV3Schema: {type: object}}
";

/// A Composition for it.
pub(crate) const COMPOSITION: &str = r"
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: disk}
spec:
  compositeTypeRef: {apiVersion: test.example/v1, kind: XDisk}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: function-patch-and-transform}
    input:
      apiVersion: pt.fn.crossplane.io/v1beta1
      kind: Resources
      resources:
      - name: volume
        base: {apiVersion: cloud.example/v1, kind: Volume}
        patches:
        - {fromFieldPath: spec.size, toFieldPath: spec.size}
";

/// A claim for it.
pub(crate) const CLAIM: &str = r"
apiVersion: test.example/v1
kind: Disk
metadata: {name: data, namespace: team-a}
spec: {size: 10}
";

/// A folder of its own.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run left behind. Shown as one text, for snapshots.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with a small platform in `platform/` and a claim in `claim.yaml`.
    pub(crate) fn with_platform() -> Self {
        Self::new()
            .file("platform/definition.yaml", DEFINITION)
            .file("platform/composition.yaml", COMPOSITION)
            .file("claim.yaml", CLAIM)
    }

    /// Writes a file; makes the folders above it.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the plugin in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, b"")
    }

    /// Runs `claim plan` with the folder's platform.
    pub(crate) fn plan(&self, arguments: &[&str]) -> Outcome {
        self.run(&[&["claim", "plan", "--platform", "platform"], arguments].concat())
    }

    /// Runs the plugin with something on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Outcome {
        run(command(arguments).current_dir(self.path()), stdin)
    }
}

/// Runs the plugin in the root of the repository, where `examples` is.
pub(crate) fn run_in_repository(arguments: &[&str]) -> Outcome {
    run(command(arguments).current_dir(repository()), b"")
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The plugin, in an empty environment.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-plat"));
    command.env_clear().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `command` to its end.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Outcome {
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_owned();
    let writer = std::thread::spawn(move || drop(pipe.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.into()
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    /// The answer of a run that must have gone well and said nothing else.
    #[track_caller]
    pub(crate) fn answer(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self}");
        self.stdout
    }

    /// The talk of a run that must have failed with an error in the input and answered nothing.
    #[track_caller]
    pub(crate) fn refusal(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{self}");
        self.stderr
    }

    /// The talk of a run whose command line must not have been understood.
    #[track_caller]
    pub(crate) fn misuse(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (64, ""), "{self}");
        self.stderr
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "exit code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}
