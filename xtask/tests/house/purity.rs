//! The engine's crates are pure: the same input gives the same output, with no file, clock, network or runtime.

use std::process::Command;

use crate::tree::{code, is_test_file, none, read, root, rust_files};

/// The crates that the rule is about, by folder below `crates/`.
const PURE: &[&str] = &[
    "resource",
    "platform",
    "expand",
    "plan",
    "rego",
    "policy",
    "admission",
    "reconcile",
    "scaffold",
    "served",
    "catalog",
    "health",
    "checks",
];
/// Packages that do input and output.
const IMPURE_PACKAGES: &[&str] = &["tokio", "hyper", "kube-client", "gix", "reqwest", "tonic", "mio", "socket2"];
/// What reaches outside in the standard library. Addresses of `std::net` are plain values, its sockets are not.
const IMPURE_PATHS: &[&str] = &[
    "std::fs",
    "std::env",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "SystemTime",
    "Instant::now",
    "std::io::stdin",
    "std::io::stdout",
];

#[test]
fn no_pure_crate_depends_on_input_and_output() {
    let mut found = Vec::new();
    for pure in PURE {
        let package = format!("plat-{pure}");
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--edges", "normal", "--prefix", "none", "--package", &package])
            .current_dir(root())
            .output()
            .expect("cargo prints a tree");
        assert!(tree.status.success(), "{package}: {}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).expect("a tree in UTF-8");
        assert!(tree.starts_with(&package), "{tree}");
        let packages = tree.lines().filter_map(|line| line.split_whitespace().next());
        let impure = packages
            .filter(|name| IMPURE_PACKAGES.iter().any(|bad| name == bad || name.starts_with(&format!("{bad}-"))));
        found.extend(impure.map(|name| format!("{package} needs {name}")));
    }
    none(&found, "a pure crate must not depend on what does input and output");
}

#[test]
fn no_pure_crate_mentions_files_clocks_or_the_network() {
    let mut found = Vec::new();
    let sources = rust_files().into_iter().filter(|path| !is_test_file(path));
    for path in sources.filter(|path| PURE.iter().any(|pure| path.starts_with(format!("crates/{pure}/src")))) {
        let text = read(&path);
        for (number, line) in code(&text).filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let impure = IMPURE_PATHS.iter().filter(|word| line.contains(**word));
            found.extend(impure.map(|word| format!("{}:{number}: {word}", path.display())));
        }
    }
    none(&found, "a pure crate must not reach outside");
}
